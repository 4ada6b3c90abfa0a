"""Let policies decide or only watch: the card and its thread say so, and so does a command."""

from tests.support.backtests import OFF, changed
from tests.support.surfaces import finance
from tests.support.world import ANA, OpenWorld, changed_policy


async def test_a_small_refund_needs_nobody_and_the_card_says_who_decided(open_world: OpenWorld) -> None:
    limited = 'enabled = {}, up_to = {{ USD = "{}" }}'
    off, on = limited.format("false", "20.00"), limited.format("true", "24.00")
    async with open_world(policy=changed_policy((off, on))) as world:
        case, card = await world.opened("refund-small", "finance-refunds", says="approved")
        assert "the policy approved" in str(card["blocks"])
        assert not [block for block in card["blocks"] if block["type"] == "actions" and "approve" in str(block)]
        refund = (await world.file_once(case.case_id, lambda file: file.executions[0].receipt)).executions[0]
        assert refund.receipt is not None
        assert (refund.receipt.vendor_id or "").startswith("re_")
        await world.thread_line(
            "finance-refunds", card["ts"], "Approved by the policy without a person: automatic: up to 24.00 USD"
        )


async def test_finance_policy_try_tells_what_was_recorded(open_world: OpenWorld) -> None:
    lower = changed(('up_to   = { USD = "100.00"', 'up_to   = { USD = "40.00"'))
    async with open_world(policy=OFF.with_shadow(lower)) as world:
        assert "POLICY_SHADOW_FILE" in await finance(world, ANA, "policy try")
        await world.case_of(await world.call("refund-small"))
        said = await finance(world, ANA, "policy TRY")
    assert f"Shadow policy {lower.version}: 1 times it said what it would have done" in said
    assert f"In force: `{OFF.version}`" in said
