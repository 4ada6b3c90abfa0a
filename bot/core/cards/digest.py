"""Draw the digest as a message: two charts, and every figure in words too."""

from collections.abc import Mapping
from datetime import datetime, timedelta

from bot.core.cards import Picture, wording
from bot.core.cards.charts import Chart, block, lines
from bot.core.cards.mrkdwn import Block, context, data, escape, fit, header, section
from bot.core.digest import Digest
from bot.core.model import Case, Money
from bot.core.money import HOME, show
from bot.core.playbooks import PLAYBOOKS

ROOM = 2500


def charts(digest: Digest) -> tuple[Chart, ...]:
    """Return the charts of a digest, none for a span in which nothing happened."""
    drawn: list[Chart] = []
    if digest.opened:
        names = tuple(wording.TITLES[kind] for kind in digest.opened)
        drawn.append(Chart("New cases by kind", "cases", names, (("opened", tuple(digest.opened.values())),)))
    if digest.pace:
        names = tuple(wording.TITLES[kind] for kind in digest.pace)
        median = tuple(_hours(pace.median) for pace in digest.pace.values())
        p95 = tuple(_hours(pace.p95) for pace in digest.pace.values())
        drawn.append(Chart("Time to decide", "hours", names, (("median", median), ("95th percentile", p95))))
    return tuple(drawn)


def picture(digest: Digest, locale: str = HOME) -> Picture:
    """Draw the digest with Slack's chart blocks; the module `charts` has what a Slack gets that refuses them."""
    title = f"Finance digest, {_day(digest.since)} to {_day(digest.until)} {digest.until.year}"
    figures = _lines(digest, locale)
    blocks: list[Block] = [header(title), section(fit([data(line, 300) for line in figures], ROOM))]
    for chart in charts(digest):
        blocks.append(block(chart))
        blocks.append(context(escape(f"{chart.title}. " + "; ".join(lines(chart)))))
    if digest.reasons:
        words = [f"• {data(reason, 120)} ({count})" for reason, count in digest.reasons]
        blocks.append(section("*Top reasons of callers*\n" + fit(words, ROOM)))
    if digest.stuck:
        stuck = [f"• {data(_named(case, locale), 200)} ({case.case_id})" for case in digest.stuck]
        blocks.append(section(":rotating_light: *Stuck now*\n" + fit(stuck, ROOM)))
    text = "\n".join([title, *figures, *(line for chart in charts(digest) for line in lines(chart))])
    return Picture(text=escape(text)[:3500], blocks=blocks)


def _day(at: datetime) -> str:
    return f"{at.day} {at:%b}"


def _named(case: Case, locale: str) -> str:
    """Name a stuck case, but not whom a restricted one is about: a digest is read by more people than may know."""
    if PLAYBOOKS[case.kind].restricted:
        return wording.TITLES[case.kind]
    return wording.headline(case.kind, case.details, case.details.money, locale=locale)


def _lines(digest: Digest, locale: str) -> list[str]:
    in_time = sum(pace.in_time for pace in digest.pace.values())
    figures = [
        f"{sum(digest.opened.values())} new, {digest.decided} decided, {digest.waiting} waiting"
        + (f" ({digest.overdue} overdue)" if digest.overdue else ""),
        f"Approved: {_money(digest.approved, locale)}. Refused: {_money(digest.refused, locale)}.",
    ]
    if digest.decided:
        figures.append(
            f"Decided in time: {in_time} of {digest.decided}. "
            f"Automatic share: {digest.automatic / digest.decided:.0%} ({digest.automatic} of {digest.decided})."
        )
    if digest.stuck:
        figures.append(f"Stuck: {len(digest.stuck)}.")
    return figures


def _money(sums: Mapping[str, int], locale: str) -> str:
    shown = [show(Money(amount_minor=minor, currency=currency), locale) for currency, minor in sums.items()]
    return ", ".join(shown) or "none"


def _hours(span: timedelta) -> float:
    return round(span.total_seconds() / 3600, 2)
