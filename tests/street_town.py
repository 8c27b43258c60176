"""One street with three homes and six facilities, every figure of which can be worked out by hand.

Along the x axis: home h1 at 100 (100 people, 30 of them 60+; committee A), h2 at 600 (60, 20; B), h3 at 1500
(40, 10; V, a village). Walks are differences of x.
"""

from dataclasses import dataclass
from typing import Any

import pandas as pd
from shapely import box
from worlds import Row, facility_type, home, shop, street, world

from pujin_geo.circles import circle_of
from pujin_geo.coverage.evidence import gather_evidence
from pujin_geo.coverage.rates import Judged, assemble, grid_of
from pujin_geo.inputs import Inputs
from pujin_geo.tables import Problem
from pujin_geo.walking.network import Network, build_network
from pujin_geo.walking.verdicts import (
    Measures,
    Placed,
    demand_points,
    distances_table,
    facility_ways,
    judged_types,
    measure,
    place,
)

TYPES = [
    facility_type("shop") | {"threshold_confidence": "V"},
    facility_type("health_station", suitability="caring") | {"threshold_confidence": "U"},
    facility_type("meal_point", group="60+", suitability="caring") | {"threshold_confidence": "M"},
    facility_type("market", scope="urban") | {"class": "upgrade"},
]
HOMES = [
    home(100, 0, 100, pop_60_plus=30.0, committee_id="A"),
    home(600, 0, 60, pop_60_plus=20.0, committee_id="B"),
    home(1500, 0, 40, pop_60_plus=10.0, committee_id="V", scope="rural"),
]
SHOPS = [
    shop(400, 0),
    shop(0, 0, "health_station"),
    shop(1200, 0, "meal_point", status="planned"),
    shop(50, 0, "meal_point"),
    shop(700, 0, "meal_point", status="under_construction"),
    shop(1600, 0, "market", status="planned"),
]
COMMITTEES = [
    {"geometry": box(0, -50, 300, 50), "committee_id": "A", "name": "东一", "kind": "residential"},
    {"geometry": box(300, -50, 1000, 50), "committee_id": "B", "name": "东二", "kind": "residential"},
    {"geometry": box(1000, -50, 2000, 50), "committee_id": "V", "name": "西村", "kind": "village"},
]
CIRCLES = [
    {"geometry": box(0, -50, 1000, 50), "circle_id": "C1", "name": "东圈"},
    {"geometry": box(1000, -50, 2000, 50), "circle_id": "C2", "name": "西圈"},
    {"geometry": box(5000, 0, 6000, 100), "circle_id": "C3", "name": "空圈"},
]
LAND = [{"geometry": box(0, -50, 100, 50)}, {"geometry": box(1500, -10, 1501, -9)}]


def street_town(**changes: Any) -> Inputs:
    """Build the town; layers and rows by name take the place of its own."""
    given: Row = {
        "streets": [street((0, 0), (2000, 0))],
        "homes": HOMES,
        "shops": SHOPS,
        "types": TYPES,
        "committees": COMMITTEES,
        "circles": CIRCLES,
        "residential_land": LAND,
    }
    return world(**(given | changes))


@dataclass(frozen=True)
class Measured:
    """A study on its network with its verdicts."""

    network: Network
    placed: Placed
    measures: Measures
    ways: pd.DataFrame
    distances: pd.DataFrame
    judged: Judged


def measured(inputs: Inputs, *, include_planned: bool = False) -> Measured:
    network = build_network(inputs.streets, include_planned=include_planned)
    placed = place(inputs, network, include_planned=include_planned)
    types, _ = judged_types(inputs)
    measures = measure(network, placed, types)
    grid = grid_of(network, placed, types, measures)
    demand = placed.demand.assign(circle_id=circle_of(demand_points(placed.demand), inputs.circles))
    distances = distances_table(network, placed, types, measures)
    judged = assemble(inputs, demand, placed.facilities, types, grid)
    return Measured(network, placed, measures, facility_ways(inputs, network), distances, judged)


def evidence(
    inputs: Inputs, *, include_planned: bool = False
) -> tuple[dict[str, pd.DataFrame], list[Problem]]:
    """Return the tables of ``gather_evidence`` and the findings."""
    it = measured(inputs, include_planned=include_planned)
    found = gather_evidence(
        it.judged, it.network, it.placed, it.measures, it.ways, include_planned=include_planned, lang="zh"
    )
    return found.tables, found.problems
