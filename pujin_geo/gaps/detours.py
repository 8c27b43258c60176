"""Why a near facility is far on foot: how long the way round is, and what lies across the straight line."""

from typing import Any

import geopandas as gpd
import numpy as np
import pandas as pd
import shapely

from ..inputs import Inputs
from ..reuse import kept
from ..texts import Lang, Text
from ..walking.access import Geometries
from ..walking.network import Floats
from ..walking.verdicts import demand_points

KINDS: dict[str, Text] = {
    "railway": Text("铁路", "railway"),
    "rail": Text("铁路", "railway"),
    "expressway": Text("快速路", "expressway"),
    "motorway": Text("高速公路", "motorway"),
    "wall": Text("围墙", "wall"),
    "fence": Text("围栏", "fence"),
}
"""Kind of a barrier without a name → words; any other kind is shown as written."""

WATER = Text("水面", "water")
BARRIER = Text("屏障", "barrier")


def detours(gaps: pd.DataFrame, inputs: Inputs, *, lang: Lang = "zh") -> pd.DataFrame:
    """Return the detour ratio and what the straight line crosses, for rows whose cause is ``detour``.

    Ratio = walk / straight distance, each to its nearest facility (they may be two). The straight line runs
    from the demand point to the facility nearest by straight line; a line that only touches an obstacle does
    not cross it.

    Args:
        gaps: rows of ``distances`` with ``demand_id``, ``straight_facility_id``, ``straight_m``, ``walk_m``, ``cause``.
        inputs: residents, facilities, water and barriers.
        lang: language of the words for obstacles without a name.

    Returns:
        On the index of ``gaps``: ``detour_ratio`` (NaN unless a detour with a walk and a straight distance
        above 0) and ``crossed``, names in the order of the line joined by ``;``, "" where nothing drawn is
        crossed: then a street may be missing from the data.
    """
    is_detour = (gaps["cause"] == "detour").to_numpy(dtype=bool)
    rows = gaps[is_detour]
    straight_m = rows["straight_m"].to_numpy(dtype=float)
    ratio = np.full(len(gaps), np.nan)
    ratio[is_detour] = np.divide(
        rows["walk_m"].to_numpy(dtype=float), straight_m, out=np.full(len(rows), np.nan), where=straight_m > 0
    )
    crossed = np.full(len(gaps), "", dtype=object)
    crossed[is_detour] = _crossed_names(rows, inputs, lang)
    return pd.DataFrame({"detour_ratio": ratio.round(3), "crossed": crossed}, index=gaps.index)


def _crossed_names(rows: pd.DataFrame, inputs: Inputs, lang: Lang) -> Any:
    """Names per row; each type by itself, for a change of its facilities changes no other's."""
    home = pd.Index(inputs.residents["demand_id"]).get_indexer(rows["demand_id"])
    shop = pd.Index(inputs.facilities["facility_id"]).get_indexer(rows["straight_facility_id"])
    starts, shops = demand_points(inputs.residents)[home], inputs.facilities.geometry.to_numpy()[shop]
    shapes, words = obstacles(inputs, lang=lang)
    names = np.array(words, dtype=object)
    crossed = np.full(len(rows), "", dtype=object)
    kind, kinds = pd.factorize(rows["facility_type"])
    for one in range(len(kinds)):
        mine = kind == one
        crossed[mine] = _joined_names(starts[mine], shops[mine], shapes, names)
    return crossed


@kept
def _joined_names(starts: Geometries, ends: Geometries, shapes: Geometries, names: Any) -> list[str]:
    return [";".join(one) for one in crossed_by(shapely.shortest_line(starts, ends), shapes, names.tolist())]


def obstacles(inputs: Inputs, *, lang: Lang = "zh") -> tuple[Geometries, list[str]]:
    """Return the obstacles of a study, water before barriers, and what each is called.

    An obstacle without a name is called by its kind.
    """
    water, barriers = inputs.water, inputs.barriers
    names = [name or WATER.of(lang) for name in _stripped(water, "name")]
    for name, kind in zip(_stripped(barriers, "name"), _stripped(barriers, "kind"), strict=True):
        word = KINDS[kind].of(lang) if kind in KINDS else kind
        names.append(name or word or BARRIER.of(lang))
    return np.concatenate([water.geometry.to_numpy(), barriers.geometry.to_numpy()]), names


def _stripped(layer: gpd.GeoDataFrame, column: str) -> list[str]:
    # A semicolon separates the names in the table.
    texts: list[str] = layer[column].astype(str).str.strip().str.replace(";", ",").tolist()
    return texts


def crossed_by(lines: Geometries, shapes: Geometries, names: list[str]) -> list[list[str]]:
    """Return the names of the obstacles that each line crosses, in the order of the line, each once.

    >>> from shapely import LineString, box
    >>> line = LineString([(0, 0), (100, 0)])
    >>> river, wall = box(40, -10, 60, 10), LineString([(20, -5), (20, 5)])
    >>> crossed_by(np.array([line]), np.array([river, wall]), ["river", "wall"])
    [['wall', 'river']]
    """
    found: list[list[str]] = [[] for _ in lines]
    if not len(lines) or not len(shapes):
        return found
    shapely.prepare(lines)
    line, shape = shapely.STRtree(shapes).query(lines, predicate="intersects")
    through = ~shapely.touches(lines[line], shapes[shape])
    line, shape = line[through], shape[through]
    start = shapely.get_point(lines[line], 0)
    along_m: Floats = shapely.distance(start, shapely.intersection(lines[line], shapes[shape]))
    for one in np.lexsort((shape, along_m, line)):
        name = names[shape[one]]
        if name not in found[line[one]]:
            found[line[one]].append(name)
    return found
