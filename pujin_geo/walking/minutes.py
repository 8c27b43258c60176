"""Minutes as a view of metres: a walk divided by a stated speed.

Thresholds are distances and verdicts never depend on a speed; a minute is always shown with the speed
that it rests on. Speeds are planning values, not measurements, and none comes from a binding clause.
"""

from collections.abc import Mapping
from dataclasses import dataclass

import numpy as np

from ..errors import SettingsError
from ..texts import Text
from .network import Floats

SECONDS_PER_MINUTE = 60.0
RING_MINUTES = (5, 10, 15)
"""The rings drawn around a circle's hub."""
FASTEST_M_S = 3.0
"""Faster than this is running."""


@dataclass(frozen=True)
class Walker:
    """A group of walkers and the speed that its minutes rest on.

    Attributes:
        name: as shown.
        speed_m_s: metres per second.
        source: where the speed comes from.
        confidence: V read in a source, V2 second-hand, D derived, M from memory, U a proposed default.
    """

    name: Text
    speed_m_s: float
    source: Text
    confidence: str


WALKERS: Mapping[str, Walker] = {
    "default": Walker(
        Text("一般成人", "adult"),
        1.1,
        Text(
            "规划常用 1.1-1.2 米/秒, 取下限; GB 50180-2018 的 5 分钟 300 米、15 分钟 800-1000 米相当于 0.89-1.11 米/秒",
            "planning practice 1.1-1.2 m/s, lower end; GB 50180-2018's 300 m in 5 and 800-1,000 m in 15 minutes "
            "amount to 0.89-1.11 m/s",
        ),
        "M",
    ),
    "elderly": Walker(
        Text("60 岁及以上老人", "aged 60 and over"),
        0.8,
        Text("规划常用 0.8-1.0 米/秒, 取下限", "planning practice 0.8-1.0 m/s, lower end"),
        "M",
    ),
    "with_child": Walker(
        Text("带小孩或推婴儿车", "with a child or pushchair"),
        0.7,
        Text("建议值 0.7-0.9 米/秒, 取下限, 无标准条文", "proposed 0.7-0.9 m/s, lower end; no clause"),
        "U",
    ),
}
"""Walking groups; a study that knows better passes its own ``Walker``."""


def walk_minutes(walk_m: Floats, walker: Walker) -> Floats:
    """Return minutes on foot: length ÷ speed ÷ 60; NaN and infinite stay as they are.

    Raises:
        SettingsError: the speed is not between 0 and 3 m/s.

    >>> walk_minutes(np.array([660.0, np.nan]), WALKERS["default"]).tolist()
    [10.0, nan]
    """
    minutes: Floats = np.asarray(walk_m, dtype=float) / (_speed(walker) * SECONDS_PER_MINUTE)
    return minutes


def walk_in_minutes(minutes: float, walker: Walker) -> float:
    """Return how far the group walks in so many minutes, in metres.

    >>> walk_in_minutes(15.0, WALKERS["elderly"])
    720.0
    """
    return minutes * SECONDS_PER_MINUTE * _speed(walker)


def speed_note(walker: Walker) -> Text:
    """Return the sentence that goes with every figure in minutes.

    >>> speed_note(WALKERS["elderly"]).en
    'Minutes at 0.8 m/s (aged 60 and over; planning practice 0.8-1.0 m/s, lower end; confidence M).'
    """
    speed = f"{_speed(walker):g}"
    return Text(
        f"分钟数按 {speed} 米/秒折算 ({walker.name.zh}; {walker.source.zh}; 可信度 {walker.confidence})。",
        f"Minutes at {speed} m/s ({walker.name.en}; {walker.source.en}; confidence {walker.confidence}).",
    )


def _speed(walker: Walker) -> float:
    if not 0.0 < walker.speed_m_s <= FASTEST_M_S:
        raise SettingsError(
            Text(
                f"步行速度 {walker.speed_m_s} 米/秒应大于 0 且不超过 {FASTEST_M_S:g}。",
                f"The walking speed {walker.speed_m_s} m/s should be above 0 and at most {FASTEST_M_S:g}.",
            )
        )
    return walker.speed_m_s
