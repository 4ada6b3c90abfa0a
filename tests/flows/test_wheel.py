"""Check that the built wheel is whole: `countersign demo` works in an empty folder, with nothing of the checkout."""

import contextlib
import json
import os
import shutil
import signal
import subprocess
import sys
import sysconfig
import time
import urllib.request
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any, TypeVar
from urllib.parse import urlencode

import pytest

from tests.support.outside import ANA, PATIENCE_S
from tests.support.places import REPOSITORY
from tests.support.world import free_port

T = TypeVar("T")
PACKAGES = ("bot", "handlers", "storage", "sandbox")
CALL, CHANNEL = "refund-duplicate", "finance-refunds"


def run(*command: str | Path, **environment: str) -> str:
    """Return what a command prints; fail with its output if it does not exit with 0."""
    clean = {"PATH": os.environ["PATH"], "PIP_DISABLE_PIP_VERSION_CHECK": "1", **environment}
    ran = subprocess.run(command, cwd="/", env=clean, capture_output=True, text=True, check=False)
    assert ran.returncode == 0, ran.stdout + ran.stderr
    return ran.stdout


@pytest.fixture(scope="module")
def installed(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Return the folder of the commands of an environment that holds the wheel and, beside it, our dependencies."""
    room = tmp_path_factory.mktemp("wheel")
    source, environment = room / "source", room / "environment"
    for name in PACKAGES:
        shutil.copytree(REPOSITORY / name, source / name, ignore=shutil.ignore_patterns("__pycache__"))
    for name in ("pyproject.toml", "README.md", "LICENSE", "policy.toml", "manifest.yml"):
        shutil.copy(REPOSITORY / name, source)
    pip = (sys.executable, "-m", "pip")
    run(*pip, "wheel", "--quiet", "--no-deps", "--no-build-isolation", "--no-index", "--wheel-dir", room, source)
    (wheel,) = room.glob("*.whl")
    run(sys.executable, "-m", "venv", "--without-pip", environment)
    run(*pip, f"--python={environment / 'bin/python'}", "install", "--quiet", "--no-deps", "--no-index", wheel)
    shutil.rmtree(source)
    # Dependencies come from here by a path file; path files that lie beyond it, as an editable install's, are not read.
    packages = run(environment / "bin/python", "-c", "import sysconfig; print(sysconfig.get_path('purelib'))").strip()
    (Path(packages) / "dependencies.pth").write_text(sysconfig.get_path("purelib"), encoding="utf-8")
    return environment / "bin"


def test_the_installed_packages_are_those_of_the_wheel(installed: Path) -> None:
    code = "import bot, handlers, storage, sandbox; print(bot.__file__, *sandbox.__path__, *storage.__path__)"
    for place in run(installed / "python", "-c", code).split():
        assert place.startswith(str(installed.parent)), place


def test_the_wheel_brings_policy_manifest_and_type_markers(installed: Path) -> None:
    (bot,) = (installed.parent / "lib").glob("python*/site-packages/bot")
    for name in ("policy.toml", "manifest.yml"):
        assert (bot / name).read_bytes() == (REPOSITORY / name).read_bytes()
    for package in ("bot", "handlers", "storage"):
        assert (bot.parent / package / "py.typed").is_file()


class Demo:
    """Hold a demo that runs in a process of its own, and ask its page."""

    def __init__(self, process: subprocess.Popen[bytes], page: str) -> None:
        self.process, self.page = process, page

    def get(self, path: str, **query: str) -> str:
        with urllib.request.urlopen(f"{self.page}{path}?{urlencode(query)}", timeout=PATIENCE_S) as answer:
            return str(answer.read().decode())

    def post(self, path: str, **content: object) -> Any:
        headers = {"Content-Type": "application/json"}
        request = urllib.request.Request(self.page + path, json.dumps(content).encode(), headers)
        with urllib.request.urlopen(request, timeout=PATIENCE_S) as answer:
            return json.loads(answer.read())

    def until(self, look: Callable[[], T | None], what: str) -> T:
        """Return what the look finds, once it finds something; fail by name if it does not in time."""
        until = time.monotonic() + 4 * PATIENCE_S  # two interpreters start, on a machine that may be busy
        while time.monotonic() < until:
            assert self.process.poll() is None, f"the demo ended with {self.process.returncode}"
            with contextlib.suppress(OSError):
                if (found := look()) is not None:
                    return found
            time.sleep(0.1)
        raise AssertionError(f"never saw {what}")


@pytest.fixture
def demo(installed: Path, tmp_path: Path) -> Iterator[Demo]:
    """Yield a demo that runs in an empty folder."""
    bot_port, page_port = free_port(), free_port()
    command = (installed / "countersign", "demo", "--port", str(bot_port), "--page-port", str(page_port))
    with subprocess.Popen(command, cwd=tmp_path, env={"PATH": os.environ["PATH"]}) as process:
        yield Demo(process, f"http://127.0.0.1:{page_port}")
        process.send_signal(signal.SIGINT)


def test_demo_in_an_empty_folder_takes_a_call_and_shows_its_card(demo: Demo, tmp_path: Path) -> None:
    def channel() -> str | None:
        state = json.loads(demo.get("/sim/state", user=ANA))
        (found,) = [channel["id"] for channel in state["channels"] if channel["name"] == CHANNEL]
        return str(found) if state["bot"]["reachable"] else None

    def card() -> str | None:
        messages = json.loads(demo.get("/sim/messages", channel=channel_id, user=ANA))["messages"]
        return next((message["text"] for message in messages if message["bot"]), None)

    channel_id = demo.until(channel, "the bot being reachable")
    assert "<html" in demo.get("/")
    assert demo.get("/web/app.js")
    assert demo.post("/sim/call", name=CALL, fresh=False)["ok"]
    assert "Refund" in demo.until(card, "the card")
    demo.process.send_signal(signal.SIGINT)
    assert demo.process.wait(2 * PATIENCE_S) == 0
    assert [path.name for path in tmp_path.iterdir()] == ["demo-data"]
