"""How many verdicts change when points are snapped to nodes, or straight lines stand for walks.

    python benchmarks/accuracy.py [--networks helsinki 20k pbf] [--pbf FILE]

A home's verdict for a facility type is whether the nearest facility lies within the threshold. It is taken
three times: with the way from place to place along the streets (as the package does), with both ends moved
to the nearest node at no cost, and by straight line. Every home is judged for every type.
"""

import argparse
from pathlib import Path

import numpy as np
import shapely
from networks import Town, named_town

from pujin_geo.walking.access import access_points
from pujin_geo.walking.distances import nearest
from pujin_geo.walking.network import Network, build_network

THRESHOLDS_M = (300.0, 500.0, 1000.0)
SNAP_M = 150.0


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--networks", nargs="+", default=["helsinki", "20k"])
    parser.add_argument("--pbf", type=Path)
    options = parser.parse_args()
    for name in options.networks:
        town = named_town(name, options.pbf)
        print(
            f"\n## {name}: {len(town.homes):,} homes, {len(town.facilities)} facilities, {town.types} types\n"
        )
        report(town, build_network(town.streets))


def report(town: Town, network: Network) -> None:
    walk_m = walks(network, town, town.homes, town.facilities)
    others = {
        "snapped to nodes": walks(
            network, town, *(at_nodes(network, p) for p in (town.homes, town.facilities))
        ),
        "straight line": straight(town),
    }
    print(
        "| instead of the walk | m | verdicts flipped | met falsely | missed | homes with a flip | error m, median, p95 |"
    )
    print("|---|---|---|---|---|---|---|")
    for name, other_m in others.items():
        both = np.isfinite(walk_m) & np.isfinite(other_m)
        median_m, p95_m = np.quantile(np.abs(other_m[both] - walk_m[both]), [0.5, 0.95])
        for threshold_m in THRESHOLDS_M:
            met, said = np.round(walk_m, 3) <= threshold_m, np.round(other_m, 3) <= threshold_m
            shares = (
                (met != said).mean(), (said & ~met).mean(), (met & ~said).mean(), (met != said).any(axis=1).mean(),
            )  # fmt: skip
            cells = " | ".join(f"{share:.1%}" for share in shares)
            print(f"| {name} | {threshold_m:,.0f} | {cells} | {median_m:.0f}, {p95_m:.0f} |")


def walks(network: Network, town: Town, homes: np.ndarray, facilities: np.ndarray) -> np.ndarray:
    """Return (homes, types) walks to the nearest facility of each type."""
    into = [access_points(network, points, max_snap_m=SNAP_M) for points in (homes, facilities)]
    return nearest(network, *into, town.group, len(homes), groups=town.types)[0]


def at_nodes(network: Network, points: np.ndarray) -> np.ndarray:
    """Return the node nearest to each point."""
    nodes = shapely.points(network.node_xy)
    return nodes[shapely.STRtree(nodes).nearest(points)]


def straight(town: Town) -> np.ndarray:
    """Return (homes, types) straight distances to the nearest facility of each type."""
    distance_m = np.full((len(town.homes), town.types), np.inf)
    for number in range(town.types):
        members = town.facilities[town.group == number]
        if len(members):
            nearest_one = shapely.STRtree(members).nearest(town.homes)
            distance_m[:, number] = shapely.distance(town.homes, members[nearest_one])
    return distance_m


if __name__ == "__main__":
    main()
