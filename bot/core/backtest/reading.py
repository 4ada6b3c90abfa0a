"""Reading a stored case: whole, or as bare JSON with the names of the model, which takes a third of the time."""

from collections.abc import Mapping
from datetime import datetime
from typing import Any, NamedTuple, cast

from pydantic import ConfigDict
from pydantic_core import from_json

from bot.core.actions import Subject
from bot.core.model import Details, Earlier, Fact, Fields, Frozen, Kind


class About(Frozen):
    """What of a stored case matters here."""

    model_config = ConfigDict(extra="ignore")

    kind: Kind
    details: Details
    facts: tuple[Fact, ...] = ()
    earlier: tuple[Earlier, ...] = ()


def whole(text: str) -> About:
    return About.model_validate_json(text)


def bare(text: str) -> About:
    """As `whole`, for looking at what is plain text, number or flag; to ask for more is an AttributeError."""
    case = from_json(text)
    if case["earlier"]:
        return whole(text)
    case["kind"] = Kind(case["kind"])
    details = case["details"]
    details["fields"] = _named(details["fields"])
    case["details"] = _named(details)
    case["facts"] = [_named(fact) for fact in case["facts"]]
    return cast("About", _named(case))


def subject_of(about: About, now: datetime) -> Subject:
    """As far as it takes to say what kind of case this is; to ask for more is an AttributeError too."""
    facts = {fact.name: fact for fact in about.facts}
    return cast("Subject", _Glance(about.details, about.details.fields, facts, now))


class _Glance(NamedTuple):
    details: Details
    fields: Fields
    facts: Mapping[str, Fact]
    now: datetime


class _Named:
    """A JSON object whose members are read as attributes."""


def _named(members: dict[str, Any]) -> _Named:
    made = _Named()
    made.__dict__ = members
    return made
