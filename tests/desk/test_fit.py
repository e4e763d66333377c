"""Room for one more in the book: nobody moved where that will do, the fewest where not, studied when told."""

from __future__ import annotations

import contextlib
import json
from dataclasses import replace
from typing import TYPE_CHECKING

import numpy as np
import pytest

from moms.cli import main
from moms.cli.commands import _plan_fit
from moms.desk.fit import NotPlannable, fit
from moms.desk.repair import accept_repair
from moms.desk.rounds import moved, read_season
from moms.desk.whole import whole
from moms.schedule._mip import Budget
from moms.wiring.office import Office
from moms.wiring.settings import Settings
from tests.desk.test_group import at
from tests.desk.test_plan import FIRST, LAST, file, wish
from tests.desk.worlds import DAY, ENGINEER, NOW, OWNER, a_world, ask

if TYPE_CHECKING:
    from moms.desk.fit import Fitting
    from moms.desk.world import World
    from moms.store.book import PostgresBook


def fitted(book: PostgresBook, world: World, name: str, **changes: object) -> Fitting:
    given = {"first": FIRST, "last": LAST, "budget": Budget(nodes=50), **changes}
    return fit(book=book, world=world, now=NOW + DAY / 24, outage_id=name, **given)


def test_the_one_in_its_place_moves_and_nobody_else(book: PostgresBook) -> None:
    """Branches 2 and 7 cannot be out together, and the new one has one day alone."""
    world = a_world(slack=0.8)
    stands, bystander, new = file(book, world, wish("branch:2"), wish("branch:45"), ask("branch:7"))
    found = fitted(book, world, new.id, rounds=8)
    assert found.window == new.asked.window
    assert [m.outage.id for m in found.moves] == [stands.id]
    assert found.moves[0].accepted
    assert (found.others, found.fewest, found.secure) == (1, True, True)
    assert bystander.id not in {m.outage.id for m in found.moves}
    bound = fitted(book, world, new.id)
    assert (bound.others, bound.repair) == (0, None), "without a study nothing is known of it"


def test_what_the_network_does_not_stand_is_found_by_its_study_and_written_when_told(book: PostgresBook) -> None:
    """Branches 2 and 7 cannot be out together: the quick answer does not know it, the studied one moves one."""
    world = a_world(slack=0.8)
    _, new = file(book, world, ask("branch:2"), wish("branch:7"))
    quick = fitted(book, world, new.id)
    assert (quick.others, quick.moves) == (0, ())
    assert not quick.secure
    found = fitted(book, world, new.id, rounds=8)
    assert found.secure
    assert found.repair is not None
    assert [m.outage.id for m in found.moves] == [new.id]
    pending, holding = read_season(book, FIRST, LAST)[1:]
    assert not whole(world, planned=pending, holding=holding, now=NOW).secure, "as asked it is not"
    assert whole(world, planned=moved(found.repair.season, found.repair.kept.plan), holding=holding, now=NOW).secure, (
        "with the change it is"
    )
    names, kept = accept_repair(book=book, world=world, actor=ENGINEER, now=NOW + DAY / 12, found=found.repair)
    assert (names, kept) == ((new.id,), ())
    assert at(book, new.id).asked.window == found.window


def test_no_room_is_said_and_who_does_not_wait_is_refused(book: PostgresBook) -> None:
    world = a_world(slack=4.0)
    stands, new = file(book, world, wish("branch:2", either=0), wish("branch:20"))
    with pytest.raises(NotPlannable, match="does not wait between these days"):
        fitted(book, world, "OTG-NEVER")
    zones = world.grid.zones
    assert zones is not None
    assert fitted(book, world, new.id).window is not None
    tight = replace(
        world, grid=replace(world.grid, zones=replace(zones, import_limit_mw=np.full(len(zones.name), -1e5)))
    )
    units = [f"gen:{k + 1}" for k, fuel in enumerate(world.grid.network.units.fuel) if fuel in {"coal", "ng"}]
    (unit,) = file(book, tight, wish(units[0]))
    found = fitted(book, tight, unit.id)
    assert (found.window, found.moves, found.repair) == (None, (), None)
    assert stands.id not in {m.outage.id for m in found.moves}


def test_the_command_shows_it_and_writes_only_what_was_studied(book, monkeypatch, tmp_path, capsys) -> None:
    world, who = a_world(slack=0.8), [ENGINEER]
    _, new = file(book, world, ask("branch:2"), wish("branch:7"))

    @contextlib.contextmanager
    def office(_args):
        chosen = Settings(home=tmp_path, actor=who[0], now=NOW + DAY / 12, simulated=True, grid="x", rule_book="x")
        yield Office(settings=chosen, book=book, opened=world)

    monkeypatch.setattr(_plan_fit, "office", office)
    words = ["plan", "fit", new.id, "--from", "2027-02-08", "--to", "2027-02-14", "--cores", "1"]
    assert main(words) == 0
    assert "network not studied" in capsys.readouterr().out
    assert main([*words, "--write"]) == 2
    assert "only what was studied is written" in capsys.readouterr().err
    assert main([*words, "--study", "8", "--write", "--json"]) == 0
    told = json.loads(capsys.readouterr().out)
    assert (told["secure"], told["others_moved"], told["written"]["moved"]) == (True, 0, [new.id])
    who[0] = OWNER
    assert main(words) == 2
