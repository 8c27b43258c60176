"""An analysis with answers of earlier ones at hand is the one without, whatever has changed in between."""

from collections.abc import Callable
from dataclasses import replace
from pathlib import Path
from typing import Any

import geopandas as gpd
import maps_world
import numpy as np
import pandas as pd
import pytest
from shapely import LineString, Point
from shapely.affinity import translate

from pujin_geo import fingerprints
from pujin_geo.analysis import analyse
from pujin_geo.inputs import Inputs
from pujin_geo.results import Results
from pujin_geo.reuse import Store, reusing

X0, Y0 = maps_world.X0, maps_world.Y0


def first() -> Inputs:
    spaces = [
        {"geometry": Point(X0 + 333 * n, Y0 + 250 * n), "space_id": f"S{n}", "name": f"空间{n}", "area_m2": 400.0 * n}
        for n in range(1, 5)
    ]  # fmt: skip
    inputs = maps_world.inputs(circles=maps_world.two_circles(), spaces=maps_world.layer("spaces", spaces))
    # Streets that almost meet, one cut off, one to come: all that a network can tell of.
    drawn = [
        {"geometry": LineString([(X0 + 40, Y0 + 0.3), (X0 + 40, Y0 + 90)])},
        {"geometry": LineString([(X0 + 430, Y0 + 450), (X0 + 520, Y0 + 460)])},
        {"geometry": LineString([(X0 + 100, Y0 + 110), (X0 + 350, Y0 + 330)]), "status": "planned"},
    ]
    streets = pd.concat([inputs.streets, *(maps_world.layer("streets", [street]) for street in drawn)])
    streets["status"] = streets["status"].where(streets["status"] != "", "existing")
    streets["row"] = streets["source_row"] = np.arange(1, len(streets) + 1)
    return replace(inputs, streets=streets.reset_index(drop=True))


def cell(layer: str, row: int, column: str, value: Any) -> Callable[[Inputs], Inputs]:
    def change(inputs: Inputs) -> Inputs:
        table = inputs.layer(layer).copy()
        table.loc[row, column] = value
        return replace(inputs, **{layer: table})

    return change


def moved(layer: str, row: int, dx: float, dy: float = 0.0) -> Callable[[Inputs], Inputs]:
    def change(inputs: Inputs) -> Inputs:
        table = inputs.layer(layer)
        geometry = table.geometry.to_numpy().copy()
        geometry[row] = translate(geometry[row], dx, dy)
        return replace(inputs, **{layer: table.set_geometry(gpd.GeoSeries(geometry, crs=table.crs))})

    return change


def without(layer: str, row: int) -> Callable[[Inputs], Inputs]:
    def change(inputs: Inputs) -> Inputs:
        return replace(inputs, **{layer: inputs.layer(layer).drop(index=row).reset_index(drop=True)})

    return change


def setting(**values: Any) -> Callable[[Inputs], Inputs]:
    def change(inputs: Inputs) -> Inputs:
        return replace(inputs, study=replace(inputs.study, settings=replace(inputs.study.settings, **values)))

    return change


def opened(inputs: Inputs) -> Inputs:
    return replace(inputs, streets=inputs.streets.assign(status="existing"))


def gate(inputs: Inputs) -> Inputs:
    """A gate some way off every facility of one site."""
    site = inputs.facilities["site_id"].iat[0]
    entrances = maps_world.layer("entrances", [{"geometry": Point(X0 + 610, Y0 + 10), "site_id": site}])
    return replace(inputs, entrances=entrances)


def gate_of_a_space(inputs: Inputs) -> Inputs:
    entrances = maps_world.layer("entrances", [{"geometry": Point(X0 + 610, Y0 + 10), "site_id": "S2"}])
    return replace(inputs, entrances=entrances)


def stricter(inputs: Inputs) -> Inputs:
    return replace(
        inputs,
        catalogue=inputs.catalogue.assign(threshold_urban_m=inputs.catalogue["threshold_urban_m"] - 120.0),
    )


def groups(inputs: Inputs) -> Inputs:
    return replace(inputs, catalogue=inputs.catalogue.assign(population_group="60+"))


CHANGES: dict[str, Callable[[Inputs], Inputs]] = {
    "nothing": lambda inputs: inputs,
    "facility moved": moved("facilities", 0, 130.0, -70.0),
    "facility renamed": cell("facilities", 1, "name", "新名称"),
    "facility closed": cell("facilities", 2, "status", "closed"),
    "facility planned": cell("facilities", 3, "status", "planned"),
    "facility being built": cell("facilities", 4, "status", "under_construction"),
    "facility of another type": cell("facilities", 0, "facility_type", "canteen"),
    "facility gone": without("facilities", 0),
    "home moved": moved("residents", 3, 60.0, 45.0),
    "home across a river": moved("residents", 3, 400.0),
    "fewer people": cell("residents", 4, "population", 7.0),
    "fewer old people": cell("residents", 4, "pop_60_plus", 1.0),
    "home of another committee": cell("residents", 5, "committee_id", "Z"),
    "home in the country": cell("residents", 6, "scope", "rural"),
    "home gone": without("residents", 2),
    "street moved": moved("streets", 1, 7.0, 3.0),
    "street gone": without("streets", 2),
    "street closed": cell("streets", 2, "walkable", value=False),
    "street to come": cell("streets", 2, "status", "planned"),
    "planned street open": opened,
    "street in another row": cell("streets", 0, "source_row", 77),
    "boundary moved": moved("boundary", 0, 140.0),
    "extent moved": moved("extent", 0, 240.0),
    "river moved": moved("water", 0, 35.0),
    "river renamed": cell("water", 0, "name", "新河"),
    "barrier moved": moved("barriers", 0, 90.0, 40.0),
    "barrier of another kind": cell("barriers", 0, "kind", "railway"),
    "land moved": moved("residential_land", 0, 60.0, 80.0),
    "committee moved": moved("committees", 0, 150.0),
    "committee renamed": cell("committees", 0, "name", "丙居委"),
    "committee of another kind": cell("committees", 1, "kind", "village"),
    "circle moved": moved("circles", 0, 90.0),
    "circle renumbered": cell("circles", 0, "circle_id", "C9"),
    "space moved": moved("spaces", 0, 300.0),
    "space renamed": cell("spaces", 1, "name", "别名"),
    "space too small": cell("spaces", 2, "area_m2", 20.0),
    "space gone": without("spaces", 3),
    "gate": gate,
    "gate of a space": gate_of_a_space,
    "nearer streets only": setting(max_snap_m=40.0),
    "line ends left apart": setting(join_tolerance_m=0.0),
    "crossings joined": setting(join_crossings=True),
    "every type surveyed": setting(surveyed="all"),
    "thresholds": stricter,
    "groups": groups,
}  # fmt: skip


def analysed(inputs: Inputs, *, include_planned: bool = False) -> Results:
    return analyse(inputs, include_planned=include_planned)


def assert_same(found: Results, expected: Results) -> None:
    assert list(found.tables) == list(expected.tables)
    for name, table in expected.tables.items():
        pd.testing.assert_frame_equal(found.tables[name], table, check_exact=True, obj=name)
    pd.testing.assert_frame_equal(found.other_distances, expected.other_distances, check_exact=True)
    assert found.network.problems == expected.network.problems
    assert found.network.edge_geometry.tolist() == expected.network.edge_geometry.tolist()


@pytest.fixture(scope="module")
def kept(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The answers of a first analysis, with and without what is planned."""
    folder = tmp_path_factory.mktemp("kept")
    with reusing(Store(folder)):
        analysed(first())
        analysed(first(), include_planned=True)
    return folder


@pytest.mark.parametrize("kind", CHANGES)
def test_an_analysis_with_kept_answers_is_the_one_without(kept: Path, kind: str) -> None:
    inputs = CHANGES[kind](first())
    # What is planned takes part of its own: only these changes are tried on both sides.
    for include_planned in (False, True) if kind.startswith(("facility", "planned", "street")) else (False,):
        with reusing(Store(kept)) as store:
            found = analysed(inputs, include_planned=include_planned)
        assert store.reused
        assert_same(found, analysed(inputs, include_planned=include_planned))


def test_one_changed_facility_leaves_most_answers_as_they_were(tmp_path: Path) -> None:
    with reusing(Store(tmp_path)) as before:
        analysed(first())
    with reusing(Store(tmp_path)) as after:
        analysed(CHANGES["facility moved"](first()))
    assert sum(after.made.values()) < 0.2 * sum(before.made.values())


def test_a_key_that_forgets_what_arrays_hold_would_be_noticed(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(fingerprints, "_array", lambda array: (b"array", [repr(array.shape).encode()]))
    inputs = CHANGES["home across a river"](first())
    with reusing(Store(tmp_path)):
        analysed(first())
    with reusing(Store(tmp_path)):
        found = analysed(inputs)
    with pytest.raises(AssertionError):
        assert_same(found, analysed(inputs))
