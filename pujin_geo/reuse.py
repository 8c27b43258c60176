"""Answers of earlier runs, used again where all that they were made from is the same.

A function marked ``@kept`` is pure: its answer follows from its arguments. Its answers are kept in a folder under
the fingerprint of its name, its arguments, this package's files and the libraries' versions, so that a changed row,
setting, line of code or library makes another key and an old answer is never found. The folder may be deleted at
any time; a damaged answer is made anew. Without an open store, a kept function is just a function.
"""

import functools
import hashlib
import importlib.metadata
import os
import pickle
import sys
from collections import Counter
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress
from pathlib import Path
from typing import ParamSpec, TypeVar

from .fingerprints import Fingerprints

Arguments = ParamSpec("Arguments")
Answer = TypeVar("Answer")

MOST_BYTES = 500_000_000
GROWTH = ".growth"
"""A file as long as what was kept since the oldest answers were last removed, in kilobytes."""

LIBRARIES = ("folium", "geopandas", "numpy", "pandas", "pyogrio", "pyproj", "scipy", "shapely")
"""Whose versions are part of every key, and of the manifest."""

_DIGEST = hashlib.sha256().digest_size


def cache_folder() -> Path:
    """Return where answers are kept: ``PUJIN_GEO_CACHE``, else the user's cache folder of the system."""
    named = os.environ.get("PUJIN_GEO_CACHE")
    if named:
        return Path(named)
    if sys.platform == "win32":
        base = Path(os.environ.get("LOCALAPPDATA") or Path.home() / "AppData" / "Local")
    elif sys.platform == "darwin":
        base = Path.home() / "Library" / "Caches"
    else:
        base = Path(os.environ.get("XDG_CACHE_HOME") or Path.home() / ".cache")
    return base / "pujin-geo"


class Store:
    """A folder of kept answers.

    Args:
        folder: made when the first answer is kept; if it cannot be, nothing is kept and nothing fails.
        fresh: keep answers, but use none.

    Attributes:
        reused, made: how many answers of each function were found, and made anew.
    """

    def __init__(self, folder: Path, *, fresh: bool = False) -> None:
        self.folder = folder
        self.fresh = fresh
        self.reused: Counter[str] = Counter()
        self.made: Counter[str] = Counter()
        self._fingerprints = Fingerprints()
        self._written_bytes = 0
        self._around = code_version()

    def answer(self, name: str, arguments: object, make: Callable[[], Answer]) -> Answer:
        """Return the kept answer of a function to some arguments, or make and keep it."""
        path = self.folder / self._fingerprints.of(name, self._around, arguments)
        payload = None if self.fresh else _read(path)
        if payload is not None:
            self.reused[name] += 1
            found: Answer = pickle.loads(payload)  # the user's own folder, checked by hash
            return found
        made = make()
        self.made[name] += 1
        content = pickle.dumps(made, protocol=5)
        _write(path, content)
        self._written_bytes += len(content)
        return made

    def counts(self) -> dict[str, dict[str, int]]:
        """Return per function how many answers were reused and made."""
        names = sorted({*self.reused, *self.made})
        return {name: {"reused": self.reused[name], "made": self.made[name]} for name in names}

    def close(self, most_bytes: int = MOST_BYTES) -> None:
        """Prune the folder if it has grown by a tenth of ``most_bytes`` since it was last done."""
        if not self._written_bytes:
            return
        with suppress(OSError):
            with (self.folder / GROWTH).open("ab") as growth:
                growth.write(b"." * (self._written_bytes // 1000 + 1))
                grown_bytes = growth.tell() * 1000
            self._written_bytes = 0
            if grown_bytes > most_bytes / 10:
                self.prune(most_bytes)

    def prune(self, most_bytes: int = MOST_BYTES) -> None:
        """Remove the answers that were not used for longest beyond ``most_bytes``."""
        with suppress(OSError):
            (self.folder / GROWTH).unlink(missing_ok=True)
            entries = sorted(
                ((e.stat().st_mtime_ns, e.stat().st_size, e.path) for e in os.scandir(self.folder)),
                reverse=True,
            )
            total = 0
            for _, size, path in entries:
                total += size
                if total > most_bytes:
                    Path(path).unlink(missing_ok=True)


_OPEN: list[Store] = []


@contextmanager
def reusing(store: Store) -> Iterator[Store]:
    """Let kept functions use a store while the block lasts."""
    _OPEN.append(store)
    try:
        yield store
    finally:
        _OPEN.remove(store)
        store.close()


def reuse_counts() -> dict[str, dict[str, int]]:
    """Return, per kept function, how many answers the open store found and made so far; none without a store."""
    return _OPEN[-1].counts() if _OPEN else {}


def kept(function: Callable[Arguments, Answer]) -> Callable[Arguments, Answer]:
    """Keep the answers of a pure function whose arguments have fingerprints and whose answers can be pickled."""
    name = f"{function.__module__.removeprefix(__package__ + '.')}.{function.__qualname__}"

    @functools.wraps(function)
    def wrapped(*args: Arguments.args, **kwargs: Arguments.kwargs) -> Answer:
        if not _OPEN:
            return function(*args, **kwargs)
        return _OPEN[-1].answer(name, (args, kwargs), lambda: function(*args, **kwargs))

    return wrapped


@functools.cache
def library_versions() -> dict[str, str]:
    """Return the versions of the libraries that results may depend on; finding them takes milliseconds."""
    return {name: importlib.metadata.version(name) for name in LIBRARIES}


@functools.cache
def code_version() -> str:
    """Return the hash of this package's files, the Python version and the libraries' versions."""
    package = Path(__file__).parent
    digest = hashlib.sha256(sys.version.encode())
    for name, version in library_versions().items():
        digest.update(f"{name}={version}\n".encode())
    digest.update("\n".join(_installed()).encode())
    for folder, folders, files in os.walk(package):
        folders[:] = sorted(one for one in folders if one != "__pycache__")
        inside = Path(folder).relative_to(package).as_posix()
        for name in sorted(files):
            content = Path(folder, name).read_bytes()
            digest.update(f"{inside}/{name}\0{len(content)}\0".encode())
            digest.update(content)
    return digest.hexdigest()


def _installed() -> list[str]:
    """Return the names of the folders that say which version of what is installed: any of it may matter."""
    folders = [Path(place or ".") for place in sys.path]
    return sorted(
        entry.name
        for folder in folders
        if folder.is_dir()
        for entry in os.scandir(folder)
        if entry.name.endswith((".dist-info", ".egg-info"))
    )


def _read(path: Path) -> memoryview | None:
    """Return what was kept, or None where nothing whole is."""
    try:
        content = path.read_bytes()
    except OSError:
        return None
    payload = memoryview(content)[_DIGEST:]
    if hashlib.sha256(payload).digest() != content[:_DIGEST]:
        return None
    with suppress(OSError):
        os.utime(path)
    return payload


def _write(path: Path, payload: bytes) -> None:
    """Keep an answer in its place: half of one, or two processes writing at once, the hash gives away."""
    with suppress(OSError):  # a full or read-only disk costs time, not results
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_bytes(hashlib.sha256(payload).digest() + payload)
