"""Promises that every connector keeps, whatever the vendor: what a broken exchange means, and what is never told."""

import logging
import traceback
from decimal import Decimal
from typing import Any

import httpx
import pytest

from bot.connectors.base import Connector
from bot.connectors.fidel import FidelConnector
from bot.connectors.fidel.client import FidelSettings
from bot.connectors.stripe import StripeConnector
from bot.connectors.stripe.client import StripeSettings
from bot.core.model import Action, Fact
from bot.http.client import to_json
from bot.http.errors import ConnectorError, CredentialsRefused, Refused, Unavailable, Unsure
from tests.connectors.support import KEY, NOW, REFERENCE, STRIPE_KEY, World, action, details

CREATE = action("fidel", "create_brand", name="Juniper & Sage Tea House", reference=dict(REFERENCE))
REFUND = action("stripe", "refund", payment_id="pi_SMALL", amount_minor=2400, currency="USD")
EITHER = pytest.mark.parametrize("todo", [CREATE, REFUND], ids=["fidel", "stripe"])


def connector_of(world: World, todo: Action, **options: Any) -> Connector:
    return world.fidel(**options) if todo.connector == "fidel" else world.stripe(**options)


async def failure(world: World, todo: Action, **options: Any) -> ConnectorError:
    connector = connector_of(world, todo, **options)
    try:
        with pytest.raises(ConnectorError) as raised:
            await connector.perform(todo, KEY)
    finally:
        await connector.close()
    return raised.value


@EITHER
@pytest.mark.parametrize("fault", ["lost_reply", "drop", "garbage", "500", "502", "503", "408", "302"])
async def test_a_write_whose_answer_is_lost_or_broken_is_unsure(world: World, todo: Action, fault: str) -> None:
    world.fail("POST", fault)
    error = await failure(world, todo)
    assert isinstance(error, Unsure)
    assert "may have happened" in error.sentence


@EITHER
@pytest.mark.parametrize("fault", ["lost_reply", "drop", "garbage", "500", "503", "408", "302"])
async def test_a_read_whose_answer_is_lost_or_broken_is_unavailable(world: World, todo: Action, fault: str) -> None:
    world.fail("GET", fault)
    assert isinstance(await failure(world, todo), Unavailable)
    assert world.writes == []


@EITHER
async def test_a_vendor_that_is_silent_for_too_long_leaves_a_write_unsure(world: World, todo: Action) -> None:
    world.fail("POST", "hang")
    error = await failure(world, todo, total_s=0.2)
    assert isinstance(error, Unsure)
    assert "in time" in error.sentence


@EITHER
async def test_a_vendor_that_is_silent_for_too_long_leaves_a_read_unavailable(world: World, todo: Action) -> None:
    world.fail("GET", "hang")
    assert isinstance(await failure(world, todo, total_s=0.2), Unavailable)


@EITHER
async def test_a_vendor_that_takes_no_connection_is_unavailable(unused_tcp_port: int, todo: Action) -> None:
    world = World.__new__(World)
    world.url = f"http://127.0.0.1:{unused_tcp_port}"
    error = await failure(world, todo)
    assert isinstance(error, Unavailable)
    assert "could not be reached" in error.sentence


@pytest.mark.parametrize("lost", [httpx.ConnectError, httpx.ConnectTimeout, httpx.PoolTimeout, httpx.ProxyError])
async def test_a_write_that_never_left_is_unavailable(world: World, lost: type[httpx.RequestError]) -> None:
    error = await failure(world, REFUND, transport=Breaking(lost))
    assert isinstance(error, Unavailable)


@pytest.mark.parametrize("lost", [httpx.WriteError, httpx.WriteTimeout, httpx.ReadTimeout, httpx.RemoteProtocolError])
async def test_a_write_that_may_have_left_is_unsure(world: World, lost: type[httpx.RequestError]) -> None:
    error = await failure(world, REFUND, transport=Breaking(lost))
    assert isinstance(error, Unsure)
    assert STRIPE_KEY not in trace(error)


def trace(error: ConnectorError) -> str:
    """Return what a log would hold."""
    return "".join(traceback.format_exception(error))


class Breaking(httpx.AsyncBaseTransport):
    """Send reads as they are; break a write before it reaches the vendor, saying a secret."""

    def __init__(self, lost: type[httpx.RequestError]) -> None:
        self._inner = httpx.AsyncHTTPTransport()
        self._lost = lost

    async def handle_async_request(self, request: httpx.Request) -> httpx.Response:
        if request.method == "GET":
            return await self._inner.handle_async_request(request)
        raise self._lost(f"Illegal header value {STRIPE_KEY}")

    async def aclose(self) -> None:
        await self._inner.aclose()


@EITHER
@pytest.mark.parametrize("method", ["GET", "POST"])
async def test_a_429_is_unavailable_with_the_vendors_own_pause(world: World, todo: Action, method: str) -> None:
    world.retry_after = "7"
    world.fail(method, "429")
    error = await failure(world, todo)
    assert isinstance(error, Unavailable)
    assert error.retry_after_s == 7.0


@pytest.mark.parametrize(
    ("stated", "pause"),
    [
        (None, None),
        ("soon", None),
        ("nan", None),
        ("-5", 0.0),
        ("0.5", 0.5),
        ("999999", 3600.0),
        ("Fri, 31 Dec 9999 23:59:59 GMT", 3600.0),
        ("Thu, 01 Jan 1970 00:00:00 GMT", 0.0),
    ],
)
async def test_a_pause_is_taken_only_where_it_makes_sense(
    world: World, stated: str | None, pause: float | None
) -> None:
    world.retry_after = stated
    world.fail("GET", "429")
    error = await failure(world, REFUND)
    assert isinstance(error, Unavailable)
    assert error.retry_after_s == pause


@EITHER
async def test_a_key_that_is_not_accepted_locks_the_connector_out_and_names_the_setting(
    world: World, todo: Action
) -> None:
    error = await failure(world, todo, key="sk_test_of_somebody_else")
    assert isinstance(error, CredentialsRefused)
    assert f"check {todo.connector.upper()}_API_KEY" in error.sentence


@EITHER
async def test_an_operation_that_does_not_exist_is_refused(world: World, todo: Action) -> None:
    error = await failure(world, todo.model_copy(update={"operation": "burn"}))
    assert isinstance(error, Refused)
    assert "burn" in error.sentence
    assert world.exchanges == []


@EITHER
async def test_parameters_that_do_not_fit_are_refused_by_name_and_without_their_value(
    world: World, todo: Action
) -> None:
    wrong = {**todo.params, "surplus": "Dana Ortiz"}
    error = await failure(world, todo.model_copy(update={"params": wrong}))
    assert isinstance(error, Refused)
    assert "surplus" in error.sentence
    assert "Dana" not in error.sentence
    assert world.exchanges == []


@EITHER
async def test_the_check_says_that_the_key_works_and_for_which_data(world: World, todo: Action) -> None:
    connector = connector_of(world, todo)
    assert "test data" in await connector.check()
    await connector.close()


@EITHER
async def test_the_check_fails_with_a_key_that_is_not_accepted(world: World, todo: Action) -> None:
    connector = connector_of(world, todo, key="sk_live_of_somebody_else")
    with pytest.raises(CredentialsRefused, match="check"):
        await connector.check()
    await connector.close()


@EITHER
async def test_a_look_up_that_fails_is_a_missing_fact_and_no_doubt(world: World, todo: Action) -> None:
    connector = connector_of(world, todo)
    wanted = frozenset({"charge", "brand"})
    world.fail("GET", "500")
    facts = await connector.facts(details(payment_id="pi_SMALL", brand_name="Harbour Lane Bakery"), wanted, NOW)
    await connector.close()
    assert [(one.observed_at, bool(one.missing), one.doubt) for one in facts] == [(NOW, True, None)]


@EITHER
async def test_nothing_stated_means_no_look_up(world: World, todo: Action) -> None:
    connector = connector_of(world, todo)
    wanted = frozenset({"charge", "refunds", "transaction", "refund", "brand", "brand_name", "owner"})
    facts: tuple[Fact, ...] = await connector.facts(details("100 USD"), wanted, NOW)
    await connector.close()
    assert (facts, world.exchanges) == ((), [])


@EITHER
@pytest.mark.parametrize("fault", ["drop", "500", "401", "429"])
async def test_neither_errors_nor_logs_nor_names_hold_the_key(
    world: World, todo: Action, fault: str, caplog: pytest.LogCaptureFixture
) -> None:
    caplog.set_level(logging.DEBUG)
    key = "sk_live_very_secret"
    connector = connector_of(world, todo, key=key)
    world.fail("GET", fault)
    with pytest.raises(ConnectorError) as raised:
        await connector.perform(todo, KEY)
    await connector.close()
    told = caplog.text + repr(connector) + repr(vars(connector)) + repr(raised.value) + trace(raised.value)
    assert key not in told
    # their lines name addresses, and with them what a caller said
    assert not [one.name for one in caplog.records if one.name.startswith(("httpx", "httpcore"))]


@pytest.mark.parametrize("key", ["sk_with\nbreak", "sk_with_ü", " sk_padded"])
def test_a_key_that_no_header_can_carry_is_named_at_the_start_and_not_quoted(key: str) -> None:
    with pytest.raises(ValueError, match="FIDEL_API_KEY") as raised:
        FidelConnector(FidelSettings(api_key=key, api_url="https://api.fidel.uk/v1"))
    assert key not in str(raised.value)


def test_an_address_without_a_scheme_is_named_at_the_start() -> None:
    with pytest.raises(ValueError, match="Stripe"):
        StripeConnector(StripeSettings(api_key="rk_test_x", api_url="api.stripe.com"))


def test_a_decimal_goes_out_as_the_number_it_is() -> None:
    body = {"amount": Decimal("24.90"), "whole": Decimal(486), "tiny": Decimal("1E-7"), "list": [True, None, "é\n"]}
    assert to_json(body) == '{"amount":24.90,"whole":486,"tiny":0.0000001,"list":[true,null,"\\u00e9\\n"]}'
