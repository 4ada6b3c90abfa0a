"""Check what must hold however often the process was killed; each check yields a sentence for a violation."""

import json
from collections import Counter
from collections.abc import Iterator, Mapping, Sequence
from typing import Any

from bot.core import cards
from bot.core.model import CaseState, Verdict
from bot.core.policy import Policy, standing
from tests.support.world import ANA, BEN
from tools.chaos.plan import Intent, Planned
from tools.chaos.seen import Outside, Row

Rows = Mapping[str, Row]
Plan = Sequence[Planned]

ENDS = {
    Intent.APPROVE: CaseState.DONE,
    Intent.REJECT: CaseState.REJECTED,
    Intent.STRANGER: CaseState.OPEN,
    Intent.LEAVE: CaseState.OPEN,
}


def violations(plan: Plan, rows: Rows, seen: Outside, policy: Policy) -> list[str]:
    return [
        *_every_acknowledged_call_has_a_case(plan, rows),
        *_every_case_ends_as_people_decided(plan, rows),
        *_no_effect_is_doubled_or_missing(plan, rows, seen),
        *_what_was_approved_of_a_payment_is_paid_once(plan, seen),
        *_nothing_happens_unapproved(plan, rows, seen),
        *_no_card_hangs_twice(rows, seen),
        *_every_card_equals_its_case(rows, seen, policy),
        *_no_line_of_the_story_is_told_twice(rows, seen),
    ]


def _every_acknowledged_call_has_a_case(plan: Plan, rows: Rows) -> Iterator[str]:
    for planned in plan:
        row = rows.get(planned.case_id)
        if planned.acknowledged and (row is None or row.file.case.call_id != planned.call_id):
            yield f"{planned.call_id} was acknowledged and has no case"


def _every_case_ends_as_people_decided(plan: Plan, rows: Rows) -> Iterator[str]:
    paid = {
        other.payment for other in plan if (row := rows.get(other.case_id)) and row.file.case.state is CaseState.DONE
    }
    for planned in plan:
        row = rows.get(planned.case_id)
        if row is None:
            continue
        case, due = row.file.case, ENDS[planned.intent]
        blocked = planned.payment in paid and planned.intent is Intent.APPROVE and case.state is CaseState.OPEN
        if case.state is not due and not blocked:
            yield f"{case.case_id} ({planned.intent}) ended {case.state}: {case.closing or 'it says nothing of why'}"


def _no_effect_is_doubled_or_missing(plan: Plan, rows: Rows, seen: Outside) -> Iterator[str]:
    brands = Counter(brand["name"] for brand in seen.brands)
    refunds = Counter((refund["metadata"] or {}).get("call") for refund in seen.refunds)
    for planned in plan:
        row = rows.get(planned.case_id)
        due = int(row is not None and row.file.case.state is CaseState.DONE)
        effects = refunds[planned.call_id] if planned.brand is None else brands[planned.brand]
        if effects != due:
            yield f"{planned.case_id} ({planned.intent}): {effects} effects outside, {due} were due"


def _what_was_approved_of_a_payment_is_paid_once(plan: Plan, seen: Outside) -> Iterator[str]:
    approved = {planned.payment for planned in plan if planned.payment and planned.approved}
    times = Counter(refund["payment_intent"] for refund in seen.refunds if "CHAOS" in refund["payment_intent"])
    for payment in approved | times.keys():
        if times[payment] != (payment in approved):
            yield f"{payment} was refunded {times[payment]} times; approved by people: {payment in approved}"


def _nothing_happens_unapproved(plan: Plan, rows: Rows, seen: Outside) -> Iterator[str]:
    clicked = {planned.case_id for planned in plan if planned.approved}
    case_ids = [brand.get("metadata", {}).get("case") for brand in seen.brands]
    case_ids += [(refund["metadata"] or {}).get("case") for refund in seen.refunds]
    for case_id in filter(None, case_ids):
        row = rows.get(case_id)
        approvals = [decision for decision in row.file.decisions if decision.verdict is Verdict.APPROVE] if row else []
        if case_id not in clicked or not {decision.user_id for decision in approvals} & {ANA, BEN}:
            yield f"{case_id} had its effect, and nobody with rights approved it"


def _no_card_hangs_twice(rows: Rows, seen: Outside) -> Iterator[str]:
    hanging = Counter(case_id for case_id, _ in _ours(seen.messages, "countersign_card"))
    for case_id in rows.keys() | hanging.keys():
        if hanging[case_id] != 1:
            yield f"{case_id} has {hanging[case_id]} cards"


def _every_card_equals_its_case(rows: Rows, seen: Outside, policy: Policy) -> Iterator[str]:
    shown = dict(_ours(seen.messages, "countersign_card"))
    for case_id, row in rows.items():
        if case_id not in shown:
            continue  # the check before this one has said so
        file, message = row.file, shown[case_id]
        fresh = cards.card(file, standing(policy, file.proposal, file.decisions))
        if message["text"] != fresh.text:
            yield f"the card of {case_id} says {message['text']!r}, its case {fresh.text!r}"
        elif message["blocks"] != json.loads(json.dumps(fresh.blocks)):
            yield f"the blocks of the card of {case_id} differ from a fresh drawing at revision {file.case.revision}"
        if any(place.message_ts != message["ts"] for place in row.places) or not row.places:
            yield f"{case_id} does not know where its card hangs"


def _no_line_of_the_story_is_told_twice(rows: Rows, seen: Outside) -> Iterator[str]:
    told: Counter[tuple[str, int]] = Counter()
    for case_id, reply in _ours(seen.replies, "countersign_trail"):
        key = reply["metadata"]["event_payload"]
        told.update((case_id, n) for n in range(int(key["n"]), int(key["to"]) + 1))
    for case_id, row in rows.items():
        for line in row.history:
            times = told[case_id, line.n]
            if times > 1 or (line.entry.sentence and not times):
                yield f"the thread of {case_id} tells entry {line.n} ({line.entry.what}) {times} times"


def _ours(messages: Sequence[dict[str, Any]], event: str) -> Iterator[tuple[str, dict[str, Any]]]:
    for message in messages:
        metadata = message.get("metadata") or {}
        if metadata.get("event_type") == event:
            yield metadata["event_payload"]["case"], message
