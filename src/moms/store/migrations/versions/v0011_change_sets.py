"""Change sets: edits that are drafted together and land together, whole, under a number of their own.

What has ended stays as it is. Each revision has its line in the journal. How many have landed everybody may know who
decides: what was thought out before a landing is not written after it.
"""

from __future__ import annotations

from alembic import op

revision = "0011"
down_revision = "0009"
branch_labels = None
depends_on = None

TABLE = """
CREATE TABLE moms.change_set (
  id text PRIMARY KEY CHECK (id <> ''),
  organisation text NOT NULL CHECK (organisation <> ''),
  classification text NOT NULL DEFAULT 'restricted',
  revision bigint NOT NULL DEFAULT 1,
  became text NOT NULL CHECK (became IN ('draft', 'merged', 'abandoned')),
  landing bigint CHECK (landing IS NULL OR (landing > 0 AND became = 'merged')),
  document json NOT NULL
);
CREATE UNIQUE INDEX change_set_landing ON moms.change_set (organisation, landing) WHERE landing IS NOT NULL;
CREATE INDEX change_set_organisation ON moms.change_set (organisation);

CREATE FUNCTION moms.landings() RETURNS bigint
LANGUAGE sql STABLE SECURITY DEFINER SET search_path = pg_catalog, pg_temp AS $$
  SELECT coalesce(max(landing), 0) FROM moms.change_set WHERE organisation = 'operator'
$$;

CREATE FUNCTION moms.change_set_keeps() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
  IF OLD.became <> 'draft' THEN
    RAISE EXCEPTION 'change set % is %', OLD.id, OLD.became USING ERRCODE = 'MS007';
  END IF;
  IF NEW.revision <> OLD.revision + 1 THEN
    RAISE EXCEPTION 'change set % is at revision %', OLD.id, OLD.revision USING ERRCODE = 'MS004';
  END IF;
  RETURN NEW;
END $$;
CREATE TRIGGER change_set_keeps BEFORE UPDATE ON moms.change_set
  FOR EACH ROW EXECUTE FUNCTION moms.change_set_keeps();

CREATE FUNCTION moms.change_set_told() RETURNS trigger
LANGUAGE plpgsql SECURITY DEFINER SET search_path = pg_catalog, pg_temp AS $$
BEGIN
  IF NOT EXISTS (SELECT 1 FROM moms.journal j
      WHERE j.outage_id = 'change_set:' || NEW.id AND j.outage_revision = NEW.revision) THEN
    RAISE EXCEPTION 'change set % revision % has no line in the journal', NEW.id, NEW.revision
      USING ERRCODE = 'MS006';
  END IF;
  RETURN NULL;
END $$;
CREATE CONSTRAINT TRIGGER change_set_told AFTER INSERT OR UPDATE ON moms.change_set
  DEFERRABLE INITIALLY DEFERRED FOR EACH ROW EXECUTE FUNCTION moms.change_set_told();
CREATE TRIGGER not_removed BEFORE DELETE ON moms.change_set FOR EACH ROW EXECUTE FUNCTION moms.append_only();
CREATE TRIGGER kept BEFORE TRUNCATE ON moms.change_set FOR EACH STATEMENT EXECUTE FUNCTION moms.append_only();
"""
COLUMNS = "id, organisation, classification, revision, became, landing, document"
GRANTS = f"""
REVOKE ALL ON moms.change_set FROM PUBLIC;
REVOKE ALL ON FUNCTION moms.landings(), moms.change_set_keeps(), moms.change_set_told() FROM PUBLIC;
GRANT EXECUTE ON FUNCTION moms.landings() TO moms_app;
GRANT SELECT ({COLUMNS}), INSERT ({COLUMNS}), UPDATE (revision, became, landing, document)
  ON moms.change_set TO moms_app;
GRANT SELECT ({COLUMNS}) ON moms.change_set TO moms_reader;
"""


def upgrade() -> None:
    """Make the table."""
    op.execute(TABLE)
    op.execute("ALTER TABLE moms.change_set ENABLE ROW LEVEL SECURITY")
    op.execute("ALTER TABLE moms.change_set FORCE ROW LEVEL SECURITY")
    own = "(SELECT moms.sees_all()) OR organisation = (SELECT moms.sees_own())"
    allowed = f"(SELECT moms.writes()) AND ({own})"
    op.execute(f"CREATE POLICY seen ON moms.change_set FOR SELECT USING ({own})")
    op.execute(f"CREATE POLICY added ON moms.change_set FOR INSERT WITH CHECK ({allowed})")
    op.execute(f"CREATE POLICY changed ON moms.change_set FOR UPDATE USING ({allowed}) WITH CHECK ({allowed})")
    op.execute(f"CREATE POLICY removed ON moms.change_set FOR DELETE TO moms_owner USING ({allowed})")
    op.execute(GRANTS)


def downgrade() -> None:
    """Refuse: what landed is part of the record."""
    msg = "this step is not undone; restore a backup instead"
    raise NotImplementedError(msg)
