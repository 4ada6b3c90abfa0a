"""Draw notices: what one person is told, in a direct message, about a case that concerns them."""

from collections.abc import Mapping

from bot.core.cards import Picture, wording
from bot.core.cards.mrkdwn import context, data, escape, fit, numbered, section
from bot.core.model import Case, Entry
from bot.core.money import HOME, in_locale
from bot.core.notices import Notice

_ROOM = 2900  # a section takes 3,000

NEWS: Mapping[str, str] = {
    "case.opened": "It was opened for you: you own the next step.",
    "case.approved": "Approved; its steps are being carried out.",
    "case.rejected": "Rejected",
    "case.done": "Done: every step has its receipt.",
    "case.settled": "Done",
    "case.stuck": "Stuck, a person has to look at it",
    "case.expired": "Expired",
    "case.escalated": "Escalated to you: please decide, or reject it with a reason.",
    "case.retry": "It is being tried again.",
    "case.taken": "Somebody else has taken it over.",
    "case.released": "It is yours no longer: it went back to the group.",
}


def headline(case: Case) -> str:
    """Return the first line of every notice about this case; plain text, not escaped."""
    title = wording.headline(case.kind, case.details, None, urgent=case.urgent)
    return _one_line(f"{title} ({case.case_id})")


def news(case: Case, entry: Entry) -> str:
    """Say in one line what has happened; `case` as it is afterwards. Plain text, not escaped."""
    words = NEWS.get(entry.what) or entry.sentence or entry.what
    if words.endswith("."):
        return _one_line(words)
    return _one_line(f"{words}: {case.closing}" if case.closing else f"{words}.")


def picture(notice: Notice, link: str | None, locale: str = HOME) -> Picture:
    """Draw a notice with a `link` to the card of its case; what was drawn before, such as a digest, stays as it is."""
    if notice.blocks:
        return Picture(text=notice.text, blocks=list(notice.blocks))
    first, *rest = [data(in_locale(line, locale), 600) for line in notice.text.split("\n")]
    card = [context(f"<{escape(link)}|Open the card>")] if link else []
    blocks = [section(fit([f"*{first}*", *rest], _ROOM)), *card]
    return Picture(text=fit([first, *rest], _ROOM), blocks=numbered(blocks, f"notice:{notice.notice_id}"))


def _one_line(text: str) -> str:
    return " ".join(text.split())
