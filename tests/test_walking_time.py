from dataclasses import replace

import numpy as np
import pytest

from pujin_geo.errors import SettingsError
from pujin_geo.walking.minutes import WALKERS, speed_note, walk_in_minutes, walk_minutes


def test_fifteen_minutes_worked_by_hand() -> None:
    metres = {name: walk_in_minutes(15.0, walker) for name, walker in WALKERS.items()}
    assert metres == pytest.approx({"default": 990.0, "elderly": 720.0, "with_child": 630.0})


def test_minutes_undo_metres_and_blanks_stay_blank() -> None:
    walk_m = np.array([0.0, 480.0, np.inf, np.nan])
    minutes = walk_minutes(walk_m, WALKERS["elderly"])
    assert minutes[:3].tolist() == [0.0, 10.0, np.inf]
    assert np.isnan(minutes[3])


def test_slower_groups_need_longer() -> None:
    minutes = [
        walk_minutes(np.array([500.0]), WALKERS[name])[0] for name in ("default", "elderly", "with_child")
    ]
    assert minutes == sorted(minutes)


@pytest.mark.parametrize("walker", WALKERS.values())
def test_every_speed_is_stated_with_its_source(walker) -> None:
    note = speed_note(walker)
    assert all(str(walker.speed_m_s) in text and walker.confidence in text for text in note)
    assert walker.source.zh in note.zh


@pytest.mark.parametrize("speed_m_s", [0.0, -1.0, 3.1, float("nan")])
def test_refuses_speeds_that_nobody_walks(speed_m_s: float) -> None:
    walker = replace(WALKERS["default"], speed_m_s=speed_m_s)
    with pytest.raises(SettingsError, match="速度"):
        walk_minutes(np.array([1.0]), walker)
