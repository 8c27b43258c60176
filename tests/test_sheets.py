"""Rows of a workbook written by column: byte for byte what XlsxWriter writes cell by cell."""

import io
from datetime import datetime
from typing import Any

import openpyxl
import pandas as pd
import xlsxwriter
from hypothesis import example, given, settings
from hypothesis import strategies as st

from pujin_geo.report.sheets import Cells, cells_of, fill_sheets, sheet_file

OPTIONS = {"strings_to_formulas": False, "strings_to_urls": False, "constant_memory": True}
TEXTS = st.text(min_size=1, max_size=12) | st.sampled_from(
    ["=1+1", " edge ", "line\nbreak", 'a & b < "c" >', "_x0041_", "\x00\x0b\ufffe", "😀", "汉字"]
)
NUMBERS = st.integers(-(10**6), 10**6) | st.floats(allow_nan=False, allow_infinity=False)
CELLS = st.none() | TEXTS | NUMBERS | st.booleans()


def tables() -> st.SearchStrategy[list[Cells]]:
    return st.integers(0, 6).flatmap(
        lambda rows: st.lists(st.lists(CELLS, min_size=rows, max_size=rows), min_size=1, max_size=30)
    )


def drawn(columns: list[Cells], *, by_cell: bool) -> bytes:
    target = io.BytesIO()
    book = xlsxwriter.Workbook(target, OPTIONS)
    book.set_properties({"created": datetime(2000, 1, 1)})
    book.add_worksheet("first").write_string(0, 0, "about")
    sheet = book.add_worksheet("table")
    for column in range(len(columns)):
        sheet.write_string(0, column, f"c{column}")
    if by_cell:
        for row, line in enumerate(zip(*columns, strict=True), start=1):
            for column, cell in enumerate(line):
                write_cell(sheet, row, column, cell)
    name = sheet_file(book, sheet)
    book.close()
    return target.getvalue() if by_cell else fill_sheets(target.getvalue(), {name: columns})


def write_cell(sheet: Any, row: int, column: int, cell: Any) -> None:
    if isinstance(cell, str):
        sheet.write_string(row, column, cell)
    elif isinstance(cell, bool):
        sheet.write_boolean(row, column, cell)
    elif cell is not None:
        sheet.write_number(row, column, cell + 0)  # 0 for -0.0


@settings(max_examples=50)
@given(columns=tables())
@example(columns=[[True, 1, 1.0, "1", None]])
@example(columns=[["a" * 40_000, "😀" * 20_000]])
@example(columns=[[0.1 + 0.2, 1e-7, 1e300, -0.0, 115_000.0]])
def test_the_bytes_are_those_of_xlsxwriter(columns: list[Cells]) -> None:
    # Only the last row may be blank throughout: XlsxWriter then counts one row less.
    if columns[0] and all(column[-1] is None for column in columns):
        columns = [[*column[:-1], "end"] for column in columns]
    assert drawn(columns, by_cell=False) == drawn(columns, by_cell=True)


def test_an_independent_reader_finds_the_values() -> None:
    table = pd.DataFrame(
        {"name": ["=1+1", "", " b "], "people": [2.5, None, 3.0], "met": [True, False, True]}
    )
    book = openpyxl.load_workbook(io.BytesIO(drawn([cells_of(table[c]) for c in table], by_cell=False)))
    rows = list(book["table"].iter_rows(min_row=2, values_only=True))
    assert rows == [("=1+1", 2.5, True), (None, None, False), (" b ", 3, True)]
    assert book["table"]["A2"].data_type == "s"
