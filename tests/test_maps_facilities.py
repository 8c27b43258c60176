"""The map of one suitability: its data against the tables, and its behaviour in a browser."""

import base64
import json
import re
from collections.abc import Iterator
from dataclasses import replace

import numpy as np
import pytest
from browser import chromium, drawn_pixels, visit
from maps_world import PAYLOADS, X0, Y0, inputs, layer, results, study, without
from playwright.sync_api import Browser
from shapely import box

from pujin_geo.analysis import analyse
from pujin_geo.catalogue import suitability_names
from pujin_geo.maps import write_maps
from pujin_geo.maps.contents import map_names
from pujin_geo.maps.coverage import NOT_JUDGED, VERDICT_LETTERS, Laid, basic_reach
from pujin_geo.maps.facilities import suitability_map
from pujin_geo.maps.palette import VERDICT_COLOURS
from pujin_geo.maps.shared import coverage_types
from pujin_geo.results import Results


@pytest.fixture(scope="module")
def result() -> Results:
    return results()


@pytest.fixture(scope="module")
def hostile() -> Results:
    """Every name, committee, street, source and note is a payload, and so is the name of the study."""
    named = results(named=PAYLOADS)
    return replace(named, inputs=replace(named.inputs, study=study(name="{{ 7 * 7 }}</title><img src=x>")))


def data_of(html: str) -> dict:
    block = re.search(r'<script type="application/json" id="pj-data">(.*?)</script>', html, re.DOTALL)
    assert block
    return json.loads(block[1])


# Data


def test_every_function_of_the_suitability_is_on_the_map_once(result: Results) -> None:
    drawn = []
    for suitability in suitability_names:
        data = data_of(suitability_map(result, suitability).html())
        ids = [t["id"] for t in data["types"]]
        drawn += [(ids[row[1] - 1], row[2], row[3]) for row in data["functions"]]
    table = result.tables["facilities"]
    assert sorted(drawn) == sorted(zip(table["facility_type"], table["status"], table["name"], strict=True))


def test_other_functions_of_a_site_are_named_on_its_card(result: Results) -> None:
    table = result.tables["facilities"]
    data = data_of(suitability_map(result, "workable").html())
    for site in data["sites"]:
        whole = table[table["site_id"] == site["id"]]
        assert len(site["others"]) == (whole["suitability"] != "workable").sum()


def test_verdict_letters_and_walks_are_those_of_the_distances(result: Results) -> None:
    data = data_of(suitability_map(result, "caring").html())
    demand_ids = result.tables["residents"]["demand_id"].tolist()
    for row in result.tables["distances"].itertuples():
        if row.facility_type not in data["demand"]["verdicts"]:
            continue
        at = demand_ids.index(row.demand_id)
        letter = data["demand"]["verdicts"][row.facility_type][at]
        assert {"m": "met", "n": "not_met", "u": "unknown"}[letter] == row.verdict
        walk = np.frombuffer(base64.b64decode(data["demand"]["walks"][row.facility_type]), dtype="<u2")[at]
        assert walk == (65_535 if np.isnan(row.walk_m) else round(row.walk_m))


def test_a_point_outside_the_boundary_is_not_judged(result: Results) -> None:
    at = result.tables["residents"]["demand_id"].tolist().index("out")
    letters = Laid.out(result, ["hub"]).letters("verdict", VERDICT_LETTERS, NOT_JUDGED)
    assert letters["hub"][at] == "-"
    assert "out" not in basic_reach(result)["demand_id"].tolist()


def test_basic_reach_counts_the_types_of_each_point(result: Results) -> None:
    reach = basic_reach(result).set_index("demand_id")
    basic = result.inputs.catalogue.query("`class` == 'basic'")["facility_type"]
    rows = result.tables["distances"]
    rows = rows[rows["facility_type"].isin(basic)]
    for demand_id, mine in rows.groupby("demand_id"):
        assert reach.loc[demand_id, "basic_types"] == len(mine)
        assert reach.loc[demand_id, "met"] == (mine["verdict"] == "met").sum()
        assert reach.loc[demand_id, "met_share"] == pytest.approx((mine["verdict"] == "met").mean())


def test_a_missing_verdict_is_no_letter(result: Results) -> None:
    distances = result.tables["distances"].copy()
    distances.loc[3, "verdict"] = None
    spoiled = replace(result, tables=result.tables | {"distances": distances})
    with pytest.raises(KeyError):
        Laid.out(spoiled, ["pharmacy"]).letters("verdict", VERDICT_LETTERS, NOT_JUDGED)


def test_numbers_of_types_do_not_depend_on_what_is_judged(result: Results) -> None:
    types = coverage_types(result)
    types = types[types["suitability"] == "livable"]
    assert types["number"].tolist() == list(range(1, len(types) + 1))
    assert types["facility_type"].tolist() == [
        t
        for t, s in zip(
            result.inputs.catalogue["facility_type"], result.inputs.catalogue["suitability"], strict=True
        )
        if s == "livable"
    ]


def test_uncertain_thresholds_bear_their_mark_and_its_meaning(result: Results) -> None:
    html = suitability_map(result, "livable").html()
    assert "500 米 (U)" in html
    assert "<b>U</b>" in html
    assert "1000 米</span>" in html  # the hub's threshold is V2: no mark


def test_page_says_what_it_is(result: Results) -> None:
    html = suitability_map(result, "leisure").html()
    for words in (
        "示例街道 · 宜游",
        "合成数据",
        "示意",
        "内部讨论",
        "2023-06-30",
        "仅现状设施",
        "步行覆盖率",
    ):
        assert words in html
    english = suitability_map(results(lang="en", include_planned=True), "leisure").html()
    for words in ("Leisure", "synthetic data", "for internal discussion", "planned (a scenario"):
        assert words.lower() in english.lower()


def test_no_date_and_no_synthetic_mark_unless_the_study_says_so(result: Results) -> None:
    study = replace(result.inputs.study, data_date="", synthetic=False)
    html = suitability_map(replace(result, inputs=replace(result.inputs, study=study)), "leisure").html()
    assert "数据日期" not in html
    assert "合成数据" not in html
    assert "内部讨论" in html


def test_same_results_give_the_same_bytes(result: Results, tmp_path) -> None:
    first = [path.read_bytes() for path in write_maps(result, tmp_path / "a")]
    second = [path.read_bytes() for path in write_maps(results(), tmp_path / "b")]
    assert first == second
    names = [f"{name}.html" for name in map_names(result)]
    assert sorted(names) == sorted(path.name for path in (tmp_path / "a").iterdir())
    assert {"facilities.html", "coverage.html", "gaps.html", "before_after.html", "ask.html"} <= set(names)
    assert "circles.html" not in names  # this study has none


def test_drawing_leaves_the_tables_alone(result: Results) -> None:
    before = {name: table.copy() for name, table in result.tables.items()}
    suitability_map(result, "caring").html()
    for name, table in result.tables.items():
        assert table.equals(before[name]), name


def test_optional_layers_may_be_absent(result: Results) -> None:
    bare = without(
        result, "boundary", "extent", "water", "green", "residential_land", "barriers", "committees"
    )
    data = data_of(suitability_map(bare, "livable").html())
    assert data["base"]["layers"]["boundary"] == {"counts": "", "xy": ""}
    (south, west), (north, east) = data["view"]
    assert south < min(data["demand"]["lat"]) < max(data["demand"]["lat"]) < north
    assert west < min(data["demand"]["lon"]) < max(data["demand"]["lon"]) < east


def test_facilities_and_residents_may_be_polygons() -> None:
    given = inputs()
    facilities, residents = given.facilities.copy(), given.residents.copy()
    facilities.geometry = facilities.buffer(5)
    residents.geometry = residents.buffer(8)
    html = suitability_map(analyse(inputs(facilities=facilities, residents=residents)), "livable").html()
    assert len(data_of(html)["demand"]["lon"]) == len(residents)


def test_a_large_study_stays_within_two_megabytes() -> None:
    big = results(cells=25)  # 625 demand points
    lines = [{"geometry": g, "kind": "residential"} for g in big.inputs.streets.geometry]
    wavy = []
    rng = np.random.default_rng(1)
    for i in range(5_000):
        line = lines[i % len(lines)]["geometry"]
        start = line.interpolate(rng.uniform(0, line.length))
        steps = np.array([start.x, start.y]) + rng.uniform(-30, 30, (8, 2)).cumsum(axis=0)
        wavy.append(
            {"geometry": type(line)(steps), "kind": "residential", "walkable": True, "status": "existing"}
        )
    packed = replace(big, inputs=replace(big.inputs, streets=layer("streets", wavy)))
    assert len(suitability_map(packed, "livable").html().encode()) < 2_000_000


def test_saving_writes_the_self_contained_page_and_twice_the_same(result: Results, tmp_path) -> None:
    map_ = suitability_map(result, "workable")
    map_.save(tmp_path / "map.html")
    assert (tmp_path / "map.html").read_text(encoding="utf-8") == map_.html() == map_.html()


def test_no_people_or_nothing_judged_is_still_a_map() -> None:
    far = layer("boundary", [{"geometry": box(X0 + 5_000, Y0, X0 + 6_000, Y0 + 1_000)}])
    nobody = analyse(inputs(boundary=far, extent=layer("extent", [])))
    data = data_of(suitability_map(nobody, "livable").html())
    assert data["demand"]["verdicts"] == {} or set("".join(data["demand"]["verdicts"].values())) == {"-"}


def test_notebook_shows_the_self_contained_page(result: Results) -> None:
    shown = suitability_map(result, "workable")._repr_html_()
    assert shown.startswith("<iframe srcdoc=")
    assert "Content-Security-Policy" in shown
    assert "cdn.jsdelivr" not in shown


# In a browser


@pytest.fixture(scope="module")
def browser() -> Iterator[Browser]:
    with chromium() as running:
        yield running


def map_script(body: str) -> str:
    return (
        '() => { const map = Object.entries(window).find(([k, v]) => k.startsWith("map_") && v && v.pujin)[1];'
        f" {body} }}"
    )


def place_of(page, body: str) -> tuple[float, float]:
    """Return window pixels of a layer that the body selects as `layer`."""
    at = page.evaluate(
        map_script(
            f"{body} const p = map.latLngToContainerPoint(layer.getLatLng()); const s = layer.options.shift || [0, 0];"
            " const box = map.getContainer().getBoundingClientRect();"
            " return [p.x + s[0] + box.left, p.y + s[1] + box.top];"
        )
    )
    return at[0], at[1]


@pytest.mark.browser
@pytest.mark.parametrize("lang", ["zh", "en"])
def test_each_file_alone_draws_and_answers_clicks(browser: Browser, lang, tmp_path) -> None:
    result = results(lang=lang)
    chosen = suitability_names if lang == "zh" else ["caring"]
    for suitability in chosen:
        with visit(browser, suitability_map(result, suitability).html(), tmp_path) as seen:
            page = seen.page
            page.wait_for_selector(".leaflet-container canvas")
            assert drawn_pixels(page) > 10_000
            page.mouse.click(*place_of(page, "const layer = map.pujin.facilities.signs[0];"))
            name = page.evaluate(map_script("return map.pujin.data.functions[0][3];"))
            assert page.locator(".leaflet-popup .pj-card h3").inner_text() == name
            source = page.locator(".leaflet-popup .pj-card").get_attribute("data-source")
            table = result.tables["facilities"]
            here = table["site_id"] == source.removeprefix("facilities?site_id=")
            assert name in table.loc[here, "name"].tolist()
            page.keyboard.press("Escape")
            page.mouse.click(*place_of(page, "const layer = map.pujin.demand.points[35];"))
            page.wait_for_function("document.querySelector('.leaflet-popup table')")
            assert "小区36" in page.locator(".leaflet-popup").last.inner_text()
            assert seen.faults == []


@pytest.mark.browser
def test_choice_filters_and_search_do_what_they_say(browser: Browser, result: Results, tmp_path) -> None:
    html = suitability_map(result, "livable").html()
    shown = map_script("return map.pujin.facilities.signs.filter((s) => map.hasLayer(s)).length;")
    with visit(browser, html, tmp_path) as seen:
        page = seen.page
        functions = data_of(html)["functions"]
        assert page.evaluate(shown) == len(functions)
        page.uncheck("[data-status=closed]")
        open_ = [row for row in functions if row[2] != "closed"]
        assert page.evaluate(shown) == len(open_)
        page.uncheck("[data-type='1']")
        assert page.evaluate(shown) == len([row for row in open_ if row[1] != 1])
        page.check("[data-type='1']")
        page.select_option("#pj-choice", "wet_market")
        assert page.evaluate(shown) == len([row for row in open_ if row[1] == 5])
        assert page.locator("[data-figure=wet_market]").is_visible()
        assert page.locator("[data-legend=share]").is_hidden()
        letters = data_of(html)["demand"]["verdicts"]["wet_market"]
        colours = page.evaluate(map_script("return map.pujin.demand.points.map((p) => p.options.fillColor);"))
        expected = {
            "m": VERDICT_COLOURS["met"],
            "n": VERDICT_COLOURS["not_met"],
            "u": "#ffffff",
            "-": "#ffffff",
        }
        assert colours == [expected[letter] for letter in letters]
        page.select_option("#pj-choice", "")
        page.fill("#pj-search", "设施3")
        wanted = [row[3] for row in functions if "设施3" in row[3]]
        found = page.locator("#pj-found button")
        assert [t.split(" · ")[0] for t in found.all_inner_texts()] == wanted[:12]
        found.first.click()
        assert page.locator(".leaflet-popup h3").inner_text() == wanted[0]
        page.fill("#pj-search", "没有这个名字")
        assert found.count() == 0
        page.uncheck("#pj-facilities")
        page.uncheck("#pj-demand")
        signs = ".leaflet-overlay-pane canvas"
        assert drawn_pixels(page, signs) == 0
        page.check("#pj-facilities")
        assert page.evaluate(shown) == len(open_)
        assert drawn_pixels(page, signs) > 500
        assert seen.faults == []


@pytest.mark.browser
def test_hostile_names_are_shown_as_text_everywhere(browser: Browser, hostile: Results, tmp_path) -> None:
    """Popup, tooltip, label, search and panel; a dialog, an error or an added element would be a fault."""
    squeeze = lambda text: " ".join(text.replace("\u202e", "").replace("\u202c", "").split())  # noqa: E731
    for suitability in ("livable", "caring"):
        html = suitability_map(hostile, suitability).html()
        with visit(browser, html, tmp_path) as seen:
            page = seen.page
            page.wait_for_selector("canvas")
            assert page.title().startswith("{{ 7 * 7 }}</title><img src=x>")
            assert page.locator("h1").inner_text().startswith("{{ 7 * 7 }}</title><img src=x>")
            titles = page.evaluate(
                map_script(
                    "return [...map.pujin.facilities.signs, ...map.pujin.demand.points].map((layer) => {"
                    " layer.openPopup(); layer.openTooltip();"
                    " return [layer.getPopup().getElement().querySelector('h3').textContent,"
                    " layer.getTooltip().getElement().querySelector('b').textContent]; });"
                )
            )
            wanted = [row[3] for row in data_of(html)["functions"]] + data_of(html)["demand"]["name"]
            assert [t[0] for t in titles] == [name or "(无名称)" for name in wanted]
            assert [t[1] for t in titles] == [name or "(无名称)" for name in wanted]
            for payload in PAYLOADS:
                page.fill("#pj-search", payload[:30])
            page.evaluate(map_script("map.setZoom(17, { animate: false });"))
            labels = page.locator(".pj-label span").all_inner_texts()
            assert {squeeze(text) for text in labels} <= {squeeze(p) for p in PAYLOADS} | {
                "高速",
                "小公园",
                "乙村",
            }
            assert page.locator("img, b > b, iframe").count() == 0
            page.wait_for_timeout(100)
            assert seen.faults == []


@pytest.mark.browser
def test_phone_starts_with_the_map_and_a_folded_panel(browser: Browser, result: Results, tmp_path) -> None:
    html = suitability_map(result, "caring").html()
    with visit(browser, html, tmp_path, width=390, height=844) as seen:
        page = seen.page
        box = page.locator(".folium-map").bounding_box()
        assert box["width"] == 390
        assert box["height"] > 600
        assert page.locator("#pj-choice").is_hidden()
        page.click("summary")
        assert page.locator("#pj-choice").is_visible()
        assert page.evaluate("document.documentElement.scrollWidth") == 390
        assert seen.faults == []
