"""A table's columns as their distinct values and where each stands: what a file says of a value is put into words once."""

import math
from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
import pandas as pd
from numpy.typing import NDArray

Cell = str | bool | int | float | None
"""None is a blank; a text may be empty."""


@dataclass(frozen=True)
class Column:
    """A column of a table.

    Attributes:
        values: distinct plain Python values; a blank, if there may be one, is None.
        places: per row the place of its value in ``values``; negative ones count from the end.
        is_decimal: every value is a float or blank, since the column is of floats.
    """

    values: list[Cell]
    places: NDArray[np.intp]
    is_decimal: bool = False

    def __len__(self) -> int:
        return len(self.places)

    def spread(self, made: Sequence[object]) -> NDArray[np.object_]:
        """Return per row what was made of its value.

        >>> Column(["a", None], np.array([0, 1, 0])).spread(["<a>", ""]).tolist()
        ['<a>', '', '<a>']
        """
        spread = np.empty(len(made), dtype=object)
        spread[:] = made
        return spread[self.places]


Columns = dict[str, Column]


def columns_of(table: pd.DataFrame) -> Columns:
    """Return the columns of a table by name.

    >>> column = columns_of(pd.DataFrame({"walk_m": [2.5, None, 2.5]}))["walk_m"]
    >>> column.values, column.places.tolist()
    ([2.5, None], [0, 1, 0])
    """
    return {str(name): _column(column) for name, column in table.items()}


def column_of(cells: list[Cell]) -> Column:
    """Return a column of plain values; equal ones of another type, as 1 and True, stay apart."""
    if set(map(type, cells)) <= {str, type(None)}:
        texts = np.empty(len(cells), dtype=object)
        texts[:] = cells
        places, known = pd.factorize(texts)
        return Column([*known.tolist(), None], places)
    return Column(cells, np.arange(len(cells)))


def constant(value: Cell, rows: int) -> Column:
    """Return a column that has one value throughout."""
    return Column([value], np.zeros(rows, dtype=np.intp))


def _column(column: pd.Series) -> Column:
    if column.dtype == np.float64:
        # By their bits, so that 0 and -0 stay two values.
        places, bits = pd.factorize(column.to_numpy().view(np.int64))
        known = np.asarray(bits).view(np.float64).tolist()
        values = [None if math.isnan(value) else value for value in known]
        return Column(values, places, is_decimal=True)
    if isinstance(column.dtype, np.dtype) and column.dtype.kind in "iub":
        places, known = pd.factorize(column.to_numpy())
        return Column(known.tolist(), places)
    if isinstance(column.dtype, pd.StringDtype):
        places, known = column.factorize()
        return Column([*known.tolist(), None], places)
    cells = column.to_numpy(dtype=object, copy=True)
    cells[column.isna().to_numpy(dtype=bool)] = None
    return column_of(cells.tolist())
