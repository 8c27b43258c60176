"""A change shared out over its causes so that the parts add up to it exactly: Shapley values in whole numbers.

Each cause is either as it was before or as it is after. The part of a cause is the mean, over all orders in which
the causes could have changed one after the other, of what the figure changes when this cause changes (Shapley
1953). Nobody's order is preferred, causes without effect get nothing, and the parts add up to the whole change.
"""

from math import factorial

import numpy as np

from ..walking.network import Floats, Ints

UNIT = 64
"""People are counted in 64ths: a sum of such numbers is exact in float64, and each prints in six decimals."""


def in_units(people: Floats) -> Ints:
    """Return people as whole numbers of 1/64.

    >>> in_units(np.array([3.0, 0.25])).tolist()
    [192, 16]
    """
    units: Ints = np.rint(np.asarray(people, dtype=float) * UNIT).astype(np.int64)
    return units


def in_people(units: Ints) -> Floats:
    """Return whole numbers of 1/64 as people."""
    people: Floats = units / UNIT
    return people


def shapley(worlds: Ints, causes: int) -> Ints:
    """Return the part of each cause in the change of every figure.

    Args:
        worlds: (2 ** causes, …) figures as whole numbers; bit i of the first index tells whether cause i is as it is
            after.
        causes: how many there are.

    Returns:
        (causes, …) whole numbers whose sum over the causes is ``worlds[-1] - worlds[0]``. What does not divide evenly
        goes, one unit each, to the parts that were rounded down most, of equals to the first.

    Two people are met only if both a shop and a way to it are new; each cause has half of that:

    >>> shapley(np.array([0, 0, 0, 2]), 2).tolist()
    [1, 1]
    """
    orders = factorial(causes)
    total = np.zeros((causes, *worlds.shape[1:]), dtype=np.int64)
    for world in range(2**causes):
        before = world.bit_count()
        for cause in range(causes):
            if not world >> cause & 1:
                ways = factorial(before) * factorial(causes - before - 1)
                total[cause] += ways * (worlds[world | 1 << cause] - worlds[world])
    part = total // orders
    left = total - part * orders
    short = left.sum(axis=0) // orders
    # Ranks of the remainders, the greatest first; a stable sort gives equals to the first cause.
    rank = np.argsort(np.argsort(-left, axis=0, kind="stable"), axis=0, kind="stable")
    parts: Ints = part + (rank < short)
    return parts
