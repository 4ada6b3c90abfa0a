"""What the command line shows of the database: cases, the audit history, and what `check` finds."""

import json
from collections.abc import Sequence
from dataclasses import asdict, dataclass
from typing import Any

from bot.app import make_connectors, utc_now
from bot.config import Settings
from bot.connectors.errors import ConnectorError
from bot.core import money
from bot.core.model import AuditEntry, Case, CaseFile
from bot.core.policy import Policy
from bot.slack import Slack, SlackError
from storage import Database


@dataclass(frozen=True)
class Found:
    """One line of `countersign check`."""

    what: str
    ok: bool
    says: str


async def check(settings: Settings, policy: Policy) -> list[Found]:
    """Asks every configured system who we are, and Slack for every channel and group of the policy."""
    found = [Found("policy", True, f"version {policy.version}, {len(policy.not_in_force())} parts not in force yet")]
    slack = Slack(token=settings.slack_bot_token.get_secret_value(), api_url=settings.slack_api_url, clock=utc_now)
    connectors = make_connectors(settings)
    try:
        found += await _check_slack(slack, policy)
        for connector in connectors.values():
            try:
                found.append(Found(connector.title, True, await connector.check()))
            except ConnectorError as error:
                found.append(Found(connector.title, False, error.sentence))
    finally:
        await slack.close()
        for connector in connectors.values():
            await connector.close()
    return found


async def _check_slack(slack: Slack, policy: Policy) -> list[Found]:
    try:
        me = await slack.who_am_i()
        found = [Found("Slack", True, f"workspace {me.get('team')} as {me.get('user')}")]
    except SlackError as error:
        return [Found("Slack", False, f"{error.sentence} Check SLACK_BOT_TOKEN.")]
    for name, channel in policy.channels.items():
        try:
            await slack.channel_id(channel)
            found.append(Found(f"channel {name}", True, channel))
        except SlackError as error:
            found.append(Found(f"channel {name}", False, f"{error.sentence} Invite the bot, or change [channels]."))
    for name, members in policy.groups.items():
        try:
            people = await slack.people_of(members)
            found.append(Found(f"group {name}", bool(people), f"{len(people)} people" if people else "nobody is in it"))
        except SlackError as error:
            found.append(Found(f"group {name}", False, error.sentence))
    return found


async def list_cases(db: Database, *, text: str | None, limit: int) -> list[Case]:
    return await db.read(lambda store: store.find_cases(text=text, limit=limit))


async def show_case(db: Database, case_id: str) -> tuple[CaseFile, list[AuditEntry]] | None:
    def look(store: Any) -> tuple[CaseFile, list[AuditEntry]] | None:
        file = store.case_file(case_id)
        return (file, store.history(case_id)) if file is not None else None

    return await db.read(look)


def table(rows: Sequence[Sequence[str]]) -> str:
    widths = [max(len(row[n]) for row in rows) for n in range(len(rows[0]))]
    return "\n".join(
        "  ".join(cell.ljust(width) for cell, width in zip(row, widths, strict=True)).rstrip() for row in rows
    )


def cases_table(cases: Sequence[Case]) -> str:
    head = ("case", "kind", "state", "amount", "customer", "due")
    rows = [
        (
            case.case_id,
            case.kind.value,
            case.state.value,
            money.show(case.details.money) if case.details.money else "not stated",
            (case.details.fields.customer_name or case.details.fields.email or "")[:30],
            f"{case.due_at:%Y-%m-%d %H:%M} UTC",
        )
        for case in cases
    ]
    return table([head, *rows])


def case_story(file: CaseFile, history: Sequence[AuditEntry]) -> str:
    """A case as text: what it is, its steps, and its history line by line."""
    case = file.case
    lines = [
        f"{case.case_id}  {case.kind}  {case.state}  version {case.version}",
        f"call      {case.call_id or 'opened by ' + case.opened_by}",
        f"amount    {money.show(case.details.money) if case.details.money else 'not stated'}",
        f"summary   {case.details.summary or 'not stated'}",
        *(f"why       {file.proposal.because}" for _ in (1,) if file.proposal.because),
        *(f"fact      {fact.source}: {fact.sentence or fact.missing or fact.name}" for fact in case.facts),
        *(f"step      {one.action.sentence}: {one.state}  key {one.key}" for one in file.executions),
        "",
        *(f"{entry.at:%Y-%m-%d %H:%M:%S}  {entry.n:>3}  {entry.entry.actor:<12}  {entry.entry.what:<22} "
          f"{entry.entry.sentence or ''}".rstrip() for entry in history),
    ]  # fmt: skip
    return "\n".join(lines)


def as_json(value: Any) -> str:
    return json.dumps(value, indent=2, ensure_ascii=False, default=str)


def found_json(found: Sequence[Found]) -> list[dict[str, Any]]:
    return [asdict(line) for line in found]
