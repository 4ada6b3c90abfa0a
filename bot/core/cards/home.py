"""Draw the App Home tab as an inbox: what waits for a person, what is theirs, and everything open by due time.

Slack keeps showing an old tab until a new one is published, so every click in it is judged anew. What the person
chose to see travels in the view's private metadata and comes back with each click.
"""

import hashlib
from collections.abc import Mapping, Sequence
from datetime import datetime
from typing import Any, Literal

from pydantic import Field, ValidationError

from bot.core.cards import lists, wording
from bot.core.cards.forms import VALUE, FormErrors
from bot.core.cards.lists import UNFINISHED, Row
from bot.core.cards.mrkdwn import Block, context, data, date, fit, header, numbered, plain, section, who
from bot.core.model import CaseState, Frozen, Kind
from bot.core.money import in_locale
from bot.core.people import EVERYTHING, Delegation, Pause
from bot.core.slack_ids import BULKS, ActionId, CallbackId, CaseRef

PAGE = 20  # cases of a section that is looked through; a Home tab takes 100 blocks
FIRST = 10  # cases of a section where others stand beside it
SEARCH_AT_MOST = 100  # characters
OPTIONS = 10  # that Slack takes in one group of checkboxes
GROUPS = 3  # so that every case is decided and acknowledged within Slack's three seconds

Scope = Literal["all", "waiting", "mine", "open"]
SCOPES: Mapping[Scope, str] = {
    "all": "All sections",
    "waiting": "Waiting for you",
    "mine": "Yours",
    "open": "Everything",
}
STATES: Mapping[str, tuple[str, tuple[CaseState, ...]]] = {
    "unfinished": ("Unfinished", UNFINISHED),
    "open": ("Waiting for a decision", (CaseState.OPEN,)),
    "approved": ("Being carried out", (CaseState.APPROVED,)),
    "stuck": ("Stuck", (CaseState.STUCK,)),
    "all": ("Finished ones too", tuple(CaseState)),
}


class Look(Frozen):
    """Hold what the person wants to see."""

    scope: Scope = "all"
    kind: Kind | None = None
    state: str = "unfinished"
    search: str = Field(default="", max_length=SEARCH_AT_MOST)
    page: int = Field(default=0, ge=0)

    @property
    def states(self) -> tuple[CaseState, ...]:
        return STATES.get(self.state, STATES["unfinished"])[1]


class Bulk(Frozen):
    """Group cases of a kind under a rule that this person can approve together, each on its own."""

    kind: Kind
    rule: str
    rows: tuple[Row, ...]

    @property
    def key(self) -> str:
        """Return the name of the kind and the rule, not of the cases: the form lists those that wait when it opens."""
        return f"{self.kind}:{hashlib.sha256(self.rule.encode()).hexdigest()[:12]}"


class Inbox(Frozen):
    """Hold what the tab shows to a person."""

    waiting: tuple[Row, ...] = ()
    mine: tuple[Row, ...] = ()
    listed: tuple[Row, ...] = ()  # by due time
    bulks: tuple[Bulk, ...] = ()
    lent: tuple[Delegation, ...] = ()  # by those who are away, to this person
    away: Delegation | None = None  # this person's own
    pauses: tuple[Pause, ...] = ()
    clipped: bool = False  # there are more than were looked at


def read_look(metadata: str) -> Look:
    """Read a look as it came back from Slack; whatever we did not write is the first look."""
    try:
        return Look.model_validate_json(metadata)
    except ValidationError:
        return Look()


def home(inbox: Inbox, look: Look, *, now: datetime) -> Block:
    """Draw the view for `views.publish`."""
    blocks = [
        header("What waits"),
        section(_summary(inbox, now)),
        *_notes(inbox),
        *_filters(look),
        *_sections(inbox, look, now),
        context(f"As of {date(now)}"),
    ]
    # Slack keeps what was typed under a block id that it knows: another look is another form
    seen = hashlib.sha256(look.model_copy(update={"page": 0}).model_dump_json().encode()).hexdigest()[:8]
    return {"type": "home", "private_metadata": look.model_dump_json(), "blocks": numbered(blocks, f"home:{seen}")}


def not_for_you(why: str | None = None) -> Block:
    """Draw the view of a person in none of the policy's groups; `why` is for an account that may not take part."""
    words = why or "This tab shows open cases to the people who decide them. Ask an admin if you should be one of them."
    return {"type": "home", "blocks": numbered([header("Countersign"), section(words)], "home")}


# --- above the lists ------------------------------------------------------------------------------------------------


def _summary(inbox: Inbox, now: datetime) -> str:
    unfinished = [row.case for row in inbox.listed if row.case.state in UNFINISHED]
    late = sum(case.due_at < now for case in unfinished)
    stuck = sum(case.state is CaseState.STUCK for case in unfinished)
    parts = [f"*{len(inbox.waiting)}* wait for you"] if inbox.waiting else ["Nothing waits for you"]
    parts += [f"*{len(unfinished)}{'+' if inbox.clipped else ''}* unfinished"]
    parts += [f":alarm_clock: *{late}* overdue"] if late else []
    parts += [f":rotating_light: *{stuck}* stuck"] if stuck else []
    return " · ".join(parts)


def _notes(inbox: Inbox) -> list[Block]:
    notes = [
        f":busts_in_silhouette: You stand in for {who(delegation.user_id)} until {date(delegation.until_at)}."
        for delegation in inbox.lent
    ]
    if inbox.away is not None:
        away = inbox.away
        notes.append(
            f":palm_tree: You are away until {date(away.until_at)}; {who(away.delegate_id)} stands in for you."
        )
    for pause in inbox.pauses:
        what = "Everything" if pause.scope == EVERYTHING else wording.SYSTEMS.get(pause.scope, pause.scope)
        notes.append(f":double_vertical_bar: {data(what)} is paused since {date(pause.since_at)}: {data(pause.reason)}")
    return [context(fit(notes, 2800))] if notes else []


def _filters(look: Look) -> list[Block]:
    search: Block = {
        "type": "plain_text_input",
        "action_id": ActionId.HOME_SEARCH.value,
        "max_length": SEARCH_AT_MOST,
        "placeholder": plain("A name, a number, a case", 150),
        "dispatch_action_config": {"trigger_actions_on": ["on_enter_pressed"]},
    }
    if look.search:
        search["initial_value"] = look.search
    kinds = {"": "Every kind", **{kind.value: wording.TITLES[kind] for kind in Kind}}
    states = {name: label for name, (label, _) in STATES.items()}
    chosen = [
        _select(ActionId.HOME_SCOPE, SCOPES, look.scope),
        _select(ActionId.HOME_KIND, kinds, look.kind or ""),
        _select(ActionId.HOME_STATE, states, look.state),
    ]
    if look.model_copy(update={"page": 0}) != Look():
        chosen.append({"type": "button", "action_id": ActionId.HOME_CLEAR.value, "text": plain("Show all again", 75)})
    label = plain("Search, then press Enter", 100)
    return [
        {"type": "input", "dispatch_action": True, "optional": True, "label": label, "element": search},
        {"type": "actions", "elements": chosen},
    ]


def _select(action_id: ActionId, choices: Mapping[Any, str], chosen: str) -> Block:
    options = {value: {"text": plain(label, 75), "value": value or "every"} for value, label in choices.items()}
    initial = options.get(chosen) or next(iter(options.values()))
    select = {"type": "static_select", "action_id": action_id.value, "options": list(options.values())}
    return select | {"initial_option": initial}


# --- the lists ------------------------------------------------------------------------------------------------------


def _sections(inbox: Inbox, look: Look, now: datetime) -> list[Block]:
    rows: Mapping[Scope, tuple[str, Sequence[Row], str]] = {
        "waiting": ("Waiting for you", inbox.waiting, "Nothing waits for you."),
        "mine": ("Yours: you own it or asked for it", inbox.mine, "You own none and asked for none."),
        "open": (f"{STATES[look.state][0] if look.state in STATES else 'Unfinished'}, by due time", inbox.listed, ""),
    }
    blocks: list[Block] = []
    for scope, (label, found, nothing) in rows.items():
        if look.scope in ("all", scope):
            paged = look.scope == scope or scope == "open"
            blocks += [{"type": "divider"}, section(f"*{label}*")]
            blocks += _page(found, look.page, nothing, now) if paged else _first(found, nothing, now)
            blocks += _bulk_buttons(inbox.bulks) if scope == "waiting" else []
    if inbox.clipped:
        blocks.append(
            context(f"Only the {len(inbox.listed)} that are due first were looked at; search finds the others.")
        )
    return blocks


def _first(rows: Sequence[Row], nothing: str, now: datetime) -> list[Block]:
    left_out = len(rows) - FIRST
    more = [context(f"… and {left_out} more; choose this section above to see them")] if left_out > 0 else []
    return [*_rows(rows[:FIRST], nothing, now), *more]


def _page(rows: Sequence[Row], page: int, nothing: str, now: datetime) -> list[Block]:
    at = min(page, max(0, len(rows) - 1) // PAGE)
    shown = rows[at * PAGE : (at + 1) * PAGE]
    buttons = []
    if at:
        buttons.append(_turn(ActionId.HOME_BACK, "Back", at - 1))
    if len(rows) > (at + 1) * PAGE:
        buttons.append(_turn(ActionId.HOME_MORE, f"More ({len(rows) - (at + 1) * PAGE})", at + 1))
    return [*_rows(shown, nothing, now), *([{"type": "actions", "elements": buttons}] if buttons else [])]


def _turn(action_id: ActionId, label: str, page: int) -> Block:
    return {"type": "button", "action_id": action_id.value, "text": plain(label, 75), "value": str(page)}


def _rows(rows: Sequence[Row], nothing: str, now: datetime) -> list[Block]:
    return [section(lists.row(row, now)) for row in rows] or [context(nothing or "No case fits.")]


def _bulk_buttons(bulks: Sequence[Bulk]) -> list[Block]:
    buttons = []
    for action_id, bulk in zip(BULKS, bulks, strict=False):
        label = f"Approve several: {wording.TITLES[bulk.kind]} ({len(bulk.rows)})"
        buttons.append({"type": "button", "action_id": action_id.value, "text": plain(label, 75), "value": bulk.key})
    return [{"type": "actions", "elements": buttons}] if buttons else []


# --- approving several at once --------------------------------------------------------------------------------------


def bulk_form(bulk: Bulk, now: datetime) -> Block:
    """Draw the form that approves several like cases; nothing is ticked beforehand, so a person chooses each."""
    shown = bulk.rows[: OPTIONS * GROUPS]
    left_out = len(bulk.rows) - len(shown)
    rule = in_locale(bulk.rule, bulk.rows[0].locale)
    words = f"*{data(wording.TITLES[bulk.kind])}*, rule: {data(rule, 400)}. Each is judged on its own."
    words += f" {left_out} more come after these." if left_out else ""
    groups = [shown[at : at + OPTIONS] for at in range(0, len(shown), OPTIONS)]
    return {
        "type": "modal",
        "callback_id": CallbackId.BULK_FORM.value,
        "private_metadata": bulk.key,
        "title": plain("Approve several", 24),
        "submit": plain("Approve what is ticked", 24),
        "close": plain("Cancel", 24),
        "blocks": [
            section(words),
            *(_group(n, [lists.option(row, now) for row in rows]) for n, rows in enumerate(groups)),
        ],
    }


def _group(n: int, options: Sequence[Block]) -> Block:
    return {
        "type": "input",
        "block_id": f"cases-{n}",
        "optional": True,
        "label": plain("Cases" if n == 0 else "More cases", 100),
        "element": {"type": "checkboxes", "action_id": VALUE, "options": list(options)},
    }


def read_bulk(values: Mapping[str, Mapping[str, Mapping[str, Any]]]) -> tuple[CaseRef, ...]:
    """Return each version that was ticked. Raises FormErrors for none, ValueError for what we did not write."""
    chosen = [option["value"] for block in values.values() for option in block[VALUE].get("selected_options") or ()]
    if not chosen:
        raise FormErrors({"cases-0": "Tick at least one case."})
    return tuple(CaseRef.parse(value) for value in dict.fromkeys(chosen))


def bulk_result(lines: Sequence[str]) -> Block:
    """Draw the result, a line for each case; the lines are ours and may hold mentions."""
    view = {"type": "modal", "title": plain("Approve several", 24), "close": plain("Close", 24)}
    return view | {"blocks": [section(line) for line in lines]}
