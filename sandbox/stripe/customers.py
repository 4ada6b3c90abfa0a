"""Update customers, mail receipts of charges, and create sessions of the customer portal."""

from sandbox.stripe import billing
from sandbox.stripe.objects import NO_ADDRESS
from sandbox.stripe.wire import Api, Ask, Body, Refusal, expanded, refuse_unknown
from sandbox.stripe.writes import Execute, metadata_of


def update_charge(api: Api, ask: Ask) -> Execute:
    """Update a charge; a `receipt_email` mails the receipt at once, and `receipts_sent` of the store counts it."""
    refuse_unknown(ask.params, ("description", "expand", "metadata", "receipt_email"))
    charge = api.find("ch", ask.path["charge"], param="charge")
    metadata, email = metadata_of(ask.params.get("metadata")), ask.params.get("receipt_email")
    if email is not None and "@" not in str(email):
        raise Refusal(400, f"Invalid email address: {email}", code="email_invalid", param="receipt_email")

    def execute() -> Body:
        charge["metadata"] = {**charge["metadata"], **metadata}
        if email is not None:
            charge["receipt_email"] = email
            sent = api.store["receipts_sent"]
            sent[charge["id"]] = sent.get(charge["id"], 0) + 1
        api.state.changed("stripe")
        return expanded(api, charge, ask.params.get("expand", []))

    return execute


def update_customer(api: Api, ask: Ask) -> Execute:
    """Update a customer; a stated address replaces the whole old one."""
    refuse_unknown(ask.params, ("address", "description", "email", "expand", "metadata", "name", "phone"))
    customer = api.find("cus", ask.path["customer"], param="customer")
    metadata, address = metadata_of(ask.params.get("metadata")), ask.params.get("address")
    if address is not None:
        if not isinstance(address, dict):
            raise Refusal(400, "Invalid hash", param="address")
        refuse_unknown(address, NO_ADDRESS)

    def execute() -> Body:
        stated = ask.params.keys() & {"description", "email", "name", "phone"}
        customer.update({name: ask.params[name] or None for name in stated})
        if address is not None:
            customer["address"] = {name: address.get(name) or None for name in NO_ADDRESS}
        customer["metadata"] = {**customer["metadata"], **metadata}
        api.state.changed("stripe")
        return expanded(api, customer, ask.params.get("expand", []))

    return execute


def create_portal_session(api: Api, ask: Ask) -> Execute:
    refuse_unknown(ask.params, ("configuration", "customer", "expand", "locale", "return_url"))
    customer = api.find("cus", str(ask.params.get("customer")), param="customer", status=400)

    def execute() -> Body:
        session = billing.portal_session(api.new_id("bps"), customer["id"], api.seconds())
        session["return_url"] = ask.params.get("return_url")
        api.store.setdefault("portal_sessions", {})[session["id"]] = session
        api.state.changed("stripe")
        return expanded(api, session, ask.params.get("expand", []))

    return execute
