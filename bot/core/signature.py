"""Verify that a request comes from whom it says: bytes, headers and secrets in, yes or no out."""

import base64
import hashlib
import hmac
import re
from collections.abc import Mapping, Sequence
from datetime import datetime

DIALNEXA_HEADERS = ("x-dialnexa-signature", "x-nexa-signature")  # systems A and D, system B
AGE_AT_MOST_S = 300  # what Fidel API and Stripe both tell their receivers

_SHA256_HEX = re.compile(r"(?:sha256=)?([0-9a-fA-F]{64})")
_DIGITS = re.compile(r"[0-9]{1,16}")


def dialnexa_signed(headers: Mapping[str, str], body: bytes, secrets: Sequence[str]) -> bool:
    """Return whether `body` carries DialNexa's HMAC-SHA256 under one of `secrets` (dialnexa.md, section 2)."""
    given = next((value for name in DIALNEXA_HEADERS if (value := _header(headers, name)) is not None), "")
    hexadecimal = _SHA256_HEX.fullmatch(given.strip())
    if hexadecimal is None:
        return False
    digest = bytes.fromhex(hexadecimal[1])
    return any(hmac.compare_digest(digest, _hmac(secret, body)) for secret in _usable(secrets))


def fidel_signed(headers: Mapping[str, str], body: bytes, url: str, secrets: Sequence[str], now: datetime) -> bool:
    """Return whether `body`, sent to `url` as registered, carries Fidel API's signature of the last 5 minutes.

    Source: fidel-api.md, section 6.4; the timestamp is in Unix milliseconds.
    """
    given = (_header(headers, "x-fidel-signature") or "").encode()
    timestamp = _header(headers, "x-fidel-timestamp") or ""
    if not _fresh(timestamp, 1000, now):
        return False
    content = body + url.encode() + timestamp.encode()
    return any(hmac.compare_digest(given, _twice(secret, content)) for secret in _usable(secrets))


def stripe_signed(headers: Mapping[str, str], body: bytes, secrets: Sequence[str], now: datetime) -> bool:
    """Return whether one `v1` of Stripe-Signature fits, not older than 5 minutes (connectors.md, section 1)."""
    parts = [part.strip().partition("=") for part in (_header(headers, "stripe-signature") or "").split(",")]
    timestamp = next((value for name, _, value in parts if name == "t"), "")
    if not _fresh(timestamp, 1, now):
        return False
    content = f"{timestamp}.".encode() + body
    given = [value.encode() for name, _, value in parts if name == "v1"]
    expected = [_hmac(secret, content).hex().encode() for secret in _usable(secrets)]
    return any(hmac.compare_digest(signature, other) for signature in given for other in expected)


def _header(headers: Mapping[str, str], name: str) -> str | None:
    return next((value for given, value in headers.items() if given.lower() == name), None)


def _usable(secrets: Sequence[str]) -> list[str]:
    """Leave out empty secrets, with which anybody can sign."""
    return [secret for secret in secrets if secret.strip()]


def _fresh(timestamp: str, per_second: int, now: datetime) -> bool:
    if _DIGITS.fullmatch(timestamp) is None:
        return False
    return abs(now.timestamp() - int(timestamp) / per_second) <= AGE_AT_MOST_S


def _hmac(secret: str, content: bytes) -> bytes:
    return hmac.new(secret.encode(), content, hashlib.sha256).digest()


def _twice(secret: str, content: bytes) -> bytes:
    inner = base64.b64encode(_hmac(secret, content))  # signed as the text that it is, not decoded
    return base64.b64encode(_hmac(secret, inner))
