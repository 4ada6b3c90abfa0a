"""Verify the whole history row by row and name the first entry that does not hold."""

import json
from collections.abc import Iterator
from itertools import chain, groupby
from operator import itemgetter
from typing import NamedTuple

from storage.audit import NO_HASH, History, entry_hash, seal_hash
from storage.session import Row

ENTRIES = """
SELECT a.case_id, a.n, a.at, a.actor, a.what, a.sentence, a.data, a.previous_hash, a.hash, h.n, h.hash
FROM audit AS a LEFT JOIN audit_heads AS h ON h.case_id = a.case_id ORDER BY a.case_id, a.n
"""
SEALS = """
SELECT s.n, s.at, s.previous_hash, s.hash, h.case_id, h.n, h.hash, a.hash
FROM seals AS s LEFT JOIN seal_heads AS h ON h.seal_n = s.n
LEFT JOIN audit AS a ON a.case_id = h.case_id AND a.n = h.n
ORDER BY s.n, h.case_id
"""
HEADS_WITHOUT_ENTRY = """
SELECT h.case_id, h.n FROM audit_heads AS h
LEFT JOIN audit AS a ON a.case_id = h.case_id AND a.n = h.n WHERE a.n IS NULL ORDER BY h.case_id
"""
HEADS_WITHOUT_SEAL = """
SELECT h.case_id, h.sealed_n FROM audit_heads AS h
LEFT JOIN seal_heads AS s ON s.case_id = h.case_id AND s.n = h.sealed_n
WHERE h.sealed_n > 0 AND s.n IS NULL ORDER BY h.case_id
"""


class Verified(NamedTuple):
    """Count what was verified, up to the first fault."""

    entries: int
    cases: int
    seals: int
    broken: str | None  # a sentence that names the first entry that does not hold


class _BrokenError(Exception):
    """Carry the sentence that names the fault out of the streams."""


class Verification(History):
    """Verify chains and seals against the rows."""

    def verify(self) -> Verified:
        """Read the whole history once, one row in memory at a time; meant for `Database.read`."""
        entries = cases = seals = 0
        stream = self._session.stream
        try:
            for case_id, rows in groupby(stream(ENTRIES), key=itemgetter(0)):
                cases += 1
                entries += _check_case(case_id, rows)
            _none_of(stream(HEADS_WITHOUT_ENTRY), "entry {1} of case {0}, its last one, is missing")
            previous_hash = NO_HASH
            for n, rows in groupby(stream(SEALS), key=itemgetter(0)):
                previous_hash = _check_seal(seals + 1, n, previous_hash, rows)
                seals += 1
            _none_of(stream(HEADS_WITHOUT_SEAL), "the seal over entry {1} of case {0} is missing")
        except _BrokenError as broken:
            return Verified(entries, cases, seals, str(broken))
        return Verified(entries, cases, seals, None)


def _none_of(rows: Iterator[Row], sentence: str) -> None:
    for row in rows:
        raise _BrokenError(sentence.format(*row))


def _check_case(case_id: str, rows: Iterator[Row]) -> int:
    last, head_n, head_hash, previous_hash = 0, None, None, NO_HASH
    for row in rows:
        _, n, at, actor, what, sentence, data, follows, own_hash, head_n, head_hash = row
        if n != last + 1:
            raise _BrokenError(f"entry {last + 1} of case {case_id} is missing")
        if follows != previous_hash:
            raise _BrokenError(f"entry {n} of case {case_id} does not follow the one before: reordered or replaced")
        if own_hash != entry_hash(follows, (case_id, n, at, actor, what, sentence, _parsed(data))):
            raise _BrokenError(f"entry {n} of case {case_id} was altered")
        last, previous_hash = n, own_hash
    if head_n is None:
        raise _BrokenError(f"the head of case {case_id} is missing")
    if head_n > last:
        raise _BrokenError(f"entry {last + 1} of case {case_id} is missing")
    if (head_n, head_hash) != (last, previous_hash):
        raise _BrokenError(f"entry {last} of case {case_id} is not the one that its head names")
    return last


def _parsed(data: str) -> object:
    try:
        return json.loads(data)
    except ValueError:
        return None  # what is not JSON any more cannot have the hash of what was


def _check_seal(expected_n: int, n: int, previous_hash: str, rows: Iterator[Row]) -> str:
    if n != expected_n:
        raise _BrokenError(f"seal {expected_n} is missing")
    first = next(rows)
    _, at, follows, own_hash, *_ = first
    if follows != previous_hash:
        raise _BrokenError(f"seal {n} does not follow the one before: altered or replaced")
    if own_hash != seal_hash(follows, n, at, _sealed_heads(first, rows)):
        raise _BrokenError(f"seal {n} was altered")
    return str(own_hash)


def _sealed_heads(first: Row, rest: Iterator[Row]) -> Iterator[tuple[str, int, str]]:
    """Yield the heads of one seal in order; raise if the history does not have what was sealed."""
    for row in chain([first], rest):
        n, _, _, _, case_id, entry_n, sealed_hash, entry_hash_now = row
        if case_id is None:
            return
        if entry_hash_now is None:
            raise _BrokenError(f"case {case_id} is missing: seal {n} names its entry {entry_n}")
        if entry_hash_now != sealed_hash:
            raise _BrokenError(f"entry {entry_n} of case {case_id} is not the one that seal {n} names")
        yield case_id, entry_n, sealed_hash
