"""The blocks that the sandbox can show, with their limits; any other type is answered as unsupported.

Source of the figures: Slack's Block Kit reference as of November 2026.
"""

from types import MappingProxyType
from typing import Any, Final

from sandbox.slack.elements import CLICKABLE, FILLABLE, ID, IMAGE, URL, plain, text
from sandbox.slack.rules import Problems, Rule, anything, boolean, both, by_type, choice, complain, items, record, whole
from sandbox.slack.rules import string as string_of

MARKDOWN_MOST: Final = 12_000  # characters of all markdown blocks together
TABLE_MOST: Final = 10_000  # characters of all table cells of a message


def _block(kind: str, required: dict[str, Rule] | None = None, optional: dict[str, Rule] | None = None) -> Rule:
    return record({"type": choice(kind), **(required or {})}, {"block_id": ID, **(optional or {})})


def _text_or_fields(value: Any, at: str, problems: Problems) -> None:
    if "text" not in value and "fields" not in value:
        complain(problems, "missing required field: text", at)


def _even_rows(value: Any, at: str, problems: Problems) -> None:
    rows = value.get("rows")
    if isinstance(rows, list) and len({len(row) for row in rows if isinstance(row, list)}) > 1:
        complain(problems, "all rows must have the same number of cells", f"{at}/rows")


RICH_TEXT_PART: Final = by_type(
    dict.fromkeys(("rich_text_section", "rich_text_list", "rich_text_quote", "rich_text_preformatted"), anything)
)
RICH_TEXT: Final = _block("rich_text", {"elements": items(RICH_TEXT_PART, 1000)})
CELL: Final = by_type(
    {
        "raw_text": record({"type": choice("raw_text"), "text": string_of(TABLE_MOST)}),
        "raw_number": anything,
        "rich_text": RICH_TEXT,
    }
)

EVERYWHERE: Final = {
    "section": both(
        _block(
            "section",
            {},
            {
                "text": text(3000),
                "fields": items(text(2000), 10),
                "accessory": by_type({**CLICKABLE, "image": IMAGE}),
                "expand": boolean,
            },
        ),
        _text_or_fields,
    ),
    "header": _block("header", {"text": plain(150)}, {"level": whole(1, 4)}),
    "actions": _block("actions", {"elements": items(by_type(CLICKABLE), 25)}),
    "context": _block(
        "context", {"elements": items(by_type({"plain_text": text(3000), "mrkdwn": text(3000), "image": IMAGE}), 10)}
    ),
    "divider": _block("divider"),
    "image": _block(
        "image",
        {"alt_text": string_of(2000, 1)},
        {"image_url": URL, "slack_file": anything, "title": plain(2000)},
    ),
    "input": _block(
        "input",
        {"label": plain(2000), "element": by_type(FILLABLE)},
        {"hint": plain(2000), "optional": boolean, "dispatch_action": boolean},
    ),
    "rich_text": RICH_TEXT,
}
TABLE: Final = both(
    _block(
        "table",
        {"rows": items(items(CELL, 20), 100)},
        {"column_settings": items(anything, 20, 0)},
    ),
    _even_rows,
)
ALERT: Final = _block("alert", {"text": text(200)}, {"level": choice("default", "info", "warning", "error", "success")})
MARKDOWN: Final = _block("markdown", {"text": string_of(MARKDOWN_MOST, 1)})

MESSAGE_BLOCK: Final = by_type({**EVERYWHERE, "markdown": MARKDOWN, "table": TABLE})
MODAL_BLOCK: Final = by_type({**EVERYWHERE, "alert": ALERT})
HOME_BLOCK: Final = by_type({**EVERYWHERE, "table": TABLE})
VIEW_BLOCK: Final = MappingProxyType({"modal": MODAL_BLOCK, "home": HOME_BLOCK})
