"""Random small towns for property tests: streets on a lattice, homes and shops beside them."""

from dataclasses import dataclass

import geopandas as gpd
import numpy as np
import pandas as pd
import shapely
from hypothesis import strategies as st

from pujin_geo.walking.access import access_points
from pujin_geo.walking.network import Network, build_network

ORIGIN = np.array([350_000.0, 3_450_000.0])
STEP_M = 100.0
SNAP_M = 60.0


@dataclass(frozen=True)
class Town:
    """A drawing with many ties: lattice coordinates, a few of them moved off the lattice."""

    lines: list[list[tuple[float, float]]]
    homes: list[tuple[float, float]]
    shops: list[tuple[float, float]]

    @property
    def streets(self) -> gpd.GeoDataFrame:
        return streets_of(self.lines)

    @property
    def network(self) -> Network:
        return build_network(self.streets)

    def access(self, network: Network) -> tuple[pd.DataFrame, pd.DataFrame]:
        """Return the access tables of homes and shops."""
        return tuple(
            access_points(network, points(place), max_snap_m=SNAP_M) for place in (self.homes, self.shops)
        )


def points(xy: list[tuple[float, float]]) -> np.ndarray:
    """Return points at metres from ``ORIGIN``."""
    return shapely.points(np.array(xy, dtype=float).reshape(-1, 2) + ORIGIN)


def streets_of(lines: list[list[tuple[float, float]]]) -> gpd.GeoDataFrame:
    """Return a streets layer of lines at metres from ``ORIGIN``."""
    row = np.arange(1, len(lines) + 1)
    drawn = [shapely.LineString(np.array(line, dtype=float) + ORIGIN) for line in lines]
    columns = {"walkable": True, "status": "existing", "row": row, "source_row": row}
    return gpd.GeoDataFrame(columns, geometry=drawn, crs="EPSG:32651")


_on_lattice = st.tuples(st.integers(0, 4), st.integers(0, 4)).map(lambda p: (p[0] * STEP_M, p[1] * STEP_M))
_anywhere = st.tuples(st.integers(-300, 4300), st.integers(-300, 4300)).map(lambda p: (p[0] / 10, p[1] / 10))
_line = st.lists(_on_lattice, min_size=2, max_size=4).filter(lambda line: len(set(line)) > 1)
_place = st.one_of(_on_lattice, _anywhere)


@st.composite
def towns(draw: st.DrawFn, *, homes: int = 6, shops: int = 6) -> Town:
    """Draw a town with loops, parallel and crossing lines, islands, ties and points on nodes."""
    return Town(
        draw(st.lists(_line, min_size=1, max_size=9)),
        draw(st.lists(_place, min_size=1, max_size=homes)),
        draw(st.lists(_place, min_size=1, max_size=shops)),
    )
