"""GeoJSON, GeoPackage, shapefile, parquet and OpenStreetMap extracts → raw tables."""

import warnings
from pathlib import Path
from typing import Any

import geopandas as gpd
import numpy as np
import pandas as pd
import pyogrio
from pyproj import CRS
from pyproj.exceptions import CRSError

from ...errors import SourceError
from ...study import LayerSpec
from ...tables import Layer
from ...texts import Text
from .encodings import decode, is_utf8
from .grids import unique_headers
from .raw import RawTable, read_bytes, unreadable


def read_vector(path: Path, file: str, layer: Layer, spec: LayerSpec) -> RawTable:
    """Read GeoJSON, a GeoPackage layer or a shapefile."""
    is_dbf = path.suffix.lower() == ".shp"
    is_json = path.suffix.lower() in (".geojson", ".json")
    source: Any = decode(read_bytes(path, file), file).encode() if is_json else path
    options: dict[str, Any] = {"encoding": "ISO-8859-1"} if is_dbf else {}
    if path.suffix.lower() == ".gpkg":
        options["layer"] = _package_layer(path, file, layer, spec)
    try:
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")  # what matters comes back as missing geometry
            frame = pyogrio.read_dataframe(source, fid_as_index=True, on_invalid="ignore", **options)
    except Exception as error:  # GDAL's errors come as several types
        raise unreadable(file, error, _vector_advice(is_dbf)) from None
    if is_dbf:
        frame = _decode_dbf(frame, path)
    return _from_frame(frame, file, is_dbf=is_dbf, default_crs=is_json)


def _vector_advice(is_dbf: bool) -> Text:
    if is_dbf:
        return Text(
            "请确认同名的 .shp、.shx、.dbf 都在同一文件夹且完整。",
            "make sure that .shp, .shx and .dbf of the same name lie together and are complete.",
        )
    return Text(
        "文件可能不完整或格式不符, 请在 QGIS 中打开后重新导出。",
        "it may be incomplete or of another format; open it in QGIS and export it anew.",
    )


def _package_layer(path: Path, file: str, layer: Layer, spec: LayerSpec) -> str:
    """Return the layer of a GeoPackage: as named, of the study layer's name, or the only one with geometry."""
    try:
        listed = pyogrio.list_layers(path)
    except Exception as error:  # GDAL's errors come as several types
        raise unreadable(file, error, _vector_advice(is_dbf=False)) from None
    names = [str(name) for name, _ in listed if name != "layer_styles"]  # QGIS keeps styles there
    spatial = [str(name) for name, kind in listed if kind is not None and str(name) in names]
    if spec.layer is not None:
        chosen = [n for n in names if n == spec.layer]
    else:
        own = [n for n in names if n.lower() in (layer.name, layer.title.zh)]
        chosen = own or (spatial if len(spatial) == 1 else names if len(names) == 1 else [])
    if chosen:
        return chosen[0]
    shown = "、".join(names) or "—"
    raise SourceError(
        Text(
            f"{file} 中找不到图层 {spec.layer}; 现有: {shown}。请改正 study.toml 中的 layer。"
            if spec.layer is not None
            else f"{file} 有多个图层: {shown}; 请在 study.toml 的 [layers.{layer.name}] 中用 layer 指定一个。",
            f"{file} has no layer {spec.layer}; there are: {shown}. Correct layer in study.toml."
            if spec.layer is not None
            else f"{file} has these layers: {shown}; name one with layer in [layers.{layer.name}] of study.toml.",
        )
    )


def _decode_dbf(frame: pd.DataFrame, path: Path) -> pd.DataFrame:
    """Undo the byte-for-byte reading: names and texts may end within a character cut by the format."""
    encoding = _dbf_encoding(path)

    def text(value: Any) -> Any:
        return value.encode("latin-1").decode(encoding, "ignore") if isinstance(value, str) else value

    changed = {
        name: [text(v) for v in frame[name].tolist()]
        for name in frame.columns
        if name != "geometry" and not pd.api.types.is_numeric_dtype(frame[name])
    }
    decoded = frame.assign(
        **{name: pd.Series(v, index=frame.index, dtype=object) for name, v in changed.items()}
    )
    return decoded.rename(columns={name: text(name) for name in frame.columns if name != "geometry"})


def _dbf_encoding(path: Path) -> str:
    # The declared code page is wrong too often to be trusted before the bytes themselves.
    dbf = next((p for p in (path.with_suffix(".dbf"), path.with_suffix(".DBF")) if p.is_file()), None)
    return "utf-8" if dbf is None or is_utf8(_dbf_texts(dbf.read_bytes())) else "gb18030"


def _dbf_texts(data: bytes) -> bytes:
    """Return the field names and records of a dBASE table, without the binary parts of its header."""
    header_size = int.from_bytes(data[8:10], "little")
    names = [data[at : at + 11].rstrip(b"\0") for at in range(32, header_size - 1, 32)]
    return b"\n".join([*names, data[header_size:]])


def _from_frame(
    frame: pd.DataFrame, file: str, *, is_dbf: bool = False, default_crs: bool = False
) -> RawTable:
    is_geo = isinstance(frame, gpd.GeoDataFrame)
    geometry = frame.geometry.to_numpy() if is_geo else None
    plain = pd.DataFrame(frame.drop(columns=frame.geometry.name) if is_geo else frame).astype(object)
    plain.columns = pd.Index(unique_headers(list(plain.columns)))
    return RawTable(
        file=file,
        frame=plain.reset_index(drop=True),
        source_rows=_row_numbers(frame.index),
        geometry=None if geometry is None else np.asarray(geometry, dtype=object),
        crs=_known_crs(frame.crs) if is_geo else None,
        is_dbf=is_dbf,
        default_crs=default_crs and is_geo,
    )


def _row_numbers(index: pd.Index) -> np.ndarray:
    if pd.api.types.is_integer_dtype(index.dtype) and index.name == "fid":
        return np.asarray(index, dtype=np.int64)
    return np.arange(1, len(index) + 1, dtype=np.int64)


def _known_crs(crs: Any) -> CRS | None:
    """Return a usable coordinate system, or None for an absent, local or undefined one."""
    if crs is None:
        return None
    try:
        plain = CRS.from_user_input(crs).to_2d()
    except CRSError:
        return None
    return plain if plain.is_geographic or plain.is_projected else None


def read_parquet(path: Path, file: str) -> RawTable:
    """Read GeoParquet, or parquet without geometry."""
    try:
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")  # newer metadata versions
            try:
                frame = gpd.read_parquet(path)
            except ValueError:  # no geometry in it: a plain table
                frame = pd.read_parquet(path)
    except Exception as error:  # arrow's errors come as several types
        raise unreadable(
            file, error, Text("文件可能不完整, 请重新导出。", "it may be incomplete; export it anew.")
        ) from None
    return _from_frame(frame.reset_index(drop=True), file)


def read_osm(path: Path, file: str) -> RawTable:
    """Read the streets of an OpenStreetMap extract."""
    from ..osm import read_streets  # noqa: PLC0415  pyrosm is slow to import and seldom needed

    return _from_frame(read_streets(path).reset_index(drop=True), file)
