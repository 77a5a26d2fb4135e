"""Pick the activation of a recurrent cell: its curve, its slope, and what both do to a state over many steps."""

from __future__ import annotations

import html
import math
import re
from typing import Any

import numpy as np
from traitlets import Float, Int, List, Unicode, validate

from rnnbook import validation as check
from rnnbook.cells import Cell, ElmanCell, LSTMCell
from rnnbook.functional import ACTIVATIONS, overflow_is_fine
from rnnbook.functional import activation as named
from rnnbook.plots import number
from rnnbook.widgets.base import Widget
from rnnbook.widgets.shares import scientific, share

Array = np.ndarray

#: How far the weights and the bias can be turned; how many steps there are, and how large an input is.
WEIGHT, BIAS, STEPS, LARGEST = 2.0, 3.0, (2, 104), 1e6
#: What the gates of the LSTM stand at, and the biases that make it so: their weights are 0.
GATES = {"f": 0.9, "i": 0.5, "o": 0.5}
CELLS: dict[str, type[Cell]] = {cell.__name__: cell for cell in (ElmanCell, LSTMCell)}


class ActivationPicker(Widget):
    """Put one of five activations into a recurrent cell and step through a series.

    One unit, one input.  Elman's cell is h = φ(w x + u h_prev + b).  In the LSTM φ stands in the place of both tanh:
    g = φ(w x + u h_prev + b), c = f c_prev + i g, h = o φ(c), and its gates stand still at f = 0.9, i = 0.5, o = 0.5.
    The page shows the curve and the slope of the activation that is picked, where the unit stands on both, and for all
    five how large the state has become, how often it was exactly 0, and what arrives of a nudge to the first state.

    Parameters
    ----------
    series : array (T,), optional
        The inputs, 2 to 104 numbers.  By default a year of weeks with a wave in it, and one bad week.
    activation : {"tanh", "sigmoid", "relu", "softsign", "identity"}
        The one that is picked.
    cell : {"ElmanCell", "LSTMCell"}
        Where it stands.
    w, u : float
        Weight of the input and of h_prev, from -2 to 2; in the LSTM those of the candidate g.
    b : float
        Bias, from -3 to 3.
    t : int
        How many steps are done, from 0 to T.

    Attributes
    ----------
    series, activation, cell, w, u, b, t
        In sync with the page.

    Raises
    ------
    TypeError, ValueError
        For an argument of the wrong kind or out of range, by name.

    Examples
    --------
    >>> picker = ActivationPicker([1, 0, 0, -9], cell="ElmanCell", u=1.5, t=4)
    >>> picker.states("relu").ravel()
    array([1.  , 1.5 , 2.25, 0.  ])
    >>> found = picker.summary()
    >>> found["relu"]
    {'largest_h': 2.25, 'zeros': 0.25, 'slopes': 0.0, 'left': 0.0}
    >>> found["identity"]["left"] == 1.5**4
    True
    """

    name = "activation-picker"

    series: List[float] = List(read_only=True).tag(sync=True)
    activation = Unicode("tanh").tag(sync=True)
    cell = Unicode("LSTMCell").tag(sync=True)
    w = Float(1.0).tag(sync=True)
    u = Float(1.0).tag(sync=True)
    b = Float(0.0).tag(sync=True)
    t = Int(0).tag(sync=True)

    def __init__(
        self,
        series: Any = None,
        *,
        activation: str = "tanh",
        cell: str = "LSTMCell",
        w: float = 1.0,
        u: float = 1.0,
        b: float = 0.0,
        t: int = 0,
    ):
        x = _year() if series is None else check.floats("series", series, ("T",), np.dtype(np.float64))
        if not STEPS[0] <= len(x) <= STEPS[1]:
            raise ValueError(f"series must have {STEPS[0]} to {STEPS[1]} steps, got {len(x)}")
        if np.abs(check.finite("series", x)).max() > LARGEST:
            raise ValueError(f"series must lie between {-LARGEST:g} and {LARGEST:g}, got {x[np.abs(x).argmax()]:g}")
        super().__init__()
        self.set_trait("series", x.tolist())
        self.activation = check.one_of("activation", activation, ACTIVATIONS)
        self.cell = check.one_of("cell", cell, CELLS)
        self.w = check.number("w", w, -WEIGHT, WEIGHT)
        self.u = check.number("u", u, -WEIGHT, WEIGHT)
        self.b = check.number("b", b, -BIAS, BIAS)
        self.t = check.count("t", t, 0)

    # The kernel may set these at any time; the page checks its own side.
    @validate("activation", "cell")
    def _known(self, proposal: Any) -> str:
        name = proposal["trait"].name
        return check.one_of(name, proposal["value"], ACTIVATIONS if name == "activation" else CELLS)

    @validate("w", "u", "b")
    def _turned(self, proposal: Any) -> float:
        name = proposal["trait"].name
        most = BIAS if name == "b" else WEIGHT
        return check.number(name, proposal["value"], -most, most)

    @validate("t")
    def _reached(self, proposal: Any) -> int:
        return int(check.number("t", proposal["value"], 0, len(self.series)))

    def states(self, activation: str | None = None) -> Array:
        """Compute the state after each step.

        Parameters
        ----------
        activation : str, optional
            By default the one that is picked.

        Returns
        -------
        array (T, 1), or (T, 2) for the LSTM
            h, and c.
        """
        _, states, _ = self._run(activation or self.activation)
        return states[1:]

    def summary(self) -> dict[str, dict[str, float]]:
        """Compute what the table of the page shows, for the first `t` steps.

        Returns
        -------
        dict from the name of an activation to a dict
            largest_h : largest size of h.

            largest_c : that of c; LSTM only.

            zeros : share of the steps at which h, in the LSTM g, is exactly 0; none of 0 steps.

            slopes : product of the slopes φ' of all steps; Elman only.

            left : dh_t/dh_0, what arrives of a nudge to the first state: the slopes, each times u; Elman only.

            along_c, through_h : the two parts of dc_t/dc_0, along c alone, and by all ways through h; LSTM only.
        """
        return {name: self._summary(name) for name in ACTIVATIONS}

    def _summary(self, name: str) -> dict[str, float]:
        cell, states, trace = self._run(name)
        t, lstm = self.t, self.cell == "LSTMCell"
        h, *c = np.abs(states[: t + 1]).max(axis=0).tolist()
        out = (trace.g if lstm else trace.h)[:t]
        found = {"largest_h": h} | ({"largest_c": c[0]} if lstm else {})
        found["zeros"] = float((out == 0).mean()) if t else 0.0
        columns = states[:, :, None, None]  # (T + 1, n, B = 1, H = 1)
        prev, one = cell.State(*columns[:-1].swapaxes(0, 1)), np.ones((1, 1))
        local: Any = cell.linearise(prev, trace)
        if not lstm:
            found["slopes"] = float(np.prod(named(name).slope(out)))
            dstate: tuple[Array, ...] = (one,)
            for k in reversed(range(t)):
                dstate, _ = cell.step_backward(dstate, [a[k] for a in local])
            return found | {"left": float(dstate[0].item())}
        dstate, along, through = (np.zeros((1, 1)), one), 1.0, 0.0
        for k in reversed(range(t)):
            here = type(local)(*(a[k] for a in local))
            # What comes to c from h goes on along c, with what came so before.
            through = (through + (dstate[0] * here.h_c).item()) * here.c_c.item()
            along *= here.c_c.item()
            dstate, _ = cell.step_backward(dstate, here)
        return found | {"along_c": along, "through_h": float(through)}

    def _run(self, name: str) -> tuple[Cell, Array, Any]:
        """The cell with one activation, its states from the first on (T + 1, n), and its trace."""
        check.one_of("activation", name, ACTIVATIONS)
        rows = "h" if self.cell == "ElmanCell" else "ifgo"
        logit = {k: math.log(v / (1 - v)) for k, v in GATES.items()}
        params = {
            "W": [[self.w if k in "gh" else 0.0] for k in rows],
            "U": [[self.u if k in "gh" else 0.0] for k in rows],
            "b": [self.b if k in "gh" else logit[k] for k in rows],
        }
        arrays = {k: np.array(v) for k, v in params.items()}
        cell = CELLS[self.cell](1, 1, activation=name, params=arrays, dtype=np.float64)  # type: ignore[call-arg]
        a = cell.project(np.array(self.series)[:, None, None])
        trace = cell.new_trace(len(a), 1)
        state = cell.initial_state(1)
        states = [state]
        with overflow_is_fine():
            for k in range(len(a)):
                state, _ = cell.step(a[k], state, type(trace)(*(field[k] for field in trace)))
                states.append(state)
        return cell, np.array(states)[:, :, 0, 0], trace

    def still(self) -> str:
        return _picture(self)

    @classmethod
    def gallery(cls) -> dict[str, Widget]:
        return {
            "LSTM with tanh": cls(t=24),
            "The same with ReLU: nothing holds the state": cls(activation="relu", t=52),
            "Elman's cell with ReLU, after a bad week": cls(activation="relu", cell="ElmanCell", u=0.9, t=32),
            "Elman's cell, u above 1": cls(activation="identity", cell="ElmanCell", u=-1.4, t=52),
            "Before the first step": cls(activation="sigmoid", cell="ElmanCell"),
        }


def _year() -> Array:
    """52 weeks: a wave of a quarter of a year, a smaller one, and one bad week; mean 0, standard deviation 1."""
    week = np.arange(52)
    x = np.sin(2 * np.pi * week / 13) + 0.4 * np.sin(2 * np.pi * week / 5)
    x[30] -= 4.5
    return ((x - x.mean()) / x.std()).round(3)


def label(name: str) -> str:
    """The name as it is written in text."""
    return "ReLU" if name == "relu" else name


def size(v: float) -> str:
    """How large something is, also where it is huge: as in the page."""
    return scientific(math.log10(v)) if v >= 1e5 else f"{v:.1f}" if v >= 9.95 else number(v)


def signed(v: float) -> str:
    """A share with its sign."""
    text, minus = share(abs(v)), "\N{MINUS SIGN}" if v < 0 else ""
    return f"×{minus}{text[1:]}" if text.startswith("×") else minus + text


def _picture(p: ActivationPicker) -> str:
    """Draw curve and slope, the states so far, and the table of all five."""
    lstm, t, T = p.cell == "LSTMCell", p.t, len(p.series)
    _, states, _ = p._run(p.activation)
    f, slope = named(p.activation)
    a = np.linspace(-4, 4, 41)
    phi = np.asarray(f(a), dtype=float)
    out = []
    for left, title, values, low, high in (
        (24, "φ(a)", phi, -1.5, 2.0),
        (184, "its slope", np.asarray(slope(phi), dtype=float), 0.0, 1.2),
    ):
        y = np.interp(values, (low, high), (150, 24))
        seen = np.flatnonzero((values >= low) & (values <= high))
        # The slope of ReLU jumps: there the pen is lifted.
        line = "".join(
            f"{'L' if n and abs(values[k] - values[k - 1]) < 0.5 else 'M'}{left + 16 * (a[k] + 4):.1f} {y[k]:.1f}"
            for n, k in enumerate(seen)
        )
        zero, one = np.interp((0, 1), (low, high), (150, 24))
        out.append(f'<path d="M{left} {zero:.1f}h128M{left} {one:.1f}h128" class="a"/><path d="{line}" class="k"/>')
        out.append(f'<text x="{left}" y="13">{title}</text><text x="{left - 5}" y="{one + 4:.1f}" class="e">1</text>')
        out.append(f'<text x="{left - 5}" y="{zero + 4:.1f}" class="e">0</text>')
        out.append(f'<text x="{left}" y="168">−4</text><text x="{left + 128}" y="168" class="e">4</text>')
    left, right = 380, 690
    done = states[: t + 1]
    most = max(1.0, float(np.abs(states).max()))

    def y_of(v: float) -> float:
        # On a long axis, each power of ten is as high as what lies between 0 and 1.
        def bent(v: float) -> float:
            return math.copysign(1 + math.log10(abs(v)), v) if most > 12 and abs(v) > 1 else v

        return 87 - 62 * bent(v) / bent(most)

    def x_of(k: float) -> float:
        return left + (right - left) * k / T

    top = size(most)
    out.append(f'<path d="M{left} {y_of(0):.1f}H{right}" class="a"/><text x="{left - 6}" y="91" class="e">0</text>')
    out.append(f'<text x="{left - 6}" y="{y_of(most) + 4:.1f}" class="e">{top}</text>')
    for k, look in reversed(list(enumerate("hc"[: states.shape[1]]))):
        line = "L".join(f"{x_of(n):.0f} {y_of(v):.1f}" for n, v in enumerate(done[:, k]))
        out.append(f'<path d="M{line}" class="{look}"/>')
    said = "h and c (thick)" if lstm else "h"
    said += "; log scale beyond ±1" if most > 12 else ""
    out.append(f'<text x="{left}" y="13">{said}</text>')
    out.append(f'<text x="{left}" y="168">0</text><text x="{right}" y="168" class="e">{T}</text>')
    head, rows = _table(p)
    what = f"{'LSTM' if lstm else 'Elman’s cell'} with {label(p.activation)}, w = {number(p.w)}, u = {number(p.u)}, "
    what += f"b = {number(p.b)}, after {t} of {T} steps"
    picked = re.sub("</?sub>", "", ", ".join(f"{h}: {v}" for h, v in zip(head, rows[p.activation], strict=True)))
    alt = f"{what}. Curve and slope of the activation, and the states so far. {picked}"
    if lstm:
        what += "; the gates stand at f = 0.9, i = 0.5, o = 0.5"
    body = "".join(
        f'<tr{" class=rb-on" if name == p.activation else ""}><th scope="row">{label(name)}</th>'
        + "".join(f"<td>{v}</td>" for v in row)
        + "</tr>"
        for name, row in rows.items()
    )
    style = (
        "<style>.rb-acts text{font:13px system-ui,sans-serif;fill:var(--gs-mute,currentColor)}"
        ".rb-acts .e{text-anchor:end}.rb-acts path{fill:none;stroke-linejoin:round}"
        ".rb-acts .a{stroke:var(--gs-line,#999)}.rb-acts .k{stroke:var(--gs-ink,currentColor);stroke-width:2}"
        ".rb-acts .h{stroke:var(--gs-h,currentColor);stroke-width:2}"
        ".rb-acts .c{stroke:var(--gs-c,currentColor);stroke-width:3}"
        ".rb-acts table{border-collapse:collapse;font-size:13px;margin:8px 0;background:none}"
        ".rb-acts :is(th,td){padding:2px 0 2px 10px;text-align:right;font-weight:400}"
        ".rb-acts th:first-child{text-align:left;padding-left:0}.rb-acts .rb-on>*{font-weight:700}</style>"
    )
    cells = "".join(f'<th scope="col">{h}</th>' for h in ("activation", *head))
    return (
        f'<figure class="rb-figure rb-acts">{style}<svg viewBox="0 0 700 176" role="img" '
        f'aria-label="{html.escape(alt)}" style="width:100%;max-width:720px;height:auto">{"".join(out)}</svg>'
        f"<table><thead><tr>{cells}</tr></thead><tbody>{body}</tbody></table>"
        f"<figcaption>{html.escape(what)}.</figcaption></figure>"
    )


def _table(p: ActivationPicker) -> tuple[list[str], dict[str, list[str]]]:
    """Heads and texts of the table."""
    lstm = p.cell == "LSTMCell"
    heads = {
        "largest_h": "largest |h|",
        "largest_c": "largest |c|",
        "zeros": f"{'g' if lstm else 'h'} exactly 0",
        "slopes": "slopes alone",
        "left": "∂h<sub>t</sub>/∂h<sub>0</sub>",
        "along_c": "∂c<sub>t</sub>/∂c<sub>0</sub> along c",
        "through_h": "through h",
    }
    found = p.summary()
    keys = list(found["tanh"])

    def text(key: str, v: float) -> str:
        return (
            size(v) if key.startswith("largest") else f"{math.floor(100 * v + 0.5)}%" if key == "zeros" else signed(v)
        )

    return [heads[k] for k in keys], {name: [text(k, v) for k, v in row.items()] for name, row in found.items()}
