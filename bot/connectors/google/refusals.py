"""Read how Google says no: sections 3 to 6 of the connector reference.

The reason decides, not the status alone: a 403 may be a rate limit, a missing right or scope, or a Workspace setting.

`Refused.reason` is "invalid" (400), "not_found" (404) or "exists" (409).
"""

import re
from collections.abc import Callable, Mapping
from typing import Final

import httpx
from pydantic import ValidationError

from bot.connectors.base import Record
from bot.http.client import Reply, short
from bot.http.errors import ConnectorError, Unavailable

_SLOW_DOWN: Final = frozenset({"userRateLimitExceeded", "rateLimitExceeded", "RATE_LIMIT_EXCEEDED"})
_GOOGLES_OWN: Final = frozenset({"backendError", "internalError"})
_NO_SCOPE: Final = frozenset({"ACCESS_TOKEN_SCOPE_INSUFFICIENT", "insufficientPermissions"})
_SENTENCES: Final[Mapping[str, str]] = {
    "dailyLimitExceeded": "{title} takes no more from us today: the day's limit is used up. Try again tomorrow.",
    "domainPolicy": "The Google Workspace settings forbid it: ask the Workspace administrator.",
    "accessNotConfigured": "{title} is not switched on in the Google Cloud project: switch it on there.",
    "SERVICE_DISABLED": "{title} is not switched on in the Google Cloud project: switch it on there.",
    "insufficientFilePermissions": "Our service account may not do this: share the folder or the file with {us}.",
    "forbidden": "Our service account may not do this: share the folder or the file with {us}.",
    "storageQuotaExceeded": "There is no storage left: a service account has none, so use a shared drive's folder.",
    "fileIdInUse": "{title} has a file with this id already.",
    "fileNotExportable": "Only Google's own documents can be exported as PDF.",
    "exportSizeLimitExceeded": "The document is too large for Google to export as PDF: 10 MB is the most.",
    "invalidSharingRequest": "Google shares without a mail only with Google accounts, and that address has none: "
    "send the document by Gmail instead.",
}


def refusal_of(title: str, us: str, scopes: tuple[str, ...]) -> Callable[[Reply], ConnectorError | None]:
    """Return what reads a 4xx reply; it returns None for a 401, whose sentence names our setting."""
    sentences = {reason: words.format(title=title, us=us) for reason, words in _SENTENCES.items()}
    no_scope = f"Our service account lacks rights for {title}: allow these scopes in the Workspace console: "
    sentences |= dict.fromkeys(_NO_SCOPE, no_scope + ", ".join(scopes))
    sentences["PERMISSION_DENIED"] = sentences["forbidden"]
    no_mailbox = f"{title} has nothing to act on: set the mailbox that our service account acts as."
    sentences["FAILED_PRECONDITION"] = no_mailbox

    def refusal(reply: Reply) -> ConnectorError | None:
        if reply.status == httpx.codes.UNAUTHORIZED:
            return None
        try:
            error = _Envelope.model_validate(reply.body).error
        except ValidationError:
            error = _Error()
        reasons = error.reasons
        if not _SLOW_DOWN.isdisjoint(reasons):
            return Unavailable(f"{title} asks us to slow down.", request_id=reply.request_id)
        if not _GOOGLES_OWN.isdisjoint(reasons):
            return reply.undecided(f"{title} had an error of its own.")
        word = {400: "invalid", 404: "not_found", 409: "exists"}.get(reply.status)
        sentence = next((sentences[reason] for reason in reasons if reason in sentences), None) or _sharing(reasons)
        if sentence is None and reply.status == httpx.codes.NOT_FOUND:
            sentence = f"{title} does not have it, or does not show it to {us}."
        if sentence is None:
            # Google quotes addresses of people in its messages
            said = re.sub(r"\S+@\S+", "[address]", short(error.message)) or f"status {reply.status}"
            sentence = f"{title} refused it: {said}"
        return reply.refused(sentence, word)

    return refusal


def _sharing(reasons: tuple[str, ...]) -> str | None:
    if any(reason.startswith(("sharingNotAllowed", "cannotShare", "publishOutNotPermitted")) for reason in reasons):
        return "The Workspace settings do not allow sharing with that address: ask the Workspace administrator."
    return None


class _Reason(Record):
    reason: str = ""


class _Error(Record):
    message: str = ""
    status: str = ""
    errors: tuple[_Reason, ...] = ()
    details: tuple[_Reason, ...] = ()

    @property
    def reasons(self) -> tuple[str, ...]:
        """Return the reasons, the most exact word first; Drive leaves out `status`, Sheets leaves out `errors`."""
        return (*(error.reason for error in (*self.details, *self.errors) if error.reason), self.status)


class _Envelope(Record):
    error: _Error
