"""From where each line of the journal was asked for: the door, the address, the credential's public id.

A table beside the journal, since an address is for auditors alone and a line is for its whole organisation: rows are
seen by the operator's auditor, its administrator and the system. The line holds the row's hash, salted so that nobody
can try addresses against it; so a row that is changed, gone or made up shows. Lines of before have none.
"""

from __future__ import annotations

from alembic import op

revision = "0015"
down_revision = "0014"
branch_labels = None
depends_on = None

TABLES = """
CREATE FUNCTION moms.audits() RETURNS boolean LANGUAGE sql STABLE
  AS $$ SELECT coalesce(moms.organisation_now() = 'operator'
    AND moms.role_now() IN ('system', 'administrator', 'auditor'), false) $$;
CREATE TABLE moms.journal_origin (
  organisation text NOT NULL CHECK (organisation <> ''),
  seq bigint NOT NULL,
  classification text NOT NULL DEFAULT 'confidential',
  revision bigint NOT NULL DEFAULT 1,
  door text NOT NULL CHECK (door IN ('portal', 'rest', 'field', 'command_line', 'worker', 'server', 'demo')),
  address text NOT NULL,
  credential text NOT NULL,
  salt text NOT NULL CHECK (length(salt) >= 32),
  PRIMARY KEY (organisation, seq),
  FOREIGN KEY (organisation, seq) REFERENCES moms.journal (organisation, seq)
);
CREATE TRIGGER append_only BEFORE UPDATE OR DELETE ON moms.journal_origin
  FOR EACH ROW EXECUTE FUNCTION moms.append_only();
CREATE TRIGGER kept BEFORE TRUNCATE ON moms.journal_origin FOR EACH STATEMENT EXECUTE FUNCTION moms.append_only();
"""
COLUMNS = "organisation, seq, classification, revision, door, address, credential, salt"


def upgrade() -> None:
    """Make the table."""
    op.execute(TABLES)
    op.execute("REVOKE ALL ON FUNCTION moms.audits() FROM PUBLIC")
    op.execute("GRANT EXECUTE ON FUNCTION moms.audits() TO moms_app, moms_reader")
    own = "(SELECT moms.sees_all()) OR organisation = (SELECT moms.sees_own())"
    op.execute("REVOKE ALL ON moms.journal_origin FROM PUBLIC")
    op.execute("ALTER TABLE moms.journal_origin ENABLE ROW LEVEL SECURITY")
    op.execute("ALTER TABLE moms.journal_origin FORCE ROW LEVEL SECURITY")
    op.execute("CREATE POLICY seen ON moms.journal_origin FOR SELECT USING ((SELECT moms.audits()))")
    allowed = f"(SELECT moms.writes()) AND ({own})"
    op.execute(f"CREATE POLICY added ON moms.journal_origin FOR INSERT WITH CHECK ({allowed})")
    op.execute(f"CREATE POLICY changed ON moms.journal_origin FOR UPDATE USING ({allowed}) WITH CHECK ({allowed})")
    op.execute(f"GRANT SELECT ({COLUMNS}) ON moms.journal_origin TO moms_app, moms_reader")
    op.execute(f"GRANT INSERT ({COLUMNS}) ON moms.journal_origin TO moms_app")


def downgrade() -> None:
    """Refuse: from where something was asked is part of the record."""
    msg = "this step is not undone; restore a backup instead"
    raise NotImplementedError(msg)
