"""What a deed has written is kept with its key, so that whoever takes it over knows how far it came."""

from __future__ import annotations

from alembic import op

revision = "0004"
down_revision = "0003"
branch_labels = None
depends_on = None


def upgrade() -> None:
    """Add the marks."""
    op.execute("ALTER TABLE moms.kept_answer ADD COLUMN marks jsonb NOT NULL DEFAULT '[]'")
    op.execute("GRANT UPDATE (marks) ON moms.kept_answer TO moms_app")
    op.execute("CREATE INDEX kept_answer_open ON moms.kept_answer (leased_until) WHERE answer IS NULL")


def downgrade() -> None:
    """Refuse: who could act is part of the record."""
    msg = "this step is not undone; restore a backup instead"
    raise NotImplementedError(msg)
