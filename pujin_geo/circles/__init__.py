"""Living circles (社区生活圈): describe, draw, check and edit them.

terrain = survey(inputs)             # units, neighbours on foot, possible hubs, walks
drawing = draw(terrain, count=12)    # circles, status and gap
found = check(terrain, drawing.circles)
edit = move(terrain, drawing.circles, "J01", to="LC03")
"""

from ..lazy import lazy_names

_PUBLIC = {
    "Check": "checks",
    "check": "checks",
    "CIRCLE_COLUMNS": "describe",
    "HUB_TYPES": "describe",
    "circle_of": "describe",
    "describe_circles": "describe",
    "overlap_problems": "describe",
    "Drawing": "drawing",
    "draw": "drawing",
    "drawn_or_new": "drawing",
    "Edit": "edit",
    "merge": "edit",
    "move": "edit",
    "rename": "edit",
    "split": "edit",
    "read_circles": "files",
    "write_circles": "files",
    "LAYER_COLUMNS": "layer",
    "MARK": "describe",
    "with_circles": "layer",
    "Band": "options",
    "CircleOptions": "options",
    "CircleSettings": "options",
    "Wishes": "options",
    "read_options": "options",
    "Breach": "rules",
    "save": "saving",
    "Card": "card",
    "alternatives": "show",
    "circle_card": "card",
    "hub_reach": "show",
    "Terrain": "terrain",
    "survey": "terrain",
}
"""Public name → the module that defines it."""

__getattr__, __dir__, __all__ = lazy_names(__name__, _PUBLIC)
