"""Keep all data of the sandbox as plain JSON: a dict for each system, saved to one file."""

import asyncio
import json
import os
from pathlib import Path
from typing import Any, Literal

What = Literal["slack", "fidel", "stripe", "zendesk", "quickbooks", "hubspot", "google", "faults", "view"]

SAVE_AFTER_S = 0.5  # changes come in bursts; one write covers a burst
EVENTS_KEPT = 1000  # a page further behind reloads the whole state anyway


class Listener:
    """Queue the events for one open page; `user` is the person who views it."""

    def __init__(self, user: str) -> None:
        self.user = user
        self.queue: asyncio.Queue[dict[str, Any]] = asyncio.Queue(maxsize=EVENTS_KEPT)

    def put(self, event: dict[str, Any]) -> None:
        if not self.queue.full():
            self.queue.put_nowait(event)


class State:
    """Hold a dict of JSON values for each system, saved atomically to `path`, if given, soon after a change."""

    def __init__(self, path: Path | None = None) -> None:
        self.slack: dict[str, Any] = {}
        self.fidel: dict[str, Any] = {}
        self.stripe: dict[str, Any] = {}
        self.zendesk: dict[str, Any] = {}
        self.quickbooks: dict[str, Any] = {}
        self.hubspot: dict[str, Any] = {}
        self.google: dict[str, Any] = {}
        self.faults: dict[str, str] = {}
        self.listeners: set[Listener] = set()
        self._path = path
        self._timer: asyncio.TimerHandle | None = None
        if path is not None and path.exists():
            self._load(json.loads(path.read_text()))

    def _parts(self) -> dict[str, dict[str, Any]]:
        return {
            "slack": self.slack,
            "fidel": self.fidel,
            "stripe": self.stripe,
            "zendesk": self.zendesk,
            "quickbooks": self.quickbooks,
            "hubspot": self.hubspot,
            "google": self.google,
            "faults": self.faults,
        }

    def _load(self, saved: dict[str, dict[str, Any]]) -> None:
        for name, part in self._parts().items():
            part.update(saved.get(name, {}))

    def clear(self) -> None:
        """Empty all dicts in place, so that every holder of one sees it empty."""
        for part in self._parts().values():
            part.clear()

    def changed(self, what: What) -> None:
        """Schedule a save and notify every open page that `what` changed."""
        self._save_soon()
        if what != "view":  # a form concerns one person: `tell` sends it
            for listener in self.listeners:
                listener.put({"what": what})

    def tell(self, user: str, event: dict[str, Any]) -> None:
        """Send one event to the open pages of one person."""
        for listener in self.listeners:
            if listener.user == user:
                listener.put(event)

    def _save_soon(self) -> None:
        if self._path is None or self._timer is not None:
            return
        try:
            loop = asyncio.get_running_loop()
        except RuntimeError:  # seeding, before the server runs: the save at its stop covers it
            return
        self._timer = loop.call_later(SAVE_AFTER_S, self.save)

    def save(self) -> None:
        """Write the file now and atomically, so that a reader or a crash sees the old file or the new one."""
        if self._timer is not None:
            self._timer.cancel()
            self._timer = None
        if self._path is None:
            return
        self._path.parent.mkdir(parents=True, exist_ok=True)
        draft = self._path.with_name(self._path.name + ".new")
        with draft.open("w") as file:
            json.dump(self._parts(), file, separators=(",", ":"))
            file.flush()
            os.fsync(file.fileno())
        draft.replace(self._path)
