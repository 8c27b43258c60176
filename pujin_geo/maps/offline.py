"""A folium page as one file: every asset inside, nothing asked from a network, the same bytes on every run."""

import base64
import hashlib
import html
import re
from collections.abc import Sequence
from dataclasses import dataclass
from functools import cache
from html.parser import HTMLParser
from importlib.resources import files
from typing import TYPE_CHECKING

from ..errors import PujinError
from ..texts import Lang, Text

if TYPE_CHECKING:
    import folium

ASSETS = files("pujin_geo.maps") / "assets"

VENDORED = {
    "https://cdn.jsdelivr.net/npm/leaflet@1.9.3/dist/leaflet.js": "leaflet/leaflet.js",
    "https://cdn.jsdelivr.net/npm/leaflet@1.9.3/dist/leaflet.css": "leaflet/leaflet.css",
    "https://code.jquery.com/jquery-3.7.1.min.js": "jquery/jquery.slim.min.js",
}
"""What folium 0.20 links → the file here that takes its place (a later patch release of the same API)."""

DROPPED = {
    "https://cdn.jsdelivr.net/npm/bootstrap@5.2.2/dist/js/bootstrap.bundle.min.js",
    "https://cdn.jsdelivr.net/npm/bootstrap@5.2.2/dist/css/bootstrap.min.css",
    "https://netdna.bootstrapcdn.com/bootstrap/3.0.0/css/bootstrap-glyphicons.css",
    "https://cdn.jsdelivr.net/npm/@fortawesome/fontawesome-free@6.2.0/css/all.min.css",
    "https://cdnjs.cloudflare.com/ajax/libs/Leaflet.awesome-markers/2.0.2/leaflet.awesome-markers.js",
    "https://cdnjs.cloudflare.com/ajax/libs/Leaflet.awesome-markers/2.0.2/leaflet.awesome-markers.css",
    "https://cdn.jsdelivr.net/gh/python-visualization/folium/folium/templates/leaflet.awesome.rotate.min.css",
}
"""What folium links on every page and only icon markers need: 1.8 MB that are left out."""

_SCRIPT_LINK = re.compile(
    r'[ \t]*<script\b[^>]*\bsrc=["\']([^"\']+)["\'][^>]*>\s*</script>\n?', re.IGNORECASE
)
_STYLE_LINK = re.compile(r'[ \t]*<link\b[^>]*\bhref=["\']([^"\']+)["\'][^>]*>\n?', re.IGNORECASE)
_DATA_BLOCK = re.compile(r'<script type="application/json".*?</script>', re.DOTALL)
_VIEWPORT = re.compile(r'<meta name="viewport"[^>]*>', re.IGNORECASE | re.DOTALL)
_CSS_URL = re.compile(r"url\(\s*['\"]?(?!data:|#)([^)'\"]+)['\"]?\s*\)")
_SOURCE_MAP = re.compile(
    r"\s*(?://[#@] ?sourceMappingURL=[^\n]*|/\*[#@] ?sourceMappingURL=.*?\*/)", re.DOTALL
)
_DECLARED_ID = re.compile(r"(?:\b(?:var|let|const|function)\s+|\bid=[\"'])\w*?_([0-9a-f]{32})\b")
_REMOTE = re.compile(r"^\s*(?:https?:|ftp:|//)", re.IGNORECASE)
FETCHING = {"src", "srcset", "poster", "data", "background", "action", "formaction", "ping", "xlink:href"}
"""Attributes whose address a browser fetches by itself."""

_HARMLESS = r'"[#\w][^":&]*"'
"""An address on this page or beside it: without a colon it has no scheme, without an ampersand it is as it reads."""

_NOT_RUN = {"application/json", "text/plain"}
_LEAFLET_ICONS = (
    "delete L.Icon.Default.prototype._getIconUrl;L.Icon.Default.mergeOptions("
    '{{iconUrl:"{0}",iconRetinaUrl:"{1}",shadowUrl:"{2}"}});'
)


class AssetError(PujinError, ValueError):
    """A page wants something that is not shipped with the package, so it would be blank without a network."""


def standalone(map_: "folium.Map | str", *, lang: Lang = "zh", title: str = "") -> str:
    """Return a folium map, or the HTML of one, as a page that opens by double click without a network.

    Linked scripts and stylesheets become vendored text, files named in CSS become data URIs, folium's
    random element ids become ``_1``, ``_2`` ... in order of appearance, and a Content-Security-Policy
    allows only the scripts that are on the page. Text from data must have gone through
    ``escape.gate`` before: a script that is already on the page is allowed like the others.

    Args:
        map_: the map, or a rendered page.
        lang: language of the page, for browsers and screen readers.
        title: title of the page where it has none; plain text.

    Raises:
        AssetError: the page links something that is not vendored, such as tiles or icon markers.

    >>> import folium
    >>> page = standalone(folium.Map(tiles=None), title="A & B")
    >>> "http-equiv" in page, "<script src=" in page, "<title>A &amp; B</title>" in page
    (True, False, True)
    """
    rendered = map_ if isinstance(map_, str) else map_.get_root().render()
    page = with_assets(rendered, lang=lang)
    policy = content_security_policy(page, strict_styles=not sets_styles(rendered))
    return with_head(page, policy=policy, title=title)


def with_assets(rendered: str, *, lang: Lang) -> str:
    """Return a rendered page in a language, with its links replaced by what they name, and with stable ids.

    Raises:
        AssetError: the page links something that is not vendored, such as tiles or icon markers.
    """
    page = _stable_ids(with_line_feeds(rendered))
    own = _DATA_BLOCK.sub("", page)
    _refuse_missing_parts(own)
    uses_jquery = re.search(r"\$\(|\bjQuery\b", own) is not None
    page = _SCRIPT_LINK.sub(lambda m: _script(m[1], with_jquery=uses_jquery), page)
    page = _STYLE_LINK.sub(lambda m: _style(m[1]), page)
    page = page.replace("<html>", f'<html lang="{"en" if lang == "en" else "zh-CN"}">', 1)
    # folium forbids enlarging the page, which some readers need.
    return _VIEWPORT.sub('<meta name="viewport" content="width=device-width, initial-scale=1">', page)


def with_head(page: str, *, policy: str, title: str) -> str:
    """Return a page with a policy and, where it has none, a title (plain text) in its head."""
    head = f'<head>\n<meta http-equiv="Content-Security-Policy" content="{policy}">'
    if "<title>" not in page and title:
        head += f"\n<title>{html.escape(title)}</title>"
    return page.replace("<head>", head, 1)


def with_policy(page: str) -> str:
    """Return a page from a template, whose styles stand in its head, with a policy that allows what is on it.

    Raises:
        AssetError: the page would fetch something.
    """
    head, end, body = page.partition("</head>")
    pieces = [inline_parts(head), inline_parts(end + body)]
    return with_head(page, policy=policy_for(pieces, strict_styles=True), title="")


def with_line_feeds(text: str) -> str:
    """Return text whose lines end as on Unix."""
    return text.replace("\r\n", "\n").replace("\r", "\n")


def sets_styles(rendered: str) -> bool:
    """Return whether a page sets styles on single elements, which no hash in a policy can allow."""
    return re.search(r"\bstyle\s*=", _DATA_BLOCK.sub("", rendered)) is not None


def content_security_policy(page: str, *, strict_styles: bool = True) -> str:
    """Return a policy that allows the inline scripts and styles now on a page, pictures in it, and nothing else.

    Raises:
        AssetError: the page would fetch something.

    >>> content_security_policy("<script>1</script>")[:60]
    "default-src 'none'; script-src 'sha256-a4ayc/80/OGda4BO/1o/V"
    """
    return policy_for([inline_parts(page)], strict_styles=strict_styles)


@dataclass(frozen=True)
class Inline:
    """The hashes of the scripts and styles that stand in a piece of a page, in order."""

    scripts: tuple[str, ...] = ()
    styles: tuple[str, ...] = ()


def inline_parts(piece: str) -> Inline:
    """Return what a piece of a page runs and styles.

    Raises:
        AssetError: it would fetch something.
    """
    return _parsed(piece) if _may_load(piece) else Inline()


def _may_load(piece: str) -> bool:
    """Return False only where parsing, which is slow, would find nothing that is run, styled or fetched."""
    lowered = piece.lower()
    if "<script" in lowered or "<style" in lowered:
        return True
    return any(
        re.search(rf"{name}\s*=(?!{_HARMLESS})", lowered) for name in (*FETCHING, "href") if name in lowered
    )


def _parsed(piece: str) -> Inline:
    parts = _Parts()
    parts.feed(piece)
    parts.close()
    if parts.remote:
        raise _missing(parts.remote[0])
    return Inline(_hashes(parts.scripts), _hashes(parts.styles))


def policy_for(pieces: Sequence[Inline], *, strict_styles: bool) -> str:
    """Return the policy of a page that consists of these pieces."""
    scripts = _listed([one for piece in pieces for one in piece.scripts])
    styles = (
        _listed([one for piece in pieces for one in piece.styles]) if strict_styles else "'unsafe-inline'"
    )
    return (
        f"default-src 'none'; script-src {scripts}; style-src {styles}; "
        "img-src data: blob:; font-src data:; base-uri 'none'; form-action 'none'"
    )


@cache
def asset(name: str) -> str:
    """Return an asset's text as it may stand inside a script or style element."""
    text = (ASSETS / name).read_text(encoding="utf-8").replace("\r\n", "\n")
    text = _SOURCE_MAP.sub("", text)
    if name.endswith(".css"):
        folder = name.rpartition("/")[0]
        text = _CSS_URL.sub(lambda m: f"url({_data_uri(f'{folder}/{m[1]}')})", text)
        return text.replace("</style", "<\\/style")
    return text.replace("</script", "<\\/script").replace("<!--", "<\\!--")


class _Parts(HTMLParser):
    """Collects what runs, what styles and what would be fetched."""

    def __init__(self) -> None:
        super().__init__(convert_charrefs=True)
        self.scripts: list[str] = []
        self.styles: list[str] = []
        self.remote: list[str] = []
        self._inside: list[str] | None = None

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        values = {name: value or "" for name, value in attrs}
        fetching = {*FETCHING, "href"} if tag in {"link", "image", "use"} else FETCHING
        self.remote += [v for name, v in values.items() if name in fetching and _REMOTE.match(v)]
        if tag == "script" and values.get("type", "") not in _NOT_RUN:
            self._inside = self.scripts
        elif tag == "style":
            self._inside = self.styles
        if self._inside is not None and tag in {"script", "style"}:
            self._inside.append("")

    def handle_data(self, data: str) -> None:
        if self._inside is not None:
            self._inside[-1] += data

    def handle_endtag(self, tag: str) -> None:
        if tag in {"script", "style"}:
            if self._inside is self.styles and re.search(
                r"@import|url\(\s*['\"]?(?!data:|#)", self.styles[-1]
            ):
                self.remote.append(self.styles[-1][:80])
            self._inside = None


def _hashes(texts: list[str]) -> tuple[str, ...]:
    return tuple(base64.b64encode(hashlib.sha256(t.encode()).digest()).decode() for t in texts)


def _listed(digests: list[str]) -> str:
    return " ".join(f"'sha256-{digest}'" for digest in dict.fromkeys(digests)) or "'none'"


def _stable_ids(page: str) -> str:
    """Replace only ids that the page itself declares, so that a hash in the data stays as it is."""
    declared = dict.fromkeys(_DECLARED_ID.findall(page))
    if not declared:
        return page
    found = re.compile("_(" + "|".join(declared) + r")(?![0-9a-f])")
    order: dict[str, int] = {}
    return found.sub(lambda m: f"_{order.setdefault(m[1], len(order) + 1)}", page)


def _refuse_missing_parts(own: str) -> None:
    if re.search(r"L\.tileLayer(?:\.wms)?\(\s*[\"'](?:https?:)?//", own):
        raise AssetError(
            Text(
                "地图使用了在线瓦片底图, 断网时无法显示; 请用 tiles=None, 底图由研究自身的图层绘制。",
                "The map uses online tiles, which are blank without a network; use tiles=None: "
                "the base map is drawn from the study's own layers.",
            )
        )
    if re.search(r"L\.AwesomeMarkers\.icon\(", own):
        raise AssetError(
            Text(
                "地图使用了 folium.Icon 图标, 其字体未随软件提供; 请改用 CircleMarker 或 DivIcon。",
                "The map uses folium.Icon, whose icon fonts are not shipped; use CircleMarker or DivIcon.",
            )
        )


def _missing(address: str) -> AssetError:
    shown = address.strip()[:200]
    return AssetError(
        Text(
            f"页面引用了软件包中没有的资源 {shown}, 断网时无法显示; 请去掉该插件, 或把资源放入 pujin_geo/maps/assets。",
            f"The page links {shown}, which is not shipped with the package, so it would not work without a network; "
            "remove that plugin, or add the file to pujin_geo/maps/assets.",
        )
    )


def _script(address: str, *, with_jquery: bool) -> str:
    if address in DROPPED or ("jquery" in address and address in VENDORED and not with_jquery):
        return ""
    if address not in VENDORED:
        raise _missing(address)
    text = asset(VENDORED[address])
    if address.endswith("/leaflet.js"):
        # Leaflet finds its marker pictures through the address of its stylesheet, which is gone now.
        pictures = (_data_uri(f"leaflet/images/marker-{n}.png") for n in ("icon", "icon-2x", "shadow"))
        text += "\n" + _LEAFLET_ICONS.format(*pictures)
    return f"<script>\n{text}\n</script>\n"


def _style(address: str) -> str:
    if address in DROPPED:
        return ""
    if address not in VENDORED:
        raise _missing(address)
    return f"<style>\n{asset(VENDORED[address])}\n</style>\n"


def _data_uri(name: str) -> str:
    encoded = base64.b64encode((ASSETS / name).read_bytes()).decode()
    return f"data:image/png;base64,{encoded}"
