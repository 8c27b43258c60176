"""Every figure of a page says where it comes from, and that is what stands there: looked up in the tables one by one."""

import re
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path

import numpy as np
import pandas as pd
import pytest
from page_sources import Node, Ref, Shown, Tables, fault, read_page, same, shown_figures, unsourced
from test_reuse import changed, first
from worlds import write_study

from pujin_geo.analysis import analyse
from pujin_geo.catalogue import suitability_names
from pujin_geo.compare import words
from pujin_geo.compare.comparison import compare_runs
from pujin_geo.compare.folder import write_comparison
from pujin_geo.definitions import DEFINITIONS
from pujin_geo.maps.overview import hub_words
from pujin_geo.maps.palette import DEMAND_CLASSES, RANK_CLASSES
from pujin_geo.maps.references import how_to_trace, ref
from pujin_geo.outputs import write_results
from pujin_geo.report.trace import FIGURES, Figure
from pujin_geo.sources.reading import load_study
from pujin_geo.texts import Lang

PAGES = (
    ("a", "index.html"),
    ("a", "cards.html"),
    ("b", "index.html"),
    ("b", "cards.html"),
    ("c", "index.html"),
)
LANGS: dict[str, Lang] = {"a": "zh", "b": "en", "c": "en"}
MAPS = (
    *(("a", f"maps/{one}.html") for one in ("coverage", "circles", "before_after", *suitability_names)),
    ("b", "maps/coverage.html"),
    ("c", "maps/before_after.html"),
)
SPOKEN = re.compile(
    r"±10 ?%|\b10 ?%|1,?000 ?(米|m)\b|990 (米|m)\b|1\.1 (米/秒|m/s)|1?15 (分钟|minutes)|85 ?%|fifteen-minute|\b[0-9a-f]{12}\b"
)
"""Numbers in words that are no figures: how far walks are varied, and the standards that definitions name, the input hash."""


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Two runs, one in Chinese and one in English, and their comparison."""
    here = tmp_path_factory.mktemp("sources")
    random = np.random.default_rng(5)
    run = later = first()
    for kind in (
        "facility moved",
        "facility closed",
        "facility gone",
        "facility planned",
        "residents",
        "street gone",
    ):
        later = changed(later, kind, random)
    for name, one in (("a", run), ("b", later)):
        inputs = load_study(write_study(one.inputs, here / f"study-{name}"))
        write_results(analyse(inputs, lang=LANGS[name]), here / name)
    write_comparison(compare_runs(here / "a", here / "b", lang="en"), here / "c")
    return here


def page_of(folder: Path, name: str, page: str) -> Node:
    return read_page((folder / name / page).read_text(encoding="utf-8"))


@pytest.mark.parametrize(("name", "page"), PAGES)
def test_every_traced_figure_stands_in_its_table(folder: Path, name: str, page: str) -> None:
    tables = Tables(folder / name)
    shown = list(shown_figures(page_of(folder, name, page)))
    assert sum(bool(one.refs[0].columns) for one in shown) > 20
    assert [why for one in shown if (why := fault(one, tables))] == []


@pytest.mark.parametrize(("name", "page"), PAGES)
def test_every_number_has_a_source(folder: Path, name: str, page: str) -> None:
    lang = LANGS[name]
    headlines = pd.read_csv(folder / name / "tables" / "headlines.csv")["figure"] if name != "c" else []
    catalogue = pd.read_csv(folder / "a" / "inputs" / "catalogue.csv")
    spoken = (
        *(text.of(lang) for text in (*DEFINITIONS.values(), *words.DEFINITIONS.values())),
        *(text.of(lang) for _, _, text in (*DEMAND_CLASSES, *RANK_CLASSES)),
        *headlines,
        *catalogue["name_zh"], *catalogue["name_en"].dropna(),
        hub_words(lang),
    )  # fmt: skip
    left = unsourced(page_of(folder, name, page), spoken=spoken)
    assert [text for text in left if re.search(r"\d", SPOKEN.sub("", text))] == []


@pytest.mark.parametrize(("name", "page"), MAPS)
def test_panels_of_maps_name_their_rows(folder: Path, name: str, page: str) -> None:
    tables = Tables(folder / name)
    shown = list(shown_figures(page_of(folder, name, page)))
    assert [why for one in shown if (why := fault(one, tables))] == []
    listed = [one for one in (words.FIGURES if name == "c" else FIGURES) if one.page == page]
    assert listed
    assert all(any(matches(one.refs[0], figure) for figure in listed) for one in shown)
    if page.removeprefix("maps/").removesuffix(".html") not in suitability_names:
        assert shown  # a suitability may have no judged type


def altered(shown: list[Shown]) -> Iterator[Shown]:
    """Yield each element whose figures are all there are, with one of its digits another."""
    for one in shown:
        if one.is_exact and one.refs[0].columns and re.search(r"[1-9]", one.text):
            at = re.search(r"[1-9]", one.text)
            assert at is not None
            digit = str(int(at[0]) % 9 + 1)
            yield replace(one, text=one.text[: at.start()] + digit + one.text[at.end() :])


@pytest.mark.parametrize(("name", "page"), PAGES)
def test_another_number_would_be_found(folder: Path, name: str, page: str) -> None:
    """A negative control: with a leading digit changed, no figure passes (but one hidden as "<5", or rounded to fives)."""
    tables = Tables(folder / name)
    wrong = list(altered(list(shown_figures(page_of(folder, name, page)))))
    passed = [one for one in wrong if not fault(one, tables)]
    assert len(wrong) > 10
    assert all("<" in one.text or tables.hides(one.refs[0]) for one in passed), passed
    assert len(passed) * 4 < len(wrong)


def test_another_row_would_be_found(folder: Path) -> None:
    """The other negative control: the same page beside the tables of the other run."""
    shown = list(shown_figures(page_of(folder, "a", "index.html")))
    other = Tables(folder / "b")
    faults = 0
    for one in shown:
        try:
            faults += bool(fault(one, other))
        except AssertionError:  # the row is not there
            faults += 1
    assert faults > 20


def matches(one: Ref, figure: Figure) -> bool:
    """Tell whether a reference of a page is of the kind that ``figures.csv`` lists."""
    keys = dict(part.partition("=")[::2] for part in figure.rows.split(";") if part)
    fixed = {key: value for key, value in keys.items() if value}
    given = dict(one.keys)
    return (
        one.table == figure.table
        and set(given) <= set(keys)
        and all(given.get(key, (value,)) == (value,) for key, value in fixed.items())
        and set(one.columns) <= set(figure.columns.split(","))
    )


@pytest.mark.parametrize(("name", "page"), PAGES)
def test_the_list_of_figures_names_what_pages_refer_to(folder: Path, name: str, page: str) -> None:
    listed = [one for one in (words.FIGURES if name == "c" else FIGURES) if one.page == page]
    used = [one for shown in shown_figures(page_of(folder, name, page)) for one in shown.refs]
    assert {one for one in used if not any(matches(one, figure) for figure in listed)} == set()
    unused = [figure for figure in listed if not any(matches(one, figure) for one in used)]
    assert [figure.table for figure in unused if figure.table != "reconciliation"] == []


def test_pages_explain_their_references_and_show_them_on_pointing(folder: Path) -> None:
    for name, page in PAGES:
        html = (folder / name / page).read_text(encoding="utf-8")
        assert how_to_trace(LANGS[name]) in html
        assert "tr:hover > [data-row]::after" in html


def test_what_would_part_a_reference_is_written_otherwise() -> None:
    written = ref("problems", code="a b;c=d#e?f|g%&\"<'>")
    assert not re.search(r"[ ;#|&\"<'>]", written.partition("=")[2])


@pytest.mark.parametrize(
    ("token", "value", "hides", "expected"),
    [
        ("37.0%", 0.3704, False, True), ("37.1%", 0.3704, False, False), ("0.1%", 0.0000004, False, True),
        ("0%", 0.0004, False, False), ("99.9%", 0.99999, False, True), ("1,235", 1234.6, False, True),
        ("1,234", 1234.6, False, False), ("<5", 3.0, False, True), ("<5", 5.0, False, False), ("-<5", -3.0, False, True),
        ("−12", -12.0, False, True), ("+12", -12.0, False, False), ("—", "", False, True), ("—", 3.0, False, False),
        ("45", 47.0, True, True), ("45", 47.0, False, False), ("40", 47.0, True, False), ("2.10", 2.104, False, True),
    ],
)  # fmt: skip
def test_numbers_as_printed(token: str, value: float | str, hides: bool, expected: bool) -> None:
    assert same(token, value, hides=hides) == expected
