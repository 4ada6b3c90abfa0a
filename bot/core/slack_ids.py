"""Name everything that crosses to Slack and comes back. A button's value is `case id:version`, never business data."""

from enum import StrEnum
from typing import NamedTuple


class ActionId(StrEnum):
    APPROVE = "case.approve"
    REJECT = "case.reject"
    COMPLETE = "case.complete"
    CHOOSE_1 = "case.choose.1"
    CHOOSE_2 = "case.choose.2"
    CHOOSE_3 = "case.choose.3"
    STEP_DONE = "case.step_done"
    RETRY = "case.retry"
    SETTLE = "case.settle"
    CONFIRM_RECIPIENT = "case.confirm_recipient"
    SHOW_SUMMARY = "case.show_summary"
    MORE = "case.more"
    KIND = "case.kind"  # in the form that says what a case is

    HOME_SEARCH = "home.search"
    HOME_SCOPE = "home.scope"
    HOME_KIND = "home.kind"
    HOME_STATE = "home.state"
    HOME_CLEAR = "home.clear"
    HOME_BACK = "home.back"
    HOME_MORE = "home.more"
    HOME_BULK_1 = "home.bulk.1"
    HOME_BULK_2 = "home.bulk.2"
    HOME_BULK_3 = "home.bulk.3"
    HOME_BULK_4 = "home.bulk.4"
    HOME_BULK_5 = "home.bulk.5"


class More(StrEnum):
    """Name what the menu of a card holds; an option's value is `name case id:version`."""

    AMOUNT = "amount"
    TAKE = "take"
    ASK = "ask"


CHOICES = (ActionId.CHOOSE_1, ActionId.CHOOSE_2, ActionId.CHOOSE_3)
BULKS = tuple(ActionId(f"home.bulk.{n}") for n in range(1, 6))


class CallbackId(StrEnum):
    REJECT_FORM = "case.reject.form"
    COMPLETE_FORM = "case.complete.form"
    SETTLE_FORM = "case.settle.form"
    AMOUNT_FORM = "case.amount.form"
    RECIPIENT_FORM = "case.recipient.form"
    QUESTION_FORM = "case.question.form"
    OPEN_FORM = "case.open.form"
    BULK_FORM = "home.bulk.form"
    OPEN_SHORTCUT = "case.open.shortcut"
    WORKFLOW_STEP = "ask_finance_to_approve"


class EventType(StrEnum):
    """Name the metadata by which we find our own message again after an answer was lost."""

    CARD = "countersign_card"
    THREAD_LOG = "countersign_trail"
    NOTICE = "countersign_notice"


class Command(StrEnum):
    INVOICE_RESEND = "/invoice-resend"
    FINANCE = "/finance"


class CaseRef(NamedTuple):
    """Identify a case and version in a button's value and a form's private metadata."""

    case_id: str
    version: int

    def __str__(self) -> str:
        return f"{self.case_id}:{self.version}"

    @classmethod
    def parse(cls, value: str) -> "CaseRef":
        """Read a reference. Raises ValueError for anything that we did not write ourselves."""
        case_id, _, version = value.rpartition(":")
        if not case_id or not version.isascii() or not version.isdigit():
            raise ValueError(f"not a case reference: {value[:80]!r}")
        return cls(case_id, int(version))
