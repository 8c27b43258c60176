"""Putting results in place: killed before any file operation, full, held open, two at once; nothing is lost."""

import csv
import errno
import io
import json
import os
import subprocess
import sys
import threading
from collections.abc import Callable
from pathlib import Path
from tempfile import TemporaryDirectory

import pytest
from typer.testing import CliRunner
from worlds import one_street, write_study

from pujin_geo.cli import app
from pujin_geo.errors import PujinError, SettingsError, SourceError
from pujin_geo.runs import place
from pujin_geo.runs.place import placing, prepare, recover

PARTS = ("index.html", "tables/a.csv", "maps/b.html")


def write(folder: Path, tag: str) -> None:
    """Write what counts as results, every file with the same tag."""
    for part in PARTS:
        (folder / part).parent.mkdir(exist_ok=True)
        (folder / part).write_text(tag, encoding="utf-8")
    manifest = {
        "format_version": 2, "study": tag, "data_date": "", "synthetic": True, "inputs": [], "profile": "shanghai",
        "include_planned": False, "lang": "zh", "versions": {"pujin_geo": "0"}, "table_rows": {"problems": 0},
        "counts": {"demand_points_judged": 1, "people_judged": 2.5, "verdicts": {"met": 1}},
        "headlines": {"mean_basic": 0.25},
    }  # fmt: skip
    (folder / "manifest.json").write_text(json.dumps(manifest), encoding="utf-8")


def put(out: Path, tag: str, keep: int = 5) -> None:
    with placing(out, keep=keep) as folder:
        write(folder, tag)


def tag_of(folder: Path) -> str:
    """Return the tag of a folder, which must be whole."""
    tags = {(folder / part).read_text(encoding="utf-8") for part in PARTS}
    tags.add(json.loads((folder / "manifest.json").read_text(encoding="utf-8"))["study"])
    (tag,) = tags
    return tag


def kept(out: Path) -> dict[str, str]:
    history = place.history_of(out)
    return {p.name: tag_of(p) for p in sorted(history.iterdir()) if p.is_dir()}


def rows(out: Path) -> list[dict[str, str]]:
    text = (place.history_of(out) / "index.csv").read_text(encoding="utf-8-sig")
    return list(csv.DictReader(io.StringIO(text)))


def leftovers(out: Path) -> list[str]:
    hidden = {p.name for p in place.history_of(out).iterdir() if p.name.startswith(".")}
    return sorted(hidden - {place.LOCK})


def no_exchange(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(place, "_exchange", lambda *_: False)


@pytest.mark.parametrize("exchange", [True, False], ids=["exchange", "renames"])
def test_older_results_stay_and_the_index_says_where(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, exchange: bool
) -> None:
    if not exchange:
        no_exchange(monkeypatch)
    out = tmp_path / "out"
    for tag in "abcd":
        put(out, tag, keep=2)
    assert tag_of(out) == "d"
    assert kept(out) == {"0002": "b", "0003": "c"}
    assert [(r["run"], r["study"], r["stored"]) for r in rows(out)] == [
        ("1", "a", ""),
        ("2", "b", "out.history/0002"),
        ("3", "c", "out.history/0003"),
        ("4", "d", "out"),
    ]
    assert (rows(out)[0]["people"], rows(out)[0]["mean_basic"], rows(out)[0]["not_met"]) == (
        "2.5",
        "0.25",
        "0",
    )
    assert leftovers(out) == []
    assert sorted(p.name for p in tmp_path.iterdir()) == ["out", "out.history"]


def test_none_need_be_kept(tmp_path: Path) -> None:
    for tag in "ab":
        put(tmp_path / "out", tag, keep=0)
    assert (tag_of(tmp_path / "out"), kept(tmp_path / "out")) == ("b", {})


def test_results_from_before_the_index_are_numbered_on(tmp_path: Path) -> None:
    out = tmp_path / "out"
    out.mkdir()
    write(out, "old")
    put(out, "new")
    (place.history_of(out) / "index.csv").unlink()
    put(out, "newest")
    assert (tag_of(out), kept(out)) == ("newest", {"0001": "old", "0002": "new"})


def test_a_deleted_result_is_no_longer_listed_as_stored(tmp_path: Path) -> None:
    import shutil  # noqa: PLC0415

    out = tmp_path / "out"
    put(out, "a")
    shutil.rmtree(out)
    put(out, "b")
    assert [(r["study"], r["stored"]) for r in rows(out)] == [("a", ""), ("b", "out")]


KILLS = """
import os, signal, sys
from pathlib import Path
sys.path.insert(0, {tests!r})
from test_runs_place import put, tag_of, kept, leftovers, rows
from pujin_geo.runs import place

folder, exchange = Path(sys.argv[1]), sys.argv[2] == "exchange"
if not exchange:
    place._exchange = lambda *_: False
WATCHED = {{"open", "os.rename", "os.mkdir", "os.remove", "os.rmdir", "shutil.rmtree", "os.utime", "fcntl.flock"}}

def in_child(work):
    child = os.fork()
    if child == 0:
        try:
            work()
        except BaseException:
            import traceback; traceback.print_exc()
            os._exit(3)
        os._exit(0)
    return os.waitstatus_to_exitcode(os.waitpid(child, 0)[1])

def killed_at(number, out):
    seen = 0
    def hook(event, _):
        nonlocal seen
        if event in WATCHED:
            seen += 1
            if seen == number:
                os.kill(os.getpid(), signal.SIGKILL)
    def work():
        sys.addaudithook(hook)
        put(out, "new", keep=1)
    return in_child(work)

missing = after = 0
for number in range(1, 1000):
    out = folder / f"{{number}}" / "out"
    for tag in ("older", "old"):
        assert in_child(lambda: put(out, tag, keep=1)) == 0
    status = killed_at(number, out)
    if status == 0:
        break
    assert status == -signal.SIGKILL, status
    if out.exists():
        found = tag_of(out)
        assert found in ("old", "new"), found
    else:
        assert not exchange, number
        missing += 1
        found = None
    assert in_child(lambda: place.recover(out)) == 0
    settled = tag_of(out)
    assert settled == found or (settled == "new" and found in ("old", None)), (number, found, settled)
    after += settled == "new"
    assert not (place.history_of(out) / place.JOURNAL).exists()
    assert in_child(lambda: put(out, "last", keep=3)) == 0
    assert tag_of(out) == "last" and leftovers(out) == []
    before = {{"old", "new"}} if settled == "new" else {{"older", "old"}}
    assert before <= set(kept(out).values()), (number, kept(out))
    listed = [row["study"] for row in rows(out)]
    assert listed == ["older", "old"] + ["new"] * (settled == "new") + ["last"], listed
print(number, missing, after)
"""


@pytest.mark.skipif(not hasattr(os, "fork"), reason="needs fork")
@pytest.mark.parametrize("way", ["exchange", "renames"])
def test_killed_before_any_file_operation_nothing_is_lost(tmp_path: Path, way: str) -> None:
    """SIGKILL before the first, second, ... file operation; then the next command, then another run."""
    script = KILLS.format(tests=str(Path(__file__).parent))
    done = subprocess.run(
        [sys.executable, "-c", script, str(tmp_path), way],
        capture_output=True, encoding="utf-8", env=os.environ | {"PYTHONPATH": os.pathsep.join(sys.path)}, check=False,
    )  # fmt: skip
    assert done.returncode == 0, done.stdout + done.stderr
    points, missing, after = map(int, done.stdout.split())
    assert points > 25
    assert after > 5  # some kills came after the point of no return, or the test proves little
    assert (missing > 0) == (way == "renames")  # between two renames there is no OUT until the next command


def failing(number: int, error: OSError) -> Callable[..., object]:
    """Return a rename that fails on its n-th call."""
    real, calls = Path.rename, iter(range(1, 100))

    def rename(self: Path, target: Path) -> object:
        if next(calls) == number:
            raise error
        return real(self, target)

    return rename


def held() -> OSError:
    error = PermissionError(errno.EACCES, "The process cannot access the file", "out")
    error.winerror = 32  # type: ignore[attr-defined]  # as Windows says it
    return error


@pytest.mark.parametrize("number", [1, 2])
def test_a_file_held_open_by_excel_refuses_and_loses_nothing(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, number: int
) -> None:
    """Windows has no exchange and renames no folder with an open file: neither the old one nor the new one."""
    no_exchange(monkeypatch)
    out = tmp_path / "out"
    put(out, "a")
    with monkeypatch.context() as patch:
        patch.setattr(Path, "rename", failing(number, held()))
        with pytest.raises(SourceError, match=r"Excel.*关闭后再运行.*原有结果没有改动") as refusal:
            put(out, "b")
    assert "close it and run again" in refusal.value.of("en")
    assert (tag_of(out), kept(out), leftovers(out)) == ("a", {}, [])
    put(out, "b")
    assert (tag_of(out), kept(out)) == ("b", {"0001": "a"})


def test_an_index_held_open_is_refused_before_the_work(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    out = tmp_path / "out"
    put(out, "a")
    real = Path.open

    def open_(self: Path, mode: str = "r", **options: object) -> object:
        if self.name == "index.csv" and "+" in mode:
            raise held()
        return real(self, mode, **options)  # type: ignore[call-overload]

    monkeypatch.setattr(Path, "open", open_)
    for command in (lambda: prepare(out), lambda: put(out, "b")):
        with pytest.raises(SourceError, match="关闭后再运行"):
            command()
    assert tag_of(out) == "a"


def test_an_index_that_cannot_be_written_gets_its_row_later(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    out = tmp_path / "out"
    put(out, "a")
    with monkeypatch.context() as patch:
        patch.setattr(place, "write_index", lambda *_, **__: (_ for _ in ()).throw(held()))
        put(out, "b")
    assert (tag_of(out), [r["study"] for r in rows(out)]) == ("b", ["a"])
    recover(out)
    assert [(r["study"], r["stored"]) for r in rows(out)] == [("a", "out.history/0001"), ("b", "out")]
    assert leftovers(out) == []


@pytest.mark.parametrize("command", ["compare", "print"])
def test_commands_that_read_results_first_finish_a_swap_that_was_killed(
    command: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    asked: list[Path] = []
    monkeypatch.setattr(place, "recover", asked.append)
    folders = [tmp_path / "a", tmp_path / "b"][: 2 if command == "compare" else 1]
    done = CliRunner().invoke(app, [command, *map(str, folders)])
    assert asked == folders
    assert isinstance(done.exception, PujinError)  # there are no results here


@pytest.mark.parametrize(
    ("error", "said"),
    [
        (OSError(errno.ENOSPC, "No space left on device"), "磁盘空间不足"),
        (PermissionError(errno.EACCES, "Permission denied"), "没有写入权限"),
        (OSError(errno.EROFS, "Read-only file system"), "没有写入权限"),
        (OSError(errno.EIO, "Input/output error"), "Input/output error"),
    ],
)
def test_a_failure_is_a_sentence_and_the_older_result_stays(
    tmp_path: Path, error: OSError, said: str
) -> None:
    out = tmp_path / "out"
    put(out, "a")
    with pytest.raises(SourceError, match=said), placing(out) as folder:
        write(folder, "b")
        raise error
    assert (tag_of(out), kept(out), leftovers(out)) == ("a", {}, [])


AS_NOBODY = """
import os, pathlib, sys
import pujin_geo.analysis, pujin_geo.outputs, pujin_geo.progress, pujin_geo.reuse, pujin_geo.study
from pujin_geo.cli import main

# Nobody may not even read the interpreter's files: all that is needed is loaded before.
pujin_geo.study.read_study(pathlib.Path(sys.argv[2]))
if os.geteuid() == 0:  # who may write everywhere
    os.setgroups([])
    os.setgid(65534)
    os.setuid(65534)
main()
"""


@pytest.mark.skipif(os.name != "posix", reason="needs rights of users")
@pytest.mark.parametrize("is_first", [True, False], ids=["first run", "a colleague's results"])
def test_a_read_only_folder_is_refused_in_words_before_the_work(is_first: bool) -> None:
    with TemporaryDirectory() as made:  # tmp_path can be read by its owner only
        here = Path(made)
        study = write_study(one_street(), here / "study")
        if not is_first:
            put(here / "out", "a")
        before = {path: path.read_bytes() for path in here.rglob("*") if path.is_file()}
        for path in (here, *here.rglob("*")):
            path.chmod(0o555 if path.is_dir() else 0o444)
        done = subprocess.run(
            [sys.executable, "-c", AS_NOBODY, "run", str(study), "-o", str(here / "out")],
            capture_output=True, encoding="utf-8", check=False,
            env=os.environ | {"PYTHONPATH": os.pathsep.join(sys.path), "PUJIN_GEO_CACHE": str(here / "cache")},
        )  # fmt: skip
        for path in (here, *here.rglob("*")):
            path.chmod(0o755 if path.is_dir() else 0o644)
        assert done.returncode == 1, done.stderr
        assert "没有写入权限" in done.stderr
        assert "原有结果没有改动" in done.stderr
        assert "读入" not in done.stdout + done.stderr  # refused before anything is read
        assert {path: path.read_bytes() for path in here.rglob("*") if path.is_file()} == before


def test_a_name_that_looks_like_a_formula_is_text_in_the_index(tmp_path: Path) -> None:
    out = tmp_path / "-out"
    for _ in range(3):  # each run reads the index and writes it anew
        put(out, "=1+1")
    assert [(row["study"], row["stored"]) for row in rows(out)] == [
        ("'=1+1", "'-out.history/0001"),
        ("'=1+1", "'-out.history/0002"),
        ("'=1+1", "'-out"),
    ]


def test_two_runs_at_once_are_one_after_the_other(tmp_path: Path) -> None:
    out = tmp_path / "out"
    inside, told, go_on = threading.Event(), threading.Event(), threading.Event()
    said: list[str] = []

    def first() -> None:
        with placing(out) as folder:
            inside.set()
            go_on.wait(20)
            write(folder, "first")

    def tell(text: tuple[str, str]) -> None:
        said.append(text[0])
        told.set()

    def second() -> None:
        with placing(out, report=tell) as folder:
            write(folder, "second")

    threads = [threading.Thread(target=first)]
    threads[0].start()
    assert inside.wait(20)
    threads.append(threading.Thread(target=second))
    threads[1].start()
    assert told.wait(20)
    assert not out.exists()
    go_on.set()
    for thread in threads:
        thread.join(20)
    assert said == ["另一次运行正在写同一个结果文件夹, 等待中"]
    assert (tag_of(out), kept(out)) == ("second", {"0001": "first"})


def test_waiting_ends_in_a_word(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(place, "WAIT_S", 0.05)
    out = tmp_path / "out"
    with placing(out) as folder:
        with pytest.raises(SourceError, match="另一次运行一直在写"):
            put(out, "second")
        write(folder, "first")
    assert tag_of(out) == "first"


def test_other_peoples_files_are_refused_before_the_work(tmp_path: Path) -> None:
    (tmp_path / "out").mkdir()
    (tmp_path / "out" / "thesis.docx").write_text("mine")
    (tmp_path / "file").write_text("mine")
    for target in ("out", "file"):
        with pytest.raises(SettingsError, match="已有其他文件"):
            prepare(tmp_path / target)
    prepare(tmp_path / "new")
    assert sorted(p.name for p in tmp_path.iterdir()) == ["file", "out"]
