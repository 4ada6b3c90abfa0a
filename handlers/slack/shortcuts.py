"""The message shortcut "Open a finance case": a form that begins with what the message says."""

import hashlib
import logging
import re
from collections.abc import Mapping
from typing import Any

from slack_bolt.async_app import AsyncAck, AsyncApp

from bot.cases import calls
from bot.core.cards import completing, forms
from bot.core.cards.forms import FormErrors
from bot.core.intake import SUMMARY_AT_MOST
from bot.core.intake.fields import read_details
from bot.core.intake.values import clean
from bot.core.model import Call, Details, Frozen
from bot.core.redact import redact, redact_tree
from bot.core.slack_ids import CallbackId
from bot.core.triage import case_id_of
from handlers.context import Context, NotAllowed, SlackUnavailable
from handlers.slack.clicks import CLICK_AGAIN, check_person
from handlers.slack.commands import where_its_card_goes
from handlers.slack.completing import stated_details

log = logging.getLogger("countersign.doors")

REDACTIONS_KEPT = 20  # of the message; a form carries at most 3,000 characters


class Source(Frozen):
    """Which message a form was opened from, and what was removed from it before anybody saw the form."""

    channel_id: str
    message_ts: str
    thread_ts: str | None = None
    redactions: tuple[str, ...] = ()


def register(bolt: AsyncApp, ctx: Context) -> None:
    @bolt.message_shortcut(CallbackId.OPEN_SHORTCUT)
    async def chosen(ack: AsyncAck, body: dict[str, Any]) -> None:
        text = await _open_form(ctx, body)
        await ack()
        if text is not None and body.get("response_url"):
            await ctx.slack_port.answer(body["response_url"], text)

    @bolt.view(CallbackId.OPEN_FORM)
    async def submitted(ack: AsyncAck, body: dict[str, Any]) -> None:
        try:
            title, text = await _open_case(ctx, body)
        except FormErrors as faults:
            await ack(response_action="errors", errors=faults.errors)
            return
        await ack(response_action="update", view=forms.notice(title, text))


async def _open_form(ctx: Context, body: Mapping[str, Any]) -> str | None:
    """A sentence where the form could not be opened."""
    try:
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
    except NotAllowed as who:
        return await ctx.turned_away(who)
    except SlackUnavailable as closed:
        return f"{closed} Please try again in a moment."
    except Exception:
        log.exception("the form of a message shortcut could not be opened")
        return CLICK_AGAIN
    return None


def read_message(message: Mapping[str, Any]) -> Details:
    """What the message says as the form begins with it; redacted, and read like the summary of a call."""
    told = redact(plainly(str(message.get("text") or "")))
    return read_details((), summary=clean(told.text, SUMMARY_AT_MOST), mapping={}, redactions=told.found)


def plainly(text: str) -> str:
    """Slack's markup as people read it: labels in place of links, names in place of mentions, no entities."""
    shown = re.sub(r"<(?:[^|>]*\|)?([^>]*)>", r"\1", text)
    return shown.replace("&lt;", "<").replace("&gt;", ">").replace("&amp;", "&")


async def _open_case(ctx: Context, body: Mapping[str, Any]) -> tuple[str, str]:
    """Title and sentence of what takes the form's place. Raises FormErrors."""
    try:
        user_id, view = check_person(ctx, body), body["view"]
        await ctx.account(user_id)
        values, found = redact_tree(view["state"]["values"])
        if not isinstance(values, dict):
            raise ValueError("a form without values")
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
        now, sha256 = ctx.clock(), hashlib.sha256(case_id.encode()).hexdigest()
        await ctx.db.write(lambda store: calls.receive(store, call, body_sha256=sha256, now=now))
        kind = str(details.fields.call_intent)
        return "Case opened", f"Opened case {case_id}. {where_its_card_goes(ctx.policy, kind)}"
    except FormErrors:
        raise
    except NotAllowed as who:
        return "Not done", await ctx.turned_away(who)
    except SlackUnavailable as closed:
        return "Not done", f"{closed} No case was opened; please try again in a moment."
    except Exception:
        log.exception("a case could not be opened from a message")
        return "Not done", "Something went wrong on our side and no case was opened. Please try again."
