"""One picture of the whole study as SVG: drawn without script, sharp in print, small enough to mail."""

import math
from typing import TYPE_CHECKING

import geopandas as gpd
import numpy as np
import shapely
from markupsafe import Markup
from numpy.typing import NDArray

from ..texts import Text
from . import basemap
from .coverage import basic_reach
from .packing import line_parts
from .palette import DEMAND_CLASSES, VERDICT_COLOURS, demand_class

if TYPE_CHECKING:
    from ..results import Results

WIDTH = 7_200
"""Drawing units across; a unit is a tenth of a pixel where the picture is 720 pixels wide."""

TALLEST = 8_800
_DOT_RADII = (24, 36, 52)
_AREAS = (("residential_land", "#e9e0d2"), ("green", "#cfe0bd"), ("water", "#b8d4e3"))
_STREETS = (("path", "#ded6c8", 6.0), ("local", "#cfc9c0", 10.0), ("main", "#b9ab95", 24.0))


class _Frame:
    """The drawn box and how its metres become drawing units, y downwards."""

    def __init__(self, box: tuple[float, float, float, float]) -> None:
        west, south, east, north = box
        self.box = box
        self.units_per_m = min(WIDTH / (east - west), TALLEST / (north - south))
        self.width = math.ceil((east - west) * self.units_per_m)
        self.height = math.ceil((north - south) * self.units_per_m)

    def units(self, xy: NDArray[np.float64]) -> NDArray[np.int64]:
        moved = (xy - np.array([self.box[0], self.box[3]])) * np.array([1, -1]) * self.units_per_m
        rounded: NDArray[np.int64] = np.rint(moved).astype(np.int64)
        return rounded


def overview_svg(results: "Results") -> Markup:
    """Return the overview: demand points by the share of basic types within reach, on the study's layers."""
    inputs = results.inputs
    frame = _Frame(_box(results))
    parts = [_area(inputs.layer(name), frame, colour) for name, colour in _AREAS]
    classes = basemap.street_class(inputs.streets)
    for name, colour, width in _STREETS:
        parts.append(_line(inputs.streets.geometry[classes == name], frame, colour, width))
    parts.append(_line(inputs.committees.boundary, frame, "#8b83a6", 8, dash="50 30"))
    parts.append(_line(basemap.dissolved(inputs.boundary), frame, "#5a4a8a", 22))
    parts.append(_names(results, frame))
    parts.append(_dots(results, frame))
    parts.append(_scale_and_north(results, frame))
    title = Text("总图: 居民点可达的基础类设施占比", "Overview: share of basic types within walking reach")
    drawing = Markup("").join(parts)
    return Markup(
        '<svg class="overview" width="{4}" height="{5}" viewBox="0 0 {0} {1}" role="img" aria-label="{2}" xmlns="http://www.w3.org/2000/svg">'
        '<rect width="{0}" height="{1}" fill="#f6f4ef"/>{3}</svg>'
    ).format(
        frame.width, frame.height, title.of(results.lang), drawing, frame.width // 10, frame.height // 10
    )


def _box(results: "Results") -> tuple[float, float, float, float]:
    inputs = results.inputs
    if not len(inputs.boundary):
        return basemap.drawn_box(inputs)
    west, south, east, north = (float(v) for v in inputs.boundary.total_bounds)
    margin = max(east - west, north - south) * 0.03
    return (west - margin, south - margin, east + margin, north + margin)


def _path(parts: NDArray[np.object_], frame: _Frame, *, close: bool) -> str:
    """Return SVG path data in whole units: a start, then steps."""
    texts = []
    counts = shapely.get_num_coordinates(parts)
    units = frame.units(shapely.get_coordinates(parts))
    for xy in np.split(units, np.cumsum(counts)[:-1]) if len(parts) else []:
        steps = np.diff(xy, axis=0)
        steps = steps[(steps != 0).any(axis=1)]
        if len(steps):
            drawn = " ".join(f"{x} {y}" for x, y in steps.tolist())
            texts.append(f"M{xy[0][0]} {xy[0][1]}l{drawn}{'z' if close else ''}")
    return "".join(texts)


def _area(layer: gpd.GeoDataFrame, frame: _Frame, colour: str) -> Markup:
    rings = line_parts(basemap.dissolved(layer), frame.box, simplify_m=1.5 / frame.units_per_m * 2)
    data = _path(rings, frame, close=True)
    if not data:
        return Markup("")
    return Markup('<path d="{}" fill="{}" fill-rule="evenodd"/>').format(data, colour)


def _line(geometry: gpd.GeoSeries, frame: _Frame, colour: str, width: float, *, dash: str = "") -> Markup:
    lines = line_parts(geometry, frame.box, simplify_m=4 / frame.units_per_m)
    data = _path(lines, frame, close=False)
    if not data:
        return Markup("")
    dashes = Markup(' stroke-dasharray="{}"').format(dash) if dash else Markup("")
    return Markup(
        '<path d="{}" fill="none" stroke="{}" stroke-width="{:g}" stroke-linejoin="round"{}/>'
    ).format(data, colour, width, dashes)


def _dots(results: "Results", frame: _Frame) -> Markup:
    """Draw all dots of one class as one path."""
    reach = basic_reach(results)
    layer = results.inputs.residents.set_index("demand_id").geometry.loc[reach["demand_id"]]
    xy = frame.units(shapely.get_coordinates(shapely.point_on_surface(layer.to_numpy())))
    people = reach["population"].to_numpy(dtype=float)
    positive = people[people > 0]
    limits = np.quantile(positive, [0.5, 0.9]) if len(positive) else [1.0, 1.0]
    crowding = float(np.clip(np.sqrt(1_000 / max(len(xy), 1)), 0.35, 1.0))
    radius = np.array(_DOT_RADII)[np.searchsorted(limits, people)] * crowding
    group = demand_class(reach["met_share"].to_numpy(dtype=float))
    drawn = []
    for code in (-1, *range(len(DEMAND_CLASSES))):
        colour = DEMAND_CLASSES[code][1] if code >= 0 else VERDICT_COLOURS["none"]
        mine = np.flatnonzero(group == code)
        data = "".join(_circle(int(xy[i, 0]), int(xy[i, 1]), int(radius[i])) for i in mine)
        if data:
            drawn.append(Markup('<path d="{}" fill="{}" fill-opacity=".9"/>').format(data, colour))
    return Markup("").join(drawn)


def _circle(x: int, y: int, r: int) -> str:
    """Return path data of a circle: two arcs, which every program that reads SVG or PDF draws round."""
    return f"M{x - r} {y}a{r} {r} 0 1 0 {2 * r} 0a{r} {r} 0 1 0 -{2 * r} 0"


def _names(results: "Results", frame: _Frame) -> Markup:
    """Names of committees and water, the larger first, without overlaps."""
    inputs = results.inputs
    taken: list[tuple[float, float, float, float]] = []
    texts = []
    labels = basemap.label_points(inputs)
    labels = labels[labels["kind"].isin(["committee", "water"])]
    at = frame.units(shapely.get_coordinates(labels.geometry.to_numpy())).tolist()
    size = 120
    for text, kind, (x, y) in zip(labels["text"], labels["kind"], at, strict=True):
        shown = text if len(text) <= 14 else text[:13] + "…"
        half = size * sum(0.5 if ord(c) > 0x2E7F else 0.3 for c in shown)
        box = (x - half, y - size * 0.7, x + half, y + size * 0.7)
        inside = box[0] > 0 and box[2] < frame.width and box[1] > 0 and box[3] < frame.height
        if inside and all(box[0] > o[2] or box[2] < o[0] or box[1] > o[3] or box[3] < o[1] for o in taken):
            taken.append(box)
            texts.append(Markup('<text x="{}" y="{}" class="{}">{}</text>').format(x, y + 40, kind, shown))
    return Markup("").join(texts)


def _scale_and_north(results: "Results", frame: _Frame) -> Markup:
    wanted_m = frame.width / frame.units_per_m / 5
    power = 10 ** math.floor(math.log10(wanted_m))
    length_m = max(step * power for step in (1, 2, 5) if step * power <= wanted_m)
    length = round(length_m * frame.units_per_m)
    words = f"{length_m / 1000:g} km" if length_m >= 1000 else f"{length_m:g} m"
    x, y = 150, frame.height - 150
    north = Text("北", "N").of(results.lang)
    return Markup(
        '<g><path d="M{0} {1}v-60h{2}v60" fill="none" stroke="#22303c" stroke-width="16"/>'
        '<text x="{3}" y="{4}" class="scale">{5}</text>'
        '<path d="M{6} 480l-70 -220l70 -170l70 170z" fill="#22303c" stroke="#fff" stroke-width="14" transform="translate(0 120)"/>'
        '<text x="{6}" y="170" class="scale middle">{7}</text></g>'
    ).format(x, y, length, x + length + 60, y, words, frame.width - 200, north)
