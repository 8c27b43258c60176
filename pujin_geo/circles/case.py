"""Circles from anywhere laid on their terrain: hubs, residents, committees, walks."""

from dataclasses import dataclass

import geopandas as gpd
import numpy as np

from ..walking.network import Floats, Ints
from ..walking.verdicts import Flags
from .describe import circle_of
from .hubs import circle_of_units, hubs_of
from .options import Band
from .terrain import Terrain


@dataclass(frozen=True)
class Case:
    """Circles on their terrain.

    Attributes:
        terrain: with the circles' hubs among its hubs.
        circles: the layer, 0..n-1; ``ids`` their ids.
        hub: (circles,) positions in the terrain's hubs; -1 for none.
        lies_in: (demand,) position of the circle that each resident lives in; -1 for none.
        group: (units,) position of the circle that holds most of each unit; -1 for none.
        scope: (circles,) ``urban`` or ``rural``: that of the hub's unit, without a hub of most residents.
    """

    terrain: Terrain
    circles: gpd.GeoDataFrame
    ids: list[str]
    hub: Ints
    lies_in: Ints
    group: Ints
    scope: list[str]

    def band(self, number: int) -> Band:
        """Return the band that a circle is held to."""
        settings = self.terrain.settings
        return settings.rural if self.scope[number] == "rural" else settings.urban


def place_circles(terrain: Terrain, circles: gpd.GeoDataFrame) -> Case:
    """Return the case of circles (``circle_id``, geometry) on a terrain."""
    circles = circles.reset_index(drop=True)
    terrain, hub = hubs_of(terrain, circles)
    ids = circles["circle_id"].astype(str).tolist()
    position = {one: n for n, one in reversed(list(enumerate(ids)))}
    named = circle_of(terrain.placed.points, circles)
    lies_in = named.map(position).fillna(-1).to_numpy(dtype=np.int64)
    group = circle_of_units(terrain, circles)
    return Case(terrain, circles, ids, hub, lies_in, group, _scopes(terrain, hub, lies_in, len(ids)))


def _scopes(terrain: Terrain, hub: Ints, lies_in: Ints, count: int) -> list[str]:
    """A circle has the scope of the committee its hub lies in; without a hub that of most residents."""
    unit_scope = terrain.units["scope"].to_numpy()
    scopes = []
    for number in range(count):
        if hub[number] >= 0:
            scopes.append(str(unit_scope[terrain.hubs["unit"].iat[hub[number]]]))
        else:
            here = lies_in == number
            rural = terrain.people[here & terrain.is_rural].sum() * 2 > terrain.people[here].sum()
            scopes.append("rural" if rural else "urban")
    return scopes


@dataclass(frozen=True)
class Walks:
    """Each resident's walk to the hub of the own circle: metres, whether measured, nearer elsewhere."""

    own_m: Floats
    measured: Flags
    nearer: Flags


def walks_to_hubs(case: Case) -> Walks:
    """Return every resident's walk to the hub of the circle they live in."""
    count = len(case.lies_in)
    inside = np.flatnonzero(case.lies_in >= 0)
    inside = inside[case.hub[case.lies_in[inside]] >= 0]
    own = case.hub[case.lies_in[inside]]
    walk_m = np.where(case.terrain.has_path, case.terrain.walk_m, np.inf)
    own_m, nearer = np.full(count, np.nan), np.zeros(count, dtype=bool)
    measured = np.zeros(count, dtype=bool)
    own_m[inside] = case.terrain.walk_m[inside, own]
    measured[inside] = case.terrain.has_path[inside, own]
    hubs = case.hub[case.hub >= 0]
    if len(hubs):
        nearer[inside] = walk_m[np.ix_(inside, hubs)].min(axis=1) < walk_m[inside, own]
    return Walks(own_m, measured, nearer)
