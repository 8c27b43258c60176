"""The earlier run beside the later one: two maps that move together."""

from dataclasses import replace
from typing import TYPE_CHECKING, Any

import geopandas as gpd
import numpy as np
import pandas as pd
import shapely

from ..maps.basemap import background
from ..maps.coverage import definition_words, demand_layer, legend_words
from ..maps.figures import percent, whole
from ..maps.functions import all_functions, function_layer, type_json
from ..maps.page import MapPage, map_page
from ..maps.palette import CHANGE_COLOURS, DEMAND_CLASSES, VERDICT_COLOURS
from ..maps.shared import Shared, coverage_types
from ..maps.words import STATUSES, page_texts
from ..results import Results
from ..tables import ALL
from ..texts import Text
from ..walking.verdicts import counts
from .page import NEWER_COLOUR, OLDER_COLOUR, changed_streets
from .sentences import signed
from .shown import coverage_shown, effects_shown
from .words import TITLE

if TYPE_CHECKING:
    from .comparison import Comparison

GROUND = ("streets", "water", "green", "residential_land", "barriers", "boundary", "extent", "committees")


def comparison_map(comparison: "Comparison") -> MapPage:
    """Return two maps side by side, each on the ground of its own run; a facility type is chosen beside them.

    Points of either run are on both maps; where a run does not have one it is not judged there.
    """
    lang = comparison.lang
    before, after = _joint(comparison)
    types = coverage_types(after)
    judged = set(before.tables["distances"]["facility_type"]) | set(
        after.tables["distances"]["facility_type"]
    )
    types["judged"] = types["facility_type"].isin(judged)
    demand, later = demand_layer(before, types), demand_layer(after, types)
    functions, is_open = _functions(comparison)
    name = comparison.after.inputs.study.name
    data: dict[str, Any] = {
        "types": [
            type_json(row, lang) | {"basic": row["class"] == "basic", "judged": bool(row["judged"])}
            for row in types.to_dict("records")
        ],
        **function_layer(functions, types, after.tables["circles"]["circle_id"].tolist()),
        "open": is_open,
        "projects": _effect_rows(comparison, functions),
        "demandTables": ["verdict_changes"],
        "demand": later | {"verdicts": demand["verdicts"], "walks": demand["walks"]},
        "after": {"verdicts": later["verdicts"], "walks": later["walks"]},
        "changedStreets": [_lines(changed_streets(comparison, is_later=flag)) for flag in (False, True)],
        "classes": [[bound, colour] for bound, colour, _ in DEMAND_CLASSES],
        "verdictColours": VERDICT_COLOURS,
        "changeColours": CHANGE_COLOURS,
        "statuses": {key: text.of(lang) for key, text in STATUSES.items()},
        "text": page_texts(
            lang,
            before=Text(f"前: {comparison.before.name}", f"Before: {comparison.before.name}"),
            later=Text(f"后: {comparison.after.name}", f"After: {comparison.after.name}"),
            unchanged=Text("此处没有变化", "nothing changed here"),
            changed=Text("此处的变化", "what changed here"),
            newlyServed=Text("单独影响 (人)", "alone (people)"),
            within=Text("最后影响 (人)", "last (people)"),
        ),
    }
    if not _same_ground(comparison):
        data["baseAfter"] = background(comparison.after.inputs).as_json()
    return map_page(
        Shared(replace(comparison.marked, tables=after.tables), background(comparison.before.inputs)),
        title=f"{name} · {TITLE.of(lang)}",
        template="compare_map.html.j2",
        words=_words(comparison),
        data=data,
        scripts=("signs.js", "demand.js", "streets.js", "before_after.js"),
        start="pujin.beforeAfter",
    )


def _joint(comparison: "Comparison") -> tuple[Results, Results]:
    """Return the results of both runs over the demand points and types of either."""
    before, after = comparison.before, comparison.after
    pairs = comparison.pairs["residents"]
    ids = before.inputs.residents["demand_id"].to_numpy(dtype=object)
    names = dict(
        zip(
            ids[pairs.before],
            after.inputs.residents["demand_id"].to_numpy(dtype=object)[pairs.after],
            strict=True,
        )
    )
    names |= {one: f"{one} " for one in ids[pairs.gone]}  # not to be taken for a later point of that id
    only_before = before.results.tables["residents"].iloc[pairs.gone]
    only_before = only_before.assign(demand_id=only_before["demand_id"].map(names))
    residents = pd.concat([after.results.tables["residents"], only_before], ignore_index=True)
    one, other = before.inputs.catalogue, after.inputs.catalogue
    missing = one[~one["facility_type"].isin(other["facility_type"])]
    catalogue = pd.concat([other, missing], ignore_index=True)
    inputs = replace(after.inputs, catalogue=catalogue)
    tables = after.results.tables | {"residents": residents}
    earlier = before.results.tables["distances"]
    earlier = earlier.assign(demand_id=earlier["demand_id"].map(names))
    later = replace(after.results, inputs=inputs, tables=tables)
    return replace(later, tables=tables | {"distances": earlier}), later


def _functions(comparison: "Comparison") -> tuple[pd.DataFrame, list[list[int]]]:
    """Return the functions of both runs, and whether each counts before and after; what was altered stands twice."""
    before, after = comparison.before, comparison.after
    pairs = comparison.pairs["facilities"]
    counting = [counts(side.inputs, include_planned=side.include_planned) for side in (before, after)]
    layers = before.inputs.facilities, after.inputs.facilities
    earlier_of = np.full(len(layers[1]), -1, dtype=np.int64)
    earlier_of[pairs.after] = pairs.before
    alike = np.zeros(len(layers[1]), dtype=bool)
    for i, j in zip(pairs.before.tolist(), pairs.after.tolist(), strict=True):
        a, b = layers[0].iloc[i], layers[1].iloc[j]
        alike[j] = (a["facility_type"], a["status"]) == (
            b["facility_type"],
            b["status"],
        ) and a.geometry.equals_exact(b.geometry, 0.0)
    was = np.where(alike, counting[0][earlier_of], False)
    gone = np.setdiff1d(np.arange(len(layers[0])), earlier_of[alike])
    gone = gone[counting[0][gone]]
    both = pd.concat(
        [all_functions(after.results), all_functions(before.results).iloc[gone]], ignore_index=True
    )
    flags = [[int(a), int(b)] for a, b in zip(was, counting[1], strict=True)] + [[1, 0] for _ in gone]
    return both, flags


def _effect_rows(comparison: "Comparison", functions: pd.DataFrame) -> dict[str, list[str]]:
    """Return, by position among the functions, what a facility did alone and last."""
    table = effects_shown(comparison)
    effect = {
        key: [_text(row["people_alone"]), _text(row["people_last"])]
        for row in table.to_dict("records")
        for key in {row["facility_id"], row["facility_id_before"]} - {""}
    }
    ids = functions["facility_id"].tolist()
    return {str(at): effect[one] for at, one in enumerate(ids) if one in effect}


def _text(value: float | str) -> str:
    return value if isinstance(value, str) else signed(value)


def _lines(streets: gpd.GeoDataFrame) -> list[list[list[float]]]:
    lines = shapely.get_parts(streets.to_crs("EPSG:4326").geometry.to_numpy())
    return [[[round(y, 6), round(x, 6)] for x, y in shapely.get_coordinates(line).tolist()] for line in lines]


def _same_ground(comparison: "Comparison") -> bool:
    """Tell whether both runs are drawn on the same streets, water and borders."""
    data = comparison["data_changes"]
    return not data["layer"].isin(GROUND).any()


def _words(comparison: "Comparison") -> dict[str, Any]:
    lang = comparison.lang
    shown = coverage_shown(comparison, circles=False)
    rows = [
        {
            "id": row["facility_type"],
            "name": row["type_name"],
            "before": f"{whole(row['people_met_before'])} ({percent(row['coverage_share_before'])})",
            "after": f"{whole(row['people_met_after'])} ({percent(row['coverage_share_after'])})",
            "change": _text(row["people_met_change"]),
        }
        for row in shown[shown["circle_id"] == ALL].to_dict("records")
    ]
    return {
        "rows": rows,
        "changes": CHANGE_COLOURS,
        "older": OLDER_COLOUR,
        "newer": NEWER_COLOUR,
        "definitions": definition_words(comparison.after.results),
        **legend_words(lang),
    }
