"""What every door has: where rows go, who a person is, and how they are answered."""

import asyncio
import logging
from collections import Counter
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any, Protocol

from bot.cases import Database, clicks
from bot.core.accounts import STRANGER, Account
from bot.core.model import CardCopy
from bot.core.money import HOME
from bot.core.people import Person
from bot.core.policy import Policy

log = logging.getLogger("countersign.doors")


class SlackUnavailable(Exception):
    """Slack could not be asked or told just now; the sentence is for the person who clicked."""


class NotAllowed(PermissionError):
    """Nothing is taken from this account: it is of another workspace, a guest, deactivated or an app."""

    def __init__(self, user_id: str, sentence: str) -> None:
        super().__init__(sentence)
        self.user_id = user_id


class SlackPort(Protocol):
    """What a door needs of Slack. Every method raises DeskClosed, unless it says that it never fails."""

    team_id: str | None  # of our workspace, once Slack has told us
    url: str | None  # of our workspace, "https://acme.slack.com/", likewise

    async def groups_of(self, user_id: str, groups: Mapping[str, Sequence[str]]) -> frozenset[str]:
        """Which of the policy's groups this person is in at this moment."""

    async def account(self, user_id: str) -> Account: ...

    async def person_by_email(self, email: str) -> str | None:
        """The Slack id of whoever has this address here; None also where Slack cannot tell. Never fails."""

    async def open_form(self, trigger_id: str, view: Mapping[str, Any]) -> None: ...

    async def update_form(self, view_id: str, view_hash: str, view: Mapping[str, Any]) -> None:
        """Only the form as it was then: one that has changed since stays as it is."""

    async def publish_home(self, user_id: str, view: Mapping[str, Any]) -> None: ...

    async def answer(self, response_url: str, text: str) -> None:
        """Tells one person; never fails."""

    async def whisper(self, channel_id: str, user_id: str, text: str, *, thread_ts: str) -> None:
        """Tells one person in a thread; never fails."""


@dataclass(frozen=True)
class Context:
    db: Database
    slack_port: SlackPort
    policy: Policy
    clock: Callable[[], datetime]
    available_operations: frozenset[str] = frozenset()  # "connector.operation" of what is connected
    public_url: str | None = None  # where people reach us
    counts: Counter[tuple[str, str]] = field(default_factory=Counter)  # (door, what came) -> how often, for /metrics
    cases: dict[str, int] = field(default_factory=dict)  # by state, as last read for /metrics
    paused: set[str] = field(default_factory=set)  # scopes, likewise

    async def person(self, user_id: str) -> Person:
        """Who this is at this moment, with the groups of those who are away and named them.

        Raises DeskClosed, and NotWelcome for an account that may not take part at all.
        """
        now = self.clock()
        lent = await self.db.read(lambda store: store.delegations(now))
        away = [one.user_id for one in lent if one.delegate_id == user_id and one.covers(now)]
        looked_up = (self.slack_port.groups_of(one, self.policy.groups) for one in (user_id, *away))
        _, groups, *others = await asyncio.gather(self.account(user_id), *looked_up)  # a click has three seconds
        return Person(user_id=user_id, groups=groups, stands_in_for=dict(zip(away, others, strict=True)))

    async def account(self, user_id: str) -> Account:
        """Raises DeskClosed, and NotWelcome for an account that may not take part at all."""
        account = await self.slack_port.account(user_id)
        if account.refused is not None:
            raise NotAllowed(user_id, account.refused)
        return account

    def check_team(self, user_id: str, *team_ids: str | None) -> None:
        """Every workspace that Slack names is ours, as far as we know it. Raises NotWelcome."""
        ours = self.slack_port.team_id or team_ids[0]
        if any(team_id != ours for team_id in team_ids):
            raise NotAllowed(user_id, STRANGER)

    async def turned_away(self, who: NotAllowed, case_id: str | None = None) -> str:
        """The sentence for the person, once the attempt is in the history; never fails."""
        now, why = self.clock(), str(who)
        self.count("slack", "not_welcome")
        try:
            await self.db.write(lambda store: clicks.refuse(store, who.user_id, why, case_id=case_id, now=now))
        except Exception:  # the answer matters more, and nothing was done
            log.exception("a refused attempt could not be written down")
        return why

    def link(self, place: CardCopy | None) -> str | None:
        """Where a card opens in Slack; None while it hangs nowhere, or before Slack has told our address."""
        if place is None or place.channel_id is None or place.message_ts is None:
            return None
        return self.link_to(place.channel_id, place.message_ts)

    def link_to(self, channel_id: str, message_ts: str, thread_ts: str | None = None) -> str | None:
        if self.slack_port.url is None:
            return None
        link = f"{self.slack_port.url.rstrip('/')}/archives/{channel_id}/p{message_ts.replace('.', '')}"
        return f"{link}?thread_ts={thread_ts}&cid={channel_id}" if thread_ts not in (None, message_ts) else link

    async def locale_of(self, case_id: str) -> str:
        """How the channel of this case writes numbers."""
        if not self.policy.regions:
            return HOME
        case = await self.db.read(lambda store: store.case(case_id))
        return self.policy.region(case.channel).locale if case is not None else HOME

    def count(self, door: str, what: str) -> None:
        self.counts[door, what] += 1
