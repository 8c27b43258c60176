"""The planning desk's logic without a browser: answers, changes, undo, figures, saving."""

from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
import pytest
import shapely
from hypothesis import given, settings
from hypothesis import strategies as st
from shapely import Point, box
from towns import ORIGIN, towns
from worlds import facility_type, ground, home, one_street, river, shop, street, world, write_study

from pujin_geo import load_study, planning_desk
from pujin_geo.analysis import analyse
from pujin_geo.coverage.whatif import distances, shares
from pujin_geo.desk.asking import ask
from pujin_geo.desk.board import Board
from pujin_geo.desk.picture import picture
from pujin_geo.desk.replies import Desk, Reply
from pujin_geo.desk.saving import NOTE_FILE, save_scenario
from pujin_geo.desk.session import Session, open_session
from pujin_geo.errors import PujinError, SettingsError
from pujin_geo.inputs import Inputs
from pujin_geo.walking.routes import walking_routes

PUJIN = Path(__file__).parent.parent / "geodata" / "pujin"
HOSTILE = "</script><img src=x onerror=alert(1)>"


def at(x: float, y: float) -> Point:
    """Return a point at metres from the drawings' origin."""
    return Point(ORIGIN[0] + x, ORIGIN[1] + y)


def quarter(x: float, name: str, **columns: Any) -> dict[str, Any]:
    """A committee or circle of 1,000 m along the street."""
    return {"geometry": box(x, -500, x + 1000, 500), "name": name, **columns}


def avenue(**changes: Any) -> Inputs:
    """Three committees in two circles along a street of 3,000 m; 10, 20 and 30 people; one shop (limit 500 m)."""
    given = {
        "streets": [street((0, 0), (3000, 0)), street((100, 0), (100, 400))],
        "homes": [
            home(500, 0, 10.0, committee_id="A"),
            home(1500, 0, 20.0, committee_id="B"),
            home(2500, 0, 30.0, committee_id="C"),
        ],
        "shops": [shop(700, 0, name="米店"), shop(900, 0, "hub", name="中心"), shop(2900, 0, "hub", name="东中心")],
        "types": [facility_type("shop", 500.0), facility_type("hub", 5000.0)],
        "committees": [
            quarter(0, "甲", committee_id="A", kind="residential"),
            quarter(1000, "乙", committee_id="B", kind="residential"),
            quarter(2000, "丙", committee_id="C", kind="residential"),
        ],
        "circles": [
            {"geometry": box(0, -500, 2000, 500), "circle_id": "LC01", "name": "西圈"},
            {"geometry": box(2000, -500, 3000, 500), "circle_id": "LC02", "name": "东圈"},
        ],
        "boundary": box(0, -500, 3000, 500),
        "extent": box(-2000, -2000, 5000, 2000),
        "spaces": [
            {"geometry": Point(1600, 10), "space_id": "K1", "name": "旧厂房", "area_m2": 300.0},
            {"geometry": Point(2600, 10), "space_id": "K2", "name": "", "area_m2": float("nan")},
        ],
    }  # fmt: skip
    return world(**(given | changes))


@pytest.fixture
def session() -> Session:
    return open_session(avenue())


@pytest.fixture(scope="module")
def pujin() -> Inputs:
    return load_study(PUJIN)


def whole(session: Session, facility_type: str = "shop") -> pd.Series:
    return session.figures(facility_type).set_index("circle_id").loc["all"]


# ---- Asking


def test_a_place_is_answered_with_walk_verdict_and_line() -> None:
    """From (400, 30): 30 to the street, 200 along, 40 to the shop at (600, -40); straight hypot(200, 70)."""
    session = open_session(one_street(shops=[shop(600, -40, name="店")]))
    answer = session.ask(at(400, 30))
    row = answer.distances.iloc[0]
    assert (row["facility_id"], row["walk_m"], row["verdict"]) == ("s1/shop", 270.0, "met")
    assert row["straight_m"] == round(float(np.hypot(200, 70)), 3)
    expected = [(400, 30), (400, 0), (600, 0), (600, -40)]
    assert (shapely.get_coordinates(answer.lines[0]) - ORIGIN).tolist() == [list(xy) for xy in expected]
    assert (answer.demand_id, answer.to_street_m, answer.on_main) == ("", 30.0, True)


def test_a_place_far_from_streets_is_unknown_where_a_facility_is_near() -> None:
    answer = open_session(one_street()).ask(at(700, 300))
    assert answer.distances[["verdict", "cause"]].values.tolist() == [["unknown", "unsnapped"]]
    assert np.isnan(answer.to_street_m)
    assert answer.lines[0] is None


def test_a_place_outside_the_extent_is_refused_in_one_sentence() -> None:
    session = open_session(avenue())
    with pytest.raises(SettingsError) as refusal:
        session.ask(at(9000, 0))
    assert "范围" in refusal.value.of("zh") and "extent" in refusal.value.of("en")


@given(town=towns(), where=st.integers(0, 99))
@settings(max_examples=12)
def test_a_demand_point_is_answered_with_its_rows_of_the_table(town: Any, where: int) -> None:
    inputs = world(
        streets=[street(*line) for line in town.lines],
        homes=[home(x, y, scope="rural" if n % 2 else "urban") for n, (x, y) in enumerate(town.homes)],
        shops=[shop(x, y, ("shop", "park")[n % 2]) for n, (x, y) in enumerate(town.shops)],
        types=[facility_type("shop", 250.0), facility_type("park", 400.0, 900.0)],
    )
    session = open_session(inputs)
    position = where % len(session.base.state.points)
    answer = ask(session.base.state, session.base.state.points[position])
    table = distances(session.base.state)
    twins = [p.equals(session.base.state.points[position]) for p in session.base.state.points]
    first = session.base.state.placed.demand["demand_id"].iloc[int(np.argmax(twins))]
    expected = table[table["demand_id"] == first].reset_index(drop=True)
    pd.testing.assert_frame_equal(answer.distances, expected, check_exact=True)


def test_removed_facilities_are_not_found_any_more(session: Session) -> None:
    session.remove("s1/shop")
    row = session.ask(at(500, 0)).distances.set_index("facility_type").loc["shop"]
    assert (row["verdict"], row["cause"], row["facility_id"], row["straight_facility_id"]) == (
        "not_met",
        "no_facility",
        "",
        "",
    )


def test_the_shipped_study_answers_as_its_tables_and_routes_do(pujin: Inputs) -> None:
    session = open_session(pujin)
    state = session.base.state
    table = distances(state)
    for position in (0, 317, 634):
        answer = session.ask(state.points[position])
        mine = table[table["demand_id"] == state.placed.demand["demand_id"].iat[position]].reset_index(
            drop=True
        )
        pd.testing.assert_frame_equal(answer.distances, mine, check_exact=True)
        reached = mine[mine["facility_id"] != ""]
        routes = walking_routes(state.network, state.placed, pujin.entrances, reached)
        lines = answer.lines[reached.index]
        assert all(a.equals(b) for a, b in zip(lines, routes.geometry, strict=True))


# ---- Changing


def test_a_facility_added_serves_those_near_it_and_undo_takes_it_away(session: Session) -> None:
    assert whole(session)["people_met_after"] == 10.0  # the home at 500 walks 200 m; at 1500 800 m
    session.add("shop", at(1900, 0))  # 400 m from the home at 1500, 600 m from that at 2500
    found = whole(session)
    assert (found["people_met_before"], found["people_met_after"]) == (10.0, 30.0)
    assert (found["people_gained"], found["people_lost"]) == (20.0, 0.0)
    session.undo()
    assert whole(session)["people_met_after"] == 10.0
    session.redo()
    assert whole(session)["people_met_after"] == 30.0


def test_a_facility_moved_gains_some_and_loses_others_circle_by_circle(session: Session) -> None:
    session.move("s1/shop", at(2300, 0))
    table = session.figures("shop").set_index("circle_id")
    assert table[["people_gained", "people_lost"]].loc["all"].tolist() == [30.0, 10.0]
    assert table[["people_gained", "people_lost"]].loc["LC01"].tolist() == [0.0, 10.0]
    assert table[["people_gained", "people_lost"]].loc["LC02"].tolist() == [30.0, 0.0]
    effects = session.effects()
    assert effects.values.tolist() == [["shop", 30.0, 10.0]]


def test_a_street_is_closed_and_opened_by_the_same_click() -> None:
    inputs = river(shops=[shop(800, 100)])
    session = open_session(inputs)
    bridge = session.street_near(at(3, 50), within_m=5.0)
    assert (bridge, session.is_open(bridge)) == (3, True)
    assert distances(session.now.state)["walk_m"].tolist() == [1700.0]
    session.switch_street(bridge)
    assert not session.is_open(bridge)
    assert distances(session.now.state)["facility_id"].tolist() == [""]
    session.switch_street(bridge)
    assert session.is_open(bridge)
    assert distances(session.now.state)["walk_m"].tolist() == [1700.0]
    with pytest.raises(SettingsError, match="没有道路"):
        session.street_near(at(500, 50), within_m=20.0)


def test_an_idle_space_hosts_a_facility_once(session: Session) -> None:
    session.host("K1", "shop")  # at 1600: 100 m + 10 m from the home at 1500
    assert whole(session)["people_gained"] == 20.0
    with pytest.raises(SettingsError, match="旧厂房"):
        session.host("K1", "shop")
    with pytest.raises(SettingsError, match="K9"):
        session.host("K9", "shop")
    assert session.changes[0].zh == "在闲置空间 旧厂房 设置shop"


def test_a_space_that_is_too_small_is_pointed_out() -> None:
    types = [facility_type("shop", 500.0) | {"min_area_m2": 400.0}]
    session = open_session(avenue(types=types, shops=[shop(700, 0)]))
    assert "300 平方米" in session.host("K1", "shop").caution.zh
    assert session.host("K2", "shop").caution.zh == ""  # its area is unknown


def test_a_committee_moves_with_its_people(session: Session) -> None:
    """B (20 people, not met) leaves the west circle: its share rises from 10/30 to all."""
    before = session.figures("shop").set_index("circle_id").loc["LC01"]
    assert (before["people_after"], round(before["coverage_share_after"], 6)) == (30.0, 0.333333)
    session.move_committee("B", to="LC02")
    table = session.figures("shop").set_index("circle_id")
    assert table.loc["LC01", ["people_before", "people_after", "coverage_share_after"]].tolist() == [
        30.0,
        10.0,
        1.0,
    ]
    assert table.loc["LC02", ["people_before", "people_after"]].tolist() == [30.0, 50.0]
    assert session.changes[0] == ("乙 划入 东圈", "Moved 乙 to 东圈")
    with pytest.raises(SettingsError, match="唯一"):
        session.move_committee("A", to="LC02")


def test_without_circles_there_is_a_sentence() -> None:
    with pytest.raises(SettingsError, match="pujin-geo circles"):
        open_session(avenue(circles=[])).move_committee("B", to="LC02")


def test_undo_is_a_stack_and_a_new_change_forgets_what_was_undone(session: Session) -> None:
    start = session.now
    session.undo()
    assert session.now is start
    session.add("shop", at(1500, 0))
    session.remove("s1/shop")
    session.undo()
    session.undo()
    assert session.now is start
    session.redo()
    session.add("shop", at(2500, 0))
    session.redo()
    assert [words.en for words in session.changes] == ["Added: Tried shop 1", "Added: Tried shop 2"]


@pytest.mark.parametrize(
    ("deed", "word"),
    [
        (lambda s: s.add("zoo", at(0, 0)), "zoo"),
        (lambda s: s.add("shop", at(9000, 0)), "范围"),
        (lambda s: s.move("s9/shop", at(0, 0)), "s9/shop"),
        (lambda s: s.remove("s9/shop"), "s9/shop"),
        (lambda s: s.figures("zoo"), "shop"),
        (lambda s: s.move_committee("Z", to="LC01"), "Z"),
        (lambda s: s.move_committee("B", to="LC99"), "LC01"),
    ],
)
def test_a_mistake_changes_nothing_and_names_what_there_is(session: Session, deed: Any, word: str) -> None:
    start = session.now
    with pytest.raises(SettingsError, match=word):
        deed(session)
    assert session.now is start


@given(town=towns(), seed=st.integers(0, 2**16), include_planned=st.booleans())
@settings(max_examples=15)
def test_after_any_changes_everything_is_as_if_measured_from_nothing(
    town: Any, seed: int, include_planned: bool
) -> None:
    inputs = world(
        streets=[street(*line) for line in town.lines],
        homes=[home(x, y, 1.0 + n) for n, (x, y) in enumerate(town.homes)],
        shops=[shop(x, y, ("shop", "park")[n % 2]) for n, (x, y) in enumerate(town.shops)],
        types=[facility_type("shop", 250.0), facility_type("park", 400.0)],
        surveyed="all",
    )
    session = open_session(inputs, include_planned=include_planned)
    random = np.random.default_rng(seed)
    for _ in range(6):
        chosen = random.choice([*session.now.state.inputs.facilities["facility_id"], "gone"])
        place = at(*random.uniform(-50.0, 450.0, 2))
        deeds: list[Any] = [
            lambda p=place: session.add("park", p),
            lambda p=place, c=chosen: session.move(c, p),
            lambda c=chosen: session.remove(c),
            lambda: session.switch_street(int(random.integers(1, len(inputs.streets) + 1))),
            session.undo,
            session.redo,
        ]
        try:
            deeds[random.integers(len(deeds))]()
        except PujinError:  # no such facility, or the last street
            continue
    fresh = open_session(session.now.state.inputs, include_planned=include_planned)
    expected = distances(fresh.now.state)
    pd.testing.assert_frame_equal(distances(session.now.state), expected, check_exact=True)
    assert (session.now.codes == fresh.now.codes).all()
    answer, other = (one.ask(at(100.0, 100.0)) for one in (session, fresh))
    pd.testing.assert_frame_equal(answer.distances, other.distances, check_exact=True)


# ---- Saving


def assert_saved_equals_a_full_run(
    session: Session, folder: Path, name: str, include_planned: bool = False
) -> None:
    saved = load_study(save_scenario(session, name, folder))
    results = analyse(saved, include_planned=include_planned)
    now = session.now
    pd.testing.assert_frame_equal(results.tables["distances"], distances(now.state), check_exact=True)
    mine = shares(now.state, now.circle_id)
    run = results.tables["coverage"][mine.columns]
    pd.testing.assert_frame_equal(run, mine, check_exact=True)


def test_a_saved_scenario_runs_to_the_same_distances(session: Session, tmp_path: Path) -> None:
    session.add("shop", at(2511.123456, 7.654321))
    session.move("s2/hub", at(1200, 30))
    session.remove("s1/shop")
    session.host("K1", "hub")
    session.switch_street(2)
    session.move_committee("B", to="LC02")
    assert_saved_equals_a_full_run(session, tmp_path, "方案一")


def test_a_type_whose_last_facility_was_removed_is_still_judged(session: Session, tmp_path: Path) -> None:
    session.remove("s1/shop")
    assert_saved_equals_a_full_run(session, tmp_path, "无店")


def test_the_shipped_study_saved_equals_a_full_run(pujin: Inputs, tmp_path: Path) -> None:
    session = open_session(pujin, include_planned=True)
    state = session.base.state
    session.add("wet_market", state.points[50])
    session.move(state.placed.facilities["facility_id"].iat[3], state.points[300])
    session.remove(state.placed.facilities["facility_id"].iat[40])
    session.host(pujin.spaces["space_id"].iat[0], "canteen")
    session.switch_street(1526)
    session.move_committee(pujin.committees["committee_id"].iat[3], to=pujin.circles["circle_id"].iat[5])
    assert_saved_equals_a_full_run(session, tmp_path, "方案一", include_planned=True)


def test_a_saved_scenario_says_what_it_is(session: Session, tmp_path: Path) -> None:
    session.add("shop", at(1500, 0))
    session.move("s2/hub", at(1200, 30))
    saved = save_scenario(session, "方案一", tmp_path)
    note = (saved / NOTE_FILE).read_text(encoding="utf-8-sig")
    assert "示例" in note and "加设施: 试加shop 1" in note and "合成数据" in note
    inputs = load_study(saved)
    assert inputs.study.synthetic
    assert inputs.study.name == "示例 · 方案一"
    facilities = inputs.facilities.set_index("facility_id")
    assert "not built" in facilities.loc["new-1/shop", "source"]
    assert "moved" in facilities.loc["s2/hub", "note"]
    assert facilities.loc["s1/shop", "note"] == ""


@pytest.mark.parametrize(
    "name", ["", "  ", "a/b", "a\\b", "..", ".x", "x.", "CON", "nul.txt", "a:b", "字" * 61, "a\nb"]
)
def test_a_name_that_is_no_folder_is_refused(session: Session, name: str, tmp_path: Path) -> None:
    with pytest.raises(SettingsError, match="情景名称"):
        save_scenario(session, name, tmp_path / "s")
    assert not (tmp_path / "s").exists()


def test_a_scenario_is_never_overwritten(session: Session, tmp_path: Path) -> None:
    save_scenario(session, "一", tmp_path)
    with pytest.raises(SettingsError, match="换一个名称"):
        save_scenario(session, "一", tmp_path)
    assert [entry.name for entry in tmp_path.iterdir()] == ["一"]


# ---- Messages


def test_messages_are_answered_with_dicts_and_bytes(tmp_path: Path) -> None:
    desk = Desk(open_session(avenue(), lang="en"), scenarios=tmp_path)
    lon, lat = desk._degrees.lonlat(np.array([[ORIGIN[0] + 1900, ORIGIN[1]]]))[0].tolist()
    start = desk.respond({"do": "hello", "type": "shop"})
    assert start.content["kind"] == "state"
    assert list(start.buffers[0]) == [1, 2, 2]
    added = desk.respond({"do": "add", "type": "shop", "lon": lon, "lat": lat})
    assert list(added.buffers[0]) == [1, 1, 2]
    assert list(added.buffers[1]) == [0, 1, 0]
    assert added.content["changes"] == ["Added: Tried shop 1"]
    row = added.content["figures"][0]
    assert (row["coverage_share_before"], row["coverage_share_after"], row["people_gained"]) == (
        "16.7%",
        "50.0%",
        "20",
    )
    [[identity, *_]] = added.content["facilities"]["added"]
    moved = desk.respond({"do": "move", "type": "shop", "facility": identity, "lon": lon, "lat": lat})
    assert len(moved.content["changes"]) == 2
    undone = desk.respond({"do": "undo", "type": "shop"})
    assert undone.content["canRedo"] and len(undone.content["changes"]) == 1
    answer = desk.respond({"do": "ask", "type": "shop", "lon": lon, "lat": lat, "point": 1})
    assert answer.content["name"] == "h2"
    assert answer.content["rows"][0][2] == 400.0
    saved = desk.respond({"do": "save", "type": "shop", "name": "one"})
    assert saved.content["folder"] == str(tmp_path / "one")


@pytest.mark.parametrize(("lang", "word"), [("zh", "范围"), ("en", "extent")])
def test_a_mistake_is_one_sentence_in_the_chosen_language(lang: Any, word: str, tmp_path: Path) -> None:
    desk = Desk(open_session(avenue(), lang=lang), scenarios=tmp_path)
    reply = desk.respond({"do": "add", "type": "shop", "lon": 0.0, "lat": 0.0})
    assert reply.content["kind"] == "refusal"
    assert word in reply.content["text"] and "\n" not in reply.content["text"]


def test_a_study_without_circles_spaces_and_boundary_is_answered_too(tmp_path: Path) -> None:
    desk = Desk(open_session(one_street()), scenarios=tmp_path)
    state = desk.respond({"do": "hello", "type": "shop"})
    assert [row["circle"] for row in state.content["figures"]] == ["all"]
    assert state.content["circleOf"] == {} and state.content["circles"] == []
    assert (
        desk.respond({"do": "committee", "type": "shop", "committee": "A", "circle": "B"}).content["kind"]
        == "refusal"
    )
    picture_of = picture(desk.session.base.state, "zh")
    assert picture_of["spaces"] == picture_of["committees"] == []
    assert (
        desk.respond({"do": "ask", "type": "shop", "lon": 0, "lat": 0, "point": 0}).content["rows"][0][2]
        == 670.0
    )


def test_a_study_with_nothing_to_judge_is_refused() -> None:
    with pytest.raises(SettingsError, match="没有可判定的设施类型"):
        open_session(one_street(types=[facility_type("shop", None)]))


def test_the_page_is_told_when_the_program_itself_fails(monkeypatch: pytest.MonkeyPatch) -> None:
    def fail(_: object) -> Reply:
        raise ZeroDivisionError

    board = Board("desk", picture(open_session(one_street()).base.state, "en"), fail)
    sent: list[dict[str, Any]] = []
    monkeypatch.setattr(board, "send", lambda content, buffers: sent.append(content))
    with pytest.raises(ZeroDivisionError):
        board._receive(board, {"id": 7, "do": "ask"}, [])
    assert sent[0]["id"] == 7 and "The program failed" in sent[0]["text"]


def test_small_counts_are_hidden_in_what_is_shown(tmp_path: Path) -> None:
    homes = [home(500, 0, 3.0), home(2500, 0, 500.0)]
    desk = Desk(open_session(avenue(homes=homes)), scenarios=tmp_path)
    row = desk.respond({"do": "hello", "type": "shop"}).content["figures"][0]
    assert row["people_met_after"] == "<5"


def test_polygon_facilities_and_spaces_work(tmp_path: Path) -> None:
    inputs = avenue(
        shops=[ground(box(680, -20, 720, 20), name=HOSTILE)],
        types=[facility_type("shop", 500.0)],
        spaces=[{"geometry": box(1580, -10, 1620, 10), "space_id": "K1", "name": HOSTILE, "area_m2": 900.0}],
    )
    session = open_session(inputs)
    session.host("K1", "shop")
    assert whole(session)["people_gained"] == 20.0  # to the edge at 1580
    state = session.now.state
    for position, point in enumerate(state.points):
        mine = distances(state).query(f"demand_id == 'h{position + 1}'").reset_index(drop=True)
        pd.testing.assert_frame_equal(session.ask(point).distances, mine, check_exact=True)
    assert_saved_equals_a_full_run(session, tmp_path, "面")


def test_a_study_read_from_disk_opens_by_its_path(tmp_path: Path) -> None:
    begun: list[str] = []
    study = write_study(avenue(), tmp_path / "study")
    board = planning_desk(study, lang="en", report=lambda text: begun.append(text.en))
    assert begun[0] == "Reading the study" and len(begun) == 3
    assert board.picture["title"] == "示例"
    assert [one["id"] for one in board.picture["types"]] == ["shop", "hub"]
