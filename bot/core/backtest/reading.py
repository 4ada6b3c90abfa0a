"""Reading a stored case: whole, or only what nearly every case is judged by, which takes half the time."""

from typing import Any, cast

from pydantic import ConfigDict, Field, create_model

from bot.core.model import Details, Earlier, Fact, Fields, Frozen, Kind, Money
from bot.core.playbooks import PLAYBOOKS


class About(Frozen):
    """What of a stored case matters here."""

    model_config = ConfigDict(extra="ignore")

    kind: Kind
    details: Details
    facts: tuple[Fact, ...] = ()
    earlier: tuple[Earlier, ...] = ()


def whole(text: str) -> About:
    return About.model_validate_json(text)


def brief(text: str) -> About:
    """As `whole`, with some fields missing: to ask for one of them is an AttributeError, never a wrong answer."""
    return cast("About", _Brief.model_validate_json(text))


class _Part(Frozen):
    model_config = ConfigDict(extra="ignore")


_NEEDED = {name for playbook in PLAYBOOKS.values() for need in playbook.needs for name in need.any_of} - {"money"}
_ALWAYS = {"call_intent", "confidence", "vip", "email", "account_id", "phone"}
_ASKED: dict[str, Any] = {name: (Fields.model_fields[name].annotation, None) for name in _NEEDED | _ALWAYS}
_Fields = create_model("_Fields", __base__=_Part, **_ASKED)


class _Details(_Part):
    fields: _Fields
    money: Money | None = None
    doubts: tuple[str, ...] = ()


class _Fact(_Part):
    name: str
    source: str
    values: dict[str, object] = Field(default_factory=dict)
    doubt: str | None = None
    missing: str | None = None


class _Brief(_Part):
    kind: Kind
    details: _Details
    facts: tuple[_Fact, ...] = ()
    earlier: tuple[Earlier, ...] = ()
