"""Decide what a later call, a late look-up or another amount does to a case that exists: one row a rule."""

from typing import Any

import pytest

from bot.core.model import CaseState, Earlier, Kind
from bot.core.revise import LOWERED, RAISED, REDELIVERED, Revision
from tests.support.policies import ANA, BEN, LEA, usd
from tests.support.revisions import AWAY, CHARGE, FIRST, LATER, NOW, WAYS, Told, actions, call, fact

PAID = Earlier(case_id="C-2", kind=Kind.REFUND, state=CaseState.DONE, opened_at=NOW, why="payment pi_1", exact=True)
STAYS_AWAY, ANSWERS = ((AWAY,), (AWAY,)), ((AWAY,), (CHARGE,))
FRENCH, TO_60 = "Updated: language not stated → fr.", "Updated: amount 50.00 → 60.00."
CONFIRMED_IT, LOOKED_UP = "Updated: details changed.", "Looked up late: charge."
STATES = [state for state in CaseState if state is not CaseState.OPEN]


def revision_of(told: Told) -> Revision:
    revision = told.revised()
    assert revision is not None
    return revision


Row = tuple[Told, str, str, dict[str, Any]]


def told_as(told: Told, words: str, actor: str = "dialnexa", **offer: Any) -> Row:
    """Return a row: how the revision is told, by whom, and parts of the proposal that it makes."""
    return told, words, actor, offer


def rows(**table: Told) -> pytest.MarkDecorator:
    return pytest.mark.parametrize("told", [pytest.param(told, id=promise) for promise, told in table.items()])


UNDER_REVIEW: dict[str, Any] = {"kind": Kind.REVIEW, "because": "The charge is disputed."}


@rows(
    **{
        "the same call again": Told(FIRST),
        "the same call again after somebody has chosen": Told(FIRST, ways=WAYS, chosen=1),
        "the same call again, although it would be offered otherwise by now": Told(FIRST, **UNDER_REVIEW),
        "the same call again after somebody has edited it": Told(
            FIRST, before=(FIRST, call(ANA, "form", amount="50.00"))
        ),
        "a form that says what was said": Told(
            call(ANA, "form", amount="50.00"), before=(FIRST, call(ANA, "form", amount="50.00"))
        ),
    }
)
def test_it_is_only_noted_that_it_came_again(told: Told) -> None:
    assert told.revised() == REDELIVERED


@rows(
    **{
        "a system that stays away": Told(looked_up=STAYS_AWAY),
        "the same call again while a system is away": Told(FIRST, looked_up=STAYS_AWAY),
        "a system that stays away while another offer would be made": Told(looked_up=STAYS_AWAY, **UNDER_REVIEW),
        "another system that is away by now, whose facts are known": Told(
            looked_up=((AWAY, fact("invoice", source="Books")), (AWAY, fact("books", source="Books", failed=True)))
        ),
    }
)
def test_while_nothing_is_learned_nothing_is_written(told: Told) -> None:
    assert told.revised() is None


@pytest.mark.parametrize("state", STATES)
def test_after_the_decision_a_changed_call_changes_nothing_and_people_are_told(state: CaseState) -> None:
    revision = revision_of(Told(call(amount="60.00"), case={"state": state}, **UNDER_REVIEW))
    assert (revision.fields, revision.proposal) == ({}, None)
    assert (revision.entry.what, revision.entry.actor) == ("call.changed_late", "dialnexa")
    assert revision.entry.sentence == (
        f"The call summary changed after the case was {state}: amount 50.00 → 60.00. Nothing was done about it."
    )


@pytest.mark.parametrize("state", STATES)
def test_after_the_decision_the_same_call_again_is_only_noted(state: CaseState) -> None:
    assert Told(FIRST, case={"state": state}, **UNDER_REVIEW).revised() == REDELIVERED


SAME_VERSION: dict[str, Row] = {
    "a changed call that offers the same": told_as(Told(call(language="fr")), FRENCH),
    "what is looked up late is told by its name": told_as(
        Told(looked_up=((AWAY,), (CHARGE, fact("pay_out")))), "Looked up late: charge, pay out.", "worker"
    ),
    "a system that answers again and knows nothing is told by its own": told_as(
        Told(looked_up=((AWAY,), ())), "Looked up late: Stripe.", "worker"
    ),
    "a call that changed while a system was away is its sender's": told_as(
        Told(call(language="fr"), looked_up=ANSWERS), LOOKED_UP
    ),
    "a call that changed while a system stays away is told as what changed": told_as(
        Told(call(language="fr"), looked_up=STAYS_AWAY), FRENCH
    ),
    "new facts are no late look-up where none had failed": told_as(
        Told(call(language="fr"), looked_up=((), (CHARGE,))), FRENCH
    ),
    "an edit by who had edited before": told_as(
        Told(call(ANA, "form", language="fr"), before=(FIRST, call(ANA, "form", amount="50.00"))), FRENCH, ANA
    ),
    "a choice stands while its ways are the same": told_as(Told(call(language="fr"), ways=WAYS, chosen=1), FRENCH),
    "a choice stands when something is looked up late": told_as(
        Told(ways=WAYS, chosen=1, looked_up=ANSWERS), LOOKED_UP, "worker"
    ),
}


@pytest.mark.parametrize(("told", "words", "actor", "offer"), SAME_VERSION.values(), ids=SAME_VERSION.keys())
def test_the_same_offer_keeps_its_version_and_its_approvals(
    told: Told, words: str, actor: str, offer: dict[str, Any]
) -> None:
    revision = revision_of(told)
    assert (revision.proposal, offer) == (None, {})
    assert (revision.entry.what, revision.entry.actor, revision.entry.sentence) == ("case.updated", actor, words)
    assert revision.fields["details"] == told.known.details
    assert revision.fields["facts"] == told.known.facts


CONFIRMED = call(ANA, "form", amount="50.00")
DOUBTFUL: dict[str, Any] = {"kind": Kind.REVIEW, "because": "Below 60% a person looks first.", "actions": ()}


NEW_VERSION: dict[str, Row] = {
    "another amount": told_as(
        Told(call(amount="60.00")), TO_60, money=usd(6000), actions=actions(6000, "refund"), authors=(), highest=None
    ),
    "another kind": told_as(Told(call(language="fr"), kind=Kind.DISPUTE), FRENCH, kind=Kind.DISPUTE),
    "another amount of what is not offered yet": told_as(
        Told(call(amount="60.00"), offered={"actions": ()}, actions=()), TO_60, money=usd(6000)
    ),
    "another reason why it needs a look": told_as(
        Told(call(language="fr"), because="Only 50% certain."), FRENCH, because="Only 50% certain."
    ),
    "other steps for the same amount": told_as(
        Told(call(language="fr"), actions=actions(5000, "refund", "ticket")),
        FRENCH,
        actions=actions(5000, "refund", "ticket"),
    ),
    "other ways to settle it": told_as(Told(call(language="fr"), now_ways=WAYS), FRENCH, actions=()),
    "a call that states less is judged by what it states": told_as(
        Told(call(amount="40.00")), "Updated: amount 50.00 → 40.00.", money=usd(4000), highest=None
    ),
    "who edits a case is an author of its offer": told_as(
        Told(call(ANA, "form", language="fr")), FRENCH, ANA, authors=(ANA,), money=usd(5000)
    ),
    "a later author comes beside the first": told_as(
        Told(call(BEN, "form", language="fr"), before=(FIRST, CONFIRMED)), FRENCH, BEN, authors=(ANA, BEN)
    ),
    "a form that only confirms what was stated counts": told_as(
        Told(CONFIRMED, offered=DOUBTFUL), CONFIRMED_IT, ANA, kind=Kind.REFUND, because=None, authors=(ANA,)
    ),
    "also where the call comes again before the form is read": told_as(
        Told(CONFIRMED, FIRST, offered=DOUBTFUL), CONFIRMED_IT, kind=Kind.REFUND, because=None, authors=(ANA,)
    ),
    "an author who confirms once more gets the offer as it would be made by now": told_as(
        Told(CONFIRMED, before=(FIRST, CONFIRMED), actions=(), **UNDER_REVIEW),
        CONFIRMED_IT,
        ANA,
        kind=Kind.REVIEW,
        authors=(ANA,),
    ),
    "a form counts while a system is away": told_as(
        Told(CONFIRMED, looked_up=STAYS_AWAY), CONFIRMED_IT, ANA, authors=(ANA,)
    ),
    "what is looked up late may change the offer": told_as(
        Told(looked_up=ANSWERS, actions=(), **UNDER_REVIEW),
        LOOKED_UP,
        "worker",
        kind=Kind.REVIEW,
        actions=(),
        because="The charge is disputed.",
    ),
    "also when the call comes again meanwhile": told_as(
        Told(FIRST, looked_up=ANSWERS, actions=(), **UNDER_REVIEW), LOOKED_UP, "worker", kind=Kind.REVIEW, actions=()
    ),
    "a choice falls with the ways that it was one of": told_as(
        Told(looked_up=ANSWERS, ways=WAYS, chosen=0, now_ways=("evidence",)),
        LOOKED_UP,
        "worker",
        actions=(),
        authors=(LEA,),
        because=None,
    ),
    "a choice stands while only its amount changes": told_as(
        Told(call(BEN, RAISED, "Raised: a slip", amount="60.00"), ways=WAYS, chosen=0),
        TO_60,
        BEN,
        actions=actions(6000, "refund", "ticket"),
        authors=(LEA, BEN),
        because="Raised: a slip",
    ),
    "a choice falls where a call states another amount": told_as(
        Told(call(amount="60.00"), ways=WAYS, chosen=0), TO_60, actions=(), authors=(LEA,), because=None
    ),
    "a choice falls where somebody edits something else": told_as(
        Told(call(ANA, "form", language="fr"), ways=WAYS, chosen=0), FRENCH, ANA, actions=(), authors=(LEA, ANA)
    ),
    "no way is chosen where nobody had chosen one": told_as(
        Told(call(BEN, RAISED, "Raised: a slip", amount="60.00"), ways=WAYS), TO_60, BEN, actions=()
    ),
    "who lowers the amount is no author, and it is judged by what was offered": told_as(
        Told(call(ANA, LOWERED, "Lowered: as agreed", amount="40.00")),
        "Updated: amount 50.00 → 40.00.",
        ANA,
        money=usd(4000),
        highest=usd(5000),
        authors=(),
        because="Lowered: as agreed",
    ),
    "lowered once more it is judged by what was offered first": told_as(
        Told(call(BEN, LOWERED, "Lowered", amount="30.00"), offered={"highest": usd(9000)}),
        "Updated: amount 50.00 → 30.00.",
        BEN,
        highest=usd(9000),
        money=usd(3000),
    ),
    "what was offered first outlives a changed call": told_as(
        Told(
            call(customer_name="Dana O."),
            offered={"highest": usd(9000)},
            owner="finance",
            actions=actions(5000, "refund", "ticket"),
        ),
        "Updated: customer name Dana → Dana O..",
        highest=usd(9000),
    ),
    "who raises the amount is an author, and it is judged by itself": told_as(
        Told(call(ANA, RAISED, "Raised: a slip", amount="70.00")),
        "Updated: amount 50.00 → 70.00.",
        ANA,
        money=usd(7000),
        highest=None,
        authors=(ANA,),
        because="Raised: a slip",
    ),
    "raised again but not as high it is still judged by what was offered first": told_as(
        Told(call(ANA, RAISED, "Raised", amount="70.00"), offered={"highest": usd(9000)}),
        "Updated: amount 50.00 → 70.00.",
        ANA,
        highest=usd(9000),
    ),
    "raised to what was offered first it is judged by itself": told_as(
        Told(call(ANA, RAISED, "Raised", amount="90.00"), offered={"highest": usd(9000)}),
        "Updated: amount 50.00 → 90.00.",
        ANA,
        highest=None,
    ),
    "an amount in another currency is not judged by the one before": told_as(
        Told(call(amount="60.00"), offered={"highest": usd(9000).model_copy(update={"currency": "EUR"})}),
        TO_60,
        highest=None,
    ),
    "why it needs a look comes before why its amount was changed": told_as(
        Told(call(ANA, RAISED, "Raised: a slip", amount="70.00"), **UNDER_REVIEW),
        "Updated: amount 50.00 → 70.00.",
        ANA,
        because="The charge is disputed.",
    ),
}


@pytest.mark.parametrize(("told", "words", "actor", "offer"), NEW_VERSION.values(), ids=NEW_VERSION.keys())
def test_another_offer_is_a_new_version_for_which_earlier_approvals_do_not_count(
    told: Told, words: str, actor: str, offer: dict[str, Any]
) -> None:
    revision = revision_of(told)
    assert revision.proposal is not None
    says = f"{words} This is version 2; earlier approvals do not count for it."
    assert (revision.entry.what, revision.entry.actor, revision.entry.sentence) == ("case.updated", actor, says)
    assert {name: getattr(revision.proposal, name) for name in offer} == offer
    assert revision.proposal.created_at == LATER


def test_the_case_becomes_what_the_calls_say() -> None:
    told = Told(call(amount="60.00"), channel="urgent", urgent=True, earlier=(PAID,), looked_up=((), (CHARGE,)))
    assert revision_of(told).fields == {
        "kind": Kind.REFUND,
        "details": told.history.details,
        "facts": (CHARGE,),
        "earlier": (PAID,),
        "channel": "urgent",
        "urgent": True,
    }


def test_while_its_kind_stays_so_do_its_owner_and_its_due_time() -> None:
    fields = revision_of(Told(call(amount="60.00"), owner="leads", due_at=LATER)).fields
    assert not {"owner", "due_at"} & set(fields)


def test_as_another_kind_it_gets_the_owner_and_the_due_time_of_that_kind() -> None:
    fields = revision_of(Told(call(amount="60.00"), owner="leads", due_at=LATER, kind=Kind.DISPUTE)).fields
    assert (fields["kind"], fields["owner"], fields["due_at"]) == (Kind.DISPUTE, "leads", LATER)
