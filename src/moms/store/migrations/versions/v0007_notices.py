"""Notices: who wants to be told, and what is to be told, written in the transaction of the deed.

Nobody but the system and the operator's administrator sees a row of these, and the reader role sees none:
a subscription holds addresses and secrets, a notice may tell of any owner's outage.
"""

from __future__ import annotations

from alembic import op

revision = "0007"
down_revision = "0006"
branch_labels = None
depends_on = None

TABLES = """
CREATE TABLE moms.subscription (
  id text PRIMARY KEY CHECK (id <> '' AND id NOT LIKE 'plan:%'),
  organisation text NOT NULL CHECK (organisation <> ''),
  classification text NOT NULL DEFAULT 'restricted',
  revision bigint NOT NULL DEFAULT 1,
  person text NOT NULL,
  role text NOT NULL,
  channel text NOT NULL CHECK (channel IN ('inbox', 'mail', 'webhook')),
  target text NOT NULL CHECK ((target = '') = (channel = 'inbox')),
  secret text CHECK ((secret IS NOT NULL) = (channel = 'webhook')),
  owners text[] NOT NULL,
  assets text[] NOT NULL,
  verbs text[] NOT NULL,
  severity text NOT NULL CHECK (severity IN ('info', 'action', 'urgent')),
  daily boolean NOT NULL DEFAULT false CHECK (NOT daily OR channel = 'mail'),
  sees_all boolean NOT NULL CHECK (NOT sees_all OR organisation = 'operator'),
  made_at timestamptz NOT NULL,
  ended boolean NOT NULL DEFAULT false,
  CHECK ((person = '') <> (role = ''))
);
CREATE INDEX subscription_held ON moms.subscription (organisation) WHERE NOT ended;
CREATE TABLE moms.notice (
  id text PRIMARY KEY CHECK (length(id) = 32),
  organisation text NOT NULL CHECK (organisation <> ''),
  classification text NOT NULL DEFAULT 'confidential',
  revision bigint NOT NULL DEFAULT 1,
  subscription text NOT NULL,
  person text NOT NULL,
  role text NOT NULL,
  channel text NOT NULL CHECK (channel IN ('inbox', 'mail', 'webhook')),
  target text NOT NULL,
  severity text NOT NULL CHECK (severity IN ('info', 'action', 'urgent')),
  chain text NOT NULL,
  seq bigint NOT NULL,
  outage_id text NOT NULL,
  body json NOT NULL,
  made_at timestamptz NOT NULL DEFAULT transaction_timestamp(),
  state text NOT NULL DEFAULT 'open' CHECK (state IN ('open', 'acknowledged', 'sent', 'dead', 'stopped')),
  done_at timestamptz,
  done_by text,
  due_at timestamptz NOT NULL DEFAULT transaction_timestamp(),
  leased_until timestamptz,
  tries bigint NOT NULL DEFAULT 0,
  answer text NOT NULL DEFAULT '',
  UNIQUE (chain, seq, organisation, subscription),
  FOREIGN KEY (chain, seq) REFERENCES moms.journal (organisation, seq),
  CHECK (channel = 'inbox' AND state IN ('open', 'acknowledged') OR channel <> 'inbox' AND state <> 'acknowledged')
);
CREATE INDEX notice_inbox ON moms.notice (organisation, made_at, id) WHERE channel = 'inbox';
CREATE INDEX notice_due ON moms.notice (due_at) WHERE channel <> 'inbox' AND state = 'open';

CREATE FUNCTION moms.notice_keeps() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
  IF NEW.revision <> OLD.revision + 1 THEN
    RAISE EXCEPTION 'notice % is at revision %', OLD.id, OLD.revision USING ERRCODE = 'MS004';
  END IF;
  IF OLD.state IN ('acknowledged', 'sent', 'stopped') AND NEW.state <> OLD.state THEN
    RAISE EXCEPTION 'a notice that is % stays so', OLD.state USING ERRCODE = 'MS007';
  END IF;
  RETURN NEW;
END $$;
CREATE TRIGGER notice_keeps BEFORE UPDATE ON moms.notice FOR EACH ROW EXECUTE FUNCTION moms.notice_keeps();

CREATE FUNCTION moms.subscription_keeps() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
  IF OLD.ended AND NOT NEW.ended THEN
    RAISE EXCEPTION 'what has ended stays so' USING ERRCODE = 'MS007';
  END IF;
  IF NEW.revision <> OLD.revision + 1 THEN
    RAISE EXCEPTION 'subscription % is at revision %', OLD.id, OLD.revision USING ERRCODE = 'MS004';
  END IF;
  RETURN NEW;
END $$;
CREATE TRIGGER subscription_keeps BEFORE UPDATE ON moms.subscription
  FOR EACH ROW EXECUTE FUNCTION moms.subscription_keeps();

CREATE FUNCTION moms.subscription_told() RETURNS trigger
LANGUAGE plpgsql SECURITY DEFINER SET search_path = pg_catalog, pg_temp AS $$
BEGIN
  IF NOT EXISTS (SELECT 1 FROM moms.journal j
      WHERE j.outage_id = 'subscription:' || NEW.id AND j.outage_revision = NEW.revision) THEN
    RAISE EXCEPTION 'subscription % revision % has no line in the journal', NEW.id, NEW.revision
      USING ERRCODE = 'MS006';
  END IF;
  RETURN NULL;
END $$;
CREATE CONSTRAINT TRIGGER subscription_told AFTER INSERT OR UPDATE ON moms.subscription
  DEFERRABLE INITIALLY DEFERRED FOR EACH ROW EXECUTE FUNCTION moms.subscription_told();
CREATE TRIGGER not_removed BEFORE DELETE ON moms.subscription FOR EACH ROW EXECUTE FUNCTION moms.append_only();
CREATE TRIGGER not_removed BEFORE DELETE ON moms.notice FOR EACH ROW EXECUTE FUNCTION moms.append_only();
CREATE TRIGGER kept BEFORE TRUNCATE ON moms.subscription FOR EACH STATEMENT EXECUTE FUNCTION moms.append_only();
CREATE TRIGGER kept BEFORE TRUNCATE ON moms.notice FOR EACH STATEMENT EXECUTE FUNCTION moms.append_only();
"""
COLUMNS = {
    "subscription": "id, organisation, classification, revision, person, role, channel, target, secret, owners,"
    " assets, verbs, severity, daily, sees_all, made_at, ended",
    "notice": "id, organisation, classification, revision, subscription, person, role, channel, target, severity,"
    " chain, seq, outage_id, body, made_at, state, done_at, done_by, due_at, leased_until, tries, answer",
}
CHANGED = {
    "subscription": "revision, ended",
    "notice": "revision, state, done_at, done_by, due_at, leased_until, tries, answer",
}


def upgrade() -> None:
    """Make the tables."""
    op.execute(TABLES)
    op.execute(
        "REVOKE ALL ON FUNCTION moms.notice_keeps(), moms.subscription_keeps(), moms.subscription_told() FROM PUBLIC"
    )
    allowed = "(SELECT moms.keeps_keys())"
    for table, columns in COLUMNS.items():
        op.execute(f"REVOKE ALL ON moms.{table} FROM PUBLIC")
        op.execute(f"ALTER TABLE moms.{table} ENABLE ROW LEVEL SECURITY")
        op.execute(f"ALTER TABLE moms.{table} FORCE ROW LEVEL SECURITY")
        op.execute(f"CREATE POLICY seen ON moms.{table} FOR SELECT USING ({allowed})")
        op.execute(f"CREATE POLICY added ON moms.{table} FOR INSERT WITH CHECK ({allowed})")
        op.execute(f"CREATE POLICY changed ON moms.{table} FOR UPDATE USING ({allowed}) WITH CHECK ({allowed})")
        op.execute(
            f"GRANT SELECT ({columns}), INSERT ({columns}), UPDATE ({CHANGED[table]}) ON moms.{table} TO moms_app"
        )


def downgrade() -> None:
    """Refuse: what was told to whom is part of the record."""
    msg = "this step is not undone; restore a backup instead"
    raise NotImplementedError(msg)
