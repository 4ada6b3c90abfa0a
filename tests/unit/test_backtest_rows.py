"""A stored case is read in its plain form, which is enough, and whole where it is not."""

import json
from typing import Any

import pytest

from bot.core.backtest import Evaluator, kind_for, weigh
from bot.core.backtest.rows import plain, subject_of
from bot.core.model import Details, Fields, Kind
from bot.core.playbooks import PLAYBOOKS
from bot.core.triage import triage
from tests.support.backtests import ABLE, OFF, ON, START, details, facts, stored, usd

GIVEN: dict[str, Any] = {
    "website_url": "https://a.example",
    "logo_url": "https://a.example/l.png",
    "brand_name": "Harbour Lane",
    "billing_address": {"line1": "1 Road"},
}
NEEDED = {name for book in PLAYBOOKS.values() for need in book.needs for name in need.any_of} - {"money"}


@pytest.mark.parametrize("kind", tuple(Kind))
def test_no_kind_needs_more_than_the_plain_values_to_be_told_from_the_others(kind: Kind) -> None:
    stated: dict[str, Any] = {name: GIVEN.get(name, "x") for name in NEEDED}
    about = Details(fields=Fields(**stated, call_intent=kind.value, vip=True), money=usd(500), unmapped={"Shelf": "2"})
    row, call, _ = stored(about, facts(about), ON, None, ABLE, ())
    read = plain(row.case)
    real = triage("call_1", [call], about, facts(about), policy=ON, available_operations=ABLE, now=START)
    assert kind_for(kind, subject_of(read, START), ON, read.earlier, by_person=False) is real.kind is kind


def test_a_row_of_an_older_release_that_lacks_a_member_is_read_too() -> None:
    about = details()
    row, _, _ = stored(about, facts(about), ON, None, ABLE, ())
    tree = json.loads(row.case)
    del tree["earlier"], tree["details"]["doubts"], tree["facts"][0]["doubt"], tree["facts"][1]["missing"]
    older = row._replace(case=json.dumps(tree))
    assert weigh(Evaluator(ON), Evaluator(OFF), older) == weigh(Evaluator(ON), Evaluator(OFF), row)
    assert weigh(Evaluator(ON), Evaluator(OFF), older).would[0].alone
