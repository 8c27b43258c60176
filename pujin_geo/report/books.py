"""Workbooks to be handed in and printed: sheets with headings in words, a filter and a print area."""

import io
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any, Literal

import pandas as pd

from ..definitions import INTERNAL, SYNTHETIC
from ..texts import Lang, Text
from .columns import column_of, columns_of
from .sheets import Rows, fill_sheets, open_book, sheet_file

if TYPE_CHECKING:
    from ..results import Results

A4 = 9

Kind = Literal["text", "count", "number", "share"]


@dataclass(frozen=True)
class Heading:
    """A column of a sheet: where it comes from, its heading, its width in characters, what it holds."""

    column: str
    title: Text
    width: int
    kind: Kind = "text"


@dataclass(frozen=True)
class Sheet:
    """A sheet: its name, its columns, and the sentence that stands there when it has no rows."""

    title: Text
    headings: tuple[Heading, ...]
    nothing: Text


def write_sheets(
    path: Path,
    title: str,
    sheets: Sequence[tuple[Sheet, pd.DataFrame]],
    about: Sequence[tuple[str, str]],
    results: "Results",
) -> None:
    """Write a workbook to be handed in: sheets with headings that stay, a filter and a print area, and one about them.

    Args:
        path: the workbook; its folder exists.
        title: in its properties.
        sheets: each with a table of its columns, in that order.
        about: the rows of the last sheet.
        results: for language, name and notices.
    """
    lang = results.lang
    frame = io.BytesIO()
    book = open_book(frame, title)
    formats = _formats(book)
    rows = {}
    for sheet, table in sheets:
        page = book.add_worksheet(sheet.title.of(lang))
        _set_up_print(page, results, sheet.title.of(lang))
        rows[sheet_file(book, page)] = _draw_sheet(page, sheet, table, formats, lang)
    page = book.add_worksheet(Text("说明", "about").of(lang))
    _set_up_print(page, results, Text("说明", "about").of(lang))
    for place, (width, kind) in enumerate(((22, "head"), (100, "text"))):
        page.set_column(place, place, width)
        page.write_blank(0, place, None, formats[kind])
    rows[sheet_file(book, page)] = Rows((), [column_of(list(words)) for words in zip(*about, strict=True)])
    book.close()
    path.write_bytes(fill_sheets(frame.getvalue(), rows))


def _formats(book: Any) -> dict[str, Any]:
    """Return the formats of headings and of every kind of cell, made for one workbook."""
    cell = {"valign": "top", "border": 1, "border_color": "#C8D0D8", "font_size": 9}
    return {
        "head": book.add_format(
            cell | {"bold": True, "text_wrap": True, "valign": "vcenter", "bg_color": "#E8EEF4"}
        ),
        "text": book.add_format(cell | {"text_wrap": True}),
        "count": book.add_format(cell | {"num_format": "#,##0", "align": "right"}),
        "number": book.add_format(cell | {"num_format": "0", "align": "right"}),
        "share": book.add_format(cell | {"num_format": "0.0%", "align": "right"}),
    }


def _draw_sheet(page: Any, sheet: Sheet, table: pd.DataFrame, formats: dict[str, Any], lang: Lang) -> Rows:
    """Draw all but the rows, and return these."""
    last = max(len(table), 1)
    for place, heading in enumerate(sheet.headings):
        page.set_column(place, place, heading.width)
        page.write_blank(0, place, None, formats["head"])
        if len(table):
            page.write_blank(1, place, None, formats[heading.kind])
    page.freeze_panes(1, 0)
    page.repeat_rows(0)
    page.autofilter(0, 0, last, len(sheet.headings) - 1)
    page.print_area(0, 0, last, len(sheet.headings) - 1)
    columns = list(columns_of(table).values()) if len(table) else [column_of([sheet.nothing.of(lang)])]
    return Rows([heading.title.of(lang) for heading in sheet.headings], columns)


def _set_up_print(page: Any, results: "Results", title: str) -> None:
    """Set a sheet up for A4 across, with the study, the date and the notices above."""
    study, lang = results.inputs.study, results.lang
    page.set_landscape()
    page.set_paper(A4)
    page.set_margins(left=0.4, right=0.4, top=0.7, bottom=0.6)
    page.fit_to_pages(1, 0)
    parts = [study.name, title, study.data_date]
    head = " · ".join(part for part in parts if part)
    page.set_header(f"&C{_in_header(head)}&R{_in_header(notice(results))}")
    page.set_footer(Text("&C第 &P 页, 共 &N 页", "&Cpage &P of &N").of(lang))


def _in_header(text: str) -> str:
    """An ampersand begins a command in a sheet's header; 255 characters are the most that Excel reads."""
    return text[:60].replace("&", "&&")


def notice(results: "Results") -> str:
    """Return what is to be said of the figures wherever they are shown."""
    notices = [INTERNAL, SYNTHETIC] if results.inputs.study.synthetic else [INTERNAL]
    return " · ".join(notice.of(results.lang) for notice in notices)
