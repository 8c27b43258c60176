"""Where people live: residential buildings of OpenStreetMap, and how many live in each.

People come from a population file, shared out over the residential buildings of each cell by floor
area; without one they are estimated from floor area, and the column ``basis`` says so in every row.
"""

from dataclasses import dataclass

import geopandas as gpd
import numpy as np
import pandas as pd
import shapely
from numpy.typing import NDArray

from .land import RESIDENTIAL, areas_with, valid_areas

HOUSES = ["house", "detached", "semidetached_house", "terrace", "bungalow", "farm", "cabin", "static_caravan"]
BLOCKS = ["residential", "apartments", "dormitory"]
STOREYS = {"house": 2.0, "block": 6.0, "unknown": 3.0}
"""Assumed storeys of a building without ``building:levels``: houses, flats and dormitories, others."""

FLOOR_AREA_PER_PERSON_M2 = 40.0
"""Assumed gross floor area per resident, square metres; rough, for cities without population data."""

LAND_PERSONS_PER_HA = 150.0
"""Assumed residents per hectare of residential land without drawn buildings: floor area ratio 0.6."""

LAND_GRID_M = 200.0
"""Side of the squares into which residential land without buildings is cut, metres."""

LAND_MIN_M2 = 5000.0
"""Smaller empty pieces of residential land are yards and verges and hold nobody, square metres."""

MIN_DWELLING_M2 = 20.0
"""An undescribed building with a smaller footprint is taken for a shed or garage, square metres."""

USES = ["amenity", "shop", "office", "tourism", "leisure", "craft", "industrial", "military", "healthcare"]
PEOPLE_TAGS = ["building", "building:levels", "building:flats", "name", "landuse", *USES]

FROM_FILE = "population_file"
FROM_FILE_CELL = "population_file_cell"
FROM_FLOOR_AREA = "estimated_from_floor_area"
FROM_LAND = "estimated_from_residential_land"

COLUMNS = ["demand_id", "name", "population", "basis", "geometry"]


@dataclass(frozen=True)
class Shared:
    """People of a population file put where they live.

    Attributes:
        residents: demand_id, name, population, basis, ``geometry`` (Point).
        cells_outside: cells that do not meet the extent, left out.
        people_outside: people in them.
        cells_cut: cells that the edge of the extent cuts; their people are kept whole.
        people_cut: people in them.
        cells_without_homes: cells that became demand points themselves.
        homes_without_cell: residential buildings in no cell with people, left out.
    """

    residents: gpd.GeoDataFrame
    cells_outside: int
    people_outside: float
    cells_cut: int
    people_cut: float
    cells_without_homes: int
    homes_without_cell: int


@dataclass(frozen=True)
class Estimated:
    """People estimated from floor area and land.

    Attributes:
        residents: demand_id, name, population, basis, ``geometry`` (Point).
        land_m2: residential land, square metres.
        bare_land_m2: the part of it that is estimated by land area because no building is drawn there.
    """

    residents: gpd.GeoDataFrame
    land_m2: float
    bare_land_m2: float


def residential_buildings(elements: gpd.GeoDataFrame, other_land: gpd.GeoDataFrame) -> gpd.GeoDataFrame:
    """Pick the buildings that people live in.

    Dwellings by their ``building`` value; ``building=yes`` (and ``building:flats``) where the building
    itself has no other use and it stands on residential land, or where no land use is drawn.

    Args:
        elements: ways and relations with ``PEOPLE_TAGS``, CRS in metres.
        other_land: areas of other land use, same CRS.

    Returns:
        site_id, name (its own, else that of the residential land around it), floor_area_m2,
        ``geometry`` (Point inside the building).
    """
    shapes = elements.geometry.to_numpy()
    drawn = elements[(elements["building"] != "") & (shapely.get_dimensions(shapes) == 2)]
    drawn = drawn.assign(geometry=valid_areas(drawn.geometry.to_numpy()))
    drawn = drawn[~drawn.geometry.is_empty].reset_index(drop=True)
    points = drawn.geometry.representative_point()
    footprint_m2 = drawn.geometry.area
    used = (drawn[USES] != "").any(axis=1)
    land = areas_with(elements, RESIDENTIAL)
    maybe = (drawn["building"] == "yes") & ~used & (footprint_m2 >= MIN_DWELLING_M2)
    maybe &= _inside(points, land) | ~_inside(points, other_land)
    homes = drawn["building"].isin(HOUSES + BLOCKS) | (drawn["building:flats"] != "") | maybe
    storeys = _storeys(drawn)
    buildings = gpd.GeoDataFrame(
        {
            "site_id": drawn["osm_type"] + drawn["osm_id"].astype("str"),
            "name": drawn["name"].where(drawn["name"] != "", _names_around(points, land)),
            "floor_area_m2": footprint_m2 * storeys,
        },
        geometry=points,
        crs=elements.crs,
    )
    return buildings[homes & (buildings["floor_area_m2"] > 0)].reset_index(drop=True)


def _storeys(buildings: gpd.GeoDataFrame) -> "pd.Series[float]":
    """Return the storeys of each building: as tagged where that is a sensible number, else assumed."""
    kind = pd.Series("unknown", index=buildings.index)
    kind = kind.mask(buildings["building"].isin(HOUSES), "house")
    kind = kind.mask(buildings["building"].isin(BLOCKS), "block")
    tagged = pd.to_numeric(buildings["building:levels"], errors="coerce")
    return tagged.where(tagged.between(0.5, 200)).fillna(kind.map(STOREYS))


def _inside(points: gpd.GeoSeries, areas: gpd.GeoDataFrame) -> "pd.Series[bool]":
    inside = pd.Series(False, index=points.index)
    inside.iloc[np.unique(areas.sindex.query(points, predicate="intersects")[0])] = True
    return inside


def _names_around(points: gpd.GeoSeries, areas: gpd.GeoDataFrame) -> "pd.Series[str]":
    names = pd.Series("", index=points.index, dtype="str")
    named = areas[areas["name"] != ""]
    at, area = named.sindex.query(points, predicate="intersects")
    names.iloc[at] = named["name"].to_numpy()[area]
    return names


def share_people(cells: gpd.GeoDataFrame, buildings: gpd.GeoDataFrame, extent: shapely.Geometry) -> Shared:
    """Share the people of each cell out over its buildings by floor area.

    ``population_b = population_c · floor_area_b / Σ floor_area`` over the buildings b of cell c. A
    building belongs to the cell that its point lies in (the first, where cells overlap). A cell without
    buildings becomes a demand point itself. Each cell that meets the extent keeps its whole population,
    also where the edge cuts it: people are never lost, and the number of such cells is reported.

    Args:
        cells: population, ``row`` (1-based row of the file), ``geometry`` (areas).
        buildings: site_id, name, floor_area_m2, ``geometry`` (points), same CRS.
        extent: where the data are complete, same CRS.

    >>> from shapely import Point, box
    >>> cells = gpd.GeoDataFrame({"population": [30.0], "row": [1]}, geometry=[box(0, 0, 9, 9)])
    >>> homes = gpd.GeoDataFrame(
    ...     {"site_id": ["w1", "w2"], "name": ["", ""], "floor_area_m2": [100.0, 200.0]},
    ...     geometry=[Point(1, 1), Point(5, 5)],
    ... )
    >>> share_people(cells, homes, box(0, 0, 9, 9)).residents["population"].tolist()
    [10.0, 20.0]
    """
    meets = cells.geometry.intersects(extent)
    cut = meets & ~cells.geometry.within(extent)
    near = cells[meets & (cells["population"] > 0)].reset_index(drop=True)
    homes = buildings[buildings.geometry.intersects(extent)].reset_index(drop=True)
    home, cell = near.sindex.query(homes.geometry, predicate="intersects")
    pairs = pd.DataFrame({"home": home, "cell": cell}).sort_values(["home", "cell"]).drop_duplicates("home")
    lived = homes.iloc[pairs["home"]].reset_index(drop=True)
    cell_of = pairs["cell"].reset_index(drop=True)
    total_m2 = lived["floor_area_m2"].groupby(cell_of).transform("sum")
    people = cell_of.map(near["population"]).astype("float64") * (lived["floor_area_m2"] / total_m2)
    in_homes = gpd.GeoDataFrame(
        {"demand_id": lived["site_id"], "name": lived["name"], "population": people, "basis": FROM_FILE},
        geometry=lived.geometry,
        crs=cells.crs,
    )
    bare = near[~near.index.isin(cell_of)]
    parts = bare.geometry.intersection(extent)
    in_cells = gpd.GeoDataFrame(
        {
            "demand_id": "cell-" + bare["row"].astype("str"),
            "name": "",
            "population": bare["population"],
            "basis": FROM_FILE_CELL,
        },
        geometry=parts.representative_point(),
        crs=cells.crs,
    )
    return Shared(
        residents=pd.concat([in_homes, in_cells], ignore_index=True)[COLUMNS],
        cells_outside=int((~meets).sum()),
        people_outside=float(cells.loc[~meets, "population"].sum()),
        cells_cut=int(cut.sum()),
        people_cut=float(cells.loc[cut, "population"].sum()),
        cells_without_homes=len(bare),
        homes_without_cell=len(homes) - len(lived),
    )


def estimate_people(
    buildings: gpd.GeoDataFrame, land: gpd.GeoDataFrame, built: gpd.GeoDataFrame, extent: shapely.Geometry
) -> Estimated:
    """Estimate people from floor area, and from land area where residential land has no building drawn.

    Args:
        buildings: site_id, name, floor_area_m2, ``geometry`` (points), CRS in metres.
        land: residential land, same CRS.
        built: all buildings, of whatever use, same CRS.
        extent: where the data are complete, same CRS.
    """
    homes = buildings[buildings.geometry.intersects(extent)]
    in_homes = gpd.GeoDataFrame(
        {
            "demand_id": homes["site_id"],
            "name": homes["name"],
            "population": (homes["floor_area_m2"] / FLOOR_AREA_PER_PERSON_M2).round(1),
            "basis": FROM_FLOOR_AREA,
        },
        geometry=homes.geometry,
        crs=buildings.crs,
    )
    squares = _squares(land, extent)
    occupied = np.unique(squares.sindex.query(built.geometry, predicate="intersects")[1])
    bare = squares.drop(index=occupied)
    bare = bare[bare.geometry.area >= LAND_MIN_M2].reset_index(drop=True)
    in_land = gpd.GeoDataFrame(
        {
            "demand_id": [f"land-{number}" for number in range(1, len(bare) + 1)],
            "name": "",
            "population": (bare.geometry.area / 10_000 * LAND_PERSONS_PER_HA).round(1),
            "basis": FROM_LAND,
        },
        geometry=bare.geometry.representative_point(),
        crs=buildings.crs,
    )
    residents = pd.concat([in_homes, in_land], ignore_index=True)[COLUMNS]
    return Estimated(
        residents[residents["population"] > 0].reset_index(drop=True),
        float(squares.geometry.area.sum()),
        float(bare.geometry.area.sum()),
    )


def _squares(land: gpd.GeoDataFrame, extent: shapely.Geometry) -> gpd.GeoDataFrame:
    """Cut residential land inside the extent into squares of ``LAND_GRID_M`` on the CRS's own grid."""
    pieces: list[NDArray[np.object_]] = []
    united = shapely.union_all(shapely.intersection(land.geometry.to_numpy(), extent))
    for part in shapely.get_parts(united):
        if shapely.get_dimensions(part) != 2 or part.is_empty:
            continue
        west, south, east, north = np.floor(np.array(part.bounds) / LAND_GRID_M)
        x, y = np.meshgrid(np.arange(west, east + 1), np.arange(south, north + 1), indexing="ij")
        x, y = x.ravel() * LAND_GRID_M, y.ravel() * LAND_GRID_M
        pieces.append(shapely.intersection(shapely.box(x, y, x + LAND_GRID_M, y + LAND_GRID_M), part))
    shapes = np.concatenate(pieces) if pieces else np.array([], dtype=object)
    kept = shapes[shapely.get_dimensions(shapes) == 2]
    return gpd.GeoDataFrame(geometry=kept, crs=land.crs)
