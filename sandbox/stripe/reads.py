"""Answer objects by id, and lists, newest first, with paging, `created` and filters."""

import re
from collections.abc import Callable, Iterable
from typing import Any

from sandbox.stripe.wire import KINDS, Api, Ask, Body, Refusal, expanded, integer, refuse_unknown

Read = Callable[[Api, Ask], Body]

PAGE = 10
PAGE_MAX = 100
PAGING = ("limit", "starting_after", "ending_before", "expand", "created")


def by_id(prefix: str, param: str) -> Read:
    def read(api: Api, ask: Ask) -> Body:
        refuse_unknown(ask.params, ("expand",))
        found = api.find(prefix, ask.path[param], param=param)
        return expanded(api, found, ask.params.get("expand", []))

    return read


def listing(prefix: str, *filters: str) -> Read:
    """Return the read of one kind's list; each filter is a member that must equal its parameter."""

    def read(api: Api, ask: Ask) -> Body:
        refuse_unknown(ask.params, (*PAGING, *filters))
        within = _within(ask.params.get("created"))
        wanted = {name: ask.params[name] for name in filters if name in ask.params}
        found = [
            item
            for item in _newest_first(api, prefix, ask.params)
            if within(item["created"]) and all(item.get(name) == value for name, value in wanted.items())
        ]
        return _page(api, prefix, found, ask.params)

    return read


def _newest_first(api: Api, prefix: str, params: Body) -> Iterable[Body]:
    kind = KINDS[prefix][0]
    payment = params.get("payment_intent")
    if kind == "refunds" and isinstance(payment, str):  # keeps the look-up before a refund fast for very many
        return [api.store[kind][refund_id] for refund_id in reversed(api.store["refunds_of"].get(payment, []))]
    everything: dict[str, Body] = api.store[kind]
    return reversed(everything.values())


def _page(api: Api, prefix: str, found: list[Body], params: Body) -> Body:
    limit = integer(params, "limit", least=1, most=PAGE_MAX) or PAGE
    begin, end = 0, len(found)
    if "starting_after" in params:
        begin = _place(api, prefix, found, params, "starting_after") + 1
    if "ending_before" in params:
        end = _place(api, prefix, found, params, "ending_before")
        begin = max(begin, end - limit)
    chosen = found[begin : min(end, begin + limit)]
    more = begin > 0 if "ending_before" in params else begin + len(chosen) < end
    page = {"object": "list", "data": chosen, "has_more": more, "url": f"/v1/{KINDS[prefix][0]}"}
    return expanded(api, page, params.get("expand", []))


def _place(api: Api, prefix: str, found: list[Body], params: Body, name: str) -> int:
    wanted = api.find(prefix, params[name], param=name, status=400)
    return next((place for place, item in enumerate(found) if item is wanted), -1)


def _within(bounds: Any) -> Callable[[int], bool]:
    if bounds is None:
        return lambda created: True
    if not isinstance(bounds, dict):
        exact = integer({"created": bounds}, "created")
        return lambda created: created == exact
    refuse_unknown(bounds, ("gt", "gte", "lt", "lte"))
    limits = {name: value for name in bounds if (value := integer(bounds, name)) is not None}
    most = min(limits.get("lt", 1 << 62) - 1, limits.get("lte", 1 << 62))
    least = max(limits.get("gt", -1) + 1, limits.get("gte", 0))
    return lambda created: least <= created <= most


def search_invoices(api: Api, ask: Ask) -> Body:
    """Search invoices by number, the only supported query: `number:'INV-1'`."""
    refuse_unknown(ask.params, ("query", "limit", "page", "expand"))
    limit = integer(ask.params, "limit", least=1, most=PAGE_MAX) or PAGE
    asked = re.fullmatch(r"number:[\"']([^\"']+)[\"']", str(ask.params.get("query")))
    if asked is None:
        raise Refusal(400, "We were unable to parse your search query.", param="query")
    every = reversed(api.store["invoices"].values())
    found = [invoice for invoice in every if (invoice["number"] or "").casefold() == asked[1].casefold()]
    page = {"object": "search_result", "data": found[:limit], "has_more": len(found) > limit, "next_page": None}
    return expanded(api, page | {"url": "/v1/invoices/search"}, ask.params.get("expand", []))


def subscriptions(api: Api, ask: Ask) -> Body:
    """Return a page of subscriptions, without canceled ones unless `status` names them or is `all`."""
    params = dict(ask.params)
    status = params.pop("status", None)
    refuse_unknown(params, (*PAGING, "customer"))
    within = _within(params.get("created"))
    found = [
        item
        for item in _newest_first(api, "sub", params)
        if within(item["created"])
        and params.get("customer", item["customer"]) == item["customer"]
        and (item["status"] != "canceled" if status is None else status in ("all", item["status"]))
    ]
    return _page(api, "sub", found, params)
