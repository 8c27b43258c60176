"""What several maps of one study are made from, worked out once and only when a map asks for it."""

from dataclasses import dataclass
from functools import cached_property
from typing import TYPE_CHECKING

from .basemap import Background
from .basemap import background as background_of

if TYPE_CHECKING:
    from ..results import Results


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
