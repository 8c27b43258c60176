"""Pictures of the whole study and of each circle as SVG: no script, sharp in print, small enough to mail.

Those of the whole share one base, which is drawn once in a page and referred to; a circle's draws only what it shows.
"""

from dataclasses import dataclass
from typing import TYPE_CHECKING

import geopandas as gpd
import numpy as np
import pandas as pd
import shapely
from markupsafe import Markup
from numpy.typing import NDArray

from ..reuse import kept
from ..texts import Lang, Text
from ..walking.access import Geometries, access_facilities
from ..walking.minutes import WALKERS, walk_in_minutes
from ..walking.network import Network
from ..walking.reach import reach_streets
from ..walking.verdicts import counts
from . import basemap, drawing
from .coverage import basic_reach
from .drawing import Box, Frame, Ground
from .palette import LAND_COLOUR, RANK_CLASSES

if TYPE_CHECKING:
    from ..results import Results

BASE = "pj-base"
HUB_MINUTES = 15
HUB_COLOUR = "#8d6fc4"
HUB_REACH_WIDTH = 46
CIRCLE_ASPECT = 1.3
"""Width ÷ height of a circle's picture."""

WORST = 10
SLIVER_M = 15.0


@dataclass(frozen=True)
class Pictures:
    """The pictures of a page.

    Attributes:
        base: the study's own layers; stands once in a page, before the pictures of the whole.
        overview: demand points by the share of basic types within reach, the worst gap areas numbered.
        gaps: the gap areas by rank, the worst numbered; "" without gap areas.
        circles: circle → its demand points, its hub and the streets within a quarter of an hour of it.
        circle_index: the circles, numbered in the order of the table; "" without circles.
    """

    base: Markup
    overview: Markup
    gaps: Markup
    circles: dict[str, Markup]
    circle_index: Markup


@dataclass(frozen=True)
class _Scene:
    """What the pictures are drawn from: the demand points and their places, the names, and where the gap areas lie."""

    results: "Results"
    frame: Frame
    labels: gpd.GeoDataFrame
    reach: pd.DataFrame
    places: NDArray[np.int64]
    areas: list[tuple[int, int]]


@dataclass(frozen=True)
class _Backdrop:
    """What no facility changes in a circle's picture: the view, the ground paled around the circle, its outline."""

    view: Box
    ground: Markup
    around: Markup
    outline: Markup


@dataclass(frozen=True)
class _Hub:
    """The centre of a circle and its ways onto the network."""

    place: shapely.Geometry
    ways: pd.DataFrame


def hub_words(lang: Lang) -> str:
    """Return what the streets around a hub mean: minutes, metres and the speed that they rest on."""
    walker = WALKERS["default"]
    reach_m = f"{walk_in_minutes(HUB_MINUTES, walker):,.0f}"
    return Text(
        f"从中心步行 {HUB_MINUTES} 分钟 ({reach_m} 米, 按 {walker.speed_m_s:g} 米/秒) 以内的圈内道路",
        f"streets of the circle within {HUB_MINUTES} minutes ({reach_m} m at {walker.speed_m_s:g} m/s) of the hub",
    ).of(lang)


def pictures(results: "Results") -> Pictures:
    """Return all pictures of a study; a page that shows one of the whole study must hold ``base`` once."""
    inputs = results.inputs
    frame = drawing.frame_of(inputs)
    reach = basic_reach(results)
    places = drawing.demand_places(results, reach, frame)
    labels, areas = basemap.label_points(inputs), _area_points(results, frame)
    scene = _Scene(results, frame, labels, reach, places, areas)
    ground, backdrops = _grounds(drawing.ground_layers(inputs), inputs.circles.geometry.to_numpy(), frame)
    base = Markup(
        '<svg width="0" height="0" aria-hidden="true" class="base"><defs><g id="{}">{}</g></defs></svg>'
    )
    return Pictures(
        base=base.format(BASE, ground),
        overview=_overview(scene),
        gaps=_gaps(scene),
        circles=_circles(scene, backdrops),
        circle_index=_circle_index(results, frame),
    )


@kept
def _grounds(
    layers: dict[str, gpd.GeoDataFrame], circles: Geometries, frame: Frame
) -> tuple[Markup, list[_Backdrop]]:
    """Return the ground of the whole study, and the backdrop of each circle."""
    ground = drawing.ground_of(layers, frame)
    return drawing.base(ground, frame), [_backdrop(ground, shape, frame) for shape in circles]


def _whole_view(frame: Frame) -> Box:
    return (0, 0, frame.width, frame.height)


def _picture(
    view: Box, title: str, drawn: Markup, *, kind: str, own_base: Markup | None = None, size: int = 120
) -> Markup:
    """Return one picture over the shared base or its own; ten drawing units are a pixel.

    ``size`` is what a stylesheet's ``em`` stands for, where a page wants smaller names in a larger picture.
    """
    left, top, right, bottom = (round(one) for one in view)
    width, height = right - left, bottom - top
    return Markup(
        '<svg class="picture {0}" width="{1}" height="{2}" viewBox="{3} {4} {5} {6}" font-size="{10}" role="img" aria-label="{7}" xmlns="http://www.w3.org/2000/svg">'
        '<rect x="{3}" y="{4}" width="{5}" height="{6}" fill="{11}"/>{8}{9}</svg>'
    ).format(
        kind, width // 10, height // 10, left, top, width, height, title,
        Markup('<use href="#{}"/>').format(BASE) if own_base is None else own_base, drawn, size, LAND_COLOUR,
    )  # fmt: skip


def _overview(scene: _Scene) -> Markup:
    results, frame, labels = scene.results, scene.frame, scene.labels
    view = _whole_view(frame)
    worst = scene.areas[:WORST]
    shown = labels[labels["kind"].isin(["committee", "water"])]
    parts = [
        drawing.demand_dots(scene.reach, scene.places),
        drawing.names(shown, frame, view, size=120, taken=_around(worst, 120)),
        drawing.numbered(worst, size=120),
        drawing.scale_bar(frame, view, size=150),
        drawing.north_arrow(results, view, size=170),
    ]
    title = Text(
        "总图: 居民点可达的基础类设施占比, 编号为缺口最大的十片",
        "Overview: share of basic types within walking reach; numbers are the ten worst gap areas",
    )
    return _picture(view, title.of(results.lang), Markup("").join(parts), kind="overview")


def _around(points: list[tuple[int, int]], size: int) -> list[Box]:
    return [(x - size, y - size, x + size, y + size) for x, y in points]


def _area_points(results: "Results", frame: Frame) -> list[tuple[int, int]]:
    """Return where the gap areas lie, by rank: at the demand points after which they are named."""
    layer = results.inputs.residents
    row = pd.Index(layer["demand_id"]).get_indexer(results.tables["gap_areas"]["area_id"])
    return frame.points(shapely.point_on_surface(layer.geometry.to_numpy()[row]))


def _gaps(scene: _Scene) -> Markup:
    results, frame, labels = scene.results, scene.frame, scene.labels
    points = scene.areas
    if not points:
        return Markup("")
    view = _whole_view(frame)
    drawn, first = [], WORST
    for last, colour, _ in RANK_CLASSES[1:]:  # the first class bears numbers
        mine = points[first:last]
        data = "".join(drawing.circle_data(x, y, 90) for x, y in mine)
        if data:
            drawn.append(
                Markup('<path d="{}" fill="{}" stroke="#fff" stroke-width="14"/>').format(data, colour)
            )
        first = last or len(points)
    shown = labels[labels["kind"] == "committee"]
    worst = points[:WORST]
    parts = [
        *reversed(drawn),
        drawing.names(shown, frame, view, size=150, taken=_around(worst, 170)),
        drawing.numbered(worst, size=170),
        drawing.scale_bar(frame, view, size=190),
        drawing.north_arrow(results, view, size=210),
    ]  # fmt: skip
    title = Text("缺口片区的位置与名次", "Where the gap areas lie, by rank")
    return _picture(view, title.of(results.lang), Markup("").join(parts), kind="gapmap")


def _circle_index(results: "Results", frame: Frame) -> Markup:
    circles = results.inputs.circles
    if circles.empty:
        return Markup("")
    view = _whole_view(frame)
    points = frame.points(circles.representative_point().to_numpy())
    parts = [
        drawing.line(circles.boundary, frame, drawing.INK, 34),
        drawing.numbered(points, size=190),
        drawing.scale_bar(frame, view, size=170),
        drawing.north_arrow(results, view, size=190),
    ]
    title = Text("生活圈编号图", "Index of the living circles")
    return _picture(view, title.of(results.lang), Markup("").join(parts), kind="index")


def _backdrop(ground: Ground, shape: shapely.Geometry, frame: Frame) -> _Backdrop:
    view = _view_of(shape, frame)
    within = frame.within(view)
    outline = gpd.GeoSeries([shape])
    around = Markup('<path d="M{} {}h{}v{}h-{}z{}" fill="#fff" fill-opacity=".72" fill-rule="evenodd"/>').format(
        *(round(v) for v in (view[0], view[1], view[2] - view[0], view[3] - view[1], view[2] - view[0])),
        drawing.rings(outline, within),
    )  # fmt: skip
    border = drawing.line(outline.boundary, within, drawing.INK, 22 * _scale(view))
    return _Backdrop(view, drawing.base(ground, within), around, border)


def _scale(view: Box) -> float:
    """Return how much wider lines are drawn in a view, which is shown smaller or larger than the whole."""
    return (view[2] - view[0]) / 2_600


def _circles(scene: _Scene, backdrops: list[_Backdrop]) -> dict[str, Markup]:
    results = scene.results
    circles = results.inputs.circles
    if circles.empty:
        return {}
    hubs, labels = _hubs(results), scene.labels[scene.labels["kind"] == "committee"]
    residents = results.tables["residents"]
    row = pd.Index(residents["demand_id"]).get_indexer(scene.reach["demand_id"])
    circle_of_point = residents["circle_id"].to_numpy(dtype=object)[row]
    return {
        circle_id: _circle(scene, circle_id, shape, backdrop, circle_of_point == circle_id, labels, hubs.get(circle_id))
        for circle_id, shape, backdrop in zip(circles["circle_id"], circles.geometry, backdrops, strict=True)
    }  # fmt: skip


def _hubs(results: "Results") -> dict[str, _Hub]:
    """Return circle → its hub, where it has one that counts."""
    inputs = results.inputs
    hubs = dict(results.tables["circles"][["circle_id", "hub_facility_id"]].itertuples(index=False))
    is_hub = inputs.facilities["facility_id"].isin(hubs.values()) & counts(
        inputs, include_planned=results.include_planned
    )
    facilities = inputs.facilities[is_hub].reset_index(drop=True)
    snap_m = inputs.study.settings.max_snap_m
    access = access_facilities(results.network, facilities, inputs.entrances, max_snap_m=snap_m)
    found = {
        facility_id: _Hub(facilities.geometry.iloc[item], access[access["item"] == item])
        for item, facility_id in enumerate(facilities["facility_id"])
    }
    return {circle_id: found[hub] for circle_id, hub in hubs.items() if hub in found}


def _circle(
    scene: _Scene,
    circle_id: str,
    shape: shapely.Geometry,
    backdrop: _Backdrop,
    is_here: NDArray[np.bool_],
    labels: gpd.GeoDataFrame,
    hub: _Hub | None,
) -> Markup:
    results, view = scene.results, backdrop.view
    frame = scene.frame.within(view)
    size = max(round((view[2] - view[0]) / 24), 30)
    parts = [backdrop.around]
    if hub is not None and len(hub.ways):
        # Its place among the facilities says nothing of the hub.
        ways = hub.ways.assign(item=0).reset_index(drop=True)
        parts.append(_reached(results.network, ways, shape, frame, HUB_REACH_WIDTH * _scale(view)))
    named = shapely.intersects(labels.geometry.to_numpy(), shape)
    parts += [
        backdrop.outline,
        drawing.demand_dots(
            scene.reach[is_here], scene.places[is_here], scale=_scale(view) * 1.15, crowd=1_000
        ),
        drawing.names(labels.iloc[np.flatnonzero(named)], frame, view, size=size),
    ]
    if hub is not None:
        parts.append(_hub_mark(*frame.points(shapely.point_on_surface([hub.place]))[0], size=size))
    parts.append(drawing.scale_bar(frame, view, size=size))
    title = Text(f"生活圈 {circle_id}", f"Circle {circle_id}")
    return _picture(
        view,
        title.of(results.lang),
        Markup("").join(parts),
        kind="sketch",
        own_base=backdrop.ground,
        size=size,
    )


@kept
def _reached(
    network: Network, ways: pd.DataFrame, shape: shapely.Geometry, frame: Frame, width: float
) -> Markup:
    """Return the streets of a circle within a quarter of an hour of its hub."""
    limit_m = walk_in_minutes(HUB_MINUTES, WALKERS["default"])
    near = reach_streets(network, ways, limit_m=limit_m).geometry.intersection(shape)
    return drawing.line(near, frame, HUB_COLOUR, width, opacity=0.45)


def _hub_mark(x: int, y: int, *, size: int) -> Markup:
    half = round(size * 0.55)
    return Markup(
        '<path class="hub" d="M{} {}h{}v{}h-{}z" fill="#fff" stroke="{}" stroke-width="{}"/>'
    ).format(x - half, y - half, 2 * half, 2 * half, 2 * half, HUB_COLOUR, round(size * 0.35))


def _view_of(shape: shapely.Geometry, frame: Frame) -> Box:
    """Return the view around a circle: its bounds with a margin, made as wide as all circles' pictures are."""
    # Slivers along a border that was drawn by hand would make the circle small.
    body = shape.buffer(-SLIVER_M).buffer(SLIVER_M)
    west, south, east, north = (shape if body.is_empty else body).bounds
    left, top, right, bottom = (
        (west - frame.box[0]) * frame.units_per_m,
        (frame.box[3] - north) * frame.units_per_m,
        (east - frame.box[0]) * frame.units_per_m,
        (frame.box[3] - south) * frame.units_per_m,
    )
    tall = max(bottom - top, (right - left) / CIRCLE_ASPECT) * 1.08
    wide = tall * CIRCLE_ASPECT
    x, y = (left + right) / 2, (top + bottom) / 2
    return (x - wide / 2, y - tall / 2, x + wide / 2, y + tall / 2)
