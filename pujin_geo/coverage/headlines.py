"""Five figures for the first page, each with its range, what is unknown, and how sure its standards are."""

from typing import Any

import numpy as np
import pandas as pd

from ..catalogue import is_uncertain
from ..tables import ALL, SCOPES, records
from ..texts import Lang, Text
from ..walking.network import Floats
from .outlook import ProjectWalks, gains, newly_served
from .rates import TARGET_FAMILIES, TARGET_SHARE, Grid, Judged, combine
from .sums import WALK_ERROR_SHARE

HEADLINE_COLUMNS = [
    "headline", "figure", "place_kind", "subject", "value", "unit", "low", "high", "people", "people_unknown",
    "value_if_unknown_met", "target", "types", "types_uncertain", "mark",
]  # fmt: skip

HEADLINES: dict[str, Text] = {
    "every_basic": Text(
        "能走到所在地适用的每一类基础设施的居民占比",
        "Share of residents who reach every basic type that applies to where they live",
    ),
    "mean_basic": Text(
        "各类基础设施步行覆盖率的算术平均 (每类权重相同, 不是“都能走到”的占比)",
        "Mean of the coverage shares of the basic types (each weighs the same; not the share reaching all)",
    ),
    "weakest_basic": Text(
        "覆盖率最低的一类基础设施: 服务人群中达标的占比",
        "The basic type with the lowest coverage: share of the group served",
    ),
    "weakest_target": Text(
        "卫生、养老、文化、体育中最低的一项: 步行 15 分钟 (1000 米) 内至少有一处的城镇人口占比, 目标 85%",
        "The lowest of health, elder care, culture and sport: urban people with at least one place within a "
        "fifteen-minute walk (1,000 m); target 85 %",
    ),
    "newly_served": Text(
        "在建和规划设施全部开放后新覆盖的服务人群 (至少一类; 同一居民点只计一次)",
        "People newly served, by at least one type, once everything under construction or planned is open; each "
        "demand point counts once",
    ),
}
"""Headline → what it says; the order of the table."""

UNCERTAIN_MARK = Text("含未核实的标准 (M/U)", "rests on unverified standards (M/U)")


def headlines(
    judged: Judged,
    fifteen: Grid,
    combined: pd.DataFrame,
    walks: ProjectWalks,
    gained: pd.DataFrame,
    *,
    lang: Lang,
) -> pd.DataFrame:
    """Return the ``headlines`` table: one row per headline.

    ``low`` and ``high`` are the least and greatest value if every walk were 10 % longer or shorter
    (``coverage.WALK_ERROR_SHARE``); the type or family of a "lowest" headline stays the same. A value is blank
    where nobody is served or no such type is judged. ``types_uncertain`` of ``types`` standards are only from
    memory or proposed (M, U); then ``mark`` says so.

    Args:
        judged: from ``rates.assemble``.
        fifteen: from ``rates.fifteen_minutes``.
        combined: from ``rates.combine``.
        walks: from ``outlook.project_walks``.
        gained: from ``outlook.gains``.
        lang: language of ``figure`` and ``mark``.
    """
    factors = (1.0 + WALK_ERROR_SHARE, 1.0 - WALK_ERROR_SHARE)
    stretched = [(judged.with_grid(judged.grid.stretched(f)), fifteen.stretched(f)) for f in factors]
    tables = [combined, *(combine(one.everywhere(), grid) for one, grid in stretched)]
    families = [_by_family(table) for table in tables]
    types = [_whole(judged), *(_whole(one) for one, _ in stretched)]
    all_gained = [gained, *(gains(judged, walks, walk_factor=factor) for factor in factors)]
    rows = [
        _family("every_basic", families, ALL, "basic", "reach_share"),
        _family("mean_basic", families, ALL, "basic", "mean_share"),
        _weakest_type(judged, types),
        _weakest_target(families),
        _newly(judged, all_gained),
    ]
    table = pd.DataFrame(rows).reindex(columns=HEADLINE_COLUMNS)
    table["figure"] = [HEADLINES[name].of(lang) for name in table["headline"]]
    table["mark"] = np.where(table["types_uncertain"] > 0, UNCERTAIN_MARK.of(lang), "")
    return table


def _range(values: list[float]) -> dict[str, float]:
    known = [value for value in values if not np.isnan(value)]
    return {
        "value": values[0],
        "low": min(known, default=float("nan")),
        "high": max(known, default=float("nan")),
    }


_Families = dict[tuple[str, str], dict[str, Any]]
"""The row of each kind of place and family."""


def _by_family(combined: pd.DataFrame) -> _Families:
    wide = combined[combined["place_kind"].isin([ALL, *SCOPES])]
    return {(row["place_kind"], row["family"]): row for row in records(wide)}


def _family(
    headline: str, combined: list[_Families], place: str, family: str, column: str
) -> dict[str, object]:
    rows = [families[place, family] for families in combined]
    row = rows[0]
    return {
        "headline": headline,
        "place_kind": place,
        "subject": family,
        "unit": "share",
        **_range([float(one[column]) for one in rows]),
        "people": row["people"],
        "people_unknown": row["people_unknown"],
        "value_if_unknown_met": row[f"{column}_if_unknown_met"],
        "target": row["target_share"],
        "types": row["types"],
        "types_uncertain": row["types_uncertain"],
    }


def _whole(judged: Judged) -> pd.DataFrame:
    """Return people, met and unknown of every judged type, over all demand points."""
    grid, people = judged.grid, judged.people

    def total(flags: np.ndarray) -> Floats:
        sums: Floats = (people * flags).sum(axis=0)
        return sums

    columns = {"people": total(grid.judged), "met": total(grid.met), "unknown": total(grid.unknown)}
    table = pd.DataFrame(columns, index=list(grid.types))
    return table.assign(share=table["met"] / table["people"].where(table["people"] > 0))


def _weakest_type(judged: Judged, worlds: list[pd.DataFrame]) -> dict[str, object]:
    basic = judged.types.loc[judged.types["class"] == "basic"].set_index("facility_type")
    shares = worlds[0].loc[basic.index, "share"].dropna()
    empty: dict[str, object] = {
        "headline": "weakest_basic",
        "place_kind": ALL,
        "subject": "",
        "unit": "share",
    }
    if shares.empty:
        return {**empty, "types": 0, "types_uncertain": 0}
    name = str(shares.idxmin())
    row = worlds[0].loc[name]
    return {
        **empty,
        "subject": name,
        **_range([float(table.loc[name, "share"]) for table in worlds]),
        "people": row["people"],
        "people_unknown": row["unknown"],
        "value_if_unknown_met": (row["met"] + row["unknown"]) / row["people"],
        "types": 1,
        "types_uncertain": int(is_uncertain(basic.loc[name, "threshold_confidence"])),
    }


def _weakest_target(combined: list[_Families]) -> dict[str, object]:
    shares = {name: float(combined[0]["urban", name]["reach_share"]) for name in TARGET_FAMILIES}
    shares = {name: value for name, value in shares.items() if not np.isnan(value)}
    family = min(shares, key=shares.__getitem__) if shares else next(iter(TARGET_FAMILIES))
    row = _family("weakest_target", combined, "urban", family, "reach_share")
    return {**row, "subject": family if shares else "", "target": TARGET_SHARE}


def _newly(judged: Judged, gained: list[pd.DataFrame]) -> dict[str, object]:
    applied = gained[0][gained[0]["applies"]]
    unknown = applied[applied["before"] == "unknown"].groupby("point")["people"].max()
    either = applied[applied["before"] != "met"].groupby("point")["people"].max()
    status = judged.inputs.facilities.loc[
        judged.inputs.facilities["status"].isin(["under_construction", "planned"]), "facility_type"
    ]
    types = judged.types[judged.types["facility_type"].isin(status)]
    return {
        "headline": "newly_served",
        "place_kind": ALL,
        "subject": "",
        "unit": "people",
        **_range([newly_served(one) for one in gained]),
        "people": float(judged.population.sum()),
        "people_unknown": float(unknown.sum()),
        "value_if_unknown_met": float(either.sum()),
        "types": len(types),
        "types_uncertain": sum(map(is_uncertain, types["threshold_confidence"])),
    }
