"""``pujin-geo lab``: a working copy that updates never overwrite, served to this computer only, seen in a browser."""

import os
import shutil
import subprocess
import sys
import zipfile
from collections.abc import Iterator
from pathlib import Path

import nbformat
import pytest
from browser import drawn_pixels
from lab import LAB_ARGUMENTS, jupyter_lab, lab_page
from nbconvert import HTMLExporter
from notebook_runs import NOTEBOOKS, ROOT, run
from playwright.sync_api import Browser, sync_playwright
from test_desk_lab import Widget, watch
from typer.testing import CliRunner

from pujin_geo import cli
from pujin_geo.lab.pages import page_of
from pujin_geo.lab.server import lab_command, lab_environment
from pujin_geo.lab.working import make_working_copy


@pytest.fixture
def shipped(tmp_path: Path) -> Path:
    """What a release brings: two notebooks and a study."""
    root = tmp_path / "release"
    (root / "notebooks").mkdir(parents=True)
    for name in ("00_tour", "01_more"):
        (root / "notebooks" / f"{name}.ipynb").write_text(f"{name}, first version", encoding="utf-8")
    (root / "geodata" / "pujin").mkdir(parents=True)
    (root / "geodata" / "pujin" / "study.toml").write_text("name = 'x'", encoding="utf-8")
    return root


def release(root: Path, name: str, text: str) -> None:
    (root / "notebooks" / f"{name}.ipynb").write_text(text, encoding="utf-8")


def handed(base: Path, root: Path) -> list[str]:
    return [one.path.name for one in make_working_copy(base, root=root)[1]]


def texts(base: Path) -> dict[str, str]:
    return {
        path.name: path.read_text(encoding="utf-8") for path in sorted((base / "working").glob("*.ipynb"))
    }


def test_the_first_time_everything_is_put_in_place(shipped: Path, tmp_path: Path) -> None:
    base = tmp_path / "office"
    assert handed(base, shipped) == ["00_tour.ipynb", "01_more.ipynb"]
    assert (base / "working" / ".." / "geodata" / "pujin" / "study.toml").is_file()
    assert handed(base, shipped) == []


def test_an_update_replaces_what_nobody_changed(shipped: Path, tmp_path: Path) -> None:
    base = tmp_path / "office"
    handed(base, shipped)
    release(shipped, "00_tour", "second version")
    assert handed(base, shipped) == ["00_tour.ipynb"]
    assert texts(base) == {"00_tour.ipynb": "second version", "01_more.ipynb": "01_more, first version"}


def test_an_update_comes_beside_what_a_planner_changed(shipped: Path, tmp_path: Path) -> None:
    base = tmp_path / "office"
    folder, _ = make_working_copy(base, root=shipped)
    (folder / "00_tour.ipynb").write_text("mine", encoding="utf-8")
    assert handed(base, shipped) == [], "the same release again brings nothing"
    release(shipped, "00_tour", "second version")
    _, brought = make_working_copy(base, root=shipped)
    assert [(one.path.name, one.beside) for one in brought] == [("00_tour_new.ipynb", True)]
    assert "您修改过的那份没有动" in brought[0].text().zh
    assert handed(base, shipped) == [], "said once"
    release(shipped, "00_tour", "third version")
    assert handed(base, shipped) == ["00_tour_new.ipynb"], "nobody changed that one"
    (folder / "00_tour_new.ipynb").write_text("mine too", encoding="utf-8")
    release(shipped, "00_tour", "fourth version")
    assert handed(base, shipped) == ["00_tour_new2.ipynb"]
    assert texts(base) == {
        "00_tour.ipynb": "mine",
        "00_tour_new.ipynb": "mine too",
        "00_tour_new2.ipynb": "fourth version",
        "01_more.ipynb": "01_more, first version",
    }


def test_a_new_version_that_was_thrown_away_does_not_come_again(shipped: Path, tmp_path: Path) -> None:
    base = tmp_path / "office"
    folder, _ = make_working_copy(base, root=shipped)
    (folder / "00_tour.ipynb").write_text("mine", encoding="utf-8")
    release(shipped, "00_tour", "second version")
    handed(base, shipped)
    (folder / "00_tour_new.ipynb").unlink()
    assert handed(base, shipped) == []
    (folder / "00_tour.ipynb").unlink()
    assert handed(base, shipped) == ["00_tour.ipynb"], "but who has none is given one"


def test_own_files_and_data_stay(shipped: Path, tmp_path: Path) -> None:
    base = tmp_path / "office"
    folder, _ = make_working_copy(base, root=shipped)
    (folder / "mine.ipynb").write_text("mine", encoding="utf-8")
    (base / "geodata" / "pujin" / "study.toml").write_text("mine", encoding="utf-8")
    (folder / ".handed_over.json").write_text("not json", encoding="utf-8")
    (folder / "00_tour.ipynb").write_text("edited", encoding="utf-8")
    release(shipped, "00_tour", "second version")
    handed(base, shipped)
    assert texts(base)["00_tour.ipynb"] == "edited", "without a record everything counts as changed"
    assert texts(base)["mine.ipynb"] == "mine"
    assert (base / "geodata" / "pujin" / "study.toml").read_text(encoding="utf-8") == "mine"


def test_a_folder_that_cannot_be_written_is_one_sentence(shipped: Path, tmp_path: Path) -> None:
    (tmp_path / "working").write_text("a file in the way", encoding="utf-8")
    with pytest.raises(Exception, match="工作副本"):
        make_working_copy(tmp_path, root=shipped)


def test_what_planners_make_is_never_in_the_repository() -> None:
    ignored = (ROOT / ".gitignore").read_text(encoding="utf-8").split()
    assert "working/" in ignored


def test_the_server_listens_to_this_computer_and_asks_nobody(tmp_path: Path) -> None:
    command = lab_command(tmp_path)
    assert "--ServerApp.ip=127.0.0.1" in command
    assert not [word for word in command if word.startswith(("--IdentityProvider", "--ServerApp.token"))]
    assert "--LabApp.news_url=None" in command
    assert ("--allow-root" in command) == (hasattr(os, "geteuid") and os.geteuid() == 0)
    assert lab_environment()["JUPYTER_CONFIG_PATH"].split(os.pathsep)[0].endswith("config")


def test_the_command_makes_the_copy_and_starts_the_server(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    started: list[Path] = []

    def run_lab(folder: Path, **_: object) -> int:
        started.append(folder)
        return 0

    monkeypatch.setattr("pujin_geo.lab.server.run_lab", run_lab)
    monkeypatch.chdir(tmp_path)
    done = CliRunner().invoke(cli.app, ["lab", "--no-browser"])
    assert done.exit_code == 0, done.output
    assert started == [tmp_path / "working"]
    assert f"已放入 {len(NOTEBOOKS)} 篇笔记" in done.output and "只在本机" in done.output
    assert (tmp_path / "geodata" / "pujin" / "study.toml").is_file()


def test_a_wheel_brings_notebooks_and_data(tmp_path: Path) -> None:
    """From another folder, with the wheel's package first on the path: nothing of the checkout is needed."""
    tree = tmp_path / "source"
    ignored = shutil.ignore_patterns(".git", ".venv", "outputs", "working", ".*_cache", "__pycache__")
    shutil.copytree(ROOT, tree, ignore=ignored)
    subprocess.run(
        [sys.executable, "-m", "hatchling", "build", "-t", "wheel", "-d", str(tmp_path / "dist")],
        cwd=tree, check=True, capture_output=True,
    )  # fmt: skip
    shutil.rmtree(tree)
    wheel = next((tmp_path / "dist").glob("*.whl"))
    zipfile.ZipFile(wheel).extractall(tmp_path / "site")
    code = (
        "from pathlib import Path; from pujin_geo.lab.working import make_working_copy;"
        "folder, handed = make_working_copy(Path('office')); print(len(handed));"
        "from pujin_geo import load_study; print(load_study('office/geodata/pujin').study.name)"
    )
    done = subprocess.run(
        [sys.executable, "-c", code], cwd=tmp_path, env=os.environ | {"PYTHONPATH": str(tmp_path / "site")},
        capture_output=True, text=True, encoding="utf-8", check=True,
    )  # fmt: skip
    assert done.stdout.split() == [str(len(NOTEBOOKS)), "浦锦街道"]


@pytest.fixture(scope="module")
def browser() -> Iterator[Browser]:
    with sync_playwright() as playwright:
        found = playwright.chromium.launch(executable_path=shutil.which("chromium"), args=LAB_ARGUMENTS)
        yield found
        found.close()


@pytest.mark.browser
def test_the_tour_in_jupyterlab(browser: Browser, tmp_path: Path) -> None:
    """As a planner does: open the tour, run all, look at the map, click to ask; nothing leaves the computer."""
    folder, _ = make_working_copy(tmp_path, root=ROOT)
    with jupyter_lab(folder, as_planners_do=True) as lab, lab_page(browser, lab, "00_tour.ipynb") as opened:
        page = opened.page
        faults = watch(page)
        opened.run_all()
        opened.output(".pd[data-mode=look]")
        frame = page.frame_locator(".jp-OutputArea-output iframe").first
        frame.locator("canvas").first.wait_for(state="attached")
        framed = next(one for one in page.frames if one.parent_frame and one.query_selector("canvas"))
        assert drawn_pixels(framed, "canvas") > 20_000
        desk = Widget(page, ".pd[data-mode]")
        desk.answered()
        desk.root.scroll_into_view_if_needed()
        desk.click_on_dot(0)
        assert desk.root.get_attribute("data-kind") == "answer"
        assert "米" in desk.says()
        page.get_by_text("每一格: 人数 = 达标 + 未达标 + 无法判定").wait_for()
        prompts = page.locator(".jp-CodeCell .jp-InputPrompt").all_inner_texts()
        assert all(prompt.strip("[]: ").isdigit() for prompt in prompts if prompt.strip()), prompts
        assert (
            page.locator(".jp-OutputArea-output[data-mime-type='application/vnd.jupyter.stderr']").count()
            == 0
        )
        assert page.locator(".Toastify__toast, .jp-Dialog").count() == 0, "no news, no questions"
        assert opened.remote == []
        assert faults == []


@pytest.mark.browser
def test_a_page_of_a_notebook_asks_nothing_of_a_network(browser: Browser, tmp_path: Path) -> None:
    """With a map in it that is drawn; the negative control is the page as nbconvert makes it."""
    code = "from pujin_geo import *; facilities_map(analyse(load_study('../geodata/xiaohe')))"
    notebook = nbformat.v4.new_notebook(cells=[nbformat.v4.new_code_cell(code)])
    done = run(notebook, make_working_copy(tmp_path, root=ROOT)[0])
    plain, _ = HTMLExporter().from_notebook_node(done)
    assert requests_of(browser, plain, tmp_path / "plain.html")
    page = page_of(done, title="设施")
    assert requests_of(browser, page, tmp_path / "page.html") == []


def requests_of(browser: Browser, page: str, path: Path) -> list[str]:
    """Open a page, see that its map is drawn, and return the addresses that it asked."""
    path.write_text(page, encoding="utf-8")
    opened, asked = browser.new_page(), []
    opened.on("request", lambda request: asked.append(request.url))
    opened.goto(path.as_uri())
    opened.frame_locator("iframe").locator("canvas").first.wait_for(state="attached")
    framed = next(one for one in opened.frames if one.parent_frame)
    assert drawn_pixels(framed, "canvas") > 1000
    opened.close()
    return [url for url in asked if url.startswith("http")]
