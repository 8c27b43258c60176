"""Units for a study without committees: demand points gathered by population, and the land around them."""

import geopandas as gpd
import numpy as np
import shapely
from pyproj import CRS

from ..errors import SourceError
from ..texts import Text
from ..walking.access import Geometries
from ..walking.network import Floats, Ints
from .land import GRID_M, give_to_neighbours

MARGIN_M = 300.0
"""Without a boundary the land reaches this far around the demand points."""


def draft_units(
    points: Geometries,
    people: Floats,
    land: shapely.Geometry | None,
    obstacles: Geometries,
    *,
    count: int,
    crs: CRS,
) -> gpd.GeoDataFrame:
    """Return units of about equal population that tile the land.

    The points are halved by population along the longer side of their extent, again and again; each
    place on the land goes with its nearest point, but not across water or a barrier.

    Args:
        points: demand points, metres.
        people: residents of each.
        land: what to tile; None for the surroundings of the points.
        obstacles: water and barriers.
        count: number of units, at most; never more than distinct points.
        crs: of the points.

    Raises:
        SourceError: there is no demand point.

    >>> from shapely import Point, box
    >>> homes = np.array([Point(x, 50) for x in (10, 30, 60, 90)], dtype=object)
    >>> none = np.empty(0, dtype=object)
    >>> units = draft_units(homes, np.ones(4), box(0, 0, 100, 100), none, count=2, crs=CRS("EPSG:32651"))
    >>> units["unit_id"].tolist(), units.geometry.area.round().tolist()
    (['D01', 'D02'], [4500.0, 5500.0])
    """
    if not len(points):
        raise SourceError(
            Text(
                "边界内没有居民点, 无法划示生活圈; 请核对 residents 和 boundary 图层。",
                "There is no demand point inside the boundary, so no circles can be drawn; check the layers residents "
                "and boundary.",
            )
        )
    xy, which = np.unique(shapely.get_coordinates(points), axis=0, return_inverse=True)
    weight: Floats = np.bincount(which.ravel(), weights=people, minlength=len(xy)).astype(float)
    group = _halve(xy, weight, min(count, len(xy)))
    if land is None:
        land = shapely.buffer(shapely.MultiPoint(xy).convex_hull, MARGIN_M)
    geometry = _territories(xy, group, land, obstacles)
    number = [f"D{n + 1:02d}" for n in range(len(geometry))]
    return gpd.GeoDataFrame(
        {
            "unit_id": number,
            "name": number,
            "kind": "",
            "row": np.arange(1, len(geometry) + 1),
            "source_row": np.arange(1, len(geometry) + 1),
        },
        geometry=list(geometry),
        crs=crs,
    )


def _halve(xy: Floats, weight: Floats, count: int) -> Ints:
    """Return groups 0..count-1 of about equal weight, ordered from one end of the area to the other."""
    group = np.zeros(len(xy), dtype=np.int64)
    tasks = [(np.arange(len(xy)), 0, count)]
    while tasks:
        members, first, groups = tasks.pop()
        group[members] = first
        if groups < 2 or len(members) < 2:
            continue
        axis = int(np.argmax(np.ptp(xy[members], axis=0)))
        ordered = members[np.lexsort((xy[members, 1 - axis], xy[members, axis]))]
        left = groups // 2
        run = np.cumsum(weight[ordered] + 1e-9)
        cut = int(np.searchsorted(run, run[-1] * left / groups)) + 1
        cut = min(max(cut, left), len(ordered) - (groups - left))
        tasks += [(ordered[:cut], first, left), (ordered[cut:], first + left, groups - left)]
    return group


def _territories(xy: Floats, group: Ints, land: shapely.Geometry, obstacles: Geometries) -> Geometries:
    cells = _cells(xy, land)
    group_of = group[_point_in(cells, xy)]
    merged = [shapely.union_all(cells[group_of == one]) for one in range(int(group.max()) + 1)]
    lines = [*shapely.boundary(np.array(merged, dtype=object)), shapely.boundary(land)]
    lines += [o if shapely.get_dimensions(o) == 1 else shapely.boundary(o) for o in obstacles]
    faces = shapely.get_parts(
        shapely.polygonize(shapely.get_parts(shapely.union_all(np.array(lines), grid_size=GRID_M)))
    )
    inside = shapely.point_on_surface(faces)
    faces, inside = faces[shapely.intersects(land, inside)], inside[shapely.intersects(land, inside)]
    owner = np.full(len(faces), -1, dtype=np.int64)
    homes, face = shapely.STRtree(faces).query(shapely.points(xy), predicate="intersects")
    owner[face] = group[homes]
    owner = give_to_neighbours(faces, owner)
    territories: Geometries = np.array(
        [shapely.union_all(faces[owner == one]) for one in np.unique(owner)], dtype=object
    )
    return territories


def _cells(xy: Floats, land: shapely.Geometry) -> Geometries:
    points = shapely.MultiPoint(xy)
    if len(xy) == 1:
        return np.array([shapely.envelope(shapely.buffer(land, 1.0))], dtype=object)
    cells: Geometries = shapely.get_parts(
        shapely.voronoi_polygons(points, extend_to=shapely.buffer(land, 10.0), ordered=False)
    )
    return cells


def _point_in(cells: Geometries, xy: Floats) -> Ints:
    """Return the number of the point inside each Voronoi cell."""
    point, cell = shapely.STRtree(cells).query(shapely.points(xy), predicate="intersects")
    found = np.zeros(len(cells), dtype=np.int64)
    found[cell] = point
    return found
