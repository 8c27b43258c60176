"""Small counts hidden in what is handed out."""

from pathlib import Path

import numpy as np
import pandas as pd
import pytest
from hypothesis import given
from hypothesis import strategies as st
from street_town import evidence, street_town

from pujin_geo.coverage.disclosure import suppressed
from pujin_geo.errors import SettingsError
from pujin_geo.study import read_study, study_toml


def table(*rows: tuple[float, float, float, float]) -> pd.DataFrame:
    columns = ["people", "people_met", "people_not_met", "people_unknown"]
    made = pd.DataFrame(rows, columns=columns, dtype=float)
    return made.assign(coverage_share=made["people_met"] / made["people"], people_basis="60+", circle_id="C1")


def test_zero_and_five_are_shown_and_one_to_four_are_not() -> None:
    shown = suppressed(table((5, 5, 0, 0), (14, 10, 4, 0), (1, 1, 0, 0)))
    assert shown["people_not_met"].tolist() == [0, "<5", 0]
    assert shown["people"].tolist() == [5, 15, "<5"]
    assert shown["people_met"].tolist() == [5, 10, "<5"]


def test_a_hidden_count_does_not_follow_from_the_share() -> None:
    shown = suppressed(table((100, 97, 3, 0), (2000, 1997, 3, 0)))
    assert np.isnan(shown["coverage_share"].iloc[0])
    assert shown["coverage_share"].iloc[1] == 1.0
    assert shown["people_basis"].tolist() == ["60+", "60+"]


def test_the_limit_is_a_setting() -> None:
    assert suppressed(table((20, 11, 9, 0)), smallest=10)["people_not_met"].tolist() == ["<10"]
    untouched = table((20, 18, 2, 0))
    pd.testing.assert_frame_equal(suppressed(untouched, smallest=0), untouched)


def test_the_callers_table_stays_as_it_is() -> None:
    made = table((100, 97, 3, 0))
    before = made.copy()
    suppressed(made)
    pd.testing.assert_frame_equal(made, before)


@given(st.lists(st.tuples(*[st.integers(0, 30)] * 3), min_size=1, max_size=6))
def test_no_small_count_is_left_and_none_can_be_subtracted(rows: list[tuple[int, int, int]]) -> None:
    made = table(*((sum(parts), *parts) for parts in rows))
    shown = suppressed(made)
    for before, after in zip(made.itertuples(), shown.itertuples(), strict=True):
        parts = [before.people_met, before.people_not_met, before.people_unknown]
        small = [part for part in [*parts, before.people] if 0 < part < 5]
        visible = [v for v in after[1:5] if not isinstance(v, str)]
        assert not [v for v in visible if 0 < v < 5]
        assert len(small) == 4 - len(visible)
        if small:
            assert all(v % 5 == 0 for v in visible)
            assert np.isnan(after.coverage_share)


def test_every_table_of_the_evidence_can_be_handed_out() -> None:
    tables, _ = evidence(street_town())
    for one in tables.values():
        shown = suppressed(one)
        assert shown.shape == one.shape
        assert list(shown.columns) == list(one.columns)


@pytest.mark.parametrize("value", ["-1", "2.5", "true", '"5"'])
def test_a_limit_that_is_no_count_is_refused(value: str, tmp_path: Path) -> None:
    (tmp_path / "study.toml").write_text(
        f'name = "x"\ncrs = "EPSG:32651"\n[settings]\nsmallest_count_shown = {value}\n', encoding="utf-8"
    )
    with pytest.raises(SettingsError, match="smallest_count_shown"):
        read_study(tmp_path)


def test_the_limit_of_a_study_is_kept(tmp_path: Path) -> None:
    (tmp_path / "study.toml").write_text(
        'name = "x"\ncrs = "EPSG:32651"\n[settings]\nsmallest_count_shown = 10\n', encoding="utf-8"
    )
    study = read_study(tmp_path)
    assert study.settings.smallest_count_shown == 10
    (tmp_path / "study.toml").write_text(study_toml(study), encoding="utf-8")
    assert read_study(tmp_path).settings == study.settings


def test_a_small_loss_is_hidden_like_a_small_gain() -> None:
    table = pd.DataFrame({"people_met_change": [-3.0, -30.0, 2.0], "people_gained": [12.0, 0.0, 2.0]})
    assert suppressed(table).to_numpy().tolist() == [["-<5", 10.0], [-30.0, 0.0], ["<5", "<5"]]
