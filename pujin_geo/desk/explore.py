"""Drop-downs and a slider beside a map: any type, circle and threshold, judged anew at once."""

import math
from dataclasses import dataclass, field
from typing import Any

import ipywidgets
import pandas as pd

from ..catalogue import suitability_names
from ..choices import circle_named
from ..circles.describe import circle_of
from ..coverage.disclosure import suppressed
from ..coverage.whatif import Scenario
from ..maps.figures import percent, whole
from ..results import Results
from ..tables import ALL
from ..texts import Lang, Text
from .board import Board
from .figures import Codes, measures_of, type_figures, verdict_codes
from .picture import facilities_json, picture
from .replies import Message, Reply
from .session import Report, judged_type, measured

STEP_M = 50
LEAST_M, MOST_M = 100, 5000
"""How far the slider goes at least; to the catalogue's thresholds if these lie beyond."""


@dataclass(frozen=True)
class View:
    """What is shown of one choice.

    Attributes:
        figures: ``figures.FIGURES`` of the whole study and each circle.
        codes: (demand,) verdicts.
        sentence: the result in one sentence, small counts hidden.
    """

    figures: pd.DataFrame
    codes: Codes
    sentence: Text


@dataclass
class Exploration:
    """An analysed study under any threshold; what is planned is measured when it is first asked for."""

    results: Results
    _measured: dict[bool, Scenario] = field(default_factory=dict)

    def is_measured(self, planned: bool) -> bool:
        """Return whether the walks with (or without) planned facilities are known already."""
        return planned in self._measured

    def scenario(self, planned: bool) -> Scenario:
        """Return walks with or without what is under construction or planned; measured once."""
        if planned not in self._measured:
            self._measured[planned] = measured(self.results.inputs, include_planned=planned)
        return self._measured[planned]

    def view(
        self,
        facility_type: str,
        *,
        circle_id: str = ALL,
        threshold_m: float | None = None,
        planned: bool = False,
    ) -> View:
        """Judge a type again.

        Args:
            facility_type: a judged type.
            circle_id: a circle, or ``all``; what the sentence is about.
            threshold_m: in place of the catalogue's thresholds, for town and village alike.
            planned: facilities and streets under construction or planned count.

        Raises:
            SettingsError: the type is not judged, or there is no such circle.
        """
        state = self.scenario(planned)
        facility_type = judged_type(state, facility_type)
        circle_id = circle_named(state.inputs, circle_id)
        circles = circle_of(state.points, state.inputs.circles)
        figures = type_figures(state, circles, facility_type, threshold_m)
        codes = verdict_codes(state, measures_of(state, facility_type, threshold_m))[:, 0]
        return View(figures, codes, self._sentence(state, figures, facility_type, circle_id, threshold_m))

    def standard(self, facility_type: str) -> tuple[float, ...]:
        """Return the catalogue's thresholds of a type, metres: one, or that of town and that of village."""
        types = self.scenario(self.results.include_planned).types
        row = types[types["facility_type"] == facility_type].iloc[0]
        values = (row["threshold_urban_m"], row["threshold_rural_m"])
        return tuple(dict.fromkeys(float(one) for one in values if pd.notna(one)))

    def _sentence(
        self,
        state: Scenario,
        figures: pd.DataFrame,
        facility_type: str,
        circle_id: str,
        threshold_m: float | None,
    ) -> Text:
        smallest = state.inputs.study.settings.smallest_count_shown
        row = suppressed(figures[figures["circle_id"] == circle_id], smallest=smallest).iloc[0]
        kind = state.types[state.types["facility_type"] == facility_type].iloc[0]
        circles = state.inputs.circles
        names = circles.loc[circles["circle_id"] == circle_id, "name"]
        name = str(names.iat[0] or circle_id) if len(names) else state.inputs.study.name
        limit = "/".join(
            f"{m:g}" for m in ((threshold_m,) if threshold_m is not None else self.standard(facility_type))
        )
        met, not_met, unknown = (whole(row[f"people_{one}"]) for one in ("met", "not_met", "unknown"))
        share, straight = percent(row["coverage_share"]), percent(row["straight_line_share"])
        planned_zh, planned_en = (
            (", 计入在建和规划", ", planned ones counted") if state.include_planned else ("", "")
        )
        return Text(
            f"{name} · {kind['name_zh']} ({limit} 米{planned_zh}): 步行达标 {share} ({met} 人), 未达标 {not_met} 人, "
            f"无法判定 {unknown} 人; 按直线算是 {straight}。",
            f"{name} · {kind['name_en'] or kind['name_zh']} ({limit} m{planned_en}): {share} met on foot ({met} people), "
            f"{not_met} not met, {unknown} unknown; by straight line {straight}.",
        )


def explore(results: Results, *, report: Report = lambda _: None) -> Any:
    """Return drop-downs and a slider beside a map: suitability, type, circle, threshold, planned or not.

    Map, table and one sentence change at once. Another threshold is judged by the rules of ``analyse``; at the
    catalogue's own threshold the figures are those of the ``coverage`` table.

    Args:
        results: from ``analyse``; its language is that of the names.
        report: called with a sentence when a step begins, such as ``progress_bar(steps=2)``.

    Returns:
        A widget. Its controls are ``suitability``, ``facility_type``, ``circle``, ``threshold_m``,
        ``standard`` and ``planned``; set their ``value`` to drive it from code.

    >>> import pujin_geo
    >>> explorer = pujin_geo.explore(pujin_geo.analyse(pujin_geo.load_study("geodata/xiaohe"), lang="en"))
    >>> explorer.sentence[:56]
    '小河镇 · neighbourhood hub (1000 m): 83.4% met on foot (3,9'
    """
    return Explorer(results, report=report)


_LABELS = {
    "suitability": Text("五宜", "Suitability"),
    "facility_type": Text("设施类型", "Facility type"),
    "circle": Text("生活圈", "Circle"),
    "threshold_m": Text("标准 (米)", "Threshold (m)"),
    "standard": Text("按目录标准", "Catalogue's threshold"),
    "planned": Text("计入在建和规划", "Count planned ones"),
}


class Explorer(ipywidgets.VBox):  # type: ignore[misc]  # ipywidgets has no types
    """The controls and the board that shows what they choose."""

    def __init__(self, results: Results, *, report: Report = lambda _: None) -> None:
        self.exploration = Exploration(results)
        self._lang: Lang = results.lang
        report(Text("计算步行距离并判定", "Measuring walks and judging"))
        state = self.exploration.scenario(results.include_planned)
        self._types = state.types
        self._shown: View | None = None
        self._quiet = False
        self._make_controls(results)
        report(Text("绘制底图", "Drawing the base map"))
        self.board = Board("explore", picture(state, results.lang), self._respond)
        self._refresh()
        controls = [
            self.suitability,
            self.facility_type,
            self.circle,
            self.standard,
            self.threshold_m,
            self.planned,
        ]
        bar = ipywidgets.Box(controls, layout=ipywidgets.Layout(flex_flow="row wrap", align_items="center"))
        super().__init__([bar, self.board])
        for control in controls:
            control.observe(self._changed, names="value")

    def _make_controls(self, results: Results) -> None:
        lang = results.lang
        used = set(self._types["suitability"])
        circles = results.inputs.circles
        everywhere = Text("全部", "all").of(lang)
        names = circles["name"].where(circles["name"] != "", circles["circle_id"])

        def control(make: Any, name: str, width: str, **options: Any) -> Any:
            style = {"description_width": "initial"}
            layout = ipywidgets.Layout(width=width, margin="2px 14px 2px 0")
            return make(description=_LABELS[name].of(lang), style=style, layout=layout, **options)

        standards = [m for one in self._types["facility_type"] for m in self.exploration.standard(one)]
        suitabilities = [(text.of(lang), key) for key, text in suitability_names.items() if key in used]
        self.suitability = control(ipywidgets.Dropdown, "suitability", "160px", options=suitabilities)
        self.facility_type = control(ipywidgets.Dropdown, "facility_type", "330px", options=self._choices())
        self.circle = control(
            ipywidgets.Dropdown, "circle", "310px",
            options=[(everywhere, ALL), *zip(names, circles["circle_id"], strict=True)],
        )  # fmt: skip
        self.standard = control(ipywidgets.Checkbox, "standard", "auto", value=True, indent=False)
        self.threshold_m = control(
            ipywidgets.IntSlider,
            "threshold_m",
            "380px",
            min=min(LEAST_M, int(min(standards))),
            max=max(MOST_M, math.ceil(max(standards))),
            step=STEP_M,
            value=self._standard_m(),
        )
        self.planned = control(
            ipywidgets.Checkbox, "planned", "auto", value=results.include_planned, indent=False
        )

    @property
    def sentence(self) -> str:
        """The result in one sentence."""
        return self._shown.sentence.of(self._lang) if self._shown else ""

    @property
    def figures(self) -> pd.DataFrame:
        """The coverage of the chosen type, the whole study and each circle."""
        return self._shown.figures.copy() if self._shown else pd.DataFrame()

    def _choices(self) -> list[tuple[str, str]]:
        chosen = self._types[self._types["suitability"] == self.suitability.value]
        if self._lang == "en":
            names = chosen["name_en"].where(chosen["name_en"] != "", chosen["name_zh"])
        else:
            names = chosen["name_zh"]
        return list(zip(names, chosen["facility_type"], strict=True))

    def _standard_m(self) -> int:
        return round(max(self.exploration.standard(self.facility_type.value)))

    def _changed(self, change: Any) -> None:
        if self._quiet:
            return
        self._quiet = True  # the controls that follow must not ask again each
        try:
            if change["owner"] is self.suitability:
                self.facility_type.options = self._choices()
            if change["owner"] in (self.suitability, self.facility_type):
                self.standard.value = True
            if change["owner"] is self.threshold_m:
                self.standard.value = False
            if self.standard.value:
                self.threshold_m.value = self._standard_m()
        finally:
            self._quiet = False
        self._refresh()

    def _refresh(self) -> None:
        planned = bool(self.planned.value)
        if not self.exploration.is_measured(planned):
            words = Text("正在计算规划情景…", "Measuring with planned ones…")
            self.board.show(Reply({"kind": "progress", "text": words.of(self._lang)}))
        self._shown = self.exploration.view(
            self.facility_type.value,
            circle_id=self.circle.value,
            threshold_m=None if self.standard.value else float(self.threshold_m.value),
            planned=planned,
        )
        self.board.show(self._painted())

    def _respond(self, message: Message) -> Reply:
        if message["do"] == "circle":
            self.circle.value = message["circle"]
        return self._painted()

    def _painted(self) -> Reply:
        """Return what the page draws: verdicts, facilities that count, sentence and table."""
        view = self._shown
        assert view is not None
        state = self.exploration.scenario(bool(self.planned.value))
        inputs = state.inputs
        names = dict(zip(inputs.circles["circle_id"], inputs.circles["name"], strict=True))
        shown = suppressed(view.figures, smallest=inputs.study.settings.smallest_count_shown)
        table = [
            [row.circle_id, names.get(row.circle_id, "") or row.circle_id, whole(row.people), whole(row.people_met),
             percent(row.coverage_share), percent(row.straight_line_share)]
            for row in shown.itertuples(index=False)
        ]  # fmt: skip
        mine = state.placed.facilities[state.placed.facilities["facility_type"] == self.facility_type.value]
        content = {
            "kind": "painted",
            "type": self.facility_type.value,
            "circle": self.circle.value,
            "sentence": self.sentence,
            "table": table,
            "facilities": facilities_json(state, mine),
        }
        return Reply(content, [view.codes.tobytes()])
