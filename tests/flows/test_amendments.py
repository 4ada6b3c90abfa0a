"""Change the amount and confirm a recipient by the forms in Slack."""

import json
from typing import Any

from tests.support.choices import pick
from tests.support.world import ANA, BEN, World


async def test_the_form_of_the_menu_changes_the_amount_and_names_faults_on_the_field(sqlite_world: World) -> None:
    case, drawn = await sqlite_world.opened("refund-small", "finance-refunds")
    await pick(sqlite_world, ANA, "finance-refunds", drawn, "amount")
    form = await sqlite_world.form(ANA)
    answer = await sqlite_world.submit(ANA, form, amount="2400.00", reason="A slip")
    assert "left" in answer["errors"]["amount"]
    answer = await sqlite_world.submit(ANA, form, amount="20.00", reason="x")
    assert list(answer["errors"]) == ["reason"]
    answer = await sqlite_world.submit(ANA, form, amount="20.00", reason="One seat was used")
    assert "errors" not in answer
    file = await sqlite_world.state(case.case_id, "approved")
    assert file.executions[0].action.params["amount_minor"] == 2000


async def test_an_amount_form_that_was_overtaken_says_how_the_case_stands(sqlite_world: World) -> None:
    case, drawn = await sqlite_world.opened("refund-small", "finance-refunds")
    await pick(sqlite_world, ANA, "finance-refunds", drawn, "amount")
    form = await sqlite_world.form(ANA)
    await sqlite_world.press(BEN, "finance-refunds", drawn, "case.approve")
    answer = await sqlite_world.submit(ANA, form, amount="20.00", reason="One seat was used")
    assert answer["response_action"] == "update"
    assert f"Already approved by <@{BEN}>" in json.dumps(answer["view"])
    assert (await sqlite_world.file(case.case_id)).executions[0].action.params["amount_minor"] == 2400


async def test_a_recipient_is_confirmed_by_the_button_of_the_card(sqlite_world: World) -> None:
    case, drawn = await sqlite_world.opened("receipt-elsewhere", "finance-documents")
    await sqlite_world.press(ANA, "finance-documents", drawn, "case.confirm_recipient")
    form: dict[str, Any] = await sqlite_world.form(ANA)
    answer = await sqlite_world.submit(ANA, form, how="I called the number on record")
    assert "errors" not in answer
    file = await sqlite_world.file(case.case_id)
    assert (file.proposal.version, file.proposal.authors) == (2, (ANA,))
    await sqlite_world.card("finance-documents", says="verified: I called the number on record")
