"""Grant OAuth 2 access tokens for an hour, and refresh tokens that change with every use.

A refresh token is the seeded one followed by a number. The previous one still works, since its successor may have been
lost on the way. One newer than the store knows works too: the sandbox may have been reset while the bot was not.
"""

import base64
import re
from collections.abc import Mapping
from hmac import compare_digest

from aiohttp import web

from sandbox.quickbooks.books import Body, Books, GatewayRefusal, Refusal
from sandbox.quickbooks.seeds import CLIENT_ID, REALM, REFRESH_TOKEN

LIFE_S = 3600
REFRESH_LIFE_S = 8_726_400


class NoToken(Exception):
    """Refuse a grant as RFC 6749 section 5.2 describes."""

    def __init__(self, status: int, error: str) -> None:
        super().__init__(error)
        self.status, self.error = status, error


def grant(books: Books, request: web.Request, form: Mapping[str, object]) -> Body:
    """Return new tokens for a refresh token. Raises NoToken."""
    if not compare_digest(_stated_client(request), f"{CLIENT_ID}:{books.client_secret}"):
        raise NoToken(401, "invalid_client")
    if form.get("grant_type") != "refresh_token":
        raise NoToken(400, "unsupported_grant_type")
    used = _generation(str(form.get("refresh_token", "")))
    tokens = books.store["tokens"]
    if used is None or used < tokens["generation"] - 1 or books.store.get("revoked"):
        raise NoToken(400, "invalid_grant")
    tokens["generation"] = used + 1
    access, now = books.new_id("access"), books.now().timestamp()
    tokens["access"] = {token: until for token, until in tokens["access"].items() if until > now}
    tokens["access"][access] = now + LIFE_S
    books.state.changed("quickbooks")
    return {
        "token_type": "bearer",
        "access_token": access,
        "expires_in": LIFE_S,
        "refresh_token": f"{REFRESH_TOKEN}.{used + 1}",
        "x_refresh_token_expires_in": REFRESH_LIFE_S,
    }


def refuse_stranger(books: Books, request: web.Request) -> None:
    """Check the access token and its right to the company. Raises Refusal."""
    scheme, _, token = request.headers.get("Authorization", "").partition(" ")
    until = books.store["tokens"]["access"].get(token, 0)
    if scheme.lower() != "bearer" or books.now().timestamp() >= until or books.store.get("revoked"):
        words = "message=AuthenticationFailed; errorCode=003200; statusCode=401"
        raise GatewayRefusal(401, "3200", words, "Token expired", "AUTHENTICATION")
    if request.match_info.get("realm") != REALM:
        words = "message=ApplicationAuthorizationFailed; errorCode=003100; statusCode=403"
        raise Refusal(403, "3100", words, "The app has no right to this company.", kind="AuthorizationFault")


def _stated_client(request: web.Request) -> str:
    scheme, _, text = request.headers.get("Authorization", "").partition(" ")
    try:
        return base64.b64decode(text, validate=True).decode() if scheme.lower() == "basic" else ""
    except ValueError:
        return ""


def _generation(token: str) -> int | None:
    parts = re.fullmatch(rf"{re.escape(REFRESH_TOKEN)}(?:\.([0-9]{{1,9}}))?", token)
    return int(parts[1] or 0) if parts else None
