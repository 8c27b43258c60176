"""The figures of a page and where it says that they come from, looked up in the tables of the same folder."""

import json
import re
from collections.abc import Iterator
from dataclasses import dataclass, field, replace
from html.parser import HTMLParser
from pathlib import Path
from urllib.parse import unquote

import pandas as pd

from pujin_geo.coverage.disclosure import SMALLEST_SHOWN, is_count

VOID = {"meta", "br", "input", "link", "img", "hr", "col"}
NUMBER = re.compile(r"[-−+]?<?\d[\d,]*(?:\.\d+)?%?|—")
HIDDEN_ROUNDING = SMALLEST_SHOWN / 2


@dataclass
class Node:
    tag: str
    attributes: dict[str, str] = field(default_factory=dict)
    parent: "Node | None" = None
    children: list["Node | str"] = field(default_factory=list)

    def text(self) -> str:
        return "".join(one if isinstance(one, str) else one.text() for one in self.children)

    def walk(self) -> Iterator["Node"]:
        yield self
        for one in self.children:
            if isinstance(one, Node):
                yield from one.walk()

    def above(self) -> Iterator["Node"]:
        node: Node | None = self
        while node is not None:
            yield node
            node = node.parent

    def nearest(self, tag: str) -> "Node":
        return next(node for node in self.above() if node.tag == tag)


class _Reader(HTMLParser):
    def __init__(self) -> None:
        super().__init__()
        self.root = self.at = Node("")

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        node = Node(tag, {name: value or "" for name, value in attrs}, self.at)
        self.at.children.append(node)
        if tag not in VOID:
            self.at = node

    def handle_startendtag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.at.children.append(Node(tag, {name: value or "" for name, value in attrs}, self.at))

    def handle_endtag(self, tag: str) -> None:
        while self.at.tag != tag:
            assert self.at.parent is not None, tag
            self.at = self.at.parent
        assert self.at.parent is not None
        self.at = self.at.parent

    def handle_data(self, data: str) -> None:
        self.at.children.append(data)


def read_page(html: str) -> Node:
    reader = _Reader()
    reader.feed(html)
    return reader.root


@dataclass(frozen=True)
class Ref:
    """A reference as ``maps.references`` writes it."""

    how: str
    table: str
    keys: tuple[tuple[str, tuple[str, ...]], ...]
    columns: tuple[str, ...]


def read_ref(written: str) -> Ref:
    place, _, columns = written.partition("#")
    name, _, picked = place.partition("?")
    how, _, table = name.rpartition(":")
    pairs = [one.partition("=") for one in picked.split(";") if one]
    keys = tuple((key, tuple(unquote(one) for one in value.split("|"))) for key, _, value in pairs)
    return Ref(how, table, keys, tuple(one for one in columns.split(",") if one))


class Tables:
    """The tables of a folder as they are written, and the catalogue's columns beside them."""

    def __init__(self, folder: Path) -> None:
        self._folder = folder
        self._read: dict[str, pd.DataFrame] = {}

    def __getitem__(self, name: str) -> pd.DataFrame:
        if name not in self._read:
            if name == "manifest.row_counts":
                manifest = json.loads((self._folder / "manifest.json").read_text(encoding="utf-8"))
                self._read[name] = pd.DataFrame(manifest["row_counts"]).astype(str)
            else:
                self._read[name] = _csv(self._folder / "tables" / f"{name}.csv")
        return self._read[name]

    def rows(self, ref: Ref) -> pd.DataFrame:
        """Return the rows that a reference picks."""
        table = self[ref.table]
        absent = [key for key, _ in ref.keys if key not in table]
        if absent:
            catalogue = _csv(self._folder / "inputs" / "catalogue.csv").set_index("facility_type")
            table = table.assign(**{key: table["facility_type"].map(catalogue[key]) for key in absent})
        for key, values in ref.keys:
            table = table[table[key].isin(values)]
        return table

    def values(self, ref: Ref) -> list[float | str]:
        """Return what a reference stands for: numbers, "" where there is none."""
        rows = self.rows(ref)
        if ref.how == "count":
            return [float(len(rows))]
        if not ref.how and ref.columns:
            assert len(rows) == 1, (ref, len(rows))
        numbers = [pd.to_numeric(rows[column]) for column in ref.columns]
        found = [n.iloc[0] if not ref.how else getattr(n.dropna(), ref.how)() for n in numbers]
        return ["" if pd.isna(one) else float(one) for one in found]

    def hides(self, ref: Ref) -> bool:
        """Tell whether a row holds a count of people that is too small to be shown."""
        rows = self.rows(ref)
        numbers = rows.apply(pd.to_numeric, errors="coerce")
        counts = numbers[[name for name in numbers if is_count(numbers, name)]].abs()
        return bool(((counts > 0) & (counts < SMALLEST_SHOWN)).any(axis=None))


def _csv(path: Path) -> pd.DataFrame:
    return pd.read_csv(path, dtype=str, keep_default_na=False, encoding="utf-8-sig")


@dataclass(frozen=True)
class Shown:
    """An element's text with the references that it bears; ``is_exact``: it holds these figures and no others."""

    text: str
    refs: tuple[Ref, ...]
    is_exact: bool


def shown_figures(page: Node) -> Iterator[Shown]:
    """Yield every element with a source; of a table's row, named in its first cell, those under a head with a column."""
    for node in page.walk():
        if "data-source" in node.attributes:
            refs = tuple(read_ref(one) for one in node.attributes["data-source"].split())
            yield Shown(node.text(), refs, node.tag in ("td", "b", "span") and len(refs) == 1)
        if "data-row" not in node.attributes:
            continue
        ref, row = read_ref(node.attributes["data-row"]), node.nearest("tr")
        heads = [one for one in node.nearest("table").walk() if one.tag == "th"]
        cells = [one for one in row.children if isinstance(one, Node)]
        columns = [one.attributes.get("data-column", "") for one in heads]
        if not any(columns):
            yield Shown(row.text(), (ref,), is_exact=False)
            continue
        assert len(cells) == len(columns), row.text()
        for cell, column in zip(cells, columns, strict=True):
            if column and "data-source" not in cell.attributes:
                yield Shown(cell.text(), (replace(ref, columns=tuple(column.split(","))),), is_exact=True)


def fault(shown: Shown, tables: Tables) -> str:
    """Return what is wrong with a figure, "" if it is what its source says."""
    tokens = NUMBER.findall(shown.text)
    for ref in shown.refs:
        if not ref.columns and ref.how != "count":
            if ref.keys and tables[ref.table].empty:
                return f"{ref}: no such table"
            continue
        values, hides = tables.values(ref), tables.hides(ref)
        if shown.is_exact and not tokens and all(value in ("", 0.0) for value in values):
            continue
        if shown.is_exact and len(tokens) != len(values):
            return f"{shown.text!r} holds other figures than {ref}"
        for value in values:
            token = tokens[0] if shown.is_exact and tokens else None
            fitting = [one for one in ([token] if token else tokens) if same(one, value, hides=hides)]
            if not fitting and not (value == "" and not shown.is_exact):
                return f"{shown.text!r}: {value!r} of {ref} is not there"
            if fitting:
                tokens.remove(fitting[0])
    return ""


def same(token: str, value: float | str, *, hides: bool) -> bool:
    """Tell whether a number as printed is that of the table: rounded, and hidden or rounded where small."""
    if token == "—" or value == "":
        return (token == "—") and (value == "" or hides)
    number = float(value)
    digits = token.replace("−", "-").replace(",", "").replace("+", "")
    if "<" in digits:
        return 0 < abs(number) < SMALLEST_SHOWN and digits.startswith("-") == (number < 0)
    percent = digits.endswith("%")
    printed = float(digits.rstrip("%"))
    decimals = len(digits.rstrip("%").partition(".")[2])
    if percent:
        number *= 100
        decimals = 1
        if printed in (0.1, 99.9) and printed - 0.1 <= number <= printed + 0.1:
            return True
    if percent and printed in (0, 100):  # printed only where exact
        return abs(printed - number) <= 1e-4 or (hides and abs(printed - number) <= 0.5)
    slack = 0.5 * 10**-decimals + 1e-4
    if hides:
        slack = max(slack, HIDDEN_ROUNDING if not percent else 0.5) + 1e-6
    return abs(printed - number) <= slack


def unsourced(page: Node, *, spoken: tuple[str, ...]) -> list[str]:
    """Return texts with a digit that bear no source.

    Left out are heads, names (``bdi``), pictures and charts (their frame has the source), the contents and the foot,
    the section of definitions, and definitions elsewhere (``spoken``).
    """
    plain = {
        "style",
        "script",
        "title",
        "bdi",
        "svg",
        "th",
        "h1",
        "h2",
        "h3",
        "h4",
        "caption",
        "label",
        "nav",
        "footer",
    }
    found, section = [], ""
    for node in page.walk():
        if node.tag == "h2":
            section = node.attributes.get("id", "")
        above = list(node.above())
        if section == "definitions" or any(
            one.tag in plain
            or (
                one.tag == "tr"
                and any("data-row" in cell.attributes for cell in one.children if isinstance(cell, Node))
            )
            or "data-source" in one.attributes
            or set(one.attributes.get("class", "").split()) & {"marks", "trace"}
            for one in above
        ):
            continue
        text = " ".join(one for one in node.children if isinstance(one, str))
        for words in spoken:
            text = text.replace(words, "")
        if re.search(r"\d", text):
            found.append(text.strip())
    return found
