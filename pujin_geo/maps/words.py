"""Words and templates that maps and the briefing share."""

from functools import cache
from typing import TYPE_CHECKING

from jinja2 import Environment, PackageLoader, StrictUndefined

from ..texts import Text

if TYPE_CHECKING:
    from ..results import Results

STATUSES: dict[str, Text] = {
    "existing": Text("现状", "existing"),
    "under_construction": Text("在建", "under construction"),
    "planned": Text("规划", "planned"),
    "closed": Text("已停用", "closed"),
}


@cache
def templates() -> Environment:
    """Return the package's HTML templates; every text put into them is escaped."""
    return Environment(
        loader=PackageLoader("pujin_geo", "templates"),
        autoescape=True,
        undefined=StrictUndefined,
        trim_blocks=True,
        lstrip_blocks=True,
    )


def notices(results: "Results") -> list[str]:
    """Return the marks that every map and page bears.

    The published boundary map of a place needs an approval number; these sheets have none.
    """
    marks = [Text("内部讨论", "for internal discussion"), Text("示意", "schematic")]
    if results.inputs.residents["basis"].str.startswith("estimated").any():
        marks.insert(0, Text("人口为估算", "estimated population"))
    if results.include_planned:
        marks.insert(0, Text("规划情景", "scenario with planned facilities"))
    if results.inputs.study.synthetic:
        marks.insert(0, Text("合成数据", "synthetic data"))
    return [mark.of(results.lang) for mark in marks]


def sources(results: "Results") -> list[str]:
    """Return where the facilities come from, as their rows say, most frequent first, at most six."""
    named = results.inputs.facilities["source"].str.strip()
    found = named[named != ""].value_counts(sort=False)
    ranked = sorted(found.items(), key=lambda item: (-item[1], item[0]))
    shown = [str(name) for name, _ in ranked[:6]]
    if any("openstreetmap" in name.lower() for name in shown):
        shown = [name for name in shown if "openstreetmap" not in name.lower()]
        shown.insert(0, "© OpenStreetMap contributors, ODbL 1.0")
    return shown


def committee_names(results: "Results") -> dict[str, str]:
    """Return committee id → name, where the study's committees layer has one."""
    layer = results.inputs.committees
    named = layer[layer["name"].str.strip() != ""]
    return dict(zip(named["committee_id"], named["name"], strict=True))
