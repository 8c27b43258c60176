"""The commands as a user calls them: happy ends, refusals in one sentence, exit status 0, 1 and 2."""

import json
import os
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path

import pytest
from worlds import home, one_street, shop, street, write_study

Call = Callable[..., subprocess.CompletedProcess[str]]


@pytest.fixture
def call(tmp_path: Path) -> Call:
    def run(*words: str) -> subprocess.CompletedProcess[str]:
        environment = {k: v for k, v in os.environ.items() if k != "PUJIN_GEO_TRACEBACK"}
        return subprocess.run(
            [sys.executable, "-W", "error", "-m", "pujin_geo", *words],
            capture_output=True,
            encoding="utf-8",
            cwd=tmp_path,
            env=environment | {"PYTHONUTF8": "1"},
            check=False,
        )

    return run


@pytest.fixture
def study(tmp_path: Path) -> Path:
    return write_study(one_street(), tmp_path / "study")


def test_run_writes_the_results_and_says_where(call: Call, study: Path, tmp_path: Path) -> None:
    done = call("run", str(study))
    assert done.returncode == 0, done.stderr
    assert done.stdout.splitlines()[-1] == str(Path("outputs") / "study" / "index.html")
    assert "1 个居民点" in done.stdout
    assert "没有生活圈图层" in done.stdout
    assert (tmp_path / "outputs" / "study" / "tables" / "coverage.csv").is_file()


def test_run_speaks_english(call: Call, study: Path, tmp_path: Path) -> None:
    done = call("run", str(study), "-o", "out", "--lang", "en")
    assert done.returncode == 0, done.stderr
    assert "1 demand points" in done.stdout
    assert 'lang="en"' in (tmp_path / "out" / "index.html").read_text(encoding="utf-8")


def test_planned_facilities_count_only_on_request(call: Call, tmp_path: Path) -> None:
    study = write_study(one_street(shops=[shop(150, 0, status="planned")]), tmp_path / "study")
    verdicts = []
    for words in ([], ["--include", "planned"]):
        assert call("run", str(study), "-o", "out", *words).returncode == 0
        manifest = json.loads((tmp_path / "out" / "manifest.json").read_text(encoding="utf-8"))
        verdicts.append(manifest["counts"]["verdicts"])
    assert verdicts == [{"not_met": 1}, {"met": 1}]


def test_check_lists_every_problem(call: Call, tmp_path: Path) -> None:
    study = write_study(one_street(homes=[home(100, 30), home(100, 900)]), tmp_path / "study")
    done = call("check", str(study), "--json")
    assert done.returncode == 0, done.stderr
    found = json.loads(done.stdout)
    assert [(p["layer"], p["row"], p["code"]) for p in found["problems"]] == [("residents", 2, "unsnapped")]
    assert all(c["rows_read"] == c["accepted"] + c["rejected"] for c in found["row_counts"])
    plain = call("check", str(study), "--lang", "en")
    assert "residents (residents.gpkg): 2 rows read = 2 accepted + 0 rejected" in plain.stdout
    assert not (tmp_path / "outputs").exists()


def test_check_names_a_finding_about_a_whole_file(call: Call, tmp_path: Path) -> None:
    crossing = [street((0, 0), (1000, 0)), street((500, -50), (500, 50))]
    done = call("check", str(write_study(one_street(streets=crossing), tmp_path / "study")), "--lang", "en")
    assert done.returncode == 0, done.stderr
    assert "[warning] streets streets.gpkg crossings_not_joined: 1 crossing" in done.stdout


@pytest.mark.parametrize(
    ("words", "said"),
    [
        (["run", "nowhere"], "找不到研究文件夹"),
        (["run", "nowhere", "--lang", "en"], "There is no study folder"),
        (["check", "nowhere"], "找不到研究文件夹"),
        (["import-osm", "nowhere.osm.pbf", "new"], "nowhere.osm.pbf"),
        (["run", "study", "--profile", "beijing"], "beijing"),
    ],
)
def test_a_refusal_is_one_sentence(call: Call, study: Path, words: list[str], said: str) -> None:
    done = call(*words)
    assert done.returncode == 1
    assert said in done.stderr
    assert "Traceback" not in done.stderr
    assert len(done.stderr.strip().splitlines()) == 1


def test_a_missing_layer_file_is_named(call: Call, study: Path) -> None:
    (study / "streets.gpkg").unlink()
    done = call("run", str(study))
    assert done.returncode == 1
    assert "streets.gpkg" in done.stderr
    assert "Traceback" not in done.stderr


@pytest.mark.parametrize(
    "words", [["fly"], ["run", "--height", "3"], ["run", "a", "b"], ["run", "--lang", "fr"]]
)
def test_wrong_usage_is_2(call: Call, words: list[str]) -> None:
    done = call(*words)
    assert done.returncode == 2
    assert "Traceback" not in done.stderr


def test_an_unforeseen_fault_is_a_sentence_too(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    from pujin_geo import cli  # noqa: PLC0415

    def break_down() -> None:
        raise ZeroDivisionError("no")

    monkeypatch.delenv("PUJIN_GEO_TRACEBACK", raising=False)
    monkeypatch.setattr(cli, "app", break_down)
    with pytest.raises(SystemExit) as stop:
        cli.main()
    assert stop.value.code == 1
    assert "ZeroDivisionError" in capsys.readouterr().err
