"""Trust: a figure leads to its table, its rows, its definition and its input."""

import json
from pathlib import Path

import pandas as pd
import pytest
from maps_world import two_circles
from test_reuse import first
from worlds import write_study

from pujin_geo.analysis import analyse
from pujin_geo.outputs import write_results
from pujin_geo.report.trace import FIGURES
from pujin_geo.results import Results
from pujin_geo.sources.reading import load_study


@pytest.fixture(scope="module")
def written(tmp_path_factory: pytest.TempPathFactory) -> tuple[Results, Path]:
    folder = tmp_path_factory.mktemp("trace")
    study = write_study(first().inputs, folder / "study")
    results = analyse(load_study(study), lang="en", include_planned=True)
    for _ in range(2):
        write_results(results, folder / "out")
    return results, folder / "out"


def read(path: Path) -> pd.DataFrame:
    return pd.read_csv(path, dtype=str, keep_default_na=False, encoding="utf-8-sig")


def test_every_figure_names_rows_that_exist(written: tuple[Results, Path]) -> None:
    results, out = written
    listed = read(out / "tables" / "figures.csv")
    assert len(listed) == len(FIGURES)
    for one in listed.to_dict("records"):
        keys = [key for key in one["row_key"].split(";") if key]
        assert [part.split("=")[0] for part in one["rows"].split(";") if part] == keys
        table = results.tables.get(
            one["table"], results.inputs.row_counts
        )  # all but manifest.row_counts are tables
        known = {*table.columns, *(results.inputs.catalogue if "facility_type" in table else ())}
        assert {*keys, *one["columns"].split(",")} <= known, one
        assert one["definition"]
        assert list(out.glob(one["page"])), one["page"]


def test_every_column_has_a_meaning_and_lengths_a_unit(written: tuple[Results, Path]) -> None:
    results, out = written
    columns = read(out / "tables" / "columns.csv")
    for name, table in results.tables.items():
        assert set(table.columns) <= set(columns.loc[columns["table"] == name, "column"]), name
    assert (columns["definition"] != "").all()
    assert (columns.loc[columns["column"].str.endswith("walk_m"), "unit"] == "m").all()


def test_pages_tables_and_manifest_name_the_same_input(written: tuple[Results, Path]) -> None:
    results, out = written
    manifest = json.loads((out / "manifest.json").read_text(encoding="utf-8"))
    assert manifest["input_hash"] == results.input_hash
    pages = [out / "index.html", out / "cards.html", *sorted((out / "maps").glob("*.html"))]
    for page in pages:
        assert results.input_hash[:12] in page.read_text(encoding="utf-8"), page.name
    assert results.input_hash in (out / "tables" / "README.txt").read_text(encoding="utf-8-sig")


def test_other_data_have_another_hash() -> None:
    run = first()
    one = analyse(run.inputs)
    moved = two_circles().iloc[::-1].reset_index(drop=True)
    inputs = run.inputs
    others = [
        analyse(run.inputs, include_planned=True),
        analyse(type(inputs)(**{**vars(inputs), "circles": moved})),
    ]
    assert len({one.input_hash, *(other.input_hash for other in others)}) == 3
    assert analyse(run.inputs, lang="en").input_hash == one.input_hash
