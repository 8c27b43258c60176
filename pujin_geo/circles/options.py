"""What a planner may set for living circles: bands, excursion, penalties, and wishes."""

import tomllib
from dataclasses import asdict, dataclass, field, fields, replace
from pathlib import Path
from typing import Any

from ..errors import SettingsError
from ..texts import Text

DEFAULT_COUNT = 12


@dataclass(frozen=True)
class Band:
    """What a circle should hold, for one scope; a breach is reported and costs, it does not forbid.

    Attributes:
        population_min, population_max: residents.
        area_max_km2: land area.
        walk_max_m: farthest walk of a resident of this scope to the hub.
    """

    population_min: float
    population_max: float
    area_max_km2: float
    walk_max_m: float


URBAN = Band(5_000, 25_000, 3.0, 1_000)
"""People: a 5-minute to a 10-minute unit of GB 50180-2018 (5,000-12,000; 15,000-25,000); area: about 3 km² of the
Shanghai guideline of 2016; walk: 800-1000 m of the Shanghai standard of 2024 (draft). All second-hand."""

RURAL = Band(1_000, 12_000, 6.0, 3_000)
"""Proposed values without a clause; 3000 m is 15 minutes of cycling at 12 km/h."""


@dataclass(frozen=True)
class CircleSettings:
    """Settings of drawing and checking.

    Attributes:
        urban, rural: bands of circles whose hub lies in an urban or a rural committee; ``walk_max_m``
            goes by the scope of the residents themselves.
        excursion_m: streets this far outside a circle may be used to walk from one part of it to another.
        wide_water_m: water wider than this is cut out of the land, everywhere; narrower water stays in.
        split_cut_ha: committees that wide water cuts into pieces of at least this many hectares are parted
            there, into units ``ID/1``, ``ID/2``, …; 0 keeps every committee whole.
        simplify_m: shared borders may be moved by about this much to make them smooth enough to print.
        person_weight_m: a resident above or below the population band costs as much as one person
            walking this far.
        km2_weight_m: a square kilometre above the area band costs as much as one person walking this far.
        far_weight: every metre beyond ``walk_max_m`` costs as much as this many further metres.
        exact_units: up to this many committees the circles are found by integer programming.
        node_limit: nodes of the search tree after which a search stops with the gap that is left.
    """

    urban: Band = URBAN
    rural: Band = RURAL
    excursion_m: float = 300.0
    wide_water_m: float = 60.0
    split_cut_ha: float = 0.0
    simplify_m: float = 2.0
    person_weight_m: float = 1_000.0
    km2_weight_m: float = 1_000_000.0
    far_weight: float = 1.0
    exact_units: int = 80
    node_limit: int = 5_000


@dataclass(frozen=True)
class Wishes:
    """What the drawing must respect; committees by id or name.

    Attributes:
        pin_hubs: facility ids (or site ids or names) that must be hubs.
        together: groups of committees that must share a circle.
        apart: pairs of committees that must not.
        forbid: names of streets, waters or barriers that no circle may span.
    """

    pin_hubs: tuple[str, ...] = ()
    together: tuple[tuple[str, ...], ...] = ()
    apart: tuple[tuple[str, ...], ...] = ()
    forbid: tuple[str, ...] = ()

    def and_also(self, other: "Wishes") -> "Wishes":
        """Return the wishes of both.

        >>> Wishes(forbid=("S20",)).and_also(Wishes(forbid=("浦星公路",))).forbid
        ('S20', '浦星公路')
        """
        return Wishes(*(getattr(self, f.name) + getattr(other, f.name) for f in fields(Wishes)))


@dataclass(frozen=True)
class CircleOptions:
    """What ``circles.toml`` in a study folder holds."""

    count: int = DEFAULT_COUNT
    settings: CircleSettings = field(default_factory=CircleSettings)
    wishes: Wishes = field(default_factory=Wishes)


def read_options(path: Path) -> CircleOptions:
    """Read ``circles.toml``; without the file everything has its default.

    Keys: ``count``, every number of ``CircleSettings``, the tables ``[urban]`` and ``[rural]`` with the
    numbers of ``Band``, and ``[wishes]`` with ``pin_hubs``, ``together``, ``apart``, ``forbid``.

    Raises:
        SettingsError: no valid TOML, an unknown key, or a value out of range.

    >>> read_options(Path("no such file")).count
    12
    """
    try:
        raw = tomllib.loads(path.read_text(encoding="utf-8-sig"))
    except FileNotFoundError:
        return CircleOptions()
    except (UnicodeDecodeError, tomllib.TOMLDecodeError) as error:
        raise SettingsError(
            Text(f"{path} 不是 UTF-8 的 TOML 文件: {error}。", f"{path} is not TOML in UTF-8: {error}.")
        ) from None
    count = raw.pop("count", DEFAULT_COUNT)
    if isinstance(count, bool) or not isinstance(count, int) or count < 1:
        raise _wrong(path, "count", count, Text("应为不小于 1 的整数", "should be a whole number, 1 or more"))
    wishes = _wishes(path, raw.pop("wishes", {}))
    bands = {
        name: _numbers(path, name, raw.pop(name, {}), default)
        for name, default in (("urban", URBAN), ("rural", RURAL))
    }
    return CircleOptions(count, _numbers(path, "", raw, CircleSettings(**bands)), wishes)


def _numbers(path: Path, table: str, raw: Any, default: Any) -> Any:
    """Return ``default`` with the numbers that a table of the file sets."""
    if not isinstance(raw, dict):
        raise _wrong(path, table, raw, Text(f"应写成 [{table}] 一节", f"should be a section [{table}]"))
    known = {name: value for name, value in asdict(default).items() if isinstance(value, int | float)}
    for key, value in raw.items():
        where = f"{table}.{key}" if table else key
        if key not in known:
            listed = ", ".join(known)
            raise _wrong(
                path, where, value, Text(f"不认识, 可用的是: {listed}", f"is not known; known are: {listed}")
            )
        if isinstance(value, bool) or not isinstance(value, int | float) or not 0 <= value < 1e12:
            raise _wrong(path, where, value, Text("应为不小于 0 的数字", "should be a number, 0 or more"))
    kinds = {key: type(value) for key, value in known.items()}
    return replace(default, **{key: kinds[key](value) for key, value in raw.items()})


def _wishes(path: Path, raw: Any) -> Wishes:
    if not isinstance(raw, dict) or not set(raw) <= {f.name for f in fields(Wishes)}:
        listed = ", ".join(f.name for f in fields(Wishes))
        raise _wrong(path, "wishes", raw, Text(f"可用的是: {listed}", f"may hold: {listed}"))
    return Wishes(
        pin_hubs=_texts(path, "pin_hubs", raw.get("pin_hubs", [])),
        together=_groups(path, "together", raw.get("together", [])),
        apart=_groups(path, "apart", raw.get("apart", [])),
        forbid=_texts(path, "forbid", raw.get("forbid", [])),
    )


def _groups(path: Path, key: str, raw: Any) -> tuple[tuple[str, ...], ...]:
    if not isinstance(raw, list):
        fix = Text(
            '应为列表的列表, 例如 [["J01", "J02"]]', 'should be a list of lists, such as [["J01", "J02"]]'
        )
        raise _wrong(path, f"wishes.{key}", raw, fix)
    return tuple(_texts(path, key, group) for group in raw)


def _texts(path: Path, key: str, raw: Any) -> tuple[str, ...]:
    if not isinstance(raw, list) or not all(isinstance(item, str) for item in raw):
        raise _wrong(
            path,
            f"wishes.{key}",
            raw,
            Text('应为文字列表, 例如 ["J01", "J02"]', 'should be a list of texts, such as ["J01", "J02"]'),
        )
    return tuple(raw)


def _wrong(path: Path, key: str, value: Any, fix: Text) -> SettingsError:
    return SettingsError(
        Text(f"{path} 中 {key} = {value!r} {fix.zh}。", f"{path}: {key} = {value!r} {fix.en}.")
    )
