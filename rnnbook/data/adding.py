"""Add two marked numbers of a long sequence: the task of 1997 and the one that is common today."""

from __future__ import annotations

import numpy as np

from rnnbook import validation as check
from rnnbook.data.batch import Batch


def adding(rng: np.random.Generator, *, num_steps: int, batch_size: int = 32) -> Batch:
    """Say at the end the sum of two marked numbers, as the task is posed today :cite:p:`Le2015`.

    Each step shows a number between 0 and 1 and a marker. One number of the first half is marked, and one of the
    second. Whoever always says 1 pays a mean squared error of 1/6 ≈ .167; whoever adds pays 0.

    Parameters
    ----------
    rng : numpy.random.Generator
    num_steps : int
        Length of each sequence, at least 2.
    batch_size : int

    Returns
    -------
    Batch
        inputs (num_steps, batch_size, 2): the number, and 1 where it is marked. targets (num_steps, batch_size, 1) hold
        the sum at every step; the mask lets the last one alone count.

    See Also
    --------
    adding_1997 : The original, which has other ranges, other markers and another measure of success.

    Examples
    --------
    >>> batch = adding(np.random.default_rng(0), num_steps=6, batch_size=1)
    >>> value, marker = batch.inputs[:, 0].T
    >>> marker, bool(np.isclose(value @ marker, batch.targets[-1, 0, 0]))
    (array([1., 0., 0., 1., 0., 0.], dtype=float32), True)
    """
    check.generator("rng", rng)
    T, B = check.count("num_steps", num_steps, 2), check.count("batch_size", batch_size)
    value, marker = rng.random((T, B), dtype=np.float32), np.zeros((T, B), np.float32)
    every = np.arange(B)
    marker[rng.integers(T // 2, size=B), every] = 1
    marker[rng.integers(T // 2, T, size=B), every] = 1
    return _at_the_end(np.stack([value, marker], axis=-1), (value * marker).sum(axis=0), np.full(B, T))


def adding_1997(rng: np.random.Generator, *, num_steps: int, batch_size: int = 32) -> Batch:
    """Say at the end the scaled sum of two marked numbers: experiment 4 of :cite:t:`Hochreiter1997`.

    Numbers lie between -1 and 1; the target is ``0.5 + (X1 + X2) / 4``. One of the first ten pairs is marked, and then
    one of the first ``num_steps / 2 - 1`` that are still unmarked. The first and the last pair have the marker -1; in
    the rare case that the first pair was to be marked, it keeps its -1 and its number is 0. In the paper a sequence is
    right if the error at its end is below 0.04. Whoever always says 0.5 is right in about 15 % of the sequences and
    pays a mean squared error of about 1/24; whoever adds pays 0.

    Parameters
    ----------
    rng : numpy.random.Generator
    num_steps : int
        The paper's T, at least 22, so that ten pairs lie before the middle. Each sequence has T to 1.1 T steps.
    batch_size : int

    Returns
    -------
    Batch
        inputs (num_steps + num_steps // 10, batch_size, 2): the number, and the marker -1, 0 or 1. targets (…, 1) hold
        the answer at every step; the mask lets the last step of each sequence alone count. With lengths.

    See Also
    --------
    adding : Today's version.

    Examples
    --------
    >>> batch = adding_1997(np.random.default_rng(0), num_steps=100, batch_size=2)
    >>> batch.lengths, batch.mask.sum(axis=0)
    (array([109, 107]), array([1, 1]))
    """
    check.generator("rng", rng)
    T, B = check.count("num_steps", num_steps, 22), check.count("batch_size", batch_size)
    lengths, every = rng.integers(T, T + T // 10 + 1, size=B), np.arange(B)
    value = rng.uniform(-1, 1, (T + T // 10, B)).astype(np.float32)
    marker = np.zeros_like(value)
    first = rng.integers(10, size=B)
    second = rng.integers(T // 2 - 1, size=B)
    second += second >= first  # one of those that are still unmarked
    marker[first, every] = marker[second, every] = 1
    value[0, marker[0] == 1] = 0
    marker[0] = marker[lengths - 1, every] = -1
    total = (value * (marker == 1)).sum(axis=0)
    beyond = np.arange(len(value))[:, None] >= lengths
    value[beyond] = 0
    return _at_the_end(np.stack([value, marker], axis=-1), 0.5 + total / 4, lengths)


def _at_the_end(inputs: np.ndarray, answer: np.ndarray, lengths: np.ndarray) -> Batch:
    """A batch whose only question is asked at the last step of each sequence."""
    T = len(inputs)
    mask = np.arange(T)[:, None] == lengths - 1
    targets = np.repeat(answer.astype(np.float32)[None, :, None], T, axis=0)
    return Batch(inputs, targets, mask, None if (lengths == T).all() else lengths)
