"""Checks and edits of living circles, in words."""

from collections.abc import Sequence
from typing import TYPE_CHECKING

import pandas as pd

from ..circles.checks import Check
from ..circles.describe import MARK
from ..circles.edit import Edit
from ..circles.show import alternatives
from ..circles.solve import OPTIMAL
from ..circles.terrain import Terrain
from ..maps.figures import whole
from ..texts import Text
from .words import TableInWords, in_words, marks_of

if TYPE_CHECKING:
    from ..results import Results

FIGURE_NAMES: dict[str, Text] = {
    "population": Text("常住人口 (人)", "residents"),
    "area_km2": Text("面积 (平方公里)", "area (km²)"),
    "committee_count": Text("居村委 (个)", "committees"),
    "mean_walk_m": Text("到中心平均步行 (米)", "mean walk to the hub (m)"),
    "farthest_walk_m": Text("到中心最远步行 (米)", "farthest walk to the hub (m)"),
    "walking_person_m": Text("步行总量 (人·米)", "walking in all (person-m)"),
    "people_without_path": Text("走不到中心 (人)", "people without a way to the hub"),
    "people_cut_off": Text("被隔开 (人)", "people cut off"),
    "nearer_elsewhere_share": Text("离他圈中心更近的人 (%)", "people nearer to another hub (%)"),
    "breach_count": Text("不合规则 (条)", "broken rules"),
}


def show_scorecard(results: "Results", found: Check) -> TableInWords:
    """Return the scorecard of checked circles in words: one row per circle.

    Args:
        results: an analysed study, for its language and names.
        found: from ``circles.check``.

    >>> from pujin_geo import analyse, circles, load_study
    >>> inputs = load_study("geodata/xiaohe")
    >>> found = circles.check(circles.survey(inputs), inputs.circles)
    >>> len(show_scorecard(analyse(inputs), found))
    2
    """
    columns = (
        "circle_id", "hub_name", "committee_count", "population", "area_km2", "mean_walk_m", "farthest_walk_m",
        "nearer_elsewhere_share", "breach_count",
    )  # fmt: skip
    return in_words(
        results, _titled(found.scorecard), columns, title=_drawn("生活圈记分卡", "Scorecard of the circles")
    )


def show_breaches(results: "Results", found: Check, *, most: int = 20) -> TableInWords:
    """Return the rules that circles break, in words.

    Args:
        results: an analysed study, for its language and names.
        found: from ``circles.check``.
        most: at most so many rows.

    >>> from pujin_geo import analyse, circles, load_study
    >>> inputs = load_study("geodata/xiaohe")
    >>> found = circles.check(circles.survey(inputs), inputs.circles)
    >>> len(show_breaches(analyse(inputs), found, most=3))
    3
    """
    table = found.breaches_table(results.lang).head(most)
    return in_words(results, table, ("circle_id", "message"), title=_drawn("不合规则之处", "Broken rules"))


def show_moves(results: "Results", found: Check, *, most: int = 5) -> TableInWords:
    """Return the single committee moves that shorten the walking most, in words.

    Args:
        results: an analysed study, for its language and names.
        found: from ``circles.check``.
        most: at most so many rows.

    >>> from pujin_geo import analyse, circles, load_study
    >>> inputs = load_study("geodata/xiaohe")
    >>> found = circles.check(circles.survey(inputs), inputs.circles)
    >>> show_moves(analyse(inputs, lang="en"), found, most=1).title
    'Moves of one committee that would save walking (schematic, not approved)'
    """
    columns = (
        "committee_id", "from_circle", "to_circle", "people", "saved_person_m", "mean_walk_before_m",
        "mean_walk_after_m",
    )  # fmt: skip
    title = _drawn("移动一个居村委可少走的路", "Moves of one committee that would save walking")
    return in_words(results, found.moves.head(most), columns, title=title)


def show_edit(results: "Results", edit: Edit) -> TableInWords:
    """Return what an edit of circles changed, in words: every figure before and after.

    Args:
        results: an analysed study, for its language and names.
        edit: from ``circles.move``, ``merge``, ``split`` or ``rename``.

    >>> from pujin_geo import analyse, circles, load_study
    >>> inputs = load_study("geodata/xiaohe")
    >>> edit = circles.merge(circles.survey(inputs), inputs.circles, ["LC1", "LC2"])
    >>> show_edit(analyse(inputs, lang="en"), edit).frame.columns.tolist()
    ['circle', 'figure', 'before', 'after', 'change']
    """
    changed = edit.difference[edit.difference["change"].abs().fillna(1.0) >= 0.005]
    names = {one: text.of(results.lang) for one, text in FIGURE_NAMES.items()}
    percent = changed["figure"].str.endswith("_share").map({True: 100.0, False: 1.0})
    values = {one: changed[one] * percent for one in ("before", "after", "change")}
    table = changed.assign(figure=changed["figure"].map(names), **values)
    columns = ("circle_id", "figure", "before", "after", "change")
    return in_words(results, table, columns, title=_drawn("修改前后", "Before and after the edit"))


def show_alternatives(results: "Results", terrain: Terrain, counts: Sequence[int]) -> TableInWords:
    """Return circles drawn anew in several numbers, side by side, in words.

    Args:
        results: an analysed study, for its language and names.
        terrain: from ``circles.survey``.
        counts: how many circles to draw; more than there are committees are drawn as many as there are.

    >>> from pujin_geo import analyse, circles, load_study
    >>> inputs = load_study("geodata/xiaohe")
    >>> show_alternatives(analyse(inputs, lang="en"), circles.survey(inputs), (1, 2)).frame["circles"].tolist()
    ['1', '2']
    """
    possible = sorted({min(count, len(terrain.units)) for count in counts})
    _, table = alternatives(terrain, possible)
    lang = results.lang
    columns = [
        ("count", Text("生活圈 (个)", "circles")),
        ("mean_walk_m", Text("到中心平均步行 (米)", "mean walk to the hub (m)")),
        ("farthest_walk_m", Text("最远步行 (米)", "farthest walk (m)")),
        ("population_min", Text("最小人口", "fewest people")),
        ("population_max", Text("最大人口", "most people")),
        ("breach_count", Text("不合规则 (条)", "broken rules")),
    ]
    proven = [
        (Text("是", "yes") if status == OPTIMAL else Text("否", "no")).of(lang) for status in table["status"]
    ]
    shown = {title.of(lang): [whole(value) for value in table[column]] for column, title in columns}
    shown |= {Text("已证明最优", "proven best").of(lang): proven}
    title = _drawn("重新划示的方案", "Circles drawn anew").of(lang)
    return TableInWords(title, pd.DataFrame(shown), frozenset(list(shown)[:-1]), marks_of(results))


def _titled(scorecard: pd.DataFrame) -> pd.DataFrame:
    return scorecard.assign(hub_name=scorecard["hub_name"].where(scorecard["hub_name"] != "", "—"))


def _drawn(zh: str, en: str) -> Text:
    return Text(f"{zh} ({MARK})", f"{en} (schematic, not approved)")
