"""A layer's file to its accepted rows: typed columns, checked geometry, every fault listed."""

import hashlib
import math
from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace
from functools import partial
from pathlib import Path
from typing import Any

import geopandas as gpd
import numpy as np
import pandas as pd
import shapely
from numpy.typing import NDArray
from rapidfuzz import fuzz, process

from ..study import LayerSpec
from ..tables import STATUSES, Column, Layer, Problem
from ..texts import Text
from .cells import (
    COUNT_UNITS,
    UNITS,
    Number,
    clean_id,
    clean_text,
    key,
    map_unique,
    read_committee_kind,
    read_number,
    read_scope,
    read_status,
    read_yes_no,
)
from .files import read_raw
from .findings import Findings
from .formats.raw import RawTable
from .headers import Match, match_headers, misspelt, require
from .places import Floats, Ground, Shapes, nowhere, place

LARGEST_NUMBER = 1e9
_TOTALS = frozenset({"合计", "总计", "小计", "共计", "总和", "total", "subtotal", "sum"})
_FOOTNOTES = (
    "注:",
    "注：",
    "备注:",
    "备注：",
    "说明:",
    "说明：",
    "填表",
    "制表",
    "审核",
    "填报",
    "数据来源:",
    "数据来源：",
)


@dataclass(frozen=True)
class Draft:
    """Rows of a layer on their way in, all aligned: cells as written, figures read, geometry, findings.

    ``raw`` has the layer's canonical columns, those absent from the file all None, and ``extra`` none;
    ``present`` names those that the file has. ``set_aside`` counts rows that are no data, such as totals.
    """

    layer: Layer
    raw: pd.DataFrame
    present: frozenset[str]
    figures: pd.DataFrame
    geometry: Shapes
    source_xy: Floats
    datum: str
    findings: Findings
    set_aside: int = 0

    def take(self, positions: NDArray[np.intp]) -> "Draft":
        """Return the rows at positions, which may repeat."""
        findings = Findings(self.layer, self.findings.places.take(positions).reset_index(drop=True))
        findings.problems = list(self.findings.problems)
        findings.faulty = self.findings.faulty[positions]
        return replace(
            self,
            raw=self.raw.take(positions).reset_index(drop=True),
            figures=self.figures.take(positions).reset_index(drop=True),
            geometry=self.geometry[positions],
            source_xy=self.source_xy[positions],
            findings=findings,
        )


@dataclass(frozen=True)
class Accepted:
    """One layer read: the accepted rows, every finding, and how many rows were read.

    ``source_xy`` and ``datum`` say where the accepted rows lie in the file's own coordinates.
    """

    frame: gpd.GeoDataFrame
    problems: tuple[Problem, ...]
    rows_read: int
    source_xy: Floats
    datum: str
    file: str


def read_draft(layer: Layer, spec: LayerSpec, *, folder: Path, ground: Ground) -> Draft | None:
    """Read the file of a layer and place its rows; None if the file has no row.

    Raises:
        SourceError: the file cannot be read, lacks a required column, or does not say where its rows lie.
        SettingsError: the datum is not known or does not fit.
    """
    tables = read_raw(layer, spec, folder=folder)
    drafts = []
    rows_before = 0
    for table in tables:
        draft = _draft(table, layer, spec, ground=ground, rows_before=rows_before)
        rows_before += len(table.frame)
        if draft is not None:
            drafts.append(draft)
    return _joined(drafts) if drafts else None


def _draft(
    table: RawTable, layer: Layer, spec: LayerSpec, *, ground: Ground, rows_before: int
) -> Draft | None:
    headers = list(table.frame.columns)
    shown_headers = [h.split("\x00")[0] for h in headers]
    match = match_headers(headers, layer, spec.columns, is_dbf=table.is_dbf)
    if not len(table.frame) and table.geometry is not None and not spec.columns:
        return None  # an empty GeoJSON has no columns either
    require(match, shown_headers, layer, spec.columns, file=table.file)
    data, places, problems = _data_rows(table, match, layer, rows_before)
    findings = Findings(layer, places)
    findings.problems += [*table.problems, *problems]
    if not len(data.frame) and not problems:
        return None
    _report_headers(findings, headers, match, table.file)
    _report_ragged(findings, data)
    if layer.geometry == "none":
        placed = nowhere(len(data.frame))
    else:
        placed = place(data, match, spec, layer, ground=ground, findings=findings)
    raw = pd.DataFrame(
        {
            c.name: data.frame[match.columns[c.name]] if c.name in match.columns else None
            for c in layer.columns
        },
        dtype=object,
        index=data.frame.index,
    )
    figures = {c.name: _numbers(c, data, match, findings) for c in layer.columns if c.kind == "number"}
    return Draft(
        layer=layer,
        raw=raw,
        present=frozenset(match.columns),
        figures=pd.DataFrame(figures, index=raw.index),
        geometry=placed.geometry,
        source_xy=placed.source_xy,
        datum=placed.datum,
        findings=findings,
        set_aside=len(problems),
    )


def _joined(drafts: Sequence[Draft]) -> Draft:
    first = drafts[0]
    if len(drafts) == 1:
        return first
    findings = Findings(first.layer, pd.concat([d.findings.places for d in drafts], ignore_index=True))
    findings.problems = [p for d in drafts for p in d.findings.problems]
    findings.faulty = np.concatenate([d.findings.faulty for d in drafts])
    return replace(
        first,
        raw=pd.concat([d.raw for d in drafts], ignore_index=True),
        present=frozenset().union(*(d.present for d in drafts)),
        figures=pd.concat([d.figures for d in drafts], ignore_index=True),
        geometry=np.concatenate([d.geometry for d in drafts]),
        source_xy=np.concatenate([d.source_xy for d in drafts]),
        findings=findings,
        set_aside=sum(d.set_aside for d in drafts),
    )


# Rows that are no data


def _data_rows(
    table: RawTable, match: Match, layer: Layer, rows_before: int
) -> tuple[RawTable, pd.DataFrame, list[Problem]]:
    """Return the table without totals, footnotes and repeated headers; where its rows come from; what was left out."""
    numbers = np.arange(1, len(table.frame) + 1) + rows_before
    places = pd.DataFrame({"file": table.file, "row": numbers, "source_row": table.source_rows})
    aside = np.zeros(len(table.frame), dtype=bool)
    if table.geometry is None:
        suspects = _suspects(table.frame)
        aside[suspects] = [_is_no_data(cells, match) for cells in table.frame[suspects].to_dict("records")]
    if not aside.any():
        return table, places, []
    left_out = Findings(layer, places)
    left_out.error(
        aside,
        "not_data",
        lambda value: Text(
            f"该行是合计、注释或重复的表头 (“{value}”), 不是数据, 未采用。",
            f'This row is a total, a footnote or a repeated header ("{value}"), not data; it was left out.',
        ),
        values=_first_texts(table.frame, aside),
    )
    kept = ~aside
    rest = replace(
        table,
        frame=table.frame[kept].reset_index(drop=True),
        source_rows=table.source_rows[kept],
        filled=None if table.filled is None else table.filled[kept],
        ragged=None if table.ragged is None else table.ragged[kept],
    )
    return rest, places[kept].reset_index(drop=True), left_out.problems


def _first_texts(frame: pd.DataFrame, mask: NDArray[np.bool_]) -> dict[int, str]:
    rows = np.flatnonzero(mask).tolist()
    records = frame[mask].to_dict("records")
    texts = ((text for value in cells.values() if (text := clean_text(value))) for cells in records)
    return {row: next(found, "") for row, found in zip(rows, texts, strict=True)}


def _suspects(frame: pd.DataFrame) -> NDArray[np.bool_]:
    """Return the rows with a cell that begins like a total, a footnote or its own header; few need a closer look."""
    starts = {word[0] for word in (*_TOTALS, *_FOOTNOTES)}
    suspects = np.zeros(len(frame), dtype=bool)
    for header in frame.columns:
        own = header.strip().lower()
        found = [
            isinstance(v, str)
            and (mark := v.strip().lower()) != ""
            and (mark[0] in starts or mark[:2] == own[:2])
            for v in frame[header].tolist()
        ]
        suspects |= np.array(found, dtype=bool)
    return suspects


def _is_no_data(cells: dict[str, Any], match: Match) -> bool:
    headers = set(match.columns.values())
    is_header = len(headers) > 1 and all(
        key(clean_text(cells[header])) == key(header.split("\x00")[0]) for header in headers
    )
    pair = match.place()
    if not is_header and pair and all(clean_text(cells[match.columns[name]]) for name in pair):
        return False  # it lies somewhere, so it is data, whatever its name
    texts = [text for value in cells.values() if (text := clean_text(value))]
    if is_header or not texts:
        return bool(texts)
    if len(texts) <= 2 and texts[0].startswith(_FOOTNOTES):
        return True
    return any(key(text).rstrip(":：") in _TOTALS for text in texts[:2])


def _report_headers(findings: Findings, headers: list[str], match: Match, file: str) -> None:
    for name, used, other in match.doubles:
        other = other.split("\x00")[0]  # noqa: PLW2901  as the file shows it
        findings.about_layer(
            "column_ambiguous",
            Text(
                f"“{used}”和“{other}”都可作 {name}, 采用了“{used}”; 如不对, 请在 columns 中写明。",
                f'Both "{used}" and "{other}" could be {name}; "{used}" was used. If that is wrong, say so in columns.',
            ),
            file=file,
            column=name,
            value=other,
        )
    visible = [h for h in headers if "\x00" not in h]
    for header, known in misspelt(visible, match, findings.layer):
        findings.about_layer(
            "column_unused",
            Text(
                f"“{header}”列未使用, 是否应为“{known}”? 如是, 请改表头或在 columns 中写明。",
                f'The column "{header}" is not used; is it "{known}"? If so, correct the header or name it in columns.',
            ),
            file=file,
            column=header,
            value=known,
        )


def _report_ragged(findings: Findings, table: RawTable) -> None:
    if table.ragged is not None and table.ragged.any():
        findings.error(
            table.ragged,
            "row_ragged",
            lambda value: Text(
                f"该行 (“{value}”) 的格数多于表头, 可能内容里有未加引号的逗号, 各列已错位, 该行未采用; 请改正。",
                f'This row ("{value}") has more cells than the header, perhaps a comma without quotation marks, so its columns '
                "are shifted; the row was left out. Correct it.",
            ),
            values=_first_texts(table.frame, table.ragged),
        )


# Figures


def _numbers(column: Column, table: RawTable, match: Match, findings: Findings) -> pd.Series:
    """Read a column of figures; what cannot be used is NaN and listed."""
    if column.name not in match.columns:
        return pd.Series(np.nan, index=table.frame.index)
    header = match.columns[column.name]
    cells = table.frame[header]
    units = UNITS.get(column.name, COUNT_UNITS)
    factor = match.factors.get(column.name, 1.0)
    numbers: list[Number] = map_unique(cells, partial(read_number, units=units, factor=factor))
    values = np.array([n.value for n in numbers], dtype=float)
    states = np.array([n.state for n in numbers], dtype=object)
    values = _without_merged(column, table, header, values, states, findings)
    with np.errstate(invalid="ignore"):
        negative, huge = values < 0, values > LARGEST_NUMBER
    list_row = findings.error if column.required else findings.warn
    fate = _FATES[column.required]
    title = column.meaning
    raw = cells.tolist()
    if column.required:
        findings.error(
            states == "blank",
            "value_missing",
            lambda _: Text(
                f"{title.zh}为空, {fate.zh}; 请补填。", f"{title.en} is blank, {fate.en}; fill it in."
            ),
            column=column.name,
            values=raw,
        )
    list_row(
        states == "unreadable",
        "number_unreadable",
        lambda value: Text(
            f"{title.zh}“{value}”不是可用的数字, {fate.zh}; 请改为数字, 单位写在表头。",
            f'{title.en} "{value}" is not a usable number, {fate.en}; write a number and put the unit in the header.',
        ),
        column=column.name,
        values=raw,
    )
    list_row(
        negative,
        "number_negative",
        lambda value: Text(
            f"{title.zh}“{value}”是负数, {fate.zh}; 请改正。",
            f'{title.en} "{value}" is negative, {fate.en}; correct it.',
        ),
        column=column.name,
        values=raw,
    )
    list_row(
        huge,
        "number_implausible",
        lambda value: Text(
            f"{title.zh}“{value}”大得不可能, {fate.zh}; 请改正。",
            f'{title.en} "{value}" is impossibly large, {fate.en}; correct it.',
        ),
        column=column.name,
        values=raw,
    )
    findings.warn(
        states == "approximate",
        "number_approximate",
        lambda value: Text(
            f"{title.zh}“{value}”是约数, 按其中的数字采用。",
            f'{title.en} "{value}" is approximate; its figure was used.',
        ),
        column=column.name,
        values=raw,
    )
    values[negative | huge] = np.nan
    return pd.Series(values, index=table.frame.index)


_FATES = {
    True: Text("该行未采用", "the row was left out"),
    False: Text("按空白处理", "taken as blank"),
}


def _without_merged(
    column: Column,
    table: RawTable,
    header: str,
    values: Floats,
    states: NDArray[np.object_],
    findings: Findings,
) -> Floats:
    """Blank the figures below the first row of a merged cell: it holds one total, not one per row."""
    if table.filled is None:
        return values
    filled = table.filled[:, table.frame.columns.get_loc(header)] & (states != "blank")
    list_row = findings.error if column.required else findings.warn
    fate = _FATES[column.required]
    list_row(
        filled,
        "number_merged",
        lambda value: Text(
            f"{column.meaning.zh}“{value}”写在跨行的合并单元格中, 只计入第一行, 本行{fate.zh}; 请取消合并并逐行填写。",
            f'{column.meaning.en} "{value}" stands in a cell merged over several rows and counts for the first only; here {fate.en}. '
            "Unmerge the cell and fill in each row.",
        ),
        column=column.name,
        values=table.frame[header].tolist(),
    )
    states[filled] = "merged"
    return np.where(filled, np.nan, values)


# Words


def read_words(draft: Draft) -> pd.DataFrame:
    """Return the layer's columns typed: text, numbers (NaN where absent), yes or no; faults are listed."""
    columns: dict[str, Any] = {}
    for column in draft.layer.columns:
        cells = draft.raw[column.name]
        if column.kind == "number":
            columns[column.name] = draft.figures[column.name].to_numpy(dtype=float)
        elif column.kind == "yes_no":
            columns[column.name] = _choices(draft, column, read_yes_no, "yes_no_unreadable", _YES_NO_CHOICES)
        elif column.name == "status":
            columns[column.name] = _choices(draft, column, read_status, "status_unknown", _STATUS_CHOICES)
        elif column.name == "scope":
            columns[column.name] = _soft_choices(draft, column, read_scope)
        elif column.name == "kind" and draft.layer.name == "committees":
            columns[column.name] = _soft_choices(draft, column, read_committee_kind)
        else:
            read = clean_id if column.name.endswith("_id") else clean_text
            columns[column.name] = map_unique(cells, read)
            if column.required:
                _require_value(draft, column, columns[column.name])
    return pd.DataFrame(columns, index=draft.raw.index)


_STATUS_CHOICES = Text(
    "现状、在建、规划、关闭 (或 " + ", ".join(STATUSES) + ")", "one of " + ", ".join(STATUSES)
)
_YES_NO_CHOICES = Text("是或否", "yes or no")


def _choices(draft: Draft, column: Column, read: Callable[[Any], Any], code: str, choices: Text) -> list[Any]:
    values = map_unique(draft.raw[column.name], read)
    draft.findings.error(
        [v is None for v in values],
        code,
        lambda value: Text(
            f"{column.name} “{value}”无法识别, 该行未采用; 请改为{choices.zh}。",
            f'{column.name} "{value}" is not known; the row was left out. Write {choices.en}.',
        ),
        column=column.name,
        values=draft.raw[column.name].tolist(),
    )
    default = read("")
    return [default if v is None else v for v in values]


def _soft_choices(draft: Draft, column: Column, read: Callable[[Any], str | None]) -> list[str]:
    """Read a choice that has a fallback: an unreadable one is blank and listed as a warning."""
    values = map_unique(draft.raw[column.name], read)
    draft.findings.warn(
        [v is None for v in values],
        f"{column.name}_unknown",
        lambda value: Text(
            f"{column.meaning.zh}: “{value}”无法识别, 按空白处理; 请改正。",
            f'{column.meaning.en}: "{value}" is not known and taken as blank; correct it.',
        ),
        column=column.name,
        values=draft.raw[column.name].tolist(),
    )
    return ["" if v is None else v for v in values]


def _require_value(draft: Draft, column: Column, values: Sequence[str]) -> None:
    draft.findings.error(
        [v == "" for v in values],
        "value_missing",
        lambda _: Text(
            f"{column.meaning.zh}为空, 该行未采用; 请补填。",
            f"{column.meaning.en} is blank; the row was left out. Fill it in.",
        ),
        column=column.name,
    )


# Ids


def list_duplicates(draft: Draft, ids: Sequence[str], column: str) -> None:
    """List every later row of an id as an error; faulty and blank rows do not count."""
    first: dict[str, int] = {}
    firsts: dict[int, int] = {}
    rows = draft.findings.places["row"].to_numpy()
    for i, (value, faulty) in enumerate(zip(ids, draft.findings.faulty, strict=True)):
        if faulty or value == "":
            continue
        if value in first:
            firsts[i] = int(rows[first[value]])
        else:
            first[value] = i
    for i, row in firsts.items():
        mask = np.zeros(len(rows), dtype=bool)
        mask[i] = True
        draft.findings.error(mask, "duplicate", partial(_duplicate, column, row), column=column, values=ids)


def _duplicate(column: str, row: int, value: str) -> Text:
    return Text(
        f"{column} “{value}”与第 {row} 行重复, 该行未采用, 保留第 {row} 行; 请核对。",
        f'{column} "{value}" is the same as in row {row}; this row was left out and row {row} kept. Check them.',
    )


def stable_ids(prefix: str, names: Sequence[str], geometry: Shapes) -> list[str]:
    """Return ids made from name and position (centre, to a metre), whatever the order of rows.

    >>> ids = stable_ids("site", ["近浦村", "近浦村"], shapely.points([[0.2, 0], [900, 0]]))
    >>> ids[0] == stable_ids("site", ["近浦村"], shapely.points([[0.1, 0]]))[0], ids[0] == ids[1]
    (True, False)
    """
    centres = shapely.centroid(geometry)
    xs, ys = shapely.get_x(centres), shapely.get_y(centres)
    return [
        f"{prefix}-{_digest(f'{key(name)}|{_whole(x)}|{_whole(y)}')}"
        for name, x, y in zip(names, xs, ys, strict=True)
    ]


def _whole(value: float) -> str:
    return "" if math.isnan(value) else str(round(value))


def _digest(text: str) -> str:
    return hashlib.blake2b(text.encode("utf-8", "replace"), digest_size=5).hexdigest()


def nearest_word(word: str, known: Sequence[str], *, cutoff: float = 50) -> str:
    """Return the known word most like a word, or "".

    >>> nearest_word("老年活动中心站", ["菜场", "老年活动中心"])
    '老年活动中心'
    """
    best = process.extractOne(word, known, scorer=fuzz.ratio, score_cutoff=cutoff)
    return "" if best is None else str(best[0])


# Done


def accept(draft: Draft, columns: pd.DataFrame, *, ground: Ground) -> Accepted:
    """Return a draft without its faulty rows as a finished layer."""
    kept = ~draft.findings.faulty
    places = draft.findings.places
    numbers = {c.name for c in draft.layer.columns if c.kind == "number"}
    flags = {c.name for c in draft.layer.columns if c.kind == "yes_no"}
    kinds = {c: "float64" if c in numbers else "bool" if c in flags else "str" for c in columns.columns}
    rows = columns.astype(kinds).assign(
        row=places["row"].to_numpy(dtype="int64"), source_row=places["source_row"].to_numpy(dtype="int64")
    )
    frame = gpd.GeoDataFrame(
        rows[kept].reset_index(drop=True),
        geometry=gpd.GeoSeries(draft.geometry[kept], crs=ground.crs),
        crs=ground.crs,
    )
    return Accepted(
        frame=frame,
        problems=tuple(draft.findings.problems),
        rows_read=len(draft.raw) + draft.set_aside,
        source_xy=draft.source_xy[kept],
        datum=draft.datum,
        file=str(places["file"].iloc[0]).split(" [", maxsplit=1)[0] if len(places) else "",
    )


def read_plain_layer(layer: Layer, draft: Draft, *, ground: Ground) -> Accepted:
    """Finish a layer without rules of its own beyond unique ids."""
    columns = read_words(draft)
    own_id = {"committees": "committee_id", "circles": "circle_id", "spaces": "space_id"}.get(layer.name)
    if own_id is not None:
        list_duplicates(draft, columns[own_id].tolist(), own_id)
    return accept(draft, columns, ground=ground)
