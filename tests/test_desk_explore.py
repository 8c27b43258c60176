"""Drop-downs and the slider: any threshold judged by the one set of rules."""

from pathlib import Path

import numpy as np
import pandas as pd
import pytest
from worlds import facility_type, home, shop, street, world

from pujin_geo import explore, load_study
from pujin_geo.analysis import analyse
from pujin_geo.desk.explore import Exploration, Explorer
from pujin_geo.desk.figures import FIGURES, VERDICT_CODES
from pujin_geo.errors import SettingsError
from pujin_geo.results import Results
from pujin_geo.walking.network import network_of
from pujin_geo.walking.verdicts import judge, place

PUJIN = Path(__file__).parent.parent / "geodata" / "pujin"


@pytest.fixture(scope="module")
def pujin() -> Results:
    return analyse(load_study(PUJIN))


@pytest.fixture(scope="module")
def small() -> Results:
    """Homes at 100 (10 people) and 900 (30, village) on a street, a shop at 400, one planned at 800."""
    inputs = world(
        streets=[street((0, 0), (1000, 0))],
        homes=[home(100, 0, 10.0), home(900, 0, 30.0, scope="rural")],
        shops=[shop(400, 0), shop(800, 0, status="planned"), shop(500, 0, "park")],
        types=[facility_type("shop", 250.0, 400.0), facility_type("park", 300.0, scope="urban")],
    )
    return analyse(inputs, lang="en")


def test_at_the_catalogues_thresholds_the_figures_are_those_of_the_run(pujin: Results) -> None:
    exploration = Exploration(pujin)
    coverage = pujin.tables["coverage"].query("scope == 'all'")
    for facility_type_id in ("wet_market", "hub", "nursing_home"):
        expected = coverage[coverage["facility_type"] == facility_type_id][FIGURES].reset_index(drop=True)
        found = exploration.view(facility_type_id).figures
        pd.testing.assert_frame_equal(found, expected, check_exact=True)


def test_another_threshold_is_judged_as_a_run_with_that_threshold(pujin: Results) -> None:
    """By network, access, walks and verdicts made from nothing."""
    inputs = pujin.inputs
    other = inputs.catalogue[inputs.catalogue["facility_type"] == "wet_market"].reset_index(drop=True)
    both = ["threshold_urban_m", "threshold_rural_m"]
    other[both] = other[both].mask(other[both].notna(), 873.0)
    network = network_of(inputs)
    placed = place(inputs, network, include_planned=False)
    distances = judge(network, placed, other)
    view = Exploration(pujin).view("wet_market", threshold_m=873.0)
    assert view.codes[view.codes > 0].tolist() == distances["verdict"].map(VERDICT_CODES).tolist()
    people = placed.demand.set_index("demand_id")["population"]
    met = people[distances.loc[distances["verdict"] == "met", "demand_id"]].sum()
    assert view.figures["people_met"].iat[0] == met


def test_equality_with_the_threshold_is_met(small: Results) -> None:
    exploration = Exploration(small)
    assert exploration.view("shop", threshold_m=300.0).codes.tolist() == [1, 2]
    assert exploration.view("shop", threshold_m=299.0).codes.tolist() == [2, 2]
    assert exploration.view("shop", threshold_m=500.0).codes.tolist() == [1, 1]


def test_what_is_planned_counts_when_asked_for_and_is_measured_once(small: Results) -> None:
    exploration = Exploration(small)
    assert exploration.view("shop").codes.tolist() == [2, 2]
    assert not exploration.is_measured(True)
    assert exploration.view("shop", planned=True).codes.tolist() == [2, 1]
    assert exploration.scenario(True) is exploration.scenario(True)


def test_a_type_for_the_town_only_does_not_reach_the_village_under_another_threshold(small: Results) -> None:
    assert Exploration(small).view("park", threshold_m=5000.0).codes.tolist() == [1, 0]


def test_the_sentence_says_it_all(small: Results) -> None:
    sentence = Exploration(small).view("shop", threshold_m=350.0).sentence
    assert sentence.en == (
        "示例 · shop (350 m): 25.0% met on foot (10 people), 30 not met, 0 unknown; by straight line 25.0%."
    )
    assert (
        sentence.zh
        == "示例 · shop (350 米): 步行达标 25.0% (10 人), 未达标 30 人, 无法判定 0 人; 按直线算是 25.0%。"
    )


def test_mistakes_name_what_there_is(small: Results) -> None:
    exploration = Exploration(small)
    with pytest.raises(SettingsError, match="shop"):
        exploration.view("zoo")
    with pytest.raises(SettingsError, match="all"):
        exploration.view("shop", circle_id="LC99")


@pytest.fixture
def explorer(pujin: Results) -> Explorer:
    found = explore(pujin)
    assert isinstance(found, Explorer)
    return found


def test_controls_change_figures_and_sentence(explorer: Explorer) -> None:
    explorer.facility_type.value = "wet_market"
    assert explorer.standard.value and explorer.threshold_m.value == 500
    before = explorer.sentence
    assert "菜市场 (500 米)" in before
    explorer.threshold_m.value = 1000
    assert not explorer.standard.value
    assert "菜市场 (1000 米)" in explorer.sentence
    assert explorer.figures["coverage_share"].iat[0] > 0.19
    explorer.standard.value = True
    assert explorer.threshold_m.value == 500
    assert explorer.sentence == before
    explorer.suitability.value = "caring"
    assert explorer.facility_type.value in set(dict(explorer.facility_type.options).values())
    assert explorer.standard.value
    explorer.circle.value = "LC02"
    assert explorer.sentence.startswith("景舒苑三居委党群服务点生活圈")


def test_the_slider_reaches_the_catalogues_thresholds() -> None:
    types = [facility_type("shop", 40.0), facility_type("park", 8000.0)]
    inputs = world(
        streets=[street((0, 0), (1000, 0))],
        homes=[home(100, 0)],
        shops=[shop(400, 0), shop(500, 0, "park")],
        types=types,
    )
    slider = explore(analyse(inputs)).threshold_m
    assert (slider.min, slider.max, slider.value) == (40, 8000, 40)


def test_names_follow_the_language(pujin: Results, small: Results) -> None:
    english = explore(small)
    assert [words for words, _ in english.suitability.options] == ["livable"]
    assert english.planned.description == "Count planned ones"
    assert explore(pujin).planned.description == "计入在建和规划"


def test_one_change_of_a_control_paints_once(explorer: Explorer, monkeypatch: pytest.MonkeyPatch) -> None:
    painted: list[str] = []
    monkeypatch.setattr(explorer.board, "show", lambda reply: painted.append(reply.content["kind"]))
    explorer.suitability.value = "learning"
    explorer.threshold_m.value = 800
    explorer.planned.value = True
    assert painted == ["painted", "painted", "progress", "painted"]


def test_the_page_gets_bytes_and_plain_values(explorer: Explorer) -> None:
    reply = explorer._respond({"do": "circle", "circle": "LC03"})
    assert explorer.circle.value == "LC03"
    assert reply.content["circle"] == "LC03"
    assert len(reply.content["table"]) == 13
    assert np.frombuffer(reply.buffers[0], dtype=np.uint8).tolist() == explorer._shown.codes.tolist()
