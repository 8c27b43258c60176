"""A stored run, run again by the command: the same tables and pages, the findings of the first reading too."""

import json
from collections.abc import Callable
from pathlib import Path
from typing import Any

import geopandas as gpd
import pandas as pd
import pytest
from shapely import box
from study_folders import FACILITIES, RESIDENTS, write_study
from test_reuse import content
from typer.testing import CliRunner

from pujin_geo.cli import app
from pujin_geo.inputs import Inputs
from pujin_geo.sources.origin import ORIGIN
from pujin_geo.sources.reading import load_study

FAULTY = FACILITIES + "洞,wormhole,C,121.501,31.081\n远,toilet,D,121.519,31.099\n"
PLANNED = "name,facility_type,site_id,status,lon,lat\n亭,toilet,E,规划,121.502,31.081\n"


def run(*arguments: str | Path) -> None:
    done = CliRunner().invoke(app, ["run", *map(str, arguments)])
    assert done.exit_code == 0, done.output


@pytest.fixture(scope="module")
def out(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Results beside a history with the results of a study in English, with faulty rows and circles."""
    folder = tmp_path_factory.mktemp("stored")
    circle = gpd.GeoDataFrame(
        {"circle_id": ["C1"], "name": ["甲"]}, geometry=[box(121.49, 31.07, 121.51, 31.09)], crs=4326
    )
    rows = FAULTY.replace("site_id,lon", "site_id,status,lon").splitlines()
    facilities = [
        rows[0],
        *(row.replace(",121.", ",现状,121.", 1) for row in rows[1:]),
        PLANNED.splitlines()[1],
    ]
    residents = RESIDENTS + "无人,x,d3,121.5,31.08\n东外,30,d4,121.53,31.08\n"
    (folder / "study").mkdir()
    study = write_study(
        folder / "study", facilities="\n".join(facilities) + "\n", residents=residents, circles=circle
    )
    run(study, "-o", folder / "out", "--lang", "en", "--include", "planned")
    run(study, "-o", folder / "out", "--profile", "gb50180")
    return folder / "out"


def stored(out: Path) -> Path:
    return out.with_name("out.history") / "0001"


def without_inputs(folder: Path) -> dict[str, Any]:
    """Return what a run wrote but the names of the files that it read."""
    found = content(folder)
    found["manifest.json"] = {k: v for k, v in found["manifest.json"].items() if k != "inputs"}
    return found


def test_everything_is_the_same_again(out: Path, tmp_path: Path) -> None:
    run(stored(out) / "inputs", "-o", tmp_path / "again")
    first, again = without_inputs(stored(out)), without_inputs(tmp_path / "again")
    assert set(first) == set(again)
    assert [name for name in first if first[name] != again[name]] == []
    assert (again["manifest.json"]["lang"], again["manifest.json"]["include_planned"]) == ("en", True)
    assert again["manifest.json"]["profile"] == "shanghai"
    problems = pd.read_csv(stored(out) / "tables" / "problems.csv", dtype=str, encoding="utf-8-sig")
    assert {"type_unknown", "number_unreadable", "outside_boundary", "unsnapped"} <= set(problems["code"])
    assert set(problems["file"].dropna()) == {"facilities.csv", "residents.csv", "streets.geojson"}
    read = {file["file"] for file in json.loads((tmp_path / "again" / "manifest.json").read_text())["inputs"]}
    assert "facilities.parquet" in read  # what was read is said as it is


def spoil_settings(folder: Path) -> None:
    path = folder / "study.toml"
    path.write_text(path.read_text(encoding="utf-8").replace("max_snap_m = 150", "max_snap_m = 140"))


def spoil_catalogue(folder: Path) -> None:
    table = pd.read_csv(folder / "catalogue.csv", dtype=str)
    table.iloc[:-1].to_csv(folder / "catalogue.csv", index=False)


def spoil_origin(folder: Path) -> None:
    (folder / ORIGIN).write_text('{"files": []}')


def cut_origin(folder: Path) -> None:
    path = folder / ORIGIN
    path.write_text(path.read_text(encoding="utf-8")[:-9], encoding="utf-8")


@pytest.mark.parametrize("spoil", [spoil_settings, spoil_catalogue, spoil_origin, cut_origin])
def test_what_was_changed_since_is_a_study_like_any_other(
    out: Path, tmp_path: Path, spoil: Callable[[Path], None]
) -> None:
    import shutil  # noqa: PLC0415

    kept = Path(shutil.copytree(stored(out) / "inputs", tmp_path / "inputs"))
    assert (files(load_study(kept)), load_study(kept).study.profile) == ({"facilities.csv"}, "shanghai")
    assert files(load_study(kept, profile="gb50180")) == {"facilities.parquet"}
    spoil(kept)
    assert (files(load_study(kept)), load_study(kept).study.profile) == (
        {"facilities.parquet"},
        "catalogue.csv",
    )


def files(inputs: Inputs) -> set[str]:
    """Return the file of the facilities, as the inputs say it."""
    counts = inputs.row_counts
    return set(counts.loc[counts["layer"] == "facilities", "file"])
