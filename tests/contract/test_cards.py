"""Check every picture and form against Slack's own types and limits, as two parties without our code see them."""

from collections.abc import Iterator
from typing import Any

from jsonschema import Draft7Validator
from slack_sdk.models.blocks import Block
from slack_sdk.models.views import View

from bot.core.cards import card, completing, forms, thread_log
from bot.core.cards.mrkdwn import size
from bot.core.model import CaseState, Kind
from bot.core.slack_ids import CaseRef
from tests.support.cards import CASE_ID, DETAILS, EVIL, STANDING, entry, every_file, file_of
from tests.support.places import reference
from tools.gallery import pictures


def validator(surface: str) -> Draft7Validator:
    return Draft7Validator(reference(f"schemas/slack-blockkit.{surface}.schema.json"))


def faults(of: Draft7Validator, instance: Any) -> list[str]:
    return [f"{error.json_path}: {error.message[:200]}" for error in of.iter_errors(instance)]


def every_view() -> Iterator[tuple[str, dict[str, Any]]]:
    for name, details in DETAILS.items():
        for kind in Kind:
            file = file_of(kind, CaseState.STUCK, details)
            yield f"settle-{kind}-{name}", forms.settle_form(file)
            yield f"complete-{kind}-{name}", completing.complete_form(file, kind)
    yield "reject", forms.reject_form(CaseRef(CASE_ID, 1), "Refund · 129.50 USD · Dana Whitfield")
    yield "reject-hostile", forms.reject_form(CaseRef(CASE_ID, 1), EVIL * 9)


def test_every_card_fits_the_message_schema() -> None:
    schema = validator("message")
    for name, file in every_file():
        assert faults(schema, card(file, STANDING, link="https://calls.example.com/1").blocks) == [], name


def test_every_trail_fits_the_message_schema() -> None:
    schema = validator("message")
    for length in (1, 5, 300):
        assert faults(schema, thread_log([entry(n, EVIL) for n in range(1, length + 1)]).blocks) == []


def test_every_form_fits_the_modal_schema() -> None:
    schema = validator("modal")
    for name, view in every_view():
        assert faults(schema, view) == [], name


def test_all_that_is_shown_keeps_the_budget_of_a_message_and_of_a_view() -> None:
    """Slack refuses more blocks; for characters it publishes no figure, and refusals begin at about 13,200."""
    for message in pictures.all_messages():
        assert len(message.picture.blocks) <= 50, message.name
        assert size(message.picture.blocks) <= 12_000, message.name
    for view in (*pictures.views(), *pictures.homes()):
        assert len(view.view["blocks"]) <= 100, view.name


def test_all_that_is_shown_fits_slacks_schemas() -> None:
    message, modal, home = validator("message"), validator("modal"), validator("home")
    for shown in pictures.all_messages():
        assert faults(message, shown.picture.blocks) == [], shown.name
    for surface, views in ((modal, pictures.views()), (home, pictures.homes())):
        for view in views:
            assert faults(surface, view.view) == [], view.name


def test_every_card_survives_the_models_of_slack_sdk() -> None:
    for name, file in every_file():
        blocks = card(file, STANDING).blocks
        assert [block.to_dict() for block in Block.parse_all(blocks)] == blocks, name


def test_every_form_survives_the_models_of_slack_sdk() -> None:
    for name, view in every_view():
        assert View(**view).to_dict() == view, name
