"""A study folder's ``study.toml``: what the data are, where they lie, and the settings of the analysis."""

import json
import tomllib
from dataclasses import dataclass, field, fields
from pathlib import Path
from typing import Any

from pyproj import CRS
from pyproj.exceptions import CRSError

from .errors import SettingsError
from .tables import LAYERS, REGISTERS
from .texts import Lang, Text

TOP_KEYS = ("name", "crs", "profile", "data_date", "synthetic", "lang", "include", "layers", "settings")
LAYER_KEYS = ("path", "datum", "columns", "layer", "sheet")


@dataclass(frozen=True)
class LayerSpec:
    """Where one layer lies and how to read it; ``columns`` maps canonical names to those in the file."""

    path: Path
    datum: str | None = None
    columns: dict[str, str] = field(default_factory=dict)
    layer: str | None = None
    sheet: str | None = None


@dataclass(frozen=True)
class Settings:
    """Settings of the analysis, each with its unit and default.

    Attributes:
        max_snap_m: farthest straight walk from a point to the nearest walkable line, metres.
        join_tolerance_m: a line end this near to another line is joined to it, metres.
        join_crossings: lines that cross without a shared vertex meet (for plain centre-line drawings).
        surveyed: facility types that were searched for when the data were made: ``present`` (those in
            the facilities layer), ``all`` (every type of the catalogue) or a tuple of types.
        smallest_count_shown: in pages and lists that are handed out, counts of people above 0 and below this
            read "<5"; 0 shows every count.
    """

    max_snap_m: float = 150.0
    join_tolerance_m: float = 0.5
    join_crossings: bool = False
    surveyed: str | tuple[str, ...] = "present"
    smallest_count_shown: int = 5


@dataclass(frozen=True)
class Study:
    """A study folder, read and checked; the layers' files are not opened yet.

    ``lang`` and ``include_planned`` are how it is run unless the command says otherwise.
    """

    folder: Path
    name: str
    crs: CRS
    profile: str
    data_date: str
    synthetic: bool
    layers: dict[str, LayerSpec]
    settings: Settings
    lang: Lang = "zh"
    include_planned: bool = False


def read_study(folder: Path) -> Study:
    """Read ``study.toml`` in a folder.

    Raises:
        SettingsError: the folder or file is missing, or a key is unknown, absent or out of range.
    """
    path = folder / "study.toml"
    if not folder.is_dir():
        beside = ", ".join(str(one) for one in _studies_beside(folder))
        zh, en = (f"; 旁边有: {beside}", f"; beside it there are: {beside}") if beside else ("", "")
        raise SettingsError(
            Text(
                f"找不到研究文件夹 {folder}, 请检查路径{zh}。",
                f"There is no study folder {folder}; check the path{en}.",
            )
        )
    try:
        raw = tomllib.loads(path.read_text(encoding="utf-8-sig"))
    except FileNotFoundError:
        raise SettingsError(
            Text(
                f"{folder} 中没有 study.toml, 它不是研究文件夹; 可参照 geodata/pujin/study.toml 新建。",
                f"{folder} has no study.toml, so it is not a study folder; see geodata/pujin/study.toml for a model.",
            )
        ) from None
    except UnicodeDecodeError:
        raise SettingsError(
            Text(f"{path} 不是 UTF-8 编码, 请另存为 UTF-8。", f"{path} is not UTF-8; save it as UTF-8.")
        ) from None
    except tomllib.TOMLDecodeError as error:
        raise SettingsError(
            Text(f"{path} 不符合 TOML 语法: {error}。", f"{path} is not valid TOML: {error}.")
        ) from None
    return _study(folder, path, raw)


def _studies_beside(folder: Path) -> list[Path]:
    return sorted(path.parent for path in folder.parent.glob("*/study.toml"))


def _study(folder: Path, path: Path, raw: dict[str, Any]) -> Study:
    _refuse_unknown(path, raw, TOP_KEYS, "")
    for key in ("name", "crs"):
        if not isinstance(raw.get(key), str) or not raw[key].strip():
            raise SettingsError(
                Text(f"{path} 缺少 {key} (文字)。", f"{path} lacks {key} (a text in quotes).")
            )
    return Study(
        folder=folder,
        name=raw["name"].strip(),
        crs=_crs(path, raw["crs"]),
        profile=_typed(path, raw, "profile", str, "shanghai"),
        data_date=str(raw.get("data_date", "")),
        synthetic=_typed(path, raw, "synthetic", bool, False),
        layers=_layers(folder, path, _typed(path, raw, "layers", dict, {})),
        settings=_settings(path, _typed(path, raw, "settings", dict, {})),
        lang="en" if _one_of(path, raw, "lang", ("zh", "en")) == "en" else "zh",
        include_planned=_one_of(path, raw, "include", ("", "planned")) == "planned",
    )


def _one_of(path: Path, raw: dict[str, Any], key: str, known: tuple[str, ...]) -> str:
    value = raw.get(key, known[0])
    if value not in known:
        listed = ", ".join(f'"{one}"' for one in known)
        raise SettingsError(
            Text(
                f"{path} 中 {key} = {value!r} 不认识; 可用的是: {listed}。",
                f"{path}: {key} = {value!r} is not known; known are: {listed}.",
            )
        )
    return str(value)


def _refuse_unknown(path: Path, raw: dict[str, Any], known: tuple[str, ...], where: str) -> None:
    for key in raw:
        if key not in known:
            listed = ", ".join(known)
            raise SettingsError(
                Text(
                    f"{path} {where}中有不认识的项 {key}; 可用的是: {listed}。",
                    f"{path} {where}has the unknown key {key}; known are: {listed}.",
                )
            )


def _typed(path: Path, raw: dict[str, Any], key: str, kind: type, default: Any) -> Any:
    value = raw.get(key, default)
    if not isinstance(value, kind):
        expected = {
            str: ("文字", "a text"),
            bool: ("true 或 false", "true or false"),
            dict: ("一个表", "a table"),
        }
        zh, en = expected[kind]
        raise SettingsError(
            Text(f"{path} 中 {key} = {value!r} 应为{zh}。", f"{path}: {key} = {value!r} should be {en}.")
        )
    return value


def _crs(path: Path, value: str) -> CRS:
    try:
        crs = CRS.from_user_input(value)
    except CRSError:
        raise SettingsError(
            Text(
                f'{path} 中 crs = "{value}" 无法识别; 上海可用 "EPSG:32651"。',
                f'{path}: crs = "{value}" is not known; for Shanghai use "EPSG:32651".',
            )
        ) from None
    if not crs.is_projected or any(axis.unit_name != "metre" for axis in crs.axis_info):
        raise SettingsError(
            Text(
                f'{path} 中 crs = "{value}" 不是以米为单位的投影坐标系, 长度无法计算; 上海可用 "EPSG:32651"。',
                f'{path}: crs = "{value}" is not a projected system in metres, so lengths cannot be measured; '
                'for Shanghai use "EPSG:32651".',
            )
        )
    return crs


def _layers(folder: Path, path: Path, raw: dict[str, Any]) -> dict[str, LayerSpec]:
    known = {**LAYERS, **REGISTERS}
    _refuse_unknown(path, raw, tuple(known), "[layers] ")
    specs = {}
    for name, entry in raw.items():
        where = f"[layers.{name}] "
        if not isinstance(entry, dict) or not isinstance(entry.get("path"), str):
            raise SettingsError(
                Text(f'{path} {where}缺少 path = "文件名"。', f'{path} {where}lacks path = "file name".')
            )
        _refuse_unknown(path, entry, LAYER_KEYS, where)
        columns = _typed(path, entry, "columns", dict, {})
        allowed = (*known[name].column_names(), "lon", "lat", "x", "y", "geometry")
        _refuse_unknown(path, columns, allowed, f"{where}columns ")
        specs[name] = LayerSpec(
            path=folder / entry["path"],
            datum=None if "datum" not in entry else str(entry["datum"]),
            columns={canonical: str(header) for canonical, header in columns.items()},
            layer=None if "layer" not in entry else str(entry["layer"]),
            sheet=None if "sheet" not in entry else str(entry["sheet"]),
        )
    return specs


def _settings(path: Path, raw: dict[str, Any]) -> Settings:
    _refuse_unknown(path, raw, tuple(f.name for f in fields(Settings)), "[settings] ")
    values = dict(raw)
    for key in ("max_snap_m", "join_tolerance_m"):
        if key not in values:
            continue
        number = values[key]
        if isinstance(number, bool) or not isinstance(number, int | float) or not 0 <= number < 1e6:
            raise SettingsError(
                Text(
                    f"{path} [settings] {key} = {number!r} 应为不小于 0 的米数。",
                    f"{path} [settings] {key} = {number!r} should be metres, 0 or more.",
                )
            )
        values[key] = float(number)
    _typed(path, values, "join_crossings", bool, False)
    smallest = values.get("smallest_count_shown", 0)
    if isinstance(smallest, bool) or not isinstance(smallest, int) or not 0 <= smallest <= 1000:
        raise SettingsError(
            Text(
                f"{path} [settings] smallest_count_shown = {smallest!r} 应为 0 到 1000 的整数 (人)。",
                f"{path} [settings] smallest_count_shown = {smallest!r} should be a whole number of people, 0 to 1000.",
            )
        )
    if "surveyed" in values:
        values["surveyed"] = _surveyed(path, values["surveyed"])
    return Settings(**values)


def _surveyed(path: Path, value: Any) -> str | tuple[str, ...]:
    if value in ("present", "all"):
        return str(value)
    if isinstance(value, list) and all(isinstance(item, str) for item in value):
        return tuple(value)
    raise SettingsError(
        Text(
            f'{path} [settings] surveyed = {value!r} 应为 "present"、"all" 或设施类型列表。',
            f'{path} [settings] surveyed = {value!r} should be "present", "all" or a list of facility types.',
        )
    )


def study_toml(study: Study) -> str:
    """Return the text of a ``study.toml`` that reads back as the same study.

    Layer paths are written relative to the study's folder.

    >>> from pathlib import Path
    >>> study = Study(Path("."), "示例", CRS("EPSG:32651"), "shanghai", "", False,
    ...     {"streets": LayerSpec(Path("streets.parquet"))}, Settings())
    >>> print(study_toml(study).splitlines()[0])
    name = "示例"
    """
    epsg = study.crs.to_epsg()
    lines = [
        f"name = {_toml(study.name)}",
        f"crs = {_toml(f'EPSG:{epsg}' if epsg else study.crs.to_wkt())}",
        f"profile = {_toml(study.profile)}",
        *([f"data_date = {_toml(study.data_date)}"] if study.data_date else []),
        f"synthetic = {_toml(study.synthetic)}",
        *([f"lang = {_toml(study.lang)}"] if study.lang != "zh" else []),
        *(['include = "planned"'] if study.include_planned else []),
    ]
    for name, spec in study.layers.items():
        path = spec.path.relative_to(study.folder) if spec.path.is_relative_to(study.folder) else spec.path
        lines += ["", f"[layers.{name}]", f"path = {_toml(path.as_posix())}"]
        lines += [
            f"{key} = {_toml(value)}"
            for key, value in (("datum", spec.datum), ("layer", spec.layer), ("sheet", spec.sheet))
            if value is not None
        ]
        if spec.columns:
            pairs = ", ".join(f"{key} = {_toml(value)}" for key, value in spec.columns.items())
            lines.append(f"columns = {{ {pairs} }}")
    lines += ["", "[settings]"]
    lines += [f"{f.name} = {_toml(getattr(study.settings, f.name))}" for f in fields(Settings)]
    return "\n".join(lines) + "\n"


def _toml(value: str | bool | float | tuple[str, ...]) -> str:
    if isinstance(value, tuple):
        return "[" + ", ".join(_toml(item) for item in value) + "]"
    if isinstance(value, str):
        # A JSON string is a TOML basic string, but for the delete character.
        return json.dumps(value, ensure_ascii=False).replace("\x7f", "\\u007f")
    return json.dumps(value)
