"""Shadow mode: a second policy that decides nothing, and leaves in the history what it would have done.

Its entries have no sentence, so no thread shows them. A fault of the shadow is logged and stops nothing. Limits count
what was really paid: for what the shadow itself would have paid before, there is the backtest.
"""

import logging
from collections import Counter
from collections.abc import Callable, Mapping, Sequence
from datetime import datetime

from pydantic import JsonValue

from bot.core.backtest import Ruled, channel, differences
from bot.core.duplicates import customer_key
from bot.core.model import Call, Case, CaseFile, Entry, Frozen, Proposal, Verdict
from bot.core.people import Person
from bot.core.policy import (
    DAY,
    Judgement,
    Known,
    Policy,
    PolicyAction,
    Question,
    Spent,
    automatic,
    band_for,
    judge,
    limits_passed,
    payout_of,
    standing,
)
from bot.core.triage import case_id_of, triage
from storage import Store

WOULD = "shadow.would"

log = logging.getLogger("countersign.shadow")


class Seen(Frozen):
    """Count what a shadow policy has recorded."""

    recorded: int
    differ: int
    automatic: int
    differs: dict[str, int]  # "more_people", "not_enough": how often
    policies: tuple[str, ...]  # versions

    @property
    def summary(self) -> str:
        """Plain text."""
        return (
            f"Shadow policy {', '.join(self.policies)}: {self.recorded:,} times it said what it would have done; "
            f"{self.differ:,} differ, {self.automatic:,} would have been automatic."
        )

    @property
    def lines(self) -> tuple[str, ...]:
        return tuple(f"{name.replace('_', ' ')}: {count:,}" for name, count in self.differs.items())


def offered(
    store: Store,
    root: str,
    versions: Sequence[Call],
    *,
    before: Case | None,
    policy: Policy,
    shadow: Policy,
    available_operations: frozenset[str],
    now: datetime,
) -> None:
    """Record what it would offer, after a case has opened or has a new version; `before`: the case as it was."""
    file = store.case_file(case_id_of(root))
    if file is None or (before is not None and before.version == file.case.version):
        return
    case, paused = file.case, [pause.scope for pause in store.pauses()]
    spent = _spent(store, case, file.proposal, (), now)

    def would() -> dict[str, JsonValue]:
        offer = triage(
            root,
            versions,
            case.details,
            case.facts,
            policy=shadow,
            available_operations=available_operations,
            now=now,
            standing=before,
            earlier=case.earlier,
        )
        changes = {"kind": offer.kind, "actions": offer.actions, "options": offer.options}
        proposal = file.proposal.model_copy(update=changes)
        known = Known(details=case.details, facts=case.facts, earlier=case.earlier)
        answer = automatic(shadow, proposal, known, spent=spent, paused=paused)
        alone = before is None and answer.allowed
        now_ = standing(shadow, proposal, ())
        real = _ruled(policy, file.proposal, alone=any(one.user_id.startswith("policy:") for one in file.decisions))
        return {
            "at": "opened" if before is None else "changed",
            "version": case.version,
            "kind": offer.kind,
            "rule": answer.rule if alone else now_.rule,
            "automatic": alone,
            "why_not_automatic": answer.why_not,
            "would_need": None if alone else now_.missing,
            "differs": [*differences(real, _ruled(shadow, proposal, alone=alone))],
        }

    _record(store, case.case_id, shadow, would, now)


def decided(
    store: Store,
    person: Person,
    file: CaseFile,
    judgement: Judgement,
    deed: PolicyAction,
    *,
    shadow: Policy,
    now: datetime,
) -> None:
    """Record how it would judge a decision that was written; `file` is as it was before the decision."""
    made = [one for one in file.decisions if one.verdict is Verdict.APPROVE]
    people = (*(one.user_id for one in made), *(away for one in made for away in one.stood_in_for), person.user_id)
    spent = _spent(store, file.case, file.proposal, (*people, *person.stands_in_for), now)

    def would() -> dict[str, JsonValue]:
        asked = Question(deed=deed, person=person, proposal=file.proposal, decisions=file.decisions, spent=spent)
        answer = judge(shadow, asked)
        differs = ["not_allowed"] if not answer.allowed else ["not_enough"] if not answer.complete else ["enough"]
        same = (answer.allowed, answer.complete) == (judgement.allowed, judgement.complete)
        return {
            "at": deed,
            "version": file.case.version,
            "by": person.user_id,
            "kind": file.proposal.kind,
            "rule": answer.rule,
            "automatic": False,
            "would_need": answer.missing,
            "differs": [] if same else [*differs],
        }

    _record(store, file.case.case_id, shadow, would, now)


def _spent(store: Store, case: Case, proposal: Proposal, approvers: Sequence[str], now: datetime) -> Spent:
    """Read and not held: nothing is spent here."""
    money, customer, since = payout_of(proposal), customer_key(case.details), now - DAY
    if money is None:
        return Spent()
    return Spent(
        customer=store.paid_to(customer, money.currency, since) if customer else 0,
        approvers={user_id: store.approved_by(user_id, money.currency, since) for user_id in approvers},
        automatic=store.paid_automatically(proposal.kind, money.currency, since),
    )


def _ruled(policy: Policy, proposal: Proposal, *, alone: bool) -> Ruled:
    over = limits_passed(policy.limits, proposal, Spent())
    band = None if alone else band_for(policy, proposal.kind, proposal.money, over)
    return Ruled(proposal.kind, channel(policy, proposal.kind), band, over, None)


def _record(
    store: Store, case_id: str, shadow: Policy, would: Callable[[], Mapping[str, JsonValue]], now: datetime
) -> None:
    """Append what it would do. Only the thinking may fail: a transaction that was given up must not look whole."""
    try:
        data = {"policy": shadow.version, **would()}
    except Exception as fault:
        log.error("The shadow policy could not say what it would do: %s", type(fault).__name__)
        return
    store.append(case_id, Entry(actor=f"policy:{shadow.version}", what=WOULD, data=data), now)


def seen(store: Store, since: datetime) -> Seen:
    """Count over all cases; a scan of the history, so not for a write."""
    entries = store.recorded(WOULD, since)
    differs = Counter(str(name) for entry in entries for name in _names(entry))
    return Seen(
        recorded=len(entries),
        differ=sum(bool(_names(entry)) for entry in entries),
        automatic=sum(entry.get("automatic") is True for entry in entries),
        differs=dict(sorted(differs.items())),
        policies=tuple(sorted({str(entry.get("policy")) for entry in entries})),
    )


def _names(entry: Mapping[str, JsonValue]) -> Sequence[JsonValue]:
    names = entry.get("differs")
    return names if isinstance(names, list) else []
