"""What the inputs that a run keeps were read from: their files, rows and findings, and the profile's name.

A kept layer has only accepted rows and is a file of another name. ``origin.json`` beside it says the rest, so that
a stored run comes to the same tables and pages when it is run again.
"""

import json
from dataclasses import asdict, replace
from pathlib import Path
from typing import Any

import pandas as pd

from ..inputs import PLACE_COLUMNS, Inputs
from ..tables import Problem
from ..texts import Text
from .files import hash_file

ORIGIN = "origin.json"


def write_origin(inputs: Inputs, folder: Path) -> None:
    """Write what ``inputs`` were read from beside the study that they were written to.

    Args:
        inputs: as they were read.
        folder: the study folder that ``outputs.write_inputs`` made of them.
    """
    origin = {
        "files": {path.name: hash_file(path, folder).sha256 for path in sorted(folder.iterdir())},
        "profile": inputs.study.profile,
        "row_counts": inputs.row_counts.to_dict("records"),
        "rows": {
            name: {place: layer[place].tolist() for place in PLACE_COLUMNS}
            for name in inputs.study.layers
            if len(layer := inputs.layer(name))
        },
        "problems": [asdict(problem) | {"message": list(problem.message)} for problem in inputs.problems],
    }
    (folder / ORIGIN).write_text(json.dumps(origin, ensure_ascii=False) + "\n", encoding="utf-8")


def as_first_read(inputs: Inputs) -> Inputs:
    """Return the inputs that a run kept with the rows, findings and names that they had when they were first read.

    Other studies are returned as they are, and so is one whose files were changed since, which is read with another
    profile, or whose ``origin.json`` is damaged: it is a study like any other.
    """
    try:
        origin = json.loads((inputs.study.folder / ORIGIN).read_text(encoding="utf-8"))
        if origin["files"] != {file.file: file.sha256 for file in inputs.files}:
            return inputs
        layers = {name: _placed(inputs, name, places) for name, places in origin["rows"].items()}
        problems = tuple(Problem(**one | {"message": Text(*one["message"])}) for one in origin["problems"])
        row_counts = pd.DataFrame(origin["row_counts"], columns=inputs.row_counts.columns)
        study = replace(inputs.study, profile=str(origin["profile"]))
    except (OSError, ValueError, KeyError, TypeError):
        return inputs
    return replace(inputs, study=study, problems=problems, row_counts=row_counts, **layers)


def _placed(inputs: Inputs, name: str, places: dict[str, list[int]]) -> Any:
    layer = inputs.layer(name)
    return layer.assign(**{place: pd.Series(places[place], layer.index, "int64") for place in PLACE_COLUMNS})
