"""Points that stand for land, so that land in reach can be measured like people in reach."""

from dataclasses import dataclass
from typing import Any

import geopandas as gpd
import numpy as np
import pandas as pd
import shapely
from numpy.typing import NDArray

from ...circles.describe import circle_of
from ...inputs import Inputs
from ...reuse import kept
from ...walking.access import Geometries
from ...walking.distances import runs
from ...walking.network import Floats, Ints, Network
from ...walking.verdicts import Placed, is_inside, measure, place_points
from .grid import Grid, Judged, Places, grid_of, members_of

LAND_GRID_M = 50.0
"""Distance between sample points, metres; doubled until there are at most ``SAMPLES_AT_MOST``."""

SAMPLES_AT_MOST = 10_000


@dataclass(frozen=True)
class Land:
    """Residential land as sample points, judged like demand points."""

    samples: gpd.GeoDataFrame
    grid: Grid
    places: Places


def sample_land(inputs: Inputs, demand: gpd.GeoDataFrame) -> gpd.GeoDataFrame:
    """Return points on a regular grid in the residential land inside the boundary.

    Overlaps count once. The points of a piece of land share its area equally, so that areas add up; a piece
    that no grid point falls on has one point inside it. A point belongs to the circle and the committee that
    it lies in (outside every committee, to that of the nearest demand point); it is rural in a committee of
    kind ``village``, else urban; without kinds it has the scope of the nearest demand point.

    Args:
        inputs: the study.
        demand: judged demand points with ``committee_id`` and ``scope``.

    Returns:
        Columns ``demand_id`` (text numbers), ``area_m2``, ``grid_m``, ``circle_id``, ``committee_id``, ``scope``
        and the point; no rows without residential land.
    """
    committees = inputs.committees
    sampled = _sampled(
        inputs.residential_land.geometry.to_numpy(),
        inputs.boundary.geometry.to_numpy(),
        circles=inputs.circles[["circle_id", "geometry"]],
        committees=committees[["committee_id", "kind", "geometry"]],
        demand=demand[["committee_id", "scope", "geometry"]],
    )
    points = gpd.GeoSeries(shapely.points(sampled.pop("x"), sampled.pop("y")), crs=inputs.study.crs)
    return gpd.GeoDataFrame(sampled, geometry=points, crs=inputs.study.crs)


@kept
def _sampled(
    land: Geometries, boundary: Geometries, *, circles: gpd.GeoDataFrame, committees: gpd.GeoDataFrame,
    demand: gpd.GeoDataFrame,
) -> dict[str, NDArray[Any]]:  # fmt: skip
    pieces = _pieces(land, boundary)
    area_m2 = shapely.area(pieces)
    grid_m = LAND_GRID_M
    while area_m2.sum() / grid_m**2 > SAMPLES_AT_MOST:
        grid_m *= 2
    piece, points = sample_points(pieces, grid_m=grid_m)
    committee, scope = _committees_of(points, committees, demand)
    return {
        "demand_id": np.arange(len(points)).astype(str).astype(object),
        "area_m2": area_m2[piece] / np.bincount(piece, minlength=len(pieces))[piece],
        "grid_m": np.full(len(points), grid_m),
        "circle_id": circle_of(points, circles).to_numpy(dtype=object),
        "committee_id": committee,
        "scope": scope,
        "x": shapely.get_x(points),
        "y": shapely.get_y(points),
    }


def sample_points(pieces: Geometries, *, grid_m: float) -> tuple[Ints, Geometries]:
    """Return grid points inside each polygon, at least one each: which polygon, and the point.

    The grid lies at odd multiples of half its width, so it is the same for every study area.

    >>> piece, points = sample_points(np.array([shapely.box(0, 0, 100, 50), shapely.box(1, 1, 2, 2)]), grid_m=50)
    >>> piece.tolist(), [p.wkt for p in points]
    ([0, 0, 1], ['POINT (25 25)', 'POINT (75 25)', 'POINT (1.5 1.5)'])
    """
    if not len(pieces):
        return np.empty(0, dtype=np.int64), np.empty(0, dtype=object)
    first, last = _cells(shapely.bounds(pieces), grid_m)
    columns, rows = (last - first + 1).clip(min=0).T
    cells = columns * rows
    piece = np.repeat(np.arange(len(pieces)), cells)
    cell = runs(np.zeros(len(pieces), dtype=np.int64), cells)
    x = (first[piece, 0] + cell % columns[piece] + 0.5) * grid_m
    y = (first[piece, 1] + cell // columns[piece] + 0.5) * grid_m
    shapely.prepare(pieces)
    inside = shapely.intersects_xy(pieces[piece], x, y)
    piece, points = piece[inside], shapely.points(x[inside], y[inside])
    empty = np.setdiff1d(np.arange(len(pieces)), piece)
    piece = np.concatenate([piece, empty])
    points = np.concatenate([points, shapely.point_on_surface(pieces[empty])])
    order = np.argsort(piece, kind="stable")
    return piece[order], points[order]


def _cells(bounds: Floats, grid_m: float) -> tuple[Ints, Ints]:
    """Return the first and last column and row of grid points within bounds."""
    first = np.ceil(bounds[:, :2] / grid_m - 0.5).astype(np.int64)
    last = np.floor(bounds[:, 2:] / grid_m - 0.5).astype(np.int64)
    return first, last


def _pieces(land: Geometries, boundary: Geometries) -> Geometries:
    union = shapely.union_all(land)
    if len(boundary):
        union = shapely.intersection(union, shapely.union_all(boundary))
    parts = shapely.get_parts(union)
    pieces: Geometries = parts[shapely.area(parts) > 0]
    return pieces


def _committees_of(
    points: Geometries, layer: gpd.GeoDataFrame, demand: gpd.GeoDataFrame
) -> tuple[NDArray[np.object_], NDArray[np.object_]]:
    """Return each point's committee, and whether it is urban or rural there."""
    inside = circle_of(points, layer.rename(columns={"committee_id": "circle_id"})).to_numpy(dtype=object)
    kind = dict(zip(layer["committee_id"], layer["kind"], strict=True))
    nearest = _nearest(points, demand)
    committee = np.where(inside != "", inside, nearest["committee_id"].to_numpy(dtype=object))
    scope_of = {"village": "rural", "residential": "urban"}
    scope = [
        scope_of.get(kind.get(one, ""), near) for one, near in zip(committee, nearest["scope"], strict=True)
    ]
    return committee, np.array(scope, dtype=object)


def _nearest(points: Geometries, demand: gpd.GeoDataFrame) -> pd.DataFrame:
    """Return committee and scope of the demand point nearest to each point."""
    if demand.empty or not len(points):
        return pd.DataFrame({"committee_id": [""] * len(points), "scope": "urban"}, dtype=object)
    at = shapely.STRtree(demand.geometry.to_numpy()).nearest(points)
    nearest: pd.DataFrame = demand[["committee_id", "scope"]].iloc[at].reset_index(drop=True)
    return pd.DataFrame(nearest).astype(object)


def judge_land(judged: Judged, network: Network, placed: Placed) -> Land | None:
    """Return the residential land judged like demand points, or None if the study has none.

    Args:
        judged: from ``assemble``.
        network: the walking graph.
        placed: the facilities that count, on it.
    """
    samples = sample_land(judged.inputs, judged.demand)
    samples = samples[is_inside(samples, judged.inputs.boundary)].reset_index(drop=True)
    if samples.empty:
        return None
    around = placed.facilities, placed.facility_access, placed.exits
    land = place_points(judged.inputs, network, samples, around)
    grid = grid_of(network, land, judged.types, measure(network, land, judged.types))
    places = judged.places.table
    return Land(samples, grid, Places(places, members_of(places, samples)))
