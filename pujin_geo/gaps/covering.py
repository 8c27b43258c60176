"""Maximal covering: the choice of n places that reaches the most people, solved exactly.

Church & ReVelle 1974, "The maximal covering location problem", Papers of the Regional Science Association 32.
"""

from dataclasses import dataclass
from math import comb

import numpy as np
from scipy.sparse import csr_array

from ..reuse import kept
from ..walking.network import Floats, Ints

NODE_LIMIT = 20_000
"""A search ends after this many branches, the same ones on every machine, and reports its gap."""

CHOICES_TRIED = 20_000
"""Up to this many choices, but for their last two, are all tried: it takes less than loading a solver."""

PEOPLE_DIGITS = 6
"""Sums of people differ in their last digits by the order of adding; choices that differ by less are equal."""


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

    maximise Σ aᵢ yᵢ subject to yᵢ ≤ Σⱼ∈N(i) xⱼ, Σ xⱼ ≤ count, x ∈ {0, 1}, 0 ≤ y ≤ 1 (Church & ReVelle 1974): by
    trying every choice where there are few, else by branch and bound (HiGHS). Demand points that the same
    candidates reach are one row.

    Args:
        reach: (points, candidates) nonzero where the candidate is within reach.
        people: (points,) whom to cover, 0 or more.
        count: how many candidates, 0 or more.

    >>> reach = csr_array(np.array([[1, 0, 0], [1, 1, 0], [0, 1, 1], [0, 0, 1]]))
    >>> maximal_cover(reach, np.array([5.0, 9.0, 9.0, 4.0]), 2).chosen
    (0, 2)
    """
    point, candidate = reach.nonzero()
    return _best(_merged(point, candidate, people, reach.shape[1]), count)


@kept
def growing_covers(
    point: Ints, candidate: Ints, people: Floats, *, candidates: int, counts: tuple[int, ...]
) -> list[Cover]:
    """Return the best choices of each of several numbers of candidates, up to the first that needs fewer.

    Args:
        point, candidate: pairs of a point and a candidate that reaches it, each once.
        people: (points,) whom to cover, 0 or more.
        candidates: how many candidates there are.
        counts: how many to choose, ascending.

    >>> covers = growing_covers(np.array([0, 1, 1]), np.array([0, 0, 1]), np.array([5.0, 9.0]), candidates=2, counts=(1, 2))
    >>> [cover.chosen for cover in covers]
    [(0,), (0,)]
    """
    case = _merged(point, candidate, people, candidates)
    covers: list[Cover] = []
    for count in counts:
        covers.append(_best(case, count))
        if len(covers[-1].chosen) < count:
            break
    return covers


@dataclass(frozen=True)
class _Case:
    """Points that different candidates reach, with the pairs ordered by point and candidate."""

    point: Ints
    candidate: Ints
    people: Floats
    candidates: int
    members: list[Ints]

    def alone(self, people: Floats) -> Floats:
        """Return whom each candidate reaches by itself."""
        weights = people[self.point]
        return np.bincount(self.candidate, weights=weights, minlength=self.candidates).astype(float)

    def covered(self, chosen: list[int]) -> float:
        """Return whom some candidates reach together."""
        is_covered = np.zeros(len(self.people), dtype=bool)
        for one in chosen:
            is_covered[self.members[one]] = True
        return float(self.people[is_covered].sum())


def _merged(point: Ints, candidate: Ints, people: Floats, candidates: int) -> _Case:
    """Merge points reached by the same candidates; leave out those that nobody reaches or that have no people."""
    order = np.lexsort((candidate, point))
    order = order[people[point[order]] > 0]
    point, candidate = point[order], candidate[order].astype(np.int64)
    start = np.flatnonzero(np.diff(point, prepend=-1))
    size = np.diff(np.append(start, len(point)))
    mine = candidate.tobytes()
    width = candidate.itemsize
    row_of: dict[bytes, int] = {}
    total: list[float] = []
    first: list[int] = []
    for at, (begin, length, one) in enumerate(
        zip(start.tolist(), size.tolist(), people[point[start]].tolist(), strict=True)
    ):
        row = row_of.setdefault(mine[begin * width : (begin + length) * width], len(total))
        if row == len(total):
            total.append(one)
            first.append(at)
        else:
            total[row] += one
    rows = [candidate[start[at] : start[at] + size[at]] for at in first]
    merged = np.concatenate(rows) if rows else np.empty(0, dtype=np.int64)
    of_point = np.repeat(np.arange(len(rows)), [len(row) for row in rows])
    by_candidate = np.argsort(merged, kind="stable")
    cuts = np.searchsorted(merged[by_candidate], np.arange(1, candidates))
    members = np.split(of_point[by_candidate], cuts) if candidates else []
    return _Case(of_point, merged, np.array(total), candidates, members)


def _best(case: _Case, count: int) -> Cover:
    points, candidates = len(case.people), case.candidates
    if not points or count <= 0:
        return Cover((), 0.0, 0.0, "optimal")
    alone = case.alone(case.people)
    if count == 1:
        return _cover(case, [int(np.argmax(alone))], None)
    if count >= candidates:
        return _cover(case, list(range(candidates)), None)
    greedy = _greedy(case, count)
    if case.covered(greedy) >= np.sort(alone)[::-1][:count].sum():  # no overlap: nothing can beat it
        return _cover(case, greedy, None)
    if comb(candidates, count - 2) <= CHOICES_TRIED:
        return _cover(case, _best_of_all(case, count, greedy), None)
    return _searched(case, count, greedy)


def _searched(case: _Case, count: int, greedy: list[int]) -> Cover:
    """Return the best choice by branch and bound; where the search is cut off, the greedy one if it found none."""
    points, candidates = len(case.people), case.candidates
    from scipy.optimize import Bounds, LinearConstraint, milp  # noqa: PLC0415 - kept covers need none

    found = milp(
        np.concatenate([np.zeros(candidates), -case.people]),
        integrality=np.concatenate([np.ones(candidates), np.zeros(points)]),
        bounds=Bounds(0.0, 1.0),
        constraints=LinearConstraint(_limits(case), -np.inf, np.append(np.zeros(points), count)),
        options={"mip_rel_gap": 0.0, "node_limit": NODE_LIMIT},
    )
    if found.status == 0:
        return _cover(case, np.flatnonzero(found.x[:candidates] > 0.5).tolist(), None)
    chosen = greedy if found.x is None else np.flatnonzero(found.x[:candidates] > 0.5).tolist()
    whole = case.people.sum()
    bound = whole if found.mip_dual_bound is None else min(-found.mip_dual_bound, whole)
    return _cover(case, chosen, float(bound))


def _best_of_all(case: _Case, count: int, greedy: list[int]) -> list[int]:
    """Return the choice that covers most; of equal ones the greedy one, else the first in order of the candidates.

    Candidates are added one by one in order, as long as the best that the others add alone could beat what is known;
    for the last two all pairs are taken at once.
    """
    reached = np.zeros((case.candidates, len(case.people)))
    reached[case.candidate, case.point] = 1.0
    most, best = round(case.covered(greedy), PEOPLE_DIGITS), greedy

    def visit(chosen: list[int], left: Floats, covered: float) -> None:
        nonlocal most, best
        start, missing = chosen[-1] + 1 if chosen else 0, count - len(chosen)
        others = reached[start:]
        gain = others @ left
        if len(gain) < missing or covered + np.sort(gain)[-missing:].sum() <= most + 10.0**-PEOPLE_DIGITS:
            return
        if missing > 2:
            for one, added in enumerate(gain.tolist(), start):
                visit([*chosen, one], left * (1.0 - reached[one]), covered + added)
            return
        both = gain[:, None] + gain - (others * left) @ others.T
        both[np.tri(len(gain), dtype=bool)] = -1.0
        total = np.round(covered + both, PEOPLE_DIGITS)
        if total.max() > most:
            pair = np.unravel_index(np.argmax(total), total.shape)
            most, best = float(total.max()), [*chosen, *(start + int(one) for one in pair)]

    visit([], case.people, 0.0)
    return best


def _limits(case: _Case) -> csr_array:
    """Return the rows yᵢ - Σⱼ xⱼ of every point, then Σⱼ xⱼ; columns x, then y."""
    points, candidates = len(case.people), case.candidates
    every_point, every_candidate = np.arange(points), np.arange(candidates)
    row = np.concatenate([case.point, every_point, np.full(candidates, points)])
    column = np.concatenate([case.candidate, candidates + every_point, every_candidate])
    data = np.concatenate([np.full(len(case.point), -1.0), np.ones(points + candidates)])
    return csr_array((data, (row, column)), shape=(points + 1, candidates + points))


def _cover(case: _Case, chosen: list[int], bound: float | None) -> Cover:
    """Drop, last first, what adds nobody, and say how good the rest is."""
    total = case.covered(chosen)
    for one in sorted(chosen, reverse=True):
        without = [other for other in chosen if other != one]
        if case.covered(without) == total:
            chosen = without
    return Cover(
        tuple(sorted(chosen)), total, total if bound is None else bound, "limit" if bound else "optimal"
    )


def _greedy(case: _Case, count: int) -> list[int]:
    left, chosen = case.people.copy(), []
    for _ in range(count):
        best = int(np.argmax(case.alone(left)))
        chosen.append(best)
        left[case.members[best]] = 0.0
    return chosen
