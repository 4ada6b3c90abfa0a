"""Receive calls from DialNexa: verify the bytes, redact, one transaction, answer."""

import json
import logging
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

from aiohttp import web

from bot.core.intake import BadBody, Ignored, read_call
from bot.core.model import Call
from bot.core.policy import Policy
from bot.core.signature import dialnexa_signed
from bot.core.triage import case_id_of
from handlers.context import Context

log = logging.getLogger("countersign.handlers")

SIGNATURES = ("x-dialnexa-signature", "x-nexa-signature")
VERIFICATION_SIZE = 1024  # bytes; the URL check carries a message and a time, nothing else


@dataclass(frozen=True)
class DialNexaHandler:
    ctx: Context
    secrets: Sequence[str]

    def routes(self) -> list[web.RouteDef]:
        return [web.post("/webhooks/dialnexa", self.receive), web.post("/webhooks/dialnexa/{event}", self.receive)]

    async def receive(self, request: web.Request) -> web.Response:
        """Answer 200 after the commit, 401 bad signature, 400 not JSON, 413 too large, 503 if a retry is wanted."""
        body = await request.read()
        if not dialnexa_signed(request.headers, body, self.secrets):
            return self._unsigned(request, body)
        try:
            call = read_call(_parsed(body), request.match_info.get("event"), self.ctx.policy.fields)
        except BadBody:
            self.ctx.count("dialnexa", "not_json")
            return _answer(400, error="The body is not a JSON object.")
        except Exception:  # a fault of ours must not cost the call: a 4xx would tell DialNexa to give up
            log.exception("a call could not be read; DialNexa is asked to send it again")
            self.ctx.count("dialnexa", "not_read")
            return _answer(503, error="Not read; please send it again.")
        if isinstance(call, Ignored):
            self.ctx.count("dialnexa", f"ignored_{call.event or 'unknown'}"[:60])
            return _answer(200, status="ignored", reason=call.reason)
        if _muted(self.ctx.policy, call):
            self.ctx.count("dialnexa", "muted")
            return _answer(200, status="ignored", reason="This agent or number is muted in the policy.")
        return await self._keep(call, body)

    async def _keep(self, call: Call, body: bytes) -> web.Response:
        try:
            status = await self.ctx.receive(call, body)
        except Exception:
            log.exception("a call could not be stored; DialNexa is asked to send it again")
            self.ctx.count("dialnexa", "not_stored")
            return _answer(503, error="Not stored; please send it again.")
        self.ctx.count("dialnexa", status)
        return _answer(200, status=status, case=case_id_of(call.call_id))

    def _unsigned(self, request: web.Request, body: bytes) -> web.Response:
        """Refuse, or answer a URL check: it is not known whether DialNexa signs it, and answering does nothing."""
        if not any(name in request.headers for name in SIGNATURES) and _is_verification(body):
            self.ctx.count("dialnexa", "verification")
            return _answer(200, status="verified")
        self.ctx.count("dialnexa", "bad_signature")
        return _answer(401, error="The signature does not fit the body and any active secret.")


def _parsed(body: bytes) -> Any:
    try:
        return json.loads(body)
    except (ValueError, RecursionError):
        raise BadBody("The body is not JSON.") from None


def _is_verification(body: bytes) -> bool:
    if len(body) > VERIFICATION_SIZE:
        return False
    try:
        parsed = _parsed(body)
    except BadBody:
        return False
    if not isinstance(parsed, dict):
        return False
    inner = parsed.get("payload") if parsed.get("event_type") == "verification" else parsed
    return isinstance(inner, dict) and set(inner) <= {"message", "timestamp", "event_type"} and "message" in inner


def _muted(policy: Policy, call: Call) -> bool:
    numbers = {_digits(number) for number in policy.intake.mute_numbers}
    heard = {_digits(number) for number in (call.from_number, call.to_number) if number}
    return call.agent_id in policy.intake.mute_agents or bool(numbers & heard)


def _digits(number: str) -> str:
    return "".join(sign for sign in number if sign.isdigit())


def _answer(code: int, **content: str) -> web.Response:
    return web.json_response(content, status=code)
