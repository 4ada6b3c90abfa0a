"""Add timers, notices, delegations, pauses, keys that link cases, payouts and sealed refresh tokens."""

NAME = "0002_people"

TABLES = (
    """
CREATE TABLE timers (
  case_id {text} NOT NULL REFERENCES cases,
  name {text} NOT NULL,
  due_at {text} NOT NULL,
  fired_at {text},
  PRIMARY KEY (case_id, name)
){strict}""",
    "CREATE INDEX timers_due ON timers (due_at) WHERE fired_at IS NULL",
    """
CREATE TABLE notices (
  notice_id {text} NOT NULL PRIMARY KEY,
  recipient {text} NOT NULL,
  case_id {text},
  created_at {text} NOT NULL,
  due_at {text},
  lease_owner {text},
  lease_until {text},
  data {text} NOT NULL,
  wake_at {text} GENERATED ALWAYS AS
    (CASE WHEN due_at IS NOT NULL AND lease_until > due_at THEN lease_until ELSE due_at END) STORED
){strict}""",
    "CREATE INDEX notices_due ON notices (wake_at) WHERE wake_at IS NOT NULL",
    """
CREATE TABLE delegations (
  user_id {text} NOT NULL PRIMARY KEY,
  delegate_id {text} NOT NULL,
  from_at {text} NOT NULL,
  until_at {text} NOT NULL,
  set_by {text} NOT NULL,
  set_at {text} NOT NULL,
  CHECK (user_id <> delegate_id AND from_at < until_at)
){strict}""",
    """
CREATE TABLE pauses (
  scope {text} NOT NULL PRIMARY KEY,
  since_at {text} NOT NULL,
  by_whom {text} NOT NULL,
  reason {text} NOT NULL
){strict}""",
    """
CREATE TABLE case_keys (
  key {text} NOT NULL,
  case_id {text} NOT NULL REFERENCES cases,
  PRIMARY KEY (key, case_id)
){strict}""",
    """
CREATE TABLE payouts (
  case_id {text} NOT NULL PRIMARY KEY REFERENCES cases,
  version INTEGER NOT NULL,
  kind {text} NOT NULL,
  customer {text},
  amount_minor {bigint} NOT NULL,
  currency {text} NOT NULL,
  approved_at {text} NOT NULL,
  automatic INTEGER NOT NULL CHECK (automatic IN (0, 1)),
  FOREIGN KEY (case_id, version) REFERENCES proposals
){strict}""",
    "CREATE INDEX payouts_customer ON payouts (customer, approved_at)",
    "CREATE INDEX payouts_at ON payouts (approved_at)",
    "CREATE INDEX decisions_person ON decisions (user_id, decided_at)",
    """
CREATE TABLE tokens (
  system {text} NOT NULL PRIMARY KEY,
  sealed {text},
  saved_at {text},
  lease_owner {text},
  lease_until {text}
){strict}""",
)

SQLITE = (
    """
CREATE TRIGGER payouts_fixed BEFORE UPDATE ON payouts
BEGIN SELECT RAISE(ABORT, 'payouts are append-only'); END""",
    """
CREATE TRIGGER payouts_kept BEFORE DELETE ON payouts
BEGIN SELECT RAISE(ABORT, 'payouts are append-only'); END""",
    """
CREATE TRIGGER timers_once BEFORE UPDATE OF fired_at ON timers WHEN OLD.fired_at IS NOT NULL
BEGIN SELECT RAISE(ABORT, 'a timer that fired cannot change'); END""",
)

POSTGRESQL = (
    """
CREATE TRIGGER payouts_kept BEFORE UPDATE OR DELETE OR TRUNCATE ON payouts
FOR EACH STATEMENT EXECUTE FUNCTION countersign_refuse('a payout')""",
    """
CREATE TRIGGER timers_once BEFORE UPDATE OF fired_at ON timers FOR EACH ROW
WHEN (OLD.fired_at IS NOT NULL) EXECUTE FUNCTION countersign_refuse('a timer that fired')""",
)
