"""Write and read amounts as the channel's locale does, always with exactly the currency's decimals."""

import re
from typing import Any

import pytest
from babel import Locale
from hypothesis import given
from hypothesis import strategies as st

from bot.core import cards
from bot.core.cards import completing, forms, lists, notices, wording
from bot.core.cards.lists import Row
from bot.core.cards.mrkdwn import data
from bot.core.intake.typed import typed
from bot.core.model import CaseState, Entry, Fact, Kind, Money, Option
from bot.core.money import editable, in_locale, number, show, to_minor
from bot.core.notices import Notice
from bot.core.policy.file import read_policy
from tests.support.cards import NOW, PLAIN, REFUND, STANDING, TICKET, case_of, entry, file_of
from tests.support.choices import pick
from tests.support.rows import a_case
from tests.support.surfaces import finance
from tests.support.world import ANA, BEN, POLICY, OpenWorld, World
from tests.unit.test_forms import values

LOCALES = ("en_US", "de_DE", "fr_FR", "en_IN", "ja_JP", "ar_EG", "de_CH")
CURRENCIES = ("USD", "JPY", "KWD", "IQD", "CLF")  # CLDR gives the Iraqi dinar no decimals; ISO 4217 gives it three
THIN = "\u202f"  # a space that no line breaks at


@pytest.mark.parametrize(
    ("locale", "dollars", "yen", "dinars"),
    [
        ("en_US", "1,234,567.80 USD", "1,234,567 JPY", "1,234.567 KWD"),
        ("de_DE", "1.234.567,80 USD", "1.234.567 JPY", "1.234,567 KWD"),
        ("fr_FR", f"1{THIN}234{THIN}567,80 USD", f"1{THIN}234{THIN}567 JPY", f"1{THIN}234,567 KWD"),
        ("en_IN", "12,34,567.80 USD", "12,34,567 JPY", "1,234.567 KWD"),
        ("ja_JP", "1,234,567.80 USD", "1,234,567 JPY", "1,234.567 KWD"),
        ("ar_EG", "1,234,567.80 USD", "1,234,567 JPY", "1,234.567 KWD"),  # digits as in the vendors' systems
        ("de_CH", "1’234’567.80 USD", "1’234’567 JPY", "1’234.567 KWD"),
    ],
)
def test_an_amount_is_written_as_the_locale_does_it(locale: str, dollars: str, yen: str, dinars: str) -> None:
    sums = ((123456780, "USD"), (1234567, "JPY"), (1234567, "KWD"))
    shown = [show(Money(amount_minor=minor, currency=currency), locale) for minor, currency in sums]
    assert shown == [dollars, yen, dinars]


@pytest.mark.parametrize("locale", LOCALES)
def test_an_amount_below_zero_has_a_plain_minus_before_it(locale: str) -> None:
    assert show(Money(amount_minor=-5, currency="JPY"), locale) == "-5 JPY"


@given(minor=st.integers(1, 10**11 - 1), currency=st.sampled_from(CURRENCIES), locale=st.sampled_from(LOCALES))
def test_what_is_shown_is_read_back_as_the_same_money(minor: int, currency: str, locale: str) -> None:
    money = Money(amount_minor=minor, currency=currency)
    for text in (show(money, locale), number(money, locale), editable(money, locale)):
        assert to_minor(typed(text, currency, locale), currency) == minor


@given(minor=st.integers(-(10**11), 10**11), currency=st.sampled_from(CURRENCIES), locale=st.sampled_from(LOCALES))
def test_an_amount_in_a_sentence_is_written_as_the_locale_does_it(minor: int, currency: str, locale: str) -> None:
    money = Money(amount_minor=minor, currency=currency)
    sentence = "Only {} is left (of {}), see “{}”."
    at_home = sentence.format(show(money), show(money), show(money))
    assert in_locale(at_home, locale) == sentence.format(show(money, locale), show(money, locale), show(money))


@pytest.mark.parametrize(
    "words", ["1.24 KWD", "12,34 USD", "1240.00 USD", "1,240.0 USD", "v1,240.00 USD", "1,240.00 XYZ", "1,240.00 USDC"]
)
def test_what_we_never_write_is_no_amount_of_ours(words: str) -> None:
    assert in_locale(words, "de_DE") == words


@pytest.mark.parametrize(
    ("text", "currency", "read"),
    [
        ("1.240,00", "USD", "1240.00"),
        ("1240,5", "USD", "1240.5"),
        ("129.50", "USD", "129.50"),
        ("7", "USD", "7"),
        ("1,240.00", "USD", "1240.00"),
        ("1.240.000", "USD", "1240000"),
        ("1 240,00", "EUR", "1240.00"),
        ("1.240,00 USD", "USD", "1240.00"),
        ("12.000", "JPY", "12000"),
        ("1,240", "KWD", "1.240"),
    ],
)
def test_a_german_channel_takes_a_comma_and_a_point(text: str, currency: str, read: str) -> None:
    assert f"{typed(text, currency, 'de_DE'):f}" == read


@pytest.mark.parametrize(
    ("text", "currency", "locale", "could_be"),
    [
        ("1.240", "USD", "de_DE", "1.240,00 or 1,24"),
        ("1,240", "USD", "de_DE", "1.240,00 or 1,24"),
        ("1.240", "USD", "en_US", "1,240.00 or 1.24"),
        ("1.240", "KWD", "de_DE", "1.240,000 or 1,240"),
        ("1,240", "KWD", "en_US", "1,240.000 or 1.240"),
        ("12,000", "JPY", "de_DE", "12.000 or 12"),
        ("1,240", "JPY", "de_DE", "1.240"),
    ],
)
def test_what_reads_in_two_ways_is_refused_with_both(text: str, currency: str, locale: str, could_be: str) -> None:
    with pytest.raises(ValueError, match=f"“{text}” is not clear here: write {could_be}."):
        typed(text, currency, locale)
    for way in could_be.split(" or "):
        assert typed(way, currency, locale)


@pytest.mark.parametrize("text", ["0", "0,00", "-5", "$5", "5 EUR", "about 5", "\u0665", "10,505", "1e3", "", "1" * 20])
def test_what_is_no_exact_amount_is_refused_with_a_sentence(text: str) -> None:
    with pytest.raises(ValueError, match=r"\.$"):
        typed(text, "USD", "de_DE")


def test_the_field_names_the_fault_in_the_numbers_of_the_channel() -> None:
    with pytest.raises(forms.FormErrors) as refused:
        completing.read_complete(values(kind="refund", amount="1.240", currency="USD"), "de_DE")
    assert refused.value.errors == {"amount": "“1.240” is not clear here: write 1.240,00 or 1,24."}
    taken = completing.read_complete(values(kind="refund", amount="1.240,00", currency="USD"), "de_DE")
    assert taken.fields["amount"] == "1240.00"


def test_a_form_begins_with_an_amount_that_it_would_take() -> None:
    dinars = PLAIN.model_copy(update={"money": Money(amount_minor=1240, currency="KWD")})
    view = completing.complete_form(file_of(Kind.REVIEW, details=dinars), Kind.REFUND, locale="de_DE")
    (amount,) = [block for block in view["blocks"] if block.get("block_id") == "amount"]
    assert amount["element"]["initial_value"] == "1,240"
    assert amount["hint"]["text"] == "In major units: 129,50"


def words_of(picture: cards.Picture) -> str:
    return picture.text + str(picture.blocks)


@pytest.mark.parametrize("state", CaseState)
def test_every_sentence_of_ours_is_written_anew(state: CaseState) -> None:
    # facts, doubts, options, reasons, steps and the end of the case, each with an amount
    sum_, file = "1,240.00 USD", file_of(Kind.DISPUTE, state)
    action = REFUND.model_copy(update={"sentence": f"Refund {sum_}"})
    fact = Fact(
        name="charge", source="Stripe", observed_at=NOW, sentence=f"Charge of {sum_}", doubt=f"Only {sum_} left"
    )
    none = fact.model_copy(update={"name": "invoice", "sentence": None, "doubt": None, "missing": f"nothing of {sum_}"})
    details = PLAIN.model_copy(update={"doubts": (f"Two amounts: {sum_} and more.",)})
    case = {"details": details, "facts": (fact, none), "closing": None}
    if state in (CaseState.STUCK, CaseState.EXPIRED):
        case["closing"] = f"Stripe refused {sum_}."
    offered = {
        "actions": (action,),
        "options": (Option(name="refund", label="Refund it", actions=(action, TICKET)),),
        "because": f"Raised to {sum_}.",
        "money": None,
    }
    steps = [step.model_copy(update={"action": action, "detail": f"No {sum_}"}) for step in file.executions]
    told = file.model_copy(
        update={
            "case": file.case.model_copy(update=case),
            "proposal": file.proposal.model_copy(update=offered),
            "executions": tuple(steps),
        }
    )
    usual, german = words_of(cards.card(told, STANDING)), words_of(cards.card(told, STANDING, locale="de_DE"))
    assert sum_ in usual
    assert sum_ not in german
    assert "1.240,00 USD" in german
    assert "129,50 USD" in words_of(cards.card(file, STANDING, locale="de_DE"))
    assert not re.search(r"\d\.\d\d USD", german + words_of(cards.card(file, STANDING, locale="de_DE")))
    assert words_of(cards.card(told, STANDING, locale="en_US")) == usual


def test_what_the_caller_said_stays_as_it_was_said() -> None:
    said = PLAIN.model_copy(update={"summary": "They paid 1,240.000 KWD, not 129.50 USD."})
    picture = cards.card(file_of(details=said), STANDING, locale="de_DE")
    assert "They paid 1,240.000 KWD, not 129.50 USD." in words_of(picture)


def test_the_thread_is_written_as_its_card_but_for_a_persons_own_words() -> None:
    ours = entry(1, "Approved version 1, over the limit of 1,500.00 USD in 24 hours.")
    theirs = ours.model_copy(
        update={"n": 2, "entry": Entry(actor=ANA, what="decision.reject", sentence="Rejected version 1: 1,500.00 USD")}
    )
    text = cards.thread_log([ours, theirs], locale="fr_FR").text
    assert f"the limit of 1{THIN}500,00 USD in" in text
    assert "Rejected version 1: 1,500.00 USD" in text


def test_a_list_and_a_direct_message_are_written_as_the_channel_of_the_case() -> None:
    case = case_of(details=PLAIN)
    assert "129,50 USD" in lists.row(Row(case=case, locale="de_DE"), NOW)
    notice = Notice(
        notice_id="C-1/3/U1",
        recipient="U1",
        case_id="C-1",
        text=wording.notice_headline(a_case(details=PLAIN)),
        created_at=NOW,
    )
    assert "129,50 USD" in notices.picture(notice, None, "de_DE").text


def test_an_amount_never_breaks_between_its_thousands() -> None:
    assert data(f"1{THIN}240,00 USD\n\u00a0and{THIN}more") == f"1{THIN}240,00 USD and more"


def test_every_locale_of_babel_can_be_shown_and_typed_back() -> None:
    # a policy may name any; most are like one of these in all that concerns numbers
    seen: set[tuple[Any, ...]] = set()
    money = Money(amount_minor=123456789, currency="USD")
    for name in ("pl_PL", "pt_BR", "sv_SE", "fa_IR", "hi_IN", "bgn", "tok", "es_MX", "he_IL", "tr_TR", "vi_VN"):
        shown = number(money, str(Locale.parse(name)))
        seen.add(tuple(one for one in shown if not one.isdigit()))
        assert to_minor(typed(shown, "USD", name), "USD") == 123456789
    assert len(seen) > 4


@pytest.fixture
def german() -> str:
    return POLICY.read_text() + '\n[regions.refunds]\nlocale = "de_DE"\n'


async def test_a_german_channel_shows_and_takes_german_numbers(german: str, open_world: OpenWorld) -> None:
    async with open_world(policy=read_policy(german)) as world:
        _, card = await world.opened("refund-duplicate", "finance-refunds", says="129,50 USD")
        assert "Rule: over 100,00 USD" in str(card["blocks"])
        assert "Refund 129,50 USD on Stripe payment pi_DUPLICATE" in str(card["blocks"])
        file = await only_file(world)
        assert file.proposal.actions[0].sentence == "Refund 129.50 USD on Stripe payment pi_DUPLICATE"
        await world.press(ANA, "finance-refunds", card, "case.approve")
        await world.press(ANA, "finance-refunds", card, "case.approve")
        await world.told(ANA, "Rule: over 100,00 USD")
        await pick(world, ANA, "finance-refunds", card, "amount")
        form = await world.form(ANA)
        assert "*Offered: 129,50 USD*" in str(form["blocks"])
        assert "'initial_value': '129,50'" in str(form["blocks"])
        answer = await world.submit(ANA, form, amount="9.000", reason="One seat was used")
        assert answer["errors"] == {"amount": "“9.000” is not clear here: write 9.000,00 or 9,00."}
        assert "errors" not in await world.submit(ANA, form, amount="90,00", reason="One seat was used")
        await world.card("finance-refunds", says="90,00 USD")
        assert (await only_file(world)).proposal.money == Money(amount_minor=9000, currency="USD")
        world.clock.let_pass(5)
        assert "Lowered from 129,50 USD to 90,00 USD" in await world.until(lambda: thread(world, card), "the thread")


async def thread(world: World, card: dict[str, Any]) -> str | None:
    said = "\n".join(await world.thread("finance-refunds", card["ts"]))
    return said if "Lowered" in said else None


async def test_news_of_a_case_is_written_as_its_channel_writes(german: str, open_world: OpenWorld) -> None:
    async with open_world(policy=read_policy(german)) as world:
        case = await world.case_of(await world.call("refund-duplicate"))
        await finance(world, BEN, f"take {case.case_id}")
        await finance(world, ANA, f"take {case.case_id}")
        world.clock.let_pass(5)
        assert "129,50 USD" in (await world.heard(BEN))[0]
        assert "129,50 USD" in await finance(world, ANA, f"show {case.case_id}")
        assert "129,50 USD" in await finance(world, ANA, "list")


async def test_a_channel_without_a_locale_of_its_own_keeps_the_usual_numbers(
    german: str, open_world: OpenWorld
) -> None:
    async with open_world(policy=read_policy(german)) as world:
        _, unclear = await world.opened("two-amounts", "finance-review")
        await world.press(BEN, "finance-review", unclear, "case.complete")
        form = await world.form(BEN)
        answer = await world.submit(
            BEN, form, kind="refund", amount="1.240", currency="USD", payment_id="pi_SMALL", reason="charged twice"
        )
        assert answer["errors"] == {"amount": "“1.240” is not clear here: write 1,240.00 or 1.24."}


async def only_file(world: World) -> Any:
    (case,) = await world.app.db.read(lambda store: store.find_cases())
    return await world.file(case.case_id)
