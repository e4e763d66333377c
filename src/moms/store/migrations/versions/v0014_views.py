"""Saved views of lists: filters, order and columns under a name, of a person or shared in its organisation.

Nobody but the system and the operator's administrator sees a row, and the reader role sees none: whose views one may
see hangs on the person, and the program asks for that. A view holds words to look by, and nothing that was found.
"""

from __future__ import annotations

from alembic import op

revision = "0014"
down_revision = "0013"
branch_labels = None
depends_on = None

TABLES = """
CREATE TABLE moms.saved_view (
  id text PRIMARY KEY CHECK (id <> ''),
  organisation text NOT NULL CHECK (organisation <> ''),
  classification text NOT NULL DEFAULT 'restricted',
  revision bigint NOT NULL DEFAULT 1,
  person text NOT NULL CHECK (person <> ''),
  name text NOT NULL CHECK (length(name) BETWEEN 1 AND 80),
  shared boolean NOT NULL,
  filters json NOT NULL,
  sort text NOT NULL,
  columns text[] NOT NULL,
  made_at timestamptz NOT NULL,
  ended boolean NOT NULL DEFAULT false
);
CREATE UNIQUE INDEX saved_view_name ON moms.saved_view (organisation, person, name) WHERE NOT ended;

CREATE FUNCTION moms.saved_view_keeps() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
  IF OLD.ended THEN
    RAISE EXCEPTION 'what has ended stays so' USING ERRCODE = 'MS007';
  END IF;
  IF NEW.revision <> OLD.revision + 1 THEN
    RAISE EXCEPTION 'view % is at revision %', OLD.id, OLD.revision USING ERRCODE = 'MS004';
  END IF;
  RETURN NEW;
END $$;
CREATE TRIGGER saved_view_keeps BEFORE UPDATE ON moms.saved_view
  FOR EACH ROW EXECUTE FUNCTION moms.saved_view_keeps();

CREATE FUNCTION moms.saved_view_told() RETURNS trigger
LANGUAGE plpgsql SECURITY DEFINER SET search_path = pg_catalog, pg_temp AS $$
BEGIN
  IF NOT EXISTS (SELECT 1 FROM moms.journal j
      WHERE j.outage_id = 'view:' || NEW.id AND j.outage_revision = NEW.revision) THEN
    RAISE EXCEPTION 'view % revision % has no line in the journal', NEW.id, NEW.revision USING ERRCODE = 'MS006';
  END IF;
  RETURN NULL;
END $$;
CREATE CONSTRAINT TRIGGER saved_view_told AFTER INSERT OR UPDATE ON moms.saved_view
  DEFERRABLE INITIALLY DEFERRED FOR EACH ROW EXECUTE FUNCTION moms.saved_view_told();
CREATE TRIGGER not_removed BEFORE DELETE ON moms.saved_view FOR EACH ROW EXECUTE FUNCTION moms.append_only();
CREATE TRIGGER kept BEFORE TRUNCATE ON moms.saved_view FOR EACH STATEMENT EXECUTE FUNCTION moms.append_only();
"""
COLUMNS = (
    "id, organisation, classification, revision, person, name, shared, filters, sort, columns, made_at, ended"
)  # fmt: skip
CHANGED = "revision, name, shared, filters, sort, columns, ended"


def upgrade() -> None:
    """Make the table."""
    op.execute(TABLES)
    op.execute("REVOKE ALL ON FUNCTION moms.saved_view_keeps(), moms.saved_view_told() FROM PUBLIC")
    allowed = "(SELECT moms.keeps_keys())"
    op.execute("REVOKE ALL ON moms.saved_view FROM PUBLIC")
    op.execute("ALTER TABLE moms.saved_view ENABLE ROW LEVEL SECURITY")
    op.execute("ALTER TABLE moms.saved_view FORCE ROW LEVEL SECURITY")
    op.execute(f"CREATE POLICY seen ON moms.saved_view FOR SELECT USING ({allowed})")
    op.execute(f"CREATE POLICY added ON moms.saved_view FOR INSERT WITH CHECK ({allowed})")
    op.execute(f"CREATE POLICY changed ON moms.saved_view FOR UPDATE USING ({allowed}) WITH CHECK ({allowed})")
    op.execute(f"GRANT SELECT ({COLUMNS}), INSERT ({COLUMNS}), UPDATE ({CHANGED}) ON moms.saved_view TO moms_app")


def downgrade() -> None:
    """Refuse: what somebody saved is part of the record."""
    msg = "this step is not undone; restore a backup instead"
    raise NotImplementedError(msg)
