"""What the network said to each branch on a day of the calendar, kept while nothing that it rests on has changed.

Nothing in it is a record: it is computed from the book, and a decision computes it again.
"""

from __future__ import annotations

from alembic import op

revision = "0008"
down_revision = "0007"
branch_labels = None
depends_on = None

TABLE = """
CREATE TABLE moms.calendar_day (
  day date NOT NULL,
  part bigint NOT NULL CHECK (part >= 0),
  organisation text NOT NULL CHECK (organisation <> ''),
  classification text NOT NULL DEFAULT 'restricted',
  revision bigint NOT NULL DEFAULT 1,
  mark text NOT NULL CHECK (mark <> ''),
  parts bigint NOT NULL CHECK (parts > 0),
  body bytea NOT NULL,
  book_version bigint NOT NULL,
  computed_at timestamptz NOT NULL,
  PRIMARY KEY (day, part)
);

CREATE FUNCTION moms.forget_calendar(before date) RETURNS bigint
LANGUAGE plpgsql SECURITY DEFINER SET search_path = pg_catalog, pg_temp AS $$
DECLARE gone bigint;
BEGIN
  DELETE FROM moms.calendar_day WHERE day < before;
  GET DIAGNOSTICS gone = ROW_COUNT;
  RETURN gone;
END $$;
"""
GRANTS = """
REVOKE ALL ON moms.calendar_day FROM PUBLIC;
REVOKE ALL ON FUNCTION moms.forget_calendar(date) FROM PUBLIC;
GRANT EXECUTE ON FUNCTION moms.forget_calendar(date) TO moms_app;
GRANT SELECT (day, part, organisation, classification, revision, mark, parts, body, book_version, computed_at),
  INSERT (day, part, organisation, classification, revision, mark, parts, body, book_version, computed_at),
  UPDATE (revision, mark, parts, body, book_version, computed_at) ON moms.calendar_day TO moms_app;
"""


def upgrade() -> None:
    """Make the table."""
    op.execute(TABLE)
    op.execute("ALTER TABLE moms.calendar_day ENABLE ROW LEVEL SECURITY")
    op.execute("ALTER TABLE moms.calendar_day FORCE ROW LEVEL SECURITY")
    allowed = "(SELECT moms.keeps_keys())"
    op.execute(f"CREATE POLICY seen ON moms.calendar_day FOR SELECT USING ({allowed})")
    op.execute(f"CREATE POLICY added ON moms.calendar_day FOR INSERT WITH CHECK ({allowed})")
    op.execute(f"CREATE POLICY changed ON moms.calendar_day FOR UPDATE USING ({allowed}) WITH CHECK ({allowed})")
    op.execute("CREATE POLICY removed ON moms.calendar_day FOR DELETE TO moms_owner USING (true)")
    op.execute(GRANTS)


def downgrade() -> None:
    """Refuse, as every step does: what is kept would have to be computed again."""
    msg = "this step is not undone; restore a backup instead"
    raise NotImplementedError(msg)
