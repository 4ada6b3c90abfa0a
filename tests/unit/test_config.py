"""Read the environment into settings, and name all its faults at once, without secrets."""

import os
from pathlib import Path

import pytest

from bot.config import ConfigFaults, Settings, read_places, read_policy_file, read_settings
from tests.support.places import SHIPPED_POLICY

NEEDED = {
    "SLACK_BOT_TOKEN": "xoxb-made-up",
    "SLACK_SIGNING_SECRET": "made-up-signing",
    "DIALNEXA_WEBHOOK_SECRET": "made-up-webhook",
    "FIDEL_API_KEY": "sk_test_made_up",
}
POLICY = SHIPPED_POLICY


@pytest.fixture
def environment(monkeypatch: pytest.MonkeyPatch) -> pytest.MonkeyPatch:
    """Set nothing but what the settings need."""
    for name in os.environ:
        if name.removesuffix("_FILE").lower() in Settings.model_fields:
            monkeypatch.delenv(name)
    for name, value in NEEDED.items():
        monkeypatch.setenv(name, value)
    return monkeypatch


def faults() -> tuple[str, ...]:
    with pytest.raises(ConfigFaults) as caught:
        read_settings()
    return caught.value.faults


def test_four_secrets_are_enough(environment: pytest.MonkeyPatch) -> None:
    settings = read_settings()
    assert settings.database_url == "sqlite:///countersign.db"
    assert (settings.host, settings.port) == ("127.0.0.1", 3000)
    assert settings.slack_api_url == "https://slack.com/api/"
    assert settings.slack_channel_pace == 1
    assert settings.fidel_api_url == "https://api.fidel.uk/v1"
    assert not settings.fidel_reimbursement
    assert settings.stripe_api_key is None
    assert settings.slack_app_token is None


def test_everything_about_slack_is_read(environment: pytest.MonkeyPatch) -> None:
    environment.setenv("SLACK_API_URL", "http://127.0.0.1:4000/slack/api/")
    environment.setenv("SLACK_CHANNEL_PACE", "0.5")
    environment.setenv("SLACK_APP_TOKEN", "xapp-made-up")
    settings = read_settings()
    assert settings.slack_bot_token.get_secret_value() == "xoxb-made-up"
    assert settings.slack_signing_secret.get_secret_value() == "made-up-signing"
    assert settings.slack_app_token is not None
    assert settings.slack_app_token.get_secret_value() == "xapp-made-up"
    assert settings.slack_api_url == "http://127.0.0.1:4000/slack/api/"
    assert settings.slack_channel_pace == 0.5


@pytest.mark.parametrize(("given", "read"), [("a", ["a"]), ("a,b", ["a", "b"]), (" a , b ,", ["a", "b"])])
def test_webhook_secrets_are_separated_by_commas(environment: pytest.MonkeyPatch, given: str, read: list[str]) -> None:
    environment.setenv("DIALNEXA_WEBHOOK_SECRET", given)
    assert [secret.get_secret_value() for secret in read_settings().dialnexa_webhook_secret] == read


@pytest.mark.parametrize(
    ("given", "read"), [("off", False), ("false", False), ("on", True), ("true", True), ("", False)]
)
def test_reimbursement_is_a_switch(environment: pytest.MonkeyPatch, given: str, read: bool) -> None:
    environment.setenv("FIDEL_REIMBURSEMENT", given)
    assert read_settings().fidel_reimbursement is read


@pytest.mark.parametrize("name", NEEDED)
def test_every_secret_may_come_from_a_file(environment: pytest.MonkeyPatch, tmp_path: Path, name: str) -> None:
    secret = tmp_path / "secret"
    secret.write_text("from-a-file\n", encoding="utf-8")
    environment.delenv(name)
    environment.setenv(f"{name}_FILE", str(secret))
    value = getattr(read_settings(), name.lower())
    assert "from-a-file" in [one.get_secret_value() for one in (value if isinstance(value, tuple) else (value,))]


def test_a_variable_wins_over_its_file_and_a_file_over_dotenv(environment: pytest.MonkeyPatch, tmp_path: Path) -> None:
    secret, dotenv = tmp_path / "secret", tmp_path / ".env"
    secret.write_text("from-a-file", encoding="utf-8")
    dotenv.write_text("FIDEL_API_KEY=from-dotenv\nPORT=3999\n", encoding="utf-8")
    environment.setenv("FIDEL_API_KEY_FILE", str(secret))
    assert read_settings(dotenv).fidel_api_key.get_secret_value() == "sk_test_made_up"
    environment.delenv("FIDEL_API_KEY")
    assert read_settings(dotenv).fidel_api_key.get_secret_value() == "from-a-file"
    environment.delenv("FIDEL_API_KEY_FILE")
    settings = read_settings(dotenv)
    assert settings.fidel_api_key.get_secret_value() == "from-dotenv"
    assert settings.port == 3999


def test_looking_needs_no_token(environment: pytest.MonkeyPatch, tmp_path: Path) -> None:
    for name in NEEDED:
        environment.delenv(name)
    url = tmp_path / "url"
    url.write_text("postgresql://made-up@db.example.com/countersign", encoding="utf-8")
    environment.setenv("DATABASE_URL_FILE", str(url))
    environment.setenv("POLICY_FILE", "rules.toml")
    places = read_places()
    assert places.database_url == "postgresql://made-up@db.example.com/countersign"
    assert places.policy_file == Path("rules.toml")


def test_every_missing_variable_is_named_with_what_it_is(environment: pytest.MonkeyPatch) -> None:
    for name in NEEDED:
        environment.delenv(name)
    found = faults()
    assert len(found) == len(NEEDED)
    for name in NEEDED:
        (sentence,) = [fault for fault in found if fault.startswith(name)]
        assert "is not set" in sentence
        assert "Set it to the" in sentence


def test_an_empty_variable_is_a_missing_one(environment: pytest.MonkeyPatch) -> None:
    environment.setenv("SLACK_SIGNING_SECRET", "")
    environment.setenv("DIALNEXA_WEBHOOK_SECRET", " , ")
    assert [fault.split()[0].strip(":") for fault in faults()] == ["SLACK_SIGNING_SECRET", "DIALNEXA_WEBHOOK_SECRET"]


def test_faults_of_every_kind_are_listed_together(environment: pytest.MonkeyPatch, tmp_path: Path) -> None:
    empty = tmp_path / "empty"
    empty.write_text("\n", encoding="utf-8")
    for name in ("FIDEL_API_KEY", "SLACK_BOT_TOKEN", "SLACK_SIGNING_SECRET"):
        environment.delenv(name)
    environment.setenv("FIDEL_API_KEY_FILE", str(tmp_path / "nowhere"))
    environment.setenv("SLACK_BOT_TOKEN_FILE", str(empty))
    environment.setenv("PORT", "three thousand")
    environment.setenv("SLACK_CHANNEL_PACE", "-1")
    environment.setenv("PUBLIC_URL", "countersign")
    said = sorted(fault.split(":")[0].split()[0] for fault in faults())
    assert said == [
        "FIDEL_API_KEY_FILE",
        "PORT",
        "PUBLIC_URL",
        "SLACK_BOT_TOKEN_FILE",
        "SLACK_CHANNEL_PACE",
        "SLACK_SIGNING_SECRET",
    ]


def test_a_file_that_is_no_text_is_a_fault_of_its_own(environment: pytest.MonkeyPatch, tmp_path: Path) -> None:
    secret = tmp_path / "secret"
    secret.write_bytes(b"\xff\xfe\x00")
    environment.setenv("STRIPE_API_KEY_FILE", str(secret))
    assert faults() == ("STRIPE_API_KEY_FILE: the file cannot be read (UnicodeDecodeError).",)


def test_no_secret_is_in_a_fault_or_in_the_settings_as_printed(environment: pytest.MonkeyPatch) -> None:
    printed = repr(read_settings()) + str(read_settings())
    environment.setenv("PORT", "sk_test_made_up")  # pasted into the wrong line
    environment.setenv("SLACK_CHANNEL_PACE", "made-up-webhook")
    said = "\n".join(faults())
    assert "PORT" in said
    for secret in NEEDED.values():
        assert secret not in printed
        assert secret not in said


def test_a_policy_that_is_not_there_is_a_fault_with_its_path(tmp_path: Path) -> None:
    with pytest.raises(ConfigFaults, match="nowhere"):
        read_policy_file(tmp_path / "nowhere.toml")
