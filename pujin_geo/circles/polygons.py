"""Printable circles: shared borders smoothed as one, numbers in reading order, colours, names."""

import re

import geopandas as gpd
import numpy as np
import pandas as pd
import shapely
from pyproj import CRS, Transformer

from ..walking.access import Geometries
from ..walking.network import Floats, Ints
from .land import shared_borders

WGS84_DECIMALS = 7
"""About 1 cm: the precision to which circles are drawn, written and read back."""


def dissolve(units: Geometries, group: Ints, count: int) -> Geometries:
    """Return the union of the units of each group 0..count-1."""
    union = [shapely.union_all(units[group == one]) for one in range(count)]
    merged: Geometries = np.array(union, dtype=object)
    return merged


def smooth_coverage(
    polygons: Geometries, inside: Geometries, owner: Ints, *, tolerance_m: float
) -> Geometries:
    """Simplify shared borders, the same on both sides; the outer edge stays as it is.

    The tolerance is halved until every point of ``inside`` is still in the polygon ``owner`` says; borders
    stay as they are if that does not help, or if the polygons are no exact coverage.

    >>> left = shapely.Polygon([(0, 0), (5, 0), (5.5, 5), (5, 10), (0, 10)])
    >>> right = shapely.Polygon([(5, 0), (10, 0), (10, 10), (5, 10), (5.5, 5)])
    >>> none = np.empty(0, dtype=object), np.empty(0, dtype=np.int64)
    >>> smooth_coverage(np.array([left, right]), *none, tolerance_m=4)[1].equals(shapely.box(5, 0, 10, 10))
    True
    """
    if not shapely.coverage_is_valid(polygons):
        return polygons
    was_inside = shapely.intersects(polygons[owner], inside)
    for _ in range(4):
        if tolerance_m <= 0:
            break
        simple: Geometries = shapely.coverage_simplify(polygons, tolerance_m, simplify_boundary=False)
        if (
            shapely.is_valid(simple).all()
            and shapely.intersects(simple[owner], inside)[was_inside].all()
            and (shapely.get_num_geometries(simple) == shapely.get_num_geometries(polygons)).all()
        ):
            return simple
        tolerance_m /= 2
    return polygons


def to_wgs84(polygons: Geometries, crs: CRS) -> Geometries:
    """Return polygons in longitude and latitude, rounded to ``WGS84_DECIMALS``, exteriors counter-clockwise."""
    transform = Transformer.from_crs(crs, "EPSG:4326", always_xy=True).transform
    degrees = shapely.transform(
        polygons, lambda xy: np.round(np.column_stack(transform(*xy.T)), WGS84_DECIMALS)
    )
    oriented: Geometries = shapely.orient_polygons(degrees)
    return oriented


def as_read_back(polygons: Geometries, crs: CRS) -> Geometries:
    """Return polygons as they are after being written in WGS84 and read again, vertex for vertex."""
    transform = Transformer.from_crs("EPSG:4326", crs, always_xy=True).transform
    again: Geometries = shapely.transform(
        to_wgs84(polygons, crs), lambda xy: np.column_stack(transform(*xy.T))
    )
    return again


def reading_order(xy: Floats, row_height_m: float) -> Ints:
    """Return positions from north to south, those of about one latitude from west to east.

    A row holds what lies within ``row_height_m`` of its northernmost place.

    >>> reading_order(np.array([[5.0, 95.0], [0.0, 0.0], [9.0, 100.0], [0.0, 90.0]]), 20.0).tolist()
    [3, 0, 2, 1]
    """
    left = np.lexsort((xy[:, 0], -xy[:, 1])).tolist()
    order: list[int] = []
    while left:
        row = [one for one in left if xy[left[0], 1] - xy[one, 1] <= row_height_m]
        order += sorted(row, key=lambda one: (xy[one, 0], -xy[one, 1]))
        left = [one for one in left if one not in row]
    return np.array(order, dtype=np.int64)


def colours(polygons: Geometries, *, gap_m: float = 1.0) -> Ints:
    """Return a colour number from 1 for each polygon, such that neighbours differ.

    The polygon with the most differently coloured neighbours comes next (DSATUR, Brélaz 1979).

    >>> boxes = [shapely.box(x, y, x + 1, y + 1) for x in (0, 1) for y in (0, 1)]
    >>> colours(np.array(boxes), gap_m=0.1).tolist()
    [1, 2, 3, 4]
    """
    one, other = shapely.STRtree(polygons).query(polygons, predicate="dwithin", distance=gap_m)
    beside: list[set[int]] = [set() for _ in polygons]
    for a, b in zip(one.tolist(), other.tolist(), strict=True):
        if a != b:
            beside[a].add(b)
    colour = np.zeros(len(polygons), dtype=np.int64)
    while (colour == 0).any():
        taken = [{int(colour[b]) for b in near} - {0} for near in beside]
        open_ones = np.flatnonzero(colour == 0).tolist()
        chosen = max(open_ones, key=lambda a: (len(taken[a]), len(beside[a]), -a))
        colour[chosen] = next(c for c in range(1, len(polygons) + 1) if c not in taken[chosen])
    return colour


_TAIL = re.compile(
    r"(第?[一二三四五六七八九十0-9]*)(社区居委会|居民委员会|村民委员会|居委会|村委会|居委|村委)$"
)


def place_name(name: str) -> str:
    """Return the name of a place without what kind of body it is.

    >>> place_name("世博家园第一居委会"), place_name("近浦村村委会"), place_name("浦江邻里中心")
    ('世博家园第一', '近浦村', '浦江邻里中心')
    """
    return _TAIL.sub(r"\1", name.strip()) or name.strip()


def circle_names(hub_names: list[str], committee_names: list[str]) -> list[str]:
    """Return a distinct name per circle: after its existing hub, else after its main committee.

    >>> circle_names(["浦江邻里中心", ""], ["世博家园第一居委会", "近浦村村委会"])
    ['浦江邻里中心生活圈', '近浦村生活圈']
    """
    names = [
        f"{place_name(hub or committee)}生活圈"
        for hub, committee in zip(hub_names, committee_names, strict=True)
    ]
    counts = pd.Series(names).value_counts()
    seen: dict[str, int] = {}
    distinct = []
    for name in names:
        seen[name] = seen.get(name, 0) + 1
        distinct.append(f"{name}{seen[name]}" if counts[name] > 1 else name)
    return distinct


def touching(polygons: Geometries) -> Ints:
    """Return (pairs, 2) polygons that share a border."""
    one, other, length_m = shared_borders(polygons)
    pairs: Ints = np.stack([one, other], axis=1)[length_m > 0]
    return pairs


def compactness(polygons: gpd.GeoSeries) -> pd.Series:
    """Return 4π·area ÷ perimeter² (Polsby and Popper 1991): 1 for a disc, less the more ragged.

    >>> round(float(compactness(gpd.GeoSeries([shapely.box(0, 0, 1, 1)])).iloc[0]), 3)
    0.785
    """
    return 4 * np.pi * polygons.area / polygons.length**2
