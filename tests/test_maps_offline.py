"""The inliner, the gate and the packing of coordinates."""

import base64
import json
import re
from collections.abc import Iterator
from html import unescape

import folium
import geopandas as gpd
import numpy as np
import pandas as pd
import pytest
import shapely
from browser import chromium, drawn_pixels, visit
from hypothesis import given
from hypothesis import strategies as st
from maps_world import CRS_, PAYLOADS, X0, Y0
from playwright.sync_api import Browser
from shapely import LineString, Polygon, box

from pujin_geo.maps import basemap
from pujin_geo.maps.escape import escape, gate, json_block
from pujin_geo.maps.offline import (
    VENDORED,
    AssetError,
    Inline,
    _may_load,
    _parsed,
    asset,
    content_security_policy,
    standalone,
    with_policy,
)
from pujin_geo.maps.packing import STEPS, grid_over, line_parts, pack, pack_uint16


def plain_map(names: list[str]) -> folium.Map:
    """A map as a notebook would make one with folium alone."""
    map_ = folium.Map(location=(31.1, 121.5), zoom_start=13, tiles=None, prefer_canvas=True, maxZoom=19)
    for i, name in enumerate(names):
        folium.CircleMarker(
            (31.1 + i / 1000, 121.5), radius=9, fill=True, popup=folium.Popup(name), tooltip=name
        ).add_to(map_)
    return map_


# The gate


@pytest.mark.parametrize("payload", PAYLOADS)
def test_escaped_text_reads_back_as_itself(payload: str) -> None:
    escaped = escape(payload)
    assert unescape(escaped) == payload
    assert not set(escaped) & set("<>\"'`$\\{}")


def test_gate_escapes_every_text_column_and_nothing_else() -> None:
    frame = gpd.GeoDataFrame(
        {
            "name": pd.Series(["<b>", None], dtype="str"),
            "mixed": pd.Series(["`", 3], dtype=object),
            "kind": pd.Categorical(["<a>", "b"]),
            "n": [1.5, 2.5],
        },
        geometry=gpd.points_from_xy([0, 1], [0, 1]),
        crs=CRS_,
    ).set_index(pd.Index([7, 8]))
    before = frame.copy(deep=True)
    gated = gate(frame)
    assert gated["name"].tolist()[0] == "&lt;b&gt;"
    assert pd.isna(gated["name"].tolist()[1])
    assert gated["mixed"].tolist() == ["&#96;", 3]
    assert gated["kind"].tolist() == ["&lt;a&gt;", "b"]
    assert gated["n"].tolist() == [1.5, 2.5]
    assert gated.crs == CRS_
    assert gated.index.tolist() == [7, 8]
    pd.testing.assert_frame_equal(frame, before)


@pytest.mark.parametrize("payload", PAYLOADS)
def test_json_block_keeps_the_text_and_cannot_end_a_script(payload: str) -> None:
    written = json_block({"name": payload})
    assert json.loads(written) == {"name": payload}
    assert not set(written) & set("<>&'`$")


def test_json_block_refuses_what_is_not_a_number() -> None:
    with pytest.raises(ValueError, match="not JSON compliant"):
        json_block([float("nan")])


# The inliner


def test_same_map_twice_gives_the_same_bytes() -> None:
    first, second = (standalone(plain_map(["a", "b"])) for _ in range(2))
    assert plain_map(["a"]).get_root().render() != plain_map(["a"]).get_root().render()
    assert first == second


def test_a_hash_in_the_data_is_not_taken_for_an_element() -> None:
    digest = "0123456789abcdef0123456789abcdef"
    assert f"site_{digest}" in standalone(plain_map([f"site_{digest}"]))


def test_no_link_and_no_source_map_is_left() -> None:
    page = standalone(plain_map(["a"]))
    assert not re.search(r"<script[^>]*\bsrc=|<link\b[^>]*\bhref", page)
    assert "sourceMappingURL" not in page
    assert not re.search(r"url\(\s*['\"]?(?!data:|#)", page)


def test_jquery_is_put_in_only_where_it_is_called() -> None:
    bare = folium.Map(tiles=None)
    assert "jQuery" not in standalone(bare)
    assert "jQuery" in standalone(plain_map(["a"]))


def test_page_gets_language_and_an_escaped_title() -> None:
    page = standalone(folium.Map(tiles=None), lang="zh", title="</title><script>alert(1)</script>")
    assert '<html lang="zh-CN">' in page
    assert "<title>&lt;/title&gt;" in page
    assert '<html lang="en">' in standalone(folium.Map(tiles=None), lang="en")


@pytest.mark.parametrize(
    "extra",
    [
        '<script src="https://cdn.example.org/x.js"></script>',
        '<link rel="stylesheet" href="//cdn.example.org/x.css">',
        '<img src="http://example.org/x.png">',
        '<iframe src="https://example.org"></iframe>',
        '<style>@import "https://example.org/x.css";</style>',
        "<style>p { background: url(https://example.org/x.png) }</style>",
    ],
)
def test_unknown_remote_address_is_refused(extra: str) -> None:
    page = f"<!DOCTYPE html>\n<html>\n<head></head>\n<body>{extra}</body></html>"
    with pytest.raises(AssetError):
        standalone(page)


def test_links_that_a_reader_clicks_are_no_request() -> None:
    page = '<!DOCTYPE html>\n<html>\n<head></head>\n<body><a href="https://example.org">x</a></body></html>'
    assert "Content-Security-Policy" in standalone(page)


def test_tiles_and_icon_markers_are_refused_in_words() -> None:
    with pytest.raises(AssetError, match="瓦片"):
        standalone(folium.Map())
    with_icon = folium.Map(tiles=None)
    folium.Marker((31, 121), icon=folium.Icon(icon="cloud")).add_to(with_icon)
    with pytest.raises(AssetError, match="CircleMarker"):
        standalone(with_icon)


def test_every_address_that_folium_links_is_known() -> None:
    links = {url for _, url in (*folium.Map.default_js, *folium.Map.default_css)}
    assert set(VENDORED) <= links
    standalone(folium.Map(tiles=None))  # raises if one is unknown


def test_policy_has_the_hash_of_each_script_and_nothing_unsafe() -> None:
    page = "<script>let a = 1;</script><style>p{}</style><script type='application/json'>{}</script>"
    policy = content_security_policy(page)
    assert policy.startswith("default-src 'none';")
    assert policy.count("sha256-") == 2
    assert "unsafe" not in policy
    assert "unsafe-inline" in content_security_policy(page, strict_styles=False).split("style-src")[1]


TOKENS = (
    "<img ", "<a ", "<use ", "<LINK ", "<p", "src", "SRC", "href", "xlink:href", "data", " ", "=", "==", '"', "'", ">", "/>",
    "http://x", " //x", "#a", "maps/a.html", "&#104;ttp:", "<style>", "</style>", "<script>", "</script>", "url(//x)", "文",
)  # fmt: skip


@given(st.lists(st.sampled_from(TOKENS), max_size=12).map("".join))
def test_only_what_loads_nothing_is_not_parsed(piece: str) -> None:
    if not _may_load(piece):
        assert _parsed(piece) == Inline()


def test_what_links_to_the_page_and_its_neighbours_is_not_parsed() -> None:
    assert not _may_load('<a href="#a">src</a> <a href="maps/a.html"><use href="#b"/></a>')
    assert _may_load('<a href="https://example.org">')


@pytest.mark.parametrize("body", ['<img src="//x">', "<style>p { background: url(//x) }</style>"])
def test_a_page_from_a_template_is_refused_where_it_would_fetch(body: str) -> None:
    page = "<html><head><style>p {}</style></head><body>{}</body></html>"
    own = with_policy(page)
    assert content_security_policy(page) in own
    with pytest.raises(AssetError):
        with_policy(page.replace("{}</body>", f"{body}</body>"))


def test_end_tags_inside_assets_are_guarded() -> None:
    for name in VENDORED.values():
        text = asset(name)
        assert "</script" not in text
        assert "<!--" not in text


# Packed coordinates


def unpacked(packed: dict[str, str], grid: dict[str, float]) -> list[np.ndarray]:
    counts = np.frombuffer(base64.b64decode(packed["counts"]), dtype="<u4")
    steps = np.frombuffer(base64.b64decode(packed["xy"]), dtype="<u2").reshape(-1, 2)
    lonlat = steps * [grid["lonStep"], grid["latStep"]] + [grid["west"], grid["south"]]
    return np.split(lonlat, np.cumsum(counts)[:-1])


def test_packed_lines_come_back_within_a_step() -> None:
    grid = grid_over((X0, Y0, X0 + 12_000, Y0 + 10_000), CRS_)
    lines = gpd.GeoSeries(
        [
            LineString([(X0 + 5, Y0 + 5), (X0 + 11_000, Y0 + 9_000)]),
            LineString([(X0 + 1, Y0), (X0 + 2, Y0 + 3), (X0, Y0)]),
        ],
        crs=CRS_,
    )
    parts = unpacked(pack(lines, grid), grid.as_json())
    assert [len(part) for part in parts] == [2, 3]
    back = gpd.GeoSeries([LineString(part) for part in parts], crs=4326).to_crs(CRS_)
    moved = np.abs(shapely.get_coordinates(back.to_numpy()) - shapely.get_coordinates(lines.to_numpy()))
    assert moved.max() < 0.2


def test_lines_are_cut_at_the_drawn_area_and_polygons_become_rings() -> None:
    area = (0.0, 0.0, 10.0, 10.0)
    holed = Polygon([(1, 1), (9, 1), (9, 9), (1, 9)], [[(3, 3), (4, 3), (4, 4), (3, 4)]])
    shapes = gpd.GeoSeries([LineString([(-5, 5), (5, 5)]), box(20, 20, 30, 30), holed, None])
    parts = line_parts(shapes, area)
    assert sorted(shapely.length(parts).round(6).tolist()) == [4.0, 5.0, 32.0]


def test_whole_numbers_pack_with_a_mark_for_none() -> None:
    packed = pack_uint16(np.array([0.4, 1234.6, np.nan, 1e9]))
    assert np.frombuffer(base64.b64decode(packed), dtype="<u2").tolist() == [0, 1235, STEPS, STEPS]


@pytest.mark.parametrize(
    ("kind", "walkable", "status", "expected"),
    [
        ("motorway", False, "existing", "no_walk"),
        ("motorway", True, "existing", "main"),
        ("secondary_link", True, "existing", "main"),
        ("次干路", True, "existing", "main"),
        ("estate_path", True, "existing", "path"),
        ("residential", True, "existing", "local"),
        ("", True, "", "local"),
        ("primary", True, "under_construction", "future"),
        ("primary", True, "closed", "no_walk"),
    ],
)
def test_street_classes(kind: str, walkable: bool, status: str, expected: str) -> None:
    frame = gpd.GeoDataFrame({"kind": [kind], "walkable": [walkable], "status": [status]})
    assert basemap.street_class(frame).tolist() == [expected]


# In a browser


@pytest.fixture(scope="module")
def browser() -> Iterator[Browser]:
    with chromium() as running:
        yield running


@pytest.mark.browser
def test_gated_texts_stay_texts_in_folium_s_own_popups(browser: Browser, tmp_path) -> None:
    names = gate(pd.DataFrame({"name": [p for p in PAYLOADS if p]}))["name"].tolist()
    with visit(browser, standalone(plain_map(names)), tmp_path) as seen:
        page = seen.page
        page.wait_for_selector("canvas")
        assert drawn_pixels(page) > 100
        texts = page.evaluate(
            """() => {
                const map = Object.entries(window).find(([k, v]) => k.startsWith("map_") && v.eachLayer)[1];
                const found = [];
                map.eachLayer((layer) => {
                    if (!layer.getPopup || !layer.getPopup()) return;
                    layer.openPopup(); layer.openTooltip();
                    found.push(layer.getPopup().getElement().querySelector(".leaflet-popup-content").innerText);
                });
                return found;
            }"""
        )
        page.wait_for_timeout(100)
        assert seen.faults == []
    assert [" ".join(t.split()) for t in texts] == [" ".join(p.split()) for p in PAYLOADS if p]


@pytest.mark.browser
def test_gated_texts_stay_texts_in_the_layer_control(browser: Browser, tmp_path) -> None:
    names = [p for p in PAYLOADS if p]
    map_ = plain_map(["x"])
    for name in gate(pd.DataFrame({"name": names}))["name"]:
        folium.FeatureGroup(name=name).add_to(map_)
    folium.LayerControl(collapsed=False).add_to(map_)
    with visit(browser, standalone(map_), tmp_path) as seen:
        labels = seen.page.locator(".leaflet-control-layers-overlays label")
        shown = [text.split() for text in labels.all_text_contents()]
        assert shown == [name.split() for name in names]
        assert seen.page.locator(".leaflet-control-layers img").count() == 0
        assert seen.faults == []


@pytest.mark.browser
def test_plain_folium_fails_the_same_checks(browser: Browser, tmp_path) -> None:
    """The checks can fail: not inlined there are requests, not gated there is a dialog."""
    with visit(browser, plain_map(["a"]).get_root().render(), tmp_path) as seen:
        seen.page.wait_for_timeout(200)
        assert any(fault.startswith("request https://") for fault in seen.faults)
        assert any("L is not defined" in fault for fault in seen.faults)
    hostile = standalone(plain_map(["${alert(1)}"]))
    with visit(browser, hostile, tmp_path) as seen:
        seen.page.wait_for_timeout(200)
        assert "dialog 1" in seen.faults


@pytest.mark.browser
def test_policy_stops_a_handler_that_slipped_through(browser: Browser, tmp_path) -> None:
    hostile = standalone(plain_map(["x"])).replace("</body>", '<img src="data:," onerror="alert(1)"></body>')
    with visit(browser, hostile, tmp_path) as seen:
        seen.page.wait_for_timeout(200)
        assert not any(fault.startswith("dialog") for fault in seen.faults)
        assert any("Content Security Policy" in fault for fault in seen.faults)
