"""Living circles (社区生活圈): which circle a place lies in, and what each circle holds."""

import geopandas as gpd
import numpy as np
import pandas as pd
import shapely

from ..reuse import kept
from ..tables import Problem
from ..texts import Text
from ..walking.access import Geometries
from ..walking.distances import nearest
from ..walking.network import Floats, Ints, Network
from ..walking.verdicts import DECIMALS, Placed, demand_points

MARK = "示意 · 内部讨论"
"""Stands on everything that shows a drawn boundary: not an approved one."""

CIRCLE_COLUMNS = [
    "circle_id", "name", "hub_facility_id", "committees", "area_km2", "population", "farthest_walk_m",
]  # fmt: skip

HUB_TYPES = ("hub", "party_station")
"""Facility types that can be a circle's centre, in order of preference."""

OVERLAP_M2 = 100.0
"""Circles that overlap by no more than this are taken to share a border drawn by hand."""


def circle_of(points: Geometries, circles: gpd.GeoDataFrame) -> pd.Series:
    """Return the ``circle_id`` that each point lies in (the first of several), "" for none.

    >>> from shapely import Point, box
    >>> circles = gpd.GeoDataFrame({"circle_id": ["C1", "C2"]}, geometry=[box(0, 0, 1, 1), box(1, 0, 2, 1)])
    >>> circle_of(np.array([Point(0.5, 0.5), Point(1.5, 0.5), Point(9, 9)]), circles).tolist()
    ['C1', 'C2', '']
    """
    ids = np.append(circles["circle_id"].to_numpy(dtype=object), "")
    first = np.full(len(points), len(circles), dtype=np.int64)
    if len(circles):
        point, circle = shapely.STRtree(circles.geometry.to_numpy()).query(points, predicate="intersects")
        np.minimum.at(first, point, circle)
    return pd.Series(ids[first], dtype="str")


def main_circle_of(areas: gpd.GeoDataFrame, circles: gpd.GeoDataFrame) -> pd.Series:
    """Return the ``circle_id`` of the circle that holds most of each area, "" where none holds any.

    A point inside would not do: that of a committee drawn to the middle of a river may lie in the water.

    >>> from shapely import box
    >>> circles = gpd.GeoDataFrame({"circle_id": ["C1", "C2"]}, geometry=[box(0, 0, 2, 1), box(2, 0, 9, 1)])
    >>> main_circle_of(gpd.GeoDataFrame(geometry=[box(1, 0, 4, 1), box(0, 5, 1, 6)]), circles).tolist()
    ['C2', '']
    """
    ids = np.append(circles["circle_id"].to_numpy(dtype=object), "")
    return pd.Series(ids[_holding_most(areas.geometry.to_numpy(), circles.geometry.to_numpy())], dtype="str")


@kept
def _holding_most(shapes: Geometries, held: Geometries) -> Ints:
    """Return the circle that holds most of each shape, their number where none holds any."""
    common_m2 = np.zeros((len(shapes), len(held) + 1))
    area, circle = shapely.STRtree(held).query(shapes, predicate="intersects")
    common_m2[area, circle] = shapely.area(shapely.intersection(shapes[area], held[circle]))
    most: Ints = np.where(common_m2.any(axis=1), common_m2.argmax(axis=1), len(held))
    return most


def describe_circles(
    circles: gpd.GeoDataFrame,
    committees: gpd.GeoDataFrame,
    demand: pd.DataFrame,
    network: Network,
    placed: Placed,
) -> pd.DataFrame:
    """Return the ``circles`` table: one row per circle, in the order of the layer.

    The hub is the one that the layer names in ``hub_facility_id``, if it is open and inside; else, of the
    open hubs (else party stations) inside the circle, the one with the least total walking of its people.
    ``farthest_walk_m`` is the longest walk to it among those who can reach it.

    Args:
        circles: the circles layer.
        committees: the committees layer; a committee belongs where most of its land is.
        demand: the judged demand points with ``circle_id``, rows as in ``placed.demand``.
        network: the walking graph.
        placed: demand points and facilities on it.
    """
    if circles.empty:
        return pd.DataFrame(columns=CIRCLE_COLUMNS)
    inside = main_circle_of(committees, circles)
    hubs, farthest_m = _hubs(circles, demand, network, placed)
    population = demand.groupby("circle_id")["population"].sum()
    return pd.DataFrame(
        {
            "circle_id": circles["circle_id"].to_numpy(),
            "name": circles["name"].to_numpy(),
            "hub_facility_id": hubs,
            "committees": [
                ";".join(committees["committee_id"][(inside == circle).to_numpy()])
                for circle in circles["circle_id"]
            ],
            "area_km2": (circles.geometry.area / 1e6).round(6).to_numpy(),
            "population": population.reindex(circles["circle_id"]).fillna(0.0).to_numpy(),
            "farthest_walk_m": farthest_m,
        }
    )


def _hubs(
    circles: gpd.GeoDataFrame, demand: pd.DataFrame, network: Network, placed: Placed
) -> tuple[list[str], list[float]]:
    facilities = placed.facilities
    within = circle_of(demand_points(facilities), circles).to_numpy(dtype=object)
    ids, types = (facilities[name].to_numpy(dtype=object) for name in ("facility_id", "facility_type"))
    named = circles["hub_facility_id"].tolist() if "hub_facility_id" in circles else [""] * len(circles)
    candidates = []
    for circle, name in zip(circles["circle_id"], named, strict=True):
        inside = within == circle
        choices = (
            np.flatnonzero(inside & suits) for suits in (ids == name, *(types == one for one in HUB_TYPES))
        )
        candidates.append(next((here for here in choices if len(here)), np.empty(0, dtype=np.int64)))
    walk_m = _walks_to_each(np.concatenate(candidates), network, placed)
    chosen, farthest, first = [], [], 0
    for circle, here in zip(circles["circle_id"], candidates, strict=True):
        hub, farthest_m = "", float("nan")
        if len(here):
            best, farthest_m = _best_hub(walk_m[:, first : first + len(here)], str(circle), demand)
            hub = str(ids[here[best]])
        first += len(here)
        chosen.append(hub)
        farthest.append(farthest_m)
    return chosen, farthest


def _walks_to_each(hubs: Ints, network: Network, placed: Placed) -> Floats:
    """Return (demand, hubs) walks to some facilities."""
    group = np.full(len(placed.facilities), -1, dtype=np.int64)
    group[hubs] = np.arange(len(hubs))
    walk_m, _ = nearest(
        network,
        placed.demand_access,
        placed.facility_access,
        group,
        len(placed.demand),
        groups=len(hubs),
    )
    return walk_m


def _best_hub(walk_m: Floats, circle: str, demand: pd.DataFrame) -> tuple[int, float]:
    """Return which of the hubs is the circle's, given (demand, hubs) walks, and the longest walk to it."""
    here = (demand["circle_id"] == circle).to_numpy()
    walk_m, people = walk_m[here], demand["population"].to_numpy(dtype=float)[here]
    reached = np.isfinite(walk_m)
    # A hub that more of the circle's people can reach at all comes first, then the least total walking.
    unreached = np.where(reached, 0.0, people[:, None]).sum(axis=0)
    total = np.where(reached, walk_m * people[:, None], 0.0).sum(axis=0)
    best = int(np.lexsort((total, unreached))[0])
    farthest_m = walk_m[reached[:, best], best]
    return best, round(float(farthest_m.max()), DECIMALS) if len(farthest_m) else float("nan")


def overlap_problems(circles: gpd.GeoDataFrame) -> list[Problem]:
    """Return a finding for every two circles that overlap by more than ``OVERLAP_M2``.

    >>> from shapely import box
    >>> circles = gpd.GeoDataFrame({"circle_id": ["C1", "C2"], "row": [1, 2], "source_row": [1, 2]},
    ...     geometry=[box(0, 0, 60, 100), box(50, 0, 100, 100)])
    >>> [(problem.row, problem.value) for problem in overlap_problems(circles)]
    [(2, 'C2')]
    """
    shapes = circles.geometry.to_numpy()
    pairs = np.unique(
        np.sort(shapely.STRtree(shapes).query(shapes, predicate="intersects"), axis=0).T, axis=0
    )
    problems = []
    for one, other in pairs[pairs[:, 0] < pairs[:, 1]]:
        area_m2 = shapely.intersection(shapes[one], shapes[other]).area
        if area_m2 <= OVERLAP_M2:
            continue
        first, second = circles["circle_id"].iat[one], circles["circle_id"].iat[other]
        text = Text(
            f"与生活圈 {first} 重叠 {area_m2:,.0f} 平方米; 重叠处的居民和设施计入 {first}, 请修正边界。",
            f"Overlaps circle {first} by {area_m2:,.0f} m²; people and facilities there count to {first}. Correct the "
            "border.",
        )
        problems.append(
            Problem(
                "circles",
                "warning",
                "circles_overlap",
                text,
                row=int(circles["row"].iat[other]),
                source_row=int(circles["source_row"].iat[other]),
                column="circle_id",
                value=str(second),
            )
        )
    return problems
