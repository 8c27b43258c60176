"""What a run wrote, and a page of it, for a notebook."""

import html
from dataclasses import dataclass
from pathlib import Path

import pandas as pd

from ..choices import language
from ..errors import SourceError
from ..texts import Text
from .words import TableInWords

CONTENTS: dict[str, Text] = {
    "index.html": Text("简报, 可以单独邮寄", "the briefing; can be mailed alone"),
    "cards.html": Text("每个生活圈一页, 可打印", "a page per circle, to print"),
    "requirements.xlsx": Text("需求清单, 可打印上报", "the requirements list, to print"),
    "tables.xlsx": Text("全部表格 (内部)", "all tables (internal)"),
    "layers.gpkg": Text("全部图层, 供 QGIS、ArcGIS", "every layer, for QGIS and ArcGIS"),
    "manifest.json": Text("输入、设置、版本、计数", "inputs, settings, versions, counts"),
    "maps": Text("地图, 每个网页各自完整", "maps, each page complete in itself"),
    "charts": Text("矢量图表, 可放入幻灯片", "vector charts, for slides"),
    "tables": Text("全部表格 (内部, 未作隐藏)", "all tables (internal, unsuppressed)"),
    "inputs": Text("采用的输入, 足以重跑", "the accepted inputs, enough to repeat the run"),
}


def show_files(out: str | Path, *, lang: str = "zh") -> TableInWords:
    """Return what lies in a results folder, in words.

    Args:
        out: a folder that ``write_results`` wrote.
        lang: zh or en.

    Raises:
        SourceError: there is no such folder.

    >>> import tempfile
    >>> from pujin_geo import analyse, load_study, write_results
    >>> with tempfile.TemporaryDirectory() as here:
    ...     index = write_results(analyse(load_study("geodata/xiaohe")), f"{here}/out")
    ...     show_files(f"{here}/out", lang="en").frame["file or folder"].tolist()[:3]
    ['index.html', 'cards.html', 'requirements.xlsx']
    """
    folder, words = Path(out), language(lang)
    if not folder.is_dir():
        raise SourceError(
            Text(f"找不到结果文件夹 {folder}, 请先运行。", f"There is no results folder {folder}; run first.")
        )
    order = list(CONTENTS)
    there = sorted(
        folder.iterdir(), key=lambda p: (order.index(p.name) if p.name in order else len(order), p.name)
    )
    rows = [
        (
            f"{path.name}/" if path.is_dir() else path.name,
            len(list(path.iterdir())) if path.is_dir() else 1,
            f"{sum(one.stat().st_size for one in [path, *path.rglob('*')] if one.is_file()) / 1e6:.2f}",
            CONTENTS[path.name].of(words) if path.name in CONTENTS else "",
        )
        for path in there
    ]
    headings = (Text("文件或文件夹", "file or folder"), Text("文件 (个)", "files"), Text("大小 (MB)", "size (MB)"),
                Text("内容", "what it is"))  # fmt: skip
    names = [heading.of(words) for heading in headings]
    frame = pd.DataFrame([tuple(map(str, row)) for row in rows], columns=names)
    return TableInWords(str(folder), frame, frozenset(names[1:3]))


@dataclass(frozen=True)
class Page:
    """A self-contained page, shown inside a notebook."""

    path: Path

    def __repr__(self) -> str:
        """Name the page, for a terminal."""
        return f"<{self.path.name}>"

    def _repr_html_(self) -> str:
        """Show the page in a frame."""
        page = html.escape(self.path.read_text(encoding="utf-8"))
        title = html.escape(self.path.name)
        return f'<iframe srcdoc="{page}" title="{title}" width="100%" height="640" style="border:1px solid #ccc"></iframe>'


def show_page(path: str | Path) -> Page:
    """Return a page that a run wrote, to be looked at in a notebook.

    Args:
        path: such as the ``index.html`` that ``write_results`` returns.

    Raises:
        SourceError: there is no such file.

    >>> show_page("nowhere/index.html")
    Traceback (most recent call last):
    ...
    pujin_geo.errors.SourceError: 找不到网页 nowhere/index.html。
    """
    page = Path(path)
    if not page.is_file():
        raise SourceError(Text(f"找不到网页 {page}。", f"There is no page {page}."))
    return Page(page)
