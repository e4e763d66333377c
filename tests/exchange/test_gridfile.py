"""A grid written to its file comes back the same to the bit, or is refused whole."""

from __future__ import annotations

import hashlib
import json
from dataclasses import dataclass, fields, is_dataclass, replace
from typing import TYPE_CHECKING

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from hypothesis.extra import numpy as hnp

from moms.exchange import gridfile
from moms.exchange._columns import decode, encode
from moms.exchange.gridfile import (
    LEAD,
    GridFileColumns,
    GridFileDamaged,
    GridFileTooNew,
    GridInconsistent,
    NotAGridFile,
    dump,
    load,
    read,
    save,
)
from moms.grid import (
    Branches,
    Buses,
    Contingency,
    DcLines,
    Grid,
    Network,
    Register,
    Shapes,
    Stations,
    Units,
    Zones,
)
from moms.values import Refused

if TYPE_CHECKING:
    from pathlib import Path


def a_network(*, buses: int = 4, branches: int = 5, units: int = 3, seed: int = 0) -> Network:
    rng = np.random.default_rng(seed)

    def real(size: int) -> np.ndarray:
        return rng.normal(size=size)

    return Network(
        base_mva=100.0,
        buses=Buses(
            number=np.arange(buses, dtype=np.int64) * 7 + 1,
            kind=np.ones(buses, dtype=np.int64),
            zone=rng.integers(-1, 2, buses),
            station=rng.integers(-1, 2, buses),
            **{
                name: real(buses)
                for name in (
                    "load_mw", "load_mvar", "shunt_mw", "shunt_mvar", "base_kv", "vm", "va_deg", "vmax", "vmin",
                )
            },
        ),
        branches=Branches(
            from_bus=rng.integers(0, buses, branches),
            to_bus=rng.integers(0, buses, branches),
            rate_a_mw=np.where(rng.random(branches) < 0.5, np.inf, np.round(np.abs(real(branches)) * 100, 2)),
            rate_b_mw=np.full(branches, np.inf),
            rate_c_mw=np.full(branches, 12.5),
            in_service=rng.random(branches) < 0.8,
            monitored=rng.random(branches) < 0.5,
            contingency=np.ones(branches, dtype=bool),
            kind=np.zeros(branches, dtype=np.int64),
            rating_source=np.zeros(branches, dtype=np.int64),
            equipment=np.arange(branches, dtype=np.int64),
            **{name: real(branches) for name in ("r", "x", "b", "tap", "shift_deg")},
        ),
        units=Units(
            bus=rng.integers(0, buses, units),
            fuel=np.array(["coal", "ng", 'naïve, "quoted"\n'] * units)[:units],
            in_service=np.ones(units, dtype=bool),
            outage_rate_known=np.ones(units, dtype=bool),
            picks_up=np.zeros(units, dtype=bool),
            emergency_only=np.zeros(units, dtype=bool),
            **{
                name: real(units)
                for name in (
                    "p_mw", "q_mvar", "p_max_mw", "p_min_mw", "q_max_mvar", "q_min_mvar", "v_set",
                    "cost_c2", "cost_c1", "cost_c0", "outage_rate",
                )
            },
        ),
        dclines=DcLines(
            from_bus=np.array([], dtype=np.int64),
            to_bus=np.array([], dtype=np.int64),
            p_mw=np.array([]),
            loss_mw=np.array([]),
            in_service=np.array([], dtype=bool),
        ),
    )  # fmt: skip


def a_grid(seed: int = 0) -> Grid:
    rng = np.random.default_rng(seed)
    hours = 24
    return Grid(
        name="small",
        title="A small grid",
        network=a_network(seed=seed),
        zones=Zones(
            name=("LRZ1", "LRZ2"),
            region=("North", "South"),
            import_limit_mw=np.array([100.0, np.inf]),
            export_limit_mw=np.array([50.5, 2.0]),
            firm_import_mw=np.zeros(2),
            firm_export_mw=np.zeros(2),
            region_import_limit_mw={"North": 3.25, "South": 1.0},
        ),
        stations=Stations(
            name=np.array(["ALPHA 1", "BETA 2"]),
            latitude=np.array([44.1, 30.25]),
            longitude=np.array([-93.0, -91.5]),
            layout=np.array(["ring", "straight-bus"]),
        ),
        register=Register(
            owners=("A", "B"),
            branch_owner=np.array([0, 1, -1, 0, 1]),
            unit_owner=np.array([0, 0, 1]),
            branch_name=np.array(["a", "b", "c", "d", "e"]),
            unit_name=np.array(["x", "y", "z"]),
            branch_flags=np.array([0, 1, 256, 2, 0]),
            unit_flags=np.array([1, 0, 0]),
            sole_outlet=np.array([-1, 2, -1]),
            critical_load=np.array([True, False, False, True]),
        ),
        shapes=Shapes(
            **{
                name: rng.random((3, hours)).round(4)
                for name in ("load", "wind", "solar", "wind_p10", "solar_p10", "temperature_c")
            },
            load_p90_factor=1.05,
        ),
        rating_factor=np.array([[1.0] * 5, [1.1] * 5, [1.05] * 5]),
        contingencies=(Contingency(id="tower 1", branches=(0, 3)), Contingency(id="plant", units=(1,))),
        source="drawn at random",
        licence="none",
        notes=("all of it is made up",),
        extras={"answer": 42, "hourly": np.arange(6.0).reshape(2, 3)},
    )


def same(left: object, right: object) -> None:
    """Assert that two values are equal to the bit, part by part."""
    if is_dataclass(left) and not isinstance(left, type):
        assert type(left) is type(right)
        for spec in fields(left):
            if spec.name != "digest":
                same(getattr(left, spec.name), getattr(right, spec.name))
    elif isinstance(left, np.ndarray):
        assert isinstance(right, np.ndarray)
        assert left.shape == right.shape
        assert left.dtype.kind == right.dtype.kind
        if left.dtype.kind == "f":
            assert left.tobytes() == right.astype(left.dtype).tobytes()
        assert np.array_equal(left, right)
    elif isinstance(left, dict):
        assert isinstance(right, dict)
        assert left.keys() == right.keys()
        for key, value in left.items():
            same(value, right[key])
    elif isinstance(left, tuple) and left and is_dataclass(left[0]):
        assert isinstance(right, tuple)
        for one, other in zip(left, right, strict=True):
            same(one, other)
    else:
        assert left == right


def repacked(content: bytes, change: dict[str, object]) -> bytes:
    """Give the file with its header changed and its fingerprint made to fit."""
    _, version, length, _ = LEAD.unpack_from(content)
    header = json.loads(content[LEAD.size : LEAD.size + length]) | change
    text = json.dumps(header, sort_keys=True).encode()
    return (
        LEAD.pack(b"MOMSGRID", version, len(text), hashlib.sha256(text).digest()) + text + content[LEAD.size + length :]
    )


def header_of(content: bytes) -> dict[str, object]:
    length = LEAD.unpack_from(content)[2]
    return json.loads(content[LEAD.size : LEAD.size + length])


@given(seed=st.integers(0, 2**32 - 1))
@settings(max_examples=25, deadline=None)
def test_a_grid_comes_back_the_same_to_the_bit(seed: int) -> None:
    grid = a_grid(seed)
    same(grid, read(dump(grid)))


def test_a_grid_with_nothing_but_a_network_comes_back() -> None:
    bare = Grid(name="bare", title="Bare", network=a_network())
    back = read(dump(bare))
    same(bare, back)
    assert back.zones is None
    assert back.register is None
    assert back.rating_factor is None


def test_the_digest_is_the_fingerprint_of_the_file(tmp_path: Path) -> None:
    path = tmp_path / "g.momsgrid"
    said = save(a_grid(), path)
    assert load(path).digest == said == hashlib.sha256(path.read_bytes()).hexdigest()
    assert [p.name for p in tmp_path.iterdir()] == ["g.momsgrid"]


def test_the_same_grid_gives_the_same_bytes() -> None:
    assert dump(a_grid(3)) == dump(a_grid(3))
    assert dump(read(dump(a_grid(3)))) == dump(a_grid(3))


@given(
    column=st.one_of(
        hnp.arrays(np.float64, hnp.array_shapes(max_dims=2, max_side=20), elements=st.floats(allow_nan=False)),
        hnp.arrays(
            np.float64, st.integers(0, 40), elements=st.decimals(-1000, 1000, places=4, allow_nan=False).map(float)
        ),
        hnp.arrays(np.int64, st.integers(0, 40)),
        hnp.arrays(np.bool_, st.integers(0, 40)),
        st.lists(st.text(st.characters(exclude_categories=["Cs"], exclude_characters="\0")), max_size=9).map(
            lambda words: np.array(words, dtype=np.str_)
        ),
    )
)
@settings(max_examples=300, deadline=None)
def test_any_column_comes_back_the_same_to_the_bit(column: np.ndarray) -> None:
    same(column, decode(*encode(column)))


def test_numbers_typed_with_few_decimals_are_kept_as_integers() -> None:
    said, _ = encode(np.array([0.057222, 0.000224, np.inf]))
    assert (said["how"], said["decimals"]) == ("decimal", 6)


def test_every_cut_is_refused() -> None:
    content = dump(a_grid())
    for length in range(0, len(content), 61):
        with pytest.raises(Refused):
            read(content[:length])


def test_every_changed_byte_is_refused() -> None:
    content = dump(a_grid())
    for at in range(0, len(content), 37):
        changed = bytearray(content)
        changed[at] ^= 0x40
        with pytest.raises(Refused):
            read(bytes(changed))


def test_bytes_added_at_the_end_are_refused() -> None:
    with pytest.raises(GridFileDamaged):
        read(dump(a_grid()) + b"x")


def test_another_kind_of_file_is_not_a_grid_file(tmp_path: Path) -> None:
    path = tmp_path / "case.m"
    path.write_text("function mpc = case9")
    with pytest.raises(NotAGridFile, match=r"case\.m is not a grid file"):
        load(path)
    with pytest.raises(NotAGridFile, match="is not there"):
        load(tmp_path / "none")


def test_a_later_format_is_refused_with_its_number() -> None:
    content = bytearray(dump(a_grid()))
    content[8] = 99
    with pytest.raises(GridFileTooNew, match="format 99"):
        read(bytes(content))


def test_an_unknown_column_is_refused_by_name() -> None:
    content = dump(a_grid())
    columns = dict(header_of(content)["columns"])
    columns["zz.spare"] = {"how": "int", "shape": [0], "bytes": [], "kinds": [], "decimals": 0}
    with pytest.raises(Refused):
        read(repacked(content, {"columns": columns}))
    plain = dict(header_of(content)["plain"])
    plain["zones"] = plain["zones"] | {"colour": "red"}
    with pytest.raises(GridFileColumns, match=r"unknown columns: zones\.colour"):
        read(repacked(content, {"plain": plain}))


def test_an_unknown_part_and_a_missing_column_are_refused_by_name() -> None:
    content = dump(a_grid())
    with pytest.raises(GridFileColumns, match="unknown columns: weather"):
        read(repacked(content, {"parts": [*header_of(content)["parts"], "weather"]}))
    with pytest.MonkeyPatch.context() as patch, pytest.raises(GridFileColumns, match=r"lacks the columns buses\.spare"):
        patch.setitem(gridfile.TABLES, "buses", _BusesWithOneMore)
        read(content)


@dataclass(frozen=True, kw_only=True, eq=False)
class _BusesWithOneMore(Buses):
    spare: int


def test_a_header_that_promises_a_huge_column_is_refused() -> None:
    content = dump(a_grid())
    columns = json.loads(json.dumps(header_of(content)["columns"]))
    columns["buses.vm"]["shape"] = [10**12]
    with pytest.raises(GridFileDamaged, match=r"buses\.vm"):
        read(repacked(content, {"columns": columns}))


@pytest.mark.parametrize(
    ("table", "column", "value", "says"),
    [
        ("branches", "to_bus", 4, r"branches\.to_bus, row 2: names no row"),
        ("branches", "equipment", 5, r"branches\.equipment, row 2"),
        ("buses", "zone", 2, r"buses\.zone, row 2"),
        ("units", "bus", -1, r"units\.bus, row 2"),
        ("branches", "x", np.nan, r"branches\.x, row 2: is not a finite number"),
        ("branches", "x", np.inf, r"branches\.x, row 2: is not a finite number"),
    ],
)
def test_tables_that_do_not_fit_are_refused_with_column_and_row(
    table: str, column: str, value: float, says: str
) -> None:
    grid = a_grid()
    rows = getattr(grid.network, table)
    values = getattr(rows, column).copy()
    values[1] = value
    network = replace(grid.network, **{table: replace(rows, **{column: values})})
    with pytest.raises(GridInconsistent, match=says):
        dump(replace(grid, network=network))


def test_a_register_shorter_than_its_network_is_refused() -> None:
    grid = a_grid()
    assert grid.register is not None
    with pytest.raises(GridInconsistent, match=r"register\.unit_flags"):
        dump(replace(grid, register=replace(grid.register, unit_flags=np.array([0]))))


def test_a_refused_grid_leaves_the_old_file_as_it_was(tmp_path: Path) -> None:
    path = tmp_path / "g.momsgrid"
    save(a_grid(), path)
    before = path.read_bytes()
    with pytest.raises(GridInconsistent):
        save(replace(a_grid(), rating_factor=np.ones((2, 5))), path)
    assert path.read_bytes() == before
