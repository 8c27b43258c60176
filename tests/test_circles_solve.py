"""Assigning units to hubs, held against every possible assignment of small instances."""

import itertools
from dataclasses import replace

import numpy as np
import pytest

from pujin_geo.circles.grow import improve, solve_roughly, unavoidable
from pujin_geo.circles.solve import (
    FEASIBLE,
    INFEASIBLE,
    OPTIMAL,
    Instance,
    is_feasible,
    objective,
    penalties,
    pieces_of,
    solve_exactly,
)


def grid_links(columns: int, rows: int) -> np.ndarray:
    east = [(r * columns + c, r * columns + c + 1) for r in range(rows) for c in range(columns - 1)]
    north = [(r * columns + c, (r + 1) * columns + c) for r in range(rows - 1) for c in range(columns)]
    return np.array(east + north, dtype=np.int64).reshape(-1, 2)


def town(columns: int, rows: int, count: int, seed: int, *, spread: float = np.inf) -> Instance:
    """Random people and walks; bands at ``spread`` around the mean population."""
    dice = np.random.default_rng(seed)
    units = columns * rows
    place = np.array([(u % columns, u // columns) for u in range(units)]) * 700.0 + dice.uniform(
        0, 300, (units, 2)
    )
    people = dice.integers(0, 6000, units).astype(float)
    away = np.hypot(*(place[:, None] - place[None]).transpose(2, 0, 1)) * dice.uniform(
        1.1, 1.9, (units, units)
    )
    mean = people.sum() / count
    low = mean * (1 - spread) if np.isfinite(spread) else 0.0
    high = mean * (1 + spread) if np.isfinite(spread) else np.inf
    return Instance(
        cost=np.round(away * people[:, None]),
        hub_unit=np.arange(units),
        allowed=np.ones((units, units), dtype=bool),
        links=grid_links(columns, rows),
        population=people,
        area_km2=dice.uniform(0.2, 1.0, units),
        population_min=np.full(units, low),
        population_max=np.full(units, high),
        area_max_km2=np.full(units, 2.0 if np.isfinite(spread) else np.inf),
        person_cost=1000.0,
        km2_cost=1e6,
        count=count,
    )


def best_of_all(task: Instance) -> float:
    """The least objective, by trying every choice of hubs and every assignment to them."""
    units, hubs = task.cost.shape
    best = np.inf
    for chosen in itertools.combinations(range(hubs), task.count):
        for assignment in itertools.product(chosen, repeat=units):
            hub_of = np.array(assignment)
            value = objective(task, hub_of)
            if value < best and is_feasible(task, hub_of):
                best = value
    return best


@pytest.mark.parametrize("seed", range(4))
@pytest.mark.parametrize("spread", [np.inf, 0.2])
def test_exact_equals_enumeration(seed: int, spread: float) -> None:
    task = town(3, 2, 2, seed, spread=spread)
    found = solve_exactly(task)
    assert found.status == OPTIMAL
    assert is_feasible(task, found.hub_of)
    assert found.objective == objective(task, found.hub_of) == pytest.approx(best_of_all(task))


def test_exact_equals_enumeration_where_contiguity_binds() -> None:
    # A chain 0-1-2-3-4; walks say that 0 and 4 belong together, the land says no.
    cost = np.array([[0, 900, 900, 900, 10], [5, 0, 300, 900, 900], [900, 300, 0, 300, 900],
                     [900, 900, 300, 0, 5], [10, 900, 900, 900, 0]], dtype=float)  # fmt: skip
    free = town(5, 1, 2, 0)
    task = replace(free, cost=cost, population=np.ones(5), links=grid_links(5, 1))
    found = solve_exactly(task)
    unconstrained = min(cost[:, list(pair)].min(axis=1).sum() for pair in itertools.combinations(range(5), 2))
    assert found.objective == best_of_all(task)
    assert found.objective > unconstrained


def test_enclosed_unit_needs_a_cut_beyond_the_first_ones() -> None:
    # Pairs of far units would please each other, so that the first cuts (a neighbour in the circle) do not suffice.
    links = grid_links(7, 1)
    cost = np.full((7, 7), 500.0)
    np.fill_diagonal(cost, 0)
    cost[5, 0] = cost[6, 0] = 1.0
    cost[1, 0] = 1.0
    task = replace(town(7, 1, 2, 0), cost=cost, population=np.ones(7), links=links)
    found = solve_exactly(task)
    assert found.rounds > 1
    assert found.objective == best_of_all(task)
    assert is_feasible(task, found.hub_of)


def test_wishes_are_kept_and_cost_something() -> None:
    task = town(3, 2, 2, 1)
    plain = solve_exactly(task)
    hub = next(h for h in range(6) if h not in plain.hub_of)
    for wish in (
        {"pinned": np.array([hub])},
        {"together": np.array([[0, 5]])},
        {"apart": np.array([[0, 1]])},
    ):
        wanted = replace(task, **wish)
        found = solve_exactly(wanted)
        assert is_feasible(wanted, found.hub_of)
        assert found.objective == best_of_all(wanted) >= plain.objective


def test_impossible_wishes_are_infeasible() -> None:
    task = replace(town(3, 1, 2, 0), together=np.array([[0, 2]]), apart=np.array([[0, 1]]))
    assert solve_exactly(task).status == INFEASIBLE
    assert best_of_all(task) == np.inf


def test_disallowed_pairs_are_not_made() -> None:
    task = town(3, 2, 2, 2)
    plain = solve_exactly(task)
    unit = next(u for u in range(6) if plain.hub_of[u] != u)
    allowed = task.allowed.copy()
    allowed[unit, plain.hub_of[unit]] = False
    found = solve_exactly(replace(task, allowed=allowed))
    assert found.hub_of[unit] != plain.hub_of[unit]
    assert found.objective == best_of_all(replace(task, allowed=allowed))


def test_several_hubs_in_one_unit() -> None:
    task = town(3, 1, 1, 3)
    doubled = replace(
        task,
        cost=np.hstack([task.cost, task.cost[:, 1:2] - 1]),
        hub_unit=np.array([0, 1, 2, 1]),
        allowed=np.ones((3, 4), dtype=bool),
        population_min=np.zeros(4),
        population_max=np.full(4, np.inf),
        area_max_km2=np.full(4, np.inf),
    )
    assert solve_exactly(doubled).objective == min(task.cost.sum(axis=0).min(), doubled.cost[:, 3].sum())


def test_ties_fall_the_same_way_every_time() -> None:
    task = replace(town(4, 3, 3, 0), cost=np.ones((12, 12)), population=np.ones(12))
    first = solve_exactly(task)
    assert first.objective == 12
    for _ in range(2):
        assert solve_exactly(task).hub_of.tolist() == first.hub_of.tolist()


def test_node_limit_leaves_an_honest_gap() -> None:
    task = town(5, 4, 5, 7, spread=0.05)
    best = solve_exactly(task)
    assert best.status == OPTIMAL
    rough = solve_roughly(task)
    limited = solve_exactly(task, node_limit=1, start=rough)
    assert limited.status in (OPTIMAL, FEASIBLE)
    assert limited.bound <= best.objective + 1e-6 <= limited.objective + 1e-3
    assert limited.gap_share == pytest.approx(
        (limited.objective - limited.bound) / limited.objective if limited.status == FEASIBLE else 0.0
    )


def test_a_start_that_is_optimal_is_kept() -> None:
    task = town(3, 2, 2, 1)
    best = solve_exactly(task)
    again = solve_exactly(task, start=best)
    assert again.objective == best.objective
    assert again.status == OPTIMAL


@pytest.mark.parametrize("seed", range(3))
def test_rough_circles_are_feasible_and_within_their_gap(seed: int) -> None:
    task = town(6, 4, 5, seed, spread=0.5)
    exact, rough = solve_exactly(task), solve_roughly(task)
    assert is_feasible(task, rough.hub_of)
    assert rough.bound <= exact.objective + 1e-6
    assert exact.objective <= rough.objective + 1e-6
    assert rough.objective <= exact.objective * 1.05
    assert rough.gap_share >= 1 - exact.objective / rough.objective - 1e-12
    assert rough.hub_of.tolist() == solve_roughly(task).hub_of.tolist()


@pytest.mark.parametrize(("low", "high", "penalty"), [(150, 200, 100_000), (10, 60, 80_000), (10, 150, 0)])
def test_unavoidable_penalties_by_hand(low: float, high: float, penalty: float) -> None:
    # 200 people in two circles: 150 each are 100 too few; 60 each leave 80 over.
    task = replace(
        town(3, 2, 2, 0), population=np.array([50.0, 50, 40, 30, 20, 10]), population_min=np.full(6, low),
        population_max=np.full(6, high),
    )  # fmt: skip
    assert unavoidable(task) == penalty
    rough, exact = solve_roughly(task), solve_exactly(task)
    assert rough.bound <= exact.objective <= rough.objective


def test_rough_keeps_wishes() -> None:
    task = town(5, 4, 4, 3)
    wanted = replace(task, pinned=np.array([7]), together=np.array([[0, 1]]), apart=np.array([[10, 11]]))
    found = solve_roughly(wanted)
    assert is_feasible(wanted, found.hub_of)


def test_improving_never_worsens() -> None:
    task = town(4, 3, 3, 5, spread=0.3)
    start = np.array([0, 0, 2, 2, 0, 0, 2, 2, 8, 8, 8, 8])
    assert is_feasible(task, start)
    better = improve(task, start)
    assert is_feasible(task, better)
    assert objective(task, better) < objective(task, start)
    assert start.tolist() == [0, 0, 2, 2, 0, 0, 2, 2, 8, 8, 8, 8]


def test_penalties_by_hand() -> None:
    task = replace(
        town(2, 1, 2, 0), population=np.array([90.0, 130.0]), area_km2=np.array([1.0, 2.5]),
        population_min=np.full(2, 100.0), population_max=np.full(2, 120.0), area_max_km2=np.full(2, 2.0),
    )  # fmt: skip
    assert penalties(task, np.array([0, 1])).tolist() == [10 * 1000.0, 10 * 1000.0 + 0.5e6]


def test_pieces() -> None:
    links = grid_links(3, 3)
    assert [p.tolist() for p in pieces_of(np.array([0, 1, 8]), links)] == [[0, 1], [8]]
    assert pieces_of(np.empty(0, dtype=np.int64), links) == []


def test_64_units_are_solved_to_optimality() -> None:
    found = solve_exactly(town(8, 8, 12, 1, spread=0.6))
    assert found.status == OPTIMAL
