"""Every decision rule with its id, what it asks, its source and its test, for docs/rules.md."""

from __future__ import annotations

import re
from dataclasses import dataclass
from typing import TYPE_CHECKING

from moms.decide.other_checks import (
    data_are_there,
    exemption,
    forecast_is_fresh,
    group_as_a_whole,
    margin_holds,
    rates_are_fresh,
)
from moms.decide.security_checks import SECURITY_CHECKS
from moms.decide.voltage_checks import AC_CHECKS

if TYPE_CHECKING:
    from collections.abc import Callable

_FIRST_LINE = re.compile(r"(?P<id>[A-Z0-9]+-[A-Z0-9-]+): (?P<asks>.+?)(?: \((?P<source>[^()]+)\))?\.")
_UNSURE = "test_settle.py::test_what_is_missing_or_unsure_goes_to_a_person"
_TESTS = {
    "SEC-BASE-1": "test_settle.py::test_a_base_case_violation_is_not_cured_by_redispatch",
    "SEC-N1-1": "test_settle.py::test_a_verified_redispatch_is_a_condition_with_its_megawatts_and_cost",
    "SEC-RELY-1": "test_settle.py::test_an_answer_that_leans_on_another_outage_says_so",
    "SEC-QUEUE-1": "test_settle.py::test_dirt_that_only_the_queue_brings_refers",
    "MAR-1": "test_settle.py::test_a_generator_is_never_denied",
    "DEC-FORE-1": "test_settle.py::test_an_old_forecast_refers_what_begins_soon",
    "DEC-RATE-1": "test_settle.py::test_old_outage_rates_refer_what_takes_capacity_away",
    "DEC-GROUP-1": "test_settle.py::test_a_group_is_granted_as_a_whole_or_goes_to_a_person",
    "EXE-1": "test_settle.py::test_a_generator_is_never_denied",
    "DEC-AUTH-1": "test_settle.py::test_where_the_system_may_only_advise_it_recommends",
    "SEC-AC-2": "test_voltage.py::test_no_solution_goes_to_a_person_with_its_case",
    "SEC-AC-3": "test_voltage.py::test_a_voltage_out_of_its_band_goes_to_a_person_and_is_named",
    "SEC-AC-4": "test_voltage.py::test_a_voltage_out_of_its_band_goes_to_a_person_and_is_named",
    "SEC-AC-5": "test_voltage.py::test_a_voltage_out_of_its_band_goes_to_a_person_and_is_named",
    "SEC-AC-6": "test_voltage.py::test_a_bus_at_its_reactive_limit_goes_to_a_person",
}


@dataclass(frozen=True, slots=True, kw_only=True)
class DecisionRule:
    """One rule of a decision's table."""

    id: str
    asks: str
    source: str
    test: str


def _rule(check: Callable[..., object]) -> DecisionRule:
    """Read a rule off the first line of the function that asks it.

    Raises:
        ValueError: the line does not say `ID: what it asks (source).`
    """
    line = (check.__doc__ or "").strip().splitlines()[0]
    found = _FIRST_LINE.fullmatch(line)
    if found is None:
        msg = f"{check.__name__}: {line!r} is not `ID: what it asks (source).`"
        raise ValueError(msg)
    return _known(found["id"], found["asks"], found["source"] or "semantics 2")


def _known(key: str, asks: str, source: str) -> DecisionRule:
    return DecisionRule(
        id=key, asks=f"{asks[0].upper()}{asks[1:]}.", source=source,
        test=f"tests/decide/{_TESTS.get(key, _UNSURE)}",
    )  # fmt: skip


RULES: tuple[DecisionRule, ...] = (
    *(
        _rule(check)
        for check in (
            data_are_there,
            forecast_is_fresh,
            *SECURITY_CHECKS,
            margin_holds,
            rates_are_fresh,
            group_as_a_whole,
            exemption,
            *AC_CHECKS,
        )
    ),
    _known("DEC-AUTH-1", "the rule book lets the system decide this class of asset", "semantics 2.6"),
)
