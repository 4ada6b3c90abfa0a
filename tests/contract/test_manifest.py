"""Check that the manifest that people paste into Slack asks for what the bot does, and for nothing else."""

from collections.abc import Iterator
from typing import Any

import pytest
import yaml
from jsonschema import Draft7Validator

from bot.core.model import CaseState
from bot.core.notes import outputs
from bot.core.slack_ids import CallbackId, Command
from handlers.slack.workflows import INPUTS
from tests.support.cards import file_of
from tests.support.places import REPOSITORY, reference

ROOT = REPOSITORY

# Slack shows these to whoever installs the bot; each has to be worth asking for.
SCOPES = {
    "chat:write": "posts and updates cards, and answers clicks",
    "commands": "/invoice-resend, /finance, and the message shortcut",
    "channels:read": "finds a public channel by the name in the policy, and whether the bot is in it",
    "groups:read": "the same for private channels",
    "channels:history": "looks for its own card, by message metadata, before it posts again",
    "groups:history": "the same in private channels",
    "im:write": "opens the direct messages in which people are told what became of their cases",
    "im:history": "looks there for its own message before it sends it again",
    "files:write": "sends the charts of a digest as an image where Slack does not know the chart block",
    "usergroups:read": "who is in an approver group, at the click",
    "users:read.email": "who in Slack owns the account, by the e-mail that the CRM has of them",
    "users:read": "whether who clicks is a guest, deactivated or of another workspace, and their time zone",
}
EVENTS = {
    "app_home_opened": "draws the home tab",
    "function_executed": "opens a case for a step of Workflow Builder",
    "message.channels": "tells who writes “approved” in a card's thread where the button is",
    "message.groups": "the same in private channels",
}


@pytest.fixture
def manifest() -> dict[str, Any]:
    loaded = yaml.safe_load((ROOT / "manifest.yml").read_text())
    assert isinstance(loaded, dict)
    return loaded


def addresses(node: Any) -> Iterator[str]:
    if isinstance(node, dict):
        for name, value in node.items():
            if name in ("url", "request_url", "message_menu_options_url"):
                yield value
            yield from addresses(value)
    elif isinstance(node, list):
        for value in node:
            yield from addresses(value)


def test_it_fits_slacks_schema_of_its_own_major_version(manifest: dict[str, Any]) -> None:
    # Slack takes version 2 only where the manifest says so.
    version = "2.0.0" if manifest.get("_metadata", {}).get("major_version") == 2 else "1.0.0"
    schema = reference(f"schemas/slack-manifest.schema.{version}.json")
    assert [f"{error.json_path}: {error.message}" for error in Draft7Validator(schema).iter_errors(manifest)] == []


def test_it_asks_for_every_scope_that_is_used_and_for_no_other(manifest: dict[str, Any]) -> None:
    assert manifest["oauth_config"]["scopes"] == {"bot": sorted(SCOPES)}


def test_it_subscribes_to_the_events_that_are_handled(manifest: dict[str, Any]) -> None:
    assert manifest["settings"]["event_subscriptions"]["bot_events"] == sorted(EVENTS)


def test_its_scopes_and_events_exist_and_each_event_has_its_scopes(manifest: dict[str, Any]) -> None:
    known = reference("schemas/slack-manifest-scopes-events.json")
    assert set(SCOPES) <= set(known["bot_scopes"])
    # the list of manifests leaves out the event of custom steps, which the list of events has
    assert set(EVENTS) <= set(known["manifest_events"]) | set(known["event_scopes"])
    for event in EVENTS:
        assert set(known["event_scopes"][event]) <= set(SCOPES)


def test_its_commands_are_those_that_the_bot_answers(manifest: dict[str, Any]) -> None:
    commands = manifest["features"]["slash_commands"]
    assert {command["command"] for command in commands} == set(Command)
    assert all(command["should_escape"] for command in commands), "without it a mention arrives as a bare word"


def test_its_shortcut_is_the_one_that_the_bot_answers(manifest: dict[str, Any]) -> None:
    [shortcut] = manifest["features"]["shortcuts"]
    assert (shortcut["type"], shortcut["callback_id"]) == ("message", CallbackId.OPEN_SHORTCUT)


def test_its_workflow_step_takes_and_gives_back_what_the_bot_does(manifest: dict[str, Any]) -> None:
    [(name, step)] = manifest["functions"].items()
    assert name == CallbackId.WORKFLOW_STEP
    assert set(step["input_parameters"]["properties"]) == {"requester", "kind", *INPUTS}
    given = step["output_parameters"]
    for state in (CaseState.DONE, CaseState.REJECTED, CaseState.EXPIRED):
        told = outputs(file_of(state=state))
        assert set(given["required"]) <= set(told) <= set(given["properties"])
    assert manifest["settings"]["function_runtime"] == "remote", "without it Slack runs no step of ours"


def test_every_address_is_the_one_slack_door_over_https(manifest: dict[str, Any]) -> None:
    found = set(addresses(manifest))
    assert found == {"https://YOUR-HOST/slack/events"}
    assert manifest["settings"]["socket_mode_enabled"] is False


def test_clicks_and_the_home_tab_are_switched_on(manifest: dict[str, Any]) -> None:
    assert manifest["settings"]["interactivity"]["is_enabled"] is True
    assert manifest["features"]["app_home"]["home_tab_enabled"] is True
