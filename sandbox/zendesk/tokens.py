"""Grant access tokens for client credentials, and check bearer tokens."""

from collections.abc import Mapping
from hmac import compare_digest

from sandbox.zendesk.wire import Api, Body, Refusal

LASTS_S = (300, 172_800)  # shortest and longest, seconds
SCOPES = frozenset({"read", "write", "tickets:read", "tickets:write", "users:read", "users:write"})


def grant(api: Api, form: Mapping[str, str]) -> Body:
    """Return a token endpoint's answer. Raises Refusal in OAuth's own shape."""
    same_client = compare_digest(form.get("client_id", "").encode(), api.client_id.encode())
    if not same_client or not compare_digest(form.get("client_secret", "").encode(), api.secret.encode()):
        raise _refusal(401, "invalid_client", "Client authentication failed due to unknown client.")
    if form.get("grant_type") != "client_credentials":
        raise _refusal(400, "unsupported_grant_type", "The authorization grant type is not supported.")
    scope = form.get("scope", "")
    if not scope or not set(scope.split()) <= SCOPES:
        raise _refusal(400, "invalid_scope", "The requested scope is invalid, unknown, or malformed.")
    lasts = form.get("expires_in", str(LASTS_S[1]))
    if not lasts.isdigit() or not LASTS_S[0] <= int(lasts) <= LASTS_S[1]:
        raise _refusal(400, "invalid_request", "expires_in is out of range.")
    token = api.new_token()
    api.store["tokens"][token] = api.seconds() + int(lasts)
    api.state.changed("zendesk")
    return {"access_token": token, "token_type": "bearer", "scope": scope, "expires_in": int(lasts)}


def known(api: Api, authorization: str) -> bool:
    scheme, _, token = authorization.partition(" ")
    return scheme.lower() == "bearer" and api.seconds() < api.store["tokens"].get(token, 0)


def stranger() -> Refusal:
    return _refusal(401, "invalid_token", "The access token provided is expired, revoked, malformed or invalid.")


def _refusal(status: int, error: str, description: str) -> Refusal:
    refusal = Refusal(status, error, description)
    refusal.body = {"error": error, "error_description": description}
    return refusal
