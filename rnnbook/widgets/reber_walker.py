"""A walk through Reber's grammar, and what a trained net expects at each step of it."""

from __future__ import annotations

import html
from typing import Any

import numpy as np
from traitlets import Any as AnyTrait
from traitlets import Dict, Int, Unicode, observe, validate

from rnnbook import validation as check
from rnnbook.cells import ElmanCell
from rnnbook.data import ReberGrammar
from rnnbook.data.reber import ARROWS, SYMBOLS
from rnnbook.diagrams import automaton
from rnnbook.functional import softmax
from rnnbook.layers import Dense
from rnnbook.model import Sequential
from rnnbook.plots import number
from rnnbook.recurrent import Recurrent
from rnnbook.widgets.base import Widget

#: Where each place of the grammar is drawn: column, row.
PLACES: dict[int, tuple[int, int]] = {
    0: (0, 1), 1: (1, 1), 2: (2, 0), 3: (2, 2), 4: (4, 0), 5: (4, 2), 6: (5, 1), 7: (6, 1),
}  # fmt: skip
#: Letters that fit below the drawing.
MAX_LETTERS = 40


class ReberWalker(Widget):
    """Walk along the arrows of Reber's grammar, by typing, pressing letters, or by chance.

    With a net, each step also shows its state, the copy of the last one, and how much it expects each next letter,
    beside what the grammar allows.

    Parameters
    ----------
    string : str
        Letters of the grammar, at most 40.  It may leave the grammar: the walk then stops there and says why.
    net : Sequential, optional
        A `Recurrent` of one `ElmanCell` that reads the ids of the seven letters, then a `Dense` layer with seven
        logits.  Its weights are handed to the page with six significant digits: that moves a probability by less than
        1e-4.
    t : int
        How many letters have been read.

    Attributes
    ----------
    string, t
        In sync with the page.
    arrows, places, symbols, net
        The grammar, and the net's weights or None; as plain JSON.  A `Sequential` may be assigned to net.

    Raises
    ------
    TypeError, ValueError
        For a string with other letters, a net of another kind, or a `t` beyond the walk.

    Examples
    --------
    >>> walker = ReberWalker("BTSX", t=4)
    >>> walker.place(), walker.legal()
    (4, 'SX')
    """

    name = "reber-walker"

    string = Unicode("BTSX").tag(sync=True)
    t = Int(0).tag(sync=True)
    symbols = Unicode(SYMBOLS).tag(sync=True)
    arrows = Dict().tag(sync=True)
    places = Dict().tag(sync=True)
    net = AnyTrait(None, allow_none=True).tag(sync=True)

    def __init__(self, string: str = "BTSX", *, net: Sequential | None = None, t: int = 0):
        super().__init__(
            arrows={str(place): [list(arrow) for arrow in ARROWS.get(place, ())] for place in PLACES},
            places={str(place): list(at) for place, at in PLACES.items()},
            net=_weights(net),
            string=_string(string),
        )
        self.t = _within(t, self.string)

    # The kernel may set these at any time; the page checks its own side.
    @validate("string")
    def _typed(self, proposal: Any) -> str:
        return _string(proposal["value"])

    @observe("string")
    def _shorter(self, change: Any) -> None:
        self.t = min(self.t, len(_walk(change["new"])) - 1)

    @validate("t")
    def _read(self, proposal: Any) -> int:
        return _within(proposal["value"], self.string)

    @validate("net")
    def _given(self, proposal: Any) -> dict[str, Any] | None:
        # The page sends back what it was given.
        net = proposal["value"]
        return net if isinstance(net, dict) else _weights(net)

    def place(self) -> int:
        """Say where the walk stands after t letters."""
        return _walk(self.string)[self.t]

    def legal(self) -> str:
        """Say which letters may come next."""
        return _legal(self.place())

    def expected(self) -> np.ndarray | None:
        """Compute the net's probabilities of the seven letters after t letters; None without a net or letters.

        Returns
        -------
        array (7,), or None
        """
        return _expected(self.net, self.string[: self.t])

    def still(self) -> str:
        # Where the walk stands; if it has not begun, where it leads.
        walk = _walk(self.string)
        walk = walk[: self.t + 1] if self.t else walk
        read, here = self.string[: len(walk) - 1], walk[-1]
        after = ", ".join(_legal(here)) or "nothing more"
        drawn = automaton(
            ARROWS,
            PLACES,
            path=read,
            alt=f"Reber's grammar. The walk {', '.join(read) or 'has not begun'} is lit and stands at place {here}. "
            f"Next may come: {after}.",
            caption=f"After {read or 'nothing'}, the walk stands at {here}. Next may come: {after}.",
        )
        # After the last letter nothing is asked of the net.
        if not _legal(here):
            read, here = read[:-1], walk[-2]
        expected = _expected(self.net, read)
        if expected is None:
            return drawn._repr_html_()
        cells = "".join(
            f"<tr><th scope='row'>{symbol}</th><td>{'yes' if symbol in _legal(here) else ''}</td>"
            f"<td>{html.escape(number(p))}</td></tr>"
            for symbol, p in zip(SYMBOLS, expected, strict=True)
        )
        head = (
            f"<caption>After {read}</caption>"
            "<thead><tr><th scope='col'>Next</th><th scope='col'>Legal</th><th scope='col'>Expected</th></tr></thead>"
        )
        return f"{drawn._repr_html_()}<table class='table'>{head}<tbody>{cells}</tbody></table>"

    @classmethod
    def gallery(cls) -> dict[str, Widget]:
        return {
            "On the way": cls("BTSXXTVPSE", t=4),
            "A trained net": cls("BTSSXXTVPSE", t=6, net=_small_net()),
            "A letter that leaves the grammar": cls("BPTTSE", t=4),
        }


def _walk(string: str) -> list[int]:
    """Places of the longest walk that a string begins with."""
    places = [0]
    for symbol in string:
        onward = dict(ARROWS.get(places[-1], ()))
        if symbol not in onward:
            break
        places.append(onward[symbol])
    return places


def _string(string: Any) -> str:
    """`string`, if each of its letters is one of the grammar's."""
    if not isinstance(string, str):
        raise TypeError(f"string must be a text of the letters {SYMBOLS}, got {string!r}")
    if len(string) > MAX_LETTERS or set(string) - set(SYMBOLS):
        raise ValueError(f"string must be at most {MAX_LETTERS} letters of {SYMBOLS}, got {string!r}")
    return string


def _within(t: Any, string: str) -> int:
    """`t`, if the walk goes so far."""
    t, high = check.count("t", t, 0), len(_walk(string)) - 1
    if t > high:
        raise ValueError(f"t must be at most {high}, where the walk along {string!r} ends, got {t}")
    return t


def _legal(place: int) -> str:
    """Letters of the arrows that leave a place, in the order of the grammar's symbols."""
    return "".join(sorted((symbol for symbol, _ in ARROWS.get(place, ())), key=SYMBOLS.index))


def _expected(net: Any, read: str) -> np.ndarray | None:
    """Probabilities of the seven letters after those that were read; None without a net or letters."""
    if net is None or not read:
        return None
    params, activation = net["cell"]["params"], net["cell"]["activation"]
    cell = ElmanCell(7, len(params["U"]), params=params, activation=activation, dtype=np.float64)
    _, state = Recurrent(cell)(np.array([[SYMBOLS.index(letter)] for letter in read]))
    return softmax(state.h[0] @ np.array(net["W"]).T + np.array(net["b"]))


def _weights(net: Any) -> dict[str, Any] | None:
    """The weights of a net that can be walked with, as plain JSON; None without one."""
    if net is None:
        return None
    wanted = "net must be a Sequential of a Recurrent with an ElmanCell (7 inputs) and a linear Dense with 7 outputs"
    layers = list(net.layers.values()) if isinstance(net, Sequential) else []
    if len(layers) != 2 or not isinstance(layers[0], Recurrent) or not isinstance(layers[1], Dense):
        raise TypeError(f"{wanted}, got {net!r}")
    cell, out = layers[0].cell, layers[1]
    sizes = (cell.input_size, out.output_size)
    if type(cell) is not ElmanCell or sizes != (7, 7) or out.config().get("activation") not in (None, "identity"):
        raise ValueError(f"{wanted}, got {net!r}")

    def short(a: np.ndarray) -> Any:
        return np.vectorize(lambda v: float(f"{v:.6g}"))(check.finite("net", np.asarray(a, float))).tolist()

    return {
        "cell": {
            "kind": "ElmanCell",
            "activation": cell.activation,
            "params": {k: short(p) for k, p in cell.params.items()},
        },
        "W": short(out.params["W"]),
        "b": short(out.params["b"]),
    }


def _small_net() -> Sequential:
    """Train a net for the gallery: it knows the grammar fairly well after a few seconds."""
    from rnnbook.losses import softmax_cross_entropy
    from rnnbook.optim import Adam
    from rnnbook.train import Trainer

    rng = np.random.default_rng(0)
    net = Sequential(rnn=Recurrent(ElmanCell(7, 12, rng=rng)), out=Dense(12, 7, rng=rng))
    grammar = ReberGrammar()
    trainer = Trainer(net, softmax_cross_entropy, Adam(0.02), rng=rng, clip_norm=1)
    trainer.fit(lambda rng: grammar.batch(rng, 16), num_updates=250)
    return net
