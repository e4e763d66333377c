"""Files at an outage, held until they were looked at; passkeys of persons, the key of what they sign, and invitations.

A file belongs to its outage's organisation and keeps its content's hash; it is never added as clean, and what MOMS
found it says as itself alone. Nobody but the system and the operator's administrator sees a passkey or the key.
"""

from __future__ import annotations

from alembic import op

revision = "0012"
down_revision = "0011"
branch_labels = None
depends_on = None

FILES = """
CREATE TABLE moms.attachment (
  id text PRIMARY KEY CHECK (id <> ''),
  organisation text NOT NULL CHECK (organisation <> ''),
  classification text NOT NULL DEFAULT 'restricted',
  revision bigint NOT NULL DEFAULT 1,
  outage_id text NOT NULL REFERENCES moms.outage (id),
  name text NOT NULL CHECK (name <> ''),
  kind text NOT NULL CHECK (kind <> ''),
  size bigint NOT NULL CHECK (size > 0),
  sha256 text NOT NULL CHECK (sha256 ~ '^[0-9a-f]{64}$'),
  added_by text NOT NULL,
  added_role text NOT NULL,
  added_at timestamptz NOT NULL,
  state text NOT NULL CHECK (state IN ('held', 'unscanned', 'clean', 'infected')),
  says text NOT NULL DEFAULT '',
  looked_at timestamptz,
  body bytea NOT NULL,
  CHECK ((octet_length(body) = 0) = (state = 'infected'))
);
CREATE INDEX attachment_outage ON moms.attachment (outage_id, added_at);
CREATE INDEX attachment_held ON moms.attachment (added_at) WHERE state = 'held';

CREATE FUNCTION moms.attachment_keeps() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
  IF TG_OP = 'INSERT' THEN
    IF NEW.state NOT IN ('held', 'unscanned') OR NEW.revision <> 1 THEN
      RAISE EXCEPTION 'nobody has looked at a file that is added' USING ERRCODE = 'MS007';
    END IF;
    IF encode(sha256(NEW.body), 'hex') <> NEW.sha256 OR octet_length(NEW.body) <> NEW.size THEN
      RAISE EXCEPTION 'the file is not what its hash says' USING ERRCODE = 'MS007';
    END IF;
    RETURN NEW;
  END IF;
  IF OLD.state = 'infected' OR NEW.state IN ('held', 'unscanned') THEN
    RAISE EXCEPTION 'what was found in a file stays found' USING ERRCODE = 'MS007';
  END IF;
  IF NEW.state <> 'infected' AND NEW.body <> OLD.body THEN
    RAISE EXCEPTION 'a file keeps its content' USING ERRCODE = 'MS007';
  END IF;
  IF NEW.revision <> OLD.revision + 1 THEN
    RAISE EXCEPTION 'file % is at revision %', OLD.id, OLD.revision USING ERRCODE = 'MS004';
  END IF;
  RETURN NEW;
END $$;
CREATE TRIGGER attachment_keeps BEFORE INSERT OR UPDATE ON moms.attachment
  FOR EACH ROW EXECUTE FUNCTION moms.attachment_keeps();

CREATE FUNCTION moms.attachment_told() RETURNS trigger
LANGUAGE plpgsql SECURITY DEFINER SET search_path = pg_catalog, pg_temp AS $$
BEGIN
  IF NOT EXISTS (SELECT 1 FROM moms.journal j WHERE j.outage_id = NEW.outage_id
      AND strpos(j.body, '"file_revision":"' || NEW.id || '@' || NEW.revision || '"') > 0) THEN
    RAISE EXCEPTION 'file % revision % has no line in the journal', NEW.id, NEW.revision USING ERRCODE = 'MS006';
  END IF;
  RETURN NULL;
END $$;
CREATE CONSTRAINT TRIGGER attachment_told AFTER INSERT OR UPDATE ON moms.attachment
  DEFERRABLE INITIALLY DEFERRED FOR EACH ROW EXECUTE FUNCTION moms.attachment_told();
CREATE TRIGGER not_removed BEFORE DELETE ON moms.attachment FOR EACH ROW EXECUTE FUNCTION moms.append_only();
CREATE TRIGGER kept BEFORE TRUNCATE ON moms.attachment FOR EACH STATEMENT EXECUTE FUNCTION moms.append_only();

CREATE FUNCTION moms.is_moms() RETURNS boolean LANGUAGE sql STABLE AS $$
  SELECT coalesce(moms.organisation_now() = 'operator' AND moms.role_now() = 'system', false)
$$;
"""

PASSKEYS = """
CREATE TABLE moms.passkey (
  id text PRIMARY KEY CHECK (id <> ''),
  organisation text NOT NULL CHECK (organisation <> ''),
  classification text NOT NULL DEFAULT 'restricted',
  revision bigint NOT NULL DEFAULT 1,
  person text NOT NULL REFERENCES moms.person (name),
  label text NOT NULL,
  public_key text NOT NULL CHECK (public_key <> ''),
  counter bigint NOT NULL DEFAULT 0 CHECK (counter >= 0),
  made_at timestamptz NOT NULL,
  seen_at timestamptz NOT NULL,
  ended boolean NOT NULL DEFAULT false
);
CREATE INDEX passkey_person ON moms.passkey (person);

CREATE FUNCTION moms.passkey_keeps() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
  IF OLD.ended AND NOT NEW.ended THEN
    RAISE EXCEPTION 'what has ended stays so' USING ERRCODE = 'MS007';
  END IF;
  IF NEW.counter < OLD.counter THEN
    RAISE EXCEPTION 'the counter of a passkey does not fall' USING ERRCODE = 'MS007';
  END IF;
  IF NEW.revision <> OLD.revision + (NEW.ended AND NOT OLD.ended)::int THEN
    RAISE EXCEPTION 'passkey % is at revision %', OLD.id, OLD.revision USING ERRCODE = 'MS004';
  END IF;
  RETURN NEW;
END $$;
CREATE TRIGGER passkey_keeps BEFORE UPDATE ON moms.passkey FOR EACH ROW EXECUTE FUNCTION moms.passkey_keeps();

CREATE FUNCTION moms.passkey_told() RETURNS trigger
LANGUAGE plpgsql SECURITY DEFINER SET search_path = pg_catalog, pg_temp AS $$
BEGIN
  IF NOT EXISTS (SELECT 1 FROM moms.journal j
      WHERE j.outage_id = 'passkey:' || NEW.id AND j.outage_revision = NEW.revision) THEN
    RAISE EXCEPTION 'passkey % revision % has no line in the journal', NEW.id, NEW.revision USING ERRCODE = 'MS006';
  END IF;
  RETURN NULL;
END $$;
CREATE CONSTRAINT TRIGGER passkey_told AFTER INSERT OR UPDATE ON moms.passkey
  DEFERRABLE INITIALLY DEFERRED FOR EACH ROW EXECUTE FUNCTION moms.passkey_told();
CREATE TRIGGER not_removed BEFORE DELETE ON moms.passkey FOR EACH ROW EXECUTE FUNCTION moms.append_only();
CREATE TRIGGER kept BEFORE TRUNCATE ON moms.passkey FOR EACH STATEMENT EXECUTE FUNCTION moms.append_only();

CREATE TABLE moms.challenge_key (
  organisation text PRIMARY KEY CHECK (organisation <> ''),
  classification text NOT NULL DEFAULT 'secret',
  revision bigint NOT NULL DEFAULT 1,
  value text NOT NULL CHECK (length(value) >= 64)
);
CREATE TRIGGER kept BEFORE TRUNCATE ON moms.challenge_key FOR EACH STATEMENT EXECUTE FUNCTION moms.append_only();

ALTER TABLE moms.credential DROP CONSTRAINT credential_kind_check;
ALTER TABLE moms.credential ADD CONSTRAINT credential_kind_check CHECK (kind IN ('session', 'token', 'invitation'));
"""
KEY = """
INSERT INTO moms.challenge_key (organisation, value)
VALUES ('operator', replace(gen_random_uuid()::text || gen_random_uuid()::text || gen_random_uuid()::text, '-', ''))
"""
"""No extension draws random bytes everywhere; three such ids hold 366 random bits."""

OF_FILE = (
    "id, organisation, classification, revision, outage_id, name, kind, size, sha256, added_by, added_role, added_at,"
    " state, says, looked_at, body"
)
OF_PASSKEY = "id, organisation, classification, revision, person, label, public_key, counter, made_at, seen_at, ended"
OF_KEY = "organisation, classification, revision, value"


def upgrade() -> None:
    """Make the tables."""
    op.execute(FILES)
    op.execute(PASSKEYS)
    op.execute(
        "REVOKE ALL ON FUNCTION moms.attachment_keeps(), moms.attachment_told(), moms.is_moms(), moms.passkey_keeps(),"
        " moms.passkey_told() FROM PUBLIC"
    )
    op.execute("GRANT EXECUTE ON FUNCTION moms.is_moms() TO moms_app, moms_reader")
    own = "(SELECT moms.sees_all()) OR organisation = (SELECT moms.sees_own())"
    keepers = "(SELECT moms.keeps_keys())"
    _guard(
        "attachment", seen=f"{own} OR (classification = 'public' AND (SELECT moms.known()))",
        added=f"(SELECT moms.writes()) AND ({own})", changed="(SELECT moms.is_moms())",
    )  # fmt: skip
    _guard("passkey", seen=keepers, added=keepers, changed=keepers)
    _guard("challenge_key", seen=keepers, added=keepers, changed=keepers)
    op.execute(f"GRANT SELECT ({OF_FILE}) ON moms.attachment TO moms_app, moms_reader")
    op.execute(
        f"GRANT INSERT ({OF_FILE}), UPDATE (revision, state, says, looked_at, body) ON moms.attachment TO moms_app"
    )
    op.execute(
        f"GRANT SELECT ({OF_PASSKEY}), INSERT ({OF_PASSKEY}), UPDATE (revision, counter, seen_at, ended)"
        " ON moms.passkey TO moms_app"
    )
    op.execute(f"GRANT SELECT ({OF_KEY}) ON moms.challenge_key TO moms_app")
    op.execute("SELECT set_config('moms.organisation', 'operator', true), set_config('moms.role', 'system', true)")
    op.execute(KEY)


def _guard(table: str, *, seen: str, added: str, changed: str) -> None:
    """Force row-level security on a table."""
    op.execute(f"REVOKE ALL ON moms.{table} FROM PUBLIC")
    op.execute(f"ALTER TABLE moms.{table} ENABLE ROW LEVEL SECURITY")
    op.execute(f"ALTER TABLE moms.{table} FORCE ROW LEVEL SECURITY")
    op.execute(f"CREATE POLICY seen ON moms.{table} FOR SELECT USING ({seen})")
    op.execute(f"CREATE POLICY added ON moms.{table} FOR INSERT WITH CHECK ({added})")
    op.execute(f"CREATE POLICY changed ON moms.{table} FOR UPDATE USING ({changed}) WITH CHECK ({changed})")


def downgrade() -> None:
    """Refuse: files and who could act are part of the record."""
    msg = "this step is not undone; restore a backup instead"
    raise NotImplementedError(msg)
