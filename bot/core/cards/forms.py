"""The modal views of a case and what people write in them; a fault is named beside its input."""

from collections.abc import Mapping, Sequence
from typing import Any, NamedTuple

from bot.core.cards import wording
from bot.core.cards.answers import faults
from bot.core.cards.answers import is_e_mail as is_e_mail  # those who take answers elsewhere look for it here
from bot.core.cards.mrkdwn import Block, data, fit, plain, section
from bot.core.cards.progress import steps
from bot.core.intake.typed import typed
from bot.core.model import Address, CaseFile, Details, ExecutionState, Frozen, Kind, Money
from bot.core.money import HOME, editable
from bot.core.names import CallbackId, CaseRef
from bot.core.playbooks import PLAYBOOKS
from bot.core.veil import veiled

Values = Mapping[str, Mapping[str, Mapping[str, Any]]]  # view["state"]["values"]: block id -> action id -> element

SUMMARY, SUMMARY_AT_MOST = "summary", 3000  # characters: what one section of a card can show
VALUE = "value"  # the action id of every input; its block id says which one it is
REASON_MIN, REASON_MAX = 3, 500  # long enough to mean something to an auditor, short enough to be read
_TITLE_MAX = 24  # Slack's limit
_LINE_MAX = 200


class FormErrors(Exception):
    """What is wrong in a form: a sentence for each block id, as Slack's `response_action: errors` wants it."""

    def __init__(self, errors: Mapping[str, str]) -> None:
        super().__init__("; ".join(errors))
        self.errors = dict(errors)


class Completed(Frozen):
    """What a person says a case is; `fields` holds only inputs that were filled in, by canonical field name.

    Texts, but for `billing_address`, which holds its parts.
    """

    kind: Kind
    fields: dict[str, Any]


class Input(NamedTuple):
    label: str
    hint: str | None = None


INPUTS: Mapping[str, Input] = {
    "customer_name": Input("Customer"),
    "email": Input("E-mail"),
    "account_id": Input("Account", "The customer's id in the system that bills"),
    "amount": Input("Amount"),
    "currency": Input("Currency", "Three letters: USD"),
    "payment_id": Input("Payment id"),
    "transaction_id": Input("Transaction id"),
    "transaction_date": Input("Date of the charge", "2026-11-23"),
    "invoice_number": Input("Invoice number"),
    "subscription_id": Input("Subscription id"),
    "promised_next_step": Input("Promised to the caller"),
    "follow_up_deadline": Input("Date of the promise", "2026-12-01"),
    "brand_name": Input("Brand name", "2 to 50 characters"),
    "website_url": Input("Website", "https://…"),
    "logo_url": Input("Logo", "https://…"),
    "brand_id": Input("Brand id"),
    "reason": Input("Reason", "What the caller said, without card, bank or tax numbers"),
}

# The parts of a billing address; their block ids begin with "billing_address.".
ADDRESS: Mapping[str, Input] = {
    "line1": Input("New address: street"),
    "line2": Input("Second line"),
    "city": Input("City"),
    "region": Input("Region or state"),
    "postcode": Input("Postcode"),
    "country": Input("Country", "Two letters: US"),
}
_ADDRESS = "billing_address"


def completable() -> tuple[Kind, ...]:
    """The kinds that a person can turn a case into: all that have a playbook, except the one that asks for this."""
    return tuple(kind for kind in PLAYBOOKS if kind is not Kind.REVIEW)


# --- the views ------------------------------------------------------------------------------------------------------


def reject_form(ref: CaseRef, title: str) -> Block:
    """Asks why; `title` says what is rejected, in plain text."""
    reason = prose_input("reason", Input("Reason", "It is kept in the history and shown on the card"))
    return modal(CallbackId.REJECT_FORM, ref, "Reject", "Reject", [section(f"*{data(title, 200)}*"), reason])


def settle_form(file: CaseFile) -> Block:
    """Asks what was done by hand, beside the steps that did not succeed."""
    open_steps = [one for one in steps(file) if one.state is not ExecutionState.SUCCEEDED]
    lines = [f"• {data(one.action.sentence)} _({data(wording.system(one.action))})_" for one in open_steps]
    what = "*Not done by Countersign:*\n" + fit(lines, 2000) if lines else "*Every step has succeeded.*"
    note = prose_input("note", Input("What was done", "It is kept in the history; name the receipt if there is one"))
    return modal(CallbackId.SETTLE_FORM, ref_of(file), "Settle by hand", "Settle", [section(what), note])


def complete_form(file: CaseFile, kind: Kind | None = None, *, kinds: Sequence[Kind] | None = None,
                  locale: str = HOME) -> Block:  # fmt: skip
    """Asks what the case is and for what is missing, filled in as far as known; `kind` is chosen beforehand."""
    offered = tuple(kinds) if kinds is not None else completable()
    doubts = [f"• {data(doubt)}" for doubt in wording.doubts(file)]
    blocks = [
        *([section("*Why it needs a look*\n" + fit(doubts, 2000))] if doubts else []),
        # What is hidden is opened only by its own button.
        *_questions(veiled(file.case.details), kind, offered, locale),
    ]
    return modal(CallbackId.COMPLETE_FORM, ref_of(file), "Complete this case", "Propose", blocks)


def open_form(details: Details, source: str, locale: str = HOME) -> Block:
    """Asks for the same to open a case from a message; `source` says which and comes back as it is."""
    summary = text_input(SUMMARY, Input("What it is about", "Without card, bank or tax numbers"), details.summary)
    summary["element"] |= {"multiline": True, "max_length": SUMMARY_AT_MOST}
    if details.summary:
        summary["element"]["initial_value"] = details.summary[:SUMMARY_AT_MOST]
    questions = _questions(details, None, completable(), locale)
    return modal(CallbackId.OPEN_FORM, source, "Open a finance case", "Open", [questions[0], summary, *questions[1:]])


def _questions(details: Details, kind: Kind | None, offered: Sequence[Kind], locale: str) -> list[Block]:
    options = [{"text": plain(wording.TITLES[one], 75), "value": one.value} for one in offered]
    select: Block = {"type": "static_select", "action_id": VALUE, "options": options}
    if kind in offered:
        select["initial_option"] = options[offered.index(kind)]
    return [
        {"type": "input", "block_id": "kind", "label": plain("What is it?", 100), "element": select},
        *(block for name in _in_order(kind) for block in _input(name, details, locale)),
    ]


def _in_order(kind: Kind | None) -> list[str]:
    """Those of the kind first; the others follow, since the person may choose another kind."""
    first = PLAYBOOKS[kind].form if kind else ()
    return [*first, *(name for name in (*INPUTS, _ADDRESS) if name not in first)]


def _input(name: str, details: Details, locale: str) -> list[Block]:
    if name == "amount":
        example = editable(Money(amount_minor=12950, currency="USD"), locale)
        asked = INPUTS[name]._replace(hint=f"In major units: {example}")
        known_amount = editable(details.money, locale) if details.money else _known(details, name)
        return [text_input(name, asked, known_amount, optional=True)]
    if name != _ADDRESS:
        return [text_input(name, INPUTS[name], _known(details, name), optional=True)]
    known = details.fields.billing_address or Address()
    return [
        text_input(f"{_ADDRESS}.{part}", asked, getattr(known, part), optional=True) for part, asked in ADDRESS.items()
    ]


def notice(title: str, sentence: str) -> Block:
    """What a form is replaced by when it could not be carried out; `sentence` is ours and may hold mentions."""
    view = {"type": "modal", "title": plain(title, _TITLE_MAX), "close": plain("Close", _TITLE_MAX)}
    return view | {"blocks": [section(sentence)]}


def ref_of(file: CaseFile) -> CaseRef:
    return CaseRef(file.case.case_id, file.proposal.version)


def _known(details: Details, name: str) -> str | None:
    if name == "reason":
        return wording.reason(details)
    value = getattr(details.fields, name)
    return value if isinstance(value, str) else None


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
    """The reason; raises FormErrors when there is none worth keeping."""
    return prose_of(values, "reason", "Say why in at least 3 characters: the reason is kept in the history.")


def read_settle(values: Values) -> str:
    """What was done by hand; raises FormErrors when there is nothing worth keeping."""
    return prose_of(values, "note", "Say what was done in at least 3 characters: it is kept in the history.")


def prose_of(values: Values, name: str, fault: str, *, least: int = REASON_MIN) -> str:
    """What was written there, of a length that is worth keeping; raises FormErrors with `fault`."""
    text = text_of(values, name)
    if len(text) < least:
        raise FormErrors({name: fault})
    if len(text) > REASON_MAX:
        raise FormErrors({name: f"At most {REASON_MAX} characters, please."})
    return text


def text_of(values: Values, name: str) -> str:
    return str(values.get(name, {}).get(VALUE, {}).get("value") or "").strip()


def read_summary(values: Values) -> str | None:
    return text_of(values, SUMMARY)[:SUMMARY_AT_MOST] or None


def read_complete(values: Values, locale: str = HOME) -> Completed:
    """The kind and what was filled in; raises FormErrors with one sentence for each wrong input."""
    filled: dict[str, Any] = {name: text for name in INPUTS if (text := text_of(values, name))}
    if address := {part: text for part in ADDRESS if (text := text_of(values, f"{_ADDRESS}.{part}"))}:
        filled[_ADDRESS] = address
    if "currency" in filled:
        filled["currency"] = filled["currency"].upper()
    kind = _kind(values)
    errors = faults(filled, locale)
    if kind is None:
        errors["kind"] = "Choose what this is."
    if errors or kind is None:
        raise FormErrors(errors)
    if "amount" in filled:
        filled["amount"] = f"{typed(filled['amount'], filled['currency'], locale):f}"
    if "reason" in filled:
        filled[PLAYBOOKS[kind].reason_field] = filled.pop("reason")
    return Completed(kind=kind, fields=filled)


def _kind(values: Values) -> Kind | None:
    chosen = (values.get("kind", {}).get(VALUE, {}).get("selected_option") or {}).get("value")
    return Kind(chosen) if chosen in set(Kind) else None
