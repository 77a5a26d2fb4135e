"""Cancelled bookings of hotels, week by week: counts with a season, a drift, slow swings and bad weeks."""

from __future__ import annotations

import numpy as np

from rnnbook import validation as check

Array = np.ndarray

#: Weeks of a year, and what a hotel is like: the mean of a week, how strong its season is (log), its drift in a year.
YEAR = 52
_LEVEL, _SEASON, _DRIFT = (60.0, 140.0), (0.25, 0.45), (-0.08, 0.08)
#: The slow swings: how much of one is left after a week, how large they are (log).
_KEPT, _SWING = 0.8, 0.15
#: Bad weeks: how often, how many times as many cancel. The spread of the counts beyond Poisson's.
_BAD, _TIMES, _SPREAD = 0.03, (1.5, 2.2), 40.0


def weekly_cancellations(rng: np.random.Generator, *, num_weeks: int = 260, num_series: int = 1) -> tuple[Array, Array]:
    r"""Count cancelled bookings in invented hotels, one series for each.

    The logarithm of a week's mean is a level, a season with a wave of a year and one of half a year, a drift, and a
    swing of which 0.8 is left after a week.  Three weeks in a hundred are bad: then 1.5 to 2.2 times as many cancel.
    The count is drawn from a negative binomial distribution with that mean :math:`m` and the variance
    :math:`m + m^2 / 40`.  Level (60 to 140 a week), season, and drift are drawn for each hotel.

    Who knows `expected` can do no better on average than a mean squared error of :math:`m + m^2 / 40`, and no forecast
    knows it: it holds the bad weeks and the newest step of the swing.

    Parameters
    ----------
    rng : numpy.random.Generator
    num_weeks : int
        T.  A year has 52.
    num_series : int
        B, hotels that have nothing to do with each other.

    Returns
    -------
    counts : int array (num_weeks, num_series)
        Cancelled bookings.
    expected : array (num_weeks, num_series)
        The mean from which each was drawn.

    Raises
    ------
    TypeError, ValueError
        For an argument of the wrong kind or below 1, by name.

    Examples
    --------
    >>> counts, expected = weekly_cancellations(np.random.default_rng(0), num_weeks=6)
    >>> counts[:, 0]
    array([216, 214, 195, 241, 302, 179])
    >>> expected[:, 0].round()
    array([208., 213., 192., 199., 313., 157.])
    """
    check.generator("rng", rng)
    T, B = check.count("num_weeks", num_weeks), check.count("num_series", num_series)
    year = np.arange(T)[:, None] / YEAR
    log_mean = np.log(rng.uniform(*_LEVEL, B)) + rng.uniform(*_DRIFT, B) * year
    for waves, share in ((1, 1.0), (2, 0.5)):
        log_mean = log_mean + share * rng.uniform(*_SEASON, B) * np.cos(2 * np.pi * (waves * year - rng.random(B)))
    swing = _SWING * rng.standard_normal(B)
    bad = rng.random((T, B)) < _BAD
    times = rng.uniform(*_TIMES, (T, B))
    for t in range(T):
        log_mean[t] += swing
        swing = _KEPT * swing + np.sqrt(1 - _KEPT**2) * _SWING * rng.standard_normal(B)
    expected = np.exp(log_mean) * np.where(bad, times, 1)
    return rng.negative_binomial(_SPREAD, _SPREAD / (_SPREAD + expected)), expected
