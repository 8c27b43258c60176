"""A scenario as a study folder of its own, which ``pujin-geo run`` reads like any other."""

import os
import re
import shutil
from dataclasses import replace
from pathlib import Path

import geopandas as gpd
import numpy as np

from ..errors import SettingsError, SourceError
from ..inputs import Inputs
from ..outputs import write_inputs
from ..texts import Text
from .session import Session

NOTE_FILE = "scenario.txt"
"""Says which study a scenario rests on and what was changed; a planner opens it with a double click."""

LONGEST_NAME = 60
_UNFIT = re.compile(r'[\\/:*?"<>|\x00-\x1f\x7f]')
_RESERVED = re.compile(r"(con|prn|aux|nul|com\d|lpt\d)(\..*)?", re.IGNORECASE)


def save_scenario(session: Session, name: str, folder: Path) -> Path:
    """Write the study with its changes into ``folder/name``.

    The folder holds every layer, the catalogue and ``study.toml`` (marks such as ``synthetic`` kept), and
    ``scenario.txt`` with the base study and the changes. A full run on it gives the desk's distances to the
    last digit; with facilities under construction or planned counted, run it with ``--include planned``.

    Args:
        session: the desk.
        name: of the scenario and of its folder; it must not exist yet.
        folder: where scenarios are kept; made if absent.

    Returns:
        The new study folder.

    Raises:
        SettingsError: the name cannot be a folder's, is taken, or no facility would be left.
        SourceError: the folder cannot be written.
    """
    name = name.strip()
    _refuse_bad_name(name)
    target = folder / name
    if target.exists():
        raise SettingsError(
            Text(
                f"已有名为 {name} 的情景 ({target}), 没有覆盖; 请换一个名称。",
                f"There is a scenario {name} already ({target}); it was not overwritten. Choose another name.",
            )
        )
    if session.now.state.inputs.facilities.empty:
        raise SettingsError(
            Text(
                "情景中已没有任何设施, 无法另存为研究; 请先撤销一步。",
                "No facility is left in this scenario, so it cannot be a study; undo a step first.",
            )
        )
    staged = folder / f".{name}.{os.getpid()}.tmp"
    try:
        folder.mkdir(parents=True, exist_ok=True)
        write_inputs(saved_inputs(session, name), staged)
        text = note(session, name)
        (staged / NOTE_FILE).write_text(text, encoding="utf-8-sig", newline="\r\n")
        staged.rename(target)
    except OSError as error:
        raise SourceError(
            Text(
                f"情景无法写入 {target}: {error.strerror or error}。请检查磁盘空间和权限。",
                f"The scenario cannot be written to {target}: {error.strerror or error}. Check space and permissions.",
            )
        ) from error
    finally:
        shutil.rmtree(staged, ignore_errors=True)
    return target


def _refuse_bad_name(name: str) -> None:
    is_fit = name and not _UNFIT.search(name) and not name.startswith(".") and not name.endswith(".")
    if not is_fit or len(name) > LONGEST_NAME or _RESERVED.fullmatch(name):
        raise SettingsError(
            Text(
                f'情景名称应为 1 到 {LONGEST_NAME} 个字, 不含 \\ / : * ? " < > | , 首尾不用句点; 例如: 菜市场方案一。',
                f"A scenario's name has 1 to {LONGEST_NAME} characters, none of \\ / : * ? \" < > | and no dot at "
                "either end; for example: market option 1.",
            )
        )


def saved_inputs(session: Session, name: str) -> Inputs:
    """Return the changed inputs as they are written: named as a scenario, tried facilities marked as such.

    The types that were searched for stay those of the base study, even if the last facility of one was removed.
    """
    base, now = session.base.state.inputs, session.now.state.inputs
    settings = base.study.settings
    if settings.surveyed == "present":
        present = base.catalogue["facility_type"].isin(base.facilities["facility_type"])
        settings = replace(settings, surveyed=tuple(base.catalogue["facility_type"][present]))
    study = replace(now.study, name=f"{base.study.name} · {name}", settings=settings)
    return replace(now, study=study, facilities=_marked(base.facilities, now.facilities))


def _marked(before: gpd.GeoDataFrame, after: gpd.GeoDataFrame) -> gpd.GeoDataFrame:
    """Say in ``source`` or ``note`` which facilities a planner put or moved here: they are not data."""
    place = before.set_index("facility_id").geometry.reindex(after["facility_id"])
    is_new = place.isna().to_numpy()
    is_moved = ~is_new & (place.to_numpy() != after.geometry.to_numpy())
    added = Text("规划试改: 试加, 尚未建设", "a planner's trial: not built")
    moved = Text("规划试改: 位置已移动", "a planner's trial: moved")
    source = after["source"].mask(is_new, f"{added.zh} ({added.en})")
    apart = np.where(after["note"] != "", "; ", "")
    note = after["note"].mask(is_moved, after["note"] + apart + f"{moved.zh} ({moved.en})")
    return after.assign(source=source, note=note)


def note(session: Session, name: str) -> str:
    """Return what stands in ``scenario.txt``, in both languages."""
    study = session.base.state.inputs.study
    planned = session.base.state.include_planned
    flag = " --include planned" if planned else ""
    lines = [
        f"情景 scenario: {name}",
        f"依据的研究 base study: {study.name} ({study.folder.name})",
        *([f"数据日期 data date: {study.data_date}"] if study.data_date else []),
        *(["合成数据 · 示意 synthetic data · schematic"] if study.synthetic else []),
        "试改, 不是现状, 内部讨论 a trial, not what is there; for internal discussion",
        *(["在建和规划计入 facilities under construction or planned count"] if planned else []),
        "",
        f"改动 changes: {len(session.changes)}",
        *(f"{n}. {words.zh}\n   {words.en}" for n, words in enumerate(session.changes, start=1)),
        "",
        f'重新计算 run it: pujin-geo run "{name}"{flag}',
    ]
    return "\n".join(line.replace("\r", " ") for line in lines) + "\n"
