"""The map of every facility: its data against the tables, and choosing, clusters and search in a browser."""

import re
from collections import Counter
from collections.abc import Iterator
from dataclasses import replace

import pytest
from browser import chromium, click_on, drawn_pixels, page_data, run, visit
from maps_world import PAYLOADS, results, study, two_circles
from playwright.sync_api import Browser

from pujin_geo.maps.all_facilities import facilities_map
from pujin_geo.maps.facilities import suitability_page
from pujin_geo.maps.functions import numbered_types
from pujin_geo.maps.shared import Shared
from pujin_geo.results import Results


def with_circles(**options) -> Results:
    return results(circles=two_circles(), **options)


@pytest.fixture(scope="module")
def result() -> Results:
    return with_circles()


@pytest.fixture(scope="module")
def browser() -> Iterator[Browser]:
    with chromium() as running:
        yield running


def test_every_function_is_there_once_with_its_type_status_and_circle(result: Results) -> None:
    data = page_data(facilities_map(result).html())
    circles = [*data["circles"], ""]
    drawn = [
        (data["sites"][r[0]]["id"], data["types"][r[1] - 1]["id"], r[2], r[3], circles[r[10]])
        for r in data["functions"]
    ]
    table = result.tables["facilities"]
    columns = [table[c] for c in ("site_id", "facility_type", "status", "name", "circle_id")]
    assert sorted(drawn) == sorted(zip(*columns, strict=True))


def test_numbers_are_those_of_the_map_of_each_suitability(result: Results) -> None:
    numbers = numbered_types(result.inputs.catalogue).set_index("facility_type")["number"]
    for suitability in ("livable", "caring"):
        drawn = suitability_page(Shared(result), suitability).data["types"]
        assert len(drawn) > 1
        for one in drawn:
            assert numbers[one["id"]] == one["number"]


def test_without_circles_there_is_no_choice_of_them() -> None:
    html = facilities_map(results()).html()
    assert 'id="pj-circle"' not in html


@pytest.mark.browser
@pytest.mark.parametrize("lang", ["zh", "en"])
def test_signs_and_clusters_stand_for_every_wanted_function(browser: Browser, lang, tmp_path) -> None:
    html = facilities_map(with_circles(lang=lang)).html()
    count = "return map.pujin.facilities.drawn().reduce((n, s) => n + (s.options.count || 1), 0);"
    clusters = "return map.pujin.facilities.drawn().filter((s) => s.options.count).length;"
    with visit(browser, html, tmp_path) as seen:
        page = seen.page
        page.wait_for_selector(".leaflet-container canvas")
        functions = page_data(html)["functions"]
        for zoom in (13, 14.5, 17):
            run(page, f"map.setZoom({zoom}, {{ animate: false }});")
            assert run(page, count) == len(functions)
            assert (run(page, clusters) > 0) == (zoom < 15)
            assert drawn_pixels(page, ".leaflet-overlay-pane canvas") > 500
        assert str(len(functions)) in page.locator("#pj-shown").inner_text()
        assert seen.faults == []


@pytest.mark.browser
def test_choosing_by_suitability_type_status_and_circle(browser: Browser, result: Results, tmp_path) -> None:
    html = facilities_map(result).html()
    data = page_data(html)
    kind = {i + 1: t for i, t in enumerate(data["types"])}
    wanted = "return map.pujin.facilities.wanted();"

    def where(test) -> list[int]:
        return [i for i, row in enumerate(data["functions"]) if test(row)]

    with visit(browser, html, tmp_path) as seen:
        page = seen.page
        page.uncheck("[data-suitability=caring]")
        assert run(page, wanted) == where(lambda r: kind[r[1]]["suitability"] != "caring")
        assert not page.is_checked("[data-of=caring] >> nth=0")
        page.check("[data-suitability=caring]")
        page.click(".pj-fold >> nth=0 >> summary", position={"x": 3, "y": 12})
        page.uncheck("[data-type=wet_market]")
        assert run(page, wanted) == where(lambda r: kind[r[1]]["id"] != "wet_market")
        assert page.locator("[data-suitability=livable]").evaluate("box => box.indeterminate")
        page.check("[data-type=wet_market]")
        page.uncheck("[data-status=closed]")
        page.select_option("#pj-circle", "LC2")
        assert run(page, wanted) == where(lambda r: r[2] != "closed" and r[10] == 1)
        shown = [int(n) for n in re.findall(r"\d+", page.locator("#pj-shown").inner_text())]
        assert shown == [len(where(lambda r: r[2] != "closed" and r[10] == 1)), len(data["functions"])]
        page.select_option("#pj-circle", "")
        page.check("[data-status=closed]")
        assert len(run(page, wanted)) == len(data["functions"])
        assert seen.faults == []


@pytest.mark.browser
def test_a_click_on_a_cluster_zooms_in_and_a_card_names_all_functions(
    browser: Browser, result: Results, tmp_path
) -> None:
    html = facilities_map(result).html()
    data = page_data(html)
    with visit(browser, html, tmp_path) as seen:
        page = seen.page
        page.wait_for_selector(".leaflet-container canvas")
        run(page, "map.setZoom(14, { animate: false });")
        before = run(page, "return map.getZoom();")
        click_on(page, "map.pujin.facilities.drawn().find((s) => s.options.count)")
        page.wait_for_function(
            f'Object.entries(window).find(([k, v]) => k.startsWith("map_") && v && v.pujin)[1].getZoom() > {before}'
        )
        site, functions = Counter(row[0] for row in data["functions"]).most_common(1)[0]
        one = next(row for row in data["functions"] if row[0] == site)
        page.fill("#pj-search", one[3])
        page.locator("#pj-found button").first.click()
        card = page.locator(".leaflet-popup .pj-card")
        assert card.locator("h3").inner_text() == one[3]
        assert card.locator("li").count() == functions == 3
        assert card.get_attribute("data-source") == f"facilities?site_id={data['sites'][site]['id']}"
        assert run(page, "return map.getZoom();") >= 16
        assert seen.faults == []


@pytest.mark.browser
def test_hostile_names_are_text(browser: Browser, tmp_path) -> None:
    named = with_circles(named=PAYLOADS)
    circles = named.tables["circles"].assign(name=[PAYLOADS[0], PAYLOADS[4]])
    hostile = replace(
        named,
        tables=named.tables | {"circles": circles},
        inputs=replace(named.inputs, study=study(name="{{ 7 * 7 }}</title><img src=x>")),
    )
    html = facilities_map(hostile).html()
    with visit(browser, html, tmp_path) as seen:
        page = seen.page
        titles = run(
            page,
            "map.setZoom(17, { animate: false }); return map.pujin.facilities.signs.map((sign) => {"
            " sign.openPopup(); sign.openTooltip(); return [sign.getPopup().getElement().querySelector('h3').textContent,"
            " sign.getTooltip().getElement().querySelector('b').textContent]; });",
        )
        names = [row[3] or "(无名称)" for row in page_data(html)["functions"]]
        assert titles == [[name, name] for name in names]
        assert page.locator("#pj-circle option").nth(1).inner_text() == f"LC1 {PAYLOADS[0]}"
        assert page.locator("img, iframe").count() == 0
        assert seen.faults == []


@pytest.mark.browser
def test_phone_starts_with_the_map(browser: Browser, result: Results, tmp_path) -> None:
    with visit(browser, facilities_map(result).html(), tmp_path, width=390, height=844) as seen:
        page = seen.page
        assert page.locator("#pj-search").is_hidden()
        page.click("#pj-details > summary")
        assert page.locator("#pj-search").is_visible()
        assert page.evaluate("document.documentElement.scrollWidth") == 390
        assert seen.faults == []
