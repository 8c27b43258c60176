"""The page that answers: its walks and verdicts against Python's, what-if against a full recompute, its behaviour."""

import base64
import json
import re
import tempfile
from collections.abc import Iterator
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

import geopandas as gpd
import numpy as np
import pandas as pd
import pytest
import shapely
from browser import Visit, chromium, drawn_pixels, visit
from maps_world import PAYLOADS, X0, Y0, inputs, layer, results, study
from playwright.sync_api import Browser, Page
from pyproj import Transformer
from shapely import LineString, Point, box

from pujin_geo.analysis import analyse
from pujin_geo.circles import circle_of
from pujin_geo.coverage.sums import coverage, judged_people
from pujin_geo.definitions import DEFINITIONS
from pujin_geo.inputs import Inputs
from pujin_geo.maps.ask import ask_data, ask_map, asked_types, projection
from pujin_geo.maps.coverage import VERDICTS
from pujin_geo.maps.offline import asset
from pujin_geo.maps.shared import Shared
from pujin_geo.results import Results
from pujin_geo.sources.reading import read_inputs
from pujin_geo.study import Settings, read_study
from pujin_geo.walking.network import Network
from pujin_geo.walking.verdicts import demand_points, judge, judged_types, people_served, place

PUJIN = Path(__file__).parents[1] / "geodata" / "pujin"
AGREED_M = 0.1
MAP = 'Object.entries(window).find(([k, v]) => k.startsWith("map_") && v && v.pujin)[1]'

pytestmark = pytest.mark.browser


@pytest.fixture(scope="module")
def browser() -> Iterator[Browser]:
    with chromium() as running:
        yield running


@pytest.fixture(scope="module")
def town() -> Results:
    return results()


@pytest.fixture(scope="module")
def pujin() -> Results:
    return analyse(read_inputs(read_study(PUJIN)))


@pytest.fixture(scope="module")
def open_pujin(browser: Browser, pujin: Results) -> Iterator[Visit]:
    """One page of the shipped study for all tests that only compute."""
    with (
        tempfile.TemporaryDirectory() as folder,
        visit(browser, ask_map(pujin).html(), Path(folder)) as seen,
    ):
        yield seen
        assert seen.faults == []


def crowded() -> Inputs:
    """Return a study with every cause: islands, places on no street, polygons, gates, streets that leave the data."""
    given = inputs()
    facilities, streets, residents = given.facilities.copy(), given.streets, given.residents
    every_third = np.arange(len(facilities)) % 3 == 0
    facilities.geometry = facilities.geometry.where(~every_third, facilities.buffer(7))
    at_cell = [
        Point(X0 + 100, Y0 + 100),
        Point(X0 + 304, Y0 + 284),
    ]
    more = residents.iloc[:2].assign(demand_id=["far", "island"], geometry=at_cell)
    cut_off = streets.iloc[:1].assign(geometry=[LineString([(X0 + 290, Y0 + 275), (X0 + 310, Y0 + 285)])])
    lonely = facilities.iloc[[0, 7]].assign(
        site_id=["z1", "z2"], geometry=[Point(X0 + 291, Y0 + 274), Point(X0 + 900, Y0 + 900)]
    )
    lonely["facility_id"] = lonely["site_id"] + "/" + lonely["facility_type"]
    gates = [
        {"geometry": Point(X0 + x, Y0 + y), "site_id": site}
        for site, x, y in (("s000", 30, 40), ("s000", 230, 13), ("t040", 500, 201))
    ]
    outline = given.boundary.geometry.iloc[0]
    return replace(
        given,
        study=study(settings=Settings(max_snap_m=85.0)),
        facilities=gpd.GeoDataFrame(pd.concat([facilities, lonely], ignore_index=True)),
        streets=gpd.GeoDataFrame(pd.concat([streets, cut_off], ignore_index=True)),
        residents=gpd.GeoDataFrame(pd.concat([residents, more], ignore_index=True)),
        entrances=layer("entrances", gates),
        extent=layer("extent", [{"geometry": outline.union(box(X0, Y0, X0 + 1500, Y0 + 1350))}]),
        circles=layer(
            "circles",
            [
                {"geometry": box(X0, Y0, X0 + 600, Y0 + 1200), "circle_id": "LC1", "name": "西圈"},
                {"geometry": box(X0 + 600, Y0, X0 + 1100, Y0 + 1200), "circle_id": "LC2", "name": ""},
            ],
        ),
    )


@pytest.fixture(scope="module")
def hard() -> Results:
    return analyse(crowded())


@dataclass(frozen=True)
class Known:
    """What positions in the page stand for: types, judged demand points, rows of the facilities layer, the origin."""

    type_ids: list[str]
    demand_ids: list[str]
    facility_rows: list[int]
    origin: np.ndarray


def known(result: Results) -> Known:
    data, given = ask_data(Shared(result), asked_types(Shared(result))), result.inputs
    type_ids = [one["id"] for one in data["types"]]
    residents = result.tables["residents"]
    counting = given.facilities["status"].eq("existing") & given.facilities["facility_type"].isin(type_ids)
    counting &= given.facilities.intersects(given.extent.union_all())
    first_mm = np.frombuffer(base64.b64decode(data["network"]["xyMm"]), dtype="<i4")[:2]
    return Known(
        type_ids,
        residents.loc[residents["inside_boundary"], "demand_id"].tolist(),
        np.flatnonzero(counting).tolist(),
        np.round(shapely.get_coordinates(result.network.edge_geometry[:1])[0] - first_mm / 1000),
    )


def in_page(page: Page, body: str, *given: Any) -> Any:
    """Run statements with the page's state as `state`, its data as `world`, and `given`."""
    return page.evaluate(
        f"(given) => {{ const map = {MAP}; const state = map.pujin; const world = state.world; {body} }}",
        given,
    )


def judged_in_page(page: Page, changes: list[dict[str, Any]], types: list[int] | None = None) -> list[Any]:
    return in_page(
        page,
        """const [changes, types] = given;
        const facilities = scenario.after(world, changes);
        return (types || world.types.map((_, i) => i)).map((type) => {
            const found = scenario.judge(world, facilities, type);
            return { type, walk: [...found.walk], verdict: found.verdict, cause: found.cause,
                     sums: scenario.sums(world, type, found.verdict) };
        });""",
        changes,
        types,
    )


def differences(found: list[Any], distances: pd.DataFrame, of: Known) -> pd.DataFrame:
    """Return one row per row of `distances`: both walks, verdicts and causes."""
    pages = []
    for one in found:
        frame = pd.DataFrame(
            {
                "demand_id": of.demand_ids,
                "walk": one["walk"],
                "page_verdict": one["verdict"],
                "page_cause": one["cause"],
            }
        )
        pages.append(frame.assign(facility_type=of.type_ids[one["type"]]))
    page = pd.concat(pages)
    both = distances.merge(page[page["page_verdict"] != ""], on=["demand_id", "facility_type"], how="outer")
    walk_m = both["walk_m"].fillna(np.inf)
    same = walk_m == both["walk"]  # two infinite walks too
    return both.assign(apart_m=np.where(same, 0.0, (walk_m - both["walk"]).abs()))


def assert_agrees(both: pd.DataFrame) -> None:
    assert both["verdict"].notna().all() and both["page_verdict"].notna().all()
    assert both["apart_m"].max() <= AGREED_M
    near = (both["walk_m"] - both["threshold_m"]).abs() <= AGREED_M
    assert (near | (both["verdict"] == both["page_verdict"])).all()
    assert (near | (both["cause"] == both["page_cause"])).all()


# The numbers


def test_every_walk_and_verdict_of_the_shipped_study_is_pythons(open_pujin: Visit, pujin: Results) -> None:
    found = judged_in_page(open_pujin.page, [])
    of = known(pujin)
    both = differences(found, pujin.tables["distances"], of)
    assert len(both) == len(pujin.tables["distances"]) > 19_000
    assert_agrees(both)
    assert both["apart_m"].max() == 0  # lengths are exact: to the last printed digit
    totals = pujin.tables["coverage"].query("scope == 'all'")
    for one in found:
        of_type = totals[totals["facility_type"] == of.type_ids[one["type"]]]
        assert [s["people"] for s in one["sums"]] == pytest.approx(of_type["people"].tolist(), abs=1e-6)
        assert [s["met"] for s in one["sums"]] == pytest.approx(of_type["people_met"].tolist(), abs=1e-6)


def test_every_cause_is_found_as_in_python(browser: Browser, hard: Results, tmp_path: Path) -> None:
    with visit(browser, ask_map(hard).html(), tmp_path) as seen:
        found = judged_in_page(seen.page, [])
        both = differences(found, hard.tables["distances"], known(hard))
        assert_agrees(both)
        assert set(both["page_cause"]) == {
            "", "unsnapped", "island", "facility_off_network", "data_edge", "no_facility", "detour", "too_far",
        }  # fmt: skip
        assert seen.faults == []


def test_a_street_one_metre_longer_is_noticed(browser: Browser, hard: Results, tmp_path: Path) -> None:
    """The negative control of the two tests above."""
    longer = replace(hard.network, edge_length_m=hard.network.edge_length_m + 1.0)
    with visit(browser, ask_map(replace(hard, network=longer)).html(), tmp_path) as seen:
        both = differences(judged_in_page(seen.page, []), hard.tables["distances"], known(hard))
        with pytest.raises(AssertionError):
            assert_agrees(both)


def recomputed(given: Inputs, network: Network, facility_type: str) -> tuple[pd.DataFrame, pd.DataFrame]:
    """Return the distances and coverage tables of one type, measured from nothing by Python."""
    types, _ = judged_types(given)
    types = types[types["facility_type"] == facility_type].reset_index(drop=True)
    placed = place(given, network, include_planned=False)
    distances = judge(network, placed, types)
    demand = placed.demand.assign(circle_id=circle_of(demand_points(placed.demand), given.circles))
    people, basis = people_served(placed.demand, types)
    judged = judged_people(distances, demand, people)
    return distances, coverage(judged, types, basis, given.circles["circle_id"].tolist())


def changed_inputs(given: Inputs, of: Known, change: dict[str, Any]) -> Inputs:
    """Do to the facilities layer what a change of the page does."""
    facilities = given.facilities
    if change["kind"] == "add":
        row = facilities.iloc[[0]].assign(
            facility_type=change["type_id"], site_id="new", facility_id=f"new/{change['type_id']}", status="existing",
            geometry=[Point(of.origin[0] + change["x"], of.origin[1] + change["y"])],
        )  # fmt: skip
        return replace(given, facilities=pd.concat([facilities, row], ignore_index=True))
    at = of.facility_rows[change["key"]]
    if change["kind"] == "remove":
        return replace(given, facilities=facilities.drop(index=at).reset_index(drop=True))
    moved = facilities.copy()
    moved.loc[at, "geometry"] = Point(of.origin[0] + change["x"], of.origin[1] + change["y"])
    moved.loc[at, "site_id"] = "moved"  # its gates stay behind
    return replace(given, facilities=moved)


def sample_changes(result: Results, of: Known, count: int) -> list[dict[str, Any]]:
    """Return adds, moves and removals at places drawn by lot inside the boundary."""
    lot = np.random.default_rng(7)
    types, counting = of.type_ids, result.inputs.facilities.iloc[of.facility_rows]
    west, south, east, north = result.inputs.boundary.total_bounds
    changes = []
    for i in range(count):
        x, y = lot.uniform([west, south], [east, north]) - of.origin
        if i % 3 == 0:
            type_id = types[int(lot.integers(len(types)))]
            changes.append({"kind": "add", "type": types.index(type_id), "type_id": type_id, "x": x, "y": y})
            continue
        key = int(lot.integers(len(counting)))
        type_id = counting["facility_type"].iat[key]
        kind = "move" if i % 3 == 1 else "remove"
        changes.append(
            {"kind": kind, "key": key, "type": types.index(type_id), "type_id": type_id, "x": x, "y": y}
        )
    return changes


@pytest.mark.parametrize("which", ["pujin", "hard"])
def test_a_change_has_the_effect_of_a_full_recompute(
    which: str, browser: Browser, request: pytest.FixtureRequest, tmp_path: Path
) -> None:
    result: Results = request.getfixturevalue(which)
    of = known(result)
    with visit(browser, ask_map(result).html(), tmp_path) as seen:
        assert in_page(seen.page, "return world.facilities.length;") == len(of.facility_rows)
        changed = 0
        for change in sample_changes(result, of, 15):
            after, sums = recomputed(
                changed_inputs(result.inputs, of, change), result.network, change["type_id"]
            )
            found = judged_in_page(seen.page, [change], [change["type"]])
            both = differences(found, after, of)
            assert_agrees(both)
            totals = sums[sums["scope"] == "all"]
            assert [s["met"] for s in found[0]["sums"]] == pytest.approx(
                totals["people_met"].tolist(), abs=1e-6
            )
            before = result.tables["distances"].query("facility_type == @change['type_id']")
            changed += (before["verdict"].to_numpy() != after["verdict"].to_numpy()).sum()
        assert changed > 20  # the sample does change verdicts
        assert seen.faults == []


def test_a_clicked_place_is_answered_like_a_demand_point_there(open_pujin: Visit, pujin: Results) -> None:
    """Snapping, straight lines, the way out of the data and the order of verdicts, all done by the page."""
    of = known(pujin)
    answers = in_page(
        open_pujin.page,
        """return given[0].map((i) => {
            const { x, y, rural } = world.demand[i];
            const { rows } = scenario.ask(world, world.facilities, { ...scenario.place(world, x, y), rural });
            return rows.map((row) => ({ walk: row.walk, straight: row.straight, verdict: row.verdict || "", cause: row.cause || "" }));
        });""",
        list(range(0, len(of.demand_ids), 20)),
    )
    table = pujin.tables["distances"].set_index(["demand_id", "facility_type"])
    compared = 0
    for demand_id, rows in zip(of.demand_ids[::20], answers, strict=True):
        for type_id, row in zip(of.type_ids, rows, strict=True):
            if not row["verdict"]:
                assert (demand_id, type_id) not in table.index
                continue
            expected = table.loc[(demand_id, type_id)]
            if np.isfinite(row["walk"]):
                assert row["walk"] == pytest.approx(expected["walk_m"], abs=AGREED_M)
            if np.isfinite(row["straight"]):
                assert row["straight"] == pytest.approx(expected["straight_m"], abs=AGREED_M)
            assert (row["verdict"], row["cause"]) == (expected["verdict"], expected["cause"])
            compared += 1
    assert compared > 900


@pytest.mark.parametrize("which", ["pujin", "hard"])
def test_a_drawn_route_is_as_long_as_its_walk_and_stays_on_the_streets(
    which: str, browser: Browser, request: pytest.FixtureRequest, tmp_path: Path
) -> None:
    result: Results = request.getfixturevalue(which)
    with visit(browser, ask_map(result).html(), tmp_path) as seen:
        lines = in_page(
            seen.page,
            """return world.demand.filter((one, i) => one.way && i % given[0] === 0).flatMap((place) => {
                const { rows, found } = scenario.ask(world, world.facilities, place);
                return rows.filter((row) => row.facility).map((row) => (
                    [row.walk, scenario.route(world, place, found, row)]));
            });""",
            211 if which == "pujin" else 9,
        )
    assert len(lines) > 100
    origin = known(result).origin
    for walk, points in lines:
        assert LineString(points).length == pytest.approx(walk, abs=AGREED_M)
        on_street = LineString(points[1:-1]).segmentize(20) if len(points) > 3 else Point(points[1])
        places = shapely.points(shapely.get_coordinates(on_street) + origin)
        found, _ = result.network.edge_tree.query(places, predicate="dwithin", distance=0.01)
        assert len(np.unique(found)) == len(places)


def test_degrees_and_metres_follow_the_projection_to_a_millimetre(pujin: Results) -> None:
    west, south, east, north = pujin.inputs.streets.total_bounds
    there, back = projection((west, south, east, north), (west, south), pujin.network)
    xy = np.random.default_rng(3).uniform([west, south], [east, north], (500, 2))
    lonlat = np.column_stack(Transformer.from_crs(pujin.network.crs, 4326, always_xy=True).transform(*xy.T))
    assert np.abs(value_of(there, lonlat) - (xy - [west, south])).max() < 0.001
    assert np.abs(value_of(back, xy - [west, south]) - lonlat).max() < 1e-8


def value_of(polynomial: dict[str, Any], at: np.ndarray) -> np.ndarray:
    u, v = ((at - np.array(polynomial["centre"])) / np.array(polynomial["scale"])).T
    return np.column_stack([np.polynomial.polynomial.polyval2d(u, v, terms) for terms in polynomial["terms"]])


# The router by hand


@pytest.fixture(scope="module")
def router(browser: Browser) -> Iterator[Page]:
    """A blank page with the two pure scripts, and a graph of four edges.

    Nodes a(0,0) b(100,0) c(100,80) and, apart, d(500,0) e(500,60). Edges: 0 a-b straight; 1 a-b by way of
    (50,50); 2 b-c; 3 d-e.
    """
    page = browser.new_page()
    for name in ("router.js", "scenario.js"):
        page.add_script_tag(content=asset(name))
    page.evaluate(
        """() => {
            const pack = (values, Kind) => btoa(String.fromCharCode(...new Uint8Array(Kind.from(values).buffer)));
            globalThis.graph = walking.graph({
                nodes: 5, from: pack([0, 0, 1, 3], Int32Array), to: pack([1, 1, 2, 4], Int32Array),
                length: pack([100, 141.5, 80, 60], Float64Array), onMain: pack([1, 1, 1, 0], Uint8Array),
                vertices: pack([2, 3, 2, 2], Uint32Array),
                xyMm: pack([0, 0, 100, 0, 0, 0, 50, 50, 100, 0, 100, 0, 100, 80, 500, 0, 500, 60].map((v) => v * 1000), Int32Array),
            });
        }"""
    )
    yield page
    page.close()


def test_a_place_enters_the_nearest_street_at_its_nearest_place(router: Page) -> None:
    access = "([x, y, most]) => walking.access(graph, x, y, most)"
    assert router.evaluate(access, [30, -40, 150]) == {"edge": 0, "offset": 30, "span": 0, "leg": 40}
    assert router.evaluate(access, [30, -40, 40]) == {"edge": 0, "offset": 30, "span": 0, "leg": 40}
    assert router.evaluate(access, [30, -40, 39.999]) is None
    assert router.evaluate(access, [110, 90, 150])["offset"] == 80  # beyond an end: the end
    assert router.evaluate(access, [-3, -4, 150]) == {
        "edge": 0,
        "offset": 0,
        "span": 0,
        "leg": 5,
    }  # of a tie the first
    assert router.evaluate(access, [420, 30, 150]) == {"edge": 3, "offset": 30, "span": 0, "leg": 80}
    assert router.evaluate(access, [9_000, 9_000, 150]) is None
    far = router.evaluate(access, [-800, 0, 900])  # squares away
    assert (far["edge"], far["leg"]) == (0, 800)


def test_walks_by_either_end_along_one_edge_and_over_the_shorter_of_two(router: Page) -> None:
    walk = """([from, to]) => {
        const [origin, way] = [from, to].map(([edge, offset, span, leg]) => ({ edge, offset, span, leg }));
        const best = walking.nearestWay(graph, walking.search(graph, [origin]), origin, [way]);
        return [best && best.walk, walking.walks(graph, [origin], [way])[0]];
    }"""
    assert router.evaluate(walk, [[0, 30, 0, 5], [2, 50, 0, 10]]) == [135, 135]
    assert router.evaluate(walk, [[0, 30, 0, 0], [0, 90, 0, 2]]) == [62, 62]  # along the edge
    assert router.evaluate(walk, [[1, 10, 0, 0], [1, 131.5, 0, 0]]) == [120, 120]  # round by the other edge
    assert router.evaluate(walk, [[0, 30, 0, 0], [0, 50, 20, 0]]) == [20, 20]  # to the near end of a stretch
    assert router.evaluate(walk, [[0, 60, 0, 1], [0, 50, 20, 0]]) == [1, 1]  # out of the middle of it
    assert router.evaluate(walk, [[2, 10, 0, 0], [0, 50, 20, 0]]) == [40, 40]  # from its far side
    nowhere, infinite = router.evaluate(walk, [[0, 30, 0, 0], [3, 10, 0, 0]])
    assert nowhere is None
    assert infinite == float("inf")


def test_a_search_ends_at_its_limit(router: Page) -> None:
    walks = "(limit) => [...walking.search(graph, [{ edge: 0, offset: 0, span: 0, leg: 0 }], limit).walk]"
    inf = float("inf")
    assert router.evaluate(walks, 1000) == [0, 100, 180, inf, inf]
    assert router.evaluate(walks, 180) == [0, 100, 180, inf, inf]
    assert router.evaluate(walks, 179.9) == [0, 100, inf, inf, inf]


def test_a_route_takes_the_walk_s_streets(router: Page) -> None:
    route = """([from, to]) => {
        const [origin, way] = [from, to].map(([edge, offset, span, leg]) => ({ edge, offset, span, leg }));
        return walking.route(graph, walking.search(graph, [origin]), origin, way).map(([x, y]) => [x, y].map(Math.round));
    }"""
    assert router.evaluate(route, [[0, 30, 0, 5], [2, 50, 0, 10]]) == [[30, 0], [100, 0], [100, 0], [100, 50]]
    assert router.evaluate(route, [[0, 90, 0, 0], [0, 30, 0, 0]]) == [[90, 0], [30, 0]]
    assert router.evaluate(route, [[0, 60, 0, 0], [0, 50, 20, 0]]) == [[60, 0], [60, 0]]
    around = router.evaluate(route, [[1, 10, 0, 0], [1, 131.5, 0, 0]])
    assert [0, 0] in around and [100, 0] in around and [50, 50] not in around


def test_heap_gives_the_least_first_however_it_was_filled(router: Page) -> None:
    lot = np.random.default_rng(5)
    for _ in range(30):
        keys = lot.integers(0, 20, int(lot.integers(1, 60))).tolist()
        popped = router.evaluate(
            """(keys) => {
                const heap = walking.heap();
                keys.forEach((key, i) => heap.push(key, i));
                return keys.map(() => heap.pop()).map(([key, i]) => [key, keys[i]]);
            }""",
            keys,
        )
        assert popped == [[key, key] for key in sorted(keys)]


def test_straight_lines_to_polygons_with_holes(router: Page) -> None:
    shape = shapely.Polygon([(0, 0), (10, 0), (10, 10), (0, 10)], [[(4, 4), (6, 4), (6, 6), (4, 6)]])
    rings = [np.ravel(ring.coords).tolist() for ring in (shape.exterior, *shape.interiors)]
    for x, y in np.random.default_rng(2).uniform(-5, 15, (60, 2)).tolist():
        found = router.evaluate(
            "([rings, x, y]) => walking.straight(scenario.shape(rings), x, y)", [rings, x, y]
        )
        assert found == pytest.approx(shape.distance(Point(x, y)), abs=1e-9)
    assert router.evaluate("() => walking.straight(scenario.shape([[3, 4]]), 0, 0)") == 5


def test_millimetres_round_as_in_python(router: Page) -> None:
    values = (np.random.default_rng(1).integers(0, 2**33, 2_000) / 2**20).tolist()
    assert router.evaluate("(values) => values.map(walking.toMm)", values) == np.round(values, 3).tolist()


def test_a_leg_crosses_a_line_but_not_one_it_only_touches(router: Page) -> None:
    crosses = "([x, y]) => walking.crosses(0, 0, x, y, [5, -5, 5, 5, 5, 20])"
    assert router.evaluate(crosses, [10, 0])
    assert router.evaluate(crosses, [10, 20])
    assert not router.evaluate(crosses, [5, 0])
    assert not router.evaluate(crosses, [4, 0])
    assert not router.evaluate(crosses, [0, 30])


# The page


def click_at(page: Page, x: float, y: float) -> None:
    """Click the map at metres of the page."""
    at = in_page(
        page,
        """const at = map.latLngToContainerPoint(state.view.toLatLng(given));
        const box = map.getContainer().getBoundingClientRect();
        return [at.x + box.left, at.y + box.top];""",
        x,
        y,
    )
    page.mouse.click(*at)


@pytest.mark.parametrize(("lang", "width"), [("zh", 1280), ("en", 1280), ("zh", 390)])
def test_a_click_lists_every_type_and_draws_the_route(
    lang: Any, width: int, town: Results, browser: Browser, tmp_path: Path, record_property: Any
) -> None:
    result = replace(town, lang=lang)
    with visit(browser, ask_map(result).html(), tmp_path, width=width) as seen:
        page = seen.page
        page.wait_for_selector("canvas")
        assert page.locator("#pj-answer").is_hidden()
        place_ = in_page(page, "return [world.demand[15].x, world.demand[15].y];")
        click_at(page, *place_)
        assert page.inner_text("#pj-place") == "小区16"
        type_ids = known(result).type_ids
        rows = page.evaluate(
            """() => [...document.querySelectorAll(".pj-row")].map((row) => (
                [Number(row.dataset.type), row.querySelector(".pj-row-walk").innerText.split("\\n")]))"""
        )
        assert [number for number, _ in rows] == list(range(len(type_ids)))
        table = result.tables["distances"].query("demand_id == 'd015'").set_index("facility_type")
        for number, (walk, verdict) in rows:
            if type_ids[number] not in table.index:
                continue
            expected = table.loc[type_ids[number]]
            assert verdict.startswith(f"{VERDICTS[expected['verdict']].of(lang)} ·")
            assert walk.startswith(("无路可达", "no path", f"{expected['walk_m']:,.0f} "))
        drawn = ".leaflet-pj-routes-pane canvas"
        assert drawn_pixels(page, drawn) > 300
        reached = page.locator(".pj-row:enabled")
        reached.nth(3).click()
        assert reached.nth(3).get_attribute("aria-pressed") == "true"
        length = page.locator(".leaflet-tooltip .pj-length").last.inner_text()  # the one before fades out
        assert reached.nth(3).locator(".pj-row-walk").inner_text().splitlines()[0] in length
        record_property("answer_ms", in_page(page, "return state.tookMs;"))
        page.keyboard.press("Escape")
        assert page.locator("#pj-answer").is_hidden()
        assert drawn_pixels(page, drawn) == 0
        assert seen.faults == []


def test_add_drag_remove_undo_and_reset(browser: Browser, hard: Results, tmp_path: Path) -> None:
    of = known(hard)
    type_id = hard.inputs.facilities["facility_type"].iloc[of.facility_rows].mode().iat[0]
    chosen = of.type_ids.index(type_id)
    with visit(browser, ask_map(hard).html(), tmp_path) as seen:
        page = seen.page
        page.wait_for_selector("canvas")
        page.click("[data-mode=add]")
        assert "先选择" in page.inner_text("#pj-hint")
        click_at(page, 300, 300)
        assert in_page(page, "return state.changes.length;") == 0
        page.select_option("#pj-type", str(chosen))
        before = page.locator(".pj-facility").count()
        x, y = (np.array([X0 + 905, Y0 + 805]) - of.origin).tolist()
        click_at(page, x, y)
        assert page.locator(".pj-facility").count() == before + 1
        change = in_page(page, "return state.changes[0];")
        assert (change["kind"], change["type"]) == ("add", chosen)
        assert (change["x"], change["y"]) == (pytest.approx(x, abs=8), pytest.approx(y, abs=8))  # to a pixel
        assert_effect_is_pythons(page, hard, of, [change | {"type_id": type_id}])
        # drag the new one away
        sign = page.locator(".pj-facility.pj-new")
        at = sign.bounding_box()
        page.mouse.move(at["x"] + 10, at["y"] + 10)
        page.mouse.down()
        page.mouse.move(at["x"] - 90, at["y"] - 30, steps=4)
        page.wait_for_function(f"() => {MAP}.pujin.facilities.at(-1).moved")  # answered while it is dragged
        page.mouse.up()
        moved = in_page(page, "return state.changes[1];")
        assert moved["kind"] == "move"
        assert moved["x"] < change["x"] - 50
        both = change | {"type_id": type_id, "x": moved["x"], "y": moved["y"]}
        assert_effect_is_pythons(page, hard, of, [both])
        page.click("#pj-undo")
        assert_effect_is_pythons(page, hard, of, [change | {"type_id": type_id}])
        page.click("#pj-reset")
        assert page.locator("#pj-effect").is_hidden()
        assert page.locator(".pj-facility").count() == before
        # take one away with the keyboard
        page.click("[data-mode=remove]")
        page.locator(".pj-facility").first.focus()
        page.keyboard.press("Enter")
        assert page.locator(".pj-facility").count() == before - 1
        key = in_page(page, "return state.changes[0].key;")
        assert_effect_is_pythons(page, hard, of, [{"kind": "remove", "key": key, "type_id": type_id}])
        # outside the data nothing is added
        page.click("[data-mode=add]")
        count = in_page(page, "map.setZoom(13, { animate: false }); return state.changes.length;")
        click_at(page, -400, 300)
        assert in_page(page, "return state.changes.length;") == count
        assert "数据范围" in page.inner_text("#pj-hint")
        # another type is untouched
        page.select_option("#pj-type", str(chosen + 1))
        assert "尚无改动" in page.inner_text("#pj-effect-title")
        assert seen.faults == []


def assert_effect_is_pythons(page: Page, result: Results, of: Known, changes: list[dict[str, Any]]) -> None:
    """Compare shown shares and people, and coloured dots, with a recompute from nothing."""
    given, type_id = result.inputs, changes[0]["type_id"]
    for change in changes:
        given = changed_inputs(given, of, change)
    after, sums = recomputed(given, result.network, type_id)
    before = result.tables["distances"].query("facility_type == @type_id").reset_index(drop=True)
    people = result.inputs.residents.set_index("demand_id")["population"][after["demand_id"]].to_numpy()
    gained = (after["verdict"] == "met") & (before["verdict"] == "not_met")
    lost = (after["verdict"] != "met") & (before["verdict"] == "met")
    unknown = (after["verdict"] == "met") & (before["verdict"] == "unknown")
    shown = [text.split()[0] for text in page.locator("#pj-effect-people dd").all_inner_texts()]
    assert shown == [f"{people[rows].sum():,.0f}" for rows in (gained, unknown, lost)]
    shares = [row.split("\t")[2] for row in page.locator("#pj-shares tr").all_inner_texts()]
    totals = sums[(sums["scope"] == "all") & (sums["people"] > 0)]
    for text, share in zip(shares, totals["coverage_share"], strict=True):
        assert float(text.rstrip("%")) == pytest.approx(share * 100, abs=0.0501)
    colours = in_page(page, "return state.view.dots.map((dot) => dot.options.color);")
    assert colours.count("#0b8a3e") == int((gained | unknown).sum())
    assert colours.count("#7a0019") == int(lost.sum())


def test_the_keyboard_asks_at_the_maps_centre(browser: Browser, town: Results, tmp_path: Path) -> None:
    with visit(browser, ask_map(town).html(), tmp_path) as seen:
        page = seen.page
        page.wait_for_selector("canvas")
        page.locator("#pj-centre").focus()
        page.keyboard.press("Enter")
        assert page.locator(".pj-row").count() > 0
        page.locator(".pj-row:enabled").nth(1).focus()
        page.keyboard.press("Enter")
        name = page.locator(".pj-row:enabled").nth(1).locator(".pj-row-name > span").first.inner_text()
        assert page.locator(".leaflet-tooltip .pj-length").last.inner_text().startswith(name)
        assert seen.faults == []


def test_places_off_the_streets_over_water_and_outside_say_so(
    browser: Browser, hard: Results, tmp_path: Path
) -> None:
    west, south = known(hard).origin
    with visit(browser, ask_map(hard).html(), tmp_path) as seen:
        page = seen.page
        page.wait_for_selector("canvas")
        facts, answers = {}, {}
        for name, x, y in (
            ("far", 500, 500),
            ("island", 320, 290),
            ("plain", 140, 60),
            ("river", -60, 500),
            ("outside", 1290, 500),
        ):
            in_page(page, "state.place = null; map.setView(state.view.toLatLng(given), 18, { animate: false });",
                    X0 + x - west, Y0 + y - south)  # fmt: skip
            click_at(page, X0 + x - west, Y0 + y - south)
            facts[name] = page.inner_text("#pj-place-facts")
            answers[name] = page.inner_text("#pj-rows")
        assert "附近没有可步行道路 (超过 85 米)" in facts["far"]
        assert "不连通" in facts["island"]
        assert "无法判定" in answers["island"] and DEFINITIONS["island"].zh in answers["island"]
        assert "边界以外" in facts["outside"]
        assert not any("边界以外" in facts[name] for name in ("far", "island", "plain"))
        assert "穿过水面" in facts["river"]
        assert "穿过水面" not in facts["plain"]
        assert seen.faults == []


def test_hostile_names_are_text_everywhere(browser: Browser, tmp_path: Path) -> None:
    named = results(named=PAYLOADS)
    circles = layer(
        "circles",
        [{"geometry": box(X0, Y0, X0 + 1300, Y0 + 1300), "circle_id": PAYLOADS[0], "name": PAYLOADS[0]}],
    )
    named = replace(
        named,
        inputs=replace(named.inputs, study=study(name="{{ 7 * 7 }}</title><img src=x>"), circles=circles),
    )
    with visit(browser, ask_map(named).html(), tmp_path) as seen:
        page = seen.page
        page.wait_for_selector("canvas")
        for i in range(12):
            click_at(page, *in_page(page, "return [world.demand[given[0]].x, world.demand[given[0]].y];", i))
            assert page.locator("#pj-place").text_content() == in_page(
                page, "return world.demand[given[0]].name;", i
            )
        page.select_option("#pj-type", "0")
        page.click("[data-mode=remove]")
        for sign in page.locator(".pj-facility").all():
            sign.hover()
        page.locator(".pj-facility").first.click()
        assert PAYLOADS[0] in page.locator("#pj-shares").text_content()
        assert page.locator("body img").count() == 0
        assert seen.faults == []


def test_the_shipped_study_fits_and_is_the_same_twice(pujin: Results) -> None:
    first = ask_map(pujin).html()
    assert len(first.encode()) < 2_000_000
    assert first == ask_map(pujin).html()
    block = re.search(r'<script type="application/json" id="pj-data">(.*?)</script>', first, re.DOTALL)
    assert block
    assert json.loads(block[1])["maxSnap"] == 150


def test_no_people_or_nothing_judged_is_still_a_page(browser: Browser, tmp_path: Path) -> None:
    far = layer("boundary", [{"geometry": box(X0 + 5_000, Y0, X0 + 6_000, Y0 + 1_000)}])
    for given in (inputs(boundary=far, extent=layer("extent", [])), inputs(boundary=layer("boundary", []), extent=layer("extent", []))):  # fmt: skip
        with visit(browser, ask_map(analyse(given)).html(), tmp_path) as seen:
            seen.page.wait_for_selector("canvas")
            seen.page.click("#pj-centre")
            assert seen.page.locator("#pj-answer").is_visible()
            assert seen.faults == []


def test_thresholds_of_either_scope_can_be_asked_for(open_pujin: Visit) -> None:
    page = open_pujin.page
    urban = in_page(page, "return world.demand.findIndex((one) => !one.rural);")
    click_at(page, *in_page(page, "return [world.demand[given[0]].x, world.demand[given[0]].y];", urban))
    assert "城镇" in page.inner_text("#pj-place-facts")
    count = page.locator(".pj-row small[class]").count()
    page.select_option("#pj-scope", "rural")
    assert "乡村" in page.inner_text("#pj-place-facts")
    assert page.locator(".pj-row small[class]").count() != count
    page.select_option("#pj-scope", "")
    page.keyboard.press("Escape")
