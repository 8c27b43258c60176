"""Two runs compared: the one call that the command, the pages and notebooks use."""

from dataclasses import dataclass, replace
from pathlib import Path

import pandas as pd

from ..results import Results
from ..tables import ALL
from ..texts import Lang, Text
from .data_changes import LayerPairs, data_changes, pair_layers
from .effects import facility_effects
from .gap_changes import gap_area_changes
from .notices import notices
from .pairing import Pairs
from .result_changes import coverage_changes, verdict_changes
from .sentences import circle_sentences
from .sides import Side, read_sides, share_ground
from .worlds import Worlds


@dataclass(frozen=True)
class Comparison:
    """What changed between two runs, and why.

    Attributes:
        before, after: the earlier and the later run.
        lang: language of words in the tables.
        changed: groups that differ in something that can bear on who is met, of ``worlds.GROUPS``.
        notices: what has to be known before the figures are read.
        tables: ``data_changes``, ``coverage_changes``, ``verdict_changes``, ``facility_effects``,
            ``gap_area_changes`` and ``circle_sentences``, by name.
        pairs: which rows of the two runs are the same thing.
        circle_names: earlier ``circle_id`` → the later one of the same circle, where it differs.
    """

    before: Side
    after: Side
    lang: Lang
    changed: tuple[str, ...]
    notices: tuple[Text, ...]
    tables: dict[str, pd.DataFrame]
    pairs: LayerPairs
    circle_names: dict[str, str]

    @property
    def is_unchanged(self) -> bool:
        """Whether neither the data nor a verdict changed."""
        data = self.tables["data_changes"]
        data = data[~data["layer"].isin(["version"])]
        return bool(data.empty and self.tables["verdict_changes"].empty)

    @property
    def marked(self) -> Results:
        """The later run's results, synthetic if either run is: for the marks on pages and sheets."""
        results = self.after.results
        synthetic = any(side.inputs.study.synthetic for side in (self.before, self.after))
        study = replace(results.inputs.study, synthetic=synthetic)
        return replace(results, inputs=replace(results.inputs, study=study))

    def __getitem__(self, name: str) -> pd.DataFrame:
        """Return one of the tables."""
        return self.tables[name]

    def __repr__(self) -> str:
        """Say in a few lines what changed."""
        rows = ", ".join(f"{name} ({len(table)})" for name, table in self.tables.items())
        sentences = self.tables["circle_sentences"]["sentence"]
        said = [text.of(self.lang) for text in self.notices]
        head = f"{self.before.name} → {self.after.name}"
        return "\n".join([head, *said, *sentences, Text(f"表: {rows}", f"Tables: {rows}").of(self.lang)])


def compare_runs(out_a: str | Path, out_b: str | Path, *, lang: Lang = "zh") -> Comparison:
    """Compare two folders of results that ``pujin-geo run`` has written: what changed, and why.

    Both are judged anew from ``OUT/inputs`` by the version at hand, so that like stands beside like; where a run's own
    tables say otherwise, a notice tells. Each change of people met is shared out over facilities, streets, residents,
    rules and circles by their Shapley values (see ``attribution``), so that the parts add up to it exactly.

    Args:
        out_a: the earlier run's folder.
        out_b: the later run's.
        lang: language of words in the tables.

    Raises:
        PujinError: a folder is no complete result, is of a newer format, or its inputs cannot be read.

    >>> import tempfile
    >>> from pujin_geo import analyse, as_if_opened, load_study, write_results
    >>> inputs = load_study("geodata/xiaohe")
    >>> with tempfile.TemporaryDirectory() as here:
    ...     index = write_results(analyse(inputs), f"{here}/before")
    ...     index = write_results(analyse(as_if_opened(inputs)), f"{here}/after")
    ...     changes = compare_runs(f"{here}/before", f"{here}/after")
    >>> changes["data_changes"][["id", "change"]].values.tolist()[0]
    ['h2/meal_point', 'opened']
    """
    before, after = read_sides(Path(out_a), Path(out_b), lang=lang)
    return compare_sides(before, after, lang=lang)


def compare_sides(before: Side, after: Side, *, lang: Lang) -> Comparison:
    """Compare two judged studies in one CRS."""
    is_one_place = share_ground(before.inputs, after.inputs)
    pairs = pair_layers(before.inputs, after.inputs, is_one_place=is_one_place)
    circle_names = _circle_names(before, after, pairs["circles"])
    worlds = None
    if is_one_place:
        worlds = Worlds(
            before.inputs,
            after.inputs,
            include_planned=(before.include_planned, after.include_planned),
            residents=pairs["residents"],
            circle_names=circle_names,
        )
    verdicts = verdict_changes(before, after, pairs["residents"], circle_names)
    coverage = coverage_changes(before, after, worlds, verdicts, circle_names)
    tables = {
        "data_changes": data_changes(before, after, pairs, lang=lang),
        "coverage_changes": coverage,
        "verdict_changes": verdicts,
        "facility_effects": facility_effects(before, after, pairs),
        "gap_area_changes": gap_area_changes(before, after, pairs["residents"], circle_names, lang=lang),
    }
    tables["circle_sentences"] = circle_sentences(before, after, coverage, circle_names, lang=lang)
    return Comparison(
        before=before,
        after=after,
        lang=lang,
        changed=worlds.changed if worlds else (),
        notices=tuple(notices(before, after, pairs)),
        tables=tables,
        pairs=pairs,
        circle_names=circle_names,
    )


def _circle_names(before: Side, after: Side, circles: Pairs) -> dict[str, str]:
    """Return the later id of every earlier circle whose id is not that."""
    ours = before.inputs.circles["circle_id"].to_numpy(dtype=object)
    theirs = after.inputs.circles["circle_id"].to_numpy(dtype=object)
    names = {
        ours[i]: theirs[j] for i, j in zip(circles.before, circles.after, strict=True) if ours[i] != theirs[j]
    }
    # An id that now stands for another circle must not be added up with it.
    taken = set(theirs) | {ALL}
    return names | {ours[i]: f"{ours[i]}*" for i in circles.gone if ours[i] in taken}
