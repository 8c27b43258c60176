"""Refusals: each carries one sentence that says what is wrong and what to do."""

from .texts import Lang, Text


class PujinError(Exception):
    """A refusal in words that a planner understands; the command line prints it and exits with 1.

    >>> SettingsError(Text("crs 必须是以米为单位的投影坐标系", "crs must be projected, in metres")).of("en")
    'crs must be projected, in metres'
    """

    def __init__(self, text: Text) -> None:
        super().__init__(text.zh)
        self.text = text

    def of(self, lang: Lang) -> str:
        """Return the sentence in one language."""
        return self.text.of(lang)

    def _render_traceback_(self) -> list[str]:
        """Show the sentence in a notebook, in both languages, where IPython would print a traceback."""
        return [f"\x1b[1;31m{self.text.zh}\x1b[0m", self.text.en]


class SettingsError(PujinError, ValueError):
    """A setting of the study, the catalogue or the command is wrong."""


class SourceError(PujinError, ValueError):
    """A file or layer cannot be read, or nothing in a required layer can be used."""
