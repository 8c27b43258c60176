"""Results to self-contained HTML maps; nothing here computes a figure."""

from pathlib import Path
from typing import TYPE_CHECKING

from ..catalogue import suitability_names

if TYPE_CHECKING:
    from ..results import Results


def write_maps(results: "Results", folder: Path) -> list[Path]:
    """Write one self-contained page per suitability and return their paths in official order.

    Args:
        results: an analysed study.
        folder: made if absent.
    """
    from .basemap import background  # noqa: PLC0415
    from .facilities import suitability_map  # noqa: PLC0415 - folium is loaded only when maps are drawn

    folder.mkdir(parents=True, exist_ok=True)
    shared = background(results.inputs)
    paths = []
    for suitability in suitability_names:
        path = folder / f"{suitability}.html"
        path.write_text(
            suitability_map(results, suitability, background=shared).html(), encoding="utf-8", newline="\n"
        )
        paths.append(path)
    return paths
