"""Promises of OAuth tokens: when they are got, that they are got once, and what is said when they are refused."""

import asyncio
import base64
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from typing import Any, TypeVar

import pytest
from aiohttp import web
from aiohttp.test_utils import TestServer

from bot.connectors.oauth import Assertion, ClientCredentials, RefreshToken
from bot.http.client import JSON, Http
from bot.http.errors import ConnectorError, CredentialsRefused, Unavailable

T = TypeVar("T")
SECRET = "client-secret-made-up"


@dataclass
class Vendor:
    """Be a token endpoint that rotates refresh tokens, and an API that takes the tokens it gave and did not revoke."""

    url: str = ""
    now: datetime = datetime(2026, 11, 20, 9, 15, tzinfo=UTC)
    forms: list[dict[str, str]] = field(default_factory=list)  # as they arrived
    authorizations: list[str | None] = field(default_factory=list)
    effects: int = 0
    asked: int = 0
    lasts: Any = 3600
    refresh_token: str = "RT0"
    good: set[str] = field(default_factory=set)
    refuses_all: bool = False
    answer: tuple[int, str] | None = None  # in place of a token
    arrived: asyncio.Event = field(default_factory=asyncio.Event)
    held: asyncio.Event = field(default_factory=asyncio.Event)

    async def token(self, request: web.Request) -> web.Response:
        form = {name: str(value) for name, value in (await request.post()).items()}
        self.forms.append(form)
        self.authorizations.append(request.headers.get("Authorization"))
        self.arrived.set()
        await self.held.wait()
        if self.answer is not None:
            return web.Response(status=self.answer[0], text=self.answer[1], content_type="application/json")
        body: dict[str, Any] = {
            "token_type": "bearer",
            "access_token": f"AT{len(self.forms)}",
            "expires_in": self.lasts,
        }
        if form["grant_type"] == "refresh_token":
            if form["refresh_token"] != self.refresh_token:
                return web.json_response({"error": "invalid_grant"}, status=400)
            body["refresh_token"] = self.refresh_token = f"RT{len(self.forms)}"
        self.good.add(body["access_token"])
        return web.json_response(body)

    async def api(self, request: web.Request) -> web.Response:
        self.asked += 1
        token = request.headers.get("Authorization", "").removeprefix("Bearer ")
        if self.refuses_all or token not in self.good:
            return web.json_response({}, status=401)
        self.effects += 1
        return web.json_response({"ok": True})

    def client(self, **options: Any) -> ClientCredentials:
        settings = {"settings": "MADE_UP_ID and MADE_UP_SECRET", "fields": {"scope": "a b"}, **options}
        return ClientCredentials("Vendor", self.url + "/token", "id", SECRET, clock=lambda: self.now, **settings)

    def refreshing(self, store: "Kept", first: str = "RT0", **options: Any) -> RefreshToken:
        return RefreshToken(
            "Vendor",
            self.url + "/token",
            "id",
            SECRET,
            first,
            store=store,
            system="books",
            client_settings="MADE_UP_SECRET",
            token_setting="MADE_UP_REFRESH_TOKEN",
            clock=lambda: self.now,
            **options,
        )

    @asynccontextmanager
    async def http(self, credential: Any) -> AsyncIterator[Http]:
        http = Http(
            "Vendor", self.url, {}, lambda _: None, key_name="KEY", request_id_header="x", credential=credential
        )
        yield http
        await http.close()
        await credential.close()


@dataclass
class Kept:
    """Keep tokens as a database would: what was saved stays, and one refresh runs at a time."""

    tokens: dict[str, str] = field(default_factory=dict)
    broken: bool = False
    lock: asyncio.Lock = field(default_factory=asyncio.Lock)

    async def load(self, system: str) -> str | None:
        return self.tokens.get(system)

    async def save(self, system: str, refresh_token: str) -> None:
        if self.broken:
            raise OSError("the disk is full")
        self.tokens[system] = refresh_token

    async def exclusive(self, system: str, refresh: Callable[[str | None], Awaitable[T]]) -> T:
        async with self.lock:
            return await refresh(await self.load(system))


@pytest.fixture
async def vendor() -> AsyncIterator[Vendor]:
    made = Vendor()
    made.held.set()
    app = web.Application()
    app.add_routes([web.post("/token", made.token), web.post("/do", made.api), web.get("/see", made.api)])
    async with TestServer(app) as server:
        made.url = str(server.make_url("")).rstrip("/")
        yield made


async def do(http: Http) -> None:
    await http.write("POST", "/do", b"{}", JSON)


async def test_a_token_is_asked_for_once_and_used_until_a_minute_before_its_end(vendor: Vendor) -> None:
    async with vendor.http(vendor.client()) as http:
        await do(http)
        vendor.now += timedelta(seconds=3539)
        await do(http)
        assert len(vendor.forms) == 1
        vendor.now += timedelta(seconds=1)
        await do(http)
    assert len(vendor.forms) == 2
    sent = {"grant_type": "client_credentials", "scope": "a b", "client_id": "id", "client_secret": SECRET}
    assert vendor.forms[0] == sent
    assert (vendor.effects, vendor.asked) == (3, 3)


async def test_a_client_may_prove_itself_by_http_basic(vendor: Vendor) -> None:
    async with vendor.http(vendor.client(method="client_secret_basic")) as http:
        await do(http)
    assert vendor.forms == [{"grant_type": "client_credentials", "scope": "a b"}]
    assert vendor.authorizations == ["Basic " + base64.b64encode(f"id:{SECRET}".encode()).decode()]


async def test_a_token_whose_end_is_not_stated_is_renewed_all_the_same(vendor: Vendor) -> None:
    vendor.lasts = None
    async with vendor.http(vendor.client()) as http:
        await do(http)
        vendor.now += timedelta(hours=1)
        await do(http)
    assert len(vendor.forms) == 2


async def test_many_requests_at_once_ask_for_one_token(vendor: Vendor) -> None:
    async with vendor.http(vendor.client()) as http:
        await asyncio.gather(*(do(http) for _ in range(10)))
    assert (len(vendor.forms), vendor.effects) == (1, 10)


async def test_a_revoked_token_is_renewed_once_for_all_who_sent_it(vendor: Vendor) -> None:
    async with vendor.http(vendor.client()) as http:
        await do(http)
        vendor.good.clear()
        await asyncio.gather(*(do(http) for _ in range(10)))
    assert (len(vendor.forms), vendor.effects) == (2, 11)


async def test_a_new_token_that_is_refused_too_ends_as_locked_out_and_not_in_ever_more_tokens(vendor: Vendor) -> None:
    vendor.refuses_all = True
    async with vendor.http(vendor.client()) as http:
        for _ in range(3):
            with pytest.raises(CredentialsRefused):
                await do(http)
        assert len(vendor.forms) == 2
        vendor.now += timedelta(minutes=2)
        vendor.refuses_all = False
        vendor.good.clear()
        await do(http)
    assert (len(vendor.forms), vendor.effects) == (3, 1)


@pytest.mark.parametrize(
    ("status", "body"),
    [
        (401, '{"error":"invalid_client","error_description":"client-secret-made-up is wrong"}'),
        (400, '{"error":"unauthorized_client"}'),
        (400, '{"error":"invalid_scope"}'),
        (400, '{"error":"invalid_grant"}'),
        (403, "<html>"),
        (404, "{}"),
    ],
)
async def test_a_refused_client_is_locked_out_with_the_settings_to_renew_and_no_secret(
    vendor: Vendor, status: int, body: str
) -> None:
    vendor.answer = (status, body)
    async with vendor.http(vendor.client()) as http:
        with pytest.raises(CredentialsRefused) as raised:
            await do(http)
    assert "MADE_UP_ID and MADE_UP_SECRET" in raised.value.sentence
    assert SECRET not in raised.value.sentence
    assert vendor.asked == 0


@pytest.mark.parametrize(("status", "body"), [(500, "{}"), (429, "{}"), (200, "<html>"), (200, '{"access_token":""}')])
async def test_a_token_endpoint_that_is_away_makes_even_a_write_surely_not_happen(
    vendor: Vendor, status: int, body: str
) -> None:
    vendor.answer = (status, body)
    async with vendor.http(vendor.client()) as http:
        with pytest.raises(Unavailable) as raised:
            await do(http)
    assert not isinstance(raised.value, CredentialsRefused)
    assert vendor.asked == 0


async def test_a_token_endpoint_that_does_not_answer_is_unavailable(vendor: Vendor) -> None:
    vendor.held.clear()
    async with vendor.http(vendor.client(total_s=0.05)) as http:
        with pytest.raises(Unavailable, match="in time"):
            await do(http)
        vendor.held.set()
        await do(http)
    assert vendor.effects == 1


async def test_the_newest_refresh_token_is_kept_and_used_also_by_the_next_process(vendor: Vendor) -> None:
    store = Kept()
    async with vendor.http(vendor.refreshing(store)) as http:
        await do(http)
        assert store.tokens == {"books": "RT1"}
        vendor.now += timedelta(hours=2)
        await do(http)
    async with vendor.http(vendor.refreshing(store)) as http:
        await do(http)
    assert [form["refresh_token"] for form in vendor.forms] == ["RT0", "RT1", "RT2"]
    assert store.tokens == {"books": "RT3"}
    assert vendor.authorizations[0] == "Basic " + base64.b64encode(f"id:{SECRET}".encode()).decode()


async def test_two_processes_refresh_one_after_the_other(vendor: Vendor) -> None:
    store = Kept()
    async with vendor.http(vendor.refreshing(store)) as one, vendor.http(vendor.refreshing(store)) as other:
        await asyncio.gather(do(one), do(other))
    assert [form["refresh_token"] for form in vendor.forms] == ["RT0", "RT1"]
    assert vendor.effects == 2


async def test_a_token_that_somebody_renewed_in_the_settings_is_taken_where_the_kept_one_is_dead(
    vendor: Vendor,
) -> None:
    store = Kept({"books": "RT-dead"})
    vendor.refresh_token = "RT-new"
    async with vendor.http(vendor.refreshing(store, first="RT-new")) as http:
        await do(http)
    assert store.tokens == {"books": "RT2"}


async def test_a_dead_refresh_token_is_locked_out_and_says_what_to_renew(vendor: Vendor) -> None:
    async with vendor.http(vendor.refreshing(Kept(), first="RT-dead")) as http:
        with pytest.raises(CredentialsRefused, match="renew MADE_UP_REFRESH_TOKEN") as raised:
            await do(http)
    assert "RT-dead" not in raised.value.sentence


async def test_a_wrong_client_is_not_taken_for_a_dead_refresh_token(vendor: Vendor) -> None:
    vendor.answer = (401, '{"error":"invalid_client"}')
    async with vendor.http(vendor.refreshing(Kept({"books": "RT5"}))) as http:
        with pytest.raises(CredentialsRefused, match="renew MADE_UP_SECRET"):
            await do(http)
    assert len(vendor.forms) == 1


async def test_a_refresh_token_that_could_not_be_kept_is_still_known(vendor: Vendor) -> None:
    store = Kept({"books": "RT0"}, broken=True)
    async with vendor.http(vendor.refreshing(store)) as http:
        with pytest.raises(OSError, match="disk"):
            await do(http)
        store.broken = False
        await do(http)
    assert store.tokens == {"books": "RT3"}  # the second try met the old one first


async def test_a_refresh_whose_caller_gave_up_still_keeps_the_new_token(vendor: Vendor) -> None:
    store = Kept()
    vendor.held.clear()
    credential = vendor.refreshing(store)
    async with vendor.http(credential) as http:
        caller = asyncio.create_task(do(http))
        await vendor.arrived.wait()
        caller.cancel()
        with pytest.raises(asyncio.CancelledError):
            await caller
        vendor.held.set()
        await credential.close()
    assert store.tokens == {"books": vendor.refresh_token} == {"books": "RT1"}


async def test_an_assertion_is_signed_anew_for_every_token(vendor: Vendor) -> None:
    def signed(at: datetime) -> str:
        return f"jwt-of-{at:%H%M}"

    credential = Assertion("Vendor", vendor.url + "/token", signed, settings="MADE_UP_KEY", clock=lambda: vendor.now)
    async with vendor.http(credential) as http:
        await do(http)
        vendor.now += timedelta(hours=1)
        await do(http)
    bearer = "urn:ietf:params:oauth:grant-type:jwt-bearer"
    assert [form["assertion"] for form in vendor.forms] == ["jwt-of-0915", "jwt-of-1015"]
    assert {form["grant_type"] for form in vendor.forms} == {bearer}


async def test_a_refused_assertion_names_the_key_s_setting(vendor: Vendor) -> None:
    vendor.answer = (400, '{"error":"invalid_grant"}')
    credential = Assertion("Vendor", vendor.url + "/token", lambda _: "jwt", settings="MADE_UP_KEY")
    async with vendor.http(credential) as http:
        with pytest.raises(ConnectorError, match="renew MADE_UP_KEY"):
            await http.read("/see")
