"""The raw table that every format is read into, and the refusal of a file that cannot be read."""

from dataclasses import dataclass
from pathlib import Path

import numpy as np
import pandas as pd
from pyproj import CRS

from ...errors import SourceError
from ...tables import Problem
from ...texts import Text


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


def unreadable(file: str, error: Exception | str, advice: Text) -> SourceError:
    """Return the refusal of a file that its reader could not open."""
    reason = " ".join(str(error).split())[:200]
    return SourceError(
        Text(
            f"{file} 无法读取 ({reason}); {advice.zh}",
            f"{file} cannot be read ({reason}); {advice.en}",
        )
    )


def read_bytes(path: Path, file: str) -> bytes:
    """Return what a file holds, or refuse it in words."""
    try:
        return path.read_bytes()
    except OSError as error:
        raise unreadable(
            file,
            error.strerror or error,
            Text("请检查权限, 或先关闭占用它的程序。", "check its permissions."),
        ) from None
