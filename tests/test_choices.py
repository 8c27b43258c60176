"""What a planner names in a parameter: found however it is written, or one sentence with what there is."""

from pathlib import Path

import pytest
from IPython.core.interactiveshell import InteractiveShell
from maps_world import inputs, two_circles

from pujin_geo.analysis import analyse
from pujin_geo.catalogue import read_catalogue
from pujin_geo.choices import UnknownNameError, circle_named, facility_type_named, language, suitability_named
from pujin_geo.errors import PujinError
from pujin_geo.sources.reading import load_study

CATALOGUE = read_catalogue("shanghai", folder=Path())


@pytest.mark.parametrize("name", ["wet_market", "Wet Market", "菜市场", "农贸市场", " WET-market "])
def test_a_type_is_found_by_any_of_its_names(name: str) -> None:
    assert facility_type_named(CATALOGUE, name) == "wet_market"


def test_an_unknown_type_is_answered_with_the_nearest_and_with_all() -> None:
    with pytest.raises(UnknownNameError, match="您是不是要写 wet_market") as refused:
        facility_type_named(CATALOGUE, "wetmarkt")
    assert refused.value.of("en").startswith("There is no facility type “wetmarkt”. Did you mean wet_market")
    assert all(one in refused.value.of("zh") for one in CATALOGUE["facility_type"])


def test_only_types_that_can_be_chosen_are_named() -> None:
    with pytest.raises(UnknownNameError) as refused:
        facility_type_named(CATALOGUE, "wet_market", among=CATALOGUE["facility_type"].iloc[:2])
    assert [one in refused.value.of("en") for one in CATALOGUE["facility_type"].iloc[:3]] == [
        True,
        True,
        False,
    ]


def test_a_circle_is_found_by_id_or_name_and_all_is_the_whole() -> None:
    study = inputs(circles=two_circles())
    assert [circle_named(study, one) for one in ("LC2", "东圈", "lc1", "all", "全域")] == [
        "LC2", "LC2", "LC1", "all", "all",
    ]  # fmt: skip
    with pytest.raises(UnknownNameError, match=r"all \(全域\), LC1 \(西圈\), LC2 \(东圈\)"):
        circle_named(study, "LC99")


def test_suitability_and_language() -> None:
    assert [suitability_named(one) for one in ("宜养", "养", "Caring")] == ["caring"] * 3
    assert [language(one) for one in ("zh", "EN", "中文", "english")] == ["zh", "en", "zh", "en"]
    with pytest.raises(UnknownNameError, match="livable"):
        suitability_named("宜商")
    with pytest.raises(UnknownNameError, match=r"zh \(中文\), en \(英文\)"):
        analyse(inputs(), lang="fr")  # type: ignore[arg-type]


def test_a_missing_study_names_those_beside_it(tmp_path: Path) -> None:
    (tmp_path / "mine").mkdir()
    (tmp_path / "mine" / "study.toml").write_text("", encoding="utf-8")
    with pytest.raises(PujinError, match=r"旁边有: .*mine"):
        load_study(tmp_path / "mien")


def test_a_notebook_shows_the_sentence_and_no_traceback(capsys: pytest.CaptureFixture[str]) -> None:
    """The negative control is an error of another kind, which keeps its traceback."""
    shell = InteractiveShell.instance()
    try:
        shell.run_cell("from pujin_geo.choices import language; language('fr')")
        shown = "".join(capsys.readouterr())
        assert "没有叫 “fr” 的语言" in shown and "There is no language" in shown
        assert "Traceback" not in shown and "choices.py" not in shown
        shell.run_cell("1 / 0")
        assert "Traceback" in "".join(capsys.readouterr())
    finally:
        InteractiveShell.clear_instance()
