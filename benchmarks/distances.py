"""What walking distances cost: this package, the plain scipy call, pandana and networkx, side by side.

    python benchmarks/distances.py [--networks 20k helsinki 200k pbf] [--pbf FILE] [--rounds 3]

Every engine answers the same question, with homes and facilities on nodes, because pandana and networkx
know nothing else; answers are compared. The first lines time this package on the true points, which enter
the middle of streets. CPU seconds of one process; engines take turns within a round; the median is shown.
"""

import argparse
import resource
import time
from collections.abc import Callable
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
from networks import Town, named_town
from scipy.sparse.csgraph import dijkstra
from scipy.spatial import cKDTree

from pujin_geo.walking.access import access_points
from pujin_geo.walking.distances import nearest
from pujin_geo.walking.network import Network, build_network
from pujin_geo.walking.pairs import counts_within, nearest_of_pairs, pairs_within

try:
    import networkx
    import pandana
except ImportError:
    raise SystemExit(
        "The other engines are missing: run `make bench`, or install the extra `bench`."
    ) from None

NEAREST_M = 1500.0
PAIRS_M = 1000.0
LIMITS_M = (300.0, 500.0, 1000.0)
K = 3
SNAP_M = 150.0
AGREE_M = 0.05
"""pandana rounds lengths to millimetres, which add up along a walk."""
SLOW_S = 10.0
"""What takes longer is run once."""
MOST_SLOW_NODES = 50_000
SAMPLED_TYPES = 4
"""On larger networks the engines are compared on the facilities of the first types, or the slow ones never end."""
MOST_DENSE_CELLS = 300_000_000
"""The plain scipy call for pairs fills facilities × nodes; it takes part up to this size."""

Times = dict[tuple[str, str], list[float]]


@dataclass(frozen=True)
class Question:
    """Homes and facilities on nodes, as every engine understands them."""

    town: Town
    network: Network
    home: np.ndarray
    facility: np.ndarray


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--networks", nargs="+", default=["20k", "helsinki", "200k"])
    parser.add_argument("--pbf", type=Path)
    parser.add_argument("--rounds", type=int, default=3)
    options = parser.parse_args()
    for name in options.networks:
        benchmark(name, named_town(name, options.pbf), options.rounds)


def benchmark(name: str, town: Town, rounds: int) -> None:
    began = time.process_time()
    network = build_network(town.streets)
    network.matrix  # noqa: B018 - built on first use
    built_s = time.process_time() - began
    print(
        f"\n## {name}: {len(network.node_xy):,} nodes, {len(network.edge_length_m):,} edges, "
        f"{len(town.homes):,} homes, {len(town.facilities):,} facilities, {town.types} types\n"
    )
    began = time.process_time()
    homes, shops = (access_points(network, p, max_snap_m=SNAP_M) for p in (town.homes, town.facilities))
    print(f"network {built_s:.2f} s, access {time.process_time() - began:.2f} s\n")
    whole_job(network, town, homes, shops, rounds)
    compare(question(network, sampled(town)), rounds)


def sampled(town: Town) -> Town:
    """Return a large town with the facilities of ``SAMPLED_TYPES`` types, the same for every engine."""
    if len(town.streets) <= MOST_SLOW_NODES:
        return town
    chosen = town.group < SAMPLED_TYPES
    print(f"Side by side on {SAMPLED_TYPES} of the types, {chosen.sum():,} facilities:\n")
    facilities, group = town.facilities[chosen], town.group[chosen]
    return replace(town, facilities=facilities, group=group, types=SAMPLED_TYPES)


def whole_job(network: Network, town: Town, homes: pd.DataFrame, shops: pd.DataFrame, rounds: int) -> None:
    """Time everything that a run asks, on the true points."""
    steps: dict[str, list[float]] = {}

    def lap(step: str, run: Callable[..., Any], *given: Any, **options: Any) -> Any:
        began = time.process_time()
        answer = run(*given, **options)
        steps.setdefault(step, []).append(time.process_time() - began)
        return answer

    group, types, count = town.group, town.types, len(town.homes)
    for _ in range(rounds):
        lap("nearest of each type, no limit", nearest, network, homes, shops, group, count, groups=types)
        pairs = lap("pairs within 1,000 m", pairs_within, network, homes, shops, limit_m=PAIRS_M)
        site = np.arange(len(group))
        lap("nearest 3 of each type within 1,000 m", nearest_of_pairs, pairs, group, site, k=K)
        named = {"groups": types, "limits_m": LIMITS_M}
        lap("counts in 300, 500, 1,000 m", counts_within, pairs, group, count, **named)
    print("| pujin_geo, true points | CPU s |\n|---|---|")
    for step, seconds in steps.items():
        print(f"| {step} | {np.median(seconds):.3f} |")
    total_s = np.median(np.sum(list(steps.values()), axis=0))
    peak_mb = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024
    print(
        f"| **whole job** ({len(pairs):,} pairs; peak memory so far {peak_mb:,.0f} MB) | **{total_s:.3f}** |\n"
    )


def question(network: Network, town: Town) -> Question:
    tree = cKDTree(network.node_xy)
    home, facility = (tree.query(coordinates(p))[1] for p in (town.homes, town.facilities))
    return Question(town, network, home, facility)


def coordinates(points: np.ndarray) -> np.ndarray:
    return np.array([(p.x, p.y) for p in points])


def on_nodes(network: Network, nodes: np.ndarray) -> pd.DataFrame:
    """Return an access table of places that are nodes."""
    edge = np.full(len(network.node_xy), -1, dtype=np.int64)
    at_start = np.zeros(len(network.node_xy), dtype=bool)
    number = np.arange(len(network.edge_from))
    edge[network.edge_to] = number
    edge[network.edge_from], at_start[network.edge_from] = number, True
    offset_m = np.where(at_start[nodes], 0.0, network.edge_length_m[edge[nodes]])
    columns = {"item": np.arange(len(nodes)), "edge": edge[nodes], "offset_m": offset_m}
    return pd.DataFrame({**columns, "span_m": 0.0, "leg_m": 0.0})


def compare(asked: Question, rounds: int) -> None:
    engines = [Pujin(asked), Scipy(asked), Pandana(asked), Networkx(asked)]
    times: Times = {}
    answers: dict[tuple[str, str], Any] = {}
    for _ in range(rounds):
        for engine in engines:
            for task in ("nearest", "nearest3", "counts", "pairs"):
                run = getattr(engine, task, None)
                slow = max(times.get((task, engine.name), [0.0])) > SLOW_S
                if run is None or not engine.can(task) or slow:
                    continue
                began = time.process_time()
                answers[task, engine.name] = run()
                times.setdefault((task, engine.name), []).append(time.process_time() - began)
    report(engines, times, answers)


def report(engines: list["Engine"], times: Times, answers: dict[tuple[str, str], Any]) -> None:
    titles = {
        "nearest": f"nearest of each type within {NEAREST_M:,.0f} m",
        "nearest3": f"nearest {K} of each type within {PAIRS_M:,.0f} m",
        "counts": "counts in 300, 500, 1,000 m",
        "pairs": f"pairs within {PAIRS_M:,.0f} m",
    }
    print("| on nodes | " + " | ".join(engine.name for engine in engines) + " |")
    print("|---" * (len(engines) + 1) + "|")
    print("| build | " + " | ".join(f"{engine.build_s:.2f}" for engine in engines) + " |")
    # Pairs are compared as a sum over each home's, so per pair of the home with the most.
    most_pairs = answers["counts", "pujin_geo"][:, :, -1].sum(axis=1).max()
    for task, title in titles.items():
        own_s = float(np.median(times[task, "pujin_geo"]))
        cells = []
        for engine in engines:
            if (task, engine.name) not in times:
                cells.append("–")
                continue
            seconds = float(np.median(times[task, engine.name]))
            own, other = answers[task, "pujin_geo"], answers[task, engine.name]
            if task == "pairs" and other is not own:
                own, other = own / most_pairs, other / most_pairs
            verdict = agreement(own, other)
            cells.append(f"{seconds:.3f} ({seconds / own_s:.1f}×) {verdict}")
        print(f"| {title} | " + " | ".join(cells) + " |")
    print()


def agreement(own: np.ndarray, other: np.ndarray) -> str:
    """Return the greatest difference in metres, or the number of counts that differ."""
    if own is other:
        return ""
    if np.issubdtype(own.dtype, np.integer):
        return f"{(own != other).mean():.2%} of counts differ"
    # Within the rounding of the limit one engine may see a facility that the other does not.
    both = np.isfinite(own) & np.isfinite(other)
    alone = (np.isfinite(own) != np.isfinite(other)).mean()
    apart_m = np.abs(own[both] - other[both]).max(initial=0.0)
    if apart_m > AGREE_M:
        raise SystemExit(f"answers differ by {apart_m:.3f} m")
    return f"≤ {apart_m * 1000:.2f} mm" + (f", {alone:.2e} only in one" if alone else "")


class Engine:
    """One way of answering; answers are arrays with a row per home."""

    name: str
    build_s = 0.0

    def __init__(self, asked: Question) -> None:
        self.asked = asked
        began = time.process_time()
        self.build()
        self.build_s = time.process_time() - began

    def build(self) -> None:
        pass

    def can(self, task: str) -> bool:
        return hasattr(self, task)

    @property
    def of_type(self) -> list[np.ndarray]:
        """Facility nodes of each type."""
        return [self.asked.facility[self.asked.town.group == t] for t in range(self.asked.town.types)]


class Pujin(Engine):
    name = "pujin_geo"

    def build(self) -> None:
        self.homes = on_nodes(self.asked.network, self.asked.home)
        self.shops = on_nodes(self.asked.network, self.asked.facility)

    def nearest(self) -> np.ndarray:
        asked = self.asked
        walk_m, _ = nearest(
            asked.network,
            self.homes,
            self.shops,
            asked.town.group,
            len(self.homes),
            groups=asked.town.types,
            limit_m=NEAREST_M,
        )
        return np.where(walk_m <= NEAREST_M, walk_m, np.inf)

    def nearest3(self) -> np.ndarray:
        town = self.asked.town
        self.found = pairs_within(self.asked.network, self.homes, self.shops, limit_m=PAIRS_M)
        ranked = nearest_of_pairs(self.found, town.group, np.arange(len(town.group)), k=K)
        walk_m = np.full((len(self.homes), town.types, K), np.inf)
        walk_m[ranked["origin"], ranked["group"], ranked["rank"] - 1] = ranked["walk_m"]
        return walk_m

    def counts(self) -> np.ndarray:
        town = self.asked.town
        found = pairs_within(self.asked.network, self.homes, self.shops, limit_m=PAIRS_M)
        return counts_within(found, town.group, len(self.homes), groups=town.types, limits_m=LIMITS_M)

    def pairs(self) -> np.ndarray:
        found = pairs_within(self.asked.network, self.homes, self.shops, limit_m=PAIRS_M)
        return total_per_home(found["origin"].to_numpy(), found["walk_m"].to_numpy(), len(self.homes))


def total_per_home(home: np.ndarray, walk_m: np.ndarray, homes: int) -> np.ndarray:
    """Return what each home's pairs leave of the limit, summed: a pair at the very limit adds nothing."""
    return np.bincount(home, weights=PAIRS_M - walk_m, minlength=homes)


class Scipy(Engine):
    """The call that anyone would write: one search per type, or one per facility over the whole graph."""

    name = "plain scipy"

    def can(self, task: str) -> bool:
        cells = len(self.asked.facility) * len(self.asked.network.node_xy)
        return hasattr(self, task) and (task == "nearest" or cells <= MOST_DENSE_CELLS)

    def nearest(self) -> np.ndarray:
        matrix = self.asked.network.matrix
        columns = [
            dijkstra(matrix, indices=nodes, limit=NEAREST_M, min_only=True)[self.asked.home]
            for nodes in self.of_type
        ]
        return np.stack(columns, axis=1)

    def pairs(self) -> np.ndarray:
        walk_m = dijkstra(self.asked.network.matrix, indices=self.asked.facility, limit=PAIRS_M)
        walk_m = walk_m[:, self.asked.home]
        facility, home = np.nonzero(np.isfinite(walk_m))
        return total_per_home(home, walk_m[facility, home], len(self.asked.home))


class Pandana(Engine):
    name = "pandana"

    def build(self) -> None:
        network = self.asked.network
        node = pd.DataFrame(network.node_xy, columns=["x", "y"])
        ends = pd.DataFrame({"from": network.edge_from, "to": network.edge_to})
        length = pd.DataFrame({"length_m": network.edge_length_m})
        self.network = pandana.Network(node["x"], node["y"], ends["from"], ends["to"], length)

    def _nearest(self, count: int, limit_m: float) -> np.ndarray:
        walk_m = np.full((len(self.asked.home), self.asked.town.types, count), np.inf)
        for number, nodes in enumerate(self.of_type):
            xy = self.asked.network.node_xy[nodes]
            self.network.set_pois("all", limit_m, count, pd.Series(xy[:, 0]), pd.Series(xy[:, 1]))
            found = self.network.nearest_pois(limit_m, "all", num_pois=count, max_distance=np.inf)
            walk_m[:, number] = found.to_numpy()[self.asked.home]
        return walk_m

    def nearest(self) -> np.ndarray:
        return self._nearest(1, NEAREST_M)[:, :, 0]

    def nearest3(self) -> np.ndarray:
        return self._nearest(K, PAIRS_M)

    def counts(self) -> np.ndarray:
        counts = np.zeros((len(self.asked.home), self.asked.town.types, len(LIMITS_M)), dtype=np.int64)
        for number, nodes in enumerate(self.of_type):
            self.network.set(pd.Series(nodes), name="facilities")
            for place, limit_m in enumerate(LIMITS_M):
                found = self.network.aggregate(limit_m, type="count", decay="flat", name="facilities")
                counts[:, number, place] = found.to_numpy()[self.asked.home]
        return counts

    def pairs(self) -> np.ndarray:
        found = self.network.nodes_in_range(list(np.unique(self.asked.facility)), PAIRS_M)
        source, node, walk_m = (found.iloc[:, column].to_numpy() for column in range(3))
        tables = pd.DataFrame({"source": source, "node": node, "walk_m": walk_m})
        # Several facilities, or homes, may share a node.
        tables = tables.merge(pd.DataFrame({"source": self.asked.facility}), on="source")
        tables = tables.merge(
            pd.DataFrame({"node": self.asked.home, "home": range(len(self.asked.home))}), on="node"
        )
        return total_per_home(tables["home"].to_numpy(), tables["walk_m"].to_numpy(), len(self.asked.home))


class Networkx(Engine):
    name = "networkx"

    def build(self) -> None:
        matrix = self.asked.network.matrix.tocoo()
        self.graph = networkx.Graph()
        self.graph.add_nodes_from(range(matrix.shape[0]))
        ends = (matrix.coords[0].tolist(), matrix.coords[1].tolist(), matrix.data.tolist())
        self.graph.add_weighted_edges_from(zip(*ends, strict=True))

    def nearest(self) -> np.ndarray:
        walk_m = np.full((len(self.asked.home), self.asked.town.types), np.inf)
        for number, nodes in enumerate(self.of_type):
            sources = set(nodes.tolist())
            if sources:
                found = networkx.multi_source_dijkstra_path_length(self.graph, sources, cutoff=NEAREST_M)
                walk_m[:, number] = [found.get(node, np.inf) for node in self.asked.home.tolist()]
        return walk_m

    def pairs(self) -> np.ndarray:
        homes: dict[int, list[int]] = {}
        for number, node in enumerate(self.asked.home.tolist()):
            homes.setdefault(node, []).append(number)
        rows = []
        for node in self.asked.facility.tolist():
            found = networkx.single_source_dijkstra_path_length(self.graph, node, cutoff=PAIRS_M)
            rows += [
                (number, walk_m) for reached, walk_m in found.items() for number in homes.get(reached, [])
            ]
        home, walk_m = np.array(rows).T
        return total_per_home(home.astype(np.int64), walk_m, len(self.asked.home))


if __name__ == "__main__":
    main()
