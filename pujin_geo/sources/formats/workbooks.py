"""Excel and WPS workbooks → raw tables, one per usable sheet."""

import io
import warnings
import zipfile
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

from ...errors import SourceError
from ...study import LayerSpec
from ...tables import Layer, Problem
from ...texts import Text
from ..headers import match_headers, score
from .grids import Grid, is_empty, tabulate
from .raw import RawTable, read_bytes, unreadable


@dataclass(frozen=True)
class _Sheet:
    """A sheet of a workbook; ``uncalculated`` are its formulas without a result."""

    title: str
    grid: Grid
    uncalculated: list[str]


def read_workbook(path: Path, file: str, layer: Layer, spec: LayerSpec) -> list[RawTable]:
    """Read the sheets that have the layer's headers, or the one that the study names."""
    sheets, hidden = _sheets(path, file)
    if spec.sheet is not None:
        sheets, hidden = _named_sheet(sheets + hidden, spec.sheet, file), []
    sheets = [s for s in sheets if s.title in (layer.name, layer.title.zh, layer.title.en)] or sheets
    tables = {s.title: tabulate(s.grid, file, layer, spec, check_ragged=False) for s in sheets if s.grid.rows}
    if not tables:
        raise SourceError(
            Text(f"{file} 的工作表都是空的, 请填写数据。", f"{file}: all sheets are empty; fill in data.")
        )
    usable = [title for title, table in tables.items() if _is_usable(table, layer, spec)]
    if not usable:  # the caller says what the fullest sheet lacks
        return [max(tables.values(), key=lambda t: score(list(t.frame), layer, spec.columns))]
    found = _sheet_findings(layer, file, spec, sheets, usable, hidden)
    return [
        replace(
            tables[title],
            file=f"{file} [{title}]" if len(usable) > 1 else file,
            problems=tuple(found) if k == 0 else (),
        )
        for k, title in enumerate(usable)
    ]


def _sheet_findings(
    layer: Layer, file: str, spec: LayerSpec, sheets: list[_Sheet], usable: list[str], hidden: list[_Sheet]
) -> list[Problem]:
    skipped = [s.title for s in sheets if s.grid.rows and s.title not in usable]
    unseen = [
        s.title
        for s in hidden
        if s.grid.rows and _is_usable(tabulate(s.grid, file, layer, spec, check_ragged=False), layer, spec)
    ]
    uncalculated = [cell for s in sheets if s.title in usable for cell in s.uncalculated]
    reasons = (("sheet_skipped", skipped), ("sheet_hidden", unseen), ("formula_without_value", uncalculated))
    return [_about_sheets(layer, file, code, what) for code, what in reasons if what]


def _about_sheets(layer: Layer, file: str, code: str, what: list[str]) -> Problem:
    listed = "、".join(what[:20]) + (" …" if len(what) > 20 else "")
    messages = {
        "sheet_skipped": Text(
            f"工作表 {listed} 没有{layer.title.zh}所需的表头, 未读取; 如有数据请补上表头, 或用 sheet 指定。",
            f"The sheets {listed} lack the headers of {layer.title.en} and were passed over; add the headers if they "
            "hold data, or name one with sheet.",
        ),
        "sheet_hidden": Text(
            f"隐藏的工作表 {listed} 也有{layer.title.zh}的表头, 未读取; 如需要请取消隐藏, 或用 sheet 指定。",
            f"The hidden sheets {listed} have the headers of {layer.title.en} too and were not read; unhide them or name one "
            "with sheet.",
        ),
        "formula_without_value": Text(
            f"单元格 {listed} 是尚未计算的公式, 按空白读取; 请在 Excel 中打开并保存一次。",
            f"The cells {listed} hold formulas that were never calculated and were read as blank; open and save the file "
            "in Excel once.",
        ),
    }
    return Problem(layer.name, "warning", code, messages[code], file=file, column="sheet", value=listed)


def _is_usable(table: RawTable, layer: Layer, spec: LayerSpec) -> bool:
    match = match_headers(list(table.frame), layer, spec.columns)
    required = {c.name for c in layer.columns if c.required} | set(spec.columns)
    return required <= set(match.columns) and match.place() is not None


def _named_sheet(sheets: list[_Sheet], wanted: str, file: str) -> list[_Sheet]:
    chosen = [s for s in sheets if s.title.strip() == wanted.strip()]
    if chosen:
        return chosen
    listed = "、".join(s.title for s in sheets)
    raise SourceError(
        Text(
            f"{file} 中没有工作表 {wanted}; 现有: {listed}。请改正 study.toml 中的 sheet。",
            f"{file} has no sheet {wanted}; there are: {listed}. Correct sheet in study.toml.",
        )
    )


def _sheets(path: Path, file: str) -> tuple[list[_Sheet], list[_Sheet]]:
    """Return the visible and the hidden sheets of a workbook."""
    import openpyxl  # noqa: PLC0415  slow to import, and only workbooks need it

    data = read_bytes(path, file)
    try:
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")  # styles and extensions that hold no data
            book = openpyxl.load_workbook(io.BytesIO(data), data_only=True)
            formulas = openpyxl.load_workbook(io.BytesIO(data)) if _has_formulas(data) else None
        sheets = [
            (
                sheet.sheet_state == "visible",
                _Sheet(
                    sheet.title,
                    _sheet_grid(sheet),
                    [] if formulas is None else _uncalculated(sheet, formulas[sheet.title]),
                ),
            )
            for sheet in book.worksheets
        ]
    except Exception as error:  # openpyxl lets through whatever a broken part raises
        raise unreadable(
            file,
            type(error).__name__,
            Text(
                "文件可能已损坏、加密或不是 .xlsx, 请在 Excel 中打开后另存为 .xlsx。",
                "it may be damaged, encrypted or not an .xlsx; open it in Excel and save it as .xlsx.",
            ),
        ) from None
    return [s for visible, s in sheets if visible], [s for visible, s in sheets if not visible]


def _has_formulas(data: bytes) -> bool:
    with zipfile.ZipFile(io.BytesIO(data)) as parts:
        sheets = (parts.read(name) for name in parts.namelist() if name.startswith("xl/worksheets/"))
        return any(b"<f>" in sheet or b"<f " in sheet for sheet in sheets)


def _uncalculated(values: Any, formulas: Any) -> list[str]:
    """Return the cells whose formula has no stored result, as files made by programs other than Excel have."""
    return [
        cell.coordinate
        for place, cell in formulas._cells.items()
        if cell.data_type == "f" and (place not in values._cells or values._cells[place].value is None)
    ]


def _sheet_grid(sheet: Any) -> Grid:
    # Only cells that exist: a sheet formatted to its last row would have 17 billion.
    values = {place: cell.value for place, cell in sheet._cells.items() if not is_empty(cell.value)}
    if not values:
        return Grid([], [])
    filled = set()
    for area in sheet.merged_cells.ranges:
        top = values.get((area.min_row, area.min_col))
        if top is None:
            continue
        for row in range(area.min_row + 1, area.max_row + 1):
            values[row, area.min_col] = top
            filled.add((row - 1, area.min_col - 1))
    height, width = (max(place[k] for place in values) for k in (0, 1))
    rows: list[list[Any]] = [[None] * width for _ in range(height)]
    for (row, column), value in values.items():
        rows[row - 1][column - 1] = value
    return Grid(rows, list(range(1, height + 1)), filled)
