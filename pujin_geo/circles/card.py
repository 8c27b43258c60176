"""What is known of one circle on a page: its figures, what it has and what it lacks."""

from dataclasses import dataclass

import pandas as pd

from ..catalogue import suitability_names
from ..errors import SettingsError
from ..results import Results
from ..tables import ALL
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
    lang = lang or results.lang
    circles = results.tables["circles"].set_index("circle_id")
    if circle_id not in circles.index:
        listed = ", ".join(circles.index) or "-"
        raise SettingsError(
            Text(
                f"没有编号为 {circle_id} 的生活圈; 现有: {listed}。",
                f"There is no circle {circle_id}; there are {listed}.",
            )
        )
    circle = circles.loc[circle_id]
    title = Text(
        f"{circle['name'] or circle_id} ({circle_id}) · {MARK}",
        f"{circle['name'] or circle_id} ({circle_id}) · schematic, for internal discussion",
    )
    return Card(
        title=title.of(lang),
        figures=_figures(results, circle_id, circle, lang),
        facilities=_facilities(results, circle_id, lang),
        gaps=_gaps(results, circle_id, lang),
    )


def _figures(results: Results, circle_id: str, circle: pd.Series, lang: Lang) -> pd.DataFrame:
    residents = results.tables["residents"]
    here = residents[(residents["circle_id"] == circle_id) & residents["inside_boundary"]]
    rural = float(here.loc[here["scope"] == "rural", "population"].sum())
    farthest_m = circle["farthest_walk_m"]
    committees = [one for one in str(circle["committees"]).split(";") if one]
    rows = [
        (Text("常住人口", "residents"), f"{circle['population']:,.0f}"),
        (Text("其中乡村", "of them rural"), f"{rural:,.0f}"),
        (Text("面积 (平方公里)", "area (km²)"), f"{circle['area_km2']:.2f}"),
        (Text("居村委", "committees"), ", ".join(committees) or "—"),
        (Text("中心设施", "hub"), str(circle["hub_facility_id"]) or Text("无", "none").of(lang)),
        (
            Text("到中心最远步行 (米)", "farthest walk to the hub (m)"),
            "—" if pd.isna(farthest_m) else f"{farthest_m:,.0f}",
        ),
    ]
    return pd.DataFrame([(name.of(lang), value) for name, value in rows], columns=["figure", "value"])


def _type_names(results: Results, lang: Lang) -> pd.Series:
    catalogue = results.inputs.catalogue.set_index("facility_type")
    return catalogue["name_en" if lang == "en" else "name_zh"]


def _facilities(results: Results, circle_id: str, lang: Lang) -> pd.DataFrame:
    table = results.tables["facilities"]
    here = table[(table["circle_id"] == circle_id) & (table["status"] == "existing")]
    counted = here.groupby(["suitability", "facility_type"]).size().rename("count").reset_index()
    order = {name: number for number, name in enumerate(suitability_names)}
    counted = counted.assign(rank=counted["suitability"].map(order)).sort_values(
        ["rank", "facility_type"], ignore_index=True
    )
    counted["facility_name"] = counted["facility_type"].map(_type_names(results, lang))
    counted["suitability"] = counted["suitability"].map({k: t.of(lang) for k, t in suitability_names.items()})
    return counted[["suitability", "facility_type", "facility_name", "count"]]


def _gaps(results: Results, circle_id: str, lang: Lang) -> pd.DataFrame:
    table = results.tables["coverage"]
    here = table[(table["circle_id"] == circle_id) & (table["scope"] == ALL)]
    here = here[(here["people_not_met"] > 0) | (here["people_unknown"] > 0)]
    here = here.assign(facility_name=here["facility_type"].map(_type_names(results, lang)))
    columns = [
        "facility_type", "facility_name", "people", "people_not_met", "people_unknown", "coverage_share",
    ]  # fmt: skip
    ranked = here.sort_values(["people_not_met", "people_unknown"], ascending=False, kind="stable")
    return ranked[columns].reset_index(drop=True)
