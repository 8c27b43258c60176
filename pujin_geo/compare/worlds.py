"""Mixed worlds: the facilities of one run, the streets of the other … and how many people would be met in each.

Every layer and rule belongs to one of five groups, and a world takes each group from the earlier or the later run.
Walks depend on facilities, streets and a few settings only, so they are measured once for each of those from every
place where people live in either run; residents, thresholds and circles are weighed on top.
"""

from collections.abc import Callable
from dataclasses import dataclass, replace
from functools import cached_property
from typing import Any

import geopandas as gpd
import numpy as np
import pandas as pd
import shapely

from ..circles.describe import circle_of
from ..errors import SourceError
from ..inputs import Inputs, empty_layer
from ..tables import ALL
from ..texts import Text
from ..walking.access import access_facilities, access_points
from ..walking.distances import nearest
from ..walking.network import Floats, Ints, network_of, to_mm
from ..walking.verdicts import (
    Flags,
    counts,
    demand_points,
    is_inside,
    judged_types,
    people_served,
    surveyed_extent,
    thresholds,
    type_of,
)
from .attribution import in_units, shapley
from .pairing import Pairs

GROUPS: dict[str, Text] = {
    "facilities": Text("设施", "facilities"),
    "streets": Text("道路", "streets"),
    "residents": Text("居民", "residents"),
    "rules": Text("规则", "rules"),
    "circles": Text("生活圈", "circles"),
}
"""The causes that a change is shared out over, in order."""

GROUP_OF: dict[str, str] = {
    **dict.fromkeys(("facilities", "entrances"), "facilities"),
    **dict.fromkeys(("streets", "extent", "water", "barriers"), "streets"),
    **dict.fromkeys(("residents", "boundary"), "residents"),
    **dict.fromkeys(("catalogue", "settings", "study"), "rules"),
    **dict.fromkeys(("circles", "committees"), "circles"),
    **dict.fromkeys(("green", "residential_land", "spaces", "ledger", "reconciliation", "version"), ""),
}
"""What a change belongs to; "" has no bearing on who is met.

Water and barriers only warn of an access leg that crosses them. The boundary says who is judged; where there is no
extent it also says how far the data are complete, and that goes with the streets. Committees matter through the scope
(urban, rural) of their residents. Both runs are judged by the version at hand, so a version is no cause.
"""

SETTINGS_OF_WALKS = ("max_snap_m", "join_tolerance_m", "join_crossings")

Choice = tuple[int, ...]
"""One number per group: 0 as it was in the earlier run, 1 as in the later."""


@dataclass(frozen=True)
class _Homes:
    """The judged demand points of one run: their rows, and which of the measured places each stands on."""

    rows: gpd.GeoDataFrame
    place: Ints


class Worlds:
    """Two studies whose groups can be exchanged.

    Args:
        before, after: the earlier and the later input, in one CRS.
        include_planned: of each, whether what is planned counts as open.
        residents: which demand points are the same, from ``pairing``.
        circle_names: earlier ``circle_id`` → the later one of the same circle, where it differs.
    """

    def __init__(
        self,
        before: Inputs,
        after: Inputs,
        *,
        include_planned: tuple[bool, bool],
        residents: Pairs,
        circle_names: dict[str, str],
    ) -> None:
        renamed = before.circles["circle_id"].map(lambda one: circle_names.get(one, one))
        before = replace(before, circles=before.circles.assign(circle_id=renamed))
        self._inputs = tuple(_with_extent(one) for one in (before, after))
        self._planned = include_planned
        self._pairs = residents
        self._kept: dict[tuple[Any, ...], Any] = {}

    @cached_property
    def changed(self) -> tuple[str, ...]:
        """The groups that differ in something that can bear on who is met."""
        one, other = (
            _essence(inputs, planned) for inputs, planned in zip(self._inputs, self._planned, strict=True)
        )
        return tuple(group for group in GROUPS if not _alike(one[group], other[group]))

    @cached_property
    def types(self) -> list[str]:
        """The types of either catalogue, the later one's first."""
        both = [*self._inputs[1].catalogue["facility_type"], *self._inputs[0].catalogue["facility_type"]]
        return list(dict.fromkeys(both))

    @cached_property
    def places(self) -> list[str]:
        """``all``, then the circles of either run, the later one's first; one that both have by its later id."""
        return list(
            dict.fromkeys([ALL, *self._inputs[1].circles["circle_id"], *self._inputs[0].circles["circle_id"]])
        )

    def parts(self) -> tuple[Ints, Ints, Ints]:
        """Return people met before and after, (places, types), and the part of every group in the change.

        All in 64ths of a person; the parts, (groups, places, types), add up to the change.
        """
        causes = len(self.changed)
        worlds = np.stack([self.people_met(self._choice(world)) for world in range(2**causes)])
        parts = np.zeros((len(GROUPS), *worlds.shape[1:]), dtype=np.int64)
        at = [list(GROUPS).index(group) for group in self.changed]
        parts[at] = shapley(worlds, causes)
        return worlds[0], worlds[-1], parts

    def _choice(self, world: int) -> Choice:
        taken = {group: world >> bit & 1 for bit, group in enumerate(self.changed)}
        # What did not change is the same in both; the later run's is at hand.
        return tuple(taken.get(group, 1) for group in GROUPS)

    def people_met(self, choice: Choice) -> Ints:
        """Return the people met in a world, (places, types), in 64ths."""
        facilities, streets, residents, rules, circles = choice
        homes = self._homes(residents)
        walk_m = self._walks(facilities, streets, rules)[homes.place]
        met = walk_m <= self._limits(residents, rules, circles)
        met &= self._is_judged(facilities, rules)
        people = np.where(met, self._people(residents, rules), 0.0)
        place = self._circle(residents, circles)
        total = np.zeros((len(self.places), len(self.types)))
        np.add.at(total, place[place > 0], people[place > 0])
        total[0] = people.sum(axis=0)
        return in_units(total)

    def _once(self, key: tuple[Any, ...], make: Callable[[], Any]) -> Any:
        if key not in self._kept:
            self._kept[key] = make()
        return self._kept[key]

    def _homes(self, residents: int) -> _Homes:
        homes: tuple[_Homes, _Homes] = self._measured[1]
        return homes[residents]

    @cached_property
    def _measured(self) -> tuple[np.ndarray, tuple[_Homes, _Homes]]:
        """Every place where judged people live in either run, and who lives on which."""
        rows = [
            inputs.residents[is_inside(inputs.residents, inputs.boundary)].reset_index(drop=True)
            for inputs in self._inputs
        ]
        points = np.concatenate([demand_points(one) for one in rows])
        place, _ = pd.factorize(shapely.to_wkb(points))
        first = np.unique(place, return_index=True)[1]
        cut = len(rows[0])
        return points[first], (_Homes(rows[0], place[:cut]), _Homes(rows[1], place[cut:]))

    def _walks(self, facilities: int, streets: int, rules: int) -> Floats:
        one, other = (inputs.study.settings for inputs in self._inputs)
        alike = all(getattr(one, name) == getattr(other, name) for name in SETTINGS_OF_WALKS)
        rules = 1 if alike and self._planned[0] == self._planned[1] else rules
        made: Floats = self._once(
            ("walks", facilities, streets, rules), lambda: self._measure(facilities, streets, rules)
        )
        return made

    def _measure(self, facilities: int, streets: int, rules: int) -> Floats:
        """Return the walk from every place to the nearest facility of every type, to the millimetre."""
        mixed = self._mixed(facilities, streets, rules)
        planned = self._planned[rules]
        places = self._measured[0]
        try:
            network = self._once(
                ("network", streets, rules), lambda: network_of(mixed, include_planned=planned)
            )
        except SourceError:  # every street of one run is planned, and the other's rules do not count those
            return np.full((len(places), len(self.types)), np.inf)
        max_snap_m = mixed.study.settings.max_snap_m
        open_ones = mixed.facilities[counts(mixed, include_planned=planned)].reset_index(drop=True)
        homes = self._once(
            ("homes", streets, rules), lambda: access_points(network, places, max_snap_m=max_snap_m)
        )
        ways_in = access_facilities(network, open_ones, mixed.entrances, max_snap_m=max_snap_m)
        group = type_of(open_ones, pd.DataFrame({"facility_type": self.types}))
        walk_m, _ = nearest(network, homes, ways_in, group, len(places), groups=len(self.types))
        return to_mm(walk_m)

    def _mixed(self, facilities: int, streets: int, rules: int) -> Inputs:
        from_facilities, from_streets, from_rules = (self._inputs[n] for n in (facilities, streets, rules))
        return replace(
            from_rules,
            facilities=from_facilities.facilities,
            entrances=from_facilities.entrances,
            streets=from_streets.streets,
            extent=from_streets.extent,
            boundary=empty_layer("boundary", from_rules.study.crs),
        )

    def _is_judged(self, facilities: int, rules: int) -> Flags:
        judged, _ = judged_types(self._mixed(facilities, 1, rules))
        flags: Flags = np.isin(self.types, judged["facility_type"].to_numpy(dtype=object))
        return flags

    def _limits(self, residents: int, rules: int, circles: int) -> Floats:
        def make() -> Floats:
            catalogue = self._inputs[rules].catalogue
            rows = self._homes(residents).rows.assign(scope=self._scope(residents, circles))
            return self._by_type(thresholds(rows, catalogue), catalogue)

        made: Floats = self._once(("limits", residents, rules, circles), make)
        return made

    def _people(self, residents: int, rules: int) -> Floats:
        def make() -> Floats:
            catalogue = self._inputs[rules].catalogue
            people, _ = people_served(self._homes(residents).rows, catalogue)
            return np.nan_to_num(self._by_type(people.to_numpy(dtype=float), catalogue))

        made: Floats = self._once(("people", residents, rules), make)
        return made

    def _by_type(self, values: Floats, catalogue: pd.DataFrame) -> Floats:
        """Return columns of a catalogue in the order of ``types``, NaN for those that it lacks."""
        wide = np.hstack([values, np.full((len(values), 1), np.nan)])
        at = pd.Index(catalogue["facility_type"]).get_indexer(pd.Index(self.types))
        return wide[:, at]

    def _circle(self, residents: int, circles: int) -> Ints:
        def make() -> Ints:
            ids = circle_of(self._measured[0], self._inputs[circles].circles)
            found: Ints = pd.Index(self.places).get_indexer(pd.Index(ids)).astype(np.int64)
            return found

        of_place: Ints = self._once(("circle", circles), make)
        at: Ints = of_place[self._homes(residents).place]
        return at

    def _scope(self, residents: int, circles: int) -> np.ndarray:
        """Return urban or rural; where the committees of the two runs tell them apart, it goes with these."""
        rows = self._homes(residents).rows
        scope: np.ndarray = rows["scope"].to_numpy(dtype=object)
        if residents != circles:
            other = self._scopes_by_committee[residents]
            at = rows["demand_id"].map(other)
            scope = np.where(at.notna(), at, scope)
        return scope

    @cached_property
    def _scopes_by_committee(self) -> tuple[dict[str, str], dict[str, str]]:
        """Per run, demand point → its scope in the other run, where a committee's kind or border explains that."""
        one, other = self._inputs
        pairs = self._pairs
        ours, theirs = one.residents.iloc[pairs.before], other.residents.iloc[pairs.after]
        kinds = [
            frame["committee_id"].map(
                dict(zip(inputs.committees["committee_id"], inputs.committees["kind"], strict=True))
            )
            for frame, inputs in ((ours, one), (theirs, other))
        ]
        kind_differs = (
            (kinds[0].to_numpy() != kinds[1].to_numpy())
            & kinds[0].notna().to_numpy()
            & kinds[1].notna().to_numpy()
        )
        scopes = ours["scope"].to_numpy(dtype=object), theirs["scope"].to_numpy(dtype=object)
        is_so = kind_differs & (scopes[0] != scopes[1]) & (not _alike(_committees(one), _committees(other)))
        return (
            dict(zip(ours["demand_id"][is_so], scopes[1][is_so], strict=True)),
            dict(zip(theirs["demand_id"][is_so], scopes[0][is_so], strict=True)),
        )


def _with_extent(inputs: Inputs) -> Inputs:
    """Return the inputs with their surveyed extent as a layer: without one, the boundary stands in."""
    surveyed = surveyed_extent(inputs)
    if surveyed is None or len(inputs.extent):
        return inputs
    columns = {"name": [""], "row": [1], "source_row": [1]}
    return replace(inputs, extent=gpd.GeoDataFrame(columns, geometry=[surveyed], crs=inputs.study.crs))


def _essence(inputs: Inputs, include_planned: bool) -> dict[str, list[Any]]:
    """Return, per group, what of it can bear on who is met."""
    settings = inputs.study.settings
    # A place's id matters only where entrances name it.
    gated = inputs.facilities["site_id"].where(
        inputs.facilities["site_id"].isin(inputs.entrances["site_id"]), ""
    )
    catalogue = inputs.catalogue[
        ["facility_type", "scope", "population_group", "threshold_urban_m", "threshold_rural_m"]
    ]
    ages = [column for column in inputs.residents if column == "population" or str(column).startswith("pop_")]
    return {
        "facilities": [
            *_drawn(inputs.facilities, ["facility_type", "status"]),
            gated.to_numpy(),
            *_drawn(inputs.entrances, ["site_id"]),
        ],
        "streets": [*_drawn(inputs.streets, ["walkable", "status"]), *_drawn(inputs.extent, [])],
        "residents": [
            *_drawn(inputs.residents, ["scope", *ages]),
            *_drawn(inputs.boundary, []),
        ],
        "rules": [
            *(catalogue[column].to_numpy() for column in catalogue),
            *(np.array([getattr(settings, name)]) for name in SETTINGS_OF_WALKS),
            np.array(settings.surveyed, dtype=object),
            np.array([include_planned]),
        ],
        "circles": [*_drawn(inputs.circles, ["circle_id"]), *_committees(inputs)],
    }


def _committees(inputs: Inputs) -> list[Any]:
    return _drawn(inputs.committees, ["committee_id", "kind"])


def _drawn(layer: gpd.GeoDataFrame, columns: list[str]) -> list[Any]:
    shapes = np.array(shapely.to_wkb(layer.geometry.to_numpy()), dtype=object)
    return [*(layer[column].to_numpy() for column in columns), shapes]


def _alike(one: list[Any], other: list[Any]) -> bool:
    return len(one) == len(other) and all(
        pd.Series(a.ravel(), dtype=object).equals(pd.Series(b.ravel(), dtype=object))
        for a, b in zip(one, other, strict=True)
    )
