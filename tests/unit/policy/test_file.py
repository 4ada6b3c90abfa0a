"""Test how policy.toml is read: what it says, and its faults together; each stands word for word in `golden.json`."""

from datetime import timedelta

import pytest

from bot.core.model import Kind
from bot.core.policy.file import PolicyFaults, read_policy
from bot.core.policy.values import duration
from tests.support.places import REPOSITORY

ROOT = REPOSITORY
EXAMPLE = ROOT.parent / "shared" / "policy.example.toml"

CHANNELS = '[channels]\nreview = "#review"\nfallback = "C0REVIEW01"\nrefunds = "#refunds"\n'
GROUPS = '[groups]\nfinance = ["@finance"]\nleads = ["S0LEADS001"]\nadmins = ["U0ADMIN001"]\n'
REST = '[[bands]]\nquorum = 1\ngroups = ["finance"]\n'


def band(*lines: str) -> str:
    return "\n".join(("[[bands]]", *lines, ""))


def head(line: str) -> str:
    return f"{CHANNELS}{GROUPS}{line}\n{REST}"


def below(*bands: str) -> str:
    return f"{CHANNELS}{GROUPS}{''.join(bands)}"


ONE = ("quorum = 1", 'groups = ["finance"]')


@pytest.mark.parametrize(
    "bands",
    [
        (f"[[bands]]\nkinds = {[kind.value for kind in Kind]}\nquorum = 1\ngroups = ['leads']\n", REST),
        (band("quorum = 2", 'groups = ["finance", "leads"]', "at_least = { finance = 1, leads = 1 }"),),
        (band("quorum = 1", 'groups = ["admins"]', "at_least = { admins = 1 }"),),
        (band('up_to = { USD = "9" }', *ONE), band('up_to = { USD = "9", EUR = "1" }', *ONE), REST),
        (band('kinds = ["refund"]', *ONE), band('kinds = ["dispute"]', *ONE), REST),
    ],
    ids=["everything named above", "one of each", "a single member", "another currency", "another kind"],
)
def test_bands_that_can_all_be_met_are_no_faults(bands: tuple[str, ...]) -> None:
    assert len(read_policy(below(*bands)).bands) == len(bands)


def test_it_tells_every_fault_together_in_the_order_of_the_lines() -> None:
    text = head('[kinds.refund]\nowner = "nobody"\ndue = "soon"\n[time]\nexpires = 3').replace("fallback", "fall_back")
    with pytest.raises(PolicyFaults) as raised:
        read_policy(text, "other.toml")
    assert str(raised.value).splitlines() == [
        'other.toml:1: [channels] needs "fallback", for example fallback = "#finance-review"',
        'other.toml:10: "nobody" is not in [groups], nor a Slack user id; known are: finance, leads, admins',
        'other.toml:11: "due" must be a time such as "15m", "4h", "1h30m" or "1d"',
        'other.toml:13: "expires" must be text in quotes, not a whole number',
    ]


def test_a_fault_of_the_whole_file_has_no_line() -> None:
    with pytest.raises(PolicyFaults) as raised:
        read_policy("")
    assert [str(fault) for fault in raised.value.faults] == [
        f"policy.toml: the policy needs {name}" for name in ("[channels]", "[groups]", "[[bands]]")
    ]


def test_a_fault_never_repeats_personal_data() -> None:
    with pytest.raises(PolicyFaults) as raised:
        read_policy(head('[vip]\nemails = "dana@example.com"\naccounts = [7]\n[groups.vip]\nx = "dana@example.com"'))
    assert "dana" not in str(raised.value)


def test_what_is_nested_too_deeply_is_a_fault() -> None:
    with pytest.raises(PolicyFaults, match="nested too deeply"):
        read_policy(f"x = {'[' * 9999}")


def test_a_mark_of_a_windows_editor_and_its_line_ends_are_no_faults() -> None:
    policy = read_policy(head("").replace("\n", "\r\n").join(("\ufeff", "")))
    assert policy == read_policy(head(""))


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("15m", timedelta(minutes=15)),
        ("4h", timedelta(hours=4)),
        ("1h30m", timedelta(hours=1, minutes=30)),
        ("1d", timedelta(days=1)),
        ("2d12h", timedelta(days=2, hours=12)),
    ],
)
def test_a_time_is_read_in_days_hours_and_minutes(text: str, expected: timedelta) -> None:
    assert duration(text) == expected


@pytest.mark.parametrize("text", ["", "d", "1", "30m1h", "1.5h", "-1h", "1 h", "1H", "10000d", "0m", "\u0661d"])
def test_a_time_written_otherwise_is_refused(text: str) -> None:
    with pytest.raises(ValueError, match=r"must be|is empty"):
        duration(text)


def test_amounts_become_minor_units_and_kinds_become_kinds() -> None:
    policy = read_policy(
        below(band('kinds = ["refund"]', 'up_to = { USD = "100.00", JPY = "15000", KWD = "1.5" }', *ONE), REST)
    )
    assert policy.bands[0].up_to == {"USD": 10_000, "JPY": 15_000, "KWD": 1_500}
    assert policy.bands[0].kinds == (Kind.REFUND,)


def test_an_intent_is_read_without_regard_to_case_spaces_and_hyphens() -> None:
    assert read_policy(head('[intents]\n"Money back" = "refund"')).intents == {"money_back": Kind.REFUND}


def test_the_shipped_policy_has_no_faults() -> None:
    policy = read_policy((ROOT / "policy.toml").read_text(encoding="utf-8"))
    assert policy.channels["refunds"] == "#finance-refunds"
    assert policy.groups == {
        "finance": ("@finance-approvers",),
        "leads": ("@finance-leads",),
        "admins": ("U0ADMIN001",),
    }
    assert not any(rules.enabled for rules in policy.automatic.values())


def test_the_example_that_others_rely_on_has_no_faults() -> None:
    if not EXAMPLE.exists():
        pytest.skip("contract: ../shared/policy.example.toml is absent")
    shipped = read_policy((ROOT / "policy.toml").read_text(encoding="utf-8"))
    example = read_policy(EXAMPLE.read_text(encoding="utf-8"))
    added = shipped.bands[-2]  # who owns the VIP cases decides them
    assert (added.kinds, added.groups) == ((Kind.VIP_BLOCKER,), ("finance", "leads"))
    assert example.model_copy(update={"bands": (*example.bands[:-1], added, example.bands[-1])}) == shipped
