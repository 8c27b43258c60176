"""A report's figures beside the study's own, counted afresh in every run."""

from collections.abc import Callable

import numpy as np
import pandas as pd

from ..inputs import Inputs
from ..walking.verdicts import is_inside

RECONCILIATION_COLUMNS = ["item", "report_figure", "study_figure", "difference", "measure", "source", "note"]

MEASURES: dict[str, Callable[[Inputs], float]] = {
    "facilities": lambda inputs: len(_open_inside(inputs)),
    "sites": lambda inputs: _open_inside(inputs)["site_id"].nunique(),
    "circles": lambda inputs: len(inputs.circles),
    "committees": lambda inputs: len(inputs.committees),
    "residential_committees": lambda inputs: int((inputs.committees["kind"] == "residential").sum()),
    "villages": lambda inputs: int((inputs.committees["kind"] == "village").sum()),
    "spaces": lambda inputs: len(inputs.spaces),
    "spaces_m2": lambda inputs: float(inputs.spaces["area_m2"].sum()),
    "people": lambda inputs: float(
        inputs.residents.loc[is_inside(inputs.residents, inputs.boundary), "population"].sum()
    ),
    "boundary_km2": lambda inputs: round(float(inputs.boundary.area.sum()) / 1e6, 2),
}
"""Measure → how the study is counted; ``facilities`` are open functions inside the boundary, ``sites`` their places."""


def reconciliation(inputs: Inputs) -> pd.DataFrame:
    """Return the ``reconciliation`` table: each figure of the register beside the study's.

    A line with a ``measure`` is counted from the layers; one without keeps the figure that the register
    states for the study. ``difference`` is study minus report.
    """
    lines = inputs.reconciliation
    counted = [
        MEASURES[key](inputs) if key in MEASURES else stated
        for key, stated in zip(lines["measure"], lines["study_figure"], strict=True)
    ]
    study_figure = np.array(counted, dtype=float)
    table = pd.DataFrame(lines.drop(columns=["row", "source_row"])).assign(
        study_figure=study_figure, difference=(study_figure - lines["report_figure"]).round(6)
    )
    return table[RECONCILIATION_COLUMNS]


def _open_inside(inputs: Inputs) -> pd.DataFrame:
    is_open = (inputs.facilities["status"] == "existing").to_numpy()
    return inputs.facilities[is_open & is_inside(inputs.facilities, inputs.boundary)]
