"""Persons, their sessions and tokens, and the answers kept under a caller's key.

Nobody but the system and the operator's administrator sees a row of these, and the reader role sees
none: hashes of passwords and secrets are no part of any report.
"""

from __future__ import annotations

from alembic import op

revision = "0002"
down_revision = "0001"
branch_labels = None
depends_on = None

TABLES = """
CREATE FUNCTION moms.keeps_keys() RETURNS boolean LANGUAGE sql STABLE
  AS $$ SELECT coalesce(moms.organisation_now() = 'operator' AND moms.role_now() IN ('system', 'administrator'),
    false) $$;
CREATE TABLE moms.person (
  name text PRIMARY KEY CHECK (name <> ''),
  organisation text NOT NULL CHECK (organisation <> ''),
  classification text NOT NULL DEFAULT 'restricted',
  revision bigint NOT NULL DEFAULT 1,
  role text NOT NULL CHECK (role <> 'system'),
  password text CHECK (password LIKE '$argon2id$%'),
  disabled boolean NOT NULL DEFAULT false,
  made_at timestamptz NOT NULL
);
CREATE TABLE moms.credential (
  hash text PRIMARY KEY CHECK (length(hash) = 64),
  organisation text NOT NULL,
  classification text NOT NULL DEFAULT 'restricted',
  revision bigint NOT NULL DEFAULT 1,
  kind text NOT NULL CHECK (kind IN ('session', 'token')),
  person text NOT NULL REFERENCES moms.person (name),
  label text NOT NULL,
  scopes text[] NOT NULL,
  made_at timestamptz NOT NULL,
  seen_at timestamptz NOT NULL,
  ends_at timestamptz NOT NULL,
  ended boolean NOT NULL DEFAULT false
);
CREATE INDEX credential_person ON moms.credential (person);
CREATE TABLE moms.kept_answer (
  principal text NOT NULL,
  key text NOT NULL,
  organisation text NOT NULL,
  classification text NOT NULL DEFAULT 'confidential',
  revision bigint NOT NULL DEFAULT 1,
  asked text NOT NULL,
  made_at timestamptz NOT NULL DEFAULT transaction_timestamp(),
  leased_until timestamptz NOT NULL,
  answer json,
  PRIMARY KEY (principal, key)
);
CREATE INDEX kept_answer_made_at ON moms.kept_answer (made_at);

CREATE FUNCTION moms.person_keeps() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
  IF OLD.disabled AND NOT NEW.disabled THEN
    RAISE EXCEPTION 'who was disabled stays so' USING ERRCODE = 'MS007';
  END IF;
  RETURN NEW;
END $$;
CREATE TRIGGER person_keeps BEFORE UPDATE ON moms.person FOR EACH ROW EXECUTE FUNCTION moms.person_keeps();

CREATE FUNCTION moms.credential_keeps() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
  IF OLD.ended AND NOT NEW.ended THEN
    RAISE EXCEPTION 'what has ended stays so' USING ERRCODE = 'MS007';
  END IF;
  RETURN NEW;
END $$;
CREATE TRIGGER credential_keeps BEFORE UPDATE ON moms.credential
  FOR EACH ROW EXECUTE FUNCTION moms.credential_keeps();

CREATE FUNCTION moms.forget_answers() RETURNS bigint
LANGUAGE plpgsql SECURITY DEFINER SET search_path = pg_catalog, pg_temp AS $$
DECLARE gone bigint;
BEGIN
  DELETE FROM moms.kept_answer WHERE made_at < transaction_timestamp() - interval '30 days';
  GET DIAGNOSTICS gone = ROW_COUNT;
  RETURN gone;
END $$;
"""
GRANTS = """
REVOKE ALL ON moms.person, moms.credential, moms.kept_answer FROM PUBLIC;
REVOKE ALL ON FUNCTION moms.keeps_keys(), moms.person_keeps(), moms.credential_keeps(), moms.forget_answers()
  FROM PUBLIC;
GRANT EXECUTE ON FUNCTION moms.keeps_keys(), moms.forget_answers() TO moms_app;
GRANT SELECT, INSERT ON moms.person, moms.credential, moms.kept_answer TO moms_app;
GRANT UPDATE (revision, password, disabled) ON moms.person TO moms_app;
GRANT UPDATE (revision, seen_at, ended) ON moms.credential TO moms_app;
GRANT UPDATE (revision, leased_until, answer) ON moms.kept_answer TO moms_app;
"""


def upgrade() -> None:
    """Make the tables."""
    op.execute(TABLES)
    for table in ("person", "credential", "kept_answer"):
        op.execute(f"ALTER TABLE moms.{table} ENABLE ROW LEVEL SECURITY")
        op.execute(f"ALTER TABLE moms.{table} FORCE ROW LEVEL SECURITY")
        allowed = "(SELECT moms.keeps_keys())"
        op.execute(f"CREATE POLICY seen ON moms.{table} FOR SELECT USING ({allowed})")
        op.execute(f"CREATE POLICY added ON moms.{table} FOR INSERT WITH CHECK ({allowed})")
        op.execute(f"CREATE POLICY changed ON moms.{table} FOR UPDATE USING ({allowed}) WITH CHECK ({allowed})")
        op.execute(f"CREATE POLICY removed ON moms.{table} FOR DELETE TO moms_owner USING ({allowed})")
    op.execute(GRANTS)


def downgrade() -> None:
    """Refuse: who could act is part of the record."""
    msg = "this step is not undone; restore a backup instead"
    raise NotImplementedError(msg)
