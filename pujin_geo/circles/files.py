"""Writing and reading a circles layer: GeoJSON or GeoPackage, in WGS84."""

import json
import math
import shutil
from collections.abc import Mapping
from pathlib import Path
from types import MappingProxyType

import geopandas as gpd
import numpy as np
import pandas as pd
import pyogrio
import shapely
from pyproj import CRS, Transformer

from ..errors import SourceError
from ..texts import Text
from .describe import MARK
from .layer import TEXT_COLUMNS
from .polygons import to_wgs84

GEOJSON, GEOPACKAGE = (".geojson", ".json"), (".gpkg",)
LAYER = "circles"
_GDAL_ERRORS = (pyogrio.errors.DataSourceError, pyogrio.errors.DataLayerError)
AS_IS: Mapping[str, str] = MappingProxyType({})


def write_circles(
    circles: gpd.GeoDataFrame, path: Path, *, layer: str = LAYER, headers: Mapping[str, str] = AS_IS
) -> None:
    """Write circles in WGS84, as GeoPackage if the file is called so, else as GeoJSON.

    The same circles give the same bytes of GeoJSON. Other layers of a GeoPackage stay.

    Args:
        circles: the layer in any CRS; ``mark`` is added where it is missing.
        path: the file; it is replaced in one step.
        layer: name inside a GeoPackage.
        headers: column → header in the file, where they differ.

    Raises:
        SourceError: the file cannot be written.
    """
    geometry = to_wgs84(circles.geometry.to_numpy(), circles.crs)
    plain = pd.DataFrame(circles).drop(columns=[circles.geometry.name, "row", "source_row"], errors="ignore")
    plain = plain.assign(mark=MARK).rename(columns=dict(headers))
    staged = path.with_name(f".{path.stem}.tmp{path.suffix}")
    try:
        if path.suffix.lower() in GEOPACKAGE:
            _write_geopackage(plain, geometry, path, staged, layer)
        else:
            staged.write_text(_geojson(plain, geometry), encoding="utf-8")
        staged.replace(path)
    except (OSError, *_GDAL_ERRORS) as error:
        reason = getattr(error, "strerror", None) or error
        raise SourceError(
            Text(
                f"生活圈无法写入 {path}: {reason}。请检查文件夹、权限和磁盘空间。",
                f"The circles cannot be written to {path}: {reason}. Check folder, rights and space.",
            )
        ) from error
    finally:
        staged.unlink(missing_ok=True)


def _write_geopackage(
    plain: pd.DataFrame, geometry: np.ndarray, path: Path, staged: Path, layer: str
) -> None:
    if path.is_file():
        shutil.copyfile(path, staged)
    frame = gpd.GeoDataFrame(plain, geometry=list(geometry), crs="EPSG:4326")
    pyogrio.write_dataframe(frame, staged, layer=layer, driver="GPKG")


def _geojson(plain: pd.DataFrame, geometry: np.ndarray) -> str:
    features = [
        json.dumps(
            {"type": "Feature", "properties": _plain(row), "geometry": shapely.geometry.mapping(shape)},
            ensure_ascii=False, allow_nan=False,
        )
        for row, shape in zip(plain.to_dict("records"), geometry, strict=True)
    ]  # fmt: skip
    return (
        '{"type": "FeatureCollection", "name": "circles", "features": [\n' + ",\n".join(features) + "\n]}\n"
    )


def _plain(row: Mapping[object, object]) -> dict[str, object]:
    return {str(key): _plain_value(value) for key, value in row.items()}


def _plain_value(value: object) -> object:
    if isinstance(value, np.generic):
        value = value.item()
    return None if value is None or (isinstance(value, float) and math.isnan(value)) else value


def read_circles(path: Path, crs: CRS, *, layer: str = LAYER) -> gpd.GeoDataFrame:
    """Read a layer that ``write_circles`` wrote, unchanged, with every column.

    For layers from elsewhere use the study's ``circles`` layer, which is read and checked with the rest.

    Args:
        path: GeoJSON or GeoPackage in WGS84.
        crs: of the result, that of the study.
        layer: name inside a GeoPackage.

    Raises:
        SourceError: the file is missing or holds no circles.
    """
    try:
        is_package = path.suffix.lower() in GEOPACKAGE
        frame, shapes = _read_geopackage(path, layer) if is_package else _read_geojson(path)
        frame["circle_id"] = frame["circle_id"].astype(str)
        if shapely.is_missing(shapes).any():
            raise ValueError("a circle without geometry")
    except (OSError, ValueError, KeyError, TypeError, AttributeError, *_GDAL_ERRORS) as error:
        raise SourceError(
            Text(
                f"{path} 不是可读的生活圈图层 ({error}); 请用 pujin-geo circles 重新生成。",
                f"{path} is no readable layer of circles ({error}); draw it again with pujin-geo circles.",
            )
        ) from None
    transform = Transformer.from_crs("EPSG:4326", crs, always_xy=True).transform
    metres = shapely.transform(shapes, lambda xy: np.column_stack(transform(*xy.T)))
    texts = [c for c in TEXT_COLUMNS if c in frame]
    frame[texts] = frame[texts].astype("str").where(frame[texts].notna(), "")
    return gpd.GeoDataFrame(frame, geometry=list(metres), crs=crs)


def _read_geojson(path: Path) -> tuple[pd.DataFrame, np.ndarray]:
    raw = json.loads(path.read_text(encoding="utf-8"))
    rows = [feature["properties"] for feature in raw["features"]]
    shapes = [shapely.geometry.shape(feature["geometry"]) for feature in raw["features"]]
    return pd.DataFrame(rows), np.array(shapes, dtype=object)


def _read_geopackage(path: Path, layer: str) -> tuple[pd.DataFrame, np.ndarray]:
    frame = pyogrio.read_dataframe(path, layer=layer)
    parts = [shape.geoms[0] if len(shape.geoms) == 1 else shape for shape in map(_as_multi, frame.geometry)]
    return pd.DataFrame(frame.drop(columns="geometry")), np.array(parts, dtype=object)


def _as_multi(shape: shapely.Geometry) -> shapely.MultiPolygon:
    """Return polygons as one kind: a layer of a GeoPackage has one kind of geometry."""
    return shape if shape.geom_type == "MultiPolygon" else shapely.MultiPolygon([shape])
