"""The planning desk in a notebook: click to ask, change, compare, undo and save."""

from pathlib import Path
from typing import Any

from ..choices import language
from ..inputs import Inputs
from ..results import Results
from ..sources.reading import load_study
from ..texts import Lang, Text
from .board import Board
from .picture import picture
from .replies import Desk, Reply
from .session import Report, open_session


def planning_desk(
    study: "str | Path | Inputs | Results",
    *,
    lang: Lang | None = None,
    include_planned: bool | None = None,
    scenarios: str | Path = "scenarios",
    report: Report = lambda _: None,
) -> Any:
    """Return a map that answers clicks: walks from any place, and what changes would do.

    Shown in a notebook it lets a planner, without code, ask for the nearest facility of every type and the
    walk there; add, move or remove a facility; close or open a street; put a facility into an idle space;
    move a committee to another circle; undo; read the figures before and after; and save the result as a
    study folder that ``pujin-geo run`` reads. Every figure is that of a full run on the changed study.

    Args:
        study: a study folder, its ``Inputs`` (``load_study``), or ``Results`` (``analyse``).
        lang: ``zh`` or ``en``; by default that of the results, else ``zh``.
        include_planned: count what is under construction or planned; by default as the results do, else not.
        scenarios: the folder in which saved scenarios are put.
        report: called with a sentence when a step begins, such as ``progress_bar(steps=3)``.

    Returns:
        A widget.

    Raises:
        PujinError: the study cannot be read, or has no walkable street.

    >>> from pujin_geo import planning_desk
    >>> planning_desk("geodata/xiaohe", lang="en").picture["notices"]
    ['Synthetic data · schematic', 'For internal discussion']
    >>> planning_desk("no such folder")
    Traceback (most recent call last):
    ...
    pujin_geo.errors.SettingsError: 找不到研究文件夹 no such folder, 请检查路径。
    """
    results = study if isinstance(study, Results) else None
    inputs = study.inputs if isinstance(study, Results) else study
    if isinstance(inputs, str | Path):
        report(Text("读入研究", "Reading the study"))
        inputs = load_study(inputs)
    if lang is None:
        lang = results.lang if results else "zh"
    if include_planned is None:
        include_planned = results.include_planned if results else False
    lang = language(lang)
    report(Text("计算步行距离并判定", "Measuring walks and judging"))
    session = open_session(inputs, lang=lang, include_planned=include_planned)
    desk = Desk(session, scenarios=Path(scenarios))
    report(Text("绘制底图", "Drawing the base map"))
    board = Board("desk", picture(session.base.state, lang), desk.respond)
    session.report = lambda text: board.show(Reply({"kind": "progress", "text": text.of(session.lang)}))
    return board
