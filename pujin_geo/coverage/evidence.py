"""Coverage from every side, before and after, against quotas and promises: the evidence for a decision."""

from dataclasses import dataclass

import pandas as pd

from ..tables import Problem
from ..texts import Lang
from ..walking.network import Network
from ..walking.verdicts import Measures, Placed, distances_table
from .headlines import headlines
from .ledger import ledger, ledger_problems
from .outlook import gains, outlook, project_walks, projects, today_of, worlds_ahead
from .rates import Judged, combine, fifteen_minutes, judge_land, rates, reached
from .supply import supply


@dataclass(frozen=True)
class Evidence:
    """What decisions rest on beside coverage.

    Attributes:
        tables: ``headlines``, ``rates``, ``combined``, ``reached``, ``supply``, ``outlook``, ``projects`` and
            ``ledger``; the last three start from today whatever the verdicts include.
        problems: the findings about the ledger.
        other_distances: the ``distances`` table with everything under way open, streets too; where the verdicts
            include that already, without it.
    """

    tables: dict[str, pd.DataFrame]
    problems: list[Problem]
    other_distances: pd.DataFrame


def gather_evidence(
    judged: Judged,
    network: Network,
    placed: Placed,
    measures: Measures,
    ways: pd.DataFrame,
    *,
    include_planned: bool,
    lang: Lang,
) -> Evidence:
    """Sum up what decisions rest on.

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
    ahead = worlds_ahead(judged, today)
    walks = project_walks(judged, today)
    gained = gains(judged, walks)
    projected = projects(judged, walks, gained)
    combined = combine(judged, fifteen)
    tables = {
        "headlines": headlines(judged, fifteen, combined, walks, gained, lang=lang),
        "rates": rates(judged, land=land),
        "combined": combined,
        "reached": reached(judged),
        "supply": supply(judged, network, placed),
        "outlook": outlook(judged, today, ahead),
        "projects": projected,
        "ledger": ledger(judged.inputs, gained, projected),
    }
    other = today if include_planned else ahead["planned_with_streets"]
    return Evidence(
        tables,
        ledger_problems(judged.inputs),
        distances_table(other.network, other.placed, judged.types, other.measures),
    )
