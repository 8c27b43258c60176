"""The ledger: read from any table, held against the facilities, and what each line brings."""

from dataclasses import replace
from pathlib import Path

import pandas as pd
import pytest
from street_town import evidence, street_town
from worlds import shop, write_study

from pujin_geo.coverage.ledger import LEDGER_COLUMNS
from pujin_geo.errors import SettingsError
from pujin_geo.inputs import Inputs, empty_register
from pujin_geo.outputs import write_inputs
from pujin_geo.sources.reading import load_study

HEADER = "序号,名称,类型,类型编号,状态,数量,设施编号,报告原句,备注"


def with_ledger(folder: Path, *lines: str, header: str = HEADER) -> Path:
    study = write_study(street_town(), folder)
    (study / "ledger.csv").write_text("\n".join([header, *lines]) + "\n", encoding="utf-8-sig")
    text = (study / "study.toml").read_text(encoding="utf-8")
    (study / "study.toml").write_text(
        text.replace("[settings]", '[layers.ledger]\npath = "ledger.csv"\n\n[settings]'), encoding="utf-8"
    )
    return study


def lines_of(*rows: tuple[str, str, str]) -> Inputs:
    """The town with a ledger of: name, status, facility ids."""
    table = pd.DataFrame(rows, columns=["name", "status", "facility_ids"])
    blank = dict.fromkeys(("kind", "facility_type", "suitability", "sentence", "note"), "")
    numbers = {"count": 1.0, "row": range(1, len(rows) + 1), "source_row": range(2, len(rows) + 2)}
    return replace(street_town(), ledger=table.assign(**blank, **numbers))


def test_a_ledger_is_read_by_its_chinese_headers(tmp_path: Path) -> None:
    study = with_ledger(
        tmp_path, '1,助餐点,助餐点,meal_point,规划,1,s3/meal_point,"完成助餐点",下半年', "2,道路,道路,,在建,,,推进道路,"
    )  # fmt: skip
    inputs = load_study(study)
    assert inputs.ledger[["name", "kind", "facility_type", "status", "facility_ids"]].values.tolist() == [
        ["助餐点", "助餐点", "meal_point", "planned", "s3/meal_point"],
        ["道路", "道路", "", "under_construction", ""],
    ]
    assert inputs.ledger["sentence"].tolist() == ["完成助餐点", "推进道路"]
    assert inputs.row_counts.iloc[-1].tolist() == ["ledger", "ledger.csv", 2, 2, 0]
    assert set(inputs.ledger.columns) == set(empty_register("ledger").columns)


def test_faulty_lines_are_listed_and_left_out(tmp_path: Path) -> None:
    inputs = load_study(with_ledger(tmp_path, "1,甲,,,飞速,,,,", "2,,,,规划,,,,", "3,丙,,,规划,,,,"))
    assert inputs.ledger["name"].tolist() == ["丙"]
    found = [(p.source_row, p.code) for p in inputs.problems if p.layer == "ledger"]
    assert found == [(2, "status_unknown"), (3, "value_missing")]
    assert inputs.row_counts.iloc[-1].tolist() == ["ledger", "ledger.csv", 3, 1, 2]


def test_the_kept_inputs_hold_the_ledger(tmp_path: Path) -> None:
    inputs = load_study(with_ledger(tmp_path / "study", "1,助餐点,,meal_point,规划,1,s3/meal_point,句,"))
    write_inputs(inputs, tmp_path / "inputs")
    again = load_study(tmp_path / "inputs")
    shown = ["name", "status", "count", "facility_ids", "sentence"]
    assert again.ledger[shown].values.tolist() == inputs.ledger[shown].values.tolist()


def test_an_unknown_table_is_still_refused(tmp_path: Path) -> None:
    study = with_ledger(tmp_path, "1,甲,,,规划,,,,")
    text = (study / "study.toml").read_text(encoding="utf-8")
    (study / "study.toml").write_text(text.replace("layers.ledger", "layers.ledgers"), encoding="utf-8")
    with pytest.raises(SettingsError, match="ledgers"):
        load_study(study)


def test_a_line_brings_what_its_projects_bring() -> None:
    inputs = lines_of(
        ("两处助餐点", "planned", "s3/meal_point;s5/meal_point"),
        ("市场", "planned", "s6/market"),
        ("商店", "existing", "s1/shop"),
        ("道路", "planned", ""),
    )
    tables, _ = evidence(inputs)
    table = tables["ledger"]
    assert list(table.columns) == LEDGER_COLUMNS
    assert table["line"].tolist() == [1, 2, 3, 4]
    assert table["people_newly_served"].fillna(-1).tolist() == [30, 0, -1, -1]
    assert table["aged_60_plus_newly_served"].fillna(-1).tolist() == [30, 0, -1, -1]
    assert table["aged_60_plus_without_standard"].fillna(-1).tolist() == [0, 10, -1, -1]
    assert table["facilities_found"].tolist() == [2, 1, 1, 0]


def test_several_functions_at_one_place_count_a_person_once() -> None:
    town = street_town(
        shops=[
            shop(700, 0, "meal_point", status="planned", site_id="X"),
            shop(700, 0, "shop", status="planned", site_id="X"),
        ]
    )
    inputs = replace(town, ledger=lines_of(("食堂", "planned", "X/meal_point; X/shop")).ledger)
    row = evidence(inputs)[0]["ledger"].iloc[0]
    assert (
        row["people_newly_served"] == 60
    )  # all of h2 by the shop, its 20 old people by the meals are among them
    assert row["aged_60_plus_newly_served"] == 20


def test_disagreement_with_the_facilities_is_found_and_named() -> None:
    inputs = lines_of(
        ("助餐点", "existing", "s3/meal_point"), ("无", "planned", "s9/none"), ("商店", "existing", "s1/shop")
    )
    tables, problems = evidence(inputs)
    assert tables["ledger"]["status_agrees"].tolist() == ["no", "", "yes"]
    assert tables["ledger"]["facilities_absent"].tolist() == [0, 1, 0]
    assert [(p.code, p.row, p.source_row, p.value, p.severity) for p in problems] == [
        ("ledger_status_differs", 1, 2, "s3/meal_point: planned", "warning"),
        ("ledger_facility_unknown", 2, 3, "s9/none", "warning"),
    ]


def test_a_study_without_a_ledger_has_an_empty_table() -> None:
    tables, problems = evidence(street_town())
    assert tables["ledger"].empty
    assert list(tables["ledger"].columns) == LEDGER_COLUMNS
    assert problems == []
