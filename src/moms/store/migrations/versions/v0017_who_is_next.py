"""Notices end, go on to who is next, and go out as texts; subscriptions ask by area.

Only adds: a program of the step before tells what it told. It sends what has ended too, closes no matter whole, and
does not know the areas of a subscription, so that it tells more and never less. What it cannot do is to write a notice
for a subscription by text: where there is one, its deeds are refused rather than done without telling.
"""

from __future__ import annotations

from alembic import op

revision = "0017"
down_revision = "0016"
branch_labels = None
depends_on = None

CHANGES = """
ALTER TABLE moms.subscription ADD COLUMN areas text[] NOT NULL DEFAULT '{}';
ALTER TABLE moms.subscription DROP CONSTRAINT subscription_channel_check,
  ADD CONSTRAINT subscription_channel_check CHECK (channel IN ('inbox', 'mail', 'webhook', 'sms')),
  ADD CONSTRAINT subscription_text_asks CHECK (channel <> 'sms' OR severity <> 'info');
ALTER TABLE moms.notice ADD COLUMN ends_at timestamptz, ADD COLUMN matter text NOT NULL DEFAULT '';
ALTER TABLE moms.notice DROP CONSTRAINT notice_channel_check,
  ADD CONSTRAINT notice_channel_check CHECK (channel IN ('inbox', 'mail', 'webhook', 'sms'));
CREATE INDEX notice_matter ON moms.notice (matter) WHERE matter <> '';
CREATE INDEX notice_unanswered ON moms.notice (made_at) WHERE channel = 'inbox' AND severity <> 'info';
GRANT SELECT (areas), INSERT (areas) ON moms.subscription TO moms_app;
GRANT SELECT (ends_at, matter), INSERT (ends_at, matter) ON moms.notice TO moms_app;
"""


def upgrade() -> None:
    """Add them."""
    op.execute(CHANGES)


def downgrade() -> None:
    """Refuse: what was told to whom is part of the record."""
    msg = "this step is not undone; restore a backup instead"
    raise NotImplementedError(msg)
