"""Write a study folder made from OpenStreetMap: whole or not at all, never over a user's work."""

import hashlib
import json
import shutil
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import geopandas as gpd

from ...errors import SettingsError
from ...tables import LAYERS
from ...texts import Text

RECORD = "osm_import.json"
"""What the import was made from, and the SHA-256 of every file that it wrote."""


def refuse_occupied(study: Path) -> None:
    """Refuse a target that holds anything but the untouched files of an earlier import.

    Raises:
        SettingsError: it is a file, or holds something that would be lost.
    """
    if not study.exists():
        return
    if not study.is_dir():
        raise SettingsError(
            Text(
                f"{study} 是文件, 不是文件夹; 请换一个名称。",
                f"{study} is a file, not a folder; choose another name.",
            )
        )
    written = _recorded(study)
    for path in sorted(study.rglob("*")):
        name = path.relative_to(study).as_posix()
        if path.is_file() and name != RECORD and written.get(name) != _sha256(path):
            raise SettingsError(
                Text(
                    f"{study} 中已有文件 {name}, 它不是上次导入的原样, 为免丢失不覆盖; 请换一个文件夹或先移走它。",
                    f"{study} already holds {name}, which is not as an earlier import left it and would be lost; "
                    "choose another folder or move it away.",
                )
            )


def _recorded(study: Path) -> dict[str, str]:
    try:
        files = json.loads((study / RECORD).read_text(encoding="utf-8"))["files"]
    except (OSError, ValueError, KeyError, TypeError):
        return {}
    return files if isinstance(files, dict) else {}


def _sha256(path: Path) -> str:
    with path.open("rb") as file:
        return hashlib.file_digest(file, "sha256").hexdigest()


@contextmanager
def swapped_in(study: Path) -> Iterator[Path]:
    """Yield a new folder beside ``study``; on success it takes its place, on failure nothing is left.

    Raises:
        SettingsError: the folder cannot be made or replaced.
    """
    try:
        study.parent.mkdir(parents=True, exist_ok=True)
        draft = Path(tempfile.mkdtemp(prefix=f".{study.name}.", dir=study.parent))
    except OSError as error:
        raise _not_writable(study, error) from None
    try:
        (draft / "new").mkdir()
        yield draft / "new"
        try:
            if study.exists():
                study.rename(draft / "old")
            (draft / "new").rename(study)
        except OSError as error:
            if not study.exists() and (draft / "old").exists():
                (draft / "old").rename(study)
            raise _not_writable(study, error) from None
    finally:
        shutil.rmtree(draft, ignore_errors=True)


def _not_writable(study: Path, error: OSError) -> SettingsError:
    return SettingsError(
        Text(
            f"无法写入 {study} ({error.strerror}); 请检查权限, 并关闭打开着其中文件的程序。",
            f"{study} cannot be written ({error.strerror}); check permissions and close programs that use its files.",
        )
    )


def write_layers(folder: Path, layers: dict[str, gpd.GeoDataFrame]) -> dict[str, str]:
    """Write the layers that have rows or are required as GeoPackages in EPSG:4326; return layer → file name."""
    files = {}
    for name, frame in layers.items():
        if len(frame) or LAYERS[name].required:
            files[name] = f"{name}.gpkg"
            frame.to_crs("EPSG:4326").to_file(
                folder / files[name], layer=name, driver="GPKG", engine="pyogrio"
            )
    return files


def study_toml(name: str, crs: str, data_date: str, files: dict[str, str], surveyed: list[str]) -> str:
    """Return the text of ``study.toml``.

    >>> print(study_toml("浦锦", "EPSG:32651", "", {"streets": "streets.gpkg"}, ["toilet"]).splitlines()[0])
    name = "浦锦"
    """
    lines = [f"name = {_quoted(name)}", f"crs = {_quoted(crs)}", 'profile = "shanghai"']
    if data_date:
        lines.append(f"data_date = {_quoted(data_date)}")
    lines.append("synthetic = false")
    for layer, file in files.items():
        lines += ["", f"[layers.{layer}]", f"path = {_quoted(file)}", 'datum = "wgs84"']
    listed = "\n".join(f"  {_quoted(facility_type)}," for facility_type in surveyed)
    lines += [
        "",
        "[settings]",
        "# OpenStreetMap 中有相应标签、会被普遍绘制的类型; 其余类型不评判。",
        "# Types that OpenStreetMap has tags for and that mappers commonly draw; others are not judged.",
        f"surveyed = [\n{listed}\n]",
        "# OpenStreetMap 的道路只在共用节点处相接; 地道口与近旁的路不因靠近而相连。",
        "# Ways of OpenStreetMap meet at shared nodes only; an underpass does not meet a street that it ends near.",
        "join_tolerance_m = 0",
    ]
    return "\n".join(lines) + "\n"


def _quoted(text: str) -> str:
    return json.dumps(text, ensure_ascii=False).replace("\x7f", "\\u007f")


def write_record(folder: Path, record: dict[str, Any]) -> None:
    """Write the record of the import with the SHA-256 of every file in the folder."""
    hashes = {path.name: _sha256(path) for path in sorted(folder.iterdir())}
    text = json.dumps(record | {"files": hashes}, ensure_ascii=False, indent=2)
    (folder / RECORD).write_text(text + "\n", encoding="utf-8")
