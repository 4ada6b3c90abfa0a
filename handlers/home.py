"""The home tab: what waits, drawn when somebody opens it."""

import logging
from typing import Any

from slack_bolt.async_app import AsyncApp

from bot.core.home import home
from bot.core.model import CaseState
from handlers.doors import DeskClosed, Doors

log = logging.getLogger("countersign.doors")

SHOWN = 100


def register(bolt: AsyncApp, doors: Doors) -> None:
    @bolt.event("app_home_opened")
    async def opened(event: dict[str, Any]) -> None:
        if event.get("tab") != "home":
            return
        waiting = (CaseState.OPEN, CaseState.APPROVED, CaseState.STUCK)
        cases = await doors.db.read(lambda store: store.find_cases(states=waiting, limit=SHOWN))
        try:
            await doors.desk.publish_home(str(event["user"]), home(cases, now=doors.clock()))
        except DeskClosed as closed:
            log.warning("a home tab was not drawn: %s", closed)
