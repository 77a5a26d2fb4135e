"""Tasks made by code, and batches of them.

A task is a function that takes `rng` and gives a `Batch`; its docstring says what chance gets.
"""

from rnnbook.data.adding import adding, adding_1997
from rnnbook.data.batch import Batch, Minibatches, one_hot, pad
from rnnbook.data.elman1990 import LETTERS, letters_in_words, temporal_xor
from rnnbook.data.reber import SYMBOLS, ReberGrammar
from rnnbook.data.recall import recall
from rnnbook.data.spike_timing import spike_timing
from rnnbook.data.two_sequences import two_sequences

__all__ = [
    "LETTERS",
    "SYMBOLS",
    "Batch",
    "Minibatches",
    "ReberGrammar",
    "adding",
    "adding_1997",
    "letters_in_words",
    "one_hot",
    "pad",
    "recall",
    "spike_timing",
    "temporal_xor",
    "two_sequences",
]
