"""What has to be known before the figures of a comparison are read: each one sentence."""

from collections.abc import Iterator

import pandas as pd

from ..runs.folder import FORMAT_VERSION
from ..tables import ALL, LAYERS, REGISTERS
from ..texts import Text
from .data_changes import LayerPairs
from .sides import Side

MOST_FILES = 4


def notices(before: Side, after: Side, pairs: LayerPairs) -> Iterator[Text]:
    """Yield what makes two runs less than comparable: other studies or rules, edited files, doubtful pairs."""
    yield from _studies(before, after, pairs)
    for side, word in (
        (before, Text("前一次结果", "The earlier run")),
        (after, Text("后一次结果", "The later run")),
    ):
        yield from _folder(side, word)
    yield from _versions(before, after)
    yield from _pairs(pairs)


def _studies(before: Side, after: Side, pairs: LayerPairs) -> Iterator[Text]:
    one, other = before.inputs.study, after.inputs.study
    if one.name != other.name:
        yield Text(
            f"两次结果属于不同的研究: {one.name} 与 {other.name}。",
            f"The two runs are of different studies: {one.name} and {other.name}.",
        )
    if not pairs.is_one_place:
        yield Text(
            "两个研究的范围没有重叠: 只并列各类设施的人数与占比, 不逐行比对, 也不分析原因。",
            "The two studies share no ground: figures stand side by side by type; rows are not paired and causes not told.",
        )
    crs = before.manifest.get("crs"), after.manifest.get("crs")
    if crs[0] and crs[1] and crs[0] != crs[1] and pairs.is_one_place:
        yield Text(
            f"坐标系不同 ({crs[0]} 与 {crs[1]}): 前一次已换算到后一次的坐标系, 长度可能有细微差别。",
            f"The coordinate systems differ ({crs[0]} and {crs[1]}): the earlier run was put into the later one's, so "
            "lengths may differ slightly.",
        )
    if one.data_date and other.data_date and one.data_date > other.data_date:
        yield Text(
            f"前一次结果的数据日期 ({one.data_date}) 晚于后一次 ({other.data_date}); 请确认两个文件夹的先后没有颠倒。",
            f"The earlier run's data ({one.data_date}) are newer than the later one's ({other.data_date}); check that "
            "the two folders are not the wrong way round.",
        )
    if one.profile != other.profile:
        yield Text(
            f"两次用了不同的标准: {one.profile} 与 {other.profile}; 由此产生的变化列在“规则”。",
            f"The runs follow different rules: {one.profile} and {other.profile}; what comes of it is listed under rules.",
        )
    if before.include_planned != after.include_planned:
        which = (
            Text("后一次", "the later run") if after.include_planned else Text("前一次", "the earlier run")
        )
        yield Text(
            f"只有{which.zh}计入了在建和规划项目; 由此产生的变化列在“规则”。",
            f"Only {which.en} counts what is planned or under construction; what comes of it is listed under rules.",
        )
    if one.synthetic != other.synthetic:
        yield Text("两次结果中有一次使用合成数据。", "One of the two runs rests on synthetic data.")


def _folder(side: Side, word: Text) -> Iterator[Text]:
    run = side.run
    if run is None:
        return
    inputs = [name for name in run.edited if name.startswith("inputs/")]
    others = [name for name in run.edited if not name.startswith("inputs/")]
    if inputs:
        yield Text(
            f"{word.zh}的输入在写出之后被改动过 (哈希值不符): {_listed(inputs).zh}; 这里比较的是改动后的内容。",
            f"{word.en}'s inputs were edited after it was written (their hashes differ): {_listed(inputs).en}; what they say "
            "now is compared.",
        )
    if side.missing:
        titles = [{**LAYERS, **REGISTERS}[name].title for name in side.missing]
        yield Text(
            f"{word.zh}缺少当时的{'、'.join(t.zh for t in titles)}图层文件, 按没有该图层比较。",
            f"{word.en} has lost its files of {', '.join(t.en for t in titles)}; it is compared as if it had none.",
        )
    if others:
        yield Text(
            f"{word.zh}有文件在写出之后被改动或删除: {_listed(others).zh}; 比较由其输入重新计算, 不受影响。",
            f"{word.en} has files that were edited or removed after it was written: {_listed(others).en}; the comparison is "
            "made anew from its inputs and does not rest on them.",
        )
    if not run.can_be_verified:
        yield Text(
            f"{word.zh}的格式较旧 (格式 {run.format_version}, 现为 {FORMAT_VERSION}), 没有保存哈希值, 无法得知是否被改动过。",
            f"{word.en} is of an older format ({run.format_version}, now {FORMAT_VERSION}) without hashes, so nobody can tell "
            "whether it was edited.",
        )
    differing = _differing(side)
    if differing:
        yield Text(
            f"{word.zh}自己的覆盖率表有 {differing} 行与本版本由其输入重新计算的不同; 这里两次都用重新计算的数字。",
            f"{differing} rows of {word.en[0].lower()}{word.en[1:]}'s own coverage table differ from what this version makes of "
            "its inputs; here both runs show the new figures.",
        )


def _differing(side: Side) -> int:
    """Return how many rows of the coverage table that the run wrote are not those made anew from its inputs."""
    keys = ["circle_id", "scope", "facility_type"]
    path = side.run.folder / "tables" / "coverage.csv" if side.run else None
    if path is None or not path.is_file():
        return 0
    try:
        text = dict.fromkeys(keys, str)
        stored = pd.read_csv(
            path, encoding="utf-8-sig", dtype=text, keep_default_na=False, na_values={"people_met": ""}
        )
        stored = stored.set_index(keys)["people_met"].astype(float)
    except (ValueError, KeyError, pd.errors.ParserError):
        return len(side.results.tables["coverage"])
    anew = side.results.tables["coverage"].set_index(keys)["people_met"]
    both = pd.DataFrame({"stored": stored[~stored.index.duplicated()], "anew": anew})
    return int(((both["stored"] - both["anew"]).abs().gt(1e-5) | both.isna().any(axis=1)).sum())


def _versions(before: Side, after: Side) -> Iterator[Text]:
    one, other = (side.manifest.get("versions", {}).get("pujin_geo") for side in (before, after))
    if one != other:
        yield Text(
            f"两次结果由不同版本的程序写出 ({one} 与 {other}); 比较时都按本版本重新计算, 所以变化都来自数据和规则。",
            f"The runs were written by different versions ({one} and {other}); both are made anew by this one, so every change "
            "comes from data and rules.",
        )


def _pairs(pairs: LayerPairs) -> Iterator[Text]:
    for name, layer in LAYERS.items():
        found = pairs[name]
        doubtful = sum(how in ("name", "name_and_place", "place") for how in found.how)
        if found.renumbered:
            yield Text(
                f"{layer.title.zh}的编号整体改过: {doubtful} 行按名称和位置认作同一处, 请核对 data_changes 的 doubt 一列。",
                f"The ids of the {layer.title.en} were renumbered as a whole: {doubtful} rows were taken to be the same by name "
                "and place; check the column doubt of data_changes.",
            )
        elif doubtful:
            yield Text(
                f"{layer.title.zh}中有 {doubtful} 行编号不同, 按名称或位置认作同一处, 请核对 data_changes 的 doubt 一列。",
                f"{doubtful} rows of the {layer.title.en} have other ids and were taken to be the same by name or place; check "
                "the column doubt of data_changes.",
            )
    circles = pairs["circles"]
    if len(circles.gone) or len(circles.new):
        yield Text(
            f"生活圈的划分不同: {len(circles.before)} 个前后对应, 只在前一次有 {len(circles.gone)} 个, 只在后一次有 "
            f"{len(circles.new)} 个; 不对应的各自列出, 编号后带 * 的属于前一次。全域 ({ALL}) 不受影响。",
            f"The circles are drawn differently: {len(circles.before)} correspond, {len(circles.gone)} are only in the earlier "
            f"run, {len(circles.new)} only in the later one; those stand apart, with * after an id of the earlier run that "
            f"means another circle now. The whole study ({ALL}) does not depend on them.",
        )


def _listed(names: list[str]) -> Text:
    shown, more = names[:MOST_FILES], len(names) - MOST_FILES
    if more <= 0:
        return Text("、".join(shown), ", ".join(shown))
    return Text("、".join(shown) + f" 等 {len(names)} 个文件", ", ".join(shown) + f" and {more} more")
