"""Serve a Slack workspace with a web page, Fidel API, Stripe and the other vendors on one port."""

import argparse
import asyncio
import os
import sys
from collections.abc import Sequence
from pathlib import Path

from aiohttp import web

from sandbox.app import Config, make_app

STOP_S = 3.0  # how long open requests may finish after SIGTERM or SIGINT


def _parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(prog="python -m sandbox", description=__doc__)
    parser.add_argument("--host", default="127.0.0.1", help="address to listen on (default %(default)s)")
    parser.add_argument("--port", type=int, default=4000, help="port to listen on (default %(default)s)")
    parser.add_argument("--state", type=Path, help="JSON file to keep everything in (default: memory only)")
    parser.add_argument(
        "--bot-url", default="http://127.0.0.1:3000", help="where the bot listens (default %(default)s)"
    )
    parser.add_argument("--public-url", default="", help="how the bot and browsers reach this server, if not directly")
    parser.add_argument("--no-limits", action="store_true", help="no Slack rate limits, for benchmarks")
    return parser


def _secret(name: str, usual: str) -> str:
    return os.environ.get(name) or usual


def main(arguments: Sequence[str] | None = None) -> int:
    """Run until SIGTERM or SIGINT; secrets come from the environment."""
    given = _parser().parse_args(arguments)
    usual = Config()
    config = Config(
        bot_url=given.bot_url,
        public_url=given.public_url,
        state_path=given.state,
        limited=not given.no_limits,
        slack_signing_secret=_secret("SANDBOX_SLACK_SIGNING_SECRET", usual.slack_signing_secret),
        slack_token=_secret("SANDBOX_SLACK_TOKEN", usual.slack_token),
        dialnexa_secret=_secret("SANDBOX_DIALNEXA_SECRET", usual.dialnexa_secret),
        fidel_key=_secret("SANDBOX_FIDEL_KEY", usual.fidel_key),
        stripe_key=_secret("SANDBOX_STRIPE_KEY", usual.stripe_key),
    )
    app = make_app(config)
    print(f"Sandbox: http://{given.host}:{given.port}/", flush=True)
    where = {"host": given.host, "port": given.port}
    web.run_app(app, **where, access_log=None, print=None, shutdown_timeout=STOP_S, loop=_loop())
    return 0


def _loop() -> asyncio.AbstractEventLoop | None:
    """Return the faster loop where it exists: in a benchmark the bot shares its machine with this server."""
    if sys.platform == "win32":
        return None
    import uvloop

    return uvloop.new_event_loop()


if __name__ == "__main__":
    sys.exit(main())
