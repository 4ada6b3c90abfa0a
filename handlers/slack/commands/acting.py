"""Carry out the words of `/finance` that change something, each judged by the policy like a click."""

from collections.abc import Awaitable, Callable, Mapping
from datetime import UTC, date, datetime, time, timedelta
from zoneinfo import ZoneInfo

from bot.cases import decisions, inbox, owners, pauses
from bot.cases.clicks import Answer
from bot.cases.delegations import back, go_away
from bot.core.cards.mrkdwn import code, data, who
from bot.core.cards.mrkdwn import date as shown_date
from bot.core.model import CaseFile
from bot.core.money import in_locale
from bot.core.people import EVERYTHING, Delegation
from bot.core.policy import Policy
from handlers.context import NotAllowed
from handlers.slack.commands.parse import Asked, Reply, case_id_in, mentioned

ADMINS = "admins"  # the group of the policy that may stop everything
LONGEST_AWAY = timedelta(days=366)
AWAY = "For example `/finance away until 2026-12-01 @name`, or `/finance away off`."

Act = Callable[..., Answer]


async def the_case(asked: Asked) -> CaseFile | Reply:
    """Return the case that the second word names if this person may see it, else what to answer."""
    name, *rest = asked.words
    if len(rest) != 1:
        return Reply(f"Which case? For example `/finance {name.lower()} C-7Q2M9XKD41`.")
    case_id, policy = case_id_in(rest[0]), asked.ctx.policy
    file = await asked.ctx.db.read(lambda store: store.case_file(case_id))
    if file is None or not inbox.may_see(policy, asked.person, file.case):
        return Reply(f"There is no case {code(case_id, 20)} for you here. `/finance search` looks for words.")
    return file


def _on_a_case(act: Act, done: str) -> Callable[[Asked], Awaitable[Reply]]:
    async def answer(asked: Asked) -> Reply:
        file = await the_case(asked)
        if isinstance(file, Reply):
            return file
        result = await asked.ctx.decide(act, asked.click(file.case))
        locale = asked.ctx.policy.region(file.case.channel).locale
        return Reply(in_locale(result.text or done.format(case=code(file.case.case_id)), locale))

    return answer


# --- away -----------------------------------------------------------------------------------------------------------


async def _away(asked: Asked) -> Reply:
    """Carry out `away`, `away [@somebody] until DATE @delegate` or `away off [@somebody]`; admins name somebody."""
    words = [word.lower() if mentioned(word) is None else word for word in asked.words[1:]]
    people = [user_id for word in words if (user_id := mentioned(word)) is not None]
    plain = [word for word in words if mentioned(word) is None and word not in ("until", "for")]
    if not words:
        return await _who_is_away(asked)
    if plain == ["off"] and len(people) <= 1:
        return await _back(asked, people[0] if people else asked.person.user_id)
    if len(plain) != 1 or len(people) not in (1, 2):
        return Reply(f"Say until when, and who stands in. {AWAY}")
    away, delegate = people if len(people) == 2 else (asked.person.user_id, people[0])
    return await _go(asked, away, delegate, plain[0])


async def _go(asked: Asked, away: str, delegate: str, until: str) -> Reply:
    ctx, now = asked.ctx, asked.ctx.clock()
    if away != asked.person.user_id and not _is_admin(asked):
        return Reply("Only admins can say that somebody else is away.")
    if away == delegate:
        return Reply("Somebody else has to stand in: nobody stands in for themselves.")
    until_at = end_of_day(until, (await ctx.slack_port.account(away)).zone)
    if until_at is None:
        return Reply(f"“{data(until, 30)}” is not a date like 2026-12-01. {AWAY}")
    if not now < until_at <= now + LONGEST_AWAY:
        return Reply(f"{data(until, 30)} is not within the next twelve months. {AWAY}")
    if not await ctx.slack_port.groups_of(away, ctx.policy.groups):
        return Reply(f"{who(away)} is in no group of the policy, so there is nothing to stand in for.")
    try:
        await ctx.account(delegate)
    except NotAllowed as refused:
        return Reply(f"{who(delegate)} cannot stand in: {refused}")
    lent = Delegation(
        user_id=away, delegate_id=delegate, from_at=now, until_at=until_at, set_by=asked.person.user_id, set_at=now
    )
    await ctx.db.write(lambda store: go_away(store, lent))
    stands = "you are" if away == asked.person.user_id else f"{who(away)} is"
    return Reply(f"{who(delegate)} decides in place until {shown_date(until_at)}, while {stands} away.")


async def _back(asked: Asked, user_id: str) -> Reply:
    if user_id != asked.person.user_id and not _is_admin(asked):
        return Reply("Only admins can say that somebody else is back.")
    ended = await asked.ctx.write(back, user_id, by=asked.person.user_id)
    return Reply("Welcome back: nobody stands in any more." if ended else f"Nobody stands in for {who(user_id)}.")


async def _who_is_away(asked: Asked) -> Reply:
    now = asked.ctx.clock()
    lent = await asked.ctx.db.read(lambda store: store.delegations(now))
    lines = [
        f"{who(delegation.delegate_id)} stands in for {who(delegation.user_id)} until {shown_date(delegation.until_at)}"
        for delegation in lent
    ]
    return Reply("\n".join([*lines, AWAY] if lines else [f"Nobody is away. {AWAY}"]))


def end_of_day(text: str, zone: str | None) -> datetime | None:
    """Return the end of an ISO date in a time zone, or None for what is no date. An unknown zone is UTC."""
    try:
        day = date.fromisoformat(text) if len(text) == len("2026-12-01") else None
    except ValueError:
        return None
    try:
        where = ZoneInfo(zone or "UTC")
    except (KeyError, ValueError, OSError):
        where = ZoneInfo("UTC")
    return None if day is None else datetime.combine(day, time(23, 59), where).astimezone(UTC)


# --- pause ----------------------------------------------------------------------------------------------------------


async def _pause(asked: Asked) -> Reply:
    if not _is_admin(asked):
        return Reply(_only_admins(asked.ctx.policy))
    reason = asked.rest[:300] or "no reason given"
    paused = await asked.ctx.write(pauses.pause, EVERYTHING, by=asked.person.user_id, reason=reason)
    if not paused:
        return Reply("Everything is paused already. `/finance resume` ends it.")
    return Reply("Paused: nothing is carried out until an admin says `/finance resume`. Deciding goes on.")


async def _resume(asked: Asked) -> Reply:
    """Resume everything that is paused, or the system that is named."""
    if not _is_admin(asked):
        return Reply(_only_admins(asked.ctx.policy))
    named = asked.rest.lower()
    resumed = await asked.ctx.write(pauses.resume_all, named, by=asked.person.user_id)
    if not resumed:
        return Reply(f"{data(named, 40) or 'Nothing'} is not paused." if named else "Nothing is paused.")
    return Reply(f"Resumed: {data(', '.join(resumed))}.")


def _is_admin(asked: Asked) -> bool:
    return ADMINS in asked.person.in_groups


def _only_admins(policy: Policy) -> str:
    if not policy.groups.get(ADMINS):
        return "The policy names no admins, so nobody can pause. Add a group “admins” to policy.toml."
    return "Only admins can pause and resume."


COMMANDS: Mapping[str, Callable[[Asked], Awaitable[Reply]]] = {
    "take": _on_a_case(owners.take, "You own {case} now; its card says so."),
    "release": _on_a_case(owners.release, "{case} is back with its group."),
    "retry": _on_a_case(decisions.retry, "Trying {case} again; its card shows how it goes."),
    "away": _away,
    "pause": _pause,
    "resume": _resume,
}
