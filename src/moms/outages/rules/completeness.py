"""Is all there that this kind of request needs? (domain 2)."""

from __future__ import annotations

from typing import TYPE_CHECKING

from moms.outages.request import Category, Kind, Nature, Position
from moms.outages.rules.rule import Ask, Rule, Said, rule
from moms.values import ElementKind, Level

if TYPE_CHECKING:
    from collections.abc import Iterator

BOTH = frozenset({Nature.NEW, Nature.OTHER, Nature.RETIRE, Nature.UNKNOWN})
ON_UNITS = frozenset(
    {
        Nature.BLACKSTART_TEST, Nature.BOROSCOPE, Nature.COMBUSTION_INSPECTION, Nature.COOLING_WATER, Nature.EXHAUST,
        Nature.FEEDWATER, Nature.FUEL_LIMITATION, Nature.FUEL_PROBLEM, Nature.GAS_PIPELINE, Nature.INLET_AIR,
        Nature.NO_STEAM_LOAD, Nature.MOTHBALL, Nature.OVERHAUL, Nature.SEASONAL, Nature.STEAM_TURBINE_LIMITED,
        Nature.TUBE_LEAK, Nature.VIBRATION,
    }
)  # fmt: skip
SWITCHING = frozenset(
    {Nature.BREAKER_MAINTENANCE, Nature.BREAKER_REPAIR, Nature.SWITCH_MAINTENANCE, Nature.SWITCH_REPAIR}
)


@rule(
    id="COMPLETE-1",
    level=Level.BLOCK,
    source="domain 2.1 (ERCOT code lists [S])",
    test="test_a_bad_request_is_told_what_is_wrong",
)
def nature_fits(ask: Ask) -> Iterator[Said]:
    """Require a nature of work of the request's category."""
    wants_unit = ask.request.category == Category.GENERATION
    if ask.request.nature not in BOTH and (ask.request.nature in ON_UNITS) != wants_unit:
        fits = (ON_UNITS | BOTH) if wants_unit else frozenset(Nature) - ON_UNITS
        yield Said(
            says=f"nature {ask.request.nature} is no work on {ask.request.category}",
            field="nature",
            fix=f"give one of {', '.join(sorted(fits))}",
        )


@rule(
    id="COMPLETE-2",
    level=Level.BLOCK,
    source="domain 2 (24 h contact)",
    test="test_a_bad_request_is_told_what_is_wrong",
)
def has_contact(ask: Ask) -> Iterator[Said]:
    """Require somebody to call at any hour."""
    if ask.request.kind in ask.rules.contact_needed and not ask.request.contacts:
        yield Said(says="nobody is named to call", field="contacts", fix="name one person or desk with a telephone")


@rule(
    id="COMPLETE-3",
    level=Level.BLOCK,
    source="domain 2 (emergency restoration time: required, transmission)",
    test="test_a_bad_request_is_told_what_is_wrong",
)
def has_recall(ask: Ask) -> Iterator[Said]:
    """Require of transmission outages the hours to give the equipment back."""
    needed = ask.request.category == Category.TRANSMISSION and ask.request.kind in ask.rules.recall_needed
    if needed and ask.request.recall_h is None:
        yield Said(says="it is not said how soon the equipment can come back", field="recall_h", fix="give hours")
    if needed and ask.request.emergency_return_h is None:
        yield Said(
            says="it is not said how soon it can come back in an emergency",
            field="emergency_return_h",
            fix="give hours",
        )


@rule(
    id="COMPLETE-4",
    level=Level.BLOCK,
    source="domain 2 (normal and outage state: switching device, required)",
    test="test_a_bad_request_is_told_what_is_wrong",
)
def has_switch(ask: Ask) -> Iterator[Said]:
    """Require of breaker and switch work the state before and during."""
    if ask.request.nature in SWITCHING and ask.request.switch is None:
        yield Said(
            says=f"nature {ask.request.nature} is work on a breaker or switch, and its states are not given",
            field="switch",
            fix="give its normal state and its state during the outage",
        )
    breakers = [one.asset for one in ask.elements if one.kind == ElementKind.BREAKER]
    if breakers and ask.request.switch is None and ask.request.nature not in SWITCHING:
        yield Said(
            says=f"{breakers[0]} is a breaker, and its states are not given",
            field="switch",
            fix='give its normal state and its state during the outage, as {"normal": "closed", "during": "open"}',
        )


@rule(id="COMPLETE-5", level=Level.BLOCK, source="semantics 1.6", test="test_a_bad_request_is_told_what_is_wrong")
def switch_changes(ask: Ask) -> Iterator[Said]:
    """Require that a switch request changes the switch."""
    switch = ask.request.switch
    if switch is not None and switch.normal == switch.during:
        other = Position.OPEN if switch.normal == Position.CLOSED else Position.CLOSED
        yield Said(says=f"the switch stays {switch.normal}", field="switch.during", fix=f"give {other}")


@rule(
    id="COMPLETE-6",
    level=Level.BLOCK,
    source="domain 2 (HSL per period)",
    test="test_a_bad_request_is_told_what_is_wrong",
)
def derate_says_what_is_left(ask: Ask) -> Iterator[Said]:
    """Require of a derate what the unit can still give."""
    if ask.request.kind == Kind.DERATE and ask.request.derate_to_mw is None:
        yield Said(says="it is not said what the unit can still give", field="derate_to_mw", fix="give MW")


@rule(
    id="COMPLETE-7",
    level=Level.BLOCK,
    source="domain 2 (MW reduction)",
    test="test_a_bad_request_is_told_what_is_wrong",
)
def derate_within_capacity(ask: Ask) -> Iterator[Said]:
    """Require that a derate leaves less than the unit's capacity, of one unit."""
    left, units = ask.request.derate_to_mw, [one for one in ask.elements if one.kind == ElementKind.GEN]
    if left is None:
        return
    if len(ask.request.assets) != 1 or (ask.elements and not units):
        yield Said(says="a derate is of one unit", field="derate_to_mw", fix="ask for each unit by itself")
        return
    if units:
        most = float(ask.grid.network.units.p_max_mw[units[0].row])
        if left >= most:
            yield Said(
                says=f"{left:g} MW is no derate of a unit of {most:g} MW",
                field="derate_to_mw",
                fix=f"give less than {most:g}",
            )


@rule(
    id="COMPLETE-8",
    level=Level.BLOCK,
    source="domain 2 (opportunity: designated resources)",
    test="test_a_bad_request_is_told_what_is_wrong",
)
def opportunity_names_its_units(ask: Ask) -> Iterator[Said]:
    """Require of an opportunity the units whose absence starts it."""
    if ask.request.kind != Kind.OPPORTUNITY:
        return
    if not ask.request.designated_units:
        yield Said(says="no unit is named whose absence starts it", field="designated_units", fix='give ["gen:7"]')
    for unit in ask.request.designated_units:
        if not unit.startswith("gen:"):
            yield Said(says=f"{unit} is no unit", field="designated_units", fix="name units, as gen:7")


@rule(id="COMPLETE-9", level=Level.REFER, source="semantics 2.5", test="test_a_forced_report_says_what_was_assumed")
def nothing_assumed(ask: Ask) -> Iterator[Said]:
    """Refer a forced or emergency report whose missing fields were filled in."""
    for name in ask.request.assumed:
        yield Said(says=f"the report does not give {name}; a default stands for it", field=name, fix=f"give {name}")


@rule(
    id="COMPLETE-10",
    level=Level.REFER,
    source="domain 2.1 (UN unknown, OT other)",
    test="test_a_bad_request_is_told_what_is_wrong",
)
def nature_is_known(ask: Ask) -> Iterator[Said]:
    """Refer planned work whose nature is unknown, or other without a description."""
    if ask.request.urgent_report:
        return
    if ask.request.nature == Nature.UNKNOWN:
        yield Said(says="the nature of the work is unknown", field="nature", fix="give its code")
    if ask.request.nature == Nature.OTHER and not ask.request.description.strip():
        yield Said(says="other work is not described", field="description", fix="say what is done")


RULES: tuple[Rule, ...] = (
    nature_fits,
    has_contact,
    has_recall,
    has_switch,
    switch_changes,
    derate_says_what_is_left,
    derate_within_capacity,
    opportunity_names_its_units,
    nothing_assumed,
    nature_is_known,
)
