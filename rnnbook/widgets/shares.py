"""How much is left of something, short enough to stand below a drawing: the same texts as in shares.js."""

from __future__ import annotations

import math

from rnnbook.plots import number


def scientific(log: float, coarse: int = -100) -> str:
    """A number from its logarithm to base 10, which knows numbers that are too small for a double.

    Up to the power `coarse` it has one digit, beyond it two.

    Examples
    --------
    >>> scientific(-13.6), scientific(-1324.3)
    ('2.5e−14', '5e−1325')
    """
    power = math.floor(log)
    digits = f"{10 ** (log - power):.{0 if power <= coarse else 1}f}"
    if digits.startswith("10"):
        power, digits = power + 1, "1" if power + 1 <= coarse else "1.0"
    return f"{digits}e{power}".replace("-", "\N{MINUS SIGN}")


def share(v: float, log: float | None = None, coarse: int = -100) -> str:
    """A share of 1, or what has grown beyond it; `log` is its logarithm to base 10, `coarse` as in `scientific`.

    Examples
    --------
    >>> share(0.73), share(0.032), share(2.5e-14), share(3.4), share(0)
    ('73%', '3.2%', '2.5e−14', '×3.4', '0')
    """
    if log is None:
        log = math.log10(v) if v > 0 else -math.inf
    percent = 100 * v
    if log == -math.inf:
        return "0"
    if percent >= 99900:
        return f"×{scientific(log)}"
    if percent >= 100.5:
        return f"×{v:.{2 if v < 1.095 else 1 if v < 9.95 else 0}f}"
    if percent >= 99.995:
        return "100%"
    if percent >= 9.95:
        return f"{percent:.{2 if percent > 99.9 else 1 if percent > 99 else 0}f}%"
    if percent >= 0.0995:
        return f"{percent:.{1 if percent >= 0.995 else 2}f}%"
    return scientific(log, coarse)


def gate(bias: float, more: int = 0) -> str:
    """σ(bias), with as many decimals as it takes to see that it is less than 1, and `more`.

    Examples
    --------
    >>> gate(1), gate(5), gate(5, 1), gate(-3)
    ('0.73', '0.993', '0.9933', '0.047')
    """
    shut = 1 / (1 + math.exp(bias))  # 1 - f keeps its digits
    if bias < 0:
        return number(1 - shut)
    return f"{1 - shut:.{max(2, math.ceil(-math.log10(shut)) + more)}f}"
