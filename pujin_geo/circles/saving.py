"""Putting drawn circles into a study folder: the layer's file, and its entry in ``study.toml``."""

import shutil
import tomllib
from pathlib import Path

import geopandas as gpd

from ..errors import SettingsError, SourceError
from ..study import Study
from ..texts import Text
from .files import GEOJSON, GEOPACKAGE, LAYER, write_circles

FILE_NAME = "circles.geojson"
_SAME_DATUM = ("wgs84", "epsg:4326", "4326")
"""How a study may name the datum in which circles are written."""

_ENTRY = '\n[layers.circles]             # 由 pujin-geo circles 划示, 示意 · 内部讨论 / drawn, not an approved boundary\npath = "{file}"\ndatum = "wgs84"\n'


def layer_path(study: Study, out: Path | None) -> Path:
    """Return where drawn circles go: ``out``, else the file of the study's circles layer.

    Raises:
        SettingsError: that file is neither GeoJSON nor GeoPackage, or the study reads it in another datum.
    """
    if out is not None:
        if out.suffix.lower() not in (*GEOJSON, *GEOPACKAGE):
            raise SettingsError(
                Text(
                    f"生活圈以 GeoJSON 或 GeoPackage 写出, 文件名请以 .geojson 或 .gpkg 结尾, 而不是 {out.name}。",
                    f"Circles are written as GeoJSON or GeoPackage; end the file name in .geojson or .gpkg, not {out.name}.",
                )
            )
        return out
    spec = study.layers.get("circles")
    if spec is None:
        return study.folder / FILE_NAME
    writable = spec.path.suffix.lower() in (*GEOJSON, *GEOPACKAGE)
    if not writable or (spec.datum or "wgs84").lower() not in _SAME_DATUM:
        raise SettingsError(
            Text(
                f"study.toml 中的生活圈图层 {spec.path.name} 不是 WGS84 的 GeoJSON 或 GeoPackage, 不予覆盖; 请用 "
                "-o 文件名.geojson 另存, 或先删去 study.toml 的 [layers.circles] 一节。",
                f"The circles layer {spec.path.name} of study.toml is no GeoJSON or GeoPackage in WGS84 and is not "
                "overwritten; write elsewhere with -o FILE.geojson, or remove [layers.circles] from study.toml first.",
            )
        )
    return spec.path


def save(circles: gpd.GeoDataFrame, study: Study, *, out: str | Path | None = None) -> Path:
    """Write circles as the study's layer (or to ``out``) and enter the layer in ``study.toml`` if it lacks it.

    An earlier file of the study is kept beside the new one as ``….previous.geojson``.

    Returns:
        The file written.

    Raises:
        SettingsError: see ``layer_path``.
        SourceError: a file cannot be written.

    >>> import tempfile
    >>> from pujin_geo import load_study
    >>> inputs = load_study("geodata/xiaohe")
    >>> with tempfile.TemporaryDirectory() as here:
    ...     save(inputs.circles, inputs.study, out=f"{here}/circles.geojson").name
    'circles.geojson'
    """
    out = None if out is None else Path(out)
    path = layer_path(study, out)
    if out is None and path.is_file():
        shutil.copyfile(path, path.with_name(f"{path.stem}.previous{path.suffix}"))
    spec = study.layers.get("circles") if out is None else None
    headers = spec.columns if spec else {}
    write_circles(circles, path, layer=(spec.layer if spec else None) or LAYER, headers=headers)
    if out is None and "circles" not in study.layers:
        _enter(study.folder / "study.toml", path.name)
    return path


def _enter(toml: Path, file: str) -> None:
    """Append the layer's entry; the text before it stays as it is, byte for byte."""
    before = toml.read_bytes()
    newline = b"\r\n" if b"\r\n" in before else b"\n"
    gap = b"" if before.endswith(b"\n") else newline
    entry = _ENTRY.format(file=file).encode().replace(b"\n", newline)
    try:
        tomllib.loads((before + gap + entry).decode("utf-8-sig"))
        toml.write_bytes(before + gap + entry)
    except (OSError, tomllib.TOMLDecodeError) as error:
        raise SourceError(
            Text(
                f'生活圈已写入 {file}, 但 {toml} 无法补写: {error}。请手工加入 [layers.circles] path = "{file}"。',
                f"The circles were written to {file}, but {toml} could not be added to: {error}. Add by hand: "
                f'[layers.circles] path = "{file}".',
            )
        ) from error
