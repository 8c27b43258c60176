"""Would another datum fit these points better? Judged from where they fall; nothing is ever moved.

Points read in the wrong one of WGS84, GCJ-02 and BD-09 lie 0.5 to 1.1 km off: in the river, away from
every street, outside the boundary.
"""

from collections.abc import Callable
from dataclasses import dataclass
from functools import cached_property

import geopandas as gpd
import numpy as np
import pandas as pd
import shapely
from pyproj import CRS, Transformer

from ..datums import crs_of, from_wgs84, outside_china, project
from ..inputs import Inputs
from ..reuse import kept
from ..tables import Layer, Problem
from ..texts import Text
from .layers import Accepted
from .places import Bools, Floats, datum_key

CANDIDATES = ("wgs84", "gcj02", "bd09")
LEAST_POINTS = 10
MOST_POINTS = 1000
"""Points looked at; every k-th of a larger layer says the same."""

LEAST_MISPLACED_SHARE = 0.05
LEAST_FEWER_MISPLACED = 5
CLEARLY_LESS = 0.5
"""Another datum fits clearly better if it misplaces at most this share of what the declared one does, ..."""

LEAST_POINTS_FOR_MEDIAN = 30
CLEARLY_NEARER = 0.7
LEAST_MEDIAN_GAIN_M = 3.0
"""... or if the median distance to a street shrinks to this share and by these metres."""

DATUM_COLUMNS = [
    "datum", "in_water_share", "off_street_share", "outside_share", "street_distance_m", "moved_m",
]  # fmt: skip

CONTROL_ANGLES_DEG = (45, 90, 135, 180, 225, 270, 315)
"""Equally long shifts in other directions: a datum that fits better only as they do fits by chance."""


@dataclass(frozen=True)
class Surroundings:
    """What points should lie beside (what is ``walkable`` of the streets), out of and within, in the study's CRS."""

    streets: gpd.GeoDataFrame
    water: gpd.GeoDataFrame
    area: gpd.GeoDataFrame
    max_snap_m: float

    @cached_property
    def street_tree(self) -> shapely.STRtree:
        """The walkable lines."""
        return shapely.STRtree(
            self.streets.geometry.to_numpy()[self.streets["walkable"].to_numpy(dtype=bool)]
        )

    @cached_property
    def water_tree(self) -> shapely.STRtree:
        """The water."""
        return shapely.STRtree(self.water.geometry.to_numpy())

    @cached_property
    def area_tree(self) -> shapely.STRtree:
        """The study's area."""
        return shapely.STRtree(self.area.geometry.to_numpy())


@dataclass(frozen=True)
class Fit:
    """How points lie: shares in 0..1 of all points, and the median distance to a walkable line in metres."""

    in_water_share: float
    off_street_share: float
    outside_share: float
    misplaced_share: float
    street_distance_m: float


def check_datum(layer: Layer, read: Accepted, around: Surroundings, *, crs: CRS) -> Problem | None:
    """Return a warning if another datum fits the points of a layer clearly better, else None.

    Compared are WGS84 (the same as CGCS2000), GCJ-02 and BD-09, for points in degrees or in a plane
    that was computed from such degrees. Fewer than ten points say nothing.
    """
    if len(read.frame) < LEAST_POINTS:
        return None
    found = _better_fit(read.source_xy, read.datum, around, crs)
    return _doubt(layer, read, *found) if found else None


@kept
def _better_fit(
    source_xy: Floats, datum: str, around: Surroundings, crs: CRS
) -> tuple[str, Fit, str, Fit] | None:
    """Return the declared datum, how points lie, and the datum that fits clearly better; None if there is none."""
    declared = _declared(datum)
    if declared is None:
        return None
    degrees = _degrees(source_xy[:: -(-len(source_xy) // MOST_POINTS)], datum)
    own_xy = _placed(degrees, declared, crs)
    places = {name: _placed(degrees, name, crs) for name in CANDIDATES if name != declared}
    fits = {name: fit(xy, around) for name, xy in places.items() if len(xy)}
    if not fits:
        return None
    own = fit(own_xy, around)
    best = min(fits, key=lambda name: (fits[name].misplaced_share, fits[name].street_distance_m))
    claims = _claims(fits[best], own, len(degrees))
    controls = [fit(xy, around) for xy in _other_ways(own_xy, places[best])] if claims else []
    if not any(all(holds(fits[best], control) for control in controls) for holds in claims):
        return None
    return declared, own, best, fits[best]


def _other_ways(own_xy: Floats, other_xy: Floats) -> list[Floats]:
    east, north = np.median(other_xy - own_xy, axis=0)
    angles = np.radians(CONTROL_ANGLES_DEG)
    ways = np.column_stack(
        [east * np.cos(angles) - north * np.sin(angles), east * np.sin(angles) + north * np.cos(angles)]
    )
    return [own_xy + way for way in ways]


def _declared(datum: str) -> str | None:
    key = datum_key(datum)
    if key == "shanghai2000":
        return None  # a plane of its own, never computed from web map degrees
    return key if key in ("gcj02", "bd09") else "wgs84"


def _degrees(source_xy: Floats, datum: str) -> Floats:
    lon, lat = Transformer.from_crs(crs_of(datum), "EPSG:4326", always_xy=True).transform(*source_xy.T)
    return np.column_stack([lon, lat])


def _placed(degrees: Floats, datum: str, crs: CRS) -> Floats:
    """Return the points in the study's CRS, none if the datum is not defined there."""
    if datum != "wgs84" and outside_china(*degrees.T).any():
        return np.empty((0, 2))
    return np.asarray(shapely.get_coordinates(project(shapely.points(degrees), datum, crs)), dtype=float)


def fit(xy: Floats, around: Surroundings) -> Fit:
    """Measure how points lie among streets, water and the study's area.

    >>> streets = gpd.GeoDataFrame({"walkable": [True]}, geometry=[shapely.LineString([(0, 0), (1000, 0)])])
    >>> nothing = gpd.GeoDataFrame(geometry=[])
    >>> around = Surroundings(streets, nothing, nothing, max_snap_m=150)
    >>> fit(np.array([[10.0, 20.0], [10.0, 400.0]]), around).off_street_share
    0.5
    """
    points = shapely.points(xy)
    in_water = _within(points, around.water_tree)
    outside = ~_within(points, around.area_tree) if len(around.area) else np.zeros(len(points), dtype=bool)
    distance = _street_distances(points, around.street_tree)
    off_street = distance > around.max_snap_m
    return Fit(
        in_water_share=float(in_water.mean()),
        off_street_share=float(off_street.mean()),
        outside_share=float(outside.mean()),
        misplaced_share=float((in_water | off_street | outside).mean()),
        street_distance_m=float(np.median(distance)),
    )


def _within(points: np.ndarray, polygons: shapely.STRtree) -> Bools:
    within = np.zeros(len(points), dtype=bool)
    within[polygons.query(points, predicate="intersects")[0]] = True
    return within


def _street_distances(points: np.ndarray, streets: shapely.STRtree) -> Floats:
    (rows, _), distances = streets.query_nearest(points, return_distance=True, all_matches=False)
    found = np.full(len(points), np.inf)
    found[rows] = distances
    return found


def _misplaces_less(other: Fit, own: Fit) -> bool:
    return other.misplaced_share <= own.misplaced_share * CLEARLY_LESS


def _lies_nearer(other: Fit, own: Fit) -> bool:
    return other.street_distance_m <= own.street_distance_m * CLEARLY_NEARER


def _claims(other: Fit, own: Fit, count: int) -> list[Callable[[Fit, Fit], bool]]:
    """Return in which ways another datum fits better than the declared one by more than a few points or metres."""
    fewer = own.misplaced_share - other.misplaced_share
    gain_m = own.street_distance_m - other.street_distance_m
    is_less = own.misplaced_share >= LEAST_MISPLACED_SHARE and fewer * count >= LEAST_FEWER_MISPLACED
    is_nearer = count >= LEAST_POINTS_FOR_MEDIAN and fewer >= 0 and gain_m >= LEAST_MEDIAN_GAIN_M
    claims = ((is_less, _misplaces_less), (is_nearer, _lies_nearer))
    return [holds for is_large, holds in claims if is_large and holds(other, own)]


def _doubt(layer: Layer, read: Accepted, declared: str, own: Fit, best: str, other: Fit) -> Problem:
    return Problem(
        layer=layer.name,
        severity="warning",
        code="datum_doubt",
        message=Text(
            f"按 {declared} 读取, {_figures_zh(own)}; 若按 {best}, 则{_figures_zh(other)}。坐标未作任何移动; "
            f'请核对数据来源, 必要时在 [layers.{layer.name}] 中写 datum = "{best}" (也可能是道路图层的 datum 有误)。',
            f"Read as {declared}, {_figures_en(own)}; as {best} it would be: {_figures_en(other)}. Nothing was moved. Check where "
            f'the data come from and, if so, write datum = "{best}" in [layers.{layer.name}] (or the streets have a wrong datum).',
        ),
        file=read.file,
        column="datum",
        value=declared,
    )


def _figures_zh(fit: Fit) -> str:
    return (
        f"{fit.misplaced_share:.0%} 的点位置可疑 (水中 {fit.in_water_share:.0%}, 离道路过远 {fit.off_street_share:.0%}, "
        f"范围外 {fit.outside_share:.0%}), 到最近道路的中位距离 {fit.street_distance_m:.0f} 米"
    )


def _figures_en(fit: Fit) -> str:
    return (
        f"{fit.misplaced_share:.0%} of the points lie doubtfully ({fit.in_water_share:.0%} in water, {fit.off_street_share:.0%} "
        f"off every street, {fit.outside_share:.0%} outside), median distance to a street {fit.street_distance_m:.0f} m"
    )


def compare_datums(inputs: Inputs, layer: str = "facilities") -> pd.DataFrame:
    """Return how the points of a layer would lie if their coordinates were in another datum.

    Args:
        inputs: from ``load_study``.
        layer: a layer with points.

    Returns:
        One row per datum (WGS84, GCJ-02, BD-09): ``datum``, ``in_water_share``, ``off_street_share``,
        ``outside_share`` (0..1), ``street_distance_m`` (median) and ``moved_m`` (mean distance from where the
        points lie as declared); no rows for points outside China or of a plane that has nothing to do with these.

    >>> from pujin_geo import load_study
    >>> compare_datums(load_study("geodata/xiaohe"))[["datum", "in_water_share", "moved_m"]].round(2).values.tolist()
    [['wgs84', 0.0, 0.0], ['gcj02', 0.04, 463.95], ['bd09', 0.0, 1123.01]]
    """
    frame, study = inputs.layer(layer), inputs.study
    spec = study.layers.get(layer)
    declared = _declared(spec.datum or "wgs84" if spec else "wgs84")
    xy = shapely.get_coordinates(frame.geometry.representative_point().to_numpy())
    lon, lat = Transformer.from_crs(study.crs, "EPSG:4326", always_xy=True).transform(*xy.T)
    if declared is None or not len(xy) or outside_china(lon, lat).any():
        return pd.DataFrame(columns=DATUM_COLUMNS)
    degrees = np.column_stack(from_wgs84(lon, lat, declared))
    around = _surroundings(inputs)
    rows = []
    for datum in CANDIDATES:
        placed = _placed(degrees, datum, study.crs)
        found = fit(placed, around)
        moved_m = float(np.hypot(*(placed - xy).T).mean())
        rows.append(
            (
                datum,
                found.in_water_share,
                found.off_street_share,
                found.outside_share,
                found.street_distance_m,
                moved_m,
            )
        )
    return pd.DataFrame(rows, columns=DATUM_COLUMNS)


def _surroundings(inputs: Inputs) -> Surroundings:
    return Surroundings(
        streets=inputs.streets,
        water=inputs.water,
        area=inputs.extent if len(inputs.extent) else inputs.boundary,
        max_snap_m=inputs.study.settings.max_snap_m,
    )
