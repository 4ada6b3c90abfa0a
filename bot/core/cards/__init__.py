"""Draw the card of a case: a picture that is drawn anew from the case every time and never edited.

It answers four questions, in this order: what did the caller ask for, what did the call establish, which record is
affected, who owns the next step and by when. Then the sum, the facts, the doubts, and what an approval will do.
"""

from collections.abc import Mapping, Sequence
from types import MappingProxyType
from typing import Any

from bot.core.cards import wording
from bot.core.cards.audience import HIDDEN, entry_in, localised, masked_file, standing_in, with_summary_button
from bot.core.cards.facts import earlier, facts, small_print
from bot.core.cards.mrkdwn import (
    Block,
    code,
    columns,
    context,
    data,
    date,
    fit,
    header,
    is_person,
    numbered,
    ours,
    section,
    size,
    utc,
    who,
)
from bot.core.cards.progress import buttons, current_step, rejection, state_line, work
from bot.core.model import AuditEntry, Case, CaseFile, CaseState, Details, ExecutionState, Frozen, Kind
from bot.core.money import HOME
from bot.core.policy import Standing
from bot.core.records import REASONS, RECORDS, address, customer, reason, records

TEXT_LIMIT = 3500  # Slack wants at most 4,000 characters in an update

# Room for each part in characters; together they stay under the 12,000 that Slack takes for all blocks of a message.
_SUMMARY, _STATED, _RECORDS, _DOUBTS = 800, 600, 600, 900  # beside those of `facts`
_CARD = 11_500  # for everything; the facts take what the rest leaves
_THREAD_ROOM = 8000
_PAGE = 2900  # a section takes 3,000


class Picture(Frozen):
    """Hold what Slack is sent; `text` carries the whole decision for notifications and screen readers."""

    text: str
    blocks: list[dict[str, Any]]


def card(
    file: CaseFile,
    standing: Standing,
    *,
    link: str | None = None,
    owners: Sequence[str] = (),
    locale: str = HOME,
    belongs_to: str | None = None,
) -> Picture:
    """Draw the card; `link` is where the call opens in DialNexa, since links to recordings expire.

    `owners` are Slack ids of the users or user groups behind the owner: an unfinished urgent case mentions them.
    `locale` is that of the channel: it says how amounts are written. `belongs_to`: the card's own channel, where it
    hangs in another because that one is closed.
    """
    whole, file, standing = file, localised(masked_file(file), locale), standing_in(standing, locale)
    case = file.case
    above = [
        header(_headline(file, locale)),
        section(state_line(file, standing)),
        section(f"*What the caller asked for*\n{_asked(case)}"),
        with_summary_button(section(f"*What the call established*\n{_established(case)}"), whole),
        columns(f"*Record affected*\n{_records(case.details)}", f"*Next step*\n{_next_step(file, owners)}"),
        columns(f"*Amount*\n{_amount(file, locale)}", f"*Confidence*\n{wording.confidence(case.details)}"),
    ]
    below = [
        *earlier(case.earlier, locale),
        *_list(":warning: Look twice", [f"• {data(doubt)}" for doubt in wording.doubts(file)], _DOUBTS),
        *work(file),
        *buttons(file, locale),
        *small_print(file, link, belongs_to),
    ]
    blocks = [*above, *facts(case.facts, _CARD - size([*above, *below])), *below]
    return Picture(text=_text(file, standing, locale), blocks=numbered(blocks, f"{case.case_id}:r{case.revision}"))


def moved(file: CaseFile, channel: str) -> Picture:
    """Draw what stays behind where a card was before the case became another kind."""
    case = file.case
    line = f"{case.case_id} became “{wording.TITLES[case.kind]}” and continues in {channel}."
    block = context(f":arrow_right: {data(line)}")
    return Picture(text=line, blocks=numbered([block], f"{case.case_id}:moved:r{case.revision}"))


# --- the four questions ---------------------------------------------------------------------------------------------


def _asked(case: Case) -> str:
    details = case.details
    vip = " (VIP)" if details.fields.vip else ""
    why, intent = reason(details), details.fields.call_intent
    parts = [f"{data(customer(details), 120)}{vip} {wording.ASKS[case.kind]}."]
    parts += [f"“{data(why, 400)}”{_mark(details, *REASONS)}"] if why else []
    parts += [f"Stated intent: {data(intent, 120)}"] if intent and case.kind is Kind.REVIEW else []
    return "\n".join(parts)


def _established(case: Case) -> str:
    details = case.details
    if details.sensitive:
        summary = f":lock: _{HIDDEN}_"
    else:
        summary = data(details.summary, _SUMMARY) if details.summary else "_no summary_"
    stated = fit(_stated(details), _STATED, " · ")
    stated = stated[:1].upper() + stated[1:]
    return f"{summary}\n{stated}" if stated else summary


def _stated(details: Details) -> list[str]:
    fields = details.fields
    found = {label: getattr(fields, name) for name, label in wording.STATED.items()}
    found["billing address"] = address(fields.billing_address) if fields.billing_address else None
    marks = {label: _mark(details, name) for name, label in wording.STATED.items()}
    return [f"{label}: {data(value, 200)}{marks.get(label, '')}" for label, value in found.items() if value]


def _mark(details: Details, *names: str) -> str:
    """Mark a value that the call did not state as a field: it is worth less, and the reader must see that."""
    return " _(only in the summary)_" if set(names) & set(details.from_summary) else ""


def _records(details: Details) -> str:
    found = {name: getattr(details.fields, name) for name in RECORDS}
    lines = [f"{RECORDS[name]} {code(value)}{_mark(details, name)}" for name, value in found.items() if value]
    return fit(lines, _RECORDS) or "no record stated"


def _next_step(file: CaseFile, owners: Sequence[str]) -> str:
    case, fields = file.case, file.case.details.fields
    called = fit([who(slack_id) for slack_id in owners], 300, " ") if case.urgent else ""
    owner, due = f"{who(case.owner)} {called}".strip(), date(case.due_at)
    lines = {
        CaseState.OPEN: [f"{owner}: {_decide(file)} by {due}"],
        CaseState.APPROVED: [f"{_doer(file)}. Owner: {owner}, due {due}"],
        CaseState.STUCK: [f"{owner}: get it moving again by {due}"],
    }.get(case.state, ["Nothing is left to do"])
    promised = fields.promised_next_step
    lines += [f"Promised to the caller: {data(promised)}"] if promised else []
    lines += [f"Follow-up promised by: {data(fields.follow_up_deadline, 80)}"] if fields.follow_up_deadline else []
    return "\n".join(lines)


def _decide(file: CaseFile) -> str:
    if wording.paid_elsewhere(file) is not None:
        return "reject it"
    return "complete or close it" if wording.needs_completing(file) else "decide"


def _doer(file: CaseFile) -> str:
    step = current_step(file)
    by_hand = step is not None and step.state is ExecutionState.BY_HAND
    return "A person does the step marked below" if by_hand else "Countersign carries it out"


# --- the rest -------------------------------------------------------------------------------------------------------


def _headline(file: CaseFile, locale: str) -> str:
    case = file.case
    return wording.headline(case.kind, case.details, file.proposal.money, urgent=case.urgent, locale=locale)


def _amount(file: CaseFile, locale: str) -> str:
    case, money = file.case, file.proposal.money
    shown = wording.amount(case.kind, case.details, money, locale)
    stated = wording.amount(case.kind, case.details, locale=locale)
    other = f"\nthe caller stated {data(stated or '', 80)}" if money and case.details.money not in (None, money) else ""
    return f"*{data(shown, 80)}*{_mark(case.details, 'amount', 'currency')}{other}" if shown else "not about a sum"


def _list(label: str, lines: Sequence[str], room: int) -> list[Block]:
    return [section(f"*{label}*\n{fit(lines, room)}")] if lines else []


# --- text -----------------------------------------------------------------------------------------------------------


def _text(file: CaseFile, standing: Standing, locale: str) -> str:
    case = file.case
    lines = [
        f"{_headline(file, locale)}.",
        _state_in_words(file, standing),
        f"Record: {records(case.details)}.",
        *(f"Look twice: {doubt}" for doubt in wording.doubts(file)),
        *(
            f"On approval: {action.sentence.rstrip('.')}."
            for action in file.proposal.actions
            if case.state is CaseState.OPEN and wording.paid_elsewhere(file) is None
        ),
        f"Case {case.case_id}.",
    ]
    people = [case.owner, *(decision.user_id for decision in file.decisions)]
    return fit([ours(line, people, 600) for line in lines], TEXT_LIMIT)


def _state_in_words(file: CaseFile, standing: Standing) -> str:
    case = file.case
    owner = _in_words(case.owner)
    words = f"State: {wording.STATES[case.state]}"
    if case.state is CaseState.OPEN:
        return f"{words}, {_missing_in_words(file, standing)}. {owner} decides by {utc(case.due_at)}."
    if case.state in (CaseState.APPROVED, CaseState.STUCK):
        return f"{words}. {case.closing or ''} {owner} owns the next step, by {utc(case.due_at)}."
    if case.state is CaseState.REJECTED and (last := rejection(file)):
        words += f" by {_in_words(last.user_id)}"
        return f"{words}. {last.reason or case.closing or ''}"
    return f"{words}. {case.closing or ''}"


def _in_words(actor: str) -> str:
    return f"<@{actor}>" if is_person(actor) else actor


def _missing_in_words(file: CaseFile, standing: Standing) -> str:
    if (paid := wording.paid_elsewhere(file)) is not None:
        return f"already paid in case {paid.case_id}, so that nobody can approve it"
    if wording.needs_completing(file):
        return "a person has to complete it"
    if not file.proposal.actions:
        return "a person has to choose how to settle it"
    missing = f", {standing.missing}" if standing.missing else ""
    return f"{wording.approvals(standing.approvals, standing.quorum)}{missing}"


# --- the thread -----------------------------------------------------------------------------------------------------


def thread_log(
    entries: Sequence[AuditEntry], called: Mapping[int, Sequence[str]] = MappingProxyType({}), *, locale: str = HOME
) -> Picture:
    """Draw one thread reply from the entries that have a sentence, without text and blocks if there is none.

    `called`: number of an entry -> Slack ids of the users and user groups that it calls by a live mention.
    """
    shown = [entry_in(entry, locale) for entry in entries if entry.entry.sentence]
    if not shown:
        return Picture(text="", blocks=[])
    words = [_line(entry, called.get(entry.n, ())) for entry in shown]
    lines = [f"{date(entry.at)} · {line}" for entry, line in zip(shown, words, strict=True)]
    text = fit([f"{utc(entry.at)}  {line}" for entry, line in zip(shown, words, strict=True)], TEXT_LIMIT)
    first, last = shown[0], shown[-1]
    prefix = f"{first.case_id}:trail:{first.n}-{last.n}"
    return Picture(text=text, blocks=numbered([section(page) for page in _pages(lines)], prefix))


def _line(entry: AuditEntry, called: Sequence[str]) -> str:
    """Return the sentence of an entry with its author; only the author and those it calls are live mentions."""
    actor = entry.entry.actor
    sentence = ours(entry.entry.sentence or "", [actor, *called])
    sentence = fit([sentence, *(who(slack_id) for slack_id in called if who(slack_id) not in sentence)], _PAGE, " ")
    mention = who(actor)
    return sentence if mention in sentence or not is_person(actor) else f"{mention}: {sentence}"


def _pages(lines: Sequence[str]) -> list[str]:
    pages = [""]
    for line in fit(lines, _THREAD_ROOM).split("\n"):
        if pages[-1] and len(pages[-1]) + 1 + len(line) > _PAGE:
            pages.append("")
        pages[-1] += ("\n" if pages[-1] else "") + line
    return pages
