"""The one widget: a Leaflet map from the study's own layers that talks with Python and asks no network."""

from collections.abc import Callable
from importlib.resources import files
from typing import Any

import anywidget
import traitlets

from ..maps.offline import asset
from ..texts import Text
from .replies import Message, Reply

ASSETS = files("pujin_geo.desk") / "assets"

# Leaflet's text runs as a CommonJS module of its own, so that no page's loader takes hold of it.
_LEAFLET = (
    "const L = (() => {{ const module = {{ exports: {{}} }}; const exports = module.exports; const define = undefined;\n"
    "{leaflet}\nreturn exports.noConflict ? exports : module.exports; }})();\n"
)


def _script() -> str:
    own = [
        (ASSETS / name).read_text(encoding="utf-8")
        for name in ("board.js", "desk.js", "explore.js", "module.js")
    ]
    return "\n".join(
        [_LEAFLET.format(leaflet=asset("leaflet/leaflet.js")), asset("base.js"), asset("labels.js"), *own]
    )


def _style() -> str:
    return "\n".join(
        [
            asset("leaflet/leaflet.css"),
            asset("labels.css"),
            (ASSETS / "board.css").read_text(encoding="utf-8"),
        ]
    )


_BROKEN = Text(
    "程序内部出错, 这一步没有执行; 其余改动还在。详情见 JupyterLab 的日志 (View → Show Log Console)。",
    "The program failed here and did not do this; other changes are kept. See the log (View → Show Log Console).",
)


class Board(anywidget.AnyWidget):
    """A map that sends what is clicked to Python and draws what comes back.

    Args:
        mode: ``desk`` or ``explore``: which page.
        picture: what is drawn once, from ``picture.picture``.
        respond: called with each message of the page; its replies are sent back in order.
    """

    _esm = _script()
    _css = _style()
    mode = traitlets.Unicode().tag(sync=True)
    picture = traitlets.Dict().tag(sync=True)

    def __init__(self, mode: str, picture: Message, respond: Callable[[Message], Reply]) -> None:
        super().__init__(mode=mode, picture=picture)
        self._respond = respond
        self.on_msg(self._receive)

    def _receive(self, _: Any, message: Message, __: Any) -> None:
        try:
            reply = self._respond(message)
        except Exception:  # the page must not wait for ever; the traceback goes to the notebook's log
            self.show(
                Reply({"id": message.get("id"), "kind": "refusal", "text": _BROKEN.of(self.picture["lang"])})
            )
            raise
        self.show(Reply({"id": message.get("id"), **reply.content}, reply.buffers))

    def show(self, reply: Reply) -> None:
        """Send something to the page."""
        self.send(reply.content, buffers=reply.buffers)
