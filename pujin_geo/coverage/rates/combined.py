"""Figures over several types, each with its rule: never an unexplained mean.

``every`` asks whether a resident reaches every type of a family that applies to the place; the mean over
types is shown beside it and is always larger. ``any_15min`` follows the city's target (health, elder care,
culture, sport within a fifteen-minute walk): at least one facility of the family within 1,000 m.
"""

from dataclasses import dataclass
from typing import Any

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from ...catalogue import is_uncertain, suitability_names
from ...tables import lookup
from ...walking.network import Floats
from ...walking.verdicts import people_of_group
from ..sums import share
from .grid import PLACE_COLUMNS, Flags, Grid, Judged, Places

TARGET_SHARE = 0.85
"""Share of urban residents within fifteen minutes that the city aimed at by 2025, for each target family."""

TARGET_WALK_M = 1000.0
"""A walk of fifteen minutes, as for the fifteen-minute level of the catalogue; uncertain (U)."""

TARGET_FAMILIES: dict[str, tuple[str, ...]] = {
    "health": ("health_centre", "health_station"),
    "elder_care": (
        "elder_hub",
        "day_care",
        "nursing_home",
        "care_home_small",
        "meal_point",
        "elder_room",
    ),
    "culture": ("culture_centre", "culture_room", "library"),
    "sport": ("fitness_centre", "court", "fitness_point"),
}
"""Family of the city's target → facility types; which types belong is this catalogue's reading (U)."""

TARGETS = "targets"
"""All four target families at once."""

COMBINED_COLUMNS = [
    *PLACE_COLUMNS, "family", "rule", "types", "type_ids", "types_not_judged", "types_uncertain", "remark",
    "people_basis", "people", "people_reach", "people_not_reach", "people_unknown", "reach_share",
    "reach_share_if_unknown_met", "mean_share", "mean_share_if_unknown_met", "types_in_mean", "mean_types_reached",
    "mean_types_applying", "target_share", "target_verdict",
]  # fmt: skip

REACHED_COLUMNS = [
    "demand_id", "name", "circle_id", "committee_id", "scope", "population", "basic_types", "basic_reached",
    "basic_not_reached", "basic_unknown", "types_not_reached", "types_unknown",
]  # fmt: skip


_Part = dict[str, Any]
"""Column → what it holds for one family: a value per place, or one for all places."""


@dataclass(frozen=True)
class _Outcome:
    """Whether the people of each demand point reach what is asked; none of the three where nothing applies."""

    reach: Flags
    fail: Flags
    unknown: Flags


def combine(judged: Judged, fifteen: Grid) -> pd.DataFrame:
    """Return the ``combined`` table: one row per place and family of types.

    Families: ``basic`` (class basic), ``must_have``, the five suitabilities (rule ``every``), the four target
    families (rule ``any_15min``) and ``targets`` (all four at once). A family without any judged type has no
    share and the remark ``no_type_judged``.

    Args:
        judged: from ``rates.grid.assemble``.
        fifteen: verdicts of the target families' types at ``TARGET_WALK_M``, from ``fifteen_minute_types``.
    """
    parts = [_every(judged, name, ids) for name, ids in _families(judged).items()]
    outcomes = {name: _any(fifteen, ids) for name, ids in TARGET_FAMILIES.items()}
    for name, ids in TARGET_FAMILIES.items():
        parts.append(_target(judged, name, ids, outcomes[name]))
    every_target = [t for ids in TARGET_FAMILIES.values() for t in ids]
    together = None if None in outcomes.values() else _all_of([o for o in outcomes.values() if o is not None])
    parts.append(_target(judged, TARGETS, tuple(every_target), together))
    places = judged.places.table
    table = places.loc[places.index.repeat(len(parts))].reset_index(drop=True)
    columns = COMBINED_COLUMNS[len(PLACE_COLUMNS) :]
    return table.assign(
        **{name: _interleaved([part[name] for part in parts], len(places)) for name in columns}
    )


def _interleaved(values: list[Any], places: int) -> NDArray[Any]:
    """Return one value per place and part, parts in the inner order; a plain value is that of every place."""
    columns = [np.broadcast_to(np.asarray(one, dtype=_dtype(one)), places) for one in values]
    return np.stack(columns, axis=1).ravel()


def _dtype(value: Any) -> type | None:
    return object if isinstance(value, str) else None


def fifteen_minute_types(types: pd.DataFrame) -> pd.DataFrame:
    """Return the target families' rows of the judged types, with a fifteen-minute walk for everybody.

    >>> types = pd.DataFrame({"facility_type": ["court", "metro"], "scope": "urban", "threshold_urban_m": 500.0,
    ...     "threshold_rural_m": np.nan})
    >>> fifteen_minute_types(types).values.tolist()
    [['court', 'both', 1000.0, 1000.0]]
    """
    wanted = {name for ids in TARGET_FAMILIES.values() for name in ids}
    chosen = types[types["facility_type"].isin(wanted)].reset_index(drop=True)
    return chosen.assign(scope="both", threshold_urban_m=TARGET_WALK_M, threshold_rural_m=TARGET_WALK_M)


def reached(judged: Judged) -> pd.DataFrame:
    """Return the ``reached`` table: how many basic types the residents of each demand point reach.

    ``basic_types`` = reached + not reached + unknown are the judged basic types that apply there.
    """
    grid = judged.grid.columns(_judged_of(judged, _basic(judged.types)))
    names = np.array(grid.types, dtype=object)
    counts = {
        "basic_types": grid.judged,
        "basic_reached": grid.met,
        "basic_not_reached": grid.not_met,
        "basic_unknown": grid.unknown,
    }
    columns = ["demand_id", "name", "circle_id", "committee_id", "scope", "population"]
    table = pd.DataFrame(judged.demand[columns])
    table = table.assign(**{name: flags.sum(axis=1) for name, flags in counts.items()})
    table["types_not_reached"] = [";".join(names[row]) for row in grid.not_met]
    table["types_unknown"] = [";".join(names[row]) for row in grid.unknown]
    return table[REACHED_COLUMNS]


def _families(judged: Judged) -> dict[str, list[str]]:
    ids, classes, must_have, suitability = (
        judged.inputs.catalogue[name].to_numpy(dtype=object)
        for name in ("facility_type", "class", "must_have", "suitability")
    )
    chosen = {"basic": classes == "basic", "must_have": must_have == "yes"}
    chosen |= {name: suitability == name for name in suitability_names}
    return {name: ids[flags].tolist() for name, flags in chosen.items()}


def _basic(types: pd.DataFrame) -> pd.Series:
    is_basic: pd.Series = types["class"] == "basic"
    return is_basic


def _judged_of(judged: Judged, flags: pd.Series) -> list[str]:
    ids: list[str] = judged.types.loc[flags, "facility_type"].tolist()
    return ids


def _every(judged: Judged, family: str, ids: list[str]) -> _Part:
    known = [name for name in judged.grid.types if name in ids]
    grid = judged.grid.columns(known)
    applies, fails, doubtful = _anywhere(grid.judged), _anywhere(grid.not_met), _anywhere(grid.unknown)
    outcome = _Outcome(applies & ~fails & ~doubtful, fails, doubtful & ~fails)
    return (
        _facts(judged, family, "every", known, ids)
        | _people(judged.places, outcome if known else None, judged.population)
        | {"people_basis": "all"}
        | _means(judged, grid)
    )


def _means(judged: Judged, grid: Grid) -> dict[str, Floats]:
    """Return the mean over types of the share of the group served, and the mean number of types per resident."""
    places = judged.places
    served = judged.people[:, [judged.grid.types.index(name) for name in grid.types]]
    whole = places.total(served * grid.judged)
    met, unknown = places.total(served * grid.met), places.total(served * grid.unknown)
    counted = whole > 0
    number = counted.sum(axis=1).astype(float)
    residents = places.total(judged.population * grid.judged.any(axis=1))
    return {
        "mean_share": share(np.where(counted, share(met, whole), 0.0).sum(axis=1), number),
        "mean_share_if_unknown_met": share(
            np.where(counted, share(met + unknown, whole), 0.0).sum(axis=1), number
        ),
        "types_in_mean": number,
        "mean_types_reached": share(places.total(judged.population * grid.met.sum(axis=1)), residents),
        "mean_types_applying": share(places.total(judged.population * grid.judged.sum(axis=1)), residents),
    }


def _any(fifteen: Grid, ids: tuple[str, ...]) -> _Outcome | None:
    known = [name for name in fifteen.types if name in ids]
    if not known:
        return None
    grid = fifteen.columns(known)
    reach, doubtful = _anywhere(grid.met), _anywhere(grid.unknown)
    return _Outcome(reach, ~reach & ~doubtful, doubtful & ~reach)


def _anywhere(flags: Flags) -> Flags:
    """Return which points have a type of the family."""
    some: Flags = np.any(flags, axis=1)
    return some


def _all_of(outcomes: list[_Outcome]) -> _Outcome:
    fail: Flags = np.logical_or.reduce([o.fail for o in outcomes])
    unknown = np.logical_or.reduce([o.unknown for o in outcomes]) & ~fail
    return _Outcome(~fail & ~unknown, fail, unknown)


def _target(judged: Judged, family: str, ids: tuple[str, ...], outcome: _Outcome | None) -> _Part:
    known = [name for name in judged.grid.types if name in ids]
    people, basis = people_of_group(judged.demand, "60+" if family == "elder_care" else "all")
    part = _facts(judged, family, "any_15min" if family != TARGETS else "each_15min", known, list(ids))
    part |= _people(judged.places, outcome, people)
    is_urban = judged.places.table["place_kind"].to_numpy(dtype=object) == "urban"
    return part | {
        # The walk of fifteen minutes is itself a reading of the target, whatever the types' own thresholds.
        "types_uncertain": len(known),
        "people_basis": basis,
        "target_share": np.where(is_urban, TARGET_SHARE, np.nan),
        "target_verdict": np.where(is_urban, _against_target(part, TARGET_SHARE), "").astype(object),
    }


def _against_target(part: _Part, target: float) -> NDArray[np.object_]:
    least = np.broadcast_to(part["reach_share"], np.shape(part["reach_share_if_unknown_met"]))
    verdict: NDArray[np.object_] = np.select(
        [np.isnan(least), part["reach_share_if_unknown_met"] < target, least >= target],
        ["", "not_met", "met"],
        default="unknown",
    ).astype(object)
    return verdict


def _facts(judged: Judged, family: str, rule: str, known: list[str], ids: list[str]) -> _Part:
    marks = lookup(judged.types, "facility_type", "threshold_confidence")
    blank = ("mean_share", "mean_share_if_unknown_met", "types_in_mean", "mean_types_reached")
    return {
        "family": family,
        "rule": rule,
        "types": len(known),
        "type_ids": ";".join(known),
        "types_not_judged": ";".join(name for name in ids if name not in known),
        "types_uncertain": sum(is_uncertain(marks[name]) for name in known),
        **dict.fromkeys((*blank, "mean_types_applying", "target_share"), np.nan),
        "target_verdict": "",
    }


def _people(places: Places, outcome: _Outcome | None, people: Floats) -> _Part:
    if outcome is None:
        blank = [name for name in COMBINED_COLUMNS if name.startswith(("people", "reach_"))]
        return {**dict.fromkeys(blank, np.nan), "remark": "no_type_judged"}
    flags = (outcome.reach, outcome.fail, outcome.unknown)
    reach, fail, unknown = places.total(people[:, None] * np.stack(flags, axis=1)).T
    whole = places.total(people * np.logical_or.reduce(flags))
    return {
        "people": whole,
        "people_reach": reach,
        "people_not_reach": fail,
        "people_unknown": unknown,
        "reach_share": share(reach, whole),
        "reach_share_if_unknown_met": share(reach + unknown, whole),
        "remark": np.where(whole > 0, "", "nobody_to_serve").astype(object),
    }
