"""A comparison as a folder: the command, its tables, page, map and workbook; and runs that are hard to compare."""

import json
import re
import shutil
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import openpyxl
import pandas as pd
import pyogrio
import pytest
from browser import chromium, run, visit
from maps_world import PAYLOADS
from playwright.sync_api import Browser
from shapely import box
from typer.testing import CliRunner
from worlds import facility_type, home, shop, street, world, write_study

from pujin_geo.analysis import analyse
from pujin_geo.cli import app
from pujin_geo.compare.comparison import compare_runs, compare_sides
from pujin_geo.compare.folder import write_comparison
from pujin_geo.compare.map import comparison_map
from pujin_geo.compare.page import page_html
from pujin_geo.compare.sides import judge_side
from pujin_geo.errors import SettingsError, SourceError
from pujin_geo.inputs import Inputs
from pujin_geo.outputs import write_results
from pujin_geo.runs.folder import read_run
from pujin_geo.sources.reading import load_study

STREETS = [street((0, 0), (1000, 0)), street((0, 100), (1000, 100)), street((0, 0), (0, 100))]
CIRCLES = [
    {"circle_id": "C1", "name": "West", "geometry": box(-50, -50, 500, 150)},
    {"circle_id": "C2", "name": "East", "geometry": box(500, -50, 1050, 150)},
]


def town(*, later: bool = False, name: str = "Corner shop") -> Inputs:
    shops = [shop(100, 0, site_id="a", name=name), shop(900, 100, "park", site_id="p", name="Park")]
    homes = [home(200, 0, 60, name="H1"), home(800, 0, 30, name="H2"), home(950, 0, 2, name="H3")]
    if later:
        shops = [shop(150, 0, site_id="a", name=name), shop(800, 0, site_id="b", name="New shop"), *shops[1:]]
    return world(
        streets=STREETS + ([street((900, 0), (900, 100))] if later else []),
        homes=homes,
        shops=shops,
        types=[facility_type("shop", 300), facility_type("park", 300)],
        circles=CIRCLES,
        boundary=box(-50, -50, 1050, 150),
        extent=box(-2000, -2000, 3000, 3000),
    )


def written(inputs: Inputs, folder: Path, name: str) -> Path:
    study = write_study(inputs, folder / f"{name}-study")
    write_results(analyse(load_study(study)), folder / name)
    return folder / name


@pytest.fixture(scope="module")
def runs(tmp_path_factory: pytest.TempPathFactory) -> tuple[Path, Path]:
    folder = tmp_path_factory.mktemp("runs")
    return written(town(), folder, "a"), written(town(later=True), folder, "b")


@pytest.fixture(scope="module")
def out(runs: tuple[Path, Path]) -> Path:
    folder = runs[0].with_name("c")
    done = CliRunner().invoke(app, ["compare", *map(str, runs), "-o", str(folder), "--lang", "en"])
    assert done.exit_code == 0, done.output
    assert done.output.strip().endswith(str(folder / "index.html"))
    return folder


@pytest.fixture
def copied(runs: tuple[Path, Path], tmp_path: Path) -> tuple[Path, Path]:
    """Copies to be spoilt."""
    return tuple(Path(shutil.copytree(one, tmp_path / one.name)) for one in runs)  # type: ignore[return-value]


def table(out: Path, name: str) -> pd.DataFrame:
    return pd.read_csv(out / "tables" / f"{name}.csv", encoding="utf-8-sig", keep_default_na=False)


def test_the_folder_is_of_the_same_make_as_a_run(out: Path) -> None:
    files = {path.relative_to(out).as_posix() for path in out.rglob("*") if path.is_file()}
    tables = {
        "data_changes", "coverage_changes", "verdict_changes", "facility_effects", "gap_area_changes", "circle_sentences",
    }  # fmt: skip
    assert files == {
        "index.html", "manifest.json", "tables.xlsx", "comparison.xlsx", "layers.gpkg", "maps/before_after.html",
        "tables/README.txt", "tables/figures.csv", *(f"tables/{name}.csv" for name in tables),
    }  # fmt: skip
    assert (out / "tables" / "data_changes.csv").read_bytes().startswith(b"\xef\xbb\xbf")
    manifest = json.loads((out / "manifest.json").read_text(encoding="utf-8"))
    assert {entry["file"] for entry in manifest["files"]} == files - {"manifest.json"}
    assert manifest["table_rows"]["data_changes"] == len(table(out, "data_changes")) == 3
    assert manifest["changed_groups"] == ["facilities", "streets"]
    sheets = openpyxl.load_workbook(out / "tables.xlsx").sheetnames
    assert sheets == ["about", *manifest["table_rows"]]


def test_the_tables_hold_what_the_contract_says(out: Path) -> None:
    changes = table(out, "coverage_changes")
    parts = [f"by_{group}" for group in ("facilities", "streets", "residents", "rules", "circles")]
    columns = [
        "circle_id",
        "facility_type",
        "people_met_before",
        "people_met_after",
        "people_met_change",
        *parts,
    ]
    assert changes.columns[: len(columns)].tolist() == columns
    assert (changes[parts].sum(axis=1) == changes["people_met_change"]).all()
    whole = changes[changes["circle_id"] == "all"].set_index("facility_type")
    # Shop: 60 met before; 800 and 950 → the new shop at 800. Park: the new way at 900 leads 800 and 950 to it.
    assert whole.loc["shop", ["people_met_change", "by_facilities"]].tolist() == [32, 32]
    assert whole.loc["park", ["people_met_change", "by_streets"]].tolist() == [32, 32]
    data = table(out, "data_changes")
    assert data.columns[:5].tolist() == ["layer", "id", "change", "detail", "moved_m"]
    assert data[["layer", "id", "change", "moved_m"]].to_numpy().tolist() == [
        ["facilities", "a/shop", "moved", "50"],
        ["facilities", "b/shop", "added", ""],
        ["streets", "#4", "added", ""],
    ]
    assert set(data["data_notice"]) == {"Synthetic data · schematic"}


def test_layers_open_in_a_gis(out: Path) -> None:
    layers = {name for name, _ in pyogrio.list_layers(out / "layers.gpkg")}
    assert layers == {"facility_effects", "demand_changes", "streets_after", "circles"}
    points = pyogrio.read_dataframe(out / "layers.gpkg", layer="demand_changes")
    assert points.crs.to_epsg() == 4326
    assert points["closed"].tolist() == [2, 2]


def test_handed_out_pages_and_sheets_hide_small_numbers(out: Path) -> None:
    """Two people live at H3: no page says so, the internal table does."""
    assert 2 in table(out, "verdict_changes")["people_after"].tolist()
    book = openpyxl.load_workbook(out / "comparison.xlsx")
    assert book.sheetnames == [
        "circles",
        "people met",
        "facilities",
        "gap areas",
        "verdicts",
        "data",
        "about",
    ]
    rows = list(book["verdicts"].iter_rows(min_row=2, values_only=True))
    assert {row[8] for row in rows} == {30, "<5"}
    assert book["people met"].page_setup.orientation == "landscape"


def test_equal_runs_give_equal_bytes(runs: tuple[Path, Path], out: Path, tmp_path: Path) -> None:
    write_comparison(compare_runs(*runs, lang="en"), tmp_path / "again")
    for path in out.rglob("*"):
        if path.is_file() and path.suffix in (".csv", ".html", ".xlsx"):
            assert path.read_bytes() == (tmp_path / "again" / path.relative_to(out)).read_bytes(), path


def test_a_second_comparison_moves_the_first_to_history(copied: tuple[Path, Path]) -> None:
    before, after = copied
    for _ in range(2):
        assert CliRunner().invoke(app, ["compare", str(before), str(after)]).exit_code == 0
    assert (after.with_name("b.compare") / "index.html").is_file()
    history = after.with_name("b.compare.history")
    assert len([entry for entry in history.iterdir() if entry.is_dir() and entry.name.isdigit()]) == 1
    assert len(pd.read_csv(history / "index.csv", encoding="utf-8-sig")) == 2


def test_a_run_is_never_written_over(copied: tuple[Path, Path]) -> None:
    comparison = compare_runs(*copied)
    for target in (
        copied[0],
        copied[1],
        copied[1] / "inside",
        Path(shutil.copytree(copied[0], copied[0].with_name("z"))),
    ):
        with pytest.raises(SettingsError, match="不会写在里面"):
            write_comparison(comparison, target)
    assert read_run(copied[0]).edited == ()


def test_a_run_beside_itself_says_that_nothing_changed(runs: tuple[Path, Path], tmp_path: Path) -> None:
    write_comparison(compare_runs(runs[0], runs[0]), tmp_path / "same")
    html = (tmp_path / "same" / "index.html").read_text(encoding="utf-8")
    assert "两次结果没有差别" in html
    assert "原因" not in re.sub(r"<style>.*?</style>", "", html, flags=re.DOTALL)
    assert table(tmp_path / "same", "data_changes").empty


# Runs that are hard to compare


def notices(before: Path, after: Path) -> str:
    return "\n".join(text.en for text in compare_runs(before, after, lang="en").notices)


def test_edited_inputs_and_tables_are_named(copied: tuple[Path, Path]) -> None:
    before, after = copied
    toml = after / "inputs" / "study.toml"
    toml.write_text(
        toml.read_text(encoding="utf-8").replace("max_snap_m = 150.0", "max_snap_m = 99.0"), encoding="utf-8"
    )
    coverage = before / "tables" / "coverage.csv"
    coverage.write_text(
        coverage.read_text(encoding="utf-8-sig").replace(",60,", ",61,"), encoding="utf-8-sig"
    )
    said = notices(before, after)
    assert (
        "The later run's inputs were edited after it was written (their hashes differ): inputs/study.toml"
        in said
    )
    assert (
        "The earlier run has files that were edited or removed after it was written: tables/coverage.csv"
        in said
    )
    assert re.search(r"[1-9]\d* rows of the earlier run's own coverage table differ", said)
    assert "settings" in set(compare_runs(before, after)["data_changes"]["layer"])


def edit_manifest(out: Path, change: Callable[[dict[str, Any]], None]) -> None:
    manifest = json.loads((out / "manifest.json").read_text(encoding="utf-8"))
    change(manifest)
    (out / "manifest.json").write_text(json.dumps(manifest), encoding="utf-8")


def test_older_format_other_version_and_profile_are_said(copied: tuple[Path, Path]) -> None:
    def older(manifest: dict[str, Any]) -> None:
        del manifest["files"]
        manifest |= {"format_version": 1, "profile": "gb50180"}
        manifest["versions"]["pujin_geo"] = "0.0.9"

    edit_manifest(copied[0], older)
    said = notices(*copied)
    assert "of an older format (1, now" in said
    assert "written by different versions (0.0.9 and" in said
    assert "follow different rules: gb50180 and catalogue.csv" in said


def test_what_cannot_be_compared_is_refused_in_a_sentence(copied: tuple[Path, Path], tmp_path: Path) -> None:
    before, after = copied
    with pytest.raises(SourceError, match="不是结果文件夹"):
        compare_runs(tmp_path / "nowhere", after)
    (before / "inputs" / "streets.parquet").unlink()
    done = CliRunner().invoke(app, ["compare", str(before), str(after)])
    assert done.exit_code == 1
    edit_manifest(after, lambda manifest: manifest.update(format_version=99))
    with pytest.raises(SourceError, match="较新版本"):
        compare_runs(after, after)


def test_a_lost_layer_that_verdicts_can_do_without_is_named(copied: tuple[Path, Path]) -> None:
    """Circles gone: figures for the whole study stay; extent gone: nobody could trust a verdict."""
    (copied[1] / "inputs" / "circles.parquet").unlink()
    found = compare_runs(*copied, lang="en")
    assert any(
        text.en.startswith("The later run has lost its files of living circles") for text in found.notices
    )
    whole = found["coverage_changes"].query("circle_id == 'all'").set_index("facility_type")
    assert whole["people_met_change"].to_dict() == {"shop": 32, "park": 32}
    (copied[1] / "inputs" / "extent.parquet").unlink()
    with pytest.raises(SourceError, match="extent"):
        compare_runs(*copied)


def test_a_comparison_is_no_run(out: Path, runs: tuple[Path, Path]) -> None:
    with pytest.raises(SourceError, match="是一次比较"):
        compare_runs(out, runs[1])


# In a browser


@pytest.fixture(scope="module")
def browser() -> Iterator[Browser]:
    with chromium() as running:
        yield running


@pytest.mark.browser
def test_the_page_and_the_map_work_without_a_network(out: Path, browser: Browser, tmp_path: Path) -> None:
    with visit(browser, (out / "index.html").read_text(encoding="utf-8"), tmp_path) as seen:
        assert seen.page.locator("figure svg.picture").count() == 2
        assert "C2 East" in seen.page.locator("ul.said").inner_text()
        assert seen.page.evaluate("document.documentElement.scrollWidth <= innerWidth")
    assert seen.faults == []
    with visit(browser, (out / "maps" / "before_after.html").read_text(encoding="utf-8"), tmp_path) as seen:
        signs = run(seen.page, "return map.pujin.sides.map((side) => side.signs.signs().length);")
        assert signs == [1, 2]  # the shop that moved, and the new one
        rings = "return map.pujin.sides[1].rings.rings().map(([, , change]) => change);"
        assert run(seen.page, rings) == [1, 1]
        seen.page.select_option("#pj-choice", "park")
        assert seen.page.locator("[data-figure=park]").is_visible()
    assert seen.faults == []


@pytest.mark.browser
def test_hostile_names_stay_text(browser: Browser, tmp_path: Path) -> None:
    sides = [
        judge_side(town(later=flag, name=PAYLOADS[0] + str(flag)), include_planned=False, lang="zh")
        for flag in (False, True)
    ]
    found = compare_sides(*sides, lang="zh")
    for html in (page_html(found), comparison_map(found).html()):
        with visit(browser, html, tmp_path) as seen:
            assert seen.page.locator("img[src=x]").count() == 0
        assert seen.faults == []
