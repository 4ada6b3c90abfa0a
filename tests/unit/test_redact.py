import json
import re
from decimal import Decimal
from uuid import UUID

import pytest
from hypothesis import given
from hypothesis import strategies as st
from pydantic import JsonValue
from stdnum import iban, luhn

from bot.core.model import Turn
from bot.core.redact import redact, redact_tree, redact_turns

VISA = "4242424242424242"
WORDS = ["zero", "one", "two", "three", "four", "five", "six", "seven", "eight", "nine"]


@st.composite
def card_numbers(draw: st.DrawFn) -> str:
    begin = draw(st.sampled_from(["4", "51", "55", "2221", "34", "37", "36", "6011", "62", "35"]))
    length = {"34": 15, "37": 15, "36": 14}.get(begin, draw(st.sampled_from([16, 16, 19] if begin in "4 62" else [16])))
    body = begin + "".join(draw(st.lists(st.sampled_from("0123456789"), min_size=19, max_size=19)))
    body = body[: length - 1]
    return body + luhn.calc_check_digit(body)


@st.composite
def as_people_say_it(draw: st.DrawFn, number: str) -> str:
    way = draw(st.sampled_from(["whole", "groups", "digits", "words"]))
    pause = draw(st.sampled_from([" ", "-", ", ", ". ", ".", " - ", "\u00a0", ", um, ", "\u200b", "\n"]))
    if way == "groups":
        return pause.join(number[at : at + 4] for at in range(0, len(number), 4))
    if way == "words":
        return draw(st.sampled_from([" ", ", ", "-"])).join(
            draw(st.sampled_from(["oh", "zero"])) if digit == "0" else WORDS[int(digit)] for digit in number
        )
    return number if way == "whole" else pause.join(number)


def figures_in(text: str) -> str:
    spoken = re.sub("|".join(["oh", *WORDS]), lambda word: "0" if word[0] == "oh" else str(WORDS.index(word[0])), text)
    return re.sub(r"\D", "", spoken)


@given(data=st.data(), number=card_numbers(), before=st.sampled_from(["", "my card is ", "Visa: ", "(", "INV-20418, "]))
def test_a_card_number_goes_however_it_is_said(data: st.DataObject, number: str, before: str) -> None:
    said = data.draw(as_people_say_it(number))
    redacted = redact(f"{before}{said} thank you")
    assert number not in figures_in(redacted.text)
    assert len(figures_in(redacted.text.removeprefix(before))) <= 4
    assert redacted.text.startswith(before)
    assert redacted.text.endswith("thank you")
    assert [what[:6] for what in redacted.found] == ["card •"]


@given(number=card_numbers(), key=st.sampled_from(["note", "amount", "order_id", "phone", "timestamp"]))
def test_a_card_number_goes_from_a_json_number_text_key_and_inner_json(number: str, key: str) -> None:
    body: JsonValue = {key: int(number), "list": [f"x {number}"], number: 1, "inner": json.dumps([{"text": number}])}
    clean, found = redact_tree(body)
    assert number not in json.dumps(clean)
    assert found[0] == f"card ••{number[-4:]}"


SAFE = st.one_of(
    st.from_regex(r"INV-[0-9]{3,9}", fullmatch=True),
    st.from_regex(r"(pi|ch|in|re|sub)_[0-9A-Za-z]{14,24}", fullmatch=True),
    st.from_regex(r"call_[0-9a-z]{8,20}", fullmatch=True),
    st.from_regex(r"(\+1 202 555 |\+1202555|\(202\) 555-|202-555-)01[0-9]{2}", fullmatch=True),
    st.from_regex(r"1202555[0-9]{4}", fullmatch=True),
    st.from_regex(r"[1-9][0-9]{0,11}", fullmatch=True),
    st.uuids().map(str),
    st.datetimes().map(lambda moment: moment.isoformat() + "Z"),
    st.dates().map(str),
    st.integers(1_500_000_000_000, 1_999_999_999_999).map(str),
    st.decimals(0, 10**9, places=2).map(lambda amount: f"{amount:,}"),
    st.decimals(0, 10**9, places=2).map(lambda amount: f"${amount}"),
)


@given(
    things=st.lists(SAFE, min_size=1, max_size=5), link=st.sampled_from([" and ", " for order ", "; paid ", " USD, "])
)
def test_references_amounts_times_and_phone_numbers_survive(things: list[str], link: str) -> None:
    text = "Caller asks about " + link.join(things) + "."
    assert redact(text) == (text, ())


@given(st.uuids())
def test_an_id_of_figures_only_survives(value: UUID) -> None:
    plain = re.sub("[a-f]", "5", str(value))
    assert redact(f"transaction {plain}").text == f"transaction {plain}"


@given(st.lists(st.decimals(Decimal("0.01"), 9999, places=2).map(str), min_size=2, max_size=8))
def test_a_list_of_amounts_survives(amounts: list[str]) -> None:
    text = ", ".join(amounts)
    assert redact(text).text == text


@pytest.mark.parametrize(
    "text",
    [
        "2026-10-05 2026-10-11",
        "202-555-0106, 202-555-0143",
        "4,240 5,300 6,104 7,500",
        "+44 20 7946 0919 442",
        "tax number 05/10/2026",
        "account number +1 202 555 0142",
    ],
)
def test_figures_that_pass_the_check_by_chance_survive_as_what_they_are(text: str) -> None:
    assert redact(text).text == text


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("4242 4242 4242 4242, expires 12/27, cvc 123", "[card ••4242], expires 12/27, cvc [security code]"),
        ("four triple zero, 0000, double oh double zero, triple zero two", "[card ••0002]"),
        ("four two four two, double four oh oh", "four two four two, double four oh oh"),
        ("forty-two " * 8 + "please", "[card ••4242] please"),
        ("4,242,424,242,424,242", "[card ••4242]"),
        ("card 4242424242424242 129.50 USD", "card [card ••4242] 129.50 USD"),
        ("invoice 20418 4242 4242 4242 4242", "invoice 20418 [card ••4242]"),
        ("card number 4242 4242 4242 4241", "card number [card ••4241]"),
        (VISA.translate({ord(digit): 0xFF10 + int(digit) for digit in "0123456789"}), "[card ••4242]"),
        ("pi_3Q4242424242424242", "pi_3Q4242424242424242"),
        ("ORD-4242424242424242", "ORD-4242424242424242"),
        ("card ending in 4242", "card ending in 4242"),
        ("The security code? It's one two three.", "The security code? It's [security code]."),
        ("the three digits on the back are 987", "the three digits on the back are [security code]"),
        ("the code on the back of the card is 987", "the code on the back of the card is [security code]"),
        ("PIN is 1234, postal PIN code 560001", "PIN is [security code], postal PIN code 560001"),
        ("987 on the back", "[security code] on the back"),
        ("no security code was given, 129.50 USD is owed", "no security code was given, 129.50 USD is owed"),
        ("IBAN DE89 3704 0044 0532 0130 00 please", "IBAN [IBAN ••3000] please"),
        ("GB33BUKB20201555555555", "[IBAN ••5555]"),
        ("my iban is DE12 3456 7890 1234 5678 90 ok", "my iban is [IBAN ••7890] ok"),
        ("routing number zero two one zero zero zero zero two one", "routing number [routing number]"),
        ("account number 123456789012", "account number [account number ••9012]"),
        ("from bank account 55779911", "from bank account [account number ••9911]"),
        ("account ACC-118234, account 7781", "account ACC-118234, account 7781"),
        ("sort code 20-00-00", "sort code [sort code]"),
        ("SSN is 536 90 4399", "SSN is [tax id]"),
        ("536-90-4399", "[tax id]"),
        ("EIN 12-3456789", "EIN [tax id]"),
        ("VAT number DE136695976", "VAT number [tax id]"),
        ("the VAT one, DE136695976", "the VAT one, [tax id]"),
        ("VAT of 20% is 129.50 on INV-20418", "VAT of 20% is 129.50 on INV-20418"),
        ("tax refund of 1240000", "tax refund of 1240000"),
        ("national insurance QQ 12 34 56 C", "national insurance [tax id]"),
        ("my NI number is AB 12 34 56 C", "my NI number is [tax id]"),
        ("UTR 1234567890", "UTR [tax id]"),
        ("social security number for invoice INV-20418", "social security number for invoice INV-20418"),
        ("one, two, three: I have two cards", "one, two, three: I have two cards"),
    ],
)
def test_each_kind_of_detail_is_replaced_by_what_it_was(text: str, expected: str) -> None:
    assert redact(text).text == expected


@given(st.from_regex(r"[0-9]{18}", fullmatch=True))
def test_every_iban_goes_by_its_check_digits(body: str) -> None:
    number = "DE" + iban.calc_check_digits("DE00" + body) + body
    assert redact(f"pay to {number} now").text == f"pay to [IBAN ••{number[-4:]}] now"
    spaced = " ".join(number[at : at + 4] for at in range(0, 22, 4))
    assert redact(f"pay to {spaced} now").text == f"pay to [IBAN ••{number[-4:]}] now"


@given(st.text(alphabet=st.sampled_from("0123456789 -.,abINVcvcone two IBAN account number:[]•"), max_size=80))
def test_redacting_twice_changes_nothing_more(text: str) -> None:
    once = redact(text).text
    assert redact(once).text == once


@pytest.mark.parametrize(
    ("key", "value", "expected"),
    [
        ("cvc", "123", "[security code]"),
        ("card_security_code", 123, "[security code]"),
        ("cardNumber", "4242 4242 4242 4241", "[card ••4241]"),
        ("card_last4", "4242", "4242"),
        ("card_number", "not given", "not given"),
        ("refund IBAN", "GB33 1111 2222 3333", "[IBAN ••3333]"),
        ("account_number", "55779911", "[account number ••9911]"),
        ("account_number", "ACC-118234", "ACC-118234"),
        ("routing_number", 21000021, "[routing number]"),
        ("sort-code", "200000", "[sort code]"),
        ("VAT Number", "X1234567", "[tax id]"),
        ("ssn", "five three six nine oh", "[tax id]"),
        ("tax_region", "EU-DE-12345", "EU-DE-12345"),
        ("from_number", "4915123456789", "4915123456789"),
        ("timestamp", 1795000000000, 1795000000000),
        ("call_id", VISA, VISA),
        ("amount", 1240000, 1240000),
        ("amount", 129.5, 129.5),
        ("vip", True, True),
        ("nothing", None, None),
    ],
)
def test_the_name_of_a_field_says_what_its_value_is(key: str, value: JsonValue, expected: JsonValue) -> None:
    assert redact_tree({key: value})[0] == {key: expected}
    assert redact_tree([{"field_name": key, "value": value}])[0] == [{"field_name": key, "value": expected}]


def test_two_keys_that_become_one_keep_both_values() -> None:
    clean, _ = redact_tree({VISA: 1, "4242 4242 4242 4242": 2})
    assert clean == {"[card ••4242]": 1, "[card ••4242]+": 2}


def test_nesting_without_end_is_cut_and_not_followed() -> None:
    deep: JsonValue = VISA
    for _ in range(300):
        deep = [deep]
    assert VISA not in json.dumps(redact_tree(deep)[0])


def test_inner_json_without_secrets_stays_as_it_was_written() -> None:
    text = '[ {"role":"user", "content":"h\\u00e9"} ]'
    assert redact_tree(text)[0] == text


def test_a_number_read_out_over_several_turns_goes() -> None:
    turns = [
        Turn(speaker="caller", text="It is 4242 4242"),
        Turn(speaker="agent", text="Go on."),
        Turn(speaker="caller", text="4242, 4242"),
        Turn(speaker="agent", text="And the security code?"),
        Turn(speaker="caller", text="It's 123."),
    ]
    redacted, found = redact_turns(turns)
    assert [turn.text for turn in redacted] == [
        "It is [card ••4242]",
        "Go on.",
        "",
        "And the security code?",
        "It's [security code].",
    ]
    assert found == ("security code", "card ••4242")


@pytest.mark.parametrize(
    "text",
    ["vier zwei vier zwei " * 4, "my number is 55779911", "4242 4242 hold on please 4242 4242", "SSN ending 6789"],
    ids=["other languages", "no label", "words in between", "last four"],
)
def test_known_limits_are_as_documented(text: str) -> None:
    assert redact(text).text == text
