"""Figures of adequacy and certainty: exactness, speed, Monte Carlo, calibration, with goals."""

from __future__ import annotations

from dataclasses import replace
from datetime import UTC, date, datetime, timedelta
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np

from moms.adequacy import (
    Scenarios,
    Unit,
    capacity_outage,
    joint_p,
    lole_days,
    loss_of_load,
    recall_odds,
    remove_unit,
    simulate,
    spectral_difference,
)
from moms.bench import adequacy_checks
from moms.bench.rows import Row, timed
from moms.bench.rts79 import FLEET, REPAIR_H, daily_peaks_mw, hourly_mw
from moms.desk.called_back import drawn_ahead
from moms.desk.certain import certain
from moms.outages import Category, Kind, Nature, Outage, Request, State, Status
from moms.risk import simulated, storm_risk, train
from moms.values import Window, market_day

if TYPE_CHECKING:
    import numpy.typing as npt

    from moms.desk.world import World
    from moms.grid import FloatArray

    Single = npt.NDArray[np.float32]

UNITS, HOURS, SCENARIOS, DAYS = 1500, 8760, 4000, 365
SEEDS = (2027, 2028, 2029)
BOOKED = 20
HELD_OUT = 5000


def rows(*, quick: bool) -> list[Row]:
    """Measure them; `quick` takes smaller histories and fewer runs."""
    runs = 3 if quick else 9
    learnt = _certainty(quick=quick)
    storm = _storm(runs=1 if quick else 3)
    exact = [*_exact(), *adequacy_checks.rows(quick=quick)]
    return [*exact, *_speed(runs), *_recall(runs), _monte_carlo(quick=quick), *learnt, storm, *_request(quick=quick)]


def _exact() -> list[Row]:
    """RTS-79 against its published figures, as relative error."""
    capacity, rate = (np.array([unit[k] for unit in FLEET]) for k in (0, 1))
    table = capacity_outage(capacity_mw=capacity, outage_rate=rate)
    lolp, eue = loss_of_load(table=table, load_mw=hourly_mw())
    days = lole_days(table=table, daily_peaks_mw=daily_peaks_mw())
    published = (("lolh", lolp.sum(), 9.394175), ("eue", eue.sum(), 1176.298), ("lole", days, 1.368863))
    found = [
        Row(id=f"adequacy.rts79_{name}", what=f"RTS-79 {name}, relative distance from {figure:g}",
            value=abs(float(value) / figure - 1.0), unit="", goal=1e-6, runs=1)
        for name, value, figure in published
    ]  # fmt: skip
    gap = spectral_difference(table)
    return [*found, Row(id="adequacy.rts79_fft", what="RTS-79, largest difference of a probability from that by FFT",
                        value=gap, unit="", goal=1e-13, runs=1)]  # fmt: skip


def _fleet() -> dict[str, Any]:
    rng = np.random.default_rng(0)
    return {"capacity_mw": np.ceil(rng.gamma(1.0, 90.0, UNITS)), "outage_rate": rng.uniform(0.02, 0.12, UNITS)}


def _speed(runs: int) -> list[Row]:
    fleet = _fleet()
    table = capacity_outage(**fleet)
    load = table.installed_mw * (0.72 + 0.16 * np.sin(np.arange(HOURS) * 2 * np.pi / 24))
    largest = int(np.argmax(fleet["capacity_mw"]))
    build, build_spread = timed(lambda: loss_of_load(table=capacity_outage(**fleet), load_mw=load), runs=runs)
    change, change_spread = timed(
        lambda: loss_of_load(table=remove_unit(table=table, unit=largest), load_mw=load), runs=runs
    )
    peer, _ = timed(lambda: _product_of_spectra(fleet, len(table.out_mw)), runs=1)
    return [
        Row(id="adequacy.build", what=f"{UNITS} units: exact table on 1 MW and LOLE of {HOURS} hours; peer: FFT",
            value=build, unit="s", spread=build_spread, goal=0.5, peer=peer, runs=runs),
        Row(id="adequacy.change", what="the largest unit out: change of LOLE over the year",
            value=1000 * change, unit="ms", spread=_ms(change_spread), goal=30.0, peer=1000 * build, runs=runs),
    ]  # fmt: skip


def _ms(spread: tuple[float, float]) -> tuple[float, float]:
    return 1000 * spread[0], 1000 * spread[1]


def _product_of_spectra(fleet: dict[str, Any], size: int) -> None:
    omega = np.arange(size // 2 + 1) * (-2j * np.pi / size)
    spectrum = np.ones(len(omega), dtype=np.complex128)
    for capacity, q in zip(fleet["capacity_mw"], fleet["outage_rate"], strict=True):
        spectrum *= 1.0 - q + q * np.exp(omega * capacity)
    np.fft.irfft(spectrum, size)


def _recall(runs: int) -> list[Row]:
    """Three places, as a zone, its sub-region and the footprint; margins drawn, which costs nothing here."""
    rng = np.random.default_rng(1)
    year = np.arange(SCENARIOS, dtype=np.int64) % 40
    found = Scenarios(
        place=("footprint", "region", "zone"), zones=((0, 1, 2), (0, 1), (0,)),
        day=tuple(date(2027, 1, 1) + timedelta(days=d) for d in range(DAYS)), year=year,
        margin_mw=rng.normal(4000, 1500, (3, DAYS, SCENARIOS)).astype(np.float32),
        stress=np.ones((40, 3, DAYS)), seed=1,
    )  # fmt: skip
    running = np.float32(800.0) * (rng.random((DAYS, SCENARIOS)) < 0.95)
    took, spread = timed(lambda: recall_odds(scenarios=found, zone=0, running_mw=running, days=14), runs=runs)
    peer, _ = timed(lambda: _in_windows(found, running, 14), runs=1)
    ours = recall_odds(scenarios=found, zone=0, running_mw=running, days=14).probability
    gap = float(np.abs(ours - _in_windows(found, running, 14)).max())
    what = f"recall of every start of a year, {SCENARIOS} scenarios, 3 places, 14 days"
    return [
        Row(id="adequacy.recall", what=f"{what}; peer: least of each window in numpy",
            value=1000 * took, unit="ms", spread=_ms(spread), goal=20.0, peer=1000 * peer, runs=runs),
        Row(id="adequacy.recall_exact", what=f"{what}: largest difference from the peer's", value=gap, unit="",
            goal=1e-12, runs=1),
    ]  # fmt: skip


def _in_windows(found: Scenarios, running: Single, days: int) -> FloatArray:
    least = np.min(found.margin_mw - running, axis=0)
    windows = np.lib.stride_tricks.sliding_window_view(least, days, axis=0).min(axis=-1)
    short: FloatArray = (windows < 0).mean(axis=1)
    return short


def _monte_carlo(*, quick: bool) -> Row:
    """Follow RTS-79 hour by hour and compare its weeks with the exact ones; the least p of the seeds counts."""
    units = [Unit(name=str(k), capacity_mw=c, outage_rate=q, mttr_h=REPAIR_H[c]) for k, (c, q) in enumerate(FLEET)]
    table = capacity_outage(capacity_mw=[c for c, _ in FLEET], outage_rate=[q for _, q in FLEET])
    week = np.arange(len(hourly_mw())) // 168
    exact = np.bincount(week, weights=loss_of_load(table=table, load_mw=hourly_mw())[0]).astype(np.float64)
    years, seeds = (250, SEEDS[:1]) if quick else (2000, SEEDS)
    least = min(
        joint_p(
            simulated=simulate(units=units, load_mw=hourly_mw(), period=week, years=years, seed=seed), exact_h=exact
        )
        for seed in seeds
    )
    return Row(id="adequacy.monte_carlo", value=least, unit="p", goal=1e-4, direction="max", runs=len(seeds),
               what=f"RTS-79, {years} simulated years: joint test of weeks, least p of {len(seeds)} seeds")  # fmt: skip


def _certainty(*, quick: bool) -> list[Row]:
    """Simulated histories with known truth on fresh seeds; the worst of them counts."""
    gaps: list[float] = []
    errors: list[float] = []
    outside = held = 0
    for seed in SEEDS[:1] if quick else SEEDS:
        rng = np.random.default_rng(seed)
        history, _ = simulated(count=6000 if quick else 26_000, rng=rng)
        _, card = train(history=history, source="simulated", rng=rng, simulated=True)
        held = card.held_out
        gaps.append(card.goes.ece - card.goes.ece_expected)
        for share, wanted in ((card.over_p50, 0.5), (card.over_p90, 0.1), (card.coverage, 0.8)):
            errors.append(abs(share - wanted) / (wanted * (1 - wanted) / card.held_out_ran) ** 0.5)
        outside += not card.causes["recall"].fits
    runs, enough = len(gaps), held >= HELD_OUT
    what = f"simulated history, {held} held out, worst of {runs} seeds: "
    why = None if enough else f"the goal is for {HELD_OUT} held out and more"
    return [
        Row(id="adequacy.ece", what=what + "ECE above that to be expected", value=max(gaps), unit="", runs=runs,
            goal=0.01 if enough else None, why=why),
        Row(id="adequacy.quantiles", what=what + "P50, P90 and coverage, standard errors off", value=max(errors),
            unit="s.e.", goal=3.5 if enough else None, runs=runs, why=why),
        Row(id="adequacy.recall_expected", value=float(outside), unit="", goal=0.0 if enough else None, runs=runs,
            what=f"simulated history, {held} held out, {runs} seeds: recalls expected outside the exact 99 % interval "
            "of those observed", why=why),
    ]  # fmt: skip


def _storm(*, runs: int) -> Row:
    from moms.exchange.grids import open_grid
    from moms.exchange.storms import SAMPLE, read_weather
    from moms.risk import lines_of, tower_curve

    lines, weather = lines_of(open_grid("miso")), read_weather(SAMPLE)
    took, spread = timed(lambda: storm_risk(lines=lines, weather=weather, curve=tower_curve()), runs=runs)
    return Row(id="adequacy.storm", what=f"sample storm over {len(lines.row)} lines of miso", value=took, unit="s",
               spread=spread, runs=runs)  # fmt: skip


def _request(*, quick: bool) -> list[Row]:
    """What certainty adds to the decision on a unit of miso: scenarios drawn the night before, or for it alone."""
    world = _world()
    now, runs = datetime(2027, 3, 1, 15, tzinfo=UTC), 3 if quick else 9
    largest = np.argsort(-world.grid.network.units.p_max_mw)[: BOOKED + 1]
    span = Window(start=market_day(date(2027, 3, 20)).start, end=market_day(date(2027, 4, 3)).start)
    asked, *others = (_outage(int(row) + 1, span, now) for row in largest)

    def ask(world: World) -> object:
        return certain(world=world, outage=asked, holding=others, now=now, cut_off=(), clean=True)

    ready = replace(world, drawn=drawn_ahead(world=world, now=now, days=40, holding=()))
    warm, spread = timed(lambda: ask(ready), runs=runs)
    cold, cold_spread = timed(lambda: ask(world), runs=1 if quick else 3)
    what = f"certainty in a decision on miso, a unit for 14 days, {BOOKED} units of the book to make good"
    return [
        Row(id="adequacy.request", what=f"{what}: scenarios drawn the night before", value=1000 * warm, unit="ms",
            spread=_ms(spread), goal=100.0, runs=runs),
        Row(id="adequacy.request_cold", what=f"{what}: scenarios drawn for it alone", value=1000 * cold, unit="ms",
            spread=_ms(cold_spread), goal=100.0, runs=1 if quick else 3),
    ]  # fmt: skip


def _world() -> World:
    from moms.exchange.certainty import learnt_of
    from moms.wiring.worlds import open_world

    rng = np.random.default_rng(SEEDS[0])
    history, _ = simulated(count=3000, rng=rng)
    model, found = train(history=history, source="simulated", rng=rng, simulated=True)
    world = open_world(grid="miso", rule_book="miso-demo-1", home=Path("nowhere"))
    return replace(world, learnt=learnt_of(model, found))


def _outage(number: int, window: Window, now: datetime) -> Outage:
    request = Request(
        external_id=f"bench {number}", organisation="bench", category=Category.GENERATION, kind=Kind.PLANNED,
        nature=Nature.OVERHAUL, assets=(f"gen:{number}",), window=window,
    )  # fmt: skip
    return Outage(id=f"OTG-{number}", request=request, state=State.DECIDED, status=Status.ACCEPTED_EXEMPT,
                  window=window, stamp=now, filed_at=now)  # fmt: skip
