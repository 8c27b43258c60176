"""What is within a walk of any place: the nearest facility of every type, the verdict, and the way there."""

from dataclasses import dataclass, replace

import geopandas as gpd
import numpy as np
import pandas as pd
import shapely

from ..coverage.whatif import Scenario
from ..errors import SettingsError
from ..texts import Text
from ..walking.access import Geometries, access_points
from ..walking.distances import walks_from
from ..walking.network import Floats, Ints
from ..walking.routes import leg_starts, routes
from ..walking.verdicts import (
    DECIMALS,
    Measures,
    Placed,
    distances_table,
    is_inside,
    surveyed_extent,
    type_of,
)


@dataclass(frozen=True)
class Answer:
    """What was found at a place.

    Attributes:
        point: the place, in the study's CRS.
        demand_id: the demand point that stands there, "" for a free place.
        scope: whose thresholds apply: those of the nearest demand point.
        distances: rows of the ``distances`` table, one per type that applies here; ``demand_id`` is that of
            the nearest demand point.
        lines: one walk per row of ``distances``, from the place to the facility; None without a path.
        to_street_m: straight walk to the nearest walkable street, NaN if none is within ``max_snap_m``.
        on_main: the street is part of the main network.
        inside_boundary: the place lies inside the boundary.
    """

    point: shapely.Point
    demand_id: str
    scope: str
    distances: pd.DataFrame
    lines: gpd.GeoSeries
    to_street_m: float
    on_main: bool
    inside_boundary: bool


def ask(state: Scenario, point: shapely.Point) -> Answer:
    """Judge one place by the rules of every demand point, and draw its walks.

    A place where a demand point stands gets that point's rows of the ``distances`` table.

    Args:
        state: the scenario to look into.
        point: any place inside the surveyed extent, in the study's CRS.

    Raises:
        SettingsError: the place is outside the surveyed extent.
    """
    surveyed = surveyed_extent(state.inputs)
    if surveyed is not None and not surveyed.intersects(point):
        raise SettingsError(
            Text(
                "该处在数据范围之外, 没有道路和设施数据; 请点击范围以内。",
                "This place is outside the surveyed extent, where nothing is known; click inside it.",
            )
        )
    nearest = int(np.argmin(shapely.distance(state.points, point)))
    demand = _one_row(state.placed.demand, nearest, point)
    placed = _placed_at(state, demand, point)
    measures = _measured(state, placed, nearest)
    distances = distances_table(state.network, placed, state.types, measures)
    way = placed.demand_access
    return Answer(
        point=point,
        demand_id=str(demand["demand_id"].iat[0]) if state.points[nearest].equals(point) else "",
        scope=str(demand["scope"].iat[0]),
        distances=distances,
        lines=_lines(state, placed, distances),
        to_street_m=float(way["leg_m"].iat[0]) if len(way) else float("nan"),
        on_main=bool(placed.demand_part[0] == state.network.main_part),
        inside_boundary=bool(is_inside(demand, state.inputs.boundary)[0]),
    )


def _one_row(demand: gpd.GeoDataFrame, position: int, point: shapely.Point) -> gpd.GeoDataFrame:
    row = demand.iloc[[position]].reset_index(drop=True)
    return row.set_geometry(gpd.GeoSeries([point], crs=demand.crs))


def _placed_at(state: Scenario, demand: gpd.GeoDataFrame, point: shapely.Point) -> Placed:
    """Return the scenario's facilities with a single demand point."""
    points = np.array([point], dtype=object)
    way = access_points(state.network, points, max_snap_m=state.inputs.study.settings.max_snap_m)
    part = np.full(1, -1, dtype=np.int64)
    part[way["item"]] = state.network.edge_part[way["edge"]]
    surveyed = surveyed_extent(state.inputs)
    edge_m = np.inf if surveyed is None else shapely.distance(point, shapely.boundary(surveyed))
    return replace(
        state.placed,
        demand=demand,
        demand_access=way,
        demand_part=part,
        edge_straight_m=np.round(np.array([edge_m]), DECIMALS),
    )


def _measured(state: Scenario, placed: Placed, neighbour: int) -> Measures:
    """Return what ``verdicts.measure`` finds for the one place, by a single search from it.

    Thresholds are those of the demand point next to it.
    """
    network, facilities, access = state.network, placed.facilities, placed.facility_access
    types = len(state.types)
    group = np.where(state.is_open, type_of(facilities, state.types), -1)
    item, number = access["item"].to_numpy(), np.arange(len(facilities))
    exact_m, walk_to = _least(walks_from(network, placed.demand_access, access), group[item], item, types)
    apart_m = shapely.distance(facilities.geometry.to_numpy(), placed.demand.geometry.iat[0])
    straight_m, straight_to = _least(apart_m, group, number, types)
    on_main = network.edge_part[access["edge"].to_numpy()] == network.main_part
    is_off = ~np.isin(number, item[on_main])
    off_m, _ = _least(apart_m, np.where(is_off, group, -1), number, types)
    exit_m = walks_from(network, placed.demand_access, placed.exits).min(initial=np.inf)
    return Measures(
        exact_m=exact_m,
        walk_m=np.round(exact_m, DECIMALS),
        walk_to=walk_to,
        straight_m=np.round(straight_m, DECIMALS),
        straight_to=straight_to,
        off_m=np.round(off_m, DECIMALS),
        is_absent=np.bincount(group[group >= 0], minlength=types) == 0,
        exit_m=np.round(np.array([exit_m]), DECIMALS),
        threshold_m=np.hstack([one.threshold_m[[neighbour]] for one in state.measures]),
    )


def _least(length_m: Floats, group: Ints, item: Ints, groups: int) -> tuple[Floats, Ints]:
    """Return (1, groups) the least length of each group and its item, the first of equal ones; infinite and -1."""
    least_m, which = np.full((1, groups), np.inf), np.full((1, groups), -1, dtype=np.int64)
    kept = np.flatnonzero((group >= 0) & np.isfinite(length_m))
    last_first = kept[np.lexsort((item[kept], length_m[kept]))[::-1]]
    least_m[0, group[last_first]], which[0, group[last_first]] = length_m[last_first], item[last_first]
    return least_m, which


def _lines(state: Scenario, placed: Placed, distances: pd.DataFrame) -> gpd.GeoSeries:
    facilities = placed.facilities
    reached = distances["facility_id"] != ""
    number = pd.Series(np.flatnonzero(state.is_open), index=facilities["facility_id"][state.is_open])
    target = number.reindex(distances["facility_id"][reached]).to_numpy()
    wanted, position = np.unique(target, return_inverse=True)
    ways = placed.facility_access
    found = routes(
        state.network,
        placed.demand_access,
        placed.demand.geometry.to_numpy(),
        ways[ways["item"].isin(wanted)],
        _starts(facilities, state.inputs.entrances, wanted),
        pd.DataFrame({"origin": 0, "target": wanted}),
    )
    lines = np.full(len(distances), None, dtype=object)
    lines[reached.to_numpy()] = found.geometry.to_numpy()[position]
    return gpd.GeoSeries(lines, crs=state.network.crs)


def _starts(facilities: gpd.GeoDataFrame, entrances: gpd.GeoDataFrame, wanted: Ints) -> Geometries:
    """Return where the legs of the wanted facilities start; the others are left blank."""
    places = np.full(len(facilities), None, dtype=object)
    places[wanted] = leg_starts(facilities.iloc[wanted], entrances)
    return places
