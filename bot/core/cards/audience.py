"""Fit a case to those who see its card: without what a sensitive call hides, with amounts as their locale writes them.

What callers and people said stays as they said it: their sums are theirs. Connectors, playbooks and the policy write
amounts in one form, which rows keep, so it is enough to change them where they are shown.
"""

from typing import TypeVar

from bot.core.cards.mrkdwn import Block, data, link, plain, section
from bot.core.model import Action, AuditEntry, CaseFile, CaseState, Frozen, Proposal
from bot.core.money import HOME, in_locale
from bot.core.policy import Standing
from bot.core.records import LINKS, hidden, masked
from bot.core.slack_ids import ActionId, CaseRef

HIDDEN = "hidden, since something sensitive was said"
_WORDS = 2500  # characters of one hidden text; a section takes 3,000
_MOST = 90  # sections; a form takes 100 blocks


def masked_file(file: CaseFile) -> CaseFile:
    """Return the case without what is hidden, so that nothing drawn from it can tell what it does not hold."""
    if not file.case.details.sensitive:
        return file
    return file.model_copy(update={"case": file.case.model_copy(update={"details": masked(file.case.details)})})


def with_summary_button(block: Block, file: CaseFile) -> Block:
    """Return the section with the button if there is something to show; `file` still holds it."""
    if not hidden(file.case.details):
        return block
    value = str(CaseRef(file.case.case_id, file.proposal.version))
    show = {"type": "button", "action_id": ActionId.SHOW_SUMMARY.value, "text": plain("Show summary", 75)}
    return {**block, "accessory": {**show, "value": value}}


def summary_view(file: CaseFile) -> Block:
    """Draw what the card hides, for a person who may see it."""
    links = set(LINKS.values())
    shown = [
        section(f"*{data(label, 60)}*\n{link(words, 'Open') if label in links else data(words, _WORDS)}")
        for label, words in hidden(file.case.details)[:_MOST]
    ]
    note = section("_That you opened this is in the history of the case._")
    view = {"type": "modal", "title": plain("Hidden summary", 24), "close": plain("Close", 24)}
    return {**view, "blocks": [*(shown or [section("_No summary._")]), note]}


M = TypeVar("M", bound=Frozen)

# What a person says stands in these without quotation marks.
_OWN_WORDS = frozenset({"decision.reject", "case.settled"})
_CLOSED_BY_US = frozenset({CaseState.STUCK, CaseState.EXPIRED})


def localised(file: CaseFile, locale: str) -> CaseFile:
    if locale == HOME:
        return file
    case, details = file.case, file.case.details
    doubts = tuple(in_locale(doubt, locale) for doubt in details.doubts)
    facts = tuple(_said(fact, locale, "sentence", "doubt", "missing") for fact in case.facts)
    localised_case = case.model_copy(update={"details": details.model_copy(update={"doubts": doubts}), "facts": facts})
    steps = [_said(step, locale, "detail") for step in file.executions]
    return file.model_copy(
        update={
            "case": _said(localised_case, locale, "closing") if case.state in _CLOSED_BY_US else localised_case,
            "proposal": _offered(file.proposal, locale),
            "executions": tuple(
                step.model_copy(update={"action": _said(step.action, locale, "sentence")}) for step in steps
            ),
        }
    )


def standing_in(standing: Standing, locale: str) -> Standing:
    return standing if locale == HOME else _said(standing, locale, "rule", "missing")


def entry_in(entry: AuditEntry, locale: str) -> AuditEntry:
    """Return an entry of the audit history, for the card's thread."""
    if locale == HOME or entry.entry.what in _OWN_WORDS:
        return entry
    return entry.model_copy(update={"entry": _said(entry.entry, locale, "sentence")})


def _offered(proposal: Proposal, locale: str) -> Proposal:
    def actions(all_: tuple[Action, ...]) -> tuple[Action, ...]:
        return tuple(_said(action, locale, "sentence") for action in all_)

    options = tuple(option.model_copy(update={"actions": actions(option.actions)}) for option in proposal.options)
    offered = proposal.model_copy(update={"actions": actions(proposal.actions), "options": options})
    return _said(offered, locale, "because")


def _said(thing: M, locale: str, *names: str) -> M:
    found = {name: getattr(thing, name) for name in names}
    return thing.model_copy(update={name: in_locale(text, locale) for name, text in found.items() if text})
