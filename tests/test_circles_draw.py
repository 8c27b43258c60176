"""Drawing on small towns: every committee once, connected, tiling; hubs, wishes, refusals, bytes."""

import itertools
from pathlib import Path

import numpy as np
import pytest
import shapely
from circle_towns import SIDE_M, committee, hub, town
from shapely import LineString, box
from worlds import home, reordered, street

from pujin_geo.circles import (
    Band,
    CircleSettings,
    Drawing,
    Terrain,
    Wishes,
    check,
    draw,
    read_circles,
    survey,
    write_circles,
)
from pujin_geo.circles.solve import pieces_of
from pujin_geo.errors import SettingsError, SourceError
from pujin_geo.inputs import Inputs

FREE = Band(0, np.inf, np.inf, 1e9)
NO_BANDS = CircleSettings(urban=FREE, rural=FREE)


def drawn(
    inputs: Inputs, count: int, wishes: Wishes | None = None, **changes: object
) -> tuple[Terrain, Drawing]:
    settings = CircleSettings(**{"urban": FREE, "rural": FREE, **changes})
    wishes = wishes or Wishes()
    terrain = survey(inputs, settings=settings, pin_hubs=wishes.pin_hubs)
    return terrain, draw(terrain, count=count, wishes=wishes)


def members(drawing: Drawing) -> list[set[str]]:
    return [set(one.split(";")) for one in drawing.circles["committees"]]


def assert_sound(terrain: Terrain, drawing: Drawing, count: int) -> None:
    """Every committee once, circles connected by links, shapes that tile the land and share borders."""
    groups = members(drawing)
    assert len(groups) == count
    assert sorted(itertools.chain(*groups)) == terrain.units["unit_id"].tolist()
    number = {unit: n for n, unit in enumerate(terrain.units["unit_id"])}
    for group in groups:
        assert len(pieces_of(np.array(sorted(number[u] for u in group)), terrain.links)) == 1
    shapes = drawing.circles.geometry.to_numpy()
    assert shapely.is_valid(shapes).all()
    assert shapely.coverage_is_valid(shapes)
    land = shapely.union_all(terrain.units.geometry.to_numpy())
    assert shapely.symmetric_difference(shapely.union_all(shapes), land).area < 0.02 * land.length
    one, other = shapely.STRtree(shapes).query(shapes, predicate="dwithin", distance=1)
    colour = drawing.circles["colour"].to_numpy()
    assert (colour[one[one != other]] != colour[other[one != other]]).all()


def test_three_in_a_row_by_hand() -> None:
    # Homes of 100 at 200, 600, 1000: two circles; the end ones share with the middle, walking 400 m each way.
    terrain, drawing = drawn(town(3, 1, shops=[hub(0, 0), hub(2, 0)]), 2)
    assert drawing.walking_person_m == 40_000
    assert drawing.status == "optimal"
    assert drawing.gap_share == 0
    assert_sound(terrain, drawing, 2)
    assert drawing.circles["hub_facility_id"].tolist() == ["s1/hub", "s2/hub"]


def test_the_middle_goes_where_more_people_are_spared() -> None:
    # One circle: the hub that costs least is where most people live.
    terrain, drawing = drawn(town(3, 1, people=lambda c, _: [10, 10, 500][c]), 1)
    assert drawing.circles["hub_demand_id"].tolist() == ["C1"]
    assert drawing.circles["hub_status"].tolist() == ["proposed"]
    assert drawing.walking_person_m == 10 * 800 + 10 * 400
    assert_sound(terrain, drawing, 1)


@pytest.mark.parametrize("count", [1, 2, 5, 12])
def test_any_count_is_sound(count: int) -> None:
    terrain, drawing = drawn(town(4, 3, people=lambda c, r: 100 + 37 * ((3 * c + 5 * r) % 7)), count)
    assert_sound(terrain, drawing, count)
    assert drawing.walking_person_m == pytest.approx(check(terrain, drawing.circles).walking_person_m)


def test_more_circles_never_mean_more_walking() -> None:
    terrain = survey(town(4, 3), settings=NO_BANDS)
    walking = [draw(terrain, count=count).walking_person_m for count in range(1, 13)]
    assert walking == sorted(walking, reverse=True)
    assert walking[-1] == 0


def test_an_optimum_without_bands_leaves_no_better_move() -> None:
    terrain, drawing = drawn(town(4, 4, people=lambda c, r: 50 + 11 * ((c * 5 + r * 3) % 13)), 4)
    assert check(terrain, drawing.circles).moves.empty


def test_hub_types_in_their_order() -> None:
    # A hub-type facility is the centre of its circle wherever it stands in it; a station only without one.
    shops = [
        hub(0, 0, name="邻里中心甲"),
        hub(1, 0, "party_station"),
        hub(3, 0, "party_station", name="站乙"),
        hub(2, 0, "shop"),
    ]
    _, drawing = drawn(town(4, 1, shops=shops), 2)
    assert drawing.circles["hub_name"].tolist() == ["邻里中心甲", "站乙"]
    assert drawing.circles["name"].tolist() == ["邻里中心甲生活圈", "站乙生活圈"]


def test_planned_and_closed_hubs_do_not_count() -> None:
    shops = [hub(0, 0, status="planned"), hub(1, 0, status="closed")]
    _, drawing = drawn(town(3, 1, shops=shops), 1)
    assert drawing.circles["hub_status"].tolist() == ["proposed"]


def test_no_circle_crosses_an_unbridged_river() -> None:
    streets = [street(*((x, y) for x in (200.0, 600.0, 1000.0))) for y in (200.0, 600.0)]
    water = box(-50, 380, 1250, 420)
    terrain, drawing = drawn(town(3, 2, streets=streets, water=water), 2)
    assert members(drawing) == [{"A2", "B2", "C2"}, {"A1", "B1", "C1"}]
    assert_sound(terrain, drawing, 2)
    assert not drawing.problems


def test_with_too_few_circles_a_barrier_is_spanned_and_told() -> None:
    streets = [street(*((x, y) for x in (200.0, 600.0, 1000.0))) for y in (200.0, 600.0)]
    terrain, drawing = drawn(town(3, 2, streets=streets, water=box(-50, 380, 1250, 420)), 1)
    assert [p.code for p in drawing.problems] == ["no_walkable_link"]
    assert "barrier_inside" in [b.rule for b in check(terrain, drawing.circles).breaches]


def test_bands_shift_the_border() -> None:
    people = lambda c, _: [900, 100, 100, 100][c]  # noqa: E731 - a table of one row
    shops = [hub(0, 0), hub(3, 0)]
    _, free = drawn(town(4, 1, people=people, shops=shops), 2)
    assert members(free) == [{"A1", "B1"}, {"C1", "D1"}]
    tight = Band(0, 950, np.inf, 1e9)
    terrain, banded = drawn(town(4, 1, people=people, shops=shops), 2, urban=tight)
    assert members(banded) == [{"A1"}, {"B1", "C1", "D1"}]
    assert not [b for b in check(terrain, banded.circles).breaches if b.rule == "population_high"]


def test_villages_have_their_own_bands() -> None:
    villages = [committee(c, 0, kind="village") for c in range(2)]
    homes = [home(200 + 400 * c, 200, 500.0, scope="rural") for c in range(2)]
    inputs = town(2, 1, committees=villages, homes=homes)
    rural = Band(800, 1200, np.inf, 100)
    terrain, drawing = drawn(inputs, 2, rural=rural)
    bands = ("population_low", "population_high", "area_high", "walk_far_urban", "walk_far_rural")
    rules = [b.rule for b in check(terrain, drawing.circles).breaches]
    assert [r for r in rules if r in bands] == ["population_low", "population_low"]
    _, one = drawn(inputs, 1, rural=rural)
    rules = [b.rule for b in check(terrain, one.circles).breaches]
    assert [r for r in rules if r in bands] == ["walk_far_rural"]


def test_wishes() -> None:
    inputs = town(4, 1, shops=[hub(1, 0, "shop", site_id="店")])
    _, pinned = drawn(inputs, 2, Wishes(pin_hubs=("店",)))
    assert "店/shop" in pinned.circles["hub_facility_id"].tolist()
    _, together = drawn(inputs, 2, Wishes(together=(("A1", "B1居委会", "C1"),)))
    assert members(together) == [{"A1", "B1", "C1"}, {"D1"}]
    _, apart = drawn(inputs, 2, Wishes(apart=(("A1", "B1"),)))
    assert members(apart) == [{"A1"}, {"B1", "C1", "D1"}]


def test_forbidding_a_street_keeps_circles_on_their_side() -> None:
    avenue = street((400, -50), (400, 850)) | {"name": "大道"}
    extra = [avenue, street((400, -50), (400, -60))]
    inputs = town(3, 2, streets=[*town_streets(), *extra])
    _, drawing = drawn(inputs, 2, Wishes(forbid=("大道",)))
    assert members(drawing) == [{"A1", "A2"}, {"B1", "B2", "C1", "C2"}]


def town_streets() -> list[dict[str, object]]:
    xs, ys = (200.0, 400.0, 600.0, 1000.0), (200.0, 600.0)
    return [street(*((x, y) for x in xs)) for y in ys] + [
        street(*((x, y) for y in ys)) for x in (200.0, 600.0, 1000.0)
    ]


@pytest.mark.parametrize(
    ("count", "wishes", "words"),
    [
        (
            2,
            Wishes(together=(("B1", "C1"), ("C1", "D1")), apart=(("C1", "B1"),)),
            ["B1, C1 同圈", "C1, B1 分开"],
        ),
        (1, Wishes(apart=(("A1", "D1"),), together=(("B1", "C1"),)), ["A1, D1 分开"]),
        (1, Wishes(pin_hubs=("甲", "乙")), ["以 甲 为中心", "以 乙 为中心"]),
    ],
)
def test_wishes_that_clash_are_named_and_others_are_not(count: int, wishes: Wishes, words: list[str]) -> None:
    shops = [hub(0, 0, name="甲"), hub(3, 0, name="乙")]
    with pytest.raises(SettingsError) as refused:
        drawn(town(4, 1, shops=shops), count, wishes)
    for word in words:
        assert word in refused.value.of("zh")
    assert refused.value.of("zh").count("; ") == len(words) - 1


@pytest.mark.parametrize(
    ("wishes", "word"),
    [
        (Wishes(together=(("A1", "Z9"),)), "Z9"),
        (Wishes(apart=(("A1",),)), "A1"),
        (Wishes(pin_hubs=("不存在",)), "不存在"),
        (Wishes(forbid=("无名路",)), "无名路"),
    ],
)
def test_unknown_names_are_refused(wishes: Wishes, word: str) -> None:
    with pytest.raises(SettingsError, match=word):
        drawn(town(2, 1), 1, wishes)


@pytest.mark.parametrize("count", [0, 3])
def test_impossible_counts_are_refused(count: int) -> None:
    with pytest.raises(SettingsError, match=str(count)) as refused:
        drawn(town(2, 1), count)
    assert refused.value.of("en")


def test_more_circles_than_places_for_a_hub_are_refused() -> None:
    inputs = town(3, 1, homes=[home(200, 200), home(600, 200)])
    with pytest.raises(SettingsError, match="2 个居村委有居民点"):
        drawn(inputs, 3)


def test_a_committee_without_people_joins_a_near_circle_and_is_told() -> None:
    homes = [home(200, 200, 50.0), home(1000, 200, 50.0), home(1400, 200, 50.0)]
    terrain, drawing = drawn(town(4, 1, homes=homes, shops=[hub(0, 0), hub(3, 0)]), 2)
    assert_sound(terrain, drawing, 2)
    assert [(p.code, p.value) for p in drawing.problems] == [("committee_without_people", "B1")]
    assert members(drawing) == [{"A1", "B1"}, {"C1", "D1"}]


def test_a_committee_cut_by_the_river_stays_whole_and_is_told() -> None:
    river = box(-50, 150, 850, 250)
    streets = [street((200, 100), (600, 100)), street((200, 300), (600, 300))]
    homes = [home(200, 100, 40.0), home(200, 300, 60.0), home(600, 100, 40.0), home(600, 300, 60.0)]
    terrain, drawing = drawn(town(2, 1, streets=streets, homes=homes, water=river), 1)
    assert [p.code for p in drawing.problems] == ["committee_cut", "committee_cut"]
    rules = {b.rule: b.value for b in check(terrain, drawing.circles).breaches}
    assert rules["not_connected"] == 2
    assert rules["barrier_inside"] == 80
    assert members(drawing) == [{"A1", "B1"}]


def test_a_committee_cut_by_the_river_is_parted_on_request() -> None:
    river = box(-50, 150, 850, 240)
    streets = [street((200, 100), (600, 100)), street((200, 300), (600, 300))]
    homes = [home(200, 100, 40.0), home(200, 300, 60.0), home(600, 100, 40.0), home(600, 300, 60.0)]
    inputs = town(2, 1, streets=streets, homes=homes, water=river)
    terrain, drawing = drawn(inputs, 2, split_cut_ha=5.0)
    assert_sound(terrain, drawing, 2)
    assert members(drawing) == [{"A1/1", "B1/1"}, {"A1/2", "B1/2"}]  # the larger piece is /1
    assert [p.code for p in drawing.problems] == ["committee_parted", "committee_parted"]
    assert not [b for b in check(terrain, drawing.circles).breaches if b.rule != "must_have_missing"]
    whole, _ = drawn(inputs, 1, split_cut_ha=7.0)  # 6 ha each: too small to be parted
    assert whole.units["unit_id"].tolist() == ["A1", "B1"]


def test_without_committees_a_draft_is_drawn_and_marked() -> None:
    terrain, drawing = drawn(town(4, 3, committees=[]), 3)
    assert [p.code for p in drawing.problems] == ["drafted_units"]
    assert drawing.circles["basis"].tolist() == ["demand_points"] * 3
    assert drawing.circles["committees"].tolist() == ["", "", ""]
    assert drawing.circles.geometry.area.sum() == pytest.approx(12 * SIDE_M**2, rel=1e-4)
    assert check(terrain, drawing.circles).people_in_no_circle == 0


def test_a_draft_needs_neither_boundary_nor_many_points() -> None:
    inputs = town(2, 1, committees=[], boundary=[], homes=[home(200, 200), home(200, 200), home(600, 200)])
    _, drawing = drawn(inputs, 2)
    assert len(drawing.circles) == 2
    with pytest.raises(SettingsError):
        drawn(inputs, 3)


def test_nobody_inside_the_boundary_is_refused() -> None:
    with pytest.raises(SourceError, match="居民点"):
        drawn(town(2, 1, committees=[], homes=[home(5000, 200)]), 1)


@pytest.mark.parametrize("given", [{"committees": [committee(50, 50)]}, {"water": box(-10, -10, 900, 900)}])
def test_committees_without_any_land_are_refused(given: dict[str, object]) -> None:
    with pytest.raises(SourceError, match="committees"):
        drawn(town(2, 1, **given), 1)


def test_homes_off_the_streets_do_not_stop_the_drawing() -> None:
    homes = [home(200, 200, 10.0), home(600, 20, 10.0), home(1000, 200, 10.0)]
    terrain, drawing = drawn(town(3, 1, homes=homes), 2)
    assert_sound(terrain, drawing, 2)
    assert "no_path" in [b.rule for b in check(terrain, drawing.circles).breaches]


def test_reading_order_and_ids() -> None:
    _, drawing = drawn(town(2, 2), 4)
    assert drawing.circles["circle_id"].tolist() == ["LC01", "LC02", "LC03", "LC04"]
    assert members(drawing) == [{"A2"}, {"B2"}, {"A1"}, {"B1"}]
    assert drawing.circles["mark"].unique().tolist() == ["示意 · 内部讨论"]


def test_smoothing_keeps_borders_shared_and_people_inside() -> None:
    wiggle = [(400 + (4 if n % 2 else -4), 400 * n / 40) for n in range(41)]
    left = shapely.Polygon([(0, 0), *wiggle, (0, 400)])
    right = shapely.Polygon([(800, 0), (800, 400), *wiggle[::-1]])
    grid = [committee(0, 0, geometry=left), committee(1, 0, geometry=right)]
    rough_terrain, rough = drawn(town(2, 1, committees=grid), 2, simplify_m=0.0)
    terrain, smooth = drawn(town(2, 1, committees=grid), 2, simplify_m=10.0)
    assert_sound(rough_terrain, rough, 2)
    assert_sound(terrain, smooth, 2)
    assert (
        shapely.get_num_coordinates(smooth.circles.geometry).sum()
        < shapely.get_num_coordinates(rough.circles.geometry).sum() / 4
    )


def test_the_same_bytes_twice_and_from_rows_in_another_order(tmp_path: Path) -> None:
    inputs = town(
        4,
        3,
        people=lambda c, r: 100 + 10 * ((c + 2 * r) % 5),
        shops=[hub(0, 0, name="甲"), hub(3, 2, name="乙")],
    )
    mixed = reordered(
        reordered(inputs, "committees", range(11, -1, -1)), "residents", [*range(5, 12), *range(5)]
    )
    files = []
    for number, given in enumerate((inputs, inputs, mixed)):
        _, drawing = drawn(given, 4)
        write_circles(drawing.circles, tmp_path / f"{number}.geojson")
        files.append((tmp_path / f"{number}.geojson").read_bytes())
    assert files[0] == files[1] == files[2]


def test_written_and_read_back_unchanged(tmp_path: Path) -> None:
    terrain, drawing = drawn(town(4, 3, shops=[hub(0, 0, name="甲")]), 3)
    path = tmp_path / "circles.geojson"
    write_circles(drawing.circles, path)
    again = read_circles(path, terrain.units.crs)
    assert again.drop(columns="geometry").equals(drawing.circles.drop(columns="geometry"))
    assert (again.geometry.to_wkb() == drawing.circles.geometry.to_wkb()).all()
    write_circles(again, tmp_path / "again.geojson")
    assert (tmp_path / "again.geojson").read_bytes() == path.read_bytes()


def test_a_file_that_is_no_circles_layer_is_refused(tmp_path: Path) -> None:
    path = tmp_path / "x.geojson"
    for text in ("", "[]", '{"features": [{"properties": {}, "geometry": null}]}'):
        path.write_text(text, encoding="utf-8")
        with pytest.raises(SourceError, match=r"x\.geojson"):
            read_circles(path, town(1, 2).study.crs)


def test_beyond_the_exact_size_the_gap_is_stated() -> None:
    terrain, drawing = drawn(town(4, 3), 4, exact_units=5)
    assert_sound(terrain, drawing, 4)
    assert drawing.method == "heuristic"
    assert drawing.gap_share >= 0
    assert drawing.walking_person_m >= draw(survey(town(4, 3), settings=NO_BANDS), count=4).walking_person_m


def test_a_search_that_is_stopped_still_draws_sound_circles() -> None:
    tight = Band(650, 700, 0.7, 300)
    given = {"people": lambda c, r: 100 + 53 * ((3 * c + 5 * r) % 7)}
    terrain, stopped = drawn(town(5, 4, **given), 6, urban=tight, node_limit=1)
    assert_sound(terrain, stopped, 6)
    _, best = drawn(town(5, 4, **given), 6, urban=tight)
    assert best.status == "optimal"
    assert best.objective_person_m <= stopped.objective_person_m + 1e-6
    assert stopped.gap_share >= 1 - best.objective_person_m / stopped.objective_person_m - 1e-9


def test_the_inputs_are_left_alone() -> None:
    inputs = town(3, 2, water=box(0, 0, 5, 5), barriers=[{"geometry": LineString([(0, 0), (5, 5)])}])
    before = {
        name: inputs.layer(name).copy(deep=True)
        for name in ("committees", "residents", "facilities", "water")
    }
    drawn(inputs, 2)
    for name, frame in before.items():
        assert frame.equals(inputs.layer(name)), name
