"""The package's HTML templates, compiled once: parsing them takes longer than filling them."""

import marshal
from collections.abc import MutableMapping
from functools import cache
from typing import Any

from jinja2 import Environment, PackageLoader, StrictUndefined, Template

from ..reuse import kept
from .references import ref


class _Loader(PackageLoader):
    """Loads the code of a template, kept from earlier runs."""

    def load(
        self,
        environment: Environment,
        name: str,
        globals: MutableMapping[str, Any] | None = None,  # noqa: A002 - jinja's word
    ) -> Template:
        source, filename, is_current = self.get_source(environment, name)
        code = marshal.loads(_compiled(source, name, filename))
        return environment.template_class.from_code(environment, code, globals or {}, is_current)


@cache
def templates() -> Environment:
    """Return the package's templates; every text put into them is escaped, and all know ``references.ref``."""
    environment = Environment(
        loader=_Loader("pujin_geo", "templates"),
        autoescape=True,
        undefined=StrictUndefined,
        trim_blocks=True,
        lstrip_blocks=True,
    )
    environment.globals["ref"] = ref
    return environment


@kept
def _compiled(source: str, name: str, filename: str | None) -> bytes:
    """Return the code of a template; the versions of Python and Jinja are part of every key."""
    return marshal.dumps(templates().compile(source, name, filename))
