"""Leave no case without somebody who can decide it: it is escalated to the admins, and says so."""

import json
from collections.abc import Mapping

import pytest

from bot.cases import presence
from bot.core.cards import card
from bot.core.model import CaseFile, CaseState, Proposal
from bot.core.policy import deciding_band, somebody_can_go_on, standing_of
from storage import Database
from tests.support.cards import file_of
from tests.support.kinds import NOW, SHIPPED, told
from tests.support.offers import approve, charged, history, look, tell
from tests.support.policies import ANA, BEN, LARGE, LEA, SMALL, decision, person, proposal

ADA = "U0ADMIN001"
EVERYBODY = {"finance": {ANA, BEN}, "leads": {LEA}, "admins": {ADA}}
ADMIN = person(ADA, ["admins"])


def without(*groups: str) -> dict[str, set[str]]:
    return {**EVERYBODY, **{group: set[str]() for group in groups}}


def open_file(offered: Proposal, *who: str, state: CaseState = CaseState.OPEN) -> CaseFile:
    file = file_of(state=state, version=offered.version, case_id=offered.case_id)
    made = tuple(decision(one) for one in who)
    return file.model_copy(update={"proposal": offered, "decisions": made})


@pytest.mark.parametrize(
    ("offered", "approved", "people", "can"),
    [
        (proposal(SMALL), (), EVERYBODY, True),
        (proposal(SMALL), (), without("finance"), False),
        (proposal(SMALL), (), without("leads"), True),
        (proposal(SMALL, authors=(ANA,)), (), EVERYBODY, True),
        (proposal(SMALL, authors=(ANA, BEN)), (), EVERYBODY, False),
        (proposal(LARGE), (), without("leads"), False),
        (proposal(LARGE), (LEA,), without("leads"), True),
        (proposal(LARGE), (), {**EVERYBODY, "finance": {ANA}}, True),
        (proposal(LARGE), (), without("finance"), False),
        (proposal(LARGE), (ANA,), {**EVERYBODY, "finance": {ANA}}, True),
        (proposal(LARGE), (ANA,), without("leads"), False),
        (proposal(None, actions=()), (), without("leads"), True),
        (proposal(None, actions=()), (), without("leads", "finance"), False),
    ],
)
def test_enough_people_have_to_be_there_for_the_rule_of_the_version(
    offered: Proposal, approved: tuple[str, ...], people: Mapping[str, set[str]], can: bool
) -> None:
    assert somebody_can_go_on(SHIPPED, open_file(offered, *approved), people) is can


def test_what_is_approved_or_stuck_needs_anybody_who_may_act() -> None:
    for state in (CaseState.APPROVED, CaseState.STUCK):
        assert somebody_can_go_on(SHIPPED, open_file(proposal(LARGE), state=state), without("leads"))
        assert not somebody_can_go_on(SHIPPED, open_file(proposal(LARGE), state=state), without("leads", "finance"))


def test_an_admin_takes_the_place_of_whoever_is_gone_and_as_many_agree_as_before() -> None:
    file = open_file(proposal(LARGE))
    fallen = file.model_copy(update={"case": file.case.model_copy(update={"fallen_to_admins": True})})
    band = deciding_band(SHIPPED, fallen)
    assert (band.quorum, band.groups, band.at_least) == (2, ("finance", "leads", "admins"), {"admins": 1})
    assert standing_of(SHIPPED, fallen).missing == "waiting for an admin and one more of finance, leads or admins"
    assert "fell to the admins" in json.dumps(card(fallen, standing_of(SHIPPED, fallen)).blocks)
    assert "fell to the admins" not in json.dumps(card(file, standing_of(SHIPPED, file)).blocks)


async def put_right(database: Database, people: Mapping[str, set[str]], *gone: str) -> list[str]:
    """Return the ids of the cases that were changed."""
    policy, left = SHIPPED, frozenset(gone)
    found = await database.read(lambda store: presence.left_alone(store, policy, people, left))
    return [
        case_id
        for case_id in found
        if await database.write(
            lambda store, one=case_id: presence.put_right(  # type: ignore[misc]  # mypy knows no bound lambda
                store, one, policy=policy, people=people, gone=left, now=NOW
            )
        )
    ]


async def test_a_case_without_deciders_falls_to_the_admins_once_and_they_decide(database: Database) -> None:
    case_id = await tell(database, told("refund-small"), (charged(100_000),))
    assert "Only finance" in ((await approve(database, case_id, ADMIN)).text or "")
    assert await put_right(database, EVERYBODY) == []
    assert await put_right(database, without("finance")) == [case_id]
    assert await put_right(database, without("finance")) == []
    file = await look(database, case_id)
    assert (file.case.fallen_to_admins, file.case.owner) == (True, "admins")
    entry = next(one for one in await history(database, case_id) if one.what == "case.fallen")
    assert entry.data["mentions"] == list(SHIPPED.groups["admins"])
    assert "It fell to the admins." in (entry.sentence or "")
    [notice] = await database.write(lambda store: store.due_notices(NOW, 10, frozenset()))
    assert (notice.recipient, notice.case_id) == ("fallback", case_id)
    await approve(database, case_id, ADMIN)
    assert (await look(database, case_id)).case.state is CaseState.APPROVED


async def test_without_an_admin_a_fallen_case_is_not_decided(database: Database) -> None:
    case_id = await tell(database, told("refund-duplicate"), (charged(100_000, "pi_DUPLICATE"),))
    await put_right(database, without("leads"))
    for who in (ANA, BEN):
        await approve(database, case_id, who)
    file = await look(database, case_id)
    assert (file.case.state, standing_of(SHIPPED, file).missing) == (CaseState.OPEN, "waiting for an admin")
    await approve(database, case_id, ADMIN)
    assert (await look(database, case_id)).case.state is CaseState.APPROVED


async def test_a_case_goes_back_when_its_people_are_there_again(database: Database) -> None:
    case_id = await tell(database, told("refund-small"), (charged(100_000),))
    await put_right(database, without("finance"))
    assert await put_right(database, EVERYBODY) == [case_id]
    file = await look(database, case_id)
    assert (file.case.fallen_to_admins, file.case.owner) == (False, "finance")
    assert "Only finance" in ((await approve(database, case_id, ADMIN)).text or "")


@pytest.mark.parametrize(
    ("owner", "people", "gone", "after"),
    [
        (BEN, EVERYBODY, (), BEN),
        (BEN, EVERYBODY, (BEN,), "finance"),
        ("leads", EVERYBODY, (), "leads"),
        ("leads", without("leads"), (), "finance"),
        (BEN, without("finance"), (BEN,), "admins"),
        ("a group that the policy has no more", EVERYBODY, (), "finance"),
    ],
)
async def test_an_owner_who_is_gone_is_followed_by_those_of_the_kind_and_at_last_by_the_admins(
    database: Database, owner: str, people: Mapping[str, set[str]], gone: tuple[str, ...], after: str
) -> None:
    case_id = await tell(database, told("refund-small"), (charged(100_000),))
    file = await look(database, case_id)
    taken = file.case.model_copy(update={"owner": owner})
    await database.write(lambda store: store.save_case(taken, entry=store.history(case_id)[-1].entry, now=NOW))
    await put_right(database, people, *gone)
    assert (await look(database, case_id)).case.owner == after
    assert await put_right(database, people, *gone) == [], "and then it stays"
