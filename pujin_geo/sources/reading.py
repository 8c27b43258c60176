"""A study folder to ``Inputs``: every layer through the same door, all findings in one pass."""

from collections.abc import Callable
from dataclasses import dataclass, field, replace
from pathlib import Path

import geopandas as gpd
import numpy as np
import pandas as pd

from ..catalogue import read_catalogue
from ..errors import PujinError, SourceError
from ..inputs import Inputs, empty_layer, empty_register
from ..study import Study, read_study
from ..tables import LAYERS, REGISTERS, Layer, Problem
from ..texts import Text
from .datum_check import Surroundings, check_datum
from .facilities import Types, list_unknown_sites, read_facilities, types_of
from .files import display_name
from .layers import Accepted, Draft, accept, read_draft, read_plain_layer, read_words
from .places import Ground
from .residents import read_residents

READING_ORDER = (
    *("boundary", "extent"),  # where the study lies, before anything is judged by it
    *("streets", "water", "green", "residential_land", "barriers", "committees", "circles"),
    *("facilities", "entrances", "residents", "spaces", "ledger", "reconciliation"),
)
READ = {**LAYERS, **REGISTERS}
AREA_LAYERS = ("boundary", "extent")
POINT_LAYERS = ("facilities", "residents", "entrances", "spaces")
ROW_COUNT_COLUMNS = ["layer", "file", "rows_read", "accepted", "rejected"]


@dataclass
class _Read:
    """What has been read so far."""

    accepted: dict[str, Accepted] = field(default_factory=dict)
    refusals: list[PujinError] = field(default_factory=list)


def load_study(folder: str | Path, *, profile: str | None = None) -> Inputs:
    """Read a study folder: its ``study.toml`` and every layer.

    Args:
        folder: the study folder.
        profile: rule profile in place of the study's own: ``shanghai``, ``gb50180`` or a CSV in the folder.

    Raises:
        PujinError: as ``study.read_study`` and ``read_inputs``.

    >>> load_study("geodata/xiaohe").row_counts[["layer", "rows_read", "accepted"]].head(2).values.tolist()
    [['facilities', 28, 28], ['residents', 30, 30]]
    """
    study = read_study(Path(folder))
    return read_inputs(replace(study, profile=profile) if profile else study)


def read_inputs(study: Study) -> Inputs:
    """Read and check every layer of a study.

    Args:
        study: from ``study.read_study``; its files are opened here.

    Returns:
        The accepted rows in the study's CRS (metres), the catalogue, every finding, and per layer the rows
        read, accepted and rejected. A facility row with several functions counts as that many rows.

    Raises:
        SourceError: a required layer is absent, empty or wholly faulty, a file cannot be read or lacks a
            required column or coordinate system, or no street is walkable; all such refusals together.
        SettingsError: the catalogue or a datum is wrong.
    """
    catalogue = read_catalogue(study.profile, folder=study.folder)
    types = types_of(catalogue)
    read = _Read()
    _refuse_absent_layers(study, read)
    for name in READING_ORDER:
        if name in study.layers:
            try:
                read.accepted[name] = _read_layer(READ[name], study, types, read)
            except PujinError as refusal:
                read.refusals.append(refusal)
    _raise_refusals(read.refusals)
    layers = {name: _frame(name, study, read) for name in LAYERS}
    doubts = _datum_doubts(study, read, layers)
    problems = [p for name in READ if name in read.accepted for p in _sorted(read.accepted[name].problems)]
    return Inputs(
        study=study,
        catalogue=catalogue,
        **layers,
        problems=(*problems, *doubts),
        row_counts=_row_counts(study, read),
        ledger=_register("ledger", read),
        reconciliation=_register("reconciliation", read),
    )


def _refuse_absent_layers(study: Study, read: _Read) -> None:
    for layer in LAYERS.values():
        if layer.required and layer.name not in study.layers:
            read.refusals.append(
                SourceError(
                    Text(
                        f"study.toml 中没有必需的图层 {layer.name} ({layer.title.zh}); 请增加 [layers.{layer.name}] 和 path。",
                        f"study.toml lacks the required layer {layer.name}; add [layers.{layer.name}] with a path.",
                    )
                )
            )


def _raise_refusals(refusals: list[PujinError]) -> None:
    if not refusals:
        return
    if len(refusals) == 1:
        raise refusals[0]
    raise SourceError(Text("\n".join(r.text.zh for r in refusals), "\n".join(r.text.en for r in refusals)))


def _read_layer(layer: Layer, study: Study, types: Types, read: _Read) -> Accepted:
    ground = _ground(study, read)
    draft = read_draft(layer, study.layers[layer.name], folder=study.folder, ground=ground)
    file = display_name(study.layers[layer.name].path, study.folder)
    if draft is None:
        _refuse_empty(layer, file)
        return Accepted(
            frame=empty_layer(layer.name, study.crs),
            problems=(),
            rows_read=0,
            source_xy=np.empty((0, 2)),
            datum="",
            file=file,
        )
    accepted = _finish(layer, draft, types, ground, read)
    _refuse_unusable(layer, accepted, file)
    return accepted


def _finish(layer: Layer, draft: Draft, types: Types, ground: Ground, read: _Read) -> Accepted:
    readers: dict[str, Callable[[], Accepted]] = {
        "facilities": lambda: read_facilities(draft, types, ground=ground),
        "residents": lambda: read_residents(draft, _committees(read, ground), ground=ground),
        "entrances": lambda: _read_entrances(draft, read, ground),
    }
    return readers.get(layer.name, lambda: read_plain_layer(layer, draft, ground=ground))()


def _committees(read: _Read, ground: Ground) -> gpd.GeoDataFrame:
    done = read.accepted.get("committees")
    return empty_layer("committees", ground.crs) if done is None else done.frame


def _read_entrances(draft: Draft, read: _Read, ground: Ground) -> Accepted:
    columns = read_words(draft)
    if "facilities" in read.accepted:
        list_unknown_sites(draft, columns, set(read.accepted["facilities"].frame["site_id"]))
    return accept(draft, columns, ground=ground)


def _ground(study: Study, read: _Read) -> Ground:
    areas = [
        read.accepted[n].frame for n in AREA_LAYERS if n in read.accepted and len(read.accepted[n].frame)
    ]
    if not areas:
        return Ground(study.crs)
    bounds = np.array([frame.total_bounds for frame in areas])
    west, south = bounds[:, :2].min(axis=0)
    east, north = bounds[:, 2:].max(axis=0)
    return Ground(study.crs, (float(west), float(south), float(east), float(north)))


def _is_needed(layer: Layer) -> bool:
    # A boundary that cannot be used must not turn into "no boundary" unnoticed.
    return layer.required or layer.name in AREA_LAYERS


def _refuse_empty(layer: Layer, file: str) -> None:
    if _is_needed(layer):
        raise SourceError(
            Text(
                f"{file} 没有数据行, {layer.title.zh}不能为空; 请填写数据或换一个文件。",
                f"{file} has no data row; {layer.title.en} must not be empty. Fill it in or name another file.",
            )
        )


def _refuse_unusable(layer: Layer, accepted: Accepted, file: str) -> None:
    if _is_needed(layer) and not len(accepted.frame):
        first = next(p for p in accepted.problems if p.severity == "error")
        at = "" if first.source_row is None else str(first.source_row)
        raise SourceError(
            Text(
                f"{file} 的 {accepted.rows_read} 行都有错误, 没有可用的{layer.title.zh}; 第一处 (文件第 {at} 行): {first.message.zh}",
                f"All {accepted.rows_read} rows of {file} are faulty, so there are no {layer.title.en}; the first (row {at} of "
                f"the file): {first.message.en}",
            )
        )
    if layer.name == "streets" and not accepted.frame["walkable"].any():
        raise SourceError(
            Text(
                f"{file} 中没有可步行的道路 (walkable 全为否); 请检查 walkable 列。",
                f"{file} has no walkable line (walkable is no everywhere); check the column walkable.",
            )
        )


def _datum_doubts(study: Study, read: _Read, layers: dict[str, gpd.GeoDataFrame]) -> list[Problem]:
    streets = layers["streets"]
    around = Surroundings(
        streets=streets[streets["walkable"]],
        water=layers["water"],
        area=layers["extent"] if len(layers["extent"]) else layers["boundary"],
        max_snap_m=study.settings.max_snap_m,
    )
    checked = [(LAYERS[n], read.accepted[n]) for n in POINT_LAYERS if n in read.accepted]
    doubts = [check_datum(layer, done, around, crs=study.crs) for layer, done in checked]
    return [doubt for doubt in doubts if doubt is not None]


def _frame(name: str, study: Study, read: _Read) -> gpd.GeoDataFrame:
    return read.accepted[name].frame if name in read.accepted else empty_layer(name, study.crs)


def _register(name: str, read: _Read) -> pd.DataFrame:
    if name not in read.accepted:
        return empty_register(name)
    return pd.DataFrame(read.accepted[name].frame.drop(columns="geometry"))


def _sorted(problems: tuple[Problem, ...]) -> list[Problem]:
    return sorted(problems, key=lambda p: p.row or 0)


def _row_counts(study: Study, read: _Read) -> pd.DataFrame:
    rows = [
        (
            name,
            study.layers[name].path.name,
            done.rows_read,
            len(done.frame),
            done.rows_read - len(done.frame),
        )
        for name in READ
        if (done := read.accepted.get(name)) is not None
    ]
    return pd.DataFrame(rows, columns=ROW_COUNT_COLUMNS)
