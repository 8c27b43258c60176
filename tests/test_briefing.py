"""The briefing: its figures against hand-made tables, its completeness, and the page in a browser."""

import re
from collections.abc import Iterator
from dataclasses import replace
from html import escape
from io import BytesIO

import numpy as np
import pandas as pd
import pytest
import shapely
from browser import chromium, visit
from maps_world import PAYLOADS, results, study, two_circles, without
from PIL import Image
from playwright.sync_api import Browser

from pujin_geo.maps.drawing import frame_of
from pujin_geo.maps.figures import percent
from pujin_geo.maps.overview import pictures
from pujin_geo.report.briefing import (
    headline_cards,
    index_html,
    problem_counts,
    top_projects,
    worst_gaps,
    write_index,
)
from pujin_geo.results import Results


@pytest.fixture(scope="module")
def result() -> Results:
    return results()


@pytest.fixture(scope="module")
def circled() -> Results:
    return results(circles=two_circles())


def headlines_of(*rows: dict[str, object]) -> pd.DataFrame:
    blank = {
        "headline": "mean_basic", "figure": "均值", "subject": "basic", "unit": "share", "value": 0.5, "low": 0.4,
        "high": 0.6, "people": 2000.0, "people_unknown": 0.0, "value_if_unknown_met": 0.5, "target": float("nan"), "mark": "",
    }  # fmt: skip
    return pd.DataFrame([blank | row for row in rows])


def cards(base: Results, *rows: dict[str, object]) -> list[dict[str, str]]:
    return headline_cards(replace(base, tables=base.tables | {"headlines": headlines_of(*rows)}))


def test_a_card_gives_the_figure_its_range_and_what_is_unknown(result: Results) -> None:
    nan = float("nan")
    (card,) = cards(result, {})
    assert (card["figure"], card["value"], card["notes"], card["mark"]) == (
        "均值", "50.0%", "±10%: 40.0% – 60.0%", "",
    )  # fmt: skip
    assert card["bar"] == {"value": 50.0, "low": 40.0, "high": 60.0, "target": None}
    (card,) = cards(result, {"people_unknown": 9.0, "value_if_unknown_met": 0.55, "mark": "M/U"})
    assert card["notes"] == "±10%: 40.0% – 60.0%; 含无法判定者最多 55.0%"
    assert card["mark"] == "M/U"
    (card,) = cards(result, {"unit": "people", "value": 1234.0, "low": 1000.0, "high": 2000.0})
    assert (card["value"], card["notes"]) == ("1,234", "±10%: 1,000 – 2,000")
    assert card["bar"] == {"value": 61.7, "low": 50.0, "high": 100.0, "target": None}  # of 2,000 people
    (card,) = cards(result, {"value": nan, "low": nan, "high": nan, "value_if_unknown_met": nan})
    assert (card["value"], card["notes"]) == ("—", "")


def test_a_card_names_its_type_in_words(result: Results) -> None:
    (card,) = cards(result, {"subject": "pharmacy"})
    assert card["notes"].startswith("药店; ")


def test_the_page_shows_every_headline_of_the_table(result: Results) -> None:
    page = index_html(result)
    for row in result.tables["headlines"]["figure"]:
        assert escape(row) in page
    assert "nan" not in re.sub(r"<style>.*?</style>", "", page, flags=re.DOTALL).lower()


def test_projects_are_listed_by_the_people_they_newly_serve(result: Results) -> None:
    listed = top_projects(result, most=1_000)
    assert len(listed) == len(result.tables["projects"])
    served = [float(str(row["people_newly_served"]).lstrip("<")) for row in listed]
    assert served[0] == result.tables["projects"]["people_newly_served"].max()


def test_the_worst_gaps_are_the_first_of_the_table_with_few_people_hidden(circled: Results) -> None:
    areas = circled.tables["gap_areas"].copy()
    areas.loc[0, "population"] = 3.0
    hidden = replace(circled, tables=circled.tables | {"gap_areas": areas})
    rows = worst_gaps(hidden, most=2)
    assert [row["area_name"] for row in rows] == areas["area_name"].head(2).tolist()
    assert rows[0]["population"] == "<5"
    names = circled.inputs.catalogue.set_index("facility_type")["name_zh"]
    missing = areas["facility_types"][0].split(";")
    assert set(rows[0]["missing"].split("、")) <= {names[one] for one in missing}
    assert len(rows[0]["missing"].split("、")) + rows[0]["more"] == len(missing)
    assert {row["circle"] for row in rows} <= {"西圈", "东圈"}


def test_each_circle_has_a_picture_with_its_own_dots(circled: Results) -> None:
    drawn = pictures(circled)
    residents = circled.tables["residents"].query("inside_boundary")
    assert list(drawn.circles) == ["LC1", "LC2"]
    for circle_id, picture in drawn.circles.items():
        paths = re.findall(r'<path d="([^"]+)" fill="#[0-9a-f]{6}" fill-opacity="\.9"/>', picture)
        dots = sum(path.count("M") for path in paths)
        assert dots == (residents["circle_id"] == circle_id).sum() > 0
    worst = min(len(circled.tables["gap_areas"]), 10)
    assert drawn.overview.count('class="badge"') == drawn.gaps.count('class="badge"') == worst
    assert drawn.circle_index.count('class="badge"') == 2
    page = index_html(circled)
    assert page.count('id="pj-base"') == 1
    assert page.count('<svg class="picture sketch"') == 2


def test_a_picture_puts_a_place_where_it_is(circled: Results) -> None:
    """The lattice's west edge and middle, by the frame's own margin of three hundredths."""
    frame = frame_of(circled.inputs)
    west, south, east, north = circled.inputs.boundary.total_bounds
    middle = shapely.Point((west + east) / 2, (south + north) / 2)
    corner = shapely.Point(west, north)
    margin = max(east - west, north - south) * 0.03 * frame.units_per_m
    assert frame.points(np.array([corner])) == [(round(margin), round(margin))]
    x, y = frame.points(np.array([middle]))[0]
    assert abs(x - frame.width / 2) <= 1
    assert abs(y - frame.height / 2) <= 1


def test_problem_counts_add_up(result: Results) -> None:
    problems = result.tables["problems"]
    counts = problem_counts(problems)
    assert counts["count"].sum() == len(problems)
    assert counts["severity"].tolist()[0] == "error"
    assert len(problem_counts(problems.head(0))) == 0


def test_page_holds_every_judged_type_with_its_figures(result: Results) -> None:
    text = re.sub(r"<[^>]+>", " ", index_html(result))
    whole = result.tables["coverage"].query("circle_id == 'all' and scope == 'all'")
    names = result.inputs.catalogue.set_index("facility_type")["name_zh"]
    for row in whole.itertuples():
        line = re.search(rf"{re.escape(names[row.facility_type])}\s+[\d.]+ 米.*?\n\s*\n", text, re.DOTALL)
        assert line, row.facility_type
        assert percent(row.coverage_share) in line[0]
        assert f"{row.people_met:,.0f}" in line[0]


def test_page_says_what_it_is_and_where_it_comes_from(result: Results) -> None:
    page = index_html(result)
    for words in (
        "示例街道",
        "合成数据",
        "内部讨论",
        "2023-06-30",
        "读入 = 采用 + 剔除",
        "街道资料",
        "unknown_type",
    ):
        assert words in page
    for reason in ("规则中没有步行标准",):
        assert reason in page
    english = index_html(results(lang="en"))
    assert '<html lang="en">' in english
    assert "read = accepted + rejected" in english
    outside_data = re.sub(
        r"示例街道|小区\d+|设施\d+|街道资料|甲居委|乙村|周浦塘|类型不认识|游泳池|小公园", "", english
    )
    assert not re.search(r"[\u4e00-\u9fff]", outside_data)


def test_notices_follow_the_study(result: Results) -> None:
    plain = replace(result.inputs, study=study(synthetic=False, data_date=""))
    page = index_html(replace(result, inputs=plain))
    assert "合成数据" not in page
    assert "数据日期" not in page
    residents = result.inputs.residents.assign(basis="estimated_from_floor_area")
    estimated = index_html(replace(result, inputs=replace(result.inputs, residents=residents)))
    assert "人口为估算" in estimated
    assert "规划情景" in index_html(replace(result, include_planned=True))


def test_same_results_give_the_same_bytes_and_nothing_remote(result: Results, tmp_path) -> None:
    write_index(result, tmp_path / "a.html")
    write_index(results(), tmp_path / "b.html")
    first = (tmp_path / "a.html").read_bytes()
    assert first == (tmp_path / "b.html").read_bytes()
    assert not re.search(rb'(?:src|href)\s*=\s*"(?:https?:)?//', first)
    assert b"<script" not in first
    assert b"unsafe" not in first


def test_optional_layers_may_be_absent(result: Results) -> None:
    layers = ("boundary", "extent", "water", "green", "residential_land", "barriers", "committees")
    assert "<svg" in index_html(without(result, *layers))


# In a browser


@pytest.fixture(scope="module")
def browser() -> Iterator[Browser]:
    with chromium() as running:
        yield running


@pytest.mark.browser
@pytest.mark.parametrize(("width", "height"), [(1440, 900), (390, 844)])
def test_alone_it_shows_the_map_and_asks_for_nothing(
    browser: Browser, result: Results, tmp_path, width: int, height: int
) -> None:
    with visit(browser, index_html(result), tmp_path, width=width, height=height) as seen:
        box = seen.page.locator("svg.overview").bounding_box()
        assert box["width"] > 300
        picture = Image.open(BytesIO(seen.page.locator("svg.overview").screenshot())).convert("RGB")
        colours = {colour for _, colour in picture.getcolors(maxcolors=1_000_000)}
        assert (0xD2, 0xE2, 0xC3) in colours  # the park, which is drawn in the shared base
        assert seen.page.evaluate("document.documentElement.scrollWidth") <= width
        assert seen.faults == []


@pytest.mark.browser
def test_hostile_names_are_text(browser: Browser, tmp_path) -> None:
    hostile = results(named=PAYLOADS)
    hostile = replace(
        hostile, inputs=replace(hostile.inputs, study=study(name="</title><script>alert(1)</script>"))
    )
    page_text = index_html(hostile)
    with visit(browser, page_text, tmp_path) as seen:
        text = seen.page.locator("body").inner_text()
        listed = top_projects(hostile)
        assert any(row["name"] for row in listed)
        for row in listed:
            assert " ".join(str(row["name"]).split())[:40] in " ".join(text.split())
        assert "</script><img src=x onerror=alert(1)>" in text
        assert seen.page.title().startswith("</title><script>alert(1)</script>")
        assert seen.page.locator("img, script").count() == 0
        seen.page.wait_for_timeout(100)
        assert seen.faults == []


@pytest.mark.browser
def test_what_is_folded_on_screen_is_printed(browser: Browser, result: Results, tmp_path) -> None:
    with visit(browser, index_html(result), tmp_path) as seen:
        full = seen.page.locator("#fold-full ~ .more")
        assert not full.is_visible()
        rows = seen.page.locator(".needs tr")
        assert rows.count() > 13
        assert [rows.nth(n).is_visible() for n in (12, 13)] == [True, False]
        seen.page.get_by_text("各类设施覆盖率全表").first.click()
        assert full.is_visible()
        seen.page.locator("#fold-full").press("Space")
        assert not full.is_visible()
        seen.page.emulate_media(media="print")
        assert full.is_visible()
        assert rows.nth(13).is_visible()
        assert not seen.page.locator("nav.contents").is_visible()
        assert seen.faults == []


@pytest.mark.browser
def test_every_entry_of_the_contents_leads_to_its_section(
    browser: Browser, result: Results, tmp_path
) -> None:
    with visit(browser, index_html(result), tmp_path) as seen:
        links = seen.page.locator(".contents a, .asked a")
        anchors = {links.nth(n).get_attribute("href") for n in range(links.count())}
        assert len(anchors) >= 10
        assert all(seen.page.locator(f"h2{anchor}").count() == 1 for anchor in anchors)


@pytest.mark.browser
@pytest.mark.parametrize(
    ("paper", "landscape", "width", "height"), [("A4", False, 186, 273), ("A3", True, 398, 273)]
)
def test_prints_with_no_picture_cut(
    browser: Browser, circled: Results, tmp_path, paper: str, landscape: bool, width: float, height: float
) -> None:
    """Nothing is wider than the paper less its margins, and what may not break is lower than a page."""
    pixels = 96 / 25.4
    with visit(browser, index_html(circled), tmp_path) as seen:
        seen.page.emulate_media(media="print")
        seen.page.set_viewport_size({"width": int(width * pixels), "height": int(height * pixels)})
        assert seen.page.evaluate("document.documentElement.scrollWidth") <= width * pixels
        pictures = seen.page.locator("svg.picture, .chart svg, .circles figure, .worst li")
        boxes = [pictures.nth(n).bounding_box() for n in range(pictures.count())]
        assert len(boxes) > 8
        assert all(box["height"] <= height * pixels for box in boxes)
        assert all(box["x"] + box["width"] <= width * pixels + 1 for box in boxes)
        printed = seen.page.pdf(format=paper, landscape=landscape, print_background=True)
        sides = {"A4": (595, 842), "A3": (1191, 842)}[paper]
        sizes = {
            tuple(round(float(v)) for v in box.split()[2:])
            for box in re.findall(rb"/MediaBox \[([\d. ]+)\]", printed)
        }
        assert {tuple(abs(a - b) <= 1 for a, b in zip(size, sides, strict=True)) for size in sizes} == {
            (True, True)
        }
