"""The static maps in a workbook: a sheet with a picture each, for offices that work in Excel and WPS."""

from datetime import datetime
from pathlib import Path
from typing import TYPE_CHECKING

from ..maps.words import notices
from .static_maps import TITLES, MapKind

if TYPE_CHECKING:
    from ..results import Results

A3 = 8
SHOWN_SCALE = 0.78
"""Of A3, on the screen; printed, a sheet fills an A3 page."""


def write_picture_book(results: "Results", pictures: dict[MapKind, Path], path: Path) -> None:
    """Write a workbook with one map on each sheet; the same pictures give the same bytes.

    Args:
        results: an analysed study.
        pictures: PNG files by map.
        path: the workbook; its folder exists.
    """
    import xlsxwriter  # noqa: PLC0415 - only workbooks need it

    lang, study = results.lang, results.inputs.study
    book = xlsxwriter.Workbook(path)
    # A fixed date keeps two workbooks of one run equal byte for byte.
    book.set_properties({"created": datetime(2000, 1, 1), "title": study.name})
    bold = book.add_format({"bold": True, "font_size": 14})
    marked = book.add_format({"bold": True, "font_color": "#9C2F2F"})
    for kind, file in pictures.items():
        title = TITLES[kind].of(lang)
        page = book.add_worksheet(title.replace("“", "").replace("”", "")[:31])
        page.hide_gridlines(2)
        page.set_landscape()
        page.set_paper(A3)
        page.set_margins(left=0.4, right=0.4, top=0.4, bottom=0.4)
        page.fit_to_pages(1, 1)
        page.write_string(0, 0, f"{study.name} · {title}", bold)
        page.write_string(
            1, 0, " · ".join([*notices(results), *([study.data_date] if study.data_date else [])]), marked
        )
        page.insert_image(
            2, 0, str(file), {"x_scale": SHOWN_SCALE, "y_scale": SHOWN_SCALE, "description": title}
        )
    book.close()
