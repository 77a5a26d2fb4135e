"""Small cells set by hand, to step through: each does one thing, and its weights are few enough to read."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

import numpy as np

from rnnbook.cells import CELLS, Cell

Array = np.ndarray


@dataclass(frozen=True)
class Example:
    """One unit with hand-set weights, and a sequence that shows what it does.

    Parameters
    ----------
    kind : str
        The cell's class.
    inputs : mapping from names to sequences of T numbers
        The features.  A name, and the first word of a label, is looked up in the table of words.
    weights : mapping from letters to dicts
        For each row: ``"b"``, ``"U"``, ``"P"``, ``"b_n"``, and weights by the name of the feature; 0 if left out.
    labels : sequence of T texts, optional
        What happens at each step.
    """

    kind: str
    inputs: Mapping[str, Sequence[float]]
    weights: Mapping[str, Mapping[str, float]]
    labels: Sequence[str] = field(default_factory=tuple)

    def cell(self) -> Cell:
        """Build the cell, in float64."""
        made = CELLS[self.kind]
        params = {k: np.zeros(s) for k, s in made.shapes(len(self.inputs), 1).items()}
        for letter, weights in self.weights.items():
            row = made.GATES.index(letter)
            for name, value in weights.items():
                if name in ("b", "U"):
                    params[name][row] = value
                elif name == "b_n":
                    params["b_n"][0] = value
                elif name == "P":
                    params["P"]["ifo".index(letter)] = value
                else:
                    params["W"][row, list(self.inputs).index(name)] = value
        return made(len(self.inputs), 1, dtype=np.float64, params=params)

    def sequence(self) -> Array:
        """Give the inputs (T, D)."""
        return np.array(list(self.inputs.values()), float).T


def _pulses(T: int, *steps: int, value: float = 1.0) -> list[float]:
    """Give T zeros with `value` at some steps, counted from 1."""
    return [value if t in steps else 0.0 for t in range(1, T + 1)]


_BITS: list[float] = [-1, 1, -1, 1, -1, -1, 1, -1]
_WRITTEN = ["write -1", "", "", "write +1", "", "", "", "read"]
_LATCH: dict[str, list[float]] = {"bit": _BITS, "write": _pulses(8, 1, 4), "read": _pulses(8, 8)}
_HUNDRED: dict[str, Any] = {
    "inputs": {
        "bit": [1.0] + [[-1.0, 1.0][t % 3 == 0] for t in range(99)],
        "write": _pulses(100, 1),
        "read": _pulses(100, 100),
    },
    "labels": ["write +1", *[""] * 98, "read"],
}
_OUTPUT: dict[str, float] = {"read": 7, "U": 0.8, "b": -2.5}
_REMEMBER: dict[str, dict[str, float]] = {
    "i": {"write": 8, "U": 0.8, "b": -4},
    "f": {"write": -8, "U": 0.8, "b": 4},
    "g": {"bit": 2, "U": 1},
    "o": _OUTPUT,
}
_WORDS = {"word": _pulses(8, 1, 2, 3, 5, 7), "end": _pulses(8, 4)}
_IN_AND_END = ["in", "in", "in", "end", "in", "", "in", ""]

#: By name.  Names of examples and features have their words in ``static/words.json``.
EXAMPLES: dict[str, Example] = {
    "remember": Example("LSTMCell", _LATCH, _REMEMBER, _WRITTEN),
    "count": Example(
        "LSTMCell",
        {"event": _pulses(8, 1, 2, 4, 6, 7)},
        {"i": {"event": 8, "b": -4}, "f": {"b": 5}, "g": {"b": 0.26}, "o": {"b": 2}},
        ["in", "in", "", "in", "", "in", "in", ""],
    ),
    "forget": Example(
        "LSTMCell",
        _WORDS,
        {
            "i": {"word": 5, "U": 0.3, "b": -2.5},
            "f": {"end": -9, "U": 0.2, "b": 3},
            "g": {"word": 0.25},
            "o": {"U": 0.2, "b": 2},
        },
        _IN_AND_END,
    ),
    "leaky": Example(
        "LSTMCell",
        {"value": [1, 1, 1, 0, 0, -1, 0, 0]},
        {"i": {"b": -0.4}, "f": {"b": 0.85}, "g": {"value": 1.2}, "o": {"b": 3}},
    ),
    "hundred": Example(
        "LSTMCell",
        _HUNDRED["inputs"],
        {**_REMEMBER, "f": {"write": -12, "b": 8}, "i": {"write": 12, "b": -8}, "g": {"bit": 2}},
        _HUNDRED["labels"],
    ),
    "never-forgets": Example(
        "LSTM1997Cell",
        _WORDS,
        {"i": {"word": 5, "b": -2.5}, "g": {"word": 0.25}, "o": {"b": 2}},
        _IN_AND_END,
    ),
    "timer": Example(
        "PeepholeLSTMCell",
        {"value": [0] * 10},
        {"i": {"b": 6}, "f": {"P": -40, "b": 36}, "g": {"b": 0.203}, "o": {"P": 40, "b": -36}},
    ),
    "coupled": Example("CoupledLSTMCell", _LATCH, {k: v for k, v in _REMEMBER.items() if k != "i"}, _WRITTEN),
    "gru-remember": Example(
        "GRUCell",
        {"bit": _BITS, "write": _pulses(8, 1, 4)},
        {"r": {"b": 2}, "z": {"write": -8, "b": 4}, "n": {"bit": 2, "U": 0.4}},
        _WRITTEN[:7] + [""],
    ),
    # With one unit, r (U h) and U (r h) are the same: what tells the two GRUs apart here is the bias inside the reset.
    "gru-restart": Example(
        "GRUCell",
        _WORDS,
        {"r": {"end": -8, "b": 3}, "z": {"word": -5, "end": -7, "b": 3}, "n": {"word": 0.5, "U": 1.1, "b_n": 0.25}},
        _IN_AND_END,
    ),
    "gru-before": Example(
        "GRUResetBeforeCell",
        _WORDS,
        {"r": {"end": -8, "b": 3}, "z": {"word": -5, "end": -7, "b": 3}, "n": {"word": 0.5, "U": 1.1}},
        _IN_AND_END,
    ),
    "fades": Example("ElmanCell", {"value": [0, 1, 0, 0, 0, -1, 0, 0]}, {"h": {"value": 2, "U": 0.7}}),
    "latches": Example("ElmanCell", {"value": [0, 1, 0, 0, 0, -1, 0, 0]}, {"h": {"value": 3, "U": 1.6}}),
}
