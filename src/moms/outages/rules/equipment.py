"""Is it there, in service, and theirs to ask for? (domain 2, 3.2: model match)."""

from __future__ import annotations

from typing import TYPE_CHECKING

from moms.grid import BranchKind, BusKind
from moms.outages.request import Category, Kind, Nature
from moms.outages.rules.rule import Ask, Element, Rule, Said, rule
from moms.values import ElementKind, Level, Role

if TYPE_CHECKING:
    from collections.abc import Iterator


@rule(
    id="ASSET-1",
    level=Level.BLOCK,
    source="domain 2 (validate against network model)",
    test="test_a_bad_request_is_told_what_is_wrong",
)
def exists(ask: Ask) -> Iterator[Said]:
    """Require that the grid has every asset named."""
    for asset in (*ask.strangers, *_strange_units(ask)):
        yield Said(
            says=f"the grid {ask.grid.name} has no {asset}",
            field="assets" if asset in ask.strangers else "designated_units",
            fix=f"look it up with `moms grid show {ask.grid.name} --find TEXT`",
        )


def _strange_units(ask: Ask) -> tuple[str, ...]:
    count = len(ask.grid.network.units)
    units = (one for one in ask.request.designated_units if one.startswith("gen:"))
    return tuple(one for one in units if int(one.partition(":")[2]) > count)


@rule(id="ASSET-2", level=Level.BLOCK, source="domain 2 (category)", test="test_a_bad_request_is_told_what_is_wrong")
def fits_category(ask: Ask) -> Iterator[Said]:
    """Require units in a generation request and anything else in a transmission request."""
    wants_unit = ask.request.category == Category.GENERATION
    for one in ask.elements:
        if (one.kind == ElementKind.GEN) != wants_unit:
            other = Category.TRANSMISSION if wants_unit else Category.GENERATION
            yield Said(
                says=f"{one.asset} does not belong in a {ask.request.category} request",
                field="assets",
                fix=f"ask for it in a {other} request of the same group",
            )


@rule(
    id="ASSET-3", level=Level.BLOCK, source="domain 3.2 (model match)", test="test_a_bad_request_is_told_what_is_wrong"
)
def in_service(ask: Ask) -> Iterator[Said]:
    """Require that the equipment is in service; new equipment that is not yet refers."""
    for one in ask.elements:
        if not _runs(ask, one):
            new = ask.request.nature == Nature.NEW
            yield Said(
                says=f"{one.asset} is not in service in the model of {ask.grid.base_date or 'this grid'}",
                field="assets",
                fix="the model needs its date of service"
                if new
                else "check the asset, or say nature NE for new equipment",
                level=Level.REFER if new else None,
            )


def _runs(ask: Ask, one: Element) -> bool:
    network = ask.grid.network
    if one.kind == ElementKind.BRANCH:
        return bool(network.branches.in_service[one.row])
    if one.kind == ElementKind.GEN:
        return bool(network.units.in_service[one.row])
    if one.kind == ElementKind.BUS:
        return bool(network.buses.kind[one.row] != BusKind.ISOLATED)
    return one.kind == ElementKind.BREAKER or bool(network.dclines.in_service[one.row])


@rule(
    id="ASSET-4",
    level=Level.BLOCK,
    source="engine 1 (equivalents are neither monitored nor tripped)",
    test="test_a_bad_request_is_told_what_is_wrong",
)
def real(ask: Ask) -> Iterator[Said]:
    """Refuse branches that stand for the reduced outside world."""
    for one in ask.elements:
        if one.kind == ElementKind.BRANCH and ask.grid.network.branches.kind[one.row] == BranchKind.EQUIVALENT:
            yield Said(
                says=f"{one.asset} stands for the reduced outside world; it is no equipment",
                field="assets",
                fix="name a line or a transformer",
            )


@rule(
    id="ASSET-5",
    level=Level.BLOCK,
    source="domain 3.2 (owner, agent), semantics 9",
    test="test_a_bad_request_is_told_what_is_wrong",
)
def owned(ask: Ask) -> Iterator[Said]:
    """Require that the organisation owns the equipment, or files for who does; an unknown owner refers."""
    theirs = ask.rules.acts_for(ask.request.organisation)
    for one in ask.elements:
        owner = _owner(ask, one)
        if owner is None:
            yield Said(
                says=f"nobody is known to own {one.asset}",
                field="organisation",
                fix="the operator can say who owns it",
                level=Level.REFER,
            )
        elif owner not in theirs:
            yield Said(
                says=f"{one.asset} does not belong to {ask.request.organisation}",
                field="assets",
                fix="let its owner ask, or have the operator record that you file for it",
            )


def _owner(ask: Ask, one: Element) -> str | None:
    if one.kind == ElementKind.BRANCH:
        return ask.grid.owner_of(branch=one.row)
    if one.kind == ElementKind.BREAKER and ask.grid.breakers is not None:
        return ask.grid.owner_of(bus=int(ask.grid.breakers.bus[one.row]))
    if one.kind == ElementKind.BUS:
        return ask.grid.owner_of(bus=one.row)
    return ask.grid.owner_of(unit=one.row) if one.kind == ElementKind.GEN else None


@rule(
    id="ASSET-6", level=Level.BLOCK, source="domain 3.2 (owner, agent)", test="test_a_bad_request_is_told_what_is_wrong"
)
def filed_by_its_own(ask: Ask) -> Iterator[Said]:
    """Require that who files acts for the organisation that asks; the operator may file for anyone."""
    outside = ask.actor.role in {Role.OWNER, Role.AGENT, Role.FIELD}
    if outside and ask.request.organisation not in ask.rules.acts_for(ask.actor.organisation):
        yield Said(
            says=f"{ask.actor.organisation} does not file for {ask.request.organisation}",
            field="organisation",
            fix="file for your own organisation, or have the operator record the agency",
        )


@rule(
    id="ASSET-7",
    level=Level.BLOCK,
    source="domain 2 (derate of a resource)",
    test="test_a_bad_request_is_told_what_is_wrong",
)
def only_units_derate(ask: Ask) -> Iterator[Said]:
    """Require that what is derated is generation."""
    if ask.request.kind == Kind.DERATE and ask.request.category != Category.GENERATION:
        yield Said(says="a line is not derated here", field="kind", fix="ask for its outage, or for a rating change")


RULES: tuple[Rule, ...] = (exists, fits_category, in_service, real, owned, filed_by_its_own, only_units_derate)
