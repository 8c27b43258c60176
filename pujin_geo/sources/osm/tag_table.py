"""The editable table that turns OpenStreetMap tags into facility types."""

import re
from dataclasses import dataclass
from pathlib import Path
from typing import Literal

import numpy as np
import pandas as pd

from ...errors import SettingsError
from ...texts import Text

TABLE = Path(__file__).parent.parent / "osm_tags.csv"
COLUMNS = ["facility_type", "key", "value", "only_if", "min_area_m2", "max_area_m2", "searched", "note"]
REQUIRED = ["facility_type", "key", "value"]

LIFECYCLE_PREFIXES = {
    "": "existing",
    "construction:": "under_construction",
    "proposed:": "planned",
    "planned:": "planned",
    "disused:": "closed",
    "abandoned:": "closed",
}
"""Prefix of a key (``disused:amenity``) → status of the facility."""

TERM = re.compile(r"(?P<key>[^\s=!~]+)(?P<sign>=|!=|~|!~)(?P<values>\S+)")


@dataclass(frozen=True)
class Term:
    """One condition of ``only_if``: ``key=a|b``, ``key!=a|b``, ``key=*`` or ``key~part|part`` (contains)."""

    key: str
    sign: Literal["=", "!=", "~", "!~"]
    values: tuple[str, ...]

    def holds(self, tags: pd.DataFrame) -> "pd.Series[bool]":
        """Return for which rows of tags the condition holds; an absent tag is ""."""
        column = tags[self.key]
        if "~" in self.sign:
            found = column.str.contains("|".join(map(re.escape, self.values)), case=False, regex=True)
        elif self.values == ("*",):
            found = column != ""
        else:
            found = column.map(lambda text: not set(self.values).isdisjoint(tag_values(text))).astype(bool)
        return ~found if self.sign.startswith("!") else found


@dataclass(frozen=True)
class Rule:
    """One row of the table: a tag, further conditions, and the facility type that it means."""

    facility_type: str
    key: str
    value: str
    terms: tuple[Term, ...]
    min_area_m2: float
    max_area_m2: float
    searched: bool
    note: str

    def applies(self, tags: pd.DataFrame, area_m2: "pd.Series[float]") -> "pd.Series[bool]":
        """Return for which rows the conditions beyond the tag hold; an unknown area meets no limit."""
        ok = pd.Series(True, index=tags.index)
        for term in self.terms:
            ok &= term.holds(tags)
        if np.isfinite(self.min_area_m2):
            ok &= area_m2 >= self.min_area_m2
        if np.isfinite(self.max_area_m2):
            ok &= area_m2 < self.max_area_m2
        return ok


def tag_values(text: str) -> list[str]:
    """Split a tag's value into its parts; ``1-3`` means every whole number between.

    >>> tag_values("0;1-3"), tag_values("fast_food")
    (['0', '1', '2', '3'], ['fast_food'])
    """
    values = []
    for part in (piece.strip() for piece in text.split(";")):
        if re.fullmatch(r"\d-\d", part):
            values += [str(number) for number in range(int(part[0]), int(part[2]) + 1)]
        elif part:
            values.append(part)
    return values


def read_tag_table(path: Path = TABLE) -> list[Rule]:
    """Read a tag table (UTF-8 CSV; columns ``COLUMNS``, the first three required).

    Raises:
        SettingsError: the file cannot be read, lacks a column, or a row is incomplete or malformed.

    >>> rules = read_tag_table()
    >>> sorted({rule.facility_type for rule in rules if rule.key == "shop"})[:2]
    ['convenience', 'fresh_super']
    """
    try:
        table = pd.read_csv(path, encoding="utf-8-sig", dtype=str, keep_default_na=False)
    except FileNotFoundError:
        raise SettingsError(
            Text(f"找不到标签对照表 {path}, 请检查路径。", f"There is no tag table {path}; check the path.")
        ) from None
    except (UnicodeDecodeError, pd.errors.ParserError, pd.errors.EmptyDataError, OSError):
        raise SettingsError(
            Text(
                f"标签对照表 {path} 无法读取; 请另存为 UTF-8 编码的 CSV。",
                f"The tag table {path} cannot be read; save it as a UTF-8 CSV file.",
            )
        ) from None
    lacking = [column for column in REQUIRED if column not in table]
    if lacking or table.empty:
        raise SettingsError(
            Text(
                f"标签对照表 {path} 缺少列 {', '.join(lacking)} 或没有数据行; 可参照自带的 osm_tags.csv。",
                f"The tag table {path} lacks the columns {', '.join(lacking)} or has no rows; "
                "see the packaged osm_tags.csv.",
            )
        )
    table = table.reindex(columns=COLUMNS, fill_value="").apply(lambda column: column.str.strip())
    return [_rule(path, number, row) for number, row in enumerate(table.to_dict("records"), start=2)]


def _rule(path: Path, line: int, row: dict[str, str]) -> Rule:
    for column in REQUIRED:
        if not row[column]:
            raise _wrong(path, line, column, "")
    if row["searched"] not in ("", "yes", "no"):
        raise _wrong(path, line, "searched", row["searched"])
    return Rule(
        facility_type=row["facility_type"],
        key=row["key"],
        value=row["value"],
        terms=tuple(_term(path, line, text) for text in row["only_if"].split()),
        min_area_m2=_area(path, line, "min_area_m2", row["min_area_m2"]),
        max_area_m2=_area(path, line, "max_area_m2", row["max_area_m2"]),
        searched=row["searched"] != "no",
        note=row["note"],
    )


def _term(path: Path, line: int, text: str) -> Term:
    match = TERM.fullmatch(text)
    if match is None:
        raise _wrong(path, line, "only_if", text)
    values = tuple(value for value in match["values"].split("|") if value)
    return Term(match["key"], match["sign"], values)  # type: ignore[arg-type]  # the pattern allows no other


def _area(path: Path, line: int, column: str, text: str) -> float:
    if not text:
        return float("nan")
    try:
        area_m2 = float(text)
    except ValueError:
        raise _wrong(path, line, column, text) from None
    if not 0 <= area_m2 < float("inf"):
        raise _wrong(path, line, column, text)
    return area_m2


def _wrong(path: Path, line: int, column: str, value: str) -> SettingsError:
    return SettingsError(
        Text(
            f'标签对照表 {path} 第 {line} 行 {column} 列的值 "{value}" 不能用; 写法见 docs/openstreetmap.md。',
            f'Tag table {path}, line {line}, column {column}: the value "{value}" cannot be used; '
            "see docs/openstreetmap.md.",
        )
    )


def wanted_tags(rules: list[Rule]) -> dict[str, list[str]]:
    """Return key → values that the rules look for, with every lifecycle prefix.

    >>> wanted_tags(read_tag_table())["disused:amenity"][:1]
    ['community_centre']
    """
    wanted: dict[str, list[str]] = {}
    for rule in rules:
        for prefix in LIFECYCLE_PREFIXES:
            values = wanted.setdefault(prefix + rule.key, [])
            if rule.value not in values:
                values.append(rule.value)
    return wanted


def tags_needed(rules: list[Rule]) -> list[str]:
    """Return the keys that the rules read, those of their conditions included."""
    keys = list(wanted_tags(rules))
    keys += [term.key for rule in rules for term in rule.terms]
    return [key for key in dict.fromkeys(keys) if key != "osm_type"]


def searched_types(rules: list[Rule]) -> list[str]:
    """Return the types whose absence in OpenStreetMap means that there is none; in the table's order."""
    return list(dict.fromkeys(rule.facility_type for rule in rules if rule.searched))
