"""How long the planning desk takes from a click to the repainted map, in JupyterLab in a real browser.

    python benchmarks/desk.py --study geodata/pujin --rounds 12

The page itself takes the time: from the click's own time stamp until the second animation frame after the
answer was drawn. Beside it stands Python's share, measured without a browser: CPU and wall milliseconds.
"""

import argparse
import os
import shutil
import statistics
import sys
import tempfile
import time
from collections.abc import Callable
from pathlib import Path

import numpy as np
from playwright.sync_api import Page, sync_playwright

from pujin_geo import load_study
from pujin_geo.desk.places import Degrees
from pujin_geo.desk.replies import Desk, Message
from pujin_geo.desk.session import open_session

sys.path.insert(0, str(Path(__file__).parent.parent / "tests"))

from lab import LAB_ARGUMENTS, jupyter_lab, lab_page

LIMIT_MS = 150
DEEDS = ("ask", "add", "move", "remove", "host", "street", "committee")

BUTTONS = {
    "ask": "Ask",
    "add": "Add",
    "remove": "Remove",
    "host": "Idle space",
    "street": "Street",
    "committee": "Circles",
}

POINT = """([root, i]) => {
    const { map, view } = root.board;
    map.setView(view.dots[i].getLatLng(), 15, { animate: false });
    const p = map.latLngToContainerPoint(view.dots[i].getLatLng());
    const box = map.getContainer().getBoundingClientRect();
    return [p.x + box.left, p.y + box.top];
}"""


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--study", type=Path, default=Path("geodata/pujin"))
    parser.add_argument("--type", default="wet_market")
    parser.add_argument("--rounds", type=int, default=12)
    given = parser.parse_args()
    print(f"load {os.getloadavg()[0]:.1f} on {os.cpu_count()} cores")
    python = python_times(given.study, given.type, given.rounds)
    browser = browser_times(given.study.resolve(), given.type, given.rounds)
    print(f"load {os.getloadavg()[0]:.1f}; medians, milliseconds; limit {LIMIT_MS} from click to repaint")
    print(f"{'':10}{'Python CPU':>12}{'wall':>8}{'click to repaint':>18}{'least':>8}{'most':>8}")
    for deed in DEEDS:
        cpu, wall = (
            (statistics.median(part) for part in zip(*python[deed], strict=True))
            if deed in python
            else (np.nan, np.nan)
        )
        seen = browser.get(deed, [])
        figures = (statistics.median(seen), min(seen), max(seen)) if seen else (np.nan,) * 3
        print(f"{deed:10}{cpu:12.0f}{wall:8.0f}{figures[0]:18.0f}{figures[1]:8.0f}{figures[2]:8.0f}")


def python_times(study: Path, facility_type: str, rounds: int) -> dict[str, list[tuple[float, float]]]:
    """Return CPU and wall milliseconds of each deed of a desk without a page."""
    inputs = load_study(study)
    session = open_session(inputs)
    desk = Desk(session, scenarios=Path("scenarios"))
    points = session.base.state.points
    places = Degrees(inputs.study.crs).lonlat(np.array([[p.x, p.y] for p in points]))
    ids = session.base.state.placed.facilities.query("facility_type == @facility_type")[
        "facility_id"
    ].tolist()
    spaces, committees = inputs.spaces["space_id"].tolist(), inputs.committees["committee_id"].tolist()
    circles = inputs.circles["circle_id"].tolist()
    step = max(len(points) // rounds, 1)

    def message(deed: str, n: int) -> Message | None:
        lon, lat = places[(n * step) % len(places)]
        more: dict[str, Message | None] = {
            "ask": {"point": -1},
            "add": {},
            "move": {"facility": ids[n % len(ids)]} if ids else None,
            "remove": {"facility": ids[n % len(ids)]} if ids else None,
            "host": {"space": spaces[n % len(spaces)]} if spaces else None,
            "street": {"within_m": 200.0},
            "committee": {"committee": committees[n % len(committees)], "circle": circles[n % len(circles)]} if circles and committees else None,
        }  # fmt: skip
        found = more[deed]
        return None if found is None else {"do": deed, "type": facility_type, "lon": lon, "lat": lat, **found}

    if circles and committees:
        desk.respond({"do": "committees", "type": facility_type})
    times: dict[str, list[tuple[float, float]]] = {}
    for deed in DEEDS:
        for n in range(rounds):
            wanted = message(deed, n)
            if wanted is None:
                continue
            cpu, wall = time.process_time(), time.perf_counter()
            reply = desk.respond(wanted)
            spent = (1000 * (time.process_time() - cpu), 1000 * (time.perf_counter() - wall))
            if reply.content["kind"] != "refusal":
                times.setdefault(deed, []).append(spent)
            if deed != "ask":
                session.undo()
    return times


def browser_times(study: Path, facility_type: str, rounds: int) -> dict[str, list[float]]:
    """Return milliseconds from click to repaint of each deed that a click can do alone."""
    folder = Path(tempfile.mkdtemp(prefix="desk"))
    try:
        with jupyter_lab(folder) as lab, sync_playwright() as playwright:
            browser = playwright.chromium.launch(executable_path=shutil.which("chromium"), args=LAB_ARGUMENTS)
            notebook = lab.notebook(
                "desk.ipynb", [f"import pujin_geo\npujin_geo.planning_desk({str(study)!r}, lang='en')"]
            )
            with lab_page(browser, lab, notebook) as opened:
                opened.run_all()
                opened.output(".pd")
                times = _clicks(opened.page, facility_type, rounds)
            browser.close()
    finally:
        shutil.rmtree(folder)
    return times


def _clicks(page: Page, facility_type: str, rounds: int) -> dict[str, list[float]]:
    root = page.locator(".pd").first
    handle = root.element_handle()
    root.scroll_into_view_if_needed()
    dots = root.evaluate("root => root.board.view.dots.length")

    def settled(seen: int) -> None:
        page.wait_for_function(
            "([root, seen]) => Number(root.dataset.answered || 0) > seen && root.dataset.pending === '0'",
            arg=[handle, seen],
        )

    def answered() -> int:
        return int(root.get_attribute("data-answered") or 0)

    def timed(click: Callable[[], None]) -> float | None:
        seen = answered()
        click()
        settled(seen)
        if root.get_attribute("data-kind") == "refusal":
            return None
        return float(root.get_attribute("data-took-ms") or "nan")

    def on_dot(n: int) -> Callable[[], None]:
        n = n * max(dots // rounds, 1) % dots
        x, y = root.evaluate("(root, i) => (" + POINT + ")([root, i])", n)
        return lambda: page.mouse.click(x, y)

    def on_sign(kind: str) -> Callable[[int], Callable[[], None]]:
        root.evaluate("root => void root.board.map.fitBounds(root.board.picture.view, { animate: false })")
        signs = root.locator(kind)
        return lambda n: lambda: signs.nth(n % signs.count()).dispatch_event("click")

    def on_committee(n: int) -> Callable[[], None]:
        choices = root.locator(".pd-committee select")
        choices.nth(0).select_option(index=1 + n % (choices.nth(0).locator("option").count() - 1))
        choices.nth(1).select_option(index=n % choices.nth(1).locator("option").count())
        return root.get_by_role("button", name="Move to", exact=True).click

    def click_of(deed: str) -> Callable[[int], Callable[[], None]]:
        if deed == "committee":
            return on_committee
        if deed in ("remove", "host"):
            return on_sign(".pd-space" if deed == "host" else ".pd-facility")
        return on_dot

    settled(0)
    root.locator(".pd-type select").select_option(facility_type)
    settled(1)
    times: dict[str, list[float]] = {}
    for deed, words in BUTTONS.items():
        button = root.get_by_role("button", name=words, exact=True)
        if button.is_disabled():
            continue
        button.click()
        page.wait_for_timeout(1000)
        clicks = click_of(deed)
        for n in range(rounds):
            took = timed(clicks(n))
            if took is not None:
                times.setdefault(deed, []).append(took)
            root.evaluate("root => { root.board.desk.state.place = null; }")  # one answer a click
            if deed != "ask" and took is not None:
                seen = answered()
                root.get_by_role("button", name="Undo", exact=True).click()
                settled(seen)
    return times


if __name__ == "__main__":
    main()
