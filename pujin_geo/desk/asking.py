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
from ..walking.network import Ints
from ..walking.routes import leg_starts, routes
from ..walking.verdicts import DECIMALS, Placed, distances_table, is_inside, measure, surveyed_extent


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
    measures = measure(state.network, placed, state.types)
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
    # A facility taken away keeps its row but no way in; its row must not be the nearest by straight line.
    hidden = state.placed.facilities["facility_type"].where(state.is_open, "")
    return replace(
        state.placed,
        demand=demand,
        facilities=state.placed.facilities.assign(facility_type=hidden),
        demand_access=way,
        demand_part=part,
        edge_straight_m=np.round(np.array([edge_m]), DECIMALS),
    )


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
