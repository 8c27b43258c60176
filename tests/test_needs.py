import pandas as pd
import pytest
from gap_worlds import Case, case_of, long_street, space
from shapely import LineString
from worlds import Row, facility_type, home, one_street, river, shop, street

from pujin_geo.analysis import analyse
from pujin_geo.gaps.requirements import COLUMNS, reasons, requirements
from pujin_geo.gaps.siting import space_options


def needs_of(case: Case, **options: object) -> pd.DataFrame:
    return requirements(case.whole, case.candidates, case.points, case.areas, **options)  # type: ignore[arg-type]


@pytest.fixture(scope="module")
def needs() -> pd.DataFrame:
    shops = [shop(0, 0, name="起点店"), shop(2000, 0, status="planned", name="规划店")]
    return needs_of(case_of(long_street(shops=shops)))


def test_one_row_per_circle_committee_and_type_greatest_gap_first(needs: pd.DataFrame) -> None:
    """East: 50 + 60 + 70 + 80 people beyond 500 m by 1,500 … 3,000 m; west: 30 and 40 by 500 and 1,000 m."""
    assert needs["committee_name"].tolist() == ["东居委", "西村"]
    assert needs["circle_name"].tolist() == ["东圈", "西圈"]
    assert needs["people_not_met"].tolist() == [260.0, 70.0]
    assert needs["shortfall_person_m"].tolist() == [610_000.0, 55_000.0]
    assert needs["priority"].tolist() == [1, 2]
    assert needs["demand_points"].tolist() == [4, 2]


def test_what_is_planned_nearby_and_the_best_space_stand_beside(needs: pd.DataFrame) -> None:
    """The planned shop at 2,000 reaches h4 (1,500), h5, h6 (2,000, 2,500); K2 at 3,000 reaches h6, h7, h8."""
    east, west = needs.to_dict("records")
    assert (east["planned_nearby"], east["people_planned_serve"]) == ("规划店 (规划)", 110.0)
    assert (west["planned_nearby"], west["people_planned_serve"]) == ("规划店 (规划)", 40.0)
    assert (east["space_id"], east["people_space_serves"]) == ("K2", 210.0)
    assert (west["space_id"], west["people_space_serves"]) == ("K1", 40.0)


def test_the_reason_names_the_nearest_and_how_far_they_walk(needs: pd.DataFrame) -> None:
    east = needs.iloc[0]
    assert east["reason"] == "距离过远; 最近一处为起点店, 步行 2,000–3,500 米"
    assert east["need_text"] == "新增或就近布局shop"
    assert east["standard"] == "步行不超过 500 米"


def test_the_parts_are_the_gaps() -> None:
    case = case_of(
        long_street(
            streets=[street((0, 0), (2600, 0)), street((2900, 0), (4000, 0))],
            shops=[shop(0, 0), shop(3000, 5, "park")],
            types=[facility_type("shop", 500.0), facility_type("park", 300.0)],
        )
    )
    table = needs_of(case)
    for verdict, column in (("not_met", "people_not_met"), ("unknown", "people_unknown")):
        whole = case.judged[case.judged["verdict"] == verdict].groupby("facility_type")["people"].sum()
        mine = table.groupby("facility_type")[column].sum()
        assert mine.reindex(whole.index).tolist() == whole.tolist()
    causes = table[["people_too_far", "people_detour", "people_no_facility"]].sum(axis=1)
    assert causes.tolist() == table["people_not_met"].tolist()


def test_a_detour_asks_for_a_way_and_names_the_river() -> None:
    water: Row = {"geometry": LineString([(-100, 50), (3000, 50)]).buffer(10), "name": "周浦塘"}
    case = case_of(river(homes=[home(800, 0, 25.0)], water=[water]))
    row = needs_of(case).iloc[0]
    assert row["need"] == "connect"
    assert row["reason"].endswith("直线被周浦塘阻隔")
    english = needs_of(case, lang="en").iloc[0]
    assert english["reason"].endswith("across the straight line: 周浦塘")


def test_a_detour_with_nothing_across_asks_to_check_the_drawing() -> None:
    row = needs_of(case_of(river(water=[]))).iloc[0]
    assert "请核对是否漏画道路或出入口" in row["reason"]


def test_only_doubt_asks_for_data_and_comes_last() -> None:
    """The second home's street is cut off from the main network, near a shop by straight line."""
    case = case_of(
        one_street(
            streets=[street((0, 0), (3000, 0)), street((600, 100), (800, 100))],
            homes=[home(2900, 0, 5.0, committee_id="A"), home(650, 100, 90.0, committee_id="B")],
        )
    )
    table = needs_of(case)
    assert table["committee_id"].tolist() == ["A", "B"]
    assert table["need"].tolist() == ["provide", "verify"]
    assert table["reason"].iloc[1] == "有 90 人无法判定 (所在道路与主路网不连通)"
    assert needs_of(case, lang="en")["reason"].iloc[1].startswith("90 people cannot be judged")


def test_must_haves_come_first_however_small() -> None:
    types = [
        facility_type("extra", 500.0) | {"class": "upgrade"},
        facility_type("shop", 500.0),
        facility_type("must", 500.0) | {"must_have": "yes"},
    ]
    shops = [shop(0, 0), shop(990, 0, "must"), shop(0, 0, "extra")]
    table = needs_of(case_of(one_street(streets=[street((0, 0), (4000, 0))], homes=[home(3000, 0)], shops=shops, types=types)))  # fmt: skip
    assert table["facility_type"].tolist() == ["must", "shop", "extra"]


def test_numbers_of_a_few_people_stay_out_of_the_sentence() -> None:
    case = case_of(
        river(homes=[home(800, 0, 3.0), home(1900, 0, 40.0), home(800, 0, 9.0)], shops=[shop(800, 100)])
    )
    table = needs_of(case)
    assert "12 人" in reasons(table, lang="zh")[0]
    assert "人" not in reasons(table, lang="zh", smallest=13)[0].split("最近")[0]


def test_thresholds_that_differ_are_both_given() -> None:
    homes = [home(3000, 0, scope="urban"), home(3100, 0, scope="rural")]
    case = case_of(long_street(homes=homes, types=[facility_type("shop", 500.0, 800.0)]))
    assert needs_of(case).iloc[0]["standard"] == "步行不超过 城镇 500、乡村 800 米"


def test_nobody_to_serve_is_no_requirement() -> None:
    table = needs_of(case_of(one_street(homes=[home(100, 0, 0.0)], shops=[shop(990, 0)])))
    assert table.empty
    assert table.columns.tolist() == COLUMNS


@pytest.mark.parametrize("changes", [
    {"shops": [], "surveyed": "all"},
    {"types": [facility_type("shop", None)]},
    {"homes": []},
    {"homes": [home(100, 0, 0.0)]},
    {"homes": [home(100, 0, pop_60_plus=0.0)], "types": [facility_type("shop", 100.0, group="60+")]},
    {"spaces": [space(600, 0, "K", None)]},
    {"homes": [home(100, 30, committee_id="X")], "shops": [shop(999, 0, status="planned")]},
    {"circles": [{"geometry": LineString([(0, 900), (9, 900)]).buffer(5), "circle_id": "空", "name": ""}]},
])  # fmt: skip
def test_sparse_studies_give_every_table(changes: Row) -> None:
    tables = analyse(one_street(**changes)).tables
    for name in (
        "gap_areas",
        "gap_area_types",
        "space_options",
        "best_spaces",
        "planned_places",
        "requirements",
    ):
        table = tables[name]
        texts = table.select_dtypes(exclude="number").astype(str)
        assert not texts.isin(["nan", "None"]).any(axis=None), name
        counts = table[[c for c in table if str(c).startswith("people_") and c != "people_basis"]]
        assert not counts.isna().any(axis=None), name
    assert len(tables["gaps"]) == len(tables["gaps"].drop_duplicates(["demand_id", "facility_type"]))
    assert {"area_id", "detour_ratio", "crossed"} <= set(tables["gaps"])


def test_a_space_whose_area_is_unknown_says_so() -> None:
    types = [facility_type("shop", 500.0) | {"min_area_m2": 50.0, "min_area_is_land": "no"}]
    case = case_of(long_street(types=types, spaces=[space(3000, 0, "K", None)]))
    assert space_options(case.whole, case.candidates)["fit"].tolist() == ["area_unknown"]
    assert needs_of(case)["space_id"].tolist() == ["K", ""]


def test_the_gaps_table_says_where_each_row_belongs_and_what_lies_across() -> None:
    types = [facility_type("shop", 500.0), facility_type("park", 300.0)]
    shops = [shop(800, 100), shop(1990, 0, "park")]
    tables = analyse(river(homes=[home(800, 0), home(300, 0, 4.0)], shops=shops, types=types)).tables
    gaps = tables["gaps"].set_index(["demand_id", "facility_type"])
    assert gaps["crossed"].to_dict() == {
        ("h1", "shop"): "水面", ("h1", "park"): "", ("h2", "shop"): "", ("h2", "park"): "",
    }  # fmt: skip
    assert gaps.loc[("h1", "shop"), "detour_ratio"] == 17.0
    assert gaps["area_id"].unique().tolist() == ["h2"]
    assert set(tables["gap_areas"]["area_id"]) == {"h2"}
