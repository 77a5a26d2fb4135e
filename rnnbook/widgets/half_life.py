"""The forget bias and its half-life: how long the direct path through c keeps half of what it holds."""

from __future__ import annotations

import html
from typing import Any

import numpy as np
from traitlets import Bool, Float, validate

from rnnbook import validation as check
from rnnbook.plots import number
from rnnbook.widgets.base import Widget
from rnnbook.widgets.shares import gate as as_gate
from rnnbook.widgets.shares import share

#: How far the bias can be turned; where the curve ends; the steps at which it is read.
LOW, HIGH, MOST = -3.0, 10.0, 10_000
MARKS = (10, 100, 1_000)


class HalfLife(Widget):
    """Turn the bias of a forget gate and see how long the memory lasts.

    With no other input the gate stands at f = σ(b), and along c alone f^t is left after t steps.

    Parameters
    ----------
    bias : float
        b, from -3 to 10.
    log : bool
        The time axis: logarithmic or linear, up to 10,000 steps.

    Attributes
    ----------
    bias, log
        In sync with the page.

    Raises
    ------
    TypeError, ValueError
        For an argument of the wrong kind or out of range, by name.

    Examples
    --------
    >>> gate = HalfLife(bias=1)
    >>> round(gate.f, 2), round(gate.half_life, 1)
    (0.73, 2.2)
    >>> [f"{gate.left(t):.1e}" for t in (10, 100)]
    ['4.4e-02', '2.5e-14']
    """

    name = "half-life"

    bias = Float(1.0).tag(sync=True)
    log = Bool(True).tag(sync=True)

    def __init__(self, bias: float = 1.0, *, log: bool = True):
        if not isinstance(log, bool):
            raise TypeError(f"log must be True or False, got {log!r}")
        super().__init__(bias=check.number("bias", bias, LOW, HIGH), log=log)

    # The kernel may set it at any time; the page checks its own side.
    @validate("bias")
    def _turned(self, proposal: Any) -> float:
        return check.number("bias", proposal["value"], LOW, HIGH)

    @property
    def rate(self) -> float:
        """-ln f, what goes at each step: log(1 + e^-b) keeps its digits where f is almost 1."""
        return float(np.log1p(np.exp(-self.bias)))

    @property
    def f(self) -> float:
        """σ(b), what the gate keeps at each step."""
        return float(np.exp(-self.rate))

    @property
    def half_life(self) -> float:
        """ln ½ / ln f, the number of steps after which half is left."""
        return float(np.log(2) / self.rate)

    def left(self, t: float) -> float:
        """Compute f^t, what is left after t steps.

        Parameters
        ----------
        t : float
            Number of steps, at least 0.
        """
        return float(np.exp(-check.number("t", t, 0) * self.rate))

    def still(self) -> str:
        return _picture(self)

    @classmethod
    def gallery(cls) -> dict[str, Widget]:
        return {
            "Bias 1": cls(),
            "Bias 5": cls(5.0),
            "Bias 0: half is gone at each step": cls(0.0),
            "Half for a thousand steps, on a linear axis": cls(7.2737, log=False),
        }


def _picture(gate: HalfLife) -> str:
    """Draw the curve on the axis that is chosen, with the half-life and what is left at the marks."""
    left, right, top, bottom = 40, 690, 18, 170

    def x(t: float) -> float:
        along = np.log10(t) / 4 if gate.log else t / MOST
        return left + (right - left) * float(along)

    def y(v: float) -> float:
        return bottom - (bottom - top) * v

    ticks = [10**k for k in range(5)] if gate.log else list(range(0, MOST + 1, 2500))
    times = np.logspace(0, 4, 81) if gate.log else MOST * np.linspace(0, 1, 81) ** 3
    curve = "L".join(f"{x(t):.1f} {y(gate.left(t)):.1f}" for t in times)
    half = _half(gate)
    unit = "step" if half == "1" else "steps"
    out = [f'<path d="M{left} {y(0):.1f}H{right}M{left} {y(0.5):.1f}H{right}M{left} {y(1):.1f}H{right}" class="a"/>']
    for v, text in ((1, "1"), (0.5, "½"), (0, "0")):
        out.append(f'<text x="{left - 8}" y="{y(v) + 4:.1f}" class="e">{text}</text>')
    for t in ticks:
        place = "e" if t == MOST else "q"
        out.append(f'<text x="{x(t):.1f}" y="188" class="{place}">{t:,}</text>')
    out.append(f'<path d="M{curve}" class="f"/>')
    if (1 if gate.log else 0) <= gate.half_life <= MOST:
        at, middle, far = x(gate.half_life), y(0.5), x(gate.half_life) > 480
        # Beside the curve there is room above it at the right, and below it at the left.
        dx, dy, look = (-12, 20, "t e") if far else (12, -8, "t")
        out.append(f'<path d="M{at:.1f} {middle:.1f}V{y(0):.1f}" class="h"/>')
        out.append(f'<circle cx="{at:.1f}" cy="{middle:.1f}" r="5"/>')
        out.append(f'<text x="{at + dx:.1f}" y="{middle + dy:.1f}" class="{look}">half after {half} {unit}</text>')
    kept = ", ".join(f"{share(gate.left(t), -t * gate.rate / np.log(10))} after {t:,}" for t in MARKS)
    title = f"Forget bias {number(gate.bias)}: f = {as_gate(gate.bias, 1)}, half is left after {half} {unit}"
    alt = f"{title}. What is left of 1 along the path through c: {kept} steps."
    style = (
        "<style>.rb-half text{font:13px system-ui,sans-serif;fill:var(--gs-mute,currentColor)}"
        ".rb-half .q{text-anchor:middle}.rb-half .e{text-anchor:end}"
        ".rb-half .t{font-weight:600;fill:var(--gs-f,currentColor)}.rb-half path{fill:none}"
        ".rb-half .a{stroke:var(--gs-line,#999)}.rb-half .f{stroke:var(--gs-f,currentColor);stroke-width:2}"
        ".rb-half .h{stroke:var(--gs-f,currentColor);stroke-dasharray:4 3}"
        ".rb-half circle{fill:var(--gs-paper,#fff);stroke:var(--gs-f,currentColor);stroke-width:2}</style>"
    )
    return (
        f'<figure class="rb-figure rb-half"><svg viewBox="0 0 700 194" role="img" aria-label="{html.escape(alt)}" '
        f'style="width:100%;max-width:720px;height:auto">{style}{"".join(out)}</svg>'
        f"<figcaption>{html.escape(title)}; left are {html.escape(kept)} steps.</figcaption></figure>"
    )


def _half(gate: HalfLife) -> str:
    """The half-life as a number of steps."""
    if gate.half_life >= 99.95:
        return f"{gate.half_life:,.0f}"
    return f"{gate.half_life:.{1 if gate.half_life >= 0.995 else 2}f}".removesuffix(".0")
