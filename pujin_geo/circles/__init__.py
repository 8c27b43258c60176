"""Living circles (社区生活圈): describe, draw, check and edit them."""

from .describe import CIRCLE_COLUMNS, HUB_TYPES, circle_of, describe_circles

__all__ = ["CIRCLE_COLUMNS", "HUB_TYPES", "circle_of", "describe_circles"]
