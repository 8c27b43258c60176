"""Committees to units that tile the land exactly."""

import geopandas as gpd
import numpy as np
import pytest
import shapely
from circle_towns import committee, town
from hypothesis import given, settings
from hypothesis import strategies as st
from shapely import Point, box

from pujin_geo.circles.land import give_to_neighbours, land_area, shared_borders, tile_land
from pujin_geo.inputs import Inputs


def tiled(inputs: Inputs, wide_water_m: float = 60.0) -> tuple[gpd.GeoDataFrame, list[str]]:
    units, problems = tile_land(inputs.committees, inputs.boundary, inputs.water, wide_water_m=wide_water_m)
    assert_tiles(units)
    return units, [p.code for p in problems]


def assert_tiles(units: gpd.GeoDataFrame) -> None:
    shapes = units.geometry.to_numpy()
    assert shapely.is_valid(shapes).all()
    assert shapely.coverage_is_valid(shapes)
    assert shapely.union_all(shapes).area == pytest.approx(shapely.area(shapes).sum(), abs=1e-3)


def area_of(units: gpd.GeoDataFrame) -> dict[str, float]:
    return dict(zip(units["unit_id"], units.geometry.area.round(1), strict=True))


def test_a_clean_grid_stays_as_it_is() -> None:
    units, codes = tiled(town(2, 2))
    assert units["unit_id"].tolist() == ["A1", "A2", "B1", "B2"]
    assert set(area_of(units).values()) == {160_000.0}
    assert codes == []


def test_overlap_goes_to_the_lower_id_and_is_told() -> None:
    grid = [committee(0, 0), committee(1, 0, geometry=box(350, 0, 800, 400))]
    inputs = town(2, 1, committees=grid)
    units, codes = tiled(inputs)
    assert area_of(units) == {"A1": 160_000, "B1": 160_000}
    assert codes == ["overlap"]
    text = tile_land(inputs.committees, inputs.boundary, inputs.water, wide_water_m=60)[1][0]
    assert "B1" in text.message.zh
    assert "20,000" in text.message.zh
    assert text.row == 2


def test_a_gap_goes_to_the_longest_neighbour_and_is_told() -> None:
    # 50 m of no man's land between A1 and B1, and 10 m of it along C1's south edge.
    grid = [committee(0, 0, geometry=box(0, 0, 350, 400)), committee(1, 0), committee(2, 0)]
    units, codes = tiled(town(3, 1, committees=grid))
    assert area_of(units) == {"A1": 160_000, "B1": 160_000, "C1": 160_000}
    assert codes == ["gap"]


def test_small_flaws_are_mended_without_a_word() -> None:
    grid = [committee(0, 0, geometry=box(0, 0, 399.9, 400)), committee(1, 0)]
    units, codes = tiled(town(2, 1, committees=grid))
    assert sum(area_of(units).values()) == pytest.approx(320_000)
    assert codes == []


def test_committees_outside_are_left_out_or_cut() -> None:
    grid = [committee(0, 0), committee(1, 0, geometry=box(400, 0, 1200, 400)), committee(7, 7)]
    units, codes = tiled(town(2, 1, committees=grid))
    assert area_of(units) == {"A1": 160_000, "B1": 160_000}
    assert sorted(codes) == ["committee_outside", "committee_without_land"]


def test_a_committee_under_another_is_told() -> None:
    grid = [committee(0, 0), committee(1, 0), committee(0, 0, committee_id="Z", name="Z")]
    _, codes = tiled(town(2, 1, committees=grid))
    assert "committee_without_land" in codes
    assert "overlap" in codes


def test_wide_water_is_cut_out_and_narrow_water_is_not() -> None:
    river, canal = box(0, 100, 800, 200), box(600, 0, 620, 400)
    inputs = town(2, 1, water=[{"geometry": river, "name": "大河"}, {"geometry": canal, "name": "小浜"}])
    units, codes = tiled(inputs)
    assert area_of(units) == {"A1": 120_000, "B1": 120_000}
    assert codes == ["committee_cut", "committee_cut"]
    assert sum(area_of(tiled(inputs, wide_water_m=150)[0]).values()) == 320_000
    assert area_of(tiled(inputs, wide_water_m=5)[0])["B1"] == 160_000 - 40_000 - 6_000


def test_rows_of_one_committee_are_put_together() -> None:
    grid = [
        committee(0, 0, geometry=box(0, 0, 200, 400)),
        committee(0, 0, geometry=box(200, 0, 400, 400)),
        committee(1, 0),
    ]
    units, codes = tiled(town(2, 1, committees=grid))
    assert area_of(units) == {"A1": 160_000, "B1": 160_000}
    assert codes == []


def test_without_a_boundary_the_committees_are_the_land() -> None:
    units, _ = tiled(town(2, 2, boundary=[]))
    assert sum(area_of(units).values()) == 640_000


def test_the_callers_frames_are_left_alone() -> None:
    inputs = town(2, 1, committees=[committee(1, 0), committee(0, 0, geometry=box(0, 0, 450, 400))])
    before = inputs.committees.copy(deep=True)
    tiled(inputs)
    assert before.equals(inputs.committees)


@settings(max_examples=25, deadline=None)
@given(st.lists(st.tuples(*[st.floats(0, 900)] * 2, *[st.floats(50, 500)] * 2), min_size=1, max_size=6))
def test_any_boxes_tile_the_boundary(corners: list[tuple[float, float, float, float]]) -> None:
    grid = [
        committee(0, 0, geometry=box(x, y, x + w, y + h), committee_id=f"K{n}")
        for n, (x, y, w, h) in enumerate(corners)
    ]
    inputs = town(2, 2, committees=grid)
    units, _ = tiled(inputs)
    if len(units):
        assert units.geometry.area.sum() == pytest.approx(640_000, abs=20)  # noded on a grid of 1 cm


def test_land_area_by_hand() -> None:
    area = gpd.GeoDataFrame(geometry=[box(0, 0, 1000, 1000)], crs="EPSG:32651")
    lake = gpd.GeoDataFrame(geometry=[Point(500, 500).buffer(50)], crs="EPSG:32651")
    assert land_area(area, lake, wide_water_m=110).area == 1e6
    assert land_area(area, lake, wide_water_m=90).area == pytest.approx(1e6 - lake.area.sum())


def test_shared_borders_and_inheritance() -> None:
    faces = np.array([box(0, 0, 10, 10), box(10, 0, 20, 10), box(20, 4, 30, 10), box(20, 0, 30, 4)])
    one, other, length = shared_borders(faces)
    found = {(int(a), int(b)): float(m) for a, b, m in zip(one, other, length, strict=True)}
    assert found == {(0, 1): 10.0, (1, 2): 6.0, (1, 3): 4.0, (2, 3): 10.0}
    assert give_to_neighbours(faces, np.array([0, -1, 2, 3])).tolist() == [0, 0, 2, 3]
    assert give_to_neighbours(faces, np.array([-1, -1, -1, 3])).tolist() == [3, 3, 3, 3]
    far = np.array([box(0, 0, 1, 1), box(5, 0, 6, 1)])
    assert give_to_neighbours(far, np.array([-1, 4])).tolist() == [4, 4]
