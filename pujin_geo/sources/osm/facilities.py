"""Facilities from OpenStreetMap elements, by the tag table."""

from dataclasses import dataclass

import geopandas as gpd
import numpy as np
import pandas as pd
import shapely
from numpy.typing import NDArray

from .land import valid_areas
from .tag_table import LIFECYCLE_PREFIXES, Rule, tag_values

OPEN_AIR_KEYS = ("leisure", "place")
"""Of these an outline is the land that people use; of others it is a plot or a building's footprint."""

STATION_TO_ENTRANCE_M = 400.0
"""A metro entrance belongs to the nearest station at most this far away, metres (assumed)."""

ENTRANCE_DISC_M = 1.0
"""Radius of the disc that stands for a metro entrance, metres."""

FACILITY_TAGS = [
    "name",
    "capacity",
    "disused",
    "abandoned",
    "building",
    "railway",
    "entrance",
    "barrier",
    "access",
]
SOURCE = "OpenStreetMap"


@dataclass(frozen=True)
class Found:
    """Facilities of an extract, in a metric CRS.

    Attributes:
        facilities: facility_type, name, site_id, status, capacity, area_m2, source, note, ``geometry``.
        entrances: site_id, ``geometry`` (Point).
        same_place: points left out because they lie in an area of the same type and name.
    """

    facilities: gpd.GeoDataFrame
    entrances: gpd.GeoDataFrame
    same_place: int


def find_facilities(elements: gpd.GeoDataFrame, rules: list[Rule]) -> Found:
    """Find facilities by the tag table.

    Args:
        elements: as ``pbf.read_elements`` returns, with the tags of the rules and ``FACILITY_TAGS``,
            in a CRS in metres.
        rules: the tag table.

    One element may be several facilities (a school of two levels): one row each, with one ``site_id``.
    """
    shapes = elements.assign(geometry=_as_places(elements.geometry.to_numpy()))
    shapes = shapes[~shapes.geometry.is_empty].reset_index(drop=True)
    dimension = pd.Series(shapely.get_dimensions(shapes.geometry.to_numpy()), index=shapes.index)
    area_m2 = shapes.geometry.area.where(dimension == 2)
    tagged = _tagged(shapes, {prefix + rule.key for rule in rules for prefix in LIFECYCLE_PREFIXES})
    rows = [
        _rows(shapes.loc[tagged[prefix + rule.key, rule.value]], area_m2, rule, status)
        for rule in rules
        for prefix, status in LIFECYCLE_PREFIXES.items()
        if (prefix + rule.key, rule.value) in tagged
    ]
    nothing = _rows(shapes.iloc[:0], area_m2, rules[0], "existing")
    found = gpd.GeoDataFrame(
        pd.concat([nothing, *rows], ignore_index=True), geometry="geometry", crs=elements.crs
    )
    found = found.drop_duplicates(["site_id", "facility_type"])
    found = found.sort_values(["facility_type", "site_id"], kind="stable", ignore_index=True)
    distinct = _one_per_place(found)
    entered, entrances = _with_metro_entrances(distinct, elements)
    doors = _doors(entered, elements)
    entrances = gpd.GeoDataFrame(
        pd.concat([entrances, doors], ignore_index=True), geometry="geometry", crs=elements.crs
    )
    return Found(entered, entrances, len(found) - len(distinct))


def _as_places(shapes: NDArray[np.object_]) -> NDArray[np.object_]:
    """Return points and areas as they are (areas made valid), lines as the point halfway along."""
    dimension = shapely.get_dimensions(shapes)
    places = shapes.copy()
    areas, lines = dimension == 2, dimension == 1
    places[areas] = valid_areas(shapes[areas])
    places[lines] = [
        shapely.line_interpolate_point(shapely.line_merge(line), 0.5, normalized=True)
        if shapely.line_merge(line).geom_type == "LineString"
        else shapely.point_on_surface(line)
        for line in shapes[lines]
    ]
    return places


def _tagged(elements: gpd.GeoDataFrame, keys: set[str]) -> dict[tuple[str, str], list[int]]:
    """Return (key, value) → labels of the elements that carry it, also as one of several values."""
    tagged: dict[tuple[str, str], list[int]] = {}
    for key in sorted(keys):
        column = elements[key]
        for label, text in column[column != ""].items():
            for value in dict.fromkeys(tag_values(text)):
                tagged.setdefault((key, value), []).append(label)
    return tagged


def _rows(candidates: gpd.GeoDataFrame, area_m2: "pd.Series[float]", rule: Rule, status: str) -> pd.DataFrame:
    here = candidates[rule.applies(candidates, area_m2[candidates.index])]
    shut = (here["disused"] == "yes") | (here["abandoned"] == "yes")
    building_site = (here["building"] == "construction") & (status == "existing")
    open_air = rule.key in OPEN_AIR_KEYS
    columns = {
        "facility_type": rule.facility_type,
        "name": here["name"],
        "site_id": here["osm_type"] + here["osm_id"].astype("str"),
        "status": pd.Series(status, index=here.index)
        .mask(building_site, "under_construction")
        .mask(shut, "closed"),
        "capacity": pd.to_numeric(here["capacity"], errors="coerce"),
        "area_m2": area_m2[here.index].round(1) if open_air else np.nan,
        "source": SOURCE,
        "note": rule.note,
        "geometry": here.geometry,
    }
    return pd.DataFrame(columns, index=here.index)


def _one_per_place(found: gpd.GeoDataFrame) -> gpd.GeoDataFrame:
    """Leave out points inside an area of the same type and status, unless both are named differently."""
    is_point = shapely.get_dimensions(found.geometry.to_numpy()) == 0
    points, areas = found[is_point], found[~is_point]
    at, inside = areas.sindex.query(points.geometry, predicate="intersects")
    point, area = points.iloc[at].reset_index(), areas.iloc[inside].reset_index()
    same = (point["facility_type"] == area["facility_type"]) & (point["status"] == area["status"])
    same &= (point["name"] == area["name"]) | (point["name"] == "") | (area["name"] == "")
    kept = found.copy()
    for row, name in zip(area.loc[same, "index"], point.loc[same, "name"], strict=True):
        if kept.at[row, "name"] == "":
            kept.at[row, "name"] = name
    return kept.drop(index=point.loc[same, "index"].unique()).reset_index(drop=True)


def _with_metro_entrances(
    facilities: gpd.GeoDataFrame, elements: gpd.GeoDataFrame
) -> tuple[gpd.GeoDataFrame, gpd.GeoDataFrame]:
    """Give metro stations their entrances.

    A station drawn as a point lies between its entrances, often under a block: it becomes a small disc
    at each of them (with a note), so that it is entered and measured there. Entrances without a station
    within ``STATION_TO_ENTRANCE_M`` become stations of their own.
    """
    nothing = gpd.GeoDataFrame({"site_id": []}, geometry=[], crs=facilities.crs)
    doors = elements[elements["railway"] == "subway_entrance"]
    doors = doors[(doors["osm_type"] == "n") & ~doors["access"].isin(["no", "private"])]
    if doors.empty:
        return facilities, nothing
    stations = facilities[(facilities["facility_type"] == "metro") & (facilities["status"] == "existing")]
    nearest = _nearest_station(doors, stations)
    result = facilities.copy()
    for station, group in doors.groupby(nearest[nearest >= 0]):
        index = stations.index[int(station)]
        if shapely.get_dimensions(result.geometry[index]) == 2:
            continue
        discs = shapely.union_all(group.geometry.buffer(ENTRANCE_DISC_M, quad_segs=2).to_numpy())
        result.loc[[index], "geometry"] = gpd.GeoSeries([discs], [index], crs=result.crs)
        result.loc[index, "note"] = "以出入口表示 drawn as its entrances"
    alone = doors[nearest < 0]
    own = {
        "facility_type": "metro",
        "name": alone["name"],
        "site_id": "n" + alone["osm_id"].astype("str"),
        "status": "existing",
        "source": SOURCE,
        "note": "出入口, 附近未绘车站 entrance, no station drawn nearby",
        "geometry": alone.geometry,
    }
    belongs = doors[nearest >= 0]
    sites = stations["site_id"].to_numpy()[nearest[nearest >= 0].to_numpy()]
    entrances = gpd.GeoDataFrame({"site_id": sites}, geometry=belongs.geometry.to_numpy(), crs=facilities.crs)
    if alone.empty:
        return result, entrances
    extra = gpd.GeoDataFrame(own, geometry="geometry", crs=facilities.crs)
    return pd.concat([result, extra], ignore_index=True), entrances


def _nearest_station(doors: gpd.GeoDataFrame, stations: gpd.GeoDataFrame) -> "pd.Series[int]":
    nearest = pd.Series(-1, index=doors.index)
    if not stations.empty:
        (door, station), _ = stations.sindex.nearest(
            doors.geometry,
            return_all=False,
            max_distance=STATION_TO_ENTRANCE_M,
            return_distance=True,
        )
        nearest.iloc[door] = station
    return nearest


def _doors(facilities: gpd.GeoDataFrame, elements: gpd.GeoDataFrame) -> gpd.GeoDataFrame:
    """Return entrances and gates that lie on the outline of a facility's area."""
    marked = (elements["osm_type"] == "n") & ~elements["access"].isin(["no", "private"])
    marked &= ~elements["entrance"].isin(["", "no", "emergency", "service"]) | elements["barrier"].isin(
        ["gate", "entrance"]
    )
    doors = elements[marked]
    is_area = shapely.get_dimensions(facilities.geometry.to_numpy()) == 2
    areas = facilities[is_area & (facilities["facility_type"] != "metro")]
    outlines = gpd.GeoSeries(areas.geometry.boundary, crs=facilities.crs)
    at, door = doors.sindex.query(outlines, predicate="dwithin", distance=0.01)
    found = gpd.GeoDataFrame(
        {"site_id": areas["site_id"].to_numpy()[at]},
        geometry=doors.geometry.to_numpy()[door],
        crs=facilities.crs,
    )
    return found[~found.duplicated()].reset_index(drop=True)
