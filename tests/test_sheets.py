"""Rows of a workbook written by column: in every part what XlsxWriter writes cell by cell."""

import io
from datetime import datetime
from typing import Any
from zipfile import ZipFile

import openpyxl
import pandas as pd
import xlsxwriter
from hypothesis import example, given, settings
from hypothesis import strategies as st

from pujin_geo.report.columns import Cell, column_of, columns_of
from pujin_geo.report.sheets import Rows, fill_sheets, open_book, sheet_file

OPTIONS = {"strings_to_formulas": False, "strings_to_urls": False, "constant_memory": True}
TEXTS = st.text(max_size=12) | st.sampled_from(
    ["=1+1", " edge ", "line\nbreak", 'a & b < "c" >', "_x0041_", "\x00\x0b\ufffe", "😀", "汉字"]
)
NUMBERS = st.integers(-(10**6), 10**6) | st.floats(allow_nan=False, allow_infinity=False)
CELLS = st.none() | TEXTS | NUMBERS | st.booleans()


Cells = list[Cell]


def tables() -> st.SearchStrategy[list[Cells]]:
    return st.integers(0, 6).flatmap(
        lambda rows: st.lists(st.lists(CELLS, min_size=rows, max_size=rows), min_size=1, max_size=30)
    )


def parts(book: bytes) -> dict[str, bytes]:
    with ZipFile(io.BytesIO(book)) as file:
        return {name: file.read(name) for name in file.namelist()}


def by_cell(columns: list[Cells], *, has_styles: bool) -> bytes:
    target = io.BytesIO()
    book = xlsxwriter.Workbook(target, OPTIONS)
    book.set_properties({"created": datetime(2000, 1, 1)})
    head, style = book.add_format({"bold": True}), book.add_format({"italic": True})
    book.add_worksheet("first").write_string(0, 0, "about")
    sheet = book.add_worksheet("table")
    for column in range(len(columns)):
        sheet.write_string(0, column, f"c{column}", head)
    for row, line in enumerate(zip(*columns, strict=True), start=1):
        for column, cell in enumerate(line):
            write_cell(sheet, row, column, cell, style if has_styles else None)
    book.close()
    return target.getvalue()


def by_column(columns: list[Cells], *, has_styles: bool) -> bytes:
    target = io.BytesIO()
    book = open_book(target)
    head, style = book.add_format({"bold": True}), book.add_format({"italic": True})
    first, sheet = book.add_worksheet("first"), book.add_worksheet("table")
    for place in range(len(columns)):
        sheet.write_blank(0, place, None, head)
        if has_styles and columns[0]:
            sheet.write_blank(1, place, None, style)
    rows = {
        sheet_file(book, first): Rows(["about"], []),
        sheet_file(book, sheet): Rows([f"c{n}" for n in range(len(columns))], list(map(column_of, columns))),
    }
    book.close()
    return fill_sheets(target.getvalue(), rows)


def write_cell(sheet: Any, row: int, column: int, cell: Any, style: Any) -> None:
    if isinstance(cell, str) and (cell or style):
        sheet.write_string(row, column, cell, style)
    elif isinstance(cell, bool):
        sheet.write_boolean(row, column, cell, style)
    elif cell is not None and cell != "":
        sheet.write_number(row, column, cell + 0, style)  # 0 for -0.0
    elif style:
        sheet.write_blank(row, column, None, style)


@settings(max_examples=60)
@given(columns=tables(), has_styles=st.booleans())
@example(columns=[[True, 1, 1.0, "1", None]], has_styles=False)
@example(columns=[["a" * 40_000, "😀" * 20_000]], has_styles=False)
@example(columns=[[0.1 + 0.2, 1e-7, 1e300, -0.0, 115_000.0]], has_styles=True)
@example(columns=[["a", "b", "a", "\u2028", "\u3000", "é", "_x", "x_x0041"]], has_styles=False)
def test_every_part_is_that_of_xlsxwriter(columns: list[Cells], has_styles: bool) -> None:
    # Only the last row may be blank throughout: XlsxWriter then counts one row less.
    if columns[0] and all(column[-1] in (None, "") for column in columns):
        columns = [[*column[:-1], "end"] for column in columns]
    ours, theirs = by_column(columns, has_styles=has_styles), by_cell(columns, has_styles=has_styles)
    assert parts(ours) == parts(theirs)
    assert ours == by_column(columns, has_styles=has_styles)


def test_an_independent_reader_finds_the_values() -> None:
    table = pd.DataFrame(
        {"name": ["=1+1", "", " b "], "people": [2.5, None, 3.0], "met": [True, False, True]}
    )
    frame = io.BytesIO()
    book = open_book(frame)
    file = sheet_file(book, book.add_worksheet("table"))
    book.close()
    columns = columns_of(table)
    filled = fill_sheets(frame.getvalue(), {file: Rows(list(columns), list(columns.values()))})
    sheet = openpyxl.load_workbook(io.BytesIO(filled))["table"]
    rows = list(sheet.iter_rows(values_only=True))
    assert rows == [
        ("name", "people", "met"),
        ("=1+1", 2.5, True),
        (None, None, False),
        (" b ", 3, True),
    ]
    assert sheet["A2"].data_type == "s"
