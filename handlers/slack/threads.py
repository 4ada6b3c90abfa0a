"""Answer a verdict in a card's thread, which decides nothing: the person is told once where the buttons are."""

import re
from collections.abc import Mapping
from typing import Any

from slack_bolt.async_app import AsyncApp

from bot.cases import cards
from bot.core.cards.wording import how_it_stands
from bot.core.model import CardCopy, CaseFile, CaseState
from handlers.context import Context
from handlers.slack.answering import logged

WORDS_AT_MOST = 6  # whoever writes more discusses
_WORD = re.compile(r"[a-z+1']+|:[a-z0-9_+-]+:")
_YES = "approve approved approving ok okay yes yep yeah lgtm agreed +1 :+1: :thumbsup: :white_check_mark: :ok:"
_NO = "no nope reject rejected rejecting decline declined deny denied :-1: :thumbsdown: :x: :no_entry:"
_BESIDE = "i we it this that please from me us my our side all go ahead do is the refund case request thanks"
_DECIDES, _KNOWN = frozenset(f"{_YES} {_NO}".split()), frozenset(f"{_YES} {_NO} {_BESIDE}".split())


def register(bolt: AsyncApp, ctx: Context) -> None:
    @bolt.event("message")
    async def said(event: dict[str, Any]) -> None:
        if is_a_verdict(event):
            await logged(ctx, "a reply in a thread could not be answered", _answer(ctx, event))


def is_a_verdict(event: Mapping[str, Any]) -> bool:
    """Return whether a person's reply in a thread says yes or no and nothing else: "approved", "reject this please"."""
    by_a_person = event.get("user") and not event.get("bot_id") and event.get("subtype") in (None, "thread_broadcast")
    if not by_a_person or event.get("thread_ts") in (None, event.get("ts")):
        return False
    text = re.sub(r"<[^>]*>", " ", str(event.get("text") or "")).lower().replace("\u2019", "'")
    words = _WORD.findall(text)
    plain = not re.search(r"[?\d]", text.replace("+1", "")) and len(words) <= WORDS_AT_MOST
    return plain and bool(_DECIDES.intersection(words)) and _KNOWN.issuperset(words)


async def _answer(ctx: Context, event: Mapping[str, Any]) -> None:
    """Answer each person once a thread, whatever Slack delivers again."""
    channel_id, thread_ts, user_id = str(event["channel"]), str(event["thread_ts"]), str(event["user"])
    identity = f"words:{channel_id}:{thread_ts}:{user_id}"

    found = await ctx.write(cards.case_of_thread, channel_id, thread_ts, identity=identity)
    if found is not None:
        ctx.count("slack", "words_in_a_thread")
        await ctx.slack_port.whisper(channel_id, user_id, _reply(ctx, *found), thread_ts=thread_ts)


def _reply(ctx: Context, file: CaseFile, copy: CardCopy | None) -> str:
    if file.case.state is not CaseState.OPEN:
        return f"Words in a thread decide nothing. {how_it_stands(file)}"
    link = ctx.link(copy)
    card = f"<{link}|the card>" if link else "the card"
    return f"Words in a thread decide nothing. The buttons are on {card} at the top: please press the one you mean."
