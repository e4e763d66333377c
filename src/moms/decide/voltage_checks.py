"""The rules of AC verification, one function each (semantics §1.7, §2.0): they hold where the rule book needs AC.

Nothing here denies: taps, switched shunts and another dispatch of reactive power may cure a voltage, and
none of them is in the model, so that a person looks.
"""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING

from moms.decide.check import Check, Verdict
from moms.values import many

if TYPE_CHECKING:
    from moms.decide.evidence import AcCrossing, AtLimit, Evidence, Security, Unsolved, Voltage

AGAINST = frozenset({Verdict.FAIL, Verdict.REFER, Verdict.MISSING})
LOADING, DEVIATION = "loading_mva", "voltage_deviation_pu"
RUNS_IT = "an outage engineer runs the AC study"


def stands_against(checks: tuple[Check, ...]) -> tuple[str, ...]:
    """Give the rules that stand against a request already: any that fails, any of security that is unsure.

    Where there is one, AC has nothing to add.
    """
    return tuple(
        c.rule for c in checks if c.verdict == Verdict.FAIL or (c.verdict in AGAINST and c.rule.startswith("SEC-"))
    )


def voltage_verified(voltage: Voltage | None, against: tuple[str, ...]) -> Check:
    """SEC-AC-2: AC verification was run, and every state has a solution (semantics 1.7, 2.0)."""
    asks = "verified by AC: every state has a solution"
    if voltage is None and against:
        said = f"not run: {', '.join(against)} {'stands' if len(against) == 1 else 'stand'} against it already"
        return Check(rule="SEC-AC-2", asks=asks, verdict=Verdict.NOT_REQUIRED, says=said)
    if voltage is None:
        return Check(rule="SEC-AC-2", asks=asks, verdict=Verdict.MISSING, says="AC was not run", fix=RUNS_IT)
    if voltage.status == "not available":
        return Check(rule="SEC-AC-2", asks=asks, verdict=Verdict.MISSING, says=voltage.why, fix=RUNS_IT)
    if voltage.unsolved:
        return _unsolved(voltage, asks)
    if voltage.left_out:
        said = f"{many(voltage.left_out, 'contingency')} that it changes were not looked at: there are too many"
        return Check(rule="SEC-AC-2", asks=asks, verdict=Verdict.MISSING, says=said, fix=RUNS_IT)
    return Check(
        rule="SEC-AC-2", asks=asks, verdict=Verdict.PASS, says=verified(voltage), evidence=(voltage.digest,),
    )  # fmt: skip


def verified(voltage: Voltage) -> str:
    """Say what AC covered."""
    touched = " that it can change anything of" if voltage.untouched else ""
    hours = f"{many(len(voltage.hours), 'hour')} of {voltage.points:,}"
    return f"AC verified: {many(voltage.contingencies, 'contingency')}{touched}, {hours}"


def _unsolved(voltage: Voltage, asks: str) -> Check:
    first = min(voltage.unsolved, key=_order)
    without = "none without the request either" if first.without_why else "it has one without the request"
    more = f"; {len(voltage.unsolved) - 1} more have none" if len(voltage.unsolved) > 1 else ""
    return Check(
        rule="SEC-AC-2",
        asks=asks,
        verdict=Verdict.MISSING,
        says=f"no AC solution {_after(first.contingency)} at {first.hour} ({first.why}; {without}){more}",
        evidence=(voltage.digest,),
        fix="an outage engineer studies the case that was saved with the record",
    )


def _order(one: Unsolved) -> tuple[bool, bool, str, str]:
    return one.caused == "old", one.contingency is not None, one.contingency or "", one.hour


def _after(contingency: str | None) -> str:
    return f"after {contingency}" if contingency else "with everything else in service"


def voltage_bands(voltage: Voltage | None, against: tuple[str, ...]) -> Check:
    """SEC-AC-3: no voltage leaves its band before or after a contingency because of the request (semantics 1.7)."""
    asks = "no voltage out of its band before or after a contingency because of it"
    found = _judged("SEC-AC-3", asks, voltage, against, ("low_voltage_pu", "high_voltage_pu"))
    if found.verdict != Verdict.PASS or voltage is None or not voltage.unbanded:
        return found
    said = f"none, but {many(voltage.unbanded, 'bus')} {'has' if voltage.unbanded == 1 else 'have'} no voltage band"
    return replace(found, verdict=Verdict.MISSING, says=said, fix="the grid's keeper gives VMIN and VMAX of each bus")


def voltage_deviation(voltage: Voltage | None, against: tuple[str, ...]) -> Check:
    """SEC-AC-4: no contingency moves a voltage too far because of the request (semantics 1.7)."""
    asks = "no contingency moves a voltage too far because of it"
    return _judged("SEC-AC-4", asks, voltage, against, (DEVIATION,))


def apparent_power(voltage: Voltage | None, against: tuple[str, ...]) -> Check:
    """SEC-AC-5: no MVA over rate A before or rate B after a contingency because of the request (semantics 1.4)."""
    asks = "no MVA over rate A before, rate B after a contingency because of it"
    return _judged("SEC-AC-5", asks, voltage, against, (LOADING,))


def _judged(
    rule: str, asks: str, voltage: Voltage | None, against: tuple[str, ...], quantities: tuple[str, ...]
) -> Check:
    if voltage is None or voltage.status == "not available":
        return _not_run(rule, asks, against)
    rows = tuple(row for row in voltage.crossings if row.quantity in quantities)
    if not rows:
        return Check(rule=rule, asks=asks, verdict=Verdict.PASS, says="none", evidence=(voltage.digest,))
    worst = max(rows, key=lambda row: (row.beyond, row.contingency or "", row.element))
    value, limit, unit = _numbers(worst)
    return Check(
        rule=rule,
        asks=asks,
        verdict=Verdict.REFER,
        says=told(worst) + (f"; {many(len(rows) - 1, 'other pair')} beyond" if len(rows) > 1 else ""),
        value=value,
        limit=limit,
        unit=unit,
        evidence=(voltage.digest,),
        fix="taps, shunts or reactive dispatch by an outage engineer, or another window",
    )


def _not_run(rule: str, asks: str, against: tuple[str, ...]) -> Check:
    verdict = Verdict.NOT_REQUIRED if against else Verdict.MISSING
    return Check(rule=rule, asks=asks, verdict=verdict, says="AC was not run", fix=None if against else RUNS_IT)


def _numbers(row: AcCrossing) -> tuple[float, float, str]:
    if row.quantity == LOADING:
        return row.value, row.limit, "MVA"
    return _of_base(row.value, row.base_kv), _of_base(row.limit, row.base_kv), "pu" if row.base_kv is None else "kV"


def _of_base(pu: float, base_kv: float | None) -> float:
    """Give a voltage in kV where its base is known, else per unit."""
    return pu if base_kv is None else round(pu * base_kv, 2)


def told(row: AcCrossing) -> str:
    """Say one value beyond its limit: where, how much, after what, when, and without the request."""
    without = (
        "without the request it is dark or has no solution"
        if row.without is None
        else (f"{_with_kv(row.without, row)} without the request")
    )
    where = f"{_after(row.contingency)} at {row.hour}"
    value, limit = _with_kv(row.value, row), _with_kv(row.limit, row)
    match row.quantity:
        case "loading_mva":
            return f"{row.element} carries {value} of {limit} {where} ({without})"
        case "low_voltage_pu":
            return f"{row.element} falls to {value}, below {limit}, {where} ({without})"
        case "high_voltage_pu":
            return f"{row.element} rises to {value}, above {limit}, {where} ({without})"
        case _:
            return f"{row.element} moves by {value}, more than {limit}, {where} ({without})"


def _with_kv(value: float, row: AcCrossing) -> str:
    """Write a voltage per unit and in kV where its base is known, a loading in MVA."""
    if row.quantity == LOADING:
        return f"{value:.1f} MVA"
    return f"{value:.4f} pu" if row.base_kv is None else f"{value:.4f} pu ({_of_base(value, row.base_kv):.1f} kV)"


def reactive_limits(voltage: Voltage | None, against: tuple[str, ...]) -> Check:
    """SEC-AC-6: no bus stops holding its voltage because of the request, with everything else in service (MOMS)."""
    asks = "no bus off its set point at a reactive limit because of it, with everything else in service"
    if voltage is None or voltage.status == "not available":
        return _not_run("SEC-AC-6", asks, against)
    if not voltage.at_limit:
        return Check(rule="SEC-AC-6", asks=asks, verdict=Verdict.PASS, says="none", evidence=(voltage.digest,))
    worst: AtLimit = max(voltage.at_limit, key=lambda one: (abs(one.volt_pu - one.set_pu), one.element, one.hour))
    others = len({one.element for one in voltage.at_limit}) - 1
    kv = "" if worst.base_kv is None else f" ({worst.base_kv:.0f} kV)"
    return Check(
        rule="SEC-AC-6",
        asks=asks,
        verdict=Verdict.REFER,
        says=f"the units at {worst.element}{kv} give their limit of {worst.mvar:.1f} MVAr at {worst.hour} and no"
        f" longer hold {worst.set_pu:.4f} pu: {worst.volt_pu:.4f} pu ({worst.without_mvar:.1f} MVAr without it)"
        + (f"; {many(others, 'other')} like it" if others else ""),
        value=_of_base(worst.volt_pu, worst.base_kv),
        limit=_of_base(worst.set_pu, worst.base_kv),
        unit="pu" if worst.base_kv is None else "kV",
        evidence=(voltage.digest,),
        fix="an outage engineer arranges reactive reserve, or another window",
    )


AC_CHECKS = (voltage_verified, voltage_bands, voltage_deviation, apparent_power, reactive_limits)
"""Every rule of AC, in the order a record shows them."""


def ac_checks(evidence: Evidence, others: tuple[Check, ...]) -> tuple[Check, ...]:
    """Give the rows of AC beside the rows of all other rules.

    AC that was not run is no hindrance only where another row already stands against the request:
    with all others clean it is missing, and what is missing never approves.
    """
    voltage = evidence.security.voltage if evidence.security is not None else None
    against = stands_against(others)
    return tuple(rule(voltage, against) for rule in AC_CHECKS)


def not_verified(evidence: Evidence, other: Security) -> bool:
    """Tell whether AC is clean on the book and was not run on another state of the book that has to be clean too."""
    found = evidence.security
    wanted = found is not None and found.voltage is not None and not ac_dirt(found)
    return evidence.ac_needed and wanted and other.voltage is None


def ac_dirt(found: Security) -> frozenset[tuple[str, str]]:
    """Name what AC found against a study, as pairs of contingency and element."""
    voltage = found.voltage
    if voltage is None:
        return frozenset()
    if voltage.status == "not available":
        return frozenset({("", voltage.why)})
    rows = {(row.contingency or "", f"{row.element} {row.quantity}") for row in voltage.crossings}
    rows |= {(one.contingency or "", "no AC solution") for one in voltage.unsolved}
    return frozenset(rows | {("", f"{one.element} at its reactive limit") for one in voltage.at_limit})
