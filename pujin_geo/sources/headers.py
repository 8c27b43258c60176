"""Headers as planners write them, in Chinese or English, to the canonical column names."""

import re
import unicodedata
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from functools import lru_cache

from rapidfuzz import fuzz, process

from ..errors import SourceError
from ..tables import Column, Layer
from ..texts import Text
from .cells import AREA_UNITS

PLACE_ALIASES: dict[str, tuple[str, ...]] = {
    "lon": (
        "lon",
        "lng",
        "long",
        "longitude",
        "经度",
        "东经",
        "经度坐标",
        "坐标经度",
        "wgs84经度",
        "gcj02经度",
        "经度E",
    ),
    "lat": ("lat", "latitude", "纬度", "北纬", "纬度坐标", "坐标纬度", "wgs84纬度", "gcj02纬度", "纬度N"),
    "x": ("x", "x坐标", "横坐标", "东坐标", "坐标x", "easting", "point_x", "coord_x", "xcoord"),
    "y": ("y", "y坐标", "纵坐标", "北坐标", "坐标y", "northing", "point_y", "coord_y", "ycoord"),
    "geometry": ("geometry", "geom", "wkt", "the_geom", "wkt_geom", "shape", "几何", "几何图形", "空间数据"),
    "lon_lat": ("经纬度", "坐标", "坐标(经度,纬度)", "location", "lnglat", "lonlat"),
}
"""How the columns that say where a row lies are called; ``lon_lat`` is one cell "121.50,31.07"."""

PAIRS = (("geometry",), ("lon", "lat"), ("x", "y"), ("lon_lat",))
DBF_NAME_BYTES = 10

_BRACKETS = re.compile(r"[(\[{【〔<][^)\]}】〕>]*[)\]}】〕>]")
_NOISE = re.compile(r"[^\w+]+|_+")
_HEADER_SCALES = {
    "万": 10_000.0,
    "万人": 10_000.0,
    "千": 1_000.0,
    "千人": 1_000.0,
    "万平方米": 10_000.0,
    "万m2": 10_000.0,
}
_OTHER_BASES = ("户", "户数", "households", "%", "比例", "占比")


@dataclass(frozen=True)
class Match:
    """Which header stands for which canonical column, and the factor that its unit implies."""

    columns: dict[str, str]
    factors: dict[str, float]
    doubles: tuple[tuple[str, str, str], ...] = ()
    """(canonical, header used, header left aside) where two headers mean the same."""

    def place(self) -> tuple[str, ...] | None:
        """Return the columns that say where a row lies, or None."""
        return next((pair for pair in PAIRS if all(name in self.columns for name in pair)), None)


@lru_cache(maxsize=4096)
def header_key(header: str) -> str:
    """Return a header for comparison: NFKC, lower case, without blanks, brackets' signs and punctuation.

    >>> header_key(" *设施 名称 "), header_key("Facility Type"), header_key("60+")
    ('设施名称', 'facilitytype', '60+')
    """
    return _NOISE.sub("", unicodedata.normalize("NFKC", header).casefold())


def aliases(column: Column) -> tuple[str, ...]:
    """Return every header that a column is known by, the canonical name first."""
    return (column.name, *column.aliases)


def match_headers(
    headers: Sequence[str], layer: Layer, columns: Mapping[str, str], *, is_dbf: bool = False
) -> Match:
    """Find the canonical columns among the headers of a file.

    ``columns`` (canonical → header, from study.toml) wins over the aliases. ``is_dbf``: names were
    cut to ten bytes, so cut aliases are recognised too.

    >>> from pujin_geo.tables import LAYERS
    >>> match_headers(["设施名称", "类型", "经度", "纬度"], LAYERS["facilities"], {}).columns
    {'facility_type': '类型', 'name': '设施名称', 'lon': '经度', 'lat': '纬度'}
    """
    found = _declared(headers, columns)
    factors: dict[str, float] = {}
    doubles: list[tuple[str, str, str]] = []
    known = {c.name: aliases(c) for c in layer.columns} | PLACE_ALIASES
    called = set().union(*map(_names, headers))
    for name, names in known.items():
        if name in columns:
            continue
        # Rows of data are matched too, to find the header: few of their cells are called anything.
        likely = names if is_dbf else [alias for alias in names if header_key(alias) in called]
        free = [h for h in headers if h not in found.values()] if likely else []
        matches = [h for alias in likely for h in free if _is_called(h, alias, name, is_dbf=is_dbf)]
        matches = list(dict.fromkeys(matches))
        if matches:
            found[name] = matches[0]
    for name, header in found.items():
        factors[name] = header_factor(header, name)
    leftover = [h for h in headers if h not in found.values()]
    for name, names in known.items():
        if name in found and name not in columns:
            doubles += [
                (name, found[name], h)
                for h in leftover
                if any(header_key(h) == header_key(alias) for alias in names[:3])
            ]
    return Match(found, factors, tuple(doubles))


def _declared(headers: Sequence[str], columns: Mapping[str, str]) -> dict[str, str]:
    found = {}
    for name, header in columns.items():
        same = [h for h in headers if h == header] or [
            h for h in headers if header_key(h) == header_key(header)
        ]
        if same:
            found[name] = same[0]
    return found


def _is_called(header: str, alias: str, name: str, *, is_dbf: bool) -> bool:
    if _has_other_base(unicodedata.normalize("NFKC", header), name):
        return False
    if header_key(alias) in _names(header):
        return True
    if is_dbf and len(header.encode()) >= DBF_NAME_BYTES - 2:
        cut = {alias.encode(code)[:DBF_NAME_BYTES].decode(code, "ignore") for code in ("utf-8", "gb18030")}
        return header_key(header) in {header_key(c) for c in cut if c != alias}
    return False


@lru_cache(maxsize=4096)
def _names(header: str) -> frozenset[str]:
    """Return a header for comparison, with and without what is in brackets."""
    plain = unicodedata.normalize("NFKC", header)
    return frozenset((header_key(plain), header_key(_BRACKETS.sub("", plain))))


def _has_other_base(header: str, name: str) -> bool:
    # 人口(户) counts households, 60岁以上(%) is a share: not the column that it looks like.
    return name.startswith("pop") and any(base in header for base in _OTHER_BASES)


def header_factor(header: str, name: str) -> float:
    """Return the factor that a unit in the header implies, such as 万 or 公顷.

    >>> header_factor("面积(公顷)", "area_m2"), header_factor("人口（万人）", "population"), header_factor("x(m)", "x")
    (10000.0, 10000.0, 1.0)
    """
    plain = unicodedata.normalize("NFKC", header).casefold()
    for bracket in _BRACKETS.findall(plain):
        unit = re.sub(r"\s|单位[::]?", "", bracket[1:-1])
        if unit in _HEADER_SCALES and (name.startswith("pop") or name == "area_m2"):
            return _HEADER_SCALES[unit]
        if name == "area_m2" and unit in AREA_UNITS:
            return AREA_UNITS[unit]
    return 1.0


def score(headers: Sequence[str], layer: Layer, columns: Mapping[str, str]) -> int:
    """Return how many wanted columns a row of cells names; used to find the header row."""
    return len(match_headers(headers, layer, columns).columns)


def require(
    match: Match, headers: Sequence[str], layer: Layer, columns: Mapping[str, str], *, file: str
) -> None:
    """Refuse a table that lacks a declared or required column.

    Raises:
        SourceError: naming what was looked for and the headers that the file has.
    """
    listed = "、".join(h for h in headers if h) or "—"
    for name, header in columns.items():
        if name not in match.columns:
            near = _nearest(header, headers)
            raise SourceError(
                Text(
                    f'{file}: study.toml 的 [layers.{layer.name}] columns 中 {name} = "{header}", 但文件里没有这一列'
                    f"{near.zh}; 文件的表头是: {listed}。请改正 columns 或表头。",
                    f'{file}: columns in [layers.{layer.name}] of study.toml says {name} = "{header}", but the file has no '
                    f"such column{near.en}; its headers are: {listed}. Correct columns or the header.",
                )
            )
    for column in layer.columns:
        if column.required and column.name not in match.columns:
            sought = "、".join(aliases(column))
            raise SourceError(
                Text(
                    f"{file}: 缺少必需的列 {column.name} ({column.meaning.zh}); 可用的表头: {sought}; 文件的表头是: {listed}。"
                    f"请补上该列, 或在 study.toml 的 [layers.{layer.name}] columns 中写明对应的表头。",
                    f"{file}: the required column {column.name} ({column.meaning.en}) is missing; looked for: {sought}; the "
                    f"file's headers are: {listed}. Add the column or name its header in columns of [layers.{layer.name}].",
                )
            )


def _nearest(header: str, headers: Sequence[str]) -> Text:
    best = process.extractOne(header, [h for h in headers if h], scorer=fuzz.ratio, score_cutoff=60)
    if best is None:
        return Text("", "")
    return Text(f" (是否为“{best[0]}”?)", f' (is it "{best[0]}"?)')


def misspelt(headers: Sequence[str], match: Match, layer: Layer) -> list[tuple[str, str]]:
    """Return unused headers that look like a misspelt known one: (header, known name).

    >>> from pujin_geo.tables import LAYERS
    >>> headers = ["population", "lon", "lat", "commitee_id"]
    >>> residents = LAYERS["residents"]
    >>> misspelt(headers, match_headers(headers, residents, {}), residents)
    [('commitee_id', 'committee_id')]
    """
    absent = [a for c in layer.columns if c.name not in match.columns for a in aliases(c)]
    unused = [h for h in headers if h and h not in match.columns.values()]
    found = []
    for header in unused:
        best = process.extractOne(
            header_key(header),
            {a: header_key(a) for a in absent if len(a) > 3},
            scorer=fuzz.ratio,
            score_cutoff=85,
        )
        if best is not None:
            found.append((header, str(best[2])))
    return found
