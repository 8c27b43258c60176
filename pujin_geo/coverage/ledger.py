"""The ledger of what a report announced: each line held against the facilities and what it brings."""

import re

import numpy as np
import pandas as pd

from ..inputs import Inputs
from ..tables import Problem, lookup
from ..texts import Text
from .outlook import MEASURED, largest_once

LEDGER_COLUMNS = [
    "line", "name", "kind", "facility_type", "suitability", "status", "count", "sentence", "note", "facility_ids",
    "facilities_found", "facilities_absent", "status_agrees", "people_newly_served", "aged_60_plus_newly_served",
    "aged_60_plus_without_standard",
]  # fmt: skip

_SEPARATORS = re.compile(r"\s*[;；、]\s*")


def ledger(inputs: Inputs, gained: pd.DataFrame, projects: pd.DataFrame) -> pd.DataFrame:
    """Return the ``ledger`` table: one row per line of the study's ledger, in its order.

    ``status`` is the report's. ``facilities_found`` and ``facilities_absent`` count the line's facility ids that
    the facilities layer has or lacks; ``status_agrees`` is ``yes``, ``no`` or, without any facility found,
    blank. ``people_newly_served`` are the people, of the group that the type serves, who would have the line's
    facilities within the threshold and have none of the type today: each demand point once, with the largest
    group where several functions reach it; blank for a line without a measured project.
    ``aged_60_plus_…`` likewise for residents of 60 and over, and for those to whom no standard applies.

    Args:
        inputs: the study.
        gained: from ``outlook.gains``.
        projects: from ``outlook.projects``.
    """
    lines = inputs.ledger
    ids = [split_ids(text) for text in lines["facility_ids"]]
    status = _statuses(inputs)
    found = [[one for one in line if one in status] for line in ids]
    table = pd.DataFrame(lines.drop(columns=["row", "source_row"])).assign(
        line=np.arange(1, len(lines) + 1),
        facilities_found=[len(line) for line in found],
        facilities_absent=[len(line) - len(known) for line, known in zip(ids, found, strict=True)],
        status_agrees=[
            "" if not line else "yes" if all(status[one] == said for one in line) else "no"
            for line, said in zip(found, lines["status"], strict=True)
        ],
    )
    is_measured = projects["state"].isin(MEASURED)
    measured = set(projects.loc[is_measured, "facility_id"])
    aged = set(projects.loc[is_measured & projects["aged_60_plus_within"].notna(), "facility_id"])
    gainer = gained["facility_id"].to_numpy(dtype=object)
    figures = np.full((3, len(lines)), np.nan)
    for number, line in enumerate(found):
        if not measured.isdisjoint(line):
            figures[:, number] = _newly_served(gained[np.isin(gainer, line)])
        if aged.isdisjoint(line):
            figures[1:, number] = np.nan
    return table.assign(**dict(zip(LEDGER_COLUMNS[-3:], figures, strict=True)))[LEDGER_COLUMNS]


def _statuses(inputs: Inputs) -> dict[str, str]:
    return lookup(inputs.facilities, "facility_id", "status")


def ledger_problems(inputs: Inputs) -> list[Problem]:
    """Return the lines whose facilities are not in the facilities layer, or have another status there."""
    status = _statuses(inputs)
    problems = []
    for line in inputs.ledger.itertuples():
        for one in split_ids(str(line.facility_ids)):
            if one not in status:
                problems.append(_problem(line, "ledger_facility_unknown", one, _UNKNOWN))
            elif status[one] != line.status:
                problems.append(_problem(line, "ledger_status_differs", f"{one}: {status[one]}", _DIFFERS))
    return problems


def split_ids(text: str) -> list[str]:
    """Return the ids of a cell, each once, in order.

    >>> split_ids("J08-S002/canteen; J08-S002/meal_point；J08-S002/canteen")
    ['J08-S002/canteen', 'J08-S002/meal_point']
    """
    return list(dict.fromkeys(part for part in _SEPARATORS.split(text.strip()) if part))


_UNKNOWN = Text(
    "台账中的设施编号不在设施表中, 该项无法核对; 请改正编号或补上设施。",
    "The ledger names a facility id that the facilities layer lacks, so the line cannot be checked; correct the id "
    "or add the facility.",
)
_DIFFERS = Text(
    "台账与设施表的状态不同, 分析以设施表为准; 请核对两处。",
    "The ledger and the facilities layer differ in status; the analysis follows the layer. Check both.",
)


def _problem(line: tuple[object, ...], code: str, value: str, text: Text) -> Problem:
    return Problem(
        "ledger",
        "warning",
        code,
        text,
        row=int(line.row),  # type: ignore[attr-defined]
        source_row=int(line.source_row),  # type: ignore[attr-defined]
        column="facility_ids",
        value=value,
    )


def _newly_served(gained: pd.DataFrame) -> tuple[float, float, float]:
    """Return people, those of 60 and over, and those of 60 and over without a standard; points count once."""
    point, aged = gained["point"].to_numpy(), gained["aged_60_plus"].to_numpy()
    applies, before = gained["applies"].to_numpy(dtype=bool), gained["before"].to_numpy(dtype=object)
    newly, without = applies & (before == "not_met"), ~applies & (before != "met")
    return (
        largest_once(point[newly], gained["people"].to_numpy()[newly]),
        largest_once(point[newly], aged[newly]),
        largest_once(point[without], aged[without]),
    )
