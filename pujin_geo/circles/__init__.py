"""Living circles (社区生活圈): describe, draw, check and edit them.

terrain = survey(inputs)             # units, neighbours on foot, possible hubs, walks
drawing = draw(terrain, count=12)    # circles, status and gap
found = check(terrain, drawing.circles)
edit = move(terrain, drawing.circles, "J01", to="LC03")
"""

from .check import Check, check
from .describe import CIRCLE_COLUMNS, HUB_TYPES, circle_of, describe_circles, overlap_problems
from .draw import Drawing, draw, drawn_or_new
from .edit import Edit, merge, move, rename, split
from .files import read_circles, write_circles
from .layer import LAYER_COLUMNS, MARK, with_circles
from .options import Band, CircleOptions, CircleSettings, Wishes, read_options
from .rules import Breach
from .save import save
from .show import Card, alternatives, circle_card, hub_reach
from .terrain import Terrain, survey

__all__ = [
    "CIRCLE_COLUMNS", "HUB_TYPES", "LAYER_COLUMNS", "MARK", "Band", "Breach", "Card", "Check", "CircleOptions",
    "CircleSettings", "Drawing", "Edit", "Terrain", "Wishes", "alternatives", "check", "circle_card", "circle_of", "describe_circles", "draw", "drawn_or_new",
    "hub_reach", "merge", "move", "overlap_problems", "read_circles", "read_options", "rename", "save", "split", "survey", "with_circles", "write_circles",
]  # fmt: skip
