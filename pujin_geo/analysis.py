"""The main job: accepted input → network → distances → verdicts → coverage and gaps."""

import time
from collections.abc import Callable
from dataclasses import dataclass, replace

import geopandas as gpd
import numpy as np
import pandas as pd

from .choices import language
from .circles.describe import circle_of, describe_circles, overlap_problems
from .coverage.evidence import gather_evidence
from .coverage.rates import assemble, grid_of
from .coverage.reconciliation import reconciliation
from .coverage.sums import coverage, gaps, judged_people
from .gaps.actions import action_tables
from .inputs import Inputs
from .results import Results
from .tables import Problem, lookup, problems_table
from .texts import Lang, Text
from .walking.access import Geometries, crosses
from .walking.network import Network, network_of
from .walking.verdicts import (
    Flags,
    Placed,
    demand_points,
    distances_table,
    facility_ways,
    in_extent,
    is_inside,
    judged_types,
    measure,
    place,
)

Report = Callable[[Text], None]


@dataclass(frozen=True)
class Examined:
    """Inputs on their network, with every finding of reading, building and placing.

    ``ways`` is the access table of all facilities, whether they count or not.
    """

    network: Network
    placed: Placed
    ways: pd.DataFrame
    problems: list[Problem]


class _Clock:
    """Seconds per step, and word to the user when a step begins."""

    def __init__(self, report: Report | None) -> None:
        self.seconds: dict[str, float] = {}
        self._report = report
        self._step: tuple[str, float] | None = None

    def start(self, step: str, text: Text) -> None:
        self.stop()
        if self._report:
            self._report(text)
        self._step = (step, time.perf_counter())

    def stop(self) -> None:
        if self._step:
            step, began = self._step
            self.seconds[step] = round(time.perf_counter() - began, 3)
        self._step = None


def examine(inputs: Inputs, *, include_planned: bool = False, clock: _Clock | None = None) -> Examined:
    """Build the network, lead everything onto it and gather every finding."""
    clock = clock or _Clock(None)
    clock.start("network", Text("建立步行路网", "Building the walking network"))
    network = network_of(inputs, include_planned=include_planned)
    clock.start("access", Text("居民点和设施接入路网", "Leading people and facilities onto the network"))
    ways = facility_ways(inputs, network)
    placed = place(inputs, network, include_planned=include_planned, ways=ways)
    problems = [
        *inputs.problems,
        *network.problems,
        *_placing_problems(inputs, network, placed),
        *_leg_problems(inputs, network, placed),
    ]
    clock.stop()
    return Examined(network, placed, ways, _with_files(problems, inputs))


def analyse(
    inputs: Inputs, *, lang: Lang = "zh", include_planned: bool = False, report: Report | None = None
) -> Results:
    """Analyse a study and return the contract's tables.

    Args:
        inputs: from ``sources.reading.read_inputs``.
        lang: language of the messages in the tables.
        include_planned: facilities and streets under construction or planned count as open.
        report: called with a sentence when a step begins.

    Raises:
        SettingsError: no such language.
        SourceError: no walkable street.

    >>> from pujin_geo import load_study
    >>> results = analyse(load_study("geodata/xiaohe"))
    >>> results.tables["distances"]["verdict"].value_counts().to_dict()
    {'not_met': 348, 'met': 144}
    """
    lang = language(lang)
    clock = _Clock(report)
    examined = examine(inputs, include_planned=include_planned, clock=clock)
    network, placed = examined.network, examined.placed
    clock.start("distances", Text("计算步行距离并判定", "Measuring walks and judging"))
    types, types_without_rows = judged_types(inputs)
    measures = measure(network, placed, types)
    distances = distances_table(network, placed, types, measures)
    types_without_rows = _with_unapplied(types_without_rows, types, distances)
    clock.start("coverage", Text("汇总覆盖与缺口", "Summing coverage and gaps"))
    demand = placed.demand.assign(circle_id=circle_of(placed.points, inputs.circles))
    whole = assemble(inputs, demand, placed.facilities, types, grid_of(network, placed, types, measures))
    judged = judged_people(distances, demand, pd.DataFrame(whole.people, columns=list(whole.grid.types)))
    circle_ids = inputs.circles["circle_id"].tolist()
    clock.start(
        "evidence", Text("汇总对照口径、项目、定额与台账", "Summing rivals, projects, quotas and ledger")
    )
    evidence = gather_evidence(
        whole, network, placed, measures, examined.ways, include_planned=include_planned, lang=lang
    )
    clock.start("actions", Text("归并缺口、比选闲置空间", "Gathering gaps and weighing idle spaces"))
    actions, gap_columns = action_tables(
        whole, network, placed, examined.ways, judged, lang=lang, include_planned=include_planned
    )
    problems = [
        *examined.problems,
        *_with_files([*_circle_problems(inputs, demand), *evidence.problems], inputs),
    ]
    tables = {
        "problems": problems_table(problems, lang=lang),
        "facilities": facilities_table(inputs),
        "residents": residents_table(inputs),
        "distances": distances,
        "circles": describe_circles(inputs.circles, inputs.committees, demand, network, placed),
        "coverage": _with_confidence(coverage(judged, types, whole.basis, circle_ids), types),
        "gaps": _with_confidence(gaps(judged), types).join(gap_columns),
        "reconciliation": reconciliation(inputs),
        **evidence.tables,
        **actions,
    }
    clock.stop()
    return Results(
        inputs=inputs,
        lang=lang,
        include_planned=include_planned,
        network=network,
        tables=tables,
        other_distances=evidence.other_distances,
        types_without_rows=types_without_rows,
        seconds=clock.seconds,
    )


def _with_confidence(table: pd.DataFrame, types: pd.DataFrame) -> pd.DataFrame:
    mark = types.set_index("facility_type")["threshold_confidence"]
    return table.assign(threshold_confidence=table["facility_type"].map(mark))


def _with_unapplied(left: pd.DataFrame, types: pd.DataFrame, distances: pd.DataFrame) -> pd.DataFrame:
    """Add the judged types that apply to nobody here: rural ones where all are urban."""
    unapplied = types.loc[
        ~types["facility_type"].isin(distances["facility_type"].unique()), ["facility_type"]
    ]
    return pd.concat([left, unapplied.assign(reason="applies_to_nobody")], ignore_index=True)


def _lon_lat(layer: gpd.GeoDataFrame) -> pd.DataFrame:
    points = gpd.GeoSeries(demand_points(layer), crs=layer.crs).to_crs("EPSG:4326")
    return pd.DataFrame({"lon": points.x.round(7), "lat": points.y.round(7)})


def facilities_table(inputs: Inputs) -> pd.DataFrame:
    """Return the ``facilities`` table: every accepted function with its circle and place."""
    layer = inputs.facilities
    columns = ["facility_id", "site_id", "name", "facility_type", "suitability", "status"]
    table = pd.DataFrame(layer[columns])
    table["circle_id"] = circle_of(demand_points(layer), inputs.circles)
    table["inside_boundary"] = is_inside(layer, inputs.boundary)
    return table.join(_lon_lat(layer))


def residents_table(inputs: Inputs) -> pd.DataFrame:
    """Return the ``residents`` table: every accepted demand point with its circle and place."""
    layer = inputs.residents
    table = pd.DataFrame(layer[["demand_id", "name", "population", "committee_id"]])
    table["circle_id"] = circle_of(demand_points(layer), inputs.circles)
    table["scope"] = layer["scope"]
    table["inside_boundary"] = is_inside(layer, inputs.boundary)
    return table.join(_lon_lat(layer))


def _with_files(problems: list[Problem], inputs: Inputs) -> list[Problem]:
    files = lookup(inputs.row_counts, "layer", "file")
    return [replace(p, file=files.get(p.layer, "")) if not p.file else p for p in problems]


def _row_problems(layer: str, table: pd.DataFrame, found: Flags, code: str, text: Text) -> list[Problem]:
    rows = np.flatnonzero(found)
    id_column = {"facilities": "facility_id", "residents": "demand_id"}[layer]
    return [
        Problem(
            layer,
            "warning",
            code,
            text,
            row=int(row),
            source_row=int(source_row),
            column=id_column,
            value=str(value),
        )
        for value, row, source_row in zip(
            *(table[name].iloc[rows].tolist() for name in (id_column, "row", "source_row")), strict=True
        )
    ]


def _placing_problems(inputs: Inputs, network: Network, placed: Placed) -> list[Problem]:
    snap_m = inputs.study.settings.max_snap_m
    residents, facilities = inputs.residents, inputs.facilities
    outside, beyond = ~is_inside(residents, inputs.boundary), ~in_extent(inputs)
    access = placed.facility_access
    snapped = np.isin(np.arange(len(placed.facilities)), access["item"])
    on_main = network.edge_part[access["edge"].to_numpy()] == network.main_part
    reachable = np.isin(np.arange(len(placed.facilities)), access["item"][on_main])
    far = Text(
        f"距最近的可步行道路超过 {snap_m:g} 米 (max_snap_m), 无法计算步行距离; 请核对坐标或补画道路。",
        f"Farther than {snap_m:g} m (max_snap_m) from every walkable street, so no walk can be measured; "
        "check the coordinates or add the street.",
    )
    cut_off = Text(
        "所在道路与主路网不连通; 请核对道路是否缺少连接。",
        "The street here is cut off from the main network; check for a missing connection.",
    )
    return [
        *_row_problems(
            "residents",
            residents,
            outside,
            "outside_boundary",
            Text(
                "位于边界之外, 列入清单但不参与判定。",
                "Outside the boundary: listed, not judged.",
            ),
        ),
        *_row_problems(
            "facilities",
            facilities,
            beyond,
            "outside_extent",
            Text(
                "位于数据范围 (extent; 缺省为边界) 之外, 不计入; 若该处数据完整请扩大 extent。",
                "Outside the surveyed extent (extent, else boundary), so it does not count; "
                "enlarge extent if the data are complete there.",
            ),
        ),
        *_row_problems("residents", placed.demand, placed.demand_part == -1, "unsnapped", far),
        *_row_problems("facilities", placed.facilities, ~snapped, "unsnapped", far),
        *_row_problems(
            "residents",
            placed.demand,
            (placed.demand_part >= 0) & (placed.demand_part != network.main_part),
            "island",
            cut_off,
        ),
        *_row_problems("facilities", placed.facilities, snapped & ~reachable, "island", cut_off),
    ]


def _leg_problems(inputs: Inputs, network: Network, placed: Placed) -> list[Problem]:
    water, barriers = inputs.water.geometry.to_numpy(), inputs.barriers.geometry.to_numpy()
    obstacles = np.concatenate([water, barriers])
    text = Text(
        "到最近道路的直线穿过水面或屏障; 请核对, 必要时补画出入口或道路。",
        "The straight way to the nearest street crosses water or a barrier; check it, and add the gate or street.",
    )
    problems = []
    for layer, rows, access, origins in (
        ("residents", placed.demand, placed.demand_access, placed.points),
        ("facilities", placed.facilities, placed.facility_access, _leg_origins(inputs, placed)),
    ):
        crossing = np.zeros(len(rows), dtype=bool)
        crossing[access["item"].to_numpy()[crosses(access, network, origins, obstacles)]] = True
        problems += _row_problems(layer, rows, crossing, "access_crosses_barrier", text)
    return problems


def _leg_origins(inputs: Inputs, placed: Placed) -> Geometries:
    """Return where legs of facilities start: their entrances where they have some, else themselves."""
    facilities = placed.facilities
    origins: Geometries = facilities.geometry.to_numpy()
    if len(inputs.entrances):
        gates = inputs.entrances.dissolve("site_id").geometry
        with_gates = facilities["site_id"].map(gates)
        origins = np.where(with_gates.notna(), with_gates, origins).astype(object)
    return origins


def _circle_problems(inputs: Inputs, demand: pd.DataFrame) -> list[Problem]:
    if inputs.circles.empty:
        return []
    text = Text(
        "不在任何生活圈内, 只计入 all。",
        "In no living circle: counted in `all` only.",
    )
    missed = (demand["circle_id"] == "").to_numpy(dtype=bool)
    return [*overlap_problems(inputs.circles), *_row_problems("residents", demand, missed, "no_circle", text)]
