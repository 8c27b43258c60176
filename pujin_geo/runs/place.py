"""Results put in place in one step, one run at a time, whatever happens meanwhile; older ones are kept.

``OUT.history/`` holds all that this needs: older results ``0001``, ``0002`` ..., ``index.csv``, a lock, the folder
being written (``.new-...``) and, for the moment of the swap, a journal. The journal is written when the new
results are complete; from then on whoever comes next finishes the swap, and before it they are discarded.
"""

import ctypes
import errno
import json
import os
import shutil
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import asdict, dataclass
from datetime import datetime
from pathlib import Path
from typing import Any

from filelock import FileLock, Timeout

from ..errors import SettingsError, SourceError
from ..texts import Text
from .files import MANIFEST, replace_text, sha256_of
from .logbook import INDEX, Row, entry, folder_name, read_index, write_index

KEEP = 5
"""How many older results stay unless said otherwise."""
WAIT_S = 600.0
JOURNAL = ".journal.json"
LOCK = ".lock"

Report = Callable[[Text], None]


@dataclass(frozen=True)
class _Journal:
    """A swap that is under way: ``staged`` becomes ``OUT``, what was there becomes ``older``."""

    staged: str
    older: str
    manifest_sha256: str
    run: int
    row: Row
    keep: int


def history_of(out: Path) -> Path:
    """Return the folder beside ``OUT`` that keeps its older results."""
    return out.with_name(f"{out.name}.history")


def prepare(out: Path) -> None:
    """Refuse now what would be refused after the analysis, and finish a swap that was interrupted.

    Raises:
        SettingsError: ``out`` holds files that are not results.
        SourceError: the folder cannot be written.
    """
    _refuse_foreign(out)
    with _in_words(out):
        if history_of(out).is_dir():
            _refuse_held(history_of(out))
        else:
            _refuse_read_only(history_of(out))
    recover(out)


def recover(out: Path) -> None:
    """Finish the swap of a run that was killed in the middle of it; nothing happens where there was none."""
    history = history_of(out)
    if not (history / JOURNAL).is_file():
        return
    with _in_words(out), _locked(out, None):
        _tidy(out)


@contextmanager
def placing(out: Path, *, keep: int = KEEP, report: Report | None = None) -> Iterator[Path]:
    """Yield an empty folder; when the block ends it becomes ``out`` in one step and the older one history.

    Where the block raises, ``out`` stays as it was. Another run on the same folder is waited for.

    Args:
        out: the results' folder.
        keep: how many older results stay in ``OUT.history/``.
        report: told when another run is waited for.

    Raises:
        SettingsError: ``out`` holds files that are not results.
        SourceError: the folder cannot be written, in words (no space, no right, a file in use, another run).
    """
    history = history_of(out)
    with _in_words(out):
        _refuse_foreign(out)
        history.mkdir(parents=True, exist_ok=True)
        with _locked(out, report):
            _tidy(out)
            _refuse_held(history)
            staged = history / f".new-{os.getpid()}"
            try:
                staged.mkdir()
                yield staged
                journal = _journal(out, staged, keep)
                replace_text(history / JOURNAL, json.dumps(asdict(journal), ensure_ascii=False))
                _finish(out, journal)
            finally:
                # After a journal it is the swap's; without one it is nobody's.
                if not (history / JOURNAL).is_file():
                    shutil.rmtree(staged, ignore_errors=True)


def _journal(out: Path, staged: Path, keep: int) -> _Journal:
    history = history_of(out)
    rows = read_index(history)
    known = [int(row["run"]) for row in rows] + [int(p.name) for p in history.iterdir() if p.name.isdigit()]
    last = max(known, default=0)
    current = next((int(row["run"]) for row in rows if row.get("stored") == out.name), None)
    if current is None or (history / folder_name(current)).exists():
        current = last + 1  # results from before the index, or an index edited by hand
    run = max(last, current if out.exists() else 0) + 1
    # The one thing that comes from the clock, kept beside the results and not in them.
    when = datetime.now().astimezone().isoformat(timespec="seconds")
    row = entry(staged, run=run, when=when)
    return _Journal(staged.name, folder_name(current), row["manifest_sha256"], run, row, keep)


def _finish(out: Path, journal: _Journal) -> None:
    """Carry a swap to its end from wherever it stands: every step may have been done before."""
    history = history_of(out)
    staged, older = history / journal.staged, history / journal.older
    try:
        if not _is_new(out, journal):
            _swap(staged, out, older)
        if staged.exists():
            staged.rename(older)
    except OSError:
        if not _is_new(out, journal) and out.exists():
            (history / JOURNAL).unlink()
        raise
    _prune(history, journal.keep)
    try:
        rows = [row for row in read_index(history) if row["run"] != str(journal.run)]
        write_index(history, [*rows, journal.row], out=out, latest=journal.run)
    except OSError:
        return  # the results are in place; the next command reads the journal and adds the row
    (history / JOURNAL).unlink()


def _is_new(out: Path, journal: _Journal) -> bool:
    manifest = out / MANIFEST
    return manifest.is_file() and sha256_of(manifest) == journal.manifest_sha256


def _swap(staged: Path, out: Path, older: Path) -> None:
    if not out.exists():
        staged.rename(out)
    elif not _exchange(staged, out):
        out.rename(older)
        try:
            staged.rename(out)
        except OSError:
            older.rename(out)
            raise


def _exchange(one: Path, other: Path) -> bool:
    """Exchange two folders in one step where the system can, so that no moment has neither."""
    names = os.fsencode(one), os.fsencode(other)
    library: Any = ctypes.CDLL(None) if os.name == "posix" else None
    here, exchange = -100, 2  # AT_FDCWD, RENAME_EXCHANGE; on macOS RENAME_SWAP is 2 as well
    if hasattr(library, "renameat2"):
        return bool(library.renameat2(here, names[0], here, names[1], exchange) == 0)
    if hasattr(library, "renamex_np"):
        return bool(library.renamex_np(*names, exchange) == 0)
    return False


def _tidy(out: Path) -> None:
    """Finish an interrupted swap and remove what dead runs left; the lock is held."""
    history = history_of(out)
    if (history / JOURNAL).is_file():
        journal = _Journal(**json.loads((history / JOURNAL).read_text(encoding="utf-8")))
        if (history / journal.staged).is_dir() or _is_new(out, journal):
            _finish(out, journal)
        else:
            (history / JOURNAL).unlink()
    for left in history.glob(".*"):
        if left.is_dir():
            shutil.rmtree(left, ignore_errors=True)
        elif left.suffix == ".new":
            left.unlink(missing_ok=True)


def _prune(history: Path, keep: int) -> None:
    """Remove the oldest results beyond ``keep``; one half removed must not look like a result."""
    numbers = sorted(int(entry.name) for entry in history.iterdir() if entry.name.isdigit())
    for number in numbers[: max(0, len(numbers) - keep)]:
        gone = history / f".gone-{number:04d}"
        try:
            (history / folder_name(number)).rename(gone)
        except OSError:
            continue  # a file in it is open: the next run removes it
        shutil.rmtree(gone, ignore_errors=True)


def _refuse_foreign(out: Path) -> None:
    if out.is_file() or (out.is_dir() and any(out.iterdir()) and not (out / MANIFEST).is_file()):
        raise SettingsError(
            Text(
                f"{out} 已有其他文件, 不是本程序的结果文件夹; 请另选一个文件夹 (-o)。",
                f"{out} holds other files and is no results folder of this program; choose another one (-o).",
            )
        )


def _refuse_held(history: Path) -> None:
    """Refuse early where the index is open in a program that lets nobody write it."""
    index = history / INDEX
    if index.is_file():
        with index.open("r+b"):
            pass
    probe = history / f".{os.getpid()}.new"
    probe.touch()
    probe.unlink()


def _refuse_read_only(history: Path) -> None:
    """Refuse early where the history cannot be made; nothing is made yet."""
    ground = next(folder for folder in history.absolute().parents if folder.exists())
    if not os.access(ground, os.W_OK):
        raise PermissionError(errno.EACCES, os.strerror(errno.EACCES), str(ground))


@contextmanager
def _locked(out: Path, report: Report | None) -> Iterator[None]:
    lock = FileLock(history_of(out) / LOCK)
    try:
        lock.acquire(blocking=False)
    except Timeout:
        if report:
            report(
                Text(
                    "另一次运行正在写同一个结果文件夹, 等待中",
                    "Waiting: another run writes the same results folder",
                )
            )
        try:
            lock.acquire(timeout=WAIT_S)
        except Timeout:
            raise SourceError(
                Text(
                    f"另一次运行一直在写 {out}; 请等它结束后再运行, 或用 -o 另选一个文件夹。原有结果没有改动。",
                    f"Another run keeps writing {out}; wait for it to end, or choose another folder with -o. "
                    "Earlier results are unchanged.",
                )
            ) from None
    try:
        yield
    finally:
        lock.release()


@contextmanager
def _in_words(out: Path) -> Iterator[None]:
    try:
        yield
    except OSError as error:
        raise SourceError(_said(error, out)) from error


_FULL = (errno.ENOSPC, errno.EDQUOT, errno.EFBIG)
_HELD_BY_ANOTHER = (32, 33)
"""Windows: sharing and lock violations."""


def _said(error: OSError, out: Path) -> Text:
    if getattr(error, "winerror", None) in _HELD_BY_ANOTHER:
        why = Text(
            "文件正被其他程序 (如 Excel、WPS、浏览器) 打开, 请关闭后再运行",
            "another program (Excel, WPS, a browser) holds a file open; close it and run again",
        )
    elif error.errno in _FULL:
        why = Text("磁盘空间不足, 请清理后再运行", "the disk is full; make room and run again")
    elif isinstance(error, PermissionError) or error.errno == errno.EROFS:
        why = Text(
            "没有写入权限, 或文件正被其他程序 (如 Excel、WPS) 打开; 请检查权限并关闭文件, 或用 -o 另选一个文件夹",
            "no right to write, or another program (Excel, WPS) holds a file open; check the rights and close the "
            "file, or choose another folder with -o",
        )
    else:
        why = Text(
            f"{error.strerror or error}; 请检查磁盘和权限",
            f"{error.strerror or error}; check the disk and your rights",
        )
    where = error.filename or out
    return Text(
        f"结果无法写入 {out} ({where}): {why.zh}。原有结果没有改动。",
        f"The results cannot be written to {out} ({where}): {why.en}. Earlier results are unchanged.",
    )
