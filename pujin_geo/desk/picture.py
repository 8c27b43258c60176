"""What a widget's page draws once: base map, demand points, facilities, spaces, circles and words."""

from typing import Any

import numpy as np
import pandas as pd
import shapely

from ..catalogue import is_uncertain, suitability_names
from ..coverage.whatif import Scenario
from ..definitions import INTERNAL, SYNTHETIC
from ..maps.basemap import background
from ..maps.palette import CHANGE_COLOURS, CIRCLE_COLOURS, VERDICT_COLOURS, type_colour
from ..texts import Lang, Text
from ..walking.verdicts import Flags, demand_points
from .places import Degrees
from .words import texts

SIMPLIFY_M = 1.0


def picture(state: Scenario, lang: Lang) -> dict[str, Any]:
    """Return everything that the page draws once, as plain values that go into JSON.

    Texts are raw: the page shows them as text and never as HTML.
    """
    inputs, degrees = state.inputs, Degrees(state.inputs.study.crs)
    ground = background(inputs)
    grid = ground.grid
    bounds = inputs.boundary.to_crs(4326).total_bounds if len(inputs.boundary) else None
    west, south, east, north = (grid.west, grid.south, grid.east, grid.north) if bounds is None else bounds
    demand = state.placed.demand
    home = degrees.lonlat(shapely.get_coordinates(state.points))
    names = demand["name"].where(demand["name"].str.strip() != "", demand["demand_id"])
    return {
        "lang": lang,
        "title": inputs.study.name,
        "notices": [text.of(lang) for text in _notices(state)],
        "text": texts(lang),
        "base": ground.as_json(),
        "view": [[float(south), float(west)], [float(north), float(east)]],
        "verdictColours": VERDICT_COLOURS,
        "changeColours": CHANGE_COLOURS,
        "types": types_json(state, lang),
        "demand": {
            "lat": home[:, 1].round(6).tolist(),
            "lon": home[:, 0].round(6).tolist(),
            "name": names.tolist(),
            "people": demand["population"].round(1).tolist(),
        },
        "facilities": facilities_json(state, state.placed.facilities),
        "spaces": _spaces(state, degrees),
        "circles": circles_json(state),
        "committees": _committees(state, degrees),
    }


def _notices(state: Scenario) -> list[Text]:
    marks = [INTERNAL]
    if state.inputs.residents["basis"].str.startswith("estimated").any():
        marks.insert(0, Text("人口为估算", "estimated population"))
    if state.include_planned:
        marks.insert(0, Text("规划情景", "scenario with planned facilities"))
    if state.inputs.study.synthetic:
        marks.insert(0, SYNTHETIC)
    return marks


def types_json(state: Scenario, lang: Lang) -> list[dict[str, Any]]:
    """Return the judged types in catalogue order, numbered within their suitability."""
    catalogue = state.inputs.catalogue
    number = catalogue.groupby("suitability", sort=False).cumcount() + 1
    numbers = dict(zip(catalogue["facility_type"], number, strict=True))
    return [
        {
            "id": row["facility_type"],
            "number": int(numbers[row["facility_type"]]),
            "name": (row["name_en"] if lang == "en" else "") or row["name_zh"],
            "suitability": suitability_names[row["suitability"]].of(lang),
            "colour": type_colour(int(numbers[row["facility_type"]])),
            "mark": row["threshold_confidence"] if is_uncertain(row["threshold_confidence"]) else "",
        }
        for row in state.types.to_dict("records")
    ]


def facilities_json(state: Scenario, facilities: pd.DataFrame) -> list[list[Any]]:
    """Return facilities of judged types: id, position of the type, name, latitude, longitude."""
    number = {name: n for n, name in enumerate(state.types["facility_type"])}
    mine = facilities[facilities["facility_type"].isin(number)]
    if mine.empty:
        return []
    lonlat = Degrees(state.inputs.study.crs).lonlat(shapely.get_coordinates(demand_points(mine))).round(6)
    columns = (
        mine["facility_id"],
        mine["facility_type"].map(number),
        mine["name"],
        lonlat[:, 1],
        lonlat[:, 0],
    )
    return [
        [one, int(kind), name, float(lat), float(lon)]
        for one, kind, name, lat, lon in zip(*columns, strict=True)
    ]


def circles_json(state: Scenario, only: Flags | None = None) -> list[dict[str, Any]]:
    """Return circles (of those flagged) with id, name, fill and rings."""
    circles = state.inputs.circles
    degrees = Degrees(state.inputs.study.crs)
    order = np.arange(1, len(circles) + 1)
    colour = circles["colour"].fillna(pd.Series(order, index=circles.index)).astype(int)
    table = circles.assign(colour=colour)[["circle_id", "name", "colour", "geometry"]]
    return [
        {
            "id": row.circle_id,
            "name": row.name or row.circle_id,
            "colour": CIRCLE_COLOURS[(row.colour - 1) % len(CIRCLE_COLOURS)],
            "rings": degrees.shape(row.geometry, simplify_m=SIMPLIFY_M),
        }
        for row in (table if only is None else table[only]).itertuples(index=False)
    ]


def _spaces(state: Scenario, degrees: Degrees) -> list[list[Any]]:
    """Return idle spaces: id, name, area (None if unknown), latitude, longitude."""
    spaces = state.inputs.spaces
    if spaces.empty:
        return []
    lonlat = degrees.lonlat(shapely.get_coordinates(demand_points(spaces))).round(6)
    return [
        [
            row.space_id,
            row.name or row.space_id,
            None if np.isnan(row.area_m2) else row.area_m2,
            float(lat),
            float(lon),
        ]
        for row, (lon, lat) in zip(
            spaces[["space_id", "name", "area_m2"]].itertuples(index=False), lonlat, strict=True
        )
    ]


def _committees(state: Scenario, degrees: Degrees) -> list[dict[str, Any]]:
    layer = state.inputs.committees
    return [
        {
            "id": row.committee_id,
            "name": row.name or row.committee_id,
            "rings": degrees.shape(row.geometry, simplify_m=SIMPLIFY_M),
        }
        for row in layer[["committee_id", "name", "geometry"]].itertuples(index=False)
    ]
