"""What a provider or an authority calls a person, entered by the administrator; and a sign-in used once.

Nobody but the system and the operator's administrator sees a row of it, and the reader role sees none. What has
ended stays so; a certificate that was revoked is never entered again. Each revision has its line in the journal.
"""

from __future__ import annotations

from alembic import op

revision = "0009"
down_revision = "0008"
branch_labels = None
depends_on = None

TABLES = """
CREATE TABLE moms.identity (
  id text PRIMARY KEY CHECK (id <> ''),
  organisation text NOT NULL CHECK (organisation <> ''),
  classification text NOT NULL DEFAULT 'restricted',
  revision bigint NOT NULL DEFAULT 1,
  kind text NOT NULL CHECK (kind IN ('provider', 'certificate')),
  issuer text NOT NULL CHECK (issuer <> ''),
  subject text NOT NULL CHECK (subject <> ''),
  print text NOT NULL CHECK (length(print) = CASE kind WHEN 'certificate' THEN 64 ELSE 0 END),
  person text NOT NULL REFERENCES moms.person (name),
  scopes text[] NOT NULL CHECK ((cardinality(scopes) > 0) = (kind = 'certificate')),
  made_at timestamptz NOT NULL,
  ends_at timestamptz CHECK ((ends_at IS NOT NULL) = (kind = 'certificate')),
  ended boolean NOT NULL DEFAULT false
);
CREATE INDEX identity_person ON moms.identity (person);
CREATE UNIQUE INDEX identity_one_person ON moms.identity (kind, issuer, subject) WHERE NOT ended;
CREATE UNIQUE INDEX identity_certificate_once ON moms.identity (issuer, subject) WHERE kind = 'certificate';
CREATE UNIQUE INDEX identity_print ON moms.identity (print) WHERE kind = 'certificate';
CREATE UNIQUE INDEX credential_used_once ON moms.credential (label) WHERE kind = 'session' AND label <> '';

CREATE FUNCTION moms.identity_keeps() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
  IF OLD.ended AND NOT NEW.ended THEN
    RAISE EXCEPTION 'what has ended stays so' USING ERRCODE = 'MS007';
  END IF;
  IF NEW.revision <> OLD.revision + 1 THEN
    RAISE EXCEPTION 'identity % is at revision %', OLD.id, OLD.revision USING ERRCODE = 'MS004';
  END IF;
  RETURN NEW;
END $$;
CREATE TRIGGER identity_keeps BEFORE UPDATE ON moms.identity FOR EACH ROW EXECUTE FUNCTION moms.identity_keeps();

CREATE FUNCTION moms.identity_told() RETURNS trigger
LANGUAGE plpgsql SECURITY DEFINER SET search_path = pg_catalog, pg_temp AS $$
BEGIN
  IF NOT EXISTS (SELECT 1 FROM moms.journal j
      WHERE j.outage_id = 'identity:' || NEW.id AND j.outage_revision = NEW.revision) THEN
    RAISE EXCEPTION 'identity % revision % has no line in the journal', NEW.id, NEW.revision USING ERRCODE = 'MS006';
  END IF;
  RETURN NULL;
END $$;
CREATE CONSTRAINT TRIGGER identity_told AFTER INSERT OR UPDATE ON moms.identity
  DEFERRABLE INITIALLY DEFERRED FOR EACH ROW EXECUTE FUNCTION moms.identity_told();
CREATE TRIGGER not_removed BEFORE DELETE ON moms.identity FOR EACH ROW EXECUTE FUNCTION moms.append_only();
CREATE TRIGGER kept BEFORE TRUNCATE ON moms.identity FOR EACH STATEMENT EXECUTE FUNCTION moms.append_only();
"""
COLUMNS = (
    "id, organisation, classification, revision, kind, issuer, subject, print, person, scopes, made_at, ends_at, ended"
)


def upgrade() -> None:
    """Make the table."""
    op.execute(TABLES)
    op.execute("REVOKE ALL ON FUNCTION moms.identity_keeps(), moms.identity_told() FROM PUBLIC")
    op.execute("REVOKE ALL ON moms.identity FROM PUBLIC")
    op.execute("ALTER TABLE moms.identity ENABLE ROW LEVEL SECURITY")
    op.execute("ALTER TABLE moms.identity FORCE ROW LEVEL SECURITY")
    allowed = "(SELECT moms.keeps_keys())"
    op.execute(f"CREATE POLICY seen ON moms.identity FOR SELECT USING ({allowed})")
    op.execute(f"CREATE POLICY added ON moms.identity FOR INSERT WITH CHECK ({allowed})")
    op.execute(f"CREATE POLICY changed ON moms.identity FOR UPDATE USING ({allowed}) WITH CHECK ({allowed})")
    op.execute(f"GRANT SELECT ({COLUMNS}), INSERT ({COLUMNS}), UPDATE (revision, ended) ON moms.identity TO moms_app")


def downgrade() -> None:
    """Refuse: who could act is part of the record."""
    msg = "this step is not undone; restore a backup instead"
    raise NotImplementedError(msg)
