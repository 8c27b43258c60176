"""A sheet with one map, drawn with matplotlib: the study's layers on the left, title, legend and figures on the right."""

from collections.abc import Sequence
from io import BytesIO
from pathlib import Path
from typing import TYPE_CHECKING, Any

import geopandas as gpd
import matplotlib as mpl
import numpy as np
import shapely
from matplotlib.axes import Axes
from matplotlib.collections import LineCollection, PathCollection
from matplotlib.figure import Figure
from matplotlib.lines import Line2D
from matplotlib.patches import Polygon
from matplotlib.path import Path as Outline
from matplotlib.patheffects import withStroke
from numpy.typing import NDArray

from ..maps import basemap
from ..maps.drawing import AREAS, INK, LONGEST_NAME_EM, length_words, round_length_m, study_box
from ..maps.lettering import fitted, lines_of, width_em
from ..maps.packing import line_parts
from ..maps.palette import GROUND_COLOURS, LAND_COLOUR, PICTURE_STREETS
from ..maps.words import notices, sources
from ..texts import Text
from .charts import SOFT
from .fonts import drawable, font

if TYPE_CHECKING:
    from ..results import Results

MM_PER_INCH = 25.4
PT_PER_INCH = 72.0
A3_MM = (420.0, 297.0)
SLIDE_MM = (338.7, 190.5)
"""A slide of 13.33 by 7.5 inches."""

MARGIN = 0.028
"""Of the sheet's width."""

WIDEST_MAP_SHARE = 0.66
COLUMN_PT = 430.0
"""Width of the column for which type has its named size; in a wider one it grows."""

ROW_PT, ROW_HEIGHT = 9.5, 1.75
"""Size of a table's type in points, and the height of its lines in sizes of type."""

DPI = 200
SCREEN_WIDTH_PX = 1500.0
PLAIN: dict[str, dict[str, None]] = {
    "png": {"Software": None},
    "svg": {"Date": None},
    "pdf": {"CreationDate": None, "Producer": None, "Creator": None},
}
"""Without dates and versions, so that the same results give the same bytes."""

_STREET_WIDTHS_PT = {"path": 0.2, "local": 0.4, "main": 1.0}
_NAME_COLOURS = {"committee": "#5a4f7d", "water": "#3f7392"}


class SheetFigure(Figure):
    """A figure that a notebook shows although pyplot, which would keep every one, is not used."""

    def _repr_png_(self) -> bytes:
        """Draw it at the width of a notebook."""
        drawn = BytesIO()
        self.savefig(drawn, format="png", dpi=SCREEN_WIDTH_PX / self.get_figwidth(), metadata=PLAIN["png"])
        return drawn.getvalue()


class Sheet:
    """A figure under way: a map in metres, and a column of text whose pen moves down.

    Args:
        results: an analysed study.
        title: the sheet's title.
        size_mm: width and height of the sheet.
    """

    def __init__(self, results: "Results", title: str, *, size_mm: tuple[float, float] = A3_MM) -> None:
        self.results = results
        self.figure = SheetFigure(
            figsize=(size_mm[0] / MM_PER_INCH, size_mm[1] / MM_PER_INCH), facecolor="white"
        )
        self._pt = size_mm[1] / A3_MM[1]  # type grows with the sheet
        self.box = study_box(results.inputs)
        self.map = self._map_axes()
        self._base()
        self._panel(title)

    # The map

    def _map_axes(self) -> Axes:
        west, south, east, north = self.box
        width_in, height_in = self.figure.get_size_inches()
        margin = MARGIN * width_in
        tall = height_in - 2 * margin
        wide = min(tall * (east - west) / (north - south), width_in * WIDEST_MAP_SHARE)
        tall = wide * (north - south) / (east - west)
        bottom = (height_in - tall) / 2
        axes = self.figure.add_axes(
            (margin / width_in, bottom / height_in, wide / width_in, tall / height_in)
        )
        axes.set(xlim=(west, east), ylim=(south, north), xticks=[], yticks=[], facecolor=LAND_COLOUR)
        for spine in axes.spines.values():
            spine.set(color="#b8c0c6", linewidth=0.8)
        self._map_right = (margin + wide) / width_in
        self.m_per_pt = (east - west) / (wide * PT_PER_INCH)
        return axes

    def _base(self) -> None:
        inputs = self.results.inputs
        for name in AREAS:
            self.fill(basemap.dissolved(inputs.layer(name)), GROUND_COLOURS[name]["fill"])
        classes = basemap.street_class(inputs.streets)
        for name, width_pt in _STREET_WIDTHS_PT.items():
            self.lines(inputs.streets.geometry[classes == name], PICTURE_STREETS[name], width_pt)
        self.lines(inputs.committees.boundary, GROUND_COLOURS["committees"]["line"], 0.4, dashed=True)
        self.lines(basemap.dissolved(inputs.boundary).boundary, GROUND_COLOURS["boundary"]["line"], 1.2)

    def fill(self, geometry: gpd.GeoSeries, colour: str, *, alpha: float = 1.0) -> None:
        """Fill polygons with one colour."""
        shapes = shapely.simplify(shapely.clip_by_rect(geometry.to_numpy(), *self.box), self.m_per_pt / 4)
        paths = [_outline(shape) for shape in shapely.get_parts(shapes) if shapely.get_dimensions(shape) == 2]
        if paths:
            self.map.add_collection(
                PathCollection(paths, facecolors=colour, edgecolors="none", alpha=alpha, zorder=1), autolim=False
            )  # fmt: skip

    def lines(
        self,
        geometry: gpd.GeoSeries,
        colour: str,
        width_pt: float,
        *,
        alpha: float = 1.0,
        dashed: bool = False,
    ) -> None:
        """Draw lines in one colour."""
        parts = line_parts(geometry, self.box, simplify_m=self.m_per_pt / 4)
        if len(parts):
            style: Any = (0, (4, 3)) if dashed else "solid"
            self.map.add_collection(
                LineCollection(
                    [shapely.get_coordinates(part) for part in parts],
                    colors=colour, linewidths=width_pt * self._pt, linestyles=style, alpha=alpha, zorder=2,
                ),
                autolim=False,
            )  # fmt: skip

    def points(
        self, xy: NDArray[np.float64], colour: str, *, size_pt: Any, marker: str = "o", hollow: bool = False
    ) -> None:
        """Draw points in metres, ``size_pt`` across."""
        if len(xy):
            across = np.broadcast_to(np.asarray(size_pt, dtype=float) * self._pt, (len(xy),))
            self.map.scatter(
                xy[:, 0], xy[:, 1], s=across**2, marker=marker, zorder=4,
                c="white" if hollow else colour, edgecolors=colour if hollow else "white",
                linewidths=(1.1 if hollow else 0.35) * self._pt,
            )  # fmt: skip

    def numbers(self, xy: NDArray[np.float64], colour: str) -> None:
        """Draw numbers from 1 in round badges, the first on top."""
        for number, (x, y) in reversed(list(enumerate(xy, start=1))):
            self.map.scatter(
                [x], [y], s=(15 * self._pt) ** 2, c=colour, edgecolors="white", linewidths=1.2, zorder=6 + 1 / number
            )  # fmt: skip
            self._write(
                self.map, x, y, str(number), 8.5, colour="white", bold=True, ha="center", va="center_baseline",
                zorder=6.001 + 1 / number,
            )  # fmt: skip

    def names(
        self, kinds: Sequence[str] = ("committee", "water"), *, taken: NDArray[np.float64] | None = None
    ) -> None:
        """Write the names of places where they do not overlap each other or ``taken`` points."""
        labels = basemap.label_points(self.results.inputs)
        labels = labels[labels["kind"].isin(kinds)]
        size_m = 8.0 * self._pt * self.m_per_pt
        used = [(x - size_m, y - size_m, x + size_m, y + size_m) for x, y in ([] if taken is None else taken)]
        for text, kind, point in zip(labels["text"], labels["kind"], labels.geometry, strict=True):
            shown = fitted(text, LONGEST_NAME_EM)
            half = size_m * width_em(shown) / 2
            box = (point.x - half, point.y - size_m * 0.7, point.x + half, point.y + size_m * 0.7)
            inside = (
                box[0] > self.box[0]
                and box[2] < self.box[2]
                and box[1] > self.box[1]
                and box[3] < self.box[3]
            )
            if inside and all(box[0] > o[2] or box[2] < o[0] or box[1] > o[3] or box[3] < o[1] for o in used):
                used.append(box)
                self._write(
                    self.map, point.x, point.y, shown, 7.5, colour=_NAME_COLOURS.get(kind, INK), ha="center", va="center",
                    zorder=5, halo=True,
                )  # fmt: skip

    def scale_and_north(self) -> None:
        """Draw the scale bar in the lower left and the north arrow in the upper right."""
        west, south, east, north = self.box
        length_m = round_length_m((east - west) / 4)
        x, y, step = west + 0.03 * (east - west), south + 14 * self.m_per_pt, 4 * self.m_per_pt
        self.map.add_line(
            Line2D(
                [x, x, x + length_m, x + length_m], [y + step, y, y, y + step], color=INK, lw=1.4, zorder=7
            )
        )
        self._write(
            self.map,
            x + length_m + 5 * self.m_per_pt,
            y,
            length_words(length_m),
            9,
            va="bottom",
            halo=True,
            zorder=7,
        )
        x, y, wing = east - 16 * self.m_per_pt, north - 10 * self.m_per_pt, 6 * self.m_per_pt
        arrow = [(x, y), (x + wing, y - 3 * wing), (x, y - 2.3 * wing), (x - wing, y - 3 * wing)]
        self.map.add_patch(Polygon(arrow, facecolor=INK, edgecolor="white", lw=0.6, zorder=7))
        words = Text("北", "N").of(self.results.lang)
        self._write(self.map, x, y - 3.2 * wing, words, 9, ha="center", va="top", halo=True, zorder=7)

    # The column of text

    def _panel(self, title: str) -> None:
        width_in, height_in = self.figure.get_size_inches()
        left = self._map_right + MARGIN * 0.9
        self.panel = self.figure.add_axes((left, 0.0, 1 - left - MARGIN, 1.0))
        self.panel.set(
            xlim=(0, (1 - left - MARGIN) * width_in * PT_PER_INCH), ylim=(0, height_in * PT_PER_INCH)
        )
        self.panel.set_axis_off()
        self.width_pt = float(self.panel.get_xlim()[1])
        self._type = self._pt * min(max(self.width_pt / self._pt / COLUMN_PT, 1.0), 1.4)
        self.y = height_in * PT_PER_INCH - MARGIN * width_in * PT_PER_INCH
        self._floor = MARGIN * width_in * PT_PER_INCH
        study = self.results.inputs.study
        marks = " · ".join(notices(self.results))
        self.text(marks, 10.5, colour="#9c2f2f", bold=True)
        self.text(title, 20, bold=True)
        self.gap(3)
        date = Text(f"数据日期 {study.data_date}", f"Data as of {study.data_date}").of(self.results.lang)
        self.text(" · ".join([study.name, *([date] if study.data_date else [])]), 11, colour=SOFT)
        self.gap(8)

    def gap(self, points: float) -> None:
        """Move down."""
        self.y -= points * self._type

    def text(
        self, words: str, size_pt: float = 10.0, *, colour: str = INK, bold: bool = False, indent_pt: float = 0.0, most: int = 12
    ) -> None:  # fmt: skip
        """Write a paragraph, broken into lines where the column ends."""
        size = size_pt * self._type
        indent = indent_pt * self._type
        for line in lines_of(drawable(words), (self.width_pt - indent) / size * 0.98, most):
            self.y -= size * 1.45
            self._write(self.panel, indent, self.y, line, size_pt, colour=colour, bold=bold, va="baseline")

    def heading(self, words: str) -> None:
        """Write a heading with a line under it."""
        self.gap(10)
        self.text(words, 12, bold=True, colour="#0b4f6c")
        self.gap(4)
        self.panel.add_line(Line2D([0, self.width_pt], [self.y, self.y], color="#0b4f6c", lw=1.2))
        self.gap(2)

    def key(
        self, words: str, colour: str, *, kind: str = "o", hollow: bool = False, number: str = ""
    ) -> None:
        """Write a line of the legend: a sign, its words, and a figure at the column's end.

        ``kind`` is a marker of matplotlib, "line" (broad) or "outline".
        """
        size = 10.0 * self._type
        self.y -= size * 1.6
        x, y = 7 * self._type, self.y + size * 0.32
        if kind in ("line", "outline"):
            self.panel.add_line(
                Line2D(
                    [0, 14 * self._type], [y, y], color=colour, lw=(3 if kind == "line" else 1.4) * self._type
                )
            )
        else:
            self.panel.scatter(
                [x], [y], s=(8.5 * self._type) ** 2, marker=kind, c="white" if hollow else colour,
                edgecolors=colour if hollow else "white", linewidths=(1.2 if hollow else 0.3) * self._type,
            )  # fmt: skip
        end = width_em(drawable(number)) * size + 8 if number else 0
        shown = lines_of(drawable(words), (self.width_pt - 22 * self._type - end) / size, 1)
        self._write(self.panel, 22 * self._type, self.y, shown[0] if shown else "", 10, va="baseline")
        if number:
            self._write(self.panel, self.width_pt, self.y, number, 10, ha="right", va="baseline", colour=SOFT)

    def row_size(self, rows: int) -> float:
        """Return the size of type, in points, in which so many rows end above the foot, if that is written already."""
        room_pt = float(self.y - self._floor)
        return min(ROW_PT, room_pt / (rows * ROW_HEIGHT * float(self._type)))

    def row(
        self, words: str, number: str, *, badge: str = "", badge_colour: str = INK, size_pt: float = ROW_PT
    ) -> None:
        """Write a line of a table: a badge, words, and a figure at the column's end."""
        size = size_pt * self._type
        self.y -= size * ROW_HEIGHT
        indent = 22 * self._type if badge else 0.0
        if badge:
            y = self.y + size * 0.32
            self.panel.scatter([8 * self._type], [y], s=(14 * self._type) ** 2, c=badge_colour, linewidths=0)
            self._write(
                self.panel,
                8 * self._type,
                y,
                badge,
                8,
                colour="white",
                bold=True,
                ha="center",
                va="center_baseline",
            )
        end = width_em(drawable(number)) * size + 10
        shown = lines_of(drawable(words), (self.width_pt - indent - end) / size, 1)
        self._write(self.panel, indent, self.y, shown[0] if shown else "", size_pt, va="baseline")
        self._write(self.panel, self.width_pt, self.y, number, size_pt, ha="right", va="baseline", bold=True)

    def foot(self, definitions: Sequence[str]) -> None:
        """Write what the figures mean, the source and the standing of the boundary at the foot of the column."""
        lang = self.results.lang
        named = "; ".join(sources(self.results)) or Text(
            "研究资料, 未注明", "the study's data, not stated"
        ).of(lang)
        source = Text(f"来源: {named}。", f"Source: {named}.").of(lang)
        schematic = Text(
            "底图为研究自身的图层; 边界与生活圈为示意, 不作法定依据。由 pujin_geo 生成。",
            "Background: the study's own layers. Boundaries are schematic and have no legal force. Made with pujin_geo.",
        )
        size = 8.0 * self._type
        lines = [
            line
            for words in (*definitions, source, schematic.of(lang))
            for line in lines_of(drawable(words), self.width_pt / size * 0.98, 4)
        ]
        y = MARGIN * self.figure.get_size_inches()[0] * PT_PER_INCH + size * 1.45 * (len(lines) - 1)
        self._floor = y + size * 2.0
        for line in lines:
            self._write(self.panel, 0, y, line, 8, colour=SOFT, va="baseline")
            y -= size * 1.45

    def _write(
        self, axes: Axes, x: float, y: float, words: str, size_pt: float, *, colour: str = INK, bold: bool = False,
        halo: bool = False, **where: Any,
    ) -> None:  # fmt: skip
        scale = self._pt if axes is self.map else self._type
        # A dollar sign in a name would begin a formula.
        axes.text(
            x, y, drawable(words), color=colour, fontproperties=font(size_pt * scale, bold=bold), parse_math=False,
            path_effects=[withStroke(linewidth=1.8, foreground="white", alpha=0.85)] if halo else None, **where,
        )  # fmt: skip


def _outline(shape: shapely.Polygon) -> Outline:
    rings = [shape.exterior, *shape.interiors]
    xy = [shapely.get_coordinates(ring) for ring in rings]
    codes = [[Outline.MOVETO, *[Outline.LINETO] * (len(ring) - 2), Outline.CLOSEPOLY] for ring in xy]
    return Outline(np.concatenate(xy), np.concatenate(codes))


def save(figure: Figure, path: Path) -> None:
    """Save a sheet as PNG, SVG or PDF by the file's ending; the same sheet gives the same bytes.

    Texts become outlines in SVG, so that slides look alike on every computer.
    """
    kind = path.suffix.lower().lstrip(".")
    with mpl.rc_context({"svg.hashsalt": "pujin-geo", "svg.fonttype": "path"}):
        figure.savefig(path, format=kind, dpi=DPI, metadata=PLAIN[kind])
