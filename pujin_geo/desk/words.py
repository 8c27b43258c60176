"""What the two widgets say."""

from ..maps.coverage import CAUSE_WORDS, VERDICTS
from ..texts import Lang, Text


def texts(lang: Lang) -> dict[str, str]:
    """Return the words for the page's script in one language."""
    return {key: text.of(lang) for key, text in _TEXTS.items()}


_TEXTS: dict[str, Text] = {
    **VERDICTS,
    **CAUSE_WORDS,
    "metres": Text("米", "m"),
    "persons": Text("人", "people"),
    "people": Text("人口", "people"),
    "noPath": Text("无路可达", "no path"),
    "noName": Text("(无名称)", "(no name)"),
    "north": Text("北", "N"),
    "zoomIn": Text("放大", "Zoom in"),
    "zoomOut": Text("缩小", "Zoom out"),
    "map": Text("地图", "Map"),
    "type": Text("设施类型", "Facility type"),
    "whole": Text("全部", "All"),
    "circle": Text("生活圈", "Circle"),
    "notApplying": Text("标准不适用", "no standard applies"),
    "space": Text("闲置空间", "idle space"),
    "squareMetres": Text("平方米", "m²"),
    # modes
    "look": Text("问步行", "Ask"),
    "add": Text("加设施", "Add"),
    "move": Text("移设施", "Move"),
    "remove": Text("移除设施", "Remove"),
    "street": Text("开关道路", "Street"),
    "host": Text("用闲置空间", "Idle space"),
    "committee": Text("调整生活圈", "Circles"),
    "hintLook": Text(
        "点击地图任意位置或居民点: 到每类最近设施的步行距离和路线。",
        "Click anywhere, or a demand point: the walk to the nearest facility of each type.",
    ),
    "hintAdd": Text(
        "点击地图, 在该处加一处所选类型的设施。", "Click the map to put a facility of this type there."
    ),
    "hintMove": Text("按住一处设施拖到新位置。", "Drag a facility to its new place."),
    "hintRemove": Text("点击一处设施, 把它移除。", "Click a facility to take it away."),
    "hintStreet": Text(
        "点击一条道路: 通行的关闭, 不通的开通。请放大后点击。",
        "Click a street: an open one closes, a closed one opens. Zoom in to aim.",
    ),
    "hintHost": Text(
        "点击一处闲置空间 (方块), 在其中设置所选类型的设施。",
        "Click an idle space (square) to put a facility of this type into it.",
    ),
    "hintCommittee": Text(
        "点击一个居村委, 再选它划入哪个生活圈。",
        "Click a committee, then choose the circle that it moves to.",
    ),
    "centre": Text("用地图中心", "Use map centre"),
    "noSpaces": Text("本研究没有闲置空间图层。", "This study has no idle spaces."),
    "noCircles": Text("本研究没有居村委或生活圈图层。", "This study has no committees or no circles."),
    # answer
    "tabAnswer": Text("步行距离", "Walks"),
    "tabEffect": Text("改动与结果", "Changes"),
    "place": Text("所选位置", "Chosen place"),
    "askFirst": Text("还没有提问: 点击地图。", "Nothing asked yet: click the map."),
    "urban": Text("按城镇标准", "urban thresholds"),
    "rural": Text("按乡村标准", "rural thresholds"),
    "toStreet": Text("到最近道路 {0} 米", "{0} m to the nearest street"),
    "noStreet": Text("附近没有可步行道路", "no walkable street near"),
    "onIsland": Text("所在道路与主路网不连通", "the street is cut off from the main network"),
    "outsideBoundary": Text("边界以外, 仅供参考", "outside the boundary: for orientation only"),
    "metOf": Text("适用的 {0} 类中 {1} 类达标", "{1} of {0} types that apply are met"),
    "limit": Text("标准 {0}", "limit {0}"),
    "straightLine": Text("直线 {0}", "straight {0}"),
    "walk": Text("步行", "walk"),
    # effect
    "before": Text("现状", "before"),
    "after": Text("改动后", "after"),
    "share": Text("步行覆盖率", "walking coverage"),
    "straightShare": Text("直线覆盖率", "straight-line share"),
    "shareShort": Text("步行", "on foot"),
    "straightShort": Text("直线", "straight"),
    "gained": Text("新达标", "newly met"),
    "lost": Text("不再达标", "no longer met"),
    "gainedShort": Text("新达标", "gained"),
    "lostShort": Text("不再达标", "lost"),
    "otherTypes": Text("受影响的类型", "Types touched"),
    "changes": Text("改动", "Changes"),
    "noChanges": Text("还没有改动。", "No changes yet."),
    "undo": Text("撤销", "Undo"),
    "redo": Text("重做", "Redo"),
    "save": Text("另存为情景", "Save as scenario"),
    "saveName": Text("情景名称, 如: 菜市场方案一", "Scenario name, e.g. market option 1"),
    "saved": Text("已存为研究文件夹 {0}", "Saved as the study folder {0}"),
    "committeeLabel": Text("居村委", "Committee"),
    "moveTo": Text("划入", "Move to"),
    "working": Text("正在计算…", "Working…"),
    "took": Text("{0} 毫秒", "{0} ms"),
    "closedStreet": Text("已关闭道路", "closed street"),
    "openedStreet": Text("已开通道路", "opened street"),
    "gone": Text(
        "内核已停止或重启, 请重新运行这一格。",
        "The kernel has stopped or was restarted; run this cell again.",
    ),
}
