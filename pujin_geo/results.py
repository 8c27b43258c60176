"""What an analysis yields: everything that tables, maps and the briefing are written from."""

import html
from dataclasses import asdict, dataclass
from functools import cached_property

import pandas as pd

from .fingerprints import Digest, Fingerprints
from .inputs import PLACE_COLUMNS, Inputs
from .reuse import kept
from .tables import LAYERS, REGISTERS
from .texts import Lang, Text
from .walking.network import Network


@dataclass(frozen=True)
class Results:
    """One analysed study.

    Attributes:
        inputs: the accepted input.
        lang: the language of messages, pages and maps.
        include_planned: facilities and streets that are under construction or planned count.
        network: the walking graph.
        tables: the contract's tables by name: problems, facilities, residents, distances, circles,
            coverage, gaps; row order is stable, ids are text.
        types_without_rows: one row per catalogue type that is not judged: facility_type, reason.
        seconds: step → seconds, in order.
        other_distances: the ``distances`` table with what is under construction or planned open, streets too, or
            without it where it counts already; None where nobody has measured that.
    """

    inputs: Inputs
    lang: Lang
    include_planned: bool
    network: Network
    tables: dict[str, pd.DataFrame]
    types_without_rows: pd.DataFrame
    seconds: dict[str, float]
    other_distances: pd.DataFrame | None = None

    @cached_property
    def input_hash(self) -> str:
        """The hash of all that the figures come from: accepted rows, thresholds, settings and what counts.

        It does not depend on file names or formats: the inputs that a run keeps have the hash of the run.
        """
        study = self.inputs.study
        layers = {
            name: _columns_digest(frame)
            for name in (*LAYERS, *REGISTERS)
            if len(frame := self.inputs.layer(name))
        }
        catalogue = {
            name: self.inputs.catalogue[name].to_numpy(dtype=object) for name in self.inputs.catalogue
        }
        about = (study.name, study.crs.to_string(), study.data_date, study.synthetic, asdict(study.settings))
        return Fingerprints().of(about, self.include_planned, catalogue, layers)

    def __repr__(self) -> str:
        """Return one line; the tables would fill pages."""
        return f"<Results of {self.inputs.study.name}: {', '.join(self.tables)}>"

    def _repr_html_(self) -> str:
        """Show in a notebook how many verdicts there are, and the tables; nothing is computed anew."""
        verdicts = self.tables["distances"]["verdict"].value_counts()
        numbers = [int(verdicts.get(one, 0)) for one in ("met", "not_met", "unknown")]
        synthetic = (
            Text(" · 合成数据, 示意", " · synthetic, schematic")
            if self.inputs.study.synthetic
            else Text("", "")
        )
        said = Text(
            "判定 {:,} 项: 达标 {:,}, 未达标 {:,}, 无法判定 {:,}",
            "{:,} verdicts: {:,} met, {:,} not met, {:,} unknown",
        )
        rows = "".join(
            f"<tr><td>{name}</td><td>{len(table):,}</td></tr>" for name, table in self.tables.items()
        )
        words = Text('表 (行数), 用 results.tables["名称"] 取出', 'tables (rows), as results.tables["name"]')
        return (
            f"<b>{html.escape(self.inputs.study.name)}</b>{synthetic.of(self.lang)}"
            f"<div>{said.of(self.lang).format(sum(numbers), *numbers)}</div>"
            f"<details><summary>{words.of(self.lang)}</summary><table>{rows}</table></details>"
        )


@kept
def _columns_digest(frame: pd.DataFrame) -> Digest:
    """Return the fingerprint of a layer's columns by name, whatever their order and dtypes."""
    columns = sorted(set(frame.columns) - set(PLACE_COLUMNS))
    return Fingerprints().digest({name: frame[name].to_numpy(dtype=object) for name in columns})
