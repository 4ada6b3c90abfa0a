"""Run `countersign check`: whether everything that is configured works, and what to do about what does not.

For each enabled kind it proves that its card has a channel, its case an owner who exists, and says who decides by when
("Before going live" of the playbooks).
"""

import argparse
import asyncio
from dataclasses import asdict, dataclass

from bot.app import utc_now
from bot.cli.command import DOTENV, Commands, add_command, add_json
from bot.cli.output import as_json, table
from bot.config import Settings, read_policies, read_settings
from bot.connectors.base import Connector
from bot.core.model import Kind
from bot.core.playbooks import PLAYBOOKS
from bot.core.policy import Policy
from bot.http.errors import ConnectorError
from bot.slack import Slack, SlackError
from bot.systems import make_connectors
from storage import Database, StorageError, open_database

ROTATING = ("quickbooks",)  # asking for access changes its refresh token, which the running bot would then lack
HELD = "not asked: the running bot holds its access, and /readyz names it if it is paused"


@dataclass(frozen=True)
class Found:
    """Hold one line of `countersign check`."""

    what: str
    ok: bool
    says: str


def register(commands: Commands) -> None:
    add_json(add_command(commands, "check", "ask every configured system, and say what to do", run))


def run(args: argparse.Namespace) -> int:
    """Print what is found about every system; return 1 if there is a fault."""
    settings = read_settings(DOTENV)
    found = asyncio.run(check(settings, read_policies(settings)))
    if args.json:
        print(as_json([asdict(line) for line in found]))
    else:
        print(table([("ok" if line.ok else "FAULT", line.what, line.says) for line in found]))
    return 0 if all(line.ok for line in found) else 1


async def check(settings: Settings, policy: Policy) -> list[Found]:
    """Ask every configured system who we are, and Slack for every channel and group of the policy."""
    found = [Found("policy", True, f"version {policy.version}")]
    db, alone = await _database(settings)
    slack = Slack(token=settings.slack_bot_token.get_secret_value(), api_url=settings.slack_api_url, clock=utc_now)
    connectors = make_connectors(settings, db, utc_now)
    try:
        found += await _check_slack(slack, policy)
        for connector in connectors.values():
            held = not alone and connector.name in ROTATING
            found.append(Found(connector.title, True, HELD) if held else await _check_connector(connector))
        found += _check_kinds(policy, {one.what: one for one in found}, settings.public_url is not None)
    finally:
        await slack.close()
        for connector in connectors.values():
            await connector.close()
        await db.close()
    return found


async def _database(settings: Settings) -> tuple[Database, bool]:
    """Open where access tokens are kept, and tell whether we may change them: a bot on SQLite keeps them to itself."""
    try:
        return await open_database(settings.database_url), True
    except StorageError:
        return await open_database(settings.database_url, read_only=True), False


async def _check_connector(connector: Connector) -> Found:
    try:
        return Found(connector.title, True, await connector.check())
    except ConnectorError as error:
        return Found(connector.title, False, error.sentence)


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


def _check_kinds(policy: Policy, found: dict[str, Found], linked: bool) -> list[Found]:
    return [_check_kind(kind, policy, found, linked) for kind in PLAYBOOKS if _enabled(policy, kind)]


def _enabled(policy: Policy, kind: Kind) -> bool:
    rules = policy.kinds.get(kind)
    return rules is None or rules.enabled


def _check_kind(kind: Kind, policy: Policy, found: dict[str, Found], linked: bool) -> Found:
    """Check destination, owner, urgency, next step and record link of one kind; the first that is missing is said."""
    playbook, rules = PLAYBOOKS[kind], policy.kinds.get(kind)
    channel = (rules.channel if rules else None) or playbook.channel
    owner = (rules.owner if rules else None) or playbook.owner
    due = (rules.due if rules else None) or playbook.due
    what = f"kind {kind}"
    if channel not in policy.channels:
        return Found(what, False, f'its cards have no channel: add "{channel}" to [channels], or a channel to the kind')
    if not found.get(f"channel {channel}", Found("", True, "")).ok:
        return Found(what, False, f'its channel "{channel}" cannot be used, see above')
    if owner in policy.groups and not found.get(f"group {owner}", Found("", True, "")).ok:
        return Found(what, False, f'its owner "{owner}" has nobody, see above')
    urgency = "at once, " if playbook.urgent else ""
    link = "" if linked else "; records carry no link to the case until PUBLIC_URL is set"
    return Found(what, True, f"{policy.channels[channel]}, {owner} decides, {urgency}due in {due}{link}")
