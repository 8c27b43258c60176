"""Figures over several types, each with its rule: never an unexplained mean.

``every`` asks whether a resident reaches every type of a family that applies to the place; the mean over
types is shown beside it and is always larger. ``any_15min`` follows the city's target (health, elder care,
culture, sport within a fifteen-minute walk): at least one facility of the family within 1,000 m.
"""

from dataclasses import dataclass

import numpy as np
import pandas as pd

from ...catalogue import is_uncertain, suitability_names
from ...walking.network import Floats
from ...walking.verdicts import people_served
from .grid import PLACE_COLUMNS, Flags, Grid, Judged, Places, share

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
    families = [_every(judged, name, ids) for name, ids in _families(judged).items()]
    outcomes = {name: _any(fifteen, ids) for name, ids in TARGET_FAMILIES.items()}
    for name, ids in TARGET_FAMILIES.items():
        families.append(_target(judged, name, ids, outcomes[name]))
    every_target = [t for ids in TARGET_FAMILIES.values() for t in ids]
    together = None if None in outcomes.values() else _all_of([o for o in outcomes.values() if o is not None])
    families.append(_target(judged, TARGETS, tuple(every_target), together))
    table = pd.concat(families).sort_index(kind="stable").reset_index(drop=True)
    return table[COMBINED_COLUMNS]


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
    catalogue = judged.inputs.catalogue
    chosen = {"basic": _basic(catalogue), "must_have": catalogue["must_have"] == "yes"}
    chosen |= {name: catalogue["suitability"] == name for name in suitability_names}
    return {name: catalogue.loc[flags, "facility_type"].tolist() for name, flags in chosen.items()}


def _basic(types: pd.DataFrame) -> pd.Series:
    is_basic: pd.Series = types["class"] == "basic"
    return is_basic


def _judged_of(judged: Judged, flags: pd.Series) -> list[str]:
    ids: list[str] = judged.types.loc[flags, "facility_type"].tolist()
    return ids


def _every(judged: Judged, family: str, ids: list[str]) -> pd.DataFrame:
    known = [name for name in judged.grid.types if name in ids]
    grid = judged.grid.columns(known)
    applies, fails, doubtful = _anywhere(grid.judged), _anywhere(grid.not_met), _anywhere(grid.unknown)
    outcome = _Outcome(applies & ~fails & ~doubtful, fails, doubtful & ~fails)
    table = _row(judged, family, "every", known, ids)
    table = _with_people(table, judged.places, outcome if known else None, judged.population)
    table["people_basis"] = "all"
    return table.assign(**_means(judged, grid))


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


def _target(judged: Judged, family: str, ids: tuple[str, ...], outcome: _Outcome | None) -> pd.DataFrame:
    known = [name for name in judged.grid.types if name in ids]
    group = "60+" if family == "elder_care" else "all"
    people, basis = people_served(
        judged.demand, pd.DataFrame({"facility_type": [family], "population_group": [group]})
    )
    table = _row(judged, family, "any_15min" if family != TARGETS else "each_15min", known, list(ids))
    # The walk of fifteen minutes is itself a reading of the target, whatever the types' own thresholds.
    table["types_uncertain"] = len(known)
    table = _with_people(table, judged.places, outcome, people[family].to_numpy(dtype=float))
    table["people_basis"] = basis[family]
    is_urban = table["place_kind"] == "urban"
    table["target_share"] = np.where(is_urban, TARGET_SHARE, np.nan)
    table["target_verdict"] = _against_target(table, TARGET_SHARE).where(is_urban, "")
    return table


def _against_target(table: pd.DataFrame, target: float) -> pd.Series:
    verdict = pd.Series("unknown", index=table.index)
    verdict[table["reach_share"] >= target] = "met"
    verdict[table["reach_share_if_unknown_met"] < target] = "not_met"
    return verdict.where(table["reach_share"].notna(), "")


def _row(judged: Judged, family: str, rule: str, known: list[str], ids: list[str]) -> pd.DataFrame:
    marks = judged.types.set_index("facility_type").loc[known, "threshold_confidence"]
    return judged.places.table.assign(
        family=family,
        rule=rule,
        types=len(known),
        type_ids=";".join(known),
        types_not_judged=";".join(name for name in ids if name not in known),
        types_uncertain=sum(map(is_uncertain, marks)),
        mean_share=np.nan,
        mean_share_if_unknown_met=np.nan,
        types_in_mean=np.nan,
        mean_types_reached=np.nan,
        mean_types_applying=np.nan,
        target_share=np.nan,
        target_verdict="",
    )


def _with_people(
    table: pd.DataFrame, places: Places, outcome: _Outcome | None, people: Floats
) -> pd.DataFrame:
    if outcome is None:
        blank = {name: np.nan for name in COMBINED_COLUMNS if name.startswith(("people_", "reach_"))}
        return table.assign(**{**blank, "people": np.nan, "remark": "no_type_judged"})
    reach, fail, unknown = (
        places.total(people * flags) for flags in (outcome.reach, outcome.fail, outcome.unknown)
    )
    whole = places.total(people * (outcome.reach | outcome.fail | outcome.unknown))
    return table.assign(
        people=whole,
        people_reach=reach,
        people_not_reach=fail,
        people_unknown=unknown,
        reach_share=share(reach, whole),
        reach_share_if_unknown_met=share(reach + unknown, whole),
        remark=np.where(whole > 0, "", "nobody_to_serve"),
    )
