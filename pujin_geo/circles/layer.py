"""The circles layer: its columns, how it is made from an assignment, written and read."""

import json
import math
from pathlib import Path

import geopandas as gpd
import numpy as np
import pandas as pd
import shapely
from pyproj import CRS, Transformer

from ..errors import SourceError
from ..network import Ints
from ..texts import Text
from ..verdicts import demand_points
from .polygons import as_read_back, circle_names, colours, dissolve, reading_order, smooth_coverage, to_wgs84
from .terrain import EXISTING, Terrain

MARK = "示意 · 内部讨论"
"""Stands on everything that shows a drawn boundary: not an approved one."""

LAYER_COLUMNS = [
    "circle_id", "name", "hub_facility_id", "hub_demand_id", "hub_status", "hub_name", "hub_lon", "hub_lat",
    "committees", "scope", "basis", "colour", "mark",
]  # fmt: skip
"""``hub_status`` existing or proposed (then at the demand point ``hub_demand_id``); ``committees`` ids joined by
``;``; ``basis`` committees or demand_points (a draft); ``colour`` 1, 2, … different from every neighbour's."""

_TEXT_COLUMNS = [c for c in LAYER_COLUMNS if c not in ("hub_lon", "hub_lat", "colour")]


def circles_of(terrain: Terrain, hub_of: Ints) -> gpd.GeoDataFrame:
    """Return the circles of an assignment of units to hubs, numbered in reading order.

    Returns:
        ``LAYER_COLUMNS`` and geometry in the study's CRS, one row per circle, index 0..n-1.
    """
    hubs = np.unique(hub_of)
    units = terrain.units.geometry.to_numpy()
    group = np.searchsorted(hubs, hub_of)
    merged = dissolve(units, group, len(hubs))
    order = _order(merged)
    rank = np.empty(len(order), dtype=np.int64)
    rank[order] = np.arange(len(order))
    return assemble(terrain, rank[group], hubs[order])


def assemble(
    terrain: Terrain, group: Ints, hubs: Ints, *, ids: list[str] | None = None, names: list[str] | None = None
) -> gpd.GeoDataFrame:
    """Return circles from the circle 0..n-1 of each unit and the hub of each circle, in this order.

    Without ``ids`` they are LC01, LC02, …; without ``names`` they follow hub or main committee.
    """
    polygons = dissolve(terrain.units.geometry.to_numpy(), group, len(hubs))
    smooth = _smooth(terrain, polygons, group, hubs)
    chosen = terrain.hubs.iloc[hubs].reset_index(drop=True)
    hub_points = gpd.GeoSeries(chosen.geometry.to_numpy(), crs=terrain.units.crs).to_crs("EPSG:4326")
    existing = np.where(chosen["status"] == EXISTING, chosen["name"], "").tolist()
    ids = ids or [f"LC{number + 1:02d}" for number in range(len(hubs))]
    frame = pd.DataFrame(
        {
            "circle_id": ids,
            "name": names or circle_names(existing, _main_committees(terrain, group, hubs)),
            "hub_facility_id": chosen["hub_facility_id"],
            "hub_demand_id": chosen["hub_demand_id"],
            "hub_status": chosen["status"],
            "hub_name": chosen["name"],
            "hub_lon": hub_points.x.round(7).to_numpy(),
            "hub_lat": hub_points.y.round(7).to_numpy(),
            "committees": [
                "" if terrain.drafted else ";".join(terrain.units["unit_id"][group == one])
                for one in range(len(hubs))
            ],
            "scope": terrain.units["scope"].to_numpy()[chosen["unit"].to_numpy()],
            "basis": "demand_points" if terrain.drafted else "committees",
            "colour": colours(smooth),
            "mark": MARK,
        }
    )
    return gpd.GeoDataFrame(frame[LAYER_COLUMNS], geometry=list(smooth), crs=terrain.units.crs)


def _order(polygons: np.ndarray) -> Ints:
    centre = shapely.get_coordinates(shapely.centroid(polygons))
    row_height_m = 0.5 * float(np.sqrt(shapely.area(polygons).mean()))
    return reading_order(centre, row_height_m)


def _smooth(terrain: Terrain, polygons: np.ndarray, group: Ints, hubs: Ints) -> np.ndarray:
    """Smooth the borders where no resident, hub or committee changes sides."""
    points = demand_points(terrain.placed.demand)
    inner = shapely.point_on_surface(terrain.units.geometry.to_numpy())
    inside = np.concatenate([points, terrain.hubs.geometry.to_numpy()[hubs], inner])
    owner = np.concatenate([group[terrain.unit_of], np.arange(len(hubs)), group])
    simple = smooth_coverage(polygons, inside, owner, tolerance_m=terrain.settings.simplify_m)
    return as_read_back(simple, terrain.units.crs)


def _main_committees(terrain: Terrain, group: Ints, hubs: Ints) -> list[str]:
    """Return the name (else id) of each circle's unit with the most people, the hub's own in a tie."""
    if terrain.drafted:
        return [f"草案{number + 1}" for number in range(len(hubs))]
    units = terrain.units
    named = units["name"].where(units["name"] != "", units["unit_id"]).to_numpy()
    holds_hub = np.isin(np.arange(len(units)), terrain.hubs["unit"].to_numpy()[hubs])
    size = np.lexsort((np.arange(len(units)), ~holds_hub, -units["population"].to_numpy()))
    first = {int(group[unit]): str(named[unit]) for unit in size[::-1]}
    return [first[one] for one in range(len(hubs))]


def write_circles(circles: gpd.GeoDataFrame, path: Path) -> None:
    """Write circles as GeoJSON in WGS84; the same circles give the same bytes.

    Raises:
        SourceError: the file cannot be written.
    """
    geometry = to_wgs84(circles.geometry.to_numpy(), circles.crs)
    columns = [c for c in circles.columns if c != circles.geometry.name]
    rows = circles[columns].to_dict("records")
    features = [
        json.dumps(
            {"type": "Feature", "properties": _plain(row), "geometry": shapely.geometry.mapping(shape)},
            ensure_ascii=False, allow_nan=False,
        )
        for row, shape in zip(rows, geometry, strict=True)
    ]  # fmt: skip
    text = (
        '{"type": "FeatureCollection", "name": "circles", "features": [\n' + ",\n".join(features) + "\n]}\n"
    )
    staged = path.with_name(f".{path.name}.tmp")
    try:
        staged.write_text(text, encoding="utf-8")
        staged.replace(path)
    except OSError as error:
        raise SourceError(
            Text(
                f"生活圈无法写入 {path}: {error.strerror or error}。请检查文件夹、权限和磁盘空间。",
                f"The circles cannot be written to {path}: {error.strerror or error}. Check folder, rights and space.",
            )
        ) from error


def _plain(row: dict[str, object]) -> dict[str, object]:
    return {str(key): _plain_value(value) for key, value in row.items()}


def _plain_value(value: object) -> object:
    if isinstance(value, np.generic):
        value = value.item()
    return None if value is None or (isinstance(value, float) and math.isnan(value)) else value


def read_circles(path: Path, crs: CRS) -> gpd.GeoDataFrame:
    """Read a layer that ``write_circles`` wrote, unchanged, with every column.

    For layers from elsewhere use the study's ``circles`` layer, which is read and checked with the rest.

    Raises:
        SourceError: the file is missing or is no GeoJSON of circles.
    """
    try:
        raw = json.loads(path.read_text(encoding="utf-8"))
        rows = [feature["properties"] for feature in raw["features"]]
        shapes = [shapely.geometry.shape(feature["geometry"]) for feature in raw["features"]]
        frame = pd.DataFrame(rows)
        frame["circle_id"] = frame["circle_id"].astype(str)
    except (OSError, ValueError, KeyError, TypeError, AttributeError) as error:
        raise SourceError(
            Text(
                f"{path} 不是可读的生活圈 GeoJSON ({error}); 请用 pujin-geo circles 重新生成。",
                f"{path} is no readable GeoJSON of circles ({error}); draw it again with pujin-geo circles.",
            )
        ) from None
    transform = Transformer.from_crs("EPSG:4326", crs, always_xy=True).transform
    metres = shapely.transform(np.array(shapes, dtype=object), lambda xy: np.column_stack(transform(*xy.T)))
    texts = [c for c in _TEXT_COLUMNS if c in frame]
    frame[texts] = frame[texts].astype("str").where(frame[texts].notna(), "")
    return gpd.GeoDataFrame(frame, geometry=list(metres), crs=crs)
