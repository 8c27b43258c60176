"""Vector pictures of a study as SVG: the frame, the study's own layers, dots, names, scale and north."""

import math
from collections.abc import Mapping
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING

import geopandas as gpd
import numpy as np
import pandas as pd
import shapely
from markupsafe import Markup
from numpy.typing import NDArray

from ..texts import Text
from ..walking.access import Geometries
from . import basemap
from .lettering import fitted, width_em
from .packing import line_parts
from .palette import DEMAND_CLASSES, GROUND_COLOURS, PICTURE_STREETS, VERDICT_COLOURS, demand_class

if TYPE_CHECKING:
    from ..inputs import Inputs
    from ..results import Results

Box = tuple[float, float, float, float]
"""West, south, east, north in metres; of a view: left, top, right, bottom in drawing units."""

WIDTH = 7_200
"""Drawing units across; a unit is a tenth of a pixel where the picture is 720 pixels wide."""

TALLEST = 8_800
DOT_RADII = (24, 36, 52)
INK = "#22303c"
LONGEST_NAME_EM = 14.0
AREA_DETAIL, LINE_DETAIL = 3, 4
"""Drawing units by which a drawn line may lie beside the true one."""

AREAS = ("residential_land", "green", "water")
_STREET_WIDTHS = {"path": 5.0, "local": 10.0, "main": 24.0}


@dataclass(frozen=True)
class Frame:
    """The drawn box and how its metres become drawing units, y downwards; what lies outside ``clip`` is not drawn."""

    box: Box
    clip: Box
    units_per_m: float
    width: int
    height: int

    def units(self, xy: NDArray[np.float64]) -> NDArray[np.int64]:
        """Return coordinates (n, 2) in whole drawing units."""
        moved = (xy - np.array([self.box[0], self.box[3]])) * np.array([1, -1]) * self.units_per_m
        rounded: NDArray[np.int64] = np.rint(moved).astype(np.int64)
        return rounded

    def within(self, view: Box) -> "Frame":
        """Return the frame that draws nothing outside a view, which is given in drawing units."""
        left, top, right, bottom = (one / self.units_per_m for one in view)
        west, north = self.box[0], self.box[3]
        return replace(self, clip=(west + left, north - bottom, west + right, north - top))

    def points(self, points: NDArray[np.object_]) -> list[tuple[int, int]]:
        """Return points in whole drawing units."""
        return [(int(x), int(y)) for x, y in self.units(shapely.get_coordinates(points))]


def study_box(inputs: "Inputs") -> Box:
    """Return the box around the boundary with a margin, else around all that the maps draw, in metres."""
    if not len(inputs.boundary):
        return basemap.drawn_box(inputs)
    west, south, east, north = (float(v) for v in inputs.boundary.total_bounds)
    margin = max(east - west, north - south) * 0.03
    return (west - margin, south - margin, east + margin, north + margin)


def frame_of(inputs: "Inputs") -> Frame:
    """Return the frame around ``study_box``."""
    box = study_box(inputs)
    width_m, height_m = box[2] - box[0], box[3] - box[1]
    units_per_m = min(WIDTH / width_m, TALLEST / height_m)
    return Frame(box, box, units_per_m, math.ceil(width_m * units_per_m), math.ceil(height_m * units_per_m))


@dataclass(frozen=True)
class Ground:
    """The study's own layers in the detail of a frame, prepared once for several views: in drawing order."""

    areas: list[tuple[Geometries, str]]
    lines: list[tuple[Geometries, str, float, str]]


def ground_layers(inputs: "Inputs") -> dict[str, gpd.GeoDataFrame]:
    """Return the layers that ``ground_of`` draws, by name."""
    return {name: inputs.layer(name) for name in (*AREAS, "streets", "committees", "boundary")}


def ground_of(layers: Mapping[str, gpd.GeoDataFrame], frame: Frame) -> Ground:
    """Return land, green, water, streets, committees and the boundary, with their colours, widths and dashes."""
    streets, boundary = layers["streets"], basemap.dissolved(layers["boundary"]).boundary
    classes = basemap.street_class(streets).to_numpy()
    shapes = streets.geometry.to_numpy()
    lines: list[tuple[Geometries | gpd.GeoSeries, str, float, str]] = [
        *(
            (shapes[classes == name], PICTURE_STREETS[name], width, "")
            for name, width in _STREET_WIDTHS.items()
        ),
        (layers["committees"].boundary, GROUND_COLOURS["committees"]["line"], 8.0, "50 30"),
        (boundary, GROUND_COLOURS["boundary"]["line"], 22.0, ""),
    ]
    return Ground(
        areas=[
            (_in_detail(basemap.dissolved(layers[name]), frame, AREA_DETAIL), GROUND_COLOURS[name]["fill"])
            for name in AREAS
        ],
        lines=[
            (_in_detail(shape, frame, LINE_DETAIL), colour, width, dash)
            for shape, colour, width, dash in lines
        ],
    )


def base(ground: Ground, frame: Frame) -> Markup:
    """Return the study's own layers as a picture; the frame is that of the ground, or one ``within`` it."""
    parts = [_area(_inside(shapes, frame), frame, colour) for shapes, colour in ground.areas]
    parts += [
        _line(_inside(shapes, frame), frame, colour, width, dash=dash)
        for shapes, colour, width, dash in ground.lines
    ]
    return Markup("").join(parts)


def _in_detail(geometry: Geometries | gpd.GeoSeries, frame: Frame, detail: float) -> Geometries:
    """Return shapes without the vertices that would move a line by less than so many drawing units."""
    simple: Geometries = shapely.simplify(np.asarray(geometry, dtype=object), detail / frame.units_per_m)
    return simple


def _inside(shapes: Geometries, frame: Frame) -> Geometries:
    """Return what the frame draws of shapes as single lines."""
    left, bottom, right, top = shapely.bounds(shapes).reshape(-1, 4).T
    west, south, east, north = frame.clip
    near = (left <= east) & (right >= west) & (bottom <= north) & (top >= south)
    return line_parts(shapes[near], frame.clip)


def path_data(parts: Geometries, frame: Frame, *, close: bool) -> str:
    """Return SVG path data in whole units: a start, then steps."""
    if not len(parts):
        return ""
    units = frame.units(shapely.get_coordinates(parts))
    part = np.repeat(np.arange(len(parts)), shapely.get_num_coordinates(parts))
    steps = np.diff(units, axis=0)
    moves = np.flatnonzero((steps != 0).any(axis=1) & (part[1:] == part[:-1]))
    drawn, first = np.unique(part[moves], return_index=True)
    words = [f"{x} {y}" for x, y in steps[moves].tolist()]
    starts = units[np.searchsorted(part, drawn)].tolist()
    ends = [*first[1:].tolist(), len(words)]
    end = "z" if close else ""
    return "".join(
        f"M{x} {y}l{' '.join(words[begin:until])}{end}"
        for (x, y), begin, until in zip(starts, first.tolist(), ends, strict=True)
    )


def rings(geometry: gpd.GeoSeries, frame: Frame) -> str:
    """Return the rings of polygons as path data."""
    return path_data(_inside(_in_detail(geometry, frame, AREA_DETAIL), frame), frame, close=True)


def line(
    geometry: Geometries | gpd.GeoSeries, frame: Frame, colour: str, width: float, *, opacity: float = 1.0
) -> Markup:
    """Return lines, or the outlines of polygons, in one colour; nothing where there are none."""
    parts = _inside(_in_detail(geometry, frame, LINE_DETAIL), frame)
    return _line(parts, frame, colour, width, opacity=opacity)


def _area(parts: Geometries, frame: Frame, colour: str) -> Markup:
    data = path_data(parts, frame, close=True)
    if not data:
        return Markup("")
    return Markup('<path d="{}" fill="{}" fill-rule="evenodd"/>').format(data, colour)


def _line(
    parts: Geometries, frame: Frame, colour: str, width: float, *, dash: str = "", opacity: float = 1.0
) -> Markup:
    data = path_data(parts, frame, close=False)
    if not data:
        return Markup("")
    more = Markup(' stroke-dasharray="{}"').format(dash) if dash else Markup("")
    more += Markup(' stroke-opacity="{:g}"').format(opacity) if opacity < 1 else Markup("")
    return Markup(
        '<path d="{}" fill="none" stroke="{}" stroke-width="{:g}" stroke-linejoin="round"{}/>'
    ).format(data, colour, width, more)


def demand_places(results: "Results", reach: pd.DataFrame, frame: Frame) -> NDArray[np.int64]:
    """Return where the demand points of ``coverage.basic_reach`` lie, (n, 2) whole drawing units."""
    layer = results.inputs.residents
    row = pd.Index(layer["demand_id"]).get_indexer(reach["demand_id"])
    return frame.units(shapely.get_coordinates(shapely.point_on_surface(layer.geometry.to_numpy()[row])))


def demand_dots(
    reach: pd.DataFrame, places: NDArray[np.int64], *, scale: float = 1.0, crowd: int | None = None
) -> Markup:
    """Return demand points coloured by the share of basic types within reach, all of one class as one path.

    Args:
        reach: rows of ``coverage.basic_reach``.
        places: where they lie, from ``demand_places``.
        scale: how much larger than usual the dots are.
        crowd: how many dots share the picture, which makes them smaller; all of ``reach`` if None.
    """
    xy = places.tolist()
    people = reach["population"].to_numpy(dtype=float)
    positive = people[people > 0]
    limits = np.quantile(positive, [0.5, 0.9]) if len(positive) else [1.0, 1.0]
    crowding = float(np.clip(np.sqrt(1_000 / max(crowd or len(xy), 1)), 0.35, 1.0)) * scale
    radius = np.array(DOT_RADII)[np.searchsorted(limits, people)] * crowding
    group = demand_class(reach["met_share"].to_numpy(dtype=float))
    drawn = []
    for code in (-1, *range(len(DEMAND_CLASSES))):
        colour = DEMAND_CLASSES[code][1] if code >= 0 else VERDICT_COLOURS["none"]
        mine = np.flatnonzero(group == code)
        data = "".join(circle_data(xy[i][0], xy[i][1], int(radius[i])) for i in mine)
        if data:
            drawn.append(Markup('<path d="{}" fill="{}" fill-opacity=".9"/>').format(data, colour))
    return Markup("").join(drawn)


def circle_data(x: int, y: int, r: int) -> str:
    """Return path data of a circle: two arcs, which every program that reads SVG or PDF draws round."""
    return f"M{x - r} {y}a{r} {r} 0 1 0 {2 * r} 0a{r} {r} 0 1 0 -{2 * r} 0"


def numbered(points: list[tuple[int, int]], *, size: int) -> Markup:
    """Return numbers from 1 in round badges, the first on top."""
    badges = [
        Markup('<g class="badge"><circle cx="{0}" cy="{1}" r="{2}"/><text x="{0}" y="{3}" font-size="{4}">{5}</text></g>').format(
            x, y, size, y + round(size * 0.42), round(size * 1.25), number
        )
        for number, (x, y) in enumerate(points, start=1)
    ]  # fmt: skip
    return Markup("").join(reversed(badges))


def names(
    labels: gpd.GeoDataFrame, frame: Frame, view: Box, *, size: int, taken: list[Box] | None = None
) -> Markup:
    """Return names, the more important first, without overlaps; ``labels`` as from ``basemap.label_points``."""
    used = list(taken or [])
    texts = []
    at = frame.points(labels.geometry.to_numpy())
    for text, kind, (x, y) in zip(labels["text"], labels["kind"], at, strict=True):
        shown = fitted(text, LONGEST_NAME_EM)
        half = size * width_em(shown) / 2
        box = (x - half, y - size * 0.7, x + half, y + size * 0.7)
        inside = box[0] > view[0] and box[2] < view[2] and box[1] > view[1] and box[3] < view[3]
        if inside and all(box[0] > o[2] or box[2] < o[0] or box[1] > o[3] or box[3] < o[1] for o in used):
            used.append(box)
            texts.append(
                Markup('<text x="{}" y="{}" class="{}" font-size="{}">{}</text>').format(
                    x, y + round(size / 3), kind, size, shown
                )
            )
    return Markup("").join(texts)


def scale_bar(frame: Frame, view: Box, *, size: int) -> Markup:
    """Return a bar of a round length in the lower left of a view, its length beside it."""
    wanted_m = (view[2] - view[0]) / frame.units_per_m / 4
    length_m = round_length_m(wanted_m)
    length = round(length_m * frame.units_per_m)
    x, y = round(view[0] + size), round(view[3] - size)
    return Markup(
        '<path d="M{0} {1}v-{2}h{3}v{2}" fill="none" stroke="{4}" stroke-width="{5}"/>'
        '<text x="{6}" y="{1}" class="scale" font-size="{7}">{8}</text>'
    ).format(
        x, y, round(size * 0.4), length, INK, round(size / 9), x + length + round(size * 0.4), size, length_words(length_m)
    )  # fmt: skip


def round_length_m(wanted_m: float) -> float:
    """Return the greatest of 1, 2, 5, 10, … metres that is not longer than wanted.

    >>> round_length_m(730.0), round_length_m(1_999.0)
    (500.0, 1000.0)
    """
    power = 10.0 ** math.floor(math.log10(wanted_m))
    return max(step * power for step in (1, 2, 5) if step * power <= wanted_m)


def length_words(length_m: float) -> str:
    """Return a round length as scale bars print it.

    >>> length_words(500.0), length_words(2_000.0)
    ('500 m', '2 km')
    """
    return f"{length_m / 1000:g} km" if length_m >= 1000 else f"{length_m:g} m"


def north_arrow(results: "Results", view: Box, *, size: int) -> Markup:
    """Return an arrow to grid north in the upper right of a view."""
    x, y = round(view[2] - size * 1.2), round(view[1] + size * 0.5)
    wing, tall = round(size * 0.5), round(size * 1.5)
    return Markup(
        '<path d="M{0} {1}l{2} {3}l-{2} -{4}l-{2} {4}z" fill="{5}"/>'
        '<text x="{0}" y="{6}" class="scale middle" font-size="{7}">{8}</text>'
    ).format(
        x, y, wing, tall, round(tall * 0.25), INK, y + tall + size, size, Text("北", "N").of(results.lang)
    )  # fmt: skip
