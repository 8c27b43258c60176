"""The facilities layer: functions of sites, their types, and one place written twice."""

import re
from collections.abc import Sequence
from dataclasses import dataclass, replace
from functools import partial

import numpy as np
import pandas as pd
import shapely
from rapidfuzz import fuzz, process

from ..catalogue import normalise, suitability_names, type_lookup
from ..reuse import kept
from ..texts import Text
from .cells import clean_text, key, map_unique, split_functions
from .layers import Accepted, Draft, accept, list_duplicates, read_words, stable_ids
from .places import Bools, Floats, Ground

NEAR_M = 30.0
"""Two rows of one type and like names within this distance are probably one place."""

SAME_POINT_M = 0.5
SITE_SPREAD_M = 200.0
"""Rows of one site farther apart than this are probably two places under one id."""

ALIKE = 80
NEIGHBOURS = 8
LEAST_AREA_M2, LARGEST_AREA_M2 = 1.0, 1e7


@dataclass(frozen=True)
class Types:
    """The catalogue as the facilities layer needs it."""

    lookup: dict[str, str]
    names: dict[str, Text]
    suitability: dict[str, str]

    def find(self, text: str) -> str | None:
        """Return the facility type of a name, id or alias."""
        return self.lookup.get(normalise(text)) if normalise(text) else None


@kept
def types_of(catalogue: pd.DataFrame) -> Types:
    """Prepare a catalogue for look-ups."""
    rows = catalogue.to_dict("records")
    return Types(
        lookup=type_lookup(catalogue),
        names={r["facility_type"]: Text(r["name_zh"], r["name_en"]) for r in rows},
        suitability={r["facility_type"]: r["suitability"] for r in rows},
    )


def read_facilities(draft: Draft, types: Types, *, ground: Ground) -> Accepted:
    """Finish the facilities layer: one row per function.

    A source row with several functions counts as that many rows read; all keep its row number.
    """
    draft, functions = _one_row_per_function(draft, types)
    columns = read_words(draft)
    _list_unknown_types(draft, columns["facility_type"].tolist(), functions, types)
    columns["facility_type"] = [f or "" for f in functions]
    _check_suitability(draft, columns, types)
    columns["suitability"] = [types.suitability.get(f or "", "") for f in functions]
    _check_area(draft, columns)
    made = stable_ids("site", columns["name"].tolist(), draft.geometry)
    columns["site_id"] = [own or new for own, new in zip(columns["site_id"], made, strict=True)]
    columns["facility_id"] = columns["site_id"] + "/" + columns["facility_type"]
    list_duplicates(draft, columns["facility_id"].tolist(), "facility_id")
    _check_sites(draft, columns)
    _check_near(draft, columns)
    return accept(draft, columns, ground=ground)


def _one_row_per_function(draft: Draft, types: Types) -> tuple[Draft, list[str | None]]:
    split = map_unique(draft.raw["facility_type"], partial(split_functions, find=types.find))
    positions = np.repeat(np.arange(len(split)), [len(s) for s in split])
    taken = draft.take(positions)
    written = [text for s in split for text, _ in s]
    raw = taken.raw.assign(facility_type=pd.Series(written, dtype=object, index=taken.raw.index))
    return replace(taken, raw=raw), [facility_type for s in split for _, facility_type in s]


def _list_unknown_types(
    draft: Draft, written: Sequence[str], functions: Sequence[str | None], types: Types
) -> None:
    unknown = [f is None and w != "" for f, w in zip(functions, written, strict=True)]
    draft.findings.error(
        unknown, "type_unknown", partial(_unknown_type, types), column="facility_type", values=written
    )


def _unknown_type(types: Types, value: str) -> Text:
    best = process.extractOne(normalise(value), list(types.lookup), scorer=fuzz.ratio, score_cutoff=55)
    near = Text("", "")
    if best is not None:
        facility_type = types.lookup[str(best[0])]
        name = types.names[facility_type]
        near = Text(
            f"最接近的是“{name.zh}” ({facility_type}); ", f'the nearest is "{name.en}" ({facility_type}); '
        )
    return Text(
        f"设施类型“{value}”不在目录中, 该行未采用; {near.zh}请改用目录中的名称, 或在目录中增加别名。",
        f'The facility type "{value}" is not in the catalogue; the row was left out; {near.en}use a name of the '
        "catalogue or add an alias to it.",
    )


def _check_suitability(draft: Draft, columns: pd.DataFrame, types: Types) -> None:
    """Warn where the suitability in the file contradicts the catalogue; words that are none are no claim."""
    words = {key(t): name for name, both in suitability_names.items() for t in (*both, both.zh[1:], name)}
    names = "|".join(sorted(words, key=len, reverse=True))
    claims = map_unique(
        columns["suitability"], lambda v: {words[w] for w in re.findall(names, key(clean_text(v)))}
    )
    rightful = [types.suitability.get(f, "") for f in columns["facility_type"]]
    differs = [bool(c) and r != "" and r not in c for c, r in zip(claims, rightful, strict=True)]
    for suitability in dict.fromkeys(r for r, d in zip(rightful, differs, strict=True) if d):
        right = suitability_names[suitability]
        draft.findings.warn(
            [d and r == suitability for d, r in zip(differs, rightful, strict=True)],
            "suitability_differs",
            partial(_suitability_differs, right),
            column="suitability",
            values=columns["suitability"].tolist(),
        )


def _suitability_differs(right: Text, value: str) -> Text:
    return Text(
        f"文件中写的是“{value}”, 目录中该类型属于{right.zh}, 已按目录采用; 如需调整请改目录。",
        f'The file says "{value}", the catalogue puts this type under {right.en}, which was used; edit the catalogue to change it.',
    )


def _check_area(draft: Draft, columns: pd.DataFrame) -> None:
    area = columns["area_m2"].to_numpy(dtype=float)
    with np.errstate(invalid="ignore"):
        odd = (area < LEAST_AREA_M2) | (area > LARGEST_AREA_M2)
    draft.findings.warn(
        odd,
        "area_implausible",
        lambda value: Text(
            f"面积 {value} 平方米不合常理, 请核对单位。",
            f"An area of {value} m² is implausible; check the unit.",
        ),
        column="area_m2",
        values=area.tolist(),
    )


def _centres(draft: Draft) -> Floats:
    centres = shapely.centroid(draft.geometry)
    return np.column_stack([shapely.get_x(centres), shapely.get_y(centres)])


def _check_sites(draft: Draft, columns: pd.DataFrame) -> None:
    """Warn where rows of one site lie far apart."""
    xy, kept = _centres(draft), ~draft.findings.faulty
    rows = pd.DataFrame({"site_id": columns["site_id"], "x": xy[:, 0], "y": xy[:, 1]})[kept]
    first = rows.groupby("site_id")[["x", "y"]].transform("first")
    apart = np.zeros(len(xy))
    apart[kept] = np.hypot(rows["x"] - first["x"], rows["y"] - first["y"])
    draft.findings.warn(
        apart > SITE_SPREAD_M,
        "site_spread",
        lambda value: Text(
            f"同一场所编号“{value}”的各行相距超过 {SITE_SPREAD_M:.0f} 米, 可能是两处场所用了同一编号, 请核对。",
            f'The rows of site "{value}" lie more than {SITE_SPREAD_M:.0f} m apart; perhaps two places share one id. Check them.',
        ),
        column="site_id",
        values=columns["site_id"].tolist(),
    )


def _check_near(draft: Draft, columns: pd.DataFrame) -> None:
    """Warn where two sites of one type are probably one: like names within 30 m, or one and the same point."""
    xy, kept = _centres(draft), ~draft.findings.faulty
    rows = draft.findings.places["row"].to_numpy()
    site, name = columns["site_id"].tolist(), columns["name"].tolist()
    partner: dict[str, dict[int, int]] = {"near_duplicate": {}, "same_point": {}}
    for _, group in columns[kept].groupby("facility_type"):
        at = group.index.to_numpy()
        for i, j, distance in near_pairs(xy[at]):
            early, late = sorted((int(at[i]), int(at[j])))
            if site[early] == site[late]:
                continue
            if are_alike(name[early], name[late]):
                partner["near_duplicate"].setdefault(late, early)
            elif distance <= SAME_POINT_M:
                partner["same_point"].setdefault(late, early)
    for code, found in partner.items():
        for late in sorted(found):
            mask = np.zeros(len(rows), dtype=bool)
            mask[late] = True
            early = found[late]
            sentence = partial(_SENTENCES[code], int(rows[early]), name[early])
            draft.findings.warn(mask, code, sentence, column="name", values=name)


def near_pairs(xy: Floats, *, within_m: float = NEAR_M) -> list[tuple[int, int, float]]:
    """Return pairs of points within a distance: each point with its nearest neighbours, at most eight.

    >>> near_pairs(np.array([[0.0, 0.0], [10.0, 0.0], [500.0, 0.0]]))
    [(0, 1, 10.0)]
    """
    return _near_pairs(xy, within_m) if _has_near(xy, within_m) else []


def _has_near(xy: Floats, within_m: float) -> bool:
    """Tell whether any two points may be within a distance; most groups of facilities have none."""
    points = shapely.points(np.unique(xy, axis=0))
    if len(points) < len(xy):
        return True
    # A millimetre more: the exact question is asked below.
    near = shapely.STRtree(points).query_nearest(points, max_distance=within_m + 0.001, exclusive=True)
    return bool(near.size)


@kept
def _near_pairs(xy: Floats, within_m: float) -> list[tuple[int, int, float]]:
    from scipy.spatial import cKDTree  # noqa: PLC0415 - takes longer to load than kept pairs

    count = min(NEIGHBOURS + 1, len(xy))
    distances, others = cKDTree(xy).query(xy, k=count, distance_upper_bound=np.nextafter(within_m, np.inf))
    pairs = {
        (min(i, int(j)), max(i, int(j))): float(d)
        for i in range(len(xy))
        for j, d in zip(others[i], distances[i], strict=True)
        if j < len(xy) and j != i
    }
    return [(i, j, pairs[i, j]) for i, j in sorted(pairs)]


def are_alike(one: str, other: str) -> bool:
    """Tell whether two names are probably spellings of one; names that differ in a number are not.

    >>> are_alike("景江苑助餐点", "景江苑 助餐点(新)"), are_alike("滨浦二村助餐点", "滨浦七村助餐点")
    (True, False)
    """
    a, b = normalise(_without_remark(one)), normalise(_without_remark(other))
    if not a or not b or _numerals(a) != _numerals(b):
        return False
    short = min(len(a), len(b))
    return a == b or fuzz.ratio(a, b) >= ALIKE or (short >= 4 and fuzz.partial_ratio(a, b) >= 95)


def _without_remark(name: str) -> str:
    return re.sub(r"[(（][^()（）]*[)）]\s*$", "", name) or name


def _numerals(name: str) -> list[str]:
    return re.findall(r"\d+|[一二三四五六七八九十]+|[甲乙丙丁东西南北]", name)


def _near_duplicate(row: int, other: str, value: str) -> Text:
    return Text(
        f"“{value}”与第 {row} 行“{other}”类型相同、名称相近且相距不到 {NEAR_M:.0f} 米, 可能是同一处; 如是请删去一行。",
        f'"{value}" and "{other}" in row {row} are of one type, alike in name and less than {NEAR_M:.0f} m apart, perhaps one '
        "place; if so delete one row.",
    )


def _same_point(row: int, other: str, value: str) -> Text:
    return Text(
        f"“{value}”与第 {row} 行“{other}”类型相同且坐标相同, 可能重复; 请核对。",
        f'"{value}" and "{other}" in row {row} are of one type at one point, perhaps the same; check them.',
    )


_SENTENCES = {"near_duplicate": _near_duplicate, "same_point": _same_point}


def list_unknown_sites(entrances: Draft, columns: pd.DataFrame, sites: set[str]) -> Bools:
    """Warn about entrances whose site is not among the facilities; return which they are."""
    unknown = np.array([s != "" and s not in sites for s in columns["site_id"]], dtype=bool)
    entrances.findings.warn(
        unknown & ~entrances.findings.faulty,
        "site_unknown",
        lambda value: Text(
            f"场所编号“{value}”不在设施表中, 该出入口不起作用; 请核对编号。",
            f'The site "{value}" is not in the facilities, so this entrance has no effect; check the id.',
        ),
        column="site_id",
        values=columns["site_id"].tolist(),
    )
    return unknown
