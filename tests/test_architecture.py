"""Imports point one way, as docs/architecture.md draws it, and nobody loads what is not used."""

import ast
import json
import re
import subprocess
import sys
from collections.abc import Iterator
from graphlib import TopologicalSorter
from itertools import combinations
from pathlib import Path

import pytest
from worlds import one_street, write_study

import pujin_geo

PACKAGE = Path(pujin_geo.__file__).parent
PLAN = PACKAGE.parent / "docs" / "architecture.md"
MODULES = {
    ".".join(path.relative_to(PACKAGE).with_suffix("").parts).removesuffix(".__init__"): path
    for path in PACKAGE.rglob("*.py")
}


def imported(name: str, nodes: Iterator[ast.AST]) -> set[str]:
    """Return the modules of the package that a module's import statements name."""
    path = MODULES[name]
    here = ["pujin_geo", *name.split(".")] if name != "__init__" else ["pujin_geo"]
    package = here if path.name == "__init__.py" else here[:-1]
    found = set()
    for node in nodes:
        if isinstance(node, ast.ImportFrom):
            base = package[: len(package) - node.level + 1] if node.level else []
            stem = [*base, *(node.module or "").split(".")]
            for one in node.names:
                dotted = ".".join(part for part in [*stem, one.name] if part)
                found.add(dotted)
                found.add(dotted.rpartition(".")[0])
        elif isinstance(node, ast.Import):
            found.update(one.name for one in node.names)
    return {dotted.removeprefix("pujin_geo.") for dotted in found} & set(MODULES) - {name}


def tree(name: str) -> ast.Module:
    return ast.parse(MODULES[name].read_text(encoding="utf-8"))


def unit(module: str) -> str:
    """The box of the plan that a module belongs to: itself, or its package."""
    return module.partition(".")[0]


def drawn_order() -> list[str]:
    plan = PLAN.read_text(encoding="utf-8").split("```")[1]
    left = [re.split(r"\s{2,}", line)[0] for line in plan.splitlines() if line and not line.startswith(" ")]
    return [name.rstrip("/") for words in left for name in words.split()]


def used_by_unit() -> dict[str, set[str]]:
    uses: dict[str, set[str]] = {unit(name): set() for name in MODULES}
    for name in MODULES:
        uses[unit(name)] |= {unit(other) for other in imported(name, ast.walk(tree(name)))}
    return {name: others - {name} for name, others in uses.items()}


def test_the_plan_names_modules_that_exist() -> None:
    order = drawn_order()
    assert {"texts", "sources", "walking", "analysis", "cli"} <= set(order)
    assert set(order) <= {unit(name) for name in MODULES}


def test_no_two_modules_import_each_other() -> None:
    """Imports inside functions included: a circle would raise CycleError."""
    order = list(TopologicalSorter(used_by_unit()).static_order())
    assert order.index("texts") < order.index("walking") < order.index("coverage") < order.index("cli")


def test_a_module_imports_only_from_its_left() -> None:
    order, uses = drawn_order(), used_by_unit()
    backwards = [(left, right) for left, right in combinations(order, 2) if right in uses[left]]
    assert backwards == []


def test_modules_of_a_package_do_not_import_each_other_in_circles() -> None:
    at_import = {name: imported(name, iter(tree(name).body)) - {name.rpartition(".")[0]} for name in MODULES}
    assert list(TopologicalSorter(at_import).static_order())


def test_the_reader_of_imports_sees_them() -> None:
    """A negative control: known imports of known modules."""
    seen = imported("walking.verdicts", ast.walk(tree("walking.verdicts")))
    assert {"walking.network", "tables", "catalogue"} <= seen
    assert "cli" in imported("__main__", ast.walk(tree("__main__")))


LOADED = "; print(json.dumps(sorted({name.partition('.')[0] for name in sys.modules})))"


def loaded(code: str) -> set[str]:
    """Return the top-level modules loaded once the code has run, in a process of its own."""
    done = subprocess.run(
        [sys.executable, "-W", "ignore", "-c", f"import json, sys; {code}{LOADED}"],
        capture_output=True, text=True, encoding="utf-8", check=False,
    )  # fmt: skip
    assert done.returncode == 0, done.stderr[-2000:]
    return set(json.loads(done.stdout.splitlines()[-1]))


HEAVY = {"numpy", "pandas", "geopandas", "shapely", "scipy", "pyproj", "pyogrio", "folium", "pyrosm", "openpyxl", "xlsxwriter"}  # fmt: skip


def test_importing_the_package_loads_nothing_heavy() -> None:
    assert not loaded("import pujin_geo") & (HEAVY | {"typer", "rich"})


def test_help_loads_nothing_heavy() -> None:

    code = "from typer.testing import CliRunner; from pujin_geo.cli import app; CliRunner().invoke(app, ['--help'])"
    assert not loaded(code) & HEAVY


@pytest.mark.parametrize(
    ("arguments", "unused"),
    [
        (["check"], {"folium", "pyrosm", "openpyxl", "xlsxwriter", "jupyterlab", "networkx", "matplotlib"}),
        (["run", "-o", "OUT"], {"pyrosm", "openpyxl", "jupyterlab", "networkx", "matplotlib"}),
    ],
)
def test_a_command_loads_only_what_it_uses(arguments: list[str], unused: set[str], tmp_path: Path) -> None:
    study = write_study(one_street(), tmp_path / "study")
    words = [arguments[0], str(study), *arguments[1:]]
    words = [str(tmp_path / "out") if word == "OUT" else word for word in words]
    code = (
        "from typer.testing import CliRunner; from pujin_geo.cli import app; "
        f"done = CliRunner().invoke(app, {words!r}, catch_exceptions=False); assert done.exit_code == 0, done.output"
    )
    assert not loaded(code) & unused
