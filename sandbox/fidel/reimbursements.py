"""Create reimbursements while the switch `reimbursement` is on: a withdrawn product that cannot be listed or read."""

from datetime import timedelta
from decimal import Decimal
from typing import Any

from sandbox.fidel.answers import ACCOUNT_ID, Answer, Api, Ask, Item, Refusal, decimal_text, is_number, moment, number
from sandbox.fidel.schema import checked, text

ELIGIBLE_FOR = timedelta(days=90)
VISA_LIMIT = 250  # USD or GBP, in major units
CURRENCIES = ("AUD", "CAD", "CHF", "EUR", "GBP", "JPY", "NZD", "USD")


def create_reimbursement(api: Api, ask: Ask) -> Answer:
    """Create a reimbursement, which locks its transaction unless it fails, and return its id only."""
    _refuse_unless_activated(api)
    transaction = api.find("transactions", ask.path["transactionId"])
    body = checked(ask.body, {"amount": _amount, "description": text()}, required=("amount",))
    wanted = Decimal(decimal_text(body["amount"]))
    _refuse_transaction(api, transaction)
    _refuse_amount(api, transaction, wanted)
    balances = api.store["credits"]
    balances[transaction["currency"]] = str(Decimal(balances[transaction["currency"]]) - wanted)
    at = api.stamp()
    reimbursement = {
        "id": api.new_id(),
        "accountId": ACCOUNT_ID,
        "programId": transaction["programId"],
        "transactionId": transaction["id"],
        "creditsTransactionId": api.new_id(),
        "amount": str(wanted),
        "currency": transaction["currency"],
        "description": body.get("description", ""),
        "scheme": transaction["card"]["scheme"],
        "status": "pending",
        "created": at,
        "updated": at,
    }
    api.store["reimbursements"][reimbursement["id"]] = reimbursement
    api.state.changed("fidel")
    return Answer([{"id": reimbursement["id"]}], status=202)


def get_balance(api: Api, ask: Ask) -> Answer:
    _refuse_unless_activated(api)
    if ask.path["accountId"] != ACCOUNT_ID:
        raise _refusal("account-not-found", "Account not found", status=404)
    balances = {currency: number(api.store["credits"].get(currency, "0")) for currency in CURRENCIES}
    nothing = dict.fromkeys(CURRENCIES, False)
    return Answer(
        [
            {
                "accountId": ACCOUNT_ID,
                "balances": balances,
                "lastTotalAmount": balances,
                "lowCreditsNotificationSent": nothing,
            }
        ]
    )


def _refuse_unless_activated(api: Api) -> None:
    if not api.store.get("reimbursement"):
        raise _refusal("not-activated", "Reimbursement is not activated", status=401)


def _refuse_transaction(api: Api, transaction: Item) -> None:
    if transaction["amount"].startswith("-"):
        raise _refusal("invalid-transaction", "A refund cannot be reimbursed")
    if transaction["card"]["scheme"] not in ("visa", "mastercard"):
        raise _refusal("unsupported-network", "Network is not supported")
    if transaction["currency"] not in ("USD", "GBP"):
        raise _refusal("unsupported-currency", "Currency is not supported")
    if not transaction["cleared"] or api.now() - moment(transaction["created"]) >= ELIGIBLE_FOR:
        raise _refusal("transaction-not-eligible", "Transaction is not eligible for reimbursement")
    for earlier in api.store["reimbursements"].values():
        if earlier["transactionId"] == transaction["id"] and earlier["status"] != "failed":
            raise _refusal("already-created", "Reimbursement already created for this transaction")


def _refuse_amount(api: Api, transaction: Item, wanted: Decimal) -> None:
    if wanted > Decimal(transaction["amount"]):
        raise _refusal("amount-greater-original-amount", "Amount is greater than the transaction amount")
    if transaction["card"]["scheme"] == "visa" and wanted > VISA_LIMIT:
        raise _refusal("amount-above-limit", "Amount is above the limit")
    if wanted > Decimal(api.store["credits"].get(transaction["currency"], "0")):
        raise Refusal(400, "credits-account-not-enough-funds", "Not enough funds")


def _refusal(code: str, message: str, status: int = 400) -> Refusal:
    return Refusal(status, f"reimbursement-{code}", message)


def _amount(value: Any) -> str | None:
    if not is_number(value):
        return "should be number"
    return None if value > 0 else "should be > 0"
