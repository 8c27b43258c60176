"""Files in every format that a study may name, to raw tables: cells as written, nothing judged yet."""

import csv
import io
import warnings
import zipfile
from collections.abc import Sequence
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import Any

import geopandas as gpd
import numpy as np
import pandas as pd
import pyogrio
from pyproj import CRS
from pyproj.exceptions import CRSError
from rapidfuzz import fuzz, process

from ..errors import SourceError
from ..study import LayerSpec
from ..tables import Layer, Problem
from ..texts import Text
from .headers import match_headers, score

TABLE_FORMATS = (".csv", ".tsv", ".xlsx", ".xlsm")
VECTOR_FORMATS = (".geojson", ".json", ".gpkg", ".shp")
FORMATS = (*TABLE_FORMATS, *VECTOR_FORMATS, ".parquet")
HEADER_SEARCH_ROWS = 50
DAMAGED_SHARE = 0.25
"""Fewer broken sequences per plausible character than this are damage in UTF-8, and not another encoding."""


@dataclass(frozen=True)
class RawTable:
    """A table as its file has it.

    Attributes:
        file: name for messages; with the sheet's name where a workbook has several.
        frame: cells as written, one row per data row, unique headers, index 0..n-1.
        source_rows: the number that the file's own program shows for each row.
        geometry: shapely geometries where the format has them.
        crs: their coordinate system where the file says it.
        is_dbf: headers were cut to ten bytes.
        default_crs: ``crs`` is the format's default and not a statement of this file.
        filled: which cells were filled from a merged cell above them.
        ragged: rows with cells beyond the header.
        problems: findings about the file as a whole.
    """

    file: str
    frame: pd.DataFrame
    source_rows: np.ndarray
    geometry: np.ndarray | None = None
    crs: CRS | None = None
    is_dbf: bool = False
    default_crs: bool = False
    filled: np.ndarray | None = None
    ragged: np.ndarray | None = None
    problems: tuple[Problem, ...] = ()


@dataclass
class _Grid:
    """Cells of a text file or sheet before the header is known; ``numbers`` are its own row numbers."""

    rows: list[list[Any]]
    numbers: list[int]
    filled: set[tuple[int, int]] = field(default_factory=set)


@dataclass(frozen=True)
class _Sheet:
    """A sheet of a workbook; ``uncalculated`` are its formulas without a result."""

    title: str
    grid: _Grid
    uncalculated: list[str]


def read_raw(layer: Layer, spec: LayerSpec, *, folder: Path) -> list[RawTable]:
    """Read the file of a layer: one table, or one per sheet of a workbook.

    Raises:
        SourceError: the file is missing, of an unknown format, or cannot be read.
    """
    path = spec.path
    file = display_name(path, folder)
    _refuse_absent(path, file)
    ending = path.suffix.lower()
    if path.name.lower().endswith(".osm.pbf") and layer.name == "streets":
        return [_read_osm(path, file)]
    if ending in (".csv", ".tsv"):
        return [_read_csv(path, file, layer, spec)]
    if ending in (".xlsx", ".xlsm"):
        return _read_workbook(path, file, layer, spec)
    if ending in VECTOR_FORMATS:
        return [_read_vector(path, file, layer, spec)]
    if ending == ".parquet":
        return [_read_parquet(path, file)]
    listed = " ".join(f for f in FORMATS if f not in (".tsv", ".xlsm", ".json"))
    old = ending in (".xls", ".et", ".wps")
    raise SourceError(
        Text(
            f"{file}: 不支持的格式 {ending or '(无扩展名)'}; 可用 {listed} (道路还可用 .osm.pbf)。"
            + ("请在 Excel 或 WPS 中另存为 .xlsx。" if old else "请另存为其中一种。"),
            f"{file}: the format {ending or '(no ending)'} is not supported; use {listed} (streets also .osm.pbf). "
            + ("Save it as .xlsx in Excel or WPS." if old else "Save it as one of these."),
        )
    )


def display_name(path: Path, folder: Path) -> str:
    """Return a file's name for messages: its path within the study folder."""
    try:
        return path.relative_to(folder).as_posix()
    except ValueError:
        return path.name


def _refuse_absent(path: Path, file: str) -> None:
    if path.is_file():
        return
    if path.is_dir():
        raise SourceError(
            Text(
                f"{file} 是文件夹, 不是文件; 请在 study.toml 的 path 中写到文件名。",
                f"{file} is a folder, not a file; give the file's name in path of study.toml.",
            )
        )
    siblings = [p.name for p in path.parent.iterdir()] if path.parent.is_dir() else []
    best = process.extractOne(path.name, siblings, scorer=fuzz.ratio, score_cutoff=70)
    near = Text(f"是否为“{best[0]}”? ", f'is it "{best[0]}"? ') if best else Text("", "")
    raise SourceError(
        Text(
            f"找不到文件 {file}; {near.zh}请检查 study.toml 中的 path。",
            f"There is no file {file}; {near.en}check path in study.toml.",
        )
    )


def unreadable(file: str, error: Exception | str, advice: Text) -> SourceError:
    """Return the refusal of a file that its reader could not open."""
    reason = " ".join(str(error).split())[:200]
    return SourceError(
        Text(
            f"{file} 无法读取 ({reason}); {advice.zh}",
            f"{file} cannot be read ({reason}); {advice.en}",
        )
    )


# Text tables


def decode(data: bytes, file: str) -> str:
    """Decode a text file: UTF-8 or UTF-16 by their mark, else UTF-8, else GB18030 (which contains GBK).

    Raises:
        SourceError: it is none of them, or it is UTF-8 with damaged places.

    >>> decode("近浦村".encode("gbk"), "a.csv")
    '近浦村'
    """
    if data.startswith((b"\xff\xfe", b"\xfe\xff")):
        encoding = "utf-16"
    else:
        encoding = "utf-8-sig" if is_utf8(data) else "gb18030"
    try:
        text = data.decode(encoding)
    except UnicodeDecodeError:
        text = "\0"
    if "\0" not in text:
        return text
    line = _damaged_line(data)
    advice = (
        Text(
            "请在 Excel 中另存为“CSV UTF-8 (逗号分隔)”。",
            'in Excel save it as "CSV UTF-8 (comma delimited)".',
        )
        if file.lower().endswith((".csv", ".tsv"))
        else Text("文件可能已损坏, 请重新导出为 UTF-8。", "it may be damaged; export it anew as UTF-8.")
    )
    raise SourceError(
        Text(
            f"{file} 的文字编码无法识别 (既不是 UTF-8 也不是 GBK/GB18030, 第 {line} 行附近), {advice.zh}",
            f"{file}: the text encoding is not known (neither UTF-8 nor GBK/GB18030, near line {line}); {advice.en}",
        )
    )


def is_utf8(data: bytes) -> bool:
    """Tell UTF-8, perhaps with a few damaged places, from GBK or GB18030.

    Some Chinese characters in GBK, such as 路, are valid UTF-8 for a sign of another script, so that
    being valid is not enough.

    >>> [is_utf8(text.encode(code)) for text in ("路名", "路1", "Hämeentie") for code in ("utf-8", "gbk")[: 2 - ("ä" in text)]]
    [True, False, True, False, True]
    """
    if data.isascii():
        return True
    decoded = data.decode("utf-8", "replace").encode("utf-32-le")
    signs, counts = np.unique(np.frombuffer(decoded, dtype="<u4"), return_counts=True)
    is_broken = signs == 0xFFFD
    is_likely = ((signs >= 0x800) & ~is_broken) | (
        (signs >= 0xC0) & (signs < 0x250)
    )  # Chinese, or Latin letters
    likely, broken = counts[is_likely].sum(), counts[is_broken].sum()
    odd = counts[(signs >= 0x80) & ~is_likely & ~is_broken].sum()
    return bool(broken <= likely * DAMAGED_SHARE and odd <= likely)


def _damaged_line(data: bytes) -> int:
    try:
        data.decode("utf-8")
    except UnicodeDecodeError as error:
        return data.count(b"\n", 0, error.start) + 1
    return data.count(b"\n", 0, max(data.find(b"\0"), 0)) + 1


def _read_csv(path: Path, file: str, layer: Layer, spec: LayerSpec) -> RawTable:
    rows = _csv_rows(decode(_bytes(path, file), file), file)
    return _tabulate(_Grid(rows, list(range(1, len(rows) + 1))), file, layer, spec, check_ragged=True)


def _bytes(path: Path, file: str) -> bytes:
    try:
        return path.read_bytes()
    except OSError as error:
        raise unreadable(
            file,
            error.strerror or error,
            Text("请检查权限, 或先关闭占用它的程序。", "check its permissions."),
        ) from None


def _csv_rows(text: str, file: str) -> list[list[Any]]:
    """Return the records; a record's position + 1 is the row that Excel shows."""
    end = "\x1eend of file\x1e"  # arrives as a row of its own unless a quote was left open
    limit = csv.field_size_limit(2**31 - 1)  # an outline in WKT outgrows the default
    try:
        reader = csv.reader(io.StringIO(f"{text}\n{end}\n", newline=""), delimiter=_delimiter(text))
        rows: list[list[Any]] = [list(row) for row in reader]
    except csv.Error as error:
        raise unreadable(file, error, Text("请在 Excel 中重新另存为 CSV。", "save it anew as CSV.")) from None
    finally:
        csv.field_size_limit(limit)
    if rows and rows[-1] == [end]:
        return rows[:-1]
    raise SourceError(
        Text(
            f"{file}: 有未闭合的引号 (从第 {len(rows)} 行开始), 其后的内容无法分列; 请补上或删去该引号。",
            f"{file}: a quotation mark is left open (from row {len(rows)} on), so what follows cannot be split "
            "into columns; close it or remove it.",
        )
    )


def _delimiter(text: str) -> str:
    sample = [line for line in text[:100_000].splitlines() if line.strip()][:HEADER_SEARCH_ROWS]
    return max(",;\t", key=lambda mark: (sum(min(line.count(mark), 50) for line in sample), mark == ","))


def _is_empty(cell: Any) -> bool:
    return cell is None or (isinstance(cell, str) and not cell.strip())


def _tabulate(grid: _Grid, file: str, layer: Layer, spec: LayerSpec, *, check_ragged: bool) -> RawTable:
    """Cut a grid into header and data rows; rows without any cell are no data."""
    at = _header_at(grid.rows, layer, spec)
    headers = _unique_headers(grid.rows[at] if grid.rows else [])
    width = len(headers)
    kept = [i for i in range(at + 1, len(grid.rows)) if not all(_is_empty(c) for c in grid.rows[i])]
    cells = np.full((len(kept), width), None, dtype=object)
    for k, i in enumerate(kept):
        row = grid.rows[i][:width]
        cells[k, : len(row)] = row
    ragged = [check_ragged and any(not _is_empty(c) for c in grid.rows[i][width:]) for i in kept]
    filled = np.zeros((len(kept), width), dtype=bool)
    position = {i: k for k, i in enumerate(kept)}
    for i, j in grid.filled:
        if i in position and j < width:
            filled[position[i], j] = True
    return RawTable(
        file=file,
        frame=pd.DataFrame(cells, columns=headers, dtype=object),
        source_rows=np.array([grid.numbers[i] for i in kept], dtype=np.int64),
        filled=filled,
        ragged=np.array(ragged, dtype=bool),
    )


def _header_at(rows: list[list[Any]], layer: Layer, spec: LayerSpec) -> int:
    """Return the position of the header: the row that names most wanted columns, titles may stand above."""
    first = next((i for i, row in enumerate(rows) if not all(_is_empty(c) for c in row)), 0)
    best, at = 0, first
    for i in range(first, min(len(rows), first + HEADER_SEARCH_ROWS)):
        points = score([_header_text(c) for c in rows[i]], layer, spec.columns)
        if points > best:
            best, at = points, i
    # A header merged over two rows stands there twice.
    while at + 1 < len(rows) and rows[at + 1] == rows[at] and best:
        at += 1
    return at


def _header_text(cell: Any) -> str:
    return "" if cell is None else " ".join(str(cell).split())


def _unique_headers(row: Sequence[Any]) -> list[str]:
    headers = [_header_text(cell) for cell in row]
    while headers and not headers[-1]:
        headers.pop()
    seen: dict[str, int] = {}
    unique = []
    for position, header in enumerate(headers, start=1):
        seen[header] = seen.get(header, 0) + 1
        if not header:
            unique.append(f"\x00{position}")  # no header: cannot be matched by any name
        else:
            unique.append(header if seen[header] == 1 else f"{header}\x00{seen[header]}")
    return unique


# Workbooks


def _read_workbook(path: Path, file: str, layer: Layer, spec: LayerSpec) -> list[RawTable]:
    sheets, hidden = _sheets(path, file)
    if spec.sheet is not None:
        sheets, hidden = _named_sheet(sheets + hidden, spec.sheet, file), []
    sheets = [s for s in sheets if s.title in (layer.name, layer.title.zh, layer.title.en)] or sheets
    tables = {
        s.title: _tabulate(s.grid, file, layer, spec, check_ragged=False) for s in sheets if s.grid.rows
    }
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
        if s.grid.rows and _is_usable(_tabulate(s.grid, file, layer, spec, check_ragged=False), layer, spec)
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

    data = _bytes(path, file)
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


def _sheet_grid(sheet: Any) -> _Grid:
    # Only cells that exist: a sheet formatted to its last row would have 17 billion.
    values = {place: cell.value for place, cell in sheet._cells.items() if not _is_empty(cell.value)}
    if not values:
        return _Grid([], [])
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
    return _Grid(rows, list(range(1, height + 1)), filled)


# Geodata


def _read_vector(path: Path, file: str, layer: Layer, spec: LayerSpec) -> RawTable:
    is_dbf = path.suffix.lower() == ".shp"
    is_json = path.suffix.lower() in (".geojson", ".json")
    source: Any = decode(_bytes(path, file), file).encode() if is_json else path
    options: dict[str, Any] = {"encoding": "ISO-8859-1"} if is_dbf else {}
    if path.suffix.lower() == ".gpkg":
        options["layer"] = _package_layer(path, file, layer, spec)
    try:
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")  # what matters comes back as missing geometry
            frame = pyogrio.read_dataframe(source, fid_as_index=True, on_invalid="ignore", **options)
    except Exception as error:  # GDAL's errors come as several types
        raise unreadable(file, error, _vector_advice(is_dbf)) from None
    if is_dbf:
        frame = _decode_dbf(frame, path)
    return _from_frame(frame, file, is_dbf=is_dbf, default_crs=is_json)


def _vector_advice(is_dbf: bool) -> Text:
    if is_dbf:
        return Text(
            "请确认同名的 .shp、.shx、.dbf 都在同一文件夹且完整。",
            "make sure that .shp, .shx and .dbf of the same name lie together and are complete.",
        )
    return Text(
        "文件可能不完整或格式不符, 请在 QGIS 中打开后重新导出。",
        "it may be incomplete or of another format; open it in QGIS and export it anew.",
    )


def _package_layer(path: Path, file: str, layer: Layer, spec: LayerSpec) -> str:
    """Return the layer of a GeoPackage: as named, of the study layer's name, or the only one with geometry."""
    try:
        listed = pyogrio.list_layers(path)
    except Exception as error:  # GDAL's errors come as several types
        raise unreadable(file, error, _vector_advice(is_dbf=False)) from None
    names = [str(name) for name, _ in listed if name != "layer_styles"]  # QGIS keeps styles there
    spatial = [str(name) for name, kind in listed if kind is not None and str(name) in names]
    if spec.layer is not None:
        chosen = [n for n in names if n == spec.layer]
    else:
        own = [n for n in names if n.lower() in (layer.name, layer.title.zh)]
        chosen = own or (spatial if len(spatial) == 1 else names if len(names) == 1 else [])
    if chosen:
        return chosen[0]
    shown = "、".join(names) or "—"
    raise SourceError(
        Text(
            f"{file} 中找不到图层 {spec.layer}; 现有: {shown}。请改正 study.toml 中的 layer。"
            if spec.layer is not None
            else f"{file} 有多个图层: {shown}; 请在 study.toml 的 [layers.{layer.name}] 中用 layer 指定一个。",
            f"{file} has no layer {spec.layer}; there are: {shown}. Correct layer in study.toml."
            if spec.layer is not None
            else f"{file} has these layers: {shown}; name one with layer in [layers.{layer.name}] of study.toml.",
        )
    )


def _decode_dbf(frame: pd.DataFrame, path: Path) -> pd.DataFrame:
    """Undo the byte-for-byte reading: names and texts may end within a character cut by the format."""
    encoding = _dbf_encoding(path)

    def text(value: Any) -> Any:
        return value.encode("latin-1").decode(encoding, "ignore") if isinstance(value, str) else value

    changed = {
        name: [text(v) for v in frame[name].tolist()]
        for name in frame.columns
        if name != "geometry" and not pd.api.types.is_numeric_dtype(frame[name])
    }
    decoded = frame.assign(
        **{name: pd.Series(v, index=frame.index, dtype=object) for name, v in changed.items()}
    )
    return decoded.rename(columns={name: text(name) for name in frame.columns if name != "geometry"})


def _dbf_encoding(path: Path) -> str:
    # The declared code page is wrong too often to be trusted before the bytes themselves.
    dbf = next((p for p in (path.with_suffix(".dbf"), path.with_suffix(".DBF")) if p.is_file()), None)
    return "utf-8" if dbf is None or is_utf8(_dbf_texts(dbf.read_bytes())) else "gb18030"


def _dbf_texts(data: bytes) -> bytes:
    """Return the field names and records of a dBASE table, without the binary parts of its header."""
    header_size = int.from_bytes(data[8:10], "little")
    names = [data[at : at + 11].rstrip(b"\0") for at in range(32, header_size - 1, 32)]
    return b"\n".join([*names, data[header_size:]])


def _from_frame(
    frame: pd.DataFrame, file: str, *, is_dbf: bool = False, default_crs: bool = False
) -> RawTable:
    is_geo = isinstance(frame, gpd.GeoDataFrame)
    geometry = frame.geometry.to_numpy() if is_geo else None
    plain = pd.DataFrame(frame.drop(columns=frame.geometry.name) if is_geo else frame).astype(object)
    plain.columns = pd.Index(_unique_headers(list(plain.columns)))
    return RawTable(
        file=file,
        frame=plain.reset_index(drop=True),
        source_rows=_row_numbers(frame.index),
        geometry=None if geometry is None else np.asarray(geometry, dtype=object),
        crs=_known_crs(frame.crs) if is_geo else None,
        is_dbf=is_dbf,
        default_crs=default_crs and is_geo,
    )


def _row_numbers(index: pd.Index) -> np.ndarray:
    if pd.api.types.is_integer_dtype(index.dtype) and index.name == "fid":
        return np.asarray(index, dtype=np.int64)
    return np.arange(1, len(index) + 1, dtype=np.int64)


def _known_crs(crs: Any) -> CRS | None:
    """Return a usable coordinate system, or None for an absent, local or undefined one."""
    if crs is None:
        return None
    try:
        plain = CRS.from_user_input(crs).to_2d()
    except CRSError:
        return None
    return plain if plain.is_geographic or plain.is_projected else None


def _read_parquet(path: Path, file: str) -> RawTable:
    try:
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")  # newer metadata versions
            try:
                frame = gpd.read_parquet(path)
            except ValueError:  # no geometry in it: a plain table
                frame = pd.read_parquet(path)
    except Exception as error:  # arrow's errors come as several types
        raise unreadable(
            file, error, Text("文件可能不完整, 请重新导出。", "it may be incomplete; export it anew.")
        ) from None
    return _from_frame(frame.reset_index(drop=True), file)


def _read_osm(path: Path, file: str) -> RawTable:
    from .osm import read_streets  # noqa: PLC0415  pyrosm is slow to import and seldom needed

    return _from_frame(read_streets(path).reset_index(drop=True), file)
