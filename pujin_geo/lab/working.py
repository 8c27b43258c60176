"""The working copy of the notebooks: planners change it, updates never do.

``working/`` lies beside ``geodata/``, as ``notebooks/`` does, so that ``study = "../geodata/pujin"`` means the same in
both. What was handed over is remembered in ``working/.handed_over.json``: a copy that is still as it was handed over may
be replaced by a new version; beside one that was changed the new version is put.
"""

import hashlib
import json
import shutil
from dataclasses import dataclass
from itertools import chain, count
from pathlib import Path

from ..errors import SourceError
from ..texts import Text

PACKAGE = Path(__file__).parents[1]
FOLDER = "working"
RECORD = ".handed_over.json"
DATA = ("geodata/pujin", "geodata/xiaohe", "geodata/templates")
"""What a folder without a checkout is given beside the notebooks, if it is not there."""


@dataclass(frozen=True)
class Handed:
    """A notebook that was put into the working copy.

    Attributes:
        name: of the notebook as shipped.
        path: where it was put.
        beside: an own version of the planner stands under the shipped name and was left alone.
    """

    name: str
    path: Path
    beside: bool

    def text(self) -> Text:
        """Return what the planner is told of a version that was put beside."""
        return Text(
            f"{self.name} 有新版本, 放在旁边: {self.path.name}; 您修改过的那份没有动。",
            f"There is a new version of {self.name}, put beside yours as {self.path.name}; yours was left alone.",
        )


def shipped_root() -> Path:
    """Return the folder with ``notebooks/`` and ``geodata/``: the checkout, or what the package brought along.

    >>> (shipped_root() / "notebooks" / "00_tour.ipynb").is_file()
    True
    """
    checkout = PACKAGE.parent
    return checkout if (checkout / "notebooks").is_dir() else PACKAGE / "shipped"


def make_working_copy(base: Path, *, root: Path | None = None) -> tuple[Path, list[Handed]]:
    """Bring the working copy in ``base`` up to date without touching anything that a planner changed.

    Args:
        base: the folder in which ``working/`` lies.
        root: where the notebooks come from; ``shipped_root()`` if absent.

    Returns:
        The folder ``working`` and the notebooks that were put there this time.

    Raises:
        SourceError: the folder cannot be written.

    >>> import tempfile
    >>> with tempfile.TemporaryDirectory() as here:
    ...     folder, handed = make_working_copy(Path(here))
    ...     again = make_working_copy(Path(here))[1]
    >>> folder.name, handed[0].path.name, again
    ('working', '00_tour.ipynb', [])
    """
    root = root or shipped_root()
    folder = base / FOLDER
    try:
        folder.mkdir(parents=True, exist_ok=True)
        for name in DATA:
            if (root / name).is_dir() and not (base / name).exists():
                shutil.copytree(root / name, base / name)
        return folder, _hand_over(sorted((root / "notebooks").glob("*.ipynb")), folder)
    except OSError as error:
        raise SourceError(
            Text(
                f"工作副本 {folder} 无法写入: {error.strerror or error}。请换一个有权限的文件夹。",
                f"The working copy {folder} cannot be written: {error.strerror or error}. Use a folder with write permission.",
            )
        ) from error


def _hand_over(notebooks: list[Path], folder: Path) -> list[Handed]:
    record = _recorded(folder)
    handed = []
    for notebook in notebooks:
        content = notebook.read_bytes()
        target = _target(notebook, _digest(content), folder, record)
        if target is None:
            continue
        target.write_bytes(content)
        record[target.name] = _digest(content)
        handed.append(Handed(notebook.name, target, beside=target.name != notebook.name))
    (folder / RECORD).write_text(json.dumps(record, indent=1, sort_keys=True) + "\n", encoding="utf-8")
    return handed


def _target(notebook: Path, digest: str, folder: Path, record: dict[str, str]) -> Path | None:
    """Return where a version goes; None if it is there, or was handed over before."""
    names = chain(
        [notebook.name, f"{notebook.stem}_new.ipynb"], (f"{notebook.stem}_new{n}.ipynb" for n in count(2))
    )
    own = folder / notebook.name
    for name in names:
        path = folder / name
        if own.exists() and record.get(name) == digest:
            return None
        if not path.exists():
            return path
        now = _digest(path.read_bytes())
        if now == digest:
            return None
        if now == record.get(name):
            return path
    return None


def _recorded(folder: Path) -> dict[str, str]:
    try:
        record = json.loads((folder / RECORD).read_text(encoding="utf-8"))
    except (OSError, ValueError):
        return {}
    return {str(name): str(digest) for name, digest in record.items()} if isinstance(record, dict) else {}


def _digest(content: bytes) -> str:
    return hashlib.sha256(content).hexdigest()
