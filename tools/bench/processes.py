"""Run the real processes, each on its own: the bot, the sandbox, the bare handler; and measure what they cost."""

import asyncio
import os
import signal
import subprocess
import sys
import time
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path

from tests.support.places import REPOSITORY
from tests.support.world import POLICY, SECRETS, free_port
from tools.bench.http import Line

ROOT = REPOSITORY
TICKS = os.sysconf("SC_CLK_TCK")  # a second
PATIENCE_S = 15.0
LOOK_EVERY_S = 0.002


@dataclass
class Process:
    """Hold one started process, its address, and how long it took to answer for the first time."""

    child: subprocess.Popen[bytes]
    port: int
    spawned_at: float
    started_s: float = 0.0

    @property
    def url(self) -> str:
        return f"http://127.0.0.1:{self.port}"

    def cpu_s(self) -> float:
        """Return the processor time of all its threads so far."""
        fields = Path(f"/proc/{self.child.pid}/stat").read_text().rpartition(")")[2].split()
        return (int(fields[11]) + int(fields[12])) / TICKS

    def resident_mb(self) -> float:
        status = Path(f"/proc/{self.child.pid}/status").read_text()
        line = next(line for line in status.splitlines() if line.startswith("VmRSS:"))
        return int(line.split()[1]) / 1024

    async def ready(self, path: str) -> "Process":
        """Wait for the first 200; raise SystemExit if the process ends or stays silent."""
        until = time.monotonic() + PATIENCE_S
        while time.monotonic() < until:
            if self.child.poll() is not None:
                raise SystemExit(f"a process ended with code {self.child.returncode} before it answered")
            if await answers(self.port, path):
                self.started_s = time.monotonic() - self.spawned_at
                return self
            await asyncio.sleep(LOOK_EVERY_S)
        raise SystemExit(f"no answer at port {self.port} within {PATIENCE_S:.0f} s")

    def kill(self) -> None:
        self.child.kill()
        self.child.wait()

    def stop(self) -> int:
        """Ask the process to stop, kill it if it does not in time, and return its code."""
        if self.child.poll() is None:
            self.child.send_signal(signal.SIGTERM)
        try:
            return self.child.wait(PATIENCE_S)
        except subprocess.TimeoutExpired:
            self.kill()
            return -signal.SIGKILL


async def answers(port: int, path: str) -> bool:
    try:
        async with asyncio.timeout(1), Line(port) as line:
            return (await line.get(path)).status == 200
    except (OSError, TimeoutError):
        return False


@dataclass
class Stage:
    """Start processes in one folder and end them all, whatever happens."""

    folder: Path
    log: Path
    started: list[Process] = field(default_factory=list)

    def spawn(self, module: Sequence[str], port: int, *, cwd: Path, environment: Mapping[str, str]) -> Process:
        command = [sys.executable, "-m", *module]
        with self.log.open("ab") as log:
            spawned_at = time.monotonic()
            child = subprocess.Popen(
                command, cwd=cwd, env={"PATH": os.environ.get("PATH", ""), **environment}, stdout=log, stderr=log
            )
        process = Process(child, port, spawned_at)
        self.started.append(process)
        return process

    def bot(self, page: str, port: int, database: str = "countersign.db") -> Process:
        """Start the bot as operators do; in the folder, so that no `.env` of this checkout is read."""
        given = {
            "DATABASE_URL": self.database_url(database),
            "POLICY_FILE": str(POLICY),
            "PORT": str(port),
            "SLACK_API_URL": f"{page}/slack/api/",
            "SLACK_CHANNEL_PACE": "0",
            "FIDEL_API_URL": f"{page}/fidel/v1",
            "STRIPE_API_URL": f"{page}/stripe",
            "STRIPE_API_KEY": "rk_test_sandbox",
            **{name.upper(): value for name, value in SECRETS.items()},
        }
        return self.spawn(["bot", "serve"], port, cwd=self.folder, environment=given)

    def sandbox(self, bot_port: int) -> Process:
        port = free_port()
        arguments = ["--port", str(port), "--bot-url", f"http://127.0.0.1:{bot_port}", "--no-limits"]
        return self.spawn(["sandbox", *arguments], port, cwd=self.folder, environment={})

    def bare(self) -> Process:
        port = free_port()
        environment = {"SECRET": SECRETS["dialnexa_webhook_secret"]}
        return self.spawn(["tools.bench.bare", str(port)], port, cwd=ROOT, environment=environment)

    def database_url(self, database: str = "countersign.db") -> str:
        return f"sqlite:///{self.folder / database}"

    def tail(self) -> str:
        """Return the last words of all processes, for whoever looks into a failure."""
        return "\n".join(self.log.read_text(errors="replace").splitlines()[-20:]) if self.log.exists() else ""

    def end(self) -> None:
        for process in self.started:
            if process.child.poll() is None:
                process.kill()
