"""Residents: 115,000 people shared out over committees, estates, house groups and ages.

Ages are those of permanent residents (常住): Shanghai counted 23.4 % aged 60 and over in the 2020 census. The
reconstruction takes about 21-29 % in town (more in the relocation estates) and 30-37 % in the villages; of
those 60 and over about 15 % are 80 and over. Under 16 follow the same census roughly. Aged 15 belongs to
none of the seven groups, so these add up to a little less than the population.
"""

from __future__ import annotations

from dataclasses import dataclass

from shapely import Point

from . import places
from .dice import Dice, share_out
from .estates import Settlement

TOTAL = 115_000
VILLAGE_SHARE = 0.19
YOUNG_SHARES = {"0-3岁": 0.020, "3-6岁": 0.027, "6-11岁": 0.047, "11-15岁": 0.031, "15岁": 0.007}
OLD_TOWNS = {"J01", "J02", "J03", "J04", "J05", "J06", "J07", "J12", "J13", "J14", "J15"}
"""Relocation estates and the old town: more people over 60."""


@dataclass(frozen=True)
class Group:
    """A demand point: a house group of an estate or a part of a natural village."""

    id: str
    name: str
    committee_id: str
    scope: str
    at: Point
    ages: dict[str, int]
    """Header → persons; ``常住人口`` is the sum of the disjoint ages and those aged 15."""


def populate(estates: list[Settlement], hamlets: list[Settlement]) -> list[Group]:
    """Share the people out; the total is exact."""
    dice = Dice("people")
    settlements: dict[str, list[Settlement]] = {c.id: [] for c in places.COMMITTEES}
    for item in [*estates, *hamlets]:
        settlements[item.committee_id].append(item)
    in_villages = round(TOTAL * VILLAGE_SHARE)
    totals: dict[str, int] = {}
    for kind, people in (("residential", TOTAL - in_villages), ("village", in_villages)):
        ids = [c.id for c in places.COMMITTEES if c.kind == kind]
        room = [sum(s.plot.area for s in settlements[i]) ** 0.6 * dice.between(0.8, 1.2) for i in ids]
        totals |= dict(zip(ids, share_out(people, room), strict=True))
    groups: list[Group] = []
    for committee in places.COMMITTEES:
        groups += _committee(committee, settlements[committee.id], totals[committee.id], dice)
    return groups


def _committee(committee: places.Committee, homes: list[Settlement], people: int, dice: Dice) -> list[Group]:
    spots = [(item, k, at) for item in homes for k, at in enumerate(item.homes, 1)]
    weights = [item.plot.area / len(item.homes) * dice.between(0.75, 1.25) for item, _, _ in spots]
    rural = committee.kind == "village"
    part = "组" if rural else "号楼群"
    groups = []
    for number, ((item, k, at), persons) in enumerate(zip(spots, share_out(people, weights), strict=True), 1):
        name = item.name if len(item.homes) == 1 else f"{item.name}{k}{part}"
        groups.append(
            Group(
                f"{committee.id}-{number:03d}",
                name,
                committee.id,
                "rural" if rural else "urban",
                at,
                _ages(persons, committee, dice),
            )
        )
    return groups


def _ages(persons: int, committee: places.Committee, dice: Dice) -> dict[str, int]:
    old = dice.between(0.30, 0.37) if committee.kind == "village" else dice.between(0.20, 0.26)
    old += 0.03 * (committee.id in OLD_TOWNS)
    fewer = 0.75 if committee.kind == "village" else 1.0
    shares = {age: share * fewer * dice.between(0.8, 1.2) for age, share in YOUNG_SHARES.items()}
    shares["60岁及以上"] = old
    shares["16-59岁"] = 1 - sum(shares.values())
    counts = dict(zip(shares, share_out(persons, list(shares.values())), strict=True))
    counts.pop("15岁")
    counts["80岁及以上"] = int(counts["60岁及以上"] * dice.between(0.12, 0.18) + 0.5)
    order = ["0-3岁", "3-6岁", "6-11岁", "11-15岁", "16-59岁", "60岁及以上", "80岁及以上"]
    return {"常住人口": persons, **{age: counts[age] for age in order}}
