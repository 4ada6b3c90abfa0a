"""Define what all of Zendesk's operations share: the store, time and refusals."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Any, NamedTuple

from sandbox.state import State

Body = dict[str, Any]


class Refusal(Exception):
    """Refuse a request; `details` holds the faults by field, as Zendesk's validation gives them."""

    def __init__(self, status: int, error: str, description: str, details: Mapping[str, str] | None = None) -> None:
        super().__init__(description)
        self.status = status
        self.headers: dict[str, str] = {}
        self.body: Body = {"error": error, "description": description}
        if details is not None:
            self.body["details"] = {
                name: [{"description": words, "error": "InvalidValue"}] for name, words in details.items()
            }


def invalid(**details: str) -> Refusal:
    return Refusal(422, "RecordInvalid", "Record validation errors", details)


class Reply(NamedTuple):
    body: Body
    status: int = 200
    headers: Mapping[str, str] = {}


@dataclass(frozen=True)
class Api:
    """Hold the state, the only client, and the sources of time and access tokens."""

    state: State
    client_id: str
    secret: str
    now: Callable[[], datetime]
    new_token: Callable[[], str]

    @property
    def store(self) -> Body:
        return self.state.zendesk

    def stamp(self) -> str:
        return self.now().astimezone(UTC).strftime("%Y-%m-%dT%H:%M:%SZ")

    def seconds(self) -> int:
        return int(self.now().timestamp())

    def next_id(self) -> int:
        self.store["last_id"] += 1
        return int(self.store["last_id"])
