"""Answers kept from earlier runs: found only for equal arguments, never wrong, and equal to working afresh."""

import json
import pickle
import shutil
from collections.abc import Callable
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import Any

import geopandas as gpd
import maps_world
import numpy as np
import pandas as pd
import pyogrio
import pytest
import shapely
from hypothesis import given
from hypothesis import strategies as st
from pyproj import CRS
from scipy.sparse import csr_array
from shapely import Point, box
from shapely.affinity import translate
from worlds import write_study

from pujin_geo import reuse
from pujin_geo.analysis import analyse
from pujin_geo.errors import SettingsError, SourceError
from pujin_geo.fingerprints import Fingerprints
from pujin_geo.inputs import Inputs
from pujin_geo.outputs import write_results
from pujin_geo.reuse import Store, cache_folder, kept, reusing
from pujin_geo.sources import reading
from pujin_geo.sources.reading import load_study
from pujin_geo.study import LayerSpec
from pujin_geo.tables import LAYERS
from pujin_geo.texts import Text

CALLS: list[Any] = []


@kept
def doubled(numbers: list[float]) -> list[float]:
    CALLS.append(numbers)
    if not numbers:
        raise SettingsError(Text("空", "empty"))
    return [2 * n for n in numbers]


@pytest.fixture
def store(tmp_path: Path) -> Store:
    CALLS.clear()
    return Store(tmp_path / "cache")


def test_an_answer_is_made_once(store: Store) -> None:
    with reusing(store):
        assert [doubled([1.0]), doubled([1.0]), doubled([2.0])] == [[2.0], [2.0], [4.0]]
    with reusing(Store(store.folder)) as later:
        assert doubled([2.0]) == [4.0]
    assert CALLS == [[1.0], [2.0]]
    (name,) = later.counts()
    assert (store.counts()[name], later.counts()[name]) == (
        {"reused": 1, "made": 2},
        {"reused": 1, "made": 0},
    )


def test_without_a_store_it_is_just_a_function(store: Store) -> None:
    assert [doubled([1.0]), doubled([1.0])] == [[2.0], [2.0]]
    assert len(CALLS) == 2
    assert not store.folder.exists()


def test_fresh_uses_no_answer_but_keeps_it(store: Store) -> None:
    for fresh in (False, True, False):
        with reusing(Store(store.folder, fresh=fresh)):
            doubled([1.0])
    assert len(CALLS) == 2


def test_who_changes_an_answer_changes_it_for_nobody_else(store: Store) -> None:
    with reusing(store):
        doubled([1.0]).append(9.0)
        assert doubled([1.0]) == [2.0]


def test_a_refusal_is_not_kept(store: Store) -> None:
    with reusing(store):
        for _ in range(2):
            with pytest.raises(SettingsError):
                doubled([])
    assert len(CALLS) == 2


@pytest.mark.parametrize(
    "spoil",
    [
        lambda content: b"",
        lambda content: content[:40],
        lambda content: content[:-1],
        lambda content: content[:-1] + bytes([content[-1] ^ 1]),
        lambda content: bytes([content[0] ^ 1]) + content[1:],
        lambda content: pickle.dumps([666.0]),
    ],
    ids=["empty", "half", "short", "bit", "hash", "foreign"],
)
def test_a_damaged_answer_is_made_anew(store: Store, spoil: Callable[[bytes], bytes]) -> None:
    with reusing(store):
        doubled([1.0])
        (entry,) = store.folder.iterdir()
        entry.write_bytes(spoil(entry.read_bytes()))
        assert doubled([1.0]) == [2.0]
        assert doubled([1.0]) == [2.0]
    assert len(CALLS) == 2  # and the sound one has taken its place


def test_a_folder_that_cannot_be_written_costs_nothing_but_time(tmp_path: Path) -> None:
    (tmp_path / "cache").write_text("a file is in the way")
    CALLS.clear()
    with reusing(Store(tmp_path / "cache")):
        assert [doubled([1.0]), doubled([1.0])] == [[2.0], [2.0]]
    assert len(CALLS) == 2


def test_other_code_or_libraries_find_no_answer(
    store: Store, monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    with reusing(store):
        doubled([1.0])
    before = reuse.code_version()
    with monkeypatch.context() as patch:
        patch.setattr(reuse, "library_versions", lambda: {"numpy": "0.0"})
        assert reuse.code_version.__wrapped__() != before
    with monkeypatch.context() as patch:
        (tmp_path / "unheard_of-1.0.dist-info").mkdir()
        patch.syspath_prepend(str(tmp_path))
        assert reuse.code_version.__wrapped__() != before
    assert reuse.code_version.__wrapped__() == before
    with monkeypatch.context() as patch:
        package = Path(shutil.copytree(Path(reuse.__file__).parent, tmp_path / "package"))
        patch.setattr(reuse, "__file__", str(package / "reuse.py"))
        assert reuse.code_version.__wrapped__() == before  # wherever it lies
        template = next((package / "templates").rglob("*.*"))
        template.write_bytes(template.read_bytes() + b" ")
        assert reuse.code_version.__wrapped__() != before
    monkeypatch.setattr(reuse, "code_version", lambda: "another")
    with reusing(Store(store.folder)):
        doubled([1.0])
    assert len(CALLS) == 2


def test_the_oldest_answers_go_first(store: Store) -> None:
    import os  # noqa: PLC0415

    with reusing(store):
        for number in range(4):
            doubled([float(number)])
    ages = [entry for entry in sorted(store.folder.iterdir()) if entry.name != reuse.GROWTH]
    for age, entry in enumerate(ages):
        os.utime(entry, ns=(age, age))
    store.prune(most_bytes=2 * ages[-1].stat().st_size)
    assert sorted(store.folder.iterdir()) == ages[2:]


def test_the_folder_stays_near_its_size_however_many_runs_write_a_little(tmp_path: Path) -> None:
    def bytes_after_a_run(number: int) -> int:
        store = Store(tmp_path)
        store.answer("f", number, lambda: bytes(1000))
        store.close(most_bytes=20_000)
        return sum(entry.stat().st_size for entry in tmp_path.iterdir() if entry.name != reuse.GROWTH)

    sizes = [bytes_after_a_run(number) for number in range(60)]
    assert 20_000 < max(sizes) <= 22_000 + 1_100
    assert Store(tmp_path).answer("f", 59, lambda: b"") == bytes(1000)  # the newest is there


def test_fingerprints_stay_as_they_were_published() -> None:
    values = [
        (None, True, 3, 2.5, "名", b"x", ("a", {"b": 1.0})),
        np.array([[1.0, np.nan]]),
        np.array(["a", None, 1.5, np.nan], dtype=object),
        np.array([Point(0, 1), box(0, 0, 1, 1)]),
    ]
    published = ["b90dae08", "7b380cfe", "83b34ae7", "9a3f6633"]
    assert [Fingerprints().of(one)[:8] for one in values] == published


def test_the_cache_lies_where_the_system_keeps_caches(
    monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    monkeypatch.delenv("PUJIN_GEO_CACHE")
    monkeypatch.setenv("XDG_CACHE_HOME", str(tmp_path))
    monkeypatch.setenv("LOCALAPPDATA", str(tmp_path))
    for platform, expected in (
        ("linux", tmp_path),
        ("win32", tmp_path),
        ("darwin", Path.home() / "Library" / "Caches"),
    ):
        monkeypatch.setattr(reuse.sys, "platform", platform)
        assert cache_folder() == expected / "pujin-geo"


# Fingerprints


def frame(**changes: Any) -> gpd.GeoDataFrame:
    columns = {"name": ["a", ""], "people": [1.0, np.nan], "open": [True, False]} | changes
    return gpd.GeoDataFrame(columns, geometry=[Point(0, 0), box(0, 0, 1, 1)], crs=32651)


DIFFERENT = [
    None, True, 1, 1.0, "1", b"1", "", (), (1,), (1, 2), (12,), ((1,), 2), {"a": 1}, {"a": 2}, {"b": 1}, frozenset({1}),
    Path("1"), np.array([1]), np.array([1.0]), np.array([[1.0]]), np.array(["1"], dtype=object), np.array([Point(1, 1)]),
    np.array([Point(1, 2)]), pd.Series([1.0]), pd.Series([1.0], index=[7]), pd.Series(["1"]), frame(), frame(name=["a", "b"]),
    frame(people=[1.0, 2.0]), frame().to_crs(4326), frame().iloc[:1], frame().iloc[::-1], frame()[["name", "geometry"]],
    csr_array(np.eye(2)), csr_array(np.eye(3)), CRS(4326), CRS(32651), Text("1", "2"), Text("12", ""), LayerSpec(Path("1")),
    pd.DataFrame({"a": [1]}), pd.DataFrame({"b": [1]}), pd.DataFrame({"a": [1.0]}), pd.DataFrame({"a": [None]}, dtype="str"),
    pd.DataFrame({"a": [None]}, dtype=object), pd.Series([1.0], name="a"), gpd.GeoSeries([Point(1, 1)]),
    gpd.GeoSeries([Point(1, 1)], crs=4326), pd.DataFrame(frame()), pd.Series(["1"], dtype=object), pd.MultiIndex.from_tuples([("a", 1)]),
]  # fmt: skip


def test_different_contents_have_different_fingerprints() -> None:
    take = Fingerprints()
    assert len({take.of(one) for one in DIFFERENT}) == len(DIFFERENT)


def test_equal_contents_have_equal_fingerprints_whatever_the_object() -> None:
    one, other = Fingerprints(), Fingerprints()
    assert [one.of(v) for v in DIFFERENT] == [other.of(pickle.loads(pickle.dumps(v))) for v in DIFFERENT]


@given(parts=st.lists(st.text(max_size=3), max_size=4), cut=st.integers(0, 8))
def test_texts_do_not_run_into_each_other(parts: list[str], cut: int) -> None:
    joined = "".join(parts)
    other = [joined[:cut], joined[cut:]]
    assert (Fingerprints().of(parts) == Fingerprints().of(other)) == (parts == other)


def test_what_nobody_can_vouch_for_is_refused() -> None:
    for value in (object(), lambda: 0, np.array([object()])):
        with pytest.raises(TypeError):
            Fingerprints().of(value)


# The whole way


@dataclass(frozen=True)
class Run:
    inputs: Inputs
    lang: str = "zh"
    include_planned: bool = False


def first() -> Run:
    inputs = maps_world.inputs(circles=maps_world.two_circles(), spaces=spaces(), problems=())
    layers = {name: LayerSpec(Path(name)) for name in LAYERS if len(inputs.layer(name))}
    study = replace(inputs.study, layers=layers, profile="catalogue.csv")
    return Run(replace(inputs, study=study))


def spaces() -> gpd.GeoDataFrame:
    corner = maps_world.X0, maps_world.Y0
    rows = [
        {"geometry": Point(corner[0] + 333 * n, corner[1] + 250 * n), "space_id": f"S{n}", "name": f"空间{n}", "area_m2": 400.0 * n}
        for n in (1, 2, 3)
    ]  # fmt: skip
    return maps_world.layer("spaces", rows)


def changed(run: Run, kind: str, random: np.random.Generator) -> Run:
    """Return the run with one random change of a kind."""
    inputs = run.inputs

    def pick(layer: str) -> int:
        return int(random.integers(len(inputs.layer(layer))))

    def with_cell(layer: str, column: str, value: Any) -> Run:
        table = inputs.layer(layer).copy()
        table.loc[pick(layer), column] = value
        return replace(run, inputs=replace(inputs, **{layer: table}))

    def moved(layer: str, dx: float, dy: float) -> Run:
        row = pick(layer)
        return replace(run, inputs=replace(inputs, **{layer: shifted(inputs.layer(layer), row, dx, dy)}))

    def setting(**values: Any) -> Run:
        study = replace(inputs.study, settings=replace(inputs.study.settings, **values))
        return replace(run, inputs=replace(inputs, study=study))

    def without(layer: str) -> Run:
        table = inputs.layer(layer).drop(index=pick(layer)).reset_index(drop=True)
        return replace(run, inputs=replace(inputs, **{layer: table}))

    def threshold() -> Run:
        catalogue = inputs.catalogue.copy()
        catalogue.loc[catalogue["threshold_urban_m"].notna(), "threshold_urban_m"] += float(
            random.integers(1, 200)
        )
        return replace(run, inputs=replace(inputs, catalogue=catalogue))

    def drawn() -> Run:
        table = inputs.facilities
        geometry = table.geometry.to_numpy().copy()
        geometry[pick("facilities")] = geometry[pick("facilities")].buffer(15)
        facilities = table.set_geometry(gpd.GeoSeries(geometry, crs=table.crs))
        return replace(run, inputs=replace(inputs, facilities=facilities))

    def type_renamed() -> Run:
        catalogue = inputs.catalogue.copy()
        catalogue.loc[int(random.integers(len(catalogue))), "name_zh"] += "新"
        return replace(run, inputs=replace(inputs, catalogue=catalogue))

    changes: dict[str, Callable[[], Run]] = {
        "facility moved": lambda: moved("facilities", 130.0, -70.0),
        "facility renamed": lambda: with_cell("facilities", "name", "=新名称"),
        "facility closed": lambda: with_cell("facilities", "status", "closed"),
        "facility planned": lambda: with_cell("facilities", "status", "planned"),
        "facility gone": lambda: without("facilities"),
        "facility drawn": drawn,
        "type renamed": type_renamed,
        "water": lambda: moved("water", 40.0, 10.0),
        "residents": lambda: with_cell("residents", "population", float(random.integers(1, 999))),
        "street gone": lambda: without("streets"),
        "circle": lambda: moved("circles", 90.0, 0.0),
        "space": lambda: with_cell("spaces", "area_m2", 90.0),
        "setting": lambda: setting(max_snap_m=float(random.integers(20, 140))),
        "thresholds": threshold,
        "language": lambda: replace(run, lang="en" if run.lang == "zh" else "zh"),
        "include": lambda: replace(run, include_planned=not run.include_planned),
    }
    return changes[kind]()


def shifted(table: gpd.GeoDataFrame, row: int, dx: float, dy: float) -> gpd.GeoDataFrame:
    geometry = table.geometry.to_numpy().copy()
    geometry[row] = translate(geometry[row], dx, dy)
    return table.set_geometry(gpd.GeoSeries(geometry, crs=table.crs))


def write(run: Run, study: Path, out: Path) -> None:
    inputs = load_study(study)
    lang: Any = run.lang
    write_results(analyse(inputs, lang=lang, include_planned=run.include_planned), out)


def content(out: Path) -> dict[str, Any]:
    """Return everything that a run wrote, without what may differ: seconds, and what was reused."""
    found: dict[str, Any] = {}
    for path in sorted(out.rglob("*")):
        name = path.relative_to(out).as_posix()
        if path.name == "manifest.json":
            manifest = json.loads(path.read_text(encoding="utf-8"))
            found[name] = {k: v for k, v in manifest.items() if k not in ("seconds", "reused", "files")}
            found["listed"] = [
                (f["file"], f["sha256"]) for f in manifest["files"] if not f["file"].endswith(".gpkg")
            ]
        elif path.suffix == ".gpkg":
            for layer, _ in pyogrio.list_layers(path):
                table = pyogrio.read_dataframe(path, layer=layer)
                found[f"{name}/{layer}"] = table.to_wkb().to_csv()
        elif path.is_file():
            found[name] = path.read_bytes()
    return found


STEPS = (
    (),
    ("facility moved",),
    ("facility renamed", "residents", "language"),
    ("street gone", "facility closed", "facility planned"),
    ("circle", "include", "thresholds", "type renamed"),
    ("facility gone", "space", "setting", "water"),
    ("facility drawn",),
)


def test_whatever_changes_a_run_is_as_if_nothing_had_been_kept(tmp_path: Path) -> None:
    # Layers that are the same are files of the same bytes.
    pyogrio.set_gdal_config_options({"OGR_CURRENT_DATE": "2000-01-01T00:00:00.000Z"})
    random = np.random.default_rng(20261126)
    run = first()
    for kinds in STEPS:
        for kind in kinds:
            run = changed(run, kind, random)
        shutil.rmtree(tmp_path / "study", ignore_errors=True)
        study = write_study(run.inputs, tmp_path / "study")
        with reusing(Store(tmp_path / "cache")) as store:
            write(run, study, tmp_path / "kept")
        if not kinds:
            continue  # nothing is kept yet
        write(run, study, tmp_path / "fresh")
        assert content(tmp_path / "kept") == content(tmp_path / "fresh"), kinds
        manifest = json.loads((tmp_path / "kept" / "manifest.json").read_text(encoding="utf-8"))
        assert manifest["reused"] == store.counts()
        assert sum(store.reused.values()) >= 8  # or it says little


def test_a_file_changed_while_it_is_read_is_refused(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    study = write_study(first().inputs, tmp_path / "study")
    real = reading.read_draft

    def meanwhile(*args: Any, **options: Any) -> Any:
        draft = real(*args, **options)
        with (study / "streets.gpkg").open("ab") as file:
            file.write(b"saved again")
        return draft

    monkeypatch.setattr(reading, "read_draft", meanwhile)
    with reusing(Store(tmp_path / "cache")), pytest.raises(SourceError, match="在读入时被改动"):
        load_study(study)


def test_a_copy_of_a_study_is_known_by_its_content_and_another_datum_is_not(tmp_path: Path) -> None:
    name = "sources.reading._accept_layer"
    first_study = write_study(first().inputs, tmp_path / "study")
    with reusing(Store(tmp_path / "cache")):
        inputs = load_study(first_study)
    copy = Path(shutil.copytree(first_study, tmp_path / "elsewhere" / "copy"))
    with reusing(Store(tmp_path / "cache")) as store:
        copied = load_study(copy)
    assert store.counts()[name] == {"reused": len(inputs.study.layers), "made": 0}
    assert copied.facilities.equals(inputs.facilities)
    assert copied.files == inputs.files
    study = (copy / "study.toml").read_text(encoding="utf-8")
    (copy / "study.toml").write_text(
        study.replace("[layers.facilities]", '[layers.facilities]\ndatum = "EPSG:32650"'), encoding="utf-8"
    )
    # Read anew, and found to contradict the file.
    with reusing(Store(tmp_path / "cache")), pytest.raises(SourceError, match="两者不符"):
        load_study(copy)


@dataclass(frozen=True)
class Named:
    name: str
    where: Path = field(compare=False)


def test_a_field_that_is_not_compared_does_not_count() -> None:
    take = Fingerprints()
    assert take.of(Named("a", Path("x"))) == take.of(Named("a", Path("y"))) != take.of(Named("b", Path("x")))


def test_shapely_geometries_survive_keeping() -> None:
    line = shapely.from_wkt("LINESTRING (0.1 0.2, 1e6 3.123456789012345)")
    assert shapely.equals_exact(pickle.loads(pickle.dumps(line)), line, tolerance=0)
