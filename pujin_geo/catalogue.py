"""The catalogue of facility types: suitability, walking threshold, who is served, and where each value comes from."""

import csv
import io
import math
import re
import unicodedata
from collections.abc import Callable, Iterator
from difflib import get_close_matches
from functools import cache
from importlib.resources import files
from pathlib import Path
from typing import Any

import pandas as pd

from .errors import SettingsError
from .reuse import kept
from .tables import AGE_GROUPS, SCOPES
from .texts import Text

PROFILES = ("shanghai", "gb50180")
"""The rule profiles that ship with the package."""

suitability_names: dict[str, Text] = {
    "livable": Text("宜居", "livable"),
    "workable": Text("宜业", "workable"),
    "leisure": Text("宜游", "leisure"),
    "learning": Text("宜学", "learning"),
    "caring": Text("宜养", "caring"),
}
"""The five suitabilities in their official order."""

class_names: dict[str, Text] = {
    "basic": Text("基础保障类", "basic"),
    "upgrade": Text("品质提升类", "upgrade"),
    "special": Text("特色塑造类", "special"),
}

confidence_names: dict[str, Text] = {
    "V": Text("已查到原文", "read in the source"),
    "V2": Text("转引", "quoted second-hand"),
    "D": Text("推算", "derived"),
    "M": Text("凭记忆, 待核", "from memory, to be verified"),
    "U": Text("不确定或建议值", "uncertain, or a proposed default"),
    "user": Text("用户修改", "set by the user"),
}
"""Confidence marks from firm to weak, then the user's own."""

UNCERTAIN = ("M", "U")
"""Marks that must be shown wherever a result rests on such a value."""

VALUES: dict[str, tuple[str, ...]] = {
    "classification": ("suitability", "class", "scope", "level", "population_group", "must_have"),
    "threshold": ("threshold_urban_m", "threshold_rural_m"),
    "quota": ("quota_amount", "quota_unit", "quota_per", "quota_text"),
    "min_area": ("min_area_m2", "min_area_is_land"),
}
"""What a row says → its columns; ``_source``, ``_clause`` and ``_confidence`` of each stand beside them."""

PROVENANCE = ("source", "clause", "confidence")

COLUMNS = (
    *("facility_type", "name_zh", "name_en", "aliases", "suitability", "suitability_disputed"),
    *("class", "scope", "level", "population_group", "must_have"),
    *("classification_source", "classification_clause", "classification_confidence"),
    *("threshold_urban_m", "threshold_rural_m"),
    *("threshold_source", "threshold_clause", "threshold_confidence"),
    *("quota_amount", "quota_unit", "quota_per", "quota_text"),
    *("quota_source", "quota_clause", "quota_confidence"),
    *("min_area_m2", "min_area_is_land", "min_area_source", "min_area_clause", "min_area_confidence"),
    *("type_source", "type_confidence", "note", "note_en"),
)
"""Every column of a catalogue, in the order of the shipped files."""

REQUIRED = ("facility_type", "threshold_urban_m")
"""A short file may hold these alone; what it lacks of a shipped type comes from the Shanghai profile."""

_HEADER_ALIASES = {
    "type_id": "facility_type",
    **dict.fromkeys(("threshold_m", "walk_m", "walk_m_urban", "walk_m_shanghai"), "threshold_urban_m"),
    "walk_m_rural": "threshold_rural_m",
}

_NUMBERS = ("threshold_urban_m", "threshold_rural_m", "quota_amount", "min_area_m2")
_LARGEST = 1e7
_MONTHS = ["jan", "feb", "mar", "apr", "may", "jun", "jul", "aug", "sep", "oct", "nov", "dec"]

Parsed = tuple[Any, Text | None]
Parser = Callable[[str], Parsed]


def read_catalogue(profile: str, *, folder: Path) -> pd.DataFrame:
    """Read the facility types of a rule profile.

    Args:
        profile: ``shanghai``, ``gb50180``, or a CSV file relative to ``folder`` (UTF-8 or GBK) with the
            columns of the shipped files; those in ``REQUIRED`` must be there, further ones are kept. Types that
            are not listed are not in the catalogue.
        folder: the study folder.

    Returns:
        One row per facility type in file order, index 0..n-1, columns ``COLUMNS``. Thresholds are in
        metres, NaN where there is none; a blank ``threshold_rural_m`` of a type of scope ``both`` is
        filled with ``threshold_urban_m``. ``population_group`` holds codes of ``tables.AGE_GROUPS`` or
        ``all``, joined by ``;``. ``must_have`` and ``min_area_is_land`` are ``yes`` or ``no``. Where a
        planner's file differs from the shipped profile that it resembles most, source and confidence
        of the value are ``user``.

    Raises:
        SettingsError: the file is missing or unreadable, or has faults; all of them are named.

    >>> from pathlib import Path
    >>> table = read_catalogue("shanghai", folder=Path())
    >>> table.loc[table["facility_type"] == "day_care", ["name_zh", "threshold_urban_m"]].values.tolist()
    [['老年人日间照料中心', 500.0]]
    """
    if profile in PROFILES:
        return _shipped(profile).copy()
    path = folder / profile
    return _mark_edits(_parse(_read_cells(path), path.name))


def normalise(name: str) -> str:
    """Return a name for comparison: NFKC, lower case, letters and digits only.

    >>> normalise(" 综合/社区公园（１５分钟） ")
    '综合社区公园15分钟'
    """
    folded = unicodedata.normalize("NFKC", name).casefold()
    letters = "".join(c for c in unicodedata.normalize("NFKC", folded) if c.isalnum())
    return unicodedata.normalize("NFC", letters)


def type_lookup(catalogue: pd.DataFrame) -> dict[str, str]:
    """Return normalised id, Chinese name, English name or alias → facility type.

    >>> from pathlib import Path
    >>> lookup = type_lookup(read_catalogue("shanghai", folder=Path()))
    >>> lookup[normalise("农贸市场")], lookup[normalise("Wet Market")]
    ('wet_market', 'wet_market')
    """
    return {key: row["facility_type"] for row in catalogue.to_dict("records") for key in _names(row).values()}


def group_columns(population_group: str) -> tuple[str, ...] | None:
    """Return the age columns whose sum is the group that a type serves, or None for all residents.

    Several codes are a union; 80+ is part of 60+.

    >>> group_columns("60+;80+"), group_columns("0-3;3-6"), group_columns("all;60+")
    (('pop_60_plus',), ('pop_0_3', 'pop_3_6'), None)
    """
    codes = _group_codes(population_group)
    if codes is None:
        raise SettingsError(
            Text(
                f"人群 {population_group!r} 无法识别; 可用 all 和 {', '.join(AGE_GROUPS)}, 用分号隔开。",
                f"The population group {population_group!r} is not known; use all or {', '.join(AGE_GROUPS)}, "
                "joined by semicolons.",
            )
        )
    if "all" in codes:
        return None
    if "60+" in codes:
        codes = [code for code in codes if code != "80+"]
    return tuple(column for code, column in AGE_GROUPS.items() if code in codes)


def is_uncertain(confidence: str) -> bool:
    """Tell whether a value with this mark is only from memory or uncertain.

    >>> is_uncertain("M"), is_uncertain("V2"), is_uncertain("user")
    (True, False, False)
    """
    return confidence in UNCERTAIN


def uncertain_types(catalogue: pd.DataFrame) -> tuple[str, ...]:
    """Return the types whose threshold is only from memory or uncertain, in file order.

    >>> from pathlib import Path
    >>> "canteen" in uncertain_types(read_catalogue("shanghai", folder=Path()))
    True
    """
    doubtful = catalogue["threshold_confidence"].map(is_uncertain)
    return tuple(catalogue.loc[doubtful & _has_threshold(catalogue), "facility_type"])


def edited_types(catalogue: pd.DataFrame) -> tuple[str, ...]:
    """Return the types of which some value was set by the user, in file order.

    >>> from pathlib import Path
    >>> edited_types(read_catalogue("gb50180", folder=Path()))
    ()
    """
    marks = catalogue[[f"{value}_confidence" for value in VALUES]]
    return tuple(catalogue.loc[marks.eq("user").any(axis=1), "facility_type"])


def _has_threshold(catalogue: pd.DataFrame) -> pd.Series:
    return catalogue[list(VALUES["threshold"])].notna().any(axis=1)


@cache
@kept
def _shipped(profile: str) -> pd.DataFrame:
    return _parse(_shipped_cells(profile), f"{profile}.csv")


@cache
def _shipped_cells(profile: str) -> list[list[str]]:
    data = (files("pujin_geo") / "profiles" / f"{profile}.csv").read_bytes()
    return _cells(data, f"{profile}.csv")


# Reading the file


def _read_cells(path: Path) -> list[list[str]]:
    if not path.is_file():
        known = ", ".join(PROFILES)
        raise SettingsError(
            Text(
                f"找不到规则 {path}; profile 可用 {known}, 或研究文件夹中的 CSV 文件名。",
                f"There is no rule profile {path}; use {known}, or the name of a CSV file in the study folder.",
            )
        )
    return _cells(path.read_bytes(), path.name)


def _cells(data: bytes, file: str) -> list[list[str]]:
    for encoding in ("utf-8-sig", "gb18030"):
        try:
            text = data.decode(encoding)
            if "\0" in text:
                break
            return [
                [c.strip() for c in row] for row in csv.reader(io.StringIO(text, newline=""), strict=True)
            ]
        except UnicodeDecodeError:
            continue
        except csv.Error:
            break
    raise SettingsError(
        Text(
            f"{file} 不是可读的 CSV 文件; 请在 Excel 中另存为“CSV UTF-8 (逗号分隔)”。",
            f'{file} is not a readable CSV file; in Excel save it as "CSV UTF-8 (comma delimited)".',
        )
    )


# Checking it: every fault is collected, then all are raised at once


class _Faults:
    """Faults of one file; rows are numbered as Excel shows them."""

    def __init__(self, file: str) -> None:
        self.file = file
        self.found: list[Text] = []

    def add(self, zh: str, en: str) -> None:
        self.found.append(Text(zh, en))

    def add_cell(self, row: int, column: str, value: str, fix: Text) -> None:
        self.add(
            f"第 {row} 行 {column} 列 “{value}”: {fix.zh}",
            f"row {row}, column {column}, “{value}”: {fix.en}",
        )

    def refuse(self) -> None:
        """Raise if there is any fault."""
        if self.found:
            zh, en = ("; ".join(words) for words in zip(*self.found, strict=True))
            count = len(self.found)
            raise SettingsError(
                Text(
                    f"设施目录 {self.file} 有 {count} 处要改: {zh}。",
                    f"The catalogue {self.file} has {count} fault(s): {en}.",
                )
            )


def _parse(cells: list[list[str]], file: str) -> pd.DataFrame:
    faults = _Faults(file)
    numbered = [(number, row) for number, row in enumerate(cells, start=1) if any(row)]
    header = _header(numbered[0][1] if numbered else [], faults)
    rows = {number: _row(header, number, row, faults) for number, row in numbered[1:]}
    if not rows:
        faults.add("没有设施类型, 请至少填写一行", "there is no facility type, fill in at least one row")
    _check_names(rows, faults)
    faults.refuse()
    columns = [*COLUMNS, *(c for c in header if c and c not in COLUMNS)]
    table = pd.DataFrame(list(rows.values()), columns=columns)
    dtypes = {c: "float64" if c in _NUMBERS else "str" for c in columns}
    return _fill(table.astype(dtypes))


def _header(row: list[str], faults: _Faults) -> list[str]:
    written = [unicodedata.normalize("NFKC", name).lower() for name in row]
    header = [_HEADER_ALIASES.get(name, name) for name in written]
    missing = [name for name in COLUMNS if name not in header]
    for name in (n for n in missing if n in REQUIRED):
        faults.add(
            f"缺少列 {name}, 请在首行补上 (列名见 shanghai.csv, 列之间用逗号)",
            f"the column {name} is missing, add it to the first row (see shanghai.csv; commas between columns)",
        )
    for name in dict.fromkeys(n for n in header if n):
        near = get_close_matches(name, missing, 1, 0.85) if name not in COLUMNS else []
        if header.count(name) > 1:
            faults.add(
                f"列名 {name} 出现了不止一次, 请只留一列", f"the column {name} stands there twice, keep one"
            )
        if near:
            faults.add(
                f"列名 {name} 可能是 {near[0]}, 请改正",
                f"the column {name} is probably {near[0]}, correct it",
            )
    faults.refuse()  # the rows cannot be judged without their columns
    return header


def _row(header: list[str], number: int, cells: list[str], faults: _Faults) -> dict[str, Any]:
    padded = [*cells, *[""] * (len(header) - len(cells))]
    given = dict(zip(header, padded, strict=False))
    row: dict[str, Any] = dict.fromkeys(COLUMNS, "") | _inherited(given) | given
    nameless = [*(c for h, c in zip(header, padded, strict=False) if not h), *cells[len(header) :]]
    for cell in filter(None, nameless):
        fix = Text("这一格没有列名, 请检查是否多了逗号", "this cell has no heading, look for an extra comma")
        faults.add_cell(number, "?", cell, fix)
    row.pop("", None)
    for column in COLUMNS:
        value, fault = _PARSERS.get(column, _as_written)(row[column])
        if fault:
            faults.add_cell(number, column, row[column], fault)
        row[column] = value
    for column, fix in _row_faults(row):
        shown = row[column] if isinstance(row[column], str) else f"{row[column]:g}"
        faults.add_cell(number, column, shown, fix)
    return row


def _inherited(given: dict[str, str]) -> dict[str, str]:
    """Return what the shipped Shanghai profile says of a type in the columns that a short file lacks."""
    return {c: v for c, v in _shanghai().get(given["facility_type"], {}).items() if c not in given}


@cache
def _shanghai() -> dict[str, dict[str, str]]:
    header, *rows = _shipped_cells("shanghai")
    return {row[0]: dict(zip(header, row, strict=True)) for row in rows if any(row)}


def _row_faults(row: dict[str, Any]) -> Iterator[tuple[str, Text]]:
    if not re.fullmatch(r"[\w-]+", row["facility_type"]):
        yield (
            "facility_type",
            Text("请填编号, 只用字母、数字、_ 和 -", "fill in an id of letters, digits, _ and -"),
        )
    if not row["name_zh"]:
        yield "name_zh", Text("请填中文名称", "fill in the Chinese name")
    if not math.isnan(row["quota_amount"]) and not (row["quota_unit"] and row["quota_per"]):
        yield (
            "quota_amount",
            Text("请同时填 quota_unit 和 quota_per", "fill in quota_unit and quota_per as well"),
        )
    for scope, other in (("urban", "rural"), ("rural", "urban")):
        column = f"threshold_{other}_m"
        if row["scope"] == scope and not math.isnan(row[column]):
            yield (
                column,
                Text(
                    f"scope 为 {scope} 时此格应留空; 城乡都适用请把 scope 改为 both",
                    f"leave it blank while scope is {scope}, or set scope to both",
                ),
            )


def _check_names(rows: dict[int, dict[str, Any]], faults: _Faults) -> None:
    first_row: dict[str, int] = {}
    owner: dict[str, str] = {}
    for number, row in rows.items():
        facility_type = row["facility_type"]
        there = first_row.setdefault(facility_type, number)
        if there != number:
            fix = Text(f"与第 {there} 行重复, 请删去一行", f"the same as row {there}, delete one of them")
            faults.add_cell(number, "facility_type", facility_type, fix)
            continue
        for name, key in _names(row).items():
            other = owner.setdefault(key, facility_type)
            if other == facility_type:
                continue
            column = next((c for c in ("facility_type", "name_zh", "name_en") if row[c] == name), "aliases")
            there = first_row[other]
            fix = Text(
                f"已用于 {other} (第 {there} 行), 同一名称只能属于一个类型",
                f"already a name of {other} (row {there}); a name can belong to one type only",
            )
            faults.add_cell(number, column, name, fix)


def _names(row: dict[str, Any]) -> dict[str, str]:
    """Return every name of a type → its normalised form."""
    written = [row["facility_type"], row["name_zh"], row["name_en"], *_split(row["aliases"])]
    return {name: key for name in written if (key := normalise(name))}


def _fill(table: pd.DataFrame) -> pd.DataFrame:
    both = table["scope"] == "both"
    rural = table["threshold_rural_m"].where(
        table["threshold_rural_m"].notna() | ~both, table["threshold_urban_m"]
    )
    name_en = table["name_en"].where(table["name_en"] != "", table["name_zh"])
    return table.assign(threshold_rural_m=rural, name_en=name_en)


# Cells: text → value, and what to do where it cannot be read


def _plain(text: str) -> str:
    return unicodedata.normalize("NFKC", text).lower().strip()


def _split(text: str) -> list[str]:
    return [part.strip() for part in re.split("[;；]", text) if part.strip()]


def _as_written(text: str) -> Parsed:
    return text, None


def _aliases(text: str) -> Parsed:
    return ";".join(_split(text)), None


def _choice(words: dict[str, str]) -> Parser:
    listed = ", ".join(dict.fromkeys(value for value in words.values() if value))
    fix = Text(f"请改为 {listed} 之一", f"use one of {listed}")

    def parse(text: str) -> Parsed:
        value = words.get(_plain(text))
        return ("", fix) if value is None else (value, None)

    return parse


def _choices(words: dict[str, str]) -> Parser:
    one = _choice(words)

    def parse(text: str) -> Parsed:
        values = [one(part) for part in _split(text)]
        return ";".join(value for value, _ in values), next((fix for _, fix in values if fix), None)

    return parse


def _number(text: str) -> Parsed:
    plain = _plain(text).replace(",", "")
    if plain in ("", "-", "—", "–"):
        return math.nan, None
    try:
        value = float(plain)
    except ValueError:
        value = math.nan
    if 0 <= value <= _LARGEST:
        return value, None
    return math.nan, Text(
        "请填不小于 0 的数字, 不写单位; 没有标准就留空",
        "fill in a number of 0 or more without a unit; leave it blank where there is no rule",
    )


def _quota_per(text: str) -> Parsed:
    plain = _plain(text).replace(",", "").removesuffix("人").removesuffix(".0")
    if plain in _QUOTA_PER:
        return _QUOTA_PER[plain], None
    if re.fullmatch("[1-9][0-9]*", plain):
        return plain, None
    return "", Text(
        "请填居民人数 (整数), 或 circle, subdistrict, committee, site",
        "fill in a whole number of residents, or circle, subdistrict, committee or site",
    )


def _population_group(text: str) -> Parsed:
    codes = _group_codes(text)
    if codes is not None:
        return ";".join(codes), None
    listed = ", ".join(AGE_GROUPS)
    return "", Text(f"请用 all 或 {listed}, 以分号隔开", f"use all or {listed}, joined by semicolons")


def _group_codes(text: str) -> list[str] | None:
    """Return the codes of a group as written, each once; None if one is unknown; blank is ``all``."""
    codes = list(dict.fromkeys(_age_code(part) for part in _split(text))) or ["all"]
    return codes if {"all", *AGE_GROUPS}.issuperset(codes) else None


def _age_code(text: str) -> str:
    """Return an age code without 岁, undoing what Excel makes of 3-6 (a date: 3月6日, 6-Mar, 2026/3/6)."""
    plain = _plain(text).replace(" ", "").removesuffix("岁")
    if found := re.fullmatch(r"(?:\d{4}[-/年])?0?(\d{1,2})[-/~月]0?(\d{1,2})日?", plain):
        return f"{found[1]}-{found[2]}"
    if (found := re.fullmatch(r"0?(\d{1,2})-([a-z]{3})", plain)) and found[2] in _MONTHS:
        return f"{_MONTHS.index(found[2]) + 1}-{found[1]}"
    return {"全体": "all", "所有": "all"}.get(plain, plain)


_SUITABILITY = {k: k for k in suitability_names} | {t.zh: k for k, t in suitability_names.items()}
_CLASS = (
    {k: k for k in class_names}
    | {t.zh: k for k, t in class_names.items()}
    | {t.zh.removesuffix("类"): k for k, t in class_names.items()}
)
_SCOPE = {scope: scope for scope in (*SCOPES, "both")} | {"城镇": "urban", "乡村": "rural", "城乡": "both"}
_LEVEL = {level: level for level in ("5", "10", "15", "block", "village", "subdistrict")} | {
    **{"5.0": "5", "10.0": "10", "15.0": "15"},
    **{"街坊": "block", "居村": "village", "街道": "subdistrict"},
}
_YES_NO = {
    **{"yes": "yes", "是": "yes", "y": "yes", "true": "yes", "1": "yes"},
    **{"no": "no", "否": "no", "n": "no", "false": "no", "0": "no", "": "no"},
}
_QUOTA_UNIT = {unit: unit for unit in ("", "site", "m2", "place", "class", "bed")} | {
    **{"处": "site", "个": "site", "平方米": "m2", "托位": "place", "班": "class", "床": "bed"},
}
_QUOTA_PER = {per: per for per in ("", "circle", "subdistrict", "committee", "site")} | {
    **{"生活圈": "circle", "街镇": "subdistrict", "街道": "subdistrict", "居村": "committee", "处": "site"},
}
_CONFIDENCE = {"": ""} | {mark.lower(): mark for mark in confidence_names}

_PARSERS: dict[str, Parser] = {
    "aliases": _aliases,
    "suitability": _choice(_SUITABILITY),
    "suitability_disputed": _choices(_SUITABILITY),
    "class": _choice(_CLASS),
    "scope": _choice(_SCOPE),
    "level": _choice(_LEVEL),
    "population_group": _population_group,
    "must_have": _choice(_YES_NO),
    "quota_unit": _choice(_QUOTA_UNIT),
    "quota_per": _quota_per,
    "min_area_is_land": _choice(_YES_NO),
    **dict.fromkeys(_NUMBERS, _number),
    **{column: _choice(_CONFIDENCE) for column in COLUMNS if column.endswith("_confidence")},
}


# Marking what the user changed


def _mark_edits(table: pd.DataFrame) -> pd.DataFrame:
    base = _nearest_profile(table)
    rows = [_marked(row, base.get(row["facility_type"], {})) for row in table.to_dict("records")]
    return pd.DataFrame(rows, columns=table.columns).astype(table.dtypes.to_dict())


def _nearest_profile(table: pd.DataFrame) -> dict[str, dict[str, Any]]:
    """Return the rows of the shipped profile that a planner's table was most likely made from."""

    def likeness(base: dict[str, dict[str, Any]]) -> int:
        return sum(
            _same(row, base[row["facility_type"]], (*VALUES[value], *_provenance(value)))
            for row in table.to_dict("records")
            if row["facility_type"] in base
            for value in VALUES
        )

    bases = [{row["facility_type"]: row for row in _shipped(p).to_dict("records")} for p in PROFILES]
    return max(bases, key=likeness)


def _provenance(value: str) -> tuple[str, ...]:
    return tuple(f"{value}_{part}" for part in PROVENANCE)


def _same(row: dict[str, Any], base: dict[str, Any], columns: tuple[str, ...]) -> bool:
    return all(
        (row[c] == base[c]) or (c in _NUMBERS and math.isnan(row[c]) and math.isnan(base[c])) for c in columns
    )


_NOTHING: dict[str, Any] = (
    dict.fromkeys(COLUMNS, "") | dict.fromkeys(_NUMBERS, math.nan) | {"min_area_is_land": "no"}
)


def _marked(row: dict[str, Any], base: dict[str, Any]) -> dict[str, Any]:
    """Return a row whose edited values say so: source and confidence ``user``."""
    marked = dict(row)
    before = base or _NOTHING
    for value, columns in VALUES.items():
        source, clause, confidence = _provenance(value)
        if _same(row, before, columns) and row[confidence] != "user":
            marked |= {c: row[c] or before[c] for c in (source, clause, confidence)}
            continue
        # what the shipped value rested on does not speak for the new one; the planner's own words do
        own = "" if row[source] == before[source] else row[source]
        marked[source] = own if own.startswith("user") else f"user: {own}" if own else "user"
        marked[clause] = "" if row[clause] == before[clause] else row[clause]
        marked[confidence] = "user"
    if not base:
        marked["type_source"] = row["type_source"] or "user"
        marked["type_confidence"] = row["type_confidence"] or "user"
    return marked
