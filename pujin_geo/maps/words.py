"""Words that maps and the briefing share."""

from typing import TYPE_CHECKING, Any

from ..texts import Lang, Text

if TYPE_CHECKING:
    from ..results import Results

STATUSES: dict[str, Text] = {
    "existing": Text("现状", "existing"),
    "under_construction": Text("在建", "under construction"),
    "planned": Text("规划", "planned"),
    "closed": Text("已停用", "closed"),
}

PAGE_TEXTS: dict[str, Text] = {
    "met": Text("达标", "met"),
    "notMet": Text("未达标", "not met"),
    "unknown": Text("无法判定", "unknown"),
    "notJudged": Text("不评价", "not judged"),
    "outside": Text("边界以外, 只列出, 不评价", "outside the boundary: listed, not judged"),
    "people": Text("人口", "people"),
    "committee": Text("居村委", "committee"),
    "walk": Text("步行", "walk"),
    "metres": Text("米", "m"),
    "noPath": Text("无路可达", "no path"),
    "reached": Text("步行可达的基础类设施", "basic types within walking reach"),
    "of": Text(" / ", " of "),
    "noName": Text("(无名称)", "(no name)"),
    "noMatch": Text("没有匹配的设施", "no facility matches"),
    "more": Text("更多结果, 请继续输入", "more: type on"),
    "sameSite": Text("同一场所的其他功能", "other functions of this site"),
    "area": Text("面积", "area"),
    "capacity": Text("容量", "capacity"),
    "source": Text("来源", "source"),
    "note": Text("备注", "note"),
    "squareMetres": Text("平方米", "m²"),
    "north": Text("北", "N"),
    "close": Text("关闭", "Close"),
    "zoomIn": Text("放大", "Zoom in"),
    "zoomOut": Text("缩小", "Zoom out"),
    "fullScreen": Text("全屏", "Full screen"),
}
"""Words that the pages' scripts write."""


def page_texts(lang: Lang, **more: Text) -> dict[str, str]:
    """Return the words for a page's script: the shared ones and the map's own."""
    return {key: text.of(lang) for key, text in {**PAGE_TEXTS, **more}.items()}


def frame_words(results: "Results") -> dict[str, Any]:
    """Return what the frame of every map says: name, date, notices, sources, and which layers are drawn."""
    inputs = results.inputs
    drawn = ("water", "green", "residential_land", "barriers", "boundary", "extent", "committees")
    return {
        "lang": results.lang,
        "zh": results.lang == "zh",
        "study_name": inputs.study.name,
        "data_date": inputs.study.data_date,
        "notices": notices(results),
        "statuses": {key: text.of(results.lang) for key, text in STATUSES.items()},
        "sources": sources(results),
        "traced": traced(results),
        "drawn": [layer for layer in drawn if len(inputs.layer(layer))],
    }


def notices(results: "Results") -> list[str]:
    """Return the marks that every map and page bears.

    The published boundary map of a place needs an approval number; these sheets have none.
    """
    marks = [Text("内部讨论", "for internal discussion"), Text("示意", "schematic")]
    if results.inputs.residents["basis"].str.startswith("estimated").any():
        marks.insert(0, Text("人口为估算", "estimated population"))
    if results.include_planned:
        marks.insert(0, Text("规划情景", "scenario with planned facilities"))
    if results.inputs.study.synthetic:
        marks.insert(0, Text("合成数据", "synthetic data"))
    return [mark.of(results.lang) for mark in marks]


def traced(results: "Results") -> str:
    """Return from which data a page comes, and where each of its figures can be looked up."""
    digits = results.input_hash[:12]
    return Text(
        f"数据指纹 {digits} (manifest.json 的 input_hash); 数字出自哪张表、哪些行见 tables/figures.csv, 各列含义见 tables/columns.csv。",
        f"Input hash {digits} (input_hash in manifest.json); tables/figures.csv says from which table and rows each figure "
        "comes, tables/columns.csv what each column means.",
    ).of(results.lang)


def sources(results: "Results") -> list[str]:
    """Return where the facilities come from, as their rows say, most frequent first, at most six."""
    named = results.inputs.facilities["source"].str.strip()
    found = named[named != ""].value_counts(sort=False)
    ranked = sorted(found.items(), key=lambda item: (-item[1], item[0]))
    shown = [str(name) for name, _ in ranked[:6]]
    if any("openstreetmap" in name.lower() for name in shown):
        shown = [name for name in shown if "openstreetmap" not in name.lower()]
        shown.insert(0, "© OpenStreetMap contributors, ODbL 1.0")
    return shown


def committee_names(results: "Results") -> dict[str, str]:
    """Return committee id → name, where the study's committees layer has one."""
    layer = results.inputs.committees
    named = layer[layer["name"].str.strip() != ""]
    return dict(zip(named["committee_id"], named["name"], strict=True))
