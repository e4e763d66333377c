"""Read a grid and a rule book once, and put the world together."""

from __future__ import annotations

from importlib import metadata
from typing import TYPE_CHECKING

from moms import __version__
from moms.desk.landed import studied
from moms.desk.world import World
from moms.exchange.certainty import read_learnt
from moms.exchange.drawnfile import read_drawn
from moms.exchange.grids import open_grid
from moms.exchange.rulebook import open_rule_book

if TYPE_CHECKING:
    from pathlib import Path

    from moms.risk import Learnt


def open_world(*, grid: str, rule_book: str, home: Path) -> World:
    """Give the world of a grid (name or file) under a rule book (id)."""
    found = open_grid(grid, home=home)
    return World(
        grid=found,
        rules=open_rule_book(rule_book),
        versions=versions(),
        contingencies=studied(found),
        learnt=learnt(home),
        drawn=read_drawn(home / SCENARIOS, grid=found.digest),
    )


def learnt(home: Path) -> Learnt | None:
    """Give the certainty model of an installation, if one has been trained there.

    Raises:
        NotAModel: there is one that cannot be read.
    """
    return read_learnt(home / CERTAINTY) if (home / CERTAINTY).is_file() else None


SCENARIOS = "scenarios.npz"
"""The scenarios that `moms firmness --write` has drawn."""
CERTAINTY = "certainty.json"
"""The model that decisions use, in the home of the installation."""


def versions() -> dict[str, str]:
    """Give the versions of MOMS and of everything that computes, for the record."""
    parts = ("numpy", "scipy", "numba", "highspy")
    return {"moms": __version__} | {p: metadata.version(p) for p in parts}
