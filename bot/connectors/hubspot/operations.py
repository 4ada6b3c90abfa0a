"""What can be asked of HubSpot: the parameters of notes and tasks, and what makes them safe to repeat.

Both hang on a customer's record: the contact with the e-mail, else the one with the account id, else the company with
exactly this name.
"""

from collections.abc import Mapping
from types import MappingProxyType
from typing import Literal

from pydantic import AwareDatetime, Field

from bot.connectors.base import Operation, Repeat
from bot.connectors.parameters import Reference
from bot.core.model import Frozen


class Customer(Frozen):
    account_id: str | None = None
    email: str | None = None
    customer_name: str | None = None


class Note(Customer):
    text: str = Field(min_length=1, max_length=50_000)  # HubSpot takes 65,536, and escaping makes it longer
    reference: Reference


class Task(Customer):
    subject: str = Field(min_length=1)
    text: str = Field(min_length=1, max_length=50_000)
    priority: Literal["low", "normal", "high", "urgent"]
    due_at: AwareDatetime
    reference: Reference


_ONCE = (
    "The step's key is the value of a unique property: it is read first, by value and not by the lagging search, and "
    "an upsert under it makes one record only. Links are set, not added."
)

OPERATIONS: Mapping[str, Operation] = MappingProxyType(
    {
        "note": Operation(Note, Repeat.NATURAL, False, _ONCE),
        "task": Operation(Task, Repeat.NATURAL, False, _ONCE),
    }
)
