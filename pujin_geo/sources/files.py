"""Files in every format that a study may name, to raw tables: cells as written, nothing judged yet."""

import hashlib
from pathlib import Path

from rapidfuzz import fuzz, process

from ..errors import SourceError
from ..inputs import SourceFile
from ..study import LayerSpec
from ..tables import Layer
from ..texts import Text
from .formats.delimited import read_csv
from .formats.geodata import read_osm, read_parquet, read_vector
from .formats.raw import RawTable
from .formats.workbooks import read_workbook

TABLE_FORMATS = (".csv", ".tsv", ".xlsx", ".xlsm")
VECTOR_FORMATS = (".geojson", ".json", ".gpkg", ".shp")
FORMATS = (*TABLE_FORMATS, *VECTOR_FORMATS, ".parquet")


def read_raw(layer: Layer, spec: LayerSpec, *, folder: Path) -> list[RawTable]:
    """Read the file of a layer: one table, or one per sheet of a workbook.

    Raises:
        SourceError: the file is missing, of an unknown format, or cannot be read.
    """
    path = spec.path
    file = display_name(path, folder)
    _refuse_absent(path, file)
    ending = path.suffix.lower()
    if path.name.lower().endswith(".osm.pbf") and layer.name == "streets":
        return [read_osm(path, file)]
    if ending in (".csv", ".tsv"):
        return [read_csv(path, file, layer, spec)]
    if ending in (".xlsx", ".xlsm"):
        return read_workbook(path, file, layer, spec)
    if ending in VECTOR_FORMATS:
        return [read_vector(path, file, layer, spec)]
    if ending == ".parquet":
        return [read_parquet(path, file)]
    listed = " ".join(f for f in FORMATS if f not in (".tsv", ".xlsm", ".json"))
    old = ending in (".xls", ".et", ".wps")
    raise SourceError(
        Text(
            f"{file}: 不支持的格式 {ending or '(无扩展名)'}; 可用 {listed} (道路还可用 .osm.pbf)。"
            + ("请在 Excel 或 WPS 中另存为 .xlsx。" if old else "请另存为其中一种。"),
            f"{file}: the format {ending or '(no ending)'} is not supported; use {listed} (streets also .osm.pbf). "
            + ("Save it as .xlsx in Excel or WPS." if old else "Save it as one of these."),
        )
    )


def hash_file(path: Path, folder: Path) -> SourceFile:
    """Return a file's name for messages, its size and the hash of its bytes, all parts of a shapefile together.

    Raises:
        OSError: it is missing or cannot be read.
    """
    parts = [path]
    if path.suffix.lower() == ".shp":
        parts = sorted(path.parent.glob(f"{path.stem}.*"))
    elif path.suffix.lower() == ".gpkg":
        # What an open program has not yet written back lies in a file of its own.
        parts += sorted(path.parent.glob(f"{path.name}-wal"))
    digest = hashlib.sha256()
    size = 0
    for part in parts:
        content = part.read_bytes()
        size += len(content)
        digest.update(content)
    return SourceFile(display_name(path, folder), size, digest.hexdigest())


def display_name(path: Path, folder: Path) -> str:
    """Return a file's name for messages: its path within the study folder."""
    try:
        return path.relative_to(folder).as_posix()
    except ValueError:
        return path.name


def _refuse_absent(path: Path, file: str) -> None:
    if path.is_file():
        return
    if path.is_dir():
        raise SourceError(
            Text(
                f"{file} 是文件夹, 不是文件; 请在 study.toml 的 path 中写到文件名。",
                f"{file} is a folder, not a file; give the file's name in path of study.toml.",
            )
        )
    siblings = [p.name for p in path.parent.iterdir()] if path.parent.is_dir() else []
    best = process.extractOne(path.name, siblings, scorer=fuzz.ratio, score_cutoff=70)
    near = Text(f"是否为“{best[0]}”? ", f'is it "{best[0]}"? ') if best else Text("", "")
    raise SourceError(
        Text(
            f"找不到文件 {file}; {near.zh}请检查 study.toml 中的 path。",
            f"There is no file {file}; {near.en}check path in study.toml.",
        )
    )
