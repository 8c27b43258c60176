"""Results to self-contained HTML maps; nothing here computes a figure."""

from pathlib import Path
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from ..results import Results
    from .page import StudyMap


def write_maps(results: "Results", folder: Path) -> list[Path]:
    """Write the maps of a study, each as one self-contained page, and return their paths.

    Which ones a study has, ``contents.map_names`` tells.

    Args:
        results: an analysed study.
        folder: made if absent.
    """
    folder.mkdir(parents=True, exist_ok=True)
    paths = []
    for name, map_ in study_maps(results).items():
        path = folder / f"{name}.html"
        path.write_text(map_.html(), encoding="utf-8", newline="\n")
        paths.append(path)
    return paths


def study_maps(results: "Results") -> "dict[str, StudyMap]":
    """Return the maps of a study by file name, in the order in which they are read."""
    # folium is loaded only when maps are drawn
    from .all_facilities import facilities_map  # noqa: PLC0415
    from .ask import ask_map  # noqa: PLC0415
    from .basemap import background  # noqa: PLC0415
    from .before_after import before_after_map  # noqa: PLC0415
    from .circles_map import circles_map  # noqa: PLC0415
    from .contents import map_names  # noqa: PLC0415
    from .coverage_map import coverage_map  # noqa: PLC0415
    from .facilities import suitability_map  # noqa: PLC0415
    from .gaps_map import gaps_map  # noqa: PLC0415

    shared = background(results.inputs)
    makers = {
        "facilities": facilities_map,
        "coverage": coverage_map,
        "circles": circles_map,
        "gaps": gaps_map,
        "before_after": before_after_map,
        "ask": ask_map,
    }
    return {
        name: makers[name](results, background=shared)
        if name in makers
        else suitability_map(results, name, background=shared)
        for name in map_names(results)
    }
