"""A trained net that a page carries: rounded to a byte a weight, packed as text, and the same net in Python again.

``static/carried.js`` reads what `packed` gives.
"""

from __future__ import annotations

import base64
import os
from collections.abc import Mapping
from typing import Any, NamedTuple

import numpy as np

from rnnbook import validation as check
from rnnbook.cells import Cell, ElmanCell, GRUCell, LSTMCell
from rnnbook.functional import ACTIVATIONS
from rnnbook.layers import Dense, Dropout, Embedding, Last, Layer
from rnnbook.model import Sequential
from rnnbook.quantize import restored, rounded
from rnnbook.recurrent import Recurrent

Array = np.ndarray

#: What a page can hold: hidden units, and parameters of one byte each.
MAX_UNITS, MAX_PARAMETERS = 256, 240_000

CELLS: dict[str, type[Cell]] = {cell.__name__: cell for cell in (GRUCell, LSTMCell, ElmanCell)}


class Parts(NamedTuple):
    """A rounded net.

    Attributes
    ----------
    kind, activation : str
        The cell's class, and its activation.
    sizes : tuple of int
        V tokens, N numbers for each (0: one-hot), H hidden units, O outputs.
    arrays : list of pairs
        Whole numbers and factors: of E, if there is one, of the cell's parameters, of the Dense's W and b.
    """

    kind: str
    activation: str
    sizes: tuple[int, int, int, int]
    arrays: list[tuple[Array, Array]]

    @property
    def num_parameters(self) -> int:
        """How many numbers the net has; each is a byte in the page."""
        return sum(whole.size for whole, _ in self.arrays)

    def model(self, dtype: Any) -> Sequential:
        """Give the net that the page runs: layers `embedding` (if there is one), `rnn` and `out`."""
        V, N, H, O = self.sizes
        given = iter([restored(*pair) for pair in self.arrays])
        layers: dict[str, Any] = {}
        if N:
            layers["embedding"] = Embedding(V, N, dtype=dtype, params={"E": next(given)})
        options: dict[str, Any] = {"activation": self.activation} if self.kind == "ElmanCell" else {}
        params = {name: next(given) for name in CELLS[self.kind].shapes(N or V, H)}
        layers["rnn"] = Recurrent(CELLS[self.kind](N or V, H, dtype=dtype, params=params, **options))
        layers["out"] = Dense(H, O, dtype=dtype, params={"W": next(given), "b": next(given)})
        return Sequential(**layers)


def parts(model: Any, *, last: bool = False) -> Parts:
    """Round a net, if it is one that a page can run.

    Parameters
    ----------
    model : Sequential
        Ids in, logits out: an Embedding or none, one Recurrent with a cell of `CELLS`, Dropout or none, a Dense
        without activation.
    last : bool
        Whether there may be a `Last` too.  It has no weights: the page gives what the net says at every step.

    Returns
    -------
    Parts

    Raises
    ------
    TypeError, ValueError
        For another model, by the name "model".
    """
    between = "Dropout or Last or nothing" if last else "Dropout or nothing"
    wanted = f"a Sequential of Embedding or nothing, one Recurrent, {between}, and Dense"
    if not isinstance(model, Sequential):
        raise TypeError(f"model must be {wanted}, got {model!r}")
    passed: tuple[type[Layer], ...] = (Dropout, Last) if last else (Dropout,)
    layers = [layer for layer in model.layers.values() if type(layer) not in passed]
    embedding = layers.pop(0) if layers and type(layers[0]) is Embedding else None
    if [type(layer) for layer in layers] != [Recurrent, Dense]:
        raise ValueError(f"model must be {wanted}, got {model!r}")
    rnn, out = layers
    cell = rnn.cell
    if type(cell).__name__ not in CELLS or type(cell) is not CELLS[type(cell).__name__]:
        raise ValueError(f"model must have one of {', '.join(CELLS)}, got {cell!r}")
    if out.activation != "identity":
        raise ValueError(f"model must end in logits, a Dense without activation, got {out.activation}")
    for name, p in model.params.items():
        check.finite(f"model.params[{name!r}]", p)
    V, N = (embedding.vocab_size, embedding.output_size) if embedding else (cell.input_size, 0)
    arrays = [embedding.params["E"]] if embedding else []
    arrays += [cell.params[name] for name in cell.shapes(N or V, cell.hidden_size)]
    arrays += [out.params["W"], out.params["b"]]
    return fitting(
        Parts(
            type(cell).__name__,
            getattr(cell, "activation", "tanh"),
            (V, N, cell.hidden_size, out.output_size),
            [rounded(a) for a in arrays],
        ),
        "model",
    )


def fitting(given: Parts, name: str) -> Parts:
    """Give the parts back, if a page can hold them; `name` is what an error calls them."""
    H, size = given.sizes[2], given.num_parameters
    if H > MAX_UNITS or size > MAX_PARAMETERS:
        raise ValueError(
            f"{name} must have at most {MAX_UNITS} hidden units and {MAX_PARAMETERS:,} parameters to be sent with a "
            f"page, got {H} and {size:,}"
        )
    return given


def from_file(arrays: Mapping[str, Array], activation: str, path: str | os.PathLike) -> Parts:
    """Find the layers of a file by the names and shapes of its arrays.

    Parameters
    ----------
    arrays : mapping
        For each parameter ``<layer>.<name>.whole`` and ``<layer>.<name>.scale``.
    activation : str
        Of an ElmanCell.
    path : path
        What an error calls the file.

    Returns
    -------
    Parts

    Raises
    ------
    ValueError
        If they are not one recurrent layer and a Dense that writes the tokens that are read.
    """

    def wrong(why: str) -> ValueError:
        return ValueError(f"{os.fspath(path)} must hold the rounded weights of one recurrent layer and a Dense: {why}")

    layers: dict[str, dict[str, tuple[Array, Array]]] = {}
    names = {name.removesuffix(end) for end in (".whole", ".scale") for name in arrays if name.endswith(end)}
    for name in sorted(names):
        whole, scale = arrays.get(f"{name}.whole"), arrays.get(f"{name}.scale")
        if whole is None or scale is None or "." not in name:
            raise wrong(f"{name} lacks its whole numbers, its factors or its layer")
        restored(whole, scale)  # it says what is wrong with them
        layer, own = name.rsplit(".", 1)
        layers.setdefault(layer, {})[own] = whole, scale
    shapes = {name: {k: whole.shape for k, (whole, _) in layer.items()} for name, layer in layers.items()}
    of: dict[str, list[str]] = {"E": [], "U": [], "W": []}
    for name, found in shapes.items():
        letter = next((k for k in ("E", "U", "W") if k in found), None)
        if letter is None:
            raise wrong(f"{name} is no layer")
        of[letter].append(name)
    if len(of["E"]) > 1 or len(of["U"]) != 1 or len(of["W"]) != 1:
        raise wrong(f"it has the layers {', '.join(layers)}")
    (rnn,), (out,) = of["U"], of["W"]
    if len(shapes[rnn]["U"]) != 2 or len(shapes[out]["W"]) != 2:
        raise wrong("a matrix has two axes")
    H, V = shapes[rnn]["U"][1], shapes[out]["W"][0]
    N = shapes[of["E"][0]]["E"][-1] if of["E"] else 0
    kind = next((k for k, cell in CELLS.items() if cell.shapes(N or V, H) == shapes[rnn]), None)
    if kind is None or shapes[out] != {"W": (V, H), "b": (V,)} or (N and shapes[of["E"][0]] != {"E": (V, N)}):
        raise wrong(f"no cell of {', '.join(CELLS)} has the shapes {shapes}")
    check.one_of("activation", activation, ACTIVATIONS)
    order = [layers[of["E"][0]]["E"]] if N else []
    order += [layers[rnn][k] for k in CELLS[kind].shapes(N or V, H)] + [layers[out]["W"], layers[out]["b"]]
    return fitting(Parts(kind, activation, (V, N, H, V), order), os.fspath(path))


def packed(given: Parts, tokens: str | list[str]) -> dict[str, Any]:
    """Give a net as plain JSON; its numbers are one text: the whole numbers of all arrays, then all factors.

    Sizes are V, N, H and, where it is another number than V, O.
    """
    data = b"".join(whole.tobytes() for whole, _ in given.arrays)
    data += b"".join(scale.astype("<f4").tobytes() for _, scale in given.arrays)
    *sizes, outputs = given.sizes
    return {
        "kind": given.kind,
        "activation": given.activation,
        "sizes": sizes if outputs == given.sizes[0] else [*sizes, outputs],
        "tokens": tokens,
        "data": base64.b64encode(data).decode(),
    }
