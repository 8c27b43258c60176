"""What a change costs in a scenario: a facility added, removed or moved, a street closed or drawn.

    PYTHONPATH=.:tests python benchmarks/whatif.py [--rounds 15]

A generated town of 20 thousand nodes, 5,000 homes, 545 facilities of 40 types, counts in three distances.
CPU milliseconds, median; each kind of change is checked once against the whole measured anew.
"""

import argparse
import time
from collections.abc import Callable

import numpy as np
import pandas as pd
import shapely
from networks import town
from worlds import facility_type, world

from pujin_geo.coverage.whatif import (
    Scenario,
    add_facility,
    add_street,
    close_street,
    distances,
    move_facility,
    remove_facility,
    scenario,
)

LIMITS_M = (300.0, 500.0, 1000.0)
TYPES = [f"t{number:02d}" for number in range(40)]


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--rounds", type=int, default=15)
    rounds = parser.parse_args().rounds
    began = time.process_time()
    state = measured_town()
    print(
        f"| change | CPU ms |\n|---|---|\n| all measured anew | {1000 * (time.process_time() - began):.0f} |"
    )
    random = np.random.default_rng(3)
    spots = shapely.points(shapely.get_coordinates(state.points)[random.integers(0, 5000, rounds)] + 5.0)
    ids = state.placed.facilities["facility_id"].tolist()
    rows = state.inputs.streets["row"].sample(rounds, random_state=3).tolist()
    changes: dict[str, Callable[[int], Scenario]] = {
        "add a facility": lambda n: add_facility(state, spots[n], TYPES[n % 40], site_id="new"),
        "remove a facility": lambda n: remove_facility(state, ids[7 * n]),
        "move a facility": lambda n: move_facility(state, ids[7 * n], spots[n]),
        "close a street": lambda n: close_street(state, rows[n]),
        "draw a street": lambda n: add_street(state, shapely.LineString([spots[n], spots[n - 1]])),
    }
    for name, change in changes.items():
        check(change(0))
        print(f"| {name} | {1000 * median_s(change, rounds):.1f} |")


def measured_town() -> Scenario:
    made = town(20_000, homes=5_000, facilities=545)
    streets = [{"geometry": line, "walkable": True, "status": "existing"} for line in made.streets.geometry]
    inputs = world(
        streets=streets,
        homes=[{"geometry": point, "population": 1.0} for point in made.homes],
        shops=[
            {"geometry": point, "facility_type": TYPES[kind]}
            for point, kind in zip(made.facilities, made.group, strict=True)
        ],
        types=[facility_type(name, 1000.0) for name in TYPES],
        origin=(0, 0),
        extent=shapely.box(-100, -100, 11_150, 11_150),
    )
    return scenario(inputs, limits_m=LIMITS_M)


def median_s(change: Callable[[int], Scenario], rounds: int) -> float:
    seconds = []
    for number in range(rounds):
        began = time.process_time()
        change(number)
        seconds.append(time.process_time() - began)
    return float(np.median(seconds))


def check(state: Scenario) -> None:
    """Compare every walk and verdict, bit by bit, with the changed study measured from nothing."""
    anew = scenario(state.inputs, limits_m=LIMITS_M)
    pd.testing.assert_frame_equal(distances(state), distances(anew), check_exact=True)


if __name__ == "__main__":
    main()
