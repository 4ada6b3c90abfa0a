"""Hold the words that the card, the home tab, the forms and the notifications share. Plain text, not escaped."""

from collections.abc import Iterable, Mapping

from bot.core.cards import mrkdwn
from bot.core.duplicates import paid_before
from bot.core.model import Action, Case, CaseFile, CaseState, Decision, Details, Earlier, Entry, Kind, Money, Verdict
from bot.core.money import HOME, show
from bot.core.playbooks import PLAYBOOKS
from bot.core.policy import payout_of
from bot.core.records import customer, doubts_of, unverified_recipient

TITLES: Mapping[Kind, str] = {kind: playbook.title for kind, playbook in PLAYBOOKS.items()}
ASKS: Mapping[Kind, str] = {kind: playbook.asks for kind, playbook in PLAYBOOKS.items()}

STATES: Mapping[CaseState, str] = {
    CaseState.OPEN: "waiting",
    CaseState.APPROVED: "approved, being carried out",
    CaseState.DONE: "done",
    CaseState.REJECTED: "rejected",
    CaseState.EXPIRED: "expired",
    CaseState.STUCK: "stuck",
}

SYSTEMS: Mapping[str, str] = {
    "fidel": "Fidel API",
    "stripe": "Stripe",
    "quickbooks": "QuickBooks",
    "zendesk": "Zendesk",
    "hubspot": "HubSpot",
    "drive": "Google Drive",
    "sheets": "Google Sheets",
    "gmail": "Gmail",
    "google": "Google",
    "person": "by hand",
    "by_hand": "by hand",
    "hand": "by hand",
}

STATED: Mapping[str, str] = {
    "transaction_date": "charged on",
    "due_date": "due date",
    "payment_status": "payment status",
    "website_url": "website",
    "logo_url": "logo",
    "tax_region": "tax region",
    "cancellation_risk": "risk of leaving",
    "finance_owner": "finance owner",
    "approval_threshold": "approval threshold",
    "urgency": "urgency",
    "sentiment": "sentiment",
    "language": "language",
}


NEWS: Mapping[str, str] = {
    "case.opened": "It was opened for you: you own the next step.",
    "case.approved": "Approved; its steps are being carried out.",
    "case.rejected": "Rejected",
    "case.done": "Done: every step has its receipt.",
    "case.settled": "Done",
    "case.stuck": "Stuck, a person has to look at it",
    "case.expired": "Expired",
    "case.escalated": "Escalated to you: please decide, or reject it with a reason.",
    "case.retry": "It is being tried again.",
    "case.taken": "Somebody else has taken it over.",
    "case.released": "It is yours no longer: it went back to the group.",
}


def amount(kind: Kind, details: Details, money: Money | None = None, locale: str = HOME) -> str | None:
    """Return the sum that the case is about, "amount not stated", or None if the kind is not about one.

    `money` is the proposal's and goes before what was stated.
    """
    exact = money or details.money
    if exact is not None:
        return show(exact, locale)
    stated = details.fields.amount
    if stated is not None:
        return (
            f"{stated} {details.fields.currency} as stated"
            if details.fields.currency
            else f"{stated}, no currency stated"
        )
    return "amount not stated" if PLAYBOOKS[kind].about_money else None


def headline(kind: Kind, details: Details, money: Money | None, *, urgent: bool = False, locale: str = HOME) -> str:
    named_by = PLAYBOOKS[kind].named_by
    name = getattr(details.fields, named_by) if named_by else None
    parts = (TITLES[kind], amount(kind, details, money, locale), name or customer(details))
    return ("Urgent: " if urgent else "") + " · ".join(part for part in parts if part)


def confidence(details: Details) -> str:
    """Return the confidence in words and per cent; the words are ours, the policy's floor decides on its own."""
    value = details.fields.confidence
    if value is None:
        return "not stated"
    word = "high" if value >= 0.9 else "fair" if value >= 0.7 else "low"
    return f"{word} ({value:.0%})"


def approvals(given: int, of: int) -> str:
    return f"{given} of {of} {'approval' if of == 1 else 'approvals'}"


def system(action: Action) -> str:
    return SYSTEMS.get(action.connector, action.connector.replace("_", " ").capitalize())


def doubts(file: CaseFile) -> tuple[str, ...]:
    """Return the reasons to check a case, each once, in the order in which they arose."""
    case = file.case
    why = file.proposal.because if case.kind is Kind.REVIEW else None
    recipient = unverified_recipient(file) if case.state is CaseState.OPEN else None
    first = (doubt for doubt in (why, recipient) if doubt)
    return tuple(dict.fromkeys([*first, *case.details.doubts, *doubts_of(case.facts)]))


def needs_completing(file: CaseFile) -> bool:
    """Return whether there is nothing to decide on yet: a person first says what this is."""
    nothing = not file.proposal.actions and not file.proposal.options
    return nothing or file.proposal.kind is Kind.REVIEW


def paid_elsewhere(file: CaseFile) -> Earlier | None:
    """Return the case that has paid what this one would pay too: nobody can approve it any more."""
    return paid_before(file.case.earlier) if payout_of(file.proposal) is not None else None


def waits_for(case: Case) -> str:
    """Return what an unfinished case waits for, if only the case is at hand."""
    if case.state is CaseState.STUCK:
        return case.closing or "stuck: a person has to look"
    if case.state is CaseState.APPROVED:
        return "approved, being carried out"
    return "waits for somebody to complete it" if case.kind is Kind.REVIEW else "waits for a decision"


def how_it_stands(file: CaseFile) -> str:
    """Return a sentence for a click that came too late: "Already approved by X at T"; it may hold mentions."""
    approved, rejected = (_who(file.decisions, verdict) for verdict in (Verdict.APPROVE, Verdict.REJECT))
    match file.case.state:
        case CaseState.OPEN:
            return "This case is still open; nothing was run."
        case CaseState.APPROVED:
            return f"Already approved{approved}; its steps are running."
        case CaseState.DONE:
            return f"Already approved{approved} and done."
        case CaseState.REJECTED:
            return f"Already rejected{rejected}."
        case CaseState.EXPIRED:
            return "This case has expired: nobody decided in time."
        case CaseState.STUCK:
            return f"Already approved{approved}; a step is stuck and waits for a person."


def _who(decisions: Iterable[Decision], verdict: Verdict) -> str:
    given = [decision for decision in decisions if decision.verdict is verdict]
    if not given:
        return ""
    people = " and ".join(mrkdwn.who(decision.user_id) for decision in given)
    return f" by {people} {mrkdwn.date(given[-1].decided_at)}"


def notice_headline(case: Case) -> str:
    """Return the first line of every notice about this case."""
    title = headline(case.kind, case.details, None, urgent=case.urgent)
    return _one_line(f"{title} ({case.case_id})")


def news(case: Case, entry: Entry) -> str:
    """Return one line that says what has happened; `case` is as it was afterwards."""
    words = NEWS.get(entry.what) or entry.sentence or entry.what
    if words.endswith("."):
        return _one_line(words)
    return _one_line(f"{words}: {case.closing}" if case.closing else f"{words}.")


def _one_line(text: str) -> str:
    return " ".join(text.split())
