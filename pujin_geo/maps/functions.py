"""Facilities for the page: numbered types, and one row per function with what its card says."""

import math
from typing import TYPE_CHECKING, Any

import pandas as pd

from ..catalogue import suitability_names
from ..texts import Lang
from .palette import SUITABILITY_COLOURS

if TYPE_CHECKING:
    from ..results import Results


def numbered_types(catalogue: pd.DataFrame) -> pd.DataFrame:
    """Return the catalogue in official order of suitability with ``number``, 1.. within the suitability.

    The same numbers as on the map of each suitability.
    """
    order = {name: place for place, name in enumerate(suitability_names)}
    ranked = catalogue.sort_values("suitability", key=lambda names: names.map(order), kind="stable")
    number = ranked.groupby("suitability", sort=False).cumcount() + 1
    return ranked.assign(number=number).reset_index(drop=True)


def all_functions(results: "Results") -> pd.DataFrame:
    """Return every accepted function with what its card says."""
    details = results.inputs.facilities.set_index("facility_id")[["area_m2", "capacity", "source", "note"]]
    return results.tables["facilities"].join(details, on="facility_id")


def function_layer(functions: pd.DataFrame, types: pd.DataFrame, circle_ids: list[str]) -> dict[str, Any]:
    """Return one row per function: site, type (from 1), status, name, longitude, latitude, area, capacity, source,

    note, circle (-1 for none); source and note are places in ``remarks``.
    """
    site = pd.factorize(functions["site_id"])[0]
    kind = pd.Index(types["facility_type"]).get_indexer(functions["facility_type"])
    circle = pd.Index(circle_ids).get_indexer(functions["circle_id"])
    remarks = remarks_of(functions)
    rows = zip(
        site.tolist(), (kind + 1).tolist(), *card_columns(functions, remarks), circle.tolist(), strict=True
    )
    return {"functions": [list(row) for row in rows], "remarks": remarks}


def card_columns(functions: pd.DataFrame, remarks: list[str]) -> list[list[Any]]:
    """Return what the card of each function says, by columns: status, name, longitude, latitude, area, capacity,

    source, note; the last two are places in the remarks.
    """
    place = {text: number for number, text in enumerate(remarks)}
    return [
        functions["status"].tolist(),
        functions["name"].tolist(),
        *([round(degrees, 6) for degrees in functions[name].tolist()] for name in ("lon", "lat")),
        *([number_or_none(value) for value in functions[name].tolist()] for name in ("area_m2", "capacity")),
        *([place[text] for text in functions[name].tolist()] for name in ("source", "note")),
    ]


def type_json(row: dict[str, Any], lang: Lang) -> dict[str, Any]:
    """Return a row of ``numbered_types`` for the page."""
    return {
        "id": row["facility_type"],
        "number": row["number"],
        "name": row["name_en"] if lang == "en" else row["name_zh"],
        "suitability": row["suitability"],
        "colour": SUITABILITY_COLOURS[row["suitability"]],
    }


def remarks_of(functions: pd.DataFrame) -> list[str]:
    """Return every source and note once: many facilities share them.

    >>> remarks_of(pd.DataFrame({"source": ["survey", "survey"], "note": ["", "closed on Mondays"]}))
    ['survey', '', 'closed on Mondays']
    """
    return list(dict.fromkeys([*functions["source"].tolist(), *functions["note"].tolist()]))


def number_or_none(value: float) -> float | None:
    """Return a number with one decimal for the page, None where there is none."""
    return None if math.isnan(value) else round(float(value), 1)
