"""Editing circles: move, merge, split, rename, and what each changes."""

import geopandas as gpd
import numpy as np
import pytest
from circle_towns import hub, town

from pujin_geo.circles import (
    Band,
    CircleSettings,
    Terrain,
    check,
    draw,
    merge,
    move,
    read_circles,
    rename,
    split,
    survey,
    write_circles,
)
from pujin_geo.errors import SettingsError

FREE = Band(0, np.inf, np.inf, 1e9)


@pytest.fixture(scope="module")
def start() -> tuple[Terrain, gpd.GeoDataFrame]:
    """A1 B1 | C1 D1 with hubs at the outer ends."""
    inputs = town(4, 1, shops=[hub(0, 0, name="西"), hub(3, 0, name="东")])
    terrain = survey(inputs, settings=CircleSettings(urban=FREE, rural=FREE))
    circles = draw(terrain, count=2).circles
    assert circles["committees"].tolist() == ["A1;B1", "C1;D1"]
    return terrain, circles


def figures(table: object, circle: str) -> dict[str, tuple[float, float]]:
    rows = table[table["circle_id"] == circle]  # type: ignore[index]
    return {f: (b, a) for f, b, a in zip(rows["figure"], rows["before"], rows["after"], strict=True)}


def test_move(start: tuple[Terrain, gpd.GeoDataFrame]) -> None:
    terrain, circles = start
    before = circles.copy(deep=True)
    edit = move(terrain, circles, "B1居委会", to="LC02")
    assert edit.circles["committees"].tolist() == ["A1", "B1;C1;D1"]
    assert edit.circles["circle_id"].tolist() == ["LC01", "LC02"]
    assert edit.circles["hub_facility_id"].tolist() == ["s1/hub", "s2/hub"]
    assert figures(edit.difference, "all")["walking_person_m"] == (80_000, 0 + 40_000 + 80_000)
    assert figures(edit.difference, "LC01")["population"] == (200, 100)
    assert figures(edit.difference, "LC02")["nearer_elsewhere_share"] == (0, pytest.approx(1 / 3))
    assert (edit.difference["change"] == edit.difference["after"] - edit.difference["before"]).all()
    assert circles.equals(before)


def test_moving_back_restores_the_layer(start: tuple[Terrain, gpd.GeoDataFrame]) -> None:
    terrain, circles = start
    there = move(terrain, circles, "B1", to="LC02").circles
    back = move(terrain, there, "B1", to="LC01")
    assert back.circles.drop(columns="geometry").equals(circles.drop(columns="geometry"))
    assert (back.circles.geometry.to_wkb() == circles.geometry.to_wkb()).all()


def test_an_edit_that_changes_nothing_has_no_difference(start: tuple[Terrain, gpd.GeoDataFrame]) -> None:
    terrain, circles = start
    assert move(terrain, circles, "A1", to="LC01").difference.empty


def test_moving_the_hubs_committee_gives_the_rest_a_proposed_hub(
    start: tuple[Terrain, gpd.GeoDataFrame],
) -> None:
    terrain, circles = start
    edit = move(terrain, circles, "A1", to="LC02")
    assert edit.circles["hub_status"].tolist() == ["proposed", "existing"]
    assert "not_connected" in [b.rule for b in edit.after.breaches]


def test_merge(start: tuple[Terrain, gpd.GeoDataFrame]) -> None:
    terrain, circles = start
    edit = merge(terrain, circles, ["LC02", "LC01"], name="合圈")
    assert edit.circles["circle_id"].tolist() == ["LC02"]
    assert edit.circles["name"].tolist() == ["合圈"]
    assert edit.circles["committees"].tolist() == ["A1;B1;C1;D1"]
    assert figures(edit.difference, "all")["walking_person_m"] == (80_000, 100 * (400 + 800 + 1200))
    gone = figures(edit.difference, "LC01")
    assert gone["population"][0] == 200
    assert np.isnan(gone["population"][1])


def test_split_by_name_and_by_itself(start: tuple[Terrain, gpd.GeoDataFrame]) -> None:
    terrain, circles = start
    by_name = split(terrain, circles, "LC01", ["B1"], name="新圈")
    assert by_name.circles["circle_id"].tolist() == ["LC01", "LC02", "LC03"]
    assert by_name.circles["name"].tolist()[2] == "新圈"
    assert by_name.circles["committees"].tolist() == ["A1", "C1;D1", "B1"]
    assert by_name.after.walking_person_m == 40_000
    alone = split(terrain, merge(terrain, circles, ["LC01", "LC02"]).circles, "LC01")
    assert sorted(alone.circles["committees"]) == ["A1;B1", "C1;D1"]


def test_rename(start: tuple[Terrain, gpd.GeoDataFrame]) -> None:
    terrain, circles = start
    edit = rename(terrain, circles, "LC02", "滨江生活圈")
    assert edit.circles["name"].tolist() == [circles["name"].iat[0], "滨江生活圈"]
    assert edit.difference.empty
    again = move(terrain, edit.circles, "B1", to="滨江生活圈")
    assert again.circles["name"].tolist() == edit.circles["name"].tolist()


def test_edits_survive_saving(start: tuple[Terrain, gpd.GeoDataFrame], tmp_path: object) -> None:
    terrain, circles = start
    path = tmp_path / "edited.geojson"  # type: ignore[operator]
    edited = split(terrain, circles, "LC01", ["B1"]).circles
    write_circles(edited, path)
    again = read_circles(path, terrain.units.crs)
    assert (again.geometry.to_wkb() == edited.geometry.to_wkb()).all()
    assert check(terrain, again).scorecard.equals(check(terrain, edited).scorecard)


@pytest.mark.parametrize(
    ("edit", "word"),
    [
        (lambda t, c: move(t, c, "Z1", to="LC01"), "Z1"),
        (lambda t, c: move(t, c, "A1", to="LC09"), "LC09"),
        (lambda t, c: merge(t, c, ["LC01", "LC01"]), "两个"),
        (lambda t, c: split(t, c, "LC01", ["A1", "B1"]), "A1, B1"),
        (lambda t, c: split(t, c, "LC01", ["C1"]), "A1, B1"),
        (lambda t, c: rename(t, c, "LC01", " "), "名称"),
        (lambda t, c: rename(t, c, "LC08", "x"), "LC08"),
        (lambda t, c: move(t, c.iloc[:1], "A1", to="LC01"), "C1, D1"),
        (lambda t, c: move(t, move(t, c, "B1", to="LC02").circles, "A1", to="LC02"), "merge"),
    ],
)
def test_refusals_name_what_is_wrong(
    start: tuple[Terrain, gpd.GeoDataFrame], edit: object, word: str
) -> None:
    with pytest.raises(SettingsError, match=word):
        edit(*start)  # type: ignore[operator]


def test_circles_from_anywhere_can_be_edited(start: tuple[Terrain, gpd.GeoDataFrame]) -> None:
    terrain, circles = start
    bare = circles[["circle_id", "name", "geometry"]]
    edit = move(terrain, bare, "B1", to="LC02")
    assert edit.circles["committees"].tolist() == ["A1", "B1;C1;D1"]
    assert edit.circles["hub_facility_id"].tolist() == ["s1/hub", "s2/hub"]
