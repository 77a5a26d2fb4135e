"""Gradients held against differences.

A gradient says how the loss changes when a weight changes a little.  So change it a little, both ways, and look:
(loss(w + ε) - loss(w - ε)) / 2ε.  The two are compared tensor by tensor, as ‖a - n‖ / (‖a‖ + ‖n‖), in float64.

``python -m rnnbook.gradcheck`` checks every cell, layer and loss, and prints the table.
"""

from __future__ import annotations

import sys
from collections.abc import Callable, Mapping
from typing import Any, NamedTuple

import numpy as np

from rnnbook import losses
from rnnbook import validation as check
from rnnbook.cells import CELLS, ElmanCell, LSTMCell
from rnnbook.functional import ACTIVATIONS
from rnnbook.layers import Dense, Dropout, Embedding, Ends, Last
from rnnbook.model import Sequential
from rnnbook.recurrent import Bidirectional, Recurrent, Stack, leaves, with_leaves

__all__ = [
    "Report", "TensorCheck", "check_gradients", "check_layer", "check_loss",
    "numerical_gradient",
]  # fmt: skip

Array = np.ndarray

# A central difference of a loss near 1 is itself wrong by about 1e-11, so where a whole gradient is smaller than this
# floor, a ratio to its own size would compare rounding with rounding.
FLOOR = 1e-4


class TensorCheck(NamedTuple):
    """The comparison for one tensor.

    Attributes
    ----------
    name : str
    shape : tuple of int
    error : float
        ‖a - n‖ / (‖a‖ + ‖n‖).
    worst : tuple of int, or None
        Where the two differ most; None for a directional check.
    analytic, numerical : float
        Their values there; for a directional check, along the direction in which they differ most.

    Examples
    --------
    >>> w = np.array([3.0])
    >>> report = check_gradients(lambda: float((w**2).sum()), {"w": w}, {"w": 2 * w})
    >>> report.tensors[0].name, report.tensors[0].analytic
    ('w', 6.0)
    """

    name: str
    shape: tuple[int, ...]
    error: float
    worst: tuple[int, ...] | None
    analytic: float
    numerical: float


class Report(NamedTuple):
    """What a gradient check found; print it.

    Attributes
    ----------
    tensors : list of TensorCheck
    tolerance : float

    Examples
    --------
    >>> w = np.array([3.0])
    >>> print(check_gradients(lambda: float((w**2).sum()), {"w": w}, {"w": w}))  # w is not its square's slope
    tensor  shape           error   worst entry: by hand against by difference
    w       (1,)          3.3e-01   at [0]:  3 against  6   <- WRONG
    wrong: w (tolerance 1e-06)
    """

    tensors: list[TensorCheck]
    tolerance: float

    @property
    def error(self) -> float:
        """The largest error of all tensors."""
        return float(np.max([t.error for t in self.tensors]))  # numpy's max, unlike Python's, keeps a nan

    @property
    def ok(self) -> bool:
        """Whether every tensor is within the tolerance; a nan is not."""
        return all(t.error <= self.tolerance for t in self.tensors)

    def __str__(self) -> str:
        wide = max(6, *(len(t.name) for t in self.tensors))
        lines = [f"{'tensor':<{wide}}  {'shape':<12}{'error':>9}   worst entry: by hand against by difference"]
        for t in self.tensors:
            at = "along one direction" if t.worst is None else f"at {list(t.worst)}"
            verdict = "" if t.error <= self.tolerance else "   <- WRONG"
            lines.append(
                f"{t.name:<{wide}}  {t.shape!s:<12}{t.error:>9.1e}   "
                f"{at}: {t.analytic: .6g} against {t.numerical: .6g}{verdict}"
            )
        wrong = [t.name for t in self.tensors if not t.error <= self.tolerance]
        end = f"wrong: {', '.join(wrong)}" if wrong else "all gradients agree"
        return "\n".join([*lines, f"{end} (tolerance {self.tolerance:g})"])


def _error(a: Array, n: Array) -> float:
    return float(np.linalg.norm(a - n) / max(float(np.linalg.norm(a) + np.linalg.norm(n)), FLOOR))


def numerical_gradient(loss: Callable[[], float], array: Array, *, step: float = 1e-5) -> Array:
    """Central differences of ``loss()`` with respect to every entry of `array`, which it reads.

    Parameters
    ----------
    loss : callable without arguments
    array : float64 array
        Changed in place, one entry at a time, and put back.
    step : float
        ε.  The error falls as ε², until rounding, which grows as 1/ε, takes over.

    Returns
    -------
    array of the same shape

    Examples
    --------
    >>> w = np.array([1.0, 2.0])
    >>> numerical_gradient(lambda: float((w**2).sum()), w).round(6)
    array([2., 4.])
    """
    _double("array", array)
    n = np.empty_like(array)
    for k in np.ndindex(array.shape):
        kept = array[k]
        try:
            array[k] = kept + step
            up = loss()
            array[k] = kept - step
            down = loss()
        finally:
            array[k] = kept
        n[k] = (up - down) / (2 * step)
    return n


def _directional(
    loss: Callable[[], float],
    array: Array,
    grad: Array,
    step: float,
    directions: int,
    rng: np.random.Generator,
) -> tuple[Array, Array]:
    a, n = np.empty(directions), np.empty(directions)
    kept = array.copy()
    for k in range(directions):
        v = rng.standard_normal(array.shape)
        try:
            array[...] = kept + step * v
            up = loss()
            array[...] = kept - step * v
            down = loss()
        finally:
            array[...] = kept
        a[k], n[k] = (grad * v).sum(), (up - down) / (2 * step)
    return a, n


def _double(name: str, array: Array) -> None:
    if not isinstance(array, np.ndarray) or array.dtype != np.float64:
        got = array.dtype if isinstance(array, np.ndarray) else type(array).__name__
        raise TypeError(f"{name} must be a float64 array, for float32 is too coarse to take differences of, got {got}")


def check_gradients(
    loss: Callable[[], float],
    arrays: Mapping[str, Array],
    grads: Mapping[str, Array],
    *,
    directions: int | None = None,
    rng: np.random.Generator | None = None,
    step: float = 1e-5,
    tolerance: float = 1e-6,
) -> Report:
    """Compare gradients with central differences.

    Parameters
    ----------
    loss : callable without arguments
        Reads `arrays` and gives a number.
    arrays : mapping from names to float64 arrays
        What the gradients are with respect to; changed in place and put back.
    grads : mapping from names to arrays
        The gradients to check.
    directions : int, optional
        Instead of every entry, so many random directions for each tensor: two losses each, whatever its size.
    rng : numpy.random.Generator
        Draws the directions.
    step, tolerance : float

    Returns
    -------
    Report

    Raises
    ------
    ValueError, TypeError
        If names or shapes of `arrays` and `grads` differ, or an array is not float64.

    Examples
    --------
    >>> w = np.array([1.0, 2.0])
    >>> report = check_gradients(lambda: float((w**2).sum()), {"w": w}, {"w": w})  # forgot the 2
    >>> report.ok
    False
    """
    step = check.number("step", step, 0, above=True)
    if not arrays or arrays.keys() != grads.keys():
        raise ValueError(f"grads must hold {', '.join(arrays) or 'something'}, got {', '.join(grads) or 'nothing'}")
    found = []
    for name, array in arrays.items():
        _double(f"arrays[{name!r}]", array)
        grad = check.floats(f"grads[{name!r}]", grads[name], array.shape, np.dtype(np.float64))
        if directions is None:
            a, n = grad, numerical_gradient(loss, array, step=step)
        else:
            count = check.count("directions", directions)
            a, n = _directional(loss, array, grad, step, count, check.generator("rng", rng))
        k = np.unravel_index(np.argmax(np.abs(a - n)), a.shape)
        where = None if directions is not None else tuple(map(int, k))
        found.append(TensorCheck(name, array.shape, _error(a, n), where, float(a[k]), float(n[k])))
    return Report(found, tolerance)


def check_layer(
    layer: Any,
    x: Array,
    *,
    rng: np.random.Generator,
    mask: Array | None = None,
    directions: int | None = None,
    tolerance: float = 1e-6,
) -> Report:
    """Check all gradients of a layer or model: parameters, input, and states where it has them.

    The loss is a random weighting of all outputs and, for a layer with a state, of its last state; the first state
    is random too.  So a gradient that fails to arrive anywhere is seen.

    Parameters
    ----------
    layer : a layer, or Sequential
        In float64.
    x : float64 array, or ids
    rng : numpy.random.Generator
    mask : bool array (T, B), optional
    directions : int, optional
        See `check_gradients`.
    tolerance : float

    Returns
    -------
    Report

    Examples
    --------
    >>> rng = np.random.default_rng(0)
    >>> layer = Recurrent(ElmanCell(2, 3, rng=rng, dtype=np.float64))
    >>> check_layer(layer, rng.standard_normal((4, 2, 2)), rng=rng).ok
    True
    """
    check.generator("rng", rng)
    x = np.array(x)
    arrays = {name: p for name, p in layer.params.items()}
    if x.dtype.kind == "f":
        arrays["x"] = x
    given: dict[str, Any] = {}
    if "mask" in layer.needs:
        given["mask"] = mask
    first: list[Array] = []
    if "state" in layer.needs:
        like = layer.initial_state(x.shape[1])
        first = [rng.standard_normal(s.shape) for s in leaves(like)]
        given["state"] = with_leaves(like, iter(first))
        arrays |= {f"first state {k}": s for k, s in enumerate(first)}
    draws = None
    if "rng" in layer.needs:  # dropout draws the same mask for every difference
        draws = int(rng.integers(2**63))

    def forward() -> tuple[Array, Any, Any]:
        extra = {} if draws is None else {"rng": np.random.default_rng(draws)}
        y, *state, run = layer.forward(x, **given, **extra)
        return y, state[0] if state else None, run

    y, last, run = forward()
    dy = rng.standard_normal(y.shape)
    dlast = [rng.standard_normal(s.shape) for s in leaves(last)] if last is not None else []

    def loss() -> float:
        y, last, _ = forward()
        carried = leaves(last) if last is not None else []
        return float((y * dy).sum() + sum((s * d).sum() for s, d in zip(carried, dlast, strict=True)))

    if last is not None:
        dx, dfirst, grads = layer.backward(dy, run, with_leaves(last, iter(dlast)))
        grads = grads | {f"first state {k}": d for k, d in enumerate(leaves(dfirst))}
    else:
        dx, grads = layer.backward(dy, run)
    if "x" in arrays:
        grads = grads | {"x": dx}
    return check_gradients(loss, arrays, grads, directions=directions, rng=rng, tolerance=tolerance)


def check_loss(
    loss: losses.Loss,
    predictions: Array,
    targets: Array,
    mask: Array | None = None,
    *,
    tolerance: float = 1e-6,
) -> Report:
    """Check the gradient that a loss returns with its value.

    Parameters
    ----------
    loss : callable
        ``(predictions, targets, mask)`` → value, gradient, as those of `rnnbook.losses`.
    predictions : float64 array
    targets : array
    mask : bool array, optional
        True where a target counts.
    tolerance : float
        The largest error that is right.

    Examples
    --------
    >>> rng = np.random.default_rng(0)
    >>> check_loss(losses.mean_squared_error, rng.standard_normal((3, 2)), np.zeros((3, 2))).ok
    True
    """
    predictions = np.array(predictions)
    _, d = loss(predictions, targets, mask)
    return check_gradients(
        lambda: loss(predictions, targets, mask)[0],
        {"predictions": predictions},
        {"predictions": d},
        tolerance=tolerance,
    )


# --- python -m rnnbook.gradcheck --------------------------------------------------------------------------------------
def check_everything(rng: np.random.Generator) -> list[tuple[str, dict[str, Report]]]:
    """Reports for every cell (alone, with a mask, two layers, both directions, ids), layer and loss.

    Parameters
    ----------
    rng : numpy.random.Generator

    Returns
    -------
    list of (str, dict of Report)
        What was checked, and its reports.
    """
    T, B, D, H = 6, 4, 3, 4
    x = rng.standard_normal((T, B, D))
    ids = rng.integers(D, size=(T, B))
    mask = np.arange(T)[:, None] < np.array([T, 4, 1, 0])
    f64 = np.float64
    table: list[tuple[str, dict[str, Report]]] = []

    def spread(params: Mapping[str, Array]) -> None:
        """Give every parameter, biases too, a size at which no gradient is nought."""
        for p in params.values():
            p += rng.normal(0, 0.5, p.shape)

    cells: list[tuple[str, Any]] = [
        (f"{cell.__name__}, {a}", lambda n, cell=cell, a=a: cell(n, H, rng=rng, dtype=f64, activation=a))
        for cell in (ElmanCell, LSTMCell)
        for a in ACTIVATIONS
        if a != "tanh"
    ]
    cells += [(name, lambda n, cell=cell: cell(n, H, rng=rng, dtype=f64)) for name, cell in CELLS.items()]
    for name, make in sorted(cells, key=lambda pair: pair[0]):

        def layer(n: int = D, make: Any = make) -> Recurrent:
            made = Recurrent(make(n))
            spread(made.params)
            return made

        table.append(
            (
                name,
                {
                    "plain": check_layer(layer(), x, rng=rng),
                    "masked": check_layer(layer(), x, mask=mask, rng=rng),
                    "two layers": check_layer(Stack([layer(), layer(H)]), x, mask=mask, rng=rng),
                    "both ways": check_layer(Bidirectional(layer(), layer()), x, mask=mask, rng=rng),
                    "ids": check_layer(layer(), ids, mask=mask, rng=rng),
                },
            )
        )
    for activation in ACTIVATIONS:
        dense = Dense(D, 5, rng=rng, dtype=f64, activation=activation)
        spread(dense.params)
        table.append((f"Dense, {activation}", {"plain": check_layer(dense, x, rng=rng)}))
    table.append(("Embedding", {"ids": check_layer(Embedding(D, 5, rng=rng, dtype=f64), ids, rng=rng)}))
    for shared in (False, True):
        dropout = Dropout(0.4, shared_over_time=shared)
        name = "Dropout, shared over time" if shared else "Dropout"
        table.append((name, {"plain": check_layer(dropout, x, rng=rng)}))
    table.append(("Last", {"plain": check_layer(Last(), x, rng=rng)}))
    table.append(("Ends", {"plain": check_layer(Ends(), np.concatenate([x, x], axis=-1), rng=rng)}))
    model = Sequential(
        embed=Embedding(D, 4, rng=rng, dtype=f64),
        rnn=Stack.of(CELLS["GRUCell"], 4, H, num_layers=2, bidirectional=True, rng=rng, dtype=f64),
        drop=Dropout(0.3),
        out=Dense(2 * H, 3, rng=rng, dtype=f64),
    )
    table.append(("Sequential", {"ids": check_layer(model, ids, mask=mask, rng=rng)}))
    kept = mask | (rng.random(mask.shape) < 0.5)
    for name, loss, targets, masks in (
        ("softmax_cross_entropy", losses.softmax_cross_entropy, ids, kept),
        ("binary_cross_entropy", losses.binary_cross_entropy, rng.random(x.shape), kept),
        ("mean_squared_error", losses.mean_squared_error, rng.standard_normal(x.shape), kept),
    ):
        reports = {"plain": check_loss(loss, x, targets), "masked": check_loss(loss, x, targets, masks)}
        table.append((name, reports))
    return table


def main() -> int:
    """Print the table; return 1 if a gradient is wrong."""
    columns = ("plain", "masked", "two layers", "both ways", "ids")
    print(f"{'largest error ‖a - n‖ / (‖a‖ + ‖n‖)':<38}" + "".join(f"{c:>12}" for c in columns))
    bad = []
    for name, reports in check_everything(np.random.default_rng(0)):
        print(f"{name:<38}" + "".join(f"{reports[c].error:12.1e}" if c in reports else " " * 12 for c in columns))
        bad += [f"\n{name}, {c}:\n{r}" for c, r in reports.items() if not r.ok]
    print("\n".join(bad) if bad else "all within 1e-6, in float64")
    return 1 if bad else 0


if __name__ == "__main__":
    sys.exit(main())
