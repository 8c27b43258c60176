"""The page around a map: title, notice, panel, data; a folium map that also shows in notebooks offline."""

import html
from pathlib import Path
from typing import TYPE_CHECKING, Any

import folium
from branca.element import Element, MacroElement
from folium.template import Template

from ..texts import Lang
from .escape import json_block
from .offline import asset, standalone
from .palette import GROUND_COLOURS
from .templates import templates
from .words import frame_words

if TYPE_CHECKING:
    from ..results import Results
    from .basemap import Background


class StudyMap(folium.Map):
    """A folium map of a study: no tiles, own layers from packed data, and a panel that explains.

    More folium layers can be added; gate their texts with ``escape.gate``. ``html()`` is the file.
    """

    def __init__(self, *, title: str, lang: Lang, centre: tuple[float, float]) -> None:
        super().__init__(
            location=centre,
            zoom_start=13,
            tiles=None,
            zoom_control=False,
            prefer_canvas=True,
            maxZoom=19,
            minZoom=8,
            zoomSnap=0.25,
            attributionControl=False,
        )
        # folium lists its links on the class; ours are this map's alone.
        self.default_js = [link for link in folium.Map.default_js if link[0] == "leaflet"]
        self.default_css = [link for link in folium.Map.default_css if link[0] == "leaflet_css"]
        self.title = title
        self.lang = lang

    def html(self) -> str:
        """Return the map as one self-contained page."""
        return standalone(self, lang=self.lang, title=self.title)

    def save(self, outfile: Any, close_file: bool = True, **_: Any) -> None:
        """Write the self-contained page; folium's own ``save`` would write one that needs a network."""
        Path(outfile).write_text(self.html(), encoding="utf-8", newline="\n")

    def _repr_html_(self, **_: Any) -> str:
        """Show the self-contained page in a notebook, which may have no network either."""
        return (
            f'<iframe srcdoc="{html.escape(self.html())}" title="{html.escape(self.title)}" '
            'width="100%" height="640" frameborder="0" allowfullscreen></iframe>'
        )


class _Raw(Element):
    """Text that goes into the page as it is: a plain ``Element`` would compile it as a template."""

    _template = Template("{{ this.text }}")

    def __init__(self, text: str) -> None:
        super().__init__()
        self.text = text


class _Page(MacroElement):
    """Style, panel, data and scripts of a page, placed where folium places such things."""

    def __init__(self, *, scripts: tuple[str, ...], start: str, panel: str, data: dict[str, Any]) -> None:
        super().__init__()  # type: ignore[no-untyped-call]  # branca has no types
        self._name = "Page"
        self._scripts = ("base.js", "labels.js", "frame.js", *scripts)
        self._start = start
        self._panel = panel
        self._data = json_block(data)

    def render(self, **_: Any) -> str:
        """Hand the parts to the figure around the map."""
        figure: Any = self.get_root()
        map_: Any = self._parent
        name = self.get_name()
        header = [f"<style>\n{asset(name)}\n</style>" for name in ("page.css", "labels.css")]
        header += [f"<script>\n{asset(script)}\n</script>" for script in self._scripts]
        block = f'<script type="application/json" id="pj-data">{self._data}</script>'
        figure.header.add_child(_Raw("\n".join(header)), name=name)
        figure.html.add_child(_Raw(f"{self._panel}\n{block}"), name=name)
        figure.script.add_child(_Raw(f"{self._start}({map_.get_name()});"), name=name)
        return ""


def study_map(
    results: "Results",
    background: "Background",
    *,
    title: str,
    template: str,
    words: dict[str, Any],
    data: dict[str, Any],
    scripts: tuple[str, ...],
    start: str,
) -> StudyMap:
    """Return a map of the study's own layers with a panel beside it.

    Args:
        results: the analysed study.
        background: the study's own layers, from ``basemap.background``.
        title: title of page and panel, plain text.
        template: file in ``pujin_geo/templates`` for header and panel.
        words: what the template is filled with.
        data: what the page's script reads besides the background; plain, not escaped.
        scripts: assets in order, after those that every map has.
        start: the script's function that is called with the Leaflet map.
    """
    grid = background.grid
    centre = ((grid.south + grid.north) / 2, (grid.west + grid.east) / 2)
    map_ = StudyMap(title=title, lang=results.lang, centre=centre)
    view = _view(results, (grid.west, grid.south, grid.east, grid.north))
    panel = (
        templates()
        .get_template(template)
        .render(title=title, ground=GROUND_COLOURS, **frame_words(results), **words)
    )
    _Page(
        scripts=scripts, start=start, panel=panel, data={"base": background.as_json(), "view": view, **data}
    ).add_to(map_)
    return map_


def _view(results: "Results", fallback: tuple[float, float, float, float]) -> list[list[float]]:
    """Return south-west and north-east of what the map shows first: the boundary, or everything."""
    boundary = results.inputs.boundary
    west, south, east, north = boundary.to_crs(4326).total_bounds if len(boundary) else fallback
    return [[round(float(south), 6), round(float(west), 6)], [round(float(north), 6), round(float(east), 6)]]
