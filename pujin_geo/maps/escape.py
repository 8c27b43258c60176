"""The one gate through which text from data enters HTML or script."""

import html
import json
from typing import Any, TypeVar

import pandas as pd

Frame = TypeVar("Frame", bound=pd.DataFrame)

_ENTITIES = str.maketrans({c: f"&#{ord(c)};" for c in "`$\\{}"})
_UNSAFE_IN_SCRIPT = "<>&'`$\u2028\u2029"


def escape(text: str) -> str:
    r"""Return text that stays text in HTML, in a JavaScript template literal and in a Jinja template.

    folium writes popups and tooltips into template literals, where a backtick, ``${`` or a backslash
    would end the text or run it; and what it has rendered it compiles as a template once more, where
    ``{{`` would be evaluated in Python.

    >>> escape("<b>`${1+1}` \\9")
    '&lt;b&gt;&#96;&#36;&#123;1+1&#125;&#96; &#92;9'
    """
    return html.escape(text, quote=True).translate(_ENTITIES)


def gate(frame: Frame) -> Frame:
    """Return a copy of a frame whose text columns are escaped; call it once, before any folium call.

    Other columns, the index and the caller's frame stay as they are. Gated twice is escaped twice.

    >>> gate(pd.DataFrame({"name": ["<i>", "a"], "n": [1, 2]}))["name"].tolist()
    ['&lt;i&gt;', 'a']
    """
    gated = frame.copy()
    for column in gated.columns:
        values = gated[column]
        if values.dtype == object or isinstance(values.dtype, pd.StringDtype | pd.CategoricalDtype):
            escaped = [escape(v) if isinstance(v, str) else v for v in values]
            gated[column] = pd.Series(escaped, index=gated.index, dtype=object)
    result: Frame = gated
    return result


def json_block(value: Any) -> str:
    r"""Return JSON that is safe anywhere in a page: no ``<``, ``&``, quote, backtick or ``$`` is left in a text.

    Read back with ``JSON.parse`` the texts are the raw ones; the page's script shows them with ``textContent``.

    >>> json_block({"name": "</script>${1}"})
    '{"name":"\\u003c/script\\u003e\\u0024{1}"}'
    """
    written = json.dumps(value, ensure_ascii=False, separators=(",", ":"), allow_nan=False)
    for unsafe in _UNSAFE_IN_SCRIPT:
        written = written.replace(unsafe, f"\\u{ord(unsafe):04x}")
    return written
