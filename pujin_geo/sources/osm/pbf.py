"""Read an ``.osm.pbf`` file: its header, its tagged elements, and the streets that its edge cuts.

Elements come from pyrosm. What it leaves out but matters here is read from the same messages by this
module: the header (bounding box, date), and streets that are not wholly in the file. An extract may be
cut so that ways lose their nodes outside; such a street goes on where the data end, and that end must
not pass for a dead end. Nor may a gap be closed by a straight line, neither in a way nor in the outline
of a square whose relation lacks members.
"""

import struct
import warnings
import zlib
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path
from typing import IO, Any

import geopandas as gpd
import numpy as np
import pandas as pd
import shapely
from numpy.typing import NDArray
from shapely import Polygon

from ...errors import SourceError
from ...texts import Text

COORDINATE_DECIMALS = 7
"""OpenStreetMap stores 1e-7 degrees (about 1 cm); rounding to it makes equal nodes equal floats."""

MAX_BLOB_BYTES = 64 * 1024 * 1024
MAX_HEADER_BYTES = 64 * 1024
"""Largest blob and blob header, with room above what the format allows."""

type_letters = {"node": "n", "way": "w", "relation": "r"}

Floats = NDArray[np.float64]
Integers = NDArray[np.int64]


@dataclass(frozen=True)
class Header:
    """What the file says of itself: the box it was cut to (lon/lat) or None, its date or ""."""

    box: Polygon | None
    date: str


@dataclass(frozen=True)
class CutStreets:
    """Streets that pyrosm does not draw as they are.

    Attributes:
        streets: ways with nodes outside the file, one row each: osm_id, its tags as columns,
            ``geometry`` = what is inside (lines; empty if a single node is left), EPSG:4326.
        outlines: walkable areas that are relations, one row per member way: as ``streets``, with the
            relation's id and tags.
        ends: one row per end where data stop: osm_id, ``geometry`` (Point), EPSG:4326.
    """

    streets: gpd.GeoDataFrame
    outlines: gpd.GeoDataFrame
    ends: gpd.GeoDataFrame


@dataclass(frozen=True)
class _Way:
    osm_id: int
    tags: dict[str, str]
    refs: Integers


@dataclass(frozen=True)
class _Places:
    """Nodes in the file, by ascending id."""

    ids: Integers
    lonlat: Floats

    def look_up(self, refs: Integers) -> tuple[NDArray[np.bool_], Floats]:
        """Return which nodes are in the file, and where (anything where they are not)."""
        position = np.minimum(np.searchsorted(self.ids, refs), len(self.ids) - 1)
        return self.ids[position] == refs, self.lonlat[position]


def read_header(pbf: Path) -> Header:
    """Read the header block.

    Raises:
        SourceError: the file is missing, empty or not an ``.osm.pbf``.
    """
    from pyrosm.proto.osmformat_pb2 import HeaderBlock  # noqa: PLC0415  heavy

    kind, data = next(_blobs(pbf), ("", b""))
    if kind != "OSMHeader":
        raise _not_pbf(pbf)
    with _refusing_damage(pbf):
        block = HeaderBlock.FromString(data)
    box = None
    if block.HasField("bbox"):
        sides = (block.bbox.left, block.bbox.bottom, block.bbox.right, block.bbox.top)
        west, south, east, north = (side * 1e-9 for side in sides)
        if -180 <= west < east <= 180 and -90 <= south < north <= 90:
            box = shapely.box(west, south, east, north)
    return Header(box, _date(block))


def _date(block: Any) -> str:
    seconds = block.osmosis_replication_timestamp
    if 0 < seconds < 1e11:
        return datetime.fromtimestamp(seconds, UTC).date().isoformat()
    stamps = [text for text in block.optional_features if text.startswith("timestamp=")]
    return stamps[0].removeprefix("timestamp=")[:10] if stamps else ""


def read_elements(
    pbf: Path, *, wanted: dict[str, Any], tags: list[str], box: Polygon | None = None
) -> gpd.GeoDataFrame:
    """Read nodes, ways and relations that carry a wanted tag.

    Args:
        pbf: the file.
        wanted: key → True (any value) or a list of values; an element needs one of them.
        tags: keys that become columns.
        box: read only what meets this box (lon/lat).

    Returns:
        EPSG:4326; ``osm_type`` (n, w, r), ``osm_id``, one text column per key in ``tags`` ("" where
        the element lacks it) and ``geometry``; ordered by type and id.

    Raises:
        SourceError: the file is missing, damaged or not an ``.osm.pbf``.
    """
    from pyrosm import OSM  # noqa: PLC0415  heavy

    bounds = None if box is None else list(box.bounds)
    kinds = ("nodes", "ways", "relations")
    with _refusing_damage(pbf), warnings.catch_warnings():
        warnings.simplefilter("ignore")  # an empty read is no cause for alarm
        osm = OSM(
            str(pbf),
            bounding_box=bounds,
            keep_metadata=False,
            complete_relations=bounds is not None,
            engine="in_memory",
            progress=False,
        )
        frames = [  # apart: together, pyrosm drops ways that are members of a kept relation
            osm.get_data_by_custom_criteria(
                custom_filter=wanted,
                tags_as_columns=tags,
                **{f"keep_{k}": k == kind for k in kinds},
            )
            for kind in kinds
        ]
    read = [_tidied(frame, tags) for frame in frames if frame is not None and len(frame)]
    if not read:
        return _tidied(gpd.GeoDataFrame({"osm_type": [], "id": []}, geometry=[], crs="EPSG:4326"), tags)
    return pd.concat(read, ignore_index=True)


def _tidied(frame: gpd.GeoDataFrame, tags: list[str]) -> gpd.GeoDataFrame:
    frame.attrs.clear()  # pyrosm keeps long lists there, and pandas copies them at every step
    columns = {
        "osm_type": frame["osm_type"].astype("str").map(type_letters),
        "osm_id": frame["id"].astype("int64"),
    }
    for tag in tags:
        values = frame[tag] if tag in frame else pd.Series("", index=frame.index)
        columns[tag] = values.where(values.notna(), "").astype("str")
    shapes = rounded(frame.geometry.to_numpy())
    tidy = gpd.GeoDataFrame(columns, geometry=shapes, crs="EPSG:4326")
    kept: gpd.GeoDataFrame = tidy[tidy.geometry.notna() & ~tidy.geometry.is_empty]
    return kept.sort_values("osm_id", kind="stable", ignore_index=True)


def rounded(shapes: NDArray[np.object_]) -> NDArray[np.object_]:
    """Return the shapes with coordinates rounded to OpenStreetMap's own 1e-7 degrees.

    >>> import numpy as np, shapely
    >>> rounded(np.array([shapely.Point(121.50000001, 31.1)]))[0].wkt
    'POINT (121.5 31.1)'
    """
    result: NDArray[np.object_] = shapely.transform(shapes, lambda xy: np.round(xy, COORDINATE_DECIMALS))
    return result


def read_cut_streets(pbf: Path, tags: list[str]) -> CutStreets:
    """Read streets with nodes outside the file and areas that are relations, see ``CutStreets``.

    Raises:
        SourceError: the file is missing, damaged or not an ``.osm.pbf``.
    """
    nodes: list[tuple[Integers, Floats]] = []
    ways: list[_Way] = []
    areas: list[_Way] = []
    with _refusing_damage(pbf):
        for block in _blocks(pbf):
            nodes.extend(_nodes(block))
            found = list(_tagged(block))
            ways += [way for kind, way in found if kind == "way"]
            areas += [way for kind, way in found if kind == "relation"]
    if not nodes:
        return CutStreets(_table([], tags), _table([], tags), _table([], []))
    ids = np.concatenate([part[0] for part in nodes])
    order = np.argsort(ids, kind="stable")
    places = _Places(ids[order], np.concatenate([part[1] for part in nodes])[order])
    rows: list[dict[str, Any]] = []
    ends: list[dict[str, Any]] = []
    for way in ways:
        here, lonlat = places.look_up(way.refs)
        if here.all() or not here.any():
            continue
        pieces, stops = _pieces(here, lonlat)
        rows.append({**way.tags, "osm_id": way.osm_id, "geometry": _joined(pieces)})
        ends.extend({"osm_id": way.osm_id, "geometry": shapely.Point(end)} for end in stops)
    return CutStreets(_table(rows, tags), _table(_outlines(pbf, areas, places), tags), _table(ends, []))


def _outlines(pbf: Path, areas: list[_Way], places: _Places) -> list[dict[str, Any]]:
    members = {int(ref) for area in areas for ref in area.refs}
    lines: dict[int, list[Floats]] = {}
    for block in _blocks(pbf) if members else ():
        for group in block.primitivegroup:
            for way in group.ways:
                if way.id in members:
                    refs = np.cumsum(np.array(way.refs, dtype=np.int64))
                    lines[way.id] = _pieces(*places.look_up(refs))[0]
    return [
        {**area.tags, "osm_id": area.osm_id, "geometry": _joined(lines[int(ref)])}
        for area in areas
        for ref in area.refs
        if lines.get(int(ref))
    ]


def _pieces(present: NDArray[np.bool_], lonlat: Floats) -> tuple[list[Floats], list[Floats]]:
    """Cut a way at its missing nodes: pieces of two and more points, and the ends where data stop."""
    edges = np.flatnonzero(np.diff(np.concatenate([[0], present.astype(np.int8), [0]])))
    pieces, ends = [], []
    for first, after in zip(edges[::2], edges[1::2], strict=True):
        if after - first > 1:
            pieces.append(lonlat[first:after])
        if first > 0:
            ends.append(lonlat[first])
        if after < len(present) and (after - first > 1 or first == 0):
            ends.append(lonlat[after - 1])
    return pieces, ends


def _joined(pieces: list[Floats]) -> shapely.Geometry:
    return shapely.LineString(pieces[0]) if len(pieces) == 1 else shapely.MultiLineString(pieces)


def _table(rows: list[dict[str, Any]], tags: list[str]) -> gpd.GeoDataFrame:
    frame = pd.DataFrame(rows, columns=["osm_id", *tags, "geometry"]).astype(dict.fromkeys(tags, "object"))
    frame[tags] = frame[tags].where(frame[tags].notna(), "").astype("str")
    return gpd.GeoDataFrame(frame, geometry="geometry", crs="EPSG:4326")


def _nodes(block: Any) -> Iterator[tuple[Integers, Floats]]:
    for group in block.primitivegroup:
        dense = group.dense
        if len(dense.id):
            lon = np.cumsum(np.array(dense.lon, dtype=np.int64))
            lat = np.cumsum(np.array(dense.lat, dtype=np.int64))
            yield np.cumsum(np.array(dense.id, dtype=np.int64)), _lonlat(block, lon, lat)
        if len(group.nodes):
            plain = np.array([(node.id, node.lon, node.lat) for node in group.nodes], dtype=np.int64)
            yield plain[:, 0], _lonlat(block, plain[:, 1], plain[:, 2])


def _lonlat(block: Any, lon: Integers, lat: Integers) -> Floats:
    offsets = np.array([block.lon_offset, block.lat_offset])
    nano = offsets + block.granularity * np.column_stack([lon, lat])
    result: Floats = np.round(nano * 1e-9, COORDINATE_DECIMALS)
    return result


def _tagged(block: Any) -> Iterator[tuple[str, _Way]]:
    """Yield ways and multipolygon relations that may be streets; a relation's refs are its member ways."""
    strings = block.stringtable.s
    keys = {i for i, text in enumerate(strings) if text in (b"highway", b"railway", b"public_transport")}
    if not keys:
        return
    for group in block.primitivegroup:
        for way in group.ways:
            if not keys.isdisjoint(way.keys):
                tags = _tags(way, strings)
                if _may_be_street(tags):
                    yield "way", _Way(way.id, tags, np.cumsum(np.array(way.refs, dtype=np.int64)))
        for relation in group.relations:
            if not keys.isdisjoint(relation.keys):
                tags = _tags(relation, strings)
                if _may_be_street(tags) and tags.get("type") == "multipolygon":
                    refs = np.cumsum(np.array(relation.memids, dtype=np.int64))
                    is_way = np.array(relation.types, dtype=np.int64) == 1
                    yield "relation", _Way(relation.id, tags, refs[is_way])


def _tags(element: Any, strings: Any) -> dict[str, str]:
    return {
        strings[key].decode("utf-8", "replace"): strings[value].decode("utf-8", "replace")
        for key, value in zip(element.keys, element.vals, strict=True)
    }


def _may_be_street(tags: dict[str, str]) -> bool:
    return "highway" in tags or "platform" in (tags.get("railway"), tags.get("public_transport"))


def _blocks(pbf: Path) -> Iterator[Any]:
    from pyrosm.proto.osmformat_pb2 import PrimitiveBlock  # noqa: PLC0415  heavy

    for kind, data in _blobs(pbf):
        if kind == "OSMData":
            yield PrimitiveBlock.FromString(data)


@contextmanager
def _refusing_damage(pbf: Path) -> Iterator[None]:
    """Turn whatever a reader raises on broken content into a refusal."""
    from google.protobuf.message import DecodeError  # type: ignore[import-untyped]  # noqa: PLC0415
    from pyrosm.exceptions import PBFException, PBFNotImplemented  # noqa: PLC0415

    broken = (DecodeError, EOFError, ValueError, LookupError, ArithmeticError, OSError, zlib.error)
    try:
        yield
    except SourceError:
        raise
    except PBFNotImplemented as error:
        raise _unsupported(pbf, str(error)) from None
    except (*broken, PBFException):
        raise _damaged(pbf) from None


def _blobs(pbf: Path) -> Iterator[tuple[str, bytes]]:
    """Yield each blob's kind and unpacked content."""
    try:
        with pbf.open("rb") as file:
            first = True
            while length := file.read(4):
                yield _blob(pbf, file, length, first=first)
                first = False
    except FileNotFoundError:
        raise SourceError(
            Text(
                f"找不到 OpenStreetMap 数据文件 {pbf}, 请检查路径。",
                f"There is no OpenStreetMap file {pbf}; check the path.",
            )
        ) from None
    except OSError as error:
        raise SourceError(
            Text(f"无法读取 {pbf}: {error.strerror}。", f"{pbf} cannot be read: {error.strerror}.")
        ) from None


def _blob(pbf: Path, file: IO[bytes], length: bytes, *, first: bool) -> tuple[str, bytes]:
    from pyrosm.proto.fileformat_pb2 import Blob, BlobHeader  # noqa: PLC0415  heavy

    try:
        with _refusing_damage(pbf):
            header_bytes = struct.unpack(">I", length.rjust(4, b"\0"))[0]
            if not 0 < header_bytes <= MAX_HEADER_BYTES:
                raise EOFError
            header = BlobHeader.FromString(_exactly(file, header_bytes))
            if not 0 <= header.datasize <= MAX_BLOB_BYTES or (first and header.type != "OSMHeader"):
                raise EOFError
            blob = Blob.FromString(_exactly(file, header.datasize))
            if blob.HasField("zlib_data"):
                return header.type, zlib.decompress(blob.zlib_data)
            if blob.HasField("raw"):
                return header.type, blob.raw
    except SourceError:
        raise (_not_pbf(pbf) if first else _damaged(pbf)) from None
    raise _unsupported(pbf, "compression")


def _unsupported(pbf: Path, what: str) -> SourceError:
    return SourceError(
        Text(
            f"{pbf} 用了本工具不支持的 PBF 写法 ({what}); 请用 osmium cat 转存一次。",
            f"{pbf} uses a variety of PBF that is not supported ({what}); save it again with osmium cat.",
        )
    )


def _exactly(file: IO[bytes], size: int) -> bytes:
    data = file.read(size)
    if len(data) < size:
        raise EOFError
    return data


def _not_pbf(pbf: Path) -> SourceError:
    return SourceError(
        Text(
            f"{pbf} 不是 .osm.pbf 文件; 请提供 OpenStreetMap 的 PBF 数据 (例如从 Geofabrik 或 BBBike 下载)。",
            f"{pbf} is not an .osm.pbf file; give an OpenStreetMap extract in PBF format "
            "(for example from Geofabrik or BBBike).",
        )
    )


def _damaged(pbf: Path) -> SourceError:
    return SourceError(
        Text(
            f"{pbf} 已损坏或下载不完整, 无法读完; 请重新下载。",
            f"{pbf} is damaged or incomplete and cannot be read to its end; download it again.",
        )
    )
