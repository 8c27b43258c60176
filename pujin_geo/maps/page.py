"""The page of a map: title, notice, panel and data in a frame that folium renders."""

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from ..reuse import kept
from ..texts import Lang
from .escape import json_block
from .frame import Frame
from .palette import GROUND_COLOURS
from .shared import Shared
from .templates import templates

if TYPE_CHECKING:
    from .study_map import StudyMap


@dataclass(frozen=True)
class MapPage:
    """What makes the page of a map.

    Attributes:
        title: title of page and panel, plain text.
        lang: language of the page.
        centre: latitude and longitude.
        scripts: assets in order, after those that every map has.
        start: the script's function that is called with the Leaflet map.
        panel: header and panel, HTML.
        data: what the page's script reads; plain, not escaped.
    """

    title: str
    lang: Lang
    centre: tuple[float, float]
    scripts: tuple[str, ...]
    start: str
    panel: str
    data: dict[str, Any]

    def html(self) -> str:
        """Return the page as one file. It is that of ``folium_map``, and needs no folium where its frame is kept."""
        frame = _frame(self.lang, self.centre, self.scripts, self.start)
        return frame.filled(self.panel, self.data_block(), title=self.title)

    def data_block(self) -> str:
        """Return the element with the data."""
        return f'<script type="application/json" id="pj-data">{json_block(self.data)}</script>'


@kept
def _frame(lang: Lang, centre: tuple[float, float], scripts: tuple[str, ...], start: str) -> Frame:
    return folium_map(MapPage("", lang, centre, scripts, start, "", {})).frame()


def folium_map(page: MapPage) -> "StudyMap":
    """Return a page as a folium map, to be shown in a notebook and added to."""
    from .study_map import StudyMap  # noqa: PLC0415 - folium is slow to load

    return StudyMap(page)


def map_page(
    shared: Shared,
    *,
    title: str,
    template: str,
    words: dict[str, Any],
    data: dict[str, Any],
    scripts: tuple[str, ...],
    start: str,
) -> MapPage:
    """Return the page of a map of the study's own layers with a panel beside it.

    Args:
        shared: the analysed study.
        title: title of page and panel, plain text.
        template: file in ``pujin_geo/templates`` for header and panel.
        words: what the template is filled with.
        data: what the page's script reads besides ``base``, the background, unless it is given here; plain,
            not escaped.
        scripts: assets in order, after those that every map has.
        start: the script's function that is called with the Leaflet map.
    """
    grid = shared.background.grid
    centre = ((grid.south + grid.north) / 2, (grid.west + grid.east) / 2)
    panel = (
        templates()
        .get_template(template)
        .render(title=title, ground=GROUND_COLOURS, **shared.frame_words, **words)
    )
    shown = {"base": shared.background.as_json(), "view": shared.view, **data}
    return MapPage(title, shared.results.lang, centre, scripts, start, panel, shown)
