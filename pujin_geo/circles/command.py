"""The ``circles`` command: read, draw, check, save, and say what came of it."""

from collections.abc import Callable
from dataclasses import replace
from pathlib import Path

from ..inputs import Inputs
from ..study import Study
from ..texts import Lang, Text
from .checks import Check, check
from .describe import MARK
from .drawing import Drawing, draw
from .options import CircleOptions, Wishes, read_options
from .saving import layer_path, save
from .terrain import survey

OPTIONS_FILE = "circles.toml"

Report = Callable[[Text], None]
Read = Callable[[Study], Inputs]


def draw_study(
    study: Study, read: Read, *, count: int | None, wishes: Wishes, out: Path | None, report: Report
) -> tuple[Drawing, Check, Path]:
    """Draw the circles of a study and write them.

    Args:
        study: from ``study.read_study``; ``circles.toml`` beside ``study.toml`` sets options.
        read: reads a study's layers; an existing circles layer takes no part.
        count: number of circles, if other than in the options.
        wishes: those of the options apply as well.
        out: where to write, if not into the study.
        report: called with a sentence when a step begins.

    Raises:
        PujinError: anything that a planner has to put right.
    """
    options: CircleOptions = read_options(study.folder / OPTIONS_FILE)
    wishes = options.wishes.and_also(wishes)
    layer_path(study, out)  # refuse before the long work, not after it
    report(Text("读入并检查数据", "Reading and checking the data"))
    layers = {name: spec for name, spec in study.layers.items() if name != "circles"}
    inputs = read(replace(study, layers=layers))
    report(Text("计算到可能中心的步行距离", "Measuring walks to possible hubs"))
    terrain = survey(inputs, settings=options.settings, pin_hubs=wishes.pin_hubs)
    report(Text("划示生活圈", "Drawing the circles"))
    drawing = draw(terrain, count=count or options.count, wishes=wishes)
    report(Text("检查生活圈", "Checking the circles"))
    found = check(terrain, drawing.circles)
    return drawing, found, save(drawing.circles, study, out=out)


def told(drawing: Drawing, found: Check, path: Path, lang: Lang) -> list[str]:
    """Return the lines that the command prints."""
    lines = [drawing.summary().of(lang)]
    for one in found.scorecard.itertuples():
        proposed = one.hub_status == "proposed"
        hub = Text(
            f"{one.hub_name} (建议位置)" if proposed else str(one.hub_name),
            f"{one.hub_name} (proposed place)" if proposed else str(one.hub_name),
        ).of(lang)
        drafted = drawing.circles["basis"].eq("demand_points").any()
        zh = "" if drafted else f"{one.committee_count} 个居村委, "
        en = "" if drafted else f"{one.committee_count} committees, "
        lines.append(
            Text(
                f"{one.circle_id} {one.name}: 中心 {hub}; {zh}{one.population:,.0f} 人, "
                f"{one.area_km2:.2f} 平方公里; 平均步行 {one.mean_walk_m:,.0f} 米, 最远 {one.farthest_walk_m:,.0f} 米",
                f"{one.circle_id} {one.name}: hub {hub}; {en}{one.population:,.0f} people, "
                f"{one.area_km2:.2f} km²; mean walk {one.mean_walk_m:,.0f} m, farthest {one.farthest_walk_m:,.0f} m",
            ).of(lang)
        )
    lines += [f"[{b.rule}] {b.circle_id} {b.text.of(lang)}" for b in found.breaches]
    lines += [f"[{p.code}] {p.message.of(lang)}" for p in drawing.problems]
    mark = Text(MARK, "schematic, for internal discussion, not an approved boundary").of(lang)
    return [*lines, f"{mark}: {path}"]
