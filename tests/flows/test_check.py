"""`countersign check` proves what is configured, and says what to do about what does not work."""

import asyncio
import json
from collections.abc import AsyncIterator, Callable
from pathlib import Path
from typing import Any, NamedTuple

import pytest
import pytest_asyncio
from aiohttp.test_utils import TestServer

from bot.__main__ import main
from bot.cli.demo import SECRETS, addresses
from sandbox.app import STATE, Config, make_app
from sandbox.state import State
from tests.support.world import POLICY

SYSTEMS = ("Fidel API", "Stripe", "Zendesk", "QuickBooks", "HubSpot", "Google Drive", "Google Sheets", "Gmail")


class Outside(NamedTuple):
    state: State
    environment: dict[str, str]


@pytest_asyncio.fixture
async def outside(tmp_path: Path) -> AsyncIterator[Outside]:
    """Yield the sandbox alone, and an environment that fits it."""
    app = make_app(Config(limited=False))
    async with TestServer(app) as server:
        settings = {**addresses(str(server.make_url("")).rstrip("/")), **SECRETS}
        settings |= {
            "google_service_account": app[STATE].google["account"]["key_file"],
            "database_url": f"sqlite:///{tmp_path / 'bot.db'}",
            "policy_file": str(POLICY),
            "public_url": "https://countersign.example",
        }
        yield Outside(app[STATE], {name.upper(): value for name, value in settings.items()})


@pytest.fixture
def check(
    outside: Outside, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str], tmp_path: Path
) -> Callable[..., Any]:
    """Return what runs the command with a changed environment and returns its exit code, its lines and its table."""
    monkeypatch.chdir(tmp_path)

    async def run(**changed: str) -> tuple[int, dict[str, dict[str, Any]], str]:
        for name, value in (outside.environment | changed).items():
            monkeypatch.setenv(name, value)
        code = await asyncio.to_thread(main, ["check", "--json"])
        lines = {line["what"]: line for line in json.loads(capsys.readouterr().out)}
        await asyncio.to_thread(main, ["check"])
        return code, lines, capsys.readouterr().out

    return run


async def test_where_all_is_well_every_system_says_so_with_its_version(check: Callable[..., Any]) -> None:
    code, lines, table = await check()
    assert [line for line in lines.values() if not line["ok"]] == []
    assert code == 0
    assert set(SYSTEMS) <= lines.keys()
    for system, words in (
        ("Stripe", "test data, version 2026-10-28.endive"),
        ("QuickBooks", "minor version 75"),
        ("HubSpot", "version 2026-09"),
        ("Zendesk", "tickets:write"),
        ("Google Sheets", "Sent documents"),
        ("Gmail", "billing@acme.example"),
    ):
        assert words in lines[system]["says"]
        assert words in table
    for words in ("workspace Acme Finance", "#finance-refunds", "2 people"):
        assert words in table
    assert "FAULT" not in table
    assert not [secret for secret in SECRETS.values() if "secret" in str(secret) and str(secret) in table]


@pytest.mark.parametrize(
    ("system", "changed", "says"),
    [
        ("Fidel API", {"FIDEL_API_KEY": "sk_test_wrong"}, "check FIDEL_API_KEY"),
        ("Stripe", {"STRIPE_API_KEY": "rk_test_wrong"}, "check STRIPE_API_KEY"),
        ("Zendesk", {"ZENDESK_CLIENT_SECRET": "wrong"}, "ZENDESK_CLIENT_ID and ZENDESK_CLIENT_SECRET"),
        ("QuickBooks", {"QUICKBOOKS_REFRESH_TOKEN": "RT-wrong"}, "renew QUICKBOOKS_REFRESH_TOKEN"),
        ("QuickBooks", {"QUICKBOOKS_CLIENT_SECRET": "wrong"}, "QUICKBOOKS_CLIENT_SECRET"),
        ("QuickBooks", {"QUICKBOOKS_REALM_ID": "1"}, "check QUICKBOOKS_REALM_ID"),
        ("QuickBooks", {"QUICKBOOKS_REFUND_ITEM_ID": "99"}, "check QUICKBOOKS_REFUND_ITEM_ID"),
        ("QuickBooks", {"QUICKBOOKS_REFUND_ACCOUNT_ID": "cash"}, "check QUICKBOOKS_REFUND_ACCOUNT_ID"),
        ("HubSpot", {"HUBSPOT_ACCESS_TOKEN": "pat-wrong"}, "check HUBSPOT_ACCESS_TOKEN"),
        ("HubSpot", {"HUBSPOT_ACCOUNT_PROPERTY": "crm_number"}, "change HUBSPOT_ACCOUNT_PROPERTY"),
        ("Google Drive", {"GOOGLE_DRIVE_FOLDER": "1NoSuchFolder"}, "share it with"),
        ("Google Sheets", {"GOOGLE_SPREADSHEET": "1NoSuchSheet"}, "Check GOOGLE_SPREADSHEET, and share it"),
        ("Gmail", {"GOOGLE_MAILBOX": "nobody@acme.example"}, "delegation"),
    ],
)
async def test_what_is_wrong_with_a_system_is_said_with_what_to_do(
    check: Callable[..., Any], system: str, changed: dict[str, str], says: str
) -> None:
    code, lines, table = await check(**changed)
    assert code == 1
    assert [line["what"] for line in lines.values() if not line["ok"]] == [system]
    assert says in lines[system]["says"]
    assert "FAULT" in table
    assert not [value for value in changed.values() if "wrong" in value and value in table]


async def test_what_the_playbooks_write_to_has_to_be_there(check: Callable[..., Any], outside: Outside) -> None:
    (sheet,) = outside.state.google["spreadsheets"].values()
    sheet["tabs"] = [tab for tab in sheet["tabs"] if tab["title"] not in ("Disputes", "Exceptions")]
    del outside.state.hubspot["properties"]["tasks"]["countersign_step"]
    code, lines, _ = await check()
    assert code == 1
    assert "has no tab Disputes and no tab Exceptions: add it" in lines["Google Sheets"]["says"]
    assert "countersign_step with unique values on tasks" in lines["HubSpot"]["says"]


async def test_what_is_left_to_people_is_said_and_is_no_fault(check: Callable[..., Any], outside: Outside) -> None:
    del outside.state.hubspot["properties"]["contacts"]["vip"]
    for name in ("QUICKBOOKS_REFUND_ITEM_ID", "GOOGLE_MAILBOX"):
        outside.environment[name] = ""
    code, lines, _ = await check()
    assert code == 0
    assert "a person's there until QUICKBOOKS_REFUND_ITEM_ID is set" in lines["QuickBooks"]["says"]
    assert "marks nobody as a VIP" in lines["HubSpot"]["says"]
    assert "Gmail" not in lines
