from datetime import UTC, datetime

import pytest
from hypothesis import given
from hypothesis import strategies as st
from pydantic import JsonValue

from bot.core.intake import BadBody, Ignored, merge, read_call
from bot.core.model import Address, Details, Fields, Money, Turn
from tests.support.calls import MAPPING, details_of, received, sample

SUMMARY = (
    "Caller reports a duplicate charge of USD 129.50 on invoice INV-20418 and asks for a refund. "
    "Agent promised a finance review and an email reply."
)
ASKED = "I was charged twice for invoice INV-20418 and I want the second payment back."


@pytest.mark.parametrize(
    ("name", "turns"),
    [
        ("a-external-call_ended-completed", 4),
        ("a-external-call_ended-completed-transcript-text", 4),
        ("a-external-call_ended-completed-transcript-object", 2),
        ("a-external-call_ended-completed-transferred", 4),
    ],
)
def test_a_completed_call_of_system_a_is_read_whole(name: str, turns: int) -> None:
    call = received(sample(name))
    assert call.call_id == ("call_s4mpl3aa05" if "transferred" in name else "call_s4mpl3aa01")
    assert (call.event, call.direction, call.duration_s, call.analysed) == ("call_ended", "inbound", 21, True)
    assert (call.from_number, call.to_number, call.agent_id) == ("12025550142", "12025550100", "agent_s4mpl3bb02")
    assert call.started_at == datetime(2026, 10, 5, 14, 2, 11, 482000, UTC)
    assert len(call.transcript) == turns
    assert call.transcript[1] == Turn(speaker="caller", text=ASKED)
    assert call.details == Details(
        summary=SUMMARY,
        fields=Fields(
            call_intent="refund_request",
            amount="129.50",
            currency="USD",
            invoice_number="INV-20418",
            refund_reason="Duplicate charge",
            follow_up_deadline="2026-10-07T17:00:00+00:00",
            recording_url="https://recordings.example.com/call_s4mpl3aa01.mp3?sig=EXAMPLE",
            confidence=0.9,
            sentiment="negative",
        ),
        money=Money(amount_minor=12950, currency="USD"),
        unmapped={"callback_requested": "false"}
        | ({"call_transfer": "12025550177, completed"} if "transferred" in name else {}),
    )


def test_messy_fields_are_doubted_and_completed_from_the_summary_openly() -> None:
    details = received(sample("a-external-call_ended-completed-messy-fields.inferred")).details
    assert (details.fields.amount, details.fields.currency, details.money) == ("1240.00", None, None)
    assert (details.fields.invoice_number, details.from_summary) == ("INV-20418", ("invoice_number",))
    assert details.fields.confidence == 0.7
    assert details.doubts == (
        "Two amounts are stated: 1240.00 in the fields, 129.50 USD in the summary.",
        "Currency not stated: “$1,240.00” names no ISO 4217 currency.",
    )
    assert details.unmapped == {"callback_requested": "true"}


def test_a_completed_call_of_system_b_is_read_with_its_metadata() -> None:
    body = sample("b-userwebhook-call.completed")
    call = received(body, "call.completed")
    assert call == received(body)
    assert (call.call_id, call.event, call.started_at) == ("call_s4mpl3aa01", "call.completed", None)
    assert call.details.money == Money(amount_minor=12950, currency="USD")
    assert call.details.unmapped == {"callback_requested": "false", "customer_id": "CUS-7781", "source": "billing_line"}
    assert [turn.speaker for turn in call.transcript] == ["agent", "caller", "agent", "caller"]


def test_system_c_tells_of_one_call_twice() -> None:
    first = received(sample("c-session-call.transcript_ready.inferred"))
    then = received(sample("c-session-call.analysis_ready.inferred"))
    assert first.call_id == then.call_id == "sess_s4mpl302"
    assert (first.analysed, then.analysed) == (False, True)
    assert (len(first.transcript), first.from_number) == (4, "+12025550142")
    merged = merge([first.details, then.details])
    assert (merged.fields.amount, merged.fields.call_intent) == ("129.5", "refund_request")


@pytest.mark.parametrize(
    ("name", "reason"),
    [
        ("a-external-verification-flat", "DialNexa checks the address."),
        ("a-external-verification-enveloped.inferred", "DialNexa checks the address."),
        ("a-external-call_initiated", "The call has only begun."),
        ("a-external-call_ended-hangup", "The call did not connect: user_did_not_pick_up."),
        ("a-external-call_ended-hangup-2025-shape", "The call did not connect: user_busy."),
        ("a-external-transfer_completed", "A transfer is reported with the end of its call."),
        ("b-userwebhook-call.failed.inferred", "The call did not connect: failed."),
        ("c-session-call.started", "The call has only begun."),
        ("c-session-call.ended", "The transcript and the analysis are still to come."),
        ("c-session-call.function_error", "It tells of a fault during the call, not of its end."),
        ("c-session-alert.triggered", "It is an alert about a workspace."),
        ("c-session-ping.inferred", "DialNexa checks the address."),
    ],
)
def test_what_is_no_finished_call_is_ignored_with_a_reason(name: str, reason: str) -> None:
    ignored = read_call(sample(name), None, MAPPING)
    assert isinstance(ignored, Ignored)
    assert ignored.reason == reason


@pytest.mark.parametrize(
    ("body", "route", "reason", "event"),
    [
        ({"event": "campaign.completed", "id": "1"}, None, "The event “campaign.completed” is not known.", None),
        ({"call_id": "1", "summary": "x"}, "lead.completed", "The event “lead.completed” is not known.", None),
        ({"status": "completed", "summary": "x"}, "call.completed", "It names no call.", None),
        ({"event": "call_ended", "call": {"id": "", "status": "completed"}}, None, "It names no call.", None),
        ({"call_id": "c" * 201, "status": "completed"}, None, "It names no call.", None),
        ({"call_id": "1", "status": "in-progress", "summary": "x"}, None, "The call is not over: in_progress.", ""),
        ({"call_id": "1", "status": "no-answer"}, "call.completed", "The call did not connect: no_answer.", None),
        ({"id": "webhook_1", "url": "https://bot.example.com"}, None, "It tells of no finished call.", ""),
        ({"call_id": "1"}, "call-failed", "The call did not connect.", "call.failed"),
        ({}, None, "It tells of no finished call.", ""),
    ],
)
def test_unknown_unfinished_and_nameless_bodies_are_ignored(
    body: JsonValue, route: str | None, reason: str, event: str | None
) -> None:
    ignored = read_call(body, route, MAPPING)
    assert isinstance(ignored, Ignored)
    assert ignored.reason == reason
    assert event is None or ignored.event == event


@pytest.mark.parametrize("body", [[], "text", 1, None, True])
def test_only_json_that_is_no_object_is_a_bad_body(body: JsonValue) -> None:
    with pytest.raises(BadBody, match=r"must be a JSON object\.$"):
        read_call(body, None, MAPPING)


ENVELOPE = ("event_type", "payload", "call", "id", "status", "summary", "transcript", "analysis", "metadata")
PARTS = ("initiated_at", "duration", "value", "field_name", "role", "content")


@given(
    st.recursive(
        st.none() | st.booleans() | st.integers() | st.floats() | st.text(max_size=12),
        lambda inner: (
            st.lists(inner, max_size=4)
            | st.dictionaries(
                st.sampled_from([*ENVELOPE, *PARTS, *Fields.model_fields]) | st.text(max_size=5), inner, max_size=6
            )
        ),
        max_leaves=25,
    ),
    st.sampled_from([None, "call.completed", "call_ended", "call.analysis_ready"]),
)
def test_no_object_whatever_breaks_the_reader(value: JsonValue, route: str | None) -> None:
    body: JsonValue = {"call_id": "1", "status": "completed", "extracted_data": value, "transcript": value, "x": value}
    read_call(body, route, MAPPING)
    if isinstance(value, dict):
        read_call(value, route, MAPPING)


def test_the_call_is_found_in_every_envelope() -> None:
    inner: dict[str, JsonValue] = {"id": "call_1", "status": "completed", "summary": "x"}
    bodies: list[JsonValue] = [
        {"event_type": "call_ended", "payload": {"call": inner}},
        {"event": "call_ended", "data": {"call": inner}},
        {"event": "call_ended", "call": inner},
        {"type": "call.completed", "payload": inner},
        {"statusCode": 200, "data": inner},
        {**inner, "type": "phone_call"},
    ]
    for body in bodies:
        assert received(body).call_id == "call_1"


@pytest.mark.parametrize("route", ["call.completed", "call-completed", "call_completed", "Call.Completed"])
def test_the_address_names_the_event_of_a_body_that_does_not(route: str) -> None:
    assert received({"call_id": "call_1", "status": "completed"}, route).event == "call.completed"


def test_redaction_comes_first_and_is_told() -> None:
    body = sample("b-userwebhook-call.completed")
    body["summary"] += " The card is 4242 4242 4242 4242."
    body["extracted_data"]["note"] = 4242424242424242
    body["transcript"] += "\nAgent: The security code?\nUser: one two three"
    call = received(body)
    assert "4242 4242" not in call.model_dump_json()
    assert call.details.unmapped["note"] == "[card ••4242]"
    assert call.transcript[-1].text == "[security code]"
    assert call.details.redactions == ("card ••4242", "security code")
    assert call.details.fields.sensitive_data_spoken is True


def test_long_and_hidden_text_is_cut_and_cleaned() -> None:
    body: JsonValue = {
        "call_id": "1",
        "status": "completed",
        "summary": "s\u202e\x00\ud800\nt" + "x" * 4000,
        "transcript": ["y" * 3000] * 300,
        "analysis": {"refund_reason": "r" * 900, "x": "z" * 900},
    }
    call = received(body)
    assert call.details.summary is not None
    assert call.details.summary.startswith("s\ntx")
    assert len(call.details.summary) == 3000
    assert len(call.details.fields.refund_reason or "") == len(call.details.unmapped["x"]) == 500
    assert (len(call.transcript), len(call.transcript[0].text)) == (200, 2000)


@pytest.mark.parametrize(
    ("stated", "moment"),
    [
        ("2026-10-05T14:02:11Z", datetime(2026, 10, 5, 14, 2, 11, tzinfo=UTC)),
        ("2026-10-05T16:02:11+02:00", datetime(2026, 10, 5, 14, 2, 11, tzinfo=UTC)),
        ("2026-10-05 14:02:11", datetime(2026, 10, 5, 14, 2, 11, tzinfo=UTC)),
        (1791208931, datetime(2026, 10, 5, 14, 2, 11, tzinfo=UTC)),
        ("1791208931000", datetime(2026, 10, 5, 14, 2, 11, tzinfo=UTC)),
        ("yesterday", None),
        ({}, None),
        (-1, None),
    ],
)
def test_the_start_is_read_leniently(stated: JsonValue, moment: datetime | None) -> None:
    assert received({"call_id": "1", "status": "completed", "created_at": stated}).started_at == moment


@pytest.mark.parametrize(
    ("stated", "seconds"), [(21, 21), ("21", 21), (20.6, 21), ("", None), ("soon", None), (-3, None)]
)
def test_the_duration_is_whole_seconds(stated: JsonValue, seconds: int | None) -> None:
    assert received({"call_id": "1", "status": "completed", "duration": stated}).duration_s == seconds


def test_a_later_telling_wins_and_what_it_leaves_out_remains() -> None:
    first = details_of(
        "Wants $129.50 back, INV-1001", refund_amount="$129.50", vip=True, note="a", city="Leeds", zip="LS1"
    )
    assert first.doubts == ("Currency not stated: “$129.50” names no ISO 4217 currency.",)
    then = Details(
        fields=Fields(currency="USD", invoice_number="INV-1002", billing_address=Address(city="York")),
        unmapped={"other": "b"},
    )
    merged = merge([first, then])
    assert merged.money == Money(amount_minor=12950, currency="USD")
    assert (merged.fields.invoice_number, merged.from_summary) == ("INV-1002", ())
    assert (merged.fields.vip, merged.summary) == (True, "Wants $129.50 back, INV-1001")
    assert merged.fields.billing_address == Address(city="York", postcode="LS1")
    assert merged.unmapped == {"note": "a", "other": "b"}
    assert merged.doubts == ()
    assert merged.fields.confidence == first.fields.confidence


def test_what_was_said_once_stays_sensitive() -> None:
    merged = merge([details_of(sensitive_data_spoken=True), details_of(sensitive_data_spoken=False)])
    assert merged.fields.sensitive_data_spoken is True


def test_merging_one_changes_nothing_and_none_states_nothing() -> None:
    details = received(sample("a-external-call_ended-completed")).details
    assert merge([details]) == details == merge([details, details])
    assert merge([]) == Details()
