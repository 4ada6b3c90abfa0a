"""Show what is known beside the call, a line each: what was looked up and where, and related cases."""

from collections.abc import Mapping, Sequence
from datetime import datetime

from bot.core.cards import wording
from bot.core.cards.mrkdwn import Block, code, data, date, fit, link, section, who
from bot.core.model import Earlier, Fact
from bot.core.money import show
from bot.core.playbooks import PLAYBOOKS

_PAGE = 2900  # a section takes 3,000
_EARLIER = 900

# Names as they are read; any other becomes words by itself.
_NAMES: Mapping[str, str] = {
    "books_customer": "Customer in the books",
    "books_invoice": "Invoice in the books",
    "brand_name": "Brand",
    "contact": "Customer record",
    "deal": "Renewal deal",
    "document": "Stored document",
    "refunds": "Earlier refunds",
}


def facts(found: Sequence[Fact], room: int) -> list[Block]:
    """Return a section of at most `room` characters; a time that all facts share is said once."""
    if not found:
        return []
    times = [fact.observed_at for fact in found]
    at_once = len({_minute(at) for at in times}) == 1
    heading = f"*Facts*, looked up {date(min(times))}" if at_once else "*Facts*"
    lines = [_line(fact) if at_once else f"{_line(fact)}, {date(fact.observed_at)}" for fact in found]
    return [section(f"{heading}\n{fit(lines, min(room, _PAGE) - len(heading))}")]


def _minute(at: datetime) -> int:
    return int(at.timestamp()) // 60


def _line(fact: Fact) -> str:
    name = _NAMES.get(fact.name) or fact.name.replace("_", " ").capitalize()
    said = fact.missing or fact.sentence or "; ".join(f"{key} {value}" for key, value in fact.values.items())
    unsure = "not known, " if fact.failed else ""
    source = link(fact.url, fact.source) if fact.url else data(fact.source, 80)
    return f"• *{data(name, 60)}:* {unsure}{data(_without(name, said).rstrip('.'), 300)} · {source}"


def _without(name: str, said: str) -> str:
    """Return "Invoice: INV-1, open" instead of "Invoice: Invoice INV-1, open"."""
    first, _, rest = said.partition(" ")
    return rest if rest and first == name.partition(" ")[0] else said


def earlier(cases: Sequence[Earlier], locale: str) -> list[Block]:
    """Show the duplicates of a case with what they paid, then those that only look alike."""
    lines = [_case(one, locale) for one in cases]
    return [section(f":link: *Other cases of this matter*\n{fit(lines, _EARLIER)}")] if lines else []


def _case(one: Earlier, locale: str) -> str:
    title = "Case" if PLAYBOOKS[one.kind].restricted else wording.TITLES[one.kind]
    state = f"{wording.STATES[one.state]}, opened {date(one.opened_at)}"
    about = f"about {data(one.why, 120)}" if one.exact else f"perhaps: {data(one.why, 120)}"
    return f"• {title} {code(one.case_id)}, {state}, {about}{_paid(one, locale)}"


def _paid(one: Earlier, locale: str) -> str:
    if one.paid is None or one.paid_at is None:
        return ""
    by = fit([who(actor) for actor in one.paid_by], 200, " and ")
    return f" · *paid {data(show(one.paid, locale), 80)}* {date(one.paid_at)}" + (f" by {by}" if by else "")
