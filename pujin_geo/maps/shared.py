"""What several maps of one study are made from, worked out once and only when a map asks for it."""

from dataclasses import dataclass
from functools import cached_property
from typing import TYPE_CHECKING, Any

import pandas as pd

from ..tables import records
from ..walking.verdicts import Placed, place
from .basemap import Background
from .basemap import background as background_of
from .coverage import Laid, demand_layer, whole_coverage
from .functions import all_functions, function_layer, numbered_types
from .reached_streets import Edges
from .words import frame_words

if TYPE_CHECKING:
    from ..results import Results

_SHOWN = (
    "facility_type", "suitability", "number", "name_zh", "name_en", "class", "judged",
    "threshold_urban_m", "threshold_rural_m", "threshold_confidence",
    "people", "people_met", "people_not_met", "people_unknown", "coverage_share", "straight_line_share", "mean_walk_m",
)  # fmt: skip


@dataclass(frozen=True)
class Shared:
    """A study's results as maps need them.

    Attributes:
        results: an analysed study.
        given: its background, where that is at hand.
    """

    results: "Results"
    given: Background | None = None

    @cached_property
    def background(self) -> Background:
        """The study's own layers."""
        return self.given or background_of(self.results.inputs)

    @cached_property
    def view(self) -> list[list[float]]:
        """South-west and north-east of what maps show first: the boundary, or everything."""
        boundary, grid = self.results.inputs.boundary, self.background.grid
        everything = grid.west, grid.south, grid.east, grid.north
        west, south, east, north = boundary.to_crs(4326).total_bounds if len(boundary) else everything
        return [
            [round(float(south), 6), round(float(west), 6)],
            [round(float(north), 6), round(float(east), 6)],
        ]

    @cached_property
    def frame_words(self) -> dict[str, Any]:
        """What the panel of every map says."""
        return frame_words(self.results)

    @cached_property
    def types(self) -> pd.DataFrame:
        """``numbered_types`` with ``judged`` and, where judged, the figures of the whole study."""
        return coverage_types(self.results)

    @cached_property
    def type_rows(self) -> list[dict[str, Any]]:
        """The rows of ``types``, with the columns that pages show."""
        return records(self.types[list(_SHOWN)])

    @cached_property
    def functions(self) -> pd.DataFrame:
        """Every accepted function with what its card says."""
        return all_functions(self.results)

    @cached_property
    def circle_ids(self) -> list[str]:
        """The circles' ids in the order of their table."""
        ids: list[str] = self.results.tables["circles"]["circle_id"].tolist()
        return ids

    @cached_property
    def function_layer(self) -> dict[str, Any]:
        """The functions and their sites for a page that numbers types as ``types`` does."""
        sites = [{"id": one, "others": []} for one in self.functions["site_id"].drop_duplicates().tolist()]
        return function_layer(self.functions, self.types, self.circle_ids) | {"sites": sites}

    @cached_property
    def laid(self) -> Laid:
        """The distances laid out over the judged types."""
        return Laid.out(self.results, self.types.loc[self.types["judged"], "facility_type"].tolist())

    @cached_property
    def demand(self) -> dict[str, Any]:
        """The demand points with verdicts and walks of every judged type."""
        return demand_layer(self.results, self.types, laid=self.laid)

    def demand_of(self, types: pd.DataFrame) -> dict[str, Any]:
        """Return the demand points with verdicts and walks of some of the types."""
        names = types.loc[types["judged"], "facility_type"].tolist()
        some = {key: {name: self.demand[key][name] for name in names} for key in ("verdicts", "walks")}
        return self.demand | some

    @cached_property
    def placed(self) -> Placed:
        """Demand points and counting facilities on the network."""
        results = self.results
        return place(results.inputs, results.network, include_planned=results.include_planned)

    @cached_property
    def edges(self) -> Edges:
        """The streets of the drawn area."""
        return Edges.within(self.results.network, self.background.grid.box)


def coverage_types(results: "Results") -> pd.DataFrame:
    """Return ``numbered_types`` with ``judged`` and, where judged, the figures of the whole study."""
    types = numbered_types(results.inputs.catalogue)
    figures = whole_coverage(results)
    added = ["facility_type", *(c for c in figures.columns if c not in types.columns)]
    joined = types.merge(figures[added], on="facility_type", how="left")
    return joined.assign(judged=joined["facility_type"].isin(figures["facility_type"]))
