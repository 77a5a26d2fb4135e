"""Ink in the water: how much of the first input is left in the state, in an Elman unit and in an LSTM unit."""

from __future__ import annotations

import html
import math
from typing import Any

import numpy as np
from traitlets import Dict, Float, Int, List, observe, validate

from rnnbook import validation as check
from rnnbook.cells import Cell, ElmanCell, LSTMCell
from rnnbook.plots import number
from rnnbook.recurrent import Recurrent
from rnnbook.widgets.base import Widget
from rnnbook.widgets.shares import gate, share

Array = np.ndarray

#: Swatches of a drawing, and how many steps there can be: every k-th is shown, from the first on.
SWATCHES, MAX_STEPS = 12, 100
STEPS: tuple[int, ...] = tuple(range(SWATCHES, MAX_STEPS + 1, SWATCHES - 1))
#: How far the sliders go.
RANGES: dict[str, tuple[float, float]] = {"u": (0.0, 1.5), "bias": (-2.0, 8.0), "noise": (0.0, 2.0)}

# Both units read a value, which is 0 at step 1 and paint later, and a mark, which is 1 at step 1 alone.
# What the sliders set is left out here: Elman's U, and the LSTM's forget bias, which is added to b.
_ELMAN: dict[str, Any] = {"W": [[1.0, 0.0]], "b": [0.0]}
_LSTM: dict[str, Any] = {  # rows: i, f, g, o
    "W": [[0.2, 10.0], [0.2, 0.0], [1.0, 0.0], [0.2, 0.0]],
    "U": [[0.05], [0.05], [0.05], [0.05]],
    "b": [-5.0, 0.0, 0.0, 2.0],
}


class Ink(Widget):
    """Drop ink into two units at step 1, pour grey paint after it, and see how much of the ink is left.

    The ink is a tiny change of x_1.  What is left of it after t steps is abs(∂h_t/∂x_1), relative to abs(∂h_1/∂x_1).

    Both units have one state and read the same two inputs: a value x_t, which is 0 at step 1 and `noise` times a fixed
    random number at each later step, and a mark m_t, which is 1 at step 1 and 0 later.  Their weights are set by hand::

        Elman  h = tanh(x + u h_prev)
        LSTM   i = σ(0.2 x + 10 m + 0.05 h_prev - 5)    the mark opens it; later it is almost shut
               f = σ(0.2 x + 0.05 h_prev + bias)
               g = tanh(x + 0.05 h_prev)
               o = σ(0.2 x + 0.05 h_prev + 2)

    Parameters
    ----------
    u : float
        The Elman unit's weight from its own state, 0 to 1.5.
    bias : float
        The bias of the LSTM unit's forget gate, -2 to 8.
    noise : float
        How much paint comes at each later step, 0 to 2.
    steps : int
        12, 23, 34, … or 100: of more than 12 steps every second, third, … is shown.
    t : int
        The step to begin at, counted from 1.
    seed : int
        Of the fixed sequence of paint.

    Attributes
    ----------
    u, bias, noise, steps, t, paint, cells
        In sync with the page.  `paint` is the sequence before it is multiplied by `noise`, `cells` the other weights.

    Raises
    ------
    TypeError, ValueError
        For an argument of the wrong kind or out of range, by name.

    Examples
    --------
    >>> ink = Ink(u=0.5, bias=3, noise=0)
    >>> {unit: left.round(3)[:4].tolist() for unit, left in ink.left().items()}
    {'elman': [1.0, 0.5, 0.25, 0.125], 'lstm': [1.0, 0.953, 0.908, 0.865]}
    """

    name = "ink"

    u = Float(0.9).tag(sync=True)
    bias = Float(3.0).tag(sync=True)
    noise = Float(0.5).tag(sync=True)
    steps = Int(SWATCHES).tag(sync=True)
    t = Int(1).tag(sync=True)
    paint: List[Any] = List().tag(sync=True)
    cells: Dict[str, Any] = Dict().tag(sync=True)

    def __init__(
        self,
        u: float = 0.9,
        bias: float = 3.0,
        noise: float = 0.5,
        *,
        steps: int = SWATCHES,
        t: int = 1,
        seed: int = 1,
    ):
        rng = np.random.default_rng(check.count("seed", seed, 0))
        values = {name: _turned(name, v) for name, v in (("u", u), ("bias", bias), ("noise", noise))}
        steps = _steps(steps)
        super().__init__(
            **values,
            steps=steps,
            t=_reached(t, steps),
            paint=rng.standard_normal(MAX_STEPS - 1).round(2).tolist(),
            cells={"elman": _ELMAN, "lstm": _LSTM},
        )

    # The kernel may set these at any time; the page checks its own side.
    @validate("u", "bias", "noise")
    def _in_range(self, proposal: Any) -> float:
        return _turned(proposal["trait"].name, proposal["value"])

    @validate("steps")
    def _known(self, proposal: Any) -> int:
        return _steps(proposal["value"])

    @validate("t")
    def _within(self, proposal: Any) -> int:
        return _reached(proposal["value"], self.steps)

    @observe("steps")
    def _shorter(self, change: Any) -> None:
        # The page sends both at once; here t follows.
        self.t = min(self.t, change["new"])

    def units(self) -> dict[str, Cell]:
        """Build the two units in float64.

        Returns
        -------
        dict of Cell
            By the names "elman" and "lstm".
        """
        elman = {**self.cells["elman"], "U": [[self.u]]}
        b = np.array(self.cells["lstm"]["b"]) + self.bias * np.eye(4)[LSTMCell.GATES.index("f")]
        lstm = {**self.cells["lstm"], "b": b}
        return {
            "elman": ElmanCell(2, 1, params=elman, dtype=np.float64),
            "lstm": LSTMCell(2, 1, params=lstm, dtype=np.float64),
        }

    def inputs(self) -> Array:
        """Give the value and the mark at each step, (T, 2)."""
        values = [0.0, *(self.noise * v for v in self.paint[: self.steps - 1])]
        return np.stack([values, np.eye(self.steps)[0]], axis=1)

    def left(self) -> dict[str, Array]:
        """Compute what is left of the ink after each step, by backpropagation through time.

        Returns
        -------
        dict of array (T,)
            abs(∂h_t/∂x_1) / abs(∂h_1/∂x_1), by the names "elman" and "lstm".
        """
        T = self.steps
        # T copies of the sequence: in copy t, the gradient of h_t alone goes back.
        x = np.repeat(self.inputs()[:, None], T, axis=1)
        found = {}
        for name, cell in self.units().items():
            layer = Recurrent(cell)
            _, _, run = layer.forward(x)
            dx, _, _ = layer.backward(np.eye(T)[:, :, None], run)
            slope = np.abs(np.asarray(dx)[0, :, 0])
            found[name] = slope / slope[0]
        return found

    def shown(self) -> list[int]:
        """Give the steps that have a swatch."""
        return list(range(1, self.steps + 1, (self.steps - 1) // (SWATCHES - 1)))

    def still(self) -> str:
        return _picture(self)

    @classmethod
    def gallery(cls) -> dict[str, Widget]:
        return {
            "Twelve steps, seen to the end": cls(t=12),
            "Forget bias 0: the LSTM unit loses it too": cls(bias=0.0, t=8),
            "Nothing poured after it, u above 1": cls(1.5, 6.0, 0.0, t=12),
            "A hundred steps": cls(1.0, 5.0, 0.2, steps=100, t=100),
            "Before the first step": cls(),
        }


def _turned(name: str, value: Any) -> float:
    return check.number(name, value, *RANGES[name])


def _steps(value: Any) -> int:
    value = check.count("steps", value)
    if value not in STEPS:
        raise ValueError(f"steps must be one of {', '.join(map(str, STEPS))}, got {value}")
    return value


def _reached(value: Any, steps: int) -> int:
    value = check.count("t", value)
    if value > steps:
        raise ValueError(f"t must be at most {steps}, got {value}")
    return value


def _picture(ink: Ink) -> str:
    """Draw all swatches, with a bar on a log scale and a number below each."""

    def written(v: float) -> str:
        return share(v, coarse=-10)

    left, width = 96, 700
    column = (width - left) / SWATCHES
    steps, shares = ink.shown(), ink.left()
    decades = 6 if ink.steps == SWATCHES else 24  # more where there are more steps to lose them in
    rows = [
        ("elman", "Elman", f"u = {number(ink.u)}", 26),
        ("lstm", "LSTM", f"f = {gate(ink.bias)}", 138),
    ]
    out, said = [], []
    for k, t in enumerate(steps):
        out.append(f'<text x="{left + (k + 0.5) * column:.1f}" y="14" class="q">{t}</text>')
    for key, name, note, y in rows:
        out.append(f'<text x="0" y="{y + 19}" class="n">{name}</text><text x="0" y="{y + 37}">{note}</text>')
        for at, text in ((y + 54, "1"), (y + 80, f"1e\N{MINUS SIGN}{decades}")):
            out.append(f'<text x="{left - 8}" y="{at}" class="e">{text}</text>')
        out.append(f'<path d="M{left} {y + 50}H{width}M{left} {y + 78}H{width}"/>')
        values = [float(shares[key][t - 1]) for t in steps]
        said.append(f"{name}, {note}: {', '.join(map(written, values))}")
        for k, v in enumerate(values):
            x = left + (k + 0.5) * column
            tall = 28 * min(1.0, max(0.0, 1 + math.log10(v) / decades)) if v else 0.0
            out.append(
                f'<rect x="{x - column / 2 + 2:.1f}" y="{y}" width="{column - 4:.1f}" height="44" class="s" '
                f'fill-opacity="{min(v, 1):.3f}"/>'
                f'<rect x="{x - 6:.1f}" y="{y + 78 - tall:.1f}" width="12" height="{tall:.1f}" class="b"/>'
                f'<text x="{x:.1f}" y="{y + 95}" class="q">{written(v)}</text>'
            )
    title = f"What is left of the ink after {ink.steps} steps; grey paint {number(ink.noise)}"
    alt = f"{title}. At steps {steps[0]} to {steps[-1]}: {'; '.join(said)}."
    style = (
        "<style>.rb-ink text{font:12.5px system-ui,sans-serif;fill:var(--gs-mute,currentColor)}"
        ".rb-ink .q{text-anchor:middle}.rb-ink .e{text-anchor:end}"
        ".rb-ink .n{font-weight:600;fill:var(--gs-ink,currentColor)}.rb-ink path{stroke:var(--gs-line,#999)}"
        ".rb-ink .s{fill:var(--gs-h,currentColor);stroke:var(--gs-faint,#999)}"
        ".rb-ink .b{fill:var(--gs-h,currentColor)}</style>"
    )
    return (
        f'<figure class="rb-figure rb-ink"><svg viewBox="0 0 {width} 240" role="img" '
        f'aria-label="{html.escape(alt)}" style="width:100%;max-width:720px;height:auto">{style}{"".join(out)}</svg>'
        f"<figcaption>{html.escape(title)}. Below each swatch, the same on a log scale.</figcaption></figure>"
    )
