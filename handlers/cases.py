"""Lead from a record elsewhere to the card of its case: Slack itself asks who somebody is."""

from aiohttp import web

from bot.cases import cards
from handlers.context import Context

GONE = "There is no such case here, or its card does not hang in Slack yet. Please try again in a moment.\n"


def routes(ctx: Context) -> list[web.RouteDef]:
    async def opened(request: web.Request) -> web.StreamResponse:
        """Redirect to the card, saying nothing else about the case."""
        case_id = request.match_info["case_id"]
        if (link := ctx.link(await ctx.db.read(lambda store: cards.card_of(store, case_id)))) is None:
            return web.Response(status=404, text=GONE)
        raise web.HTTPFound(link)

    return [web.get("/cases/{case_id}", opened)]
