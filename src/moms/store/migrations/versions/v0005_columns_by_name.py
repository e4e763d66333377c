"""Rights by the name of each column, so that a column that comes later is nobody's until it is granted.

And anchors bind the chains of all organisations: they are for who sees all, and written by MOMS alone.
"""

from __future__ import annotations

from alembic import op

revision = "0005"
down_revision = "0004"
branch_labels = None
depends_on = None

BY_NAME = """
DO $$
DECLARE t record;
BEGIN
  FOR t IN
    SELECT c.relname AS name, string_agg(quote_ident(a.attname), ', ') AS columns,
           has_table_privilege('moms_app', c.oid, 'SELECT') AS app_reads,
           has_table_privilege('moms_app', c.oid, 'INSERT') AS app_adds,
           has_table_privilege('moms_reader', c.oid, 'SELECT') AS reader_reads
    FROM pg_class c JOIN pg_attribute a ON a.attrelid = c.oid AND a.attnum > 0 AND NOT a.attisdropped
    WHERE c.relnamespace = 'moms'::regnamespace AND c.relkind = 'r' AND c.relname <> 'migration'
    GROUP BY c.oid, c.relname
  LOOP
    EXECUTE format('REVOKE SELECT, INSERT ON moms.%I FROM moms_app, moms_reader', t.name);
    IF t.app_reads THEN EXECUTE format('GRANT SELECT (%s) ON moms.%I TO moms_app', t.columns, t.name); END IF;
    IF t.app_adds THEN EXECUTE format('GRANT INSERT (%s) ON moms.%I TO moms_app', t.columns, t.name); END IF;
    IF t.reader_reads THEN EXECUTE format('GRANT SELECT (%s) ON moms.%I TO moms_reader', t.columns, t.name); END IF;
  END LOOP;
END $$;
"""
ANCHORS = """
DROP POLICY seen ON moms.journal_anchor;
DROP POLICY added ON moms.journal_anchor;
CREATE POLICY seen ON moms.journal_anchor FOR SELECT USING ((SELECT moms.sees_all()));
CREATE POLICY added ON moms.journal_anchor FOR INSERT
  WITH CHECK ((SELECT moms.sees_all()) AND (SELECT moms.role_now()) = 'system');
"""


def upgrade() -> None:
    """Grant by name."""
    op.execute(BY_NAME)
    op.execute(ANCHORS)


def downgrade() -> None:
    """Refuse: rights are not widened again by going back."""
    msg = "this step is not undone; restore a backup instead"
    raise NotImplementedError(msg)
