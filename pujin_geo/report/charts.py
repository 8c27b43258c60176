"""Results to charts: SVG texts that stand alone, in a page or in a notebook.

Vector output without fonts inside: the reader's own Chinese font is named by the usual ones of every system.
Colours go from light to dark in one order, and every difference in colour is also a number, a mark or a hatch,
so that the charts hold for colour-blind readers and in black and white.
"""

import math
from collections.abc import Hashable, Mapping, Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np
import pandas as pd
from markupsafe import Markup

from ..catalogue import is_uncertain, suitability_names
from ..definitions import INTERNAL, SYNTHETIC
from ..maps.figures import percent, whole
from ..maps.lettering import fitted, lines_of
from ..maps.templates import templates
from ..tables import ALL, lookup
from ..texts import Lang, Text
from ..walking.network import Floats

if TYPE_CHECKING:
    from ..results import Results

FONTS = (
    "'PingFang SC','Microsoft YaHei','Noto Sans CJK SC','Noto Sans SC','Source Han Sans SC','WenQuanYi Micro Hei',"
    "'Heiti SC',SimHei,Arial,sans-serif"
)
"""One of these is on every desktop system that shows Chinese at all."""

SHARE_CLASSES: tuple[tuple[float, str, str], ...] = (
    (0.0, "#fbf3e0", "#22303c"),
    (0.2, "#d6dbc2", "#22303c"),
    (0.4, "#a3c2bd", "#22303c"),
    (0.6, "#5590a3", "#ffffff"),
    (0.8, "#124a6b", "#ffffff"),
)
"""Lower bound of a share, fill and ink: lightness falls from class to class."""

INK, SOFT, LINE, BAR, BAND = "#22303c", "#5b6875", "#c8d0d8", "#3f7f97", "#a9c6cc"

ROW_PX, LABEL_PX, FONT_PX = 20, 190, 12
MOST_AREAS = 15
CELL_PX = 46
PLOT_PX = 420
GAP_LABEL_PX = 360

PERCENTILES = (0.10, 0.25, 0.50, 0.75, 0.90)


def charts(results: "Results") -> dict[str, Markup]:
    """Return every chart by name: ``matrix``, ``walks``, ``gaps``, and ``profile_`` with ``all`` or a circle's number.

    Args:
        results: an analysed study.
    """
    circles = results.inputs.circles["circle_id"].tolist()
    profiles = {f"profile_{number or ALL}": one for number, one in enumerate([ALL, *circles])}
    means = _suitability_means(results)
    return {
        "matrix": matrix_svg(results),
        "walks": walks_svg(results),
        "gaps": gaps_svg(results),
        **{name: _profile_svg(results, circle_id, means) for name, circle_id in profiles.items()},
    }


def write_charts(drawn: dict[str, Markup], folder: Path) -> None:
    """Write every chart as an SVG file of its own, for slides and documents.

    Args:
        drawn: from ``charts``.
        folder: made if it is missing.
    """
    folder.mkdir(exist_ok=True)
    for name, svg in drawn.items():
        (folder / f"{name}.svg").write_text(svg, encoding="utf-8", newline="\n")


def _render(name: str, results: "Results", **values: Any) -> Markup:
    study, lang = results.inputs.study, results.lang
    notices = [INTERNAL, SYNTHETIC] if study.synthetic else [INTERNAL]
    footer = [study.name, *([study.data_date] if study.data_date else []), *(one.of(lang) for one in notices)]
    svg = (
        templates()
        .get_template(f"charts/{name}.svg.j2")
        .render(
            name=name,
            lang=lang,
            fonts=FONTS,
            font_px=FONT_PX,
            footer=" · ".join(footer),
            ink=INK,
            soft=SOFT,
            line=LINE,
            bar=BAR,
            band=BAND,
            **values,
        )
    )
    return Markup(svg)


def _type_rows(results: "Results") -> list[dict[str, Any]]:
    """Return the judged types by suitability: id, name, and a mark where the threshold is uncertain."""
    lang, catalogue = results.lang, results.inputs.catalogue
    judged = set(results.tables["coverage"]["facility_type"].tolist())
    name = "name_en" if lang == "en" else "name_zh"
    columns = (
        catalogue[one].tolist() for one in ("facility_type", "suitability", name, "threshold_confidence")
    )
    types = [one for one in zip(*columns, strict=True) if one[0] in judged]
    return [
        {
            "facility_type": facility_type,
            "suitability": title.of(lang),
            "name": name,
            "label": fitted(name, LABEL_PX / FONT_PX - 1.5) + (" *" if is_uncertain(mark) else ""),
        }
        for key, title in suitability_names.items()
        for facility_type, suitability, name, mark in types
        if suitability == key
    ]


def matrix_svg(results: "Results") -> Markup:
    """Return circles × types: the fill is the coverage share, a corner marks people that cannot be judged.

    Cells hold the share in percent; a hatch and a dash mean that nobody of the group lives there. Shares of fewer
    people than the study's ``smallest_count_shown`` are not shown.
    """
    lang = results.lang
    served = _served(results)
    ids = [*results.inputs.circles["circle_id"], ALL]
    names = [*results.inputs.circles["name"], Text("全部", "All").of(lang)]
    top = 92
    columns = [
        {"x": LABEL_PX + n * CELL_PX, "title": name or one, "lines": lines_of(name or one, 4.2, 5)}
        for n, (one, name) in enumerate(zip(ids, names, strict=True))
    ]
    rows, cells, groups = _type_rows(results), [], []
    smallest = results.inputs.study.settings.smallest_count_shown
    y, group = top, ""
    for row in rows:
        if row["suitability"] != group:
            group = row["suitability"]
            groups.append({"y": y + 15, "name": group})
            y += ROW_PX + 2
        row["y"] = y
        for column, circle_id in zip(columns, ids, strict=True):
            cell = _cell(
                served[circle_id, row["facility_type"]], f"{column['title']} · {row['name']}", smallest, lang
            )
            cells.append({"x": column["x"], "y": y, **cell})
        y += ROW_PX
    nothing = Text("没有参与判定的设施类型", "no facility type is judged").of(lang) if not rows else ""
    return _render(
        "matrix",
        results,
        title=Text("各生活圈各类设施的步行覆盖率 (%)", "Walking coverage by circle and type (%)").of(lang),
        width=max(LABEL_PX + len(ids) * CELL_PX + 12, 520),
        height=max(y, top + ROW_PX) + 80,
        legend_y=max(y, top + ROW_PX) + 12,
        columns=columns,
        rows=rows,
        groups=groups,
        cells=cells,
        cell_px=CELL_PX,
        row_px=ROW_PX,
        nothing=nothing,
        classes=[
            {"x": 12 + n * 62, "fill": fill, "ink": ink, "words": f"{low:.0%}+" if n else "<20%"}
            for n, (low, fill, ink) in enumerate(SHARE_CLASSES)
        ],
        words={
            "unknown": Text("有人无法判定", "some people unknown").of(lang),
            "nobody": Text("无人可服务", "nobody to serve").of(lang),
            "uncertain": Text("* 标准出处待核", "* uncertain threshold").of(lang),
        },
    )


def _served(results: "Results") -> dict[tuple[str, str], tuple[float, float, float]]:
    """Return (circle or ``all``, type) → coverage share, people unknown, people; urban and rural together."""
    table = results.tables["coverage"]
    table = table[table["scope"] == ALL]
    keys = zip(table["circle_id"].tolist(), table["facility_type"].tolist(), strict=True)
    values = table[["coverage_share", "people_unknown", "people"]].to_numpy(dtype=float)
    return dict(zip(keys, map(tuple, values.tolist()), strict=True))


def _cell(served: tuple[float, float, float], where: str, smallest: int, lang: Lang) -> dict[str, Any]:
    share, unknown, people = served
    blank = {"fill": "", "ink": SOFT, "text": "—", "unknown": False}
    if math.isnan(share):
        return blank | {"title": f"{where}: {Text('无人可服务', 'nobody to serve').of(lang)}"}
    if people < smallest:
        words = Text(f"服务人群不足 {smallest} 人, 不显示", f"fewer than {smallest} people, not shown").of(
            lang
        )
        return blank | {"fill": "#ffffff", "text": f"<{smallest}", "title": f"{where}: {words}"}
    _, fill, ink = SHARE_CLASSES[share_class(share)]
    words = percent(share)
    if unknown > 0:
        number = few(unknown, smallest)
        words += Text(f", {number} 人无法判定", f", {number} people unknown").of(lang)
    text = "<1" if 0 < share < 0.01 else percent(share).removesuffix("%").split(".")[0]
    return {"fill": fill, "ink": ink, "text": text, "unknown": unknown > 0, "title": f"{where}: {words}"}


def few(people: float, smallest: int) -> str:
    """Return a count of people, or that it is below what may be shown.

    >>> few(3.0, 5), few(3.0, 0), few(0.0, 5)
    ('<5', '3', '0')
    """
    return f"<{smallest}" if 0 < people < smallest else whole(people)


def share_class(share: float) -> int:
    """Return the position of a share in ``SHARE_CLASSES``.

    >>> share_class(0.0), share_class(0.2), share_class(1.0)
    (0, 1, 4)
    """
    return max(n for n, (low, _, _) in enumerate(SHARE_CLASSES) if share >= low)


def profile_svg(results: "Results", *, circle_id: str = ALL) -> Markup:
    """Return a circle over the five suitabilities: mean coverage of their types on foot.

    Each type with anybody to serve weighs the same; a diamond is the whole study, a dashed tick the mean by
    straight line.

    Args:
        results: an analysed study.
        circle_id: a circle, or ``all``.

    Raises:
        KeyError: there is no such circle.
    """
    return _profile_svg(results, circle_id, _suitability_means(results))


def _suitability_means(results: "Results") -> dict[tuple[str, str], tuple[float, float, int]]:
    """Return (circle or ``all``, suitability) → mean coverage on foot, by straight line, and of how many types."""
    coverage = results.tables["coverage"]
    table = coverage[(coverage["scope"] == ALL) & (coverage["people"] > 0)]
    groups = table.groupby(["circle_id", "suitability"])
    means = groups[["coverage_share", "straight_line_share"]].mean()
    return {
        key: (share, straight, count)
        for key, (share, straight), count in zip(
            means.index.tolist(), means.to_numpy().tolist(), groups.size().tolist(), strict=True
        )
    }


def _profile_svg(
    results: "Results", circle_id: str, means: dict[tuple[str, str], tuple[float, float, int]]
) -> Markup:
    lang = results.lang
    names = lookup(results.inputs.circles, "circle_id", "name")
    name = Text("全部", "All").of(lang) if circle_id == ALL else names[circle_id] or circle_id
    rows = []
    for number, (suitability, title) in enumerate(suitability_names.items()):
        row = {"y": 62 + number * 34, "label": title.of(lang), "share": None, "whole": None}
        row["words"] = Text("没有判定的类型或无人可服务", "no type judged, or nobody to serve").of(lang)
        if (circle_id, suitability) in means:
            share, straight, count = means[circle_id, suitability]
            row |= {"share": share * PLOT_PX, "straight": straight * PLOT_PX}
            row["words"] = f"{percent(share)} · " + Text(f"{count} 类", f"{count} types").of(lang)
            row["whole"] = means[ALL, suitability][0] * PLOT_PX
        rows.append(row)
    shown = Text(f"{name}: 五宜步行覆盖率, 各类平均", f"{name}: coverage by suitability, mean of types").of(
        lang
    )
    return _render(
        "profile",
        results,
        title=fitted(shown, 50),
        rows=rows,
        label_px=90,
        plot_px=PLOT_PX,
        width=90 + PLOT_PX + 110,
        height=62 + len(rows) * 34 + 66,
        bottom=62 + len(rows) * 34,
        is_whole=circle_id == ALL,
        ticks=[{"x": share * PLOT_PX, "words": f"{share:.0%}"} for share in (0, 0.25, 0.5, 0.75, 1)],
        words={
            "bar": Text("步行", "on foot").of(lang),
            "whole": Text("全部生活圈", "whole study").of(lang),
            "straight": Text("直线", "by straight line").of(lang),
        },
    )


def walks_svg(results: "Results") -> Markup:
    """Return how far people walk to the nearest facility of each type, against its threshold.

    Per type, weighted by people: line from the 10th to the 90th percentile, bar from the 25th to the 75th, dot at
    the median, a black tick at the threshold (two where urban and rural differ). People without a path are given
    in words.
    """
    lang = results.lang
    spread = walk_spread(results)
    by_type = spread.to_dict("index")
    rows = _type_rows(results)
    longest = spread["p75_m"].max(skipna=True) if len(spread) else np.nan
    most = max([1000.0, *spread["threshold_m"].explode().dropna().astype(float)])
    end_m = _nice(min(max(most * 1.2, 0.0 if math.isnan(longest) else float(longest)), 5000.0))
    scale = PLOT_PX / end_m
    y, group, groups = 74, "", []
    for row in rows:
        if row["suitability"] != group:
            group = row["suitability"]
            groups.append({"y": y + 15, "name": group})
            y += ROW_PX + 2
        row.update(_walk_row(by_type[row["facility_type"]], y, scale, lang))
        y += ROW_PX
    return _render(
        "walks",
        results,
        title=Text("到最近设施的步行距离与标准 (米)", "Walks to the nearest facility and thresholds (m)").of(
            lang
        ),
        width=LABEL_PX + PLOT_PX + 170,
        height=y + 66,
        bottom=y,
        rows=rows,
        groups=groups,
        label_px=LABEL_PX,
        plot_px=PLOT_PX,
        ticks=[{"x": metres * scale, "words": f"{metres:,.0f}"} for metres in _ticks(end_m)],
        nothing="" if rows else Text("没有参与判定的设施类型", "no facility type is judged").of(lang),
        words={
            "line": Text("10–90% 的人", "10–90 % of people").of(lang),
            "bar": Text("25–75%", "25–75 %").of(lang),
            "median": Text("中位数", "median").of(lang),
            "threshold": Text("标准", "threshold").of(lang),
            "uncertain": Text("* 标准出处待核", "* uncertain threshold").of(lang),
        },
    )


def _walk_row(values: Mapping[Hashable, Any], y: float, scale: float, lang: Lang) -> dict[str, Any]:
    row: dict[str, Any] = {
        "y": y,
        "ticks": [t * scale for t in values["threshold_m"]],
        "median": None,
        "words": "",
    }
    if values["people"] <= 0:
        return row | {"words": Text("无人可服务", "nobody to serve").of(lang)}
    without = values["no_walk_share"]
    if without > 0:
        words = Text(f"{percent(without)} 无步行路径", f"{percent(without)} without a path").of(lang)
        row["words"] = words if without < 1 else Text("无设施可走到", "no facility on foot").of(lang)
    if without < 1:
        at = [min(values[name] * scale, PLOT_PX) for name in ("p10_m", "p25_m", "p50_m", "p75_m", "p90_m")]
        beyond = values["p50_m"] * scale > PLOT_PX
        row |= dict(zip(("low", "start", "median", "end", "high"), at, strict=True))
        row |= {"beyond": beyond, "cut": values["p90_m"] * scale > PLOT_PX}
        if beyond:
            middle = Text(f"中位数 {values['p50_m']:,.0f}", f"median {values['p50_m']:,.0f}").of(lang)
            row["words"] = "; ".join(part for part in (middle, row["words"]) if part)
    return row


def walk_spread(results: "Results") -> pd.DataFrame:
    """Return per type the people-weighted percentiles of the walk to the nearest facility.

    Returns:
        Index ``facility_type``; ``people``, ``no_walk_share`` (of people; NaN of nobody), ``p10_m`` … ``p90_m``
        (NaN where nobody has a walk) and ``threshold_m``, a list of the type's thresholds.
    """
    distances, gaps = results.tables["distances"], results.tables["coverage"]
    people = _people_of_rows(results)
    rows: dict[str, list[Any]] = {}
    for name, at in distances.groupby("facility_type", sort=False).indices.items():
        walk_m = distances["walk_m"].to_numpy(dtype=float)[at]
        weight = people[at]
        has, total = ~np.isnan(walk_m), float(weight.sum())
        marks = weighted_percentiles(walk_m[has], weight[has], PERCENTILES)
        rows[name] = [total, float(weight[~has].sum()) / total if total > 0 else np.nan, *marks]
        rows[name].append(sorted(set(distances["threshold_m"].to_numpy(dtype=float)[at])))
    columns = ["people", "no_walk_share", "p10_m", "p25_m", "p50_m", "p75_m", "p90_m", "threshold_m"]
    table = pd.DataFrame.from_dict(rows, orient="index", columns=columns)
    missing = [name for name in gaps["facility_type"].unique() if name not in table.index]
    blank = pd.DataFrame(
        [[0.0, np.nan, *[np.nan] * len(PERCENTILES), []] for _ in missing], index=missing, columns=columns
    )
    return pd.concat([table, blank]) if len(table) and missing else blank if missing else table


def _people_of_rows(results: "Results") -> Floats:
    """Return the people of the group served, for each row of the distances table."""
    from ..walking.verdicts import people_served  # noqa: PLC0415 - only here

    distances, inputs = results.tables["distances"], results.inputs
    judged = results.tables["coverage"]["facility_type"].unique().tolist()
    types = inputs.catalogue[inputs.catalogue["facility_type"].isin(judged)]
    people, _ = people_served(inputs.residents, types)
    row = pd.Index(inputs.residents["demand_id"]).get_indexer(distances["demand_id"])
    column = people.columns.get_indexer(distances["facility_type"])
    served: Floats = people.to_numpy(dtype=float)[row, column] if len(distances) else np.empty(0)
    return served


def weighted_percentiles(values: Floats, weights: Floats, shares: Sequence[float]) -> list[float]:
    """Return the least value that at least each share of the weight does not exceed; NaN without weight.

    >>> weighted_percentiles(np.array([300.0, 100.0, 200.0]), np.array([1.0, 1.0, 2.0]), [0.25, 0.5, 0.9])
    [100.0, 200.0, 300.0]
    """
    total = float(weights.sum())
    if total <= 0:
        return [math.nan] * len(shares)
    order = np.argsort(values, kind="stable")
    reached = np.cumsum(weights[order]) / total
    at = np.searchsorted(reached, np.asarray(shares) - 1e-12, side="left")
    return [float(values[order[min(one, len(order) - 1)]]) for one in at]


def _nice(metres: float) -> float:
    return math.ceil(metres / 500.0) * 500.0


def _ticks(end_m: float) -> list[float]:
    step = next(one for one in (250.0, 500.0, 1000.0, 2000.0) if end_m / one <= 6)
    return [step * n for n in range(int(end_m // step) + 1)]


def gaps_svg(results: "Results", *, most: int = MOST_AREAS) -> Markup:
    """Return the gap areas with the greatest people × shortfall, in person-kilometres.

    Args:
        results: an analysed study.
        most: how many areas are shown.
    """
    lang, table = results.lang, results.tables["gap_areas"]
    total = float(table["shortfall_person_m"].sum())
    table = table[table["shortfall_person_m"] > 0].head(most)
    longest = float(table["shortfall_person_m"].max()) if len(table) else 1.0
    rows = []
    for number, one in enumerate(table.to_dict("records")):
        shown = few(one["population"], results.inputs.study.settings.smallest_count_shown)
        words = Text(
            f"{shown} 人, 缺必配 {one['must_have_missing']} 类",
            f"{shown} people lack {one['must_have_missing']} must-have types",
        )
        rows.append(
            {
                "y": 56 + number * 24,
                "label": fitted(f"{one['rank']}  {one['area_name']}", 29),
                "title": one["area_name"],
                "length": max(one["shortfall_person_m"] / longest * (PLOT_PX - 130), 1.0),
                "number": f"{one['shortfall_person_m'] / 1000:,.0f}"
                if one["shortfall_person_m"] >= 500
                else "<1",
                "words": words.of(lang),
            }
        )
    share = float(table["shortfall_person_m"].sum()) / total if total > 0 else math.nan
    caption = Text(
        f"条长: 未达标人数 × 超出标准的步行距离 (人·公里); 图中各片合计占全部缺口的 {percent(share)}",
        f"Bars: people not met × walk beyond the threshold (person-km); together {percent(share)} of all gaps",
    )
    return _render(
        "gaps",
        results,
        title=Text("缺口最大的片区", "Areas with the greatest gaps").of(lang),
        width=GAP_LABEL_PX + PLOT_PX + 130,
        height=56 + max(len(rows), 1) * 24 + 54,
        bottom=56 + max(len(rows), 1) * 24,
        rows=rows,
        label_px=GAP_LABEL_PX,
        caption=caption.of(lang) if rows else "",
        nothing="" if rows else Text("没有未达标的片区", "nothing is lacking").of(lang),
    )
