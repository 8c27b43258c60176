"""Printing a run's folder: which browser, which command, what comes out, and that the results stay as they are."""

import re
import stat
import sys
from dataclasses import replace
from pathlib import Path

import openpyxl
import pytest
from browser import chromium, visit
from maps_world import inputs, two_circles
from PIL import Image
from typer.testing import CliRunner

from pujin_geo import printing
from pujin_geo.analysis import analyse
from pujin_geo.cli import app
from pujin_geo.errors import SourceError
from pujin_geo.outputs import write_inputs, write_results
from pujin_geo.printing import A3_LANDSCAPE, A4, Sheet, command, find_browser, on_paper, print_run, sheets
from pujin_geo.runs.folder import listed_files, read_run
from pujin_geo.sources.reading import load_study
from pujin_geo.study import LayerSpec
from pujin_geo.tables import LAYERS

SMALL_SHEET_MM = (120.0, 80.0)
STATIC = {
    "static/maps.xlsx",
    *(f"static/{kind}.png" for kind in ("circles", "coverage", "facilities", "gaps")),
}


@pytest.fixture(scope="module")
def out(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("printed")
    world = inputs(circles=two_circles())
    described = replace(world.study, layers={name: LayerSpec(Path(name)) for name in LAYERS})
    write_inputs(replace(world, study=described), folder / "study")
    write_results(analyse(load_study(folder / "study")), folder / "镇 结果")
    return folder / "镇 结果"


@pytest.fixture(autouse=True)
def small_static_maps(monkeypatch: pytest.MonkeyPatch) -> None:
    """Static maps have tests of their own."""
    drawn = printing.write_static_maps
    monkeypatch.setattr(
        printing, "write_static_maps",
        lambda result, folder: drawn(result, folder, formats=("png",), size_mm=SMALL_SHEET_MM),
    )  # fmt: skip


def program(folder: Path, name: str, body: str = "pass") -> Path:
    """Return a program of that name that runs some Python instead of a browser."""
    path = folder / name
    path.write_text(f"#!{sys.executable}\nimport sys\n{body}\n", encoding="utf-8")
    path.chmod(path.stat().st_mode | stat.S_IXUSR)
    return path


def test_the_variable_comes_before_the_path(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    on_path, named = program(tmp_path, "google-chrome"), program(tmp_path, "my browser")
    monkeypatch.setenv("PATH", str(tmp_path))
    monkeypatch.delenv(printing.BROWSER_VARIABLE, raising=False)
    assert find_browser() == on_path
    monkeypatch.setenv(printing.BROWSER_VARIABLE, str(named))
    assert find_browser() == named
    monkeypatch.setenv(printing.BROWSER_VARIABLE, str(tmp_path / "gone"))
    with pytest.raises(SourceError, match="gone"):
        find_browser()


@pytest.mark.parametrize(
    ("platform", "place"),
    [
        ("win32", "Microsoft/Edge/Application/msedge.exe"),
        ("win32", "Google/Chrome/Application/chrome.exe"),
        ("darwin", "Applications/Google Chrome.app/Contents/MacOS/Google Chrome"),
    ],
)
def test_the_usual_places_of_windows_and_macos_are_known(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, platform: str, place: str
) -> None:
    monkeypatch.delenv(printing.BROWSER_VARIABLE, raising=False)
    monkeypatch.setenv("PATH", str(tmp_path / "nothing"))
    monkeypatch.setattr(printing.sys, "platform", platform)
    monkeypatch.setenv("PROGRAMFILES", str(tmp_path))
    monkeypatch.setenv("HOME", str(tmp_path))
    with pytest.raises(SourceError, match="PUJIN_GEO_BROWSER"):
        find_browser()
    (tmp_path / place).parent.mkdir(parents=True)
    (tmp_path / place).touch()
    assert find_browser() == tmp_path / place


def test_without_a_browser_nothing_is_left_and_static_maps_still_work(
    out: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.delenv(printing.BROWSER_VARIABLE, raising=False)
    monkeypatch.setattr(printing, "COMMANDS", ())
    before = listed_files(out)
    with pytest.raises(SourceError, match="--static"):
        print_run(out)
    assert [path.name for path in out.parent.iterdir() if ".print" in path.name] == []
    folder = print_run(out, static_only=True)
    assert folder == out.with_name("镇 结果.print")
    names = sorted(path.relative_to(folder).as_posix() for path in folder.rglob("*.*"))
    assert names == sorted(STATIC)
    book = openpyxl.load_workbook(folder / "static" / "maps.xlsx")
    assert book.sheetnames == ["五宜设施分布", "步行可达的基础类设施", "社区生活圈", "步行缺口片区"]
    for sheet in book:
        (picture,) = sheet._images
        assert picture.width / picture.height == pytest.approx(
            SMALL_SHEET_MM[0] / SMALL_SHEET_MM[1], abs=0.01
        )
        assert "合成数据" in sheet["A2"].value
        assert (sheet.page_setup.orientation, sheet.page_setup.paperSize) == ("landscape", 8)
    assert listed_files(out) == before
    assert read_run(out).edited == ()


def test_every_page_is_printed_and_a_failure_is_one_sentence(
    out: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """A stand-in browser notes what it is asked for, and writes it unless it is the map of gaps."""
    body = (
        "file = next(one.split('=', 1)[1] for one in sys.argv if one.startswith(('--print-to-pdf=', '--screenshot=')))\n"
        "if 'gaps' in file and FAIL: sys.exit('no display')\n"
        "open(file, 'w').write(sys.argv[-1])"
    )
    monkeypatch.setenv(printing.BROWSER_VARIABLE, str(program(tmp_path, "good", f"FAIL = False\n{body}")))
    folder = print_run(out)
    made = {path.relative_to(folder).as_posix() for path in folder.rglob("*.*")} - STATIC
    maps = [path.stem for path in (out / "maps").glob("*.html")]
    assert len(maps) >= 10
    assert made == {
        "briefing_a4.pdf", "briefing_a3.pdf", "atlas_a4.pdf", "atlas_a3.pdf",
        *(f"maps/{name}.{ending}" for name in maps for ending in ("pdf", "png")),
    }  # fmt: skip
    monkeypatch.setenv(printing.BROWSER_VARIABLE, str(program(tmp_path, "bad", f"FAIL = True\n{body}")))
    with pytest.raises(SourceError, match=r"gaps\.html \(no display\)"):
        print_run(out)
    assert {
        path.relative_to(folder).as_posix() for path in folder.rglob("*.pdf")
    } <= made  # the older ones stay
    assert not list(out.parent.glob("*.tmp"))
    print_run(out, static_only=True)
    assert (folder / "briefing_a4.pdf").is_file()  # what only a browser can print is kept


def test_the_command_reaches_no_network_and_no_profile_of_the_user(tmp_path: Path) -> None:
    words = command(Path("chrome"), tmp_path / "a b.html", tmp_path / "a b.pdf", tmp_path / "profile")
    assert f"--user-data-dir={tmp_path / 'profile'}" in words
    assert "--host-resolver-rules=MAP * ~NOTFOUND" in words
    assert words[-1] == (tmp_path / "a b.html").as_uri()
    assert f"--print-to-pdf={tmp_path / 'a b.pdf'}" in words
    assert f"--screenshot={tmp_path / 'x.png'}" in command(
        Path("chrome"), tmp_path / "a.html", tmp_path / "x.png", tmp_path / "profile"
    )


def test_what_is_no_run_is_refused(tmp_path: Path) -> None:
    done = CliRunner().invoke(app, ["print", str(tmp_path)])
    assert isinstance(done.exception, SourceError)
    assert "print" in CliRunner().invoke(app, ["--help"]).output


@pytest.mark.browser
def test_the_page_made_for_a_paper_keeps_its_look_and_its_policy(out: Path, tmp_path: Path) -> None:
    page = on_paper((out / "cards.html").read_text(encoding="utf-8"), A3_LANDSCAPE)
    assert page.count("Content-Security-Policy") == 1
    with chromium() as browser, visit(browser, page, tmp_path) as seen:
        columns = "getComputedStyle(document.querySelector('.sides')).gridTemplateColumns"
        seen.page.emulate_media(media="print")  # on a window as narrow as the browser's usual paper
        seen.page.set_viewport_size({"width": 740, "height": 1000})
        assert seen.page.evaluate(columns).startswith("823")  # 218 mm, as on A3
        assert printing.WIDE not in page
        assert on_paper(page, A4).count("size: A4") == 1
        assert seen.faults == []


@pytest.mark.browser
def test_chromium_prints_pages_of_the_paper_and_maps_that_are_not_blank(
    out: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    some = [
        Sheet("index.html", "briefing_a4.pdf", A4),
        Sheet("cards.html", "atlas_a3.pdf", A3_LANDSCAPE),
        Sheet("maps/gaps.html", "maps/gaps.pdf", A3_LANDSCAPE),
        Sheet("maps/gaps.html", "maps/gaps.png", None),
    ]
    assert set(some) <= set(sheets(out))
    monkeypatch.setattr(printing, "sheets", lambda _: some)
    before = listed_files(out)
    folder = print_run(out)
    assert listed_files(out) == before
    assert pages(folder / "briefing_a4.pdf")[0] == (595, 842)
    assert pages(folder / "atlas_a3.pdf") == [(1191, 842)] * 3  # all circles, then one each
    assert pages(folder / "maps" / "gaps.pdf") == [(1191, 842)]
    picture = Image.open(folder / "maps" / "gaps.png").convert("RGB")
    assert picture.width == 2 * printing.WINDOW_PX[0]
    colours = picture.resize((300, 200)).getcolors(maxcolors=100_000)
    assert colours is not None
    assert len(colours) > 100


def pages(file: Path) -> list[tuple[int, int]]:
    boxes = re.findall(rb"/MediaBox \[[\d.]+ [\d.]+ ([\d.]+) ([\d.]+)\]", file.read_bytes())
    return [(round(float(wide)), round(float(tall))) for wide, tall in boxes]


@pytest.mark.browser
@pytest.mark.parametrize(("width", "height"), [(1920, 1080), (1024, 700)])
@pytest.mark.parametrize("name", ["gaps", "before_after"])
def test_a_map_printed_from_any_window_fits_a3_beside_its_legend(
    out: Path, tmp_path: Path, name: str, width: int, height: int
) -> None:
    page = (out / "maps" / f"{name}.html").read_text(encoding="utf-8")
    with chromium() as browser, visit(browser, page, tmp_path, width=width, height=height) as seen:
        seen.page.evaluate("dispatchEvent(new Event('beforeprint'))")
        seen.page.emulate_media(media="print")
        seen.page.set_viewport_size(
            {"width": 700, "height": 900}
        )  # the paper before the page has chosen its own
        assert seen.page.locator("#pj-details > section").first.is_visible()
        seen.page.set_viewport_size({"width": 1512, "height": 1043})
        panel = seen.page.locator(".pj-panel").bounding_box()
        maps = seen.page.locator(".leaflet-container")
        boxes = [maps.nth(n).bounding_box() for n in range(maps.count())]
        assert boxes
        for box in boxes:
            assert box["x"] + box["width"] <= panel["x"] + 4
            assert box["y"] + box["height"] <= 1043
            assert box["width"] > 350
        assert not seen.page.locator(".leaflet-control-zoom").first.is_visible()
        assert seen.faults == []
