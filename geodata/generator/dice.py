"""Reproducible chance: built on ``random.Random.random`` alone, the one stream that Python guarantees."""

from __future__ import annotations

import random
from collections.abc import Sequence
from typing import TypeVar

Item = TypeVar("Item")


class Dice:
    """A seeded source of choices; each topic has its own, so that a change to one leaves the others alone.

    >>> Dice("a").between(0, 1) == Dice("a").between(0, 1)
    True
    """

    def __init__(self, topic: str) -> None:
        self._random = random.Random(int.from_bytes(f"pujin-2023/{topic}".encode(), "big"))

    def between(self, low: float, high: float) -> float:
        """Return a number in [low, high)."""
        return low + (high - low) * self._random.random()

    def chance(self, share: float) -> bool:
        """Return True in this share of the throws."""
        return self._random.random() < share

    def pick(self, items: Sequence[Item]) -> Item:
        """Return one item."""
        return items[int(self._random.random() * len(items))]

    def shuffled(self, items: Sequence[Item]) -> list[Item]:
        """Return the items in a random order."""
        left = list(items)
        return [left.pop(int(self._random.random() * len(left))) for _ in range(len(left))]


def share_out(total: int, weights: Sequence[float]) -> list[int]:
    """Split a whole number by weights with the largest-remainder method; the parts sum exactly.

    >>> share_out(10, [1, 1, 1])
    [4, 3, 3]
    """
    whole = sum(weights)
    exact = [total * weight / whole for weight in weights]
    parts = [int(value) for value in exact]
    order = sorted(range(len(weights)), key=lambda i: (parts[i] - exact[i], i))
    for i in order[: total - sum(parts)]:
        parts[i] += 1
    return parts
