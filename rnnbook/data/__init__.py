"""Tasks made by code, and batches of them.

A task is a function that takes `rng` and gives a `Batch`; its docstring says what chance gets.
"""

from rnnbook.data.adding import adding, adding_1997
from rnnbook.data.batch import Batch, Minibatches, one_hot, pad
from rnnbook.data.brackets import brackets
from rnnbook.data.calendar import calendar
from rnnbook.data.download import DownloadError, tiny_shakespeare
from rnnbook.data.elman1990 import LETTERS, letters_in_words, temporal_xor
from rnnbook.data.phone_calls import Call, encode_calls, phone_calls
from rnnbook.data.reber import SYMBOLS, ReberGrammar
from rnnbook.data.recall import recall
from rnnbook.data.repeating import copying, reversal
from rnnbook.data.spike_timing import spike_timing
from rnnbook.data.temporal_order import ORDER_SYMBOLS, temporal_order
from rnnbook.data.text import Vocabulary, python_documentation, streams, words
from rnnbook.data.two_sequences import two_sequences
from rnnbook.data.weekly_cancellations import weekly_cancellations

__all__ = [
    "LETTERS",
    "ORDER_SYMBOLS",
    "SYMBOLS",
    "Batch",
    "Call",
    "DownloadError",
    "Minibatches",
    "ReberGrammar",
    "Vocabulary",
    "adding",
    "adding_1997",
    "brackets",
    "calendar",
    "copying",
    "encode_calls",
    "letters_in_words",
    "one_hot",
    "pad",
    "phone_calls",
    "python_documentation",
    "recall",
    "reversal",
    "spike_timing",
    "streams",
    "temporal_order",
    "temporal_xor",
    "tiny_shakespeare",
    "two_sequences",
    "weekly_cancellations",
    "words",
]
