"""Checking circles from anywhere: a scorecard, a list of breaches, and the moves that would help most."""

from dataclasses import dataclass

import geopandas as gpd
import numpy as np
import pandas as pd

from ..texts import Lang
from ..walking.network import Floats
from ..walking.verdicts import DECIMALS
from .case import Case, Walks, place_circles, walks_to_hubs
from .polygons import compactness
from .rules import (
    Breach,
    band_breaches,
    cut_off_breaches,
    cut_off_places,
    land_breaches,
    land_parts,
    missing_breaches,
    missing_types,
    people_outside,
    walk_breaches,
)
from .solve import pieces_of
from .terrain import Terrain, sum_by_unit

SCORECARD_COLUMNS = [
    "circle_id", "name", "scope", "hub_facility_id", "hub_status", "hub_name", "committees", "committee_count",
    "population", "area_km2", "land_parts", "mean_walk_m", "farthest_walk_m", "walking_person_m",
    "people_without_path", "people_cut_off", "nearer_elsewhere_share", "must_have_missing", "compactness",
    "breach_count",
]  # fmt: skip

MOVE_COLUMNS = [
    "committee_id", "name", "from_circle", "to_circle", "people", "saved_person_m", "mean_walk_before_m",
    "mean_walk_after_m",
]  # fmt: skip


@dataclass(frozen=True)
class Check:
    """What a check found.

    Attributes:
        scorecard: one row per circle, ``SCORECARD_COLUMNS``; people, km², metres, shares in 0..1.
        breaches: broken rules, the whole first, then circle by circle.
        moves: single committee moves that shorten the walking, most person-metres saved first.
        walking_person_m: all residents' walking to their circle's hub.
        people_in_no_circle: judged residents outside every circle.
    """

    scorecard: pd.DataFrame
    breaches: tuple[Breach, ...]
    moves: pd.DataFrame
    walking_person_m: float
    people_in_no_circle: float

    def breaches_table(self, lang: Lang = "zh") -> pd.DataFrame:
        """Return the breaches as a table with sentences in one language."""
        rows = [(b.circle_id, b.rule, b.value, b.limit, b.text.of(lang)) for b in self.breaches]
        return pd.DataFrame(rows, columns=["circle_id", "rule", "value", "limit", "message"])


def check(terrain: Terrain, circles: gpd.GeoDataFrame) -> Check:
    """Check circles against every rule.

    Args:
        terrain: from ``survey``.
        circles: polygons with ``circle_id`` and ``name`` in the study's CRS; the columns that ``draw``
            adds are used where they are there.

    >>> from pujin_geo import circles, load_study
    >>> terrain = circles.survey(load_study("geodata/xiaohe"))
    >>> circles.check(terrain, terrain.inputs.circles).scorecard["mean_walk_m"].round().tolist()
    [469.0, 657.0]
    """
    case = place_circles(terrain, circles)
    walk = walks_to_hubs(case)
    lost = cut_off_places(case)
    cut_off = np.array([case.terrain.people[one].sum() for one in lost])
    missing = missing_types(case)
    scorecard = _scorecard(case, walk, cut_off, missing)
    breaches = [
        *land_breaches(case),
        *people_outside(case),
        *band_breaches(case, scorecard),
        *walk_breaches(case, walk, lost),
        *cut_off_breaches(case, lost, cut_off),
        *missing_breaches(case, missing),
    ]
    order = {circle: n for n, circle in enumerate(["", *case.ids])}
    breaches.sort(key=lambda b: order[b.circle_id])
    scorecard["breach_count"] = [sum(b.circle_id == one for b in breaches) for one in case.ids]
    return Check(
        scorecard=scorecard[SCORECARD_COLUMNS],
        breaches=tuple(breaches),
        moves=_moves(case),
        walking_person_m=float(scorecard["walking_person_m"].sum()),
        people_in_no_circle=float(case.terrain.people[case.lies_in < 0].sum()),
    )


def _scorecard(case: Case, walk: Walks, cut_off: Floats, missing: list[list[str]]) -> pd.DataFrame:
    people, circles = case.terrain.people, case.circles
    rows = []
    for number, circle in enumerate(case.ids):
        here = case.lies_in == number
        total = float(people[here].sum())
        measured = here & walk.measured
        reached = float(people[measured].sum())
        walking = float((people[measured] * walk.own_m[measured]).sum())
        units = [] if case.terrain.drafted else case.terrain.units["unit_id"][case.group == number].tolist()
        hub = case.terrain.hubs.iloc[case.hub[number]] if case.hub[number] >= 0 else {}
        rows.append(
            {
                "circle_id": circle,
                "name": circles["name"].iat[number] if "name" in circles else "",
                "scope": case.scope[number],
                "hub_facility_id": hub.get("hub_facility_id", ""),
                "hub_status": hub.get("status", ""),
                "hub_name": hub.get("name", "") or hub.get("hub_demand_id", ""),
                "committees": ";".join(units),
                "committee_count": len(units),
                "population": total,
                "land_parts": land_parts(circles.geometry.iat[number]),
                "mean_walk_m": walking / reached if reached else np.nan,
                "farthest_walk_m": round(float(walk.own_m[measured].max()), DECIMALS) if reached else np.nan,
                "walking_person_m": walking,
                "people_without_path": total - reached,
                "people_cut_off": cut_off[number],
                "nearer_elsewhere_share": float(people[here & walk.nearer].sum()) / total
                if total
                else np.nan,
                "must_have_missing": ";".join(missing[number]),
            }
        )
    table = pd.DataFrame(
        rows, columns=[c for c in SCORECARD_COLUMNS if c not in ("area_km2", "compactness", "breach_count")]
    )
    return table.assign(
        area_km2=(circles.geometry.area / 1e6).round(6).to_numpy(),
        compactness=compactness(circles.geometry).to_numpy(),
    )


# Land


# Moves


def _moves(case: Case) -> pd.DataFrame:
    """Return the moves of one committee to a neighbouring circle that shorten the walking; hubs stay."""
    terrain = case.terrain
    walking = sum_by_unit(terrain, terrain.walk_m)
    hub_units = terrain.hubs["unit"].to_numpy()[case.hub[case.hub >= 0]]
    rows = []
    for unit in range(len(terrain.units)):
        here = int(case.group[unit])
        if here < 0 or case.hub[here] < 0 or unit in hub_units:
            continue
        rest = np.setdiff1d(np.flatnonzero(case.group == here), [unit])
        if len(pieces_of(rest, terrain.links)) > 1 or not len(rest):
            continue
        beside = terrain.links[(terrain.links == unit).any(axis=1)].ravel()
        targets = set(case.group[beside].tolist()) - {here, -1}
        people = float(terrain.units["population"].iat[unit])
        for there in sorted(targets):
            if case.hub[there] < 0:
                continue
            before, after = walking[unit, case.hub[here]], walking[unit, case.hub[there]]
            if before - after > 0.5 and people > 0:
                rows.append(
                    (
                        terrain.units["unit_id"].iat[unit], terrain.units["name"].iat[unit], case.ids[here],
                        case.ids[there], people, float(before - after), before / people, after / people,
                    )
                )  # fmt: skip
    table = pd.DataFrame(rows, columns=MOVE_COLUMNS)
    ranked = table.sort_values(["saved_person_m", "committee_id"], ascending=[False, True], kind="stable")
    return ranked.reset_index(drop=True)
