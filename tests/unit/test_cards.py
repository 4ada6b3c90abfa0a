"""Draw cards and their threads: what they say, and what they can never do."""

import json
import re
from itertools import product
from typing import Any

import pytest

from bot.core.cards import TEXT_LIMIT, Picture, card, thread_log, wording
from bot.core.cards.audience import HIDDEN
from bot.core.model import CaseFile, CaseState, ExecutionState, Kind, Money, Receipt, Verdict
from bot.core.policy import Standing
from bot.core.records import customer
from bot.core.slack_ids import ActionId, CaseRef
from tests.support.cards import (
    CASE_ID,
    EVIL,
    HOSTILE,
    NOTHING,
    PLAIN,
    REFUND,
    SENSITIVE,
    STANDING,
    TICKET,
    decision,
    entry,
    every_file,
    execution,
    file_of,
    hostile_file,
    texts,
)


def draw(file: CaseFile, standing: Standing = STANDING) -> Picture:
    return card(file, standing)


def words(picture: Picture) -> str:
    return "\n".join(text["text"] for text in texts(picture.blocks))


def buttons(picture: Picture) -> dict[str, dict[str, Any]]:
    found = [element for block in picture.blocks if block["type"] == "actions" for element in block["elements"]]
    return {element["action_id"]: element for element in found if element["type"] == "button"}


LIVE = re.compile(
    r"<@U0(?!EVIL)[A-Z0-9]{8}>"
    r"|<!subteam\^S[A-Z0-9]{8,}>"
    r"|<!date\^\d+\^\{date_short_pretty\} \{time\}\|\d{4}-\d\d-\d\d \d\d:\d\d UTC>"
    r"|<https://[a-z.]+/[^<>|\s]*\|[^<>|]+>"
)


def check(picture: Picture) -> None:
    """Check the rules that Slack's schemas do not carry."""
    ids = [block["block_id"] for block in picture.blocks]
    assert len(set(ids)) == len(ids) <= 50
    assert 0 < len(picture.text) <= TEXT_LIMIT
    found = list(texts(picture.blocks))
    assert sum(len(text["text"]) for text in found) < 12_000
    for text in found:
        rest = LIVE.sub("", text["text"])
        assert "<" not in rest
        assert ">" not in rest
        if text["type"] == "mrkdwn":
            assert not re.search(r"&(?!amp;|lt;|gt;)", rest), "an entity was cut in half"
            assert text["verbatim"] is True
    assert not re.search(r"[<>]", re.sub(r"<@U0\w+>", "", picture.text))
    for block in picture.blocks:
        action_ids = [element["action_id"] for element in block.get("elements", []) if "action_id" in element]
        assert len(set(action_ids)) == len(action_ids)
    assert {block["type"] for block in picture.blocks} <= {"header", "section", "context", "actions", "divider"}


@pytest.mark.parametrize(("name", "file"), [pytest.param(n, f, id=n) for n, f in every_file()])
def test_every_picture_keeps_the_rules_and_says_amount_customer_and_state(name: str, file: CaseFile) -> None:
    picture = draw(file)
    check(picture)
    assert wording.STATES[file.case.state] in picture.text
    amount = wording.amount(file.case.kind, file.case.details)
    if not name.endswith("hostile"):
        assert (amount or "") in picture.text
        assert customer(file.case.details) in picture.text
        assert (amount or "not about a sum") in words(picture)


@pytest.mark.parametrize("state", [CaseState.DONE, CaseState.REJECTED, CaseState.EXPIRED, CaseState.APPROVED])
def test_buttons_vanish_when_the_case_is_decided(state: CaseState) -> None:
    assert buttons(draw(file_of(state=state))) == {}


def test_the_largest_card_stays_inside_what_slack_takes() -> None:
    for kind, state in product(Kind, CaseState):
        check(draw(hostile_file(kind, state)))


def test_an_open_refund_offers_approve_behind_a_confirmation_and_reject() -> None:
    found = buttons(draw(file_of()))
    assert list(found) == [ActionId.APPROVE, ActionId.REJECT]
    confirm = found[ActionId.APPROVE]["confirm"]["text"]["text"]
    assert "129.50 USD" in confirm
    assert "Dana Whitfield" in confirm
    assert REFUND.sentence in confirm


def test_every_button_carries_the_case_and_the_version_and_nothing_else() -> None:
    file = file_of()
    file = file.model_copy(update={"proposal": file.proposal.model_copy(update={"version": 7})})
    assert {button["value"] for button in buttons(draw(file)).values()} == {str(CaseRef(CASE_ID, 7))}


def test_a_dispute_offers_its_options_instead_of_approve() -> None:
    found = buttons(draw(file_of(Kind.DISPUTE)))
    assert list(found) == [ActionId.CHOOSE_1, ActionId.CHOOSE_2, ActionId.REJECT]
    assert found[ActionId.CHOOSE_2]["text"]["text"] == "Stage evidence"


def test_a_review_asks_to_be_completed_or_closed() -> None:
    picture = draw(file_of(Kind.REVIEW))
    assert list(buttons(picture)) == [ActionId.COMPLETE, ActionId.REJECT]
    assert buttons(picture)[ActionId.REJECT]["text"]["text"] == "Close without action"
    assert "Not stated: the invoice number." in words(picture)


def test_a_step_by_hand_can_be_marked_done_only_when_it_is_the_current_one() -> None:
    first = (execution(0, REFUND, ExecutionState.BY_HAND), execution(1, TICKET, ExecutionState.PENDING))
    later = (execution(0, REFUND, ExecutionState.RUNNING), execution(1, TICKET, ExecutionState.BY_HAND))
    assert list(buttons(draw(file_of(state=CaseState.APPROVED, executions=first)))) == [ActionId.STEP_DONE]
    assert buttons(draw(file_of(state=CaseState.APPROVED, executions=later))) == {}


def test_a_stuck_case_offers_retry_and_settle_and_says_what_to_do() -> None:
    picture = draw(file_of(state=CaseState.STUCK, closing="Zendesk refused the ticket."))
    assert list(buttons(picture)) == [ActionId.RETRY, ActionId.SETTLE]
    assert "Zendesk refused the ticket." in words(picture)
    assert "What to do:" in words(picture)
    assert "The ticket form is closed." in words(picture)


def test_the_four_questions_come_in_their_order_below_the_state() -> None:
    shown = words(draw(file_of()))
    asked = [
        "1 of 2 approvals",
        "asked for*",
        "established*",
        "Record affected*",
        "Next step*",
        "Amount*",
        "On approval*",
    ]
    assert [shown.index(question) for question in asked] == sorted(shown.index(question) for question in asked)


def test_the_state_line_names_who_approved_when_and_who_is_missing() -> None:
    shown = words(draw(file_of(decisions=(decision(),))))
    assert "*1 of 2 approvals* (<@U0ANA00001> approved <!date^1795428000^" in shown
    assert "|2026-11-23 10:00 UTC>) · waiting for a lead" in shown
    assert "Rule: over 100.00 USD" in shown


def test_a_rejected_card_says_by_whom_and_why() -> None:
    shown = words(draw(file_of(state=CaseState.REJECTED)))
    assert "*Rejected* by <@U0ANA00001>" in shown
    assert "The order was never shipped." in shown
    assert (
        "State: rejected by <@U0ANA00001>. The order was never shipped." in draw(file_of(state=CaseState.REJECTED)).text
    )


def test_a_reject_is_told_even_when_somebody_had_approved() -> None:
    decisions = (decision("U0LEE00001", Verdict.REJECT, "Wrong customer."), decision())
    shown = words(draw(file_of(state=CaseState.REJECTED, decisions=decisions)))
    assert "*Rejected* by <@U0LEE00001>" in shown


def test_a_new_version_says_why_people_are_asked_again() -> None:
    file = file_of()
    newer = file.proposal.model_copy(update={"version": 2, "because": "The amount was raised."})
    assert "Version 2: The amount was raised." in words(draw(file.model_copy(update={"proposal": newer})))


def test_a_finished_step_shows_its_receipt_with_a_link() -> None:
    receipt = Receipt(vendor_id="re_1", url="https://pay.example.com/re_1", note="Refunded.")
    done = (execution(0, REFUND, ExecutionState.SUCCEEDED, receipt=receipt),)
    shown = words(draw(file_of(state=CaseState.DONE, executions=done)))
    assert "Refunded. · <https://pay.example.com/re_1|re_1> (pay.example.com)" in shown


def test_a_sum_that_differs_from_what_the_caller_stated_shows_both() -> None:
    file = file_of()
    less = file.proposal.model_copy(update={"money": Money(amount_minor=10000, currency="USD")})
    shown = words(draw(file.model_copy(update={"proposal": less})))
    assert "*100.00 USD*\nthe caller stated 129.50 USD" in shown


@pytest.mark.parametrize(("kind", "says"), [(Kind.REFUND, "amount not stated"), (Kind.BRAND_CREATE, "not about a sum")])
def test_a_missing_amount_is_said_only_where_a_sum_matters(kind: Kind, says: str) -> None:
    assert says in words(draw(file_of(kind, details=NOTHING)))


def test_sensitive_words_are_nowhere_on_the_card() -> None:
    picture = draw(file_of(details=SENSITIVE))
    everything = json.dumps(picture.model_dump())
    assert HIDDEN in words(picture)
    assert "charged twice for the same order" not in everything
    assert "maiden" not in everything
    assert "calls.example.com" not in everything


def test_what_was_removed_at_the_door_and_what_has_no_meaning_for_us_is_shown() -> None:
    stated = PLAIN.model_copy(update={"unmapped": {"loyalty": "gold"}})
    assert "Also stated: loyalty: gold" in words(draw(file_of(details=stated)))
    shown = words(draw(file_of(details=stated.model_copy(update={"redactions": ("card ••4242",)}))))
    assert "Removed at the door: card ••4242" in shown
    assert "Also stated: loyalty" in shown
    assert "gold" not in shown, "beside what was removed may stand more of its kind"


def test_a_value_found_only_in_the_summary_is_marked() -> None:
    details = PLAIN.model_copy(update={"from_summary": ("amount", "payment_id")})
    shown = words(draw(file_of(details=details)))
    assert "*129.50 USD* _(only in the summary)_" in shown
    assert "payment `pi_1` _(only in the summary)_" in shown
    assert "invoice `INV-1042`\n" in shown


def test_data_can_neither_mention_nor_format_nor_add_lines_of_its_own() -> None:
    details = PLAIN.model_copy(update={"summary": EVIL})
    shown = words(draw(file_of(details=details, decisions=(decision(),))))
    assert "&lt;!channel&gt;" in shown
    assert "&lt;@U0EVIL0001&gt;" in shown
    assert "\n*Stuck*" not in shown
    assert "*Approved*" not in shown
    assert ":white_check_mark:" not in shown


def test_data_cannot_turn_the_reading_direction_or_hide_characters() -> None:
    details = PLAIN.model_copy(update={"summary": "pay \u202e05.921\u2066 now\x07"})
    assert "pay 05.921 now" in words(draw(file_of(details=details)))


def test_a_link_shows_its_host_and_only_web_addresses_are_links() -> None:
    shown = words(draw(file_of(details=HOSTILE)))
    assert "|Ticket> (ticket.example.com)" in shown
    assert "https://ticket.example.com/?a=1&amp;b=&lt;2&gt;%7CApprove" in shown
    assert "javascript" not in shown
    assert "pass@" not in shown


def test_the_call_opens_through_its_own_address_where_there_is_one() -> None:
    picture = card(file_of(), STANDING, link="https://calls.example.com/call-1")
    assert "<https://calls.example.com/call-1|Open the call> (calls.example.com)" in words(picture)


def test_an_urgent_case_calls_its_owners_and_a_finished_one_does_not() -> None:
    for state, urgent, called in ((CaseState.OPEN, True, 1), (CaseState.OPEN, False, 0), (CaseState.DONE, True, 0)):
        picture = card(file_of(Kind.VIP_BLOCKER, state, urgent=urgent), STANDING, owners=("S0LEADS0001", "U0SAM00001"))
        check(picture)
        assert words(picture).count("<!subteam^S0LEADS0001> <@U0SAM00001>") == called


def test_a_new_revision_has_new_block_ids() -> None:
    older, newer = draw(file_of(revision=3)), draw(file_of(revision=4))
    assert {block["block_id"] for block in older.blocks}.isdisjoint(block["block_id"] for block in newer.blocks)
    assert all(block["block_id"].startswith(f"{CASE_ID}:r3:") for block in older.blocks)


def test_the_text_says_who_must_act_by_when_and_what_an_approval_does() -> None:
    text = draw(file_of(owner="U0SAM00001")).text
    assert "<@U0SAM00001> decides by 2026-11-24 10:00 UTC" in text
    assert "1 of 2 approvals, waiting for a lead" in text
    assert REFUND.sentence in text
    assert "payment pi_1" in text


def test_a_trail_tells_sentences_with_time_and_author_and_skips_the_rest() -> None:
    told = [entry(1, "Refunded."), entry(2, None), entry(3, "Approved version 1.", "U0ANA00001")]
    picture = thread_log(told)
    check(picture)
    lines = words(picture).splitlines()
    assert len(lines) == 2
    assert lines[1].endswith("<@U0ANA00001>: Approved version 1.")
    assert "2026-11-23 10:00 UTC  Refunded." in picture.text


def test_a_trail_mentions_nobody_but_the_author() -> None:
    picture = thread_log([entry(1, "<@U0ANA00001> approved <!channel> <@U0EVIL0001>", "U0ANA00001")])
    check(picture)
    assert "&lt;@U0EVIL0001&gt;" in words(picture)


def test_a_long_trail_is_cut_at_a_line_and_says_so() -> None:
    picture = thread_log([entry(n, EVIL * 5) for n in range(1, 200)])
    check(picture)
    assert re.search(r"… and \d+ more$", words(picture))


def test_a_trail_without_sentences_is_nothing_to_post() -> None:
    assert thread_log([entry(1, None)]) == Picture(text="", blocks=[])


def test_a_step_by_hand_names_the_person_who_did_it() -> None:
    receipt = Receipt(vendor_id="U0LEA00001", note="done by hand by")
    done = execution(0, TICKET, ExecutionState.SUCCEEDED, receipt=receipt)
    file = file_of(state=CaseState.DONE, executions=(done,))
    assert "done by hand by <@U0LEA00001>" in str(card(file, STANDING).blocks)
