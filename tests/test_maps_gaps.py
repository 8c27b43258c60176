"""The map of gaps: ranks, people and detours against the tables; areas, spaces and choices in a browser."""

import base64
from collections.abc import Iterator
from dataclasses import replace

import numpy as np
import pytest
import shapely
from browser import chromium, click_on, drawn_pixels, page_data, run, visit
from maps_world import PAYLOADS, X0, Y0, layer, results, two_circles
from playwright.sync_api import Browser

from pujin_geo.maps.gaps_map import AROUND_M, gaps_map
from pujin_geo.results import Results


def spaces(*names: str):
    named = names or ("旧校舍", "")
    rows = [
        {
            "geometry": shapely.Point(X0 + 210 + 700 * i, Y0 + 310),
            "space_id": f"K{i + 1}",
            "name": name,
            "area_m2": 900.0 if i == 0 else np.nan,
        }
        for i, name in enumerate(named)
    ]
    return layer("spaces", rows)


@pytest.fixture(scope="module")
def result() -> Results:
    return results(circles=two_circles(), spaces=spaces())


@pytest.fixture(scope="module")
def page_html(result: Results) -> str:
    return gaps_map(result).html()


@pytest.fixture(scope="module")
def browser() -> Iterator[Browser]:
    with chromium() as running:
        yield running


def parts(packed: dict) -> list[np.ndarray]:
    """Unpack lines into longitude and latitude, as the page does."""
    counts = np.frombuffer(base64.b64decode(packed["lines"]["counts"]), "<u4")
    steps = np.frombuffer(base64.b64decode(packed["lines"]["xy"]), "<u2").reshape(-1, 2).astype(float)
    grid = packed["grid"]
    lonlat = steps * [grid["lonStep"], grid["latStep"]] + [grid["west"], grid["south"]]
    return np.split(lonlat, np.cumsum(counts)[:-1])


def test_areas_and_their_gaps_are_those_of_the_tables(result: Results, page_html: str) -> None:
    data = page_data(page_html)
    areas, table = result.tables["gap_areas"], result.tables["gap_area_types"]
    assert [row[0] for row in data["areas"]] == areas["area_id"].tolist()
    wanted = table[(table["people_not_met"] > 0) | (table["people_unknown"] > 0)]
    assert len(data["gaps"]) == len(wanted) > 0
    for row, (at, kind, people, far, detour, none, unknown, *_) in zip(
        wanted.itertuples(), data["gaps"], strict=True
    ):
        assert data["areas"][at][0] == row.area_id
        assert data["types"][kind]["id"] == row.facility_type
        assert people == pytest.approx(row.people_not_met, abs=0.5)
        assert far + detour + none == pytest.approx(people, abs=1.5)
        assert unknown == pytest.approx(row.people_unknown, abs=0.5)


def test_outlines_hold_the_demand_points_of_their_area(result: Results, page_html: str) -> None:
    rings = [shapely.Polygon(part) for part in parts(page_data(page_html)["outlines"])]
    residents = result.tables["residents"].set_index("demand_id")
    members = result.tables["gaps"].drop_duplicates("demand_id").set_index("demand_id")["area_id"]
    position = {one: i for i, one in enumerate(result.tables["gap_areas"]["area_id"])}
    assert len(rings) == len(position)
    for demand_id, area_id in members.items():
        point = shapely.Point(*residents.loc[demand_id, ["lon", "lat"]])
        assert rings[position[area_id]].contains(point)
    assert AROUND_M > 0


def test_the_greatest_detour_of_an_area_has_its_walk_as_a_line(result: Results, page_html: str) -> None:
    data = page_data(page_html)
    detours = data["detours"]
    gaps, distances = result.tables["gaps"], result.tables["distances"]
    rows = gaps[gaps["cause"] == "detour"].assign(weight=lambda t: t["people"] * t["shortfall_m"])
    assert len(rows)
    straight = distances.set_index(["demand_id", "facility_type"])["straight_m"]
    walks, lines = parts(detours["walks"]), parts(detours["straights"])
    scale = np.array([np.cos(np.radians(31.06)), 1.0]) * 111_250
    for at, area in zip(detours["of"], data["areas"], strict=True):
        mine = rows[rows["area_id"] == area[0]]
        assert (at < 0) == mine.empty
        if at < 0:
            continue
        greatest = mine.loc[mine["weight"].idxmax()]
        _, _, _, walk_m, _, straight_m = detours["rows"][at]
        assert walk_m == round(greatest["walk_m"])
        assert straight_m == round(straight[greatest["demand_id"], greatest["facility_type"]])
        for line, length_m in ((walks[at], walk_m), (lines[at], straight_m)):
            drawn_m = np.hypot(*(np.diff(line, axis=0) * scale).T).sum()
            assert drawn_m == pytest.approx(length_m, rel=0.01, abs=2)
        assert walk_m > straight_m


def test_spaces_offer_the_types_that_they_can_take_in(result: Results, page_html: str) -> None:
    data = page_data(page_html)
    options = result.tables["space_options"]
    assert [space[0] for space in data["spaces"]] == ["K1", "K2"]
    for space in data["spaces"]:
        mine = options[
            (options["space_id"] == space[0])
            & options["fit"].isin(["fits", "no_minimum", "area_unknown"])
            & (options["people_newly_served"] > 0)
        ].sort_values("rank_in_space")
        assert [data["types"][kind]["id"] for kind, *_ in space[5]] == mine["facility_type"].tolist()[:6]


def test_without_spaces_circles_and_detours_it_is_still_a_map(result: Results) -> None:
    tables = result.tables | {"gaps": result.tables["gaps"].assign(cause="too_far")}
    data = page_data(gaps_map(replace(result, tables=tables)).html())
    assert set(data["detours"]["of"]) == {-1}
    bare = page_data(gaps_map(results()).html())
    assert bare["spaces"] == []


@pytest.mark.browser
@pytest.mark.parametrize("lang", ["zh", "en"])
def test_areas_answer_clicks_lists_and_choices(browser: Browser, lang, tmp_path) -> None:
    result = results(circles=two_circles(), spaces=spaces(), lang=lang)
    html = gaps_map(result).html()
    data = page_data(html)
    table = result.tables["gap_area_types"]
    with visit(browser, html, tmp_path) as seen:
        page = seen.page
        page.wait_for_selector(".leaflet-container canvas")
        assert drawn_pixels(page, ".leaflet-overlay-pane canvas") > 3_000
        card = page.locator(".leaflet-popup .pj-card").last
        order = run(page, "return map.pujin.areas.order().map(([i]) => i);")
        assert order == sorted(order)  # the table's own order: by shortfall over all types
        buttons = page.locator("#pj-ranked button")
        assert buttons.first.inner_text().endswith(data["areas"][0][1])
        buttons.first.click()
        assert card.locator("h3").inner_text() == data["areas"][0][1]
        assert data["areas"][0][5] in card.inner_text()
        area_id = data["areas"][0][0]
        assert (
            card.get_attribute("data-source")
            == f"gap_areas?area_id={area_id} gap_area_types?area_id={area_id}"
        )
        with_detour = next(i for i, at in enumerate(data["detours"]["of"]) if at >= 0)
        lines = ".leaflet-pj-detour-pane canvas"
        page.keyboard.press("Escape")
        page.wait_for_timeout(300)
        assert drawn_pixels(page, lines) == 0
        run(page, f"map.pujin.areas.open({with_detour});")
        assert drawn_pixels(page, lines) > 50
        assert card.locator(".pj-detour").count() == 1
        page.keyboard.press("Escape")
        page.wait_for_timeout(300)
        facility_type = table.loc[table["people_not_met"] > 0, "facility_type"].iloc[-1]
        page.select_option("#pj-choice", facility_type)
        mine = table[(table["facility_type"] == facility_type) & (table["shortfall_person_m"] > 0.5)]
        best = mine.sort_values("shortfall_person_m", ascending=False)["area_name"].iloc[0]
        assert buttons.first.inner_text().endswith(best)
        assert run(page, "return map.pujin.areas.order().length;") == len(mine)
        run(page, "map.setView(map.pujin.spaces.signs[0].getLatLng(), 14, { animate: false });")
        page.uncheck("#pj-spaces")
        click_on(page, "map.pujin.areas.signs[map.pujin.areas.order()[0][0]]")
        assert card.locator("h3").inner_text() == best
        assert card.locator("table tr").count() == 2
        page.keyboard.press("Escape")
        page.wait_for_timeout(300)
        page.uncheck("#pj-areas")
        page.check("#pj-spaces")
        click_on(page, "map.pujin.spaces.signs[0]")
        assert card.locator("h3").inner_text() == "旧校舍"
        assert card.get_attribute("data-source") == "space_options?space_id=K1"
        page.uncheck("#pj-spaces")
        page.keyboard.press("Escape")
        assert drawn_pixels(page, ".leaflet-overlay-pane canvas") == 0
        assert seen.faults == []


@pytest.mark.browser
def test_hostile_names_are_text(browser: Browser, tmp_path) -> None:
    html = gaps_map(results(named=PAYLOADS, spaces=spaces(*PAYLOADS[:6]))).html()
    data = page_data(html)
    with visit(browser, html, tmp_path) as seen:
        page = seen.page
        titles = run(
            page,
            "return [...map.pujin.areas.polygons, ...map.pujin.spaces.signs].map((layer) => {"
            " layer.addTo(map); layer.openPopup(); layer.openTooltip();"
            " return [layer.getPopup().getElement().querySelector('h3').textContent,"
            " layer.getTooltip().getElement().querySelector('b').textContent]; });",
        )
        names = [area[1] for area in data["areas"]] + [s[1] or s[0] for s in data["spaces"]]
        assert titles == [[name, name] for name in names]
        assert page.locator("img, iframe").count() == 0
        assert seen.faults == []
