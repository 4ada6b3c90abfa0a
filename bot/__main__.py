"""The command line. Exit codes: 0 fine, 1 it fell short, 2 wrong use or configuration."""

import argparse
import asyncio
import logging
import sys
from collections.abc import Callable, Coroutine, Sequence
from datetime import timedelta
from pathlib import Path
from typing import Any

from bot.app import serve, utc_now
from bot.cases import shadow
from bot.cli import backtest as cli_backtest
from bot.cli import check as cli_check
from bot.cli import output
from bot.cli.demo import run_demo
from bot.config import ConfigFaults, read_places, read_policies, read_policy_file, read_settings
from bot.core.backtest import Trial
from bot.core.policy.explain import story
from bot.core.policy.values import duration
from storage import Database, StorageError, open_database

DOTENV = Path(".env")


def main(arguments: Sequence[str] | None = None) -> int:
    args = _parser().parse_args(arguments)
    logging.basicConfig(level=logging.INFO, format="%(asctime)s %(levelname)s %(name)s: %(message)s")
    for noisy in ("httpx", "slack_sdk", "slack_bolt", "aiohttp.access"):
        logging.getLogger(noisy).setLevel(logging.WARNING)
    try:
        return int(args.run(args))
    except ConfigFaults as faults:
        print("Countersign cannot start:", *(f"  {fault}" for fault in faults.faults), sep="\n", file=sys.stderr)
        return 2
    except StorageError as error:
        print(f"Countersign cannot use its database: {error}", file=sys.stderr)
        return 2


def _parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(prog="countersign", description="Approve in Slack; act exactly once.")
    room = parser.add_subparsers(required=True, metavar="command")
    demo = _add(room, "demo", "run the bot with a sandbox of the outside world", _demo)
    demo.add_argument("--port", type=int, default=3000, help="of the bot (default 3000)")
    demo.add_argument("--page-port", type=int, default=4000, help="of the page (default 4000)")
    _add(room, "serve", "run the bot", _serve)
    _json(_add(room, "check", "ask every configured system, and say what to do", _check))
    policy = room.add_parser("policy", help="the policy file").add_subparsers(required=True, metavar="what")
    check = _json(_add(policy, "check", "faults with their lines, and how to mend them", _policy_check))
    check.add_argument("--policy", type=Path, help="default: POLICY_FILE, or policy.toml")
    why = _json(_add(policy, "show", "why a case is what it is, and who decides it", _policy_show))
    why.add_argument("--for", dest="case_id", required=True, metavar="CASE")
    why.add_argument("--policy", type=Path, help="default: POLICY_FILE, or policy.toml")
    says = "what another policy would have made of the cases that are stored"
    backtest = _json(_add(policy, "backtest", says, _policy_backtest))
    tried = backtest.add_mutually_exclusive_group(required=True)
    tried.add_argument("--policy", type=Path, metavar="NEW", help="the policy that is tried")
    tried.add_argument("--shadow", action="store_true", help="count what POLICY_SHADOW_FILE has recorded instead")
    backtest.add_argument("--since", type=_span, default="90d", help="how far back: 90d, 12h (default 90d)")
    cases = room.add_parser("cases", help="the cases").add_subparsers(required=True, metavar="what")
    _listing(_add(cases, "list", "by due time", _cases_list))
    search = _listing(_add(cases, "search", "by id, customer, invoice, payment", _cases_list))
    search.add_argument("text")
    show = _json(_add(cases, "show", "one case with its history", _cases_show))
    show.add_argument("case_id")
    _add(cases, "export", "every case as JSON lines", _cases_export)
    audit = room.add_parser("audit", help="the history").add_subparsers(required=True, metavar="what")
    _json(_add(audit, "verify", "check every chain and seal; names the first broken entry", _audit_verify))
    export = _add(audit, "export", "the history of one case as JSON lines", _audit_export)
    export.add_argument("case_id")
    backup = _add(room, "backup", "a copy of the SQLite database, also while the bot runs", _backup)
    backup.add_argument("to", type=Path)
    return parser


def _add(room: Any, name: str, says: str, run: Callable[[argparse.Namespace], int]) -> argparse.ArgumentParser:
    made: argparse.ArgumentParser = room.add_parser(name, help=says, description=says)
    made.set_defaults(run=run)
    return made


def _json(parser: argparse.ArgumentParser) -> argparse.ArgumentParser:
    parser.add_argument("--json", action="store_true", help="print JSON")
    return parser


def _span(text: str) -> timedelta:
    try:
        return duration(text)
    except ValueError as wrong:
        raise argparse.ArgumentTypeError(str(wrong)) from None


def _listing(parser: argparse.ArgumentParser) -> argparse.ArgumentParser:
    parser.add_argument("--limit", type=int, default=50)
    return _json(parser)


# --- running --------------------------------------------------------------------------------------------------------


def _demo(args: argparse.Namespace) -> int:
    return run_demo(policy_file=Path("policy.toml"), bot_port=args.port, page_port=args.page_port)


def _serve(_: argparse.Namespace) -> int:
    settings = read_settings(DOTENV)
    policy = read_policies(settings)
    runner: Callable[[Coroutine[Any, Any, None]], None] = asyncio.run
    if sys.platform != "win32":
        import uvloop

        runner = uvloop.run
    runner(serve(settings, policy))
    return 0


# --- looking --------------------------------------------------------------------------------------------------------


def _check(args: argparse.Namespace) -> int:
    settings = read_settings(DOTENV)
    found = asyncio.run(cli_check.check(settings, read_policies(settings)))
    if args.json:
        print(output.as_json(cli_check.found_json(found)))
    else:
        print(output.table([("ok" if line.ok else "FAULT", line.what, line.says) for line in found]))
    return 0 if all(line.ok for line in found) else 1


def _policy_check(args: argparse.Namespace) -> int:
    path = args.policy or read_places(DOTENV).policy_file
    try:
        policy = read_policy_file(path)
    except ConfigFaults as faults:
        if args.json:
            print(output.as_json({"ok": False, "faults": list(faults.faults)}))
        else:
            print(*faults.faults, sep="\n")
        return 1
    if args.json:
        print(output.as_json({"ok": True, "version": policy.version}))
    else:
        print(f"{path} is fine: version {policy.version}.")
    return 0


def _policy_show(args: argparse.Namespace) -> int:
    policy = read_policy_file(args.policy or read_places(DOTENV).policy_file)
    found = _with_database(lambda db: cli_backtest.look(db, policy, args.case_id, utc_now()))
    if found is None:
        print(f"There is no case {args.case_id}.", file=sys.stderr)
        return 1
    why, proposal = found
    print(output.as_json(why.model_dump(mode="json")) if args.json else story(why, proposal))
    return 0


def _policy_backtest(args: argparse.Namespace) -> int:
    places, until = read_places(DOTENV), utc_now()
    since = until - args.since
    if args.shadow:
        seen = _with_database(lambda db: db.read(lambda store: shadow.seen(store, since)))
        print(output.as_json(seen.model_dump(mode="json")) if args.json else cli_backtest.shadow_text(seen))
        return 0
    trial = Trial(read_policy_file(places.policy_file), read_policy_file(args.policy, "--policy"))
    url = places.database_url
    found = cli_backtest.backtest(url, trial, since=since, until=until, processes=cli_backtest.cores())
    print(output.as_json(found.model_dump(mode="json")) if args.json else cli_backtest.backtest_text(found))
    return 0


def _cases_list(args: argparse.Namespace) -> int:
    text = getattr(args, "text", None)
    cases = _with_database(lambda db: output.list_cases(db, text=text, limit=args.limit))
    if args.json:
        print(output.as_json([case.model_dump(mode="json") for case in cases]))
    else:
        print(output.cases_table(cases) if cases else "No cases.")
    return 0


def _cases_show(args: argparse.Namespace) -> int:
    found = _with_database(lambda db: output.show_case(db, args.case_id))
    if found is None:
        print(f"There is no case {args.case_id}.", file=sys.stderr)
        return 1
    file, history = found
    if args.json:
        print(output.as_json(file.model_dump(mode="json") | {"history": [e.model_dump(mode="json") for e in history]}))
    else:
        print(output.case_story(file, history))
    return 0


def _cases_export(_: argparse.Namespace) -> int:
    for case in _with_database(lambda db: output.list_cases(db, text=None, limit=1_000_000)):
        print(case.model_dump_json())
    return 0


def _audit_verify(args: argparse.Namespace) -> int:
    verified = _with_database(lambda db: db.read(lambda store: store.verify()))
    if args.json:
        print(output.as_json(verified._asdict()))
    elif verified.broken is None:
        print(f"Whole: {verified.entries} entries of {verified.cases} cases, {verified.seals} seals.")
    else:
        print(f"BROKEN: {verified.broken}")
    return 0 if verified.broken is None else 1


def _audit_export(args: argparse.Namespace) -> int:
    history = _with_database(lambda db: db.read(lambda store: store.history(args.case_id)))
    for entry in history:
        print(entry.model_dump_json())
    if not history:
        print(f"There is no case {args.case_id}.", file=sys.stderr)
    return 0 if history else 1


def _backup(args: argparse.Namespace) -> int:
    _with_database(lambda db: db.backup(args.to))
    print(f"Written to {args.to}.")
    return 0


def _with_database(use: Callable[[Database], Coroutine[Any, Any, Any]]) -> Any:
    async def run() -> Any:
        db = await open_database(read_places(DOTENV).database_url, read_only=True)
        try:
            return await use(db)
        finally:
            await db.close()

    return asyncio.run(run())


if __name__ == "__main__":
    sys.exit(main())
