"""Met, not met or unknown, for every demand point and facility type, and why.

The first line of this table that applies decides (lengths as printed, to the millimetre; equality
is met):

1. the walk is within the threshold: met
2. straight distance within it, the demand point on no street: unknown, ``unsnapped``
3. straight distance within it, the demand point cut off from the main network: unknown, ``island``
4. a facility off the network, or on another part of it, within it by straight line: unknown,
   ``facility_off_network``
5. a street leaves the surveyed extent within it on foot (for points of 2 and 3: the extent's edge
   is within it by straight line): unknown, ``data_edge``
6. no facility of the type: not met, ``no_facility``
7. straight distance within it: not met, ``detour``
8. otherwise: not met, ``too_far``
"""

from collections.abc import Iterable
from dataclasses import dataclass, replace
from functools import cached_property

import geopandas as gpd
import numpy as np
import pandas as pd
import shapely
from numpy.typing import NDArray
from pandas.api.extensions import ExtensionArray

from ..catalogue import group_columns
from ..inputs import Inputs
from ..reuse import kept
from ..tables import AGE_GROUPS
from .access import Geometries, access_exits, access_facilities, access_points
from .distances import nearest
from .network import Floats, Ints, Network

Flags = NDArray[np.bool_]

DECIMALS = 3

COLUMNS = [
    "demand_id", "facility_type", "facility_id", "walk_m", "straight_facility_id", "straight_m", "threshold_m",
    "verdict", "cause",
]  # fmt: skip


_GROUP_OF_COLUMN = {column: group for group, column in AGE_GROUPS.items()}


@dataclass(frozen=True)
class Placed:
    """Demand points and facilities with their ways into the network.

    Attributes:
        demand: judged demand points, the residents inside the boundary, 0..n-1.
        facilities: counting facilities, 0..m-1.
        demand_access, facility_access: access tables of the two.
        exits: access table of the places where streets leave the extent; no rows without an extent.
        demand_part: (n,) connected part of each demand point, -1 on no street.
        edge_straight_m: (n,) straight distance to the extent's edge; infinite without an extent.
    """

    demand: gpd.GeoDataFrame
    facilities: gpd.GeoDataFrame
    demand_access: pd.DataFrame
    facility_access: pd.DataFrame
    exits: pd.DataFrame
    demand_part: Ints
    edge_straight_m: Floats

    @cached_property
    def points(self) -> Geometries:
        """(n,) where each demand point stands."""
        return demand_points(self.demand)


def place(
    inputs: Inputs, network: Network, *, include_planned: bool, ways: pd.DataFrame | None = None
) -> Placed:
    """Lead the judged demand points and the counting facilities onto the network.

    Args:
        inputs: the study.
        network: its walking graph.
        include_planned: facilities under construction or planned count.
        ways: from ``facility_ways``, if they are at hand.
    """
    demand = inputs.residents[is_inside(inputs.residents, inputs.boundary)].reset_index(drop=True)
    ways = facility_ways(inputs, network) if ways is None else ways
    facilities, facility_access = open_facilities(
        inputs, ways, counts(inputs, include_planned=include_planned)
    )
    surveyed = surveyed_extent(inputs)
    exits = facility_access.iloc[:0] if surveyed is None else access_exits(network, inputs.streets, surveyed)
    return place_points(inputs, network, demand, (facilities, facility_access, exits))


def place_points(
    inputs: Inputs,
    network: Network,
    demand: gpd.GeoDataFrame,
    around: tuple[gpd.GeoDataFrame, pd.DataFrame, pd.DataFrame],
) -> Placed:
    """Lead demand points onto the network, among facilities and exits (with their access) that are there."""
    facilities, facility_access, exits = around
    points = demand_points(demand)
    access = _points_access(network, points, max_snap_m=inputs.study.settings.max_snap_m)
    part = np.full(len(demand), -1, dtype=np.int64)
    part[access["item"]] = network.edge_part[access["edge"]]
    surveyed = surveyed_extent(inputs)
    edge_straight_m = np.full(len(demand), np.inf)
    if surveyed is not None:
        edge_straight_m = np.round(shapely.distance(points, shapely.boundary(surveyed)), DECIMALS)
    return Placed(
        demand=demand,
        facilities=facilities,
        demand_access=access,
        facility_access=facility_access,
        exits=exits,
        demand_part=part,
        edge_straight_m=edge_straight_m,
    )


@kept
def _points_access(network: Network, points: Geometries, *, max_snap_m: float) -> pd.DataFrame:
    return access_points(network, points, max_snap_m=max_snap_m)


def facility_ways(inputs: Inputs, network: Network) -> pd.DataFrame:
    """Return the access table of every facility of the study, whether it counts or not."""
    snap_m = inputs.study.settings.max_snap_m
    return access_facilities(network, inputs.facilities, inputs.entrances, max_snap_m=snap_m)


def open_facilities(
    inputs: Inputs, ways: pd.DataFrame, is_open: Flags
) -> tuple[gpd.GeoDataFrame, pd.DataFrame]:
    """Return some of the facilities, 0..m-1, and their access, from ``facility_ways``."""
    number = np.where(is_open, np.cumsum(is_open) - 1, -1)
    item = number[ways["item"].to_numpy()]
    access = ways[item >= 0].assign(item=item[item >= 0]).reset_index(drop=True)
    return inputs.facilities[is_open].reset_index(drop=True), access


def demand_points(residents: gpd.GeoDataFrame) -> Geometries:
    """Return one point per demand point: of a polygon the centroid, or a point inside where it lies outside.

    >>> from shapely import Point, box
    >>> [p.wkt for p in demand_points(gpd.GeoDataFrame(geometry=[Point(1, 2), box(0, 0, 2, 2)]))]
    ['POINT (1 2)', 'POINT (1 1)']
    """
    geometry = residents.geometry.to_numpy()
    centre: Geometries = shapely.centroid(geometry)
    outside = shapely.get_type_id(geometry) != shapely.GeometryType.POINT
    outside[outside] = ~shapely.intersects(centre[outside], geometry[outside])
    centre[outside] = shapely.point_on_surface(geometry[outside])
    return centre


def is_inside(layer: gpd.GeoDataFrame, area: gpd.GeoDataFrame) -> Flags:
    """Return whether each row's point lies in the area or on its edge; everywhere if there is no area."""
    if area.empty:
        return np.ones(len(layer), dtype=bool)
    union = shapely.union_all(area.geometry.to_numpy())
    shapely.prepare(union)
    inside: Flags = shapely.intersects(union, demand_points(layer))
    return inside


def surveyed_extent(inputs: Inputs) -> shapely.Geometry | None:
    """Return where streets and facilities are complete: the extent, else the boundary, else None."""
    area = inputs.boundary if inputs.extent.empty else inputs.extent
    return None if area.empty else shapely.union_all(area.geometry.to_numpy())


def counts(inputs: Inputs, *, include_planned: bool) -> Flags:
    """Return which facilities count: open (or to be opened, if planned ones count) and in the extent."""
    statuses = ["existing", "under_construction", "planned"] if include_planned else ["existing"]
    return has_status(inputs, statuses)


def has_status(inputs: Inputs, statuses: list[str]) -> Flags:
    """Return which facilities have one of the statuses and lie in the extent."""
    chosen: Flags = inputs.facilities["status"].isin(statuses).to_numpy(dtype=bool) & in_extent(inputs)
    return chosen


def in_extent(inputs: Inputs) -> Flags:
    """Return which facilities lie in the surveyed extent, wholly or in part."""
    surveyed = surveyed_extent(inputs)
    if surveyed is None:
        return np.ones(len(inputs.facilities), dtype=bool)
    shapely.prepare(surveyed)
    inside: Flags = shapely.intersects(surveyed, inputs.facilities.geometry.to_numpy())
    return inside


def judged_types(inputs: Inputs) -> tuple[pd.DataFrame, pd.DataFrame]:
    """Split the catalogue into the types that get rows, and the others with the reason.

    A type gets rows if it was surveyed and the profile has a threshold for it.
    """
    catalogue, surveyed = inputs.catalogue, inputs.study.settings.surveyed
    if surveyed == "present":
        is_surveyed = catalogue["facility_type"].isin(inputs.facilities["facility_type"].unique())
    elif surveyed == "all":
        is_surveyed = pd.Series(True, index=catalogue.index)
    else:
        is_surveyed = catalogue["facility_type"].isin(list(surveyed))
    has_threshold = catalogue[["threshold_urban_m", "threshold_rural_m"]].notna().any(axis=1)
    left = catalogue.loc[~(is_surveyed & has_threshold), ["facility_type"]].copy()
    left["reason"] = np.where(is_surveyed[left.index], "no_threshold", "not_surveyed")
    judged = catalogue[is_surveyed & has_threshold].reset_index(drop=True)
    return judged, left.reset_index(drop=True)


@dataclass(frozen=True)
class Measures:
    """The lengths that verdicts rest on: (demand, types) and to the millimetre unless said otherwise.

    Attributes:
        exact_m: walk to the nearest facility before rounding; infinite without a path.
        walk_m, walk_to: the same as printed, and the facility's position in ``Placed.facilities``
            (-1 without a path).
        straight_m, straight_to: the same by straight line.
        off_m: straight distance to the nearest facility that is not on the main network.
        is_absent: (types,) there is no facility of the type.
        exit_m: (demand,) walk to the nearest place where a street leaves the extent.
        threshold_m: NaN where the type does not apply to the point's scope.
    """

    exact_m: Floats
    walk_m: Floats
    walk_to: Ints
    straight_m: Floats
    straight_to: Ints
    off_m: Floats
    is_absent: Flags
    exit_m: Floats
    threshold_m: Floats

    def of_types(self, columns: Ints, threshold_m: Floats) -> "Measures":
        """Return the lengths of some of the types, to be held against other thresholds."""
        return Measures(
            exact_m=self.exact_m[:, columns],
            walk_m=self.walk_m[:, columns],
            walk_to=self.walk_to[:, columns],
            straight_m=self.straight_m[:, columns],
            straight_to=self.straight_to[:, columns],
            off_m=self.off_m[:, columns],
            is_absent=self.is_absent[columns],
            exit_m=self.exit_m,
            threshold_m=threshold_m,
        )

    def replacing(self, columns: Ints, other: "Measures") -> "Measures":
        """Return the lengths with those of some types taken from others of the same demand points."""
        arrays = {name: getattr(self, name).copy() for name in _BY_TYPE}
        for name, array in arrays.items():
            array[..., columns] = getattr(other, name)
        return replace(self, **arrays)


_BY_TYPE = (
    "exact_m", "walk_m", "walk_to", "straight_m", "straight_to", "off_m", "is_absent", "threshold_m",
)  # fmt: skip


def judge(network: Network, placed: Placed, types: pd.DataFrame) -> pd.DataFrame:
    """Return the ``distances`` table: one row per judged demand point and facility type that applies to it.

    Args:
        network: the walking graph.
        placed: demand points and facilities on it, from ``place``.
        types: rows of the catalogue, from ``judged_types``.
    """
    return distances_table(network, placed, types, measure(network, placed, types))


def type_of(facilities: pd.DataFrame, types: pd.DataFrame) -> Ints:
    """Return each facility's row in ``types``, -1 for a type that is not judged."""
    group: Ints = pd.Index(types["facility_type"].to_numpy(dtype=object)).get_indexer(
        facilities["facility_type"].to_numpy(dtype=object)
    )
    return group


def measure(
    network: Network,
    placed: Placed,
    types: pd.DataFrame,
    *,
    straight: tuple[Floats, Ints] | None = None,
    exit_m: Floats | None = None,
) -> Measures:
    """Measure every walk and straight line that the verdicts need.

    Args:
        network: the walking graph.
        placed: demand points and facilities on it.
        types: rows of the catalogue.
        straight: straight distances and where they lead, from ``nearest_straight``, if they are at hand.
        exit_m: walks to the exits, likewise.
    """
    group = type_of(placed.facilities, types)
    exact_m, walk_to = nearest(
        network, placed.demand_access, placed.facility_access, group, len(placed.demand), groups=len(types)
    )
    straight_m, straight_to = straight or nearest_straight(
        placed.points, placed.facilities, group, len(types)
    )
    return Measures(
        exact_m=exact_m,
        walk_m=np.round(exact_m, DECIMALS),
        walk_to=walk_to,
        straight_m=straight_m,
        straight_to=straight_to,
        off_m=straight_to_off_network(network, placed, group, len(types)),
        is_absent=np.bincount(group[group >= 0], minlength=len(types)) == 0,
        exit_m=exit_walks(network, placed) if exit_m is None else exit_m,
        threshold_m=thresholds(placed.demand, types),
    )


VERDICTS = ("met", "not_met", "unknown")

CAUSES = ("", "too_far", "detour", "no_facility", "data_edge", "facility_off_network", "island", "unsnapped")

Codes = NDArray[np.int8]


def decide(
    network: Network, placed: Placed, measures: Measures
) -> tuple[NDArray[np.object_], NDArray[np.object_]]:
    """Return verdict and cause, (demand, types), by the table at the top of this module."""
    verdict, cause = decide_codes(network, placed, measures)
    return np.array(VERDICTS, dtype=object)[verdict], np.array(CAUSES, dtype=object)[cause]


def decide_codes(network: Network, placed: Placed, measures: Measures) -> tuple[Codes, Codes]:
    """Return verdict and cause, (demand, types), as positions in ``VERDICTS`` and ``CAUSES``."""
    threshold_m = measures.threshold_m
    on_street = placed.demand_part >= 0
    on_main = placed.demand_part == network.main_part
    near = measures.straight_m <= threshold_m
    edge_m = np.where(on_main, measures.exit_m, placed.edge_straight_m)[:, None]
    # Off the main network every near facility is doubtful already (lines 2 and 3).
    off_near = on_main[:, None] & (measures.off_m <= threshold_m)
    verdict = np.full(near.shape, VERDICTS.index("not_met"), dtype=np.int8)
    cause = np.full(near.shape, CAUSES.index("too_far"), dtype=np.int8)
    for applies, this_verdict, this_cause in (
        (near, "not_met", "detour"),
        (np.broadcast_to(measures.is_absent, near.shape), "not_met", "no_facility"),
        (edge_m <= threshold_m, "unknown", "data_edge"),
        (off_near, "unknown", "facility_off_network"),
        (near & (on_street & ~on_main)[:, None], "unknown", "island"),
        (near & ~on_street[:, None], "unknown", "unsnapped"),
        (measures.walk_m <= threshold_m, "met", ""),
    ):
        verdict[applies], cause[applies] = VERDICTS.index(this_verdict), CAUSES.index(this_cause)
    return verdict, cause


def distances_table(
    network: Network, placed: Placed, types: pd.DataFrame, measures: Measures
) -> pd.DataFrame:
    """Return the ``distances`` table of measured lengths."""
    verdict, cause = decide_codes(network, placed, measures)
    row, column = np.nonzero(~np.isnan(measures.threshold_m))
    ids = [*placed.facilities["facility_id"].tolist(), ""]
    return pd.DataFrame(
        {
            "demand_id": _texts(placed.demand["demand_id"].tolist(), row),
            "facility_type": _texts(types["facility_type"].tolist(), column),
            "facility_id": _texts(ids, measures.walk_to[row, column]),
            "walk_m": _blank(measures.walk_m[row, column]),
            "straight_facility_id": _texts(ids, measures.straight_to[row, column]),
            "straight_m": _blank(measures.straight_m[row, column]),
            "threshold_m": measures.threshold_m[row, column],
            "verdict": _texts(VERDICTS, verdict[row, column]),
            "cause": _texts(CAUSES, cause[row, column]),
        }
    )


def _texts(words: Iterable[str], at: Ints | Codes) -> ExtensionArray:
    """Return the words at some positions as a column of texts; -1 is the last word."""
    column = pd.array(list(words), dtype="str")
    return column.take(np.asarray(at, dtype=np.intp) % max(len(column), 1))


def _blank(length_m: Floats) -> Floats:
    blank: Floats = np.where(np.isinf(length_m), np.nan, length_m)
    return blank


def exit_walks(network: Network, placed: Placed) -> Floats:
    """Return each demand point's walk to the nearest place where a street leaves the extent, to the millimetre."""
    one = np.zeros(len(placed.exits), dtype=np.int64)
    walk_m, _ = nearest(network, placed.demand_access, placed.exits, one, len(placed.demand), groups=1)
    return np.round(walk_m[:, 0], DECIMALS)


def nearest_straight(
    points: Geometries, facilities: gpd.GeoDataFrame, group: Ints, groups: int
) -> tuple[Floats, Ints]:
    """Return each point's straight distance to the nearest facility of every group (mm), and which one.

    Of facilities equally near the first counts. Infinite and -1 where a group has none.
    """
    distance_m = np.full((len(points), groups), np.inf)
    which = np.full((len(points), groups), -1, dtype=np.int64)
    geometry = facilities.geometry.to_numpy()
    shape, _ = pd.factorize(shapely.to_wkb(geometry))
    for one in range(groups):
        members = np.flatnonzero(group == one)
        # Of many on one spot the first counts; the tree would list a tie of all of them for every point.
        members = members[np.unique(shape[members], return_index=True)[1]]
        members.sort()
        if len(members) and len(points):
            distance_m[:, one], first = _nearest_shape(points, geometry[members])
            which[:, one] = members[first]
    return distance_m, which


@kept
def _nearest_shape(points: Geometries, shapes: Geometries) -> tuple[Floats, Ints]:
    """Return each point's straight distance to the nearest shape (mm), and the first shape that is so near."""
    (point, shape), found_m = shapely.STRtree(shapes).query_nearest(
        points, return_distance=True, all_matches=True
    )
    first = np.full(len(points), len(shapes), dtype=np.int64)
    np.minimum.at(first, point, shape)
    distance_m = np.empty(len(points))
    distance_m[point] = found_m
    return np.round(distance_m, DECIMALS), first


def straight_to_off_network(network: Network, placed: Placed, group: Ints, types: int) -> Floats:
    """Return straight distances to the nearest facility without a way onto the main network."""
    access = placed.facility_access
    on_main = network.edge_part[access["edge"].to_numpy()] == network.main_part
    reachable = np.unique(access["item"].to_numpy()[on_main])
    off = group.copy()
    off[reachable] = -1
    distance_m, _ = nearest_straight(placed.points, placed.facilities, off, types)
    return distance_m


def thresholds(demand: pd.DataFrame, types: pd.DataFrame) -> Floats:
    """Return (demand, types) thresholds; NaN where a type does not apply to the point's scope."""
    is_rural = (demand["scope"].to_numpy(dtype=object) == "rural")[:, None]
    scope = types["scope"].to_numpy(dtype=object)
    urban = np.where(scope == "rural", np.nan, types["threshold_urban_m"].to_numpy(dtype=float))
    rural = np.where(scope == "urban", np.nan, types["threshold_rural_m"].to_numpy(dtype=float))
    threshold_m: Floats = np.where(is_rural, rural, urban)
    return threshold_m


def people_served(demand: pd.DataFrame, types: pd.DataFrame) -> tuple[pd.DataFrame, dict[str, str]]:
    """Return the people whom each type serves, per demand point, and on which basis they are counted.

    Without the age columns of the type's group all residents count, and the basis says so.

    Returns:
        (demand × types) table of people, columns the types; and type → ``people_basis``.
    """
    names, groups = types["facility_type"].tolist(), types["population_group"].tolist()
    by_group = {group: people_of_group(demand, group) for group in dict.fromkeys(groups)}
    people = np.empty((len(demand), len(names)), order="F")
    for column, group in enumerate(groups):
        people[:, column] = by_group[group][0]
    basis = {name: by_group[group][1] for name, group in zip(names, groups, strict=True)}
    return pd.DataFrame(people, index=demand.index, columns=names), basis


def people_of_group(demand: pd.DataFrame, group: str) -> tuple[Floats, str]:
    """Return the people of a group per demand point, and on which basis they are counted; see ``people_served``."""
    population: Floats = demand["population"].to_numpy(dtype=float)
    columns = group_columns(group)
    if columns is None:
        return population, "all"
    ages = [demand[name].to_numpy(dtype=float) for name in columns]
    if any(np.isnan(one).all() for one in ages):
        return population, "all (no age data)"
    people: Floats = sum((np.nan_to_num(one) for one in ages[1:]), start=np.nan_to_num(ages[0]))
    return people, ";".join(_GROUP_OF_COLUMN[column] for column in columns)
