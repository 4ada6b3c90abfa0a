"""Hide the words of a sensitive call everywhere in Slack, and audit who opens them."""

import json
from datetime import timedelta
from typing import Any

import pytest
from jsonschema import Draft7Validator

from bot.cases.clicks import Answer
from bot.cases.masked import reveal
from bot.core.cards import card, completing, lists
from bot.core.cards.audience import HIDDEN, summary_view
from bot.core.cards.lists import Row
from bot.core.model import CaseFile, CaseState, Details, Kind
from bot.core.revise import what_changed
from sandbox.slack.checks import view_problems
from storage import Database
from tests.support.cards import HOSTILE, PLAIN, STANDING, file_of
from tests.support.kinds import NOW, SHIPPED, told
from tests.support.offers import click, history, look, tell
from tests.support.places import REFERENCE_FILES
from tests.support.policies import ANA, SAM
from tests.support.surfaces import finance, in_words
from tests.support.world import World

SHOW = "case.show_summary"
SCHEMA = REFERENCE_FILES / "schemas/slack-blockkit.modal.schema.json"
SAID = {
    "summary": "The caller spoke of a divorce",
    "refund_reason": "the divorce",
    "promised_next_step": "we wait for the divorce",
    "recording_url": "https://calls.example.com/divorce.mp3",
    "transcript_url": "https://calls.example.com/divorce",
    "notes": "divorce, twice",
}


def spoken(**how: Any) -> Details:
    """Return a call in which every text that can be hidden mentions the same thing."""
    stated = {name: SAID[name] for name in ("refund_reason", "promised_next_step", "recording_url", "transcript_url")}
    fields = PLAIN.fields.model_copy(update={**stated, "sensitive_data_spoken": how.pop("flag", None)})
    more = {"summary": SAID["summary"], "unmapped": {"notes": SAID["notes"]}, "from_summary": ("refund_reason",)}
    return PLAIN.model_copy(update={"fields": fields, **more, **how})


FLAGGED, REDACTED = spoken(flag=True), spoken(redactions=("card ••4242",))
BOTH = pytest.mark.parametrize("details", [FLAGGED, REDACTED], ids=["flagged", "redacted"])


@BOTH
@pytest.mark.parametrize("kind", Kind)
def test_nothing_that_was_said_is_on_a_card_or_in_a_list_or_a_form(details: Details, kind: Kind) -> None:
    for state in CaseState:
        file = file_of(kind, state, details)
        drawn = card(file, STANDING)
        row = lists.answer("Cases", [Row(case=file.case)], NOW)
        shown = json.dumps([drawn.model_dump(), row, completing.complete_form(file, kind)], ensure_ascii=False)
        assert "divorce" not in shown
        assert HIDDEN in shown
        assert SHOW in shown
        assert "Dana Whitfield" in shown, "who it is about has to stay in view"


def test_what_is_not_sensitive_is_shown_and_has_no_button() -> None:
    shown = json.dumps(card(file_of(details=spoken()), STANDING).model_dump())
    assert "divorce" in shown
    assert SHOW not in shown


@BOTH
def test_a_change_is_told_without_the_words_themselves(details: Details) -> None:
    said = what_changed(Details(), details)
    assert "divorce" not in said
    assert "refund reason changed" in said


@BOTH
def test_the_view_behind_the_button_holds_all_of_it(details: Details) -> None:
    shown = in_words(summary_view(file_of(details=details))["blocks"])
    assert all(words in shown for words in SAID.values())


@pytest.mark.parametrize(
    "details",
    [
        FLAGGED,
        HOSTILE,
        HOSTILE.model_copy(update={"unmapped": dict.fromkeys((f"n{n}" for n in range(300)), "x" * 4000)}),
    ],
    ids=["flagged", "hostile", "large"],
)
def test_the_view_fits_slack_and_nothing_in_it_is_live(details: Details) -> None:
    view = summary_view(file_of(details=details))
    assert view_problems(view, "modal") == []
    assert "<!channel>" not in json.dumps(view)
    assert "<@U0EVIL" not in json.dumps(view)
    if SCHEMA.exists():
        assert list(Draft7Validator(json.loads(SCHEMA.read_text())).iter_errors(view)) == []


async def opened(database: Database, who: str, *, again: bool = False) -> tuple[list[CaseFile | Answer], str]:
    case_id = await tell(database, told("card-number"))
    made = click(await look(database, case_id), who, "show")
    now = NOW + timedelta(minutes=1)
    found = [await database.write(lambda store: reveal(store, made, policy=SHIPPED, now=now)) for _ in range(1 + again)]
    return found, case_id


async def test_who_opens_the_summary_stands_in_the_history_and_on_the_thread(database: Database) -> None:
    [found], case_id = await opened(database, ANA)
    assert isinstance(found, CaseFile)
    assert "read out her card [card ••4242]" in str(found.case.details.summary)
    entry = (await history(database, case_id))[-1]
    assert (entry.actor, entry.what, entry.sentence) == (ANA, "summary.opened", "Opened the hidden summary.")
    assert (await look(database, case_id)).case.revision > 1, "so that the card's thread tells it"


async def test_a_person_without_rights_does_not_see_it_and_the_attempt_is_kept(database: Database) -> None:
    [found], case_id = await opened(database, SAM)
    assert isinstance(found, Answer)
    assert "Only finance" in (found.text or "")
    entry = (await history(database, case_id))[-1]
    assert (entry.actor, entry.what) == (SAM, "click.refused")


async def test_a_repeated_delivery_is_one_opening(database: Database) -> None:
    [_, second], case_id = await opened(database, ANA, again=True)
    assert isinstance(second, Answer)
    assert [entry.what for entry in await history(database, case_id)].count("summary.opened") == 1


async def test_the_button_on_the_card_opens_the_summary_and_the_thread_says_who(world: World) -> None:
    case = await world.case_of(await world.call("card-number"))
    channel = f"finance-{case.channel}"
    drawn = await world.card(channel)
    assert "read out" not in json.dumps(drawn)
    await world.press(SAM, channel, drawn, SHOW)
    await world.press(ANA, channel, drawn, SHOW)
    assert "read out her card" in in_words((await world.form(ANA))["blocks"])
    assert not world.sandbox_slack["stacks"].get(SAM)
    await world.thread_line(channel, drawn["ts"], f"<@{ANA}>: Opened the hidden summary.")
    assert "read out" not in await finance(world, ANA, f"show {case.case_id}", channel)
