"""Which OpenStreetMap ways a person may walk, and how they become rows of the streets layer.

The rules are tables below; ``docs/openstreetmap.md`` explains them to planners.
"""

from dataclasses import dataclass

import geopandas as gpd
import numpy as np
import pandas as pd
import shapely
from numpy.typing import NDArray
from scipy.sparse import coo_array
from scipy.sparse.csgraph import connected_components

KINDS = {
    "motorway": "expressway",
    "trunk": "expressway",
    "primary": "arterial",
    "secondary": "arterial",
    "tertiary": "collector",
    "unclassified": "local",
    "residential": "local",
    "living_street": "local",
    "road": "local",
    "busway": "local",
    "service": "service",
    "footway": "path",
    "path": "path",
    "pedestrian": "path",
    "cycleway": "path",
    "track": "path",
    "trail": "path",
    "bridleway": "path",
    "corridor": "path",
    "crossing": "path",
    "elevator": "path",
    "platform": "path",
    "steps": "steps",
    "bus_guideway": "expressway",
    "raceway": "expressway",
    "escape": "expressway",
}
"""``highway`` value (without ``_link``) → kind of street."""

NOT_WALKED = {"motorway", "trunk", "cycleway", "bridleway", "busway", "bus_guideway", "raceway", "escape"}
"""Closed to walkers unless ``foot`` or ``sidewalk`` says otherwise: OpenStreetMap's worldwide defaults
(wiki, OSM tags for routing/Access restrictions), and trunk roads, which in cities are expressways."""

NO_STREETS = {"bus_stop", "rest_area", "services", "emergency_bay", "razed", "demolished", "dismantled", "no"}
LIFECYCLE = {
    "construction": "under_construction",
    "proposed": "planned",
    "planned": "planned",
    "abandoned": "closed",
    "disused": "closed",
}
"""``highway`` value that tells a state → status; the class is then in the key of that name."""

FOOT_YES = {"yes", "designated", "permissive", "official", "destination", "customers", "permit"}
FOOT_NO = {"no", "private", "use_sidepath", "military", "agricultural", "forestry"}
ACCESS_NO = {"no", "private", "military", "agricultural", "forestry", "delivery"}
SIDEWALK_YES = {"yes", "both", "left", "right"}
SIDEWALKS = ["sidewalk", "sidewalk:both", "sidewalk:left", "sidewalk:right"]

STREET_TAGS = [
    "highway",
    "railway",
    "public_transport",
    "name",
    "foot",
    "access",
    "motorroad",
    "tunnel",
    *SIDEWALKS,
]
STREET_TAGS += list(LIFECYCLE)

COLUMNS = ["walkable", "status", "kind", "name"]


@dataclass(frozen=True)
class StreetLines:
    """Streets and what was left out on the way.

    Attributes:
        streets: walkable (bool), status, kind, name, ``geometry`` (LineString or MultiLineString).
        zero_length: pieces without length that were left out.
        duplicates: pieces drawn twice that were left out.
        areas_apart: outlines of areas that meet no street; kept, not walkable.
        unknown: ``highway`` value that no rule knows → number of ways; kept, not walkable.
    """

    streets: gpd.GeoDataFrame
    zero_length: int
    duplicates: int
    areas_apart: int
    unknown: dict[str, int]


def is_street(tags: pd.DataFrame) -> "pd.Series[bool]":
    """Return which rows are streets: ways with a ``highway`` class, and platforms."""
    platform = (tags["railway"] == "platform") | (tags["public_transport"] == "platform")
    road = ~tags["highway"].isin(["", *NO_STREETS])
    return road | (platform & (tags["highway"] == ""))


def street_rows(tags: pd.DataFrame) -> pd.DataFrame:
    """Judge street ways by their tags.

    Args:
        tags: one row per way, the columns ``STREET_TAGS``, "" where a tag is absent.

    Returns:
        On the same index: walkable (bool), status, kind, name. An unknown class has kind "".

    >>> import pandas as pd
    >>> ways = pd.DataFrame({"highway": ["footway", "motorway"], "foot": ["", ""]})
    >>> street_rows(ways.reindex(columns=STREET_TAGS, fill_value=""))["walkable"].tolist()
    [True, False]
    """
    highway = tags["highway"].mask(tags["highway"] == "", "platform")
    status = highway.map(LIFECYCLE).fillna("existing")
    road_class = highway.copy()
    for state in LIFECYCLE:
        said = tags[state].where(~tags[state].isin(["", "yes", "minor"]), "road")
        road_class = road_class.mask(highway == state, said)
    road_class = road_class.str.removesuffix("_link")
    kind = road_class.map(KINDS).fillna("")
    usual = (kind != "") & ~road_class.isin(NOT_WALKED)
    pavement = tags[SIDEWALKS].isin(SIDEWALK_YES).any(axis=1)
    barred = tags["foot"].isin(FOOT_NO) | tags["access"].isin(ACCESS_NO) | (tags["motorroad"] == "yes")
    barred |= (road_class == "service") & (tags["tunnel"] == "yes")  # delivery and garage tunnels
    walkable = tags["foot"].isin(FOOT_YES) | (~barred & (usual | pavement))
    rows = {"walkable": walkable.astype(bool), "status": status, "kind": kind, "name": tags["name"]}
    return pd.DataFrame(rows, index=tags.index)


def street_lines(elements: gpd.GeoDataFrame, outlines: gpd.GeoDataFrame | None = None) -> StreetLines:
    """Make the streets layer of ways and areas.

    A way stays one line with all its nodes, so that ways meet where they share a node and nowhere
    else: a bridge over a street does not meet it. An area for walking (a square) becomes its outline.
    Outlines that meet no street are kept but not walkable: nobody gets there, and people and facilities
    beside them would seem cut off although a street is near.

    Args:
        elements: the columns ``STREET_TAGS`` and ``geometry`` (lines and areas).
        outlines: the same for lines that are parts of an area's outline.
    """
    is_area = pd.Series(shapely.get_dimensions(elements.geometry.to_numpy()) == 2, index=elements.index)
    drawn = elements.assign(is_area=is_area)
    if outlines is not None and len(outlines):
        drawn = pd.concat([drawn, outlines.assign(is_area=True)], ignore_index=True)
    ways = drawn[is_street(drawn)].reset_index(drop=True)
    rows = street_rows(ways).assign(is_area=ways["is_area"].astype(bool))
    unknown = ways.loc[rows["kind"] == "", "highway"].value_counts().sort_index()
    streets = gpd.GeoDataFrame(rows, geometry=_as_lines(ways.geometry.to_numpy()), crs=elements.crs)
    has_length = shapely.length(streets.geometry.to_numpy()) > 0
    once = _drawn_once(streets[has_length])
    apart = _areas_apart(once)
    once["walkable"] &= ~apart
    return StreetLines(
        streets=once.drop(columns="is_area"),
        zero_length=int((~has_length).sum()),
        duplicates=int(has_length.sum()) - len(once),
        areas_apart=int(apart.sum()),
        unknown={str(value): int(count) for value, count in unknown.items()},
    )


def _drawn_once(streets: gpd.GeoDataFrame) -> gpd.GeoDataFrame:
    """Drop pieces drawn twice; the row stays on which one may walk today."""
    is_open = streets["walkable"] & (streets["status"] == "existing")
    best_first = streets.loc[is_open.sort_values(ascending=False, kind="stable").index]
    shapes = shapely.to_wkb(shapely.normalize(best_first.geometry.to_numpy()))
    kept = best_first[~pd.Series(shapes).duplicated().to_numpy()]
    return kept.sort_index().reset_index(drop=True)


def _areas_apart(streets: gpd.GeoDataFrame) -> "pd.Series[bool]":
    """Return which walkable outlines are connected, by shared vertices, to outlines only."""
    used = np.flatnonzero((streets["walkable"] & (streets["status"] == "existing")).to_numpy())
    apart = pd.Series(False, index=streets.index)
    if not len(used):
        return apart
    lonlat, line = shapely.get_coordinates(streets.geometry.to_numpy()[used], return_index=True)
    _, vertex = np.unique(lonlat, axis=0, return_inverse=True)
    size = len(used) + int(vertex.max()) + 1
    meets = coo_array((np.ones(len(line)), (line, len(used) + vertex.ravel())), shape=(size, size))
    part = connected_components(meets, directed=False)[1][: len(used)]
    has_street = np.zeros(part.max() + 1, dtype=bool)
    has_street[part[~streets["is_area"].to_numpy()[used]]] = True
    apart.iloc[used] = ~has_street[part]
    return apart


def _as_lines(shapes: NDArray[np.object_]) -> NDArray[np.object_]:
    """Return lines as they are, areas as their outline, with repeated points removed."""
    areas = shapely.get_dimensions(shapes) == 2
    lines = np.where(areas, shapely.boundary(shapes), shapes)
    result: NDArray[np.object_] = shapely.remove_repeated_points(lines)
    return result
