"""Supply beside reach: what the quotas require against what there is, and the two-step floating catchment area.

A quota asks how much there is for the people of a place, wherever they live in it; the floating catchment asks
how much is within each person's walk, shared with everybody else who can walk there.
"""

from itertools import compress
from typing import Any

import numpy as np
import pandas as pd

from ..tables import ALL, SCOPES, lookup
from ..walking.network import Floats, Ints, Network
from ..walking.pairs import DECIMALS, pairs_within
from ..walking.verdicts import Placed, is_inside
from .rates.grid import PLACE_COLUMNS, Flags, Judged, stands_in
from .sums import share

PER_WITHOUT_NUMBER = 1000
"""Persons to which the floating catchment refers where a quota is not per number of persons."""

SUPPLY_COLUMNS = [
    *PLACE_COLUMNS, "facility_type", "suitability", "quota_amount", "quota_unit", "quota_per", "quota_confidence",
    "residents", "required", "functions", "size_missing", "available", "balance", "supply_share", "sites_below",
    "verdict", "remark", "catchment_per", "catchment_supply", "catchment_residents_none", "catchment_residents_short",
    "catchment_size_missing", "catchment_unused",
]  # fmt: skip

_PLACES_OF_QUOTA = {
    "circle": (ALL, "circle"),
    "subdistrict": (ALL,),
    "committee": (ALL, "committee"),
    "site": (ALL,),
}
_PLACES_OF_NUMBER = (ALL, *SCOPES, "circle")


def supply(judged: Judged, network: Network, placed: Placed) -> pd.DataFrame:
    """Return the ``supply`` table: one row per place and judged type that has a quota.

    ``required``: quota × residents to whom the type applies ÷ the persons it is per; of a quota per circle,
    committee or subdistrict, quota × their number; of one per site, quota × sites. ``available``: the counting
    facilities in the place (everywhere: inside the boundary): sites by number, ``m2`` by ``area_m2``, places,
    classes and beds by ``capacity``. Facilities whose size is blank add nothing, are counted in
    ``size_missing``, and make a shortage ``unknown``, its balance blank. Of a quota per site ``sites_below``
    decides.

    ``remark``: ``nobody_to_serve``, ``nothing_required`` (a quota of 0, or no site to measure),
    ``no_facility``, ``size_missing``.

    ``catchment_supply`` is the mean over residents of the supply within their walk per ``catchment_per``
    persons (``two_step_floating_catchment``, catchment = the type's threshold, everybody who can walk there
    shares), a least value where ``catchment_size_missing`` is not 0, blank where no size is known;
    ``catchment_residents_none`` have no facility within their walk, ``catchment_residents_short`` less than the
    quota (blank where a size is missing); ``catchment_unused`` is supply that nobody can walk to. Facilities outside the
    boundary serve, people outside are not known: supply near the edge looks better than it is.

    Args:
        judged: from ``rates.assemble``.
        network: the walking graph.
        placed: demand points and counting facilities on it.
    """
    has_quota = judged.types["quota_amount"].notna().to_numpy(dtype=bool)
    types = judged.types[has_quota]
    if types.empty:
        return pd.DataFrame(columns=SUPPLY_COLUMNS)
    size = _sizes(judged, types)
    stands = _stands_anywhere(judged)
    pairs = _pairs(judged, network, placed, types["facility_type"].tolist())
    parts = [_of_type(judged, one, size, stands, pairs) for one in compress(judged.kinds, has_quota)]
    kind = judged.places.table["place_kind"].to_numpy(dtype=object)
    wanted = [_PLACES_OF_QUOTA.get(one, _PLACES_OF_NUMBER) for one in types["quota_per"]]
    place, number = np.nonzero(np.array([np.isin(kind, kinds) for kinds in wanted]).T)
    table = judged.places.table.iloc[place].reset_index(drop=True)
    for name in (
        "facility_type",
        "suitability",
        "quota_amount",
        "quota_unit",
        "quota_per",
        "quota_confidence",
    ):
        table[name] = types[name].array.take(number)
    columns = {
        name: np.stack([np.broadcast_to(part[name], len(kind)) for part in parts]) for name in parts[0]
    }
    return table.assign(**{name: values[number, place] for name, values in columns.items()})[SUPPLY_COLUMNS]


def two_step_floating_catchment(
    pairs: pd.DataFrame, supply_at: Floats, people: Floats, *, weight: Floats | None = None
) -> Floats:
    """Return the supply per person within each origin's catchment (2SFCA).

    Step 1: R_j = S_j / Σ_k w_kj P_k over the people of the catchment of facility j.
    Step 2: A_i = Σ_j w_ij R_j over the facilities in the catchment of origin i.
    Then Σ_i P_i A_i is the supply of the facilities that have anybody in their catchment.

    Source: W. Luo and F. Wang (2003), Measures of spatial accessibility to health care in a GIS environment,
    Environment and Planning B 30(6), 865-884. With weights that fall with distance it is the enhanced form of
    W. Luo and Y. Qi (2009), Health & Place 15(4), 1100-1107.

    Args:
        pairs: ``origin`` and ``target`` of every pair within the catchment.
        supply_at: (targets,) supply S; NaN (not known) takes no part.
        people: (origins,) people P.
        weight: (pairs,) weight of each pair, 1 if absent.

    >>> pairs = pd.DataFrame({"origin": [0, 1, 1], "target": [0, 0, 1]})
    >>> two_step_floating_catchment(pairs, np.array([10.0, 6.0]), np.array([20.0, 30.0])).tolist()
    [0.2, 0.4]
    """
    w = np.ones(len(pairs)) if weight is None else weight
    return _two_steps(pairs["origin"].to_numpy(), pairs["target"].to_numpy(), supply_at, people, w)


def _two_steps(origin: Ints, target: Ints, supply_at: Floats, people: Floats, w: Floats) -> Floats:
    demand: Floats = np.bincount(target, weights=w * people[origin], minlength=len(supply_at)).astype(float)
    ratio = np.nan_to_num(share(supply_at, demand))
    return np.bincount(origin, weights=w * ratio[target], minlength=len(people)).astype(float)


def _sizes(judged: Judged, types: pd.DataFrame) -> Floats:
    """Return each counting facility's size in its quota's unit; NaN where the data have none."""
    facilities = judged.facilities
    unit_of = lookup(types, "facility_type", "quota_unit")
    unit = np.array([unit_of.get(name, "") for name in facilities["facility_type"].tolist()], dtype=object)
    area_m2, capacity = (facilities[name].to_numpy(dtype=float) for name in ("area_m2", "capacity"))
    size: Floats = np.where(unit == "site", 1.0, np.where(unit == "m2", area_m2, capacity))
    return size


def _stands_anywhere(judged: Judged) -> Flags:
    """Return (places, facilities) whether the facility stands in the place; urban and rural by committee."""
    inputs, table = judged.inputs, judged.places.table
    kind = table["place_kind"].to_numpy(dtype=object)
    stands = stands_in(judged)
    inside = is_inside(judged.facilities, inputs.boundary)
    villages = inputs.committees.loc[inputs.committees["kind"] == "village", "committee_id"]
    in_village = stands[(kind == "committee") & table["place_id"].isin(villages).to_numpy()].any(axis=0)
    stands[kind == ALL] = inside
    stands[kind == "rural"] = in_village & inside
    stands[kind == "urban"] = ~in_village & inside
    return stands


def _pairs(judged: Judged, network: Network, placed: Placed, names: list[str]) -> tuple[Ints, Ints]:
    """Return demand points and facilities between which the walk is within the type's threshold."""
    chosen = np.flatnonzero(judged.facilities["facility_type"].isin(names))
    access = placed.facility_access[placed.facility_access["item"].isin(chosen)]
    limit_m = float(np.nanmax(judged.grid.columns(names).threshold_m, initial=0.0))
    pairs = pairs_within(network, placed.demand_access, access, limit_m=limit_m)
    column = pd.Index(judged.grid.types).get_indexer(judged.facilities["facility_type"])
    origin, target = pairs["origin"].to_numpy(), pairs["target"].to_numpy()
    near = np.round(pairs["walk_m"].to_numpy(), DECIMALS) <= judged.grid.threshold_m[origin, column[target]]
    return origin[near], target[near]


_Part = dict[str, Any]
"""Column → what it holds for one type: a value per place, or one for all places."""


def _of_type(
    judged: Judged, quota: dict[str, Any], size: Floats, stands: Flags, pairs: tuple[Ints, Ints]
) -> _Part:
    column = judged.grid.types.index(quota["facility_type"])
    mine = np.flatnonzero(judged.facilities["facility_type"].to_numpy(dtype=object) == quota["facility_type"])
    applies = judged.grid.judged[:, column]
    part = {"residents": judged.places.total(judged.population * applies)}
    part |= _available(judged, quota, mine, size, stands)
    part["required"] = _required(judged, quota, applies, part)
    part |= _balanced(part, is_per_site=quota["quota_per"] == "site")
    return part | _catchment(judged, quota, applies, part["residents"], _own(size, mine), mine, pairs)


def _own(size: Floats, mine: Ints) -> Floats:
    own = np.full(len(size), np.nan)
    own[mine] = size[mine]
    return own


def _available(judged: Judged, quota: dict[str, Any], mine: Ints, size: Floats, stands: Flags) -> _Part:
    here, known = stands[:, mine], ~np.isnan(size[mine])
    available = here @ np.nan_to_num(size[mine])
    if quota["quota_unit"] == "site":
        sites = judged.facilities["site_id"].to_numpy(dtype=object)[mine]
        available = np.array([len(set(sites[row])) for row in here], dtype=float)
    return {
        "functions": here.sum(axis=1),
        "size_missing": (here & ~known).sum(axis=1),
        "available": available,
        "sites_below": (here & known & (np.nan_to_num(size[mine]) < quota["quota_amount"])).sum(axis=1),
    }


def _required(judged: Judged, quota: dict[str, Any], applies_to: Flags, part: _Part) -> Floats:
    kind, per = judged.places.table["place_kind"].to_numpy(dtype=object), str(quota["quota_per"])
    applies = judged.places.total(applies_to) > 0
    units: Floats = applies.astype(float)
    if per.isdigit():
        units = part["residents"] / float(per)
    elif per == "site":
        units = part["functions"].astype(float)
    elif per in ("circle", "committee"):
        units[kind == ALL] = (applies & (kind == per)).sum()
    required: Floats = float(quota["quota_amount"]) * units
    return required


def _balanced(part: _Part, *, is_per_site: bool) -> _Part:
    required, available = part["required"], part["available"]
    missing = part["size_missing"] > 0
    short = part["sites_below"] > 0 if is_per_site else available < required
    nobody, nothing = part["residents"] <= 0, required <= 0
    verdict = np.select(
        [nobody | nothing, short & (~missing | is_per_site), missing & (short | is_per_site)],
        ["", "not_met", "unknown"],
        default="met",
    ).astype(object)
    remark = np.select(
        [nobody, nothing, part["functions"] == 0, missing],
        ["nobody_to_serve", "nothing_required", "no_facility", "size_missing"],
        default="",
    ).astype(object)
    return {
        "verdict": verdict,
        "remark": remark,
        "available": np.where(missing & (available == 0), np.nan, available),
        "balance": np.where(verdict == "unknown", np.nan, available - required),
        "supply_share": np.where(verdict == "unknown", np.nan, share(available, required)),
        "sites_below": part["sites_below"].astype(float) if is_per_site else np.nan,
    }


def _catchment(
    judged: Judged, quota: dict[str, Any], applies: Flags, residents: Floats, own: Floats, mine: Ints,
    pairs: tuple[Ints, Ints],
) -> _Part:  # fmt: skip
    per, amount = str(quota["quota_per"]), float(quota["quota_amount"])
    persons = int(per) if per.isdigit() else PER_WITHOUT_NUMBER
    people = judged.population * applies
    is_mine = np.zeros(len(own), dtype=bool)
    is_mine[mine] = True
    origin, target = (ends[is_mine[pairs[1]]] for ends in pairs)
    access = _two_steps(origin, target, own, people, np.ones(len(origin)))
    total = judged.places.total
    unsized = int(np.isnan(own[mine]).sum())
    # To a billionth: sums of quotients that should equal the quota may miss it in the last digit.
    short = np.round(access * persons - amount, 9) < 0
    without = np.bincount(origin, minlength=len(people)) == 0
    unused = np.bincount(target, weights=people[origin], minlength=len(own))[mine] <= 0
    mean = share(total(people * access), residents) * persons
    return {
        "catchment_per": persons,
        "catchment_supply": np.nan if unsized == len(mine) > 0 else mean,
        "catchment_residents_none": total(people * without),
        "catchment_residents_short": total(people * short) if per.isdigit() and not unsized else np.nan,
        "catchment_size_missing": unsized,
        "catchment_unused": float(np.nansum(own[mine][unused])),
    }
