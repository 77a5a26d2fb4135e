"""Swap two words: what a net that sums its words predicts, and what a net that keeps their places predicts."""

from __future__ import annotations

import html
from collections.abc import Sequence
from typing import Any

import numpy as np
from traitlets import Dict as DictTrait
from traitlets import Int, List, Unicode, validate

from rnnbook import functional
from rnnbook import validation as check
from rnnbook.data.text import Vocabulary
from rnnbook.layers import Dense
from rnnbook.model import Sequential
from rnnbook.widgets.base import Widget

Array = np.ndarray

#: What a drawing can hold: places of the window, words, layers of a net, units of a hidden layer.
MAX_PLACES, MAX_WORDS, MAX_LAYERS, MAX_UNITS = 6, 24, 3, 64

#: Weights are sent rounded to so many decimals: the chapter's two nets make 35 kB, and a probability moves by less
#: than a thousandth.
DECIMALS = 4


class WordSwapper(Widget):
    """Swap words of a window, and see which of two nets notices.

    Both nets predict the next word.  One reads how often each word stands in the window: the *sum* of the one-hot
    rows.  The other reads the rows one after another, so that each place has weights of its own.  The page computes
    what both say, with weights that are rounded to 4 decimals.

    Parameters
    ----------
    vocabulary : Vocabulary or sequence of str
        Up to 24 words.
    words : sequence of str
        The window at the beginning: 2 to 6 words of the vocabulary.
    summing : Sequential of Dense
        From V numbers to V logits.
    windowed : Sequential of Dense
        From n V numbers to V logits, where n is the number of words in the window.
    picked : int
        The place that is picked at the beginning; -1 for none.

    Attributes
    ----------
    vocabulary, summing, windowed, start, window, before, picked
        As plain JSON, in sync with the page.  `window` holds the ids of the words, `start` those of the beginning and
        `before` those of one change ago.

    Raises
    ------
    TypeError, ValueError
        For arguments that do not fit together, by name.

    Examples
    --------
    >>> rng = np.random.default_rng(0)
    >>> sums = Sequential(out=Dense(3, 3, rng=rng))
    >>> places = Sequential(out=Dense(6, 3, rng=rng))
    >>> swapper = WordSwapper(["man", "bites", "dog"], ["dog", "bites"], sums, places)
    >>> summed, placed = swapper.probabilities()
    >>> swapper.window = swapper.window[::-1]
    >>> np.array_equal(swapper.probabilities()[0], summed), np.array_equal(swapper.probabilities()[1], placed)
    (True, False)
    """

    name = "word-swapper"

    vocabulary: List[str] = List(Unicode()).tag(sync=True)
    summing: List[Any] = List(DictTrait()).tag(sync=True)
    windowed: List[Any] = List(DictTrait()).tag(sync=True)
    start: List[Any] = List().tag(sync=True)
    window: List[Any] = List().tag(sync=True)
    before: List[Any] = List().tag(sync=True)
    picked = Int(-1).tag(sync=True)

    def __init__(
        self,
        vocabulary: Vocabulary | Sequence[str],
        words: Sequence[str],
        summing: Sequential,
        windowed: Sequential,
        *,
        picked: int = -1,
    ):
        known = vocabulary if isinstance(vocabulary, Vocabulary) else Vocabulary(vocabulary)
        if not 2 <= len(known) <= MAX_WORDS:
            raise ValueError(f"vocabulary must have 2 to {MAX_WORDS} words, got {len(known)}")
        if isinstance(words, str):
            raise TypeError("words must be a sequence of words, got one string: split it")
        with check.within("words"):
            ids = known.encode(words).tolist()
        if not 2 <= len(ids) <= MAX_PLACES:
            raise ValueError(f"words must be 2 to {MAX_PLACES}, got {len(ids)}")
        V = len(known)
        super().__init__(
            vocabulary=list(known.tokens),
            summing=_layers("summing", summing, V, V),
            windowed=_layers("windowed", windowed, len(ids) * V, V),
            start=ids,
        )
        self.before = ids
        self.window = ids
        self.picked = check.count("picked", picked, -1)

    # The kernel may set these at any time; the page checks its own side.
    @validate("window", "before")
    def _known(self, proposal: Any) -> list[int]:
        name = proposal["trait"].name
        found: list[int] = check.ids(name, proposal["value"], (len(self.start),), len(self.vocabulary)).tolist()
        return found

    @validate("picked")
    def _place(self, proposal: Any) -> int:
        return int(check.number("picked", proposal["value"], -1, len(self.start) - 1))

    @property
    def words(self) -> list[str]:
        """The words of the window."""
        return [self.vocabulary[k] for k in self.window]

    def probabilities(self) -> tuple[Array, Array]:
        """Compute what follows, according to the net that sums and to the net that keeps the places."""
        rows = np.eye(len(self.vocabulary))[self.window]
        return _said(self.summing, rows.sum(axis=0)), _said(self.windowed, rows.ravel())

    def still(self) -> str:
        return _picture(self)

    @classmethod
    def gallery(cls) -> dict[str, Widget]:
        vocabulary, sums, places = _who_runs()
        swapped = cls(vocabulary, ["dog", "chases", "cat", "so"], sums, places)
        swapped.window = [2, 3, 1, 4]
        return {
            "At the beginning": cls(vocabulary, ["dog", "chases", "cat", "so"], sums, places),
            "Dog and cat swapped": swapped,
            "A word is picked": cls(vocabulary, ["cat", "chases", "dog", "so"], sums, places, picked=1),
        }


def _layers(name: str, net: Any, inputs: int, outputs: int) -> list[dict[str, Any]]:
    """Give the layers of a net as plain JSON."""
    if not isinstance(net, Sequential) or not all(type(layer) is Dense for layer in net.layers.values()):
        raise TypeError(f"{name} must be a Sequential of Dense layers, got {net!r}")
    layers = list(net.layers.values())
    if len(layers) > MAX_LAYERS or any(layer.output_size > MAX_UNITS for layer in layers):
        sizes = [layer.output_size for layer in layers]
        raise ValueError(f"{name} must have at most {MAX_LAYERS} layers of at most {MAX_UNITS} units, got {sizes}")
    sizes = [layers[0].input_size, layers[-1].output_size]
    if sizes != [inputs, outputs]:
        raise ValueError(f"{name} must lead from {inputs} numbers to {outputs}, got from {sizes[0]} to {sizes[1]}")
    for key, p in net.params.items():
        check.finite(f"{name}.params[{key!r}]", p)
    return [
        {
            "W": np.round(layer.params["W"].astype(float), DECIMALS).tolist(),
            "b": np.round(layer.params["b"].astype(float), DECIMALS).tolist(),
            "activation": layer.activation,
        }
        for layer in layers
    ]


def _said(layers: list[dict[str, Any]], x: Array) -> Array:
    """Compute the probabilities that one net gives."""
    for layer in layers:
        phi, _ = functional.activation(layer["activation"])
        x = phi(np.array(layer["W"]) @ x + np.array(layer["b"]))
    p: Array = functional.softmax(x)
    return p


def percent(p: float) -> str:
    """A probability as the widget writes it: never 0 % or 100 % where it is neither."""
    return "<1%" if 0 < p < 0.005 else ">99%" if 0.995 <= p < 1 else f"{np.floor(100 * p + 0.5):.0f}%"


def _picture(swapper: WordSwapper) -> str:
    """Draw both nets' bars side by side, a row for each word."""
    tall, top, starts, wide = 20, 52, (96, 420), 220
    tops = [int(p.argmax()) for p in swapper.probabilities()]
    out = [f'<text x="0" y="16" class="k">{html.escape(" ".join(swapper.words))} …</text>']
    for x, title in zip(starts, ("The sum (CBOW)", "The window"), strict=True):
        out.append(f'<text x="{x}" y="40">{title}</text>')
    for k, word in enumerate(swapper.vocabulary):
        y = top + tall * k
        out.append(f'<text x="84" y="{y + 13}" class="e">{html.escape(word)}</text>')
        for x, p, best in zip(starts, swapper.probabilities(), tops, strict=True):
            look = ' class="k"' if k == best else ""
            out.append(f'<rect x="{x}" y="{y + 3}" width="{max(1, wide * p[k]):.1f}" height="11"{look}/>')
            if p[k] >= 0.05:
                out.append(
                    f'<text x="{x + wide * p[k] + 6:.1f}" y="{y + 13}"{look}>{html.escape(percent(p[k]))}</text>'
                )
    said = [
        ", ".join(f"{swapper.vocabulary[k]} {percent(p[k])}" for k in np.argsort(-p, kind="stable")[:3])
        for p in swapper.probabilities()
    ]
    alt = f"After “{' '.join(swapper.words)}”: the sum of the words says {said[0]}; the window says {said[1]}."
    style = (
        "<style>.rb-swap text{font:13px system-ui,sans-serif;fill:var(--gs-mute,currentColor)}"
        ".rb-swap .e{text-anchor:end}.rb-swap .k{font-weight:600;fill:var(--gs-ink,currentColor)}"
        ".rb-swap rect{fill:var(--gs-faint,#888)}.rb-swap rect.k{fill:var(--gs-ink,currentColor)}</style>"
    )
    H = top + tall * len(swapper.vocabulary) + 4
    return (
        f'<figure class="rb-figure rb-swap"><svg viewBox="0 0 700 {H}" role="img" '
        f'aria-label="{html.escape(alt)}" style="width:100%;max-width:720px;height:auto">{style}{"".join(out)}</svg>'
        f"<figcaption>{html.escape(alt)}</figcaption></figure>"
    )


def _who_runs() -> tuple[list[str], Sequential, Sequential]:
    """Two nets, set by hand, for the gallery: after “dog chases cat so” comes the one that was chased."""
    vocabulary = ["fox", "dog", "cat", "chases", "so", "runs"]
    V = len(vocabulary)
    W = np.zeros((V, V))
    for animal in range(3):
        W[animal, animal] = 4
    W[5, 4] = 1
    places = np.zeros((V, 4 * V))
    for animal in range(3):
        places[animal, 2 * V + animal] = 5
    zeros = np.zeros(V)
    return (
        vocabulary,
        Sequential(out=Dense(V, V, params={"W": W, "b": zeros})),
        Sequential(out=Dense(4 * V, V, params={"W": places, "b": zeros})),
    )
