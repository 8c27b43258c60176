"""The streets within a walk of each type's facilities, packed: the network once, and per type what of it is reached."""

from dataclasses import dataclass
from functools import cached_property
from typing import TYPE_CHECKING, Any

import geopandas as gpd
import numpy as np
import pandas as pd
import shapely

from ..reuse import kept
from ..walking.access import Geometries, Ways, access_facilities
from ..walking.network import Floats, Ints, Network
from ..walking.reach import reach_stretches
from ..walking.verdicts import Placed, counts
from .packing import Grid, pack, pack_bits, pack_shares, pack_uint32, pack_whole

if TYPE_CHECKING:
    from ..results import Results


def counting_facilities(results: "Results") -> tuple[gpd.GeoDataFrame, pd.DataFrame]:
    """Return the facilities that count, and their ways onto the walking network."""
    inputs = results.inputs
    is_counting = counts(inputs, include_planned=results.include_planned)
    facilities = inputs.facilities[is_counting].reset_index(drop=True)
    snap_m = inputs.study.settings.max_snap_m
    return facilities, access_facilities(results.network, facilities, inputs.entrances, max_snap_m=snap_m)


@dataclass(frozen=True)
class Edges:
    """The edges of the walking network that lie in the drawn area, packed once for many reaches.

    Attributes:
        network: the walking network.
        chosen: the edges in the drawn area.
    """

    network: Network
    chosen: Ints

    @staticmethod
    def within(network: Network, box: tuple[float, float, float, float]) -> "Edges":
        """Return the edges that lie in a box, wholly or in part."""
        return Edges(network, np.flatnonzero(shapely.intersects(network.edge_geometry, shapely.box(*box))))

    @cached_property
    def as_json(self) -> dict[str, Any]:
        """The edges as lines, one part each, on a grid of their own that holds them whole."""
        return pack_whole(self.network.edge_geometry[self.chosen], self.network.crs)

    @cached_property
    def _place(self) -> Ints:
        place = np.full(len(self.network.edge_geometry), -1, dtype=np.int64)
        place[self.chosen] = np.arange(len(self.chosen))
        return place

    def packed(self, stretches: pd.DataFrame) -> dict[str, str]:
        """Return stretches (from ``reach.reach_stretches``): whole edges as bits, the others with their shares.

        ``whole``: one bit per edge; ``edge``: ``uint32``; ``from``, ``to``: ``uint16``, 65,535 is the edge's end.
        """
        edge = stretches["edge"].to_numpy()
        place = self._place[edge]
        length_m = self.network.edge_length_m[edge]
        from_share = stretches["from_m"].to_numpy() / length_m
        to_share = stretches["to_m"].to_numpy() / length_m
        drawn = place >= 0
        is_whole = drawn & (from_share <= 0) & (to_share >= 1)
        bits = np.zeros(len(self.chosen), dtype=bool)
        bits[place[is_whole]] = True
        rest = drawn & ~is_whole
        return {
            "whole": pack_bits(bits),
            "edge": pack_uint32(place[rest]),
            "from": pack_shares(from_share[rest]),
            "to": pack_shares(to_share[rest]),
        }


def reach_by_type(edges: Edges, placed: Placed, types: pd.DataFrame) -> dict[str, list[list[Any]]]:
    """Return per type its thresholds, widest first, each with the packed streets within it."""
    of_facility = pd.Index(types["facility_type"]).get_indexer(placed.facilities["facility_type"])
    ways = Ways.of(placed.facility_access)
    of_way = of_facility[ways.item]
    return {
        row.facility_type: [
            [limit_m, packed_reach(edges, ways.take(of_way == number), limit_m)]
            for limit_m in thresholds_m(row.threshold_urban_m, row.threshold_rural_m)
        ]
        for number, row in enumerate(types.itertuples())
    }


def packed_reach(edges: Edges, ways: Ways, limit_m: float) -> dict[str, str]:
    """Return the packed streets within a walk of the nearest of the places that the ways lead to."""
    return _packed_reach(edges, ways.rows(), limit_m)


@kept
def _packed_reach(edges: Edges, ways: Floats, limit_m: float) -> dict[str, str]:
    table = Ways.of_rows(ways).table()
    return edges.packed(reach_stretches(edges.network, table, limit_m=limit_m))


def straight_areas(facilities: gpd.GeoDataFrame, types: pd.DataFrame, grid: Grid) -> dict[str, Any]:
    """Return per type the area within its widest threshold by straight line, packed."""
    geometry = facilities.geometry.to_numpy()
    of_facility = pd.Index(types["facility_type"]).get_indexer(facilities["facility_type"])
    return {
        row.facility_type: _straight_area(
            geometry[of_facility == number],
            thresholds_m(row.threshold_urban_m, row.threshold_rural_m)[0],
            grid,
        )
        for number, row in enumerate(types.itertuples())
    }


@kept
def _straight_area(places: Geometries, limit_m: float, grid: Grid) -> dict[str, Any]:
    """Return the packed area within a straight distance of any of the places."""
    area = shapely.union_all(shapely.buffer(places, limit_m, quad_segs=16))
    return pack(np.array([area], dtype=object), grid, simplify_m=0.5)


def thresholds_m(urban_m: float, rural_m: float) -> list[float]:
    """Return the different thresholds of a type in metres, widest first.

    >>> thresholds_m(500.0, 800.0), thresholds_m(300.0, float("nan"))
    ([800.0, 500.0], [300.0])
    """
    return sorted({float(limit_m) for limit_m in (urban_m, rural_m) if pd.notna(limit_m)}, reverse=True)
