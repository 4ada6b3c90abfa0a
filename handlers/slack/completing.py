"""Put the form that says what a case is in order for the kind that was chosen, and read what was filled in."""

from collections.abc import Mapping
from typing import Any

from slack_bolt.async_app import AsyncAck, AsyncApp

from bot.core import money
from bot.core.cards import completing
from bot.core.cards.forms import FormErrors
from bot.core.model import Details, Fields
from bot.core.money import HOME
from bot.core.playbooks import PLAYBOOKS
from bot.core.redact import redact_tree
from bot.core.slack_ids import ActionId
from bot.core.triage import missing_needs
from handlers.context import Context
from handlers.slack.answering import Body, check_person, logged


def register(bolt: AsyncApp, ctx: Context) -> None:
    @bolt.action(ActionId.KIND)
    async def chosen(ack: AsyncAck, body: dict[str, Any]) -> None:
        await ack()
        await logged(ctx, "a form was not put in order", _put_in_order(ctx, body))


async def _put_in_order(ctx: Context, body: Body) -> None:
    """Ask first for what the chosen kind needs: a courtesy, without which the form asks the same in another order."""
    check_person(ctx, body)
    view = body["view"]
    form = completing.of_kind(view, completing.kind_of(view["state"]["values"]))
    await ctx.slack_port.update_form(view["id"], view["hash"], form)


def redacted_values(view: Body) -> tuple[Mapping[str, Any], tuple[str, ...]]:
    """Return the values of a form without sensitive data, and what was removed from them."""
    values, found = redact_tree(view["state"]["values"])
    if not isinstance(values, dict):
        raise ValueError("a form without values")
    return values, found


def stated_details(values: Mapping[str, Any], *, also: Mapping[str, str] | None = None, locale: str = HOME) -> Details:
    """Return what a person states in the form that completes or opens a case, with `also` as further fields.

    Raises FormErrors, also for what the playbook of the kind needs and nobody filled in.
    """
    done = completing.read_complete(values, locale)
    stated = {**done.fields, "call_intent": done.kind.value, **(also or {})}
    exact = None
    if "amount" in stated and "currency" in stated:
        exact = {
            "amount_minor": money.to_minor(stated["amount"], stated["currency"]),
            "currency": stated["currency"],
        }
    summary = completing.read_summary(values)
    details = Details.model_validate({"summary": summary, "fields": Fields.model_validate(stated), "money": exact})
    if gaps := missing_needs(PLAYBOOKS[done.kind], details):
        raise FormErrors({"kind": f"This kind also needs: {', '.join(gaps)}."})
    return details
