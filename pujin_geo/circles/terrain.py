"""Everything that drawing and checking rest on: units, who is whose neighbour, possible hubs, walks to them."""

from dataclasses import dataclass, replace

import geopandas as gpd
import numpy as np
import pandas as pd
import shapely

from ..errors import SettingsError, SourceError
from ..inputs import Inputs
from ..tables import Problem
from ..texts import Text
from ..walking.access import Geometries
from ..walking.distances import nearest
from ..walking.network import Floats, Ints, Network, network_of
from ..walking.verdicts import Flags, Placed, demand_points, place
from .describe import HUB_TYPES
from .drafts import draft_units
from .land import land_area, tile_land
from .links import Pieces, borders, cut_network, main_pieces, walkable_links
from .options import CircleSettings

DETOUR = 1.4
"""Walk ÷ straight line where no walk can be measured: median of six routes in Beijing."""

NO_PATH_M = 10_000.0
"""Added where streets do not connect, so that such a hub is chosen last."""

EMPTY_WEIGHT = 0.01
"""Persons that every unit counts as beyond its residents, by straight line, so that empty ones go to a near hub."""

PROPOSALS = 3
PROPOSALS_UP_TO_UNITS = 40
TRIED_PLACES = 8

EXISTING, PROPOSED = "existing", "proposed"
PINNED_RANK, PROPOSED_RANK = -1, len(HUB_TYPES)

HUB_COLUMNS = ["hub_facility_id", "hub_demand_id", "name", "status", "rank", "unit"]


@dataclass(frozen=True)
class Terrain:
    """A study made ready for circles; lengths in metres, in the study's CRS.

    Attributes:
        inputs, network, placed, settings: what it was made from.
        units: one row per committee with land (or per drafted unit), ordered by id: ``unit_id``, ``name``,
            ``kind``, ``scope``, ``population``, ``area_km2``, ``row``, ``source_row``, geometry.
        drafted: the units were made from demand points, for want of committees.
        unit_of: (demand,) position of the unit of each judged demand point.
        borders: (pairs, 2) units that share a border; ``border_m`` its length.
        links: (links, 2) those that are neighbours on foot.
        pieces: the walking graph in short pieces; ``main`` the pieces of each unit's main part.
        hubs: possible hubs: ``HUB_COLUMNS`` and a point; ``rank`` is -1 pinned, then the position in
            ``HUB_TYPES``, then proposed; ``unit`` the position of the unit it stands in.
        walk_m: (demand, hubs) walks; where none can be measured an estimate (see ``has_path``).
        has_path: (demand, hubs) the walk was measured.
        problems: findings about the committees.
    """

    inputs: Inputs
    network: Network
    placed: Placed
    settings: CircleSettings
    units: gpd.GeoDataFrame
    drafted: bool
    unit_of: Ints
    borders: Ints
    border_m: Floats
    links: Ints
    pieces: Pieces
    main: list[Ints]
    hubs: gpd.GeoDataFrame
    walk_m: Floats
    has_path: Flags
    problems: tuple[Problem, ...]

    @property
    def people(self) -> Floats:
        """(demand,) residents."""
        people: Floats = self.placed.demand["population"].to_numpy(dtype=float)
        return people

    @property
    def is_rural(self) -> Flags:
        """(demand,) whose scope is rural."""
        rural: Flags = (self.placed.demand["scope"] == "rural").to_numpy(dtype=bool)
        return rural


def survey(
    inputs: Inputs,
    *,
    settings: CircleSettings | None = None,
    pin_hubs: tuple[str, ...] = (),
    network: Network | None = None,
    target_units: int = 48,
) -> Terrain:
    """Make a study ready for drawing, checking and editing circles.

    Args:
        inputs: from ``sources.reading.read_inputs``.
        settings: bands and tolerances.
        pin_hubs: facilities of any type that may be hubs as well, by facility id, site id or name.
        network: the walking graph, if it was built already.
        target_units: without committees, how many units to draft.

    Raises:
        SettingsError: a pinned hub is unknown, shut, or outside the land.
        SourceError: no walkable street, no committee with land, or (without committees) no demand point.

    >>> from pujin_geo import circles, load_study
    >>> circles.survey(load_study("geodata/xiaohe")).units["unit_id"].tolist()
    ['C1', 'J1', 'J2', 'J3']
    """
    settings = settings or CircleSettings()
    if network is None:
        network = network_of(inputs)
    placed = place(inputs, network, include_planned=False)
    points = placed.points
    units, problems = _units(inputs, placed, points, settings, target_units)
    if units.empty:
        raise SourceError(
            Text(
                "居村委图层在边界和陆地之内没有任何面积, 无法划圈; 请核对 committees、boundary 和 water 图层及其坐标系。",
                "No committee has any land inside the boundary, so no circles can be drawn; check the layers committees, "
                "boundary and water and their coordinate systems.",
            )
        )
    unit_of = units_of(points, units)
    units = _with_people(units, unit_of, placed.demand)
    problems = [*problems, *_empty_problems(units)]
    geometry = units.geometry.to_numpy()
    pieces = cut_network(network, geometry, excursion_m=settings.excursion_m)
    people = placed.demand["population"].to_numpy(dtype=float)
    on_piece = np.zeros(len(pieces.length_m))
    entry = pieces.of_access(network, placed.demand_access)
    np.add.at(on_piece, entry, people[placed.demand_access["item"]])
    main = main_pieces(pieces, len(units), on_piece)
    pairs, border_m = borders(geometry)
    links = walkable_links(pieces, main, pairs, geometry, _obstacles(inputs))
    hubs = _hubs(network, placed, points, units, unit_of, pin_hubs)
    walk_m, has_path = walks_to(network, placed, hubs)
    return Terrain(
        inputs=inputs,
        network=network,
        placed=placed,
        settings=settings,
        units=units,
        drafted=inputs.committees.empty,
        unit_of=unit_of,
        borders=pairs,
        border_m=border_m,
        links=links,
        pieces=pieces,
        main=main,
        hubs=hubs,
        walk_m=walk_m,
        has_path=has_path,
        problems=tuple(problems),
    )


def _units(
    inputs: Inputs, placed: Placed, points: Geometries, settings: CircleSettings, target: int
) -> tuple[gpd.GeoDataFrame, list[Problem]]:
    if len(inputs.committees):
        return tile_land(
            inputs.committees,
            inputs.boundary,
            inputs.water,
            wide_water_m=settings.wide_water_m,
            split_cut_ha=settings.split_cut_ha,
        )
    area = inputs.boundary if len(inputs.boundary) else inputs.extent
    land = land_area(area, inputs.water, wide_water_m=settings.wide_water_m) if len(area) else None
    people = placed.demand["population"].to_numpy(dtype=float)
    text = Text(
        "没有居村委图层: 由居民点聚合成单元, 划出的只是草案; 有居村委界线后请重新划示。",
        "There is no committees layer: units were made from the demand points, so the circles are only a draft; "
        "draw them again when the committees' borders are there.",
    )
    units = draft_units(points, people, land, _obstacles(inputs), count=target, crs=inputs.study.crs)
    return units, [Problem("committees", "warning", "drafted_units", text, value=str(len(units)))]


def _obstacles(inputs: Inputs) -> Geometries:
    obstacles: Geometries = np.concatenate(
        [inputs.water.geometry.to_numpy(), inputs.barriers.geometry.to_numpy()]
    )
    return obstacles


def units_of(points: Geometries, units: gpd.GeoDataFrame) -> Ints:
    """Return the position of the unit that each point lies in, or is nearest to."""
    tree = shapely.STRtree(units.geometry.to_numpy())
    which = np.full(len(points), len(units), dtype=np.int64)
    np.minimum.at(which, *tree.query(points, predicate="intersects"))
    lost = np.flatnonzero(which == len(units))
    if len(lost):
        found = tree.query_nearest(points[lost], all_matches=False)
        which[lost[found[0]]] = found[1]
    return which


def _with_people(units: gpd.GeoDataFrame, unit_of: Ints, demand: pd.DataFrame) -> gpd.GeoDataFrame:
    people = demand["population"].to_numpy(dtype=float)
    rural = np.where((demand["scope"] == "rural").to_numpy(), people, 0.0)
    population = np.bincount(unit_of, weights=people, minlength=len(units))
    rural_people = np.bincount(unit_of, weights=rural, minlength=len(units))
    mostly_rural = np.where(population > 0, rural_people * 2 > population, units["kind"] == "village")
    return units.assign(
        population=population,
        scope=np.where(mostly_rural, "rural", "urban"),
        area_km2=units.geometry.area / 1e6,
    )


def _empty_problems(units: gpd.GeoDataFrame) -> list[Problem]:
    return [
        Problem(
            "committees", "warning", "committee_without_people",
            Text(
                f"居村委 {one.unit_id} 内没有居民 (无居民点或人口为 0); 仍参与划圈, 归入最近的中心。请核对人口数据。",
                f"Committee {one.unit_id} has no residents (no demand point, or population 0); it still joins a circle, that of "
                "the nearest hub. "
                "Check the population data.",
            ),
            row=int(one.row), source_row=int(one.source_row), column="committee_id", value=str(one.unit_id),
        )
        for one in units[units["population"] <= 0].itertuples()
    ]  # fmt: skip


# Hubs


def _hubs(
    network: Network,
    placed: Placed,
    points: Geometries,
    units: gpd.GeoDataFrame,
    unit_of: Ints,
    pin_hubs: tuple[str, ...],
) -> gpd.GeoDataFrame:
    pinned = [find_facility(name, placed.facilities) for name in pin_hubs]
    existing = _existing_hubs(network, placed, units, pinned)
    bare = np.setdiff1d(np.arange(len(units)), existing["unit"])
    proposed = _proposed_hubs(network, placed, points, unit_of, bare, len(units))
    hubs = pd.concat([existing, proposed], ignore_index=True)
    return gpd.GeoDataFrame(hubs, geometry="geometry", crs=units.crs)


def find_facility(name: str, facilities: gpd.GeoDataFrame) -> int:
    """Return the position of a counting facility by facility id, site id or name.

    Of several functions of one place the hub comes first, then the party station.

    Raises:
        SettingsError: there is none.
    """
    for column in ("facility_id", "site_id", "name"):
        found = np.flatnonzero(facilities[column] == name)
        if len(found):
            rank = facilities["facility_type"].iloc[found].map(_type_rank).to_numpy()
            return int(found[np.argmin(rank)])
    raise SettingsError(
        Text(
            f"指定的中心 “{name}” 不在现状设施中 (按 facility_id、site_id 和名称查找); 请核对设施图层, 规划或关闭的设施不能作中心。",
            f"The hub “{name}” is not among the open facilities (looked up by facility_id, site_id and name); check the "
            "facilities layer. Planned or closed ones cannot be hubs.",
        )
    )


def _type_rank(facility_type: str) -> int:
    return HUB_TYPES.index(facility_type) if facility_type in HUB_TYPES else len(HUB_TYPES)


def _existing_hubs(
    network: Network, placed: Placed, units: gpd.GeoDataFrame, pinned: list[int]
) -> pd.DataFrame:
    """Return hubs and party stations on the land and on the main network, and whatever is pinned."""
    facilities = placed.facilities
    rank = facilities["facility_type"].map(_type_rank).to_numpy(dtype=np.int64, copy=True)
    access = placed.facility_access
    on_main = access["item"][network.edge_part[access["edge"].to_numpy()] == network.main_part]
    usable = (rank < len(HUB_TYPES)) & np.isin(np.arange(len(facilities)), on_main)
    rank[pinned] = PINNED_RANK
    usable[pinned] = True
    chosen = np.flatnonzero(usable)
    points = demand_points(facilities.iloc[chosen])
    tree = shapely.STRtree(units.geometry.to_numpy())
    unit = np.full(len(chosen), len(units), dtype=np.int64)
    np.minimum.at(unit, *tree.query(points, predicate="intersects"))
    on_land = unit < len(units)
    for position in chosen[~on_land & np.isin(chosen, pinned)]:
        name = facilities["facility_id"].iat[position]
        raise SettingsError(
            Text(
                f"指定的中心 {name} 不在任何居村委的陆地上, 不能作中心。",
                f"The hub {name} lies on no committee's land and cannot be a hub.",
            )
        )
    chosen, points, unit = chosen[on_land], points[on_land], unit[on_land]
    hubs = pd.DataFrame(
        {
            "hub_facility_id": facilities["facility_id"].to_numpy(dtype=object)[chosen],
            "hub_demand_id": "",
            "name": facilities["name"].to_numpy(dtype=object)[chosen],
            "status": EXISTING,
            "rank": rank[chosen],
            "unit": unit,
            "geometry": points,
        }
    )
    # Beside a hub a party station of the same unit is never the centre, unless it is pinned.
    free = hubs["rank"].where(hubs["rank"] != PINNED_RANK, PROPOSED_RANK)
    best = free.groupby(hubs["unit"]).transform("min")
    kept = hubs[(hubs["rank"] == PINNED_RANK) | (hubs["rank"] == best)]
    return kept.sort_values(["unit", "hub_facility_id"], ignore_index=True)


def _proposed_hubs(
    network: Network, placed: Placed, points: Geometries, unit_of: Ints, bare: Ints, unit_count: int
) -> pd.DataFrame:
    """Return the best demand points of each unit that has neither hub nor party station."""
    wanted = PROPOSALS if unit_count <= PROPOSALS_UP_TO_UNITS else 1
    tried = [central_places(points, placed, np.flatnonzero(unit_of == unit)) for unit in bare]
    places = proposed_places(np.concatenate([np.empty(0, dtype=np.int64), *tried]), placed, points, unit_of)
    walk_m, _ = walks_to(network, placed, places)
    people = placed.demand["population"].to_numpy(dtype=float)
    chosen: list[int] = []
    for unit in bare:
        here = np.flatnonzero(places["unit"] == unit)
        own = unit_of == unit
        total = people[own] @ walk_m[np.ix_(own, here)]
        chosen.extend(here[np.argsort(total, kind="stable")[:wanted]])
    return places.iloc[chosen].reset_index(drop=True)


def central_places(points: Geometries, placed: Placed, members: Ints) -> Ints:
    """Return the few demand points nearest to the centre of their people, those on streets first."""
    if not len(members):
        return members
    xy = shapely.get_coordinates(points[members])
    weight = placed.demand["population"].to_numpy(dtype=float)[members] + 1e-9
    centre = (xy * weight[:, None]).sum(axis=0) / weight.sum()
    away = np.hypot(*(xy - centre).T)
    order = np.lexsort((members, away, placed.demand_part[members] < 0))
    return members[order[:TRIED_PLACES]]


def proposed_places(members: Ints, placed: Placed, points: Geometries, unit_of: Ints) -> gpd.GeoDataFrame:
    """Return demand points as proposed hubs: ``HUB_COLUMNS`` and geometry."""
    demand = placed.demand.iloc[members]
    return gpd.GeoDataFrame(
        {
            "hub_facility_id": "",
            "hub_demand_id": demand["demand_id"].to_numpy(dtype=object),
            "name": demand["name"].to_numpy(dtype=object),
            "status": PROPOSED,
            "rank": PROPOSED_RANK,
            "unit": unit_of[members],
        },
        index=range(len(members)),
        geometry=list(points[members]),
        crs=placed.demand.crs,
    )


def walks_to(network: Network, placed: Placed, hubs: gpd.GeoDataFrame) -> tuple[Floats, Flags]:
    """Return (demand, hubs) walks in metres, and which of them were measured.

    Without a path: the straight line times ``DETOUR``, and ``NO_PATH_M`` more unless it is the demand
    point itself that is on no street.
    """
    count = len(placed.demand)
    if hubs.empty:
        return np.empty((count, 0)), np.empty((count, 0), dtype=bool)
    targets = pd.concat([hub_access(placed, hubs), placed.demand_access.iloc[:0]], ignore_index=True)
    walk_m, _ = nearest(network, placed.demand_access, targets, np.arange(len(hubs)), count, groups=len(hubs))
    has_path = np.isfinite(walk_m)
    points = placed.points
    straight_m = shapely.distance(points[:, None], hubs.geometry.to_numpy()[None, :])
    extra_m = np.where(placed.demand_part >= 0, NO_PATH_M, 0.0)[:, None]
    return np.where(has_path, walk_m, straight_m * DETOUR + extra_m), has_path


def hub_access(placed: Placed, hubs: gpd.GeoDataFrame) -> pd.DataFrame:
    """Return the access rows of the hubs, ``item`` their position."""
    frames = []
    for column, ids, access in (
        ("hub_facility_id", placed.facilities["facility_id"], placed.facility_access),
        ("hub_demand_id", placed.demand["demand_id"], placed.demand_access),
    ):
        named = np.flatnonzero(hubs[column] != "")
        item = pd.Index(ids).get_indexer(hubs[column].iloc[named])
        ways = pd.DataFrame({"place": item, "hub": named})
        frames.append(
            access.merge(ways, left_on="item", right_on="place").assign(item=lambda f: f["hub"])[
                access.columns
            ]
        )
    return pd.concat(frames, ignore_index=True)


# Costs


def excess_m(terrain: Terrain) -> Floats:
    """Return (demand, hubs) metres beyond the farthest walk of each resident's scope."""
    limit_m = np.where(terrain.is_rural, terrain.settings.rural.walk_max_m, terrain.settings.urban.walk_max_m)
    excess: Floats = np.maximum(terrain.walk_m - limit_m[:, None], 0.0)
    return excess


def sum_by_unit(terrain: Terrain, per_person: Floats) -> Floats:
    """Return (units, hubs) sums over the residents of a (demand, hubs) amount per person."""
    sums = np.zeros((len(terrain.units), per_person.shape[1]))
    np.add.at(sums, terrain.unit_of, terrain.people[:, None] * per_person)
    return sums


def unit_costs(terrain: Terrain) -> Floats:
    """Return (units, hubs) whole person-metres: walking, weighted excess, and a trace for empty units."""
    per_person = terrain.walk_m + terrain.settings.far_weight * excess_m(terrain)
    centres = shapely.point_on_surface(terrain.units.geometry.to_numpy())
    straight_m = shapely.distance(centres[:, None], terrain.hubs.geometry.to_numpy()[None, :])
    cost: Floats = np.round(sum_by_unit(terrain, per_person) + EMPTY_WEIGHT * straight_m)
    return cost


def with_hubs(terrain: Terrain, more: gpd.GeoDataFrame) -> Terrain:
    """Return the terrain with further hubs and the walks to them."""
    walk_m, has_path = walks_to(terrain.network, terrain.placed, more)
    return replace(
        terrain,
        hubs=gpd.GeoDataFrame(pd.concat([terrain.hubs, more], ignore_index=True), crs=terrain.hubs.crs),
        walk_m=np.hstack([terrain.walk_m, walk_m]),
        has_path=np.hstack([terrain.has_path, has_path]),
    )
