"""The home tab: what waits, drawn when somebody opens it."""

import logging
from typing import Any

from slack_bolt.async_app import AsyncApp

from bot.core.cards.home import home, not_for_you
from bot.core.model import CaseState
from handlers.doors import DeskClosed, Doors

log = logging.getLogger("countersign.doors")

SHOWN = 100


def register(bolt: AsyncApp, doors: Doors) -> None:
    @bolt.event("app_home_opened")
    async def opened(event: dict[str, Any]) -> None:
        if event.get("tab") != "home":
            return
        try:
            await _draw(doors, str(event["user"]))
        except DeskClosed as closed:
            log.warning("a home tab was not drawn: %s", closed)


async def _draw(doors: Doors, user_id: str) -> None:
    """Only for people whom the policy names: a case of a restricted channel must not show to everybody here."""
    if not await doors.desk.groups_of(user_id, doors.policy.groups):
        await doors.desk.publish_home(user_id, not_for_you())
        return
    waiting = (CaseState.OPEN, CaseState.APPROVED, CaseState.STUCK)
    cases = await doors.db.read(lambda store: store.find_cases(states=waiting, limit=SHOWN))
    await doors.desk.publish_home(user_id, home(cases, now=doors.clock()))
