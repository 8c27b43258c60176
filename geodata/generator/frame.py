"""The working frame: EPSG:32651 less an origin, and the way back to longitude and latitude."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
import shapely
from pyproj import Transformer
from shapely.geometry.base import BaseGeometry

ORIGIN = (350_000.0, 3_430_000.0)
GRID_M = 0.1
"""Linework is noded on this grid, so that lines which meet share a vertex exactly."""

_TO_METRES = Transformer.from_crs(4326, 32651, always_xy=True)
_TO_DEGREES = Transformer.from_crs(32651, 4326, always_xy=True)


def from_lonlat(lon: float, lat: float) -> tuple[float, float]:
    """Return the working coordinates of a WGS84 point, metres.

    >>> [round(v) for v in from_lonlat(121.4933, 31.1213)]
    [6336, 14022]
    """
    x, y = _TO_METRES.transform(lon, lat)
    return x - ORIGIN[0], y - ORIGIN[1]


def to_lonlat(geometry: BaseGeometry, decimals: int = 7) -> BaseGeometry:
    """Return a geometry in WGS84 degrees, rounded (7 decimals are about 1 cm)."""

    def degrees(xy: np.ndarray) -> np.ndarray:
        lon, lat = _TO_DEGREES.transform(xy[:, 0] + ORIGIN[0], xy[:, 1] + ORIGIN[1])
        return np.round(np.column_stack([lon, lat]), decimals)

    return shapely.transform(geometry, degrees)


def smooth(points: Sequence[tuple[float, float]], step_m: float = 50.0) -> shapely.LineString:
    """Return a Catmull-Rom curve through the points, with a vertex about every ``step_m`` metres.

    >>> smooth([(0, 0), (100, 0)], 50).length
    100.0
    """
    p = np.asarray(points, dtype=float)
    ends = np.vstack([2 * p[0] - p[1], p, 2 * p[-1] - p[-2]])
    curve = [p[0]]
    for a, b, c, d in zip(ends, ends[1:], ends[2:], ends[3:], strict=False):
        pieces = max(1, round(float(np.hypot(*(c - b))) / step_m))
        for k in range(1, pieces + 1):
            t = k / pieces
            curve.append(
                0.5
                * (
                    2 * b
                    + (c - a) * t
                    + (2 * a - 5 * b + 4 * c - d) * t * t
                    + (3 * b - a - 3 * c + d) * t * t * t
                )
            )
    return shapely.LineString(np.round(curve, 1))
