"""Which customers get special care."""

from collections.abc import Iterable, Sequence

from bot.core.model import Details, Fact
from bot.core.policy.model import Policy


def is_vip(policy: Policy, details: Details, facts: Iterable[Fact] = ()) -> bool:
    """By the flag on the call, by the e-mail or account that the policy lists, whatever their case, or by HubSpot."""
    fields = details.fields
    return (
        fields.vip is True
        or _listed(fields.email, policy.vip.emails)
        or _listed(fields.account_id, policy.vip.accounts)
        or any(fact.name == "contact" and fact.values.get("vip") is True for fact in facts)
    )


def _listed(value: str | None, listed: Sequence[str]) -> bool:
    return value is not None and value.strip().casefold() in {entry.strip().casefold() for entry in listed}
