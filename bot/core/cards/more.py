"""What is behind the menu "More" of a card, its forms, and what people write in them."""

from bot.core.cards.forms import Input, Values, modal, prose_input, prose_of, ref_of, text_input, text_of
from bot.core.cards.mrkdwn import Block, data, section
from bot.core.model import CaseFile, Money
from bot.core.money import HOME, editable, show
from bot.core.slack_ids import CallbackId

HOW_MIN = 10  # characters: "yes" is not how


def amount_form(file: CaseFile, money: Money, left: Money | None, locale: str = HOME) -> Block:
    """Asks for another amount than `money`; `left` is what can be paid back at most, where that is known."""
    lines = [
        f"*Offered: {show(money, locale)}*" + (f", of {show(left, locale)} that is left to pay back" if left else ""),
        "A lower amount is approved by this form, by the rules of the amount that was offered first. A higher one is a "
        "new version: everybody is asked again, and you cannot decide on it alone.",
    ]
    known = editable(money, locale)
    amount = text_input("amount", Input(f"Amount in {money.currency}", f"In major units: {known}"), known)
    reason = prose_input("reason", Input("Reason", "It is kept in the history and shown on the card"))
    return modal(
        CallbackId.AMOUNT_FORM, ref_of(file), "Change the amount", "Change", [section("\n".join(lines)), amount, reason]
    )


def read_amount(values: Values) -> tuple[str, str]:
    """Amount in major units as it was typed, and the reason. Raises FormErrors."""
    reason = prose_of(values, "reason", "Say why in at least 3 characters: the reason is kept in the history.")
    return text_of(values, "amount"), reason


def recipient_form(file: CaseFile) -> Block:
    email = file.case.details.fields.email or "not stated"
    words = f"*{data(email)}* is not the address on record. How did you make sure that it is the customer's?"
    how = prose_input("how", Input("How it was verified", "Called back on the number on record; without card numbers"))
    form = modal(CallbackId.RECIPIENT_FORM, ref_of(file), "Confirm recipient", "Confirm", [section(words), how])
    how["element"]["min_length"] = HOW_MIN
    return form


def read_recipient(values: Values) -> str:
    """How the recipient was verified. Raises FormErrors."""
    fault = f"Say how in at least {HOW_MIN} characters: what you did, or whom you asked."
    return prose_of(values, "how", fault, least=HOW_MIN)


def question_form(file: CaseFile) -> Block:
    words = "It is asked in the thread of the card, where the owner of the account is mentioned and can answer."
    asked = prose_input("question", Input("Question", "Everybody in the channel can read it"))
    blocks = [section(words), asked]
    return modal(CallbackId.QUESTION_FORM, ref_of(file), "Ask the account owner", "Ask", blocks)


def read_question(values: Values) -> str:
    """Raises FormErrors."""
    return prose_of(values, "question", "Ask in at least 3 characters.")
