"""Per place and type the walking share beside its rivals, which planners are asked for.

C1 to C5 are the usual meanings of "coverage": residential land in reach (C1), residential land in the
service radius of parks (C2), area in reach (C3, not computed: it counts fields and water), people in
reach (C4), and units that have one (C5).
"""

import numpy as np
import pandas as pd

from ...tables import ALL, SCOPES
from ...walking.network import Floats
from ..sums import share
from .grid import PLACE_COLUMNS, Flags, Grid, Judged, Places, stands_in
from .land import Land

RATE_COLUMNS = [
    *PLACE_COLUMNS, "facility_type", "suitability", "threshold_m", "threshold_confidence", "remark", "people_basis",
    "people", "people_met", "people_not_met", "people_unknown", "coverage_share", "share_if_unknown_met",
    "straight_line_share", "residents", "residents_met", "residents_unknown", "residents_share",
    "residents_share_if_unknown_met", "land_m2", "land_met_m2", "land_unknown_m2", "land_share", "land_straight_share",
    "land_grid_m", "unit_kind", "units", "units_with_one", "has_one_share",
]  # fmt: skip


def rates(judged: Judged, *, land: Land | None) -> pd.DataFrame:
    """Return the ``rates`` table: one row per place and judged type, every rate side by side.

    Shares are of the people to whom the type applies; unknown counts as not met in ``coverage_share`` and as
    met in ``share_if_unknown_met``, so the truth lies between the two. Blank where there is nobody or no land;
    ``remark`` says why: ``not_applicable``, ``nobody_to_serve``; or ``no_facility``, which is a true 0.

    Args:
        judged: from ``assemble``.
        land: residential land, or None if the study has none.
    """
    grid, places = judged.grid, judged.places
    table = places.repeat(grid.types)
    population = judged.population[:, None]
    for name, flags in (("met", grid.met), ("not_met", grid.not_met), ("unknown", grid.unknown)):
        table[f"people_{name}"] = places.total(judged.people * flags).ravel()
        table[f"residents_{name}"] = places.total(population * flags).ravel()
    # Fractions of people add up to the last bit only in one order: the sum is taken from its parts.
    for who in ("people", "residents"):
        table[who] = table[f"{who}_met"] + table[f"{who}_not_met"] + table[f"{who}_unknown"]
    table = _with_shares(table)
    near = places.total(judged.people * grid.near).ravel()
    table["straight_line_share"] = share(near, table["people"].to_numpy())
    catalogue = judged.types.set_index("facility_type")
    for name in ("suitability", "threshold_confidence"):
        table[name] = table["facility_type"].map(catalogue[name])
    table["people_basis"] = table["facility_type"].map(judged.basis)
    table["threshold_m"] = _thresholds(places, grid)
    table["remark"] = _remarks(table, judged)
    ones = has_one(judged)
    table = pd.concat([_with_land(table, land), ones[ones.columns.difference(table.columns)]], axis=1)
    return table[RATE_COLUMNS]


def _with_shares(table: pd.DataFrame) -> pd.DataFrame:
    shares = {}
    for who, name, best in (
        ("people", "coverage_share", "share_if_unknown_met"),
        ("residents", "residents_share", "residents_share_if_unknown_met"),
    ):
        met, whole = table[f"{who}_met"].to_numpy(), table[who].to_numpy()
        shares[name] = share(met, whole)
        shares[best] = share(met + table[f"{who}_unknown"].to_numpy(), whole)
    return table.assign(**shares)


def _thresholds(places: Places, grid: Grid) -> Floats:
    """Return the threshold per place and type, NaN if its points have several or none."""
    least = np.full((len(places.table), len(grid.types)), np.nan)
    starts, points = places.members.indptr, places.members.indices
    for place in range(len(places.table)):
        here = grid.threshold_m[points[starts[place] : starts[place + 1]]]
        low = np.fmin.reduce(here, axis=0, initial=np.inf)
        high = np.fmax.reduce(here, axis=0, initial=-np.inf)
        least[place] = np.where(low == high, low, np.nan)
    return least.ravel()


def _remarks(table: pd.DataFrame, judged: Judged) -> pd.Series:
    places, types = judged.places, len(judged.grid.types)
    applies = places.total(judged.grid.judged).ravel() > 0
    lived_in = np.repeat(places.total(judged.population) > 0, types)
    remark = pd.Series("", index=table.index)
    remark[~table["facility_type"].isin(judged.facilities["facility_type"])] = "no_facility"
    remark[table["people"] <= 0] = "nobody_to_serve"
    remark[~applies & lived_in] = "not_applicable"
    return remark


def _with_land(table: pd.DataFrame, land: Land | None) -> pd.DataFrame:
    names = ["land_m2", "land_met_m2", "land_unknown_m2", "land_share", "land_straight_share", "land_grid_m"]
    if land is None or land.samples.empty:
        return table.assign(**dict.fromkeys(names, np.nan))
    area_m2 = land.samples["area_m2"].to_numpy()[:, None]

    def total(flags: Flags) -> Floats:
        return land.places.total(area_m2 * flags).ravel()

    whole, met = total(land.grid.judged), total(land.grid.met)
    return table.assign(
        land_m2=whole,
        land_met_m2=met,
        land_unknown_m2=total(land.grid.unknown),
        land_share=share(met, whole),
        land_straight_share=share(total(land.grid.near), whole),
        land_grid_m=land.samples["grid_m"].iloc[0],
    )


def has_one(judged: Judged) -> pd.DataFrame:
    """Return which units have a facility of each type inside them (C5), whoever can walk to it.

    A circle or committee is one unit. ``all`` counts the circles, or the committees of a study without
    circles; ``urban`` and ``rural`` count the committees with such people. Only units count that hold demand
    points to which the type applies; committees without a polygon cannot be told.

    Returns:
        In the order of the ``rates`` table: ``place_kind``, ``place_id``, ``facility_type``, ``unit_kind``,
        ``units``, ``units_with_one`` and ``has_one_share`` (blank without units).
    """
    places, table = judged.places, judged.places.table
    inputs, kind = judged.inputs, judged.places.table["place_kind"].to_numpy(dtype=object)
    is_drawn = table["place_id"].isin(inputs.circles["circle_id"]).to_numpy() & (kind == "circle")
    is_drawn |= table["place_id"].isin(inputs.committees["committee_id"]).to_numpy() & (kind == "committee")
    has, applies = _holds(judged), _applies(judged, ALL) & is_drawn[:, None]
    unit_kind = np.where(kind == ALL, "circle" if len(inputs.circles) else "committee", kind)
    unit_kind[np.isin(kind, SCOPES)] = "committee"
    units, with_one = applies.astype(float), (applies & has).astype(float)
    for row in np.flatnonzero(np.isin(kind, [ALL, *SCOPES])):
        counted = _applies(judged, kind[row])[is_drawn & (kind == unit_kind[row])]
        units[row] = counted.sum(axis=0)
        with_one[row] = (counted & has[is_drawn & (kind == unit_kind[row])]).sum(axis=0)
    rows = places.repeat(judged.grid.types)[["place_kind", "place_id", "facility_type"]]
    return rows.assign(
        unit_kind=np.repeat(unit_kind, len(judged.grid.types)),
        units=units.ravel(),
        units_with_one=with_one.ravel(),
        has_one_share=share(with_one, units).ravel(),
    )


def _applies(judged: Judged, kind: str) -> Flags:
    """Return (places, types) whether the type applies to a demand point there; of one scope if asked."""
    flags = judged.grid.judged
    if kind in SCOPES:
        flags = flags & (judged.demand["scope"] == kind).to_numpy()[:, None]
    applies: Flags = judged.places.total(flags) > 0
    return applies


def _holds(judged: Judged) -> Flags:
    """Return (places, types) whether a counting facility stands in the circle or committee."""
    stands = stands_in(judged)
    column = pd.Index(judged.grid.types).get_indexer(judged.facilities["facility_type"])
    place, facility = np.nonzero(stands)
    has = np.zeros((len(stands), len(judged.grid.types) + 1), dtype=bool)
    has[place, column[facility]] = True  # the last column is of the types that are not judged
    return has[:, :-1]
