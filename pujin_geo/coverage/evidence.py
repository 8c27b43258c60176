"""Coverage from every side, before and after, against quotas and promises: the evidence for a decision."""

import geopandas as gpd
import pandas as pd

from ..inputs import Inputs
from ..tables import Problem
from ..texts import Lang
from ..walking.network import Network
from ..walking.verdicts import Placed
from .headlines import headlines
from .ledger import ledger, ledger_problems
from .outlook import gains, outlook, projects, today_of
from .rates import assemble, combine, fifteen_minutes, judge_land, rates, reached
from .supply import supply


def evidence_tables(
    inputs: Inputs,
    network: Network,
    placed: Placed,
    demand: gpd.GeoDataFrame,
    types: pd.DataFrame,
    distances: pd.DataFrame,
    *,
    include_planned: bool,
    lang: Lang,
) -> tuple[dict[str, pd.DataFrame], list[Problem]]:
    """Return the tables by name, and the findings about the ledger.

    ``headlines``, ``rates``, ``combined``, ``reached``, ``supply``, ``outlook``, ``projects`` and ``ledger``;
    the last three start from today whatever ``include_planned`` says.

    Args:
        inputs: the accepted input.
        network: the walking graph.
        placed: demand points and counting facilities on it.
        demand: the judged demand points with ``circle_id``.
        types: the judged rows of the catalogue.
        distances: the ``distances`` table.
        include_planned: what is under construction or planned counts in ``distances``.
        lang: language of the sentences.
    """
    judged = assemble(inputs, demand, placed.facilities, types, distances)
    land = judge_land(judged, network, include_planned=include_planned)
    fifteen = fifteen_minutes(judged, network, placed)
    today = today_of(judged, network, placed, include_planned=include_planned)
    gained = gains(judged, today)
    projected = projects(judged, today, gained)
    tables = {
        "headlines": headlines(judged, fifteen, today, gained, lang=lang),
        "rates": rates(judged, land=land),
        "combined": combine(judged, fifteen),
        "reached": reached(judged),
        "supply": supply(judged, network, placed),
        "outlook": outlook(judged, today),
        "projects": projected,
        "ledger": ledger(inputs, gained, projected),
    }
    return tables, ledger_problems(inputs)
