"""Walking coverage, gaps and fifteen-minute living circles for a subdistrict planning office.

The names below are all that a notebook needs; each is loaded when it is first used.

>>> import pujin_geo
>>> "analyse" in dir(pujin_geo)
True
"""

from importlib import import_module
from typing import Any

__version__ = "0.1.0"

_PUBLIC = {
    "load_study": "sources.reading",
    "analyse": "analysis",
    "write_results": "outputs",
    "suitability_map": "maps.facilities",
    "compare_runs": "compare.comparison",
    "import_osm": "sources.osm",
    "explore": "desk.explore",
    "planning_desk": "desk.planning",
}
"""Public name → the module that defines it."""

__all__ = sorted(_PUBLIC)  # noqa: PLE0605 - the names are those of the table above


def __getattr__(name: str) -> Any:
    if name not in _PUBLIC:
        raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
    return getattr(import_module(f".{_PUBLIC[name]}", __name__), name)


def __dir__() -> list[str]:
    return [*__all__, "__version__"]
