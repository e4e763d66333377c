"""Outages are found by their group without reading every document, and three indexes that served nobody go.

Where row-level security guards a table, PostgreSQL uses an index only for what cannot leak; operators of arrays, ranges
and words, and reading a field of JSON, may. So the indexes of `assets`, `during` and `words` were written with each
change and never read, and a group was looked for in every document. Equality of text cannot leak.

The column is filled by the database, so that a program of the step before writes it too without knowing it. From this
step on a database says itself how old a program may be that still runs on it, so that a later step which only adds can
be taken while programs of the step before go on.
"""

from __future__ import annotations

from alembic import op

revision = "0016"
down_revision = "0015"
branch_labels = None
depends_on = None

COLUMN = """
ALTER TABLE moms.outage ADD COLUMN in_group text;
CREATE FUNCTION moms.outage_group() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
  NEW.in_group := NEW.document->'request'->>'group';
  RETURN NEW;
END $$;
REVOKE ALL ON FUNCTION moms.outage_group() FROM PUBLIC;
GRANT SELECT (in_group), INSERT (in_group), UPDATE (in_group) ON moms.outage TO moms_app;
GRANT SELECT (in_group) ON moms.outage TO moms_reader;
"""
OLDEST = """
CREATE FUNCTION moms.oldest_program() RETURNS text LANGUAGE sql STABLE AS $$ SELECT '0016'::text $$;
REVOKE ALL ON FUNCTION moms.oldest_program() FROM PUBLIC;
GRANT EXECUTE ON FUNCTION moms.oldest_program() TO moms_app, moms_reader;
"""
"""The step of the oldest program that may run here. Each later step says it anew: the same where it only adds, its own
where a program of before would read or write something wrong."""
FILLED = """
ALTER TABLE moms.outage NO FORCE ROW LEVEL SECURITY, DISABLE TRIGGER USER;
UPDATE moms.outage SET in_group = document->'request'->>'group' WHERE document->'request'->>'group' IS NOT NULL;
ALTER TABLE moms.outage FORCE ROW LEVEL SECURITY, ENABLE TRIGGER USER;
"""
AFTER = """
CREATE TRIGGER outage_group BEFORE INSERT OR UPDATE ON moms.outage
  FOR EACH ROW EXECUTE FUNCTION moms.outage_group();
CREATE INDEX outage_in_group ON moms.outage (in_group, id) WHERE in_group IS NOT NULL;
DROP INDEX moms.outage_assets, moms.outage_during, moms.outage_words;
"""


def upgrade() -> None:
    """Add the column, fill it as it stands, and let the database keep it."""
    op.execute(COLUMN)
    op.execute(FILLED)
    op.execute(AFTER)
    op.execute(OLDEST)


def downgrade() -> None:
    """Take the column away and make the indexes again: nothing is kept in them."""
    op.execute("DROP FUNCTION moms.oldest_program()")
    op.execute("DROP TRIGGER outage_group ON moms.outage; DROP FUNCTION moms.outage_group()")
    op.execute("ALTER TABLE moms.outage DROP COLUMN in_group")
    op.execute("CREATE INDEX outage_during ON moms.outage USING gist (during)")
    op.execute("CREATE INDEX outage_assets ON moms.outage USING gin (assets)")
    op.execute("CREATE INDEX outage_words ON moms.outage USING gin (words gin_trgm_ops)")
