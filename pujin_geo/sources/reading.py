"""A study folder to ``Inputs``: every layer through the same door, all findings in one pass."""

from dataclasses import dataclass, field, replace
from pathlib import Path

import geopandas as gpd
import numpy as np
import pandas as pd

from ..catalogue import read_catalogue
from ..errors import PujinError, SourceError
from ..inputs import Inputs, SourceFile, empty_layer, empty_register
from ..reuse import kept
from ..study import LayerSpec, Study, read_study
from ..tables import LAYERS, REGISTERS, Layer, Problem
from ..texts import Text
from .datum_check import Surroundings, check_datum
from .facilities import Types, list_unknown_sites, read_facilities, types_of
from .files import display_name, hash_file
from .layers import Accepted, Draft, accept, read_draft, read_plain_layer, read_words
from .origin import as_first_read
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
    files: dict[Path, SourceFile] = field(default_factory=dict)


@dataclass(frozen=True)
class _Source:
    """A layer's file and how to read it: known by its content and its name in messages, wherever it lies."""

    file: str
    sha256: str
    options: LayerSpec
    spec: LayerSpec = field(compare=False)
    folder: Path = field(compare=False)

    @classmethod
    def of(cls, spec: LayerSpec, folder: Path, sha256: str) -> "_Source":
        return cls(display_name(spec.path, folder), sha256, replace(spec, path=Path()), spec, folder)


def load_study(folder: str | Path, *, profile: str | None = None) -> Inputs:
    """Read a study folder: its ``study.toml`` and every layer.

    The inputs that a run keeps come with the findings of the files that they were first read from.

    Args:
        folder: the study folder.
        profile: rule profile in place of the study's own: ``shanghai``, ``gb50180`` or a CSV in the folder.

    Raises:
        PujinError: as ``study.read_study`` and ``read_inputs``.

    >>> load_study("geodata/xiaohe").row_counts[["layer", "rows_read", "accepted"]].head(2).values.tolist()
    [['facilities', 28, 28], ['residents', 30, 30]]
    """
    study = read_study(Path(folder))
    return as_first_read(read_inputs(replace(study, profile=profile) if profile else study))


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
        files=_files(study, read),
    )


def _files(study: Study, read: _Read) -> tuple[SourceFile, ...]:
    """Return the study's files as they were read, in the order of their paths."""
    others = [path for name in ("study.toml", study.profile) if (path := study.folder / name).is_file()]
    found = read.files | {path: hash_file(path, study.folder) for path in others}
    return tuple(found[path] for path in sorted(found))


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
    spec, ground = study.layers[layer.name], _ground(study, read)
    file = display_name(spec.path, study.folder)
    done = read.accepted
    accepted = _accept_layer(
        layer,
        _Source.of(spec, study.folder, _hashed(spec.path, study, read)),
        ground,
        types=types if layer.name == "facilities" else None,
        committees=_committees(read, ground) if layer.name == "residents" else None,
        sites=tuple(done["facilities"].frame["site_id"])
        if layer.name == "entrances" and "facilities" in done
        else None,
    )
    if accepted is None:
        _refuse_empty(layer, file)
        return Accepted(
            frame=empty_layer(layer.name, study.crs),
            problems=(),
            rows_read=0,
            source_xy=np.empty((0, 2)),
            datum="",
            file=file,
        )
    _refuse_unusable(layer, accepted, file)
    return accepted


def _hashed(path: Path, study: Study, read: _Read) -> str:
    """Return the hash of a layer's file, "" where there is none to read: reading it says so in words."""
    try:
        read.files[path] = hash_file(path, study.folder)
    except OSError:
        return ""
    return read.files[path].sha256


@kept
def _accept_layer(
    layer: Layer,
    source: _Source,
    ground: Ground,
    *,
    types: Types | None,
    committees: gpd.GeoDataFrame | None,
    sites: tuple[str, ...] | None,
) -> Accepted | None:
    """Read one layer's file; None where it has no row.

    Residents are compared with the committees, entrances with the facilities' sites.

    Raises:
        SourceError: the file is not, or no longer, the one with this hash.
    """
    spec, folder = source.spec, source.folder
    draft = read_draft(layer, spec, folder=folder, ground=ground)
    if hash_file(spec.path, folder).sha256 != source.sha256:
        raise SourceError(
            Text(
                f"{display_name(spec.path, folder)} 在读入时被改动; 请等保存完成后再运行。",
                f"{display_name(spec.path, folder)} was changed while it was read; wait until it is saved, then run again.",
            )
        )
    if draft is None:
        return None
    if types is not None:
        return read_facilities(draft, types, ground=ground)
    if committees is not None:
        return read_residents(draft, committees, ground=ground)
    if layer.name == "entrances":
        return _read_entrances(draft, sites, ground)
    return read_plain_layer(layer, draft, ground=ground)


def _committees(read: _Read, ground: Ground) -> gpd.GeoDataFrame:
    done = read.accepted.get("committees")
    return empty_layer("committees", ground.crs) if done is None else done.frame


def _read_entrances(draft: Draft, sites: tuple[str, ...] | None, ground: Ground) -> Accepted:
    columns = read_words(draft)
    if sites is not None:
        list_unknown_sites(draft, columns, set(sites))
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
    around = Surroundings(
        streets=layers["streets"],
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
