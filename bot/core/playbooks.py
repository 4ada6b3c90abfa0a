"""What each kind of case does: when it applies, what it needs, which facts it asks for, which actions it proposes.

A playbook is data and small pure functions. Another kind is one entry in PLAYBOOKS.
"""

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from datetime import timedelta

from bot.core import actions
from bot.core.actions import Subject
from bot.core.model import Action, Details, Kind, Option


@dataclass(frozen=True)
class Need:
    """At least one of these fields must be stated."""

    words: str  # for the card: "a payment, invoice or transaction"
    any_of: tuple[str, ...]

    def met(self, details: Details) -> bool:
        return any(
            details.money is not None if name == "money" else getattr(details.fields, name) not in (None, "")
            for name in self.any_of
        )


def _nothing(_: Subject) -> tuple[Action, ...]:
    return ()


def _no_options(_: Subject) -> tuple[Option, ...]:
    return ()


def _no_objection(_: Subject) -> str | None:
    return None


@dataclass(frozen=True)
class Playbook:
    kind: Kind
    channel: str  # default; the policy's [kinds] may say otherwise
    due: timedelta
    needs: tuple[Need, ...] = ()
    facts: frozenset[str] = frozenset()
    actions: Callable[[Subject], tuple[Action, ...]] = _nothing
    options: Callable[[Subject], tuple[Option, ...]] = _no_options
    objection: Callable[[Subject], str | None] = _no_objection  # a sentence: why it cannot be done as asked
    urgent: bool = False
    owner: str = "finance"


_MONEY = Need("an amount with its currency", ("money",))
_PAYMENT = Need("a payment, invoice or transaction", ("payment_id", "invoice_number", "transaction_id"))
_CUSTOMER = Need("the customer", ("customer_name", "account_id", "email"))

_ALL = (
    Playbook(
        Kind.REFUND,
        "refunds",
        timedelta(days=1),
        needs=(_MONEY, _PAYMENT, Need("the reason", ("refund_reason", "credit_request"))),
        facts=frozenset({"charge", "refunds", "transaction", "refund"}),
        actions=actions.refund,
        objection=actions.not_refundable,
    ),
    Playbook(
        Kind.DISPUTE,
        "disputes",
        timedelta(days=2),
        needs=(
            Need("an amount or a transaction", ("money", "transaction_id", "payment_id")),
            Need("the date or the transaction", ("transaction_date", "transaction_id", "payment_id")),
            Need("the reason", ("dispute_reason",)),
        ),
        facts=frozenset({"charge", "refunds", "transaction", "refund"}),
        options=actions.dispute_options,
    ),
    Playbook(
        Kind.VIP_BLOCKER,
        "vip",
        timedelta(minutes=15),
        needs=(_CUSTOMER, Need("what is blocked", ("escalation_reason", "payment_status", "payment_id"))),
        facts=frozenset({"charge"}),
        actions=actions.vip_blocker,
        urgent=True,
        owner="leads",
    ),
    Playbook(
        Kind.BRAND_CREATE,
        "brands",
        timedelta(days=2),
        needs=(
            Need("the brand's name", ("brand_name",)),
            Need("the website", ("website_url",)),
            Need("the logo", ("logo_url",)),
        ),
        facts=frozenset({"brand_name"}),
        actions=actions.brand_create,
        objection=actions.name_fits,
    ),
    Playbook(
        Kind.BRAND_UPDATE,
        "brands",
        timedelta(days=2),
        needs=(Need("the brand", ("brand_id", "brand_name")), Need("what changes", ("website_url", "logo_url"))),
        facts=frozenset({"brand"}),
        actions=actions.brand_update,
        objection=actions.brand_can_change,
    ),
    Playbook(
        Kind.INVOICE_RESEND,
        "documents",
        timedelta(days=1),
        needs=(Need("the invoice number", ("invoice_number",)),),
        actions=actions.invoice_resend,
    ),
    Playbook(
        Kind.REVIEW,
        "review",
        timedelta(days=1),
        facts=frozenset({"charge", "refunds", "transaction", "refund", "brand"}),
    ),
)

PLAYBOOKS: Mapping[Kind, Playbook] = {playbook.kind: playbook for playbook in _ALL}
