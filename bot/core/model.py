"""Define the words of Countersign as frozen values. `docs/words.md` says what each means.

Amounts are integers in minor units of an ISO 4217 currency. Times are aware UTC and end in `_at`. `None` means
"not stated": nothing is ever guessed.
"""

from datetime import datetime
from enum import StrEnum
from typing import Self

from pydantic import BaseModel, ConfigDict, JsonValue, model_validator


class Frozen(BaseModel):
    # a fault in a log must not quote what a customer said
    model_config = ConfigDict(frozen=True, extra="forbid", hide_input_in_errors=True)


class Kind(StrEnum):
    """Name what a case is about; its file in `bot/core/playbooks` says what it does."""

    REFUND = "refund"
    DISPUTE = "dispute"
    VIP_BLOCKER = "vip_blocker"
    COLLECTIONS = "collections"
    RECEIPT = "receipt"
    INVOICE_RESEND = "invoice_resend"
    RENEWAL_FAILED = "renewal_failed"
    ADDRESS_CORRECTION = "address_correction"
    BRAND_CREATE = "brand_create"
    BRAND_UPDATE = "brand_update"
    BILLING_QUESTION = "billing_question"
    REVIEW = "review"


class CaseState(StrEnum):
    OPEN = "open"
    APPROVED = "approved"
    DONE = "done"
    REJECTED = "rejected"
    EXPIRED = "expired"
    STUCK = "stuck"


class ExecutionState(StrEnum):
    PENDING = "pending"
    RUNNING = "running"
    SUCCEEDED = "succeeded"
    REFUSED = "refused"
    UNSURE = "unsure"
    BY_HAND = "by_hand"


class Outcome(StrEnum):
    """Say how an Attempt ended."""

    SUCCEEDED = "succeeded"
    REFUSED = "refused"
    UNAVAILABLE = "unavailable"
    UNSURE = "unsure"


class Verdict(StrEnum):
    APPROVE = "approve"
    REJECT = "reject"


class Money(Frozen):
    amount_minor: int
    currency: str  # ISO 4217, upper case


class Address(Frozen):
    line1: str | None = None
    line2: str | None = None
    city: str | None = None
    region: str | None = None
    postcode: str | None = None
    country: str | None = None


class Fields(Frozen):
    """Hold the canonical fields of a Call (section "Canonical fields" of the playbooks)."""

    customer_name: str | None = None
    account_id: str | None = None
    email: str | None = None
    phone: str | None = None
    vip: bool | None = None

    invoice_number: str | None = None
    payment_id: str | None = None
    subscription_id: str | None = None
    transaction_id: str | None = None
    card_id: str | None = None
    location_id: str | None = None
    brand_id: str | None = None
    brand_name: str | None = None
    website_url: str | None = None
    logo_url: str | None = None
    order_id: str | None = None

    amount: str | None = None  # decimal text in major units, as stated: "1240.00"; `Details.money` is the exact form
    currency: str | None = None  # ISO 4217, upper case
    due_date: str | None = None  # as stated; ISO 8601 where it could be read
    transaction_date: str | None = None
    payment_status: str | None = None

    call_intent: str | None = None
    refund_reason: str | None = None
    dispute_reason: str | None = None
    credit_request: str | None = None
    escalation_reason: str | None = None
    cancellation_risk: str | None = None

    verified: str | None = None  # how a person made sure of `email`; never believed from a call

    finance_owner: str | None = None
    approval_threshold: str | None = None
    promised_next_step: str | None = None
    follow_up_deadline: str | None = None
    urgency: str | None = None

    billing_address: Address | None = None
    tax_region: str | None = None

    transcript_url: str | None = None
    recording_url: str | None = None
    crm_url: str | None = None
    ticket_url: str | None = None
    payment_url: str | None = None

    sensitive_data_spoken: bool | None = None
    confidence: float | None = None  # 0 to 1
    sentiment: str | None = None
    language: str | None = None


class Details(Frozen):
    """Hold what a case is about: taken from its Call, completed by a person's form, redacted by the handler."""

    summary: str | None = None
    fields: Fields = Fields()
    money: Money | None = None  # set when both amount and currency are stated and fit each other
    unmapped: dict[str, str] = {}  # the workspace's own field names we have no meaning for: shown, never dropped
    from_summary: tuple[str, ...] = ()  # names of fields whose value was found only in the summary text
    redactions: tuple[str, ...] = ()  # what was removed before anything was stored, e.g. "card ••4242"
    doubts: tuple[str, ...] = ()  # sentences; any of them sends the case to review

    @property
    def sensitive(self) -> bool:
        """Return whether the call is flagged or was redacted: its summary is then for permitted people only."""
        return self.fields.sensitive_data_spoken is True or bool(self.redactions)


class Turn(Frozen):
    speaker: str  # "agent", "caller" or what the payload said
    text: str


class Call(Frozen):
    """Hold a call summary as received and redacted; unchangeable. `call_id` is the root of every idempotency key.

    What a person tells us about a case, by a command or a form, comes the same way: `author` is that person, and for
    a case that a person opened `call_id` is the case's own id.
    """

    call_id: str
    author: str | None = None  # Slack user id; None: DialNexa
    event: str
    agent_id: str | None = None
    direction: str | None = None
    from_number: str | None = None
    to_number: str | None = None
    started_at: datetime | None = None
    duration_s: int | None = None
    transcript: tuple[Turn, ...] = ()
    details: Details
    because: str | None = None  # a sentence: why a person changed what is offered
    workflow: str | None = None  # id of the Slack workflow step that opened it and waits for the outcome
    analysed: bool = True  # False: the analysis is still to come (system C), triage waits a little for it


class Action(Frozen):
    """Describe an effect on an outside system."""

    name: str  # unique in its proposal, part of the idempotency key: "create-brand"
    connector: str  # "fidel", "stripe", ...; a connector that is not configured makes it a step for a person
    operation: str  # one of the connector's operations: "create_brand"
    params: dict[str, JsonValue] = {}
    sentence: str  # for people: "Create brand Harbour Lane Bakery on Fidel API"
    by_hand: bool = False  # as proposed nothing is connected that could do it; asked again when it is due


class Option(Frozen):
    """Offer a way to settle a case; choosing it opens a new proposal version with its actions."""

    name: str  # "refund"
    label: str  # button text, at most 30 characters: "Refund it"
    actions: tuple[Action, ...] = ()
    kind: Kind | None = None  # choosing it makes this another kind of case, whose playbook then proposes the actions


class Proposal(Frozen):
    """Offer ordered actions on a card. A decision is about one version and says nothing about another."""

    case_id: str
    version: int
    kind: Kind
    money: Money | None = None
    highest: Money | None = None  # what was offered before a person lowered it: its rules decide, not those of `money`
    actions: tuple[Action, ...] = ()
    options: tuple[Option, ...] = ()
    authors: tuple[str, ...] = ()  # Slack user ids who asked for or edited it: they cannot decide alone
    because: str | None = None  # a sentence: why this version exists, or why the case needs a look
    created_at: datetime

    @property
    def amount_for_policy(self) -> Money | None:
        """Return the amount that the policy looks at."""
        return self.highest or self.money

    @model_validator(mode="after")
    def _amounts_agree(self) -> Self:
        """Check that no action is about another amount than `money`, by which the policy says who must approve."""
        every = (*self.actions, *(action for option in self.options for action in option.actions))
        for params in (action.params for action in every if "amount_minor" in action.params):
            asked = (params["amount_minor"], params.get("currency"))
            if self.money is None or asked != (self.money.amount_minor, self.money.currency):
                raise ValueError("an action's amount is not the amount of its proposal")
        return self


class Fact(Frozen):
    """Hold what a read-only look-up told us, with its time and source; `missing` says why there is nothing."""

    name: str  # "charge", "transaction", "brand"
    source: str  # "Stripe", "Fidel API"
    observed_at: datetime
    values: dict[str, JsonValue] = {}
    sentence: str | None = None  # for the card
    url: str | None = None
    doubt: str | None = None  # a sentence; sends the case to review
    missing: str | None = None
    failed: bool = False  # it is missing because the look-up itself failed: nothing is known, and it is tried again


class Earlier(Frozen):
    """Describe another case about the same thing, or one that looks like it."""

    case_id: str
    kind: Kind
    state: CaseState
    opened_at: datetime
    why: str  # "the same payment pi_1", "the same customer and a similar amount"
    exact: bool  # False: a hint only
    paid: Money | None = None  # what that case was approved to pay
    paid_at: datetime | None = None
    paid_by: tuple[str, ...] = ()  # Slack ids of who approved it, or "policy:<version>"


class Case(Frozen):
    """Hold what people decide on."""

    case_id: str
    root: str  # root of its idempotency keys: the call id, or the case id when a person opened it
    call_id: str | None = None
    kind: Kind
    state: CaseState
    version: int  # of its current proposal
    revision: int  # grows with every visible change; a card with an older shown_revision is drawn again
    details: Details
    facts: tuple[Fact, ...] = ()
    earlier: tuple[Earlier, ...] = ()
    workflow: str | None = None  # id of the Slack workflow step that waits for the outcome
    channel: str  # a name in the policy's [channels]
    urgent: bool = False
    owner: str  # a group of the policy, or a Slack user id
    fallen_to_admins: bool = False  # nobody else could decide on it or carry it on any more
    due_at: datetime
    opened_by: str  # "dialnexa" or a Slack user id
    opened_at: datetime
    updated_at: datetime
    closing: str | None = None  # a sentence: how it ended, or why it is stuck


class Decision(Frozen):
    """Record a person's approve or reject of a proposal version."""

    case_id: str
    version: int
    user_id: str
    verdict: Verdict
    reason: str | None = None
    in_groups: tuple[str, ...] = ()  # the policy's groups this person was in at the click, lent ones included
    stood_in_for: tuple[str, ...] = ()  # Slack ids of those who were away and had lent their groups
    over_limits: tuple[str, ...] = ()  # keys of [limits] that it passed, so that the version needs one band up
    rule: str  # the sentence of the rule that applied
    policy_version: str
    decided_at: datetime


class Receipt(Frozen):
    """Hold what the vendor gave back."""

    vendor_id: str
    url: str | None = None
    note: str | None = None  # a sentence for the card
    request_id: str | None = None  # the vendor's own id of the request, for their support


class Execution(Frozen):
    """Describe an approved action on its way. Its key is used for every attempt, for ever."""

    key: str  # "<call id>/<action name>/<n>"
    case_id: str
    version: int  # of the proposal that was approved
    position: int  # from 0; they run in order
    action: Action
    fingerprint: str  # of connector, operation and params: a key with another fingerprint is an error
    state: ExecutionState
    attempts: int = 0
    failures: int = 0  # in a row, since it was approved or a person pressed retry
    due_at: datetime | None = None  # None: waits for the one before, for a person, or is finished
    lease_owner: str | None = None
    lease_until: datetime | None = None
    first_sent_at: datetime | None = None
    detail: str | None = None  # a sentence: what was refused, or what is not known
    receipt: Receipt | None = None


class Attempt(Frozen):
    """Record a try of an execution over the wire; written before it is made, completed after."""

    key: str
    n: int  # from 1
    started_at: datetime
    looks_first: bool  # an earlier try may have had its effect: look before acting
    ended_at: datetime | None = None
    outcome: Outcome | None = None
    detail: str | None = None
    request_id: str | None = None


class Entry(Frozen):
    """Hold what is to be written in the audit history; the store chains it."""

    actor: str  # Slack user id, "dialnexa", "worker", "policy:<version>"
    what: str  # "call.received", "decision.approve", "execution.succeeded"
    sentence: str | None = None  # for people: shown in the card's thread and in `cases show`
    data: dict[str, JsonValue] = {}


class AuditEntry(Frozen):
    """Hold a line of the append-only history, chained by hash within its case."""

    case_id: str
    n: int  # from 1
    at: datetime
    entry: Entry
    previous_hash: str
    hash: str


class CardCopy(Frozen):
    """Say where a case's card is in Slack, and how much of the case it shows."""

    case_id: str
    place: str  # "home": its own channel; later copies get other names
    channel: str  # a name in the policy's [channels]
    channel_id: str | None = None
    message_ts: str | None = None
    shown_revision: int = 0
    posting_since: datetime | None = None  # a post was begun and its answer never seen: look before posting again
    trail_n: int = 0  # the last audit entry that the card's thread shows
    trail_since: datetime | None = None  # as posting_since, for the thread
    failures: int = 0  # in a row
    due_at: datetime | None = None
    lease_owner: str | None = None
    lease_until: datetime | None = None


class CaseFile(Frozen):
    """Hold a case with all that its card and its decisions need."""

    case: Case
    proposal: Proposal
    decisions: tuple[Decision, ...] = ()  # of the current version
    executions: tuple[Execution, ...] = ()
