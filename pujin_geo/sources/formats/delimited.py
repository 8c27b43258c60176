"""CSV and TSV → raw tables."""

import csv
import io
from pathlib import Path
from typing import Any

from ...errors import SourceError
from ...study import LayerSpec
from ...tables import Layer
from ...texts import Text
from .encodings import decode
from .grids import HEADER_SEARCH_ROWS, Grid, tabulate
from .raw import RawTable, read_bytes, unreadable


def read_csv(path: Path, file: str, layer: Layer, spec: LayerSpec) -> RawTable:
    """Read a text table; commas, semicolons or tabs part its columns."""
    rows = _csv_rows(decode(read_bytes(path, file), file), file)
    return tabulate(Grid(rows, list(range(1, len(rows) + 1))), file, layer, spec, check_ragged=True)


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
