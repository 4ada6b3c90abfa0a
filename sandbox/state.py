"""Everything the sandbox knows, as plain JSON: a dict for each system, saved to one file."""

import asyncio
import json
import os
from pathlib import Path
from typing import Any, Literal

What = Literal["slack", "fidel", "stripe", "zendesk", "quickbooks", "hubspot", "google", "faults", "view"]

SAVE_AFTER_S = 0.5  # many changes come in a burst; one write is enough for them
EVENTS_KEPT = 1000  # a listener that is further behind loads the page's state afresh anyway


class Listener:
    """One open page: what it is still to be told. `user` is the person looking."""

    def __init__(self, user: str) -> None:
        self.user = user
        self.queue: asyncio.Queue[dict[str, Any]] = asyncio.Queue(maxsize=EVENTS_KEPT)

    def put(self, event: dict[str, Any]) -> None:
        if not self.queue.full():
            self.queue.put_nowait(event)


class State:
    """A dict of JSON values for each system, saved atomically to `path` soon after a change; else in memory."""

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
        """Empties all dicts in place: whoever holds one of them sees it empty."""
        for part in self._parts().values():
            part.clear()

    def changed(self, what: What) -> None:
        """Marks the state dirty for saving and tells every open page that `what` changed."""
        self._save_soon()
        if what != "view":  # a form is one person's matter: `tell` carries it
            for listener in self.listeners:
                listener.put({"what": what})

    def tell(self, user: str, event: dict[str, Any]) -> None:
        """Sends one event to the open pages of one person."""
        for listener in self.listeners:
            if listener.user == user:
                listener.put(event)

    def _save_soon(self) -> None:
        if self._path is None or self._timer is not None:
            return
        try:
            loop = asyncio.get_running_loop()
        except RuntimeError:  # seeding before the server runs: `save` at its start or stop covers it
            return
        self._timer = loop.call_later(SAVE_AFTER_S, self.save)

    def save(self) -> None:
        """Writes the file now, atomically: a reader or a crash sees the old file or the new one."""
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
