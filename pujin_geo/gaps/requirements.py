"""The requirements list (需求清单): per circle, committee and facility type what is lacking, for whom and why."""

from typing import Any

import numpy as np
import pandas as pd

from ..catalogue import confidence_names, is_uncertain
from ..coverage.rates.grid import Judged
from ..texts import Lang, Text
from ..walking.network import Floats, Ints
from .areas import CAUSES, total_person_m
from .siting import Candidates, reach_of

COLUMNS = [
    "priority", "circle_id", "circle_name", "committee_id", "committee_name", "places", "facility_type", "type_name",
    "suitability", "class", "must_have", "need", "need_text", "people_basis", "people_not_met",
    *(f"people_{cause}" for cause in CAUSES),
    "people_unknown", "unknown_causes", "demand_points", "shortfall_person_m", "nearest_facility_id", "nearest_facility_name",
    "nearest_walk_m", "farthest_walk_m", "crossed", "reason", "threshold_m", "threshold_source",
    "threshold_clause", "threshold_confidence", "standard", "planned_nearby", "people_planned_serve", "space_id",
    "space_name", "people_space_serves",
]  # fmt: skip

KEYS = ["circle_id", "committee_id", "facility_type"]
MOST_PLACES = 3

CAUSE_TEXTS: dict[str, Text] = {
    "too_far": Text("距离过远", "too far away"),
    "detour": Text("直线不远而步行绕行", "near by straight line but a detour on foot"),
    "no_facility": Text("没有该类设施", "no facility of the type"),
    "unsnapped": Text("居民点未接入道路", "the demand point is on no street"),
    "island": Text("所在道路与主路网不连通", "the street is cut off from the main network"),
    "facility_off_network": Text("附近设施未接入路网", "a facility nearby is off the network"),
    "data_edge": Text("靠近数据边缘", "the data end nearby"),
}

NEEDS: dict[str, Text] = {
    "provide": Text("新增或就近布局{}", "provide {} nearby"),
    "connect": Text("打通步行通道或增设出入口, 就近到达{}", "open a way on foot to {}"),
    "verify": Text("补查数据, 核实能否步行到达{}", "check the data on {}"),
}
"""What is asked for: most people lack a near one; most have one near by straight line; the data cannot tell."""

STATUS_TEXTS: dict[str, Text] = {
    "under_construction": Text("在建", "under construction"),
    "planned": Text("规划", "planned"),
}

GROUPS: dict[str, Text] = {
    "all": Text("全体居民", "all residents"),
    "all (no age data)": Text("全体居民 (无分年龄数据)", "all residents (no age data)"),
}


def requirements(
    judged: Judged, candidates: Candidates, points: pd.DataFrame, areas: pd.DataFrame, *, lang: Lang = "zh"
) -> pd.DataFrame:
    """Return the ``requirements`` table: one row per circle, committee and type that somebody lacks or may lack.

    Must-have types come first, then basic ones, then the others; within each the greatest people × shortfall.
    Rows with nobody of the group are left out: there is nobody to serve.

    Args:
        judged: verdicts and people.
        candidates: idle spaces and planned places.
        points: gap rows with ``area_id``, ``detour_ratio`` and ``crossed``.
        areas: the ``gap_areas`` table.
        lang: language of names and sentences.

    Returns:
        ``COLUMNS``; ``people_not_met`` and ``people_unknown`` add up to those of the gaps table.
    """
    rows = _gap_rows(judged, points, areas)
    if rows.empty:
        return pd.DataFrame(columns=COLUMNS)
    table = _sums(rows)
    table = table.join([_nearest(rows, judged), _places(rows, lang)])
    table = table.join(_served_by(rows, judged, candidates, lang)).reset_index(drop=True)
    table = _with_names(table, judged, lang)
    table["need"] = _need(table)
    table["need_text"] = [
        NEEDS[need].of(lang).format(name)
        for need, name in zip(table["need"], table["type_name"], strict=True)
    ]
    table["reason"] = reasons(table, lang=lang)
    table["standard"] = [_standard(row, lang) for row in table.to_dict("records")]
    return _ranked(table, judged)[COLUMNS]


def _gap_rows(judged: Judged, points: pd.DataFrame, areas: pd.DataFrame) -> pd.DataFrame:
    at = pd.Index(judged.demand["demand_id"]).get_indexer(points["demand_id"])
    rows = points.assign(
        origin=at,
        column=pd.Index(judged.grid.types).get_indexer(points["facility_type"]),
        committee_id=judged.demand["committee_id"].to_numpy(dtype=object)[at],
        area_name=points["area_id"]
        .map(areas.set_index("area_id")["area_name"])
        .astype("str")  # a study without gaps has no areas to tell the type
        .str.replace(r"^.* · ", "", regex=True),
        shortfall_person_m=total_person_m(points),
    )
    rows = rows[rows["people"] > 0].reset_index(drop=True)
    return rows.assign(key=rows.groupby(KEYS, sort=False).ngroup())


def _sums(rows: pd.DataFrame) -> pd.DataFrame:
    people, unmet = rows["people"], rows["verdict"] == "not_met"
    cells = rows[["key", "shortfall_person_m"]].assign(
        people_not_met=people.where(unmet, 0.0),
        people_unknown=people.where(~unmet, 0.0),
        demand_points=unmet.astype("int64"),
        **{f"people_{cause}": people.where(unmet & (rows["cause"] == cause), 0.0) for cause in CAUSES},
    )
    heads = rows.drop_duplicates("key").set_index("key")[KEYS]
    table: pd.DataFrame = cells.groupby("key").sum().join(heads)
    limits = rows.groupby("key")["threshold_m"].agg(["min", "max"])
    table["threshold_m"] = limits["max"].where(limits["min"] == limits["max"])
    doubt = rows[~unmet].drop_duplicates(["key", "cause"]).groupby("key")["cause"].agg(";".join)
    table["unknown_causes"] = doubt.reindex(table.index).astype(object).fillna("")
    return table


def _nearest(rows: pd.DataFrame, judged: Judged) -> pd.DataFrame:
    """Return the nearest facility on foot of those not met, and from how near to how far they walk to theirs."""
    walks = rows[(rows["verdict"] == "not_met") & rows["walk_m"].notna()]
    walks = walks.sort_values(["walk_m", "facility_id"], kind="stable")
    grouped = walks.groupby("key")
    table = grouped.agg(
        nearest_facility_id=("facility_id", "first"),
        nearest_walk_m=("walk_m", "first"),
        farthest_walk_m=("walk_m", "last"),
    )
    index = pd.RangeIndex(rows["key"].max() + 1, name="key")
    table = table.reindex(index)
    table["nearest_facility_id"] = table["nearest_facility_id"].astype(object).fillna("")
    facilities = judged.facilities
    names = dict(zip(facilities["facility_id"], facilities["name"], strict=True))
    table["nearest_facility_name"] = [names.get(one, "") or one for one in table["nearest_facility_id"]]
    crossed = rows[rows["crossed"] != ""]
    crossed = crossed.assign(crossed=crossed["crossed"].str.split(";")).explode("crossed")
    total = crossed.groupby(["key", "crossed"])["people"].sum().reset_index()
    total = total.sort_values("people", ascending=False, kind="stable")
    worst = total.groupby("key")["crossed"].agg(lambda names: ";".join(names.iloc[:MOST_PLACES]))
    table["crossed"] = worst.reindex(index).astype(object).fillna("")
    return table


def _places(rows: pd.DataFrame, lang: Lang) -> pd.DataFrame:
    """Return the gap areas of each row, those with most people first."""
    people = rows.groupby(["key", "area_name"], sort=False)["people"].sum().reset_index()
    people = people.sort_values("people", ascending=False, kind="stable")
    join, more = Text("、", "; ").of(lang), Text("等{}片", " and {} more").of(lang)

    def words(names: pd.Series) -> str:
        shown = join.join(names.iloc[:MOST_PLACES])
        left = len(names) - MOST_PLACES
        return shown if left <= 0 else shown + more.format(len(names) if lang == "zh" else left)

    return people.groupby("key")["area_name"].agg(words).rename("places").to_frame()


def _served_by(rows: pd.DataFrame, judged: Judged, candidates: Candidates, lang: Lang) -> pd.DataFrame:
    """Return per row the planned places within reach, and the idle space that would serve most of its people."""
    keys = int(rows["key"].max()) + 1
    found = pd.DataFrame(
        {"planned_nearby": "", "space_id": "", "space_name": ""},
        index=pd.RangeIndex(keys, name="key"),
        dtype=object,
    ).assign(people_planned_serve=0.0, people_space_serves=0.0)
    arrays = {name: found[name].to_numpy(copy=True) for name in found}
    unmet = np.flatnonzero((rows["verdict"] == "not_met").to_numpy(dtype=bool))
    column = rows["column"].to_numpy()[unmet]
    for one in np.unique(column):
        mine = rows.iloc[unmet[column == one]]
        for name, values in _served_of_type(mine, int(one), judged, candidates, lang).items():
            arrays[name][np.unique(mine["key"].to_numpy())] = values
    return pd.DataFrame(arrays, index=found.index)


def _served_of_type(
    mine: pd.DataFrame, column: int, judged: Judged, candidates: Candidates, lang: Lang
) -> dict[str, Any]:
    """Return columns of one type's rows, ordered by ``key``."""
    table = candidates.table
    spaces = np.flatnonzero(candidates.choosable[column])
    planned = candidates.planned(judged.grid.types[column])
    keys, group = np.unique(mine["key"].to_numpy(), return_inverse=True)
    row = np.full(len(judged.demand), -1, dtype=np.int64)
    row[mine["origin"].to_numpy()] = np.arange(len(mine))
    origin, target = reach_of(candidates, judged, column)
    lacking = row[origin] >= 0
    at, target = row[origin[lacking]], target[lacking]
    people = mine["people"].to_numpy()
    cell = group[at] * len(table) + target
    served = np.bincount(cell, weights=people[at], minlength=len(keys) * len(table)).astype(float)
    served = served.reshape(len(keys), len(table))
    any_planned = np.zeros(len(mine), dtype=bool)
    any_planned[at[np.isin(target, planned)]] = True
    found = _best_space(served[:, spaces], table, spaces)
    found["planned_nearby"] = _planned_names(served[:, planned], table.iloc[planned], lang)
    found["people_planned_serve"] = np.bincount(group, weights=people * any_planned, minlength=len(keys))
    return found


def _best_space(served: Floats, table: pd.DataFrame, spaces: Ints) -> dict[str, Any]:
    """Return, per row of (groups, spaces) people served, the space that serves most, "" where none serves any."""
    most = served.max(axis=1, initial=0.0)
    which = served.argmax(axis=1) if len(spaces) else np.zeros(len(served), dtype=np.int64)
    ids, names = (table[name].to_numpy(dtype=object)[spaces] for name in ("candidate_id", "name"))
    one = np.where(most > 0, which, len(spaces))
    return {
        "space_id": np.append(ids, "")[one],
        "space_name": np.append(np.where(names != "", names, ids), "")[one],
        "people_space_serves": most,
    }


def _planned_names(served: Floats, planned: pd.DataFrame, lang: Lang) -> list[str]:
    if planned.empty:
        return [""] * len(served)
    words = [
        f"{one.name or one.candidate_id} ({STATUS_TEXTS[one.status].of(lang)})"
        for one in planned[["name", "candidate_id", "status"]].itertuples(index=False)
    ]
    join = Text("、", "; ").of(lang)
    return [join.join(words[one] for one in np.flatnonzero(row > 0)) for row in served]


def _with_names(table: pd.DataFrame, judged: Judged, lang: Lang) -> pd.DataFrame:
    inputs, types = judged.inputs, judged.types.set_index("facility_type")
    circles = dict(zip(inputs.circles["circle_id"], inputs.circles["name"], strict=True))
    committees = dict(zip(inputs.committees["committee_id"], inputs.committees["name"], strict=True))
    columns = [
        "suitability", "class", "must_have", "threshold_source", "threshold_clause", "threshold_confidence",
        "threshold_urban_m", "threshold_rural_m",
    ]  # fmt: skip
    named = table.assign(**{name: table["facility_type"].map(types[name]) for name in columns})
    return named.assign(
        circle_name=[circles.get(one, "") or one for one in table["circle_id"]],
        committee_name=[committees.get(one, "") or one for one in table["committee_id"]],
        type_name=table["facility_type"].map(types["name_en" if lang == "en" else "name_zh"]),
        people_basis=table["facility_type"].map(judged.basis),
    )


def _need(table: pd.DataFrame) -> Any:
    far = table["people_too_far"] + table["people_no_facility"]
    return np.select(
        [table["people_not_met"] <= 0, table["people_detour"] > far], ["verify", "connect"], default="provide"
    )


def reasons(table: pd.DataFrame, *, lang: Lang, smallest: int = 0) -> list[str]:
    """Return one sentence per requirement: how many and why, the nearest facility, what lies across.

    Args:
        table: requirements.
        lang: the sentence's language.
        smallest: where a cause has fewer people (but some), no numbers are given in the sentence.
    """
    return [_reason(row, lang, smallest) for row in table.to_dict("records")]


def _reason(row: dict[str, Any], lang: Lang, smallest: int) -> str:
    sentences = []
    causes = [(cause, float(row[f"people_{cause}"])) for cause in CAUSES if row[f"people_{cause}"] > 0]
    hidden = any(people < smallest for _, people in [*causes, ("", row["people_unknown"] or smallest)])
    words = [
        CAUSE_TEXTS[cause].of(lang)
        if hidden or len(causes) == 1
        else Text(
            f"{people:,.0f} 人{CAUSE_TEXTS[cause].zh}", f"{people:,.0f} people: {CAUSE_TEXTS[cause].en}"
        ).of(lang)
        for cause, people in causes
    ]
    if words:
        sentences.append(Text("、", ", ").of(lang).join(words))
    if row["nearest_facility_id"]:
        name, low, high = row["nearest_facility_name"], row["nearest_walk_m"], row["farthest_walk_m"]
        far = f"{low:,.0f}" if round(low) == round(high) else f"{low:,.0f}–{high:,.0f}"
        sentences.append(
            Text(f"最近一处为{name}, 步行 {far} 米", f"nearest: {name}; walks of {far} m to the nearest").of(
                lang
            )
        )
    if row["people_detour"] > 0:
        sentences.append(_crossing(row["crossed"]).of(lang))
    if row["people_unknown"] > 0:
        doubt = [CAUSE_TEXTS[cause].of(lang) for cause in row["unknown_causes"].split(";") if cause]
        number = "" if hidden else f" {row['people_unknown']:,.0f} "
        why = Text("、", ", ").of(lang).join(doubt)
        sentences.append(
            Text(
                f"{'另有' if words else '有'}{number or '居民'}{'人' if number else ''}无法判定 ({why})",
                f"{number.strip() or 'some'} people cannot be judged ({why})",
            ).of(lang)
        )
    return Text("; ", "; ").of(lang).join(sentences)


def _crossing(crossed: str) -> Text:
    if not crossed:
        return Text(
            "直线上没有已绘的水面或屏障, 请核对是否漏画道路或出入口",
            "nothing drawn lies across the straight line: check for a missing street or gate",
        )
    names = crossed.split(";")
    return Text(f"直线被{'、'.join(names)}阻隔", f"across the straight line: {', '.join(names)}")


def _standard(row: dict[str, Any], lang: Lang) -> str:
    """Return the threshold, where it stands, and how sure it is.

    >>> row = {"threshold_m": 500.0, "threshold_source": "GB 50180-2018", "threshold_clause": "C.0.2",
    ...     "threshold_confidence": "V2", "threshold_urban_m": 500.0, "threshold_rural_m": 500.0}
    >>> _standard(row, "en")
    'walk of at most 500 m (GB 50180-2018 C.0.2; V2 quoted second-hand)'
    """
    limit_m = f"{row['threshold_m']:g}"
    if np.isnan(row["threshold_m"]):
        limits = (row["threshold_urban_m"], row["threshold_rural_m"])
        limit_m = Text("城镇 {:g}、乡村 {:g}", "urban {:g}, rural {:g}").of(lang).format(*limits)
    mark = row["threshold_confidence"]
    sure = f"{mark} {confidence_names[mark].of(lang)}" if mark in confidence_names else ""
    note = Text(", 待核", ", to be verified").of(lang) if is_uncertain(mark) and mark != "M" else ""
    where = " ".join(part for part in (row["threshold_source"], row["threshold_clause"]) if part)
    about = "; ".join(part for part in (where, sure + note) if part)
    return Text(f"步行不超过 {limit_m} 米", f"walk of at most {limit_m} m").of(lang) + (
        f" ({about})" if about else ""
    )


def _ranked(table: pd.DataFrame, judged: Judged) -> pd.DataFrame:
    tier = np.select([table["must_have"] == "yes", table["class"] == "basic"], [0, 1], default=2)
    only_doubt = (table["people_not_met"] <= 0).to_numpy()
    place = table["facility_type"].map({name: n for n, name in enumerate(judged.grid.types)})
    order = np.lexsort(
        (
            place, table["committee_id"], table["circle_id"], -table["people_unknown"], -table["shortfall_person_m"],
            tier, only_doubt,
        )
    )  # fmt: skip
    ranked = table.iloc[order].reset_index(drop=True)
    return ranked.assign(priority=np.arange(1, len(ranked) + 1))


def group_words(basis: str, lang: Lang) -> str:
    """Return whom the people are, in words.

    >>> group_words("60+;80+", "zh"), group_words("6-11", "en")
    ('60 岁及以上、80 岁及以上', 'aged 6-11')
    """
    if basis in GROUPS:
        return GROUPS[basis].of(lang)
    words = [
        Text(f"{code[:-1]} 岁及以上", f"aged {code[:-1]} and over").of(lang)
        if code.endswith("+")
        else Text(f"{code} 岁", f"aged {code}").of(lang)
        for code in basis.split(";")
    ]
    return Text("、", ", ").of(lang).join(words)
