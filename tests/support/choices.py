"""Choose in the menu of a card."""

from typing import Any

from tests.support.world import World


def menu(card: dict[str, Any]) -> tuple[str, dict[str, dict[str, Any]]]:
    """Return the menu's block id, and its options by name."""
    for block in card["blocks"]:
        for element in block.get("elements", []):
            if element.get("type") == "overflow":
                return block["block_id"], {option["value"].partition(" ")[0]: option for option in element["options"]}
    raise AssertionError("no menu on this card")


async def pick(world: World, user: str, channel: str, card: dict[str, Any], name: str) -> dict[str, Any]:
    block_id, options = menu(card)
    action = {"type": "overflow", "action_id": "case.more", "selected_option": options[name]}
    where = world.channel_id(channel)
    return await world.post("/sim/click", user=user, channel=where, ts=card["ts"], block_id=block_id, action=action)
