"""Small hand-drawn studies: built straight from shapely geometry, or written out as a study folder.

Coordinates are metres from ``ORIGIN``, so that every drawing also proves that lengths survive the size of
real coordinates; pass ``origin=(0, 0)`` for a drawing at the origin.
"""

from collections.abc import Iterable, Sequence
from dataclasses import replace
from functools import cache
from pathlib import Path
from typing import Any

import geopandas as gpd
import pandas as pd
import shapely
from pyproj import CRS
from shapely import LineString, MultiLineString, Point, Polygon, box
from shapely.affinity import translate

from pujin_geo.catalogue import COLUMNS, read_catalogue
from pujin_geo.inputs import Inputs, empty_layer
from pujin_geo.study import LayerSpec, Settings, Study, study_toml
from pujin_geo.tables import LAYERS

UTM = CRS("EPSG:32651")
ORIGIN = (350_000.0, 3_450_000.0)
"""Where the drawings lie in EPSG:32651: near Pujin."""

Row = dict[str, Any]


def street(*xy: tuple[float, ...], walkable: bool = True, status: str = "existing") -> Row:
    return {"geometry": LineString(xy), "walkable": walkable, "status": status}


def streets_of(*parts: Sequence[tuple[float, float]]) -> Row:
    """One row that holds several lines."""
    return {"geometry": MultiLineString(parts), "walkable": True, "status": "existing"}


def home(x: float, y: float, population: float = 1.0, **columns: Any) -> Row:
    return {"geometry": Point(x, y), "population": population, **columns}


def shop(x: float, y: float, facility_type: str = "shop", **columns: Any) -> Row:
    return {"geometry": Point(x, y), "facility_type": facility_type, **columns}


def ground(geometry: Polygon, facility_type: str = "shop", **columns: Any) -> Row:
    """A facility drawn as a polygon."""
    return {"geometry": geometry, "facility_type": facility_type, **columns}


def gate(x: float, y: float, site_id: str) -> Row:
    return {"geometry": Point(x, y), "site_id": site_id}


def facility_type(
    name: str = "shop",
    urban_m: float | None = 500.0,
    rural_m: float | None = None,
    *,
    scope: str = "both",
    group: str = "all",
    suitability: str = "livable",
) -> Row:
    both = rural_m is None and scope == "both"
    return {
        "facility_type": name, "name_zh": name, "suitability": suitability, "class": "basic", "scope": scope,
        "level": "15", "population_group": group, "must_have": "no", "threshold_urban_m": urban_m,
        "threshold_rural_m": urban_m if both else rural_m,
    }  # fmt: skip


def catalogue_of(*types: Row) -> pd.DataFrame:
    """Return a catalogue as ``read_catalogue`` would, with the columns of the shipped ones."""
    shipped = read_catalogue("shanghai", folder=Path()).dtypes
    table = pd.DataFrame(list(types)).reindex(columns=list(COLUMNS))
    text = [c for c in COLUMNS if shipped[c] != "float64"]
    table[text] = table[text].astype(object).where(table[text].notna(), "")
    return table.astype({c: shipped[c] for c in COLUMNS})


def world(
    *,
    streets: Iterable[Row],
    homes: Iterable[Row] = (),
    shops: Iterable[Row] = (),
    types: Iterable[Row] = (),
    origin: tuple[float, float] = ORIGIN,
    surveyed: str | tuple[str, ...] = "present",
    settings: Row | None = None,
    **layers: Iterable[Row] | shapely.Geometry,
) -> Inputs:
    """Build the inputs of a study; other layers by name, as rows or as one geometry."""
    catalogue = catalogue_of(*(list(types) or [facility_type()]))
    rows: dict[str, list[Row]] = {name: _rows(given) for name, given in layers.items()}
    rows["streets"] = list(streets)
    rows["residents"] = [{"demand_id": f"h{n}", "scope": "urban", **row} for n, row in enumerate(homes, 1)]
    rows["facilities"] = [_facility(row, n, catalogue) for n, row in enumerate(shops, 1)]
    frames = {name: _layer(name, rows.get(name, []), origin) for name in LAYERS}
    study = Study(
        folder=Path("world"),
        name="示例",
        crs=UTM,
        profile="catalogue.csv",
        data_date="",
        synthetic=True,
        layers={name: LayerSpec(Path(f"{name}.parquet")) for name in LAYERS if len(frames[name])},
        settings=Settings(surveyed=surveyed, **(settings or {})),
    )
    counts = [(name, f"{name}.parquet", len(f), len(f), 0) for name, f in frames.items() if len(f)]
    row_counts = pd.DataFrame(counts, columns=["layer", "file", "rows_read", "accepted", "rejected"])
    return Inputs(study=study, catalogue=catalogue, problems=(), row_counts=row_counts, **frames)


def _rows(given: Iterable[Row] | shapely.Geometry) -> list[Row]:
    return [{"geometry": given}] if isinstance(given, shapely.Geometry) else list(given)


def _facility(row: Row, number: int, catalogue: pd.DataFrame) -> Row:
    site_id = row.get("site_id", f"s{number}")
    suitability = dict(zip(catalogue["facility_type"], catalogue["suitability"], strict=True))
    return {
        "status": "existing",
        **row,
        "site_id": site_id,
        "facility_id": f"{site_id}/{row['facility_type']}",
        "suitability": suitability.get(row["facility_type"], "livable"),
    }


@cache
def _empty(name: str) -> gpd.GeoDataFrame:
    return empty_layer(name, UTM)


def _layer(name: str, rows: list[Row], origin: tuple[float, float]) -> gpd.GeoDataFrame:
    empty = _empty(name)
    if not rows:
        return empty.copy()
    moved = [translate(row["geometry"], *origin) if any(origin) else row["geometry"] for row in rows]
    numbered = [{**row, "row": n, "source_row": n + 1} for n, row in enumerate(rows, start=1)]
    table = pd.DataFrame(numbered).drop(columns="geometry")
    table = table.reindex(columns=[c for c in empty.columns if c != "geometry"])
    text = [c for c in table if pd.api.types.is_string_dtype(empty[c])]
    table[text] = table[text].astype(object).where(table[text].notna(), "")
    table = table.astype({c: empty[c].dtype for c in table})
    return gpd.GeoDataFrame(table, geometry=gpd.GeoSeries(moved, crs=UTM), crs=UTM)


def reordered(inputs: Inputs, layer: str, order: Sequence[int]) -> Inputs:
    """Return the inputs with the rows of one layer in another order."""
    frame = inputs.layer(layer).iloc[list(order)].reset_index(drop=True)
    return replace(inputs, **{layer: frame})


def write_study(inputs: Inputs, folder: Path) -> Path:
    """Write a world as a study folder: layers as GeoPackages, the catalogue as CSV."""
    folder.mkdir(parents=True, exist_ok=True)
    specs = {}
    for name in inputs.study.layers:
        path = folder / f"{name}.gpkg"
        frame = inputs.layer(name).drop(columns=["row", "source_row"])
        frame.drop(columns="facility_id", errors="ignore").to_file(path, layer=name, driver="GPKG")
        specs[name] = LayerSpec(path)
    inputs.catalogue.to_csv(folder / "catalogue.csv", index=False, encoding="utf-8")
    study = replace(inputs.study, folder=folder, layers=specs)
    (folder / "study.toml").write_text(study_toml(study), encoding="utf-8")
    return folder


# Drawings that several tests share


def one_street(**changes: Any) -> Inputs:
    """A street of 1,000 m along the x axis, a home and a shop on either side of it.

    Walk: 30 + (700 - 100) + 40 = 670; straight: hypot(600, 70) = 604.070 (opposite sides).
    """
    given: Row = {
        "streets": [street((0, 0), (1000, 0))],
        "homes": [home(100, 30)],
        "shops": [shop(700, -40)],
    }
    return world(**(given | changes))


QUAYS = [street((0, 0), (2000, 0)), street((0, 100), (2000, 100)), street((0, 0), (0, 100))]


def river(**changes: Any) -> Inputs:
    """Two quays 100 m apart, 2,000 m long, with one bridge at their west end.

    Home at x = 800 on the south quay, shop opposite on the north quay: walk 800 + 100 + 800 = 1,700,
    straight 100.
    """
    given: Row = {
        "streets": QUAYS,
        "homes": [home(800, 0)],
        "shops": [shop(800, 100)],
        "water": box(-100, 10, 3000, 90).difference(box(-5, 0, 5, 100)),
    }
    return world(**(given | changes))
