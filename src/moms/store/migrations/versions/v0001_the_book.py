"""The book of outages, its history, its journal, and who may see and do what.

Each table has `organisation` (whose row it is), `classification` (who may see it) and `revision`, has
row-level security forced on its owner too, and grants each role only what is named here. A
transaction that has not said for whom it acts (`moms.organisation`, `moms.role`) sees nothing.
"""

from __future__ import annotations

from alembic import op

revision = "0001"
down_revision = None
branch_labels = None
depends_on = None

WHO = """
CREATE FUNCTION moms.organisation_now() RETURNS text LANGUAGE sql STABLE
  AS $$ SELECT nullif(current_setting('moms.organisation', true), '') $$;
CREATE FUNCTION moms.role_now() RETURNS text LANGUAGE sql STABLE
  AS $$ SELECT nullif(current_setting('moms.role', true), '') $$;
CREATE FUNCTION moms.known() RETURNS boolean LANGUAGE sql STABLE
  AS $$ SELECT moms.organisation_now() IS NOT NULL AND moms.role_now() IS NOT NULL $$;
CREATE FUNCTION moms.sees_all() RETURNS boolean LANGUAGE sql STABLE
  AS $$ SELECT coalesce(moms.organisation_now() = 'operator' AND moms.role_now() IN
    ('system', 'engineer', 'control_room', 'planner', 'auditor', 'administrator'), false) $$;
CREATE FUNCTION moms.sees_own() RETURNS text LANGUAGE sql STABLE
  AS $$ SELECT CASE WHEN moms.role_now() <> 'public' THEN moms.organisation_now() END $$;
CREATE FUNCTION moms.writes() RETURNS boolean LANGUAGE sql STABLE
  AS $$ SELECT coalesce(moms.known() AND moms.role_now() NOT IN ('auditor', 'public'), false) $$;
"""

TABLES = """
CREATE TABLE moms.book (
  organisation text PRIMARY KEY DEFAULT 'operator',
  classification text NOT NULL DEFAULT 'public',
  revision bigint NOT NULL DEFAULT 0 CHECK (revision >= 0)
);
CREATE TABLE moms.lifecycle_move (
  organisation text NOT NULL DEFAULT 'operator',
  classification text NOT NULL DEFAULT 'public',
  revision bigint NOT NULL DEFAULT 1,
  from_state text NOT NULL,
  to_state text NOT NULL,
  PRIMARY KEY (from_state, to_state)
);
CREATE TABLE moms.outage (
  id text PRIMARY KEY CHECK (id <> '' AND strpos(id, E'\\n') = 0),
  organisation text NOT NULL CHECK (organisation <> '' AND strpos(organisation, E'\\n') = 0),
  classification text NOT NULL CHECK (classification IN ('public', 'restricted', 'confidential')),
  revision bigint NOT NULL CHECK (revision >= 1),
  external_id text NOT NULL,
  category text NOT NULL,
  kind text NOT NULL,
  state text NOT NULL,
  status text NOT NULL,
  during tstzrange NOT NULL CHECK (NOT isempty(during) AND lower_inc(during) AND NOT upper_inc(during)),
  assets text[] NOT NULL CHECK (cardinality(assets) >= 1),
  holds boolean NOT NULL,
  pending boolean NOT NULL,
  blocks boolean NOT NULL,
  words text NOT NULL,
  document json NOT NULL,
  CONSTRAINT outage_filed_once UNIQUE (organisation, external_id)
);
CREATE INDEX outage_during ON moms.outage USING gist (during);
CREATE INDEX outage_assets ON moms.outage USING gin (assets);
CREATE INDEX outage_words ON moms.outage USING gin (words gin_trgm_ops);
CREATE TABLE moms.outage_equipment (
  outage_id text NOT NULL REFERENCES moms.outage (id),
  asset text NOT NULL,
  organisation text NOT NULL,
  classification text NOT NULL,
  revision bigint NOT NULL,
  during tstzrange NOT NULL,
  blocks boolean NOT NULL,
  PRIMARY KEY (outage_id, asset),
  CONSTRAINT outage_equipment_one_at_a_time EXCLUDE USING gist (asset WITH =, during WITH &&) WHERE (blocks)
);
CREATE TABLE moms.outage_history (
  outage_id text NOT NULL REFERENCES moms.outage (id),
  revision bigint NOT NULL,
  organisation text NOT NULL,
  classification text NOT NULL,
  state text NOT NULL,
  status text NOT NULL,
  during tstzrange NOT NULL,
  document json NOT NULL,
  actor text NOT NULL,
  known_from timestamptz NOT NULL DEFAULT transaction_timestamp(),
  PRIMARY KEY (outage_id, revision)
);
CREATE TABLE moms.decision (
  id text PRIMARY KEY,
  outage_id text NOT NULL REFERENCES moms.outage (id),
  organisation text NOT NULL,
  classification text NOT NULL,
  revision bigint NOT NULL DEFAULT 1,
  record json NOT NULL
);
CREATE INDEX decision_outage ON moms.decision (outage_id);
CREATE TABLE moms.journal (
  organisation text NOT NULL CHECK (organisation <> '' AND strpos(organisation, E'\\n') = 0),
  seq bigint NOT NULL CHECK (seq >= 1),
  classification text NOT NULL CHECK (strpos(classification, E'\\n') = 0),
  revision bigint NOT NULL DEFAULT 1,
  previous text NOT NULL,
  hash text NOT NULL,
  outage_id text NOT NULL CHECK (strpos(outage_id, E'\\n') = 0),
  outage_revision bigint,
  body text NOT NULL,
  PRIMARY KEY (organisation, seq)
);
CREATE INDEX journal_outage ON moms.journal (outage_id, seq);
CREATE UNIQUE INDEX journal_once ON moms.journal (outage_id, outage_revision) WHERE outage_revision IS NOT NULL;
CREATE TABLE moms.journal_head (
  organisation text PRIMARY KEY,
  classification text NOT NULL DEFAULT 'restricted',
  revision bigint NOT NULL DEFAULT 0,
  hash text NOT NULL
);
CREATE TABLE moms.journal_anchor (
  seq bigint PRIMARY KEY CHECK (seq >= 1),
  organisation text NOT NULL DEFAULT 'operator',
  classification text NOT NULL DEFAULT 'restricted',
  revision bigint NOT NULL DEFAULT 1,
  at text NOT NULL,
  heads text NOT NULL,
  previous text NOT NULL,
  hash text NOT NULL
);
"""

JOURNAL = """
CREATE FUNCTION moms.journal_lock(chain text) RETURNS TABLE (count bigint, hash text, at timestamptz)
LANGUAGE plpgsql SECURITY DEFINER SET search_path = pg_catalog, pg_temp AS $$
BEGIN
  INSERT INTO moms.journal_head (organisation, hash) VALUES (chain, repeat('0', 64)) ON CONFLICT DO NOTHING;
  RETURN QUERY SELECT h.revision, h.hash, transaction_timestamp() FROM moms.journal_head h
    WHERE h.organisation = chain FOR UPDATE;
END $$;

CREATE FUNCTION moms.journal_append() RETURNS trigger
LANGUAGE plpgsql SECURITY DEFINER SET search_path = pg_catalog, pg_temp AS $$
DECLARE last record; wanted text;
BEGIN
  SELECT l.count, l.hash INTO last FROM moms.journal_lock(NEW.organisation) AS l;
  wanted := encode(sha256(convert_to(concat_ws(E'\\n', NEW.previous, NEW.organisation, NEW.seq::text,
    NEW.classification, NEW.revision::text, NEW.outage_id, coalesce(NEW.outage_revision::text, ''), NEW.body),
    'UTF8')), 'hex');
  IF NEW.seq <> last.count + 1 OR NEW.previous <> last.hash OR NEW.hash <> wanted THEN
    RAISE EXCEPTION 'line % of % does not continue its chain', NEW.seq, NEW.organisation USING ERRCODE = 'MS002';
  END IF;
  UPDATE moms.journal_head SET revision = NEW.seq, hash = NEW.hash WHERE organisation = NEW.organisation;
  RETURN NEW;
END $$;

CREATE FUNCTION moms.append_only() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
  RAISE EXCEPTION '% is append-only: % refused', TG_TABLE_NAME, TG_OP USING ERRCODE = 'MS003';
END $$;

CREATE TRIGGER journal_append BEFORE INSERT ON moms.journal FOR EACH ROW EXECUTE FUNCTION moms.journal_append();
"""

OUTAGE = """
CREATE FUNCTION moms.outage_check() RETURNS trigger LANGUAGE plpgsql AS $$
DECLARE before text := '';
BEGIN
  IF TG_OP = 'UPDATE' THEN
    before := OLD.state;
    IF NEW.id <> OLD.id OR NEW.organisation <> OLD.organisation OR NEW.external_id <> OLD.external_id THEN
      RAISE EXCEPTION 'outage % keeps its id, organisation and external id', OLD.id USING ERRCODE = 'MS005';
    END IF;
    IF NEW.revision <> OLD.revision + 1 THEN
      RAISE EXCEPTION 'outage % is at revision %', OLD.id, OLD.revision USING ERRCODE = 'MS004';
    END IF;
  ELSIF NOT EXISTS (SELECT 1 FROM moms.lifecycle_move WHERE from_state = '') THEN
    RETURN NEW;  -- the lifecycle names no first states: any may be first
  END IF;
  IF NEW.state <> before
     AND NOT EXISTS (SELECT 1 FROM moms.lifecycle_move WHERE from_state = before AND to_state = NEW.state) THEN
    RAISE EXCEPTION 'outage % cannot go from "%" to "%"', NEW.id, before, NEW.state USING ERRCODE = 'MS001';
  END IF;
  RETURN NEW;
END $$;

CREATE FUNCTION moms.outage_keep() RETURNS trigger
LANGUAGE plpgsql SECURITY DEFINER SET search_path = pg_catalog, pg_temp AS $$
BEGIN
  INSERT INTO moms.outage_history
    (outage_id, revision, organisation, classification, state, status, during, document, actor)
    VALUES (NEW.id, NEW.revision, NEW.organisation, NEW.classification, NEW.state, NEW.status, NEW.during,
            NEW.document, coalesce(current_setting('moms.actor', true), ''));
  DELETE FROM moms.outage_equipment WHERE outage_id = NEW.id AND NOT asset = ANY (NEW.assets);
  INSERT INTO moms.outage_equipment (outage_id, asset, organisation, classification, revision, during, blocks)
    SELECT NEW.id, a, NEW.organisation, NEW.classification, NEW.revision, NEW.during, NEW.blocks
      FROM (SELECT DISTINCT unnest(NEW.assets) AS a ORDER BY 1) AS named
    ON CONFLICT (outage_id, asset) DO UPDATE SET classification = excluded.classification,
      revision = excluded.revision, during = excluded.during, blocks = excluded.blocks;
  RETURN NULL;
END $$;

CREATE FUNCTION moms.outage_told() RETURNS trigger
LANGUAGE plpgsql SECURITY DEFINER SET search_path = pg_catalog, pg_temp AS $$
BEGIN
  IF NOT EXISTS (SELECT 1 FROM moms.journal j WHERE j.outage_id = NEW.id AND j.outage_revision = NEW.revision) THEN
    RAISE EXCEPTION 'outage % revision % has no line in the journal', NEW.id, NEW.revision USING ERRCODE = 'MS006';
  END IF;
  RETURN NULL;
END $$;

CREATE TRIGGER outage_check BEFORE INSERT OR UPDATE ON moms.outage
  FOR EACH ROW EXECUTE FUNCTION moms.outage_check();
CREATE TRIGGER outage_keep AFTER INSERT OR UPDATE ON moms.outage
  FOR EACH ROW EXECUTE FUNCTION moms.outage_keep();
CREATE CONSTRAINT TRIGGER outage_told AFTER INSERT OR UPDATE ON moms.outage
  DEFERRABLE INITIALLY DEFERRED FOR EACH ROW EXECUTE FUNCTION moms.outage_told();
"""

ALL = (
    *("book", "lifecycle_move", "outage", "outage_equipment", "outage_history"),
    *("decision", "journal", "journal_head", "journal_anchor"),
)
APPEND_ONLY = ("outage_history", "decision", "journal", "journal_anchor")
GRANTS = """
REVOKE ALL ON ALL TABLES IN SCHEMA moms FROM PUBLIC;
REVOKE ALL ON ALL FUNCTIONS IN SCHEMA moms FROM PUBLIC;
GRANT USAGE ON SCHEMA moms TO moms_app, moms_reader;
GRANT SELECT ON ALL TABLES IN SCHEMA moms TO moms_app, moms_reader;
GRANT EXECUTE ON FUNCTION moms.organisation_now(), moms.role_now(), moms.known(), moms.sees_all(), moms.sees_own(),
  moms.writes() TO moms_app, moms_reader;
GRANT EXECUTE ON FUNCTION moms.journal_lock(text) TO moms_app;
GRANT UPDATE (revision) ON moms.book TO moms_app;
GRANT INSERT ON moms.outage, moms.decision, moms.journal, moms.journal_anchor TO moms_app;
GRANT UPDATE (classification, revision, category, kind, state, status, during, assets, holds, pending, blocks, words,
  document) ON moms.outage TO moms_app;
"""


def upgrade() -> None:
    """Make the first shape."""
    for part in (WHO, TABLES, JOURNAL, OUTAGE):
        op.execute(part)
    for table in ALL:
        op.execute(f"ALTER TABLE moms.{table} ENABLE ROW LEVEL SECURITY")
        op.execute(f"ALTER TABLE moms.{table} FORCE ROW LEVEL SECURITY")
        op.execute(
            f"""CREATE POLICY seen ON moms.{table} FOR SELECT USING ((SELECT moms.sees_all())
                OR organisation = (SELECT moms.sees_own())
                OR (classification = 'public' AND (SELECT moms.known())))"""
        )
    for table in ALL:
        own = "true" if table == "book" else "(SELECT moms.sees_all()) OR organisation = (SELECT moms.sees_own())"
        allowed = f"(SELECT moms.writes()) AND ({own})"
        op.execute(f"CREATE POLICY added ON moms.{table} FOR INSERT WITH CHECK ({allowed})")
        op.execute(f"CREATE POLICY changed ON moms.{table} FOR UPDATE USING ({allowed}) WITH CHECK ({allowed})")
        op.execute(f"CREATE POLICY removed ON moms.{table} FOR DELETE TO moms_owner USING ({allowed})")
    for table in APPEND_ONLY:
        op.execute(
            f"""CREATE TRIGGER append_only BEFORE UPDATE OR DELETE ON moms.{table}
                FOR EACH ROW EXECUTE FUNCTION moms.append_only()"""
        )
    for table in (*APPEND_ONLY, "outage", "journal_head"):
        op.execute(
            f"""CREATE TRIGGER kept BEFORE TRUNCATE ON moms.{table}
                FOR EACH STATEMENT EXECUTE FUNCTION moms.append_only()"""
        )
    for table in ("outage", "journal_head", "book"):
        op.execute(
            f"CREATE TRIGGER not_removed BEFORE DELETE ON moms.{table} FOR EACH ROW EXECUTE FUNCTION moms.append_only()"
        )
    op.execute(GRANTS)
    op.execute("SELECT set_config('moms.organisation', 'operator', true), set_config('moms.role', 'system', true)")
    op.execute("INSERT INTO moms.book DEFAULT VALUES")


def downgrade() -> None:
    """Refuse: a journal is not taken back."""
    msg = "the first shape is not undone; restore a backup instead"
    raise NotImplementedError(msg)
