"""Store cases, their proposals and the decisions on them."""

from datetime import datetime

from bot.core.model import Case, CaseFile, CaseState, Decision, Entry, Kind, Proposal
from storage.errors import NotStored
from storage.executions import Executions
from storage.session import Params, Row, json_list, to_text, to_time

ADD_CASE = """
INSERT INTO cases (case_id, root, call_id, kind, state, version, revision, channel, urgent, owner, due_at, opened_at,
  updated_at, amount_minor, currency, search, data)
VALUES (:case_id, :root, :call_id, :kind, :state, :version, :revision, :channel, :urgent, :owner, :due_at, :opened_at,
  :updated_at, :amount_minor, :currency, :search, :data)
"""
SAVE_CASE = """
UPDATE cases SET kind = :kind, state = :state, version = :version, revision = :revision, channel = :channel,
  urgent = :urgent, owner = :owner, due_at = :due_at, updated_at = :updated_at, amount_minor = :amount_minor,
  currency = :currency, search = :search, data = :data
WHERE case_id = :case_id
"""
# Before the case is saved, while its row still holds the revision that the cards were drawn from.
WAKE_CARDS = """
UPDATE cards SET urgent = :urgent, case_revision = :revision,
  due_at = CASE WHEN due_at < :now THEN due_at ELSE :now END
WHERE case_id = :case_id AND :revision > (SELECT revision FROM cases WHERE case_id = :case_id)
RETURNING wake_at
"""
CASE = "SELECT state, version, revision, due_at, data FROM cases WHERE case_id = :case_id"
CASE_HELD = "SELECT state, version, revision, due_at, data FROM cases WHERE case_id = :case_id {for_update}"
FIND = "SELECT state, version, revision, due_at, data FROM cases"
FIND_STATES = "state IN ({ids})"
FIND_KIND = "kind = :kind"
FIND_OWNER = "owner = :owner"
FIND_TEXT = "search LIKE :text ESCAPE '!'"
FIND_ORDER = "ORDER BY due_at, case_id LIMIT :limit"
OWNERS = "SELECT DISTINCT owner FROM cases WHERE state IN ({ids})"
CHANGED = "SELECT case_id FROM cases WHERE state IN ({ids}) AND updated_at >= :since ORDER BY case_id"
COUNT = "SELECT state, COUNT(*) FROM cases GROUP BY state"

ADD_PROPOSAL = """
INSERT INTO proposals (case_id, version, kind, amount_minor, currency, created_at, data)
VALUES (:case_id, :version, :kind, :amount_minor, :currency, :created_at, :data)
"""
PROPOSAL = "SELECT data FROM proposals WHERE case_id = :case_id AND version = :version"

ADD_DECISION = """
INSERT INTO decisions (case_id, version, user_id, verdict, decided_at, data)
VALUES (:case_id, :version, :user_id, :verdict, :decided_at, :data)
ON CONFLICT (case_id, version, user_id) DO NOTHING
"""
DECISIONS = """
SELECT data FROM decisions WHERE case_id = :case_id AND version = :version ORDER BY decided_at, user_id
"""


def case_of_row(row: Row) -> Case:
    state, version, revision, due_at, data = row
    case = Case.model_validate_json(data)
    columns = {"state": CaseState(state), "version": version, "revision": revision, "due_at": to_time(due_at)}
    return case.model_copy(update=columns)


def _search_text(case: Case) -> str:
    """Return what a person may type to find it; folded, since the engines fold letters differently."""
    fields = case.details.fields.model_dump(exclude_none=True, exclude={"billing_address"})
    words = [case.case_id, case.root, case.call_id, case.details.summary, *fields.values()]
    return "\n".join(word for word in words if isinstance(word, str)).casefold().replace("\x00", "")


def _columns(case: Case) -> Params:
    money = case.details.money
    return {
        "case_id": case.case_id,
        "root": case.root,
        "call_id": case.call_id,
        "kind": case.kind,
        "state": case.state,
        "version": case.version,
        "revision": case.revision,
        "channel": case.channel,
        "urgent": int(case.urgent),
        "owner": case.owner,
        "due_at": to_text(case.due_at),
        "opened_at": to_text(case.opened_at),
        "updated_at": to_text(case.updated_at),
        "amount_minor": money.amount_minor if money else None,
        "currency": money.currency if money else None,
        "search": _search_text(case),
        "data": case.model_dump_json(),
    }


def _contains(text: str) -> str:
    folded = text.casefold().replace("!", "!!").replace("%", "!%").replace("_", "!_")
    return f"%{folded}%"


class Cases(Executions):
    """Store cases with their proposals, decisions and executions."""

    def case(self, case_id: str, *, lock: bool = False) -> Case | None:
        """Return a case; with `lock` nobody else changes it until the transaction ends."""
        row = self._session.row(CASE_HELD if lock else CASE, {"case_id": case_id})
        return None if row is None else case_of_row(row)

    def case_file(self, case_id: str, *, lock: bool = False) -> CaseFile | None:
        """Return a case, its proposal, the decisions on that version, and all executions with their receipts."""
        case = self.case(case_id, lock=lock)
        proposal = None if case is None else self.proposal(case_id, case.version)
        if case is None or proposal is None:
            return None
        return CaseFile(
            case=case,
            proposal=proposal,
            decisions=self.decisions(case_id, case.version),
            executions=self.executions(case_id),
        )

    def add_case(self, case: Case, *, entry: Entry, now: datetime) -> None:
        """Add a case, before its first proposal, which refers to it."""
        self._session.run(ADD_CASE, _columns(case))
        self.append(case.case_id, entry, now)

    def save_case(self, case: Case, *, entry: Entry, now: datetime) -> None:
        """Save a case; a revision that grew makes its cards due. Raises NotStored, and RuleBroken for a wrong move."""
        columns = _columns(case)
        wake = {name: columns[name] for name in ("case_id", "revision", "urgent")}
        for (wake_at,) in self._session.rows(WAKE_CARDS, {**wake, "now": to_text(now)}):
            self._note_due("cards", wake_at)
        if not self._session.run(SAVE_CASE, columns):
            raise NotStored(f"case {case.case_id} does not exist")
        self.append(case.case_id, entry, now)

    def find_cases(
        self,
        *,
        states: tuple[CaseState, ...] = (),
        kind: Kind | None = None,
        text: str | None = None,
        owner: str | None = None,
        limit: int = 50,
    ) -> list[Case]:
        """Find cases, soonest due first. `text` is looked for in ids, names, numbers and the summary, in any case."""
        wanted = {FIND_STATES: states, FIND_KIND: kind, FIND_OWNER: owner, FIND_TEXT: text}
        where = " AND ".join(condition for condition, value in wanted.items() if value)
        statement = " ".join([FIND, "WHERE" if where else "", where, FIND_ORDER])
        params = {"ids": json_list(states), "kind": kind, "owner": owner, "text": _contains(text or "")}
        return [case_of_row(row) for row in self._session.rows(statement, {**params, "limit": limit})]

    def owners(self, states: tuple[CaseState, ...]) -> set[str]:
        """Return the groups and people who own a case in one of these states."""
        return {owner for (owner,) in self._session.rows(OWNERS, {"ids": json_list(states)})}

    def changed_cases(self, states: tuple[CaseState, ...], since: datetime) -> list[str]:
        """Return the ids of cases in one of these states that were written since."""
        return [
            case_id for (case_id,) in self._session.rows(CHANGED, {"ids": json_list(states), "since": to_text(since)})
        ]

    def count_cases(self) -> dict[str, int]:
        """Count cases by state; a state without a case is absent."""
        return {str(state): count for state, count in self._session.rows(COUNT, {})}

    def add_proposal(self, proposal: Proposal) -> None:
        money = proposal.money
        params = {
            "case_id": proposal.case_id,
            "version": proposal.version,
            "kind": proposal.kind,
            "amount_minor": money.amount_minor if money else None,
            "currency": money.currency if money else None,
            "created_at": to_text(proposal.created_at),
            "data": proposal.model_dump_json(),
        }
        self._session.run(ADD_PROPOSAL, params)

    def proposal(self, case_id: str, version: int) -> Proposal | None:
        row = self._session.row(PROPOSAL, {"case_id": case_id, "version": version})
        return None if row is None else Proposal.model_validate_json(row[0])

    def add_decision(self, decision: Decision, *, entry: Entry) -> bool:
        """Add a decision; False where that person has decided on that version already, and nothing is written."""
        params = {
            "case_id": decision.case_id,
            "version": decision.version,
            "user_id": decision.user_id,
            "verdict": decision.verdict,
            "decided_at": to_text(decision.decided_at),
            "data": decision.model_dump_json(),
        }
        if not self._session.run(ADD_DECISION, params):
            return False
        self.append(decision.case_id, entry, decision.decided_at)
        return True

    def decisions(self, case_id: str, version: int) -> tuple[Decision, ...]:
        """Return the decisions on a version, earliest first."""
        rows = self._session.rows(DECISIONS, {"case_id": case_id, "version": version})
        return tuple(Decision.model_validate_json(data) for (data,) in rows)
