"""Drawing: a study and wishes in, circles out, with how good they are known to be."""

from dataclasses import dataclass, replace

import geopandas as gpd
import numpy as np
import shapely

from ..errors import SettingsError
from ..tables import Problem
from ..texts import Text
from ..walking.network import Floats, Ints
from ..walking.verdicts import Flags
from .grow import solve_roughly
from .layer import circles_of
from .options import DEFAULT_COUNT, Wishes
from .solve import FEASIBLE, INFEASIBLE, OPTIMAL, Instance, Solution, pieces_of, solve_exactly
from .terrain import PINNED_RANK, PROPOSED_RANK, Terrain, sum_by_unit, unit_costs
from .wishes import Wish, conflict, resolve


@dataclass(frozen=True)
class Drawing:
    """Drawn circles and what is known of them.

    Attributes:
        circles: the layer, see ``layer.LAYER_COLUMNS``, in the study's CRS.
        status: ``optimal``, or ``feasible`` if a better drawing may exist.
        gap_share: how much better at most, as a share of the objective; 0 if optimal.
        method: ``milp`` or ``heuristic``.
        objective_person_m: walking to the hubs with the penalties of bands, person-metres.
        walking_person_m: walking alone, of those whose walk can be measured.
        problems: findings about committees, and where a rule had to give way.
    """

    circles: gpd.GeoDataFrame
    status: str
    gap_share: float
    method: str
    objective_person_m: float
    walking_person_m: float
    problems: tuple[Problem, ...]

    def summary(self) -> Text:
        """Return one sentence: number, mean walk, and how sure it is."""
        people = "" if self.status == OPTIMAL else f"{self.gap_share:.2%}"
        sure = (
            Text("已证明最优 (整数规划)", "proven optimal by integer programming")
            if self.status == OPTIMAL
            else Text(f"与最优解相差不超过 {people}", f"within {people} of the optimum")
        )
        count, km = len(self.circles), self.walking_person_m / 1000
        return Text(
            f"划出 {count} 个生活圈; 居民到本圈中心的步行总量 {km:,.0f} 人·公里; {sure.zh}。",
            f"{count} living circles drawn; {km:,.0f} person-kilometres of walking to the hubs; {sure.en}.",
        )


def draw(terrain: Terrain, *, count: int = DEFAULT_COUNT, wishes: Wishes | None = None) -> Drawing:
    """Draw living circles: every unit to one hub, each circle connected, with as little walking as possible.

    Args:
        terrain: from ``survey``; hubs that are to be pinned must be among its hubs.
        count: number of circles.
        wishes: what must be kept.

    Raises:
        SettingsError: the count is out of range, a wish names something unknown, or the wishes cannot all
            be kept; then those in conflict are named.
    """
    _check_count(terrain, count)
    kept = resolve(terrain, wishes or Wishes())
    plain, problems = make_instance(terrain, count)
    instance = _with_wishes(terrain, plain, kept)
    solution = _solve(terrain, instance)
    if solution.status == INFEASIBLE or not len(solution.hub_of):
        raise SettingsError(_explain(terrain, plain, kept))
    measured_m = np.where(terrain.has_path, terrain.walk_m, 0.0)
    walking = sum_by_unit(terrain, measured_m)[np.arange(len(terrain.units)), solution.hub_of].sum()
    return Drawing(
        circles=circles_of(terrain, solution.hub_of),
        status=solution.status,
        gap_share=solution.gap_share,
        method=solution.method,
        objective_person_m=solution.objective,
        walking_person_m=float(walking),
        problems=(*terrain.problems, *problems),
    )


def _check_count(terrain: Terrain, count: int) -> None:
    units = len(terrain.units)
    kind = Text("单元", "units") if terrain.drafted else Text("居村委", "committees")
    if count < 1:
        raise SettingsError(
            Text(f"生活圈数 {count} 应不小于 1。", f"The number of circles, {count}, should be 1 or more.")
        )
    if count > units:
        raise SettingsError(
            Text(
                f"要划 {count} 个生活圈, 但参与划圈的{kind.zh}只有 {units} 个 ({kind.zh}不拆分); 请用 --count {units} 或更小的数。",
                f"{count} circles are asked for, but only {units} {kind.en} take part (none is split); use --count {units} "
                "or less.",
            )
        )
    with_hub = terrain.hubs["unit"].nunique()
    if count > with_hub:
        raise SettingsError(
            Text(
                f"要划 {count} 个生活圈, 但只有 {with_hub} 个{kind.zh}有居民点或可作中心的设施; 请用 --count {with_hub} 或更小的数。",
                f"{count} circles are asked for, but only {with_hub} {kind.en} hold residents or a possible hub; use "
                f"--count {with_hub} or less.",
            )
        )


def make_instance(terrain: Terrain, count: int) -> tuple[Instance, list[Problem]]:
    """Return the drawing task without wishes, and where land had to be joined that nothing walkable joins."""
    hubs, units, settings = terrain.hubs, terrain.units, terrain.settings
    links, problems = _enough_links(terrain, count)
    hub_unit = hubs["unit"].to_numpy(dtype=np.int64)
    rural = (units["scope"] == "rural").to_numpy()[hub_unit]

    def of_band(name: str) -> Floats:
        limit: Floats = np.where(rural, getattr(settings.rural, name), getattr(settings.urban, name))
        return limit.astype(float)

    instance = Instance(
        cost=unit_costs(terrain),
        hub_unit=hub_unit,
        allowed=_allowed(terrain),
        links=links,
        population=units["population"].to_numpy(dtype=float),
        area_km2=units["area_km2"].to_numpy(dtype=float),
        population_min=of_band("population_min"),
        population_max=of_band("population_max"),
        area_max_km2=of_band("area_max_km2"),
        person_cost=settings.person_weight_m,
        km2_cost=settings.km2_weight_m,
        count=count,
    )
    return instance, problems


def _allowed(terrain: Terrain) -> Flags:
    """A unit that holds a hub goes to a hub, one with a party station to a hub or station; pins are free."""
    rank = np.maximum(terrain.hubs["rank"].to_numpy(dtype=np.int64), 0)
    pinned = (terrain.hubs["rank"] == PINNED_RANK).to_numpy()
    best = np.full(len(terrain.units), PROPOSED_RANK, dtype=np.int64)
    np.minimum.at(best, terrain.hubs["unit"].to_numpy()[~pinned], rank[~pinned])
    allowed: Flags = (rank[None, :] <= best[:, None]) | pinned[None, :]
    return allowed


def _enough_links(terrain: Terrain, count: int) -> tuple[Ints, list[Problem]]:
    """Join land that nothing walkable joins, as far as there are more such parts than circles, and say so."""
    links = terrain.links
    problems: list[Problem] = []
    has_hub = np.isin(np.arange(len(terrain.units)), terrain.hubs["unit"])
    while True:
        parts = pieces_of(np.arange(len(terrain.units)), links)
        bare = [part for part in parts if not has_hub[part].any()]
        if len(parts) == 1 or (len(parts) <= count and not bare):
            return links, problems
        population = terrain.units["population"].to_numpy()
        joined = min(bare or parts, key=lambda part: (population[part].sum(), int(part[0])))
        one, other = _closest(terrain, joined)
        links = np.vstack([links, [[one, other]]])
        problems.append(_unlinked_problem(terrain, one, other))


def _closest(terrain: Terrain, part: Ints) -> tuple[int, int]:
    """Return a unit of the part and the one outside it with the longest border, else the nearest."""
    inside = np.isin(terrain.borders, part)
    leaving = np.flatnonzero(inside.sum(axis=1) == 1)
    if len(leaving):
        best = leaving[np.argmax(terrain.border_m[leaving])]
        one, other = terrain.borders[best][np.argsort(~inside[best])]
        return int(one), int(other)
    geometry = terrain.units.geometry.to_numpy()
    others = np.setdiff1d(np.arange(len(geometry)), part)
    away_m = shapely.distance(geometry[part][:, None], geometry[others][None, :])
    row, column = np.unravel_index(np.argmin(away_m), away_m.shape)
    return int(part[row]), int(others[column])


def _unlinked_problem(terrain: Terrain, one: int, other: int) -> Problem:
    unit, beside = terrain.units.iloc[one], terrain.units["unit_id"].iat[other]
    text = Text(
        f"居村委 {unit['unit_id']} 与周边没有步行联系 (隔着水面、屏障或缺少道路), 只能并入 {beside} 一侧的生活圈; "
        "请核对道路和桥梁, 或增加生活圈数。",
        f"Nothing walkable joins committee {unit['unit_id']} to its surroundings (water, a barrier, or a missing street); "
        f"it is put with {beside}. Check streets and bridges, or ask for more circles.",
    )
    return Problem(
        "committees", "warning", "no_walkable_link", text, row=int(unit["row"]),
        source_row=int(unit["source_row"]), column="committee_id", value=str(unit["unit_id"]),
    )  # fmt: skip


def drawn_or_new(terrain: Terrain) -> gpd.GeoDataFrame:
    """Return the study's circles; where it has none, newly drawn ones, as many as are usual.

    >>> from pujin_geo import circles, load_study
    >>> circles.drawn_or_new(circles.survey(load_study("geodata/xiaohe")))["circle_id"].tolist()
    ['LC1', 'LC2']
    """
    circles = terrain.inputs.circles
    if len(circles):
        return circles
    return draw(terrain, count=min(DEFAULT_COUNT, len(terrain.units))).circles


def _with_wishes(terrain: Terrain, instance: Instance, wishes: list[Wish]) -> Instance:
    pinned = [hub for wish in wishes for hub in wish.pinned]
    together = [pair for wish in wishes for pair in wish.together]
    apart = [pair for wish in wishes for pair in wish.apart]
    return replace(
        instance,
        pinned=np.array(sorted(set(pinned)), dtype=np.int64),
        together=np.array(together, dtype=np.int64).reshape(-1, 2),
        apart=np.array(apart, dtype=np.int64).reshape(-1, 2),
    )


def _solve(terrain: Terrain, instance: Instance) -> Solution:
    """Solve exactly where that is within reach; what a stopped search leaves open the heuristic may better."""
    settings = terrain.settings
    if len(terrain.units) > settings.exact_units:
        return solve_roughly(instance)
    exact = solve_exactly(instance, node_limit=settings.node_limit)
    if exact.status != FEASIBLE:
        return exact
    rough = solve_roughly(instance, bound=exact.bound)
    return rough if rough.objective < exact.objective else exact


def _explain(terrain: Terrain, plain: Instance, wishes: list[Wish]) -> Text:
    """Return which wishes clash; among too many units to prove it, name them all."""

    def can_be_kept(some: list[Wish]) -> bool:
        wanted = _with_wishes(terrain, plain, some)
        # Whether, not how well: without costs and bands any drawing will do.
        free = np.full(len(wanted.hub_unit), np.inf)
        asked = replace(
            wanted,
            cost=np.zeros_like(wanted.cost),
            population_min=-free,
            population_max=free,
            area_max_km2=free,
        )
        return solve_exactly(asked, node_limit=terrain.settings.node_limit).status != INFEASIBLE

    if len(terrain.units) > terrain.settings.exact_units:
        return conflict(wishes, lambda some: not some, plain.count)
    return conflict(wishes, can_be_kept, plain.count)
