"""Answer `/finance`: the words that only look are here, those that change something are in `acting`."""

from collections.abc import Awaitable, Callable, Iterable, Mapping, Sequence
from datetime import datetime, timedelta

from bot.cases import digests, inbox, shadow
from bot.core import cards
from bot.core.cards import lists, wording
from bot.core.cards.home import STATES, Look
from bot.core.cards.lists import Row
from bot.core.cards.mrkdwn import code, context, data, fit, section
from bot.core.model import Kind, Money, Proposal
from bot.core.money import in_locale
from bot.core.people import EVERYTHING
from bot.core.policy import Policy, bands_of, standing_of
from bot.core.policy.bands import rule
from handlers.slack.commands import acting
from handlers.slack.commands.parse import Asked, Reply

SHOWN = 15  # cases in an answer; the home tab has pages
SHADOW_SPAN = timedelta(days=30)

HELP = (
    ("list", "[kind] [waiting, approved, stuck or all] [mine]", "open cases, soonest due first"),
    ("show", "CASE", "one case as its card shows it"),
    ("search", "WORDS", "a name, a number, an e-mail, a case"),
    ("take", "CASE", "you own its next step; `release CASE` gives it back"),
    ("retry", "CASE", "a stuck case goes on"),
    ("away", "until 2026-12-01 @name", "somebody stands in for you; `away off` ends it"),
    ("pause", "[reason]", "nothing is carried out until an admin says `resume`"),
    ("digest", "", "the figures of the last seven days, as a direct message"),
    ("policy", "[try]", "who decides what; `try`: what a policy that is tried would have done"),
)
NOBODY = "`/finance` answers the people whom the policy names. Ask an admin if you should be one of them."
NO_SHADOW = "No second policy is tried. Name one in `POLICY_SHADOW_FILE`: it decides nothing, and is counted here."

_STATE_WORDS: Mapping[str, str] = {"waiting": "open", "rejected": "all", "done": "all", "expired": "all"} | {
    name: name for name in STATES
}


async def answer(asked: Asked) -> Reply:
    """Answer a command, and one that is not understood with what there is."""
    name = asked.words[0].lower() if asked.words else "help"
    command = _COMMANDS.get(name)
    if not asked.person.in_groups:
        return Reply(NOBODY)
    if command is None:
        return _help(f"There is no {code(name, 20)}. ")
    return await command(asked)


def _help(before: str = "") -> Reply:
    lines = [f"`/finance {' '.join(filter(None, (name, how)))}`  {what}" for name, how, what in HELP]
    heading = f"{before}This is what `/finance` does:"
    return Reply("\n".join([heading, *lines]), [section(heading), section("\n".join(lines))])


async def _say_help(_: Asked) -> Reply:
    return _help()


# --- lists ----------------------------------------------------------------------------------------------------------


async def _list(asked: Asked) -> Reply:
    look, mine, unknown = Look(), False, []
    kinds = {kind.value: kind for kind in Kind} | {
        wording.TITLES[kind].lower().replace(" ", "_"): kind for kind in Kind
    }
    for word in (word.lower().replace("-", "_") for word in asked.words[1:]):
        if word in kinds:
            look = look.model_copy(update={"kind": kinds[word]})
        elif word in _STATE_WORDS:
            look = look.model_copy(update={"state": _STATE_WORDS[word]})
        elif word == "mine":
            mine = True
        else:
            unknown.append(word)
    if unknown:
        return Reply(
            f"I do not know “{data(' '.join(unknown), 60)}”. Kinds: {', '.join(kind.value for kind in Kind)}. "
            "States: waiting, approved, stuck, all. Or `mine`."
        )
    heading = [STATES[look.state][0], wording.TITLES[look.kind] if look.kind else "", "yours" if mine else ""]
    return await _found(asked, look, ", ".join(filter(None, heading)), mine=mine)


async def _search(asked: Asked) -> Reply:
    if not asked.rest:
        return Reply("Search for what? For example `/finance search INV-1042`.")
    look = Look(state="all", search=asked.rest[:100])
    return await _found(asked, look, f"Cases with “{data(asked.rest, 100)}”")


async def _found(asked: Asked, look: Look, heading: str, *, mine: bool = False) -> Reply:
    ctx, now = asked.ctx, asked.ctx.clock()
    found = await ctx.db.read(lambda store: inbox.read(store, ctx.policy, asked.person, look, now))
    rows = found.mine if mine else found.listed
    if not rows:
        return Reply(f"{heading}: no case.")
    left_out = len(rows) - SHOWN
    more = f"… and {left_out} more: the Home tab of this app has them all." if left_out > 0 else ""
    text, blocks = lists.answer(heading, await _linked(asked, rows[:SHOWN]), now, more)
    return Reply(text, blocks)


async def _linked(asked: Asked, rows: Sequence[Row]) -> list[Row]:
    links = await asked.ctx.links(row.case for row in rows)
    return [row.model_copy(update={"link": links[row.case.case_id]}) for row in rows]


# --- one case -------------------------------------------------------------------------------------------------------


async def _show(asked: Asked) -> Reply:
    file = await acting.the_case(asked)
    if isinstance(file, Reply):
        return file
    [row] = await _linked(asked, [Row(case=file.case, money=file.proposal.money)])
    locale = asked.ctx.policy.region(file.case.channel).locale
    picture = cards.card(file, standing_of(asked.ctx.policy, file), locale=locale)
    way = f"<{row.link}|Open its card>" if row.link else "Its card is on its way."
    return Reply(picture.text, [*(block for block in picture.blocks if block["type"] != "actions"), context(way)])


# --- the digest -----------------------------------------------------------------------------------------------------


async def _digest(asked: Asked) -> Reply:
    ctx, now, user_id = asked.ctx, asked.ctx.clock(), asked.person.user_id
    region = digests.region_of(ctx.policy)
    drawn = await ctx.db.read(lambda store: digests.drawn(store, now, region))
    await ctx.write(digests.asked_for, drawn, user_id=user_id, identity=asked.identity)
    return Reply("The digest of the last seven days is on its way to your direct messages.")


# --- the policy -----------------------------------------------------------------------------------------------------


async def _policy(asked: Asked) -> Reply:
    """Say who decides what; kinds with the same rules stand together."""
    if asked.rest.strip().lower() == "try":
        return await _policy_try(asked)
    ctx = asked.ctx
    paused = await ctx.db.read(lambda store: store.pauses())
    alike: dict[tuple[str, ...], list[str]] = {}
    for kind in Kind:
        rules = ctx.policy.kinds.get(kind)
        if rules is None or rules.enabled:
            alike.setdefault(_rules(ctx.policy, kind, ctx.clock()), []).append(wording.TITLES[kind])
    locale = ctx.policy.region().locale
    sentences = {", ".join(kinds): in_locale("; ".join(rules), locale) for rules, kinds in alike.items()}
    lines = [f"*{data(kinds, 300)}*\n{data(rules, 500)}" for kinds, rules in sentences.items()]
    groups = [f"*{data(name, 60)}*: {_members(members)}" for name, members in ctx.policy.groups.items()]
    notes = [
        f"Paused: {data('everything' if pause.scope == EVERYTHING else pause.scope)}, {data(pause.reason)}"
        for pause in paused
    ]
    blocks = [
        section("*Who decides*\nNobody decides alone on what they asked for or edited."),
        *(section(line) for line in lines[:20]),
        section(fit(["*Groups*", *groups], 2900)),
        *lists.lines(notes),
        context(f"Policy {code(ctx.policy.version)}"),
    ]
    return Reply("\n".join(["Who decides", *lines, *groups, *notes]), blocks)


async def _policy_try(asked: Asked) -> Reply:
    """Answer with what the shadow policy has recorded, as `countersign policy backtest --shadow` tells it."""
    since = asked.ctx.clock() - SHADOW_SPAN
    seen = await asked.ctx.db.read(lambda store: shadow.seen(store, since))
    if not seen.recorded:
        return Reply(NO_SHADOW)
    heading = f"*The policy that is tried*, in the last {SHADOW_SPAN.days} days\n{data(seen.summary, 500)}"
    lines = [f"•  {data(line, 80)}" for line in seen.lines] or ["Nothing differs."]
    how = context(f"In force: {code(asked.ctx.policy.version)}. More of it: `countersign policy backtest`.")
    return Reply("\n".join([heading, *lines]), [section(heading), section(fit(lines, 2900)), how])


def _rules(policy: Policy, kind: Kind, now: datetime) -> tuple[str, ...]:
    """Return the sentence of each band, made with an amount that lies in it."""
    bands = bands_of(policy, kind)
    limits = [dict(band.up_to) for band in bands if band.up_to]
    amounts = [Money(amount_minor=limit[next(iter(limit))], currency=next(iter(limit))) for limit in limits]
    above = [amounts[-1].model_copy(update={"amount_minor": amounts[-1].amount_minor + 1})] if amounts else [None]
    asked: Iterable[Money | None] = [*amounts, *above] if len(bands) > len(limits) else amounts
    return tuple(rule(policy, band, _about(kind, money, now)) for band, money in zip(bands, asked, strict=False))


def _about(kind: Kind, money: Money | None, now: datetime) -> Proposal:
    return Proposal(case_id="", version=1, kind=kind, money=money, created_at=now)


def _members(members: Sequence[str]) -> str:
    return ", ".join(f"<@{member}>" if member[:1] in "UW" else code(member) for member in members)


_COMMANDS: Mapping[str, Callable[[Asked], Awaitable[Reply]]] = {
    "help": _say_help,
    "list": _list,
    "show": _show,
    "search": _search,
    "policy": _policy,
    "digest": _digest,
    **acting.COMMANDS,
}
