"""A comparison to a complete folder, put in place in one step like the results of a run."""

import json
import sys
from pathlib import Path
from typing import TYPE_CHECKING, Any

import geopandas as gpd
import shapely

from .. import __version__
from ..definitions import DEFINITIONS as RUN_DEFINITIONS
from ..definitions import INTERNAL, SYNTHETIC
from ..errors import SettingsError
from ..inputs import PLACE_COLUMNS
from ..layer_files import add_layers
from ..outputs import Report, Step, write_manifest, written_in_steps
from ..report.columns import columns_of, constant
from ..report.table_files import write_csv, write_workbook
from ..report.trace import figures_table
from ..reuse import library_versions
from ..runs.files import MANIFEST, sha256_of
from ..runs.folder import COMPARISON, FORMAT_VERSION
from ..runs.place import KEEP, placing
from ..texts import Text
from ..walking.verdicts import demand_points
from .book import write_book
from .comparison import Comparison
from .map import comparison_map
from .page import changed_streets, write_page
from .words import DEFINITIONS, FIGURES

if TYPE_CHECKING:
    from .sides import Side


def write_comparison(
    comparison: Comparison, out: Path, *, keep: int = KEEP, report: Report | None = None
) -> Path:
    """Write page, tables, workbooks, map and layers of a comparison into a folder of its own and swap it in.

    Returns:
        The path of ``index.html``.

    Raises:
        SettingsError: ``out`` is one of the runs, or holds something other than a comparison.
        SourceError: the folder cannot be written, in words.
    """
    refuse_target(out, *(side.run.folder for side in (comparison.before, comparison.after) if side.run))
    with placing(out, keep=keep, report=report) as folder:
        _write_all(comparison, folder, report or (lambda _: None))
    return out / "index.html"


def refuse_target(out: Path, *runs: Path) -> None:
    """Refuse to write a comparison over a run, or into one.

    Raises:
        SettingsError: ``out`` is a run's folder or inside one of those compared.
    """
    target = out.resolve()
    inside = any(target == run.resolve() or run.resolve() in target.parents for run in runs)
    if inside or (_is_run(out)):
        raise SettingsError(
            Text(
                f"{out} 是一次运行的结果, 比较不会写在里面; 请用 -o 另选一个文件夹。",
                f"{out} holds the results of a run, and a comparison is not written over it; choose another folder (-o).",
            )
        )


def _is_run(out: Path) -> bool:
    try:
        manifest = json.loads((out / MANIFEST).read_text(encoding="utf-8"))
    except (OSError, ValueError):
        return False
    return isinstance(manifest, dict) and manifest.get("kind") != COMPARISON


def _write_all(comparison: Comparison, folder: Path, report: Report) -> None:
    steps: list[Step] = [
        ("tables", Text("写出表格", "Writing tables"), lambda: _write_tables(comparison, folder)),
        (
            "workbook",
            Text("写出会议用表", "Writing the workbook"),
            lambda: write_book(comparison, folder / "comparison.xlsx"),
        ),
        (
            "layers",
            Text("写出图层", "Writing layers"),
            lambda: _write_layers(comparison, folder / "layers.gpkg"),
        ),
        ("maps", Text("绘制地图", "Drawing maps"), lambda: _write_map(comparison, folder / "maps")),
        ("page", Text("写出页面", "Writing the page"), lambda: write_page(comparison, folder / "index.html")),
    ]
    seconds = written_in_steps(steps, report)
    write_manifest(_manifest(comparison, seconds), folder)


def _write_tables(comparison: Comparison, folder: Path) -> None:
    (folder / "tables").mkdir()
    lang, study = comparison.lang, comparison.marked.inputs.study
    marks = {"data_notice": SYNTHETIC.of(lang)} if study.synthetic else {}
    tables = {
        name: columns_of(table) | {key: constant(text, len(table)) for key, text in marks.items()}
        for name, table in comparison.tables.items()
    }
    for name, columns in tables.items():
        write_csv(columns, folder / "tables" / f"{name}.csv")
    write_csv(columns_of(figures_table(lang, FIGURES, DEFINITIONS)), folder / "tables" / "figures.csv")
    notes = "\n".join(RUN_DEFINITIONS[name].of(lang) for name in ("tables", "apostrophe"))
    (folder / "tables" / "README.txt").write_text(notes + "\n", encoding="utf-8-sig", newline="\n")
    notice = [SYNTHETIC.of(lang)] if study.synthetic else []
    about = [
        (Text("研究", "study").of(lang), study.name),
        (Text("前", "before").of(lang), comparison.before.name),
        (Text("后", "after").of(lang), comparison.after.name),
        (Text("声明", "notice").of(lang), " · ".join([*notice, INTERNAL.of(lang)])),
        *((Text("注意", "note").of(lang), text.of(lang)) for text in comparison.notices),
        *((name, text.of(lang)) for name, text in DEFINITIONS.items()),
    ]
    write_workbook(tables, folder / "tables.xlsx", about)


def _write_map(comparison: Comparison, folder: Path) -> None:
    folder.mkdir()
    if comparison.pairs.is_one_place:
        html = comparison_map(comparison).html()
        (folder / "before_after.html").write_text(html, encoding="utf-8", newline="\n")


def _write_layers(comparison: Comparison, path: Path) -> None:
    """Write what can be drawn of the changes for QGIS and ArcGIS, in WGS84."""
    layers = {
        "facility_effects": _facility_layer(comparison),
        "demand_changes": _demand_layer(comparison),
        "streets_before": changed_streets(comparison, is_later=False),
        "streets_after": changed_streets(comparison, is_later=True),
        "circles": _circle_layer(comparison),
    }
    add_layers(
        path, {name: layer.drop(columns=PLACE_COLUMNS, errors="ignore") for name, layer in layers.items()}
    )


def _facility_layer(comparison: Comparison) -> gpd.GeoDataFrame:
    table = comparison["facility_effects"]
    places = _places(comparison.after, "facilities", "facility_id")
    earlier = _places(comparison.before, "facilities", "facility_id")
    geometry = table["facility_id"].map(places)
    geometry = geometry.where(geometry.notna(), table["facility_id_before"].map(earlier))
    return gpd.GeoDataFrame(table, geometry=geometry.to_numpy(), crs=comparison.after.inputs.study.crs)


def _demand_layer(comparison: Comparison) -> gpd.GeoDataFrame:
    """Return the demand points where a verdict changed, with what each gained and lost."""
    table = comparison["verdict_changes"]
    steps = table.assign(
        closed=(table["change"] == "gap_closed").astype(int),
        opened=(table["change"] == "gap_opened").astype(int),
    )
    keys = ["demand_id", "demand_id_before", "name"]
    sums = steps.groupby(keys, sort=False)[["closed", "opened", "people_met_change"]].sum().reset_index()
    places = _places(comparison.after, "residents", "demand_id")
    earlier = _places(comparison.before, "residents", "demand_id")
    gone = sums["demand_id"].map(places).isna()
    geometry = sums["demand_id"].map(places).where(~gone, sums["demand_id_before"].map(earlier))
    return gpd.GeoDataFrame(sums, geometry=geometry.to_numpy(), crs=comparison.after.inputs.study.crs)


def _circle_layer(comparison: Comparison) -> gpd.GeoDataFrame:
    """Return the later run's circles with the change of people met, summed over types, and the sentence."""
    circles = comparison.after.inputs.circles[["circle_id", "name", "geometry"]]
    said = comparison["circle_sentences"].drop(columns="name")
    joined: gpd.GeoDataFrame = circles.merge(said, on="circle_id", how="left")
    return joined


def _places(side: "Side", layer: str, id_column: str) -> dict[str, shapely.Point]:
    frame = side.inputs.layer(layer)
    return dict(zip(frame[id_column], demand_points(frame), strict=True))


def _manifest(comparison: Comparison, seconds: dict[str, float]) -> dict[str, Any]:
    study, lang = comparison.marked.inputs.study, comparison.lang
    return {
        "format_version": FORMAT_VERSION,
        "kind": COMPARISON,
        "study": study.name,
        "data_date": study.data_date,
        "synthetic": study.synthetic,
        "crs": study.crs.to_string(),
        "profile": study.profile,
        "lang": lang,
        "include_planned": comparison.after.include_planned,
        "before": _run(comparison.before),
        "after": _run(comparison.after),
        "inputs": [
            {"file": word, "sha256": sha256_of(side.run.folder / MANIFEST)}
            for word, side in (("before", comparison.before), ("after", comparison.after))
            if side.run
        ],
        "changed_groups": list(comparison.changed),
        "notices": [text.of(lang) for text in comparison.notices],
        "table_rows": {name: len(table) for name, table in comparison.tables.items()},
        "definitions": {name: text.of(lang) for name, text in DEFINITIONS.items()},
        "versions": {
            "pujin_geo": __version__,
            "python": sys.version.split()[0],
            **library_versions(),
        },
        "seconds": seconds,
    }


def _run(side: "Side") -> dict[str, Any]:
    run = side.run
    return {
        "name": side.name,
        "study": side.inputs.study.name,
        "data_date": side.inputs.study.data_date,
        "input_hash": run.input_hash if run else "",
        "format_version": run.format_version if run else FORMAT_VERSION,
        "edited": list(run.edited) if run else [],
    }
