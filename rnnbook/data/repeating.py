"""Read symbols first, and write them afterwards: in the same order, or backwards."""

from __future__ import annotations

import numpy as np

from rnnbook import validation as check
from rnnbook.data.batch import Batch


def copying(
    rng: np.random.Generator, *, length: int = 5, lag: int = 0, num_symbols: int = 8, batch_size: int = 32
) -> Batch:
    """Repeat `length` symbols after `lag` blank steps, in the order in which they came :cite:p:`Arjovsky2016`.

    Chance gets 1 / num_symbols right, at ln num_symbols nats for each symbol; a net that remembers gets all.

    Parameters
    ----------
    rng : numpy.random.Generator
    length : int
        How many symbols.
    lag : int
        Blank steps between reading and writing.
    num_symbols, batch_size : int

    Returns
    -------
    Batch
        Ids (2 length + lag, batch_size): the symbols, then blanks, id `num_symbols`, and at the first step of writing
        the sign to begin, id `num_symbols` + 1. Targets of the same shape; the mask lets the last `length` steps
        alone count.

    See Also
    --------
    reversal : The same, backwards.

    Examples
    --------
    >>> batch = copying(np.random.default_rng(0), length=3, lag=1, num_symbols=2, batch_size=1)
    >>> batch.inputs[:, 0], batch.targets[batch.mask]
    (array([1, 1, 1, 2, 3, 2, 2]), array([1, 1, 1]))
    """
    return _repeat(rng, length, lag, num_symbols, batch_size, 1)


def reversal(
    rng: np.random.Generator, *, length: int = 5, lag: int = 0, num_symbols: int = 8, batch_size: int = 32
) -> Batch:
    """Repeat `length` symbols backwards after `lag` blank steps: the last one read is the first to be written.

    Chance gets 1 / num_symbols right, at ln num_symbols nats for each symbol; a net that remembers gets all.

    Parameters
    ----------
    rng : numpy.random.Generator
    length, lag, num_symbols, batch_size : int
        As in `copying`.

    Returns
    -------
    Batch
        As that of `copying`, with the targets in the other order.

    Examples
    --------
    >>> batch = reversal(np.random.default_rng(1), length=3, num_symbols=4, batch_size=1)
    >>> batch.inputs[:, 0], batch.targets[batch.mask]
    (array([1, 2, 3, 5, 4, 4]), array([3, 2, 1]))
    """
    return _repeat(rng, length, lag, num_symbols, batch_size, -1)


def _repeat(rng: np.random.Generator, length: int, lag: int, num_symbols: int, batch_size: int, order: int) -> Batch:
    check.generator("rng", rng)
    n, pause = check.count("length", length), check.count("lag", lag, 0)
    k, B = check.count("num_symbols", num_symbols, 2), check.count("batch_size", batch_size)
    said = rng.integers(k, size=(n, B))
    inputs = np.concatenate([said, np.full((pause + n, B), k)])
    inputs[n + pause] = k + 1
    targets = np.concatenate([np.zeros((n + pause, B), int), said[::order]])
    mask = np.zeros(inputs.shape, bool)
    mask[n + pause :] = True
    return Batch(inputs, targets, mask)
