"""Pictures whose ground is kept from earlier runs: the same as drawn afresh, whatever changed."""

from collections.abc import Callable
from dataclasses import replace
from pathlib import Path
from typing import Any

import maps_world
import pytest
from shapely.affinity import translate

from pujin_geo.analysis import analyse
from pujin_geo.circles import HUB_TYPES
from pujin_geo.inputs import Inputs
from pujin_geo.maps.overview import pictures
from pujin_geo.results import Results
from pujin_geo.reuse import Store, reusing

GROUND, NAMES, REACHED = "maps.overview._grounds", "maps.basemap._labels_within", "maps.overview._reached"


def world() -> Inputs:
    return maps_world.inputs(circles=maps_world.two_circles(), problems=())


def moved(inputs: Inputs, layer: str, dx: float, *, row: int = 0) -> Inputs:
    table = inputs.layer(layer).copy()
    table.loc[row, "geometry"] = translate(table.geometry[row], dx, dx / 2)
    return replace(inputs, **{layer: table})


def with_cell(inputs: Inputs, layer: str, column: str, value: Any) -> Inputs:
    table = inputs.layer(layer).copy()
    table.loc[0, column] = value
    return replace(inputs, **{layer: table})


def hubs(inputs: Inputs) -> list[bool]:
    """Return which facilities may be the circles' hubs."""
    return inputs.facilities["facility_type"].isin(HUB_TYPES).tolist()


def facility(inputs: Inputs, facility_id: str) -> int:
    return inputs.facilities["facility_id"].tolist().index(facility_id)


def others_closed(inputs: Inputs) -> Inputs:
    table = inputs.facilities
    return replace(inputs, facilities=table.assign(status=table["status"].where(hubs(inputs), "closed")))


CHANGES: dict[str, tuple[Callable[[Inputs], Inputs], set[str]]] = {
    "facilities": (others_closed, set()),
    "people": (lambda one: with_cell(one, "residents", "population", 777.0), set()),
    "hub": (lambda one: moved(one, "facilities", 20.0, row=facility(one, "t055/hub")), {REACHED}),
    "street moved": (lambda one: moved(one, "streets", 35.0), {GROUND, NAMES, REACHED}),
    "street class": (lambda one: with_cell(one, "streets", "kind", "footway"), {GROUND, NAMES}),
    "street renamed": (lambda one: with_cell(one, "streets", "name", "大路"), {NAMES}),
    "water": (lambda one: moved(one, "water", 60.0), {GROUND, NAMES}),
    "green": (lambda one: moved(one, "green", 60.0), {GROUND, NAMES}),
    "land": (lambda one: moved(one, "residential_land", 60.0), {GROUND}),
    "committee": (lambda one: moved(one, "committees", 60.0), {GROUND, NAMES}),
    "committee renamed": (lambda one: with_cell(one, "committees", "name", "新居委会"), {NAMES}),
    "boundary": (lambda one: moved(one, "boundary", 25.0), {GROUND, REACHED}),
    "extent": (lambda one: moved(one, "extent", 25.0), {NAMES}),
    "circle": (lambda one: moved(one, "circles", 40.0), {GROUND, REACHED}),
}
"""What changes → what must be made anew at least."""

UNSEEN = {"street renamed", "extent"}
"""No picture shows these names, nor the streets outside."""


@pytest.fixture(scope="module")
def base() -> Results:
    return analyse(world())


@pytest.mark.parametrize("change", list(CHANGES))
def test_a_kept_picture_is_that_of_the_changed_study(base: Results, change: str, tmp_path: Path) -> None:
    alter, anew = CHANGES[change]
    changed = analyse(alter(world()))
    with reusing(Store(tmp_path)):
        before = pictures(base)
    with reusing(Store(tmp_path)) as store:
        drawn = pictures(changed)
    assert drawn == pictures(changed)
    assert (drawn == before) == (change in UNSEEN)
    assert anew <= set(store.made)
    assert store.reused[GROUND] + store.made[GROUND] == 1
    if not anew:
        assert store.made.total() == 0 < store.reused[REACHED]
