"""Define what all operations share: parameters in brackets, refusals, look-ups and expansion."""

import re
from collections.abc import Awaitable, Callable, Iterable, Mapping
from dataclasses import dataclass, field
from datetime import datetime
from types import MappingProxyType
from typing import Any, NamedTuple

from sandbox.state import State

Body = dict[str, Any]

KINDS: Mapping[str, tuple[str, str]] = MappingProxyType(
    {
        "cus": ("customers", "customer"),
        "ch": ("charges", "charge"),
        "pi": ("payment_intents", "payment_intent"),
        "re": ("refunds", "refund"),
        "dp": ("disputes", "dispute"),
        "in": ("invoices", "invoice"),
        "inpay": ("invoice_payments", "invoice_payment"),
        "cn": ("credit_notes", "credit_note"),
        "sub": ("subscriptions", "subscription"),
        "evt": ("events", "event"),
    }
)
EXPAND_DEPTH = 4


class Refusal(Exception):
    """Refuse a request with Stripe's error body."""

    def __init__(
        self,
        status: int,
        message: str,
        *,
        code: str | None = None,
        param: str | None = None,
        decline_code: str | None = None,
        kind: str = "invalid_request_error",
    ) -> None:
        super().__init__(message)
        self.status = status
        doc_url = code and f"https://docs.stripe.com/error-codes#{code.replace('_', '-')}"
        members = {"type": kind, "code": code, "decline_code": decline_code, "message": message, "param": param}
        self.body = {"error": {name: value for name, value in (members | {"doc_url": doc_url}).items() if value}}


@dataclass(frozen=True)
class Api:
    """Hold the state with its sources of ids and time; `running` holds the idempotency keys in execution."""

    state: State
    key: str
    new_id: Callable[[str], str]
    now: Callable[[], datetime]
    pause: Callable[[], Awaitable[None]] | None = None
    running: set[str] = field(default_factory=set)

    @property
    def store(self) -> dict[str, Any]:
        return self.state.stripe

    def seconds(self) -> int:
        return int(self.now().timestamp())

    def find(self, prefix: str, object_id: str, *, param: str = "id", status: int = 404) -> Body:
        kind, noun = KINDS[prefix]
        found: Body | None = self.store[kind].get(object_id)
        if found is None:
            raise Refusal(status, f"No such {noun}: '{object_id}'", code="resource_missing", param=param)
        return found


class Ask(NamedTuple):
    path: Mapping[str, str]
    params: Body
    request_id: str | None = None
    key: str | None = None


def nested(pairs: Iterable[tuple[str, str]]) -> Body:
    """Return `a[b]=1&c[]=2&c[]=3` as `{"a": {"b": "1"}, "c": ["2", "3"]}`. Raises Refusal for conflicting names."""
    params: Body = {}
    for key, value in pairs:
        steps = key.replace("]", "").split("[")
        node = params
        for step in steps[:-1]:
            node = node.setdefault(step, {})
            if not isinstance(node, dict):
                raise Refusal(400, f"Invalid parameter: {key}", param=key)
        last = steps[-1]
        name = str(len(node)) if last == "" and len(steps) > 1 else last
        node[name] = value
    return {name: _listed(value) for name, value in params.items()}


def _listed(value: Any) -> Any:
    if not isinstance(value, dict):
        return value
    inner = {name: _listed(item) for name, item in value.items()}
    return list(inner.values()) if inner and all(name.isdigit() for name in inner) else inner


def refuse_unknown(params: Body, known: Iterable[str]) -> None:
    for name in params:
        if name not in known:
            raise Refusal(400, f"Received unknown parameter: {name}", code="parameter_unknown", param=name)


def integer(params: Body, name: str, *, least: int = 0, most: int | None = None) -> int | None:
    """Return a parameter as an integer, None if absent. Raises Refusal for other text or one out of bounds."""
    text = params.get(name)
    if text is None:
        return None
    if not isinstance(text, str) or not re.fullmatch(r"-?[0-9]{1,15}", text):
        raise Refusal(400, f"Invalid integer: {text}", code="parameter_invalid_integer", param=name)
    value = int(text)
    if value < least or (most is not None and value > most):
        bound = f"greater than or equal to {least}" if value < least else f"less than or equal to {most}"
        raise Refusal(400, f"This value must be {bound}.", code="parameter_invalid_integer", param=name)
    return value


def expanded(api: Api, body: Body, paths: Any) -> Body:
    """Return a copy of the body with the whole object at each path, such as `latest_charge` or `data.charge`."""
    if not isinstance(paths, list) or not all(isinstance(path, str) for path in paths):
        raise Refusal(400, "Invalid array", param="expand")
    body = dict(body)
    for path in paths:
        steps = path.split(".")
        if len(steps) > EXPAND_DEPTH:
            raise Refusal(400, f"You cannot expand more than {EXPAND_DEPTH} levels of a property.", param="expand")
        _expand(api, body, steps, path)
    return body


def _expand(api: Api, node: Body, steps: list[str], path: str) -> None:
    name, rest = steps[0], steps[1:]
    value = _whole(api, node, name)
    if isinstance(value, list):
        node[name] = [dict(item) for item in value]
    elif isinstance(value, dict):
        node[name] = dict(value)
    elif node.get(name, name) is not None:  # absent, a plain value, or the id of an unknown object
        raise Refusal(400, f"This property cannot be expanded ({path}).", param="expand")
    if rest and value is not None:
        for item in node[name] if isinstance(value, list) else [node[name]]:
            _expand(api, item, rest, path)


def _whole(api: Api, node: Body, name: str) -> Any:
    if node.get("object") == "charge" and name == "refunds":
        return _refunds(api, node)
    if node.get("object") == "invoice" and name == "payments":
        data = [payment for payment in api.store["invoice_payments"].values() if payment["invoice"] == node["id"]]
        return {"object": "list", "data": data, "has_more": False, "url": "/v1/invoice_payments"}
    value = node.get(name)
    kind = KINDS.get(value.partition("_")[0]) if isinstance(value, str) else None
    return api.store[kind[0]].get(value) if kind else value


def _refunds(api: Api, charge: Body) -> Body:
    ids = api.store["refunds_of"].get(charge["payment_intent"], [])
    data = [api.store["refunds"][refund_id] for refund_id in reversed(ids[-10:])]
    return {"object": "list", "data": data, "has_more": len(ids) > 10, "url": f"/v1/charges/{charge['id']}/refunds"}
