"""Layers without time: each works on every step and sequence alike.

`forward` returns the output and a *run*; `backward` takes a gradient and that run.  The layer keeps parameters, and
nothing of a call.
"""

from __future__ import annotations

from collections.abc import Mapping
from functools import partial
from typing import Any, NamedTuple

import numpy as np

from rnnbook import functional, init
from rnnbook import validation as check
from rnnbook.functional import sum_by_id

__all__ = ["Dense", "Dropout", "Embedding", "Ends", "Last", "Layer"]

Array = np.ndarray


class Layer:
    """What layers without time share: they say what they need besides x, their parameters, and how to be called.

    Attributes
    ----------
    needs : tuple of str
        What `forward` takes besides x: "rng" for a layer that draws.
    causal : bool
        Whether no output depends on a later input.
    takes_ids : bool
        Whether x must be integer ids.
    ends_time : bool
        Whether the output has no axis of time where the input had one.
    input_size, output_size : int or None
        None for a layer that takes, or gives, what comes.

    Examples
    --------
    >>> class Double(Layer):
    ...     def forward(self, x):
    ...         return 2 * x, None
    ...
    ...     def backward(self, dy, run):
    ...         return 2 * dy, {}
    >>> Double()(np.ones(2))
    array([2., 2.])
    """

    needs: tuple[str, ...] = ()
    causal = True
    takes_ids = False
    ends_time = False
    input_size: Any = None
    output_size: Any = None
    dtype: Any = None
    params: Mapping[str, Array] = check.frozen({})

    def config(self) -> dict[str, Any]:
        """What it takes, besides `params`, to build this layer again."""
        return {}

    def __repr__(self) -> str:
        return f"{type(self).__name__}({', '.join(f'{k}={v!r}' for k, v in self.config().items())})"

    def __call__(self, x: Array, **given: Any) -> Array:
        """The output alone, as when the model is used."""
        return self.forward(x, **given)[0]

    def forward(self, x: Array) -> tuple[Array, Any]:
        """Output and run."""
        raise TypeError(f"{type(self).__name__} does not say what it computes")

    def backward(self, dy: Array, run: Any) -> tuple[Array | None, dict[str, Array]]:
        """Gradient of the input, and of the parameters by name."""
        raise TypeError(f"{type(self).__name__} does not say what its gradients are")


class DenseRun(NamedTuple):
    """One forward pass of `Dense`: its input (..., D) and its output (..., O)."""

    x: Array
    y: Array


class Dense(Layer):
    """A fully connected layer: y = φ(W x + b).

    Parameters
    ----------
    input_size : int
        D.
    output_size : int
        O.
    activation : {"identity", "tanh", "sigmoid", "relu", "softsign"}
        φ.
    rng : numpy.random.Generator
        Draws the weights.  Leave it out when `params` gives them.
    W_init, b_init : callable
        Initialisers of `rnnbook.init`; Xavier and zeros by default.
    dtype : {float32, float64}
    params : mapping from names to arrays, optional
        W (O, D) and b (O,), copied and used in place of fresh weights.

    Examples
    --------
    >>> layer = Dense(2, 3, rng=np.random.default_rng(0), activation="tanh")
    >>> y, run = layer.forward(np.ones((4, 2)))
    >>> dx, grads = layer.backward(np.ones_like(y), run)
    >>> y.shape, dx.shape, grads["W"].shape
    ((4, 3), (4, 2), (3, 2))
    """

    def __init__(
        self,
        input_size: int,
        output_size: int,
        *,
        activation: str = "identity",
        rng: np.random.Generator | None = None,
        W_init: init.Initialiser = init.xavier,
        b_init: init.Initialiser = init.zeros,
        dtype: Any = np.float32,
        params: Mapping[str, Array] | None = None,
    ):
        self.input_size = check.count("input_size", input_size)
        self.output_size = check.count("output_size", output_size)
        self.dtype = check.float_dtype("dtype", dtype)
        self.activation = activation
        self._phi, self._slope = functional.activation(activation)
        shapes: dict[str, tuple[int, ...]] = {"W": (output_size, input_size), "b": (output_size,)}
        if params is None:
            rng = check.generator("rng", rng)
            check.initialiser("W_init", W_init)
            check.initialiser("b_init", b_init)
            params = {"W": W_init(shapes["W"], rng), "b": b_init(shapes["b"], rng)}
        self.params = check.parameters("params", params, shapes, self.dtype)

    def config(self) -> dict[str, Any]:
        return {
            "input_size": self.input_size,
            "output_size": self.output_size,
            "activation": self.activation,
            "dtype": self.dtype.name,
        }

    def forward(self, x: Array) -> tuple[Array, DenseRun]:
        """y (..., O) from x (..., D), and the run."""
        x = check.floats("x", x, ("...", self.input_size), self.dtype)
        a = x.reshape(-1, self.input_size) @ self.params["W"].T
        a += self.params["b"]
        y = self._phi(a, out=a).reshape(*x.shape[:-1], self.output_size)
        y.flags.writeable = False  # the backward pass reads it
        return y, DenseRun(x, y)

    def backward(self, dy: Array, run: DenseRun) -> tuple[Array, dict[str, Array]]:
        """dx (..., D) and the gradients of W and b."""
        if not isinstance(run, DenseRun):
            raise TypeError(f"run must be what forward returned last, a DenseRun, got {type(run).__name__}")
        x, y = run
        dy = check.floats("dy", dy, y.shape, self.dtype)
        delta = (dy * self._slope(y)).reshape(-1, self.output_size)
        dx = (delta @ self.params["W"]).reshape(x.shape)
        return dx, {"W": delta.T @ x.reshape(-1, self.input_size), "b": delta.sum(axis=0)}


class Embedding(Layer):
    """A table of vectors, one for each id: what a one-hot input times W would look up :cite:p:`Bengio2003`.

    Parameters
    ----------
    vocab_size : int
        V, the number of ids.
    output_size : int
        N, the number of features of a vector.
    rng : numpy.random.Generator
    E_init : callable
        Initialiser; standard normal by default, as PyTorch has it.
    dtype : {float32, float64}
    params : mapping from names to arrays, optional
        E (V, N), copied and used in place of fresh vectors.

    Examples
    --------
    >>> layer = Embedding(10, 4, rng=np.random.default_rng(0))
    >>> layer(np.array([[3, 1], [3, 2]])).shape
    (2, 2, 4)
    """

    takes_ids = True

    def __init__(
        self,
        vocab_size: int,
        output_size: int,
        *,
        rng: np.random.Generator | None = None,
        E_init: init.Initialiser | None = None,
        dtype: Any = np.float32,
        params: Mapping[str, Array] | None = None,
    ):
        self.vocab_size = check.count("vocab_size", vocab_size)
        self.output_size = check.count("output_size", output_size)
        self.dtype = check.float_dtype("dtype", dtype)
        shapes: dict[str, tuple[int, ...]] = {"E": (vocab_size, output_size)}
        if params is None:
            rng = check.generator("rng", rng)
            E_init = partial(init.normal, scale=1) if E_init is None else check.initialiser("E_init", E_init)
            params = {"E": E_init(shapes["E"], rng)}
        self.params = check.parameters("params", params, shapes, self.dtype)

    def config(self) -> dict[str, Any]:
        return {"vocab_size": self.vocab_size, "output_size": self.output_size, "dtype": self.dtype.name}

    def forward(self, x: Array) -> tuple[Array, Array]:
        """Vectors (..., N) of the ids x (...), and the run."""
        x = check.ids("x", x, ("...",), self.vocab_size)
        return self.params["E"][x], x

    def backward(self, dy: Array, run: Array) -> tuple[None, dict[str, Array]]:
        """None, for ids have no gradient, and the gradient of E."""
        dy = check.floats("dy", dy, (*run.shape, self.output_size), self.dtype)
        return None, {"E": sum_by_id(run.ravel(), dy.reshape(-1, self.output_size), self.vocab_size)}


class Dropout(Layer):
    """Sets a share of its inputs to zero while the model learns :cite:p:`Srivastava2014`.

    What is left is scaled by 1 / (1 - rate), so nothing changes when the model is used.

    Parameters
    ----------
    rate : float
        Share that is dropped, in [0, 1).
    shared_over_time : bool
        One mask for all steps of a sequence :cite:p:`Gal2016`; x is then (T, B, D).

    Examples
    --------
    >>> layer = Dropout(0.5)
    >>> y, mask = layer.forward(np.ones((1, 2, 4)), rng=np.random.default_rng(0))
    >>> np.unique(y)
    array([0., 2.])
    >>> layer(np.ones(2))
    array([1., 1.])
    """

    needs = ("rng",)

    def __init__(self, rate: float, *, shared_over_time: bool = False):
        self.rate = check.number("rate", rate, 0, 1)
        if self.rate == 1:
            raise ValueError("rate must be below 1, or nothing passes, got 1")
        if not isinstance(shared_over_time, bool):
            raise TypeError(f"shared_over_time must be True or False, got {shared_over_time!r}")
        self.shared_over_time = shared_over_time

    def config(self) -> dict[str, Any]:
        return {"rate": self.rate, "shared_over_time": self.shared_over_time}

    def forward(self, x: Array, rng: np.random.Generator | None = None) -> tuple[Array, Array | None]:
        """Dropped and scaled x with an `rng`, x itself without; and the mask."""
        x = np.asarray(x)
        if x.dtype.kind != "f":
            raise TypeError(f"x must hold floats, got dtype {x.dtype}")
        if self.shared_over_time:
            check.shape("x", x, ("T", "B", "D"))
        if rng is None or self.rate == 0:
            return x, None
        shape = (1, *x.shape[1:]) if self.shared_over_time else x.shape
        mask = (check.generator("rng", rng).random(shape) >= self.rate).astype(x.dtype)
        mask /= x.dtype.type(1 - self.rate)
        return x * mask, mask

    def backward(self, dy: Array, run: Array | None) -> tuple[Array, dict[str, Array]]:
        """The gradient passes where the input passed."""
        if run is None:
            return np.asarray(dy), {}
        steps = ("T",) if self.shared_over_time else run.shape[:1]
        return check.shape("dy", np.asarray(dy), (*steps, *run.shape[1:])) * run, {}


class Last(Layer):
    """The last step of each sequence, for one answer to many inputs: (T, B, D) → (B, D).

    A recurrent layer that was given a mask holds each sequence's state through its padding, so its last step is every
    sequence's own last.  Of a bidirectional layer take the `Ends`.

    Examples
    --------
    >>> Last()(np.arange(6.0).reshape(3, 1, 2))
    array([[4., 5.]])
    """

    ends_time = True

    def forward(self, x: Array) -> tuple[Array, tuple[int, ...]]:
        """x[-1], and the shape of x."""
        x = check.shape("x", np.asarray(x), ("T", "B", "D"))
        return x[-1], x.shape

    def backward(self, dy: Array, run: tuple[int, ...]) -> tuple[Array, dict[str, Array]]:
        """Zero at every step but the last."""
        dy = check.shape("dy", np.asarray(dy), run[1:])
        dx = np.zeros(run, dy.dtype)
        dx[-1] = dy
        return dx, {}


class Ends(Layer):
    """Where each direction of a bidirectional layer has read everything: (T, B, 2 H) → (B, 2 H).

    The first half of the features comes from the last step, the second half from the first, at which the layer that
    reads backwards ends.

    Examples
    --------
    >>> Ends()(np.array([[[1.0, 10.0]], [[2.0, 20.0]], [[3.0, 30.0]]]))
    array([[ 3., 10.]])
    """

    ends_time = True

    def forward(self, x: Array) -> tuple[Array, tuple[int, ...]]:
        """The two ends, and the shape of x."""
        x = check.shape("x", np.asarray(x), ("T", "B", "2 H"))
        if x.shape[-1] % 2:
            raise ValueError(f"x must have an even number of features, half for each direction, got {x.shape[-1]}")
        half = x.shape[-1] // 2
        return np.concatenate([x[-1, :, :half], x[0, :, half:]], axis=-1), x.shape

    def backward(self, dy: Array, run: tuple[int, ...]) -> tuple[Array, dict[str, Array]]:
        """Zero at every step but the two ends."""
        dy = check.shape("dy", np.asarray(dy), run[1:])
        dx, half = np.zeros(run, dy.dtype), run[-1] // 2
        dx[-1, :, :half] = dy[:, :half]
        dx[0, :, half:] = dy[:, half:]
        return dx, {}
