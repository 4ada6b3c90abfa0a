SET statement_timeout = 0;
SET lock_timeout = 0;
SET idle_in_transaction_session_timeout = 0;
SET client_encoding = 'UTF8';
SET standard_conforming_strings = on;
SELECT pg_catalog.set_config('search_path', '', false);
SET check_function_bodies = false;
SET xmloption = content;
SET client_min_messages = warning;
SET row_security = off;
CREATE FUNCTION public.countersign_move() RETURNS trigger
    LANGUAGE plpgsql
    AS $$
BEGIN
  IF NOT EXISTS (
    SELECT 1 FROM moves WHERE thing = TG_ARGV[0] AND from_state = OLD.state AND to_state = NEW.state
  ) THEN
    RAISE EXCEPTION 'a state of % cannot go from % to %', TG_ARGV[0], OLD.state, NEW.state
      USING ERRCODE = 'check_violation';
  END IF;
  RETURN NEW;
END $$;
CREATE FUNCTION public.countersign_refuse() RETURNS trigger
    LANGUAGE plpgsql
    AS $$
BEGIN RAISE EXCEPTION '% cannot change', TG_ARGV[0] USING ERRCODE = 'check_violation'; END $$;
SET default_tablespace = '';
SET default_table_access_method = heap;
CREATE TABLE public.attempts (
    key text NOT NULL COLLATE pg_catalog."C",
    n integer NOT NULL,
    started_at text NOT NULL COLLATE pg_catalog."C",
    looks_first integer NOT NULL,
    ended_at text COLLATE pg_catalog."C",
    outcome text COLLATE pg_catalog."C",
    detail text COLLATE pg_catalog."C",
    request_id text COLLATE pg_catalog."C",
    CONSTRAINT attempts_check CHECK (((ended_at IS NULL) = (outcome IS NULL))),
    CONSTRAINT attempts_looks_first_check CHECK ((looks_first = ANY (ARRAY[0, 1]))),
    CONSTRAINT attempts_n_check CHECK ((n > 0)),
    CONSTRAINT attempts_outcome_check CHECK ((outcome = ANY (ARRAY['succeeded'::text, 'refused'::text, 'unavailable'::text, 'unsure'::text])))
);
CREATE TABLE public.audit (
    case_id text NOT NULL COLLATE pg_catalog."C",
    n integer NOT NULL,
    at text NOT NULL COLLATE pg_catalog."C",
    actor text NOT NULL COLLATE pg_catalog."C",
    what text NOT NULL COLLATE pg_catalog."C",
    sentence text COLLATE pg_catalog."C",
    data text NOT NULL COLLATE pg_catalog."C",
    previous_hash text NOT NULL COLLATE pg_catalog."C",
    hash text NOT NULL COLLATE pg_catalog."C",
    CONSTRAINT audit_n_check CHECK ((n > 0))
);
CREATE TABLE public.audit_heads (
    case_id text NOT NULL COLLATE pg_catalog."C",
    n integer NOT NULL,
    hash text NOT NULL COLLATE pg_catalog."C",
    sealed_n integer NOT NULL
);
CREATE TABLE public.calls (
    call_id text NOT NULL COLLATE pg_catalog."C",
    version integer NOT NULL,
    body_sha256 text NOT NULL COLLATE pg_catalog."C",
    received_at text NOT NULL COLLATE pg_catalog."C",
    event text NOT NULL COLLATE pg_catalog."C",
    data text NOT NULL COLLATE pg_catalog."C",
    due_at text COLLATE pg_catalog."C",
    lease_owner text COLLATE pg_catalog."C",
    lease_until text COLLATE pg_catalog."C",
    wake_at text GENERATED ALWAYS AS (
CASE
    WHEN ((due_at IS NOT NULL) AND (lease_until > due_at)) THEN lease_until
    ELSE due_at
END) STORED COLLATE pg_catalog."C",
    CONSTRAINT calls_version_check CHECK ((version > 0))
);
CREATE TABLE public.cards (
    case_id text NOT NULL COLLATE pg_catalog."C",
    place text NOT NULL COLLATE pg_catalog."C",
    channel text NOT NULL COLLATE pg_catalog."C",
    channel_id text COLLATE pg_catalog."C",
    message_ts text COLLATE pg_catalog."C",
    shown_revision integer NOT NULL,
    posting_since text COLLATE pg_catalog."C",
    trail_n integer NOT NULL,
    trail_since text COLLATE pg_catalog."C",
    failures integer NOT NULL,
    due_at text COLLATE pg_catalog."C",
    lease_owner text COLLATE pg_catalog."C",
    lease_until text COLLATE pg_catalog."C",
    urgent integer NOT NULL,
    case_revision integer NOT NULL,
    wake_at text GENERATED ALWAYS AS (
CASE
    WHEN ((due_at IS NOT NULL) AND (lease_until > due_at)) THEN lease_until
    ELSE due_at
END) STORED COLLATE pg_catalog."C",
    CONSTRAINT cards_urgent_check CHECK ((urgent = ANY (ARRAY[0, 1])))
);
CREATE TABLE public.case_keys (
    key text NOT NULL COLLATE pg_catalog."C",
    case_id text NOT NULL COLLATE pg_catalog."C"
);
CREATE TABLE public.cases (
    case_id text NOT NULL COLLATE pg_catalog."C",
    root text NOT NULL COLLATE pg_catalog."C",
    call_id text COLLATE pg_catalog."C",
    kind text NOT NULL COLLATE pg_catalog."C",
    state text NOT NULL COLLATE pg_catalog."C",
    version integer NOT NULL,
    revision integer NOT NULL,
    channel text NOT NULL COLLATE pg_catalog."C",
    urgent integer NOT NULL,
    owner text NOT NULL COLLATE pg_catalog."C",
    due_at text NOT NULL COLLATE pg_catalog."C",
    opened_at text NOT NULL COLLATE pg_catalog."C",
    updated_at text NOT NULL COLLATE pg_catalog."C",
    amount_minor bigint,
    currency text COLLATE pg_catalog."C",
    search text NOT NULL COLLATE pg_catalog."C",
    data text NOT NULL COLLATE pg_catalog."C",
    CONSTRAINT cases_check CHECK (((amount_minor IS NULL) = (currency IS NULL))),
    CONSTRAINT cases_revision_check CHECK ((revision > 0)),
    CONSTRAINT cases_state_check CHECK ((state = ANY (ARRAY['open'::text, 'approved'::text, 'done'::text, 'rejected'::text, 'expired'::text, 'stuck'::text]))),
    CONSTRAINT cases_urgent_check CHECK ((urgent = ANY (ARRAY[0, 1]))),
    CONSTRAINT cases_version_check CHECK ((version > 0))
);
CREATE TABLE public.decisions (
    case_id text NOT NULL COLLATE pg_catalog."C",
    version integer NOT NULL,
    user_id text NOT NULL COLLATE pg_catalog."C",
    verdict text NOT NULL COLLATE pg_catalog."C",
    decided_at text NOT NULL COLLATE pg_catalog."C",
    data text NOT NULL COLLATE pg_catalog."C",
    CONSTRAINT decisions_verdict_check CHECK ((verdict = ANY (ARRAY['approve'::text, 'reject'::text])))
);
CREATE TABLE public.delegations (
    user_id text NOT NULL COLLATE pg_catalog."C",
    delegate_id text NOT NULL COLLATE pg_catalog."C",
    from_at text NOT NULL COLLATE pg_catalog."C",
    until_at text NOT NULL COLLATE pg_catalog."C",
    set_by text NOT NULL COLLATE pg_catalog."C",
    set_at text NOT NULL COLLATE pg_catalog."C",
    CONSTRAINT delegations_check CHECK (((user_id <> delegate_id) AND (from_at < until_at)))
);
CREATE TABLE public.deliveries (
    identity text NOT NULL COLLATE pg_catalog."C",
    at text NOT NULL COLLATE pg_catalog."C"
);
CREATE TABLE public.executions (
    key text NOT NULL COLLATE pg_catalog."C",
    case_id text NOT NULL COLLATE pg_catalog."C",
    version integer NOT NULL,
    "position" integer NOT NULL,
    connector text NOT NULL COLLATE pg_catalog."C",
    fingerprint text NOT NULL COLLATE pg_catalog."C",
    state text NOT NULL COLLATE pg_catalog."C",
    due_at text COLLATE pg_catalog."C",
    lease_owner text COLLATE pg_catalog."C",
    lease_until text COLLATE pg_catalog."C",
    data text NOT NULL COLLATE pg_catalog."C",
    wake_at text GENERATED ALWAYS AS (
CASE state
    WHEN 'pending'::text THEN due_at
    WHEN 'unsure'::text THEN due_at
    WHEN 'running'::text THEN lease_until
    ELSE NULL::text
END) STORED COLLATE pg_catalog."C",
    CONSTRAINT executions_check CHECK (((state <> 'running'::text) OR ((lease_owner IS NOT NULL) AND (lease_until IS NOT NULL)))),
    CONSTRAINT executions_position_check CHECK (("position" >= 0)),
    CONSTRAINT executions_state_check CHECK ((state = ANY (ARRAY['pending'::text, 'running'::text, 'succeeded'::text, 'refused'::text, 'unsure'::text, 'by_hand'::text])))
);
CREATE TABLE public.migrations (
    name text NOT NULL,
    applied_at timestamp with time zone NOT NULL
);
CREATE TABLE public.moves (
    thing text NOT NULL COLLATE pg_catalog."C",
    from_state text NOT NULL COLLATE pg_catalog."C",
    to_state text NOT NULL COLLATE pg_catalog."C",
    CONSTRAINT moves_thing_check CHECK ((thing = ANY (ARRAY['case'::text, 'execution'::text])))
);
CREATE TABLE public.notices (
    notice_id text NOT NULL COLLATE pg_catalog."C",
    recipient text NOT NULL COLLATE pg_catalog."C",
    case_id text COLLATE pg_catalog."C",
    created_at text NOT NULL COLLATE pg_catalog."C",
    due_at text COLLATE pg_catalog."C",
    lease_owner text COLLATE pg_catalog."C",
    lease_until text COLLATE pg_catalog."C",
    data text NOT NULL COLLATE pg_catalog."C",
    wake_at text GENERATED ALWAYS AS (
CASE
    WHEN ((due_at IS NOT NULL) AND (lease_until > due_at)) THEN lease_until
    ELSE due_at
END) STORED COLLATE pg_catalog."C"
);
CREATE TABLE public.pauses (
    scope text NOT NULL COLLATE pg_catalog."C",
    since_at text NOT NULL COLLATE pg_catalog."C",
    by_whom text NOT NULL COLLATE pg_catalog."C",
    reason text NOT NULL COLLATE pg_catalog."C"
);
CREATE TABLE public.payouts (
    case_id text NOT NULL COLLATE pg_catalog."C",
    version integer NOT NULL,
    kind text NOT NULL COLLATE pg_catalog."C",
    customer text COLLATE pg_catalog."C",
    amount_minor bigint NOT NULL,
    currency text NOT NULL COLLATE pg_catalog."C",
    approved_at text NOT NULL COLLATE pg_catalog."C",
    automatic integer NOT NULL,
    CONSTRAINT payouts_automatic_check CHECK ((automatic = ANY (ARRAY[0, 1])))
);
CREATE TABLE public.proposals (
    case_id text NOT NULL COLLATE pg_catalog."C",
    version integer NOT NULL,
    kind text NOT NULL COLLATE pg_catalog."C",
    amount_minor bigint,
    currency text COLLATE pg_catalog."C",
    created_at text NOT NULL COLLATE pg_catalog."C",
    data text NOT NULL COLLATE pg_catalog."C",
    CONSTRAINT proposals_check CHECK (((amount_minor IS NULL) = (currency IS NULL))),
    CONSTRAINT proposals_version_check CHECK ((version > 0))
);
CREATE TABLE public.receipts (
    key text NOT NULL COLLATE pg_catalog."C",
    vendor_id text NOT NULL COLLATE pg_catalog."C",
    stored_at text NOT NULL COLLATE pg_catalog."C",
    data text NOT NULL COLLATE pg_catalog."C"
);
CREATE TABLE public.seal_heads (
    seal_n integer NOT NULL,
    case_id text NOT NULL COLLATE pg_catalog."C",
    n integer NOT NULL,
    hash text NOT NULL COLLATE pg_catalog."C"
);
CREATE TABLE public.seals (
    n integer NOT NULL,
    at text NOT NULL COLLATE pg_catalog."C",
    previous_hash text NOT NULL COLLATE pg_catalog."C",
    hash text NOT NULL COLLATE pg_catalog."C"
);
CREATE TABLE public.timers (
    case_id text NOT NULL COLLATE pg_catalog."C",
    name text NOT NULL COLLATE pg_catalog."C",
    due_at text NOT NULL COLLATE pg_catalog."C",
    fired_at text COLLATE pg_catalog."C"
);
CREATE TABLE public.tokens (
    system text NOT NULL COLLATE pg_catalog."C",
    sealed text COLLATE pg_catalog."C",
    saved_at text COLLATE pg_catalog."C",
    lease_owner text COLLATE pg_catalog."C",
    lease_until text COLLATE pg_catalog."C"
);
INSERT INTO public.attempts VALUES ('call-1/refund/1', 1, '2025-01-31T09:30:00.000000Z', 0, '2025-01-31T09:35:00.000000Z', 'succeeded', NULL, NULL);
INSERT INTO public.audit VALUES ('C-1', 1, '2025-01-31T09:30:00.000000Z', 'dialnexa', 'call.received', 'A call came in.', '{"seconds":12.5}', '0000000000000000000000000000000000000000000000000000000000000000', '80cbc5fb10e1d01082b158935a4a4879552952e118ef28ee60682e5fe78954dc');
INSERT INTO public.audit VALUES ('C-1', 2, '2025-01-31T09:30:00.000000Z', 'dialnexa', 'call.received', 'A call came in.', '{"seconds":12.5}', '80cbc5fb10e1d01082b158935a4a4879552952e118ef28ee60682e5fe78954dc', 'd7c47ffb6b482ab5de36476cb52898233caef0c4443d760b0f234450a592eb18');
INSERT INTO public.audit VALUES ('C-1', 3, '2025-01-31T09:30:00.000000Z', 'worker', 'case.changed', NULL, '{}', 'd7c47ffb6b482ab5de36476cb52898233caef0c4443d760b0f234450a592eb18', 'b842c7198d7b78151f9366b882e95e8e878a00def341ed58a692cfd785057baf');
INSERT INTO public.audit VALUES ('C-1', 4, '2025-01-31T09:30:00.000000Z', 'worker', 'case.changed', NULL, '{}', 'b842c7198d7b78151f9366b882e95e8e878a00def341ed58a692cfd785057baf', '6ccff17a6e1f555c58a2805ae2822c63171b5cb3dfa7e2cb906cf9647afee393');
INSERT INTO public.audit VALUES ('C-1', 5, '2025-01-31T09:30:00.000000Z', 'worker', 'case.changed', NULL, '{}', '6ccff17a6e1f555c58a2805ae2822c63171b5cb3dfa7e2cb906cf9647afee393', '0225b4cb847159d376c24e8530fac2436abd50e34a38ab2176789a0dbdd6d17b');
INSERT INTO public.audit VALUES ('C-1', 6, '2025-01-31T09:30:00.000000Z', 'worker', 'case.changed', NULL, '{}', '0225b4cb847159d376c24e8530fac2436abd50e34a38ab2176789a0dbdd6d17b', 'e4b658fb4d6b0a7fd2e9702c59d9283a6ab8a80c3a51cfae411bcf73c51568d7');
INSERT INTO public.audit VALUES ('C-1', 7, '2025-01-31T09:35:00.000000Z', 'worker', 'case.changed', NULL, '{}', 'e4b658fb4d6b0a7fd2e9702c59d9283a6ab8a80c3a51cfae411bcf73c51568d7', '48c45dd6be639077d29630b72614440d86877708e682007213c963390d5d6e7f');
INSERT INTO public.audit_heads VALUES ('C-1', 7, '48c45dd6be639077d29630b72614440d86877708e682007213c963390d5d6e7f', 7);
INSERT INTO public.calls VALUES ('call-1', 1, 'sha-1', '2025-01-31T09:30:00.000000Z', 'call_analyzed', '{"call_id":"call-1","author":null,"event":"call_analyzed","agent_id":null,"direction":null,"from_number":null,"to_number":null,"started_at":null,"duration_s":null,"transcript":[],"details":{"summary":"Wants money back.","fields":{"customer_name":null,"account_id":null,"email":null,"phone":null,"vip":null,"invoice_number":null,"payment_id":null,"subscription_id":null,"transaction_id":null,"card_id":null,"location_id":null,"brand_id":null,"brand_name":null,"website_url":null,"logo_url":null,"order_id":null,"amount":null,"currency":null,"due_date":null,"transaction_date":null,"payment_status":null,"call_intent":null,"refund_reason":null,"dispute_reason":null,"credit_request":null,"escalation_reason":null,"cancellation_risk":null,"finance_owner":null,"approval_threshold":null,"promised_next_step":null,"follow_up_deadline":null,"urgency":null,"billing_address":null,"tax_region":null,"transcript_url":null,"recording_url":null,"crm_url":null,"ticket_url":null,"payment_url":null,"sensitive_data_spoken":null,"confidence":null,"sentiment":null,"language":null},"money":null,"unmapped":{},"from_summary":[],"redactions":[],"doubts":[]},"analysed":true}', '2025-01-31T09:30:00.000000Z', NULL, NULL, DEFAULT);
INSERT INTO public.cards VALUES ('C-1', 'home', 'refunds', NULL, NULL, 0, NULL, 0, NULL, 0, '2025-01-31T09:30:00.000000Z', NULL, NULL, 0, 2, DEFAULT);
INSERT INTO public.cases VALUES ('C-1', 'call-1', 'call-1', 'refund', 'approved', 1, 2, 'refunds', 0, 'finance', '2025-02-01T09:30:00.000000Z', '2025-01-31T09:30:00.000000Z', '2025-01-31T09:30:00.000000Z', 12550, 'USD', 'c-1
call-1
call-1
wants 125.50 usd back, 100% sure.
émile example
emile@example.com', '{"case_id":"C-1","root":"call-1","call_id":"call-1","kind":"refund","state":"approved","version":1,"revision":2,"details":{"summary":"Wants 125.50 USD back, 100% sure.","fields":{"customer_name":"Émile Example","account_id":null,"email":"emile@example.com","phone":null,"vip":null,"invoice_number":null,"payment_id":null,"subscription_id":null,"transaction_id":null,"card_id":null,"location_id":null,"brand_id":null,"brand_name":null,"website_url":null,"logo_url":null,"order_id":null,"amount":null,"currency":null,"due_date":null,"transaction_date":null,"payment_status":null,"call_intent":null,"refund_reason":null,"dispute_reason":null,"credit_request":null,"escalation_reason":null,"cancellation_risk":null,"finance_owner":null,"approval_threshold":null,"promised_next_step":null,"follow_up_deadline":null,"urgency":null,"billing_address":null,"tax_region":null,"transcript_url":null,"recording_url":null,"crm_url":null,"ticket_url":null,"payment_url":null,"sensitive_data_spoken":null,"confidence":null,"sentiment":null,"language":null},"money":{"amount_minor":12550,"currency":"USD"},"unmapped":{},"from_summary":[],"redactions":[],"doubts":[]},"facts":[],"channel":"refunds","urgent":false,"owner":"finance","due_at":"2025-02-01T09:30:00Z","opened_by":"dialnexa","opened_at":"2025-01-31T09:30:00Z","updated_at":"2025-01-31T09:30:00Z","closing":null}');
INSERT INTO public.decisions VALUES ('C-1', 1, 'U1', 'approve', '2025-01-31T09:30:00.000000Z', '{"case_id":"C-1","version":1,"user_id":"U1","verdict":"approve","reason":null,"in_groups":[],"rule":"One of finance decides up to 500 USD.","policy_version":"p1","decided_at":"2025-01-31T09:30:00Z"}');
INSERT INTO public.deliveries VALUES ('evt_1', '2025-01-31T09:30:00.000000Z');
INSERT INTO public.executions VALUES ('call-1/refund/1', 'C-1', 1, 0, 'stripe', 'print-0', 'succeeded', NULL, NULL, NULL, '{"key":"call-1/refund/1","case_id":"C-1","version":1,"position":0,"action":{"name":"refund","connector":"stripe","operation":"refund","params":{},"sentence":"Refund 125.50 USD"},"fingerprint":"print-0","state":"succeeded","attempts":1,"failures":0,"due_at":null,"lease_owner":null,"lease_until":null,"first_sent_at":null,"detail":null}', DEFAULT);
INSERT INTO public.migrations VALUES ('0001_first', '2026-11-23 02:03:58.745486+00');
INSERT INTO public.migrations VALUES ('0002_people', '2026-11-23 04:38:02.832134+00');
INSERT INTO public.moves VALUES ('case', 'open', 'approved');
INSERT INTO public.moves VALUES ('case', 'open', 'rejected');
INSERT INTO public.moves VALUES ('case', 'open', 'expired');
INSERT INTO public.moves VALUES ('case', 'approved', 'done');
INSERT INTO public.moves VALUES ('case', 'approved', 'stuck');
INSERT INTO public.moves VALUES ('case', 'stuck', 'approved');
INSERT INTO public.moves VALUES ('case', 'stuck', 'done');
INSERT INTO public.moves VALUES ('execution', 'pending', 'running');
INSERT INTO public.moves VALUES ('execution', 'running', 'succeeded');
INSERT INTO public.moves VALUES ('execution', 'running', 'refused');
INSERT INTO public.moves VALUES ('execution', 'running', 'pending');
INSERT INTO public.moves VALUES ('execution', 'running', 'unsure');
INSERT INTO public.moves VALUES ('execution', 'unsure', 'running');
INSERT INTO public.moves VALUES ('execution', 'refused', 'pending');
INSERT INTO public.moves VALUES ('execution', 'pending', 'by_hand');
INSERT INTO public.moves VALUES ('execution', 'by_hand', 'succeeded');
INSERT INTO public.proposals VALUES ('C-1', 1, 'refund', 12550, 'USD', '2025-01-31T09:30:00.000000Z', '{"case_id":"C-1","version":1,"kind":"refund","money":{"amount_minor":12550,"currency":"USD"},"actions":[],"options":[],"authors":[],"because":null,"created_at":"2025-01-31T09:30:00Z"}');
INSERT INTO public.receipts VALUES ('call-1/refund/1', 're_1', '2025-01-31T09:35:00.000000Z', '{"vendor_id":"re_1","url":null,"note":null,"request_id":null}');
INSERT INTO public.seal_heads VALUES (1, 'C-1', 7, '48c45dd6be639077d29630b72614440d86877708e682007213c963390d5d6e7f');
INSERT INTO public.seals VALUES (1, '2025-01-31T09:35:00.000000Z', '0000000000000000000000000000000000000000000000000000000000000000', 'c8022c34e4c2930803124d7ae23c71826493509fbeef37bb564e2fe7a105e6fb');
ALTER TABLE ONLY public.attempts
    ADD CONSTRAINT attempts_pkey PRIMARY KEY (key, n);
ALTER TABLE ONLY public.audit_heads
    ADD CONSTRAINT audit_heads_pkey PRIMARY KEY (case_id);
ALTER TABLE ONLY public.audit
    ADD CONSTRAINT audit_pkey PRIMARY KEY (case_id, n);
ALTER TABLE ONLY public.calls
    ADD CONSTRAINT calls_call_id_body_sha256_key UNIQUE (call_id, body_sha256);
ALTER TABLE ONLY public.calls
    ADD CONSTRAINT calls_pkey PRIMARY KEY (call_id, version);
ALTER TABLE ONLY public.cards
    ADD CONSTRAINT cards_pkey PRIMARY KEY (case_id, place);
ALTER TABLE ONLY public.case_keys
    ADD CONSTRAINT case_keys_pkey PRIMARY KEY (key, case_id);
ALTER TABLE ONLY public.cases
    ADD CONSTRAINT cases_pkey PRIMARY KEY (case_id);
ALTER TABLE ONLY public.decisions
    ADD CONSTRAINT decisions_pkey PRIMARY KEY (case_id, version, user_id);
ALTER TABLE ONLY public.delegations
    ADD CONSTRAINT delegations_pkey PRIMARY KEY (user_id);
ALTER TABLE ONLY public.deliveries
    ADD CONSTRAINT deliveries_pkey PRIMARY KEY (identity);
ALTER TABLE ONLY public.executions
    ADD CONSTRAINT executions_case_id_position_key UNIQUE (case_id, "position");
ALTER TABLE ONLY public.executions
    ADD CONSTRAINT executions_pkey PRIMARY KEY (key);
ALTER TABLE ONLY public.migrations
    ADD CONSTRAINT migrations_pkey PRIMARY KEY (name);
ALTER TABLE ONLY public.moves
    ADD CONSTRAINT moves_pkey PRIMARY KEY (thing, from_state, to_state);
ALTER TABLE ONLY public.notices
    ADD CONSTRAINT notices_pkey PRIMARY KEY (notice_id);
ALTER TABLE ONLY public.pauses
    ADD CONSTRAINT pauses_pkey PRIMARY KEY (scope);
ALTER TABLE ONLY public.payouts
    ADD CONSTRAINT payouts_pkey PRIMARY KEY (case_id);
ALTER TABLE ONLY public.proposals
    ADD CONSTRAINT proposals_pkey PRIMARY KEY (case_id, version);
ALTER TABLE ONLY public.receipts
    ADD CONSTRAINT receipts_pkey PRIMARY KEY (key);
ALTER TABLE ONLY public.seal_heads
    ADD CONSTRAINT seal_heads_pkey PRIMARY KEY (seal_n, case_id);
ALTER TABLE ONLY public.seals
    ADD CONSTRAINT seals_pkey PRIMARY KEY (n);
ALTER TABLE ONLY public.timers
    ADD CONSTRAINT timers_pkey PRIMARY KEY (case_id, name);
ALTER TABLE ONLY public.tokens
    ADD CONSTRAINT tokens_pkey PRIMARY KEY (system);
CREATE INDEX audit_heads_moved ON public.audit_heads USING btree (case_id) WHERE (n > sealed_n);
CREATE INDEX calls_due ON public.calls USING btree (wake_at) WHERE (wake_at IS NOT NULL);
CREATE INDEX cards_due ON public.cards USING btree (urgent DESC, wake_at, case_id, place) WHERE (wake_at IS NOT NULL);
CREATE INDEX cases_due ON public.cases USING btree (due_at, case_id);
CREATE INDEX cases_state ON public.cases USING btree (state, due_at);
CREATE INDEX decisions_person ON public.decisions USING btree (user_id, decided_at);
CREATE INDEX deliveries_at ON public.deliveries USING btree (at);
CREATE INDEX executions_due ON public.executions USING btree (wake_at, key) WHERE (wake_at IS NOT NULL);
CREATE INDEX notices_due ON public.notices USING btree (wake_at) WHERE (wake_at IS NOT NULL);
CREATE UNIQUE INDEX one_live_case_per_call ON public.cases USING btree (call_id) WHERE ((call_id IS NOT NULL) AND (state = ANY (ARRAY['open'::text, 'approved'::text, 'stuck'::text])));
CREATE UNIQUE INDEX one_running_execution_per_case ON public.executions USING btree (case_id) WHERE (state = 'running'::text);
CREATE INDEX payouts_at ON public.payouts USING btree (approved_at);
CREATE INDEX payouts_customer ON public.payouts USING btree (customer, approved_at);
CREATE INDEX timers_due ON public.timers USING btree (due_at) WHERE (fired_at IS NULL);
CREATE TRIGGER attempts_fixed BEFORE UPDATE ON public.attempts FOR EACH ROW WHEN ((old.outcome IS NOT NULL)) EXECUTE FUNCTION public.countersign_refuse('a completed attempt');
CREATE TRIGGER attempts_kept BEFORE DELETE ON public.attempts FOR EACH ROW EXECUTE FUNCTION public.countersign_refuse('an attempt');
CREATE TRIGGER audit_kept BEFORE DELETE OR UPDATE OR TRUNCATE ON public.audit FOR EACH STATEMENT EXECUTE FUNCTION public.countersign_refuse('the audit');
CREATE TRIGGER calls_fixed BEFORE UPDATE OF call_id, version, body_sha256, received_at, event, data ON public.calls FOR EACH ROW EXECUTE FUNCTION public.countersign_refuse('a call');
CREATE TRIGGER calls_kept BEFORE DELETE ON public.calls FOR EACH ROW EXECUTE FUNCTION public.countersign_refuse('a call');
CREATE TRIGGER case_moves BEFORE UPDATE OF state ON public.cases FOR EACH ROW WHEN ((old.state <> new.state)) EXECUTE FUNCTION public.countersign_move('case');
CREATE TRIGGER decisions_kept BEFORE DELETE OR UPDATE OR TRUNCATE ON public.decisions FOR EACH STATEMENT EXECUTE FUNCTION public.countersign_refuse('a decision');
CREATE TRIGGER execution_moves BEFORE UPDATE OF state ON public.executions FOR EACH ROW WHEN ((old.state <> new.state)) EXECUTE FUNCTION public.countersign_move('execution');
CREATE TRIGGER executions_fixed BEFORE UPDATE OF key, case_id, version, "position", connector, fingerprint ON public.executions FOR EACH ROW EXECUTE FUNCTION public.countersign_refuse('what an execution does');
CREATE TRIGGER payouts_kept BEFORE DELETE OR UPDATE OR TRUNCATE ON public.payouts FOR EACH STATEMENT EXECUTE FUNCTION public.countersign_refuse('a payout');
CREATE TRIGGER proposals_kept BEFORE DELETE OR UPDATE OR TRUNCATE ON public.proposals FOR EACH STATEMENT EXECUTE FUNCTION public.countersign_refuse('a proposal');
CREATE TRIGGER receipts_kept BEFORE DELETE OR UPDATE OR TRUNCATE ON public.receipts FOR EACH STATEMENT EXECUTE FUNCTION public.countersign_refuse('a receipt');
CREATE TRIGGER seal_heads_kept BEFORE DELETE OR UPDATE OR TRUNCATE ON public.seal_heads FOR EACH STATEMENT EXECUTE FUNCTION public.countersign_refuse('a seal');
CREATE TRIGGER seals_kept BEFORE DELETE OR UPDATE OR TRUNCATE ON public.seals FOR EACH STATEMENT EXECUTE FUNCTION public.countersign_refuse('a seal');
CREATE TRIGGER timers_once BEFORE UPDATE OF fired_at ON public.timers FOR EACH ROW WHEN ((old.fired_at IS NOT NULL)) EXECUTE FUNCTION public.countersign_refuse('a timer that fired');
ALTER TABLE ONLY public.attempts
    ADD CONSTRAINT attempts_key_fkey FOREIGN KEY (key) REFERENCES public.executions(key);
ALTER TABLE ONLY public.cards
    ADD CONSTRAINT cards_case_id_fkey FOREIGN KEY (case_id) REFERENCES public.cases(case_id);
ALTER TABLE ONLY public.case_keys
    ADD CONSTRAINT case_keys_case_id_fkey FOREIGN KEY (case_id) REFERENCES public.cases(case_id);
ALTER TABLE ONLY public.decisions
    ADD CONSTRAINT decisions_case_id_version_fkey FOREIGN KEY (case_id, version) REFERENCES public.proposals(case_id, version);
ALTER TABLE ONLY public.executions
    ADD CONSTRAINT executions_case_id_version_fkey FOREIGN KEY (case_id, version) REFERENCES public.proposals(case_id, version);
ALTER TABLE ONLY public.payouts
    ADD CONSTRAINT payouts_case_id_fkey FOREIGN KEY (case_id) REFERENCES public.cases(case_id);
ALTER TABLE ONLY public.payouts
    ADD CONSTRAINT payouts_case_id_version_fkey FOREIGN KEY (case_id, version) REFERENCES public.proposals(case_id, version);
ALTER TABLE ONLY public.proposals
    ADD CONSTRAINT proposals_case_id_fkey FOREIGN KEY (case_id) REFERENCES public.cases(case_id);
ALTER TABLE ONLY public.receipts
    ADD CONSTRAINT receipts_key_fkey FOREIGN KEY (key) REFERENCES public.executions(key);
ALTER TABLE ONLY public.seal_heads
    ADD CONSTRAINT seal_heads_seal_n_fkey FOREIGN KEY (seal_n) REFERENCES public.seals(n);
ALTER TABLE ONLY public.timers
    ADD CONSTRAINT timers_case_id_fkey FOREIGN KEY (case_id) REFERENCES public.cases(case_id);
