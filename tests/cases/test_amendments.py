"""Change the amount or confirm a recipient: a new version each, decided by the rules of the first offer."""

import json

import pytest

from bot.cases.amendments import confirm_recipient
from bot.cases.clicks import Answer
from bot.core.cards import card
from bot.core.cards.forms import FormErrors
from bot.core.model import CaseState
from bot.core.policy import standing_of
from bot.core.records import UNVERIFIED
from storage import Database
from tests.support.kinds import NOW, SHIPPED, found, told
from tests.support.offers import OFFERING, amend, approve, charged, click, history, look, tell
from tests.support.policies import ANA, BEN, LEA, SAM, usd


async def refund_of(database: Database, amount: str = "50.00", left: int = 100_000) -> str:
    minor = int(amount.replace(".", ""))
    call = told("refund-small", amount=amount)
    call = call.model_copy(update={"details": call.details.model_copy(update={"money": usd(minor)})})
    return await tell(database, call, (charged(left),))


async def test_who_lowers_the_amount_approves_it_in_the_same_click(database: Database) -> None:
    case_id = await refund_of(database)
    assert (await amend(database, case_id, ANA, "40.00")).text is None
    file = await look(database, case_id)
    assert (file.case.state, file.case.version) == (CaseState.APPROVED, 2)
    amounts = [step.action.params["amount_minor"] for step in file.executions if "amount_minor" in step.action.params]
    assert amounts
    assert set(amounts) == {4000}
    assert "40.00 USD" in file.executions[0].action.sentence
    [payout] = await database.read(lambda store: store.payouts([case_id]))
    assert payout.money == usd(4000)
    assert [(one.user_id, one.version, one.reason) for one in file.decisions] == [(ANA, 2, "As agreed on the phone")]


async def test_a_lowered_amount_is_judged_by_what_was_offered_first(database: Database) -> None:
    case_id = await refund_of(database, "129.50")
    await amend(database, case_id, ANA, "90.00")
    file, stands = await look(database, case_id), standing_of(SHIPPED, await look(database, case_id))
    assert file.case.state is CaseState.OPEN
    assert (stands.approvals, stands.quorum, stands.missing) == (1, 2, "waiting for a lead")
    assert "over 100.00 USD" in stands.rule
    assert "Lowered from 129.50 USD to 90.00 USD: As agreed on the phone" in json.dumps(card(file, stands).blocks)
    await amend(database, case_id, BEN, "20.00")  # once more does not help either
    assert standing_of(SHIPPED, await look(database, case_id)).missing == "waiting for a lead"
    await approve(database, case_id, LEA)
    file = await look(database, case_id)
    assert (file.case.state, file.executions[0].action.params["amount_minor"]) == (CaseState.APPROVED, 2000)


async def test_approvals_of_the_higher_amount_say_nothing_about_the_lower_one(database: Database) -> None:
    case_id = await refund_of(database, "129.50")
    await approve(database, case_id, LEA)
    await amend(database, case_id, ANA, "120.00")
    file = await look(database, case_id)
    assert (file.case.state, [one.user_id for one in file.decisions]) == (CaseState.OPEN, [ANA])


async def test_who_approved_the_higher_amount_may_still_lower_it(database: Database) -> None:
    case_id = await refund_of(database, "129.50")
    await approve(database, case_id, LEA)
    assert (await amend(database, case_id, LEA, "120.00")).text is None
    assert standing_of(SHIPPED, await look(database, case_id)).approvals == 1
    await approve(database, case_id, ANA)
    assert (await look(database, case_id)).case.state is CaseState.APPROVED


async def test_who_raises_the_amount_is_an_author_and_others_are_asked_again(database: Database) -> None:
    case_id = await refund_of(database)
    assert (await amend(database, case_id, ANA, "70.00")).text is None
    file = await look(database, case_id)
    assert (file.case.state, file.case.version, file.decisions) == (CaseState.OPEN, 2, ())
    assert (file.proposal.money, file.proposal.authors) == (usd(7000), (ANA,))
    assert "somebody who did neither" in ((await approve(database, case_id, ANA)).text or "")
    await approve(database, case_id, BEN)
    assert (await look(database, case_id)).case.state is CaseState.APPROVED


@pytest.mark.parametrize(
    ("amount", "says"),
    [
        ("0", "more than zero"),
        ("-3", "more than zero"),
        ("a lot", "as a number"),
        ("", "more than zero"),
        ("12.3456", "more decimals"),
        ("50.00", "already"),
        ("60.01", "Only 60.00 USD is left"),
    ],
)
async def test_a_wrong_amount_is_a_fault_on_its_field_and_changes_nothing(
    database: Database, amount: str, says: str
) -> None:
    case_id = await refund_of(database, left=6000)
    before = await look(database, case_id)
    with pytest.raises(FormErrors) as faults:
        await amend(database, case_id, ANA, amount)
    assert says in faults.value.errors["amount"]
    assert await look(database, case_id) == before


async def test_somebody_without_rights_changes_no_amount_and_the_history_says_so(database: Database) -> None:
    case_id = await refund_of(database)
    for amount in ("40.00", "60.00"):
        assert "Only finance" in ((await amend(database, case_id, SAM, amount)).text or "")
    assert (await look(database, case_id)).case.version == 1
    assert [entry.what for entry in await history(database, case_id)][-2:] == ["click.refused", "click.refused"]


async def test_nobody_lowers_and_approves_alone_what_they_asked_for(database: Database) -> None:
    call = told("refund-small").model_copy(update={"call_id": "C-7Q2M9XKD41", "author": ANA})
    case_id = await tell(database, call, (charged(100_000),))
    assert "You asked for this" in ((await amend(database, case_id, ANA, "10.00")).text or "")
    assert (await look(database, case_id)).case.version == 1
    assert (await amend(database, case_id, BEN, "10.00")).text is None
    assert (await look(database, case_id)).case.state is CaseState.APPROVED


async def test_an_amount_for_an_older_version_is_told_how_the_case_stands(database: Database) -> None:
    case_id = await refund_of(database)
    await amend(database, case_id, ANA, "70.00")
    answer = await amend(database, case_id, BEN, "40.00", version=1)
    assert "version 1" in (answer.text or "")
    assert "version 2" in (answer.text or "")
    assert (await look(database, case_id)).case.version == 2
    assert (await history(database, case_id))[-1].what == "click.refused"


async def test_lowering_is_no_second_payout_of_the_same_matter(database: Database) -> None:
    call = told("refund-small").model_copy(update={"call_id": "another call"})
    first, second = await refund_of(database), await tell(database, call, (charged(100_000),))
    await approve(database, first, ANA)
    assert "Already paid" in ((await amend(database, second, BEN, "20.00")).text or "")
    file = await look(database, second)
    assert (file.case.state, file.case.version) == (CaseState.OPEN, 1)


async def a_receipt_elsewhere(database: Database) -> str:
    return await tell(database, told("receipt-elsewhere"), (found("customer", email="ap@northwind.example"),))


async def confirm(database: Database, case_id: str, who: str) -> Answer:
    made = click(await look(database, case_id), who, "confirm")
    how = "Called back on the number on record"
    return await database.write(lambda store: confirm_recipient(store, made, how, offering=OFFERING, now=NOW))


async def test_nothing_is_sent_before_a_person_says_how_the_recipient_was_verified(database: Database) -> None:
    case_id = await a_receipt_elsewhere(database)
    answer = await approve(database, case_id, BEN)
    assert UNVERIFIED in (answer.text or "")
    file = await look(database, case_id)
    assert (file.case.state, file.decisions) == (CaseState.OPEN, ())
    assert (await history(database, case_id))[-1].what == "click.refused"
    assert "case.confirm_recipient" in json.dumps(card(file, standing_of(SHIPPED, file)).blocks)


async def test_who_confirms_a_recipient_does_not_approve_alone(database: Database) -> None:
    case_id = await a_receipt_elsewhere(database)
    assert (await confirm(database, case_id, ANA)).text is None
    file = await look(database, case_id)
    assert (file.case.version, file.proposal.authors) == (2, (ANA,))
    assert file.proposal.actions[0].params["verified"] == "Called back on the number on record"
    assert "case.confirm_recipient" not in json.dumps(card(file, standing_of(SHIPPED, file)).blocks)
    assert "did neither" in ((await approve(database, case_id, ANA)).text or "")
    await approve(database, case_id, BEN)
    assert (await look(database, case_id)).case.state is CaseState.APPROVED
    assert "Confirmed the recipient: Called back" in str(await history(database, case_id))


async def test_a_recipient_is_confirmed_once_and_only_by_people_of_the_case(database: Database) -> None:
    case_id = await a_receipt_elsewhere(database)
    assert "Only finance" in ((await confirm(database, case_id, SAM)).text or "")
    await confirm(database, case_id, ANA)
    assert "confirmed already" in ((await confirm(database, case_id, BEN)).text or "")
