"""Create the triggers of the first schema. Released: never edited, what comes later is another migration."""

SQLITE = (
    """
CREATE TRIGGER case_moves BEFORE UPDATE OF state ON cases
WHEN OLD.state <> NEW.state
  AND NOT EXISTS (SELECT 1 FROM moves WHERE thing = 'case' AND from_state = OLD.state AND to_state = NEW.state)
BEGIN SELECT RAISE(ABORT, 'a case cannot make this move'); END""",
    """
CREATE TRIGGER execution_moves BEFORE UPDATE OF state ON executions
WHEN OLD.state <> NEW.state
  AND NOT EXISTS (SELECT 1 FROM moves WHERE thing = 'execution' AND from_state = OLD.state AND to_state = NEW.state)
BEGIN SELECT RAISE(ABORT, 'an execution cannot make this move'); END""",
    """
CREATE TRIGGER executions_fixed BEFORE UPDATE OF key, case_id, version, position, connector, fingerprint ON executions
BEGIN SELECT RAISE(ABORT, 'what an execution does cannot change'); END""",
    """
CREATE TRIGGER calls_fixed BEFORE UPDATE OF call_id, version, body_sha256, received_at, event, data ON calls
BEGIN SELECT RAISE(ABORT, 'a call cannot change'); END""",
    """
CREATE TRIGGER calls_kept BEFORE DELETE ON calls
BEGIN SELECT RAISE(ABORT, 'a call cannot change'); END""",
    """
CREATE TRIGGER attempts_fixed BEFORE UPDATE ON attempts WHEN OLD.outcome IS NOT NULL
BEGIN SELECT RAISE(ABORT, 'a completed attempt cannot change'); END""",
    """
CREATE TRIGGER attempts_kept BEFORE DELETE ON attempts
BEGIN SELECT RAISE(ABORT, 'attempts are append-only'); END""",
    """
CREATE TRIGGER audit_fixed BEFORE UPDATE ON audit
BEGIN SELECT RAISE(ABORT, 'audit is append-only'); END""",
    """
CREATE TRIGGER audit_kept BEFORE DELETE ON audit
BEGIN SELECT RAISE(ABORT, 'audit is append-only'); END""",
    """
CREATE TRIGGER seals_fixed BEFORE UPDATE ON seals
BEGIN SELECT RAISE(ABORT, 'seals are append-only'); END""",
    """
CREATE TRIGGER seals_kept BEFORE DELETE ON seals
BEGIN SELECT RAISE(ABORT, 'seals are append-only'); END""",
    """
CREATE TRIGGER seal_heads_fixed BEFORE UPDATE ON seal_heads
BEGIN SELECT RAISE(ABORT, 'seals are append-only'); END""",
    """
CREATE TRIGGER seal_heads_kept BEFORE DELETE ON seal_heads
BEGIN SELECT RAISE(ABORT, 'seals are append-only'); END""",
    """
CREATE TRIGGER decisions_fixed BEFORE UPDATE ON decisions
BEGIN SELECT RAISE(ABORT, 'decisions are append-only'); END""",
    """
CREATE TRIGGER decisions_kept BEFORE DELETE ON decisions
BEGIN SELECT RAISE(ABORT, 'decisions are append-only'); END""",
    """
CREATE TRIGGER proposals_fixed BEFORE UPDATE ON proposals
BEGIN SELECT RAISE(ABORT, 'proposals are append-only'); END""",
    """
CREATE TRIGGER proposals_kept BEFORE DELETE ON proposals
BEGIN SELECT RAISE(ABORT, 'proposals are append-only'); END""",
    """
CREATE TRIGGER receipts_fixed BEFORE UPDATE ON receipts
BEGIN SELECT RAISE(ABORT, 'receipts are append-only'); END""",
    """
CREATE TRIGGER receipts_kept BEFORE DELETE ON receipts
BEGIN SELECT RAISE(ABORT, 'receipts are append-only'); END""",
)

POSTGRESQL = (
    """
CREATE FUNCTION countersign_refuse() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN RAISE EXCEPTION '% cannot change', TG_ARGV[0] USING ERRCODE = 'check_violation'; END $$""",
    """
CREATE FUNCTION countersign_move() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
  IF NOT EXISTS (
    SELECT 1 FROM moves WHERE thing = TG_ARGV[0] AND from_state = OLD.state AND to_state = NEW.state
  ) THEN
    RAISE EXCEPTION 'a state of % cannot go from % to %', TG_ARGV[0], OLD.state, NEW.state
      USING ERRCODE = 'check_violation';
  END IF;
  RETURN NEW;
END $$""",
    """
CREATE TRIGGER case_moves BEFORE UPDATE OF state ON cases FOR EACH ROW
WHEN (OLD.state <> NEW.state) EXECUTE FUNCTION countersign_move('case')""",
    """
CREATE TRIGGER execution_moves BEFORE UPDATE OF state ON executions FOR EACH ROW
WHEN (OLD.state <> NEW.state) EXECUTE FUNCTION countersign_move('execution')""",
    """
CREATE TRIGGER executions_fixed BEFORE UPDATE OF key, case_id, version, position, connector, fingerprint ON executions
FOR EACH ROW EXECUTE FUNCTION countersign_refuse('what an execution does')""",
    """
CREATE TRIGGER calls_fixed BEFORE UPDATE OF call_id, version, body_sha256, received_at, event, data ON calls
FOR EACH ROW EXECUTE FUNCTION countersign_refuse('a call')""",
    """
CREATE TRIGGER calls_kept BEFORE DELETE ON calls
FOR EACH ROW EXECUTE FUNCTION countersign_refuse('a call')""",
    """
CREATE TRIGGER attempts_fixed BEFORE UPDATE ON attempts FOR EACH ROW
WHEN (OLD.outcome IS NOT NULL) EXECUTE FUNCTION countersign_refuse('a completed attempt')""",
    """
CREATE TRIGGER attempts_kept BEFORE DELETE ON attempts
FOR EACH ROW EXECUTE FUNCTION countersign_refuse('an attempt')""",
    """
CREATE TRIGGER audit_kept BEFORE UPDATE OR DELETE OR TRUNCATE ON audit
FOR EACH STATEMENT EXECUTE FUNCTION countersign_refuse('the audit')""",
    """
CREATE TRIGGER seals_kept BEFORE UPDATE OR DELETE OR TRUNCATE ON seals
FOR EACH STATEMENT EXECUTE FUNCTION countersign_refuse('a seal')""",
    """
CREATE TRIGGER seal_heads_kept BEFORE UPDATE OR DELETE OR TRUNCATE ON seal_heads
FOR EACH STATEMENT EXECUTE FUNCTION countersign_refuse('a seal')""",
    """
CREATE TRIGGER decisions_kept BEFORE UPDATE OR DELETE OR TRUNCATE ON decisions
FOR EACH STATEMENT EXECUTE FUNCTION countersign_refuse('a decision')""",
    """
CREATE TRIGGER proposals_kept BEFORE UPDATE OR DELETE OR TRUNCATE ON proposals
FOR EACH STATEMENT EXECUTE FUNCTION countersign_refuse('a proposal')""",
    """
CREATE TRIGGER receipts_kept BEFORE UPDATE OR DELETE OR TRUNCATE ON receipts
FOR EACH STATEMENT EXECUTE FUNCTION countersign_refuse('a receipt')""",
)
