"""Rows of a workbook: XlsxWriter draws the frame with formats and widths, the rows are written here, column by column.

XlsxWriter goes cell by cell, which takes most of a workbook's time; distinct values of a column are few.
"""

import io
import re
from collections.abc import Mapping, Sequence
from concurrent.futures import Future, ThreadPoolExecutor
from dataclasses import dataclass
from datetime import datetime
from typing import TYPE_CHECKING, Any
from zipfile import ZIP_DEFLATED, ZipFile, ZipInfo

import numpy as np

from .columns import Cell, Column

if TYPE_CHECKING:
    import xlsxwriter

_ESCAPE = re.compile("_x[0-9a-fA-F]{4}_")
_CONTROL = re.compile("[\x00-\x08\x0b-\x1f]")
_EDGE = re.compile(r"^\s|\s$")
_STYLED = re.compile(r'<c r="([A-Z]+)([12])" s="([0-9]+)"/>')
_ROWS = re.compile("<sheetData/>|<sheetData>.*</sheetData>", re.DOTALL)
_LONGEST = 32_767
"""Characters (UTF-16 units) that a cell holds."""
_LEVEL = 4
"""Of deflate: half the time of 6, for a ninth more bytes."""


@dataclass(frozen=True)
class Rows:
    """The rows of a sheet.

    Attributes:
        titles: the first row; none where the columns begin at once.
        columns: the rows below, by column, of equal length.
    """

    titles: Sequence[str]
    columns: Sequence[Column]


def open_book(frame: io.BytesIO, title: str = "") -> "xlsxwriter.Workbook":
    """Return a new workbook for ``fill_sheets``: blank cells with a format in its first two rows stand for their rows."""
    import xlsxwriter  # noqa: PLC0415 - only workbooks need it

    book = xlsxwriter.Workbook(frame, {"in_memory": True})
    # A fixed date keeps two workbooks of one run equal byte for byte.
    book.set_properties({"created": datetime(2000, 1, 1)} | ({"title": title} if title else {}))
    return book


def fill_sheets(frame: bytes, rows: Mapping[str, Rows]) -> bytes:
    """Return a workbook with the rows of its sheets.

    Args:
        frame: a workbook whose cells are blank. The format of a cell of the first row is that of the title, the
            format of the row below, or of the first row where there are no titles, that of the whole column.
        rows: file of a sheet in the workbook → its rows.
    """
    with ZipFile(io.BytesIO(frame)) as source:
        members = {name: source.read(name) for name in source.namelist()}
    filled = io.BytesIO()
    packed: list[Future[None]] = []
    # Sheets are packed one after another while the next ones are written.
    with ZipFile(filled, "w") as target, ThreadPoolExecutor(1) as beside:
        for name, content in members.items():
            whole = _with_rows(content.decode(), rows[name]).encode() if name in rows else content
            # A fixed date and fixed rights: equal tables, equal bytes.
            about = ZipInfo(name, (1980, 1, 31, 0, 0, 0))
            about.external_attr = 0o100600 << 16
            packed.append(beside.submit(target.writestr, about, whole, ZIP_DEFLATED, _LEVEL))
        for one in packed:
            one.result()
    return filled.getvalue()


def sheet_file(book: Any, sheet: Any) -> str:
    """Return the name of a sheet's file inside the workbook.

    >>> import xlsxwriter
    >>> book = xlsxwriter.Workbook(io.BytesIO())
    >>> sheet_file(book, book.add_worksheet("about"))
    'xl/worksheets/sheet1.xml'
    """
    return f"xl/worksheets/sheet{book.worksheets().index(sheet) + 1}.xml"


def rows_xml(columns: Sequence[Column], first: int, styles: Mapping[str, str] | None = None) -> str:
    """Return the ``row`` elements of a sheet from a row on, as XlsxWriter would write them.

    Args:
        columns: of equal length.
        first: number of the first row.
        styles: letters of a column → number of its format. With one, blank cells and empty texts are written too.

    >>> from .columns import column_of
    >>> rows_xml([column_of(["a"]), column_of([None]), column_of([2.5])], 2, {"C": "7"})
    '<row r="2"><c r="A2" t="inlineStr"><is><t>a</t></is></c><c r="C2" s="7"><v>2.5</v></c></row>'
    """
    rows = len(columns[0])
    numbers = np.empty(rows, dtype=object)
    numbers[:] = [str(number) for number in range(first, first + rows)]
    # Per row its start, number and the start's end; per cell start, number and end; the end of the row.
    parts = np.empty((rows, 4 + 3 * len(columns)), dtype=object)
    parts[:, 0], parts[:, 1], parts[:, 2], parts[:, -1] = '<row r="', numbers, '">', "</row>"
    is_written = np.zeros(rows, dtype=bool)
    for place, column in enumerate(columns):
        letters = _letters(place)
        style = f' s="{styles[letters]}"' if styles and letters in styles else ""
        ends = [_end(value, style) for value in column.values]
        is_filled = np.array([end != "" for end in ends])[column.places]
        at = 3 + 3 * place
        parts[:, at], parts[:, at + 1] = f'<c r="{letters}', numbers
        parts[:, at + 2] = column.spread(ends)
        parts[~is_filled, at : at + 2] = ""
        is_written |= is_filled
    parts[~is_written] = ""
    return "".join(parts.ravel().tolist())


def _with_rows(sheet: str, rows: Rows) -> str:
    styles: dict[str, dict[str, str]] = {"1": {}, "2": {}}
    for letters, number, style in _STYLED.findall(sheet):
        styles[number][letters] = style
    titles = [Column([title], np.zeros(1, dtype=np.intp)) for title in rows.titles]
    written, height = "", max(map(len, rows.columns), default=0)
    if titles:
        written += rows_xml(titles, 1, styles["1"])
    if height:
        written += rows_xml(rows.columns, 1 + bool(titles), styles["2" if titles else "1"])
    width = max(len(titles), len(rows.columns) if height else 0)
    corner = f"{_letters(width - 1)}{height + bool(titles)}"
    reach = "A1" if corner == "A1" else f"A1:{corner}"
    sheet = re.sub(r'<dimension ref="[^"]*"/>', f'<dimension ref="{reach}"/>', sheet, count=1)
    head, tail = _ROWS.split(sheet)
    return f"{head}<sheetData>{written}</sheetData>{tail}"


def _end(cell: Cell, style: str) -> str:
    """Return a cell's XML after its address."""
    if isinstance(cell, float):  # most are
        return f'"{style}><v>{cell + 0:.16G}</v></c>'  # no -0
    if isinstance(cell, str) and (cell or style):
        text, keep = (cell, "") if _is_easy(cell) else _escaped(cell)
        return f'"{style} t="inlineStr"><is><t{keep}>{text}</t></is></c>'
    if cell is None or cell == "":
        return f'"{style}/>' if style else ""
    if isinstance(cell, bool):
        return f'"{style} t="b"><v>{int(cell)}</v></c>'
    return f'"{style}><v>{cell:.16G}</v></c>'


def _is_easy(text: str) -> bool:
    """Tell quickly of most texts that XML takes them as they are."""
    return (
        text.isprintable()
        and len(text) <= _LONGEST // 2
        and text.strip() == text
        and not ("&" in text or "<" in text or ">" in text or "_x" in text)
    )


def _escaped(cell: str) -> tuple[str, str]:
    """Return a text as XML, and the attribute that keeps its edges."""
    text = _CONTROL.sub(lambda m: f"_x{ord(m[0]):04X}_", _ESCAPE.sub(r"_x005F\g<0>", _cut(cell)))
    text = text.replace("\ufffe", "_xFFFE_").replace("\uffff", "_xFFFF_")
    keep = ' xml:space="preserve"' if _EDGE.search(text) else ""
    return text.replace("&", "&amp;").replace("<", "&lt;").replace(">", "&gt;"), keep


def _cut(text: str) -> str:
    if len(text) <= _LONGEST // 2:
        return text
    return text.encode("utf-16-le", "surrogatepass")[: 2 * _LONGEST].decode("utf-16-le", "ignore")


def _letters(column: int) -> str:
    """Return a column's letters: A, B ... Z, AA ..."""
    return (_letters(column // 26 - 1) if column >= 26 else "") + chr(ord("A") + column % 26)
