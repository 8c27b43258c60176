"""Five headlines with their ranges, worked by hand on the street town."""

import numpy as np
import pandas as pd
import pytest
from street_town import HOMES, SHOPS, TYPES, evidence, street_town
from worlds import home, shop

from pujin_geo.coverage.headlines import HEADLINE_COLUMNS, HEADLINES


def headlines(**changes: object) -> pd.DataFrame:
    table = evidence(street_town(**changes))[0]["headlines"]
    assert list(table.columns) == HEADLINE_COLUMNS
    assert table["headline"].tolist() == list(HEADLINES)
    return table.set_index("headline")


def test_reaching_every_basic_type() -> None:
    """h1 reaches all three whatever the walks; h2 lacks the health station (540 m at 0.9)."""
    row = headlines().loc["every_basic"]
    assert row[["value", "low", "high", "people", "people_unknown"]].tolist() == [0.5, 0.5, 0.5, 200, 0]
    assert row[["types", "types_uncertain"]].tolist() == [3, 2]
    assert row["mark"] == "含未核实的标准 (M/U)"


def test_the_mean_moves_with_the_walks() -> None:
    """At 0.9 h2's meal point is 495 m away: (0.8 + 0.5 + 5/6) / 3."""
    row = headlines().loc["mean_basic"]
    assert row["value"] == pytest.approx(0.6)
    assert row["low"] == pytest.approx(0.6)
    assert row["high"] == pytest.approx((0.8 + 0.5 + 50 / 60) / 3)


def test_the_weakest_type_is_named_and_stays() -> None:
    row = headlines().loc["weakest_basic"]
    assert row["subject"] == "health_station"
    assert row[["value", "low", "high", "types_uncertain"]].tolist() == [0.5, 0.5, 0.5, 1]


def test_the_weakest_target_family_is_held_against_its_target() -> None:
    shops = [*SHOPS[1:], shop(400, 0)]
    shops[0] = shop(550, 950, "health_station")  # off the streets: nobody can walk there
    row = headlines(shops=shops).loc["weakest_target"]
    assert row[["subject", "place_kind", "value", "target"]].tolist() == ["health", "urban", 0.0, 0.85]


def test_newly_served_by_everything_that_is_coming() -> None:
    """30 old people; at 0.9 the 20 of h2 are served today already."""
    row = headlines().loc["newly_served"]
    assert row[["value", "low", "high", "unit"]].tolist() == [30, 10, 30, "people"]


def test_unknown_people_are_shown_beside_the_figure() -> None:
    row = headlines(homes=[*HOMES, home(100, 400, 50)]).loc["every_basic"]
    assert row[["value", "value_if_unknown_met", "people_unknown"]].tolist() == [0.4, 0.6, 50]


def test_firm_standards_carry_no_mark() -> None:
    types = [{**one, "threshold_confidence": "V"} for one in TYPES]
    table = headlines(types=types)
    assert table.loc["mean_basic", "mark"] == ""
    # The fifteen minutes of the target are a reading of it, whatever the types' own rules.
    assert table.loc["weakest_target", "mark"] != ""


def test_without_judged_types_there_are_five_blank_figures() -> None:
    types = [{**one, "threshold_urban_m": None, "threshold_rural_m": None} for one in TYPES]
    table = headlines(types=types)
    assert table.loc[["every_basic", "mean_basic", "weakest_basic", "weakest_target"], "value"].isna().all()
    assert table.loc["newly_served", "value"] == 0


def test_the_range_holds_the_value() -> None:
    rng = np.random.default_rng(7)
    homes = [home(float(x), 0, 10, pop_60_plus=3.0, committee_id="A") for x in rng.uniform(0, 2000, 40)]
    table = headlines(homes=homes)
    assert (table["low"] <= table["value"]).all()
    assert (table["value"] <= table["high"]).all()
    assert (table["low"] < table["high"]).any()
