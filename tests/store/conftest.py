"""The store's tests run on every PostgreSQL that MOMS supports."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

from moms.values import Actor, Role
from tests.postgres import Database, Servers, book, servers

if TYPE_CHECKING:
    from collections.abc import Iterator

__all__ = ["book", "servers"]


@pytest.fixture(params=["wheel", "debian15"])
def database(request: pytest.FixtureRequest, servers: Servers) -> Iterator[Database]:
    """Give a database of this test's own, on each server in turn."""
    found = servers.named(request.param).fresh(any_first=True)
    yield found
    found.drop()


@pytest.fixture
def ann() -> Actor:
    """Give somebody of one owner."""
    return Actor(name="ann", organisation="owner-a", role=Role.OWNER)


@pytest.fixture
def bob() -> Actor:
    """Give somebody of another owner."""
    return Actor(name="bob", organisation="owner-b", role=Role.OWNER)


@pytest.fixture
def eve() -> Actor:
    """Give an engineer of the operator."""
    return Actor(name="eve", organisation="operator", role=Role.ENGINEER)
