"""Who may decide on what, by the policy."""

from collections.abc import Sequence
from datetime import UTC, datetime
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from bot.core.model import Decision, Details, Fields, Kind, Money, Proposal, Verdict
from bot.core.policy import (
    Band,
    Judgement,
    Policy,
    band_for,
    groups_needed,
    is_vip,
    judge,
    may_act,
    may_reject,
    standing,
)
from bot.core.policy.file import read_policy

SHIPPED = Path(__file__).resolve().parents[1] / "policy.toml"
AT = datetime(2026, 3, 2, 9, 30, tzinfo=UTC)
ANA, BEN, LEA, SAM = "U0ANA00001", "U0BEN00001", "U0LEA00001", "U0SAM00001"
GROUPS = {ANA: frozenset({"finance"}), BEN: frozenset({"finance"}), LEA: frozenset({"leads"}), SAM: frozenset[str]()}
HEADER = '[channels]\nreview = "#r"\nfallback = "#r"\n[groups]\nfinance = ["@f"]\nleads = ["@l"]\nadmins = ["@a"]\n'
ONE = 'quorum = 1\ngroups = ["finance"]\n'
TWO = 'quorum = 2\ngroups = ["finance", "leads"]\nat_least = { leads = 1 }\n'


def usd(amount: int) -> Money:
    return Money(amount_minor=amount, currency="USD")


def proposal(money: Money | None, *, kind: Kind = Kind.REFUND, authors: tuple[str, ...] = ()) -> Proposal:
    return Proposal(case_id="C-1", version=2, kind=kind, money=money, authors=authors, created_at=AT)


def decision(user_id: str, *, version: int = 2, case_id: str = "C-1", verdict: Verdict = Verdict.APPROVE) -> Decision:
    return Decision(
        case_id=case_id,
        version=version,
        user_id=user_id,
        verdict=verdict,
        in_groups=tuple(sorted(GROUPS[user_id])),
        rule="",
        policy_version="",
        decided_at=AT,
    )


def policy_of(*bands: str) -> Policy:
    return read_policy(HEADER + "".join(f"[[bands]]\n{band}" for band in bands))


@pytest.fixture(scope="module")
def policy() -> Policy:
    return read_policy(SHIPPED.read_text(encoding="utf-8"))


SMALL, LARGE = usd(10_000), usd(10_001)

CASES: dict[str, tuple[Proposal, Sequence[Decision], str, bool, bool]] = {
    # name: proposal, decisions so far, who clicks, allowed, complete
    "one of finance is enough for a small refund": (proposal(SMALL), (), ANA, True, True),
    "somebody in no group may not approve": (proposal(SMALL), (), SAM, False, False),
    "a lead is not asked about a small refund": (proposal(SMALL), (), LEA, False, False),
    "the first of two does not complete": (proposal(LARGE), (), ANA, True, False),
    "the second completes with a lead": (proposal(LARGE), (decision(ANA),), LEA, True, True),
    "the second completes after a lead": (proposal(LARGE), (decision(LEA),), BEN, True, True),
    "two without a lead do not complete": (proposal(LARGE), (decision(ANA),), BEN, True, False),
    "a lead completes after two without": (proposal(LARGE), (decision(ANA), decision(BEN)), LEA, True, True),
    "the same person may not approve twice": (proposal(LARGE), (decision(LEA),), LEA, False, False),
    "an approval of another version counts nothing": (proposal(LARGE), (decision(ANA, version=1),), LEA, True, False),
    "an approval of another case counts nothing": (proposal(LARGE), (decision(ANA, case_id="C-2"),), LEA, True, False),
    "an earlier version does not bar its approver": (proposal(SMALL), (decision(ANA, version=1),), ANA, True, True),
    "a former approver outside the band counts nothing": (proposal(LARGE), (decision(SAM),), LEA, True, False),
    "a rejected version takes no approval": (
        proposal(LARGE),
        (decision(ANA, verdict=Verdict.REJECT),),
        LEA,
        False,
        False,
    ),
    "an author may not decide alone": (proposal(SMALL, authors=(ANA,)), (), ANA, False, False),
    "somebody else may decide alone": (proposal(SMALL, authors=(ANA,)), (), BEN, True, True),
    "an author may be the first of two": (proposal(LARGE, authors=(LEA,)), (), LEA, True, False),
    "an author may be the second of two": (proposal(LARGE, authors=(LEA,)), (decision(ANA),), LEA, True, True),
    "two authors may not decide among themselves": (
        proposal(LARGE, authors=(ANA, LEA)),
        (decision(ANA),),
        LEA,
        False,
        False,
    ),
}


@pytest.mark.parametrize(("asked", "decisions", "user_id", "allowed", "complete"), CASES.values(), ids=CASES.keys())
def test_an_approval_is_judged_by_its_band(
    policy: Policy, asked: Proposal, decisions: Sequence[Decision], user_id: str, allowed: bool, complete: bool
) -> None:
    judgement = judge(policy, asked, decisions, user_id, GROUPS[user_id])
    assert (judgement.allowed, judgement.complete) == (allowed, complete)
    assert (judgement.why_not is None) == allowed
    assert judgement.complete == (allowed and judgement.missing is None)


def test_a_judgement_says_the_rule_and_what_is_missing(policy: Policy) -> None:
    rule = "over 100.00 USD: two people, at least one of leads"
    assert judge(policy, proposal(LARGE), (decision(ANA),), BEN, GROUPS[BEN]) == Judgement(
        allowed=True, complete=False, rule=rule, missing="waiting for a lead"
    )
    assert judge(policy, proposal(LARGE), (decision(LEA),), SAM, GROUPS[SAM]) == Judgement(
        allowed=False,
        complete=False,
        rule=rule,
        missing="waiting for one more of finance or leads",
        why_not=f"Only finance or leads may approve this. Rule: {rule}.",
    )


@pytest.mark.parametrize(
    ("asked", "decisions", "rule", "missing"),
    [
        (proposal(SMALL), (), "up to 100.00 USD: one person of finance", "waiting for one of finance"),
        (proposal(SMALL), (decision(ANA),), "up to 100.00 USD: one person of finance", None),
        (
            proposal(None),
            (),
            "no amount stated: two people, at least one of leads",
            "waiting for a lead and one more of finance or leads",
        ),
        (
            proposal(Money(amount_minor=500, currency="CHF")),
            (decision(ANA), decision(BEN)),
            "no limit for 5.00 CHF: two people, at least one of leads",
            "waiting for a lead",
        ),
        (
            proposal(SMALL, authors=(ANA,)),
            (),
            "up to 100.00 USD: one person of finance",
            "waiting for one of finance who neither asked for it nor edited it",
        ),
        (proposal(None, kind=Kind.BRAND_CREATE), (), "one person of finance", "waiting for one of finance"),
    ],
)
def test_a_standing_says_in_words_what_the_card_waits_for(
    policy: Policy, asked: Proposal, decisions: Sequence[Decision], rule: str, missing: str | None
) -> None:
    now = standing(policy, asked, decisions)
    assert (now.rule, now.missing) == (rule, missing)


def test_a_standing_counts_different_people_of_the_band(policy: Policy) -> None:
    others = (decision(SAM), decision(BEN, version=1), decision(LEA, verdict=Verdict.REJECT))
    now = standing(policy, proposal(LARGE), (decision(ANA), decision(ANA), *others))
    assert (now.quorum, now.approvals) == (2, 1)


USD_100, USD_1000 = 'up_to = { USD = "100.00" }\n', 'up_to = { USD = "1000.00", EUR = "900.00" }\n'
REFUND = 'kinds = ["refund"]\n'


@pytest.mark.parametrize(
    ("bands", "kind", "money", "expected"),
    [
        ((REFUND + USD_100 + ONE, REFUND + TWO, ONE), Kind.REFUND, usd(10_000), 0),
        ((REFUND + USD_100 + ONE, REFUND + TWO, ONE), Kind.REFUND, usd(10_001), 1),
        ((REFUND + USD_100 + ONE, REFUND + TWO, ONE), Kind.REFUND, None, 1),
        ((REFUND + USD_100 + ONE, REFUND + TWO, ONE), Kind.REFUND, usd(-1), 1),
        ((REFUND + USD_100 + ONE, REFUND + TWO, ONE), Kind.DISPUTE, usd(10_001), 2),
        ((REFUND + USD_100 + ONE, TWO), Kind.REFUND, usd(10_001), 1),
        ((USD_100 + ONE, USD_1000 + TWO, TWO), Kind.REFUND, Money(amount_minor=100, currency="EUR"), 1),
        ((USD_100 + ONE, USD_1000 + ONE, TWO), Kind.REFUND, Money(amount_minor=100, currency="CHF"), 2),
        # over every band for refunds: "everything else" asks for less, so the highest for refunds holds
        ((REFUND + USD_100 + ONE, REFUND + USD_1000 + TWO, ONE), Kind.REFUND, usd(100_001), 1),
        ((REFUND + USD_100 + ONE, REFUND + USD_1000 + TWO, ONE), Kind.REFUND, None, 1),
        # a band that names the kind and no limit is followed as written, even if it asks for fewer people
        ((REFUND + USD_100 + TWO, REFUND + ONE, ONE), Kind.REFUND, usd(10_001), 1),
        (('kinds = ["brand_create"]\n' + TWO, ONE), Kind.BRAND_CREATE, None, 0),
        (('kinds = ["brand_create"]\n' + TWO, ONE), Kind.BRAND_UPDATE, None, 1),
    ],
)
def test_the_first_band_that_fits_decides(
    bands: tuple[str, ...], kind: Kind, money: Money | None, expected: int
) -> None:
    policy = policy_of(*bands)
    assert band_for(policy, kind, money) is policy.bands[expected]


@pytest.mark.parametrize(("user_id", "allowed"), [(ANA, True), (LEA, True), (SAM, False)])
def test_anyone_of_the_groups_of_the_band_may_reject(policy: Policy, user_id: str, allowed: bool) -> None:
    judgement = may_reject(policy, proposal(LARGE, authors=(user_id,)), user_id, GROUPS[user_id])
    assert (judgement.allowed, judgement.complete, judgement.why_not is None) == (allowed, allowed, allowed)


@pytest.mark.parametrize(
    ("kind", "user_id", "allowed"),
    [
        (Kind.REFUND, LEA, True),  # of the band for larger refunds, though this one is small
        (Kind.REFUND, ANA, True),
        (Kind.REFUND, SAM, False),
        (Kind.BRAND_CREATE, ANA, True),
        (Kind.BRAND_CREATE, LEA, False),
    ],
)
def test_anyone_of_the_groups_of_any_band_of_the_kind_may_act(
    policy: Policy, kind: Kind, user_id: str, allowed: bool
) -> None:
    assert may_act(policy, proposal(SMALL, kind=kind), GROUPS[user_id]).allowed is allowed


def test_a_group_of_a_band_that_the_kind_never_meets_may_not_act() -> None:
    policy = policy_of(REFUND + 'quorum = 1\ngroups = ["leads"]\n', ONE)
    assert not may_act(policy, proposal(SMALL), GROUPS[ANA]).allowed
    assert groups_needed(policy, proposal(SMALL)) == {"leads"}


def test_a_door_looks_up_the_groups_of_the_kind_only(policy: Policy) -> None:
    assert groups_needed(policy, proposal(SMALL)) == {"finance", "leads"}
    assert groups_needed(policy, proposal(None, kind=Kind.BRAND_CREATE)) == {"finance"}


@pytest.mark.parametrize(
    ("fields", "vip"),
    [
        (Fields(vip=True), True),
        (Fields(email="Dana@Example.com "), True),
        (Fields(account_id="acct-7"), True),
        (Fields(vip=False, email="other@example.com", account_id="ACCT-70"), False),
        (Fields(), False),
    ],
)
def test_a_customer_is_a_vip_by_flag_email_or_account(fields: Fields, vip: bool) -> None:
    policy = read_policy(f'{HEADER}[[bands]]\n{ONE}[vip]\nemails = ["dana@example.com"]\naccounts = ["ACCT-7"]\n')
    assert is_vip(policy, Details(fields=fields)) is vip


names = st.sampled_from(("finance", "leads", "admins"))
people = st.sampled_from(("U1", "U2", "U3", "U4"))


@st.composite
def a_band(draw: st.DrawFn) -> Band:
    quorum = draw(st.integers(1, 3))
    groups = tuple(draw(st.lists(names, min_size=1, unique=True)))
    at_least = {group: 1 for group in groups[:quorum] if draw(st.booleans())}
    return Band(quorum=quorum, groups=groups, at_least=at_least)


@given(
    band=a_band(),
    clicks=st.lists(people, max_size=12),
    member_of=st.fixed_dictionaries({f"U{n}": st.frozensets(names) for n in range(1, 5)}),
    authors=st.frozensets(people),
)
def test_no_sequence_of_clicks_completes_without_all_that_the_band_asks_for(
    band: Band, clicks: list[str], member_of: dict[str, frozenset[str]], authors: frozenset[str]
) -> None:
    policy = Policy(channels={}, groups={}, bands=(band,))
    asked = proposal(LARGE, authors=tuple(authors))
    decisions: list[Decision] = []
    for user_id in clicks:
        judgement = judge(policy, asked, decisions, user_id, member_of[user_id])
        assert (judgement.missing is None) == judgement.complete
        if not judgement.allowed:
            continue
        approved = {made.user_id for made in decisions} | {user_id}
        decisions.append(decision(ANA).model_copy(update={"user_id": user_id, "in_groups": tuple(member_of[user_id])}))
        assert len(approved) == len(decisions)
        assert all(member_of[person] & set(band.groups) for person in approved)
        enough = len(approved) >= band.quorum
        balanced = all(sum(group in member_of[p] for p in approved) >= n for group, n in band.at_least.items())
        assert judgement.complete == (enough and balanced and not approved <= authors)
        assert standing(policy, asked, decisions).missing == judgement.missing
        if judgement.complete:
            break


@given(
    limits=st.lists(st.integers(1, 10**6), min_size=1, max_size=4, unique=True),
    amounts=st.tuples(st.integers(0, 2 * 10**6), st.integers(0, 2 * 10**6)),
)
def test_more_money_never_needs_fewer_people(limits: list[int], amounts: tuple[int, int]) -> None:
    rising = tuple(
        Band(kinds=(Kind.REFUND,), up_to={"USD": limit}, quorum=n, groups=("finance",))
        for n, limit in enumerate(sorted(limits), 1)
    )
    policy = Policy(channels={}, groups={}, bands=(*rising, Band(groups=("finance",))))
    less, more = sorted(amounts)
    assert band_for(policy, Kind.REFUND, usd(less)).quorum <= band_for(policy, Kind.REFUND, usd(more)).quorum
    assert band_for(policy, Kind.REFUND, usd(more)).quorum <= band_for(policy, Kind.REFUND, None).quorum
