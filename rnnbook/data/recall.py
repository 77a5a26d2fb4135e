"""Say at the end what came first."""

from __future__ import annotations

import numpy as np

from rnnbook import validation as check
from rnnbook.data.batch import Batch


def recall(
    rng: np.random.Generator,
    *,
    lag: int,
    batch_size: int = 32,
    num_classes: int = 2,
    num_distractors: int = 4,
) -> Batch:
    """Remember the first symbol through `lag` steps of distractors.

    Chance gets 1 / num_classes right, at ln num_classes nats; a net that remembers gets all.

    Parameters
    ----------
    rng : numpy.random.Generator
    lag : int
        Steps from the symbol to the answer; each shows one of the distractors, drawn alike.
    batch_size, num_classes, num_distractors : int

    Returns
    -------
    Batch
        inputs (lag + 1, batch_size), ids: 0 ... num_classes - 1 is a symbol to remember, the rest are distractors.
        targets (lag + 1, batch_size) hold the first symbol at every step; the mask lets the last one alone count.

    Examples
    --------
    >>> batch = recall(np.random.default_rng(0), lag=3, batch_size=1)
    >>> int(batch.inputs[0, 0]) == int(batch.targets[-1, 0]), batch.mask[:, 0]
    (True, array([False, False, False,  True]))
    """
    check.generator("rng", rng)
    lag, n = check.count("lag", lag), check.count("batch_size", batch_size)
    k, d = check.count("num_classes", num_classes, 2), check.count("num_distractors", num_distractors)
    first = rng.integers(k, size=(1, n))
    inputs = np.concatenate([first, k + rng.integers(d, size=(lag, n))])
    mask = np.zeros(inputs.shape, bool)
    mask[-1] = True
    return Batch(inputs, np.repeat(first, lag + 1, axis=0), mask)
