"""Write the template workbook: a sheet per table layer with drop-down lists, and what each column means.

Run ``python geodata/templates/make_template.py`` after a change of ``tables.LAYERS`` or the catalogue;
the same input gives the same bytes.
"""

from datetime import datetime
from pathlib import Path
from typing import Any

import pandas as pd
import xlsxwriter

from pujin_geo.catalogue import read_catalogue, suitability_names
from pujin_geo.sources.headers import PLACE_ALIASES, aliases
from pujin_geo.tables import LAYERS, Column, Layer

FILE = "planning_tables_template.xlsx"
TABLE_LAYERS = ("facilities", "residents", "entrances", "spaces")
HEADERS = {"lon": "经度", "lat": "纬度"}
CHOICES = {"status": ["现状", "在建", "规划", "关闭"], "scope": ["城镇", "乡村"]}
EXAMPLES = {
    "facility_type": "助餐点; 一格可写几种, 用顿号隔开: 日间照料、助餐点",
    "site_id": "P001; 同一场所的几行写同一编号; 可留空",
    "demand_id": "D001; 可留空",
    "population": "320",
    "lon": "121.500123",
    "lat": "31.080456",
}
ROWS = 2000
CREATED = datetime(2023, 6, 30)  # a date of the clock would change the file at every run


def write_template(folder: Path) -> Path:
    """Write the workbook into a folder and return its path."""
    catalogue = read_catalogue("shanghai", folder=folder)
    path = folder / FILE
    book = xlsxwriter.Workbook(path)
    book.set_properties({"title": "规划表格模板", "created": CREATED})
    formats = {
        "header": book.add_format({"bold": True, "bg_color": "#DDE8F0", "border": 1, "text_wrap": True}),
        "needed": book.add_format({"bold": True, "bg_color": "#F6D9C6", "border": 1, "text_wrap": True}),
        "text": book.add_format({"text_wrap": True, "valign": "top"}),
    }
    lists = _lists(catalogue)
    for name in TABLE_LAYERS:
        _layer_sheet(book, LAYERS[name], lists, formats)
    _explanation_sheet(book, formats)
    _types_sheet(book, catalogue, formats)
    _lists_sheet(book, lists)
    book.close()
    return path


def header_of(column: Column) -> str:
    """Return the Chinese header of a column: the first of its aliases that is Chinese."""
    return next((a for a in aliases(column) if not a.isascii()), column.name)


def _lists(catalogue: pd.DataFrame) -> dict[str, list[str]]:
    return {"facility_type": catalogue["name_zh"].tolist(), **CHOICES}


def _layer_sheet(book: Any, layer: Layer, lists: dict[str, list[str]], formats: dict[str, Any]) -> None:
    sheet = book.add_worksheet(layer.title.zh)
    sheet.freeze_panes(1, 0)
    columns = [(c.name, header_of(c), c.required) for c in layer.columns if c.name != "suitability"]
    columns += [(name, header, True) for name, header in HEADERS.items()]
    for k, (name, header, required) in enumerate(columns):
        sheet.write(0, k, f"*{header}" if required else header, formats["needed" if required else "header"])
        sheet.set_column(k, k, 24 if name in ("name", "facility_type", "note") else 13)
        if name in lists:
            position = list(lists).index(name)
            letter = "ABCDEFGH"[position]
            sheet.data_validation(
                1,
                k,
                ROWS,
                k,
                {
                    "validate": "list",
                    "source": f"=选项!${letter}$1:${letter}${len(lists[name])}",
                    "error_type": "information",  # several functions in one cell are allowed
                    "error_title": "不在列表中",
                    "error_message": "请尽量从列表中选择; 目录中的别名也可以。",
                },
            )


def _explanation_sheet(book: Any, formats: dict[str, Any]) -> None:
    sheet = book.add_worksheet("说明")
    sheet.freeze_panes(1, 0)
    for k, (title, width) in enumerate(
        (("工作表", 10), ("列", 14), ("必填", 6), ("含义", 44), ("示例或取值", 36), ("也认得的表头", 60))
    ):
        sheet.write(0, k, title, formats["header"])
        sheet.set_column(k, k, width, formats["text"])
    row = 0
    for name in TABLE_LAYERS:
        layer = LAYERS[name]
        for column in layer.columns:
            row += 1
            choices = "、".join(CHOICES.get(column.name, [])) or EXAMPLES.get(column.name, "")
            if column.kind == "number" and not choices:
                choices = "数字; 单位写在表头"
            needed = "是" if column.required else ""
            known = "、".join(aliases(column))
            sheet.write_row(
                row, 0, [layer.title.zh, header_of(column), needed, column.meaning.zh, choices, known]
            )
        for name_of_place, header in HEADERS.items():
            row += 1
            known = "、".join(PLACE_ALIASES[name_of_place])
            meaning = "WGS84; 取自高德、腾讯或百度地图时, 在 study.toml 写 datum"
            sheet.write_row(row, 0, [layer.title.zh, header, "是", meaning, EXAMPLES[name_of_place], known])


def _types_sheet(book: Any, catalogue: pd.DataFrame, formats: dict[str, Any]) -> None:
    sheet = book.add_worksheet("设施目录")
    sheet.freeze_panes(1, 0)
    for k, (title, width) in enumerate((("中文名", 26), ("编号", 18), ("五宜", 8), ("别名", 60))):
        sheet.write(0, k, title, formats["header"])
        sheet.set_column(k, k, width, formats["text"])
    for i, row in enumerate(catalogue.to_dict("records"), start=1):
        suitability = suitability_names[row["suitability"]].zh
        sheet.write_row(
            i, 0, [row["name_zh"], row["facility_type"], suitability, row["aliases"].replace(";", "、")]
        )


def _lists_sheet(book: Any, lists: dict[str, list[str]]) -> None:
    sheet = book.add_worksheet("选项")
    for k, values in enumerate(lists.values()):
        sheet.write_column(0, k, values)
    sheet.hide()


if __name__ == "__main__":
    write_template(Path(__file__).parent)
