"""Every request of the connectors, judged by Steady: a mock server for OpenAPI that nobody here wrote.

`python -m tests.steady PROGRAM`; `make contract` installs the program first. The connectors talk to the sandbox, which
has state, so that they go through with what they do; each request is then sent to Steady as it arrived, byte for byte,
and Steady says whether the vendor's own specification (in `../shared`) has it. Another vendor is a line in VENDORS.
"""

import asyncio
import re
import socket
import sys
from collections.abc import AsyncIterator, Callable, Iterable
from contextlib import asynccontextmanager, suppress
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, NamedTuple

import aiohttp
from aiohttp import web
from aiohttp.test_utils import TestServer
from yarl import URL

from bot.connectors.base import Connector
from bot.connectors.errors import ConnectorError
from bot.connectors.fidel import FidelConnector
from bot.connectors.stripe import StripeConnector
from bot.core.model import Action, Details
from sandbox import fidel, stripe
from sandbox.fidel.seeds import BRAND, REFUNDED, VISA
from sandbox.state import State
from tests import test_connectors_contract as fidel_samples
from tests import test_contract_stripe as stripe_samples
from tests.connector_support import FIDEL_KEY, KEY, NOW, STRIPE_KEY, details
from tests.sandbox_contract import REFERENCE

START_S = 20.0
OWN = frozenset({"host", "content-length", "connection", "accept-encoding"})  # of the way, not of the request
BRACKETS = (  # how Stripe writes lists and objects
    "--validator-form-object-format=brackets",
    "--validator-form-array-format=brackets",
    "--validator-query-array-format=brackets",
    "--validator-query-object-format=brackets",
)


@dataclass(frozen=True)
class Vendor:
    """`prefix` is the sandbox's; what follows it is the path in `spec`. `routes` seeds the state that it is given."""

    name: str
    spec: str  # a file in ../shared/reference/openapi
    prefix: str
    routes: Callable[[State], list[web.RouteDef]]
    connector: Callable[[str], Connector]  # given the sandbox's address, without a slash at its end
    actions: tuple[Action, ...]
    stated: tuple[Details, ...] = ()
    wanted: frozenset[str] = frozenset()
    flags: tuple[str, ...] = ()
    not_in_spec: str = "(?!)"  # "METHOD /path" as a pattern: what the vendor has and its file has not


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


def _fidel(state: State) -> list[web.RouteDef]:
    fidel.seed(state, NOW)
    state.fidel["reimbursement"] = True
    return fidel.routes(state, FIDEL_KEY, now=lambda: NOW)


def _stripe(state: State) -> list[web.RouteDef]:
    stripe.seed(state, NOW)
    state.stripe["disputes"]["dp_DISPUTED"]["evidence_details"]["has_evidence"] = True
    return stripe.routes(state, STRIPE_KEY, now=lambda: NOW)


VENDORS = (
    Vendor(
        "stripe",
        "stripe.v1.current.openapi.json",
        "/stripe",
        _stripe,
        lambda url: StripeConnector(STRIPE_KEY, f"{url}/stripe"),
        stripe_samples.STRIPE,
        stripe_samples.STATED,
        stripe_samples.WANTED,
        BRACKETS,
        not_in_spec=r"POST /v1/charges/[^/]+",
    ),
    Vendor(
        "fidel",
        "fidel-api.yaml",
        "/fidel/v1",
        _fidel,
        lambda url: FidelConnector(FIDEL_KEY, f"{url}/fidel/v1", reimbursement=True),
        fidel_samples.FIDEL,
        (
            details("2490 GBP", transaction_id=REFUNDED, brand_id=BRAND, brand_name="Harbour Lane Bakery"),
            details("2490 GBP", card_id=VISA, transaction_date="2026-11-15", brand_name="Nobody"),
        ),
        fidel_samples.WANTED,
    ),
)


async def recorded(vendor: Vendor) -> list[Sent]:
    """What the connector sends for each action, in a fresh world each time, and for its look-ups."""
    sent: dict[Sent, None] = {}

    @web.middleware
    async def recording(request: web.Request, handler: Any) -> web.StreamResponse:
        if request.path.startswith(vendor.prefix):
            headers = tuple((name, value) for name, value in request.headers.items() if name.lower() not in OWN)
            target = request.raw_path.removeprefix(vendor.prefix)
            sent[Sent(request.method, target, headers, await request.read())] = None
        answer: web.StreamResponse = await handler(request)
        return answer

    for todo in (*vendor.actions, None):
        app = web.Application(middlewares=[recording])
        app.add_routes(vendor.routes(State()))
        async with TestServer(app) as server:
            connector = vendor.connector(str(server.make_url("")).rstrip("/"))
            await (_look(connector, vendor) if todo is None else _act(connector, todo))
            await connector.close()
    return list(sent)


async def _act(connector: Connector, todo: Action) -> None:
    with suppress(ConnectorError):  # a refusal of the sandbox is a request all the same
        await connector.perform(todo, KEY)
    with suppress(ConnectorError):
        await connector.find(todo, KEY)


async def _look(connector: Connector, vendor: Vendor) -> None:
    await connector.check()
    for stated in vendor.stated:
        await connector.facts(stated, vendor.wanted, NOW)


@asynccontextmanager
async def steady(program: str, vendor: Vendor) -> AsyncIterator[str]:
    """Its address. Raises RuntimeError with its own words where it does not start."""
    with socket.create_server(("127.0.0.1", 0)) as free:
        port = free.getsockname()[1]
    arguments = ("--host", "127.0.0.1", "-p", str(port), "-q", "--no-color", *vendor.flags)
    spec = str(REFERENCE / "openapi" / vendor.spec)
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
        print("usage: python -m tests.steady PROGRAM (of the npm package @stdy/cli)", file=sys.stderr)
        sys.exit(2)
    if not REFERENCE.exists():
        print("contract: ../shared/reference is absent", file=sys.stderr)
        sys.exit(2)
    sys.exit(asyncio.run(main(sys.argv[1])))
