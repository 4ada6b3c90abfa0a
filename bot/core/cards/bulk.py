"""The form that approves several like cases, and its result: a sentence for each case."""

from collections.abc import Mapping, Sequence
from datetime import datetime
from typing import Any

from bot.core.cards import lists, wording
from bot.core.cards.forms import VALUE, FormErrors
from bot.core.cards.home import Bulk
from bot.core.cards.mrkdwn import Block, data, plain, section
from bot.core.money import in_locale
from bot.core.slack_ids import CallbackId, CaseRef

OPTIONS = 10  # that Slack takes in one group of checkboxes
GROUPS = 3  # so that every case is decided and acknowledged within Slack's three seconds


def bulk_form(bulk: Bulk, now: datetime) -> Block:
    """Nothing is ticked beforehand: each case is chosen by the person."""
    shown = bulk.rows[: OPTIONS * GROUPS]
    left_out = len(bulk.rows) - len(shown)
    rule = in_locale(bulk.rule, bulk.rows[0].locale)
    words = f"*{data(wording.TITLES[bulk.kind])}*, rule: {data(rule, 400)}. Each is judged on its own."
    words += f" {left_out} more come after these." if left_out else ""
    groups = [shown[at : at + OPTIONS] for at in range(0, len(shown), OPTIONS)]
    return {
        "type": "modal",
        "callback_id": CallbackId.BULK_FORM.value,
        "private_metadata": bulk.key,
        "title": plain("Approve several", 24),
        "submit": plain("Approve what is ticked", 24),
        "close": plain("Cancel", 24),
        "blocks": [
            section(words),
            *(_group(n, [lists.option(one, now) for one in rows]) for n, rows in enumerate(groups)),
        ],
    }


def _group(n: int, options: Sequence[Block]) -> Block:
    return {
        "type": "input",
        "block_id": f"cases-{n}",
        "optional": True,
        "label": plain("Cases" if n == 0 else "More cases", 100),
        "element": {"type": "checkboxes", "action_id": VALUE, "options": list(options)},
    }


def read_bulk(values: Mapping[str, Mapping[str, Mapping[str, Any]]]) -> tuple[CaseRef, ...]:
    """The versions that were ticked, each once. Raises FormErrors for none, ValueError for what we did not write."""
    chosen = [option["value"] for block in values.values() for option in block[VALUE].get("selected_options") or ()]
    if not chosen:
        raise FormErrors({"cases-0": "Tick at least one case."})
    return tuple(CaseRef.parse(value) for value in dict.fromkeys(chosen))


def bulk_result(lines: Sequence[str]) -> Block:
    """A line for each case; the lines are ours and may hold mentions."""
    view = {"type": "modal", "title": plain("Approve several", 24), "close": plain("Close", 24)}
    return view | {"blocks": [section(line) for line in lines]}
