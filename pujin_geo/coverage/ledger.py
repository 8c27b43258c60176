"""The ledger of what a report announced: each line held against the facilities and what it brings."""

import re

import numpy as np
import pandas as pd

from ..inputs import Inputs
from ..tables import Problem
from ..texts import Text
from .outlook import MEASURED, newly_served

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
    status = inputs.facilities.set_index("facility_id")["status"]
    found = [[one for one in line if one in status.index] for line in ids]
    table = pd.DataFrame(lines.drop(columns=["row", "source_row"])).assign(
        line=np.arange(1, len(lines) + 1),
        facilities_found=[len(line) for line in found],
        facilities_absent=[len(line) - len(known) for line, known in zip(ids, found, strict=True)],
        status_agrees=[
            "" if not line else "yes" if (status[line] == said).all() else "no"
            for line, said in zip(found, lines["status"], strict=True)
        ],
    )
    measured = projects[projects["state"].isin(MEASURED)]
    aged = measured[measured["aged_60_plus_within"].notna()]
    figures = [_newly_served(gained[gained["facility_id"].isin(line)]) for line in found]
    for column, (name, known) in enumerate(zip(LEDGER_COLUMNS[-3:], (measured, aged, aged), strict=True)):
        has_one = [not known["facility_id"][known["facility_id"].isin(line)].empty for line in found]
        table[name] = np.where(np.array(has_one, dtype=bool), [line[column] for line in figures], np.nan)
    return table[LEDGER_COLUMNS]


def ledger_problems(inputs: Inputs) -> list[Problem]:
    """Return the lines whose facilities are not in the facilities layer, or have another status there."""
    status = inputs.facilities.set_index("facility_id")["status"]
    problems = []
    for line in inputs.ledger.itertuples():
        for one in split_ids(str(line.facility_ids)):
            if one not in status.index:
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
    if gained.empty:
        return 0.0, 0.0, 0.0
    newly = gained[gained["applies"] & (gained["before"] == "not_met")].groupby("point")
    without = gained[~gained["applies"] & (gained["before"] != "met")].groupby("point")
    return (
        newly_served(gained),
        float(newly["aged_60_plus"].max().sum()),
        float(without["aged_60_plus"].max().sum()),
    )
