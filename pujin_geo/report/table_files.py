"""The tables as CSV files and as one workbook: internal, and with every count as it is."""

import io
from datetime import datetime
from pathlib import Path
from typing import TYPE_CHECKING, Any

import pandas as pd

from ..definitions import DEFINITIONS, INTERNAL, SYNTHETIC
from ..formulas import as_cell, is_formula
from ..texts import Text
from .sheets import Cells, cells_of, fill_sheets, sheet_file
from .trace import columns_table, figures_table, trace_note

if TYPE_CHECKING:
    from ..results import Results

CSV_ROWS_AT_MOST = 1_000_000
XLSX_ROWS = 1_048_576
CSV_ONLY = ("distances", "gap_area_types")
"""The longest tables would only slow the workbook down."""


def printable(table: pd.DataFrame) -> pd.DataFrame:
    """Return a table as it is printed: walks with three decimals, whole numbers of people without any.

    >>> printable(pd.DataFrame({"walk_m": [12.5, None], "people": [3.0, 4.0]})).values.tolist()
    [['12.500', '3'], ['', '4']]
    """
    return pd.DataFrame({name: _printed(table[name], str(name)) for name in table.columns})


def formulas_as_text(table: pd.DataFrame) -> pd.DataFrame:
    """Return a table in which no text can be taken for a formula by a program that opens the CSV.

    A text that begins with ``= + - @`` (wide ones too), a tab or a line break gets an apostrophe before it,
    and so does one that begins with such an apostrophe: who takes one apostrophe away has the text as it was.
    Numbers, also when written as text, stay as they are.

    >>> formulas_as_text(pd.DataFrame({"name": ["=1+1", "-5", "'=1", "O'Neill"]}))["name"].tolist()
    ["'=1+1", '-5', "''=1", "O'Neill"]
    """
    return pd.DataFrame({name: _as_text(table[name]) for name in table.columns})


def _as_text(column: pd.Series) -> pd.Series:
    if pd.api.types.is_numeric_dtype(column):
        return column
    taken = {one: as_cell(one) for one in column.unique() if isinstance(one, str) and is_formula(one)}
    return column.map(lambda cell: taken.get(cell, cell)) if taken else column


def _printed(column: pd.Series, name: str) -> pd.Series:
    if not pd.api.types.is_float_dtype(column):
        return column
    if name in ("walk_m", "straight_m", "shortfall_m", "farthest_walk_m", "mean_walk_m"):
        text = column.map("{:.3f}".format)
    elif name in ("lon", "lat"):
        text = column.map("{:.7f}".format)
    else:
        text = column.round(6).map("{:.15g}".format)
    return text.where(column.notna(), "")


def write_tables(results: "Results", folder: Path) -> None:
    """Write ``tables/*.csv`` and ``tables.xlsx`` of an analysed study into a folder."""
    (folder / "tables").mkdir()
    tables = {name: _noticed(table, results) for name, table in results.tables.items()}
    tables |= {
        "figures": figures_table(results.lang),
        "columns": columns_table(tables, results.lang),
    }
    for name, table in tables.items():
        path = folder / "tables" / name
        if name == "distances" and len(table) > CSV_ROWS_AT_MOST:
            table.to_parquet(path.with_suffix(".parquet"), index=False)
        else:
            write_csv(table, path.with_suffix(".csv"))
    # A note of its own, since a table travels without the workbook.
    notes = "\n".join(DEFINITIONS[name].of(results.lang) for name in ("tables", "apostrophe"))
    notes += "\n" + trace_note(results).of(results.lang)
    (folder / "tables" / "README.txt").write_text(notes + "\n", encoding="utf-8-sig", newline="\n")
    for name in CSV_ONLY:
        del tables[name]
    write_workbook(tables, folder / "tables.xlsx", _about(results))


def write_csv(table: pd.DataFrame, path: Path) -> None:
    """Write one table as UTF-8 with a byte order mark, which Excel and WPS read."""
    printable(formulas_as_text(table)).to_csv(path, index=False, encoding="utf-8-sig", lineterminator="\n")


def _noticed(table: pd.DataFrame, results: "Results") -> pd.DataFrame:
    """Mark every row of a synthetic study, since a table travels without its cover."""
    if not results.inputs.study.synthetic:
        return table
    return table.assign(data_notice=SYNTHETIC.of(results.lang))


def _about(results: "Results") -> list[tuple[str, str]]:
    """Return the workbook's first sheet: what this is, how sure, and what each figure means."""
    study, lang = results.inputs.study, results.lang
    notice = [SYNTHETIC.of(lang)] if study.synthetic else []
    rows = [
        (Text("研究", "study").of(lang), study.name),
        *([(Text("数据日期", "data date").of(lang), study.data_date)] if study.data_date else []),
        (Text("声明", "notice").of(lang), " · ".join([*notice, INTERNAL.of(lang)])),
        (Text("标准", "profile").of(lang), study.profile),
        (Text("数据指纹", "input hash").of(lang), results.input_hash),
    ]
    return rows + [(name, text.of(lang)) for name, text in DEFINITIONS.items()]


def write_workbook(tables: dict[str, pd.DataFrame], path: Path, about: list[tuple[str, str]]) -> None:
    """Write tables as sheets of a workbook, after one that says what they are; equal input, equal bytes."""
    import xlsxwriter  # noqa: PLC0415 - only workbooks need it

    frame = io.BytesIO()
    options = {"strings_to_formulas": False, "strings_to_urls": False}
    book = xlsxwriter.Workbook(frame, {"constant_memory": True, **options})
    # A fixed date keeps two workbooks of one run equal byte for byte.
    book.set_properties({"created": datetime(2000, 1, 1)})
    head = book.add_format({"bold": True, "bottom": 1, "bg_color": "#E8EEF4"})
    wrapped = book.add_format({"text_wrap": True, "valign": "top"})
    first = book.add_worksheet("about")
    first.set_column(0, 0, 24, wrapped)
    first.set_column(1, 1, 100, wrapped)
    for row, (name, text) in enumerate(about):
        first.write_string(row, 0, name)
        first.write_string(row, 1, text)
    rows = {}
    for name, table in tables.items():
        sheet = book.add_worksheet(name)
        rows[sheet_file(book, sheet)] = _draw_sheet(sheet, table, head, name)
    book.close()
    path.write_bytes(fill_sheets(frame.getvalue(), rows))


def _draw_sheet(sheet: Any, table: pd.DataFrame, head: Any, name: str) -> list[Cells]:
    """Draw all but the rows, and return these, column by column."""
    if len(table) >= XLSX_ROWS:
        sheet.write_string(0, 0, f"{len(table)} rows do not fit a sheet: see tables/{name}.csv")
        return []
    sheet.freeze_panes(1, 0)
    columns = [cells_of(table[title]) for title in table.columns]
    for column, (title, cells) in enumerate(zip(table.columns, columns, strict=True)):
        longest = max((len(str(cell)) for cell in cells[:200]), default=0)
        sheet.set_column(column, column, min(max(len(title), longest) + 2, 60))
        sheet.write_string(0, column, title, head)
    if len(table):
        sheet.autofilter(0, 0, len(table), len(table.columns) - 1)
    return columns
