"""Fingerprints of data by content: equal for equal rows, whatever file or process they came from.

Those of plain values, mappings, sequences and arrays are published (``input_hash``): another fingerprint for the
same content is a breaking change.
"""

import dataclasses
import hashlib
import json
import math
import weakref
from collections.abc import Mapping
from pathlib import PurePath
from typing import Any

import geopandas as gpd
import numpy as np
import pandas as pd
import shapely
from pyproj import CRS
from scipy.sparse import csr_array

_PLAIN = {kind: kind.__name__.encode() for kind in (type(None), bool, int, float, str, bytes)}
_JSON = {bool, int, float, str, type(None)}
"""Kinds of cells that JSON writes as they are, but for what is not a number."""


class Digest(bytes):
    """The fingerprint of a value, which stands for the value among others."""


class Fingerprints:
    """Takes fingerprints and remembers those of large objects, which must not change meanwhile."""

    def __init__(self) -> None:
        self._known: dict[int, tuple[weakref.ref[Any], bytes]] = {}

    def of(self, *values: Any) -> str:
        """Return the fingerprint of some values, 64 hexadecimal digits.

        Known are plain values, mappings and sequences of them, paths, arrays, geometries, (geo)pandas objects,
        sparse matrices, coordinate systems and dataclasses, of which the fields that are compared count.

        Raises:
            TypeError: a value of another kind, whose content nobody could vouch for.

        >>> take = Fingerprints()
        >>> take.of(pd.Series([1.0, None])) == take.of(pd.Series([1.0, float("nan")]))
        True
        >>> take.of("ab", "c") == take.of("a", "bc")
        False
        """
        return self._digest(values).hex()

    def digest(self, value: Any) -> Digest:
        """Return the fingerprint of one value, to be taken into that of several in its place.

        >>> take = Fingerprints()
        >>> take.of("a", [1, 2]) == take.of("a", take.digest([1, 2]))
        True
        """
        return Digest(self._digest(value))

    def _digest(self, value: Any) -> bytes:
        name = _PLAIN.get(type(value))
        if name is not None:
            return _hash(name, [repr(value).encode()])
        if isinstance(value, Digest):
            return value
        if not isinstance(value, _LARGE) and not dataclasses.is_dataclass(value):
            return _hash(*self._parts(value))
        known = self._known.get(id(value))
        if known is not None and known[0]() is value:  # its address may have been given to another one
            return known[1]
        found = _hash(*self._parts(value))
        self._known[id(value)] = weakref.ref(value), found
        return found

    def _parts(self, value: Any) -> tuple[bytes, list[Any]]:  # noqa: PLR0911 - one line per kind
        if isinstance(value, np.ndarray):
            return _array(value)
        if isinstance(value, list | tuple):
            return b"sequence", [self._digest(one) for one in value]
        if isinstance(value, Mapping):
            return b"mapping", [self._digest(one) for pair in value.items() for one in pair]
        if isinstance(value, pd.DataFrame):
            return b"frame", self._frame(value)
        if isinstance(value, pd.Series):
            return b"series", [self._digest(value.index), self._digest(value.name), self._values(value)]
        if isinstance(value, pd.RangeIndex):
            return b"range", [repr((value.start, value.stop, value.step)).encode()]
        if isinstance(value, pd.Index):
            return b"index", [self._digest(list(value.names)), self._values(value)]
        if isinstance(value, shapely.Geometry):
            return b"geometry", [shapely.to_wkb(value)]
        if isinstance(value, frozenset | set):
            return b"set", sorted(self._digest(one) for one in value)
        if isinstance(value, CRS):
            return b"crs", [value.to_wkt().encode()]
        if isinstance(value, csr_array):
            parts = value.shape, value.data, value.indices, value.indptr
            return b"csr", [self._digest(one) for one in parts]
        if isinstance(value, bool | int | float | str | bytes | PurePath | np.generic):
            plain = value.item() if isinstance(value, np.generic) else value
            return type(plain).__name__.encode(), [repr(plain).encode()]
        if dataclasses.is_dataclass(value) and not isinstance(value, type):
            fields = {f.name: getattr(value, f.name) for f in dataclasses.fields(value) if f.compare}
            return type(value).__qualname__.encode(), [self._digest(fields)]
        raise TypeError(type(value))

    def _frame(self, frame: pd.DataFrame) -> list[bytes]:
        active = frame._geometry_column_name if isinstance(frame, gpd.GeoDataFrame) else False
        about = [frame.columns.tolist(), frame.index, active]
        return [*map(self._digest, about), *(self._values(column) for _, column in frame.items())]

    def _values(self, column: pd.Series | pd.Index) -> bytes:
        if isinstance(column, pd.MultiIndex):
            return self._digest(column.tolist())
        is_numbers = isinstance(column.dtype, np.dtype) and column.dtype != object
        # Not remembered: an array made for the occasion is never met again.
        values = _hash(*_array(column.to_numpy() if is_numbers else column.to_numpy(dtype=object)))
        crs = self._digest(column.crs) if isinstance(column, gpd.GeoSeries) else b""
        return _hash(str(column.dtype).encode(), [values, crs])


_LARGE = (np.ndarray, pd.DataFrame, pd.Series, pd.Index, CRS)


def _hash(kind: bytes, parts: list[Any]) -> bytes:
    digest = hashlib.sha256(kind)
    for part in parts:
        digest.update(b"%d:" % len(part))
        digest.update(part)
    return digest.digest()


def _array(array: np.ndarray[Any, Any]) -> tuple[bytes, list[Any]]:
    shape = repr(array.shape).encode()
    if array.dtype != object:
        if array.dtype.kind == "f" and (blank := np.isnan(array)).any():
            array = np.where(blank, np.nan, array)  # one not-a-number is as good as another
        content = np.ascontiguousarray(array).data.cast("B") if array.size else b""
        return array.dtype.str.encode(), [shape, content]
    cells = array.ravel().tolist()
    kinds = set(map(type, cells))
    if kinds <= _JSON:
        if float in kinds:
            cells = [None if isinstance(cell, float) and math.isnan(cell) else cell for cell in cells]
        return b"objects", [shape, json.dumps(cells).encode()]
    if all(issubclass(kind, shapely.Geometry) for kind in kinds):
        wkb = shapely.to_wkb(array.ravel()).tolist()
        return b"geometries", [shape, repr(list(map(len, wkb))).encode(), b"".join(wkb)]
    return b"objects", [shape, json.dumps([_plain(one) for one in cells]).encode()]


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
