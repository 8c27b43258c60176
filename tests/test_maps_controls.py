"""Every map, whole: each toggle changes the picture, each choice, button, card and search works, names have room."""

import hashlib
from collections.abc import Iterator
from itertools import combinations
from pathlib import Path

import pytest
from browser import chromium, drawn_pixels, run, visit
from maps_world import X0, Y0, layer, results, two_circles
from playwright.sync_api import Browser, Locator, Page
from shapely import Point, box

from pujin_geo.maps import map_pages

KINDS = ("facilities", "coverage", "circles", "gaps", "before_after", "ask", "livable")
AT_MOST = 6
"""Of many alike, such as the types of a suitability."""

LAYERS_WITH_CARDS = """
    const counted = {};
    const layers = [];
    map.eachLayer((layer) => { if (layer.getPopup && layer.getPopup()) layers.push(layer); });
    for (const layer of layers) {
        layer.openPopup();
        const card = layer.getPopup().getElement().querySelector(".pj-card");
        const kind = Object.keys(layer.options).includes("shape") ? layer.options.shape : layer instanceof L.Polygon ? "area" : "dot";
        if (card.querySelector("h3").textContent && card.children.length > 1) counted[kind] = (counted[kind] || 0) + 1;
    }
    map.closePopup();
    return [layers.length, counted];
"""


@pytest.fixture(scope="module")
def pages() -> dict[str, str]:
    spaces = layer(
        "spaces",
        [{"geometry": Point(X0 + 310, Y0 + 290), "space_id": "K1", "name": "旧校舍", "area_m2": 900.0}],
    )
    committees = layer(
        "committees",
        [
            {"geometry": box(x, y, x + 200, y + 200), "committee_id": f"C{x}{y}", "name": f"新村{x + y:.0f}居委会"}
            for x in (X0 + 200 * i for i in range(6))
            for y in (Y0 + 200 * j for j in range(6))
        ],
    )  # fmt: skip
    result = results(circles=two_circles(), spaces=spaces, committees=committees)
    return {name: map_.html() for name, map_ in map_pages(result).items() if name in KINDS}


@pytest.fixture(scope="module")
def browser() -> Iterator[Browser]:
    with chromium() as running:
        yield running


def picture(page: Page) -> str:
    """Return a digest of what all canvases show, once what is due has been drawn."""
    drawn = page.evaluate(
        """async () => {
            for (let i = 0; i < 3; i++) await new Promise(requestAnimationFrame);
            return [...document.querySelectorAll("canvas")].map((canvas) => canvas.toDataURL()).join();
        }"""
    )
    return hashlib.sha256(drawn.encode()).hexdigest()


def some(found: Locator) -> list[Locator]:
    every = found.all()
    return every[:: max(len(every) // AT_MOST, 1)]


@pytest.mark.browser
@pytest.mark.parametrize("kind", KINDS)
def test_every_toggle_choice_button_and_card_answers(
    browser: Browser, pages: dict[str, str], kind: str, tmp_path: Path
) -> None:
    with visit(browser, pages[kind], tmp_path) as seen:
        page = seen.page
        page.wait_for_selector(".leaflet-container canvas")
        assert drawn_pixels(page) > 10_000
        for fold in page.locator(".pj-fold > summary").all():
            fold.click(position={"x": 4, "y": 12})
        if kind == "coverage":
            page.select_option("#pj-choice", "hub")
        for toggle in some(page.locator(".pj-panel input[type=checkbox]:enabled")):
            before, was = picture(page), toggle.is_checked()
            toggle.set_checked(not was)
            other = picture(page)
            assert other != before, toggle.evaluate("box => box.outerHTML")
            toggle.set_checked(was)
            assert picture(page) != other
        for choice in page.locator(".pj-panel select:visible").all():
            values = choice.locator("option").evaluate_all("options => options.map((one) => one.value)")
            shown = {picture(page)}
            for value in values[:AT_MOST]:
                choice.select_option(value)
                shown.add(picture(page))
            choice.select_option(values[0])
            assert len(shown) > 1
        if kind != "ask":
            cards, filled = run(page, LAYERS_WITH_CARDS)
            assert cards == sum(filled.values()) > 1
        buttons = page.locator(".pj-panel button:visible:enabled")
        for position in range(AT_MOST):
            if position < buttons.count():  # some make or take away others
                buttons.nth(position).click()
        page.keyboard.press("Escape")
        assert seen.faults == []


@pytest.mark.browser
@pytest.mark.parametrize("kind", ["facilities", "livable"])
def test_search_hears_an_input_method(
    browser: Browser, pages: dict[str, str], kind: str, tmp_path: Path
) -> None:
    """Text that an input method commits comes without a key being pressed."""
    with visit(browser, pages[kind], tmp_path) as seen:
        page = seen.page
        page.focus("#pj-search")
        session = page.context.new_cdp_session(page)
        session.send("Input.imeSetComposition", {"text": "she", "selectionStart": 3, "selectionEnd": 3})
        session.send("Input.insertText", {"text": "设施"})
        assert page.input_value("#pj-search") == "设施"
        found = page.locator("#pj-found button")
        assert found.count() > 1
        found.nth(1).focus()
        page.keyboard.press("Enter")
        assert "设施" in page.locator(".leaflet-popup h3").inner_text()
        assert seen.faults == []


NAMES = """
    return [...document.querySelectorAll(".pj-label span")].map((span) => {
        const r = span.getBoundingClientRect();  // without its padding
        return [r.left + 3, r.top + 2, r.right - 3, r.bottom - 2];
    });
"""
SIGNS = """
    const around = map.getContainer().getBoundingClientRect();
    return map.pujin.facilities.drawn().map((sign) => {
        const p = map.latLngToContainerPoint(sign.getLatLng()).add(sign.options.shift || [0, 0]);
        const r = sign.getRadius() - 1;
        return [around.x + p.x - r, around.y + p.y - r, around.x + p.x + r, around.y + p.y + r];
    });
"""


def overlap(a: list[float], b: list[float]) -> bool:
    return a[0] < b[2] and a[2] > b[0] and a[1] < b[3] and a[3] > b[1]


@pytest.mark.browser
def test_names_lie_above_points_and_overlap_neither_signs_nor_each_other(
    browser: Browser, pages: dict[str, str], tmp_path: Path
) -> None:
    with visit(browser, pages["facilities"], tmp_path) as seen:
        page = seen.page
        page.wait_for_selector(".pj-label")
        order = run(
            page,
            "return ['overlayPane', 'pj-labels', 'tooltipPane', 'popupPane'].map((name) => "
            "Number(getComputedStyle(map.getPane(name)).zIndex));",
        )
        assert order == sorted(order)
        shown = []
        for zoom in (13, 14, 15, 16):
            run(page, f"map.setZoom({zoom}, {{ animate: false }});")
            names, signs = run(page, NAMES), run(page, SIGNS)
            shown.append(len(names))
            assert not any(overlap(a, b) for a, b in combinations(names, 2))
            assert not any(overlap(name, sign) for name in names for sign in signs)
        assert 0 < shown[0] < max(shown)
        assert seen.faults == []
