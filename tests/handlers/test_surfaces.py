"""Open the home tab, write in threads, and refuse accounts that may not take part."""

from datetime import timedelta
from typing import Any

import pytest

from handlers.slack.threads import is_a_verdict
from tests.support.surfaces import element_of, home_of, in_words, say, tick, use, whispers_in
from tests.support.world import ANA, BEN, SAM, World

APPROVE, REJECT = "case.approve", "case.reject"


async def a_case(world: World, name: str = "refund-small", *, fresh: bool = False) -> str:
    return (await world.case_of(await world.call(name, fresh=fresh))).case_id


async def test_the_home_tab_shows_what_waits_for_whom_and_leads_to_the_card(world: World) -> None:
    case_id = await a_case(world)
    card = await world.card("finance-refunds", says="Refund")
    view = await home_of(world, ANA, "*1* wait for you")
    path = f"/archives/{world.channel_id('finance-refunds')}/p{card['ts'].replace('.', '')}"
    assert f"<{world.page}{path}|" in in_words(view["blocks"])
    await world.press(ANA, "finance-refunds", card, APPROVE)
    await world.file_once(case_id, lambda file: file.decisions)
    assert "Nothing waits for you" in in_words((await home_of(world, ANA, "Nothing waits"))["blocks"])
    assert case_id not in in_words((await home_of(world, SAM, "Ask an admin"))["blocks"])


async def test_search_filters_and_all_again(world: World) -> None:
    refund, brand = await a_case(world), await a_case(world, "brand-create")
    view = await home_of(world, ANA, brand)
    await use(world, ANA, view, "home.kind", selected="brand_create")
    view = await shows(world, brand, without=refund)
    await use(world, ANA, view, "home.search", value="no such words")
    view = await shows(world, "No case fits.", without=brand)
    assert element_of(view, "home.search")[1]["initial_value"] == "no such words"
    assert element_of(view, "home.kind")[1]["initial_option"]["value"] == "brand_create"
    await use(world, ANA, view, "home.clear")
    await shows(world, refund)


async def shows(world: World, words: str, *, without: str = "never") -> dict[str, Any]:
    async def look() -> dict[str, Any] | None:
        view = await world.home(ANA)
        said = in_words(view["blocks"]) if view else ""
        return view if view and words in said and without not in said else None

    return await world.until(look, f"a home tab with {words!r}")


async def brands(world: World, *names: str) -> list[str]:
    """Return the ids of several new brands; one person of finance approves any of them."""
    body = await world.sent(await world.call("brand-create"))
    made = []
    for name in names:
        call = body["payload"]["call"]
        call |= {"id": f"call_{name}", "post_call_analysis": {**call["post_call_analysis"], "brand_name": name}}
        assert await world.deliver(body) == 200
        made.append((await world.case_of(f"call_{name}")).case_id)
    return made


async def several(world: World, user: str, n: int) -> dict[str, Any]:
    """Return the form that approves several new brands, opened from the home tab."""
    view = await home_of(world, user, f"Approve several: New brand ({n})")
    await use(world, user, view, "home.bulk.1", value=element_of(view, "home.bulk.1")[1]["value"])
    return await world.form(user)


async def test_several_like_cases_are_approved_each_with_its_own_judgement(world: World) -> None:
    # somebody else approves one while the form is open: the others are decided all the same
    first, second, third = await brands(world, "Alder", "Birch", "Cedar")
    form = await several(world, ANA, 4)
    card = await world.card("finance-brands", says=second)
    await world.press(BEN, "finance-brands", card, APPROVE)
    answer = await tick(world, ANA, form, first, second)
    said = {line.split()[1].strip("`"): line for line in lines_of(answer)}
    assert said[first].startswith(":white_check_mark:")
    assert f"Already approved by <@{BEN}>" in said[second]
    assert [bool((await world.file(one)).decisions) for one in (first, second, third)] == [True, True, False]
    approvals = [one for one in await world.history(first) if one.entry.what == "decision.approve"]
    assert [one.entry.actor for one in approvals] == [ANA]


def lines_of(answer: dict[str, Any]) -> list[str]:
    return [block["text"]["text"] for block in answer["view"]["blocks"]]


async def test_ticking_none_is_said_on_the_field(world: World) -> None:
    await brands(world, "Alder")
    answer = await tick(world, ANA, await several(world, ANA, 2))
    assert answer["errors"] == {"cases-0": "Tick at least one case."}


async def test_who_may_approve_none_of_them_approves_none(world: World) -> None:
    # the form was open when the person left the group
    [case_id] = await brands(world, "Alder")
    form = await several(world, ANA, 2)
    world.sandbox_slack["groups"]["S0FINANCE1"]["members"].remove(ANA)
    world.clock.let_pass(31)  # what Slack said before is old by now
    [line] = lines_of(await tick(world, ANA, form, case_id))
    assert line.startswith(":x:")
    assert "Only finance may approve this" in line
    assert (await world.file(case_id)).decisions == ()


@pytest.mark.parametrize(
    ("flags", "words"),
    [
        ({"guest": True}, "Guests"),
        ({"single_channel_guest": True, "guest": True}, "Guests"),
        ({"deleted": True}, "deactivated"),
        ({"stranger": True}, "Only members"),
        ({"team": "T0OTHER001"}, "Only members"),
    ],
    ids=["guest", "single-channel guest", "deactivated", "slack connect", "another workspace"],
)
async def test_an_account_that_may_not_take_part_is_refused_everywhere_though_its_group_approves(
    world: World, flags: dict[str, Any], words: str
) -> None:
    case_id = await a_case(world)
    card = await world.card("finance-refunds", says="Refund")
    world.sandbox_slack["people"][ANA].update(flags)
    await world.press(ANA, "finance-refunds", card, APPROVE)
    await world.command(ANA, "finance-refunds", "/finance list")
    await world.command(ANA, "finance-refunds", "/invoice-resend INV-1")
    await world.told(ANA, words, times=3)
    assert words in in_words((await home_of(world, ANA, "Countersign"))["blocks"])
    file = await world.file(case_id)
    assert (file.case.state, file.decisions) == ("open", ())
    refused = [one.entry for one in await world.history(case_id) if one.entry.what == "click.refused"]
    assert [one.actor for one in refused] == [ANA]
    elsewhere = [one.entry.what for one in await world.history("workspace")]
    assert elsewhere.count("click.refused") == 3


async def test_a_delegate_who_becomes_a_guest_decides_nothing(world: World) -> None:
    case_id = await a_case(world)
    card = await world.card("finance-refunds", says="Refund")
    in_a_month = f"{world.clock() + timedelta(days=30):%Y-%m-%d}"
    await world.command(ANA, "finance-refunds", f"/finance away until {in_a_month} @sam")
    world.sandbox_slack["people"][SAM]["guest"] = True
    world.clock.let_pass(31)  # what Slack said before is old by now
    await world.press(SAM, "finance-refunds", card, APPROVE)
    assert (await world.file(case_id)).decisions == ()


def a_reply(text: str, **more: Any) -> dict[str, Any]:
    return {"type": "message", "user": ANA, "text": text, "ts": "2.0", "thread_ts": "1.0", "channel": "C1", **more}


@pytest.mark.parametrize(
    "text",
    ["approved", "OK", "Yes!", "I approve this", "reject", "no", "+1", ":+1:", "<@U0SAM00001> approved", "ok go ahead"],
)
def test_words_that_want_to_decide_are_known(text: str) -> None:
    assert is_a_verdict(a_reply(text))


@pytest.mark.parametrize(
    "text",
    [
        "Is it approved?",
        "ok, but which invoice",
        "They said yes on Friday, I think",
        "No idea who that is",
        "",
        "invoice 12",
        "I will look at it",
        "approved by legal already last week as far as I know",
    ],
)
def test_ordinary_discussion_is_not_answered(text: str) -> None:
    assert not is_a_verdict(a_reply(text))


@pytest.mark.parametrize(
    "more",
    [
        {"bot_id": "B0COUNTER1"},
        {"thread_ts": None},
        {"thread_ts": "2.0"},
        {"subtype": "message_changed"},
        {"user": None},
    ],
    ids=["an app", "no thread", "the first of a thread", "an edit", "nobody"],
)
def test_only_a_persons_reply_is_answered(more: dict[str, Any]) -> None:
    assert not is_a_verdict(a_reply("approved", **more))


async def test_who_writes_approved_is_told_once_where_the_button_is_and_decides_nothing(world: World) -> None:
    case_id = await a_case(world)
    card = await world.card("finance-refunds", says="Refund")
    await say(world, ANA, "finance-refunds", "approved", card["ts"])

    async def told() -> list[str] | None:
        return await whispers_in(world, ANA, "finance-refunds", card["ts"]) or None

    [text] = await world.until(told, "the answer in the thread")
    assert "Words in a thread decide nothing" in text
    assert f"/p{card['ts'].replace('.', '')}|the card>" in text
    other = await say(world, BEN, "finance-refunds", "What about lunch?")
    await say(world, BEN, "finance-refunds", "yes", other["ts"])
    await say(world, BEN, "finance-refunds", "ok", card["ts"])  # answered after everything before it
    await say(world, ANA, "finance-refunds", "approved", card["ts"])

    async def ben_told() -> bool | None:
        return bool(await whispers_in(world, BEN, "finance-refunds", card["ts"])) or None

    await world.until(ben_told, "the answer to the other person")
    assert len(await whispers_in(world, ANA, "finance-refunds", card["ts"])) == 1
    assert await whispers_in(world, BEN, "finance-refunds", other["ts"]) == []
    assert (await world.file(case_id)).decisions == ()
