"""A table is written from its columns' distinct values as pandas would write it cell by cell."""

import math
import re
from typing import Any

import numpy as np
import pandas as pd
import pytest
from hypothesis import example, given
from hypothesis import strategies as st

from pujin_geo.report.columns import columns_of
from pujin_geo.report.table_files import csv_text

FORMULA = re.compile(r"(?![+-]?\d+(?:\.\d+)?\Z)'*[=+\-@＝＋－＠\t\r\n]")
TEXTS = st.text(st.characters(exclude_categories=["Cs"]), max_size=6) | st.sampled_from(
    ["=1", "'=1", "-5", "a,b", 'a"b', "a\nb", "\r", " x", "wet_market", "＝1"]
)
FLOATS = st.floats() | st.sampled_from([0.0, -0.0, 1e-7, -1e-7, 0.1 + 0.2, 2.5, 1234.5675, 1e15, math.nan])
KINDS: dict[str, tuple[st.SearchStrategy[Any], str]] = {
    "text": (TEXTS | st.none(), "str"),
    "walk_m": (FLOATS, "float64"),
    "people": (FLOATS, "float64"),
    "lon": (FLOATS, "float64"),
    "count": (st.integers(-9, 9), "int64"),
    "is_met": (st.booleans(), "bool"),
    "row": (st.integers(0, 9) | st.none(), "Int64"),
    "mixed": (TEXTS | st.integers(0, 1) | st.booleans() | st.none() | st.sampled_from([0.5, 1.0]), "object"),
}


@st.composite
def tables(draw: st.DrawFn) -> pd.DataFrame:
    rows = draw(st.integers(0, 8))
    names = draw(st.lists(st.sampled_from(list(KINDS)), min_size=1, unique=True))
    columns = {}
    for name in names:
        cells, dtype = KINDS[name]
        columns[name] = pd.Series(draw(st.lists(cells, min_size=rows, max_size=rows)), dtype=dtype)
    return pd.DataFrame(columns)


def cell_by_cell(table: pd.DataFrame) -> str:
    shown = {}
    for name, column in table.items():
        if column.dtype == np.float64:
            style = {"walk_m": "{:.3f}", "lon": "{:.7f}"}.get(str(name), "{:.15g}")
            rounded = column.round(6) if style == "{:.15g}" else column
            shown[name] = ["" if math.isnan(cell) else style.format(cell) for cell in rounded]
        else:
            shown[name] = [
                f"'{cell}" if isinstance(cell, str) and FORMULA.match(cell) else cell for cell in column
            ]
    return str(pd.DataFrame(shown, dtype=object).to_csv(index=False, lineterminator="\n"))


@given(table=tables())
@example(table=pd.DataFrame({"text": pd.Series(["", None, "a"], dtype="str")}))
@example(table=pd.DataFrame({"people": [-1e-7, -0.0, 0.0, 3.0]}))
@pytest.mark.filterwarnings("ignore:.*encountered in (multiply|rint)")
def test_a_csv_is_the_one_that_pandas_writes(table: pd.DataFrame) -> None:
    assert csv_text(columns_of(table)) == cell_by_cell(table)


@given(table=tables())
def test_columns_hold_the_cells_of_the_table(table: pd.DataFrame) -> None:
    for name, column in columns_of(table).items():
        cells = [column.values[place] for place in column.places]
        expected = table[name].astype(object).where(table[name].notna(), None).tolist()
        assert [(type(one), repr(one)) for one in cells] == [(type(one), repr(one)) for one in expected]


def test_a_table_without_rows_has_its_header() -> None:
    table = pd.DataFrame({"a,b": pd.Series(dtype="str"), "people": pd.Series(dtype="float64")})
    assert csv_text(columns_of(table)) == '"a,b",people\n'
