"""Approve by the policy alone: a small refund needs nobody, and the card and its thread say who decided."""

from tests.support.world import OpenWorld, changed_policy


async def test_a_small_refund_needs_nobody_and_the_card_says_who_decided(open_world: OpenWorld) -> None:
    limited = 'enabled = {}, up_to = {{ USD = "{}" }}'
    off, on = limited.format("false", "20.00"), limited.format("true", "24.00")
    async with open_world(policy=changed_policy((off, on))) as world:
        case, card = await world.opened("refund-small", "finance-refunds", says="approved")
        assert "the policy approved" in str(card["blocks"])
        assert not [block for block in card["blocks"] if block["type"] == "actions" and "approve" in str(block)]

        async def refunded() -> str | None:
            step = (await world.file(case.case_id)).executions[0]
            return step.receipt.vendor_id if step.receipt else None

        assert (await world.until(refunded, "the refund")).startswith("re_")
        await world.thread_line(
            "finance-refunds", card["ts"], "Approved by the policy without a person: automatic: up to 24.00 USD"
        )
