"""Run the bot beside a sandbox of the outside world, without any token, key or network: `countersign demo`."""

import argparse
import asyncio
import contextlib
import socket
import subprocess
import sys
import time
import urllib.request
from pathlib import Path
from typing import Any

import bot
from bot.app import Application, serve
from bot.cli.command import Commands, add_command
from bot.config import Settings, read_policy_file

DATA = Path("demo-data")
SECRETS: dict[str, Any] = {  # as the sandbox has them unless told otherwise; they open nothing but the sandbox
    "slack_bot_token": "xoxb-sandbox",
    "slack_signing_secret": "sandbox-signing-secret",
    "dialnexa_webhook_secret": "sandbox-dialnexa-secret",
    "fidel_api_key": "sk_test_sandbox",
    "stripe_api_key": "rk_test_sandbox",
    "zendesk_client_id": "countersign",
    "zendesk_client_secret": "sandbox-zendesk-secret",
    "quickbooks_realm_id": "9130357",
    "quickbooks_client_id": "sandbox-client",
    "quickbooks_client_secret": "sandbox-quickbooks-secret",
    "quickbooks_refresh_token": "RT-sandbox",
    "quickbooks_refund_item_id": "11",
    "quickbooks_refund_account_id": "35",
    "hubspot_access_token": "pat-sandbox",
    "hubspot_account_property": "stripe_customer_id",
    "hubspot_renewals": "renewals",
    "google_drive_folder": "1FolderDocuments",
    "google_shared_drive": "0ADriveFinance",
    "google_spreadsheet": "1SheetFinanceQueue",
    "google_mailbox": "billing@acme.example",
}
WAIT_S = 15.0
PACKAGE = Path(bot.__file__).parent


def register(commands: Commands) -> None:
    parser = add_command(commands, "demo", "run the bot with a sandbox of the outside world", run)
    parser.add_argument("--port", type=int, default=3000, help="of the bot (default 3000)")
    parser.add_argument("--page-port", type=int, default=4000, help="of the page (default 4000)")


def addresses(page: str) -> dict[str, Any]:
    """Return the address of every outside system in the sandbox at this address."""
    return {
        "slack_api_url": f"{page}/slack/api/",
        "fidel_api_url": f"{page}/fidel/v1",
        "stripe_api_url": f"{page}/stripe",
        "zendesk_api_url": f"{page}/zendesk",
        "quickbooks_api_url": f"{page}/quickbooks",
        "quickbooks_token_url": f"{page}/quickbooks/oauth2/v1/tokens/bearer",
        "hubspot_api_url": f"{page}/hubspot",
        "google_api_url": f"{page}/google",
    }


def policy_file() -> Path:
    """Return policy.toml of the current folder, else the shipped one: inside the wheel, or at the top of a checkout."""
    candidates = [folder / "policy.toml" for folder in (Path(), PACKAGE, PACKAGE.parent)]
    return next(filter(Path.is_file, candidates), candidates[0])


def run(args: argparse.Namespace) -> int:
    """Run until Ctrl-C; everything is kept in a folder beside."""
    policy = read_policy_file(policy_file())
    DATA.mkdir(exist_ok=True)
    bot_port, page_port = _free(args.port), _free(args.page_port)
    page = f"http://127.0.0.1:{page_port}"
    command = [sys.executable, "-m", "sandbox", "--port", str(page_port), "--state", str(DATA / "outside.json")]
    # a session of its own: Ctrl-C reaches the bot alone, which stops first and then stops the sandbox
    sandbox = subprocess.Popen([*command, "--bot-url", f"http://127.0.0.1:{bot_port}"], start_new_session=True)  # noqa: S603
    try:
        _wait_for(page, sandbox)
        settings = Settings(
            _env_file=None,
            database_url=f"sqlite:///{DATA / 'countersign.db'}",
            port=bot_port,
            public_url=f"http://127.0.0.1:{bot_port}",
            google_service_account=_read(f"{page}/google/key-file"),
            **addresses(page),
            **SECRETS,
        )
        asyncio.run(serve(settings, policy, started=lambda app: _welcome(app, page)))
    finally:
        sandbox.terminate()
        with contextlib.suppress(subprocess.TimeoutExpired):
            sandbox.wait(5)
    print("Stopped. Everything is kept in", DATA, "- start again to go on where it was.")
    return 0


def _welcome(app: Application, page: str) -> None:
    print(f"\n  Countersign is running. Open  {page}  in a browser.\n")
    print("  Send a call, open its channel, press Approve. Ctrl-C stops; started again, it goes on where it was.")
    print(f"  The bot itself listens on http://127.0.0.1:{app.port}\n", flush=True)


def _free(port: int) -> int:
    """Return this port, or any free one if it is taken."""
    for candidate in (port, 0):
        with socket.socket() as probe, contextlib.suppress(OSError):
            probe.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
            probe.bind(("127.0.0.1", candidate))
            return int(probe.getsockname()[1])
    raise SystemExit("There is no free port on this machine.")


def _read(address: str) -> str:
    with urllib.request.urlopen(address, timeout=5) as answer:  # noqa: S310 our own address
        text: str = answer.read().decode()
        return text


def _wait_for(page: str, sandbox: subprocess.Popen[bytes]) -> None:
    until = time.monotonic() + WAIT_S
    while time.monotonic() < until:
        if sandbox.poll() is not None:
            raise SystemExit("The sandbox did not start; its message is above.")
        with contextlib.suppress(OSError), urllib.request.urlopen(page, timeout=1):  # noqa: S310 our own address
            return
        time.sleep(0.05)
    raise SystemExit("The sandbox did not answer in time.")
