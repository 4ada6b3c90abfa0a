"""Describe the people who click: their Slack account, their groups, whom they stand in for, and what they paused."""

from collections.abc import Mapping
from datetime import datetime
from typing import Any

from pydantic import Field

from bot.core.model import Frozen

EVERYTHING = "everything"

STRANGER = "Only members of this workspace can decide here. Nothing was changed."
GUEST = "Guests of this workspace cannot decide here. Nothing was changed."
DEACTIVATED = "This Slack account is deactivated, so it decides nothing. Nothing was changed."
APP = "Apps and workflows cannot decide here; a person has to. Nothing was changed."


class SlackUnavailable(Exception):
    """Carry the sentence for the person who clicked while Slack cannot be asked or told."""


class Account(Frozen):
    """Describe a Slack account at the moment of a click."""

    user_id: str
    zone: str | None = None  # the person's own time zone, as IANA names it
    refused: str | None = None  # a sentence for the person: why nothing is taken from them


class Delegation(Frozen):
    """Let another person decide while somebody is away. A person has at most one at a time."""

    user_id: str  # who is away
    delegate_id: str
    from_at: datetime
    until_at: datetime
    set_by: str  # Slack user id
    set_at: datetime

    def covers(self, at: datetime) -> bool:
        return self.from_at <= at < self.until_at


class Person(Frozen):
    """Describe the person who clicks, as looked up at the click.

    `stands_in_for` maps who is away to the policy's groups that person is in.
    """

    user_id: str
    groups: frozenset[str] = frozenset()  # names in the policy's [groups]
    stands_in_for: Mapping[str, frozenset[str]] = Field(default_factory=dict)

    @property
    def in_groups(self) -> frozenset[str]:
        """Return the person's own groups and those lent to them."""
        return self.groups.union(*self.stands_in_for.values())


class Pause(Frozen):
    """Stop all executions of a scope until somebody resumes it."""

    scope: str  # EVERYTHING, or a connector's name
    since_at: datetime
    by: str  # Slack user id, or "worker" where a vendor does not accept our credentials
    reason: str


def account_of(user_id: str, user: Mapping[str, Any] | None, team_id: str | None) -> Account:
    """Return the account that Slack's users.info describes; `user` is None if Slack shows us no such person.

    A person of an Enterprise organisation is in several workspaces, which `enterprise_user.teams` lists; `team_id` is
    our own.
    """
    if user is None:
        return Account(user_id=user_id, refused=STRANGER)
    zone = user.get("tz")
    return Account(user_id=user_id, zone=zone if isinstance(zone, str) else None, refused=_why_refused(user, team_id))


def _why_refused(user: Mapping[str, Any], team_id: str | None) -> str | None:
    if user.get("deleted"):
        return DEACTIVATED
    teams = {user.get("team_id"), *((user.get("enterprise_user") or {}).get("teams") or ())}
    if user.get("is_stranger") or (team_id is not None and team_id not in teams):
        return STRANGER
    if user.get("is_restricted") or user.get("is_ultra_restricted"):
        return GUEST
    return APP if user.get("is_bot") or user.get("is_workflow_bot") else None
