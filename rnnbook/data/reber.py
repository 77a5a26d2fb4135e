"""Reber's grammar: strings whose next symbol depends on where one is, and, embedded, on how one began."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np

from rnnbook import validation as check
from rnnbook.data.batch import Batch, pad

Array = np.ndarray
#: Ids of the letters of Reber's grammar; B begins a string and E ends it.
SYMBOLS = "BTSXPVE"

# node → the arrows that leave it: (symbol, next node).  From node 6 the string ends.
ARROWS: dict[int, tuple[tuple[str, int], ...]] = {
    0: (("B", 1),),
    1: (("T", 2), ("P", 3)),
    2: (("S", 2), ("X", 4)),
    3: (("T", 3), ("V", 5)),
    4: (("X", 3), ("S", 6)),
    5: (("P", 4), ("V", 6)),
    6: (("E", 7),),
}
END = 7


class ReberGrammar:
    """Strings of Reber's grammar, as Cleeremans et al. gave them to a network :cite:p:`Cleeremans1989`.

    Parameters
    ----------
    embedded : bool
        Put each string between B and E with a T or a P on both sides, the same on both
        :cite:p:`Hochreiter1997`.  The last symbol but one then depends on the second, however long the string.
    loop_probability : float
        Of taking a node's loop (S at node 2, T at node 3) rather than leaving it.  One half in the papers; more gives
        longer strings.

    Notes
    -----
    At each step but the last two there are at most two legal symbols.  A predictor that knows the grammar cannot tell
    which of them comes: with fair choices it pays ln 2 at each fork and nothing elsewhere.

    Examples
    --------
    >>> grammar = ReberGrammar()
    >>> string = grammar.string(np.random.default_rng(1))
    >>> string[0], string[-1], grammar.is_legal(string), grammar.is_legal("BTXE")
    ('B', 'E', True, False)
    """

    def __init__(self, *, embedded: bool = False, loop_probability: float = 0.5):
        if not isinstance(embedded, bool):
            raise TypeError(f"embedded must be True or False, got {embedded!r}")
        self.embedded = embedded
        self.loop_probability = check.number("loop_probability", loop_probability, 0, 1)
        if self.loop_probability == 1:
            raise ValueError("loop_probability must be below 1, or no string ends, got 1")

    def string(self, rng: np.random.Generator) -> str:
        """One string."""
        check.generator("rng", rng)
        symbols, node = "", 0
        while node != END:
            arrows = ARROWS[node]
            take = 0
            if len(arrows) > 1:
                loop = arrows[0][1] == node
                take = int(rng.random() >= (self.loop_probability if loop else 0.5))
            symbol, node = arrows[take]
            symbols += symbol
        if self.embedded:
            side = "TP"[int(rng.integers(2))]
            symbols = f"B{side}{symbols}{side}E"
        return symbols

    def legal(self, string: str) -> list[str]:
        """What may come after each symbol of a string: one set of symbols, in the order of `SYMBOLS`, for each.

        Raises
        ------
        ValueError
            If the string leaves the grammar; it names the place.

        Examples
        --------
        >>> ReberGrammar().legal("BTX")
        ['TP', 'SX', 'SX']
        """
        places: list[tuple[str, int]] = [("start", 0)] if self.embedded else [("inside", 0)]
        side, after = "", []
        for k, symbol in enumerate(string):
            moves = self._moves(*places[-1], side)
            if symbol not in moves:
                raise ValueError(f"string leaves the grammar at {k}: {symbol!r} is not one of {', '.join(moves)}")
            if places[-1] == ("side", 0):
                side = symbol
            places.append(moves[symbol])
            after.append("".join(sorted(self._moves(*places[-1], side), key=SYMBOLS.index)))
        return after

    def is_legal(self, string: str) -> bool:
        """Whether it is a whole string of the grammar."""
        try:
            return bool(string) and self.legal(string)[-1] == ""
        except ValueError:
            return False

    def _moves(self, part: str, node: int, side: str) -> dict[str, tuple[str, int]]:
        """Symbols that may come at a place, and the place to which each leads."""
        if part == "start":
            return {"B": ("side", 0)}
        if part == "side":
            return {"T": ("inside", 0), "P": ("inside", 0)}
        if part == "inside" and node != END:
            return {symbol: ("inside", target) for symbol, target in ARROWS[node]}
        if part == "inside" and self.embedded:
            return {side: ("close", 0)}
        return {"E": ("end", 0)} if part == "close" else {}

    def batch(self, rng: np.random.Generator, batch_size: int) -> Batch:
        """Strings to predict: ids of all symbols but the last, ids of all but the first, lengths.

        Chance is ln 7 nats a symbol.
        """
        strings = [self.string(rng) for _ in range(check.count("batch_size", batch_size))]
        return self.encode(strings)

    def encode(self, strings: Sequence[str]) -> Batch:
        """The batch of given strings; `SYMBOLS` says which id is which symbol."""
        for string in strings:
            self.legal(string)
            if len(string) < 2:
                raise ValueError(
                    f"strings must have two symbols or more, one to read and one to predict, got {string!r}"
                )
        ids, lengths = pad([[SYMBOLS.index(symbol) for symbol in string] for string in strings])
        return Batch(ids[:-1], ids[1:], lengths=lengths - 1)

    def stream(self, rng: np.random.Generator, *, num_steps: int, batch_size: int = 16) -> tuple[Batch, Array]:
        """Strings end to end, and nothing that says where one ends: the continual task of :cite:t:`Gers2000`.

        A net reads it with carried state and must find the beginnings by itself. Chance is ln 7 nats a symbol.

        Parameters
        ----------
        rng : numpy.random.Generator
        num_steps : int
            How many symbols of each stream are read.
        batch_size : int
            How many streams run side by side; each starts with a string of its own.

        Returns
        -------
        batch : Batch
            Ids (num_steps, batch_size) of `SYMBOLS`, and the ids that follow them. No mask: every symbol counts.
        legal : bool array (num_steps, batch_size, 7)
            What may come next. After the last E of a string only its successor's B.

        Examples
        --------
        >>> batch, legal = ReberGrammar().stream(np.random.default_rng(0), num_steps=12, batch_size=1)
        >>> "".join(SYMBOLS[i] for i in batch.inputs[:, 0])
        'BTSSXSEBPVVE'
        """
        check.generator("rng", rng)
        T, B = check.count("num_steps", num_steps), check.count("batch_size", batch_size)
        symbols, chances, targets = self._table()
        place, ids = np.zeros(B, int), np.empty((T + 1, B), int)
        legal = np.zeros((T + 1, B, len(SYMBOLS)), bool)
        every = np.arange(B)
        for t in range(T + 1):
            for arrow in (0, 1):
                legal[t, every, symbols[place, arrow]] = True
            taken = (rng.random(B) >= chances[place]).astype(int)
            ids[t], place = symbols[place, taken], targets[place, taken]
        return Batch(ids[:-1], ids[1:]), legal[1:]

    def _table(self) -> tuple[Array, Array, Array]:
        """The grammar as a ring: for each place the ids of its two arrows, the first one's chance, where each leads.

        A place with one arrow has it twice. Whoever arrives at the end is at the start again.
        """
        start = ("start", 0, "") if self.embedded else ("inside", 0, "")
        places, rows = [start], []
        for part, node, side in places:
            moves = []
            for symbol, to in self._moves(part, node, side).items():
                place = (*to, symbol if part == "side" else side)
                if not self._moves(*place):
                    place = start
                if place not in places:
                    places.append(place)
                moves.append((SYMBOLS.index(symbol), places.index(place)))
            loop = len(moves) == 2 and places[moves[0][1]] == (part, node, side)
            rows.append((moves[0], moves[-1], self.loop_probability if loop else 0.5))
        first, second, chances = zip(*rows, strict=True)
        symbols, targets = np.array([first, second]).transpose(2, 1, 0)
        return symbols, np.array(chances), targets

    def legal_mask(self, batch: Batch) -> Array:
        """What may come at each step of a batch: bool (T, B, 7), False throughout the padding."""
        T, B = batch.inputs.shape
        legal = np.zeros((T, B, len(SYMBOLS)), bool)
        lengths = np.full(B, T) if batch.lengths is None else batch.lengths
        for k in range(B):
            string = "".join(SYMBOLS[i] for i in batch.inputs[: lengths[k], k])
            for t, after in enumerate(self.legal(string)):
                legal[t, k, [SYMBOLS.index(symbol) for symbol in after]] = True
        return legal
