"""The residents layer: people, ages, which committee they belong to, and urban or rural."""

from collections import defaultdict
from functools import partial

import geopandas as gpd
import numpy as np
import pandas as pd
import shapely

from ..catalogue import normalise
from ..tables import AGE_GROUPS
from ..texts import Text
from .facilities import SAME_POINT_M, near_pairs
from .findings import Findings
from .layers import Accepted, Draft, accept, list_duplicates, nearest_word, read_words, stable_ids
from .places import Bools, Ground

LARGEST_POPULATION = 100_000.0
"""More people than this at one demand point is probably a total."""

ROUNDING_PEOPLE = 1.0
AGE_COLUMNS = tuple(AGE_GROUPS.values())
DISJOINT_AGE_COLUMNS = tuple(c for c in AGE_COLUMNS if c != "pop_80_plus")


def read_residents(draft: Draft, committees: gpd.GeoDataFrame, *, ground: Ground) -> Accepted:
    """Finish the residents layer: ages checked, committee and scope filled in where blank."""
    columns = read_words(draft)
    columns = _fill_ages(draft, columns)
    _check_people(draft, columns)
    columns["demand_id"] = _demand_ids(draft, columns)
    list_duplicates(draft, columns["demand_id"].tolist(), "demand_id")
    _list_same_point(draft, columns)
    columns["committee_id"], kinds = _committees(draft, columns, committees)
    rural = np.array([kind == "village" for kind in kinds], dtype=bool)
    columns["scope"] = [
        s or ("rural" if r else "urban") for s, r in zip(columns["scope"], rural, strict=True)
    ]
    return accept(draft, columns, ground=ground)


def _fill_ages(draft: Draft, columns: pd.DataFrame) -> pd.DataFrame:
    """Count a blank age as nobody where the file has figures in that column, and say how often."""
    filled = columns.copy()
    files = draft.findings.places["file"]
    for name in AGE_COLUMNS:
        blank = columns[name].isna() & ~draft.findings.faulty
        if not blank.any() or blank.sum() == (~draft.findings.faulty).sum():
            continue
        rows = draft.findings.places.loc[blank, "row"].tolist()
        listed = ", ".join(str(r) for r in rows[:10]) + (" …" if len(rows) > 10 else "")
        filled.loc[columns[name].isna(), name] = 0.0
        draft.findings.about_layer(
            "age_blank",
            Text(
                f"{name} 有 {len(rows)} 行为空 (第 {listed} 行), 按 0 人计; 如实际有人请补填。",
                f"{name} is blank in {len(rows)} rows ({listed}) and counted as nobody; fill it in if there are people.",
            ),
            file=str(files.iloc[0]),
            column=name,
            value=str(len(rows)),
        )
    return filled


def _check_people(draft: Draft, columns: pd.DataFrame) -> None:
    people = columns["population"].to_numpy(dtype=float)
    ages = columns[list(DISJOINT_AGE_COLUMNS)].sum(axis=1).to_numpy(dtype=float)
    old, oldest = (columns[c].to_numpy(dtype=float) for c in ("pop_60_plus", "pop_80_plus"))
    texts = [f"{a:g} > {p:g}" for a, p in zip(ages, people, strict=True)]
    with np.errstate(invalid="ignore"):
        too_many, upside_down = ages > people + ROUNDING_PEOPLE, oldest > old + ROUNDING_PEOPLE
        too_large = people > LARGEST_POPULATION
        only_oldest = np.isnan(old) & (oldest > people + ROUNDING_PEOPLE)
    draft.findings.warn(
        too_many | only_oldest,
        "ages_exceed_population",
        lambda value: Text(
            f"各年龄组之和超过常住人口 ({value}), 请核对口径。",
            f"The age groups together exceed the population ({value}); check which population they count.",
        ),
        column="population",
        values=texts,
    )
    draft.findings.warn(
        upside_down,
        "ages_exceed_population",
        lambda value: Text(
            f"80 岁及以上 ({value}) 多于 60 岁及以上, 请核对; 80+ 应包含在 60+ 内。",
            f"80 and over ({value}) exceeds 60 and over; check them, 80+ is a part of 60+.",
        ),
        column="pop_80_plus",
        values=oldest.tolist(),
    )
    draft.findings.warn(
        too_large,
        "population_implausible",
        lambda value: Text(
            f"一个需求点有 {value} 人, 可能是合计数, 请核对。",
            f"{value} people at one demand point may be a total; check it.",
        ),
        column="population",
        values=people.tolist(),
    )


def _demand_ids(draft: Draft, columns: pd.DataFrame) -> list[str]:
    """Return the file's ids, and stable ones where blank.

    Blank rows of one name at one place get "-2", "-3" in the order of their population, unless they are
    the same in every figure: those stay alike, and so are listed as duplicates.
    """
    names = [n or normalise(str(c)) for n, c in zip(columns["name"], columns["committee_id"], strict=True)]
    made = stable_ids("demand", names, draft.geometry)
    figures = columns[["population", *AGE_COLUMNS]].fillna(-1.0).itertuples(index=False, name=None)
    places: dict[str, dict[tuple[float, ...], None]] = defaultdict(dict)
    blank = [own == "" and not f for own, f in zip(columns["demand_id"], draft.findings.faulty, strict=True)]
    rows = list(figures)
    for i in (k for k, is_blank in enumerate(blank) if is_blank):
        places[made[i]][rows[i]] = None
    rank = {place: {figure: k for k, figure in enumerate(sorted(found))} for place, found in places.items()}
    ids = []
    for i, own in enumerate(columns["demand_id"]):
        k = rank.get(made[i], {}).get(rows[i], 0)
        ids.append(own or (made[i] if k == 0 else f"{made[i]}-{k + 1}"))
    return ids


def _list_same_point(draft: Draft, columns: pd.DataFrame) -> None:
    kept = np.flatnonzero(~draft.findings.faulty)
    centres = shapely.centroid(draft.geometry[kept])
    xy = np.column_stack([shapely.get_x(centres), shapely.get_y(centres)])
    row = draft.findings.places["row"].to_numpy()
    first: dict[int, int] = {}
    for i, j, _ in near_pairs(xy, within_m=SAME_POINT_M):
        first.setdefault(int(kept[j]), int(kept[i]))
    for late in sorted(first):
        mask = np.zeros(len(row), dtype=bool)
        mask[late] = True
        draft.findings.warn(
            mask,
            "same_point",
            partial(_same_point, int(row[first[late]])),
            column="demand_id",
            values=columns["demand_id"].tolist(),
        )


def _same_point(row: int, value: str) -> Text:
    return Text(
        f"“{value}”与第 {row} 行的坐标相同, 人口可能重复计入; 请核对。",
        f'"{value}" lies at the same point as row {row}, so people may count twice; check them.',
    )


def _committees(
    draft: Draft, columns: pd.DataFrame, committees: gpd.GeoDataFrame
) -> tuple[list[str], list[str]]:
    """Return the committee id of each row and the kind of that committee."""
    written: list[str] = columns["committee_id"].tolist()
    if not len(committees):
        return written, [""] * len(written)
    ids = committees["committee_id"].tolist()
    kind = dict(zip(ids, committees["kind"].tolist(), strict=True))
    located = _located(draft, committees)
    known = {normalise(n): i for i, n in zip(ids, committees["name"].tolist(), strict=True) if normalise(n)}
    known |= {normalise(i): i for i in ids}
    matched = [known.get(normalise(w), "") if w else "" for w in written]
    unknown = np.array([w != "" and m == "" for w, m in zip(written, matched, strict=True)], dtype=bool)
    _list_unknown(draft.findings, unknown, written, list(kind) + committees["name"].tolist())
    # A committee that is not in the layer stays as written; its kind is that of the place.
    chosen = [str(m or w or at) for m, w, at in zip(matched, written, located, strict=True)]
    kinds = [str(kind.get(c, kind.get(at, ""))) for c, at in zip(chosen, located, strict=True)]
    return chosen, kinds


def _located(draft: Draft, committees: gpd.GeoDataFrame) -> list[str]:
    points = shapely.point_on_surface(draft.geometry)
    usable = np.flatnonzero(~shapely.is_missing(points))
    tree = shapely.STRtree(committees.geometry.to_numpy())
    rows, polygons = tree.query(points[usable], predicate="intersects")
    ids = committees["committee_id"].to_numpy()
    located = [""] * len(points)
    for r, p in sorted(zip(rows.tolist(), polygons.tolist(), strict=True), reverse=True):
        located[usable[r]] = str(ids[p])  # the first committee of the file wins on a shared edge
    return located


def _list_unknown(findings: Findings, unknown: Bools, written: list[str], known: list[str]) -> None:
    findings.warn(
        unknown,
        "committee_unknown",
        partial(_unknown_committee, known),
        column="committee_id",
        values=written,
    )


def _unknown_committee(known: list[str], value: str) -> Text:
    near = nearest_word(value, [k for k in known if k])
    hint = Text(f", 是否为“{near}”", f'; is it "{near}"') if near else Text("", "")
    return Text(
        f"居村委“{value}”不在居村委图层中{hint.zh}? 已保留原文, 城乡按所在位置判断。",
        f'The committee "{value}" is not in the committees layer{hint.en}? It was kept as written; urban or rural follows from the place.',
    )
