"""DialNexa's door: what it takes, what it refuses, and what of it reaches the rows. Over sockets, with the samples."""

import json
import logging
import re
import sqlite3
from contextlib import closing
from pathlib import Path
from typing import Any

import pytest

from tests.support.places import DIALNEXA_SAMPLES
from tests.support.world import ANA, BEN, OpenWorld, World, changed_policy, sign

SAMPLES = DIALNEXA_SAMPLES
VECTORS = json.loads((SAMPLES / "signature-test-vectors.json").read_text(encoding="utf-8"))
APPROVE = "case.approve"

CASES = (  # each is a finished call
    "a-external-call_ended-completed-messy-fields.inferred",
    "a-external-call_ended-completed-transcript-object",
    "a-external-call_ended-completed-transcript-text",
    "a-external-call_ended-completed-transferred",
    "a-external-call_ended-completed",
    "b-userwebhook-call.completed",
    "c-session-call.analysis_ready.inferred",
    "c-session-call.transcript_ready.inferred",
)
PASSING = {  # acknowledged and counted, under the event's name
    "a-external-call_ended-hangup-2025-shape": "ignored_call_ended",
    "a-external-call_ended-hangup": "ignored_call_ended",
    "a-external-call_initiated": "ignored_call_initiated",
    "a-external-transfer_completed": "ignored_transfer_completed",
    "a-external-verification-enveloped.inferred": "ignored_verification",
    "a-external-verification-flat": "ignored_verification",
    "b-userwebhook-call.failed.inferred": "ignored_unknown",
    "c-session-alert.triggered": "ignored_alert.triggered",
    "c-session-call.ended": "ignored_call.ended",
    "c-session-call.function_error": "ignored_call.function_error",
    "c-session-call.started": "ignored_call.started",
    "c-session-ping.inferred": "ignored_ping",
}


def sample(name: str) -> bytes:
    return (SAMPLES / f"{name}.json").read_bytes()


def a_call(call_id: str = "call_door_1", **more: Any) -> dict[str, Any]:
    analysis: dict[str, Any] = {"call_intent": "refund_request", "refund_amount": 24, "refund_currency": "USD"}
    analysis |= {"payment_id": "pi_SMALL", "refund_reason": "Seat cancelled", "customer_name": "Dana Ortiz"}
    call: dict[str, Any] = {
        "id": call_id,
        "status": "completed",
        "summary": "Dana asks for money back.",
        "agent_id": "agent_1",
    }
    call |= {"from_number": "12025550142", "to_number": "12025550100", "post_call_analysis": analysis | more}
    return {"event_type": "call_ended", "payload": {"call": call}}


def rows(tmp_path: Path) -> dict[str, int]:
    """Count the rows that the database holds, read past the bot."""
    with closing(sqlite3.connect(tmp_path / "bot.db")) as file:
        return {
            name: file.execute(f"SELECT count(*) FROM {name}").fetchone()[0] for name in ("calls", "cases", "audit")
        }


def bytes_of(folder: Path) -> dict[str, str]:
    return {path.name: path.read_bytes().decode("utf-8", "replace") for path in folder.iterdir()}


NOTHING = {"calls": 0, "cases": 0, "audit": 0}


async def received(world: World, what: str) -> float:
    return (await world.figures()).get(f'countersign_received_total{{door="dialnexa",what="{what}"}}', 0)


async def test_every_signature_vector_is_answered_as_it_says(open_world: OpenWorld) -> None:
    async with open_world(dialnexa_webhook_secret=VECTORS["secret"]) as world:
        for vector in VECTORS["vectors"]:
            status = await world.deliver(
                vector["body"].encode(), headers={vector["header_name"]: vector["header_value"]}
            )
            refused = vector["id"][:2] in ("A3", "N1", "N2", "N3")  # A3: the payload alone leaves the event unsigned
            assert status == (401 if refused else 200), vector["id"]


@pytest.mark.parametrize("signature", [None, "", "sha256=", "0" * 64, "é" * 64, "0" * 63, "sha512=" + "0" * 64])
async def test_a_wrong_signature_or_none_stores_nothing(world: World, tmp_path: Path, signature: str | None) -> None:
    headers = {} if signature is None else {"x-dialnexa-signature": signature}
    assert await world.deliver(a_call(), headers=headers) == 401
    assert rows(tmp_path) == NOTHING
    assert await received(world, "bad_signature") == 1


async def test_each_of_several_active_secrets_is_good(open_world: OpenWorld, tmp_path: Path) -> None:
    secrets = "secret-of-last-month, secret-of-this-month"
    async with open_world(dialnexa_webhook_secret=secrets) as world:
        for number, secret in enumerate(("secret-of-last-month", "secret-of-this-month", "another")):
            body = json.dumps(a_call(f"call_{number}")).encode()
            status = await world.deliver(body, headers={"x-nexa-signature": f"sha256={sign(body, secret)}"})
            assert status == (401 if secret == "another" else 200)
    assert rows(tmp_path)["calls"] == 2


@pytest.mark.parametrize("name", ["a-external-verification-flat", "a-external-verification-enveloped.inferred"])
async def test_a_check_of_the_address_is_answered_signed_or_not(world: World, tmp_path: Path, name: str) -> None:
    assert await world.deliver(sample(name), headers={}) == 200
    assert await world.deliver(sample(name)) == 200
    assert await world.deliver(sample(name), headers={"x-dialnexa-signature": "0" * 64}) == 401
    assert rows(tmp_path) == NOTHING


async def test_an_unsigned_call_cannot_pass_as_a_check_of_the_address(world: World, tmp_path: Path) -> None:
    call = a_call()
    for disguise in (
        {**call, "event_type": "verification"},
        {**call, "message": "Webhook verification request"},
        {"event_type": "verification", "payload": {"message": "x", **call["payload"]}},
        {"message": "x" * 2000},
    ):
        assert await world.deliver(disguise, headers={}) == 401
    assert rows(tmp_path) == NOTHING


@pytest.mark.parametrize("body", [b"", b"[" * 1000, b"\xff\xfe", b"null", b'{"message"', b'"message"'])
async def test_unsigned_garbage_is_refused_and_never_fails(world: World, body: bytes) -> None:
    assert await world.deliver(body, headers={}) == 401


@pytest.mark.parametrize(
    "body", [b"", b"{", b"event_type=call_ended", b"\xff\xfe", b"[]", b"null", b'"call"', b"12", b"[" * 100_000]
)
async def test_what_is_not_a_json_object_is_a_bad_request(world: World, tmp_path: Path, body: bytes) -> None:
    assert await world.deliver(body) == 400
    assert rows(tmp_path) == NOTHING
    assert await received(world, "not_json") == 1


async def test_a_body_over_one_mebibyte_is_refused_whoever_sent_it(world: World, tmp_path: Path) -> None:
    body = json.dumps(a_call(padding="x" * 1024**2)).encode()
    assert await world.deliver(body) == 413
    assert await world.deliver(body, headers={}) == 413
    assert rows(tmp_path) == NOTHING


async def test_a_call_with_something_deeply_nested_is_still_a_call(world: World) -> None:
    deep: Any = "bottom"
    for _ in range(300):
        deep = [deep]
    assert await world.deliver(a_call(odd=deep)) == 200
    await world.card("finance-refunds", says="24.00 USD")


async def test_strange_characters_and_numbers_never_cost_a_call(world: World) -> None:
    odd = {"a": "\x00", "b": "\ud800", "c": 1e999, "d": 10**400, "e": -0.0, "f": [{"value": None}], "g": "\u202e"}
    for number, (name, value) in enumerate(odd.items()):
        assert await world.deliver(a_call(f"call_odd_{number}", **{name: value})) == 200, name
    for number in range(len(odd)):
        await world.case_of(f"call_odd_{number}")


async def test_a_fault_of_our_own_asks_for_the_call_again(
    world: World, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    def stumble(*_: object) -> None:
        raise ValueError("a bug")

    monkeypatch.setattr("handlers.dialnexa.read_call", stumble)
    assert await world.deliver(a_call()) == 503  # a 4xx would be the end of it
    assert rows(tmp_path) == NOTHING
    monkeypatch.undo()
    assert await world.deliver(a_call()) == 200


@pytest.mark.parametrize("name", CASES)
async def test_the_sample_of_a_finished_call_makes_one_case(world: World, tmp_path: Path, name: str) -> None:
    body = sample(name)
    assert await world.deliver(body) == 200
    world.clock.let_pass(121)  # past the wait for an analysis
    said = json.loads(body)
    call = said.get("payload", {}).get("call", said)
    case = await world.case_of(call.get("id") or call.get("call_id") or call.get("session_id"))
    file = await world.file(case.case_id)
    channel = "finance-review" if file.proposal.because else "finance-refunds"
    await world.card(channel)
    assert rows(tmp_path)["cases"] == 1


@pytest.mark.parametrize("name", PASSING)
async def test_the_sample_of_no_finished_call_is_acknowledged_and_counted(
    world: World, tmp_path: Path, name: str
) -> None:
    assert await world.deliver(sample(name)) == 200
    assert await received(world, PASSING[name]) == 1
    assert rows(tmp_path) == NOTHING


def test_every_sample_is_in_one_of_the_two_lists() -> None:
    listed = {f"{name}.json" for name in (*CASES, *PASSING)} | {"signature-test-vectors.json"}
    assert listed == {path.name for path in SAMPLES.iterdir()}


async def test_an_unknown_event_is_acknowledged_and_counted(world: World, tmp_path: Path) -> None:
    assert await world.deliver({**a_call(), "event_type": "call.reviewed"}) == 200
    assert await received(world, "ignored_call.reviewed") == 1
    assert rows(tmp_path) == NOTHING


async def test_the_address_names_the_event_of_a_body_that_does_not(world: World) -> None:
    body = sample("b-userwebhook-call.completed")
    assert await world.deliver(body, event="call.started") == 200
    assert await received(world, "ignored_call.started") == 1
    assert await world.deliver(body, event="call-completed") == 200
    await world.case_of("call_s4mpl3aa01")


async def test_a_muted_agent_or_number_makes_no_case(open_world: OpenWorld, tmp_path: Path) -> None:
    policy = changed_policy(
        ("mute_agents  = []", 'mute_agents = ["agent_test"]'), ("mute_numbers = []", 'mute_numbers = ["+12025550143"]')
    )
    async with open_world(policy=policy) as world:
        for part in ({"agent_id": "agent_test"}, {"from_number": "12025550143"}, {"to_number": "+1 202 555 0143"}):
            body = a_call()
            body["payload"]["call"] |= part
            assert await world.deliver(body) == 200
        assert await received(world, "muted") == 3
        assert rows(tmp_path) == NOTHING
        assert await world.deliver(a_call()) == 200
        await world.case_of("call_door_1")


async def test_the_same_body_twice_is_stored_once(world: World, tmp_path: Path) -> None:
    assert [await world.deliver(a_call()) for _ in range(3)] == [200, 200, 200]
    assert await received(world, "new") == 1
    assert await received(world, "duplicate") == 2
    assert rows(tmp_path)["calls"] == 1


async def test_a_changed_body_on_an_open_case_redraws_its_card(world: World) -> None:
    await world.deliver(a_call())
    first = await world.card("finance-refunds", says="24.00 USD")
    await world.deliver(a_call(refund_amount=19))
    second = await world.card("finance-refunds", says="19.00 USD")
    assert second["ts"] == first["ts"]
    assert len(await world.cards("finance-refunds")) == 1
    case = await world.case_of("call_door_1")
    assert case.version == 2  # an approval of 24.00 says nothing about 19.00


async def test_a_changed_body_on_a_decided_case_is_a_note_in_its_thread(world: World) -> None:
    await world.deliver(a_call())
    card = await world.card("finance-refunds", says="24.00 USD")
    await world.press(BEN, "finance-refunds", card, APPROVE)
    await world.deliver(a_call(refund_amount=2400))
    said = await world.thread_line("finance-refunds", card["ts"], "summary changed after")
    assert "24.00 → 2400.00" in said
    assert "Nothing was done about it" in said
    file = await world.file((await world.case_of("call_door_1")).case_id)
    assert file.case.version == 1
    assert file.case.details.money is not None
    assert file.case.details.money.amount_minor == 2400  # still 24.00 USD, as approved


async def test_systems_a_and_b_telling_the_same_call_make_one_case(world: World, tmp_path: Path) -> None:
    assert await world.deliver(sample("a-external-call_ended-completed")) == 200
    await world.case_of("call_s4mpl3aa01")
    body = sample("b-userwebhook-call.completed")
    assert await world.deliver(body, headers={"x-nexa-signature": f"sha256={sign(body)}"}) == 200

    async def both() -> bool | None:
        return True if rows(tmp_path)["calls"] == 2 else None

    await world.until(both, "both tellings of the call")
    await world.card("finance-refunds", says="129.50 USD")
    assert rows(tmp_path)["cases"] == 1
    assert len(await world.cards("finance-refunds")) == 1


async def test_a_transcript_without_analysis_waits_two_minutes_for_it(world: World, tmp_path: Path) -> None:
    world.clock.stand_still()
    await world.deliver(sample("c-session-call.transcript_ready.inferred"))
    await world.deliver(a_call())  # passes it by
    await world.case_of("call_door_1")
    assert rows(tmp_path)["cases"] == 1
    await world.deliver(sample("c-session-call.analysis_ready.inferred"))
    case = await world.case_of("sess_s4mpl302")
    assert case.details.fields.amount == "129.5"
    assert case.details.fields.invoice_number == "INV-20418"
    versions = await world.app.db.read(lambda store: store.calls_of("sess_s4mpl302"))
    assert any(version.transcript for version in versions)


async def test_a_transcript_whose_analysis_never_comes_is_looked_at_by_a_person(world: World) -> None:
    world.clock.stand_still()
    await world.deliver(sample("c-session-call.transcript_ready.inferred"))
    world.clock.let_pass(119)
    await world.deliver(a_call())
    await world.case_of("call_door_1")
    assert not await world.cards("finance-review")
    world.clock.let_pass(2)
    await world.card("finance-review")


async def test_a_database_that_fails_asks_for_the_call_again(world: World) -> None:
    await world.app.db.close()
    assert await world.deliver(a_call()) == 503
    assert await received(world, "not_stored") == 1


async def test_a_card_number_that_was_said_is_kept_and_shown_nowhere(
    world: World, tmp_path: Path, caplog: pytest.LogCaptureFixture
) -> None:
    caplog.set_level(logging.DEBUG)
    call_id = await world.call("card-number")
    card = await world.card("finance-refunds", says="24.00 USD")
    await world.press(ANA, "finance-refunds", card, APPROVE)
    await world.card("finance-refunds", says="approved")
    body = json.dumps(a_call("call_second", note="card 4242-4242-4242-4242, cvc 737")).encode()
    signed = {"x-dialnexa-signature": sign(body)}
    async with world.http.post(world.bot + "/webhooks/dialnexa", data=body, headers=signed) as answer:
        answered = await answer.text()
    await world.case_of("call_second")
    async with world.http.get(world.bot + "/metrics") as answer:
        answered += await answer.text()
    seen = bytes_of(tmp_path)
    seen |= {"slack": json.dumps(world.sandbox_slack), "logs": caplog.text, "answers": answered}
    assert call_id in seen["bot.db"] + seen["bot.db-wal"]
    for place, text in seen.items():
        assert not re.search(r"4242[\s-]*4242|CVC (?:is )?737|cvc 737", text), place
