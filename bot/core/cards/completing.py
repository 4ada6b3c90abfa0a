"""Draw and read the form that says what a case is, to complete a case or to open one from a message.

It asks all that any kind asks; those of the chosen kind come first, in their order, and choosing another kind puts
them in another order. What was typed stays: `views.update` keeps it as long as an input keeps its ids.
"""

from collections.abc import Mapping, Sequence
from typing import Any

from bot.core.cards import wording
from bot.core.cards.answers import faults
from bot.core.cards.forms import FormErrors, Input, Values, modal, ref_of, text_input, text_of
from bot.core.cards.mrkdwn import Block, context, data, fit, plain, section
from bot.core.intake.typed import typed
from bot.core.model import Address, CaseFile, Details, Frozen, Kind, Money
from bot.core.money import HOME, editable
from bot.core.playbooks import PLAYBOOKS
from bot.core.records import masked, reason
from bot.core.slack_ids import ActionId, CallbackId

SUMMARY, SUMMARY_AT_MOST = "summary", 3000  # characters: what one section of a card can show


class Completed(Frozen):
    """Hold what a person says a case is; `fields` holds only inputs that were filled in, by canonical field name.

    Texts, but for `billing_address`, which holds its parts.
    """

    kind: Kind
    fields: dict[str, Any]


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
_EVERY = (*INPUTS, _ADDRESS)
_KIND, _OTHERS = "kind", "others"  # block ids


def completable() -> tuple[Kind, ...]:
    """Return the kinds that a person can turn a case into: all but the one that asks for this."""
    return tuple(kind for kind in PLAYBOOKS if kind is not Kind.REVIEW)


# --- the views ------------------------------------------------------------------------------------------------------


def complete_form(
    file: CaseFile, kind: Kind | None = None, *, kinds: Sequence[Kind] | None = None, locale: str = HOME
) -> Block:
    """Draw the form that asks what the case is and for what is missing; `kind` is chosen beforehand."""
    offered = tuple(kinds) if kinds is not None else completable()
    doubts = [f"• {data(doubt)}" for doubt in wording.doubts(file)]
    blocks = [
        *([section("*Why it needs a look*\n" + fit(doubts, 2000))] if doubts else []),
        # What is hidden is opened only by its own button.
        *_questions(masked(file.case.details), kind, offered, locale),
    ]
    return modal(CallbackId.COMPLETE_FORM, ref_of(file), "Complete this case", "Propose", blocks)


def open_form(details: Details, source: str, locale: str = HOME) -> Block:
    """Draw the form that opens a case from a message; `source` says which and comes back as it is."""
    summary = text_input(SUMMARY, Input("What it is about", "Without card, bank or tax numbers"), details.summary)
    summary["element"] |= {"multiline": True, "max_length": SUMMARY_AT_MOST}
    if details.summary:
        summary["element"]["initial_value"] = details.summary[:SUMMARY_AT_MOST]
    questions = _questions(details, None, completable(), locale)
    return modal(CallbackId.OPEN_FORM, source, "Open a finance case", "Open", [questions[0], summary, *questions[1:]])


def of_kind(view: Mapping[str, Any], kind: Kind | None) -> Block:
    """Return the form that Slack handed back, in the order of another kind."""
    lasting = ("type", "callback_id", "private_metadata", "title", "submit", "close")
    blocks = {block["block_id"]: block for block in view["blocks"]}
    fields = {name: [block for at, block in blocks.items() if at.partition(".")[0] == name] for name in _EVERY}
    before = [block for at, block in blocks.items() if at != _OTHERS and at.partition(".")[0] not in _EVERY]
    return {**{name: view[name] for name in lasting}, "blocks": [*before, *_in_order(kind, fields)]}


def _questions(details: Details, kind: Kind | None, offered: Sequence[Kind], locale: str) -> list[Block]:
    options = [{"text": plain(wording.TITLES[option], 75), "value": option.value} for option in offered]
    select: Block = {"type": "static_select", "action_id": ActionId.KIND.value, "options": options}
    if kind in offered:
        select["initial_option"] = options[offered.index(kind)]
    chosen: Block = {"type": "input", "block_id": _KIND, "label": plain("What is it?", 100), "element": select}
    fields = {name: _input(name, details, locale) for name in _EVERY}
    return [chosen | {"dispatch_action": True}, *_in_order(kind, fields)]


def _in_order(kind: Kind | None, fields: Mapping[str, list[Block]]) -> list[Block]:
    """Return the inputs of the kind first, then the others, since a call may state more than its kind needs."""
    first = PLAYBOOKS[kind].form if kind else ()
    asked, others = ([block for name in names for block in fields[name]] for names in (first, _besides(first)))
    between = [{**context("*Not needed for this kind*, and kept if you fill it in"), "block_id": _OTHERS}]
    return [*asked, *(between if asked and others else []), *others]


def _besides(first: Sequence[str]) -> list[str]:
    return [name for name in _EVERY if name not in first]


def _input(name: str, details: Details, locale: str) -> list[Block]:
    if name == "amount":
        example = editable(Money(amount_minor=12950, currency="USD"), locale)
        asked = INPUTS[name]._replace(hint=f"In major units: {example}")
        known_amount = editable(details.money, locale) if details.money else _known(details, name)
        return [text_input(name, asked, known_amount, optional=True)]
    if name != _ADDRESS:
        return [text_input(name, INPUTS[name], _known(details, name), optional=True)]
    address = details.fields.billing_address or Address()
    return [
        text_input(f"{_ADDRESS}.{part}", asked, getattr(address, part), optional=True)
        for part, asked in ADDRESS.items()
    ]


def _known(details: Details, name: str) -> str | None:
    if name == "reason":
        return reason(details)
    value = getattr(details.fields, name)
    return value if isinstance(value, str) else None


# --- what came back -------------------------------------------------------------------------------------------------


def read_summary(values: Values) -> str | None:
    return text_of(values, SUMMARY)[:SUMMARY_AT_MOST] or None


def read_complete(values: Values, locale: str = HOME) -> Completed:
    """Return the kind and what was filled in. Raises FormErrors with a sentence for each wrong input."""
    filled: dict[str, Any] = {name: text for name in INPUTS if (text := text_of(values, name))}
    if address := {part: text for part in ADDRESS if (text := text_of(values, f"{_ADDRESS}.{part}"))}:
        filled[_ADDRESS] = address
    if "currency" in filled:
        filled["currency"] = filled["currency"].upper()
    kind = kind_of(values)
    errors = faults(filled, locale)
    if kind is None:
        errors[_KIND] = "Choose what this is."
    if errors or kind is None:
        raise FormErrors(errors)
    if "amount" in filled:
        filled["amount"] = f"{typed(filled['amount'], filled['currency'], locale):f}"
    if "reason" in filled:
        filled[PLAYBOOKS[kind].reason_field] = filled.pop("reason")
    return Completed(kind=kind, fields=filled)


def kind_of(values: Values) -> Kind | None:
    chosen = (values.get(_KIND, {}).get(ActionId.KIND, {}).get("selected_option") or {}).get("value")
    return Kind(chosen) if chosen in set(Kind) else None
