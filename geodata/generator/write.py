"""Write layers as text: GeoJSON with one feature a line, CSV with a byte-order mark for Excel."""

from __future__ import annotations

import csv
import io
import json
from collections.abc import Iterable, Sequence
from pathlib import Path
from typing import Any

import shapely
from shapely import Point
from shapely.geometry.base import BaseGeometry

from .frame import to_lonlat

Feature = tuple[BaseGeometry, dict[str, Any]]


def write_geojson(path: Path, features: Iterable[Feature]) -> None:
    """Write features (working frame) as WGS84 GeoJSON, 7 decimals, the same bytes for the same input."""
    rows = []
    for geometry, properties in features:
        shape = shapely.geometry.mapping(to_lonlat(shapely.orient_polygons(geometry)))
        feature = {"type": "Feature", "properties": properties, "geometry": shape}
        rows.append(json.dumps(feature, ensure_ascii=False, separators=(",", ":")))
    text = '{"type":"FeatureCollection","features":[\n' + ",\n".join(rows) + "\n]}\n"
    path.write_bytes(text.encode("utf-8"))


def write_csv(path: Path, header: Sequence[str], rows: Iterable[Sequence[Any]]) -> None:
    """Write a table as UTF-8 with byte-order mark and CRLF, as Excel saves it."""
    buffer = io.StringIO()
    writer = csv.writer(buffer, lineterminator="\r\n")
    writer.writerow(header)
    writer.writerows(["" if cell is None else cell for cell in row] for row in rows)
    path.write_bytes(buffer.getvalue().encode("utf-8-sig"))


def lonlat(point: Point) -> tuple[str, str]:
    """Return longitude and latitude as text with 6 decimals (0.1 m)."""
    degrees = to_lonlat(point, 6)
    return f"{degrees.x:.6f}", f"{degrees.y:.6f}"
