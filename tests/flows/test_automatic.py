"""Approve by the policy alone: a small refund needs nobody, and the card and its thread say who decided."""

from tests.support.world import OpenWorld, changed_policy


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
