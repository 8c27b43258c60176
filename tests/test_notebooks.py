"""Notebooks: stored without outputs, nothing in them that belongs in the package, run on the shipped study."""

import ast
import importlib
import re
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import nbformat
import pytest
from notebook_runs import NOTEBOOKS, ROOT, run, shown, working_copy

import pujin_geo

PARAMETERS = {"study", "facility_type", "circle_id", "lang"}


def read(path: Path) -> Any:
    return nbformat.read(path, as_version=4)


def code_cells(path: Path) -> list[Any]:
    return [cell for cell in read(path).cells if cell.cell_type == "code"]


def tree(path: Path) -> ast.Module:
    return ast.parse("\n".join(cell.source for cell in code_cells(path)))


@pytest.fixture(params=NOTEBOOKS, ids=lambda path: path.stem)
def notebook(request: pytest.FixtureRequest) -> Path:
    path: Path = request.param
    return path


def test_one_question_each_in_the_order_of_the_work() -> None:
    assert [path.stem[:2] for path in NOTEBOOKS] == [f"{number:02d}" for number in range(len(NOTEBOOKS))]
    titles = [read(path).cells[0].source.splitlines()[0] for path in NOTEBOOKS]
    assert [title[:5] for title in titles] == [f"# {path.stem[:2]} " for path in NOTEBOOKS]


def test_it_opens_with_question_in_and_out_and_run_time(notebook: Path) -> None:
    first = read(notebook).cells[0].source
    assert all(
        word in first for word in ("**问题**", "**输入**", "**输出**", "运行约", "Question: ", "seconds")
    )


def test_stored_without_outputs(notebook: Path) -> None:
    for cell in code_cells(notebook):
        assert not cell.outputs
        assert cell.execution_count is None


def test_imports_stand_in_the_first_code_cell_only(notebook: Path) -> None:
    imports = [
        [node for node in ast.parse(cell.source).body if isinstance(node, ast.Import | ast.ImportFrom)]
        for cell in code_cells(notebook)
    ]
    assert imports[0] and not any(imports[1:])
    assert len(imports[0]) == len(ast.parse(code_cells(notebook)[0].source).body)


def test_one_cell_of_parameters_of_plain_values(notebook: Path) -> None:
    tagged = [cell for cell in code_cells(notebook) if "parameters" in cell.metadata.get("tags", [])]
    assert tagged == [code_cells(notebook)[1]]
    body = ast.parse(tagged[0].source).body
    assert all(isinstance(node, ast.Assign) and ast.literal_eval(node.value) for node in body)
    names = {target.id for node in body for target in node.targets}
    used = {
        node.id
        for node in ast.walk(tree(notebook))
        if isinstance(node, ast.Name) and isinstance(node.ctx, ast.Load)
    }
    assert {"study", "lang"} <= names <= used, "a parameter that nothing uses would mislead"


def test_nothing_that_belongs_in_the_package(notebook: Path) -> None:
    banned = (
        ast.FunctionDef, ast.ClassDef, ast.Lambda, ast.For, ast.While, ast.If, ast.Try, ast.With, ast.comprehension,
        ast.Assert,
    )  # fmt: skip
    for cell in code_cells(notebook):
        assert not [node for node in ast.walk(ast.parse(cell.source)) if isinstance(node, banned)]
        assert (
            len([line for line in cell.source.splitlines() if line.strip()]) <= 16
            if "import" in cell.source
            else 10
        )
        assert not re.search(r"['\"](/|[A-Z]:\\)", cell.source), "an absolute path"


def test_every_cell_shows_one_thing(notebook: Path) -> None:
    """The last line of a cell is what it shows; a cell behind the parameters without one shows nothing."""
    for cell in code_cells(notebook)[2:]:
        body = ast.parse(cell.source).body
        assert isinstance(body[-1], ast.Expr)
        assert not any(isinstance(node, ast.Expr) for node in body[:-1])


def test_chinese_first_and_english_below(notebook: Path) -> None:
    for cell in read(notebook).cells:
        if cell.cell_type != "markdown":
            continue
        paragraphs = [one for one in cell.source.split("\n\n") if not one.startswith("#")]
        if paragraphs:
            assert re.fullmatch(r"\*[^*\u4e00-\u9fff].*\*", paragraphs[-1], re.DOTALL), paragraphs[-1]


def used_functions(notebook: Path) -> Iterator[Any]:
    """The package's functions that a notebook calls, or reads from one of its modules."""
    nodes = list(ast.walk(tree(notebook)))
    imported = {
        alias.name
        for node in nodes
        if isinstance(node, ast.ImportFrom) and node.module == "pujin_geo"
        for alias in node.names
    }
    assert imported <= {*pujin_geo.__all__, "circles"}, "a notebook needs the public names only"
    for node in nodes:
        if isinstance(node, ast.Call) and isinstance(node.func, ast.Name) and node.func.id in imported:
            yield getattr(pujin_geo, node.func.id)
        if isinstance(node, ast.Attribute) and isinstance(node.value, ast.Name) and node.value.id in imported:
            yield getattr(importlib.import_module(f"pujin_geo.{node.value.id}"), node.attr)


def test_every_function_used_has_an_example_that_runs(notebook: Path) -> None:
    """Examples are run as doctests by ``make check``."""
    functions = list(used_functions(notebook))
    assert functions
    lacking = {one.__name__ for one in functions if ">>>" not in (one.__doc__ or "")}
    assert lacking == set()


def test_public_names_are_found_by_tab_completion() -> None:
    for name in pujin_geo.__all__:
        assert name in dir(pujin_geo)
        assert callable(getattr(pujin_geo, name))


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return working_copy(tmp_path_factory.mktemp("base"))


def test_runs_top_to_bottom_on_the_shipped_study(notebook: Path, folder: Path) -> None:
    """In a working copy, as it is stored: the default study is found from there."""
    done = run(read(notebook), folder)
    last = done.cells[-1].outputs[-1]["data"]["text/html"]
    assert last.count("<td") > 4
    assert "否" not in last
    assert "合成数据" in last


def test_the_network_is_shut_and_a_wrong_name_is_one_sentence(folder: Path) -> None:
    """The negative controls of all the runs above: a kernel of theirs cannot get out, and errors are seen."""
    document = nbformat.v4.new_notebook(
        cells=[
            nbformat.v4.new_code_cell(source)
            for source in (
                "import socket; socket.create_connection(('192.0.2.1', 80), timeout=5)",
                "socket.getaddrinfo('example.org', 443)",
                "socket.create_server(('127.0.0.1', 0)).getsockname()[0]",
                "from pujin_geo import *; results = analyse(load_study('../geodata/xiaohe'))",
                "show_table(results, 'coverage', circle_id='LC11')",
                "load_study('../geodata/xiaohee')",
            )
        ]
    )
    done = run(document, folder, allow_errors=True)
    assert ["no network in tests" in shown(cell) for cell in done.cells[:2]] == [True, True]
    assert "127.0.0.1" in shown(done.cells[2])
    circle, study = (shown(cell) for cell in done.cells[4:])
    assert "没有叫 “LC11” 的生活圈" in circle and "LC1 (河南生活圈)" in circle
    assert "找不到研究文件夹" in study and "xiaohe" in study
    assert "Traceback" not in circle + study


def test_the_repository_is_as_it_was() -> None:
    """Notebooks write beside themselves; stored ones are never run in place."""
    assert {path.name for path in (ROOT / "notebooks").iterdir()} == {path.name for path in NOTEBOOKS}
