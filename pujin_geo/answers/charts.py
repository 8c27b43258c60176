"""The charts of the briefing, one by one, for a notebook."""

from dataclasses import dataclass
from typing import TYPE_CHECKING

from ..choices import chosen, circle_named
from ..maps.escape import escape
from ..report.charts import gaps_svg, matrix_svg, profile_svg, walks_svg
from ..texts import Text
from .words import marks_of

if TYPE_CHECKING:
    from ..results import Results

CHARTS: dict[str, Text] = {
    "matrix": Text("各生活圈 × 各类设施的步行覆盖率", "Coverage on foot by circle and type"),
    "profile": Text("各类设施: 步行与直线覆盖率", "By type: coverage on foot and by straight line"),
    "walks": Text("步行距离的分布", "How walks are distributed"),
    "gaps": Text("排在前面的缺口片区", "The largest gap areas"),
}


@dataclass(frozen=True)
class Chart:
    """A vector chart; a notebook draws it, ``svg`` is the file's text."""

    title: str
    svg: str
    marks: tuple[str, ...]

    def __repr__(self) -> str:
        """Name the chart, for a terminal."""
        return f"<{self.title}>"

    def _repr_html_(self) -> str:
        """Draw the chart in a notebook."""
        marks = escape(" · ".join(self.marks))
        return (
            f'<div style="overflow-x:auto;background:#fff;color:#22303c"><div>{marks}</div>{self.svg}</div>'
        )


def show_chart(results: "Results", name: str, *, circle_id: str = "all") -> Chart:
    """Return a chart of an analysed study.

    Args:
        results: from ``analyse``.
        name: ``matrix``, ``profile``, ``walks`` or ``gaps``.
        circle_id: for ``profile``, a circle by id or name; ``all`` is the whole study.

    Raises:
        SettingsError: no such chart or circle.

    >>> from pujin_geo import analyse, load_study
    >>> show_chart(analyse(load_study("geodata/xiaohe"), lang="en"), "walks")
    <How walks are distributed>
    """
    known = {one: (text.zh, text.en) for one, text in CHARTS.items()}
    one = chosen(name, known, what=Text("图表", "chart"))
    circle = circle_named(results.inputs, circle_id)
    draw = {
        "matrix": matrix_svg,
        "profile": lambda of: profile_svg(of, circle_id=circle),
        "walks": walks_svg,
        "gaps": gaps_svg,
    }[one]
    return Chart(CHARTS[one].of(results.lang), str(draw(results)), marks_of(results))
