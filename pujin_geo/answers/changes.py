"""What changed between two runs, in words."""

from collections.abc import Callable
from dataclasses import dataclass, replace

import pandas as pd

from ..choices import chosen, circle_named, facility_type_named
from ..compare.comparison import Comparison
from ..tables import ALL
from ..texts import Text
from .words import TableInWords, in_words


@dataclass(frozen=True)
class _View:
    table: str
    title: Text
    columns: tuple[str, ...]
    rows: Callable[[pd.DataFrame], pd.DataFrame] = lambda table: table


def show_changes(
    comparison: Comparison,
    name: str,
    *,
    circle_id: str = "",
    facility_type: str = "",
    most: int | None = None,
) -> TableInWords:
    """Return what changed between two runs in words, to be looked at.

    Args:
        comparison: from ``compare_runs``.
        name: ``circles`` (a sentence each), ``data``, ``coverage``, ``facilities`` (what each one did) or ``verdicts``.
        circle_id: only this circle of the later run, by id or name; ``all`` is the whole study; every one if blank.
        facility_type: only this type, by id, name or alias; all if blank.
        most: at most so many rows from the top; the note says how many there are.

    Raises:
        SettingsError: no such table, circle or type.

    >>> import tempfile
    >>> from pujin_geo import analyse, as_if_opened, compare_runs, load_study, write_results
    >>> inputs = load_study("geodata/xiaohe")
    >>> with tempfile.TemporaryDirectory() as here:
    ...     index = write_results(analyse(inputs), f"{here}/before")
    ...     index = write_results(analyse(as_if_opened(inputs)), f"{here}/after")
    ...     changes = compare_runs(f"{here}/before", f"{here}/after", lang="en")
    >>> show_changes(changes, "coverage", circle_id="all", facility_type="助餐点").frame["by facilities"].tolist()
    ['416']
    """
    view = _VIEWS[
        chosen(name, {one: (v.title.zh, v.title.en) for one, v in _VIEWS.items()}, what=Text("表", "table"))
    ]
    results = replace(comparison.after.results, lang=comparison.lang)
    rows = view.rows(comparison[view.table])
    if circle_id and "circle_id" in rows:
        rows = rows[rows["circle_id"] == circle_named(results.inputs, circle_id)]
    if facility_type and "facility_type" in rows:
        rows = rows[rows["facility_type"] == facility_type_named(results.inputs.catalogue, facility_type)]
    table = in_words(results, rows if most is None else rows.head(most), view.columns, title=view.title)
    note = Text("", "")
    if rows.empty:
        note = Text("没有变化。", "Nothing changed.")
    elif len(table) < len(rows):
        note = Text(
            f"共 {len(rows):,} 行, 只列前 {len(table)} 行。",
            f"{len(rows):,} rows; the first {len(table)} are shown.",
        )
    return replace(table, note=note.of(comparison.lang))


def _changed(table: pd.DataFrame) -> pd.DataFrame:
    rows = table[(table["people_met_change"] != 0) | (table["people_gained"] != 0)]
    order = rows["people_met_change"].abs().sort_values(ascending=False, kind="stable").index
    whole = rows["circle_id"].reindex(order) != ALL
    return rows.loc[whole.sort_values(kind="stable").index]


_VIEWS: dict[str, _View] = {
    "circles": _View("circle_sentences", Text("各圈变化", "Circle by circle"), ("sentence",)),
    "data": _View(
        "data_changes",
        Text("数据改了什么", "What changed in the data"),
        ("layer", "name", "id", "change", "detail", "moved_m"),
    ),
    "coverage": _View(
        "coverage_changes",
        Text("达标人数的变化和原因", "People met: changes and their causes"),
        (
            "circle_id", "facility_type", "people_met_before", "people_met_after", "people_met_change", "by_facilities",
            "by_streets", "by_residents", "by_rules", "by_circles", "coverage_share_before", "coverage_share_after",
        ),
        _changed,
    ),
    "facilities": _View(
        "facility_effects",
        Text("每处设施的作用", "What each facility did"),
        ("name", "facility_type", "change", "people_alone", "people_last"),
    ),
    "verdicts": _View(
        "verdict_changes",
        Text("哪些居民点变了", "Demand points whose verdict changed"),
        (
            "name", "facility_type", "verdict_before", "verdict_after", "walk_m_before", "walk_m_after",
            "people_met_change",
        ),
    ),
}  # fmt: skip
"""Name → the table of a comparison, and how it is shown."""
