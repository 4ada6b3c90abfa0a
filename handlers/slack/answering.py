"""Answer a person whatever goes wrong: each failure has its sentence, and none is shown as a fault of Slack's."""

import logging
from collections.abc import Awaitable, Callable, Mapping
from typing import Any, NamedTuple, TypeVar

from bot.core.cards.forms import FormErrors
from bot.core.people import SlackUnavailable
from bot.core.slack_ids import CaseRef
from handlers.context import Context, NotAllowed

log = logging.getLogger("countersign.handlers")

Body = Mapping[str, Any]
T = TypeVar("T")


class NotOurs(Exception):
    """Say that a button or form is from another release, or from somebody else."""


FOREIGN = "This is not one of ours, or from another release. Nothing was changed."
CLICK_AGAIN = "Something went wrong on our side and nothing was decided. Please click again."


class Surface(NamedTuple):
    """Hold the words for what can go wrong on one kind of surface, such as a button, a form or a command."""

    unavailable: str  # stands behind the sentence that says why Slack could not be asked
    fault_logged: str
    fault: str = CLICK_AGAIN


async def answered(
    ctx: Context, surface: Surface, work: Awaitable[T], failed: Callable[[str], T], *, ref: str = ""
) -> T:
    """Return what the work returns or, where it fails, what `failed` makes of the sentence for the person.

    A refusal is audited, on the case that `ref` names if it is a value of ours. FormErrors pass through: they belong
    to the fields of a form.
    """
    try:
        return await work
    except FormErrors:
        raise
    except NotAllowed as refusal:
        return failed(await ctx.turned_away(refusal, _case_id(ref)))
    except SlackUnavailable as closed:
        return failed(f"{closed} {surface.unavailable}")
    except NotOurs:
        return failed(FOREIGN)
    except Exception:
        log.exception(surface.fault_logged)
        return failed(surface.fault)


async def logged(ctx: Context, failure: str, work: Awaitable[None]) -> None:
    """Await work that nobody waits for and log its failure: a raise would show the acknowledged click as failed."""
    try:
        await work
    except NotAllowed as refusal:
        await ctx.turned_away(refusal)
    except SlackUnavailable as closed:
        log.warning("%s: %s", failure, closed)
    except Exception:
        log.exception(failure)


def check_person(ctx: Context, body: Body) -> str:
    """Return the id of the user who clicked. Raises NotAllowed for a user of another workspace."""
    user_id = str(body["user"]["id"])
    ctx.check_team(user_id, *team_ids(body))
    return user_id


def team_ids(body: Body) -> tuple[str | None, str | None]:
    """Return the workspace that was clicked in and the workspace of the user."""
    team_id = (body.get("team") or {}).get("id")
    return team_id, body["user"].get("team_id", team_id)


def read_ref(value: str) -> CaseRef:
    """Return the case and version that a button or form names. Raises NotOurs for a value that we did not write."""
    try:
        return CaseRef.parse(value)
    except ValueError:
        raise NotOurs from None


def _case_id(value: str) -> str | None:
    try:
        return read_ref(value).case_id
    except NotOurs:
        return None
