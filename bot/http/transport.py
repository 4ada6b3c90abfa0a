"""Carry httpx's requests over aiohttp's connections: a third of the processor time, and the same meaning of each fault.

What could not be connected was surely not sent (ConnectError, ConnectTimeout); whatever breaks later may have been.
"""

import io
import urllib.request

import aiohttp
import httpx
from yarl import URL

LARGE = 2**20  # bytes
CONNECTIONS = 64  # to one vendor at the same time; a claim takes at most 32 executions


class Wire(httpx.AsyncBaseTransport):
    """Carry requests over one session, opened by the first of them, since that needs a running loop."""

    def __init__(self) -> None:
        self._session: aiohttp.ClientSession | None = None

    async def handle_async_request(self, request: httpx.Request) -> httpx.Response:
        limits = request.extensions.get("timeout", {})
        timeout = aiohttp.ClientTimeout(
            connect=limits.get("pool"), sock_connect=limits.get("connect"), sock_read=limits.get("read")
        )
        try:
            async with self._opened().request(
                request.method,
                URL(str(request.url), encoded=True),
                headers=[(name.decode("ascii"), value.decode("ascii")) for name, value in request.headers.raw],
                # a stream, since aiohttp warns of large bodies as bytes
                data=io.BytesIO(request.content) if len(request.content) > LARGE else request.content or None,
                allow_redirects=False,
                timeout=timeout,
            ) as answer:
                content = await answer.read()
        except aiohttp.ConnectionTimeoutError:
            raise httpx.ConnectTimeout("no connection in time", request=request) from None
        except aiohttp.ClientConnectorError:
            raise httpx.ConnectError("no connection", request=request) from None
        except TimeoutError:
            raise httpx.ReadTimeout("no answer in time", request=request) from None
        except aiohttp.ClientError:
            raise httpx.ReadError("the connection broke off", request=request) from None
        headers = [(name, value) for name, value in answer.raw_headers if name.lower() != b"content-encoding"]
        return httpx.Response(answer.status, headers=headers, content=content, request=request)

    async def aclose(self) -> None:
        if self._session is not None:
            await self._session.close()

    def _opened(self) -> aiohttp.ClientSession:
        if self._session is None:
            connector = aiohttp.TCPConnector(limit=CONNECTIONS, ssl=httpx.create_ssl_context())
            proxied = bool(urllib.request.getproxies())
            self._session = aiohttp.ClientSession(
                connector=connector, trust_env=proxied, cookie_jar=aiohttp.DummyCookieJar()
            )
            # Left alone, aiohttp sends a PUT or DELETE again when a kept connection drops: a repeat nobody wrote down.
            # There is no public switch; tests/connectors/test_connectors.py notices when this one is gone.
            self._session._retry_connection = False
        return self._session
