"""Which rows of two layers are the same thing: by id, else by name and place, else by place; streets by geometry."""

from dataclasses import dataclass

import geopandas as gpd
import numpy as np
import pandas as pd
import shapely
from scipy.spatial import cKDTree

from ..catalogue import normalise
from ..walking.network import Floats, Ints
from ..walking.verdicts import demand_points

NEAR_M = 200.0
"""Things of one name and kind this near to each other are taken to be one."""

FAR_M = 1_000.0
"""So are those whose name is unique among what is left, this far apart."""

SAME_SPOT_M = 10.0
"""So are things of one kind on one spot, whatever they are called."""

REDRAWN_M = 30.0
"""A line or area all of which lies this near to another is taken to be it, drawn anew (Hausdorff distance)."""

OVERLAP_SHARE = 0.5
"""So are areas that share more of their common ground than this."""

FEWEST_TO_DOUBT = 3
"""From so many ids on it is asked whether they still mean the same things."""


@dataclass(frozen=True)
class Pairs:
    """Rows of an earlier and a later layer that are one thing.

    Attributes:
        before, after: positions, pair by pair, in the order of ``after``.
        how: ``id``, ``name_and_place``, ``name``, ``place`` or ``geometry``; all but ``id`` and ``geometry`` may err.
        gone: positions in the earlier layer without a partner.
        new: positions in the later layer without a partner.
        renumbered: the ids of the two layers do not mean the same things.
    """

    before: Ints
    after: Ints
    how: tuple[str, ...]
    gone: Ints
    new: Ints
    renumbered: bool = False


class _Pairing:
    """Pairs found so far, and what is left on both sides."""

    def __init__(self, before: int, after: int) -> None:
        self._found: list[tuple[int, int, str]] = []
        self.before = np.arange(before)
        self.after = np.arange(after)

    def add(self, before: Ints, after: Ints, how: str) -> None:
        self._found += [(int(j), int(i), how) for i, j in zip(before, after, strict=True)]
        self.before = np.setdiff1d(self.before, before)
        self.after = np.setdiff1d(self.after, after)

    def pairs(self, *, renumbered: bool = False) -> Pairs:
        found = sorted(self._found)
        return Pairs(
            before=np.array([i for _, i, _ in found], dtype=np.int64),
            after=np.array([j for j, _, _ in found], dtype=np.int64),
            how=tuple(how for _, _, how in found),
            gone=self.before,
            new=self.after,
            renumbered=renumbered,
        )


def pair_things(before: gpd.GeoDataFrame, after: gpd.GeoDataFrame, id_column: str, kind: str = "") -> Pairs:
    """Pair the rows of a layer with ids.

    An id that both have means one thing, unless most of them stand for something of another name elsewhere: then
    only those that agree in name or place are believed (``renumbered``).

    Args:
        before, after: the layer in the earlier and the later run, in one CRS (metres).
        id_column: the column of ids.
        kind: a column in which things must agree when they are not paired by id.

    >>> from shapely import Point
    >>> one = gpd.GeoDataFrame({"space_id": ["a", "b"], "name": ["Hall", "Shed"]}, geometry=[Point(0, 0), Point(9, 0)])
    >>> two = gpd.GeoDataFrame({"space_id": ["x", "b"], "name": ["Hall", "Barn"]}, geometry=[Point(1, 0), Point(9, 0)])
    >>> pair_things(one, two, "space_id").how
    ('name_and_place', 'id')
    """
    pairing = _Pairing(len(before), len(after))
    xy = _xy(before), _xy(after)
    kinds = [
        frame[kind].to_numpy(dtype=object) if kind else np.full(len(frame), "", dtype=object)
        for frame in (before, after)
    ]
    names = [_names(frame) for frame in (before, after)]
    ours, theirs = _equal(before[id_column].to_numpy(dtype=object), after[id_column].to_numpy(dtype=object))
    same_name = (names[0][ours] == names[1][theirs]) & (names[0][ours] != "")
    agree = same_name | _same_place(before, after, ours, theirs)
    doubted = len(ours) >= FEWEST_TO_DOUBT and agree.sum() * 2 < len(ours)
    kept = agree if doubted else np.ones(len(ours), dtype=bool)
    pairing.add(ours[kept], theirs[kept], "id")
    by_id = int(kept.sum())

    named = [_codes(kinds[side], names[side]) for side in (0, 1)]
    _by_place(pairing, xy, named, NEAR_M, "name_and_place")
    left = (pairing.before, pairing.after)
    lone = [_only_unique(code, at) for code, at in zip(named, left, strict=True)]
    _by_place(pairing, xy, lone, FAR_M, "name")
    kinds_only = [np.array([f"{one}\t" for one in side], dtype=object) for side in kinds]
    _by_overlap(pairing, before, after, kinds)
    _by_place(pairing, xy, kinds_only, SAME_SPOT_M, "place")
    found = pairing.pairs()
    otherwise = len(found.how) - by_id
    few = by_id * 2 < min(len(before), len(after))
    renumbered = bool(doubted or (few and otherwise * 2 >= min(len(before), len(after)) and otherwise))
    return pairing.pairs(renumbered=renumbered)


def pair_shapes(before: gpd.GeoDataFrame, after: gpd.GeoDataFrame) -> Pairs:
    """Pair the rows of a layer without ids: drawn alike (to the millimetre, in any direction), else redrawn nearby."""
    pairing = _Pairing(len(before), len(after))
    pairing.add(*_equal(_outlines(before), _outlines(after)), "geometry")
    _redrawn(pairing, before, after)
    return pairing.pairs()


def pair_rows(before: pd.DataFrame, after: pd.DataFrame, column: str) -> Pairs:
    """Pair the rows of a table without geometry by what stands in a column; of equals the first with the first."""
    pairing = _Pairing(len(before), len(after))
    pairing.add(*_equal(before[column].to_numpy(dtype=object), after[column].to_numpy(dtype=object)), "id")
    return pairing.pairs()


def _xy(frame: gpd.GeoDataFrame) -> Floats:
    points = demand_points(frame) if len(frame) else np.empty(0, dtype=object)
    xy: Floats = shapely.get_coordinates(points).reshape(-1, 2)
    return xy


def _names(frame: pd.DataFrame) -> np.ndarray:
    if "name" not in frame:
        return np.full(len(frame), "", dtype=object)
    return np.array([normalise(str(name)) for name in frame["name"]], dtype=object)


def _codes(kinds: np.ndarray, names: np.ndarray) -> np.ndarray:
    """Return kind and name in one text; blank without a name."""
    both = [f"{kind}\t{name}" if name else "" for kind, name in zip(kinds, names, strict=True)]
    return np.array(both, dtype=object)


def _only_unique(codes: np.ndarray, at: Ints) -> np.ndarray:
    """Return the codes with blanks where one is not the only one among the given positions."""
    counts = pd.Series(codes[at]).value_counts()
    return np.where(pd.Series(codes).map(counts).to_numpy() == 1, codes, "")


def _equal(before: np.ndarray, after: np.ndarray) -> tuple[Ints, Ints]:
    """Return positions of equal values, the first with the first, the second with the second, and so on."""
    if not len(before) or not len(after):
        return np.empty(0, dtype=np.int64), np.empty(0, dtype=np.int64)
    tables = [pd.DataFrame({"value": values, "at": np.arange(len(values))}) for values in (before, after)]
    tables = [table.assign(turn=table.groupby("value", sort=False).cumcount()) for table in tables]
    both = tables[0].merge(tables[1], on=["value", "turn"], suffixes=("", "_after"))
    return both["at"].to_numpy(dtype=np.int64), both["at_after"].to_numpy(dtype=np.int64)


def _by_place(
    pairing: _Pairing, xy: tuple[Floats, Floats], codes: list[np.ndarray], limit_m: float, how: str
) -> None:
    """Pair what is left and has one code and is nearest to each other, within a distance; blanks pair with nothing."""
    while True:
        ours = pairing.before[codes[0][pairing.before] != ""]
        theirs = pairing.after[codes[1][pairing.after] != ""]
        if not len(ours) or not len(theirs):
            return
        code = pd.factorize(np.concatenate([codes[0][ours], codes[1][theirs]]))[0]
        # Codes lie on floors that are farther apart than any pair may be.
        floor = code[:, None] * (limit_m * 10.0)
        here = np.hstack([xy[0][ours], floor[: len(ours)]])
        there = np.hstack([xy[1][theirs], floor[len(ours) :]])
        distance_m, nearest = cKDTree(there).query(here, distance_upper_bound=limit_m)
        back = cKDTree(here).query(there, distance_upper_bound=limit_m)[1]
        row = np.flatnonzero(np.isfinite(distance_m))
        row = row[back[nearest[row]] == row]
        if not len(row):
            return
        pairing.add(ours[row], theirs[nearest[row]], how)


def _same_place(before: gpd.GeoDataFrame, after: gpd.GeoDataFrame, ours: Ints, theirs: Ints) -> np.ndarray:
    """Return whether each pair lies on one spot; two areas, whether they share most of their ground."""
    one, other = before.geometry.to_numpy()[ours], after.geometry.to_numpy()[theirs]
    apart_m = shapely.distance(shapely.centroid(one), shapely.centroid(other))
    near: np.ndarray = (apart_m <= SAME_SPOT_M) | (_common_share(one, other) > OVERLAP_SHARE)
    return near


def _common_share(one: np.ndarray, other: np.ndarray) -> Floats:
    """Return the shared ground of pairs of areas as a share of the ground of either; 0 where one is no area."""
    are_areas = (shapely.get_dimensions(one) == 2) & (shapely.get_dimensions(other) == 2)
    share = np.zeros(len(one))
    one, other = one[are_areas], other[are_areas]
    common = shapely.area(shapely.intersection(one, other))
    share[are_areas] = common / (shapely.area(one) + shapely.area(other) - common)
    return share


def _by_overlap(
    pairing: _Pairing, before: gpd.GeoDataFrame, after: gpd.GeoDataFrame, kinds: list[np.ndarray]
) -> None:
    """Pair areas of one kind that share most of their ground; more than one such partner is impossible."""
    ours, theirs = pairing.before, pairing.after
    if not len(ours) or not len(theirs):
        return
    here, there = before.geometry.to_numpy()[ours], after.geometry.to_numpy()[theirs]
    one, other = shapely.STRtree(there).query(here, predicate="intersects")
    alike = (_common_share(here[one], there[other]) > OVERLAP_SHARE) & (
        kinds[0][ours[one]] == kinds[1][theirs[other]]
    )
    found = (
        pd.DataFrame({"one": one[alike], "other": other[alike]})
        .drop_duplicates("one")
        .drop_duplicates("other")
    )
    pairing.add(ours[found["one"]], theirs[found["other"]], "place")


def _outlines(frame: gpd.GeoDataFrame) -> np.ndarray:
    """Return each geometry as bytes that do not depend on direction or start, to the millimetre."""
    geometry = shapely.force_2d(frame.geometry.to_numpy())
    rounded = shapely.transform(geometry, lambda xy: np.round(xy, 3) + 0.0)
    return np.array(shapely.to_wkb(shapely.normalize(rounded)), dtype=object)


def _redrawn(pairing: _Pairing, before: gpd.GeoDataFrame, after: gpd.GeoDataFrame) -> None:
    ours, theirs = pairing.before, pairing.after
    if not len(ours) or not len(theirs):
        return
    here, there = before.geometry.to_numpy()[ours], after.geometry.to_numpy()[theirs]
    one, other = shapely.STRtree(there).query(here, predicate="dwithin", distance=REDRAWN_M)
    apart_m = shapely.hausdorff_distance(here[one], there[other])
    taken: dict[int, int] = {}
    for at in np.argsort(apart_m, kind="stable"):
        i, j = int(one[at]), int(other[at])
        if apart_m[at] <= REDRAWN_M and i not in taken and j not in taken.values():
            taken[i] = j
    pairing.add(ours[list(taken)], theirs[list(taken.values())], "geometry")
