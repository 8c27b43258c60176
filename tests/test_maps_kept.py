"""Maps from kept parts: the bytes of maps drawn afresh, whatever changed, and only what is concerned made anew."""

from collections.abc import Callable
from dataclasses import replace
from pathlib import Path
from typing import Any

import maps_world
import numpy as np
import pytest
from shapely.affinity import translate

from pujin_geo.analysis import analyse
from pujin_geo.fingerprints import Fingerprints
from pujin_geo.inputs import Inputs
from pujin_geo.maps import write_maps
from pujin_geo.results import Results
from pujin_geo.reuse import Store, reusing
from pujin_geo.walking.verdicts import counts

GROUND, FRAME = "maps.basemap._packed", "maps.page._frame"
REACH, STRAIGHT = "maps.reached_streets._packed_reach", "maps.reached_streets._straight_area"
WALKS = "walking.routes._walks"
LAYER_HASH = "results._columns_digest"

Change = Callable[[Inputs], Inputs]


def world() -> Inputs:
    return maps_world.inputs(circles=maps_world.two_circles(), problems=())


def judged_facility(inputs: Inputs) -> int:
    """Return an open pharmacy, which has a threshold."""
    is_one = (inputs.facilities["facility_type"] == "pharmacy") & counts(inputs, include_planned=False)
    return int(np.flatnonzero(is_one)[0])


def moved(inputs: Inputs, layer: str, dx: float, *, row: int = 0) -> Inputs:
    table = inputs.layer(layer).copy()
    table.loc[row, "geometry"] = translate(table.geometry[row], dx, dx / 2)
    return replace(inputs, **{layer: table})


def with_cell(inputs: Inputs, layer: str, column: str, value: Any, *, row: int = 0) -> Inputs:
    table = inputs.layer(layer).copy()
    table.loc[row, column] = value
    return replace(inputs, **{layer: table})


def without_street(inputs: Inputs) -> Inputs:
    return replace(inputs, streets=inputs.streets.drop(index=7).reset_index(drop=True))


def thresholds(inputs: Inputs) -> Inputs:
    catalogue = inputs.catalogue.copy()
    catalogue["threshold_urban_m"] += 35.0
    return replace(inputs, catalogue=catalogue)


CHANGES: dict[str, tuple[Change, set[str]]] = {
    "facility moved": (
        lambda one: moved(one, "facilities", 60.0, row=judged_facility(one)), {REACH, STRAIGHT}
    ),
    "facility closed": (
        lambda one: with_cell(one, "facilities", "status", "closed", row=judged_facility(one)), {REACH, STRAIGHT}
    ),
    "facility renamed": (
        lambda one: with_cell(one, "facilities", "name", "新名称", row=judged_facility(one)), set()
    ),
    "people": (lambda one: with_cell(one, "residents", "population", 777.0), set()),
    "street gone": (without_street, {GROUND, REACH, WALKS}),
    "street class": (lambda one: with_cell(one, "streets", "kind", "footway"), {GROUND}),
    "street renamed": (lambda one: with_cell(one, "streets", "name", "大路"), {GROUND}),
    "water": (lambda one: moved(one, "water", 60.0), {GROUND}),
    "water renamed": (lambda one: with_cell(one, "water", "name", "新河"), {GROUND}),
    "committee": (lambda one: moved(one, "committees", 60.0), {GROUND}),
    "extent": (lambda one: moved(one, "extent", 250.0), {GROUND, FRAME, STRAIGHT}),
    "thresholds": (thresholds, {REACH, STRAIGHT}),
}  # fmt: skip
"""What changes → what must be made anew at least; where that is nothing, no more than the detours shown and the changed layer's hash may be."""


@pytest.fixture(scope="module")
def base() -> Results:
    return analyse(world())


def written(results: Results, folder: Path) -> dict[str, bytes]:
    return {path.name: path.read_bytes() for path in write_maps(results, folder)}


@pytest.mark.parametrize("change", list(CHANGES))
def test_maps_from_kept_parts_are_those_drawn_afresh(base: Results, change: str, tmp_path: Path) -> None:
    alter, anew = CHANGES[change]
    changed = analyse(alter(world()))
    with reusing(Store(tmp_path / "cache")):
        before = written(base, tmp_path / "before")
    with reusing(Store(tmp_path / "cache")) as store:
        kept = written(changed, tmp_path / "kept")
    assert kept == written(changed, tmp_path / "fresh")
    assert kept != before
    assert anew <= set(store.made)
    if not anew:
        assert set(store.made) <= {WALKS, LAYER_HASH}
        assert {WALKS} < set(store.reused)


def test_a_facility_remakes_the_parts_of_its_type_alone(base: Results, tmp_path: Path) -> None:
    changed = analyse(CHANGES["facility moved"][0](world()))
    with reusing(Store(tmp_path)):
        written(base, tmp_path / "before")
    with reusing(Store(tmp_path)) as store:
        written(changed, tmp_path / "kept")
    assert store.made[STRAIGHT] == 1
    assert store.made[REACH] <= 2 < store.reused[REACH]  # one for each of its thresholds


@pytest.mark.parametrize("blind", [GROUND, REACH, STRAIGHT, WALKS])
def test_a_key_that_leaves_something_out_would_be_noticed(
    base: Results, blind: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """A negative control: with keys that do not see the arguments, the comparison above fails."""
    real = Fingerprints.of

    def of(self: Fingerprints, *values: Any) -> str:
        return real(self, *values[: 2 if values[0] == blind else None])

    monkeypatch.setattr(Fingerprints, "of", of)
    changed = analyse(thresholds(without_street(world())))
    with reusing(Store(tmp_path / "cache")):
        written(base, tmp_path / "before")
    with reusing(Store(tmp_path / "cache")):
        kept = written(changed, tmp_path / "kept")
    monkeypatch.undo()
    assert kept != written(changed, tmp_path / "fresh")
