"""How Alembic runs the steps: on the connection it is handed, in one transaction."""

from __future__ import annotations

from alembic import context


def run() -> None:
    """Run the steps that are missing."""
    context.configure(
        connection=context.config.attributes["connection"],
        version_table="migration",
        version_table_schema="moms",
        transaction_per_migration=False,
    )
    with context.begin_transaction():
        context.run_migrations()


if not __name__.startswith("moms."):  # Alembic loads this file by its path; imported from the package it does nothing
    run()
