"""What the facilities are: types with their numbers and usual sizes, hubs, and stops that timetables name."""

from __future__ import annotations

from dataclasses import dataclass

TOTAL = 545
"""Functions that the report counts; convenience shops in town fill up to it."""


@dataclass(frozen=True)
class Kind:
    """How a type occurs: Chinese name, word, suitability, numbers in town and in villages, usual area (m²)."""

    name: str
    suitability: str
    town: int
    village: int
    area_m2: tuple[int, int] | None = None


KINDS = {
    "hub": Kind("邻里中心", "宜居", 6, 0, (900, 2600)),
    "party_station": Kind("党群服务站", "宜居", 9, 3, (80, 240)),
    "affairs": Kind("社区事务受理服务中心", "宜居", 1, 0, (1400, 1401)),
    "remote_kiosk": Kind("居村远程帮办服务点", "宜居", 23, 9),
    "wet_market": Kind("菜市场", "宜居", 6, 0, (1500, 3200)),
    "fresh_super": Kind("生鲜超市", "宜居", 12, 2, (320, 1800)),
    "convenience": Kind("便利店", "宜居", 0, 13, (50, 140)),
    "pharmacy": Kind("药店", "宜居", 15, 2, (60, 180)),
    "living_service": Kind("生活服务中心", "宜居", 10, 1, (60, 220)),
    "parcel": Kind("快递驿站", "宜居", 23, 7, (15, 90)),
    "canteen": Kind("社区食堂", "宜居", 4, 0, (220, 520)),
    "bus_stop": Kind("公交站", "宜居", 0, 0),
    "metro": Kind("轨道交通站", "宜居", 0, 0),
    "parking_ev": Kind("公共停车场", "宜居", 6, 1),
    "toilet": Kind("公共厕所", "宜居", 12, 6, (30, 80)),
    "shelter": Kind("应急避难场所", "宜居", 4, 0),
    "safety_law": Kind("平安屋", "宜居", 16, 7),
    "job_station": Kind("社区就业服务站", "宜业", 3, 0, (60, 160)),
    "cowork": Kind("众创空间", "宜业", 2, 0, (600, 2400)),
    "biz_station": Kind("园区企业服务点", "宜业", 0, 0),
    "rental": Kind("保障性租赁住房", "宜业", 2, 0),
    "rural_work": Kind("集体资产载体", "宜业", 0, 4, (400, 1800)),
    "park_10": Kind("社区公园", "宜游", 0, 0),
    "park_15": Kind("综合公园", "宜游", 0, 0),
    "pocket_park": Kind("口袋公园", "宜游", 9, 2, (900, 3600)),
    "plaza": Kind("小广场", "宜游", 9, 4, (400, 900)),
    "greenway": Kind("绿道", "宜游", 0, 0),
    "heritage": Kind("非遗体验点", "宜游", 1, 0, (200, 500)),
    "nursery": Kind("托育点", "宜学", 5, 0, (240, 600)),
    "kindergarten": Kind("幼儿园", "宜学", 14, 1, (4200, 7200)),
    "primary": Kind("小学", "宜学", 7, 0, (9000, 22000)),
    "junior": Kind("初中", "宜学", 4, 0, (12000, 26000)),
    "culture_centre": Kind("社区文化活动中心", "宜学", 0, 0, (5200, 5201)),
    "culture_room": Kind("居村文化活动室", "宜学", 20, 9, (120, 420)),
    "library": Kind("城市书房", "宜学", 2, 1, (90, 320)),
    "comm_school": Kind("社区学校", "宜学", 1, 0, (1000, 1400)),
    "science": Kind("科普场所", "宜学", 1, 0, (160, 420)),
    "child_home": Kind("儿童之家", "宜学", 8, 1, (60, 150)),
    "health_centre": Kind("社区卫生服务中心", "宜养", 1, 0, (6800, 6801)),
    "health_station": Kind("社区卫生服务站", "宜养", 8, 8, (120, 220)),
    "nursing_home": Kind("养老院", "宜养", 1, 0, (5600, 5601)),
    "care_home_small": Kind("长者照护之家", "宜养", 0, 0, (620, 621)),
    "elder_hub": Kind("社区综合为老服务中心", "宜养", 2, 0, (700, 1500)),
    "day_care": Kind("老年人日间照料中心", "宜养", 8, 2, (200, 420)),
    "meal_point": Kind("助餐点", "宜养", 9, 3, (60, 200)),
    "elder_room": Kind("老年活动室", "宜养", 20, 10, (80, 260)),
    "dementia": Kind("认知障碍支持点", "宜养", 0, 0, (60, 120)),
    "elder_gym": Kind("长者运动健康之家", "宜养", 0, 0, (180, 320)),
    "fitness_centre": Kind("市民健身中心", "宜养", 2, 0, (1800, 3200)),
    "court": Kind("多功能运动场", "宜养", 7, 2, (800, 1900)),
    "fitness_point": Kind("健身苑点", "宜养", 22, 11, (150, 480)),
    "health_hut": Kind("智慧健康驿站", "宜养", 4, 0, (40, 120)),
    "bath_point": Kind("助浴点", "宜养", 2, 0, (40, 90)),
}
"""Convenience shops in town fill up to 545; bus stops, metro, parks and the greenway are placed by their own rules."""

AT_CENTRE = {
    "party_station",
    "remote_kiosk",
    "safety_law",
    "culture_room",
    "elder_room",
    "child_home",
    "library",
}
"""Usually found in the committee's own building."""

AT_VILLAGE_CENTRE = AT_CENTRE | {
    "health_station",
    "meal_point",
    "day_care",
    "fitness_point",
    "plaza",
    "parcel",
}

HUBS = {
    "J09": ("景舒苑邻里中心", ["hub", "canteen", "meal_point", "day_care", "health_station", "fitness_centre", "nursery"]),
    "J13": ("滨浦邻里中心", ["hub", "canteen", "wet_market", "health_station", "job_station", "health_hut", "elder_hub"]),
    "J07": ("陈行邻里中心", ["hub", "affairs", "comm_school", "meal_point", "job_station", "health_hut", "wet_market"]),
    "J16": ("新浦江城邻里中心", ["hub", "canteen", "nursery", "fitness_centre", "health_hut", "library"]),
    "J05": ("世博家园邻里中心", ["hub", "canteen", "day_care", "elder_hub", "health_station", "bath_point", "wet_market"]),
    "J22": ("浦江颐城邻里中心", ["hub", "meal_point", "health_station", "elder_room", "job_station"]),
}  # fmt: skip
"""Several functions under one roof: one site_id."""

NAMED_STOPS = [
    ("塘浦路芦恒路", (4668, 13498)),
    ("芦胜村卫生中心", (4800, 13220)),
    ("芦恒路林浦南路", (5170, 13702)),
    ("塘浦路许家桥", (4628, 12080)),
    ("陈行公路塘口", (3780, 11345)),
]
"""Stops that timetables name; their places on the roads are illustrative."""

GREENWAYS = [("周浦塘绿道", (6470, 11290)), ("江月湖环湖绿道", (6690, 10310)), ("姚家浜绿道", (6640, 8725))]
