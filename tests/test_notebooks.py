"""Notebooks: stored without outputs, no code that belongs in the package, run top to bottom."""

import ast
from pathlib import Path
from typing import Any

import nbformat
import pytest
from nbclient import NotebookClient
from worlds import one_street, write_study

NOTEBOOKS = sorted((Path(__file__).parent.parent / "notebooks").glob("*.ipynb"))


def read(path: Path) -> Any:
    return nbformat.read(path, as_version=4)


def code_cells(path: Path) -> list[Any]:
    return [cell for cell in read(path).cells if cell.cell_type == "code"]


@pytest.fixture(params=NOTEBOOKS, ids=lambda path: path.stem)
def notebook(request: pytest.FixtureRequest) -> Path:
    path: Path = request.param
    return path


def test_stored_without_outputs(notebook: Path) -> None:
    for cell in code_cells(notebook):
        assert not cell.outputs
        assert cell.execution_count is None


def test_one_cell_of_parameters_with_a_study(notebook: Path) -> None:
    tagged = [cell for cell in code_cells(notebook) if "parameters" in cell.metadata.get("tags", [])]
    assert len(tagged) == 1
    names = {target.id for node in ast.parse(tagged[0].source).body for target in node.targets}
    assert {"study", "lang"} <= names


def test_nothing_that_belongs_in_the_package(notebook: Path) -> None:
    banned = (ast.FunctionDef, ast.ClassDef, ast.For, ast.While, ast.Try)
    for cell in code_cells(notebook):
        assert not [node for node in ast.walk(ast.parse(cell.source)) if isinstance(node, banned)]
        assert len([line for line in cell.source.splitlines() if line.strip()]) <= 10


@pytest.mark.parametrize("which", ["shipped", "small"])
def test_runs_top_to_bottom(notebook: Path, which: str, tmp_path: Path) -> None:
    document = read(notebook)
    if which == "small":
        study = write_study(one_street(), tmp_path / "study")
        for cell in document.cells:
            if "parameters" in cell.metadata.get("tags", []):
                cell.source += f"\nstudy = {str(study)!r}\nsuitability = 'livable'\n"
    NotebookClient(document, timeout=300, resources={"metadata": {"path": str(notebook.parent)}}).execute()
