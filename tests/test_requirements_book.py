from pathlib import Path

import openpyxl
import pytest
from gap_worlds import long_street
from worlds import facility_type, home, one_street, shop

from pujin_geo.analysis import analyse
from pujin_geo.report.briefing import index_html
from pujin_geo.report.requirements_book import REQUIREMENTS, action_tables_in_words, write_requirements
from pujin_geo.results import Results

TYPES = [facility_type("shop", 500.0) | {"must_have": "yes"}]


@pytest.fixture(scope="module")
def result() -> Results:
    shops = [shop(0, 0, name="=1+1"), shop(2000, 0, status="planned", name="规划店")]
    homes = [home(3000, 0, 3.0, committee_id="E"), home(1000, 0, 40.0, committee_id="W", name="家")]
    return analyse(long_street(shops=shops, homes=homes, types=TYPES))


@pytest.fixture(scope="module")
def book(result: Results, tmp_path_factory: pytest.TempPathFactory) -> openpyxl.Workbook:
    path = tmp_path_factory.mktemp("book") / "requirements.xlsx"
    write_requirements(result, path)
    return openpyxl.load_workbook(path)


def rows(book: openpyxl.Workbook, sheet: str) -> list[dict[str, object]]:
    head, *body = book[sheet].iter_rows(values_only=True)
    return [dict(zip(head, values, strict=True)) for values in body]


def test_it_is_set_up_for_reading_and_print(book: openpyxl.Workbook) -> None:
    assert book.sheetnames == ["需求清单", "缺口片区", "闲置空间优选", "规划点位评价", "说明"]
    sheet = book["需求清单"]
    assert [cell.value for cell in sheet[1]] == [heading.title.zh for heading in REQUIREMENTS.headings]
    assert sheet.freeze_panes == "A2"
    assert sheet.auto_filter.ref == sheet.dimensions == "A1:R3"
    assert sheet.print_area == "'需求清单'!$A$1:$R$3"
    assert sheet.print_title_rows == "$1:$1"
    assert (sheet.page_setup.orientation, sheet.page_setup.paperSize) == ("landscape", 9)
    assert sheet.sheet_properties.pageSetUpPr.fitToPage
    assert sheet.page_setup.fitToWidth in (None, 1)  # one page wide is the default
    assert sheet.page_setup.fitToHeight == 0
    assert sheet.column_dimensions["M"].width > sheet.column_dimensions["A"].width
    assert "合成数据" in sheet.oddHeader.right.text


def test_few_people_read_less_than_five(book: openpyxl.Workbook) -> None:
    west, east = rows(book, "需求清单")
    assert (west["居村委"], west["未达标人数"]) == ("西村", 40)
    assert (east["居村委"], east["未达标人数"]) == ("东居委", "<5")
    assert "人" not in str(east["原因"]).split(";")[0]
    assert rows(book, "缺口片区")[1]["居民人数"] == "<5"


def test_the_setting_shows_all(result: Results, tmp_path: Path) -> None:
    write_requirements(result, tmp_path / "all.xlsx", smallest=0)
    east = rows(openpyxl.load_workbook(tmp_path / "all.xlsx"), "需求清单")[1]
    assert east["未达标人数"] == 3


def test_text_that_looks_like_a_formula_stays_text(book: openpyxl.Workbook) -> None:
    reason = book["需求清单"]["M2"]
    assert reason.data_type == "s"
    assert "=1+1" in reason.value
    assert not any(cell.data_type == "f" for sheet in book for row in sheet.iter_rows() for cell in row)


def test_the_same_results_give_the_same_bytes(result: Results, tmp_path: Path) -> None:
    for name in ("a.xlsx", "b.xlsx"):
        write_requirements(result, tmp_path / name)
    assert (tmp_path / "a.xlsx").read_bytes() == (tmp_path / "b.xlsx").read_bytes()


def test_english_and_empty(tmp_path: Path) -> None:
    result = analyse(one_street(homes=[home(700, 0)]), lang="en")
    write_requirements(result, tmp_path / "none.xlsx")
    book = openpyxl.load_workbook(tmp_path / "none.xlsx")
    assert book.sheetnames == ["requirements", "gap areas", "best idle spaces", "planned places", "about"]
    assert book["requirements"]["A2"].value == "Nothing is lacking or unknown."
    assert book["requirements"]["A1"].value == "no."


def test_the_briefing_says_the_same_in_words(result: Results) -> None:
    (planned, best) = action_tables_in_words(result)
    assert planned[2][:2] == [("设施类型", False, "type_name"), ("规划处数", True, "planned")]
    source, cells = planned[3][0]
    assert (source, cells[:4]) == ("planned_places?facility_type=shop", ["shop", "1", "规划店", "0"])
    source, cells = best[3][0]
    assert (source, cells[:4]) == ("best_spaces?facility_type=shop;spaces=1", ["shop", "1", "空间K2", "<5"])
    page = index_html(result)
    assert "规划点位评价" in page
    assert "空间K2" in page


def test_the_caller_keeps_the_tables(result: Results, tmp_path: Path) -> None:
    before = {name: table.copy() for name, table in result.tables.items()}
    write_requirements(result, tmp_path / "x.xlsx")
    assert all(table.equals(before[name]) for name, table in result.tables.items())
