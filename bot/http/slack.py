"""Send requests to Slack over one shared session, each of them once, whatever happens to it.

Our own few lines in place of the SDK's client: that one ignores its time-out with a shared session, repeats a post
after a dropped connection unless told otherwise, and takes twice the processor time.
"""

import json
from collections.abc import Mapping
from dataclasses import dataclass, field
from io import BytesIO
from typing import Any

import aiohttp

TIMEOUT_S = 10.0
CONNECTIONS = 64


@dataclass(frozen=True)
class Reply:
    status: int
    data: Mapping[str, Any]  # empty where the answer is no JSON object
    headers: Mapping[str, str] = field(default_factory=dict)


class Line:
    """Hold one session, opened by the first request, since that needs a running loop."""

    def __init__(self, token: str, api_url: str) -> None:
        self._api_url = api_url.rstrip("/") + "/"
        self._headers = {"Authorization": f"Bearer {token}", "Content-Type": "application/json; charset=utf-8"}
        self._session: aiohttp.ClientSession | None = None

    def __repr__(self) -> str:
        return f"Line({self._api_url})"

    async def ask(self, method: str, content: Mapping[str, Any], *, read: bool) -> Reply:
        """Call a method of the Web API, with JSON where it writes. Raises aiohttp.ClientError, TimeoutError."""
        url = self._api_url + method
        if read:
            query = {name: _plain(value) for name, value in content.items()}
            request = self._opened().get(url, params=query, headers=self._headers)
        else:
            request = self._opened().post(url, data=json.dumps(content).encode(), headers=self._headers)
        async with request as answer:
            return Reply(answer.status, _object(await answer.read()), answer.headers)

    async def tell(self, response_url: str, body: Mapping[str, Any]) -> bool:
        """Answer a click at its own address; that address is the secret, so the token stays here."""
        async with self._opened().post(response_url, json=body) as answer:
            return answer.ok

    async def put(self, upload_url: str, content: bytes) -> bool:
        """Send a file where Slack said that it goes; that address is the secret, so the token stays here."""
        async with self._opened().post(upload_url, data=BytesIO(content)) as answer:
            return answer.ok

    async def close(self) -> None:
        if self._session is not None:
            await self._session.close()

    def _opened(self) -> aiohttp.ClientSession:
        if self._session is None:
            self._session = aiohttp.ClientSession(
                connector=aiohttp.TCPConnector(limit=CONNECTIONS),
                timeout=aiohttp.ClientTimeout(TIMEOUT_S),
                cookie_jar=aiohttp.DummyCookieJar(),
            )
        return self._session


def _plain(value: object) -> str:
    return str(value).lower() if isinstance(value, bool) else str(value)


def _object(body: bytes) -> Mapping[str, Any]:
    try:  # a proxy may answer anything, also with a 200
        data = json.loads(body)
    except ValueError:
        return {}
    return data if isinstance(data, dict) else {}
