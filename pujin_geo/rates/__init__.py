"""Coverage seen from every side: rival rates per type, and combinations over types."""

import pandas as pd

from ..network import Network
from ..verdicts import Placed, judge
from .combined import (
    TARGET_FAMILIES,
    TARGET_SHARE,
    combine,
    fifteen_minute_types,
    reached,
)
from .grid import Grid, Judged, Places, assemble, grid_of, list_places, share
from .land import Land, judge_land, sample_land
from .rivals import rates

__all__ = [
    "TARGET_FAMILIES",
    "TARGET_SHARE",
    "Grid",
    "Judged",
    "Land",
    "Places",
    "assemble",
    "combine",
    "fifteen_minutes",
    "grid_of",
    "judge_land",
    "list_places",
    "rate_tables",
    "rates",
    "reached",
    "sample_land",
    "share",
]


def rate_tables(
    judged: Judged, network: Network, placed: Placed, *, include_planned: bool
) -> dict[str, pd.DataFrame]:
    """Return the tables ``rates``, ``combined`` and ``reached``.

    Args:
        judged: from ``assemble``.
        network: the walking graph.
        placed: demand points and facilities on it.
        include_planned: facilities under construction or planned count.
    """
    land = judge_land(judged, network, include_planned=include_planned)
    return {
        "rates": rates(judged, land=land),
        "combined": combine(judged, fifteen_minutes(judged, network, placed)),
        "reached": reached(judged),
    }


def fifteen_minutes(judged: Judged, network: Network, placed: Placed) -> Grid:
    """Return the verdicts of the target families' types at a walk of fifteen minutes."""
    types = fifteen_minute_types(judged.types)
    return grid_of(judge(network, placed, types), judged.demand["demand_id"], types["facility_type"])
