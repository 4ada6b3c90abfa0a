BEGIN TRANSACTION;
CREATE TABLE "_sqlite_migrations" (
   "id" INTEGER PRIMARY KEY,
   "migration_set" TEXT,
   "name" TEXT,
   "applied_at" TEXT
);
INSERT INTO "_sqlite_migrations" VALUES(1,'countersign','0001_first','2026-11-23 02:03:57.658094+00:00');
INSERT INTO "_sqlite_migrations" VALUES(2,'countersign','0002_people','2026-11-23 04:38:00.962301+00:00');
CREATE TABLE attempts (
  key TEXT NOT NULL REFERENCES executions,
  n INTEGER NOT NULL CHECK (n > 0),
  started_at TEXT NOT NULL,
  looks_first INTEGER NOT NULL CHECK (looks_first IN (0, 1)),
  ended_at TEXT,
  outcome TEXT CHECK (outcome IN ('succeeded', 'refused', 'unavailable', 'unsure')),
  detail TEXT,
  request_id TEXT,
  PRIMARY KEY (key, n),
  CHECK ((ended_at IS NULL) = (outcome IS NULL))
) STRICT;
INSERT INTO "attempts" VALUES('call-1/refund/1',1,'2025-01-31T09:30:00.000000Z',0,'2025-01-31T09:35:00.000000Z','succeeded',NULL,NULL);
CREATE TABLE audit (
  case_id TEXT NOT NULL,
  n INTEGER NOT NULL CHECK (n > 0),
  at TEXT NOT NULL,
  actor TEXT NOT NULL,
  what TEXT NOT NULL,
  sentence TEXT,
  data TEXT NOT NULL,
  previous_hash TEXT NOT NULL,
  hash TEXT NOT NULL,
  PRIMARY KEY (case_id, n)
) STRICT;
INSERT INTO "audit" VALUES('C-1',1,'2025-01-31T09:30:00.000000Z','dialnexa','call.received','A call came in.','{"seconds":12.5}','0000000000000000000000000000000000000000000000000000000000000000','80cbc5fb10e1d01082b158935a4a4879552952e118ef28ee60682e5fe78954dc');
INSERT INTO "audit" VALUES('C-1',2,'2025-01-31T09:30:00.000000Z','dialnexa','call.received','A call came in.','{"seconds":12.5}','80cbc5fb10e1d01082b158935a4a4879552952e118ef28ee60682e5fe78954dc','d7c47ffb6b482ab5de36476cb52898233caef0c4443d760b0f234450a592eb18');
INSERT INTO "audit" VALUES('C-1',3,'2025-01-31T09:30:00.000000Z','worker','case.changed',NULL,'{}','d7c47ffb6b482ab5de36476cb52898233caef0c4443d760b0f234450a592eb18','b842c7198d7b78151f9366b882e95e8e878a00def341ed58a692cfd785057baf');
INSERT INTO "audit" VALUES('C-1',4,'2025-01-31T09:30:00.000000Z','worker','case.changed',NULL,'{}','b842c7198d7b78151f9366b882e95e8e878a00def341ed58a692cfd785057baf','6ccff17a6e1f555c58a2805ae2822c63171b5cb3dfa7e2cb906cf9647afee393');
INSERT INTO "audit" VALUES('C-1',5,'2025-01-31T09:30:00.000000Z','worker','case.changed',NULL,'{}','6ccff17a6e1f555c58a2805ae2822c63171b5cb3dfa7e2cb906cf9647afee393','0225b4cb847159d376c24e8530fac2436abd50e34a38ab2176789a0dbdd6d17b');
INSERT INTO "audit" VALUES('C-1',6,'2025-01-31T09:30:00.000000Z','worker','case.changed',NULL,'{}','0225b4cb847159d376c24e8530fac2436abd50e34a38ab2176789a0dbdd6d17b','e4b658fb4d6b0a7fd2e9702c59d9283a6ab8a80c3a51cfae411bcf73c51568d7');
INSERT INTO "audit" VALUES('C-1',7,'2025-01-31T09:35:00.000000Z','worker','case.changed',NULL,'{}','e4b658fb4d6b0a7fd2e9702c59d9283a6ab8a80c3a51cfae411bcf73c51568d7','48c45dd6be639077d29630b72614440d86877708e682007213c963390d5d6e7f');
CREATE TABLE audit_heads (
  case_id TEXT NOT NULL PRIMARY KEY,
  n INTEGER NOT NULL,
  hash TEXT NOT NULL,
  sealed_n INTEGER NOT NULL
) STRICT;
INSERT INTO "audit_heads" VALUES('C-1',7,'48c45dd6be639077d29630b72614440d86877708e682007213c963390d5d6e7f',7);
CREATE TABLE calls (
  call_id TEXT NOT NULL,
  version INTEGER NOT NULL CHECK (version > 0),
  body_sha256 TEXT NOT NULL,
  received_at TEXT NOT NULL,
  event TEXT NOT NULL,
  data TEXT NOT NULL,
  due_at TEXT,
  lease_owner TEXT,
  lease_until TEXT,
  wake_at TEXT GENERATED ALWAYS AS
    (CASE WHEN due_at IS NOT NULL AND lease_until > due_at THEN lease_until ELSE due_at END) STORED,
  PRIMARY KEY (call_id, version),
  UNIQUE (call_id, body_sha256)
) STRICT;
INSERT INTO "calls" VALUES('call-1',1,'sha-1','2025-01-31T09:30:00.000000Z','call_analyzed','{"call_id":"call-1","author":null,"event":"call_analyzed","agent_id":null,"direction":null,"from_number":null,"to_number":null,"started_at":null,"duration_s":null,"transcript":[],"details":{"summary":"Wants money back.","fields":{"customer_name":null,"account_id":null,"email":null,"phone":null,"vip":null,"invoice_number":null,"payment_id":null,"subscription_id":null,"transaction_id":null,"card_id":null,"location_id":null,"brand_id":null,"brand_name":null,"website_url":null,"logo_url":null,"order_id":null,"amount":null,"currency":null,"due_date":null,"transaction_date":null,"payment_status":null,"call_intent":null,"refund_reason":null,"dispute_reason":null,"credit_request":null,"escalation_reason":null,"cancellation_risk":null,"finance_owner":null,"approval_threshold":null,"promised_next_step":null,"follow_up_deadline":null,"urgency":null,"billing_address":null,"tax_region":null,"transcript_url":null,"recording_url":null,"crm_url":null,"ticket_url":null,"payment_url":null,"sensitive_data_spoken":null,"confidence":null,"sentiment":null,"language":null},"money":null,"unmapped":{},"from_summary":[],"redactions":[],"doubts":[]},"analysed":true}','2025-01-31T09:30:00.000000Z',NULL,NULL);
CREATE TABLE cards (
  case_id TEXT NOT NULL REFERENCES cases,
  place TEXT NOT NULL,
  channel TEXT NOT NULL,
  channel_id TEXT,
  message_ts TEXT,
  shown_revision INTEGER NOT NULL,
  posting_since TEXT,
  trail_n INTEGER NOT NULL,
  trail_since TEXT,
  failures INTEGER NOT NULL,
  due_at TEXT,
  lease_owner TEXT,
  lease_until TEXT,
  urgent INTEGER NOT NULL CHECK (urgent IN (0, 1)),
  case_revision INTEGER NOT NULL,
  wake_at TEXT GENERATED ALWAYS AS
    (CASE WHEN due_at IS NOT NULL AND lease_until > due_at THEN lease_until ELSE due_at END) STORED,
  PRIMARY KEY (case_id, place)
) STRICT;
INSERT INTO "cards" VALUES('C-1','home','refunds',NULL,NULL,0,NULL,0,NULL,0,'2025-01-31T09:30:00.000000Z',NULL,NULL,0,2);
CREATE TABLE case_keys (
  key TEXT NOT NULL,
  case_id TEXT NOT NULL REFERENCES cases,
  PRIMARY KEY (key, case_id)
) STRICT;
CREATE TABLE cases (
  case_id TEXT NOT NULL PRIMARY KEY,
  root TEXT NOT NULL,
  call_id TEXT,
  kind TEXT NOT NULL,
  state TEXT NOT NULL CHECK (state IN ('open', 'approved', 'done', 'rejected', 'expired', 'stuck')),
  version INTEGER NOT NULL CHECK (version > 0),
  revision INTEGER NOT NULL CHECK (revision > 0),
  channel TEXT NOT NULL,
  urgent INTEGER NOT NULL CHECK (urgent IN (0, 1)),
  owner TEXT NOT NULL,
  due_at TEXT NOT NULL,
  opened_at TEXT NOT NULL,
  updated_at TEXT NOT NULL,
  amount_minor INTEGER,
  currency TEXT,
  search TEXT NOT NULL,
  data TEXT NOT NULL,
  CHECK ((amount_minor IS NULL) = (currency IS NULL))
) STRICT;
INSERT INTO "cases" VALUES('C-1','call-1','call-1','refund','approved',1,2,'refunds',0,'finance','2025-02-01T09:30:00.000000Z','2025-01-31T09:30:00.000000Z','2025-01-31T09:30:00.000000Z',12550,'USD','c-1
call-1
call-1
wants 125.50 usd back, 100% sure.
émile example
emile@example.com','{"case_id":"C-1","root":"call-1","call_id":"call-1","kind":"refund","state":"approved","version":1,"revision":2,"details":{"summary":"Wants 125.50 USD back, 100% sure.","fields":{"customer_name":"Émile Example","account_id":null,"email":"emile@example.com","phone":null,"vip":null,"invoice_number":null,"payment_id":null,"subscription_id":null,"transaction_id":null,"card_id":null,"location_id":null,"brand_id":null,"brand_name":null,"website_url":null,"logo_url":null,"order_id":null,"amount":null,"currency":null,"due_date":null,"transaction_date":null,"payment_status":null,"call_intent":null,"refund_reason":null,"dispute_reason":null,"credit_request":null,"escalation_reason":null,"cancellation_risk":null,"finance_owner":null,"approval_threshold":null,"promised_next_step":null,"follow_up_deadline":null,"urgency":null,"billing_address":null,"tax_region":null,"transcript_url":null,"recording_url":null,"crm_url":null,"ticket_url":null,"payment_url":null,"sensitive_data_spoken":null,"confidence":null,"sentiment":null,"language":null},"money":{"amount_minor":12550,"currency":"USD"},"unmapped":{},"from_summary":[],"redactions":[],"doubts":[]},"facts":[],"channel":"refunds","urgent":false,"owner":"finance","due_at":"2025-02-01T09:30:00Z","opened_by":"dialnexa","opened_at":"2025-01-31T09:30:00Z","updated_at":"2025-01-31T09:30:00Z","closing":null}');
CREATE TABLE decisions (
  case_id TEXT NOT NULL,
  version INTEGER NOT NULL,
  user_id TEXT NOT NULL,
  verdict TEXT NOT NULL CHECK (verdict IN ('approve', 'reject')),
  decided_at TEXT NOT NULL,
  data TEXT NOT NULL,
  PRIMARY KEY (case_id, version, user_id),
  FOREIGN KEY (case_id, version) REFERENCES proposals
) STRICT;
INSERT INTO "decisions" VALUES('C-1',1,'U1','approve','2025-01-31T09:30:00.000000Z','{"case_id":"C-1","version":1,"user_id":"U1","verdict":"approve","reason":null,"in_groups":[],"rule":"One of finance decides up to 500 USD.","policy_version":"p1","decided_at":"2025-01-31T09:30:00Z"}');
CREATE TABLE delegations (
  user_id TEXT NOT NULL PRIMARY KEY,
  delegate_id TEXT NOT NULL,
  from_at TEXT NOT NULL,
  until_at TEXT NOT NULL,
  set_by TEXT NOT NULL,
  set_at TEXT NOT NULL,
  CHECK (user_id <> delegate_id AND from_at < until_at)
) STRICT;
CREATE TABLE deliveries (
  identity TEXT NOT NULL PRIMARY KEY,
  at TEXT NOT NULL
) STRICT;
INSERT INTO "deliveries" VALUES('evt_1','2025-01-31T09:30:00.000000Z');
CREATE TABLE executions (
  key TEXT NOT NULL PRIMARY KEY,
  case_id TEXT NOT NULL,
  version INTEGER NOT NULL,
  position INTEGER NOT NULL CHECK (position >= 0),
  connector TEXT NOT NULL,
  fingerprint TEXT NOT NULL,
  state TEXT NOT NULL CHECK (state IN ('pending', 'running', 'succeeded', 'refused', 'unsure', 'by_hand')),
  due_at TEXT,
  lease_owner TEXT,
  lease_until TEXT,
  data TEXT NOT NULL,
  wake_at TEXT GENERATED ALWAYS AS (CASE state
    WHEN 'pending' THEN due_at WHEN 'unsure' THEN due_at WHEN 'running' THEN lease_until END) STORED,
  UNIQUE (case_id, position),
  FOREIGN KEY (case_id, version) REFERENCES proposals,
  CHECK (state <> 'running' OR (lease_owner IS NOT NULL AND lease_until IS NOT NULL))
) STRICT;
INSERT INTO "executions" VALUES('call-1/refund/1','C-1',1,0,'stripe','print-0','succeeded',NULL,NULL,NULL,'{"key":"call-1/refund/1","case_id":"C-1","version":1,"position":0,"action":{"name":"refund","connector":"stripe","operation":"refund","params":{},"sentence":"Refund 125.50 USD"},"fingerprint":"print-0","state":"succeeded","attempts":1,"failures":0,"due_at":null,"lease_owner":null,"lease_until":null,"first_sent_at":null,"detail":null}');
CREATE TABLE moves (
  thing TEXT NOT NULL CHECK (thing IN ('case', 'execution')),
  from_state TEXT NOT NULL,
  to_state TEXT NOT NULL,
  PRIMARY KEY (thing, from_state, to_state)
) STRICT;
INSERT INTO "moves" VALUES('case','open','approved');
INSERT INTO "moves" VALUES('case','open','rejected');
INSERT INTO "moves" VALUES('case','open','expired');
INSERT INTO "moves" VALUES('case','approved','done');
INSERT INTO "moves" VALUES('case','approved','stuck');
INSERT INTO "moves" VALUES('case','stuck','approved');
INSERT INTO "moves" VALUES('case','stuck','done');
INSERT INTO "moves" VALUES('execution','pending','running');
INSERT INTO "moves" VALUES('execution','running','succeeded');
INSERT INTO "moves" VALUES('execution','running','refused');
INSERT INTO "moves" VALUES('execution','running','pending');
INSERT INTO "moves" VALUES('execution','running','unsure');
INSERT INTO "moves" VALUES('execution','unsure','running');
INSERT INTO "moves" VALUES('execution','refused','pending');
INSERT INTO "moves" VALUES('execution','pending','by_hand');
INSERT INTO "moves" VALUES('execution','by_hand','succeeded');
CREATE TABLE notices (
  notice_id TEXT NOT NULL PRIMARY KEY,
  recipient TEXT NOT NULL,
  case_id TEXT,
  created_at TEXT NOT NULL,
  due_at TEXT,
  lease_owner TEXT,
  lease_until TEXT,
  data TEXT NOT NULL,
  wake_at TEXT GENERATED ALWAYS AS
    (CASE WHEN due_at IS NOT NULL AND lease_until > due_at THEN lease_until ELSE due_at END) STORED
) STRICT;
CREATE TABLE pauses (
  scope TEXT NOT NULL PRIMARY KEY,
  since_at TEXT NOT NULL,
  by_whom TEXT NOT NULL,
  reason TEXT NOT NULL
) STRICT;
CREATE TABLE payouts (
  case_id TEXT NOT NULL PRIMARY KEY REFERENCES cases,
  version INTEGER NOT NULL,
  kind TEXT NOT NULL,
  customer TEXT,
  amount_minor INTEGER NOT NULL,
  currency TEXT NOT NULL,
  approved_at TEXT NOT NULL,
  automatic INTEGER NOT NULL CHECK (automatic IN (0, 1)),
  FOREIGN KEY (case_id, version) REFERENCES proposals
) STRICT;
CREATE TABLE proposals (
  case_id TEXT NOT NULL REFERENCES cases,
  version INTEGER NOT NULL CHECK (version > 0),
  kind TEXT NOT NULL,
  amount_minor INTEGER,
  currency TEXT,
  created_at TEXT NOT NULL,
  data TEXT NOT NULL,
  PRIMARY KEY (case_id, version),
  CHECK ((amount_minor IS NULL) = (currency IS NULL))
) STRICT;
INSERT INTO "proposals" VALUES('C-1',1,'refund',12550,'USD','2025-01-31T09:30:00.000000Z','{"case_id":"C-1","version":1,"kind":"refund","money":{"amount_minor":12550,"currency":"USD"},"actions":[],"options":[],"authors":[],"because":null,"created_at":"2025-01-31T09:30:00Z"}');
CREATE TABLE receipts (
  key TEXT NOT NULL PRIMARY KEY REFERENCES executions,
  vendor_id TEXT NOT NULL,
  stored_at TEXT NOT NULL,
  data TEXT NOT NULL
) STRICT;
INSERT INTO "receipts" VALUES('call-1/refund/1','re_1','2025-01-31T09:35:00.000000Z','{"vendor_id":"re_1","url":null,"note":null,"request_id":null}');
CREATE TABLE seal_heads (
  seal_n INTEGER NOT NULL REFERENCES seals,
  case_id TEXT NOT NULL,
  n INTEGER NOT NULL,
  hash TEXT NOT NULL,
  PRIMARY KEY (seal_n, case_id)
) STRICT;
INSERT INTO "seal_heads" VALUES(1,'C-1',7,'48c45dd6be639077d29630b72614440d86877708e682007213c963390d5d6e7f');
CREATE TABLE seals (
  n INTEGER NOT NULL PRIMARY KEY,
  at TEXT NOT NULL,
  previous_hash TEXT NOT NULL,
  hash TEXT NOT NULL
) STRICT;
INSERT INTO "seals" VALUES(1,'2025-01-31T09:35:00.000000Z','0000000000000000000000000000000000000000000000000000000000000000','c8022c34e4c2930803124d7ae23c71826493509fbeef37bb564e2fe7a105e6fb');
CREATE TABLE timers (
  case_id TEXT NOT NULL REFERENCES cases,
  name TEXT NOT NULL,
  due_at TEXT NOT NULL,
  fired_at TEXT,
  PRIMARY KEY (case_id, name)
) STRICT;
CREATE TABLE tokens (
  system TEXT NOT NULL PRIMARY KEY,
  sealed TEXT,
  saved_at TEXT,
  lease_owner TEXT,
  lease_until TEXT
) STRICT;
CREATE UNIQUE INDEX "idx__sqlite_migrations_migration_set_name"
    ON "_sqlite_migrations" ("migration_set", "name");
CREATE INDEX calls_due ON calls (wake_at) WHERE wake_at IS NOT NULL;
CREATE INDEX cases_due ON cases (due_at, case_id);
CREATE INDEX cases_state ON cases (state, due_at);
CREATE UNIQUE INDEX one_live_case_per_call ON cases (call_id)
WHERE call_id IS NOT NULL AND state IN ('open', 'approved', 'stuck');
CREATE INDEX executions_due ON executions (wake_at, key) WHERE wake_at IS NOT NULL;
CREATE UNIQUE INDEX one_running_execution_per_case ON executions (case_id) WHERE state = 'running';
CREATE INDEX cards_due ON cards (urgent DESC, wake_at, case_id, place) WHERE wake_at IS NOT NULL;
CREATE INDEX deliveries_at ON deliveries (at);
CREATE INDEX audit_heads_moved ON audit_heads (case_id) WHERE n > sealed_n;
CREATE TRIGGER case_moves BEFORE UPDATE OF state ON cases
WHEN OLD.state <> NEW.state
  AND NOT EXISTS (SELECT 1 FROM moves WHERE thing = 'case' AND from_state = OLD.state AND to_state = NEW.state)
BEGIN SELECT RAISE(ABORT, 'a case cannot make this move'); END;
CREATE TRIGGER execution_moves BEFORE UPDATE OF state ON executions
WHEN OLD.state <> NEW.state
  AND NOT EXISTS (SELECT 1 FROM moves WHERE thing = 'execution' AND from_state = OLD.state AND to_state = NEW.state)
BEGIN SELECT RAISE(ABORT, 'an execution cannot make this move'); END;
CREATE TRIGGER executions_fixed BEFORE UPDATE OF key, case_id, version, position, connector, fingerprint ON executions
BEGIN SELECT RAISE(ABORT, 'what an execution does cannot change'); END;
CREATE TRIGGER calls_fixed BEFORE UPDATE OF call_id, version, body_sha256, received_at, event, data ON calls
BEGIN SELECT RAISE(ABORT, 'a call cannot change'); END;
CREATE TRIGGER calls_kept BEFORE DELETE ON calls
BEGIN SELECT RAISE(ABORT, 'a call cannot change'); END;
CREATE TRIGGER attempts_fixed BEFORE UPDATE ON attempts WHEN OLD.outcome IS NOT NULL
BEGIN SELECT RAISE(ABORT, 'a completed attempt cannot change'); END;
CREATE TRIGGER attempts_kept BEFORE DELETE ON attempts
BEGIN SELECT RAISE(ABORT, 'attempts are append-only'); END;
CREATE TRIGGER audit_fixed BEFORE UPDATE ON audit
BEGIN SELECT RAISE(ABORT, 'audit is append-only'); END;
CREATE TRIGGER audit_kept BEFORE DELETE ON audit
BEGIN SELECT RAISE(ABORT, 'audit is append-only'); END;
CREATE TRIGGER seals_fixed BEFORE UPDATE ON seals
BEGIN SELECT RAISE(ABORT, 'seals are append-only'); END;
CREATE TRIGGER seals_kept BEFORE DELETE ON seals
BEGIN SELECT RAISE(ABORT, 'seals are append-only'); END;
CREATE TRIGGER seal_heads_fixed BEFORE UPDATE ON seal_heads
BEGIN SELECT RAISE(ABORT, 'seals are append-only'); END;
CREATE TRIGGER seal_heads_kept BEFORE DELETE ON seal_heads
BEGIN SELECT RAISE(ABORT, 'seals are append-only'); END;
CREATE TRIGGER decisions_fixed BEFORE UPDATE ON decisions
BEGIN SELECT RAISE(ABORT, 'decisions are append-only'); END;
CREATE TRIGGER decisions_kept BEFORE DELETE ON decisions
BEGIN SELECT RAISE(ABORT, 'decisions are append-only'); END;
CREATE TRIGGER proposals_fixed BEFORE UPDATE ON proposals
BEGIN SELECT RAISE(ABORT, 'proposals are append-only'); END;
CREATE TRIGGER proposals_kept BEFORE DELETE ON proposals
BEGIN SELECT RAISE(ABORT, 'proposals are append-only'); END;
CREATE TRIGGER receipts_fixed BEFORE UPDATE ON receipts
BEGIN SELECT RAISE(ABORT, 'receipts are append-only'); END;
CREATE TRIGGER receipts_kept BEFORE DELETE ON receipts
BEGIN SELECT RAISE(ABORT, 'receipts are append-only'); END;
CREATE INDEX timers_due ON timers (due_at) WHERE fired_at IS NULL;
CREATE INDEX notices_due ON notices (wake_at) WHERE wake_at IS NOT NULL;
CREATE INDEX payouts_customer ON payouts (customer, approved_at);
CREATE INDEX payouts_at ON payouts (approved_at);
CREATE INDEX decisions_person ON decisions (user_id, decided_at);
CREATE TRIGGER payouts_fixed BEFORE UPDATE ON payouts
BEGIN SELECT RAISE(ABORT, 'payouts are append-only'); END;
CREATE TRIGGER payouts_kept BEFORE DELETE ON payouts
BEGIN SELECT RAISE(ABORT, 'payouts are append-only'); END;
CREATE TRIGGER timers_once BEFORE UPDATE OF fired_at ON timers WHEN OLD.fired_at IS NOT NULL
BEGIN SELECT RAISE(ABORT, 'a timer that fired cannot change'); END;
COMMIT;
