"""Headers in Chinese and English to canonical columns."""

import pytest

from pujin_geo.errors import SourceError
from pujin_geo.sources.headers import aliases, header_factor, match_headers, misspelt, require
from pujin_geo.tables import LAYERS

FACILITIES, RESIDENTS = LAYERS["facilities"], LAYERS["residents"]


@pytest.mark.parametrize("layer", LAYERS.values(), ids=lambda layer: layer.name)
def test_every_alias_is_recognised_however_it_is_written(layer) -> None:
    for column in layer.columns:
        for alias in aliases(column):
            for written in (alias, f" *{alias}：", alias.upper(), f"{alias}\n"):
                assert match_headers([written], layer, {}).columns.get(column.name) or alias in _shared(layer)


def _shared(layer) -> set[str]:
    """Aliases that an earlier column of the layer claims when it stands alone."""
    names = [a for c in layer.columns for a in aliases(c)]
    return {a for a in names if names.count(a) > 1}


def test_an_alias_means_one_column_of_a_layer() -> None:
    shared = {(name, alias) for name, layer in LAYERS.items() for alias in _shared(layer)}
    assert shared == {("facilities", "类别"), ("committees", "居委会"), ("committees", "居村委")}


@pytest.mark.parametrize(
    ("headers", "place"),
    [
        (["经度", "纬度"], ("lon", "lat")),
        (["lng", "LAT"], ("lon", "lat")),
        (["Longitude", "Latitude"], ("lon", "lat")),
        (["经度（°）", "纬度（°）"], ("lon", "lat")),
        (["X坐标", "Y坐标"], ("x", "y")),
        (["横坐标(m)", "纵坐标(m)"], ("x", "y")),
        (["WKT"], ("geometry",)),
        (["经纬度"], ("lon_lat",)),
        (["经度", "Y"], None),
    ],
)
def test_where_a_row_lies(headers: list[str], place: tuple[str, ...] | None) -> None:
    assert match_headers(headers, FACILITIES, {}).place() == place


def test_declared_columns_win_over_aliases() -> None:
    headers = ["名称", "设施类型", "本次类型", "经度", "纬度"]
    match = match_headers(headers, FACILITIES, {"facility_type": "本次类型"})
    assert match.columns["facility_type"] == "本次类型"
    assert match.columns["name"] == "名称"


def test_a_header_is_used_once_and_a_second_candidate_is_named() -> None:
    match = match_headers(["facility_type", "设施类型", "lon", "lat"], FACILITIES, {})
    assert match.columns["facility_type"] == "facility_type"
    assert match.doubles == (("facility_type", "facility_type", "设施类型"),)


def test_a_lone_category_is_the_type_but_beside_one_the_suitability() -> None:
    assert match_headers(["类别"], FACILITIES, {}).columns == {"facility_type": "类别"}
    both = match_headers(["类别", "设施类型"], FACILITIES, {}).columns
    assert both == {"facility_type": "设施类型", "suitability": "类别"}


def test_names_cut_to_ten_bytes_by_a_shapefile() -> None:
    headers = ["facility_t", "pop_60_plu", "committee_", "设施类"]
    assert match_headers(headers, FACILITIES, {}, is_dbf=True).columns == {"facility_type": "facility_t"}
    assert match_headers(headers[1:3], RESIDENTS, {}, is_dbf=True).columns == {
        "committee_id": "committee_",
        "pop_60_plus": "pop_60_plu",
    }
    assert match_headers(["设施类"], FACILITIES, {}, is_dbf=True).columns == {"facility_type": "设施类"}
    assert match_headers(headers, FACILITIES, {}).columns == {}


@pytest.mark.parametrize(
    ("header", "name", "factor"),
    [
        ("面积", "area_m2", 1),
        ("面积(㎡)", "area_m2", 1),
        ("面积（公顷）", "area_m2", 10_000),
        ("面积(亩)", "area_m2", pytest.approx(666.667, abs=0.001)),
        ("人口(万人)", "population", 10_000),
        ("人口(人)", "population", 1),
    ],
)
def test_a_unit_in_the_header_is_a_factor(header: str, name: str, factor: float) -> None:
    assert header_factor(header, name) == factor


def test_households_and_shares_are_not_people() -> None:
    assert match_headers(["人口(户)", "60岁以上(%)"], RESIDENTS, {}).columns == {}


def test_a_missing_column_names_what_was_sought_and_what_is_there() -> None:
    headers = ["名称", "经度"]
    with pytest.raises(SourceError) as refusal:
        require(match_headers(headers, FACILITIES, {}), headers, FACILITIES, {}, file="a.csv")
    for part in ("a.csv", "facility_type", "设施类型", "名称、经度"):
        assert part in refusal.value.of("zh") and part in refusal.value.of("en")


def test_a_declared_column_that_is_not_there_is_refused_with_a_near_one() -> None:
    headers, columns = ["设施类型名", "经度"], {"facility_type": "设施类型名称"}
    with pytest.raises(SourceError, match="设施类型名”"):
        require(match_headers(headers, FACILITIES, columns), headers, FACILITIES, columns, file="a.csv")


def test_only_likely_misspellings_are_mentioned() -> None:
    headers = ["population", "lon", "lat", "demand-idd", "联系电话", "楼层"]
    match = match_headers(headers, RESIDENTS, {})
    assert misspelt(headers, match, RESIDENTS) == [("demand-idd", "demand_id")]
