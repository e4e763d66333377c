"""What is due by the clock: the list of duties, who holds which, and what each organisation has had of the work.

Nothing in it is a record: it follows from the book, and what a duty writes has its line in the journal.
"""

from __future__ import annotations

from alembic import op

revision = "0006"
down_revision = "0005"
branch_labels = None
depends_on = None

TABLES = """
CREATE TABLE moms.work (
  name text PRIMARY KEY CHECK (name <> ''),
  organisation text NOT NULL CHECK (organisation <> ''),
  classification text NOT NULL DEFAULT 'confidential',
  revision bigint NOT NULL DEFAULT 1,
  task text NOT NULL,
  subject text NOT NULL,
  cause text NOT NULL,
  urgency bigint NOT NULL,
  due_at timestamptz NOT NULL,
  made_at timestamptz NOT NULL DEFAULT transaction_timestamp(),
  free_from timestamptz NOT NULL,
  became text NOT NULL DEFAULT 'open' CHECK (became IN ('open', 'done', 'aside', 'stopped')),
  tries bigint NOT NULL DEFAULT 0,
  holder text NOT NULL DEFAULT '',
  says text NOT NULL DEFAULT '',
  ended_at timestamptz,
  took_s double precision,
  CHECK ((became = 'open') = (ended_at IS NULL))
);
CREATE INDEX work_open ON moms.work (organisation, urgency, due_at, name) WHERE became = 'open';
CREATE INDEX work_ended ON moms.work (ended_at) WHERE became <> 'open';
CREATE TABLE moms.work_share (
  organisation text PRIMARY KEY CHECK (organisation <> ''),
  classification text NOT NULL DEFAULT 'confidential',
  revision bigint NOT NULL DEFAULT 1,
  start_s double precision NOT NULL DEFAULT 0,
  finish_s double precision NOT NULL DEFAULT 0
);

CREATE FUNCTION moms.work_keeps() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
  IF OLD.became IN ('done', 'stopped') THEN
    RAISE EXCEPTION 'duty % is %', OLD.name, OLD.became USING ERRCODE = 'MS007';
  END IF;
  IF NEW.revision < OLD.revision THEN
    RAISE EXCEPTION 'the fence of duty % does not fall', OLD.name USING ERRCODE = 'MS004';
  END IF;
  RETURN NEW;
END $$;
CREATE TRIGGER work_keeps BEFORE UPDATE ON moms.work FOR EACH ROW EXECUTE FUNCTION moms.work_keeps();

CREATE FUNCTION moms.forget_work(older interval, over text[]) RETURNS bigint
LANGUAGE plpgsql SECURITY DEFINER SET search_path = pg_catalog, pg_temp AS $$
DECLARE gone bigint;
BEGIN
  DELETE FROM moms.work w WHERE w.became IN ('done', 'stopped')
    AND w.ended_at < clock_timestamp() - greatest(older, interval '7 days')
    AND NOT EXISTS (SELECT 1 FROM moms.outage o WHERE o.id = w.subject AND NOT o.state = ANY (over));
  GET DIAGNOSTICS gone = ROW_COUNT;
  RETURN gone;
END $$;
"""
GRANTS = """
REVOKE ALL ON moms.work, moms.work_share FROM PUBLIC;
REVOKE ALL ON FUNCTION moms.work_keeps(), moms.forget_work(interval, text[]) FROM PUBLIC;
GRANT EXECUTE ON FUNCTION moms.forget_work(interval, text[]) TO moms_app;
GRANT SELECT (name, organisation, classification, revision, task, subject, cause, urgency, due_at, made_at, free_from,
  became, tries, holder, says, ended_at, took_s), INSERT (name, organisation, classification, revision, task, subject,
  cause, urgency, due_at, made_at, free_from, became, tries, holder, says, ended_at, took_s),
  UPDATE (revision, free_from, became, tries, holder, says, ended_at, took_s) ON moms.work TO moms_app;
GRANT SELECT (organisation, classification, revision, start_s, finish_s), INSERT (organisation, classification,
  revision, start_s, finish_s), UPDATE (revision, start_s, finish_s) ON moms.work_share TO moms_app;
"""


def upgrade() -> None:
    """Make the tables."""
    op.execute(TABLES)
    for table in ("work", "work_share"):
        op.execute(f"ALTER TABLE moms.{table} ENABLE ROW LEVEL SECURITY")
        op.execute(f"ALTER TABLE moms.{table} FORCE ROW LEVEL SECURITY")
        allowed = "(SELECT moms.keeps_keys())"
        op.execute(f"CREATE POLICY seen ON moms.{table} FOR SELECT USING ({allowed})")
        op.execute(f"CREATE POLICY added ON moms.{table} FOR INSERT WITH CHECK ({allowed})")
        op.execute(f"CREATE POLICY changed ON moms.{table} FOR UPDATE USING ({allowed}) WITH CHECK ({allowed})")
    op.execute("CREATE POLICY removed ON moms.work FOR DELETE TO moms_owner USING ((SELECT moms.keeps_keys()))")
    op.execute(GRANTS)


def downgrade() -> None:
    """Refuse: what was done once would be done again."""
    msg = "this step is not undone; restore a backup instead"
    raise NotImplementedError(msg)
