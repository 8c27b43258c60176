"""Gaps gathered into named places: few enough to visit, small enough for one new facility to reach.

A gap area holds demand points of one committee and one living circle that lie within ``REACH_M`` on foot of
the most populous one, after which it is named. Where no committee is known, a square of ``CELL_M`` stands in
for it. Every row of ``gaps`` belongs to exactly one area and one row of ``gap_area_types``.

Areas are ranked by people × shortfall, summed over the rows that are not met. A row without a walk (no
facility, no path) has no measured shortfall: it counts one threshold, as if the walk were twice as long as allowed.
"""

import geopandas as gpd
import numpy as np
import pandas as pd
import shapely

from ..inputs import Inputs
from ..tables import AGE_GROUPS
from ..texts import Lang, Text
from ..walking.network import Floats, Ints, Network
from ..walking.pairs import pairs_within
from ..walking.verdicts import Flags, Placed, demand_points

REACH_M = 500.0
"""Ten minutes of slow walking: what one new facility in the middle of an area can serve."""

CELL_M = 1000.0

CAUSES = ("too_far", "detour", "no_facility")

AREA_COLUMNS = [
    "rank", "area_id", "area_name", "circle_id", "committee_id", "demand_points", "population",
    *AGE_GROUPS.values(),
    "types_missing", "must_have_missing", "facility_types", "people_type_pairs",
    *(f"pairs_{cause}" for cause in CAUSES),
    "pairs_unknown", "shortfall_person_m", "crossed",
]  # fmt: skip

AREA_TYPE_COLUMNS = [
    "area_id", "area_name", "circle_id", "committee_id", "facility_type", "suitability", "class", "must_have",
    "people_basis", "demand_points", "people_not_met", *(f"people_{cause}" for cause in CAUSES), "people_unknown",
    "shortfall_person_m", "mean_walk_m", "nearest_facility_id", "nearest_facility_name", "nearest_walk_m",
    "detour_ratio", "crossed", "threshold_confidence",
]  # fmt: skip


def gather(network: Network, placed: Placed, demand: gpd.GeoDataFrame, has_gap: Flags) -> Ints:
    """Return the row of the demand point around which each demand point with a gap is gathered, else -1.

    Args:
        network: the walking graph.
        placed: the judged demand points on it.
        demand: the same points with ``circle_id``, ``committee_id`` and ``population``.
        has_gap: (demand,) the point has a row that is not met or unknown.
    """
    centre = np.full(len(demand), -1, dtype=np.int64)
    if not has_gap.any():
        return centre
    group = _groups(demand)
    points = demand_points(demand)
    order = np.lexsort((np.arange(len(demand)), -demand["population"].to_numpy(dtype=float), group))
    access = placed.demand_access
    off_street = placed.demand_part < 0
    while (left := has_gap & (centre < 0)).any():
        waiting = order[left[order]]
        leaders = waiting[np.unique(group[waiting], return_index=True)[1]]
        of_group = np.full(int(group.max()) + 1, -1, dtype=np.int64)
        of_group[group[leaders]] = leaders
        mine = of_group[group[waiting]]
        pairs = pairs_within(
            network,
            access[access["item"].isin(waiting)],
            access[access["item"].isin(leaders)],
            limit_m=REACH_M,
        )
        near = pairs[of_group[group[pairs["origin"]]] == pairs["target"]]
        centre[near["origin"]] = near["target"]
        # Without a street there is no walk: only the straight line can tell.
        by_line = (off_street[waiting] | off_street[mine]) & (
            shapely.distance(points[waiting], points[mine]) <= REACH_M
        )
        centre[waiting[by_line]] = mine[by_line]
        centre[leaders] = leaders
    return centre


def _groups(demand: gpd.GeoDataFrame) -> Ints:
    xy = np.floor(shapely.get_coordinates(demand_points(demand)) / CELL_M).astype(np.int64)
    committee = demand["committee_id"].to_numpy(dtype=object)
    unknown = committee == ""
    keys = pd.DataFrame({"circle": demand["circle_id"].to_numpy(dtype=object), "committee": committee})
    keys["column"] = np.where(unknown, xy[:, 0], 0)
    keys["row"] = np.where(unknown, xy[:, 1], 0)
    group: Ints = keys.groupby(["circle", "committee", "column", "row"], sort=False).ngroup().to_numpy()
    return group


def gap_points(judged: pd.DataFrame, demand_ids: pd.Series, centre: Ints) -> pd.DataFrame:
    """Return the gap rows of ``judged`` with ``area_id``, the id of the demand point they are gathered around.

    Args:
        judged: from ``coverage.judged_people``.
        demand_ids: ids of the judged demand points.
        centre: from ``gather``.
    """
    rows = judged[judged["verdict"] != "met"]
    ids = demand_ids.to_numpy(dtype=object)
    at = pd.Index(demand_ids).get_indexer(rows["demand_id"])
    return rows.assign(area_id=ids[centre[at]]).reset_index(drop=True)


def gap_area_types(
    points: pd.DataFrame, areas: pd.DataFrame, types: pd.DataFrame, basis: dict[str, str], inputs: Inputs
) -> pd.DataFrame:
    """Return one row per gap area and facility type: who lacks it, why, and the nearest one.

    Args:
        points: from ``gap_points``, with ``detour_ratio`` and ``crossed``.
        areas: from ``name_areas``.
        types: the judged rows of the catalogue.
        basis: type → whom the people are.
        inputs: for the names of facilities.

    Returns:
        ``AREA_TYPE_COLUMNS``; people not met and unknown add up to those of the gaps table, per type too.
    """
    keys = ["area_id", "facility_type"]
    cells = _cells(points)
    grouped = cells.groupby(keys, sort=False)
    table = grouped[[c for c in cells if c.startswith(("people_", "shortfall_", "walk_", "points"))]].sum()
    unmet = cells[cells["verdict"] == "not_met"]
    table["mean_walk_m"] = table["walk_person_m"].where(table["walk_people"] > 0) / table[
        "walk_people"
    ].where(table["walk_people"] > 0)
    nearest = unmet[unmet["walk_m"].notna()].sort_values(["walk_m", "facility_id"], kind="stable")
    nearest = nearest.drop_duplicates(keys).set_index(keys)
    table["nearest_facility_id"] = nearest["facility_id"].reindex(table.index).astype(object).fillna("")
    table["nearest_walk_m"] = nearest["walk_m"].reindex(table.index)
    table["detour_ratio"] = unmet.groupby(keys)["detour_ratio"].max().reindex(table.index)
    table["crossed"] = _most_crossed(unmet, keys).reindex(table.index).astype(object).fillna("")
    table = table.reset_index()
    names = dict(zip(inputs.facilities["facility_id"], inputs.facilities["name"], strict=True))
    table["nearest_facility_name"] = table["nearest_facility_id"].map(names).astype(object).fillna("")
    for name in ("suitability", "class", "must_have", "threshold_confidence"):
        table[name] = table["facility_type"].map(types.set_index("facility_type")[name])
    table["people_basis"] = table["facility_type"].map(basis)
    for name in ("area_name", "circle_id", "committee_id"):
        table[name] = table["area_id"].map(areas[name])
    place = {name: number for number, name in enumerate(types["facility_type"])}
    area = pd.Series(np.arange(len(areas)), index=areas.index)
    order = np.lexsort((table["facility_type"].map(place), table["area_id"].map(area)))
    return (
        table.iloc[order]
        .rename(columns={"points": "demand_points"})[AREA_TYPE_COLUMNS]
        .reset_index(drop=True)
    )


def _cells(points: pd.DataFrame) -> pd.DataFrame:
    people, unmet = points["people"], points["verdict"] == "not_met"
    cells = points[
        [
            "area_id",
            "demand_id",
            "facility_type",
            "verdict",
            "facility_id",
            "walk_m",
            "detour_ratio",
            "crossed",
        ]
    ].copy()
    cells["people"] = people
    cells["points"] = unmet.astype("int64")
    cells["people_not_met"] = people.where(unmet, 0.0)
    for cause in CAUSES:
        cells[f"people_{cause}"] = people.where(unmet & (points["cause"] == cause), 0.0)
    cells["people_unknown"] = people.where(~unmet, 0.0)
    shortfall_m = (points["walk_m"] - points["threshold_m"]).where(
        points["walk_m"].notna(), points["threshold_m"]
    )
    cells["shortfall_person_m"] = (people * shortfall_m).where(unmet, 0.0)
    cells["walk_people"] = people.where(unmet & points["walk_m"].notna(), 0.0)
    cells["walk_person_m"] = (people * points["walk_m"]).where(unmet & points["walk_m"].notna(), 0.0)
    return cells


def _most_crossed(unmet: pd.DataFrame, keys: list[str], most: int = 3) -> pd.Series:
    """Return the obstacles that lie across the straight lines of most people, joined by ``;``."""
    rows = unmet.loc[unmet["crossed"] != "", [*keys, "crossed", "people"]]
    rows = rows.assign(crossed=rows["crossed"].str.split(";")).explode("crossed")
    total = rows.groupby([*keys, "crossed"], sort=True)["people"].sum().reset_index()
    total = total.sort_values([*keys, "people"], ascending=[True] * len(keys) + [False], kind="stable")
    return total.groupby(keys, sort=False)["crossed"].agg(lambda names: ";".join(names.iloc[:most]))


def name_areas(demand: gpd.GeoDataFrame, centre: Ints, inputs: Inputs, *, lang: Lang = "zh") -> pd.DataFrame:
    """Return one row per gap area, indexed by ``area_id``: name, circle, committee, its points and people.

    An area that holds all points of its committee bears the committee's name, any other the name of its most
    populous demand point and how many it stands for.
    """
    taken = np.flatnonzero(centre >= 0)
    middles = np.unique(centre)
    middles = middles[middles >= 0]
    rows = demand.iloc[taken]
    columns = ["population", *AGE_GROUPS.values()]
    sums = rows[columns].groupby(centre[taken]).sum(min_count=1)
    size = pd.Series(centre[taken]).value_counts()
    committees = dict(zip(inputs.committees["committee_id"], inputs.committees["name"], strict=True))
    all_points = demand["committee_id"].value_counts()
    middle = demand.iloc[middles]
    names = [
        _area_name(
            one.name.strip() or one.demand_id,
            committees.get(one.committee_id, "").strip() or one.committee_id,
            int(size[row]),
            is_whole=bool(one.committee_id) and size[row] == all_points[one.committee_id],
        ).of(lang)
        for row, one in zip(middles, middle[["demand_id", "name", "committee_id"]].itertuples(), strict=True)
    ]
    return pd.DataFrame(
        {
            "area_name": names,
            "circle_id": middle["circle_id"].to_numpy(),
            "committee_id": middle["committee_id"].to_numpy(),
            "demand_points": size.reindex(middles).to_numpy(),
            **{name: sums[name].reindex(middles).to_numpy(dtype=float) for name in columns},
        },
        index=pd.Index(middle["demand_id"].to_numpy(dtype=object), name="area_id"),
    )


def _area_name(middle: str, committee: str, points: int, *, is_whole: bool) -> Text:
    if is_whole:
        return Text(committee, committee)
    before = f"{committee} · " if committee and not middle.startswith(committee) else ""
    if points == 1:
        return Text(before + middle, before + middle)
    return Text(f"{before}{middle}等{points}处", f"{before}{middle} and {points - 1} more")


def gap_areas(areas: pd.DataFrame, area_types: pd.DataFrame) -> pd.DataFrame:
    """Return the ``gap_areas`` table: one row per place, ranked by people × shortfall.

    Args:
        areas: from ``name_areas``.
        area_types: from ``gap_area_types``.

    Returns:
        ``AREA_COLUMNS``. ``population`` and the ages count each resident of the area's points once;
        ``people_type_pairs`` = ``pairs_too_far`` + ``pairs_detour`` + ``pairs_no_facility`` counts each person
        once per type that they lack. ``facility_types`` are those types, the greatest gap first.
    """
    by_area = area_types.groupby("area_id", sort=False)
    sums = by_area[
        ["people_not_met", *(f"people_{cause}" for cause in CAUSES), "people_unknown", "shortfall_person_m"]
    ].sum()
    lacking = area_types[area_types["people_not_met"] > 0]
    lacking = lacking.sort_values("shortfall_person_m", ascending=False, kind="stable")
    missing = lacking.groupby("area_id")["facility_type"]
    table = areas.join(
        sums.rename(
            columns={
                "people_not_met": "people_type_pairs",
                "people_unknown": "pairs_unknown",
                **{f"people_{cause}": f"pairs_{cause}" for cause in CAUSES},
            }
        )
    )
    table["facility_types"] = missing.agg(";".join).reindex(table.index).astype(object).fillna("")
    table["types_missing"] = missing.size().reindex(table.index).fillna(0).astype("int64")
    must = lacking[lacking["must_have"] == "yes"].groupby("area_id").size()
    table["must_have_missing"] = must.reindex(table.index).fillna(0).astype("int64")
    crossed = area_types.assign(people=area_types["people_detour"])
    table["crossed"] = _most_crossed(crossed, ["area_id"]).reindex(table.index).astype(object).fillna("")
    table = table.reset_index()
    table = table.sort_values(
        ["shortfall_person_m", "pairs_unknown", "area_id"], ascending=[False, False, True], kind="stable"
    )
    table["rank"] = np.arange(1, len(table) + 1)
    return table[AREA_COLUMNS].reset_index(drop=True)


def total_person_m(points: pd.DataFrame) -> Floats:
    """Return people × shortfall of each gap row, as the ranking counts it; 0 for unknown rows."""
    weights: Floats = _cells(points)["shortfall_person_m"].to_numpy(dtype=float)
    return weights
