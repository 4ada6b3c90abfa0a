import base64
import hashlib
import hmac
from datetime import UTC, datetime, timedelta

import pytest

from bot.core.signature import dialnexa_signed, fidel_signed, stripe_signed

SECRET = "whsec_made_up"

FIDEL_BODY = b'{"id":"3f0c9f4e-7f0a-4a4d-9c55-0a5f0e9b1c11","amount":12.5,"currency":"GBP","auth":true,"cleared":true}'
FIDEL_URL = "https://bot.example.com/hooks/fidel/transaction-clearing"
FIDEL = {"X-Fidel-Signature": "+9wVAS9rIAQayNnP2mss4gJnE0IQ1j8uXVcqw0Bo/FE=", "X-Fidel-Timestamp": "1795000000000"}
FIDEL_SECRET = "whsk_composed_example_0001"
FIDEL_AT = datetime.fromtimestamp(1795000000, UTC)

STRIPE_BODY = b'{"id":"evt_1","object":"event","type":"invoice.payment_failed"}'
STRIPE_V1 = "4ef7d8c2871fef608815dc2951a8d1da2ff77bce3585ca007ce190c1a9f168ed"
STRIPE = {"Stripe-Signature": f"t=1795170000,v1={'0' * 64},v1={STRIPE_V1},v0=old"}
STRIPE_AT = datetime.fromtimestamp(1795170000, UTC)


def signed(body: bytes, secret: str) -> str:
    return hmac.new(secret.encode(), body, hashlib.sha256).hexdigest()


@pytest.mark.parametrize("secret", ["", " "])
def test_an_empty_secret_never_matches(secret: str) -> None:
    assert not dialnexa_signed({"x-nexa-signature": signed(b"{}", secret)}, b"{}", [secret])
    assert not dialnexa_signed({"x-nexa-signature": signed(b"{}", secret)}, b"{}", [])


def test_the_old_and_the_new_secret_both_count_while_rotating() -> None:
    for secret in ("old", "new"):
        assert dialnexa_signed({"X-NEXA-SIGNATURE": signed(b"{}", secret)}, b"{}", ["old", "new"])


@pytest.mark.parametrize("spoiled", ["sha256=sha256={}", "{}0", "{} {}", "sha512={}", "é{}"])
def test_only_64_hex_digits_with_one_prefix_are_a_signature(spoiled: str) -> None:
    good = signed(b"{}", SECRET)
    assert not dialnexa_signed({"x-nexa-signature": spoiled.format(good, good)}, b"{}", [SECRET])


def test_the_first_of_both_headers_decides() -> None:
    headers = {"x-nexa-signature": signed(b"{}", SECRET), "x-dialnexa-signature": "0" * 64}
    assert not dialnexa_signed(headers, b"{}", [SECRET])


def test_fidels_vector_is_accepted() -> None:
    assert fidel_signed(FIDEL, FIDEL_BODY, FIDEL_URL, ["whsk_other", FIDEL_SECRET], FIDEL_AT)


@pytest.mark.parametrize(
    ("body", "url", "secrets", "minutes"),
    [
        (FIDEL_BODY + b" ", FIDEL_URL, [FIDEL_SECRET], 0),
        (FIDEL_BODY, FIDEL_URL + "/", [FIDEL_SECRET], 0),
        (FIDEL_BODY, FIDEL_URL, ["whsk_other", ""], 0),
        (FIDEL_BODY, FIDEL_URL, [FIDEL_SECRET], 6),
        (FIDEL_BODY, FIDEL_URL, [FIDEL_SECRET], -6),
    ],
    ids=["changed body", "other url", "other secret", "too old", "from the future"],
)
def test_fidels_signature_fails_when_anything_differs(body: bytes, url: str, secrets: list[str], minutes: int) -> None:
    assert not fidel_signed(FIDEL, body, url, secrets, FIDEL_AT + timedelta(minutes=minutes))


@pytest.mark.parametrize("headers", [{}, {**FIDEL, "X-Fidel-Timestamp": "soon"}, {**FIDEL, "X-Fidel-Signature": "é"}])
def test_fidels_broken_headers_are_refused_without_an_error(headers: dict[str, str]) -> None:
    assert not fidel_signed(headers, FIDEL_BODY, FIDEL_URL, [FIDEL_SECRET], FIDEL_AT)


def test_the_inner_signature_is_no_signature() -> None:
    content = FIDEL_BODY + FIDEL_URL.encode() + b"1795000000000"
    inner = base64.b64encode(hmac.new(FIDEL_SECRET.encode(), content, hashlib.sha256).digest()).decode()
    headers = {**FIDEL, "X-Fidel-Signature": inner}
    assert not fidel_signed(headers, FIDEL_BODY, FIDEL_URL, [FIDEL_SECRET], FIDEL_AT)


def test_stripes_vector_is_accepted_among_several_signatures() -> None:
    assert stripe_signed(STRIPE, STRIPE_BODY, ["whsec_old", "whsec_test"], STRIPE_AT)


@pytest.mark.parametrize(
    ("header", "body", "secret", "seconds"),
    [
        (STRIPE, STRIPE_BODY + b" ", "whsec_test", 0),
        (STRIPE, STRIPE_BODY, "whsec_other", 0),
        (STRIPE, STRIPE_BODY, "", 0),
        (STRIPE, STRIPE_BODY, "whsec_test", 301),
        ({}, STRIPE_BODY, "whsec_test", 0),
        ({"Stripe-Signature": f"t=1795170001,v1={STRIPE_V1}"}, STRIPE_BODY, "whsec_test", 0),
        ({"Stripe-Signature": f"t=1795170000,v0={STRIPE_V1}"}, STRIPE_BODY, "whsec_test", 0),
    ],
    ids=["changed body", "other secret", "empty secret", "too old", "no header", "other time", "other scheme"],
)
def test_stripes_signature_fails_when_anything_differs(
    header: dict[str, str], body: bytes, secret: str, seconds: int
) -> None:
    assert not stripe_signed(header, body, [secret], STRIPE_AT + timedelta(seconds=seconds))
