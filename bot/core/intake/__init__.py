"""Read what DialNexa sends, in all its generations, into a Call (dialnexa.md, sections 1, 4 and 8.1).

Redaction comes first, over the whole body, so that nothing that is read here can hold a card number. What is not a
finished call is Ignored with a reason; only a body that is no JSON object is an error.
"""

import json
from collections.abc import Iterator, Mapping, Sequence
from decimal import Decimal

from pydantic import JsonValue

from bot.core.intake.amounts import CURRENCY_NOT_STATED
from bot.core.intake.fields import pairs, read_details
from bot.core.intake.values import clean, moment_of, read_transcript, seconds_of, text_of
from bot.core.model import Call, Details, Frozen
from bot.core.money import from_major
from bot.core.redact import field_name, redact_tree, redact_turns

SUMMARY_AT_MOST = 3000  # characters: what one section of a Slack message can show
CALL_ID_AT_MOST = 200  # longer is no id, and a cut one could be another call's

_ENDED = frozenset(("call_ended", "call.completed"))  # systems A and B
_SESSION = frozenset(("call.analysis_ready", "call.transcript_ready"))  # system C
_PASSING = {
    "verification": "DialNexa checks the address.",
    "ping": "DialNexa checks the address.",
    "call_initiated": "The call has only begun.",
    "transfer_completed": "A transfer is reported with the end of its call.",
    "call.started": "The call has only begun.",
    "call.ended": "The transcript and the analysis are still to come.",
    "call.failed": "The call did not connect.",
    "call.no_answer": "The call did not connect.",
    "call.function_error": "It tells of a fault during the call, not of its end.",
    "alert.triggered": "It is an alert about a workspace.",
}
_NOT_FINAL = frozenset(("created", "initiated", "sent", "received", "in_progress", "ringing", "queued", "ongoing"))
_NOT_CONNECTED = frozenset(
    ("hangup", "did_not_pick", "no_answer", "busy", "failed", "cancelled", "canceled", "retry_expired", "voicemail")
)
_CALL_TYPES = frozenset(("phone", "web", "phone_call", "web_call"))  # `type` of a call, where others have an event
_ANALYSIS = ("post_call_analysis", "postcallanalysis", "extracted_data", "analysis", "json_output")
_STARTED = ("initiated_at", "called_time", "initiated_time", "createdAt", "created_at", "timestamp")
_DURATION = ("duration_in_seconds", "duration_seconds", "duration_sec", "duration")
_CONTENT = ("summary", "transcript", "messages", "conversation", *_ANALYSIS)

Json = Mapping[str, JsonValue]


class BadBody(Exception):
    """Refuse a body that is no JSON object; the message is a sentence for the sender."""


class Ignored(Frozen):
    """Describe a delivery that is no finished call: it is acknowledged, and nothing more."""

    reason: str  # a sentence
    event: str  # as stated or inferred; empty where there is none


Received = Call | Ignored


def read_call(body: JsonValue, route_event: str | None, mapping: Mapping[str, str]) -> Received:
    """Return a Call, or Ignored. Raises BadBody for JSON that is not an object.

    `route_event` is the event that the address names, for bodies that do not; `mapping` is the policy's, their field
    name to ours.
    """
    if not isinstance(body, Mapping):
        raise BadBody("The body must be a JSON object.")
    tree, found = redact_tree(dict(body))
    root = tree if isinstance(tree, dict) else {}
    parts = _parts(root)
    call_id = _call_id(parts)
    event = _event(root, route_event, call_id)
    reason = _why_ignored(event, parts)
    if call_id is not None and reason is None:
        return _call(call_id, event or "call.completed", parts, mapping, found)
    return Ignored(reason=reason or "It names no call.", event=event)


def merge(calls: Sequence[Details]) -> Details:
    """Merge several tellings of a call: a later value wins, what it leaves out remains.

    Money follows the merged amount and currency; a doubt about a currency that has been stated since is settled.
    """
    merged = Details()
    for details in calls:
        merged = _merged(merged, details)
    return merged


def _merged(old: Details, new: Details) -> Details:
    stated = {name: value for name, value in new.fields if value not in (None, "")}
    if old.fields.sensitive_data_spoken:
        stated["sensitive_data_spoken"] = True  # once said, it is in the recording
    if old.fields.billing_address and new.fields.billing_address:
        parts = {name: part for name, part in new.fields.billing_address if part}
        stated["billing_address"] = old.fields.billing_address.model_copy(update=parts)
    fields = old.fields.model_copy(update=stated)
    amount, currency = fields.amount, fields.currency
    doubts = dict.fromkeys((*old.doubts, *new.doubts))
    return Details(
        summary=new.summary or old.summary,
        fields=fields,
        money=from_major(Decimal(amount), currency) if amount and currency else new.money or old.money,
        unmapped={**old.unmapped, **new.unmapped},
        from_summary=(*(name for name in old.from_summary if name not in stated), *new.from_summary),
        redactions=tuple(dict.fromkeys((*old.redactions, *new.redactions))),
        doubts=tuple(doubt for doubt in doubts if not (currency and doubt.startswith(CURRENCY_NOT_STATED))),
    )


def _parts(root: Json) -> tuple[Json, ...]:
    """Return the call object, then what is around it: a value is looked for in this order."""
    around = [value for name in ("payload", "data") if isinstance(value := root.get(name), Mapping)]
    calls = [value.get("call") for value in (*around, root)]
    call = next((value for value in (*calls, *around) if isinstance(value, Mapping) and value), root)
    return (call, *(value for value in (*around, root) if value is not call))


def _first(parts: Sequence[Json], *names: str) -> JsonValue:
    values = (value for part in parts for name in names if (value := part.get(name)) not in (None, "", {}, []))
    return next(values, None)


def _call_id(parts: Sequence[Json]) -> str | None:
    value = _first(parts[:1], "id", "call_id", "session_id") or _first(parts[1:], "call_id", "session_id")
    call_id = text_of(value, CALL_ID_AT_MOST + 1)
    return call_id if call_id and len(call_id) <= CALL_ID_AT_MOST else None


def _event(root: Json, route_event: str | None, call_id: str | None) -> str:
    """Return the event as the body states it, else as the address does; empty if only the shape of the body tells."""
    for name in ("event_type", "event", "type"):
        stated = (text_of(root.get(name), 80) or "").lower()
        if stated and stated not in _CALL_TYPES:
            return _known(stated)
    if route_event:
        return _known(clean(route_event, 80).lower())
    return "verification" if call_id is None and "message" in root else ""


def _known(event: str) -> str:
    """Return the event under the name we know: an address may spell call.completed as call-completed."""
    spellings = (event, event.replace("-", "_"), event.replace("-", ".").replace("_", "."))
    return next((name for name in spellings if name in _PASSING or name in _ENDED or name in _SESSION), event)


def _why_ignored(event: str, parts: Sequence[Json]) -> str | None:
    if event in _PASSING:
        return _PASSING[event]
    if event in _SESSION:
        return None
    if event and event not in _ENDED:
        return f"The event “{event}” is not known."
    status = (text_of(_first(parts[:1], "status"), 40) or "").lower().replace("-", "_").replace(" ", "_")
    if status in _NOT_FINAL:
        return f"The call is not over: {status}."
    if status in _NOT_CONNECTED:
        why = text_of(_first(parts[:1], "hangup_reason", "disconnection_reason", "end_reason"), 80)
        return f"The call did not connect: {why or status}."
    if status != "completed" and _first(parts[:1], *_CONTENT) is None:
        return "It tells of no finished call."
    return None


def _call(call_id: str, event: str, parts: Sequence[Json], mapping: Mapping[str, str], found: Sequence[str]) -> Call:
    analysis = _loaded(_first(parts, *_ANALYSIS))
    stated = list(pairs(analysis))
    summary = _summary(parts, stated)
    turns, more = redact_turns(read_transcript(_first(parts, "transcript", "messages", "conversation")))
    details = read_details(
        (list(_own(parts)), stated, list(pairs(_loaded(_first(parts, "metadata"))))),
        summary=summary,
        mapping=mapping,
        redactions=(*found, *more),
    )
    return Call(
        call_id=call_id,
        event=event,
        agent_id=text_of(_first(parts, "agent_id")),
        direction=text_of(_first(parts, "direction", "call_direction")),
        from_number=text_of(_first(parts, "from_number", "from_phone_number", "from", "phone_number")),
        to_number=text_of(_first(parts, "to_number", "to_phone_number", "to")),
        started_at=moment_of(_first(parts, *_STARTED)),
        duration_s=seconds_of(_first(parts, *_DURATION)),
        transcript=turns,
        details=details,
        analysed=event != "call.transcript_ready" or bool(stated),
    )


def _own(parts: Sequence[Json]) -> Iterator[tuple[str, JsonValue]]:
    """Yield what DialNexa itself says of the call, beside the fields of the workspace."""
    yield "sentiment", _first(parts, "sentiment")
    yield "language", _first(parts, "language")
    yield "recording_url", _first(parts, "recording_url", "recording_sas_url")
    transfer = _first(parts, "call_transfer")
    if isinstance(transfer, Mapping):
        yield "call_transfer", [transfer.get("destination"), transfer.get("status")]


def _summary(parts: Sequence[Json], stated: list[tuple[str, JsonValue]]) -> str | None:
    """Return the call's own summary, else the analysis's, which is then taken out of its fields."""
    own = _first(parts, "summary")
    for pair in stated:
        if field_name(pair[0]) in ("summary", "call_summary") and (own is None or pair[1] == own):
            stated.remove(pair)
            own = pair[1]
            break
    text = clean(own, SUMMARY_AT_MOST) if isinstance(own, str) else text_of(own, SUMMARY_AT_MOST)
    return text if text and text_of(text) else None


def _loaded(container: JsonValue) -> JsonValue:
    """Load an object that some generations send as its JSON text."""
    if not isinstance(container, str):
        return container
    try:
        loaded: JsonValue = json.loads(container)
    except (ValueError, RecursionError):
        return {"analysis": container}
    return loaded
