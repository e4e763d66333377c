"""What one group of hours shows, with the request against without it."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TYPE_CHECKING

import numpy as np

from moms.powerflow import label
from moms.study.judge import judge, judge_cut_off
from moms.study.result import CODES, NEW, OLD, WORSE, IslandingRow, RequestCutOff, ShortfallRow, ViolationRow, loading
from moms.study.screen import EDGE_MW, Found
from moms.values import ElementKind, element, mw

if TYPE_CHECKING:
    import numpy.typing as npt

    from moms.grid import BoolArray, FloatArray, IntArray
    from moms.study.collect import Collector, Columns
    from moms.study.normal import Normal
    from moms.study.plan import CutOff
    from moms.study.screen import Screen
    from moms.study.slices import Slice, StudyRules
    from moms.study.state import Case


@dataclass(slots=True, kw_only=True, eq=False)
class Findings:
    """One group: both cases screened, and where its results go."""

    slice: Slice
    hours: IntArray
    """(H,) where the group's hours stand in the study."""
    places: IntArray
    """(c,) where its contingencies stand in the study."""
    screened: Screen
    without: Normal
    """Answers by the same screen where there is no request."""
    rules: StudyRules
    keep_old: bool
    into: Collector
    unsolved: set[int] = field(default_factory=set)
    """Contingencies without a reliable answer in the case without the request."""

    def base(self) -> None:
        """Hold flows before any contingency against rate A."""
        case, before = self.screened.case, self.without.case
        lines = self.slice.network.branches
        rows = np.flatnonzero(lines.monitored & case.factor.live & np.isfinite(lines.rate_a_mw))
        flows = case.factor.flows_at(case.theta, rows)
        place, hour = np.nonzero(np.abs(flows) > lines.rate_a_mw[rows, None] + EDGE_MW)
        rows, flow = rows[place], flows[place, hour]
        limit = lines.rate_a_mw[rows]
        every, back = np.unique(rows, return_inverse=True)
        without = before.factor.flows_at(before.theta, every)[back, hour]
        compared = before.factor.live[rows]
        caused = judge(flow, without, compared, limit, worse_mw=self.rules.worsened_share * limit)
        self._mark(hour[caused != OLD])
        self.into.base.append(
            {
                "element": rows,
                "hour": self.hours[hour],
                "flow_mw": flow,
                "limit_mw": limit,
                "without_mw": without,
                "compared": compared,
                "caused": caused,
            }
        )

    def after(self, found: Found) -> None:
        """Judge flows found after contingencies, above the watched share of rate B."""
        limit = self.screened.limit[found.place]
        without, compared = self._without(found)
        worse_mw = self.rules.worsened_share * limit
        over = np.abs(found.flow) > limit + EDGE_MW
        caused = judge(found.flow, without, compared, limit, worse_mw=worse_mw)
        self.into.kinds += np.bincount(caused[over], minlength=len(CODES))
        self._mark(found.hour[over & (caused != OLD)])
        keep = over if self.keep_old else over & (caused != OLD)
        base = self.screened.watch.base[found.place, found.hour]
        self._near(found, without=without, compared=compared, base=base, caused=np.where(over, caused, OLD))
        told = {"base_mw": base, "without_mw": without, "compared": compared}
        self.into.violations.append(self._rows(found, keep, limit_mw=limit, caused=caused, **told))
        lower = self.rules.watch_share * limit
        caused = judge(found.flow, without, compared, lower, worse_mw=self.rules.worsened_share * lower)
        self.into.watched.append(self._rows(found, caused != OLD, limit_mw=lower, caused=caused, **told))

    def _rows(self, found: Found, keep: BoolArray, **more: npt.NDArray[np.generic]) -> Columns:
        return {
            "contingency": self.places[found.contingency[keep]],
            "element": self.screened.rows[found.place[keep]],
            "hour": self.hours[found.hour[keep]],
            "flow_mw": found.flow[keep],
            **{name: column[keep] for name, column in more.items()},
        }

    def islanding(self) -> None:
        """Tell which contingencies cut off a part, and whether they would without the request."""
        after = self.screened.plan.islanding
        size = after.sizes(len(self.places))
        cuts = size > 0
        before = self.without.cut_off_by(cuts)
        caused = judge_cut_off(size, before.sizes(len(self.places)))
        self.into.islands.update(self.places[cuts].tolist())
        self.into.old_islanding.update(self.places[cuts & (caused == OLD)].tolist())
        if (cuts & (caused != OLD)).any():
            self.into.caused_by_hour[self.hours] = True
        for k in np.flatnonzero(cuts & (self.keep_old | (caused != OLD))).tolist():
            lost = after.of(k)
            if lost is not None:
                self._keep_islanding(k, lost, before.of(k), int(caused[k]))

    def request_cuts_off(self) -> None:
        """Tell what the request itself cuts off, found on the graph."""
        case, before = self.screened.case, self.without.case
        dead = before.island & ~case.island
        if not dead.any():
            return
        units = dead[self.slice.network.units.bus]
        load, generation = before.load_mw[dead].sum(axis=0), before.unit_mw[units].sum(axis=0)
        self.into.request_load[self.hours] = load
        self.into.request_generation[self.hours] = generation
        self._mark(np.flatnonzero((load > EDGE_MW) | (generation > EDGE_MW)))
        island = label(case.graph, dead, np.empty(0, np.int64))
        for part in range(int(island.max()) + 1):
            self.into.cut_off.append(self._part_cut_off(before, island == part))

    def shortfalls(self) -> None:
        """Tell which losses headroom cannot make up for, with the worst hour."""
        before = self.without.shortfall(self.screened.plan.shortfall)
        for k, missing in sorted(self.screened.plan.shortfall.items()):
            then = before.get(k, np.zeros(len(missing)))
            h = int(np.argmax(missing))
            place = int(self.places[k])
            row = ShortfallRow(
                contingency=self.slice.contingencies[k].id,
                hour=self.slice.hours.label[h],
                shortfall_mw=mw(missing[h]),
                without_mw=mw(then[h]),
                hours=int((missing > 0.0).sum()),
            )
            held = self.into.shortfalls.get(place)
            if held is None or row.shortfall_mw > held.shortfall_mw:
                self.into.shortfalls[place] = row

    def close(self, standing: IntArray) -> None:
        """Note what was studied, what was skipped, and what stood before, (H,)."""
        self.into.standing[self.hours] = standing
        skipped = self.screened.plan.skipped
        self.into.skipped.update({int(self.places[k]): why for k, why in skipped.items()})
        done = np.ones(len(self.places), np.bool_)
        done[list(skipped)] = False
        self.into.studied[self.places[done]] = True
        unsolved = self.screened.unsolved | self.unsolved
        self.into.unsolved.update(int(self.places[k]) for k in unsolved)

    def _without(self, found: Found) -> tuple[FloatArray, BoolArray]:
        if self.screened is self.without.screen:
            return found.flow, np.ones(len(found.flow), np.bool_)
        flow, alive, unsolved = self.without.flows(found, self.screened.rows[found.place])
        self.unsolved |= unsolved
        return flow, alive

    def _near(
        self,
        found: Found,
        *,
        without: FloatArray,
        compared: BoolArray,
        base: FloatArray,
        caused: IntArray,
    ) -> None:
        """Keep the largest loading that the request causes, over the limit or with the watched share held as one."""
        limit = self.screened.limit[found.place]
        moved = judge(
            found.flow,
            without,
            compared,
            self.rules.watch_share * limit,
            worse_mw=self.rules.worsened_share * limit,
        )
        moved = np.where(moved == OLD, caused, moved)
        some = np.flatnonzero(moved != OLD)
        if not len(some):
            return
        share = np.abs(found.flow[some]) / np.maximum(limit[some], EDGE_MW)
        places, rows = self.places[found.contingency[some]], self.screened.rows[found.place[some]]
        e = int(np.lexsort((self.hours[found.hour[some]], rows, places, -share))[0])
        rank = (-float(share[e]), int(places[e]), int(rows[e]), int(self.hours[found.hour[some[e]]]))
        if self.into.near is not None and self.into.near[0] <= rank:
            return
        k = int(some[e])
        self.into.near = (
            rank,
            ViolationRow(
                contingency=self.slice.contingencies[int(found.contingency[k])].id,
                element=element(ElementKind.BRANCH, int(rows[e])),
                hour=self.slice.hours.label[int(found.hour[k])],
                flow_mw=mw(found.flow[k]),
                limit_mw=mw(limit[k]),
                percent=loading(found.flow[k], limit[k]),
                base_mw=mw(base[k]),
                without_mw=mw(without[k]) if compared[k] else None,
                caused=CODES[int(moved[k])],
            ),
        )

    def _mark(self, hour: IntArray) -> None:
        self.into.caused_by_hour[self.hours[hour]] = True

    def _keep_islanding(self, k: int, lost: CutOff, then: CutOff | None, caused: int) -> None:
        # The earliest of hours that are equal as they are told: sums in another order shall not choose another.
        h = int(np.lexsort((-np.round(lost.generation_mw, 3), -np.round(lost.load_mw, 3)))[0])
        buses = self._buses(lost)
        units = np.flatnonzero(np.isin(self.slice.network.units.bus, buses) & self.screened.case.units_on)
        row = IslandingRow(
            contingency=self.slice.contingencies[k].id,
            hour=self.slice.hours.label[h],
            load_mw=mw(lost.load_mw[h]),
            generation_mw=mw(lost.generation_mw[h]),
            without_load_mw=mw(then.load_mw[h]) if then else 0.0,
            without_generation_mw=mw(then.generation_mw[h]) if then else 0.0,
            buses=self._names(ElementKind.BUS, buses),
            units=self._names(ElementKind.GEN, units),
            hours=len(self.hours),
            caused=CODES[caused],
        )
        weight = {OLD: 0.0, WORSE: 1.0, NEW: 2.0}[caused]
        rank = (weight, row.load_mw, row.generation_mw, -float(self.hours[h]))
        self.into.keep_islanding(int(self.places[k]), rank, row)

    def _buses(self, lost: CutOff) -> IntArray:
        if lost.place is None:
            return lost.buses
        start, stop, is_rest = lost.place
        walk = self.screened.case.tree.walk
        part = np.r_[walk[:start], walk[stop:]] if is_rest else walk[start:stop]
        return np.sort(part)

    def _part_cut_off(self, before: Case, part: BoolArray) -> RequestCutOff:
        network = self.slice.network
        units = np.flatnonzero(part[network.units.bus] & before.units_on)
        load = before.load_mw[part].sum(axis=0)
        generation = before.unit_mw[units].sum(axis=0)
        h = int(np.lexsort((np.arange(len(load)), -np.round(generation, 3), -np.round(load, 3)))[0])
        live = before.factor.live & part[network.branches.from_bus] & part[network.branches.to_bus]
        return RequestCutOff(
            hour=self.slice.hours.label[h],
            load_mw=mw(load[h]),
            generation_mw=mw(generation.max()),
            hours=len(self.hours),
            buses=self._names(ElementKind.BUS, np.flatnonzero(part)),
            units=self._names(ElementKind.GEN, units),
            branches=self._names(ElementKind.BRANCH, np.flatnonzero(live)),
        )

    def _names(self, kind: ElementKind, rows: IntArray) -> tuple[str, ...]:
        return tuple(self.slice.network.name_of(kind, int(row)) for row in rows)
