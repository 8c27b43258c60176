"""Colours that all maps share, and what they stand for."""

import numpy as np
from numpy.typing import NDArray

from ..texts import Text

GROUND_COLOURS: dict[str, dict[str, str]] = {
    "residential_land": {"fill": "#ece7dc"},
    "green": {"fill": "#d2e2c3"},
    "water": {"fill": "#b9d5e5"},
    "extent": {"line": "#8a8f94"},
    "no_walk": {"line": "#b3aeb9"},
    "path": {"line": "#bba98c"},
    "local": {"casing": "#cfc9bf", "fill": "#ffffff"},
    "main": {"casing": "#c3b7a0", "fill": "#fff8e3"},
    "future": {"line": "#c06c00"},
    "barriers": {"line": "#8d6e63"},
    "committees": {"line": "#8f88a8"},
    "boundary": {"line": "#5a4a8a"},
}
"""The background, pale, for what is said lies upon it: fill of areas, line, or casing and fill of streets."""

LAND_COLOUR = "#f3f1ec"
"""What lies under all of it; the same in page.css."""

PICTURE_STREETS = {
    name: GROUND_COLOURS[name].get("line") or GROUND_COLOURS[name]["casing"]
    for name in ("path", "local", "main")
}
"""Streets where they are too narrow for a casing."""

TYPE_COLOURS = (
    "#1f5fa8", "#b3446c", "#00796b", "#b35900", "#5e4fa2", "#7a5c00", "#0086a8", "#a63d2f", "#4d7326", "#8c4aa1",
    "#2f4b7c", "#96602f", "#3d7a8c", "#bf3f7f", "#556b2f", "#6d4c41", "#37648f", "#8f2d56", "#2e7d5b", "#705aa8",
)  # fmt: skip
"""Colours of facility types, dark enough for a white figure upon them; the figure tells them apart."""

SUITABILITY_COLOURS = {
    "livable": "#a65a1e",
    "workable": "#1f5fa8",
    "leisure": "#2f7d4f",
    "learning": "#6a4fa3",
    "caring": "#b0305c",
}
"""One colour per suitability, where one map shows them all."""

DEMAND_CLASSES: tuple[tuple[float, str, Text], ...] = (
    (1.0, "#0b4f6c", Text("全部", "all")),
    (0.75, "#3a93b0", Text("四分之三及以上", "three quarters or more")),
    (0.5, "#a9cfd6", Text("一半及以上", "half or more")),
    (0.25, "#f2b872", Text("四分之一及以上", "a quarter or more")),
    (0.0, "#c8553d", Text("不足四分之一", "less than a quarter")),
)
"""Lower bound of the share of basic types within reach, colour, words."""

RATIO_CLASSES: tuple[tuple[float | None, str, Text], ...] = (
    (0.5, "#0b4f6c", Text("达标, 不到标准的一半", "met, at most half the threshold")),
    (1.0, "#3a93b0", Text("达标, 一半至标准", "met, up to the threshold")),
    (1.5, "#f2b872", Text("未达标, 不超过 1.5 倍", "not met, up to 1.5 times")),
    (2.0, "#e0763f", Text("未达标, 1.5 至 2 倍", "not met, 1.5 to 2 times")),
    (None, "#a5302c", Text("未达标, 2 倍以上或无路", "not met, beyond 2 times or no path")),
)
"""Walk ÷ threshold up to which a class goes, colour, words; the verdict decides between met and not met."""

CHANGE_COLOURS = {"gained": "#e0a100", "lost": "#111111"}
"""Ring around a demand point that gains or loses a type, or reaches more or fewer basic types."""

RANK_CLASSES: tuple[tuple[int | None, str, Text], ...] = (
    (10, "#8f1d1d", Text("第 1-10 位", "rank 1-10")),
    (30, "#cf5b2e", Text("第 11-30 位", "rank 11-30")),
    (80, "#eda65d", Text("第 31-80 位", "rank 31-80")),
    (None, "#efd3a7", Text("其余", "the rest")),
)
"""Last rank of a class of gap areas, colour, words."""

CIRCLE_COLOURS = ("#e9c46a", "#a3b18a", "#d8a48f", "#c3b1d9", "#9db4c0", "#b8c0e0", "#c9ada7", "#e0d8a8")
"""Fill of living circles by their colour number; pale, for streets and names lie upon them."""

MINUTE_COLOURS = {5: "#083d4a", 10: "#1f8a9d", 15: "#7cc3cd"}
"""Streets by the minutes within which they are reached."""

VERDICT_COLOURS = {"met": "#1f7a8c", "not_met": "#c8553d", "unknown": "#8a7fa8", "none": "#b5b5b5"}


def type_colour(number: int) -> str:
    """Return the colour of a type by its number in the suitability, from 1.

    >>> type_colour(1) == type_colour(1 + len(TYPE_COLOURS))
    True
    """
    return TYPE_COLOURS[(number - 1) % len(TYPE_COLOURS)]


def demand_class(share: NDArray[np.float64]) -> NDArray[np.int64]:
    """Return the position in ``DEMAND_CLASSES`` of each share; -1 where there is none.

    >>> demand_class(np.array([1.0, 0.99, 0.5, 0.0, np.nan])).tolist()
    [0, 1, 2, 4, -1]
    """
    bounds = np.array([bound for bound, _, _ in DEMAND_CLASSES])
    position = (np.nan_to_num(share)[:, None] >= bounds).argmax(axis=1)
    return np.where(np.isnan(share), -1, position).astype(np.int64)
