"""Where the rows of a raw table lie: coordinates, WKT or geometries to checked geometry in the study's CRS.

Nothing is moved to where it might belong: what lies wrongly is listed with a reason.
"""

import re
from dataclasses import dataclass
from typing import Any

import numpy as np
import shapely
from numpy.typing import NDArray
from pyproj import CRS, Transformer
from pyproj.exceptions import CRSError

from ..datums import DATUM_NAMES, crs_of, outside_china, project
from ..errors import SourceError
from ..study import LayerSpec
from ..tables import GeometryKind, Layer
from ..texts import Text
from .cells import METRE_UNITS, Number, clean_text, map_unique, read_degrees, read_number
from .findings import Findings
from .formats.raw import RawTable
from .headers import PAIRS, Match

Shapes = NDArray[np.object_]
Floats = NDArray[np.float64]
Bools = NDArray[np.bool_]
Box = tuple[float, float, float, float]

FAR_M = 50_000.0
"""A row farther than this from the study area is on the other side of the world, or wrongly projected."""

SWAP_MARGIN_M = 5_000.0
"""A row this far outside whose mirror image lies inside has its coordinates swapped."""

MOSTLY_SHARE = 0.5
AREA_OF_USE_MARGIN_DEG = 3.0
SAME_CRS_M = 0.01

_POLYGON, _MULTIPOLYGON, _COLLECTION = 3, 6, 7
_TYPES: dict[GeometryKind, tuple[int, ...]] = {
    "point": (0,),
    "line": (1, 5),
    "polygon": (_POLYGON, _MULTIPOLYGON),
    "point_or_polygon": (0, _POLYGON, _MULTIPOLYGON),
}
_TYPE_NAMES: dict[GeometryKind, Text] = {
    "point": Text("点", "a point"),
    "line": Text("线", "a line"),
    "polygon": Text("面", "a polygon"),
    "point_or_polygon": Text("点或面", "a point or polygon"),
}
_OWN_PLACES = ("facilities", "residents", "entrances", "spaces", "committees", "circles")
_OFFSET_DATUMS = ("gcj02", "bd09")
_GEOID_AXIS_M, _GEOID_FLATTENING = 6_378_137.0, 298.2572  # WGS84, CGCS2000 and GRS80 alike


@dataclass(frozen=True)
class Ground:
    """Where a study lies: its CRS and, once known, the bounds of its boundary and extent in it."""

    crs: CRS
    box: Box | None = None


@dataclass(frozen=True)
class Placed:
    """Geometry of each row in the study's CRS, None where it is faulty, and what the file had.

    ``source_xy`` are the coordinates of each row (the middle of its bounds) in ``datum``.
    """

    geometry: Shapes
    source_xy: Floats
    datum: str


def place(
    table: RawTable, match: Match, spec: LayerSpec, layer: Layer, *, ground: Ground, findings: Findings
) -> Placed:
    """Place the rows of a table, listing every fault of geometry.

    Raises:
        SourceError: the table does not say where its rows lie or in which coordinate system.
        SettingsError: the datum is not known, or all of a GCJ-02 or BD-09 layer lies outside China.
    """
    pair = _pair(table, match, spec, layer)
    shapes = _source_shapes(table, match, pair, findings)
    shapes = _right_type(shapes, layer, findings)
    datum, shapes = _datum(table, pair, spec, layer, shapes, findings)
    is_degrees = crs_of(datum).is_geographic
    bounds = shapely.bounds(shapes)
    if not is_degrees:
        _refuse_degrees(table.file, layer, datum, bounds)
    source_xy = np.column_stack([bounds[:, [0, 2]].mean(axis=1), bounds[:, [1, 3]].mean(axis=1)])
    if is_degrees:
        shapes = _in_range(shapes, bounds, datum, findings)
    placed = _project(shapes, datum, ground.crs, findings)
    placed = _near(placed, source_xy, datum, ground, findings)
    _mention_mostly_outside(placed, layer, ground, findings, table.file)
    placed = _valid(placed, findings)
    return Placed(placed, source_xy, datum)


def nowhere(rows: int) -> Placed:
    """Return the places of rows that have none: those of a table without geometry."""
    return Placed(np.full(rows, None, dtype=object), np.full((rows, 2), np.nan), "")


# Where the coordinates stand


def _pair(table: RawTable, match: Match, spec: LayerSpec, layer: Layer) -> tuple[str, ...]:
    """Return the columns that hold the coordinates; () if the format itself has the geometry."""
    if table.geometry is not None:
        return ()
    usable = [p for p in PAIRS if all(name in match.columns for name in p)]
    if layer.geometry in ("line", "polygon"):
        usable = [p for p in usable if p == ("geometry",)]
    declared = [p for p in usable if any(name in spec.columns for name in p)]
    is_plane = spec.datum is not None and crs_of(spec.datum).is_projected
    plane = [p for p in usable if is_plane and p == ("x", "y")]
    for choice in (declared, plane, usable):
        if choice:
            return choice[0]
    listed = "、".join(h for h in table.frame.columns if not h.startswith("\x00")) or "—"
    only_wkt = layer.geometry in ("line", "polygon")
    raise SourceError(
        Text(
            f"{table.file}: 找不到位置; {layer.title.zh}需要"
            + ("WKT 几何列 geometry" if only_wkt else "经度和纬度两列 (或 x 和 y, 或 WKT 几何列 geometry)")
            + f", 文件的表头是: {listed}。请补上, 或在 study.toml 的 [layers.{layer.name}] columns 中写明表头。",
            f"{table.file}: no position found; {layer.title.en} need "
            + ("a WKT column geometry" if only_wkt else "lon and lat (or x and y, or a WKT column geometry)")
            + f"; the file's headers are: {listed}. Add them or name them in columns of [layers.{layer.name}].",
        )
    )


def _source_shapes(table: RawTable, match: Match, pair: tuple[str, ...], findings: Findings) -> Shapes:
    if table.geometry is not None:
        shapes = table.geometry.copy()
        missing = shapely.is_missing(shapes) | shapely.is_empty(shapes)
        findings.error(missing, "geometry_missing", _geometry_missing, column="geometry")
        shapes[missing] = None
        return _finite(shapes, findings)
    if pair == ("geometry",):
        return _finite(_wkt_shapes(table.frame[match.columns["geometry"]].tolist(), findings), findings)
    if pair == ("lon_lat",):
        return _pair_cells(table.frame[match.columns["lon_lat"]].tolist(), findings)
    xs, ys = (_figures(table, match, name, findings) for name in pair)
    return _points(xs, ys)


def _points(xs: Floats, ys: Floats) -> Shapes:
    shapes = np.full(len(xs), None, dtype=object)
    known = np.isfinite(xs) & np.isfinite(ys)
    shapes[known] = shapely.points(xs[known], ys[known])
    return shapes


def _geometry_missing(_: str) -> Text:
    return Text(
        "没有几何图形 (空或无法读取), 该行未采用; 请补画。",
        "There is no geometry (empty or unreadable), the row was left out; draw it.",
    )


def _figures(table: RawTable, match: Match, name: str, findings: Findings) -> Floats:
    header = match.columns[name]
    values = table.frame[header].tolist()
    is_angle = name in ("lon", "lat")
    numbers: list[Number] = map_unique(
        table.frame[header], read_degrees if is_angle else lambda v: read_number(v, METRE_UNITS)
    )
    blank = [n.state == "blank" for n in numbers]
    bad = [n.state in ("unreadable", "approximate") for n in numbers]
    shown_name = header.split("\x00")[0]
    findings.error(
        blank,
        "coordinate_missing",
        lambda _: Text(
            f"{shown_name} 为空, 无法确定位置, 该行未采用; 请补填坐标。",
            f"{shown_name} is blank, so the place is not known; the row was left out. Fill in the coordinate.",
        ),
        column=name,
        values=values,
    )
    findings.error(
        bad,
        "coordinate_unreadable",
        lambda value: Text(
            f"{shown_name} “{value}”不是坐标数值, 该行未采用; 请改为数字。",
            f'{shown_name} "{value}" is not a coordinate; the row was left out. Write a number.',
        ),
        column=name,
        values=values,
    )
    figures = np.array([n.value for n in numbers], dtype=float)
    figures[np.asarray(bad, dtype=bool)] = np.nan
    return figures


def _pair_cells(values: list[Any], findings: Findings) -> Shapes:
    texts = [clean_text(v) for v in values]
    parts = [
        re.split(r"[,;\s]+", t.translate(str.maketrans("，；、()（）", ",;,    ")).strip(" ,;"))
        for t in texts
    ]
    numbers = [[read_degrees(p) for p in split] if len(split) == 2 else [] for split in parts]
    good = [len(n) == 2 and all(v.state == "ok" for v in n) for n in numbers]
    findings.error(
        [not g for g in good],
        "coordinate_unreadable",
        lambda value: Text(
            f"坐标“{value}”应写成“经度,纬度”, 该行未采用。",
            f'The coordinate "{value}" should read "longitude,latitude"; the row was left out.',
        ),
        column="geometry",
        values=values,
    )
    xy = np.array(
        [[n[0].value, n[1].value] if g else [np.nan] * 2 for n, g in zip(numbers, good, strict=True)]
    )
    return _points(*xy.reshape(-1, 2).T)


def _wkt_shapes(values: list[Any], findings: Findings) -> Shapes:
    with np.errstate(all="ignore"):  # a figure too large becomes infinite and is listed as such
        shapes = np.array([_one_wkt(v) for v in values] + [None], dtype=object)[:-1]
    blank = np.array([clean_text(v) == "" for v in values], dtype=bool)
    missing = shapely.is_missing(shapes) | shapely.is_empty(shapes)
    findings.error(blank, "geometry_missing", _geometry_missing, column="geometry")
    findings.error(
        missing & ~blank,
        "geometry_unreadable",
        lambda value: Text(
            f"“{value}”不是可用的 WKT 几何, 该行未采用。",
            f'"{value}" is not a usable WKT geometry; the row was left out.',
        ),
        column="geometry",
        values=values,
    )
    shapes[missing] = None
    return shapes


def _one_wkt(value: Any) -> Any:
    if isinstance(value, bytes):
        return shapely.from_wkb(value, on_invalid="ignore")
    if isinstance(value, shapely.Geometry):
        return value
    return shapely.from_wkt(re.sub(r"^\s*SRID=\d+;", "", str(value)), on_invalid="ignore")


def _finite(shapes: Shapes, findings: Findings) -> Shapes:
    """Drop Z and list geometries with a coordinate that is NaN or infinite."""
    flat: Shapes = shapely.force_2d(shapes)
    coordinates, owner = shapely.get_coordinates(flat, return_index=True)
    broken = np.zeros(len(flat), dtype=bool)
    broken[owner[~np.isfinite(coordinates).all(axis=1)]] = True
    findings.error(
        broken,
        "geometry_nan",
        lambda _: Text(
            "坐标中有 NaN 或无穷大, 该行未采用; 请重画。",
            "A coordinate is NaN or infinite; the row was left out. Draw it anew.",
        ),
        column="geometry",
    )
    return _without(flat, broken)


def _without(shapes: Shapes, mask: Bools) -> Shapes:
    kept = shapes.copy()
    kept[mask] = None
    return kept


def _right_type(shapes: Shapes, layer: Layer, findings: Findings) -> Shapes:
    shapes = _single_points(shapes)
    kinds = shapely.get_type_id(shapes)  # -1 where missing
    wrong = (kinds >= 0) & ~np.isin(kinds, _TYPES[layer.geometry])
    wanted = _TYPE_NAMES[layer.geometry]
    findings.error(
        wrong,
        "geometry_type",
        lambda value: Text(
            f"几何类型是 {value}, {layer.title.zh}应为{wanted.zh}, 该行未采用。",
            f"The geometry is a {value}, {layer.title.en} should be {wanted.en}; the row was left out.",
        ),
        column="geometry",
        values={int(i): shapes[i].geom_type for i in np.flatnonzero(wrong)},
    )
    return _without(shapes, wrong)


def _single_points(shapes: Shapes) -> Shapes:
    """Turn multipoints of one point into points, as QGIS and shapefiles often write them."""
    single = (shapely.get_type_id(shapes) == 4) & (shapely.get_num_geometries(shapes) == 1)
    if not single.any():
        return shapes
    turned = shapes.copy()
    turned[single] = shapely.get_geometry(shapes[single], 0)
    return turned


# In which datum


def datum_key(datum: str) -> str:
    """Return a datum's name in ``datums.DATUM_NAMES`` however it is spelt, or the text itself.

    >>> datum_key("GCJ-02"), datum_key("EPSG:4549")
    ('gcj02', 'EPSG:4549')
    """
    plain = re.sub(r"[-_\s]", "", datum).lower()
    return plain if plain in DATUM_NAMES else datum


def _datum(
    table: RawTable,
    pair: tuple[str, ...],
    spec: LayerSpec,
    layer: Layer,
    shapes: Shapes,
    findings: Findings,
) -> tuple[str, Shapes]:
    """Return the datum of the coordinates, and the geometries in it."""
    declared = None if spec.datum is None else datum_key(spec.datum)
    if declared is not None:
        crs_of(declared)  # refuses an unknown one
    if table.geometry is None:
        return declared or _assumed(table, pair, layer, shapes, findings), shapes
    if declared is None:
        if table.crs is None:
            raise _no_crs(table.file, layer)
        return table.crs.to_wkt(), shapes
    if declared in _OFFSET_DATUMS:
        return declared, _unprojected(shapes, table.crs)
    if declared == "shanghai2000" or table.crs is None or table.default_crs:
        return declared, shapes
    return _agreed(table, declared, shapes, layer), shapes


def _no_crs(file: str, layer: Layer) -> SourceError:
    return SourceError(
        Text(
            f"{file} 没有坐标系说明 (例如缺少 .prj), 无法确定位置; 请在 study.toml 的 [layers.{layer.name}] 中写明 datum, "
            f'例如 datum = "EPSG:4549" 或 "shanghai2000"; 可用 {", ".join(DATUM_NAMES)} 或坐标系编号。',
            f"{file} does not say its coordinate system (the .prj may be missing); give datum in [layers.{layer.name}] of "
            f'study.toml, such as datum = "EPSG:4549"; use {", ".join(DATUM_NAMES)} or the code of a CRS.',
        )
    )


def _assumed(table: RawTable, pair: tuple[str, ...], layer: Layer, shapes: Shapes, findings: Findings) -> str:
    """Return wgs84 for coordinates in degrees that nothing else is said about, with a warning."""
    bounds = shapely.bounds(shapes[~shapely.is_missing(shapes)])
    in_degrees = (np.abs(bounds) <= 180).all(axis=1)
    if pair in (("lon", "lat"), ("lon_lat",)) or not len(bounds) or in_degrees.mean() > 0.5:
        findings.about_layer(
            "datum_assumed",
            Text(
                f'未写明 datum, 按 WGS84 经纬度读取; 若坐标取自高德、腾讯或百度地图, 请在 [layers.{layer.name}] 中写 datum = "gcj02" 或 "bd09"。',
                f"datum is not given, so WGS84 degrees are assumed; for coordinates from Amap, Tencent or Baidu write "
                f'datum = "gcj02" or "bd09" in [layers.{layer.name}].',
            ),
            file=table.file,
            column="datum",
            value="wgs84",
        )
        return "wgs84"
    raise _no_crs(table.file, layer)


def _unprojected(shapes: Shapes, crs: CRS | None) -> Shapes:
    """Return displaced coordinates as degrees: some tools store them in a projected CRS."""
    if crs is None or crs.is_geographic:
        return shapes
    return project(shapes, crs.to_wkt(), CRS("EPSG:4326"))


def _agreed(table: RawTable, declared: str, shapes: Shapes, layer: Layer) -> str:
    """Return the CRS that the file and study.toml agree on.

    They agree if both put the data in one place, or if the declaration names the datum (wgs84, cgcs2000)
    on which the file's projected CRS is based.
    """
    own, wanted = table.crs, crs_of(declared)
    if own is None:
        return declared
    if own.is_projected and wanted.is_geographic and _is_global(own) and _is_global(wanted):
        return str(own.to_wkt())
    if own.is_geographic == wanted.is_geographic and _puts_alike(shapes, own, wanted):
        return declared
    raise SourceError(
        Text(
            f'{table.file} 自带的坐标系是 {own.name}, 但 study.toml 的 [layers.{layer.name}] 写的是 datum = "{declared}", 两者不符; '
            "若文件的说明正确, 请删去 datum; 若 datum 正确, 请在 QGIS 中为文件指定正确的坐标系。",
            f'{table.file} says that its coordinate system is {own.name}, but [layers.{layer.name}] of study.toml says datum = "{declared}"; '
            "delete datum if the file is right, else set the right CRS of the file in QGIS.",
        )
    )


def _is_global(crs: CRS) -> bool:
    ellipsoid = crs.ellipsoid
    return (
        ellipsoid is not None
        and abs(ellipsoid.semi_major_metre - _GEOID_AXIS_M) < 1
        and abs(ellipsoid.inverse_flattening - _GEOID_FLATTENING) < 1e-3
    )


def _puts_alike(shapes: Shapes, own: CRS, wanted: CRS) -> bool:
    bounds = shapely.total_bounds(shapes)
    if own.ellipsoid is None or wanted.ellipsoid is None or not np.isfinite(bounds).all():
        return not np.isfinite(bounds).all()
    if abs(own.ellipsoid.semi_major_metre - wanted.ellipsoid.semi_major_metre) > 1:
        return False  # PROJ may know no shift between them and would show none
    corners = bounds[[0, 2]], bounds[[1, 3]]
    try:
        there = [
            np.array(Transformer.from_crs(crs, "EPSG:4326", always_xy=True).transform(*corners))
            for crs in (own, wanted)
        ]
    except CRSError:
        return False
    return bool(np.isfinite(there).all() and np.abs(there[0] - there[1]).max() * 111_000 <= SAME_CRS_M)


def _refuse_degrees(file: str, layer: Layer, datum: str, bounds: Floats) -> None:
    """Refuse degrees that are declared as metres: they would all fall on the origin of the plane."""
    known = bounds[np.isfinite(bounds).all(axis=1)]
    if not len(known) or (np.abs(known) > [180.0, 90.0, 180.0, 90.0]).any() or (np.abs(known) < 1).all():
        return
    name = datum if len(datum) < 20 else crs_of(datum).name
    raise SourceError(
        Text(
            f"{file} 的坐标都像经纬度 (度), 但坐标系 {name} 以米为单位; 请改正 [layers.{layer.name}] 的 datum 或文件的坐标系。",
            f"All coordinates of {file} look like degrees, but {name} is in metres; correct datum in [layers.{layer.name}] or "
            "the CRS of the file.",
        )
    )


# Into the study's CRS, and where nothing of the study can be


def _in_range(shapes: Shapes, bounds: Floats, datum: str, findings: Findings) -> Shapes:
    """List geometries whose degrees cannot be, apart from those that can when swapped."""
    lon = np.abs(bounds[:, [0, 2]]).max(axis=1)
    lat = np.abs(bounds[:, [1, 3]]).max(axis=1)
    out = (lon > 180) | (lat > 90)
    mirrored = out & (lat <= 180) & (lon <= 90)
    middle = np.column_stack([bounds[:, [0, 2]].mean(axis=1), bounds[:, [1, 3]].mean(axis=1)])
    if datum in _OFFSET_DATUMS:
        outside = outside_china(middle[:, 0], middle[:, 1])
        mirrored = outside & ~outside_china(middle[:, 1], middle[:, 0])
        # If all lie outside, the datum itself is wrong and project() says so.
        if mirrored.any() or not outside[~shapely.is_missing(shapes)].all():
            out |= outside
    _list_swapped(mirrored, middle, findings)
    _list_implausible(out & ~mirrored, middle, findings)
    return _without(shapes, out)


def _project(shapes: Shapes, datum: str, crs: CRS, findings: Findings) -> Shapes:
    if crs_of(datum) == crs:
        return shapes
    placed = project(shapes, datum, crs)
    bounds = shapely.bounds(placed)
    lost = ~shapely.is_missing(placed) & ~np.isfinite(bounds).all(axis=1)
    before = shapely.bounds(shapes)[:, :2]
    _list_implausible(lost, before, findings)
    return _without(placed, lost)


def _near(placed: Shapes, source_xy: Floats, datum: str, ground: Ground, findings: Findings) -> Shapes:
    """List geometries that lie far from the study area, or inside it only when swapped."""
    bounds = shapely.bounds(placed)
    known = ~shapely.is_missing(placed)
    outside_use = known & _outside_use(bounds, ground.crs)
    box = ground.box or _own_box(bounds[known & ~outside_use])
    away = known & (_gap(bounds, box) > SWAP_MARGIN_M if box is not None else outside_use)
    swapped = away & _mirror_is_near(away, source_xy, datum, ground, box)
    far = known & ~swapped & (outside_use | (_gap(bounds, box) > FAR_M if box is not None else False))
    _list_swapped(swapped, source_xy, findings)
    _list_implausible(far, source_xy, findings)
    return _without(placed, swapped | far)


def _mention_mostly_outside(
    placed: Shapes, layer: Layer, ground: Ground, findings: Findings, file: str
) -> None:
    """Warn where most rows of a layer of the study's own places lie outside its boundary and extent."""
    known = placed[~shapely.is_missing(placed)]
    if ground.box is None or layer.name not in _OWN_PLACES or not len(known):
        return
    share = float((_gap(shapely.bounds(known), ground.box) > 0).mean())
    if share <= MOSTLY_SHARE:
        return
    findings.about_layer(
        "mostly_outside",
        Text(
            f"{share:.0%} 的{layer.title.zh}在边界和数据范围之外, 请核对坐标和 datum。",
            f"{share:.0%} of the {layer.title.en} lie outside the boundary and the data extent; check the coordinates and datum.",
        ),
        file=file,
        column="geometry",
        value=f"{share:.0%}",
    )


def _gap(bounds: Floats, box: Box) -> Floats:
    """Return how far each geometry's bounds lie outside a box, in the greater of both directions."""
    west, south, east, north = box
    gaps = np.column_stack(
        [west - bounds[:, 2], bounds[:, 0] - east, south - bounds[:, 3], bounds[:, 1] - north]
    )
    return np.asarray(gaps.max(axis=1), dtype=float)


def _own_box(bounds: Floats) -> Box | None:
    """Return the box of most geometries of a layer itself, for a study without boundary."""
    if len(bounds) < 5:
        return None
    low, high = np.percentile(bounds[:, :2], 10, axis=0), np.percentile(bounds[:, 2:], 90, axis=0)
    return float(low[0]), float(low[1]), float(high[0]), float(high[1])


def _outside_use(bounds: Floats, crs: CRS) -> Bools:
    area = crs.area_of_use
    if area is None or not len(bounds):
        return np.zeros(len(bounds), dtype=bool)
    to_degrees = Transformer.from_crs(crs, "EPSG:4326", always_xy=True)
    lon, lat = to_degrees.transform(bounds[:, [0, 2]].mean(axis=1), bounds[:, [1, 3]].mean(axis=1))
    margin = AREA_OF_USE_MARGIN_DEG
    inside = (lon >= area.west - margin) & (lon <= area.east + margin)
    inside &= (lat >= area.south - margin) & (lat <= area.north + margin)
    return np.asarray(~inside & np.isfinite(bounds).all(axis=1), dtype=bool)


def _mirror_is_near(mask: Bools, source_xy: Floats, datum: str, ground: Ground, box: Box | None) -> Bools:
    near = np.zeros(len(mask), dtype=bool)
    rows = np.flatnonzero(mask)
    if not len(rows) or box is None:
        return near
    x, y = source_xy[rows, 1], source_xy[rows, 0]
    possible = np.ones(len(rows), dtype=bool)
    if crs_of(datum).is_geographic:
        possible = np.abs(y) <= 90
    if datum in _OFFSET_DATUMS:
        possible &= ~outside_china(x, y)
    mirrored = project(_points(np.where(possible, x, np.nan), y), datum, ground.crs)
    near[rows] = ~shapely.is_missing(mirrored) & (_gap(shapely.bounds(mirrored), box) <= SWAP_MARGIN_M / 5)
    return near


def _list_swapped(mask: Bools, xy: Floats, findings: Findings) -> None:
    findings.error(
        mask,
        "coordinate_swapped",
        lambda value: Text(
            f"坐标 {value} 像是经度和纬度 (或 X 和 Y) 写反了, 该行未采用; 请对调两列, 或在 columns 中对调表头。",
            f"The coordinate {value} looks swapped (lon and lat, or x and y); the row was left out. Exchange the two columns, "
            "or their headers in columns.",
        ),
        column="geometry",
        values=_shown_xy(mask, xy),
    )


def _list_implausible(mask: Bools, xy: Floats, findings: Findings) -> None:
    findings.error(
        mask,
        "coordinate_implausible",
        lambda value: Text(
            f"坐标 {value} 远离研究范围 (超过 50 公里) 或超出坐标系, 该行未采用; 请核对坐标和 datum。",
            f"The coordinate {value} is far from the study area (more than 50 km) or outside its system; the row was left out. "
            "Check the coordinate and datum.",
        ),
        column="geometry",
        values=_shown_xy(mask, xy),
    )


def _shown_xy(mask: Bools, xy: Floats) -> dict[int, str]:
    return {int(i): f"{xy[i, 0]:.10g}, {xy[i, 1]:.10g}" for i in np.flatnonzero(mask)}


# Shapes that cannot be measured


def _valid(shapes: Shapes, findings: Findings) -> Shapes:
    """List lines without length and polygons without area; repair polygons that cross themselves."""
    kinds = shapely.get_type_id(shapes)
    is_line, is_area = np.isin(kinds, (1, 5)), np.isin(kinds, (_POLYGON, _MULTIPOLYGON))
    flat = is_line & (shapely.length(shapes) <= 0)
    findings.error(
        flat,
        "geometry_degenerate",
        lambda _: Text("线的长度为零, 该行未采用。", "The line has no length; the row was left out."),
        column="geometry",
    )
    repaired, changed = _repaired(shapes, is_area & ~shapely.is_valid(shapes))
    empty = is_area & ~(shapely.area(repaired) > 0)
    findings.error(
        empty,
        "geometry_invalid",
        lambda _: Text(
            "多边形无效 (面积为零或无法修复), 该行未采用; 请重画。",
            "The polygon is invalid (no area, or beyond repair); the row was left out. Draw it anew.",
        ),
        column="geometry",
    )
    before, after = shapely.area(shapes), shapely.area(repaired)
    areas = {int(i): f"{before[i]:.0f} → {after[i]:.0f} m²" for i in np.flatnonzero(changed)}
    findings.warn(
        changed & ~empty,
        "geometry_repaired",
        lambda value: Text(
            f"多边形自相交, 已自动修复 (面积 {value}); 请在 QGIS 中核对。",
            f"The polygon crossed itself and was repaired (area {value}); check it in QGIS.",
        ),
        column="geometry",
        values=areas,
    )
    return _without(repaired, flat | empty)


def _repaired(shapes: Shapes, invalid: Bools) -> tuple[Shapes, Bools]:
    repaired = shapes.copy()
    for i in np.flatnonzero(invalid):
        parts = shapely.get_parts(shapely.make_valid(shapes[i], method="structure", keep_collapsed=False))
        areas = [p for p in shapely.get_parts(parts) if p.geom_type == "Polygon" and p.area > 0]
        repaired[i] = shapely.unary_union(areas) if areas else shapely.Polygon()
    return repaired, invalid
