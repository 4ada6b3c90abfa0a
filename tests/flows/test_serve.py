"""Serve: the process says what is missing before it starts, answers while it runs, and stops when it is told to."""

import asyncio
import os
import signal
import subprocess
import sys
from pathlib import Path

from tests.support.world import POLICY, SECRETS, World, reserved_port

ROOT = POLICY.parent
NEEDED_SETTINGS = {name.upper(): value for name, value in SECRETS.items()}


def serve(folder: Path, **environment: str) -> subprocess.CompletedProcess[str]:
    """Run `countersign serve` in a folder of its own until it ends by itself."""
    command = [sys.executable, "-m", "bot", "serve"]
    given = {"PATH": os.environ["PATH"], "PYTHONPATH": str(ROOT), **environment}
    return subprocess.run(command, cwd=folder, env=given, capture_output=True, text=True, timeout=250, check=False)


def test_serve_with_nothing_set_says_what_is_missing_and_exits_with_two(tmp_path: Path) -> None:
    ended = serve(tmp_path)
    assert ended.returncode == 2
    assert ended.stdout == ""
    for name in NEEDED_SETTINGS:
        assert f"{name} is not set. Set it to the" in ended.stderr
    assert "Traceback" not in ended.stderr
    assert list(tmp_path.iterdir()) == []  # not even a database


def test_serve_with_a_wrong_policy_says_every_line_and_exits_with_two(tmp_path: Path) -> None:
    wrong = tmp_path / "policy.toml"
    wrong.write_text('[channels]\nreview = "finance"\n[groups]\nfinance = "@finance"\n[nonsense]\n', encoding="utf-8")
    ended = serve(tmp_path, **NEEDED_SETTINGS)
    assert ended.returncode == 2
    assert "Traceback" not in ended.stderr
    for line in ("2", "4", "5"):
        assert f"policy.toml:{line}" in ended.stderr or f"line {line}" in ended.stderr
    for secret in NEEDED_SETTINGS.values():
        assert secret not in ended.stderr


def test_serve_with_a_database_that_cannot_be_says_so_and_exits_with_two(tmp_path: Path) -> None:
    ended = serve(tmp_path, POLICY_FILE=str(POLICY), DATABASE_URL="mysql://db.example.com/x", **NEEDED_SETTINGS)
    assert ended.returncode == 2
    assert "DATABASE_URL must begin with" in ended.stderr
    assert "Traceback" not in ended.stderr


async def test_serve_answers_until_it_is_told_to_stop_and_exits_with_nought(
    sqlite_world: World, tmp_path: Path
) -> None:
    with reserved_port() as port:
        await serves_and_stops(sqlite_world, tmp_path, port)


async def serves_and_stops(world: World, folder: Path, port: int) -> None:
    environment = {
        "PATH": os.environ["PATH"],
        "PYTHONPATH": str(ROOT),
        "DATABASE_URL": f"sqlite:///{folder / 'served.db'}",
        "POLICY_FILE": str(POLICY),
        "PORT": str(port),
        "SLACK_API_URL": f"{world.page}/slack/api/",
        "FIDEL_API_URL": f"{world.page}/fidel/v1",
        **NEEDED_SETTINGS,
    }
    command = (sys.executable, "-m", "bot", "serve")
    pipe = asyncio.subprocess.PIPE
    bot = await asyncio.create_subprocess_exec(*command, cwd=folder, env=environment, stdout=pipe, stderr=pipe)
    try:
        world.app.port = port
        await world.until(lambda: _ready(world), "the bot being ready")
        bot.send_signal(signal.SIGTERM)
        _, said = await bot.communicate()
    finally:
        if bot.returncode is None:
            bot.kill()
    assert bot.returncode == 0
    for secret in SECRETS.values():
        assert secret.encode() not in said


async def _ready(world: World) -> bool | None:
    try:
        async with world.http.get(world.bot + "/readyz") as answer:
            return answer.status == 200 or None
    except OSError:
        return None
