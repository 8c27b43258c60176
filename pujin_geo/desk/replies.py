"""The desk's conversation with its page: a message (a dict) in, a reply (a dict and byte buffers) out."""

from collections.abc import Callable
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import geopandas as gpd
import numpy as np
import pandas as pd
import shapely

from ..circles.describe import main_circle_of
from ..coverage.disclosure import suppressed
from ..coverage.whatif import Scenario
from ..errors import PujinError
from ..maps.figures import percent, whole
from ..texts import Lang
from .asking import Answer
from .figures import VERDICT_CODES, column_of
from .picture import circles_json, facilities_json
from .places import Degrees
from .saving import save_scenario
from .session import Session

Message = dict[str, Any]


@dataclass(frozen=True)
class Reply:
    """What goes back to the page: plain values, and arrays as bytes."""

    content: Message
    buffers: list[bytes] = field(default_factory=list)


class Desk:
    """A session that understands messages.

    A message has ``do`` (what), ``type`` (the facility type that is shown) and what the deed needs:

    ========== ============================== =========================================
    ``do``     needs                          reply (``kind``)
    ========== ============================== =========================================
    hello      type                           state
    ask        lon, lat, point (or -1)        answer
    add        lon, lat                       state
    move       facility, lon, lat             state
    remove     facility                       state
    street     lon, lat, within_m             state
    host       space                          state
    committees                                ready
    committee  committee, circle              state
    undo, redo                                state
    save       name                           saved
    ========== ============================== =========================================

    A mistake is answered with ``refusal``: one sentence in the desk's language.
    """

    def __init__(self, session: Session, *, scenarios: Path) -> None:
        self.session = session
        self.scenarios = scenarios
        self._degrees = Degrees(session.base.state.inputs.study.crs)
        self._known: tuple[gpd.GeoDataFrame, dict[str, str]] | None = None
        self._deeds: dict[str, Callable[[Message], object]] = {
            "hello": lambda _: None,
            "add": lambda m: session.add(m["type"], self._place(m)),
            "move": lambda m: session.move(m["facility"], self._place(m)),
            "remove": lambda m: session.remove(m["facility"]),
            "street": self._switch_street,
            "host": lambda m: session.host(m["space"], m["type"]),
            "committee": lambda m: session.move_committee(m["committee"], to=m["circle"]),
            "undo": lambda _: session.undo(),
            "redo": lambda _: session.redo(),
        }

    @property
    def lang(self) -> Lang:
        """The language of the replies."""
        return self.session.lang

    def respond(self, message: Message) -> Reply:
        """Do what a message asks and return the reply."""
        try:
            return self._respond(message)
        except PujinError as refusal:
            return Reply({"kind": "refusal", "text": refusal.of(self.lang)})

    def _respond(self, message: Message) -> Reply:
        deed = message["do"]
        if deed == "ask":
            return self._answer(self._asked(message))
        if deed == "committees":
            self.session.survey()
            return Reply({"kind": "ready"})
        if deed == "save":
            saved = save_scenario(self.session, str(message["name"]), self.scenarios)
            return Reply({"kind": "saved", "folder": str(saved)})
        self._deeds[deed](message)
        is_change = deed in self._deeds and deed not in ("hello", "undo", "redo")
        return self._state(
            message["type"], caution=self.session.now.caution.of(self.lang) if is_change else ""
        )

    def _place(self, message: Message) -> shapely.Point:
        return self._degrees.point(float(message["lon"]), float(message["lat"]))

    def _switch_street(self, message: Message) -> object:
        row = self.session.street_near(self._place(message), within_m=float(message["within_m"]))
        return self.session.switch_street(row)

    def _asked(self, message: Message) -> Answer:
        position = int(message.get("point", -1))
        points = self.session.base.state.points
        return self.session.ask(points[position] if 0 <= position < len(points) else self._place(message))

    # ---- Replies

    def _answer(self, answer: Answer) -> Reply:
        state = self.session.now.state
        number = {name: n for n, name in enumerate(state.types["facility_type"])}
        names = state.placed.facilities.set_index("facility_id")["name"]
        table = answer.distances
        lines = answer.lines.to_numpy()
        drawn = np.array([line is not None for line in lines], dtype=bool)
        position = np.where(drawn, np.cumsum(drawn) - 1, -1)
        rows = [
            [number[row.facility_type], names.get(row.facility_id, ""), _length(row.walk_m), _length(row.straight_m),
             row.threshold_m, row.verdict, row.cause, int(line)]
            for row, line in zip(table.itertuples(index=False), position, strict=True)
        ]  # fmt: skip
        where = self._degrees.lonlat(shapely.get_coordinates(answer.point))[0]
        content = {
            "kind": "answer",
            "lat": float(where[1]),
            "lon": float(where[0]),
            "name": self._demand_name(answer.demand_id),
            "scope": answer.scope,
            "toStreet": _length(answer.to_street_m),
            "onMain": answer.on_main,
            "inside": answer.inside_boundary,
            "rows": rows,
        }
        return Reply(content, list(self._degrees.packed(lines[drawn])))

    def _demand_name(self, demand_id: str) -> str:
        demand = self.session.base.state.placed.demand
        name = demand.loc[demand["demand_id"] == demand_id, "name"]
        return str(name.iat[0] or demand_id) if len(name) else ""

    def _state(self, facility_type: str, *, caution: str) -> Reply:
        """Return everything that changes: figures, list of changes, what is drawn anew, verdicts."""
        session = self.session
        table = session.figures(facility_type)
        column = column_of(session.base.state, facility_type)
        before, after = session.base.codes[:, column], session.now.codes[:, column]
        met = VERDICT_CODES["met"]
        marks = np.where(
            (after == met) & (before != met), 1, np.where((before == met) & (after != met), 2, 0)
        )
        content = {
            "kind": "state",
            "changes": [words.of(self.lang) for words in session.changes],
            "canRedo": bool(session.undone),
            "caution": caution,
            "figures": self._figures(table),
            "effects": self._effects(),
            "facilities": self._facilities(),
            "streets": self._streets(),
            "circles": self._circles(),
            "circleOf": self._circle_of(),
        }
        return Reply(content, [after.tobytes(), marks.astype(np.uint8).tobytes()])

    @property
    def _smallest(self) -> int:
        return self.session.base.state.inputs.study.settings.smallest_count_shown

    def _figures(self, table: pd.DataFrame) -> list[dict[str, str]]:
        """Return the figures of the whole and of each circle as they are printed, small counts hidden."""
        circles = self.session.now.state.inputs.circles
        names = dict(
            zip(
                circles["circle_id"],
                circles["name"].where(circles["name"] != "", circles["circle_id"]),
                strict=True,
            )
        )
        shown = suppressed(table, smallest=self._smallest)
        return [
            {
                "circle": row["circle_id"],
                "name": names.get(row["circle_id"], ""),
                **{name: whole(row[name]) for name in shown.columns if name.startswith("people")},
                **{name: percent(row[name]) for name in shown.columns if "share" in name},
            }
            for row in shown.to_dict("records")
        ]

    def _effects(self) -> list[list[str]]:
        """Return name of the type, people gained and lost, as printed."""
        effects = self.session.effects()
        if effects.empty:
            return []
        shown = suppressed(effects, smallest=self._smallest)
        return [
            [
                self.session.type_name(row.facility_type).of(self.lang),
                whole(row.people_gained),
                whole(row.people_lost),
            ]
            for row in shown.itertuples(index=False)
        ]

    def _facilities(self) -> dict[str, Any]:
        """Return what differs from the start: ids removed, rows added, rows moved."""
        base, now = self.session.base.state, self.session.now.state
        before, after = _places(base), _places(now)
        added = [one not in before for one in after]
        moved = [
            one in before and before[one] is not place and before[one] != place
            for one, place in after.items()
        ]
        rows = now.placed.facilities[now.is_open]
        return {
            "removed": [one for one in before if one not in after],
            "added": facilities_json(now, rows[added]) if any(added) else [],
            "moved": facilities_json(now, rows[moved]) if any(moved) else [],
        }

    def _streets(self) -> dict[str, list[Any]]:
        """Return lines of the streets that were open at the start and are not now, and the other way round."""
        base, now = self.session.base.state, self.session.now.state
        if base.network is now.network:
            return {"closed": [], "opened": []}
        streets = base.inputs.streets.geometry.to_numpy()
        was, is_open = (np.isin(np.arange(len(streets)), one.network.edge_street) for one in (base, now))
        return {
            name: [line for street in streets[flags] for line in self._degrees.shape(street)]
            for name, flags in (("closed", was & ~is_open), ("opened", is_open & ~was))
        }

    def _circles(self) -> list[dict[str, Any]]:
        """Return the circles whose shape differs from the start."""
        base, now = self.session.base.state.inputs.circles, self.session.now.state.inputs.circles
        if base is now:
            return []
        return circles_json(self.session.now.state, base.geometry.to_numpy() != now.geometry.to_numpy())

    def _circle_of(self) -> dict[str, str]:
        """Return the circle of each committee: where most of its land is."""
        inputs = self.session.now.state.inputs
        if inputs.committees.empty or inputs.circles.empty:
            return {}
        if self._known is None or self._known[0] is not inputs.circles:
            found = main_circle_of(inputs.committees, inputs.circles)
            self._known = inputs.circles, dict(zip(inputs.committees["committee_id"], found, strict=True))
        return self._known[1]


def _places(state: Scenario) -> dict[str, shapely.Geometry]:
    """Return where each facility that counts stands."""
    facilities = state.placed.facilities
    ids, shapes = facilities["facility_id"].to_numpy()[state.is_open], facilities.geometry.to_numpy()
    return dict(zip(ids, shapes[state.is_open], strict=True))


def _length(value: float) -> float | None:
    return None if np.isnan(value) else float(value)
