"""Google Drive's connector against the sandbox: one file however often it is tried, sharing, refusals, facts."""

import base64
import json
from datetime import timedelta
from typing import Any

import pytest
from pydantic import JsonValue

from bot.connectors.google_drive import DriveConnector
from bot.core.model import Action, Fact
from bot.http.errors import ConnectorError, CredentialsRefused, Refused, Unavailable, Unsure
from sandbox.google.seeds import DOCUMENTS
from tests.connectors.google import GoogleWorld
from tests.connectors.support import KEY, NOW, REFERENCE, action, details, refusal

INVOICE = "1PdfINV-20431"
UPLOAD, SHARE = "/upload/drive/v3/files", "/permissions"


def store(**more: JsonValue) -> Action:
    params: dict[str, JsonValue] = {
        "name": "Call 7f3a.txt",
        "text": "Zoë: “charged twice”",
        "reference": dict(REFERENCE),
    }
    return action("drive", "store", **{**params, **more})


def share(**more: JsonValue) -> Action:
    params: dict[str, JsonValue] = {"document_id": INVOICE, "email": "ap@northwind.example"}
    return action("drive", "share", **{**params, **more})


async def test_a_document_is_stored_in_our_folder_under_an_id_of_drives_with_our_reference(
    drive: DriveConnector, world: GoogleWorld
) -> None:
    receipt = await drive.perform(store(), KEY)
    (file,) = world.stored()
    assert receipt.vendor_id == file["id"]
    assert receipt.vendor_id in world.store["given_ids"]
    assert receipt.url == f"https://drive.google.com/file/d/{file['id']}/view"
    assert file["parents"] == [DOCUMENTS]
    assert file["appProperties"]["countersign_call"] == "call-7f3a"
    assert base64.b64decode(file["content"]).decode() == "Zoë: “charged twice”"


async def test_the_same_key_stores_once_however_often_and_by_whomever_it_is_tried(
    drive: DriveConnector, world: GoogleWorld
) -> None:
    first = await drive.perform(store(), KEY)
    another = world.drive()  # as after a restart: nothing is remembered
    again = await another.perform(store(), KEY)
    assert again.vendor_id == first.vendor_id
    assert await another.find(store(), KEY) == first
    assert len(world.stored()) == 1
    await another.close()


@pytest.mark.parametrize("fault", ["lost_reply", "garbage"])
async def test_a_document_whose_answer_was_lost_is_found_by_another_process_while_the_search_lags(
    drive: DriveConnector, world: GoogleWorld, fault: str
) -> None:
    world.fail(UPLOAD, fault)
    await refusal(drive, store(), Unsure)
    another = world.drive()
    found = await another.find(store(), KEY)
    assert found is not None
    assert (await another.perform(store(), KEY)).vendor_id == found.vendor_id
    assert len(world.stored()) == 1
    await another.close()


async def test_every_try_under_a_key_uses_the_same_id(drive: DriveConnector, world: GoogleWorld) -> None:
    for fault in ("drop", "503"):
        world.fail(UPLOAD, fault)
        await refusal(drive, store(), Unsure)
        assert await drive.find(store(), KEY) is None
    await drive.perform(store(), KEY)
    ids = {json.loads(one.body.split(b"\r\n")[3])["id"] for one in world.exchanges if one.path == UPLOAD}
    assert ids == {world.stored()[0]["id"]}
    assert len(world.store["given_ids"]) == 1


async def test_a_file_that_arrives_late_is_taken_from_the_conflict(drive: DriveConnector, world: GoogleWorld) -> None:
    """Check a file that was not there when we looked, and is there when we store it again."""
    world.fail(UPLOAD, "late")
    await refusal(drive, store(), Unsure)
    assert await drive.find(store(), KEY) is None
    receipt = await drive.perform(store(), KEY)
    (made,) = world.stored()
    assert (receipt.vendor_id, receipt.note) == (made["id"], "An earlier try of this step had stored it.")
    assert [one.status for one in world.exchanges if one.path == UPLOAD] == [None, 409]


@pytest.mark.parametrize("fault", ["lost_reply", "drop", "503"])
async def test_an_id_that_may_not_be_kept_is_no_unsure_document(
    drive: DriveConnector, world: GoogleWorld, fault: str
) -> None:
    world.fail(DOCUMENTS, fault, "PATCH")
    await refusal(drive, store(), Unavailable)
    assert world.stored() == []
    await drive.perform(store(), KEY)
    assert len(world.stored()) == 1


async def test_the_folder_never_runs_out_of_room_and_old_documents_are_still_found(
    drive: DriveConnector, world: GoogleWorld
) -> None:
    for n in range(20):
        await drive.perform(store(), f"call-{n}/step/1")
    world.ahead = timedelta(minutes=2)  # the search has caught up
    for n in range(20, 45):
        await drive.perform(store(), f"call-{n}/step/1")
        assert len(world.store["files"][DOCUMENTS]["appProperties"]) <= 30
    assert len(world.stored()) == 45
    for n in (0, 19, 44):
        assert await drive.find(store(), f"call-{n}/step/1") is not None
    await drive.perform(store(), "call-0/step/1")
    assert len(world.stored()) == 45


async def test_while_the_search_lags_behind_a_full_folder_nothing_is_stored(
    drive: DriveConnector, world: GoogleWorld
) -> None:
    for n in range(30):
        await drive.perform(store(), f"call-{n}/step/1")
    assert "slow to list" in await refusal(drive, store(), Unavailable)
    assert len(world.stored()) == 30


async def test_ids_of_documents_that_were_never_made_are_given_up_when_the_folder_is_full(
    drive: DriveConnector, world: GoogleWorld
) -> None:
    slots = {f"id-{n:040}": f"1NeverMade{n}" for n in range(30)}
    world.store["files"][DOCUMENTS]["appProperties"] = slots
    await drive.perform(store(), KEY)
    assert len(world.stored()) == 1


async def test_a_document_in_the_trash_is_stored_and_says_so(drive: DriveConnector, world: GoogleWorld) -> None:
    await drive.perform(store(), KEY)
    world.stored()[0]["trashed"] = True
    found = await drive.find(store(), KEY)
    assert found is not None
    assert found.note == "It lies in the trash of Google Drive now."


async def test_text_cannot_break_out_of_its_part_of_the_upload(drive: DriveConnector, world: GoogleWorld) -> None:
    text = "--x\r\nContent-Type: application/json\r\n\r\n{}\r\n--x--"
    await drive.perform(store(text=text), KEY)
    (sent,) = [one for one in world.exchanges if one.path == UPLOAD]
    boundary = sent.headers["Content-Type"].partition("boundary=")[2].encode()
    assert sent.body.count(boundary) == 3
    assert json.loads(sent.body.split(b"\r\n")[3])["id"] == world.stored()[0]["id"]


async def test_a_reference_too_long_for_a_property_is_left_out_and_the_document_is_stored(
    drive: DriveConnector, world: GoogleWorld
) -> None:
    await drive.perform(store(reference={"call": "c" * 200, "case": "case-12"}), KEY)
    assert set(world.stored()[0]["appProperties"]) == {"countersign", "countersign_case"}


async def test_a_document_is_shared_once_for_reading_without_a_mail(drive: DriveConnector, world: GoogleWorld) -> None:
    first = await drive.perform(share(), KEY)
    again = await drive.perform(share(email="AP@Northwind.example"), "call-0/step/1")
    assert again.vendor_id == first.vendor_id
    (given,) = world.store["files"][INVOICE]["permissions"]
    assert (given["type"], given["role"], given["emailAddress"]) == ("user", "reader", "ap@northwind.example")
    (sent,) = world.writes
    assert sent.query["sendNotificationEmail"] == "false"


async def test_a_share_whose_answer_was_lost_is_found_and_not_repeated(
    drive: DriveConnector, world: GoogleWorld
) -> None:
    world.fail(SHARE, "lost_reply", "POST")
    await refusal(drive, share(), Unsure)
    assert await drive.find(share(), KEY) is not None
    await drive.perform(share(), KEY)
    assert len(world.store["files"][INVOICE]["permissions"]) == len(world.writes) == 1


@pytest.mark.parametrize(
    ("more", "words"),
    [
        ({"email": "x@blocked.example"}, "Workspace settings do not allow sharing"),
        ({"email": "x@nogoogle.example"}, "send the document by Gmail instead"),
        ({"document_id": "1Nothing"}, "does not have it"),
        ({"email": "two@a.example, three@b.example"}, "does not fit"),
        ({"document_id": "1/../../about"}, "does not fit"),
    ],
)
async def test_what_cannot_be_shared_is_refused_in_words_that_name_no_address(
    drive: DriveConnector, world: GoogleWorld, more: dict[str, JsonValue], words: str
) -> None:
    sentence = await refusal(drive, share(**more))
    assert words in sentence
    assert "@blocked" not in sentence
    assert "@nogoogle" not in sentence


@pytest.mark.parametrize(
    ("status", "error", "kind", "words"),
    [
        ("403", {"errors": [{"reason": "userRateLimitExceeded"}]}, Unavailable, "slow down"),
        ("403", {"errors": [{"reason": "rateLimitExceeded"}]}, Unavailable, "slow down"),
        ("429", {}, Unavailable, "slow down"),
        ("403", {"errors": [{"reason": "backendError"}]}, Unsure, "may have happened"),
        ("403", {"errors": [{"reason": "dailyLimitExceeded"}]}, Refused, "Try again tomorrow"),
        ("403", {"errors": [{"reason": "domainPolicy"}]}, Refused, "Workspace administrator"),
        (
            "403",
            {"errors": [{"reason": "insufficientFilePermissions"}]},
            Refused,
            "share the folder or the file with co",
        ),
        ("403", {"errors": [{"reason": "storageQuotaExceeded"}]}, Refused, "use a shared drive's folder"),
        ("403", {"details": [{"reason": "ACCESS_TOKEN_SCOPE_INSUFFICIENT"}]}, Refused, "googleapis.com/auth/drive"),
        ("403", {"errors": [{"reason": "insufficientPermissions"}]}, Refused, "allow these scopes"),
        ("400", {}, Refused, "Google Drive refused it: No way, says [address]"),
    ],
)
async def test_what_google_says_has_one_meaning(
    drive: DriveConnector,
    world: GoogleWorld,
    status: str,
    error: dict[str, Any],
    kind: type[ConnectorError],
    words: str,
) -> None:
    world.error = error
    world.fail(UPLOAD, status)
    assert words in await refusal(drive, store(), kind)


async def test_a_folder_that_is_not_shared_with_us_is_refused_with_whom_to_share_it(world: GoogleWorld) -> None:
    del world.store["files"][DOCUMENTS]
    drive = world.drive()
    assert "share it with countersign@acme-finance.iam.gserviceaccount.com" in await refusal(drive, store())
    await drive.close()


async def test_a_revoked_service_account_is_locked_out_and_nothing_is_sent(
    drive: DriveConnector, world: GoogleWorld
) -> None:
    await drive.check()
    world.store["revoked"] = True  # the token that we hold dies too
    for todo in (store(), share()):
        assert "GOOGLE_SERVICE_ACCOUNT" in await refusal(drive, todo, CredentialsRefused)
    assert world.writes == []
    world.store["revoked"] = False
    await drive.perform(store(), KEY)


async def test_an_account_that_google_refuses_with_a_fresh_token_too_is_locked_out(
    drive: DriveConnector, world: GoogleWorld
) -> None:
    world.fail(UPLOAD, "401")
    world.fail(UPLOAD, "401")
    assert "check GOOGLE_SERVICE_ACCOUNT" in await refusal(drive, store(), CredentialsRefused)
    assert world.stored() == []


async def test_a_token_is_asked_for_once_and_again_when_google_no_longer_takes_it(
    drive: DriveConnector, world: GoogleWorld
) -> None:
    await drive.check()
    await drive.perform(store(), KEY)
    assert world.tokens_asked == 1
    world.store["tokens"].clear()
    await drive.check()
    assert world.tokens_asked == 2


async def facts(drive: DriveConnector, **fields: Any) -> tuple[Fact, ...]:
    return await drive.facts(details(**fields), frozenset({"document"}), NOW)


async def test_the_document_of_an_invoice_is_a_fact(drive: DriveConnector) -> None:
    (fact,) = await facts(drive, invoice_number="INV-20431")
    url = f"https://drive.google.com/file/d/{INVOICE}/view"
    assert fact.values == {"document_id": INVOICE, "name": "INV-20431.pdf", "url": url}
    assert fact.url == url


async def test_a_document_of_a_longer_number_is_not_taken_for_this_invoices(drive: DriveConnector) -> None:
    (fact,) = await facts(drive, invoice_number="INV-2043")
    assert fact.missing == "Our folder in Google Drive has no document of INV-2043."


async def test_several_documents_of_an_invoice_are_left_to_a_person(drive: DriveConnector, world: GoogleWorld) -> None:
    await drive.perform(store(name="INV-20431 (copy).pdf"), KEY)
    world.ahead = timedelta(minutes=2)
    (fact,) = await facts(drive, invoice_number="INV-20431")
    assert fact.missing == "Our folder in Google Drive has 2 documents of INV-20431: pick one by hand."


async def test_a_quote_in_what_the_caller_said_is_only_looked_for(drive: DriveConnector, world: GoogleWorld) -> None:
    (fact,) = await facts(drive, invoice_number="x' or trashed = false or name contains '\\")
    assert fact.missing is not None
    assert "no document" in fact.missing


async def test_nothing_is_looked_up_without_a_number_and_a_failed_look_is_missing(
    drive: DriveConnector, world: GoogleWorld
) -> None:
    assert await facts(drive) == ()
    assert world.exchanges == []
    world.fail("/drive/v3/files", "503", "GET")
    (fact,) = await facts(drive, invoice_number="INV-20431")
    assert fact.missing is not None
    assert fact.doubt is None
