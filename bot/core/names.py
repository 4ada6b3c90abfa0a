"""Every name that crosses to Slack and comes back. A button's value is `case id:version`, never business data."""

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


CHOICES = (ActionId.CHOOSE_1, ActionId.CHOOSE_2, ActionId.CHOOSE_3)


class CallbackId(StrEnum):
    REJECT_FORM = "case.reject.form"
    COMPLETE_FORM = "case.complete.form"
    SETTLE_FORM = "case.settle.form"


class EventType(StrEnum):
    """Message metadata: how we find our own message again after an answer was lost."""

    CARD = "countersign_card"
    TRAIL = "countersign_trail"


class Command(StrEnum):
    INVOICE_RESEND = "/invoice-resend"


class CaseRef(NamedTuple):
    """What a button's value and a form's private metadata carry."""

    case_id: str
    version: int

    def __str__(self) -> str:
        return f"{self.case_id}:{self.version}"

    @classmethod
    def parse(cls, value: str) -> "CaseRef":
        """Raises ValueError for anything that we did not write ourselves."""
        case_id, _, version = value.rpartition(":")
        if not case_id or not version.isascii() or not version.isdigit():
            raise ValueError(f"not a case reference: {value[:80]!r}")
        return cls(case_id, int(version))
