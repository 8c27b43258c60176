"""Fingerprints of data by content: equal for equal rows, whatever file or process they came from."""

import dataclasses
import hashlib
import json
from collections.abc import Mapping
from pathlib import PurePath
from typing import Any

import geopandas as gpd
import numpy as np
import pandas as pd
import shapely
from pyproj import CRS
from scipy.sparse import csr_array


class Fingerprints:
    """Takes fingerprints and remembers those of large objects, which must not change meanwhile."""

    def __init__(self) -> None:
        # The object is kept too: its address may not be given to another one.
        self._known: dict[int, tuple[Any, bytes]] = {}

    def of(self, *values: Any) -> str:
        """Return the fingerprint of some values, 64 hexadecimal digits.

        Known are plain values, mappings and sequences of them, paths, arrays, geometries, (geo)pandas objects,
        sparse matrices, coordinate systems and dataclasses.

        Raises:
            TypeError: a value of another kind, whose content nobody could vouch for.

        >>> take = Fingerprints()
        >>> take.of(pd.Series([1.0, None])) == take.of(pd.Series([1.0, float("nan")]))
        True
        >>> take.of("ab", "c") == take.of("a", "bc")
        False
        """
        return self._digest(values).hex()

    def _digest(self, value: Any) -> bytes:
        large = isinstance(value, np.ndarray | pd.DataFrame | pd.Series | pd.Index | CRS) or (
            dataclasses.is_dataclass(value)
        )
        if large and id(value) in self._known:
            return self._known[id(value)][1]
        kind, parts = self._parts(value)
        digest = hashlib.sha256(kind.encode())
        for part in parts:
            digest.update(b"%d:" % len(part))
            digest.update(part)
        found = digest.digest()
        if large:
            self._known[id(value)] = value, found
        return found

    def _parts(self, value: Any) -> tuple[str, list[Any]]:  # noqa: PLR0911 - one line per kind
        if value is None or isinstance(value, bool | int | float | str | bytes | PurePath | np.generic):
            plain = value.item() if isinstance(value, np.generic) else value
            return type(plain).__name__, [repr(plain).encode()]
        if isinstance(value, np.ndarray):
            return _array(value)
        if isinstance(value, shapely.Geometry):
            return "geometry", [shapely.to_wkb(value)]
        if isinstance(value, Mapping):
            return "mapping", [self._digest(one) for pair in value.items() for one in pair]
        if isinstance(value, list | tuple):
            return "sequence", [self._digest(one) for one in value]
        if isinstance(value, frozenset | set):
            return "set", sorted(self._digest(one) for one in value)
        if isinstance(value, CRS):
            return "crs", [value.to_wkt().encode()]
        if isinstance(value, csr_array):
            return "csr", [
                self._digest(one) for one in (value.shape, value.data, value.indices, value.indptr)
            ]
        if isinstance(value, pd.DataFrame):
            crs = value.crs if isinstance(value, gpd.GeoDataFrame) and value._geometry_column_name else None
            columns = [value[name] for name in value.columns]
            return "frame", [self._digest(one) for one in (list(value.columns), value.index, crs, *columns)]
        if isinstance(value, pd.Series):
            return "series", [self._digest(value.index), *self._values(value)]
        if isinstance(value, pd.RangeIndex):
            return "range", [repr((value.start, value.stop, value.step)).encode()]
        if isinstance(value, pd.Index):
            return "index", [self._digest(list(value.names)), *self._values(value)]
        if dataclasses.is_dataclass(value) and not isinstance(value, type):
            fields = {f.name: getattr(value, f.name) for f in dataclasses.fields(value)}
            return type(value).__qualname__, [self._digest(fields)]
        raise TypeError(type(value))

    def _values(self, column: pd.Series | pd.Index) -> list[bytes]:
        if isinstance(column, pd.MultiIndex):
            return [self._digest(column.tolist())]
        if isinstance(column.dtype, np.dtype) and column.dtype != object:
            return [self._digest(column.to_numpy())]
        return [self._digest(np.asarray(column, dtype=object))]


def _array(array: np.ndarray[Any, Any]) -> tuple[str, list[Any]]:
    shape = repr(array.shape).encode()
    if array.dtype != object:
        if array.dtype.kind == "f":  # one not-a-number is as good as another
            array = np.where(np.isnan(array), np.nan, array)
        return array.dtype.str, [shape, np.ascontiguousarray(array).data.cast("B") if array.size else b""]
    flat = array.ravel()
    if len(flat) and shapely.is_valid_input(flat).all() and not any(one is None for one in flat):
        wkb = shapely.to_wkb(flat)
        return "geometries", [shape, repr([len(one) for one in wkb]).encode(), b"".join(wkb)]
    return "objects", [shape, json.dumps([_plain(one) for one in flat]).encode()]


def _plain(value: Any) -> Any:
    if value is None or value is pd.NA or (isinstance(value, float) and np.isnan(value)):
        return None
    if isinstance(value, str | bool | int | float):
        return value
    if isinstance(value, np.generic):
        return value.item()
    if isinstance(value, tuple | list):
        return [_plain(one) for one in value]
    raise TypeError(type(value))
