"""Open cases from example calls through the transactions, and decide on them."""

from collections.abc import Sequence
from datetime import timedelta
from typing import Any

from bot.cases import calls, decisions
from bot.cases.amendments import Offering, change_amount
from bot.cases.calls import CallHistory
from bot.cases.clicks import Answer, Click
from bot.core.model import Call, CaseFile, Entry, Fact
from bot.core.people import Person
from bot.core.slack_ids import CaseRef
from bot.core.triage import case_id_of
from storage import Database, Store
from tests.support.kinds import EVERYTHING, NOW, SHIPPED, found
from tests.support.policies import person

OFFERING = Offering(policy=SHIPPED, available_operations=EVERYTHING, public_url="https://countersign.example")


def charged(minor: int, payment_id: str = "pi_SMALL") -> Fact:
    return found("charge", payment_id=payment_id, currency="USD", amount_minor=minor, left_minor=minor)


async def tell(database: Database, call: Call, facts: Sequence[Fact] = (), *, minutes: int = 0) -> str:
    """Receive and settle this call; return the id of its case."""
    now = NOW + timedelta(minutes=minutes)

    def settle(store: Store) -> None:
        calls.receive(store, call, body_sha256=f"{call.call_id}/{minutes}/{call.event}", now=now)
        every = CallHistory(call.call_id, tuple(store.calls_of(call.call_id)))
        calls.settle(
            store,
            every,
            facts,
            policy=SHIPPED,
            available_operations=EVERYTHING,
            now=now,
            public_url=OFFERING.public_url,
        )

    await database.write(settle)
    return case_id_of(call.call_id)


async def look(database: Database, case_id: str) -> CaseFile:
    file = await database.read(lambda store: store.case_file(case_id))
    assert file is not None
    return file


async def history(database: Database, case_id: str) -> list[Entry]:
    return [audited.entry for audited in await database.read(lambda store: store.history(case_id))]


def click(file: CaseFile, who: str | Person, what: str = "", version: int | None = None) -> Click:
    """Return a click on the current version, or on the one given."""
    them, ref = person(who) if isinstance(who, str) else who, CaseRef(file.case.case_id, version or file.case.version)
    return Click(person=them, ref=ref, identity=f"{them.user_id}/{ref}/{file.case.revision}/{what}")


async def approve(database: Database, case_id: str, who: str | Person) -> Answer:
    approval = click(await look(database, case_id), who, "approve")
    return await database.write(lambda store: decisions.approve(store, approval, policy=SHIPPED, now=NOW))


async def amend(database: Database, case_id: str, who: str | Person, amount: str, **more: Any) -> Answer:
    amendment = click(await look(database, case_id), who, amount, **more)
    return await database.write(
        lambda store: change_amount(store, amendment, amount, "As agreed on the phone", offering=OFFERING, now=NOW)
    )
