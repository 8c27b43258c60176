"""The map of living circles: people and streets within minutes by another way, cards and choices in a browser."""

import re
from collections.abc import Iterator
from dataclasses import replace

import numpy as np
import pytest
from browser import chromium, click_on, drawn_pixels, page_data, run, visit
from maps_world import PAYLOADS, inputs, results, two_circles
from playwright.sync_api import Browser

from pujin_geo.analysis import analyse
from pujin_geo.maps.circles_map import circles_map
from pujin_geo.results import Results
from pujin_geo.walking.routes import walking_routes
from pujin_geo.walking.verdicts import place


@pytest.fixture(scope="module")
def result() -> Results:
    return results(circles=two_circles())


@pytest.fixture(scope="module")
def browser() -> Iterator[Browser]:
    with chromium() as running:
        yield running


def walks_to_hub(result: Results, circle_id: str) -> tuple[np.ndarray, np.ndarray]:
    """Walks of a circle's people to its hub, route by route, and how many they are."""
    hub = result.tables["circles"].set_index("circle_id")["hub_facility_id"][circle_id]
    assert hub
    residents = result.tables["residents"]
    mine = residents[(residents["circle_id"] == circle_id) & residents["inside_boundary"]]
    placed = place(result.inputs, result.network, include_planned=False)
    pairs = mine[["demand_id"]].assign(facility_id=hub)
    walks = walking_routes(result.network, placed, result.inputs.entrances, pairs)
    return walks["walk_m"].to_numpy(), mine["population"].to_numpy()


def test_people_within_minutes_are_those_whose_route_is_short_enough(result: Results) -> None:
    data = page_data(circles_map(result).html())
    for circle in data["circles"]:
        walk_m, people = walks_to_hub(result, circle["id"])
        figures = dict(circle["card"]["figures"])
        for minutes in (5, 10, 15):
            shown = figures[f"步行 {minutes} 分钟内可到中心"]
            assert float(re.match(r"[\d,]+", shown)[0].replace(",", "")) == pytest.approx(
                people[walk_m <= 66 * minutes].sum(), abs=0.5
            )
        assert figures["到中心最远步行"].startswith(f"{walk_m.max():,.0f} 米")


def test_card_has_the_tables_figures(result: Results) -> None:
    data = page_data(circles_map(result).html())
    table = result.tables["circles"].set_index("circle_id")
    for circle in data["circles"]:
        figures = dict(circle["card"]["figures"])
        assert figures["常住人口"] == f"{table['population'][circle['id']]:,.0f}"
        assert figures["面积"] == f"{table['area_km2'][circle['id']]:.2f} km²"
        assert figures["居村委"] in {"甲居委", "乙村"}
        existing = result.tables["facilities"].query("circle_id == @circle['id'] and status == 'existing'")
        assert sum(count for _, count in circle["card"]["facilities"]) == len(existing)


def test_page_states_the_speed_and_that_borders_are_schematic(result: Results) -> None:
    html = circles_map(result).html()
    assert "1.1 米/秒" in html
    assert "可信度 M" in html
    assert "不是法定界线" in html
    assert "≤ 330 米" in html


def test_a_circle_without_hub_or_colour_number_is_drawn_all_the_same() -> None:
    given = inputs(circles=two_circles().assign(colour=np.nan))
    kept = given.facilities[~given.facilities["facility_type"].isin(["hub", "party_station"])]
    bare = analyse(replace(given, facilities=kept.reset_index(drop=True)))
    data = page_data(circles_map(bare).html())
    assert data["hubs"] == []
    assert data["reach"] == {}
    assert len({circle["colour"] for circle in data["circles"]}) == 2
    assert dict(data["circles"][0]["card"]["figures"])["中心"] == "无现状中心"


def test_a_proposed_hub_stands_in_where_no_facility_is_open() -> None:
    circles = two_circles().assign(hub_demand_id=["d007", ""])
    given = inputs(circles=circles)
    kept = given.facilities[~given.facilities["facility_type"].isin(["hub", "party_station"])]
    bare = analyse(replace(given, facilities=kept.reset_index(drop=True)))
    html = circles_map(bare).html()
    data = page_data(html)
    assert [(hub[0], hub[1], hub[4]) for hub in data["hubs"]] == [("LC1", "小区8", 1)]
    assert set(data["reach"]) == {"LC1"}  # a proposal is not among the open hubs of the first view
    assert "建议: 小区8" in dict(data["circles"][0]["card"]["figures"])["中心"]
    assert "建议的中心" in html


@pytest.mark.browser
@pytest.mark.parametrize("lang", ["zh", "en"])
def test_circles_hubs_and_reach_answer_clicks_and_choices(browser: Browser, lang, tmp_path) -> None:
    html = circles_map(results(circles=two_circles(), lang=lang)).html()
    reach = ".leaflet-pj-minutes-pane canvas"
    with visit(browser, html, tmp_path) as seen:
        page = seen.page
        page.wait_for_selector(".leaflet-container canvas")
        assert drawn_pixels(page) > 10_000
        both = drawn_pixels(page, reach)
        assert both > 500
        page.select_option("#pj-choice", "LC2")
        card = page.locator(".leaflet-popup .pj-card").last
        assert "东圈" in card.locator("h3").inner_text()
        assert card.locator("tr").count() > 7
        rows = "?circle_id=LC2"
        assert card.get_attribute("data-source") == (
            f"circles{rows} facilities{rows};status=existing coverage{rows};scope=all"
        )
        page.keyboard.press("Escape")
        assert run(page, "return map.pujin.reach.layers().map((l) => l.options.minutes);") == [15, 10, 5]
        page.select_option("#pj-choice", "")
        page.wait_for_selector(".leaflet-popup", state="detached")  # a card that fades still takes clicks
        box = page.locator(".folium-map").bounding_box()
        at = run(page, "return map.latLngToContainerPoint(map.pujin.polygons[0].getBounds().getCenter());")
        page.mouse.click(box["x"] + at["x"] + 4, box["y"] + at["y"] + 4)
        assert page.input_value("#pj-choice") == "LC1"
        assert "西圈" in card.locator("h3").inner_text()
        page.keyboard.press("Escape")
        page.wait_for_timeout(300)  # cards fade, and one just opened may still move the map
        click_on(page, "map.pujin.hubs.signs[1]")
        assert page.input_value("#pj-choice") == "LC2"
        page.uncheck("#pj-reach")
        assert drawn_pixels(page, reach) == 0
        page.uncheck("#pj-hubs")
        assert not run(page, "return map.hasLayer(map.pujin.hubs.signs[0]);")
        assert seen.faults == []


@pytest.mark.browser
def test_circles_are_shown_one_after_the_other_on_the_whole_screen(
    browser: Browser, result: Results, tmp_path
) -> None:
    with visit(browser, circles_map(result).html(), tmp_path) as seen:
        page = seen.page
        title = page.locator(".leaflet-popup h3").last
        page.click(".pj-full")
        page.wait_for_selector("body.pj-present")
        assert page.locator(".pj-background").is_hidden()
        for key, wanted in (("PageDown", "西圈"), ("PageDown", "东圈"), ("PageUp", "西圈")):
            page.keyboard.press(key)
            assert wanted in title.inner_text()
        page.click("[data-turn='-1']")
        assert page.input_value("#pj-choice") == ""
        page.click(".pj-full")
        page.wait_for_selector("body:not(.pj-present)")
        assert seen.faults == []


@pytest.mark.browser
def test_hostile_names_are_text(browser: Browser, tmp_path) -> None:
    circles = two_circles().assign(name=[PAYLOADS[0], PAYLOADS[2]])
    html = circles_map(results(named=PAYLOADS, circles=circles)).html()
    with visit(browser, html, tmp_path) as seen:
        page = seen.page
        tips = run(
            page,
            "return map.pujin.polygons.map((p) => { p.openPopup(); p.openTooltip();"
            " return [p.getPopup().getElement().querySelector('h3').textContent, p.getTooltip().getElement().textContent]; });",
        )
        for (title, tip), name in zip(tips, (PAYLOADS[0], PAYLOADS[2]), strict=True):
            assert title.endswith(name)
            assert tip.endswith(name)
        assert page.locator("img, iframe").count() == 0
        assert seen.faults == []
