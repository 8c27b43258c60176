"""Today beside the time after: verdicts and sums against full runs, two views that move together in a browser."""

from collections.abc import Iterator
from urllib.parse import unquote

import numpy as np
import pytest
from browser import chromium, drawn_pixels, page_data, run, visit
from maps_world import PAYLOADS, inputs, layer, results
from playwright.sync_api import Browser

from pujin_geo.analysis import analyse
from pujin_geo.maps.before_after import before_after_map, both_distances
from pujin_geo.maps.contents import has_projects
from pujin_geo.results import Results


@pytest.fixture(scope="module")
def result() -> Results:
    return results()


@pytest.fixture(scope="module")
def page_html(result: Results) -> str:
    return before_after_map(result).html()


@pytest.fixture(scope="module")
def browser() -> Iterator[Browser]:
    with chromium() as running:
        yield running


def changing_type(result: Results) -> str:
    """The type that newly serves most people."""
    outlook = result.tables["outlook"]
    whole = outlook[outlook["place_kind"] == "all"].set_index("facility_type")
    return str(whole["people_newly_served_planned_with_streets"].idxmax())


def test_both_sides_are_the_verdicts_of_full_runs(result: Results) -> None:
    today, later = both_distances(result)
    full = results(include_planned=True)
    assert today.equals(result.tables["distances"])
    assert later.equals(full.tables["distances"])
    assert not today.equals(later)
    from_later = both_distances(full)
    assert from_later[0].equals(today)
    assert from_later[1].equals(later)


def test_people_newly_served_by_the_letters_are_those_of_the_outlook(result: Results, page_html: str) -> None:
    data = page_data(page_html)
    people = np.array(data["demand"]["people"])
    outlook = result.tables["outlook"]
    whole = outlook[(outlook["place_kind"] == "all") & (outlook["people_basis"].str.startswith("all"))]
    assert len(whole)
    for row in whole.itertuples():
        before = np.array(list(data["demand"]["verdicts"][row.facility_type]))
        after = np.array(list(data["after"]["verdicts"][row.facility_type]))
        assert people[(before == "n") & (after == "m")].sum() == pytest.approx(
            row.people_newly_served_planned_with_streets
        )
        assert people[after == "m"].sum() == pytest.approx(row.people_met_planned_with_streets)


def test_no_projects_no_map() -> None:
    given = inputs()
    open_ = given.facilities.assign(status="existing")
    streets = given.streets[given.streets["status"] == "existing"].reset_index(drop=True)
    assert has_projects(given)
    assert has_projects(inputs(facilities=open_))  # a planned street is enough
    assert not has_projects(inputs(facilities=open_, streets=streets))
    motorway = streets.assign(status="planned", walkable=False)
    assert not has_projects(inputs(facilities=open_, streets=layer("streets", motorway.to_dict("records"))))


def test_figures_are_those_of_the_outlook(result: Results, page_html: str) -> None:
    outlook = result.tables["outlook"]
    for row in outlook[outlook["place_kind"] == "all"].itertuples():
        start = page_html.index(f'data-figure="{row.facility_type}"')
        block = page_html[start : page_html.index("</dl>", start)]
        assert f"<dd>{row.people_newly_served_planned_with_streets:,.0f}</dd>" in block
        assert f"<dd>{row.people_met_today:,.0f} (" in block


@pytest.mark.browser
@pytest.mark.parametrize("lang", ["zh", "en"])
def test_views_move_together_and_changes_are_ringed(browser: Browser, lang, tmp_path) -> None:
    result = analyse(inputs(), lang=lang)
    html = before_after_map(result).html()
    data = page_data(html)
    facility_type = changing_type(result)
    views = "return [map, map.pujin.other].map((m) => [m.getCenter().lat, m.getCenter().lng, m.getZoom()]);"
    rings = "return map.pujin.sides[1].rings.rings().map(([, i, change]) => [i, change]);"
    with visit(browser, html, tmp_path, width=1440) as seen:
        page = seen.page
        page.wait_for_selector("#pj-after canvas")
        assert drawn_pixels(page, ".folium-map canvas") > 5_000
        assert drawn_pixels(page, "#pj-after canvas") > 5_000
        box = page.locator("#pj-after").bounding_box()
        middle = box["x"] + box["width"] / 2, box["y"] + box["height"] / 2
        start = run(page, views)
        page.mouse.move(*middle)
        page.mouse.down()
        page.mouse.move(middle[0] - 90, middle[1] - 40, steps=4)
        page.wait_for_timeout(100)
        while_dragged = run(page, views)
        page.mouse.up()
        assert while_dragged[0] == pytest.approx(while_dragged[1], abs=3e-4)  # a pixel or two
        assert while_dragged[0] != pytest.approx(start[0], abs=3e-4)
        page.wait_for_timeout(400)
        run(page, "map.setZoom(map.getZoom() + 1, { animate: false });")
        one, two = run(page, views)
        assert one == pytest.approx(two, abs=1e-4)
        page.select_option("#pj-choice", facility_type)
        before, after = (data[side]["verdicts"][facility_type] for side in ("demand", "after"))
        sign = {(True, False): -1, (False, True): 1}
        wanted = [
            [i, sign[a == "m", b == "m"]]
            for i, (a, b) in enumerate(zip(before, after, strict=True))
            if (a == "m") != (b == "m")
        ]
        assert wanted
        assert run(page, rings) == wanted
        assert page.locator(f"[data-figure={facility_type}]").is_visible()
        colours = "return map.pujin.sides.map((side) => side.demand.points.map((p) => p.options.fillColor));"
        left, right = run(page, colours)
        assert [i for i, (a, b) in enumerate(zip(left, right, strict=True)) if a != b] == [
            i for i, (a, b) in enumerate(zip(before, after, strict=True)) if a != b
        ]
        assert seen.faults == []


@pytest.mark.browser
def test_cards_compare_and_projects_say_whom_they_serve(
    browser: Browser, result: Results, page_html: str, tmp_path
) -> None:
    facility_type = changing_type(result)
    with visit(browser, page_html, tmp_path, width=1440) as seen:
        page = seen.page
        page.wait_for_selector("#pj-after canvas")
        page.select_option("#pj-choice", facility_type)
        at = run(page, "return map.pujin.sides[1].rings.rings()[0][1];")
        spot = run(
            page,
            f"const other = map.pujin.other; const p = other.latLngToContainerPoint(map.pujin.sides[1].demand.points[{at}].getLatLng());"
            " const box = other.getContainer().getBoundingClientRect(); return [p.x + box.left, p.y + box.top];",
        )
        page.mouse.click(*spot)
        card = page.locator("#pj-after .leaflet-popup .pj-card").last
        assert "现状" in card.inner_text()
        assert card.locator("td span").all_inner_texts()[-1] == "达标"
        page.keyboard.press("Escape")
        card_text = run(
            page,
            "const sign = map.pujin.sides[1].signs.signs().find((s) => s.options.shape !== 'existing');"
            " sign.openPopup(); return sign.getPopup().getElement().textContent;",
        )
        source = page.locator("#pj-after .leaflet-popup .pj-card").last.get_attribute("data-source")
        project = unquote(source.split(" projects?facility_id=")[1])
        assert project in result.tables["projects"]["facility_id"].tolist()
        assert source.startswith(f"facilities?site_id={project.split('/')[0]} ")
        assert "新增达标人数" in card_text
        left = run(page, "return map.pujin.sides[0].signs.signs().map((s) => s.options.shape);")
        assert set(left) <= {"existing"}
        assert seen.faults == []


@pytest.mark.browser
def test_hostile_names_are_text(browser: Browser, tmp_path) -> None:
    html = before_after_map(results(named=PAYLOADS)).html()
    with visit(browser, html, tmp_path, width=1440) as seen:
        page = seen.page
        page.wait_for_selector("#pj-after canvas")
        titles = run(
            page,
            "return map.pujin.sides.flatMap((side) => [...side.demand.points, ...side.signs.signs()].map((layer) => {"
            " layer.openPopup(); layer.openTooltip(); return [layer.getPopup().getElement().querySelector('h3').textContent,"
            " layer.getTooltip().getElement().querySelector('b').textContent]; }));",
        )
        assert all(title == tip for title, tip in titles)
        assert {PAYLOADS[0], PAYLOADS[2]} <= {title for title, _ in titles}
        assert page.locator("img, iframe").count() == 0
        assert seen.faults == []


@pytest.mark.browser
def test_on_a_phone_the_two_maps_lie_above_each_other(browser: Browser, page_html: str, tmp_path) -> None:
    with visit(browser, page_html, tmp_path, width=390, height=844) as seen:
        page = seen.page
        page.wait_for_selector("#pj-after canvas")
        upper, lower = (page.locator(one).bounding_box() for one in (".folium-map", "#pj-after"))
        assert upper["width"] == lower["width"] == 390
        assert lower["y"] >= upper["y"] + upper["height"]
        assert page.evaluate("document.documentElement.scrollWidth") == 390
        assert seen.faults == []
