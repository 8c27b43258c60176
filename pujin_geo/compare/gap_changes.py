"""What became of the gap areas: which closed, opened, shrank and grew, each with the demand points behind it."""

from dataclasses import dataclass

import pandas as pd

from ..circles import circle_of
from ..gaps.areas import gap_points, gather, name_areas
from ..texts import Lang, Text
from ..walking.verdicts import demand_points
from .pairing import Pairs
from .sides import Side

COLUMNS = [
    "area_id", "area_name", "circle_id", "change", "people_type_pairs_before", "people_type_pairs_after",
    "people_type_pairs_change", "demand_points_before", "demand_points_after", "types_closed", "types_opened",
    "demand_ids_closed", "demand_ids_opened", "area_id_before", "area_name_before",
]  # fmt: skip

AREA_CHANGES: dict[str, Text] = {
    "closed": Text("消除", "closed"),
    "opened": Text("新出现", "opened"),
    "shrunk": Text("缩小", "shrunk"),
    "grown": Text("扩大", "grown"),
    "shifted": Text("人次相同, 组成不同", "as many, of others"),
    "merged": Text("并入其他片区", "merged into others"),
    "split": Text("由其他片区分出", "split off from others"),
}

Gap = tuple[str, str]
"""A demand point, by the key that both runs share, and a facility type that it lacks or may lack."""


@dataclass(frozen=True)
class _Area:
    """A gap area of one run: its row of ``name_areas``, the gaps in it, and people × types not met."""

    area_id: str
    area_name: str
    circle_id: str
    gaps: frozenset[Gap]
    people_type_pairs: float

    @property
    def points(self) -> frozenset[str]:
        return frozenset(point for point, _ in self.gaps)


def gap_area_changes(
    before: Side, after: Side, residents: Pairs, circle_names: dict[str, str], *, lang: Lang
) -> pd.DataFrame:
    """Return the ``gap_area_changes`` table: one row per gap area that is not what it was.

    Areas of two runs are one where they share most demand points with a gap, each area with at most one other.
    ``change``: ``closed``, none of its points has a gap now; ``opened``, none had one; ``shrunk`` and ``grown`` by
    ``people_type_pairs``, as ``gap_areas`` counts them; ``shifted``, as many but of other points or types; ``merged``
    and ``split``, its points belong, or belonged, to another area. ``people_type_pairs_change`` adds up to the change of the
    whole study. ``demand_ids_closed`` and ``demand_ids_opened`` name the demand points behind it, joined by ``;``: those
    with a type that they lacked before or lack now; ``verdict_changes`` has them type by type.

    Args:
        before, after: the two runs, in one CRS.
        residents: which demand points are the same.
        circle_names: earlier ``circle_id`` → later one of the same circle, where it differs.
        lang: language of names that are put together.
    """
    ids = [side.inputs.residents["demand_id"].to_numpy(dtype=object) for side in (before, after)]
    keys = {one: f"\t{one}" for one in ids[0][residents.gone]}
    keys |= dict(zip(ids[0][residents.before], ids[1][residents.after], strict=True))
    ours, theirs = _areas(before, keys, lang), _areas(after, {}, lang)
    partner = _partners(ours, theirs)
    every = _gaps_of(ours), _gaps_of(theirs)
    rows = [_row(ours[partner[j]] if j in partner else None, area, every) for j, area in enumerate(theirs)]
    rows += [_row(area, None, every) for i, area in enumerate(ours) if i not in partner.values()]
    table = pd.DataFrame([row for row in rows if row["change"]], columns=COLUMNS)
    is_gone = table["change"].isin(["closed", "merged"])
    later = table["circle_id"].map(lambda one: circle_names.get(one, one))
    table["circle_id"] = table["circle_id"].mask(is_gone, later)
    numbers = [name for name in COLUMNS if name.startswith("people_")]
    table[numbers] = table[numbers].astype(float).round(6)
    return table.sort_values(
        "people_type_pairs_change", key=lambda change: -change.abs(), kind="stable", ignore_index=True
    )


_NONE = _Area("", "", "", frozenset(), 0.0)


def _gaps_of(areas: list[_Area]) -> frozenset[Gap]:
    return frozenset(gap for area in areas for gap in area.gaps)


def _areas(side: Side, keys: dict[str, str], lang: Lang) -> list[_Area]:
    """Return the gap areas of a run; ``keys`` says by which key the other run knows a demand point."""
    inputs, judged = side.inputs, side.judged
    demand = side.placed.demand
    demand = demand.assign(circle_id=circle_of(demand_points(demand), inputs.circles))
    has_gap = demand["demand_id"].isin(judged.loc[judged["verdict"] != "met", "demand_id"])
    centre = gather(side.network, side.placed, demand, has_gap.to_numpy(dtype=bool))
    names = name_areas(demand, centre, inputs, lang=lang)
    points = gap_points(judged, demand["demand_id"], centre)
    points["key"] = points["demand_id"].map(lambda one: keys.get(one, one))
    points["people"] = points["people"].where(points["verdict"] == "not_met", 0.0).fillna(0.0)
    return [
        _Area(
            str(area_id),
            names.at[area_id, "area_name"],
            names.at[area_id, "circle_id"],
            frozenset(zip(mine["key"], mine["facility_type"], strict=True)),
            float(mine["people"].sum()),
        )
        for area_id, mine in points.groupby("area_id", sort=False)
    ]


def _partners(ours: list[_Area], theirs: list[_Area]) -> dict[int, int]:
    """Return later area → earlier area: those that share most points first, each once."""
    home = {point: i for i, area in enumerate(ours) for point in area.points}
    shared: dict[tuple[int, int], int] = {}
    for j, area in enumerate(theirs):
        for point in area.points & home.keys():
            shared[home[point], j] = shared.get((home[point], j), 0) + 1
    partner: dict[int, int] = {}
    for (i, j), _ in sorted(shared.items(), key=lambda one: (-one[1], one[0])):
        if j not in partner and i not in partner.values():
            partner[j] = i
    return partner


def _row(
    one: _Area | None, other: _Area | None, every: tuple[frozenset[Gap], frozenset[Gap]]
) -> dict[str, object]:
    """Return the row of an area that was, is, or both; ``every`` holds all gaps of either run."""
    was, now = one or _NONE, other or _NONE
    called = other or was
    row: dict[str, object] = {
        "area_id": called.area_id,
        "area_name": called.area_name,
        "circle_id": called.circle_id,
        "change": _kind(was, now, every),
        "people_type_pairs_before": was.people_type_pairs,
        "people_type_pairs_after": now.people_type_pairs,
        "people_type_pairs_change": now.people_type_pairs - was.people_type_pairs,
        "demand_points_before": len(was.points),
        "demand_points_after": len(now.points),
        "area_id_before": was.area_id,
        "area_name_before": was.area_name,
    }
    for word, gaps in (("closed", was.gaps - every[1]), ("opened", now.gaps - every[0])):
        row[f"demand_ids_{word}"] = ";".join(sorted({point.lstrip("\t") for point, _ in gaps}))
        row[f"types_{word}"] = ";".join(sorted({kind for _, kind in gaps}))
    return row


def _kind(was: _Area, now: _Area, every: tuple[frozenset[Gap], frozenset[Gap]]) -> str:
    """Return what became of an area, "" where it is what it was."""
    if now is _NONE:
        return "merged" if was.points & {point for point, _ in every[1]} else "closed"
    if was is _NONE:
        return "split" if now.points & {point for point, _ in every[0]} else "opened"
    change = round(now.people_type_pairs - was.people_type_pairs, 6)
    if change:
        return "grown" if change > 0 else "shrunk"
    return "shifted" if was.gaps != now.gaps else ""
