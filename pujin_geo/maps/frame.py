"""What stands around a map's panel and data on its page: the same for every study of a place, so made once."""

from dataclasses import dataclass

from ..texts import Lang
from .offline import (
    Inline,
    inline_parts,
    policy_for,
    sets_styles,
    with_assets,
    with_head,
    with_line_feeds,
)

_BODY = "<!-- panel and data -->"


@dataclass(frozen=True)
class Frame:
    """A page that opens without a network, but for its title, panel and data.

    Attributes:
        before, after: the page before and after panel and data.
        above, below: what these two run and style.
        sets_styles: they set styles on single elements.
    """

    before: str
    after: str
    above: Inline
    below: Inline
    sets_styles: bool

    def filled(self, panel: str, data: str, *, title: str) -> str:
        """Return the whole page.

        Args:
            panel: HTML.
            data: the element with the data, from ``escape.json_block``, which is not run.
            title: plain text.

        Raises:
            AssetError: the panel would fetch something.
        """
        panel = with_line_feeds(panel)
        strict = not (self.sets_styles or sets_styles(panel))
        policy = policy_for([self.above, inline_parts(panel), self.below], strict_styles=strict)
        before = with_head(self.before, policy=policy, title=title)
        return f"{before}{panel}\n{data}{self.after}"


def frame_around(body: str, rendered: str, *, lang: Lang) -> Frame:
    """Return the frame of a page that folium has rendered.

    Args:
        body: panel and data as they stand in the page, once.
        rendered: the page.
        lang: language of the page.

    Raises:
        AssetError: the page links something that is not vendored, such as tiles or icon markers.
    """
    bare = rendered.replace(body, _BODY, 1)
    before, _, after = with_assets(bare, lang=lang).partition(_BODY)
    return Frame(before, after, inline_parts(before), inline_parts(after), sets_styles(bare))
