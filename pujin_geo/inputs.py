"""The accepted input of an analysis: one clean table per layer, all in the study's CRS."""

import html
from dataclasses import dataclass, field, replace

import geopandas as gpd
import pandas as pd
from pyproj import CRS

from .study import Study
from .tables import LAYERS, REGISTERS, Layer, Problem

PLACE_COLUMNS = ["row", "source_row"]
"""Every layer keeps where each row came from, so that later findings can name it."""


@dataclass(frozen=True)
class SourceFile:
    """A file as it was when it was read; a shapefile counts as one, with all its parts."""

    file: str
    bytes: int
    sha256: str


@dataclass(frozen=True)
class Inputs:
    """Everything that an analysis reads, checked: layers without faulty rows, the rules, the findings.

    Each layer is a GeoDataFrame in the study's CRS with a plain 0..n-1 index, the columns that
    ``tables.LAYERS`` declares (absent text is "", absent numbers NaN), ``row``, ``source_row`` and
    ``geometry``; a layer that the study lacks has no rows. Beyond the declared columns:

    - facilities: ``facility_id`` (``site_id/facility_type``), ``facility_type`` as catalogue id,
      ``suitability`` from the catalogue, ``status`` never blank; points or (multi)polygons.
    - residents: ``demand_id`` and ``scope`` (``urban``/``rural``) never blank; ``committee_id`` filled
      from the committees layer where blank; an age column is all NaN only where the file has none.
    - streets: ``walkable`` as bool; (multi)lines.

    Attributes:
        study: the study that was read.
        catalogue: one row per facility type, see ``catalogue.read_catalogue``.
        problems: findings of reading, in order.
        row_counts: one row per layer of the study: layer, file, rows_read, accepted, rejected.
        ledger, reconciliation: what a report announced, and its figures; plain tables as
            ``tables.REGISTERS`` declares, with ``row`` and ``source_row``.
        files: ``study.toml``, the layers' files and the profile's, if it is a file; none where the input was not
            read from a folder.
    """

    study: Study
    catalogue: pd.DataFrame
    facilities: gpd.GeoDataFrame
    residents: gpd.GeoDataFrame
    streets: gpd.GeoDataFrame
    boundary: gpd.GeoDataFrame
    extent: gpd.GeoDataFrame
    water: gpd.GeoDataFrame
    green: gpd.GeoDataFrame
    residential_land: gpd.GeoDataFrame
    barriers: gpd.GeoDataFrame
    committees: gpd.GeoDataFrame
    circles: gpd.GeoDataFrame
    entrances: gpd.GeoDataFrame
    spaces: gpd.GeoDataFrame
    problems: tuple[Problem, ...]
    row_counts: pd.DataFrame
    ledger: pd.DataFrame = field(default_factory=lambda: empty_register("ledger"))
    reconciliation: pd.DataFrame = field(default_factory=lambda: empty_register("reconciliation"))
    files: tuple[SourceFile, ...] = ()

    def layer(self, name: str) -> gpd.GeoDataFrame:
        """Return a layer by its name in ``tables.LAYERS``, or a register (a plain table)."""
        if name not in LAYERS and name not in REGISTERS:
            raise KeyError(name)
        frame: gpd.GeoDataFrame = getattr(self, name)
        return frame

    def __repr__(self) -> str:
        """Return one line; the layers would fill pages."""
        return f"<Inputs of {self.study.name}: {', '.join(self.study.layers)}>"

    def _repr_html_(self) -> str:
        """Show in a notebook what was read; nothing is computed."""
        headings = {"layer": "图层 layer", "file": "文件 file", "rows_read": "读入 read"}
        headings |= {"accepted": "采用 accepted", "rejected": "剔除 left out"}
        counts = self.row_counts.rename(columns=headings).to_html(index=False, border=0)
        synthetic = " · 合成数据, 示意 · synthetic, schematic" if self.study.synthetic else ""
        left_out = int(self.row_counts["rejected"].sum())
        found = f"问题 {len(self.problems)} 个, 剔除 {left_out} 行 · {len(self.problems)} findings, {left_out} rows left out"
        return f"<b>{html.escape(self.study.name)}</b>{synthetic}{counts}<div>{found}</div>"


def empty_layer(name: str, crs: CRS) -> gpd.GeoDataFrame:
    """Return a layer (or register) without rows but with its declared columns.

    >>> from pyproj import CRS
    >>> empty_layer("water", CRS("EPSG:32651")).columns.tolist()
    ['name', 'row', 'source_row', 'geometry']
    """
    columns = _columns({**LAYERS, **REGISTERS}[name])
    extra = {"facilities": ["facility_id"]}.get(name, [])
    for column in extra:
        columns[column] = pd.Series(dtype="str")
    return gpd.GeoDataFrame(columns, geometry=gpd.GeoSeries([], crs=crs), crs=crs)


def empty_register(name: str) -> pd.DataFrame:
    """Return a register (a table without geometry) without rows but with its declared columns.

    >>> empty_register("ledger").columns[:3].tolist()
    ['name', 'kind', 'facility_type']
    """
    return pd.DataFrame(_columns(REGISTERS[name]))


def _columns(layer: Layer) -> dict[str, pd.Series]:
    dtypes = {"text": "str", "number": "float64", "yes_no": "bool"}
    columns = {c.name: pd.Series(dtype=dtypes[c.kind]) for c in layer.columns}
    return columns | {place: pd.Series(dtype="int64") for place in PLACE_COLUMNS}


def as_if_opened(inputs: Inputs) -> Inputs:
    """Return the inputs as they would be once everything under construction or planned is open.

    >>> from pujin_geo import load_study
    >>> as_if_opened(load_study("geodata/xiaohe")).facilities["status"].value_counts().to_dict()
    {'existing': 27, 'closed': 1}
    """
    coming = ["under_construction", "planned"]
    layers = {
        name: layer.assign(status=layer["status"].where(~layer["status"].isin(coming), "existing"))
        for name, layer in (("facilities", inputs.facilities), ("streets", inputs.streets))
    }
    return replace(inputs, **layers)
