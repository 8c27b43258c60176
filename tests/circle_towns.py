"""Small towns of square committees for the tests of living circles."""

from typing import Any

from shapely import box
from worlds import facility_type, home, shop, street, world

from pujin_geo.inputs import Inputs

SIDE_M = 400.0


def types() -> list[dict[str, Any]]:
    return [facility_type("hub", 1000.0), facility_type("party_station", 500.0), facility_type("shop", 500.0)]


def committee(column: int, row: int, **changes: Any) -> dict[str, Any]:
    """A square committee; ids A1, B1, … from west to east, rows from the south."""
    side = SIDE_M
    shape = box(column * side, row * side, (column + 1) * side, (row + 1) * side)
    name = f"{chr(65 + column)}{row + 1}"
    given = {"geometry": shape, "committee_id": name, "name": f"{name}居委会", "kind": "residential"}
    return given | changes


def town(columns: int = 4, rows: int = 3, people: Any = 100.0, **changes: Any) -> Inputs:
    """A grid of committees, a street through the middle of each column and row, one home at each centre.

    The walk between the centres of two committees is therefore ``SIDE_M`` times the number of steps.
    """
    side = SIDE_M
    middle = [(n + 0.5) * side for n in range(max(columns, rows))]
    xs, ys = middle[:columns], middle[:rows]
    streets = [street(*((x, y) for x in xs)) if columns > 1 else street((0, y), (side, y)) for y in ys]
    streets += [street(*((x, y) for y in ys)) for x in xs if rows > 1]
    homes = [
        home(x, y, people(c, r) if callable(people) else people, demand_id=f"{chr(65 + c)}{r + 1}")
        for r, y in enumerate(ys)
        for c, x in enumerate(xs)
    ]
    given: dict[str, Any] = {
        "streets": streets,
        "homes": homes,
        "types": types(),
        "committees": [committee(c, r) for r in range(rows) for c in range(columns)],
        "boundary": box(0, 0, columns * side, rows * side),
    }
    return world(**(given | changes))


def hub(column: int, row: int, facility_type: str = "hub", **changes: Any) -> dict[str, Any]:
    """A facility at the centre of a committee."""
    return shop((column + 0.5) * SIDE_M, (row + 0.5) * SIDE_M, facility_type, **changes)
