"""Keep the newest refresh token of each system, sealed in the database: who reads the file alone cannot use it.

The seal's key is made from the system's own client secret, so there is no further secret to keep, and a token without
its client is worth nothing anyway.
"""

import asyncio
import base64
import hashlib
import secrets
from collections.abc import Awaitable, Callable, Mapping
from datetime import datetime, timedelta
from typing import TypeVar

from cryptography.fernet import Fernet, InvalidToken

from bot.http.errors import Unavailable
from storage import Database

LEASE = timedelta(seconds=45)  # longer than a token endpoint may take
ASK_AGAIN_S = 0.25
TRIES = 80  # 20 s in all

T = TypeVar("T")


class SealedTokens:
    """Store tokens for the connectors; `client_secrets` is by system."""

    def __init__(self, db: Database, client_secrets: Mapping[str, str], clock: Callable[[], datetime]) -> None:
        self._db = db
        self._seals = {system: Fernet(_key(secret)) for system, secret in client_secrets.items()}
        self._clock = clock

    async def load(self, system: str) -> str | None:
        """Return the newest token; None before the first `save`, and where the client secret is another one by now."""
        sealed = await self._db.read(lambda store: store.sealed_token(system))
        try:
            return None if sealed is None else self._seals[system].decrypt(sealed.encode()).decode()
        except InvalidToken:
            return None

    async def save(self, system: str, refresh_token: str) -> None:
        sealed = self._seals[system].encrypt(refresh_token.encode()).decode()
        now = self._clock()
        await self._db.write(lambda store: store.save_token(system, sealed, now))

    async def exclusive(self, system: str, refresh: Callable[[str | None], Awaitable[T]]) -> T:
        """Run `refresh` while no other process of ours does. Raises Unavailable where another one takes too long."""
        owner = secrets.token_hex(8)
        for _ in range(TRIES):
            if await self._claimed(system, owner):
                break
            await asyncio.sleep(ASK_AGAIN_S)
        else:
            raise Unavailable(f"Another process is renewing the access to {system}.")
        try:
            return await refresh(await self.load(system))
        finally:
            await self._db.write(lambda store: store.release_token(system, owner))

    async def _claimed(self, system: str, owner: str) -> bool:
        now = self._clock()
        return await self._db.write(lambda store: store.claim_token(system, owner, now + LEASE, now))


def _key(secret: str) -> bytes:
    return base64.urlsafe_b64encode(hashlib.sha256(f"countersign tokens {secret}".encode()).digest())
