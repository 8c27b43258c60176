"""Rows of cells, of a text file or a sheet → a raw table: where the header stands, what is data."""

from collections.abc import Sequence
from dataclasses import dataclass, field
from typing import Any

import numpy as np
import pandas as pd

from ...study import LayerSpec
from ...tables import Layer
from ..headers import score
from .raw import RawTable

HEADER_SEARCH_ROWS = 50


@dataclass
class Grid:
    """Cells of a text file or sheet before the header is known; ``numbers`` are its own row numbers."""

    rows: list[list[Any]]
    numbers: list[int]
    filled: set[tuple[int, int]] = field(default_factory=set)


def is_empty(cell: Any) -> bool:
    """Whether a cell holds nothing but spaces."""
    return cell is None or (isinstance(cell, str) and not cell.strip())


def tabulate(grid: Grid, file: str, layer: Layer, spec: LayerSpec, *, check_ragged: bool) -> RawTable:
    """Cut a grid into header and data rows; rows without any cell are no data."""
    at = _header_at(grid.rows, layer, spec)
    headers = unique_headers(grid.rows[at] if grid.rows else [])
    width = len(headers)
    kept = [i for i in range(at + 1, len(grid.rows)) if not all(is_empty(c) for c in grid.rows[i])]
    cells = np.full((len(kept), width), None, dtype=object)
    for k, i in enumerate(kept):
        row = grid.rows[i][:width]
        cells[k, : len(row)] = row
    ragged = [check_ragged and any(not is_empty(c) for c in grid.rows[i][width:]) for i in kept]
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
    first = next((i for i, row in enumerate(rows) if not all(is_empty(c) for c in row)), 0)
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


def unique_headers(row: Sequence[Any]) -> list[str]:
    """Return the headers, each once: a repeated or absent one gets a mark that no name matches."""
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
