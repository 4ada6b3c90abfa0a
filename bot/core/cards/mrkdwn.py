"""Write Slack's text and the few blocks we use, as small functions that return dicts.

Limits are those of Slack's Block Kit reference. Everything that a caller, a person or a vendor wrote goes through
`data` or `code` (or `literal` where Slack shows plain text), so it can neither mention anybody nor hide a link.
"""

import re
from collections.abc import Iterable, Sequence
from datetime import UTC, datetime
from typing import Any
from urllib.parse import urlsplit

Block = dict[str, Any]

HEADER_LIMIT = 150
SECTION_LIMIT = 3000
FIELD_LIMIT = 2000
CONFIRM_LIMIT = 300
URL_LIMIT = 500  # Slack takes 3,000; a card with several such links would leave no room for the case

_INVISIBLE = re.compile(r"[\x00-\x08\x0b-\x1f\x7f\u061c\u200e\u200f\u202a-\u202e\u2066-\u2069]")
_GAP = re.compile(r"((?<=\d)[\u00a0\u202f](?=\d))|\s+")  # the first divides thousands: a line must not break there
_HALF_ENTITY = re.compile(r"&[a-z]{0,3}$")
_SHORTCODE = re.compile(r":([a-z+-][\w+'-]*):")
# Looks alike, formats nothing: a summary must not be able to draw a bold "Approved" line of its own.
_LOOKALIKE = str.maketrans({"*": "\u2217", "~": "\u223c", "`": "\u02cb"})
_FORMATS = re.compile("[*~`:]")
_PERSON = re.compile(r"[UW][A-Z0-9]{4,}")
_GROUP = re.compile(r"S[A-Z0-9]{6,}")


def _one_line(text: str) -> str:
    if text.isprintable():
        return " ".join(text.split())
    return _GAP.sub(lambda gap: gap[1] or " ", _INVISIBLE.sub(" ", text)).strip()


def escape(text: str) -> str:
    return text.replace("&", "&amp;").replace("<", "&lt;").replace(">", "&gt;")


def cap(text: str, limit: int) -> str:
    """Return at most `limit` characters; an escaped `&amp;` is never cut in half."""
    if len(text) <= limit:
        return text
    return _HALF_ENTITY.sub("", text[: limit - 1]).rstrip() + "…"


def data(text: str, limit: int = 300) -> str:
    """Return words from outside as a line of mrkdwn that is shown as it is: no mention, link, emoji or format."""
    line = _one_line(text)
    if _FORMATS.search(line):  # most lines hold nothing that could
        line = _SHORTCODE.sub("∶\\1∶", line.translate(_LOOKALIKE))
    return cap(escape(line), limit)


def code(text: str, limit: int = 120) -> str:
    """Return an identifier from outside, easy to copy."""
    return "`" + cap(escape(_one_line(text).replace("`", "'")) or "-", limit) + "`"


def literal(text: str, limit: int) -> str:
    """Return words for Slack's plain_text, which is not escaped: angle brackets become look-alikes."""
    return cap(_one_line(text).replace("<", "‹").replace(">", "›"), limit)


def ours(text: str, people: Iterable[str], limit: int = 600) -> str:
    """Return a sentence that we wrote around words from outside; of all mentions only those of `people` are live."""
    shown = data(text, limit)
    for person in people:
        if is_person(person):
            shown = shown.replace(f"&lt;@{person}&gt;", f"<@{person}>")
    return shown


def utc(at: datetime) -> str:
    return f"{at.astimezone(UTC):%Y-%m-%d %H:%M} UTC"


def date(at: datetime) -> str:
    """Return a time in the reader's own time zone, or UTC where a client cannot do that."""
    return f"<!date^{int(at.timestamp())}^{{date_short_pretty}} {{time}}|{utc(at)}>"


def is_person(actor: str) -> bool:
    """Return whether this is a Slack user id, and not a group of the policy or one of our own actors."""
    return _PERSON.fullmatch(actor) is not None


def who(actor: str) -> str:
    """Return a Slack user or user group id as a mention, anything else in words: "finance", "the policy"."""
    if is_person(actor):
        return f"<@{actor}>"
    if _GROUP.fullmatch(actor):
        return f"<!subteam^{actor}>"
    if actor.startswith("policy:"):
        return "the policy"
    return "DialNexa" if actor == "dialnexa" else data(actor, 80)


def link(url: str, label: str) -> str:
    """Return a link with its host, so that a stated address cannot pretend to be another; other text stays text."""
    host = _host(url)
    target = escape(url).replace("|", "%7C")
    if host is None or len(target) > URL_LIMIT:
        return f"{data(label, 80)} (stated, not a link that can be shown)"
    return f"<{target}|{data(label, 80)}> ({data(host, 80)})"


def is_address(url: str) -> bool:
    """Return whether this is a web address that can be linked: http or https, a host, no name or password before it."""
    return _host(url) is not None


def _host(url: str) -> str | None:
    if re.search(r"[\s\x00-\x1f]", url):
        return None
    try:
        parts = urlsplit(url)
        return parts.hostname if parts.scheme in ("https", "http") and "@" not in parts.netloc else None
    except ValueError:
        return None


def fit(lines: Sequence[str], limit: int, separator: str = "\n") -> str:
    """Return whole lines up to `limit` characters, then how many are left out: a card never ends in half a sentence."""
    kept: list[str] = []
    room = limit - 40  # for the line that counts the rest
    for line in lines:
        room -= len(line) + len(separator)
        if room < 0:
            break
        kept.append(line)
    left_out = len(lines) - len(kept)
    return separator.join([*kept, f"… and {left_out} more"] if left_out else kept)


def plain(text: str, limit: int) -> Block:
    return {"type": "plain_text", "text": literal(text, limit) or "-", "emoji": False}


def mrkdwn(text: str, limit: int = SECTION_LIMIT) -> Block:
    # verbatim: Slack must not make links or mentions of bare addresses and names on its own
    return {"type": "mrkdwn", "text": cap(text, limit), "verbatim": True}


def header(text: str) -> Block:
    return {"type": "header", "text": plain(text, HEADER_LIMIT)}


def section(text: str) -> Block:
    return {"type": "section", "text": mrkdwn(text)}


def columns(*texts: str) -> Block:
    return {"type": "section", "fields": [mrkdwn(text, FIELD_LIMIT) for text in texts]}


def context(text: str) -> Block:
    return {"type": "context", "elements": [mrkdwn(text)]}


def size(node: Any) -> int:
    """Return the characters of every `text` in some blocks, as Slack counts them for a whole message."""
    if isinstance(node, list):
        return sum(map(size, node))
    if not isinstance(node, dict):
        return 0
    return sum(len(item) if key == "text" and isinstance(item, str) else size(item) for key, item in node.items())


def numbered(blocks: Iterable[Block], prefix: str) -> list[Block]:
    """Give every block its own block_id, `prefix:n`; Slack keeps old input state under a block_id that it knows."""
    return [{**block, "block_id": f"{prefix}:{n}"} for n, block in enumerate(blocks)]
