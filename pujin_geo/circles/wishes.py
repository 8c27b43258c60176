"""Planners' wishes: what each means for units and hubs, and which of them cannot be kept at once."""

import itertools
from collections.abc import Callable
from dataclasses import dataclass

import numpy as np
import shapely

from ..errors import SettingsError
from ..texts import Text
from ..walking.network import Ints
from .links import facing_pairs
from .options import Wishes
from .terrain import Terrain, find_facility

Pair = tuple[int, int]


@dataclass(frozen=True)
class Wish:
    """One wish in units and hubs, with the words to name it by."""

    text: Text
    pinned: tuple[int, ...] = ()
    together: tuple[Pair, ...] = ()
    apart: tuple[Pair, ...] = ()


def resolve(terrain: Terrain, wishes: Wishes) -> list[Wish]:
    """Return each wish in terms of units and hubs.

    Raises:
        SettingsError: a committee, facility, street, water or barrier is not known.
    """
    return [
        *(_pin(terrain, name) for name in wishes.pin_hubs),
        *(_together(terrain, names) for names in wishes.together),
        *(_apart(terrain, names) for names in wishes.apart),
        *(_forbid(terrain, name) for name in wishes.forbid),
    ]


def _pin(terrain: Terrain, name: str) -> Wish:
    facility_id = terrain.placed.facilities["facility_id"].iat[find_facility(name, terrain.placed.facilities)]
    hub = np.flatnonzero(terrain.hubs["hub_facility_id"] == facility_id)
    if not len(hub):
        raise SettingsError(
            Text(
                f"指定的中心 {name} 未接入主路网或不在陆地范围内, 不能作中心; 请核对其坐标。",
                f"The hub {name} is not on the main network or not on the land; check its coordinates.",
            )
        )
    text = Text(f"以 {name} 为中心", f"{name} as a hub")
    return Wish(text, pinned=(int(hub[0]),))


def unit_named(terrain: Terrain, name: str) -> int:
    """Return the position of a unit by id or name.

    Raises:
        SettingsError: no committee is called so, or several are.
    """
    for column in ("unit_id", "name"):
        found = np.flatnonzero(terrain.units[column] == name.strip())
        if len(found) == 1:
            return int(found[0])
    listed = ", ".join(terrain.units["unit_id"].head(12))
    raise SettingsError(
        Text(
            f"没有编号或名称为 “{name}” 的居村委 (或不止一个); 编号例如: {listed}。",
            f"No committee, or more than one, has the id or name “{name}”; ids are such as {listed}.",
        )
    )


def _together(terrain: Terrain, names: tuple[str, ...]) -> Wish:
    units = _at_least_two(terrain, names)
    listed = ", ".join(names)
    text = Text(f"{listed} 同圈", f"{listed} together")
    return Wish(text, together=tuple(itertools.pairwise(units)))


def _apart(terrain: Terrain, names: tuple[str, ...]) -> Wish:
    units = _at_least_two(terrain, names)
    listed = ", ".join(names)
    text = Text(f"{listed} 分开", f"{listed} apart")
    return Wish(text, apart=tuple(itertools.combinations(units, 2)))


def _at_least_two(terrain: Terrain, names: tuple[str, ...]) -> list[int]:
    units = list(dict.fromkeys(unit_named(terrain, name) for name in names))
    if len(units) < 2:
        listed = ", ".join(names)
        raise SettingsError(
            Text(
                f"“{listed}”: 同圈或分开至少要写两个不同的居村委, 用逗号隔开。",
                f"“{listed}”: name at least two different committees, separated by commas.",
            )
        )
    return units


def _forbid(terrain: Terrain, name: str) -> Wish:
    inputs = terrain.inputs
    layers = (inputs.streets, inputs.barriers, inputs.water)
    named = [layer.geometry.to_numpy()[(layer["name"] == name).to_numpy()] for layer in layers]
    geometry = np.concatenate(named)
    if not len(geometry):
        raise SettingsError(
            Text(
                f"道路、屏障和水面图层中都没有名为 “{name}” 的要素, 无法禁止跨越; 请核对名称。",
                f"No street, barrier or water is called “{name}”, so crossing it cannot be forbidden; check the name.",
            )
        )
    pairs = _across(terrain, shapely.union_all(geometry))
    text = Text(f"不跨越 {name}", f"no circle across {name}")
    return Wish(text, apart=tuple((int(one), int(other)) for one, other in pairs))


def _across(terrain: Terrain, line: shapely.Geometry) -> Ints:
    return facing_pairs(terrain.borders, terrain.units.geometry.to_numpy(), line)


def conflict(wishes: list[Wish], can_be_kept: Callable[[list[Wish]], bool], count: int) -> Text:
    """Return a sentence that names a smallest set of wishes that cannot be kept at once.

    Deletion filtering (Chinneck and Dravnieks 1991): each wish in turn is dropped, for good if what is
    left still cannot be kept.
    """
    if not can_be_kept([]):
        return Text(
            f"即使不考虑任何愿望, 也划不出 {count} 个各自连通的生活圈; 请改变生活圈数, 或核对居村委界线与道路。",
            f"Even without any wish there are no {count} connected circles; change the count, or check the committees' "
            "borders and the streets.",
        )
    guilty = list(wishes)
    for wish in wishes:
        without = [other for other in guilty if other is not wish]
        if not can_be_kept(without):
            guilty = without
    zh = "; ".join(wish.text.zh for wish in guilty)
    en = "; ".join(wish.text.en for wish in guilty)
    return Text(
        f"以下愿望在 {count} 个生活圈下无法同时满足: {zh}。请去掉其中一条, 或改变生活圈数。",
        f"With {count} circles these wishes cannot all be kept: {en}. Drop one of them, or change the count.",
    )
