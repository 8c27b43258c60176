"""The two files that may go with an extract: a boundary and a population grid."""

import io
from pathlib import Path

import geopandas as gpd
import numpy as np
import pandas as pd
import pyogrio
import shapely
from numpy.typing import NDArray
from shapely import Geometry

from ...errors import SourceError
from ...tables import LAYERS
from ...texts import Text
from ..formats.encodings import decode
from .land import valid_areas

NAME_COLUMNS = ("name", "名称", "NAME", "Name", "name:zh")


def read_boundary(path: Path) -> gpd.GeoDataFrame:
    """Read a boundary: one row with ``name`` ("" unless the file has one name) and the united area, EPSG:4326.

    Raises:
        SourceError: the file is missing or unreadable, has no CRS, or holds anything but polygons.
    """
    frame = _read_vector(path)
    shapes = _areas(path, frame)
    names = [str(frame[c].iloc[0]) for c in NAME_COLUMNS if c in frame and len(frame) == 1]
    return gpd.GeoDataFrame(
        {"name": names[:1] or [""]}, geometry=[shapely.union_all(shapes)], crs="EPSG:4326"
    )


def read_population(path: Path) -> gpd.GeoDataFrame:
    """Read population cells.

    Args:
        path: any vector file with polygons and a CRS, or a CSV with a WKT column ``geometry`` in lon/lat.

    Returns:
        EPSG:4326; population (people), ``row`` (1-based data row of the file), ``geometry``.

    Raises:
        SourceError: the file is missing or unreadable, lacks a column or CRS, is empty, or holds a
            population that is blank, text or negative, or a shape that is no polygon.
    """
    frame = _read_csv(path) if path.suffix.lower() == ".csv" else _read_vector(path)
    column = _population_column(path, frame)
    people = pd.to_numeric(frame[column], errors="coerce").to_numpy(dtype="float64")
    wrong = np.flatnonzero(~(np.isfinite(people) & (people >= 0)))
    if len(wrong):
        row, value = int(wrong[0]) + 1, frame[column].iloc[wrong[0]]
        shown = "" if pd.isna(value) else str(value)
        raise SourceError(
            Text(
                f'人口文件 {path} 第 {row} 个数据行 {column} 列的值 "{shown}" 不是不小于 0 的人数'
                f"(共 {len(wrong)} 行如此); 请改正或删去这些行。",
                f'Population file {path}, data row {row}, column {column}: "{shown}" is not a number of people, 0 or '
                f"more ({len(wrong)} such rows); correct or delete them.",
            )
        )
    cells = {"population": people, "row": np.arange(1, len(frame) + 1)}
    return gpd.GeoDataFrame(cells, geometry=_areas(path, frame), crs="EPSG:4326")


def _population_column(path: Path, frame: pd.DataFrame) -> str:
    layer = next(c for c in LAYERS["residents"].columns if c.name == "population")
    for name in (layer.name, *layer.aliases):
        for header in frame.columns:
            if str(header).strip().lower() == name:
                return str(header)
    listed = ", ".join(str(c) for c in frame.columns if c != "geometry")
    raise SourceError(
        Text(
            f"人口文件 {path} 缺少 population (人口) 列, 现有的列是: {listed}; 请改列名。",
            f"The population file {path} lacks a column population; it has: {listed}. Rename the right one.",
        )
    )


def _read_vector(path: Path) -> gpd.GeoDataFrame:
    _refuse_missing(path)
    try:
        frame = gpd.read_parquet(path) if path.suffix.lower() == ".parquet" else gpd.read_file(path)
    except (pyogrio.errors.DataSourceError, pyogrio.errors.DataLayerError, OSError, ValueError) as error:
        raise SourceError(
            Text(
                f"{path} 不是可读的矢量数据 ({error}); 可用 .geojson .gpkg .shp .parquet。",
                f"{path} is not a readable vector file ({error}); use .geojson .gpkg .shp .parquet.",
            )
        ) from None
    if not isinstance(frame, gpd.GeoDataFrame) or frame.empty:
        raise _empty(path)
    if frame.crs is None:
        raise SourceError(
            Text(
                f"{path} 没有坐标系说明; 请在 QGIS 中指定坐标系后另存 (Shapefile 要带 .prj)。",
                f"{path} does not say its coordinate system; set it in QGIS and save again (a shapefile needs its .prj).",
            )
        )
    return frame.to_crs("EPSG:4326")


def _read_csv(path: Path) -> gpd.GeoDataFrame:
    _refuse_missing(path)
    try:
        table = pd.read_csv(io.StringIO(decode(path.read_bytes(), str(path))), dtype=str)
    except (pd.errors.ParserError, pd.errors.EmptyDataError, OSError) as error:
        raise SourceError(
            Text(
                f"人口文件 {path} 无法读取 ({error}); 请另存为 UTF-8 编码的 CSV。",
                f"The population file {path} cannot be read ({error}); save it as a UTF-8 CSV file.",
            )
        ) from None
    table.columns = [str(c).strip() for c in table.columns]
    if "geometry" not in table:
        listed = ", ".join(table.columns)
        raise SourceError(
            Text(
                f"人口文件 {path} 缺少 geometry 列 (WKT, 经纬度), 现有的列是: {listed}。",
                f"The population file {path} lacks a column geometry (WKT in lon/lat); it has: {listed}.",
            )
        )
    if table.empty:
        raise _empty(path)
    shapes = shapely.from_wkt(table["geometry"].to_numpy(dtype=object, na_value=None), on_invalid="ignore")
    return gpd.GeoDataFrame(table.drop(columns="geometry"), geometry=shapes, crs="EPSG:4326")


def _refuse_missing(path: Path) -> None:
    if not path.is_file():
        raise SourceError(
            Text(f"找不到文件 {path}, 请检查路径。", f"There is no file {path}; check the path.")
        )


def _empty(path: Path) -> SourceError:
    return SourceError(Text(f"{path} 中没有图形。", f"{path} holds no shapes."))


def _areas(path: Path, frame: gpd.GeoDataFrame) -> NDArray[np.object_]:
    """Return the shapes as valid areas in lon/lat; refuse the first that is none."""
    shapes = frame.geometry.to_numpy()
    bounds = shapely.bounds(shapes)
    on_earth = (np.abs(bounds[:, [0, 2]]) <= 180).all(axis=1) & (np.abs(bounds[:, [1, 3]]) <= 90).all(axis=1)
    flat = shapely.force_2d(shapes)
    areas = valid_areas(np.where(on_earth & (shapely.get_dimensions(shapes) == 2), flat, shapely.Polygon()))
    wrong = np.flatnonzero(shapely.is_empty(areas))
    if len(wrong):
        row = int(wrong[0]) + 1
        raise SourceError(
            Text(
                f"{path} 第 {row} 个数据行的图形不是经纬度范围内的面 (共 {len(wrong)} 行如此); 请改正或删去。",
                f"{path}, data row {row}: the shape is not an area with valid longitudes and latitudes "
                f"({len(wrong)} such rows); correct or delete them.",
            )
        )
    return areas


def refuse_apart(path: Path, shapes: gpd.GeoDataFrame, box: Geometry) -> None:
    """Refuse shapes that do not meet the box that the extract covers (both lon/lat)."""
    if shapes.geometry.intersects(box).any():
        return
    west, south, east, north = (round(float(side), 3) for side in shapes.total_bounds)
    data_west, data_south, data_east, data_north = (round(side, 3) for side in box.bounds)
    raise SourceError(
        Text(
            f"{path} (经度 {west}–{east}, 纬度 {south}–{north}) 与 OpenStreetMap 数据 (经度 {data_west}–{data_east}, "
            f"纬度 {data_south}–{data_north}) 没有重叠; 请检查是否同一城市、坐标系是否写对。",
            f"{path} (longitude {west} to {east}, latitude {south} to {north}) does not meet the OpenStreetMap data "
            f"(longitude {data_west} to {data_east}, latitude {data_south} to {data_north}); check that they are of "
            "one city and that the coordinate system is right.",
        )
    )
