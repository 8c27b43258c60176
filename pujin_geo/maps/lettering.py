"""How wide texts are, about, and how they are made to fit where no browser breaks them."""


def width_em(text: str) -> float:
    """Return about how wide a text is, in units of the font size: Chinese characters count one, others 0.56.

    >>> width_em("公园"), round(width_em("park"), 2)
    (2.0, 2.24)
    """
    return sum(1.0 if ord(character) > 0x2E7F else 0.56 for character in text)


def fitted(text: str, most_em: float) -> str:
    """Return a text that is at most so wide, its end cut off with an ellipsis where it must be.

    >>> fitted("社区文化活动中心", 5)
    '社区文化…'
    """
    if width_em(text) <= most_em:
        return text
    kept = text
    while kept and width_em(kept) + 1.0 > most_em:
        kept = kept[:-1]
    return f"{kept}…"


def lines_of(text: str, most_em: float, most: int) -> list[str]:
    """Break a text into at most so many lines, between words where it has any.

    >>> lines_of("walking coverage", 5.0, 2)
    ['walking', 'coverage']
    """
    lines: list[str] = []
    rest = text
    while rest and len(lines) < most - 1 and width_em(rest) > most_em:
        end = 1
        while end < len(rest) and width_em(rest[: end + 1]) <= most_em:
            end += 1
        space = rest[: end + 1].rfind(" ")
        cut = space if space > 0 else end
        lines.append(rest[:cut].strip())
        rest = rest[cut:].strip()
    return [*lines, fitted(rest, most_em)]
