"""The path of one picture through a feed-forward net: pixels, hidden values, probabilities."""

from __future__ import annotations

import html
import math
from collections.abc import Sequence
from typing import Any

import numpy as np
from traitlets import Any as AnyTrait
from traitlets import Dict, Int, List, observe, validate

from rnnbook import functional
from rnnbook import validation as check
from rnnbook.layers import Dense
from rnnbook.model import Sequential
from rnnbook.plots import number
from rnnbook.widgets.base import Widget

Array = np.ndarray

#: What a drawing can hold: layers, units of a hidden layer, outputs, pixels of a side, pictures to choose from.
MAX_LAYERS, MAX_UNITS, MAX_OUTPUTS, MAX_SIDE, MAX_PICTURES = 4, 128, 16, 16, 8

#: Weights are sent rounded to so many decimals: the chapter's 2,410 make 20 kB, and a probability moves by less
#: than a thousandth.
DECIMALS = 4


class InputPath(Widget):
    """Follow one picture through a net of dense layers, and draw on it.

    The reader steps from layer to layer, looks at what one unit does, chooses another picture or draws one.  The page
    computes the same numbers as `net`, with weights that are rounded to 4 decimals: the state of a net with 64
    inputs, 32 hidden units and 10 outputs stays below 25 kB, and its probabilities within 0.001.

    Parameters
    ----------
    net : Sequential of Dense
        Up to 4 layers, of at most 128 units; at most 16 outputs.  Softmax is added.
    pictures : array (N, rows, columns) or (N, D)
        Up to 8 pictures of at most 16 by 16 pixels, from 0 (paper) to 1 (ink).
    labels : sequence of N int
        What each picture shows: the number of an output.
    row : int
        Which picture is shown first.
    shape : (rows, columns), optional
        Of pictures that are given as rows of D pixels; by default a square.
    station : int
        Where to begin: 0 is the input, then each layer, then the softmax.
    chosen : sequence of int, optional
        The unit of each layer that is looked at; by default the likeliest output, and what speaks loudest for it.

    Attributes
    ----------
    layers, shape, pictures, labels, row, drawn, station, chosen
        As plain JSON, in sync with the page.  `drawn` is the reader's picture, or None.

    Raises
    ------
    TypeError, ValueError
        For arguments that do not fit together, by name.

    Examples
    --------
    >>> rng = np.random.default_rng(0)
    >>> net = Sequential(hidden=Dense(16, 5, activation="tanh", rng=rng), out=Dense(5, 3, rng=rng))
    >>> path = InputPath(net, rng.random((2, 4, 4)), [0, 2], row=1)
    >>> [values.shape for values in path.values()]  # hidden, output, probabilities
    [(5,), (3,), (3,)]
    >>> float(path.values()[-1].sum().round(6))
    1.0
    """

    name = "input-path"

    layers: List[Any] = List(Dict()).tag(sync=True)
    shape: List[Any] = List().tag(sync=True)
    pictures: List[Any] = List().tag(sync=True)
    labels: List[Any] = List().tag(sync=True)
    row = Int(0).tag(sync=True)
    drawn: AnyTrait = AnyTrait(None, allow_none=True).tag(sync=True)
    station = Int(0).tag(sync=True)
    chosen: List[Any] = List().tag(sync=True)

    def __init__(
        self,
        net: Sequential,
        pictures: Any,
        labels: Sequence[int],
        row: int = 0,
        *,
        shape: Sequence[int] | None = None,
        station: int = 0,
        chosen: Sequence[int] | None = None,
    ):
        layers = _dense(net)
        D, outputs = layers[0].input_size, layers[-1].output_size
        x = check.finite("pictures", check.floats("pictures", pictures, ("...",), np.dtype(np.float64)))
        if x.ndim not in (2, 3) or math.prod(x.shape[1:]) != D:
            raise ValueError(f"pictures must have shape (N, rows, columns) or (N, {D}) for this net, got {x.shape}")
        side = math.isqrt(D)
        if x.ndim == 3:
            if shape is not None and tuple(shape) != x.shape[1:]:
                raise ValueError(f"shape must be that of the pictures, {x.shape[1:]}, got {tuple(shape)}")
            shape = x.shape[1:]
        elif shape is None:
            if side * side != D:
                raise ValueError(f"shape must be given, since {D} pixels make no square")
            shape = (side, side)
        if len(shape) != 2 or math.prod(shape) != D or not all(0 < n <= MAX_SIDE for n in shape):
            raise ValueError(
                f"shape must be (rows, columns) of {D} pixels, at most {MAX_SIDE} each, got {tuple(shape)}"
            )
        if len(x) > MAX_PICTURES:
            raise ValueError(f"pictures must be at most {MAX_PICTURES} to choose from, got {len(x)}")
        if x.min() < 0 or x.max() > 1:
            raise ValueError(f"pictures must lie between 0 and 1, got {x.min():g} to {x.max():g}")
        names = check.ids("labels", labels, (len(x),), outputs)
        super().__init__(
            layers=[
                {
                    "W": np.round(layer.params["W"].astype(float), DECIMALS).tolist(),
                    "b": np.round(layer.params["b"].astype(float), DECIMALS).tolist(),
                    "activation": layer.activation,
                }
                for layer in layers
            ],
            shape=[int(n) for n in shape],
            pictures=np.round(x.reshape(len(x), D), DECIMALS).tolist(),
            labels=names.tolist(),
        )
        self.row = check.count("row", row, 0)
        self.chosen = self._loudest() if chosen is None else [check.count("chosen", k, 0) for k in chosen]
        self.station = check.count("station", station, 0)

    # The kernel may set these at any time; the page checks its own side.
    @validate("row", "station")
    def _within(self, proposal: Any) -> int:
        name = proposal["trait"].name
        high = len(self.pictures) - 1 if name == "row" else len(self.layers) + 1
        return int(check.number(name, proposal["value"], 0, high))

    @validate("chosen")
    def _units(self, proposal: Any) -> list[int]:
        found = proposal["value"]
        if len(found) != len(self.layers):
            raise ValueError(f"chosen must have {len(self.layers)} entries, one for each layer, got {len(found)}")
        return [
            int(check.number("chosen", unit, 0, len(layer["b"]) - 1))
            for unit, layer in zip(found, self.layers, strict=True)
        ]

    @validate("drawn")
    def _pixels(self, proposal: Any) -> list[float] | None:
        if proposal["value"] is None:
            return None
        found = check.floats("drawn", proposal["value"], (math.prod(self.shape),), np.dtype(np.float64))
        if found.min() < 0 or found.max() > 1:
            raise ValueError(f"drawn must lie between 0 and 1, got {found.min():g} to {found.max():g}")
        return found.tolist()

    @observe("row")
    def _another(self, change: Any) -> None:
        self.drawn = None

    @property
    def pixels(self) -> Array:
        """What goes in: the chosen picture, or what the reader has drawn."""
        return np.array(self.pictures[self.row] if self.drawn is None else self.drawn, float)

    def values(self) -> list[Array]:
        """Compute what each layer says to the picture, and the probabilities."""
        found, x = [], self.pixels
        for layer in self.layers:
            phi, _ = functional.activation(layer["activation"])
            x = phi(np.array(layer["W"]) @ x + np.array(layer["b"]))
            found.append(x)
        return [*found, functional.softmax(x)]

    def _loudest(self) -> list[int]:
        *values, p = self.values()
        chosen = [int(p.argmax())]
        for layer, said in zip(self.layers[:0:-1], values[-2::-1], strict=True):
            chosen.insert(0, int((np.array(layer["W"])[chosen[0]] * said).argmax()))
        return chosen

    def still(self) -> str:
        return _picture(self)

    @classmethod
    def gallery(cls) -> dict[str, Widget]:
        net, pictures = _strokes()
        deep = Sequential(
            first=Dense(16, 12, activation="tanh", rng=np.random.default_rng(1)),
            second=Dense(12, 6, activation="relu", rng=np.random.default_rng(2)),
            out=Dense(6, 3, rng=np.random.default_rng(3)),
        )
        small = np.round(np.random.default_rng(4).random((2, 4, 4)), 2)
        labels = list(range(len(pictures)))
        return {
            "The softmax": cls(net, pictures, labels, 1, station=3),
            "A hidden unit": cls(net, pictures, labels, 0, station=1),
            "An output": cls(net, pictures, labels, 2, station=2),
            "Only the input": cls(net, pictures, labels, 3),
            "Two hidden layers": cls(deep, small, [0, 2], station=2),
        }


def _dense(net: Any) -> list[Dense]:
    """Give the layers of a net that can be drawn."""
    if isinstance(net, Dense):
        net = Sequential(out=net)
    if not isinstance(net, Sequential) or not all(type(layer) is Dense for layer in net.layers.values()):
        raise TypeError(f"net must be a Sequential of Dense layers, got {net!r}")
    layers = list(net.layers.values())
    if len(layers) > MAX_LAYERS:
        raise ValueError(f"net must have at most {MAX_LAYERS} layers to be drawn, got {len(layers)}")
    if any(layer.output_size > MAX_UNITS for layer in layers[:-1]) or layers[-1].output_size > MAX_OUTPUTS:
        sizes = [layer.output_size for layer in layers]
        raise ValueError(f"net must have at most {MAX_UNITS} hidden units and {MAX_OUTPUTS} outputs, got {sizes}")
    for name, p in net.params.items():
        check.finite(f"net.params[{name!r}]", p)
    return layers


def _strokes() -> tuple[Sequential, Array]:
    """Four simple pictures, and a net that tells them apart: for the gallery."""
    pictures = np.zeros((4, 8, 8))
    pictures[0, 1:7, 3:5] = 1
    pictures[1, 3:5, 1:7] = 1
    pictures[2][[1, 6], 2:6] = pictures[2, 2:6, 1] = pictures[2, 2:6, 6] = 1
    pictures[3] = np.clip(np.eye(8) + 0.5 * np.eye(8, k=1), 0, 1)
    rng = np.random.default_rng(0)
    W = 0.25 * rng.standard_normal((32, 64)) + np.repeat(pictures.reshape(4, 64) - 0.25, 8, axis=0) / 6
    out = 0.2 * rng.standard_normal((4, 32)) + np.repeat(np.eye(4), 8, axis=1)
    net = Sequential(
        hidden=Dense(64, 32, activation="tanh", params={"W": W, "b": np.zeros(32)}),
        out=Dense(32, 4, params={"W": out, "b": np.zeros(4)}),
    )
    return net, pictures


def _picture(path: InputPath) -> str:
    """Draw pixels, hidden values and probabilities side by side, in SVG that follows the page's colours."""
    rows, columns = path.shape
    *values, p = path.values()
    cell = 192 / max(rows, columns)
    top, x = 24.0, columns * cell + 36
    blocks = [_pixels_svg(path.pixels, columns, cell, top), f'<text x="0" y="14">{len(path.pixels)} pixels</text>']
    for said in values[:-1]:
        per_column = 8 if len(said) <= 64 else 16
        size = 192 / per_column
        most = max(np.abs(said).max(), 1e-9)
        blocks.append(f'<text x="{x:.0f}" y="14">{len(said)} hidden</text>')
        for k, value in enumerate(said):
            side = max(0.9 * size * math.sqrt(abs(value) / most), 1.0)
            at = (x + (k // per_column + 0.5) * size, top + (k % per_column + 0.5) * size)
            look = 'class="f"' if value >= 0 else 'class="s"'
            blocks.append(
                f'<rect x="{at[0] - side / 2:.1f}" y="{at[1] - side / 2:.1f}" width="{side:.1f}" '
                f'height="{side:.1f}" {look}/>'
            )
        x += -(-len(said) // per_column) * size + 36
    tall = 192 / len(p)
    blocks.append(f'<text x="{x:.0f}" y="14">{len(p)} probabilities</text>')
    for k, share in enumerate(p):
        y = top + (k + 0.5) * tall
        blocks.append(f'<text x="{x:.0f}" y="{y + 4.5:.1f}">{k}</text>')
        blocks.append(
            f'<rect x="{x + 22:.0f}" y="{y - 0.32 * tall:.1f}" width="{max(110 * share, 1):.1f}" '
            f'height="{0.64 * tall:.1f}" class="{"i" if k == p.argmax() else "q"}"/>'
        )
        blocks.append(f'<text x="{x + 138:.0f}" y="{y + 4.5:.1f}">{number(share)}</text>')
    shown = "a drawing" if path.drawn is not None else f"a picture of a {path.labels[path.row]}"
    hidden = " ".join(
        f"Hidden values: {', '.join(map(number, said))}." if len(said) <= 40 else f"{len(said)} hidden values."
        for said in values[:-1]
    )
    alt = (
        f"The path of {shown} through a net: {len(path.pixels)} pixels. {hidden} "
        f"Probabilities: {', '.join(f'{k}: {number(share)}' for k, share in enumerate(p))}."
    )
    line = f"{shown[0].upper()}{shown[1:]}. The net says {p.argmax()}, with probability {number(p.max())}."
    style = (
        "<style>.rb-path .f{fill:var(--gs-h,currentColor)}.rb-path .s{fill:none;stroke:var(--gs-h,currentColor)}"
        ".rb-path .i,.rb-path .x{fill:var(--gs-ink,currentColor)}.rb-path .q{fill:var(--gs-faint,currentColor)}"
        ".rb-path .e{fill:none;stroke:var(--gs-line,currentColor)}"
        ".rb-path text{font:13px system-ui,sans-serif;fill:var(--gs-mute,currentColor)}</style>"
    )
    return (
        f'<figure class="rb-figure rb-path"><svg viewBox="0 0 {x + 178:.0f} {top + 196:.0f}" role="img" '
        f'aria-label="{html.escape(alt)}" style="width:100%;max-width:{min(x + 178, 720):.0f}px;height:auto">'
        f"{style}{''.join(blocks)}</svg><figcaption>{html.escape(line)}</figcaption></figure>"
    )


def _pixels_svg(pixels: Array, columns: int, cell: float, top: float) -> str:
    out = [
        f'<rect x="{k % columns * cell:.4g}" y="{top + k // columns * cell:.4g}" width="{cell:.4g}" '
        f'height="{cell:.4g}" class="x" opacity="{ink:.2g}"/>'
        for k, ink in enumerate(pixels)
        if ink
    ]
    frame = f'width="{columns * cell:.4g}" height="{len(pixels) // columns * cell:.4g}"'
    return f'<rect x="0" y="{top:g}" {frame} class="e"/>{"".join(out)}'
