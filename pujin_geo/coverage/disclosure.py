"""Small counts of people hidden in what is handed out; ``tables/`` stays raw and internal."""

from typing import Any

import numpy as np
import pandas as pd

SMALLEST_SHOWN = 5
"""Counts of people above 0 and below this are shown as "<5"."""

SHARES_FROM = 1000
"""In a row with a hidden count, shares are shown (to a percent) only of so many people or more."""

_COUNTS = ("people", "residents", "population", "pop_", "aged_", "catchment_residents")


def suppressed(table: pd.DataFrame, *, smallest: int = SMALLEST_SHOWN) -> pd.DataFrame:
    """Return a table for handing out: counts of people above 0 and below ``smallest`` read "<5", losses "-<5".

    A hidden count must not follow from its neighbours: in its row the other counts of people are rounded to
    multiples of ``smallest``, and shares are blank, or, of 1,000 people or more, rounded to a percent. Differences
    between rows (a circle and its committees) are not looked at; do not hand out both.

    Args:
        table: any table of the results; columns of people are known by their names.
        smallest: the least count that is shown (a study's ``settings.smallest_count_shown``); 0 shows all.

    >>> table = pd.DataFrame({"people": [50.0, 60.0], "people_met": [47.0, 60.0], "people_not_met": [3.0, 0.0],
    ...     "coverage_share": [0.94, 1.0]})
    >>> suppressed(table).values.tolist()
    [[50.0, 45.0, '<5', nan], [60.0, 60.0, 0.0, 1.0]]
    """
    if smallest <= 0:
        return table.copy()
    counts = [name for name in table.columns if is_count(table, name)]
    shares = [
        name for name in table.columns if "share" in str(name) and pd.api.types.is_float_dtype(table[name])
    ]
    people = {name: table[name].to_numpy(dtype=float, na_value=np.nan) for name in counts}
    small = {name: (values != 0) & (np.abs(values) < smallest) for name, values in people.items()}
    marked = np.logical_or.reduce([*small.values(), np.zeros(len(table), dtype=bool)])
    if not marked.any():
        return table.copy()
    most = np.fmax.reduce([np.abs(values) for values in people.values()])
    shown: dict[str, Any] = {}
    for name, values in people.items():
        rounded = np.where(marked, np.round(values / smallest) * smallest, values)
        shown[name] = column = pd.Series(rounded, index=table.index).astype(table[name].dtype)
        if small[name].any():
            words = column.to_numpy(dtype=object)
            words[small[name]] = f"<{smallest}"
            words[small[name] & (values < 0)] = f"-<{smallest}"
            shown[name] = pd.Series(words, index=table.index, dtype=object)
    for name in shares:
        values = table[name].to_numpy(dtype=float, na_value=np.nan)
        coarse = np.where(most >= SHARES_FROM, np.round(values, 2), np.nan)
        shown[name] = np.where(marked, coarse, values)
    return table.assign(**shown)


def is_count(table: pd.DataFrame, name: str) -> bool:
    """Tell whether a column counts people.

    >>> table = pd.DataFrame({"people_met": [1.0], "people_basis": ["all"], "residents_share": [0.5]})
    >>> [name for name in table if is_count(table, name)]
    ['people_met']
    """
    is_number = pd.api.types.is_numeric_dtype(table[name]) and not pd.api.types.is_bool_dtype(table[name])
    return str(name).startswith(_COUNTS) and "share" not in str(name) and is_number
