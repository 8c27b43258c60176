"""Coverage from every side, before and after, against quotas and promises: the evidence for a decision."""

import pandas as pd

from ..tables import Problem
from ..texts import Lang
from ..walking.network import Network
from ..walking.verdicts import Measures, Placed
from .headlines import headlines
from .ledger import ledger, ledger_problems
from .outlook import gains, outlook, project_walks, projects, today_of
from .rates import Judged, combine, fifteen_minutes, judge_land, rates, reached
from .supply import supply


def evidence_tables(
    judged: Judged,
    network: Network,
    placed: Placed,
    measures: Measures,
    ways: pd.DataFrame,
    *,
    include_planned: bool,
    lang: Lang,
) -> tuple[dict[str, pd.DataFrame], list[Problem]]:
    """Return the tables by name, and the findings about the ledger.

    ``headlines``, ``rates``, ``combined``, ``reached``, ``supply``, ``outlook``, ``projects`` and ``ledger``;
    the last three start from today whatever ``include_planned`` says.

    Args:
        judged: verdicts and people, from ``rates.assemble``.
        network: the walking graph.
        placed: demand points and counting facilities on it.
        measures: their walks and straight lines.
        ways: access table of all facilities of the study.
        include_planned: what is under construction or planned counts in the verdicts.
        lang: language of the sentences.
    """
    land = judge_land(judged, network, placed)
    fifteen = fifteen_minutes(judged, network, placed, measures)
    today = today_of(judged, network, placed, measures, ways, include_planned=include_planned)
    walks = project_walks(judged, today)
    gained = gains(judged, walks)
    projected = projects(judged, walks, gained)
    tables = {
        "headlines": headlines(judged, fifteen, walks, gained, lang=lang),
        "rates": rates(judged, land=land),
        "combined": combine(judged, fifteen),
        "reached": reached(judged),
        "supply": supply(judged, network, placed),
        "outlook": outlook(judged, today),
        "projects": projected,
        "ledger": ledger(judged.inputs, gained, projected),
    }
    return tables, ledger_problems(judged.inputs)
