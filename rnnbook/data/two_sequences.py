"""Tell two classes apart by how a sequence begins."""

from __future__ import annotations

import numpy as np

from rnnbook import validation as check
from rnnbook.data.batch import Batch


def two_sequences(
    rng: np.random.Generator,
    *,
    num_steps: int,
    num_informative: int = 3,
    batch_size: int = 32,
    noise: float = 0.2**0.5,
) -> Batch:
    """Say at the end which of two classes the first numbers told: the 2-sequence problem.

    Posed by :cite:t:`Bengio1994`; here with the numbers of experiment 3a of :cite:t:`Hochreiter1997`. The first numbers
    are 1 in one class and -1 in the other, the rest is noise around 0. Chance is right in one half, at ln 2 nats; a net
    that remembers gets all. Guessing weights at random solves it quickly :cite:p:`Hochreiter1997`, so a solution alone
    says little about a way of learning.

    Parameters
    ----------
    rng : numpy.random.Generator
    num_steps : int
        The paper's T. Each sequence has T to 1.1 T steps.
    num_informative : int
        How many numbers tell the class, at most `num_steps`; 1 and 3 in the paper.
    batch_size : int
    noise : float
        Standard deviation of the rest; the paper has a variance of 0.2.

    Returns
    -------
    Batch
        inputs (num_steps + num_steps // 10, batch_size, 1), targets 0 or 1 (…, batch_size): class 1 begins with 1. The
        mask lets the last step of each sequence alone count. With lengths.

    Examples
    --------
    >>> batch = two_sequences(np.random.default_rng(2), num_steps=20, batch_size=2)
    >>> batch.inputs[:3, :, 0].T
    array([[ 1.,  1.,  1.],
           [-1., -1., -1.]], dtype=float32)
    >>> batch.targets[-1], batch.mask.sum(axis=0)
    (array([1, 0]), array([1, 1]))
    """
    check.generator("rng", rng)
    T, B = check.count("num_steps", num_steps), check.count("batch_size", batch_size)
    if check.count("num_informative", num_informative) > T:
        raise ValueError(f"num_informative must be at most num_steps = {T}, got {num_informative}")
    longest = T + T // 10
    kind, lengths = rng.integers(2, size=B), rng.integers(T, longest + 1, size=B)
    inputs = (check.number("noise", noise, 0) * rng.standard_normal((longest, B))).astype(np.float32)
    inputs[:num_informative] = 2 * kind - 1
    step = np.arange(longest)[:, None]
    inputs[step >= lengths] = 0
    return Batch(inputs[..., None], np.repeat(kind[None], longest, axis=0), step == lengths - 1, lengths)
