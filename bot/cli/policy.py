"""Look at the policy file: `countersign policy check|show|backtest`."""

import argparse
from datetime import timedelta
from pathlib import Path

from bot.app import utc_now
from bot.cases import shadow
from bot.cli.backtest import backtest, backtest_text, cores, look, shadow_text
from bot.cli.command import DOTENV, Commands, add_command, add_group, add_json, with_database
from bot.cli.output import as_json, no_such_case
from bot.config import ConfigFaults, read_places, read_policy_file
from bot.core.backtest import Trial
from bot.core.policy.explain import story
from bot.core.policy.values import duration

FILE_HELP = "default: POLICY_FILE, or policy.toml"


def register(commands: Commands) -> None:
    group = add_group(commands, "policy", "the policy file")
    check = add_json(add_command(group, "check", "faults with their lines, and how to mend them", check_file))
    check.add_argument("--policy", type=Path, help=FILE_HELP)
    show = add_json(add_command(group, "show", "why a case is what it is, and who decides it", show_case))
    show.add_argument("--for", dest="case_id", required=True, metavar="CASE")
    show.add_argument("--policy", type=Path, help=FILE_HELP)
    help_text = "what another policy would have made of the cases that are stored"
    trial = add_json(add_command(group, "backtest", help_text, try_policy))
    tried = trial.add_mutually_exclusive_group(required=True)
    tried.add_argument("--policy", type=Path, metavar="NEW", help="the policy that is tried")
    tried.add_argument("--shadow", action="store_true", help="count what POLICY_SHADOW_FILE has recorded instead")
    trial.add_argument("--since", type=_span, default="90d", help="how far back: 90d, 12h (default 90d)")


def check_file(args: argparse.Namespace) -> int:
    """Print every fault of the policy file with its line; return 1 if there is one."""
    path = args.policy or read_places(DOTENV).policy_file
    version, faults = "", tuple[str, ...]()
    try:
        version = read_policy_file(path).version
    except ConfigFaults as error:
        faults = error.faults
    if args.json:
        print(as_json({"ok": True, "version": version} if version else {"ok": False, "faults": list(faults)}))
    else:
        print(*faults or (f"{path} is fine: version {version}.",), sep="\n")
    return 0 if version else 1


def show_case(args: argparse.Namespace) -> int:
    """Print why a case stands as it does under the policy; return 1 if there is no such case."""
    policy = read_policy_file(args.policy or read_places(DOTENV).policy_file)
    found = with_database(lambda db: look(db, policy, args.case_id, utc_now()))
    if found is None:
        return no_such_case(args.case_id)
    explained, proposal = found
    print(as_json(explained.model_dump(mode="json")) if args.json else story(explained, proposal))
    return 0


def try_policy(args: argparse.Namespace) -> int:
    """Print what another policy would have decided, or what the shadow policy has recorded."""
    places, until = read_places(DOTENV), utc_now()
    since = until - args.since
    if args.shadow:
        seen = with_database(lambda db: db.read(lambda store: shadow.seen(store, since)))
        print(as_json(seen.model_dump(mode="json")) if args.json else shadow_text(seen))
        return 0
    trial = Trial(read_policy_file(places.policy_file), read_policy_file(args.policy, "--policy"))
    report = backtest(places.database_url, trial, since=since, until=until, processes=cores())
    print(as_json(report.model_dump(mode="json")) if args.json else backtest_text(report))
    return 0


def _span(text: str) -> timedelta:
    try:
        return duration(text)
    except ValueError as wrong:
        raise argparse.ArgumentTypeError(str(wrong)) from None
