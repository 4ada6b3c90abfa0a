"""Whether a Slack account may take part at all, whatever groups it is in. Pure: Slack's answer is passed in."""

from collections.abc import Mapping
from typing import Any

from bot.core.model import Frozen

STRANGER = "Only members of this workspace can decide here. Nothing was changed."
GUEST = "Guests of this workspace cannot decide here. Nothing was changed."
DEACTIVATED = "This Slack account is deactivated, so it decides nothing. Nothing was changed."
APP = "Apps and workflows cannot decide here; a person has to. Nothing was changed."


class Account(Frozen):
    """One Slack account at this moment."""

    user_id: str
    zone: str | None = None  # the person's own time zone, as IANA names it
    refused: str | None = None  # a sentence for the person: why nothing is taken from them


def account_of(user_id: str, user: Mapping[str, Any] | None, team_id: str | None) -> Account:
    """`user` is the `user` of Slack's users.info, None where Slack shows us no such person; `team_id` is our own.

    A person of an Enterprise organisation is in several workspaces, which `enterprise_user.teams` lists.
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
