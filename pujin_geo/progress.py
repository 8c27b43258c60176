"""A progress bar on the terminal for long work."""

from collections.abc import Callable, Iterator
from contextlib import contextmanager

from rich.console import Console
from rich.progress import BarColumn, Progress, SpinnerColumn, TextColumn, TimeElapsedColumn

from .texts import Lang, Text


@contextmanager
def progress(lang: Lang, *, steps: int) -> Iterator[Callable[[Text], None]]:
    """Show a bar of ``steps`` steps on stderr; call what it yields with a sentence as each step begins."""
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
