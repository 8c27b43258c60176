"""One messy cell to a clean value: text, number, degrees, status, yes or no, functions.

Committee tables write "约200", "300平", "１，２００", "—" or two functions in one cell. Each reader
here takes one cell as written and says what it holds; nothing is guessed.
"""

import math
import re
import unicodedata
from collections.abc import Callable, Mapping
from datetime import date, datetime
from typing import Any, Literal, NamedTuple

import numpy as np
import pandas as pd

State = Literal["ok", "blank", "approximate", "unreadable"]

BLANK_MARKS = frozenset(
    {
        "",
        "无",
        "暂无",
        "没有",
        "空",
        "不详",
        "未知",
        "na",
        "n/a",
        "#n/a",
        "null",
        "none",
        "nan",
        "nil",
        "<na>",
    }
)
_DASHES = re.compile(r"[-‐‑‒–—―─━－_/\\~.·…*]+")

COUNT_UNITS = dict.fromkeys(("人", "名", "口", "位"), 1.0)
CAPACITY_UNITS = dict.fromkeys((*COUNT_UNITS, "张", "床", "张床", "个", "座", "席", "班", "户", "辆"), 1.0)
AREA_UNITS = {
    **dict.fromkeys(("平", "平方", "平米", "平方米", "m2", "㎡", "m^2", "sqm", "方"), 1.0),
    **dict.fromkeys(("公顷", "ha", "hm2"), 10_000.0),
    "亩": 2000.0 / 3.0,
    **dict.fromkeys(("平方公里", "平方千米", "km2"), 1_000_000.0),
}
METRE_UNITS = {"m": 1.0, "米": 1.0}
UNITS: dict[str, Mapping[str, float]] = {
    "population": COUNT_UNITS,
    "capacity": CAPACITY_UNITS,
    "area_m2": AREA_UNITS,
    "x": METRE_UNITS,
    "y": METRE_UNITS,
}
"""Number column → unit that may follow the figure → factor; age columns take those of ``population``."""

_PLAIN_FIGURE = re.compile(r"[+-]?[0-9]{1,15}(?:\.[0-9]{1,15})?")
_NUMBER = re.compile(
    r"""(?P<about>约|大约|约为|近|将近|大概|共|共计|合计|超过|超|不足|不到|至少|至多|[~≈><≥≤=])?
        (?P<figure>[+-]?(?:\d{1,3}(?:,\d{3})+|\d+)(?:\.\d*)?(?:e[+-]?\d+)?|[+-]?\.\d+)
        (?P<scale>万|千)?
        (?P<more>余|多|几|来)?
        (?P<unit>(?!左右|上下|以上|以下|以内|许|余)[^\d\s,.+~≈><≥≤=()-][^\s,.+~≈><≥≤=()]*?)?
        (?P<around>左右|上下|以上|以下|以内|许|余)?""",
    re.VERBOSE,
)
_SCALES = {"万": 10_000.0, "千": 1_000.0, None: 1.0}
_REMARK = re.compile(r"\([^()\d]*\)$")
_DEGREES = re.compile(
    r"(?P<before>[东西南北ewns])?(?:经|纬)?[:]?(?P<deg>-?\d+(?:\.\d+)?)[°度](?:(?P<min>\d+(?:\.\d+)?)['′分]"
    r"(?:(?P<sec>\d+(?:\.\d+)?)(?:[\"″秒]|''))?)?(?P<after>[ewns])?"
)
_COMPASS = re.compile(r"^(?:[东西南北]?[经纬]|[ewns]):?(?=[\d-])|(?<=\d)[ewns]$")

_STATUS_WORDS = {
    "existing": "existing 现状 现有 已建 已建成 建成 建成投用 使用中 在用 使用 正常 正常使用 运营 运营中 已运营 正常运营 运行 运行中 "
    "已运行 开放 已开放 营业 营业中 投用 已投用 投入使用 启用 已启用 保留 现状保留 open operating active inuse built",
    "under_construction": "underconstruction construction 在建 建设中 正在建设 施工 施工中 改造 改造中 改建 扩建 改扩建 装修 装修中 "
    "修缮 修缮中 建设 building",
    "planned": "planned 规划 拟建 规划中 待建 计划 计划建设 拟 筹建 筹备 设计 设计中 未建 规划新增 新增 proposed plan",
    "closed": "closed 关闭 停用 已关闭 已停用 停业 停运 关停 已关停 撤销 拆除 已拆除 废弃 废止 暂停 暂停使用 暂停营业 disused abandoned",
}
_STATUSES = {word: status for status, words in _STATUS_WORDS.items() for word in words.split()}
_YES = frozenset(
    [
        "是",
        "可",
        "可以",
        "可步行",
        "能",
        "有",
        "对",
        "√",
        "✓",
        "✔",
        "y",
        "yes",
        "true",
        "t",
        "1",
        "1.0",
        "步行",
        "允许",
        "on",
        "walkable",
        "permissive",
        "designated",
    ]
)
_NO = frozenset(
    [
        "否",
        "不",
        "不可",
        "不可以",
        "不可步行",
        "不能",
        "无",
        "非",
        "×",
        "✗",
        "✘",
        "x",
        "n",
        "no",
        "false",
        "f",
        "0",
        "0.0",
        "禁止",
        "不允许",
        "禁行",
        "off",
        "private",
    ]
)
_SCOPES = {
    **dict.fromkeys(
        ["urban", "城镇", "城市", "城区", "镇区", "城", "居委", "居委会", "居民区", "town", "city"], "urban"
    ),
    **dict.fromkeys(["rural", "乡村", "农村", "村", "村庄", "乡", "村委", "村委会", "village"], "rural"),
}
_COMMITTEE_KINDS = {
    **dict.fromkeys(
        ["residential", "居委", "居委会", "居民委员会", "居民区", "社区", "居", "urban", "城镇"],
        "residential",
    ),
    **dict.fromkeys(["village", "村委", "村委会", "村民委员会", "行政村", "村", "乡村", "rural"], "village"),
}
_FIRST_SEPARATORS = re.compile(r"[、,;；|\n\r\t①-⑳]+")
_SECOND_SEPARATORS = re.compile(r"[/+&和与及兼]+|\s{1,}")
_LIST_NUMBER = re.compile(r"^\s*(?:[(（]?\d{1,2}[)）.、．])\s*")
_BRACKETED_END = re.compile(r"[(（][^()（）]*[)）]\s*$")


class Number(NamedTuple):
    """A figure and how it was read; NaN unless ``ok`` or ``approximate``."""

    value: float
    state: State


def clean_text(value: Any) -> str:
    """Return a cell as one line of text; "" for blanks, dashes and words for "none".

    >>> [clean_text(v) for v in (" 近浦村\\n服务站 ", "—", None, 12.0, float("nan"), "A-1")]
    ['近浦村 服务站', '', '', '12', '', 'A-1']
    """
    if value is None or value is pd.NaT or value is pd.NA:
        return ""
    if isinstance(value, bool | np.bool_):
        return "true" if value else "false"
    if isinstance(value, int | float | np.integer | np.floating):
        return _number_text(float(value)) if isinstance(value, float | np.floating) else str(int(value))
    if isinstance(value, date | datetime):
        return value.isoformat()[:10]
    text = str(value)
    if not text.isprintable():
        # Control characters and lone surrogates cannot be written to a workbook or to UTF-8.
        text = "".join(" " if unicodedata.category(c) in ("Cc", "Cs") else c for c in text)
    text = " ".join(text.split())
    return "" if _is_blank(text) else text


def _number_text(value: float) -> str:
    if math.isnan(value):
        return ""
    return str(int(value)) if value.is_integer() and abs(value) < 1e15 else repr(value)


def _is_blank(text: str) -> bool:
    if len(text) > 5 and text[0].isalnum():  # longer than any mark, and no dashes
        return False
    plain = unicodedata.normalize("NFKC", text).strip().lower()
    return plain in BLANK_MARKS or _DASHES.fullmatch(plain) is not None


def clean_id(value: Any) -> str:
    """Return an identifier: like ``clean_text``, full-width letters and digits made plain.

    >>> clean_id("Ａ－０１ "), clean_id(7.0)
    ('A-01', '7')
    """
    return unicodedata.normalize("NFKC", clean_text(value)).strip()


def key(text: str) -> str:
    """Return a word for comparison: NFKC, lower case, without blanks, underscores and hyphens.

    >>> key("Under Construction"), key(" 已　建 ")
    ('underconstruction', '已建')
    """
    return re.sub(r"[\s_\-]+", "", unicodedata.normalize("NFKC", text).casefold())


def read_number(value: Any, units: Mapping[str, float] = COUNT_UNITS, *, factor: float = 1.0) -> Number:
    """Read a figure with the units that its column allows; ``factor`` is the unit of the header.

    Full-width digits, thousands separators, 万 and 千 are read; "约200" is read and marked
    ``approximate``. A range, another unit or any other word is ``unreadable``.

    >>> read_number("１，２００人")
    Number(value=1200.0, state='ok')
    >>> read_number("约300平", AREA_UNITS), read_number("1.5公顷", AREA_UNITS).value
    (Number(value=300.0, state='approximate'), 15000.0)
    >>> read_number("200户").state, read_number("50-80").state, read_number("—").state
    ('unreadable', 'unreadable', 'blank')
    """
    if isinstance(value, bool | np.bool_):
        return Number(math.nan, "unreadable")
    if isinstance(value, int | float | np.integer | np.floating):
        figure = float(value) * factor
        if math.isnan(figure):
            return Number(math.nan, "blank")
        return Number(figure, "ok") if math.isfinite(figure) else Number(math.nan, "unreadable")
    if isinstance(value, str) and _PLAIN_FIGURE.fullmatch(value):
        return Number(float(value) * factor, "ok")
    text = clean_text(value)
    return _figure(text, units, factor) if text else Number(math.nan, "blank")


def _figure(text: str, units: Mapping[str, float], factor: float) -> Number:
    spaced = unicodedata.normalize("NFKC", text).lower().replace("−", "-")
    if re.search(r"\d\s+\d", spaced):
        return Number(math.nan, "unreadable")
    plain = re.sub(r"\s+", "", spaced)
    bare = _REMARK.sub("", plain)
    match = _NUMBER.fullmatch(bare)
    if match is None:
        return Number(math.nan, "unreadable")
    unit, about = match["unit"], match["about"] or match["more"] or match["around"]
    if unit is not None and unit not in units:
        return Number(math.nan, "unreadable")
    # A unit in the cell is more precise than the one in the header.
    scale = _SCALES[match["scale"]] * (factor if unit is None else units[unit])
    figure = float(match["figure"].replace(",", "")) * scale
    if not math.isfinite(figure):
        return Number(math.nan, "unreadable")
    return Number(figure, "approximate" if about or bare != plain else "ok")


def read_degrees(value: Any) -> Number:
    """Read a longitude or latitude in decimal degrees or in degrees, minutes and seconds.

    >>> read_degrees("121°30′36″E").value, read_degrees("东经121.51°").value, read_degrees("31.07").value
    (121.51, 121.51, 31.07)
    """
    if not isinstance(value, str) or _PLAIN_FIGURE.fullmatch(value):
        return read_number(value, {})
    plain = re.sub(r"\s+", "", unicodedata.normalize("NFKC", clean_text(value))).lower().replace("′′", "″")
    match = _DEGREES.fullmatch(plain)
    if match is None:
        bare = _COMPASS.sub("", _COMPASS.sub("", plain))
        number = read_number(bare, {})
        if number.state == "approximate":
            return Number(math.nan, "unreadable")
        return _signed(number, plain) if bare != plain else number
    minutes, seconds = float(match["min"] or 0), float(match["sec"] or 0)
    if minutes >= 60 or seconds >= 60:
        return Number(math.nan, "unreadable")
    degrees = float(match["deg"])
    size = abs(degrees) + minutes / 60 + seconds / 3600
    return _signed(
        Number(math.copysign(size, degrees), "ok"), (match["before"] or "") + (match["after"] or "")
    )


def _signed(number: Number, marks: str) -> Number:
    is_negative = any(mark in marks for mark in ("西", "南", "w", "s"))
    return Number(-number.value, number.state) if is_negative else number


def read_status(value: Any) -> str | None:
    """Read a status; blank is ``existing``, None means that it cannot be read.

    >>> [read_status(v) for v in ("", "现状(运营)", "拟建", "existing/planned", "待定")]
    ['existing', 'existing', 'planned', None, None]
    """
    text = clean_text(value)
    if not text:
        return "existing"
    return _one_of(text, _STATUSES)


def read_yes_no(value: Any) -> bool | None:
    """Read yes or no; blank is yes, None means that it cannot be read.

    >>> [read_yes_no(v) for v in ("", "否", "√", 0, "perhaps")]
    [True, False, True, False, None]
    """
    if isinstance(value, str):
        word = key(value)
        if word in _YES or word in _NO:
            return word in _YES
    word = key(clean_text(value))
    if not word:
        return True
    return True if word in _YES else False if word in _NO else None


def read_scope(value: Any) -> str | None:
    """Read ``urban`` or ``rural``; "" if blank, None means that it cannot be read.

    >>> [read_scope(v) for v in ("城镇", "乡村", "", "?!")]
    ['urban', 'rural', '', None]
    """
    text = clean_text(value)
    return _one_of(text, _SCOPES) if text else ""


def read_committee_kind(value: Any) -> str | None:
    """Read ``residential`` or ``village``; "" if blank, None means that it cannot be read.

    >>> read_committee_kind("居委会"), read_committee_kind("行政村")
    ('residential', 'village')
    """
    text = clean_text(value)
    return _one_of(text, _COMMITTEE_KINDS) if text else ""


def _one_of(text: str, words: Mapping[str, str]) -> str | None:
    word = key(text)
    if word in words:
        return words[word]
    parts = [part for part in re.split(r"[()\[\]/、,;:+]+", word) if part]
    found = {words.get(part) for part in parts}
    return found.pop() if len(found) == 1 else None


def split_functions(value: Any, find: Callable[[str], str | None]) -> list[tuple[str, str | None]]:
    """Split a cell into functions: (as written, facility type or None where it is unknown).

    A cell that is a known name as a whole is not split. Weak separators ("/", "和", blanks) count
    only where every part is known, since they also occur inside names.

    >>> known = {"日间照料": "day_care", "助餐": "meal_point"}
    >>> split_functions("1.日间照料；2.助餐(2处)", known.get)
    [('日间照料', 'day_care'), ('助餐(2处)', 'meal_point')]
    >>> split_functions("助餐和棋牌", known.get)
    [('助餐和棋牌', None)]
    """
    text = "" if value is None else str(value).strip()
    whole = _function(text, find)
    if whole is not None or not clean_text(text):
        return [(clean_text(text), whole)]
    functions: list[tuple[str, str | None]] = []
    for part in _FIRST_SEPARATORS.split(text):
        plain = _LIST_NUMBER.sub("", part).strip()
        if clean_text(plain):
            functions += _weak_parts(plain, find)
    return functions or [(clean_text(text), None)]


def _weak_parts(text: str, find: Callable[[str], str | None]) -> list[tuple[str, str | None]]:
    whole = _function(text, find)
    if whole is None:
        parts = [p for p in _SECOND_SEPARATORS.split(text) if p]
        known = [(clean_text(p), _function(p, find)) for p in parts]
        if len(known) > 1 and all(facility_type is not None for _, facility_type in known):
            return known
    return [(clean_text(text), whole)]


def _function(text: str, find: Callable[[str], str | None]) -> str | None:
    return find(text) or find(_BRACKETED_END.sub("", _LIST_NUMBER.sub("", text)).strip())


def map_unique(values: pd.Series, read: Callable[[Any], Any]) -> list[Any]:
    """Apply a cell reader to a column, once per different value of one type.

    >>> map_unique(pd.Series(["是", "否", "是"]), read_yes_no)
    [True, False, True]
    """
    known: dict[tuple[type, Any], Any] = {}
    read_values = []
    for value in values.tolist():
        try:
            mark = (type(value), value)
            if mark not in known:
                known[mark] = read(value)
            read_values.append(known[mark])
        except TypeError:  # a list or dict from GeoJSON cannot be a key
            read_values.append(read(str(value)))
    return read_values
