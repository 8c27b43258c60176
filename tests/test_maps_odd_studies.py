"""Every map of studies that lack something, hold polygons, or count what is planned: drawn, or not listed."""

from collections.abc import Iterator

import numpy as np
import pytest
from browser import chromium, drawn_pixels, visit
from maps_world import PAYLOADS, X0, Y0, inputs, layer, results, two_circles
from playwright.sync_api import Browser
from shapely import Point, box

from pujin_geo.analysis import analyse
from pujin_geo.maps import map_pages, write_maps
from pujin_geo.maps.contents import map_names
from pujin_geo.results import Results

BARE = ("boundary", "extent", "water", "green", "residential_land", "barriers", "committees")


def polygons() -> Results:
    given = inputs()
    facilities, residents = given.facilities.copy(), given.residents.copy()
    facilities.geometry = facilities.buffer(5)
    residents.geometry = residents.buffer(8)
    rows = [{"geometry": box(X0 + 20, Y0 + 20, X0 + 60, Y0 + 60), "space_id": "K1", "name": "旧厂房"}]
    return analyse(
        inputs(
            facilities=facilities, residents=residents, circles=two_circles(), spaces=layer("spaces", rows)
        )
    )


def nobody() -> Results:
    far = layer("boundary", [{"geometry": box(X0 + 5_000, Y0, X0 + 6_000, Y0 + 1_000)}])
    return analyse(inputs(boundary=far, extent=layer("extent", []), circles=two_circles()))


def off_the_streets() -> Results:
    given = inputs()
    residents = given.residents.copy()
    away = [Point(X0 + 600, Y0 + 9_000 + i) for i in range(5)]
    residents.geometry = [*away, *residents.geometry[5:]]
    return analyse(inputs(residents=residents, boundary=layer("boundary", []), extent=layer("extent", [])))


def nothing_open() -> Results:
    given = inputs(circles=two_circles())
    closed = given.facilities.assign(status="closed")
    open_streets = given.streets[given.streets["status"] == "existing"].reset_index(drop=True)
    return analyse(inputs(facilities=closed, streets=open_streets, circles=two_circles()))


def many_circles() -> Results:
    halves = two_circles()
    rows = [{"geometry": box(X0, Y0, X0 + 300, Y0 + 1_200), "circle_id": PAYLOADS[0], "name": ""}]
    rows += [{"geometry": halves.geometry[1], "circle_id": "${1}", "name": "{{ 7 * 7 }}", "colour": np.nan}]
    return results(circles=layer("circles", rows))


STUDIES = {
    "bare": lambda: analyse(inputs(**{name: layer(name, []) for name in BARE})),
    "polygons": polygons,
    "nobody": nobody,
    "off_the_streets": off_the_streets,
    "nothing_open": nothing_open,
    "many_circles": many_circles,
    "planned": lambda: results(include_planned=True, circles=two_circles(), lang="en"),
}


@pytest.fixture(scope="module")
def browser() -> Iterator[Browser]:
    with chromium() as running:
        yield running


@pytest.mark.browser
@pytest.mark.parametrize("name", STUDIES)
def test_every_map_of_an_odd_study_opens_without_a_fault(browser: Browser, name, tmp_path) -> None:
    result = STUDIES[name]()
    drawn = map_pages(result)
    assert list(drawn) == list(map_names(result))
    for one in [key for key in drawn if key in ("facilities", "coverage", "circles", "gaps", "before_after")]:
        with visit(browser, drawn[one].html(), tmp_path) as seen:
            page = seen.page
            page.wait_for_selector(".leaflet-container canvas")
            assert drawn_pixels(page) > 1_000, one
            choices = "options => options.map((option) => option.value).filter(Boolean)"
            for value in page.eval_on_selector_all("#pj-choice option", choices)[::7]:
                page.select_option("#pj-choice", value)
            assert page.locator("img, iframe").count() == 0
            assert seen.faults == [], one


def test_maps_that_have_nothing_to_show_are_not_written(tmp_path) -> None:
    written = {path.stem for path in write_maps(nothing_open(), tmp_path / "maps")}
    assert "before_after" not in written
    assert {"facilities", "coverage", "circles", "gaps"} <= written
    assert "circles" not in {path.stem for path in write_maps(results(), tmp_path / "more")}
