"""The circles layer: its columns, and how it is made from an assignment."""

from dataclasses import replace

import geopandas as gpd
import numpy as np
import pandas as pd
import shapely

from ..inputs import Inputs, empty_layer
from ..study import LayerSpec
from ..tables import LAYERS
from ..walking.network import Ints
from .describe import MARK
from .polygons import as_read_back, circle_names, colours, dissolve, reading_order, smooth_coverage
from .terrain import EXISTING, Terrain

LAYER_COLUMNS = [
    "circle_id", "name", "hub_facility_id", "hub_demand_id", "hub_status", "hub_name", "hub_lon", "hub_lat",
    "committees", "scope", "basis", "colour", "mark",
]  # fmt: skip
"""``hub_status`` existing or proposed (then at the demand point ``hub_demand_id``); ``committees`` ids joined by
``;``; ``basis`` committees or demand_points (a draft); ``colour`` 1, 2, … different from every neighbour's."""

TEXT_COLUMNS = [c for c in LAYER_COLUMNS if c not in ("hub_lon", "hub_lat", "colour")]


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


def with_circles(inputs: Inputs, circles: gpd.GeoDataFrame) -> Inputs:
    """Return the inputs with other circles, such as edited ones; the study's files stay as they are.

    Args:
        inputs: from ``sources.reading.load_study``.
        circles: polygons with ``circle_id`` and ``name``.

    >>> from pujin_geo import circles, load_study
    >>> inputs = load_study("geodata/xiaohe")
    >>> with_circles(inputs, inputs.circles.head(1)).circles["circle_id"].tolist()
    ['LC1']
    """
    empty = empty_layer("circles", inputs.study.crs)
    layer = circles.to_crs(inputs.study.crs).reset_index(drop=True)
    layer = layer.assign(row=np.arange(1, len(layer) + 1), source_row=np.arange(1, len(layer) + 1))
    layer = layer.reindex(columns=empty.columns)
    texts = [column.name for column in LAYERS["circles"].columns if column.kind == "text"]
    layer[texts] = layer[texts].fillna("")
    entry = {"circles": LayerSpec(inputs.study.folder / "circles.geojson")}
    study = replace(inputs.study, layers=entry | inputs.study.layers)
    return replace(inputs, circles=layer.astype({"colour": "float64"}), study=study)


def _order(polygons: np.ndarray) -> Ints:
    centre = shapely.get_coordinates(shapely.centroid(polygons))
    row_height_m = 0.5 * float(np.sqrt(shapely.area(polygons).mean()))
    return reading_order(centre, row_height_m)


def _smooth(terrain: Terrain, polygons: np.ndarray, group: Ints, hubs: Ints) -> np.ndarray:
    """Smooth the borders where no resident, hub or committee changes sides."""
    points = terrain.placed.points
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
