"""Walking coverage, gaps and fifteen-minute living circles for a subdistrict planning office.

The names below are all that a notebook needs; each is loaded when it is first used.

>>> import pujin_geo
>>> "analyse" in dir(pujin_geo)
True
"""

from .lazy import lazy_names

__version__ = "0.1.0"

_PUBLIC = {
    "load_study": "sources.reading",
    "analyse": "analysis",
    "progress_bar": "progress",
    "show_table": "answers.tables",
    "show_chart": "answers.charts",
    "show_scorecard": "answers.circles",
    "show_breaches": "answers.circles",
    "show_moves": "answers.circles",
    "show_alternatives": "answers.circles",
    "show_edit": "answers.circles",
    "show_files": "answers.files",
    "show_page": "answers.files",
    "what_we_found": "answers.findings",
    "check_totals": "answers.findings",
    "facilities_map": "maps.all_facilities",
    "suitability_map": "maps.facilities",
    "coverage_map": "maps.coverage_map",
    "circles_map": "maps.circles_map",
    "gaps_map": "maps.gaps_map",
    "before_after_map": "maps.before_after",
    "ask_map": "maps.ask",
    "write_results": "outputs",
    "study_from_workbook": "sources.own_tables",
    "example_workbook": "sources.own_tables",
    "compare_runs": "compare.comparison",
    "static_map": "report.static_maps",
    "show_changes": "answers.changes",
    "as_if_opened": "inputs",
    "import_osm": "sources.osm",
    "explore": "desk.explore",
    "planning_desk": "desk.planning",
}
"""Public name → the module that defines it."""

__getattr__, __dir__, __all__ = lazy_names(__name__, _PUBLIC)
