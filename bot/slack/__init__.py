"""Send to Slack, from here only: each channel at its own pace, urgent first, looked for before posted again."""

from bot.slack.client import Pace, Slack
from bot.slack.desk import SlackPort
from bot.slack.errors import (
    BadPicture,
    ChannelClosed,
    GroupGone,
    Locked,
    MessageGone,
    NotNow,
    NotSure,
    NotThere,
    SlackError,
)

__all__ = [
    "BadPicture",
    "ChannelClosed",
    "GroupGone",
    "Locked",
    "MessageGone",
    "NotNow",
    "NotSure",
    "NotThere",
    "Pace",
    "Slack",
    "SlackError",
    "SlackPort",
]
