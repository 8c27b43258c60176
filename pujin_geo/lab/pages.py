"""Every notebook run once and kept as a page with its maps, to be read without JupyterLab and without a network."""

import re
import sys
from pathlib import Path
from tempfile import TemporaryDirectory

import nbformat
from nbclient import NotebookClient
from nbclient.exceptions import CellExecutionError
from nbconvert import HTMLExporter

from ..errors import SourceError
from ..texts import Text
from .working import make_working_copy

_REMOTE = re.compile(
    r"<script\b[^>]*\bsrc=[\"'](?:https?:)?//[^>]*>\s*</script>"
    r"|<link\b[^>]*\bhref=[\"'](?:https?:)?//[^>]*>"
    r"|<script type=\"module\">(?:(?!</script>).)*?https?://(?:(?!</script>).)*?</script>",
    re.DOTALL,
)
"""What the usual page would load from elsewhere: formula fonts, diagrams and widgets, which these pages do without."""

NEEDS_LAB = Text(
    "这里的下拉框和地图需要在 JupyterLab 中打开。", "Open the notebook in JupyterLab for the controls here."
)


def page_of(notebook: nbformat.NotebookNode, *, title: str) -> str:
    """Return a notebook with its outputs as one page that asks nothing of a network.

    Widgets are left out: without Python behind them they could not answer.

    >>> page = page_of(nbformat.v4.new_notebook(cells=[nbformat.v4.new_markdown_cell("# 题")]), title="题")
    >>> "<title>题</title>" in page, "src=\\"https:" in page
    (True, False)
    """
    exporter = HTMLExporter(embed_images=True)  # type: ignore[no-untyped-call]
    notebook.metadata["title"] = title
    notebook.metadata.pop("widgets", None)
    for cell in notebook.cells:
        for output in cell.get("outputs", []):
            if output.get("data", {}).pop("application/vnd.jupyter.widget-view+json", None):
                output["data"] = {"text/html": f"<p><em>{NEEDS_LAB.zh} · {NEEDS_LAB.en}</em></p>"}
    page, _ = exporter.from_notebook_node(notebook)
    return _REMOTE.sub("", page)


def write_pages(out: Path) -> list[Path]:
    """Run every notebook in a working copy of its own and write a page of each.

    Args:
        out: the folder of the pages; made if absent.

    Raises:
        SourceError: a notebook stops with an error.
    """
    out.mkdir(parents=True, exist_ok=True)
    pages = []
    with TemporaryDirectory() as here:
        folder, _ = make_working_copy(Path(here))
        for path in sorted(folder.glob("*.ipynb")):
            notebook = nbformat.read(path, as_version=4)  # type: ignore[no-untyped-call]
            try:
                NotebookClient(notebook, timeout=600, resources={"metadata": {"path": str(folder)}}).execute()
            except CellExecutionError as error:
                raise SourceError(
                    Text(f"{path.name} 运行出错: {error.evalue}", f"{path.name} stopped: {error.evalue}")
                ) from None
            page = out / f"{path.stem}.html"
            page.write_text(page_of(notebook, title=path.stem), encoding="utf-8", newline="\n")
            pages.append(page)
    return pages


if __name__ == "__main__":
    for made in write_pages(Path(sys.argv[1])):
        sys.stdout.write(f"{made}\n")
