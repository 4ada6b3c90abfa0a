"""Forms that come back: field errors are shown on the field, everything else in the form's place."""

import logging
from collections.abc import Awaitable, Callable, Mapping
from functools import partial
from typing import Any

from slack_bolt.async_app import AsyncAck, AsyncApp

from bot.cases import amendments, completions, decisions, questions
from bot.cases.amendments import Offering
from bot.cases.clicks import Answer, Click
from bot.core.cards import forms, more
from bot.core.cards.forms import FormErrors
from bot.core.redact import redact_tree
from bot.core.slack_ids import CallbackId
from handlers.context import Context, NotAllowed, SlackUnavailable
from handlers.slack.clicks import ANY, CLICK_AGAIN, FOREIGN, NotOurs, check_person, in_words_of, read_ref
from handlers.slack.completing import stated_details

log = logging.getLogger("countersign.doors")

Submit = Callable[[Context, Click, Mapping[str, Any]], Awaitable[Answer]]


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
        try:
            answer = await _submitted(ctx, submit, body)
        except FormErrors as faults:
            await ack(response_action="errors", errors=faults.errors)
            return
        if answer.text:
            await ack(response_action="update", view=forms.notice("Not done", answer.text))
        else:
            await ack()
        if answer.changed:
            ctx.wake("calls", "cards", "executions")

    return listen


async def _submitted(ctx: Context, submit: Submit, body: Mapping[str, Any]) -> Answer:
    try:
        view = body["view"]
        user_id = check_person(ctx, body)
        click = Click(
            person=await ctx.person(user_id),
            ref=read_ref(view["private_metadata"]),
            identity=f"form:{view['id']}:{view['hash']}:{user_id}",
        )
        values, _ = redact_tree(view["state"]["values"])
        if not isinstance(values, dict):
            raise ValueError("a form without values")
        locale = await ctx.locale_of(click.ref.case_id)
        return in_words_of(locale, await submit(ctx, click, values))
    except FormErrors:
        raise
    except NotAllowed as who:
        return Answer(await ctx.turned_away(who, _case_id(body["view"])))
    except NotOurs:
        return Answer(FOREIGN)
    except SlackUnavailable as closed:
        return Answer(f"{closed} Nothing was changed; please try again in a moment.")
    except Exception:
        log.exception("a form could not be carried out")
        return Answer(CLICK_AGAIN)


def _case_id(view: Mapping[str, Any]) -> str | None:
    """The case that the form is about, for the history; of a form that we did not write, none."""
    try:
        return read_ref(view.get("private_metadata") or "").case_id
    except NotOurs:
        return None


async def _unknown(ctx: Context, click: Click, _: Mapping[str, Any]) -> Answer:
    return Answer(FOREIGN)


async def _reject(ctx: Context, click: Click, values: Mapping[str, Any]) -> Answer:
    reason, now = forms.read_reject(values), ctx.clock()
    return await ctx.db.write(lambda store: decisions.reject(store, click, reason, policy=ctx.policy, now=now))


async def _settle(ctx: Context, click: Click, values: Mapping[str, Any]) -> Answer:
    note, now = forms.read_settle(values), ctx.clock()
    return await ctx.db.write(partial(decisions.settle_by_hand, click=click, note=note, policy=ctx.policy, now=now))


async def _change_amount(ctx: Context, click: Click, values: Mapping[str, Any]) -> Answer:
    (amount, reason), now, offering = more.read_amount(values), ctx.clock(), _offering(ctx)
    return await ctx.db.write(
        lambda store: amendments.change_amount(store, click, amount, reason, offering=offering, now=now)
    )


async def _confirm_recipient(ctx: Context, click: Click, values: Mapping[str, Any]) -> Answer:
    how, now, offering = more.read_recipient(values), ctx.clock(), _offering(ctx)
    return await ctx.db.write(partial(amendments.confirm_recipient, click=click, how=how, offering=offering, now=now))


def _offering(ctx: Context) -> Offering:
    return Offering(policy=ctx.policy, available_operations=ctx.available_operations, public_url=ctx.public_url)


async def _ask(ctx: Context, click: Click, values: Mapping[str, Any]) -> Answer:
    question, now = more.read_question(values), ctx.clock()
    email = await ctx.db.read(lambda store: questions.owner_to_ask(store, click.ref.case_id))
    owner = await ctx.slack_port.person_by_email(email) if email is not None else None
    return await ctx.db.write(
        lambda store: questions.ask(store, click, question, owner=owner, policy=ctx.policy, now=now)
    )


async def _complete(ctx: Context, click: Click, values: Mapping[str, Any]) -> Answer:
    """What a person fills in is told to the case like a call is; a job looks things up and makes the offer."""
    details, now = stated_details(values, locale=await ctx.locale_of(click.ref.case_id)), ctx.clock()
    return await ctx.db.write(lambda store: completions.complete(store, click, details, policy=ctx.policy, now=now))
