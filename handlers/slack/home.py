"""Draw the home tab, an inbox for one person, when it is opened and after each click in it."""

from collections.abc import Mapping
from functools import partial
from typing import Any

from slack_bolt.async_app import AsyncAck, AsyncApp

from bot.cases import inbox
from bot.cases.clicks import Click
from bot.core.cards import forms
from bot.core.cards.forms import FormErrors
from bot.core.cards.home import (
    SEARCH_AT_MOST,
    STATES,
    Bulk,
    Inbox,
    Look,
    bulk_form,
    bulk_result,
    home,
    not_for_you,
    read_bulk,
    read_look,
)
from bot.core.cards.lists import Row
from bot.core.cards.mrkdwn import code
from bot.core.model import Kind
from bot.core.money import in_locale
from bot.core.people import Person
from bot.core.slack_ids import BULKS, ActionId, CallbackId, CaseRef
from handlers.context import Context, NotAllowed
from handlers.slack.answering import Body, Surface, answered, check_person, log, logged, team_ids

SEES = (
    ActionId.HOME_SEARCH,
    ActionId.HOME_SCOPE,
    ActionId.HOME_KIND,
    ActionId.HOME_STATE,
    ActionId.HOME_CLEAR,
    ActionId.HOME_BACK,
    ActionId.HOME_MORE,
)

OPEN_SEVERAL = Surface("Please click again in a moment.", "the form for several cases could not be drawn")
APPROVE_SEVERAL = Surface("Nothing was decided; please try again in a moment.", "several cases could not be approved")


def register(bolt: AsyncApp, ctx: Context) -> None:
    @bolt.event("app_home_opened")
    async def opened(event: dict[str, Any], body: dict[str, Any]) -> None:
        if event.get("tab") == "home":
            look = read_look((event.get("view") or {}).get("private_metadata") or "")
            await _draw_or_log(ctx, str(event["user"]), look.model_copy(update={"page": 0}), body.get("team_id"))

    async def looked(ack: AsyncAck, body: dict[str, Any]) -> None:
        await ack()
        await _draw_or_log(ctx, str(body["user"]["id"]), chosen(body), *team_ids(body))

    for action_id in SEES:
        bolt.action(action_id)(looked)

    async def several(ack: AsyncAck, body: dict[str, Any]) -> None:
        await _several(ctx, ack, body)

    for action_id in BULKS:
        bolt.action(action_id)(several)

    @bolt.view(CallbackId.BULK_FORM)
    async def approved(ack: AsyncAck, body: dict[str, Any]) -> None:
        await _approve_several(ctx, ack, body)


def chosen(body: Body) -> Look:
    """Return what the person wants to see after this click."""
    look = read_look(body["view"].get("private_metadata") or "")
    action = body["actions"][0]
    option = (action.get("selected_option") or {}).get("value") or ""
    values = (body["view"].get("state") or {}).get("values") or {}
    typed = [block[ActionId.HOME_SEARCH].get("value") for block in values.values() if ActionId.HOME_SEARCH in block]
    search = action.get("value") if action["action_id"] == ActionId.HOME_SEARCH else next(iter(typed), look.search)
    seen: dict[str, object] = {"page": 0, "search": " ".join((search or "").split())[:SEARCH_AT_MOST]}
    match action["action_id"]:
        case ActionId.HOME_CLEAR:
            return Look()
        case ActionId.HOME_SCOPE:
            seen["scope"] = option
        case ActionId.HOME_KIND:
            seen["kind"] = option if option in set(Kind) else None
        case ActionId.HOME_STATE if option in STATES:
            seen["state"] = option
        case ActionId.HOME_BACK | ActionId.HOME_MORE:
            seen["page"] = action.get("value")
    return read_look(Look.model_construct(**{**look.model_dump(), **seen}).model_dump_json(warnings=False))


async def _draw_or_log(ctx: Context, user_id: str, look: Look, *teams: str | None) -> None:
    async def draw_for_member() -> None:
        ctx.check_team(user_id, *teams)
        await draw(ctx, user_id, look)

    await logged(ctx, "a home tab was not drawn", draw_for_member())


async def draw(ctx: Context, user_id: str, look: Look) -> None:
    """Draw the tab, with cases only for people whom the policy names: some channels are restricted."""
    try:
        person = await ctx.person(user_id)
    except NotAllowed as refusal:
        await ctx.slack_port.publish_home(user_id, not_for_you(await ctx.turned_away(refusal)))
        return
    if not person.in_groups:
        await ctx.slack_port.publish_home(user_id, not_for_you())
        return
    now = ctx.clock()
    found = await ctx.db.read(lambda store: inbox.read(store, ctx.policy, person, look, now))
    await ctx.slack_port.publish_home(user_id, home(await _linked(ctx, found), look, now=now))


async def _linked(ctx: Context, found: Inbox) -> Inbox:
    """Return the inbox with the address of each card."""
    links = await ctx.links(row.case for row in found.listed)

    def with_links(rows: tuple[Row, ...]) -> tuple[Row, ...]:
        return tuple(row.model_copy(update={"link": links.get(row.case.case_id)}) for row in rows)

    update = {name: with_links(getattr(found, name)) for name in ("waiting", "mine", "listed")}
    return found.model_copy(update=update)


# --- several at once ------------------------------------------------------------------------------------------------


async def _several(ctx: Context, ack: AsyncAck, body: dict[str, Any]) -> None:
    """Open the form with the cases that wait now; the tab may be old."""
    view = await answered(ctx, OPEN_SEVERAL, _bulk_view(ctx, body), partial(forms.notice, "Not done"))
    await ack()
    await logged(ctx, "a form was not opened", ctx.slack_port.open_form(body["trigger_id"], view))


async def _bulk_view(ctx: Context, body: Body) -> Mapping[str, Any]:
    person = await ctx.person(check_person(ctx, body))
    key, now = body["actions"][0].get("value") or "", ctx.clock()
    found: Bulk | None = await ctx.db.read(lambda store: inbox.bulk(store, ctx.policy, person, key, now))
    if found is None:
        return forms.notice("Nothing to approve", "Fewer than two such cases wait for you now. Open the tab again.")
    return bulk_form(found, now)


async def _approve_several(ctx: Context, ack: AsyncAck, body: dict[str, Any]) -> None:
    try:
        lines, changed = await answered(ctx, APPROVE_SEVERAL, _approve_each(ctx, body), lambda text: ([text], False))
    except FormErrors as faults:
        await ack(response_action="errors", errors=faults.errors)
        return
    await ack(response_action="update", view=bulk_result(lines))
    if changed:
        await _draw_or_log(ctx, str(body["user"]["id"]), Look(), *team_ids(body))


async def _approve_each(ctx: Context, body: Body) -> tuple[list[str], bool]:
    """Return a line for each case, and whether any approval counted.

    Each case is judged and written on its own, so one that fails keeps no other from being decided.
    """
    person, view = await ctx.person(check_person(ctx, body)), body["view"]
    answers = {ref: await _approve_one(ctx, person, ref, view) for ref in read_bulk(view["state"]["values"])}
    lines = [
        f"{':white_check_mark:' if counted else ':x:'} {code(ref.case_id)} {sentence}"
        for ref, (sentence, counted) in answers.items()
    ]
    return lines, any(counted for _, counted in answers.values())


async def _approve_one(ctx: Context, person: Person, ref: CaseRef, view: Body) -> tuple[str, bool]:
    identity = f"form:{view['id']}:{view['hash']}:{person.user_id}:{ref.case_id}"
    try:
        locale = await ctx.locale_of(ref.case_id)
        click = Click(person=person, ref=ref, identity=identity)
        sentence, counted = await ctx.decide(inbox.approve_one, click)
        return in_locale(sentence, locale), counted
    except Exception:
        log.exception("one of several cases could not be approved")
        return "Something went wrong on our side, and nothing was decided on it.", False
