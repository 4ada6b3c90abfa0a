"""`/finance`: what it shows to whom, and what it changes; each word is judged like a click."""

from datetime import UTC, datetime, timedelta

import pytest

from bot.core.people import EVERYTHING
from handlers.slack.commands.acting import end_of_day
from handlers.slack.commands.parse import case_id_in, mentioned
from tests.support.surfaces import finance, home_of, in_words
from tests.support.world import ADA, ANA, BEN, LEA, SAM, OpenWorld, World, changed_policy

APPROVE = "case.approve"


async def a_case(world: World, name: str = "refund-small") -> str:
    return (await world.case_of(await world.call(name))).case_id


@pytest.mark.parametrize("text", ["", "help", "dance", "HELP me", "`x` <!channel> <@U0EVIL0001>"])
async def test_whatever_is_not_understood_is_answered_with_what_there_is(world: World, text: str) -> None:
    said = await finance(world, ANA, text)
    assert "`/finance away until 2026-12-01 @name`" in said
    assert "<!channel>" not in said


async def test_a_list_of_something_unknown_names_what_there_is_to_list(world: World) -> None:
    said = await finance(world, ANA, "LIST <!here> nothing")
    assert "I do not know" in said
    assert "vip_blocker" in said
    assert "<!here>" not in said


async def test_who_is_not_in_the_policy_is_told_so_and_nothing_else(world: World) -> None:
    case_id = await a_case(world)
    for text in ("help", "list", f"show {case_id}", f"take {case_id}", "policy", "away", "pause"):
        said = await finance(world, SAM, text)
        assert "the people whom the policy names" in said
        assert case_id not in said


@pytest.mark.parametrize("name", ["show", "take", "release", "retry"])
async def test_a_case_has_to_be_named_and_to_exist(world: World, name: str) -> None:
    assert "Which case?" in await finance(world, ANA, name)
    assert "Which case?" in await finance(world, ANA, f"{name} C-1 C-2")
    assert "There is no case `C-0000000000`" in await finance(world, ANA, f"{name} C-0000000000")


@pytest.mark.parametrize("word", ["C-7Q2M9XKD41", "c-7q2m9xkd41", "7q2m9xkd41", "`C-7Q2M9XKD41`"])
def test_a_case_is_found_however_its_id_is_typed(word: str) -> None:
    assert case_id_in(word) == "C-7Q2M9XKD41"


@pytest.mark.parametrize(
    ("word", "user_id"),
    [
        ("<@U0BEN00001|ben>", "U0BEN00001"),
        ("<@U0BEN00001>", "U0BEN00001"),
        ("@ben", None),
        ("<!channel>", None),
        ("", None),
    ],
)
def test_only_an_escaped_mention_names_a_person(word: str, user_id: str | None) -> None:
    assert mentioned(word) == user_id


async def test_list_search_and_show(world: World) -> None:
    refund, brand = await a_case(world), await a_case(world, "brand-create")
    everything = await finance(world, ANA, "list")
    assert refund in everything
    assert brand in everything
    refunds = await finance(world, ANA, "list refund waiting")
    assert refund in refunds
    assert brand not in refunds
    assert "no case" in await finance(world, ANA, "list stuck")
    assert "no case" in await finance(world, ANA, "list mine")
    assert brand in await finance(world, ANA, "search juniper & sage")
    assert "no case" in await finance(world, ANA, "search 100%")
    shown = await finance(world, ANA, f"show {refund.lower()}")
    assert "What the caller asked for" in shown
    assert "24.00 USD" in shown


async def test_what_is_shown_has_no_buttons(world: World) -> None:
    # an ephemeral card cannot be redrawn, so it would offer what is long decided
    await world.command(ANA, "finance-refunds", f"/finance show {await a_case(world)}")
    said = [one for one in await world.messages("finance-refunds", ANA) if one["ephemeral"]][-1]
    assert {block["type"] for block in said["blocks"]}.isdisjoint({"actions", "input"})


async def test_a_restricted_case_is_shown_only_to_those_who_may_decide_it(open_world: OpenWorld) -> None:
    # here only leads decide on collections
    theirs = '[[bands]]\nkinds = ["collections"]\nquorum = 1\ngroups = ["leads"]\n\n'
    rest = "[[bands]]                                 # everything else"
    policy = changed_policy((rest, theirs + rest))
    async with open_world(policy=policy) as world:
        case = await world.case_of(await world.call("collections"))
        assert case.kind == "collections"
        for text in ("list", f"search {case.case_id}", f"show {case.case_id}"):
            assert str(case.details.fields.customer_name) not in await finance(world, ANA, text)
            assert case.case_id in await finance(world, LEA, text)
        assert case.case_id not in in_words((await home_of(world, ANA, "What waits"))["blocks"])
        assert case.case_id in in_words((await home_of(world, LEA, "What waits"))["blocks"])


async def test_the_policy_is_told_in_words(world: World) -> None:
    said = await finance(world, ANA, "policy")
    assert "up to 100.00 USD: one person of finance" in said
    assert "over 100.00 USD: two people, at least one of leads" in said
    assert world.app.jobs.base.policy.version in said


async def test_who_takes_a_case_owns_it_and_can_give_it_back(world: World) -> None:
    case_id = await a_case(world)
    assert "You own" in await finance(world, BEN, f"take {case_id}")
    assert (await world.file(case_id)).case.owner == BEN
    assert "already" in await finance(world, BEN, f"take {case_id}")
    assert case_id in await finance(world, BEN, "list mine")
    assert "back with its group" in await finance(world, ANA, f"release {case_id}")
    assert (await world.file(case_id)).case.owner == "finance"
    told = [one.entry for one in await world.history(case_id) if one.entry.what in ("case.taken", "case.released")]
    assert [(one.actor, one.what) for one in told] == [(BEN, "case.taken"), (ANA, "case.released")]


async def test_only_who_may_act_takes_or_retries_a_case(world: World) -> None:
    # leads are in no band of new brands
    case_id = await a_case(world, "brand-create")
    for text in (f"take {case_id}", f"release {case_id}"):
        assert "Only finance may do this" in await finance(world, LEA, text)
    assert (await world.file(case_id)).case.owner == "finance"
    refused = [one.entry for one in await world.history(case_id) if one.entry.what == "click.refused"]
    assert [one.actor for one in refused] == [LEA, LEA]


async def test_a_case_that_has_ended_is_nobodys_any_more_and_only_a_stuck_one_is_retried(world: World) -> None:
    case_id = await a_case(world)
    assert "still open" in await finance(world, ANA, f"retry {case_id}")
    card = await world.card("finance-refunds", says="Refund")
    await world.press(ANA, "finance-refunds", card, "case.reject")
    await world.submit(ANA, await world.form(ANA), reason="The seat was used.")
    assert "Already rejected" in await finance(world, ANA, f"take {case_id}")


async def lent(world: World) -> list[tuple[str, str]]:
    found = await world.app.db.read(lambda store: store.delegations(world.clock()))
    return [(one.user_id, one.delegate_id) for one in found]


def in_days(days: int) -> str:
    return f"{datetime.now(UTC) + timedelta(days=days):%Y-%m-%d}"


async def test_somebody_away_is_stood_in_for_until_they_are_back(world: World) -> None:
    case_id = await a_case(world)
    card = await world.card("finance-refunds", says="Refund")
    said = await finance(world, ANA, f"away until {in_days(8)} @sam")
    assert f"<@{SAM}> decides in place until" in said
    assert f"<@{SAM}> stands in for <@{ANA}>" in await finance(world, BEN, "away")
    assert f"You stand in for <@{ANA}> until" in in_words((await home_of(world, SAM, "You stand in"))["blocks"])
    await world.press(SAM, "finance-refunds", card, APPROVE)
    [made] = (await world.file(case_id)).decisions
    assert (made.user_id, made.stood_in_for) == (SAM, (ANA,))
    assert "Welcome back" in await finance(world, ANA, "away off")
    assert "Nobody stands in" in await finance(world, ANA, "away off")
    assert await lent(world) == []
    entries = [one.entry for one in await world.history("workspace")]
    assert [(one.actor, one.what) for one in entries] == [(ANA, "delegation.set"), (ANA, "delegation.ended")]


@pytest.mark.parametrize(
    ("text", "words"),
    [
        ("away until 2026-13-01 @ben", "is not a date"),
        ("away until tomorrow @ben", "is not a date"),
        ("away until 20261201 @ben", "is not a date"),
        ("away until 2020-01-01 @ben", "not within the next twelve months"),
        ("away until 2999-01-01 @ben", "not within the next twelve months"),
        ("away until {until}", "who stands in"),
        ("away @ben", "Say until when"),
        ("away until {until} @ben @lea @ada", "Say until when"),
        ("away until {until} @ana", "nobody stands in for themselves"),
        ("away @ben until {until} @lea", "Only admins"),
        ("away off @ben", "Only admins"),
        ("away until {until} @nobody", "Say until when"),
    ],
)
async def test_misuse_of_away_changes_nothing_and_says_how_it_goes(world: World, text: str, words: str) -> None:
    assert words in await finance(world, ANA, text.replace("{until}", in_days(30)))
    assert await lent(world) == []


async def test_an_admin_says_it_for_others_and_nobody_lends_what_they_do_not_have(world: World) -> None:
    world.sandbox_slack["people"][BEN]["guest"] = True
    until = in_days(8)
    assert "cannot stand in: Guests" in await finance(world, ADA, f"away @ana until {until} @ben")
    assert "in no group" in await finance(world, ADA, f"away @sam until {until} @lea")
    assert "decides in place" in await finance(world, ADA, f"away @ana until {until} @lea")
    assert await lent(world) == [(ANA, LEA)]
    assert "Welcome back" in await finance(world, ADA, "away off @ana")


@pytest.mark.parametrize(
    ("zone", "utc"),
    [
        ("UTC", "2026-12-01T23:59"),
        ("Asia/Tokyo", "2026-12-01T14:59"),
        ("America/New_York", "2026-12-02T04:59"),
        (None, "2026-12-01T23:59"),
        ("Mars/Olympus", "2026-12-01T23:59"),
    ],
)
def test_a_date_ends_where_the_person_is(zone: str | None, utc: str) -> None:
    at = end_of_day("2026-12-01", zone)
    assert at is not None
    assert at.isoformat().startswith(utc)


async def test_only_admins_pause_and_resume(world: World) -> None:
    for text in ("pause", "resume"):
        assert "Only admins" in await finance(world, ANA, text)
    assert "nothing is carried out" in await finance(world, ADA, "pause a wrong invoice run")
    [pause] = await world.app.db.read(lambda store: store.pauses())
    assert (pause.scope, pause.by, pause.reason) == (EVERYTHING, ADA, "a wrong invoice run")
    assert "paused already" in await finance(world, ADA, "pause again")
    assert "a wrong invoice run" in await finance(world, ANA, "policy")
    assert "Everything is paused" in in_words((await home_of(world, ANA, "paused"))["blocks"])
    assert "fidel is not paused" in await finance(world, ADA, "resume fidel")
    assert "Resumed: everything" in await finance(world, ADA, "resume")
    assert "Nothing is paused" in await finance(world, ADA, "resume")
