"""Numbers as pages print them."""

import math


def whole(value: float | str) -> str:
    """Return a count with thousands separators; a dash where there is none.

    >>> whole(114999.6), whole(float("nan"))
    ('115,000', '—')
    """
    if isinstance(value, str):  # a small count that is hidden: "<5"
        return value
    return "—" if math.isnan(value) else f"{value:,.0f}"


def figure(value: float) -> str:
    """Return a figure with as many decimals as it has, at most two.

    >>> figure(26000.0), figure(23.99), figure(-0.3), figure(float("nan"))
    ('26,000', '23.99', '-0.3', '—')
    """
    return "—" if math.isnan(value) else f"{value:,.2f}".rstrip("0").rstrip(".")


def percent(share: float) -> str:
    """Return a share of 0..1 as percent with one decimal; all and nothing are printed only where exact.

    >>> percent(0.625), percent(0.99996), percent(0.0001), percent(1.0), percent(float("nan"))
    ('62.5%', '99.9%', '0.1%', '100%', '—')
    """
    if math.isnan(share):
        return "—"
    if share in {0.0, 1.0}:
        return f"{share:.0%}"
    return f"{min(max(round(share * 100, 1), 0.1), 99.9):.1f}%"
