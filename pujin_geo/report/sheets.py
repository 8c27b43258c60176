"""Long tables as sheets of a workbook: XlsxWriter draws the frame, the rows are written here, column by column.

XlsxWriter goes cell by cell, which takes most of a workbook's time; distinct values of a column are few.
"""

import io
import re
from typing import Any
from zipfile import ZIP_DEFLATED, ZipFile, ZipInfo

import pandas as pd

Cells = list[str | bool | float | None]

_ESCAPE = re.compile("_x[0-9a-fA-F]{4}_")
_CONTROL = re.compile("[\x00-\x08\x0b-\x1f]")
_EDGE = re.compile(r"^\s|\s$")
_LONGEST = 32_767
"""Characters (UTF-16 units) that a cell holds."""


def cells_of(column: pd.Series) -> Cells:
    """Return plain Python values, None for a blank: text stays text, whatever it begins with."""
    filled = column.notna() & (column != "")
    cells: Cells = column.astype(object).where(filled, None).tolist()
    return cells


def fill_sheets(frame: bytes, columns: dict[str, list[Cells]]) -> bytes:
    """Return a workbook with rows added below the first row of its sheets.

    Args:
        frame: a workbook by XlsxWriter with ``constant_memory``, whose sheets hold their header row only.
        columns: file of a sheet in the workbook → its columns, of equal length.
    """
    filled = io.BytesIO()
    with ZipFile(io.BytesIO(frame)) as source, ZipFile(filled, "w", ZIP_DEFLATED) as target:
        for member in source.infolist():
            content = source.read(member)
            if any(columns.get(member.filename, [])):
                content = _with_rows(content.decode(), columns[member.filename]).encode()
            # XlsxWriter's own date and rights: equal tables, equal bytes.
            copy = ZipInfo(member.filename, member.date_time)
            copy.compress_type, copy.external_attr = ZIP_DEFLATED, member.external_attr
            target.writestr(copy, content)
    return filled.getvalue()


def sheet_file(book: Any, sheet: Any) -> str:
    """Return the name of a sheet's file inside the workbook.

    >>> import xlsxwriter
    >>> book = xlsxwriter.Workbook(io.BytesIO())
    >>> sheet_file(book, book.add_worksheet("about"))
    'xl/worksheets/sheet1.xml'
    """
    return f"xl/worksheets/sheet{book.worksheets().index(sheet) + 1}.xml"


def rows_xml(columns: list[Cells]) -> str:
    """Return the ``row`` elements of a sheet from its second row on, as XlsxWriter would write them.

    >>> rows_xml([["a"], [None], [2.5]])
    '<row r="2"><c r="A2" t="inlineStr"><is><t>a</t></is></c><c r="C2"><v>2.5</v></c></row>'
    """
    last = len(columns[0]) + 2 if columns else 2
    numbers = [str(number) for number in range(2, last)]
    written = [_column_xml(_letters(place), cells, numbers) for place, cells in enumerate(columns)]
    lines = map("".join, zip(*written, strict=True))
    return "".join(
        f'<row r="{number}">{line}</row>' for number, line in zip(numbers, lines, strict=True) if line
    )


def _with_rows(sheet: str, columns: list[Cells]) -> str:
    corner = f"{_letters(len(columns) - 1)}{len(columns[0]) + 1}"
    sheet = re.sub(r'<dimension ref="[^"]*"/>', f'<dimension ref="A1:{corner}"/>', sheet, count=1)
    head, tail = sheet.split("</sheetData>")
    return f"{head}{rows_xml(columns)}</sheetData>{tail}"


def _column_xml(letters: str, cells: Cells, numbers: list[str]) -> list[str]:
    kinds = set(map(type, cells))
    start = f'<c r="{letters}'
    if bool in kinds and kinds - {bool, type(None)}:  # True would be found as 1
        ends = [_end(cell) for cell in cells]
    else:
        known = {cell: _end(cell) for cell in set(cells)}
        ends = [known[cell] for cell in cells]
    return [f"{start}{number}{end}" if end else "" for number, end in zip(numbers, ends, strict=True)]


def _end(cell: str | bool | float | None) -> str:
    """Return a cell's XML after its address."""
    if cell is None:
        return ""
    if isinstance(cell, str):
        text = _CONTROL.sub(lambda m: f"_x{ord(m[0]):04X}_", _ESCAPE.sub(r"_x005F\g<0>", _cut(cell)))
        text = text.replace("\ufffe", "_xFFFE_").replace("\uffff", "_xFFFF_")
        keep = ' xml:space="preserve"' if _EDGE.search(text) else ""
        text = text.replace("&", "&amp;").replace("<", "&lt;").replace(">", "&gt;")
        return f'" t="inlineStr"><is><t{keep}>{text}</t></is></c>'
    if isinstance(cell, bool):
        return f'" t="b"><v>{int(cell)}</v></c>'
    return f'"><v>{cell + 0:.16G}</v></c>'  # no -0


def _cut(text: str) -> str:
    if len(text) <= _LONGEST // 2:
        return text
    return text.encode("utf-16-le", "surrogatepass")[: 2 * _LONGEST].decode("utf-16-le", "ignore")


def _letters(column: int) -> str:
    """Return a column's letters: A, B ... Z, AA ..."""
    return (_letters(column // 26 - 1) if column >= 26 else "") + chr(ord("A") + column % 26)
