"""Notebooks on a second, small study, and through papermill with other parameters."""

from pathlib import Path
from typing import Any

import nbformat
import pytest
from notebook_runs import NOTEBOOKS, copy_study, papermill, run, shown, working_copy

PARAMETERS: dict[str, dict[str, Any]] = {
    "03_living_circles": {"committee": "J2", "to_circle": "河北生活圈", "counts": (1, 2)},
}
"""What a notebook needs beside another study."""


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return working_copy(tmp_path_factory.mktemp("base"))


@pytest.fixture(scope="module")
def study(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return copy_study("xiaohe", tmp_path_factory.mktemp("studies"))


@pytest.mark.parametrize("notebook", NOTEBOOKS, ids=lambda path: path.stem)
def test_runs_on_a_second_study(notebook: Path, folder: Path, study: Path) -> None:
    given = {"study": str(study), "lang": "en"} | PARAMETERS.get(notebook.stem, {})
    done = run(nbformat.read(notebook, as_version=4), folder, parameters=given)
    text = shown(*done.cells)
    assert "小河镇" in text and "synthetic data" in text
    assert "浦锦" not in text, "nothing of the shipped study is left"


def test_papermill_tells_the_tour_of_another_circle(folder: Path, study: Path) -> None:
    tour = folder / "00_tour.ipynb"
    done = papermill(tour, folder, {"study": study, "circle_id": "LC2", "suitability": "宜居", "lang": "en"})
    text = shown(*done.cells)
    assert "Coverage on foot by type · 河北生活圈" in text
    assert "2,589 residents were judged" in text  # the people of the northern circle, see the circles table
    assert "5,303 residents" not in text


def test_papermill_asks_for_another_type(folder: Path, study: Path) -> None:
    coverage = folder / "04_coverage.ipynb"
    text = shown(*papermill(coverage, folder, {"study": study, "facility_type": "菜市场"}).cells)
    assert "菜市场: 服务人群 4,754 人, 达标 1,193 人 (25.1%" in text
