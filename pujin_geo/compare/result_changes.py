"""What changed in the result: people met per circle and type with the causes, and the demand points behind them."""

import numpy as np
import pandas as pd

from ..tables import ALL
from .attribution import in_people, in_units
from .pairing import Pairs
from .sides import Side
from .worlds import GROUPS, Worlds

COVERAGE_COLUMNS = [
    "circle_id", "facility_type", "people_met_before", "people_met_after", "people_met_change",
    *(f"by_{group}" for group in GROUPS),
    "people_gained", "people_lost", "people_before", "people_after", "coverage_share_before", "coverage_share_after",
]  # fmt: skip

VERDICT_COLUMNS = [
    "demand_id", "name", "facility_type", "change", "verdict_before", "verdict_after", "cause_before", "cause_after",
    "walk_m_before", "walk_m_after", "threshold_m_before", "threshold_m_after", "facility_id_before",
    "facility_id_after", "people_before", "people_after", "people_met_change", "circle_id_before", "circle_id_after",
    "demand_id_before",
]  # fmt: skip

_SIDED = ["verdict", "cause", "walk_m", "threshold_m", "facility_id", "people", "circle_id"]


def verdict_changes(
    before: Side, after: Side, residents: Pairs, circle_names: dict[str, str]
) -> pd.DataFrame:
    """Return the ``verdict_changes`` table: every demand point × type behind a change of people met.

    One row where the verdict differs, or where it is met on both sides and other people, or those of another circle,
    are met. ``change``: ``gap_closed`` and ``gap_opened`` (met now, or no longer), ``verdict`` (between not met and
    unknown), ``new_point`` and ``gone_point``, ``newly_judged`` and ``no_longer_judged`` (the type here), ``people``,
    ``circle``. ``people_met_change`` adds up, per type, to the change of people met in the whole study. A circle's id
    before is the later run's id of the same circle.

    Args:
        before, after: the two runs.
        residents: which demand points are the same.
        circle_names: earlier ``circle_id`` → later one of the same circle, where it differs.
    """
    ids = [side.inputs.residents["demand_id"].to_numpy(dtype=object) for side in (before, after)]
    renamed = dict(zip(ids[0][residents.before], ids[1][residents.after], strict=True))
    # What is only in the earlier run keeps a key of its own, should its id mean another point now.
    gone = {one: f"\t{one}" for one in ids[0][residents.gone]}
    sides = []
    for side, names in ((before, renamed | gone), (after, {})):
        judged = side.judged
        sides.append(
            judged[["demand_id", "facility_type", *_SIDED]].assign(
                key=judged["demand_id"].map(lambda one, names=names: names.get(one, one))
            )
        )
    sides[0]["circle_id"] = sides[0]["circle_id"].map(lambda one: circle_names.get(one, one))
    both = sides[1].merge(
        sides[0], on=["key", "facility_type"], how="outer", suffixes=("_after", "_before"), sort=False
    )
    met = [(both[f"verdict_{when}"] == "met").to_numpy() for when in ("before", "after")]
    served = [
        np.where(met[side], both[f"people_{when}"].fillna(0.0), 0.0)
        for side, when in enumerate(("before", "after"))
    ]
    both["people_met_change"] = in_people(in_units(served[1]) - in_units(served[0]))
    both["change"] = _kind(both, met)
    both = both[both["change"] != ""]
    both["demand_id"] = both["demand_id_after"].where(
        both["demand_id_after"].notna(), both["demand_id_before"]
    )
    called = [
        dict(zip(side.inputs.residents["demand_id"], side.inputs.residents["name"], strict=True))
        for side in (before, after)
    ]
    both["name"] = (
        both["demand_id_after"]
        .map(called[1])
        .where(both["demand_id_after"].notna(), both["demand_id_before"].map(called[0]))
    )
    return _in_order(both, after, before)[VERDICT_COLUMNS]


def _kind(both: pd.DataFrame, met: list[np.ndarray]) -> np.ndarray:
    was, now = both["verdict_before"].notna().to_numpy(), both["verdict_after"].notna().to_numpy()
    known = [both[f"demand_id_{when}"].notna().to_numpy() for when in ("before", "after")]
    keys = [set(both["key"][flags]) for flags in known]
    here = [both["key"].isin(one).to_numpy() for one in keys]
    differs = (both["verdict_before"] != both["verdict_after"]).to_numpy()
    kind = np.full(len(both), "", dtype=object)
    for applies, word in (
        (met[0] & met[1] & (both["circle_id_before"] != both["circle_id_after"]).to_numpy(), "circle"),
        (met[0] & met[1] & (both["people_before"] != both["people_after"]).to_numpy(), "people"),
        (was & now & differs, "verdict"),
        (was & now & met[0] & ~met[1], "gap_opened"),
        (was & now & ~met[0] & met[1], "gap_closed"),
        (was & ~now, "no_longer_judged"),
        (~was & now, "newly_judged"),
        (was & ~here[1], "gone_point"),
        (now & ~here[0], "new_point"),
    ):
        kind[applies] = word
    return kind


def _in_order(both: pd.DataFrame, after: Side, before: Side) -> pd.DataFrame:
    """Sort by demand point and type as the later run lists them, then what only the earlier one has."""
    points = [
        *after.inputs.residents["demand_id"],
        *(f"\t{one}" for one in before.inputs.residents["demand_id"]),
    ]
    types = dict.fromkeys(
        [*after.inputs.catalogue["facility_type"], *before.inputs.catalogue["facility_type"]]
    )
    at = pd.Index(points).get_indexer(pd.Index(both["key"]))
    kind = pd.Index(list(types)).get_indexer(pd.Index(both["facility_type"]))
    ordered = both.iloc[np.lexsort((kind, at))].reset_index(drop=True)
    text = [
        "name",
        *(
            f"{one}_{when}"
            for one in ("verdict", "cause", "facility_id", "circle_id", "demand_id")
            for when in ("before", "after")
        ),
    ]
    ordered[text] = ordered[text].astype(object).where(ordered[text].notna(), "").astype("str")
    return ordered


def coverage_changes(
    before: Side, after: Side, worlds: Worlds | None, verdicts: pd.DataFrame, circle_names: dict[str, str]
) -> pd.DataFrame:
    """Return the ``coverage_changes`` table: (``all`` or circle) × type that is judged in either run.

    ``by_facilities`` … ``by_circles`` add up to ``people_met_change`` exactly; so does ``people_gained`` less
    ``people_lost``, which are sums over demand points. People are in 64ths at the finest. The parts are blank where
    the two studies have no common ground (``worlds`` is None).
    """
    sides = [_whole_scope(side) for side in (before, after)]
    sides[0]["circle_id"] = sides[0]["circle_id"].map(lambda one: circle_names.get(one, one))
    both = sides[1].merge(
        sides[0], on=["circle_id", "facility_type"], how="outer", suffixes=("_after", "_before")
    )
    places = list(dict.fromkeys([ALL, *after.inputs.circles["circle_id"], *sides[0]["circle_id"]]))
    types = list(
        dict.fromkeys([*after.inputs.catalogue["facility_type"], *before.inputs.catalogue["facility_type"]])
    )
    at = (
        pd.Index(places).get_indexer(pd.Index(both["circle_id"])),
        pd.Index(types).get_indexer(pd.Index(both["facility_type"])),
    )
    both = both.iloc[np.lexsort((at[1], at[0]))].reset_index(drop=True)
    for when in ("before", "after"):
        for column in ("people", "people_met"):
            both[f"{column}_{when}"] = in_people(in_units(both[f"{column}_{when}"].fillna(0.0).to_numpy()))
    both["people_met_change"] = both["people_met_after"] - both["people_met_before"]
    _add_parts(both, worlds)
    change = both["people_met_change"].to_numpy()
    # Rounded to 64ths the gain may fall a step short of a change that is all gain.
    gained = np.maximum(_gained(both, verdicts), np.maximum(change, 0.0))
    both["people_gained"] = gained
    both["people_lost"] = gained - both["people_met_change"]
    return both[COVERAGE_COLUMNS]


def _whole_scope(side: Side) -> pd.DataFrame:
    table = side.results.tables["coverage"]
    columns = ["circle_id", "facility_type", "people", "people_met", "coverage_share"]
    return table.loc[table["scope"] == ALL, columns].reset_index(drop=True)


def _add_parts(both: pd.DataFrame, worlds: Worlds | None) -> None:
    if worlds is None:
        for group in GROUPS:
            both[f"by_{group}"] = np.nan
        return
    _, _, parts = worlds.parts()
    place = pd.Index(worlds.places).get_indexer(pd.Index(both["circle_id"]))
    kind = pd.Index(worlds.types).get_indexer(pd.Index(both["facility_type"]))
    for group, part in zip(GROUPS, parts, strict=True):
        both[f"by_{group}"] = in_people(part[place, kind])


def _gained(both: pd.DataFrame, verdicts: pd.DataFrame) -> np.ndarray:
    """Return the people met now who were not, at the demand points where that number rose."""
    rows = verdicts.assign(
        was=verdicts["people_before"].where(verdicts["verdict_before"] == "met", 0.0),
        now=verdicts["people_after"].where(verdicts["verdict_after"] == "met", 0.0),
    )
    same = rows["circle_id_before"] == rows["circle_id_after"]
    rise = (rows["now"] - rows["was"]).clip(lower=0.0)
    parts = [
        pd.DataFrame({"circle_id": ALL, "facility_type": rows["facility_type"], "gained": rise}),
        pd.DataFrame({"circle_id": rows["circle_id_after"], "facility_type": rows["facility_type"],
                      "gained": rise.where(same, rows["now"])}),
    ]  # fmt: skip
    total = pd.concat(parts).groupby(["circle_id", "facility_type"])["gained"].sum()
    index = pd.MultiIndex.from_frame(both[["circle_id", "facility_type"]])
    gained: np.ndarray = in_people(in_units(total.reindex(index).fillna(0.0).to_numpy()))
    return gained
