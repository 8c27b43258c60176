"""Worlds for gaps and siting: one analysed study with everything that the tables rest on."""

from dataclasses import dataclass
from typing import Any

import geopandas as gpd
import pandas as pd
from shapely import box
from worlds import Row, facility_type, home, shop, street, world

from pujin_geo.analysis import examine
from pujin_geo.circles import circle_of
from pujin_geo.coverage.rates.grid import Judged, assemble, grid_of
from pujin_geo.coverage.sums import judged_people
from pujin_geo.gaps.areas import gap_area_types, gap_areas, gap_points, gather, name_areas
from pujin_geo.gaps.detours import detours
from pujin_geo.gaps.siting import Candidates, list_candidates
from pujin_geo.inputs import Inputs
from pujin_geo.texts import Lang
from pujin_geo.walking.network import Network
from pujin_geo.walking.verdicts import (
    Placed,
    demand_points,
    distances_table,
    judged_types,
    measure,
    people_served,
)


def space(x: float, y: float, space_id: str, area_m2: float | None = 100.0, **columns: Any) -> Row:
    from shapely import Point  # noqa: PLC0415

    return {
        "geometry": Point(x, y), "space_id": space_id, "name": f"空间{space_id}", "area_m2": area_m2,
        "status": "existing", **columns,
    }  # fmt: skip


@dataclass(frozen=True)
class Case:
    inputs: Inputs
    network: Network
    placed: Placed
    demand: gpd.GeoDataFrame
    judged: pd.DataFrame
    whole: Judged
    points: pd.DataFrame
    areas: pd.DataFrame
    area_types: pd.DataFrame
    candidates: Candidates


def case_of(inputs: Inputs, *, include_planned: bool = False, lang: Lang = "zh") -> Case:
    """Run the steps that lead from inputs to gaps, one by one."""
    examined = examine(inputs, include_planned=include_planned)
    network, placed = examined.network, examined.placed
    types, _ = judged_types(inputs)
    measures = measure(network, placed, types)
    distances = distances_table(network, placed, types, measures)
    demand = placed.demand.assign(circle_id=circle_of(demand_points(placed.demand), inputs.circles))
    people, basis = people_served(demand, types)
    judged = judged_people(distances, demand, people)
    whole = assemble(inputs, demand, placed.facilities, types, grid_of(network, placed, types, measures))
    has_gap = demand["demand_id"].isin(judged.loc[judged["verdict"] != "met", "demand_id"])
    centre = gather(network, placed, demand, has_gap.to_numpy(dtype=bool))
    points = gap_points(judged, demand["demand_id"], centre)
    points = points.join(detours(points, inputs, lang=lang))
    names = name_areas(demand, centre, inputs, lang=lang)
    area_types = gap_area_types(points, names, types, basis, inputs)
    return Case(
        inputs, network, placed, demand, judged, whole, points, gap_areas(names, area_types), area_types,
        list_candidates(whole, network, placed, examined.ways, include_planned=include_planned),
    )  # fmt: skip


def long_street(**changes: Any) -> Inputs:
    """A street of 4,000 m; a shop at 0 (threshold 500), homes every 500 m from 0, two committees, two circles.

    h1 at 0 is met, h2 at 500 is met (equality); h3 … h8 at 1,000 … 3,500 are not.
    """
    given: Row = {
        "streets": [street((0, 0), (4000, 0))],
        "homes": [
            home(500.0 * n, 0, population=10.0 * (n + 1), committee_id="W" if n < 4 else "E", name=f"家{n}")
            for n in range(8)
        ],
        "shops": [shop(0, 0, name="起点店")],
        "types": [facility_type("shop", 500.0)],
        "committees": [
            {"geometry": box(-10, -500, 1990, 500), "committee_id": "W", "name": "西村", "kind": "village"},
            {
                "geometry": box(1990, -500, 4100, 500),
                "committee_id": "E",
                "name": "东居委",
                "kind": "residential",
            },
        ],
        "circles": [
            {"geometry": box(-10, -500, 1990, 500), "circle_id": "C1", "name": "西圈"},
            {"geometry": box(1990, -500, 4100, 500), "circle_id": "C2", "name": "东圈"},
        ],
        "spaces": [space(1500, 20, "K1"), space(3000, 0, "K2"), space(3400, 0, "K3", 40.0)],
    }
    return world(**(given | changes))
