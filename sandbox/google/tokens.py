"""Grant access tokens for JWTs signed by the service account (RFC 7523), and check them."""

import json
import secrets
from collections.abc import Iterable
from functools import cache
from typing import Any

from aiohttp import web
from joserfc import jwt
from joserfc.errors import JoseError
from joserfc.jwk import RSAKey

from sandbox.google.wire import Api, Body, Refusal, Who

GRANT = "urn:ietf:params:oauth:grant-type:jwt-bearer"
AUDIENCE = "https://oauth2.googleapis.com/token"
LASTS_S = 3600
SKEW_S = 300
KNOWN = frozenset(
    f"https://www.googleapis.com/auth/{name}"
    for name in ("drive", "drive.readonly", "spreadsheets", "gmail.compose", "gmail.readonly", "gmail.modify")
)


def new_key_file(address: str) -> str:
    """Return the key file of a made-up service account, as the Google console issues it."""
    key = RSAKey.generate_key(2048)
    members = {
        "type": "service_account",
        "project_id": address.partition("@")[2].partition(".")[0],
        "private_key_id": secrets.token_hex(20),
        "private_key": key.as_pem(private=True).decode(),
        "client_email": address,
        "client_id": "100000000000000000001",
        "token_uri": AUDIENCE,
    }
    return json.dumps(members)


@cache  # importing a private key validates it, which is slow
def public_key(key_file: str) -> str:
    return RSAKey.import_key(json.loads(key_file)["private_key"]).as_pem(private=False).decode()


async def give(api: Api, request: web.Request) -> web.Response:
    form = await request.post()
    if form.get("grant_type") != GRANT:
        return _no("unsupported_grant_type", "Invalid grant_type: " + str(form.get("grant_type")))
    account = api.store["account"]
    try:
        token = jwt.decode(str(form.get("assertion")), RSAKey.import_key(account["public_key"]), algorithms=["RS256"])
    except (JoseError, ValueError):
        return _no("invalid_grant", "Invalid JWT Signature.")
    if why := _fault(api, account, token.header, token.claims):
        return _no("invalid_grant", why)
    scopes, sub = str(token.claims.get("scope")).split(), token.claims.get("sub")
    if not scopes or not KNOWN.issuperset(scopes):
        return _no("invalid_scope", "Invalid OAuth scope or ID token audience provided.")
    if sub is not None and sub not in api.store["mailboxes"]:
        words = "Client is unauthorized to retrieve access tokens using this method, or client not authorized for any "
        return _no("unauthorized_client", words + "of the scopes requested.", 401)
    value = f"ya29.{secrets.token_urlsafe(24)}"
    now = api.seconds()
    kept = {name: entry for name, entry in api.store["tokens"].items() if entry["until"] > now}
    kept[value] = {"scopes": scopes, "sub": sub, "until": now + LASTS_S}
    api.store["tokens"] = kept
    api.state.changed("google")
    return web.json_response({"access_token": value, "expires_in": LASTS_S - 1, "token_type": "Bearer"})


def who(api: Api, request: web.Request, service: str, scopes: Iterable[str]) -> Who:
    """Return whose token it is. Raises Refusal for one that is unknown, expired, revoked, or of other scopes."""
    value = request.headers.get("Authorization", "").removeprefix("Bearer ")
    token: Body | None = api.store["tokens"].get(value)
    if token is None or token["until"] <= api.seconds() or api.store.get("revoked"):
        raise Refusal(401, "Request had invalid authentication credentials.", "authError")
    if not any(f"https://www.googleapis.com/auth/{scope}" in token["scopes"] for scope in scopes):
        words = "Request had insufficient authentication scopes."
        raise Refusal(403, words, "insufficientPermissions", detail="ACCESS_TOKEN_SCOPE_INSUFFICIENT")
    if service == "gmail" and token["sub"] is None:  # a service account has no mailbox
        raise Refusal(400, "Precondition check failed.", "failedPrecondition", status="FAILED_PRECONDITION")
    return Who(api.store["account"]["client_email"], token["sub"])


def _fault(api: Api, account: Body, header: Any, claims: Body) -> str | None:
    now = api.seconds()
    issued, until = claims.get("iat"), claims.get("exp")
    if api.store.get("revoked") or header.get("kid") != account["private_key_id"]:
        return "Invalid JWT Signature."
    if claims.get("iss") != account["client_email"]:
        return "Invalid grant: account not found"
    if claims.get("aud") != AUDIENCE:
        return "Invalid JWT: Failed audience check."
    if not isinstance(issued, int) or not isinstance(until, int) or until > issued + LASTS_S:
        return "Invalid JWT: Token must be a short-lived token and in a reasonable timeframe."
    if not issued - SKEW_S <= now < until + SKEW_S:
        return "Invalid JWT: Token must be a short-lived token and in a reasonable timeframe."
    return None


def _no(error: str, description: str, status: int = 400) -> web.Response:
    return web.json_response({"error": error, "error_description": description}, status=status)
