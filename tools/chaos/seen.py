"""Read what there is to see at the end: in Slack and at the vendors through their own APIs, and in the database."""

from dataclasses import dataclass

from bot.core.model import AuditEntry, CardCopy, CaseFile
from storage import Store
from tools.bench.http import Line
from tools.bench.processes import Process
from tools.bench.vendors import Json, brands, refunds, slack


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
        channels = await slack(line, "conversations.list", "channels", types="public_channel,private_channel")
        messages: list[Json] = []
        replies: list[Json] = []
        for channel in channels:
            where = {"channel": channel["id"], "include_all_metadata": "true", "limit": "200"}
            for message in await slack(line, "conversations.history", "messages", **where):
                messages.append({**message, "channel": channel["id"]})
                if message.get("reply_count"):
                    replies += (await slack(line, "conversations.replies", "messages", ts=message["ts"], **where))[1:]
        return Outside(await brands(line), await refunds(line), messages, replies)
