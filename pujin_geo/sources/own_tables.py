"""A planner's own workbook in place of some layers of a study; and an example of one, with the usual troubles."""

import shutil
from dataclasses import replace
from pathlib import Path

import geopandas as gpd
import openpyxl
import shapely

from ..datums import from_wgs84
from ..errors import SettingsError, SourceError
from ..inputs import Inputs
from ..study import LayerSpec, read_study, study_toml
from ..tables import LAYERS
from ..texts import Text

TABLE_LAYERS = ("facilities", "residents", "entrances", "spaces")
"""Layers that a workbook can hold; a workbook of which no sheet is named like one holds facilities."""

TIED_TO_FACILITIES = ("entrances", "ledger")
"""Layers of a study that name its own facilities: new facilities do without them."""

FIRST_LINE = "# 由 study_from_workbook 生成, 再次运行会改写 · made by study_from_workbook, written anew when run again\n"

STATUS_WORDS = {"existing": "现状", "under_construction": "在建", "planned": "规划", "closed": "关闭"}


def study_from_workbook(
    base: str | Path, workbook: str | Path, folder: str | Path, *, datum: str = ""
) -> Path:
    """Make a study folder of a planner's workbook and, for all that it lacks, the layers of another study.

    The workbook is copied; the other layers stay where they are. Sheets named 设施, 居民点, 出入口 or 闲置空间 (or
    facilities, residents, entrances, spaces) replace that layer.

    Args:
        base: the study whose streets, boundary and other layers are used.
        workbook: an ``.xlsx``, or a ``.csv`` of facilities.
        folder: the study folder to make; one that was made so before is written anew.
        datum: of the coordinates in the workbook, such as ``gcj02``; not declared if blank.

    Returns:
        ``folder``, for ``load_study``.

    Raises:
        SourceError: the workbook is missing or cannot be read.
        SettingsError: ``base`` is no study, or ``folder`` holds a study that was not made so.

    >>> import tempfile
    >>> from pujin_geo import example_workbook, load_study
    >>> with tempfile.TemporaryDirectory() as here:
    ...     table = example_workbook(load_study("geodata/xiaohe"), Path(here) / "table.xlsx")
    ...     made = load_study(study_from_workbook("geodata/xiaohe", table, Path(here) / "mine", datum="gcj02"))
    >>> made.row_counts.query("rejected > 0")[["layer", "rows_read", "rejected"]].values.tolist()
    [['facilities', 32, 4]]
    """
    study, workbook, folder = read_study(Path(base)), Path(workbook), Path(folder)
    replaced = _layers_in(workbook)
    _refuse_foreign(folder)
    folder.mkdir(parents=True, exist_ok=True)
    copy = folder / workbook.name
    if copy.resolve() != workbook.resolve():
        shutil.copyfile(workbook, copy)
    dropped = TIED_TO_FACILITIES if "facilities" in replaced else ()
    kept = {
        name: replace(spec, path=spec.path.resolve())
        for name, spec in study.layers.items()
        if name not in dropped
    }
    layers = kept | {name: LayerSpec(copy, datum=datum or None) for name in replaced}
    profile = study.folder / study.profile
    made = replace(
        study,
        folder=folder,
        layers=layers,
        profile=str(profile.resolve()) if profile.is_file() else study.profile,
    )
    (folder / "study.toml").write_text(FIRST_LINE + study_toml(made), encoding="utf-8")
    return folder


def _layers_in(workbook: Path) -> tuple[str, ...]:
    """Return the layers that a workbook's sheets are named like; facilities if none is."""
    if not workbook.is_file():
        raise SourceError(
            Text(f"找不到表格 {workbook}, 请检查路径。", f"There is no workbook {workbook}; check the path.")
        )
    if workbook.suffix.lower() == ".csv":
        return ("facilities",)
    try:
        titles = set(openpyxl.load_workbook(workbook, read_only=True).sheetnames)
    except Exception as error:  # openpyxl raises many kinds for what is no workbook
        raise SourceError(
            Text(
                f"{workbook} 无法作为 .xlsx 读取 ({error}); 请用 Excel 或 WPS 另存为 .xlsx。",
                f"{workbook} cannot be read as .xlsx ({error}); save it as .xlsx with Excel or WPS.",
            )
        ) from None
    named = tuple(
        name for name in TABLE_LAYERS if titles & {name, LAYERS[name].title.zh, LAYERS[name].title.en}
    )
    return named or ("facilities",)


def _refuse_foreign(folder: Path) -> None:
    toml = folder / "study.toml"
    if toml.is_file() and not toml.read_text(encoding="utf-8-sig").startswith(FIRST_LINE.strip()):
        raise SettingsError(
            Text(
                f"{folder} 已是另一个研究文件夹, 为免丢失不改写; 请换一个文件夹名。",
                f"{folder} is another study folder already and is left as it is; choose another name.",
            )
        )


def example_workbook(inputs: Inputs, path: str | Path, *, datum: str = "gcj02") -> Path:
    """Write a study's facilities as planners' workbooks look: a title row, a total, and some rows with faults.

    The coordinates are in a web map's datum without a word about it. A file that is there already stays as it is.

    Args:
        inputs: from ``load_study``.
        path: the ``.xlsx`` to write.
        datum: of the coordinates written.

    Returns:
        ``path``.

    >>> import tempfile
    >>> from pujin_geo import load_study
    >>> with tempfile.TemporaryDirectory() as here:
    ...     example_workbook(load_study("geodata/xiaohe"), Path(here) / "table.xlsx").name
    'table.xlsx'
    """
    import xlsxwriter  # noqa: PLC0415 - only workbooks need it

    path = Path(path)
    if path.exists():
        return path
    facilities = inputs.facilities
    names = inputs.catalogue.set_index("facility_type")["name_zh"]
    places = gpd.GeoSeries(facilities.geometry.representative_point(), crs=facilities.crs).to_crs("EPSG:4326")
    degrees = shapely.get_coordinates(places.to_numpy())
    lon, lat = from_wgs84(degrees[:, 0], degrees[:, 1], datum)
    rows = [
        (one.name, names[one.facility_type], one.site_id, STATUS_WORDS[one.status], round(x, 6), round(y, 6))
        for one, x, y in zip(facilities.itertuples(index=False), lon, lat, strict=True)
    ]
    book = xlsxwriter.Workbook(path, {"strings_to_formulas": False, "strings_to_urls": False})
    sheet = book.add_worksheet("设施")
    sheet.merge_range(0, 0, 0, 5, "设施点位调查表 (示例, 含常见差错)", book.add_format({"bold": True}))
    faulty = [
        ("示例: 类型写错", "助歺点儿", "X1", "现状", *rows[0][4:]),
        ("示例: 没有坐标", rows[0][1], "X2", "现状", "", ""),
        ("示例: 状态认不出", rows[0][1], "X3", "快建好了", *rows[0][4:]),
    ]
    table = [
        ("设施名称", "设施类型", "场所编号", "状态", "经度", "纬度"),
        *rows,
        *faulty,
        ("合计", "", "", "", "", ""),
    ]
    for number, row in enumerate(table, start=1):
        sheet.write_row(number, 0, row)
    sheet.set_column(0, 5, 16)
    book.close()
    return path
