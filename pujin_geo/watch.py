"""Waiting until a study's files are saved, and the sentences that say what the new run changed."""

import time
from collections.abc import Callable, Iterable, Mapping
from pathlib import Path

import pandas as pd

from .study import Study
from .tables import ALL
from .texts import Lang, Text

Stamps = Mapping[Path, tuple[int, int]]
"""File → when it was changed (ns) and its size in bytes."""

EVERY_S = 1.0
TYPES_TOLD = 5


def watched(study: Study, *, leave_out: Iterable[Path] = ()) -> list[Path]:
    """Return what a study is read from: its folder, and files named in ``study.toml`` that lie elsewhere.

    Results, hidden files and the lock files of Excel and WPS (``~$...``) are left out.

    Args:
        study: from ``read_study``.
        leave_out: folders of results, which may lie inside the study.
    """
    left_out = [one.resolve() for one in leave_out]
    folder = study.folder.resolve()
    found = [path.resolve() for path in folder.rglob("*") if path.is_file()]
    named = [spec.path for spec in study.layers.values()]
    named += [study.folder / study.profile] if study.profile.lower().endswith(".csv") else []
    found += [path for one in named if (path := one.resolve()).is_file() and not path.is_relative_to(folder)]
    return sorted(
        path
        for path in set(found)
        if not path.name.startswith(("~$", ".")) and not any(path.is_relative_to(one) for one in left_out)
    )


def stamps(paths: Iterable[Path]) -> Stamps:
    """Return the stamp of each file that is there."""
    taken = {}
    for path in paths:
        try:
            status = path.stat()
        except OSError:  # between two names while a program saves it
            continue
        taken[path] = status.st_mtime_ns, status.st_size
    return taken


def wait_until_saved(take: Callable[[], Stamps], known: Stamps, *, every_s: float = EVERY_S) -> None:
    """Return when the stamps differ from the known ones and have stayed the same from one look to the next.

    >>> looks = iter([{"a": 1}, {"a": 2}, {"a": 3}, {"a": 3}])
    >>> wait_until_saved(lambda: next(looks), {"a": 1}, every_s=0)
    >>> list(looks)
    []
    """
    last = known
    while True:
        time.sleep(every_s)
        now = take()
        if now == last and now != known:
            return
        last = now


def changes_in_words(before: pd.DataFrame, after: pd.DataFrame, names: pd.Series, lang: Lang) -> list[str]:
    """Return what changed between two ``coverage`` tables: the types whose people met changed most, in all.

    Args:
        before, after: ``coverage`` tables.
        names: ``facility_type`` → name in words.
        lang: language of the sentences.
    """
    was, now = _people_met(before), _people_met(after)
    change = now.sub(was, fill_value=0).round()
    change = change[change != 0]
    if change.empty:
        return [Text("各类设施的达标人数没有变化。", "People met did not change for any type.").of(lang)]
    told = change.reindex(change.abs().sort_values(ascending=False, kind="stable").index)
    lines = []
    for kind, people in told.head(TYPES_TOLD).items():
        met = float(now.get(kind, 0.0))
        text = Text(
            f"{names.get(kind, kind)}: 达标人数 {people:+,.0f}, 现为 {met:,.0f}。",
            f"{names.get(kind, kind)}: {people:+,.0f} people met, now {met:,.0f}.",
        )
        lines.append(text.of(lang))
    if len(told) > TYPES_TOLD:
        more = len(told) - TYPES_TOLD
        lines.append(Text(f"另有 {more} 类有变化。", f"{more} more types changed.").of(lang))
    return lines


def _people_met(coverage: pd.DataFrame) -> pd.Series:
    whole = coverage[(coverage["circle_id"] == ALL) & (coverage["scope"] == ALL)]
    return whole.set_index("facility_type")["people_met"]
