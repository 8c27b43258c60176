"""From gaps to what can be done: gap areas, idle spaces, planned places and the requirements list."""

import numpy as np
import pandas as pd

from ..coverage.rates.grid import Flags, Judged
from ..texts import Lang
from ..walking.network import Network
from ..walking.verdicts import Placed
from .areas import gap_area_types, gap_areas, gap_points, gather, name_areas
from .detours import detours
from .requirements import requirements
from .siting import best_spaces, list_candidates, planned_places, space_options


def action_tables(
    whole: Judged,
    network: Network,
    placed: Placed,
    ways: pd.DataFrame,
    judged: pd.DataFrame,
    *,
    lang: Lang,
    include_planned: bool,
) -> tuple[dict[str, pd.DataFrame], pd.DataFrame]:
    """Return the tables that lead from gaps to decisions, and further columns of the gaps table.

    Args:
        whole: verdicts and people, from ``rates.assemble``.
        network: the walking graph.
        placed: demand points and facilities on it.
        ways: access table of all facilities of the study.
        judged: the same as rows, from ``coverage.judged_people``.
        lang: language of names that are put together and of reasons.
        include_planned: what is planned counts as open.

    Returns:
        ``gap_areas``, ``gap_area_types``, ``space_options``, ``best_spaces``, ``planned_places`` and
        ``requirements``; and ``area_id``, ``detour_ratio`` and ``crossed`` in the order of the gaps table.
    """
    inputs, demand = whole.inputs, whole.demand
    has_gap: Flags = np.any(whole.grid.not_met | whole.grid.unknown, axis=1)
    centre = gather(network, placed, demand, has_gap)
    points = gap_points(judged, demand["demand_id"], centre)
    points = points.join(detours(points, inputs, lang=lang))
    names = name_areas(demand, centre, inputs, lang=lang)
    area_types = gap_area_types(points, names, whole.types, whole.basis, inputs)
    areas = gap_areas(names, area_types)
    tables = {"gap_areas": areas, "gap_area_types": _by_rank(area_types, areas)}
    tables |= _siting_tables(
        whole, network, placed, ways, points, areas, lang=lang, include_planned=include_planned
    )
    return tables, points[["area_id", "detour_ratio", "crossed"]]


def _by_rank(area_types: pd.DataFrame, areas: pd.DataFrame) -> pd.DataFrame:
    rank = areas.set_index("area_id")["rank"]
    return area_types.sort_values("area_id", key=lambda ids: ids.map(rank), kind="stable", ignore_index=True)


def _siting_tables(
    whole: Judged,
    network: Network,
    placed: Placed,
    ways: pd.DataFrame,
    points: pd.DataFrame,
    areas: pd.DataFrame,
    *,
    lang: Lang,
    include_planned: bool,
) -> dict[str, pd.DataFrame]:
    candidates = list_candidates(whole, network, placed, ways, include_planned=include_planned)
    return {
        "space_options": space_options(whole, candidates),
        "best_spaces": best_spaces(whole, candidates),
        "planned_places": planned_places(whole, candidates),
        "requirements": requirements(whole, candidates, points, areas, lang=lang),
    }
