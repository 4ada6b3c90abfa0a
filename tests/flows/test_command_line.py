"""Run the commands as an operator does, also while the bot runs: what they print, and their exit codes."""

import sqlite3
from contextlib import closing
from pathlib import Path

import pytest

from storage import open_database
from tests.support.shell import Shell
from tests.support.world import ANA, POLICY, SECRETS, World

APPROVE = "case.approve"
COMMANDS = (
    "demo",
    "serve",
    "check",
    "policy check",
    "policy show",
    "policy backtest",
    "cases list",
    "cases search",
    "cases show",
    "cases export",
    "audit verify",
    "audit export",
    "backup",
)


@pytest.mark.parametrize("command", ["", *COMMANDS])
def test_every_command_explains_itself(shell: Shell, command: str) -> None:
    ran = shell.run(*command.split(), "--help")
    assert ran.code == 0
    assert ran.out.startswith("usage: countersign")
    assert len(ran.out.splitlines()) > 3


@pytest.mark.parametrize(
    "words", ["", "nonsense", "cases", "cases show", "policy check --nonsense", "cases list --limit x"]
)
def test_wrong_use_exits_with_two(shell: Shell, words: str) -> None:
    ran = shell.run(*words.split())
    assert ran.code == 2
    assert "usage: countersign" in ran.err


@pytest.mark.parametrize(
    "words",
    [
        "cases list",
        "cases export",
        "cases show C-1",
        "audit verify",
        "backup copy.db",
        f"policy backtest --policy {POLICY}",
        "policy show --for C-1",
    ],
)
def test_a_database_that_is_not_there_is_said_and_not_made(
    shell: Shell, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, words: str
) -> None:
    monkeypatch.setenv("POLICY_FILE", str(POLICY))
    ran = shell.run(*words.split())
    assert ran.code == 2
    assert "There is no database" in ran.err
    assert list(tmp_path.iterdir()) == []


def test_the_database_may_be_named_by_a_file(shell: Shell, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.delenv("DATABASE_URL")
    (tmp_path / "url").write_text(f"sqlite:///{tmp_path / 'elsewhere.db'}\n", encoding="utf-8")
    monkeypatch.setenv("DATABASE_URL_FILE", str(tmp_path / "url"))
    assert "elsewhere.db" in shell.run("cases", "list").err


def test_a_good_policy_is_named_with_its_version(shell: Shell) -> None:
    ran = shell.run("policy", "check", "--policy", str(POLICY))
    told = shell.run("policy", "check", "--policy", str(POLICY), "--json")
    assert (ran.code, told.code) == (0, 0)
    assert told.json["ok"] is True
    assert f"version {told.json['version']}" in ran.out


def test_a_wrong_policy_falls_short_with_every_line(shell: Shell, tmp_path: Path) -> None:
    wrong = tmp_path / "wrong.toml"
    wrong.write_text('[channels]\nreview = "finance"\n[groups]\nfinance = 7\n', encoding="utf-8")
    ran = shell.run("policy", "check", "--policy", str(wrong))
    told = shell.run("policy", "check", "--policy", str(wrong), "--json")
    assert (ran.code, told.code) == (1, 1)
    assert told.json["ok"] is False
    assert ran.out.splitlines() == told.json["faults"]
    assert any("2" in fault and "review" in fault for fault in told.json["faults"])
    assert any("4" in fault and "finance" in fault for fault in told.json["faults"])


def test_the_policy_of_the_environment_is_the_one_that_is_checked(
    shell: Shell, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("POLICY_FILE", str(tmp_path / "mine.toml"))
    ran = shell.run("policy", "check")
    assert ran.code == 1
    assert "mine.toml" in ran.out
    monkeypatch.setenv("POLICY_FILE", str(POLICY))
    assert shell.run("policy", "check").code == 0


async def test_cases_are_listed_searched_shown_and_exported_while_the_bot_runs(
    sqlite_world: World, shell: Shell
) -> None:
    refund = await sqlite_world.case_of(await sqlite_world.call("refund-duplicate"))
    brand = await sqlite_world.case_of(await sqlite_world.call("brand-create"))
    listed = await shell.beside("cases", "list")
    assert listed.code == 0
    for words in (refund.case_id, brand.case_id, "129.50 USD", "not stated", "Dana Ortiz", "open"):
        assert words in listed.out
    assert {case["case_id"] for case in (await shell.beside("cases", "list", "--json")).json} == {
        refund.case_id,
        brand.case_id,
    }
    assert len((await shell.beside("cases", "list", "--limit", "1", "--json")).json) == 1
    for text in (refund.case_id, "INV-20418", "pi_DUPLICATE", "Dana", "call_demo_refund_duplicate"):
        found = (await shell.beside("cases", "search", text, "--json")).json
        assert [case["case_id"] for case in found] == [refund.case_id], text
    assert (await shell.beside("cases", "search", "nobody")).out == "No cases.\n"
    exported = await shell.beside("cases", "export")
    assert {case["case_id"] for case in exported.json_lines} == {refund.case_id, brand.case_id}


async def test_a_case_is_shown_with_its_steps_and_its_history(sqlite_world: World, shell: Shell) -> None:
    case, card = await sqlite_world.opened("brand-create", "finance-brands")
    await sqlite_world.press(ANA, "finance-brands", card, APPROVE)
    key = (await sqlite_world.state(case.case_id, "done")).executions[0].key
    shown = await shell.beside("cases", "show", case.case_id)
    assert shown.code == 0
    for words in (case.case_id, case.root, "Juniper & Sage Tea House", key, ANA, "Done: every step"):
        assert words in shown.out, words
    told = (await shell.beside("cases", "show", case.case_id, "--json")).json
    assert told["case"]["state"] == "done"
    assert [entry["n"] for entry in told["history"]] == list(range(1, len(told["history"]) + 1))
    missing = await shell.beside("cases", "show", "C-0000000000")
    assert (missing.code, missing.out) == (1, "")
    assert "There is no case C-0000000000." in missing.err


async def test_the_history_of_a_case_is_exported_line_by_line(sqlite_world: World, shell: Shell) -> None:
    case = await sqlite_world.case_of(await sqlite_world.call("refund-small"))
    exported = await shell.beside("audit", "export", case.case_id)
    assert exported.code == 0
    assert [entry["entry"]["what"] for entry in exported.json_lines][:2] == ["call.received", "case.opened"]
    missing = await shell.beside("audit", "export", "C-0000000000")
    assert (missing.code, missing.out) == (1, "")
    assert "There is no case" in missing.err


async def test_a_whole_history_is_verified_while_the_bot_runs(sqlite_world: World, shell: Shell) -> None:
    await sqlite_world.case_of(await sqlite_world.call("refund-small"))
    await sqlite_world.app.jobs.seal()
    ran = await shell.beside("audit", "verify")
    assert ran.code == 0
    assert ran.out.startswith("Whole: ")
    told = (await shell.beside("audit", "verify", "--json")).json
    assert told["broken"] is None
    assert told["seals"] == 1
    assert told["cases"] == 1


async def test_a_history_that_was_tampered_with_is_named_by_its_first_broken_entry(
    sqlite_world: World, shell: Shell, tmp_path: Path
) -> None:
    case, _ = await sqlite_world.opened("refund-small", "finance-refunds")
    await sqlite_world.app.stop()
    with closing(sqlite3.connect(tmp_path / "bot.db")) as file:
        triggers = file.execute("SELECT name FROM sqlite_master WHERE type = 'trigger' AND tbl_name = 'audit'")
        for (name,) in triggers.fetchall():
            file.execute(f"DROP TRIGGER {name}")
        file.execute("UPDATE audit SET sentence = 'Nothing happened.' WHERE n = 2")
        file.commit()
    ran = await shell.beside("audit", "verify")
    assert ran.code == 1
    assert f"BROKEN: entry 2 of case {case.case_id} was altered" in ran.out
    told = await shell.beside("audit", "verify", "--json")
    assert told.code == 1
    assert f"entry 2 of case {case.case_id}" in told.json["broken"]


async def test_a_backup_while_the_bot_runs_is_whole(sqlite_world: World, shell: Shell, tmp_path: Path) -> None:
    case = await sqlite_world.case_of(await sqlite_world.call("refund-small"))
    copy = tmp_path / "copy.db"
    assert (await shell.beside("backup", str(copy))).code == 0
    await sqlite_world.call("brand-create")  # the bot goes on
    await sqlite_world.card("finance-brands")
    database = await open_database(f"sqlite:///{copy}", read_only=True)
    cases = await database.read(lambda store: store.find_cases())
    verified = await database.read(lambda store: store.verify())
    await database.close()
    assert [found.case_id for found in cases] == [case.case_id]
    assert verified.broken is None
    again = await shell.beside("backup", str(copy))  # an older backup is never written over
    assert again.code == 2


def configure(world: World, monkeypatch: pytest.MonkeyPatch) -> None:
    for name, value in (SECRETS | {"stripe_api_key": "rk_test_sandbox"}).items():
        monkeypatch.setenv(name.upper(), value)
    monkeypatch.setenv("SLACK_API_URL", f"{world.page}/slack/api/")
    monkeypatch.setenv("FIDEL_API_URL", f"{world.page}/fidel/v1")
    monkeypatch.setenv("STRIPE_API_URL", f"{world.page}/stripe")
    monkeypatch.setenv("POLICY_FILE", str(POLICY))


async def test_check_with_a_revoked_token_says_which_variable_to_mend(
    sqlite_world: World, shell: Shell, monkeypatch: pytest.MonkeyPatch
) -> None:
    configure(sqlite_world, monkeypatch)
    await sqlite_world.fault("slack", "revoked_token")
    ran = await shell.beside("check")
    assert ran.code == 1
    (fault,) = [line for line in ran.out.splitlines() if line.startswith("FAULT")]
    assert "token_revoked" in fault
    assert "SLACK_BOT_TOKEN" in fault
    assert "Fidel" in ran.out  # the others are asked all the same


async def test_check_names_every_channel_and_group_that_is_not_there(
    sqlite_world: World, shell: Shell, monkeypatch: pytest.MonkeyPatch
) -> None:
    configure(sqlite_world, monkeypatch)
    del sqlite_world.sandbox_slack["channels"]["C0VIP00001"]
    sqlite_world.sandbox_slack["groups"]["S0LEADS001"]["members"].clear()
    del sqlite_world.sandbox_slack["groups"]["S0FINANCE1"]
    told = await shell.beside("check", "--json")
    assert told.code == 1
    faults = {line["what"]: line["says"] for line in told.json if not line["ok"]}
    assert {what for what in faults if not what.startswith("kind ")} == {"channel vip", "group leads", "group finance"}
    assert 'channel "vip" cannot be used' in faults["kind vip_blocker"]
    assert 'owner "finance" has nobody' in faults["kind refund"]
    assert "Invite the bot" in faults["channel vip"]
    assert "nobody is in it" in faults["group leads"]
    assert "@finance-approvers" in faults["group finance"]


async def test_check_with_nothing_set_names_what_is_missing(shell: Shell, monkeypatch: pytest.MonkeyPatch) -> None:
    for name in SECRETS:
        monkeypatch.delenv(name.upper(), raising=False)
    ran = await shell.beside("check")
    assert ran.code == 2
    for name in SECRETS:
        assert name.upper() in ran.err
