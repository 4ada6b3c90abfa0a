"""Read the environment into Settings and list every fault. Each secret may also come as `<NAME>_FILE`."""

import os
from collections.abc import Mapping
from pathlib import Path
from typing import Annotated, Any, TypeVar

from pydantic import AnyHttpUrl, BeforeValidator, Field, SecretStr, ValidationError
from pydantic.fields import FieldInfo
from pydantic_settings import BaseSettings, NoDecode, PydanticBaseSettingsSource, SettingsConfigDict

from bot.core.policy import Policy
from bot.core.policy.file import PolicyFaults, read_policy


class ConfigFaults(Exception):
    """List everything that is wrong with environment and policy, a line each, with what to do."""

    def __init__(self, faults: tuple[str, ...]) -> None:
        super().__init__("\n".join(faults))
        self.faults = faults


def _split(value: object) -> object:
    return tuple(part.strip() for part in value.split(",") if part.strip()) if isinstance(value, str) else value


Secrets = Annotated[tuple[SecretStr, ...], NoDecode, BeforeValidator(_split)]


class FromFiles(PydanticBaseSettingsSource):
    """Read a value from the file that `<NAME>_FILE` names, as containers hand out secrets."""

    def get_field_value(self, field: FieldInfo, field_name: str) -> tuple[Any, str, bool]:
        path = os.environ.get(f"{field_name.upper()}_FILE")
        try:
            return (Path(path).read_text(encoding="utf-8").strip() if path else None), field_name, False
        except (OSError, UnicodeDecodeError):  # listed with everything else that is wrong, by `_unreadable`
            return None, field_name, False

    def __call__(self) -> dict[str, Any]:
        values = {name: self.get_field_value(field, name)[0] for name, field in self.settings_cls.model_fields.items()}
        return {name: value for name, value in values.items() if value}


class Places(BaseSettings):
    """Say where rows and rules are: all that looking at them needs, without any token."""

    model_config = SettingsConfigDict(frozen=True, extra="ignore", env_ignore_empty=True, hide_input_in_errors=True)

    database_url: str = "sqlite:///countersign.db"
    policy_file: Path = Path("policy.toml")
    policy_shadow_file: Path | None = None  # only records what it would have done

    @classmethod
    def settings_customise_sources(
        cls,
        settings_cls: type[BaseSettings],
        init_settings: PydanticBaseSettingsSource,
        env_settings: PydanticBaseSettingsSource,
        dotenv_settings: PydanticBaseSettingsSource,
        file_secret_settings: PydanticBaseSettingsSource,
    ) -> tuple[PydanticBaseSettingsSource, ...]:
        return init_settings, env_settings, FromFiles(settings_cls), dotenv_settings


class Systems(Places):
    """Hold the settings of the systems beside Slack and DialNexa; one without settings leaves its steps to people."""

    fidel_api_key: SecretStr = Field(min_length=1)
    fidel_api_url: str = "https://api.fidel.uk/v1"
    fidel_webhook_secrets: Secrets = ()
    fidel_reimbursement: bool = False

    stripe_api_key: SecretStr | None = None
    stripe_api_url: str = "https://api.stripe.com"
    stripe_webhook_secret: Secrets = ()

    zendesk_api_url: str | None = None
    zendesk_client_id: str | None = None
    zendesk_client_secret: SecretStr | None = None

    quickbooks_api_url: str = "https://quickbooks.api.intuit.com"
    quickbooks_token_url: str = "https://oauth.platform.intuit.com/oauth2/v1/tokens/bearer"  # noqa: S105 - an address
    quickbooks_realm_id: str | None = None
    quickbooks_client_id: str | None = None
    quickbooks_client_secret: SecretStr | None = None
    quickbooks_refresh_token: SecretStr | None = None
    quickbooks_refund_item_id: str | None = None
    quickbooks_refund_account_id: str | None = None
    quickbooks_tax_code: str = "NON"

    hubspot_api_url: str = "https://api.hubapi.com"
    hubspot_access_token: SecretStr | None = None
    hubspot_account_property: str | None = None
    hubspot_vip_property: str = "vip"
    hubspot_renewals: str | None = None

    google_api_url: str | None = None  # None: Google's own hosts
    google_service_account: SecretStr | None = None  # the JSON key file's text
    google_drive_folder: str | None = None
    google_shared_drive: str | None = None
    google_acts_as: str | None = None
    google_spreadsheet: str | None = None
    google_mailbox: str | None = None

    def together(self) -> tuple[tuple[str, ...], ...]:
        """Return the groups of settings that mean nothing without each other."""
        google = tuple(f"google_{name}" for name in ("drive_folder", "spreadsheet", "mailbox") if self._has(name))
        return (
            ("zendesk_api_url", "zendesk_client_id", "zendesk_client_secret"),
            tuple(f"quickbooks_{name}" for name in ("realm_id", "client_id", "client_secret", "refresh_token")),
            *((name, "google_service_account") for name in google),
        )

    def _has(self, name: str) -> bool:
        return getattr(self, f"google_{name}") is not None


class Settings(Systems):
    """Hold all that the environment says. Fields are the variables of section 6 of the design in lower case."""

    host: str = "127.0.0.1"
    port: int = Field(default=3000, ge=0, le=65535)
    public_url: AnyHttpUrl | None = None
    facts_deadline_s: float = Field(default=2.0, gt=0, le=30)

    slack_bot_token: SecretStr = Field(min_length=1)
    slack_signing_secret: SecretStr = Field(min_length=1)
    slack_app_token: SecretStr | None = None
    slack_api_url: str = "https://slack.com/api/"
    slack_channel_pace: float = Field(default=1.0, ge=0)

    dialnexa_webhook_secret: Secrets = Field(min_length=1)


P = TypeVar("P", bound=Places)

WHAT_IT_IS: Mapping[str, str] = {
    "slack_bot_token": "the bot token (xoxb-…) from “OAuth & Permissions” of your Slack app",
    "slack_signing_secret": "the signing secret from “Basic Information” of your Slack app",
    "dialnexa_webhook_secret": "the webhook secret from the Keys page of DialNexa; several, by comma, while rotating",
    "fidel_api_key": "the secret key (sk_test_… or sk_live_…) from the Fidel dashboard",
}


def read_settings(dotenv: Path | None = None) -> Settings:
    """Read all settings. A real variable wins over `.env`. Raises ConfigFaults naming every faulty variable."""
    return _read(Settings, dotenv)


def read_places(dotenv: Path | None = None) -> Places:
    """Read the settings that need no token. Raises ConfigFaults as `read_settings` does."""
    return _read(Places, dotenv)


def _read(kind: type[P], dotenv: Path | None) -> P:
    faults = _unreadable(kind)
    try:
        read = kind(_env_file=dotenv)
    except ValidationError as errors:
        found = {str(error["loc"][0]): (error["type"], error["msg"]) for error in errors.errors()}
        faults |= {name: _fault(name, *what) for name, what in found.items() if name not in faults}
    else:
        faults |= _halves(read) if isinstance(read, Systems) else {}
        if not faults:
            return read
    raise ConfigFaults(tuple(faults.values()))


def _unreadable(kind: type[Places]) -> dict[str, str]:
    """Return, by the name of the setting, why its `_FILE` says nothing."""
    faults: dict[str, str] = {}
    for name in kind.model_fields:
        variable = f"{name.upper()}_FILE"
        try:
            if (path := os.environ.get(variable)) and not Path(path).read_text(encoding="utf-8").strip():
                faults[name] = f"{variable}: the file is empty."
        except (OSError, UnicodeDecodeError) as error:
            faults[name] = f"{variable}: the file cannot be read ({type(error).__name__})."
    return faults


def _halves(read: Systems) -> dict[str, str]:
    """Return, by the name of the setting, what is missing for a system that is configured in part."""
    faults: dict[str, str] = {}
    for names in read.together():
        lacking = [name for name in names if getattr(read, name) is None]
        if lacking and len(lacking) < len(names):
            given = next(name for name in names if name not in lacking)
            faults |= {name: f"{name.upper()} is not set, but {given.upper()} is. Set both." for name in lacking}
    return faults


def _fault(name: str, kind: str, message: str) -> str:
    variable, what = name.upper(), WHAT_IT_IS.get(name)
    if kind == "missing":
        return f"{variable} is not set. Set it to {what}." if what else f"{variable} is not set."
    return f"{variable}: {message}." + (f" It is {what}." if what else "")


def read_policies(places: Places) -> Policy:
    """Read the policy in force, with its shadow if there is one. Raises ConfigFaults with every fault of both files."""
    found: list[Policy] = []
    faults: list[str] = []
    named = ("POLICY_FILE", places.policy_file), ("POLICY_SHADOW_FILE", places.policy_shadow_file)
    for variable, path in named:
        try:
            found += [read_policy_file(path, variable)] if path else []
        except ConfigFaults as wrong:
            faults += wrong.faults
    if faults:
        raise ConfigFaults(tuple(faults))
    return found[0].with_shadow(found[1]) if len(found) > 1 else found[0]


def read_policy_file(path: Path, variable: str = "POLICY_FILE") -> Policy:
    """Read a policy file that `variable` names. Raises ConfigFaults with every fault of the file and its line."""
    try:
        text = path.read_text(encoding="utf-8")
    except (OSError, UnicodeDecodeError) as error:
        raise ConfigFaults((f"{variable}: {path} cannot be read ({type(error).__name__}).",)) from None
    try:
        return read_policy(text, str(path))
    except PolicyFaults as faults:
        raise ConfigFaults(tuple(str(fault) for fault in faults.faults)) from None
