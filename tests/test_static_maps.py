"""Static maps for slides: what stands on them, the same bytes again, hostile names, and a computer without the font."""

import os
import subprocess
import sys
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest
from maps_world import PAYLOADS, results, two_circles, without
from matplotlib.figure import Figure
from matplotlib.text import Text
from PIL import Image

from pujin_geo import analyse, load_study, static_map
from pujin_geo.errors import SettingsError
from pujin_geo.maps.palette import VERDICT_COLOURS
from pujin_geo.report import fonts
from pujin_geo.report.sheet import SLIDE_MM, save
from pujin_geo.report.static_maps import KINDS, static_kinds, write_static_maps
from pujin_geo.results import Results
from pujin_geo.texts import Lang


@pytest.fixture(scope="module")
def result() -> Results:
    return results(circles=two_circles())


def written_on(figure: Figure) -> list[str]:
    return [one.get_text() for one in figure.findobj(Text) if one.get_text()]


@pytest.mark.parametrize("kind", KINDS)
def test_every_map_says_what_it_is(result: Results, kind: str) -> None:
    texts = written_on(static_map(result, kind))
    words = " ".join(texts)
    for one in ("合成数据", "内部讨论", "示意", "示例街道", "2023-06-30", "来源: 街道资料", "北", "200 m"):
        assert one in words, one
    assert "给党工委的图" in written_on(static_map(result, kind, title="给党工委的图", size_mm=SLIDE_MM))


def test_the_figures_are_those_of_the_tables(result: Results) -> None:
    coverage = result.tables["coverage"].query(
        "circle_id == 'all' and scope == 'all' and facility_type == 'pharmacy'"
    )
    texts = written_on(static_map(result, "coverage", facility_type="pharmacy"))
    assert f"{coverage['people_met'].iloc[0]:,.0f} 人" in texts
    assert f"{coverage['people_not_met'].iloc[0]:,.0f} 人" in texts
    circles = written_on(static_map(result, "circles"))
    for row in result.tables["circles"].itertuples():
        assert any(text.startswith(f"{row.population:,.0f} 人") for text in circles)
    gaps = written_on(static_map(result, "gaps"))
    assert {str(n) for n in range(1, min(len(result.tables["gap_areas"]), 10) + 1)} <= set(gaps)


@pytest.mark.parametrize("lang", ["zh", "en"])
def test_twelve_circles_end_above_the_foot(lang: Lang) -> None:
    """The shipped study is long and has twelve: their lines do not run into the definitions."""
    shipped = load_study(Path(__file__).parents[1] / "geodata" / "pujin")
    figure = static_map(analyse(shipped, lang=lang), "coverage", facility_type="meal_point")
    at = {one.get_text(): one.get_position()[1] for one in figure.findobj(Text)}
    last = next(y for words, y in at.items() if words.startswith("LC12"))
    foot = next(y for words, y in at.items() if words.startswith(("步行距离:", "Walk:")))
    assert last > foot + 5


def test_dots_lie_where_the_demand_points_are(result: Results) -> None:
    """The dots of one verdict have its colour and the coordinates of its points, in metres."""
    figure = static_map(result, "coverage", facility_type="pharmacy")
    rows = result.tables["distances"].query("facility_type == 'pharmacy' and verdict == 'met'")
    layer = result.inputs.residents.set_index("demand_id").loc[rows["demand_id"]]
    wanted = np.column_stack([layer.geometry.x, layer.geometry.y])
    red, green, blue = (int(VERDICT_COLOURS["met"][at : at + 2], 16) / 255 for at in (1, 3, 5))
    drawn = [
        one.get_offsets()
        for one in figure.axes[0].collections
        if len(one.get_offsets()) == len(wanted)
        and np.allclose(one.get_facecolor()[0][:3], [red, green, blue])
    ]
    assert any(np.allclose(np.asarray(one), wanted) for one in drawn)


def test_few_people_are_not_numbered(result: Results) -> None:
    areas = result.tables["gap_areas"].assign(population=3.0)
    texts = written_on(static_map(replace(result, tables=result.tables | {"gap_areas": areas}), "gaps"))
    assert any(text.startswith("<5 人") for text in texts)
    assert not any(text.startswith("3 人") for text in texts)


def test_the_same_results_give_the_same_bytes(result: Results, tmp_path: Path) -> None:
    first = write_static_maps(result, tmp_path / "a", size_mm=(120, 80))
    again = write_static_maps(results(circles=two_circles()), tmp_path / "b", size_mm=(120, 80))
    assert sorted(path.name for path in first) == sorted(
        f"{kind}.{ending}" for kind in KINDS for ending in ("pdf", "png", "svg")
    )
    for one, other in zip(first, again, strict=True):
        assert one.read_bytes() == other.read_bytes(), one.name
    picture = Image.open(tmp_path / "a" / "coverage.png").convert("RGB")
    colours = {colour for _, colour in picture.getcolors(maxcolors=1_000_000)}
    assert {(0xD2, 0xE2, 0xC3), (0xB9, 0xD5, 0xE5)} <= colours  # the park and the river


def test_hostile_names_are_drawn_as_text_without_a_warning(tmp_path: Path) -> None:
    """Dollar signs begin no formula, marks that change direction are left out, no glyph is missing."""
    hostile = results(
        named=PAYLOADS, circles=two_circles().assign(name=["$\\frac{1}{0}$", "\u202egnol" * 60])
    )
    for kind in KINDS:
        save(static_map(hostile, kind, size_mm=(120, 80)), tmp_path / "x.svg")
    assert "\u202e" not in " ".join(written_on(static_map(hostile, "circles")))
    assert any("$\\frac{1}{0}$" in text for text in written_on(static_map(hostile, "circles")))


def test_a_character_that_no_font_has_becomes_a_question_mark() -> None:
    assert fonts.drawable("公园\U0010fffd\U000e0041𓀀a") == "公园?a"


def test_without_a_chinese_font_one_sentence_says_what_to_install(
    result: Results, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(fonts, "CHINESE_FONTS", ("No Such Family",))
    fonts.chinese_family.cache_clear()
    fonts._characters.cache_clear()
    try:
        assert fonts.drawable("park") == "park"
        with pytest.raises(SettingsError, match="fonts-noto-cjk"):
            static_map(result, "gaps")
    finally:
        fonts.chinese_family.cache_clear()
        fonts._characters.cache_clear()


def test_refusals_name_what_there_is(result: Results) -> None:
    with pytest.raises(SettingsError, match="facilities, coverage, circles, gaps"):
        static_map(result, "streets")  # type: ignore[arg-type]
    with pytest.raises(SettingsError, match="pharmacy"):
        static_map(result, "coverage", facility_type="no_such_type")
    with pytest.raises(SettingsError, match="coverage"):
        static_map(result, "gaps", facility_type="pharmacy")
    bare = results()
    with pytest.raises(SettingsError, match="circles"):
        static_map(bare, "circles")
    assert "circles" not in static_kinds(bare)


def test_optional_layers_may_be_absent(result: Results) -> None:
    layers = ("boundary", "extent", "water", "green", "residential_land", "barriers", "committees")
    assert static_map(without(result, *layers), "facilities").axes


def test_importing_the_package_does_not_load_matplotlib() -> None:
    code = "import pujin_geo, sys; pujin_geo.static_map; assert 'matplotlib.pyplot' not in sys.modules; print('ok')"
    done = subprocess.run(
        [sys.executable, "-c", code], capture_output=True, text=True, check=False, env=os.environ
    )
    assert done.stdout.strip() == "ok", done.stderr[-500:]
