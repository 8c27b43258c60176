"""Sentences that planners read, in Chinese and English side by side."""

from typing import Literal, NamedTuple

Lang = Literal["zh", "en"]


class Text(NamedTuple):
    """One sentence in both languages, written where it is used.

    >>> Text("未找到文件", "File not found").of("en")
    'File not found'
    """

    zh: str
    en: str

    def of(self, lang: Lang) -> str:
        """Return the sentence in one language."""
        return self.en if lang == "en" else self.zh
