"""Options of circles.toml, the layer in the study folder, and the command from end to end."""

import shutil
import sys
from collections.abc import Callable
from pathlib import Path
from typing import NamedTuple

import pyogrio
import pytest
from circle_towns import hub, town
from worlds import write_study

from pujin_geo.circles import CircleSettings, Wishes, draw, read_circles, read_options, survey, write_circles
from pujin_geo.cli import main
from pujin_geo.errors import SettingsError, SourceError
from pujin_geo.sources.reading import load_study


class Done(NamedTuple):
    returncode: int
    stdout: str
    stderr: str


Command = Callable[..., Done]


@pytest.fixture
def circles(capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch) -> Command:
    def call(*arguments: str) -> Done:
        monkeypatch.setattr(sys, "argv", ["pujin-geo", "circles", *arguments])
        with pytest.raises(SystemExit) as ended:
            main()
        return Done(int(str(ended.value.code or 0)), *capsys.readouterr())

    return call


@pytest.fixture
def study(tmp_path: Path) -> Path:
    inputs = town(4, 1, shops=[hub(0, 0, name="西邻里中心"), hub(3, 0, name="东邻里中心")])
    return write_study(inputs, tmp_path / "study")


def test_the_command_draws_saves_and_redraws_the_same(study: Path, circles: Command) -> None:
    before = (study / "study.toml").read_bytes()
    done = circles(str(study), "--count", "2")
    assert done.returncode == 0, done.stderr
    assert "划出 2 个生活圈" in done.stdout
    assert "示意 · 内部讨论" in done.stdout
    after = (study / "study.toml").read_bytes()
    assert after.startswith(before)
    assert after[len(before) :].decode().count("[layers.circles]") == 1
    first = (study / "circles.geojson").read_bytes()
    loaded = load_study(study).circles
    assert loaded["circle_id"].tolist() == ["LC01", "LC02"]
    assert loaded["hub_facility_id"].tolist() == ["s1/hub", "s2/hub"]

    again = circles(str(study), "--count", "2", "--lang", "en")
    assert again.returncode == 0, again.stderr
    assert "2 living circles drawn" in again.stdout
    assert (study / "study.toml").read_bytes() == after
    assert (study / "circles.geojson").read_bytes() == first
    assert (study / "circles.previous.geojson").read_bytes() == first


def test_out_leaves_the_study_alone(study: Path, tmp_path: Path, circles: Command) -> None:
    before = sorted(p.name for p in study.iterdir()), (study / "study.toml").read_bytes()
    done = circles(str(study), "--count", "2", "-o", str(tmp_path / "x.geojson"))
    assert done.returncode == 0, done.stderr
    assert (tmp_path / "x.geojson").is_file()
    assert before == (sorted(p.name for p in study.iterdir()), (study / "study.toml").read_bytes())


def test_refusals_are_sentences_and_change_nothing(study: Path, tmp_path: Path, circles: Command) -> None:
    before = (study / "study.toml").read_bytes()
    for arguments, word in (
        (("--count", "9"), "只有 4 个"),
        (("--together", "A1，D1", "--apart", "A1,D1", "--count", "2"), "A1, D1 同圈"),
        (("-o", str(tmp_path / "x.shp")), ".geojson"),
        (("--pin-hub", "无"), "“无”"),
    ):
        done = circles(str(study), *arguments)
        assert done.returncode == 1
        assert word in done.stderr
        assert "Traceback" not in done.stderr
    assert (study / "study.toml").read_bytes() == before
    assert not (study / "circles.geojson").exists()
    assert circles(str(study), "--count", "0").returncode == 2


def test_a_foreign_circles_layer_is_not_overwritten(study: Path, circles: Command) -> None:
    with (study / "study.toml").open("a", encoding="utf-8") as toml:
        toml.write('\n[layers.circles]\npath = "mine.shp"\n')
    done = circles(str(study), "--count", "2")
    assert done.returncode == 1
    assert "mine.shp" in done.stderr


def test_a_geopackage_with_own_headers_is_redrawn_in_place(study: Path, circles: Command) -> None:
    shutil.copyfile(study / "committees.gpkg", study / "all.gpkg")
    with (study / "study.toml").open("a", encoding="utf-8") as toml:
        toml.write('\n[layers.circles]\npath = "all.gpkg"\nlayer = "圈"\ncolumns = { circle_id = "编码" }\n')
    before = (study / "study.toml").read_bytes()
    done = circles(str(study), "--count", "2")
    assert done.returncode == 0, done.stderr
    assert (study / "study.toml").read_bytes() == before
    assert sorted(pyogrio.list_layers(study / "all.gpkg")[:, 0]) == ["committees", "圈"]
    assert pyogrio.list_layers(study / "all.previous.gpkg")[:, 0].tolist() == ["committees"]
    first = load_study(study).circles
    assert first["circle_id"].tolist() == ["LC01", "LC02"]
    assert circles(str(study), "--count", "2").returncode == 0
    assert (load_study(study).circles.geometry.to_wkb() == first.geometry.to_wkb()).all()


def test_geopackage_is_read_back_unchanged(study: Path, tmp_path: Path) -> None:
    terrain = survey(load_study(study))
    drawn = draw(terrain, count=3).circles
    write_circles(drawn, tmp_path / "c.gpkg")
    again = read_circles(tmp_path / "c.gpkg", terrain.units.crs)
    assert (again.geometry.to_wkb() == drawn.geometry.to_wkb()).all()
    for column in drawn.columns.drop("geometry"):
        assert again[column].tolist() == drawn[column].tolist(), column
    with pytest.raises(SourceError, match=r"c\.gpkg"):
        read_circles(tmp_path / "c.gpkg", terrain.units.crs, layer="no such layer")


def test_a_file_that_cannot_be_written_is_refused(study: Path, tmp_path: Path) -> None:
    drawn = draw(survey(load_study(study)), count=2).circles
    for name in ("no/such/folder.geojson", "no/such/folder.gpkg"):
        with pytest.raises(SourceError, match="folder"):
            write_circles(drawn, tmp_path / name)


def test_options_beside_the_study_apply(study: Path, circles: Command) -> None:
    (study / "circles.toml").write_text(
        'count = 2\nsimplify_m = 0\n[urban]\npopulation_min = 1\n[wishes]\ntogether = [["A1", "B1", "C1"]]\n',
        encoding="utf-8",
    )
    done = circles(str(study))
    assert done.returncode == 0, done.stderr
    assert "3 个居村委, 300 人" in done.stdout
    assert "population_low" not in done.stdout


def test_every_option_is_read(tmp_path: Path) -> None:
    path = tmp_path / "circles.toml"
    path.write_text(
        "count = 7\nexcursion_m = 150\nexact_units = 10\n[rural]\nwalk_max_m = 2500\n"
        '[wishes]\npin_hubs = ["a"]\ntogether = [["b", "c"]]\napart = [["d", "e"]]\nforbid = ["f"]\n',
        encoding="utf-8",
    )
    options = read_options(path)
    assert options.count == 7
    assert options.settings.excursion_m == 150
    assert options.settings.exact_units == 10
    assert options.settings.rural.walk_max_m == 2500
    assert options.settings.rural.population_min == CircleSettings().rural.population_min
    assert options.settings.urban == CircleSettings().urban
    assert options.wishes == Wishes(("a",), (("b", "c"),), (("d", "e"),), ("f",))


@pytest.mark.parametrize(
    ("text", "word"),
    [
        ("count = 0", "count"),
        ("count = true", "count"),
        ("count = 1.5", "count"),
        ("colour = 3", "colour"),
        ("excursion_m = -1", "excursion_m"),
        ('excursion_m = "x"', "excursion_m"),
        ("urban = 3", "urban"),
        ("[urban]\nname = 3", "urban.name"),
        ("[wishes]\nforbid = 3", "wishes.forbid"),
        ('[wishes]\ntogether = ["A1", "B1"]', "wishes.together"),
        ("[wishes]\ntogether = 3", "wishes.together"),
        ("[wishes]\nmore = []", "wishes"),
        ("wishes = 3", "wishes"),
        ("count = ", "TOML"),
    ],
)
def test_wrong_options_are_named(tmp_path: Path, text: str, word: str) -> None:
    path = tmp_path / "circles.toml"
    path.write_text(text, encoding="utf-8")
    with pytest.raises(SettingsError, match=word) as refused:
        read_options(path)
    assert "circles.toml" in refused.value.of("en")
