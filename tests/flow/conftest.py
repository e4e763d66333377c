"""Durable work is tested on a real database."""

from tests.postgres import book, database, servers

__all__ = ["book", "database", "servers"]
