"""First values of weights.

An initialiser is any callable ``(shape, rng) -> array``; a matrix's shape is (outputs, inputs).  A cell calls it once
for each gate's block of rows, so each gate starts on its own.  Change an option with `functools.partial`:
``U_init=partial(init.orthogonal, gain=1.5)``.
"""

from __future__ import annotations

from collections.abc import Callable

import numpy as np

from rnnbook import validation as check

__all__ = ["identity", "normal", "orthogonal", "uniform", "xavier", "zeros"]

Array = np.ndarray
Initialiser = Callable[[tuple[int, ...], "np.random.Generator"], Array]  # in quotes: naming it loads it


def zeros(shape: tuple[int, ...], rng: np.random.Generator | None = None) -> Array:
    """All zeros: right for biases, wrong for weights, whose units would then never differ.

    Parameters
    ----------
    shape : tuple of int
    rng : numpy.random.Generator, optional
        Not asked.

    Examples
    --------
    >>> zeros((3,))
    array([0., 0., 0.])
    """
    return np.zeros(shape)


def uniform(shape: tuple[int, ...], rng: np.random.Generator, *, limit: float | None = None) -> Array:
    """Uniform in [-limit, limit].

    Parameters
    ----------
    shape : tuple of int
    rng : numpy.random.Generator
    limit : float, optional
        1 / sqrt(inputs) by default, where inputs is the last size of `shape`.

    Examples
    --------
    >>> bool(abs(uniform((200, 100), np.random.default_rng(0))).max() <= 0.1)
    True
    """
    check.generator("rng", rng)
    k = shape[-1] ** -0.5 if limit is None else check.number("limit", limit, 0)
    return rng.uniform(-k, k, shape)


def normal(shape: tuple[int, ...], rng: np.random.Generator, *, scale: float = 0.01) -> Array:
    """Normal with mean 0 and standard deviation `scale`.

    Parameters
    ----------
    shape : tuple of int
    rng : numpy.random.Generator
    scale : float

    Examples
    --------
    >>> float(normal((200, 100), np.random.default_rng(0)).std().round(4))
    0.01
    """
    check.generator("rng", rng)
    return rng.normal(0, check.number("scale", scale, 0), shape)


def xavier(shape: tuple[int, ...], rng: np.random.Generator, *, gain: float = 1.0) -> Array:
    """Uniform with variance 2 gain² / (inputs + outputs).

    It keeps the size of a signal about the same on its way forward and of a gradient on its way back
    :cite:p:`Glorot2010`.

    Parameters
    ----------
    shape : tuple of int
        (outputs, inputs) of a matrix.
    rng : numpy.random.Generator
    gain : float

    Examples
    --------
    >>> W = xavier((200, 100), np.random.default_rng(0))
    >>> bool(abs(W.var() - 2 / 300) < 1e-4)
    True
    """
    check.generator("rng", rng)
    limit = check.number("gain", gain, 0) * np.sqrt(6 / (shape[0] + shape[-1]))
    return rng.uniform(-limit, limit, shape)


def orthogonal(shape: tuple[int, ...], rng: np.random.Generator, *, gain: float = 1.0) -> Array:
    """A matrix with orthonormal rows or columns, whichever are fewer, times `gain` :cite:p:`Saxe2014`.

    A square one keeps the length of every vector at `gain` = 1, so products of many neither vanish nor explode.

    Parameters
    ----------
    shape : tuple of int
        (outputs, inputs) of a matrix.
    rng : numpy.random.Generator
    gain : float

    Raises
    ------
    ValueError
        If `shape` is not that of a matrix.

    Examples
    --------
    >>> U = orthogonal((4, 4), np.random.default_rng(0))
    >>> bool(np.allclose(U @ U.T, np.eye(4)))
    True
    """
    check.generator("rng", rng)
    if len(shape) != 2:
        raise ValueError(f"shape must be that of a matrix (outputs, inputs), got {shape}")
    q, r = np.linalg.qr(rng.standard_normal((max(shape), min(shape))))
    q *= np.sign(np.diag(r))  # without it the result is not uniform over the rotations
    return check.number("gain", gain, 0) * (q if shape[0] >= shape[1] else q.T)


def identity(shape: tuple[int, ...], rng: np.random.Generator | None = None, *, gain: float = 1.0) -> Array:
    """`gain` times the identity: each unit begins by copying itself :cite:p:`Le2015`.

    Parameters
    ----------
    shape : tuple of int
        (outputs, inputs) of a matrix.
    rng : numpy.random.Generator, optional
        Not asked.
    gain : float

    Raises
    ------
    ValueError
        If `shape` is not that of a matrix.

    Examples
    --------
    >>> identity((2, 2), gain=0.5)
    array([[0.5, 0. ],
           [0. , 0.5]])
    """
    if len(shape) != 2:
        raise ValueError(f"shape must be that of a matrix (outputs, inputs), got {shape}")
    return check.number("gain", gain) * np.eye(*shape)
