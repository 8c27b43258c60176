"""Cells as committees write them, one by one."""

import datetime as dt
import math

import pandas as pd
import pytest

from pujin_geo.sources.cells import (
    AREA_UNITS,
    CAPACITY_UNITS,
    COUNT_UNITS,
    METRE_UNITS,
    clean_id,
    clean_text,
    map_unique,
    read_committee_kind,
    read_degrees,
    read_number,
    read_scope,
    read_status,
    read_yes_no,
    split_functions,
)


@pytest.mark.parametrize(
    ("cell", "units", "value", "state"),
    [
        ("1200", COUNT_UNITS, 1200, "ok"),
        (1200, COUNT_UNITS, 1200, "ok"),
        ("１２００", COUNT_UNITS, 1200, "ok"),
        ("1,200", COUNT_UNITS, 1200, "ok"),
        ("１，２３４，５６７", COUNT_UNITS, 1234567, "ok"),
        ("1.2万", COUNT_UNITS, 12000, "ok"),
        ("1.2万人", COUNT_UNITS, 12000, "ok"),
        ("200 人", COUNT_UNITS, 200, "ok"),
        ("0", COUNT_UNITS, 0, "ok"),
        ("-5", COUNT_UNITS, -5, "ok"),
        ("−5", COUNT_UNITS, -5, "ok"),
        ("1e3", COUNT_UNITS, 1000, "ok"),
        (".5", COUNT_UNITS, 0.5, "ok"),
        ("约200", COUNT_UNITS, 200, "approximate"),
        ("200余人", COUNT_UNITS, 200, "approximate"),
        ("近1.5万人", COUNT_UNITS, 15000, "approximate"),
        ("200左右", COUNT_UNITS, 200, "approximate"),
        ("200多", COUNT_UNITS, 200, "approximate"),
        (">200", COUNT_UNITS, 200, "approximate"),
        ("300平", AREA_UNITS, 300, "ok"),
        ("约300平方米", AREA_UNITS, 300, "approximate"),
        ("300㎡", AREA_UNITS, 300, "ok"),
        ("300 m²", AREA_UNITS, 300, "ok"),
        ("300(含地下室)", AREA_UNITS, 300, "approximate"),
        ("2公顷", AREA_UNITS, 20000, "ok"),
        ("3亩", AREA_UNITS, 2000, "ok"),
        ("30张", CAPACITY_UNITS, 30, "ok"),
        ("120米", METRE_UNITS, 120, "ok"),
    ],
)
def test_figures_are_read(cell: object, units: dict[str, float], value: float, state: str) -> None:
    number = read_number(cell, units)
    assert number.value == pytest.approx(value)
    assert number.state == state


@pytest.mark.parametrize(
    "cell", ["", " ", "—", "——", "-", "/", "无", "暂无", "N/A", "#N/A", None, float("nan"), pd.NA]
)
def test_blank_cells_are_blank(cell: object) -> None:
    assert read_number(cell).state == "blank"
    assert clean_text(cell) == ""


@pytest.mark.parametrize(
    "cell",
    [
        "二百",
        "50-80",
        "50~80",
        "1,20",
        "1,2000",
        "200户",
        "200 300",
        "12.3.4",
        "abc",
        "1e999",
        "inf",
        True,
        float("inf"),
        "#REF!",
    ],
)
def test_what_is_no_figure_is_not_guessed(cell: object) -> None:
    number = read_number(cell)
    assert number.state == "unreadable"
    assert math.isnan(number.value)


def test_a_unit_in_the_cell_outranks_the_header() -> None:
    assert read_number("2", AREA_UNITS, factor=10_000).value == 20_000
    assert read_number("300平", AREA_UNITS, factor=10_000).value == 300


@pytest.mark.parametrize(
    ("cell", "value"),
    [
        ("121.5", 121.5),
        (121.5, 121.5),
        ("121.5°", 121.5),
        ("121°30′", 121.5),
        ("121°30'36\"", 121.51),
        ("121度30分36秒", 121.51),
        ("121°30′36″E", 121.51),
        ("E121°30′36″", 121.51),
        ("东经121.5", 121.5),
        ("15°24′W", -15.4),
        ("15.4W", -15.4),
        ("S33.9", -33.9),
        ("１２１．５", 121.5),
    ],
)
def test_degrees(cell: object, value: float) -> None:
    assert read_degrees(cell).value == pytest.approx(value, abs=1e-9)


@pytest.mark.parametrize("cell", ["121°75′", "约121.5", "121.5,31.1", "东", "121,5"])
def test_degrees_that_cannot_be(cell: str) -> None:
    assert read_degrees(cell).state == "unreadable"


@pytest.mark.parametrize(
    ("cell", "status"),
    [
        (None, "existing"),
        ("—", "existing"),
        ("现状", "existing"),
        ("已建", "existing"),
        ("运营", "existing"),
        ("EXISTING", "existing"),
        ("在建", "under_construction"),
        ("改造", "under_construction"),
        ("Under Construction", "under_construction"),
        ("under_construction", "under_construction"),
        ("规划", "planned"),
        ("拟建", "planned"),
        ("关闭", "closed"),
        ("停用", "closed"),
        ("现状/已建", "existing"),
        ("现状、规划", None),
        ("或许", None),
        (3, None),
    ],
)
def test_status(cell: object, status: str | None) -> None:
    assert read_status(cell) == status


@pytest.mark.parametrize(
    ("cell", "value"),
    [
        ("", True),
        (None, True),
        ("是", True),
        (True, True),
        (1, True),
        (1.0, True),
        ("Y", True),
        ("否", False),
        ("×", False),
        ("无", False),
        (False, False),
        (0, False),
        ("0", False),
        ("No", False),
        ("也许", None),
        (2, None),
    ],
)
def test_yes_no(cell: object, value: bool | None) -> None:
    assert read_yes_no(cell) is value


def test_scope_and_kind() -> None:
    assert [read_scope(v) for v in ("城镇", "Rural", "", "海")] == ["urban", "rural", "", None]
    assert [read_committee_kind(v) for v in ("居委会", "村委会", "行政村", "x")] == [
        "residential",
        "village",
        "village",
        None,
    ]


def test_text_and_ids() -> None:
    assert clean_text(" 近浦村\r\n服务站\t") == "近浦村 服务站"
    assert clean_text("a\x00b\ud800") == "a b"
    assert clean_text(dt.date(2023, 6, 30)) == "2023-06-30"
    assert clean_id("Ａ０１") == "A01"
    assert clean_id(12.0) == "12"
    assert clean_id(0.5) == "0.5"


TYPES = {
    "日间照料": "day_care",
    "助餐": "meal_point",
    "助餐点": "meal_point",
    "综合/社区公园": "park",
    "图书馆和书房": "library",
}


@pytest.mark.parametrize(
    ("cell", "functions"),
    [
        ("日间照料、助餐", ["day_care", "meal_point"]),
        ("日间照料；助餐", ["day_care", "meal_point"]),
        ("日间照料\n助餐", ["day_care", "meal_point"]),
        ("日间照料/助餐", ["day_care", "meal_point"]),
        ("日间照料和助餐", ["day_care", "meal_point"]),
        ("日间照料 助餐", ["day_care", "meal_point"]),
        ("1.日间照料 2.助餐", ["day_care", "meal_point"]),
        ("①日间照料②助餐", ["day_care", "meal_point"]),
        ("综合/社区公园", ["park"]),
        ("综合/社区公园、助餐", ["park", "meal_point"]),
        ("图书馆和书房", ["library"]),
        ("助餐(2处)", ["meal_point"]),
        ("助餐、", ["meal_point"]),
        ("助餐、飞机场", ["meal_point", None]),
        ("助餐和飞机场", [None]),
        ("", [None]),
        (None, [None]),
        ("、", [None]),
    ],
)
def test_functions_in_one_cell(cell: str | None, functions: list[str | None]) -> None:
    assert [f for _, f in split_functions(cell, TYPES.get)] == functions


def test_equal_cells_of_other_types_are_read_apart() -> None:
    values = pd.Series([1, True, "1", 1.0, [1]], dtype=object)
    assert map_unique(values, lambda v: type(v).__name__) == ["int", "bool", "str", "float", "str"]
