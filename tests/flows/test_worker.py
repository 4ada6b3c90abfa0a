"""Run the lanes: none waits for another, each survives what fails in it, and all stop cleanly."""

import asyncio
from collections.abc import AsyncIterator, Awaitable, Callable, Sequence
from contextlib import asynccontextmanager
from datetime import UTC, datetime
from pathlib import Path

import pytest

from bot.cases import calls
from bot.cases.calls import CallHistory
from bot.core.model import ExecutionState
from bot.worker import Lane, Worker
from storage import open_database
from tests.support.world import ANA, OpenWorld, World

Claim = Callable[[int], Awaitable[Sequence[str]]]
TURNS = 2000  # of the event loop; what has not happened by then never will


async def soon(condition: Callable[[], bool], what: str) -> None:
    for _ in range(TURNS):
        if condition():
            return
        await asyncio.sleep(0)
    raise AssertionError(f"never saw {what}")


class Pieces:
    """Work for a lane: what is claimed, what is begun and not ended, and a gate before the end of each piece."""

    def __init__(self, *due: str) -> None:
        self.due = list(due)
        self.running: set[str] = set()
        self.ended: list[str] = []
        self.most = 0
        self.asked: list[int] = []
        self.gate = asyncio.Event()

    async def claim(self, limit: int) -> Sequence[str]:
        self.asked.append(limit)
        taken, self.due = self.due[:limit], self.due[limit:]
        return taken

    async def handle(self, piece: str) -> None:
        self.running.add(piece)
        self.most = max(self.most, len(self.running))
        try:
            await self.gate.wait()
            if piece.startswith("bad"):
                raise RuntimeError(piece)
            self.ended.append(piece)
        finally:
            self.running.discard(piece)


@asynccontextmanager
async def running(pieces: Pieces, hands: int, claim: Claim | None = None) -> AsyncIterator[Lane]:
    lane = Lane("test", claim or pieces.claim, pieces.handle, hands)
    loop = asyncio.create_task(lane.run())
    try:
        yield lane
    finally:
        loop.cancel()
        await asyncio.gather(loop, return_exceptions=True)
        await lane.drain(0)


async def test_a_lane_never_has_more_in_hand_than_its_hands() -> None:
    pieces = Pieces(*(f"piece {number}" for number in range(20)))
    async with running(pieces, hands=3) as lane:
        await soon(lambda: len(pieces.running) == 3, "three pieces in hand")
        for _ in range(5):
            lane.wake()
            await asyncio.sleep(0)
        assert len(pieces.running) == 3
        pieces.gate.set()
        await soon(lambda: len(pieces.ended) == 20, "all pieces ended")
        assert pieces.most == 3
        assert max(pieces.asked) == 3
        assert lane.done == 20


async def test_a_full_lane_asks_for_nothing_until_a_hand_is_free() -> None:
    pieces = Pieces("one", "two", "three")
    async with running(pieces, hands=2) as lane:
        await soon(lambda: len(pieces.running) == 2, "two pieces in hand")
        asked = len(pieces.asked)
        lane.wake()
        await asyncio.sleep(0)
        assert len(pieces.asked) == asked
        pieces.gate.set()
        await soon(lambda: "three" in pieces.ended, "the third piece")


async def test_a_wake_makes_a_resting_lane_look_at_once() -> None:
    pieces = Pieces()
    pieces.gate.set()
    async with running(pieces, hands=2) as lane:
        await soon(lambda: bool(pieces.asked), "the first look")
        pieces.due.append("late")
        lane.wake()
        await soon(lambda: pieces.ended == ["late"], "what came late")


async def test_a_wake_during_a_claim_is_not_lost() -> None:
    pieces = Pieces()
    pieces.gate.set()
    claiming, go_on = asyncio.Event(), asyncio.Event()

    async def claim(limit: int) -> Sequence[str]:
        found = await pieces.claim(limit)
        claiming.set()
        await go_on.wait()
        return found

    async with running(pieces, 2, claim) as lane:
        await claiming.wait()
        pieces.due.append("just missed")
        lane.wake()
        go_on.set()
        await soon(lambda: pieces.ended == ["just missed"], "what the first look just missed")


async def test_a_piece_that_fails_stops_no_other(caplog: pytest.LogCaptureFixture) -> None:
    pieces = Pieces("bad one", "good one", "bad two", "good two")
    pieces.gate.set()
    async with running(pieces, hands=1) as lane:
        await soon(lambda: lane.done + lane.failed == 4, "all four pieces")
        assert pieces.ended == ["good one", "good two"]
        assert (lane.done, lane.failed) == (2, 2)
    assert "tried again when its lease ends" in caplog.text


async def test_a_claim_that_fails_is_tried_again(
    monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    monkeypatch.setattr("bot.worker.PAUSE_AFTER_FAULT_S", 0)
    pieces = Pieces("after the fault")
    pieces.gate.set()
    faults = iter((RuntimeError("the database is away"), ConnectionError("still")))

    async def claim(limit: int) -> Sequence[str]:
        if (fault := next(faults, None)) is not None:
            raise fault
        return await pieces.claim(limit)

    async with running(pieces, 2, claim) as lane:
        await soon(lambda: _woken(lane) and pieces.ended == ["after the fault"], "the lane going on")
    assert caplog.text.count("could not claim") == 2


def _woken(lane: Lane) -> bool:
    lane.wake()
    return True


async def test_a_stop_lets_what_runs_come_to_its_end() -> None:
    pieces = Pieces("one", "two")
    async with running(pieces, hands=2) as lane:
        await soon(lambda: len(pieces.running) == 2, "two pieces in hand")
        draining = asyncio.create_task(lane.drain(within_s=60))
        await asyncio.sleep(0)
        assert not draining.done()
        pieces.gate.set()
        await draining
        assert sorted(pieces.ended) == ["one", "two"]


async def test_a_stop_does_not_wait_for_what_never_ends() -> None:
    pieces = Pieces("endless")
    async with running(pieces, hands=2) as lane:
        await soon(lambda: bool(pieces.running), "the piece in hand")
        await lane.drain(within_s=0)
        await soon(lambda: not pieces.running, "the piece being left")
        assert pieces.ended == []


def test_waking_a_worker_that_has_not_started_does_nothing() -> None:
    now = datetime(2026, 1, 31, tzinfo=UTC)
    Worker(lambda: now).on_due({"calls": now, "no such lane": now})


async def test_work_that_is_due_waits_for_no_tick(world: World, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("bot.worker.TICK_S", 600.0)
    await asyncio.sleep(1.0)  # every lane rests by now
    case = await world.case_of(await world.call("refund-small"))
    await world.press_on(case.case_id, ANA, "case.approve")

    async def all_shown() -> bool | None:
        place = await world.app.db.read(lambda store: store.card(case.case_id, case.channel))
        file = await world.file(case.case_id)
        waits = any(step.state is ExecutionState.BY_HAND for step in file.executions)
        return (waits and place is not None and place.shown_revision == file.case.revision) or None

    await world.until(all_shown, "the refund made, and the card that asks for the step by hand")


async def test_a_job_that_fails_comes_back_after_its_lease_and_holds_nobody_up(
    sqlite_world: World, monkeypatch: pytest.MonkeyPatch
) -> None:
    settle = calls.settle
    failed: list[str] = []

    def stumble(store: object, told: CallHistory, *rest: object, **more: object) -> None:
        if not failed:
            failed.append(told.root)
            raise RuntimeError("a bug that hits one call once")
        settle(store, told, *rest, **more)  # type: ignore[arg-type]  # handed on as it came

    monkeypatch.setattr(calls, "settle", stumble)
    sqlite_world.clock.stand_still()
    first = await sqlite_world.call("refund-small")
    await sqlite_world.until(
        lambda: _figure(sqlite_world, 'countersign_jobs_total{end="failed",lane="calls"}'), "a failed job"
    )
    await sqlite_world.opened("brand-create", "finance-brands")
    assert await sqlite_world.cards("finance-refunds") == []
    sqlite_world.clock.let_pass(50)
    await sqlite_world.opened("dispute", "finance-disputes")
    assert await sqlite_world.cards("finance-refunds") == []
    sqlite_world.clock.let_pass(11)
    await sqlite_world.card("finance-refunds")
    assert failed == [first]


async def _figure(world: World, name: str) -> bool | None:
    return (await world.figures()).get(name, 0) > 0 or None


async def test_what_a_process_held_when_it_died_goes_on_at_the_next_start(
    open_world: OpenWorld, tmp_path: Path
) -> None:
    # on SQLite the lease of a dead process can be nobody else's, so nobody waits for its end
    async with open_world() as world:
        await world.fault("slack", "500")
        case = await world.case_of(await world.call("refund-small"))
    database = await open_database(f"sqlite:///{tmp_path / 'bot.db'}")
    place = await database.read(lambda store: store.card(case.case_id, "refunds"))
    assert place is not None
    held = place.model_copy(update={"lease_owner": "a dead process", "lease_until": datetime(2099, 1, 1, tzinfo=UTC)})
    await database.write(lambda store: store.save_card(held))
    await database.close()
    async with open_world() as world:
        world.clock.let_pass(60)  # past the wait after the failure
        await world.card("finance-refunds")
