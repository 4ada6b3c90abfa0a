"""Draw notices: what one person is told, in a direct message, about a case that concerns them."""

from bot.core.cards import Picture
from bot.core.cards.mrkdwn import context, data, escape, fit, numbered, section
from bot.core.money import HOME, in_locale
from bot.core.notices import Notice

_ROOM = 2900  # a section takes 3,000


def picture(notice: Notice, link: str | None, locale: str = HOME) -> Picture:
    """Draw a notice with a `link` to the card of its case; what was drawn before, such as a digest, stays as it is."""
    if notice.blocks:
        return Picture(text=notice.text, blocks=list(notice.blocks))
    first, *rest = [data(in_locale(line, locale), 600) for line in notice.text.split("\n")]
    card = [context(f"<{escape(link)}|Open the card>")] if link else []
    blocks = [section(fit([f"*{first}*", *rest], _ROOM)), *card]
    return Picture(text=fit([first, *rest], _ROOM), blocks=numbered(blocks, f"notice:{notice.notice_id}"))
