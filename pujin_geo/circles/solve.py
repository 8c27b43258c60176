"""The arithmetic of drawing: units to hubs, connected, within bands, with as little walking as possible.

Nothing here knows of geometry: costs, people, areas and neighbours come in, an assignment goes out.

The exact model is the p-median with contiguity. With x[u, h] = 1 if unit u goes to hub h, which stands
in unit r(h), the number of circles k and soft bands:

    min  Σ cost[u, h] x[u, h] + penalties of the bands
    Σ_h x[u, h] = 1,   x[u, h] ≤ x[r(h), h],   Σ_h x[r(h), h] = k

A piece C of a circle that does not hold r(h) must hang on one of the units S that part it from r(h):
x[u, h] ≤ Σ_{s∈S} x[s, h] for u in C (node separators; Carvajal et al. 2013, Operations Research 61(4);
Oehrlein and Haunert 2017, J. Spatial Information Science 15). Such cuts are added until none is broken.
"""

from dataclasses import dataclass, field, replace

import numpy as np
from numpy.typing import NDArray
from scipy.optimize import Bounds, LinearConstraint, milp
from scipy.sparse import coo_array
from scipy.sparse.csgraph import connected_components

from ..walking.network import Floats, Ints

Flags = NDArray[np.bool_]

UNFINISHED_ROUNDS = 3
"""Searches cut short by the node limit and still torn, after which cutting on is given up."""

OPTIMAL, FEASIBLE, INFEASIBLE = "optimal", "feasible", "infeasible"


@dataclass(frozen=True)
class Instance:
    """One drawing task.

    Attributes:
        cost: (units, hubs) whole numbers, person-metres.
        hub_unit: (hubs,) the unit in which each hub stands.
        allowed: (units, hubs) which assignments may be made at all.
        links: (links, 2) neighbouring units.
        population, area_km2: (units,).
        population_min, population_max, area_max_km2: (hubs,) bands of a circle with that hub.
        person_cost, km2_cost: penalty of a person or square kilometre outside its band, person-metres.
        count: number of circles.
        pinned: hubs that must be used.
        together, apart: (pairs, 2) units that must, or must not, share a circle.
    """

    cost: Floats
    hub_unit: Ints
    allowed: Flags
    links: Ints
    population: Floats
    area_km2: Floats
    population_min: Floats
    population_max: Floats
    area_max_km2: Floats
    person_cost: float
    km2_cost: float
    count: int
    pinned: Ints = field(default_factory=lambda: np.empty(0, dtype=np.int64))
    together: Ints = field(default_factory=lambda: np.empty((0, 2), dtype=np.int64))
    apart: Ints = field(default_factory=lambda: np.empty((0, 2), dtype=np.int64))


@dataclass(frozen=True)
class Solution:
    """An assignment and how good it is known to be.

    Attributes:
        hub_of: (units,) hub of each unit; empty if there is no assignment.
        objective: person-metres with penalties; infinite without an assignment.
        bound: no assignment can be below this.
        status: ``optimal``, ``feasible`` (the search was stopped) or ``infeasible``.
        method: how it was found.
        rounds: number of models solved.
    """

    hub_of: Ints
    objective: float
    bound: float
    status: str
    method: str
    rounds: int

    @property
    def gap_share(self) -> float:
        """How far above the bound the objective may be, as a share of it; 0 if optimal."""
        if self.status == OPTIMAL or not np.isfinite(self.objective):
            return 0.0
        return max(0.0, (self.objective - self.bound) / max(abs(self.objective), 1.0))


def objective(instance: Instance, hub_of: Ints) -> float:
    """Return walking and penalties of an assignment, person-metres."""
    walking = float(instance.cost[np.arange(len(hub_of)), hub_of].sum())
    return walking + float(penalties(instance, hub_of).sum())


def penalties(instance: Instance, hub_of: Ints) -> Floats:
    """Return the penalty of every hub in use (0 for the others), person-metres."""
    hubs = len(instance.hub_unit)
    used = np.bincount(hub_of, minlength=hubs) > 0
    people = np.bincount(hub_of, weights=instance.population, minlength=hubs)
    area_km2 = np.bincount(hub_of, weights=instance.area_km2, minlength=hubs)
    outside = np.maximum(instance.population_min - people, 0) + np.maximum(
        people - instance.population_max, 0
    )
    beyond = np.maximum(area_km2 - instance.area_max_km2, 0)
    cost: Floats = np.where(used, outside * instance.person_cost + beyond * instance.km2_cost, 0.0)
    return cost


def pieces_of(members: Ints, links: Ints) -> list[Ints]:
    """Return the connected pieces of a set of units, each ordered.

    >>> [piece.tolist() for piece in pieces_of(np.array([0, 1, 3]), np.array([[0, 1], [1, 2], [2, 3]]))]
    [[0, 1], [3]]
    """
    if not len(members):
        return []
    size = int(max(members.max(), links.max() if len(links) else 0)) + 1
    number = np.full(size, -1, dtype=np.int64)
    number[members] = np.arange(len(members))
    ends = number[links]
    ends = ends[(ends >= 0).all(axis=1)]
    graph = coo_array((np.ones(len(ends)), (ends[:, 0], ends[:, 1])), shape=(len(members),) * 2)
    count, label = connected_components(graph, directed=False)
    return [members[label == one] for one in range(count)]


def is_feasible(instance: Instance, hub_of: Ints) -> bool:
    """Return whether an assignment keeps every rule but the soft bands."""
    used = np.unique(hub_of)
    rows = np.arange(len(hub_of))
    return bool(
        len(used) == instance.count
        and instance.allowed[rows, hub_of].all()
        and (hub_of[instance.hub_unit[used]] == used).all()
        and np.isin(instance.pinned, used).all()
        and (hub_of[instance.together[:, 0]] == hub_of[instance.together[:, 1]]).all()
        and (hub_of[instance.apart[:, 0]] != hub_of[instance.apart[:, 1]]).all()
        and all(len(pieces_of(np.flatnonzero(hub_of == hub), instance.links)) == 1 for hub in used)
    )


def solve_exactly(
    instance: Instance, *, node_limit: int = 5_000, start: Solution | None = None, max_rounds: int = 200
) -> Solution:
    """Solve by integer programming (HiGHS), adding contiguity cuts until every circle is connected.

    Equal solutions are told apart by the order of units and hubs; nothing depends on the clock.

    Args:
        instance: the task.
        node_limit: nodes of the search tree per model.
        start: a known feasible solution; what cannot be better than it is left out of the model, and
            it is returned if the search stops without a better one.
        max_rounds: models after which the search stops.
    """
    model = _Model(instance, np.inf if start is None else start.objective)
    bound = -np.inf if start is None else start.bound
    best, unfinished = start, 0
    for rounds in range(1, max_rounds + 1):
        result = milp(
            model.objective,
            integrality=model.integrality,
            bounds=Bounds(0, model.upper),
            constraints=model.constraints(),
            options={"node_limit": node_limit, "mip_rel_gap": 0.0},
        )
        if result.status == 2:
            return _nothing_better(start, rounds)
        if result.mip_dual_bound is not None:
            bound = max(bound, float(result.mip_dual_bound) - 0.5)  # the tie-breaks add up to less than ½
        if result.x is None:
            break
        hub_of = model.assignment(result.x)
        if model.cut_off(hub_of):
            unfinished += result.status != 0
            if unfinished >= UNFINISHED_ROUNDS:
                break
            continue
        value = objective(instance, hub_of)
        if result.status == 0:
            return Solution(hub_of, value, value, OPTIMAL, "milp", rounds)
        if best is None or value < best.objective:
            best = Solution(hub_of, value, bound, FEASIBLE, "milp", rounds)
        break
    return _stopped(best, bound, rounds)


def _nothing_better(start: Solution | None, rounds: int) -> Solution:
    """Return the start, which then is optimal; without one the task is infeasible."""
    if start is None:
        return Solution(np.empty(0, dtype=np.int64), np.inf, np.inf, INFEASIBLE, "milp", rounds)
    return replace(start, bound=start.objective, status=OPTIMAL, method="milp", rounds=rounds)


def _stopped(best: Solution | None, bound: float, rounds: int) -> Solution:
    if best is None:
        return Solution(np.empty(0, dtype=np.int64), np.inf, bound, FEASIBLE, "milp", rounds)
    status = OPTIMAL if best.objective <= bound + 0.5 else FEASIBLE
    return replace(best, bound=min(bound, best.objective), status=status, rounds=rounds)


class _Model:
    """The integer program: variables x of the allowed pairs, then three slacks per hub."""

    def __init__(self, instance: Instance, at_most: float) -> None:
        self.instance = instance
        units, hubs = instance.cost.shape
        self.unit, self.hub = np.nonzero(instance.allowed)
        self.pairs = len(self.unit)
        self.column = np.full((units, hubs), -1, dtype=np.int64)
        self.column[self.unit, self.hub] = np.arange(self.pairs)
        self.root = self.column[instance.hub_unit, np.arange(hubs)]
        self.size = self.pairs + 3 * hubs
        rank = (self.unit + 1) * (self.hub + 1)
        ties = rank / (2.0 * units * units * hubs)
        self.objective = np.concatenate(
            [
                instance.cost[self.unit, self.hub] + ties,
                np.full(2 * hubs, instance.person_cost),
                np.full(hubs, instance.km2_cost),
            ]
        )
        self.integrality = np.concatenate([np.ones(self.pairs), np.zeros(3 * hubs)])
        self.upper = np.concatenate([np.ones(self.pairs), np.full(3 * hubs, np.inf)])
        self._rows: list[LinearConstraint] = []
        self._cuts: list[tuple[Ints, Ints]] = []
        self._neighbours = neighbour_lists(instance.links, units)
        self._assignment()
        self._bands()
        self._wishes()
        self._first_cuts()
        if np.isfinite(at_most):
            self._add(
                np.zeros(self.size, dtype=np.int64),
                np.arange(self.size),
                self.objective,
                -np.inf,
                at_most + 0.75,
            )

    def _add(self, row: Ints, column: Ints, value: Floats, low: object, high: object) -> None:
        rows = int(row.max()) + 1 if len(row) else 0
        if rows:
            matrix = coo_array((value, (row, column)), shape=(rows, self.size)).tocsr()
            self._rows.append(LinearConstraint(matrix, low, high))

    def _assignment(self) -> None:
        pairs, hubs = np.arange(self.pairs), len(self.root)
        self._add(self.unit, pairs, np.ones(self.pairs), 1, 1)
        other = np.flatnonzero(self.root[self.hub] != pairs)
        rows = np.arange(len(other))
        self._add(
            np.tile(rows, 2),
            np.concatenate([other, self.root[self.hub[other]]]),
            np.repeat([1.0, -1.0], len(other)),
            -np.inf,
            0,
        )
        self._add(
            np.zeros(hubs, dtype=np.int64), self.root, np.ones(hubs), self.instance.count, self.instance.count
        )

    def _bands(self) -> None:
        one, hubs = self.instance, len(self.root)
        every = np.arange(hubs)
        people, area_km2 = one.population[self.unit], one.area_km2[self.unit]
        for slack, weight, sign, limit in (
            (0, people, 1.0, one.population_min),
            (1, people, -1.0, -one.population_max),
            (2, area_km2, -1.0, -one.area_max_km2),
        ):
            finite = np.isfinite(limit)
            self._add(
                np.concatenate([self.hub, every, every]),
                np.concatenate([np.arange(self.pairs), self.root, self.pairs + slack * hubs + every]),
                np.concatenate([sign * weight, np.where(finite, -limit, 0.0), np.ones(hubs)]),
                np.where(finite, 0.0, -np.inf),
                np.inf,
            )

    def _wishes(self) -> None:
        one, hubs = self.instance, len(self.root)
        if len(one.pinned):
            rows = np.arange(len(one.pinned))
            self._add(rows, self.root[one.pinned], np.ones(len(rows)), 1, 1)
        for pairs, sign, low, high in ((one.together, -1.0, 0, 0), (one.apart, 1.0, -np.inf, 1)):
            for a, b in pairs:
                rows = np.tile(np.arange(hubs), 2)
                columns = np.concatenate([self.column[a], self.column[b]])
                values = np.repeat([1.0, sign], hubs)
                there = columns >= 0
                if there.any():
                    full = np.append(rows[there], hubs - 1), np.append(columns[there], self.root[-1])
                    self._add(*full, np.append(values[there], 0.0), low, high)

    def _first_cuts(self) -> None:
        """A unit not beside its hub's unit needs a neighbour in the same circle."""
        for unit, hub in zip(self.unit, self.hub, strict=True):
            root = int(self.instance.hub_unit[hub])
            if unit != root and root not in self._neighbours[unit]:
                self._cut(int(unit), int(hub), sorted(self._neighbours[unit]))

    def _cut(self, unit: int, hub: int, separator: list[int]) -> None:
        columns = self.column[separator, hub] if separator else np.empty(0, dtype=np.int64)
        self._cuts.append((self.column[unit, hub : hub + 1], columns[columns >= 0]))

    def constraints(self) -> list[LinearConstraint]:
        rows = self._rows
        if not self._cuts:
            return rows
        sizes = np.array([1 + len(separator) for _, separator in self._cuts])
        row = np.repeat(np.arange(len(sizes)), sizes)
        column = np.concatenate([np.concatenate(cut) for cut in self._cuts])
        value = -np.ones(len(row))
        value[np.cumsum(sizes) - sizes] = 1.0
        matrix = coo_array((value, (row, column)), shape=(len(sizes), self.size)).tocsr()
        return [*rows, LinearConstraint(matrix, -np.inf, 0)]

    def assignment(self, x: Floats) -> Ints:
        chosen = np.flatnonzero(x[: self.pairs] > 0.5)
        hub_of = np.empty(len(self.instance.cost), dtype=np.int64)
        hub_of[self.unit[chosen]] = self.hub[chosen]
        return hub_of

    def cut_off(self, hub_of: Ints) -> bool:
        """Add cuts for every piece that does not hold its hub's unit; return whether there was one."""
        found = False
        for hub in np.unique(hub_of):
            root = int(self.instance.hub_unit[hub])
            for piece in pieces_of(np.flatnonzero(hub_of == hub), self.instance.links):
                if root in piece:
                    continue
                found = True
                separator = _separator(set(piece.tolist()), root, self._neighbours)
                for unit in piece:
                    self._cut_for_all(int(unit), root, separator)
        return found

    def _cut_for_all(self, unit: int, root: int, separator: list[int]) -> None:
        for hub in np.flatnonzero(self.instance.hub_unit == root):
            if self.column[unit, hub] >= 0:
                self._cut(unit, int(hub), separator)


def neighbour_lists(links: Ints, units: int) -> list[set[int]]:
    """Return the neighbours of every unit 0..units-1."""
    neighbours: list[set[int]] = [set() for _ in range(units)]
    for one, other in links.tolist():
        neighbours[one].add(other)
        neighbours[other].add(one)
    return neighbours


def _separator(piece: set[int], root: int, neighbours: list[set[int]]) -> list[int]:
    """Return the fewest neighbours of the piece that still part it from the root."""
    around = set().union(*(neighbours[unit] for unit in piece)) - piece
    seen, queue = {root}, [root]
    needed = {root} & around
    while queue:
        for unit in neighbours[queue.pop()]:
            if unit in around:
                needed.add(unit)
            elif unit not in seen and unit not in piece:
                seen.add(unit)
                queue.append(unit)
    return sorted(needed)
