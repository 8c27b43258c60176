"""Results to self-contained HTML maps; nothing here computes a figure."""

from pathlib import Path
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from ..results import Results
    from .page import MapPage


def write_maps(results: "Results", folder: Path) -> list[Path]:
    """Write the maps of a study, each as one self-contained page, and return their paths.

    Which ones a study has, ``contents.map_names`` tells.

    Args:
        results: an analysed study.
        folder: made if absent.
    """
    folder.mkdir(parents=True, exist_ok=True)
    paths = []
    for name, page in map_pages(results).items():
        path = folder / f"{name}.html"
        path.write_text(page.html(), encoding="utf-8", newline="\n")
        paths.append(path)
    return paths


def map_pages(results: "Results") -> "dict[str, MapPage]":
    """Return the pages of a study's maps by file name, in the order in which they are read."""
    # Whoever asks for one map does not load the others.
    from .all_facilities import facilities_page  # noqa: PLC0415
    from .ask import ask_page  # noqa: PLC0415
    from .before_after import before_after_page  # noqa: PLC0415
    from .circles_map import circles_page  # noqa: PLC0415
    from .contents import map_names  # noqa: PLC0415
    from .coverage_map import coverage_page  # noqa: PLC0415
    from .facilities import suitability_page  # noqa: PLC0415
    from .gaps_map import gaps_page  # noqa: PLC0415
    from .shared import Shared  # noqa: PLC0415

    shared = Shared(results)
    makers = {
        "facilities": facilities_page,
        "coverage": coverage_page,
        "circles": circles_page,
        "gaps": gaps_page,
        "before_after": before_after_page,
        "ask": ask_page,
    }
    return {
        name: makers[name](shared) if name in makers else suitability_page(shared, name)
        for name in map_names(results)
    }
