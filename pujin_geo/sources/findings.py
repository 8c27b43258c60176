"""What is found about the rows of a layer while it is read."""

from collections.abc import Callable, Iterable, Mapping, Sequence
from typing import Any

import numpy as np
import pandas as pd

from ..tables import Layer, Problem, Severity
from ..texts import Text
from .cells import clean_text

Sentence = Callable[[str], Text]
Values = Sequence[Any] | Mapping[int, Any]

SHOWN_CHARACTERS = 80


class Findings:
    """Findings about rows, and which rows are left out because of them.

    ``places`` has one row per data row: ``file``, ``row``, ``source_row``; every mask and sequence
    given to the methods is aligned with it.

    >>> from pujin_geo.tables import LAYERS
    >>> places = pd.DataFrame({"file": ["a.csv"] * 2, "row": [1, 2], "source_row": [2, 3]})
    >>> findings = Findings(LAYERS["water"], places)
    >>> findings.error([False, True], "demo", lambda value: Text(value, value), values=["x", "y"])
    >>> findings.faulty.tolist(), findings.problems[0].source_row, findings.problems[0].value
    ([False, True], 3, 'y')
    """

    def __init__(self, layer: Layer, places: pd.DataFrame) -> None:
        self.layer = layer
        self.places = places
        self.problems: list[Problem] = []
        self.faulty = np.zeros(len(places), dtype=bool)

    def error(
        self,
        mask: Iterable[bool] | np.ndarray,
        code: str,
        sentence: Sentence,
        *,
        column: str = "",
        values: Values | None = None,
    ) -> None:
        """List the rows of a mask as errors; they will be left out."""
        positions = _positions(mask)
        self.faulty[positions] = True
        self._add(positions, "error", code, sentence, column, values)

    def warn(
        self,
        mask: Iterable[bool] | np.ndarray,
        code: str,
        sentence: Sentence,
        *,
        column: str = "",
        values: Values | None = None,
    ) -> None:
        """List the rows of a mask as warnings; they are kept."""
        self._add(_positions(mask), "warning", code, sentence, column, values)

    def about_layer(self, code: str, text: Text, *, file: str, column: str = "", value: str = "") -> None:
        """List a warning about the layer as a whole."""
        self.problems.append(
            Problem(self.layer.name, "warning", code, text, file=file, column=column, value=value)
        )

    def _add(
        self,
        positions: np.ndarray,
        severity: Severity,
        code: str,
        sentence: Sentence,
        column: str,
        values: Values | None,
    ) -> None:
        if not len(positions):
            return
        files, rows, source_rows = (self.places[c].to_numpy() for c in ("file", "row", "source_row"))
        for i in positions:
            value = shown(values[i]) if values is not None else ""
            self.problems.append(
                Problem(
                    layer=self.layer.name,
                    severity=severity,
                    code=code,
                    message=sentence(value),
                    file=str(files[i]),
                    row=int(rows[i]),
                    source_row=int(source_rows[i]),
                    column=column,
                    value=value,
                )
            )


def _positions(mask: Iterable[bool] | np.ndarray) -> np.ndarray:
    return np.flatnonzero(np.asarray(mask, dtype=bool))


def shown(value: Any) -> str:
    """Return a value as a message shows it: one line, cut where it is long.

    >>> shown("  约200 "), shown(None), len(shown("长" * 500))
    ('约200', '', 80)
    """
    text = clean_text(value) or ("" if value is None else " ".join(str(value).split()))
    text = "" if text.lower() in ("nan", "nat", "<na>") else text
    return text if len(text) <= SHOWN_CHARACTERS else text[: SHOWN_CHARACTERS - 1] + "…"
