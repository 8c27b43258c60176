"""Results to a complete folder of tables, maps and layers, put in place in one step."""

import errno
import hashlib
import importlib.metadata
import json
import re
import sys
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import asdict, replace
from datetime import datetime
from functools import cache
from pathlib import Path
from typing import Any

import pandas as pd
import pyogrio
import xlsxwriter
from pyogrio.errors import DataLayerError, DataSourceError
from xlsxwriter.exceptions import FileCreateError

from . import __version__
from .definitions import DEFINITIONS, INTERNAL, SYNTHETIC
from .inputs import Inputs
from .maps import write_maps
from .report.briefing import write_index
from .report.cards import write_cards
from .report.charts import write_charts
from .report.drawn import draw
from .report.requirements_book import write_requirements
from .results import Results
from .runs.files import MANIFEST
from .runs.folder import FORMAT_VERSION, listed_files
from .runs.place import KEEP, placing
from .study import LayerSpec, study_toml
from .tables import LAYERS
from .texts import Text

CSV_ROWS_AT_MOST = 1_000_000
XLSX_ROWS = 1_048_576
CSV_ONLY = ("distances", "gap_area_types")
"""The longest tables would only slow the workbook down."""
LIBRARIES = ("folium", "geopandas", "numpy", "pandas", "pyogrio", "pyproj", "scipy", "shapely")

_FORMULA = re.compile(r"(?![+-]?\d+(?:\.\d+)?\Z)'*[=+\-@＝＋－＠\t\r\n]")

Report = Callable[[Text], None]


def write_results(
    results: Results, out: str | Path, *, keep: int = KEEP, report: Report | None = None
) -> Path:
    """Write everything into a folder of its own and swap it in when it is complete.

    An older result moves to ``OUT.history/``, where the newest ``keep`` stay and ``index.csv`` lists every run.

    Returns:
        The path of ``index.html``.

    Raises:
        SettingsError: ``out`` holds files that are not results.
        SourceError: the folder cannot be written, in words (no space, no right, a file in use, another run).

    >>> import tempfile
    >>> from pujin_geo import analyse, load_study
    >>> with tempfile.TemporaryDirectory() as here:
    ...     write_results(analyse(load_study("geodata/xiaohe")), f"{here}/out").name
    'index.html'
    """
    out = Path(out)
    with placing(out, keep=keep, report=report) as folder:
        _write_all(results, folder, report or (lambda _: None))
    return out / "index.html"


def _write_all(results: Results, folder: Path, report: Report) -> None:
    seconds = dict(results.seconds)
    drawn = cache(lambda: draw(results))
    steps: list[tuple[str, Text, Callable[[], object]]] = [
        ("tables", Text("写出表格", "Writing tables"), lambda: _write_tables(results, folder)),
        (
            "requirements",
            Text("写出需求清单", "Writing the requirements list"),
            lambda: write_requirements(
                results,
                folder / "requirements.xlsx",
                smallest=results.inputs.study.settings.smallest_count_shown,
            ),
        ),
        (
            "charts",
            Text("绘制图表", "Drawing charts"),
            lambda: write_charts(drawn().charts, folder / "charts"),
        ),
        (
            "layers",
            Text("写出图层", "Writing layers"),
            lambda: _write_layers(results, folder / "layers.gpkg"),
        ),
        (
            "inputs",
            Text("保存输入", "Keeping the inputs"),
            lambda: write_inputs(results.inputs, folder / "inputs"),
        ),
        ("maps", Text("绘制地图", "Drawing maps"), lambda: write_maps(results, folder / "maps")),
        (
            "briefing",
            Text("撰写简报", "Writing the briefing"),
            lambda: write_index(results, folder / "index.html", drawn=drawn()),
        ),
        (
            "cards",
            Text("写出生活圈卡片", "Writing the circles' cards"),
            lambda: write_cards(results, folder / "cards.html", drawn=drawn()),
        ),
    ]
    for name, text, write in steps:
        report(text)
        began = time.perf_counter()
        with as_os_errors():
            write()
        seconds[name] = round(time.perf_counter() - began, 3)
    manifest = _manifest(results, seconds) | {"files": listed_files(folder)}
    (folder / MANIFEST).write_text(
        json.dumps(manifest, ensure_ascii=False, indent=2) + "\n", encoding="utf-8"
    )


@contextmanager
def as_os_errors() -> Iterator[None]:
    """GDAL and XlsxWriter have exceptions of their own for a full disk or a missing right."""
    try:
        yield
    except (FileCreateError, DataSourceError, DataLayerError) as error:
        raise OSError(errno.EIO, str(error)) from error


def printable(table: pd.DataFrame) -> pd.DataFrame:
    """Return a table as it is printed: walks with three decimals, whole numbers of people without any.

    >>> printable(pd.DataFrame({"walk_m": [12.5, None], "people": [3.0, 4.0]})).values.tolist()
    [['12.500', '3'], ['', '4']]
    """
    return pd.DataFrame({name: _printed(table[name], str(name)) for name in table.columns})


def formulas_as_text(table: pd.DataFrame) -> pd.DataFrame:
    """Return a printable table in which no text can be taken for a formula by a program that opens the CSV.

    A text that begins with ``= + - @`` (wide ones too), a tab or a line break gets an apostrophe before it,
    and so does one that begins with such an apostrophe: who takes one apostrophe away has the text as it was.
    Numbers, also when written as text, stay as they are.

    >>> formulas_as_text(pd.DataFrame({"name": ["=1+1", "-5", "'=1", "O'Neill"]}))["name"].tolist()
    ["'=1+1", '-5', "''=1", "O'Neill"]
    """
    return table.map(lambda cell: f"'{cell}" if isinstance(cell, str) and _FORMULA.match(cell) else cell)


def _printed(column: pd.Series, name: str) -> pd.Series:
    if not pd.api.types.is_float_dtype(column):
        return column
    if name in ("walk_m", "straight_m", "shortfall_m", "farthest_walk_m", "mean_walk_m"):
        text = column.map("{:.3f}".format)
    elif name in ("lon", "lat"):
        text = column.map("{:.7f}".format)
    else:
        text = column.round(6).map("{:.15g}".format)
    return text.where(column.notna(), "")


def _write_tables(results: Results, folder: Path) -> None:
    (folder / "tables").mkdir()
    tables = {name: _noticed(table, results) for name, table in results.tables.items()}
    for name, table in tables.items():
        path = folder / "tables" / name
        if name == "distances" and len(table) > CSV_ROWS_AT_MOST:
            table.to_parquet(path.with_suffix(".parquet"), index=False)
        else:
            write_csv(table, path.with_suffix(".csv"))
    # A note of its own, since a table travels without the workbook.
    notes = "\n".join(DEFINITIONS[name].of(results.lang) for name in ("tables", "apostrophe"))
    (folder / "tables" / "README.txt").write_text(notes + "\n", encoding="utf-8-sig", newline="\n")
    for name in CSV_ONLY:
        del tables[name]
    write_workbook(tables, folder / "tables.xlsx", _about(results))


def write_csv(table: pd.DataFrame, path: Path) -> None:
    """Write one table as UTF-8 with a byte order mark, which Excel and WPS read."""
    formulas_as_text(printable(table)).to_csv(path, index=False, encoding="utf-8-sig", lineterminator="\n")


def _noticed(table: pd.DataFrame, results: Results) -> pd.DataFrame:
    """Mark every row of a synthetic study, since a table travels without its cover."""
    if not results.inputs.study.synthetic:
        return table
    return table.assign(data_notice=SYNTHETIC.of(results.lang))


def _about(results: Results) -> list[tuple[str, str]]:
    """Return the workbook's first sheet: what this is, how sure, and what each figure means."""
    study, lang = results.inputs.study, results.lang
    notice = [SYNTHETIC.of(lang)] if study.synthetic else []
    rows = [
        (Text("研究", "study").of(lang), study.name),
        *([(Text("数据日期", "data date").of(lang), study.data_date)] if study.data_date else []),
        (Text("声明", "notice").of(lang), " · ".join([*notice, INTERNAL.of(lang)])),
        (Text("标准", "profile").of(lang), study.profile),
    ]
    return rows + [(name, text.of(lang)) for name, text in DEFINITIONS.items()]


def write_workbook(tables: dict[str, pd.DataFrame], path: Path, about: list[tuple[str, str]]) -> None:
    """Write tables as sheets of a workbook, after one that says what they are; equal input, equal bytes."""
    options = {"strings_to_formulas": False, "strings_to_urls": False}
    book = xlsxwriter.Workbook(path, {"constant_memory": True, **options})
    # A fixed date keeps two workbooks of one run equal byte for byte.
    book.set_properties({"created": datetime(2000, 1, 1)})
    head = book.add_format({"bold": True, "bottom": 1, "bg_color": "#E8EEF4"})
    wrapped = book.add_format({"text_wrap": True, "valign": "top"})
    first = book.add_worksheet("about")
    first.set_column(0, 0, 24, wrapped)
    first.set_column(1, 1, 100, wrapped)
    for row, (name, text) in enumerate(about):
        first.write_string(row, 0, name)
        first.write_string(row, 1, text)
    for name, table in tables.items():
        _write_sheet(book.add_worksheet(name), table, head, name)
    book.close()


def _write_sheet(sheet: Any, table: pd.DataFrame, head: Any, name: str) -> None:
    if len(table) >= XLSX_ROWS:
        sheet.write_string(0, 0, f"{len(table)} rows do not fit a sheet: see tables/{name}.csv")
        return
    sheet.freeze_panes(1, 0)
    columns = [_cells(table[title]) for title in table.columns]
    for column, (title, cells) in enumerate(zip(table.columns, columns, strict=True)):
        longest = max((len(str(cell)) for cell in cells[:200]), default=0)
        sheet.set_column(column, column, min(max(len(title), longest) + 2, 60))
        sheet.write_string(0, column, title, head)
    if len(table):
        sheet.autofilter(0, 0, len(table), len(table.columns) - 1)
    for row, line in enumerate(zip(*columns, strict=True), start=1):
        for column, cell in enumerate(line):
            if isinstance(cell, str):
                sheet.write_string(row, column, cell)
            elif isinstance(cell, bool):
                sheet.write_boolean(row, column, cell)
            elif cell is not None:
                sheet.write_number(row, column, cell)


def _cells(column: pd.Series) -> list[str | bool | float | None]:
    """Return plain Python values, None for a blank: text stays text, whatever it begins with."""
    filled = column.notna() & (column != "")
    cells: list[str | bool | float | None] = column.astype(object).where(filled, None).tolist()
    return cells


def _write_layers(results: Results, path: Path) -> None:
    """Write every layer with its results for QGIS and ArcGIS, in WGS84."""
    # GDAL stamps the current date into the file unless it is told one.
    pyogrio.set_gdal_config_options({"OGR_CURRENT_DATE": "2000-01-01T00:00:00.000Z"})
    extra = {"facilities": ["circle_id", "inside_boundary"], "residents": ["circle_id", "inside_boundary"]}
    for name in LAYERS:
        layer = results.inputs.layer(name)
        if layer.empty:
            continue
        layer = layer.drop(columns=[c for c in extra.get(name, []) if c in layer])
        layer = layer.join(results.tables[name][extra[name]]) if name in extra else layer
        pyogrio.write_dataframe(
            layer.to_crs("EPSG:4326"), path, layer=name, driver="GPKG", append=path.exists()
        )


def write_inputs(inputs: Inputs, folder: Path) -> None:
    """Write the accepted inputs as a study folder of its own, enough to repeat the run."""
    folder.mkdir()
    layers = {}
    for name in inputs.study.layers:
        layer = inputs.layer(name)
        if layer.empty:
            continue
        path = folder / f"{name}.parquet"
        layer.drop(columns=["row", "source_row"]).to_parquet(path, index=False)
        layers[name] = LayerSpec(path)
    inputs.catalogue.to_csv(folder / "catalogue.csv", index=False, encoding="utf-8-sig", lineterminator="\n")
    study = replace(inputs.study, folder=folder, layers=layers, profile="catalogue.csv")
    (folder / "study.toml").write_text(study_toml(study), encoding="utf-8")


def _manifest(results: Results, seconds: dict[str, float]) -> dict[str, Any]:
    study = results.inputs.study
    files = {(study.folder / "study.toml"), *(spec.path for spec in study.layers.values())}
    files.update(path for path in [study.folder / study.profile] if path.is_file())
    tables = results.tables
    return {
        "format_version": FORMAT_VERSION,
        "study": study.name,
        "data_date": study.data_date,
        "synthetic": study.synthetic,
        "crs": study.crs.to_string(),
        "profile": study.profile,
        "lang": results.lang,
        "include_planned": results.include_planned,
        "settings": asdict(study.settings),
        "inputs": [_hashed(path, study.folder) for path in sorted(files)],
        "row_counts": results.inputs.row_counts.to_dict("records"),
        "table_rows": {name: len(table) for name, table in tables.items()},
        "counts": {
            "nodes": len(results.network.node_xy),
            "edges": len(results.network.edge_length_m),
            "demand_points_judged": int(tables["residents"]["inside_boundary"].sum()),
            "people_judged": float(
                tables["residents"].loc[tables["residents"]["inside_boundary"], "population"].sum()
            ),
            "verdicts": tables["distances"]["verdict"].value_counts().sort_index().to_dict(),
        },
        "headlines": _headlines(tables["headlines"]),
        "types_without_rows": results.types_without_rows.to_dict("records"),
        "definitions": {name: text.of(results.lang) for name, text in DEFINITIONS.items()},
        "versions": {
            "pujin_geo": __version__,
            "python": sys.version.split()[0],
            **{name: importlib.metadata.version(name) for name in LIBRARIES},
        },
        "seconds": seconds,
    }


def _headlines(table: pd.DataFrame) -> dict[str, float | str | None]:
    """Return the headline figures by name; one about the weakest type says which, beside it."""
    figures: dict[str, float | str | None] = {}
    for row in table.itertuples():
        figures[row.headline] = None if pd.isna(row.value) else round(float(row.value), 6)
        if row.headline.startswith("weakest"):
            figures[f"{row.headline}_subject"] = row.subject
    return figures


def _hashed(path: Path, folder: Path) -> dict[str, Any]:
    name = path.relative_to(folder).as_posix() if path.is_relative_to(folder) else path.name
    members = sorted(path.parent.glob(f"{path.stem}.*")) if path.suffix.lower() == ".shp" else [path]
    digest = hashlib.sha256()
    for member in members:
        digest.update(member.read_bytes())
    return {"file": name, "bytes": sum(m.stat().st_size for m in members), "sha256": digest.hexdigest()}
