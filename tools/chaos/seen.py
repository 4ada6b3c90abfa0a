"""Read what there is to see at the end: in Slack and at the vendors through their own APIs, and in the database."""

import json
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any
from urllib.parse import urlencode

from bot.core.model import AuditEntry, CardCopy, CaseFile
from storage import Store
from tests.support.world import SECRETS
from tools.bench.http import Line
from tools.bench.processes import Process

FIDEL = {"Fidel-Key": SECRETS["fidel_api_key"], "Content-Type": "application/json"}
STRIPE = {"Authorization": "Bearer rk_test_sandbox"}
SLACK = {"Authorization": f"Bearer {SECRETS['slack_bot_token']}"}

Json = dict[str, Any]


@dataclass(frozen=True)
class Outside:
    brands: list[Json]
    refunds: list[Json]
    messages: list[Json]  # of all channels, with metadata, without replies
    replies: list[Json]


@dataclass(frozen=True)
class Row:
    """Hold one case with everything that belongs to it."""

    file: CaseFile
    places: tuple[CardCopy, ...]
    history: tuple[AuditEntry, ...]


def rows(store: Store) -> dict[str, Row]:
    found: dict[str, Row] = {}
    for case in store.find_cases(limit=100_000):
        file, place = store.case_file(case.case_id), store.card(case.case_id, place=case.channel)
        if file is not None:
            places = (place,) if place is not None else ()
            found[case.case_id] = Row(file, places, tuple(store.history(case.case_id)))
    return found


async def outside(sandbox: Process) -> Outside:
    async with Line(sandbox.port) as line:
        channels = await _slack(line, "conversations.list", "channels", types="public_channel,private_channel")
        messages: list[Json] = []
        replies: list[Json] = []
        for channel in channels:
            where = {"channel": channel["id"], "include_all_metadata": "true", "limit": "200"}
            for message in await _slack(line, "conversations.history", "messages", **where):
                messages.append({**message, "channel": channel["id"]})
                if message.get("reply_count"):
                    replies += (await _slack(line, "conversations.replies", "messages", ts=message["ts"], **where))[1:]
        return Outside(await _brands(line), await _refunds(line), messages, replies)


async def _slack(line: Line, method: str, key: str, **query: str) -> list[Json]:
    found: list[Json] = []
    cursor = ""
    while True:
        asked = urlencode({**query, "cursor": cursor} if cursor else query)
        page = await _json(line, f"/slack/api/{method}?{asked}", SLACK)
        found += page[key]
        cursor = (page.get("response_metadata") or {}).get("next_cursor") or ""
        if not cursor:
            return found


async def _brands(line: Line) -> list[Json]:
    found: list[Json] = []
    query = {"limit": "100"}
    while True:
        page = await _json(line, f"/fidel/v1/brands?{urlencode(query)}", FIDEL)
        found += page["items"]
        if not page["last"]:
            return found
        query["start"] = json.dumps(page["last"])


async def _refunds(line: Line) -> list[Json]:
    found: list[Json] = []
    query = {"limit": "100"}
    while True:
        page = await _json(line, f"/stripe/v1/refunds?{urlencode(query)}", STRIPE)
        found += page["data"]
        if not page["has_more"]:
            return found
        query["starting_after"] = found[-1]["id"]


async def _json(line: Line, path: str, headers: Mapping[str, str]) -> Json:
    reply = await line.get(path, dict(headers))
    told: Json = json.loads(reply.body)
    if reply.status != 200:
        raise SystemExit(f"{path.partition('?')[0]} answered {reply.status}")
    return told
