"""One number, multiplied by the same factor again and again: how it vanishes, and how it explodes."""

from __future__ import annotations

import math
from typing import Any

import numpy as np
from traitlets import Bool, Float, Int, observe, validate

from rnnbook import validation as check
from rnnbook.widgets.base import Widget
from rnnbook.widgets.decades import LARGEST, figure, plain, power

#: From where to where the factor can be turned.
LOW, HIGH = 0.25, 1.5
#: How many steps the axis can show.
SPANS = (100, 1000)


class CompoundInterest(Widget):
    """Multiply 1 by the same factor, step by step, and see how large it is after n steps.

    The curve is drawn on an axis of powers of ten or on a linear one.  Each product is also rounded to float32, so
    what runs over or under there is computed and not asserted.

    Parameters
    ----------
    factor : float
        From 0.25, the steepest slope of the sigmoid, to 1.5.
    steps : int
        n: from 1 to 1,000.
    log : bool
        Whether the axis counts powers of ten.

    Attributes
    ----------
    factor, steps, log
        In sync with the page: what the reader moves there can be read here, and the other way round.
    span : {100, 1000}
        How many steps the axis shows: at first the smaller one that holds `steps`.

    Raises
    ------
    TypeError, ValueError
        For an argument of the wrong kind or out of range, by name.

    Examples
    --------
    >>> year = CompoundInterest(1.01, 365)
    >>> f"{year.values()[-1]:.1f}"
    '37.8'
    >>> CompoundInterest(1.5, 400).values()[-1]  # more than float32 can hold
    np.float32(inf)
    """

    name = "compound-interest"

    factor = Float(1.01).tag(sync=True)
    steps = Int(365).tag(sync=True)
    span = Int(1000).tag(sync=True)
    log = Bool(True).tag(sync=True)

    def __init__(self, factor: float = 1.01, steps: int = 365, *, log: bool = True):
        if not isinstance(log, bool):
            raise TypeError(f"log must be True or False, got {log!r}")
        factor = check.number("factor", factor, LOW, HIGH)
        steps = _within("steps", steps, SPANS[-1])
        super().__init__(factor=factor, steps=steps, log=log, span=next(n for n in SPANS if steps <= n))

    # The kernel may set these at any time; the page checks its own side.
    @validate("factor")
    def _turned(self, proposal: Any) -> float:
        return check.number("factor", proposal["value"], LOW, HIGH)

    @validate("steps")
    def _reached(self, proposal: Any) -> int:
        return _within("steps", proposal["value"], self.span)

    @validate("span")
    def _known(self, proposal: Any) -> int:
        if proposal["value"] not in SPANS:
            raise ValueError(f"span must be one of {', '.join(map(str, SPANS))}, got {proposal['value']}")
        return proposal["value"]

    @observe("span")
    def _shorter(self, change: Any) -> None:
        # The page sends both at once; here steps follow.
        self.steps = min(self.steps, change["new"])

    def values(self) -> np.ndarray:
        """Multiply in float32, each product rounded.

        Returns
        -------
        array (steps + 1,)
            1 and the products after it.
        """
        with np.errstate(over="ignore", under="ignore"):
            return np.multiply.accumulate(np.array([1.0] + [self.factor] * self.steps, np.float32), dtype=np.float32)

    def still(self) -> str:
        ends, exact = self.values()[-1], power(self.factor, self.steps)
        n = np.unique(np.linspace(0, self.span, 101).round().astype(int))
        log = n * math.log10(self.factor)
        if self.log:
            curves = [(n, log, "faint"), (n[n <= self.steps], log[n <= self.steps], "ink")]
        else:
            held = log <= math.log10(LARGEST)
            y = np.power(10.0, log[held])
            curves = [(n[held], y, "faint"), (n[held & (n <= self.steps)], y[n[held] <= self.steps], "ink")]
        factor = f"{self.factor:.4g}"
        line = f"1 multiplied by {factor}, {self.steps:,} times: {exact}. float32 holds {plain(float(ends))}."
        axis = "an axis of powers of ten" if self.log else "a linear axis"
        alt = f"{factor} to the power n over n, from 0 to {self.span:,}, on {axis}. {line}"
        labels = [(0, "n = 0"), (self.span / 2, f"{self.span // 2:,}"), (self.span, f"{self.span:,}")]
        return figure(curves, labels, log=self.log, side="left", alt=alt, caption=line)

    @classmethod
    def gallery(cls) -> dict[str, Widget]:
        return {
            "A year of one percent": cls(1.01, 365),
            "On a linear axis": cls(1.01, 730, log=False),
            "Overflow": cls(1.1, 950),
            "A quarter at each step": cls(0.25, 60),
            "Underflow, and what cannot go lower": cls(0.9, 990),
        }


def _within(name: str, value: Any, high: int) -> int:
    value = check.count(name, value)
    if value > high:
        raise ValueError(f"{name} must be at most {high}, got {value}")
    return value
