"""Keep the history: append-only, chained by hash within a case; a seal chains the heads of all cases."""

import hashlib
import json
from collections.abc import Iterable
from datetime import datetime
from typing import Any

from bot.core.model import AuditEntry, Entry
from storage.session import Session, to_text, to_time

ENCODER = json.JSONEncoder(sort_keys=True, separators=(",", ":"), allow_nan=False)
NO_HASH = "0" * 64  # what the first entry of a case and the first seal follow

# Takes the next number and holds the chain in one statement, so that two writers cannot take the same.
NEXT_NUMBER = """
INSERT INTO audit_heads (case_id, n, hash, sealed_n) VALUES (:case_id, 1, :no_hash, 0)
ON CONFLICT (case_id) DO UPDATE SET n = audit_heads.n + 1
RETURNING n, hash
"""
APPEND = """
INSERT INTO audit (case_id, n, at, actor, what, sentence, data, previous_hash, hash)
VALUES (:case_id, :n, :at, :actor, :what, :sentence, :data, :previous_hash, :hash)
"""
MOVE_HEAD = "UPDATE audit_heads SET hash = :hash WHERE case_id = :case_id"
HISTORY = """
SELECT n, at, actor, what, sentence, data, previous_hash, hash FROM audit WHERE case_id = :case_id ORDER BY n
"""

LAST_SEAL = "SELECT n, hash FROM seals ORDER BY n DESC LIMIT 1"
MOVED_HEADS = "SELECT case_id, n, hash FROM audit_heads WHERE n > sealed_n ORDER BY case_id {skip_locked}"
ADD_SEAL = """
INSERT INTO seals (n, at, previous_hash, hash) VALUES (:n, :at, :previous_hash, :hash) ON CONFLICT (n) DO NOTHING
"""
ADD_SEAL_HEAD = "INSERT INTO seal_heads (seal_n, case_id, n, hash) VALUES (:seal_n, :case_id, :n, :hash)"
MARK_SEALED = "UPDATE audit_heads SET sealed_n = :n WHERE case_id = :case_id"


def canonical(value: Any) -> str:
    """JSON with one spelling, whatever the order in which its keys came. NaN is a ValueError."""
    return ENCODER.encode(value)


def entry_hash(previous_hash: str, row: tuple[str, int, str, str, str, str | None, Any]) -> str:
    """`row` is case_id, n, at, actor, what, sentence, data: all that an entry says."""
    return hashlib.sha256((previous_hash + canonical(row)).encode()).hexdigest()


def seal_hash(previous_hash: str, n: int, at: str, heads: Iterable[tuple[str, int, str]]) -> str:
    """`heads` in the order of their case ids."""
    digest = hashlib.sha256((previous_hash + canonical([n, at])).encode())
    for head in heads:
        digest.update(canonical(head).encode())
    return digest.hexdigest()


class History:
    """Append to the history of a case; every verb that changes a state does so in its own transaction."""

    def __init__(self, session: Session) -> None:
        self._session = session
        self.due: dict[str, datetime] = {}  # by this transaction, as in `session.Due`

    def _note_due(self, lane: str, wake_at: str | None) -> None:
        if wake_at is not None:
            at = to_time(wake_at)
            self.due[lane] = min(at, self.due.get(lane, at))

    def append(self, case_id: str, entry: Entry, now: datetime) -> AuditEntry:
        numbered = self._session.row(NEXT_NUMBER, {"case_id": case_id, "no_hash": NO_HASH})
        assert numbered is not None  # noqa: S101 - an upsert with RETURNING always answers
        n, previous_hash = numbered
        at = to_text(now)
        head = entry_hash(previous_hash, (case_id, n, at, entry.actor, entry.what, entry.sentence, entry.data))
        self._session.run(
            APPEND,
            {
                "case_id": case_id,
                "n": n,
                "at": at,
                "actor": entry.actor,
                "what": entry.what,
                "sentence": entry.sentence,
                "data": canonical(entry.data),
                "previous_hash": previous_hash,
                "hash": head,
            },
        )
        self._session.run(MOVE_HEAD, {"case_id": case_id, "hash": head})
        return AuditEntry(case_id=case_id, n=n, at=now, entry=entry, previous_hash=previous_hash, hash=head)

    def history(self, case_id: str) -> list[AuditEntry]:
        """Return the entries in the order in which they were written."""
        return [
            AuditEntry(
                case_id=case_id,
                n=n,
                at=to_time(at),
                entry=Entry(actor=actor, what=what, sentence=sentence, data=json.loads(data)),
                previous_hash=previous_hash,
                hash=own_hash,
            )
            for n, at, actor, what, sentence, data, previous_hash, own_hash in self._session.rows(
                HISTORY, {"case_id": case_id}
            )
        ]

    def seal(self, now: datetime) -> int | None:
        """Seal the heads and return the seal's number; None where nothing moved or another process seals just now."""
        heads = self._session.rows(MOVED_HEADS, {})
        if not heads:
            return None
        last_n, previous_hash = self._session.row(LAST_SEAL, {}) or (0, NO_HASH)
        n, at = int(last_n) + 1, to_text(now)
        own_hash = seal_hash(previous_hash, n, at, heads)
        if not self._session.run(ADD_SEAL, {"n": n, "at": at, "previous_hash": previous_hash, "hash": own_hash}):
            return None
        rows = [{"seal_n": n, "case_id": case_id, "n": head_n, "hash": head} for case_id, head_n, head in heads]
        self._session.many(ADD_SEAL_HEAD, rows)
        self._session.many(MARK_SEALED, [{"case_id": row["case_id"], "n": row["n"]} for row in rows])
        return n
