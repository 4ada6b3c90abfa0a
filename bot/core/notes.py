"""Write what a case leaves where its record lives, as plain text; each kind names its template in its playbook.

The four questions of every case stand in the card's order. What was said while sensitive data was spoken is written
nowhere else.
"""

import re
from collections.abc import Iterable
from datetime import datetime

from bot.core.actions import Subject
from bot.core.model import CaseFile, CaseState, ExecutionState, Verdict
from bot.core.money import show
from bot.core.records import customer, reason, records

NOT_STATED = "not stated"
HIDDEN = "hidden, since sensitive data was spoken; open the call in DialNexa"
IN_THE_CASE = "a promise was made; its words are in the case"

_LINE = 1500  # characters: a summary of a call, not its transcript

# A note about a debt is read by many and for years. Stems, since calls speak in every form of a word.
_NOT_NEUTRAL = re.compile(
    r"\b(?:"
    # health and family matters
    r"health|ill\b|illness|sick|hospital|surger|doctor|clinic|cancer|chemo|pregnan|disab|depress|therap|medic|injur"
    r"|accident|died|death|funeral|bereave|divorc|separat|custody|wife|husband|spouse|partner|mother|father|parent"
    r"|son\b|daughter|child|kid\b|kids\b|baby|brother|sister|famil|marri"
    # pressure and threats
    r"|threat|lawyer|attorney|court|sue\b|sued|suing|legal|lawsuit|police|prosecut|seiz|garnish|bailiff|evict"
    r"|bankrupt|final (?:notice|warning|demand)|last (?:chance|warning)|or else|blacklist"
    r"|credit (?:score|bureau|rating)|debt coll"
    r"|must pay|refus\w* to pay|liar|lying|dishonest|excuse|lazy"
    r")",
    re.IGNORECASE,
)


def summary(subject: Subject) -> str:
    """Write the operational summary: the four questions in order, then the call, the case and its link."""
    return _written(
        ("What the caller asked for", _asked(subject)),
        ("What the call established", _established(subject)),
        ("Record affected", records(subject.details)),
        ("Next step", _next_step(subject)),
        ("Promised to the caller", _promise(subject)),
        *_trace(subject),
    )


def billing_note(subject: Subject) -> str:
    """Write what somebody who answers a question about a bill has to know."""
    fields = subject.fields
    named = (("invoice", fields.invoice_number), ("payment", fields.payment_id), ("transaction", fields.transaction_id))
    record = [f"{label} {value}" for label, value in named if value]
    return _written(
        ("Customer", customer(subject.details)),
        ("Invoice or payment", ", ".join(record) or NOT_STATED),
        ("Amount", _amount(subject)),
        ("Due date", fields.due_date or subject.known("books_invoice", "due_date") or NOT_STATED),
        ("What the caller says is wrong", _spoken(subject, reason(subject.details) or NOT_STATED)),
        ("Promised to the caller", _promise(subject) or NOT_STATED),
        ("Owner and deadline", _next_step(subject)),
        *_trace(subject),
    )


def collections_note(subject: Subject) -> str:
    """Write facts, promise and date, and nothing else: no pressure, no health or family matters, no threat."""
    fields = subject.fields
    return _written(
        ("Account", customer(subject.details)),
        ("Invoice", fields.invoice_number or NOT_STATED),
        ("Amount", _amount(subject)),
        ("Due date", fields.due_date or subject.known("books_invoice", "due_date") or NOT_STATED),
        ("Promise", HIDDEN if subject.details.sensitive else neutral(fields.promised_next_step) or NOT_STATED),
        ("Date of the promise", neutral(fields.follow_up_deadline) or NOT_STATED),
        *_trace(subject),
    )


def neutral(words: str | None) -> str | None:
    """Return these words, unless they touch what a note about a debt must not hold; the list errs on that side."""
    if words is None or not _NOT_NEUTRAL.search(words):
        return words
    return IN_THE_CASE


def moment(at: datetime | None) -> str:
    return f"{at:%Y-%m-%d %H:%M} UTC" if at else NOT_STATED


def _asked(subject: Subject) -> str:
    why = reason(subject.details)
    because = f" Reason: “{_spoken(subject, why)}”." if why else ""
    sum_ = f" ({show(subject.details.money)})" if subject.details.money else ""
    return f"{customer(subject.details)} {subject.asks}{sum_}.{because}"


def _established(subject: Subject) -> str:
    return _spoken(subject, subject.details.summary or "no summary")


def _promise(subject: Subject) -> str | None:
    promised = subject.fields.promised_next_step
    return _spoken(subject, promised) if promised else None


def _next_step(subject: Subject) -> str:
    return f"{subject.owner}, by {moment(subject.due_at)}"


def _amount(subject: Subject) -> str:
    return show(subject.details.money) if subject.details.money else NOT_STATED


def _spoken(subject: Subject, words: str) -> str:
    return HIDDEN if subject.details.sensitive else words


def _trace(subject: Subject) -> Iterable[tuple[str, str | None]]:
    by_call = subject.root != subject.case_id
    return (
        ("Call", subject.root if by_call else "none; a colleague opened the case"),
        ("Case", subject.case_id),
        ("Link", subject.link),
    )


def _written(*lines: tuple[str, str | None]) -> str:
    return "\n".join(f"{label}: {_one_line(words)}" for label, words in lines if words)


def _one_line(words: str) -> str:
    """Keep what was said on one line, so that it cannot add a line of its own that looks like ours."""
    flat = " ".join(words.split())
    return flat if len(flat) <= _LINE else flat[: _LINE - 1] + "…"


def outputs(file: CaseFile) -> dict[str, str]:
    """Return the outputs that the manifest names; only `decided_by` may be absent, since nobody decides on expiry."""
    case, verdict = file.case, Verdict.REJECT if file.case.state is CaseState.REJECTED else Verdict.APPROVE
    deciders = [decision for decision in file.decisions if decision.verdict is verdict]
    ended = {"outcome": outcome(file), "case_id": case.case_id, "reason": case.closing or f"The case is {case.state}."}
    return ended | ({"decided_by": deciders[-1].user_id} if deciders else {})


def outcome(file: CaseFile) -> str:
    """Return "done", "settled" (by hand), "rejected" or "expired", which the next steps of a workflow may branch on."""
    by_hand = any(step.state is not ExecutionState.SUCCEEDED for step in file.executions)
    return "settled" if file.case.state is CaseState.DONE and by_hand else file.case.state.value
