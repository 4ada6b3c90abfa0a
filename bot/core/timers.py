"""Say when things happen to a case by time alone, in the hours in which its channel's people work.

Quiet hours move a time to the next opening and never bring it forward. Urgent cases know no quiet hours.
"""

from collections.abc import Iterable
from datetime import UTC, date, datetime, time, timedelta

from bot.core.model import Case, Kind
from bot.core.notices import Timer
from bot.core.policy.model import Escalation, Policy, Region

REMINDER, ESCALATION, WARNING, EXPIRY, FOLLOW_UP = "reminder", "escalation", "warning", "expiry", "follow_up"

# A customer who cannot pay does not wait for a policy that forgot to say so (the playbooks: "then escalates").
VIP_ESCALATES = (
    Escalation(after=timedelta(minutes=15), to="leads"),
    Escalation(after=timedelta(hours=1), to="admins"),
)

_SEARCH_DAYS = 366  # a calendar without a working day in a year is a mistake, and holds nothing up
_FARTHEST = timedelta(days=1830)  # a promise for later than five years is a misheard date


def next_open(region: Region, at: datetime) -> datetime:
    """Return `at` itself within business hours, else the next opening; safe where clocks change."""
    first = at.astimezone(region.zone).date()
    for day in (first + timedelta(days=n) for n in range(_SEARCH_DAYS)):
        if day.weekday() in region.business_days and day not in region.holidays:
            opens, closes = _instant(region, day, region.opens), _instant(region, day, region.closes)
            if opens < closes and at < closes:
                return max(at, opens)
    return at


def _instant(region: Region, day: date, at: time) -> datetime:
    return datetime.combine(day, at, region.zone).astimezone(UTC)


def due(policy: Policy, channel: str, after: timedelta, now: datetime, *, urgent: bool) -> datetime:
    """Return when a case is due that was given `after` to be decided: in business hours, unless it is urgent."""
    return now + after if urgent else next_open(policy.region(channel), now + after)


def when(policy: Policy, channel: str, at: datetime) -> str:
    """Format a time for a sentence: "Tue 24 Nov, 09:00 CET", in the channel's own time zone."""
    local = at.astimezone(policy.region(channel).zone)
    return f"{local:%a} {local.day} {local:%b}, {local:%H:%M %Z}"


def escalations(policy: Policy, case: Case) -> tuple[Escalation, ...]:
    """Return the escalations, soonest first; `escalation:2` is the second of them."""
    rules = policy.kinds.get(case.kind)
    if rules is not None and rules.escalate:
        return tuple(sorted(rules.escalate, key=lambda rule: rule.after))
    if case.kind is Kind.VIP_BLOCKER:
        return tuple(rule for rule in VIP_ESCALATES if rule.to in policy.groups)
    return ()


def schedule(policy: Policy, case: Case, since: datetime) -> tuple[Timer, ...]:
    """Return the timers of an open case, soonest first; `since` is when its time began."""
    region = policy.region(case.channel)

    def timer(name: str, at: datetime) -> Timer:
        return Timer(case_id=case.case_id, name=name, due_at=at if case.urgent else next_open(region, at))

    timers = [timer(f"{REMINDER}:{n}", since + after) for n, after in enumerate(sorted(policy.time.reminders), 1)]
    at, passed = since, timedelta(0)
    for n, rule in enumerate(escalations(policy, case), 1):  # one that waited for the opening still leaves its time
        step = timer(f"{ESCALATION}:{n}", max(since + rule.after, at + rule.after - passed))
        timers.append(step)
        at, passed = step.due_at, rule.after
    expires, warn = policy.time.expires, policy.time.warn_before_expiry
    if expires is not None:
        at = since + expires
        if warn is not None:
            warning = timer(WARNING, max(since, at - warn))
            timers.append(warning)
            at = max(at, warning.due_at + warn)  # likewise
        timers.append(timer(EXPIRY, at))
    promised = follow_up(policy, case, since)
    return tuple(sorted([*timers, *promised], key=lambda due: (due.due_at, due.name)))


def follow_up(policy: Policy, case: Case, since: datetime) -> tuple[Timer, ...]:
    """Return a timer for the opening of the day that was promised to the caller, none for a past day or no date."""
    region = policy.region(case.channel)
    day = _day(case.details.fields.follow_up_deadline, region)
    today = since.astimezone(region.zone).date()
    if day is None or not today <= day <= today + _FARTHEST:
        return ()
    opening = max(since, _instant(region, day, region.opens))
    at = opening if case.urgent else next_open(region, opening)
    return (Timer(case_id=case.case_id, name=FOLLOW_UP, due_at=at),)


def _day(text: str | None, region: Region) -> date | None:
    """Read the day of an ISO 8601 date or time; a time with an offset counts in the channel's own zone."""
    if text is None:
        return None
    try:
        at = datetime.fromisoformat(text.strip())
    except ValueError:
        return None
    return at.date() if at.tzinfo is None else at.astimezone(region.zone).date()


def sensible(due_now: Iterable[Timer]) -> tuple[Timer, ...]:
    """Return what still makes sense of all that is due for an open case, in the order in which it happens.

    After a week without a worker that is one reminder and not five, and nobody is reminded of a case that expires.
    """
    last: dict[str, Timer] = {}
    for timer in sorted(due_now, key=lambda timer: (timer.due_at, timer.name)):
        last[timer.name.partition(":")[0]] = timer
    if EXPIRY in last:
        last = {name: timer for name, timer in last.items() if name in (EXPIRY, FOLLOW_UP)}
    if ESCALATION in last or WARNING in last:  # these call the same people
        last.pop(REMINDER, None)
    return tuple(sorted(last.values(), key=lambda timer: (timer.due_at, timer.name)))
