"""Brackets that open and close: to predict them one has to count."""

from __future__ import annotations

import numpy as np

from rnnbook import validation as check
from rnnbook.data.batch import Batch

Array = np.ndarray


def brackets(
    rng: np.random.Generator, *, num_steps: int = 100, max_depth: int = 4, batch_size: int = 32
) -> tuple[Batch, Array]:
    """Predict the next bracket of a string that never closes what is not open, and never opens too many.

    Nothing is open at first. At depth 0 the next one opens, at `max_depth` it closes, in between it is a fair draw.
    So a net that counts pays ln 2 in between and nothing at the two ends; one that does not count pays ln 2
    everywhere. In the long run a net that counts pays (1 - 1 / max_depth) ln 2 nats: one step in max_depth begins at
    one of the two ends.

    Parameters
    ----------
    rng : numpy.random.Generator
    num_steps : int
    max_depth : int
        At least 2. With 1 the brackets alternate.
    batch_size : int

    Returns
    -------
    batch : Batch
        Ids (num_steps, batch_size): 0 opens, 1 closes; targets are the ids that follow.
    depth : int array (num_steps, batch_size)
        How many brackets are open after each input.

    Examples
    --------
    >>> batch, depth = brackets(np.random.default_rng(0), num_steps=10, batch_size=1)
    >>> "".join("()"[i] for i in batch.inputs[:, 0]), depth[:, 0]
    ('((()))()((', array([1, 2, 3, 2, 1, 0, 1, 0, 1, 2]))
    """
    check.generator("rng", rng)
    T, top = check.count("num_steps", num_steps), check.count("max_depth", max_depth, 2)
    B = check.count("batch_size", batch_size)
    depth = np.zeros((T + 2, B), int)
    for t in range(T + 1):
        up = np.where(depth[t] == 0, 1, np.where(depth[t] == top, 0, rng.integers(2, size=B)))
        depth[t + 1] = depth[t] + 2 * up - 1
    ids = (np.diff(depth, axis=0) < 0).astype(int)
    return Batch(ids[:-1], ids[1:]), depth[1:-1]
