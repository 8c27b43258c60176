"""Layers as files: a GeoPackage for QGIS and ArcGIS, Parquet for what is read again; equal layers, equal content."""

import io
import tempfile
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from pathlib import Path

import geopandas as gpd
import pandas as pd
import pyogrio

from .inputs import PLACE_COLUMNS
from .reuse import kept


def add_layers(
    path: Path, layers: Mapping[str, gpd.GeoDataFrame], *, kinds: Mapping[str, str] | None = None
) -> None:
    """Add layers, or rows to those that are there, to a GeoPackage in WGS84; it is made if there is none.

    Args:
        path: the file.
        layers: by name, in any coordinate system; those without rows are left out.
        kinds: layer → kind of its geometries, such as ``Point``; such a layer is written without rows too.
    """
    kinds = kinds or {}
    with _gdal_options(
        OGR_CURRENT_DATE="2000-01-01T00:00:00.000Z",  # the only thing that would differ
        OGR_SQLITE_SYNCHRONOUS="OFF",  # a folder of results is put in place when it is complete
    ):
        for name, layer in layers.items():
            if len(layer) or name in kinds:
                pyogrio.write_dataframe(
                    layer.to_crs("EPSG:4326"),
                    path,
                    layer=name,
                    driver="GPKG",
                    append=path.exists(),
                    geometry_type=kinds.get(name),
                )


def write_geopackage(
    path: Path, layers: Mapping[str, gpd.GeoDataFrame], results: Mapping[str, pd.DataFrame], *, changing: str
) -> None:
    """Write layers as a GeoPackage in WGS84.

    Args:
        path: the file, which does not exist.
        layers: by name, in any coordinate system; one of them has rows.
        results: layer → columns that are added to it or stand in place of its own, row by row.
        changing: the layer that changes most often from run to run: its rows are added to a kept file of the rest.
    """
    whole = {**layers, changing: _with_results(layers[changing], results.get(changing))}
    others = {name: table for name, table in results.items() if name != changing}
    kinds = whole[changing].geom_type.unique().tolist()
    if len(kinds) == 1 and not whole[changing].has_z.any():
        blank = {**whole, changing: whole[changing].iloc[:0]}
        path.write_bytes(_geopackage(blank, others, {changing: kinds[0]}))
        add_layers(path, {changing: whole[changing]})
    else:
        path.write_bytes(_geopackage(whole, others, {}))


@kept
def _geopackage(
    layers: Mapping[str, gpd.GeoDataFrame], results: Mapping[str, pd.DataFrame], kinds: Mapping[str, str]
) -> bytes:
    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder) / "layers.gpkg"
        whole = {name: _with_results(layer, results.get(name)) for name, layer in layers.items()}
        add_layers(path, whole, kinds=kinds)
        return path.read_bytes()


def _with_results(layer: gpd.GeoDataFrame, results: pd.DataFrame | None) -> gpd.GeoDataFrame:
    """Return a layer with columns of results, which stand in place of its own of the same name."""
    if results is None:
        return layer
    joined: gpd.GeoDataFrame = layer.drop(columns=results.columns, errors="ignore").join(results)
    return joined


@kept
def parquet(layer: pd.DataFrame) -> bytes:
    """Return an accepted layer or register as the bytes of a Parquet file, without where its rows came from."""
    file = io.BytesIO()
    layer.drop(columns=PLACE_COLUMNS).to_parquet(file, index=False)
    return file.getvalue()


@contextmanager
def _gdal_options(**options: str) -> Iterator[None]:
    before = {name: pyogrio.get_gdal_config_option(name) for name in options}
    pyogrio.set_gdal_config_options(options)
    try:
        yield
    finally:
        pyogrio.set_gdal_config_options(before)
