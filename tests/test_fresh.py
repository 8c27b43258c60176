"""``pujin-geo run`` with kept answers and with ``--fresh``: the same files, whatever changed since the last run."""

import json
import shutil
from collections.abc import Callable
from pathlib import Path

import pytest
from test_reuse import content
from typer.testing import CliRunner

from pujin_geo.cli import app

XIAOHE = Path(__file__).parent.parent / "geodata" / "xiaohe"


def run(*arguments: str | Path) -> None:
    done = CliRunner().invoke(app, ["run", *map(str, arguments)])
    assert done.exit_code == 0, done.output


def edit(path: Path, change: Callable[[list[str]], None]) -> None:
    """Change the lines of a table as a planner would: line 1 is the first row."""
    lines = path.read_text(encoding="utf-8-sig").splitlines()
    change(lines)
    path.write_text("\n".join(lines) + "\n", encoding="utf-8-sig")


def a_facility_moved_and_renamed(study: Path) -> None:
    def change(lines: list[str]) -> None:
        cells = lines[5].split(",")
        cells[0], cells[-2], cells[-1] = "新名称", "122.7921479", "31.6356486"
        lines[5] = ",".join(cells)

    edit(study / "facilities.csv", change)


def a_facility_gone_one_closed_and_more_people(study: Path) -> None:
    def close(lines: list[str]) -> None:
        lines[3] = lines[3].replace("现状", "停用")
        del lines[7]

    def people(lines: list[str]) -> None:
        cells = lines[4].split(",")
        cells[4] = str(int(cells[4]) + 40)
        lines[4] = ",".join(cells)

    edit(study / "facilities.csv", close)
    edit(study / "residents.csv", people)


def a_street_gone_and_a_setting(study: Path) -> None:
    streets = json.loads((study / "streets.geojson").read_text(encoding="utf-8"))
    del streets["features"][3]
    (study / "streets.geojson").write_text(json.dumps(streets), encoding="utf-8")
    with (study / "study.toml").open("a", encoding="utf-8") as file:
        file.write("\n[settings]\nmax_snap_m = 90\n")


def nothing(study: Path) -> None:
    """Only the options of the command differ."""


STEPS: tuple[tuple[Callable[[Path], None], tuple[str, ...]], ...] = (
    (a_facility_moved_and_renamed, ()),
    (nothing, ("--profile", "gb50180")),
    (a_facility_gone_one_closed_and_more_people, ("--lang", "en")),
    (a_street_gone_and_a_setting, ("--include", "planned")),
)


def test_with_kept_answers_a_run_writes_what_it_writes_afresh(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("PUJIN_GEO_CACHE", str(tmp_path / "cache"))
    study = Path(shutil.copytree(XIAOHE, tmp_path / "study"))
    run(study, "-o", tmp_path / "kept")
    last = content(tmp_path / "kept")
    for change, options in STEPS:
        change(study)
        run(study, "-o", tmp_path / "kept", *options)
        run(study, "-o", tmp_path / "fresh", *options, "--fresh")
        kept, fresh = content(tmp_path / "kept"), content(tmp_path / "fresh")
        assert set(kept) == set(fresh)
        assert [name for name in kept if kept[name] != fresh[name]] == [], change.__name__
        assert kept["tables/coverage.csv"] != last["tables/coverage.csv"], (
            change.__name__
        )  # it did change something
        last = kept
        counts = [
            json.loads((tmp_path / out / "manifest.json").read_text(encoding="utf-8"))["reused"].values()
            for out in ("kept", "fresh")
        ]
        reused = [sum(one["reused"] for one in out) for out in counts]
        assert reused[0] > 8, change.__name__
        assert reused[1] == 0
