"""Kill the real process with -9 twenty times while calls and clicks arrive, and check that nothing is lost or doubled.

No effect doubled, none unapproved, no card twice, every acknowledged call has a case, every card equals its case, and
the history is whole. Exit code 1 with the seed and the first violations where anything is wrong.
"""

import argparse
import asyncio
import secrets
import shutil
import sys
import tempfile
import time
from collections import Counter
from dataclasses import dataclass, field
from datetime import UTC, datetime
from pathlib import Path
from random import Random

from bot.config import read_policy_file
from storage import Database, Store, open_database
from tests.support.world import POLICY, free_port
from tools.bench.processes import Process, Stage
from tools.chaos.checks import violations
from tools.chaos.load import Load
from tools.chaos.plan import Planned, plan
from tools.chaos.seen import outside, rows

KILLS = 20
CALLS = 480
LIVES_S = (0.05, 1.4)  # from ready to the next kill
EARLY_S = (0.02, 0.6)  # from spawn: some die while they start
WHEN = {"while it started": 3, "at a random moment": 9, "right after an answer": 8}  # how often, of 20
CALM_S = 60.0  # at most, from the last kill until nothing is under way
VERIFY_S = 30.0
FAR = datetime(9999, 1, 1, tzinfo=UTC)
SHOWN = 10


@dataclass
class Report:
    """Collect what happened, for the summary."""

    seed: int
    began: float = field(default_factory=time.monotonic)
    kills: Counter[str] = field(default_factory=Counter)
    lines: list[str] = field(default_factory=list)
    faults: list[str] = field(default_factory=list)


async def kill_and_restart(stage: Stage, page: str, load: Load, report: Report) -> Process:
    """Kill and restart the bot, and return the last process, alive and ready."""
    rng = Random(f"{report.seed}:kills")
    for when in rng.choices(list(WHEN), weights=list(WHEN.values()), k=KILLS):
        bot = stage.bot(page, load.bot_port)
        early = when == "while it started"
        if not early:
            await bot.ready("/healthz")
        await asyncio.sleep(rng.uniform(*(EARLY_S if early else LIVES_S)))
        if when == "right after an answer":  # what was answered must be on the disk by then
            await load.answered()
        if bot.child.poll() is not None:
            report.faults.append(f"the bot ended by itself with code {bot.child.returncode}")
        bot.kill()
        report.kills[when] += 1
    return await stage.bot(page, load.bot_port).ready("/healthz")


def under_way(store: Store) -> bool:
    """Return whether calls, executions or cards wait for a job; what waits for a person does not count."""
    return bool(store.due_calls(FAR, 1) or store.due_executions(FAR, 1) or store.due_cards(FAR, 1))


async def calm(db: Database, load: Load) -> bool:
    """Wait until nobody has anything to press and no job has anything to do, twice in a row."""
    still = 0
    until = time.monotonic() + CALM_S
    while time.monotonic() < until:
        idle = load.settled() and not await db.read(under_way)
        still = still + 1 if idle else 0
        if still == 2:
            return True
        await asyncio.sleep(0.5)
    return False


async def run(stage: Stage, report: Report) -> None:
    port = free_port()
    sandbox = await stage.sandbox(port).ready("/sim/requests?system=slack")
    planned = plan(report.seed, CALLS)
    load = Load(sandbox, port, planned, report.seed)
    await load.make_payments()
    people = asyncio.create_task(load.press_on())
    callers = asyncio.create_task(load.call_all())
    bot = await kill_and_restart(stage, sandbox.url, load, report)
    await callers
    db = await open_database(stage.database_url(), read_only=True)
    try:
        if not await calm(db, load):
            report.faults.append(f"it was not calm within {CALM_S:.0f} s of the last kill")
        people.cancel()
        await asyncio.gather(people, return_exceptions=True)
        if code := bot.stop():
            report.faults.append(f"asked to stop, it ended with code {code}")
        await judge(db, planned, sandbox, stage, report)
    finally:
        await db.close()
    report.lines.append(", ".join(f"{count} {what}" for what, count in sorted(load.counts.items())))


async def judge(db: Database, planned: list[Planned], sandbox: Process, stage: Stage, report: Report) -> None:
    kept, seen = await db.read(rows), await outside(sandbox)
    report.faults += violations(planned, kept, seen, read_policy_file(POLICY))
    states = Counter(str(row.file.case.state) for row in kept.values())
    acknowledged = sum(call.acknowledged for call in planned)
    report.lines += [
        f"{len(planned)} calls, {acknowledged} acknowledged; {len(kept)} cases: "
        + ", ".join(f"{count} {state}" for state, count in sorted(states.items())),
        f"{len(seen.brands)} brands, {len(seen.refunds)} refunds, "
        f"{len(seen.messages)} cards, {len(seen.replies)} replies in their threads",
        await verified(stage, report),
    ]


async def verified(stage: Stage, report: Report) -> str:
    """Return what `countersign audit verify` says, run as an operator runs it."""
    process = await asyncio.create_subprocess_exec(
        *(sys.executable, "-m", "bot", "audit", "verify"),
        cwd=stage.folder,
        env={"DATABASE_URL": stage.database_url()},
        stdout=asyncio.subprocess.PIPE,
        stderr=asyncio.subprocess.STDOUT,
    )
    async with asyncio.timeout(VERIFY_S):
        said, _ = await process.communicate()
    words = said.decode(errors="replace").strip()
    if process.returncode != 0:
        report.faults.append(f"audit verify ended with code {process.returncode}: {words[-300:]}")
    return f"audit verify: {words[-100:]}"


def main() -> int:
    parser = argparse.ArgumentParser(prog="python -m tools.chaos.__main__", description=__doc__)
    parser.add_argument("--seed", type=int, default=None, help="of calls, clicks and kills; a new one if not given")
    given = parser.parse_args()
    report = Report(secrets.randbelow(1_000_000) if given.seed is None else given.seed)
    folder = Path(tempfile.mkdtemp(prefix="countersign-chaos-"))
    stage = Stage(folder, folder / "log")
    print(f"chaos: seed {report.seed}", flush=True)
    try:
        asyncio.run(run(stage, report))
    finally:
        stage.end()
    return told(report, folder)


def told(report: Report, folder: Path) -> int:
    deaths = ", ".join(f"{count} {when}" for when, count in sorted(report.kills.items()))
    print(f"killed {report.kills.total()} times with -9: {deaths}")
    print(*report.lines, sep="\n")
    print(f"took {time.monotonic() - report.began:.0f} s")
    if not report.faults:
        shutil.rmtree(folder, ignore_errors=True)
        print("Nothing doubled, nothing unapproved, nothing lost.")
        return 0
    print(f"\n{len(report.faults)} VIOLATIONS with seed {report.seed}; database and log are kept in {folder}")
    print(*report.faults[:SHOWN], sep="\n")
    return 1


if __name__ == "__main__":
    sys.exit(main())
