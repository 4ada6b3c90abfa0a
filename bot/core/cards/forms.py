"""The modal views of a case and what people write in them; a fault is named beside its input."""

import re
from collections.abc import Callable, Mapping, Sequence
from typing import Any, NamedTuple

from bot.core.cards import wording
from bot.core.cards.mrkdwn import Block, data, fit, is_address, plain, section
from bot.core.cards.progress import steps
from bot.core.model import CaseFile, Details, ExecutionState, Frozen, Kind
from bot.core.money import exponent, to_minor
from bot.core.names import CallbackId, CaseRef
from bot.core.playbooks import PLAYBOOKS

Values = Mapping[str, Mapping[str, Mapping[str, Any]]]  # view["state"]["values"]: block id -> action id -> element

VALUE = "value"  # the action id of every input; its block id says which one it is
REASON_MIN, REASON_MAX = 3, 500  # long enough to mean something to an auditor, short enough to be read
_TITLE_MAX = 24  # Slack's limit
_LINE_MAX = 200
_E_MAIL = re.compile(r"[^@\s<>]+@[^@\s<>]+\.[^@\s<>.]+")
_AMOUNT = re.compile(r"[0-9]+(\.[0-9]+)?")  # no signs, no thousands: 1,234 means two things in two countries
_BRAND_NAME = range(2, 51)  # Fidel API's limit


class FormErrors(Exception):
    """What is wrong in a form: a sentence for each block id, as Slack's `response_action: errors` wants it."""

    def __init__(self, errors: Mapping[str, str]) -> None:
        super().__init__("; ".join(errors))
        self.errors = dict(errors)


class Completed(Frozen):
    """What a person says a case is; `fields` holds only inputs that were filled in, by canonical field name."""

    kind: Kind
    fields: dict[str, str]


class Input(NamedTuple):
    label: str
    hint: str | None = None


INPUTS: Mapping[str, Input] = {
    "customer_name": Input("Customer"),
    "email": Input("E-mail"),
    "amount": Input("Amount", "In major units with a point: 129.50"),
    "currency": Input("Currency", "Three letters: USD"),
    "payment_id": Input("Payment id"),
    "transaction_id": Input("Transaction id"),
    "transaction_date": Input("Date of the charge", "2026-11-23"),
    "invoice_number": Input("Invoice number"),
    "brand_name": Input("Brand name", "2 to 50 characters"),
    "website_url": Input("Website", "https://…"),
    "logo_url": Input("Logo", "https://…"),
    "brand_id": Input("Brand id"),
    "reason": Input("Reason", "What the caller said, without card, bank or tax numbers"),
}

# Where the one reason input goes; triage asks for it under these names.
_REASON_FIELD: Mapping[Kind, str] = {Kind.REFUND: "refund_reason", Kind.DISPUTE: "dispute_reason"}


def completable() -> tuple[Kind, ...]:
    """The kinds that a person can turn a case into: all that have a playbook, except the one that asks for this."""
    return tuple(kind for kind in PLAYBOOKS if kind is not Kind.REVIEW)


# --- the views ------------------------------------------------------------------------------------------------------


def reject_form(ref: CaseRef, title: str) -> Block:
    """Asks why; `title` says what is rejected, in plain text."""
    reason = _prose_input("reason", Input("Reason", "It is kept in the history and shown on the card"))
    return _view(CallbackId.REJECT_FORM, ref, "Reject", "Reject", [section(f"*{data(title, 200)}*"), reason])


def settle_form(file: CaseFile) -> Block:
    """Asks what was done by hand, beside the steps that did not succeed."""
    open_steps = [one for one in steps(file) if one.state is not ExecutionState.SUCCEEDED]
    lines = [f"• {data(one.action.sentence)} _({data(wording.system(one.action))})_" for one in open_steps]
    what = "*Not done by Countersign:*\n" + fit(lines, 2000) if lines else "*Every step has succeeded.*"
    note = _prose_input("note", Input("What was done", "It is kept in the history; name the receipt if there is one"))
    return _view(CallbackId.SETTLE_FORM, _ref(file), "Settle by hand", "Settle", [section(what), note])


def complete_form(file: CaseFile, kind: Kind | None = None, *, kinds: Sequence[Kind] | None = None) -> Block:
    """Asks what the case is and for what is missing, filled in as far as known; `kind` is chosen beforehand."""
    offered = tuple(kinds) if kinds is not None else completable()
    options = [{"text": plain(wording.TITLES[one], 75), "value": one.value} for one in offered]
    select: Block = {"type": "static_select", "action_id": VALUE, "options": options}
    if kind in offered:
        select["initial_option"] = options[offered.index(kind)]
    doubts = [f"• {data(doubt)}" for doubt in wording.doubts(file)]
    blocks = [
        *([section("*Why it needs a look*\n" + fit(doubts, 2000))] if doubts else []),
        {"type": "input", "block_id": "kind", "label": plain("What is it?", 100), "element": select},
        *(_text_input(name, asked, _known(file.case.details, name), optional=True) for name, asked in INPUTS.items()),
    ]
    return _view(CallbackId.COMPLETE_FORM, _ref(file), "Complete this case", "Propose", blocks)


def notice(title: str, sentence: str) -> Block:
    """What a form is replaced by when it could not be carried out; `sentence` is ours and may hold mentions."""
    view = {"type": "modal", "title": plain(title, _TITLE_MAX), "close": plain("Close", _TITLE_MAX)}
    return view | {"blocks": [section(sentence)]}


def _ref(file: CaseFile) -> CaseRef:
    return CaseRef(file.case.case_id, file.proposal.version)


def _known(details: Details, name: str) -> str | None:
    if name == "reason":
        return wording.reason(details)
    value = getattr(details.fields, name)
    return value if isinstance(value, str) else None


def _text_input(name: str, asked: Input, known: str | None = None, *, optional: bool = False) -> Block:
    limit = REASON_MAX if name == "reason" else _LINE_MAX
    element: Block = {"type": "plain_text_input", "action_id": VALUE, "max_length": limit}
    element |= {"initial_value": known[:limit]} if known else {}
    block: Block = {"type": "input", "block_id": name, "label": plain(asked.label, 100), "element": element}
    return block | {"optional": optional} | ({"hint": plain(asked.hint, 200)} if asked.hint else {})


def _prose_input(name: str, asked: Input) -> Block:
    block = _text_input(name, asked)
    block["element"] |= {"multiline": True, "min_length": REASON_MIN, "max_length": REASON_MAX, "focus_on_load": True}
    return block


def _view(callback: CallbackId, ref: CaseRef, title: str, submit: str, blocks: list[Block]) -> Block:
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
    """The reason; raises FormErrors when there is none worth keeping."""
    return _sentence(values, "reason", "Say why in at least 3 characters: the reason is kept in the history.")


def read_settle(values: Values) -> str:
    """What was done by hand; raises FormErrors when there is nothing worth keeping."""
    return _sentence(values, "note", "Say what was done in at least 3 characters: it is kept in the history.")


def _sentence(values: Values, name: str, fault: str) -> str:
    text = _text(values, name)
    if len(text) < REASON_MIN:
        raise FormErrors({name: fault})
    if len(text) > REASON_MAX:
        raise FormErrors({name: f"At most {REASON_MAX} characters, please."})
    return text


def _text(values: Values, name: str) -> str:
    return str(values.get(name, {}).get(VALUE, {}).get("value") or "").strip()


def read_complete(values: Values) -> Completed:
    """The kind and what was filled in; raises FormErrors with one sentence for each wrong input."""
    filled = {name: text for name in INPUTS if (text := _text(values, name))}
    if "currency" in filled:
        filled["currency"] = filled["currency"].upper()
    kind = _kind(values)
    errors = {name: fault for name, check in _CHECKS.items() if name in filled and (fault := check(filled[name]))}
    errors |= _money_faults(filled)
    if kind is None:
        errors["kind"] = "Choose what this is."
    if errors or kind is None:
        raise FormErrors(errors)
    if "reason" in filled:
        filled[_REASON_FIELD.get(kind, "escalation_reason")] = filled.pop("reason")
    return Completed(kind=kind, fields=filled)


def _kind(values: Values) -> Kind | None:
    chosen = (values.get("kind", {}).get(VALUE, {}).get("selected_option") or {}).get("value")
    return Kind(chosen) if chosen in set(Kind) else None


def is_e_mail(text: str) -> bool:
    return _E_MAIL.fullmatch(text) is not None


def _e_mail_fault(text: str) -> str | None:
    return None if is_e_mail(text) else "This is not an e-mail address like name@example.com."


def _url_fault(text: str) -> str | None:
    return None if is_address(text) else "Give the whole address, beginning with https://."


def _brand_fault(text: str) -> str | None:
    return None if len(text) in _BRAND_NAME else "Fidel API takes brand names of 2 to 50 characters."


_CHECKS: Mapping[str, Callable[[str], str | None]] = {
    "email": _e_mail_fault,
    "website_url": _url_fault,
    "logo_url": _url_fault,
    "brand_name": _brand_fault,
}


def _money_faults(filled: Mapping[str, str]) -> dict[str, str]:
    """An amount means nothing without a currency that exists and has that many decimals."""
    amount, currency = filled.get("amount"), filled.get("currency")
    known = currency is not None and _is_currency(currency)
    errors = {}
    if currency and not known:
        errors["currency"] = f"{currency[:12]} is not a currency of ISO 4217; for example USD."
    elif amount and not currency:
        errors["currency"] = "Say the currency of the amount, for example USD."
    if amount and (fault := _amount_fault(amount, currency if known else None)):
        errors["amount"] = fault
    return errors


def _amount_fault(amount: str, currency: str | None) -> str | None:
    if not _AMOUNT.fullmatch(amount):
        return "Write the amount as a number with a point, for example 129.50."
    if not amount.strip("0."):
        return "The amount must be more than zero."
    try:
        if currency:
            to_minor(amount, currency)
    except ValueError as fault:
        return f"{fault}."
    return None


def _is_currency(code: str) -> bool:
    try:
        exponent(code)
    except ValueError:
        return False
    return True
