"""Measure how fast the real process is, beside its aims and beside a handler that only checks the HMAC.

Bot, sandbox and load are three processes on one machine and share its cores. Every figure is repeated; medians are
printed with the least and the most. It measures and judges nothing: exit code 0 whatever the figures are.
"""

import asyncio
import itertools
import os
import statistics
import sys
import tempfile
import time
from collections.abc import Callable, Sequence
from pathlib import Path

import uvloop

from tests.support.world import free_port
from tools.bench.cases import Run
from tools.bench.http import Line
from tools.bench.payloads import brand_call, transcript_ready, webhook
from tools.bench.processes import ROOT, Process, Stage
from tools.bench.table import Row, row, table

STARTS = 5
ROUNDS = 3
WEBHOOK_S = 1.2
WEBHOOK_LINES = 32
REQUESTS_MOST = 12_000  # made before the clock starts
AT_ONCE = 64  # cases under way
WARM_UP_S = 4.0  # until the replies in the threads, 3 s after a card, are part of the load
WINDOW_S = 3.0
WINDOWS = 5
PACED_A_SECOND = 10.0
PACED_S = 6.0
QUIET_S = 12.0


async def start_up(stage: Stage, page: str) -> list[float]:
    """Measure the seconds from spawn to the first 200 of /healthz, each time with a new database."""
    took: list[float] = []
    for n in range(STARTS):
        bot = await stage.bot(page, free_port(), f"start-{n}.db").ready("/healthz")
        took.append(bot.started_s)
        bot.stop()
    return took


async def acknowledged(process: Process, requests: Sequence[bytes]) -> float:
    """Measure answers of 200 a second, with as many connections as DialNexa might hold."""
    left = iter(requests)
    until = time.perf_counter() + WEBHOOK_S
    began = time.perf_counter()

    async def hand() -> int:
        count = 0
        async with Line(process.port) as line:
            for content in left:
                if time.perf_counter() > until:
                    break
                count += (await line.ask(content)).status == 200
        return count

    counts = await asyncio.gather(*(hand() for _ in range(WEBHOOK_LINES)))
    return sum(counts) / (time.perf_counter() - began)


async def webhooks(stage: Stage, page: str, port: int) -> dict[str, list[float]]:
    """Measure in turns, so that a busy moment of the machine hits them all."""
    bare = await stage.bare().ready("/healthz")
    rates: dict[str, list[float]] = {"bare": [], "stored": [], "shown": []}
    number = itertools.count()

    def calls(make: Callable[[str], bytes]) -> list[bytes]:
        return [make(f"call_bench_{next(number):07d}") for _ in range(REQUESTS_MOST)]

    for n in range(ROUNDS):
        asks = calls(lambda call_id: webhook(brand_call(call_id, f"Bench {call_id[-7:]}")))
        rates["bare"].append(await acknowledged(bare, asks))
        bot = await stage.bot(page, port, f"webhooks-{n}.db").ready("/healthz")
        rates["stored"].append(await acknowledged(bot, calls(lambda call_id: webhook(transcript_ready(call_id)))))
        rates["shown"].append(await acknowledged(bot, asks))
        bot.kill()
    bare.kill()
    return rates


async def whole_cases(bot: Process, sandbox: Process) -> list[Row]:
    run = Run(bot, sandbox, "Whole")
    load = asyncio.create_task(run.closed(AT_ONCE, WARM_UP_S + WINDOWS * WINDOW_S))
    await asyncio.sleep(WARM_UP_S)
    rates: list[float] = []
    cpu: dict[str, list[float]] = {name: [] for name in ("bot", "sandbox", "load")}
    for _ in range(WINDOWS):
        if load.done():
            break
        before = bot.cpu_s(), sandbox.cpu_s(), time.process_time()
        done, began = len(run.done_at), time.time()
        await asyncio.sleep(WINDOW_S)
        count = len(run.done_at) - done
        rates.append(count / (time.time() - began))
        after = bot.cpu_s(), sandbox.cpu_s(), time.process_time()
        for name, used in zip(cpu, (b - a for a, b in zip(before, after, strict=True)), strict=True):
            cpu[name].append(used / max(count, 1) * 1000)
    await load
    return [
        row("whole cases a second", rates, "at least 300"),
        *(row(f"  processor time a case, {name}", used, "", unit=" ms") for name, used in cpu.items()),
        *latency("at full speed", await run.click_to_call_ms(), ""),
    ]


async def paced_clicks(bot: Process, sandbox: Process) -> list[Row]:
    run = Run(bot, sandbox, "Paced")
    await run.paced(PACED_A_SECOND, PACED_S)
    return latency(f"at {PACED_A_SECOND:.0f} cases a second", await run.click_to_call_ms(), "under 30 ms")


def latency(when: str, took_ms: Sequence[float], aim: str) -> list[Row]:
    cuts = statistics.quantiles(took_ms, n=100)
    return [
        Row(f"click to Fidel call {when}, p50", f"{cuts[49]:.1f} ms", f"{len(took_ms)} clicks", aim),
        Row(f"click to Fidel call {when}, p99", f"{cuts[98]:.1f} ms", "", ""),
    ]


async def quiet(process: Process) -> None:
    """Wait until the process has nothing to do any more."""
    until = time.monotonic() + QUIET_S
    while time.monotonic() < until:
        before = process.cpu_s()
        await asyncio.sleep(0.5)
        if process.cpu_s() - before < 0.05:
            return


async def measure(stage: Stage) -> list[Row]:
    port = free_port()
    sandbox = await stage.sandbox(port).ready("/sim/requests?system=slack")
    starts = await start_up(stage, sandbox.url)
    rates = await webhooks(stage, sandbox.url, port)
    await quiet(sandbox)
    bot = await stage.bot(sandbox.url, port).ready("/healthz")
    cases = await whole_cases(bot, sandbox)
    resident = bot.resident_mb()
    await quiet(bot)
    clicks = await paced_clicks(bot, sandbox)
    bare = statistics.median(rates["bare"])
    return [
        row("webhooks acknowledged a second, stored only", rates["stored"], ""),
        row("webhooks acknowledged a second, cards following", rates["shown"], ""),
        row("bare handler that only checks the HMAC, a second", rates["bare"], ""),
        Row("  stored / bare", f"{statistics.median(rates['stored']) / bare:.0%}", "", ""),
        *cases,
        *clicks,
        Row("resident memory after the load", f"{resident:.0f} MB", "", "under 120 MB"),
        row("start-up", starts, "under 1 s", unit=" s", digits=2),
    ]


def main() -> int:
    with tempfile.TemporaryDirectory(
        prefix=".bench-", dir=ROOT
    ) as name:  # /tmp may be memory, where fsync costs nothing
        stage = Stage(Path(name), Path(name) / "log")
        began = time.monotonic()
        try:
            rows = uvloop.run(measure(stage))
        except (TimeoutError, OSError, KeyError) as error:
            print(f"The bench fell short: {error!r}", stage.tail(), sep="\n", file=sys.stderr)
            return 1
        finally:
            stage.end()
    print(f"{os.cpu_count()} cores, shared by bot, sandbox and load; SQLite with synchronous=FULL")
    print(table(rows))
    print(f"measured in {time.monotonic() - began:.0f} s")
    return 0


if __name__ == "__main__":
    sys.exit(main())
