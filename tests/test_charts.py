import math
import re
from pathlib import Path
from xml.etree import ElementTree as ET

import numpy as np
import pytest
from gap_worlds import long_street
from worlds import Row, facility_type, home, one_street, shop, street

from pujin_geo.analysis import analyse
from pujin_geo.maps.lettering import width_em
from pujin_geo.report.charts import (
    SHARE_CLASSES,
    charts,
    gaps_svg,
    matrix_svg,
    profile_svg,
    walk_spread,
    walks_svg,
    weighted_percentiles,
    write_charts,
)
from pujin_geo.results import Results

SVG = "{http://www.w3.org/2000/svg}"


@pytest.fixture(scope="module")
def result() -> Results:
    types = [facility_type("shop", 500.0), facility_type("care", 300.0, group="60+", suitability="caring")]
    homes = [
        home(100, 0, 30.0, pop_60_plus=0.0), home(900, 0, 10.0, pop_60_plus=0.0), home(3000, 0, 20.0, pop_60_plus=5.0)
    ]  # fmt: skip
    return analyse(long_street(types=types, homes=homes, shops=[shop(0, 0), shop(3100, 0, "care")]))


def texts(svg: str) -> list[str]:
    root = ET.fromstring(svg)
    for node in list(root.iter(f"{SVG}text")):
        for title in node.findall(f"{SVG}title"):
            node.text = title.tail
            node.remove(title)
    return ["".join(node.itertext()) for node in root.iter(f"{SVG}text")]


def titles(svg: str) -> list[str]:
    return [node.text or "" for node in ET.fromstring(svg).iter(f"{SVG}title")]


def lightness(colour: str) -> float:
    """CIE L* of an sRGB colour."""
    channels = [int(colour[at : at + 2], 16) / 255 for at in (1, 3, 5)]
    linear = [c / 12.92 if c <= 0.04045 else ((c + 0.055) / 1.055) ** 2.4 for c in channels]
    luminance = sum(w * c for w, c in zip((0.2126, 0.7152, 0.0722), linear, strict=True))
    return 116 * math.cbrt(luminance) - 16


def test_colours_fall_in_lightness_and_ink_is_readable_on_them() -> None:
    falls = -np.diff([lightness(fill) for _, fill, _ in SHARE_CLASSES])
    assert (falls > 8).all()
    assert all(abs(lightness(fill) - lightness(ink)) > 40 for _, fill, ink in SHARE_CLASSES)


def test_the_matrix_tells_nothing_served_from_nobody_to_serve(result: Results) -> None:
    """West: shop 30 of 40 people, nobody aged 60+. East: shop 0 of 20, care 5 of 5."""
    found = {title for title in titles(matrix_svg(result)) if " · " in title}
    assert "西圈 · shop: 75.0%" in found
    assert "西圈 · care: 无人可服务" in found
    assert "东圈 · shop: 0%" in found
    assert "东圈 · care: 100%" in found
    assert "全部 · shop: 50.0%" in found


def test_unknown_is_a_mark_and_few_people_are_not_numbered() -> None:
    streets = [street((0, 0), (3000, 0)), street((600, 100), (800, 100))]
    inputs = one_street(streets=streets, homes=[home(650, 100, 3.0), home(700, 0, 9.0)])
    svg = matrix_svg(analyse(inputs))
    assert any(title.endswith("<5 人无法判定") for title in titles(svg))
    assert svg.count('h9v9z"') == 2  # the cell and the legend


def test_shares_of_a_few_people_are_hidden_unless_the_study_shows_all() -> None:
    homes = [home(700, 0, 9.0, pop_60_plus=4.0)]
    types = [facility_type("shop", 500.0, group="60+")]
    hidden = matrix_svg(analyse(one_street(homes=homes, types=types)))
    assert "全部 · shop: 服务人群不足 5 人, 不显示" in titles(hidden)
    assert "100%" not in hidden
    shown = matrix_svg(analyse(one_street(homes=homes, types=types, settings={"smallest_count_shown": 0})))
    assert "全部 · shop: 100%" in titles(shown)


def test_percentiles_are_of_people_not_of_points(result: Results) -> None:
    spread = walk_spread(result).loc["shop"]
    assert spread[["p25_m", "p50_m", "p75_m", "p90_m"]].tolist() == [100.0, 100.0, 3000.0, 3000.0]
    assert spread["threshold_m"] == [500.0]
    assert weighted_percentiles(np.array([1.0]), np.array([0.0]), [0.5])[0] != 0.5


def test_people_without_a_path_are_given_in_words() -> None:
    streets = [street((0, 0), (3000, 0)), street((600, 100), (800, 100))]
    inputs = one_street(streets=streets, homes=[home(650, 100, 10.0), home(700, 0, 30.0)])
    assert "25.0% 无步行路径" in texts(walks_svg(analyse(inputs)))
    nothing = analyse(one_street(shops=[], surveyed="all"))
    assert "无设施可走到" in texts(walks_svg(nothing))


def test_gap_bars_are_in_proportion(result: Results) -> None:
    svg = gaps_svg(result)
    bars = [float(width) for width in re.findall(r'<rect x="\d+" y="\d+" width="([\d.]+)" height="15"', svg)]
    gaps = result.tables["gap_areas"]["shortfall_person_m"]
    gaps = gaps[gaps > 0].to_numpy()
    assert np.allclose(np.array(bars) / bars[0], gaps / gaps[0])


def test_a_profile_states_the_mean_and_of_how_many_types(result: Results) -> None:
    words = texts(profile_svg(result, circle_id="C1"))
    assert "75.0% · 1 类" in words
    assert words.count("没有判定的类型或无人可服务") == 4
    with pytest.raises(KeyError):
        profile_svg(result, circle_id="none")


@pytest.mark.parametrize(
    "changes",
    [
        {"types": [facility_type("shop", None)]},
        {"homes": []},
        {"homes": [home(100, 0, 0.0)]},
        {"shops": [], "surveyed": "all"},
        {"homes": [home(700, 0)]},
    ],
)
def test_sparse_studies_give_charts_without_nan(changes: Row) -> None:
    for lang in ("zh", "en"):
        for svg in charts(analyse(one_street(**changes), lang=lang)).values():  # type: ignore[arg-type]
            ET.fromstring(svg)
            assert "nan" not in svg.replace("nance", "")


def test_names_cannot_break_the_drawing() -> None:
    circles = [
        {
            "geometry": street((-10, 0), (4000, 0))["geometry"].buffer(50),
            "circle_id": "c",
            "name": "</svg><script>&\"'",
        }
    ]
    result = analyse(long_street(circles=circles, homes=[home(3000, 0, name="<b>甲</b>")]))
    for svg in charts(result).values():
        ET.fromstring(svg)
        assert "<script" not in svg
        assert "<b>" not in svg


def test_text_fits_its_place() -> None:
    assert width_em("ab") == pytest.approx(1.12)
    long = "很长的社区综合服务中心名称" * 5
    types = [facility_type("shop", 500.0) | {"name_zh": long}]
    svg = matrix_svg(analyse(one_street(types=types)))
    assert all(width_em(text) * 12 <= 520 for text in texts(svg))
    assert long in titles(svg)


def test_charts_stand_alone_and_repeat(result: Results, tmp_path: Path) -> None:
    write_charts(charts(result), tmp_path / "charts")
    names = sorted(path.stem for path in (tmp_path / "charts").iterdir())
    assert names == ["gaps", "matrix", "profile_1", "profile_2", "profile_all", "walks"]
    svg = (tmp_path / "charts" / "matrix.svg").read_text(encoding="utf-8")
    assert svg == str(matrix_svg(result))
    assert not re.search(r"(href|src|url)\s*[=(]\s*[\"']?(https?:|//)", svg)
    assert "合成数据" in svg
