"""Results to a complete folder of tables, maps and layers, put in place in one step."""

import errno
import json
import sys
import time
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import asdict, replace
from functools import cache
from pathlib import Path
from typing import Any

import pandas as pd
from pyogrio.errors import DataLayerError, DataSourceError

from . import __version__
from .definitions import DEFINITIONS
from .inputs import Inputs
from .layer_files import parquet, write_geopackage
from .maps import write_maps
from .report.briefing import write_index
from .report.cards import write_cards
from .report.charts import write_charts
from .report.drawn import draw
from .report.requirements_book import write_requirements
from .report.table_files import write_tables
from .results import Results
from .reuse import library_versions, reuse_counts
from .runs.files import MANIFEST
from .runs.folder import FORMAT_VERSION, listed_files
from .runs.place import KEEP, placing
from .sources.origin import write_origin
from .study import LayerSpec, study_toml
from .tables import LAYERS
from .texts import Text

Report = Callable[[Text], None]
Step = tuple[str, Text, Callable[[], object]]
"""A part of a folder: its name in ``seconds``, what is told of it, and what writes it."""


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
    steps: list[Step] = [
        ("tables", Text("写出表格", "Writing tables"), lambda: write_tables(results, folder)),
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
            lambda: _keep_inputs(results, folder / "inputs"),
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
    seconds |= written_in_steps(steps, report)
    write_manifest(_manifest(results, seconds), folder)


def written_in_steps(steps: Sequence[Step], report: Report) -> dict[str, float]:
    """Write one part after another, telling of each, and return how many seconds each took."""
    seconds = {}
    for name, text, write in steps:
        report(text)
        began = time.perf_counter()
        with as_os_errors():
            write()
        seconds[name] = round(time.perf_counter() - began, 3)
    return seconds


def write_manifest(manifest: dict[str, Any], folder: Path) -> None:
    """Write the manifest of a complete folder, with the hashes of all its files."""
    listed = manifest | {"files": listed_files(folder)}
    (folder / MANIFEST).write_text(json.dumps(listed, ensure_ascii=False, indent=2) + "\n", encoding="utf-8")


@contextmanager
def as_os_errors() -> Iterator[None]:
    """GDAL has exceptions of its own for a full disk or a missing right."""
    try:
        yield
    except (DataSourceError, DataLayerError) as error:
        raise OSError(errno.EIO, str(error)) from error


def _write_layers(results: Results, path: Path) -> None:
    """Write every layer with its results for QGIS and ArcGIS, in WGS84."""
    layers = {name: layer for name in LAYERS if len(layer := results.inputs.layer(name))}
    added = {
        name: results.tables[name][["circle_id", "inside_boundary"]] for name in ("facilities", "residents")
    }
    write_geopackage(path, layers, added, changing="facilities")


def _keep_inputs(results: Results, folder: Path) -> None:
    """Write the inputs with the run's language and scenario as the study's own, so that it can be repeated."""
    study = replace(results.inputs.study, lang=results.lang, include_planned=results.include_planned)
    write_inputs(replace(results.inputs, study=study), folder)
    write_origin(results.inputs, folder)


def write_inputs(inputs: Inputs, folder: Path) -> None:
    """Write the accepted inputs as a study folder of its own, enough to repeat the run."""
    folder.mkdir()
    layers = {}
    for name in inputs.study.layers:
        layer = inputs.layer(name)
        if layer.empty:
            continue
        path = folder / f"{name}.parquet"
        path.write_bytes(parquet(layer))
        layers[name] = LayerSpec(path)
    inputs.catalogue.to_csv(folder / "catalogue.csv", index=False, encoding="utf-8-sig", lineterminator="\n")
    study = replace(inputs.study, folder=folder, layers=layers, profile="catalogue.csv")
    (folder / "study.toml").write_text(study_toml(study), encoding="utf-8")


def _manifest(results: Results, seconds: dict[str, float]) -> dict[str, Any]:
    study = results.inputs.study
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
        "input_hash": results.input_hash,
        "inputs": [asdict(file) for file in results.inputs.files],
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
            **library_versions(),
        },
        "seconds": seconds,
        "reused": reuse_counts(),
    }


def _headlines(table: pd.DataFrame) -> dict[str, float | str | None]:
    """Return the headline figures by name; one about the weakest type says which, beside it."""
    figures: dict[str, float | str | None] = {}
    for row in table.itertuples():
        figures[row.headline] = None if pd.isna(row.value) else round(float(row.value), 6)
        if row.headline.startswith("weakest"):
            figures[f"{row.headline}_subject"] = row.subject
    return figures
