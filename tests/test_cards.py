"""The circles' cards: one page each, complete in itself, names as text."""

import re
from collections.abc import Iterator
from dataclasses import replace

import pytest
from browser import chromium, visit
from maps_world import results, two_circles
from playwright.sync_api import Browser

from pujin_geo.report.cards import cards_html, write_cards
from pujin_geo.results import Results


@pytest.fixture(scope="module")
def result() -> Results:
    return results(circles=two_circles())


@pytest.fixture(scope="module")
def browser() -> Iterator[Browser]:
    with chromium() as running:
        yield running


def test_a_card_per_circle_with_its_people_and_gaps(result: Results) -> None:
    page = cards_html(result)
    assert page.count('<section class="card" id=') == len(result.tables["circles"]) == 2
    text = re.sub(r"<[^>]+>", " ", page)
    for circle in result.tables["circles"].itertuples():
        assert f"{circle.population:,.0f}" in text
    assert "合成数据" in text
    assert "nan" not in re.sub(r"<style>.*?</style>", "", page, flags=re.DOTALL).lower()


def test_without_circles_there_is_no_page(tmp_path) -> None:
    write_cards(results(), tmp_path / "cards.html")
    assert not (tmp_path / "cards.html").exists()


@pytest.mark.browser
def test_each_card_prints_on_a_sheet_of_its_own(browser: Browser, result: Results, tmp_path) -> None:
    hostile = result.tables["circles"].assign(name="</script><img src=x onerror=alert(1)>")
    page = cards_html(replace(result, tables=result.tables | {"circles": hostile}))
    with visit(browser, page, tmp_path) as seen:
        assert "<img src=x onerror=alert(1)>" in seen.page.locator("h2").nth(1).inner_text()
        for paper, landscape in (("A4", False), ("A3", True)):
            printed = seen.page.pdf(format=paper, landscape=landscape)
            assert len(re.findall(rb"/Type\s*/Page\b", printed)) == 3  # all circles, then one each
        assert seen.faults == []
