"""How other frameworks write the same weights: one table for each, from which both directions are derived.

A new cell is one entry in `cells` of each framework that has it; a new framework is one `Target`.  Sources: PyTorch's
pages of nn.RNN, nn.LSTM and nn.GRU (https://docs.pytorch.org/docs/stable/nn.html), Keras's of its recurrent layers
(https://keras.io/api/layers/recurrent_layers/), and ONNX's operators (https://onnx.ai/onnx/operators/).
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from typing import Any, NamedTuple

import numpy as np

from rnnbook import cells
from rnnbook.functional import ACTIVATIONS
from rnnbook.layers import Dense, Embedding

Array = np.ndarray


class Form(NamedTuple):
    """How a framework writes one cell.

    Attributes
    ----------
    layer : str
        What it calls the cell.
    order : sequence of str
        Its blocks of rows, by the letters of our gates.  "-f" is block f with its sign turned.
    activations : tuple of str
        Which of ours it has.
    options : mapping
        What it must be told to compute the same.
    biases : {1, 2}
        Whether the product with h has a bias of its own.
    peepholes : str
        Its order of P's blocks.
    """

    layer: str
    order: Sequence[str]
    activations: tuple[str, ...] = ("tanh",)
    options: Mapping[str, Any] = {}
    biases: int = 2
    peepholes: str = ""


class Tensor(NamedTuple):
    """What one tensor of a framework's holds.

    Attributes
    ----------
    parts : tuple of str
        Names of ours, one after another along the first axis.  "b" is the bias beside W x, "b_h" that beside U h.
    transposed : bool
        Whether it is a factor from the right, x W, where ours stands on the left.
    rows : bool
        Whether parts lie as the rows of a matrix instead.
    """

    parts: tuple[str, ...]
    transposed: bool = False
    rows: bool = False


class Target(NamedTuple):
    """A framework.

    Attributes
    ----------
    name : str
    cells : mapping from our cells to `Form`
    tensors : mapping from its names of a cell's tensors to `Tensor`
    layers : mapping from our layers without time to such a mapping
    place : callable ``(tensor, n, direction, directions) -> name``
        Name of a tensor: in layer n of a `Stack` (None outside of one), and in which of how many directions.
    dot : str
        What stands between the name of a layer and that of its tensor.
    one_node : bool
        Whether both directions lie in one tensor, along a first axis that is there for one direction too.
    uniform : bool
        Whether cells that make up one layer there must be alike in size and kind.
    optional : tuple of str
        Tensors that count as zeros where they are missing.
    hints : mapping
        What may have happened: from ("missing", "unexpected" or "shape", how the name begins) to words.
    """

    name: str
    cells: Mapping[type[cells.Cell], Form]
    tensors: Mapping[str, Tensor]
    layers: Mapping[type, Mapping[str, Tensor]]
    place: Callable[[str, int | None, int, int], str]
    dot: str
    one_node: bool = False
    uniform: bool = False
    optional: tuple[str, ...] = ()
    hints: Mapping[tuple[str, str], str] = {}


def _torch_place(tensor: str, n: int | None, direction: int, directions: int) -> str:
    return f"{tensor}_l{n or 0}{'_reverse' if direction else ''}"


def _keras_place(tensor: str, n: int | None, direction: int, directions: int) -> str:
    side = ("forward/", "backward/")[direction] if directions == 2 else ""
    return ("" if n is None else f"{n}/") + side + tensor


def _onnx_place(tensor: str, n: int | None, direction: int, directions: int) -> str:
    return ("" if n is None else f"{n}.") + tensor


TORCH = Target(
    name="PyTorch",
    cells={
        cells.ElmanCell: Form("nn.RNN", "h", activations=("tanh", "relu")),
        cells.LSTMCell: Form("nn.LSTM", "ifgo"),
        cells.GRUCell: Form("nn.GRU", "rzn"),
    },
    tensors={
        "weight_ih": Tensor(("W",)),
        "weight_hh": Tensor(("U",)),
        "bias_ih": Tensor(("b",)),
        "bias_hh": Tensor(("b_h",)),
    },
    layers={
        Dense: {"weight": Tensor(("W",)), "bias": Tensor(("b",))},
        Embedding: {"weight": Tensor(("E",))},
    },
    place=_torch_place,
    dot=".",
    uniform=True,
    hints={
        ("unexpected", "weight_hr"): "it is of a module with proj_size, and no cell here projects h",
        ("missing", "bias"): "a module made with bias=False has none: put zeros into the dict",
    },
)

KERAS = Target(
    name="Keras",
    cells={
        cells.ElmanCell: Form("SimpleRNN", "h", activations=tuple(ACTIVATIONS), biases=1),
        cells.LSTMCell: Form("LSTM", "ifgo", activations=tuple(ACTIVATIONS), biases=1),
        cells.GRUCell: Form("GRU", "zrn", options={"reset_after": True}),
        cells.GRUResetBeforeCell: Form("GRU", "zrn", options={"reset_after": False}, biases=1),
    },
    tensors={
        "kernel": Tensor(("W",), transposed=True),
        "recurrent_kernel": Tensor(("U",), transposed=True),
        "bias": Tensor(("b", "b_h"), rows=True),
    },
    layers={
        Dense: {"kernel": Tensor(("W",), transposed=True), "bias": Tensor(("b",))},
        Embedding: {"embeddings": Tensor(("E",))},
    },
    place=_keras_place,
    dot="/",
    hints={
        ("shape", "bias"): "a GRU has two rows with reset_after=True (GRUCell), one with False (GRUResetBeforeCell)",
        ("missing", "bias"): "a layer made with use_bias=False has none: put zeros in its place",
    },
)

ONNX = Target(
    name="ONNX",
    cells={
        cells.ElmanCell: Form("RNN", "h", activations=tuple(ACTIVATIONS)),
        cells.LSTMCell: Form("LSTM", "iofg", activations=tuple(ACTIVATIONS)),
        cells.PeepholeLSTMCell: Form("LSTM", "iofg", activations=tuple(ACTIVATIONS), peepholes="iof"),
        # onnxruntime takes f = 1 - i, and σ(-a) = 1 - σ(a).  The standard does not say which gate gives way, so the
        # rows of f are there too: whoever computes i from f, or both, gets the same numbers.
        cells.CoupledLSTMCell: Form(
            "LSTM", ("-f", "o", "f", "g"), activations=tuple(ACTIVATIONS), options={"input_forget": 1}
        ),
        cells.GRUCell: Form("GRU", "zrn", options={"linear_before_reset": 1}),
        cells.GRUResetBeforeCell: Form("GRU", "zrn", options={"linear_before_reset": 0}),
    },
    tensors={
        "W": Tensor(("W",)),
        "R": Tensor(("U",)),
        "B": Tensor(("b", "b_h")),
        "P": Tensor(("P",)),
    },
    # ONNX's operators name their inputs A and B or data; these are names of ours.
    layers={
        Dense: {"W": Tensor(("W",), transposed=True), "b": Tensor(("b",))},  # MatMul and Add
        Embedding: {"E": Tensor(("E",))},  # Gather
    },
    place=_onnx_place,
    dot=".",
    one_node=True,
    uniform=True,
    optional=("B", "P"),
    hints={("unexpected", "P"): "peepholes want a PeepholeLSTMCell"},
)

#: The order of our P's blocks.
PEEPHOLES = "ifo"

#: What to do about a cell that a framework does not have.
INSTEAD: Mapping[type[cells.Cell], str] = {
    cells.PeepholeLSTMCell: "ONNX has peepholes: use to_onnx; or train an LSTMCell, which has none",
    cells.CoupledLSTMCell: (
        "ONNX couples gates: use to_onnx; or, to run it and not to train it, give an LSTMCell the rows -f, f, g, o"
    ),
    cells.LSTM1997Cell: (
        "give an LSTMCell its rows i, g, o and a forget gate that is always 1: zeros in W and U, 100 in b"
    ),
    cells.GRUResetBeforeCell: (
        "Keras (reset_after=False) and ONNX (linear_before_reset=0) have it: use those; or train a GRUCell"
    ),
}

#: ONNX's names of our activations, each with its alpha and beta: of these, only Affine takes any.
ONNX_ACTIVATIONS: Mapping[str, tuple[str, tuple[float, ...], tuple[float, ...]]] = {
    "tanh": ("Tanh", (), ()),
    "sigmoid": ("Sigmoid", (), ()),
    "relu": ("Relu", (), ()),
    "softsign": ("Softsign", (), ()),
    "identity": ("Affine", (1.0,), (0.0,)),
}

#: Which activations an ONNX operator asks for: "gate" is a sigmoid, "own" the cell's.
ONNX_SLOTS: Mapping[str, tuple[str, ...]] = {"RNN": ("own",), "LSTM": ("gate", "own", "own"), "GRU": ("gate", "own")}


def reorder(a: Array, have: Sequence[str], want: Sequence[str]) -> Array:
    """Blocks of rows in another order; "-f" is block f with its sign turned.  It is its own way back.

    Parameters
    ----------
    a : array (blocks * H, ...)
    have, want : sequence of str
        One letter for each block.  Where `have` holds a block twice, the first counts.

    Examples
    --------
    >>> reorder(np.array([1, 2, 3, 4]), "ifgo", "iofg")
    array([1, 4, 2, 3])
    >>> reorder(np.array([5, 6, 7]), "fgo", ("-f", "o", "f", "g"))
    array([-5,  7,  5,  6])
    >>> reorder(np.array([-5, 7, 5, 6]), ("-f", "o", "f", "g"), "fgo")
    array([5, 6, 7])
    """
    blocks: dict[str, Array] = {}
    for letter, block in zip(have, np.split(a, len(have)), strict=True):
        blocks.setdefault(letter.removeprefix("-"), -block if letter.startswith("-") else block)
    return np.concatenate([-blocks[letter[1:]] if letter.startswith("-") else blocks[letter] for letter in want])
