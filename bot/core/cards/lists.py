"""Draw a case in a list: the same row on the home tab, in answers to commands and in the form for several."""

from collections.abc import Sequence
from datetime import datetime

from bot.core.cards import wording
from bot.core.cards.mrkdwn import Block, code, data, date, escape, literal, mrkdwn, section, utc, who
from bot.core.model import Case, CaseState, Frozen, Money
from bot.core.money import HOME, in_locale
from bot.core.records import RECORDS
from bot.core.slack_ids import CaseRef

OPTION_LIMIT = 75  # characters that Slack takes for the text of an option, and for its description
UNFINISHED = (CaseState.OPEN, CaseState.APPROVED, CaseState.STUCK)


class Row(Frozen):
    """Hold a case with what its row says beside it."""

    case: Case
    money: Money | None = None  # of the proposal; it goes before what was stated
    missing: str | None = None  # "waiting for a lead"
    link: str | None = None  # where its card opens in Slack; ours, never a caller's
    locale: str = HOME  # of the case's channel

    @property
    def ref(self) -> CaseRef:
        return CaseRef(self.case.case_id, self.case.version)


def row(shown: Row, now: datetime) -> str:
    """Return two lines of mrkdwn: what the case is, and what it waits for."""
    case = shown.case
    parts = [waits(shown).rstrip("."), f"owner {who(case.owner)}", due(case, now), code(case.case_id)]
    return f"{title(shown)}\n{' · '.join(part for part in parts if part)}"


def title(shown: Row) -> str:
    words = data(_headline(shown), 200)
    return f"*<{escape(shown.link)}|{words}>*" if shown.link else f"*{words}*"


def _headline(shown: Row) -> str:
    case = shown.case
    return wording.headline(case.kind, case.details, shown.money, urgent=case.urgent, locale=shown.locale)


def waits(shown: Row) -> str:
    case = shown.case
    if case.state is CaseState.OPEN and shown.missing:
        return data(shown.missing)
    if case.state in UNFINISHED:
        return data(in_locale(wording.waits_for(case), shown.locale))
    return data(case.closing or wording.STATES[case.state])


def due(case: Case, now: datetime) -> str:
    if case.state not in UNFINISHED:
        return f"{wording.STATES[case.state]} {date(case.updated_at)}"
    return f"{':alarm_clock: *overdue* since' if case.due_at < now else 'due'} {date(case.due_at)}"


def answer(heading: str, rows: Sequence[Row], now: datetime, more: str = "") -> tuple[str, list[Block]]:
    """Return a list for one person, as plain text and as blocks; `heading` and `more` are ours."""
    blocks = [section(part) for part in (f"*{heading}*", *(row(each, now) for each in rows), more) if part]
    lines = [f"{each.case.case_id}: {plainly(each, now)}" for each in rows]
    return "\n".join([heading, *lines, *([more] if more else [])]), blocks


def plainly(shown: Row, now: datetime) -> str:
    """Return a row in plain words, for notifications and screen readers."""
    case = shown.case
    late = ", overdue" if case.state in UNFINISHED and case.due_at < now else ""
    words = _headline(shown)
    return data(f"{words}, {wording.STATES[case.state]}{late}")


def option(shown: Row, now: datetime) -> Block:
    """Return a case to tick: amount and customer, then its record and how urgent it is. The value names its version."""
    case = shown.case
    words = wording.headline(case.kind, case.details, shown.money, locale=shown.locale)
    words = words.removeprefix(f"{wording.TITLES[case.kind]} · ")
    records = (getattr(case.details.fields, name) for name in RECORDS)
    record = next((value for value in records if value), "no record stated")
    late = "overdue" if case.due_at < now else f"due {utc(case.due_at)}"
    return {
        "text": {"type": "plain_text", "text": literal(words, OPTION_LIMIT) or "-", "emoji": False},
        "description": {
            "type": "plain_text",
            "text": literal(f"{case.case_id} · {late} · {record}", OPTION_LIMIT),
            "emoji": False,
        },
        "value": str(shown.ref),
    }


def lines(texts: Sequence[str]) -> list[Block]:
    """Return a section for each text that is about no case."""
    return [{"type": "section", "text": mrkdwn(text)} for text in texts if text]
