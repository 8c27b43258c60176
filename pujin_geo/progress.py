"""A progress bar for long work, on the terminal and in a notebook."""

import html
import sys
from collections.abc import Callable, Iterator
from contextlib import contextmanager

from .texts import Lang, Text


@contextmanager
def progress(lang: Lang, *, steps: int) -> Iterator[Callable[[Text], None]]:
    """Show a bar of ``steps`` steps on a terminal's stderr; call what it yields with a sentence as each step begins."""
    if not sys.stderr.isatty():
        yield lambda _: None
        return
    from rich.console import Console  # noqa: PLC0415 - only a terminal needs it
    from rich.progress import (  # noqa: PLC0415
        BarColumn,
        Progress,
        SpinnerColumn,
        TextColumn,
        TimeElapsedColumn,
    )

    columns = (
        SpinnerColumn(),
        BarColumn(bar_width=24),
        TextColumn("{task.description}"),
        TimeElapsedColumn(),
    )
    with Progress(*columns, console=Console(stderr=True), transient=True) as bar:
        task = bar.add_task("", total=steps)
        begun = 0

        def report(text: Text) -> None:
            nonlocal begun
            bar.update(task, completed=begun, description=text.of(lang))
            begun += 1

        yield report


def progress_bar(lang: Lang = "zh", *, steps: int = 6) -> Callable[[Text], None]:
    """Return a bar for a notebook cell, to be handed to long work as ``report``; it goes when the cell is done.

    Outside a notebook it does nothing.

    Args:
        lang: language of the sentences beside the bar.
        steps: how many steps the work has; ``analyse`` has six, ``write_results`` eight.

    >>> from pujin_geo import analyse, load_study
    >>> results = analyse(load_study("geodata/xiaohe"), report=progress_bar("en"))
    """
    from IPython import get_ipython  # noqa: PLC0415 - only notebooks need it
    from IPython.display import HTML, display  # noqa: PLC0415

    shell = get_ipython()
    if shell is None or not hasattr(shell, "kernel"):
        return lambda _: None
    shown = display(HTML(""), display_id=True)  # type: ignore[no-untyped-call]
    begun = 0

    def report(text: Text) -> None:
        nonlocal begun
        bar = f'<progress value="{begun}" max="{steps}"></progress> {html.escape(text.of(lang))}'
        shown.update(HTML(bar))  # type: ignore[no-untyped-call]
        begun += 1

    def finish(*_: object) -> None:
        shown.update(HTML(""))  # type: ignore[no-untyped-call]
        shell.events.unregister("post_run_cell", finish)

    shell.events.register("post_run_cell", finish)
    return report
