import csv
import io
import math
from importlib.resources import files
from pathlib import Path

import pandas as pd
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from pujin_geo.catalogue import (
    COLUMNS,
    PROFILES,
    REQUIRED,
    VALUES,
    confidence_names,
    edited_types,
    group_columns,
    is_uncertain,
    normalise,
    read_catalogue,
    suitability_names,
    type_lookup,
    uncertain_types,
)
from pujin_geo.errors import SettingsError
from pujin_geo.tables import AGE_GROUPS

MUST_HAVES = [
    "hub",
    "party_station",
    "wet_market",
    "fresh_super",
    "convenience",
    "pharmacy",
    "bus_stop",
    "job_station",
    "park_10",
    "pocket_park",
    "nursery",
    "kindergarten",
    "primary",
    "junior",
    "culture_centre",
    "culture_room",
    "health_centre",
    "health_station",
    "elder_hub",
    "day_care",
    "meal_point",
    "court",
    "fitness_point",
]
THRESHOLD_COLUMNS = [c for c in COLUMNS if c.startswith("threshold_")]


def shipped(profile: str) -> pd.DataFrame:
    return read_catalogue(profile, folder=Path("/nowhere"))


def row(catalogue: pd.DataFrame, facility_type: str) -> pd.Series:
    return catalogue.set_index("facility_type").loc[facility_type]


def raw_rows(profile: str = "shanghai") -> list[dict[str, str]]:
    text = (files("pujin_geo") / "profiles" / f"{profile}.csv").read_text(encoding="utf-8-sig")
    return list(csv.DictReader(io.StringIO(text)))


def find(rows: list[dict[str, str]], facility_type: str) -> dict[str, str]:
    return next(r for r in rows if r["facility_type"] == facility_type)


def save(folder: Path, rows: list[dict[str, str]], encoding: str = "gbk") -> str:
    with (folder / "rules.csv").open("w", encoding=encoding, newline="") as file:
        writer = csv.DictWriter(file, rows[0])
        writer.writeheader()
        writer.writerows(rows)
    return "rules.csv"


def refusal(folder: Path, rows: list[dict[str, str]]) -> str:
    with pytest.raises(SettingsError) as error:
        read_catalogue(save(folder, rows), folder=folder)
    assert error.value.of("en")
    return error.value.of("zh")


# The shipped profiles


@pytest.mark.parametrize("profile", PROFILES)
def test_all_types(profile):
    catalogue = shipped(profile)
    assert len(catalogue) == 55
    assert catalogue.columns.tolist() == list(COLUMNS)
    assert catalogue.index.tolist() == list(range(55))
    assert catalogue["facility_type"].is_unique
    # the file is in the official order of the suitabilities
    assert catalogue["suitability"].drop_duplicates().tolist() == list(suitability_names)
    assert catalogue["suitability"].value_counts().to_dict() == {
        "livable": 18,
        "workable": 5,
        "leisure": 7,
        "learning": 10,
        "caring": 15,
    }


def test_profiles_differ_in_thresholds_only():
    shanghai, gb = (shipped(p).drop(columns=THRESHOLD_COLUMNS) for p in PROFILES)
    pd.testing.assert_frame_equal(shanghai, gb)


@pytest.mark.parametrize("profile", PROFILES)
def test_must_haves(profile):
    catalogue = shipped(profile)
    assert catalogue.loc[catalogue["must_have"] == "yes", "facility_type"].tolist() == MUST_HAVES
    assert len(MUST_HAVES) == 23


@pytest.mark.parametrize(
    ("facility_type", "shanghai", "gb50180"),
    [
        # type, (metres, confidence) in each profile
        ("hub", (1000, "V2"), (1000, "U")),
        ("party_station", (500, "U"), (300, "M")),
        ("affairs", (1000, "U"), (None, "")),
        ("remote_kiosk", (500, "U"), (None, "")),
        ("wet_market", (500, "D"), (500, "M")),
        ("waste", (70, "M"), (70, "M")),
        ("parking_ev", (300, "U"), (None, "")),
        ("metro", (800, "V2"), (800, "M")),
        ("rental", (600, "V2"), (1000, "U")),
        ("rural_work", (None, ""), (None, "")),
        ("country_park", (None, ""), (None, "")),
        ("pocket_park", (300, "V"), (300, "U")),
        ("greenway", (800, "U"), (1000, "U")),
        ("nursery", (500, "U"), (300, "M")),
        ("kindergarten", (300, "V2"), (300, "V2")),
        ("primary", (500, "V2"), (500, "V2")),
        ("health_station", (500, "V2"), (300, "M")),
        ("day_care", (500, "U"), (300, "M")),
        ("pharmacy", (500, "U"), (500, "U")),
        ("elder_room", (300, "U"), (300, "U")),
    ],
)
def test_thresholds_by_hand(facility_type, shanghai, gb50180):
    for profile, (metres, confidence) in zip(PROFILES, (shanghai, gb50180), strict=True):
        found = row(shipped(profile), facility_type)
        if metres is None:
            assert math.isnan(found["threshold_urban_m"])
        else:
            assert found["threshold_urban_m"] == metres
        assert found["threshold_confidence"] == confidence


def test_other_values_by_hand():
    catalogue = shipped("shanghai")
    wet_market = row(catalogue, "wet_market")
    assert wet_market["quota_amount"] == 1
    assert (wet_market["quota_unit"], wet_market["quota_per"]) == ("site", "25000")
    assert wet_market["quota_confidence"] == "U"
    assert (wet_market["min_area_m2"], wet_market["min_area_confidence"]) == (1500, "V2")
    assert row(catalogue, "nursery")["quota_amount"] == 4.5
    assert row(catalogue, "canteen")["population_group"] == "all;60+;16-59"
    assert row(catalogue, "canteen")["suitability_disputed"] == "caring"
    assert row(catalogue, "junior")["population_group"] == "11-15"
    land = catalogue.loc[catalogue["min_area_is_land"] == "yes", "facility_type"]
    assert land.tolist() == ["park_15", "park_10", "pocket_park", "plaza", "court", "fitness_point"]


@pytest.mark.parametrize("profile", PROFILES)
def test_every_value_has_its_source_and_mark(profile):
    catalogue = shipped(profile)
    for value, columns in VALUES.items():
        shown = catalogue[list(columns)].replace({"": None, "no": None}).notna().any(axis=1)
        for part in ("source", "confidence"):
            filled = catalogue[f"{value}_{part}"] != ""
            assert (filled == shown).all(), (value, part)
        assert set(catalogue[f"{value}_confidence"]) <= {"", *confidence_names} - {"user"}


@pytest.mark.parametrize("profile", PROFILES)
def test_scope_decides_which_thresholds_there_are(profile):
    catalogue = shipped(profile)
    urban, rural, both = (catalogue[catalogue["scope"] == s] for s in ("urban", "rural", "both"))
    assert urban["threshold_rural_m"].isna().all()
    assert rural["threshold_urban_m"].isna().all()
    assert both["threshold_rural_m"].equals(both["threshold_urban_m"])
    assert len(both) == 17


def test_blank_radius_of_the_national_code_falls_back_to_its_level():
    gb, raw = shipped("gb50180"), raw_rows("gb50180")
    fallback = gb[gb["threshold_source"] == "GB级别默认值"]
    assert len(fallback) == 31
    assert (fallback["threshold_confidence"] == "U").all()
    metres = fallback["level"].map({"5": 300.0, "10": 500.0, "15": 1000.0})
    assert (fallback["threshold_urban_m"] == metres).all()
    # the fall-back stands in the file, where a planner sees it
    assert find(raw, "hub")["threshold_urban_m"] == "1000"


@pytest.mark.parametrize("profile", PROFILES)
def test_names_are_unique_and_found(profile):
    catalogue = shipped(profile)
    lookup = type_lookup(catalogue)
    assert set(lookup.values()) == set(catalogue["facility_type"])
    for name, facility_type in {
        "wet_market": "wet_market",
        "菜市场": "wet_market",
        "菜场": "wet_market",
        "农贸市场": "wet_market",
        "菜市场/室内菜场": "wet_market",
        "日间照料": "day_care",
        "助餐": "meal_point",
        "助餐点": "meal_point",
        "长者食堂": "meal_point",
        "社区食堂": "canteen",
        "邻里中心": "hub",
        "党群服务中心": "hub",
        "党群服务站": "party_station",
        "宝宝屋": "nursery",
        "托育": "nursery",
        "社区卫生中心": "health_centre",
        "村卫生室": "health_station",
        " Bus  Stop ": "bus_stop",
        "社区公园（10分钟）": "park_10",
        "综合公园": "park_15",
    }.items():
        assert lookup[normalise(name)] == facility_type, name


@pytest.mark.parametrize("profile", PROFILES)
def test_files_open_in_a_chinese_excel(profile):
    data = (files("pujin_geo") / "profiles" / f"{profile}.csv").read_bytes()
    assert data.startswith(b"\xef\xbb\xbf")
    data.decode("utf-8-sig").encode("gbk")  # what Excel saves as "CSV" in a Chinese Windows
    for record in raw_rows(profile):
        # Excel would turn 3-6 into a date, and a leading = + - @ into a formula
        assert "-" not in record["population_group"] or "岁" in record["population_group"]
        assert not any(cell.startswith(("=", "+", "-", "@")) for cell in record.values())


def test_no_two_calls_share_a_frame():
    mine = shipped("shanghai")
    mine.loc[:, "threshold_urban_m"] = 1.0
    assert row(shipped("shanghai"), "hub")["threshold_urban_m"] == 1000


# Marks and groups


def test_uncertain_types():
    uncertain = uncertain_types(shipped("shanghai"))
    assert "canteen" in uncertain  # U
    assert "waste" in uncertain  # M
    assert not {"kindergarten", "wet_market", "pocket_park", "heritage"} & set(uncertain)
    assert [m for m in confidence_names if is_uncertain(m)] == ["M", "U"]


@pytest.mark.parametrize(
    ("group", "columns"),
    [
        ("all", None),
        ("all;60+", None),
        ("60+;all;80+", None),
        ("60+;80+", ("pop_60_plus",)),
        ("80+;60+", ("pop_60_plus",)),
        ("80+", ("pop_80_plus",)),
        ("0-3;3-6", ("pop_0_3", "pop_3_6")),
        ("3-6;0-3;3-6", ("pop_0_3", "pop_3_6")),
        ("6-11;11-15;16-59", ("pop_6_11", "pop_11_15", "pop_16_59")),
        ("", None),
        ("3-6岁；80+", ("pop_3_6", "pop_80_plus")),
    ],
)
def test_group_columns(group, columns):
    assert group_columns(group) == columns


def test_unknown_group_is_refused():
    with pytest.raises(SettingsError, match="70"):
        group_columns("60+;70+")


@given(st.lists(st.sampled_from(list(AGE_GROUPS)), min_size=1))
@settings(deadline=None)
def test_group_columns_never_count_a_person_twice(codes):
    columns = group_columns(";".join(codes))
    assert columns is not None
    assert len(set(columns)) == len(columns)
    assert not {"pop_60_plus", "pop_80_plus"} <= set(columns)
    assert set(columns) <= {AGE_GROUPS[c] for c in codes}


@given(st.text())
@settings(deadline=None)
def test_normalise_is_stable(text):
    once = normalise(text)
    assert normalise(f" {text}-") == once
    assert normalise(once) == once


# A planner's own file


@pytest.mark.parametrize("profile", PROFILES)
@pytest.mark.parametrize("encoding", ["gbk", "utf-8", "utf-8-sig"])
def test_an_unchanged_copy_reads_the_same(tmp_path, profile, encoding):
    name = save(tmp_path, raw_rows(profile), encoding)
    copied = read_catalogue(name, folder=tmp_path)
    pd.testing.assert_frame_equal(copied, shipped(profile))
    assert edited_types(copied) == ()


def test_a_planners_edit_saved_by_a_chinese_excel(tmp_path):
    rows = raw_rows()
    find(rows, "canteen")["threshold_urban_m"] = "800"
    find(rows, "canteen")["suitability"] = "宜养"
    find(rows, "meal_point")["threshold_rural_m"] = "1,000"
    find(rows, "court")["must_have"] = "否"
    name = save(tmp_path, rows, "gbk")
    catalogue = read_catalogue(name, folder=tmp_path)

    canteen = row(catalogue, "canteen")
    assert canteen["threshold_urban_m"] == 800
    assert (canteen["threshold_source"], canteen["threshold_confidence"]) == ("user", "user")
    assert canteen["suitability"] == "caring"
    assert canteen["classification_confidence"] == "user"
    assert canteen["min_area_confidence"] == "V2"  # not touched
    meal_point = row(catalogue, "meal_point")
    assert (meal_point["threshold_urban_m"], meal_point["threshold_rural_m"]) == (500, 1000)
    assert meal_point["threshold_source"] == "user"
    assert edited_types(catalogue) == ("canteen", "meal_point", "court")
    assert "canteen" not in uncertain_types(catalogue)

    others = ~catalogue["facility_type"].isin(["canteen", "meal_point", "court"])
    pd.testing.assert_frame_equal(catalogue[others], shipped("shanghai")[others])


def test_an_edit_is_measured_against_the_profile_it_was_made_from(tmp_path):
    rows = raw_rows("gb50180")
    find(rows, "day_care")["threshold_urban_m"] = "500"  # the value of the other profile
    catalogue = read_catalogue(save(tmp_path, rows), folder=tmp_path)
    assert edited_types(catalogue) == ("day_care",)
    assert row(catalogue, "day_care")["threshold_source"] == "user"
    assert row(catalogue, "day_care")["threshold_clause"] == ""


def test_a_rural_threshold_follows_an_edited_urban_one(tmp_path):
    rows = raw_rows()
    find(rows, "convenience")["threshold_urban_m"] = "400"
    assert (
        row(read_catalogue(save(tmp_path, rows), folder=tmp_path), "convenience")["threshold_rural_m"] == 400
    )


def test_a_planners_source_is_kept_beside_user(tmp_path):
    rows = raw_rows()
    find(rows, "canteen").update(
        threshold_urban_m="600", threshold_source="区民政局通知", threshold_clause="第3条"
    )
    canteen = row(read_catalogue(save(tmp_path, rows), folder=tmp_path), "canteen")
    assert canteen["threshold_source"] == "user: 区民政局通知"
    assert canteen["threshold_clause"] == "第3条"
    assert canteen["threshold_confidence"] == "user"


def test_a_removed_threshold_is_an_edit(tmp_path):
    rows = raw_rows()
    find(rows, "rental")["threshold_urban_m"] = "—"
    rental = row(read_catalogue(save(tmp_path, rows), folder=tmp_path), "rental")
    assert math.isnan(rental["threshold_urban_m"])
    assert rental["threshold_confidence"] == "user"


def test_a_verified_value_may_get_a_better_mark(tmp_path):
    rows = raw_rows()
    find(rows, "waste").update(threshold_confidence="v", threshold_clause="表C.0.3")
    waste = row(read_catalogue(save(tmp_path, rows), folder=tmp_path), "waste")
    assert (waste["threshold_confidence"], waste["threshold_clause"]) == ("V", "表C.0.3")
    assert waste["threshold_source"] == "GB 50180-2018"


def test_a_new_type_needs_the_required_columns_only(tmp_path):
    new = dict.fromkeys(REQUIRED, "") | {
        "facility_type": "dog_run",
        "name_zh": "宠物乐园",
        "suitability": "宜游",
        "class": "品质提升类",
        "scope": "城乡",
        "level": "10",
        "threshold_urban_m": "５００",
        "must_have": "否",
    }
    catalogue = read_catalogue(save(tmp_path, [new]), folder=tmp_path)
    dog_run = catalogue.loc[0]
    assert dog_run["suitability"] == "leisure"
    assert (dog_run["threshold_urban_m"], dog_run["threshold_rural_m"]) == (500, 500)
    assert dog_run["population_group"] == "all"
    assert dog_run["name_en"] == "宠物乐园"
    assert (dog_run["threshold_source"], dog_run["threshold_confidence"]) == ("user", "user")
    assert dog_run["quota_confidence"] == ""


def test_a_dropped_mark_comes_back_while_the_value_is_unchanged(tmp_path):
    rows = [{c: r[c] for c in REQUIRED} for r in raw_rows()]
    catalogue = read_catalogue(save(tmp_path, rows), folder=tmp_path)
    assert "canteen" in uncertain_types(catalogue)


def test_a_written_catalogue_reads_back_the_same(tmp_path):
    rows = raw_rows()
    find(rows, "canteen").update(
        threshold_urban_m="0", quota_amount="2", quota_unit="site", quota_per="circle"
    )
    rows.append(
        find(rows, "hub") | {"facility_type": "hub_2", "name_zh": "新类", "name_en": "", "aliases": ""}
    )
    first = read_catalogue(save(tmp_path, rows), folder=tmp_path)
    first.to_csv(tmp_path / "again.csv", index=False, encoding="utf-8-sig")
    pd.testing.assert_frame_equal(read_catalogue("again.csv", folder=tmp_path), first)
    assert row(first, "canteen")["threshold_urban_m"] == 0


@pytest.mark.parametrize(
    "written", ["3-6", "3-6岁", "3 - 6 岁", "3月6日", "6-Mar", "06-mar", "2026/3/6", "2026-03-06"]
)
def test_ages_that_excel_made_dates(tmp_path, written):
    rows = raw_rows()
    find(rows, "kindergarten")["population_group"] = written
    assert (
        row(read_catalogue(save(tmp_path, rows), folder=tmp_path), "kindergarten")["population_group"]
        == "3-6"
    )


def test_blank_rows_trailing_commas_and_own_columns_do_no_harm(tmp_path):
    rows = raw_rows()
    head = [*rows[0], "科室备注", "", ""]
    lines = [["", *[""] * len(rows[0])], head]
    lines += [[*r.values(), "已核" if r["facility_type"] == "hub" else "", "", ""] for r in rows]
    lines.insert(5, [""] * len(head))
    with (tmp_path / "own.csv").open("w", encoding="gb18030", newline="") as file:
        csv.writer(file).writerows(lines)
    catalogue = read_catalogue("own.csv", folder=tmp_path)
    assert row(catalogue, "hub")["科室备注"] == "已核"
    pd.testing.assert_frame_equal(catalogue.drop(columns="科室备注"), shipped("shanghai"))


# Faults


@pytest.mark.parametrize(
    ("column", "value", "words"),
    [
        ("suitability", "宜游玩", ["suitability", "宜游玩", "livable"]),
        ("suitability", "", ["suitability", "livable"]),
        ("suitability_disputed", "caring;fun", ["suitability_disputed", "fun"]),
        ("class", "basics", ["class", "basics", "upgrade"]),
        ("scope", "city", ["scope", "city", "both"]),
        ("level", "20", ["level", "20", "subdistrict"]),
        ("must_have", "maybe", ["must_have", "maybe"]),
        ("threshold_urban_m", "500米", ["threshold_urban_m", "500米"]),
        ("threshold_urban_m", "-5", ["threshold_urban_m", "-5"]),
        ("threshold_urban_m", "inf", ["threshold_urban_m", "inf"]),
        ("threshold_urban_m", "nan", ["threshold_urban_m", "nan"]),
        ("threshold_rural_m", "500", ["threshold_rural_m", "500", "both"]),
        ("threshold_confidence", "X", ["threshold_confidence", "X", "V2"]),
        ("population_group", "60+;70+", ["population_group", "60+;70+", "80+"]),
        ("quota_amount", "约2", ["quota_amount", "约2"]),
        ("quota_unit", "间", ["quota_unit", "间", "site"]),
        ("quota_per", "千人", ["quota_per", "千人", "circle"]),
        ("quota_per", "0", ["quota_per", "0", "circle"]),
        ("quota_amount", "2", ["quota_amount", "quota_unit", "quota_per"]),
        ("min_area_m2", "300平", ["min_area_m2", "300平"]),
        ("facility_type", "a/b", ["facility_type", "a/b"]),
        ("facility_type", "", ["facility_type"]),
        ("facility_type", "hub", ["facility_type", "hub", "第 2 行"]),
        ("name_zh", "", ["name_zh"]),
        ("name_zh", "药房", ["name_zh", "药房", "pharmacy"]),
        ("aliases", "公厕；农贸市场", ["aliases", "农贸市场", "wet_market"]),
    ],
)
def test_each_fault_names_row_column_value(tmp_path, column, value, words):
    rows = raw_rows()
    number = rows.index(find(rows, "toilet")) + 2  # as Excel counts, below the heading
    find(rows, "toilet")[column] = value
    sentence = refusal(tmp_path, rows)
    assert "rules.csv" in sentence
    assert "1 处要改" in sentence
    # a name taken by an earlier row is reported where it comes second
    assert f"第 {number} 行" in sentence
    for word in words:
        assert word in sentence


def test_all_faults_come_at_once(tmp_path):
    rows = raw_rows()
    find(rows, "hub")["suitability"] = "fun"
    find(rows, "toilet")["threshold_urban_m"] = "far"
    rows.append(dict(find(rows, "metro")))
    sentence = refusal(tmp_path, rows)
    assert "3 处要改" in sentence
    for word in ("第 2 行", "fun", "far", "第 57 行", "metro"):
        assert word in sentence


@pytest.mark.parametrize("column", REQUIRED)
def test_a_missing_column_is_named(tmp_path, column):
    rows = [{k: v for k, v in r.items() if k != column} for r in raw_rows()]
    assert f"缺少列 {column}" in refusal(tmp_path, rows)


def test_a_misspelt_column_is_not_lost(tmp_path):
    rows = [{k.replace("quota_amount", "quota_amout"): v for k, v in r.items()} for r in raw_rows()]
    sentence = refusal(tmp_path, rows)
    assert "quota_amout" in sentence
    assert "quota_amount" in sentence


def test_a_doubled_column_is_refused(tmp_path):
    (tmp_path / "rules.csv").write_text("facility_type," + ",".join(REQUIRED) + "\n", encoding="utf-8")
    with pytest.raises(SettingsError, match="facility_type 出现了不止一次"):
        read_catalogue("rules.csv", folder=tmp_path)


def test_an_extra_comma_is_found(tmp_path):
    name = save(tmp_path, raw_rows())
    lines = (tmp_path / name).read_text(encoding="gbk").splitlines()
    lines[3] += ",多出"
    (tmp_path / name).write_text("\n".join(lines), encoding="gbk")
    with pytest.raises(SettingsError, match=r"第 4 行.*多出"):
        read_catalogue(name, folder=tmp_path)


@pytest.mark.parametrize(
    ("data", "words"),
    [
        (b"", "缺少列"),
        (",".join(REQUIRED).encode(), "至少填写一行"),
        (b"PK\x03\x04\x00\x00", "CSV UTF-8"),
        ("facility_type\t".encode("utf-16"), "CSV UTF-8"),
        (b'facility_type,"name', "CSV UTF-8"),
    ],
)
def test_files_that_are_no_catalogue(tmp_path, data, words):
    (tmp_path / "rules.csv").write_bytes(data)
    with pytest.raises(SettingsError, match=words):
        read_catalogue("rules.csv", folder=tmp_path)


@pytest.mark.parametrize("profile", ["Shanghai2", "none.csv", "."])
def test_an_unknown_profile_names_the_known_ones(tmp_path, profile):
    with pytest.raises(SettingsError, match="shanghai, gb50180"):
        read_catalogue(profile, folder=tmp_path)


def test_quota_in_a_planners_words(tmp_path):
    rows = raw_rows()
    find(rows, "toilet").update(quota_amount="1", quota_unit="处", quota_per="4,000人")
    find(rows, "library").update(quota_amount="1", quota_unit="处", quota_per="街镇")
    catalogue = read_catalogue(save(tmp_path, rows), folder=tmp_path)
    assert row(catalogue, "toilet")[["quota_unit", "quota_per"]].tolist() == ["site", "4000"]
    assert row(catalogue, "library")[["quota_unit", "quota_per"]].tolist() == ["site", "subdistrict"]


# The page for planners, and what the sources say of each other

PAGE = (Path(__file__).parents[1] / "docs" / "catalogue.md").read_text(encoding="utf-8")


def test_the_page_explains_every_column_and_source():
    provenance = tuple(f"_{part}" for part in ("source", "clause", "confidence"))
    for column in COLUMNS:
        assert f"`{column}`" in PAGE or column.endswith(provenance), column
    for profile in PROFILES:
        catalogue = shipped(profile)
        for column in (c for c in COLUMNS if c.endswith("_source")):
            for source in {part for cell in catalogue[column] for part in cell.split(";")} - {"", "无条文"}:
                assert source in PAGE, source


def test_the_page_states_the_numbers_of_the_files():
    counts = [len(uncertain_types(shipped(p))) for p in PROFILES]
    assert counts == [38, 45]
    assert "`shanghai` 中有 38 类、`gb50180` 中有 45 类" in PAGE
    shanghai, gb = (shipped(p).set_index("facility_type") for p in PROFILES)
    from_the_code = gb["threshold_source"] == "GB 50180-2018"
    conflicts = gb[from_the_code & (gb["threshold_urban_m"] != shanghai["threshold_urban_m"])]
    assert sorted(conflicts.index) == ["day_care", "health_station", "nursery", "party_station"]
    for facility_type in conflicts.index:
        assert f"| `{facility_type}` {shanghai['name_zh'][facility_type]} | 500 m" in PAGE
    disputed = shanghai[shanghai["suitability_disputed"] != ""]
    section = PAGE.split("## 有争议的归类")[1].split("\n## ")[0]
    assert {t for t in shanghai.index if f"`{t}`" in section} == set(disputed.index)


@pytest.mark.parametrize(
    ("facility_type", "minutes", "agrees"),
    [
        # minutes' walk in the indicator names of TD/T 1063-2021
        ("health_centre", 15, True),
        ("primary", 10, True),
        ("junior", 15, True),
        ("culture_centre", 15, True),
        ("wet_market", 10, True),
        ("fresh_super", 10, True),
        ("day_care", 5, False),  # a known contradiction, told on the page
    ],
)
def test_thresholds_against_the_indicators_in_minutes(facility_type, minutes, agrees):
    metres = {5: 300, 10: 500, 15: 1000}[minutes]
    assert (row(shipped("shanghai"), facility_type)["threshold_urban_m"] == metres) == agrees


def test_a_short_file_takes_the_rest_from_the_shanghai_profile(tmp_path: Path) -> None:
    (tmp_path / "short.csv").write_text(
        "type_id,threshold_m\nwet_market,450\nmeal_point,400\n", encoding="utf-8"
    )
    table = read_catalogue("short.csv", folder=tmp_path).set_index("facility_type")
    assert table["threshold_urban_m"].to_dict() == {"wet_market": 450, "meal_point": 400}
    assert table.loc["meal_point", ["name_zh", "scope", "threshold_rural_m", "population_group"]].tolist() == [
        "助餐点", "both", 400, "60+;80+",
    ]  # fmt: skip
    assert set(table["threshold_confidence"]) == {"user"}


def test_a_short_file_must_describe_a_type_of_its_own(tmp_path: Path) -> None:
    (tmp_path / "short.csv").write_text("facility_type,threshold_m\nbeach,450\n", encoding="utf-8")
    with pytest.raises(SettingsError, match=r"name_zh.*请填中文名称"):
        read_catalogue("short.csv", folder=tmp_path)
