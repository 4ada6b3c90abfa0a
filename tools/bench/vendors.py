"""Read whole lists from the sandbox's vendors and Slack, page by page, through their own APIs."""

import json
from typing import Any
from urllib.parse import urlencode

from tests.support.world import SECRETS
from tools.bench.http import Line

Json = dict[str, Any]

FIDEL = {"Fidel-Key": SECRETS["fidel_api_key"], "Content-Type": "application/json"}
STRIPE = {"Authorization": "Bearer rk_test_sandbox"}
SLACK = {"Authorization": f"Bearer {SECRETS['slack_bot_token']}"}


async def brands(line: Line) -> list[Json]:
    return await _pages(line, "/fidel/v1/brands", "items", FIDEL, limit="100")


async def refunds(line: Line) -> list[Json]:
    return await _pages(line, "/stripe/v1/refunds", "data", STRIPE, limit="100")


async def slack(line: Line, method: str, key: str, **query: str) -> list[Json]:
    return await _pages(line, f"/slack/api/{method}", key, SLACK, **query)


async def _pages(line: Line, path: str, key: str, headers: dict[str, str], **query: str) -> list[Json]:
    """Return the items of every page; raise SystemExit if one is not answered 200."""
    found: list[Json] = []
    following: dict[str, str] | None = {}
    while following is not None:
        reply = await line.get(f"{path}?{urlencode(query | following)}", headers)
        if reply.status != 200:
            raise SystemExit(f"{path} answered {reply.status}")
        page = json.loads(reply.body)
        found += page[key]
        following = _next_page(page, found)
    return found


def _next_page(page: Json, found: list[Json]) -> dict[str, str] | None:
    """Return what the next page is asked for with, in the words of Fidel API, Stripe or Slack; None after the last."""
    if page.get("last"):
        return {"start": json.dumps(page["last"])}
    if page.get("has_more") and "data" in page:
        return {"starting_after": found[-1]["id"]}
    cursor = (page.get("response_metadata") or {}).get("next_cursor")
    return {"cursor": cursor} if cursor else None
