"""What every connector shares: the shape, the three ways to fail, and the HTTP client.

    ConnectorError
    ├── Refused      the vendor said no and will say no again: a sentence for a finance person
    ├── Unavailable  surely nothing happened: try again after `retry_after_s`
    └── Unsure       it may have happened: look it up, never send again blindly

A vendor file says only what to send and how to read a refusal. What a broken connection, a time-out, a 429, a 5xx or
an unreadable reply means is decided here, once: on a read it is Unavailable; on a write whose bytes may have left it is
Unsure. Sentences of errors go to cards and logs, so they hold no secret and no personal data.
"""

import asyncio
import json
import logging
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from datetime import datetime, timedelta
from decimal import Decimal
from email.utils import parsedate_to_datetime
from enum import StrEnum
from typing import Any, Protocol, TypeVar
from urllib.parse import quote, urlencode

import httpx
from pydantic import BaseModel, ValidationError

from bot.connectors.wire import Wire
from bot.core.model import Action, Details, Fact, Frozen, Receipt

CONNECT_S = 5.0  # a vendor that does not even take the connection by then is down, and nothing was sent
TOTAL_S = 15.0  # well under any lease, and longer than the slowest answer that the vendors promise
RETRY_AFTER_AT_MOST_S = 3600.0  # a longer pause is somebody's mistake, not a rate limit

Thing = TypeVar("Thing", bound=BaseModel)


class ConnectorError(Exception):
    """`sentence` is for a finance person; `request_id` is the vendor's own id of the request, for their support."""

    def __init__(self, sentence: str, *, request_id: str | None = None) -> None:
        super().__init__(sentence)
        self.sentence = sentence
        self.request_id = request_id


class Refused(ConnectorError):
    """The vendor, or a rule of ours that looks first, said no; `reason` is a word for the connector that raised it."""

    def __init__(self, sentence: str, *, reason: str | None = None, request_id: str | None = None) -> None:
        super().__init__(sentence, request_id=request_id)
        self.reason = reason


class Unavailable(ConnectorError):
    """Surely nothing happened; `retry_after_s` is the vendor's own hint in seconds, where it gave one."""

    def __init__(self, sentence: str, *, retry_after_s: float | None = None, request_id: str | None = None) -> None:
        super().__init__(sentence, request_id=request_id)
        self.retry_after_s = retry_after_s


class Unsure(ConnectorError):
    """It may have happened."""


class Repeat(StrEnum):
    """What makes it safe to send an operation again after a try whose outcome is not known."""

    KEY = "key"  # the vendor honours our key, for as long as `Operation.key_lasts`
    NATURAL = "natural"  # a repeat has the same end state, or is refused by a natural key
    PERSON = "person"  # where the look-up finds nothing, only a person may decide


@dataclass(frozen=True)
class Operation:
    params: type[Frozen]
    repeat: Repeat
    moves_money: bool
    safe_because: str  # a sentence: what keeps it from happening twice
    key_lasts: timedelta | None = None


class Connector(Protocol):
    """One outside system. Every method but `facts` and `close` raises ConnectorError."""

    name: str  # as in `Action.connector`: "fidel"
    title: str  # for people: "Fidel API"
    operations: Mapping[str, Operation]

    async def perform(self, action: Action, key: str) -> Receipt:
        """Does it, once for a key. Raises Refused, Unavailable or Unsure."""

    async def find(self, action: Action, key: str) -> Receipt | None:
        """What has happened under this key, by reading only; None where nothing did, or it failed since.

        Raises Refused and Unavailable where the look itself failed: then nothing is known.
        """

    async def check(self) -> str:
        """A sentence that says the address and the key work. Raises Refused, Unavailable."""

    async def facts(self, details: Details, wanted: frozenset[str], now: datetime) -> tuple[Fact, ...]:
        """What read-only look-ups say about the wanted names; a look-up that failed is a Fact with `missing`."""

    async def close(self) -> None:
        """Closes the pooled connections."""


@dataclass(frozen=True)
class Reply:
    status: int
    body: Mapping[str, Any]  # parsed JSON object; decimals are Decimal, never float
    write: bool  # what to raise if it makes no sense
    request_id: str | None = None
    replayed: bool = False  # the answer of an earlier request with the same key, as things stood then


class Http:
    """One vendor's pooled connections. `refusal` reads a 4xx reply; None leaves it to the meaning given here.

    `key_name` is the setting that holds the key, for the sentence about a key that is not accepted. Raises ValueError
    for an address or a key that cannot be sent at all, without quoting it.
    """

    def __init__(
        self,
        title: str,
        base_url: str,
        headers: Mapping[str, str],
        refusal: Callable[[Reply], ConnectorError | None],
        *,
        key_name: str,
        request_id_header: str,
        transport: httpx.AsyncBaseTransport | None = None,
        total_s: float = TOTAL_S,
    ) -> None:
        for name in ("httpx", "httpcore"):  # their lines name addresses, and at DEBUG headers: a key would be logged
            logging.getLogger(name).setLevel(logging.WARNING)
        if not all(value.isascii() and value.isprintable() and value.strip() == value for value in headers.values()):
            raise ValueError(f"{key_name} holds characters that a header cannot carry")
        if httpx.URL(base_url).scheme not in {"http", "https"}:
            raise ValueError(f"the address of {title} has to begin with https://")
        self.title = title
        self._base_url = base_url.rstrip("/")
        self._refusal = refusal
        self._key_name = key_name
        self._request_id_header = request_id_header
        self._total_s = total_s
        self._headers = {"Accept": "application/json", **headers}
        timeout = httpx.Timeout(total_s, connect=min(CONNECT_S, total_s), pool=min(CONNECT_S, total_s))
        self._limits = {"timeout": timeout.as_dict()}
        # the transport alone: no redirects, cookies or retries, so a request is sent once and to this address only
        self._transport = transport or Wire()

    async def read(self, path: str, query: Mapping[str, str] | None = None) -> Reply:
        """GET, which changes nothing. Raises Refused, Unavailable."""
        url = f"{self._base_url}{path}"
        request = httpx.Request("GET", url, params=query or None, headers=self._headers, extensions=self._limits)
        return await self._send(request, write=False)

    async def write(
        self, method: str, path: str, content: bytes, content_type: str, headers: Mapping[str, str] | None = None
    ) -> Reply:
        """Whatever changes something. Raises Refused, Unavailable, Unsure."""
        every = {**self._headers, **(headers or {}), "Content-Type": content_type}
        url = f"{self._base_url}{path}"
        request = httpx.Request(method, url, content=content, headers=every, extensions=self._limits)
        return await self._send(request, write=True)

    def unreadable(self, reply: Reply) -> ConnectorError:
        """The error for a 2xx reply that lacks what it has to hold."""
        return self._open(f"{self.title} sent an answer that could not be read.", reply.write, reply.request_id)

    async def close(self) -> None:
        await self._transport.aclose()

    async def _send(self, request: httpx.Request, *, write: bool) -> Reply:
        # "from None" because the text of these exceptions can quote a header, and tracebacks end up in logs
        try:
            async with asyncio.timeout(self._total_s):
                response = await self._transport.handle_async_request(request)
                await response.aread()
        except (httpx.ConnectError, httpx.ConnectTimeout, httpx.PoolTimeout, httpx.ProxyError):
            raise Unavailable(f"{self.title} could not be reached.") from None
        except (httpx.TimeoutException, TimeoutError):
            raise self._open(f"{self.title} did not answer in time.", write) from None
        except httpx.HTTPError:
            raise self._open(f"The connection to {self.title} broke off.", write) from None
        return self._meaning(response, write)

    def _meaning(self, response: httpx.Response, write: bool) -> Reply:
        status, body = response.status_code, _parsed(response.content)
        request_id = response.headers.get(self._request_id_header)
        replayed = response.headers.get("idempotent-replayed") == "true"  # Stripe's name; no other vendor says so
        reply = Reply(status, body or {}, write, request_id, replayed)
        if status == httpx.codes.TOO_MANY_REQUESTS:
            pause = _retry_after_s(response.headers)
            raise Unavailable(f"{self.title} asks us to slow down.", retry_after_s=pause, request_id=request_id)
        if 400 <= status < 500 and status != httpx.codes.REQUEST_TIMEOUT:
            raise self._refusal(reply) or self._plain_refusal(reply)
        if not 200 <= status < 300:
            raise self._open(f"{self.title} answered with an error of its own ({status}).", write, request_id)
        if body is None and status != httpx.codes.NO_CONTENT:
            raise self.unreadable(reply)
        return reply

    def _plain_refusal(self, reply: Reply) -> Refused:
        if reply.status in {401, 403}:
            sentence = f"{self.title} does not accept our key ({reply.status}): check {self._key_name}."
        else:
            sentence = f"{self.title} refused the request ({reply.status})."
        return Refused(sentence, request_id=reply.request_id)

    def _open(self, sentence: str, write: bool, request_id: str | None = None) -> ConnectorError:
        if write:
            return Unsure(f"{sentence} It may have happened.", request_id=request_id)
        return Unavailable(sentence, request_id=request_id)


def parsed_params(title: str, operations: Mapping[str, Operation], action: Action) -> Frozen:
    """The action's parameters as their model. Raises Refused with the fields that do not fit, never their values."""
    operation = operations.get(action.operation)
    if operation is None:
        raise Refused(f"{title} has no operation {action.operation!r} here.")
    try:
        return operation.params.model_validate(dict(action.params))
    except ValidationError as error:
        faults = error.errors(include_url=False, include_input=False, include_context=False)
        what = "; ".join(f"{'.'.join(map(str, fault['loc'])) or 'parameters'}: {fault['msg']}" for fault in faults)
        raise Refused(f"This step does not fit {title}: {what}.") from None


def thing(model: type[Thing], record: object) -> Thing | None:
    """A vendor's record as a tolerant model; None where it does not fit."""
    try:
        return model.model_validate(record)
    except ValidationError:
        return None


def to_json(value: object) -> str:
    """JSON text in which a Decimal is the number it is: the standard encoder would take a float's detour."""
    if isinstance(value, Decimal):
        return format(value, "f")
    if isinstance(value, Mapping):
        return "{" + ",".join(f"{json.dumps(str(key))}:{to_json(item)}" for key, item in value.items()) + "}"
    if isinstance(value, list | tuple):
        return "[" + ",".join(map(to_json, value)) + "]"
    return json.dumps(value)


def to_form(fields: Mapping[str, str | None]) -> bytes:
    """A form body without the fields that are None."""
    return urlencode({name: value for name, value in fields.items() if value is not None}).encode()


def in_path(part: str) -> str:
    """A vendor's id as one safe part of a path."""
    return quote(part, safe="")


def short(text: object) -> str:
    """A vendor's words on one line, at most 200 characters."""
    return " ".join(str(text).split())[:200]


def _parsed(content: bytes) -> Mapping[str, Any] | None:
    try:
        body = json.loads(content, parse_float=Decimal)
    except (ValueError, RecursionError):
        return None
    return body if isinstance(body, dict) else None


def _retry_after_s(headers: httpx.Headers) -> float | None:
    """RFC 9110 section 10.2.3: seconds, or a date, which is measured against the reply's own date."""
    value = headers.get("retry-after", "").strip()
    if not value:
        return None
    try:
        pause = float(value)
    except ValueError:
        try:
            until, now = parsedate_to_datetime(value), parsedate_to_datetime(headers.get("date", ""))
            pause = (until - now).total_seconds()
        except (ValueError, TypeError):
            return None
    return min(max(pause, 0.0), RETRY_AFTER_AT_MOST_S) if pause == pause else None  # a NaN is no hint
