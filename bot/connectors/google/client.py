"""Give Drive, Sheets and Gmail what they share: addresses, the service account's credential, connections.

Each connector has a credential of its own, so that each asks for its own scopes only. A service account has no mailbox
and no storage: Gmail acts as a mailbox (domain-wide delegation), Drive stores in a shared drive or acts as a user.
Section 3 of the connector reference.
"""

from collections.abc import Callable
from datetime import datetime
from functools import lru_cache
from typing import Annotated, Any, Final, NamedTuple, Unpack

from joserfc import jwt
from joserfc.errors import JoseError
from joserfc.jwk import RSAKey
from pydantic import AfterValidator, ConfigDict, Field, SecretStr, StringConstraints
from pydantic.alias_generators import to_camel

from bot.connectors import base
from bot.connectors.google.refusals import refusal_of
from bot.connectors.oauth import Assertion
from bot.core.model import Frozen
from bot.http.client import Http, Wiring

SETTING: Final = "GOOGLE_SERVICE_ACCOUNT"
REQUEST_ID: Final = "X-GUploader-UploadID"  # the one id that Google gives back, and only for uploads
AUDIENCE: Final = "https://oauth2.googleapis.com/token"  # also where the token is fetched elsewhere: a proxy, a test
LASTS_S: Final = 3600  # the longest that Google allows
ID: Final = r"^[A-Za-z0-9_-]{5,200}$"  # of a file, a folder, a spreadsheet, a thread
ADDRESS: Final = r"^[A-Za-z0-9_.!#$%&'*+/=?^`{|}~-]+@[A-Za-z0-9-]+(\.[A-Za-z0-9-]+)+$"

DRIVE: Final = "https://www.googleapis.com/auth/drive"  # drive.file does not reach a folder that people made
DRIVE_READ: Final = "https://www.googleapis.com/auth/drive.readonly"
SHEETS: Final = "https://www.googleapis.com/auth/spreadsheets"
MAIL_SEND: Final = "https://www.googleapis.com/auth/gmail.compose"
MAIL_READ: Final = "https://www.googleapis.com/auth/gmail.readonly"


def one_line(text: str) -> str:
    """Return the text. Raises ValueError for what could begin a header of its own."""
    if not text.isprintable():
        raise ValueError("has to be one line of plain text")
    return text


GoogleId = Annotated[str, StringConstraints(pattern=ID)]
OneLine = Annotated[
    str, StringConstraints(strip_whitespace=True, min_length=1, max_length=200), AfterValidator(one_line)
]
# One address, without a name: a comma or a bracket could make it two
Mailbox = Annotated[str, StringConstraints(pattern=ADDRESS, max_length=254)]


class Hosts(NamedTuple):
    token: str
    drive: str
    sheets: str
    gmail: str


def hosts(base_url: str | None) -> Hosts:
    """Return Google's own hosts, or one address that stands for all of them."""
    if not base_url:
        drive, sheets, gmail = (f"https://{name}.googleapis.com" for name in ("www", "sheets", "gmail"))
        return Hosts(AUDIENCE, drive, sheets, gmail)
    base = base_url.rstrip("/")
    return Hosts(f"{base}/token", base, f"{base}/sheets", base)


class Record(base.Record):
    model_config = ConfigDict(alias_generator=to_camel)


class ServiceAccount(base.Record):
    """Hold a service account's key file, as Google hands it out."""

    client_email: str
    private_key: str = Field(repr=False)  # PEM
    private_key_id: str

    @classmethod
    def from_key_file(cls, text: str) -> "ServiceAccount":
        """Parse the file. Raises ValueError, without quoting anything, for a text that is none or holds no RSA key."""
        try:
            account = cls.model_validate_json(text)
            _rsa_key(account.private_key)
        except (ValueError, JoseError):
            raise ValueError(f"{SETTING} is not the JSON key file of a service account") from None
        return account


@lru_cache(maxsize=4)
def _rsa_key(pem: str) -> RSAKey:
    """Return a checked key; checking takes some 50 ms, and three connectors sign with the same one."""
    return RSAKey.import_key(pem)


def assertion(account: ServiceAccount, scopes: tuple[str, ...], acts_as: str | None) -> Callable[[datetime], str]:
    """Return what signs the JWT that Google exchanges for an access token, for a moment in aware UTC."""
    key = _rsa_key(account.private_key)
    header = {"alg": "RS256", "typ": "JWT", "kid": account.private_key_id}

    def signed(at: datetime) -> str:
        issued = int(at.timestamp())
        claims: dict[str, Any] = {"iss": account.client_email, "scope": " ".join(scopes), "aud": AUDIENCE}
        claims |= {"iat": issued, "exp": issued + LASTS_S} | ({"sub": acts_as} if acts_as else {})
        return jwt.encode(header, claims, key)

    return signed


class GoogleSettings(Frozen):
    """Hold what the three share: the text of the JSON key file, and an address that stands for all of Google's."""

    service_account: SecretStr
    api_url: str | None = None

    def account(self) -> ServiceAccount:
        """Return the parsed key file. Raises ValueError, without quoting anything, where it is none."""
        return ServiceAccount.from_key_file(self.service_account.get_secret_value())


def google_http(
    title: str,
    account: ServiceAccount,
    scopes: tuple[str, ...],
    host: str,
    token_url: str,
    *,
    acts_as: str | None = None,
    **wiring: Unpack[Wiring],
) -> Http:
    """Return the connections of one API, with a credential for these scopes only."""
    lent = f"{SETTING} and its domain-wide delegation (scopes {' '.join(scopes)})" if acts_as else SETTING
    signed = assertion(account, scopes, acts_as)
    credential = Assertion("Google", token_url, signed, settings=lent, **wiring)
    refusal = refusal_of(title, account.client_email, scopes)
    return Http(title, host, {}, refusal, SETTING, REQUEST_ID, credential=credential, **wiring)
