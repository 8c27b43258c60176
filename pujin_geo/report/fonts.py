"""Fonts for drawing with matplotlib: a Chinese one of the system, and texts made of what it can show."""

import unicodedata
from functools import cache
from typing import Any

from matplotlib import font_manager
from matplotlib.font_manager import FontProperties

from ..errors import SettingsError
from ..texts import Text

CHINESE_FONTS = (
    "Noto Sans CJK SC", "Noto Sans SC", "Source Han Sans SC", "Source Han Sans CN", "Microsoft YaHei", "PingFang SC",
    "Hiragino Sans GB", "Heiti SC", "STHeiti", "SimHei", "DengXian", "WenQuanYi Micro Hei", "WenQuanYi Zen Hei",
    "Noto Sans CJK JP", "Droid Sans Fallback", "Arial Unicode MS", "SimSun", "NSimSun", "FangSong", "KaiTi",
)  # fmt: skip
"""Families that hold simplified Chinese, the best first; one of them is on every system that shows Chinese."""

LATIN_FONT = "DejaVu Sans"
"""Comes with matplotlib."""

FIRST_CHINESE = 0x2E80

NO_FONT = Text(
    "电脑上没有找到中文字体, 静态地图中的中文无法显示。请安装思源黑体 (Noto Sans CJK SC; Debian、Ubuntu: apt install fonts-noto-cjk)、微软雅黑或黑体中的一种, 再运行一次。",
    "No Chinese font was found on this computer, so the Chinese names on static maps cannot be drawn. Install Noto Sans CJK SC "
    "(Debian, Ubuntu: apt install fonts-noto-cjk), Microsoft YaHei or SimHei, and run again.",
)


@cache
def chinese_family() -> str | None:
    """Return the best Chinese family of this computer, None where there is none."""
    found = _families(font_manager.fontManager)
    best = _best(found)
    if best is None:  # the list that matplotlib keeps may be older than the font
        fresh = font_manager.FontManager()
        best = _best(_families(fresh))
        for entry in fresh.ttflist:
            if entry.name == best:
                font_manager.fontManager.addfont(entry.fname)
    return best


def _families(manager: Any) -> set[str]:
    return {entry.name for entry in manager.ttflist}


def _best(families: set[str]) -> str | None:
    return next((name for name in CHINESE_FONTS if name in families), None)


def font(size_pt: float, *, bold: bool = False) -> FontProperties:
    """Return the font in which every text is set: the Chinese one, and what it lacks in matplotlib's own."""
    family = chinese_family()
    families = [name for name in (family, LATIN_FONT) if name]
    return FontProperties(family=families, size=size_pt, weight="bold" if bold else "normal")


@cache
def _characters() -> frozenset[int]:
    """Return the code points that the fonts can show."""
    shown: set[int] = set()
    for name in (chinese_family(), LATIN_FONT):
        if name:
            path = font_manager.findfont(FontProperties(family=name), fallback_to_default=False)
            shown |= set(font_manager.get_font(path).get_charmap())
    return frozenset(shown)


def drawable(text: str) -> str:
    """Return a text as the fonts can show it: on one line, without invisible marks, "?" for what no font has.

    Raises:
        SettingsError: the text is Chinese and the computer has no Chinese font.

    >>> drawable("a\\u200f\\nb  c")
    'a b c'
    """
    visible = "".join(c for c in text if unicodedata.category(c) not in ("Cf", "Cs", "Co", "Mn", "Me"))
    plain = " ".join(
        "".join(" " if c.isspace() or unicodedata.category(c) == "Cc" else c for c in visible).split()
    )
    missing = {c for c in plain if ord(c) not in _characters()}
    if chinese_family() is None and any(ord(c) >= FIRST_CHINESE for c in missing):
        raise SettingsError(NO_FONT)
    return "".join("?" if c in missing else c for c in plain)
