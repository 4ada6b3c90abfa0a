"""Define Block Kit's composition objects and elements with their limits.

Source of the limits: Slack's Block Kit reference as of November 2026.
"""

from types import MappingProxyType
from typing import Any, Final

from sandbox.slack.rules import Problems, Rule, anything, boolean, both, choice, complain, items, record, string, whole

ID: Final = string(255)
URL: Final = string(3000, 1)


def plain(most: int, least: int = 1) -> Rule:
    return record({"type": choice("plain_text"), "text": string(most, least)}, {"emoji": boolean})


def text(most: int, least: int = 1) -> Rule:
    return record(
        {"type": choice("plain_text", "mrkdwn"), "text": string(most, least)}, {"emoji": boolean, "verbatim": boolean}
    )


CONFIRM: Final = record(  # the four texts are documented as required
    {"title": plain(100), "text": text(300), "confirm": plain(30), "deny": plain(30)},
    {"style": choice("primary", "danger")},
)
OPTION: Final = record({"text": text(75), "value": string(150, 1)}, {"description": text(75), "url": URL})
OPTION_GROUP: Final = record({"label": plain(75), "options": items(OPTION, 100)})


def element(kind: str, required: dict[str, Rule] | None = None, optional: dict[str, Rule] | None = None) -> Rule:
    common = {"action_id": ID, "confirm": CONFIRM, "focus_on_load": boolean}
    return record({"type": choice(kind), **(required or {})}, {**common, **(optional or {})})


def _options_or_groups(value: Any, at: str, problems: Problems) -> None:
    if isinstance(value, dict) and ("options" in value) == ("option_groups" in value):
        complain(problems, "must have either options or option_groups", at)


PLACEHOLDER: Final = {"placeholder": plain(150)}
MOST_SELECTED: Final = {"max_selected_items": whole(1, 100)}
STATIC: Final = {"options": items(OPTION, 100), "option_groups": items(OPTION_GROUP, 100), **PLACEHOLDER}
TYPED: Final = {**PLACEHOLDER, "initial_value": string(3000), "dispatch_action_config": anything}
TEXT_TYPED: Final = {**TYPED, "min_length": whole(0, 3000), "max_length": whole(1, 3000)}


def _select(kind: str, **initial: Rule) -> Rule:
    extra = MOST_SELECTED if kind.startswith("multi_") else {"response_url_enabled": boolean}
    more: dict[str, Rule] = {"filter": anything, "default_to_current_conversation": boolean}
    return element(kind, {}, {**PLACEHOLDER, **extra, **more, **initial})


def _static(kind: str, **more: Rule) -> Rule:
    return both(element(kind, {}, {**STATIC, **more}), _options_or_groups)


BUTTON: Final = element(
    "button",
    {"text": plain(75)},
    {
        "value": string(2000),
        "url": URL,
        "style": choice("primary", "danger"),
        "accessibility_label": string(75),
    },
)
IMAGE: Final = record(
    {"type": choice("image"), "alt_text": string(2000, 1)}, {"image_url": URL, "slack_file": anything}
)
USERS: Final = items(string(255), 100, 0)

CLICKABLE: Final = MappingProxyType(
    {
        "button": BUTTON,
        "static_select": _static("static_select", initial_option=OPTION),
        "multi_static_select": _static("multi_static_select", initial_options=items(OPTION, 100), **MOST_SELECTED),
        "external_select": _select("external_select", initial_option=OPTION, min_query_length=whole(0, 255)),
        "users_select": _select("users_select", initial_user=ID),
        "multi_users_select": _select("multi_users_select", initial_users=USERS),
        "conversations_select": _select("conversations_select", initial_conversation=ID),
        "channels_select": _select("channels_select", initial_channel=ID),
        "overflow": element("overflow", {"options": items(OPTION, 5)}),
        "checkboxes": element("checkboxes", {"options": items(OPTION, 10)}, {"initial_options": items(OPTION, 10)}),
        "radio_buttons": element("radio_buttons", {"options": items(OPTION, 10)}, {"initial_option": OPTION}),
        "datepicker": element("datepicker", {}, {**PLACEHOLDER, "initial_date": string(10, 10)}),
        "timepicker": element("timepicker", {}, {**PLACEHOLDER, "initial_time": string(5, 5), "timezone": ID}),
        "datetimepicker": element("datetimepicker", {}, {"initial_date_time": whole(10**9, 10**10 - 1)}),
    }
)
FILLABLE: Final = MappingProxyType(
    {
        **{kind: rule for kind, rule in CLICKABLE.items() if kind not in {"button", "overflow"}},
        "plain_text_input": element("plain_text_input", {}, {**TEXT_TYPED, "multiline": boolean}),
        "email_text_input": element("email_text_input", {}, TYPED),
        "url_text_input": element("url_text_input", {}, TYPED),
        "number_input": element(
            "number_input",
            {"is_decimal_allowed": boolean},
            {**TYPED, "min_value": string(40, 1), "max_value": string(40, 1)},
        ),
    }
)
