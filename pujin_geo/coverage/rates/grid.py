"""Verdicts as arrays (points × types), and the places over which they are summed."""

from dataclasses import dataclass, replace
from functools import cached_property
from typing import Any

import geopandas as gpd
import numpy as np
import pandas as pd
import shapely
from numpy.typing import NDArray
from scipy.sparse import csr_array

from ...inputs import Inputs
from ...tables import ALL, SCOPES, records
from ...walking.network import Floats, Network
from ...walking.verdicts import (
    DECIMALS,
    VERDICTS,
    Measures,
    Placed,
    decide_codes,
    demand_points,
    people_served,
)

Flags = NDArray[np.bool_]

PLACE_COLUMNS = ["place_kind", "place_id", "place_name"]


@dataclass(frozen=True)
class Grid:
    """Verdicts as arrays, points in rows and facility types in columns.

    Attributes:
        types: facility types, in the order of the columns.
        threshold_m: NaN where the type does not apply to the point.
        walk_m: NaN where there is no path.
        met, not_met, unknown: the verdict; all False where the type does not apply.
        near: within the threshold by straight line.
    """

    types: tuple[str, ...]
    threshold_m: Floats
    walk_m: Floats
    met: Flags
    not_met: Flags
    unknown: Flags
    near: Flags

    @property
    def judged(self) -> Flags:
        """Where the type applies to the point."""
        applies: Flags = ~np.isnan(self.threshold_m)
        return applies

    def columns(self, types: list[str]) -> "Grid":
        """Return the grid of some of the types, in the order given."""
        at = [self.types.index(name) for name in types]
        return Grid(
            tuple(types),
            self.threshold_m[:, at],
            self.walk_m[:, at],
            met=self.met[:, at],
            not_met=self.not_met[:, at],
            unknown=self.unknown[:, at],
            near=self.near[:, at],
        )

    def stretched(self, factor: float) -> "Grid":
        """Return the grid if every walk were ``factor`` times as long, to the millimetre.

        Points without a measured walk keep their verdict; others that are unknown stay so unless the walk is
        now short enough.
        """
        with np.errstate(invalid="ignore"):
            met: Flags = np.round(self.walk_m * factor, DECIMALS) <= self.threshold_m
        unknown = self.unknown & ~met
        return replace(
            self, walk_m=self.walk_m * factor, met=met, unknown=unknown, not_met=self.judged & ~met & ~unknown
        )


def grid_of(network: Network, placed: Placed, types: pd.DataFrame, measures: Measures) -> Grid:
    """Return the verdicts of measured lengths.

    Args:
        network: the walking graph.
        placed: demand points and facilities on it.
        types: rows of the catalogue, the columns.
        measures: their lengths and thresholds.
    """
    verdict, _ = decide_codes(network, placed, measures)
    applies = ~np.isnan(measures.threshold_m)
    met, not_met, unknown = ((verdict == code) & applies for code in range(len(VERDICTS)))
    return Grid(
        tuple(types["facility_type"]),
        measures.threshold_m,
        np.where(applies & np.isfinite(measures.walk_m), measures.walk_m, np.nan),
        met=met,
        not_met=not_met,
        unknown=unknown,
        near=measures.straight_m <= measures.threshold_m,
    )


@dataclass(frozen=True)
class Places:
    """Places over which people are summed: everywhere, urban, rural, each circle, each committee.

    Attributes:
        table: ``place_kind`` (``all``, ``urban``, ``rural``, ``circle``, ``committee``), ``place_id``,
            ``place_name``.
        members: (places, points) 1 where a point belongs to the place.
    """

    table: pd.DataFrame
    members: csr_array

    def total(self, values: Floats | Flags) -> Floats:
        """Return sums per place of one value per point, or of (points, types) values."""
        sums: Floats = self.members @ np.asarray(values, dtype=float)
        return sums

    def repeat(self, types: tuple[str, ...] | list[str]) -> pd.DataFrame:
        """Return the table with one row per place and type, types in the inner order."""
        table = self.table.loc[self.table.index.repeat(len(types))].reset_index(drop=True)
        return table.assign(facility_type=np.tile(np.array(types, dtype=object), len(self.table)))


def list_places(inputs: Inputs, demand: pd.DataFrame) -> Places:
    """Return the places of a study, and which points belong to each.

    Committees are those of the layer, then any that only the residents name.

    Args:
        inputs: the study, for its circles and committees.
        demand: judged demand points with ``circle_id``, ``committee_id`` and ``scope``.
    """
    circles, committees = inputs.circles, inputs.committees
    named = set(committees["committee_id"])
    further = sorted({c for c in demand["committee_id"] if c and c not in named})
    rows = [
        (ALL, ALL, inputs.study.name),
        *((scope, scope, "") for scope in SCOPES),
        *(("circle", *row) for row in circles[["circle_id", "name"]].itertuples(index=False, name=None)),
        *(
            ("committee", *row)
            for row in committees[["committee_id", "name"]].itertuples(index=False, name=None)
        ),
        *(("committee", committee, "") for committee in further),
    ]
    table = pd.DataFrame(rows, columns=PLACE_COLUMNS)
    return Places(table, members_of(table, demand))


def members_of(table: pd.DataFrame, points: pd.DataFrame) -> csr_array:
    """Return (places, points) 1 where a point belongs to the place, by its circle, committee and scope."""
    kinds, ids = (table[name].to_numpy(dtype=object) for name in ("place_kind", "place_id"))
    everywhere = np.arange(len(points))
    rows, columns = [np.zeros(len(points), dtype=np.int64)], [everywhere]
    for which, name in ((list(SCOPES), "scope"), (["circle"], "circle_id"), (["committee"], "committee_id")):
        places = np.flatnonzero(np.isin(kinds, which))
        place = pd.Index(ids[places]).get_indexer(points[name].to_numpy(dtype=object))
        rows.append(places[place[place >= 0]])
        columns.append(everywhere[place >= 0])
    row, column = np.concatenate(rows), np.concatenate(columns)
    return csr_array((np.ones(len(row)), (row, column)), shape=(len(table), len(points)))


@dataclass(frozen=True)
class Judged:
    """Everything that sums are made from, aligned: judged demand points in rows, judged types in columns.

    Attributes:
        inputs: the study.
        demand: judged demand points with ``circle_id``, 0..n-1.
        facilities: the counting facilities.
        types: the judged rows of the catalogue, 0..t-1.
        grid: their verdicts.
        people: (n, t) people of the group that each type serves.
        basis: type → whom the people are.
        places: the places to sum over.
    """

    inputs: Inputs
    demand: gpd.GeoDataFrame
    facilities: gpd.GeoDataFrame
    types: pd.DataFrame
    grid: Grid
    people: Floats
    basis: dict[str, str]
    places: Places

    @cached_property
    def population(self) -> Floats:
        """(n,) all residents of each demand point."""
        population: Floats = self.demand["population"].to_numpy(dtype=float)
        return population

    @cached_property
    def kinds(self) -> list[dict[str, Any]]:
        """The rows of ``types``."""
        return records(self.types)

    def everywhere(self) -> "Judged":
        """Return the same study without circles and committees: sums over all, urban and rural only."""
        few = 1 + len(SCOPES)
        places = Places(self.places.table.iloc[:few], self.places.members[:few])
        return replace(self, places=places)

    def with_grid(self, grid: Grid) -> "Judged":
        """Return the same study with other verdicts."""
        return replace(self, grid=grid)


def assemble(
    inputs: Inputs,
    demand: gpd.GeoDataFrame,
    facilities: gpd.GeoDataFrame,
    types: pd.DataFrame,
    grid: Grid,
) -> Judged:
    """Line up the verdicts of a study for summing.

    Args:
        inputs: the study.
        demand: judged demand points with ``circle_id``.
        facilities: the counting facilities.
        types: the judged rows of the catalogue.
        grid: their verdicts.
    """
    people, basis = people_served(demand, types)
    return Judged(
        inputs=inputs,
        demand=demand,
        facilities=facilities,
        types=types,
        grid=grid,
        people=people.to_numpy(dtype=float).reshape(len(demand), len(types)),
        basis=basis,
        places=list_places(inputs, demand),
    )


def stands_in(judged: Judged) -> Flags:
    """Return (places, facilities) whether the counting facility stands in the circle or committee.

    Rows of other places are all False.
    """
    points = demand_points(judged.facilities)
    places = judged.places.table
    stands = np.zeros((len(places), len(points)), dtype=bool)
    for kind, layer in (("circle", judged.inputs.circles), ("committee", judged.inputs.committees)):
        if layer.empty or not len(points):
            continue
        point, area = shapely.STRtree(layer.geometry.to_numpy()).query(points, predicate="intersects")
        rows = np.flatnonzero(places["place_kind"] == kind)
        row = rows[pd.Index(places["place_id"].iloc[rows]).get_indexer(layer[f"{kind}_id"])]
        stands[row[area], point] = True
    return stands
