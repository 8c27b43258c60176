"""The briefing: its figures against hand-made tables, its completeness, and the page in a browser."""

import re
from collections.abc import Iterator
from dataclasses import replace
from html import unescape

import pandas as pd
import pytest
from browser import chromium, visit
from maps_world import PAYLOADS, results, study, without
from playwright.sync_api import Browser

from pujin_geo.briefing import Headlines, headlines, index_html, problem_counts, top_gaps, write_index
from pujin_geo.maps.figures import percent
from pujin_geo.results import Results


@pytest.fixture(scope="module")
def result() -> Results:
    return results()


def tiny(rows: list[tuple[str, str, str]], people: dict[str, float], base: Results) -> Results:
    """Results with chosen verdicts: (demand point, type, verdict), everyone counted."""
    residents = pd.DataFrame({"demand_id": list(people), "population": list(people.values())}).assign(
        name="", committee_id="", circle_id="", scope="urban", inside_boundary=True, lon=0.0, lat=0.0
    )
    distances = pd.DataFrame(rows, columns=["demand_id", "facility_type", "verdict"])
    weight = distances["demand_id"].map(people)
    coverage = []
    for facility_type, mine in distances.groupby("facility_type", sort=False):
        sums = {
            v: float(weight[mine.index][mine["verdict"] == v].sum()) for v in ("met", "not_met", "unknown")
        }
        total = sum(sums.values())
        coverage.append(
            {
                "circle_id": "all",
                "scope": "all",
                "facility_type": facility_type,
                "suitability": "livable",
                "threshold_m": 500.0,
                "people_basis": "all",
                "people": total,
                "people_met": sums["met"],
                "people_not_met": sums["not_met"],
                "people_unknown": sums["unknown"],
                "coverage_share": sums["met"] / total if total else float("nan"),
                "straight_line_share": 0.9,
                "mean_walk_m": 300.0,
            }
        )
    open_rows = distances[distances["verdict"] != "met"]
    gaps = open_rows.assign(
        circle_id="", cause="too_far", people=weight[open_rows.index], walk_m=900.0, shortfall_m=400.0
    )
    tables = base.tables | {
        "residents": residents,
        "distances": distances,
        "coverage": pd.DataFrame(coverage),
        "gaps": gaps,
    }
    return replace(base, tables=tables)


def test_headlines_worked_out_by_hand(result: Results) -> None:
    """a reaches both, b one for sure and one perhaps, c none; cowork is no basic type and must not matter."""
    rows = [
        ("a", "wet_market", "met"), ("a", "pharmacy", "met"), ("a", "cowork", "not_met"),
        ("b", "wet_market", "met"), ("b", "pharmacy", "unknown"), ("b", "cowork", "not_met"),
        ("c", "wet_market", "not_met"), ("c", "pharmacy", "not_met"), ("c", "cowork", "not_met"),
    ]  # fmt: skip
    found = headlines(tiny(rows, {"a": 50.0, "b": 30.0, "c": 20.0}, result))
    assert found == Headlines(
        people=100.0,
        demand_points=3,
        all_basic_low=0.5,
        all_basic_high=0.8,
        mean_low=pytest.approx((0.8 + 0.5) / 2),
        mean_high=pytest.approx((0.8 + 0.8) / 2),
        straight_mean=pytest.approx(0.9),
        weakest="pharmacy",
        weakest_low=0.5,
        weakest_high=pytest.approx(0.8),
        weakest_not_met=20.0,
        detour_rows=0,
        detour_people=0.0,
    )


def test_a_type_that_does_not_apply_is_not_asked_of_a_point(result: Results) -> None:
    rows = [("a", "wet_market", "met"), ("b", "pharmacy", "met"), ("b", "wet_market", "not_met")]
    assert headlines(tiny(rows, {"a": 1.0, "b": 3.0}, result)).all_basic_low == 0.25


def test_headlines_without_basic_types_or_people_are_blank_not_zero(result: Results) -> None:
    nobody = headlines(tiny([("d000", "cowork", "met")], {"d000": 5.0}, result))
    assert nobody.weakest == ""
    assert pd.isna([nobody.all_basic_low, nobody.mean_low, nobody.weakest_low]).all()
    index_html(tiny([("d000", "cowork", "met")], {"d000": 5.0}, result))
    empty = tiny([("d000", "wet_market", "met")], {"d000": 0.0}, result)
    assert pd.isna([headlines(empty).all_basic_low, headlines(empty).mean_low]).all()
    assert "nan" not in re.sub(r"<style>.*?</style>", "", index_html(empty), flags=re.DOTALL).lower()


def test_top_gaps_are_sure_basic_and_by_people(result: Results) -> None:
    chosen = top_gaps(result, most=1_000)
    basic = result.inputs.catalogue.query("`class` == 'basic'")["facility_type"]
    gaps = result.tables["gaps"]
    expected = gaps[(gaps["verdict"] == "not_met") & gaps["facility_type"].isin(basic) & (gaps["people"] > 0)]
    assert len(chosen) == len(expected)
    assert chosen["people"].is_monotonic_decreasing
    assert len(top_gaps(result)) == 15


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
        r"示例街道|小区\d+|街道资料|甲居委|乙村|周浦塘|类型不认识|游泳池|小公园", "", english
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
        gaps = top_gaps(hostile)
        for name in gaps["name"]:
            assert " ".join(unescape(name).split())[:40] in " ".join(text.split()) or name == ""
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
