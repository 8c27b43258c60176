"""A run's folder: complete, repeatable byte for byte, and put in place in one step."""

import hashlib
import io
import json
from pathlib import Path

import numpy as np
import openpyxl
import pandas as pd
import pyogrio
import pytest
from worlds import facility_type, home, one_street, river, shop, street, world, write_study

from pujin_geo import outputs
from pujin_geo.analysis import analyse
from pujin_geo.errors import SettingsError, SourceError
from pujin_geo.inputs import Inputs
from pujin_geo.outputs import write_results
from pujin_geo.report import table_files
from pujin_geo.report.columns import columns_of
from pujin_geo.results import Results
from pujin_geo.sources.reading import load_study

CONTRACT = {
    "problems": "layer file row source_row column value severity code message",
    "facilities": "facility_id site_id name facility_type suitability status circle_id inside_boundary lon lat",
    "residents": "demand_id name population committee_id circle_id scope inside_boundary lon lat",
    "distances": "demand_id facility_type facility_id walk_m straight_facility_id straight_m threshold_m verdict cause",
    "circles": "circle_id name hub_facility_id committees area_km2 population farthest_walk_m",
    "coverage": "circle_id scope facility_type suitability threshold_m people_basis people people_met "
    "people_not_met people_unknown coverage_share straight_line_share mean_walk_m",
    "gaps": "demand_id circle_id facility_type verdict cause people walk_m shortfall_m",
}


@pytest.fixture(scope="module")
def out(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("run")
    study = write_study(river(), folder / "study")
    write_results(analyse(load_study(study)), folder / "out")
    return folder / "out"


def analysed(inputs: Inputs, folder: Path) -> Results:
    """Analyse a drawing by way of its study folder."""
    return analyse(load_study(write_study(inputs, folder / "study")))


def printed(table: pd.DataFrame) -> pd.DataFrame:
    text = io.StringIO(table_files.csv_text(columns_of(table)))
    return pd.read_csv(text, dtype=str, keep_default_na=False)


def read(out: Path, table: str) -> pd.DataFrame:
    return pd.read_csv(
        out / "tables" / f"{table}.csv", dtype=str, keep_default_na=False, encoding="utf-8-sig"
    )


@pytest.mark.parametrize("table", CONTRACT)
def test_tables_have_the_declared_columns_first(out: Path, table: str) -> None:
    expected = CONTRACT[table].split()
    assert read(out, table).columns.tolist()[: len(expected)] == expected


def test_tables_open_in_excel_as_utf8(out: Path) -> None:
    assert (out / "tables" / "coverage.csv").read_bytes().startswith(b"\xef\xbb\xbf")


def test_walks_are_printed_to_the_millimetre_and_decided_on_that(out: Path) -> None:
    row = read(out, "distances").iloc[0]
    assert (row["walk_m"], row["straight_m"], row["verdict"], row["cause"]) == (
        "1700.000",
        "100.000",
        "not_met",
        "detour",
    )


def test_a_synthetic_study_says_so_in_every_row(out: Path) -> None:
    for table in CONTRACT:
        assert (read(out, table)["data_notice"] == "合成数据 · 示意").all()


def test_the_workbook_holds_the_same_tables_but_distances(out: Path) -> None:
    book = openpyxl.load_workbook(out / "tables.xlsx", read_only=True)
    contract = ["about", *(t for t in CONTRACT if t != "distances")]
    assert book.sheetnames[: len(contract)] == contract
    written = {path.stem for path in (out / "tables").glob("*.csv")}
    assert set(book.sheetnames) == {"about", *written} - set(table_files.CSV_ONLY)
    sheet = list(book["coverage"].iter_rows(values_only=True))
    coverage = read(out, "coverage")
    assert list(sheet[0]) == coverage.columns.tolist()
    assert len(sheet) - 1 == len(coverage)
    assert sheet[1][sheet[0].index("people")] == float(coverage["people"].iloc[0])


def test_the_geopackage_holds_every_layer_in_wgs84(out: Path) -> None:
    names = {name for name, _ in pyogrio.list_layers(out / "layers.gpkg")}
    assert names == {"facilities", "residents", "streets", "water"}
    for name in names:
        assert pyogrio.read_info(out / "layers.gpkg", layer=name)["crs"] == "EPSG:4326"


def test_the_kept_inputs_repeat_the_run(out: Path, tmp_path: Path) -> None:
    write_results(analyse(load_study(out / "inputs")), tmp_path / "again")
    for table in ("facilities", "residents", "distances", "coverage", "gaps"):
        assert read(tmp_path / "again", table).equals(read(out, table)), table


def test_two_runs_are_equal_byte_for_byte(out: Path, tmp_path: Path) -> None:
    study = write_study(river(), tmp_path / "study")
    write_results(analyse(load_study(study)), tmp_path / "out")
    compared = 0
    for path in sorted(out.rglob("*")):
        if path.suffix in (".csv", ".html", ".xlsx"):
            other = tmp_path / "out" / path.relative_to(out)
            assert path.read_bytes() == other.read_bytes(), path.name
            compared += 1
    assert compared >= 14
    ours, theirs = (
        pyogrio.read_dataframe(p / "layers.gpkg", layer="residents") for p in (out, tmp_path / "out")
    )
    assert ours.equals(theirs)


def test_the_manifest_names_inputs_by_hash(out: Path) -> None:
    manifest = json.loads((out / "manifest.json").read_text(encoding="utf-8"))
    study = out.parent / "study"
    listed = {entry["file"]: entry["sha256"] for entry in manifest["inputs"]}
    assert listed["streets.gpkg"] == hashlib.sha256((study / "streets.gpkg").read_bytes()).hexdigest()
    assert {"study.toml", "catalogue.csv", "facilities.gpkg", "residents.gpkg"} <= set(listed)
    assert manifest["settings"]["max_snap_m"] == 150
    assert manifest["counts"]["verdicts"] == {"not_met": 1}
    assert {"network", "access", "distances", "coverage", "tables", "maps", "briefing"} <= set(
        manifest["seconds"]
    )


def test_types_without_rows_are_listed_with_the_reason(tmp_path: Path) -> None:
    inputs = one_street(types=[facility_type("shop"), facility_type("school"), facility_type("hall", None)])
    results = analyse(inputs)
    assert results.types_without_rows.to_dict("records") == [
        {"facility_type": "school", "reason": "not_surveyed"},
        {"facility_type": "hall", "reason": "not_surveyed"},
    ]


def test_text_that_looks_like_a_formula_stays_text_in_the_workbook(tmp_path: Path) -> None:
    inputs = world(streets=[street((0, 0), (9, 0))], homes=[home(1, 1, name="=1+1")], shops=[shop(2, 1)])
    write_results(analysed(inputs, tmp_path), tmp_path / "out")
    cell = openpyxl.load_workbook(tmp_path / "out" / "tables.xlsx")["residents"]["B2"]
    assert (cell.value, cell.data_type) == ("=1+1", "s")


@pytest.mark.parametrize(
    "name", ["=1+1", "+cmd|' /C calc'!A0", "-2+3", "@SUM(1)", "＝1+1", "'=1", "\t=1", "\n=1"]
)
def test_text_that_looks_like_a_formula_gets_an_apostrophe_in_a_csv(name: str, tmp_path: Path) -> None:
    """And loses nothing: without one apostrophe it is the text again."""
    table_files.write_csv(columns_of(pd.DataFrame({"name": [name]})), tmp_path / "a.csv")
    back = pd.read_csv(tmp_path / "a.csv", dtype=str, keep_default_na=False, encoding="utf-8-sig")
    assert back["name"].tolist() == ["'" + name]


def test_numbers_and_plain_texts_get_no_apostrophe() -> None:
    cells = ["-5", "+1.25", "O'Neill", "'quoted'", "3-6", "", "a=b", "社区@家"]
    table = pd.DataFrame({"text": cells, "walk_m": -1.5, "population": -3})
    assert printed(table)["text"].tolist() == cells
    assert printed(table)["walk_m"].tolist() == ["-1.500"] * len(cells)


def test_a_name_that_looks_like_a_formula_is_guarded_in_what_a_run_writes(tmp_path: Path) -> None:
    inputs = world(streets=[street((0, 0), (9, 0))], homes=[home(1, 1, name="=1+1")], shops=[shop(2, 1)])
    write_results(analysed(inputs, tmp_path), tmp_path / "out")
    assert read(tmp_path / "out", "residents")["name"].tolist() == ["'=1+1"]
    assert "(')" in (tmp_path / "out" / "tables" / "README.txt").read_text(encoding="utf-8-sig")


def test_a_column_of_blanks_is_written(tmp_path: Path) -> None:
    inputs = world(streets=[street((0, 0), (9, 0))], homes=[home(1, 5000)], shops=[shop(2, 1)])
    write_results(analysed(inputs, tmp_path), tmp_path / "out")
    assert read(tmp_path / "out", "distances")["walk_m"].tolist() == [""]


def test_an_older_result_moves_to_the_history_and_the_oldest_goes(tmp_path: Path) -> None:
    results = analysed(one_street(), tmp_path)
    for _ in range(4):
        write_results(results, tmp_path / "out", keep=2)
    history = tmp_path / "out.history"
    assert sorted(p.name for p in history.iterdir() if not p.name.startswith(".")) == [
        "0002",
        "0003",
        "index.csv",
    ]
    assert sorted(p.name for p in tmp_path.iterdir()) == ["out", "out.history", "study"]


def test_a_failure_leaves_the_older_result_untouched(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    results = analysed(one_street(), tmp_path)
    write_results(results, tmp_path / "out")
    before = (tmp_path / "out" / "manifest.json").read_bytes()

    def full(*_: object, **__: object) -> None:
        raise OSError(28, "No space left on device")

    monkeypatch.setattr(outputs, "write_index", full)
    with pytest.raises(SourceError, match="磁盘空间不足"):
        write_results(results, tmp_path / "out")
    assert (tmp_path / "out" / "manifest.json").read_bytes() == before
    assert [p.name for p in (tmp_path / "out.history").iterdir() if p.is_dir()] == []


def test_a_folder_with_other_files_is_refused(tmp_path: Path) -> None:
    (tmp_path / "out").mkdir()
    (tmp_path / "out" / "thesis.docx").write_text("mine")
    with pytest.raises(SettingsError, match="已有其他文件"):
        write_results(analysed(one_street(), tmp_path), tmp_path / "out")
    assert (tmp_path / "out" / "thesis.docx").read_text() == "mine"


def test_printed_numbers() -> None:
    table = pd.DataFrame(
        {
            "walk_m": [0.1, np.nan],
            "people": [2.0, 2.5],
            "coverage_share": [1 / 3, np.nan],
            "lon": [121.5, 121.0],
        }
    )
    assert printed(table).to_numpy().tolist() == [
        ["0.100", "2", "0.333333", "121.5000000"],
        ["", "2.5", "", "121.0000000"],
    ]
