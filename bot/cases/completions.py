"""Receive what a person fills in about a case like a call, so that one merge and one look-up serve both."""

import hashlib
from datetime import datetime

from bot.cases.calls import receive
from bot.cases.clicks import Answer, Click, check_open
from bot.core.model import Call, CaseState, Details
from bot.core.policy import Policy
from storage import Store


def complete(store: Store, click: Click, details: Details, *, policy: Policy, now: datetime) -> Answer:
    """Receive a person's details as a further call of the case, unless the policy does not let this person act."""
    found = check_open(store, click, policy=policy, state=CaseState.OPEN, now=now)
    if isinstance(found, Answer):
        return found
    call = Call(call_id=found.case.root, author=click.user_id, event="form", details=details)
    receive(store, call, body_sha256=hashlib.sha256(click.identity.encode()).hexdigest(), now=now)
    return Answer()
