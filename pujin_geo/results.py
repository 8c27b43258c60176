"""What an analysis yields: everything that tables, maps and the briefing are written from."""

from dataclasses import dataclass

import pandas as pd

from .inputs import Inputs
from .texts import Lang
from .walking.network import Network


@dataclass(frozen=True)
class Results:
    """One analysed study.

    Attributes:
        inputs: the accepted input.
        lang: the language of messages, pages and maps.
        include_planned: facilities and streets that are under construction or planned count.
        network: the walking graph.
        tables: the contract's tables by name: problems, facilities, residents, distances, circles,
            coverage, gaps; row order is stable, ids are text.
        types_without_rows: one row per catalogue type that is not judged: facility_type, reason.
        seconds: step → seconds, in order.
    """

    inputs: Inputs
    lang: Lang
    include_planned: bool
    network: Network
    tables: dict[str, pd.DataFrame]
    types_without_rows: pd.DataFrame
    seconds: dict[str, float]
