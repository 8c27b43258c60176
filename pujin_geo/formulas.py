"""Texts that a spreadsheet would take for formulas when it opens a CSV."""

import re

_FORMULA = re.compile(r"(?![+-]?\d+(?:\.\d+)?\Z)'*[=+\-@＝＋－＠\t\r\n]")


def is_formula(cell: str) -> bool:
    """Tell whether a text must not be written to a CSV as it is.

    That is one which begins with ``= + - @`` (wide ones too), a tab or a line break, also after apostrophes.

    >>> [is_formula(cell) for cell in ("=1+1", "-5", "'=1", "O'Neill")]
    [True, False, True, False]
    """
    return not cell[:1].isalnum() and _FORMULA.match(cell) is not None


def as_cell(text: str) -> str:
    """Return a text as it is written to a CSV: what could be a formula has an apostrophe before it.

    >>> as_cell("=1+1"), as_cell("-5")
    ("'=1+1", '-5')
    """
    return f"'{text}" if is_formula(text) else text


def from_cell(cell: str) -> str:
    """Return the text that was written as a cell.

    >>> [from_cell(as_cell(text)) for text in ("=1+1", "'=1", "'quoted'")]
    ['=1+1', "'=1", "'quoted'"]
    """
    return cell[1:] if cell.startswith("'") and is_formula(cell) else cell
