"""The map of coverage: packed streets against the exact reach, classes against verdicts, toggles in a browser."""

import base64
from collections.abc import Iterator

import numpy as np
import pandas as pd
import pytest
import shapely
from browser import chromium, click_on, drawn_pixels, page_data, run, visit
from maps_world import PAYLOADS, results
from playwright.sync_api import Browser

from pujin_geo.maps.coverage import CAUSES
from pujin_geo.maps.coverage_map import coverage_map
from pujin_geo.maps.palette import RATIO_CLASSES, VERDICT_COLOURS
from pujin_geo.maps.reached_streets import Edges, counting_facilities, thresholds_m
from pujin_geo.maps.shared import coverage_types
from pujin_geo.results import Results
from pujin_geo.walking.reach import reach_streets

TYPE = "pharmacy"


@pytest.fixture(scope="module")
def result() -> Results:
    return results()


@pytest.fixture(scope="module")
def page_html(result: Results) -> str:
    return coverage_map(result).html()


@pytest.fixture(scope="module")
def browser() -> Iterator[Browser]:
    with chromium() as running:
        yield running


def numbers(text: str, kind: str) -> np.ndarray:
    return np.frombuffer(base64.b64decode(text), dtype=kind)


def exact_reach(result: Results):
    facilities, access = counting_facilities(result)
    mine = np.flatnonzero((facilities["facility_type"] == TYPE).to_numpy())
    assert len(mine)
    return reach_streets(result.network, access[access["item"].isin(mine)], limit_m=500.0)


def test_packed_stretches_are_the_exact_reach(result: Results) -> None:
    box = (-1e9, -1e9, 1e9, 1e9)
    edges = Edges.within(result.network, box)
    exact = exact_reach(result)
    packed = edges.packed(exact)
    whole = np.unpackbits(numbers(packed["whole"], "u1"), bitorder="little")[: len(edges.chosen)]
    length_m = result.network.edge_length_m
    share = (numbers(packed["to"], "<u2").astype(float) - numbers(packed["from"], "<u2")) / 65_535
    total_m = (
        length_m[edges.chosen][whole == 1].sum() + (share * length_m[numbers(packed["edge"], "<u4")]).sum()
    )
    assert total_m == pytest.approx((exact["to_m"] - exact["from_m"]).sum(), abs=0.05)
    assert len(numbers(packed["edge"], "<u4")) > 0


def test_edges_outside_the_drawn_area_are_left_out(result: Results) -> None:
    west, south, *_ = shapely.total_bounds(result.network.edge_geometry)
    none = Edges.within(result.network, (west - 900, south - 900, west - 800, south - 800))
    assert len(none.chosen) == 0
    assert numbers(none.packed(exact_reach(result))["edge"], "<u4").size == 0
    assert none.as_json["lines"] == {"counts": "", "xy": ""}


def test_thresholds_are_each_once_widest_first() -> None:
    assert thresholds_m(500.0, 500.0) == [500.0]
    assert thresholds_m(float("nan"), 800.0) == [800.0]
    assert thresholds_m(300.0, 800.0) == [800.0, 300.0]


def test_causes_and_straight_distances_are_those_of_the_table(result: Results, page_html: str) -> None:
    data = page_data(page_html)
    at = {one: i for i, one in enumerate(result.tables["residents"]["demand_id"])}
    table = result.tables["distances"]
    for row in table[table["facility_type"] == TYPE].itertuples():
        code = data["demand"]["causes"][TYPE][at[row.demand_id]]
        assert code == (str(CAUSES.index(row.cause)) if row.cause else "m")
        if row.cause:
            letter = data["demand"]["causeVerdicts"][CAUSES.index(row.cause)]
            assert {"n": "not_met", "u": "unknown"}[letter] == row.verdict
        straight = numbers(data["demand"]["straight"][TYPE], "<u2")[at[row.demand_id]]
        assert straight == (65_535 if np.isnan(row.straight_m) else round(row.straight_m))


def test_every_judged_type_can_be_chosen_with_its_figures(result: Results, page_html: str) -> None:
    whole = result.tables["coverage"].query("circle_id == 'all' and scope == 'all'")
    types = coverage_types(result)
    assert set(types.loc[types["judged"], "facility_type"]) == set(whole["facility_type"])
    for facility_type in whole["facility_type"]:
        assert f'<option value="{facility_type}">' in page_html
        assert f'data-figure="{facility_type}"' in page_html
    assert set(page_data(page_html)["reach"]) == set(whole["facility_type"])


@pytest.mark.browser
@pytest.mark.parametrize("lang", ["zh", "en"])
def test_choosing_a_type_colours_by_walk_against_threshold(browser: Browser, lang, tmp_path) -> None:
    result = results(lang=lang)
    table = result.tables["distances"].query("facility_type == @TYPE").set_index("demand_id")
    table = table.reindex(result.tables["residents"]["demand_id"])

    def colour(row) -> str:
        if pd.isna(row.verdict) or row.verdict == "unknown":
            return "#ffffff"
        ratio = np.inf if np.isnan(row.walk_m) else row.walk_m / row.threshold_m
        chosen = RATIO_CLASSES[:2] if row.verdict == "met" else RATIO_CLASSES[2:]
        return next(c for bound, c, _ in chosen if bound is None or ratio <= bound)

    wanted = [colour(row) for row in table.itertuples()]
    with visit(browser, coverage_map(result).html(), tmp_path) as seen:
        page = seen.page
        page.wait_for_selector(".leaflet-container canvas")
        assert page.locator("[data-legend=share]").is_visible()
        page.select_option("#pj-choice", TYPE)
        assert run(page, "return map.pujin.demand.points.map((p) => p.options.fillColor);") == wanted
        assert len(set(wanted)) > 2
        assert page.locator("[data-legend=ratio]").is_visible()
        assert page.locator("[data-legend=share]").is_hidden()
        assert page.locator(f"[data-figure={TYPE}]").is_visible()
        unknown = run(page, "return map.pujin.demand.points.map((p) => p.options.color);")
        assert (VERDICT_COLOURS["unknown"] in unknown) == (table["verdict"] == "unknown").any()
        assert seen.faults == []


@pytest.mark.browser
def test_drawn_streets_have_the_exact_length_and_the_circle_is_a_toggle(
    browser: Browser, result: Results, page_html: str, tmp_path
) -> None:
    exact = exact_reach(result)
    wanted_m = (exact["to_m"] - exact["from_m"]).sum()
    drawn = (
        "return map.pujin.streets.layers().flatMap((l) => l.getLatLngs()).reduce((sum, line) => sum"
        " + line.slice(1).reduce((s, p, i) => s + map.distance(p, line[i]), 0), 0);"
    )
    with visit(browser, page_html, tmp_path) as seen:
        page = seen.page
        streets, circle = ".leaflet-pj-reach-pane canvas", ".leaflet-pj-straight-pane canvas"
        assert drawn_pixels(page, streets) == drawn_pixels(page, circle) == 0
        page.select_option("#pj-choice", TYPE)
        # Leaflet measures on a sphere, the study in UTM: alike within half a percent.
        assert run(page, drawn) == pytest.approx(wanted_m, rel=0.005)
        assert drawn_pixels(page, streets) > 500
        page.check("#pj-straight")
        assert drawn_pixels(page, circle) > drawn_pixels(page, streets)
        page.uncheck("#pj-straight")
        page.uncheck("#pj-streets")
        assert drawn_pixels(page, streets) == drawn_pixels(page, circle) == 0
        signs = run(page, "return map.pujin.facilities.layers().length;")
        assert signs == (result.tables["facilities"]["facility_type"] == TYPE).sum()
        page.uncheck("#pj-facilities")
        page.uncheck("#pj-demand")
        assert drawn_pixels(page, ".leaflet-overlay-pane canvas") == 0
        assert seen.faults == []


@pytest.mark.browser
def test_cards_of_points_and_facilities(browser: Browser, result: Results, page_html: str, tmp_path) -> None:
    with visit(browser, page_html, tmp_path) as seen:
        page = seen.page
        page.wait_for_selector(".leaflet-container canvas")
        click_on(page, "map.pujin.demand.points[14]")
        card = page.locator(".leaflet-popup .pj-card").last
        assert card.locator("tr").count() > 20
        assert card.get_attribute("data-source") == "residents?demand_id=d014 distances?demand_id=d014"
        page.select_option("#pj-choice", TYPE)
        page.uncheck("#pj-facilities")
        click_on(page, "map.pujin.demand.points[14]")
        row = result.tables["distances"].query("facility_type == @TYPE and demand_id == 'd014'").iloc[0]
        text = card.inner_text()
        assert f"{row.walk_m:,.0f} 米" in text
        assert f"{row.straight_m:,.0f} 米" in text
        assert {"met": "达标", "not_met": "未达标", "unknown": "无法判定"}[row.verdict] in text
        page.keyboard.press("Escape")
        page.check("#pj-facilities")
        click_on(page, "map.pujin.facilities.layers()[0]")
        name = run(
            page,
            f"return map.pujin.data.functions.find((r) => map.pujin.data.types[r[1] - 1].id === '{TYPE}')[3];",
        )
        assert card.locator("h3").inner_text() == name
        assert seen.faults == []


@pytest.mark.browser
def test_hostile_names_are_text(browser: Browser, tmp_path) -> None:
    html = coverage_map(results(named=PAYLOADS)).html()
    with visit(browser, html, tmp_path) as seen:
        page = seen.page
        page.select_option("#pj-choice", TYPE)
        titles = run(
            page,
            "return [...map.pujin.demand.points, ...map.pujin.facilities.layers()].map((layer) => {"
            " layer.openPopup(); layer.openTooltip(); return [layer.getPopup().getElement().querySelector('h3').textContent,"
            " layer.getTooltip().getElement().querySelector('b').textContent]; });",
        )
        data = page_data(html)
        wanted = data["demand"]["name"] + [
            row[3] for row in data["functions"] if data["types"][row[1] - 1]["id"] == TYPE
        ]
        assert titles == [[name or "(无名称)"] * 2 for name in wanted]
        assert page.locator("img, iframe").count() == 0
        assert seen.faults == []
