"""Create the first schema. Released: never edited, what comes later is another migration.

Columns repeat what queries, constraints and triggers need; `data` is the whole value as JSON. Where both say a state,
a lease or a due time, the column is right. Times are text: UTC, ISO 8601, fixed width. Amounts are minor units.
`wake_at` is when a worker has to look at the row.
"""

NAME = "0001_first"

TABLES = (
    """
CREATE TABLE moves (
  thing {text} NOT NULL CHECK (thing IN ('case', 'execution')),
  from_state {text} NOT NULL,
  to_state {text} NOT NULL,
  PRIMARY KEY (thing, from_state, to_state)
){strict}""",
    """
INSERT INTO moves (thing, from_state, to_state) VALUES
  ('case', 'open', 'approved'), ('case', 'open', 'rejected'), ('case', 'open', 'expired'),
  ('case', 'approved', 'done'), ('case', 'approved', 'stuck'),
  ('case', 'stuck', 'approved'), ('case', 'stuck', 'done'),
  ('execution', 'pending', 'running'), ('execution', 'running', 'succeeded'), ('execution', 'running', 'refused'),
  ('execution', 'running', 'pending'), ('execution', 'running', 'unsure'), ('execution', 'unsure', 'running'),
  ('execution', 'refused', 'pending'), ('execution', 'pending', 'by_hand'), ('execution', 'by_hand', 'succeeded')""",
    """
CREATE TABLE calls (
  call_id {text} NOT NULL,
  version INTEGER NOT NULL CHECK (version > 0),
  body_sha256 {text} NOT NULL,
  received_at {text} NOT NULL,
  event {text} NOT NULL,
  data {text} NOT NULL,
  due_at {text},
  lease_owner {text},
  lease_until {text},
  wake_at {text} GENERATED ALWAYS AS
    (CASE WHEN due_at IS NOT NULL AND lease_until > due_at THEN lease_until ELSE due_at END) STORED,
  PRIMARY KEY (call_id, version),
  UNIQUE (call_id, body_sha256)
){strict}""",
    "CREATE INDEX calls_due ON calls (wake_at) WHERE wake_at IS NOT NULL",
    """
CREATE TABLE cases (
  case_id {text} NOT NULL PRIMARY KEY,
  root {text} NOT NULL,
  call_id {text},
  kind {text} NOT NULL,
  state {text} NOT NULL CHECK (state IN ('open', 'approved', 'done', 'rejected', 'expired', 'stuck')),
  version INTEGER NOT NULL CHECK (version > 0),
  revision INTEGER NOT NULL CHECK (revision > 0),
  channel {text} NOT NULL,
  urgent INTEGER NOT NULL CHECK (urgent IN (0, 1)),
  owner {text} NOT NULL,
  due_at {text} NOT NULL,
  opened_at {text} NOT NULL,
  updated_at {text} NOT NULL,
  amount_minor {bigint},
  currency {text},
  search {text} NOT NULL,
  data {text} NOT NULL,
  CHECK ((amount_minor IS NULL) = (currency IS NULL))
){strict}""",
    "CREATE INDEX cases_due ON cases (due_at, case_id)",
    "CREATE INDEX cases_state ON cases (state, due_at)",
    """
CREATE UNIQUE INDEX one_live_case_per_call ON cases (call_id)
WHERE call_id IS NOT NULL AND state IN ('open', 'approved', 'stuck')""",
    """
CREATE TABLE proposals (
  case_id {text} NOT NULL REFERENCES cases,
  version INTEGER NOT NULL CHECK (version > 0),
  kind {text} NOT NULL,
  amount_minor {bigint},
  currency {text},
  created_at {text} NOT NULL,
  data {text} NOT NULL,
  PRIMARY KEY (case_id, version),
  CHECK ((amount_minor IS NULL) = (currency IS NULL))
){strict}""",
    """
CREATE TABLE decisions (
  case_id {text} NOT NULL,
  version INTEGER NOT NULL,
  user_id {text} NOT NULL,
  verdict {text} NOT NULL CHECK (verdict IN ('approve', 'reject')),
  decided_at {text} NOT NULL,
  data {text} NOT NULL,
  PRIMARY KEY (case_id, version, user_id),
  FOREIGN KEY (case_id, version) REFERENCES proposals
){strict}""",
    """
CREATE TABLE executions (
  key {text} NOT NULL PRIMARY KEY,
  case_id {text} NOT NULL,
  version INTEGER NOT NULL,
  position INTEGER NOT NULL CHECK (position >= 0),
  connector {text} NOT NULL,
  fingerprint {text} NOT NULL,
  state {text} NOT NULL CHECK (state IN ('pending', 'running', 'succeeded', 'refused', 'unsure', 'by_hand')),
  due_at {text},
  lease_owner {text},
  lease_until {text},
  data {text} NOT NULL,
  wake_at {text} GENERATED ALWAYS AS (CASE state
    WHEN 'pending' THEN due_at WHEN 'unsure' THEN due_at WHEN 'running' THEN lease_until END) STORED,
  UNIQUE (case_id, position),
  FOREIGN KEY (case_id, version) REFERENCES proposals,
  CHECK (state <> 'running' OR (lease_owner IS NOT NULL AND lease_until IS NOT NULL))
){strict}""",
    "CREATE INDEX executions_due ON executions (wake_at, key) WHERE wake_at IS NOT NULL",
    "CREATE UNIQUE INDEX one_running_execution_per_case ON executions (case_id) WHERE state = 'running'",
    """
CREATE TABLE attempts (
  key {text} NOT NULL REFERENCES executions,
  n INTEGER NOT NULL CHECK (n > 0),
  started_at {text} NOT NULL,
  looks_first INTEGER NOT NULL CHECK (looks_first IN (0, 1)),
  ended_at {text},
  outcome {text} CHECK (outcome IN ('succeeded', 'refused', 'unavailable', 'unsure')),
  detail {text},
  request_id {text},
  PRIMARY KEY (key, n),
  CHECK ((ended_at IS NULL) = (outcome IS NULL))
){strict}""",
    """
CREATE TABLE receipts (
  key {text} NOT NULL PRIMARY KEY REFERENCES executions,
  vendor_id {text} NOT NULL,
  stored_at {text} NOT NULL,
  data {text} NOT NULL
){strict}""",
    """
CREATE TABLE cards (
  case_id {text} NOT NULL REFERENCES cases,
  place {text} NOT NULL,
  channel {text} NOT NULL,
  channel_id {text},
  message_ts {text},
  shown_revision INTEGER NOT NULL,
  posting_since {text},
  trail_n INTEGER NOT NULL,
  trail_since {text},
  failures INTEGER NOT NULL,
  due_at {text},
  lease_owner {text},
  lease_until {text},
  urgent INTEGER NOT NULL CHECK (urgent IN (0, 1)),
  case_revision INTEGER NOT NULL,
  wake_at {text} GENERATED ALWAYS AS
    (CASE WHEN due_at IS NOT NULL AND lease_until > due_at THEN lease_until ELSE due_at END) STORED,
  PRIMARY KEY (case_id, place)
){strict}""",
    "CREATE INDEX cards_due ON cards (urgent DESC, wake_at, case_id, place) WHERE wake_at IS NOT NULL",
    """
CREATE TABLE deliveries (
  identity {text} NOT NULL PRIMARY KEY,
  at {text} NOT NULL
){strict}""",
    "CREATE INDEX deliveries_at ON deliveries (at)",
    """
CREATE TABLE audit (
  case_id {text} NOT NULL,
  n INTEGER NOT NULL CHECK (n > 0),
  at {text} NOT NULL,
  actor {text} NOT NULL,
  what {text} NOT NULL,
  sentence {text},
  data {text} NOT NULL,
  previous_hash {text} NOT NULL,
  hash {text} NOT NULL,
  PRIMARY KEY (case_id, n)
){strict}""",
    """
CREATE TABLE audit_heads (
  case_id {text} NOT NULL PRIMARY KEY,
  n INTEGER NOT NULL,
  hash {text} NOT NULL,
  sealed_n INTEGER NOT NULL
){strict}""",
    "CREATE INDEX audit_heads_moved ON audit_heads (case_id) WHERE n > sealed_n",
    """
CREATE TABLE seals (
  n INTEGER NOT NULL PRIMARY KEY,
  at {text} NOT NULL,
  previous_hash {text} NOT NULL,
  hash {text} NOT NULL
){strict}""",
    """
CREATE TABLE seal_heads (
  seal_n INTEGER NOT NULL REFERENCES seals,
  case_id {text} NOT NULL,
  n INTEGER NOT NULL,
  hash {text} NOT NULL,
  PRIMARY KEY (seal_n, case_id)
){strict}""",
)
