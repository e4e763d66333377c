"""Special classes of asset and of work: a person looks (semantics 1.6, 2.3)."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

from moms.grid import Flag
from moms.outages.hours import common
from moms.outages.request import Nature
from moms.outages.rules.overlap import book_hours
from moms.outages.rules.rule import Ask, Element, Rule, Said, elements_of, rule
from moms.values import ElementKind, Level

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

    from moms.grid import Grid, IntArray
    from moms.outages.outage import Outage

RESTORATION = Flag.BLACKSTART | Flag.CRANKING_PATH
REASONS = {
    Flag.NUCLEAR: ("nuclear", "is at a nuclear plant's station", "the plant's operator must agree"),
    Flag.TIE: ("tie", "is a tie to a neighbour", "the neighbour must answer first"),
    Flag.BLACKSTART: ("blackstart", "is a blackstart resource", "an engineer checks the restoration plan"),
    Flag.CRANKING_PATH: ("cranking path", "is on a cranking path", "an engineer checks the restoration plan"),
    Flag.INTERFACE: ("interface", "is part of an interface or IROL", "an engineer checks the interface limit"),
    Flag.REMEDIAL_ACTION_SCHEME: (
        "remedial action scheme",
        "is part of a remedial action scheme",
        "an engineer checks whether the scheme stays armed",
    ),
    Flag.REACTIVE: ("reactive", "holds voltage", "an engineer studies voltage"),
    Flag.NEIGHBOUR: ("neighbour", "is another operator's", "the neighbour must answer first"),
}


@rule(
    id="SPECIAL-1", level=Level.REFER, source="semantics 2.3", test="test_a_grid_without_a_register_refers_everything"
)
def register_known(ask: Ask) -> Iterator[Said]:
    """Refer everything where the grid has no register of special classes."""
    if ask.grid.register is None:
        yield Said(
            says=f"the grid {ask.grid.name} has no register of special assets",
            field="assets",
            fix="an engineer looks, or the operator adds the register",
        )


def _special(number: int, flag: Flag) -> Rule:
    name, says, fix = REASONS[flag]

    def flagged(ask: Ask) -> Iterator[Said]:
        for one in ask.elements:
            if flag & flags_of(ask.grid, one):
                yield Said(says=f"{one.asset} {says}", field="assets", fix=fix)

    flagged.__doc__ = f"Refer equipment flagged {name}."
    make: Callable[..., Rule] = rule(
        id=f"SPECIAL-{number}",
        level=Level.REFER,
        source="semantics 2.3",
        test="test_a_special_asset_is_referred_with_its_reason",
    )
    return make(flagged)


def flags_of(grid: Grid, one: Element) -> Flag:
    """Give the flags of an element, of all that goes with it; none where the grid knows none.

    With a branch goes its equipment, with a bus all that meets there, with a breaker both its sides.
    """
    register = grid.register
    if one.kind == ElementKind.DCLINE:
        return Flag.TIE
    if register is None:
        return Flag(0)
    bits = Flag(0)
    for value in (*register.branch_flags[_branches(grid, one)], *register.unit_flags[_units(grid, one)]):
        bits |= Flag(int(value))
    return bits


def _branches(grid: Grid, one: Element) -> IntArray:
    """Give the rows of the branches that go with an element."""
    network, breakers = grid.network, grid.breakers
    if one.kind == ElementKind.BRANCH:
        return np.flatnonzero(network.branches.equipment == one.equipment[1])
    if one.kind == ElementKind.BUS:
        return network.branches_at(one.row)
    if one.kind == ElementKind.BREAKER and breakers is not None:
        return np.array(breakers.sides(one.row), np.int64)
    return np.empty(0, np.int64)


def _units(grid: Grid, one: Element) -> IntArray:
    """Give the rows of the units that go with an element."""
    units = grid.network.units
    if one.kind == ElementKind.GEN:
        return np.array([one.row])
    return np.flatnonzero((units.bus == one.row) & units.in_service & (one.kind == ElementKind.BUS))


@rule(
    id="SPECIAL-10",
    level=Level.REFER,
    source="semantics 2.3 (unit and outlet should coincide)",
    test="test_the_sole_outlet_of_a_unit_is_referred_unless_the_unit_is_out_too",
)
def outlet_with_its_unit(ask: Ask) -> Iterator[Said]:
    """Refer the sole outlet of a unit unless the unit is out in the same hours."""
    for one in ask.elements:
        if not is_outlet(ask.grid, one):
            continue
        gone = set(_units(ask.grid, one).tolist())
        cut = cut_off_by(ask.grid, one)
        if not cut or not all(unit in gone or _out_too(ask, unit) for unit in cut):
            yield Said(
                says=f"{one.asset} is the sole outlet of {len(cut) or 'a'} unit(s) that would be cut off",
                field="assets",
                fix="let unit and outlet be out together, in one group",
            )


def is_outlet(grid: Grid, one: Element) -> bool:
    """Tell whether an element is flagged as the sole outlet of a unit."""
    outlet = one.kind in {ElementKind.BRANCH, ElementKind.BUS}
    return outlet and grid.register is not None and bool(Flag.SOLE_OUTLET & flags_of(grid, one))


def cut_off_by(grid: Grid, one: Element) -> tuple[int, ...]:
    """Give the rows of the units whose sole outlet an element is."""
    register = grid.register
    if register is None:
        return ()
    outlets = (one.row,) if one.kind == ElementKind.BRANCH else tuple(_branches(grid, one).tolist())
    return tuple(np.flatnonzero(np.isin(register.sole_outlet, outlets)).tolist())


def _out_too(ask: Ask, unit: int) -> bool:
    for other in ask.book:
        names = {one.equipment for one in elements_of(other.request.assets, grid=ask.grid)[0]}
        if (ElementKind.GEN, unit) in names and (other.holds or other.pending):
            covered = common(ask.hours, book_hours(other))
            if covered == ask.hours:
                return True
    return False


@rule(
    id="SPECIAL-11",
    level=Level.BLOCK,
    source="semantics 2.3 (never two out together)",
    test="test_two_parts_of_the_restoration_plan_are_never_out_together",
)
def one_restoration_path_at_a_time(ask: Ask) -> Iterator[Said]:
    """Refuse a second blackstart or cranking-path asset out in the same hours."""
    mine = {one.equipment for one in ask.elements if RESTORATION & flags_of(ask.grid, one)}
    if not mine or not ask.request.takes_out:
        return
    for other in ask.book:
        if other.holds and other.request.takes_out and _restores(ask, other, besides=mine):
            shared = common(ask.hours, book_hours(other))
            if shared:
                yield Said(
                    says=f"{ask.called(other)} has another part of the restoration plan out in these hours",
                    field="window",
                    fix="choose hours in which the other one is back",
                )


def _restores(ask: Ask, other: Outage, *, besides: set[tuple[ElementKind, int]]) -> bool:
    elements, _ = elements_of(other.request.assets, grid=ask.grid)
    return any(one.equipment not in besides and RESTORATION & flags_of(ask.grid, one) for one in elements)


@rule(
    id="SPECIAL-12",
    level=Level.REFER,
    source="semantics 1.6 (relay, scheme or communication request refers)",
    test="test_relay_and_telecom_work_is_referred",
)
def protection_work(ask: Ask) -> Iterator[Said]:
    """Refer relay and communication work: what trips together may change."""
    if ask.request.nature in {Nature.RELAY, Nature.TELECOM}:
        yield Said(
            says="protection or communication work may change what trips together",
            field="nature",
            fix="an engineer checks the redundancy left",
        )


RULES: tuple[Rule, ...] = (
    register_known,
    *(_special(number, flag) for number, flag in enumerate(REASONS, start=2)),
    outlet_with_its_unit,
    one_restoration_path_at_a_time,
    protection_work,
)
