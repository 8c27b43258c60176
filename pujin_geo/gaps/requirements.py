"""The requirements list (需求清单): per circle, committee and facility type what is lacking, for whom and why."""

import re
from typing import Any

import numpy as np
import pandas as pd

from ..catalogue import confidence_names, is_uncertain
from ..coverage.rates.grid import Judged
from ..coverage.sums import only_value
from ..tables import lookup, records
from ..texts import Lang, Text
from ..walking.network import Floats, Ints
from .areas import CAUSES, most_crossed, nearest_walks, person_sums, runs_of
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

MOST_PLACES = 3

_COMMITTEE_BEFORE = re.compile(r"^.* · ")

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
    key = rows["key"].to_numpy()
    table = pd.DataFrame(
        {
            **_heads(rows, judged),
            **person_sums(rows, key),
            **_thresholds(rows),
            **_nearest(rows, judged),
            "places": _places(rows, lang),
            **_served_by(rows, judged, candidates, lang),
        }
    )
    table = _with_names(table, judged, lang)
    table["need"] = _need(table)
    table["need_text"] = [
        NEEDS[need].of(lang).format(name)
        for need, name in zip(table["need"].tolist(), table["type_name"].tolist(), strict=True)
    ]
    table["reason"] = reasons(table, lang=lang)
    table["standard"] = _standards(table, lang)
    return _ranked(table)[COLUMNS]


def _gap_rows(judged: Judged, points: pd.DataFrame, areas: pd.DataFrame) -> pd.DataFrame:
    """Return the gap rows of somebody, with ``key``: their circle, committee and type, and ``place``: their area."""
    rows = points[points["people"] > 0].reset_index(drop=True)
    homes = judged.demand[["circle_id", "committee_id"]].groupby(["circle_id", "committee_id"]).ngroup()
    pair = homes.to_numpy()[rows["origin"]] * len(judged.types) + rows["column"].to_numpy()
    code, ids = pd.factorize(rows["area_id"])
    names = lookup(areas, "area_id", "area_name")
    shown = np.array([_COMMITTEE_BEFORE.sub("", names[one]) for one in ids], dtype=object)
    return rows.assign(key=np.unique(pair, return_inverse=True)[1], place=shown[code])


def _heads(rows: pd.DataFrame, judged: Judged) -> dict[str, Any]:
    """Return circle, committee and type of every key."""
    first = np.unique(rows["key"].to_numpy(), return_index=True)[1]
    origin, column = rows["origin"].to_numpy()[first], rows["column"].to_numpy()[first]
    return {
        "circle_id": judged.demand["circle_id"].array.take(origin),
        "committee_id": judged.demand["committee_id"].array.take(origin),
        "facility_type": judged.types["facility_type"].array.take(column),
        "column": column,
    }


def _thresholds(rows: pd.DataFrame) -> dict[str, Any]:
    """Return the threshold of every key, NaN if its rows have several; how many lack the type; what leaves doubt."""
    key, threshold_m = rows["key"].to_numpy(), rows["threshold_m"].to_numpy(dtype=float)
    keys = int(key.max()) + 1
    unmet = (rows["verdict"] == "not_met").to_numpy(dtype=bool)
    doubts: list[dict[str, None]] = [{} for _ in range(keys)]
    for one, cause in zip(key[~unmet].tolist(), rows["cause"].to_numpy(dtype=object)[~unmet], strict=True):
        doubts[one][cause] = None
    return {
        "threshold_m": only_value(threshold_m, key, keys),
        "demand_points": np.bincount(key[unmet], minlength=keys),
        "unknown_causes": [";".join(causes) for causes in doubts],
    }


def _nearest(rows: pd.DataFrame, judged: Judged) -> dict[str, Any]:
    """Return the nearest facility on foot of those not met, and from how near to how far they walk to theirs."""
    key, people = rows["key"].to_numpy(), rows["people"].to_numpy(dtype=float)
    found = nearest_walks(rows, (rows["verdict"] == "not_met").to_numpy(dtype=bool), key)
    facilities = judged.facilities
    names = lookup(facilities, "facility_id", "name")
    crossed = rows["crossed"].to_numpy(dtype=object)
    return {
        "nearest_facility_id": found.facility_id,
        "nearest_facility_name": [names.get(one, "") or one for one in found.facility_id],
        "nearest_walk_m": found.walk_m,
        "farthest_walk_m": found.farthest_m,
        "crossed": most_crossed(key, crossed, people, int(key.max()) + 1, most=MOST_PLACES),
    }


def _places(rows: pd.DataFrame, lang: Lang) -> list[str]:
    """Return the gap areas of each key, those with most people first."""
    name, names = pd.factorize(rows["place"])
    pair, pairs = pd.factorize(rows["key"].to_numpy() * len(names) + name)
    people = rows["people"].groupby(pair).sum().to_numpy()
    key = pairs // len(names)
    order = np.lexsort((-people, key))
    join, more = Text("、", "; ").of(lang), Text("等{}片", " and {} more").of(lang)
    shown = names.to_numpy(dtype=object)[pairs % len(names)]
    words = []
    for run in runs_of(key[order]):
        text = join.join(shown[order[run[:MOST_PLACES]]])
        left = len(run) - MOST_PLACES
        words.append(text if left <= 0 else text + more.format(len(run) if lang == "zh" else left))
    return words


def _served_by(rows: pd.DataFrame, judged: Judged, candidates: Candidates, lang: Lang) -> dict[str, Any]:
    """Return per key the planned places within reach, and the idle space that would serve most of its people."""
    keys = int(rows["key"].max()) + 1
    arrays: dict[str, Any] = {name: np.full(keys, "", dtype=object) for name in _SERVED_TEXTS}
    arrays |= {name: np.zeros(keys) for name in ("people_planned_serve", "people_space_serves")}
    unmet = np.flatnonzero((rows["verdict"] == "not_met").to_numpy(dtype=bool))
    column = rows["column"].to_numpy()[unmet]
    key, origin = rows["key"].to_numpy()[unmet], rows["origin"].to_numpy()[unmet]
    people = rows["people"].to_numpy(dtype=float)[unmet]
    for one in np.unique(column):
        mine = column == one
        keys_of_type, group = np.unique(key[mine], return_inverse=True)
        served = _served_of_type(group, origin[mine], people[mine], int(one), judged, candidates, lang)
        for name, values in served.items():
            arrays[name][keys_of_type] = values
    return arrays


_SERVED_TEXTS = ("planned_nearby", "space_id", "space_name")


def _served_of_type(
    group: Ints, origin: Ints, people: Floats, column: int, judged: Judged, candidates: Candidates, lang: Lang
) -> dict[str, Any]:
    """Return columns of one type's keys, 0..g-1, given the key, demand point and people of its rows not met."""
    places, groups = len(candidates.table), int(group.max()) + 1
    spaces = np.flatnonzero(candidates.choosable[column])
    planned = candidates.planned(judged.grid.types[column])
    row = np.full(len(judged.demand), -1, dtype=np.int64)
    row[origin] = np.arange(len(origin))
    point, target = reach_of(candidates, judged, column)
    lacking = row[point] >= 0
    at, target = row[point[lacking]], target[lacking]
    cell = group[at] * places + target
    served = np.bincount(cell, weights=people[at], minlength=groups * places).astype(float)
    served = served.reshape(groups, places)
    any_planned = np.zeros(len(origin), dtype=bool)
    any_planned[at[np.isin(target, planned)]] = True
    found = _best_space(served[:, spaces], candidates, spaces)
    found["planned_nearby"] = _planned_names(served[:, planned], candidates, planned, lang)
    found["people_planned_serve"] = np.bincount(group, weights=people * any_planned, minlength=groups)
    return found


def _best_space(served: Floats, candidates: Candidates, spaces: Ints) -> dict[str, Any]:
    """Return, per row of (groups, spaces) people served, the space that serves most, "" where none serves any."""
    most = served.max(axis=1, initial=0.0)
    which = served.argmax(axis=1) if len(spaces) else np.zeros(len(served), dtype=np.int64)
    ids, names = candidates.ids[spaces], candidates.names[spaces]
    one = np.where(most > 0, which, len(spaces))
    return {
        "space_id": np.append(ids, "")[one],
        "space_name": np.append(np.where(names != "", names, ids), "")[one],
        "people_space_serves": most,
    }


def _planned_names(served: Floats, candidates: Candidates, planned: Ints, lang: Lang) -> list[str]:
    if not served.any():
        return [""] * len(served)
    words = [
        f"{candidates.names[one] or candidates.ids[one]} ({STATUS_TEXTS[status].of(lang)})"
        for one, status in zip(planned, candidates.table["status"].iloc[planned], strict=True)
    ]
    join = Text("、", "; ").of(lang)
    return [join.join(words[one] for one in np.flatnonzero(row > 0)) for row in served]


def _with_names(table: pd.DataFrame, judged: Judged, lang: Lang) -> pd.DataFrame:
    inputs, types = judged.inputs, judged.types
    circles = lookup(inputs.circles, "circle_id", "name")
    committees = lookup(inputs.committees, "committee_id", "name")
    columns = [
        "suitability", "class", "must_have", "threshold_source", "threshold_clause", "threshold_confidence",
        "threshold_urban_m", "threshold_rural_m",
    ]  # fmt: skip
    column = table["column"].to_numpy()
    return table.assign(
        **{name: types[name].array.take(column) for name in columns},
        circle_name=[circles.get(one, "") or one for one in table["circle_id"].tolist()],
        committee_name=[committees.get(one, "") or one for one in table["committee_id"].tolist()],
        type_name=types["name_en" if lang == "en" else "name_zh"].array.take(column),
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
    rows = records(table[[name for name in table if name in _REASON_COLUMNS]])
    return [_reason(row, lang, smallest) for row in rows]


_REASON_COLUMNS = {
    *(f"people_{cause}" for cause in CAUSES), "people_unknown", "unknown_causes", "nearest_facility_id",
    "nearest_facility_name", "nearest_walk_m", "farthest_walk_m", "crossed",
}  # fmt: skip


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


_STANDARD_COLUMNS = [
    "threshold_m", "threshold_source", "threshold_clause", "threshold_confidence", "threshold_urban_m",
    "threshold_rural_m",
]  # fmt: skip


def _standards(table: pd.DataFrame, lang: Lang) -> Any:
    """Return the standard of each row; few differ."""
    kind = (
        table[["column", "threshold_m"]].groupby(["column", "threshold_m"], dropna=False).ngroup().to_numpy()
    )
    _, first, code = np.unique(kind, return_index=True, return_inverse=True)
    texts = [_standard(row, lang) for row in records(table[_STANDARD_COLUMNS].iloc[first])]
    return np.array(texts, dtype=object)[code]


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


def _ranked(table: pd.DataFrame) -> pd.DataFrame:
    tier = np.select([table["must_have"] == "yes", table["class"] == "basic"], [0, 1], default=2)
    only_doubt = (table["people_not_met"] <= 0).to_numpy()
    order = np.lexsort(
        (
            table["column"], table["committee_id"], table["circle_id"], -table["people_unknown"], -table["shortfall_person_m"],
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
