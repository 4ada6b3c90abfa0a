"""Play whatever happens in whatever order, through the transactions and a real database: a machine for hypothesis.

Each rule is something that people, callers, vendors or time do; after each, the oracle says whether all holds.
"""

from datetime import timedelta
from functools import partial

from hypothesis import strategies as st
from hypothesis.stateful import initialize, rule

from bot.cases import amendments, clicks, decisions, delegations, executions, owners, pauses, presence, timers
from bot.cases.amendments import Offering
from bot.cases.clicks import Answer, Click
from bot.cases.executions import AttemptResult, ClaimedExecution
from bot.core.model import Call, CaseState, ExecutionState, Outcome, Receipt
from bot.core.people import EVERYTHING, Delegation
from bot.core.triage import case_id_of
from storage import Store
from tests.simulation.quorum.oracle import ON_RECORD, Telling
from tests.simulation.quorum.reference_model import GROUPS, PEOPLE, RULES, Hand
from tests.simulation.quorum.world import ABLE, SLOTS, Harness, details, money_of, payment_of

LEASE = timedelta(minutes=1)
SENT = {
    Outcome.SUCCEEDED: AttemptResult(Outcome.SUCCEEDED, receipt=Receipt(vendor_id="re_1")),
    Outcome.REFUSED: AttemptResult(Outcome.REFUSED, "Refused."),
    Outcome.UNAVAILABLE: AttemptResult(Outcome.UNAVAILABLE, "Not available."),
    Outcome.UNSURE: AttemptResult(Outcome.UNSURE, "No answer."),
}
slots, names = st.sampled_from(SLOTS), st.sampled_from(tuple(RULES))
kinds = st.sampled_from(("refund", "refund", "refund", "dispute", "receipt", "receipt"))
people = st.sampled_from((*PEOPLE[:4] * 2, *PEOPLE[4:]))
delegates = st.sampled_from((*PEOPLE, *PEOPLE[4:] * 2))
amounts = st.sampled_from((15, 19, 40, 60, 90, 95, 140, 180, 210, 450)).map("{}.00 USD".format) | st.just("60.00 EUR")
large = st.sampled_from(("140.00 USD", "180.00 USD", "210.00 USD"))
payments = st.sampled_from(("its own", "its own", "its own", "pi_1", "pi_2"))
emails = st.sampled_from((ON_RECORD, ON_RECORD.upper(), "robin@example.com", "robin@example.com", None, None))
found = st.sampled_from((*["found"] * 4, "away", "disputed", "refunded", "vip"))
certainties = st.sampled_from((0.97, 0.97, 0.97, 0.5))
several = st.lists(people, max_size=4)
outcomes = st.sampled_from((*[Outcome.SUCCEEDED] * 3, Outcome.REFUSED, Outcome.UNAVAILABLE, Outcome.UNSURE, None, None))
several_ends = st.lists(outcomes, max_size=4)
back = st.sampled_from((0, 0, 0, 1))  # how many versions ago the card was drawn that somebody clicks
hours = st.sampled_from((0.01, 0.1, 2, 12, 25, 50))


class Quorum(Harness):
    @initialize(
        name=names,
        first=kinds,
        third=kinds,
        asked=st.tuples(amounts, large, amounts),
        email=emails,
        facts=st.tuples(found, found),
    )
    def it_begins(
        self, name: str, first: str, third: str, asked: tuple[str, str, str], email: str | None, facts: tuple[str, str]
    ) -> None:
        self.put_in_force(name)
        self.a_call_comes(1, first, asked[0], "its own", None, 0.97, False, True, facts[0], [])
        self.a_call_comes(2, "refund", asked[1], "its own", None, 0.97, False, True, "found", [])
        self.a_call_comes(3, third, asked[2], "pi_2", email, 0.97, False, True, facts[1], [])

    @rule(
        slot=slots,
        kind=kinds,
        amount=amounts,
        payment=payments,
        email=emails,
        sure=certainties,
        vip=st.sampled_from((False, False, True)),
        late=st.booleans(),
        facts=st.none() | found,
        then=several,
    )
    def a_call_comes(
        self,
        slot: int,
        kind: str,
        amount: str,
        payment: str,
        email: str | None,
        sure: float,
        vip: bool,
        late: bool,
        facts: str | None,
        then: list[str],
    ) -> None:
        """Receive a call. `late`: also about a case that is decided; no facts: it waits for a job."""
        root = self.root_of(slot, decided=late)
        said = details(kind, amount, payment_of(payment, root), email=email, sure=sure, vip=vip)
        self.receive(Call(call_id=root, event="call.completed", details=said), amount)
        if facts is not None:
            self.it_is_looked_up(slot, facts, then)

    @rule(slot=slots, facts=found, then=several)
    def it_is_looked_up(self, slot: int, facts: str, then: list[str]) -> None:
        root = self.root_of(slot)
        told = self.told(root)
        if told.versions:
            self.slow.setdefault(root, told)
            self.settle(told, facts)
            self.people_approve(slot, then, 0, [])

    @rule(slot=slots, facts=found)
    def a_slow_job_is_ready(self, slot: int, facts: str) -> None:
        if self.root_of(slot) in self.slow:
            self.settle(self.slow.pop(self.root_of(slot)), facts)

    @rule(slot=slots, who=several, ago=back, ends=several_ends)
    def people_approve(self, slot: int, who: list[str], ago: int, ends: list[Outcome | None]) -> None:
        for user_id in who:
            click, hand = self.click(self.root_of(slot), user_id, ago)
            self.pressed.append((user_id, click.ref, click.identity))

            def press(store: Store, click: Click = click, hand: Hand = hand) -> None:
                answer = decisions.approve(store, click, policy=self.policy, now=self.now)
                if answer.text is None:
                    self.oracle.approved(store, click.ref, hand, self.policy.version)

            self.run(press)
            self.all_is_right()
        self.steps_run(ends)

    @rule(which=st.integers(0, 9))
    def a_click_comes_again(self, which: int) -> None:
        if self.pressed:
            user_id, ref, identity = self.pressed[-1 - which % len(self.pressed)]
            click, _ = self.as_they_are(user_id, ref, identity, None)
            answer = self.run(lambda store: decisions.approve(store, click, policy=self.policy, now=self.now))
            assert answer.text

    @rule(slot=slots, who=people, ago=back)
    def somebody_rejects(self, slot: int, who: str, ago: int) -> None:
        click, hand = self.click(self.root_of(slot), who, ago)
        if self.act(click, hand, lambda store: decisions.reject(store, click, "No.", policy=self.policy, now=self.now)):
            self.run(lambda store: self.oracle.rejected(store, click.ref, who))

    @rule(slot=slots, who=people, number=st.sampled_from((1, 1, 2)), ago=back, then=several)
    def somebody_chooses(self, slot: int, who: str, number: int, ago: int, then: list[str]) -> None:
        click, hand = self.click(self.root_of(slot), who, ago)
        if self.act(
            click, hand, lambda store: decisions.choose(store, click, number, policy=self.policy, now=self.now)
        ):
            self.oracle.cases[click.ref.case_id].choosers.add(who)
        self.people_approve(slot, then, ago, [])

    @rule(slot=slots, who=people, kind=kinds, amount=amounts, payment=payments, facts=found, then=several)
    def somebody_completes_it(
        self, slot: int, who: str, kind: str, amount: str, payment: str, facts: str, then: list[str]
    ) -> None:
        root = self.root_of(slot)
        click, hand = self.click(self.root_of(slot), who)

        def may(store: Store) -> Answer:
            file = clicks.check_open(store, click, policy=self.policy, state=CaseState.OPEN, now=self.now)
            return file if isinstance(file, Answer) else Answer()

        if self.act(click, hand, may):
            stated = details(kind, amount, payment_of(payment, root))
            self.receive(Call(call_id=root, author=who, event=f"form {self.clicks}", details=stated), amount)
            self.it_is_looked_up(slot, facts, then)

    @rule(slot=slots, who=people, amount=amounts, ago=back, then=several)
    def somebody_changes_the_amount(self, slot: int, who: str, amount: str, ago: int, then: list[str]) -> None:
        root = self.root_of(slot)
        click, hand = self.click(self.root_of(slot), who, ago)
        offer = self.oracle.cases[click.ref.case_id].offers.get(click.ref.version)
        old, new, number = offer.proposal.money if offer else None, money_of(amount), amount.split()[0]
        if old is None or old.currency != new.currency:
            return
        lowers, offering = new.amount_minor < old.amount_minor, Offering(self.policy, ABLE)

        def change(store: Store) -> Answer:
            before = len(store.calls_of(root))
            answer = amendments.change_amount(store, click, number, "Agreed.", offering=offering, now=self.now)
            self._told_if_so(store, root, before, Telling(author=who, amount=amount, lowers=lowers))
            if answer.text is None and lowers:
                next_one = click.ref._replace(version=click.ref.version + 1)
                self.oracle.approved(store, next_one, hand, self.policy.version)
            return answer

        self.act(click, hand, change)
        self.people_approve(slot, then, ago, [])

    @rule(slot=slots, who=people, then=several)
    def somebody_verifies_the_recipient(self, slot: int, who: str, then: list[str]) -> None:
        root = self.root_of(slot)
        click, hand = self.click(self.root_of(slot), who)
        case, offering = self.oracle.cases[click.ref.case_id].case, Offering(self.policy, ABLE)

        def confirm(store: Store) -> Answer:
            before = len(store.calls_of(root))
            answer = amendments.confirm_recipient(store, click, "Rang them.", offering=offering, now=self.now)
            email = case.details.fields.email if case else None
            self._told_if_so(store, root, before, Telling(author=who, verifies=email))
            return answer

        self.act(click, hand, confirm)
        self.people_approve(slot, then, 0, [])

    def _told_if_so(self, store: Store, root: str, before: int, telling: Telling) -> None:
        """Record what was told and settled in one transaction."""
        seen = self.oracle.cases[case_id_of(root)]
        if len(store.calls_of(root)) > before:
            seen.tellings.append(telling)
            seen.settles = len(seen.tellings)

    @rule(slot=slots, who=people, takes=st.booleans())
    def somebody_takes_it_or_gives_it_back(self, slot: int, who: str, takes: bool) -> None:
        click, hand = self.click(self.root_of(slot), who)
        does = owners.take if takes else owners.release
        self.act(click, hand, lambda store: does(store, click, policy=self.policy, now=self.now))

    @rule(ends=several_ends)
    def steps_run(self, ends: list[Outcome | None]) -> None:
        """Send due steps. None: the answer comes later, perhaps when another process has taken over."""
        for outcome in ends:
            if self._a_step_is_sent() and outcome is not None:
                self.an_answer_comes(outcome, -1, False)

    def _a_step_is_sent(self) -> bool:
        now, until = self.now, self.now + LEASE

        def claim(store: Store) -> list[ClaimedExecution]:
            return executions.claim_executions(
                store, owner="one", until=until, now=now, limit=1, available_operations=ABLE
            )

        works = self.run(claim)
        for work in works:
            self.oracle.claimed(work, now, until)
        self.on_its_way += works
        return bool(works)

    @rule(outcome=st.sampled_from(tuple(SENT)), which=st.integers(0, 2), late=st.booleans())
    def an_answer_comes(self, outcome: Outcome, which: int, late: bool) -> None:
        """End an attempt that is on its way. `late`: meanwhile another process has taken over."""
        if self.on_its_way:
            work = self.on_its_way.pop(which % len(self.on_its_way))
            if late:
                self.time_passes(0.02)
                self.steps_run([None])
            written = self.run(lambda store: executions.ended(store, work, SENT[outcome], self.now))
            self.oracle.ended(work, outcome, written=written)
            self.all_is_right()

    @rule(slot=slots, who=people, again=st.booleans())
    def somebody_helps(self, slot: int, who: str, again: bool) -> None:
        """Do a step by hand; try a stuck case again, or settle it by hand."""
        click, hand = self.click(self.root_of(slot), who)
        file = self.run(lambda store: store.case_file(click.ref.case_id))
        waits = (
            [execution.key for execution in file.executions if execution.state is ExecutionState.BY_HAND]
            if file
            else []
        )
        stuck = file is not None and file.case.state is CaseState.STUCK

        def help_out(store: Store) -> Answer:
            if not stuck:
                return decisions.step_done(store, click, policy=self.policy, now=self.now)
            if again:
                return decisions.retry(store, click, policy=self.policy, now=self.now)
            return decisions.settle_by_hand(store, click, "Looked after it.", policy=self.policy, now=self.now)

        if self.act(click, hand, help_out):
            if not stuck:
                self.oracle.runs[waits[0]].done = True
            elif not again:
                self.oracle.cases[click.ref.case_id].closed = "somebody settled it by hand"

    @rule(what=st.sampled_from((EVERYTHING, "stripe")), stops=st.booleans())
    def an_admin_pauses_or_resumes(self, what: str, stops: bool) -> None:
        if stops:
            self.run(lambda store: pauses.pause(store, what, by=PEOPLE[-1], reason="Wait.", now=self.now))
            self.oracle.paused.add(what)
        else:
            self.run(lambda store: pauses.resume(store, what, by=PEOPLE[-1], now=self.now))
            self.oracle.paused.discard(what)

    @rule(
        who=people,
        delegate=delegates,
        begins=st.sampled_from((0, 0, 24)),
        days=st.sampled_from((1, 3)),
        slot=slots,
        then=several,
    )
    def somebody_goes_away_or_is_back(
        self, who: str, delegate: str, begins: int, days: int, slot: int, then: list[str]
    ) -> None:
        """Set or end a delegation; perhaps both press the button then, whatever they may."""
        if who == delegate:
            self.run(lambda store: delegations.back(store, who, by=who, now=self.now))
            self.away.pop(who, None)
        else:
            from_at = self.now + timedelta(hours=begins)
            until_at = from_at + timedelta(days=days)
            lent = Delegation(
                user_id=who, delegate_id=delegate, from_at=from_at, until_at=until_at, set_by=who, set_at=self.now
            )
            self.run(lambda store: delegations.go_away(store, lent))
            self.away[who] = lent
        self.people_approve(slot, [delegate, who, *then] if then else [], 0, [])

    @rule(who=people, groups=st.sets(st.sampled_from(GROUPS), max_size=2))
    def somebody_changes_groups(self, who: str, groups: set[str]) -> None:
        self.slack_port.members[who] = frozenset(groups)

    @rule(group=st.sampled_from(GROUPS), slot=slots, then=several)
    def a_group_is_emptied(self, group: str, slot: int, then: list[str]) -> None:
        self.slack_port.members = {who: groups - {group} for who, groups in self.slack_port.members.items()}
        self.time_passes(0.01)
        self.people_approve(slot, then, 0, [])

    @rule(name=names)
    def other_rules_are_put_in_force(self, name: str) -> None:
        self.put_in_force(name)

    @rule(after=hours)
    def time_passes(self, after: float) -> None:
        """Fire timers, and look whether somebody is there for each case."""
        self.now += timedelta(hours=after)
        for case_id in self.run(lambda store: store.cases_due(self.now, 50)):
            self.run(partial(timers.fire, case_id=case_id, policy=self.policy, now=self.now))
        self.run(lambda store: self.oracle.time_has_passed(store, self.now))
        here = {group: {who for who, groups in self.slack_port.members.items() if group in groups} for group in GROUPS}
        for case_id in self.run(lambda store: presence.left_alone(store, self.policy, here, ())):
            self.run(
                partial(presence.put_right, case_id=case_id, policy=self.policy, people=here, gone=(), now=self.now)
            )
            self.run(partial(self.oracle.may_have_escalated, case_id=case_id, here=here, rules=self.in_force))
