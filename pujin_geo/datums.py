"""From the coordinates that maps and offices in Shanghai use to WGS84, and into the study's CRS.

GCJ-02 (Amap, Tencent) is WGS84 displaced by a published polynomial of sines; BD-09 (Baidu) displaces
GCJ-02 once more. Neither is an EPSG system. Their inverses are found by iteration, to well below a
millimetre. CGCS2000 equals WGS84 for distances. The Shanghai 2000 plane is derived from its published
meridian, origin and height and is approximate: verify it with control points, never claim survey accuracy.
"""

import re
from collections.abc import Callable

import geopandas as gpd
import numpy as np
import shapely
from numpy.typing import NDArray
from pyproj import CRS, Transformer
from pyproj.exceptions import CRSError

from .errors import SettingsError
from .texts import Text

Floats = NDArray[np.float64]
Pair = tuple[Floats, Floats]
Shift = Callable[[Floats, Floats], Pair]

DATUM_NAMES: dict[str, Text] = {
    "wgs84": Text("WGS84 经纬度", "WGS84 degrees"),
    "cgcs2000": Text("CGCS2000 经纬度", "CGCS2000 degrees"),
    "gcj02": Text("GCJ-02 (高德、腾讯)", "GCJ-02 (Amap, Tencent)"),
    "bd09": Text("BD-09 (百度)", "BD-09 (Baidu)"),
    "shanghai2000": Text("上海2000平面坐标 (近似)", "Shanghai 2000 plane (approximate)"),
}
"""Datums that have a name of their own; any CRS that pyproj reads does as well, such as ``EPSG:4549``."""

SHANGHAI_2000 = (
    "+proj=tmerc +lat_0=31.2352778 +lon_0=121.4644444 +k=1.00000256 +x_0=-238.17 +y_0=0 +ellps=GRS80 +units=m"
)
"""Central meridian 121°27'52" E, origin 121°28'01" E 31°14'07" N, height 16.32 m, as published; false
coordinates are assumed to be zero at the origin, so the string is approximate."""

CHINA_LON = (72.004, 137.8347)
CHINA_LAT = (0.8293, 55.8271)
"""Where the GCJ-02 displacement is applied."""

SEMI_MAJOR_M = 6378245.0
ECCENTRICITY_SQUARED = 0.00669342162296594323
"""Krasovsky 1940, on which the displacement in metres is turned into degrees."""

BD_SHIFT = (0.0065, 0.006)
BD_RADIUS = 0.00002
BD_ANGLE = 0.000003
BD_FREQUENCY = np.pi * 3000.0 / 180.0

_TOLERANCE_DEG = 1e-11
_MOST_STEPS = 30
_LARGEST_SHIFT_DEG = 0.02
_WGS84 = CRS("EPSG:4326")


def to_wgs84(x: Floats, y: Floats, datum: str) -> Pair:
    """Return WGS84 longitude and latitude, in degrees, of coordinates in a datum.

    Args:
        x, y: arrays of one shape: longitude and latitude in degrees, or easting and northing in
            metres for a plane. NaN stays NaN, and what a CRS cannot convert becomes NaN.
        datum: a key of ``DATUM_NAMES`` or any CRS that pyproj reads.

    Raises:
        SettingsError: the datum is not known, or a GCJ-02 or BD-09 coordinate lies outside China.

    >>> lon, lat = to_wgs84(np.array([121.5001]), np.array([31.1048]), "gcj02")
    >>> lon.round(4).tolist(), lat.round(4).tolist()
    ([121.4957], [31.1069])
    """
    x, y = _floats(x), _floats(y)
    name = datum_key(datum)
    if name in ("wgs84", "cgcs2000"):
        return x, y
    if name == "gcj02":
        _refuse_outside_china(x, y, name)
        return _invert(_wgs84_to_gcj02, x, y)
    if name == "bd09":
        _refuse_outside_china(x, y, name)
        return _invert(_wgs84_to_gcj02, *_invert(_gcj02_to_bd09, x, y))
    return _transform(x, y, crs_of(datum), _WGS84)


def from_wgs84(lon: Floats, lat: Floats, datum: str) -> Pair:
    """Return coordinates in a datum of WGS84 longitude and latitude, the inverse of ``to_wgs84``.

    Raises:
        SettingsError: as ``to_wgs84``.

    >>> lon, lat = from_wgs84(np.array([121.4957]), np.array([31.1069]), "bd09")
    >>> lon.round(3).tolist(), lat.round(3).tolist()
    ([121.507], [31.11])
    """
    lon, lat = _floats(lon), _floats(lat)
    name = datum_key(datum)
    if name in ("wgs84", "cgcs2000"):
        return lon, lat
    if name == "gcj02":
        _refuse_outside_china(lon, lat, name)
        return _wgs84_to_gcj02(lon, lat)
    if name == "bd09":
        _refuse_outside_china(lon, lat, name)
        return _gcj02_to_bd09(*_wgs84_to_gcj02(lon, lat))
    return _transform(lon, lat, _WGS84, crs_of(datum))


def project(geometry: gpd.GeoSeries | NDArray[np.object_], datum: str, crs: CRS) -> NDArray[np.object_]:
    """Return geometries of a datum in a projected CRS, all coordinates moved at once.

    Args:
        geometry: shapely geometries whose coordinates are in ``datum`` (x first); a CRS set on the
            series is not looked at. Missing and empty geometries stay so; Z is dropped; a
            coordinate that cannot be converted becomes NaN.
        datum: a key of ``DATUM_NAMES`` or any CRS that pyproj reads.
        crs: the CRS to return.

    Raises:
        SettingsError: as ``to_wgs84``.

    >>> there = project(np.array([shapely.Point(121.5, 31.1)]), "wgs84", CRS("EPSG:32651"))
    >>> shapely.get_coordinates(there).round().tolist()
    [[356943.0, 3441652.0]]
    """
    shapes = np.asarray(geometry, dtype=object)
    source = crs_of(datum)

    def move(x: Floats, y: Floats) -> Pair:
        if datum_key(datum) in ("gcj02", "bd09"):
            x, y = to_wgs84(x, y, datum)
        return _transform(x, y, source, crs)

    moved: NDArray[np.object_] = shapely.transform(shapes, move, interleaved=False, include_z=False)
    return moved


def outside_china(lon: Floats, lat: Floats) -> NDArray[np.bool_]:
    """Tell which coordinates lie outside the rectangle in which GCJ-02 and BD-09 are defined; NaN does not.

    The rectangle is widened by 0.02°, the most by which either displaces a point.

    >>> outside_china(np.array([121.5, 24.9, np.nan]), np.array([31.1, 60.2, np.nan])).tolist()
    [False, True, False]
    """
    lon, lat = _floats(lon), _floats(lat)
    far_lon = (lon < CHINA_LON[0] - _LARGEST_SHIFT_DEG) | (lon > CHINA_LON[1] + _LARGEST_SHIFT_DEG)
    far_lat = (lat < CHINA_LAT[0] - _LARGEST_SHIFT_DEG) | (lat > CHINA_LAT[1] + _LARGEST_SHIFT_DEG)
    outside: NDArray[np.bool_] = far_lon | far_lat
    return outside


def datum_key(datum: str) -> str:
    """Return the key in ``DATUM_NAMES`` of a datum however it is spelt; any other text as it is.

    >>> datum_key("GCJ-02"), datum_key("EPSG:4549")
    ('gcj02', 'EPSG:4549')
    """
    plain = re.sub(r"[-_\s]", "", datum).lower()
    return plain if plain in DATUM_NAMES else datum


def crs_of(datum: str) -> CRS:
    """Return the CRS that a datum's coordinates are in; for GCJ-02 and BD-09 that of WGS84, undisplaced.

    Raises:
        SettingsError: the datum is neither a key of ``DATUM_NAMES`` nor a CRS.

    >>> crs_of("EPSG:4549").is_projected
    True
    """
    name = datum_key(datum)
    if name == "shanghai2000":
        return CRS(SHANGHAI_2000)
    if name in DATUM_NAMES:
        return _WGS84
    try:
        crs = CRS.from_user_input(datum)
    except CRSError:
        crs = None
    if crs is None or not (crs.is_geographic or crs.is_projected):
        known = ", ".join(DATUM_NAMES)
        raise SettingsError(
            Text(
                f'datum = "{datum}" 无法识别; 可用 {known}, 或坐标系编号如 "EPSG:4549"。',
                f'datum = "{datum}" is not known; use {known}, or the code of a CRS such as "EPSG:4549".',
            )
        )
    return crs


def _floats(values: Floats) -> Floats:
    return np.array(values, dtype=np.float64)


def _transform(x: Floats, y: Floats, source: CRS, target: CRS) -> Pair:
    out_x, out_y = Transformer.from_crs(source, target, always_xy=True).transform(x, y)
    known = np.isfinite(out_x) & np.isfinite(out_y)  # PROJ says inf where it has no answer
    return np.where(known, out_x, np.nan), np.where(known, out_y, np.nan)


def _refuse_outside_china(lon: Floats, lat: Floats, name: str) -> None:
    outside = outside_china(lon, lat)
    if outside.any():
        first = int(np.flatnonzero(outside)[0])
        count = int(outside.sum())
        at = f"{lon.flat[first]:.6f}, {lat.flat[first]:.6f}"
        title = DATUM_NAMES[name]
        raise SettingsError(
            Text(
                f"{title.zh} 只在中国境内有定义, 但有 {count} 个坐标在境外, 第一个是 {at}; "
                "请检查 datum 设置, 以及经度、纬度是否写反。",
                f"{title.en} is defined in China only, but {count} coordinates lie outside, the first at {at}; "
                "check datum, and whether longitude and latitude are swapped.",
            )
        )


def _wgs84_to_gcj02(lon: Floats, lat: Floats) -> Pair:
    """Displace by a polynomial of the distance to 105° E 35° N, in metres, turned into degrees."""
    x, y = lon - 105.0, lat - 35.0
    waves = 20.0 * np.sin(6.0 * np.pi * x) + 20.0 * np.sin(2.0 * np.pi * x)
    root = np.sqrt(np.abs(x))
    north_m = -100.0 + 2.0 * x + 3.0 * y + 0.2 * y * y + 0.1 * x * y + 0.2 * root
    north_m += (waves + _sines(y, 160.0, 320.0)) * 2.0 / 3.0
    east_m = 300.0 + x + 2.0 * y + 0.1 * x * x + 0.1 * x * y + 0.1 * root
    east_m += (waves + _sines(x, 150.0, 300.0)) * 2.0 / 3.0
    phi = np.radians(lat)
    w_squared = 1.0 - ECCENTRICITY_SQUARED * np.sin(phi) ** 2
    meridian_m = SEMI_MAJOR_M * (1.0 - ECCENTRICITY_SQUARED) / w_squared**1.5
    parallel_m = SEMI_MAJOR_M / np.sqrt(w_squared) * np.cos(phi)
    return lon + np.degrees(east_m / parallel_m), lat + np.degrees(north_m / meridian_m)


def _sines(t: Floats, twelfth: float, thirtieth: float) -> Floats:
    angle = np.pi * t
    total: Floats = 20.0 * np.sin(angle) + 40.0 * np.sin(angle / 3.0)
    total += twelfth * np.sin(angle / 12.0) + thirtieth * np.sin(angle / 30.0)
    return total


def _gcj02_to_bd09(lon: Floats, lat: Floats) -> Pair:
    """Displace in polar coordinates of the degrees themselves, then by a constant."""
    radius = np.hypot(lon, lat) + BD_RADIUS * np.sin(lat * BD_FREQUENCY)
    angle = np.arctan2(lat, lon) + BD_ANGLE * np.cos(lon * BD_FREQUENCY)
    return radius * np.cos(angle) + BD_SHIFT[0], radius * np.sin(angle) + BD_SHIFT[1]


def _invert(shift: Shift, x: Floats, y: Floats) -> Pair:
    """Undo a displacement by fixed-point iteration.

    A displacement changes by less than 3 % of the way moved, so that each step leaves less than 3 % of
    the error and six steps reach the tolerance of a micrometre.
    """
    lon, lat = x.copy(), y.copy()
    for _ in range(_MOST_STEPS):
        there_lon, there_lat = shift(lon, lat)
        miss_lon, miss_lat = x - there_lon, y - there_lat
        lon, lat = lon + miss_lon, lat + miss_lat
        worst = np.fmax(np.abs(miss_lon), np.abs(miss_lat))
        if not (worst > _TOLERANCE_DEG).any():  # NaN is no reason to go on
            break
    return lon, lat
