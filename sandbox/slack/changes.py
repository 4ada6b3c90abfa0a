"""Record recent posts and changes for a program that watches the workspace, without blocks to keep it cheap."""

from collections import deque
from collections.abc import Iterator
from itertools import islice
from typing import Any, Final

from sandbox.slack.checks import elements_of_block

KEPT: Final = 10_000  # changes; a program further behind must read the channels

Message = dict[str, Any]


class Changes:
    """Hold the places of the last changes, numbered from 1, in memory only."""

    def __init__(self) -> None:
        self.count = 0
        self._places: deque[tuple[str, str]] = deque(maxlen=KEPT)

    def note(self, channel_id: str, ts: str) -> None:
        self.count += 1
        self._places.append((channel_id, ts))

    def after(self, number: int) -> list[tuple[str, str]]:
        """Return each place changed after that number once, in the order of its last change."""
        newest_first = dict.fromkeys(islice(reversed(self._places), max(0, self.count - number)))
        return list(reversed(newest_first))


def brief(channel_id: str, message: Message) -> Message:
    """Return where a message is, what its notification says, and its buttons."""
    return {
        "channel": channel_id,
        "ts": message["ts"],
        "thread_ts": message.get("thread_ts"),
        "text": message.get("text", ""),
        "metadata": message.get("metadata"),
        "buttons": list(_buttons(message)),
    }


def _buttons(message: Message) -> Iterator[dict[str, Any]]:
    for block in message.get("blocks", []):
        for element in elements_of_block(block):
            if element.get("type") == "button":
                yield {"block_id": block["block_id"], "action_id": element["action_id"], "value": element.get("value")}
