"""Answer the needed part of the query language: one entity, simple conditions joined by `and`, and a row limit.

All values, numbers too, stand in single quotes, and a backslash escapes a quote. There is no `or` and no join.
"""

import re
from collections.abc import Callable
from decimal import Decimal, InvalidOperation
from typing import Any

from sandbox.quickbooks.books import Body, Books, Refusal

ENTITIES = ("Customer", "Invoice", "CreditMemo", "RefundReceipt", "Item", "Account")
FILTERS = ("Id", "DocNumber", "CustomerRef", "PrimaryEmailAddr", "DisplayName", "Balance")
ROWS, ROWS_MOST = 100, 1000

_QUERY = re.compile(
    r"\s*select\s+\*\s+from\s+(?P<entity>\w+)(?:\s+where\s+(?P<where>.+?))?(?:\s+maxresults\s+(?P<most>\d+))?\s*",
    re.IGNORECASE | re.DOTALL,
)
_CONDITION = re.compile(r"\s*(?P<name>\w+)\s*(?P<how>=|>|\blike\b)\s*'(?P<value>(?:[^'\\]|\\.)*)'\s*", re.IGNORECASE)
_AND = re.compile(r"and\b", re.IGNORECASE)

Test = Callable[[Body], bool]


def answer(books: Books, text: str) -> Body:
    """Return the body that answers a query. Raises Refusal 4000 for one that it cannot parse."""
    parts = _QUERY.fullmatch(text)
    if parts is None or parts["entity"] not in ENTITIES:
        raise _unread(text)
    tests = _tests(parts["where"]) if parts["where"] else []
    most = int(parts["most"] or ROWS)
    if not 1 <= most <= ROWS_MOST:
        raise _unread(text)
    rows = [row for row in books.store[parts["entity"]].values() if all(test(row) for test in tests)][:most]
    response = {parts["entity"]: rows, "startPosition": 1, "maxResults": len(rows)} if rows else {}
    return {"QueryResponse": response, "time": books.stamp()}


def _tests(where: str) -> list[Test]:
    tests: list[Test] = []
    at = 0
    while True:
        condition = _CONDITION.match(where, at)
        if condition is None or condition["name"] not in FILTERS:
            raise _unread(where)
        tests.append(_test(condition["name"], condition["how"].lower(), re.sub(r"\\(.)", r"\1", condition["value"])))
        at = condition.end()
        if at == len(where):
            return tests
        joint = _AND.match(where, at)
        if joint is None:
            raise _unread(where)
        at = joint.end()


def _test(name: str, how: str, value: str) -> Test:
    if how == "like":
        pattern = re.compile(".*".join(map(re.escape, value.split("%"))), re.IGNORECASE)
        return lambda row: pattern.fullmatch(_plain(row.get(name))) is not None
    if name == "Id" and not value.isdecimal():
        raise _unread(value)
    if how == "=":
        return lambda row: _plain(row.get(name)) == value
    try:
        least = Decimal(value)
    except InvalidOperation:
        raise _unread(value) from None
    return lambda row: Decimal(_plain(row.get(name) or 0)) > least


def _plain(member: Any) -> str:
    """Return the text to compare: a reference's value, an e-mail member's address."""
    return str(member.get("value", member.get("Address")) if isinstance(member, dict) else member)


def _unread(text: str) -> Refusal:
    return Refusal(400, "4000", "Error parsing query", f"QueryParserError: Invalid query: {text[:100]}")
