"""Between the study's metres and the page's degrees, and shapes in few characters."""

from dataclasses import dataclass
from functools import cached_property

import numpy as np
import pyproj
import shapely
from numpy.typing import NDArray
from pyproj import CRS, Transformer

from ..walking.network import Floats

DEGREE_STEPS = 1e7
"""Coordinates go to the page as whole numbers of 1e-7 degrees, about a centimetre."""

Shape = list[list[list[float]]]
"""Lines or rings of latitude, longitude."""


@dataclass(frozen=True)
class Degrees:
    """Between a study's CRS and longitude, latitude (WGS84).

    >>> degrees = Degrees(CRS("EPSG:32651"))
    >>> point = degrees.point(121.5, 31.0)
    >>> [round(v, 6) for v in degrees.lonlat(shapely.get_coordinates(point))[0].tolist()]
    [121.5, 31.0]
    """

    crs: CRS

    @cached_property
    def _to_metres(self) -> Transformer:
        return pyproj.Transformer.from_crs("EPSG:4326", self.crs, always_xy=True)

    def point(self, lon: float, lat: float) -> shapely.Point:
        """Return a place given in degrees as a point in the study's CRS."""
        return shapely.Point(*self._to_metres.transform(lon, lat))

    def lonlat(self, xy: Floats) -> Floats:
        """Return (n, 2) coordinates of the study's CRS as longitude and latitude."""
        x, y = self._to_metres.transform(xy[:, 0], xy[:, 1], direction="INVERSE")
        return np.column_stack([x, y])

    def shape(self, geometry: shapely.Geometry | None, *, simplify_m: float = 0.0) -> Shape:
        """Return the lines of a geometry, of polygons the rings, as lists of latitude and longitude."""
        if geometry is None:
            return []
        parts = shapely.get_parts(shapely.simplify(geometry, simplify_m) if simplify_m else geometry)
        is_area = shapely.get_type_id(parts) == shapely.GeometryType.POLYGON
        lines = [*parts[~is_area], *shapely.get_rings(parts[is_area])]
        return [self.lonlat(shapely.get_coordinates(line))[:, ::-1].round(6).tolist() for line in lines]

    def packed(self, lines: NDArray[np.object_]) -> tuple[bytes, bytes]:
        """Return lines as two little-endian arrays: ``uint32`` vertices per line, ``int32`` pairs lat, lon."""
        counts = shapely.get_num_coordinates(lines).astype("<u4")
        steps = np.rint(self.lonlat(shapely.get_coordinates(lines))[:, ::-1] * DEGREE_STEPS)
        return counts.tobytes(), steps.astype("<i4").tobytes()
