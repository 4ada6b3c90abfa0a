"""Turn a workspace's own extracted fields into the canonical fields of a call.

Names match whatever their case, spaces and hyphens. The policy's mapping comes first, then our own names, then the
names that DialNexa's guide recommends. What has no meaning for us, or cannot be read, is kept as `unmapped` text.
"""

import re
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field

from pydantic import JsonValue

from bot.core.intake.amounts import CURRENCY_NOT_STATED, Amount, amount_of, currency_of, settle
from bot.core.intake.values import TEXT_AT_MOST, URL_AT_MOST, confidence_of, email_of, flag_of, text_of
from bot.core.model import Address, Details, Fields
from bot.core.redact import field_name

CONFIDENCE_UNSTATED = 0.9  # what a call starts at that states none (playbooks)
CONFIDENCE_LOST = 0.2  # once, where anything is known from the summary text only
UNMAPPED_AT_MOST = 50  # a card shows fewer; a row must not grow without end

_SYNONYMS = {
    "refund_amount": "amount",
    "amount_mentioned": "amount",
    "disputed_amount": "amount",
    "refund_currency": "currency",
    "customer_email": "email",
    "email_address": "email",
    "customer_phone": "phone",
    "phone_number": "phone",
    "customer": "customer_name",
    "is_vip": "vip",
    "intent": "call_intent",
    "invoice": "invoice_number",
    "invoice_id": "invoice_number",
    "invoice_no": "invoice_number",
    "payment": "payment_id",
    "subscription": "subscription_id",
    "order_number": "order_id",
    "brand": "brand_name",
    "website": "website_url",
    "logo": "logo_url",
    "charge_date": "transaction_date",
    "follow_up_by": "follow_up_deadline",
    "next_step": "promised_next_step",
    "confidence_score": "confidence",
    "address": "billing_address",
}
_ADDRESS_PARTS = {
    "line1": "line1",
    "line_1": "line1",
    "street": "line1",
    "address1": "line1",
    "address_1": "line1",
    "line2": "line2",
    "line_2": "line2",
    "address2": "line2",
    "address_2": "line2",
    "city": "city",
    "town": "city",
    "region": "region",
    "state": "region",
    "province": "region",
    "county": "region",
    "postcode": "postcode",
    "postal_code": "postcode",
    "zip": "postcode",
    "zip_code": "postcode",
    "zipcode": "postcode",
    "country": "country",
    "country_code": "country",
}
_ADDRESS_PREFIX = re.compile(r"^(?:billing_address|address|billing|new_billing_address|new_address)_")
_CANONICAL = frozenset(Fields.model_fields) - {"verified"}  # only a person says how a recipient was verified
_FLAGS = frozenset(("vip", "sensitive_data_spoken"))
_INVOICE = re.compile(
    r"\b(INV[-_ #]?[A-Z0-9]*\d[A-Z0-9-]*)\b"
    r"|\binvoice\s+(?:(?:number|no\.?|nr\.?)\s*|#\s?){1,2}([A-Z]{0,5}-?\d[\w-]*)\b",
    re.IGNORECASE,
)
_NAME_KEYS, _VALUE_KEYS = ("field_name", "name", "key", "field", "label"), ("value", "answer", "result", "field_value")


@dataclass
class _Draft:
    """Collect what has been read so far of a call."""

    texts: dict[str, str] = field(default_factory=dict)
    flags: dict[str, bool] = field(default_factory=dict)
    address: dict[str, str] = field(default_factory=dict)
    amounts: list[Amount] = field(default_factory=list)
    confidence: float | None = None
    unmapped: dict[str, str] = field(default_factory=dict)
    doubts: list[str] = field(default_factory=list)

    def keep(self, name: str, text: str) -> None:
        if len(self.unmapped) < UNMAPPED_AT_MOST:
            self.unmapped.setdefault(name.strip()[:80], text)

    def doubt(self, sentence: str) -> None:
        self.doubts.append(sentence)


def pairs(container: JsonValue) -> Iterator[tuple[str, JsonValue]]:
    """Yield names and values of an object or of a list of {field_name, value}."""
    if isinstance(container, Mapping):
        yield from container.items()
    elif isinstance(container, list):
        for item in container:
            if isinstance(item, Mapping):
                name = next((stated for key in _NAME_KEYS if isinstance(stated := item.get(key), str)), None)
                if name is not None:
                    yield name, next((item[key] for key in _VALUE_KEYS if item.get(key) is not None), None)
                else:
                    yield from item.items()


def read_details(
    sources: Sequence[Iterable[tuple[str, JsonValue]]],
    *,
    summary: str | None,
    mapping: Mapping[str, str],
    redactions: Sequence[str] = (),
) -> Details:
    """Read Details from `sources` of names and values, the first of which wins; `mapping` is their name to ours."""
    mapped = {field_name(theirs): ours for theirs, ours in mapping.items()}
    draft = _Draft()
    for source in sources:
        taken = frozenset({*draft.texts, *draft.flags, *(("amount",) if draft.amounts else ())})
        ranked = [(*_target(field_name(name), mapped), name, value) for name, value in source]
        for _, target, name, value in sorted(ranked, key=lambda entry: entry[0]):
            _read(draft, target, name, value, taken)
    return _details(draft, summary, redactions)


def _target(name: str, mapped: Mapping[str, str]) -> tuple[int, str | None]:
    """Return how sure the name is, the surest first, and which canonical field or part of the address it means."""
    if name in mapped:
        return 0, mapped[name]
    if name in _CANONICAL:
        return 1, name
    if name in _SYNONYMS:
        return 2, _SYNONYMS[name]
    part = _ADDRESS_PARTS.get(_ADDRESS_PREFIX.sub("", name))
    return (2, f"billing_address.{part}") if part else (3, None)


def _read(draft: _Draft, target: str | None, name: str, value: JsonValue, taken: frozenset[str]) -> None:
    if target == "billing_address" and isinstance(value, Mapping):
        for key, item in value.items():
            part = _ADDRESS_PARTS.get(_ADDRESS_PREFIX.sub("", field_name(key)))
            _read(draft, f"billing_address.{part}" if part else None, f"{name} {key}", item, taken)
        return
    text = text_of(value, URL_AT_MOST if target and target.endswith("_url") else TEXT_AT_MOST)
    if text is None:
        return
    if target in taken and draft.texts.get(target) == text:
        return
    if target is None or target in taken or not _take(draft, target, text, name):
        draft.keep(name, text)


def _take(draft: _Draft, target: str, text: str, name: str) -> bool:
    """Take a value into the field; return False if it has to be kept aside instead."""
    if target == "amount":
        return _take_amount(draft, text, name)
    if target in _FLAGS:
        flag = flag_of(text)
        return flag is not None and draft.flags.setdefault(target, flag) is flag
    if target == "confidence":
        return _take_confidence(draft, text)
    head, _, part = target.partition(".")
    if head == "billing_address":
        part = part or "line1"
        return part in Address.model_fields and draft.address.setdefault(part, text) == text
    readable = _readable(draft, target, text)
    return readable is not None and draft.texts.setdefault(target, readable) == readable


def _readable(draft: _Draft, target: str, text: str) -> str | None:
    if target == "email":
        email = email_of(text)
        if email is None:
            draft.doubt(f"“{text[:80]}” is no complete e-mail address.")
        return email
    if target == "currency":
        code = currency_of(text)
        if code is None:
            draft.doubt(f"{CURRENCY_NOT_STATED}: “{text[:40]}” is no ISO 4217 currency.")
        return code
    return text if target in _CANONICAL else None


def _take_amount(draft: _Draft, text: str, name: str) -> bool:
    amount = amount_of(text)
    if amount is not None:
        draft.amounts.append(amount)
        if amount.negative:
            draft.keep(f"{name} as stated", text)
        return True
    nothing = not any(digit in text for digit in "123456789")
    if not nothing:
        draft.doubt(f"The amount “{text[:80]}” cannot be read.")
    return nothing


def _take_confidence(draft: _Draft, text: str) -> bool:
    share = confidence_of(text)
    if share is None:
        draft.doubt(f"The confidence “{text[:40]}” is no number between 0 and 1.")
        return False
    if draft.confidence is None:
        draft.confidence = share
    return draft.confidence == share


def _details(draft: _Draft, summary: str | None, redactions: Sequence[str]) -> Details:
    settled = settle(draft.amounts, draft.texts.get("currency"), summary or "")
    texts = {**draft.texts, "amount": settled.amount, "currency": settled.currency}
    from_summary = list(settled.from_summary)
    if "invoice_number" not in texts and (invoice := _invoice_in(summary or "")):
        texts["invoice_number"] = invoice
        from_summary.append("invoice_number")
    confidence = CONFIDENCE_UNSTATED if draft.confidence is None else draft.confidence
    if from_summary:
        confidence = round(max(confidence - CONFIDENCE_LOST, 0.0), 4)
    sensitive = True if redactions else draft.flags.get("sensitive_data_spoken")
    return Details(
        summary=summary,
        fields=Fields(
            **{name: text for name, text in texts.items() if text is not None},
            vip=draft.flags.get("vip"),
            sensitive_data_spoken=sensitive,
            confidence=confidence,
            billing_address=Address(**draft.address) if draft.address else None,
        ),
        money=settled.money,
        unmapped=draft.unmapped,
        from_summary=tuple(from_summary),
        redactions=tuple(dict.fromkeys(redactions)),
        doubts=tuple(dict.fromkeys((*draft.doubts, *settled.doubts))),
    )


def _invoice_in(summary: str) -> str | None:
    """Return the one invoice number that the text names, or None for none or several."""
    numbers = {(match[1] or match[2]).upper() for match in _INVOICE.finditer(summary)}
    return numbers.pop() if len(numbers) == 1 else None
