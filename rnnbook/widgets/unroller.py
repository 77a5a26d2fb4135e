"""Elman's net on a string that the reader types: folded, with its copy, and unrolled over time."""

from __future__ import annotations

import math
from typing import Any

import numpy as np
from traitlets import Bool, Dict, Float, Int, Unicode, observe, validate

from rnnbook import validation as check
from rnnbook.cells import ElmanCell
from rnnbook.diagrams import Edge, Node, graph
from rnnbook.plots import number
from rnnbook.recurrent import Recurrent
from rnnbook.widgets.base import Widget

#: What a letter says to the net.
LETTERS: dict[str, float] = {"1": 1.0, "0": 0.0, "-": -1.0}
MAX_STEPS, STATIONS, MOST = 12, 4, 10.0
#: Those that hold every state between -1 and 1.
SQUASHES = ("tanh", "sigmoid", "softsign")
#: How far the sliders go, unless the widget begins beyond.
_RANGES = {"w": (0.0, 3.0), "u": (-2.0, 2.0), "b": (-2.0, 2.0)}


class Unroller(Widget):
    """Step through an Elman net of one unit, folded or unrolled, and turn its two weights.

    h_t = φ(w x_t + u h_{t-1} + b), from h_0 = 0.

    Parameters
    ----------
    string : str
        One letter for each step, at most 12: ``1``, ``0``, or ``-`` for -1.
    w, u, b : float
        Weight from the input, weight from the context, bias; from -10 to 10.
    cell : ElmanCell, optional
        In place of `w`, `u` and `b`: a cell with one input and one hidden unit, and a squash that has limits.
    t, station : int
        Where to begin, counted from 1.  Stations: read, combine, squash, copy.
    folded : bool
        The net with its loop, or one column for each step.

    Attributes
    ----------
    string, w, u, b, activation, t, station, folded
        In sync with the page: what the reader moves there can be read here, and the other way round.
    ranges : dict
        How far w, u and b can be turned.

    Raises
    ------
    TypeError, ValueError
        For an argument of the wrong kind or out of range, by name.

    Examples
    --------
    >>> unroller = Unroller("1000", u=0.8)
    >>> unroller.states().round(2).tolist()
    [0.76, 0.54, 0.41, 0.32]
    """

    name = "unroller"

    string = Unicode("1000").tag(sync=True)
    w = Float(1.0).tag(sync=True)
    u = Float(0.8).tag(sync=True)
    b = Float(0.0).tag(sync=True)
    activation = Unicode("tanh").tag(sync=True)
    ranges = Dict().tag(sync=True)
    t = Int(1).tag(sync=True)
    station = Int(1).tag(sync=True)
    folded = Bool(True).tag(sync=True)

    def __init__(
        self,
        string: str = "1000",
        w: float = 1.0,
        u: float = 0.8,
        b: float = 0.0,
        *,
        cell: ElmanCell | None = None,
        t: int = 1,
        station: int = 1,
        folded: bool = True,
    ):
        activation = "tanh"
        if cell is not None:
            for name, given, usual in (("w", w, 1.0), ("u", u, 0.8), ("b", b, 0.0)):
                if given != usual:
                    raise TypeError(f"{name} stands in the cell: leave it out, or leave out cell")
            w, u, b, activation = _weights(cell)
        if not isinstance(folded, bool):
            raise TypeError(f"folded must be True or False, got {folded!r}")
        values = {name: check.number(name, v, -MOST, MOST) for name, v in (("w", w), ("u", u), ("b", b))}
        string = _string(string)
        t = _within("t", t, len(string))
        station = _within("station", station, STATIONS)
        ranges = {
            name: [min(_RANGES[name][0], math.floor(v)), max(_RANGES[name][1], math.ceil(v))]
            for name, v in values.items()
        }
        super().__init__(
            **values, string=string, activation=activation, ranges=ranges, t=t, station=station, folded=folded
        )

    # The kernel may set these at any time; the page checks its own side.
    @validate("string")
    def _typed(self, proposal: Any) -> str:
        return _string(proposal["value"])

    @observe("string")
    def _shorter(self, change: Any) -> None:
        # The page sends both at once; here t follows.
        self.t = min(self.t, len(change["new"]))

    @validate("w", "u", "b")
    def _turned(self, proposal: Any) -> float:
        name = proposal["trait"].name
        low, high = self.ranges.get(name, (-MOST, MOST))
        return check.number(name, proposal["value"], low, high)

    @validate("t", "station")
    def _reached(self, proposal: Any) -> int:
        name = proposal["trait"].name
        return _within(name, proposal["value"], len(self.string) if name == "t" else STATIONS)

    @validate("activation")
    def _known(self, proposal: Any) -> str:
        return check.one_of("activation", proposal["value"], SQUASHES)

    def states(self) -> np.ndarray:
        """Compute the states h_1 … h_T.

        Returns
        -------
        array (T,)
        """
        params = {"W": [[self.w]], "U": [[self.u]], "b": [self.b]}
        cell = ElmanCell(1, 1, activation=self.activation, params=params, dtype=np.float64)
        x = np.array([LETTERS[letter] for letter in self.string])
        y, _ = Recurrent(cell)(x[:, None, None])
        return y[:, 0, 0]

    def still(self) -> str:
        return _unrolled(self.string, [0.0, *map(float, self.states())], self.w, self.u, self.b)

    @classmethod
    def gallery(cls) -> dict[str, Widget]:
        return {
            "Folded, the copy": cls("1000", t=2, station=4),
            "Unrolled, five of eight steps": cls("10-00100", w=2, u=-0.9, t=5, station=4, folded=False),
            "Twelve steps, a switch": cls("01000-000010", w=3, u=1.6, t=12, station=4, folded=False),
        }


def _within(name: str, value: Any, high: int) -> int:
    value = check.count(name, value)
    if value > high:
        raise ValueError(f"{name} must be at most {high}, got {value}")
    return value


def _string(string: Any) -> str:
    """`string`, if each of its letters is known."""
    if not isinstance(string, str):
        raise TypeError(f"string must be a text of the letters 1, 0 and -, got {string!r}")
    if not 1 <= len(string) <= MAX_STEPS:
        raise ValueError(f"string must have 1 to {MAX_STEPS} letters, got {len(string)}")
    for k, letter in enumerate(string):
        if letter not in LETTERS:
            raise ValueError(f"string must be made of the letters 1, 0 and -, got {letter!r} at place {k}")
    return string


def _weights(cell: Any) -> tuple[float, float, float, str]:
    if type(cell) is not ElmanCell:
        raise TypeError(f"cell must be an ElmanCell, got {cell!r}")
    if (cell.input_size, cell.hidden_size) != (1, 1):
        raise ValueError(f"cell must have one input and one hidden unit, got {cell!r}")
    w, u, b = (float(cell.params[name].item()) for name in "WUb")
    return w, u, b, check.one_of("cell.activation", cell.activation, SQUASHES)


def _unrolled(string: str, states: list[float], w: float, u: float, b: float) -> str:
    """All steps, at most four to a row: a phone can show no more.  Each row begins with the state before."""
    rows = -(-len(string) // 4)
    columns = -(-len(string) // rows)
    r, apart, rise, tall = 27.0, 78.0, 92.0, 206.0
    nodes: list[Node] = []
    edges: list[Edge] = []
    notes: list[tuple[float, float, str]] = []
    for first in range(0, len(string), columns):
        y = first // columns * tall + r + 24
        before = len(nodes)
        nodes.append(Node(r + 4, y, f"h_{{{first}}}", value=states[first], place="corner", radius=r, tint="h"))
        for k, letter in enumerate(string[first : first + columns], 1):
            t, x, at = first + k, r + 4 + k * apart, len(nodes)
            nodes.append(Node(x, y, f"h_{{{t}}}", value=states[t], place="corner", radius=r, tint="h"))
            nodes.append(Node(x, y + rise, f"x_{{{t}}}", place="inside", radius=r))
            edges.append(Edge(at + 1, at, tip=True, tint="mute"))
            edges.append(Edge(before, at, tip=True, tint="h"))
            notes.append((x, y + rise + r + 13, _whole(letter)))
            before = at
    bias = f", bias b = {number(b)}" if b else ""
    weights = f"w = {number(w)}, to the right u = {number(u)}{bias}."
    return graph(
        nodes,
        edges,
        size=(2 * r + columns * apart + 38, rows * tall - 12),
        notes=notes,
        alt=f"An Elman net of one unit, unrolled over {len(string)} steps. Arrows up carry the weight {weights} "
        f"The inputs are {', '.join(map(_whole, string))}. The states, from 0 on, are "
        f"{', '.join(map(number, states[1:]))}.",
        caption=f"Arrows up: {weights} Thickness of a ring: size of the state; outlined: negative.",
    )._repr_html_()


def _whole(letter: str) -> str:
    """An input as it is written: it is whole."""
    return number(LETTERS[letter]).removesuffix(".00")
