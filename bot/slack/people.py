"""Look up who is in the policy's groups and who is who; asked once for clicks that come together."""

import asyncio
import logging
from collections.abc import Callable, Mapping, Sequence
from datetime import datetime, timedelta
from typing import Any

from bot.slack.errors import GroupGone, NotThere, SlackError
from bot.slack.requests import Calling

log = logging.getLogger("countersign.slack")

MEMBERSHIP_FRESH = timedelta(seconds=30)  # usergroups.users.list is tier 2: some 20 calls a minute
EMAIL_FRESH = timedelta(minutes=10)  # users.lookupByEmail is tier 3, and an address rarely changes hands
MEMBERSHIP_WAIT_S = 1.5  # a click has 3 s in all


class People(Calling):
    def __init__(self, *, token: str, api_url: str, clock: Callable[[], datetime]) -> None:
        super().__init__(token=token, api_url=api_url, clock=clock)
        self._handles: dict[str, str] = {}
        self._members: dict[str, tuple[datetime, frozenset[str]]] = {}
        self._users: dict[str, tuple[datetime, Mapping[str, Any] | None]] = {}
        self._gone: dict[str, datetime] = {}  # user groups that Slack does not know, and when it said so
        self._by_email: dict[str, tuple[datetime, str | None]] = {}
        self._asking = asyncio.Lock()

    async def people_of(self, members: Sequence[str]) -> frozenset[str]:
        """Return the people that a group of the policy names, by user group or one by one. Raises GroupGone."""
        found: set[str] = set()
        for member in members:
            found |= await self._members_of(member) if member.startswith(("@", "S")) else {member}
        return frozenset(found)

    async def mentions_of(self, members: Sequence[str]) -> frozenset[str]:
        """Return the ids to mention; a group that Slack cannot tell is left out, since the card matters more."""
        try:
            return frozenset([await self._group_id(member) for member in members])
        except SlackError:
            return frozenset(member for member in members if not member.startswith("@"))

    async def groups_of(self, user_id: str, groups: Mapping[str, Sequence[str]]) -> frozenset[str]:
        """Return the policy's groups that this person is in now. Raises SlackError if Slack cannot tell in time."""
        async with asyncio.timeout(MEMBERSHIP_WAIT_S):
            return frozenset([name for name, members in groups.items() if user_id in await self.people_left(members)])

    async def people_left(self, members: Sequence[str]) -> frozenset[str]:
        """Return the people of a group; a user group that is gone has nobody and keeps nobody from deciding."""
        found: set[str] = set()
        for member in members:
            try:
                found |= await self.people_of((member,))
            except GroupGone as gone:
                log.warning("%s", gone.sentence)
        return frozenset(found)

    async def user_by_email(self, email: str) -> str | None:
        """Return the Slack id of whoever has this address here, or None if nobody has or Slack cannot tell just now."""
        at, user_id = self._by_email.get(email, (None, None))
        if at is not None and self._clock() - at < EMAIL_FRESH:
            return user_id
        try:
            async with asyncio.timeout(MEMBERSHIP_WAIT_S):
                user = (await self._call("users.lookupByEmail", {"email": email}))["user"]
        except NotThere:
            user = {"deleted": True}
        except (SlackError, TimeoutError):
            return None
        user_id = None if user.get("deleted") else str(user["id"])
        self._by_email[email] = (self._clock(), user_id)
        return user_id

    async def user(self, user_id: str) -> Mapping[str, Any] | None:
        """Return the `user` of users.info, None if Slack shows none. Raises SlackError, and TimeoutError."""
        at, user = self._users.get(user_id, (None, None))
        if at is not None and self._clock() - at < MEMBERSHIP_FRESH:
            return user
        try:
            async with asyncio.timeout(MEMBERSHIP_WAIT_S):
                user = (await self._call("users.info", {"user": user_id}))["user"]
        except NotThere:
            user = None
        self._users[user_id] = (self._clock(), user)
        return user

    async def _members_of(self, group: str) -> frozenset[str]:
        if (members := self._known_members(group)) is None:
            async with self._asking:  # clicks that come together ask once
                members = self._known_members(group) or await self._ask_members(group)
        return members

    def _known_members(self, group: str) -> frozenset[str] | None:
        at, members = self._members.get(group, (None, frozenset[str]()))
        return members if at is not None and self._clock() - at < MEMBERSHIP_FRESH else None

    async def _ask_members(self, group: str) -> frozenset[str]:
        group_id = await self._group_id(group)
        try:
            answer = await self._call("usergroups.users.list", {"usergroup": group_id})
        except GroupGone:
            self._handles.pop(group, None)  # its name may be another group's by now
            raise self._no_group(group) from None
        members = frozenset(answer["users"])
        self._members[group] = (self._clock(), members)
        return members

    async def _group_id(self, group: str) -> str:
        at = self._gone.get(group)
        if at is not None and self._clock() - at < MEMBERSHIP_FRESH:  # so that every click does not ask again
            raise self._no_group(group, at)
        if not group.startswith("@"):
            return group
        if group not in self._handles:
            answer = await self._call("usergroups.list", {})
            self._handles = {"@" + found["handle"]: found["id"] for found in answer["usergroups"]}
        if group not in self._handles:
            raise self._no_group(group)
        return self._handles[group]

    def _no_group(self, group: str, at: datetime | None = None) -> GroupGone:
        self._gone[group] = at or self._clock()
        return GroupGone(f"The user group {group} of the policy does not exist in this workspace.")
