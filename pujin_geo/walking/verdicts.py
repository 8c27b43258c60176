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

from dataclasses import dataclass

import geopandas as gpd
import numpy as np
import pandas as pd
import shapely
from numpy.typing import NDArray

from ..catalogue import group_columns
from ..inputs import Inputs
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


def place(inputs: Inputs, network: Network, *, include_planned: bool) -> Placed:
    """Lead the judged demand points and the counting facilities onto the network."""
    max_snap_m = inputs.study.settings.max_snap_m
    demand = inputs.residents[is_inside(inputs.residents, inputs.boundary)].reset_index(drop=True)
    facilities = inputs.facilities[counts(inputs, include_planned=include_planned)].reset_index(drop=True)
    points = demand_points(demand)
    demand_access = access_points(network, points, max_snap_m=max_snap_m)
    demand_part = np.full(len(demand), -1, dtype=np.int64)
    demand_part[demand_access["item"]] = network.edge_part[demand_access["edge"]]
    surveyed = surveyed_extent(inputs)
    exits = demand_access.iloc[:0]
    edge_straight_m = np.full(len(demand), np.inf)
    if surveyed is not None:
        exits = access_exits(network, inputs.streets, surveyed)
        edge_straight_m = np.round(shapely.distance(points, shapely.boundary(surveyed)), DECIMALS)
    return Placed(
        demand=demand,
        facilities=facilities,
        demand_access=demand_access,
        facility_access=access_facilities(network, facilities, inputs.entrances, max_snap_m=max_snap_m),
        exits=exits,
        demand_part=demand_part,
        edge_straight_m=edge_straight_m,
    )


def demand_points(residents: gpd.GeoDataFrame) -> Geometries:
    """Return one point per demand point: of a polygon the centroid, or a point inside where it lies outside.

    >>> from shapely import Point, box
    >>> [p.wkt for p in demand_points(gpd.GeoDataFrame(geometry=[Point(1, 2), box(0, 0, 2, 2)]))]
    ['POINT (1 2)', 'POINT (1 1)']
    """
    geometry = residents.geometry.to_numpy()
    centre: Geometries = shapely.centroid(geometry)
    outside = ~shapely.intersects(centre, geometry)
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
    is_open: Flags = inputs.facilities["status"].isin(statuses).to_numpy(dtype=bool) & in_extent(inputs)
    return is_open


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
    code = {name: number for number, name in enumerate(types["facility_type"])}
    group: Ints = facilities["facility_type"].map(code).fillna(-1).to_numpy(dtype=np.int64)
    return group


def measure(network: Network, placed: Placed, types: pd.DataFrame) -> Measures:
    """Measure every walk and straight line that the verdicts need."""
    group = type_of(placed.facilities, types)
    exact_m, walk_to = nearest(
        network, placed.demand_access, placed.facility_access, group, len(placed.demand), groups=len(types)
    )
    points = demand_points(placed.demand)
    straight_m, straight_to = nearest_straight(points, placed.facilities, group, len(types))
    return Measures(
        exact_m=exact_m,
        walk_m=np.round(exact_m, DECIMALS),
        walk_to=walk_to,
        straight_m=straight_m,
        straight_to=straight_to,
        off_m=straight_to_off_network(network, placed, group, len(types)),
        is_absent=np.bincount(group[group >= 0], minlength=len(types)) == 0,
        exit_m=exit_walks(network, placed),
        threshold_m=thresholds(placed.demand, types),
    )


def decide(
    network: Network, placed: Placed, measures: Measures
) -> tuple[NDArray[np.object_], NDArray[np.object_]]:
    """Return verdict and cause, (demand, types), by the table at the top of this module."""
    threshold_m = measures.threshold_m
    on_street = placed.demand_part >= 0
    on_main = placed.demand_part == network.main_part
    near = measures.straight_m <= threshold_m
    edge_m = np.where(on_main, measures.exit_m, placed.edge_straight_m)[:, None]
    # Off the main network every near facility is doubtful already (lines 2 and 3).
    off_near = on_main[:, None] & (measures.off_m <= threshold_m)
    verdict, cause = (
        np.full(near.shape, "not_met", dtype=object),
        np.full(near.shape, "too_far", dtype=object),
    )
    for applies, this_verdict, this_cause in (
        (near, "not_met", "detour"),
        (np.broadcast_to(measures.is_absent, near.shape), "not_met", "no_facility"),
        (edge_m <= threshold_m, "unknown", "data_edge"),
        (off_near, "unknown", "facility_off_network"),
        (near & (on_street & ~on_main)[:, None], "unknown", "island"),
        (near & ~on_street[:, None], "unknown", "unsnapped"),
        (measures.walk_m <= threshold_m, "met", ""),
    ):
        verdict[applies], cause[applies] = this_verdict, this_cause
    return verdict, cause


def distances_table(
    network: Network, placed: Placed, types: pd.DataFrame, measures: Measures
) -> pd.DataFrame:
    """Return the ``distances`` table of measured lengths."""
    verdict, cause = decide(network, placed, measures)
    row, column = np.nonzero(~np.isnan(measures.threshold_m))
    ids = np.append(placed.facilities["facility_id"].to_numpy(dtype=object), "")
    return pd.DataFrame(
        {
            "demand_id": placed.demand["demand_id"].to_numpy(dtype=object)[row],
            "facility_type": types["facility_type"].to_numpy(dtype=object)[column],
            "facility_id": ids[measures.walk_to[row, column]],
            "walk_m": _blank(measures.walk_m[row, column]),
            "straight_facility_id": ids[measures.straight_to[row, column]],
            "straight_m": _blank(measures.straight_m[row, column]),
            "threshold_m": measures.threshold_m[row, column],
            "verdict": verdict[row, column],
            "cause": cause[row, column],
        }
    )


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
        if not len(members) or not len(points):
            continue
        (point, member), found_m = shapely.STRtree(geometry[members]).query_nearest(
            points, return_distance=True, all_matches=True
        )
        first = np.full(len(points), len(members), dtype=np.int64)
        np.minimum.at(first, point, member)
        which[:, one] = members[first]
        distance_m[point, one] = found_m
    return np.round(distance_m, DECIMALS), which


def straight_to_off_network(network: Network, placed: Placed, group: Ints, types: int) -> Floats:
    """Return straight distances to the nearest facility without a way onto the main network."""
    access = placed.facility_access
    on_main = network.edge_part[access["edge"].to_numpy()] == network.main_part
    reachable = np.unique(access["item"].to_numpy()[on_main])
    off = group.copy()
    off[reachable] = -1
    distance_m, _ = nearest_straight(demand_points(placed.demand), placed.facilities, off, types)
    return distance_m


def thresholds(demand: pd.DataFrame, types: pd.DataFrame) -> Floats:
    """Return (demand, types) thresholds; NaN where a type does not apply to the point's scope."""
    is_rural = (demand["scope"] == "rural").to_numpy()[:, None]
    urban = types["threshold_urban_m"].where(types["scope"] != "rural").to_numpy(dtype=float)
    rural = types["threshold_rural_m"].where(types["scope"] != "urban").to_numpy(dtype=float)
    threshold_m: Floats = np.where(is_rural, rural, urban)
    return threshold_m


def people_served(demand: pd.DataFrame, types: pd.DataFrame) -> tuple[pd.DataFrame, dict[str, str]]:
    """Return the people whom each type serves, per demand point, and on which basis they are counted.

    Without the age columns of the type's group all residents count, and the basis says so.

    Returns:
        (demand × types) table of people, columns the types; and type → ``people_basis``.
    """
    people, basis = {}, {}
    for one in types.itertuples():
        columns = group_columns(one.population_group)
        if columns is None:
            people[one.facility_type], basis[one.facility_type] = demand["population"], "all"
        elif demand[list(columns)].isna().all().any():
            people[one.facility_type], basis[one.facility_type] = demand["population"], "all (no age data)"
        else:
            people[one.facility_type] = demand[list(columns)].fillna(0.0).sum(axis=1)
            basis[one.facility_type] = ";".join(_GROUP_OF_COLUMN[column] for column in columns)
    return pd.DataFrame(people, index=demand.index), basis
