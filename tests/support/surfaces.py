"""Do what people do beside pressing buttons: the home tab, shortcuts, words in threads, workflows."""

from typing import Any

from tests.support.world import World


async def finance(world: World, user: str, text: str = "", channel: str = "finance-refunds") -> str:
    """Return the answer to `/finance text`, with the words of its blocks."""
    await world.command(user, channel, f"/finance {text}".strip())
    said = [message for message in await world.messages(channel, user) if message["ephemeral"]][-1]
    return "\n".join([str(said["text"]), in_words(said["blocks"])])


def in_words(blocks: Any) -> str:
    """Return every text of some blocks, however deep."""
    if isinstance(blocks, list):
        return "\n".join([words for block in blocks if (words := in_words(block))])
    if not isinstance(blocks, dict):
        return ""
    own = [text] if isinstance(text := blocks.get("text"), str) else []
    return "\n".join(filter(None, [*own, *(in_words(value) for value in blocks.values())]))


async def home_of(world: World, user: str, words: str = "") -> dict[str, Any]:
    """Return the person's home tab, once it holds these words."""
    await world.open_home(user)

    async def look() -> dict[str, Any] | None:
        view = await world.home(user)
        return view if view is not None and words in in_words(view["blocks"]) else None

    return await world.until(look, f"a home tab of {user} with {words!r}")


def element_of(view: dict[str, Any], action_id: str) -> tuple[str, dict[str, Any]]:
    for block in view["blocks"]:
        for element in [*block.get("elements", []), block.get("element", {}), block.get("accessory", {})]:
            if element.get("action_id") == action_id:
                return block["block_id"], element
    raise AssertionError(f"no {action_id} in the view")


async def use(world: World, user: str, view: dict[str, Any], action_id: str, **given: Any) -> dict[str, Any]:
    """Click in a view; `given` is what was chosen or typed there."""
    block_id, element = element_of(view, action_id)
    if "selected" in given:
        value = given.pop("selected")
        given["selected_option"] = next(option for option in element["options"] if option["value"] == value)
    action = {"type": element["type"], "action_id": action_id, **given}
    return await world.post("/sim/click", user=user, view_id=view["id"], block_id=block_id, action=action)


async def tick(world: World, user: str, view: dict[str, Any], *case_ids: str) -> dict[str, Any]:
    """Submit the form that approves several, with these cases ticked."""
    values: dict[str, Any] = {}
    for block in view["blocks"]:
        if block["type"] == "input":
            chosen = [option for option in block["element"]["options"] if option["value"].split(":")[0] in case_ids]
            values[block["block_id"]] = {
                block["element"]["action_id"]: {"type": "checkboxes", "selected_options": chosen}
            }
    return await world.post("/sim/view/submit", user=user, view_id=view["id"], values=values)


async def say(world: World, user: str, channel: str, text: str, thread_ts: str | None = None) -> dict[str, Any]:
    where = world.channel_id(channel)
    answer = await world.post("/sim/message", user=user, channel=where, text=text, thread_ts=thread_ts)
    return dict(answer["message"])


async def whispers_in(world: World, user: str, channel: str, ts: str) -> list[str]:
    """Return what only this person sees in a thread."""
    found = await world.get("/sim/thread", channel=world.channel_id(channel), ts=ts, user=user)
    return [message["text"] for message in found["messages"] if message["ephemeral"]]


async def run_step(world: World, user: str, **inputs: Any) -> str:
    """Run the workflow's step "Ask finance to approve"; return the id of its execution."""
    answer = await world.post("/sim/workflow", user=user, step="ask_finance_to_approve", inputs=inputs)
    assert answer["ok"], answer
    return str(answer["run"])


async def run_ended(world: World, run_id: str) -> dict[str, Any]:
    async def look() -> dict[str, Any] | None:
        run = next(run for run in (await world.get("/sim/workflow"))["runs"] if run["id"] == run_id)
        return run if run["state"] != "running" else None

    return await world.until(look, f"the end of step {run_id}")
