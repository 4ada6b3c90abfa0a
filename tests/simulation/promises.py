"""Check what must hold at the end of every run, by the outside's own record and not by the bot's word."""

from collections import Counter, defaultdict
from collections.abc import Iterator
from typing import TYPE_CHECKING

from bot.cases.calls import CallHistory
from bot.core import cards
from bot.core.model import (
    Attempt,
    AuditEntry,
    CardCopy,
    CaseFile,
    CaseState,
    Details,
    Execution,
    ExecutionState,
    Outcome,
    Proposal,
)
from bot.core.policy import standing
from bot.core.slack_ids import ActionId, EventType
from bot.core.triage import case_id_of
from storage import Store
from tests.simulation.people import GROUPS
from tests.simulation.quorum.reference_model import Hand, is_quorum
from tests.simulation.slack import USER_GROUPS, Message
from tests.simulation.vendors import Effect

if TYPE_CHECKING:
    from tests.simulation.world import World


class Rows:
    """Read everything in the database that the promises speak of."""

    def __init__(self, store: Store, world: "World") -> None:
        found = store.find_cases(limit=1000)
        files = (store.case_file(case.case_id) for case in found)
        self.files: dict[str, CaseFile] = {file.case.case_id: file for file in files if file is not None}
        self.proposals: dict[tuple[str, int], Proposal] = {}
        for case_id, file in self.files.items():
            proposals = (store.proposal(case_id, version) for version in range(1, file.case.version + 1))
            self.proposals |= {(case_id, proposal.version): proposal for proposal in proposals if proposal is not None}
        self.executions: list[Execution] = [execution for file in self.files.values() for execution in file.executions]
        self.attempts: dict[str, list[Attempt]] = {
            execution.key: store.attempts(execution.key) for execution in self.executions
        }
        self.history: dict[str, list[AuditEntry]] = {case_id: store.history(case_id) for case_id in self.files}
        places = (store.card(case_id, place) for case_id in self.files for place in world.policy.channels)
        self.places: list[CardCopy] = [place for place in places if place is not None]
        self.told = {case_id: _details(store, file) for case_id, file in self.files.items()}
        self.verified = store.verify()


def _details(store: Store, file: CaseFile) -> Details:
    return CallHistory(file.case.root, tuple(store.calls_of(file.case.root))).details


def broken_promises(world: "World") -> list[str]:
    """Return a sentence for each broken promise."""
    rows = world.db.run(lambda store: Rows(store, world))
    found = [
        *_effects_are_single_and_approved(world, rows),
        *_successes_happened(world, rows),
        *_reports_are_told_once(rows),
        *_calls_have_cases(world, rows),
        *_cases_came_to_an_end(world, rows),
        *_attempts_came_to_an_end(rows),
        *_cards_are_single(world),
        *_notices_are_single(world),
        *_cards_equal_their_cases(world, rows),
        *_threads_tell_everything_once(world, rows),
    ]
    if rows.verified.broken:
        found.append(f"the history is whole: {rows.verified.broken}")
    if leases := world.db.run(lambda store: store.release_leases()):
        found.append(f"no lease is left: {leases} are")
    for file in rows.files.values():
        world.tally.counts[f"cases {file.case.state}"] += 1
    return found


def _effects_are_single_and_approved(world: "World", rows: Rows) -> Iterator[str]:
    times = Counter((effect.connector, effect.operation, effect.thing) for effect in world.records.effects)
    yield from (f"no effect is doubled: {' '.join(what)} happened {n} times" for what, n in times.items() if n > 1)
    for effect in world.records.effects:
        ordered = [execution for execution in rows.executions if _is_of(effect, execution)]
        if len(ordered) != 1:
            yield f"every effect was ordered once: {effect.operation} of {effect.thing}, {len(ordered)} times"
        elif why_not := _not_approved(world, rows, effect, ordered[0]):
            yield f"no effect is unapproved: {effect.operation} of {effect.thing}: {why_not}"


def _is_of(effect: Effect, execution: Execution) -> bool:
    action = execution.action
    if (action.connector, action.operation) != (effect.connector, effect.operation):
        return False
    return all(action.params.get(name) == value for name, value in effect.params.items())


def _not_approved(world: "World", rows: Rows, effect: Effect, execution: Execution) -> str | None:
    """Say why an effect was not approved, by what people pressed on exactly that version before it."""
    proposal = rows.proposals[execution.case_id, execution.version]
    if execution.action not in proposal.actions:
        return "it is none of the actions of its version"
    ref = (proposal.case_id, proposal.version)
    pressed = [click for click in world.people.pressed if click.at <= effect.at and tuple(click.button.ref) == ref]
    approved = {click.user_id: click for click in pressed if click.button.action_id is ActionId.APPROVE}
    hands = [Hand(click.user_id, GROUPS[click.user_id], click.lent, click.at) for click in approved.values()]
    amount = proposal.amount_for_policy  # who lowers an amount is judged by the rules of what was offered before
    seats = world.rules.seats(proposal.kind, amount.amount_minor if amount else None)
    if not is_quorum(seats, frozenset(proposal.authors), hands):
        return f"only {sorted(approved)} pressed Approve on version {proposal.version}, by {proposal.authors}"
    return None


def _successes_happened(world: "World", rows: Rows) -> Iterator[str]:
    for execution in rows.executions:
        by_machine = execution.receipt is not None and execution.receipt.vendor_id not in GROUPS
        happened = any(_is_of(effect, execution) for effect in world.records.effects)
        if execution.state is ExecutionState.SUCCEEDED and by_machine and not happened:
            yield f"a success happened: {execution.key} has a receipt and no effect"


def _reports_are_told_once(rows: Rows) -> Iterator[str]:
    for case_id, history in rows.history.items():
        told = Counter(entry.entry.sentence for entry in history if entry.entry.actor == "vendor")
        yield from (f"a report is told once: {case_id}, {what!r}, {n} times" for what, n in told.items() if n > 1)


def _calls_have_cases(world: "World", rows: Rows) -> Iterator[str]:
    for call_id in sorted(world.callers.acknowledged):
        if case_id_of(call_id) not in rows.files:
            yield f"every acknowledged call has a case: {call_id} has none"
    for case_id, file in rows.files.items():
        if file.case.state is CaseState.OPEN and file.case.details != rows.told[case_id]:
            yield f"an open case says all that was told: {case_id} does not"


def _cases_came_to_an_end(world: "World", rows: Rows) -> Iterator[str]:
    visible = {card.key["case"] for card in world.workspace.cards()}
    for case_id, file in rows.files.items():
        state, unfinished = (
            file.case.state,
            [execution for execution in file.executions if execution.state != "succeeded"],
        )
        waits = bool(unfinished) and unfinished[0].state is ExecutionState.BY_HAND
        if state is CaseState.APPROVED and (case_id in visible or not waits):  # a deleted card has no buttons
            yield f"an approved case ends done or stuck: {case_id} is still {state}"
        if state is CaseState.STUCK and not file.case.closing:
            yield f"a stuck case says why: {case_id} does not"
        if state is CaseState.DONE and unfinished and not (file.case.closing or "").startswith("Settled by hand"):
            yield f"a case is done when its steps are: {case_id} has unfinished ones"
        if state in (CaseState.OPEN, CaseState.REJECTED) and file.executions:
            yield f"nothing runs of a case that is {state}: {case_id} has executions"


def _attempts_came_to_an_end(rows: Rows) -> Iterator[str]:
    for execution in rows.executions:
        attempts = rows.attempts[execution.key]
        if [attempt.n for attempt in attempts] != list(range(1, execution.attempts + 1)):
            yield f"every attempt is written down: {execution.key} has {len(attempts)} of {execution.attempts}"
        if attempts and attempts[-1].ended_at is None:
            yield f"every attempt is ended or superseded: the last of {execution.key} is not"
        done = execution.state is ExecutionState.SUCCEEDED and attempts
        if done and attempts[-1].outcome is not Outcome.SUCCEEDED:
            yield f"the last attempt made the success: that of {execution.key} was {attempts[-1].outcome}"


def _cards_are_single(world: "World") -> Iterator[str]:
    """Count live cards only: a deleted card, or one in an archived channel, may be followed by another."""
    live = Counter((card.key["case"], card.key["place"]) for card in world.workspace.cards())
    yield from (f"no card hangs twice: case {case} at {place}, {n} times" for (case, place), n in live.items() if n > 1)
    everywhere = Counter(
        (card.key["case"], card.key["place"], card.channel)
        for card in _messages(world, EventType.CARD)
        if not card.deleted
    )
    yield from (f"no card hangs twice in one channel: {key}" for key, n in everywhere.items() if n > 1)


def _notices_are_single(world: "World") -> Iterator[str]:
    sent = Counter(notice.key["notice"] for notice in _messages(world, EventType.NOTICE))
    yield from (f"no news is told twice: {notice}, {n} times" for notice, n in sent.items() if n > 1)


def _cards_equal_their_cases(world: "World", rows: Rows) -> Iterator[str]:
    hung = {place.case_id for place in rows.places}
    yield from (f"every case has a card: {case_id} has none" for case_id in rows.files if case_id not in hung)
    for place in rows.places:
        file = rows.files[place.case_id]
        message = world.workspace.messages.get((place.channel_id or "", place.message_ts or ""))
        if message is None:
            yield f"every card hangs in Slack: that of {place.case_id} at {place.place} does not"
        elif place.shown_revision != file.case.revision:
            yield f"every card is up to date: {place.case_id} at {place.place} is not"
        elif not message.deleted and message.pictures[-1] not in _fresh(world, place, file):
            yield f"every card equals its case: {place.case_id} at {place.place} shows something else"


def _fresh(world: "World", place: CardCopy, file: CaseFile) -> list[dict[str, object]]:
    """Draw a card anew: an urgent one mentions its owner, unless Slack could not tell just then which group that is."""
    channels = world.policy.channels
    if place.channel != file.case.channel:
        return [_shown(cards.moved(file, channels[file.case.channel]))]
    own, now = channels[place.channel], standing(world.policy, file.proposal, file.decisions)
    belongs_to = own if place.channel_id != world.workspace.channels[own[1:]] else None
    groups = [USER_GROUPS[handle] for handle in world.policy.groups[file.case.owner]] if file.case.urgent else []
    every = [groups, []] if groups else [[]]
    return [_shown(cards.card(file, now, owners=owners, belongs_to=belongs_to)) for owners in every]


def _shown(picture: cards.Picture) -> dict[str, object]:
    return {"text": picture.text, "blocks": picture.blocks}


def _threads_tell_everything_once(world: "World", rows: Rows) -> Iterator[str]:
    for place in rows.places:
        told = {line.n: line for line in rows.history[place.case_id] if line.entry.sentence}
        threads = _threads_of(world, place)
        said = [n for replies in threads.values() for reply in replies for n in _numbers(reply, told)]
        where = f"{place.case_id} at {place.place}"
        if set(said) != set(told):
            yield f"the thread tells everything: that of {where} lacks {sorted(set(told) - set(said))}"
        for replies in threads.values():
            numbers = [n for reply in replies for n in _numbers(reply, told)]
            if len(numbers) != len(set(numbers)):
                yield f"the thread tells everything once: that of {where} repeats itself"
        yield from (
            f"a reply shows its entries: {where}, {reply.key}"
            for replies in threads.values()
            for reply in replies
            if reply.pictures[-1]["text"] != cards.thread_log([told[n] for n in _numbers(reply, told)]).text
        )


def _threads_of(world: "World", place: CardCopy) -> dict[str, list[Message]]:
    """Return the replies under every card that ever hung at this place; there are several only where one was lost."""
    ours = {"case": place.case_id, "place": place.place}
    parents = {card.ts: card for card in _messages(world, EventType.CARD) if card.key == ours}
    found: dict[str, list[Message]] = defaultdict(list)
    for reply in _messages(world, EventType.THREAD_LOG):
        parent = parents.get(reply.thread_ts or "")
        if parent is not None and parent.channel == reply.channel:
            found[parent.ts].append(reply)
    return found


def _numbers(reply: Message, told: dict[int, AuditEntry]) -> list[int]:
    first, last = reply.key["n"], reply.key["to"]
    return [n for n in sorted(told) if first <= n <= last]


def _messages(world: "World", event: EventType) -> list[Message]:
    return [message for message in world.workspace.messages.values() if message.event == event]
