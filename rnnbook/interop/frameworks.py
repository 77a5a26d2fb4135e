"""A pair of functions for each framework."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

import numpy as np

from rnnbook.interop.formats import KERAS, ONNX, ONNX_ACTIVATIONS, ONNX_SLOTS, TORCH
from rnnbook.interop.weights import alike, cells_of, form_of, read, write
from rnnbook.recurrent import Bidirectional, Recurrent

Array = np.ndarray


def to_torch(layer: Any) -> dict[str, Array]:
    """Weights as PyTorch's ``state_dict`` has them: of nn.RNN, nn.LSTM, nn.GRU, nn.Linear and nn.Embedding.

    ``module.load_state_dict({k: torch.from_numpy(a) for k, a in to_torch(layer).items()})`` takes them over.

    PyTorch has two biases and adds them.  Ours goes to ``bias_ih`` and ``bias_hh`` is zero, but for the GRU's
    candidate, where the second one is b_n.  Trained there, each of the two gets b's gradient, so their sum moves twice
    as far.

    Parameters
    ----------
    layer : Recurrent, Bidirectional, Stack, Dense, Embedding, Sequential, or a cell
        Of a `Sequential` named ``lstm`` and ``out``, the names begin ``lstm.`` and ``out.``, as those of a module with
        these attributes do.  A cell gives the names of nn.LSTMCell and its like.  Only weights move: a `Dense`'s
        activation is a module of its own in PyTorch.

    Returns
    -------
    dict of arrays
        ``weight_ih_l0`` (G*H, D), ``weight_hh_l0`` (G*H, H), ``bias_ih_l0`` and ``bias_hh_l0`` (G*H,), and so on for
        ``_l1`` and ``_reverse``; ``weight`` (O, D) and ``bias`` (O,); ``weight`` (V, N).  Rows i, f, g, o and r, z, n.

    Raises
    ------
    ValueError
        For a cell or an activation that PyTorch does not have, and for a stack of unlike layers: nn.LSTM has one
        hidden_size for all.
    TypeError
        For what is no layer.

    References
    ----------
    https://docs.pytorch.org/docs/stable/generated/torch.nn.LSTM.html, and the pages of the others beside it.

    Examples
    --------
    >>> from rnnbook import GRUCell, Recurrent
    >>> layer = Recurrent(GRUCell(3, 4, rng=np.random.default_rng(0)))
    >>> {name: a.shape for name, a in to_torch(layer).items()}
    {'weight_ih_l0': (12, 3), 'weight_hh_l0': (12, 4), 'bias_ih_l0': (12,), 'bias_hh_l0': (12,)}
    """
    return write(layer, TORCH)


def from_torch(layer: Any, arrays: Mapping[str, Any]) -> Any:
    """Read PyTorch's weights into a layer, all of them or none.

    The two biases are added, which changes no output; the GRU's second one of the candidate becomes b_n.

    Parameters
    ----------
    layer : as in `to_torch`
        Its sizes and kinds say what is expected.  Its parameters are written in place.
    arrays : mapping from names to arrays
        ``module.state_dict()``, or anything whose values ``np.asarray`` takes.

    Returns
    -------
    layer : the same

    Raises
    ------
    ValueError, TypeError
        As `to_torch`; and for a name that is missing or not expected, another shape, nan or inf, or digits that the
        layer's dtype would lose.  It names the tensor, and the layer stays as it was.

    References
    ----------
    https://docs.pytorch.org/docs/stable/generated/torch.nn.LSTM.html, and the pages of the others beside it.

    Examples
    --------
    >>> from rnnbook import Dense
    >>> layer = Dense(2, 1, rng=np.random.default_rng(0))
    >>> from_torch(layer, {"weight": [[1, 2]], "bias": [3]}).params["W"]
    array([[1., 2.]], dtype=float32)
    >>> from_torch(layer, {"weight": [[1, 2, 3]], "bias": [3]})
    Traceback (most recent call last):
        ...
    ValueError: weight must have shape (1, 2), got (1, 3)
    """
    read(layer, TORCH, arrays)
    return layer


def to_keras(layer: Any) -> dict[str, Array]:
    """Weights as Keras 3 has them: of SimpleRNN, LSTM, GRU, Dense and Embedding.

    In Keras's order, so ``keras_layer.set_weights(list(to_keras(layer).values()))`` takes them over, of a layer or of
    a whole model.  Keras multiplies from the right, x W, so matrices are ours transposed.

    Parameters
    ----------
    layer : Recurrent, Bidirectional, Stack, Dense, Embedding, Sequential, or a cell
        A `Stack` is several layers of Keras's, each with ``return_sequences=True``.  Build them with the options
        that `Form` has: ``activation=``, and for `GRUResetBeforeCell` ``reset_after=False``.

    Returns
    -------
    dict of arrays
        ``kernel`` (D, G*H), ``recurrent_kernel`` (H, G*H), ``bias`` (G*H,), or (2, 3*H) with the GRU's b_n in the
        second row; ``forward/kernel`` and ``backward/kernel`` for both directions, ``0/kernel`` in a stack,
        ``lstm/kernel`` in a model; ``kernel`` (D, O) and ``bias`` (O,); ``embeddings`` (V, N).
        Blocks i, f, g, o (Keras's i, f, c, o) and z, r, n (z, r, h).

    Raises
    ------
    ValueError
        For a cell that Keras does not have: with peepholes, coupled gates, or no forget gate.
    TypeError
        For what is no layer.

    References
    ----------
    https://keras.io/api/layers/recurrent_layers/lstm/, and the pages of the others beside it.

    Examples
    --------
    >>> from rnnbook import GRUCell, Recurrent
    >>> layer = Recurrent(GRUCell(3, 4, rng=np.random.default_rng(0)))
    >>> {name: a.shape for name, a in to_keras(layer).items()}
    {'kernel': (3, 12), 'recurrent_kernel': (4, 12), 'bias': (2, 12)}
    """
    return write(layer, KERAS)


def from_keras(layer: Any, arrays: Mapping[str, Any] | Sequence[Any]) -> Any:
    """Read Keras's weights into a layer, all of them or none.

    Parameters
    ----------
    layer : as in `to_keras`
        Its sizes and kinds say what is expected.  Its parameters are written in place.
    arrays : mapping from names to arrays, or sequence of arrays
        Names as in `to_keras`; or what ``keras_layer.get_weights()`` gives, in its order.

    Returns
    -------
    layer : the same

    Raises
    ------
    ValueError, TypeError
        As `to_keras`; and for a name that is missing or not expected, another shape or number of arrays, nan or inf,
        or digits that the layer's dtype would lose.  It names the tensor, and the layer stays as it was.

    References
    ----------
    https://keras.io/api/layers/recurrent_layers/lstm/, and the pages of the others beside it.

    Examples
    --------
    >>> from rnnbook import Dense
    >>> layer = Dense(2, 1, rng=np.random.default_rng(0))
    >>> from_keras(layer, [[[1], [2]], [3]]).params["W"]
    array([[1., 2.]], dtype=float32)
    """
    if isinstance(arrays, Sequence) and not isinstance(arrays, str):
        names = list(write(layer, KERAS))
        if len(arrays) != len(names):
            raise ValueError(f"arrays must be {len(names)}, {', '.join(names)}, got {len(arrays)}")
        arrays = dict(zip(names, arrays, strict=True))
    read(layer, KERAS, arrays)
    return layer


def to_onnx(layer: Any) -> dict[str, Array]:
    """Weights as ONNX's operators RNN, LSTM and GRU take them.

    `onnx_operator` says which operator, with which attributes.  Our b goes to the first half of B, the biases beside
    W; the second half, beside R, is zero, but for the GRU's candidate, where it is b_n.

    Parameters
    ----------
    layer : Recurrent, Bidirectional, Stack, Dense, Embedding or Sequential

    Returns
    -------
    dict of arrays
        ``W`` (1, G*H, D), ``R`` (1, G*H, H), ``B`` (1, 2*G*H) and with peepholes ``P`` (1, 3*H); the first axis is 2
        for both directions; ``0.W`` in a stack, ``lstm.W`` in a model.  Blocks i, o, f, g (ONNX's i, o, f, c) and
        z, r, n (z, r, h); P's i, o, f.  ``W`` (D, O) and ``b`` (O,), for MatMul and Add; ``E`` (V, N), for Gather.
        `CoupledLSTMCell` has i = 1 - f, ONNX f = 1 - i, so its rows of i are ours of f with their sign turned.

    Raises
    ------
    ValueError
        For a cell that ONNX does not have, `LSTM1997Cell`, and for two directions that differ in size or kind.
    TypeError
        For what is no layer, and for a cell alone.

    References
    ----------
    https://onnx.ai/onnx/operators/onnx__LSTM.html, and the pages of RNN and GRU.

    Examples
    --------
    >>> from rnnbook import PeepholeLSTMCell, Recurrent
    >>> layer = Recurrent(PeepholeLSTMCell(3, 4, rng=np.random.default_rng(0)))
    >>> {name: a.shape for name, a in to_onnx(layer).items()}
    {'W': (1, 16, 3), 'R': (1, 16, 4), 'B': (1, 32), 'P': (1, 12)}
    """
    return write(layer, ONNX)


def from_onnx(layer: Any, arrays: Mapping[str, Any], attributes: Mapping[str, Any] | None = None) -> Any:
    """Read the weights of ONNX's operators into a layer, all of them or none.

    The two halves of B are added, which changes no output; the GRU's second one of the candidate becomes b_n if the
    reset comes after it.

    Parameters
    ----------
    layer : as in `to_onnx`
        Its sizes and kinds say what is expected.  Its parameters are written in place.
    arrays : mapping from names to arrays
        Names as in `to_onnx`.  B and P may be left out, as in ONNX, and are then zeros.
    attributes : mapping, optional
        The node's, for a layer that is one node: weights alone do not say whether ``linear_before_reset`` was set.
        They are compared with `onnx_operator`'s; what is left out has ONNX's default.

    Returns
    -------
    layer : the same

    Raises
    ------
    ValueError, TypeError
        As `to_onnx`; and for a name that is missing or not expected, another shape, nan or inf, digits that the
        layer's dtype would lose, or attributes under which ONNX computes something else.  It names the tensor or the
        attribute, and the layer stays as it was.

    References
    ----------
    https://onnx.ai/onnx/operators/onnx__LSTM.html, and the pages of RNN and GRU.

    Examples
    --------
    >>> from rnnbook import ElmanCell, Recurrent
    >>> layer = Recurrent(ElmanCell(1, 1, rng=np.random.default_rng(0)))
    >>> _ = from_onnx(layer, {"W": [[[2]]], "R": [[[3]]], "B": [[4, 5]]})
    >>> layer.params["W"], layer.params["b"]
    (array([[2.]], dtype=float32), array([9.], dtype=float32))
    """
    if attributes is not None:
        _compare(layer, attributes)
    read(layer, ONNX, arrays)
    return layer


def onnx_operator(layer: Recurrent | Bidirectional) -> tuple[str, dict[str, Any]]:
    """ONNX's operator for a layer, and the attributes with which it computes the same.

    Parameters
    ----------
    layer : Recurrent or Bidirectional

    Returns
    -------
    operator : {"RNN", "LSTM", "GRU"}
    attributes : dict
        ``hidden_size``, ``direction``, ``activations`` (with ``activation_alpha`` and ``activation_beta`` for the
        identity, which is ONNX's Affine), ``linear_before_reset`` of a GRU, ``input_forget`` of coupled gates.

    Raises
    ------
    ValueError, TypeError
        As `to_onnx`; and for a layer that is more than one operator.

    References
    ----------
    https://onnx.ai/onnx/operators/onnx__GRU.html, and the pages of RNN and LSTM.

    Examples
    --------
    >>> from rnnbook import GRUCell, Recurrent
    >>> operator, attributes = onnx_operator(Recurrent(GRUCell(3, 4, rng=np.random.default_rng(0))))
    >>> operator, attributes["activations"], attributes["linear_before_reset"]
    ('GRU', ['Sigmoid', 'Tanh'], 1)
    """
    if not isinstance(layer, Recurrent | Bidirectional):
        raise TypeError(f"layer must be a Recurrent or a Bidirectional, got {type(layer).__name__}")
    (directions,) = cells_of(layer)
    alike([directions], ONNX)
    cell = directions[0][1]
    form = form_of(cell, ONNX)
    names = {"gate": "sigmoid", "own": getattr(cell, "activation", "tanh")}
    functions = [ONNX_ACTIVATIONS[names[slot]] for slot in ONNX_SLOTS[form.layer]] * len(directions)
    attributes: dict[str, Any] = {
        "hidden_size": cell.hidden_size,
        "direction": "bidirectional" if len(directions) == 2 else "forward",
        "activations": [name for name, _, _ in functions],
        **form.options,
    }
    alpha, beta = [a for _, more, _ in functions for a in more], [b for _, _, more in functions for b in more]
    return form.layer, attributes | ({"activation_alpha": alpha, "activation_beta": beta} if alpha else {})


def _compare(layer: Any, given: Mapping[str, Any]) -> None:
    """Nothing, if ONNX computes with the given attributes what the layer computes; an error otherwise."""
    operator, mine = onnx_operator(layer)
    slots = [{"gate": "Sigmoid", "own": "Tanh"}[s] for s in ONNX_SLOTS[operator]]
    directions = 2 if mine["direction"] == "bidirectional" else 1
    default = {"direction": "forward", "activations": slots * directions, "linear_before_reset": 0, "input_forget": 0}
    default |= {"activation_alpha": [], "activation_beta": [], "clip": None, "hidden_size": mine["hidden_size"]}
    known = {*default, "layout"}  # of the data alone
    for name in given.keys() - known:
        raise ValueError(f"{name} is not an attribute of ONNX's {operator}: they are {', '.join(sorted(known))}")
    for name, value in default.items():
        ours, theirs = mine.get(name, value), _plain(given.get(name, value))
        if ours != theirs:
            raise ValueError(f"{name} must be {ours!r} for this layer to compute the same, got {theirs!r}: {layer!r}")


def _plain(value: Any) -> Any:
    """An attribute as Python has it: ONNX's texts are bytes."""
    if isinstance(value, bytes):
        return value.decode()
    return [_plain(v) for v in value] if isinstance(value, Sequence) and not isinstance(value, str) else value
