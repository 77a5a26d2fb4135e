"""Early stopping: the best validation loss so far, a counter that runs out, and the weights that come back."""

from __future__ import annotations

import html
from collections.abc import Sequence
from typing import Any, NamedTuple

import numpy as np
from traitlets import Float, Int, List, validate

from rnnbook import validation as check
from rnnbook.widgets.base import Widget

#: What a drawing can hold: epochs, the patience, and losses up to MOST.
MAX_EPOCHS, MAX_PATIENCE, MOST = 200, 50, 1e12


class Watch(NamedTuple):
    """What early stopping notes down, epoch by epoch up to the stop.

    Attributes
    ----------
    counters : list of int
        After each epoch, how many have passed since the last new best.
    bests : list of int
        After each epoch, the best one so far; epochs count from 1.
    stopped : bool
        Whether the patience ran out; otherwise the epochs did.
    """

    counters: list[int]
    bests: list[int]
    stopped: bool


class StoppingPanel(Widget):
    """Train epoch by epoch, with early stopping watching the validation loss.

    The rule is that of `rnnbook.train.Trainer`, one validation in each epoch, with a least gain besides: see
    `watch`.  The weights of the best epoch come back at the end.

    Parameters
    ----------
    train, validation : sequence of float
        The two losses after each epoch, 2 to 200 of them.
    patience : int
        How many epochs without a new best it takes to stop, 1 to 50.
    min_gain : float
        By how much a new best must lie below the old one, at least 0.
    epoch : int
        Where the reader stands at the beginning, from 1.  Past the stop there is nothing: the stop is shown.
    test : sequence of float, optional
        The test loss after each epoch, to see at the end what the choice was worth.

    Attributes
    ----------
    train, validation, test : list
        They cannot be changed; `test` is empty where it was left out.
    patience, min_gain, epoch
        In sync with the page.

    Raises
    ------
    TypeError, ValueError
        For an argument of the wrong kind or out of range, by name.

    Examples
    --------
    >>> validation = [0.9, 0.7, 0.5, 0.6, 0.55, 0.52, 0.4, 0.6]
    >>> panel = StoppingPanel([0.9] * 8, validation, patience=3)
    >>> panel.stop()
    (6, 3)
    >>> panel.patience = 4
    >>> panel.stop(), panel.counters()
    ((8, 7), [0, 0, 0, 1, 2, 3, 0, 1])
    """

    name = "stopping-panel"

    train: List[float] = List(Float(), read_only=True).tag(sync=True)
    validation: List[float] = List(Float(), read_only=True).tag(sync=True)
    test: List[float] = List(Float(), read_only=True).tag(sync=True)
    patience = Int(5).tag(sync=True)
    min_gain = Float(0.0).tag(sync=True)
    epoch = Int(1).tag(sync=True)

    def __init__(
        self,
        train: Sequence[float],
        validation: Sequence[float],
        *,
        patience: int = 5,
        min_gain: float = 0.0,
        epoch: int = 1,
        test: Sequence[float] | None = None,
    ):
        own = {"validation": _curve("validation", validation)}
        own["train"] = _curve("train", train, len(own["validation"]))
        own["test"] = [] if test is None else _curve("test", test, len(own["validation"]))
        super().__init__()
        for name, curve in own.items():
            self.set_trait(name, curve)
        self.patience = check.count("patience", patience)
        self.min_gain = check.number("min_gain", min_gain, 0, MOST)
        self.epoch = check.count("epoch", epoch)

    # The kernel may set these at any time; the page checks its own side.
    @validate("patience")
    def _patient(self, proposal: Any) -> int:
        return int(check.number("patience", check.count("patience", proposal["value"]), 1, MAX_PATIENCE))

    @validate("min_gain")
    def _gained(self, proposal: Any) -> float:
        return check.number("min_gain", proposal["value"], 0, MOST)

    @validate("epoch")
    def _reached(self, proposal: Any) -> int:
        return int(check.number("epoch", check.count("epoch", proposal["value"]), 1, len(self.validation)))

    def watch(self) -> Watch:
        """Go through the epochs up to the stop: see `watch` of this module."""
        return watch(self.validation, self.patience, self.min_gain)

    def stop(self) -> tuple[int, int]:
        """Find the last epoch that runs, and the one whose weights come back.

        Returns
        -------
        stop_epoch, best_epoch : int
            Both count from 1.  Without a stop the first is the number of epochs.
        """
        seen = self.watch()
        return len(seen.bests), seen.bests[-1]

    def counters(self) -> list[int]:
        """The counter after each epoch up to the stop."""
        return self.watch().counters

    def still(self) -> str:
        return _picture(self)

    @classmethod
    def gallery(cls) -> dict[str, Widget]:
        train, validation, test = example()

        def stopped(**options: Any) -> StoppingPanel:
            panel = cls(train, validation, test=test, **options)
            panel.epoch = panel.stop()[0]
            return panel

        short = cls([0.9, 0.6, 0.4, 0.3, 0.25], [0.95, 0.7, 0.6, 0.55, 0.52], patience=2)
        short.epoch = 5
        return {
            "Three epochs without a new best": cls(train, validation, test=test, epoch=16),
            "Stopped": stopped(),
            "Too impatient": stopped(patience=2),
            "A least gain": stopped(min_gain=0.03),
            "The patience never runs out": stopped(patience=40),
            "Still falling at the end, without a test": short,
        }


def watch(validation: Sequence[float], patience: int, min_gain: float = 0.0) -> Watch:
    """Watch the validation loss as `rnnbook.train.Trainer` does.

    A loss below the best one by more than `min_gain` is the new best, and the counter goes back to 0; any other makes
    it one more.  Training stops when the counter reaches `patience`.

    Parameters
    ----------
    validation : sequence of float
        The loss after each epoch.
    patience : int
    min_gain : float

    Returns
    -------
    Watch

    Examples
    --------
    >>> watch([3.0, 2.0, 2.0, 1.9, 1.0], patience=2, min_gain=0.5)
    Watch(counters=[0, 0, 1, 2], bests=[1, 2, 2, 2], stopped=True)
    """
    counters: list[int] = []
    bests: list[int] = []
    best, place, counter = np.inf, 0, 0
    for epoch, loss in enumerate(validation, 1):
        if loss < best - min_gain:
            best, place, counter = loss, epoch, 0
        else:
            counter += 1
        counters.append(counter)
        bests.append(place)
        if counter >= patience:
            return Watch(counters, bests, True)
    return Watch(counters, bests, False)


def _curve(name: str, given: Any, length: int | None = None) -> list[float]:
    curve = check.array(name, given)
    if curve.dtype.kind not in "fiu":
        raise TypeError(f"{name} must hold real numbers, got dtype {curve.dtype}")
    check.shape(name, curve, ("epochs" if length is None else length,))
    if not 2 <= len(curve) <= MAX_EPOCHS:
        raise ValueError(f"{name} must hold 2 to {MAX_EPOCHS} epochs, got {len(curve)}")
    curve = check.finite(name, curve.astype(float))
    if np.abs(curve).max() > MOST:
        raise ValueError(f"{name} must lie between -{MOST:g} and {MOST:g}, got {curve[np.abs(curve).argmax()]:g}")
    return [float(v) for v in curve]


def example() -> tuple[list[float], list[float], list[float]]:
    """Curves of a net that learns by heart after a while: training, validation, test."""
    rng, k = np.random.default_rng(4), np.arange(40)
    train = 0.08 + 0.95 * np.exp(-k / 9)
    held = 0.34 + 0.65 * np.exp(-k / 5) + 0.008 * np.maximum(k - 12, 0)
    curves = train + 0.008 * rng.standard_normal(40), *(held + 0.016 * rng.standard_normal((2, 40)) + [[0], [0.025]])
    return tuple([float(f"{v:.4f}") for v in curve] for curve in curves)  # type: ignore[return-value]


# --- the picture without scripts ----------------------------------------------------------------------------------


def ends(panel: StoppingPanel) -> tuple[float, float]:
    """The ends of the loss axis; a few losses of the first epochs may lie above it."""
    values = sorted(panel.train + panel.validation + panel.test)
    low, high = values[0], values[int(0.97 * (len(values) - 1))]
    room = max(high - low, 0.02 * abs(high), 1e-9)
    return low - 0.06 * room, high + 0.06 * room


def four(value: float) -> str:
    """Write a loss with four digits."""
    return f"{value:.4g}".replace("-", "\N{MINUS SIGN}")


def _picture(panel: StoppingPanel) -> str:
    """Draw the losses up to where the reader stands; at the stop, dotted, those of the epochs that are not run."""
    seen, E = panel.watch(), len(panel.validation)
    stop, now = len(seen.bests), min(panel.epoch, len(seen.bests))
    best, counter = seen.bests[now - 1], seen.counters[now - 1]
    low, high = ends(panel)

    def x(epoch: float) -> float:
        return 44 + 556 * (epoch - 1) / (E - 1)

    def y(loss: float) -> float:
        return 190 - 170 * min(1.0, (loss - low) / (high - low))

    def line(curve: list[float], first: int, last: int, look: str) -> str:
        points = [f"{x(e):.1f} {y(curve[e - 1]):.1f}" for e in range(first, last + 1)]
        return f'<path d="M{"L".join(points)}" class="{look}"/>' if len(points) > 1 else ""

    out = ['<path d="M44 190H600" class="a"/>']
    heights: list[float] = []
    named = [("training", panel.train, "r"), ("validation", panel.validation, "v"), ("test", panel.test, "t")]
    for name, curve, look in sorted((n for n in named if n[1]), key=lambda n: y(n[1][now - 1])):
        out.append(line(curve, 1, now, look))
        if now == stop:
            out.append(line(curve, now, E, "l"))
        end = max([y(curve[(E if now == stop else now) - 1]) + 4, *(h + 16 for h in heights[-1:])])
        heights.append(end)
        out.append(f'<text x="{(600 if now == stop else x(now)) + 8:.1f}" y="{end:.1f}">{name}</text>')
    if now == stop and stop < E:
        out.append(f'<path d="M{x(stop):.1f} 20V190" class="s"/>')
    out.append(f'<circle cx="{x(best):.1f}" cy="{y(panel.validation[best - 1]):.1f}" r="6"/>')
    for v in (low, high):
        out.append(f'<text x="38" y="{y(v) + 4:.1f}" class="e">{four(v)}</text>')
    out.append(f'<text x="44" y="208">1</text><text x="600" y="208" class="e">{E} epochs</text>')
    loss = four(panel.validation[best - 1])
    if now < stop:
        caption = f"After epoch {now} the best validation loss is {loss}, of epoch {best}; the counter is at {counter}"
        caption += f" of {panel.patience}."
    else:
        how = "stops" if seen.stopped else "ends"
        caption = f"With patience {panel.patience} training {how} after epoch {stop} of {E}, and the weights of epoch"
        caption += f" {best} come back: validation loss {loss}."
        whole = int(np.argmin(panel.validation)) + 1
        if panel.validation[whole - 1] < panel.validation[best - 1]:
            caption += f" The lowest of all epochs is {four(panel.validation[whole - 1])}, at epoch {whole}."
        if panel.test:
            caption += f" The test loss is {four(panel.test[best - 1])}."
    style = (
        "<style>.rb-stop text{font:13px system-ui,sans-serif;fill:var(--gs-mute,currentColor)}"
        ".rb-stop .e{text-anchor:end}.rb-stop path{fill:none;stroke:var(--gs-mute,currentColor)}"
        ".rb-stop .a{stroke:var(--gs-faint,#888)}.rb-stop .v{stroke:var(--gs-ink,currentColor);stroke-width:2.5}"
        ".rb-stop .t{stroke-dasharray:6 4}.rb-stop .l{stroke:var(--gs-faint,#888);stroke-dasharray:2 4}"
        ".rb-stop .s{stroke:var(--gs-ink,currentColor)}.rb-stop circle{fill:var(--gs-ink,currentColor)}</style>"
    )
    alt = f"Losses over the epochs. {caption}"
    return (
        f'<figure class="rb-figure rb-stop"><svg viewBox="0 0 700 214" role="img" aria-label="{html.escape(alt)}" '
        f'style="width:100%;max-width:720px;height:auto">{style}{"".join(out)}</svg>'
        f"<figcaption>{html.escape(caption)}</figcaption></figure>"
    )
