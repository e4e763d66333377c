"""The desk's tests run on a real book."""

from tests.postgres import book, database, servers

__all__ = ["book", "database", "servers"]
