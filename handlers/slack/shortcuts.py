"""Handle the message shortcut "Open a finance case": a form that begins with what the message says."""

import re
from collections.abc import Mapping
from typing import Any

from slack_bolt.async_app import AsyncAck, AsyncApp

from bot.core.cards import completing, forms
from bot.core.cards.forms import FormErrors
from bot.core.intake import SUMMARY_AT_MOST
from bot.core.intake.fields import read_details
from bot.core.intake.values import clean
from bot.core.model import Call, Details, Frozen
from bot.core.redact import redact
from bot.core.slack_ids import CallbackId
from bot.core.triage import case_id_of
from handlers.context import Context
from handlers.slack.answering import Body, Surface, answered, check_person
from handlers.slack.commands import where_its_card_goes
from handlers.slack.completing import redacted_values, stated_details

REDACTIONS_KEPT = 20  # of the message; a form carries at most 3,000 characters

OPEN_FORM = Surface("Please try again in a moment.", "the form of a message shortcut could not be opened")
OPEN_CASE = Surface(
    "No case was opened; please try again in a moment.",
    "a case could not be opened from a message",
    "Something went wrong on our side and no case was opened. Please try again.",
)


class Source(Frozen):
    """Name the message that a form was opened from, and what was removed from it before anybody saw the form."""

    channel_id: str
    message_ts: str
    thread_ts: str | None = None
    redactions: tuple[str, ...] = ()


def register(bolt: AsyncApp, ctx: Context) -> None:
    @bolt.message_shortcut(CallbackId.OPEN_SHORTCUT)
    async def chosen(ack: AsyncAck, body: dict[str, Any]) -> None:
        text = await answered(ctx, OPEN_FORM, _open_form(ctx, body), str)
        await ack()
        if text and body.get("response_url"):
            await ctx.slack_port.answer(body["response_url"], text)

    @bolt.view(CallbackId.OPEN_FORM)
    async def submitted(ack: AsyncAck, body: dict[str, Any]) -> None:
        try:
            title, text = await answered(ctx, OPEN_CASE, _open_case(ctx, body), lambda text: ("Not done", text))
        except FormErrors as faults:
            await ack(response_action="errors", errors=faults.errors)
            return
        await ack(response_action="update", view=forms.notice(title, text))


async def _open_form(ctx: Context, body: Body) -> str:
    await ctx.account(check_person(ctx, body))
    message, details = body["message"], read_message(body["message"])
    source = Source(
        channel_id=body["channel"]["id"],
        message_ts=message["ts"],
        thread_ts=message.get("thread_ts"),
        redactions=details.redactions[:REDACTIONS_KEPT],
    )
    form = completing.open_form(details, source.model_dump_json(), ctx.policy.region().locale)
    await ctx.slack_port.open_form(body["trigger_id"], form)
    return ""


def read_message(message: Mapping[str, Any]) -> Details:
    """Return what the message says, for the form to begin with; redacted, and read like the summary of a call."""
    redacted = redact(plainly(str(message.get("text") or "")))
    return read_details((), summary=clean(redacted.text, SUMMARY_AT_MOST), mapping={}, redactions=redacted.found)


def plainly(text: str) -> str:
    """Return Slack's markup as people read it: labels in place of links, names in place of mentions, no entities."""
    shown = re.sub(r"<(?:[^|>]*\|)?([^>]*)>", r"\1", text)
    return shown.replace("&lt;", "<").replace("&gt;", ">").replace("&amp;", "&")


async def _open_case(ctx: Context, body: Body) -> tuple[str, str]:
    """Return the title and the sentence of what takes the form's place. Raises FormErrors."""
    user_id, view = check_person(ctx, body), body["view"]
    await ctx.account(user_id)
    values, found = redacted_values(view)
    source = Source.model_validate_json(view["private_metadata"])
    link = ctx.link_to(source.channel_id, source.message_ts, source.thread_ts)
    locale = ctx.policy.region().locale  # its channel is not known before its kind is
    details = stated_details(values, also={"transcript_url": link} if link else None, locale=locale)
    case_id = case_id_of(f"slack:{view['team_id']}:{view['id']}")
    call = Call(
        call_id=case_id,
        author=user_id,
        event=f"shortcut {CallbackId.OPEN_SHORTCUT}",
        details=details.model_copy(update={"redactions": (*source.redactions, *found)}),
    )
    await ctx.receive(call, case_id.encode())
    kind = str(details.fields.call_intent)
    return "Case opened", f"Opened case {case_id}. {where_its_card_goes(ctx.policy, kind)}"
