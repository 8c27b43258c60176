"""What one facility that came, went or moved did alone to the people met."""

from typing import Any

import numpy as np
import pandas as pd
import shapely

from ..walking.access import access_facilities
from ..walking.distances import nearest
from ..walking.network import Floats, Ints, to_mm
from ..walking.verdicts import counts, people_served, thresholds
from .data_changes import LayerPairs
from .pairing import Pairs
from .sides import Side

COLUMNS = [
    "facility_id", "name", "facility_type", "change", "moved_m", "people_alone", "people_alone_gained",
    "people_alone_lost", "people_last", "people_last_gained", "people_last_lost", "facility_id_before",
]  # fmt: skip


def facility_effects(before: Side, after: Side, pairs: LayerPairs) -> pd.DataFrame:
    """Return the ``facility_effects`` table: one row per facility that began or ceased to count, or is entered elsewhere.

    ``people_alone`` is the change of the people met of its type if in the earlier run this one change had been made
    and no other; ``people_last`` the same in the later run, against that run without this one change. They differ
    where several facilities serve the same people, and neither adds up over facilities: ``coverage_changes`` does.
    Each is what is gained less what is lost, over demand points. ``change``: ``added``, ``removed``, ``opened``,
    ``closed``, ``moved``, and ``entrances`` where a facility stays and its gates do not (``moved_m`` if there is one
    on both sides); a facility of another type than before has a row as either.

    Args:
        before, after: the two runs, in one CRS.
        pairs: which rows are the same; no facility is looked at where the studies share no ground.
    """
    steps = _steps(before, after, pairs["facilities"]) if pairs.is_one_place else []
    if not steps:
        return pd.DataFrame(columns=COLUMNS).astype(
            dict.fromkeys([c for c in COLUMNS if c.startswith("people")], float)
        )
    one, other = _Ground(before), _Ground(after)
    here_new = one.ways_of(after, sorted({step["new"] for step in steps if step["new"] >= 0}))
    there_gone = other.ways_of(before, sorted({step["gone"] for step in steps if step["gone"] >= 0}))
    rows = []
    for step in steps:
        kind = step["facility_type"]
        alone = one.change(kind, without=step["gone"], plus=here_new.get(step["new"]))
        undone = other.change(kind, without=step["new"], plus=there_gone.get(step["gone"]))
        rows.append(
            step
            | {
                "people_alone_gained": alone[0],
                "people_alone_lost": alone[1],
                "people_alone": alone[0] - alone[1],
            }
            | {
                "people_last_gained": undone[1],
                "people_last_lost": undone[0],
                "people_last": undone[1] - undone[0],
            }
        )
    return pd.DataFrame(rows)[COLUMNS].sort_values(
        "people_alone", key=lambda people: -people.abs(), kind="stable", ignore_index=True
    )


def _steps(before: Side, after: Side, pairs: Pairs) -> list[dict[str, Any]]:
    """Return each change of what counts: positions in the layers (-1 for none) and what to call it."""
    frames = before.inputs.facilities, after.inputs.facilities
    gates = _gates(before), _gates(after)
    counting = [counts(side.inputs, include_planned=side.include_planned) for side in (before, after)]
    moved_m = np.array(
        [
            frames[0].geometry.iat[i].distance(frames[1].geometry.iat[j])
            for i, j in zip(pairs.before, pairs.after, strict=True)
        ]
    )
    steps = []
    none: tuple[shapely.Geometry, ...] = ()
    for at, (i, j) in enumerate(zip(pairs.before.tolist(), pairs.after.tolist(), strict=True)):
        was, now = bool(counting[0][i]), bool(counting[1][j])
        same_type = frames[0]["facility_type"].iat[i] == frames[1]["facility_type"].iat[j]
        if not same_type:
            steps += [_step(frames, i, -1, "removed")] if was else []
            steps += (
                [_step(frames, -1, j, "added") | {"facility_id_before": frames[0]["facility_id"].iat[i]}]
                if now
                else []
            )
        elif was and now:
            if not frames[0].geometry.iat[i].equals_exact(frames[1].geometry.iat[j], 0.0):
                steps.append(_step(frames, i, j, "moved") | {"moved_m": round(float(moved_m[at]), 3)})
            else:
                here = [
                    side.get(frame["site_id"].iat[k], none)
                    for side, frame, k in zip(gates, frames, (i, j), strict=True)
                ]
                if set(here[0]) != set(here[1]):
                    steps.append(_step(frames, i, j, "entrances") | {"moved_m": _moved_m(*here)})
        elif was or now:
            step = _step(frames, i if was else -1, j if now else -1, "opened" if now else "closed")
            steps.append(step | {"facility_id_before": frames[0]["facility_id"].iat[i]})
    steps += [_step(frames, int(i), -1, "removed") for i in pairs.gone if counting[0][i]]
    steps += [_step(frames, -1, int(j), "added") for j in pairs.new if counting[1][j]]
    return steps


def _gates(side: Side) -> dict[str, tuple[shapely.Geometry, ...]]:
    """Return the entrances of each site."""
    entrances = side.inputs.entrances
    return {site: tuple(mine.geometry) for site, mine in entrances.groupby("site_id", sort=False)}


def _moved_m(one: tuple[shapely.Geometry, ...], other: tuple[shapely.Geometry, ...]) -> float:
    """Return how far a gate moved, if there is one on both sides; else NaN."""
    return round(one[0].distance(other[0]), 3) if len(one) == len(other) == 1 else np.nan


def _step(frames: tuple[pd.DataFrame, pd.DataFrame], gone: int, new: int, change: str) -> dict[str, Any]:
    row = frames[1].iloc[new] if new >= 0 else frames[0].iloc[gone]
    return {
        "facility_id": row["facility_id"],
        "name": row["name"],
        "facility_type": row["facility_type"],
        "change": change,
        "moved_m": np.nan,
        "facility_id_before": frames[0]["facility_id"].iat[gone] if gone >= 0 else "",
        "gone": gone,
        "new": new,
    }


class _Ground:
    """One run's streets, people and standards, on which facilities are put or taken away."""

    def __init__(self, side: Side) -> None:
        self._side = side
        placed = side.placed
        position = np.flatnonzero(counts(side.inputs, include_planned=side.include_planned))
        self._ways = placed.facility_access.assign(item=position[placed.facility_access["item"]])
        self._type = side.inputs.facilities["facility_type"].to_numpy(dtype=object)
        self._met: dict[str, tuple[Floats, Floats, np.ndarray]] = {}

    def ways_of(self, other: Side, positions: list[int]) -> dict[int, pd.DataFrame]:
        """Return how facilities of the other run would be entered here, by their positions there."""
        rows = other.inputs.facilities.iloc[positions].reset_index(drop=True)
        max_snap_m = self._side.inputs.study.settings.max_snap_m
        ways = access_facilities(self._side.network, rows, other.inputs.entrances, max_snap_m=max_snap_m)
        return {position: ways[ways["item"] == at] for at, position in enumerate(positions)}

    def change(self, facility_type: str, *, without: int, plus: pd.DataFrame | None) -> tuple[float, float]:
        """Return the people gained and lost if one facility were taken away and another added."""
        people, limit_m, met = self._today(facility_type)
        ways = self._of_type(facility_type)
        ways = ways[ways["item"] != without]
        now = self._walks(ways if plus is None else pd.concat([ways, plus]), limit_m) <= limit_m
        return float(people[now & ~met].sum()), float(people[met & ~now].sum())

    def _today(self, facility_type: str) -> tuple[Floats, Floats, np.ndarray]:
        if facility_type not in self._met:
            demand, catalogue = self._side.placed.demand, self._side.inputs.catalogue
            one = catalogue[catalogue["facility_type"] == facility_type]
            limit_m = thresholds(demand, one)[:, 0] if len(one) else np.full(len(demand), np.nan)
            served = _people(self._side, facility_type)
            met = self._walks(self._of_type(facility_type), limit_m) <= limit_m
            self._met[facility_type] = served, limit_m, met
        return self._met[facility_type]

    def _of_type(self, facility_type: str) -> pd.DataFrame:
        return self._ways[self._type[self._ways["item"]] == facility_type]

    def _walks(self, ways: pd.DataFrame, limit_m: Floats) -> Floats:
        demand = self._side.placed.demand_access
        count = len(self._side.placed.demand)
        if ways.empty or not len(demand) or np.isnan(limit_m).all():
            return np.full(count, np.inf)
        one: Ints = np.zeros(1, dtype=np.int64)
        farthest_m = float(np.nanmax(limit_m)) + 1.0
        walk_m, _ = nearest(
            self._side.network, demand, ways.assign(item=0), one, count, groups=1, limit_m=farthest_m
        )
        return to_mm(walk_m[:, 0])


def _people(side: Side, facility_type: str) -> Floats:
    """Return the people of each judged demand point whom a type serves."""
    catalogue = side.inputs.catalogue
    one = catalogue[catalogue["facility_type"] == facility_type]
    if one.empty:
        return np.zeros(len(side.placed.demand))
    people, _ = people_served(side.placed.demand, one)
    served: Floats = np.nan_to_num(people[facility_type].to_numpy(dtype=float))
    return served
