"""What the briefing says in sentences, against hand-made tables."""

from dataclasses import replace

import pandas as pd
import pytest
from maps_world import results, two_circles

from pujin_geo.report.sentences import answers, circle_means, lead
from pujin_geo.results import Results


@pytest.fixture(scope="module")
def result() -> Results:
    return results(circles=two_circles())


def said(base: Results, **tables: pd.DataFrame) -> dict[str, str]:
    return {one.question: one.answer for one in answers(replace(base, tables=base.tables | tables))}


def test_causes_are_shares_of_people_times_types(result: Results) -> None:
    areas = result.tables["gap_areas"].head(2).assign(
        people_type_pairs=[150.0, 50.0], pairs_too_far=[100.0, 20.0], pairs_detour=[50.0, 0.0], pairs_no_facility=[0.0, 30.0]
    )  # fmt: skip
    assert said(result, gap_areas=areas)["为什么走不到?"] == (
        "未达标的人次中, 60.0% 因为太远, 25.0% 因为绕行 (直线够近, 被河道、围墙或道路隔开), 15.0% 因为没有这类设施。"
    )


def test_the_worst_area_and_the_share_of_the_first_ten(result: Results) -> None:
    first = result.tables["gap_areas"].head(1)
    areas = pd.concat([first] * 11, ignore_index=True).assign(
        area_name="甲片", population=3.0, must_have_missing=2, shortfall_person_m=[90.0] * 10 + [100.0]
    )
    assert said(result, gap_areas=areas)["哪里最缺?"] == (
        "第 1 位是甲片 (<5 人, 缺 2 类必配设施)。最严重的 10 片共 30 人, 占全部缺口量的 90.0%; 全部 11 片。"
    )


def test_circles_are_compared_by_the_mean_of_basic_types(result: Results) -> None:
    """West: 0 % and 50 % of two basic types, 25 % in the mean; east: 20 % twice."""
    basic = result.inputs.catalogue.query("`class` == 'basic'")["facility_type"].tolist()[:2]
    rows = [
        ("LC1", basic[0], 0.0, 9.0),
        ("LC1", basic[1], 0.5, 5.0),
        ("LC2", basic[0], 0.2, 1.0),
        ("LC2", basic[1], 0.2, 8.0),
    ]
    table = pd.DataFrame(rows, columns=["circle_id", "facility_type", "coverage_share", "people_not_met"])
    table = table.assign(scope="all", straight_line_share=1.0)
    means = circle_means(replace(result, tables=result.tables | {"coverage": table}))
    assert means["mean_share"].tolist() == [0.25, 0.2]
    assert means["weakest"].tolist() == [basic[0], basic[1]]
    assert means["equally_weak"].tolist() == [0, 1]


def test_the_lead_gives_people_types_and_coverage(result: Results) -> None:
    row = (
        result.tables["combined"]
        .query("place_kind == 'all' and family == 'basic' and rule == 'every'")
        .iloc[0]
    )
    text = lead(result)
    assert text.startswith(
        f"{row['people']:,.0f} 位居民, 平均每人步行能走到 {row['mean_types_reached']:.1f} 类基础设施"
    )
    nothing = result.tables["combined"].assign(mean_share=float("nan"))
    assert "无法给出" in lead(replace(result, tables=result.tables | {"combined": nothing}))


def test_a_bare_study_gets_an_answer_to_every_question() -> None:
    """No circles, no spaces; in English, without a Chinese character of the program's own."""
    bare = results(lang="en")
    bare = replace(bare, tables=bare.tables | {"gap_areas": bare.tables["gap_areas"].head(0)})
    told = said(bare)
    assert len(told) == 8
    assert told["How do the living circles differ?"] == "The study has no circles layer."
    assert told["What can idle spaces make good?"] == "The study has no layer of idle spaces."
    assert told["Where is it worst?"] == "There are no gap areas."
    assert "nan" not in " ".join(told.values())
