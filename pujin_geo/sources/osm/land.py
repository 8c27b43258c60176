"""Water, green, residential land and barriers from OpenStreetMap elements."""

import geopandas as gpd
import numpy as np
import pandas as pd
import shapely
from numpy.typing import NDArray

WATER = {
    "natural": ["water"],
    "waterway": ["riverbank", "dock"],
    "landuse": ["reservoir", "basin", "salt_pond"],
}
GREEN = {
    "leisure": ["park", "garden", "nature_reserve", "golf_course"],
    "landuse": ["forest", "grass", "meadow", "recreation_ground", "village_green", "orchard", "allotments"],
    "natural": ["wood", "scrub", "grassland", "heath"],
}
RESIDENTIAL = {"landuse": ["residential"]}
OTHER_LAND = [
    "industrial", "commercial", "retail", "railway", "military", "farmland", "farmyard", "port", "depot",
    "quarry", "landfill", "cemetery", "construction", "brownfield", "greenhouse_horticulture", "education",
    "institutional", "religious", "civic_admin", "civil", "garages", "winter_sports", "fairground",
]  # fmt: skip
"""``landuse`` on which an undescribed building is not taken for a dwelling."""

BARRIER_KINDS = {
    "barrier": {"wall": "wall", "city_wall": "wall", "retaining_wall": "wall", "fence": "fence"},
    "railway": {"rail": "railway", "light_rail": "railway", "subway": "railway"},
    "highway": {
        "motorway": "expressway",
        "motorway_link": "expressway",
        "trunk": "expressway",
        "trunk_link": "expressway",
    },
    "waterway": {"river": "river", "canal": "canal"},
    "natural": {"coastline": "coastline"},
}
LAND_TAGS = ["natural", "waterway", "landuse", "leisure", "barrier", "railway", "highway", "name"]
LAND_TAGS += ["tunnel", "bridge", "layer"]

LAND_WANTED = {
    "natural": [*WATER["natural"], *GREEN["natural"], "coastline"],
    "waterway": [*WATER["waterway"], "river", "canal"],
    "landuse": [*WATER["landuse"], *GREEN["landuse"], "residential", *OTHER_LAND],
    "leisure": GREEN["leisure"],
    "barrier": list(BARRIER_KINDS["barrier"]),
    "railway": list(BARRIER_KINDS["railway"]),
}


def areas_with(elements: gpd.GeoDataFrame, wanted: dict[str, list[str]]) -> gpd.GeoDataFrame:
    """Return name and geometry of the areas that carry one of the tags; shapes are made valid."""
    has = np.zeros(len(elements), dtype=bool)
    for key, values in wanted.items():
        has |= elements[key].isin(values).to_numpy()
    chosen = elements[has & (shapely.get_dimensions(elements.geometry.to_numpy()) == 2)]
    shapes = valid_areas(chosen.geometry.to_numpy())
    areas = gpd.GeoDataFrame({"name": chosen["name"]}, geometry=shapes, crs=elements.crs)
    return areas[~areas.geometry.is_empty].reset_index(drop=True)


def valid_areas(shapes: NDArray[np.object_]) -> NDArray[np.object_]:
    """Repair polygons that cross themselves; what is left of a shape may be an empty polygon.

    >>> import numpy as np, shapely
    >>> bow_tie = shapely.from_wkt("POLYGON ((0 0, 2 2, 2 0, 0 2, 0 0))")
    >>> float(valid_areas(np.array([bow_tie]))[0].area)
    2.0
    """
    mended = np.where(shapely.is_valid(shapes), shapes, shapely.make_valid(shapes))
    for i in np.flatnonzero(shapely.get_type_id(mended) == 7):  # a mixture: keep its polygons
        mended[i] = shapely.union_all([p for p in mended[i].geoms if shapely.get_dimensions(p) == 2])
    lost = shapely.get_dimensions(mended) != 2
    mended[lost] = shapely.Polygon()
    result: NDArray[np.object_] = mended
    return result


def barrier_lines(elements: gpd.GeoDataFrame) -> gpd.GeoDataFrame:
    """Return kind, name and geometry of what stops walkers: walls, fences, rails, expressways, rivers, coast.

    What runs in a tunnel stops nobody on the ground, nor does an expressway on a bridge.
    """
    parts = []
    for key, kinds in BARRIER_KINDS.items():
        here = elements[elements[key].isin(list(kinds))]
        here = here[here["tunnel"].isin(["", "no"]) & ~here["layer"].str.startswith("-")]
        if key == "highway":
            here = here[here["bridge"].isin(["", "no"])]
        shapes = here.geometry.to_numpy()
        lines = np.where(shapely.get_dimensions(shapes) == 2, shapely.boundary(shapes), shapes)
        frame = gpd.GeoDataFrame(
            {"kind": here[key].map(kinds), "name": here["name"]}, geometry=lines, crs=elements.crs
        )
        parts.append(frame[shapely.get_dimensions(lines) == 1])
    barriers: gpd.GeoDataFrame = pd.concat(parts, ignore_index=True)
    return barriers[shapely.length(barriers.geometry.to_numpy()) > 0].reset_index(drop=True)
