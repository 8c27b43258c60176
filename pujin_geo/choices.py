"""What a planner may name in a parameter: a language, a suitability, a facility type, a circle."""

from collections.abc import Mapping
from difflib import get_close_matches

import pandas as pd

from .catalogue import normalise, suitability_names, type_lookup
from .errors import SettingsError
from .inputs import Inputs
from .tables import ALL
from .texts import Lang, Text

NEAR = 0.5
"""How alike (0..1) a name must be to be proposed for one that is not known."""


class UnknownNameError(SettingsError):
    """A parameter names something that is not there; the sentence lists what is."""


def chosen(value: object, known: Mapping[str, tuple[str, ...]], *, what: Text) -> str:
    """Return the id that a name stands for; capitals, blanks and punctuation do not matter.

    Args:
        value: what was written.
        known: id → further names of it.
        what: what is being chosen, such as "circle", for the sentence.

    Raises:
        UnknownNameError: nothing is called so; the sentence names the nearest and all that can be chosen.

    >>> chosen("江月路生活圈", {"LC01": ("江月路生活圈",)}, what=Text("生活圈", "circle"))
    'LC01'
    """
    ids = {normalise(name): one for one, names in known.items() for name in (*names, one)}
    wanted = normalise(str(value))
    if wanted in ids:
        return ids[wanted]
    near = list(dict.fromkeys(ids[name] for name in get_close_matches(wanted, ids, 3, NEAR)))
    listed = ", ".join(_with_name(one, known[one]) for one in known)
    zh = f"您是不是要写 {' 或 '.join(_with_name(one, known[one]) for one in near)}? " if near else ""
    en = f"Did you mean {' or '.join(_with_name(one, known[one]) for one in near)}? " if near else ""
    raise UnknownNameError(
        Text(
            f"没有叫 “{value}” 的{what.zh}。{zh}可用的是: {listed}。",
            f"There is no {what.en} “{value}”. {en}Known are: {listed}.",
        )
    )


def language(lang: str) -> Lang:
    """Return a language that messages, pages and maps can be written in.

    >>> language("EN")
    'en'
    """
    known = {"zh": ("中文", "zh-CN", "Chinese"), "en": ("英文", "en-GB", "English")}
    return "en" if chosen(lang, known, what=Text("语言 (lang)", "language (lang)")) == "en" else "zh"


def suitability_named(name: str) -> str:
    """Return a suitability by its id, its Chinese or its English name.

    >>> suitability_named("宜养"), suitability_named("learning")
    ('caring', 'learning')
    """
    known = {one: (text.zh, text.en, text.zh[1:]) for one, text in suitability_names.items()}
    return chosen(name, known, what=Text("“五宜”类别 (suitability)", "suitability"))


def facility_type_named(catalogue: pd.DataFrame, name: str, *, among: pd.Series | None = None) -> str:
    """Return a facility type by id, Chinese or English name, or alias.

    Args:
        catalogue: from ``catalogue.read_catalogue``.
        name: what was written.
        among: the types that can be chosen, such as those that were judged; all of the catalogue if absent.

    >>> from pathlib import Path
    >>> from pujin_geo.catalogue import read_catalogue
    >>> facility_type_named(read_catalogue("shanghai", folder=Path()), "农贸市场")
    'wet_market'
    """
    aliases: dict[str, list[str]] = {}
    for alias, one in type_lookup(catalogue).items():
        aliases.setdefault(one, []).append(alias)
    kept = catalogue if among is None else catalogue[catalogue["facility_type"].isin(among)]
    known = {
        row["facility_type"]: (row["name_zh"], row["name_en"], *aliases[row["facility_type"]])
        for row in kept.to_dict("records")
    }
    return chosen(name, known, what=Text("设施类型 (facility_type)", "facility type"))


def circle_named(inputs: Inputs, name: str) -> str:
    """Return a circle by id or name; ``all`` (全域) is the whole study.

    >>> from pujin_geo import load_study
    >>> circle_named(load_study("geodata/xiaohe"), "全域")
    'all'
    """
    circles = inputs.circles
    known = {ALL: ("全域", "全部")} | {
        str(one): (str(called),) if called else ()
        for one, called in zip(circles["circle_id"], circles["name"], strict=True)
    }
    return chosen(name, known, what=Text("生活圈 (circle_id)", "circle"))


def _with_name(one: str, names: tuple[str, ...]) -> str:
    return f"{one} ({names[0]})" if names else one
