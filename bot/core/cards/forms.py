"""Draw the modal views of a case and read what people write in them; a fault is named beside its input."""

from collections.abc import Mapping
from typing import Any, NamedTuple

from bot.core.cards import wording
from bot.core.cards.answers import is_e_mail as is_e_mail  # those who take answers elsewhere look for it here
from bot.core.cards.mrkdwn import Block, data, fit, plain, section
from bot.core.cards.progress import steps
from bot.core.model import CaseFile, ExecutionState, Money
from bot.core.money import HOME, editable, show
from bot.core.slack_ids import CallbackId, CaseRef

Values = Mapping[str, Mapping[str, Mapping[str, Any]]]  # view["state"]["values"]: block id -> action id -> element

VALUE = "value"  # the action id of every input; its block id says which one it is
REASON_MIN, REASON_MAX = 3, 500  # long enough to mean something to an auditor, short enough to be read
HOW_MIN = 10  # characters: "yes" is not how
_TITLE_MAX = 24  # Slack's limit
_LINE_MAX = 200


class FormErrors(Exception):
    """Hold what is wrong in a form: a sentence for each block id, as Slack's `response_action: errors` wants it."""

    def __init__(self, errors: Mapping[str, str]) -> None:
        super().__init__("; ".join(errors))
        self.errors = dict(errors)


class Input(NamedTuple):
    label: str
    hint: str | None = None


# --- the views ------------------------------------------------------------------------------------------------------


def reject_form(ref: CaseRef, title: str) -> Block:
    """Ask why a case is rejected; `title` says what is rejected, in plain text."""
    reason = prose_input("reason", Input("Reason", "It is kept in the history and shown on the card"))
    return modal(CallbackId.REJECT_FORM, ref, "Reject", "Reject", [section(f"*{data(title, 200)}*"), reason])


def settle_form(file: CaseFile) -> Block:
    """Ask what was done by hand, beside the steps that did not succeed."""
    open_steps = [step for step in steps(file) if step.state is not ExecutionState.SUCCEEDED]
    lines = [f"• {data(step.action.sentence)} _({data(wording.system(step.action))})_" for step in open_steps]
    what = "*Not done by Countersign:*\n" + fit(lines, 2000) if lines else "*Every step has succeeded.*"
    note = prose_input("note", Input("What was done", "It is kept in the history; name the receipt if there is one"))
    return modal(CallbackId.SETTLE_FORM, ref_of(file), "Settle by hand", "Settle", [section(what), note])


def notice(title: str, sentence: str) -> Block:
    """Draw what replaces a form that could not be carried out; `sentence` is ours and may hold mentions."""
    view = {"type": "modal", "title": plain(title, _TITLE_MAX), "close": plain("Close", _TITLE_MAX)}
    return view | {"blocks": [section(sentence)]}


def ref_of(file: CaseFile) -> CaseRef:
    return CaseRef(file.case.case_id, file.proposal.version)


def text_input(name: str, asked: Input, known: str | None = None, *, optional: bool = False) -> Block:
    limit = REASON_MAX if name == "reason" else _LINE_MAX
    element: Block = {"type": "plain_text_input", "action_id": VALUE, "max_length": limit}
    element |= {"initial_value": known[:limit]} if known else {}
    block: Block = {"type": "input", "block_id": name, "label": plain(asked.label, 100), "element": element}
    return block | {"optional": optional} | ({"hint": plain(asked.hint, 200)} if asked.hint else {})


def prose_input(name: str, asked: Input) -> Block:
    block = text_input(name, asked)
    block["element"] |= {"multiline": True, "min_length": REASON_MIN, "max_length": REASON_MAX, "focus_on_load": True}
    return block


def modal(callback: CallbackId, ref: CaseRef | str, title: str, submit: str, blocks: list[Block]) -> Block:
    return {
        "type": "modal",
        "callback_id": callback.value,
        "private_metadata": str(ref),
        "title": plain(title, _TITLE_MAX),
        "submit": plain(submit, _TITLE_MAX),
        "close": plain("Cancel", _TITLE_MAX),
        "blocks": blocks,
    }


# --- what came back -------------------------------------------------------------------------------------------------


def read_reject(values: Values) -> str:
    """Return the reason. Raises FormErrors if there is none worth keeping."""
    return prose_of(values, "reason", "Say why in at least 3 characters: the reason is kept in the history.")


def read_settle(values: Values) -> str:
    """Return what was done by hand. Raises FormErrors if there is nothing worth keeping."""
    return prose_of(values, "note", "Say what was done in at least 3 characters: it is kept in the history.")


def prose_of(values: Values, name: str, fault: str, *, least: int = REASON_MIN) -> str:
    """Return what was written in an input. Raises FormErrors with `fault` if it is too short to be worth keeping."""
    text = text_of(values, name)
    if len(text) < least:
        raise FormErrors({name: fault})
    if len(text) > REASON_MAX:
        raise FormErrors({name: f"At most {REASON_MAX} characters, please."})
    return text


def text_of(values: Values, name: str) -> str:
    return str(values.get(name, {}).get(VALUE, {}).get("value") or "").strip()


# --- the forms of the menu "More" ------------------------------------------------------------------------------------


def amount_form(file: CaseFile, money: Money, left: Money | None, locale: str = HOME) -> Block:
    """Ask for another amount than `money`; `left` is the most that can be paid back, if that is known."""
    lines = [
        f"*Offered: {show(money, locale)}*" + (f", of {show(left, locale)} that is left to pay back" if left else ""),
        "A lower amount is approved by this form, by the rules of the amount that was offered first. A higher one is a "
        "new version: everybody is asked again, and you cannot decide on it alone.",
    ]
    known = editable(money, locale)
    amount = text_input("amount", Input(f"Amount in {money.currency}", f"In major units: {known}"), known)
    reason = prose_input("reason", Input("Reason", "It is kept in the history and shown on the card"))
    return modal(
        CallbackId.AMOUNT_FORM, ref_of(file), "Change the amount", "Change", [section("\n".join(lines)), amount, reason]
    )


def read_amount(values: Values) -> tuple[str, str]:
    """Return the amount in major units as it was typed, and the reason. Raises FormErrors."""
    reason = prose_of(values, "reason", "Say why in at least 3 characters: the reason is kept in the history.")
    return text_of(values, "amount"), reason


def recipient_form(file: CaseFile) -> Block:
    email = file.case.details.fields.email or "not stated"
    words = f"*{data(email)}* is not the address on record. How did you make sure that it is the customer's?"
    how = prose_input("how", Input("How it was verified", "Called back on the number on record; without card numbers"))
    form = modal(CallbackId.RECIPIENT_FORM, ref_of(file), "Confirm recipient", "Confirm", [section(words), how])
    how["element"]["min_length"] = HOW_MIN
    return form


def read_recipient(values: Values) -> str:
    """Return how the recipient was verified. Raises FormErrors."""
    fault = f"Say how in at least {HOW_MIN} characters: what you did, or whom you asked."
    return prose_of(values, "how", fault, least=HOW_MIN)


def question_form(file: CaseFile) -> Block:
    words = "It is asked in the thread of the card, where the owner of the account is mentioned and can answer."
    asked = prose_input("question", Input("Question", "Everybody in the channel can read it"))
    blocks = [section(words), asked]
    return modal(CallbackId.QUESTION_FORM, ref_of(file), "Ask the account owner", "Ask", blocks)


def read_question(values: Values) -> str:
    """Return the question to the account owner. Raises FormErrors."""
    return prose_of(values, "question", "Ask in at least 3 characters.")
