"""The land that circles tile: committees made into a coverage without overlaps, gaps or wide water."""

import geopandas as gpd
import numpy as np
import pandas as pd
import shapely

from ..tables import Problem
from ..texts import Text
from ..walking.access import Geometries
from ..walking.network import Floats, Ints

GRID_M = 0.01
"""Borders are noded on this grid, so that neighbours share every vertex."""

WORTH_SAYING_M2 = 100.0
"""Overlaps and gaps up to this size are mended without a word (the tolerance of the scorecard)."""


def tile_land(
    committees: gpd.GeoDataFrame,
    boundary: gpd.GeoDataFrame,
    water: gpd.GeoDataFrame,
    *,
    wide_water_m: float,
    split_cut_ha: float = 0.0,
) -> tuple[gpd.GeoDataFrame, list[Problem]]:
    """Return committees as units that tile the land exactly, and what had to be mended.

    The land is the boundary (without one: all committees) less water wider than ``wide_water_m``. Where
    committees overlap the one with the lower id keeps the land; land in none goes to the committee with
    which it shares the longest border; what lies outside the boundary is left out.

    Args:
        committees: polygons in metres with ``committee_id``, ``name``, ``kind``, ``row``, ``source_row``.
        boundary, water: polygons in the same CRS; may be empty.
        wide_water_m: a water feature into which a circle of this diameter fits is cut out.
        split_cut_ha: above 0, a committee in pieces of at least this many hectares is parted, see
            ``CircleSettings``.

    Returns:
        One row per committee with land (or part of one), ordered by id: ``unit_id``, ``name``, ``kind``, ``row``,
        ``source_row``, geometry.

    >>> from shapely import box
    >>> two = gpd.GeoDataFrame({"committee_id": ["A", "B"], "name": "", "kind": "", "row": [1, 2],
    ...     "source_row": [1, 2]}, geometry=[box(0, 0, 60, 100), box(50, 0, 100, 100)], crs="EPSG:32651")
    >>> empty = gpd.GeoDataFrame(geometry=[], crs="EPSG:32651")
    >>> units, problems = tile_land(two, empty, empty, wide_water_m=60)
    >>> units.geometry.area.tolist(), [p.code for p in problems]
    ([6000.0, 4000.0], ['overlap'])
    """
    whole = _one_row_each(committees)
    area = land_area(boundary if len(boundary) else whole, water, wide_water_m=wide_water_m)
    faces = _faces([*whole.geometry, area])
    inside = shapely.point_on_surface(faces)
    shapely.prepare(area)
    is_land = shapely.intersects(area, inside)
    faces, inside = faces[is_land], inside[is_land]
    owner, overlaps = _owners(inside, faces, whole)
    problems = _overlap_problems(overlaps, whole)
    gaps = np.flatnonzero(owner < 0)
    owner = give_to_neighbours(faces, owner)
    problems += _gap_problems(faces, gaps, owner, whole)
    problems += _outside_problems(whole, boundary, owner)
    kept = np.unique(owner[owner >= 0])
    units = whole.iloc[kept].reset_index(drop=True).rename(columns={"committee_id": "unit_id"})
    units["geometry"] = gpd.GeoSeries(
        [shapely.union_all(faces[owner == one]) for one in kept], crs=committees.crs
    )
    if split_cut_ha > 0:
        units, found = _parted(units, split_cut_ha * 10_000)
        problems += found
    problems += _cut_problems(units)
    return units[["unit_id", "name", "kind", "row", "source_row", "geometry"]], problems


def _one_row_each(committees: gpd.GeoDataFrame) -> gpd.GeoDataFrame:
    """Return one row per committee id, ordered by id; parts in several rows are put together."""
    ordered = committees.sort_values("committee_id", kind="stable")
    first = ordered.drop_duplicates("committee_id").reset_index(drop=True)
    parts = ordered.groupby("committee_id", sort=True)["geometry"]
    geometry = parts.agg(lambda g: shapely.make_valid(shapely.union_all(g.to_numpy()))).to_numpy()
    return first.set_geometry(gpd.GeoSeries(geometry, crs=committees.crs))


def land_area(area: gpd.GeoDataFrame, water: gpd.GeoDataFrame, *, wide_water_m: float) -> shapely.Geometry:
    """Return the union of ``area`` less every water feature wider than ``wide_water_m`` at its widest."""
    union = shapely.union_all(area.geometry.to_numpy())
    features = shapely.get_parts(water.geometry.to_numpy())
    features = features[shapely.intersects(features, union)]
    if not len(features):
        return union
    radius_m = shapely.length(shapely.maximum_inscribed_circle(features, tolerance=1.0))
    wide = features[radius_m * 2 > wide_water_m]
    return shapely.difference(union, shapely.union_all(wide)) if len(wide) else union


def _faces(geometry: list[shapely.Geometry]) -> Geometries:
    lines = shapely.union_all(shapely.boundary(np.array(geometry, dtype=object)), grid_size=GRID_M)
    faces: Geometries = shapely.get_parts(shapely.polygonize(shapely.get_parts(lines)))
    return faces


def _owners(
    inside: Geometries, faces: Geometries, whole: gpd.GeoDataFrame
) -> tuple[Ints, dict[tuple[int, int], float]]:
    face, committee = shapely.STRtree(whole.geometry.to_numpy()).query(inside, predicate="intersects")
    none = len(whole)
    owner = np.full(len(faces), none, dtype=np.int64)
    np.minimum.at(owner, face, committee)
    overlaps: dict[tuple[int, int], float] = {}
    second = committee != owner[face]
    for one, other in zip(face[second], committee[second], strict=True):
        pair = (int(owner[one]), int(other))
        overlaps[pair] = overlaps.get(pair, 0.0) + float(faces[one].area)
    owner[owner == none] = -1
    return owner, overlaps


def shared_borders(faces: Geometries) -> tuple[Ints, Ints, Floats]:
    """Return pairs of faces (first < second) that touch, and the length of their shared border, metres."""
    one, other = shapely.STRtree(faces).query(faces, predicate="intersects")
    first = one < other
    one, other = one[first], other[first]
    edge = shapely.boundary(faces)
    length_m = shapely.length(shapely.intersection(edge[one], edge[other]))
    return one, other, length_m


def give_to_neighbours(faces: Geometries, owner: Ints) -> Ints:
    """Return owners where each face without one (-1) has got that of its longest shared border.

    A face that touches no other goes to the nearest owner.
    """
    owner = owner.copy()
    one, other, length_m = shared_borders(faces)
    both = np.concatenate([one, other]), np.concatenate([other, one]), np.tile(length_m, 2)
    while (owner < 0).any() and (owner >= 0).any():
        use = (owner[both[0]] < 0) & (owner[both[1]] >= 0) & (both[2] > 0)
        if not use.any():
            break
        claims = pd.DataFrame({"face": both[0][use], "owner": owner[both[1][use]], "m": both[2][use]})
        sums = claims.groupby(["face", "owner"])["m"].sum().reset_index()
        best = sums.sort_values(["face", "m", "owner"], ascending=[True, False, True])
        best = best.drop_duplicates("face")
        owner[best["face"].to_numpy()] = best["owner"].to_numpy()
    left, owned = np.flatnonzero(owner < 0), np.flatnonzero(owner >= 0)
    if len(left) and len(owned):
        near = shapely.STRtree(faces[owned]).query_nearest(faces[left], all_matches=False)
        owner[left[near[0]]] = owner[owned[near[1]]]
    return owner


def _warning(unit: "pd.Series[object]", code: str, text: Text, value: str = "") -> Problem:
    return Problem(
        "committees", "warning", code, text, row=int(str(unit["row"])), source_row=int(str(unit["source_row"])),
        column="committee_id", value=value or str(unit[_id_column(unit)]),
    )  # fmt: skip


def _id_column(unit: "pd.Series[object]") -> str:
    return "committee_id" if "committee_id" in unit else "unit_id"


def _overlap_problems(overlaps: dict[tuple[int, int], float], whole: gpd.GeoDataFrame) -> list[Problem]:
    problems = []
    for (one, other), area_m2 in sorted(overlaps.items()):
        if area_m2 <= WORTH_SAYING_M2:
            continue
        kept, cut = whole["committee_id"].iat[one], whole["committee_id"].iat[other]
        text = Text(
            f"居村委 {cut} 与 {kept} 重叠 {area_m2:,.0f} 平方米; 划圈时重叠部分归 {kept}, 请修正界线。",
            f"Committee {cut} overlaps {kept} by {area_m2:,.0f} m²; for the circles this land counts to {kept}. "
            "Correct the borders.",
        )
        problems.append(_warning(whole.iloc[other], "overlap", text))
    return problems


def _gap_problems(faces: Geometries, gaps: Ints, owner: Ints, whole: gpd.GeoDataFrame) -> list[Problem]:
    problems = []
    for one in np.unique(owner[gaps]):
        if one < 0:
            continue
        area_m2 = float(shapely.area(faces[gaps[owner[gaps] == one]]).sum())
        if area_m2 <= WORTH_SAYING_M2:
            continue
        name = whole["committee_id"].iat[one]
        text = Text(
            f"边界内有 {area_m2 / 1e4:,.2f} 公顷陆地不属于任何居村委; 划圈时并入相邻的 {name}, 请补全界线。",
            f"{area_m2 / 1e4:,.2f} ha of land inside the boundary belong to no committee; for the circles they go with "
            f"{name} beside them. Complete the borders.",
        )
        problems.append(_warning(whole.iloc[one], "gap", text))
    return problems


def _outside_problems(whole: gpd.GeoDataFrame, boundary: gpd.GeoDataFrame, owner: Ints) -> list[Problem]:
    problems = []
    area = shapely.union_all(boundary.geometry.to_numpy()) if len(boundary) else None
    for number in range(len(whole)):
        unit = whole.iloc[number]
        outside = shapely.difference(unit["geometry"], area) if area is not None else shapely.Polygon()
        share = outside.area / unit["geometry"].area if unit["geometry"].area else 1.0
        name = unit["committee_id"]
        if not (owner == number).any():
            zh = "完全在边界外" if share > 0.999 else "没有陆地 (在水面内或被其他居村委覆盖)"
            en = (
                "lies wholly outside the boundary"
                if share > 0.999
                else "has no land (all water, or covered by others)"
            )
            text = Text(f"居村委 {name} {zh}, 不参与划圈。", f"Committee {name} {en}; it takes no part.")
            problems.append(_warning(unit, "committee_without_land", text))
        elif share > 0.01:
            text = Text(
                f"居村委 {name} 有 {share:.0%} 的面积在边界外; 划圈只计边界内部分。",
                f"{share:.0%} of committee {name} lies outside the boundary; only the part inside is used.",
            )
            problems.append(_warning(unit, "committee_outside", text))
    return problems


def _parted(units: gpd.GeoDataFrame, least_m2: float) -> tuple[gpd.GeoDataFrame, list[Problem]]:
    """Part units at the water between their large pieces; small pieces go with the nearest large one."""
    rows, problems = [], []
    for number in range(len(units)):
        unit = units.iloc[number]
        pieces = shapely.get_parts(unit["geometry"])
        pieces = pieces[np.argsort(-shapely.area(pieces), kind="stable")]
        large = np.flatnonzero(shapely.area(pieces) >= least_m2)
        if len(large) < 2:
            rows.append(unit.to_dict())
            continue
        nearest = shapely.distance(pieces[:, None], pieces[large][None, :]).argmin(axis=1)
        for part in range(len(large)):
            shape = shapely.union_all(pieces[nearest == part])
            rows.append({**unit.to_dict(), "unit_id": f"{unit['unit_id']}/{part + 1}", "geometry": shape})
        text = Text(
            f"居村委 {unit['unit_id']} 被水面切开, 按设置 split_cut_ha 拆成 {len(large)} 部分 ({unit['unit_id']}/1 等), 可分属不同生活圈。",
            f"Committee {unit['unit_id']} is cut by water and, as split_cut_ha asks, parted into {len(large)} "
            f"({unit['unit_id']}/1 …), which may go to different circles.",
        )
        problems.append(_warning(unit, "committee_parted", text))
    return gpd.GeoDataFrame(rows, columns=units.columns, geometry="geometry", crs=units.crs), problems


def _cut_problems(units: gpd.GeoDataFrame) -> list[Problem]:
    problems = []
    for number in range(len(units)):
        unit = units.iloc[number]
        parts = sorted((part.area for part in shapely.get_parts(unit["geometry"])), reverse=True)
        if len(parts) < 2 or parts[1] <= WORTH_SAYING_M2:
            continue
        sizes = " + ".join(f"{area / 1e4:,.1f}" for area in parts if area > WORTH_SAYING_M2)
        text = Text(
            f"居村委 {unit['unit_id']} 的陆地分成不相连的几块 ({sizes} 公顷), 可能被河道切开; 划圈时仍作为整体, "
            "所在生活圈因此不是一整块; 如需分开请在居村委图层中拆成两个编号。",
            f"The land of committee {unit['unit_id']} is in separate pieces ({sizes} ha), perhaps cut by a river; it is "
            "kept whole, so its circle is not one piece. To part it, give the pieces two ids in the committees layer.",
        )
        problems.append(_warning(unit, "committee_cut", text))
    return problems
