"""The shipped Pujin study: regenerable, reconciled to the report, and shaped like the place."""

import csv
import json
import re
import shutil
import tomllib
from collections import Counter
from pathlib import Path

import geopandas as gpd
import networkx as nx
import numpy as np
import pandas as pd
import pytest
import shapely
from pyproj import Transformer
from shapely import Point

from geodata.generator.dice import Dice, share_out
from geodata.generator.study import build, write
from pujin_geo.catalogue import normalise, read_catalogue, type_lookup
from pujin_geo.study import read_study
from pujin_geo.tables import REGISTERS

STUDY = Path(__file__).parents[1] / "geodata" / "pujin"
KEPT_BY_HAND = {"study.toml", "README.md", "circles.geojson"}
CRS = 32651


@pytest.fixture(scope="module")
def layer():
    frames = {path.stem: gpd.read_file(path).to_crs(CRS) for path in sorted(STUDY.glob("*.geojson"))}
    return frames.__getitem__


def table(name: str) -> gpd.GeoDataFrame:
    frame = pd.read_csv(STUDY / f"{name}.csv", encoding="utf-8-sig")
    return gpd.GeoDataFrame(
        frame, geometry=gpd.points_from_xy(frame["经度"], frame["纬度"], crs=4326)
    ).to_crs(CRS)


@pytest.fixture(scope="module")
def facilities() -> gpd.GeoDataFrame:
    return table("facilities")


@pytest.fixture(scope="module")
def residents() -> gpd.GeoDataFrame:
    return table("residents")


@pytest.fixture(scope="module")
def walkable(layer) -> gpd.GeoDataFrame:
    streets = layer("streets")
    return streets[streets["walkable"] == "yes"]


@pytest.fixture(scope="module")
def existing(walkable) -> gpd.GeoDataFrame:
    return walkable[walkable["status"] == "existing"]


def only(frame: gpd.GeoDataFrame, name: str) -> shapely.Geometry:
    return frame.loc[frame["name"] == name].union_all()


# ---- the files -------------------------------------------------------------------------------------


def test_generator_writes_the_committed_bytes(tmp_path):
    if (STUDY / "circles.geojson").exists():  # drawn by the package; its number is reconciled
        shutil.copy(STUDY / "circles.geojson", tmp_path)
    write(build(), tmp_path)
    made = {path.name for path in tmp_path.iterdir()}
    assert made | KEPT_BY_HAND == {path.name for path in STUDY.iterdir()} | KEPT_BY_HAND
    different = [
        name for name in sorted(made) if (tmp_path / name).read_bytes() != (STUDY / name).read_bytes()
    ]
    assert different == []


def test_study_is_read_and_says_that_it_is_synthetic():
    study = read_study(STUDY)
    assert study.synthetic
    assert study.name == "浦锦街道"
    assert study.data_date == "2023-06-30"
    assert study.crs.to_epsg() == CRS
    assert all(spec.path.is_file() for spec in study.layers.values())
    placed = {name for name, spec in study.layers.items() if spec.datum == "wgs84"}
    assert placed == {path.stem for path in STUDY.glob("*.geojson")} | {"facilities", "residents", "spaces"}
    assert set(study.layers) - placed == set(REGISTERS)


def test_files_open_in_excel_and_stay_small():
    for path in STUDY.glob("*.csv"):
        assert path.read_bytes().startswith(b"\xef\xbb\xbf"), path.name
        with path.open(encoding="utf-8-sig", newline="") as handle:
            widths = {len(row) for row in csv.reader(handle)}
        assert len(widths) == 1, path.name
    assert sum(path.stat().st_size for path in STUDY.iterdir()) < 5e6


def test_every_row_says_how_well_its_place_is_known(facilities, residents, layer):
    assert set(facilities["位置"]) == {"已知", "推算", "示意"}
    assert set(facilities.loc[facilities["位置"] == "已知", "设施类型"]) == {"轨道交通站"}
    assert set(residents["位置"]) == {"示意"}
    assert set(layer("streets")["position"]) == {"示意"}


# ---- totals of the report --------------------------------------------------------------------------


def test_545_existing_functions_inside_the_boundary(facilities, layer):
    outline = layer("boundary").union_all()
    inside = facilities[(facilities["状态"] == "现状") & facilities.within(outline)]
    assert len(inside) == 545
    assert inside["五宜"].nunique() == 5
    assert inside["设施类型"].nunique() > 45
    assert not facilities.duplicated(["场所编号", "设施类型"]).any()


def test_several_functions_share_one_place(facilities):
    per_site = facilities.groupby("场所编号").agg(rows=("设施类型", "size"), places=("geometry", "nunique"))
    assert (per_site["places"] == 1).all()
    assert (per_site["rows"] >= 5).sum() >= 5


def test_outside_the_boundary_only_neighbours(facilities, layer):
    outline, extent = layer("boundary").union_all(), layer("extent").union_all()
    neighbour = facilities["场所编号"].str.match("PJ-|SL-")
    assert facilities.within(extent).all()
    assert not facilities[neighbour].within(outline).any()
    away = facilities[~neighbour & ~facilities.within(outline)]
    assert set(away["设施类型"]) <= {"轨道交通站"}  # stations lie on the boundary, known to about 50 m
    assert (away.distance(outline) < 60).all()
    assert neighbour.sum() > 80


def test_types_are_known_to_the_catalogue_and_agree_with_it(facilities):
    catalogue = read_catalogue("shanghai", folder=STUDY).set_index("facility_type")
    names = type_lookup(catalogue.reset_index())
    known = facilities["设施类型"].map(lambda name: names.get(normalise(name)))
    assert known.notna().all()
    zh = {"livable": "宜居", "workable": "宜业", "leisure": "宜游", "learning": "宜学", "caring": "宜养"}
    assert (known.map(catalogue["suitability"]).map(zh) == facilities["五宜"]).all()


def test_denser_in_the_north_east_than_in_the_villages(facilities, layer):
    committees = layer("committees")
    own = facilities[(facilities["状态"] == "现状") & ~facilities["场所编号"].str.match("PJ-|SL-")]
    joined = own.sjoin(committees, predicate="within")
    density = joined.groupby("kind").size() / (committees.dissolve("kind").area / 1e6)
    assert density["residential"] > 5 * density["village"]
    per_committee = joined.groupby("committee_id").size()
    assert per_committee.reindex(committees["committee_id"]).min() >= 4


def test_people(residents, layer):
    ages = ["0-3岁", "3-6岁", "6-11岁", "11-15岁", "16-59岁", "60岁及以上"]
    assert residents["常住人口"].sum() == 115_000
    assert 400 <= len(residents) <= 700
    assert residents["居民点编号"].is_unique
    assert (residents[[*ages, "80岁及以上", "常住人口"]] >= 0).all(axis=None)
    missing = residents["常住人口"] - residents[ages].sum(axis=1)  # those aged 15
    assert (missing >= 0).all()
    assert missing.sum() < 0.02 * 115_000
    assert (residents["80岁及以上"] <= residents["60岁及以上"]).all()
    share = residents.groupby("城乡")["60岁及以上"].sum() / residents.groupby("城乡")["常住人口"].sum()
    assert 0.2 < share["城镇"] < 0.3 < share["乡村"] < 0.4
    own = residents.sjoin(layer("committees"), predicate="within")
    assert len(own) == len(residents)
    assert (own["居村委编号"] == own["committee_id"]).all()


def test_idle_spaces(layer):
    spaces = table("spaces")
    assert len(spaces) == 43
    assert spaces["面积"].sum() == 26_000
    assert spaces["面积"].min() > 0
    homes = layer("residential_land").union_all()
    assert (spaces.distance(homes) < 50).all()


def figures(layer, facilities: pd.DataFrame, residents: pd.DataFrame) -> dict[str, float]:
    """Recompute the reconciliation from the layers alone."""
    inside = facilities[(facilities["状态"] == "现状") & facilities.within(layer("boundary").union_all())]
    kinds = layer("committees")["kind"].value_counts()
    ledger = pd.read_csv(STUDY / "ledger.csv", encoding="utf-8-sig", keep_default_na=False)
    new_parks = ledger[(ledger["类型"] == "口袋公园") & ledger["报告原句"].str.contains("3个口袋公园")]
    circles = STUDY / "circles.geojson"
    spaces = table("spaces")
    return {
        "“五宜”设施点 (处)": len(inside),
        "社区生活圈 (个)": len(layer("circles")) if circles.exists() else 0,
        "居村 (个)": len(layer("committees")),
        "居委会 (个)": kinds["residential"],
        "村 (个)": kinds["village"],
        "远程帮办服务点 (处)": (inside["设施类型"] == "居村远程帮办服务点").sum(),
        "方案编制中的党群服务站 (家)": (
            (facilities["设施类型"] == "党群服务站") & (facilities["状态"] == "规划")
        ).sum(),
        "平安屋 (个)": ((inside["设施类型"] == "平安屋") & (inside["来源"] == "合成")).sum(),
        "新建口袋公园 (个)": inside["设施名称"].isin(new_parks["名称"]).sum(),
        "回购闲置资产 (处)": len(spaces),
        "回购闲置资产 (平方米)": spaces["面积"].sum(),
        "常住人口 (人)": residents["常住人口"].sum(),
        "面积 (平方公里)": round(layer("boundary").area.sum() / 1e6, 2),
    }


def test_reconciliation_agrees_with_the_layers(layer, facilities, residents):
    written = pd.read_csv(STUDY / "reconciliation.csv", encoding="utf-8-sig").set_index("项目")
    recomputed = pd.Series(figures(layer, facilities, residents), dtype=float)
    assert written["本研究数字"].to_dict() == recomputed.to_dict()
    assert np.allclose(written["差额"], written["本研究数字"] - written["报告数字"])
    said = written["报告数字"].to_dict()
    assert (said["“五宜”设施点 (处)"], said["社区生活圈 (个)"], said["居村 (个)"]) == (545, 12, 32)
    settled = written.drop(["社区生活圈 (个)", "面积 (平方公里)"])
    assert (settled["差额"] == 0).all()


# ---- the ledger ------------------------------------------------------------------------------------


def test_ledger_names_rows_that_exist_with_the_same_status(facilities, layer):
    ledger = pd.read_csv(STUDY / "ledger.csv", encoding="utf-8-sig", keep_default_na=False)
    catalogue = read_catalogue("shanghai", folder=STUDY)
    names = type_lookup(catalogue)
    ids = facilities["场所编号"] + "/" + facilities["设施类型"].map(lambda name: names[normalise(name)])
    status = dict(zip(ids, facilities["状态"], strict=True))
    outline = layer("boundary").union_all()
    counted = set(ids[(facilities["状态"] == "现状") & facilities.within(outline)])
    for row in ledger.itertuples():
        listed = [i for i in row.设施编号.split(";") if i]
        assert {status[i] for i in listed} <= {row.状态}, row.名称
        assert (row.计入545 == "是") == (bool(listed) and set(listed) <= counted), row.名称
        assert row.报告原句
    planned = set(ids[facilities["状态"] != "现状"])
    assert planned == {
        i for row in ledger.itertuples() if row.状态 != "现状" for i in row.设施编号.split(";") if i
    }
    assert ledger.set_index("名称")["数量"][["居村远程帮办服务点", "平安屋"]].tolist() == [32, 23]


def test_places_with_a_catalogue_type_have_rows():
    ledger = pd.read_csv(STUDY / "ledger.csv", encoding="utf-8-sig", keep_default_na=False)
    assert ((ledger["类型编号"] != "") == (ledger["设施编号"] != "")).all()


# ---- the ground ------------------------------------------------------------------------------------


def test_committees_tile_the_land(layer):
    committees = layer("committees")
    river = only(layer("water"), "黄浦江")
    land = layer("boundary").union_all().difference(river)
    assert len(committees) == 32
    assert committees["name"].is_unique
    assert set(committees.geom_type) == {"Polygon"}  # one piece each
    assert committees.union_all().symmetric_difference(land).area < 1e-4 * land.area
    pairs = committees.sindex.query(committees.geometry, predicate="overlaps").T
    overlap = sum(
        committees.geometry.iloc[i].intersection(committees.geometry.iloc[j]).area for i, j in pairs if i < j
    )
    assert overlap < 1


def test_shared_borders_have_the_same_vertices(layer):
    """Where two committees touch, each vertex of one on the border is a vertex of the other."""
    shapes = layer("committees").geometry.to_numpy()
    vertices = [shapely.MultiPoint(shapely.get_coordinates(shape)) for shape in shapes]
    for a, b in shapely.STRtree(shapes).query(shapes, predicate="touches").T:
        near = [p for p in vertices[a].geoms if p.distance(shapes[b].boundary) < 0.001]
        assert all(p.distance(vertices[b]) < 0.001 for p in near)


def test_known_places(facilities, layer):
    to_metres = Transformer.from_crs(4326, CRS, always_xy=True)
    stations = facilities[facilities["设施类型"] == "轨道交通站"].set_index("设施名称")
    assert list(stations.index) == ["芦恒路站", "浦江镇站", "江月路站", "联航路站", "沈杜公路站"]
    at = Point(to_metres.transform(121.5042, 31.0864))
    assert stations.geometry["江月路站"].distance(at) < 0.2
    highway = only(layer("streets"), "浦星公路")
    assert (stations.distance(highway) < 60).all()
    roads = {
        name: only(layer("streets"), name)
        for name in ("浦秀路", "江柳路", "北江桐路", "江月路", "塘浦路", "芦恒路")
    }
    for station, road in (("江月路站", "江月路"), ("芦恒路站", "芦恒路")):
        assert stations.geometry[station].distance(roads[road]) < 80
    green = layer("green").set_index("name").geometry
    lake = only(layer("water"), "江月湖")
    assert green["陈行公园"].area == pytest.approx(39_000, rel=0.002)
    assert green["陈行公园"].centroid.y < lake.bounds[1]
    assert green["陈行公园"].centroid.x < highway.interpolate(highway.project(green["陈行公园"].centroid)).x
    garden = green["悠乐园"]
    assert garden.area == pytest.approx(5_179.47, rel=0.002)
    assert garden.bounds[0] > roads["浦秀路"].interpolate(roads["浦秀路"].project(garden.centroid)).x
    assert roads["北江桐路"].bounds[3] < garden.bounds[1]
    assert garden.bounds[3] < roads["江柳路"].bounds[1] + 80
    committees = layer("committees").set_index("name").geometry
    assert committees["勤俭村村委会"].distance(Point(to_metres.transform(121.496, 31.076))) < 300
    corner = shapely.shortest_line(roads["塘浦路"], roads["芦恒路"]).centroid
    assert (
        committees["芦胜村村委会"].contains(corner.buffer(1))
        or committees["芦胜村村委会"].distance(corner) < 30
    )
    assert committees["丰收村村委会"].bounds[1] == min(shape.bounds[1] for shape in committees)


def crossing_order(streets: gpd.GeoDataFrame, names: list[str], along: str, axis: int) -> list[float]:
    road = only(streets, along)
    ends = [shapely.shortest_line(road, only(streets, name)) for name in names]
    assert all(line.length < 80 for line in ends), dict(
        zip(names, (round(e.length) for e in ends), strict=True)
    )
    return [line.coords[0][axis] for line in ends]


def test_named_roads_stand_in_their_order(layer):
    streets = layer("streets")
    down = [
        "芦恒路",
        "懿行路",
        "立跃路",
        "陈行公路",
        "江桦路",
        "江柳路",
        "北江桐路",
        "江月路",
        "北江燕路",
        "南江燕路",
        "联航路",
    ]
    down += ["江园路", "江汉路", "沈杜公路"]
    northing = crossing_order(streets, down, "浦星公路", 1)
    assert northing == sorted(northing, reverse=True)
    across = crossing_order(
        streets,
        ["浦业路", "三彩路", "鲁陈路", "浦锦路", "浦秀路", "浦驰路", "浦申路", "浦星公路"],
        "江月路",
        0,
    )
    assert across == sorted(across)
    north = crossing_order(streets, ["塘浦路", "林浦南路", "浦锦路", "浦瑞路", "浦星公路"], "立跃路", 0)
    assert north == sorted(north)
    south = crossing_order(
        streets, ["浦业路", "三彩路", "鲁陈路", "浦锦路", "浦驰南路", "浦星公路"], "沈杜公路", 0
    )
    assert south == sorted(south)


def test_named_waters(layer):
    water = layer("water")
    named = {"黄浦江", "周浦塘", "芦胜河", "新浦河", "近浦河", "姚家浜", "丰收河", "江月湖"}
    assert named <= set(water["name"])
    inside = only(water, "黄浦江").intersection(layer("boundary").union_all())
    width = inside.area / (inside.length / 2)
    assert 150 < width < 260  # half of the river


# ---- the walking network ---------------------------------------------------------------------------


def graph_of(lines: gpd.GeoDataFrame) -> nx.Graph:
    graph = nx.Graph()
    for line in lines.geometry:
        a, b = (tuple(np.round(line.coords[i], 3)) for i in (0, -1))
        graph.add_edge(a, b, length=line.length)
    return graph


def components(lines: gpd.GeoDataFrame) -> list[tuple[float, set]]:
    graph = graph_of(lines)
    found = [
        (sum(d for *_, d in graph.subgraph(part).edges(data="length")), part)
        for part in nx.connected_components(graph)
    ]
    return sorted(found, key=lambda item: -item[0])


def test_nobody_walks_over_the_huangpu(layer, walkable):
    streets = layer("streets")
    river = only(layer("water"), "黄浦江").buffer(-0.2)
    assert not walkable.intersects(river).any()
    over = streets[streets.intersects(river)]
    assert set(over["name"]) == {"银都路越江隧道"}
    assert set(over["walkable"]) == {"no"}
    assert set(over["structure"]) == {"tunnel"}


def test_canals_are_crossed_on_bridges_only(layer, walkable):
    canals = layer("water").loc[lambda w: w["name"] != "黄浦江"].union_all().buffer(-0.3)
    plain = walkable[walkable["structure"] != "bridge"]
    assert not plain.intersects(canals).any()
    bridges = walkable[walkable["structure"] == "bridge"]
    assert 25 < len(bridges) < 80
    assert bridges.intersects(canals).all()
    assert (bridges.length < 120).all()


def test_estate_paths_pass_the_wall_at_gates_only(layer, walkable):
    barriers = layer("barriers")
    walls = barriers[barriers["kind"] == "wall"].union_all()
    inner = walkable[walkable["kind"] == "estate_path"]
    assert not inner.intersects(walls).any()
    assert len(barriers[barriers["kind"] == "wall"]) > 100


def test_expressway_has_few_crossings(layer, walkable):
    barriers = layer("barriers")
    s20 = only(barriers[barriers["kind"] == "expressway"], "S20 外环高速")
    crossing = walkable[walkable.crosses(s20)]
    assert 2 <= len(crossing) <= 6
    assert set(crossing["kind"]) <= {"arterial", "collector"}


def test_streets_leave_the_extent_at_its_edge(layer, existing):
    extent = layer("extent").union_all()
    leaving = existing[existing.crosses(extent.exterior)]
    assert len(leaving) > 60
    assert {"浦星公路", "浦锦路", "芦恒路", "陈行公路", "江月路", "联航路", "沈杜公路"} <= set(
        leaving["name"]
    )


def test_one_main_network_and_two_estates_cut_off(layer, existing, walkable):
    parts = components(existing)
    total = sum(length for length, _ in parts)
    river = only(layer("water"), "黄浦江").centroid
    assert parts[0][0] > 0.8 * total
    assert len(parts) == 4  # this bank, the other bank, and two estates whose gates are being built
    other_bank, *estates = parts[1:]
    assert max(x for x, _ in other_bank[1]) < river.x + 900
    assert all(250 < length < 1200 for length, _ in estates)
    assert len(components(walkable)) == 2  # with what is under construction and planned


def test_lines_meet_at_ends_only_and_no_end_dangles_beside_a_line(existing):
    """No two walkable lines cross without a shared end, and no end lies within 0.5 m of a line that is not its own."""
    lines = existing.geometry.to_numpy()
    tree = shapely.STRtree(lines)
    crossing, _ = tree.query(lines, predicate="crosses")
    assert len(crossing) == 0
    ends = {tuple(line.coords[i]) for line in lines for i in (0, -1)}
    points = shapely.points(np.array(sorted(ends)))
    p, k = tree.query(points, predicate="dwithin", distance=0.5)
    own = [shapely.distance(points[i], shapely.get_point(lines[j], 0)) < 1e-3
           or shapely.distance(points[i], shapely.get_point(lines[j], -1)) < 1e-3 for i, j in zip(p, k, strict=True)]  # fmt: skip
    assert all(own)


def test_facilities_and_people_are_near_a_street(facilities, residents, existing, layer):
    streets = existing.union_all()
    water = layer("water").union_all()
    assert (facilities.distance(streets) < 150).all()
    assert (residents.distance(streets) < 60).all()
    assert not facilities.intersects(water).any()
    assert not residents.intersects(water).any()


def test_planned_roads_of_the_report(layer):
    streets = layer("streets")
    later = streets[streets["status"] != "existing"].groupby("name")["status"].unique().map(list).to_dict()
    named = {name: status for name, status in later.items() if name}
    assert named == {
        "立跃路南线": ["planned"],
        "芦恒路": ["under_construction"],
        "浦业路": ["under_construction"],
        "银都路越江隧道": ["under_construction"],
    }


def test_number_of_street_features(layer):
    assert 3_000 <= len(layer("streets")) <= 6_000
    assert set(layer("streets").geom_type) == {"LineString"}
    kinds = Counter(layer("streets")["kind"])
    assert set(kinds) == {
        "arterial",
        "collector",
        "local",
        "village_lane",
        "riverside",
        "path",
        "estate_path",
    }


# ---- the tools -------------------------------------------------------------------------------------


def test_dice_do_not_depend_on_each_other():
    first = [Dice("a").between(0, 1), Dice("b").between(0, 1)]
    assert first == [Dice("a").between(0, 1), Dice("b").between(0, 1)]
    assert first[0] != first[1]
    assert sorted(Dice("c").shuffled(range(20))) == list(range(20))


@pytest.mark.parametrize(("total", "weights"), [(115_000, [3.3, 1.7, 9.1]), (7, [1] * 12), (0, [1, 2])])
def test_shares_add_up(total, weights):
    parts = share_out(total, weights)
    assert sum(parts) == total
    assert all(abs(p - total * w / sum(weights)) < 1 for p, w in zip(parts, weights, strict=True))


def test_readme_names_what_is_invented():
    text = (STUDY / "README.md").read_text(encoding="utf-8")
    for word in ("合成数据", "示意", "不是法定界线", "python -m geodata.generator", "浦江村"):
        assert word in text
    settings = tomllib.loads((STUDY / "study.toml").read_text(encoding="utf-8"))
    assert settings["synthetic"] is True
    features = json.loads((STUDY / "committees.geojson").read_text(encoding="utf-8"))["features"]
    ninth = next(f["properties"] for f in features if f["properties"]["name"].startswith("浦江村"))
    assert re.search("存疑|请核实", ninth["note"])
