"""The evidence reaches every run, is defined where it is shown, and the page about it names what there is."""

import csv
import io
import itertools
import re
from pathlib import Path

import pytest
from street_town import evidence, street_town

from pujin_geo.analysis import analyse
from pujin_geo.coverage.rates import TARGET_FAMILIES
from pujin_geo.definitions import DEFINITIONS
from pujin_geo.report.columns import columns_of
from pujin_geo.report.table_files import csv_text
from pujin_geo.tables import PROBLEM_COLUMNS

PAGE = (Path(__file__).parents[1] / "docs" / "coverage.md").read_text(encoding="utf-8")
TABLES = ("headlines", "rates", "combined", "reached", "supply", "outlook", "projects", "ledger")
DEFINED = [
    "coverage_share", "share_if_unknown_met", "straight_line_share", "residents_share", "land_share",
    "land_straight_share", "has_one_share", "remark", "reach_share", "mean_share", "mean_types_reached", "target_share",
    "people_newly_served", "people_newly_served_only_here", "people_without_standard", "required", "available",
    "catchment_supply",
]  # fmt: skip


def test_every_run_has_the_tables() -> None:
    tables = analyse(street_town()).tables
    assert set(TABLES) <= set(tables)
    assert list(tables["problems"].columns) == PROBLEM_COLUMNS


@pytest.mark.parametrize("name", DEFINED)
def test_a_figure_is_a_column_and_has_its_definition(name: str) -> None:
    tables, _ = evidence(street_town())
    assert any(name in table.columns for table in [*tables.values()])
    assert DEFINITIONS[name].zh and DEFINITIONS[name].en


def test_the_page_names_tables_families_and_all_twenty_questions() -> None:
    assert all(f"`{name}`" in PAGE for name in (*TABLES, *TARGET_FAMILIES, "gap_areas", "requirements"))
    assert [int(n) for n in re.findall(r"^\| (\d+) \|", PAGE, flags=re.MULTILINE)] == list(range(1, 21))
    assert all(f"| {kind} |" in PAGE for kind in ("C1", "C2", "C3", "C4", "C5"))


def test_blank_figures_are_printed_blank() -> None:
    """No "nan" and no "inf" reaches a file."""
    tables, _ = evidence(street_town(homes=[], residential_land=[]))
    for table in tables.values():
        cells = itertools.chain.from_iterable(csv.reader(io.StringIO(csv_text(columns_of(table)))))
        assert not {"nan", "inf", "-inf", "<NA>"} & set(cells)
