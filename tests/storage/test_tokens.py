"""Test that refresh tokens survive the process, need their client to be read, and serve one process at a time."""

import asyncio

from bot.tokens import SealedTokens
from storage import Database, open_database
from tests.support.rows import NOW, raw_rows

SECRETS = {"quickbooks": "client-secret"}


async def test_the_newest_token_comes_back_and_the_file_does_not_show_it(database: Database, database_url: str) -> None:
    kept = SealedTokens(database, SECRETS, lambda: NOW)
    assert await kept.load("quickbooks") is None
    for token in ("RT-first", "RT-second"):
        await kept.save("quickbooks", token)
    assert await SealedTokens(database, SECRETS, lambda: NOW).load("quickbooks") == "RT-second"
    assert "RT-" not in str(raw_rows(database_url, "SELECT * FROM tokens"))


async def test_a_token_of_another_client_is_no_token(database: Database) -> None:
    await SealedTokens(database, SECRETS, lambda: NOW).save("quickbooks", "RT-first")
    assert await SealedTokens(database, {"quickbooks": "new-client"}, lambda: NOW).load("quickbooks") is None


async def test_two_processes_never_renew_at_the_same_time_and_the_second_gets_the_newest(
    database_url: str, engine: str
) -> None:
    handles = [await open_database(database_url) for _ in range(1 if engine == "sqlite" else 2)]  # SQLite has one
    stores = [SealedTokens(handles[n % len(handles)], SECRETS, lambda: NOW) for n in range(2)]
    inside = 0

    async def renew(store: SealedTokens, newest: str | None) -> str | None:
        nonlocal inside
        assert inside == 0
        inside += 1
        await store.save("quickbooks", f"{newest}+")
        inside -= 1
        return newest

    async def one(store: SealedTokens) -> str | None:
        return await store.exclusive("quickbooks", lambda newest: renew(store, newest))

    given = await asyncio.gather(*(one(stores[n % 2]) for n in range(4)))
    assert sorted(map(str, given)) == ["None", "None+", "None++", "None+++"]
    for db in handles:
        await db.close()
