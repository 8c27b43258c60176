"""Drawing beyond the reach of integer programming: good circles and a bound on how good they could be.

The bound is the Lagrangian relaxation of the p-median (Cornuéjols, Fisher and Nemhauser 1977, Management
Science 23(8)) plus the penalties that no drawing escapes: it does not know contiguity and knows bands only
in sum, so the true gap is smaller than the stated one. The
circles grow from the hubs that the relaxation picks and are then improved move by move.
"""

import heapq

import numpy as np

from ..walking.network import Floats, Ints
from .solve import (
    FEASIBLE,
    INFEASIBLE,
    OPTIMAL,
    Instance,
    Solution,
    is_feasible,
    neighbour_lists,
    objective,
    penalties,
    pieces_of,
)

STEPS = 400
STARTS = 12
SWEEPS = 60


def solve_roughly(instance: Instance, *, bound: float = -np.inf) -> Solution:
    """Return good circles and a lower bound; the same instance gives the same circles.

    Args:
        instance: the task.
        bound: a lower bound that is known already.
    """
    lower, starts = _lagrange(instance)
    bound = max(bound, lower + unavoidable(instance))
    best: Ints | None = None
    value = np.inf
    for hubs in starts:
        grown = _grow(instance, _interchange(instance, hubs))
        if grown is None:
            continue
        improved = improve(instance, grown)
        if objective(instance, improved) < value and is_feasible(instance, improved):
            best, value = improved, objective(instance, improved)
    if best is None:
        nothing = np.empty(0, dtype=np.int64)
        return Solution(nothing, np.inf, bound, INFEASIBLE, "heuristic", len(starts))
    status = OPTIMAL if value <= bound + 0.5 else FEASIBLE
    return Solution(best, value, min(bound, value), status, "heuristic", len(starts))


def unavoidable(instance: Instance) -> float:
    """Return penalties that any circles incur, because all people and land must go somewhere.

    With k circles of at least m people each, k·m minus all people are missing at least; likewise above.
    """
    people, area_km2 = float(instance.population.sum()), float(instance.area_km2.sum())
    missing = instance.count * float(instance.population_min.min()) - people
    too_many = people - instance.count * float(instance.population_max.max())
    too_large = area_km2 - instance.count * float(instance.area_max_km2.max())
    outside = max(missing, 0.0) + max(too_many, 0.0)
    return outside * instance.person_cost + max(too_large, 0.0) * instance.km2_cost


def _lagrange(instance: Instance) -> tuple[float, list[Ints]]:
    """Return the bound, and the hubs picked at the steps with the best bounds, best first."""
    cost = np.where(instance.allowed, instance.cost, np.inf)
    price = np.partition(cost, min(1, cost.shape[1] - 1), axis=1)[:, min(1, cost.shape[1] - 1)]
    price = np.where(np.isfinite(price), price, cost.min(axis=1))
    step, stale, best = 1.0, 0, -np.inf
    upper = np.inf
    found: dict[tuple[int, ...], float] = {}
    for _ in range(STEPS):
        reduced = np.minimum(cost - price[:, None], 0.0)
        chosen = _pick(instance, reduced.sum(axis=0))
        value = float(price.sum() + reduced.sum(axis=0)[chosen].sum())
        upper = min(upper, float(cost[:, chosen].min(axis=1).sum()))
        key = tuple(sorted(chosen.tolist()))
        found[key] = max(found.get(key, -np.inf), value)
        best, stale = (value, 0) if value > best + 1e-9 else (best, stale + 1)
        if stale >= 15:
            step, stale = step / 2, 0
        slope = 1.0 - (reduced[:, chosen] < 0).sum(axis=1)
        norm = float((slope**2).sum())
        if norm == 0 or not np.isfinite(upper):
            break
        price = price + step * max(upper - value, 1.0) / norm * slope
    ordered = sorted(found, key=lambda key: (-found[key], key))
    return best, [np.array(key, dtype=np.int64) for key in ordered[:STARTS]]


def _pick(instance: Instance, worth: Floats) -> Ints:
    """Return ``count`` hubs with the least worth, one per unit, the pinned ones among them."""
    order = np.concatenate([instance.pinned, np.argsort(worth, kind="stable")])
    chosen, units = [], set()
    for hub in order.tolist():
        unit = int(instance.hub_unit[hub])
        if unit not in units:
            chosen.append(hub)
            units.add(unit)
        if len(chosen) == instance.count:
            break
    return np.array(chosen, dtype=np.int64)


def _interchange(instance: Instance, hubs: Ints) -> Ints:
    """Exchange one hub for another while that shortens the walking (Teitz and Bart 1968)."""
    cost = np.where(instance.allowed, instance.cost, 1e15)
    hubs = hubs.copy()
    for _ in range(SWEEPS):
        value = cost[:, hubs].min(axis=1).sum()
        best = (value - 0.5, -1, -1)
        for place, hub in enumerate(hubs):
            if hub in instance.pinned:
                continue
            others = np.delete(hubs, place)
            rest = cost[:, others].min(axis=1) if len(others) else np.full(len(cost), np.inf)
            total = np.minimum(cost, rest[:, None]).sum(axis=0)
            total[np.isin(instance.hub_unit, instance.hub_unit[others])] = np.inf
            new = int(np.argmin(total))
            if total[new] < best[0]:
                best = (float(total[new]), place, new)
        if best[1] < 0:
            break
        hubs[best[1]] = best[2]
    return hubs


def _groups(instance: Instance) -> list[list[int]]:
    """Return, per unit, the units that must share its circle (itself among them)."""
    units = np.arange(len(instance.cost))
    groups = [[int(unit)] for unit in units]
    for piece in pieces_of(units, instance.together):
        for unit in piece:
            groups[int(unit)] = piece.tolist()
    return groups


def _conflicts(instance: Instance) -> list[set[int]]:
    return neighbour_lists(instance.apart, len(instance.cost))


def _grow(instance: Instance, hubs: Ints) -> Ints | None:
    """Let circles grow from their hubs, the nearest neighbouring unit first; None if a unit is left over."""
    neighbours, groups, apart = (
        neighbour_lists(instance.links, len(instance.cost)),
        _groups(instance),
        _conflicts(instance),
    )
    people = np.maximum(instance.population, 1.0)
    hub_of = np.full(len(instance.cost), -1, dtype=np.int64)
    queue: list[tuple[float, int, int]] = []

    def take(unit: int, hub: int) -> bool:
        group = groups[unit]
        members = set(np.flatnonzero(hub_of == hub).tolist())
        if any(hub_of[one] >= 0 or not instance.allowed[one, hub] or apart[one] & members for one in group):
            return False
        hub_of[group] = hub
        for one in group:
            for near in neighbours[one]:
                if hub_of[near] < 0:
                    heapq.heappush(queue, (float(instance.cost[near, hub] / people[near]), near, hub))
        return True

    for hub in hubs.tolist():
        if not take(int(instance.hub_unit[hub]), hub):
            return None
    while queue:
        _, unit, hub = heapq.heappop(queue)
        if hub_of[unit] < 0:
            take(unit, hub)
    return None if (hub_of < 0).any() else hub_of


def improve(instance: Instance, hub_of: Ints) -> Ints:
    """Move units between neighbouring circles and hubs within circles while that lowers the objective."""
    hub_of = hub_of.copy()
    neighbours, groups, apart = (
        neighbour_lists(instance.links, len(instance.cost)),
        _groups(instance),
        _conflicts(instance),
    )
    for _ in range(SWEEPS):
        moved = _recentre(instance, hub_of)
        for unit in range(len(hub_of)):
            moved |= _move_one(instance, hub_of, groups[unit], neighbours, apart)
        if not moved:
            break
    return hub_of


def _recentre(instance: Instance, hub_of: Ints) -> bool:
    """Give each circle the hub inside it that costs least; return whether any changed."""
    changed = False
    for hub in np.unique(hub_of):
        if hub in instance.pinned:
            continue
        members = np.flatnonzero(hub_of == hub)
        inside = np.flatnonzero(np.isin(instance.hub_unit, members) & instance.allowed[members].all(axis=0))
        trials = []
        for candidate in inside.tolist():
            trial = hub_of.copy()
            trial[members] = candidate
            trials.append((objective(instance, trial), candidate))
        value, best = min(trials, default=(np.inf, int(hub)))
        if value < objective(instance, hub_of) - 0.5:
            hub_of[members] = best
            changed = True
    return changed


def _move_one(
    instance: Instance, hub_of: Ints, group: list[int], neighbours: list[set[int]], apart: list[set[int]]
) -> bool:
    """Move a unit (with those tied to it) to the neighbouring circle that helps most, if one does."""
    here = int(hub_of[group[0]])
    if int(instance.hub_unit[here]) in group:
        return False
    around = {int(hub_of[near]) for one in group for near in neighbours[one]} - {here}
    stay = np.flatnonzero(hub_of == here)
    if not around or len(pieces_of(np.setdiff1d(stay, group), instance.links)) != 1:
        return False
    before, best, target = float(penalties(instance, hub_of).sum()), -0.5, -1
    for hub in sorted(around):
        members = set(np.flatnonzero(hub_of == hub).tolist())
        if not instance.allowed[group, hub].all() or any(apart[one] & members for one in group):
            continue
        if len(pieces_of(np.array(sorted(members | set(group))), instance.links)) != 1:
            continue
        trial = hub_of.copy()
        trial[group] = hub
        change = float((instance.cost[group, hub] - instance.cost[group, here]).sum())
        change += float(penalties(instance, trial).sum()) - before
        if change < best:
            best, target = change, hub
    if target < 0:
        return False
    hub_of[group] = target
    return True
