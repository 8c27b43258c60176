"""What a notebook ends with: conclusions in sentences whose numbers are computed, and checks that must hold."""

from collections.abc import Callable
from dataclasses import dataclass
from typing import TYPE_CHECKING

import pandas as pd

from ..choices import chosen, circle_named
from ..errors import PujinError
from ..maps.escape import escape
from ..maps.figures import percent, whole
from ..tables import ALL
from ..texts import Text
from .tables import judged_type_named
from .words import TableInWords, in_words, marks_of

if TYPE_CHECKING:
    from ..results import Results


class CheckFailedError(PujinError, AssertionError):
    """A sum that must hold does not: a fault of the program, not of the data."""


@dataclass(frozen=True)
class Findings:
    """Sentences of a conclusion; a notebook shows them as a list."""

    title: str
    sentences: tuple[str, ...]
    marks: tuple[str, ...]

    def __repr__(self) -> str:
        """Return the sentences as text, for a terminal."""
        return "\n".join([self.title, *(f"- {one}" for one in self.sentences)])

    def _repr_html_(self) -> str:
        """Show the sentences in a notebook."""
        marks = "".join(f" · {escape(mark)}" for mark in self.marks)
        items = "".join(f"<li>{escape(one)}</li>" for one in self.sentences)
        return f'<b>{escape(self.title)}</b><span style="opacity:.75">{marks}</span><ul>{items}</ul>'


@dataclass(frozen=True)
class _Asked:
    """What a conclusion is about: results, circle, and facility type ("" for all)."""

    results: "Results"
    circle: str
    facility_type: str

    @property
    def coverage(self) -> pd.DataFrame:
        """The circle's coverage rows with somebody to serve, all scopes together."""
        table = self.results.tables["coverage"]
        here = (table["circle_id"] == self.circle) & (table["scope"] == ALL) & (table["people"] > 0)
        return table[here & (table["facility_type"].eq(self.facility_type) | (self.facility_type == ""))]

    @property
    def gaps(self) -> pd.DataFrame:
        """The circle's gap rows."""
        table = self.results.tables["gaps"]
        here = (table["circle_id"] == self.circle) | (self.circle == ALL)
        return table[here & (table["facility_type"].eq(self.facility_type) | (self.facility_type == ""))]

    def type_name(self, facility_type: str) -> str:
        """The name of a type in the language of the results."""
        catalogue = self.results.inputs.catalogue.set_index("facility_type")
        return str(catalogue[f"name_{self.results.lang}"][facility_type])

    def people(self) -> float:
        """Judged residents of the circle."""
        table = self.results.tables["residents"].query("inside_boundary")
        here = (table["circle_id"] == self.circle) | (self.circle == ALL)
        return float(table.loc[here, "population"].sum())


def what_we_found(
    results: "Results", topic: str, *, circle_id: str = ALL, facility_type: str = ""
) -> Findings:
    """Return the conclusion on a topic: a few sentences with figures computed from the results.

    Args:
        results: from ``analyse``.
        topic: ``data``, ``walking``, ``circles``, ``coverage``, ``gaps`` or ``whole`` (the story in short).
        circle_id: a circle by id or name; ``all`` is the whole study.
        facility_type: a type by id, name or alias; all types if blank.

    Raises:
        SettingsError: no such topic, circle or type.

    >>> from pujin_geo import analyse, load_study
    >>> what_we_found(analyse(load_study("geodata/xiaohe"), lang="en"), "walking", facility_type="便利店")
    What we found
    - By straight line 38.8% have a facility within the threshold, on foot 15.6%: straight lines overstate.
    - 7 verdicts are "near by straight line, far on foot"; the median such walk is 1.99 times the straight line.
    """
    known = {one: (text.zh, text.en) for one, text in TOPIC_NAMES.items()}
    one = chosen(topic, known, what=Text("主题", "topic"))
    wanted = judged_type_named(results, facility_type) if facility_type else ""
    asked = _Asked(results, circle_named(results.inputs, circle_id), wanted)
    sentences = [text for tell in _TOPICS[one] for text in tell(asked)]
    lang = results.lang
    return Findings(
        Text("我们发现", "What we found").of(lang),
        tuple(text.of(lang) for text in sentences),
        marks_of(results),
    )


def _read(asked: _Asked) -> list[Text]:
    counts, problems = asked.results.inputs.row_counts, asked.results.tables["problems"]
    read, accepted = int(counts["rows_read"].sum()), int(counts["accepted"].sum())
    warnings = int((problems["severity"] == "warning").sum())
    return [
        Text(
            f"读入 {read:,} 行, 采用 {accepted:,} 行, 剔除 {read - accepted:,} 行; 另有 {warnings:,} 条提醒。",
            f"{read:,} rows were read, {accepted:,} accepted and {read - accepted:,} left out; {warnings:,} warnings.",
        )
    ]


def _facility_numbers(asked: _Asked) -> list[Text]:
    facilities = asked.results.tables["facilities"]
    sites = facilities["site_id"].nunique()
    status = facilities["status"].value_counts()
    later = int(status.get("under_construction", 0) + status.get("planned", 0))
    return [
        Text(
            f"设施功能 {len(facilities):,} 项, 在 {sites:,} 处场所; 其中现状 {status.get('existing', 0):,} 项, "
            f"在建和规划 {later:,} 项 (不计入今天的覆盖)。",
            f"{len(facilities):,} functions at {sites:,} sites: {status.get('existing', 0):,} open today, {later:,} under "
            "construction or planned (which do not count today).",
        )
    ]


def _reconciled(asked: _Asked) -> list[Text]:
    table = asked.results.tables["reconciliation"].dropna(subset=["difference"])
    if table.empty:
        return []
    apart = table.loc[table["difference"] != 0, "item"].tolist()
    zh = f"不符的是: {'、'.join(apart)}。" if apart else "全部相符。"
    en = f"not these: {', '.join(apart)}." if apart else "all of them."
    agree = len(table) - len(apart)
    return [
        Text(
            f"报告的 {len(table)} 个数字中 {agree} 个与本研究相符; {zh}",
            f"{agree} of {len(table)} figures of the report agree with the study; {en}",
        )
    ]


def _judged(asked: _Asked) -> list[Text]:
    rows, people = asked.coverage, asked.people()
    if rows.empty:
        return [Text("没有可判定的设施类型。", "No facility type can be judged.")]
    mean, straight = rows["coverage_share"].mean(), rows["straight_line_share"].mean()
    return [
        Text(
            f"{whole(people)} 位居民参与判定; {len(rows)} 类设施的步行覆盖率平均 {percent(mean)}, 直线平均 {percent(straight)} "
            "(各类权重相同, 不是“都能走到”的占比)。",
            f"{whole(people)} residents were judged; coverage on foot is {percent(mean)} on the mean of {len(rows)} types, "
            f"{percent(straight)} by straight line (each type weighs the same; not the share reaching all).",
        )
    ]


def _best_and_worst(asked: _Asked) -> list[Text]:
    rows = asked.coverage.dropna(subset=["coverage_share"])
    if len(rows) < 2:
        return []
    low, high = (rows.loc[rows["coverage_share"].agg(pick)] for pick in ("idxmin", "idxmax"))
    names = [asked.type_name(row["facility_type"]) for row in (low, high)]
    return [
        Text(
            f"覆盖率最低的是{names[0]} ({percent(low['coverage_share'])}), 最高的是{names[1]} "
            f"({percent(high['coverage_share'])})。",
            f"Coverage is lowest for {names[0]} ({percent(low['coverage_share'])}) and highest for {names[1]} "
            f"({percent(high['coverage_share'])}).",
        )
    ]


def _one_type(asked: _Asked) -> list[Text]:
    if not asked.facility_type or asked.coverage.empty:
        return []
    row, name = asked.coverage.iloc[0], asked.type_name(asked.facility_type)
    low, high = percent(row["coverage_share_low"]), percent(row["coverage_share_high"])
    return [
        Text(
            f"{name}: 服务人群 {whole(row['people'])} 人, 达标 {whole(row['people_met'])} 人 "
            f"({percent(row['coverage_share'])}; 步行距离有 ±10% 误差时为 {low} 至 {high}), "
            f"未达标 {whole(row['people_not_met'])} 人, 无法判定 {whole(row['people_unknown'])} 人。",
            f"{name}: of {whole(row['people'])} people served {whole(row['people_met'])} are within the threshold "
            f"({percent(row['coverage_share'])}; {low} to {high} if walks are off by 10 %), "
            f"{whole(row['people_not_met'])} are not and {whole(row['people_unknown'])} are unknown.",
        )
    ]


def _by_circle(asked: _Asked) -> list[Text]:
    table = asked.results.tables["coverage"].query("circle_id != 'all' and scope == 'all' and people > 0")
    rows = table[table["facility_type"] == asked.facility_type].dropna(subset=["coverage_share"])
    if asked.circle != ALL or len(rows) < 2:
        return []
    low, high = (rows.loc[rows["coverage_share"].agg(pick)] for pick in ("idxmin", "idxmax"))
    called = asked.results.inputs.circles.set_index("circle_id")["name"]
    names = [called[row["circle_id"]] or row["circle_id"] for row in (low, high)]
    return [
        Text(
            f"各圈之间: 最低的是{names[0]} ({percent(low['coverage_share'])}), 最高的是{names[1]} ({percent(high['coverage_share'])})。",
            f"Among the circles {names[0]} is lowest ({percent(low['coverage_share'])}) and {names[1]} highest "
            f"({percent(high['coverage_share'])}).",
        )
    ]


def _overstated(asked: _Asked) -> list[Text]:
    rows = asked.coverage
    if rows.empty:
        return []
    straight, walk = rows["straight_line_share"].mean(), rows["coverage_share"].mean()
    zh, en = (": 直线高估了覆盖", ": straight lines overstate") if straight > walk else ("", "")
    return [
        Text(
            f"按直线, {percent(straight)} 的人在标准距离内有设施; 按步行为 {percent(walk)}{zh}。",
            f"By straight line {percent(straight)} have a facility within the threshold, on foot {percent(walk)}{en}.",
        )
    ]


def _detours(asked: _Asked) -> list[Text]:
    rows = asked.gaps.query("cause == 'detour'")
    if rows.empty:
        return [
            Text("没有“直线够近、步行绕远”的判定。", "No verdict is “near by straight line, far on foot”.")
        ]
    ratio = float(rows["detour_ratio"].median())
    return [
        Text(
            f"“直线够近、步行绕远”的判定有 {len(rows):,} 项; 其中位的步行距离是直线的 {ratio:.2f} 倍。",
            f'{len(rows):,} verdicts are "near by straight line, far on foot"; the median such walk is {ratio:.2f} times the '
            "straight line.",
        )
    ]


def _circles(asked: _Asked) -> list[Text]:
    circles = asked.results.tables["circles"]
    if circles.empty:
        return [Text("研究没有生活圈图层。", "The study has no circles layer.")]
    least, most = circles["population"].min(), circles["population"].max()
    far = circles["farthest_walk_m"].max()
    return [
        Text(
            f"生活圈 {len(circles)} 个, 人口从 {whole(least)} 到 {whole(most)}; 到中心最远的步行为 {whole(far)} 米。",
            f"{len(circles)} circles of {whole(least)} to {whole(most)} people; the farthest walk to a hub is {whole(far)} m.",
        )
    ]


def _missing(asked: _Asked) -> list[Text]:
    rows = asked.gaps
    if rows.empty:
        return [Text("没有缺口。", "There are no gaps.")]
    sums = rows.query("verdict == 'not_met'").groupby("facility_type")["people"].sum()
    unknown = rows.query("verdict == 'unknown'")["demand_id"].nunique()
    found = (
        []
        if not unknown
        else [
            Text(
                f"有 {unknown:,} 个居民点至少有一类无法判定, 不计为达标, 也不计为未达标。",
                f"{unknown:,} demand points have a type that cannot be judged; they count neither as met nor as not met.",
            )
        ]
    )
    if len(sums) and sums.max() > 0:
        name, people = asked.type_name(sums.idxmax()), whole(sums.max())
        found.insert(
            0,
            Text(f"走不到的人最多的是{name}: {people} 人。", f"Most people lack {name}: {people}."),
        )
    return found


def _worst_area(asked: _Asked) -> list[Text]:
    table = asked.results.tables["gap_areas"]
    rows = table[(table["circle_id"] == asked.circle) | (asked.circle == ALL)]
    if rows.empty:
        return []
    first = rows.iloc[0]
    return [
        Text(
            f"最突出的缺口片区是{first['area_name']}: 缺 {first['types_missing']} 类, 其中必配 {first['must_have_missing']} 类。",
            f"The largest gap area is {first['area_name']}: {first['types_missing']} types are missing, "
            f"{first['must_have_missing']} of them must-have.",
        )
    ]


def _next_space(asked: _Asked) -> list[Text]:
    table = asked.results.tables["best_spaces"]
    wanted = (table["facility_type"] == asked.facility_type) | (asked.facility_type == "")
    rows = table[wanted & (table["spaces"] == 1) & (table["people_newly_served"] > 0)]
    if rows.empty:
        return []
    best = rows.loc[rows["people_newly_served"].idxmax()]
    name = asked.type_name(best["facility_type"])
    return [
        Text(
            f"只用一处闲置空间时, {best['space_names']}改作{name}新覆盖的人最多: {whole(best['people_newly_served'])} 人。",
            f"With one idle space, {best['space_names']} as {name} newly serves most people: "
            f"{whole(best['people_newly_served'])}.",
        )
    ]


def _under_way(asked: _Asked) -> list[Text]:
    table = asked.results.tables["projects"]
    rows = table[(table["circle_id"] == asked.circle) | (asked.circle == ALL)]
    if rows.empty:
        return []
    none = int((rows["people_newly_served"] == 0).sum())
    return [
        Text(
            f"在建和规划设施 {len(rows)} 项, 其中 {none} 项不会新覆盖任何人 (标准内的人已达标, 或标准内没有服务对象)。",
            f"Of {len(rows)} facilities under way, {none} newly serve nobody (those within the threshold are served already, or "
            "there is nobody to serve).",
        )
    ]


TOPIC_NAMES: dict[str, Text] = {
    "whole": Text("全貌", "the whole story"),
    "data": Text("数据", "the data"),
    "walking": Text("步行", "walks"),
    "circles": Text("生活圈", "living circles"),
    "coverage": Text("覆盖", "coverage"),
    "gaps": Text("缺口", "gaps"),
}

_TOPICS: dict[str, tuple[Callable[[_Asked], list[Text]], ...]] = {
    "whole": (_judged, _best_and_worst, _detours, _missing, _worst_area, _next_space),
    "data": (_read, _facility_numbers, _reconciled),
    "walking": (_overstated, _detours),
    "circles": (_circles,),
    "coverage": (_one_type, _by_circle, _judged, _best_and_worst),
    "gaps": (_missing, _worst_area, _under_way, _next_space),
}


# Checks


def check_totals(results: "Results") -> TableInWords:
    """Return the sums that must hold, and refuse if one does not.

    Rows read are accepted or left out; people are met, not met or unknown; shares lie within 0 and 1; no walk is
    shorter than the straight line; a circle's people are part of the whole; every gap is in one area.

    Raises:
        CheckFailedError: one of them does not hold.

    >>> from pujin_geo import analyse, load_study
    >>> check_totals(analyse(load_study("geodata/xiaohe"), lang="en")).frame["holds"].unique().tolist()
    ['yes']
    """
    checked = pd.DataFrame(
        [(text.of(results.lang), holds(results)) for text, holds in _CHECKS], columns=["check", "holds"]
    )
    failed = checked.loc[~checked["holds"], "check"].tolist()
    if failed:
        listed = "; ".join(failed)
        raise CheckFailedError(
            Text(
                f"以下核对不成立, 请连同数据告知维护者: {listed}。",
                f"These checks do not hold; please tell the maintainers: {listed}.",
            )
        )
    return in_words(results, checked, ["check", "holds"], title=Text("核对", "Checks"))


def _rows_add_up(results: "Results") -> bool:
    counts = results.inputs.row_counts
    return bool((counts["rows_read"] == counts["accepted"] + counts["rejected"]).all())


def _people_add_up(results: "Results") -> bool:
    table = results.tables["coverage"]
    parts = table[["people_met", "people_not_met", "people_unknown"]].sum(axis=1)
    return bool((parts - table["people"]).abs().max() < 1e-6) if len(table) else True


def _shares_are_shares(results: "Results") -> bool:
    shares = results.tables["coverage"][["coverage_share", "straight_line_share"]]
    return bool((shares.isna() | ((shares >= 0.0) & (shares <= 1.0))).all(axis=None))


def _walks_are_longer(results: "Results") -> bool:
    walks = results.tables["distances"].dropna(subset=["walk_m", "straight_m"])
    return bool((walks["walk_m"] >= walks["straight_m"] - 0.001).all())


def _circles_are_parts(results: "Results") -> bool:
    table = results.tables["coverage"].query("scope == 'all'")
    parts = table[table["circle_id"] != ALL].groupby("facility_type")["people"].sum()
    total = table[table["circle_id"] == ALL].set_index("facility_type")["people"]
    return bool((parts <= total.reindex(parts.index) + 1e-6).all())


def _gaps_have_an_area(results: "Results") -> bool:
    return bool(results.tables["gaps"]["area_id"].isin(results.tables["gap_areas"]["area_id"]).all())


_CHECKS: tuple[tuple[Text, Callable[["Results"], bool]], ...] = (
    (Text("每个图层: 读入 = 采用 + 剔除", "every layer: read = accepted + left out"), _rows_add_up),
    (
        Text("每一格: 人数 = 达标 + 未达标 + 无法判定", "everywhere: people = met + not met + unknown"),
        _people_add_up,
    ),
    (Text("占比在 0 与 1 之间", "shares lie within 0 and 1"), _shares_are_shares),
    (Text("步行距离不短于直线距离", "no walk is shorter than the straight line"), _walks_are_longer),
    (
        Text("各圈人数之和不超过全域", "circles together have no more people than the whole"),
        _circles_are_parts,
    ),
    (Text("每个缺口恰在一个片区", "every gap lies in an area"), _gaps_have_an_area),
)
