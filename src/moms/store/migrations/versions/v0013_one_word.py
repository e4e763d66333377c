"""A page is opened in one word, whether anything has landed is asked in one, and equipment finds its outages."""

from __future__ import annotations

from alembic import op

revision = "0013"
down_revision = "0012"
branch_labels = None
depends_on = None

OPENED = """
CREATE FUNCTION moms.opened(organisation text, role text, actor text, lock_wait text, idle_limit text) RETURNS bigint
LANGUAGE plpgsql AS $$
BEGIN
  PERFORM set_config('moms.organisation', $1, true), set_config('moms.role', $2, true),
    set_config('moms.actor', $3, true), set_config('lock_timeout', $4, true),
    set_config('idle_in_transaction_session_timeout', $5, true);
  -- A statement of its own: the policies of the table go by what was just said.
  RETURN (SELECT b.revision FROM moms.book b);
END $$;
CREATE FUNCTION moms.newest_landing() RETURNS bigint LANGUAGE plpgsql AS $$
BEGIN
  PERFORM set_config('moms.organisation', 'operator', true), set_config('moms.role', 'system', true);
  RETURN moms.landings();
END $$;
REVOKE ALL ON FUNCTION moms.opened(text, text, text, text, text), moms.newest_landing() FROM PUBLIC;
GRANT EXECUTE ON FUNCTION moms.opened(text, text, text, text, text), moms.newest_landing() TO moms_app;
"""


# The index of `outage.assets` is of no use where row-level security guards the table: its operator might leak.
BY_ASSET = "CREATE INDEX outage_equipment_asset ON moms.outage_equipment (asset, outage_id)"
BY_STATE = "CREATE INDEX outage_state ON moms.outage (state, id)"
"""What waits is few among all that ever was."""


def upgrade() -> None:
    """Make them."""
    op.execute(OPENED)
    op.execute(BY_ASSET)
    op.execute(BY_STATE)


def downgrade() -> None:
    """Take them away: nothing is kept in them."""
    op.execute("DROP INDEX moms.outage_equipment_asset, moms.outage_state")
    op.execute("DROP FUNCTION moms.opened(text, text, text, text, text), moms.newest_landing()")
