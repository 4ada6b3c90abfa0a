"""Send requests to one vendor: connections, time-outs, credentials, and what every broken answer means.

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
from typing import Any, Final, Protocol, TypedDict, TypeVar
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

Model = TypeVar("Model", bound=BaseModel)


class Credential(Protocol):
    """Prove who we are, where that takes more than a fixed header."""

    async def headers(self) -> Mapping[str, str]:
        """Return the headers of the proof. Raises CredentialsRefused, Unavailable."""

    async def renew(self) -> bool:
        """Return, after a 401, whether there is something newer to try. Raises CredentialsRefused, Unavailable."""

    async def close(self) -> None:
        """Close the connections to the token endpoint."""


class Wiring(TypedDict, total=False):
    """Describe what tests replace: the transport, and the seconds that one request may take in all."""

    transport: httpx.AsyncBaseTransport | None
    total_s: float


@dataclass(frozen=True)
class Reply:
    """Hold a vendor's answer; `body` is the parsed JSON object, with Decimal in place of float."""

    status: int
    body: Mapping[str, Any]
    write: bool  # what to raise if it makes no sense
    request_id: str | None = None
    replayed: bool = False  # the answer of an earlier request with the same key, as things stood then
    content: bytes = b""  # as it came, for what is no JSON

    def refused(self, sentence: str, reason: str | None = None) -> Refused:
        """Return a Refused with this reply's request id."""
        return Refused(sentence, reason=reason, request_id=self.request_id)

    def undecided(self, sentence: str) -> ConnectorError:
        """Return Unsure for the reply to a write, Unavailable for the reply to a read."""
        return undecided(sentence, self.write, self.request_id)


class Http:
    """Hold one vendor's pooled connections; `refusal` reads a 4xx reply and returns None to leave it to this class.

    `key_name` is the setting that holds the key, for the sentence about a key that is not accepted; `rest_s` is how
    long a 429 lasts that does not say it. Raises ValueError for an address or a key that cannot be sent at all.
    """

    def __init__(
        self,
        title: str,
        base_url: str,
        headers: Mapping[str, str],
        refusal: Callable[[Reply], ConnectorError | None],
        key_name: str,
        request_id_header: str,
        rest_s: float | None = None,
        *,
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
        self._base_url, self._headers = base_url.rstrip("/"), {"Accept": "application/json", **headers}
        self._refusal, self._key_name, self._request_id_header = refusal, key_name, request_id_header
        self._credential, self._rest_s, self._total_s = credential, rest_s, total_s
        timeout = httpx.Timeout(total_s, connect=min(CONNECT_S, total_s), pool=min(CONNECT_S, total_s))
        self._limits = {"timeout": timeout.as_dict()}
        # the transport alone: no redirects, cookies or retries, so a request is sent once and to this address only
        self._transport = transport or Wire()

    async def read(self, path: str, query: Mapping[str, str] | None = None, *, raw: bool = False) -> Reply:
        """Send a GET, which changes nothing; `raw` takes an answer that is no JSON. Raises Refused, Unavailable."""
        return await self._send("GET", path, query=query, write=False, raw=raw)

    async def get(self, model: type[Model], path: str, query: Mapping[str, str] | None = None) -> Model:
        """Return the record at a path. Raises Refused (its reason is "not_found" where there is none), Unavailable."""
        return self.record(model, await self.read(path, query))

    async def get_optional(self, model: type[Model], path: str, query: Mapping[str, str] | None = None) -> Model | None:
        """Return the record at a path, None where there is none. Raises Refused, Unavailable."""
        try:
            return await self.get(model, path, query)
        except Refused as no:
            if no.reason != "not_found":
                raise
            return None

    async def ask(self, path: str, content: bytes, content_type: str = JSON) -> Reply:
        """Send a search that a vendor takes as a POST; it changes nothing. Raises Refused, Unavailable."""
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
        """Send what changes something. Raises Refused, Unavailable, Unsure."""
        return await self._send(
            method, path, content=content, content_type=content_type, headers=headers, query=query, write=True
        )

    async def write_json(
        self,
        method: str,
        path: str,
        body: object,
        headers: Mapping[str, str] | None = None,
        query: Mapping[str, str] | None = None,
    ) -> Reply:
        """Send what changes something as JSON. Raises Refused, Unavailable, Unsure."""
        return await self.write(method, path, to_json(body).encode(), JSON, headers, query)

    def record(self, model: type[Model], reply: Reply) -> Model:
        """Return the reply as a tolerant model. Raises the error of a reply that lacks what it has to hold."""
        return self.records(model, [reply.body], reply)[0]

    def records(self, model: type[Model], items: object, reply: Reply) -> list[Model]:
        """Return the items of a reply; one that does not fit could be what is looked for, so then it raises."""
        if not isinstance(items, list):
            raise self.unreadable(reply)
        try:
            return [model.model_validate(item) for item in items]
        except ValidationError:
            raise self.unreadable(reply) from None

    def unreadable(self, reply: Reply) -> ConnectorError:
        """Return the error of a 2xx reply that lacks what it has to hold."""
        return reply.undecided(f"{self.title} sent an answer that could not be read.")

    async def close(self) -> None:
        await self._transport.aclose()
        if self._credential is not None:
            await self._credential.close()

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
            raise undecided(f"{self.title} did not answer in time.", write) from None
        except httpx.HTTPError:
            raise undecided(f"The connection to {self.title} broke off.", write) from None

    def _meaning(self, response: httpx.Response, write: bool, raw: bool) -> Reply:
        status, body = response.status_code, _parsed(response.content)
        request_id = response.headers.get(self._request_id_header)
        replayed = any(response.headers.get(name) == value for name, value in REPLAYED)
        reply = Reply(status, body or {}, write, request_id, replayed, response.content)
        if status == httpx.codes.TOO_MANY_REQUESTS:
            pause = _retry_after_s(response.headers)
            pause = self._rest_s if pause is None else pause
            raise Unavailable(f"{self.title} asks us to slow down.", retry_after_s=pause, request_id=request_id)
        if 400 <= status < 500 and status != httpx.codes.REQUEST_TIMEOUT:
            raise self._refusal(reply) or self._plain_refusal(reply)
        if not 200 <= status < 300:
            raise reply.undecided(f"{self.title} answered with an error of its own ({status}).")
        if body is None and status != httpx.codes.NO_CONTENT and not raw:
            raise self.unreadable(reply)
        return reply

    def _plain_refusal(self, reply: Reply) -> ConnectorError:
        if reply.status == httpx.codes.UNAUTHORIZED:
            sentence = f"{self.title} does not accept our key (401): check {self._key_name}."
            return CredentialsRefused(sentence, request_id=reply.request_id)
        if reply.status == httpx.codes.FORBIDDEN:
            return reply.refused(
                f"{self.title} does not let our key do this (403): check the rights of {self._key_name}."
            )
        return reply.refused(f"{self.title} refused the request ({reply.status}).")


def undecided(sentence: str, write: bool, request_id: str | None = None) -> ConnectorError:
    """Return the error of an exchange whose end is not known: Unsure for a write, Unavailable for a read."""
    if write:
        return Unsure(f"{sentence} It may have happened.", request_id=request_id)
    return Unavailable(sentence, request_id=request_id)


def to_json(value: object) -> str:
    """Return JSON text in which a Decimal is the number it is: the standard encoder would take a float's detour."""
    if isinstance(value, Decimal):
        return format(value, "f")
    if isinstance(value, Mapping):
        return "{" + ",".join(f"{json.dumps(str(key))}:{to_json(item)}" for key, item in value.items()) + "}"
    if isinstance(value, list | tuple):
        return "[" + ",".join(map(to_json, value)) + "]"
    return json.dumps(value)


def to_form(fields: Mapping[str, str | None]) -> bytes:
    """Return a form body without the fields that are None."""
    return urlencode({name: value for name, value in fields.items() if value is not None}).encode()


def in_path(part: str) -> str:
    """Return a vendor's id as one safe part of a path."""
    return quote(part, safe="")


def short(text: object) -> str:
    """Return a vendor's words on one line, at most 200 characters."""
    return " ".join(str(text).split())[:200]


def _parsed(content: bytes) -> Mapping[str, Any] | None:
    try:
        body = json.loads(content, parse_float=Decimal)
    except (ValueError, RecursionError):
        return None
    return body if isinstance(body, dict) else None


def _retry_after_s(headers: httpx.Headers) -> float | None:
    """Return the seconds of Retry-After (RFC 9110 section 10.2.3); a date is measured against the reply's own date."""
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
