"""The tape of backpropagation through time: written forward, read backward, cut into windows."""

from __future__ import annotations

import html
from typing import Any

import numpy as np
from traitlets import Dict, Int, List, Unicode, observe, validate

from rnnbook import validation as check
from rnnbook.cells import ElmanCell, HState
from rnnbook.plots import number
from rnnbook.recurrent import Recurrent
from rnnbook.widgets.base import Widget

Array = np.ndarray

#: What a drawing can hold.
MAX_STEPS, MAX_UNITS, MAX_INPUTS = 16, 8, 64

# One unit whose state echoes for a while.  All targets lie below its states: no two slopes cancel each other.
_EXAMPLE = {"W": [[0.6]], "U": [[0.95]], "b": [0.0]}
_INPUTS = [1.0, 0.0, -1.0, 0.0, 0.5, 0.5, 0.0, -1.0, 0.0, 0.5, 0.0, 0.5]
_TARGETS = [0.3, 0.2, -0.3, -0.3, 0.0, 0.2, 0.2, -0.5, -0.3, -0.2, -0.3, -0.2]


class TapeViewer(Widget):
    """Write the states of an Elman net on a tape, walk back over it, and cut the way back.

    Each window of K steps is run forward and walked back; then its states are given back, and the last one is handed
    over.  The loss adds up (h - target)² over all units, at every step or at the last one alone.  The reader steps
    through the moves, changes K, and sees the gradient that reaches each step, beside that of an uncut pass.

    Parameters
    ----------
    cell : ElmanCell or Recurrent, optional
        Up to 8 units; by default a net of one unit that brings its own inputs and targets.
    inputs : array (T, D), optional
        Up to 16 steps.  Needed with `cell`.
    window : int
        K, from 1 to T.  With T it is full backpropagation through time.
    loss : {"every", "last"}
        Which steps are compared with their target.
    targets : array (T, H), optional
        Zeros by default, with a `cell`.
    moves : int
        Where to begin: how many moves are done.

    Attributes
    ----------
    cell, inputs, targets, itemsize, window, loss, moves
        As plain JSON, in sync with the page.  `itemsize` is the bytes of one number of the cell.

    Raises
    ------
    TypeError, ValueError
        For arguments that do not fit together, by name.

    Examples
    --------
    >>> viewer = TapeViewer(window=4, loss="last")
    >>> viewer.num_moves  # three windows: 4 steps forward, 4 back, and what was kept is given back
    27
    >>> [round(float(size), 2) for size in viewer.sizes()]  # the gradient that reaches each step
    [0.0, 0.0, 0.0, 0.0, 0.0, 0.0, 0.0, 0.0, 0.83, 0.88, 0.93, 1.13]
    """

    name = "tape-viewer"

    cell: Dict[str, Any] = Dict().tag(sync=True)
    inputs: List[Any] = List().tag(sync=True)
    targets: List[Any] = List().tag(sync=True)
    itemsize = Int(4).tag(sync=True)
    window = Int(4).tag(sync=True)
    loss = Unicode("every").tag(sync=True)
    moves = Int(0).tag(sync=True)

    def __init__(
        self,
        cell: ElmanCell | Recurrent | None = None,
        inputs: Any = None,
        window: int = 4,
        loss: str = "every",
        *,
        targets: Any = None,
        moves: int = 0,
    ):
        if cell is None:
            for option, given in (("inputs", inputs), ("targets", targets)):
                if given is not None:
                    raise TypeError(f"{option} needs a cell: TapeViewer(cell, inputs)")
            cell = ElmanCell(1, 1, params=_EXAMPLE)
            inputs, targets = np.array(_INPUTS)[:, None], np.array(_TARGETS)[:, None]
        if isinstance(cell, Recurrent) and type(cell.cell) is ElmanCell:
            cell = cell.cell
        if type(cell) is not ElmanCell:
            raise TypeError(f"cell must be an ElmanCell, or a Recurrent with one, got {cell!r}")
        if cell.hidden_size > MAX_UNITS or cell.input_size > MAX_INPUTS:
            raise ValueError(
                f"cell must have at most {MAX_UNITS} units and {MAX_INPUTS} inputs to be drawn, got {cell!r}"
            )
        for name, p in cell.params.items():
            check.finite(f"cell.params[{name!r}]", p)
        if inputs is None:
            raise TypeError("inputs must be given with a cell: an array (T, D)")
        double = np.dtype(np.float64)
        x = check.finite("inputs", check.floats("inputs", inputs, ("T", cell.input_size), double))
        if len(x) > MAX_STEPS:
            raise ValueError(f"inputs must have at most {MAX_STEPS} steps to be drawn, got {len(x)}")
        wanted = np.zeros((len(x), cell.hidden_size)) if targets is None else targets
        wanted = check.finite("targets", check.floats("targets", wanted, (len(x), cell.hidden_size), double))
        super().__init__(
            cell={
                "kind": "ElmanCell",
                "params": {name: p.tolist() for name, p in cell.params.items()},
                "activation": cell.activation,
            },
            inputs=x.tolist(),
            targets=wanted.tolist(),
            itemsize=cell.dtype.itemsize,
        )
        self.window, self.loss = check.count("window", window), loss
        self.moves = check.count("moves", moves, 0)

    # The kernel may set these at any time; the page checks its own side.
    @validate("window", "moves")
    def _within(self, proposal: Any) -> int:
        name = proposal["trait"].name
        low, high = (1, len(self.inputs)) if name == "window" else (0, self.num_moves)
        return int(check.number(name, proposal["value"], low, high))

    @validate("loss")
    def _known(self, proposal: Any) -> str:
        return check.one_of("loss", proposal["value"], ("every", "last"))

    @observe("window")
    def _fewer(self, change: Any) -> None:
        self.moves = min(self.moves, self.num_moves)

    @property
    def num_moves(self) -> int:
        """How many moves there are: each step forward and back, and each window given back."""
        return 2 * len(self.inputs) + -(-len(self.inputs) // self.window)

    def layer(self) -> Recurrent:
        """Build the net that is shown, in float64."""
        H, D = len(self.targets[0]), len(self.inputs[0])
        options = {"activation": self.cell["activation"], "params": self.cell["params"]}
        return Recurrent(ElmanCell(D, H, dtype=np.float64, **options))

    def gradients(self, window: int | None = None) -> Array:
        """Compute dh, the gradient of the loss for each state, (T, H): what the walk back finds.

        Parameters
        ----------
        window : int, optional
            Another K than `window`; T is the uncut pass.
        """
        window = self.window if window is None else check.count("window", window)
        layer, x = self.layer(), np.array(self.inputs, float)[:, None, :]
        y, _, _ = layer.forward(x)
        dy = 2 * (y - np.array(self.targets, float)[:, None, :])
        if self.loss == "last":
            dy[:-1] = 0
        state: HState | None = None
        found = np.array(dy)
        for start in range(0, len(x), window):
            cut = slice(start, start + window)
            _, state, run = layer.forward(x[cut], state)  # the state comes in
            before = [d.h for d in layer.walk_back(run, dy[cut])][::-1]  # and no slope goes out
            found[cut][:-1] += np.array(before[1:]).reshape(-1, *dy.shape[1:])
        return found[:, 0]

    def sizes(self, window: int | None = None) -> Array:
        """Compute the norm of each step's gradient, (T,); see `gradients`."""
        return np.linalg.norm(self.gradients(window), axis=1)

    def still(self) -> str:
        return _picture(self)

    @classmethod
    def gallery(cls) -> dict[str, Widget]:
        rng = np.random.default_rng(1)
        own = ElmanCell(2, 3, rng=rng, dtype=np.float64)
        steps = np.round(rng.standard_normal((10, 2)), 2)
        return {
            "The second window, on its way back": cls(moves=15),
            "Only the last step has a loss": cls(loss="last", moves=27),
            "No cut: full backpropagation through time": cls(window=12, moves=20),
            "Before the first step": cls(),
            "Three units, windows of three, given back": cls(own, steps, window=3, moves=14),
        }


def _picture(viewer: TapeViewer) -> str:
    """Draw the tape with its last window just walked back, in SVG that follows the page's colours."""
    T, K = len(viewer.inputs), viewer.window
    states = np.array([d.h[0] for d in viewer.layer().walk(np.array(viewer.inputs, float)[:, None, :])])
    states = np.concatenate([np.zeros((1, states.shape[1])), states])
    cut, whole = viewer.sizes(), viewer.sizes(T)
    left, width = 92, 700
    column = (width - left) / (T + 1)
    first = (T - 1) // K * K  # the state that the last window began with

    def x(t: float) -> float:
        return left + (t + 0.5) * column

    out = []
    for row, y in (("forward", 40), ("tape", 92), ("backward", 148), ("dh", 230)):
        out.append(f'<text x="0" y="{y + 4}" class="{"l" if row == "dh" else "r"}">{row}</text>')
    out.append(f'<path d="M{x(0):.1f} 40H{width}m-9 -6l8 6l-8 6" class="h" stroke-width="3"/>')
    most, scale = max(0.1, np.abs(states).max()), max(whole.max(), cut.max()) or 1.0
    units = states.shape[1]
    for t in range(T + 1):
        box = column - 6
        kept = t >= first
        out.append(f'<text x="{x(t):.1f}" y="14" class="q">{t}</text>')
        look = 'class="h" stroke-width="1.75"' if kept else 'class="e" stroke-dasharray="3 3"'
        out.append(f'<rect x="{x(t) - box / 2:.1f}" y="70" width="{box:.1f}" height="44" rx="5" {look}/>')
        thick = min(22.0, 0.8 * box / units)
        for k, value in enumerate(states[t] / most if kept else ()):
            tall = max(abs(value) * 18, 0.8)
            at = x(t) + (k - units / 2) * thick + 0.1 * thick
            out.append(
                f'<rect x="{at:.1f}" y="{92 - tall if value >= 0 else 92:.1f}" width="{0.8 * thick:.1f}" '
                f'height="{tall:.1f}" class="{"hf" if value >= 0 else "h"}" stroke-width="1.25"/>'
            )
    for start in range(0, T, K):
        end = min(start + K, T)
        if start:
            out.append(f'<path d="M{x(start + 0.5):.1f} 64V162" class="w" stroke-width="3"/>')
            out.append(f'<text x="{x(start + 0.5):.1f}" y="178" class="q">cut</text>')
        stop = x(start + 0.5) + 5 if start else x(0)
        out.append(
            f'<path d="M{x(end):.1f} 148H{stop:.1f}" class="g" stroke-width="3" stroke-dasharray="5 4"/>'
            f'<path d="M{stop + 7:.1f} 142l-7 6l7 6" class="g" stroke-width="2"/>'
        )
        if end < T and (end - start) * column > 70:
            out.append(f'<text x="{(x(start + 1) + x(end)) / 2:.1f}" y="130" class="q">given back</text>')
    out.append(f'<path d="M{left} 248H{width}" class="e"/>')
    for t in range(1, T + 1):
        for size, look in ((whole[t - 1], 'class="g" stroke-width="1.25"'), (cut[t - 1], 'class="gf"')):
            tall = 48 * size / scale
            if tall:
                out.append(f'<rect x="{x(t) - 9:.1f}" y="{248 - tall:.1f}" width="18" height="{tall:.1f}" {look}/>')
        out.append(f'<text x="{x(t):.1f}" y="264" class="q">{number(cut[t - 1])}</text>')
    each = units * viewer.itemsize
    where = "at every step" if viewer.loss == "every" else "at the last step alone"
    caption = (
        f"{T} steps in windows of {K}: at most {min(K, T) + 1} states are kept ({(min(K, T) + 1) * each} bytes), "
        f"instead of {T + 1} ({(T + 1) * each} bytes). Below, the size of dh, for a loss {where}: "
        "solid with the cuts, outlined without."
    )
    alt = (
        f"A tape of the states h0 to h{T}. The forward pass runs over all of them without a gap. Only h{first} to h{T} "
        f"are still kept. The way back ends at the cuts. Size of dh at steps 1 to {T} with the cuts: "
        f"{', '.join(map(number, cut))}; without: {', '.join(map(number, whole))}."
    )
    style = (
        "<style>.rb-tape path,.rb-tape rect{fill:none}.rb-tape .h{stroke:var(--gs-h,currentColor)}"
        ".rb-tape .hf{fill:var(--gs-h,currentColor)}.rb-tape .g{stroke:var(--gs-grad,currentColor)}"
        ".rb-tape .gf{fill:var(--gs-grad,currentColor)}.rb-tape .e{stroke:var(--gs-faint,currentColor)}"
        ".rb-tape .w{stroke:var(--gs-ink,currentColor)}"
        ".rb-tape text{font:13px system-ui,sans-serif;fill:var(--gs-mute,currentColor)}.rb-tape .q{text-anchor:middle}"
        ".rb-tape .l{font:italic 17px 'STIX Two Text',Cambria,'Times New Roman',serif}</style>"
    )
    return (
        f'<figure class="rb-figure rb-tape"><svg viewBox="0 0 {width} 270" role="img" aria-label="{html.escape(alt)}" '
        f'style="width:100%;max-width:720px;height:auto">{style}{"".join(out)}</svg>'
        f"<figcaption>{html.escape(caption)}</figcaption></figure>"
    )
