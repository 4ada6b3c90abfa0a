"""Answer missing-transaction requests: searches for a purchase that was not captured, never disputes."""

from datetime import UTC, date, datetime, time, timedelta
from typing import Any

from sandbox.fidel.answers import (
    Answer,
    Api,
    Ask,
    Item,
    Refusal,
    decimal_text,
    invalid,
    is_number,
    moment,
    number,
    page,
    stamp,
)
from sandbox.fidel.schema import checked, text

WAIT_DAYS = 4  # the networks are asked once the purchase is this old
WINDOW_DAYS = {"amex": 30}
WINDOW_DAYS_OTHERS = 90
DAYS_APART = 3  # a stated date this far from the network's still matches, with a lower score


def create_request(api: Api, ask: Ask) -> Answer:
    """Create a request; a repeat creates a second one, since nothing here is idempotent."""
    card = api.find("cards", ask.path["cardId"], parent=True)
    rules = {"locationId": text(1), "transactionDate": _date, "amount": _amount}
    body = checked(ask.body, rules, required=tuple(rules))
    location = api.find("locations", body["locationId"], parent=True)
    bought_on = date.fromisoformat(body["transactionDate"])
    _refuse_outside_window(card["scheme"], bought_on, api.now().date())
    at = api.stamp()
    request = {
        "id": api.new_id(),
        "accountId": card["accountId"],
        "programId": card["programId"],
        "brandId": location["brandId"],
        "locationId": location["id"],
        "cardId": card["id"],
        "cardLastNumbers": card["lastNumbers"],
        "amount": decimal_text(body["amount"]),
        "transactionDate": body["transactionDate"],
        "scheme": card["scheme"],
        "status": "pending",
        "estimatedCompletionDate": stamp(_asked_at(bought_on)),
        "live": False,
        "created": at,
        "updated": at,
    }
    api.store["requests"][request["id"]] = request
    api.state.changed("fidel")
    return Answer([_shown(request)], status=201)


def get_request(api: Api, ask: Ask) -> Answer:
    request = api.find("requests", ask.path["missingTransactionRequestId"])
    _settle(api, request)
    return Answer([_shown(request)])


def list_by_program(api: Api, ask: Ask) -> Answer:
    program_id = api.find("programs", ask.path["programId"], parent=True)["id"]
    found = [request for request in api.store["requests"].values() if request["programId"] == program_id]
    for request in found:
        _settle(api, request)
    return page(found, ask, _shown)


def _settle(api: Api, request: Item) -> None:
    """Complete a pending request once its purchase is old enough, from the purchases in `uncaptured`."""
    if request["status"] != "pending" or api.now() < moment(request["estimatedCompletionDate"]):
        return
    found = [match for purchase in api.store["uncaptured"] if (match := _match(request, purchase))]
    if found:
        outcome: Item = {"status": "successful", "result": {"transactions": found}}
    else:
        error = {"code": "transaction-not-found", "message": "No matching transaction was found"}
        outcome = {"status": "failed", "result": {"error": error}}
    request |= {**outcome, "updated": api.stamp()}
    api.state.changed("fidel")


def _match(request: Item, purchase: Item) -> Item | None:
    same_place = purchase["cardId"] == request["cardId"] and purchase["locationId"] == request["locationId"]
    apart = abs(date.fromisoformat(purchase["date"]) - date.fromisoformat(request["transactionDate"])).days
    if not same_place or apart > DAYS_APART or number(purchase["amount"]) != number(request["amount"]):
        return None
    return {
        "amount": number(purchase["amount"]),
        "date": purchase["date"],
        "merchantName": purchase["merchantName"],
        "merchantCity": purchase["merchantCity"],
        "networkStatus": "settled",
        "type": "settlement",
        "matchScore": 98 - 9 * apart,
    }


def _refuse_outside_window(scheme: str, bought_on: date, today: date) -> None:
    window = WINDOW_DAYS.get(scheme, WINDOW_DAYS_OTHERS)
    if bought_on > today:
        raise invalid("transactionDate should NOT be in the future")
    if today - bought_on > timedelta(days=window):
        raise Refusal(400, "transaction-date", f"transactionDate should be within the last {window} days")


def _asked_at(bought_on: date) -> datetime:
    return datetime.combine(bought_on, time(), UTC) + timedelta(days=WAIT_DAYS)


def _shown(request: Item) -> Item:
    return {**request, "amount": number(request["amount"])}


def _date(value: Any) -> str | None:
    try:
        date.fromisoformat(value)
    except (TypeError, ValueError):
        return 'should match format "date"'
    return None


def _amount(value: Any) -> str | None:
    if not is_number(value):
        return "should be number"
    return None if value >= 0 else "should be >= 0"
