"""Answer the operations on programs, locations and cards."""

from sandbox.fidel.answers import Answer, Api, Ask, invalid, page
from sandbox.fidel.schema import checked, country, metadata, text


def list_programs(api: Api, ask: Ask) -> Answer:
    return page(list(api.store["programs"].values()), ask)


def get_program(api: Api, ask: Ask) -> Answer:
    return Answer([api.find("programs", ask.path["programId"])])


def list_locations(api: Api, ask: Ask) -> Answer:
    program_id = api.find("programs", ask.path["programId"], parent=True)["id"]
    brand_id = api.find("brands", ask.path["brandId"], parent=True)["id"] if "brandId" in ask.path else None
    found = [
        location
        for location in api.store["locations"].values()
        if location["programId"] == program_id and brand_id in (None, location["brandId"])
    ]
    return page(found, ask)


def get_location(api: Api, ask: Ask) -> Answer:
    return Answer([api.find("locations", ask.path["locationId"])])


def update_location(api: Api, ask: Ask) -> Answer:
    """Update a location; the whole address is required at once."""
    location = api.find("locations", ask.path["locationId"])
    rules = {"address": text(2, 100), "city": text(2, 100), "postcode": text(4, 20), "countryCode": country}
    body = checked(ask.body, {**rules, "metadata": metadata}, required=tuple(rules))
    location |= {**body, "updated": api.stamp()}
    api.state.changed("fidel")
    return Answer([location])


def list_cards(api: Api, ask: Ask) -> Answer:
    program_id = api.find("programs", ask.path["programId"], parent=True)["id"]
    return page([card for card in api.store["cards"].values() if card["programId"] == program_id], ask)


def list_cards_by_metadata_id(api: Api, ask: Ask) -> Answer:
    """Return the cards with this `metadata.id`, which is not unique; none gives an empty page."""
    wanted = ask.path["metadataId"]
    return page([card for card in api.store["cards"].values() if card["metadata"].get("id") == wanted], ask)


def get_card(api: Api, ask: Ask) -> Answer:
    return Answer([api.find("cards", ask.path["cardId"])])


def update_card_metadata(api: Api, ask: Ask) -> Answer:
    """Replace a card's metadata by the body (or merge it under `metadata_merge`) and return the metadata alone."""
    card = api.find("cards", ask.path["cardId"])
    fault = metadata(ask.body)
    if fault:
        raise invalid(fault)
    kept = card["metadata"] if api.store.get("metadata_merge") else {}
    card |= {"metadata": {**kept, **ask.body}, "updated": api.stamp()}
    api.state.changed("fidel")
    return Answer([{"metadata": card["metadata"]}])
