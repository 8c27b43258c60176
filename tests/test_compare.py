"""Two runs compared: every figure hand-worked on small drawings, and the parts of a change add up exactly."""

from dataclasses import replace
from fractions import Fraction
from itertools import permutations
from typing import Any

import numpy as np
from hypothesis import Phase, given, settings
from hypothesis import strategies as st
from hypothesis.extra import numpy as arrays
from shapely import Point, box
from worlds import facility_type, gate, home, one_street, river, shop, street, world

from pujin_geo.compare.attribution import shapley
from pujin_geo.compare.comparison import Comparison, compare_sides
from pujin_geo.compare.sides import Side, judge_side
from pujin_geo.compare.worlds import GROUP_OF, GROUPS
from pujin_geo.inputs import Inputs
from pujin_geo.study import Settings
from pujin_geo.tables import LAYERS, REGISTERS

UNSHRUNK = (Phase.explicit, Phase.reuse, Phase.generate)
"""Shrinking two whole studies would take minutes."""

BY = [f"by_{group}" for group in GROUPS]


def compared(before: Inputs, after: Inputs, *, planned: tuple[bool, bool] = (False, False)) -> Comparison:
    sides = [
        judge_side(inputs, include_planned=flag, lang="en")
        for inputs, flag in zip((before, after), planned, strict=True)
    ]
    return compare_sides(*sides, lang="en")


def change_of(comparison: Comparison, circle_id: str = "all", kind: str = "shop") -> dict[str, Any]:
    table = comparison["coverage_changes"]
    rows = table[(table["circle_id"] == circle_id) & (table["facility_type"] == kind)].to_dict("records")
    assert len(rows) == 1
    return rows[0]


def parts(comparison: Comparison, circle_id: str = "all", kind: str = "shop") -> list[float]:
    row = change_of(comparison, circle_id, kind)
    return [row[name] for name in ("people_met_before", "people_met_after", *BY)]


# Attribution


@given(
    arrays.arrays(np.int64, st.tuples(st.just(32), st.integers(1, 3)), elements=st.integers(-(10**9), 10**9))
)
def test_parts_add_up_exactly(worlds: Any) -> None:
    parts = shapley(worlds, 5)
    assert (parts.sum(axis=0) == worlds[-1] - worlds[0]).all()


@given(st.integers(0, 4), st.data())
def test_parts_are_the_mean_over_all_orders(causes: int, data: st.DataObject) -> None:
    """An oracle: every order in which the causes could have come, in exact fractions; parts are within one unit."""
    values = data.draw(st.lists(st.integers(-1000, 1000), min_size=2**causes, max_size=2**causes))
    found = shapley(np.array(values, dtype=np.int64), causes)
    orders = list(permutations(range(causes)))
    for cause in range(causes):
        steps = []
        for order in orders:
            before = sum(1 << other for other in order[: order.index(cause)])
            steps.append(values[before | 1 << cause] - values[before])
        assert abs(Fraction(sum(steps), len(orders)) - int(found[cause])) < 1


def test_a_cause_without_effect_gets_nothing() -> None:
    worlds = np.array([7 * (world & 1) + 5 * (world >> 2 & 1) * (world & 1) for world in range(8)])
    assert shapley(worlds, 3).tolist() == [10, 0, 2]  # 7 + 5/2 and 5/2: the odd unit to the first of equals


def test_every_layer_belongs_to_a_group() -> None:
    assert set(GROUP_OF) == {*LAYERS, *REGISTERS, "catalogue", "settings", "study", "version"}
    assert set(GROUP_OF.values()) - {""} == set(GROUPS)


# One cause at a time: one street, home at x = 100 (leg 30), shop at x = 700 (leg 40), walk 670, limit 500


def test_a_shop_that_opens_is_owed_to_facilities() -> None:
    before = one_street(homes=[home(100, 30, 12)], shops=[shop(700, -40)])
    after = one_street(homes=[home(100, 30, 12)], shops=[shop(700, -40), shop(400, 0)])
    found = compared(before, after)
    assert parts(found) == [0, 12, 12, 0, 0, 0, 0]
    assert found.changed == ("facilities",)
    effects = found["facility_effects"][["facility_id", "change", "people_alone", "people_last"]]
    assert effects.to_numpy().tolist() == [["s2/shop", "added", 12, 12]]


def test_a_street_that_is_cut_is_owed_to_streets() -> None:
    homes, shops = [home(100, 30, 12)], [shop(400, 0)]
    cut = [street((0, 0), (200, 0)), street((300, 0), (1000, 0))]
    found = compared(one_street(homes=homes, shops=shops), one_street(homes=homes, shops=shops, streets=cut))
    assert parts(found) == [12, 0, 0, -12, 0, 0, 0]
    row = found["verdict_changes"].iloc[0]
    assert (row["change"], row["verdict_before"], row["walk_m_before"]) == ("gap_opened", "met", 330.0)
    assert set(found["data_changes"]["layer"]) == {"streets"}


def test_people_who_move_in_are_owed_to_residents() -> None:
    shops = [shop(400, 0)]
    before = one_street(homes=[home(100, 30, 12)], shops=shops)
    after = one_street(homes=[home(100, 30, 20), home(900, 0, 7), home(600, 0, 5)], shops=shops)
    found = compared(before, after)
    assert parts(found) == [12, 32, 0, 0, 20, 0, 0]
    rows = found["verdict_changes"][["demand_id", "change", "people_met_change"]].to_numpy().tolist()
    assert rows == [["h1", "people", 8], ["h2", "new_point", 7], ["h3", "new_point", 5]]


def test_a_threshold_is_owed_to_rules() -> None:
    before = one_street(homes=[home(100, 30, 12)], types=[facility_type(urban_m=500)])
    after = one_street(homes=[home(100, 30, 12)], types=[facility_type(urban_m=670)])
    found = compared(before, after)
    assert parts(found) == [0, 12, 0, 0, 0, 12, 0]
    data = found["data_changes"][["layer", "id", "change", "detail"]].to_numpy().tolist()
    assert data == [
        ["catalogue", "shop", "threshold", "threshold_urban_m 500 → 670; threshold_rural_m 500 → 670"]
    ]


def test_counting_what_is_planned_is_owed_to_rules() -> None:
    study = one_street(homes=[home(100, 30, 12)], shops=[shop(700, 0), shop(400, 0, status="planned")])
    assert parts(compared(study, study, planned=(False, True))) == [0, 12, 0, 0, 0, 12, 0]


def test_a_border_that_moves_is_owed_to_circles() -> None:
    def drawn(border: float) -> list[dict[str, Any]]:
        return [
            {"circle_id": "C1", "name": "west", "geometry": box(-10, -100, border, 100)},
            {"circle_id": "C2", "name": "east", "geometry": box(border, -100, 1010, 100)},
        ]

    homes, shops = [home(100, 30, 12), home(500, 0, 4)], [shop(400, 0)]
    before = one_street(homes=homes, shops=shops, circles=drawn(450))
    found = compared(before, one_street(homes=homes, shops=shops, circles=drawn(550)))
    assert parts(found, "C1") == [12, 16, 0, 0, 0, 0, 4]
    assert parts(found, "C2") == [4, 0, 0, 0, 0, 0, -4]
    assert parts(found) == [16, 16, 0, 0, 0, 0, 0]
    assert found["verdict_changes"]["change"].tolist() == ["circle"]
    c1 = change_of(found, "C1")
    assert (c1["people_gained"], c1["people_lost"]) == (4, 0)


def test_two_causes_that_need_each_other_share_the_change() -> None:
    """River: shop and bridge are both new, either alone brings nobody; each cause has half of the 9 people."""
    apart = [street((0, 0), (2000, 0)), street((0, 100), (2000, 100))]
    homes = [home(200, 0, 9)]
    before = river(streets=apart, homes=homes, shops=[shop(1900, 100)])
    after = river(homes=homes, shops=[shop(1900, 100), shop(50, 100)])
    found = compared(before, after)
    assert parts(found) == [0, 9, 4.5, 4.5, 0, 0, 0]  # 200 + 100 + 50 = 350 with both
    effects = found["facility_effects"].iloc[0]
    assert (effects["people_alone"], effects["people_last"]) == (0, 9)


def test_two_causes_that_can_stand_in_for_each_other_share_the_change() -> None:
    before = one_street(homes=[home(100, 30, 9)], types=[facility_type(urban_m=500)])
    after = one_street(
        homes=[home(100, 30, 9)], shops=[shop(700, -40), shop(400, 0)], types=[facility_type(urban_m=700)]
    )
    assert parts(compared(before, after)) == [0, 9, 4.5, 0, 0, 4.5, 0]


def test_a_new_gate_is_owed_to_facilities_and_an_extent_to_streets() -> None:
    homes, shops = [home(100, 30, 12)], [shop(700, 0)]
    before = one_street(homes=homes, shops=shops)
    gated = one_street(homes=homes, shops=shops, entrances=[gate(500, 0, "s1")])
    assert parts(compared(before, gated)) == [0, 12, 12, 0, 0, 0, 0]
    near = one_street(homes=homes, shops=[shop(400, 0)])
    narrow = one_street(homes=homes, shops=[shop(400, 0)], extent=box(-10, -100, 300, 100))
    assert parts(compared(near, narrow)) == [12, 0, 0, -12, 0, 0, 0]


def test_a_moved_gate_has_an_effect_of_its_own() -> None:
    """Home at 100 + leg 30; the shop stands at 700, limit 500: it is met by the gate at 500, not by that at 650."""
    homes, shops = [home(100, 30, 12)], [shop(700, 0), shop(705, 0, site_id="z")]
    far = one_street(homes=homes, shops=shops, entrances=[gate(650, 0, "s1")])
    near = one_street(homes=homes, shops=shops, entrances=[gate(500, 0, "s1")])
    columns = ["facility_id", "change", "moved_m", "people_alone", "people_last"]
    effects = compared(far, near)["facility_effects"][columns]
    assert effects.to_numpy().tolist() == [["s1/shop", "entrances", 150.0, 12, 12]]
    effects = compared(near, one_street(homes=homes, shops=shops))["facility_effects"][columns]
    assert effects.astype(object).where(effects.notna(), None).to_numpy().tolist() == [
        ["s1/shop", "entrances", None, -12, -12]
    ]
    assert compared(near, near)["facility_effects"].empty


def test_words_of_the_program_are_in_the_language() -> None:
    rows = [{"committee_id": "J1", "kind": "residential", "geometry": box(-10, -100, 1010, 100)}]
    before = one_street(
        homes=[home(100, 30, 12)], shops=[shop(700, 0, status="under_construction")], committees=rows
    )
    after = one_street(
        homes=[home(100, 30, 12, scope="rural")],
        shops=[shop(700, 0, status="planned")],
        committees=[rows[0] | {"kind": "village"}],
    )
    said = {
        lang: set(
            compare_sides(
                *(judge_side(one, include_planned=False, lang=lang) for one in (before, after)), lang=lang
            )["data_changes"]["detail"]
        )
        for lang in ("zh", "en")
    }
    assert said["zh"] == {"在建 → 规划", "城乡 城镇 → 农村", "类别 居委会 → 村委会"}
    assert said["en"] == {"under construction → planned", "scope urban → rural", "kind residential → village"}


def test_a_boundary_says_who_is_counted_and_how_far_the_data_reach() -> None:
    """Without an extent the boundary is one: the home leaves with the residents, the shop with the streets."""
    homes, shops = [home(100, 30, 12), home(900, 0, 5)], [shop(400, 0), shop(950, 0)]
    before = one_street(homes=homes, shops=shops, boundary=box(-10, -100, 1010, 100))
    after = one_street(homes=homes, shops=shops, boundary=box(-10, -100, 600, 100))
    found = compared(before, after)
    # The home at 900: gone with the boundary; its shop at 950 with the extent; 900 → 400 is 500 on foot, still met.
    assert parts(found) == [17, 12, 0, 0, -5, 0, 0]
    assert found["verdict_changes"]["change"].tolist() == ["gone_point"]


def test_a_committee_that_becomes_a_village_is_owed_to_circles() -> None:
    """The rural limit of 900 m lets the people of the new village in; their own rows say nothing new."""

    def drawn(kind: str, scope: str) -> Inputs:
        return one_street(
            homes=[home(100, 30, 12, scope=scope, committee_id="K1")],
            types=[facility_type(urban_m=500, rural_m=900)],
            committees=[{"committee_id": "K1", "kind": kind, "geometry": box(-10, -100, 1010, 100)}],
        )

    found = compared(drawn("residential", "urban"), drawn("village", "rural"))
    assert parts(found) == [0, 12, 0, 0, 0, 0, 12]
    moved = compared(drawn("residential", "urban"), drawn("residential", "rural"))
    assert parts(moved) == [0, 12, 0, 0, 12, 0, 0]


# Gap areas


AREA = [
    "area_id",
    "change",
    "people_type_pairs_before",
    "people_type_pairs_after",
    "demand_ids_closed",
    "demand_ids_opened",
]


def areas(before: Inputs, after: Inputs) -> list[list[Any]]:
    return compared(before, after)["gap_area_changes"][AREA].to_numpy().tolist()


def long_street(*shops: float, homes: Any = None) -> Inputs:
    """One street of 3,000 m; a limit of 60 m, and a shop at its far end that serves nobody."""
    drawn = homes or [home(100, 0, 10), home(200, 0, 5), home(2500, 0, 20)]
    return one_street(
        streets=[street((0, 0), (3000, 0))],
        homes=drawn,
        shops=[shop(x, 0, site_id=f"x{x}") for x in (3000, *shops)],
        types=[facility_type(urban_m=60)],
    )


def test_gap_areas_close_open_shrink_and_grow_with_the_points_behind_it() -> None:
    none, near_h2, near_h3 = long_street(), long_street(200), long_street(2500)
    assert areas(none, none) == []
    assert areas(none, near_h3) == [["h3", "closed", 20, 0, "h3", ""]]
    assert areas(near_h3, none) == [["h3", "opened", 0, 20, "", "h3"]]
    assert areas(none, near_h2) == [["h1", "shrunk", 15, 10, "h2", ""]]
    assert areas(near_h2, none) == [["h1", "grown", 10, 15, "", "h2"]]
    assert areas(near_h2, near_h3) == [["h3", "closed", 20, 0, "h3", ""], ["h1", "grown", 10, 15, "", "h2"]]
    # Other points, as many people: the area is still the one around h1.
    even = [home(100, 0, 10), home(200, 0, 5), home(300, 0, 5)]
    rows = areas(long_street(200, homes=even), long_street(300, homes=even))
    assert rows == [["h1", "shifted", 15, 15, "h3", "h2"]]


def test_gap_areas_that_are_put_together_or_apart_are_no_new_gaps() -> None:
    apart = [home(100, 0, 10, committee_id="K1"), home(200, 0, 5, committee_id="K2")]
    together = [home(100, 0, 10, committee_id="K1"), home(200, 0, 5, committee_id="K1")]
    rows = areas(long_street(homes=apart), long_street(homes=together))
    assert rows == [["h1", "grown", 10, 15, "", ""], ["h2", "merged", 5, 0, "", ""]]
    rows = areas(long_street(homes=together), long_street(homes=apart))
    assert rows == [["h1", "shrunk", 15, 10, "", ""], ["h2", "split", 0, 5, "", ""]]


def test_a_gap_area_whose_ids_changed_is_the_same() -> None:
    homes = [home(100, 0, 10, name="South"), home(200, 0, 5, name="North"), home(2500, 0, 20, name="Far")]
    renamed = [row | {"demand_id": f"new{n}"} for n, row in enumerate(homes)]
    found = compared(long_street(homes=homes), long_street(200, homes=renamed))["gap_area_changes"]
    assert found[["area_id", "area_id_before", "change", "demand_ids_closed"]].to_numpy().tolist() == [
        ["new0", "h1", "shrunk", "new1"]
    ]


# Everything at once


@st.composite
def studies(draw: st.DrawFn) -> Inputs:
    spots = st.tuples(st.integers(0, 10), st.integers(0, 3))
    homes = [
        home(
            100 * x,
            100 * y,
            draw(st.sampled_from([1.0, 3.0, 10.25, 1 / 3])),
            scope=draw(st.sampled_from(["urban", "rural"])),
        )
        for x, y in draw(st.lists(spots, min_size=1, max_size=5))
    ]
    status = st.sampled_from(["existing", "planned", "closed"])
    kind = st.sampled_from(["shop", "park"])
    shops = [
        shop(100 * x, 100 * y, draw(kind), status=draw(status))
        for x, y in draw(st.lists(spots, min_size=1, max_size=4))
    ]
    rows = [street((0, 100 * y), (1000, 100 * y)) for y in draw(st.sets(st.integers(0, 3), min_size=1))]
    rows += [street((100 * x, 0), (100 * x, 300)) for x in draw(st.sets(st.integers(0, 10), max_size=3))]
    border = draw(st.integers(2, 8)) * 100 + 50
    circles = [
        {"circle_id": "C1", "geometry": box(-10, -10, border, 400)},
        {"circle_id": "C2", "geometry": box(border, -10, 1010, 400)},
    ]
    limits = [draw(st.sampled_from([100.0, 250.0, 600.0])) for _ in range(2)]
    types = [facility_type("shop", limits[0]), facility_type("park", limits[1], 900.0)]
    options = {"join_crossings": True, "max_snap_m": draw(st.sampled_from([0.0, 120.0]))}
    return world(streets=rows, homes=homes, shops=shops, types=types, circles=circles, settings=options)


def gaps_of(side: Side) -> set[tuple[str, str]]:
    rows = side.judged[side.judged["verdict"] != "met"]
    return set(zip(rows["demand_id"], rows["facility_type"], strict=True))


@settings(max_examples=15, phases=UNSHRUNK)
@given(studies(), studies())
def test_changes_of_gap_areas_add_up_and_name_every_point(before: Inputs, after: Inputs) -> None:
    found = compared(before, after)
    table = found["gap_area_changes"]
    not_met = [
        side.judged.loc[side.judged["verdict"] == "not_met", "people"].sum()
        for side in (found.before, found.after)
    ]
    assert abs(table["people_type_pairs_change"].sum() - (not_met[1] - not_met[0])) < 1e-5
    pairs = found.pairs["residents"]
    ids = [side.inputs.residents["demand_id"] for side in (found.before, found.after)]
    later = {one: f"gone {one}" for one in ids[0]}
    later |= {ids[0].iat[i]: ids[1].iat[j] for i, j in zip(pairs.before, pairs.after, strict=True)}
    was, now = {(later[one], kind) for one, kind in gaps_of(found.before)}, gaps_of(found.after)
    for column, gaps in (("demand_ids_closed", was - now), ("demand_ids_opened", now - was)):
        named = {one for joined in table[column] for one in joined.split(";") if one}
        assert named == {one.removeprefix("gone ") for one, _ in gaps}, column


@settings(max_examples=15, phases=UNSHRUNK)
@given(studies(), studies(), st.tuples(st.booleans(), st.booleans()))
def test_all_figures_add_up_exactly(before: Inputs, after: Inputs, planned: tuple[bool, bool]) -> None:
    found = compared(before, after, planned=planned)
    table = found["coverage_changes"]
    assert (table[BY].sum(axis=1) == table["people_met_change"]).all()
    assert (table["people_met_after"] - table["people_met_before"] == table["people_met_change"]).all()
    assert (table["people_gained"] - table["people_lost"] == table["people_met_change"]).all()
    assert (table[["people_gained", "people_lost"]] >= 0).all(axis=None)
    behind = found["verdict_changes"].groupby("facility_type")["people_met_change"].sum()
    whole = table[table["circle_id"] == "all"].set_index("facility_type")["people_met_change"]
    assert (behind.reindex(whole.index).fillna(0.0) - whole).abs().max() < 0.1  # sums of rounded thirds
    for when, side in (("before", found.before), ("after", found.after)):
        stored = (
            side.results.tables["coverage"].query("scope == 'all'").set_index(["circle_id", "facility_type"])
        )
        ours = table.set_index(["circle_id", "facility_type"])[f"people_met_{when}"]
        assert (ours - stored["people_met"].reindex(ours.index).fillna(0.0)).abs().max() <= 1 / 128


@settings(max_examples=6, phases=UNSHRUNK)
@given(studies(), studies())
def test_there_and_back_again_is_nothing(before: Inputs, after: Inputs) -> None:
    keys = ["circle_id", "facility_type"]
    there = compared(before, after)["coverage_changes"].set_index(keys)
    back = compared(after, before)["coverage_changes"].set_index(keys).reindex(there.index)
    assert (there["people_met_change"] == -back["people_met_change"]).all()
    assert np.allclose(there[BY], -back[BY], atol=5 / 64)


def test_a_run_beside_itself_is_unchanged() -> None:
    found = compared(river(), river())
    assert found.is_unchanged
    assert found.changed == ()
    assert found["data_changes"].empty
    assert found["verdict_changes"].empty
    assert (found["coverage_changes"][["people_met_change", *BY]] == 0).all(axis=None)


# What changed in the data


def rows_of(found: Comparison, *columns: str) -> list[list[Any]]:
    table = found["data_changes"]
    return table[list(columns)].astype(object).where(table[list(columns)].notna(), None).to_numpy().tolist()


def test_facilities_by_id() -> None:
    types = [facility_type("shop"), facility_type("cafe")]
    before = one_street(
        types=types,
        shops=[
            shop(100, 0, site_id="a", name="A"), shop(200, 0, site_id="b", name="B"), shop(300, 0, site_id="c", name="C"),
            shop(400, 0, site_id="d", name="D", status="planned"), shop(500, 0, site_id="e", name="E"),
            shop(600, 0, site_id="f", name="F"), shop(650, 0, site_id="h", name="H", capacity=10),
        ],
    )  # fmt: skip
    after = one_street(
        types=types,
        shops=[
            shop(103, 4, site_id="a", name="A"), shop(200, 0, "cafe", site_id="b", name="B"),
            shop(300, 0, site_id="c", name="C2"), shop(400, 0, site_id="d", name="D"),
            shop(500, 0, site_id="e", name="E", status="closed"), shop(950, 0, site_id="g", name="G"),
            shop(650, 0, site_id="h", name="H", capacity=12),
        ],
    )  # fmt: skip
    found = compared(before, after)
    assert rows_of(found, "id", "change", "detail", "moved_m") == [
        ["a/shop", "moved", "", 5.0],
        ["b/cafe", "retyped", "shop → cafe", None],
        ["c/shop", "renamed", "C → C2", None],
        ["d/shop", "opened", "planned → existing", None],
        ["e/shop", "closed", "existing → closed", None],
        ["h/shop", "edited", "capacity 10 → 12", None],
        ["f/shop", "removed", "status existing", None],
        ["g/shop", "added", "status existing", None],
    ]


def test_facilities_by_name_and_place_with_the_doubt_stated() -> None:
    """Ids made from name and place change when a place moves; a far namesake is another place."""
    before = one_street(
        shops=[shop(100, 0, site_id="x1", name="Deli"), shop(300, 0, site_id="x2", name="Old mill")]
    )
    after = one_street(
        shops=[shop(130, 40, site_id="y1", name="Deli"), shop(305, 0, site_id="y2", name="New mill")]
    )
    found = compared(before, after)
    assert rows_of(found, "id", "change", "moved_m", "id_before") == [
        ["y1/shop", "renumbered", None, "x1/shop"],
        ["y1/shop", "moved", 50.0, "x1/shop"],
        ["y2/shop", "renumbered", None, "x2/shop"],
        ["y2/shop", "moved", 5.0, "x2/shop"],
        ["y2/shop", "renamed", None, "x2/shop"],
    ]
    doubts = found["data_changes"].groupby("id")["doubt"].first()
    assert "by its name within 200 m" in doubts["y1/shop"]
    assert "by its place, within 10 m" in doubts["y2/shop"]
    far = one_street(shops=[shop(100, 0, site_id="x1", name="Deli")], streets=[street((0, 0), (3000, 0))])
    farther = one_street(
        shops=[shop(2100, 0, site_id="y1", name="Deli")], streets=[street((0, 0), (3000, 0))]
    )
    assert [row[0] for row in rows_of(compared(far, farther), "change")] == ["removed", "added"]


def test_ids_renumbered_as_a_whole_are_not_believed() -> None:
    """Every id now means the next home; names and places tell which is which, and nobody's verdict changes."""
    homes = [home(100 * n, 0, 5 + n, name=f"House {n}", demand_id=f"h{n}") for n in range(1, 7)]
    shifted = [row | {"demand_id": f"h{n % 6 + 1}"} for n, row in enumerate(homes, 1)]
    shops = [shop(400, 0)]
    found = compared(one_street(homes=homes, shops=shops), one_street(homes=shifted, shops=shops))
    assert found.pairs["residents"].renumbered
    assert {row[0] for row in rows_of(found, "change")} == {"renumbered"}
    assert found["verdict_changes"].empty
    assert any("renumbered as a whole" in text.en for text in found.notices)
    few = [homes[0] | {"geometry": Point(900, 0)}, *homes[1:]]
    assert (
        not compared(one_street(homes=homes, shops=shops), one_street(homes=few, shops=shops))
        .pairs["residents"]
        .renumbered
    )


def test_circles_renumbered_as_a_whole_are_still_the_same_circles() -> None:
    def drawn(*ids: str) -> Inputs:
        circles = [
            {"circle_id": one, "geometry": box(300 * n, -100, 300 * (n + 1), 100)}
            for n, one in enumerate(ids)
        ]
        return one_street(
            homes=[home(100, 0, 3), home(400, 0, 4), home(700, 0, 5)], shops=[shop(400, 0)], circles=circles
        )

    found = compared(drawn("1", "2", "3"), drawn("2", "3", "1"))
    assert found["verdict_changes"].empty
    assert found["coverage_changes"]["circle_id"].tolist() == ["all", "2", "3", "1"]
    assert (found["coverage_changes"]["people_met_change"] == 0).all()


def test_streets_by_geometry_whatever_their_order_and_direction() -> None:
    rows = [street((0, 0), (500, 0)), street((500, 0), (1000, 0)), street((500, 0), (500, 80))]
    turned = [street((500, 80), (500, 0)), street((500, 0), (0, 0)), street((500, 0), (1000, 0))]
    assert compared(one_street(streets=rows), one_street(streets=turned)).is_unchanged
    redrawn = [rows[0], street((500, 0), (750, 3), (1000, 0)), street((0, 0), (0, 300))]
    changes = rows_of(
        compared(one_street(streets=rows), one_street(streets=redrawn)), "id", "change", "detail"
    )
    assert [(one, what) for one, what, _ in changes] == [
        ("#2", "redrawn"),
        ("#3", "removed"),
        ("#3", "added"),
    ]
    assert "apart by at most 3.0 m" in changes[0][2]


def test_residents_settings_and_planned() -> None:
    before = one_street(homes=[home(100, 30, 12, pop_60_plus=3)])
    after = one_street(homes=[home(100, 30, 14, pop_60_plus=4)], settings={"max_snap_m": 99.0})
    found = compared(before, after, planned=(False, True))
    assert rows_of(found, "layer", "id", "change", "detail") == [
        ["residents", "h1", "people", "population 12 → 14; pop_60_plus 3 → 4"],
        ["settings", "max_snap_m", "edited", "150 → 99"],
        ["settings", "include_planned", "edited", "false → true"],
    ]


def test_two_places_without_common_ground_stand_side_by_side() -> None:
    here, there = river(), river(origin=(500_000.0, 3_000_000.0))
    found = compared(here, replace(there, study=replace(there.study, name="elsewhere", settings=Settings())))
    assert set(found["data_changes"]["change"]) <= {"replaced", "edited"}
    assert found["coverage_changes"][BY].isna().all(axis=None)
    assert found["facility_effects"].empty
    assert any("share no ground" in text.en for text in found.notices)


def test_a_type_judged_on_one_side_only() -> None:
    types = [facility_type("shop"), facility_type("cafe")]
    before = one_street(homes=[home(100, 30, 12)], types=types)
    after = one_street(homes=[home(100, 30, 12)], types=types, shops=[shop(700, -40), shop(200, 0, "cafe")])
    found = compared(before, after)
    assert parts(found, kind="cafe") == [0, 12, 12, 0, 0, 0, 0]
    assert found["verdict_changes"]["change"].tolist() == ["newly_judged"]
    assert "(not judged before, coverage now 100%)" in found["circle_sentences"]["sentence"][0]
    back = compared(after, before)
    assert back["verdict_changes"]["change"].tolist() == ["no_longer_judged"]


def test_sentences_are_written_from_the_figures() -> None:
    circles = [{"circle_id": "C1", "name": "West", "geometry": box(-10, -100, 1010, 100)}]
    before = one_street(homes=[home(100, 30, 1200)], shops=[shop(700, -40)], circles=circles)
    after = one_street(homes=[home(100, 30, 1200)], shops=[shop(700, -40), shop(400, 0)], circles=circles)
    found = compared(before, after)
    assert found["circle_sentences"]["sentence"].tolist()[1] == (
        "C1 West: 1,200 more person-types are met, owing to facilities +1,200; namely  +1,200 (coverage 0% → 100%)."
    )
    assert "nobody gained or lost" in compared(before, before)["circle_sentences"]["sentence"][1]
    assert "C1 West: 1,200 more" in repr(found)
