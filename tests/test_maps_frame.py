"""The quick way to a page and the folium map of the same page: the same bytes, the same refusals."""

from dataclasses import replace
from pathlib import Path

import folium
import pytest
from maps_world import PAYLOADS, inputs, results

from pujin_geo.analysis import analyse
from pujin_geo.maps import map_pages, page, write_maps
from pujin_geo.maps.frame import Frame
from pujin_geo.maps.offline import AssetError, content_security_policy, standalone
from pujin_geo.maps.page import MapPage, folium_map
from pujin_geo.reuse import Store, reusing


def small_page(panel: str = "<p>panel</p>", title: str = "A & B") -> MapPage:
    return MapPage(title, "zh", (31.1, 121.5), (), "pujin.start", panel, {"text": "</script>"})


def frame() -> Frame:
    return folium_map(small_page()).frame()


@pytest.mark.parametrize("named", [(), PAYLOADS], ids=["plain", "hostile"])
def test_the_quick_way_and_folium_give_the_same_bytes(named: tuple[str, ...]) -> None:
    pages = map_pages(analyse(inputs(named=named)))
    assert len(pages) >= 8
    for one in pages.values():
        map_ = folium_map(one)
        assert isinstance(map_, folium.Map)
        quick = one.html()
        assert quick == map_.html()
        assert quick == standalone(map_, lang=one.lang, title=one.title)


def test_a_kept_frame_needs_no_folium_and_gives_the_same_bytes(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    result = results()
    with reusing(Store(tmp_path / "cache")):
        first = [path.read_bytes() for path in write_maps(result, tmp_path / "first")]
    monkeypatch.setattr(page, "folium_map", lambda _: pytest.fail("folium was asked"))
    with reusing(Store(tmp_path / "cache")) as store:
        second = [path.read_bytes() for path in write_maps(result, tmp_path / "second")]
    assert first == second
    assert store.counts()["maps.page._frame"] == {"reused": len(first), "made": 0}


def test_other_scripts_centres_and_languages_have_other_frames(tmp_path: Path) -> None:
    one = small_page()
    others = [
        replace(one, lang="en"),
        replace(one, centre=(31.1, 121.6)),
        replace(one, scripts=("signs.js",)),
        replace(one, start="pujin.other"),
    ]
    with reusing(Store(tmp_path / "cache")):
        written = [each.html() for each in (one, *others)]
        assert len(set(written)) == len(written)
        assert written == [folium_map(each).html() for each in (one, *others)]


def test_a_layer_added_to_the_map_is_on_its_page_and_allowed() -> None:
    map_ = folium_map(small_page())
    folium.CircleMarker((31.1, 121.5), radius=7).add_to(map_)
    written = map_.html()
    assert "L.circleMarker" in written
    assert "L.circleMarker" not in small_page().html()
    assert content_security_policy(written, strict_styles="unsafe-inline" not in written) in written


def test_the_policy_is_that_of_the_whole_page_with_a_panel_s_own_style() -> None:
    written = small_page("<style>p { color: red }</style><p>x</p>").html()
    policy = content_security_policy(written)
    assert policy in written
    assert policy != content_security_policy(small_page().html())
    assert "'unsafe-inline'" in small_page('<p style="color: red">x</p>').html()


@pytest.mark.parametrize(
    "panel",
    [
        '<script src="https://example.org/x.js"></script>',
        '<link rel="stylesheet" href="//example.org/x.css">',
        '<img src="http://example.org/x.png">',
        '<IMG\n  SRC = http://example.org/x.png>',
        '<img alt=""src="http://example.org/x.png">',
        '<img/src="&#104;ttp://example.org/x.png">',
        '<svg><use xlink:href="https://example.org/x.svg#a"/></svg>',
        '<object data="https://example.org/x"></object>',
        '<form action="https://example.org"></form>',
        '<style>@import "https://example.org/x.css";</style>',
        "<STYLE>p { background: url(https://example.org/x.png) }</STYLE>",
    ],
)  # fmt: skip
def test_a_panel_that_would_fetch_something_is_refused(panel: str) -> None:
    with pytest.raises(AssetError):
        frame().filled(panel, "", title="")
    with pytest.raises(AssetError):
        small_page(panel).html()


def test_a_panel_may_name_an_address_or_link_one_to_click() -> None:
    panel = '<p>https://example.org src url(//x)</p><a href="https://example.org">x</a>'
    assert panel in frame().filled(panel, "", title="")


def test_title_and_data_stay_what_they_are() -> None:
    written = small_page(title="</title><script>1</script>").html()
    assert "<title>&lt;/title&gt;" in written
    assert r'{"text":"\u003c/script\u003e"}' in written


def test_line_ends_are_the_same_from_every_source() -> None:
    assert small_page("<p>\r\na\rb</p>").html() == small_page("<p>\na\nb</p>").html()
