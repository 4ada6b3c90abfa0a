"""Run commands in the process of the test, in an empty folder."""

import asyncio
import json
from pathlib import Path
from typing import Any, NamedTuple

import pytest

from bot.__main__ import main


class Ran(NamedTuple):
    code: int
    out: str
    err: str

    @property
    def json(self) -> Any:
        return json.loads(self.out)

    @property
    def json_lines(self) -> list[Any]:
        return [json.loads(line) for line in self.out.splitlines()]


class Shell:
    """Run commands as an operator does, in the environment of the test."""

    def __init__(self, capsys: pytest.CaptureFixture[str]) -> None:
        self._capsys = capsys

    def run(self, *words: str) -> Ran:
        self._capsys.readouterr()
        try:
            code = main(words)
        except SystemExit as ended:
            code = int(ended.code or 0)
        captured = self._capsys.readouterr()
        return Ran(code, captured.out, captured.err)

    async def beside(self, *words: str) -> Ran:
        """Run a command while the bot runs in this process."""
        return await asyncio.to_thread(self.run, *words)


@pytest.fixture
def shell(capsys: pytest.CaptureFixture[str], tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Shell:
    monkeypatch.chdir(tmp_path)  # no .env, no policy.toml, no database but the test's
    for name in ("POLICY_FILE", "DATABASE_URL_FILE", "POLICY_FILE_FILE", "POLICY_SHADOW_FILE", "STRIPE_API_KEY"):
        monkeypatch.delenv(name, raising=False)
    monkeypatch.setenv("DATABASE_URL", f"sqlite:///{tmp_path / 'bot.db'}")
    return Shell(capsys)
