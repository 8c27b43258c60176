import numpy as np
import pytest
from gap_worlds import case_of
from shapely import LineString, Point, box
from worlds import home, one_street, river, shop, street, world

from pujin_geo.gaps.detours import crossed_by, detours


def only_row(**changes: object) -> dict[str, object]:
    case = case_of(river(**changes))
    return case.points.iloc[0].to_dict()


def test_the_river_is_named_and_the_way_round_is_17_times_the_line() -> None:
    water = {"geometry": box(-100, 10, 3000, 90).difference(box(-5, 0, 5, 100)), "name": "周浦塘"}
    row = only_row(water=[water])
    assert row["cause"] == "detour"
    assert row["detour_ratio"] == 17.0
    assert row["crossed"] == "周浦塘"


@pytest.mark.parametrize(("lang", "words"), [("zh", "水面"), ("en", "water")])
def test_water_without_a_name_is_called_water(lang: str, words: str) -> None:
    case = case_of(river(), lang=lang)  # type: ignore[arg-type]
    assert case.points["crossed"].tolist() == [words]


def test_obstacles_come_in_the_order_of_the_line_each_once() -> None:
    barriers = [
        {"geometry": LineString([(700, 95), (900, 95)]), "kind": "wall", "name": ""},
        {"geometry": LineString([(700, 5), (900, 5)]), "kind": "railway", "name": "沪杭线"},
        {"geometry": LineString([(700, 4), (900, 4)]), "kind": "railway", "name": "沪杭线"},
        {"geometry": LineString([(700, 50), (799, 50)]), "kind": "expressway", "name": "不相交"},
    ]
    assert only_row(barriers=barriers)["crossed"] == "沪杭线;水面;围墙"


def test_an_unknown_kind_is_shown_as_written_and_a_semicolon_does_not_part_a_name() -> None:
    barriers = [
        {"geometry": LineString([(700, 5), (900, 5)]), "kind": "堤坝", "name": " "},
        {"geometry": LineString([(700, 95), (900, 95)]), "kind": "", "name": "甲;乙"},
    ]
    assert only_row(barriers=barriers, water=[])["crossed"] == "堤坝;甲,乙"


def test_nothing_drawn_across_is_blank() -> None:
    assert only_row(water=[])["crossed"] == ""


def test_a_line_that_ends_at_a_wall_does_not_cross_it() -> None:
    line = np.array([LineString([(0, 0), (100, 0)])])
    at_end, along = LineString([(100, -5), (100, 5)]), LineString([(0, 0), (0, 9)])
    assert crossed_by(line, np.array([at_end, along]), ["门", "岸"]) == [[]]
    assert crossed_by(line[:0], np.array([at_end]), ["门"]) == []


def test_a_facility_polygon_is_reached_at_its_near_side() -> None:
    """The wall behind the near edge of the ground does not count."""
    inputs = world(
        streets=[street((0, 0), (2000, 0)), street((0, 100), (2000, 100)), street((0, 0), (0, 100))],
        homes=[home(800, 0)],
        shops=[{"geometry": box(700, 100, 900, 300), "facility_type": "shop"}],
        barriers=[{"geometry": LineString([(600, 200), (1000, 200)]), "kind": "wall", "name": "后墙"}],
    )
    assert case_of(inputs).points["crossed"].tolist() == [""]


def test_other_causes_have_neither_ratio_nor_crossing() -> None:
    case = case_of(one_street(homes=[home(100, 30), home(100, -30)], shops=[shop(700, -40)]))
    assert case.points["cause"].tolist() == ["too_far", "too_far"]
    assert case.points["detour_ratio"].isna().all()
    assert (case.points["crossed"] == "").all()


def test_no_gaps_give_no_rows_and_the_caller_keeps_the_frame() -> None:
    case = case_of(river())
    before = case.points.copy()
    assert len(detours(case.points.iloc[:0], case.inputs)) == 0
    detours(case.points, case.inputs)
    assert case.points.equals(before)


def test_a_detour_to_a_facility_on_the_spot_has_no_ratio() -> None:
    """Straight distance 0: the home lies in the facility's ground, whose gate is far."""
    inputs = world(
        streets=[street((0, 0), (2000, 0))],
        homes=[home(500, 20)],
        shops=[{"geometry": box(400, 10, 600, 100), "facility_type": "shop", "site_id": "s"}],
        entrances=[{"geometry": Point(1900, 0), "site_id": "s"}],
    )
    row = case_of(inputs).points.iloc[0]
    assert row["cause"] == "detour"
    assert np.isnan(row["detour_ratio"])
