"""The template workbook: in step with the code, the same bytes each time, and read back without any setting."""

import importlib.util
import zipfile
from pathlib import Path
from types import ModuleType

import openpyxl
import pytest
from study_folders import counts, read, write_study

from pujin_geo.tables import LAYERS

FOLDER = Path(__file__).parents[1] / "geodata" / "templates"


@pytest.fixture(scope="module")
def maker() -> ModuleType:
    spec = importlib.util.spec_from_file_location("make_template", FOLDER / "make_template.py")
    assert spec is not None and spec.loader is not None
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    return module


def members(path: Path) -> dict[str, bytes]:
    with zipfile.ZipFile(path) as parts:
        return {name: parts.read(name) for name in parts.namelist()}


def test_the_shipped_workbook_is_what_the_script_writes(maker: ModuleType, tmp_path: Path) -> None:
    # Contents, not bytes: another zlib packs them differently.
    assert members(maker.write_template(tmp_path)) == members(FOLDER / maker.FILE), (
        "run geodata/templates/make_template.py"
    )


def test_the_same_bytes_each_time(maker: ModuleType, tmp_path: Path) -> None:
    (tmp_path / "a").mkdir()
    (tmp_path / "b").mkdir()
    one, other = maker.write_template(tmp_path / "a"), maker.write_template(tmp_path / "b")
    assert one.read_bytes() == other.read_bytes()


def test_it_reads_back_without_any_setting(maker: ModuleType, tmp_path: Path) -> None:
    book = openpyxl.load_workbook(FOLDER / maker.FILE)
    rows = {
        "设施": {"*设施类型": "老年人日间照料中心", "名称": "站", "状态": "在建", "容量": 30, "面积": 300},
        "居民点": {"*人口": 320, "名称": "东苑", "城乡": "乡村", "60岁以上": 80},
        "出入口": {"*场所编号": "S1"},
        "闲置空间": {"*空间编号": "K1", "面积": 60},
    }
    for title, values in rows.items():
        sheet = book[title]
        headers = [cell.value for cell in sheet[1]]
        assert set(values) <= set(headers)
        values = values | {"*经度": 121.5, "*纬度": 31.08}  # noqa: PLW2901
        for k, header in enumerate(headers, start=1):
            sheet.cell(2, k, values.get(header))
    book.save(tmp_path / "t.xlsx")
    layers = {n: {"path": "t.xlsx"} for n in maker.TABLE_LAYERS}
    inputs = read(write_study(tmp_path, layers, **dict.fromkeys(maker.TABLE_LAYERS, "")))
    for name in maker.TABLE_LAYERS:
        assert counts(inputs, name) == (1, 1, 0)
    assert inputs.facilities[["facility_type", "status", "capacity", "area_m2"]].values.tolist() == [
        ["day_care", "under_construction", 30, 300]
    ]
    assert inputs.residents[["scope", "population", "pop_60_plus"]].values.tolist() == [["rural", 320, 80]]
    assert {p.code for p in inputs.problems} == {"datum_assumed", "site_unknown"}


def test_every_column_is_there_and_explained(maker: ModuleType) -> None:
    book = openpyxl.load_workbook(FOLDER / maker.FILE)
    explained = {(row[0].value, row[1].value) for row in book["说明"].iter_rows(min_row=2)}
    for name in maker.TABLE_LAYERS:
        layer = LAYERS[name]
        headers = {str(cell.value).lstrip("*") for cell in book[layer.title.zh][1]}
        wanted = {maker.header_of(c) for c in layer.columns if c.name != "suitability"} | {"经度", "纬度"}
        assert headers == wanted
        assert {(layer.title.zh, h) for h in headers} <= explained


def test_drop_down_lists(maker: ModuleType) -> None:
    book = openpyxl.load_workbook(FOLDER / maker.FILE)
    lists = [v for v in book["设施"].data_validations.dataValidation if v.type == "list"]
    assert len(lists) == 2
    choices = {str(cell.value) for column in book["选项"].iter_cols() for cell in column if cell.value}
    assert {"菜市场", "现状", "规划", "乡村"} <= choices
    assert book["选项"].sheet_state == "hidden"
