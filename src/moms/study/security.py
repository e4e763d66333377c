"""The study: with the request, without it, and what differs (semantics 1)."""

from __future__ import annotations

import hashlib
from collections import Counter
from dataclasses import replace
from typing import TYPE_CHECKING

import numpy as np

from moms.powerflow import elimination_order
from moms.study._at_once import at_once
from moms.study.collect import Collector
from moms.study.findings import Findings
from moms.study.kept_pairs import KeptPairs
from moms.study.listed import listed
from moms.study.normal import Normal
from moms.study.screen import Screen, joined
from moms.study.state import stand
from moms.values import Refused

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator, Sequence

    from moms.grid import FloatArray, Hours, IntArray
    from moms.study.result import StudyResult
    from moms.study.screen import Found
    from moms.study.slices import Slice, StudyRules

HOURS_AT_ONCE = 336
"""Bounds over more hours get loose, and tables large."""


class NothingToStudy(Refused):
    """A study without hours."""


class NamedTwice(Refused):
    """Two contingencies of one list have one id."""


class ListsDiffer(Refused):
    """The contingencies with and without the request have other ids."""


class HoursDiffer(Refused):
    """The hours with and without the request are not the same hours."""


def study(
    *,
    slices: Sequence[Slice],
    rules: StudyRules,
    keep_old: bool = False,
    standing: bool = True,
    tick: Callable[[int], None] = lambda _hours: None,
    pairs: dict[bytes, KeptPairs] | None = None,
) -> StudyResult:
    """Study a request over all hours of its slices, with and without it, against every contingency.

    Before contingencies flows are held against rate A, after them against rate B; what the request
    causes is told from what stood before (semantics 1.3, 1.4). `keep_old` keeps the old violations
    as rows too (they are always counted); `standing` counts those without the request by hour,
    which costs a second screen. `tick` is told of hours that are done, of none in between, from
    several threads; it may raise to stop the study. `pairs` is kept between studies that look at the same
    topologies again, one study at a time: it says where to look, and changes no result.

    Raises:
        NothingToStudy, NamedTwice, ListsDiffer, HoursDiffer: slices that cannot be studied.
        Unbalanced: injections of an hour do not add up to nothing.
        NoReactance: from the power flow.
    """
    _refuse(slices)
    collector = Collector.of(slices)

    def studied(group: tuple[Slice, IntArray, KeptPairs | None]) -> Collector:
        one, index, kept = group
        mine = collector.empty()
        order = elimination_order(one.network)
        findings = _open(one, index, order, mine, rules=rules, keep_old=keep_old, still=still, kept=kept)
        _fill(findings, standing=standing, still=still)
        return mine

    def still() -> None:
        tick(0)

    parts = list(_groups(slices))
    groups = [(one, index, kept) for (one, index), kept in zip(parts, _kept(pairs, parts), strict=True)]
    for mine, (_, index, _) in zip(at_once(studied, groups), groups, strict=True):
        collector.take(mine)
        tick(len(index))
    return collector.result(slices, standing=standing)


def _kept(pairs: dict[bytes, KeptPairs] | None, groups: Sequence[tuple[Slice, IntArray]]) -> list[KeptPairs | None]:
    """Give what is kept of each group's topology, one to each: limits and hours do not tell them apart."""
    if pairs is None:
        return [None] * len(groups)
    seen, found = Counter[bytes](), list[KeptPairs | None]()
    for one, _ in groups:
        name = _topology(one)
        found.append(pairs.setdefault(name + seen[name].to_bytes(4, "big"), KeptPairs()))
        seen[name] += 1
    return found


def _topology(one: Slice) -> bytes:
    """Give a name that topologies share only if they are most likely one: `KeptPairs` looks for itself."""
    out = one.out.plus(one.request)
    digest = hashlib.sha256(f"{id(one.contingencies)}".encode())
    for array in (one.network.branches.in_service, out.branches, out.units):
        digest.update(len(array).to_bytes(8, "big"))
        digest.update(np.ascontiguousarray(array).tobytes())
    return digest.digest()


def _refuse(slices: Sequence[Slice]) -> None:
    if not any(len(one.hours) for one in slices):
        raise NothingToStudy("there is no hour to study", field="slices", fix="give at least one operating point")
    for one in slices:
        asked = listed(one.contingencies)
        if len(asked.place) < len(asked.ids):
            raise NamedTwice("two contingencies have the same id", field="contingencies", fix="name each by itself")
        normal = one.contingencies_without
        if normal is not None and listed(normal).ids != asked.ids:
            raise ListsDiffer(
                "the contingencies without the request are not those with it",
                field="contingencies_without",
                fix="give the same ids in the same order",
            )
        if one.hours.label != one.hours_without.label:
            raise HoursDiffer(
                "the hours without the request are not those with it",
                field="hours_without",
                fix="dispatch the same hours twice",
            )


def _groups(slices: Sequence[Slice]) -> Iterator[tuple[Slice, IntArray]]:
    """Join slices that differ in their hours only, and split what is too long, in order of first appearance."""
    same: dict[bytes, list[tuple[int, Slice]]] = {}
    at = 0
    for one in slices:
        if len(one.hours):
            same.setdefault(_fingerprint(one), []).append((at, one))
        at += len(one.hours)
    for members in same.values():
        yield from _joined(members)


def _joined(members: list[tuple[int, Slice]]) -> Iterator[tuple[Slice, IntArray]]:
    index = np.concatenate([np.arange(at, at + len(one.hours)) for at, one in members])
    first = members[0][1]
    transmission = all(one.hours is one.hours_without for _, one in members)
    hours = _together([one.hours for _, one in members])
    without = hours if transmission else _together([one.hours_without for _, one in members])
    pieces = -(-len(index) // HOURS_AT_ONCE)
    for some in np.array_split(np.arange(len(index)), pieces):
        part = some_hours(hours, some)
        before = part if transmission else some_hours(without, some)
        yield replace(first, hours=part, hours_without=before), index[some]


def _together(parts: list[Hours]) -> Hours:
    if len(parts) == 1:
        return parts[0]
    return replace(
        parts[0],
        label=tuple(label for part in parts for label in part.label),
        start=None,
        load_mw=np.concatenate([part.load_mw for part in parts], axis=1),
        unit_mw=np.concatenate([part.unit_mw for part in parts], axis=1),
        dcline_mw=np.concatenate([part.dcline_mw for part in parts], axis=1),
        season=tuple(season for part in parts for season in part.season),
    )


def some_hours(hours: Hours, index: IntArray) -> Hours:
    """Give some of the hours, by place."""
    if len(index) == len(hours):
        return hours
    return replace(
        hours,
        label=tuple(hours.label[k] for k in index),
        start=None if hours.start is None else tuple(hours.start[k] for k in index),
        load_mw=np.ascontiguousarray(hours.load_mw[:, index]),
        unit_mw=np.ascontiguousarray(hours.unit_mw[:, index]),
        dcline_mw=np.ascontiguousarray(hours.dcline_mw[:, index]),
        season=tuple(hours.season[k] for k in index),
    )


def _fingerprint(one: Slice) -> bytes:
    """Give what two slices must share to be studied as one: network, limits, what is out, contingencies."""
    digest = hashlib.sha256()
    lines, units, dc = one.network.branches, one.network.units, one.network.dclines
    arrays = (
        one.network.buses.kind, one.network.buses.shunt_mw,
        lines.from_bus, lines.to_bus, lines.x, lines.tap, lines.shift_deg, lines.in_service, lines.monitored,
        lines.rate_a_mw, lines.rate_b_mw, units.bus, units.p_max_mw, units.in_service, units.picks_up,
        dc.from_bus, dc.to_bus, dc.loss_mw, dc.in_service,
        one.out.branches, one.out.units, one.request.branches, one.request.units,
    )  # fmt: skip
    for array in arrays:
        digest.update(len(array).to_bytes(8, "big"))
        digest.update(np.ascontiguousarray(array).tobytes())
    digest.update(f"{id(one.contingencies)} {id(one.contingencies_without)}".encode())
    return digest.digest()


def _open(
    one: Slice,
    index: IntArray,
    order: IntArray,
    collector: Collector,
    *,
    rules: StudyRules,
    keep_old: bool,
    still: Callable[[], None],
    kept: KeptPairs | None,
) -> Findings:
    """Make both cases of a group of hours, and sort the contingencies in each."""
    asked, normal = one.contingencies, one.contingencies_without or one.contingencies
    if not rules.generator_trips:
        asked, normal = (tuple(k for k in some if not k.units) for some in (asked, normal))
        one = replace(one, contingencies=asked)
    before = stand(one.network, hours=one.hours_without, out=one.out, order=order)
    still()
    without = Normal(case=before, contingencies=normal, own=one.request)
    if len(one.request) or one.hours is not one.hours_without or one.contingencies_without is not None:
        out = one.out.plus(one.request)
        after = stand(one.network, hours=one.hours, out=out, order=order, inside=before.island)
        still()
        screened = Screen.of(after, asked, own=one.request, kept=kept)
    else:
        screened = without.whole()
    still()
    return Findings(
        slice=one,
        hours=index,
        places=collector.places_of(asked),
        screened=screened,
        without=without,
        rules=rules,
        keep_old=keep_old,
        into=collector,
    )


def _fill(findings: Findings, *, standing: bool, still: Callable[[], None]) -> None:
    """Let a group of hours say all it has to say."""
    counted = np.zeros(len(findings.hours), np.int64)
    if standing and findings.without.screen is not findings.screened:
        for _ in findings.without.whole().over(share=np.inf, counted=counted):
            still()
        findings.unsolved |= findings.without.whole().unsolved
    findings.base()
    findings.request_cuts_off()
    findings.islanding()
    findings.shortfalls()
    still()
    over = np.zeros(len(findings.hours), np.int64)
    pieces = findings.screened.over(share=findings.rules.watch_share, counted=over)
    for found in joined(_between(pieces, still)):
        findings.after(found)
        still()
    findings.close(over if findings.without.screen is findings.screened else counted)


def _between(pieces: Iterator[Found], still: Callable[[], None]) -> Iterator[Found]:
    """Give pieces on, and say between them that the study goes on."""
    for piece in pieces:
        still()
        yield piece


def flows_before(one: Slice) -> FloatArray:
    """Give all flows before any contingency with the request, (m, H) MW; 0 on what is out or cut off.

    Raises:
        Unbalanced, NoReactance: as `study`.
    """
    order = elimination_order(one.network)
    case = stand(one.network, hours=one.hours_without, out=one.out, order=order)
    if len(one.request) or one.hours is not one.hours_without:
        out = one.out.plus(one.request)
        case = stand(one.network, hours=one.hours, out=out, order=order, inside=case.island)
    return case.factor.flows_at(case.theta, np.arange(len(one.network.branches)))
