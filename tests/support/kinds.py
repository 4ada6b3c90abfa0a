"""Make calls, look-ups and proposals of every kind from the sandbox's examples."""

from collections.abc import Iterator, Mapping
from datetime import UTC, datetime
from importlib import import_module
from typing import Any

from bot.connectors.base import Operation
from bot.core.intake import merge, read_call
from bot.core.model import Action, Call, Fact
from bot.core.triage import Triaged, triage
from sandbox.caller import load_calls
from tests.support.world import changed_policy

NOW = datetime(2026, 11, 23, 9, 0, tzinfo=UTC)
LINK = "https://countersign.example/cases/1"
CONNECTORS = ("fidel", "gmail", "google_drive", "google_sheets", "hubspot", "quickbooks", "stripe", "zendesk")
OPERATIONS: Mapping[str, Mapping[str, Operation]] = {
    name.removeprefix("google_"): import_module(f"bot.connectors.{name}.operations").OPERATIONS for name in CONNECTORS
}
EVERYTHING = frozenset(f"{name}.{operation}" for name, listed in OPERATIONS.items() for operation in listed)
EXAMPLES = load_calls()
SHIPPED = changed_policy()


def told(name: str, **fields: object) -> Call:
    received = read_call(EXAMPLES[name]["body"], EXAMPLES[name].get("event"), SHIPPED.fields)
    assert isinstance(received, Call)
    stated = received.details.fields.model_copy(update=fields)
    return received.model_copy(update={"details": received.details.model_copy(update={"fields": stated})})


def found(name: str, **values: Any) -> Fact:
    return Fact(name=name, source="Records", observed_at=NOW, values=values, sentence=f"The {name}")


def sorted_out(
    *calls: Call, facts: tuple[Fact, ...] = (), available_operations: frozenset[str] = EVERYTHING
) -> Triaged:
    details = merge([call.details for call in calls])
    return triage(
        calls[0].call_id,
        calls,
        details,
        facts,
        policy=SHIPPED,
        available_operations=available_operations,
        now=NOW,
        link=LINK,
    )


def every_action(triaged: Triaged) -> Iterator[Action]:
    yield from triaged.actions
    for option in triaged.options:
        yield from option.actions


ON_RECORD = (
    found("customer", customer_id="cus_NORTHWIND", email="ap@northwind.example"),
    found("books_customer", customer_id="58", email="ap@northwind.example"),
    found("contact", contact_id="60121", email="ap@northwind.example", vip=False),
    found("subscription", subscription_id="sub_LARKSPUR", failure="expired_card"),
    found("dispute", dispute_id="dp_1", status="needs_response", due_by="2026-11-24T00:00:00+00:00"),
    found("transaction", transaction_id="5e1d", card_id="71c3b2e1-6c7d-4d8e-9fa0-1b2c3d4e5f60"),
    found("document", document_id="1PdfINV-20431"),
    found("brand", brand_id="0f5d1f4e-3b0a-4d6e-9f0c-6b1c7e2a9d10"),
)
