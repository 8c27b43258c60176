"""What is known of one circle on a page: its figures, what it has and what it lacks."""

from collections.abc import Callable, Hashable
from dataclasses import dataclass
from typing import Any

import pandas as pd

from ..catalogue import suitability_names
from ..errors import SettingsError
from ..results import Results
from ..tables import ALL, lookup
from ..texts import Lang, Text
from .describe import MARK


@dataclass(frozen=True)
class Card:
    """What the one-page card of a circle shows.

    Attributes:
        title: name and number, with the mark of drawn boundaries.
        figures: ``figure``, ``value``: name in words and as printed.
        facilities: open facilities in the circle: suitability (in official order), ``facility_type``,
            ``facility_name`` of the type, ``count``.
        gaps: per type with people not met or unknown: ``facility_type``, ``facility_name``, ``people``,
            ``people_not_met``, ``people_unknown``, ``coverage_share``; most people not met first.
    """

    title: str
    figures: pd.DataFrame
    facilities: pd.DataFrame
    gaps: pd.DataFrame


def circle_card(results: Results, circle_id: str, *, lang: Lang | None = None) -> Card:
    """Return the card of a circle of an analysed study.

    Args:
        results: from ``analysis.analyse``.
        circle_id: a circle of the study's layer.
        lang: language of the words; that of the results if None.

    Raises:
        SettingsError: there is no such circle.
    """
    cards = circle_cards(results, lang=lang)
    if circle_id not in cards:
        listed = ", ".join(cards) or "-"
        raise SettingsError(
            Text(
                f"没有编号为 {circle_id} 的生活圈; 现有: {listed}。",
                f"There is no circle {circle_id}; there are {listed}.",
            )
        )
    return cards[circle_id]


def circle_cards(results: Results, *, lang: Lang | None = None) -> dict[str, Card]:
    """Return circle → its card, as ``circle_card`` returns it, in the order of the ``circles`` table."""
    lang = lang or results.lang
    facilities, gaps = (_by_circle(table) for table in (_facilities(results, lang), _gaps(results, lang)))
    rural, named = _rural_people(results), _names(results)
    cards = {}
    for circle in results.tables["circles"].to_dict("records"):
        circle_id = circle["circle_id"]
        name = circle["name"] or circle_id
        title = Text(
            f"{name} ({circle_id}) · {MARK}", f"{name} ({circle_id}) · schematic, for internal discussion"
        )
        cards[circle_id] = Card(
            title.of(lang),
            figures=_figures(circle, rural(circle_id), named, lang),
            facilities=facilities(circle_id),
            gaps=gaps(circle_id),
        )
    return cards


def _by_circle(table: pd.DataFrame) -> Callable[[str], pd.DataFrame]:
    """Return what gives the rows of a circle, without its id."""
    rows = table.groupby("circle_id", sort=False).indices
    told = table.drop(columns="circle_id")
    return lambda circle_id: told.iloc[rows.get(circle_id, [])].reset_index(drop=True)


def _rural_people(results: Results) -> Callable[[str], float]:
    residents = results.tables["residents"]
    is_rural = ((residents["scope"] == "rural") & residents["inside_boundary"]).to_numpy(dtype=bool)
    circle = residents["circle_id"].to_numpy(dtype=object)[is_rural]
    people = residents["population"].to_numpy(dtype=float)[is_rural]
    return lambda circle_id: float(people[circle == circle_id].sum())


def _names(results: Results) -> dict[str, str]:
    """Return the ids of committees and facilities with their names before them, where they have any."""
    layers = (("committee_id", results.inputs.committees), ("facility_id", results.tables["facilities"]))
    return {
        one: f"{name.strip()} ({one})"
        for id_column, layer in layers
        for one, name in zip(layer[id_column].tolist(), layer["name"].tolist(), strict=True)
        if name.strip()
    }


def _figures(circle: dict[Hashable, Any], rural: float, named: dict[str, str], lang: Lang) -> pd.DataFrame:
    farthest_m = circle["farthest_walk_m"]
    committees = [named.get(one, one) for one in str(circle["committees"]).split(";") if one]
    hub = str(circle["hub_facility_id"])
    rows = [
        (Text("常住人口", "residents"), f"{circle['population']:,.0f}"),
        (Text("其中乡村", "of them rural"), f"{rural:,.0f}"),
        (Text("面积 (平方公里)", "area (km²)"), f"{circle['area_km2']:.2f}"),
        (Text("居村委", "committees"), Text("、", ", ").of(lang).join(committees) or "—"),
        (Text("中心设施", "hub"), named.get(hub, hub) or Text("无", "none").of(lang)),
        (
            Text("到中心最远步行 (米)", "farthest walk to the hub (m)"),
            "—" if pd.isna(farthest_m) else f"{farthest_m:,.0f}",
        ),
    ]
    return pd.DataFrame([(name.of(lang), value) for name, value in rows], columns=["figure", "value"])


def _type_names(results: Results, lang: Lang) -> dict[str, str]:
    return lookup(results.inputs.catalogue, "facility_type", "name_en" if lang == "en" else "name_zh")


def _facilities(results: Results, lang: Lang) -> pd.DataFrame:
    """Return the open facilities of all circles, counted by type, with ``circle_id``; see ``Card``."""
    table = results.tables["facilities"]
    here = table[table["status"] == "existing"]
    keys = ["circle_id", "suitability", "facility_type"]
    counted = here.groupby(keys).size().rename("count").reset_index()
    order = {name: number for number, name in enumerate(suitability_names)}
    counted = counted.assign(rank=counted["suitability"].map(order)).sort_values(
        ["circle_id", "rank", "facility_type"], ignore_index=True
    )
    counted["facility_name"] = counted["facility_type"].map(_type_names(results, lang))
    counted["suitability"] = counted["suitability"].map({k: t.of(lang) for k, t in suitability_names.items()})
    return counted[["circle_id", "suitability", "facility_type", "facility_name", "count"]]


def _gaps(results: Results, lang: Lang) -> pd.DataFrame:
    """Return the types with people not met or unknown of all circles, with ``circle_id``; see ``Card``."""
    table = results.tables["coverage"]
    lacks = (table["people_not_met"] > 0) | (table["people_unknown"] > 0)
    here = table[(table["circle_id"] != ALL) & (table["scope"] == ALL) & lacks]
    here = here.assign(facility_name=here["facility_type"].map(_type_names(results, lang)))
    columns = [
        "circle_id", "facility_type", "facility_name", "people", "people_not_met", "people_unknown", "coverage_share",
    ]  # fmt: skip
    return here.sort_values(["people_not_met", "people_unknown"], ascending=False, kind="stable")[columns]
