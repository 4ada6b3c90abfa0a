"""Store what links cases: keys of what they are about, and what was approved to be paid."""

from collections.abc import Iterable
from datetime import datetime

from bot.core.model import Frozen, Kind, Money
from storage.audit import History
from storage.session import json_list, to_text, to_time

ADD_KEY = "INSERT INTO case_keys (key, case_id) VALUES (:key, :case_id) ON CONFLICT DO NOTHING"
WITH_KEYS = """
SELECT k.case_id, k.key FROM case_keys AS k JOIN cases AS c ON c.case_id = k.case_id
WHERE k.key IN ({ids}) AND c.opened_at >= :since ORDER BY c.opened_at, k.case_id, k.key
"""
HOLD = "{hold}"
ADD_PAYOUT = """
INSERT INTO payouts (case_id, version, kind, customer, amount_minor, currency, approved_at, automatic)
VALUES (:case_id, :version, :kind, :customer, :amount_minor, :currency, :approved_at, :automatic)
ON CONFLICT (case_id) DO NOTHING
"""
PAYOUTS = """
SELECT case_id, version, kind, customer, amount_minor, currency, approved_at, automatic FROM payouts
WHERE case_id IN ({ids}) ORDER BY approved_at, case_id
"""
TO_CUSTOMER = """
SELECT COALESCE(SUM(amount_minor), 0) FROM payouts
WHERE customer = :customer AND currency = :currency AND approved_at > :since
"""
# Whoever stands in for somebody spends what that one may spend; ids of people stand in the list in double quotes.
BY_APPROVER = """
SELECT COALESCE(SUM(p.amount_minor), 0) FROM payouts AS p
JOIN decisions AS d ON d.case_id = p.case_id AND d.version = p.version
WHERE p.approved_at > :since AND p.currency = :currency AND d.verdict = 'approve'
  AND (d.user_id = :user_id OR d.data LIKE :stood_in)
"""
AUTOMATIC = """
SELECT COALESCE(SUM(amount_minor), 0) FROM payouts
WHERE automatic = 1 AND kind = :kind AND currency = :currency AND approved_at > :since
"""


class Payout(Frozen):
    """Describe what a case was approved to pay; it stays where the payment is settled in another way."""

    case_id: str
    version: int
    kind: Kind
    customer: str | None  # `bot.core.duplicates.customer_key`
    money: Money
    approved_at: datetime
    automatic: bool = False


class Links(History):
    def add_keys(self, case_id: str, keys: Iterable[str]) -> None:
        for key in keys:
            self._session.run(ADD_KEY, {"key": key, "case_id": case_id})

    def with_keys(self, keys: Iterable[str], since: datetime) -> dict[str, tuple[str, ...]]:
        """Return case id -> which of these keys it has; only cases opened since, earliest first."""
        found: dict[str, tuple[str, ...]] = {}
        for case_id, key in self._session.rows(WITH_KEYS, {"ids": json_list(keys), "since": to_text(since)}):
            found[case_id] = (*found.get(case_id, ()), key)
        return found

    def hold_keys(self, keys: Iterable[str]) -> None:
        """Lock these keys until the transaction ends; in one order, so that two never wait in a ring."""
        for key in sorted(keys):
            self._session.row(HOLD, {"held": key})

    def add_payout(self, payout: Payout) -> None:
        columns = payout.model_dump(exclude={"money"})
        approved_at, automatic = to_text(payout.approved_at), int(payout.automatic)
        self._session.run(
            ADD_PAYOUT, {**columns, **payout.money.model_dump(), "approved_at": approved_at, "automatic": automatic}
        )

    def payouts(self, case_ids: Iterable[str]) -> list[Payout]:
        """Return the payouts of these cases, earliest first."""
        return [
            Payout(
                case_id=case_id,
                version=version,
                kind=Kind(kind),
                customer=customer,
                money=Money(amount_minor=amount_minor, currency=currency),
                approved_at=to_time(approved_at),
                automatic=bool(automatic),
            )
            for case_id, version, kind, customer, amount_minor, currency, approved_at, automatic in self._session.rows(
                PAYOUTS, {"ids": json_list(case_ids)}
            )
        ]

    def paid_to(self, customer: str, currency: str, since: datetime) -> int:
        """Return the minor units approved for one customer after `since`."""
        return self._sum(TO_CUSTOMER, customer=customer, currency=currency, since=to_text(since))

    def approved_by(self, user_id: str, currency: str, since: datetime) -> int:
        """Return the minor units approved after `since` by this person, or by somebody in their place."""
        stood_in = f'%"stood_in_for":[%"{user_id}"%'
        return self._sum(BY_APPROVER, user_id=user_id, stood_in=stood_in, currency=currency, since=to_text(since))

    def paid_automatically(self, kind: Kind, currency: str, since: datetime) -> int:
        """Return the minor units of one kind that the policy approved by itself after `since`."""
        return self._sum(AUTOMATIC, kind=kind, currency=currency, since=to_text(since))

    def _sum(self, statement: str, **params: str) -> int:
        row = self._session.row(statement, params)
        return int(row[0]) if row else 0
