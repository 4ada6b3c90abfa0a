"""Answer the brand operations; the name is the only natural unique key and cannot be changed."""

from bisect import bisect_left, insort
from collections.abc import Iterator

from sandbox.fidel.answers import ACCOUNT_ID, Answer, Api, Ask, Item, Refusal, invalid, page
from sandbox.fidel.schema import checked, metadata, text, uri


def list_brands(api: Api, ask: Ask) -> Answer:
    """Return a page of brands; `?name=` matches a prefix and ignores case, so clients must compare exactly."""
    prefix = ask.query.get("name", "").casefold()
    if prefix:
        found = sorted(_named(api, prefix, prefix=True), key=lambda brand: (brand["created"], brand["id"]))
    else:
        found = list(api.store["brands"].values())
    return page(found, ask, lambda brand: _shown(api, brand))


def create_brand(api: Api, ask: Ask) -> Answer:
    rules = {"name": text(2, 50), "logoURL": uri, "websiteURL": uri, "metadata": metadata}
    body = checked(ask.body, rules, required=("name",))
    if any(brand["name"] == body["name"] for brand in _named(api, body["name"].casefold())):
        raise Refusal(400, api.store.get("duplicate_code", "item-exists"), "Item already exists")
    at = api.stamp()
    brand = {"id": api.new_id(), "accountId": ACCOUNT_ID, **body}
    brand |= {"consent": True, "live": False, "created": at, "updated": at}
    add_brand(api.store, brand)
    api.state.changed("fidel")
    return Answer([_shown(api, brand)], status=201)


def get_brand(api: Api, ask: Ask) -> Answer:
    return Answer([_shown(api, api.find("brands", ask.path["brandId"]))])


def update_brand(api: Api, ask: Ask) -> Answer:
    """Update a brand except its `name`; `metadata` is replaced, or merged under the switch `metadata_merge`."""
    brand = api.find("brands", ask.path["brandId"])
    body = checked(ask.body, {"websiteURL": uri, "logoURL": uri, "metadata": metadata})
    if not body:
        raise invalid("should NOT have fewer than 1 properties")
    if "metadata" in body and api.store.get("metadata_merge"):
        body = {**body, "metadata": {**brand.get("metadata", {}), **body["metadata"]}}
    brand |= {**body, "updated": api.stamp()}
    api.state.changed("fidel")
    return Answer([_shown(api, brand)])


def add_brand(store: Item, brand: Item) -> None:
    """Store a brand and its place in the sorted names, which keeps look-ups fast for very many brands."""
    store["brands"][brand["id"]] = brand
    insort(store["brand_names"], [brand["name"].casefold(), brand["id"]])


def _named(api: Api, folded: str, *, prefix: bool = False) -> Iterator[Item]:
    names = api.store["brand_names"]
    for place in range(bisect_left(names, [folded, ""]), len(names)):
        name, brand_id = names[place]
        if not (name.startswith(folded) if prefix else name == folded):
            return
        yield api.store["brands"][brand_id]


def _shown(api: Api, brand: Item) -> Item:
    spelling = api.store.get("logo_spelling", "logoURL")
    return {spelling if name == "logoURL" else name: value for name, value in brand.items()}
