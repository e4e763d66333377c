"""What a server that runs as another user leaves elsewhere says whose it is, and tests take theirs away."""

from __future__ import annotations

import os
from typing import TYPE_CHECKING

import pytest

from moms.store.embedded import OF_HOME, Embedded
from moms.store.service import STATE
from tests.leftovers import clear

if TYPE_CHECKING:
    from pathlib import Path


def left(state: Path, name: str, home: str, pid: int | None = None) -> Path:
    place = state / name
    (place / "data").mkdir(parents=True)
    (place / OF_HOME).write_text(home + "\n", encoding="utf-8")
    if pid is not None:
        (place / "data" / "postmaster.pid").write_text(f"{pid}\n", encoding="utf-8")
    return place


def test_only_what_is_ours_and_stands_still_is_taken_away(tmp_path: Path) -> None:
    state, base = tmp_path / "state", tmp_path / "base"
    base.mkdir()
    mine = left(state, "a", f"{base}/home")
    gone = left(state, "b", f"{tmp_path}/was-never-there")
    others = left(state, "c", "/srv/moms-of-somebody")
    running = left(state, "d", f"{base}/runs", pid=os.getpid())
    (tmp_path / "stays").mkdir()
    stays = left(state, "e", f"{tmp_path}/stays")
    (state / "f").mkdir()  # of an older program: says nothing
    assert sorted(clear(base, state=state)) == sorted([f"{base}/home", f"{tmp_path}/was-never-there"])
    assert [place.exists() for place in (mine, gone, others, running, stays, state / "f")] == [
        False, False, True, True, True, True,
    ]  # fmt: skip
    assert clear(base, state=tmp_path / "nothing") == []


@pytest.mark.skipif(os.geteuid() != 0, reason="only root's server runs as another user")
def test_data_that_lie_outside_their_home_name_it(tmp_path: Path) -> None:
    home = tmp_path / "home"
    embedded = Embedded(home=home, env={}, settings={"fsync": "off"})
    embedded.start()
    try:
        (place,) = (p for p in STATE.iterdir() if (p / OF_HOME).is_file() and str(home) in (p / OF_HOME).read_text())
        assert (place / "data").is_dir()
    finally:
        embedded.close()
    assert clear(tmp_path) == [str(home)]
    assert not place.exists()
