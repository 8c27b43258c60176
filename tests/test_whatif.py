from collections.abc import Callable
from dataclasses import replace

import numpy as np
import pandas as pd
import pytest
import shapely
from hypothesis import given, settings
from hypothesis import strategies as st
from shapely import LineString, Point, box
from towns import ORIGIN, Town, towns
from worlds import facility_type, gate, ground, home, one_street, river, shop, street, world

from pujin_geo.circles import circle_of
from pujin_geo.coverage.sums import coverage, judged_people
from pujin_geo.coverage.whatif import (
    Scenario,
    add_facility,
    add_street,
    close_street,
    distances,
    move_facility,
    open_street,
    remove_facility,
    scenario,
    shares,
)
from pujin_geo.errors import SettingsError
from pujin_geo.inputs import Inputs
from pujin_geo.walking.network import build_network
from pujin_geo.walking.pairs import counts_within, pairs_within
from pujin_geo.walking.verdicts import judge, people_served, place, type_of

LIMITS_M = (0.0, 150.0, 400.0)
TYPES = [facility_type("shop", 250.0), facility_type("park", 400.0), facility_type("school", 300.0)]


def at(x: float, y: float) -> Point:
    """Return a point at metres from the drawings' origin."""
    return Point(ORIGIN[0] + x, ORIGIN[1] + y)


def assert_equals_a_full_run(state: Scenario, types: pd.DataFrame) -> None:
    """Compare with network, access, walks, verdicts, counts and sums made from nothing, bit by bit."""
    inputs = state.inputs
    network = build_network(inputs.streets)
    placed = place(inputs, network, include_planned=False)
    expected = judge(network, placed, types)
    pd.testing.assert_frame_equal(distances(state), expected, check_exact=True)
    group = type_of(placed.facilities, types)
    pairs = pairs_within(network, placed.demand_access, placed.facility_access, limit_m=max(LIMITS_M))
    counts = counts_within(pairs, group, len(placed.demand), groups=len(types), limits_m=LIMITS_M)
    assert (np.stack(state.counts, axis=1) == counts).all()
    circle_id = circle_of(state.points, inputs.circles)
    people, basis = people_served(placed.demand, types)
    demand = placed.demand.assign(circle_id=circle_id)
    sums = coverage(judged_people(expected, demand, people), types, basis, [])
    pd.testing.assert_frame_equal(shares(state, circle_id), sums, check_exact=True)


def inputs_of(town: Town, kinds: list[int], extent: bool) -> Inputs:
    names = [t["facility_type"] for t in TYPES]
    return world(
        streets=[street(*line) for line in town.lines],
        homes=[home(x, y, population=0.1 * n + 1) for n, (x, y) in enumerate(town.homes)],
        shops=[shop(x, y, names[kinds[n]]) for n, (x, y) in enumerate(town.shops)],
        types=TYPES,
        surveyed="all",
        settings={"max_snap_m": 60.0},
        **({"extent": box(-40, -40, 390, 390)} if extent else {}),
    )


Change = tuple[str, int, float, float]
_changes = st.lists(
    st.tuples(
        st.sampled_from(["add", "add", "remove", "move", "close", "open", "draw"]),
        st.integers(0, 50),
        st.sampled_from([0.0, 50.0, 100.0, 123.4, 200.0, 300.0, 380.0]),
        st.sampled_from([0.0, 50.0, 100.0, 201.7, 300.0, 380.0]),
    ),
    min_size=1,
    max_size=6,
)


def changed(state: Scenario, change: Change, number: int) -> Scenario:
    kind, choice, x, y = change
    spot = at(x, y)
    if kind == "add":
        chosen = TYPES[choice % 3]["facility_type"]
        shape = spot if choice % 2 else spot.buffer(30.0, quad_segs=1)
        return add_facility(state, shape, chosen, site_id=f"new{number}")
    counting = state.placed.facilities["facility_id"][state.is_open].tolist()
    if kind in ("remove", "move") and not counting:
        return state
    if kind == "remove":
        return remove_facility(state, counting[choice % len(counting)])
    if kind == "move":
        return move_facility(state, counting[choice % len(counting)], spot)
    return with_another_street(state, change)


def with_another_street(state: Scenario, change: Change) -> Scenario:
    kind, choice, x, y = change
    if kind == "draw":
        spot = at(x, y)
        end = (at(0, 0), at(100, 100), at(201, 300))[choice % 3]
        return state if spot == end else add_street(state, LineString([spot, end]))
    streets = state.inputs.streets
    row = int(streets["row"].iloc[choice % len(streets)])
    if kind == "open":
        return open_street(state, row)
    is_last = ((streets["status"] == "existing") & (streets["row"] != row)).sum() == 0
    return state if is_last else close_street(state, row)


@settings(max_examples=25, deadline=None, derandomize=True)
@given(towns(), st.lists(st.integers(0, 2), min_size=6, max_size=6), st.booleans(), _changes)
def test_any_run_of_changes_equals_a_full_run_bit_by_bit(
    town: Town, kinds: list[int], extent: bool, changes: list[Change]
) -> None:
    state = scenario(inputs_of(town, kinds, extent), limits_m=LIMITS_M)
    types = state.types
    for number, change in enumerate(changes):
        state = changed(state, change, number)
    assert_equals_a_full_run(state, types)


def walks(state: Scenario) -> list[float]:
    return distances(state)["walk_m"].tolist()


def test_hand_worked_bridge_drawn_and_closed_joins_and_splits_a_town() -> None:
    """The shop is 60 m away as the crow flies, across a gap that only the new street bridges."""
    before = scenario(
        world(
            streets=[street((0, 0), (200, 0)), street((0, 60), (100, 60))],
            homes=[home(50, 0)],
            shops=[shop(50, 60)],
        )
    )
    assert distances(before)[["verdict", "cause"]].to_numpy().tolist() == [
        ["unknown", "facility_off_network"]
    ]
    drawn = add_street(before, LineString([at(0, 0), at(0, 60)]))
    assert walks(drawn) == [160.0]
    apart = close_street(drawn, int(drawn.inputs.streets["row"].iloc[-1]))
    pd.testing.assert_frame_equal(distances(apart), distances(before), check_exact=True)


def test_hand_worked_shop_opens_nearer() -> None:
    before = scenario(one_street())
    after = add_facility(before, at(150, 0), "shop", site_id="corner")
    assert walks(before) == [670.0]
    assert walks(after) == [80.0]
    assert distances(after)[["facility_id", "verdict"]].values.tolist() == [["corner/shop", "met"]]
    assert walks(remove_facility(after, "corner/shop")) == [670.0]


def test_hand_worked_footbridge_opens() -> None:
    inputs = river()
    bridge = pd.concat([inputs.streets, inputs.streets.iloc[[2]].assign(row=99, status="planned")])
    bridge = bridge.reset_index(drop=True)
    bridge.loc[3, "geometry"] = shapely.LineString([at(800, 0), at(800, 100)])
    quay = [shapely.segmentize(line, 400) for line in bridge.geometry]
    state = scenario(replace(inputs, streets=bridge.set_geometry(quay, crs=bridge.crs)))
    assert walks(state) == [1700.0]
    opened = open_street(state, 99)
    assert walks(opened) == [100.0]
    assert walks(close_street(opened, 99)) == [1700.0]


def test_a_facility_only_just_nearer_takes_over() -> None:
    inputs = world(streets=[street((0, 0), (1000, 0))], homes=[home(0, 0)], shops=[shop(100, 0)])
    after = add_facility(scenario(inputs), at(99.9, 0), "shop", site_id="new")
    assert distances(after)[["facility_id", "walk_m"]].values.tolist() == [["new/shop", 99.9]]


def test_of_equally_near_ones_the_first_in_the_table_serves_after_any_change() -> None:
    inputs = world(
        streets=[street((0, 0), (1000, 0))], homes=[home(500, 0)], shops=[shop(900, 0), shop(600, 0)]
    )
    state = scenario(inputs)
    assert distances(state)["facility_id"].tolist() == ["s2/shop"]
    assert distances(move_facility(state, "s1/shop", at(400, 0)))["facility_id"].tolist() == ["s1/shop"]
    added = add_facility(state, at(400, 0), "shop", site_id="new")
    assert distances(added)["facility_id"].tolist() == ["s2/shop"]
    assert distances(remove_facility(added, "s2/shop"))["facility_id"].tolist() == ["new/shop"]


@pytest.mark.parametrize(
    "change",
    [
        lambda s: add_facility(s, at(150, 0), "shop", site_id="new"),
        lambda s: remove_facility(s, "s1/shop"),
        lambda s: move_facility(s, "s1/shop", at(150, 0)),
        lambda s: close_street(s, 2),
    ],
)
def test_the_scenario_before_stays_as_it_was(change: Callable[[Scenario], Scenario]) -> None:
    state = scenario(
        one_street(streets=[street((0, 0), (1000, 0)), street((0, 0), (0, 50))]), limits_m=(700.0,)
    )
    before = distances(state), [c.copy() for c in state.counts], state.inputs.facilities.copy()
    change(state)
    pd.testing.assert_frame_equal(distances(state), before[0])
    assert all((a == b).all() for a, b in zip(state.counts, before[1], strict=True))
    pd.testing.assert_frame_equal(state.inputs.facilities, before[2])


def test_other_types_are_not_touched() -> None:
    inputs = world(
        streets=[street((0, 0), (1000, 0))],
        homes=[home(100, 0)],
        shops=[shop(300, 0), shop(400, 0, "park")],
        types=TYPES[:2],
    )
    state = scenario(inputs)
    after = add_facility(state, at(110, 0), "park", site_id="p")
    assert after.measures[0] is state.measures[0]
    assert after.measures[1] is not state.measures[1]


def test_the_last_facility_of_a_type_leaves_none() -> None:
    state = remove_facility(scenario(one_street()), "s1/shop")
    assert distances(state)[["facility_id", "verdict", "cause"]].values.tolist() == [
        ["", "not_met", "no_facility"]
    ]


def test_gates_of_the_site_are_used() -> None:
    inputs = one_street(entrances=[gate(120, 5, "park")])
    after = add_facility(scenario(inputs), at(900, 0), "shop", site_id="park")
    assert walks(after) == [55.0]


def test_a_polygon_is_entered_where_the_street_touches_it() -> None:
    square = ground(box(140, -10, 160, 10))["geometry"]
    after = add_facility(
        scenario(one_street()), shapely.transform(square, lambda xy: xy + ORIGIN), "shop", site_id="q"
    )
    assert walks(after) == [70.0]


def test_refusals_say_what_is_wrong() -> None:
    state = scenario(one_street(extent=box(-10, -500, 1010, 500)))
    with pytest.raises(SettingsError, match="zoo"):
        add_facility(state, at(0, 0), "zoo", site_id="new")
    with pytest.raises(SettingsError, match="s1/shop"):
        add_facility(state, at(0, 0), "shop", site_id="s1")
    with pytest.raises(SettingsError, match="extent"):
        add_facility(state, at(5000, 0), "shop", site_id="far")
    with pytest.raises(SettingsError, match="extent"):
        move_facility(state, "s1/shop", at(5000, 0))
    with pytest.raises(SettingsError, match="s7/shop"):
        remove_facility(state, "s7/shop")
    with pytest.raises(SettingsError, match="77"):
        close_street(state, 77)
    gone = remove_facility(state, "s1/shop")
    with pytest.raises(SettingsError, match="s1/shop"):
        remove_facility(gone, "s1/shop")
