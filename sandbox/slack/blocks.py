"""Define the blocks that the sandbox can show, with their limits; any other type is unsupported.

Source of the limits: Slack's Block Kit reference as of November 2026.
"""

from types import MappingProxyType
from typing import Any, Final

from sandbox.slack.elements import CLICKABLE, FILLABLE, ID, IMAGE, URL, plain, text
from sandbox.slack.rules import Problems, Rule, anything, boolean, both, by_type, choice, complain, items, record, whole
from sandbox.slack.rules import string as string_of

MARKDOWN_MOST: Final = 12_000  # characters of all markdown blocks together
TABLE_MOST: Final = 10_000  # characters of all table cells of a message
CHARTS_MOST: Final = 2  # in a message


def _block(kind: str, required: dict[str, Rule] | None = None, optional: dict[str, Rule] | None = None) -> Rule:
    return record({"type": choice(kind), **(required or {})}, {"block_id": ID, **(optional or {})})


def _text_or_fields(value: Any, at: str, problems: Problems) -> None:
    if "text" not in value and "fields" not in value:
        complain(problems, "missing required field: text", at)


def _even_rows(value: Any, at: str, problems: Problems) -> None:
    rows = value.get("rows")
    if isinstance(rows, list) and len({len(row) for row in rows if isinstance(row, list)}) > 1:
        complain(problems, "all rows must have the same number of cells", f"{at}/rows")


def _number(value: Any, at: str, problems: Problems) -> None:
    if not isinstance(value, int | float) or isinstance(value, bool):
        complain(problems, "must be a number", at)


def _id_or_url(value: Any, at: str, problems: Problems) -> None:
    if isinstance(value, dict) and ("id" in value) == ("url" in value):
        complain(problems, "must have either id or url", at)


def _one_picture(value: Any, at: str, problems: Problems) -> None:
    if ("image_url" in value) == ("slack_file" in value):
        complain(problems, "must have either image_url or slack_file", at)


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

SLACK_FILE: Final = both(record({}, {"id": string_of(255, 1), "url": URL}), _id_or_url)

# --- charts ---------------------------------------------------------------------------------------------------------

_POINT: Final = record({"label": string_of(20, 1), "value": _number})
_SERIES: Final = record({"name": string_of(20, 1), "data": items(_POINT, 20)})
_AXES: Final = record(
    {"categories": items(string_of(20, 1), 20)}, {"x_label": string_of(50, 1), "y_label": string_of(50, 1)}
)
_GRAPH: Final = {"axis_config": _AXES, "series": items(_SERIES, 12)}
CHART: Final = by_type(
    {
        "pie": record({"type": choice("pie"), "segments": items(_POINT, 12)}),
        **{kind: record({"type": choice(kind), **_GRAPH}) for kind in ("bar", "line", "area")},
    }
)
DATA_VISUALIZATION: Final = _block("data_visualization", {"title": string_of(50, 1), "chart": CHART})

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
    "image": both(
        _block(
            "image",
            {"alt_text": string_of(2000, 1)},
            {"image_url": URL, "slack_file": SLACK_FILE, "title": plain(2000)},
        ),
        _one_picture,
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

MESSAGE_BLOCK: Final = by_type(
    {**EVERYWHERE, "markdown": MARKDOWN, "table": TABLE, "data_visualization": DATA_VISUALIZATION}
)
MODAL_BLOCK: Final = by_type({**EVERYWHERE, "alert": ALERT})
HOME_BLOCK: Final = by_type({**EVERYWHERE, "table": TABLE})
VIEW_BLOCK: Final = MappingProxyType({"modal": MODAL_BLOCK, "home": HOME_BLOCK})
