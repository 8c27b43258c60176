"""Reading a folder of results again: whole, edited by hand, incomplete, older and newer formats."""

import json
import shutil
from pathlib import Path
from typing import Any

import pytest
from worlds import river, write_study

from pujin_geo.analysis import analyse
from pujin_geo.errors import SourceError
from pujin_geo.outputs import write_results
from pujin_geo.runs.files import sha256_of
from pujin_geo.runs.folder import FORMAT_VERSION, load_inputs, read_run
from pujin_geo.sources.reading import load_study


@pytest.fixture(scope="module")
def written(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("run")
    study = write_study(river(), folder / "study")
    results = analyse(load_study(study), lang="en", include_planned=True)
    write_results(results, folder / "out")
    return folder / "out"


@pytest.fixture
def out(written: Path, tmp_path: Path) -> Path:
    """A copy to be spoilt."""
    return Path(shutil.copytree(written, tmp_path / "out"))


def edit_manifest(out: Path, **changes: Any) -> None:
    path = out / "manifest.json"
    manifest = json.loads(path.read_text(encoding="utf-8"))
    path.write_text(json.dumps(manifest | changes), encoding="utf-8")


def test_a_whole_run_is_read(out: Path) -> None:
    run = read_run(out)
    assert (run.edited, run.format_version, run.lang, run.include_planned) == ((), FORMAT_VERSION, "en", True)
    assert load_inputs(run).residents["demand_id"].tolist() == ["h1"]


def test_every_file_is_listed_with_its_hash(out: Path) -> None:
    listed = {entry["file"]: entry["sha256"] for entry in read_run(out).manifest["files"]}
    found = {p.relative_to(out).as_posix(): sha256_of(p) for p in out.rglob("*") if p.is_file()}
    del found["manifest.json"]
    assert listed == found
    assert {"index.html", "tables/coverage.csv", "inputs/study.toml", "layers.gpkg"} <= set(listed)


def test_edited_and_removed_files_are_named(out: Path) -> None:
    table = out / "tables" / "coverage.csv"
    table.write_bytes(table.read_bytes().replace(b"all", b"ALL"))
    (out / "inputs" / "water.parquet").unlink()
    (out / "notes.txt").write_text("a planner's own note is no edit")
    assert read_run(out).edited == ("inputs/water.parquet", "tables/coverage.csv")


def test_an_older_format_without_hashes_is_read(out: Path) -> None:
    manifest = json.loads((out / "manifest.json").read_text(encoding="utf-8"))
    del manifest["files"]
    (out / "manifest.json").write_text(json.dumps(manifest | {"format_version": 1}), encoding="utf-8")
    run = read_run(out)
    assert (run.can_be_verified, run.edited) == (False, ())
    assert len(load_inputs(run).streets) == 3


def test_a_newer_format_is_refused(out: Path) -> None:
    edit_manifest(out, format_version=FORMAT_VERSION + 1)
    with pytest.raises(SourceError, match="较新版本"):
        read_run(out)


@pytest.mark.parametrize("text", ["{", "[]", '{"study": "x"}', '{"format_version": "two"}', "null"])
def test_a_manifest_that_is_none_is_refused(out: Path, text: str) -> None:
    (out / "manifest.json").write_text(text, encoding="utf-8")
    with pytest.raises(SourceError, match=r"manifest\.json 无法读取"):
        read_run(out)


def test_other_and_incomplete_folders_are_refused(out: Path, tmp_path: Path) -> None:
    with pytest.raises(SourceError, match="不是结果文件夹"):
        read_run(tmp_path)
    shutil.rmtree(out / "inputs")
    with pytest.raises(SourceError, match="不完整"):
        read_run(out)
