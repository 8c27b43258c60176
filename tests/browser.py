"""One Chromium without a network for the tests of pages, and what went wrong on a page that was opened in it."""

import json
import re
import shutil
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from playwright.sync_api import Browser, ConsoleMessage, Dialog, Page, Request, sync_playwright

ARGUMENTS = [
    "--no-sandbox",
    "--disable-gpu",
    "--disable-background-networking",
    "--disable-component-update",
    "--disable-sync",
    "--no-first-run",
    "--host-resolver-rules=MAP * ~NOTFOUND",
]
LOCAL = ("file:", "data:", "blob:", "about:")


@dataclass
class Visit:
    """An open page and its faults: requests that leave the file, errors, dialogs."""

    page: Page
    faults: list[str] = field(default_factory=list)


@contextmanager
def chromium() -> Iterator[Browser]:
    """Yield the system's Chromium with every host name unknown to it."""
    program = shutil.which("chromium")
    assert program, (
        "Chromium is required (PUJIN_REQUIRE_BROWSER=1) but not installed: apt-get install chromium"
    )
    with sync_playwright() as playwright:
        browser = playwright.chromium.launch(executable_path=program, args=ARGUMENTS)
        yield browser
        browser.close()


@contextmanager
def visit(
    browser: Browser, html: str, folder: Path, *, width: int = 1280, height: int = 800
) -> Iterator[Visit]:
    """Open a page that lies alone in an empty folder, and watch it."""
    alone = folder / "alone"
    alone.mkdir(exist_ok=True)
    file = alone / "page.html"
    file.write_text(html, encoding="utf-8")
    page = browser.new_page(viewport={"width": width, "height": height})
    seen = Visit(page)

    def on_request(request: Request) -> None:
        inside = request.url.startswith(LOCAL) and request.url.split("#")[0] in (
            file.as_uri(),
            *([request.url] if not request.url.startswith("file:") else []),
        )
        if not inside:
            seen.faults.append(f"request {request.url[:200]}")

    def on_console(message: ConsoleMessage) -> None:
        reading_pixels = "willReadFrequently" in message.text  # the test's own doing, in drawn_pixels
        if message.type in ("error", "warning") and not reading_pixels:
            seen.faults.append(f"console {message.text[:300]}")

    def on_dialog(dialog: Dialog) -> None:
        seen.faults.append(f"dialog {dialog.message}")
        dialog.dismiss()

    page.on("request", on_request)
    page.on("console", on_console)
    page.on("dialog", on_dialog)
    page.on("pageerror", lambda error: seen.faults.append(f"error {error}"))
    page.goto(file.as_uri())
    try:
        yield seen
    finally:
        page.close()


def drawn_pixels(page: Page, canvases: str = "canvas") -> int:
    """Return how many pixels of the page's canvases are not empty, once what is due has been drawn."""
    return page.evaluate(
        """async (canvases) => {
            for (let i = 0; i < 3; i++) await new Promise(requestAnimationFrame);
            return [...document.querySelectorAll(canvases)].reduce((sum, canvas) => {
                const data = canvas.getContext("2d").getImageData(0, 0, canvas.width, canvas.height).data;
                let drawn = 0;
                for (let i = 3; i < data.length; i += 4) drawn += data[i] > 0;
                return sum + drawn;
            }, 0);
        }""",
        canvases,
    )


def page_data(html: str) -> Any:
    """Return the data that a map's page carries."""
    block = re.search(r'<script type="application/json" id="pj-data">(.*?)</script>', html, re.DOTALL)
    assert block
    return json.loads(block[1])


def run(page: Page, body: str) -> Any:
    """Run script with the page's Leaflet map as ``map``."""
    return page.evaluate(
        '() => { const map = Object.entries(window).find(([k, v]) => k.startsWith("map_") && v && v.pujin)[1];'
        f" {body} }}"
    )


def click_on(page: Page, layer: str) -> None:
    """Click where a point layer, named by a script, is drawn."""
    x, y = run(
        page,
        f"map.stop(); const layer = {layer}; const p = map.latLngToContainerPoint(layer.getLatLng());"
        " const s = layer.options.shift || [0, 0]; const box = map.getContainer().getBoundingClientRect();"
        " return [p.x + s[0] + box.left, p.y + s[1] + box.top];",
    )
    page.mouse.click(x, y)
