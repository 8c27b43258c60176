"""What is shown while circles are drawn: the reach of each hub, and alternatives side by side."""

from collections.abc import Sequence

import geopandas as gpd
import numpy as np
import pandas as pd
import shapely
from shapely.ops import substring

from ..walking.access import access_points
from ..walking.distances import nearest
from ..walking.minutes import RING_MINUTES
from ..walking.network import Ints
from .checks import check
from .drawing import Drawing, draw
from .hubs import hubs_of
from .options import Wishes
from .terrain import Terrain, hub_access

WALK_M_PER_MIN = 66.0
"""1.1 m/s, the lower end of the speed of walking adults; minutes are a view, the verdicts rest on metres."""


def hub_reach(
    terrain: Terrain,
    circles: gpd.GeoDataFrame,
    *,
    minutes: Sequence[int] = RING_MINUTES,
    walk_m_per_min: float = WALK_M_PER_MIN,
) -> gpd.GeoDataFrame:
    """Return the streets that can be reached from each circle's hub within each number of minutes.

    Rings are bands of street, not discs: a piece of about 20 m of street belongs to the least number of
    minutes within which its middle is reached on foot.

    Args:
        terrain: from ``survey``.
        circles: a circles layer.
        minutes: ring limits, rising.
        walk_m_per_min: walking speed, metres per minute.

    Returns:
        One row per circle and ring: ``circle_id``, ``minutes``, ``limit_m``, ``street_m``, ``people``
        (judged residents whose walk is within the limit and beyond the ring before), MultiLineString
        in the study's CRS.
    """
    terrain, hub = hubs_of(terrain, circles)
    limits_m = [minute * walk_m_per_min for minute in minutes]
    rows = []
    for number, circle in enumerate(circles["circle_id"]):
        if hub[number] < 0:
            continue
        reached_m = _walks_to_pieces(terrain, hub[number : number + 1])
        own_m = np.where(terrain.has_path[:, hub[number]], terrain.walk_m[:, hub[number]], np.inf)
        inner = 0.0
        for minute, limit_m in zip(minutes, limits_m, strict=True):
            ring = np.flatnonzero((reached_m <= limit_m) & (reached_m > inner if inner else True))
            people = terrain.people[(own_m <= limit_m) & ((own_m > inner) if inner else True)].sum()
            length_m = float(terrain.pieces.length_m[ring].sum())
            rows.append((circle, minute, limit_m, length_m, float(people), _as_lines(terrain, ring)))
            inner = limit_m
    columns = ["circle_id", "minutes", "limit_m", "street_m", "people", "geometry"]
    return gpd.GeoDataFrame(pd.DataFrame(rows, columns=columns), geometry="geometry", crs=terrain.units.crs)


def _walks_to_pieces(terrain: Terrain, hub: Ints) -> np.ndarray:
    """Return the walk from a hub to the middle of every piece; infinite where there is no way."""
    pieces, network = terrain.pieces, terrain.network
    origins = access_points(network, pieces.middle, max_snap_m=1.0)
    targets = hub_access(terrain.placed, terrain.hubs.iloc[hub].reset_index(drop=True))
    zero = np.zeros(1, dtype=np.int64)
    walk_m, _ = nearest(network, origins, targets, zero, len(pieces.middle), groups=1)
    walks: np.ndarray = walk_m[:, 0]
    return walks


def _as_lines(terrain: Terrain, chosen: Ints) -> shapely.MultiLineString:
    edge = np.searchsorted(terrain.pieces.first, chosen, side="right") - 1
    step = chosen - terrain.pieces.first[edge]
    count = terrain.pieces.first[edge + 1] - terrain.pieces.first[edge]
    lines = [
        substring(terrain.network.edge_geometry[e], s / n, (s + 1) / n, normalized=True)
        for e, s, n in zip(edge, step, count, strict=True)
    ]
    merged = shapely.line_merge(shapely.multilinestrings(lines)) if lines else shapely.MultiLineString()
    return shapely.multilinestrings(shapely.get_parts(merged))


def alternatives(
    terrain: Terrain, counts: Sequence[int] = (10, 12, 14), *, wishes: Wishes | None = None
) -> tuple[dict[int, Drawing], pd.DataFrame]:
    """Draw several numbers of circles and set them side by side.

    Returns:
        The drawings by count, and one row per count: ``count``, ``walking_person_m``, ``mean_walk_m``,
        ``farthest_walk_m``, ``population_min``, ``population_max``, ``breach_count``, ``status``,
        ``gap_share``.
    """
    drawings = {count: draw(terrain, count=count, wishes=wishes) for count in counts}
    rows = []
    for count, drawing in drawings.items():
        found = check(terrain, drawing.circles)
        card = found.scorecard
        reached = float((card["population"] - card["people_without_path"]).sum())
        rows.append(
            {
                "count": count,
                "walking_person_m": found.walking_person_m,
                "mean_walk_m": found.walking_person_m / reached if reached else np.nan,
                "farthest_walk_m": card["farthest_walk_m"].max(),
                "population_min": card["population"].min(),
                "population_max": card["population"].max(),
                "breach_count": len(found.breaches),
                "status": drawing.status,
                "gap_share": drawing.gap_share,
            }
        )
    return drawings, pd.DataFrame(rows)
