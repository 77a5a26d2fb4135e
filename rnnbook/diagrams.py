"""Nets drawn as SVG by code: nodes and lines, numbers carried through, the theme of the page.

A diagram is a value: the last line of a cell shows it, ``str(diagram)`` is its SVG.  Its colours are CSS variables,
so one drawing serves light and dark pages.  Nothing here needs matplotlib or IPython.

The drawing rules are those of the gate steppers:

- Thick is content: a line is as thick as its weight is large, a node's ring as thick as its value.
- Sign has a second cue beside the minus: a negative weight's line is dashed, a negative value's ring is an outline.
- Forward is ink.  Backward is crimson, with a mark that points back.

:func:`feedforward` places layers, :func:`recurrent` a recurrent net folded and unrolled, :func:`automaton` the places
and arrows of a grammar; :func:`graph` draws any nodes and edges, loops included.
"""

from __future__ import annotations

import html
import math
import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np

from rnnbook.plots import DARK_HOSTS, PALETTE, figure_css, number

__all__ = ["Diagram", "Edge", "Node", "automaton", "feedforward", "graph", "recurrent"]

_TINTS = ("ink", "mute", "faint", "f", "i", "g", "o", "c", "h", "grad")
_LOOKS = ("plain", "lit", "dim")
# The direction of a loop from its circle: (across, down).
_SIDES = {"above": (0, -1), "below": (0, 1), "left": (-1, 0), "right": (1, 0)}


@dataclass(frozen=True)
class Node:
    """A circle of a :func:`graph`.

    Parameters
    ----------
    x, y : float
        Centre, in pixels from the top left.
    label : str
        Its name.  A letter with a subscript, such as ``h_1`` or ``x_{64}``, is set as mathematics.
    value : float, optional
        Written into the circle and shown by the thickness of its ring.
    gradient : float, optional
        Written below, in crimson.
    note : str
        A line of small text below, such as a bias.
    place : {"left", "right", "above", "inside", "corner"}
        Where the label stands; "corner" is the upper right, clear of lines that run straight.
    radius : float
    look : {"plain", "lit", "dim"}
    tint : str
        The palette's name of its colour.
    dots : bool
        Not a circle but three dots: "and so on".

    Examples
    --------
    >>> Node(40, 90, "h_1", value=0.5).label
    'h_1'
    """

    x: float
    y: float
    label: str = ""
    value: float | None = None
    gradient: float | None = None
    note: str = ""
    place: str = "above"
    radius: float = 30.0
    look: str = "plain"
    tint: str = "ink"
    dots: bool = False


@dataclass(frozen=True)
class Edge:
    """A line of a :func:`graph` from node `start` to node `end` (their places in the list of nodes).

    Parameters
    ----------
    start, end : int
        The same node twice makes a loop.
    weight : float, optional
        Shown by thickness, dashed if negative.
    gradient : float, optional
        Written under the weight, in crimson.
    label : str, optional
        What is written on the line; by default nothing.
    at : float
        Where on the line: 0 is its start, 1 its end.
    tip : bool
        An arrow's tip at the end.
    look : {"plain", "lit", "dim"}
    tint : str
    side : {"above", "below", "left", "right"}
        Where a loop stands.
    bend : float
        How far the line swings out to its left as it runs, as a share of its length; below 0, to its right.
    symbol : bool
        The label is a symbol of a string, and stands upright: T, not *T*.

    Examples
    --------
    >>> Edge(0, 1, weight=-0.5).weight
    -0.5
    """

    start: int
    end: int
    weight: float | None = None
    gradient: float | None = None
    label: str = ""
    at: float = 0.3
    tip: bool = False
    look: str = "plain"
    tint: str = "ink"
    side: str = "above"
    bend: float = 0.0
    symbol: bool = False


class Diagram:
    """An SVG drawing with a text that says what it shows.  Jupyter displays it; ``str()`` gives the SVG.

    Attributes
    ----------
    svg : str
        Well-formed XML, complete in itself: a file of it can be opened in a browser.
    alt : str
    caption : str or None

    Examples
    --------
    >>> drawn = recurrent(3, alt="A net over three steps.")
    >>> drawn.alt, str(drawn)[:4]
    ('A net over three steps.', '<svg')
    """

    def __init__(self, svg: str, alt: str, caption: str | None = None):
        self.svg, self.alt, self.caption = svg, alt, caption

    def __str__(self) -> str:
        return self.svg

    def __repr__(self) -> str:
        return self.alt

    def _repr_html_(self) -> str:
        caption = f"<figcaption>{html.escape(self.caption)}</figcaption>" if self.caption else ""
        return f'<figure class="rb-figure"><style>{figure_css()}</style>{self.svg}{caption}</figure>'

    def _repr_mimebundle_(self, include: Any = None, exclude: Any = None) -> dict[str, str]:
        return {"text/html": self._repr_html_(), "image/svg+xml": self.svg, "text/plain": self.alt}


# --- nets -----------------------------------------------------------------------------------------------------


def feedforward(
    sizes: Sequence[int],
    *,
    alt: str,
    caption: str | None = None,
    labels: Sequence[Sequence[str] | None] | None = None,
    captions: Sequence[str] | None = None,
    values: Sequence[Any] | None = None,
    weights: Sequence[Any] | None = None,
    biases: Sequence[Any] | None = None,
    gradients: Sequence[Any] | None = None,
    weight_gradients: Sequence[Any] | None = None,
    path: Sequence[int] | None = None,
    shown: int = 5,
    numbers: bool | None = None,
) -> Diagram:
    """A feed-forward net, layer by layer from left to right.

    Parameters
    ----------
    sizes : sequence of int
        Units in each layer, inputs first, such as ``[64, 32, 10]``.
    alt : str
        What the diagram shows, for those who do not see it.
    caption : str, optional
    labels : sequence of L (sequence of str or None), optional
        Names of the units of each layer: left of the inputs, above hidden units, right of the outputs.
    captions : sequence of L str, optional
        A text below each layer, such as ``"64 pixels"``.
    values : sequence of L (array (size,) or None), optional
        Activations: the number in the circle, its size as the thickness of the ring.
    weights : sequence of L - 1 (array (size out, size in) or None), optional
        As W in the book's equations: a row for each unit that reads.  Thickness is abs(w), dashed is negative.
    biases : sequence of L - 1 (array (size out,) or None), optional
        Written below each unit.
    gradients, weight_gradients : like `values` and `weights`, optional
        Written in crimson below the units and the weights.
    path : sequence of L int, optional
        One unit in each layer: the path through them is lit, the rest is dim.
    shown : int
        A layer of more units shows its first `shown` - 2, three dots, and its last.
    numbers : bool, optional
        Write the weights on the lines; by default if no layer has more than 3 units.

    Returns
    -------
    Diagram

    Examples
    --------
    ``feedforward([64, 32, 10], captions=["64 pixels", "32 hidden units", "10 digits"], alt="…")``

    ``feedforward([2, 2, 1], values=[x, h, y], weights=[W1, W2], labels=[["x_1", "x_2"], None, ["y"]], alt="…")``

    >>> drawn = feedforward([2, 2, 1], labels=[["x_1", "x_2"], None, ["y"]], alt="Two inputs, two units, one output.")
    >>> str(drawn)[:4]
    '<svg'
    """
    sizes = _sizes(sizes)
    L = len(sizes)
    if isinstance(shown, bool) or not isinstance(shown, int) or shown < 3:
        raise ValueError(f"shown: expected an integer >= 3; got {shown!r}")
    per_unit = [(n,) for n in sizes]
    per_line = [(n, m) for m, n in zip(sizes, sizes[1:], strict=False)]
    value = _arrays("values", values, per_unit)
    gradient = _arrays("gradients", gradients, per_unit)
    bias = _arrays("biases", biases, per_unit[1:])
    weight = _arrays("weights", weights, per_line)
    weight_gradient = _arrays("weight_gradients", weight_gradients, per_line)
    names = _names(labels, sizes)
    if captions is not None and len(captions) != L:
        raise ValueError(f"captions: expected {L} texts, one for each layer; got {len(captions)}")
    if path is not None:
        if len(path) != L:
            raise ValueError(f"path: expected {L} units, one in each layer; got {len(path)}")
        for k, (lit, n) in enumerate(zip(path, sizes, strict=True)):
            if not 0 <= lit < n:
                raise ValueError(f"path[{k}]: expected 0 to {n - 1}; got {lit}")

    units = [_shown_units(n, shown, None if path is None else path[k]) for k, n in enumerate(sizes)]
    with_values = any(v is not None for v in [*value, *gradient])
    numbers = max(sizes) <= 3 if numbers is None else numbers
    numbers = numbers and any(w is not None for w in weight)
    two_rows = numbers and any(g is not None for g in weight_gradient)
    below = 16 * (any(b is not None for b in bias) + any(g is not None for g in gradient))

    # Where a number stands on its line: as far as possible from the numbers on the other lines of that gap.
    # Its distance is in pitches, and so says how many pixels a pitch needs.
    spots = [_best_spot(units[k], units[k + 1]) for k in range(L - 1)]
    radius = 30.0 if with_values else 11.0
    pitch = 2 * radius + (20 if with_values else 14) + below + (20 if any(names[1:-1]) else 0)
    if numbers:
        pitch = max(pitch, *((34 if two_rows else 20) / max(gap, 0.2) for _, gap in spots))
    apart = 236.0 if two_rows else 210.0 if with_values or numbers else 170.0
    tall = max(len(u) for u in units) - 1
    left = radius + 14 + _width(names[0])
    right = radius + 14 + _width(names[-1])
    if captions is not None:
        left, right = max(left, 4 + 4.2 * len(captions[0])), max(right, 4 + 4.2 * len(captions[-1]))
    top = radius + 6 + (22 if any(names[1:-1]) else 0)
    middle = top + tall * pitch / 2
    height = middle + tall * pitch / 2 + radius + 8 + below + (28 if captions is not None else 0)
    width = left + (L - 1) * apart + right

    nodes: list[Node] = []
    where: list[dict[int, int]] = []
    for k, layer in enumerate(units):
        where.append({})
        place = "left" if k == 0 else "right" if k == L - 1 else "above"
        v, g, b = value[k], gradient[k], bias[k - 1] if k else None
        for row, unit in enumerate(layer):
            x, y = left + k * apart, middle + (row - (len(layer) - 1) / 2) * pitch
            if unit is None:
                nodes.append(Node(x, y, dots=True))
                continue
            where[k][unit] = len(nodes)
            nodes.append(
                Node(
                    x,
                    y,
                    label=names[k][unit] if names[k] else "",
                    value=None if v is None else float(v[unit]),
                    gradient=None if g is None else float(g[unit]),
                    note="" if b is None else f"b {number(b[unit])}",
                    place=place,
                    radius=radius,
                    look="plain" if path is None else "lit" if path[k] == unit else "dim",
                )
            )
    edges = []
    for k in range(L - 1):
        W, dW = weight[k], weight_gradient[k]
        for m, start in where[k].items():
            for n, end in where[k + 1].items():
                edges.append(
                    Edge(
                        start,
                        end,
                        weight=None if W is None else float(W[n, m]),
                        gradient=None if dW is None or not numbers else float(dW[n, m]),
                        label=number(W[n, m]) if W is not None and numbers else "",
                        at=spots[k][0],
                        look="plain" if path is None else "lit" if (path[k], path[k + 1]) == (m, n) else "dim",
                    )
                )
    notes = [(left + k * apart, height - 8, text) for k, text in enumerate(captions or ())]
    return graph(nodes, edges, size=(width, height), alt=alt, caption=caption, notes=notes)


def _best_spot(start: list, end: list) -> tuple[float, float]:
    """Fraction of the line, and the smallest distance between two numbers there, in pitches.

    Two numbers at one height touch even where their lines do not cross.
    """
    from_ = [r - (len(start) - 1) / 2 for r, unit in enumerate(start) if unit is not None]
    to = [r - (len(end) - 1) / 2 for r, unit in enumerate(end) if unit is not None]

    def gap(at: float) -> float:
        heights = sorted(a + at * (b - a) for a in from_ for b in to)
        return min((b - a for a, b in zip(heights, heights[1:], strict=False)), default=1.0)

    # Not nearer than .32, clear of the circle; beyond half a pitch more distance is of no use, and the middle
    # of the line is.
    spots = [(at / 100, round(min(gap(at / 100), 0.5), 6)) for at in range(32, 46)]
    return max(spots, key=lambda spot: (spot[1], -abs(spot[0] - 0.4)))


# --- nets with a loop -----------------------------------------------------------------------------------------


def recurrent(
    steps: int | None = None,
    *,
    alt: str,
    caption: str | None = None,
    folded: bool | None = None,
    arrows: tuple[str, str, str] = ("W", "U", "W_y"),
    inputs: Sequence[str] | None = None,
    outputs: Sequence[str] | None = None,
    states: Sequence[float] | None = None,
) -> Diagram:
    """A recurrent net: folded, with its loop, or unrolled over so many steps, or both side by side.

    Inputs stand below, states in the middle, outputs above; time runs from left to right.  An arrow of one name is
    the same weights wherever it stands.

    Parameters
    ----------
    steps : int, optional
        How many steps are unrolled; None draws the folded net alone.
    alt : str
        What the diagram shows, for those who do not see it.
    caption : str, optional
    folded : bool, optional
        Draw the folded net, before the unrolled one if there is one; by default without `steps` only.
    arrows : (str, str, str)
        Names of the weights from the input, from the last state, and to the output; an empty last one leaves the
        output out.
    inputs, outputs : sequence of `steps` str, optional
        Written below the inputs and above the outputs, such as the symbols of a string.
    states : array (steps + 1,), optional
        The states of a single unit, the one before the first step included: the number in the circle.

    Returns
    -------
    Diagram

    Examples
    --------
    ``recurrent(3, folded=True, alt="…")``

    >>> recurrent(3, folded=True, alt="One unit with its loop, and the same over three steps.").caption is None
    True
    """
    if steps is not None and (isinstance(steps, bool) or not isinstance(steps, int) or steps < 1):
        raise ValueError(f"steps: expected an integer >= 1, or None; got {steps!r}")
    if len(arrows) != 3 or not arrows[0] or not arrows[1]:
        raise ValueError(f"arrows: expected three names, of which only the last may be empty; got {arrows!r}")
    folded = steps is None if folded is None else folded
    if steps is None and not folded:
        raise ValueError("folded: expected True where nothing is unrolled; got False")
    for name, given in (("inputs", inputs), ("outputs", outputs)):
        if given is not None and len(given) != (steps or 0):
            raise ValueError(f"{name}: expected {steps or 0} texts, one for each step; got {len(given)}")
    if outputs is not None and not arrows[2]:
        raise ValueError("outputs: expected None for a net that draws no outputs")
    values = None if states is None else _array("states", states, ((steps or 0) + 1,))
    to_state, to_next, to_output = arrows

    r = 27.0 if values is not None else 21.0
    apart, rise = (4.0 * r, 4.2 * r) if values is None else (100.0, 104.0)
    top = r + 4 + (18 if outputs is not None else 0)
    high = [top, top + rise, top + 2 * rise] if to_output else [0, top + 14, top + 14 + rise]
    height = high[2] + r + 4 + (20 if inputs is not None else 0)
    nodes: list[Node] = []
    edges: list[Edge] = []

    def column(x: float, t: str, step: int | None = None) -> int:
        """Input, state and output above each other; returns where the state is."""
        value = None if values is None or step is None else float(values[step])
        place = "inside" if value is None else "corner"
        at = len(nodes)
        nodes.append(Node(x, high[1], f"h{t}", value=value, place=place, radius=r, tint="h"))
        nodes.append(Node(x, high[2], f"x{t}", place="inside", radius=r))
        edges.append(Edge(at + 1, at, tip=True, label=to_state, at=0.46, tint="mute"))
        if to_output:
            nodes.append(Node(x, high[0], f"y{t}", place="inside", radius=r))
            edges.append(Edge(at, at + 2, tip=True, label=to_output, at=0.46, tint="mute"))
        return at

    x, notes = r + 4, []
    if folded:
        at = column(x, "")
        edges.append(Edge(at, at, tip=True, label=to_next, side="right", tint="h"))
        x += 4.2 * r
    if steps is not None:
        if folded:
            notes.append((x - 0.4 * r, high[1], "="))
            x += 1.3 * r
        value = None if values is None else float(values[0])
        place = "inside" if value is None else "corner"
        before = len(nodes)
        nodes.append(Node(x, high[1], "h_0", value=value, place=place, radius=r, tint="h"))
        for t in range(1, steps + 1):
            x += apart
            at = column(x, f"_{t}" if t < 10 else f"_{{{t}}}", t)
            edges.append(Edge(before, at, tip=True, label=to_next, at=0.46, tint="h"))
            if inputs is not None:
                notes.append((x, high[2] + r + 13, str(inputs[t - 1])))
            if outputs is not None:
                notes.append((x, high[0] - r - 13, str(outputs[t - 1])))
            before = at
    else:
        x -= 2.2 * r
    # A state's name stands at the corner of its circle, beyond the last column.
    width = x + r + 4 + (18 if values is not None else 0)
    return graph(nodes, edges, size=(width, height), alt=alt, caption=caption, notes=notes)


def automaton(
    arrows: Mapping[int, Sequence[tuple[str, int]]],
    places: Mapping[int, tuple[float, float]],
    *,
    alt: str,
    caption: str | None = None,
    path: str | None = None,
    pitch: tuple[float, float] = (66.0, 76.0),
) -> Diagram:
    """Places and the arrows between them: a grammar whose strings are walks.

    Parameters
    ----------
    arrows : mapping
        For each place the arrows that leave it, as (symbol, next place): `rnnbook.data.reber.ARROWS`.
    places : mapping from place to (column, row)
        Where each place is drawn.  A loop stands above its place in the upper half, and below it in the lower half.
    alt : str
        What the diagram shows, for those who do not see it.
    caption : str, optional
    path : str, optional
        Symbols of a walk from the first place of `arrows`: its arrows and its last place are lit, the others dim.
    pitch : (float, float)
        Pixels between columns and between rows.

    Returns
    -------
    Diagram

    Examples
    --------
    ``automaton({0: [("a", 0), ("b", 1)]}, {0: (0, 0), 1: (1, 0)}, alt="Any number of a, then one b.")``

    >>> drawn = automaton({0: [("a", 0), ("b", 1)]}, {0: (0, 0), 1: (1, 0)}, alt="Any number of a, then one b.")
    >>> drawn.alt
    'Any number of a, then one b.'
    """
    if not arrows:
        raise ValueError("arrows: expected at least one place; got none")
    every = dict.fromkeys([*arrows, *(end for leaving in arrows.values() for _, end in leaving)])
    for place in every:
        if place not in places:
            raise ValueError(f"places: expected a column and a row for each place; got none for {place!r}")
    start = next(iter(arrows))
    walked, now = set(), start
    for k, symbol in enumerate(path or ""):
        onward = dict(arrows.get(now, ()))
        if symbol not in onward:
            raise ValueError(f"path[{k}]: expected one of {', '.join(onward) or 'nothing more'}; got {symbol!r}")
        walked.add((now, symbol))
        now = onward[symbol]

    r = 15.0
    columns, rows = zip(*(places[place] for place in every), strict=True)
    middle = (min(rows) + max(rows)) / 2
    loops = [places[place][1] for place, leaving in arrows.items() for _, end in leaving if end == place]
    left, top = r + 4 - min(columns) * pitch[0], r + 4 - min(rows) * pitch[1]
    top += 42 * any(row <= middle and row == min(rows) for row in loops)
    height = top + max(rows) * pitch[1] + r + 4 + 42 * any(row > middle and row == max(rows) for row in loops)
    width = left + max(columns) * pitch[0] + r + 4
    index = {place: k for k, place in enumerate(every)}
    nodes = []
    for place in every:
        column, row = places[place]
        here = path is not None and place == now
        x, y = left + column * pitch[0], top + row * pitch[1]
        nodes.append(Node(x, y, str(place), place="inside", radius=r, look="lit" if here else "plain"))
    edges = [
        Edge(
            index[place],
            index[end],
            label=symbol,
            symbol=True,
            at=0.46,
            tip=True,
            side="above" if places[place][1] <= middle else "below",
            look="plain" if path is None else "lit" if (place, symbol) in walked else "dim",
            tint="ink" if path is not None else "mute",
        )
        for place, leaving in arrows.items()
        for symbol, end in leaving
    ]
    return graph(nodes, edges, size=(width, height), alt=alt, caption=caption)


# --- any graph ------------------------------------------------------------------------------------------------


def graph(
    nodes: Sequence[Node],
    edges: Sequence[Edge],
    *,
    size: tuple[float, float],
    alt: str,
    caption: str | None = None,
    notes: Sequence[tuple[float, float, str]] = (),
) -> Diagram:
    """Draw nodes and edges where they are.

    Parameters
    ----------
    nodes : sequence of Node
    edges : sequence of Edge
        Drawn below the nodes; lit ones above the others.
    size : (width, height)
        In pixels.  A wider drawing than the page's column is scaled down.
    alt : str
        What the diagram shows, for those who do not see it.
    caption : str, optional
    notes : sequence of (x, y, text), optional
        Small text, centred at x.

    Returns
    -------
    Diagram

    Examples
    --------
    A unit that reads itself:

    >>> nodes = [Node(40, 90, "x"), Node(160, 90, "h")]
    >>> edges = [Edge(0, 1, tip=True), Edge(1, 1, tip=True)]
    >>> graph(nodes, edges, size=(220, 140), alt="A unit that reads x and itself.").alt
    'A unit that reads x and itself.'
    """
    for name, text in (("alt", alt), ("caption", caption)):
        if text is None and name == "caption":
            continue
        if not isinstance(text, str):
            raise TypeError(f"{name}: expected a text; got {type(text).__name__}")
        if not text.strip():
            raise ValueError(f"{name}: expected a text that says what the diagram shows; got an empty one")
    parts: list[tuple[str, Node | Edge]] = [(f"nodes[{k}]", node) for k, node in enumerate(nodes)]
    parts += [(f"edges[{k}]", edge) for k, edge in enumerate(edges)]
    for where, item in parts:
        if item.look not in _LOOKS:
            raise ValueError(f"{where}.look: expected one of {', '.join(_LOOKS)}; got {item.look!r}")
        if item.tint not in _TINTS:
            raise ValueError(f"{where}.tint: expected one of {', '.join(_TINTS)}; got {item.tint!r}")
        if isinstance(item, Edge) and item.side not in _SIDES:
            raise ValueError(f"{where}.side: expected one of {', '.join(_SIDES)}; got {item.side!r}")
    for k, edge in enumerate(edges):
        for name, index in (("start", edge.start), ("end", edge.end)):
            if not 0 <= index < len(nodes):
                raise ValueError(f"edges[{k}].{name}: expected 0 to {len(nodes) - 1}; got {index}")
    # One scale for all weights and one for all values; what is below 1 is not blown up.
    largest = max([1.0, *(abs(e.weight) for e in edges if e.weight is not None)])
    most = max([1.0, *(abs(n.value) for n in nodes if n.value is not None)])
    ordered = sorted(edges, key=lambda edge: _LOOKS.index(edge.look) if edge.look != "dim" else -1)
    lines, words = [], []
    for edge in ordered:
        drawn, written = _edge(edge, nodes, largest)
        lines.append(drawn)
        words.append(written)
    width, height = (round(side, 1) for side in size)
    body = "".join([*lines, *words, *(_node(node, most) for node in nodes)])
    body += "".join(_text(x, y, text, "rb-note") for x, y, text in notes)
    svg = (
        f'<svg xmlns="http://www.w3.org/2000/svg" class="rb-diagram" role="img" aria-label="{html.escape(alt)}" '
        f'width="{width:g}" height="{height:g}" viewBox="0 0 {width:g} {height:g}"><style>{_css()}</style>{body}</svg>'
    )
    return Diagram(svg, alt, caption)


def _edge(edge: Edge, nodes: Sequence[Node], largest: float) -> tuple[str, str]:
    """The line and what is written on it, apart: all words lie above all lines."""
    a, b = nodes[edge.start], nodes[edge.end]
    thick = 1.25 if edge.weight is None else 1.0 + 6.0 * abs(edge.weight) / largest
    if edge.look == "lit":
        thick = max(thick, 2.5)
    tint = {"plain": edge.tint if edge.weight is not None else "faint", "lit": edge.tint, "dim": "line"}[edge.look]
    if edge.tint != "ink" and edge.look == "plain":
        tint = edge.tint
    dash = f' stroke-dasharray="{max(6, 1.6 * thick):.1f} {max(4, 1.1 * thick):.1f}"' if (edge.weight or 0) < 0 else ""
    back = 9.0 if edge.tip else 0.0
    if edge.start == edge.end:
        # Out at one corner of the circle, round, and in at the other: written for a loop above, then turned.
        corner, wide = a.radius * 0.7071, 1.9 * max(a.radius, 21.0)  # room for a label on the smallest
        dx, dy = _SIDES[edge.side]

        def turned(across: float, up: float) -> tuple[float, float]:
            return a.x - dy * across + dx * up, a.y + dx * across + dy * up

        start, then = turned(corner, corner), turned(wide, corner + wide)
        before, tip = turned(-wide, corner + wide), turned(-corner, corner)
        path = f"M{_at(start)}C{_at(then)} {_at(before)} {_at(tip)}"
        middle = turned(0, corner + 0.75 * wide)
        toward = math.atan2(tip[1] - before[1], tip[0] - before[0])
    else:
        length = math.hypot(b.x - a.x, b.y - a.y) or 1.0
        ux, uy = (b.x - a.x) / length, (b.y - a.y) / length
        bow = edge.bend * length  # how far the middle of the line is from the straight one
        control = ((a.x + b.x) / 2 + 2 * bow * uy, (a.y + b.y) / 2 - 2 * bow * ux)
        # The line leaves and arrives in the direction of its control point; straight, in its own.
        out, into = _direction((a.x, a.y), control), _direction(control, (b.x, b.y))
        # Lines end inside the rings, which are drawn above them: no gap shows at any thickness.
        gap = b.radius - 1 + back
        start = (a.x + (a.radius - 1) * out[0], a.y + (a.radius - 1) * out[1])
        last = (b.x - gap * into[0], b.y - gap * into[1])
        curve = f"Q{_at(control)} {_at(last)}" if edge.bend else f"L{_at(last)}"
        path = f"M{_at(start)}{curve}"
        swing = 4 * edge.at * (1 - edge.at) * bow
        middle = (a.x + edge.at * length * ux + swing * uy, a.y + edge.at * length * uy - swing * ux)
        tip = (b.x - (b.radius + 1) * into[0], b.y - (b.radius + 1) * into[1])
        toward = math.atan2(into[1], into[0])
    drawn = f'<path class="rb-s-{tint}" d="{path}" fill="none" stroke-width="{thick:.2f}"{dash}/>'
    if edge.tip:
        corners = [
            f"{tip[0] + 9 * math.cos(toward + turn):.1f} {tip[1] + 9 * math.sin(toward + turn):.1f}"
            for turn in (math.pi - 0.5, math.pi + 0.5)
        ]
        head = f"M{corners[0]}L{tip[0]:.1f} {tip[1]:.1f}L{corners[1]}"
        drawn += f'<path class="rb-s-{tint}" d="{head}" fill="none" stroke-width="{min(thick, 2):.2f}"/>'
    rows = []
    if edge.label:
        kind = "rb-symbol" if edge.symbol else "rb-weight"
        rows.append((edge.label, f"{kind} rb-dim" if edge.look == "dim" else kind))
    if edge.gradient is not None:
        rows.append((f"\N{BLACK LEFT-POINTING SMALL TRIANGLE} {number(edge.gradient)}", "rb-weight rb-back"))
    x, y = middle
    first = y - 8 * (len(rows) - 1)
    # A patch of paper takes the line away from under the digits; a halo alone would let it peek through.
    wide = max((8.2 * len(text) for text, _ in rows), default=0) + 4
    patch = (
        f'<rect class="rb-f-paper" x="{x - wide / 2:.1f}" y="{first - 8.5:.1f}" width="{wide:.1f}" '
        f'height="{16 * len(rows) + 1}" rx="3"/>'
        if rows
        else ""
    )
    return drawn, patch + "".join(_text(x, first + 16 * k, text, kind) for k, (text, kind) in enumerate(rows))


def _at(point: tuple[float, float]) -> str:
    return f"{point[0]:.1f} {point[1]:.1f}"


def _direction(start: tuple[float, float], end: tuple[float, float]) -> tuple[float, float]:
    across, down = end[0] - start[0], end[1] - start[1]
    length = math.hypot(across, down) or 1.0
    return across / length, down / length


def _node(node: Node, most: float) -> str:
    x, y, r = node.x, node.y, node.radius
    if node.dots:
        return "".join(f'<circle class="rb-f-faint" cx="{x:g}" cy="{y + d:g}" r="2"/>' for d in (-8, 0, 8))
    place = f'cx="{x:.1f}" cy="{y:.1f}"'
    ring = {"plain": "faint" if node.tint == "ink" else node.tint, "lit": node.tint, "dim": "line"}[node.look]
    stroke = 2.5 if node.look == "lit" else 1.5
    parts = [f'<circle class="rb-f-paper" {place} r="{r:g}"/>']
    if node.value is None:
        parts.append(f'<circle class="rb-f-wash rb-s-{ring}" {place} r="{r:g}" stroke-width="{stroke}"/>')
    else:
        tint = "faint" if node.look == "dim" else node.tint
        thick = 1.25 + 3.75 * abs(node.value) / most
        band = f'{place} r="{r - thick / 2:.2f}" fill="none" stroke-width="{thick:.2f}"'
        parts.append(f'<circle class="rb-f-wash rb-s-line" {place} r="{r:g}" stroke-width="1"/>')
        if node.value < 0:
            parts.append(f'<circle class="rb-s-{tint}" {band} stroke-opacity="0.18"/>')
            parts += [
                f'<circle class="rb-s-{tint}" {place} r="{edge:.2f}" fill="none" stroke-width="1.25"/>'
                for edge in (r - 0.6, r - thick)
            ]
        else:
            parts.append(f'<circle class="rb-s-{tint}" {band}/>')
        parts.append(_text(x, y, number(node.value), "rb-value rb-dim" if node.look == "dim" else "rb-value"))
    if node.label:
        tint = "mute" if node.look == "dim" else node.tint
        kind = f"rb-label rb-f-{tint}"
        if node.place == "left":
            parts.append(_text(x - r - 10, y, node.label, kind + " rb-end"))
        elif node.place == "right":
            parts.append(_text(x + r + 10, y, node.label, kind + " rb-start"))
        elif node.place == "inside":
            parts.append(_text(x, y, node.label, kind))
        elif node.place == "corner":
            parts.append(_text(x + 0.75 * r + 2, y - 0.75 * r - 8, node.label, kind + " rb-start", True))
        else:
            parts.append(_text(x, y - r - 13, node.label, kind, True))
    row = y + r + 12
    if node.note:
        parts.append(_text(x, row, node.note, "rb-small", True))
        row += 16
    if node.gradient is not None:
        mark = f"\N{BLACK LEFT-POINTING SMALL TRIANGLE} {number(node.gradient)}"
        parts.append(_text(x, row, mark, "rb-weight rb-back", True))
    return "".join(parts)


_MATHS = re.compile(r"(d?)([A-Za-z\u0370-\u03ff])(?:_(?:\{([^{}]+)\}|([A-Za-z0-9]+)))?")


def _text(x: float, y: float, text: str, kind: str, halo: bool = False) -> str:
    """Text centred on (x, y); one letter with or without a subscript is set as mathematics."""
    found = _MATHS.fullmatch(text) if "rb-label" in kind or "rb-weight" in kind else None
    if found:
        d, letter, braces, plain = found.groups()
        sub = braces or plain
        inner = f'<tspan class="rb-maths">{d}{html.escape(letter)}</tspan>'
        if sub:
            inner += f'<tspan class="rb-sub" dy="4">{html.escape(sub)}</tspan>'
    else:
        inner = html.escape(text)
    # `dy` and not `dominant-baseline`, which browsers and converters read differently.
    return f'<text class="{kind}{" rb-halo" if halo else ""}" x="{x:.1f}" y="{y:.1f}" dy=".35em">{inner}</text>'


def _css() -> str:
    light, dark = (
        "".join(f"--rb-{name}:{tint};" for name, tint in PALETTE[theme].items() if name != "paper")
        for theme in ("light", "dark")
    )
    hosts = ",".join(f"{host} .rb-diagram" for host in DARK_HOSTS)
    every = "".join(
        f".rb-diagram .rb-s-{name}{{stroke:var(--rb-{name})}}.rb-diagram .rb-f-{name}{{fill:var(--rb-{name})}}"
        for name in (*_TINTS, "line", "wash", "paper")
    )
    # Dark paper is the page's own where it says so (Jupyter Book, JupyterLab, VS Code): they differ by a shade,
    # and a patch under a number would show.  On light pages, and in print, paper is white.
    dark += "--rb-paper:var(--pst-color-background,var(--jp-layout-color0,var(--vscode-editor-background,"
    dark += f"{PALETTE['dark']['paper']})))"
    return (
        f".rb-diagram{{{light}--rb-paper:{PALETTE['light']['paper']};"
        "max-width:100%;height:auto;display:block;font-family:system-ui,-apple-system,'Segoe UI',Roboto,"
        "'DejaVu Sans',sans-serif;font-variant-numeric:tabular-nums}"
        f"@media not print{{{hosts}{{{dark}}}}}"
        f"{every}"
        ".rb-diagram text{fill:var(--rb-ink);font-size:14px;text-anchor:middle}"
        ".rb-diagram .rb-value{font-weight:600;font-size:13.5px}"
        ".rb-diagram .rb-weight{font-size:13.5px}"
        ".rb-diagram .rb-symbol{font-weight:600;font-size:15px}"
        ".rb-diagram .rb-small,.rb-diagram .rb-note,.rb-diagram text.rb-dim{fill:var(--rb-mute)}"
        ".rb-diagram .rb-small{font-size:13px}"
        ".rb-diagram text.rb-back{fill:var(--rb-grad);font-weight:600}"
        ".rb-diagram .rb-end{text-anchor:end}.rb-diagram .rb-start{text-anchor:start}"
        ".rb-diagram text.rb-label{fill:var(--rb-ink)}"
        + "".join(f".rb-diagram text.rb-label.rb-f-{name}{{fill:var(--rb-{name})}}" for name in _TINTS)
        + ".rb-diagram .rb-maths{font:italic 19px 'STIX Two Text',Cambria,'Times New Roman','Liberation Serif',serif}"
        ".rb-diagram .rb-sub{font:13px 'STIX Two Text',Cambria,'Times New Roman','Liberation Serif',serif}"
        ".rb-diagram .rb-halo{stroke:var(--rb-paper);stroke-width:5px;stroke-linejoin:round;paint-order:stroke}"
    )


# --- checks ---------------------------------------------------------------------------------------------------


def _sizes(sizes: Sequence[int]) -> list[int]:
    result = list(sizes)
    if len(result) < 2:
        raise ValueError(f"sizes: expected at least two layers; got {len(result)}")
    for k, n in enumerate(result):
        if isinstance(n, bool) or not isinstance(n, int | np.integer):
            raise TypeError(f"sizes[{k}]: expected an integer; got {type(n).__name__}")
        if n < 1:
            raise ValueError(f"sizes[{k}]: expected at least one unit; got {n}")
    return [int(n) for n in result]


def _arrays(name: str, given: Sequence[Any] | None, shapes: Sequence[tuple[int, ...]]) -> list[np.ndarray | None]:
    if given is None:
        return [None] * len(shapes)
    if len(given) != len(shapes):
        raise ValueError(f"{name}: expected {len(shapes)} arrays (or None); got {len(given)}")
    return [
        None if item is None else _array(f"{name}[{k}]", item, shape)
        for k, (item, shape) in enumerate(zip(given, shapes, strict=True))
    ]


def _array(name: str, given: Any, shape: tuple[int, ...]) -> np.ndarray:
    array = np.asarray(given, float)
    if array.shape != shape:
        raise ValueError(f"{name}: expected shape {shape}; got {array.shape}")
    if not np.all(np.isfinite(array)):
        raise ValueError(f"{name}: expected finite numbers; got NaN or infinity")
    return array


def _names(labels: Sequence[Sequence[str] | None] | None, sizes: list[int]) -> list[list[str]]:
    if labels is None:
        return [[] for _ in sizes]
    if len(labels) != len(sizes):
        raise ValueError(f"labels: expected {len(sizes)} lists of names (or None); got {len(labels)}")
    for k, (layer, n) in enumerate(zip(labels, sizes, strict=True)):
        if layer is not None and len(layer) != n:
            raise ValueError(f"labels[{k}]: expected {n} names; got {len(layer)}")
    return [[] if layer is None else [str(name) for name in layer] for layer in labels]


def _shown_units(n: int, shown: int, needed: int | None) -> list[int | None]:
    """Which units of a layer are drawn; None stands for the dots.  A unit on the path is always drawn."""
    if n <= shown:
        return list(range(n))
    first = list(range(shown - 2))
    if needed is None or needed in first or needed == n - 1:
        return [*first, None, n - 1]
    return [*first[: shown - 3], None, needed, None, n - 1] if needed != n - 2 else [*first, None, needed, n - 1]


def _width(names: list[str]) -> float:
    """Room for the longest name, in pixels: letters are at most .6 em wide on average, indices small."""
    return max((26.0 if _MATHS.fullmatch(name) else 9.2 * len(name) for name in names), default=0.0)
