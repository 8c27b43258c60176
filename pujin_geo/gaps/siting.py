"""Where a new facility would serve most: idle spaces against gaps, and the best choice of several.

A space is weighed by the people newly served on foot: those who are not met today and whose walk to it is
within the threshold of the type. The best choice of n spaces is a maximal covering (see ``covering``).
"""

from collections.abc import Mapping
from dataclasses import dataclass
from functools import cached_property
from typing import Any

import geopandas as gpd
import numpy as np
import pandas as pd
from numpy.typing import NDArray

from ..circles.describe import circle_of
from ..coverage.rates.grid import Flags, Judged
from ..coverage.sums import share
from ..inputs import Inputs
from ..reuse import kept
from ..tables import lookup
from ..walking.access import Geometries, access_facilities
from ..walking.network import Floats, Ints, Network
from ..walking.pairs import DECIMALS, pairs_within
from ..walking.verdicts import Placed, demand_points, has_status, open_facilities
from .covering import Cover, growing_covers

MOST_SPACES = 5
"""Best choices are worked out for 1 to this many spaces of one type."""

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
class Candidates:
    """Places that could host a facility, and who can walk there.

    Attributes:
        table: ``candidate_id``, ``kind`` (``space`` or ``planned``), ``facility_type`` ("" of a space), ``name``,
            ``status``, ``area_m2``, ``scope``, ``circle_id``, ``committee_id``, ``reachable`` (it has a way in).
        origin, target, walk_m: every demand point and row of the table with a walk between them that could count,
            to the millimetre; ordered.
        fits: (types, candidates) how each space suits each judged type, as position in ``FITS``; -1 where it
            cannot host it, and for planned places.
    """

    table: pd.DataFrame
    origin: Ints
    target: Ints
    walk_m: Floats
    fits: Ints

    @cached_property
    def ids(self) -> NDArray[np.object_]:
        """(candidates,) their ids."""
        ids: NDArray[np.object_] = self.table["candidate_id"].to_numpy(dtype=object)
        return ids

    @cached_property
    def names(self) -> NDArray[np.object_]:
        """(candidates,) their names, "" where they have none."""
        names: NDArray[np.object_] = self.table["name"].to_numpy(dtype=object)
        return names

    @cached_property
    def types(self) -> NDArray[np.object_]:
        """(candidates,) the type that is planned there, "" of a space."""
        types: NDArray[np.object_] = self.table["facility_type"].to_numpy(dtype=object)
        return types

    @cached_property
    def choosable(self) -> Flags:
        """(types, candidates) whether the space could be chosen for the type."""
        could: Flags = (self.fits >= 0) & (self.fits < len(CHOOSABLE))
        return could

    def planned(self, facility_type: str) -> Ints:
        """Return the rows of the places planned for a type."""
        return np.flatnonzero(self.types == facility_type)


def list_candidates(
    judged: Judged, network: Network, placed: Placed, ways: pd.DataFrame, *, include_planned: bool
) -> Candidates:
    """Return the idle spaces, and the planned facilities of judged types, on the walking network.

    With ``include_planned`` planned facilities count as open already and are no candidates.
    """
    inputs = judged.inputs
    is_planned = _is_planned(judged) & (not include_planned)
    spaces, (planned, planned_access) = inputs.spaces, open_facilities(inputs, ways, is_planned)
    places = pd.concat([_space_rows(spaces), _planned_rows(planned)], ignore_index=True)
    entrances = inputs.entrances[["site_id", "geometry"]]
    limits = {
        "limit_m": float(np.nanmax(judged.grid.threshold_m, initial=0.0)),
        "max_snap_m": inputs.study.settings.max_snap_m,
    }
    sites = spaces[["space_id", "geometry"]].rename(columns={"space_id": "site_id"})
    walks = _site_walks(network, placed.demand_access, sites, entrances, **limits)
    beyond = pairs_within(network, placed.demand_access, planned_access, limit_m=limits["limit_m"])
    origin = np.concatenate([walks.origin, beyond["origin"].to_numpy()])
    target = np.concatenate([walks.target, beyond["target"].to_numpy() + len(spaces)])
    walk_m = np.round(np.concatenate([walks.walk_m, beyond["walk_m"].to_numpy()]), DECIMALS)
    order = np.lexsort((target, origin))
    points = np.concatenate([demand_points(spaces), demand_points(planned)])
    places["circle_id"] = circle_of(points, inputs.circles)
    places["committee_id"], places["scope"] = _committee_of(points, inputs)
    reached = np.concatenate([walks.reachable, np.unique(planned_access["item"]) + len(spaces)])
    places["reachable"] = np.where(np.isin(np.arange(len(places)), reached), "yes", "no")
    fits = np.full((len(judged.types), len(places)), -1, dtype=np.int64)
    area_m2, scope = places["area_m2"].to_numpy(dtype=float), places["scope"].to_numpy(dtype=object)
    for row, kind in enumerate(judged.kinds):
        fits[row] = _fits(area_m2, scope, kind)
    fits[:, len(spaces) :] = -1
    return Candidates(places, origin[order], target[order], walk_m[order], fits)


@dataclass(frozen=True)
class _Walks:
    """Walks between demand points and sites, and the sites that have a way in."""

    origin: Ints
    target: Ints
    walk_m: Floats
    reachable: Ints


@kept
def _site_walks(
    network: Network,
    demand_access: pd.DataFrame,
    sites: gpd.GeoDataFrame,
    entrances: gpd.GeoDataFrame,
    *,
    limit_m: float,
    max_snap_m: float,
) -> _Walks:
    access = access_facilities(network, sites, entrances, max_snap_m=max_snap_m)
    pairs = pairs_within(network, demand_access, access, limit_m=limit_m)
    origin, target, walk_m = (pairs[name].to_numpy() for name in ("origin", "target", "walk_m"))
    return _Walks(origin, target, walk_m, np.unique(access["item"]))


def _space_rows(spaces: gpd.GeoDataFrame) -> pd.DataFrame:
    rows = pd.DataFrame(spaces[["name", "status", "area_m2"]])
    return rows.assign(candidate_id=spaces["space_id"], kind="space", facility_type="")


def _is_planned(judged: Judged) -> Flags:
    is_judged = judged.inputs.facilities["facility_type"].isin(judged.grid.types).to_numpy(dtype=bool)
    planned: Flags = has_status(judged.inputs, list(UNDER_WAY)) & is_judged
    return planned


def _planned_rows(planned: gpd.GeoDataFrame) -> pd.DataFrame:
    rows = pd.DataFrame(planned[["name", "status", "area_m2", "facility_type"]])
    return rows.assign(candidate_id=planned["facility_id"], kind="planned")


def _committee_of(points: Geometries, inputs: Inputs) -> tuple[list[str], list[str]]:
    """Return each point's committee and whether it is urban or rural there, "" where neither is known."""
    committees = inputs.committees.rename(columns={"committee_id": "circle_id"})
    ids = circle_of(points, committees)
    kinds = lookup(inputs.committees, "committee_id", "kind")
    scopes = {"village": "rural", "residential": "urban"}
    return list(ids), [scopes.get(kinds.get(one, ""), "") for one in ids]


def reach_of(candidates: Candidates, judged: Judged, column: int) -> tuple[Ints, Ints]:
    """Return demand points and the candidates within the threshold of a type from there, ordered."""
    near = candidates.walk_m <= judged.grid.threshold_m[candidates.origin, column]
    return candidates.origin[near], candidates.target[near]


def fit_of(spaces: pd.DataFrame, kind: pd.Series) -> list[str]:
    """Return how each space suits a type, a value of ``FITS``, or "" where it cannot host it.

    Args:
        spaces: ``area_m2`` and ``scope`` per space.
        kind: the type's row of the catalogue.
    """
    area_m2, scope = spaces["area_m2"].to_numpy(dtype=float), spaces["scope"].to_numpy(dtype=object)
    return [(*FITS, "")[code] for code in _fits(area_m2, scope, kind.to_dict())]


def _fits(area_m2: Floats, scope: NDArray[np.object_], kind: Mapping[Any, Any]) -> Ints:
    """Return positions in ``FITS``, -1 where the type cannot be hosted."""
    if kind["facility_type"] in BOUND_TO_PLACE:
        return np.full(len(area_m2), -1)
    least_m2 = float(kind["min_area_m2"])
    sure = FITS.index("no_minimum" if np.isnan(least_m2) else "fits")
    unsure = FITS.index("no_minimum" if np.isnan(least_m2) else "area_unknown")
    if kind["min_area_is_land"] == "yes":
        sure = unsure = FITS.index("land")
    other = (scope != "") & (scope != kind["scope"]) & (kind["scope"] != "both")
    return np.select(
        [area_m2 < least_m2, other, np.isnan(area_m2)], [-1, FITS.index("other_scope"), unsure], default=sure
    )


def space_options(judged: Judged, candidates: Candidates) -> pd.DataFrame:
    """Return the ``space_options`` table: one row per idle space and type that it could host.

    ``people_newly_served`` are not met today and within the threshold on foot from the space;
    ``people_unknown_served`` cannot be judged today and would be served for certain; ``people_within`` are all of
    the group in reach; ``gap_share`` = newly served / not met. ``rank`` is within the type, ``rank_in_space``
    within the space; sure fits come before doubtful ones of equal people.
    """
    parts = [_options_of_type(judged, candidates, column) for column in range(len(judged.types))]
    if not sum(len(part["space"]) for part in parts):
        return pd.DataFrame(columns=OPTION_COLUMNS)
    columns = {name: np.concatenate([part[name] for part in parts]) for name in parts[0]}
    chosen = candidates.table.iloc[columns.pop("space")].reset_index(drop=True)
    types = judged.types.iloc[columns.pop("type")].reset_index(drop=True)
    fits = columns["fit"]
    columns["fit"] = np.array(FITS, dtype=object)[fits]
    table = chosen.drop(columns="facility_type").assign(**columns)
    table = table.rename(columns={"candidate_id": "space_id", "name": "space_name", "scope": "space_scope"})
    for name in (*_TYPE_COLUMNS, "min_area_m2", "min_area_confidence"):
        table[name] = types[name]
    table["people_basis"] = table["facility_type"].map(judged.basis)
    best_first = np.lexsort((fits, -columns["people_newly_served"]))
    by_space = table["space_id"].iloc[best_first]
    table["rank_in_space"] = by_space.groupby(by_space, sort=False).cumcount() + 1
    return table[OPTION_COLUMNS]


_TYPE_COLUMNS = ("facility_type", "suitability", "class", "must_have", "threshold_confidence")


def _options_of_type(judged: Judged, candidates: Candidates, column: int) -> dict[str, NDArray[Any]]:
    """Return columns of one type's options in their ranks; ``space``, ``type`` and ``fit`` are positions."""
    grid, people = judged.grid, judged.people[:, column]
    kept = np.flatnonzero(candidates.fits[column] >= 0)
    fit = candidates.fits[column][kept]
    origin, target = reach_of(candidates, judged, column)

    def within(flags: Flags) -> Floats:
        weights = (people * flags[:, column])[origin]
        sums = np.bincount(target, weights=weights, minlength=len(candidates.table)).astype(float)
        of_spaces: Floats = sums[kept]
        return of_spaces

    newly = within(grid.not_met)
    order = np.lexsort((fit, -newly))
    whole = float((people * grid.not_met[:, column]).sum())
    return {
        "space": kept[order],
        "type": np.full(len(kept), column),
        "rank": np.arange(1, len(kept) + 1),
        "fit": fit[order],
        "people_newly_served": newly[order],
        "people_unknown_served": within(grid.unknown)[order],
        "people_within": within(grid.judged)[order],
        "gap_share": share(newly[order], np.array(whole)),
    }


def best_spaces(judged: Judged, candidates: Candidates, *, most: int = MOST_SPACES) -> pd.DataFrame:
    """Return the ``best_spaces`` table: for each type the best choice of 1, 2, … idle spaces.

    Candidates are the spaces whose ``fit`` is one of ``CHOOSABLE``. Rows end where a further space would add
    nobody. ``result``: ``optimal`` (proven), ``limit`` (see ``optimality_gap_share``), ``nobody_lacks_it``,
    ``no_space_fits``, ``nobody_in_reach``.
    """
    rows = []
    for column, kind in enumerate(judged.kinds):
        pool = np.flatnonzero(candidates.choosable[column])
        people = judged.people[:, column] * judged.grid.not_met[:, column]
        reach = _into(pool, reach_of(candidates, judged, column))
        facts = _facts(judged, kind, people)
        rows += [facts | row for row in _best_rows(reach, people, candidates, pool, most)]
    return pd.DataFrame(rows, columns=BEST_COLUMNS)


def _facts(judged: Judged, kind: Mapping[Any, Any], people: Floats) -> dict[str, object]:
    return {name: kind[name] for name in _TYPE_COLUMNS} | {
        "people_basis": judged.basis[kind["facility_type"]],
        "people_not_met": float(people.sum()),
    }


def _into(pool: Ints, reach: tuple[Ints, Ints]) -> tuple[Ints, Ints]:
    """Return the pairs whose candidate is in the pool, candidates numbered as there."""
    origin, target = reach
    number = np.full(max(int(target.max(initial=-1)), int(pool.max(initial=-1))) + 1, -1, dtype=np.int64)
    number[pool] = np.arange(len(pool))
    mine = number[target] >= 0
    return origin[mine], number[target[mine]]


def _best_rows(
    reach: tuple[Ints, Ints], people: Floats, candidates: Candidates, pool: Ints, most: int
) -> list[dict[str, object]]:
    is_reached = np.zeros(len(people), dtype=bool)
    is_reached[reach[0]] = True
    coverable, whole = float(people[is_reached].sum()), float(people.sum())
    facts: dict[str, object] = {"candidates": len(pool), "people_coverable": coverable}
    if whole <= 0 or coverable <= 0:
        reason = "nobody_lacks_it" if whole <= 0 else "nobody_in_reach" if len(pool) else "no_space_fits"
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
    covers = growing_covers(*reach, people, candidates=len(pool), counts=tuple(range(1, most + 1)))
    rows = []
    for count, cover in enumerate(covers, start=1):
        if len(cover.chosen) < count:
            break
        chosen = pool[list(cover.chosen)]
        rows.append(
            facts
            | {
                "spaces": count,
                "space_ids": ";".join(candidates.ids[chosen]),
                "space_names": ";".join(candidates.names[chosen]),
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
    rows = []
    ids = judged.demand["committee_id"]
    committees = pd.factorize(ids.mask(ids == ""), sort=True)
    for column, kind in enumerate(judged.kinds):
        planned = candidates.planned(kind["facility_type"])
        if not len(planned):
            continue
        people = judged.people[:, column] * judged.grid.not_met[:, column]
        facts = _facts(judged, kind, people)
        rows.append(facts | _planned_row(judged, candidates, column, people, planned, committees))
    return pd.DataFrame(rows, columns=PLANNED_COLUMNS)


def _planned_row(
    judged: Judged,
    candidates: Candidates,
    column: int,
    people: Floats,
    planned: Ints,
    committees: tuple[Ints, pd.Index],
) -> dict[str, object]:
    table, fits = candidates.table, np.flatnonzero(candidates.choosable[column])
    origin, target = reach_of(candidates, judged, column)
    # Planned places come first: of equally good choices theirs is taken.
    pool = np.concatenate([planned, fits])
    (best,) = growing_covers(
        *_into(pool, (origin, target)), people, candidates=len(pool), counts=(len(planned),)
    )
    served: Flags = np.zeros(len(people), dtype=bool)
    served[origin[np.isin(target, planned)]] = True
    newly = float(people[served].sum())
    is_best = newly >= best.people
    left = np.where(served, 0.0, people)
    gain = np.bincount(target, weights=left[origin], minlength=len(table)).astype(float)[fits]
    chosen = planned if is_best else pool[list(best.chosen)]
    return {
        "planned": len(planned),
        "planned_ids": ";".join(candidates.ids[planned]),
        "planned_names": ";".join(candidates.names[planned]),
        "candidates": len(pool),
        "people_newly_served": newly,
        "best_ids": ";".join(candidates.ids[chosen]),
        "best_names": ";".join(candidates.names[chosen]),
        "best_people_newly_served": max(best.people, newly),
        "is_best": _is_best(best, is_best=is_best, has_alternative=len(fits) > 0),
        "share_of_best": newly / best.people if best.people > 0 else np.nan,
        "result": best.status if people.sum() > 0 else "nobody_lacks_it",
        "optimality_gap_share": best.gap_share,
        **_next(table, gain, fits),
        "people_left": float(left.sum()),
        **_worst(left, *committees),
    }


def _worst(left: Floats, code: Ints, names: pd.Index) -> dict[str, object]:
    """Return the committee where most of the people left live, given each demand point's, -1 for none."""
    sums = pd.Series(left[code >= 0]).groupby(code[code >= 0]).sum()
    worst = -1 if sums.empty or sums.max() <= 0 else sums.idxmax()
    return {
        "worst_committee_id": "" if worst < 0 else str(names[worst]),
        "worst_committee_people_left": 0.0 if worst < 0 else float(sums.max()),
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
