"""Speak just enough HTTP/1.1 to keep a connection: a load must not cost more than what it loads."""

import asyncio
from typing import NamedTuple, Self

HEAD_END = b"\r\n\r\n"
LENGTH = b"content-length:"


class Reply(NamedTuple):
    status: int
    body: bytes


def request(method: str, path: str, body: bytes = b"", headers: dict[str, str] | None = None) -> bytes:
    """Return the bytes of one request; signed ones can be made before the clock starts."""
    lines = [f"{method} {path} HTTP/1.1", "Host: 127.0.0.1"]
    lines += [f"{name}: {value}" for name, value in (headers or {}).items()]
    lines += [f"Content-Length: {len(body)}"] if body else []
    return "\r\n".join(lines).encode() + HEAD_END + body


class _Wire(asyncio.Protocol):
    """Read one answer at a time, which must say its length, as aiohttp's do."""

    def __init__(self) -> None:
        self.answer: asyncio.Future[Reply] | None = None
        self._seen = b""

    def data_received(self, data: bytes) -> None:
        self._seen += data
        end = self._seen.find(HEAD_END)
        if end < 0:
            return
        head = self._seen[:end].lower()
        at = head.find(LENGTH)
        length = int(head[at + len(LENGTH) :].split(b"\r\n", 1)[0]) if at >= 0 else 0
        if len(self._seen) < end + 4 + length:
            return
        reply = Reply(int(head[9:12]), self._seen[end + 4 :])
        self._seen = b""
        if self.answer is not None and not self.answer.done():
            self.answer.set_result(reply)

    def connection_lost(self, error: Exception | None) -> None:
        if self.answer is not None and not self.answer.done():
            self.answer.set_exception(ConnectionResetError("the connection was closed before the answer"))


class Line:
    """Keep one connection to a port of this machine; whoever asks waits for the answer, or gets OSError."""

    def __init__(self, port: int) -> None:
        self._port = port
        self._transport: asyncio.Transport | None = None
        self._wire = _Wire()

    async def __aenter__(self) -> Self:
        loop = asyncio.get_running_loop()
        self._wire = _Wire()
        self._transport, _ = await loop.create_connection(lambda: self._wire, "127.0.0.1", self._port)
        return self

    async def __aexit__(self, *_: object) -> None:
        if self._transport is not None:
            self._transport.abort()
            self._transport = None

    async def ask(self, content: bytes) -> Reply:
        if self._transport is None or self._transport.is_closing():
            raise ConnectionResetError("not connected")
        self._wire.answer = asyncio.get_running_loop().create_future()
        self._transport.write(content)
        return await self._wire.answer

    async def get(self, path: str, headers: dict[str, str] | None = None) -> Reply:
        return await self.ask(request("GET", path, headers=headers))
