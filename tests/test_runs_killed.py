"""Whole ``pujin-geo run`` processes killed on the way: ``OUT`` is exactly the old or exactly the new result."""

import json
import os
import shutil
import signal
import subprocess
import sys
import time
from collections.abc import Sequence
from dataclasses import dataclass, replace
from pathlib import Path

import pytest
from test_runs_place import leftovers, rows
from worlds import river, write_study

from pujin_geo.runs import place
from pujin_geo.runs.files import sha256_of

pytestmark = pytest.mark.skipif(os.name != "posix", reason="needs SIGKILL")

Moment = tuple[str, str] | float
"""Before an event of the interpreter whose arguments hold a text, or so many times as long as a run takes."""

WRITING: tuple[Moment, ...] = (
    *(0.1, 0.35, 0.6, 0.85),
    ("os.mkdir", "/.new-"),
    ("open", "/tables/coverage.csv"),
    ("open", "/inputs/study.toml"),
    ("open", "/maps/gaps.html"),
    ("open", "/manifest.json"),
)
PREPARING: tuple[Moment, ...] = (
    ("open", "/..journal.json."),
    ("os.rename", "/.journal.json"),
)
SWAPPING: tuple[Moment, ...] = (
    ("ctypes.dlsym", "renameat2"),
    ("os.rename", "/.new-"),
    ("os.rename", "/.gone-"),
    ("os.rmdir", "/.gone-"),
    ("os.rename", "/index.csv"),
    ("os.remove", "/.journal.json"),
)

COMMAND = """
import os, signal, sys
event, part = sys.argv[1:3]
sys.argv[1:] = sys.argv[3:]

def hook(name, arguments):
    if name == event and any(part in str(one) for one in arguments):
        os.kill(os.getpid(), signal.SIGKILL)

sys.addaudithook(hook)
from pujin_geo.cli import main
main()
"""

Hashes = dict[str, str]


def run(study: Path, out: Path, moment: Moment | None = None, *, whole_s: float = 0.0) -> int:
    """Run the command and return its exit status, negative where it was killed; ``whole_s`` is what a run takes."""
    event, part = moment if isinstance(moment, tuple) else ("", "")
    arguments = [event, part, "run", str(study), "--out", str(out), "--keep", "1"]
    environment = os.environ | {"PYTHONPATH": os.pathsep.join(sys.path)}
    process = subprocess.Popen(
        [sys.executable, "-c", COMMAND, *arguments],
        stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL, env=environment,
    )  # fmt: skip
    if isinstance(moment, float):
        try:
            process.wait(moment * whole_s)
        except subprocess.TimeoutExpired:
            process.send_signal(signal.SIGKILL)
    return process.wait()


def hashes(out: Path) -> Hashes:
    """Return the hash of every file of a whole folder of results but its manifest, which holds seconds."""
    found = {path.relative_to(out).as_posix(): sha256_of(path) for path in out.rglob("*") if path.is_file()}
    del found["manifest.json"]
    manifest = json.loads((out / "manifest.json").read_text(encoding="utf-8"))
    assert found == {entry["file"]: entry["sha256"] for entry in manifest["files"]}
    return found


def which(out: Path, results: dict[Path, Hashes]) -> Path:
    """Return the study that a folder is exactly the result of."""
    found = hashes(out)
    (study,) = [study for study, expected in results.items() if expected == found]
    return study


def settled(out: Path, results: dict[Path, Hashes]) -> Path:
    """Return the study whose result is in ``OUT``, or will be once the swap that was begun is finished."""
    found = which(out, results)
    journal = place.history_of(out) / place.JOURNAL
    if not journal.is_file():
        return found
    begun = json.loads(journal.read_text(encoding="utf-8"))
    if sha256_of(out / "manifest.json") == begun["manifest_sha256"]:
        return found
    return which(place.history_of(out) / begun["staged"], results)


@dataclass(frozen=True)
class World:
    """Two studies, what each comes to, and a folder with the first one's result and an older one."""

    folder: Path
    one: Path
    other: Path
    results: dict[Path, Hashes]
    seconds: float

    @property
    def out(self) -> Path:
        return self.folder / "out"


@pytest.fixture(scope="module")
def made(tmp_path_factory: pytest.TempPathFactory) -> World:
    folder = tmp_path_factory.mktemp("killed")
    inputs = river()
    moved = inputs.facilities.set_geometry(inputs.facilities.translate(130.0, 0.0))
    one = write_study(inputs, folder / "a")
    other = write_study(replace(inputs, facilities=moved), folder / "b")
    results = {}
    for study in (one, other, one):
        began = time.perf_counter()
        assert run(study, folder / "out") == 0
        results[study] = hashes(folder / "out")
    assert results[one] != results[other]
    return World(folder, one, other, results, time.perf_counter() - began)


@pytest.fixture
def world(made: World, tmp_path: Path) -> World:
    """Results to be spoilt."""
    for name in ("out", "out.history"):
        shutil.copytree(made.folder / name, tmp_path / name)
    return replace(made, folder=tmp_path)


def killed_again_and_again(world: World, moments: Sequence[Moment], *, recovered: bool = True) -> list[bool]:
    """Kill runs that each change ``OUT``, every one upon what the last has left; then let one finish.

    Args:
        world: the results to begin with.
        moments: when to kill.
        recovered: a swap that was begun is finished before the next run; else the next run does it first, and may
            be killed at that.

    Returns:
        For each moment whether it came so late that the new result is there.
    """
    out, results = world.out, world.results
    arrived = []
    old, new = world.one, world.other
    for moment in moments:
        status = run(new, out, moment, whole_s=world.seconds)
        assert status == -signal.SIGKILL or (status == 0 and isinstance(moment, float)), moment
        assert which(out, results) in (old, new), moment
        arrived.append(settled(out, results) == new)
        if arrived[-1]:
            old, new = new, old
        if recovered:
            place.recover(out)
            assert which(out, results) == old, moment
    assert run(new, out) == 0
    assert which(out, results) == new
    assert leftovers(out) == []
    history = place.history_of(out)
    (older,) = (path for path in history.iterdir() if path.is_dir())
    assert which(older, results) == old
    assert sorted(path.name for path in world.folder.iterdir()) == ["out", "out.history"]
    listed = rows(out)
    assert [int(row["run"]) for row in listed] == list(range(1, 3 + sum(arrived) + 2))
    assert [row["stored"] for row in listed if row["stored"]] == [f"out.history/{older.name}", "out"]
    return arrived


def test_killed_while_it_reads_analyses_and_writes(world: World) -> None:
    arrived = killed_again_and_again(world, WRITING)
    assert not any(arrived[4:])


LINUX = pytest.mark.skipif(sys.platform != "linux", reason="names the call that exchanges folders")


@LINUX
def test_killed_while_the_results_are_put_in_place(world: World) -> None:
    arrived = killed_again_and_again(world, (*PREPARING, *SWAPPING))
    assert arrived == [False] * len(PREPARING) + [True] * len(SWAPPING)


@LINUX
def test_killed_again_while_the_next_run_finishes_the_swap(world: World) -> None:
    assert killed_again_and_again(world, SWAPPING, recovered=False)[0]
