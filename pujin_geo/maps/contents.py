"""Which maps a study has, and what they are called; known without drawing any."""

from typing import TYPE_CHECKING

from ..catalogue import suitability_names
from ..coverage.outlook import UNDER_WAY
from ..texts import Text

if TYPE_CHECKING:
    from ..inputs import Inputs
    from ..results import Results

MAP_NAMES: dict[str, Text] = {
    "facilities": Text("设施分布", "Facilities"),
    "coverage": Text("步行覆盖", "Coverage"),
    "circles": Text("生活圈", "Living circles"),
    "gaps": Text("步行缺口", "Gaps"),
    "before_after": Text("建成前后", "Before and after"),
    "ask": Text("步行问答", "Ask how far on foot"),
    **suitability_names,
}
"""File name of a map → what it is called, in the order in which maps are read."""


def map_names(results: "Results") -> dict[str, Text]:
    """Return the maps that the study has: circles, gaps, and before and after only where there are any."""
    absent = {
        "circles": results.inputs.circles.empty,
        "gaps": results.tables["gap_areas"].empty,
        "before_after": not has_projects(results.inputs),
    }
    return {name: text for name, text in MAP_NAMES.items() if not absent.get(name, False)}


def has_projects(inputs: "Inputs") -> bool:
    """Return whether anything is under construction or planned: a facility, or a street to walk on."""
    streets = inputs.streets
    opening = streets["status"].isin(UNDER_WAY) & streets["walkable"].astype(bool)
    return bool(inputs.facilities["status"].isin(UNDER_WAY).any() or opening.any())
