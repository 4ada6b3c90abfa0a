"""Offer handlers what they may ask of Slack, with Slack's faults as sentences for the person who clicked."""

import asyncio
import logging
from collections.abc import Mapping, Sequence
from typing import Any

from bot.core.people import Account, SlackUnavailable, account_of
from bot.slack.client import Slack
from bot.slack.errors import SlackError

log = logging.getLogger("countersign")

RETRY_S = 30.0
WHO = "Slack could not tell your user groups or your account just now."


class SlackPort:
    """Ask Slack for handlers; methods raise SlackUnavailable, unless they only log a failure."""

    def __init__(self, slack: Slack) -> None:
        self._slack = slack
        self.team_id: str | None = None
        self.url: str | None = None

    async def introduce(self) -> None:
        """Learn our workspace; until then clicks are judged by their own team fields alone."""
        while self.team_id is None:
            try:
                we = await self._slack.who_am_i()
                self.team_id, self.url = str(we["team_id"]), str(we.get("url") or "") or None
            except SlackError as error:
                log.warning("Slack did not tell who we are: %s", error.sentence)
                await asyncio.sleep(RETRY_S)

    async def groups_of(self, user_id: str, groups: Mapping[str, Sequence[str]]) -> frozenset[str]:
        try:
            return await self._slack.groups_of(user_id, groups)
        except (SlackError, TimeoutError):
            raise SlackUnavailable(WHO) from None

    async def account(self, user_id: str) -> Account:
        try:
            return account_of(user_id, await self._slack.user(user_id), self.team_id)
        except (SlackError, TimeoutError):
            raise SlackUnavailable(WHO) from None

    async def person_by_email(self, email: str) -> str | None:
        return await self._slack.user_by_email(email)

    async def open_form(self, trigger_id: str, view: Mapping[str, Any]) -> None:
        try:
            await self._slack.open_form(trigger_id, view)
        except SlackError:
            raise SlackUnavailable("Slack did not open the form.") from None

    async def update_form(self, view_id: str, view_hash: str, view: Mapping[str, Any]) -> None:
        try:
            await self._slack.update_form(view_id, view_hash, view)
        except SlackError as error:
            raise SlackUnavailable(error.sentence) from None

    async def publish_home(self, user_id: str, view: Mapping[str, Any]) -> None:
        try:
            await self._slack.publish_home(user_id, view)
        except SlackError as error:
            raise SlackUnavailable(error.sentence) from None

    async def answer(self, response_url: str, text: str) -> None:
        await self._slack.answer(response_url, text)

    async def whisper(self, channel_id: str, user_id: str, text: str, *, thread_ts: str) -> None:
        try:
            await self._slack.whisper(channel_id, user_id, text, thread_ts=thread_ts)
        except SlackError as error:
            log.warning("an answer in a thread did not reach Slack: %s", error.sentence)
