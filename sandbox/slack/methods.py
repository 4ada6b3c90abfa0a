"""List every Web API method with its handler, required arguments, rate and possible errors.

The errors are those that Slack documents for the method; those in `EVERYWHERE` may come from any.
"""

from collections.abc import Callable
from types import MappingProxyType
from typing import Any, Final, NamedTuple

from sandbox.slack import directory, files, messages, steps, views
from sandbox.slack.arguments import Arguments
from sandbox.slack.rates import TIER_2, TIER_3, TIER_4, Rate
from sandbox.slack.workspace import Workspace

EVERYWHERE: Final = frozenset({"not_authed", "token_revoked", "ratelimited", "unknown_method", "invalid_form_data"})
# Slack's general errors, which its lists of single methods leave out
GENERAL: Final = frozenset({"invalid_auth", "invalid_arguments"})


class Method(NamedTuple):
    answer: Callable[[Workspace, Arguments], dict[str, Any]]
    required: tuple[str, ...]
    rate: Rate | None  # None: not limited by method
    errors: frozenset[str]


def _method(
    answer: Callable[[Workspace, Arguments], dict[str, Any]], required: str, rate: Rate | None, errors: str
) -> Method:
    return Method(answer, tuple(required.split()), rate, frozenset(errors.split()))


_BODY: Final = "channel_not_found invalid_blocks invalid_blocks_format no_text too_many_attachments"
_METADATA: Final = "invalid_metadata_format invalid_metadata_schema metadata_too_large"
_TRIGGER: Final = "duplicate_external_id exchanged_trigger_id expired_trigger_id invalid_trigger_id view_too_large"
_TIMES: Final = "channel_not_found invalid_cursor invalid_ts_latest invalid_ts_oldest"

METHODS: Final = MappingProxyType(
    {
        "auth.test": _method(directory.auth_test, "", None, ""),
        "chat.postMessage": _method(
            messages.post_message,
            "channel",
            None,  # limited by channel instead
            f"{_BODY} {_METADATA} cannot_reply_to_message is_archived msg_blocks_too_long not_in_channel",
        ),
        "chat.update": _method(
            messages.update,
            "channel ts",
            TIER_3,
            f"{_BODY} {_METADATA} cant_update_message is_inactive message_not_found msg_too_long",
        ),
        "chat.postEphemeral": _method(
            messages.post_ephemeral,
            "channel user",
            TIER_4,
            f"{_BODY} cannot_reply_to_message is_archived msg_too_long not_in_channel user_not_in_channel",
        ),
        "chat.getPermalink": _method(
            messages.get_permalink, "channel message_ts", None, "channel_not_found message_not_found"
        ),
        "chat.delete": _method(
            messages.delete, "channel ts", TIER_3, "cant_delete_message channel_not_found message_not_found"
        ),
        "views.open": _method(views.views_open, "trigger_id view", TIER_4, _TRIGGER),
        "views.push": _method(views.views_push, "trigger_id view", TIER_4, f"{_TRIGGER} not_found push_limit_reached"),
        "views.update": _method(
            views.views_update, "view", TIER_4, "duplicate_external_id hash_conflict not_found view_too_large"
        ),
        "views.publish": _method(
            views.views_publish, "user_id view", TIER_4, "hash_conflict missing_profile_id view_too_large"
        ),
        "conversations.list": _method(
            directory.conversations_list, "", TIER_2, "invalid_cursor invalid_limit invalid_types"
        ),
        "conversations.info": _method(directory.conversations_info, "channel", TIER_3, "channel_not_found"),
        "conversations.history": _method(directory.history, "channel", TIER_3, f"{_TIMES} not_in_channel"),
        "conversations.replies": _method(directory.replies, "channel ts", TIER_3, f"{_TIMES} thread_not_found"),
        "conversations.members": _method(
            directory.conversations_members, "channel", TIER_4, "channel_not_found invalid_cursor invalid_limit"
        ),
        "conversations.open": _method(
            directory.conversations_open,
            "",
            TIER_3,
            "channel_not_found too_many_users user_disabled user_not_found users_list_not_supplied",
        ),
        "usergroups.list": _method(directory.usergroups_list, "", TIER_2, ""),
        "usergroups.users.list": _method(directory.usergroups_users, "usergroup", TIER_2, "no_such_subteam"),
        "files.getUploadURLExternal": _method(
            files.upload_place, "filename length", TIER_4, "file_upload_size_restricted file_uploads_disabled"
        ),
        "files.completeUploadExternal": _method(files.complete, "files", TIER_4, "file_not_found"),
        "functions.completeSuccess": _method(
            steps.complete_success,
            "function_execution_id outputs",
            TIER_3,
            "execution_not_in_running_state function_execution_not_found parameter_validation_failed",
        ),
        "functions.completeError": _method(
            steps.complete_error,
            "function_execution_id error",
            TIER_3,
            "execution_not_in_running_state function_execution_not_found",
        ),
        "users.info": _method(directory.users_info, "user", TIER_4, "user_not_found"),
        "users.list": _method(directory.users_list, "", TIER_2, "invalid_cursor limit_required"),
        "users.lookupByEmail": _method(directory.users_lookup, "email", TIER_3, "users_not_found"),
    }
)
