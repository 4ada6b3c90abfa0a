"""Gmail's connector against the sandbox: one mail however often it is tried, its document, replies in their thread."""

from datetime import timedelta

import pytest
from pydantic import JsonValue

from bot.connectors.base import Repeat, digest
from bot.connectors.gmail import GmailConnector
from bot.connectors.gmail.records import HEADER, code
from bot.core.model import Action
from bot.http.errors import Unavailable, Unsure
from sandbox.google.drafts import add_message
from sandbox.google.mails import header
from sandbox.google.seeds import MAILBOX, THREAD
from tests.connectors.google import GoogleWorld
from tests.connectors.support import KEY, REFERENCE, action, refusal

CREATE, UPLOAD, SEND = "/gmail/v1/users/me/drafts", "/upload/gmail/v1/users/me/drafts", "/drafts/send"
INVOICE = "1PdfINV-20431"


def mail(operation: str, **more: JsonValue) -> Action:
    said: dict[str, JsonValue] = {"to": "ap@northwind.example", "subject": "Your invoice", "text": "Zoë,\nhere it is."}
    return action("gmail", operation, **{**said, "reference": dict(REFERENCE), **more})


def reply(**more: JsonValue) -> Action:
    said: dict[str, JsonValue] = {"thread_id": THREAD, "subject": "About your call", "text": "Here it is."}
    return action("gmail", "reply", **{**said, "reference": dict(REFERENCE), **more})


ONCE = (mail("send"), mail("send", document_id=INVOICE), reply())
ids = pytest.mark.parametrize("todo", ONCE, ids=("send", "send a document", "reply"))


async def test_a_mail_goes_out_from_our_mailbox_with_a_code_in_its_subject(
    gmail: GmailConnector, world: GoogleWorld
) -> None:
    receipt = await gmail.perform(mail("send"), KEY)
    (sent,) = world.mails
    assert receipt.vendor_id == sent["id"]
    assert receipt.url == f"https://mail.google.com/mail/#all/{sent['id']}"
    assert header(sent, "From") == MAILBOX
    assert header(sent, "To") == "ap@northwind.example"
    assert header(sent, "Subject") == f"Your invoice [ref {code(KEY)}]"
    assert sent["text"].split() == ["Zoë,", "here", "it", "is."]
    assert world.drafts == {}


@ids
async def test_the_same_key_sends_once_however_often_and_by_whomever_it_is_tried(
    gmail: GmailConnector, world: GoogleWorld, todo: Action
) -> None:
    first = await gmail.perform(todo, KEY)
    another = world.gmail()  # as after a restart: nothing is remembered
    assert (await another.perform(todo, KEY)).vendor_id == first.vendor_id
    assert await another.find(todo, KEY) == first
    assert len(world.mails) == 1
    await another.close()


@ids
async def test_a_mail_whose_answer_was_lost_went_once(gmail: GmailConnector, world: GoogleWorld, todo: Action) -> None:
    """Check that the same try knows: the draft is gone, and the mail is there."""
    for fault in ("lost_reply", "garbage"):
        key = f"{KEY}/{fault}"
        world.fail(SEND, fault)
        receipt = await gmail.perform(todo, key)
        assert receipt.vendor_id == world.mails[-1]["id"]
        assert await gmail.find(todo, key) == receipt
        assert await gmail.perform(todo, key) == receipt
    assert len(world.mails) == 2


@ids
@pytest.mark.parametrize("fault", ["drop", "503"])
async def test_a_sending_that_never_arrived_is_sent_again_from_the_same_draft(
    gmail: GmailConnector, world: GoogleWorld, todo: Action, fault: str
) -> None:
    world.fail(SEND, fault)
    await gmail.perform(todo, KEY)
    assert len(world.mails) == 1
    assert [one.path.endswith(SEND) for one in world.writes] == [False, True, True]


@ids
async def test_a_mail_that_nobody_confirms_is_unsure_and_then_found(
    gmail: GmailConnector, world: GoogleWorld, todo: Action
) -> None:
    world.fail(SEND, "lost_reply")
    world.fail("", "503", "GET")  # what is read first, and fails, is the search before anything is sent
    await refusal(gmail, todo, Unavailable)
    assert world.mails == []
    world.faults.clear()
    world.fail(SEND, "lost_reply")
    draft = await _only_draft(gmail, world, todo)
    world.fail(f"/drafts/{draft}", "503", "GET")
    assert "did not confirm the mail" in await refusal(gmail, todo, Unsure)
    assert len(world.mails) == 1
    found = await gmail.find(todo, KEY)
    assert found is not None
    assert (await gmail.perform(todo, KEY)).vendor_id == found.vendor_id
    assert len(world.mails) == 1


async def test_a_token_that_dies_between_the_sending_and_its_answer_leaves_it_unsure(
    gmail: GmailConnector, world: GoogleWorld
) -> None:
    draft = await _only_draft(gmail, world, mail("send"))
    world.fail(SEND, "lost_reply")
    world.fail(f"/drafts/{draft}", "401", "GET")
    world.fail("/token", "503", "POST")
    await refusal(gmail, mail("send"), Unsure)
    assert len(world.mails) == 1


async def _only_draft(gmail: GmailConnector, world: GoogleWorld, todo: Action) -> str:
    """Try as far as the draft: 429 on the sending, which surely sent nothing."""
    world.faults.insert(0, ("", SEND, "429"))
    await refusal(gmail, todo, Unavailable)
    (draft,) = world.drafts
    return draft


async def test_a_mail_that_the_search_does_not_show_yet_stays_unsure_and_is_left_to_a_person(
    gmail: GmailConnector, world: GoogleWorld
) -> None:
    world.store["lag_s"]["gmail"] = 60
    world.fail(SEND, "lost_reply")
    assert "most likely went" in await refusal(gmail, mail("send"), Unsure)
    assert await gmail.find(mail("send"), KEY) is None
    assert GmailConnector.table["send"].repeat is Repeat.PERSON
    world.ahead = timedelta(minutes=2)
    assert await gmail.find(mail("send"), KEY) is not None
    assert len(world.mails) == 1


@pytest.mark.parametrize("fault", ["429", "403", "drop", "503"])
async def test_what_is_said_to_the_second_sending_says_nothing_about_the_first(
    gmail: GmailConnector, world: GoogleWorld, fault: str
) -> None:
    world.fail(SEND, "drop")
    world.fail(SEND, fault)
    await refusal(gmail, mail("send"), Unsure)
    assert [one.path.endswith(SEND) for one in world.writes] == [False, True, True]


async def test_a_mail_whose_confirming_search_fails_is_unsure(gmail: GmailConnector, world: GoogleWorld) -> None:
    world.fail(SEND, "lost_reply")
    world.fail("/messages", "pass", "GET")  # the look before the sending
    world.fail("/messages", "503", "GET")
    assert "most likely went" in await refusal(gmail, mail("send"), Unsure)
    assert await gmail.find(mail("send"), KEY) is not None


async def test_a_reply_is_found_by_its_thread_while_the_search_lags(gmail: GmailConnector, world: GoogleWorld) -> None:
    world.store["lag_s"]["gmail"] = 60
    world.fail(SEND, "lost_reply")
    receipt = await gmail.perform(reply(), KEY)
    assert await gmail.find(reply(), KEY) == receipt
    assert len(world.mails) == 1


@ids
@pytest.mark.parametrize("fault", ["lost_reply", "garbage", "drop", "503"])
async def test_a_draft_that_nobody_confirmed_is_no_unsure_mail_and_is_used_again(
    gmail: GmailConnector, world: GoogleWorld, todo: Action, fault: str
) -> None:
    world.fail(UPLOAD if "document_id" in todo.params else CREATE, fault)
    assert "nothing was sent" in await refusal(gmail, todo, Unavailable)
    assert await gmail.find(todo, KEY) is None
    await gmail.perform(todo, KEY)
    assert len(world.mails) == 1
    assert world.drafts == {}


@ids
async def test_a_sending_that_arrives_late_makes_the_second_one_no_second_mail(
    gmail: GmailConnector, world: GoogleWorld, todo: Action
) -> None:
    """Check a draft that was still there when we looked, and is gone when we send again."""
    world.fail(SEND, "late")
    receipt = await gmail.perform(todo, KEY)
    assert [one["id"] for one in world.mails] == [receipt.vendor_id]
    assert [one.status for one in world.writes if one.path.endswith(SEND)] == [None, 404]


async def test_a_draft_that_a_person_deletes_meanwhile_leaves_the_mail_unsure(
    gmail: GmailConnector, world: GoogleWorld
) -> None:
    world.fail(SEND, "404", "POST")
    assert "does not list it yet" in await refusal(gmail, mail("send"), Unsure)


async def test_a_colleagues_answer_with_our_code_is_not_taken_for_ours(
    gmail: GmailConnector, world: GoogleWorld
) -> None:
    box = world.store["mailboxes"][MAILBOX]
    raw = f"From: {MAILBOX}\r\nTo: x@y.example\r\nSubject: Re: Your invoice [ref {code(KEY)}]\r\n\r\nhi\r\n".encode()
    add_message(box, raw, "colleague1", ["SENT"], 1.0)
    add_message(box, raw, "colleague2", ["DRAFT"], 1.0)
    box["drafts"]["r-colleague"] = "colleague2"
    assert await gmail.find(mail("send"), KEY) is None
    await gmail.perform(mail("send"), KEY)
    assert list(world.drafts) == ["r-colleague"]
    assert len(world.mails) == 2


@pytest.mark.parametrize("fault", ["", "lost_reply", "garbage", "503"])
async def test_a_draft_is_made_once_and_sends_nothing(gmail: GmailConnector, world: GoogleWorld, fault: str) -> None:
    if fault:
        world.fail(CREATE, fault, "POST")
        await refusal(gmail, mail("draft"), Unsure)
        assert (await gmail.find(mail("draft"), KEY) is None) is (fault == "503")
    receipt = await gmail.perform(mail("draft"), KEY)
    assert await gmail.perform(mail("draft"), KEY) == await gmail.find(mail("draft"), KEY) == receipt
    assert list(world.drafts) == [receipt.vendor_id]
    assert world.mails == []


async def test_a_draft_that_a_person_has_sent_is_done(gmail: GmailConnector, world: GoogleWorld) -> None:
    made = await gmail.perform(mail("draft"), KEY)
    await world.send_by_hand(made.vendor_id)
    found = await gmail.perform(mail("draft"), KEY)
    assert found.note == "The draft has been sent since."
    assert world.drafts == {}


async def test_a_reply_goes_to_whoever_wrote_in_their_thread(gmail: GmailConnector, world: GoogleWorld) -> None:
    await gmail.perform(reply(), KEY)
    (sent,) = world.mails
    assert sent["threadId"] == THREAD
    assert header(sent, "To") == "ap@northwind.example"
    assert header(sent, "Subject") == "Re: Invoice INV-20431"
    assert header(sent, "In-Reply-To") == header(sent, "References") == "<q1@northwind.example>"
    assert header(sent, HEADER).strip() == digest(KEY)


async def test_a_strangers_headers_turn_no_reply_elsewhere(gmail: GmailConnector, world: GoogleWorld) -> None:
    box = world.store["mailboxes"][MAILBOX]
    box["messages"][THREAD]["headers"] += [
        {"name": "Reply-To", "value": "thief@evil.example"},
        {"name": "References", "value": "x\r\nBcc: thief@evil.example <a@b> <c d>"},
    ]
    box["messages"][THREAD]["headers"][2]["value"] = "Invoice\r\nBcc: thief@evil.example"
    await gmail.perform(reply(), KEY)
    (sent,) = world.mails
    assert header(sent, "To") == "ap@northwind.example"
    assert header(sent, "Bcc") == ""
    assert header(sent, "References") == "<a@b> <q1@northwind.example>"


async def test_a_thread_that_is_not_there_or_only_ours_is_refused(gmail: GmailConnector, world: GoogleWorld) -> None:
    assert "no thread 18missing" in await refusal(gmail, reply(thread_id="18missing"))
    sent = await gmail.perform(mail("send"), "call-0/step/1")
    assert "Nobody else wrote" in await refusal(gmail, reply(thread_id=sent.vendor_id))
    assert len(world.mails) == 1
