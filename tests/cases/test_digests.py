"""Count a week in a digest, with the same figures in its chart, its picture and its words."""

from collections.abc import Callable
from datetime import datetime, timedelta
from io import BytesIO
from typing import Any

import pytest
from jsonschema import Draft7Validator
from PIL import Image

from bot.cases import digests
from bot.cases.digests import weekly_due, weekly_id
from bot.core.cards import charts
from bot.core.cards import digest as cards
from bot.core.cards.mrkdwn import Block
from bot.core.digest import Counted, digest
from bot.core.model import CaseState, Kind, Money, Verdict
from bot.core.policy import Region
from bot.core.policy.file import read_policy
from sandbox.slack.checks import message_problems
from storage import Database, Store
from tests.contract.test_cards import faults, validator
from tests.support.cards import DETAILS, EVIL, NOW, PLAIN, case_of
from tests.support.rows import WORKED, a_case, a_proposal
from tests.support.world import POLICY

WEEK = timedelta(days=7)
SINCE = NOW - WEEK
HOUR = timedelta(hours=1)
CHANNEL = '[digest]\nchannel = "review"\nat = "mon 09:00"\n'


def counted(
    n: int, *, took: timedelta | None = HOUR, verdict: Verdict | None = Verdict.APPROVE, minor: int = 1000, **more: Any
) -> Counted:
    """Return a refund that was opened two days ago, was due after one and was decided after `took`."""
    opened_at = more.pop("opened_at", NOW - timedelta(days=2))
    pays, automatic, currency = more.pop("pays", True), more.pop("automatic", False), more.pop("currency", "USD")
    state = more.pop("state", CaseState.DONE if verdict is Verdict.APPROVE else CaseState.REJECTED)
    case = case_of(case_id=f"C-{n}", state=state, opened_at=opened_at, due_at=opened_at + timedelta(days=1), **more)
    decided_at = opened_at + took if took is not None else None
    return Counted(case, Money(amount_minor=minor, currency=currency), pays, automatic, decided_at, verdict)


def test_money_is_summed_by_currency_and_refusals_apart() -> None:
    made = digest(
        [
            counted(1, minor=1000),
            counted(2, minor=250),
            counted(3, minor=15000, currency="JPY"),
            counted(4, minor=999, verdict=Verdict.REJECT),
            counted(5, minor=77, pays=False),  # approved, but nothing is paid
        ],
        SINCE,
        NOW,
    )
    assert made.approved == {"JPY": 15000, "USD": 1250}
    assert made.refused == {"USD": 999}


def test_an_approval_that_waits_for_others_decides_nothing() -> None:
    made = digest([counted(1, state=CaseState.OPEN)], SINCE, NOW)
    assert (made.decided, made.approved, made.waiting) == (0, {}, 1)


def test_the_median_and_the_slowest_of_twenty_and_those_in_time() -> None:
    made = digest([counted(n, took=n * 2 * HOUR) for n in range(1, 21)], SINCE, NOW)
    pace = made.pace[Kind.REFUND]
    assert (pace.count, pace.median, pace.p95, pace.in_time) == (20, 21 * HOUR, 38 * HOUR, 12)


def test_what_lies_outside_the_week_is_not_counted_but_what_waits_is() -> None:
    old: dict[str, Any] = {"opened_at": NOW - timedelta(days=30)}
    made = digest([counted(1, **old), counted(2, state=CaseState.OPEN, took=None, verdict=None, **old)], SINCE, NOW)
    assert (made.opened, made.decided, made.waiting, made.overdue) == ({}, 0, 1, 1)


def test_a_reason_is_counted_once_however_it_is_written_and_never_from_a_sensitive_call() -> None:
    def said(reason: str, **more: Any) -> Any:
        return PLAIN.model_copy(
            update={"fields": PLAIN.fields.model_copy(update={"refund_reason": reason, "dispute_reason": None} | more)}
        )

    stated = (said("Charged twice"), said(" charged  TWICE"), said("secret", sensitive_data_spoken=True))
    made = digest([counted(n, details=details) for n, details in enumerate(stated)], SINCE, NOW)
    assert made.reasons == (("charged twice", 2),)


def test_a_quiet_week_says_so_without_a_chart() -> None:
    made = digest([], SINCE, NOW)
    assert cards.charts(made) == ()
    assert "0 new, 0 decided, 0 waiting" in cards.picture(made).text


OPERATIONS: dict[str, Callable[[list[Block]], list[Block]]] = {
    "data_visualization": lambda blocks: blocks,
    "image": lambda blocks: charts.with_image(blocks, "F0123456789"),
    "words": charts.without_pictures,
}


@pytest.mark.parametrize("way", OPERATIONS)
def test_a_digest_of_every_kind_fits_the_message_schema_and_its_budget(way: str) -> None:
    schema: Draft7Validator = validator("message")
    many = [counted(n, kind=kind, details=details) for n, kind in enumerate(Kind) for details in DETAILS.values()]
    many += [counted(99, state=CaseState.STUCK, details=DETAILS["hostile"])]
    picture = cards.picture(digest(many, SINCE, NOW))
    blocks = OPERATIONS[way](picture.blocks)
    assert faults(schema, blocks) == []
    assert message_problems(blocks) == []
    assert len(blocks) <= 50
    assert len(str(blocks)) <= 12_000
    drawn = [block["type"] for block in blocks if block["type"] in ("data_visualization", "image")]
    assert drawn == {"data_visualization": ["data_visualization"] * 2, "image": ["image"], "words": []}[way]
    assert EVIL not in picture.text


def test_every_figure_of_a_chart_stands_in_the_text_too() -> None:
    made = digest([counted(1), counted(2, kind=Kind.DISPUTE, took=3 * HOUR)], SINCE, NOW)
    text = cards.picture(made).text
    for chart in cards.charts(made):
        for line in charts.lines(chart):
            assert line in text
    assert "Refund: 1 case" in text
    assert "Dispute: median 3, 95th percentile 3 hours" in text


def test_the_charts_are_read_back_from_the_blocks_of_a_message() -> None:
    made = cards.charts(digest([counted(1), counted(2, kind=Kind.DISPUTE, took=3 * HOUR)], SINCE, NOW))
    assert charts.of([{"type": "divider"}, *map(charts.block, made)]) == made


def test_an_image_stands_where_the_first_chart_stood_and_says_what_it_shows() -> None:
    blocks = cards.picture(digest([counted(1)], SINCE, NOW)).blocks
    types = [block["type"] for block in charts.with_image(blocks, "F0123456789")]
    assert types[:4] == ["header", "section", "image", "context"]
    (image,) = [one for one in charts.with_image(blocks, "F0123456789") if one["type"] == "image"]
    assert image["alt_text"] == "Refund: 1 case; Refund: median 1, 95th percentile 1 hour"


def test_what_is_stuck_in_a_restricted_kind_is_counted_but_not_named() -> None:
    stuck: dict[str, Any] = {"state": CaseState.STUCK, "details": PLAIN}
    hidden = counted(1, kind=Kind.COLLECTIONS, **stuck)
    text = str(cards.picture(digest([hidden, counted(2, **stuck)], SINCE, NOW)).blocks)
    assert "• Collections (C-1)" in text
    assert "Dana Whitfield (C-2)" in text
    assert digest([hidden], SINCE, NOW).reasons == ()
    assert digest([counted(2, **stuck)], SINCE, NOW).reasons == (("charged twice", 1),)


def test_the_amounts_of_a_digest_are_written_as_in_its_channel() -> None:
    made = digest([counted(1, minor=123456), counted(2, state=CaseState.STUCK)], SINCE, NOW)
    picture = cards.picture(made, "de_DE")
    assert "Approved: 1.244,56 USD. Refused: none." in picture.text
    assert "129,50 USD" in str(picture.blocks)


def test_the_rendered_picture_is_a_png_with_a_row_for_each_bar() -> None:
    small = charts.png(cards.charts(digest([counted(1)], SINCE, NOW)))
    large = charts.png(cards.charts(digest([counted(1), counted(2, kind=Kind.DISPUTE)], SINCE, NOW)))
    images = [Image.open(BytesIO(png)) for png in (small, large)]
    assert [image.format for image in images] == ["PNG", "PNG"]
    assert images[1].height - images[0].height == 3 * charts.ROW + charts.GAP


@pytest.mark.parametrize(
    ("now", "due"),
    [
        ("2026-11-23T08:59:00+00:00", None),  # Monday, a minute early
        ("2026-11-23T09:00:00+00:00", "2026-11-23T09:00:00+00:00"),
        ("2026-11-24T08:59:00+00:00", "2026-11-23T09:00:00+00:00"),  # the bot was down for most of a day
        ("2026-11-24T09:00:00+00:00", None),  # too late to be news
    ],
)
def test_the_weekly_digest_is_due_at_its_time_and_for_a_day(now: str, due: str | None) -> None:
    policy = read_policy(POLICY.read_text() + CHANNEL)
    moment = weekly_due(policy, datetime.fromisoformat(now))
    assert moment == (None if due is None else datetime.fromisoformat(due))


def test_the_time_is_that_of_the_channel() -> None:
    berlin = '[regions.review]\ntime_zone = "Europe/Berlin"\n'
    policy = read_policy(POLICY.read_text() + CHANNEL + berlin)
    assert weekly_due(policy, datetime.fromisoformat("2026-11-23T08:00:00+00:00")) is not None
    assert weekly_due(policy, datetime.fromisoformat("2026-11-23T07:59:00+00:00")) is None


async def test_a_digest_shows_what_is_stored_on_both_engines(database: Database) -> None:
    case = a_case(opened_at=NOW - HOUR)

    def fill(store: Store) -> None:
        store.add_case(case, entry=WORKED, now=NOW)
        store.add_proposal(a_proposal())

    await database.write(fill)
    christmas_island = Region(time_zone="Pacific/Kiritimati")  # it is tomorrow there
    drawn = await database.read(lambda store: digests.drawn(store, NOW, christmas_island))
    assert drawn.text.startswith("Finance digest, 17 Nov to 24 Nov 2026")
    assert "1 new" in drawn.text
    assert "Refund: 1 case" in drawn.text


def test_a_week_has_one_digest_whoever_counts_it() -> None:
    policy = read_policy(POLICY.read_text() + CHANNEL)
    monday = datetime.fromisoformat("2026-11-23T09:00:00+00:00")
    assert weekly_id(policy, monday) == "digest/2026-W48/review"
    assert weekly_due(policy, monday + HOUR) == weekly_due(policy, monday + 2 * HOUR) == monday
