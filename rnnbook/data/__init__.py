"""Tasks made by code, and batches of them.

A task is a function that takes `rng` and gives a `Batch`; its docstring says what chance gets.
"""

from rnnbook.data.batch import Batch, Minibatches, one_hot, pad
from rnnbook.data.elman1990 import LETTERS, letters_in_words, temporal_xor
from rnnbook.data.reber import SYMBOLS, ReberGrammar
from rnnbook.data.recall import recall

__all__ = [
    "LETTERS",
    "SYMBOLS",
    "Batch",
    "Minibatches",
    "ReberGrammar",
    "letters_in_words",
    "one_hot",
    "pad",
    "recall",
    "temporal_xor",
]
