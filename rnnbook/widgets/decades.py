"""What the figures with an axis of powers of ten share: numbers in plain form, and a drawing for print."""

from __future__ import annotations

import html
import math
from collections.abc import Sequence
from typing import Any

import numpy as np

#: float32: its largest number, its smallest normal number, its smallest of all.
LARGEST, SMALLEST, LEAST = (2 - 2.0**-23) * 2.0**127, 2.0**-126, 2.0**-149

_MINUS = "\N{MINUS SIGN}"
_EVERY = {3: 1, 6: 2, 12: 4, 24: 8}
_WIDTH, _LEFT, _TOP, _BOTTOM = 700, 72, 10, 250


def plain(value: float) -> str:
    """Write a number as the page does: three digits, or two and a power of ten.

    Examples
    --------
    >>> plain(37.783), plain(0.02552), plain(1.234e-7), plain(20959.2), plain(math.inf)
    ('37.8', '0.0255', '1.2e−7', '21,000', 'inf')
    """
    if value == 0 or math.isinf(value):
        return f"{value:g}".replace("-", _MINUS)
    a = abs(value)
    if 0.001 <= a < 999500:
        three = float(f"{a:.3g}")
        text = f"{three:,.0f}" if three >= 1000 else f"{three:g}"
    else:
        m, e = f"{a:.1e}".split("e")
        text = f"{float(m):g}e{int(e)}"
    return (_MINUS if value < 0 else "") + text.replace("-", _MINUS)


def power(r: float, n: int) -> str:
    """Write r to the power n, also where it fits in no float64.

    Examples
    --------
    >>> power(1.01, 365), power(0.25, 1000)
    ('37.8', '8.7e−603')
    """
    log = n * math.log10(r)
    if abs(log) < 290:
        return plain(r**n)
    e = math.floor(log)
    m = round(10 ** (log - e), 1)
    m, e = (m / 10, e + 1) if m >= 10 else (m, e)
    return f"{m:g}e{e}".replace("-", _MINUS)


def reach(low: float, high: float) -> tuple[float, float]:
    """From which power of ten to which an axis goes; at the widest, the ends of float32 are seen.

    Examples
    --------
    >>> reach(0, 4.3), reach(-60, 0)
    ((-1.0, 6), (-52, 8.666666666666666))
    """

    def side(need: float, widest: int) -> int:
        return 0 if need <= 0 else next((most for most in _EVERY if need <= most), widest)

    down, up = side(-low, 52), side(high, 46)
    return (-max(down, up / 6), max(up, down / 6)) if down or up else (-3, 3)


def figure(
    curves: Sequence[tuple[Any, Any, str]],
    labels: Sequence[tuple[float, str]],
    *,
    log: bool,
    side: str = "right",
    alt: str,
    caption: str,
) -> str:
    """Draw curves over a common axis, as HTML in the page's colours.

    Parameters
    ----------
    curves : sequence of (x, y, colour)
        On a log axis y is a power of ten; the colour is a name of the palette.  A curve in ``faint`` is dashed.
    labels : sequence of (x, text)
        What stands below the axis.
    log : bool
    side : {"left", "right"}
        Where the names of float32's ends stand: where the curves are not.
    alt, caption : str
    """
    ys = np.array([v for _, y, _ in curves for v in y if math.isfinite(v)])
    xs = np.array([v for x, _, _ in curves for v in x])
    low, high = reach(ys.min(), ys.max()) if log else (min(0.0, ys.min()), max(1.0, ys.max()))
    x0, x1 = xs.min(), xs.max()

    def across(x: float) -> float:
        return _LEFT + (x - x0) / (x1 - x0) * (_WIDTH - 12 - _LEFT)

    def down(y: float) -> float:
        return _BOTTOM - (min(max(y, low), high) - low) / (high - low) * (_BOTTOM - _TOP)

    out = [
        "<style>.rb-decades text{font:13px system-ui,sans-serif;fill:var(--gs-mute,currentColor)}"
        ".rb-decades .e{text-anchor:end}.rb-decades path{fill:none}</style>"
    ]
    if log:
        every = next((step for most, step in _EVERY.items() if max(-low, high) <= most), 20)
        marks: Sequence[float] = range(math.ceil(low / every) * every, math.floor(high) + 1, every)
    else:
        marks = [low, high]
    for mark in marks:
        text = plain(10.0**mark if log else mark)
        out.append(f'<text class="e" x="{_LEFT - 8}" y="{down(mark) + 4.5:.1f}">{text}</text>')
    if log:
        for bound, name, place in (
            (LARGEST, "the largest float32", 15),
            (SMALLEST, "the smallest normal float32", -5),
            (LEAST, "the smallest float32", 15),
        ):
            y = down(math.log10(bound))
            if not low < math.log10(bound) < high:
                continue
            out.append(f'<path d="M{_LEFT} {y:.1f}H{_WIDTH - 12}" stroke="var(--gs-faint,#888)"/>')
            at = f'x="{_LEFT + 8}"' if side == "left" else f'class="e" x="{_WIDTH - 16}"'
            out.append(f'<text {at} y="{y + place:.1f}">{plain(bound)}, {name}</text>')
    one = f"M{_LEFT} {down(0 if log else 1):.1f}H{_WIDTH - 12}"
    frame = f"M{_LEFT} {_TOP}V{_BOTTOM}H{_WIDTH - 12}"
    out.append(f'<path d="{frame}{one}" stroke="var(--gs-line,#999)"/>')
    for x, y, colour in curves:
        inside = [(a, b) for a, b in zip(x, y, strict=True) if low <= b <= high]
        way = "L".join(f"{across(a):.1f} {down(b):.1f}" for a, b in inside[:: max(1, len(inside) // 100)])
        dashed = ' stroke-dasharray="5 4"' if colour == "faint" else ""
        width = 1.25 if colour == "faint" else 2.5
        out.append(f'<path d="M{way}" stroke="var(--gs-{colour},currentColor)" stroke-width="{width}"{dashed}/>')
    for x, text in labels:
        anchor = "end" if x > (x0 + x1) / 2 else "middle"
        out.append(f'<text x="{across(x):.1f}" y="{_BOTTOM + 19}" text-anchor="{anchor}">{html.escape(text)}</text>')
    return (
        f'<figure class="rb-figure rb-decades"><svg viewBox="0 0 {_WIDTH} {_BOTTOM + 26}" role="img" '
        f'aria-label="{html.escape(alt)}" style="width:100%;max-width:720px;height:auto">{"".join(out)}</svg>'
        f"<figcaption>{html.escape(caption)}</figcaption></figure>"
    )
