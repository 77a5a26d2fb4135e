"""Pictures that stand in a widget's place where no script runs, and in print: SVG in the colours of the page."""

from __future__ import annotations

import html
from collections.abc import Iterator, Sequence
from typing import NamedTuple

import numpy as np

from rnnbook.plots import SAME_ROLE, number

_LEFT, _TOP, _HEIGHT, _WIDTH = 122, 34, 29, 700
_STYLE = (
    "<style>.rb-strip text{font:13px system-ui,sans-serif;fill:var(--gs-mute,currentColor)}"
    ".rb-strip .q{text-anchor:middle}"
    ".rb-strip .l{font:italic 600 17px 'STIX Two Text',Cambria,'Times New Roman',serif}</style>"
)


class Row(NamedTuple):
    """One quantity over time.

    Attributes
    ----------
    letter, name : str
        How it is called at the left, and in the text alternative.
    values : array (T,)
    tint : str
        The palette's name of its colour.
    gate : bool
        Drawn as openings, 0 to 1; otherwise as bars about a zero line, the largest at most as high as the row.
    """

    letter: str
    name: str
    values: np.ndarray
    tint: str
    gate: bool = False


def strip(rows: Sequence[Row], labels: Sequence[str], title: str) -> str:
    """Draw quantities over time below each other, gates as openings.

    Parameters
    ----------
    rows : sequence of Row
    labels : sequence of T texts, or an empty one
        What stands above the columns, where there is room.
    title : str
        The caption, and the beginning of the text alternative.

    Returns
    -------
    str
        A figure in HTML.

    Examples
    --------
    >>> drawn = strip([Row("f", "forget", np.array([1.0, 0.0]), "f", gate=True)], [], "A gate")
    >>> 'aria-label="A gate, 2 steps. forget f: 1.00, 0"' in drawn
    True
    """
    T = len(rows[0].values)
    column = (_WIDTH - _LEFT) / T
    centres = [_LEFT + (t + 0.5) * column for t in range(T)]
    out = list(_header(centres, labels, column))
    for k, row in enumerate(rows):
        y = _TOP + (k + 0.5) * _HEIGHT
        colour = f"var(--gs-{SAME_ROLE.get(row.tint, row.tint)},currentColor)"
        letter, name = html.escape(row.letter), html.escape(row.name)
        out.append(f'<text x="4" y="{y + 5:.1f}" class="l" style="fill:{colour}">{letter}</text>')
        out.append(f'<text x="{34 if len(row.letter) == 1 else 46}" y="{y + 5:.1f}">{name}</text>')
        out += _openings(row.values, centres, y, column, colour) if row.gate else _bars(row, centres, y, column, colour)
    said = [f"{row.name} {row.letter}: " + ", ".join(map(number, row.values)) for row in rows] if T <= 12 else []
    alt = f"{title}, {T} steps. " + "; ".join(said)
    return (
        f'<figure class="rb-figure rb-strip"><svg viewBox="0 0 {_WIDTH} {_TOP + len(rows) * _HEIGHT + 6}" role="img" '
        f'aria-label="{html.escape(alt.strip())}" style="width:100%;max-width:720px;height:auto">{_STYLE}{"".join(out)}'
        f"</svg><figcaption>{html.escape(title)}</figcaption></figure>"
    )


def _header(centres: Sequence[float], labels: Sequence[str], column: float) -> Iterator[str]:
    every = max(1, round(26 / column))
    for t, x in enumerate(centres):
        label = labels[t] if labels else ""
        if t % every == 0 or label:
            yield f'<text x="{x:.1f}" y="13" class="q">{t + 1}</text>'
        if label and (len(label) * 6.5 <= column or len(centres) > 40):
            yield f'<text x="{x:.1f}" y="28" class="q">{html.escape(label)}</text>'


def _openings(values: np.ndarray, centres: Sequence[float], y: float, column: float, colour: str) -> list[str]:
    width = min(10, column * 0.42)
    shapes = (
        f'<ellipse cx="{x:.1f}" cy="{y:.1f}" rx="{width:.1f}" ry="{max(0.01, v * 10):.2f}"/>'
        for x, v in zip(centres, values, strict=True)
    )
    return [f'<g fill="none" stroke="{colour}" stroke-width="2.25">{"".join(shapes)}</g>']


def _bars(row: Row, centres: Sequence[float], y: float, column: float, colour: str) -> list[str]:
    # A memory carries its value through the step: its bars touch.
    width = max(1.0, column - 2 if row.letter == "c" else min(18, column * 0.42))
    unit = (_HEIGHT / 2 - 2.5) / max(1.0, float(np.abs(row.values).max()))
    out = [f'<path d="M{_LEFT} {y:.1f}H{_WIDTH}" stroke="var(--gs-line,#999)"/>']
    for x, v in zip(centres, row.values, strict=True):
        height = abs(v) * unit
        look = f'fill="{colour}"' if v >= 0 else f'fill="none" stroke="{colour}" stroke-width="1.6"'
        top = y - height if v >= 0 else y
        out.append(
            f'<rect x="{x - width / 2:.1f}" y="{top:.1f}" width="{width:.1f}" height="{max(height, 0.8):.1f}" {look}/>'
        )
    return out
