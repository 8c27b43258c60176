"""What if a facility opened, closed or moved, or a street opened or closed: the exact new answers.

A change of one facility touches its type only, and there only the demand points that it serves or
could serve better. A change of one street alters the network around it, leads onto it anew what stands
near, and measures the walks that used the street or may gain by it; straight lines, people and rules
stay. Every number is the one that a full run would give, to the last bit:
lengths are multiples of 2⁻²⁰ m, so it does not matter in which order they were found.

The judged types stay those of the start, and so do the demand points.
"""

from collections.abc import Sequence
from dataclasses import dataclass, replace
from functools import cached_property

import geopandas as gpd
import numpy as np
import pandas as pd
import shapely

from ..errors import SettingsError
from ..inputs import Inputs
from ..texts import Text
from ..walking.access import (
    Geometries,
    Ways,
    access_exits,
    access_facilities,
    access_points,
    streets_at_edge,
)
from ..walking.again import (
    NEAR_M,
    carried_over,
    changed_lines,
    counts_again,
    replaced_access,
    walks_again,
)
from ..walking.alter import Altered, Drawing, alter_network
from ..walking.distances import walks_to
from ..walking.network import QUANTUM_M, Floats, Ints, Network, network_of, usable_streets
from ..walking.pairs import counts_within, pairs_within
from ..walking.verdicts import (
    DECIMALS,
    Flags,
    Measures,
    Placed,
    distances_table,
    exit_walks,
    in_extent,
    judged_types,
    measure,
    nearest_straight,
    people_served,
    place,
    straight_to_off_network,
    surveyed_extent,
    type_of,
)
from .sums import coverage, judged_people


@dataclass(frozen=True)
class Scenario:
    """A study with its walks, ready to be changed; every change gives a new one.

    Attributes:
        inputs: the accepted input with the changes made so far.
        include_planned: what is under construction or planned counts as open.
        network: the walking graph.
        placed: demand points and facilities on it; a facility taken away keeps its row.
        points: (demand,) where each demand point stands.
        types: the judged rows of the catalogue.
        is_open: (facilities,) False for those taken away.
        measures: one per type, each with a single column.
        limits_m: walks within which facilities are counted.
        counts: one per type, (demand, limits) numbers of facilities.
        people: (demand × types) people whom each type serves.
        basis: type → whom the people are.
        ground: what no change of a facility touches, made when first needed.
    """

    inputs: Inputs
    include_planned: bool
    network: Network
    placed: Placed
    points: Geometries
    types: pd.DataFrame
    is_open: Flags
    measures: tuple[Measures, ...]
    limits_m: tuple[float, ...]
    counts: tuple[Ints, ...]
    people: pd.DataFrame
    basis: dict[str, str]
    ground: "_Ground"


@dataclass(frozen=True)
class _Ground:
    """What changes of facilities, and of streets that are drawn already, leave as it is."""

    start: Inputs
    streets: gpd.GeoDataFrame

    @cached_property
    def drawing(self) -> Drawing:
        """All drawn streets."""
        settings = self.start.study.settings
        return Drawing(self.streets.geometry.to_numpy(), settings.join_tolerance_m, settings.join_crossings)

    @cached_property
    def surveyed(self) -> shapely.Geometry | None:
        """Where streets and facilities are complete; None if the study does not say."""
        area = surveyed_extent(self.start)
        shapely.prepare(area)
        return area

    @cached_property
    def streets_at_edge(self) -> Flags:
        """Which drawn streets may leave the surveyed extent."""
        return streets_at_edge(self.streets.geometry.to_numpy(), self.surveyed)


def scenario(inputs: Inputs, *, include_planned: bool = False, limits_m: Sequence[float] = ()) -> Scenario:
    """Measure a study as it stands.

    Args:
        inputs: the accepted input.
        include_planned: facilities and streets under construction or planned count as open.
        limits_m: walks within which to count facilities per demand point and type.

    Raises:
        SourceError: no walkable street.
    """
    network = network_of(inputs, include_planned=include_planned)
    types, _ = judged_types(inputs)
    placed = place(inputs, network, include_planned=include_planned)
    people, basis = people_served(placed.demand, types)
    measures = measure(network, placed, types)
    columns = range(len(types))
    counts = _count(network, placed, type_of(placed.facilities, types), len(types), tuple(limits_m))
    return Scenario(
        inputs=inputs,
        include_planned=include_planned,
        network=network,
        placed=placed,
        points=placed.points,
        types=types,
        is_open=np.ones(len(placed.facilities), dtype=bool),
        measures=tuple(_one_type(measures, column) for column in columns),
        limits_m=tuple(limits_m),
        counts=tuple(counts[:, column] for column in columns),
        people=people,
        basis=basis,
        ground=_Ground(inputs, inputs.streets),
    )


def _one_type(measures: Measures, column: int) -> Measures:
    return measures.of_types(np.array([column]), measures.threshold_m[:, [column]])


def _count(network: Network, placed: Placed, group: Ints, types: int, limits_m: tuple[float, ...]) -> Ints:
    demand = len(placed.demand)
    if not limits_m:
        return np.zeros((demand, types, 0), dtype=np.int64)
    pairs = pairs_within(network, placed.demand_access, placed.facility_access, limit_m=max(limits_m))
    return counts_within(pairs, group, demand, groups=types, limits_m=limits_m)


def distances(state: Scenario, *, facility_type: str | None = None) -> pd.DataFrame:
    """Return the ``distances`` table of a scenario, of all types or of one."""
    if facility_type is not None:
        column = _column(state, facility_type)
        return distances_table(
            state.network, state.placed, state.types.iloc[[column]], state.measures[column]
        )
    return distances_table(state.network, state.placed, state.types, _all_types(state.measures))


def _all_types(measures: tuple[Measures, ...]) -> Measures:
    first = measures[0]
    wide = ("exact_m", "walk_m", "walk_to", "straight_m", "straight_to", "off_m", "threshold_m")
    return Measures(
        **{name: np.hstack([getattr(one, name) for one in measures]) for name in wide},
        is_absent=np.concatenate([one.is_absent for one in measures]),
        exit_m=first.exit_m,
    )


def shares(state: Scenario, circle_id: pd.Series, *, facility_type: str | None = None) -> pd.DataFrame:
    """Return the ``coverage`` table of a scenario, of all types or of one.

    Args:
        state: the scenario.
        circle_id: circle of each judged demand point, "" for none (``circles.circle_of``).
        facility_type: the only type wanted.
    """
    types = state.types
    if facility_type is not None:
        types = types.iloc[[_column(state, facility_type)]]
    demand = state.placed.demand[["demand_id", "scope"]].assign(circle_id=circle_id.to_numpy())
    judged = judged_people(distances(state, facility_type=facility_type), demand, state.people)
    return coverage(judged, types, state.basis, state.inputs.circles["circle_id"].tolist())


def add_facility(
    state: Scenario, geometry: shapely.Geometry, facility_type: str, *, site_id: str, name: str = ""
) -> Scenario:
    """Open a facility.

    Args:
        state: the scenario before.
        geometry: point or polygon in the study's CRS; a site with entrances is entered there.
        facility_type: a judged type.
        site_id: the place; with the type it makes the ``facility_id``, which must be new.
        name: for tables.

    Raises:
        SettingsError: the type is not judged, the facility exists, or it lies outside the extent.
    """
    column = _column(state, facility_type)
    facility_id = f"{site_id}/{facility_type}"
    if (state.inputs.facilities["facility_id"] == facility_id).any():
        raise SettingsError(
            Text(
                f"设施 {facility_id} 已经存在, 请换一个场所编号 (site_id)。",
                f"There is a facility {facility_id} already; give the place another site_id.",
            )
        )
    row = _new_row(state, geometry, facility_type, site_id, name)
    inputs = replace(state.inputs, facilities=pd.concat([state.inputs.facilities, row], ignore_index=True))
    placed = state.placed
    facilities = pd.concat([placed.facilities, row], ignore_index=True)
    position = len(facilities) - 1
    access = pd.concat([placed.facility_access, _ways_in(state, row, position)], ignore_index=True)
    placed = replace(placed, facilities=facilities, facility_access=access)
    is_open = np.append(state.is_open, True)
    after = replace(state, inputs=inputs, placed=placed, is_open=is_open)
    return _with_column(after, column, position, gained=True)


def remove_facility(state: Scenario, facility_id: str) -> Scenario:
    """Take a counting facility away.

    Raises:
        SettingsError: there is none of this id that counts.
    """
    position = _position(state, facility_id)
    others = state.inputs.facilities["facility_id"] != facility_id
    inputs = replace(state.inputs, facilities=state.inputs.facilities[others].reset_index(drop=True))
    access = state.placed.facility_access
    placed = replace(state.placed, facility_access=access[access["item"] != position].reset_index(drop=True))
    is_open = state.is_open.copy()
    is_open[position] = False
    after = replace(state, inputs=inputs, placed=placed, is_open=is_open)
    column = type_of(state.placed.facilities.iloc[[position]], state.types)[0]
    return _with_column(after, column, position, gained=False, before=state) if column >= 0 else after


def move_facility(state: Scenario, facility_id: str, geometry: shapely.Geometry) -> Scenario:
    """Move a counting facility; it keeps its id and its place in the order.

    Raises:
        SettingsError: there is none of this id that counts, or the new place is outside the extent.
    """
    position = _position(state, facility_id)
    where = state.inputs.facilities["facility_id"] == facility_id
    row = _moved(state.placed.facilities.iloc[[position]], geometry)
    _refuse_outside(state, row)
    inputs = replace(
        state.inputs, facilities=_replace_geometry(state.inputs.facilities, where.to_numpy(), geometry)
    )
    here = np.arange(len(state.placed.facilities)) == position
    access = state.placed.facility_access
    kept = access[access["item"] != position]
    access = pd.concat([kept, _ways_in(state, row, position)], ignore_index=True)
    placed = replace(
        state.placed,
        facilities=_replace_geometry(state.placed.facilities, here, geometry),
        facility_access=access,
    )
    after = replace(state, inputs=inputs, placed=placed)
    column = type_of(row, state.types)[0]
    return _with_column(after, column, position, gained=True, before=state) if column >= 0 else after


def _new_row(
    state: Scenario, geometry: shapely.Geometry, facility_type: str, site_id: str, name: str
) -> gpd.GeoDataFrame:
    """Return a facilities row of the same columns and kinds as the others."""
    layer = state.inputs.facilities
    last = layer["row"].max() if len(layer) else 0
    given = {
        "facility_type": facility_type,
        "name": name,
        "site_id": site_id,
        "status": "existing",
        "facility_id": f"{site_id}/{facility_type}",
        "suitability": state.types["suitability"].iat[_column(state, facility_type)],
        "row": last + 1,
        "source_row": last + 1,
    }
    row = _row_of(layer, geometry, given)
    _refuse_outside(state, row)
    return row


def _row_of(
    layer: gpd.GeoDataFrame, geometry: shapely.Geometry, given: dict[str, object]
) -> gpd.GeoDataFrame:
    """Return a row of the layer's columns and kinds, blank where nothing is given."""
    columns = {}
    for column in layer.columns.drop("geometry"):
        blank = np.nan if pd.api.types.is_numeric_dtype(layer[column]) else ""
        columns[column] = pd.Series([given.get(column, blank)]).astype(layer[column].dtype)
    return gpd.GeoDataFrame(columns, geometry=[geometry], crs=layer.crs)[list(layer.columns)]


def _refuse_outside(state: Scenario, row: gpd.GeoDataFrame) -> None:
    if not in_extent(replace(state.inputs, facilities=row)).all():
        raise SettingsError(
            Text(
                f"设施 {row['facility_id'].iat[0]} 位于数据范围 (extent; 缺省为边界) 之外, 不会计入; 请选范围内的位置。",
                f"The facility {row['facility_id'].iat[0]} lies outside the surveyed extent (else boundary) and would "
                "not count; choose a place inside it.",
            )
        )


def _moved(row: gpd.GeoDataFrame, geometry: shapely.Geometry) -> gpd.GeoDataFrame:
    return _replace_geometry(row.reset_index(drop=True), np.ones(len(row), dtype=bool), geometry)


def _replace_geometry(layer: gpd.GeoDataFrame, where: Flags, geometry: shapely.Geometry) -> gpd.GeoDataFrame:
    drawn = layer.geometry.to_numpy().copy()
    drawn[where] = geometry
    return layer.set_geometry(gpd.GeoSeries(drawn, index=layer.index, crs=layer.crs))


def _ways_in(state: Scenario, row: gpd.GeoDataFrame, position: int) -> pd.DataFrame:
    gates = state.inputs.entrances
    gates = gates[gates["site_id"] == row["site_id"].iat[0]]
    max_snap_m = state.inputs.study.settings.max_snap_m
    if gates.empty and row.geom_type.iat[0] == "Point":
        ways = access_points(state.network, row.geometry.to_numpy(), max_snap_m=max_snap_m)
    else:
        ways = access_facilities(state.network, row, gates, max_snap_m=max_snap_m)
    return ways.assign(item=position)


def _column(state: Scenario, facility_type: str) -> int:
    found = np.flatnonzero(state.types["facility_type"] == facility_type)
    if not len(found):
        known = ", ".join(state.types["facility_type"])
        raise SettingsError(
            Text(
                f"类型 {facility_type} 不在判定范围内; 可用的类型: {known}。",
                f"The type {facility_type} is not judged in this study; those judged are: {known}.",
            )
        )
    return int(found[0])


def _position(state: Scenario, facility_id: str) -> int:
    same = (state.placed.facilities["facility_id"] == facility_id).to_numpy()
    found = np.flatnonzero(same & state.is_open)
    if not len(found):
        raise SettingsError(
            Text(
                f"没有计入分析的设施 {facility_id}, 请核对 facility_id。",
                f"No facility {facility_id} counts in this scenario; check the facility_id.",
            )
        )
    return int(found[0])


def _with_column(
    after: Scenario, column: int, position: int, *, gained: bool, before: Scenario | None = None
) -> Scenario:
    """Measure one type anew after one of its facilities changed.

    ``before`` is the scenario in which the facility stood elsewhere, None if it is new.
    """
    group = np.where(after.is_open, type_of(after.placed.facilities, after.types), -1)
    members = np.where(group == column, 0, -1)
    old = after.measures[column]
    exact_m, walk_to = _new_walks(after, members, position, old, gained=gained)
    straight_m, straight_to = _new_straights(after, members, position, old, gained=gained)
    off_m = old.off_m
    if _is_off(after, position) or (before is not None and _is_off(before, position)):
        off_m = straight_to_off_network(after.network, after.placed, members, 1)
    new = replace(
        old,
        exact_m=exact_m[:, None],
        walk_m=np.round(exact_m, DECIMALS)[:, None],
        walk_to=walk_to[:, None],
        straight_m=straight_m[:, None],
        straight_to=straight_to[:, None],
        off_m=off_m,
        is_absent=np.array([not (members == 0).any()]),
    )
    counts = after.counts[column]
    if before is not None:
        counts = counts - _reached(before, position)
    if gained:
        counts = counts + _reached(after, position)
    return replace(
        after,
        measures=(*after.measures[:column], new, *after.measures[column + 1 :]),
        counts=(*after.counts[:column], counts, *after.counts[column + 1 :]),
    )


def _new_walks(
    after: Scenario, members: Ints, position: int, old: Measures, *, gained: bool
) -> tuple[Floats, Ints]:
    """Return exact walks and where they lead, for demand points that lost or may prefer the facility."""
    walk_m, walk_to = old.exact_m[:, 0].copy(), old.walk_to[:, 0].copy()
    access, origins = after.placed.facility_access, after.placed.demand_access
    lost = walk_to == position
    if lost.any():
        asking = origins[lost[origins["item"]]]
        item = asking["item"].to_numpy()
        targets = access[members[access["item"]] == 0]
        walk_m[item], walk_to[item] = _nearest_target(after.network, asking, targets)
    if gained:
        ways = access[access["item"] == position]
        asking = origins[(_could_gain(after, ways, walk_m) & ~lost)[origins["item"]]]
        item = asking["item"].to_numpy()
        new_m = walks_to(after.network, Ways.of(asking), Ways.of(ways), limit_m=walk_m[item].max(initial=0.0))
        is_tie = np.isfinite(new_m) & (new_m == walk_m[item]) & (position < walk_to[item])
        is_better = (new_m < walk_m[item]) | is_tie
        walk_m[item[is_better]], walk_to[item[is_better]] = new_m[is_better], position
    return walk_m, walk_to


def _nearest_target(network: Network, origins: pd.DataFrame, targets: pd.DataFrame) -> tuple[Floats, Ints]:
    """Return each origin's walk to the nearest target, of equally near ones the first, and which it is."""
    if targets.empty:
        return np.full(len(origins), np.inf), np.full(len(origins), -1, dtype=np.int64)
    item, rank = np.unique(targets["item"].to_numpy(), return_inverse=True)
    # As in ``distances.nearest`` the rank rides below the quantum.
    step_m = QUANTUM_M / 2 ** len(item).bit_length()
    ranked = targets.assign(leg_m=targets["leg_m"].to_numpy() + rank * step_m)
    best_m = walks_to(network, Ways.of(origins), Ways.of(ranked))
    reached = np.isfinite(best_m)
    walk_m, target = best_m.copy(), np.full(len(origins), -1, dtype=np.int64)
    walk_m[reached] = np.floor(best_m[reached] / QUANTUM_M) * QUANTUM_M
    target[reached] = item[np.round((best_m[reached] - walk_m[reached]) / step_m).astype(np.int64)]
    return walk_m, target


def _could_gain(state: Scenario, ways: pd.DataFrame, walk_m: Floats) -> Flags:
    """Whether each demand point may have a walk through the ways that is no longer than the one it has.

    No walk to a way in is shorter than the straight line to it.
    """
    home = shapely.get_coordinates(state.points)
    line = state.network.edge_geometry[ways["edge"].to_numpy()]
    span_m = ways["span_m"].to_numpy()
    middle = shapely.line_interpolate_point(line, ways["offset_m"].to_numpy() + span_m / 2)
    # From the middle of a stretch that counts as the way in, either end is half its length away.
    extra_m = ways["leg_m"].to_numpy() - span_m / 2
    least_m = np.full(len(home), np.inf)
    for xy, more_m in zip(shapely.get_coordinates(middle), extra_m, strict=True):
        least_m = np.minimum(least_m, np.hypot(*(home - xy).T) + more_m)
    could: Flags = least_m * 0.999 - 1.0 <= walk_m
    return could


def _new_straights(
    after: Scenario, members: Ints, position: int, old: Measures, *, gained: bool
) -> tuple[Floats, Ints]:
    straight_m, straight_to = old.straight_m[:, 0].copy(), old.straight_to[:, 0].copy()
    asking = straight_to == position
    if gained:
        geometry = after.placed.facilities.geometry.iloc[position]
        # A millimetre more than the rounded distance; which is nearer is decided exactly below.
        asking |= shapely.distance(after.points, geometry) <= straight_m + 0.001
    if asking.any():
        mine = np.flatnonzero(members == 0)
        same = after.placed.facilities.iloc[mine]
        found_m, found = nearest_straight(after.points[asking], same, np.zeros(len(mine), dtype=np.int64), 1)
        straight_m[asking], straight_to[asking] = found_m[:, 0], np.append(mine, -1)[found[:, 0]]
    return straight_m, straight_to


def _is_off(state: Scenario, position: int) -> bool:
    """Whether a facility has no way onto the main network."""
    access = state.placed.facility_access
    edge = access["edge"].to_numpy()[access["item"].to_numpy() == position]
    return not bool((state.network.edge_part[edge] == state.network.main_part).any())


def _reached(state: Scenario, position: int) -> Ints:
    """Return (demand, limits), 1 where the facility lies within the walk."""
    demand = len(state.placed.demand)
    if not state.limits_m:
        return np.zeros((demand, 0), dtype=np.int64)
    access, origins = state.placed.facility_access, state.placed.demand_access
    ways = access[access["item"] == position]
    reached = np.zeros((demand, len(state.limits_m)), dtype=np.int64)
    # A millimetre more, for walks are compared as printed.
    limit_m = max(state.limits_m) + 0.001
    walk_m = np.round(walks_to(state.network, Ways.of(origins), Ways.of(ways), limit_m=limit_m), DECIMALS)
    reached[origins["item"].to_numpy()] = walk_m[:, None] <= np.array(state.limits_m)
    return reached


def close_street(state: Scenario, row: int) -> Scenario:
    """Close a street to walkers.

    Args:
        state: the scenario before.
        row: number of the street in its layer (column ``row``).

    Raises:
        SettingsError: there is no such street.
        SourceError: no walkable street is left.
    """
    streets = state.inputs.streets.copy()
    streets.loc[_street(state, row), "status"] = "closed"
    return _with_streets(state, streets)


def open_street(state: Scenario, row: int) -> Scenario:
    """Open a street to walkers, whatever its status was.

    Args:
        state: the scenario before.
        row: number of the street in its layer (column ``row``).

    Raises:
        SettingsError: there is no such street.
    """
    streets = state.inputs.streets.copy()
    where = _street(state, row)
    streets.loc[where, "walkable"] = True
    streets.loc[where, "status"] = "existing"
    return _with_streets(state, streets)


def add_street(state: Scenario, geometry: shapely.Geometry, *, name: str = "") -> Scenario:
    """Draw a new street and open it to walkers.

    It meets others as any drawn street does: where they share a vertex, where its end lies within the
    study's ``join_tolerance_m`` of them, and at crossings only if the study joins these.

    Args:
        state: the scenario before.
        geometry: line in the study's CRS.
        name: for tables.

    Returns:
        The scenario after; the street is the last row of its ``inputs.streets``.
    """
    layer = state.inputs.streets
    number = int(layer["row"].max()) + 1
    row = _row_of(
        layer,
        geometry,
        {"walkable": True, "status": "existing", "name": name, "row": number, "source_row": number},
    )
    streets = pd.concat([layer, row], ignore_index=True)
    return _with_streets(replace(state, ground=_Ground(state.ground.start, streets)), streets)


def _street(state: Scenario, row: int) -> Flags:
    where: Flags = (state.inputs.streets["row"] == row).to_numpy()
    if not where.any():
        raise SettingsError(
            Text(
                f"道路图层中没有第 {row} 行, 请核对行号。",
                f"The streets layer has no row {row}; check the number.",
            )
        )
    return where


def _with_streets(state: Scenario, streets: gpd.GeoDataFrame) -> Scenario:
    """Put other streets in: alter the network and measure again what the change can touch."""
    after = replace(state, inputs=replace(state.inputs, streets=streets))
    is_open = [
        usable_streets(layer, include_planned=state.include_planned)
        for layer in (state.inputs.streets, streets)
    ]
    was_open = np.append(is_open[0], np.zeros(len(streets) - len(is_open[0]), dtype=bool))
    if (was_open == is_open[1]).all():
        return after
    altered = alter_network(state.network, state.ground.drawing, was_open, is_open[1])
    lines = changed_lines(state.network, altered)
    if not len(lines):
        return replace(after, network=altered.network)
    homes, moved_homes = _homes_again(state, altered, lines)
    sites, moved_sites = _sites_again(state, altered, lines)
    part = np.full(len(state.points), -1, dtype=np.int64)
    part[homes["item"]] = altered.network.edge_part[homes["edge"]]
    exits = state.placed.exits
    if state.ground.surveyed is not None:
        exits = access_exits(
            altered.network, streets, state.ground.surveyed, at_edge=state.ground.streets_at_edge
        )
    placed = replace(state.placed, demand_access=homes, facility_access=sites, demand_part=part, exits=exits)
    after = replace(after, network=altered.network, placed=placed)
    return _measured_again(state, after, altered, (moved_homes, moved_sites))


def _homes_again(state: Scenario, altered: Altered, lines: Geometries) -> tuple[pd.DataFrame, Ints]:
    """Lead the demand points near changed streets onto the network; return all ways, and who moved."""
    max_snap_m = state.inputs.study.settings.max_snap_m
    near = shapely.STRtree(state.points).query(lines, predicate="dwithin", distance=max_snap_m + NEAR_M)[1]
    near = np.unique(near)
    anew = access_points(altered.network, state.points[near], max_snap_m=max_snap_m)
    anew["item"] = near[anew["item"]]
    return replaced_access(carried_over(state.placed.demand_access, state.network, altered), near, anew)


def _sites_again(state: Scenario, altered: Altered, lines: Geometries) -> tuple[pd.DataFrame, Ints]:
    """Lead the facilities near changed streets, or with a gate there, onto the network."""
    max_snap_m = state.inputs.study.settings.max_snap_m
    facilities, gates = state.placed.facilities, state.inputs.entrances

    def is_near(layer: gpd.GeoDataFrame) -> Flags:
        tree, near = shapely.STRtree(layer.geometry.to_numpy()), np.zeros(len(layer), dtype=bool)
        near[tree.query(lines, predicate="dwithin", distance=max_snap_m + NEAR_M)[1]] = True
        return near

    near = is_near(facilities)
    if len(gates):
        near |= facilities["site_id"].isin(gates["site_id"][is_near(gates)]).to_numpy()
    items = np.flatnonzero(near & state.is_open)
    anew = access_facilities(altered.network, facilities.iloc[items], gates, max_snap_m=max_snap_m)
    anew["item"] = items[anew["item"]]
    return replaced_access(carried_over(state.placed.facility_access, state.network, altered), items, anew)


def _measured_again(
    before: Scenario, after: Scenario, altered: Altered, moved: tuple[Ints, Ints]
) -> Scenario:
    group = np.where(after.is_open, type_of(after.placed.facilities, after.types), -1)
    homes = (before.placed.demand_access, after.placed.demand_access)
    sites = (before.placed.facility_access, after.placed.facility_access)
    old = _all_types(before.measures)
    exact_m, walk_to = walks_again(
        before.network, altered, homes, sites, moved, group, old.exact_m, old.walk_to
    )
    off_m = old.off_m.copy()
    for column in np.unique(group[_off(before) != _off(after)]):
        members = np.where(group == column, 0, -1)
        off_m[:, column] = straight_to_off_network(after.network, after.placed, members, 1)[:, 0]
    measures = replace(
        old,
        exact_m=exact_m,
        walk_m=np.round(exact_m, DECIMALS),
        walk_to=walk_to,
        off_m=off_m,
        exit_m=exit_walks(after.network, after.placed),
    )
    counts = counts_again(
        before.network,
        altered,
        homes,
        sites,
        group,
        np.stack(before.counts, axis=1),
        limits_m=before.limits_m,
        max_snap_m=before.inputs.study.settings.max_snap_m,
    )
    columns = range(len(after.types))
    return replace(
        after,
        measures=tuple(_one_type(measures, column) for column in columns),
        counts=tuple(counts[:, column] for column in columns),
    )


def _off(state: Scenario) -> Flags:
    """Whether each facility has no way onto the main network."""
    access = state.placed.facility_access
    on_main = state.network.edge_part[access["edge"].to_numpy()] == state.network.main_part
    off = state.is_open.copy()
    off[access["item"].to_numpy()[on_main]] = False
    return off
