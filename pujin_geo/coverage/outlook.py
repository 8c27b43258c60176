"""What changes when projects open: coverage before and after, and the people newly served by each project.

Scenarios, each on top of the one before: ``today`` (existing facilities), ``under_construction``, ``planned``
(both on today's streets), and ``planned_with_streets`` (streets under construction or planned open as well).
"""

from dataclasses import dataclass, replace

import geopandas as gpd
import numpy as np
import pandas as pd

from ..circles.describe import circle_of
from ..inputs import Inputs
from ..tables import ALL, SCOPES
from ..walking.network import Floats, Ints, Network, unchecked_network_of
from ..walking.pairs import DECIMALS, pairs_within
from ..walking.verdicts import (
    Measures,
    Placed,
    counts,
    demand_points,
    facility_ways,
    has_status,
    in_extent,
    is_inside,
    measure,
    open_facilities,
    place,
    thresholds,
)
from .rates.grid import PLACE_COLUMNS, Flags, Grid, Judged, grid_of
from .sums import WALK_ERROR_SHARE, share

SCENARIOS = ("under_construction", "planned", "planned_with_streets")

UNDER_WAY = ("under_construction", "planned")
"""Statuses of a project: not open yet."""

MEASURED = ("measured", "cut_off")
"""States of a project to which walks are known."""

OUTLOOK_COLUMNS = [
    *PLACE_COLUMNS, "facility_type", "suitability", "threshold_confidence", "projects", "people_basis", "people",
    "people_met_today", "people_unknown_today", "coverage_share_today",
    *(
        f"{name}_{scenario}"
        for scenario in SCENARIOS
        for name in ("people_met", "people_unknown", "coverage_share", "people_newly_served", "people_cleared")
    ),
    "people_lost_planned_with_streets",
]  # fmt: skip

PROJECT_COLUMNS = [
    "facility_id", "site_id", "name", "facility_type", "suitability", "status", "circle_id", "committee_id",
    "inside_boundary", "state", "threshold_urban_m", "threshold_rural_m", "threshold_confidence", "people_basis",
    "people_within", "people_newly_served", "people_unknown_before", "people_newly_served_only_here",
    "people_newly_served_together", "people_without_standard", "aged_60_plus_within", "aged_60_plus_newly_served",
    "aged_60_plus_without_standard",
]  # fmt: skip


@dataclass(frozen=True)
class World:
    """The study with some facilities and streets open: walking network, places on it, and lengths of judged types."""

    network: Network
    placed: Placed
    measures: Measures

    def grid(self, types: pd.DataFrame) -> Grid:
        """Return the verdicts."""
        return grid_of(self.network, self.placed, types, self.measures)


@dataclass(frozen=True)
class Today(World):
    """The study as it is.

    Attributes:
        ways: access table of all facilities of the study, those to come too.
    """

    ways: pd.DataFrame


def today_of(
    judged: Judged,
    network: Network,
    placed: Placed,
    measures: Measures,
    ways: pd.DataFrame,
    *,
    include_planned: bool,
) -> Today:
    """Return the study without projects, whatever the run itself includes."""
    inputs = judged.inputs
    if include_planned:
        network = unchecked_network_of(inputs, include_planned=False)
        ways = facility_ways(inputs, network)
        placed = place(inputs, network, include_planned=False, ways=ways)
        measures = measure(network, placed, judged.types)
    return Today(network, placed, measures, ways)


def outlook(judged: Judged, today: Today, ahead: dict[str, World]) -> pd.DataFrame:
    """Return the ``outlook`` table: one row per place and type that a project or a new street changes.

    Types that have projects or change anywhere have rows for all, urban and rural; circles and committees only
    where their people are touched.

    For each scenario: people met, people unknown, share, people newly served (not met today, met then) and
    people cleared (unknown today, met then). New streets can also lead a demand point to another street and so
    lose it a facility: met then = met today + newly served + cleared - lost.

    Args:
        judged: from ``rates.assemble``; its verdicts are not used.
        today: from ``today_of``.
        ahead: from ``worlds_ahead``.

    Returns:
        ``OUTLOOK_COLUMNS``; no rows if nothing is under construction or planned.
    """
    now, later = today.grid(judged.types), {name: one.grid(judged.types) for name, one in ahead.items()}
    under_way = judged.inputs.facilities[_is_project(judged.inputs)]
    number = under_way["facility_type"].value_counts()
    types = judged.grid.types
    changed = np.array([name in number.index for name in types], dtype=bool)
    for grid in later.values():
        changed |= ((grid.met != now.met) | (grid.unknown != now.unknown)).any(axis=0)
    table = judged.places.repeat(types)
    catalogue = judged.types.set_index("facility_type")
    for name in ("suitability", "threshold_confidence"):
        table[name] = table["facility_type"].map(catalogue[name])
    table["people_basis"] = table["facility_type"].map(judged.basis)
    table["projects"] = table["facility_type"].map(number).fillna(0).astype("int64")
    table = table.assign(**_sums(judged, now, later))
    moved = table.filter(regex="^people_(newly_served|cleared|lost)_").gt(0).any(axis=1)
    for scenario in SCENARIOS:
        moved |= table[f"people_unknown_{scenario}"] != table["people_unknown_today"]
    wide = table["place_kind"].isin([ALL, *SCOPES])
    kept = np.tile(changed, len(judged.places.table)) & (wide | moved)
    return table.loc[kept, OUTLOOK_COLUMNS].reset_index(drop=True)


def _sums(judged: Judged, now: Grid, ahead: dict[str, Grid]) -> dict[str, Floats]:
    def people(flags: Flags) -> Floats:
        total: Floats = judged.places.total(judged.people * flags).ravel()
        return total

    whole = people(now.judged)
    met = people(now.met)
    sums = {
        "people": whole,
        "people_met_today": met,
        "people_unknown_today": people(now.unknown),
        "coverage_share_today": share(met, whole),
    }
    for scenario, then in ahead.items():
        met = people(then.met)
        sums[f"people_met_{scenario}"] = met
        sums[f"people_unknown_{scenario}"] = people(then.unknown)
        sums[f"coverage_share_{scenario}"] = share(met, whole)
        sums[f"people_newly_served_{scenario}"] = people(now.not_met & then.met)
        sums[f"people_cleared_{scenario}"] = people(now.unknown & then.met)
    sums["people_lost_planned_with_streets"] = people(now.met & ~ahead["planned_with_streets"].met)
    return sums


def worlds_ahead(judged: Judged, today: Today) -> dict[str, World]:
    """Return the study in each of ``SCENARIOS``.

    Args:
        judged: from ``rates.assemble``; its verdicts are not used.
        today: from ``today_of``.
    """
    inputs = judged.inputs
    planned = _opened(judged, today, list(UNDER_WAY))
    worlds = {
        "under_construction": _opened(judged, today, ["under_construction"]),
        "planned": planned,
        "planned_with_streets": planned,
    }
    opening = inputs.streets["status"].isin(UNDER_WAY) & inputs.streets["walkable"]
    if opening.any():
        network = unchecked_network_of(inputs, include_planned=True)
        placed = place(inputs, network, include_planned=True)
        # The same facilities, and straight lines know no streets.
        straight = planned.measures.straight_m, planned.measures.straight_to
        measures = measure(network, placed, judged.types, straight=straight)
        worlds["planned_with_streets"] = World(network, placed, measures)
    return worlds


def _opened(judged: Judged, today: Today, statuses: list[str]) -> World:
    """Return today with the projects of some statuses open too; only types that have such are measured anew."""
    inputs = judged.inputs
    coming = inputs.facilities.loc[inputs.facilities["status"].isin(statuses), "facility_type"]
    columns = np.flatnonzero(judged.types["facility_type"].isin(coming))
    is_open = has_status(inputs, ["existing", *statuses])
    facilities, access = open_facilities(inputs, today.ways, is_open)
    placed = replace(today.placed, facilities=facilities, facility_access=access)
    types = judged.types.iloc[columns].reset_index(drop=True)
    opened = measure(today.network, placed, types, exit_m=today.measures.exit_m)
    # Today's facilities are among those open then, under other numbers.
    number = np.append((np.cumsum(is_open) - 1)[counts(inputs, include_planned=False)], -1)
    before = replace(
        today.measures,
        walk_to=number[today.measures.walk_to],
        straight_to=number[today.measures.straight_to],
    )
    return World(today.network, placed, before.replacing(columns, opened))


def _is_project(inputs: Inputs) -> Flags:
    under_way: Flags = inputs.facilities["status"].isin(UNDER_WAY).to_numpy(dtype=bool)
    return under_way


# Per project


@dataclass(frozen=True)
class ProjectWalks:
    """Walks to each project by itself, on today's streets.

    Attributes:
        table: one row per facility function under construction or planned, with its place, its standard and its
            ``state``.
        types: the types whose projects are measured.
        grid: today's verdicts of these types, as if their thresholds applied in town and country alike.
        pairs: ``origin`` (demand point), ``target`` (row of the table) and ``walk_m`` to the millimetre, of all
            walks that are within the threshold even if they were ``WALK_ERROR_SHARE`` shorter.
    """

    table: pd.DataFrame
    types: list[str]
    grid: Grid
    pairs: pd.DataFrame


def project_walks(judged: Judged, today: Today) -> ProjectWalks:
    """Measure the walks to the projects.

    Args:
        judged: from ``rates.assemble``; its verdicts are not used.
        today: from ``today_of``.
    """
    layer, access = open_facilities(judged.inputs, today.ways, _is_project(judged.inputs))
    table = _described(judged, today, layer, access)
    measured = table["state"].isin(MEASURED).to_numpy(dtype=bool)
    is_mine = judged.types["facility_type"].isin(layer.loc[measured, "facility_type"]).to_numpy(dtype=bool)
    types = for_everybody(judged.types[is_mine].reset_index(drop=True))
    lengths = today.measures.of_types(np.flatnonzero(is_mine), thresholds(judged.demand, types))
    grid = grid_of(today.network, today.placed, types, lengths)
    pairs = pairs_within(
        today.network,
        today.placed.demand_access,
        access[measured[access["item"].to_numpy()]],
        limit_m=float(np.nanmax(grid.threshold_m, initial=0.0)) / (1.0 - WALK_ERROR_SHARE) + 0.001,
    )
    pairs["walk_m"] = pairs["walk_m"].round(DECIMALS)
    return ProjectWalks(table, list(grid.types), grid, pairs)


def gains(judged: Judged, walks: ProjectWalks, *, walk_factor: float = 1.0) -> pd.DataFrame:
    """Return who would walk to which project: one row per project and demand point within its threshold.

    Each project is taken by itself on today's streets. Where the type's standard does not apply to the point's
    scope (an urban rule, a villager), its distance is used all the same.

    Args:
        judged: from ``rates.assemble``; its verdicts are not used.
        walks: from ``project_walks``.
        walk_factor: every walk is taken this many times as long; at least 1 - ``WALK_ERROR_SHARE``.

    Returns:
        ``facility_id``; ``point`` (row of the demand points); ``people`` of the group that the type serves,
        ``aged_60_plus`` (NaN without ages); ``applies`` (the standard); ``before``, today's verdict of the point
        at that distance: ``met``, ``not_met`` or ``unknown``.
    """
    reach = walks.grid.stretched(walk_factor)
    column = pd.Index(walks.types).get_indexer(walks.table["facility_type"])
    project, point = walks.pairs["target"].to_numpy(), walks.pairs["origin"].to_numpy()
    walk_m = np.round(walks.pairs["walk_m"].to_numpy() * walk_factor, DECIMALS)
    near = walk_m <= reach.threshold_m[point, column[project]]
    project, point = project[near], point[near]
    cell = point, column[project]
    own = pd.Index(judged.grid.types).get_indexer(walks.types)
    before = np.select([reach.met[cell], reach.not_met[cell]], ["met", "not_met"], default="unknown")
    return pd.DataFrame(
        {
            "facility_id": walks.table["facility_id"].to_numpy(dtype=object)[project],
            "point": point,
            "people": judged.people[:, own][cell],
            "aged_60_plus": judged.demand["pop_60_plus"].to_numpy(dtype=float)[point],
            "applies": judged.grid.judged[:, own][cell],
            "before": before,
        }
    )


def newly_served(gained: pd.DataFrame) -> float:
    """Return the people newly served by any of the projects: each demand point once, with its largest group.

    >>> rows = [("a", 0, 30.0, True, "not_met"), ("b", 0, 20.0, True, "not_met"), ("b", 1, 9.0, True, "met")]
    >>> newly_served(pd.DataFrame(rows, columns=["facility_id", "point", "people", "applies", "before"]))
    30.0
    """
    newly = gained["applies"].to_numpy(dtype=bool) & (gained["before"] == "not_met").to_numpy(dtype=bool)
    return largest_once(gained["point"].to_numpy()[newly], gained["people"].to_numpy()[newly])


def largest_once(point: Ints, people: Floats) -> float:
    """Return the sum of people in which each point counts once, with the largest number that it comes with.

    >>> largest_once(np.array([7, 3, 7]), np.array([20.0, np.nan, 30.0]))
    30.0
    """
    order = np.argsort(point, kind="stable")
    start = np.flatnonzero(np.diff(point[order], prepend=-1))
    largest = np.fmax.reduceat(people[order], start) if len(start) else np.empty(0)
    return float(np.nan_to_num(largest).sum())


def projects(judged: Judged, walks: ProjectWalks, gained: pd.DataFrame) -> pd.DataFrame:
    """Return the ``projects`` table: one row per facility function under construction or planned.

    Each project is taken by itself on today's streets. ``people_newly_served`` have no open facility of the
    type within the threshold today (verdict not met) and the project within it; ``people_unknown_before`` have
    it within the threshold too, but today's verdict is unknown. ``people_newly_served_only_here`` would lose
    it again if only this one of the type's projects were dropped; ``people_newly_served_together`` is what all
    projects of the type bring, nobody counted twice. ``people_without_standard`` come newly within the
    distance, but the type's standard does not apply to their scope (an urban rule, a villager).
    ``aged_60_plus_…`` are the same for residents of 60 and over, whomever the type serves.

    ``state``: ``measured``; ``cut_off`` (measured, but its street is cut off from the main network);
    ``no_standard`` (the profile has no threshold), ``not_surveyed``, ``outside_extent`` and ``off_network`` (on
    no street, so no walk to it is known) have no figures.

    Args:
        judged: from ``rates.assemble``; its verdicts are not used.
        walks: from ``project_walks``.
        gained: from ``gains``.
    """
    table = walks.table.copy()
    kinds = pd.factorize(table["facility_type"])[0]
    row = pd.Index(table["facility_id"]).get_indexer(gained["facility_id"])
    people, aged = (gained[name].to_numpy(dtype=float) for name in ("people", "aged_60_plus"))
    applies, before = gained["applies"].to_numpy(dtype=bool), gained["before"].to_numpy(dtype=object)
    newly, without = applies & (before == "not_met"), ~applies & (before != "met")
    cell = kinds[row] * len(judged.demand) + gained["point"].to_numpy()
    _, first, of, rivals = np.unique(cell[newly], return_index=True, return_inverse=True, return_counts=True)
    alone = np.flatnonzero(newly)[rivals[of] == 1]
    once = np.flatnonzero(newly)[np.sort(first)]

    def total(values: Floats, of: Flags | Ints, by: Ints = row) -> Floats:
        sums = pd.Series(values[of]).groupby(by[of]).sum()
        found = np.zeros(len(table))
        found[sums.index.to_numpy()] = sums.to_numpy()
        return found

    figures = {
        "people_within": total(people, applies),
        "people_newly_served": total(people, newly),
        "people_unknown_before": total(people, applies & (before == "unknown")),
        "people_newly_served_only_here": total(people, alone),
        "people_newly_served_together": total(people, once, kinds[row])[kinds],
        "people_without_standard": total(people, without),
        "aged_60_plus_within": total(aged, applies),
        "aged_60_plus_newly_served": total(aged, newly),
        "aged_60_plus_without_standard": total(aged, without),
    }
    measured = table["state"].isin(MEASURED).to_numpy(dtype=bool)
    ages = not judged.demand["pop_60_plus"].isna().all()
    for name, column in figures.items():
        table[name] = np.where(measured & (ages or not name.startswith("aged_")), column, np.nan)
    return table[PROJECT_COLUMNS]


def _described(judged: Judged, today: Today, layer: gpd.GeoDataFrame, access: pd.DataFrame) -> pd.DataFrame:
    inputs = judged.inputs
    inside = in_extent(inputs)[_is_project(inputs)]
    on_main = today.network.edge_part[access["edge"].to_numpy()] == today.network.main_part
    item = np.arange(len(layer))
    on_street, on_main_street = (
        np.isin(item, access["item"]),
        np.isin(item, access["item"].to_numpy()[on_main]),
    )
    catalogue = inputs.catalogue.set_index("facility_type")
    columns = ["facility_id", "site_id", "name", "facility_type", "suitability", "status"]
    table = pd.DataFrame(layer[columns])
    points = demand_points(layer)
    table["circle_id"] = circle_of(points, inputs.circles)
    committees = inputs.committees.rename(columns={"committee_id": "circle_id"})
    table["committee_id"] = circle_of(points, committees)
    table["inside_boundary"] = is_inside(layer, inputs.boundary)
    for name in ("threshold_urban_m", "threshold_rural_m", "threshold_confidence"):
        table[name] = table["facility_type"].map(catalogue[name])
    table["people_basis"] = [judged.basis.get(name, "") for name in table["facility_type"]]
    has_threshold = table[["threshold_urban_m", "threshold_rural_m"]].notna().any(axis=1)
    table["state"] = np.select(
        [
            ~has_threshold,
            ~table["facility_type"].isin(judged.grid.types),
            ~inside,
            ~on_street,
            ~on_main_street,
        ],
        ["no_standard", "not_surveyed", "outside_extent", "off_network", "cut_off"],
        default="measured",
    )
    return table


def for_everybody(types: pd.DataFrame) -> pd.DataFrame:
    """Return types as if their thresholds applied in town and country alike.

    >>> types = pd.DataFrame({"scope": ["urban"], "threshold_urban_m": [500.0], "threshold_rural_m": [np.nan]})
    >>> for_everybody(types).values.tolist()
    [['both', 500.0, 500.0]]
    """
    urban, rural = types["threshold_urban_m"], types["threshold_rural_m"]
    return types.assign(
        scope="both", threshold_urban_m=urban.fillna(rural), threshold_rural_m=rural.fillna(urban)
    )
