from __future__ import annotations

import json
from dataclasses import replace
from datetime import UTC, datetime, timedelta

import numpy as np
import pytest
from scipy import integrate, stats

from moms.cli import main
from moms.exchange._sheet import BadTable
from moms.exchange.storms import read_damage, read_weather
from moms.risk import (
    Damage,
    Lines,
    NoPlaces,
    NotDamage,
    Weather,
    lines_of,
    ranked_windows,
    storm_risk,
    tower_curve,
    while_out,
)
from moms.risk import fragility as f
from moms.risk.storm import PERILS, distance_km
from tests.adequacy import five


def test_a_line_of_like_sections_is_the_integral_over_their_common_strength():
    for p, n in ((1e-6, 3.0), (0.01, 10.0), (0.3, 1.0), (0.05, 12.5)):

        def inside(u, p=p, n=n):
            each = stats.norm.cdf((stats.norm.ppf(p) + np.sqrt(0.6) * u) / np.sqrt(0.4))
            return (1 - (1 - each) ** n) * stats.norm.pdf(u)

        exact = integrate.quad(inside, -9, 9, epsabs=1e-14, epsrel=1e-11, limit=500)[0]
        found = f.line_failure(section=np.array([p]), length_km=np.array([20.0 * n]))[0]
        assert found == pytest.approx(exact, rel=1e-6)


def test_sections_are_counted_by_drawing_them():
    rng, n, p, draws = np.random.default_rng(1), 8, 0.02, 400_000
    common = rng.standard_normal((draws, 1)) * np.sqrt(0.6)
    weak = common + rng.standard_normal((draws, n)) * np.sqrt(0.4) < stats.norm.ppf(p)
    share = weak.any(axis=1).mean()
    found = f.line_failure(section=np.array([p]), length_km=np.array([160.0]))[0]
    assert found == pytest.approx(share, abs=4 * np.sqrt(share / draws))
    assert p < found < 1 - (1 - p) ** n


def test_a_single_section_fails_as_its_curve_says_and_certain_ones_for_sure():
    found = f.line_failure(section=np.array([0.0, 0.2, 1.0]), length_km=np.array([5.0, 20.0, 300.0]))
    assert found == pytest.approx([0.0, 0.2, 1.0], abs=1e-12)


def test_the_table_of_lines_is_the_average_over_strengths_of_whole_lines():
    curve, rng = tower_curve(), np.random.default_rng(3)
    gust, length = rng.uniform(20, 60, 40), rng.uniform(5, 400, 40)
    medians = curve.likely_median_ms(((np.arange(400) + 0.5) / 400).tolist())
    exact = np.mean([f.line_failure(section=stats.norm.cdf(np.log(gust / m) / f.TOWER_SPREAD), length_km=length)
                     for m in medians], axis=0)  # fmt: skip
    assert f.wind_curve(curve).failure(suffered=gust, length_km=length) == pytest.approx(exact, abs=4e-3)


def test_damage_counts_move_the_curve_to_the_truth_and_five_events_calibrate_it():
    rng, true = np.random.default_rng(2), 48.0
    assert tower_curve().likely_median_ms()[1] == pytest.approx(60.0, rel=0.02)
    events = [Damage(gust_ms=v, structures=400, failed=int(rng.binomial(400, stats.norm.cdf(np.log(v / true) / 0.2))))
              for v in (30.0, 35.0, 38.0, 42.0, 46.0)]  # fmt: skip
    low, middle, high = tower_curve(events).likely_median_ms()
    assert low < true < high
    assert middle == pytest.approx(true, rel=0.03)
    assert not tower_curve(events[:4]).calibrated
    assert tower_curve(events).calibrated


@pytest.mark.parametrize("bad", [(30.0, 5, 6), (30.0, 0, 0), (-1.0, 5, 1), (float("inf"), 5, 1)])
def test_damage_that_cannot_be_is_refused(bad):
    with pytest.raises(NotDamage):
        tower_curve([Damage(gust_ms=bad[0], structures=bad[1], failed=bad[2])])


def test_small_formulas_give_their_worked_values():
    assert f.trips(gust_ms=np.array([5.0]), length_km=np.array([160.9344]), temperature_c=np.array([20.0]))[
        0
    ] == pytest.approx(1.24 / 8760)
    # 1 flash a km2 on 100 km: (28 * 30^0.6 + 10) / 10 strokes.
    assert f.lightning(flashes_km2=np.array([1.0]), length_km=np.array([100.0]))[0] == pytest.approx(
        (28 * 30**0.6 + 10) / 10 * 0.005
    )
    fire = f.wildfire(gust_ms=np.array([19.9, 25.0, 25.0]), humidity_percent=np.array([10.0, 21.0, 10.0]))
    assert fire.tolist() == pytest.approx([0.0, 0.0, 1 / (1 + np.exp(6 - 1.5 - 0.8 - 1.2))])
    assert f.flood(np.array([0.0, 0.75, 2.0])).tolist() == pytest.approx([0.0, 0.5, 1.0], abs=1e-5)
    assert f.heat_rating(temperature_c=np.array([40.0, 55.0, 120.0])).tolist() == pytest.approx([1.0, 0.75**0.5, 0.0])
    assert f.ice_load(ice_mm=np.array([0.0, 25.0]), gust_ms=np.array([50.0, 40.0])).tolist() == [0.0, 1.5]


NOON = datetime(2027, 5, 12, 12, tzinfo=UTC)


def calm(places, hours, **columns):
    flat = {"gust_ms": 5.0, "temperature_c": 15.0, "humidity_percent": 80.0}
    flat |= {"ice_mm": 0.0, "flashes_km2": 0.0, "flood_m": 0.0}
    tables = {name: np.full((len(places), hours), value) for name, value in flat.items()}
    where = np.array(places, dtype=float)
    return Weather(issued=NOON, source="test", hour=tuple(NOON + timedelta(hours=h) for h in range(hours)),
                   latitude=where[:, 0], longitude=where[:, 1], **(tables | columns))  # fmt: skip


def two_lines():
    """Give one line of 100 km near 40, -90 and one near 45, -90."""
    return Lines(row=np.array([4, 9]), latitude=np.array([[40, 40, 40], [45, 45, 45]], float),
                 longitude=np.array([[-90.5, -90, -89.5]] * 2), length_km=np.array([100.0, 100.0]))  # fmt: skip


PLACES = [(40, -90), (45, -90)]


@pytest.mark.parametrize(
    ("column", "value", "peril"),
    [("gust_ms", 50.0, "wind"), ("ice_mm", 60.0, "ice"), ("flashes_km2", 2.0, "lightning"), ("flood_m", 2.0, "flood")],
)
def test_each_peril_reaches_the_line_it_hits_from_its_hour_on(column, value, peril):
    weather = calm(PLACES, 4)
    getattr(weather, column)[0, 2] = value
    found = storm_risk(lines=two_lines(), weather=weather, curve=tower_curve())
    quiet = storm_risk(lines=two_lines(), weather=calm(PLACES, 4), curve=tower_curve())
    assert found.by_hour[1] == pytest.approx(quiet.by_hour[1])
    assert found.by_hour[0, :2] == pytest.approx(quiet.by_hour[0, :2])
    assert found.peril[0].argmax() == PERILS.index(peril)
    assert found.probability[0] > 2 * quiet.probability[0]
    assert found.ranked().tolist() == [0, 1]
    assert (np.diff(found.by_hour, axis=1) >= 0).all()


def test_a_second_gust_of_the_same_strength_breaks_no_more_structures():
    once, twice = calm(PLACES, 3), calm(PLACES, 3)
    once.gust_ms[0, 0] = 45.0
    twice.gust_ms[0] = 45.0
    one, two = (storm_risk(lines=two_lines(), weather=w, curve=tower_curve()) for w in (once, twice))
    assert one.peril[0, 0] == two.peril[0, 0]
    assert one.peril[0, 2] < two.peril[0, 2]


def test_perils_join_as_independent_ones():
    weather = calm(PLACES, 1, gust_ms=np.full((2, 1), 44.0), flood_m=np.full((2, 1), 0.7))
    found = storm_risk(lines=two_lines(), weather=weather, curve=tower_curve())
    assert found.probability == pytest.approx(1 - np.prod(1 - found.peril, axis=1))


def test_great_heat_lowers_the_rating_of_the_lines_it_reaches_and_nothing_raises_it():
    weather = calm(PLACES, 3)
    weather.temperature_c[0, 1] = 55.0
    found = storm_risk(lines=two_lines(), weather=weather, curve=tower_curve())
    assert found.rating.tolist() == pytest.approx([0.75**0.5, 1.0])


def test_windows_are_ranked_by_what_weather_threatens_while_the_asset_is_out():
    calm_week = while_out(label="April", probability={"branch:3": 0.01, "branch:7": 0.02},
                          consequence_mw={"branch:3": 400.0, "branch:7": 100.0, "branch:9": 900.0})  # fmt: skip
    assert (calm_week.expected_mw, calm_week.worst) == (6.0, "branch:3")
    stormy = while_out(label="May", probability={"branch:3": 0.2}, consequence_mw={"branch:3": 400.0})
    assert [w.label for w in ranked_windows((stormy, calm_week))] == ["April", "May"]


def test_a_grid_without_coordinates_is_refused():
    with pytest.raises(NoPlaces):
        lines_of(replace(five.grid(), stations=None))


def test_distances_on_the_globe():
    quarter = distance_km(np.array([0.0]), np.array([0.0]), np.array([90.0]), np.array([0.0]))[0]
    assert quarter == pytest.approx(6371.0 * np.pi / 2)


def test_the_sample_storm_ranks_the_lines_of_the_bundled_grid(tmp_path, capsys):
    path = tmp_path / "layer.geojson"
    assert main(["risk", "storm", "--top", "5", "--map", str(path), "--json"]) == 0
    answer = json.loads(capsys.readouterr().out)
    assert answer["calibrated"] is False
    assert answer["warning"].startswith("UNCALIBRATED")
    chances = [one["probability"] for one in answer["ranked"]]
    assert chances == sorted(chances, reverse=True)
    assert all(one["asset"].startswith("branch:") for one in answer["ranked"])
    layer = json.loads(path.read_text())
    assert len(layer["features"]) == 5
    for one in layer["features"]:
        for longitude, latitude in one["geometry"]["coordinates"]:
            assert -110 < longitude < -70
            assert 25 < latitude < 52
        assert one["properties"]["calibrated"] is False


def test_a_forecast_with_a_hole_is_refused(tmp_path):
    path = tmp_path / "w.csv"
    path.write_text("hour,latitude,longitude,gust_ms\n2027-05-12T12:00Z,40,-90,5\n2027-05-12T13:00Z,41,-90,5\n")
    with pytest.raises(BadTable, match="every place once in every hour"):
        read_weather(path)
    path.write_text("hour,latitude,longitude,gust_ms\n2027-05-12T12:00,40,-90,5\n")
    with pytest.raises(BadTable, match="hour"):
        read_weather(path)
    path.write_text("hour,latitude,longitude,gust_ms\n2027-05-12T12:00Z,40,-90,-5\n")
    with pytest.raises(BadTable, match="too small"):
        read_weather(path)


def test_damage_is_read_and_calibrates(tmp_path, capsys):
    path = tmp_path / "d.csv"
    path.write_text("gust_ms,structures,failed\n" + "45,1000,120\n" * 5)
    assert len(read_damage(path)) == 5
    assert main(["risk", "storm", "--damage", str(path), "--top", "1", "--json"]) == 0
    answer = json.loads(capsys.readouterr().out)
    assert answer["calibrated"] is True
    assert answer["warning"] is None
