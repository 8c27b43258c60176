"""Gaps gathered into named places: few enough to visit, small enough for one new facility to reach.

A gap area holds demand points of one committee and one living circle that lie within ``REACH_M`` on foot of
the most populous one, after which it is named. Where no committee is known, a square of ``CELL_M`` stands in
for it. Every row of ``gaps`` belongs to exactly one area and one row of ``gap_area_types``.

Areas are ranked by people × shortfall, summed over the rows that are not met. A row without a walk (no
facility, no path) has no measured shortfall: it counts one threshold, as if the walk were twice as long as allowed.
"""

from dataclasses import dataclass

import geopandas as gpd
import numpy as np
import pandas as pd
import shapely
from numpy.typing import NDArray

from ..coverage.sums import share
from ..inputs import Inputs
from ..reuse import kept
from ..tables import AGE_GROUPS, lookup
from ..texts import Lang, Text
from ..walking.access import Geometries
from ..walking.distances import runs
from ..walking.network import Floats, Ints, Network
from ..walking.pairs import pairs_within
from ..walking.verdicts import Flags, Placed

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
    if not has_gap.any():
        return np.full(len(demand), -1, dtype=np.int64)
    return _gathered(
        network,
        placed.demand_access,
        placed.points,
        placed.demand_part < 0,
        group=_groups(demand, placed.points),
        people=demand["population"].to_numpy(dtype=float),
        has_gap=has_gap,
    )


@kept
def _gathered(
    network: Network, access: pd.DataFrame, points: Geometries, off_street: Flags, *, group: Ints, people: Floats,
    has_gap: Flags,
) -> Ints:  # fmt: skip
    centre = np.full(len(points), -1, dtype=np.int64)
    order = np.lexsort((np.arange(len(points)), -people, group))
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
        origin, target = pairs["origin"].to_numpy(), pairs["target"].to_numpy()
        near = of_group[group[origin]] == target
        centre[origin[near]] = target[near]
        # Without a street there is no walk: only the straight line can tell.
        by_line = (off_street[waiting] | off_street[mine]) & (
            shapely.distance(points[waiting], points[mine]) <= REACH_M
        )
        centre[waiting[by_line]] = mine[by_line]
        centre[leaders] = leaders
    return centre


def _groups(demand: gpd.GeoDataFrame, points: Geometries) -> Ints:
    xy = np.floor(shapely.get_coordinates(points) / CELL_M).astype(np.int64)
    committee = demand["committee_id"].to_numpy(dtype=object)
    unknown = committee == ""
    keys = pd.DataFrame({"circle": demand["circle_id"].to_numpy(dtype=object), "committee": committee})
    keys["column"] = np.where(unknown, xy[:, 0], 0)
    keys["row"] = np.where(unknown, xy[:, 1], 0)
    group: Ints = keys.groupby(["circle", "committee", "column", "row"], sort=False).ngroup().to_numpy()
    return group


def gap_points(judged: pd.DataFrame, demand_ids: pd.Series, centre: Ints) -> pd.DataFrame:
    """Return the gap rows of ``judged`` with ``area_id``, the id of the demand point they are gathered around.

    ``area`` numbers the areas in the order of ``name_areas``.

    Args:
        judged: from ``coverage.judged_people``.
        demand_ids: ids of the judged demand points.
        centre: from ``gather``.
    """
    rows = judged[judged["verdict"] != "met"].reset_index(drop=True)
    middle = centre[rows["origin"].to_numpy()]
    return rows.assign(area_id=demand_ids.array.take(middle), area=np.unique(middle, return_inverse=True)[1])


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
    pair = points["area"].to_numpy() * len(types) + points["column"].to_numpy()
    pairs, key = np.unique(pair, return_inverse=True)
    area, column = pairs // max(len(types), 1), pairs % max(len(types), 1)
    unmet = (points["verdict"] == "not_met").to_numpy(dtype=bool)
    sums = person_sums(points, key)
    table = pd.DataFrame(
        {
            **{name: areas.reset_index()[name].array.take(area) for name in _OF_AREA},
            **{name: types[name].array.take(column) for name in _OF_TYPE},
            **sums,
            "mean_walk_m": share(sums["walk_person_m"], sums["walk_people"]),
        }
    )
    table["people_basis"] = table["facility_type"].map(basis)
    table["demand_points"] = np.bincount(key[unmet], minlength=len(pairs))
    nearest = nearest_walks(points, unmet, key)
    table["nearest_facility_id"] = nearest.facility_id
    table["nearest_walk_m"] = nearest.walk_m
    names = lookup(inputs.facilities, "facility_id", "name")
    table["nearest_facility_name"] = [names.get(one, "") for one in nearest.facility_id]
    ratio = np.full(len(pairs), np.nan)
    np.fmax.at(ratio, key[unmet], points["detour_ratio"].to_numpy(dtype=float)[unmet])
    table["detour_ratio"] = ratio
    people = points["people"].to_numpy(dtype=float)
    crossed = points["crossed"].to_numpy(dtype=object)
    table["crossed"] = most_crossed(key[unmet], crossed[unmet], people[unmet], len(pairs))
    return table[AREA_TYPE_COLUMNS]


_OF_AREA = ("area_id", "area_name", "circle_id", "committee_id")
_OF_TYPE = ("facility_type", "suitability", "class", "must_have", "threshold_confidence")


def person_sums(points: pd.DataFrame, key: Ints) -> dict[str, Floats]:
    """Return sums over the people of gap rows by verdict and cause, per key 0..k-1.

    Returns:
        ``people_not_met``, ``people_too_far``, ``people_detour``, ``people_no_facility``, ``people_unknown``,
        ``shortfall_person_m``; ``walk_people`` and ``walk_person_m`` of those not met who have a walk.
    """
    people, walk_m = points["people"].to_numpy(dtype=float), points["walk_m"].to_numpy(dtype=float)
    unmet = (points["verdict"] == "not_met").to_numpy(dtype=bool)
    cause = points["cause"].to_numpy(dtype=object)
    walks = unmet & ~np.isnan(walk_m)
    cells = {
        "people_not_met": np.where(unmet, people, 0.0),
        **{f"people_{one}": np.where(unmet & (cause == one), people, 0.0) for one in CAUSES},
        "people_unknown": np.where(~unmet, people, 0.0),
        "shortfall_person_m": total_person_m(points),
        "walk_people": np.where(walks, people, 0.0),
        "walk_person_m": np.where(walks, people * walk_m, 0.0),
    }
    # The sum of pandas, which makes up for rounding, is the same to the last digit in every table.
    sums = pd.DataFrame(np.column_stack(list(cells.values()))).groupby(key).sum().to_numpy()
    return dict(zip(cells, sums.reshape(-1, len(cells)).T, strict=True))


def total_person_m(points: pd.DataFrame) -> Floats:
    """Return people × shortfall of each gap row, as the ranking counts it; 0 for unknown rows."""
    walk_m, threshold_m = (points[name].to_numpy(dtype=float) for name in ("walk_m", "threshold_m"))
    shortfall_m = np.where(np.isnan(walk_m), threshold_m, walk_m - threshold_m)
    unmet = (points["verdict"] == "not_met").to_numpy(dtype=bool)
    weights: Floats = np.where(unmet, points["people"].to_numpy(dtype=float) * shortfall_m, 0.0)
    return weights


@dataclass(frozen=True)
class NearestWalks:
    """The nearest facility per key, "" and NaN where there is no walk; ``farthest_m`` is the longest of the walks."""

    facility_id: NDArray[np.object_]
    walk_m: Floats
    farthest_m: Floats


def nearest_walks(points: pd.DataFrame, chosen: Flags, key: Ints) -> NearestWalks:
    """Return the shortest walk among the chosen gap rows of every key 0..k-1, of equal ones the first id's."""
    walk_m = points["walk_m"].to_numpy(dtype=float)
    code, ids = pd.factorize(points["facility_id"], sort=True)
    rows = np.flatnonzero(chosen & ~np.isnan(walk_m))
    rows = rows[np.lexsort((code[rows], walk_m[rows], key[rows]))]
    first = np.flatnonzero(np.diff(key[rows], prepend=-1))
    last = np.append(first[1:], len(rows)) - 1
    keys = int(key.max(initial=-1)) + 1
    facility_id = np.full(keys, "", dtype=object)
    near_m, far_m = np.full(keys, np.nan), np.full(keys, np.nan)
    mine = key[rows[first]]
    facility_id[mine] = ids.to_numpy(dtype=object)[code[rows[first]]]
    near_m[mine], far_m[mine] = walk_m[rows[first]], walk_m[rows[last[: len(first)]]]
    return NearestWalks(facility_id, near_m, far_m)


def most_crossed(
    key: Ints, crossed: NDArray[np.object_], people: Floats, keys: int, *, most: int = 3
) -> NDArray[np.object_]:
    """Return, per key, the obstacles that lie across the straight lines of most people, joined by ``;``.

    >>> most_crossed(np.array([0, 0, 1]), np.array(["wall;river", "river", ""], dtype=object), np.ones(3), 2).tolist()
    ['river;wall', '']
    """
    found = np.full(keys, "", dtype=object)
    text, texts = pd.factorize(crossed)
    parts = [one.split(";") if one else [] for one in texts]
    names = sorted({name for names in parts for name in names})
    if not names:
        return found
    number = {name: code for code, name in enumerate(names)}
    size = np.array([len(one) for one in parts])
    codes = np.array([number[name] for one in parts for name in one], dtype=np.int64)
    row = np.repeat(np.arange(len(key)), size[text])
    code = codes[runs((np.cumsum(size) - size)[text], size[text])]
    total = pd.Series(people[row]).groupby(key[row] * len(names) + code).sum()
    mine, code = total.index.to_numpy() // len(names), total.index.to_numpy() % len(names)
    order = np.lexsort((code, -total.to_numpy(), mine))
    for run in runs_of(mine[order]):
        at = order[run]
        found[mine[at[0]]] = ";".join(names[one] for one in code[at[:most]])
    return found


def runs_of(ordered: Ints) -> list[Ints]:
    """Return the positions of each run of equal numbers.

    >>> [run.tolist() for run in runs_of(np.array([4, 4, 9]))]
    [[0, 1], [2]]
    """
    cuts = np.flatnonzero(np.diff(ordered)) + 1
    return np.split(np.arange(len(ordered)), cuts) if len(ordered) else []


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
    committees = lookup(inputs.committees, "committee_id", "name")
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
    at = areas.index.get_indexer(area_types["area_id"])
    names = ["people_not_met", *(f"people_{cause}" for cause in CAUSES), "people_unknown"]
    sums = area_types[[*names, "shortfall_person_m"]].groupby(at).sum()
    renamed = {"people_not_met": "people_type_pairs", "people_unknown": "pairs_unknown"}
    renamed |= {f"people_{cause}": f"pairs_{cause}" for cause in CAUSES}
    table = areas.assign(**{renamed.get(name, name): sums[name].to_numpy() for name in sums})
    lacking = np.flatnonzero(area_types["people_not_met"] > 0)
    lacking = lacking[np.lexsort((-area_types["shortfall_person_m"].to_numpy()[lacking], at[lacking]))]
    types = area_types["facility_type"].to_numpy(dtype=object)
    listed = np.full(len(areas), "", dtype=object)
    for run in runs_of(at[lacking]):
        listed[at[lacking[run[0]]]] = ";".join(types[lacking[run]])
    is_must = (area_types["must_have"] == "yes").to_numpy(dtype=bool)
    table["facility_types"] = listed
    table["types_missing"] = np.bincount(at[lacking], minlength=len(areas))
    table["must_have_missing"] = np.bincount(at[lacking[is_must[lacking]]], minlength=len(areas))
    crossed, people = area_types["crossed"].to_numpy(dtype=object), area_types["people_detour"].to_numpy()
    table["crossed"] = most_crossed(at, crossed, people, len(areas))
    table = table.reset_index()
    table = table.sort_values(
        ["shortfall_person_m", "pairs_unknown", "area_id"], ascending=[False, False, True], kind="stable"
    )
    table["rank"] = np.arange(1, len(table) + 1)
    return table[AREA_COLUMNS].reset_index(drop=True)
