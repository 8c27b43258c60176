"""Both widgets in JupyterLab, in a real browser: a click is answered, pixels are drawn, hostile names stay text."""

import shutil
from collections.abc import Iterator
from pathlib import Path

import pytest
from browser import drawn_pixels
from lab import LAB_ARGUMENTS, Lab, LabPage, jupyter_lab, lab_page
from playwright.sync_api import Browser, ConsoleMessage, Page, sync_playwright
from test_desk_session import HOSTILE, avenue
from worlds import home, shop, write_study

pytestmark = pytest.mark.browser


@pytest.fixture(scope="module")
def browser() -> Iterator[Browser]:
    with sync_playwright() as playwright:
        found = playwright.chromium.launch(executable_path=shutil.which("chromium"), args=LAB_ARGUMENTS)
        yield found
        found.close()


@pytest.fixture(scope="module")
def lab(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Lab]:
    with jupyter_lab(tmp_path_factory.mktemp("lab")) as running:
        yield running


class Widget:
    """The desk on a page: clicks at places of the study, and what it says."""

    def __init__(self, page: Page, selector: str) -> None:
        self.page = page
        self.root = page.locator(selector).first
        self.answers = 0

    def answered(self) -> None:
        """Wait until all that was asked has been answered and painted."""
        self.page.wait_for_function(
            "([root, seen]) => Number(root.dataset.answered || 0) > seen && root.dataset.pending === '0'",
            arg=[self.root.element_handle(), self.answers],
        )
        self.answers = int(self.root.get_attribute("data-answered") or 0)

    def click_on_dot(self, number: int) -> None:
        self.click_on_dot_without_answer(number)
        self.answered()

    def click_on_dot_without_answer(self, number: int) -> None:
        x, y = self.root.evaluate(
            """(root, i) => {
                const { map, view } = root.board;
                const p = map.latLngToContainerPoint(view.dots[i].getLatLng());
                const box = map.getContainer().getBoundingClientRect();
                return [p.x + box.left, p.y + box.top];
            }""",
            number,
        )
        self.page.mouse.click(x, y)

    def press(self, words: str) -> None:
        self.root.get_by_role("button", name=words, exact=True).click()

    def says(self) -> str:
        return self.root.inner_text()


def watch(page: Page) -> list[str]:
    """Return a list that fills with dialogs and page errors."""
    faults: list[str] = []
    page.on("pageerror", lambda error: faults.append(f"error {error}"))

    def on_dialog(dialog: object) -> None:
        faults.append("dialog")
        dialog.dismiss()  # type: ignore[attr-defined]

    def on_console(message: ConsoleMessage) -> None:
        if message.type == "error":
            faults.append(f"console {message.text[:200]}")

    page.on("dialog", on_dialog)
    page.on("console", on_console)
    return faults


def test_a_planner_drives_the_desk_and_the_explorer(browser: Browser, lab: Lab, tmp_path: Path) -> None:
    homes = [home(500, 0, 10.0, name=HOSTILE), home(1500, 0, 20.0), home(2500, 0, 30.0)]
    shops = [shop(700, 0, name=HOSTILE), shop(900, 0, "hub"), shop(2900, 0, "hub")]
    study = write_study(avenue(homes=homes, shops=shops), tmp_path / "study")
    notebook = lab.notebook(
        "desk.ipynb",
        [
            "from pujin_geo import analyse, explore, load_study, planning_desk",
            f"inputs = load_study({str(study)!r})",
            "planning_desk(inputs, lang='en')",
            "explore(analyse(inputs, lang='en'))",
        ],
    )
    with lab_page(browser, lab, notebook) as opened:
        faults = watch(opened.page)
        opened.run_all()
        opened.output(".pd[data-mode=look]")
        drive_desk(opened, lab)
        drive_explorer(opened)
        assert opened.remote == []
        assert faults == []


def drive_desk(opened: LabPage, lab: Lab) -> None:
    desk = Widget(opened.page, ".pd[data-mode]")
    desk.answered()
    desk.root.scroll_into_view_if_needed()
    assert drawn_pixels(opened.page, ".pd .leaflet-pd-demand-pane canvas") > 50
    assert drawn_pixels(opened.page, ".pd .leaflet-pj-base-pane canvas") > 1000
    empty = drawn_pixels(opened.page, ".pd .leaflet-pd-over-pane canvas")
    desk.click_on_dot(0)  # the home at 500, 200 m from the shop
    assert desk.root.get_attribute("data-kind") == "answer"
    assert HOSTILE in desk.says()
    assert "200 m" in desk.says()
    assert drawn_pixels(opened.page, ".pd .leaflet-pd-over-pane canvas") > empty
    assert desk.root.locator("img").count() == 0

    desk.press("Add")
    desk.click_on_dot(2)  # 30 people at 2500
    assert desk.root.get_attribute("data-changes") == "1"
    assert "Added: Tried shop 1" in desk.says() and "30 people" in desk.says()
    desk.press("Undo")
    desk.answered()
    assert desk.root.get_attribute("data-changes") == "0"
    desk.press("Redo")
    desk.answered()

    desk.press("Move")
    box = desk.root.locator(".pd-new").bounding_box()
    assert box
    opened.page.mouse.move(box["x"] + 10, box["y"] + 10)
    opened.page.mouse.down()
    opened.page.mouse.move(box["x"] + 30, box["y"] + 14, steps=4)
    opened.page.mouse.up()
    desk.answered()
    assert desk.root.get_attribute("data-changes") == "2"
    assert "Moved: Tried shop 1 (shop)" in desk.says()

    desk.press("Idle space")
    desk.root.locator(".pd-space").first.click()
    desk.answered()
    assert "Put a shop into the idle space 旧厂房" in desk.says()
    desk.press("Circles")
    desk.answered()
    desk.click_on_dot_without_answer(1)
    desk.root.get_by_role("combobox", name="Circle", exact=True).select_option("LC02")
    desk.press("Move to")
    desk.answered()
    assert "Moved 乙 to 东圈" in desk.says()

    desk.press("Remove")
    desk.root.locator(".pd-new").first.click()
    desk.answered()
    assert "Removed: Tried shop 1 (shop)" in desk.says()

    desk.press("Street")
    desk.click_on_dot(0)
    assert "Closed the street" in desk.says()
    desk.press("Save as scenario")
    desk.answered()
    assert "A scenario's name has 1 to 60 characters" in desk.says()
    desk.root.get_by_placeholder("Scenario name").fill("one")
    desk.press("Save as scenario")
    desk.answered()
    assert (lab.folder / "scenarios" / "one" / "study.toml").is_file()


def drive_explorer(opened: LabPage) -> None:
    page = opened.page
    root = page.locator(".pd-explore").first
    root.scroll_into_view_if_needed()
    page.wait_for_function("() => document.querySelector('.pd-explore .pd-sentence').textContent !== ''")
    assert "shop (500 m): 16.7% met" in root.inner_text()
    assert drawn_pixels(page, ".pd-explore .leaflet-pd-demand-pane canvas") > 50
    page.get_by_role("combobox", name="Facility type").last.select_option("hub")
    page.wait_for_function(
        "() => document.querySelector('.pd-explore .pd-sentence').textContent.includes('hub (5000 m)')"
    )
    slider = page.locator(".noUi-handle").first
    slider.focus()
    page.keyboard.press("Home")
    page.wait_for_function(
        "() => document.querySelector('.pd-explore .pd-sentence').textContent.includes('hub (100 m)')"
    )
    assert page.locator(".pd-explore").count() == 1  # painted in place
