"""The briefing: its figures against hand-made tables, its completeness, and the page in a browser."""

import re
from collections.abc import Iterator
from dataclasses import replace
from html import escape

import pandas as pd
import pytest
from browser import chromium, visit
from maps_world import PAYLOADS, results, study, without
from playwright.sync_api import Browser

from pujin_geo.maps.figures import percent
from pujin_geo.report.briefing import (
    headline_cards,
    index_html,
    problem_counts,
    top_projects,
    write_index,
)
from pujin_geo.results import Results


@pytest.fixture(scope="module")
def result() -> Results:
    return results()


def headlines_of(*rows: dict[str, object]) -> pd.DataFrame:
    blank = {
        "headline": "mean_basic", "figure": "均值", "subject": "basic", "unit": "share", "value": 0.5, "low": 0.4,
        "high": 0.6, "people_unknown": 0.0, "value_if_unknown_met": 0.5, "target": float("nan"), "mark": "",
    }  # fmt: skip
    return pd.DataFrame([blank | row for row in rows])


def cards(base: Results, *rows: dict[str, object]) -> list[dict[str, str]]:
    return headline_cards(replace(base, tables=base.tables | {"headlines": headlines_of(*rows)}))


def test_a_card_gives_the_figure_its_range_and_what_is_unknown(result: Results) -> None:
    nan = float("nan")
    assert cards(result, {}) == [
        {"figure": "均值", "value": "50.0%", "notes": "±10%: 40.0% – 60.0%", "mark": ""}
    ]
    (card,) = cards(result, {"people_unknown": 9.0, "value_if_unknown_met": 0.55, "mark": "M/U"})
    assert card["notes"] == "±10%: 40.0% – 60.0%; 含无法判定者最多 55.0%"
    assert card["mark"] == "M/U"
    (card,) = cards(result, {"unit": "people", "value": 1234.0, "low": 1000.0, "high": 2000.0})
    assert (card["value"], card["notes"]) == ("1,234", "±10%: 1,000 – 2,000")
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
        fill = seen.page.locator("svg.overview path[fill='#cfe0bd']").count()
        assert fill == 1  # the park
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
def test_prints_to_a4_with_the_map_uncut(browser: Browser, result: Results, tmp_path) -> None:
    with visit(browser, index_html(result), tmp_path) as seen:
        seen.page.emulate_media(media="print")
        seen.page.set_viewport_size({"width": 703, "height": 1016})  # A4 less the margins
        box = seen.page.locator("svg.overview").bounding_box()
        assert box["height"] < 1016
        assert box["x"] + box["width"] <= 703
        pdf = seen.page.pdf(prefer_css_page_size=True, print_background=True)
        sizes = {
            tuple(round(float(v)) for v in box.split())
            for box in re.findall(rb"/MediaBox \[([\d. ]+)\]", pdf)
        }
        assert sizes == {(0, 0, 595, 842)}
