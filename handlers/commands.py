"""Slash commands: they open a case, and tell the person where it is."""

import hashlib
import logging
import re
from typing import Any

from slack_bolt.async_app import AsyncAck, AsyncApp

from bot.cases import intake
from bot.core.cards.forms import is_e_mail
from bot.core.model import Call, Details, Fields, Kind
from bot.core.names import Command
from bot.core.playbooks import PLAYBOOKS
from bot.core.redact import redact
from bot.core.triage import case_id_of
from handlers.clicks import STRANGER
from handlers.doors import Doors

log = logging.getLogger("countersign.doors")

USAGE = "Usage: `/invoice-resend INV-123` or `/invoice-resend INV-123 name@example.com`"
_LINKED = re.compile(r"<mailto:[^|>]*\|([^>]+)>")  # Slack makes links of addresses when it escapes


def register(bolt: AsyncApp, doors: Doors) -> None:
    @bolt.command(Command.INVOICE_RESEND)
    async def invoice_resend(ack: AsyncAck, body: dict[str, Any]) -> None:
        try:
            text = await _open_resend(doors, body)
        except Exception:
            log.exception("a command could not be carried out")
            text = "Something went wrong on our side and no case was opened. Please try again."
        await ack(text=text, response_type="ephemeral")
        doors.wake("calls")


async def _open_resend(doors: Doors, body: dict[str, Any]) -> str:
    text = redact(_LINKED.sub(r"\1", body.get("text") or "")).text
    words = text.split()
    if not 1 <= len(words) <= 2:
        return USAGE
    number, email = words[0], (words[1] if len(words) == 2 else None)
    if not re.fullmatch(r"[\w./#-]{2,40}", number):
        return f"“{number[:40]}” does not look like an invoice number. {USAGE}"
    if email is not None and not is_e_mail(email):
        return f"“{email[:60]}” is not an e-mail address. {USAGE}"
    if doors.desk.team_id not in (None, body["team_id"]):
        return STRANGER
    case_id = case_id_of(f"slack:{body['team_id']}:{body['trigger_id']}")
    fields = Fields(call_intent=Kind.INVOICE_RESEND.value, invoice_number=number, email=email)
    summary = f"A colleague asks to send invoice {number} again" + (f" to {email}." if email else ".")
    call = Call(
        call_id=case_id,
        author=body["user_id"],
        event=f"command {Command.INVOICE_RESEND}",
        details=Details(summary=summary, fields=fields),
    )
    now, sha256 = doors.clock(), hashlib.sha256(case_id.encode()).hexdigest()
    await doors.db.write(lambda store: intake.receive(store, call, body_sha256=sha256, now=now))
    rules = doors.policy.kinds.get(Kind.INVOICE_RESEND)
    name = (rules.channel if rules else None) or PLAYBOOKS[Kind.INVOICE_RESEND].channel
    channel = doors.policy.channels.get(name) or doors.policy.channels["fallback"]
    return f"Opened case {case_id}. Its card is on its way to {channel}; somebody else approves it."
