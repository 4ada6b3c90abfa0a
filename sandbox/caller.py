"""Send the sample calls to the bot as DialNexa does: system A in an envelope, system B flat, each signed.

Source: the project's notes on DialNexa, sections 1.2, 1.3 and 2.
"""

import copy
import hashlib
import hmac
import json
import secrets
from collections.abc import Callable
from datetime import UTC, datetime
from pathlib import Path
from typing import Any, Final

from sandbox.slack.delivery import Delivery
from sandbox.slack.workspace import Clock

CALLS: Final = Path(__file__).with_name("calls")
PATH: Final = "/webhooks/dialnexa"


def load_calls(folder: Path = CALLS) -> dict[str, dict[str, Any]]:
    """Return the sample calls by name, in the order of their file names."""
    loaded = [json.loads(path.read_text()) for path in sorted(folder.glob("*.json"))]
    return {call["name"]: call for call in loaded}


def sign(body: bytes, secret: str, system: str) -> dict[str, str]:
    """Return the signature header over the raw body: bare hexadecimal for system A, prefixed for system B."""
    digest = hmac.new(secret.encode(), body, hashlib.sha256).hexdigest()
    return {"x-nexa-signature": f"sha256={digest}"} if system == "B" else {"x-dialnexa-signature": digest}


class Caller:
    """Play DialNexa towards the bot."""

    def __init__(
        self,
        delivery: Delivery,
        secret: str,
        clock: Clock,
        *,
        calls: dict[str, dict[str, Any]] | None = None,
        new_token: Callable[[int], str] = secrets.token_hex,
    ) -> None:
        self._delivery = delivery
        self._secret = secret
        self._clock = clock
        self._new_token = new_token
        self.calls = load_calls() if calls is None else calls

    def listed(self) -> list[dict[str, Any]]:
        return [{key: call[key] for key in ("name", "title", "kind", "says")} for call in self.calls.values()]

    async def call(self, name: str, *, fresh: bool) -> dict[str, Any]:
        """Send a sample call, with a new id and ending now if `fresh`, otherwise unchanged as a repeat."""
        sample = self.calls.get(name)
        if sample is None:
            return {"ok": False, "status": None, "error": "unknown call"}
        body = copy.deepcopy(sample["body"])
        call_id = self._freshen(body) if fresh else _call_of(body)[_id_key(body)]
        raw = json.dumps(body).encode()
        system = "A" if "payload" in body else "B"
        path = f"{PATH}/{sample['event']}" if sample.get("event") else PATH
        headers = {"Content-Type": "application/json", **sign(raw, self._secret, system)}
        answer = await self._delivery.post(path, raw, headers)
        result = {"ok": answer.status == 200, "status": answer.status, "call_id": call_id, "sent": body}
        return {**result, "error": answer.error} if answer.error else result

    def _freshen(self, body: dict[str, Any]) -> str:
        call, key = _call_of(body), _id_key(body)
        call[key] = f"{call[key]}_{self._new_token(4)}"
        if "initiated_at" in call:
            began = datetime.fromtimestamp(self._clock() - call.get("duration_in_seconds", 0), UTC)
            call["initiated_at"] = began.isoformat(timespec="milliseconds").replace("+00:00", "Z")
        return str(call[key])


def _call_of(body: dict[str, Any]) -> dict[str, Any]:
    call: dict[str, Any] = body["payload"]["call"] if "payload" in body else body
    return call


def _id_key(body: dict[str, Any]) -> str:
    return "id" if "payload" in body else "call_id"
