"""Packages whose names are loaded when they are first used, so that a command loads only what it needs."""

from collections.abc import Callable, Mapping
from importlib import import_module
from typing import Any


def lazy_names(
    package: str, homes: Mapping[str, str]
) -> tuple[Callable[[str], Any], Callable[[], list[str]], list[str]]:
    """Return ``__getattr__``, ``__dir__`` and ``__all__`` of a package (PEP 562).

    Args:
        package: the package's ``__name__``.
        homes: public name → module below the package that defines it.

    >>> load, names, public = lazy_names("pujin_geo", {"Text": "texts"})
    >>> load("Text").__module__, names(), public
    ('pujin_geo.texts', ['Text'], ['Text'])
    """

    def load(name: str) -> Any:
        if name not in homes:
            raise AttributeError(f"module {package!r} has no attribute {name!r}")
        return getattr(import_module(f".{homes[name]}", package), name)

    return load, lambda: sorted(homes), sorted(homes)
