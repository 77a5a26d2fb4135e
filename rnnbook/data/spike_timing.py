"""Measure the time between two events."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np

from rnnbook import validation as check
from rnnbook.data.batch import Batch


def spike_timing(
    rng: np.random.Generator, *, num_steps: int = 150, delays: Sequence[int] = (20, 21), batch_size: int = 32
) -> Batch:
    """Say at each spike how many steps ago the last one was, after :cite:t:`Gers2002`.

    Nothing but zeros comes between two spikes, so the net has to count. Chance gets 1 / len(delays) right, at
    ln len(delays) nats; a net that counts gets all.

    Parameters
    ----------
    rng : numpy.random.Generator
    num_steps : int
        At least twice the longest delay, so that every sequence asks.
    delays : sequence of int
        What may lie between two spikes, at least two different numbers of steps, drawn alike for each pair. The closer
        they are, the finer the count must be: the paper goes as far as 49 and 50.
    batch_size : int

    Returns
    -------
    Batch
        inputs (num_steps, batch_size, 1): 1 at a spike. targets (num_steps, batch_size): at each spike but the first,
        which of `delays` it was; there alone the mask lets it count. The first spike comes within the longest delay.

    Examples
    --------
    >>> batch = spike_timing(np.random.default_rng(1), num_steps=12, delays=(3, 4), batch_size=1)
    >>> "".join("." if x == 0 else "|" for x in batch.inputs[:, 0, 0])
    '|..|...|...|'
    >>> batch.targets[batch.mask]
    array([0, 1, 1])
    """
    check.generator("rng", rng)
    T, B = check.count("num_steps", num_steps), check.count("batch_size", batch_size)
    steps = np.array([check.count("delays", d) for d in delays], int)
    if len(steps) < 2 or len(set(steps.tolist())) < len(steps):
        raise ValueError(f"delays must be two or more different numbers of steps, got {list(delays)}")
    if T < 2 * steps.max():
        raise ValueError(f"num_steps must be at least twice the longest delay, {2 * steps.max()}, got {T}")
    which = rng.integers(len(steps), size=(T // steps.min(), B))
    first = rng.integers(steps.max(), size=B)
    at = first + np.cumsum(steps[which], axis=0)
    inputs, targets = np.zeros((T, B, 1), np.float32), np.zeros((T, B), int)
    inputs[first, np.arange(B)] = 1
    k, b = np.nonzero(at < T)
    inputs[at[k, b], b] = 1
    targets[at[k, b], b] = which[k, b]
    mask = np.zeros((T, B), bool)
    mask[at[k, b], b] = True
    return Batch(inputs, targets, mask)
