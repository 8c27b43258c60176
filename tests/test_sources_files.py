"""Every format to raw rows: encodings, delimiters, sheets, layers, numbers of rows."""

import os
from pathlib import Path

import geopandas as gpd
import openpyxl
import pandas as pd
import pyogrio
import pytest
from shapely.geometry import Point
from study_folders import coded, codes, counts, read, write_study, write_workbook

from pujin_geo.errors import PujinError, SourceError
from pujin_geo.sources.formats.encodings import decode

ROWS = "设施名称,设施类型,经度,纬度\n近浦村站,日间照料,121.500,31.080\n菜场,菜市场,121.501,31.081\n"
FRAME = gpd.GeoDataFrame(
    {"name": ["近浦村站", "菜场"], "facility_type": ["day_care", "wet_market"]},
    geometry=[Point(121.500, 31.080), Point(121.501, 31.081)],
    crs=4326,
)


def read_facilities(tmp_path: Path, file: str, **entry: str):
    return read(write_study(tmp_path, {"facilities": {"path": file, **entry}}, facilities=""))


def refusal(tmp_path: Path, file: str, **entry: str) -> str:
    with pytest.raises(PujinError) as error:
        read_facilities(tmp_path, file, **entry)
    return error.value.of("zh")


@pytest.mark.parametrize("encoding", ["utf-8", "utf-8-sig", "gbk", "gb18030", "utf-16"])
@pytest.mark.parametrize("mark", [",", ";", "\t"])
@pytest.mark.parametrize("end", ["\n", "\r\n"])
def test_csv_in_every_encoding_delimiter_and_line_end(
    tmp_path: Path, encoding: str, mark: str, end: str
) -> None:
    (tmp_path / "f.csv").write_bytes(ROWS.replace(",", mark).replace("\n", end).encode(encoding))
    inputs = read_facilities(tmp_path, "f.csv")
    assert inputs.facilities["name"].tolist() == ["近浦村站", "菜场"]
    assert inputs.facilities["row"].tolist() == [1, 2]
    assert inputs.facilities["source_row"].tolist() == [2, 3]


def test_titles_above_the_header_and_blank_lines_count_in_the_source_row(tmp_path: Path) -> None:
    text = "浦锦街道设施表,,,\n,,,\n" + ROWS.replace("\n菜场", "\n\n,,,\n菜场")
    (tmp_path / "f.csv").write_text(text, encoding="utf-8")
    places = read_facilities(tmp_path, "f.csv").facilities[["row", "source_row"]]
    assert places.values.tolist() == [[1, 4], [2, 7]]


def test_a_line_break_within_quotes_is_one_row(tmp_path: Path) -> None:
    (tmp_path / "f.csv").write_text(ROWS.replace("近浦村站", '"近浦村\n站"'), encoding="utf-8")
    facilities = read_facilities(tmp_path, "f.csv").facilities
    assert facilities["name"].tolist() == ["近浦村 站", "菜场"]
    assert facilities["source_row"].tolist() == [2, 3]


def test_an_open_quote_does_not_swallow_the_rest(tmp_path: Path) -> None:
    (tmp_path / "f.csv").write_text(ROWS.replace("近浦村站", '"近浦村站'), encoding="utf-8")
    assert "未闭合的引号" in refusal(tmp_path, "f.csv")


def test_a_shifted_row_is_left_out(tmp_path: Path) -> None:
    (tmp_path / "f.csv").write_text(ROWS + "站,二层,助餐点,121.5,31.08\n", encoding="utf-8")
    inputs = read_facilities(tmp_path, "f.csv")
    assert coded(inputs, "row_ragged")[0].source_row == 4
    assert counts(inputs, "facilities") == (3, 2, 1)


@pytest.mark.parametrize(
    "data", [b"name\xff\xfe\x80,b\n1,2\n", "名称,经度\n站,1\n".encode() + b"\xe7\n", b"a\0b,c\n1,2"]
)
def test_an_unreadable_encoding_is_refused(tmp_path: Path, data: bytes) -> None:
    (tmp_path / "f.csv").write_bytes(data)
    assert "编码无法识别" in refusal(tmp_path, "f.csv")


def test_damaged_utf8_is_not_taken_for_gbk() -> None:
    text = ("浦锦街道设施，" * 20).encode()
    with pytest.raises(SourceError):
        decode(text[:30] + b"\xe6" + text[30:], "a.csv")


def test_chinese_that_is_also_valid_utf8() -> None:
    # 路 in GBK is the middle dot in UTF-8.
    assert decode("name,kind\n路1,路\n".encode("gbk"), "a.csv").endswith("路1,路\n")
    assert decode("name\nHämeentie\n".encode(), "a.csv") == "name\nHämeentie\n"


@pytest.mark.parametrize("data", [b"", b"\n\n", b",,,\n"])
def test_an_empty_csv_is_refused(tmp_path: Path, data: bytes) -> None:
    (tmp_path / "f.csv").write_bytes(data)
    assert "f.csv" in refusal(tmp_path, "f.csv")


def test_a_header_without_rows_is_refused(tmp_path: Path) -> None:
    (tmp_path / "f.csv").write_text(ROWS.split("\n", maxsplit=1)[0], encoding="utf-8")
    assert "没有数据行" in refusal(tmp_path, "f.csv")


def test_a_missing_file_names_a_like_one(tmp_path: Path) -> None:
    (tmp_path / "facilities.csv").write_text(ROWS, encoding="utf-8")
    assert "是否为“facilities.csv”" in refusal(tmp_path, "facilites.csv")
    assert "是文件夹" in refusal(tmp_path, ".")


@pytest.mark.parametrize(
    ("file", "word"), [("f.xls", "另存为 .xlsx"), ("f.dwg", ".geojson"), ("f", "无扩展名")]
)
def test_other_formats_are_refused_with_advice(tmp_path: Path, file: str, word: str) -> None:
    (tmp_path / file).write_bytes(b"x")
    assert word in refusal(tmp_path, file)


# Workbooks

HEADER = ["设施名称", "设施类型", "经度", "纬度", "建筑面积(㎡)"]
SITE = ["近浦村站", "日间照料", 121.500, 31.080, "300平"]
MARKET = ["菜场", "菜市场", 121.501, 31.081, "１，２００"]


def test_titles_several_sheets_and_one_without_header(tmp_path: Path) -> None:
    sheets = {
        "近浦村": [["浦锦街道设施表"], [], HEADER, SITE],
        "说明": [["请逐行填写"]],
        "景江苑": [HEADER, MARKET],
    }
    write_workbook(tmp_path / "f.xlsx", sheets)
    inputs = read_facilities(tmp_path, "f.xlsx")
    assert inputs.facilities[["name", "row", "source_row"]].values.tolist() == [
        ["近浦村站", 1, 4],
        ["菜场", 2, 2],
    ]
    assert inputs.facilities["area_m2"].tolist() == [300, 1200]
    (skipped,) = coded(inputs, "sheet_skipped")
    assert skipped.value == "说明"
    assert counts(inputs, "facilities") == (2, 2, 0)


def test_a_problem_names_the_sheet_where_several_are_read(tmp_path: Path) -> None:
    write_workbook(
        tmp_path / "f.xlsx", {"甲": [HEADER, SITE], "乙": [HEADER, ["站", "飞机场", 121.5, 31.08, ""]]}
    )
    (problem,) = coded(read_facilities(tmp_path, "f.xlsx"), "type_unknown")
    assert (problem.file, problem.row, problem.source_row) == ("f.xlsx [乙]", 2, 2)


def test_one_sheet_by_name(tmp_path: Path) -> None:
    write_workbook(tmp_path / "f.xlsx", {"甲": [HEADER, SITE], "乙": [HEADER, MARKET]})
    assert read_facilities(tmp_path, "f.xlsx", sheet="乙").facilities["name"].tolist() == ["菜场"]
    assert "现有: 甲、乙" in refusal(tmp_path, "f.xlsx", sheet="丙")


def test_a_sheet_named_like_the_layer_is_preferred(tmp_path: Path) -> None:
    write_workbook(tmp_path / "f.xlsx", {"旧表": [HEADER, SITE], "设施": [HEADER, MARKET]})
    assert read_facilities(tmp_path, "f.xlsx").facilities["name"].tolist() == ["菜场"]


def test_a_hidden_sheet_is_not_read(tmp_path: Path) -> None:
    path = write_workbook(tmp_path / "f.xlsx", {"甲": [HEADER, SITE], "乙": [HEADER, MARKET]})
    book = openpyxl.load_workbook(path)
    book["乙"].sheet_state = "hidden"
    book.save(path)
    inputs = read_facilities(tmp_path, "f.xlsx")
    assert inputs.facilities["name"].tolist() == ["近浦村站"]
    assert coded(inputs, "sheet_hidden")[0].value == "乙"


def test_merged_texts_are_filled_down_but_a_merged_total_counts_once(tmp_path: Path) -> None:
    rows = [["居民表"], ["居村委", "小区名称", "常住人口", "经度", "纬度"]]
    rows += [
        ["近浦村", "东苑", 900, 121.500, 31.080],
        [None, "西苑", None, 121.502, 31.082],
        [None, "南苑", 50, 121.504, 31.078],
    ]
    write_workbook(tmp_path / "r.xlsx", {"表": rows}, merge=("A1:E1", "A3:A5", "C3:C4"))
    inputs = read(write_study(tmp_path, {"residents": {"path": "r.xlsx"}}, residents=""))
    assert inputs.residents[["committee_id", "name", "population"]].values.tolist() == [
        ["近浦村", "东苑", 900],
        ["近浦村", "南苑", 50],
    ]
    (merged,) = coded(inputs, "number_merged")
    assert (merged.severity, merged.row, merged.source_row) == ("error", 2, 4)


def test_a_two_row_header_with_merged_cells(tmp_path: Path) -> None:
    rows = [["设施名称", "设施类型", "坐标", None], [None, None, "经度", "纬度"], SITE[:4]]
    write_workbook(tmp_path / "f.xlsx", {"表": rows}, merge=("A1:A2", "B1:B2", "C1:D1"))
    assert read_facilities(tmp_path, "f.xlsx").facilities["source_row"].tolist() == [3]


def test_totals_footnotes_and_repeated_headers_are_no_data(tmp_path: Path) -> None:
    rows = [HEADER, SITE, HEADER, MARKET, ["合计", 2, None, None, 1500], ["注：面积为估算"]]
    write_workbook(tmp_path / "f.xlsx", {"表": rows})
    inputs = read_facilities(tmp_path, "f.xlsx")
    assert [(p.row, p.source_row) for p in coded(inputs, "not_data")] == [(2, 3), (4, 5), (5, 6)]
    assert counts(inputs, "facilities") == (5, 2, 3)
    assert inputs.facilities["row"].tolist() == [1, 3]


def test_a_formula_that_was_never_calculated_is_mentioned(tmp_path: Path) -> None:
    write_workbook(tmp_path / "f.xlsx", {"表": [HEADER, SITE, [*MARKET[:4], "=100+200"]]})
    inputs = read_facilities(tmp_path, "f.xlsx")
    (problem,) = coded(inputs, "formula_without_value")
    assert problem.value == "E3"


@pytest.mark.parametrize("keep", [0, 10, 2000])
def test_a_damaged_workbook_is_refused(tmp_path: Path, keep: int) -> None:
    path = write_workbook(tmp_path / "f.xlsx", {"表": [HEADER, SITE]})
    path.write_bytes(path.read_bytes()[:keep])
    assert "f.xlsx" in refusal(tmp_path, "f.xlsx")


# Geodata


@pytest.mark.parametrize(("ending", "first"), [("geojson", 0), ("gpkg", 1), ("shp", 0), ("parquet", 1)])
def test_every_geodata_format(tmp_path: Path, ending: str, first: int) -> None:
    path = tmp_path / f"f.{ending}"
    named = FRAME.rename(columns={"facility_type": "type"})  # fits into the ten bytes of a shapefile
    named.to_parquet(path) if ending == "parquet" else named.to_file(path)
    inputs = read_facilities(tmp_path, path.name)
    assert inputs.facilities["facility_type"].tolist() == ["day_care", "wet_market"]
    assert inputs.facilities["source_row"].tolist() == [first, first + 1]
    assert inputs.facilities["row"].tolist() == [1, 2]
    expected = FRAME.to_crs("EPSG:32651").geometry
    assert inputs.facilities.geometry.distance(expected).max() < 1e-3


def test_a_parquet_table_without_geometry(tmp_path: Path) -> None:
    pd.DataFrame({"type": ["菜市场"], "lng": [121.5], "lat": [31.08]}).to_parquet(tmp_path / "f.parquet")
    assert len(read_facilities(tmp_path, "f.parquet").facilities) == 1


@pytest.mark.parametrize("encoding", ["gbk", "utf-8"])
@pytest.mark.parametrize("with_cpg", [True, False])
def test_shapefile_encodings(tmp_path: Path, encoding: str, with_cpg: bool) -> None:
    frame = FRAME.rename(columns={"name": "名称", "facility_type": "类型"})
    frame.to_file(tmp_path / "f.shp", encoding=encoding)
    # A wrong code page is as common as none.
    (tmp_path / "f.cpg").write_text("UTF-8") if with_cpg else (tmp_path / "f.cpg").unlink()
    assert read_facilities(tmp_path, "f.shp").facilities["name"].tolist() == ["近浦村站", "菜场"]


def test_a_finnish_shapefile_stays_utf8(tmp_path: Path) -> None:
    frame = FRAME.assign(name=["Hämeentie", "x" * 200]).rename(columns={"facility_type": "type"})
    frame.to_file(tmp_path / "f.shp")
    (tmp_path / "f.cpg").unlink()
    assert read_facilities(tmp_path, "f.shp").facilities["name"].tolist()[0] == "Hämeentie"


def test_a_name_cut_within_a_character(tmp_path: Path) -> None:
    frame = FRAME.rename(columns={"name": "名称"}).assign(名称=["浦" * 100, "菜场"])[
        ["名称", "facility_type", "geometry"]
    ]
    with pytest.warns(match=r"(?i)truncated|laundered"):
        frame.to_file(tmp_path / "f.shp", encoding="utf-8")
    assert read_facilities(tmp_path, "f.shp").facilities["name"].tolist()[0] == "浦" * 84


def test_a_shapefile_without_its_companions(tmp_path: Path) -> None:
    FRAME.rename(columns={"facility_type": "type"}).to_file(tmp_path / "f.shp")
    (tmp_path / "f.shx").unlink()
    assert "f.shp" in refusal(tmp_path, "f.shp")


def test_layers_of_a_geopackage(tmp_path: Path) -> None:
    FRAME.to_file(tmp_path / "f.gpkg", layer="a")
    FRAME.iloc[:1].to_file(tmp_path / "f.gpkg", layer="b")
    assert "a、b" in refusal(tmp_path, "f.gpkg")
    assert "现有: a、b" in refusal(tmp_path, "f.gpkg", layer="c")
    assert len(read_facilities(tmp_path, "f.gpkg", layer="b").facilities) == 1
    FRAME.to_file(tmp_path / "f.gpkg", layer="facilities")
    assert len(read_facilities(tmp_path, "f.gpkg").facilities) == 2


def test_styles_that_qgis_stores_are_no_layer(tmp_path: Path) -> None:
    FRAME.to_file(tmp_path / "f.gpkg", layer="点")
    pyogrio.write_dataframe(
        pd.DataFrame({"style": ["x"]}), tmp_path / "f.gpkg", layer="layer_styles", append=False
    )
    assert len(read_facilities(tmp_path, "f.gpkg").facilities) == 2


def test_a_geojson_in_gbk_and_one_that_is_cut(tmp_path: Path) -> None:
    text = FRAME.to_json(ensure_ascii=False)
    (tmp_path / "f.geojson").write_bytes(text.encode("gbk"))
    assert read_facilities(tmp_path, "f.geojson").facilities["name"].tolist() == ["近浦村站", "菜场"]
    (tmp_path / "f.geojson").write_text(text[:200], encoding="utf-8")
    assert "无法读取" in refusal(tmp_path, "f.geojson")


def test_an_empty_optional_layer_is_fine_but_an_empty_boundary_is_not(tmp_path: Path) -> None:
    (tmp_path / "e.geojson").write_text('{"type": "FeatureCollection", "features": []}')
    inputs = read(write_study(tmp_path, {"water": {"path": "e.geojson"}}, water=""))
    assert counts(inputs, "water") == (0, 0, 0)
    with pytest.raises(SourceError, match="不能为空"):
        read(write_study(tmp_path, {"boundary": {"path": "e.geojson"}}, boundary=""))


@pytest.mark.skipif(os.name == "nt" or os.geteuid() == 0, reason="needs a file that this user may not read")
def test_a_file_without_permission(tmp_path: Path) -> None:
    (tmp_path / "f.csv").write_text(ROWS, encoding="utf-8")
    (tmp_path / "f.csv").chmod(0)
    assert "请检查权限" in refusal(tmp_path, "f.csv")


def test_all_refusals_are_told_at_once(tmp_path: Path) -> None:
    folder = write_study(tmp_path, facilities="name\n站\n", residents="name\n苑\n")
    with pytest.raises(SourceError) as error:
        read(folder)
    assert "facility_type" in error.value.of("zh") and "population" in error.value.of("zh")


def test_a_missing_required_layer(tmp_path: Path) -> None:
    with pytest.raises(SourceError, match="residents"):
        read(write_study(tmp_path, residents=None))


def test_a_clean_study_has_nothing_to_say_but_the_datum(tmp_path: Path) -> None:
    assert set(codes(read(write_study(tmp_path)))) == {"datum_assumed"}
