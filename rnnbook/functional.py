"""Activation functions, each with its slope, and softmax: the pointwise mathematics of every layer.

A slope is written in terms of the function's *output* y, because that is what a forward pass keeps.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import NamedTuple

import numpy as np

from rnnbook import validation as check

__all__ = [
    "Activation", "activation", "identity", "identity_slope", "log_softmax", "overflow_is_fine", "relu",
    "relu_slope", "sigmoid", "sigmoid_", "sigmoid_slope", "softmax", "softsign", "softsign_slope", "sum_by_id",
    "tanh_slope",
]  # fmt: skip

Array = np.ndarray


def overflow_is_fine() -> np.errstate:
    """A context in which exp may overflow in silence: in a sigmoid, 1 / (1 + inf) = 0 is the right limit.

    Entering it costs more than a small array operation, so loops enter it once, around themselves.

    Examples
    --------
    >>> with overflow_is_fine():
    ...     1 / (1 + np.exp(np.array([1000.0])))
    array([0.])
    """
    return np.errstate(over="ignore")


def sigmoid_(a: Array) -> Array:
    """Logistic sigmoid of `a`, written over `a`; for use inside `overflow_is_fine`.

    Four passes in place.  The textbook's stable form with `np.where` costs several times as much and gives the same
    numbers: where exp(-a) overflows, 1 / (1 + inf) is 0.

    Parameters
    ----------
    a : float array, any shape
        Written over.

    Examples
    --------
    >>> a = np.array([0.0])
    >>> sigmoid_(a) is a, a
    (True, array([0.5]))
    """
    np.negative(a, out=a)
    np.exp(a, out=a)
    a += 1
    return np.reciprocal(a, out=a)


def sigmoid(a: Array, out: Array | None = None) -> Array:
    """Logistic sigmoid, 1 / (1 + exp(-a)): any real number to the open interval (0, 1).

    Parameters
    ----------
    a : array, any shape
        Floats.
    out : array of the same shape, optional
        Where to write the result; it may be `a` itself.

    Examples
    --------
    >>> sigmoid(np.array([-1000.0, 0.0, 1000.0]))
    array([0. , 0.5, 1. ])
    """
    if out is None:
        a = np.asarray(a)
        out = np.array(a, dtype=a.dtype if a.dtype.kind == "f" else np.float64)
    elif out is not a:
        np.copyto(out, a)
    with overflow_is_fine():
        return sigmoid_(out)


def relu(a: Array, out: Array | None = None) -> Array:
    """Rectifier, max(a, 0) :cite:p:`Glorot2011`.

    Parameters
    ----------
    a : array, any shape
        Floats.
    out : array of the same shape, optional
        Where to write the result; it may be `a` itself.

    Examples
    --------
    >>> relu(np.array([-2.0, 3.0]))
    array([0., 3.])
    """
    return np.maximum(a, 0, out=out)


def softsign(a: Array, out: Array | None = None) -> Array:
    """a / (1 + abs(a)): shaped like tanh, with tails that fall as 1 / a**2 instead of exponentially.

    Parameters
    ----------
    a : array, any shape
        Floats.
    out : array of the same shape, optional
        Where to write the result; it may be `a` itself.

    Examples
    --------
    >>> softsign(np.array([-1.0, 0.0, 3.0]))
    array([-0.5 ,  0.  ,  0.75])
    """
    return np.divide(a, 1 + np.abs(a), out=out)


def identity(a: Array, out: Array | None = None) -> Array:
    """`a` itself, for a layer without an activation.

    Parameters
    ----------
    a : array, any shape
        Floats.
    out : array of the same shape, optional
        Where to write the result; it may be `a` itself.

    Examples
    --------
    >>> identity(np.array([-2.0, 3.0]))
    array([-2.,  3.])
    """
    if out is None or out is a:
        return a
    np.copyto(out, a)
    return out


def tanh_slope(y: Array) -> Array:
    """dy/da of y = tanh(a): 1 - y².

    Parameters
    ----------
    y : array, any shape
        What the function gave.

    Examples
    --------
    >>> tanh_slope(np.tanh(np.array([0.0, 1.0]))).round(3)
    array([1.  , 0.42])
    """
    return 1 - y * y


def sigmoid_slope(y: Array) -> Array:
    """dy/da of y = sigmoid(a): y (1 - y), at most 1/4.

    Parameters
    ----------
    y : array, any shape
        What the function gave.

    Examples
    --------
    >>> sigmoid_slope(sigmoid(np.array([0.0])))
    array([0.25])
    """
    return y * (1 - y)


def relu_slope(y: Array) -> Array:
    """dy/da of y = relu(a): 1 where y is positive, else 0, also at the kink.

    Parameters
    ----------
    y : array, any shape
        What the function gave.

    Examples
    --------
    >>> relu_slope(relu(np.array([-2.0, 0.0, 3.0])))
    array([0., 0., 1.])
    """
    return (y > 0).astype(y.dtype)


def softsign_slope(y: Array) -> Array:
    """dy/da of y = softsign(a): (1 - abs(y))².

    Parameters
    ----------
    y : array, any shape
        What the function gave.

    Examples
    --------
    >>> softsign_slope(softsign(np.array([0.0, 1.0])))
    array([1.  , 0.25])
    """
    return (1 - np.abs(y)) ** 2


def identity_slope(y: Array) -> Array:
    """dy/da of y = a: 1 everywhere, in no memory.

    Parameters
    ----------
    y : array, any shape
        What the function gave.

    Examples
    --------
    >>> identity_slope(np.array([-2.0, 3.0]))
    array([1., 1.])
    """
    return np.broadcast_to(y.dtype.type(1), y.shape)


class Activation(NamedTuple):
    """A pointwise function and its slope.

    Attributes
    ----------
    f : callable
        ``f(a, out=None)`` → y.
    slope : callable
        ``slope(y)`` → dy/da, in terms of the output y.

    Examples
    --------
    >>> square = Activation(lambda a, out=None: np.square(a, out=out), lambda y: 2 * np.sqrt(y))
    >>> square.slope(square.f(np.array([3.0])))
    array([6.])
    """

    f: Callable[..., Array]
    slope: Callable[[Array], Array]


ACTIVATIONS = {
    "tanh": Activation(np.tanh, tanh_slope),
    "sigmoid": Activation(sigmoid, sigmoid_slope),
    "relu": Activation(relu, relu_slope),
    "softsign": Activation(softsign, softsign_slope),
    "identity": Activation(identity, identity_slope),
}


def activation(name: str) -> Activation:
    """The activation of that name: tanh, sigmoid, relu, softsign or identity.

    Parameters
    ----------
    name : {"tanh", "sigmoid", "relu", "softsign", "identity"}

    Raises
    ------
    ValueError, TypeError
        For a name that is none of these.

    Examples
    --------
    >>> tanh = activation("tanh")
    >>> tanh.slope(tanh.f(np.array([0.0, 1.0]))).round(3)
    array([1.  , 0.42])
    """
    return ACTIVATIONS[check.one_of("activation", name, ACTIVATIONS)]


def log_softmax(logits: Array) -> Array:
    """Logarithms, in nats, of the probabilities that `softmax` gives.

    Parameters
    ----------
    logits : array (..., V)
        Any real numbers; the largest is taken off first, so none overflows.

    Examples
    --------
    >>> log_softmax(np.array([800.0, 0.0]))
    array([   0., -800.])
    """
    logits = np.asarray(logits)
    shifted = logits - logits.max(axis=-1, keepdims=True)
    return shifted - np.log(np.exp(shifted).sum(axis=-1, keepdims=True))


def softmax(logits: Array) -> Array:
    """Probabilities proportional to exp(logits), along the last axis.

    Parameters
    ----------
    logits : array (..., V)

    Examples
    --------
    >>> softmax(np.array([0.0, 0.0]))
    array([0.5, 0.5])
    """
    logits = np.asarray(logits)
    e = np.exp(logits - logits.max(axis=-1, keepdims=True))
    e /= e.sum(axis=-1, keepdims=True)
    return e


def sum_by_id(ids: Array, rows: Array, size: int) -> Array:
    """Add up the rows that share an id: the gradient of a table from the gradients of what was looked up.

    Parameters
    ----------
    ids : int array (N,)
        In 0 ... size - 1.
    rows : array (N, K)
    size : int
        Number of rows of the result.

    Returns
    -------
    array (size, K)
        Zeros for an id that does not occur.

    Examples
    --------
    >>> sum_by_id(np.array([2, 0, 2]), np.array([[1.0], [2.0], [3.0]]), 3)
    array([[2.],
           [0.],
           [4.]])
    """
    # With equal ids side by side, an id that comes often is one sum.  The others are added in rounds: all that come
    # for the first time, all for the second.  numpy.add.at and one reduceat do the same, many times slower.
    order = np.argsort(ids, kind="stable")
    starts = np.flatnonzero(np.diff(ids[order], prepend=-1))
    counts = np.diff(starts, append=len(ids))
    total = np.zeros((size, rows.shape[1]), rows.dtype)
    often = counts > 16
    for start, count in zip(starts[often], counts[often], strict=True):
        same = order[start : start + count]
        rows[same].sum(axis=0, out=total[ids[same[0]]])
    starts, counts = starts[~often], counts[~often]
    for n in range(counts.max(initial=0)):
        nth = order[starts[counts > n] + n]
        total[ids[nth]] += rows[nth]
    return total
