"""Editing circles by hand: each edit returns new circles and what changed on the scorecard."""

from collections.abc import Sequence
from dataclasses import dataclass, replace

import geopandas as gpd
import numpy as np
import pandas as pd

from ..errors import SettingsError
from ..texts import Text
from ..walking.network import Ints
from .checks import Check, check
from .hubs import circle_of_units, hubs_of
from .layer import assemble
from .options import CircleSettings
from .solve import Instance, pieces_of, solve_exactly
from .terrain import Terrain, sum_by_unit, unit_costs
from .wishes import unit_named

FIGURES = [
    "population", "area_km2", "committee_count", "mean_walk_m", "farthest_walk_m", "walking_person_m",
    "people_without_path", "people_cut_off", "nearer_elsewhere_share", "breach_count",
]  # fmt: skip


@dataclass(frozen=True)
class Edit:
    """Edited circles and what the edit did.

    Attributes:
        circles: the new layer; circles that were not touched keep id, name and hub.
        difference: ``circle_id``, ``figure``, ``before``, ``after``, ``change`` of every figure of the
            scorecard that changed; ``all`` sums the walking and the breaches; NaN where a circle is
            new or gone.
        before, after: the two checks.
    """

    circles: gpd.GeoDataFrame
    difference: pd.DataFrame
    before: Check
    after: Check


@dataclass(frozen=True)
class _Layout:
    """Circles as units: the circle of each unit, ids, names and hubs."""

    terrain: Terrain
    group: Ints
    ids: list[str]
    names: list[str]
    hub: Ints

    def number(self, circle_id: str) -> int:
        for number, known in enumerate(self.ids):
            if circle_id in (known, self.names[number]):
                return number
        listed = ", ".join(self.ids)
        raise SettingsError(
            Text(
                f"没有编号或名称为 “{circle_id}” 的生活圈; 现有: {listed}。",
                f"No circle has the id or name “{circle_id}”; there are {listed}.",
            )
        )


def move(terrain: Terrain, circles: gpd.GeoDataFrame, committee: str, *, to: str) -> Edit:
    """Move one committee (id or name) to another circle (id or name).

    Raises:
        SettingsError: unknown committee or circle, or it is the last committee of its circle.

    >>> from pujin_geo import circles, load_study
    >>> terrain = circles.survey(load_study("geodata/xiaohe"))
    >>> edit = circles.move(terrain, terrain.inputs.circles, "J2", to="LC2")
    >>> edit.circles["committees"].tolist()
    ['J1', 'C1;J2;J3']
    """
    return _edited(circles, _moved(terrain, circles, committee, to))


def reassign(terrain: Terrain, circles: gpd.GeoDataFrame, committee: str, *, to: str) -> gpd.GeoDataFrame:
    """Return the circles that ``move`` gives, without the two scorecards, which take most of its time.

    Raises:
        SettingsError: as ``move``.
    """
    return _redrawn(_moved(terrain, circles, committee, to))


def _moved(terrain: Terrain, circles: gpd.GeoDataFrame, committee: str, to: str) -> _Layout:
    layout = _layout(terrain, circles)
    unit, target = unit_named(terrain, committee), layout.number(to)
    source = int(layout.group[unit])
    group = layout.group.copy()
    group[unit] = target
    if source >= 0 and source != target and not (group == source).any():
        raise SettingsError(
            Text(
                f"{committee} 是 {layout.ids[source]} 唯一的居村委, 移走后该圈为空; 请改用合并 (merge)。",
                f"{committee} is the only committee of {layout.ids[source]}, which would be empty; use merge instead.",
            )
        )
    return replace(layout, group=group)


def merge(terrain: Terrain, circles: gpd.GeoDataFrame, ids: Sequence[str], *, name: str = "") -> Edit:
    """Merge two or more circles; the result keeps the id (and, unless given, the name) of the first.

    Raises:
        SettingsError: an unknown circle, or fewer than two.
    """
    layout = _layout(terrain, circles)
    numbers = list(dict.fromkeys(layout.number(one) for one in ids))
    if len(numbers) < 2:
        raise SettingsError(
            Text("合并至少需要两个不同的生活圈。", "Merging needs at least two different circles.")
        )
    first = numbers[0]
    group = np.where(np.isin(layout.group, numbers), first, layout.group)
    names = [name if name and n == first else one for n, one in enumerate(layout.names)]
    kept = [n for n in range(len(layout.ids)) if n not in numbers[1:]]
    hub = layout.hub.copy()
    hub[first] = best_hub(layout.terrain, group == first, layout.hub[numbers])
    return _edited(circles, _keep(replace(layout, group=group, names=names, hub=hub), kept))


def split(
    terrain: Terrain,
    circles: gpd.GeoDataFrame,
    circle: str,
    committees: Sequence[str] = (),
    *,
    name: str = "",
) -> Edit:
    """Split a circle in two: the named committees leave it, or, without any, the best two connected parts are found.

    The leaving part gets a new id behind the others.

    Raises:
        SettingsError: an unknown circle or committee, a committee of another circle, or a part left empty.
    """
    layout = _layout(terrain, circles)
    number = layout.number(circle)
    members = np.flatnonzero(layout.group == number)
    leaving = [unit_named(terrain, one) for one in committees] or _best_half(layout, members, number)
    strange = [one for one in leaving if one not in members]
    if strange or not 0 < len(set(leaving)) < len(members):
        listed = ", ".join(terrain.units["unit_id"].iloc[members])
        raise SettingsError(
            Text(
                f"{circle} 无法这样拆分: 它的居村委是 {listed}, 分出和留下的部分都至少要有一个。",
                f"{circle} cannot be split like this: its committees are {listed}, and either part needs at least one.",
            )
        )
    group = layout.group.copy()
    group[leaving] = len(layout.ids)
    hub = np.append(layout.hub, -1)
    own = layout.hub[number : number + 1]
    for one in (number, len(layout.ids)):
        hub[one] = best_hub(layout.terrain, group == one, own)
    new_id = _free_id(layout.ids)
    new_name = name or f"{terrain.units['name'].iat[leaving[0]] or new_id}生活圈"
    return _edited(
        circles,
        replace(layout, group=group, ids=[*layout.ids, new_id], names=[*layout.names, new_name], hub=hub),
    )


def rename(terrain: Terrain, circles: gpd.GeoDataFrame, circle: str, name: str) -> Edit:
    """Give a circle another name; nothing else changes.

    Raises:
        SettingsError: an unknown circle, or a blank name.
    """
    if not name.strip():
        raise SettingsError(Text("生活圈名称不能为空。", "The circle's name cannot be blank."))
    ids = circles["circle_id"].astype(str)
    there = ids.eq(circle) if ids.eq(circle).any() else circles["name"].eq(circle)
    if not there.any():
        listed = ", ".join(ids)
        raise SettingsError(
            Text(
                f"没有编号或名称为 “{circle}” 的生活圈; 现有: {listed}。",
                f"No circle has the id or name “{circle}”; there are {listed}.",
            )
        )
    renamed = circles.assign(name=circles["name"].where(~there, name.strip()))
    before, after = check(terrain, circles), check(terrain, renamed)
    return Edit(renamed, difference(before, after), before, after)


def difference(before: Check, after: Check) -> pd.DataFrame:
    """Return the figures of two scorecards that differ: circle_id, figure, before, after, change."""
    old, new = (_long(one) for one in (before, after))
    both = old.merge(new, on=["circle_id", "figure"], how="outer", suffixes=("_old", "_new"), sort=False)
    table = both.rename(columns={"value_old": "before", "value_new": "after"})
    table["change"] = table["after"] - table["before"]
    same = np.isclose(table["before"], table["after"], rtol=0, atol=1e-9, equal_nan=True)
    order = {one: n for n, one in enumerate(["all", *old["circle_id"], *new["circle_id"]])}
    changed = table[~same].copy()
    rank = changed["circle_id"].map(order) * 100 + changed["figure"].map(FIGURES.index)
    return changed.iloc[np.argsort(rank, kind="stable")].reset_index(drop=True)


def _long(found: Check) -> pd.DataFrame:
    table = found.scorecard.melt(id_vars="circle_id", value_vars=FIGURES, var_name="figure")
    total = pd.DataFrame(
        {
            "circle_id": "all",
            "figure": ["walking_person_m", "breach_count"],
            "value": [found.walking_person_m, float(len(found.breaches))],
        }
    )
    return pd.concat([total, table.astype({"value": "float64"})], ignore_index=True)


def _layout(terrain: Terrain, circles: gpd.GeoDataFrame) -> _Layout:
    circles = circles.reset_index(drop=True)
    terrain, hub = hubs_of(terrain, circles)
    names = circles["name"].tolist() if "name" in circles else [""] * len(circles)
    group = circle_of_units(terrain, circles)
    if (group < 0).any():
        listed = ", ".join(terrain.units["unit_id"][group < 0])
        raise SettingsError(
            Text(
                f"居村委 {listed} 不在任何生活圈内, 请先补全图层再编辑。",
                f"The committees {listed} are in no circle; complete the layer before editing it.",
            )
        )
    return _Layout(terrain, group, circles["circle_id"].astype(str).tolist(), names, hub)


def _keep(layout: _Layout, kept: list[int]) -> _Layout:
    number = np.full(len(layout.ids), -1, dtype=np.int64)
    number[kept] = np.arange(len(kept))
    return _Layout(
        layout.terrain,
        number[layout.group],
        [layout.ids[n] for n in kept],
        [layout.names[n] for n in kept],
        layout.hub[kept],
    )


def _edited(circles: gpd.GeoDataFrame, layout: _Layout) -> Edit:
    new = _redrawn(layout)
    before, after = check(layout.terrain, circles), check(layout.terrain, new)
    return Edit(new, difference(before, after), before, after)


def _redrawn(layout: _Layout) -> gpd.GeoDataFrame:
    terrain = layout.terrain
    hub = layout.hub.copy()
    for number in range(len(layout.ids)):
        members = layout.group == number
        if hub[number] < 0 or not members[terrain.hubs["unit"].iat[hub[number]]]:
            hub[number] = best_hub(terrain, members, hub[:0])
    if (hub < 0).any():
        listed = ", ".join(layout.ids[n] for n in np.flatnonzero(hub < 0))
        raise SettingsError(
            Text(
                f"{listed} 内将没有设施或居民点可作中心。",
                f"{listed} would hold neither a facility nor a demand point for a hub.",
            )
        )
    return assemble(terrain, layout.group, hub, ids=layout.ids, names=layout.names)


def best_hub(terrain: Terrain, members: np.ndarray, own: Ints) -> int:
    """Return the hub among the members' units: of ``own`` and the best rank there, the least walking; else -1."""
    hubs = terrain.hubs
    inside = np.flatnonzero(members[hubs["unit"].to_numpy()])
    if not len(inside):
        return -1
    rank = hubs["rank"].to_numpy()
    best = inside[(rank[inside] == rank[inside].min()) | np.isin(inside, own[rank[own] < rank[inside].min()])]
    total = sum_by_unit(terrain, terrain.walk_m)[members].sum(axis=0)
    return int(best[np.argmin(total[best])])


def _best_half(layout: _Layout, members: Ints, number: int) -> list[int]:
    """Return the part that leaves when a circle is split for the least walking."""
    terrain = layout.terrain
    position = np.full(len(terrain.units), -1, dtype=np.int64)
    position[members] = np.arange(len(members))
    hubs = np.flatnonzero(position[terrain.hubs["unit"].to_numpy()] >= 0)
    links = position[terrain.links]
    links = links[(links >= 0).all(axis=1)]
    parts = pieces_of(np.arange(len(members)), links)
    if len(parts) == 2:
        other: list[int] = members[parts[1]].tolist()
        return other
    free = np.full(len(hubs), np.inf)
    instance = Instance(
        cost=unit_costs(terrain)[np.ix_(members, hubs)],
        hub_unit=position[terrain.hubs["unit"].to_numpy()[hubs]],
        allowed=np.ones((len(members), len(hubs)), dtype=bool),
        links=links,
        population=np.zeros(len(members)),
        area_km2=np.zeros(len(members)),
        population_min=-free,
        population_max=free,
        area_max_km2=free,
        person_cost=0.0,
        km2_cost=0.0,
        count=2,
    )
    solution = solve_exactly(instance, node_limit=CircleSettings().node_limit)
    if not len(solution.hub_of):
        return []
    stays = solution.hub_of == solution.hub_of[position[_stay_unit(layout, members, number)]]
    leaving: list[int] = members[~stays].tolist()
    return leaving


def _stay_unit(layout: _Layout, members: Ints, number: int) -> int:
    """Return the unit whose half keeps the circle's id: that of its hub."""
    hub = layout.hub[number]
    unit = int(layout.terrain.hubs["unit"].iat[hub]) if hub >= 0 else -1
    return unit if unit in members else int(members[0])


def _free_id(ids: list[str]) -> str:
    number = len(ids) + 1
    while f"LC{number:02d}" in ids:
        number += 1
    return f"LC{number:02d}"
