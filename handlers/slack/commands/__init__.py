"""Handle slash commands: `/invoice-resend` opens a case, `/finance` lists, shows and moves cases."""

import re
from collections.abc import Awaitable, Callable, Mapping
from typing import Any

from slack_bolt.async_app import AsyncAck, AsyncApp

from bot.core.cards.forms import is_e_mail
from bot.core.model import Call, Details, Fields, Kind
from bot.core.playbooks import PLAYBOOKS
from bot.core.policy import Policy
from bot.core.redact import redact
from bot.core.slack_ids import Command
from bot.core.triage import case_id_of
from handlers.context import Context
from handlers.slack.answering import Surface, answered
from handlers.slack.commands import finance
from handlers.slack.commands.parse import Asked, Reply

USAGE = "Usage: `/invoice-resend INV-123` or `/invoice-resend INV-123 name@example.com`"
_LINKED = re.compile(r"<mailto:[^|>]*\|([^>]+)>")  # Slack makes links of addresses when it escapes

COMMAND = Surface(
    "Nothing was done; please try again in a moment.",
    "a command could not be carried out",
    "Something went wrong on our side: nothing was done and no case was opened. Please try again.",
)

Answer = Callable[[Context, Mapping[str, Any]], Awaitable[Reply]]


def register(bolt: AsyncApp, ctx: Context) -> None:
    bolt.command(Command.INVOICE_RESEND)(_listener(ctx, _open_resend))
    bolt.command(Command.FINANCE)(_listener(ctx, _finance))


def _listener(ctx: Context, answer: Answer) -> Callable[..., Awaitable[None]]:
    async def listen(ack: AsyncAck, body: dict[str, Any]) -> None:
        reply = await answered(ctx, COMMAND, _checked(ctx, answer, body), Reply)
        await ack(text=reply.text, blocks=reply.blocks or None, response_type="ephemeral")

    return listen


async def _checked(ctx: Context, answer: Answer, body: Mapping[str, Any]) -> Reply:
    ctx.check_team(body["user_id"], body["team_id"])
    return await answer(ctx, body)


async def _finance(ctx: Context, body: Mapping[str, Any]) -> Reply:
    person = await ctx.person(body["user_id"])
    text = redact(body.get("text") or "").text
    identity = f"command:{body['team_id']}:{body['trigger_id']}"
    return await finance.answer(Asked(ctx=ctx, person=person, identity=identity, words=tuple(text.split())))


async def _open_resend(ctx: Context, body: Mapping[str, Any]) -> Reply:
    text = redact(_LINKED.sub(r"\1", body.get("text") or "")).text
    words = text.split()
    if not 1 <= len(words) <= 2:
        return Reply(USAGE)
    number, email = words[0], (words[1] if len(words) == 2 else None)
    if not re.fullmatch(r"[\w./#-]{2,40}", number):
        return Reply(f"“{number[:40]}” does not look like an invoice number. {USAGE}")
    if email is not None and not is_e_mail(email):
        return Reply(f"“{email[:60]}” is not an e-mail address. {USAGE}")
    await ctx.account(body["user_id"])
    case_id = case_id_of(f"slack:{body['team_id']}:{body['trigger_id']}")
    fields = Fields(call_intent=Kind.INVOICE_RESEND.value, invoice_number=number, email=email)
    summary = f"A colleague asks to send invoice {number} again" + (f" to {email}." if email else ".")
    call = Call(
        call_id=case_id,
        author=body["user_id"],
        event=f"command {Command.INVOICE_RESEND}",
        details=Details(summary=summary, fields=fields),
    )
    await ctx.receive(call, case_id.encode())
    return Reply(f"Opened case {case_id}. {where_its_card_goes(ctx.policy, Kind.INVOICE_RESEND)}")


def where_its_card_goes(policy: Policy, kind: str) -> str:
    """Return a sentence on where the card goes; a case that turns out to be unclear goes to review instead."""
    rules = policy.kinds.get(Kind(kind))
    name = (rules.channel if rules else None) or PLAYBOOKS[Kind(kind)].channel
    channel = policy.channels.get(name) or policy.channels["fallback"]
    return f"Its card is on its way to {channel}; somebody else approves it."
