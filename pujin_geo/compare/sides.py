"""The two runs, read from their folders and judged anew by one version of the program."""

from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

import geopandas as gpd
import pandas as pd
import shapely

from ..analysis import examine, facilities_table, residents_table
from ..circles.describe import circle_of, describe_circles
from ..coverage.sums import coverage, gaps, judged_people
from ..inputs import Inputs
from ..results import Results
from ..runs.folder import Run, read_run
from ..sources.reading import read_inputs
from ..study import read_study
from ..tables import LAYERS, REGISTERS
from ..texts import Lang
from ..walking.network import Network
from ..walking.verdicts import Placed, judge, judged_types, people_served, surveyed_extent

AROUND_M = 1_000.0
NEEDED = ("boundary", "extent", "entrances")
"""Layers that a study may lack, but whose loss would change verdicts unnoticed."""


@dataclass(frozen=True)
class Side:
    """One run: what it was made from, and its verdicts.

    Attributes:
        run: the folder; None for inputs that were handed over directly.
        results: inputs and the tables ``facilities``, ``residents``, ``distances``, ``circles``, ``coverage`` and
            ``gaps``, made anew from the inputs.
        judged: ``distances`` with ``circle_id``, ``scope`` and ``people``.
        placed: demand points and counting facilities on the network.
        missing: layers that the run had and whose files are gone.
    """

    run: Run | None
    results: Results
    judged: pd.DataFrame
    placed: Placed
    missing: tuple[str, ...] = ()

    @property
    def inputs(self) -> Inputs:
        """The accepted input."""
        return self.results.inputs

    @property
    def include_planned(self) -> bool:
        """Whether what is planned or under construction counts."""
        return self.results.include_planned

    @property
    def network(self) -> Network:
        """The walking graph."""
        return self.results.network

    @property
    def name(self) -> str:
        """What the run is called in words: the name of its folder and the date of its data."""
        folder = self.run.folder.resolve().name if self.run else ""
        return " · ".join(part for part in (folder, self.inputs.study.data_date) if part)

    @property
    def manifest(self) -> dict[str, Any]:
        """The run's manifest; empty for inputs that were handed over directly."""
        return self.run.manifest if self.run else {}


def read_sides(out_a: Path, out_b: Path, *, lang: Lang) -> tuple[Side, Side]:
    """Read two folders of results, the earlier in the later one's coordinate system, and judge them.

    Raises:
        PujinError: a folder is no complete result, or what the verdicts rest on cannot be read.
    """
    runs = read_run(out_a), read_run(out_b)
    (before, missing), (after, missing_later) = (_load(run) for run in runs)
    if share_ground(before, after):
        before = _in_crs_of(before, after)
    sides = []
    for run, inputs, gone in zip(runs, (before, after), (missing, missing_later), strict=True):
        side = judge_side(inputs, include_planned=run.include_planned, lang=lang, run=run)
        sides.append(replace(side, missing=gone))
    return sides[0], sides[1]


def judge_side(inputs: Inputs, *, include_planned: bool, lang: Lang, run: Run | None = None) -> Side:
    """Judge one study: what a comparison needs of an analysis, without its evidence, sites and lists."""
    examined = examine(inputs, include_planned=include_planned)
    network, placed = examined.network, examined.placed
    types, without_rows = judged_types(inputs)
    distances = judge(network, placed, types)
    demand = placed.demand.assign(circle_id=circle_of(placed.points, inputs.circles))
    people, basis = people_served(demand, types)
    judged = judged_people(distances, demand, people)
    tables = {
        "facilities": facilities_table(inputs),
        "residents": residents_table(inputs),
        "distances": distances,
        "circles": describe_circles(inputs.circles, inputs.committees, demand, network, placed),
        "coverage": coverage(judged, types, basis, inputs.circles["circle_id"].tolist()),
        "gaps": gaps(judged),
    }
    results = Results(inputs, lang, include_planned, network, tables, without_rows, {})
    return Side(run, results, judged, placed)


def share_ground(one: Inputs, other: Inputs) -> bool:
    """Tell whether two studies lie on common ground: their extents (or boundaries) touch.

    Without either the box around all streets stands in, wide by ``AROUND_M``.
    """
    grounds = []
    for inputs in (one, other):
        surveyed = surveyed_extent(inputs)
        ground = shapely.box(*inputs.streets.total_bounds).buffer(AROUND_M) if surveyed is None else surveyed
        grounds.append(gpd.GeoSeries([ground], crs=inputs.study.crs).to_crs("EPSG:4326").iat[0])
    return bool(grounds[0].intersects(grounds[1]))


def _load(run: Run) -> tuple[Inputs, tuple[str, ...]]:
    """Return the inputs that a run kept, and the layers whose files are gone and which verdicts can do without.

    The rules bear the name that they had in the run: its copy of them has another.
    """
    study = read_study(run.folder / "inputs")
    gone = tuple(
        name
        for name, spec in study.layers.items()
        if not spec.path.is_file() and name not in NEEDED and not {**LAYERS, **REGISTERS}[name].required
    )
    kept = {name: spec for name, spec in study.layers.items() if name not in gone}
    inputs = read_inputs(replace(study, layers=kept))
    profile = str(run.manifest.get("profile", study.profile))
    return replace(inputs, study=replace(inputs.study, profile=profile)), gone


def _in_crs_of(inputs: Inputs, other: Inputs) -> Inputs:
    if inputs.study.crs == other.study.crs:
        return inputs
    layers: dict[str, gpd.GeoDataFrame] = {
        name: inputs.layer(name).to_crs(other.study.crs) for name in LAYERS
    }
    return replace(inputs, study=replace(inputs.study, crs=other.study.crs), **layers)
