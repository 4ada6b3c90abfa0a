"""Reading what is stored: whole, or only its plain values, which takes a quarter of the time.

The plain form has the names of the model, so that the functions of triage and the policy read it as they read the
model. To ask it for more is an AttributeError, never a wrong answer: then the case is read whole.
"""

from collections.abc import Mapping
from datetime import datetime
from typing import Any, NamedTuple, cast

from msgspec import NODEFAULT, Struct, ValidationError, defstruct
from msgspec.json import Decoder
from pydantic import ConfigDict

from bot.core.actions import Subject
from bot.core.model import Address, Details, Earlier, Fact, Fields, Frozen, Kind, Money, Verdict

NOT_PLAIN = (AttributeError, ValidationError)  # something is looked at that hardly ever is, or stored as no case is now


class About(Frozen):
    """What of a stored case matters here."""

    model_config = ConfigDict(extra="ignore")

    kind: Kind
    details: Details
    facts: tuple[Fact, ...] = ()
    earlier: tuple[Earlier, ...] = ()


class Given(Struct, frozen=True):
    """What of a stored decision matters here."""

    user_id: str
    verdict: Verdict
    decided_at: datetime
    in_groups: tuple[str, ...] = ()
    stood_in_for: tuple[str, ...] = ()


def whole(text: str) -> About:
    return About.model_validate_json(text)


def plain(text: str) -> About:
    """Raises one of NOT_PLAIN."""
    about = _plain.decode(text)
    return whole(text) if about.earlier else cast("About", about)


def subject_of(about: About, now: datetime) -> Subject:
    """As far as it takes to say what kind of case this is; to ask for more is an AttributeError too."""
    facts = {fact.name: fact for fact in about.facts}
    return cast("Subject", _Glance(about.details, about.details.fields, facts, now))


def earlier_then(about: About, opened_at: datetime) -> tuple[Earlier, ...]:
    """What was known of other cases when this one opened: what they paid afterwards stands in the case too."""
    return tuple(one for one in about.earlier if one.paid_at is None or one.paid_at <= opened_at)


class _Glance(NamedTuple):
    details: Details
    fields: Fields
    facts: Mapping[str, Fact]
    now: datetime


def _plain_form(model: type[Frozen], **other_types: Any) -> Any:
    """The same names, types and defaults, as a msgspec struct: without the methods."""
    members = [
        (name, other_types.get(name, field.annotation), NODEFAULT if field.is_required() else field.default)
        for name, field in model.model_fields.items()
    ]
    return defstruct(model.__name__, members)


_Money, _Address = _plain_form(Money), _plain_form(Address)
_Fields = _plain_form(Fields, billing_address=_Address | None)
_Details = _plain_form(Details, fields=_Fields, money=_Money | None)
_Fact: Any = _plain_form(Fact, values=dict[str, Any])
_About = _plain_form(About, details=_Details, facts=tuple[_Fact, ...], earlier=tuple[Any, ...])

_plain = Decoder(_About)
given = Decoder(Given).decode
