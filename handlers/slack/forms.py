"""Handle forms that come back: a faulty field is shown on the field, everything else in the form's place."""

from collections.abc import Awaitable, Callable, Mapping
from typing import Any

from slack_bolt.async_app import AsyncAck, AsyncApp

from bot.cases import amendments, decisions, owners
from bot.cases.amendments import Offering
from bot.cases.clicks import Answer, Click
from bot.core.cards import forms
from bot.core.cards.forms import FormErrors
from bot.core.slack_ids import CallbackId
from handlers.context import Context
from handlers.slack.answering import FOREIGN, Surface, answered, check_person, read_ref
from handlers.slack.clicks import ANY, localised_answer
from handlers.slack.completing import redacted_values, stated_details

Submit = Callable[[Context, Click, Mapping[str, Any]], Awaitable[Answer]]

FORM = Surface("Nothing was changed; please try again in a moment.", "a form could not be carried out")


def register(bolt: AsyncApp, ctx: Context) -> None:
    submits: dict[str, Submit] = {
        CallbackId.REJECT_FORM: _reject,
        CallbackId.SETTLE_FORM: _settle,
        CallbackId.COMPLETE_FORM: _complete,
        CallbackId.AMOUNT_FORM: _change_amount,
        CallbackId.RECIPIENT_FORM: _confirm_recipient,
        CallbackId.QUESTION_FORM: _ask,
    }
    for callback_id, submit in submits.items():
        bolt.view(callback_id)(_listener(ctx, submit))
    bolt.view_submission(ANY)(_listener(ctx, _unknown))


def _listener(ctx: Context, submit: Submit) -> Callable[..., Awaitable[None]]:
    async def listen(ack: AsyncAck, body: dict[str, Any]) -> None:
        ref = body["view"].get("private_metadata") or ""
        try:
            answer = await answered(ctx, FORM, _submitted(ctx, submit, body), Answer, ref=ref)
        except FormErrors as faults:
            await ack(response_action="errors", errors=faults.errors)
            return
        if answer.text:
            await ack(response_action="update", view=forms.notice("Not done", answer.text))
        else:
            await ack()

    return listen


async def _submitted(ctx: Context, submit: Submit, body: Mapping[str, Any]) -> Answer:
    view, user_id = body["view"], check_person(ctx, body)
    click = Click(
        person=await ctx.person(user_id),
        ref=read_ref(view["private_metadata"]),
        identity=f"form:{view['id']}:{view['hash']}:{user_id}",
    )
    values, _ = redacted_values(view)
    locale = await ctx.locale_of(click.ref.case_id)
    return localised_answer(await submit(ctx, click, values), locale)


async def _unknown(ctx: Context, click: Click, _: Mapping[str, Any]) -> Answer:
    return Answer(FOREIGN)


async def _reject(ctx: Context, click: Click, values: Mapping[str, Any]) -> Answer:
    return await ctx.decide(decisions.reject, click, forms.read_reject(values))


async def _settle(ctx: Context, click: Click, values: Mapping[str, Any]) -> Answer:
    return await ctx.decide(decisions.settle_by_hand, click, forms.read_settle(values))


async def _change_amount(ctx: Context, click: Click, values: Mapping[str, Any]) -> Answer:
    return await ctx.write(amendments.change_amount, click, *forms.read_amount(values), offering=_offering(ctx))


async def _confirm_recipient(ctx: Context, click: Click, values: Mapping[str, Any]) -> Answer:
    return await ctx.write(amendments.confirm_recipient, click, forms.read_recipient(values), offering=_offering(ctx))


def _offering(ctx: Context) -> Offering:
    return Offering(policy=ctx.policy, available_operations=ctx.available_operations, public_url=ctx.public_url)


async def _ask(ctx: Context, click: Click, values: Mapping[str, Any]) -> Answer:
    question = forms.read_question(values)
    email = await ctx.db.read(lambda store: owners.owner_to_ask(store, click.ref.case_id))
    owner = await ctx.slack_port.person_by_email(email) if email is not None else None
    return await ctx.decide(owners.ask, click, question, owner=owner)


async def _complete(ctx: Context, click: Click, values: Mapping[str, Any]) -> Answer:
    """Tell the case what a person filled in, like a call is told; a job looks things up and makes the offer."""
    details = stated_details(values, locale=await ctx.locale_of(click.ref.case_id))
    return await ctx.decide(amendments.complete, click, details)
