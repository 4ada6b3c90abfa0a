"""Complete a case, change the amount of its offer, or confirm its recipient: received like a call, and offered anew.

Who lowers an amount approves the lower one in the same click, by the rules of what was offered before. Who raises it is
an author of the new version, and others are asked again.
"""

import hashlib
from dataclasses import dataclass
from datetime import datetime

from bot.cases.calls import CallHistory, receive, settle
from bot.cases.clicks import Answer, Click, check_open, load, not_permitted, permitted
from bot.cases.decisions import approve_file, may_approve
from bot.core.cards.forms import FormErrors
from bot.core.intake.typed import typed
from bot.core.model import Call, CaseFile, CaseState, Details, Entry, Fields, Money
from bot.core.money import show, to_major, to_minor
from bot.core.policy import Policy, payout_of
from bot.core.records import left_of, unverified_recipient
from bot.core.revise import LOWERED, RAISED
from bot.core.slack_ids import CaseRef
from storage import Store

CONFIRMED = "recipient confirmed"  # event of a call by a person
MOVED_ON = "The case is another one by now; nothing was approved. Please look at the card as it stands."


@dataclass(frozen=True)
class Offering:
    """Hold what an offer is made with: the policy, "connector.operation" of what is connected, our public address."""

    policy: Policy
    available_operations: frozenset[str]
    public_url: str | None = None


def change_amount(store: Store, click: Click, amount: str, reason: str, *, offering: Offering, now: datetime) -> Answer:
    """Change the amount of the offer, given in major units as typed. Raises FormErrors before anything is written."""
    policy, file = offering.policy, load(store, click, now)
    if isinstance(file, Answer):
        return file
    before = payout_of(file.proposal)
    if before is None:
        return Answer("This case pays nothing, so there is no amount to change.")
    money = _read(amount, before, file, policy.region(file.case.channel).locale)
    lower = money.amount_minor < before.amount_minor
    if lower:  # nobody has decided on the version that this click makes
        allowed = may_approve(store, click, file.model_copy(update={"decisions": ()}), policy=policy, now=now)
        refused = allowed if isinstance(allowed, Answer) else None
    else:
        refused = not_permitted(store, click, file, policy, now)
    if refused is not None:
        return refused
    because = f"{'Lowered' if lower else 'Raised'} from {show(before)} to {show(money)}: {reason}"
    told = Details(fields=Fields(amount=to_major(money), currency=money.currency), money=money)
    event = LOWERED if lower else RAISED
    data = {"from_minor": before.amount_minor, "to_minor": money.amount_minor, "currency": money.currency}
    entry = Entry(actor=click.user_id, what=event.replace(" ", "."), sentence=because, data=data | {"reason": reason})
    after = _receive(store, click, file, told, event, entry, because=because, offering=offering, now=now)
    if not lower:
        return Answer()
    if payout_of(after.proposal) != money:
        return Answer(MOVED_ON)
    again = click.model_copy(update={"ref": CaseRef(after.case.case_id, after.case.version)})
    return approve_file(store, again, after, policy=policy, now=now, reason=reason)


def confirm_recipient(store: Store, click: Click, how: str, *, offering: Offering, now: datetime) -> Answer:
    """Confirm the recipient and say how; the person becomes an author, so somebody else approves it too."""
    file = permitted(store, click, load(store, click, now), offering.policy, now)
    if isinstance(file, Answer):
        return file
    if unverified_recipient(file) is None:
        return Answer("The recipient is on record, or was confirmed already.")
    email = file.case.details.fields.email
    told = Details(fields=Fields(email=email, verified=how))
    entry = Entry(actor=click.user_id, what="recipient.confirmed", sentence=f"Confirmed the recipient: {how}")
    _receive(store, click, file, told, CONFIRMED, entry, offering=offering, now=now)
    return Answer()


def _receive(
    store: Store,
    click: Click,
    file: CaseFile,
    told: Details,
    event: str,
    entry: Entry,
    *,
    because: str | None = None,
    offering: Offering,
    now: datetime,
) -> CaseFile:
    """Receive it as a call and settle it by the facts that are known, since no transaction waits for a vendor."""
    case = file.case
    call = Call(call_id=case.root, author=click.user_id, event=event, details=told, because=because)
    store.append(case.case_id, entry, now)
    receive(store, call, body_sha256=hashlib.sha256(click.identity.encode()).hexdigest(), now=now)
    every = CallHistory(case.root, tuple(store.calls_of(case.root)))
    settle(
        store,
        every,
        case.facts,
        policy=offering.policy,
        available_operations=offering.available_operations,
        now=now,
        public_url=offering.public_url,
    )
    return store.case_file(case.case_id) or file


def _read(amount: str, before: Money, file: CaseFile, locale: str) -> Money:
    currency = before.currency
    try:
        money = Money(amount_minor=to_minor(typed(amount, currency, locale), currency), currency=currency)
    except ValueError as fault:
        raise FormErrors({"amount": str(fault)}) from None
    left = left_of(file.case.details.fields, file.case.facts, currency)
    if money == before:
        already = f"It is {show(before, locale)} already."
        raise FormErrors({"amount": f"{already} To approve that, close this and press Approve."})
    if left is not None and money.amount_minor > left.amount_minor:
        raise FormErrors({"amount": f"Only {show(left, locale)} is left of what was paid."})
    return money


def complete(store: Store, click: Click, details: Details, *, policy: Policy, now: datetime) -> Answer:
    """Receive a person's details as a further call of the case, unless the policy does not let this person act."""
    found = check_open(store, click, policy=policy, state=CaseState.OPEN, now=now)
    if isinstance(found, Answer):
        return found
    call = Call(call_id=found.case.root, author=click.user_id, event="form", details=details)
    receive(store, call, body_sha256=hashlib.sha256(click.identity.encode()).hexdigest(), now=now)
    return Answer()
