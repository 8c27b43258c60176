"""A report's figures beside the study's: counted afresh where there is a measure, else as written."""

from dataclasses import replace

import pandas as pd
from shapely import box
from worlds import home, one_street, shop

from pujin_geo.analysis import analyse
from pujin_geo.coverage.reconciliation import MEASURES, reconciliation
from pujin_geo.tables import REGISTERS


def lines(*rows: tuple[str, float, str, float]) -> pd.DataFrame:
    table = pd.DataFrame(rows, columns=["item", "report_figure", "measure", "study_figure"])
    return table.assign(source="", note="", row=range(1, len(rows) + 1), source_row=range(2, len(rows) + 2))


def test_figures_are_counted_from_the_layers() -> None:
    inputs = one_street(
        homes=[home(100, 30, population=40), home(200, 5000, population=7)],
        shops=[shop(700, 0, site_id="A"), shop(10, 0, status="planned"), shop(20, 9000)],
        boundary=box(-100, -100, 1100, 900),
    )
    register = lines(
        ("设施", 2, "facilities", 99),
        ("人口", 41.5, "people", 99),
        ("面积", 1, "boundary_km2", 99),
        ("其他", 5, "", 4),
    )
    table = reconciliation(replace(inputs, reconciliation=register))
    assert table["study_figure"].tolist() == [1, 40, 1.2, 4]
    assert table["difference"].tolist() == [-1, -1.5, 0.2, -1]


def test_every_study_has_the_table_and_most_have_no_line() -> None:
    assert analyse(one_street()).tables["reconciliation"].empty


def test_the_register_explains_every_measure() -> None:
    (column,) = (c for c in REGISTERS["reconciliation"].columns if c.name == "measure")
    assert all(measure in column.meaning.zh for measure in MEASURES)
