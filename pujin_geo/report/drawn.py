"""Charts and pictures of a study, drawn once for all files that show them."""

from dataclasses import dataclass
from typing import TYPE_CHECKING

from markupsafe import Markup

from ..maps.overview import Pictures, pictures
from .charts import charts

if TYPE_CHECKING:
    from ..results import Results


@dataclass(frozen=True)
class Drawn:
    """What ``charts.charts`` and ``overview.pictures`` return."""

    charts: dict[str, Markup]
    pictures: Pictures


def draw(results: "Results") -> Drawn:
    """Return the charts and pictures of an analysed study."""
    return Drawn(charts(results), pictures(results))
