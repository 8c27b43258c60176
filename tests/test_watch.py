"""A study that is run again after every save."""

import os
import queue
import signal
import subprocess
import sys
import threading
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path

import pandas as pd
import pytest
from openpyxl import load_workbook
from pyproj import Transformer
from worlds import ORIGIN, UTM, home, one_street, shop, write_study

from pujin_geo.study import LayerSpec, Study, read_study, study_toml
from pujin_geo.tables import ALL
from pujin_geo.watch import changes_in_words, stamps, wait_until_saved, watched

PATIENCE_S = 120


def lon_lat(x: float, y: float) -> tuple[float, float]:
    to_degrees = Transformer.from_crs(UTM, 4326, always_xy=True)
    lon, lat = to_degrees.transform(ORIGIN[0] + x, ORIGIN[1] + y)
    return lon, lat


@pytest.fixture
def study(tmp_path: Path) -> Path:
    """One home and one shop 1,000 m off, the facilities in a workbook."""
    inputs = one_street(homes=[home(0, 0, population=40)], shops=[shop(1000, 0)])
    folder = write_study(inputs, tmp_path / "study")
    (folder / "facilities.gpkg").unlink()
    lon, lat = lon_lat(1000, 0)
    rows = pd.DataFrame([{"name": "s", "facility_type": "shop", "lon": lon, "lat": lat}])
    rows.to_excel(folder / "facilities.xlsx", index=False)
    described = read_study(folder)
    layers = described.layers | {"facilities": LayerSpec(folder / "facilities.xlsx", datum="wgs84")}
    (folder / "study.toml").write_text(study_toml(replace(described, layers=layers)), encoding="utf-8")
    return folder


class Command:
    """``pujin-geo run --watch`` in a process of its own, and the lines that it says."""

    def __init__(self, study: Path, here: Path) -> None:
        self.process = subprocess.Popen(
            [sys.executable, "-m", "pujin_geo", "run", str(study), "-o", "out", "--watch", "--lang", "en"],
            stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT,
            encoding="utf-8",
            cwd=here,
            env=os.environ | {"PYTHONUTF8": "1"},
        )
        self._lines: queue.Queue[str] = queue.Queue()
        self._reader = threading.Thread(target=self._read, daemon=True)
        self._reader.start()

    def _read(self) -> None:
        assert self.process.stdout
        with self.process.stdout as said:
            for line in said:
                self._lines.put(line.rstrip("\n"))

    def stop(self) -> None:
        self.process.kill()
        self.process.wait()
        self._reader.join()

    def said_until_waiting(self) -> list[str]:
        said = []
        while True:
            said.append(self._lines.get(timeout=PATIENCE_S))
            if said[-1].startswith("Waiting for a data file"):
                return said


@pytest.fixture
def command(study: Path, tmp_path: Path) -> Iterator[Command]:
    started = Command(study, tmp_path)
    yield started
    started.stop()


def move_shop(study: Path, x: float) -> None:
    path = study / "facilities.xlsx"
    book = load_workbook(path)
    book.active["C2"], book.active["D2"] = lon_lat(x, 0)
    book.save(path)


@pytest.mark.skipif(sys.platform == "win32", reason="Ctrl+C of another process")
def test_saving_the_workbook_shows_the_new_figures(command: Command, study: Path, tmp_path: Path) -> None:
    first = command.said_until_waiting()
    assert "1 verdicts: 0 met, 1 not met" in "\n".join(first)

    move_shop(study, 300)
    second = command.said_until_waiting()
    assert "1 verdicts: 1 met, 0 not met" in "\n".join(second)
    assert "shop: +40 people met, now 40." in second
    met = pd.read_csv(tmp_path / "out" / "tables" / "distances.csv")["walk_m"].tolist()
    assert met == pytest.approx([300.0], abs=0.01)

    whole = (study / "facilities.xlsx").read_bytes()
    (study / "facilities.xlsx").write_bytes(whole[:100])
    refused = command.said_until_waiting()
    assert any("facilities.xlsx" in line for line in refused)
    assert not any("verdicts" in line for line in refused)

    (study / "facilities.xlsx").write_bytes(whole)
    move_shop(study, 400)
    again = command.said_until_waiting()
    assert "People met did not change for any type." in again

    command.process.send_signal(signal.SIGINT)
    assert command.process.wait(PATIENCE_S) == 0


def test_what_is_watched(study: Path, tmp_path: Path) -> None:
    (study / "~$facilities.xlsx").write_text("lock")
    (study / ".hidden").write_text("")
    (study / "out").mkdir()
    (study / "out" / "index.html").write_text("")
    outside = tmp_path / "streets_elsewhere.gpkg"
    (study / "streets.gpkg").rename(outside)
    described = read_study(study)
    moved: Study = replace(described, layers=described.layers | {"streets": LayerSpec(outside)})
    names = [path.name for path in watched(moved, leave_out=[study / "out"])]
    assert sorted(names) == [
        "catalogue.csv", "facilities.xlsx", "residents.gpkg", "streets_elsewhere.gpkg", "study.toml",
    ]  # fmt: skip


def test_a_file_that_is_still_being_written_is_waited_for(tmp_path: Path) -> None:
    path = tmp_path / "a.csv"
    path.write_text("1")
    known = stamps([path])
    looks = 0

    def look() -> dict[Path, tuple[int, int]]:
        nonlocal looks
        looks += 1
        if looks in (2, 3, 4):
            path.write_text("1" * looks)
        return dict(stamps([path, tmp_path / "absent"]))

    wait_until_saved(look, known, every_s=0)
    assert looks == 5  # the second equal look


def test_sums_of_changes_in_words() -> None:
    def coverage(**met: float) -> pd.DataFrame:
        rows = [(ALL, ALL, kind, people) for kind, people in met.items()]
        rows += [("C1", ALL, "shop", 1e6), (ALL, "urban", "shop", 1e6)]
        return pd.DataFrame(rows, columns=["circle_id", "scope", "facility_type", "people_met"])

    names = pd.Series({"shop": "店", "clinic": "卫生站"})
    before, after = coverage(shop=100, clinic=50, park=10), coverage(shop=1100, clinic=20, new=5)
    assert changes_in_words(before, after, names, "zh") == [
        "店: 达标人数 +1,000, 现为 1,100。",
        "卫生站: 达标人数 -30, 现为 20。",
        "park: 达标人数 -10, 现为 0。",
        "new: 达标人数 +5, 现为 5。",
    ]
    many = {f"t{n}": float(n) for n in range(9)}
    assert changes_in_words(coverage(**dict.fromkeys(many, 0.0)), coverage(**many), names, "en")[-1] == (
        "3 more types changed."
    )
