"""The tables as CSV files and as one workbook: internal, and with every count as it is."""

import csv
import io
import re
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np

from ..definitions import DEFINITIONS, INTERNAL, SYNTHETIC
from ..formulas import as_cell
from ..texts import Text
from .columns import Cell, Column, Columns, column_of, columns_of, constant
from .sheets import Rows, fill_sheets, open_book, sheet_file
from .trace import columns_table, figures_table, trace_note

if TYPE_CHECKING:
    from ..results import Results

CSV_ROWS_AT_MOST = 1_000_000
XLSX_ROWS = 1_048_576
CSV_ONLY = ("distances", "gap_area_types")
"""The longest tables would only slow the workbook down."""

_WALKS = ("walk_m", "straight_m", "shortfall_m", "farthest_walk_m", "mean_walk_m")
_QUOTED = re.compile(r'[,"\r\n\0]')
"""What a cell may hold that the writer of CSV puts quotes around."""


def write_tables(results: "Results", folder: Path) -> None:
    """Write ``tables/*.csv`` and ``tables.xlsx`` of an analysed study into a folder."""
    (folder / "tables").mkdir()
    lang, study = results.lang, results.inputs.study
    # In every row of a synthetic study, since a table travels without its cover.
    notice = {"data_notice": SYNTHETIC.of(lang)} if study.synthetic else {}
    sheets = {}
    for name, table in results.tables.items():
        path = folder / "tables" / name
        if name == "distances" and len(table) > CSV_ROWS_AT_MOST:
            table.assign(**notice).to_parquet(path.with_suffix(".parquet"), index=False)
            continue
        columns = columns_of(table) | {key: constant(text, len(table)) for key, text in notice.items()}
        write_csv(columns, path.with_suffix(".csv"))
        if name not in CSV_ONLY:
            sheets[name] = columns
    headings = {name: [*table.columns, *notice] for name, table in results.tables.items()}
    for name, table in {"figures": figures_table(lang), "columns": columns_table(headings, lang)}.items():
        sheets[name] = columns_of(table)
        write_csv(sheets[name], folder / "tables" / f"{name}.csv")
    # A note of its own, since a table travels without the workbook.
    notes = "\n".join(DEFINITIONS[name].of(lang) for name in ("tables", "apostrophe"))
    notes += "\n" + trace_note(results).of(lang)
    (folder / "tables" / "README.txt").write_text(notes + "\n", encoding="utf-8-sig", newline="\n")
    write_workbook(sheets, folder / "tables.xlsx", _about(results))


def write_csv(columns: Columns, path: Path) -> None:
    """Write one table as UTF-8 with a byte order mark, which Excel and WPS read."""
    path.write_text(csv_text(columns), encoding="utf-8-sig", newline="\n")


def csv_text(columns: Columns) -> str:
    """Return a table as CSV: walks with three decimals, whole numbers of people without any.

    No text can be taken for a formula by a program that opens the file: one that begins with ``= + - @`` (wide ones
    too), a tab or a line break gets an apostrophe before it, and so does one that begins with such an apostrophe:
    who takes one apostrophe away has the text as it was. Numbers, also when written as text, stay as they are.

    >>> import pandas as pd
    >>> csv_text(columns_of(pd.DataFrame({"walk_m": [12.5, None], "people": [3.0, 4.0]})))
    'walk_m,people\\n12.500,3\\n,4\\n'
    >>> csv_text(columns_of(pd.DataFrame({"name": ["=1+1", "-5", "'=1", "O'Neill"]})))
    "name\\n'=1+1\\n-5\\n''=1\\nO'Neill\\n"
    """
    rows = max(map(len, columns.values()), default=0)
    parts = np.empty((rows + 1, len(columns)), dtype=object)
    blank = '""' if len(columns) == 1 else ""  # or the row would be taken for none
    for place, (name, column) in enumerate(columns.items()):
        end = "\n" if place + 1 == len(columns) else ","
        parts[0, place] = _quoted(name) + end
        parts[1:, place] = column.spread([(text or blank) + end for text in _printed(column, name)])
    return "".join(parts.ravel().tolist())


def _printed(column: Column, name: str) -> list[str]:
    """Return how each value of a column is printed."""
    if not column.is_decimal:
        return [_cell(value) for value in column.values]
    values, style = column.values, "{:.3f}"
    if name in ("lon", "lat"):
        style = "{:.7f}"
    elif name not in _WALKS:
        values, style = np.round(np.array(values, dtype=float), 6).tolist(), "{:.15g}"
    return [
        "" if blank is None else style.format(value)
        for blank, value in zip(column.values, values, strict=True)
    ]


def _cell(value: Cell) -> str:
    if isinstance(value, str):
        return _quoted(as_cell(value))
    return "" if value is None else str(value)


def _quoted(text: str) -> str:
    if (text.isprintable() and "," not in text and '"' not in text) or not _QUOTED.search(text):
        return text
    line = io.StringIO()
    csv.writer(line, lineterminator="\n").writerow([text, ""])
    return line.getvalue().removesuffix(",\n")


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


def write_workbook(tables: dict[str, Columns], path: Path, about: list[tuple[str, str]]) -> None:
    """Write tables as sheets of a workbook, after one that says what they are; equal input, equal bytes."""
    frame = io.BytesIO()
    book = open_book(frame)
    head = book.add_format({"bold": True, "bottom": 1, "bg_color": "#E8EEF4"})
    wrapped = book.add_format({"text_wrap": True, "valign": "top"})
    first = book.add_worksheet("about")
    rows = {sheet_file(book, first): Rows((), [column_of(list(words)) for words in zip(*about, strict=True)])}
    for place, width in enumerate((24, 100)):
        first.set_column(place, place, width, wrapped)
        first.write_blank(0, place, None, wrapped)
    for name, columns in tables.items():
        sheet = book.add_worksheet(name)
        rows[sheet_file(book, sheet)] = _draw_sheet(sheet, columns, head, name)
    book.close()
    path.write_bytes(fill_sheets(frame.getvalue(), rows))


def _draw_sheet(sheet: Any, columns: Columns, head: Any, name: str) -> Rows:
    """Draw all but the rows, and return these."""
    rows = max(map(len, columns.values()), default=0)
    if rows >= XLSX_ROWS:
        return Rows([f"{rows} rows do not fit a sheet: see tables/{name}.csv"], [])
    sheet.freeze_panes(1, 0)
    for place, (title, column) in enumerate(columns.items()):
        first = set(column.places[:200].tolist())
        longest = max(
            (len(str(None if (cell := column.values[one]) == "" else cell)) for one in first), default=0
        )
        sheet.set_column(place, place, min(max(len(title), longest) + 2, 60))
        sheet.write_blank(0, place, None, head)
    if rows:
        sheet.autofilter(0, 0, rows, len(columns) - 1)
    return Rows(list(columns), list(columns.values()))
