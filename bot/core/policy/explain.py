"""Explain why a case is what it is, and who decides it: `countersign policy show --for <case>`. Pure."""

from collections.abc import Collection, Iterable
from datetime import datetime

from bot.core.backtest import triage_again
from bot.core.cards.wording import needs_completing, paid_elsewhere
from bot.core.model import AuditEntry, Case, CaseFile, CaseState, Decision, Frozen, Kind, Proposal
from bot.core.money import show
from bot.core.notices import Timer
from bot.core.playbooks import PLAYBOOKS
from bot.core.policy import Known, Limit, Policy, Spent, automatic, band_for, limits_passed, payout_of, standing
from bot.core.policy.bands import in_words, missing, rule
from bot.core.records import doubts_of
from bot.core.triage import presumed_kind


class CaseRecord(Frozen):
    """Hold all that the store says of one case."""

    file: CaseFile
    decisions: tuple[Decision, ...]  # of every version, earliest first
    timers: tuple[Timer, ...]
    history: tuple[AuditEntry, ...]
    spent: Spent  # of the last 24 hours, in the currency of its proposal
    paused: tuple[str, ...]  # scopes


class Need(Frozen):
    words: str
    met: bool


class Band(Frozen):
    """Say who decides on the version as it stands."""

    rule: str
    quorum: int
    approvals: int
    groups: dict[str, tuple[str, ...]]  # each group that may approve -> its members in the policy
    at_least: dict[str, int]
    over: tuple[Limit, ...]
    limits: str | None  # the same in words
    missing: str | None  # "waiting for a lead"; None: nothing is


class Alone(Frozen):
    """Say whether the policy decides, or has decided, without a person."""

    decides: bool
    words: str  # its rule, or the first reason why not


class Times(Frozen):
    due_at: datetime
    timers: dict[str, datetime]  # "reminder:1", "expiry": those still to come
    fired: dict[str, datetime]


class Explained(Frozen):
    case_id: str
    state: CaseState
    kind: Kind
    version: int
    policy: str  # version of the policy that it is explained by
    because: tuple[str, ...]  # sentences: what led to this kind
    needs: tuple[Need, ...]
    doubts: tuple[str, ...]
    band: Band
    alone: Alone
    times: Times
    decisions: tuple[Decision, ...]


def explain(policy: Policy, record: CaseRecord) -> Explained:
    case, proposal = record.file.case, record.file.proposal
    kind = presumed_kind(case.details, policy) or case.kind
    return Explained(
        case_id=case.case_id,
        state=case.state,
        kind=case.kind,
        version=case.version,
        policy=policy.version,
        because=tuple(_because(policy, case, proposal)),
        needs=tuple(Need(words=need.words, met=need.met(case.details)) for need in PLAYBOOKS[kind].needs),
        doubts=(*case.details.doubts, *doubts_of(case.facts)),
        band=_band(policy, record.file, record.spent),
        alone=_alone(policy, record),
        times=_times(case, record.timers),
        decisions=record.decisions,
    )


def _because(policy: Policy, case: Case, proposal: Proposal) -> Iterable[str]:
    intent, presumed = case.details.fields.call_intent, presumed_kind(case.details, policy)
    if presumed is None:
        yield f"No kind is known for “{intent}”." if intent else "The call did not state what the caller wants."
    else:
        yield f"The stated intent “{intent}” means “{presumed}”."
    if proposal.authors:
        yield f"{' and '.join(proposal.authors)} opened it, filled it in or chose, and cannot approve it alone."
    if proposal.because:
        yield proposal.because
    if (would := triage_again(policy, case, by_person=bool(proposal.authors)).kind) is not case.kind:
        yield f"Under this policy it would be “{would}” if it opened now."


def _band(policy: Policy, file: CaseFile, spent: Spent) -> Band:
    """Say who decides, with the limits that an approval would pass now; those of an approver depend on who that is."""
    proposal, decisions = file.proposal, file.decisions
    over = limits_passed(policy.limits, proposal, Spent(customer=spent.customer), decisions)
    band = band_for(policy, proposal.kind, proposal.money, over)
    now = standing(policy, proposal, [decision.model_copy(update={"over_limits": over}) for decision in decisions])
    waits = now.missing if decisions else missing(band, (), only_authors=bool(proposal.authors))
    return Band(
        rule=rule(policy, band, proposal, over),
        quorum=band.quorum,
        approvals=now.approvals,
        groups={group: policy.groups.get(group, ()) for group in band.groups},
        at_least=band.at_least,
        over=over,
        limits=in_words(policy.limits, over, proposal.money.currency if proposal.money else "") or None,
        missing=_first(file) or waits,
    )


def _first(file: CaseFile) -> str | None:
    if (paid := paid_elsewhere(file)) is not None:
        return f"nothing helps: case {paid.case_id} has paid it, so that this one can only be rejected"
    if needs_completing(file):
        return "a person has to complete it first"
    return None if file.proposal.actions else "a person has to choose first how to settle it"


def _alone(policy: Policy, record: CaseRecord) -> Alone:
    """Say of a decided case how it was, and of an open one how it would be if it opened now."""
    case, proposal = record.file.case, record.file.proposal
    for decision in record.decisions:
        if decision.user_id.startswith("policy:"):
            return Alone(decides=True, words=decision.rule)
    if case.state is not CaseState.OPEN:
        return Alone(decides=False, words=_recorded(record.history) or "People decided on it.")
    known = Known(details=case.details, facts=case.facts, earlier=case.earlier)
    answer = automatic(policy, proposal, known, spent=record.spent, paused=record.paused)
    return Alone(decides=answer.allowed, words=answer.why_not or answer.rule)


def _recorded(history: Iterable[AuditEntry]) -> str | None:
    why = (entry.entry.data.get("why") for entry in history if entry.entry.what == "case.not_automatic")
    return next((str(words) for words in why if words), None)


def _times(case: Case, timers: Collection[Timer]) -> Times:
    return Times(
        due_at=case.due_at,
        timers={timer.name: timer.due_at for timer in timers if timer.fired_at is None},
        fired={timer.name: timer.fired_at for timer in timers if timer.fired_at is not None},
    )


# --- as text --------------------------------------------------------------------------------------------------------


def story(case: Explained, proposal: Proposal) -> str:
    money = payout_of(proposal) or proposal.money
    people = [f"{group} ({', '.join(members) or 'nobody'})" for group, members in case.band.groups.items()]
    open_ = case.state is CaseState.OPEN
    lines = [
        f"{case.case_id}  {case.kind}  {case.state}  version {case.version}  {show(money) if money else 'no amount'}",
        *(f"why        {sentence}" for sentence in case.because),
        *(f"needs      {need.words}: {'stated' if need.met else 'NOT STATED'}" for need in case.needs),
        *(f"doubt      {doubt}" for doubt in case.doubts),
        f"rule       {case.band.rule}",
        *([f"limits     {case.band.limits}"] if case.band.limits else []),
        f"who        {', '.join(people)}",
        f"approvals  {case.band.approvals} of {case.band.quorum}",
        *([f"missing    {case.band.missing or 'nothing'}"] if open_ else []),
        f"automatic  {'yes' if case.alone.decides else 'no'}: {case.alone.words}",
        f"due        {_moment(case.times.due_at)}",
        *(f"then       {name}: {_moment(at)}" for name, at in case.times.timers.items() if open_),
        *(f"was        {name}: {_moment(at)}" for name, at in case.times.fired.items()),
        *(_decision(decision) for decision in case.decisions),
        f"policy     {case.policy}",
    ]
    return "\n".join(lines)


def _decision(decision: Decision) -> str:
    groups = ", ".join(decision.in_groups) or "no group"
    stood_in = f", standing in for {', '.join(decision.stood_in_for)}" if decision.stood_in_for else ""
    over = f", over {', '.join(decision.over_limits)}" if decision.over_limits else ""
    reason = f", “{decision.reason}”" if decision.reason else ""
    return (
        f"decision   {_moment(decision.decided_at)}  {decision.user_id}: {decision.verdict} "
        f"version {decision.version}{reason} as {groups}{stood_in}{over}; "
        f"rule “{decision.rule}”, policy {decision.policy_version}"
    )


def _moment(at: datetime) -> str:
    return f"{at:%Y-%m-%d %H:%M} UTC"
