"""The page of a map as a folium map, which also shows in notebooks offline."""

import html
from pathlib import Path
from typing import Any

import folium
from branca.element import Element, MacroElement
from folium.template import Template

from .frame import Frame, frame_around
from .offline import asset
from .page import MapPage


class StudyMap(folium.Map):
    """A folium map of a study: no tiles, own layers from packed data, and a panel that explains.

    More folium layers can be added; gate their texts with ``escape.gate``. ``html()`` is the file.
    """

    def __init__(self, page: MapPage) -> None:
        super().__init__(
            location=page.centre,
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
        self.page = page
        self._body = _Body(page)
        self._body.add_to(self)

    @property
    def title(self) -> str:
        """The title of page and panel, plain text."""
        return self.page.title

    def html(self) -> str:
        """Return the map as one self-contained page."""
        return self.frame().filled(self.page.panel, self._body.data, title=self.page.title)

    def frame(self) -> Frame:
        """Return what stands around panel and data on that page, with the layers that were added."""
        return frame_around(self._body.text(), self.get_root().render(), lang=self.page.lang)

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


class _Body(MacroElement):
    """Style, panel, data and scripts of a page, placed where folium places such things."""

    def __init__(self, page: MapPage) -> None:
        super().__init__()  # type: ignore[no-untyped-call]  # branca has no types
        self._name = "Page"
        self.page = page
        self.data = page.data_block()

    def text(self) -> str:
        """Return panel and data as they stand in the page."""
        return f"{self.page.panel}\n{self.data}"

    def render(self, **_: Any) -> str:
        """Hand the parts to the figure around the map."""
        figure: Any = self.get_root()
        map_: Any = self._parent
        name = self.get_name()
        header = [f"<style>\n{asset(name)}\n</style>" for name in ("page.css", "labels.css")]
        scripts = ("base.js", "labels.js", "frame.js", *self.page.scripts)
        header += [f"<script>\n{asset(script)}\n</script>" for script in scripts]
        figure.header.add_child(_Raw("\n".join(header)), name=name)
        figure.html.add_child(_Raw(self.text()), name=name)
        figure.script.add_child(_Raw(f"{self.page.start}({map_.get_name()});"), name=name)
        return ""
