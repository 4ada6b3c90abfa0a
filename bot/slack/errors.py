"""Name what can go wrong between us and Slack.

SlackError
├── NotNow         Slack is away, busy or throttling: surely nothing was posted, try again later
├── NotSure        it may have been posted: look for it before posting again
├── ChannelClosed  archived, deleted or without the bot: the card needs another channel
├── MessageGone    somebody deleted the card: post it again
├── BadPicture     Slack refuses the blocks, or a file: send the text alone
├── NotThere       there is no such person, or no such running step of a workflow: trying again is pointless
└── Locked         our token or permissions: nothing goes out until somebody mends it
"""

from collections.abc import Mapping


class SlackError(Exception):
    def __init__(self, sentence: str, *, retry_after_s: float | None = None) -> None:
        super().__init__(sentence)
        self.sentence = sentence
        self.retry_after_s = retry_after_s


class NotNow(SlackError): ...


class NotSure(SlackError): ...


class ChannelClosed(SlackError): ...


class MessageGone(SlackError): ...


class BadPicture(SlackError): ...


class NotThere(SlackError): ...


class GroupGone(NotNow): ...


class Locked(SlackError): ...


MEANING: Mapping[str, type[SlackError]] = {
    **dict.fromkeys(("ratelimited", "rate_limited"), NotNow),
    **dict.fromkeys(("fatal_error", "internal_error", "service_unavailable", "request_timeout"), NotSure),
    **dict.fromkeys(
        ("is_archived", "is_inactive", "channel_not_found", "not_in_channel", "restricted_action"), ChannelClosed
    ),
    **dict.fromkeys(("message_not_found", "cant_update_message", "edit_window_closed"), MessageGone),
    **dict.fromkeys(("thread_not_found", "cannot_reply_to_message"), MessageGone),  # a card, seen from its thread
    "no_such_subteam": GroupGone,
    **dict.fromkeys(
        ("users_not_found", "user_not_found", "user_not_visible", "user_disabled", "cannot_dm_bot"), NotThere
    ),
    **dict.fromkeys(
        ("function_execution_not_found", "execution_not_in_running_state", "parameter_validation_failed"), NotThere
    ),
    **dict.fromkeys(
        (
            "invalid_blocks",
            "invalid_arguments",
            "invalid_blocks_format",
            "block_mismatch",
            "msg_too_long",
            "msg_blocks_too_long",
            "file_uploads_disabled",
            "file_type_not_allowed",
            "file_upload_size_restricted",
            "storage_limit_reached",
        ),
        BadPicture,
    ),
    **dict.fromkeys(("token_revoked", "token_expired", "invalid_auth", "not_authed", "account_inactive"), Locked),
    **dict.fromkeys(
        ("missing_scope", "team_access_not_granted", "not_allowed_token_type", "org_login_required"), Locked
    ),
}
