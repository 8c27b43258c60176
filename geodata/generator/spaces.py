"""The 43 idle spaces of 26,000 m² that the subdistrict buys back; places, kinds and single areas are illustrative."""

from __future__ import annotations

from dataclasses import dataclass

from shapely import Point

from .dice import Dice, share_out
from .estates import Settlement

NUMBER, TOTAL_M2 = 43, 26_000
KINDS = [
    ("闲置厂房", 5.0),
    ("仓库", 3.0),
    ("沿街商铺", 1.0),
    ("旧办公楼", 2.6),
    ("旧校舍", 3.2),
    ("配套用房", 0.8),
]


@dataclass(frozen=True)
class Space:
    """An idle space."""

    id: str
    name: str
    kind: str
    area_m2: int
    at: Point
    committee_id: str


def spare_spaces(estates: list[Settlement], hamlets: list[Settlement]) -> list[Space]:
    """Return the spaces: two thirds in villages, one third in town; the areas add up exactly."""
    dice = Dice("spaces")
    homes = dice.shuffled(hamlets)[:28] + dice.shuffled(estates)[: NUMBER - 28]
    drawn = []
    for home in homes:
        kinds = KINDS if home.walls == [] else KINDS[2:]
        kind, size = dice.pick(kinds)
        at = home.plot.exterior.interpolate(dice.between(0, 1), normalized=True)
        drawn.append((home, kind, size * dice.between(0.5, 1.6), at))
    areas = share_out(TOTAL_M2, [size for _, _, size, _ in drawn])
    return [
        Space(f"K{k:02d}", home.name + kind, kind, area, at, home.committee_id)
        for k, ((home, kind, _, at), area) in enumerate(zip(drawn, areas, strict=True), 1)
    ]
