"""Find what Slack would refuse in a message, a view or metadata, with Slack's wording and JSON pointers.

The rules for single values are in `elements` and `blocks`; here are those for a payload as a whole.
"""

import json
from collections.abc import Iterator
from typing import Any, Final

from sandbox.slack.blocks import CHARTS_MOST, MARKDOWN_MOST, MESSAGE_BLOCK, TABLE_MOST, VIEW_BLOCK
from sandbox.slack.elements import ID, plain
from sandbox.slack.rules import Problems, Rule, boolean, choice, complain, items, record, string

BLOCKS_IN_MESSAGE: Final = 50
BLOCKS_IN_VIEW: Final = 100
TEXT_OF_ALL_BLOCKS: Final = 12_000  # undocumented at Slack; refusals were reported from about 13,200 on
METADATA_BYTES: Final = 8_000  # Slack publishes no limit; no refusal is known below this
VIEW_BYTES: Final = 250_000

_MESSAGE: Final = items(MESSAGE_BLOCK, BLOCKS_IN_MESSAGE, 0)
_COMMON_VIEW: Final = {"private_metadata": string(3000), "callback_id": ID, "external_id": ID}


def _view_rule(kind: str, required: dict[str, Rule], optional: dict[str, Rule]) -> Rule:
    blocks = items(VIEW_BLOCK[kind], BLOCKS_IN_VIEW, 0)
    return record({"type": choice(kind), "blocks": blocks, **required}, {**_COMMON_VIEW, **optional})


_MODAL: Final = _view_rule(
    "modal",
    {"title": plain(24)},
    {
        "submit": plain(24),
        "close": plain(24),
        "clear_on_close": boolean,
        "notify_on_close": boolean,
        "submit_disabled": boolean,
    },
)
_HOME: Final = _view_rule("home", {}, {})


def message_problems(blocks: Any) -> Problems:
    """Return what Slack would refuse in the blocks of a message; empty if it would take them."""
    problems: Problems = []
    _MESSAGE(blocks, "/blocks", problems)
    if not problems:
        _unique_ids(blocks, "/blocks", problems)
        _totals(blocks, problems)
    return problems


def view_problems(view: Any, kind: str) -> Problems:
    """Return what Slack would refuse in a `modal` or `home` view; empty if it would take it."""
    problems: Problems = []
    (_MODAL if kind == "modal" else _HOME)(view, "/view", problems)
    if problems:
        return problems
    _unique_ids(view["blocks"], "/view/blocks", problems)
    if kind == "modal" and "submit" not in view and any(block["type"] == "input" for block in view["blocks"]):
        complain(problems, "missing required field: submit", "/view")
    if sum(1 for element in elements_of(view["blocks"]) if element.get("focus_on_load")) > 1:
        complain(problems, "only one element may have focus_on_load", "/view/blocks")
    return problems


def elements_of_block(block: dict[str, Any]) -> list[dict[str, Any]]:
    """Return the elements that a person can click or fill in, in the order shown."""
    kind = block["type"]
    if kind == "actions":
        return list(block["elements"])
    element = block.get("accessory") if kind == "section" else block.get("element") if kind == "input" else None
    return [element] if element and element["type"] != "image" else []


def elements_of(blocks: list[dict[str, Any]]) -> Iterator[dict[str, Any]]:
    for block in blocks:
        yield from elements_of_block(block)


def _unique_ids(blocks: list[dict[str, Any]], at: str, problems: Problems) -> None:
    seen: set[str] = set()
    for position, block in enumerate(blocks):
        block_id = block.get("block_id")
        if block_id in seen:
            complain(problems, f"`block_id` is not unique: {block_id}", f"{at}/{position}/block_id")
        seen.add(block_id or f"{at}/{position}")
        action_ids = [element["action_id"] for element in elements_of_block(block) if "action_id" in element]
        for action_id in {name for name in action_ids if action_ids.count(name) > 1}:
            complain(problems, f"`action_id` is not unique: {action_id}", f"{at}/{position}/elements")


def _totals(blocks: list[dict[str, Any]], problems: Problems) -> None:
    tables = [block for block in blocks if block["type"] == "table"]
    if len(tables) > 1:
        complain(problems, "only one table is allowed", "/blocks")
    if text_length(tables) > TABLE_MOST:
        complain(problems, f"table cells must have less than {TABLE_MOST + 1} characters together", "/blocks")
    if sum(block["type"] == "data_visualization" for block in blocks) > CHARTS_MOST:
        complain(problems, f"no more than {CHARTS_MOST} data_visualization blocks allowed", "/blocks")
    if text_length([block for block in blocks if block["type"] == "markdown"]) > MARKDOWN_MOST:
        complain(problems, f"markdown must have less than {MARKDOWN_MOST + 1} characters together", "/blocks")


def text_length(value: Any) -> int:
    """Count the characters of every `text` in a tree of blocks."""
    if isinstance(value, list):
        return sum(map(text_length, value))
    if not isinstance(value, dict):
        return 0
    total = 0
    for key, item in value.items():
        if isinstance(item, str):
            total += len(item) if key == "text" else 0
        else:
            total += text_length(item)
    return total


def metadata_problem(metadata: Any) -> str | None:
    """Return Slack's error code or None; a payload holds plain values, and objects or lists of them."""
    if not isinstance(metadata, dict) or not isinstance(metadata.get("event_payload"), dict):
        return "invalid_metadata_format"
    name = metadata.get("event_type")
    if not isinstance(name, str) or not name.replace("_", "").isalnum() or not name.isascii():
        return "invalid_metadata_format"
    if not all(map(_flat_enough, metadata["event_payload"].values())):
        return "invalid_metadata_schema"
    return "metadata_too_large" if len(json.dumps(metadata)) > METADATA_BYTES else None


def _flat_enough(value: Any) -> bool:
    inner = value if isinstance(value, list) else [value]
    for item in inner:
        deeper = item.values() if isinstance(item, dict) else [item]
        if any(not isinstance(leaf, str | int | float | bool) for leaf in deeper):
            return False
    return True
