"""An OpenStreetMap extract → a study folder that ``pujin-geo run`` reads."""

import html
from collections.abc import Callable
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any

import geopandas as gpd
import pandas as pd
import shapely
from shapely import Geometry

from ...errors import SourceError
from ...texts import Text
from .companions import read_boundary, read_population, refuse_apart
from .facilities import FACILITY_TAGS, Found, find_facilities
from .land import GREEN, LAND_TAGS, LAND_WANTED, OTHER_LAND, RESIDENTIAL, WATER, areas_with, barrier_lines
from .notes import ATTRIBUTION, extent_notes, facility_notes, people_notes, street_notes, study_readme
from .pbf import CutStreets, Header, read_cut_streets, read_elements, read_header
from .people import (
    PEOPLE_TAGS,
    Estimated,
    Shared,
    estimate_people,
    residential_buildings,
    share_people,
)
from .streets import STREET_TAGS, StreetLines, is_street, street_lines, street_rows
from .tag_table import TABLE, Rule, read_tag_table, searched_types, tags_needed, wanted_tags
from .writing import refuse_occupied, study_toml, swapped_in, write_layers, write_record

BEYOND_BOUNDARY_M = 2000.0
"""How far beyond the boundary data are kept, metres: farther than any threshold, so that neighbours'
facilities and the streets to them count."""

CUT_END_RADIUS_M = 0.5
"""Outer radius of the ring taken out of the extent around an end where the file cuts a street off,
metres: the street then crosses the extent's edge there. A ring and not a disc, so that a bus stop on the
very node stays inside."""

STREETS_WANTED: dict[str, Any] = {"highway": True, "railway": ["platform"], "public_transport": ["platform"]}


@dataclass(frozen=True)
class ImportSummary:
    """What an import wrote.

    Attributes:
        study: the study folder.
        rows: layer → rows written.
        walkable: streets that may be walked.
        people: sum of the population of all demand points.
        estimated: people were estimated, not given.
        notes: findings, one sentence each.
    """

    study: Path
    rows: dict[str, int]
    walkable: int
    people: float
    estimated: bool
    notes: tuple[Text, ...]

    def text(self) -> Text:
        """Return the closing words."""
        rows, people = self.rows, round(self.people)
        mark = Text(" (估算)", " (estimated)") if self.estimated else Text("", "")
        first = Text(
            f"已生成研究文件夹 {self.study}: 道路 {rows['streets']} 条 (可步行 {self.walkable}), 设施 {rows['facilities']} 处, "
            f"居民点 {rows['residents']} 个、{people} 人{mark.zh}。数据来源: {ATTRIBUTION}。",
            f"Study folder {self.study} is ready: {rows['streets']} streets ({self.walkable} walkable), "
            f"{rows['facilities']} facilities, {rows['residents']} demand points with {people} people{mark.en}. "
            f"Data: {ATTRIBUTION}.",
        )
        ending = Text(f'下一步: pujin-geo run "{self.study}"', f'Next: pujin-geo run "{self.study}"')
        parts = (first, *(Text(f"- {note.zh}", f"- {note.en}") for note in self.notes), ending)
        return Text("\n".join(p.zh for p in parts), "\n".join(p.en for p in parts))

    def _repr_html_(self) -> str:
        """Show the closing words in a notebook, in both languages."""
        return "".join(f"<p style='white-space:pre-line'>{html.escape(one)}</p>" for one in self.text())


@dataclass(frozen=True)
class Given:
    """What the command was given, read and checked: the tag table, the header, boundary and population."""

    rules: list[Rule]
    header: Header
    outline: gpd.GeoDataFrame | None
    cells: gpd.GeoDataFrame | None


@dataclass(frozen=True)
class Area:
    """Where data are complete.

    Attributes:
        extent: ``name``, ``geometry`` in EPSG:4326; the ends of cut streets are taken out.
        covered: the same without holes, EPSG:4326.
        crs: the study's metric CRS, ``EPSG:…``.
    """

    extent: gpd.GeoDataFrame
    covered: gpd.GeoDataFrame
    crs: str

    @property
    def covered_m(self) -> Geometry:
        """Return the covered area in the metric CRS."""
        return self.covered.to_crs(self.crs).geometry.iloc[0]


@dataclass(frozen=True)
class Made:
    """The layers of a study, where they lie, and what there is to tell."""

    layers: dict[str, gpd.GeoDataFrame]
    area: Area
    estimated: bool
    notes: tuple[Text, ...]


@dataclass(frozen=True)
class Origin:
    """What the written files say of themselves."""

    name: str
    extract: str
    data_date: str
    crs: str
    surveyed: list[str]


def read_streets(pbf: Path) -> gpd.GeoDataFrame:
    """Read the streets of an extract.

    Returns:
        EPSG:4326: walkable (bool), status, kind, name, ``geometry`` (lines). Ways that meet share a
        vertex with identical coordinates; ways that merely cross do not.

    Raises:
        SourceError: the file is missing, damaged, not an ``.osm.pbf``, or has no street.
    """
    read_header(pbf)
    elements = read_elements(pbf, wanted=STREETS_WANTED, tags=STREET_TAGS)
    return _streets(pbf, elements, read_cut_streets(pbf, STREET_TAGS)).streets


def _streets(pbf: Path, elements: gpd.GeoDataFrame, cut: CutStreets) -> StreetLines:
    """Make the streets; what the edge of the file cuts comes from ``cut``, without lines across gaps."""
    ways = elements[elements["osm_type"] == "w"]
    whole = ways[~ways["osm_id"].isin(cut.streets["osm_id"])]
    pieces = cut.streets[~cut.streets.geometry.is_empty]
    columns = ["osm_id", *STREET_TAGS, "geometry"]
    parts = [part[columns] for part in (whole, pieces) if len(part)]
    ways = pd.concat(parts, ignore_index=True) if parts else whole[columns]
    lines = street_lines(ways, cut.outlines[columns])
    if lines.streets.empty:
        raise SourceError(
            Text(
                f"{pbf} 中没有道路 (highway), 无法分析步行距离; 请换一份包含道路的数据。",
                f"{pbf} has no streets (highway), so walks cannot be measured; use an extract that has them.",
            )
        )
    return lines


def import_osm(
    pbf: str | Path,
    study: str | Path,
    *,
    boundary: Path | None = None,
    population: Path | None = None,
    tags: Path | None = None,
    report: Callable[[Text], None] | None = None,
) -> ImportSummary:
    """Make a study folder from an OpenStreetMap extract.

    Args:
        pbf: the extract.
        study: the folder to make; one that an earlier import made and nobody changed is replaced.
        boundary: polygons of the study area; data are kept to ``BEYOND_BOUNDARY_M`` beyond it.
        population: polygons with a column ``population``; without it people are estimated.
        tags: a tag table to use instead of the packaged ``osm_tags.csv``.
        report: called with a sentence as each of 8 steps begins.

    Raises:
        SourceError: a file cannot be read or used.
        SettingsError: the target holds a user's files, or the tag table is wrong.

    >>> import tempfile
    >>> from pyrosm import get_data
    >>> with tempfile.TemporaryDirectory() as here:
    ...     import_osm(get_data("test_pbf"), f"{here}/helsinki").rows["facilities"]
    53
    """
    pbf, study = Path(pbf), Path(study)
    say = report or (lambda _text: None)
    refuse_occupied(study)
    say(Text("读取文件头、边界和人口", "Reading the header, boundary and population"))
    given = Given(
        rules=read_tag_table(tags or TABLE),
        header=read_header(pbf),
        outline=None if boundary is None else read_boundary(boundary),
        cells=None if population is None else read_population(population),
    )
    made = _make(pbf, given, {"boundary": boundary, "population": population}, say)
    say(Text("写出研究文件夹", "Writing the study folder"))
    layers = made.layers
    summary = ImportSummary(
        study=study,
        rows={name: len(frame) for name, frame in layers.items()},
        walkable=int(layers["streets"]["walkable"].sum()),
        people=float(layers["residents"]["population"].sum()),
        estimated=made.estimated,
        notes=made.notes,
    )
    name = _study_name(pbf, given.outline)
    origin = Origin(name, pbf.name, given.header.date, made.area.crs, searched_types(given.rules))
    with swapped_in(study.resolve()) as folder:
        _write(folder, origin, layers, summary)
    return summary


def _make(pbf: Path, given: Given, files: dict[str, Path | None], say: Callable[[Text], None]) -> Made:
    """Read the extract and make every layer; ``files`` names boundary and population for refusals."""
    say(Text("查找被数据边缘截断的道路", "Looking for streets that the edge cuts"))
    cut = read_cut_streets(pbf, STREET_TAGS)
    say(Text("读取 OpenStreetMap 要素", "Reading OpenStreetMap elements"))
    limit = None if given.outline is None else _around(given.outline, BEYOND_BOUNDARY_M)
    if given.header.box is not None:
        _refuse_apart(given, files, given.header.box)
    wanted, keys = _wanted(wanted_tags(given.rules), tags_needed(given.rules))
    # Without a box in the header all streets are needed to tell the extent.
    elements = read_elements(pbf, wanted=wanted, tags=keys, box=limit if given.header.box else None)
    say(Text("整理道路", "Sorting out streets"))
    lines = _streets(pbf, elements, cut)
    box, box_is_known = _box(given.header, lines.streets)
    _refuse_apart(given, files, box)
    area = _area(box, limit, cut)
    near = elements[elements.geometry.intersects(area.covered.geometry.iloc[0])].to_crs(area.crs)
    say(Text("查找设施", "Finding facilities"))
    found = find_facilities(near, given.rules)
    say(Text("分配居民人口", "Placing residents"))
    people = _people(pbf, near, given.cells, area)
    say(Text("整理水面、绿地和屏障", "Sorting out water, green and barriers"))
    layers = _layers(lines.streets, found, people, near, area)
    if given.outline is not None:
        layers["boundary"] = given.outline
    outside = len(lines.streets) - len(layers["streets"])
    notes = (
        *street_notes(lines, cut, outside),
        *extent_notes(given.outline, box, is_known=box_is_known),
        *facility_notes(found, searched_types(given.rules)),
        *people_notes(people),
    )
    return Made(layers, area, isinstance(people, Estimated), notes)


def _refuse_apart(given: Given, files: dict[str, Path | None], box: Geometry) -> None:
    for path, shapes in ((files["boundary"], given.outline), (files["population"], given.cells)):
        if path is not None and shapes is not None:
            refuse_apart(path, shapes, box)


def _wanted(
    facility_tags: dict[str, list[str]], facility_keys: list[str]
) -> tuple[dict[str, Any], list[str]]:
    """Return what to read of an extract: key → values or True, and the keys that become columns."""
    doors = {"entrance": True, "barrier": ["gate", "entrance"], "railway": ["subway_entrance"]}
    wanted: dict[str, Any] = {}
    parts: list[dict[str, Any]] = [facility_tags, LAND_WANTED, doors, STREETS_WANTED, {"building": True}]
    for part in parts:
        for key, values in part.items():
            if values is True or wanted.get(key) is True:
                wanted[key] = True
            else:
                wanted[key] = [*wanted.get(key, []), *values]
    keys = [*facility_keys, *FACILITY_TAGS, *LAND_TAGS, *STREET_TAGS, *PEOPLE_TAGS]
    return wanted, list(dict.fromkeys(keys))


def _around(outline: gpd.GeoDataFrame, distance_m: float) -> Geometry:
    metric = outline.to_crs(outline.estimate_utm_crs())
    around: Geometry = metric.geometry.buffer(distance_m).to_crs("EPSG:4326").iloc[0]
    return around


def _box(header: Header, streets: gpd.GeoDataFrame) -> tuple[Geometry, bool]:
    """Return the area that the file covers (lon/lat): its own box, else the hull of its streets."""
    if header.box is not None and streets.geometry.intersects(header.box).any():
        return header.box, True
    return shapely.convex_hull(shapely.union_all(streets.geometry.to_numpy())), False


def _area(box: Geometry, limit: Geometry | None, cut: CutStreets) -> Area:
    """Work out where data are complete: the file's box, kept to the boundary, without the cut ends."""
    complete = box if limit is None else shapely.intersection(box, limit)
    frame = gpd.GeoDataFrame({"name": [""]}, geometry=[complete], crs="EPSG:4326")
    crs = f"EPSG:{frame.estimate_utm_crs().to_epsg()}"
    open_ends = cut.ends[cut.ends["osm_id"].isin(_walked(cut.streets)["osm_id"])]
    open_ends = open_ends[open_ends.geometry.intersects(complete)]
    ends = open_ends.to_crs(crs).geometry
    outer, inner = (ends.buffer(r, quad_segs=2).union_all() for r in (CUT_END_RADIUS_M, CUT_END_RADIUS_M / 2))
    metric = frame.to_crs(crs)
    metric["geometry"] = metric.geometry.difference(outer.difference(inner))
    return Area(extent=metric.to_crs("EPSG:4326"), covered=frame, crs=crs)


def _walked(streets: gpd.GeoDataFrame) -> gpd.GeoDataFrame:
    ways = streets[is_street(streets)]
    return ways[street_rows(ways)["walkable"]]


def _people(
    pbf: Path, near: gpd.GeoDataFrame, cells: gpd.GeoDataFrame | None, area: Area
) -> Shared | Estimated:
    """Place people; refuse an extract that says nothing of where they live."""
    surfaces = near[near["osm_type"] != "n"]
    homes = residential_buildings(surfaces, areas_with(surfaces, {"landuse": OTHER_LAND}))
    if cells is not None:
        shared = share_people(cells.to_crs(area.crs), homes, area.covered_m)
        if shared.residents.empty:
            raise SourceError(
                Text(
                    "人口文件在数据范围内没有人口 (都为 0), 无法分析; 请检查 population 列。",
                    "The population file has nobody within the extent (all 0); check its column population.",
                )
            )
        return shared
    built = surfaces[(surfaces["building"] != "")]
    estimated = estimate_people(homes, areas_with(surfaces, RESIDENTIAL), built, area.covered_m)
    if estimated.residents.empty:
        raise SourceError(
            Text(
                f"{pbf} 在研究范围内没有住宅楼, 也没有居住用地, 无法估算人口; 请用 --population 提供人口网格。",
                f"{pbf} has neither residential buildings nor residential land in the study area, so people cannot be "
                "estimated; give a population grid with --population.",
            )
        )
    return estimated


def _layers(
    streets: gpd.GeoDataFrame, found: Found, people: Shared | Estimated, near: gpd.GeoDataFrame, area: Area
) -> dict[str, gpd.GeoDataFrame]:
    """Return every layer by name, in the order of study.toml; streets stay whole where they leave the extent."""
    surfaces = near[near["osm_type"] != "n"]
    inside = streets.geometry.intersects(area.covered.geometry.iloc[0])
    return {
        "facilities": found.facilities,
        "residents": people.residents,
        "streets": streets[inside].reset_index(drop=True),
        "extent": area.extent,
        "water": areas_with(surfaces, WATER),
        "green": areas_with(surfaces, GREEN),
        "residential_land": areas_with(surfaces, RESIDENTIAL),
        "barriers": barrier_lines(surfaces),
        "entrances": found.entrances,
    }


def _study_name(pbf: Path, outline: gpd.GeoDataFrame | None) -> str:
    named = "" if outline is None else str(outline["name"].iloc[0])
    return named or pbf.name.removesuffix(".pbf").removesuffix(".osm")


def _write(folder: Path, origin: Origin, layers: dict[str, gpd.GeoDataFrame], summary: ImportSummary) -> None:
    files = write_layers(folder, layers)
    text = study_toml(origin.name, origin.crs, origin.data_date, files, origin.surveyed)
    (folder / "study.toml").write_text(text, encoding="utf-8")
    counts = layers["facilities"]["facility_type"].value_counts().sort_index().to_dict()
    words = summary.text()
    (folder / "README.md").write_text(
        study_readme(origin.name, origin.extract, origin.data_date, words, counts), encoding="utf-8"
    )
    record = {key: value for key, value in asdict(summary).items() if key not in ("study", "notes")}
    about = {"extract": origin.extract, "data_date": origin.data_date, "licence": ATTRIBUTION}
    write_record(folder, about | record)
