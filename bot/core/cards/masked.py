"""Mask the card of a sensitive call, with the button that shows what is hidden and the view that it opens."""

from bot.core.cards.mrkdwn import Block, data, link, plain, section
from bot.core.masked import LINKS, hidden, masked
from bot.core.model import CaseFile
from bot.core.slack_ids import ActionId, CaseRef

HIDDEN = "hidden, since something sensitive was said"
_WORDS = 2500  # characters of one hidden text; a section takes 3,000
_MOST = 90  # sections; a form takes 100 blocks


def masked_file(file: CaseFile) -> CaseFile:
    """Return the case without what is hidden, so that nothing drawn from it can tell what it does not hold."""
    if not file.case.details.sensitive:
        return file
    return file.model_copy(update={"case": file.case.model_copy(update={"details": masked(file.case.details)})})


def with_summary_button(block: Block, file: CaseFile) -> Block:
    """Return the section with the button if there is something to show; `file` still holds it."""
    if not hidden(file.case.details):
        return block
    value = str(CaseRef(file.case.case_id, file.proposal.version))
    show = {"type": "button", "action_id": ActionId.SHOW_SUMMARY.value, "text": plain("Show summary", 75)}
    return {**block, "accessory": {**show, "value": value}}


def summary_view(file: CaseFile) -> Block:
    """Draw what the card hides, for a person who may see it."""
    links = set(LINKS.values())
    shown = [
        section(f"*{data(label, 60)}*\n{link(words, 'Open') if label in links else data(words, _WORDS)}")
        for label, words in hidden(file.case.details)[:_MOST]
    ]
    note = section("_That you opened this is in the history of the case._")
    view = {"type": "modal", "title": plain("Hidden summary", 24), "close": plain("Close", 24)}
    return {**view, "blocks": [*(shown or [section("_No summary._")]), note]}
