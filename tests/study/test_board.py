"""The board: every cell it proves against a dense re-solve of each triple, and against the study itself."""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from moms.grid import Contingency
from moms.powerflow import DcFactor, adjacency, bridge_tree, live_branches
from moms.powerflow.mutual import cycle_labels, mutual_angles, mutual_order
from moms.study import Out, Slice, StudyRules, contingencies_of, cut_pairs, study
from moms.study.board import BEFORE, CUTS_OFF, NONE, OPEN, OUT, Board, NotOneTopology, board
from moms.study.result import OLD
from tests.study.grids import a_case, a_network, scaled_hours, some_hours
from tests.study.plain import parts_of, plain_flows, plain_study, random_network
from tests.study.test_against_brute_force import a_slice, near

if TYPE_CHECKING:
    from moms.grid import FloatArray, Hours, Network

RULES = StudyRules()
UNCLEAR_MW = 1e-5
CLEAN, TIGHT, OVER = range(3)


def a_day(rng: np.random.Generator, *, n: int | None = None) -> Slice:
    """Draw a grid with hours; most single branches that cut nothing off may be lost next."""
    network = _with_negative_reactances(random_network(rng, n=n), rng)
    load = network.buses.load_mw[:, None] * rng.uniform(0.5, 1.2, (len(network.buses), 3))
    unit = network.units.p_mw[:, None] * rng.uniform(0.5, 1.5, (len(network.units), 3))
    hours = some_hours(network, load=load, unit=unit / unit.sum(axis=0) * load.sum(axis=0))
    scale = rng.choice([0.7, 1.0, 2.0, 4.0])
    lines = network.branches
    network = network.with_ratings(a=scale * lines.rate_a_mw, b=scale * lines.rate_b_mw, c=scale * lines.rate_c_mw)
    some = tuple(
        k
        for k in contingencies_of(network, which="branches")
        if rng.random() < 0.9 and whole(network, list(k.branches))
    )
    return Slice(
        network=network, hours=hours, hours_without=hours, out=Out(), request=Out(), contingencies=some
    )  # fmt: skip


def _with_negative_reactances(network: Network, rng: np.random.Generator) -> Network:
    lines = network.branches
    return replace(network, branches=replace(lines, x=np.where(rng.random(len(lines)) < 0.1, -0.35, 1.0) * lines.x))


def whole(network: Network, out: list[int]) -> bool:
    on = live_branches(network, out=np.array(out, np.int64))
    return len(parts_of(network, on, set(range(len(network.buses))))) == 1


def slowly(one: Slice, j: int) -> tuple[set[int], int]:
    """Give the levels that are caused somewhere with j out, and how many flows lie too near a limit to tell."""
    lines, network = one.network.branches, one.network
    injection = one.hours.injection_mw(network)
    pairs: list[tuple[int | None, FloatArray, FloatArray]]
    pairs = [(None, plain_flows(network, injection), plain_flows(network, injection, np.array([j])))]
    for contingency in one.contingencies:
        (c,) = contingency.branches
        if c != j and whole(network, [c]) and whole(network, [j, c]):
            pairs.append((c, plain_flows(network, injection, np.array([c])),
                          plain_flows(network, injection, np.array([j, c]))))  # fmt: skip
    found, unclear = {CLEAN}, 0
    for lost, without, flow in pairs:
        limit = (lines.rate_a_mw if lost is None else lines.rate_b_mw)[:, None]
        for share, level in ((1.0, OVER),) if lost is None else ((1.0, OVER), (RULES.watch_share, TIGHT)):
            size, before, top = np.abs(flow), np.abs(without), share * limit
            grown = size - before - RULES.worsened_share * limit
            with np.errstate(invalid="ignore"):
                over = (size > top + 1e-6) & ((before <= top + 1e-6) | (grown >= -1e-6))
                close = (np.abs(size - top) < UNCLEAR_MW) | (np.abs(before - top) < UNCLEAR_MW)
                close |= (size > top) & (before > top) & (np.abs(grown) < UNCLEAR_MW)
            if np.any(over & ~close):
                found.add(level)
            unclear += int(close.sum())
    return found, unclear


def names(one: Slice) -> tuple[Contingency, ...]:
    return names_of(one.network)


def names_of(network: Network) -> tuple[Contingency, ...]:
    return contingencies_of(network, which="branches")


@settings(max_examples=20, deadline=None)
@given(seed=st.integers(0, 10**9))
def test_every_cell_is_what_a_dense_solution_of_each_triple_gives(seed: int) -> None:
    one = a_day(np.random.default_rng(seed))
    asked = names(one)
    given_ = board(one, asked, rules=RULES)
    for a, asset in enumerate(asked):
        (j,) = asset.branches
        if not whole(one.network, [j]):
            assert given_.standing[a] == CUTS_OFF
            continue
        levels, unclear = slowly(one, j)
        if unclear == 0 and given_.cuts.loss[a] < 0:
            assert given_.standing[a] == max(levels), f"{asset.id}: {given_.standing[a]}, not {levels}"
        elif unclear == 0:  # flows after what cuts a part off come on top
            assert given_.standing[a] >= max(levels), f"{asset.id}: {given_.standing[a]}, less than {levels}"
        witnessed(one, given_, a, j)


@settings(max_examples=80, deadline=None)
@given(seed=st.integers(0, 10**9))
def test_contingencies_of_every_kind_are_held_as_brute_force_does(seed: int) -> None:
    """Units, bridges, equipment, DC lines, parts in the dark, two at once: a cell that is not open holds for all."""
    rng = np.random.default_rng(seed)
    drawn = a_slice(rng)
    one = replace(drawn, request=Out(), hours=drawn.hours_without)
    asked = names(one)
    given_ = board(one, asked, rules=RULES)
    able = np.flatnonzero(given_.standing <= OVER)
    for a in rng.permutation(able)[:4].tolist():
        request = Out(branches=np.array(asked[a].branches))
        level, cut_off = by_brute_force(replace(one, request=request))
        if level is not None:
            assert given_.standing[a] == level, asked[a].id
        if given_.standing[a] < OVER:
            told = given_.cuts.load_mw[a], given_.cuts.generation_mw[a]
            np.testing.assert_allclose(told, cut_off, atol=1e-6)


def by_brute_force(one: Slice) -> tuple[int | None, tuple[float, float]]:
    """Give the level that a request causes, None where a flow is too near to tell, and what one more loss cuts off."""
    _, islanding, _, _ = plain_study(one)
    more = [a for a, then in islanding.values() if len(a.lost) > (len(then.lost) if then.islanded else 0)]
    load = max([0.0, *(float(a.lost_load.max()) for a in more)])
    generation = max([0.0, *(float(a.lost_generation.max()) for a in more)])
    lines = one.network.branches
    limits = {"a": lines.rate_a_mw, "b": RULES.watch_share * lines.rate_b_mw, "c": lines.rate_c_mw}
    watched = replace(one, network=one.network.with_ratings(**limits))
    violations, _, base, _ = plain_study(one)
    tight, _, _, _ = plain_study(watched, share=RULES.worsened_share / RULES.watch_share)
    level = CLEAN
    for rows, rate, share, at in (
        (tight, limits["b"], RULES.worsened_share / RULES.watch_share, TIGHT),
        (violations, lines.rate_b_mw, RULES.worsened_share, OVER),
        (base, lines.rate_a_mw, RULES.worsened_share, OVER),
    ):
        for key, (flow, without, caused) in rows.items():
            if near(flow, without, rate[key[-2]], share):
                return None, (load, generation)
            level = max(level, at) if caused != "old" else level
    return level, (load, generation)


@settings(max_examples=80, deadline=None)
@given(seed=st.integers(0, 10**9))
def test_pairs_that_cut_a_part_off_are_what_the_screen_says_of_both_lost_at_once(seed: int) -> None:
    """By spans of the walk, or as one loss of two branches held like any other: the same cells and amounts."""
    rng = np.random.default_rng(seed)
    drawn = a_slice(rng) if seed % 2 else a_day(rng)
    same_either_way(replace(drawn, request=Out(), hours=drawn.hours_without))


@pytest.mark.parametrize("name", ["case118", "case_ACTIVSg500", "case1354pegase"])
def test_pairs_of_published_cases_are_what_the_screen_says(name: str) -> None:
    by_spans, by_screen = same_either_way(a_season_day(name, out=3, seed=7))
    for place in ("next", "loss", "element", "hour"):
        assert getattr(by_spans.witness, place).tolist() == getattr(by_screen.witness, place).tolist()
    assert by_spans.cuts.loss.tolist() == by_screen.cuts.loss.tolist()


def same_either_way(one: Slice) -> tuple[Board, Board]:
    """Compare what does not hang on which of two equal proofs is told."""
    critical = np.arange(len(one.network.buses)) % 3 == 0
    by_spans = board(one, names(one), rules=RULES, critical=critical)
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(cut_pairs, "together", lambda _day, asset, _lost: np.zeros(len(asset), np.bool_))
        by_screen = board(one, names(one), rules=RULES, critical=critical)
    assert by_spans.standing.tolist() == by_screen.standing.tolist()
    assert by_spans.cuts.critical.tolist() == by_screen.cuts.critical.tolist()
    for amount in ("load_mw", "generation_mw", "shortfall_mw"):
        np.testing.assert_allclose(getattr(by_spans.cuts, amount), getattr(by_screen.cuts, amount), atol=1e-6)
    return by_spans, by_screen


@settings(max_examples=40, deadline=None)
@given(seed=st.integers(0, 10**9))
def test_what_else_is_asked_moves_no_answer(seed: int) -> None:
    one = a_day(np.random.default_rng(seed))
    together = board(one, names(one), rules=RULES)
    for a, asset in enumerate(names(one)):
        assert board(one, (asset,), rules=RULES).standing[0] == together.standing[a]


def witnessed(one: Slice, given_: Board, a: int, j: int) -> None:
    """Solve what a witness names and see that the flow there is what the cell says."""
    c, m, h = int(given_.witness.next[a]), int(given_.witness.element[a]), int(given_.witness.hour[a])
    if given_.standing[a] == CLEAN:
        assert c == NONE
        return
    if given_.witness.loss[a] >= 0:  # what cuts a part off: held by brute force below
        return
    out = [j] if c == BEFORE else [j, c]
    flow = plain_flows(one.network, one.hours.injection_mw(one.network), np.array(out))[m, h]
    lines = one.network.branches
    limit = lines.rate_a_mw[m] if c == BEFORE else lines.rate_b_mw[m]
    assert abs(flow) > (RULES.watch_share if given_.standing[a] == TIGHT else 1.0) * limit


@settings(max_examples=60, deadline=None)
@given(seed=st.integers(0, 10**9))
def test_branches_cut_together_where_the_graph_says_so(seed: int) -> None:
    one = a_day(np.random.default_rng(seed))
    network = one.network
    given_ = board(one, names(one), rules=RULES)
    factor = DcFactor.of(network)
    labels = cycle_labels(factor, bridge_tree(adjacency(network, factor.live), root=factor.ground,
                                              branches=len(factor.live)))  # fmt: skip
    able = [k for k in range(len(labels)) if factor.live[k]]
    nexts = {c.branches[0] for c in one.contingencies}
    for a, asset in enumerate(names(one)):
        (j,) = asset.branches
        assert (labels[j] == 0) == (not whole(network, [j]))
        if labels[j] == 0:
            continue
        worst = int(given_.cuts.loss[a])
        cut = {c for c in able if c != j and labels[c] and not whole(network, [j, c])}
        assert cut == {c for c in able if c != j and labels[c] == labels[j]}
        if given_.standing[a] == OVER:
            continue
        assert (one.contingencies[worst].branches[0] in cut) if cut & nexts else worst == -1


@settings(max_examples=30, deadline=None)
@given(seed=st.integers(0, 10**9))
def test_angles_of_all_pairs_are_those_of_one_transfer_at_a_time(seed: int) -> None:
    factor = DcFactor.of(random_network(np.random.default_rng(seed), n=30))
    rows = mutual_order(factor, np.flatnonzero(factor.live))
    f, t = factor.from_position[rows], factor.to_position[rows]
    x = factor.transfers(f, t)
    buffer = np.full(len(rows) ** 2 + 5, np.nan)
    angles = mutual_angles(factor, rows, into=buffer)
    assert angles.base is not None
    np.testing.assert_allclose(angles, x[f] - x[t], atol=1e-12)


def a_season_day(name: str, *, out: int, seed: int) -> Slice:
    """Give a day of a published case with ratings drawn over what it carries, and branches out."""
    rng = np.random.default_rng(seed)
    network = a_case(name)
    hours = scaled_hours(network, 0.7 + 0.3 * rng.random(24))
    able = np.flatnonzero(DcFactor.of(network).live & ~DcFactor.of(network).bridges())
    gone = _kept_whole(network, rng.permutation(able), out)
    network = _rated(network, hours, rng)
    return Slice(network=network, hours=hours, hours_without=hours, out=Out(branches=gone), request=Out(),
                 contingencies=contingencies_of(network, which="all"))  # fmt: skip


def _kept_whole(network: Network, rows: FloatArray, count: int) -> FloatArray:
    gone: list[int] = []
    for k in rows.tolist():
        if len(gone) == count:
            break
        if not DcFactor.of(network, out=np.array(gone, np.int64)).bridges()[k]:
            gone.append(k)
    return np.array(gone, np.int64)


def _rated(network: Network, hours: Hours, rng: np.random.Generator) -> Network:
    """Rate every branch at some multiple of what it carries after the worst loss of another one."""
    factor = DcFactor.of(network)
    flows = factor.flows(hours.injection_mw(network))
    able = np.flatnonzero(factor.live & ~factor.bridges())
    worst = np.abs(flows).max(axis=1)
    for some in np.array_split(able, -(-len(able) // 256)):
        lodf = factor.lodf(some)
        lodf[some, np.arange(len(some))] = 0.0
        worst = np.maximum(worst, (np.abs(flows).max(axis=1)[:, None] + np.abs(lodf) * np.abs(flows[some]).max(axis=1)
                                   ).max(axis=1))  # fmt: skip
    rating = np.maximum(worst * rng.choice([0.9, 1.02, 1.3, 2.0, 3.0], len(worst), p=[0.02, 0.08, 0.2, 0.3, 0.4]), 20.0)
    return network.with_ratings(a=rating / 1.05, b=rating, c=1.1 * rating)


def compared(one: Slice, cells: int, seed: int) -> list[str]:
    """Hold random cells against the study of that request, and give what disagrees."""
    asked = names(one)
    given_ = board(one, asked, rules=RULES)
    rng = np.random.default_rng(seed)
    able = [int(a) for a in np.flatnonzero(~np.isin(given_.standing, (CUTS_OFF, OUT)))]
    wrong = []
    for a in rng.choice(able, min(cells, len(able)), replace=False).tolist():
        request = Out(branches=np.array(asked[a].branches))
        result = study(slices=[replace(one, request=request)], rules=RULES, standing=False)
        over = bool((result.base.caused != OLD).any() or (result.violations.caused != OLD).any())
        want = OVER if over else TIGHT if result.near is not None else CLEAN
        if given_.standing[a] != want:
            wrong.append(f"{asked[a].id}: {given_.standing[a]}, the study says {want}, near {result.near}")
        c, k, m = (int(part[a]) for part in given_.witness[:3])
        if want < OVER:
            most = max((row.load_mw for row in result.islanding if row.caused != "old"), default=0.0)
            if abs(most - given_.cuts.load_mw[a]) > 1e-3:
                wrong.append(f"{asked[a].id}: cuts off {given_.cuts.load_mw[a]}, the study says {most}")
        if want == OVER:
            rows = set(zip(result.violations.contingency.tolist(), result.violations.element.tolist(), strict=True))
            named = {(result.contingencies[k], e) for k, e in rows} | {(None, int(e)) for e in result.base.element}
            lost = one.contingencies[k].id if k >= 0 else None if c == BEFORE else f"branch:{c + 1}"
            if (lost, m) not in named:
                wrong.append(f"{asked[a].id}: the study does not find ({c}, {m})")
    return wrong


@pytest.mark.parametrize(("name", "out"), [("case118", 2), ("case_ACTIVSg500", 5), ("case_ACTIVSg2000", 8)])
def test_random_cells_are_what_the_study_says(name: str, out: int) -> None:
    one = a_season_day(name, out=out, seed=out)
    given_ = board(one, names(one), rules=RULES)
    told = given_.told()
    assert min(told["clean"], told["over"], told["tight"]) > 0
    assert told["open"] == 0
    assert not compared(one, 12, seed=3)


@pytest.mark.long
@pytest.mark.parametrize("name", ["case118", "case_ACTIVSg500", "case_ACTIVSg2000", "case1354pegase"])
def test_many_random_cells_are_what_the_study_says(name: str, long_seed: int, cases: list[int]) -> None:
    for day in range(5):
        one = a_season_day(name, out=4, seed=100 * long_seed + day)
        assert not compared(one, 100, seed=day)
        cases.append(100)


def test_a_witness_of_another_day_is_tried_first_and_changes_no_answer() -> None:
    one = a_season_day("case_ACTIVSg500", out=5, seed=1)
    asked = names(one)
    first = board(one, asked, rules=RULES)
    again = board(one, asked, rules=RULES, known=first.witness)
    other = replace(one, out=Out(branches=one.out.branches[:3]))
    fresh, helped = board(other, asked, rules=RULES), board(other, asked, rules=RULES, known=first.witness)
    assert again.standing.tolist() == first.standing.tolist()
    assert helped.standing.tolist() == fresh.standing.tolist()
    assert again.work["exact"] < first.work["exact"]


def test_equipment_in_series_is_one_asset_and_one_contingency() -> None:
    """Two sections of one circuit are out as one; alone, each is what both are."""
    rng = np.random.default_rng(5)
    for _ in range(20):
        one = a_day(rng, n=8)
        network = one.network
        quiet = np.flatnonzero(
            (np.bincount(np.r_[network.branches.from_bus, network.branches.to_bus], minlength=8) == 2)
            & (network.buses.load_mw == 0.0)
            & ~np.isin(np.arange(8), network.units.bus)
        )
        for bus in quiet.tolist():
            pair = np.flatnonzero((network.branches.from_bus == bus) | (network.branches.to_bus == bus))
            if not network.branches.in_service[pair].all() or not whole(network, [int(pair[0])]):
                continue
            both = Contingency(id="both", branches=tuple(pair.tolist()))
            alone = tuple(Contingency(id=str(k), branches=(int(k),)) for k in pair)
            cells = board(one, (both, *alone), rules=RULES)
            assert len(set(cells.standing.tolist())) == 1
            assert cells.standing[0] != OPEN


@pytest.mark.parametrize("lost", [(0,), (0, 1)])
def test_a_cell_held_against_less_than_everything_is_open(lost: tuple[int, ...]) -> None:
    """Losing what leaves parallel paths of +0.3 and -0.3 has no answer: nothing may be called clean over it."""
    resonant = 1.0 / (1.0 / -0.3 if lost == (0, 1) else 1.0 / -0.3 - 1.0 / 0.2)
    bus = [[k, 3 if k == 1 else 1, 10.0 * (k == 3), 0, 0, 0, 1, 1, 0, 345] for k in (1, 2, 3, 4)]
    ends = [(1, 2, 0.1), (1, 2, 0.2), (1, 2, resonant), (2, 3, 0.1), (3, 4, 0.1), (4, 1, 0.1)]
    branch = [[f, t, 0, x, 0, 900, 900, 900, 0, 0, 1] for f, t, x in ends]
    network = a_network(bus=bus, gen=[[1, 10.0, 0, 9, -9, 1, 100, 1, 50.0, 0]], branch=branch)
    hours = scaled_hours(network, np.ones(1))
    some = (Contingency(id="lost", branches=lost), *names_of(network)[3:])
    one = Slice(network=network, hours=hours, hours_without=hours, out=Out(), request=Out(), contingencies=some)
    assert study(slices=[replace(one, request=Out(branches=np.array([5])))], rules=RULES).unsolved == ("lost",)
    assert set(board(one, names_of(network), rules=RULES).standing.tolist()) == {OPEN}
    apart = board(replace(one, contingencies=some[1:]), names_of(network), rules=RULES)
    assert CLEAN in apart.standing


def test_an_asset_of_several_branches_that_are_not_one_is_open() -> None:
    one = a_season_day("case118", out=0, seed=1)
    both = Contingency(id="both", branches=(10, 40))
    assert board(one, (both,), rules=RULES).told()["open"] == 1


def test_on_a_grid_without_loops_every_branch_cuts_a_part_off() -> None:
    bus = [[k, 3 if k == 1 else 1, 10.0 * (k > 1), 0, 0, 0, 1, 1, 0, 345] for k in (1, 2, 3)]
    branch = [[f, t, 0, 0.1, 0, 900, 900, 900, 0, 0, 1] for f, t in ((1, 2), (2, 3))]
    network = a_network(bus=bus, gen=[[1, 20.0, 0, 9, -9, 1, 100, 1, 50.0, 0]], branch=branch)
    hours = scaled_hours(network, np.ones(1))
    one = Slice(network=network, hours=hours, hours_without=hours, out=Out(), request=Out(),
                contingencies=contingencies_of(network, which="all"))  # fmt: skip
    assert board(one, names_of(network), rules=RULES).standing.tolist() == [CUTS_OFF, CUTS_OFF]


def test_a_slice_that_holds_a_request_is_refused() -> None:
    one = a_day(np.random.default_rng(2))
    with pytest.raises(NotOneTopology):
        board(replace(one, request=Out(branches=np.array([0]))), names(one), rules=RULES)
