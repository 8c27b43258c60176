"""Coverage seen from every side: rival rates per type, and combinations over types."""

import pandas as pd

from ...walking.network import Network
from ...walking.verdicts import Measures, Placed, thresholds
from .combined import (
    TARGET_FAMILIES,
    TARGET_SHARE,
    combine,
    fifteen_minute_types,
    reached,
)
from .grid import Grid, Judged, Places, assemble, grid_of, list_places
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
    "rates",
    "reached",
    "sample_land",
]


def fifteen_minutes(judged: Judged, network: Network, placed: Placed, measures: Measures) -> Grid:
    """Return the verdicts of the target families' types at a walk of fifteen minutes."""
    types = fifteen_minute_types(judged.types)
    columns = pd.Index(judged.grid.types).get_indexer(types["facility_type"])
    return grid_of(network, placed, types, measures.of_types(columns, thresholds(judged.demand, types)))
