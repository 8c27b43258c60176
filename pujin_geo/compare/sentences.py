"""One sentence per circle, written from the figures."""

from typing import TYPE_CHECKING, Any

import pandas as pd

from ..maps.figures import percent
from ..tables import ALL
from ..texts import Lang, Text
from .sides import Side
from .worlds import GROUPS

if TYPE_CHECKING:
    from .comparison import Comparison

COLUMNS = ["circle_id", "name", "people_type_pairs_change", "has_changed", "sentence"]
MOST_TYPES = 3


def circle_sentences(
    before: Side,
    after: Side,
    coverage: pd.DataFrame,
    circle_names: dict[str, str],
    *,
    lang: Lang,
    smallest: int = 0,
) -> pd.DataFrame:
    """Return one sentence for the whole study and for each circle, in the order of ``coverage``.

    ``people_type_pairs_change`` is the change of people met, summed over types: a person counts once per type.

    Args:
        before, after: the two runs.
        coverage: the ``coverage_changes`` table.
        circle_names: earlier ``circle_id`` → the later one of the same circle, where it differs.
        lang: language of the sentences.
        smallest: numbers of people above 0 and below this are not told.
    """
    names = _names(before, after, circle_names, lang)
    types = _type_names(before, after, lang)
    rows = []
    for circle_id, mine in coverage.groupby("circle_id", sort=False):
        name = names.get(str(circle_id), "")
        change = float(mine["people_met_change"].sum())
        label = name if circle_id == ALL else f"{circle_id} {name}".strip()
        sentence = _sentence(label, mine, types, lang, smallest)
        has_changed = bool((mine[["people_gained", "people_lost"]] != 0).any(axis=None))
        rows.append((circle_id, name, change, has_changed, sentence))
    return pd.DataFrame(rows, columns=COLUMNS)


def signed(people: float, smallest: int = 0) -> str:
    """Return a change of people in words; one that is too small to be told reads "<5".

    >>> signed(1240.0), signed(-320.0), signed(-3.0, 5), signed(0.0)
    ('+1,240', '−320', '−<5', '0')
    """
    if people == 0:
        return "0"
    sign = "+" if people > 0 else "−"
    if abs(people) < smallest:
        return f"{sign}<{smallest}"
    if abs(people) < 0.5:
        return f"{sign}<1"
    return f"{sign}{abs(people):,.0f}"


def _names(before: Side, after: Side, circle_names: dict[str, str], lang: Lang) -> dict[str, str]:
    names = {ALL: Text("全域", "The whole study").of(lang)}
    for row in before.inputs.circles[["circle_id", "name"]].itertuples(index=False):
        names[circle_names.get(row.circle_id, row.circle_id)] = row.name
    return names | dict(zip(after.inputs.circles["circle_id"], after.inputs.circles["name"], strict=True))


def _type_names(before: Side, after: Side, lang: Lang) -> dict[str, str]:
    column = "name_en" if lang == "en" else "name_zh"
    names: dict[str, str] = {}
    for side in (before, after):
        catalogue = side.inputs.catalogue
        names |= dict(zip(catalogue["facility_type"], catalogue[column], strict=True))
    return names


def circle_labels(comparison: "Comparison") -> dict[str, str]:
    """Return what the whole study and each circle of either run are called: id and name."""
    names = _names(comparison.before, comparison.after, comparison.circle_names, comparison.lang)
    return {one: name if one == ALL else f"{one} {name}".strip() for one, name in names.items()}


def type_names(comparison: "Comparison") -> dict[str, str]:
    """Return what the types of either run are called."""
    return _type_names(comparison.before, comparison.after, comparison.lang)


def _sentence(label: str, mine: pd.DataFrame, types: dict[str, str], lang: Lang, smallest: int) -> str:
    gained, lost = float(mine["people_gained"].sum()), float(mine["people_lost"].sum())
    if not gained and not lost:
        same_people = (mine["people_before"] == mine["people_after"]).all()
        if same_people:
            return Text(f"{label}: 达标人数没有变化。", f"{label}: nobody gained or lost a facility.").of(
                lang
            )
        return Text(
            f"{label}: 服务人口有变化, 达标人数没有变化。",
            f"{label}: the people served changed, those who are met did not.",
        ).of(lang)
    words = Text(
        f"{label}: 达标人次{_net(gained, lost, smallest).zh}{_causes(mine, smallest).zh}; {_types(mine, types, smallest).zh}。",
        f"{label}: {_net(gained, lost, smallest).en}{_causes(mine, smallest).en}; {_types(mine, types, smallest).en}.",
    )
    return words.of(lang)


def _net(gained: float, lost: float, smallest: int) -> Text:
    net = gained - lost
    up, down = (signed(number, smallest).lstrip("+") for number in (gained, lost))
    if not lost:
        return Text(f"增加 {up}", f"{up} more person-types are met")
    if not gained:
        return Text(f"减少 {down}", f"{down} fewer person-types are met")
    both_zh, both_en = f" (增 {up}, 减 {down})", f" ({up} gained, {down} lost)"
    if net == 0:
        return Text(f"增减相抵{both_zh}", f"gains and losses of person-types even out{both_en}")
    size = signed(abs(net), smallest).lstrip("+")
    if net > 0:
        return Text(f"净增 {size}{both_zh}", f"{size} more person-types are met{both_en}")
    return Text(f"净减 {size}{both_zh}", f"{size} fewer person-types are met{both_en}")


def _causes(mine: pd.DataFrame, smallest: int) -> Text:
    parts = {group: float(mine[f"by_{group}"].sum()) for group in GROUPS}
    told = [(text, signed(parts[group], smallest)) for group, text in GROUPS.items() if parts[group]]
    told = [(text, number) for text, number in told if "nan" not in number]
    if not told:
        return Text("", "")
    zh = "、".join(f"{text.zh} {number}" for text, number in told)
    en = ", ".join(f"{text.en} {number}" for text, number in told)
    return Text(f", 原因: {zh}", f", owing to {en}")


def _types(mine: pd.DataFrame, types: dict[str, str], smallest: int) -> Text:
    changed = mine[mine["people_met_change"] != 0]
    order = changed["people_met_change"].abs().sort_values(ascending=False, kind="stable").index
    rows: list[dict[str, Any]] = changed.loc[order[:MOST_TYPES]].to_dict("records")
    if not rows:
        return Text("各类人数合计不变", "no type's number changed")
    told = []
    for row in rows:
        number = signed(row["people_met_change"], smallest)
        small = abs(row["people_met_change"]) < smallest
        told.append((types[row["facility_type"]], number, Text("", "") if small else _shares(row)))
    zh = "、".join(f"{name} {number} 人{shares.zh}" for name, number, shares in told)
    en = ", ".join(f"{name} {number}{shares.en}" for name, number, shares in told)
    most = len(changed) > len(rows)
    return Text(
        f"{'变化最大的是' if most else '变化的是'}{zh}", f"{'most of all' if most else 'namely'} {en}"
    )


def _shares(row: dict[str, Any]) -> Text:
    """Return coverage before and after in brackets; where nobody is judged on one side, that in words."""
    before, after = (float(row[f"coverage_share_{when}"]) for when in ("before", "after"))
    if pd.isna(before):
        return Text(
            f" (此前未评价, 现覆盖率 {percent(after)})",
            f" (not judged before, coverage now {percent(after)})",
        )
    if pd.isna(after):
        return Text(
            f" (此前覆盖率 {percent(before)}, 现不评价)",
            f" (coverage {percent(before)} before, not judged now)",
        )
    return Text(
        f" (覆盖率 {percent(before)} → {percent(after)})", f" (coverage {percent(before)} → {percent(after)})"
    )
