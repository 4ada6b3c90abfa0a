"""Reading policy.toml: each fault with its line and how to mend it."""

from datetime import timedelta

import pytest

from bot.core.model import Kind
from bot.core.policy.file import PolicyFaults, duration, read_policy
from tests.support.places import REPOSITORY

ROOT = REPOSITORY
EXAMPLE = ROOT.parent / "shared" / "policy.example.toml"

CHANNELS = '[channels]\nreview = "#review"\nfallback = "C0REVIEW01"\nrefunds = "#refunds"\n'
GROUPS = '[groups]\nfinance = ["@finance"]\nleads = ["S0LEADS001"]\nadmins = ["U0ADMIN001"]\n'
REST = '[[bands]]\nquorum = 1\ngroups = ["finance"]\n'
HERE = "#!"  # stands on the line that the fault is expected to name


def band(*lines: str) -> str:
    return "\n".join(("[[bands]]", *lines, ""))


def head(line: str) -> str:
    return f"{CHANNELS}{GROUPS}{line}\n{REST}"


def below(*bands: str) -> str:
    return f"{CHANNELS}{GROUPS}{''.join(bands)}"


ONE = ("quorum = 1", 'groups = ["finance"]')

FAULTS = {
    # what is wrong: the text, and a part of what is said about it
    "an unknown key in a band": (
        below(band("quorom = 1 #!", *ONE), REST),
        'unknown key "quorom" in [[bands]]; did you mean "quorum"?',
    ),
    "an unknown table": (head("[limit] #!"), 'unknown key "limit"; did you mean "limits"?'),
    "an unknown key far from any other": (
        head("[intake]\nzzz = 1 #!"),
        'unknown key "zzz" in [intake]; known are: confidence_floor, mute_agents, mute_numbers',
    ),
    "an unknown key in an inline table": (
        head('[automatic]\nrefund = { upto = { USD = "1.00" } } #!'),
        'unknown key "upto" in [automatic.refund]; did you mean "up_to"?',
    ),
    "an unknown key in a list of tables": (
        head('[kinds.refund]\nescalate = [\n  { after = "15m", to = "leads" },\n  { aft = "1h", to = "leads" }, #!\n]'),
        'unknown key "aft" in "escalate" in [kinds.refund]; did you mean "after"?',
    ),
    "a broken line": (head("[time #!"), "this is not TOML: "),
    "a text that does not end": (head('[time]\nexpires = "3d #!'), "this is not TOML: "),
    "a list that does not end": (f'{head("")}[time]\nreminders = [ "4h", #!\n\n', "this is not TOML: "),
    "a key twice": (head('[time]\nexpires = "3d"\nexpires = "4d" #!'), "this is not TOML: cannot overwrite a value"),
    "no channel for review": (
        head("").replace('review = "#review"\n', "").replace("[channels]", "[channels] #!"),
        '[channels] needs "review"',
    ),
    "no channel to fall back to": (
        head("").replace('fallback = "C0REVIEW01"\n', "").replace("[channels]", "[channels] #!"),
        '[channels] needs "fallback"',
    ),
    "a channel without its sign": (head("").replace('"#refunds"', '"refunds" #!'), '"refunds" must be a Slack channel'),
    "a member without its sign": (
        head("").replace('"@finance"', '"finance"').replace('finance"]\n', 'finance"] #!\n', 1),
        '"finance" (entry 1) must be a Slack user group',
    ),
    "a kind that does not exist": (
        head("[kinds.refnd] #!\nenabled = true"),
        '[kinds] names an unknown kind "refnd"; did you mean "refund"?',
    ),
    "a channel that is not there": (
        head('[kinds.refund]\nchannel = "refund" #!'),
        '"refund" is not in [channels]; did you mean "refunds"?',
    ),
    "an owner that is not there": (
        head('[kinds.refund]\nowner = "lead" #!'),
        '"lead" is not in [groups], nor a Slack user id; did you mean "leads"?',
    ),
    "somebody unknown to escalate to": (
        head('[kinds.refund]\nescalate = [\n{ after = "1h", to = "bosses" } #!\n]'),
        '"bosses" is not in [groups]',
    ),
    "an escalation to nobody": (
        head('[kinds.refund]\nescalate = [{ after = "1h" }] #!'),
        '"escalate" in [kinds.refund] needs "to"',
    ),
    "review switched off": (head("[kinds.review]\nenabled = false #!"), "review cannot be switched off"),
    "text for true or false": (
        head('[kinds.refund]\nenabled = "no" #!'),
        '"enabled" must be true or false without quotes, not text',
    ),
    "a time without its unit": (head('[kinds.refund]\ndue = "15" #!'), '"due" must be a time such as "15m"'),
    "a time of nothing": (head('[kinds.refund]\ndue = "0h" #!'), '"due" must be longer than nothing'),
    "a number for a time": (head("[kinds.refund]\ndue = 15 #!"), '"due" must be text in quotes, not a whole number'),
    "a reminder after the end": (
        head('[time]\nreminders = ["4d"] #!\nexpires = "3d"'),
        'every one of "reminders" must come before "expires"',
    ),
    "a warning longer than the wait": (
        head('[time]\nexpires = "3h"\nwarn_before_expiry = "4h" #!'),
        '"warn_before_expiry" must be shorter',
    ),
    "a number for an amount": (
        head("[limits.per_case]\nUSD = 100 #!"),
        '"USD" must be an amount in quotes, such as "100.00"',
    ),
    "too many decimals": (
        head('[limits.per_case]\nUSD = "1"\nJPY = "1.50" #!'),
        '"JPY" must be an amount: 1.50 has more decimals than JPY',
    ),
    "an amount of nothing": (head('[limits.per_case]\nUSD = "0.00" #!'), '"USD" must be more than nothing'),
    "a currency that does not exist": (
        head('[limits.per_case]\nUSX = "1.00" #!'),
        '[limits] names an unknown currency "USX"; use its ISO 4217 code',
    ),
    "a currency in small letters": (
        head('[limits.per_case]\nusd = "1.00" #!'),
        'names the currency "usd", which must be written in capitals',
    ),
    "no bands": (f"{CHANNELS}{GROUPS}", "the policy needs [[bands]]"),
    "one table for all bands": (below('[bands] #!\nquorum = 1\ngroups = ["finance"]\n'), '"bands" must be a list'),
    "a last band with kinds": (
        below(band('kinds = ["refund"]', *ONE).replace("[[bands]]", "[[bands]] #!")),
        "the last [[bands]] must cover everything else",
    ),
    "a last band with a limit": (
        below(band('up_to = { USD = "5.00" }', *ONE).replace("[[bands]]", "[[bands]] #!")),
        "the last [[bands]] must cover everything else",
    ),
    "a band under everything else": (
        below(REST, '[[bands]] #!\nkinds = ["refund"]\nquorum = 1\ngroups = ["leads"]\n', REST),
        "this band is never reached",
    ),
    "a band under a higher one": (
        below(
            band('up_to = { USD = "90.00" }', *ONE),
            band('up_to = { USD = "80.00" }', *ONE).replace("[[bands]]", "[[bands]] #!"),
            REST,
        ),
        "this band is never reached",
    ),
    "a kind that was decided above": (
        below(band('kinds = ["refund"]', *ONE), band('kinds = ["dispute", "refund"] #!', *ONE), REST),
        "this band is never reached for refund",
    ),
    "a band that two above it cover": (
        below(
            band('up_to = { USD = "90.00" }', *ONE),
            band('up_to = { USD = "50.00", EUR = "9.00" }', *ONE),
            band('up_to = { USD = "80.00", EUR = "9.00" }', *ONE).replace("[[bands]]", "[[bands]] #!"),
            REST,
        ),
        "this band is never reached",
    ),
    "no kinds in the list": (below(band("kinds = [] #!", *ONE), REST), '"kinds" is empty; name at least one'),
    "no currency in the limits": (below(band("up_to = {} #!", *ONE), REST), '"up_to" names no currency'),
    "an unknown kind in a band": (
        below(band('kinds = ["refunds"] #!', *ONE), REST),
        '"kinds" (entry 1) names an unknown kind "refunds"; did you mean "refund"?',
    ),
    "an unknown group in a band": (
        below(band("quorum = 1", 'groups = [\n"leads",\n"finanse", #!\n]')),
        '"finanse" is not in [groups]; did you mean "finance"?',
    ),
    "a band without a quorum": (below('[[bands]] #!\ngroups = ["leads"]\n'), '[[bands]] needs "quorum"'),
    "a band without groups": (below("[[bands]] #!\nquorum = 1\n"), '[[bands]] needs "groups"'),
    "a quorum of nobody": (below(band("quorum = 0 #!", 'groups = ["leads"]')), '"quorum" must be 1 or more, not 0'),
    "a quorum of true": (
        below(band("quorum = true #!", 'groups = ["leads"]')),
        '"quorum" must be a whole number without quotes, not true or false',
    ),
    "more at least than the quorum": (
        below(band(*ONE, "at_least = { finance = 2 } #!")),
        '"at_least" asks for 2, more than the quorum of 1',
    ),
    "at least of another group": (
        below(band(*ONE, "[bands.at_least]", "leads = 1 #!")),
        '"at_least" counts "leads", which is not in "groups" of this band',
    ),
    "more people than there are": (
        below(band("quorum = 2 #!", 'groups = ["admins"]')),
        '"quorum" asks for 2, but admins has only 1',
    ),
    "a confidence above one": (
        head("[intake]\nconfidence_floor = 70 #!"),
        '"confidence_floor" must be between 0 and 1, not 70',
    ),
    "a list that is none": (head('[vip]\nemails = "dana@example.com" #!'), '"emails" must be a list in [ ], not text'),
    "automatic without limits": (
        head('[automatic.refund] #!\nenabled = true\nup_to = { USD = "5.00" }'),
        'may only be switched on with limits; add "per_day"',
    ),
    "a name that is not ours": (
        head('[fields]\nsum = "amout" #!'),
        '"sum" cannot become "amout", which is not one of our names; did you mean "amount"?',
    ),
    "an intent to no kind": (
        head('[intents]\nrefund = "refunding" #!'),
        '"refund" names an unknown kind "refunding"; did you mean "refund"?',
    ),
    "an intent to two kinds": (
        head('[intents]\npay_back = "refund"\n"Pay-Back" = "dispute" #!'),
        '"Pay-Back" and "pay_back" are the same intent',
    ),
    "a value where a table belongs": (
        "vip = 3 #!\n" + head(""),
        "[vip] must be a table of keys and values, not a whole number",
    ),
    "a fault after a long text": (
        head('[fields]\nsum = """\namount"""\n"a.b" = """\none\ntwo""" # = "x"\ncost = \'#\' #!'),
        '"cost" cannot become "#"',
    ),
}


@pytest.mark.parametrize(("text", "said"), FAULTS.values(), ids=FAULTS.keys())
def test_a_fault_names_its_line_and_how_to_mend_it(text: str, said: str) -> None:
    expected = next((n for n, line in enumerate(text.split("\n"), 1) if HERE in line), None)
    with pytest.raises(PolicyFaults) as raised:
        read_policy(text)
    told = [(fault.line, fault.message) for fault in raised.value.faults]
    assert any(line == expected and said in message for line, message in told), told
    assert HERE not in said


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
