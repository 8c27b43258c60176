"""Results to ``cards.html``: an index map and one printed page per living circle; complete in itself."""

from collections.abc import Hashable
from itertools import islice
from pathlib import Path
from typing import TYPE_CHECKING, Any

import pandas as pd

from ..catalogue import suitability_names
from ..circles.card import Card, circle_cards
from ..coverage.disclosure import suppressed
from ..definitions import DEFINITIONS
from ..maps.figures import percent, whole
from ..maps.offline import with_policy
from ..maps.overview import HUB_COLOUR, hub_words
from ..maps.palette import DEMAND_CLASSES
from ..maps.references import how_to_trace, ref
from ..maps.templates import templates
from ..maps.words import notices, traced
from .drawn import Drawn, draw
from .sentences import circle_means

if TYPE_CHECKING:
    from ..results import Results

MOST_GAPS = 12


def write_cards(results: "Results", path: Path, *, drawn: Drawn | None = None) -> None:
    """Write the cards of all circles into one page; nothing for a study without circles.

    Args:
        results: an analysed study.
        path: the file; its folder exists.
        drawn: charts and pictures, where they are drawn already.
    """
    if not results.inputs.circles.empty:
        path.write_text(cards_html(results, drawn=drawn), encoding="utf-8", newline="\n")


def cards_html(results: "Results", *, drawn: Drawn | None = None) -> str:
    """Return the cards as HTML: a sheet with all circles, then one per circle in the order of the table.

    A sheet is a page of A4, or of A3 landscape with a larger map.
    """
    lang = results.lang
    drawn = drawn or draw(results)
    page = (
        templates()
        .get_template("cards.html.j2")
        .render(
            lang=lang,
            study=results.inputs.study,
            notices=notices(results),
            traced=traced(results),
            how_to_trace=how_to_trace(lang),
            pictures=drawn.pictures,
            hub_colour=HUB_COLOUR,
            hub_words=hub_words(lang),
            classes=[(colour, text.of(lang)) for _, colour, text in DEMAND_CLASSES],
            rows=_rows(results),
            cards=_cards(results, drawn),
            definition=DEFINITIONS["coverage_share"].of(lang),
            whole=whole,
            percent=percent,
        )
    )
    return with_policy(page)


def _rows(results: "Results") -> list[dict[str, Any]]:
    """Return the circles as the first sheet lists them, people suppressed."""
    smallest = results.inputs.study.settings.smallest_count_shown
    table = suppressed(results.tables["circles"], smallest=smallest)
    rows: list[dict[str, Any]] = table.join(circle_means(results), on="circle_id").to_dict("records")
    return rows


def _cards(results: "Results", drawn: Drawn) -> list[dict[str, Any]]:
    """Return what each circle's sheet says, people suppressed."""
    cards = circle_cards(results)
    if not cards:
        return []
    smallest = results.inputs.study.settings.smallest_count_shown
    gaps = [card.gaps.head(MOST_GAPS) for card in cards.values()]
    lacking = iter(suppressed(pd.concat(gaps, ignore_index=True), smallest=smallest).to_dict("records"))
    return [
        {
            "id": circle_id,
            "title": card.title,
            "figures": [
                row | {"source": source}
                for row, source in zip(
                    card.figures.to_dict("records"), _figure_sources(circle_id), strict=True
                )
            ],
            "facilities": _by_suitability(card),
            "suitabilities": [text.of(results.lang) for text in suitability_names.values()],
            "gaps": list(islice(lacking, len(mine))),
            "profile": drawn.charts[f"profile_{number}"],
        }
        for number, ((circle_id, card), mine) in enumerate(zip(cards.items(), gaps, strict=True), start=1)
    ]


def _figure_sources(circle_id: str) -> list[str]:
    """Return where the figures of a card come from, in their order."""
    rural = ref(
        "residents", "population", how="sum", circle_id=circle_id, scope="rural", inside_boundary=True
    )
    columns = ("population", "area_km2", "", "", "farthest_walk_m")
    population, *others = (ref("circles", column, circle_id=circle_id) for column in columns)
    return [population, rural, *others]


def _by_suitability(card: Card) -> dict[str, list[dict[Hashable, Any]]]:
    found: dict[str, list[dict[Hashable, Any]]] = {}
    for row in card.facilities.to_dict("records"):
        found.setdefault(row["suitability"], []).append(row)
    return found
