"""Watch what people do and what is carried out, and judge both by the reference model alone."""

import hashlib
import json
from collections import defaultdict
from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime, timedelta

from bot.cases.executions import ClaimedExecution
from bot.core.model import Action, Case, CaseFile, CaseState, Decision, Execution, Outcome, Proposal, Verdict
from bot.core.slack_ids import CaseRef
from storage import Store
from tests.simulation.quorum.reference_model import (
    DAY,
    MONTH,
    PEOPLE,
    Hand,
    Paid,
    Rules,
    amount_text,
    cents_of,
    enough_are_here,
    is_higher,
    is_quorum,
    seats_now,
)

ON_RECORD = "dana@example.com"  # the address that a payment's own record holds


@dataclass(frozen=True)
class Telling:
    """Record what a case was told, by DialNexa or by a person."""

    author: str | None = None
    amount: str | None = None  # "15.00 USD"
    lowers: bool = False
    verifies: str | None = None  # an address


@dataclass(frozen=True)
class Offer:
    """Record one version as it hung in Slack, and who is behind it."""

    proposal: Proposal
    amount: str | None
    amount_for_policy: str | None  # what was offered before somebody lowered it
    lowered_from: str | None
    authors: frozenset[str]
    upto: int  # so many tellings are in it


@dataclass
class Seen:
    """Hold all that was seen of one case."""

    tellings: list[Telling] = field(default_factory=list)
    settles: int | None = None  # so many tellings are in what is being settled
    choosers: set[str] = field(default_factory=set)
    looked_up: set[str] = field(default_factory=set)
    offers: dict[int, Offer] = field(default_factory=dict)
    hands: dict[int, list[Hand]] = field(default_factory=lambda: defaultdict(list))
    decisions: dict[tuple[int, str], Decision] = field(default_factory=dict)
    case: Case | None = None
    ends_at: datetime | None = None
    approved: int | None = None  # the version that runs
    closed: str | None = None  # why nothing may run


@dataclass
class Run:
    """Follow one key, as somebody sees it who stands at the line to the vendor."""

    attempt: int = 0
    until: datetime | None = None
    open: bool = False
    doubt: bool = False
    done: bool = False


class Oracle:
    def __init__(self) -> None:
        self.cases: dict[str, Seen] = defaultdict(Seen)
        self.runs: dict[str, Run] = defaultdict(Run)
        self.paid: list[Paid] = []
        self.paused: set[str] = set()

    def approved(self, store: Store, ref: CaseRef, hand: Hand, policy_version: str) -> None:
        """Check what the bot keeps of an approval that it has counted: this click, as it was at this moment."""
        (case_id, version), seen = ref, self.cases[ref.case_id]
        kept = next(
            (decision for decision in store.decisions(case_id, version) if decision.user_id == hand.user_id), None
        )
        assert kept is not None, f"what is kept is the click: {hand.user_id} approved, and nothing is kept"
        groups, lenders = set(kept.in_groups), set(kept.stood_in_for)
        lent = set[str]().union(*(hand.lent.get(lender, ()) for lender in lenders))
        ours = hand.own <= groups <= hand.own | lent and lenders <= set(hand.lent)
        assert ours, f"what is kept is the click: {hand} is kept as in {groups}, for {lenders}"
        right = (kept.version, kept.policy_version, kept.decided_at, kept.verdict)
        assert right == (version, policy_version, hand.at, Verdict.APPROVE), f"what is kept is the click: {right}"
        seen.hands[version].append(hand)
        seen.decisions[version, hand.user_id] = kept

    def rejected(self, store: Store, ref: CaseRef, user_id: str) -> None:
        seen = self.cases[ref.case_id]
        seen.closed = f"{user_id} rejected it"
        rejections = [
            decision
            for decision in store.decisions(*ref)
            if decision.user_id == user_id and decision.verdict is Verdict.REJECT
        ]
        seen.decisions |= {(decision.version, decision.user_id): decision for decision in rejections}

    def acted(self, case: Case, hand: Hand, rules: Rules) -> None:
        """Check that whoever acted on a case could be asked to decide on one of its kind."""
        able = rules.groups(case.kind) | ({"admins"} if case.fallen_to_admins else set())
        assert not hand.groups.isdisjoint(able), f"only those who may act do: {hand} acted on a {case.kind}"

    def may_have_escalated(self, store: Store, case_id: str, here: Mapping[str, set[str]], rules: Rules) -> None:
        """Check that no case is escalated to admins while there are enough others than its authors and approvers."""
        seen, now = self.cases[case_id], store.case(case_id)
        case = seen.case
        if case is None or case.fallen_to_admins or now is None or not now.fallen_to_admins:
            return
        offer, hands = seen.offers[case.version], seen.hands[case.version]
        if not offer.proposal.actions or case.state is not CaseState.OPEN:
            able = {who for group in rules.groups(case.kind) for who in here[group]}
            assert not able, f"it falls where too few are there: {case_id}, {sorted(able)}"
            return
        spoken = offer.authors | {user_id for hand in hands for user_id in (hand.user_id, *hand.lent)}
        either = [rules.seats(case.kind, cents_of(offer.amount_for_policy), up=up) for up in (False, True)]
        enough = all(enough_are_here(seats, {group: here[group] - spoken for group in here}) for seats in either)
        assert not enough, f"it falls where too few are there: {case_id}, {either}, {here}"

    def claimed(self, work: ClaimedExecution, now: datetime, until: datetime) -> None:
        execution, attempt = work.execution, work.attempt
        seen, run = self.cases[execution.case_id], self.runs[execution.key]
        assert seen.approved == execution.version, (
            f"nothing runs but what was approved: {execution.key} of {execution.version}"
        )
        assert seen.closed is None, f"nothing runs of a case that ended: {execution.key}, {seen.closed}"
        assert self.paused.isdisjoint({"everything", execution.action.connector}), (
            f"nothing paused runs: {execution.key}"
        )
        assert not run.done, f"nothing runs twice: {execution.key} has its receipt"
        assert not (run.open and run.until and run.until > now), f"nothing runs twice: {execution.key} is on its way"
        run.doubt |= run.open
        assert attempt.looks_first or not run.doubt, (
            f"nothing runs twice: {execution.key} may have happened and is sent"
        )
        self._is_of_its_offer(seen.offers[execution.version], execution)
        self._goes_to_a_known_address(seen, execution.action)
        run.attempt, run.until, run.open = attempt.n, until, True

    def ended(self, work: ClaimedExecution, outcome: Outcome, *, written: bool) -> None:
        run = self.runs[work.execution.key]
        ours = run.open and run.attempt == work.attempt.n
        assert written == ours, f"whoever lost the lease writes nothing: {work.execution.key}, {work.attempt.n}"
        if ours:
            run.open = False
            run.doubt |= outcome is Outcome.UNSURE
            run.done |= outcome is Outcome.SUCCEEDED

    def _is_of_its_offer(self, offer: Offer, execution: Execution) -> None:
        offered = offer.proposal.actions[execution.position]
        assert execution.action == offered, f"what runs is what was offered: {execution.action} instead of {offered}"
        exact = json.dumps([offered.connector, offered.operation, offered.params], sort_keys=True)
        right = execution.fingerprint == hashlib.sha256(exact.encode()).hexdigest()
        assert right, f"what runs is what was offered: another fingerprint on {execution.key}"
        assert _amount_of(offered) in (None, offer.amount), f"what runs is what was offered: {offered}"

    def _goes_to_a_known_address(self, seen: Seen, action: Action) -> None:
        to = action.params.get("email") if action.operation == "send_receipt" else None
        known = {ON_RECORD} if seen.looked_up - {"away"} else set()
        known |= {telling.verifies.casefold() for telling in seen.tellings if telling.verifies}
        assert to is None or str(to).casefold() in known, f"documents go to known addresses: {to}"

    def look(self, store: Store, rules: Rules, now: datetime) -> None:
        for case_id, seen in self.cases.items():
            file = store.case_file(case_id)
            if file is not None:
                self._look_at(store, file, seen, rules, now)

    def _look_at(self, store: Store, file: CaseFile, seen: Seen, rules: Rules, now: datetime) -> None:
        case, before = file.case, seen.case
        if case.version not in seen.offers:
            self._offered(seen, file.proposal)
        seen.settles = None
        if file.proposal != seen.offers[case.version].proposal:
            raise AssertionError(f"a version never changes: {case.case_id}, {case.version}")
        began = (case.kind, case.urgent)
        if case.state is CaseState.OPEN and (before is None or began != (before.kind, before.urgent)):
            seen.ends_at = None if rules.expires_h is None else now + timedelta(hours=rules.expires_h)
        if case.state is CaseState.APPROVED and seen.approved is None:
            self._just_approved(store, file, seen, rules, now)
        kept = {(decision.version, decision.user_id): decision for decision in file.decisions}
        clicked = {key: decision for key, decision in seen.decisions.items() if key[0] == case.version}
        assert kept == clicked, f"decisions are what people clicked: {sorted(kept)}, and not {sorted(clicked)}"
        runs = [(execution.version, execution.action) for execution in file.executions]
        offer = seen.offers.get(seen.approved or 0)
        right = [(seen.approved, action) for action in offer.proposal.actions] if offer else []
        assert runs == right, f"the steps are those of the approved version: {len(runs)} of {case.case_id}"
        seen.case = case

    def _offered(self, seen: Seen, proposal: Proposal) -> None:
        last = seen.offers[max(seen.offers)] if seen.offers else None
        upto = seen.settles if seen.settles is not None else last.upto if last else 0
        told = seen.tellings[:upto]
        amounts = [
            telling.amount for telling in sorted(told, key=lambda telling: telling.author is not None) if telling.amount
        ]
        amount = amounts[-1] if amounts else None
        shown = amount_text(proposal.money.amount_minor, proposal.money.currency) if proposal.money else None
        assert shown == amount, f"an offer is of the amount that was told: {shown} and not {amount}"
        lowers = bool(told) and told[-1].lowers
        high = None if last is None else last.amount_for_policy if lowers else last.lowered_from
        lowered_from = high if high and amount and is_higher(high, amount) else None
        authors = {telling.author for telling in told if telling.author and not telling.lowers} | seen.choosers
        seen.offers[proposal.version] = Offer(
            proposal=proposal,
            amount=amount,
            amount_for_policy=lowered_from or amount,
            lowered_from=lowered_from,
            authors=frozenset(authors) | (last.authors if last else frozenset()),
            upto=upto,
        )
        seen.choosers.clear()

    def _just_approved(self, store: Store, file: CaseFile, seen: Seen, rules: Rules, now: datetime) -> None:
        case, offer = file.case, seen.offers[file.case.version]
        hands = seen.hands[case.version]
        assert seen.closed is None, f"what ended stays so: {case.case_id}: {seen.closed}"
        email = case.details.fields.email
        customer, kind, cents = email and email.casefold(), offer.proposal.kind, cents_of(offer.amount_for_policy)
        alone = [decision for decision in file.decisions if decision.user_id not in PEOPLE]
        refund = next((action for action in offer.proposal.actions if action.name == "refund"), None)
        if alone:
            self._may_decide_alone(case, offer, seen, rules, customer, now)
            seen.decisions[case.version, alone[0].user_id] = alone[0]
        else:
            before = self.paid if refund is not None else None
            seats = seats_now(rules, kind, cents, hands, customer, before, now, escalated=case.fallen_to_admins)
            who = ", ".join(f"{hand.user_id} of {sorted(hand.own)} for {dict(hand.lent)}" for hand in hands) or "nobody"
            agreed = is_quorum(seats, offer.authors, hands)
            assert agreed, (
                f"a quorum approved it: {offer.amount_for_policy}, {seats}, but {who}; by {sorted(offer.authors)}"
            )
        if refund is not None and offer.amount:
            paid = Paid(
                case_id=case.case_id,
                opened_at=case.opened_at,
                payment_id=refund.params.get("payment_id"),
                customer=customer,
                cents=cents_of(offer.amount),
                amount=offer.amount,
                hands=tuple(hands),
                at=now,
            )
            self._is_paid_once(paid, now)
            self.paid.append(paid)
        seen.approved = case.version

    def _is_paid_once(self, this: Paid, now: datetime) -> None:
        for other in self.paid:
            fresh = other.opened_at > now - MONTH
            one_sum = this.customer is not None and (this.customer, this.amount) == (other.customer, other.amount)
            same = this.payment_id == other.payment_id or (one_sum and fresh)
            assert not same, f"one complaint is paid once: {this.case_id} after {other.case_id}"

    def _may_decide_alone(
        self, case: Case, offer: Offer, seen: Seen, rules: Rules, customer: str | None, now: datetime
    ) -> None:
        fields, cents, today = case.details.fields, cents_of(offer.amount), now - DAY
        to_customer = sum(paid.cents or 0 for paid in self.paid if paid.customer == customer and paid.at > today)
        unattended = sum(paid.cents or 0 for paid in self.paid if not paid.hands and paid.at > today)
        others = [
            other.case.details.fields.payment_id for other in self.cases.values() if other.case and other is not seen
        ]
        conditions = {
            "it is switched on": rules.alone is not None and offer.proposal.kind == "refund",
            "nobody asked for it": not offer.authors,
            "it is within the limits": rules.alone is not None
            and cents is not None
            and cents <= rules.alone.up_to
            and unattended + cents <= rules.alone.per_day
            and to_customer + cents <= (rules.per_customer or 0)
            and customer is not None,
            "the payment was found, whole and undisputed, of no VIP": seen.looked_up == {"found"},
            "the call is certain, and of no VIP": (fields.confidence or 0) >= 0.95 and fields.vip is not True,
            "nothing is paused": not self.paused,
            "no other case is about it": fields.payment_id not in others,
        }
        wrong = [what for what, holds in conditions.items() if not holds]
        assert not wrong, f"the policy decides alone only where it may: {case.case_id}: not {wrong}"

    def time_has_passed(self, store: Store, now: datetime) -> None:
        """Check that every timer that was due has fired."""
        for case_id, seen in self.cases.items():
            case = store.case(case_id)
            if case is not None and case.state is CaseState.OPEN:
                in_time = seen.ends_at is None or seen.ends_at > now
                assert in_time, f"what nobody decides in time expires: {case_id} was to end at {seen.ends_at}"
            if case is not None and case.state is CaseState.EXPIRED:
                seen.closed = "it expired"


def _amount_of(action: Action) -> str | None:
    minor, currency = action.params.get("amount_minor"), action.params.get("currency")
    return amount_text(minor, str(currency)) if isinstance(minor, int) else None
