"""Watch the sandbox's workspace with a program, as the benchmark does."""

from tests.support.sandbox import REFUNDS, running


async def test_a_watcher_sees_each_changed_message_once_and_as_it_is_now() -> None:
    async with running() as world:
        first, second = await world.card(), await world.card()
        await world.slack.chat_update(channel=REFUNDS, ts=first, text="Done", blocks=[])
        told = await world.look("changes")
        assert [(one["ts"], one["text"]) for one in told["messages"]] == [(second, "A card"), (first, "Done")]
        assert told["messages"][0]["buttons"] == [{"block_id": "act", "action_id": "case.approve", "value": "c1:1"}]
        assert told["messages"][1]["buttons"] == []


async def test_a_watcher_is_told_only_what_is_new_to_it() -> None:
    async with running() as world:
        await world.card()
        seen = (await world.look("changes"))["at"]
        assert (await world.look("changes", after=str(seen)))["messages"] == []
        posted = await world.card()
        (message,) = (await world.look("changes", after=str(seen)))["messages"]
        assert (message["ts"], message["channel"]) == (posted, REFUNDS)
