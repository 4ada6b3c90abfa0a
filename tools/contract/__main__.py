"""Let Steady judge every request of the connectors: a mock server for OpenAPI that nobody here wrote.

`python -m tools.contract PROGRAM`; `make contract` installs the program first. The connectors talk to the sandbox,
which has state, so that they go through with what they do; each request is then sent to Steady byte for byte,
and Steady says whether the vendor's own specification (in `../shared`) has it. vendors.py says what is asked.
"""

import asyncio
import re
import socket
import sys
from collections.abc import AsyncIterator, Iterable
from contextlib import asynccontextmanager, suppress
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, NamedTuple

import aiohttp
from aiohttp import web
from aiohttp.test_utils import TestServer
from yarl import URL

from bot.connectors.base import Connector
from bot.core.model import Action
from bot.http.errors import ConnectorError
from sandbox.state import State
from tests.connectors.support import KEY, NOW
from tests.support.places import REFERENCE_FILES
from tools.contract.vendors import VENDORS, Vendor

START_S = 20.0
OWN = frozenset({"host", "content-length", "connection", "accept-encoding"})  # of the way, not of the request


class Sent(NamedTuple):
    method: str
    target: str  # path and query without the prefix, as they arrived
    headers: tuple[tuple[str, str], ...]
    body: bytes

    @property
    def name(self) -> str:
        return f"{self.method} {self.target.partition('?')[0]}"


@dataclass
class Verdict:
    requests: int = 0
    operations: set[str] = field(default_factory=set)
    unknown: set[str] = field(default_factory=set)
    faults: list[str] = field(default_factory=list)


async def recorded(vendor: Vendor) -> list[Sent]:
    """Return what the connector sends for each action, in a fresh world each time, and for its look-ups."""
    sent: dict[Sent, None] = {}

    @web.middleware
    async def recording(request: web.Request, handler: Any) -> web.StreamResponse:
        if request.path.startswith(vendor.prefix):
            headers = tuple((name, value) for name, value in request.headers.items() if name.lower() not in OWN)
            target = request.raw_path.removeprefix(vendor.prefix)
            sent[Sent(request.method, target, headers, await request.read())] = None
        answer: web.StreamResponse = await handler(request)
        return answer

    for todo in (*([vendor.actions] if vendor.together else [(one,) for one in vendor.actions]), ()):
        app = web.Application(middlewares=[recording])
        app.add_routes(vendor.routes(State()))
        async with TestServer(app) as server:
            connector = vendor.connector(str(server.make_url("")).rstrip("/"))
            await (_act(connector, todo) if todo else _look(connector, vendor))
            await connector.close()
    return list(sent)


async def _act(connector: Connector, todo: tuple[Action, ...]) -> None:
    for n, one in enumerate(todo):
        key = f"{KEY}{n or ''}"
        with suppress(ConnectorError):  # a refusal of the sandbox is a request all the same
            await connector.perform(one, key)
        with suppress(ConnectorError):
            await connector.find(one, key)


async def _look(connector: Connector, vendor: Vendor) -> None:
    await connector.check()
    for stated in vendor.stated:
        await connector.facts(stated, vendor.wanted, NOW)


@asynccontextmanager
async def steady(program: str, vendor: Vendor) -> AsyncIterator[str]:
    """Yield the address of a started Steady; raise RuntimeError with its own words if it does not start."""
    with socket.create_server(("127.0.0.1", 0)) as free:
        port = free.getsockname()[1]
    arguments = ("--host", "127.0.0.1", "-p", str(port), "-q", "--no-color", *vendor.flags)
    spec = str(REFERENCE_FILES / "openapi" / vendor.spec)
    process = await asyncio.create_subprocess_exec(
        program, *arguments, spec, stdout=asyncio.subprocess.PIPE, stderr=asyncio.subprocess.STDOUT
    )
    assert process.stdout is not None
    try:
        await _until_ready(process.stdout)
        yield f"http://127.0.0.1:{port}"
    finally:
        if process.returncode is None:
            process.terminate()
        await process.communicate()


async def _until_ready(lines: asyncio.StreamReader) -> None:
    said = b""
    async with asyncio.timeout(START_S):
        while b"Ready to accept requests" not in said:
            line = await lines.readline()
            if not line:
                raise RuntimeError(said.decode(errors="replace").strip())
            said += line


async def judged(url: str, vendor: Vendor, requests: Iterable[Sent]) -> Verdict:
    verdict = Verdict()
    async with aiohttp.ClientSession(auto_decompress=False) as session:
        if await _objections(session, url, Sent("GET", "/no-such-path", (), b"")) == []:
            verdict.faults.append("Steady takes everything: this check is worth nothing")
        for one in requests:
            if re.fullmatch(vendor.not_in_spec, one.name):
                verdict.unknown.add(one.name)
                continue
            verdict.requests += 1
            objections = await _objections(session, url, one, verdict.operations)
            verdict.faults += [f"{one.name}: {objection}" for objection in objections]
    return verdict


async def _objections(
    session: aiohttp.ClientSession, url: str, one: Sent, operations: set[str] | None = None
) -> list[str]:
    target = URL(url + one.target, encoded=True)
    async with session.request(one.method, target, headers=one.headers, data=one.body or None) as answer:
        headers = answer.headers
        await answer.read()
    if operations is not None:
        operations.add(f"{one.method} {headers.get('x-steady-matched-path', '?')}")
    if headers.get("x-steady-request-valid") == "true":
        return []
    count = int(headers.get("x-steady-error-count", "0"))
    parts = ("code", "path", "message")
    said = [" ".join(headers.get(f"x-steady-error-{n}-{part}", "") for part in parts) for n in range(1, count + 1)]
    return said or [f"status {answer.status} without a verdict"]


async def main(program: str) -> int:
    faults = 0
    for vendor in VENDORS:
        requests = await recorded(vendor)
        async with steady(program, vendor) as url:
            verdict = await judged(url, vendor, requests)
        faults += len(verdict.faults)
        counts = f"{verdict.requests} requests of {len(verdict.operations)} operations, {len(verdict.faults)} faults"
        print(f"{vendor.name}: {counts}", *(f"  {fault}" for fault in verdict.faults), sep="\n")
        for name in sorted(verdict.unknown):
            print(f"  not in the file: {name}")
    return 1 if faults else 0


if __name__ == "__main__":
    if len(sys.argv) != 2 or not Path(sys.argv[1]).exists():
        print("usage: python -m tools.contract PROGRAM (of the npm package @stdy/cli)", file=sys.stderr)
        sys.exit(2)
    if not REFERENCE_FILES.exists():
        print("contract: ../shared/reference is absent", file=sys.stderr)
        sys.exit(2)
    sys.exit(asyncio.run(main(sys.argv[1])))
