"""Results to ``cards.html``: one printed page per living circle; complete in itself."""

from pathlib import Path
from typing import TYPE_CHECKING, Any

from ..catalogue import suitability_names
from ..circles import circle_card
from ..coverage.disclosure import suppressed
from ..definitions import DEFINITIONS
from ..maps.figures import percent, whole
from ..maps.offline import content_security_policy
from ..maps.words import notices, templates
from .charts import profile_svg

if TYPE_CHECKING:
    from ..results import Results

MOST_GAPS = 12


def write_cards(results: "Results", path: Path) -> None:
    """Write the cards of all circles into one page; nothing for a study without circles."""
    if not results.inputs.circles.empty:
        path.write_text(cards_html(results), encoding="utf-8", newline="\n")


def cards_html(results: "Results") -> str:
    """Return the cards of all circles as HTML: a sheet of A4 each, in the order of the circles table."""
    lang = results.lang
    page = (
        templates()
        .get_template("cards.html.j2")
        .render(
            lang=lang,
            study=results.inputs.study,
            notices=notices(results),
            cards=[_card(results, circle_id) for circle_id in results.tables["circles"]["circle_id"]],
            definition=DEFINITIONS["coverage_share"].of(lang),
            whole=whole,
            percent=percent,
        )
    )
    policy = content_security_policy(page)
    return page.replace(
        "<head>", f'<head>\n<meta http-equiv="Content-Security-Policy" content="{policy}">', 1
    )


def _card(results: "Results", circle_id: str) -> dict[str, Any]:
    card = circle_card(results, circle_id)
    smallest = results.inputs.study.settings.smallest_count_shown
    groups = card.facilities.groupby("suitability", sort=False)
    return {
        "title": card.title,
        "figures": card.figures.to_dict("records"),
        "facilities": {name: rows.to_dict("records") for name, rows in groups},
        "suitabilities": [text.of(results.lang) for text in suitability_names.values()],
        "gaps": suppressed(card.gaps.head(MOST_GAPS), smallest=smallest).to_dict("records"),
        "profile": profile_svg(results, circle_id=circle_id),
    }
