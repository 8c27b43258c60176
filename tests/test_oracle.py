"""The core against the oracle on random small networks: distances to 1 mm, verdicts and causes exactly."""

import math
from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import pandas as pd
import shapely
from hypothesis import HealthCheck, Phase, assume, given, settings
from hypothesis import strategies as st
from oracle import MM, AmbiguousError, Answer, Place, Streets, judge_all
from shapely import LineString, MultiLineString, Point, Polygon, box
from shapely.affinity import rotate, translate
from worlds import facility_type, world

from pujin_geo.tables import Problem
from pujin_geo.walking.network import build_network
from pujin_geo.walking.verdicts import judge, judged_types, place

ORIGINS = [(0.0, 0.0), (350_000.0, 3_450_000.0)]
THRESHOLDS = {"shop": 50.0, "park": 30.0, "clinic": 0.0}

coordinate = st.integers(0, 8).map(lambda n: n * 10.0)
nudge = st.sampled_from([0.0] * 12 + [0.3, -0.3, 0.5, 0.51, 0.01, -0.004, 0.00005])
point = st.tuples(coordinate, coordinate)
drawn = st.tuples(coordinate, coordinate, nudge, nudge).map(lambda c: (c[0] + c[2], c[1] + c[3]))
anywhere = st.one_of(
    point, st.tuples(st.integers(-60, 140), st.integers(-60, 140)).map(lambda p: (p[0] + 0.25, p[1] + 0.5))
)


@st.composite
def part(draw: Any) -> list[tuple[float, float]]:
    kind = draw(st.sampled_from(["line"] * 6 + ["ring", "loop", "there_and_back", "nothing"]))
    points = draw(st.lists(drawn, min_size=2, max_size=4))
    if kind == "ring":
        return [*points, points[0]]
    if kind == "loop":
        return [*points, points[-2], points[0]]
    if kind == "there_and_back":
        return [points[0], points[1], points[0]]
    if kind == "nothing":
        return [points[0], points[0]]
    return points


@st.composite
def shape(draw: Any) -> shapely.Geometry:
    x, y = draw(anywhere)
    if draw(st.integers(0, 2)):
        return Point(x, y)
    square = box(x, y, x + draw(st.integers(3, 25)), y + draw(st.integers(3, 25)))
    return rotate(square, draw(st.sampled_from([0, 0, 17, 45, 90])), origin=(x, y))


@dataclass(frozen=True)
class Drawing:
    rows: list[list[list[tuple[float, float]]]]
    homes: list[tuple[float, float]]
    shapes: list[shapely.Geometry]
    types: list[str]
    gates: list[tuple[int, tuple[float, float]]]
    extent: Polygon | None
    max_snap_m: float
    join_crossings: bool
    origin: tuple[float, float]


@st.composite
def drawings(draw: Any) -> Drawing:
    rows = draw(st.lists(st.lists(part(), min_size=1, max_size=2), min_size=1, max_size=6))
    if draw(st.booleans()):
        rows.append(draw(st.sampled_from(rows)))
    join_crossings = draw(st.booleans())
    if join_crossings:  # new vertices a millimetre from old ones merge: where exactly is nobody's promise
        rows = [[[(round(x, 1), round(y, 1)) for x, y in p] for p in parts] for parts in rows]
    shapes = draw(st.lists(shape(), min_size=1, max_size=6))
    low, high = draw(st.sampled_from([(-70, 150), (5, 75), (-1, 81), (20, 60.5)]))
    return Drawing(
        rows=rows,
        homes=draw(st.lists(anywhere, min_size=3, max_size=8)),
        shapes=shapes,
        types=[draw(st.sampled_from(["shop", "shop", "park", "clinic"])) for _ in shapes],
        gates=draw(st.lists(st.tuples(st.integers(0, 5), anywhere), max_size=2)),
        extent=draw(
            st.sampled_from([None, box(low, low, high, high), rotate(box(low, low, high, high), 10)])
        ),
        max_snap_m=draw(st.sampled_from([150.0, 20.0, 10.0, 0.0])),
        join_crossings=join_crossings,
        origin=draw(st.sampled_from(ORIGINS)),
    )


def asked_of_core(drawing: Drawing) -> tuple[pd.DataFrame, Sequence[Problem]]:
    inputs = world(
        streets=[
            {"geometry": MultiLineString(parts) if len(parts) > 1 else LineString(parts[0]),
             "walkable": True, "status": "existing"}
            for parts in drawing.rows
        ],
        homes=[{"geometry": Point(p), "population": 1.0} for p in drawing.homes],
        shops=[
            {"geometry": g, "facility_type": t}
            for g, t in zip(drawing.shapes, drawing.types, strict=True)
        ],
        entrances=[{"geometry": Point(p), "site_id": f"s{n + 1}"} for n, p in drawing.gates],
        types=[facility_type(name, metres) for name, metres in THRESHOLDS.items()],
        extent=[] if drawing.extent is None else drawing.extent,
        surveyed="all",
        origin=drawing.origin,
        settings={"max_snap_m": drawing.max_snap_m, "join_crossings": drawing.join_crossings},
    )  # fmt: skip
    network = build_network(
        inputs.streets, join_crossings=drawing.join_crossings, join_tolerance_m=0.5, include_planned=False
    )
    types, _ = judged_types(inputs)
    return judge(network, place(inputs, network, include_planned=False), types), network.problems


def asked_of_oracle(drawing: Drawing) -> tuple[Streets, dict[tuple[str, str], Answer]]:
    dx, dy = drawing.origin
    rows = [[[(x + dx, y + dy) for x, y in part] for part in parts] for parts in drawing.rows]
    streets = Streets(rows, join_crossings=drawing.join_crossings)
    places = [
        Place(
            f"s{n + 1}/{kind}",
            kind,
            translate(geometry, dx, dy),
            tuple((x + dx, y + dy) for site, (x, y) in drawing.gates if site == n),
        )
        for n, (geometry, kind) in enumerate(zip(drawing.shapes, drawing.types, strict=True))
    ]
    in_extent = [
        p
        for p in places
        if drawing.extent is None or translate(drawing.extent, dx, dy).intersects(p.geometry)
    ]
    answers = judge_all(
        streets,
        {f"h{n}": (x + dx, y + dy) for n, (x, y) in enumerate(drawing.homes, start=1)},
        in_extent,
        THRESHOLDS,
        max_snap_m=drawing.max_snap_m,
        extent=None if drawing.extent is None else translate(drawing.extent, dx, dy),
    )
    return streets, answers


def same(printed: float, exact: float) -> bool:
    if math.isinf(exact) or math.isnan(printed):
        return math.isinf(exact) and math.isnan(printed)
    return abs(printed - exact) <= MM + 1e-6


@settings(
    max_examples=150, derandomize=True, deadline=None, database=None,
    phases=[Phase.explicit, Phase.generate], report_multiple_bugs=False,  # a failing drawing is small enough
    suppress_health_check=[HealthCheck.too_slow, HealthCheck.filter_too_much, HealthCheck.data_too_large],
)  # fmt: skip
@given(drawing=drawings())
def compare(seen: Counter[str], drawing: Drawing) -> None:
    assume(any(LineString(p).length > 0.01 for parts in drawing.rows for p in parts))
    try:
        streets, expected = asked_of_oracle(drawing)
    except AmbiguousError:
        assume(False)
    distances, problems = asked_of_core(drawing)
    table = distances.set_index(["demand_id", "facility_type"])
    assert len(table) == len(expected)
    for key, answer in expected.items():
        row = table.loc[key]
        assert same(row["walk_m"], answer.walk_m), (key, row["walk_m"], answer)
        assert same(row["straight_m"], answer.straight_m), (key, row["straight_m"], answer)
        if math.isfinite(answer.walk_m):
            assert same(row["walk_m"], answer.walks[row["facility_id"]])
        else:
            assert row["facility_id"] == ""
        if answer.straights:
            assert same(row["straight_m"], answer.straights[row["straight_facility_id"]])
        if not answer.is_close_call:
            assert (row["verdict"], row["cause"]) == (answer.verdict, answer.cause), (key, answer)
            seen[answer.cause or "met"] += 1
    assert sum(p.code == "end_joined" for p in problems) == len(streets.joins)
    counted = [p.value for p in problems if p.code in ("crossings_joined", "crossings_not_joined")]
    exact = len(streets.crossings if drawing.join_crossings else streets.unjoined_crossings)
    assert [int(n) for n in counted if n != "0"] == ([exact] if exact else [])


def test_core_agrees_with_the_oracle() -> None:
    seen: Counter[str] = Counter()
    compare(seen)
    lines = [
        "met",
        "unsnapped",
        "island",
        "facility_off_network",
        "data_edge",
        "no_facility",
        "detour",
        "too_far",
    ]
    assert {line: seen[line] for line in lines if seen[line] < 10} == {}, "the drawings reach every line"
