"""Many coordinates in few bytes: steps of a grid over the drawn area, sixteen bits each."""

import base64
from dataclasses import dataclass
from functools import cache
from typing import Any

import geopandas as gpd
import numpy as np
import pandas as pd
import shapely
from numpy.typing import NDArray
from pyproj import CRS, Transformer

STEPS = 65_535


@dataclass(frozen=True)
class Grid:
    """The drawn area: a box in the study's CRS, and the degrees that sixteen bits are spread over.

    Over 12 km a step is 0.2 m.
    """

    box: tuple[float, float, float, float]
    crs: CRS
    west: float
    south: float
    east: float
    north: float

    def as_json(self) -> dict[str, float]:
        """Return what the page needs to unpack coordinates."""
        return {
            "west": self.west,
            "south": self.south,
            "lonStep": (self.east - self.west) / STEPS,
            "latStep": (self.north - self.south) / STEPS,
        }


def grid_over(box: tuple[float, float, float, float], crs: CRS) -> Grid:
    """Return the grid that covers a box given in metres of the study's CRS.

    >>> grid_over((350_000, 3_430_000, 360_000, 3_440_000), CRS("EPSG:32651")).west
    121.42747
    """
    outline = gpd.GeoSeries([shapely.box(*box)], crs=crs).segmentize(max((box[2] - box[0]) / 16, 1.0))
    west, south, east, north = (float(v) for v in outline.to_crs(4326).total_bounds)
    return Grid(box, crs, round(west, 6), round(south, 6), round(east, 6) + 1e-6, round(north, 6) + 1e-6)


def pack(
    geometry: gpd.GeoSeries | NDArray[np.object_], grid: Grid, *, simplify_m: float = 0.0
) -> dict[str, Any]:
    """Return lines, or the rings of polygons, as two base64 texts: vertices per part, and grid steps.

    Parts are cut at the drawn area. Little-endian ``uint32`` counts; ``uint16`` pairs x, y.
    """
    parts = line_parts(geometry, grid.box, simplify_m=simplify_m)
    x, y = shapely.get_coordinates(parts).T
    lonlat = np.column_stack(_to_degrees(grid.crs).transform(x, y))
    return {
        "counts": _base64(shapely.get_num_coordinates(parts).astype("<u4")),
        "xy": _base64(_steps(lonlat, grid)),
    }


@cache
def _to_degrees(crs: CRS) -> Transformer:
    return Transformer.from_crs(crs, "EPSG:4326", always_xy=True)


def pack_whole(lines: NDArray[np.object_], crs: CRS) -> dict[str, Any]:
    """Return lines whole and in order, one part each, on a grid of their own: ``grid`` and ``lines``."""
    west, south, east, north = shapely.total_bounds(lines).tolist() if len(lines) else (0.0, 0.0, 1.0, 1.0)
    grid = grid_over((west - 1, south - 1, east + 1, north + 1), crs)
    return {"grid": grid.as_json(), "lines": pack(lines, grid)}


def line_parts(
    geometry: gpd.GeoSeries | NDArray[np.object_],
    box: tuple[float, float, float, float],
    *,
    simplify_m: float = 0.0,
) -> NDArray[np.object_]:
    """Return the single lines (of polygons: the rings) inside a box, in the CRS they came in."""
    shapes = np.asarray(geometry, dtype=object)
    if simplify_m > 0:
        shapes = shapely.simplify(shapes, simplify_m)
    parts = shapely.get_parts(shapely.clip_by_rect(shapes, *box))
    parts = shapely.get_parts(parts)  # a clipped multi part comes as a collection of multi parts
    polygons = parts[shapely.get_type_id(parts) == shapely.GeometryType.POLYGON]
    kinds = (shapely.GeometryType.LINESTRING, shapely.GeometryType.LINEARRING)
    lines = np.concatenate([parts[np.isin(shapely.get_type_id(parts), kinds)], shapely.get_rings(polygons)])
    drawn: NDArray[np.object_] = lines[shapely.get_num_coordinates(lines) > 1]
    return drawn


def pack_uint16(values: NDArray[np.float64]) -> str:
    """Return whole numbers as base64; what is missing or beyond 65,534 becomes 65,535."""
    rounded = np.where(np.isfinite(values), np.rint(values), STEPS)
    return _base64(np.clip(rounded, 0, STEPS).astype("<u2"))


def pack_numbers(values: NDArray[Any] | pd.Series, kind: str) -> str:
    """Return numbers as base64 of an array of a little-endian kind, such as ``<f8``.

    >>> pack_numbers(np.array([1, 256]), "<u2")
    'AQAAAQ=='
    """
    return _base64(np.asarray(values).astype(kind))


def _steps(lonlat: NDArray[np.float64], grid: Grid) -> NDArray[np.uint16]:
    origin = np.array([grid.west, grid.south])
    span = np.array([grid.east - grid.west, grid.north - grid.south])
    steps = np.rint((lonlat - origin) / span * STEPS)
    clipped: NDArray[np.uint16] = np.clip(steps, 0, STEPS).astype("<u2")
    return clipped


def _base64(values: NDArray[Any]) -> str:
    return base64.b64encode(np.ascontiguousarray(values).tobytes()).decode()


def pack_uint32(values: NDArray[np.int64]) -> str:
    """Return whole numbers from 0 as base64, four bytes each."""
    return _base64(values.astype("<u4"))


def pack_shares(shares: NDArray[np.float64]) -> str:
    """Return shares of 0..1 as base64 in steps of 1/65,535.

    >>> base64.b64decode(pack_shares(np.array([0.0, 1.0]))).hex()
    '0000ffff'
    """
    return _base64(np.rint(np.clip(shares, 0.0, 1.0) * STEPS).astype("<u2"))


def pack_bits(flags: NDArray[np.bool_]) -> str:
    """Return flags as base64, eight to a byte, the first in the lowest bit.

    >>> base64.b64decode(pack_bits(np.array([True, False, True]))).hex()
    '05'
    """
    return _base64(np.packbits(flags, bitorder="little"))
