"""What changed in the data between two runs: row by row, with what it was and what it is."""

from collections.abc import Iterator
from dataclasses import dataclass, fields
from typing import Any

import geopandas as gpd
import numpy as np
import pandas as pd
import shapely

from ..inputs import Inputs
from ..maps.words import STATUSES
from ..study import Settings
from ..tables import LAYERS, REGISTERS, Column
from ..texts import Lang, Text
from ..walking.verdicts import demand_points
from .pairing import FAR_M, NEAR_M, SAME_SPOT_M, Pairs, pair_rows, pair_shapes, pair_things
from .sides import Side

COLUMNS = ["layer", "id", "change", "detail", "moved_m", "name", "id_before", "doubt"]

CHANGES: dict[str, Text] = {
    "added": Text("新增", "added"),
    "removed": Text("删除", "removed"),
    "opened": Text("开放", "opened"),
    "closed": Text("关闭", "closed"),
    "status": Text("状态变更", "status changed"),
    "moved": Text("移位", "moved"),
    "redrawn": Text("重绘", "redrawn"),
    "retyped": Text("改类型", "retyped"),
    "renamed": Text("改名", "renamed"),
    "renumbered": Text("改编号", "renumbered"),
    "people": Text("人数变更", "people changed"),
    "threshold": Text("标准变更", "threshold changed"),
    "entrances": Text("出入口变更", "entrances changed"),
    "edited": Text("其他修改", "edited otherwise"),
    "replaced": Text("整体更换", "replaced as a whole"),
}
"""What can happen to a row, in the order in which pages list it."""

MOVED_M = 0.5
"""What lies nearer than this to where it was has not moved: it was written with other decimals, or redrawn."""

IDS = {
    "facilities": "facility_id",
    "residents": "demand_id",
    "committees": "committee_id",
    "circles": "circle_id",
    "spaces": "space_id",
    "entrances": "site_id",
}
"""Layers whose rows have an id; the others are paired by geometry."""

KINDS = {"facilities": "facility_type", "entrances": "site_id"}
KEYS = {"ledger": "name", "reconciliation": "item"}
UNCOMPARED = ("facility_type", "suitability")
"""Columns that are not compared on their own: the type is part of the id, the suitability the catalogue's."""

CELL_WORDS: dict[str, dict[str, Text]] = {
    "status": STATUSES,
    "scope": {"urban": Text("城镇", "urban"), "rural": Text("农村", "rural")},
    "kind": {"residential": Text("居委会", "residential"), "village": Text("村委会", "village")},
}
"""Columns whose cells are words of the program: what they are called."""

Row = dict[str, Any]


@dataclass(frozen=True)
class LayerPairs:
    """Which rows of every layer and register are the same thing in both runs.

    Attributes:
        of: pairs by layer.
        is_one_place: the two studies share ground; otherwise nothing is paired.
    """

    of: dict[str, Pairs]
    is_one_place: bool = True

    def __getitem__(self, layer: str) -> Pairs:
        """Return the pairs of one layer."""
        return self.of[layer]


def pair_layers(before: Inputs, after: Inputs, *, is_one_place: bool = True) -> LayerPairs:
    """Pair the rows of every layer of two studies, in one CRS if they share ground."""
    names = [*LAYERS, *REGISTERS]
    if not is_one_place:
        return LayerPairs(
            {name: _nothing(before.layer(name), after.layer(name)) for name in names}, is_one_place
        )
    found = {}
    for name in LAYERS:
        one, other = before.layer(name), after.layer(name)
        if name in IDS:
            found[name] = pair_things(one, other, IDS[name], KINDS.get(name, ""))
        else:
            found[name] = pair_shapes(one, other)
    found["facilities"] = _with_retyped(found["facilities"], before.facilities, after.facilities)
    for name in REGISTERS:
        found[name] = pair_rows(before.layer(name), after.layer(name), KEYS[name])
    return LayerPairs(found)


def _nothing(before: pd.DataFrame, after: pd.DataFrame) -> Pairs:
    none = np.empty(0, dtype=np.int64)
    return Pairs(none, none, (), np.arange(len(before)), np.arange(len(after)))


def data_changes(before: Side, after: Side, pairs: LayerPairs, *, lang: Lang) -> pd.DataFrame:
    """Return the ``data_changes`` table: one row per change of a thing, in the order of layers.

    Columns: ``layer`` (also ``catalogue``, ``settings``, ``study`` and ``version``), ``id`` (the later one; without an
    id ``#`` and the row), ``change`` (see ``CHANGES``), ``detail`` in words, ``moved_m``, ``name``, ``id_before``, and
    ``doubt``: how the two rows were taken to be one where it was not by id.
    """
    rows: list[Row] = []
    for name in [*LAYERS, *REGISTERS]:
        if not pairs.is_one_place:
            counts = len(before.inputs.layer(name)), len(after.inputs.layer(name))
            words = Text(f"{counts[0]} 行 → {counts[1]} 行", f"{counts[0]} rows → {counts[1]} rows").of(lang)
            rows += [{"layer": name} | _row("replaced", words)] if any(counts) else []
        elif name in LAYERS:
            rows += _layer_rows(name, before.inputs, after.inputs, pairs[name], lang)
        else:
            rows += _register_rows(name, before.inputs, after.inputs, pairs[name], lang)
    rows += _catalogue_rows(before.inputs.catalogue, after.inputs.catalogue, lang)
    rows += _setting_rows(before, after)
    table = pd.DataFrame(rows, columns=COLUMNS)
    table["moved_m"] = table["moved_m"].astype(float).round(3)
    text = [column for column in COLUMNS if column != "moved_m"]
    table[text] = table[text].astype(object).where(table[text].notna(), "").astype("str")
    return table


def _with_retyped(pairs: Pairs, before: gpd.GeoDataFrame, after: gpd.GeoDataFrame) -> Pairs:
    """Pair what is left of one place, or of one name on one spot: its type is another now."""
    gone, new = before.iloc[pairs.gone], after.iloc[pairs.new]
    found: dict[int, tuple[int, str]] = {}
    sites = set(gone["site_id"]) & set(new["site_id"]) - {""}
    for site in sorted(sites):
        ours, theirs = pairs.gone[gone["site_id"] == site], pairs.new[new["site_id"] == site]
        if len(ours) == len(theirs) == 1:
            found[int(theirs[0])] = (int(ours[0]), "id")
    left = [np.setdiff1d(pairs.gone, [i for i, _ in found.values()]), np.setdiff1d(pairs.new, list(found))]
    again = pair_things(
        before.iloc[left[0]].assign(nothing=[f"a{i}" for i in left[0]]),
        after.iloc[left[1]].assign(nothing=[f"b{i}" for i in left[1]]),
        "nothing",
    )
    for i, j, how in zip(again.before, again.after, again.how, strict=True):
        if how == "name_and_place":
            found[int(left[1][j])] = (int(left[0][i]), how)
    together = [
        *zip(pairs.after.tolist(), pairs.before.tolist(), pairs.how, strict=True),
        *((j, i, how) for j, (i, how) in found.items()),
    ]
    together.sort()
    return Pairs(
        before=np.array([i for _, i, _ in together], dtype=np.int64),
        after=np.array([j for j, _, _ in together], dtype=np.int64),
        how=tuple(how for _, _, how in together),
        gone=np.setdiff1d(pairs.gone, [i for i, _ in found.values()]),
        new=np.setdiff1d(pairs.new, list(found)),
        renumbered=pairs.renumbered,
    )


def _layer_rows(name: str, before: Inputs, after: Inputs, pairs: Pairs, lang: Lang) -> list[Row]:
    one, other = before.layer(name), after.layer(name)
    rows: list[Row] = []
    changed = _changed(name, one, other, pairs)
    types = _type_names(before.catalogue, after.catalogue, lang)
    for at in np.flatnonzero(changed):
        i, j, how = int(pairs.before[at]), int(pairs.after[at]), pairs.how[at]
        head = _head(name, other, j) | {"id_before": _id(name, one, i), "doubt": _doubt(how).of(lang)}
        found = list(_pair_changes(name, one.iloc[i], other.iloc[j], types, lang))
        rows += [head | change for change in found]
    rows += [_head(name, one, int(i)) | _whole("removed", name, one.iloc[i], lang) for i in pairs.gone]
    rows += [_head(name, other, int(j)) | _whole("added", name, other.iloc[j], lang) for j in pairs.new]
    return rows


def _changed(name: str, one: gpd.GeoDataFrame, other: gpd.GeoDataFrame, pairs: Pairs) -> np.ndarray:
    """Return which pairs differ in anything: most do not, and need no closer look."""
    differs = np.zeros(len(pairs.before), dtype=bool)
    for column in _compared(name, one, other):
        a, b = (
            one[column].to_numpy(dtype=object)[pairs.before],
            other[column].to_numpy(dtype=object)[pairs.after],
        )
        differs |= (a != b) & ~(pd.isna(a) & pd.isna(b))
    a, b = one.geometry.to_numpy()[pairs.before], other.geometry.to_numpy()[pairs.after]
    differs |= ~shapely.equals_exact(a, b, tolerance=0.0)
    return differs


def _compared(name: str, one: pd.DataFrame, other: pd.DataFrame) -> list[str]:
    columns = [IDS[name]] if name in IDS else []
    declared = [
        column.name for column in {**LAYERS, **REGISTERS}[name].columns if column.name not in UNCOMPARED
    ]
    if name == "facilities":
        columns.append("facility_type")
        declared.remove("site_id")
    return [c for c in dict.fromkeys([*columns, *declared]) if c in one and c in other]


def _pair_changes(
    name: str, one: pd.Series, other: pd.Series, types: dict[str, str], lang: Lang
) -> Iterator[Row]:
    """Yield what changed between two rows that are one thing; ``types`` says what types are called."""
    id_column = IDS.get(name, "")
    if name == "facilities" and one["facility_type"] != other["facility_type"]:
        kinds = [types.get(str(row["facility_type"])) or str(row["facility_type"]) for row in (one, other)]
        yield _row("retyped", " → ".join(kinds))
    elif id_column and one[id_column] != other[id_column]:
        yield _row("renumbered", f"{one[id_column]} → {other[id_column]}")
    yield from _moves(one.geometry, other.geometry, lang)
    people, edits = [], []
    for column in {**LAYERS, **REGISTERS}[name].columns:
        if (
            column.name in (*UNCOMPARED, id_column, "site_id")
            or column.name not in one
            or column.name not in other
        ):
            continue
        a, b = one[column.name], other[column.name]
        if a == b or (pd.isna(a) and pd.isna(b)):
            continue
        words = f"{_worded(column, a, lang)} → {_worded(column, b, lang)}"
        if column.name == "status":
            yield _row(_status_change(str(a), str(b)), words)
        elif column.name == "name":
            yield _row("renamed", words)
        elif column.name == "population" or column.name.startswith("pop_"):
            people.append(f"{_heading(column, lang)} {words}")
        else:
            edits.append(f"{_heading(column, lang)} {words}")
    for change, found in (("people", people), ("edited", edits)):
        if found:
            yield _row(change, "; ".join(found))


def _moves(one: shapely.Geometry, other: shapely.Geometry, lang: Lang) -> Iterator[Row]:
    if shapely.equals_exact(one, other, tolerance=0.0):
        return
    if isinstance(one, shapely.Point) and isinstance(other, shapely.Point):
        moved_m = one.distance(other)
        yield _row("moved" if moved_m >= MOVED_M else "redrawn", "", moved_m)
        return
    centres = demand_points(gpd.GeoDataFrame(geometry=[one, other]))
    moved_m = float(shapely.distance(*centres))
    apart_m = float(shapely.hausdorff_distance(one, other))
    if apart_m < 0.001:
        return  # drawn in another direction, or from another corner
    is_area = shapely.get_dimensions(other) == 2
    words = Text(
        f"线形相差最多 {apart_m:.1f} 米, 长 {one.length:.0f} → {other.length:.0f} 米",
        f"apart by at most {apart_m:.1f} m, length {one.length:.0f} → {other.length:.0f} m",
    )
    if is_area:
        words = Text(
            f"边线相差最多 {apart_m:.1f} 米, 面积 {one.area:.0f} → {other.area:.0f} 平方米",
            f"outlines apart by at most {apart_m:.1f} m, area {one.area:.0f} → {other.area:.0f} m²",
        )
    yield _row("redrawn", words.of(lang), moved_m)


def _status_change(one: str, other: str) -> str:
    if other == "existing":
        return "opened"
    return "closed" if one == "existing" or other == "closed" else "status"


def _register_rows(name: str, before: Inputs, after: Inputs, pairs: Pairs, lang: Lang) -> list[Row]:
    one, other = before.layer(name), after.layer(name)
    rows = []
    for i, j in zip(pairs.before, pairs.after, strict=True):
        a, b = one.iloc[i], other.iloc[j]
        edits = [
            f"{_heading(column, lang)} {_shown(a[column.name])} → {_shown(b[column.name])}"
            for column in REGISTERS[name].columns
            if column.name in a
            and column.name in b
            and not (
                a[column.name] == b[column.name] or (pd.isna(a[column.name]) and pd.isna(b[column.name]))
            )
        ]
        if edits:
            rows.append(_register_head(name, b) | _row("edited", "; ".join(edits)))
    rows += [_register_head(name, one.iloc[i]) | _row("removed", "") for i in pairs.gone]
    rows += [_register_head(name, other.iloc[j]) | _row("added", "") for j in pairs.new]
    return rows


def _register_head(name: str, row: pd.Series) -> Row:
    return {"layer": name, "id": f"#{row['row']}", "name": row[KEYS[name]]}


def _catalogue_rows(one: pd.DataFrame, other: pd.DataFrame, lang: Lang) -> list[Row]:
    rows = []
    name = "name_en" if lang == "en" else "name_zh"
    earlier = {row["facility_type"]: row for row in one.to_dict("records")}
    later = {row["facility_type"]: row for row in other.to_dict("records")}
    for facility_type in [*later, *(t for t in earlier if t not in later)]:
        a, b = earlier.get(facility_type), later.get(facility_type)
        head = {"layer": "catalogue", "id": facility_type, "name": (b or a or {})[name]}
        if a is None or b is None:
            rows.append(head | _row("removed" if b is None else "added", ""))
            continue
        differing = [c for c in b if c in a and a[c] != b[c] and not (pd.isna(a[c]) and pd.isna(b[c]))]
        for change, wanted in (("threshold", True), ("edited", False)):
            words = [
                f"{c} {_shown(a[c])} → {_shown(b[c])}"
                for c in differing
                if (c in ("threshold_urban_m", "threshold_rural_m")) == wanted
            ]
            if words:
                rows.append(head | _row(change, "; ".join(words)))
    return rows


def _setting_rows(before: Side, after: Side) -> list[Row]:
    one, other = before.inputs.study, after.inputs.study
    pairs: list[tuple[str, str, Any, Any]] = [
        ("study", key, getattr(one, key), getattr(other, key))
        for key in ("name", "profile", "data_date", "synthetic")
    ]
    crs = before.manifest.get("crs", one.crs.to_string()), after.manifest.get("crs", other.crs.to_string())
    pairs.append(("study", "crs", *crs))
    pairs += [
        ("settings", f.name, getattr(one.settings, f.name), getattr(other.settings, f.name))
        for f in fields(Settings)
    ]
    pairs.append(("settings", "include_planned", before.include_planned, after.include_planned))
    versions = before.manifest.get("versions", {}), after.manifest.get("versions", {})
    formats = before.manifest.get("format_version"), after.manifest.get("format_version")
    pairs.append(("version", "format_version", *formats))
    pairs += [
        ("version", key, versions[0].get(key), versions[1].get(key))
        for key in dict.fromkeys([*versions[1], *versions[0]])
    ]
    return [
        {"layer": layer, "id": key} | _row("edited", f"{_shown(a)} → {_shown(b)}")
        for layer, key, a, b in pairs
        if a != b
    ]


def _row(change: str, detail: str, moved_m: float = np.nan) -> Row:
    return {"change": change, "detail": detail, "moved_m": moved_m}


def _whole(change: str, name: str, row: pd.Series, lang: Lang) -> Row:
    """Return a row that came or went, with what it is."""
    said = []
    for column in {**LAYERS, **REGISTERS}[name].columns:
        if column.name in ("status", "kind", "population", "walkable") and column.name in row:
            value = row[column.name]
            if not (pd.isna(value) or value == "" or (column.name == "walkable" and value)):
                said.append(f"{_heading(column, lang)} {_worded(column, value, lang)}")
    size = shapely.get_dimensions(row.geometry)
    if size == 1:
        said.append(Text(f"长 {row.geometry.length:.0f} 米", f"{row.geometry.length:.0f} m long").of(lang))
    elif size == 2:
        said.append(Text(f"面积 {row.geometry.area:.0f} 平方米", f"{row.geometry.area:.0f} m²").of(lang))
    return _row(change, "; ".join(said))


def _head(name: str, frame: pd.DataFrame, at: int) -> Row:
    return {
        "layer": name,
        "id": _id(name, frame, at),
        "name": str(frame["name"].iat[at]) if "name" in frame else "",
    }


def _id(name: str, frame: pd.DataFrame, at: int) -> str:
    return str(frame[IDS[name]].iat[at]) if name in IDS else f"#{frame['row'].iat[at]}"


def _heading(column: Column, lang: Lang) -> str:
    chinese = [alias for alias in (column.name, *column.aliases) if not alias.isascii()]
    return column.name if lang == "en" or not chinese else chinese[0]


def _worded(column: Column, value: Any, lang: Lang) -> str:
    """Return a cell in words where it holds one of the words of its column, else as it is."""
    if isinstance(value, bool | np.bool_):
        return (Text("是", "yes") if value else Text("否", "no")).of(lang)
    word = CELL_WORDS.get(column.name, {}).get(value) if isinstance(value, str) else None
    return word.of(lang) if word else _shown(value)


def _type_names(one: pd.DataFrame, other: pd.DataFrame, lang: Lang) -> dict[str, str]:
    name = "name_en" if lang == "en" else "name_zh"
    return {
        kind: words
        for catalogue in (one, other)
        for kind, words in zip(catalogue["facility_type"], catalogue[name], strict=True)
    }


def _shown(value: Any) -> str:
    if isinstance(value, bool | np.bool_):
        return str(bool(value)).lower()
    if isinstance(value, float | int | np.number) and not pd.isna(value):
        return f"{float(value):.10g}"
    return (
        "—"
        if value is None or value == "" or (not isinstance(value, tuple) and pd.isna(value))
        else str(value)
    )


def _doubt(how: str) -> Text:
    words = {
        "name_and_place": Text(
            f"编号不同, 按名称相同、相距 {NEAR_M:g} 米以内认作同一处, 请核对",
            f"other id; taken to be the same by its name within {NEAR_M:g} m, please check",
        ),
        "name": Text(
            f"编号不同, 按唯一的相同名称、相距 {FAR_M:g} 米以内认作同一处, 请核对",
            f"other id; taken to be the same by its name, the only one within {FAR_M:g} m, please check",
        ),
        "place": Text(
            f"编号和名称不同, 按位置 ({SAME_SPOT_M:g} 米以内) 认作同一处, 请核对",
            f"other id and name; taken to be the same by its place, within {SAME_SPOT_M:g} m, please check",
        ),
    }
    return words.get(how, Text("", ""))
