"""Gmail's connector against the sandbox: documents that mails carry, what is refused, and facts."""

import base64
from typing import Any

import pytest
from pydantic import JsonValue

from bot.connectors.gmail import GmailConnector, operations
from bot.connectors.gmail.client import GmailSettings
from bot.http.errors import ConnectorError, CredentialsRefused, Refused, Unavailable
from sandbox.google.mails import header
from sandbox.google.seeds import MAILBOX, PDF, THREAD
from tests.connectors.gmail.test_gmail import INVOICE, ONCE, SEND, mail
from tests.connectors.google import GoogleWorld, key_file
from tests.connectors.support import KEY, NOW, details, refusal

NOWHERE = "http://127.0.0.1:9/google"


async def test_a_document_from_drive_is_attached_as_it_is(gmail: GmailConnector, world: GoogleWorld) -> None:
    await gmail.perform(mail("send", document_id=INVOICE, verified="Called back on the number on record"), KEY)
    (sent,) = world.mails
    assert sent["attachments"] == [{"name": "INV-20431.pdf", "type": "application/pdf", "size": len(PDF)}]
    assert b"Called back" not in b"".join(one.body for one in world.exchanges)


async def test_a_document_that_google_made_is_attached_as_pdf(gmail: GmailConnector, world: GoogleWorld) -> None:
    file = world.store["files"][INVOICE]
    file |= {"mimeType": "application/vnd.google-apps.document", "name": 'INV\r\nBcc: x@evil.example "2"'}
    del file["size"], file["md5Checksum"]
    await gmail.perform(mail("send", document_id=INVOICE), KEY)
    (attached,) = world.mails[0]["attachments"]
    assert attached["type"] == "application/pdf"
    assert attached["name"].endswith(".pdf")
    assert header(world.mails[0], "Bcc") == ""


@pytest.mark.parametrize("operation", ["draft", "send"])
@pytest.mark.parametrize(
    "wrong",
    [
        {"subject": "Hello\r\nBcc: thief@evil.example"},
        {"subject": "Hello\nBcc: thief@evil.example"},
        {"subject": "Hello\x00"},
        {"subject": " "},
        {"to": "ap@northwind.example\r\nBcc: thief@evil.example"},
        {"to": "ap@northwind.example\n"},
        {"to": "ap@northwind.example, thief@evil.example"},
        {"to": "Dana <ap@northwind.example>"},
        {"to": "nobody"},
        {"text": ""},
        {"bcc": "thief@evil.example"},
    ],
)
async def test_header_injection_and_several_recipients_are_refused_before_anything_is_sent(
    operation: str, wrong: dict[str, JsonValue]
) -> None:
    settings = GmailSettings(service_account=key_file(), api_url=NOWHERE, mailbox=MAILBOX)
    gmail = GmailConnector(settings)  # a request would be Unavailable
    assert "does not fit Gmail" in await refusal(gmail, mail(operation, **wrong))
    await gmail.close()


async def test_a_document_over_the_limit_is_refused_in_words_and_not_fetched(
    gmail: GmailConnector, world: GoogleWorld
) -> None:
    world.store["files"][INVOICE]["size"] = str(10_000_001)
    sentence = await refusal(gmail, mail("send", document_id=INVOICE))
    assert sentence == f"Document {INVOICE} is larger than the 10 MB that a mail takes: share it by a link."
    assert not any(one.query.get("alt") == "media" for one in world.exchanges)
    assert world.drafts == {}


async def test_a_document_whose_size_shows_only_when_it_came_is_refused_too(
    gmail: GmailConnector, world: GoogleWorld, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(operations, "DOCUMENT_AT_MOST", 20)
    del world.store["files"][INVOICE]["size"]
    assert "is larger than" in await refusal(gmail, mail("send", document_id=INVOICE))
    assert world.drafts == {}


async def test_a_large_document_that_fits_goes_out(gmail: GmailConnector, world: GoogleWorld) -> None:
    content = b"%PDF" + bytes(4_000_000)
    file = world.store["files"][INVOICE]
    file |= {"content": base64.b64encode(content).decode(), "size": str(len(content)), "md5Checksum": None}
    del file["md5Checksum"]
    await gmail.perform(mail("send", document_id=INVOICE), KEY)
    assert world.mails[0]["attachments"][0]["size"] == len(content)


async def test_a_document_that_did_not_arrive_whole_is_not_sent(gmail: GmailConnector, world: GoogleWorld) -> None:
    world.store["files"][INVOICE]["md5Checksum"] = "0" * 32
    assert "did not arrive whole" in await refusal(gmail, mail("send", document_id=INVOICE), Unavailable)
    assert world.drafts == {}


@pytest.mark.parametrize("gone", ["missing", "trashed"])
async def test_a_document_that_is_gone_is_not_sent(gmail: GmailConnector, world: GoogleWorld, gone: str) -> None:
    world.store["files"][INVOICE]["trashed"] = gone == "trashed"
    document = INVOICE if gone == "trashed" else "1Nothing"
    assert f"no document {document}" in await refusal(gmail, mail("send", document_id=document))
    assert world.drafts == {}


@pytest.mark.parametrize(
    ("fault", "error", "kind", "words"),
    [
        ("429", {"errors": [{"reason": "rateLimitExceeded"}]}, Unavailable, "slow down"),
        ("403", {"errors": [{"reason": "userRateLimitExceeded"}]}, Unavailable, "slow down"),
        ("403", {"errors": [{"reason": "insufficientPermissions"}]}, Refused, "auth/gmail.compose"),
        ("400", {"errors": [{"reason": "invalidArgument"}]}, Refused, "Gmail refused it: No way, says [address]"),
    ],
)
async def test_what_gmail_says_has_one_meaning_and_no_mail_goes(
    gmail: GmailConnector, world: GoogleWorld, fault: str, error: dict[str, Any], kind: type[ConnectorError], words: str
) -> None:
    world.error = error
    world.fail(SEND, fault)
    assert words in await refusal(gmail, mail("send"), kind)
    assert world.mails == []


async def test_a_mailbox_that_we_may_not_act_as_is_locked_out(world: GoogleWorld) -> None:
    gmail = world.gmail("somebody.else@acme.example")
    assert "(unauthorized_client)" in await refusal(gmail, mail("send"), CredentialsRefused)
    await gmail.close()


async def test_a_revoked_service_account_is_locked_out_and_nothing_is_sent(
    gmail: GmailConnector, world: GoogleWorld
) -> None:
    await gmail.check()
    world.store["revoked"] = True
    for todo in (*ONCE, mail("draft")):
        await refusal(gmail, todo, CredentialsRefused)
    assert world.writes == []


async def test_the_newest_thread_about_an_invoice_is_a_fact(gmail: GmailConnector, world: GoogleWorld) -> None:
    wanted = frozenset({"thread"})
    (fact,) = await gmail.facts(details(invoice_number="INV-20431", email="ap@northwind.example"), wanted, NOW)
    assert fact.values == {"thread_id": THREAD, "count": 1}
    (fact,) = await gmail.facts(details(invoice_number="INV-99999"), wanted, NOW)
    assert fact.missing == "Our mailbox has no mail about it."
    world.exchanges.clear()
    assert await gmail.facts(details(), wanted, NOW) == ()
    assert await gmail.facts(details(invoice_number='x" OR in:anywhere "'), wanted, NOW) == ()
    assert world.exchanges == []
    world.fail("/threads", "503", "GET")
    (fact,) = await gmail.facts(details(invoice_number="INV-20431"), wanted, NOW)
    assert fact.missing is not None
