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
from ..walking.access import access_facilities
from ..walking.network import Floats, Network, network_of
from ..walking.pairs import DECIMALS, pairs_within
from ..walking.verdicts import Placed, demand_points, in_extent, is_inside, judge, place
from .rates.grid import PLACE_COLUMNS, Flags, Grid, Judged, grid_of, share

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
class Today:
    """The study as it is: walking network, places on it, and verdicts."""

    network: Network
    placed: Placed
    grid: Grid


def today_of(judged: Judged, network: Network, placed: Placed, *, include_planned: bool) -> Today:
    """Return the study without projects, whatever the run itself includes."""
    if not include_planned:
        return Today(network, placed, judged.grid)
    network = network_of(judged.inputs, include_planned=False)
    placed = place(judged.inputs, network, include_planned=False)
    return Today(network, placed, _grid(judged, network, placed, judged.types))


def outlook(judged: Judged, today: Today) -> pd.DataFrame:
    """Return the ``outlook`` table: one row per place and type that a project or a new street changes.

    Types that have projects or change anywhere have rows for all, urban and rural; circles and committees only
    where their people are touched.

    For each scenario: people met, people unknown, share, people newly served (not met today, met then) and
    people cleared (unknown today, met then). New streets can also lead a demand point to another street and so
    lose it a facility: met then = met today + newly served + cleared - lost.

    Args:
        judged: from ``rates.assemble``; its verdicts are not used.
        today: from ``today_of``.

    Returns:
        ``OUTLOOK_COLUMNS``; no rows if nothing is under construction or planned.
    """
    ahead = _scenarios(judged, today)
    under_way = judged.inputs.facilities[_is_project(judged.inputs)]
    number = under_way["facility_type"].value_counts()
    types = judged.grid.types
    changed = np.array([name in number.index for name in types], dtype=bool)
    for grid in ahead.values():
        changed |= ((grid.met != today.grid.met) | (grid.unknown != today.grid.unknown)).any(axis=0)
    table = judged.places.repeat(types)
    catalogue = judged.types.set_index("facility_type")
    for name in ("suitability", "threshold_confidence"):
        table[name] = table["facility_type"].map(catalogue[name])
    table["people_basis"] = table["facility_type"].map(judged.basis)
    table["projects"] = table["facility_type"].map(number).fillna(0).astype("int64")
    table = table.assign(**_sums(judged, today.grid, ahead))
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


def _scenarios(judged: Judged, today: Today) -> dict[str, Grid]:
    inputs = judged.inputs
    building = replace(inputs, facilities=_without(inputs.facilities, "planned"))
    grids = {
        "under_construction": _opened(judged, building, today),
        "planned": _opened(judged, inputs, today),
    }
    opening = inputs.streets["status"].isin(UNDER_WAY) & inputs.streets["walkable"]
    grids["planned_with_streets"] = grids["planned"]
    if opening.any():
        later = network_of(inputs, include_planned=True)
        placed = place(inputs, later, include_planned=True)
        grids["planned_with_streets"] = _grid(judged, later, placed, judged.types)
    return grids


def _opened(judged: Judged, inputs: Inputs, today: Today) -> Grid:
    """Return the verdicts once the projects of the inputs are open too; other types stay as they are."""
    coming = inputs.facilities.loc[inputs.facilities["status"].isin(UNDER_WAY), "facility_type"]
    types = judged.types[judged.types["facility_type"].isin(coming)].reset_index(drop=True)
    if types.empty:
        return today.grid
    placed = place(inputs, today.network, include_planned=True)
    return today.grid.replacing(_grid(judged, today.network, placed, types))


def _without(facilities: gpd.GeoDataFrame, status: str) -> gpd.GeoDataFrame:
    return facilities.assign(status=facilities["status"].where(facilities["status"] != status, "closed"))


def _is_project(inputs: Inputs) -> Flags:
    under_way: Flags = inputs.facilities["status"].isin(UNDER_WAY).to_numpy(dtype=bool)
    return under_way


def _grid(judged: Judged, network: Network, placed: Placed, types: pd.DataFrame) -> Grid:
    distances = judge(network, placed, types)
    return grid_of(distances, judged.demand["demand_id"], types["facility_type"])


# Per project


def gains(judged: Judged, today: Today, *, walk_factor: float = 1.0) -> pd.DataFrame:
    """Return who would walk to which project: one row per project and demand point within its threshold.

    Each project is taken by itself on today's streets. Where the type's standard does not apply to the point's
    scope (an urban rule, a villager), its distance is used all the same.

    Args:
        judged: from ``rates.assemble``; its verdicts are not used.
        today: from ``today_of``.
        walk_factor: every walk is taken this many times as long.

    Returns:
        ``facility_id``; ``point`` (row of the demand points); ``people`` of the group that the type serves,
        ``aged_60_plus`` (NaN without ages); ``applies`` (the standard); ``before``, today's verdict of the point
        at that distance: ``met``, ``not_met`` or ``unknown``.
    """
    layer, access = _project_layer(judged, today)
    measured = _described(judged, today, layer, access)["state"].isin(MEASURED)
    names = [name for name in judged.grid.types if name in set(layer.loc[measured, "facility_type"])]
    types = judged.types[judged.types["facility_type"].isin(names)].reset_index(drop=True)
    reach = _grid(judged, today.network, today.placed, for_everybody(types)).stretched(walk_factor)
    column = pd.Index(names).get_indexer(layer["facility_type"])
    pairs = pairs_within(
        today.network,
        today.placed.demand_access,
        access[access["item"].isin(np.flatnonzero(measured))],
        limit_m=float(np.nanmax(reach.threshold_m, initial=0.0)) / walk_factor + 0.001,
    )
    project, point = pairs["target"].to_numpy(), pairs["origin"].to_numpy()
    walk_m = np.round(np.round(pairs["walk_m"].to_numpy(), DECIMALS) * walk_factor, DECIMALS)
    near = walk_m <= reach.threshold_m[point, column[project]]
    project, point = project[near], point[near]
    cell = point, column[project]
    served = judged.people[:, [judged.grid.types.index(name) for name in names]]
    before = np.select([reach.met[cell], reach.not_met[cell]], ["met", "not_met"], default="unknown")
    return pd.DataFrame(
        {
            "facility_id": layer["facility_id"].to_numpy(dtype=object)[project],
            "point": point,
            "people": served[cell],
            "aged_60_plus": judged.demand["pop_60_plus"].to_numpy(dtype=float)[point],
            "applies": judged.grid.columns(names).judged[cell],
            "before": before,
        }
    )


def newly_served(gained: pd.DataFrame) -> float:
    """Return the people newly served by any of the projects: each demand point once, with its largest group.

    >>> rows = [("a", 0, 30.0, True, "not_met"), ("b", 0, 20.0, True, "not_met"), ("b", 1, 9.0, True, "met")]
    >>> newly_served(pd.DataFrame(rows, columns=["facility_id", "point", "people", "applies", "before"]))
    30.0
    """
    newly = gained[gained["applies"] & (gained["before"] == "not_met")]
    return float(newly.groupby("point")["people"].max().sum())


def projects(judged: Judged, today: Today, gained: pd.DataFrame) -> pd.DataFrame:
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
        today: from ``today_of``.
        gained: from ``gains``.
    """
    layer, access = _project_layer(judged, today)
    table = _described(judged, today, layer, access)
    gained = gained.assign(
        facility_type=gained["facility_id"].map(table.set_index("facility_id")["facility_type"])
    )
    newly = gained[gained["applies"] & (gained["before"] == "not_met")]
    rivals = newly.groupby(["facility_type", "point"])["facility_id"].transform("size")
    without = gained[~gained["applies"] & (gained["before"] != "met")]
    applied = gained[gained["applies"]]
    sums = {
        "people_within": _sum(applied, "people"),
        "people_newly_served": _sum(newly, "people"),
        "people_unknown_before": _sum(applied[applied["before"] == "unknown"], "people"),
        "people_newly_served_only_here": _sum(newly[rivals == 1], "people"),
        "people_without_standard": _sum(without, "people"),
        "aged_60_plus_within": _sum(applied, "aged_60_plus"),
        "aged_60_plus_newly_served": _sum(newly, "aged_60_plus"),
        "aged_60_plus_without_standard": _sum(without, "aged_60_plus"),
    }
    figures = {name: table["facility_id"].map(sums_of).fillna(0.0) for name, sums_of in sums.items()}
    once = newly.drop_duplicates(["facility_type", "point"]).groupby("facility_type")["people"].sum()
    figures["people_newly_served_together"] = table["facility_type"].map(once).fillna(0.0)
    measured = table["state"].isin(MEASURED)
    ages = not judged.demand["pop_60_plus"].isna().all()
    for name, column in figures.items():
        table[name] = column.where(measured & (ages or not name.startswith("aged_")))
    return table[PROJECT_COLUMNS]


def _sum(rows: pd.DataFrame, column: str) -> pd.Series:
    sums: pd.Series = rows.groupby("facility_id")[column].sum()
    return sums


def _project_layer(judged: Judged, today: Today) -> tuple[gpd.GeoDataFrame, pd.DataFrame]:
    """Return the facilities under construction or planned, and their ways onto today's network."""
    inputs = judged.inputs
    layer = inputs.facilities[_is_project(inputs)].reset_index(drop=True)
    snap_m = inputs.study.settings.max_snap_m
    return layer, access_facilities(today.network, layer, inputs.entrances, max_snap_m=snap_m)


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
