"""Play Fidel API with its real safety: no idempotency key, unique brand names, and searches that it takes twice."""

import json
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from datetime import datetime
from decimal import Decimal
from typing import TYPE_CHECKING, Any

import httpx

from tests.simulation.vendors import LAG_S, Answer

if TYPE_CHECKING:
    from tests.simulation.world import World

PAGE = 3  # small, so that look-ups turn pages
SEARCH_LAG_S = 8.0  # a search is not listed at once
PROGRAM = "00000000-0000-4000-8000-0000000000aa"


@dataclass(frozen=True)
class Listed:
    item: dict[str, Any]
    since: datetime  # lists show it from then on


class Fidel:
    name = "fidel"

    def __init__(self, world: "World") -> None:
        self._world = world
        self._numbers = 0
        self.brands: dict[str, Listed] = {}
        self.cards: dict[str, dict[str, Any]] = {}
        self.searches: list[Listed] = []

    def new_id(self) -> str:
        self._numbers += 1
        return f"00000000-0000-4000-8000-{self._numbers:012d}"

    def add_brand(self, name: str) -> str:
        """Add somebody else's brand, there from the start."""
        brand_id = self.new_id()
        self.brands[brand_id] = Listed({"id": brand_id, "name": name, "metadata": {}}, self._world.now())
        return brand_id

    def add_card(self) -> str:
        card_id = self.new_id()
        self.cards[card_id] = {"id": card_id, "programId": PROGRAM, "metadata": {"id": "customer"}}
        return card_id

    def fails(self, request: httpx.Request) -> None:
        """Keep nothing of a request that failed."""

    def answer(self, request: httpx.Request) -> Answer:
        parts = request.url.path.removeprefix("/v1/").split("/")
        body = json.loads(request.content, parse_float=Decimal) if request.content else {}
        query = dict(request.url.params)
        match request.method, parts:
            case "GET", ["brands"]:
                named = query.get("name")
                return self._page(self.brands.values(), query, lambda item: named in (None, item["name"]))
            case "POST", ["brands"]:
                return self._create_brand(body)
            case "GET", ["brands", brand_id]:
                found = self.brands.get(brand_id)
                return _one(found.item) if found else _missing()
            case "PATCH", ["brands", brand_id]:
                return self._change_brand(brand_id, body)
            case "GET", ["cards", card_id]:
                return _one(self.cards[card_id]) if card_id in self.cards else _missing()
            case "PUT", ["cards", card_id, "metadata"]:
                return self._mark_card(card_id, body)
            case "GET", ["programs", _, "missing-transaction-requests"]:
                return self._page(self.searches, query, lambda _: True)
            case "POST", ["cards", card_id, "missing-transaction-requests"]:
                return self._search(card_id, body)
        return Answer(404, {"error": {"code": "routes", "message": "No such route"}})

    def _create_brand(self, body: Mapping[str, Any]) -> Answer:
        if any(brand.item["name"] == body["name"] for brand in self.brands.values()):
            return Answer(400, {"error": {"code": "item-exists", "message": "Brand already exists"}})
        brand_id = self.new_id()
        self.brands[brand_id] = Listed({"id": brand_id, **body}, self._world.later(LAG_S))
        links = {"website_url": body.get("websiteURL"), "logo_url": body.get("logoURL")}
        self._world.records.add("fidel", "create_brand", body["name"], name=body["name"], **links)
        return _one(self.brands[brand_id].item)

    def _change_brand(self, brand_id: str, body: Mapping[str, Any]) -> Answer:
        item = self.brands[brand_id].item
        if {**item, **body} != item:  # a repeat that changes nothing is no effect
            item.update(body)
            self._world.records.add(
                "fidel", "update_brand", brand_id, brand_id=brand_id, website_url=body["websiteURL"]
            )
        return _one(item)

    def _mark_card(self, card_id: str, body: Mapping[str, Any]) -> Answer:
        card = self.cards[card_id]
        if card["metadata"] != body:
            card["metadata"] = dict(body)
            self._world.records.add("fidel", "card_reference", card_id, card_id=card_id)
        return _one(card)

    def _search(self, card_id: str, body: Mapping[str, Any]) -> Answer:
        item = {"id": self.new_id(), "cardId": card_id, "status": "pending", **body}
        self.searches.append(Listed(item, self._world.later(SEARCH_LAG_S)))
        shop, day = body["locationId"], body["transactionDate"]
        cents = int(Decimal(body["amount"]) * 100)
        search = {"card_id": card_id, "location_id": shop, "date": day, "amount_minor": cents}
        self._world.records.add("fidel", "request_missing_transaction", card_id, **search)
        return _one(item)

    def _page(self, items: Any, query: Mapping[str, str], wanted: Callable[[dict[str, Any]], bool]) -> Answer:
        now, start = self._world.now(), int(query.get("start", 0))
        found = [listed.item for listed in items if listed.since <= now and wanted(listed.item)]
        end = start + PAGE
        last = {"last": str(end)} if end < len(found) else {}
        return Answer(200, {"items": found[start:end], **last})


def _one(item: Mapping[str, Any]) -> Answer:
    return Answer(200, {"items": [dict(item)]})


def _missing() -> Answer:
    return Answer(404, {"error": {"code": "item-not-found", "message": "Item not found"}})
