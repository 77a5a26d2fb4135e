"""The learning rate, tried out: loss curves at several rates, and the loss after n updates against the rate."""

from __future__ import annotations

import html
import math
from collections.abc import Mapping, Sequence
from typing import Any

import numpy as np
from traitlets import Bool, Float, Int, List, validate

from rnnbook import validation as check
from rnnbook.widgets.base import Widget
from rnnbook.widgets.decades import plain

#: What a drawing can hold: rates, seeds, points of a curve; a loss beyond MOST is no number to train with.
MAX_RATES, MAX_SEEDS, MAX_POINTS, MOST = 12, 5, 400, 1e12


class RatePanel(Widget):
    """Turn the learning rate and the number of updates, and see which rate is best for the budget.

    The reader sees the loss curve at one rate among those at the others, and beside it the loss after n updates
    against the rate.  The loss after n updates is the mean of the last tenth of the points up to n, and for a rate
    the mean of that over the seeds.

    The verdict on a rate follows one rule.  Let best be the lowest loss after n updates of all rates, and first the
    mean first loss at the rate that has it.  The verdict is

    - ``"diverged"`` if up to n a loss of one of its seeds is nan, inf or beyond 1e12,
    - ``"early"`` if best is not below first: no rate has learned anything yet,
    - ``"good"`` if its loss is at most best + 0.05 (first - best),
    - otherwise ``"small"`` below the best rate, ``"large"`` above it.

    The sentence adds *still falling* to a small rate whose last tenth lies below the tenth before it by more than
    0.01 (first - best), and *jumps* to a large one whose steps from point to point over the second half are on
    average more than twice as large as those at the best rate.

    Parameters
    ----------
    runs : sequence of dict
        ``{"rate": 0.1, "losses": [[...], ...]}``, 1 to 12 rates above 0, one curve for each of 1 to 5 seeds, all of
        the same 2 to 400 points.  From its first nan or inf on a curve counts as diverged.
    rate : float, optional
        One of the rates; the middle one if left out.
    seed : int
        Which of the curves is drawn thick, from 0.
    update : int, optional
        n, a multiple of `every`; the end of the curves if left out.
    every : int
        Updates from one point of a curve to the next: point k is the loss at update k · every.
    log : bool, optional
        Whether the axis of the loss is logarithmic.  Left out, it is where the losses are above 0 and fall below a
        twentieth of the first.

    Attributes
    ----------
    runs, every, log
        They cannot be changed; in `runs` the rates ascend, losses have four digits, and None stands for diverged.
    rate, seed, update
        In sync with the page.

    Raises
    ------
    TypeError, ValueError
        For an argument of the wrong kind or out of range, by name.

    Examples
    --------
    >>> fall = lambda rate: [(1 - rate) ** (2 * k) for k in range(40)]
    >>> panel = RatePanel([{"rate": r, "losses": [fall(r)]} for r in (0.01, 0.3, 1.99, 2.5)], rate=0.01)
    >>> [panel.verdict(r) for r in panel.rates]
    ['small', 'good', 'large', 'diverged']
    >>> panel.best(), round(panel.final(0.01), 2)
    (0.3, 0.47)
    """

    name = "rate-panel"

    runs: List[Any] = List(read_only=True).tag(sync=True)
    every = Int(1, read_only=True).tag(sync=True)
    log = Bool(False, read_only=True).tag(sync=True)
    rate = Float(0.0).tag(sync=True)
    seed = Int(0).tag(sync=True)
    update = Int(1).tag(sync=True)

    def __init__(
        self,
        runs: Sequence[Mapping[str, Any]],
        *,
        rate: float | None = None,
        seed: int = 0,
        update: int | None = None,
        every: int = 1,
        log: bool | None = None,
    ):
        own = _runs(runs)
        every = check.count("every", every)
        if every > 1_000_000:
            raise ValueError(f"every must be at most 1000000, got {every}")
        if log is not None and not isinstance(log, bool):
            raise TypeError(f"log must be True, False or None, got {log!r}")
        losses = [v for run in own for curve in run["losses"] for v in curve if v is not None]
        if not losses:
            raise ValueError("runs must hold finite losses, got none")
        if log and min(losses) <= 0:
            raise ValueError(f"log needs losses above 0, got {min(losses):g}")
        if log is None:
            log = 0 < min(losses) < start(own) / 20
        super().__init__()
        self.set_trait("runs", own)
        self.set_trait("every", every)
        self.set_trait("log", log)
        self.rate = self.rates[(len(own) - 1) // 2] if rate is None else check.number("rate", rate, 0, above=True)
        self.seed = check.count("seed", seed, 0)
        self.update = self.points * every if update is None else check.count("update", update)

    # The kernel may set these at any time; the page checks its own side.
    @validate("rate")
    def _known(self, proposal: Any) -> float:
        rate = check.number("rate", proposal["value"])
        if self.runs and rate not in self.rates:
            raise ValueError(f"rate must be one of {', '.join(f'{r:g}' for r in self.rates)}, got {rate:g}")
        return rate

    @validate("seed")
    def _one_seed(self, proposal: Any) -> int:
        return int(check.number("seed", check.count("seed", proposal["value"], 0), 0, self.seeds - 1))

    @validate("update")
    def _reached(self, proposal: Any) -> int:
        update = check.count("update", proposal["value"])
        check.number("update", update, self.every, self.points * self.every)
        if update % self.every:
            raise ValueError(f"update must be a multiple of every, {self.every}, got {update}")
        return update

    @property
    def rates(self) -> list[float]:
        """The rates, ascending."""
        return [run["rate"] for run in self.runs]

    @property
    def seeds(self) -> int:
        """How many curves there are for each rate."""
        return len(self.runs[0]["losses"])

    @property
    def points(self) -> int:
        """How many points each curve has."""
        return len(self.runs[0]["losses"][0])

    def final(self, rate: float | None = None, update: int | None = None) -> float | None:
        """Compute the loss after `update` updates: the mean of the last tenth, and that over the seeds.

        Parameters
        ----------
        rate : float, optional
            One of the rates; the one that is shown if left out.
        update : int, optional
            The one that is shown if left out.

        Returns
        -------
        float or None
            None if a seed has diverged.
        """
        return final(self.runs[self._place(rate)], self._upto(update))

    def best(self, update: int | None = None) -> float | None:
        """Find the rate with the lowest loss after `update` updates, None if all have diverged."""
        place = best(self.runs, self._upto(update))
        return None if place is None else self.rates[place]

    def verdict(self, rate: float | None = None, update: int | None = None) -> str:
        """Say what the rate is for a budget of `update` updates, by the rule above."""
        return verdict(self.runs, self._place(rate), self._upto(update))

    def _place(self, rate: float | None) -> int:
        rate = self.rate if rate is None else check.number("rate", rate)
        if rate not in self.rates:
            raise ValueError(f"rate must be one of {', '.join(f'{r:g}' for r in self.rates)}, got {rate:g}")
        return self.rates.index(rate)

    def _upto(self, update: int | None) -> int:
        if update is None:
            return self.update // self.every
        update = check.count("update", update, self.every)
        return int(check.number("update", update, self.every, self.points * self.every)) // self.every

    def still(self) -> str:
        return _picture(self)

    @classmethod
    def gallery(cls) -> dict[str, Widget]:
        runs = example()
        return {
            "A good rate": cls(runs, rate=0.3),
            "Forty updates: a larger rate is ahead": cls(runs, rate=0.03, update=40),
            "Too large, a linear axis": cls(runs, rate=1.9, seed=1, log=False),
            "Diverged": cls(runs, rate=3.0, update=120),
            "One seed, a logarithmic axis": cls(example(seeds=1, noise=0.002), rate=0.01, log=True),
            "Every fifth loss": cls(example(every=5), rate=0.1, update=400, every=5),
        }


# --- the rule -----------------------------------------------------------------------------------------------------


def final(run: Mapping[str, Any], p: int) -> float | None:
    """The mean of the last tenth of the first `p` points, over the seeds; None if a seed has diverged."""
    return _mean(run, p - max(1, p // 10), p)


def best(runs: Sequence[Mapping[str, Any]], p: int) -> int | None:
    """The place of the run with the lowest `final`; the first of equal ones, None if all have diverged."""
    finals = [(v, k) for k, run in enumerate(runs) if (v := final(run, p)) is not None]
    return min(finals)[1] if finals else None


def verdict(runs: Sequence[Mapping[str, Any]], k: int, p: int) -> str:
    """The verdict on run `k` after `p` points; see `RatePanel`."""
    place, own = best(runs, p), final(runs[k], p)
    if place is None or own is None:
        return "diverged"
    lowest, first = final(runs[place], p), _mean(runs[place], 0, 1)
    assert lowest is not None and first is not None
    if lowest >= first:
        return "early"
    if own <= lowest + 0.05 * (first - lowest):
        return "good"
    return "small" if k < place else "large"


def start(runs: Sequence[Mapping[str, Any]]) -> float:
    """The mean of all first losses."""
    firsts = [curve[0] for run in runs for curve in run["losses"] if curve[0] is not None]
    return sum(firsts) / len(firsts)


def _mean(run: Mapping[str, Any], low: int, high: int) -> float | None:
    curves = run["losses"]
    # None stays: what has diverged has, up to its end.
    if any(curve[high - 1] is None for curve in curves):
        return None
    return sum(sum(curve[low:high]) / (high - low) for curve in curves) / len(curves)


# --- arguments ----------------------------------------------------------------------------------------------------


def _runs(runs: Any) -> list[dict[str, Any]]:
    if isinstance(runs, str | Mapping) or not isinstance(runs, Sequence):
        raise TypeError(f"runs must be a list of dicts with rate and losses, got {type(runs).__name__}")
    if not 1 <= len(runs) <= MAX_RATES:
        raise ValueError(f"runs must hold 1 to {MAX_RATES} rates, got {len(runs)}")
    own: list[dict[str, Any]] = []
    shape: tuple[int, ...] | None = None
    for k, run in enumerate(runs):
        if not isinstance(run, Mapping):
            raise TypeError(f"runs[{k}] must be a dict with rate and losses, got {type(run).__name__}")
        if run.keys() != {"rate", "losses"}:
            raise ValueError(f"runs[{k}] must hold rate and losses, got {', '.join(map(str, run)) or 'nothing'}")
        rate = check.number(f"runs[{k}]['rate']", run["rate"], 0, above=True)
        name = f"runs[{k}]['losses']"
        losses = check.array(name, run["losses"])
        if losses.dtype.kind not in "fiu":
            raise TypeError(f"{name} must hold real numbers, got dtype {losses.dtype}")
        check.shape(name, losses, ("seeds", "points"))
        if shape is None:
            if losses.shape[0] > MAX_SEEDS or not 2 <= losses.shape[1] <= MAX_POINTS:
                raise ValueError(
                    f"{name} must hold 1 to {MAX_SEEDS} curves of 2 to {MAX_POINTS} points, got {losses.shape}"
                )
            shape = losses.shape
        check.shape(name, losses, shape)
        own.append({"rate": rate, "losses": [_curve(curve) for curve in losses.astype(float)]})
    rates = [run["rate"] for run in own]
    if len(set(rates)) < len(rates):
        raise ValueError(f"runs must have a rate each of their own, got {', '.join(f'{r:g}' for r in rates)}")
    return sorted(own, key=lambda run: run["rate"])


def _curve(losses: np.ndarray) -> list[float | None]:
    """Four digits are more than a drawing shows; from the first loss that is none on, there is none."""
    out = (~np.isfinite(losses)) | (np.abs(losses) > MOST)
    end = int(np.argmax(out)) if out.any() else len(losses)
    return [float(f"{v:.4g}") for v in losses[:end]] + [None] * (len(losses) - end)


def example(seeds: int = 3, noise: float = 0.05, every: int = 1) -> list[dict[str, Any]]:
    """Curves to look at: a noisy bowl of 12 directions, long in some and narrow in others."""
    curve, runs = np.logspace(0, -3, 12), []
    for rate in (0.003, 0.01, 0.03, 0.1, 0.3, 1.0, 1.9, 3.0):
        losses = []
        for seed in range(seeds):
            rng = np.random.default_rng(seed)
            w, seen = 0.8 + 0.4 * rng.random(12), []
            with np.errstate(over="ignore", invalid="ignore"):
                for _ in range(200 * every):
                    seen.append(float(curve @ w**2 / curve.sum() + 0.02 + noise * rng.random() * 0.4))
                    w = w - rate * (curve * w + noise * 3 * np.sqrt(curve) * rng.standard_normal(12))
            losses.append(seen[::every])
        runs.append({"rate": rate, "losses": losses})
    return runs


# --- the picture without scripts ----------------------------------------------------------------------------------


def bounds(runs: Sequence[Mapping[str, Any]], log: bool) -> tuple[float, float]:
    """The ends of the loss axis: from below the lowest loss to above the first one.  Higher ones leave the drawing."""
    lowest = min(v for run in runs for curve in run["losses"] for v in curve if v is not None)
    first = start(runs)
    if log:
        room = max(first / lowest, 2.0)
        return lowest / room**0.06, first * room**0.08
    room = max(first - lowest, 0.05 * abs(first), 1e-9)
    return (0.0 if 0 <= lowest < 0.5 * first else lowest - 0.08 * room), first + 0.12 * room


_TOLD = {
    "diverged": "diverged",
    "early": "no rate has learned anything yet",
    "good": "good",
    "small": "too small",
    "large": "too large",
}


def _picture(panel: RatePanel) -> str:
    """Draw the curve at the rate, and the loss after n updates against the rate."""
    runs, k, p = panel.runs, panel.rates.index(panel.rate), panel.update // panel.every
    low, high = bounds(runs, panel.log)
    top, bottom = 34, 190

    def y(v: float) -> float:
        share = math.log(v / low) / math.log(high / low) if panel.log else (v - low) / (high - low)
        return bottom - (bottom - top) * min(share, 1.0)

    def x(j: int) -> float:
        return 44 + 336 * j / (panel.points - 1)

    logs = [math.log(r) for r in panel.rates]

    def at(j: int) -> float:
        return 452 + 226 * ((logs[j] - logs[0]) / (logs[-1] - logs[0]) if len(logs) > 1 else 0.5)

    def line(points: list[tuple[float, float]], look: str) -> str:
        return f'<path d="M{"L".join(f"{a:.1f} {b:.1f}" for a, b in points)}" class="{look}"/>' if points else ""

    finals = [final(run, p) for run in runs]
    n, rate = f"{panel.update:,}", plain(panel.rate)
    every = max(1, p // 80)
    out = [f'<path d="M44 {bottom}H380M452 {bottom}H678" class="a"/>']
    for curve in runs[k]["losses"]:
        seen = [(x(j), y(v)) for j, v in enumerate(curve[:p]) if v is not None and (j % every == 0 or j == p - 1)]
        out.append(line(seen, "c" if curve is runs[k]["losses"][panel.seed] else "o"))
    out.append(line([(at(j), y(v)) for j, v in enumerate(finals) if v is not None], "c"))
    for j, v in enumerate(finals):
        if v is None:
            out.append(f'<text x="{at(j):.1f}" y="{top - 2}" class="q">×</text>')
        else:
            own = ' class="d"' if j == k else ""
            out.append(f'<circle cx="{at(j):.1f}" cy="{y(v):.1f}" r="{6 if j == k else 3}"{own}/>')
        # Rates that stand close together leave no room for all of their names.
        if j in (0, len(runs) - 1) or (len(runs) <= 6 and at(j) - at(0) > 40 and at(len(runs) - 1) - at(j) > 40):
            out.append(f'<text x="{at(j):.1f}" y="{bottom + 18}" class="q">{plain(panel.rates[j])}</text>')
    for end in (low, high):
        out.append(f'<text x="38" y="{y(end) + 4:.1f}" class="e">{plain(end)}</text>')
    out.append(f'<text x="44" y="{bottom + 18}">1</text>')
    out.append(f'<text x="380" y="{bottom + 18}" class="e">{panel.points * panel.every:,} updates</text>')
    out.append(f'<text x="0" y="14">loss at rate {rate}</text><text x="452" y="14">loss after {n} updates</text>')
    told = _TOLD[panel.verdict()]
    level, place = finals[k], panel.best()
    value = "" if level is None else f" the loss is {plain(level)}"
    caption = f"Learning rate {rate} after {n} updates:{value + ',' if value else ''} {told}."
    if place is not None:
        caption += f" The best rate for so many updates is {plain(place)}."
    table = ", ".join(
        f"{plain(r)}: {'diverged' if v is None else plain(v)}" for r, v in zip(panel.rates, finals, strict=True)
    )
    alt = f"{caption} Loss by rate: {table}."
    style = (
        "<style>.rb-rates text{font:13px system-ui,sans-serif;fill:var(--gs-mute,currentColor)}"
        ".rb-rates .q{text-anchor:middle}.rb-rates .e{text-anchor:end}.rb-rates path{fill:none}"
        ".rb-rates .a{stroke:var(--gs-faint,#888)}.rb-rates .o{stroke:var(--gs-faint,#888)}"
        ".rb-rates .c{stroke:var(--gs-ink,currentColor);stroke-width:2}"
        ".rb-rates circle{fill:var(--gs-paper,#fff);stroke:var(--gs-ink,currentColor);stroke-width:2}"
        ".rb-rates .d{fill:var(--gs-ink,currentColor)}</style>"
    )
    return (
        f'<figure class="rb-figure rb-rates"><svg viewBox="0 0 700 212" role="img" aria-label="{html.escape(alt)}" '
        f'style="width:100%;max-width:720px;height:auto">{style}{"".join(out)}</svg>'
        f"<figcaption>{html.escape(caption)}</figcaption></figure>"
    )
