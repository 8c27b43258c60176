"""Streets that open or close in a network that stands: equal to a network built anew, bit by bit."""

from dataclasses import fields

import numpy as np
import shapely
from hypothesis import given, settings
from hypothesis import strategies as st
from towns import Town, streets_of, towns

from pujin_geo.errors import SourceError
from pujin_geo.walking.alter import Drawing, alter_network
from pujin_geo.walking.network import Network, build_network

Line = list[tuple[float, float]]


def built(lines: list[Line], is_open: np.ndarray, *, crossings: bool) -> Network:
    streets = streets_of(lines).assign(walkable=is_open)
    return build_network(streets, join_crossings=crossings)


def drawing_of(lines: list[Line], *, crossings: bool) -> Drawing:
    return Drawing(streets_of(lines).geometry.to_numpy(), 0.5, crossings)


def assert_same(network: Network, expected: Network) -> None:
    for field in fields(Network):
        one, other = getattr(network, field.name), getattr(expected, field.name)
        if field.name == "matrix":
            assert (one != other).nnz == 0 and (one.indices == other.indices).all()
        elif field.name == "edge_geometry":
            assert shapely.equals_exact(one, other, 0).all() and len(one) == len(other)
        elif field.name != "problems":
            assert np.array_equal(one, other), field.name


def check(lines: list[Line], opened: list[bool], *, crossings: bool) -> None:
    """Go from all but the named streets closed to all but them open, and compare after each step."""
    drawing = drawing_of(lines, crossings=crossings)
    before = np.ones(len(lines), dtype=bool)
    network = built(lines, before, crossings=crossings)
    for number in range(len(lines)):
        after = before.copy()
        after[number] = opened[number]
        if not after.any():
            return
        altered = alter_network(network, drawing, before, after)
        expected = built(lines, after, crossings=crossings)
        assert_same(altered.network, expected)
        kept = np.flatnonzero(altered.origin >= 0)
        was = altered.origin[kept]
        assert len(np.unique(was)) == len(was)
        assert (network.edge_length_m[was] == expected.edge_length_m[kept]).all()
        assert shapely.equals_exact(network.edge_geometry[was], expected.edge_geometry[kept], 0).all()
        network, before = altered.network, after
    back = alter_network(network, drawing, before, np.ones(len(lines), dtype=bool))
    assert_same(back.network, built(lines, np.ones(len(lines), dtype=bool), crossings=crossings))


_shift = st.sampled_from([0.0, 0.0, 0.0, 0.0004, -0.0007, 0.0009, 0.3, -0.45, 0.5003, 7.0])
_shifted = st.tuples(st.integers(0, 3), st.integers(0, 3), _shift, _shift).map(
    lambda p: (p[0] * 20.0 + p[2], p[1] * 20.0 + p[3])
)
_rough_line = st.lists(_shifted, min_size=2, max_size=4).filter(lambda line: len(set(line)) > 1)


@settings(max_examples=30, deadline=None, derandomize=True)
@given(towns(), st.lists(st.booleans(), min_size=9, max_size=9), st.booleans())
def test_altered_equals_built(town: Town, opened: list[bool], crossings: bool) -> None:
    check(town.lines, opened, crossings=crossings)


@settings(max_examples=60, deadline=None, derandomize=True)
@given(
    st.lists(_rough_line, min_size=2, max_size=9),
    st.lists(st.booleans(), min_size=9, max_size=9),
    st.booleans(),
)
def test_altered_equals_built_where_vertices_nearly_meet(
    lines: list[Line], opened: list[bool], crossings: bool
) -> None:
    try:
        built(lines, np.array(opened[: len(lines)]), crossings=crossings)
    except SourceError:
        return
    check(lines, opened, crossings=crossings)
