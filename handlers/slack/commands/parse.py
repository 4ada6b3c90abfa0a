"""Describe what a person asked of `/finance`, and the answer to it."""

import re
from collections.abc import Sequence
from dataclasses import dataclass
from typing import NamedTuple

from bot.cases.clicks import Click
from bot.core.cards.mrkdwn import Block
from bot.core.model import Case
from bot.core.people import Person
from bot.core.slack_ids import CaseRef
from handlers.context import Context

_MENTION = re.compile(r"<@([UW][A-Z0-9]{4,})(?:\|[^>]*)?>")


class Reply(NamedTuple):
    """Hold what one person reads."""

    text: str
    blocks: Sequence[Block] = ()


@dataclass(frozen=True)
class Asked:
    """Describe a command as it came; `words` are what stands behind the command's name, redacted."""

    ctx: Context
    person: Person
    identity: str  # the same for a repeated delivery
    words: tuple[str, ...]

    @property
    def rest(self) -> str:
        """Return the text behind the first word."""
        return " ".join(self.words[1:])

    def click(self, case: Case) -> Click:
        """Return the click that pressing the button of the card, as it stands, would have made."""
        return Click(person=self.person, ref=CaseRef(case.case_id, case.version), identity=self.identity)


def mentioned(word: str) -> str | None:
    """Return the user id of an escaped mention: `<@U0123|name>`."""
    match = _MENTION.fullmatch(word)
    return match[1] if match else None


def case_id_in(word: str) -> str:
    """Return the case id that a person typed, perhaps in small letters, without "C-" or as code."""
    plain = word.strip("`").upper()
    return plain if plain.startswith("C-") else f"C-{plain}"
