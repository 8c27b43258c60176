"""A comparison as one page for the meeting: pictures before and after, sentences, causes; complete in itself."""

from pathlib import Path
from typing import TYPE_CHECKING, Any

import pandas as pd
import shapely
from markupsafe import Markup

from ..maps import basemap, drawing
from ..maps.coverage import basic_reach
from ..maps.figures import percent, whole
from ..maps.offline import with_policy
from ..maps.palette import CHANGE_COLOURS, DEMAND_CLASSES, LAND_COLOUR
from ..maps.references import how_to_trace
from ..maps.templates import templates
from ..maps.words import notices
from ..tables import ALL
from ..texts import Text
from .data_changes import CHANGES
from .sentences import signed, type_names
from .shown import (
    coverage_shown,
    data_shown,
    effects_shown,
    gap_areas_shown,
    layer_names,
    sentences_shown,
    smallest_of,
)
from .words import DEFINITIONS, TITLE
from .worlds import GROUPS

if TYPE_CHECKING:
    from .comparison import Comparison
    from .sides import Side

MOST_EFFECTS = 40
MOST_AREAS = 30
MOST_POINTS = 4
AREA_SIDES = {
    "closed": Text("消除: 类型和居民点", "Closed: types, demand points"),
    "opened": Text("出现: 类型和居民点", "Opened: types, demand points"),
}
MOST_DATA = 60
OLDER_COLOUR, NEWER_COLOUR = "#a5302c", "#8a1c5a"
"""Facilities and streets that are only in the earlier, or only in the later run."""


def write_page(comparison: "Comparison", path: Path) -> None:
    """Write the page as one file without script."""
    path.write_text(page_html(comparison), encoding="utf-8", newline="\n")


def page_html(comparison: "Comparison") -> str:
    """Return the page as HTML."""
    lang = comparison.lang
    coverage = coverage_shown(comparison)
    sentences = sentences_shown(comparison)
    areas = gap_areas_shown(comparison, most=MOST_POINTS).head(MOST_AREAS)
    page = (
        templates()
        .get_template("compare.html.j2")
        .render(
            lang=lang,
            title=TITLE.of(lang),
            study=comparison.after.inputs.study,
            before=comparison.before.name,
            after=comparison.after.name,
            marks=page_marks(comparison),
            synthetic=any(side.inputs.study.synthetic for side in (comparison.before, comparison.after)),
            notices=[text.of(lang) for text in comparison.notices],
            unchanged=comparison.is_unchanged,
            counts=_counts(comparison),
            pictures=_pictures(comparison),
            classes=[(colour, text.of(lang)) for _, colour, text in DEMAND_CLASSES],
            changes=CHANGE_COLOURS,
            older=OLDER_COLOUR,
            newer=NEWER_COLOUR,
            lead=sentences["sentence"].iat[0],
            circles=_changed_sentences(sentences),
            still=_still(comparison, sentences),
            groups=_groups(coverage, lang),
            rows=coverage[coverage["circle_id"] == ALL].to_dict("records"),
            parts=coverage[coverage["circle_id"] != ALL].to_dict("records"),
            gaps=_gap_rows(comparison),
            gap_areas=areas.to_dict("records"),
            area_sides=[
                (words.of(lang), f"types_{side}_names", f"points_{side}")
                for side, words in AREA_SIDES.items()
                if areas[f"points_{side}"].ne("").any()
            ],
            gap_area_total=len(comparison["gap_area_changes"]),
            effects=effects_shown(comparison).head(MOST_EFFECTS).to_dict("records"),
            effect_total=len(comparison["facility_effects"]),
            data_counts=_data_counts(comparison),
            data=_data_rows(comparison),
            most_data=MOST_DATA,
            smallest=smallest_of(comparison),
            definitions={key: text.of(lang) for key, text in DEFINITIONS.items()},
            whole=whole,
            percent=percent,
            signed=_signed,
            traced=_traced(comparison),
            how_to_trace=how_to_trace(lang),
        )
    )
    return with_policy(page)


def page_marks(comparison: "Comparison") -> list[str]:
    """Return the marks that the page bears: those of either run."""
    both = [*notices(comparison.after.results), *notices(comparison.before.results)]
    return list(dict.fromkeys(both))


def _signed(value: float | str) -> str:
    """Return a change with its sign; one that is hidden as it is, a blank as a dash."""
    if isinstance(value, str):
        return value.replace("-", "−") if value.startswith("-") else f"+{value}"
    return "—" if pd.isna(value) else signed(float(value))


def _traced(comparison: "Comparison") -> str:
    """Return from which data the page comes."""
    sides = (comparison.before, comparison.after)
    digits = [((side.run and side.run.input_hash) or side.results.input_hash)[:12] for side in sides]
    return Text(
        f"数据指纹 (input_hash): 前 {digits[0]}, 后 {digits[1]}。",
        f"Input hashes: before {digits[0]}, after {digits[1]}.",
    ).of(comparison.lang)


def _counts(comparison: "Comparison") -> dict[str, int]:
    tables = comparison.after.results.tables
    return {
        "facilities": len(tables["facilities"]),
        "demand_points": int(tables["residents"]["inside_boundary"].sum()),
        "verdicts": len(tables["distances"]),
    }


def _groups(coverage: pd.DataFrame, lang: Any) -> list[tuple[str, str]]:
    """Return the causes that have a part in anything: column and name."""
    columns = [(f"people_by_{group}", text.of(lang)) for group, text in GROUPS.items()]
    return [(column, name) for column, name in columns if coverage[column].fillna(0.0).ne(0.0).any()]


def _changed_sentences(sentences: pd.DataFrame) -> list[tuple[str, str]]:
    rows = sentences[(sentences["circle_id"] != ALL) & sentences["has_changed"]]
    return list(zip(rows["circle_id"], rows["sentence"], strict=True))


def _still(comparison: "Comparison", sentences: pd.DataFrame) -> str:
    """Return one sentence that names all circles where nobody gained or lost; "" if there are none."""
    rows = sentences[(sentences["circle_id"] != ALL) & ~sentences["has_changed"]]
    if rows.empty:
        return ""
    ids = rows["circle_id"].tolist()
    return Text(
        f"其余 {len(ids)} 个生活圈的达标人数没有变化: {'、'.join(ids)}。",
        f"In the other {len(ids)} circles nobody gained or lost a facility: {', '.join(ids)}.",
    ).of(comparison.lang)


def _gap_rows(comparison: "Comparison") -> list[dict[str, Any]]:
    """Return, per type, at how many demand points a gap closed or opened, and the people there."""
    table = comparison["verdict_changes"]
    rows = []
    for kind, mine in table[table["change"].isin(["gap_closed", "gap_opened"])].groupby(
        "facility_type", sort=False
    ):
        row: dict[str, Any] = {"facility_type": kind}
        for change in ("gap_closed", "gap_opened"):
            of_change = mine[mine["change"] == change]
            row[f"points_{change}"] = len(of_change)
            people = float(of_change["people_after"].sum())
            hidden = 0 < people < smallest_of(comparison)
            row[f"people_{change}"] = f"<{smallest_of(comparison)}" if hidden else people
        rows.append(row)
    names = type_names(comparison)
    return [row | {"type_name": names.get(row["facility_type"], row["facility_type"])} for row in rows]


def _data_counts(comparison: "Comparison") -> list[tuple[str, str, str]]:
    """Return, per layer, its id and name and what happened to how many rows."""
    table, lang = data_shown(comparison), comparison.lang
    names, lines = layer_names(comparison), []
    for layer, mine in table.groupby("layer", sort=False):
        counts = mine["change"].value_counts()
        said = [f"{text.of(lang)} {counts[key]}" for key, text in CHANGES.items() if key in counts]
        lines.append((str(layer), names[str(layer)], Text("、", ", ").of(lang).join(said)))
    return lines


def _data_rows(comparison: "Comparison") -> list[dict[str, Any]]:
    """Return the changes one by one; those of residents hold small numbers of people and are only counted."""
    table = data_shown(comparison)
    table = table[table["layer"] != "residents"]
    # New numbers and small edits may be many; what happened to places comes first.
    last = table["change"].isin(["renumbered", "edited"])
    rows: list[dict[str, Any]] = pd.concat([table[~last], table[last]]).to_dict("records")
    return rows


def _pictures(comparison: "Comparison") -> list[dict[str, Any]]:
    """Return the two pictures, in one frame; changed streets and facilities stand out, rings on the later one."""
    if not comparison.pairs.is_one_place:
        return []
    before, after = comparison.before, comparison.after
    frame = drawing.frame_of(after.inputs)
    view = (0, 0, frame.width, frame.height)
    pictures = []
    for side, is_later in ((before, False), (after, True)):
        labels = basemap.label_points(side.inputs)
        shown = labels[labels["kind"].isin(["committee", "water"])]
        reach = basic_reach(side.results)
        words = side.name
        parts = [
            drawing.base(drawing.ground_of(drawing.ground_layers(side.inputs), frame), frame),
            _changed_streets(comparison, side, frame, is_later=is_later),
            drawing.demand_dots(reach, drawing.demand_places(side.results, reach, frame)),
            _rings(comparison, frame) if is_later else Markup(""),
            _changed_facilities(comparison, side, frame, is_later=is_later),
            drawing.names(shown, frame, view, size=120),
            drawing.scale_bar(frame, view, size=150),
            drawing.north_arrow(side.results, view, size=170),
        ]
        pictures.append({"words": words, "svg": _svg(view, words, Markup("").join(parts))})
    return pictures


def _svg(view: tuple[int, int, int, int], title: str, drawn: Markup) -> Markup:
    return Markup(
        '<svg class="picture side" width="{0}" height="{1}" viewBox="0 0 {2} {3}" font-size="120" role="img" aria-label="{4}" xmlns="http://www.w3.org/2000/svg">'
        '<rect width="{2}" height="{3}" fill="{6}"/>{5}</svg>'
    ).format(view[2] // 10, view[3] // 10, view[2], view[3], title, drawn, LAND_COLOUR)


def _changed_streets(
    comparison: "Comparison", side: "Side", frame: drawing.Frame, *, is_later: bool
) -> Markup:
    """Draw the streets that are only in this run, or were redrawn."""
    streets = changed_streets(comparison, is_later=is_later)
    return drawing.line(streets.geometry, frame, NEWER_COLOUR if is_later else OLDER_COLOUR, 40)


def changed_streets(comparison: "Comparison", *, is_later: bool) -> Any:
    """Return the streets of one run that the other has not, or has otherwise."""
    side = comparison.after if is_later else comparison.before
    pairs = comparison.pairs["streets"]
    one, other = comparison.before.inputs.streets, comparison.after.inputs.streets
    differs = [
        not a.equals_exact(b, 0.0) and not a.equals_exact(b.reverse(), 0.0)
        for a, b in zip(one.geometry.iloc[pairs.before], other.geometry.iloc[pairs.after], strict=True)
    ]
    usable = [
        (one[column].to_numpy()[pairs.before] != other[column].to_numpy()[pairs.after]).tolist()
        for column in ("walkable", "status")
    ]
    altered = [any(flags) for flags in zip(differs, *usable, strict=True)]
    mine = pairs.after if is_later else pairs.before
    alone = pairs.new if is_later else pairs.gone
    return side.inputs.streets.iloc[sorted([*mine[altered].tolist(), *alone.tolist()])]


def _changed_facilities(
    comparison: "Comparison", side: "Side", frame: drawing.Frame, *, is_later: bool
) -> Markup:
    """Draw the facilities that begin (later) or cease (earlier) to count here as diamonds."""
    effects = comparison["facility_effects"]
    column = "facility_id" if is_later else "facility_id_before"
    here = ("added", "opened", "moved") if is_later else ("removed", "closed", "moved")
    ids = effects.loc[effects["change"].isin(here), column]
    layer = side.inputs.facilities[side.inputs.facilities["facility_id"].isin(ids)]
    points = frame.points(shapely.centroid(layer.geometry.to_numpy()))
    data = "".join(f"M{x} {y - 110}l110 110l-110 110l-110 -110z" for x, y in points)
    colour = NEWER_COLOUR if is_later else OLDER_COLOUR
    if not data:
        return Markup("")
    return Markup('<path d="{}" fill="{}" stroke="#fff" stroke-width="24"/>').format(data, colour)


def _rings(comparison: "Comparison", frame: drawing.Frame) -> Markup:
    """Draw rings around the demand points that reach more or fewer types than before."""
    table = comparison["verdict_changes"]
    steps = (table["verdict_after"] == "met").astype(int) - (table["verdict_before"] == "met").astype(int)
    change = steps.groupby(table["demand_id"]).sum()
    layer = comparison.after.inputs.residents.set_index("demand_id").geometry
    drawn = []
    for key, wanted in (("gained", change > 0), ("lost", change < 0)):
        ids = [one for one in change.index[wanted] if one in layer.index]
        points = frame.points(shapely.point_on_surface(layer.loc[ids].to_numpy()))
        data = "".join(drawing.circle_data(x, y, 66) for x, y in points)
        if data:
            drawn.append(
                Markup('<path d="{}" fill="none" stroke="{}" stroke-width="26"/>').format(
                    data, CHANGE_COLOURS[key]
                )
            )
    return Markup("").join(drawn)
