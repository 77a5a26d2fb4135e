"""What several tests share: distances, numerical gradients, cells with random weights."""

import numpy as np

from rnnbook.cells import CELLS
from rnnbook.functional import ACTIVATIONS
from rnnbook.recurrent import Bidirectional, Recurrent, Stack

# Every cell, Elman's with every activation, and each cell with a memory with one that is not tanh:
# name → (class, options).
VARIANTS = {name: (cell, {}) for name, cell in CELLS.items() if name != "ElmanCell"}
VARIANTS |= {f"ElmanCell-{name}": (CELLS["ElmanCell"], {"activation": name}) for name in ACTIVATIONS}
OTHERS = {"LSTMCell": "relu", "PeepholeLSTMCell": "sigmoid", "CoupledLSTMCell": "sigmoid", "LSTM1997Cell": "softsign"}
VARIANTS |= {f"{kind}-{name}": (CELLS[kind], {"activation": name}) for kind, name in OTHERS.items()}


def make_cell(variant, D, H, rng, dtype=np.float64, scale=0.8):
    """A cell whose parameters are all random: zeros in biases and peepholes would hide mistakes."""
    cls, options = VARIANTS[variant]
    shapes = cls.shapes(D, H)
    params = {k: rng.normal(0, scale, s) for k, s in shapes.items()}
    return cls(D, H, params=params, dtype=dtype, **options)


def make_layer(kind, variant, D, H, rng, **options):
    """A `Recurrent`, a `Bidirectional` or a `Stack` by name."""

    def one(inputs):
        return Recurrent(make_cell(variant, inputs, H, rng, **options))

    if kind == "one layer":
        return one(D)
    if kind == "both directions":
        return Bidirectional(one(D), one(D))
    if kind == "two layers":
        return Stack([one(D), one(H)])
    return Stack([Bidirectional(one(D), one(D)), one(2 * H)])


def length_mask(T, lengths):
    return np.arange(T)[:, None] < np.asarray(lengths)


def random_like(tree, rng):
    """Standard normal arrays in the shape of a state: a named tuple, or a nest of tuples and lists of them."""
    if isinstance(tree, np.ndarray):
        return rng.standard_normal(tree.shape).astype(tree.dtype)
    parts = [random_like(part, rng) for part in tree]
    return type(tree)(*parts) if hasattr(tree, "_fields") else type(tree)(parts)


def leaves(tree):
    """The arrays of such a nest, from left to right."""
    return [tree] if isinstance(tree, np.ndarray) else [leaf for part in tree for leaf in leaves(part)]


def distance(a, b):
    """The oracles' norm: max |a - b| over max(1, max |b|)."""
    a, b = np.asarray(a), np.asarray(b)
    assert a.shape == b.shape, f"shapes {a.shape} and {b.shape} differ"
    return float(np.max(np.abs(a - b)) / max(1.0, float(np.max(np.abs(b)))))


def assert_close(a, b, tol=1e-12, what="values"):
    error = distance(a, b)
    assert error <= tol, f"{what} differ by {error:.1e}, more than {tol:.0e}"


def assert_all_close(a, b, tol=1e-12, what="values"):
    """Two dicts, or two nests of arrays."""
    if isinstance(a, dict):
        assert a.keys() == b.keys(), f"names of {what}: {sorted(a)} and {sorted(b)}"
        for k in a:
            assert_close(a[k], b[k], tol, f"{what} {k}")
        return
    a, b = leaves(a), leaves(b)
    assert len(a) == len(b), f"{what}: {len(a)} arrays and {len(b)}"
    for n, (left, right) in enumerate(zip(a, b, strict=True)):
        assert_close(left, right, tol, f"{what} {n}")


def numeric_gradient(f, array, step=1e-5):
    """Central differences of f() with respect to every entry of `array`, which is changed in place and mended."""
    gradient = np.empty_like(array)
    for at in np.ndindex(array.shape):
        kept = array[at]
        array[at] = kept + step
        up = f()
        array[at] = kept - step
        down = f()
        array[at] = kept
        gradient[at] = (up - down) / (2 * step)
    return gradient


def gradient_error(analytic, numeric):
    """‖a - n‖ / (‖a‖ + ‖n‖); 0 where both are exactly zero."""
    assert analytic.shape == numeric.shape
    total = np.linalg.norm(analytic) + np.linalg.norm(numeric)
    return float(np.linalg.norm(analytic - numeric) / total) if total else 0.0


def layer_gradient_errors(layer, x, state, mask, rng):
    """Error of every gradient of the layer, by name, for the loss ⟨y, dy⟩ + ⟨last state, dstate⟩ with random dy, dstate.

    dy is random in the padding too, where y repeats the state that is kept: its gradient must not be lost.
    """
    y, last, run = layer.forward(x, state, mask)
    dy, dlast = rng.standard_normal(y.shape), random_like(last, rng)

    def loss():
        y, last = layer(x, state, mask)
        return np.vdot(y, dy) + sum(np.vdot(a, b) for a, b in zip(leaves(last), leaves(dlast), strict=True))

    dx, dfirst, grads = layer.backward(dy, run, dlast)
    assert grads.keys() == layer.params.keys()
    errors = {k: gradient_error(grads[k], numeric_gradient(loss, p)) for k, p in layer.params.items()}
    for n, (d, s) in enumerate(zip(leaves(dfirst), leaves(state), strict=True)):
        errors[f"state {n}"] = gradient_error(d, numeric_gradient(loss, s))
    if x.dtype.kind == "f":
        errors["x"] = gradient_error(dx, numeric_gradient(loss, x))
    else:
        assert dx is None
    return errors
