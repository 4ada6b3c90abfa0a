"""Hold what every handler has: where rows go, who a person is, and how they are answered."""

import asyncio
import hashlib
import logging
from collections import Counter
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any, Protocol, TypeVar

from bot.cases import Database, calls, clicks
from bot.cases.clicks import Click
from bot.core.model import Call, CardCopy, Case
from bot.core.money import HOME
from bot.core.people import STRANGER, Account, Person
from bot.core.policy import Policy

log = logging.getLogger("countersign.handlers")

T = TypeVar("T")


class NotAllowed(PermissionError):
    """Refuse an account of another workspace, a guest, a deactivated one or an app."""

    def __init__(self, user_id: str, sentence: str) -> None:
        super().__init__(sentence)
        self.user_id = user_id


class SlackPort(Protocol):
    """Describe what a handler needs of Slack. Methods raise SlackUnavailable, unless they say that they never fail."""

    team_id: str | None  # of our workspace, once Slack has told us
    url: str | None  # of our workspace, "https://acme.slack.com/", likewise

    async def groups_of(self, user_id: str, groups: Mapping[str, Sequence[str]]) -> frozenset[str]:
        """Return the policy's groups that this person is in at this moment."""

    async def account(self, user_id: str) -> Account: ...

    async def person_by_email(self, email: str) -> str | None:
        """Return the Slack id of whoever has this address here; None also if Slack cannot tell. Never fails."""

    async def open_form(self, trigger_id: str, view: Mapping[str, Any]) -> None: ...

    async def update_form(self, view_id: str, view_hash: str, view: Mapping[str, Any]) -> None:
        """Replace a form that has not changed since it had this hash."""

    async def publish_home(self, user_id: str, view: Mapping[str, Any]) -> None: ...

    async def answer(self, response_url: str, text: str) -> None:
        """Tell one person; never fails."""

    async def whisper(self, channel_id: str, user_id: str, text: str, *, thread_ts: str) -> None:
        """Tell one person in a thread; never fails."""


@dataclass(frozen=True)
class Context:
    """Give handlers rows, Slack, the policy and the clock, so that each of them is a function of a request."""

    db: Database
    slack_port: SlackPort
    policy: Policy
    clock: Callable[[], datetime]
    available_operations: frozenset[str] = frozenset()  # "connector.operation" of what is connected
    public_url: str | None = None  # where people reach us
    counts: Counter[tuple[str, str]] = field(default_factory=Counter)  # (door, what came) -> how often, for /metrics
    cases: dict[str, int] = field(default_factory=dict)  # by state, as last read for /metrics
    paused: set[str] = field(default_factory=set)  # scopes, likewise

    async def write(self, transaction: Callable[..., T], *args: Any, **named: Any) -> T:
        """Commit `transaction(store, *args, now=..., **named)` with the time of this request, and return its result."""
        now = self.clock()
        return await self.db.write(lambda store: transaction(store, *args, now=now, **named))

    async def decide(self, transaction: Callable[..., T], click: Click, *args: Any, **named: Any) -> T:
        """Commit what a click asks for, judged by the policy in force."""
        return await self.write(transaction, click, *args, policy=self.policy, **named)

    async def receive(self, call: Call, body: bytes) -> str:
        """Store a call, or a request that a person made in Slack; the hash of `body` tells a repeat from news."""
        return await self.write(calls.receive, call, body_sha256=hashlib.sha256(body).hexdigest())

    async def person(self, user_id: str) -> Person:
        """Return who this is at this moment, with the groups of those who are away and named them.

        Raises SlackUnavailable, and NotAllowed for an account that may not take part at all.
        """
        now = self.clock()
        lent = await self.db.read(lambda store: store.delegations(now))
        away = [
            delegation.user_id for delegation in lent if delegation.delegate_id == user_id and delegation.covers(now)
        ]
        looked_up = (self.slack_port.groups_of(person_id, self.policy.groups) for person_id in (user_id, *away))
        _, groups, *others = await asyncio.gather(self.account(user_id), *looked_up)  # a click has three seconds
        return Person(user_id=user_id, groups=groups, stands_in_for=dict(zip(away, others, strict=True)))

    async def account(self, user_id: str) -> Account:
        """Return the account. Raises SlackUnavailable, and NotAllowed if it may not take part at all."""
        account = await self.slack_port.account(user_id)
        if account.refused is not None:
            raise NotAllowed(user_id, account.refused)
        return account

    def check_team(self, user_id: str, *team_ids: str | None) -> None:
        """Raise NotAllowed unless every workspace that Slack names is ours, as far as we know it."""
        ours = self.slack_port.team_id or team_ids[0]
        if any(team_id != ours for team_id in team_ids):
            raise NotAllowed(user_id, STRANGER)

    async def turned_away(self, refusal: NotAllowed, case_id: str | None = None) -> str:
        """Audit a refused attempt and return the sentence for the person; never fails."""
        why = str(refusal)
        self.count("slack", "not_welcome")
        try:
            await self.write(clicks.refuse, refusal.user_id, why, case_id=case_id)
        except Exception:  # the answer matters more, and nothing was done
            log.exception("a refused attempt could not be written down")
        return why

    async def links(self, cases: Iterable[Case]) -> dict[str, str | None]:
        """Return the address of the primary card of each case, by the case's id."""
        channels = {case.case_id: case.channel for case in cases}
        copies = await self.db.read(
            lambda store: {name: store.card(name, channel) for name, channel in channels.items()}
        )
        return {case_id: self.link(copy) for case_id, copy in copies.items()}

    def link(self, card: CardCopy | None) -> str | None:
        """Return the address of a card in Slack; None before it was posted, or before Slack has told our address."""
        if card is None or card.channel_id is None or card.message_ts is None:
            return None
        return self.link_to(card.channel_id, card.message_ts)

    def link_to(self, channel_id: str, message_ts: str, thread_ts: str | None = None) -> str | None:
        if self.slack_port.url is None:
            return None
        link = f"{self.slack_port.url.rstrip('/')}/archives/{channel_id}/p{message_ts.replace('.', '')}"
        return f"{link}?thread_ts={thread_ts}&cid={channel_id}" if thread_ts not in (None, message_ts) else link

    async def locale_of(self, case_id: str) -> str:
        """Return the locale in which the channel of this case writes numbers."""
        if not self.policy.regions:
            return HOME
        case = await self.db.read(lambda store: store.case(case_id))
        return self.policy.region(case.channel).locale if case is not None else HOME

    def count(self, door: str, what: str) -> None:
        self.counts[door, what] += 1
