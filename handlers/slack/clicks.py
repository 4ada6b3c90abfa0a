"""Handle the buttons of a card: judge and commit, acknowledge, answer. Only the first two may fail."""

import re
from collections.abc import Awaitable, Callable, Mapping
from dataclasses import replace
from functools import partial
from typing import Any

from slack_bolt.async_app import AsyncAck, AsyncApp

from bot.cases import clicks, decisions, masked, owners
from bot.cases.clicks import Answer, Click
from bot.core.cards import completing, forms
from bot.core.cards.audience import localised, summary_view
from bot.core.cards.wording import headline
from bot.core.model import CaseFile, CaseState
from bot.core.money import in_locale
from bot.core.policy import payout_of
from bot.core.records import left_of, unverified_recipient
from bot.core.slack_ids import CHOICES, ActionId, More
from bot.core.triage import presumed_kind
from handlers.context import Context
from handlers.slack.answering import FOREIGN, Body, Surface, answered, check_person, read_ref

Press = Callable[[Context, Click, Body], Awaitable[Answer]]
Form = Callable[[CaseFile], Body | Answer]

ANY = re.compile("")
CLICK = Surface("Nothing was decided; please click again in a moment.", "a click could not be carried out")


def register(bolt: AsyncApp, ctx: Context) -> None:
    presses: dict[str, Press] = {
        ActionId.APPROVE: _approve,
        ActionId.REJECT: _open_reject,
        ActionId.COMPLETE: _open_complete,
        ActionId.SETTLE: _open_settle,
        ActionId.STEP_DONE: _step_done,
        ActionId.RETRY: _retry,
        ActionId.CONFIRM_RECIPIENT: _open_recipient,
        ActionId.SHOW_SUMMARY: _show_summary,
        ActionId.MORE: _more,
        **{choice: partial(_choose, number) for number, choice in enumerate(CHOICES, start=1)},
    }
    for action_id, press in presses.items():
        bolt.action(action_id)(_listener(ctx, press))
    bolt.action(ANY)(_listener(ctx, _unknown))  # the first that fits is taken: whatever none of the above took


def _listener(ctx: Context, press: Press) -> Callable[..., Awaitable[None]]:
    async def listen(ack: AsyncAck, body: dict[str, Any]) -> None:
        ref = _value(body["actions"][0])
        answer = await answered(ctx, CLICK, _pressed(ctx, press, body), Answer, ref=ref)
        await ack()
        if answer.text and body.get("response_url"):
            await ctx.slack_port.answer(body["response_url"], answer.text)

    return listen


async def _pressed(ctx: Context, press: Press, body: Body) -> Answer:
    click = await read_click(ctx, body)
    locale = await ctx.locale_of(click.ref.case_id)
    return localised_answer(await press(ctx, click, body), locale)


def localised_answer(answer: Answer, locale: str) -> Answer:
    return replace(answer, text=in_locale(answer.text, locale)) if answer.text else answer


async def read_click(ctx: Context, body: Body) -> Click:
    """Return who clicked what, with their groups at this moment.

    Raises NotAllowed for an account that may not take part, NotOurs for a value that we did not write.
    """
    user_id = check_person(ctx, body)
    action = body["actions"][0]
    return Click(
        person=await ctx.person(user_id),
        ref=read_ref(_value(action)),
        identity=f"click:{body['trigger_id']}",
        revision=_revision(action.get("block_id") or ""),
    )


def _value(action: Mapping[str, Any]) -> str:
    """Return what was written into the button, or behind the name of what was chosen in a menu."""
    chosen = (action.get("selected_option") or {}).get("value") or ""
    return action.get("value") or chosen.partition(" ")[2]


def _revision(block_id: str) -> int | None:
    """Return the revision from a block id, which cards write as `<case id>:r<revision>:<n>`."""
    part = next((part for part in block_id.split(":") if part[:1] == "r" and part[1:].isdigit()), None)
    return int(part[1:]) if part else None


# --- what each button does ------------------------------------------------------------------------------------------


async def _unknown(ctx: Context, click: Click, _: Body) -> Answer:
    return Answer(FOREIGN)


async def _approve(ctx: Context, click: Click, _: Body) -> Answer:
    return await ctx.decide(decisions.approve, click)


async def _choose(number: int, ctx: Context, click: Click, _: Body) -> Answer:
    return await ctx.decide(decisions.choose, click, number)


async def _step_done(ctx: Context, click: Click, _: Body) -> Answer:
    return await ctx.decide(decisions.step_done, click)


async def _retry(ctx: Context, click: Click, _: Body) -> Answer:
    return await ctx.decide(decisions.retry, click)


async def _open_reject(ctx: Context, click: Click, body: Body) -> Answer:
    def form(file: CaseFile) -> Body:
        case = file.case
        title = headline(case.kind, case.details, file.proposal.money, locale=_locale(ctx, file))
        return forms.reject_form(click.ref, title)

    return await _open(ctx, click, body, CaseState.OPEN, form)


async def _open_complete(ctx: Context, click: Click, body: Body) -> Answer:
    def form(file: CaseFile) -> Body:
        kind = presumed_kind(file.case.details, ctx.policy)
        return completing.complete_form(file, kind, locale=_locale(ctx, file))

    return await _open(ctx, click, body, CaseState.OPEN, form)


async def _open_settle(ctx: Context, click: Click, body: Body) -> Answer:
    return await _open(ctx, click, body, CaseState.STUCK, forms.settle_form)


async def _open_recipient(ctx: Context, click: Click, body: Body) -> Answer:
    def form(file: CaseFile) -> Body | Answer:
        needed = unverified_recipient(file) is not None
        return forms.recipient_form(file) if needed else Answer("The recipient is on record, or was confirmed already.")

    return await _open(ctx, click, body, CaseState.OPEN, form)


async def _show_summary(ctx: Context, click: Click, body: Body) -> Answer:
    """Open the hidden summary once the history says who opened it."""
    found = await ctx.decide(masked.reveal, click)
    if isinstance(found, Answer):
        return found
    await ctx.slack_port.open_form(body["trigger_id"], summary_view(found))
    return Answer()


# --- the menu -------------------------------------------------------------------------------------------------------


async def _more(ctx: Context, click: Click, body: Body) -> Answer:
    chosen = (body["actions"][0].get("selected_option") or {}).get("value") or ""
    press = _MENU.get(chosen.partition(" ")[0])
    return Answer(FOREIGN) if press is None else await press(ctx, click, body)


async def _open_amount(ctx: Context, click: Click, body: Body) -> Answer:
    def form(file: CaseFile) -> Body | Answer:
        money = payout_of(file.proposal)
        if money is None:
            return Answer("This case pays nothing, so there is no amount to change.")
        left = left_of(file.case.details.fields, file.case.facts, money.currency)
        return forms.amount_form(file, money, left, _locale(ctx, file))

    return await _open(ctx, click, body, CaseState.OPEN, form)


async def _take(ctx: Context, click: Click, _: Body) -> Answer:
    return await ctx.decide(owners.take, click)


async def _open_question(ctx: Context, click: Click, body: Body) -> Answer:
    found = await ctx.decide(owners.check_asking, click)
    return await _show_form(ctx, body, found, forms.question_form)


_MENU: Mapping[str, Press] = {More.AMOUNT: _open_amount, More.TAKE: _take, More.ASK: _open_question}


# --- opening a form -------------------------------------------------------------------------------------------------


async def _open(ctx: Context, click: Click, body: Body, state: CaseState, form: Form) -> Answer:
    """Open a form about a case in this state.

    No network comes before it but the look-up of groups: a trigger lives three seconds and works once.
    """
    return await _show_form(ctx, body, await ctx.decide(clicks.check_open, click, state=state), form)


async def _show_form(ctx: Context, body: Body, found: CaseFile | Answer, form: Form) -> Answer:
    view = found if isinstance(found, Answer) else form(localised(found, _locale(ctx, found)))
    if isinstance(view, Answer):
        return view
    await ctx.slack_port.open_form(body["trigger_id"], view)
    return Answer()


def _locale(ctx: Context, file: CaseFile) -> str:
    return ctx.policy.region(file.case.channel).locale
