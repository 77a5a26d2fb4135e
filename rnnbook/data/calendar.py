"""Several clocks at once: each brings its own news, and between two of them the last one counts."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np

from rnnbook import validation as check
from rnnbook.data.batch import Batch


def calendar(
    rng: np.random.Generator,
    *,
    periods: Sequence[int] = (1, 7, 208),
    num_days: int = 416,
    batch_size: int = 16,
) -> Batch:
    """Say each day what each of some clocks brought last.

    A clock with period P brings news every P days: yes or no, a fair draw. On day 0 every clock brings some, and the
    first day after it is drawn alike from 1 to P, so the phases differ. No clock knows of another. A net without
    memory knows the answer on the day of the news alone: of the answers after day 0 it gets (1 + 1 / P) / 2 right, to
    within 1 / num_days; its loss is (1 - 1 / P) ln 2 nats. A net that holds each piece of news until the next gets
    all, at a loss of 0.

    Parameters
    ----------
    rng : numpy.random.Generator
    periods : ints of at least 1
        Days between two pieces of news. The default is a place that changes daily, a call every week, and an election:
        four years have 208 weeks, so in its calendar a year is 52 days long.
    num_days : int
        T.
    batch_size : int
        B.

    Returns
    -------
    Batch
        inputs (num_days, batch_size, len(periods)): 1 for yes, -1 for no, 0 on a day without news. targets, the same
        shape: 1 where the last news was yes, 0 where it was no, for `binary_cross_entropy`.

    Raises
    ------
    TypeError, ValueError
        For an argument of the wrong kind or below 1, by name; for no periods.

    Examples
    --------
    >>> batch = calendar(np.random.default_rng(0), periods=(1, 4), num_days=8, batch_size=1)
    >>> batch.inputs[:, 0].T.astype(int)
    array([[ 1,  1, -1, -1, -1,  1,  1,  1],
           [ 1,  0,  0, -1,  0,  0,  0,  1]])
    >>> batch.targets[:, 0].T.astype(int)
    array([[1, 1, 0, 0, 0, 1, 1, 1],
           [1, 1, 1, 0, 0, 0, 0, 1]])
    """
    check.generator("rng", rng)
    T, B = check.count("num_days", num_days), check.count("batch_size", batch_size)
    if not isinstance(periods, list | tuple | np.ndarray) or not len(periods):
        raise TypeError(f"periods must be a list of at least one whole number of days, got {periods!r}")
    P = np.array([check.count(f"periods[{k}]", period) for k, period in enumerate(periods)])
    yes = rng.integers(2, size=(T, B, len(P)))
    first = rng.integers(P, size=(B, len(P))) + 1
    day = np.arange(T)[:, None, None]
    news = (day >= first) & ((day - first) % P == 0)
    news[0] = True
    latest = np.maximum.accumulate(np.where(news, day, 0), axis=0)
    inputs = np.where(news, 2.0 * yes - 1, 0.0)
    return Batch(inputs, np.take_along_axis(yes, latest, axis=0).astype(float))
