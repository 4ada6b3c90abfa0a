"""One vendor's HTTP client: time-outs, credentials, and what every broken answer means, decided here once.

A broken connection, a time-out, a 429, a 5xx or an unreadable reply is Unavailable on a read; on a write whose bytes
may have left it is Unsure. A 401 is surely nothing that happened: the credential may renew itself, once.
"""

import asyncio
import json
import logging
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from decimal import Decimal
from email.utils import parsedate_to_datetime
from typing import Any, Final, Protocol, TypeVar
from urllib.parse import quote, urlencode

import httpx
from pydantic import BaseModel, ValidationError

from bot.http.errors import ConnectorError, CredentialsRefused, Refused, Unavailable, Unsure
from bot.http.transport import Wire

CONNECT_S: Final = 5.0  # a vendor that does not even take the connection by then is down, and nothing was sent
TOTAL_S: Final = 15.0  # well under any lease, and longer than the slowest answer that the vendors promise
RETRY_AFTER_AT_MOST_S: Final = 3600.0  # a longer pause is somebody's mistake, not a rate limit
FORM: Final = "application/x-www-form-urlencoded"
JSON: Final = "application/json"

# Stripe's and Zendesk's ways to say that this is the stored answer to an earlier request with the same key.
REPLAYED: Final = (("idempotent-replayed", "true"), ("x-idempotency-lookup", "hit"))

Thing = TypeVar("Thing", bound=BaseModel)


class Credential(Protocol):
    """What proves who we are, where that is more than a fixed header."""

    async def headers(self) -> Mapping[str, str]:
        """Raises LockedOut, Unavailable."""

    async def renew(self) -> bool:
        """After a 401: whether there is something newer to try. Raises LockedOut, Unavailable."""


@dataclass(frozen=True)
class Reply:
    status: int
    body: Mapping[str, Any]  # parsed JSON object; decimals are Decimal, never float
    write: bool  # what to raise if it makes no sense
    request_id: str | None = None
    replayed: bool = False  # the answer of an earlier request with the same key, as things stood then
    content: bytes = b""  # as it came, for what is no JSON


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
        credential: Credential | None = None,
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
        self._credential = credential
        self._total_s = total_s
        self._headers = {"Accept": "application/json", **headers}
        timeout = httpx.Timeout(total_s, connect=min(CONNECT_S, total_s), pool=min(CONNECT_S, total_s))
        self._limits = {"timeout": timeout.as_dict()}
        # the transport alone: no redirects, cookies or retries, so a request is sent once and to this address only
        self._transport = transport or Wire()

    async def read(self, path: str, query: Mapping[str, str] | None = None, *, raw: bool = False) -> Reply:
        """GET, which changes nothing; `raw` takes an answer that is no JSON. Raises Refused, Unavailable."""
        return await self._send("GET", path, query=query, write=False, raw=raw)

    async def ask(self, path: str, content: bytes, content_type: str = JSON) -> Reply:
        """A search that some vendors take as a POST; it changes nothing. Raises Refused, Unavailable."""
        return await self._send("POST", path, content=content, content_type=content_type, write=False)

    async def write(
        self,
        method: str,
        path: str,
        content: bytes,
        content_type: str,
        headers: Mapping[str, str] | None = None,
        query: Mapping[str, str] | None = None,
    ) -> Reply:
        """Whatever changes something. Raises Refused, Unavailable, Unsure."""
        return await self._send(
            method, path, content=content, content_type=content_type, headers=headers, query=query, write=True
        )

    def record(self, model: type[Thing], reply: Reply) -> Thing:
        """The reply as a tolerant model. Raises the error of a reply that lacks what it has to hold."""
        if (found := thing(model, reply.body)) is None:
            raise self.unreadable(reply)
        return found

    def unreadable(self, reply: Reply) -> ConnectorError:
        """The error for a 2xx reply that lacks what it has to hold."""
        return self._open(f"{self.title} sent an answer that could not be read.", reply.write, reply.request_id)

    async def close(self) -> None:
        await self._transport.aclose()

    async def _send(
        self,
        method: str,
        path: str,
        *,
        write: bool,
        content: bytes | None = None,
        content_type: str | None = None,
        headers: Mapping[str, str] | None = None,
        query: Mapping[str, str] | None = None,
        raw: bool = False,
    ) -> Reply:
        typed = {"Content-Type": content_type} if content_type else {}
        url = f"{self._base_url}{path}"
        while True:
            proof = await self._credential.headers() if self._credential else {}
            every = {**self._headers, **proof, **(headers or {}), **typed}
            request = httpx.Request(
                method, url, params=query or None, content=content, headers=every, extensions=self._limits
            )
            response = await self._answer(request, write=write)
            if response.status_code != httpx.codes.UNAUTHORIZED or self._credential is None or not proof:
                return self._meaning(response, write, raw)
            if not await self._credential.renew():  # it renews once for a token, so this ends
                return self._meaning(response, write, raw)

    async def _answer(self, request: httpx.Request, *, write: bool) -> httpx.Response:
        # "from None" because the text of these exceptions can quote a header, and tracebacks end up in logs
        try:
            async with asyncio.timeout(self._total_s):
                response = await self._transport.handle_async_request(request)
                await response.aread()
                return response
        except (httpx.ConnectError, httpx.ConnectTimeout, httpx.PoolTimeout, httpx.ProxyError):
            raise Unavailable(f"{self.title} could not be reached.") from None
        except (httpx.TimeoutException, TimeoutError):
            raise self._open(f"{self.title} did not answer in time.", write) from None
        except httpx.HTTPError:
            raise self._open(f"The connection to {self.title} broke off.", write) from None

    def _meaning(self, response: httpx.Response, write: bool, raw: bool) -> Reply:
        status, body = response.status_code, _parsed(response.content)
        request_id = response.headers.get(self._request_id_header)
        replayed = any(response.headers.get(name) == value for name, value in REPLAYED)
        reply = Reply(status, body or {}, write, request_id, replayed, response.content)
        if status == httpx.codes.TOO_MANY_REQUESTS:
            pause = _retry_after_s(response.headers)
            raise Unavailable(f"{self.title} asks us to slow down.", retry_after_s=pause, request_id=request_id)
        if 400 <= status < 500 and status != httpx.codes.REQUEST_TIMEOUT:
            raise self._refusal(reply) or self._plain_refusal(reply)
        if not 200 <= status < 300:
            raise self._open(f"{self.title} answered with an error of its own ({status}).", write, request_id)
        if body is None and status != httpx.codes.NO_CONTENT and not raw:
            raise self.unreadable(reply)
        return reply

    def _plain_refusal(self, reply: Reply) -> ConnectorError:
        if reply.status == httpx.codes.UNAUTHORIZED:
            sentence = f"{self.title} does not accept our key (401): check {self._key_name}."
            return CredentialsRefused(sentence, request_id=reply.request_id)
        if reply.status == httpx.codes.FORBIDDEN:
            sentence = f"{self.title} does not let our key do this (403): check the rights of {self._key_name}."
        else:
            sentence = f"{self.title} refused the request ({reply.status})."
        return Refused(sentence, request_id=reply.request_id)

    def _open(self, sentence: str, write: bool, request_id: str | None = None) -> ConnectorError:
        if write:
            return Unsure(f"{sentence} It may have happened.", request_id=request_id)
        return Unavailable(sentence, request_id=request_id)


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
