"""Weights in a quarter of their size: whole numbers of one byte, and one factor for each row."""

from __future__ import annotations

from typing import Any

import numpy as np

from rnnbook import validation as check

__all__ = ["restored", "rounded"]

Array = np.ndarray

#: The largest whole number: -128 is not used, so that the sign costs nothing.
MOST = 127


def rounded(a: Any) -> tuple[Array, Array]:
    """Round an array to whole numbers, each row by a factor of its own.

    The largest of a row becomes 127 or -127, and what is lost is at most half a factor.

    Parameters
    ----------
    a : float array (...)
        With two axes or more, each first index is a row; a vector, such as a bias, is one row.

    Returns
    -------
    whole : int8 array (...)
        From -127 to 127.
    scale : float32 array (rows,)
        What `restored` multiplies each row by.

    Raises
    ------
    TypeError, ValueError
        For what holds no finite numbers, or none at all.

    Examples
    --------
    >>> whole, scale = rounded(np.array([[1.0, -0.5], [0.0, 0.02]]))
    >>> whole
    array([[127, -64],
           [  0, 127]], dtype=int8)
    >>> restored(whole, scale).round(3)
    array([[ 1.   , -0.504],
           [ 0.   ,  0.02 ]], dtype=float32)
    """
    a = check.finite("a", check.floats("a", a, ("...",), np.dtype(np.float32)))
    if a.ndim == 0:
        raise ValueError("a must have an axis or more, got a single number")
    flat = a.reshape(len(a), -1) if a.ndim > 1 else a.reshape(1, -1)
    # A row of zeros has a factor too, and divides by it.
    scale = np.maximum(np.abs(flat).max(axis=1), 1e-12).astype(np.float32) / np.float32(MOST)
    return np.rint(flat / scale[:, None]).clip(-MOST, MOST).astype(np.int8).reshape(a.shape), scale


def restored(whole: Array, scale: Array) -> Array:
    """Give what `rounded` stands for.

    Parameters
    ----------
    whole : int8 array (...)
    scale : float32 array (rows,)

    Returns
    -------
    float32 array (...)

    Raises
    ------
    TypeError, ValueError
        For arrays that `rounded` does not give.

    Examples
    --------
    >>> restored(np.array([127, -64], np.int8), np.array([0.01], np.float32)).round(2)
    array([ 1.27, -0.64], dtype=float32)
    """
    whole, scale = np.asarray(whole), np.asarray(scale)
    if whole.dtype != np.int8 or scale.dtype != np.float32:
        raise TypeError(f"whole must be int8 and scale float32, got {whole.dtype} and {scale.dtype}")
    rows = len(whole) if whole.ndim > 1 else 1
    if whole.size == 0 or scale.shape != (rows,):
        raise ValueError(f"scale must have shape ({rows},), one factor for each row of whole, got {scale.shape}")
    flat = whole.reshape(rows, -1).astype(np.float32) * scale[:, None]
    return flat.reshape(whole.shape)
