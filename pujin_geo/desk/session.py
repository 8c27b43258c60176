"""A planning desk's state: the study as it was read, and the changes made to it, each of which can be undone."""

from collections.abc import Callable
from dataclasses import dataclass, field, replace

import geopandas as gpd
import numpy as np
import pandas as pd
import shapely

from ..choices import facility_type_named
from ..circles.describe import circle_of
from ..circles.edit import reassign
from ..circles.terrain import Terrain, survey
from ..coverage import whatif
from ..coverage.whatif import Scenario
from ..errors import SettingsError
from ..gaps.siting import fit_of
from ..inputs import Inputs
from ..texts import Lang, Text
from ..walking.network import Floats
from ..walking.verdicts import judged_types
from .asking import Answer, ask
from .figures import Codes, column_of, people_changed, type_figures, verdict_codes

Report = Callable[[Text], None]

NOTHING = Text("", "")


@dataclass(frozen=True)
class Step:
    """The study after one more change.

    Attributes:
        state: walks and verdicts; its inputs hold the changes.
        circle_id: circle of each judged demand point.
        codes: (demand, types) verdicts.
        words: what was changed.
        caution: what the planner should know of it; blank if nothing.
    """

    state: Scenario
    circle_id: pd.Series
    codes: Codes
    words: Text
    caution: Text = NOTHING


@dataclass
class Session:
    """What one planner does to one study. Every change makes a new ``Step``; undo takes the last one away.

    Attributes:
        lang: the language of names given to new facilities.
        done: the steps, the study as it was read first.
        undone: steps taken back, the next to do again last.
    """

    lang: Lang
    done: list[Step]
    undone: list[Step] = field(default_factory=list)
    report: Report = lambda _: None
    _terrain: Terrain | None = None
    _streets: shapely.STRtree | None = None
    _before: dict[str, pd.DataFrame] = field(default_factory=dict)

    @property
    def base(self) -> Step:
        """The study as it was read."""
        return self.done[0]

    @property
    def now(self) -> Step:
        """The study with all changes."""
        return self.done[-1]

    @property
    def changes(self) -> list[Text]:
        """What was changed, in order."""
        return [step.words for step in self.done[1:]]

    # ---- Asking

    def ask(self, point: shapely.Point) -> Answer:
        """Return walks and verdicts of a place as the study stands now."""
        return ask(self.now.state, point)

    def figures(self, facility_type: str) -> pd.DataFrame:
        """Return a type's figures of the whole study and each circle, before and after the changes.

        Returns:
            One row for ``all`` and per circle: ``circle_id``, then ``…_before`` and ``…_after`` of
            ``figures.FIGURES``, ``people_gained`` (met now, not before) and ``people_lost``; these by the
            circle in which they live now.
        """
        facility_type = judged_type(self.base.state, facility_type)
        if facility_type not in self._before:
            self._before[facility_type] = type_figures(self.base.state, self.base.circle_id, facility_type)
        before = self._before[facility_type]
        after = type_figures(self.now.state, self.now.circle_id, facility_type)
        table = before.merge(after, on="circle_id", suffixes=("_before", "_after"), how="right", sort=False)
        column = self._column(facility_type)
        gained, lost = people_changed(
            self.base.codes[:, column], self.now.codes[:, column], self._people()[:, column]
        )
        for name, people in (("people_gained", gained), ("people_lost", lost)):
            by_circle = pd.Series(people).groupby(self.now.circle_id.to_numpy()).sum()
            table[name] = by_circle.reindex(table["circle_id"]).fillna(0.0).to_numpy()
            table.loc[table["circle_id"] == "all", name] = people.sum()
        return table

    def effects(self) -> pd.DataFrame:
        """Return the types for which somebody's verdict changed: ``facility_type``, people gained and lost."""
        gained, lost = people_changed(self.base.codes, self.now.codes, self._people())
        table = pd.DataFrame(
            {
                "facility_type": self.base.state.types["facility_type"],
                "people_gained": gained.sum(axis=0),
                "people_lost": lost.sum(axis=0),
            }
        )
        size = table[["people_gained", "people_lost"]].sum(axis=1)
        order = np.argsort(-size.to_numpy(), kind="stable")
        return table.iloc[order[: int((size > 0).sum())]].reset_index(drop=True)

    # ---- Changing

    def add(self, facility_type: str, point: shapely.Point) -> Step:
        """Open a facility at a place."""
        facility_type = judged_type(self.base.state, facility_type)
        site_id, number = self._free_site("new")
        kind = self.type_name(facility_type)
        name = Text(f"试加{kind.zh} {number}", f"Tried {kind.en} {number}")
        state = whatif.add_facility(
            self.now.state, point, facility_type, site_id=site_id, name=name.of(self.lang)
        )
        return self._do(state, Text(f"加设施: {name.zh}", f"Added: {name.en}"))

    def move(self, facility_id: str, point: shapely.Point) -> Step:
        """Move a facility to another place."""
        name = self._facility_words(facility_id)
        moved_m = self._facility(facility_id).geometry.distance(point)
        state = whatif.move_facility(self.now.state, facility_id, point)
        return self._do(
            state, Text(f"移动: {name.zh}, {moved_m:,.0f} 米", f"Moved: {name.en}, {moved_m:,.0f} m")
        )

    def remove(self, facility_id: str) -> Step:
        """Take a facility away."""
        name = self._facility_words(facility_id)
        state = whatif.remove_facility(self.now.state, facility_id)
        return self._do(state, Text(f"移除: {name.zh}", f"Removed: {name.en}"))

    def street_near(self, point: shapely.Point, *, within_m: float) -> int:
        """Return the row number of the street nearest to a place.

        Raises:
            SettingsError: none is so near.
        """
        streets = self.base.state.inputs.streets
        if self._streets is None:
            self._streets = shapely.STRtree(streets.geometry.to_numpy())
        found, apart_m = self._streets.query_nearest(
            point, max_distance=max(within_m, 1e-9), return_distance=True, all_matches=False
        )
        if not len(found) or apart_m[0] > within_m:
            raise SettingsError(
                Text(
                    "此处没有道路, 请点在道路上 (可先放大地图)。",
                    "There is no street here; click on one (zoom in first).",
                )
            )
        return int(streets["row"].iat[found[0]])

    def is_open(self, row: int) -> bool:
        """Return whether people can walk along a street as the study stands now."""
        state = self.now.state
        position = np.flatnonzero((state.inputs.streets["row"] == row).to_numpy())
        return bool(np.isin(position, state.network.edge_street).any())

    def switch_street(self, row: int) -> Step:
        """Close a street that is open to walkers, open one that is not."""
        streets = self.now.state.inputs.streets
        name = streets.loc[streets["row"] == row, "name"]
        label = Text(f"第 {row} 行", f"row {row}")
        if len(name) and name.iat[0]:
            label = Text(f"{name.iat[0]} ({label.zh})", f"{name.iat[0]} ({label.en})")
        if self.is_open(row):
            words = Text(f"关闭道路: {label.zh}", f"Closed the street: {label.en}")
            return self._do(whatif.close_street(self.now.state, row), words)
        words = Text(f"开通道路: {label.zh}", f"Opened the street: {label.en}")
        return self._do(whatif.open_street(self.now.state, row), words)

    def host(self, space_id: str, facility_type: str) -> Step:
        """Open a facility in an idle space.

        Raises:
            SettingsError: no such space, or it holds such a facility already.
        """
        facility_type = judged_type(self.base.state, facility_type)
        spaces = self.now.state.inputs.spaces
        found = spaces[spaces["space_id"] == space_id]
        if found.empty:
            raise SettingsError(
                Text(f"没有编号为 {space_id} 的闲置空间。", f"There is no idle space {space_id}.")
            )
        space = found.iloc[0]
        name, kind = space["name"] or space_id, self.type_name(facility_type)
        site_id = f"space-{space_id}"
        if (self.now.state.inputs.facilities["facility_id"] == f"{site_id}/{facility_type}").any():
            raise SettingsError(
                Text(
                    f"{name} 中已设置{kind.zh}, 请换一类设施或另一处空间。",
                    f"{name} holds a {kind.en} already; choose another type or another space.",
                )
            )
        state = whatif.add_facility(
            self.now.state, space.geometry, facility_type, site_id=site_id, name=str(name)
        )
        words = Text(f"在闲置空间 {name} 设置{kind.zh}", f"Put a {kind.en} into the idle space {name}")
        return self._do(state, words, caution=self._fit_words(found, facility_type))

    def survey(self) -> Terrain:
        """Return the study made ready for moving committees; the first call takes a while.

        Hubs and neighbours are those of the study as it was read.
        """
        if self._terrain is None:
            self.report(Text("正在准备居村委和生活圈…", "Preparing committees and circles…"))
            self._terrain = survey(self.base.state.inputs, network=self.base.state.network)
        return self._terrain

    def move_committee(self, committee: str, *, to: str) -> Step:
        """Move a committee (id or name) to another circle (id or name).

        Raises:
            SettingsError: the study has no circles, unknown committee or circle, the committee is there
                already, or it is the last one of its circle.
        """
        inputs = self.now.state.inputs
        if inputs.circles.empty:
            raise SettingsError(
                Text(
                    "这个研究还没有生活圈图层, 请先用 pujin-geo circles 划示。",
                    "This study has no layer of circles yet; draw them first with pujin-geo circles.",
                )
            )
        drawn = reassign(self.survey(), inputs.circles, committee, to=to)
        circles = _as_layer(drawn, inputs.circles)
        state = replace(self.now.state, inputs=replace(inputs, circles=circles))
        names = circles["name"].where(circles["name"] != "", circles["circle_id"])
        target = names[(circles["circle_id"] == to) | (circles["name"] == to)].iat[0]
        place = self.committee_name(committee)
        return self._do(
            state, Text(f"{place} 划入 {target}", f"Moved {place} to {target}"),
            circle_id=circle_of(state.points, circles),
        )  # fmt: skip

    def undo(self) -> None:
        """Take the last change back, if there is one."""
        if len(self.done) > 1:
            self.undone.append(self.done.pop())

    def redo(self) -> None:
        """Make the change again that was taken back last, if there is one."""
        if self.undone:
            self.done.append(self.undone.pop())

    # ---- Names

    def type_name(self, facility_type: str) -> Text:
        """Return the name of a type of the catalogue."""
        catalogue = self.base.state.inputs.catalogue
        row = catalogue[catalogue["facility_type"] == facility_type].iloc[0]
        return Text(str(row["name_zh"]), str(row["name_en"] or row["name_zh"]))

    def committee_name(self, committee_id: str) -> str:
        """Return a committee's name, its id where it has none."""
        layer = self.base.state.inputs.committees
        name = layer.loc[layer["committee_id"] == committee_id, "name"]
        return str(name.iat[0]) if len(name) and name.iat[0] else committee_id

    def _facility(self, facility_id: str) -> pd.Series:
        layer = self.now.state.inputs.facilities
        found = layer[layer["facility_id"] == facility_id]
        if found.empty:
            raise SettingsError(
                Text(f"没有编号为 {facility_id} 的设施。", f"There is no facility {facility_id}.")
            )
        return found.iloc[0]

    def _facility_words(self, facility_id: str) -> Text:
        row = self._facility(facility_id)
        kind = self.type_name(row["facility_type"])
        name = row["name"] or facility_id
        return Text(f"{name} ({kind.zh})", f"{name} ({kind.en})")

    def _fit_words(self, space: gpd.GeoDataFrame, facility_type: str) -> Text:
        catalogue = self.base.state.inputs.catalogue
        kind = catalogue[catalogue["facility_type"] == facility_type].iloc[0]
        if fit_of(space.assign(scope=""), kind)[0]:
            return NOTHING
        area_m2, least_m2 = float(space["area_m2"].iat[0]), float(kind["min_area_m2"])
        if area_m2 < least_m2:
            return Text(
                f"注意: 该空间 {area_m2:,.0f} 平方米, 小于此类设施的最小面积 {least_m2:,.0f} 平方米。",
                f"Mind: the space has {area_m2:,.0f} m², less than the least area of this type, {least_m2:,.0f} m².",
            )
        return Text(
            "注意: 这一类设施需要线路、用地或独立院落, 一般不能设在闲置空间。",
            "Mind: this type needs a line, land or a campus of its own; an idle space can hardly hold it.",
        )

    # ---- Parts

    def _do(
        self,
        state: Scenario,
        words: Text,
        *,
        circle_id: pd.Series | None = None,
        caution: Text = NOTHING,
    ) -> Step:
        now = self.now
        step = Step(
            state=state,
            circle_id=now.circle_id if circle_id is None else circle_id,
            codes=_codes(state, now),
            words=words,
            caution=caution,
        )
        self.done.append(step)
        self.undone.clear()
        return step

    def _column(self, facility_type: str) -> int:
        return column_of(self.base.state, facility_type)

    def _people(self) -> Floats:
        people: Floats = self.base.state.people.to_numpy(dtype=float)
        return people

    def _free_site(self, stem: str) -> tuple[str, int]:
        taken = set(self.now.state.inputs.facilities["site_id"])
        number = 1
        while f"{stem}-{number}" in taken:
            number += 1
        return f"{stem}-{number}", number


def judged_type(state: Scenario, name: str) -> str:
    """Return a judged type by its id or a name of it.

    Raises:
        UnknownNameError: no such type is judged; the sentence lists those that are.
    """
    if name in state.types["facility_type"].tolist():
        return name
    return facility_type_named(state.inputs.catalogue, name, among=state.types["facility_type"])


def measured(inputs: Inputs, *, include_planned: bool) -> Scenario:
    """Measure a study that has something to judge.

    Raises:
        SettingsError: no facility type can be judged.
        SourceError: no walkable street.
    """
    if judged_types(inputs)[0].empty:
        raise SettingsError(
            Text(
                "这个研究没有可判定的设施类型: 设施图层中的类型在目录里都没有步行标准; 请核对 facility_type 和 profile。",
                "This study has no facility type that can be judged: the catalogue has no threshold for any type of "
                "its facilities; check facility_type and profile.",
            )
        )
    return whatif.scenario(inputs, include_planned=include_planned)


def open_session(
    inputs: Inputs, *, lang: Lang = "zh", include_planned: bool = False, report: Report = lambda _: None
) -> Session:
    """Measure a study and open a desk on it.

    Args:
        inputs: the accepted input.
        lang: the language of names given to new facilities.
        include_planned: facilities and streets under construction or planned count as open.
        report: called with a sentence when long work begins.

    Raises:
        SettingsError: no facility type can be judged.
        SourceError: no walkable street.
    """
    state = measured(inputs, include_planned=include_planned)
    codes = np.hstack([verdict_codes(state, one) for one in state.measures])
    start = Step(state, circle_of(state.points, inputs.circles), codes, NOTHING)
    return Session(lang=lang, done=[start], report=report)


def _codes(state: Scenario, before: Step) -> Codes:
    """Return the verdicts of all types; of those that were not measured anew the ones before."""
    same_streets = state.network is before.state.network
    columns = [
        before.codes[:, [column]]
        if same_streets and measures is before.state.measures[column]
        else verdict_codes(state, measures)
        for column, measures in enumerate(state.measures)
    ]
    return np.hstack(columns)


def _as_layer(circles: gpd.GeoDataFrame, layer: gpd.GeoDataFrame) -> gpd.GeoDataFrame:
    """Return drawn circles with the columns and kinds of the study's layer; the rows are the same circles."""
    places = layer[["circle_id", "row", "source_row"]]
    joined = pd.DataFrame(circles.drop(columns="geometry")).merge(
        places, on="circle_id", how="left", sort=False
    )
    table = joined.reindex(columns=layer.columns.drop("geometry"))
    for column in table:
        blank = table[column].isna()
        if blank.any() and not pd.api.types.is_numeric_dtype(layer[column]):
            table[column] = table[column].where(~blank, "")
    return gpd.GeoDataFrame(
        table.astype(layer.dtypes.drop("geometry").to_dict()),
        geometry=circles.geometry.to_numpy(),
        crs=layer.crs,
    )
