"""Which hub and which committees a circle has, for circles from anywhere."""

import geopandas as gpd
import numpy as np
import pandas as pd
import shapely

from ..walking.network import Ints
from ..walking.verdicts import demand_points
from .describe import HUB_TYPES, circle_of
from .terrain import (
    EXISTING,
    PINNED_RANK,
    Terrain,
    central_places,
    proposed_places,
    units_of,
    walks_to,
    with_hubs,
)


def hubs_of(terrain: Terrain, circles: gpd.GeoDataFrame) -> tuple[Terrain, Ints]:
    """Return the hub of each circle, and the terrain with these hubs added where it lacked them.

    The hub is the one that the layer names (``hub_facility_id``, ``hub_demand_id``), if it is open and in
    the circle; else the open hub, else party station, of least walking in the circle; else a demand
    point of it, as a proposal.

    Returns:
        The terrain, and (circles,) positions in its ``hubs``; -1 for a circle with neither facility
        nor residents.
    """
    points = terrain.placed.points
    places = demand_points(terrain.placed.facilities)
    shapely.prepare(circles.geometry.to_numpy())
    lies_in = circle_of(points, circles).to_numpy()
    chosen = []
    for number in range(len(circles)):
        circle = circles.iloc[number]
        candidates = _candidates(terrain, circle, lies_in == circle["circle_id"], points, places)
        chosen.append(_best(terrain, candidates, lies_in == circle["circle_id"]))
    found = [one for one in chosen if one is not None]
    if not found:
        return terrain, np.full(len(circles), -1, dtype=np.int64)
    wanted = pd.concat(found, ignore_index=True)
    known = [_position(terrain, row) for row in wanted.to_dict("records")]
    new = [n for n, position in enumerate(known) if position < 0]
    if new:
        added = gpd.GeoDataFrame(wanted.iloc[new].reset_index(drop=True), crs=terrain.units.crs)
        for place, n in enumerate(new):
            known[n] = len(terrain.hubs) + place
        terrain = with_hubs(terrain, added)
    positions = iter(known)
    return terrain, np.array([-1 if one is None else next(positions) for one in chosen], dtype=np.int64)


def _position(terrain: Terrain, hub: dict[str, object]) -> int:
    same = (terrain.hubs["hub_facility_id"] == hub["hub_facility_id"]) & (
        terrain.hubs["hub_demand_id"] == hub["hub_demand_id"]
    )
    found = np.flatnonzero(same)
    return int(found[0]) if len(found) else -1


def _candidates(
    terrain: Terrain, circle: pd.Series, inside: np.ndarray, points: np.ndarray, places: np.ndarray
) -> gpd.GeoDataFrame:
    facilities = terrain.placed.facilities
    here = shapely.intersects(circle.geometry, places)
    named = here & (facilities["facility_id"] == circle.get("hub_facility_id", "")).to_numpy()
    proposed = inside & (terrain.placed.demand["demand_id"] == circle.get("hub_demand_id", "")).to_numpy()
    if named.any():
        return _of_facilities(terrain, np.flatnonzero(named))
    by_type = [np.flatnonzero(here & (facilities["facility_type"] == one).to_numpy()) for one in HUB_TYPES]
    existing = next((positions for positions in by_type if len(positions)), None)
    if existing is not None and not proposed.any():
        return _of_facilities(terrain, existing)
    if not proposed.any():
        offered = set(terrain.hubs["hub_demand_id"]) - {""}
        proposed = inside & terrain.placed.demand["demand_id"].isin(offered).to_numpy()
    offers = np.flatnonzero(proposed)
    if not len(offers):
        offers = central_places(points, terrain.placed, np.flatnonzero(inside))
    return proposed_places(offers, terrain.placed, points, terrain.unit_of)


def _of_facilities(terrain: Terrain, positions: Ints) -> gpd.GeoDataFrame:
    rows = terrain.placed.facilities.iloc[positions]
    points = demand_points(rows)
    ranks = {name: rank for rank, name in enumerate(HUB_TYPES)}
    table = {
        "hub_facility_id": rows["facility_id"].to_numpy(dtype=object),
        "hub_demand_id": "",
        "name": rows["name"].to_numpy(dtype=object),
        "status": EXISTING,
        "rank": [ranks.get(one, PINNED_RANK) for one in rows["facility_type"]],
        "unit": units_of(points, terrain.units),
    }
    return gpd.GeoDataFrame(table, geometry=list(points), crs=terrain.units.crs)


def _best(terrain: Terrain, candidates: gpd.GeoDataFrame, inside: np.ndarray) -> gpd.GeoDataFrame | None:
    """Return the candidate that most of the circle's people reach, then that of least walking."""
    if len(candidates) < 2:
        return candidates if len(candidates) else None
    walk_m, has_path = walks_to(terrain.network, terrain.placed, candidates)
    people = terrain.people * inside
    unreached = people @ ~has_path
    total = people @ np.where(has_path, walk_m, 0.0)
    best = int(np.lexsort((total, unreached))[0])
    return candidates.iloc[[best]].reset_index(drop=True)


def unit_shares(terrain: Terrain, circles: gpd.GeoDataFrame) -> np.ndarray:
    """Return (units, circles) areas in common, m²."""
    areas = np.zeros((len(terrain.units), len(circles)))
    units, shapes = terrain.units.geometry.to_numpy(), circles.geometry.to_numpy()
    circle, unit = shapely.STRtree(units).query(shapes, predicate="intersects")
    areas[unit, circle] = shapely.area(shapely.intersection(units[unit], shapes[circle]))
    return areas


def circle_of_units(terrain: Terrain, circles: gpd.GeoDataFrame) -> Ints:
    """Return the position of the circle that holds most of each unit; -1 if none holds 1 % of it."""
    if not len(circles):
        return np.full(len(terrain.units), -1, dtype=np.int64)
    areas = unit_shares(terrain, circles)
    is_in = areas.max(axis=1) > 0.01 * terrain.units.geometry.area.to_numpy()
    group: Ints = np.where(is_in, areas.argmax(axis=1), -1).astype(np.int64)
    return group
