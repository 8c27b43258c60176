"""What the maps cost: size, time to the first picture, worst frame while panning and zooming, answers by click.

    python benchmarks/maps.py [STUDY ...] [--rounds 3] [--maps ask circles]

Writes the maps of each study (default: the shipped one) into a temporary folder and opens each file in headless
Chromium without a network and without a GPU. The first picture is there when the page's script has run and the
frame after it was shown, counted from the start of the navigation. Frames are the gaps between the browser's
animation frames while the mouse drags the map about and the wheel zooms in and out; the worst of each round is
kept. Other work on the machine lengthens them: the load is printed.
"""

import argparse
import os
import shutil
import statistics
import tempfile
from pathlib import Path

from playwright.sync_api import Browser, Page, sync_playwright

from pujin_geo.analysis import analyse
from pujin_geo.maps import write_maps
from pujin_geo.sources.reading import load_study

SHIPPED = Path(__file__).parent.parent / "geodata" / "pujin"
ARGUMENTS = ["--no-sandbox", "--disable-gpu", "--no-first-run", "--host-resolver-rules=MAP * ~NOTFOUND"]
ASKED = 40
LARGE_MB, FIRST_MS, FRAME_MS = 2.0, 1_500.0, 250.0

FIND_MAP = 'Object.entries(window).find(([k, v]) => k.startsWith("map_") && v && v.pujin)[1]'
WATCH_FIRST_PICTURE = """
    const look = () => {
        const isReady = Object.keys(window).some((k) => k.startsWith("map_") && window[k] && window[k].pujin);
        if (!isReady) return requestAnimationFrame(look);
        requestAnimationFrame(() => setTimeout(() => { window.firstPictureMs = performance.now(); }));
    };
    requestAnimationFrame(look);
"""
WATCH_FRAMES = """() => {
    window.frames_ms = [];
    let before = performance.now();
    window.watching = true;
    const next = (now) => {
        window.frames_ms.push(now - before);
        before = now;
        if (window.watching) requestAnimationFrame(next);
    };
    requestAnimationFrame((now) => { before = now; requestAnimationFrame(next); });
}"""


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("studies", nargs="*", type=Path, default=[SHIPPED])
    parser.add_argument("--rounds", type=int, default=3)
    parser.add_argument("--maps", nargs="+", default=[])
    options = parser.parse_args()
    program = shutil.which("chromium") or shutil.which("google-chrome")
    with tempfile.TemporaryDirectory() as folder, sync_playwright() as playwright:
        browser = playwright.chromium.launch(executable_path=program, args=ARGUMENTS)
        print(
            f"Chromium {browser.version}, median of {options.rounds} rounds; load {os.getloadavg()[0]:.1f} on {os.cpu_count()} cores."
        )
        for study in options.studies:
            results = analyse(load_study(study))
            paths = write_maps(results, Path(folder) / study.name)
            inputs = results.inputs
            print(
                f"\n### {study.name}: {len(results.network.edge_length_m):,} edges, {len(inputs.residents):,} demand "
                f"points, {len(inputs.facilities):,} facilities\n"
            )
            report(browser, [p for p in paths if not options.maps or p.stem in options.maps], options.rounds)
        browser.close()


def report(browser: Browser, paths: list[Path], rounds: int) -> None:
    print("| map | MB | first picture ms | worst frame ms, pan | zoom |")
    print("|---|---|---|---|---|")
    answers = ""
    for path in paths:
        first_ms, pan_ms, zoom_ms = zip(*(visit(browser, path) for _ in range(rounds)), strict=True)
        size_mb = path.stat().st_size / 1e6
        cells = (
            marked(size_mb, LARGE_MB, ".2f"), marked(statistics.median(first_ms), FIRST_MS),
            marked(statistics.median(pan_ms), FRAME_MS), marked(statistics.median(zoom_ms), FRAME_MS),
        )  # fmt: skip
        print(f"| {path.stem} | {' | '.join(cells)} |")
        if path.stem == "ask":
            answers = asked(browser, path)
    print(f"\nBold is over {LARGE_MB:g} MB, {FIRST_MS:g} ms or {FRAME_MS:g} ms.")
    print(answers)


def marked(value: float, limit: float, form: str = ".0f") -> str:
    shown = format(value, form)
    return f"**{shown}**" if value > limit else shown


def opened(browser: Browser, path: Path) -> Page:
    page = browser.new_page(viewport={"width": 1400, "height": 900})
    page.add_init_script(WATCH_FIRST_PICTURE)
    page.goto(path.as_uri())
    page.wait_for_function("window.firstPictureMs")
    return page


def visit(browser: Browser, path: Path) -> tuple[float, float, float]:
    """Return ms to the first picture and of the worst frames while panning and zooming."""
    page = opened(browser, path)
    first_ms = float(page.evaluate("window.firstPictureMs"))
    x, y = centre(page)
    pan_ms, zoom_ms = [], []
    # As the whole, and as close as one looks at a neighbourhood; a type is chosen where one can be.
    page.evaluate(
        "() => { const one = document.getElementById('pj-choice') || document.getElementById('pj-type'); if (one && "
        "one.options.length > 5) { one.selectedIndex = 5; one.dispatchEvent(new Event('change')); } }"
    )
    page.wait_for_timeout(300)
    page.keyboard.press("Escape")
    for zoom_in in (0, 3):
        if zoom_in:
            page.evaluate(
                f"() => {{ const m = {FIND_MAP}; m.setZoom(m.getZoom() + 2, {{ animate: false }}); }}"
            )
            page.wait_for_timeout(300)
        page.evaluate(WATCH_FRAMES)
        page.mouse.move(x, y)
        page.mouse.down()
        for dx, dy in ((160, 0), (0, 120), (-260, -60), (120, 80), (0, -140)):
            page.mouse.move(x + dx, y + dy, steps=12)
        page.mouse.up()
        page.wait_for_timeout(400)
        pan_ms.append(worst_frame(page))
        page.evaluate(WATCH_FRAMES)
        for turn in (-240, -240, 240, 240):
            page.mouse.move(x, y)
            page.mouse.wheel(0, turn)
            page.wait_for_timeout(500)
        zoom_ms.append(worst_frame(page))
    page.close()
    return first_ms, max(pan_ms), max(zoom_ms)


def centre(page: Page) -> tuple[float, float]:
    box = page.locator(".folium-map").bounding_box()
    assert box
    return box["x"] + box["width"] / 2, box["y"] + box["height"] / 2


def worst_frame(page: Page) -> float:
    return float(page.evaluate("() => { window.watching = false; return Math.max(...window.frames_ms); }"))


def asked(browser: Browser, path: Path) -> str:
    """Return what answers and changes cost in the page that is asked by click, in words."""
    page = opened(browser, path)
    answer_ms, change_ms = page.evaluate(
        f"""() => {{
            const state = {FIND_MAP}.pujin;
            const {{ demand }} = state.world;
            const step = Math.max(Math.floor(demand.length / {ASKED}), 1);
            const some = demand.filter((_, i) => i % step === 0).map((one) => state.view.toLatLng([one.x, one.y]));
            const took = (act) => some.map((at) => {{ act(L.latLng(at)); return state.tookMs; }});
            const answers = took((at) => pujin.askClick(state, at));
            state.place = null;
            state.type = 0;
            state.mode = "add";
            const changes = took((at) => {{ state.changes = []; pujin.askClick(state, at); }});
            return [answers, changes];
        }}"""
    )
    page.close()
    return (
        f"Asked by click: {statistics.median(answer_ms):.0f} ms an answer for all types (worst of {len(answer_ms)}: "
        f"{max(answer_ms):.0f}), {statistics.median(change_ms):.0f} ms a facility added (worst: {max(change_ms):.0f})."
    )


if __name__ == "__main__":
    main()
