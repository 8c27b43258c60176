"""Where a new facility would serve most: idle spaces against gaps, and the best choice of several.

A space is weighed by the people newly served on foot: those who are not met today and whose walk to it is
within the threshold of the type. The best choice of n spaces is the maximal covering location problem
(Church & ReVelle 1974, "The maximal covering location problem", Papers of the Regional Science Association
32), solved exactly.
"""

from dataclasses import dataclass
from typing import Any

import geopandas as gpd
import numpy as np
import pandas as pd
from numpy.typing import NDArray
from scipy.optimize import Bounds, LinearConstraint, milp
from scipy.sparse import csr_array, eye_array, hstack, vstack

from ..circles.describe import circle_of
from ..coverage.rates.grid import Flags, Judged, share
from ..inputs import Inputs
from ..walking.access import Geometries, access_facilities
from ..walking.network import Floats, Ints, Network
from ..walking.pairs import DECIMALS, pairs_within
from ..walking.verdicts import Placed, demand_points, in_extent

MOST_SPACES = 5
"""Best choices are worked out for 1 to this many spaces of one type."""

NODE_LIMIT = 20_000
"""A search ends after this many branches, the same ones on every machine, and reports its gap."""

UNDER_WAY = ("under_construction", "planned")

BOUND_TO_PLACE = frozenset(
    (
        *("bus_stop", "metro", "parking_ev", "waste", "shelter", "rental", "greenway", "heritage"),
        *("country_park", "park_15", "park_10", "primary", "junior", "nursing_home"),
    )
)
"""Types that no idle space can take in: they need a line, land or a campus of their own."""

FITS = ("fits", "no_minimum", "area_unknown", "land", "other_scope")
"""Whether a space can host a type, surest first: large enough; no minimum is known; the space's area is
unknown; the minimum is land, not floor; the type is meant for the other of urban and rural."""

CHOOSABLE = FITS[:3]

OPTION_COLUMNS = [
    "facility_type", "suitability", "class", "must_have", "rank", "rank_in_space", "space_id", "space_name",
    "status", "area_m2", "min_area_m2", "min_area_confidence", "fit", "space_scope", "circle_id", "committee_id",
    "reachable", "people_basis", "people_newly_served", "people_unknown_served", "people_within", "gap_share",
    "threshold_confidence",
]  # fmt: skip

BEST_COLUMNS = [
    "facility_type", "suitability", "class", "must_have", "spaces", "candidates", "space_ids", "space_names",
    "people_basis", "people_not_met", "people_coverable", "people_newly_served", "gap_share", "result",
    "optimality_gap_share", "threshold_confidence",
]  # fmt: skip

PLANNED_COLUMNS = [
    "facility_type", "suitability", "planned", "planned_ids", "planned_names", "candidates", "people_basis",
    "people_not_met", "people_newly_served", "best_ids", "best_names", "best_people_newly_served", "is_best",
    "share_of_best", "result", "optimality_gap_share", "next_id", "next_name", "next_committee_id",
    "next_people_newly_served", "people_left", "worst_committee_id", "worst_committee_people_left",
    "threshold_confidence",
]  # fmt: skip


@dataclass(frozen=True)
class Cover:
    """A choice of candidates.

    Attributes:
        chosen: positions of the candidates, ascending; fewer than asked for where more would add nobody.
        people: people covered.
        bound: no choice of as many covers more.
        status: ``optimal`` or ``limit`` (the search was cut off: see ``bound``).
    """

    chosen: tuple[int, ...]
    people: float
    bound: float
    status: str

    @property
    def gap_share(self) -> float:
        """(bound - people) / people; 0 if proven, NaN if nobody is covered though somebody may be."""
        if self.bound <= self.people:
            return 0.0
        return (self.bound - self.people) / self.people if self.people > 0 else float("nan")


def maximal_cover(reach: csr_array, people: Floats, count: int) -> Cover:
    """Choose at most ``count`` candidates that cover the most people (maximal covering, MCLP).

    maximise Σ aᵢ yᵢ subject to yᵢ ≤ Σⱼ∈N(i) xⱼ, Σ xⱼ ≤ count, x ∈ {0, 1}, 0 ≤ y ≤ 1 (Church & ReVelle 1974), by
    branch and bound (HiGHS). Demand points that the same candidates reach are one row.

    Args:
        reach: (points, candidates) nonzero where the candidate is within reach.
        people: (points,) whom to cover, 0 or more.
        count: how many candidates, 0 or more.

    >>> reach = csr_array(np.array([[1, 0, 0], [1, 1, 0], [0, 1, 1], [0, 0, 1]]))
    >>> maximal_cover(reach, np.array([5.0, 9.0, 9.0, 4.0]), 2).chosen
    (0, 2)
    """
    reach, people = _merged(reach, people)
    points, candidates = reach.shape
    if not points or count <= 0:
        return Cover((), 0.0, 0.0, "optimal")
    if count == 1:
        return _cover(reach, people, [int(np.argmax(reach.T @ people))], None)
    if count >= candidates:
        return _cover(reach, people, list(range(candidates)), None)
    greedy = _greedy(reach, people, count)
    alone = np.sort(reach.T @ people)[::-1]
    if _covered(reach, people, greedy) >= alone[:count].sum():  # no overlap: nothing can beat it
        return _cover(reach, people, greedy, None)
    limits = vstack([hstack([-reach, eye_array(points)]), _sum_row(candidates, points)]).tocsr()
    upper = np.append(np.zeros(points), count)
    found = milp(
        np.concatenate([np.zeros(candidates), -people]),
        integrality=np.concatenate([np.ones(candidates), np.zeros(points)]),
        bounds=Bounds(0.0, 1.0),
        constraints=LinearConstraint(limits, -np.inf, upper),
        options={"mip_rel_gap": 0.0, "node_limit": NODE_LIMIT},
    )
    if found.status == 0:
        return _cover(reach, people, np.flatnonzero(found.x[:candidates] > 0.5).tolist(), None)
    chosen = greedy if found.x is None else np.flatnonzero(found.x[:candidates] > 0.5).tolist()
    bound = people.sum() if found.mip_dual_bound is None else min(-found.mip_dual_bound, people.sum())
    return _cover(reach, people, chosen, float(bound))


def _sum_row(candidates: int, points: int) -> csr_array:
    return csr_array(np.concatenate([np.ones(candidates), np.zeros(points)])[None, :])


def _merged(reach: csr_array, people: Floats) -> tuple[csr_array, Floats]:
    """Merge points reached by the same candidates; leave out those that nobody reaches or that have no people."""
    reach = csr_array(reach, dtype=float, copy=True)
    reach.eliminate_zeros()
    reach.sort_indices()
    reach.data[:] = 1.0
    kept: dict[bytes, tuple[int, float]] = {}
    for point in np.flatnonzero((np.diff(reach.indptr) > 0) & (people > 0)):
        mine = reach.indices[reach.indptr[point] : reach.indptr[point + 1]].tobytes()
        first, total = kept.get(mine, (int(point), 0.0))
        kept[mine] = (first, total + float(people[point]))
    rows = [first for first, _ in kept.values()]
    return reach[rows], np.array([total for _, total in kept.values()])


def _covered(reach: csr_array, people: Floats, chosen: list[int]) -> float:
    return float(people[reach[:, chosen].sum(axis=1) > 0].sum()) if chosen else 0.0


def _cover(reach: csr_array, people: Floats, chosen: list[int], bound: float | None) -> Cover:
    """Drop, last first, what adds nobody, and say how good the rest is."""
    total = _covered(reach, people, chosen)
    for one in sorted(chosen, reverse=True):
        without = [other for other in chosen if other != one]
        if _covered(reach, people, without) == total:
            chosen = without
    return Cover(
        tuple(sorted(chosen)), total, total if bound is None else bound, "limit" if bound else "optimal"
    )


def _greedy(reach: csr_array, people: Floats, count: int) -> list[int]:
    left, chosen = people.copy(), []
    for _ in range(count):
        best = int(np.argmax(reach.T @ left))
        chosen.append(best)
        left[reach[:, [best]].toarray().ravel() > 0] = 0.0
    return chosen


@dataclass(frozen=True)
class Candidates:
    """Places that could host a facility, and who can walk there.

    Attributes:
        table: ``candidate_id``, ``kind`` (``space`` or ``planned``), ``facility_type`` ("" of a space), ``name``,
            ``status``, ``area_m2``, ``scope``, ``circle_id``, ``committee_id``, ``reachable`` (it has a way in).
        pairs: ``origin`` (demand point), ``target`` (row of the table), ``walk_m`` to the millimetre.
    """

    table: pd.DataFrame
    pairs: pd.DataFrame


def list_candidates(judged: Judged, network: Network, placed: Placed, *, include_planned: bool) -> Candidates:
    """Return the idle spaces, and the planned facilities of judged types, on the walking network.

    With ``include_planned`` planned facilities count as open already and are no candidates.
    """
    inputs = judged.inputs
    spaces, planned = inputs.spaces, _planned(judged, include_planned=include_planned)
    places = pd.concat([_space_rows(spaces), _planned_rows(planned)], ignore_index=True)
    shapes = gpd.GeoDataFrame(places, geometry=[*spaces.geometry, *planned.geometry], crs=inputs.study.crs)
    shapes["site_id"] = [*spaces["space_id"], *planned["site_id"]]
    access = access_facilities(network, shapes, inputs.entrances, max_snap_m=inputs.study.settings.max_snap_m)
    limit_m = float(np.nanmax(judged.grid.threshold_m, initial=0.0))
    pairs = pairs_within(network, placed.demand_access, access, limit_m=limit_m)
    pairs["walk_m"] = pairs["walk_m"].round(DECIMALS)
    points = demand_points(shapes)
    places["circle_id"] = circle_of(points, inputs.circles)
    places["committee_id"], places["scope"] = _committee_of(points, inputs)
    places["reachable"] = np.where(np.isin(np.arange(len(places)), access["item"]), "yes", "no")
    return Candidates(places, pairs)


def _space_rows(spaces: gpd.GeoDataFrame) -> pd.DataFrame:
    rows = pd.DataFrame(spaces[["name", "status", "area_m2"]])
    return rows.assign(candidate_id=spaces["space_id"], kind="space", facility_type="")


def _planned(judged: Judged, *, include_planned: bool) -> gpd.GeoDataFrame:
    facilities = judged.inputs.facilities
    wanted = facilities["status"].isin(UNDER_WAY) & facilities["facility_type"].isin(judged.grid.types)
    return facilities[wanted.to_numpy(dtype=bool) & in_extent(judged.inputs) & (not include_planned)]


def _planned_rows(planned: gpd.GeoDataFrame) -> pd.DataFrame:
    rows = pd.DataFrame(planned[["name", "status", "area_m2", "facility_type"]])
    return rows.assign(candidate_id=planned["facility_id"], kind="planned")


def _committee_of(points: Geometries, inputs: Inputs) -> tuple[list[str], list[str]]:
    """Return each point's committee and whether it is urban or rural there, "" where neither is known."""
    committees = inputs.committees.rename(columns={"committee_id": "circle_id"})
    ids = circle_of(points, committees)
    kinds = dict(zip(inputs.committees["committee_id"], inputs.committees["kind"], strict=True))
    scopes = {"village": "rural", "residential": "urban"}
    return list(ids), [scopes.get(kinds.get(one, ""), "") for one in ids]


def reach_of(candidates: Candidates, judged: Judged, column: int) -> csr_array:
    """Return (demand points, candidates) 1 where the walk is within the threshold of the type."""
    pairs = candidates.pairs
    origin, target = pairs["origin"].to_numpy(), pairs["target"].to_numpy()
    near = pairs["walk_m"].to_numpy() <= judged.grid.threshold_m[origin, column]
    shape = (len(judged.demand), len(candidates.table))
    return csr_array((np.ones(int(near.sum())), (origin[near], target[near])), shape=shape)


def fit_of(spaces: pd.DataFrame, kind: pd.Series) -> list[str]:
    """Return how each space suits a type, a value of ``FITS``, or "" where it cannot host it.

    Args:
        spaces: ``area_m2`` and ``scope`` per space.
        kind: the type's row of the catalogue.
    """
    if kind["facility_type"] in BOUND_TO_PLACE:
        return [""] * len(spaces)
    least_m2 = float(kind["min_area_m2"])
    fits = []
    for area_m2, scope in zip(spaces["area_m2"], spaces["scope"], strict=True):
        if area_m2 < least_m2:
            fits.append("")
        elif scope and kind["scope"] not in ("both", scope):
            fits.append("other_scope")
        elif kind["min_area_is_land"] == "yes":
            fits.append("land")
        elif np.isnan(least_m2):
            fits.append("no_minimum")
        else:
            fits.append("area_unknown" if np.isnan(area_m2) else "fits")
    return fits


def space_options(judged: Judged, candidates: Candidates) -> pd.DataFrame:
    """Return the ``space_options`` table: one row per idle space and type that it could host.

    ``people_newly_served`` are not met today and within the threshold on foot from the space;
    ``people_unknown_served`` cannot be judged today and would be served for certain; ``people_within`` are all of
    the group in reach; ``gap_share`` = newly served / not met. ``rank`` is within the type, ``rank_in_space``
    within the space; sure fits come before doubtful ones of equal people.
    """
    spaces = candidates.table[candidates.table["kind"] == "space"]
    parts = [_options_of_type(judged, candidates, spaces, column) for column in range(len(judged.types))]
    if not sum(len(part["space"]) for part in parts):
        return pd.DataFrame(columns=OPTION_COLUMNS)
    columns = {name: np.concatenate([part[name] for part in parts]) for name in parts[0]}
    chosen = spaces.iloc[columns.pop("space")].reset_index(drop=True)
    types = judged.types.iloc[columns.pop("type")].reset_index(drop=True)
    table = chosen.drop(columns="facility_type").assign(**columns)
    table = table.rename(columns={"candidate_id": "space_id", "name": "space_name", "scope": "space_scope"})
    for name in (*_TYPE_COLUMNS, "min_area_m2", "min_area_confidence"):
        table[name] = types[name]
    table["people_basis"] = table["facility_type"].map(judged.basis)
    best_first = np.lexsort((_fit_order(columns["fit"]), -columns["people_newly_served"]))
    by_space = table["space_id"].iloc[best_first]
    table["rank_in_space"] = by_space.groupby(by_space, sort=False).cumcount() + 1
    return table[OPTION_COLUMNS]


_TYPE_COLUMNS = ("facility_type", "suitability", "class", "must_have", "threshold_confidence")


def _fit_order(fits: NDArray[np.object_]) -> Ints:
    return np.array([FITS.index(fit) for fit in fits], dtype=np.int64)


def _options_of_type(
    judged: Judged, candidates: Candidates, spaces: pd.DataFrame, column: int
) -> dict[str, NDArray[Any]]:
    """Return columns of one type's options in their ranks; ``space`` and ``type`` are positions."""
    grid, people = judged.grid, judged.people[:, column]
    fits = np.array(fit_of(spaces, judged.types.iloc[column]), dtype=object)
    kept = np.flatnonzero(fits != "")
    within = reach_of(candidates, judged, column).T[kept]
    newly = within @ (people * grid.not_met[:, column])
    order = np.lexsort((_fit_order(fits[kept]), -newly))
    whole = float((people * grid.not_met[:, column]).sum())
    return {
        "space": kept[order],
        "type": np.full(len(kept), column),
        "rank": np.arange(1, len(kept) + 1),
        "fit": fits[kept][order],
        "people_newly_served": newly[order],
        "people_unknown_served": (within @ (people * grid.unknown[:, column]))[order],
        "people_within": (within @ (people * grid.judged[:, column]))[order],
        "gap_share": share(newly[order], np.array(whole)),
    }


def best_spaces(judged: Judged, candidates: Candidates, *, most: int = MOST_SPACES) -> pd.DataFrame:
    """Return the ``best_spaces`` table: for each type the best choice of 1, 2, … idle spaces.

    Candidates are the spaces whose ``fit`` is one of ``CHOOSABLE``. Rows end where a further space would add
    nobody. ``result``: ``optimal`` (proven), ``limit`` (see ``optimality_gap_share``), ``nobody_lacks_it``,
    ``no_space_fits``, ``nobody_in_reach``.
    """
    rows = []
    for column in range(len(judged.types)):
        kind = judged.types.iloc[column]
        spaces = candidates.table[candidates.table["kind"] == "space"]
        fits = np.flatnonzero(np.isin(fit_of(spaces, kind), CHOOSABLE))
        people = judged.people[:, column] * judged.grid.not_met[:, column]
        reach = reach_of(candidates, judged, column)[:, fits]
        rows += [
            _facts(judged, column, people) | row for row in _best_rows(reach, people, spaces, fits, most)
        ]
    return pd.DataFrame(rows, columns=BEST_COLUMNS)


def _facts(judged: Judged, column: int, people: Floats) -> dict[str, object]:
    kind = judged.types.iloc[column]
    return {name: kind[name] for name in _TYPE_COLUMNS} | {
        "people_basis": judged.basis[kind["facility_type"]],
        "people_not_met": float(people.sum()),
    }


def _best_rows(
    reach: csr_array, people: Floats, spaces: pd.DataFrame, fits: Ints, most: int
) -> list[dict[str, object]]:
    coverable = float(people[reach.sum(axis=1) > 0].sum()) if len(fits) else 0.0
    facts: dict[str, object] = {"candidates": len(fits), "people_coverable": coverable}
    whole = float(people.sum())
    if whole <= 0 or coverable <= 0:
        reason = "nobody_lacks_it" if whole <= 0 else "nobody_in_reach" if len(fits) else "no_space_fits"
        nothing = {
            "spaces": 0,
            "space_ids": "",
            "space_names": "",
            "people_newly_served": 0.0,
            "result": reason,
        }
        return [
            facts | nothing | {"gap_share": np.nan if whole <= 0 else 0.0, "optimality_gap_share": np.nan}
        ]
    rows = []
    reach, people = _merged(reach, people)
    for count in range(1, most + 1):
        cover = maximal_cover(reach, people, count)
        if len(cover.chosen) < count:
            break
        chosen = spaces.iloc[fits[list(cover.chosen)]]
        rows.append(
            facts
            | {
                "spaces": count,
                "space_ids": ";".join(chosen["candidate_id"]),
                "space_names": ";".join(chosen["name"]),
                "people_newly_served": cover.people,
                "gap_share": cover.people / whole,
                "result": cover.status,
                "optimality_gap_share": cover.gap_share,
            }
        )
    return rows


def planned_places(judged: Judged, candidates: Candidates) -> pd.DataFrame:
    """Return the ``planned_places`` table: are the planned places of a type the best, and which is next?

    For each type with planned facilities: the people whom these newly serve, beside the best choice of as many
    among all spaces that could host the type and the planned places themselves; then the candidate that adds
    most once the planned ones stand, the people left, and the committee where most of them live. ``is_best``:
    ``yes``, ``no``, ``unproven`` (the search was cut off), ``no_alternative`` (no space could host the type).

    Args:
        judged: verdicts with today's facilities.
        candidates: from ``list_candidates``.
    """
    table = candidates.table
    rows = []
    for column, name in enumerate(judged.grid.types):
        planned = np.flatnonzero((table["kind"] == "planned") & (table["facility_type"] == name))
        if not len(planned):
            continue
        kind = judged.types.iloc[column]
        is_space = (table["kind"] == "space").to_numpy()
        fits = np.flatnonzero(is_space)[np.isin(fit_of(table[is_space], kind), CHOOSABLE)]
        people = judged.people[:, column] * judged.grid.not_met[:, column]
        reach = reach_of(candidates, judged, column)
        rows.append(
            _facts(judged, column, people) | _planned_row(judged, table, reach, people, planned, fits)
        )
    return pd.DataFrame(rows, columns=PLANNED_COLUMNS)


def _planned_row(
    judged: Judged, table: pd.DataFrame, reach: csr_array, people: Floats, planned: Ints, fits: Ints
) -> dict[str, object]:
    # Planned places come first: of equally good choices theirs is taken.
    pool = np.concatenate([planned, fits])
    best = maximal_cover(reach[:, pool], people, len(planned))
    served: Flags = reach[:, planned].sum(axis=1) > 0
    newly = float(people[served].sum())
    is_best = newly >= best.people
    chosen = table.iloc[planned if is_best else pool[list(best.chosen)]]
    left = np.where(served, 0.0, people)
    ids = judged.demand["committee_id"].to_numpy(dtype=object)
    by_committee = pd.Series(left[ids != ""]).groupby(ids[ids != ""]).sum()
    worst = "" if by_committee.empty or by_committee.max() <= 0 else str(by_committee.idxmax())
    return {
        "planned": len(planned),
        "planned_ids": ";".join(table["candidate_id"].iloc[planned]),
        "planned_names": ";".join(table["name"].iloc[planned]),
        "candidates": len(pool),
        "people_newly_served": newly,
        "best_ids": ";".join(chosen["candidate_id"]),
        "best_names": ";".join(chosen["name"]),
        "best_people_newly_served": max(best.people, newly),
        "is_best": _is_best(best, is_best=is_best, has_alternative=len(fits) > 0),
        "share_of_best": newly / best.people if best.people > 0 else np.nan,
        "result": best.status if people.sum() > 0 else "nobody_lacks_it",
        "optimality_gap_share": best.gap_share,
        **_next(table, reach[:, fits].T @ left, fits),
        "people_left": float(left.sum()),
        "worst_committee_id": worst,
        "worst_committee_people_left": float(by_committee.max()) if worst else 0.0,
    }


def _is_best(best: Cover, *, is_best: bool, has_alternative: bool) -> str:
    if not has_alternative:
        return "no_alternative"
    if not is_best:
        return "no"
    return "yes" if best.status == "optimal" else "unproven"


def _next(table: pd.DataFrame, gain: Floats, fits: Ints) -> dict[str, object]:
    if not len(fits) or gain.max() <= 0:
        return {"next_id": "", "next_name": "", "next_committee_id": "", "next_people_newly_served": 0.0}
    one = table.iloc[fits[int(np.argmax(gain))]]
    return {
        "next_id": one["candidate_id"],
        "next_name": one["name"],
        "next_committee_id": one["committee_id"],
        "next_people_newly_served": float(gain.max()),
    }
