"""Get OAuth 2 access tokens as a `Credential` for `bot/http`: three ways to get one, one way to keep it fresh.

A token is renewed a minute before its end, or when a vendor refuses it, by one request at a time; whoever comes
meanwhile waits for that answer. What the token endpoint refuses is CredentialsRefused, with the setting to renew; what
it does not answer is Unavailable. Tokens live in memory; only refresh tokens are kept, in a TokenStore.
"""

import asyncio
from abc import ABC, abstractmethod
from collections.abc import Awaitable, Callable, Mapping
from contextvars import ContextVar
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from typing import Annotated, Final, Literal, Protocol, TypeVar, Unpack

from authlib.oauth2.auth import ClientAuth
from authlib.oauth2.rfc6749.parameters import prepare_token_request
from pydantic import StringConstraints

from bot.connectors.base import Record
from bot.http.client import FORM, Http, Reply, Wiring, short
from bot.http.errors import CredentialsRefused

EARLY: Final = timedelta(minutes=1)  # clocks differ, and a request under way must not outlive its token
UNSTATED: Final = timedelta(minutes=30)  # RFC 6749 section 5.1 lets a server leave `expires_in` out
PAUSE: Final = timedelta(minutes=1)  # a new token that is refused too is no reason to ask for ever more of them
JWT_BEARER: Final = "urn:ietf:params:oauth:grant-type:jwt-bearer"  # RFC 7523 section 2.1

ClientAuthMethod = Literal["client_secret_post", "client_secret_basic"]  # in the form, or as HTTP Basic
T = TypeVar("T")

# Which token this task sent last: `renew` has to know whether the refused one is still ours, or another task was first.
_SENT: ContextVar[str | None] = ContextVar("_SENT", default=None)


class TokenStore(Protocol):
    """Keep the newest refresh token of each system; it survives the process."""

    async def load(self, system: str) -> str | None:
        """Return the newest token, None before the first `save`."""

    async def save(self, system: str, refresh_token: str) -> None:
        """Store a token, durably when it returns."""

    async def exclusive(self, system: str, refresh: Callable[[str | None], Awaitable[T]]) -> T:
        """Return the result of `refresh`, given the newest token, while no other process of ours runs one."""


class TokenWiring(Wiring, total=False):
    """Describe how a token endpoint is talked to; `clock` gives aware UTC."""

    request_id_header: str
    clock: Callable[[], datetime]


class Granted(Record):
    """Hold a token endpoint's answer, RFC 6749 section 5.1."""

    access_token: Annotated[str, StringConstraints(pattern=r"^[\x21-\x7e]+$")]
    expires_in: int | None = None  # seconds
    refresh_token: str | None = None


@dataclass(frozen=True)
class _Token:
    value: str
    renew_at: datetime


class _Dead(CredentialsRefused):
    """Report invalid_grant: this refresh token or assertion, and not the client, is refused."""


def utc_now() -> datetime:
    return datetime.now(UTC)


def _with_client(client: ClientAuth | None, url: str, form: str) -> tuple[Mapping[str, str], str]:
    """Return headers and form body that say who we are, RFC 6749 section 2.3.1."""
    if client is None:
        return {}, form
    _, headers, body = client.prepare("POST", url, {}, form)  # type: ignore[no-untyped-call]  # the stubs leave it out
    return headers, body


class _Bearer(ABC):
    """Keep a token fresh; `clients` and `grants` name the settings to renew, for the sentence on a refusal."""

    def __init__(
        self,
        title: str,
        token_url: str,
        *,
        clients: str,
        grants: str,
        client: ClientAuth | None = None,
        clock: Callable[[], datetime] = utc_now,
        request_id_header: str = "x-request-id",
        **wiring: Unpack[Wiring],
    ) -> None:
        self._title, self._token_url, self._clients, self._grants = title, token_url, clients, grants
        self._client, self._clock = client, clock
        headers = _with_client(client, token_url, "")[0]
        self._http = Http(title, token_url, headers, self._refusal, clients, request_id_header, **wiring)
        self._lock = asyncio.Lock()
        self._token: _Token | None = None
        self._refused_at: datetime | None = None  # when a refused token was last replaced

    async def headers(self) -> Mapping[str, str]:
        """Return the bearer header. Raises CredentialsRefused, Unavailable."""
        token = self._token
        if token is None or self._clock() >= token.renew_at:
            async with self._lock:
                token = self._token  # another task may have renewed it meanwhile
                if token is None or self._clock() >= token.renew_at:
                    token = await self._renewed()
        _SENT.set(token.value)
        return {"Authorization": f"Bearer {token.value}"}

    async def renew(self) -> bool:
        """Return, after a 401, whether there is a newer token than the one this task sent. Raises as `headers`."""
        async with self._lock:
            if self._token is None or self._token.value != _SENT.get():
                return True
            now = self._clock()
            if self._refused_at is not None and now - self._refused_at < PAUSE:
                return False
            await self._renewed()
            self._refused_at = now
            return True

    async def close(self) -> None:
        await self._http.close()

    @abstractmethod
    async def _grant(self) -> Granted:
        """Ask the token endpoint."""

    async def _renewed(self) -> _Token:
        granted = await self._grant()
        lasts = UNSTATED if granted.expires_in is None else timedelta(seconds=granted.expires_in)
        self._token = _Token(granted.access_token, self._clock() + lasts - EARLY)
        return self._token

    async def _ask(self, grant_type: str, fields: Mapping[str, str]) -> Granted:
        form = prepare_token_request(grant_type, **fields)
        form = _with_client(self._client, self._token_url, form)[1]
        # `ask`, since a lost answer here is no effect that anybody approved: it is Unavailable, never Unsure
        return self._http.record(Granted, await self._http.ask("", form.encode(), FORM))

    def _refusal(self, reply: Reply) -> CredentialsRefused:
        """Read a refusal (RFC 6749 section 5.2); each is ours to mend by settings, so it never refuses an action."""
        code = short(reply.body.get("error") or reply.status)
        if code == "invalid_grant":
            sentence = f"{self._title} no longer accepts what gives us access ({code}): renew {self._grants}."
            return _Dead(sentence, request_id=reply.request_id)
        sentence = f"{self._title} gives us no access token ({code}): check or renew {self._clients}."
        return CredentialsRefused(sentence, request_id=reply.request_id)


class ClientCredentials(_Bearer):
    """Get tokens as the client itself (RFC 6749 section 4.4). `fields` go into every request: scope, expires_in."""

    def __init__(
        self,
        title: str,
        token_url: str,
        client_id: str,
        client_secret: str,
        *,
        settings: str,  # "ZENDESK_CLIENT_ID and ZENDESK_CLIENT_SECRET"
        fields: Mapping[str, str],
        method: ClientAuthMethod = "client_secret_post",
        **wire: Unpack[TokenWiring],
    ) -> None:
        client = ClientAuth(client_id, client_secret, method)
        super().__init__(title, token_url, clients=settings, grants=settings, client=client, **wire)
        self._fields = fields

    async def _grant(self) -> Granted:
        return await self._ask("client_credentials", self._fields)


class RefreshToken(_Bearer):
    """Get tokens by a refresh token (RFC 6749 section 6), whose successor is stored before the access token is used.

    `refresh_token` is the one of the settings: it starts the chain, and starts it anew after somebody reconnected.
    """

    def __init__(
        self,
        title: str,
        token_url: str,
        client_id: str,
        client_secret: str,
        refresh_token: str,
        *,
        store: TokenStore,
        system: str,  # the name in the store: "quickbooks"
        client_settings: str,  # "QUICKBOOKS_CLIENT_ID and QUICKBOOKS_CLIENT_SECRET"
        token_setting: str,  # "QUICKBOOKS_REFRESH_TOKEN"
        method: ClientAuthMethod = "client_secret_basic",
        **wire: Unpack[TokenWiring],
    ) -> None:
        client = ClientAuth(client_id, client_secret, method)
        super().__init__(title, token_url, clients=client_settings, grants=token_setting, client=client, **wire)
        self._store, self._system = store, system
        self._ours = [refresh_token]  # newest last: one whose `save` failed is still known here
        self._running: set[asyncio.Task[Granted]] = set()

    async def close(self) -> None:
        await asyncio.gather(*self._running, return_exceptions=True)
        await super().close()

    async def _grant(self) -> Granted:
        # its own task: whoever waits may be cut off, but a refresh token that is already spent must not be lost
        task: asyncio.Task[Granted] = asyncio.create_task(self._exclusively())
        self._running.add(task)
        task.add_done_callback(self._running.discard)
        return await asyncio.shield(task)

    async def _exclusively(self) -> Granted:
        return await self._store.exclusive(self._system, self._refreshed)

    async def _refreshed(self, newest: str | None) -> Granted:
        died: CredentialsRefused | None = None
        for candidate in dict.fromkeys(filter(None, (newest, *reversed(self._ours)))):
            try:
                granted = await self._ask("refresh_token", {"refresh_token": candidate})
            except _Dead as dead:
                died = dead
                continue
            kept = granted.refresh_token or candidate
            self._ours[1:] = [kept]
            await self._store.save(self._system, kept)
            return granted
        raise died or CredentialsRefused(f"{self._title} is not connected: set {self._grants}.")


class Assertion(_Bearer):
    """Get tokens by an assertion (RFC 7523); `assertion` signs a JWT for a time in aware UTC, anew each time."""

    def __init__(
        self,
        title: str,
        token_url: str,
        assertion: Callable[[datetime], str],
        *,
        settings: str,  # "GOOGLE_SERVICE_ACCOUNT"
        **wire: Unpack[TokenWiring],
    ) -> None:
        super().__init__(title, token_url, clients=settings, grants=settings, **wire)
        self._assertion = assertion

    async def _grant(self) -> Granted:
        return await self._ask(JWT_BEARER, {"assertion": self._assertion(self._clock())})
