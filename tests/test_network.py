"""Streets to graph: what meets, what is joined, what is only counted. Answers worked out by hand."""

import math
from typing import Any

import numpy as np
import pytest
import shapely
from worlds import ORIGIN, Row, street, streets_of, world

from pujin_geo.errors import SourceError
from pujin_geo.walking.network import QUANTUM_M, Network, build_network, quantise

SLANT = (0.6, 0.8)  # a unit vector: multiples of 5 m along it are whole numbers


def network_of(*rows: Row, **options: Any) -> Network:
    return build_network(world(streets=rows).streets, **options)


def found(network: Network, code: str) -> list[Any]:
    return [p for p in network.problems if p.code == code]


def parts(network: Network) -> int:
    return len(set(network.node_part))


# Shared vertices


def test_lines_meet_at_a_shared_end() -> None:
    network = network_of(street((0, 0), (30, 0)), street((30, 0), (30, 40)))
    assert (len(network.node_xy), parts(network)) == (3, 1)
    assert network.edge_length_m.tolist() == [30.0, 40.0]


def test_lines_meet_at_a_vertex_inside_both() -> None:
    network = network_of(street((0, 0), (50, 0), (100, 0)), street((50, -20), (50, 0), (50, 20)))
    assert sorted(network.edge_length_m) == [20.0, 20.0, 50.0, 50.0]
    assert parts(network) == 1
    assert network.problems == ()


@pytest.mark.parametrize("shift_m", [0.0, 0.0004, 0.0009])
@pytest.mark.parametrize(
    "corner", [100.0, 100.0004, 100.0005, 99.9996]
)  # on either side of any rounding cell
def test_vertices_within_a_millimetre_are_one(corner: float, shift_m: float) -> None:
    network = network_of(
        street((0, 0), (corner, 0)), street((corner + shift_m, 0), (200, 0)), join_tolerance_m=0.0
    )
    assert parts(network) == 1
    assert len(network.node_xy) == 3
    assert not found(network, "end_joined")


def test_vertices_further_apart_are_two() -> None:
    """0.003 m is no shared vertex; without a tolerance nothing joins the ends."""
    assert (
        parts(network_of(street((0, 0), (100, 0)), street((100.003, 0), (200, 0)), join_tolerance_m=0.0)) == 2
    )


def test_a_vertex_of_one_line_on_the_middle_of_another_is_no_shared_vertex() -> None:
    network = network_of(street((0, 0), (100, 0)), street((40, -30), (50, 0), (60, -30)))
    assert parts(network) == 2
    assert [p.value for p in found(network, "crossings_not_joined")] == ["1"]


def test_parallel_edges_keep_the_shorter_way_and_both_lengths() -> None:
    """Two ways from (0, 0) to (60, 0): straight 60, over (30, 40) 100. A matrix would add them to 160."""
    network = network_of(street((0, 0), (60, 0)), street((0, 0), (30, 40), (60, 0)))
    assert sorted(network.edge_length_m) == [60.0, 100.0]
    assert network.matrix[network.edge_from[0], network.edge_to[0]] == 60.0


def test_duplicate_lines_change_no_distance() -> None:
    once, twice = network_of(street((0, 0), (60, 0))), network_of(*[street((0, 0), (60, 0))] * 2)
    assert (once.matrix.toarray() == twice.matrix.toarray()).all()
    assert not twice.problems


def test_a_closed_ring_is_one_loop_and_is_not_joined_to_itself() -> None:
    network = network_of(street((0, 0), (30, 0), (30, 40), (0, 0)))
    assert network.edge_length_m.tolist() == [120.0]
    assert network.edge_from.tolist() == network.edge_to.tolist()
    assert network.matrix.nnz == 0
    assert not network.problems


def test_a_ring_is_entered_at_every_shared_vertex() -> None:
    """Ring of four sides of 10; a path at the corner opposite the seam cuts it into 20 + 20."""
    ring = street((0, 0), (10, 0), (10, 10), (0, 10), (0, 0))
    network = network_of(ring, street((10, 10), (50, 40)))
    assert sorted(network.edge_length_m) == [20.0, 20.0, 50.0]
    assert parts(network) == 1


def test_a_line_through_its_own_vertex_meets_itself() -> None:
    """A lasso: 10 m of rope, then a loop of 40 m back to the knot."""
    network = network_of(street((-10, 0), (0, 0), (10, 0), (10, 10), (0, 10), (0, 0)))
    assert sorted(network.edge_length_m) == [10.0, 40.0]


def test_there_and_back_is_two_edges() -> None:
    network = network_of(street((0, 0), (30, 40), (0, 0)))
    assert network.edge_length_m.tolist() == [50.0, 50.0]


def test_parts_of_one_row_meet_only_at_shared_vertices() -> None:
    network = network_of(streets_of([(0, 0), (10, 0)], [(20, 0), (40, 0)], [(40, 0), (40, 5)]))
    assert parts(network) == 2
    assert set(network.edge_street) == {0}


def test_height_is_ignored() -> None:
    network = network_of(street((0, 0, 5.0), (30, 0, 9.0)), street((30, 0, 50.0), (30, 40, 0.0)))
    assert network.edge_length_m.tolist() == [30.0, 40.0]
    assert parts(network) == 1
    assert not shapely.has_z(network.edge_geometry).any()


def test_pieces_without_length_are_left_out_and_reported() -> None:
    rows = [
        street((0, 0), (30, 0)),
        street((5, 5), (5, 5)),
        streets_of([(7, 7), (7, 7.0005)], [(30, 0), (60, 0)]),
    ]
    network = network_of(*rows)
    assert network.edge_length_m.tolist() == [30.0, 30.0]
    assert [p.row for p in found(network, "zero_length")] == [2, 3]


def test_repeated_vertices_do_no_harm() -> None:
    assert network_of(street((0, 0), (0, 0), (30, 0), (30, 0))).edge_length_m.tolist() == [30.0]


# Ends near another line


@pytest.mark.parametrize(("gap_m", "is_joined"), [(0.0, True), (0.3, True), (0.5, True), (0.51, False)])
@pytest.mark.parametrize("turn", [(1.0, 0.0), (0.0, 1.0), SLANT, (-0.8, 0.6)])
def test_an_end_is_joined_up_to_the_tolerance(
    turn: tuple[float, float], gap_m: float, is_joined: bool
) -> None:
    """A stem of 80 m ends gap_m beside the middle of a bar of 100 m, in four directions."""

    def turned(along: float, aside: float) -> tuple[float, float]:
        return along * turn[0] - aside * turn[1], along * turn[1] + aside * turn[0]

    network = network_of(
        street(turned(0, 0), turned(100, 0)), street(turned(50, gap_m), turned(50, gap_m + 80))
    )
    joined = found(network, "end_joined")
    assert (parts(network) == 1) == is_joined
    assert [(p.row, p.value) for p in joined] == ([(2, f"{gap_m:.3f}")] if is_joined else [])
    assert network.edge_length_m.sum() == pytest.approx(180 + (gap_m if is_joined else 0), abs=1e-5)


def test_an_end_on_a_line_needs_no_tolerance() -> None:
    network = network_of(street((0, 0), (100, 0)), street((50, 0), (50, 80)), join_tolerance_m=0.0)
    assert parts(network) == 1
    assert sorted(network.edge_length_m) == [50.0, 50.0, 80.0]


def test_an_overshoot_is_joined_and_is_no_crossing() -> None:
    """The stem overshoots the bar by 0.3 m: joined there, and not counted as a bridge."""
    network = network_of(street((0, 0), (100, 0)), street((50, -0.3), (50, 80)))
    assert [p.value for p in found(network, "end_joined")] == ["0.300"]
    assert not found(network, "crossings_not_joined")
    assert parts(network) == 1


def test_an_end_that_already_meets_the_line_is_left_alone() -> None:
    """The stem starts at the bar's vertex; that the bar comes back within 0.3 m changes nothing."""
    bar = street((0, 0), (50, 0), (50, 0.3), (100, 0.3))
    assert not found(network_of(bar, street((50, 0), (50, -80))), "end_joined")


def test_an_end_is_joined_to_every_line_in_reach() -> None:
    """Between two bars 0.8 m apart, the stem's end lies 0.4 m from either."""
    network = network_of(
        street((0, 0), (100, 0)), street((0, 0.8), (100, 0.8)), street((50, 0.4), (150, 0.4))
    )
    assert [p.row for p in found(network, "end_joined")].count(3) == 2
    assert parts(network) == 1


def test_two_lines_that_end_near_each_other_are_joined_end_to_end() -> None:
    """Both ends report the join; the gap is walked once, 0.4 m."""
    network = network_of(street((0, 0), (50, 0)), street((50.4, 0), (100, 0)))
    assert parts(network) == 1
    assert network.edge_length_m.sum() == pytest.approx(100.0, abs=1e-5)


def test_a_line_end_is_not_joined_to_its_own_line() -> None:
    """A ring that was left open by 0.3 m stays open: only another line is joined."""
    network = network_of(street((0, 0), (30, 0), (30, 40), (0, 0.3)))
    assert not network.problems
    assert len(network.node_xy) == 2


def test_an_end_joins_a_line_on_every_pass() -> None:
    """The bar runs there and back; a foot on one pass alone would leave the other pass unconnected."""
    network = network_of(street((0, 0), (100, 0), (0, 0)), street((50, 0.3), (50, 80)))
    assert sorted(network.edge_length_m.round(3)) == [0.3, 50.0, 50.0, 50.0, 50.0, 79.7]


# Crossings


def test_crossing_lines_do_not_meet_and_are_counted() -> None:
    network = network_of(street((0, 0), (100, 0)), street((50, -50), (50, 50)))
    assert parts(network) == 2
    assert [p.value for p in found(network, "crossings_not_joined")] == ["1"]


def test_crossings_meet_on_request() -> None:
    network = network_of(street((0, 0), (100, 0)), street((50, -50), (50, 50)), join_crossings=True)
    assert parts(network) == 1
    assert network.edge_length_m.tolist() == [50.0] * 4
    assert [p.value for p in found(network, "crossings_joined")] == ["1"]


@pytest.mark.parametrize("join", [False, True])
def test_crossings_are_counted_as_places(join: bool) -> None:
    """A zigzag crosses the bar three times; three lines cross in one place."""
    code = "crossings_joined" if join else "crossings_not_joined"
    zigzag = street((0, -10), (20, 10), (40, -10), (60, 10))
    network = network_of(street((-10, 0), (70, 0)), zigzag, join_crossings=join)
    assert [p.value for p in found(network, code)] == ["3"]
    star = [street((-10, 0), (10, 0)), street((0, -10), (0, 10)), street((-7, -7), (7, 7))]
    assert [p.value for p in found(network_of(*star, join_crossings=join), code)] == ["1"]


def test_a_line_that_crosses_itself() -> None:
    eight = street((0, 0), (20, 20), (20, 0), (0, 20))
    assert [p.value for p in found(network_of(eight), "crossings_not_joined")] == ["1"]
    joined = network_of(eight, join_crossings=True)
    assert sorted(joined.edge_length_m.round(3)) == [14.142, 14.142, 48.284]


def test_a_vertex_on_the_middle_of_another_line_meets_on_request() -> None:
    network = network_of(street((0, 0), (100, 0)), street((40, -30), (50, 0), (60, -30)), join_crossings=True)
    assert parts(network) == 1
    assert len(network.edge_length_m) == 4


def test_overlapping_lines_meet_on_request_where_the_overlap_ends() -> None:
    """Two bent lines share the ground from x = 20 to x = 80 without a common vertex."""
    one = street((0, 30), (20, 0), (80, 0), (100, 30))
    other = street((-10, -30), (-5, -3), (10, 0), (90, 0), (110, -30))
    separate = network_of(one, other)
    assert parts(separate) == 2
    assert [p.value for p in found(separate, "crossings_not_joined")] == ["2"]
    assert parts(network_of(one, other, join_crossings=True)) == 1


def test_crossing_at_a_shared_vertex_is_no_crossing() -> None:
    network = network_of(street((0, 0), (50, 0), (100, 0)), street((50, -50), (50, 0), (50, 50)))
    assert not network.problems


# Who takes part, parts, lengths


def test_what_cannot_be_walked_takes_no_part() -> None:
    rows = [
        street((0, 0), (10, 0)),
        street((0, 5), (20, 5), walkable=False),
        street((0, 9), (30, 9), status="closed"),
        street((0, 12), (40, 12), status="planned"),
        street((0, 15), (50, 15), status="under_construction"),
    ]
    assert network_of(*rows).edge_length_m.tolist() == [10.0]
    assert network_of(*rows, include_planned=True).edge_length_m.tolist() == [10.0, 40.0, 50.0]


@pytest.mark.parametrize("row", [street((0, 0), (9, 0), walkable=False), street((1, 1), (1, 1))])
def test_no_walkable_street_is_refused(row: Row) -> None:
    with pytest.raises(SourceError):
        network_of(row)


def test_the_main_part_is_the_longest_not_the_one_with_most_streets() -> None:
    many = [street((n, 0), (n + 1, 0)) for n in range(10)]
    network = network_of(*many, street((0, 50), (11, 50)))
    main = network.edge_part == network.main_part
    assert network.edge_length_m[main].tolist() == [11.0]
    islands = found(network, "street_island")
    assert [(p.row, p.value) for p in islands] == [(1, "10.000")]


def test_lengths_add_up_without_error_in_any_order() -> None:
    rng = np.random.default_rng(7)
    length_m = quantise(rng.uniform(0.001, 2000, 5000))
    assert math.fsum(length_m) == length_m.sum() == length_m[::-1].cumsum()[-1]
    assert (length_m / QUANTUM_M % 1 == 0).all()


def test_edges_keep_the_drawn_geometry_from_end_to_end() -> None:
    network = network_of(street((0, 0), (10, 5), (20, 0)), street((20, 0), (30, 5), (40, 0)))
    for number, line in enumerate(network.edge_geometry):
        assert line.coords[0] == tuple(network.node_xy[network.edge_from[number]])
        assert line.coords[-1] == tuple(network.node_xy[network.edge_to[number]])
        assert len(line.coords) == 3
        assert line.length == pytest.approx(network.edge_length_m[number], abs=1e-5)


def test_the_streets_table_is_not_changed() -> None:
    frame = world(streets=[street((0, 0), (100, 0)), street((50, 0.3), (50, 80))]).streets
    before = frame.copy(deep=True)
    build_network(frame, join_crossings=True)
    assert frame.equals(before)
    assert frame.geometry.iloc[0].coords[0] == ORIGIN
