"""Losses: each returns its value and its gradient.

A value is a mean over the targets that count, in nats where it is a logarithm; divide by ln 2 for bits.  Losses take
logits, not probabilities: the pair of softmax (or sigmoid) and logarithm is then exact at any size, and its gradient
is the plain difference of what was predicted and what was so.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import numpy as np

from rnnbook import validation as check
from rnnbook.functional import log_softmax, overflow_is_fine, sigmoid_

__all__ = ["accuracy", "binary_cross_entropy", "mean_squared_error", "softmax_cross_entropy"]

Array = np.ndarray
Loss = Callable[[Array, Array, Array | None], tuple[float, Array]]


def _predictions(name: str, a: Any) -> Array:
    a = np.asarray(a)
    if a.dtype.kind != "f":
        raise TypeError(f"{name} must hold floats, got dtype {a.dtype}")
    return check.shape(name, a, ("...",)) if a.ndim else check.shape(name, a, ("...", "B"))


def _weights(mask: Any, shape: tuple[int, ...]) -> tuple[Array | None, int]:
    """The mask, with an axis for features if it has none, and how many entries it keeps."""
    if mask is None:
        return None, int(np.prod(shape))
    mask = np.asarray(mask)
    mask = check.mask("mask", mask, shape if mask.ndim == len(shape) else shape[:-1])
    if mask.ndim < len(shape):
        return mask[..., None], int(mask.sum()) * shape[-1]
    return mask, int(mask.sum())


def softmax_cross_entropy(logits: Array, targets: Array, mask: Array | None = None) -> tuple[float, Array]:
    """Mean of -log p(target), in nats, and its gradient.

    Parameters
    ----------
    logits : float array (..., V)
        One number for each class; softmax makes them probabilities.
    targets : int array (...)
        The class that was right, in 0 ... V - 1.
    mask : bool array (...), optional
        True where a target counts.

    Returns
    -------
    loss : float
        In nats.  Guessing all V alike costs ln V.
    dlogits : array (..., V)

    Raises
    ------
    ValueError, TypeError
        For other shapes, ids out of range, a mask that masks everything.

    Examples
    --------
    >>> loss, dlogits = softmax_cross_entropy(np.zeros((1, 4)), np.array([2]))
    >>> round(loss, 4), dlogits
    (1.3863, array([[ 0.25,  0.25, -0.75,  0.25]]))
    """
    logits = _predictions("logits", logits)
    if logits.ndim < 2:
        raise ValueError(f"logits must have shape (..., V) with at least two axes, got {logits.shape}")
    targets = np.asarray(targets)
    if mask is not None:
        mask = check.mask("mask", mask, logits.shape[:-1])
        # What stands where a target does not count may be any filler, such as -1.
        targets = np.where(mask, check.shape("targets", targets, logits.shape[:-1]), 0)
        logits = np.where(mask[..., None], logits, 0)  # and so may the logits there, even nan
    targets = check.ids("targets", targets, logits.shape[:-1], logits.shape[-1])
    log_p = log_softmax(logits)
    picked = targets[..., None]
    of_targets = np.take_along_axis(log_p, picked, axis=-1)[..., 0]
    n = targets.size if mask is None else int(mask.sum())
    d = np.exp(log_p, out=log_p)
    np.put_along_axis(d, picked, np.take_along_axis(d, picked, axis=-1) - 1, axis=-1)
    if mask is not None:
        of_targets = of_targets[mask]
        d[~mask] = 0
    d /= n
    return -float(of_targets.sum(dtype=np.float64)) / n, d


def binary_cross_entropy(logits: Array, targets: Array, mask: Array | None = None) -> tuple[float, Array]:
    """Mean of -y log p - (1 - y) log(1 - p) with p = σ(logit), in nats, and its gradient.

    Parameters
    ----------
    logits : float array, any shape
    targets : array of the same shape
        Truth values, or probabilities in [0, 1].
    mask : bool array of that shape, or of that shape without its last axis, optional
        True where a target counts.

    Returns
    -------
    loss : float
        In nats.  A guess of one half costs ln 2.
    dlogits : array of the same shape

    Examples
    --------
    >>> loss, dlogits = binary_cross_entropy(np.zeros(2), np.array([1, 0]))
    >>> round(loss, 4), dlogits
    (0.6931, array([-0.25,  0.25]))
    """
    logits = _predictions("logits", logits)
    targets = check.floats("targets", targets, logits.shape, logits.dtype)
    weights, n = _weights(mask, logits.shape)
    counted = targets if weights is None else np.where(weights, targets, 0)
    if weights is not None:
        logits = np.where(weights, logits, 0)  # what does not count may be anything, even nan
    if not ((counted >= 0) & (counted <= 1)).all():
        raise ValueError("targets must lie in [0, 1], got one outside, or nan")
    # log(1 + exp(-|a|)) cannot overflow, and max(a, 0) - a y carries the rest.
    losses = np.maximum(logits, 0) - logits * counted + np.log1p(np.exp(-np.abs(logits)))
    with overflow_is_fine():
        d = sigmoid_(logits.copy())
    d -= counted
    if weights is not None:
        losses, d = np.where(weights, losses, 0), np.where(weights, d, 0)
    d /= n
    return float(losses.sum(dtype=np.float64)) / n, d


def mean_squared_error(predictions: Array, targets: Array, mask: Array | None = None) -> tuple[float, Array]:
    """Mean of (prediction - target)², and its gradient.

    Parameters
    ----------
    predictions : float array, any shape
    targets : array of the same shape
    mask : bool array of that shape, or of that shape without its last axis, optional
        True where a target counts.

    Returns
    -------
    loss : float
        In squared units of the targets.  Predicting their mean costs their variance.
    dpredictions : array of the same shape

    Examples
    --------
    >>> loss, d = mean_squared_error(np.array([1.0, 2.0]), np.array([1.0, 4.0]))
    >>> loss, d
    (2.0, array([ 0., -2.]))
    """
    predictions = _predictions("predictions", predictions)
    targets = check.floats("targets", targets, predictions.shape, predictions.dtype)
    weights, n = _weights(mask, predictions.shape)
    if weights is not None:  # what does not count may be anything, even nan
        predictions, targets = np.where(weights, predictions, 0), np.where(weights, targets, 0)
    e = predictions - targets
    return float(np.square(e, dtype=np.float64).sum()) / n, e * e.dtype.type(2 / n)


def accuracy(logits: Array, targets: Array, mask: Array | None = None) -> float:
    """Share of the targets that count whose class has the highest logit.

    Parameters
    ----------
    logits : float array (..., V)
    targets : int array (...)
    mask : bool array (...), optional

    Examples
    --------
    >>> accuracy(np.array([[2.0, 1.0], [0.0, 3.0]]), np.array([0, 0]))
    0.5
    """
    logits = check.shape("logits", check.array("logits", logits), ("...", "C", "V"))
    targets = check.shape("targets", check.array("targets", targets), logits.shape[:-1])
    if mask is None:
        counted = np.ones(targets.shape, bool)
    else:
        counted = check.mask("mask", mask, targets.shape)
    wanted = check.ids("targets", targets[counted], ("N",), logits.shape[-1])
    return float((logits.argmax(axis=-1)[counted] == wanted).mean())
