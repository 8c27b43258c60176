"""Templates compiled in an earlier run: the same page, and never an older template's."""

import importlib.metadata
import marshal
from pathlib import Path

from pujin_geo.maps.templates import _compiled, templates
from pujin_geo.reuse import Store, reusing


def test_kept_code_is_that_of_the_template(tmp_path: Path) -> None:
    jinja = importlib.metadata.version("jinja2")
    written = []
    for _ in range(2):
        with reusing(Store(tmp_path)) as store:
            for source in ("{{ who }} & co", "{{ who }} und Söhne"):
                code = marshal.loads(_compiled(source, "x.html", None, jinja))
                template = templates().template_class.from_code(templates(), code, {})
                written.append(template.render(who="<A>"))
    assert written == ["&lt;A&gt; & co", "&lt;A&gt; und Söhne"] * 2
    assert store.counts() == {"maps.templates._compiled": {"reused": 2, "made": 0}}


def test_another_jinja_finds_no_code(tmp_path: Path) -> None:
    with reusing(Store(tmp_path)) as store:
        for jinja in ("3.0.0", "3.1.0"):
            _compiled("{{ who }}", "x.html", None, jinja)
    assert store.made["maps.templates._compiled"] == 2
