"""Route requests to the operations, with Fidel's headers, ids, bodies and envelopes."""

import json
from collections.abc import Callable, Mapping
from datetime import UTC, datetime
from hmac import compare_digest
from time import perf_counter
from types import MappingProxyType
from typing import Any
from uuid import uuid4

from aiohttp import web

from sandbox.fidel import brands, places, reimbursements, requests, transactions
from sandbox.fidel.answers import UUID, Answer, Api, Ask, Operation, Refusal, invalid
from sandbox.state import State

PREFIX = "/fidel"
NOT_UUIDS = ("metadataId",)

OPERATIONS: Mapping[str, Mapping[str, Operation]] = MappingProxyType(
    {
        "/brands": {"GET": brands.list_brands, "POST": brands.create_brand},
        "/brands/{brandId}": {"GET": brands.get_brand, "PATCH": brands.update_brand},
        "/brands/{brandId}/transactions": {"GET": transactions.list_by_brand},
        "/brands/{brandId}/programs/{programId}/locations": {"GET": places.list_locations},
        "/programs": {"GET": places.list_programs},
        "/programs/{programId}": {"GET": places.get_program},
        "/programs/{programId}/locations": {"GET": places.list_locations},
        "/programs/{programId}/cards": {"GET": places.list_cards},
        "/programs/{programId}/transactions": {"GET": transactions.list_by_program},
        "/programs/{programId}/missing-transaction-requests": {"GET": requests.list_by_program},
        "/locations/{locationId}": {"GET": places.get_location, "PATCH": places.update_location},
        "/cards/metadata/{metadataId}": {"GET": places.list_cards_by_metadata_id},
        "/cards/{cardId}": {"GET": places.get_card},
        "/cards/{cardId}/metadata": {"PUT": places.update_card_metadata},
        "/cards/{cardId}/transactions": {"GET": transactions.list_by_card},
        "/cards/{cardId}/missing-transaction-requests": {"POST": requests.create_request},
        "/missing-transaction-requests/{missingTransactionRequestId}": {"GET": requests.get_request},
        "/transactions/test": {"POST": transactions.create_test_transaction},
        "/transactions/{transactionId}": {
            "GET": transactions.get_transaction,
            "PATCH": transactions.clear_test_transaction,
        },
        "/transactions/{transactionId}/reimbursement": {"POST": reimbursements.create_reimbursement},
        "/accounts/{accountId}/credits/balance": {"GET": reimbursements.get_balance},
    }
)


def routes(
    state: State,
    key: str,
    *,
    new_id: Callable[[], str] = lambda: str(uuid4()),
    now: Callable[[], datetime] = lambda: datetime.now(UTC),
) -> list[web.RouteDef]:
    """Return every route below `/fidel/v1`; `key` is the only secret API key accepted."""
    api = Api(state, key, new_id, now)
    table = [web.route("*", f"{PREFIX}/v1{path}", _door(api, ways)) for path, ways in OPERATIONS.items()]
    return [*table, web.route("*", PREFIX + "/v1{tail:.*}", _door(api, None))]


def _door(api: Api, ways: Mapping[str, Operation] | None) -> Callable[[web.Request], Any]:
    async def handle(request: web.Request) -> web.Response:
        begun = perf_counter()
        try:
            _refuse_headers(api, request)
            operation = _operation(request, ways)
            answer = operation(api, Ask(request.match_info, request.query, await _body(request)))
        except Refusal as refusal:
            return _refused(api, request, refusal, begun)
        return _answered(request, answer, begun)

    return handle


def _refuse_headers(api: Api, request: web.Request) -> None:
    if request.content_type != "application/json":
        raise Refusal(400, "content-type", "Content-Type header is not defined")
    if not compare_digest(request.headers.get("Fidel-Key", "").encode(), api.key.encode()):
        raise Refusal(401, "credential", "Credential does not exist")
    if request.method == "GET" and request.can_read_body:
        raise Refusal(403, None, "Request is malformed")


def _operation(request: web.Request, ways: Mapping[str, Operation] | None) -> Operation:
    if ways is None:
        raise Refusal(404, "routes", "Route does not exist")
    operation = ways.get(request.method)
    if operation is None:
        raise Refusal(405, "routes", "Invalid HTTP method")
    for name, value in request.match_info.items():
        if name not in NOT_UUIDS and not UUID.fullmatch(value):
            raise Refusal(400, "uuid", "Invalid uuid")
    return operation


async def _body(request: web.Request) -> Any:
    if request.method == "GET":
        return None
    try:
        return json.loads(await request.read(), parse_constant=_refuse_constant)
    except ValueError:
        raise invalid("should be object") from None


def _refuse_constant(name: str) -> None:
    raise ValueError(f"{name} is not JSON")


def _answered(request: web.Request, answer: Answer, begun: float) -> web.Response:
    envelope = {"items": list(answer.items), **answer.paging}
    return _sent(request, envelope, answer.status, begun)


def _refused(api: Api, request: web.Request, refusal: Refusal, begun: float) -> web.Response:
    code = {} if refusal.code is None else {"code": refusal.code}
    error = {**code, "message": refusal.message, "date": api.stamp(), **refusal.extra}
    return _sent(request, {"error": error}, refusal.status, begun)


def _sent(request: web.Request, envelope: dict[str, Any], status: int, begun: float) -> web.Response:
    envelope |= {
        "resource": request.path.removeprefix(PREFIX),
        "status": status,
        "execution": round((perf_counter() - begun) * 1000, 3),
    }
    return web.json_response(envelope, status=status)
