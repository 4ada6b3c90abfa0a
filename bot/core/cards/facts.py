"""Show what is known beside the call, a line each: what was looked up and where, and related cases."""

from collections.abc import Mapping, Sequence
from datetime import datetime

from bot.core.cards import wording
from bot.core.cards.mrkdwn import Block, code, context, data, date, fit, link, section, who
from bot.core.model import Case, CaseFile, Details, Earlier, Fact
from bot.core.money import show
from bot.core.playbooks import PLAYBOOKS

_PAGE = 2900  # a section takes 3,000
_EARLIER, _LINKS, _UNMAPPED = 900, 1000, 1100

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
    sentence = fact.missing or fact.sentence or "; ".join(f"{key} {value}" for key, value in fact.values.items())
    unsure = "not known, " if fact.failed else ""
    source = link(fact.url, fact.source) if fact.url else data(fact.source, 80)
    return f"• *{data(name, 60)}:* {unsure}{data(_without(name, sentence).rstrip('.'), 300)} · {source}"


def _without(name: str, sentence: str) -> str:
    """Return "Invoice: INV-1, open" instead of "Invoice: Invoice INV-1, open"."""
    first, _, rest = sentence.partition(" ")
    return rest if rest and first == name.partition(" ")[0] else sentence


def earlier(cases: Sequence[Earlier], locale: str) -> list[Block]:
    """Show the duplicates of a case with what they paid, then those that only look alike."""
    lines = [_case(case, locale) for case in cases]
    return [section(f":link: *Other cases of this matter*\n{fit(lines, _EARLIER)}")] if lines else []


def _case(case: Earlier, locale: str) -> str:
    title = "Case" if PLAYBOOKS[case.kind].restricted else wording.TITLES[case.kind]
    state = f"{wording.STATES[case.state]}, opened {date(case.opened_at)}"
    about = f"about {data(case.why, 120)}" if case.exact else f"perhaps: {data(case.why, 120)}"
    return f"• {title} {code(case.case_id)}, {state}, {about}{_paid(case, locale)}"


def _paid(case: Earlier, locale: str) -> str:
    if case.paid is None or case.paid_at is None:
        return ""
    by = fit([who(actor) for actor in case.paid_by], 200, " and ")
    return f" · *paid {data(show(case.paid, locale), 80)}* {date(case.paid_at)}" + (f" by {by}" if by else "")


def small_print(file: CaseFile, where: str | None, belongs_to: str | None) -> list[Block]:
    """Return what stands in small print: links, fields without a meaning for us, redactions, and who opened it."""
    case = file.case
    opened = f"Case {code(case.case_id)} · version {file.proposal.version} · opened by {who(case.opened_by)} "
    lines = [
        f":file_folder: This belongs to {data(belongs_to, 80)}, which is closed to the bot." if belongs_to else "",
        fit(_links(case, where), _LINKS, " · "),
        _unmapped(case.details),
        f"Removed at the door: {fit([data(redaction, 80) for redaction in case.details.redactions], 400, ', ')}"
        if case.details.redactions
        else "",
        opened + date(case.opened_at),
    ]
    return [context(line) for line in lines if line]


def _links(case: Case, where: str | None) -> list[str]:
    fields = case.details.fields
    call = [f"DialNexa call {code(case.call_id)}"] if case.call_id else []
    call += [link(where, "Open the call")] if where else []
    stated = {
        "Transcript": fields.transcript_url,
        "Recording": fields.recording_url,
        "CRM": fields.crm_url,
        "Ticket": fields.ticket_url,
        "Payment": fields.payment_url,
    }
    return call + [link(url, label) for label, url in stated.items() if url]


def _unmapped(details: Details) -> str:
    """Show the fields that have no meaning for us; beside sensitive words only their names are shown."""
    shown = [
        f"{data(name, 60)}: {data(value, 120)}" if value else data(name, 60) for name, value in details.unmapped.items()
    ]
    return f"Also stated: {fit(shown, _UNMAPPED, ' · ')}" if shown else ""
