"""Check the service account: what it signs, what Google makes of it, and what its key file has to be."""

from collections.abc import AsyncIterator
from datetime import UTC, datetime

import httpx
import pytest
from joserfc import jwt
from joserfc.jwk import RSAKey

from bot.connectors.google.client import AUDIENCE, ServiceAccount, assertion, hosts
from bot.http.errors import CredentialsRefused
from sandbox.google.seeds import MAILBOX
from tests.connectors.google import GoogleWorld, google_world, key_file


@pytest.fixture
async def world() -> AsyncIterator[GoogleWorld]:
    async with google_world() as running:
        yield running


async def test_a_key_that_google_does_not_know_is_locked_out(world: GoogleWorld) -> None:
    world.store["account"]["public_key"] = RSAKey.generate_key(2048).as_pem(private=False).decode()
    drive = world.drive()
    with pytest.raises(CredentialsRefused):
        await drive.check()
    await drive.close()


def test_the_signed_assertion_says_who_for_what_and_for_an_hour_at_most() -> None:
    account = ServiceAccount.from_key_file(key_file())
    read = jwt.decode(
        assertion(account, ("scope-a", "scope-b"), MAILBOX)(datetime(2026, 11, 23, 9, tzinfo=UTC)),
        RSAKey.import_key(account.private_key),
        algorithms=["RS256"],
    )
    assert read.header == {"alg": "RS256", "typ": "JWT", "kid": account.private_key_id}
    assert read.claims == {
        "iss": account.client_email,
        "scope": "scope-a scope-b",
        "aud": AUDIENCE,
        "iat": 1795424400,
        "exp": 1795428000,
        "sub": MAILBOX,
    }


@pytest.mark.parametrize("text", ["", "{}", "[]", '{"client_email":"a","private_key":"SECRET","private_key_id":"k"}'])
def test_a_file_that_is_no_key_file_is_refused_without_quoting_it(text: str) -> None:
    with pytest.raises(ValueError, match="GOOGLE_SERVICE_ACCOUNT is not the JSON key file") as raised:
        ServiceAccount.from_key_file(text)
    assert "SECRET" not in str(raised.value)
    assert raised.value.__cause__ is None


def test_a_key_is_not_printed() -> None:
    assert "PRIVATE KEY" not in repr(ServiceAccount.from_key_file(key_file()))


def test_google_is_reached_at_its_own_hosts_unless_one_address_is_given() -> None:
    assert hosts(None) == hosts("")
    assert hosts(None).sheets == "https://sheets.googleapis.com"
    assert hosts("http://127.0.0.1:4000/google/").drive == "http://127.0.0.1:4000/google"


async def test_the_key_file_can_be_fetched_where_the_sandbox_makes_it(world: GoogleWorld) -> None:
    async with httpx.AsyncClient(trust_env=False) as client:
        fetched = await client.get(f"{world.base}/key-file")
    assert ServiceAccount.from_key_file(fetched.text) == ServiceAccount.from_key_file(key_file())
