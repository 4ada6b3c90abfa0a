"""The home tab: an inbox for one person, drawn when it is opened and after each click in it."""

import logging
from collections.abc import Mapping
from typing import Any

from slack_bolt.async_app import AsyncAck, AsyncApp

from bot.cases import inbox
from bot.cases.clicks import Click
from bot.core.cards import bulk, forms
from bot.core.cards.forms import FormErrors
from bot.core.cards.home import SEARCH_AT_MOST, STATES, Bulk, Inbox, Look, home, not_for_you, read_look
from bot.core.cards.lists import Row
from bot.core.cards.mrkdwn import code
from bot.core.model import Kind
from bot.core.money import in_locale
from bot.core.people import Person
from bot.core.slack_ids import BULKS, ActionId, CallbackId, CaseRef
from handlers.context import Context, NotAllowed, SlackUnavailable
from handlers.slack.clicks import CLICK_AGAIN, check_person

log = logging.getLogger("countersign.doors")

Body = Mapping[str, Any]

SEES = (
    ActionId.HOME_SEARCH,
    ActionId.HOME_SCOPE,
    ActionId.HOME_KIND,
    ActionId.HOME_STATE,
    ActionId.HOME_CLEAR,
    ActionId.HOME_BACK,
    ActionId.HOME_MORE,
)


def register(bolt: AsyncApp, ctx: Context) -> None:
    @bolt.event("app_home_opened")
    async def opened(event: dict[str, Any], body: dict[str, Any]) -> None:
        if event.get("tab") == "home":
            look = read_look((event.get("view") or {}).get("private_metadata") or "")
            await _draw_or_log(ctx, str(event["user"]), look.model_copy(update={"page": 0}), body.get("team_id"))

    async def looked(ack: AsyncAck, body: dict[str, Any]) -> None:
        await ack()
        await _draw_or_log(ctx, str(body["user"]["id"]), chosen(body), *_teams(body))

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
    """What the person wants to see after this click."""
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


def _teams(body: Body) -> tuple[str | None, str | None]:
    team_id = (body.get("team") or {}).get("id")
    return team_id, body["user"].get("team_id", team_id)


async def _draw_or_log(ctx: Context, user_id: str, look: Look, *team_ids: str | None) -> None:
    try:
        ctx.check_team(user_id, *team_ids)
        await draw(ctx, user_id, look)
    except NotAllowed as who:
        await ctx.turned_away(who)
    except SlackUnavailable as closed:
        log.warning("a home tab was not drawn: %s", closed)
    except Exception:  # the click has been acknowledged: a raise would show it as failed
        log.exception("a home tab was not drawn")


async def draw(ctx: Context, user_id: str, look: Look) -> None:
    """Only for people whom the policy names: a case of a restricted channel must not show to everybody here."""
    try:
        person = await ctx.person(user_id)
    except NotAllowed as who:
        await ctx.slack_port.publish_home(user_id, not_for_you(await ctx.turned_away(who)))
        return
    if not person.in_groups:
        await ctx.slack_port.publish_home(user_id, not_for_you())
        return
    now = ctx.clock()
    found = await ctx.db.read(lambda store: inbox.read(store, ctx.policy, person, look, now))
    await ctx.slack_port.publish_home(user_id, home(await _linked(ctx, found), look, now=now))


async def _linked(ctx: Context, found: Inbox) -> Inbox:
    """With the way to each card."""
    cases = [row.case for row in found.listed]
    places = await ctx.db.read(lambda store: {case.case_id: store.card(case.case_id, case.channel) for case in cases})

    def with_links(rows: tuple[Row, ...]) -> tuple[Row, ...]:
        return tuple(row.model_copy(update={"link": ctx.link(places.get(row.case.case_id))}) for row in rows)

    update = {name: with_links(getattr(found, name)) for name in ("waiting", "mine", "listed")}
    return found.model_copy(update=update)


# --- several at once ------------------------------------------------------------------------------------------------


async def _several(ctx: Context, ack: AsyncAck, body: dict[str, Any]) -> None:
    """Opens the form with what there is now; the tab may be old."""
    view: Mapping[str, Any] | None = None
    try:
        view = await _bulk_view(ctx, body)
    except SlackUnavailable as closed:
        view = forms.notice("Not done", f"{closed} Please click again in a moment.")
    except NotAllowed as who:
        view = forms.notice("Not done", await ctx.turned_away(who))
    except Exception:
        log.exception("the form for several cases could not be drawn")
        view = forms.notice("Not done", CLICK_AGAIN)
    await ack()
    try:
        await ctx.slack_port.open_form(body["trigger_id"], view)
    except SlackUnavailable as closed:
        log.warning("a form was not opened: %s", closed)


async def _bulk_view(ctx: Context, body: Body) -> Mapping[str, Any]:
    person = await ctx.person(check_person(ctx, body))
    key, now = body["actions"][0].get("value") or "", ctx.clock()
    found: Bulk | None = await ctx.db.read(lambda store: inbox.bulk(store, ctx.policy, person, key, now))
    if found is None:
        return forms.notice("Nothing to approve", "Fewer than two such cases wait for you now. Open the tab again.")
    return bulk.bulk_form(found, now)


async def _approve_several(ctx: Context, ack: AsyncAck, body: dict[str, Any]) -> None:
    """Each case is judged and written on its own, so one that fails keeps no other from being decided."""
    lines: list[str] = []
    changed = False
    try:
        person = await ctx.person(check_person(ctx, body))
        refs = bulk.read_bulk(body["view"]["state"]["values"])
        for ref in refs:
            said, counted = await _approve_one(ctx, person, ref, body["view"])
            lines.append(f"{':white_check_mark:' if counted else ':x:'} {code(ref.case_id)} {said}")
            changed = changed or counted
    except FormErrors as faults:
        await ack(response_action="errors", errors=faults.errors)
        return
    except NotAllowed as who:
        lines = [await ctx.turned_away(who)]
    except SlackUnavailable as closed:
        lines = [f"{closed} Nothing was decided; please try again in a moment."]
    except Exception:
        log.exception("several cases could not be approved")
        lines.append(CLICK_AGAIN if not lines else "The others were not decided: something went wrong on our side.")
    await ack(response_action="update", view=bulk.bulk_result(lines))
    if changed:
        await _draw_or_log(ctx, str(body["user"]["id"]), Look(), *_teams(body))


async def _approve_one(ctx: Context, person: Person, ref: CaseRef, view: Mapping[str, Any]) -> tuple[str, bool]:
    identity = f"form:{view['id']}:{view['hash']}:{person.user_id}:{ref.case_id}"
    click, now = Click(person=person, ref=ref, identity=identity), ctx.clock()
    try:
        locale = await ctx.locale_of(ref.case_id)
        said, counted = await ctx.db.write(lambda store: inbox.approve_one(store, click, policy=ctx.policy, now=now))
        return in_locale(said, locale), counted
    except Exception:
        log.exception("one of several cases could not be approved")
        return "Something went wrong on our side, and nothing was decided on it.", False
