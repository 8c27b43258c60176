"""The tables of a comparison as they are handed out: small counts hidden, types and circles by name."""

from typing import TYPE_CHECKING

import pandas as pd

from ..coverage.disclosure import suppressed
from ..tables import ALL, LAYERS, REGISTERS
from ..texts import Text
from .data_changes import CHANGES
from .effects import COLUMNS as EFFECT_COLUMNS
from .gap_changes import AREA_CHANGES
from .sentences import circle_labels, circle_sentences, type_names
from .worlds import GROUPS

if TYPE_CHECKING:
    from .comparison import Comparison

MORE_LAYERS: dict[str, Text] = {
    "catalogue": Text("设施目录", "catalogue"),
    "settings": Text("设置", "settings"),
    "study": Text("研究", "study"),
    "version": Text("程序版本", "versions"),
}

VERDICT_CHANGES: dict[str, Text] = {
    "gap_closed": Text("缺口消除", "gap closed"),
    "gap_opened": Text("出现缺口", "gap opened"),
    "verdict": Text("判定改变", "verdict changed"),
    "new_point": Text("新增居民点", "new demand point"),
    "gone_point": Text("居民点消失", "demand point gone"),
    "newly_judged": Text("开始评价", "newly judged"),
    "no_longer_judged": Text("不再评价", "no longer judged"),
    "people": Text("人数变化", "people changed"),
    "circle": Text("换了生活圈", "other circle"),
}


def smallest_of(comparison: "Comparison") -> int:
    """Return the least count of people that may be shown: the stricter of the two studies'."""
    return max(
        side.inputs.study.settings.smallest_count_shown for side in (comparison.before, comparison.after)
    )


def coverage_shown(comparison: "Comparison", *, circles: bool = True) -> pd.DataFrame:
    """Return the rows of ``coverage_changes`` where anything changed, for handing out.

    Causes are ``people_by_…`` here, so that they are known to count people.
    """
    table = comparison["coverage_changes"]
    changed = (table[["people_met_change", "people_gained", "people_lost"]] != 0).any(axis=1)
    changed |= table[[f"by_{group}" for group in GROUPS]].fillna(0.0).ne(0.0).any(axis=1)
    changed &= (table["circle_id"] == ALL) | circles
    rows = table[changed].rename(columns={f"by_{group}": f"people_by_{group}" for group in GROUPS})
    shown = suppressed(rows, smallest=smallest_of(comparison)).reset_index(drop=True)
    labels, types = circle_labels(comparison), type_names(comparison)
    return shown.assign(circle=shown["circle_id"].map(labels), type_name=shown["facility_type"].map(types))


def effects_shown(comparison: "Comparison") -> pd.DataFrame:
    """Return ``facility_effects`` for handing out."""
    table = comparison["facility_effects"]
    shown = suppressed(table, smallest=smallest_of(comparison)) if len(table) else table
    lang = comparison.lang
    return shown[EFFECT_COLUMNS].assign(
        type_name=shown["facility_type"].map(type_names(comparison)),
        change_name=[CHANGES[one].of(lang) for one in shown["change"]],
    )


def verdicts_shown(comparison: "Comparison") -> pd.DataFrame:
    """Return ``verdict_changes`` for handing out."""
    table = comparison["verdict_changes"]
    shown = suppressed(table, smallest=smallest_of(comparison)) if len(table) else table
    lang = comparison.lang
    return shown.assign(
        type_name=shown["facility_type"].map(type_names(comparison)),
        change_name=[VERDICT_CHANGES[one].of(lang) for one in shown["change"]],
    )


def gap_areas_shown(comparison: "Comparison", *, most: int | None = None) -> pd.DataFrame:
    """Return ``gap_area_changes`` for handing out, with types and demand points by name; ``most`` points at most."""
    table, lang = comparison["gap_area_changes"], comparison.lang
    shown = suppressed(table, smallest=smallest_of(comparison)) if len(table) else table
    types, apart = type_names(comparison), Text("、", ", ").of(lang)
    points = {
        one.demand_id: one.name or one.demand_id
        for side in (comparison.before, comparison.after)
        for one in side.inputs.residents[["demand_id", "name"]].itertuples()
    }

    def listed(joined: str, names: dict[str, str], most: int | None = None) -> str:
        ids = [one for one in joined.split(";") if one]
        words = apart.join(names.get(one) or one for one in ids[:most])
        rest = len(ids) - len(ids[:most])
        return words + (Text(f"等{len(ids)}处", f" and {rest} more").of(lang) if rest else "")

    return shown.assign(
        change_name=[AREA_CHANGES[one].of(lang) for one in shown["change"]],
        **{
            column: [listed(ids, names, at_most) for ids in shown[source]]
            for side in ("closed", "opened")
            for column, source, names, at_most in (
                (f"types_{side}_names", f"types_{side}", types, None),
                (f"points_{side}", f"demand_ids_{side}", points, most),
            )
        },
    )


def data_shown(comparison: "Comparison") -> pd.DataFrame:
    """Return ``data_changes`` with layers and changes in words; versions of libraries are left to the table."""
    table, lang = comparison["data_changes"], comparison.lang
    table = table[(table["layer"] != "version") | table["id"].isin(["pujin_geo", "format_version"])]
    return table.assign(
        layer_name=table["layer"].map(layer_names(comparison)),
        change_name=[CHANGES[one].of(lang) for one in table["change"]],
    ).reset_index(drop=True)


def layer_names(comparison: "Comparison") -> dict[str, str]:
    """Return what layers, registers, rules and versions are called."""
    lang = comparison.lang
    titles = {name: layer.title for name, layer in {**LAYERS, **REGISTERS}.items()} | MORE_LAYERS
    return {name: title.of(lang) for name, title in titles.items()}


def sentences_shown(comparison: "Comparison") -> pd.DataFrame:
    """Return the sentences of the circles for handing out."""
    return circle_sentences(
        comparison.before,
        comparison.after,
        comparison["coverage_changes"],
        comparison.circle_names,
        lang=comparison.lang,
        smallest=smallest_of(comparison),
    )
