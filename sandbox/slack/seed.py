"""Seed the workspace's first day: made-up people, their groups, and the finance channels."""

from typing import Any, Final

from sandbox.state import State

TEAM_ID: Final = "T0ACME0001"
APP_ID: Final = "A0COUNTER1"
BOT_ID: Final = "B0COUNTER1"
BOT_USER: Final = "U0COUNTER1"
SLACKBOT: Final = "USLACKBOT"
FALLBACK_CHANNEL: Final = "finance-review"  # stays open under the fault "archived_channel"

_PEOPLE: Final = (
    ("U0ANA00001", "Ana Ruiz", "Finance, approver", "#2f6f4f"),
    ("U0BEN00001", "Ben Okafor", "Finance, approver", "#8a4b2a"),
    ("U0LEA00001", "Lea Novak", "Finance lead", "#5b3f8c"),
    ("U0ADMIN001", "Ada Lindqvist", "Admin", "#28577f"),
    ("U0SAM00001", "Sam Patel", "Sales, no rights", "#8c2f4b"),
)
_GROUPS: Final = (
    ("S0FINANCE1", "finance-approvers", "Finance approvers", ("U0ANA00001", "U0BEN00001")),
    ("S0LEADS001", "finance-leads", "Finance leads", ("U0LEA00001",)),
)
_CHANNELS: Final = (
    ("C0REFUNDS1", "finance-refunds", "Money back to customers", False),
    ("C0DISPUTE1", "finance-disputes", "Contested charges and their evidence", False),
    ("C0VIP00001", "finance-vip", "VIPs who cannot pay: at once", False),
    ("C0COLLECT1", "finance-collections", "Overdue balances; facts only", True),
    ("C0DOCS0001", "finance-documents", "Receipts and invoices sent again", False),
    ("C0RENEWAL1", "finance-renewals", "Renewals that did not go through", False),
    ("C0ACCOUNT1", "finance-accounts", "Addresses and billing questions", False),
    ("C0BRANDS01", "finance-brands", "Brands on Fidel API", False),
    ("C0REVIEW01", FALLBACK_CHANNEL, "Whatever needs a second look", False),
)


def _person(user_id: str, name: str, title: str, colour: str) -> dict[str, Any]:
    first, last = name.split()
    return {
        "id": user_id,
        "name": name,
        "handle": first.lower(),
        "title": title,
        "color": colour,
        "initials": first[0] + last[0],
        "email": f"{first.lower()}@acme.example.com",
        "admin": title == "Admin",
    }


def _install(slack: dict[str, Any]) -> None:
    slack["commands"] = [
        {
            "command": "/invoice-resend",
            "hint": "[invoice number] [e-mail]",
            "description": "Ask finance to send an invoice again",
        },
        {
            "command": "/finance",
            "hint": "help | list | show CASE | search WORDS | take CASE | away until DATE @name | digest | policy",
            "description": "What waits, who decides, and who stands in",
        },
    ]
    slack["shortcuts"] = [{"callback_id": "case.open.shortcut", "name": "Open a finance case"}]
    slack["steps"] = [
        {
            "callback_id": "ask_finance_to_approve",
            "name": "Ask finance to approve",
            "inputs": ["kind", "amount", "currency", "reason", "customer", "payment_id", "requester"],
            "outputs": ["outcome", "case_id", "decided_by", "reason"],
            "required_outputs": ["outcome", "case_id", "reason"],
        }
    ]


def seed(state: State) -> None:
    """Fill `state.slack` if it is empty, and always install what this release's manifest names."""
    slack = state.slack
    _install(slack)
    if "team" in slack:
        return
    everybody = [person[0] for person in _PEOPLE]
    slack["team"] = {"id": TEAM_ID, "name": "Acme Finance", "domain": "acme"}
    slack["people"] = {person[0]: _person(*person) for person in _PEOPLE}
    slack["groups"] = {
        group_id: {"id": group_id, "handle": handle, "name": name, "members": list(members)}
        for group_id, handle, name, members in _GROUPS
    }
    slack["channels"] = {
        channel_id: {
            "id": channel_id,
            "name": name,
            "topic": topic,
            "private": private,
            "archived": False,
            "dm": False,
            "members": [*everybody, BOT_USER],
        }
        for channel_id, name, topic, private in _CHANNELS
    }
    slack["last_us"] = 0  # the newest ts in microseconds: keeps ts unique over a restart and a clock set back
    for name in ("messages", "ephemerals", "homes", "views", "stacks", "hooks", "read", "runs", "files"):
        slack[name] = {}
    state.changed("slack")
