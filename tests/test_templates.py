"""Templates compiled in an earlier run: the same page, and never an older template's."""

import marshal
from pathlib import Path

from pujin_geo.maps.templates import _compiled, templates
from pujin_geo.reuse import Store, reusing


def test_kept_code_is_that_of_the_template(tmp_path: Path) -> None:
    written = []
    for _ in range(2):
        with reusing(Store(tmp_path)) as store:
            for source in ("{{ who }} & co", "{{ who }} und Söhne"):
                code = marshal.loads(_compiled(source, "x.html", None))
                template = templates().template_class.from_code(templates(), code, {})
                written.append(template.render(who="<A>"))
    assert written == ["&lt;A&gt; & co", "&lt;A&gt; und Söhne"] * 2
    assert store.counts() == {"maps.templates._compiled": {"reused": 2, "made": 0}}
