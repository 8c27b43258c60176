"""A run's folder read again: its manifest, whether it is as it was written, and its inputs as a study."""

import json
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from ..errors import SourceError
from ..inputs import Inputs
from ..sources.reading import load_study
from ..texts import Lang, Text
from .files import MANIFEST, sha256_of

FORMAT_VERSION = 2
"""Format of tables and manifest; raised when a reader of older folders would be misled.

1: no hashes of the files written, no ``input_hash``. 2: both.
"""
COMPARISON = "comparison"
"""``kind`` in the manifest of a folder that compares two runs; a run's own manifest has none."""


@dataclass(frozen=True)
class Run:
    """A complete folder of results.

    Attributes:
        folder: the folder, ``OUT`` or one of ``OUT.history/``.
        manifest: its ``manifest.json``.
        edited: files, relative to the folder, that are no longer what the run wrote: changed or gone.
            Nothing is known of folders of format 1, which hold no hashes: see ``can_be_verified``.
    """

    folder: Path
    manifest: dict[str, Any]
    edited: tuple[str, ...]

    @property
    def format_version(self) -> int:
        """The format of tables and manifest."""
        return int(self.manifest["format_version"])

    @property
    def can_be_verified(self) -> bool:
        """Whether the run kept hashes of what it wrote."""
        return "files" in self.manifest

    @property
    def lang(self) -> Lang:
        """The language that the run was made in."""
        return "en" if self.manifest.get("lang") == "en" else "zh"

    @property
    def include_planned(self) -> bool:
        """Whether what is planned or under construction counted."""
        return bool(self.manifest.get("include_planned", False))

    @property
    def input_hash(self) -> str:
        """The hash of everything that the figures come from; blank in format 1."""
        return str(self.manifest.get("input_hash", ""))


def read_run(folder: Path) -> Run:
    """Read a folder of results and see whether its files are as they were written.

    Raises:
        SourceError: it is no folder of results, incomplete, or of a newer format than this version reads.
    """
    manifest = _manifest(folder)
    if manifest.get("kind") == COMPARISON:
        raise SourceError(
            Text(
                f"{folder} 是一次比较, 不是一次运行的结果; 请给出 pujin-geo run 写出的文件夹。",
                f"{folder} is a comparison and no run; name a folder that pujin-geo run has written.",
            )
        )
    if not (folder / "inputs" / "study.toml").is_file():
        raise SourceError(
            Text(
                f"{folder} 不完整: 没有 inputs/study.toml, 无法得知当时的输入; 请用完整的结果文件夹, 或重新运行。",
                f"{folder} is incomplete: without inputs/study.toml its input is unknown; use a complete folder of "
                "results, or run again.",
            )
        )
    return Run(folder, manifest, _edited(folder, manifest.get("files", [])))


def load_inputs(run: Run) -> Inputs:
    """Read the inputs that a run kept, as a study.

    Raises:
        PujinError: as ``sources.reading.load_study``, when the kept inputs were damaged.
    """
    return load_study(run.folder / "inputs")


def listed_files(folder: Path) -> list[dict[str, Any]]:
    """Return every file below a folder but its manifest: ``file``, ``bytes`` and ``sha256``, in order of name."""
    paths = (path for path in folder.rglob("*") if path.is_file())
    named = sorted((path.relative_to(folder).as_posix(), path) for path in paths)
    return [
        {"file": name, "bytes": path.stat().st_size, "sha256": sha256_of(path)}
        for name, path in named
        if name != MANIFEST
    ]


def _manifest(folder: Path) -> dict[str, Any]:
    path = folder / MANIFEST
    try:
        manifest = json.loads(path.read_text(encoding="utf-8"))
        version = int(manifest["format_version"])
    except FileNotFoundError:
        raise SourceError(
            Text(
                f"{folder} 不是结果文件夹: 没有 {MANIFEST}; 请给出 pujin-geo run 写出的文件夹。",
                f"{folder} is no folder of results: it has no {MANIFEST}. Name a folder that pujin-geo run has written.",
            )
        ) from None
    except (OSError, ValueError, KeyError, TypeError) as error:
        raise SourceError(
            Text(
                f"{path} 无法读取 ({error}), 可能被改动过; 请重新运行, 或用 .history 文件夹中的结果。",
                f"{path} cannot be read ({error}); it may have been edited. Run again, or use a result of the .history folder.",
            )
        ) from error
    if version > FORMAT_VERSION:
        raise SourceError(
            Text(
                f"{folder} 是较新版本写出的 (格式 {version}, 本版本读到 {FORMAT_VERSION}); 请更新 pujin-geo 后再用。",
                f"{folder} was written by a newer version (format {version}; this one reads up to {FORMAT_VERSION}); "
                "update pujin-geo first.",
            )
        )
    kept: dict[str, Any] = manifest
    return kept


def _edited(folder: Path, files: list[dict[str, Any]]) -> tuple[str, ...]:
    return tuple(
        entry["file"]
        for entry in files
        if not (folder / entry["file"]).is_file() or sha256_of(folder / entry["file"]) != entry["sha256"]
    )
