"""The background of every map, drawn from the study's own layers: water, green, streets, outlines, names."""

import re
from dataclasses import dataclass
from typing import Any

import geopandas as gpd
import pandas as pd
import shapely
from pyproj import CRS

from ..inputs import Inputs
from ..reuse import kept
from ..texts import Text
from .packing import Grid, grid_over, pack
from .palette import GROUND_COLOURS

STREET_CLASSES: dict[str, Text] = {
    "no_walk": Text("不可步行道路", "not for walking"),
    "path": Text("步道、小路", "path"),
    "local": Text("支路、街坊路", "local street"),
    "main": Text("主次干路", "main street"),
    "future": Text("在建、规划道路", "street under construction or planned"),
}
"""Street classes in drawing order."""

_MAIN = (
    "arterial", "trunk", "primary", "secondary", "main", "collector", "motorway", "expressway",
    "主干", "次干", "干路", "快速", "干道",
)  # fmt: skip
_PATH = (
    "path", "foot", "steps", "pedestrian", "cycle", "track", "bridle", "corridor", "platform", "lane_path",
    "riverside", "greenway", "步", "小路", "巷", "绿道", "人行", "台阶", "田间",
)  # fmt: skip
_LABELLED = ("committees", "water", "green", "streets")
_AREAS = ("residential_land", "green", "water")
_TOLERANCE_M = {"residential_land": 2.0, "green": 1.0, "water": 1.0}
_MARGIN_SHARE = 0.03
_MOST_LABELS = 160


def drawn_box(inputs: Inputs) -> tuple[float, float, float, float]:
    """Return the box that maps draw, in metres of the study's CRS.

    The data extent, else the boundary, else all that the three required layers hold, with a margin.
    """
    layers = [inputs.extent] if len(inputs.extent) else [inputs.boundary]
    if not len(layers[0]):
        layers = [inputs.facilities, inputs.residents, inputs.streets]
    bounds = pd.DataFrame(
        [layer.total_bounds for layer in layers if len(layer)], columns=["w", "s", "e", "n"]
    )
    west, south, east, north = bounds.w.min(), bounds.s.min(), bounds.e.max(), bounds.n.max()
    margin = max(east - west, north - south, 100.0) * _MARGIN_SHARE
    return (float(west - margin), float(south - margin), float(east + margin), float(north + margin))


def street_class(streets: gpd.GeoDataFrame) -> pd.Series:
    """Return the class in which each street is drawn: a key of ``STREET_CLASSES``.

    >>> frame = pd.DataFrame(
    ...     {"kind": ["主干路", "footway", "", "local"], "walkable": True, "status": ["", "", "", "planned"]}
    ... )
    >>> street_class(frame).tolist()
    ['main', 'path', 'local', 'future']
    """
    kind = streets["kind"].astype("str").str.lower()
    drawn = pd.Series("local", index=streets.index, dtype="object")
    drawn[_has_any(kind, _PATH)] = "path"
    drawn[_has_any(kind, _MAIN)] = "main"
    drawn[~streets["walkable"].astype(bool)] = "no_walk"
    drawn[streets["status"].isin(["planned", "under_construction"])] = "future"
    drawn[streets["status"] == "closed"] = "no_walk"
    return drawn


@dataclass(frozen=True)
class Background:
    """What is the same on every map of a study: the drawn area, packed layers and names."""

    grid: Grid
    layers: dict[str, Any]
    labels: list[list[Any]]

    def as_json(self) -> dict[str, Any]:
        """Return what ``base.js`` and ``labels.js`` draw, with the colours."""
        return {
            "grid": self.grid.as_json(),
            "layers": self.layers,
            "labels": self.labels,
            "colours": GROUND_COLOURS,
        }


def background(inputs: Inputs) -> Background:
    """Return the background for the page's ``base.js``; make it once for several maps."""
    grid = grid_over(drawn_box(inputs), inputs.study.crs)
    return Background(grid, *_packed(_ground(inputs), grid))


def _ground(inputs: Inputs) -> dict[str, gpd.GeoDataFrame]:
    """Return the layers that are drawn; of the streets, which are many, only what of them is drawn."""
    shown = (*_AREAS, "barriers", "committees", "extent", "boundary")
    streets = inputs.streets[["name", "kind", "walkable", "status", "geometry"]]
    return {"streets": streets, **{name: inputs.layer(name) for name in shown}}


@kept
def _packed(ground: dict[str, gpd.GeoDataFrame], grid: Grid) -> tuple[dict[str, Any], list[list[Any]]]:
    """Return the packed layers and the names for the page."""
    packed: dict[str, Any] = {}
    for name in _AREAS:
        packed[name] = pack(dissolved(ground[name]), grid, simplify_m=_TOLERANCE_M[name])
    streets = ground["streets"]
    classes = street_class(streets)
    for name in STREET_CLASSES:
        packed[name] = pack(streets.geometry[classes == name], grid, simplify_m=0.4)
    packed["barriers"] = pack(ground["barriers"].geometry, grid, simplify_m=0.5)
    packed["committees"] = pack(_borders(ground["committees"]), grid, simplify_m=1.0)
    packed["extent"] = pack(dissolved(ground["extent"]), grid, simplify_m=1.0)
    packed["boundary"] = pack(dissolved(ground["boundary"]), grid, simplify_m=0.5)
    return packed, _labels(ground, grid)


def label_points(inputs: Inputs) -> gpd.GeoDataFrame:
    """Return the names on the map, most important first: ``text``, ``kind`` and a point in the study's CRS.

    Kinds are ``committee``, ``water``, ``street`` and ``green``; who draws them leaves out what would overlap.
    """
    ground, box = _ground(inputs), drawn_box(inputs)
    return _labels_within({name: ground[name] for name in _LABELLED}, box, inputs.study.crs)


@kept
def _labels_within(
    layers: dict[str, gpd.GeoDataFrame],
    box: tuple[float, float, float, float],
    crs: CRS,
) -> gpd.GeoDataFrame:
    found = [
        _area_labels(layers["committees"], "committee", 0),
        _area_labels(layers["water"], "water", 5_000),
        _street_labels(layers["streets"]),
        _area_labels(layers["green"], "green", 4_000),
    ]
    table = pd.concat([frame for frame in found if len(frame)] or found[:1])
    points = gpd.GeoDataFrame(table.reset_index(drop=True), geometry="geometry", crs=crs)
    return points[points.intersects(shapely.box(*box))].head(_MOST_LABELS)


def _labels(ground: dict[str, gpd.GeoDataFrame], grid: Grid) -> list[list[Any]]:
    """Return the names for the page: text, longitude, latitude, kind."""
    points = _labels_within({name: ground[name] for name in _LABELLED}, grid.box, grid.crs)
    lonlat = points.geometry.to_crs(4326)
    columns = (points["text"].map(short_name), lonlat.x.round(6), lonlat.y.round(6), points["kind"])
    return [list(row) for row in zip(*columns, strict=True)]


def short_name(name: str) -> str:
    """Return a committee's name as it is spoken, other names as they are: a map has little room.

    >>> [short_name(name) for name in ("景江苑居委会", "跃农村村委会", "丰收村村民委员会", "黄浦江")]
    ['景江苑居委', '跃农村', '丰收村', '黄浦江']
    """
    return re.sub(r"(?<=村)(?:村民委员会|村委会)$", "", re.sub(r"(?:居民委员会|居委会)$", "居委", name))


def dissolved(layer: gpd.GeoDataFrame) -> gpd.GeoSeries:
    """Return the union of a polygon layer: overlaps would otherwise show as holes."""
    if not len(layer):
        return layer.geometry
    return gpd.GeoSeries([shapely.union_all(shapely.make_valid(layer.geometry.to_numpy()))], crs=layer.crs)


def _borders(layer: gpd.GeoDataFrame) -> gpd.GeoSeries:
    """Return the outlines of polygons, a border that two share only once: dashes drawn twice would fill up."""
    outlines = shapely.boundary(layer.geometry.to_numpy())
    return gpd.GeoSeries([shapely.line_merge(shapely.union_all(outlines))], crs=layer.crs)


def _has_any(texts: pd.Series, words: tuple[str, ...]) -> pd.Series:
    return texts.str.contains("|".join(words), regex=True)


def _area_labels(layer: gpd.GeoDataFrame, kind: str, smallest_m2: float) -> pd.DataFrame:
    named = layer[(layer["name"].str.strip() != "") & (layer.area >= smallest_m2)]
    named = named.assign(size=named.area).sort_values("size", ascending=False, kind="stable")
    named = named.drop_duplicates("name")
    return pd.DataFrame({"text": named["name"], "geometry": named.representative_point(), "kind": kind})


def _street_labels(streets: gpd.GeoDataFrame) -> pd.DataFrame:
    """One label per name, in the middle of its longest line; main streets and long ones first."""
    named = streets[streets["name"].str.strip() != ""]
    frame = pd.DataFrame({"text": named["name"], "line": named.geometry, "length": named.length})
    frame["main"] = street_class(named) == "main"
    total = frame.groupby("text")["length"].transform("sum")
    frame = frame.assign(total=total).sort_values(
        ["main", "total", "text", "length"], ascending=[False, False, True, False], kind="stable"
    )
    frame = frame[frame["total"] >= 200].drop_duplicates("text")
    middle = shapely.line_interpolate_point(frame["line"].to_numpy(), 0.5, normalized=True)
    return pd.DataFrame({"text": frame["text"], "geometry": middle, "kind": "street"})
